"""Where the work comes from, against SQL over the facts: ports, what is eligible, who processes, and revenue that reconciles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest

from analytics import periods, routing_shift, volume
from analytics.cube import Span
from analytics.filters import Filters
from data.store import Snapshot

D = dt.date
YEAR = (D(2012, 10, 1), D(2013, 9, 30))
FILTERS = {
    "a year": (Filters(*YEAR), "true"),
    "odd days, one Center": (Filters(D(2012, 11, 3), D(2013, 7, 9), centers=("ELE",)), "true"),
    "place and goods": (Filters(*YEAR, ports=("2704", "4601"), industries=("ELE_COMM", "TAF_APP")), "port_code in ('2704', '4601') and industry_code in ('ELE_COMM', 'TAF_APP')"),
    "type and mode": (Filters(*YEAR, entry_types=("01", "03"), modes=("11",)), "entry_type_code in ('01', '03') and mode_code = '11'"),
}  # fmt: skip


@pytest.fixture(scope="module")
def sql(analyst: Snapshot) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask DuckDB over the facts' files."""
    connection = duckdb.connect()
    for name in ("entry", "entry_line"):
        connection.register(name, analyst.facts(name).collect().to_arrow())
    return lambda query: connection.execute(query).fetchall()


def kept(name: str) -> tuple[Filters, str]:
    """Return filters and the same as SQL, without the Center."""
    filters, words = FILTERS[name]
    return filters, f"entry_date between date '{filters.from_date}' and date '{filters.to_date}' and {words}"


@pytest.mark.parametrize("name", FILTERS)
def test_entries_by_port_and_account(analyst: Snapshot, sql: Any, name: str) -> None:
    filters, where = kept(name)
    center = "center_code = 'ELE'" if filters.centers else "center_code <> 'PORT'"
    found = routing_shift.entries(analyst.frames, filters, analyst.as_of, Span(filters.from_date, filters.to_date))  # type: ignore[arg-type]
    by_port = dict(sql(f"select port_code, count(*) from entry where {center} and {where} group by 1"))
    assert dict(found.group_by("port").agg(pl.col("entries_count").sum()).iter_rows()) == by_port
    accounts = sql(f"select count(distinct account_id) from entry where {center} and {where}")[0][0]
    assert found["account_key"].n_unique() == accounts


@pytest.mark.parametrize("name", FILTERS)
def test_eligible_by_industry(analyst: Snapshot, sql: Any, name: str) -> None:
    filters, where = kept(name)
    found = volume.eligible_by_industry(analyst.frames, filters, analyst.as_of)
    lines = {
        row[0]: row[1:]
        for row in sql(
            "select industry_code, coalesce(sum(round(value_usd * 100)) filter (center_code = 'PORT'), 0), sum(round(value_usd * 100)), "
            "coalesce(sum(round(value_usd * 100)) filter (center_code = 'PORT' and entry_type_code not in ('01', '11')), 0) "
            f"from entry_line where program in ('isa', 'ctpat') and {where} group by 1"
        )
    }
    assert {row["industry"]: (row["port_cents"], row["all_cents"], row["other_type_cents"]) for row in found.iter_rows(named=True)} == lines
    entries = sql(f"select count(*) from entry where program in ('isa', 'ctpat') and center_code = 'PORT' and {where}")[0][0]
    assert found["port_entries"].sum() == entries


@pytest.mark.parametrize("name", FILTERS)
def test_what_centers_process_of_each_centers_goods(analyst: Snapshot, sql: Any, name: str) -> None:
    filters, where = kept(name)
    homes = analyst.dimension("industry").select(industry="industry_code", home="center_code")
    found = volume.processed_by_month(analyst.frames, filters, analyst.as_of, homes)
    of = dict(homes.iter_rows())
    expected: dict[tuple[str, str], list[float]] = {}
    for industry, month, mine, every in sql(
        "select industry_code, strftime(entry_date, '%Y-%m'), coalesce(sum(value_usd) filter (center_code <> 'PORT'), 0), sum(value_usd) "
        f"from entry_line where {where} group by 1, 2"
    ):
        sums = expected.setdefault((of[industry], month), [0.0, 0.0])
        sums[0], sums[1] = sums[0] + mine, sums[1] + every
    assert found.height == len(expected) > 0
    for row in found.iter_rows(named=True):
        mine, every = expected[row["home"], row["month"]]
        assert row["value_share"] == pytest.approx(mine / every)
    entries = sql(f"select count(*), count(*) filter (center_code <> 'PORT') from entry where {where}")[0]
    assert found["entries_count"].sum() == entries[0]
    assert (found["entry_share"] * found["entries_count"]).sum() == pytest.approx(entries[1])


@pytest.mark.parametrize("name", FILTERS)
def test_revenue_by_port_reconciles(analyst: Snapshot, sql: Any, name: str) -> None:
    filters, where = kept(name)
    mine = "center_code = 'ELE'" if filters.centers else "center_code <> 'PORT'"
    found = volume.revenue_by_port(analyst.frames, filters, analyst.as_of, filters.centers)
    union = (
        f"select port_code, center_code, cast(round(duty_usd * 100) as bigint) as cents from entry_line where {where} "
        f"union all select port_code, center_code, cast(round(fees_usd * 100) as bigint) from entry where {where}"
    )
    expected = {
        row[0]: (int(row[1]), int(row[2]))
        for row in sql(
            f"select port_code, coalesce(sum(cents) filter ({mine}), 0), coalesce(sum(cents) filter (not {mine}), 0) from ({union}) group by 1"
        )
    }
    assert {row["port"]: (row["center_cents"], row["other_cents"]) for row in found.iter_rows(named=True)} == expected
    sums = volume.revenue_sums(analyst.frames, filters, analyst.as_of)
    whole = int(sql(f"select sum(cents) from ({union})")[0][0])
    assert sums == {"port": whole, "center": whole, "national": whole}
    assert found["center_cents"].sum() + found["other_cents"].sum() == whole > 0


def test_the_reconciliation_shows_what_is_lost(analyst: Snapshot) -> None:
    """Break one level: the residual must say so."""
    frames = {name: analyst.frames[name] for name in analyst.frames if name.startswith("volume")}
    broken = {
        name: frame.filter(pl.col("port_code").cast(pl.String) != "2704") if "port_code" in frame.collect_schema() else frame
        for name, frame in frames.items()
    }
    sums = volume.revenue_sums(broken, Filters(*YEAR), analyst.as_of)
    assert sums["center"] == sums["national"] > sums["port"] > 0


def test_statuses_add_up_to_all_imports_of_the_year(analyst: Snapshot, sql: Any) -> None:
    start = periods.months_back(analyst.as_of, 11)
    found = analyst.statuses()
    assert {"PENDING", "NOT_ELIGIBLE", "ASSIGNED", "NONE"} <= set(found["status"])
    value, lines = sql(f"select sum(value_usd), count(*) from entry_line where entry_date >= date '{start}'")[0]
    entries = sql(f"select count(*) from entry where entry_date >= date '{start}'")[0][0]
    assert found["value_usd"].sum() == pytest.approx(value)
    assert (found["lines_count"].sum(), found["entries_count"].sum()) == (lines, entries)
    assert found["accounts_count"].sum() == analyst.accounts().height
