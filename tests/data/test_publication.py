"""The cells that may be published, before anything is hidden, against the registry and against SQL over the facts."""

from __future__ import annotations

import datetime as dt

import duckdb
import polars as pl
import pytest

from analytics import cube, publication
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.publication import Until
from data.store import Snapshot

D = dt.date
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def last(analyst: Snapshot) -> Until:
    """The last month and quarter, whether all reports are in or not: the pages show them too."""
    return Until(D(2013, 9, 1), D(2013, 9, 1))


@pytest.fixture(scope="module")
def cells(analyst: Snapshot, last: Until) -> pl.DataFrame:
    return publication.cells(publication.contributions(analyst.frames, analyst.dimension("port"), last), last)


def of_centers(cells: pl.DataFrame, metric_id: str, level: str) -> pl.DataFrame:
    """Totals of a measure by Center and span, with the labels that answers have."""
    mine = (pl.col("metric_id") == metric_id) & (pl.col("level") == level) & (pl.col("district_code") == publication.EVERY_DISTRICT)
    single = ~pl.col("center_code").is_in([publication.CENTERS, publication.ALL])
    return cells.filter(mine & single).select(center="center_code", **{level: cube.time_label(level, pl.col("from_date"))}, ours="total")


@pytest.mark.parametrize("metric_id", [measure.metric_id for measure in publication.MEASURES if not measure.is_sampled])
def test_totals_of_centers_by_month_are_those_of_the_pages(analyst: Snapshot, cells: pl.DataFrame, metric_id: str) -> None:
    answered = METRICS[metric_id].answer(analyst.frames, Filters(), analyst.as_of, ["center", "month"]).filter(pl.col("value") != 0)
    found = of_centers(cells, metric_id, "month")
    both = answered.select(pl.col("center").cast(pl.String), "month", "value").join(
        found, on=["center", "month"], how="full", coalesce=True
    )
    scale = 100 if METRICS[metric_id].unit == "usd" else 1
    assert both.height > 100
    assert both.filter((pl.col("value") * scale - pl.col("ours")).abs().fill_null(1) > 0.5).is_empty()


@pytest.mark.parametrize("level", ["quarter", "fiscal_year"])
@pytest.mark.parametrize("measure", [each for each in publication.MEASURES if each.is_sampled], ids=lambda each: each.metric_id)
def test_the_sample_of_centers_is_that_of_the_pages(
    analyst: Snapshot, cells: pl.DataFrame, measure: publication.Measure, level: str
) -> None:
    answered = METRICS[measure.metric_id].answer(analyst.frames, Filters(), analyst.as_of, ["center", level]).filter(pl.col("n") > 0)
    whole = of_centers(cells, publication.SAMPLED, level).rename({"ours": "lines"})
    ours = whole.join(of_centers(cells, measure.metric_id, level), on=["center", level], how="left").with_columns(
        pl.col("ours").fill_null(0)
    )
    both = answered.with_columns(pl.col("center", level).cast(pl.String)).join(ours, on=["center", level], how="full", coalesce=True)
    assert both.height > 10
    assert both.filter(pl.col("n").ne_missing(pl.col("lines"))).is_empty()
    known = both.drop_nulls("value")
    assert known.height > 5
    expected = 1 - known["ours"] / known["lines"] if measure.of else known["ours"]
    assert (known["value"] - expected).abs().max() < 1e-12  # type: ignore[operator]


def test_pending_and_the_lines_of_the_sample_are_the_sum_of_their_parts(cells: pl.DataFrame) -> None:
    split = pl.col("metric_id").is_in(list(publication.SPLITS)) | pl.col("metric_id").is_in(sum(publication.SPLITS.values(), ()))
    wide = cells.filter(split).pivot("metric_id", index=["center_code", "level", "from_date"], values="total").fill_null(0)
    assert wide.height > 50
    assert set(publication.SPLITS) == {"pending", "sampled_lines", "sampled_without_any_share"}
    for whole, parts in publication.SPLITS.items():
        assert wide[whole].to_list() == wide.select(pl.sum_horizontal(parts)).to_series().to_list()
    assert wide[publication.WITHIN].sum() > 0
    assert wide["sampled_minor"].sum() > wide["sampled_without_major_share"].sum() > 0


def drawn(*rows: tuple[str, dt.date, int, int]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=["center_code", "date", "drawn_lines", "lines"], orient="row")


