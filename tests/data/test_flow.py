"""The course of reviews against SQL over the published facts: how they ended, month by month, teams' weeks, and work on hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest

from analytics import endings, fairness, flow
from analytics.filters import Filters
from data.store import Snapshot

D = dt.date
YEAR = (D(2012, 10, 1), D(2013, 9, 30))
FILTERS = {
    "fiscal year 2013": (Filters(*YEAR), "true"),
    "odd days, looks at entries": (
        Filters(D(2011, 11, 17), D(2013, 5, 9), work_types=("validation", "cf28", "cf29")),
        "work_type in ('validation', 'cf28', 'cf29')",
    ),
    "protests at two ports": (Filters(D(2010, 10, 1), D(2013, 9, 30), ports=("2704", "4601")), "port_code in ('2704', '4601')"),
    "trusted": (Filters(D(2012, 1, 1), D(2012, 12, 31), programs=("isa", "ctpat")), "program in ('isa', 'ctpat')"),
}
Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def sql(analyst: Snapshot) -> Ask:
    """Ask DuckDB over the facts' files."""
    connection = duckdb.connect()
    for name in ("review", "staff"):
        connection.register(name, analyst.facts(name).collect().to_arrow())
    return lambda query: connection.execute(query).fetchall()


def opened(filters: Filters, kept: str) -> str:
    return f"opened_date between date '{filters.from_date}' and date '{filters.to_date}' and {kept}"


@pytest.mark.parametrize("as_of", [D(2013, 9, 30), D(2013, 2, 14)])
@pytest.mark.parametrize("name", FILTERS)
def test_reviews_by_days_and_outcome(analyst: Snapshot, sql: Ask, name: str, as_of: dt.date) -> None:
    filters, kept = FILTERS[name]
    closed = f"coalesce(closed_date <= date '{as_of}', false)"
    expected = sql(
        f"select case when {closed} then closed_date else date '{as_of}' end - opened_date, case when {closed} then coalesce(outcome, "
        f"'no_result') end, count(*) from review where {opened(filters, kept)} and opened_date <= date '{as_of}' group by 1, 2"
    )
    found = flow.ends(analyst.frames, filters, as_of)
    assert sorted(found.select("days", "outcome", "count").rows(), key=str) == sorted(expected, key=str)
    assert (found["closed"] == found["outcome"].is_not_null()).all()
    received = flow.received(analyst.frames, filters, as_of)
    days = sql(
        f"select opened_date, case when {closed} then closed_date end, count(*) from review where {opened(filters, kept)} "
        f"and opened_date <= date '{as_of}' group by 1, 2"
    )
    assert sorted(received.rows(), key=str) == sorted(days, key=str)


def test_shares_at_marks_are_those_of_the_last_step_and_unknown_beyond_what_was_watched() -> None:
    counts = pl.DataFrame(
        {"days": [5, 20, 40, 40, 100], "outcome": ["change", "no_change", "change", None, None], "count": [2, 3, 1, 2, 2]},
        schema_overrides={"days": pl.Int64, "count": pl.Int64},
    ).with_columns(closed=pl.col("outcome").is_not_null())
    found = {(row["outcome"], row["mark"]): row["share"] for row in flow.ended_at(counts, marks=(3, 30, 90, 101)).iter_rows(named=True)}
    assert found == {
        ("change", 3): 0.0, ("no_change", 3): 0.0, ("open", 3): 1.0,
        ("change", 30): pytest.approx(0.2), ("no_change", 30): pytest.approx(0.3), ("open", 30): pytest.approx(0.5),
        ("change", 90): pytest.approx(0.3), ("no_change", 90): pytest.approx(0.3), ("open", 90): pytest.approx(0.4),
        ("change", 101): None, ("no_change", 101): None, ("open", 101): None,
    }  # fmt: skip


