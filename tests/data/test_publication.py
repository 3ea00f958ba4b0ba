"""The cells that may be published, before anything is hidden, against the registry and against SQL over the facts."""

from __future__ import annotations

import datetime as dt

import duckdb
import polars as pl
import pytest

from analytics import publication
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def last(analyst: Snapshot) -> dt.date:
    return publication.last_month(analyst.as_of)


@pytest.fixture(scope="module")
def cells(analyst: Snapshot, last: dt.date) -> pl.DataFrame:
    return publication.cells(publication.contributions(analyst.frames, analyst.dimension("port"), last), last)


@pytest.mark.parametrize("metric_id", [measure.metric_id for measure in publication.MEASURES])
def test_totals_of_centers_by_month_are_those_of_the_pages(analyst: Snapshot, cells: pl.DataFrame, metric_id: str) -> None:
    answered = METRICS[metric_id].answer(analyst.frames, Filters(), analyst.as_of, ["center", "month"]).filter(pl.col("value") != 0)
    found = cells.filter(
        (pl.col("metric_id") == metric_id)
        & (pl.col("level") == "month")
        & ~pl.col("center_code").is_in([publication.CENTERS, publication.ALL])
    ).select(center="center_code", month=pl.col("from_date").dt.strftime("%Y-%m"), ours=pl.col("total"))
    both = answered.select(pl.col("center").cast(pl.String), "month", "value").join(
        found, on=["center", "month"], how="full", coalesce=True
    )
    scale = 100 if METRICS[metric_id].unit == "usd" else 1
    assert both.height > 100
    assert both.filter((pl.col("value") * scale - pl.col("ours")).abs().fill_null(1) > 0.5).is_empty()


def test_accounts_of_a_cell_are_counted_and_its_largest_named_by_sql(analyst: Snapshot, cells: pl.DataFrame) -> None:
    connection = duckdb.connect()
    connection.register("entry", analyst.facts("entry").collect().to_arrow())
    connection.register("port", analyst.dimension("port").to_arrow())
    rows = connection.execute(
        """
        with by_account as (
          select center_code, date_trunc('quarter', entry_date)::date as from_date, coalesce(district_code, 'unknown') as district_code,
                 coalesce(account_id, '?') as account, count(*) as part
          from entry left join port using (port_code) where center_code <> 'PORT' group by all
        ), ranked as (
          select *, row_number() over (partition by center_code, from_date, district_code order by part desc) as place from by_account
        )
        select center_code::varchar, from_date, district_code::varchar, sum(part)::bigint, count(*)::bigint,
               coalesce(sum(part) filter (place = 1), 0)::bigint, coalesce(sum(part) filter (place = 2), 0)::bigint
        from ranked group by all
        """
    ).fetchall()
    ours = cells.filter(
        (pl.col("metric_id") == "entry_summaries")
        & (pl.col("district_code") != publication.EVERY_DISTRICT)
        & (pl.col("center_code") != publication.CENTERS)
    ).select("center_code", "from_date", "district_code", "total", "n_accounts", "top1", "top2")
    assert len(rows) > 300
    assert sorted(ours.rows()) == sorted(rows)


def test_margins_are_the_sums_of_their_parts(cells: pl.DataFrame) -> None:
    by_center = cells.filter(pl.col("district_code") == publication.EVERY_DISTRICT)
    keys = ["metric_id", "level", "from_date"]
    parts = by_center.filter(~pl.col("center_code").is_in([publication.CENTERS, publication.ALL])).group_by(keys).agg(pl.col("total").sum())
    every = by_center.filter(pl.col("center_code") == publication.ALL)
    assert every.height > 100
    assert every.join(parts, on=[*keys, "total"], how="anti").is_empty()
    flows = by_center.filter(~pl.col("metric_id").is_in(["pending", "backlog"]))
    months = flows.filter(pl.col("level") == "month").with_columns(from_date=pl.col("from_date").dt.truncate("1q"))
    quarters = flows.filter(pl.col("level") == "quarter")
    summed = months.group_by("metric_id", "center_code", "from_date").agg(pl.col("total").sum())
    assert quarters.height > 50
    assert quarters.join(summed, on=["metric_id", "center_code", "from_date", "total"], how="anti").is_empty()


@pytest.mark.parametrize(
    ("as_of", "provisional", "expected"),
    [
        (dt.date(2013, 9, 30), [], dt.date(2013, 9, 1)),
        (dt.date(2013, 9, 29), [], dt.date(2013, 8, 1)),
        (dt.date(2013, 9, 30), [dt.date(2013, 9, 1)], dt.date(2013, 8, 1)),
        (dt.date(2013, 9, 30), [dt.date(2013, 7, 1), dt.date(2013, 9, 1)], dt.date(2013, 6, 1)),
        (dt.date(2013, 1, 15), [dt.date(2013, 1, 1)], dt.date(2012, 12, 1)),
    ],
)
def test_only_whole_and_settled_months_are_published(as_of: dt.date, provisional: list[dt.date], expected: dt.date) -> None:
    assert publication.last_month(as_of, frozenset(provisional)) == expected


def test_a_quarter_or_year_appears_with_its_last_month(analyst: Snapshot) -> None:
    last = dt.date(2013, 5, 1)
    found = publication.cells(publication.contributions(analyst.frames, analyst.dimension("port"), last), last)
    latest = dict(found.group_by("level").agg(pl.col("from_date").max()).iter_rows())
    assert latest == {"month": last, "quarter": dt.date(2013, 1, 1), "fiscal_year": dt.date(2011, 10, 1)}