@pytest.mark.parametrize(
    ("rows", "last", "expected"),
    [
        # 95 % of each Center; the month after the quarter must be in.
        ([("ELE", D(2013, 4, 1), 60, 60), ("ELE", D(2013, 6, 1), 40, 35)], D(2013, 7, 1), D(2013, 6, 1)),
        ([("ELE", D(2013, 4, 1), 60, 60), ("ELE", D(2013, 6, 1), 40, 34)], D(2013, 7, 1), None),
        ([("ELE", D(2013, 4, 1), 100, 100)], D(2013, 6, 1), None),
        ([("ELE", D(2013, 4, 1), 100, 100), ("PHC", D(2013, 4, 1), 10, 9)], D(2013, 7, 1), None),
        # In order: a quarter waits for those before it, but not longer than a year.
        ([("ELE", D(2012, 10, 1), 10, 9), ("ELE", D(2013, 1, 1), 10, 10)], D(2013, 12, 1), None),
        ([("ELE", D(2012, 10, 1), 10, 9), ("ELE", D(2013, 1, 1), 10, 10)], D(2014, 1, 1), D(2013, 3, 1)),
        ([("ELE", D(2012, 10, 1), 10, 10), ("ELE", D(2013, 1, 1), 10, 9)], D(2013, 12, 1), D(2012, 12, 1)),
        ([], D(2013, 12, 1), None),
    ],
)
def test_a_quarter_of_the_sample_is_published_when_it_is_completed(
    rows: list[tuple[str, dt.date, int, int]], last: dt.date, expected: dt.date | None
) -> None:
    assert publication.last_sampled(drawn(*rows).cast({"date": pl.Date, "drawn_lines": pl.Int64, "lines": pl.Int64}), last) == expected


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
    flows = by_center.filter(~pl.col("metric_id").str.contains("pending|backlog|sampled"))
    months = flows.filter(pl.col("level") == "month").with_columns(from_date=pl.col("from_date").dt.truncate("1q"))
    quarters = flows.filter(pl.col("level") == "quarter")
    summed = months.group_by("metric_id", "center_code", "from_date").agg(pl.col("total").sum())
    assert quarters.height > 50
    assert quarters.join(summed, on=["metric_id", "center_code", "from_date", "total"], how="anti").is_empty()


@pytest.mark.parametrize(
    ("as_of", "provisional", "expected"),
    [
        # Ten business days after 30 September, with Columbus Day on the 14th, end on 15 October.
        (dt.date(2013, 10, 15), [], dt.date(2013, 9, 1)),
        (dt.date(2013, 10, 14), [], dt.date(2013, 8, 1)),
        (dt.date(2013, 9, 30), [], dt.date(2013, 8, 1)),
        (dt.date(2013, 9, 12), [], dt.date(2013, 7, 1)),
        (dt.date(2013, 9, 30), [dt.date(2013, 9, 1)], dt.date(2013, 8, 1)),
        (dt.date(2013, 9, 30), [dt.date(2013, 7, 1), dt.date(2013, 9, 1)], dt.date(2013, 6, 1)),
        (dt.date(2013, 1, 16), [dt.date(2013, 1, 1)], dt.date(2012, 12, 1)),
    ],
)
def test_only_whole_and_settled_months_are_published(as_of: dt.date, provisional: list[dt.date], expected: dt.date) -> None:
    assert publication.last_month(as_of, frozenset(provisional)) == expected


def test_a_quarter_or_year_appears_with_its_last_month(analyst: Snapshot) -> None:
    last = Until(D(2013, 5, 1), D(2012, 9, 1))
    found = publication.cells(publication.contributions(analyst.frames, analyst.dimension("port"), last), last)
    sampled = pl.col("metric_id").str.starts_with("sampled")
    latest = dict(found.filter(~sampled).group_by("level").agg(pl.col("from_date").max()).iter_rows())
    assert latest == {"month": last.month, "quarter": D(2013, 1, 1), "fiscal_year": D(2011, 10, 1)}
    latest = dict(found.filter(sampled).group_by("level").agg(pl.col("from_date").max()).iter_rows())
    assert latest == {"quarter": D(2012, 7, 1), "fiscal_year": D(2011, 10, 1)}


def test_before_a_quarter_is_completed_nothing_of_the_sample_is_published(analyst: Snapshot) -> None:
    last = Until(D(2013, 5, 1))
    parts = publication.contributions(analyst.frames, analyst.dimension("port"), last)
    assert parts.filter(pl.col("metric_id").str.starts_with("sampled")).is_empty()
    grid = publication.grid(parts, ["27"], {"ELE": D(2011, 10, 1)}, last)
    assert grid.height > 100
    assert grid.filter(pl.col("metric_id").str.starts_with("sampled")).is_empty()