def test_groups_at_marks_are_those_alone_and_what_has_ended_stays_known(analyst: Snapshot) -> None:
    counts = flow.ends(analyst.frames, Filters(*YEAR), analyst.as_of, ["work_type"])
    apart = flow.ended_at(counts, ["work_type"])
    assert set(apart["work_type"]) == set(counts["work_type"])
    for work_type in ("psc", "protest"):
        alone = flow.ended_at(counts.filter(work_type=work_type))
        assert apart.filter(work_type=work_type).drop("work_type").equals(alone)
    done = counts.filter(pl.col("closed") & (pl.col("work_type") == "psc"))
    assert flow.ended_at(done, marks=(3650,)).filter(outcome=flow.OPEN)["share"].to_list() == [0.0]


@pytest.mark.parametrize("day", [D(2013, 9, 30), D(2013, 1, 17)])
def test_work_on_hand_is_pending_by_national_hours_over_people(analyst: Snapshot, sql: Ask, day: dt.date) -> None:
    hours = dict(
        sql(
            f"select work_type, avg(hours) from review where status = 'completed' and hours is not null and closed_date > date '{day}' - "
            f"interval 1 year and closed_date <= date '{day}' group by 1"
        )
    )
    there = f"opened_date <= date '{day}' and (closed_date is null or closed_date > date '{day}')"
    people = dict(
        sql(
            f"select center_code, sum(on_board) from staff s where month = (select max(month) from staff t where t.center_code = "
            f"s.center_code and month <= '{day:%Y-%m}') group by 1"
        )
    )
    found = {row["center"]: row for row in flow.on_hand(analyst.frames, day).iter_rows(named=True)}
    assert "PORT" not in found
    if day == analyst.as_of:  # who holds a review now is who the fact names; before, it may have been another
        pending: dict[str, dict[str, int]] = {}
        for center, work_type, count in sql(
            f"select center_code, work_type, count(*) from review where {there} and center_code <> 'PORT' group by 1, 2"
        ):
            pending.setdefault(center, {})[work_type] = count
        assert set(found) == set(pending)
        for center, counts in pending.items():
            total = sum(count * hours[work_type] for work_type, count in counts.items())
            assert found[center]["pending_count"] == sum(counts.values())
            assert found[center]["hours"] == pytest.approx(total, rel=1e-3)  # minutes are whole
            assert found[center]["staff_days"] == pytest.approx(total / (int(people[center]) * 8), rel=1e-3)
    for center, row in found.items():
        assert row["people"] == int(people[center])
        assert row["untimed_count"] == 0
        assert row["hours_each"] == pytest.approx(row["hours"] / row["pending_count"])


@pytest.mark.parametrize("end", [D(2013, 9, 30), D(2013, 3, 13)])
def test_team_cells_are_the_weeks_of_the_reviews(analyst: Snapshot, sql: Ask, end: dt.date) -> None:
    closed = "date_trunc('week', closed_date)::date"
    expected = sql(
        f"select center_code, work_type, team, date_trunc('week', opened_date)::date, case when {closed} <= date '{end}' then {closed} end, "
        f"count(*) from review where team is not null and date_trunc('week', opened_date) <= date '{end}' and center_code = 'PHC' group by all"
    )
    found = fairness.team_cells(analyst.frames, Filters(to_date=end, centers=("PHC",)), analyst.as_of)
    assert sorted(found.rows(), key=str) == sorted(expected, key=str)


def test_completed_alone_understate_in_the_demonstration(analyst: Snapshot) -> None:
    rows = flow.taken(analyst.frames, Filters(*YEAR), analyst.as_of, ["work_type"])
    known = rows.drop_nulls("understated_days")
    assert known.height >= 4
    assert known["understated_days"].min() >= 0  # type: ignore[operator]
    assert known["understated_days"].max() > 10  # type: ignore[operator]
    assert rows.filter(pl.col("n") < 30)["median"].null_count() == rows.filter(pl.col("n") < 30).height


def test_the_triangle_of_the_demonstration_is_known_only_as_far_as_time_has_passed(analyst: Snapshot) -> None:
    rows = endings.cohorts(flow.received(analyst.frames, Filters(*YEAR), analyst.as_of), analyst.as_of, flow.WEEKS)
    assert rows.height == 12 * len(flow.WEEKS)
    assert rows.filter(month="2013-09")["share_closed"].null_count() == len(flow.WEEKS)
    assert rows.filter((pl.col("month") == "2012-10") & (pl.col("weeks") <= 26))["share_closed"].null_count() == 0
