"""Each check of the data is good on good data, and asks the right person when what it watches is broken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from analytics import quality
from analytics.exc import ScopeError
from analytics.filters import Filters
from analytics.rollups import VOLUME, rollups_of
from analytics.scope import Scope
from data import health, load, publish
from data.contracts import TABLES
from data.marks import Marks
from data.store import Snapshot
from tests.data.samples import entry, line, review, write_csv

CHECKS = [
    "Sums", "Vanished records", "Freshness", "Reports of the ports", "Fiscal years", "Quarantine", "Revisions of past months", "Late reports",
    "Results of closed reviews", "Assignment of accounts", "Work off the Center's industry",
    "Release to working groups",
]  # fmt: skip


def states(checks: pl.DataFrame) -> dict[str, str]:
    return dict(checks.select("check", "state").iter_rows())


def test_the_demonstration_shows_its_vanished_records_and_is_good_otherwise(analyst: Snapshot) -> None:
    checks = analyst.health(dt.date(2026, 1, 1))
    assert sorted(checks["check"]) == sorted(CHECKS)
    assert states(checks) == dict.fromkeys(CHECKS, "good") | {"Vanished records": "act"}
    assert checks["check"][0] == "Vanished records"
    act = checks.filter(state="act").row(0, named=True)
    assert "6 records of review" in act["found"]
    assert act["who"] == "whoever owns the source"


def test_whoever_must_act_is_named_and_good_checks_ask_nothing(analyst: Snapshot) -> None:
    for row in analyst.health(dt.date(2026, 1, 1)).iter_rows(named=True):
        assert (row["state"] == "good") == (row["todo"] == "") == (row["who"] == ""), row


@pytest.fixture
def small(peopled: Engine, home: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """A store of a few entries and reviews; called, it loads more, publishes and checks on a day."""

    def run(today: str = "2012-11-01", full: bool = False, **tables: list[dict[str, object]]) -> dict[str, str]:
        for name, rows in tables.items():
            given = Marks(full=full, extract_date=dt.date(2012, 10, 31))
            load.load_files([write_csv(tmp_path / f"{name}.csv", rows)], engine=peopled, given=given)
        publish.publish(engine=peopled, renew=True)
        checks = health.checks(Snapshot(Scope("analyst")), peopled, dt.date.fromisoformat(today), health.recounted(peopled))
        return states(checks)

    run(entry=[entry(1, duty_usd="0", line_count="1")], entry_line=[line(1)], review=[review(1, opened_date="2012-10-20")])
    return run


def test_a_small_store_is_good(small: Callable[..., dict[str, str]]) -> None:
    assert set(small().values()) == {"good"}


def test_entries_without_their_lines_break_a_sum(small: Callable[..., dict[str, str]]) -> None:
    assert small(entry=[entry(2)])["Sums"] == "act"


def test_old_extracts_are_not_fresh(small: Callable[..., dict[str, str]]) -> None:
    assert small("2012-12-05")["Freshness"] == "good"
    assert small("2012-12-06")["Freshness"] == "watch"
    assert small("2013-01-10")["Freshness"] == "act"


def test_months_without_entries_leave_a_fiscal_year_incomplete(small: Callable[..., dict[str, str]]) -> None:
    assert small(entry=[entry(2, entry_date="2012-12-20", duty_usd="0")])["Fiscal years"] == "act"


@pytest.mark.parametrize(("months", "state"), [((10, 11, 12), "good"), ((10, 12), "act")])
def test_months_that_staff_leaves_out_are_named(small: Callable[..., dict[str, str]], months: tuple[int, ...], state: str) -> None:
    rows = [
        {"center_code": "ELE", "position_type": "import_specialist", "month": f"2012-{month}", "on_board": "5", "floor": "4"}
        for month in months
    ]
    assert small(staff=rows)["Fiscal years"] == state


def test_rows_in_quarantine_want_a_look(small: Callable[..., dict[str, str]]) -> None:
    assert small(entry=[entry(3, port_code="9999")])["Quarantine"] == "watch"


def test_a_completed_review_without_a_result_wants_one(small: Callable[..., dict[str, str]]) -> None:
    closed = review(1, opened_date="2012-10-20", status="completed", closed_date="2012-10-25")
    assert small(review=[closed])["Results of closed reviews"] == "watch"


def test_vanished_records_ask_for_action(small: Callable[..., dict[str, str]]) -> None:
    rows = [review(i, opened_date="2012-10-20") for i in (1, 2)]
    assert small(full=True, review=rows)["Vanished records"] == "good"
    assert small(full=True, review=rows[:1])["Vanished records"] == "act"


def test_a_table_changed_by_hand_is_found_by_the_recount(small: Callable[..., dict[str, str]], peopled: Engine) -> None:
    with peopled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM review")
    assert small()["Sums"] == "act"


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([("2012-01-31", 3000, 0), ("2012-02-20", 3200, 3)], "good"),  # still coming in
        ([("2012-01-02", 100, 0), ("2012-01-31", 3000, 0)], "good"),  # the month itself was running
        ([("2012-02-20", 3000, 0), ("2012-05-01", 3200, 0)], "watch"),
        ([("2012-02-20", 3000, 40), ("2012-05-01", 3000, 240)], "watch"),
        ([("2012-02-20", 3000, 40), ("2012-05-01", 3000, 140)], "good"),
    ],
)
def test_revisions_count_from_when_a_month_had_come_in(rows: list[tuple[str, int, int]], state: str) -> None:
    frame = pl.DataFrame([("entry", "2012-01", dt.date.fromisoformat(day), n, replaced) for day, n, replaced in rows],
        schema=["table_name", "month", "known_date", "rows", "replaced"], orient="row")  # fmt: skip
    assert health._revised(frame, dt.date(2012, 9, 30)).state == state


# --- the numbers behind -----------------------------------------------------------------------------------------------


def volume(rows: list[tuple[str, str, int]]) -> dict[str, pl.LazyFrame]:
    """Rollups of volume from month, port and entries."""
    frame = pl.DataFrame(rows, schema=["month", "port_code", "entries_count"], orient="row").with_columns(
        date=(pl.col("month") + "-01").str.to_date(), **{name: pl.lit(0, pl.Int64) for name in VOLUME.measures if name != "entries_count"}
    )
    others = {name: pl.lit("x") for name in ("center_code", "industry_code", "program", "entry_type_code", "mode_code")}
    full = frame.with_columns(**others).lazy()
    return {rollup.name: full for rollup in rollups_of(VOLUME)}


MONTHS = [f"{year}-{month:02}" for year in (2011, 2012) for month in range(1, 13)]


def test_completeness_compares_each_port_with_its_own_past() -> None:
    rows = [(month, "2704", 100) for month in MONTHS] + [(month, "0901", 40) for month in MONTHS[:-1]]
    rows += [(month, "4601", 60 if month != "2012-06" else 29) for month in MONTHS] + [(month, "1703", 10) for month in MONTHS[:-2]]
    cells = quality.completeness(volume(rows), dt.date(2012, 12, 31))
    odd = cells.filter(pl.col("state") != "ok").select("month", "port_code", "entries_count", "expected", "state").rows()
    assert odd == [("2012-06", "4601", 29, 60.0, "thin"), ("2012-12", "0901", 0, 40.0, "missing")]
    assert set(cells["port_code"]) == {"2704", "0901", "4601"}
    assert sorted(set(cells["month"])) == MONTHS[11:]


def test_an_unfinished_month_is_not_judged() -> None:
    rows = [(month, "2704", 100) for month in MONTHS[:-1]] + [("2012-12", "2704", 3)]
    assert quality.completeness(volume(rows), dt.date(2012, 12, 5))["month"].max() == "2012-11"


def test_silent_months_lie_between_the_first_and_the_as_of_date() -> None:
    rows = [("2012-03", "2704", 5), ("2012-05", "2704", 5)]
    assert quality.silent_months(volume(rows), dt.date(2012, 6, 2)) == ["2012-04"]
    assert quality.silent_months(volume([]), dt.date(2012, 6, 2)) == []


def test_gaps_begin_with_each_group_and_end_with_the_table() -> None:
    rows = [("ELE", "2012-11"), ("ELE", "2013-02"), ("PHC", "2013-01"), ("PHC", "2013-02"), ("AUT", "2012-12"), ("AUT", "2012-12")]
    reported = pl.DataFrame(rows, schema=["center_code", "month"], orient="row")
    left_out = [("AUT", "2013-01"), ("AUT", "2013-02"), ("ELE", "2012-12"), ("ELE", "2013-01")]
    assert quality.gaps(reported, "month", "center_code").rows() == left_out
    assert quality.gaps(reported.clear(), "month", "center_code").rows() == []


def test_off_industry_and_unassigned_equal_sums_over_the_facts(analyst: Snapshot) -> None:
    owners = dict(analyst.dimension("industry").select("industry_code", "center_code").iter_rows())
    year = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))
    share, lines = quality.off_industry_share(analyst.frames, owners, year, analyst.as_of)
    facts = (
        analyst.facts("entry_line")
        .collect()
        .filter(pl.col("entry_date").is_between(year.from_date, year.to_date) & (pl.col("center_code") != "PORT"))
    )
    off = facts.filter(pl.col("industry_code").replace_strict(owners) != pl.col("center_code"))
    assert lines == facts.height
    assert share == pytest.approx(off["value_usd"].sum() / facts["value_usd"].sum(), rel=1e-12)
    profiles = analyst.accounts()
    waiting = profiles.filter(pl.col("status").is_in(["PENDING", "APPEAL"]) & (pl.col("lines_count") > 0))
    assert analyst.unassigned_share() == (pytest.approx(waiting["value_usd"].sum() / profiles["value_usd"].sum()), waiting.height)


def test_working_groups_do_not_reach_the_checks(store: Path) -> None:
    with pytest.raises(ScopeError):
        Snapshot(Scope("working_group"), home=store / "published").health()


def test_expected_tables_exist() -> None:
    assert set(health.expectations()) <= set(TABLES)
    assert all(days > 0 and who for days, who in health.expectations().values())
