"""The accounts' numbers against SQL over the facts, and the history of assignments against its table."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics import accounts, assignment, drift, standards
from analytics.filters import Filters
from analytics.scope import Scope
from data import bulk, database, demo
from data.demo.planted import single
from data.store import Snapshot

D = dt.date
YEAR = (D(2012, 10, 1), D(2013, 9, 30))
FILTERS = {
    "all dates": Filters(),
    "fiscal year 2013": Filters(*YEAR),
    "odd days": Filters(D(2012, 11, 17), D(2013, 5, 9)),
    "one Center": Filters(*YEAR, centers=("ELE",)),
    "two Centers, odd days": Filters(D(2011, 12, 5), D(2013, 8, 20), centers=("ELE", "PHC")),
    "ports": Filters(D(2012, 1, 1), D(2012, 6, 30), centers=("PORT",)),
}
COUNTS = ("entries_count", "lines_count", "receipts", "completions", "cf28_receipts", "cf29_receipts", "pending", "backlog", "past_due")
LOOKED = ("looked_count", "found_count", "major_count")


@pytest.fixture(scope="module")
def sql(analyst: Snapshot) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name in ("entry", "review", "stay"):
        connection.register(name, analyst.facts(name).collect().to_arrow())
    connection.register("account", analyst.accounts().to_arrow())
    return connection


def _recounted(sql: Any, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count each account's entries, work and findings without the project's code, by whole months."""
    start = (filters.from_date or D(2000, 1, 1)).replace(day=1)
    last = filters.to_date or as_of
    end = min((last.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1), as_of)
    chosen = f"center_code in ({', '.join(map(repr, filters.centers))})" if filters.centers else "true"
    inside = f"between date '{start}' and date '{end}'"
    standard = "case work_type " + " ".join(f"when '{name}' then {days}" for name, days in standards.STANDARD_DAYS.items()) + " end"
    there = f"from_date <= date '{end}' and (to_date is null or to_date > date '{end}')"
    looked = f"status = 'completed' and work_type = 'validation' and severity is not null and closed_date {inside}"
    query = f"""
      with e as (select account_id, count(*) entries_count, sum(line_count) lines_count, sum(value_usd) value_usd, sum(duty_usd) duty_usd
                 from entry where {chosen} and entry_date {inside} group by 1),
      s as (select account_id, stay.* from stay join review using (review_id) where {chosen.replace("center_code", "stay.center_code")}),
      w as (select account_id,
              count(*) filter (is_first and from_date {inside}) receipts,
              count(*) filter (is_first and from_date {inside} and work_type = 'cf28') cf28_receipts,
              count(*) filter (is_first and from_date {inside} and work_type = 'cf29') cf29_receipts,
              count(*) filter (is_last and to_date {inside}) completions,
              count(*) filter ({there}) pending,
              count(*) filter ({there} and date '{end}' - opened_date > {standard}) backlog,
              count(*) filter ({there} and due_date < date '{end}') past_due
            from s group by 1),
      f as (select account_id, count(*) looked_count, count(*) filter (severity in ('minor', 'major')) found_count,
              count(*) filter (severity = 'major') major_count, sum(coalesce(revenue_change_usd, 0)) change_usd
            from review where {chosen} and {looked} group by 1)
      select * from account.account left join e using (account_id) left join w using (account_id) left join f using (account_id)
    """.replace(
        "account.account",
        f"(select account_id from account where coalesce(center_code, 'PORT') in ({', '.join(map(repr, filters.centers))}))"
        if filters.centers
        else "(select account_id from account)",
    )
    return pl.DataFrame(sql.sql(query).pl())


@pytest.mark.parametrize("name", FILTERS)
def test_the_numbers_of_accounts(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = FILTERS[name]
    mine = accounts.table(analyst.frames, analyst.accounts(), filters, analyst.as_of).sort("account_id")
    other = _recounted(sql, filters, analyst.as_of).with_columns(pl.exclude("account_id").fill_null(0))
    other = other.filter(pl.sum_horizontal("entries_count", "receipts", "completions", "pending", "looked_count") > 0).sort("account_id")
    assert mine.height > 5
    for column in (*COUNTS, *LOOKED):
        assert mine[column].to_list() == other[column].cast(pl.Int64).to_list(), column
    for column in ("value_usd", "duty_usd", "change_usd"):
        assert all(math.isclose(a, b, abs_tol=0.006) for a, b in zip(mine[column], other[column], strict=True)), column
    whole = other["value_usd"].sum()
    if whole:
        assert math.isclose(mine["value_share"].sum(), 1, rel_tol=1e-9)
        ten = other["value_usd"].sort(descending=True).head(10).sum() / whole
        assert math.isclose(accounts.concentration(mine)[0] or 0, ten, rel_tol=1e-9)
    assert mine["account_id"].to_list() == other["account_id"].to_list()


def test_shares_say_when_cases_are_few_and_what_was_expected(analyst: Snapshot) -> None:
    rows = accounts.table(analyst.frames, analyst.accounts(), Filters(*YEAR), analyst.as_of)
    few = rows.filter(pl.col("looked_count") < standards.LEAST_CASES)
    assert few.height
    assert few["found_share"].null_count() == few.height
    enough = rows.filter(pl.col("looked_count") >= standards.LEAST_CASES)
    assert (enough["found_share"] - enough["found_count"] / enough["looked_count"]).abs().max() < 1e-12  # type: ignore[operator]
    findings = analyst.facts("review").filter(
        (pl.col("status") == "completed") & (pl.col("work_type") == "validation") & pl.col("severity").is_not_null()
        & pl.col("closed_date").is_between(*YEAR)
    ).collect()  # fmt: skip
    rates = dict(findings.group_by("source").agg((pl.col("severity") != "none").mean()).iter_rows())
    first = enough.row(0, named=True)
    own = findings.filter(account_id=first["account_id"])["source"].to_list()
    assert math.isclose(first["expected_share"], sum(rates[source] for source in own) / len(own), rel_tol=1e-9)
    assert (rows["found_low"].is_null() | (rows["found_low"] <= rows["found_share"] + 1e-12)).all()


def test_months_of_an_account_add_up_to_its_row(analyst: Snapshot) -> None:
    rows = accounts.table(analyst.frames, analyst.accounts(), Filters(*YEAR), analyst.as_of)
    for row in rows.head(3).iter_rows(named=True):
        months = accounts.months_of(analyst.frames, row["account_key"], analyst.as_of, 12)
        assert months["date"].to_list()[0] == D(2012, 10, 1)
        for column in ("entries_count", "lines_count", "receipts", "completions", "looked_count", "found_count"):
            assert months[column].sum() == row[column], column
        assert months["pending"][-1] == row["pending"]
        assert math.isclose(months["value_usd"].sum(), row["value_usd"], rel_tol=1e-9)


def test_goods_of_other_centers(analyst: Snapshot, sql: Any) -> None:
    sql.register("line", analyst.facts("entry_line").collect().to_arrow())
    sql.register("industry", analyst.dimension("industry").to_arrow())
    theirs = pl.DataFrame(
        sql.sql("""
          select account_id, avg((i.center_code <> a.center_code)::int) as off_lines,
                 sum(case when i.center_code <> a.center_code then l.value_usd else 0 end) / sum(l.value_usd) as off_value
          from line l join industry i using (industry_code) join account a using (account_id)
          where a.center_code is not null and entry_date > date '2012-09-30' group by 1 order by 1
        """).pl()
    )
    mine = analyst.accounts().drop_nulls("off_lines_share").sort("account_id")
    assert mine["account_id"].to_list() == theirs["account_id"].to_list()
    assert (mine["off_lines_share"] - theirs["off_lines"]).abs().max() < 1e-12  # type: ignore[operator]
    assert (mine["off_value_share"] - theirs["off_value"]).abs().max() < 1e-9  # type: ignore[operator]
    quarters = accounts.off_industry(analyst.frames, analyst.dimension("industry"), Filters(*YEAR), analyst.as_of)
    off, lines = sql.sql("""
      select count(*) filter (i.center_code <> l.center_code), count(*) from line l join industry i using (industry_code)
      where l.center_code <> 'PORT' and entry_date > date '2012-09-30'
    """).fetchall()[0]
    assert (quarters["off_count"].sum(), quarters["lines_count"].sum()) == (off, lines)


def test_a_fit_names_what_speaks_for_another_center() -> None:
    rows = pl.DataFrame(
        {
            "center_code": ["ELE"] * 7 + [None],
            "suggested_center_code": ["TAF", "ELE", "ELE", "ELE", "ELE", "ELE", None, "ELE"],
            "value_center_code": ["TAF", "TAF", "ELE", "ELE", "ELE", "ELE", None, "ELE"],
            "suggested_share": [0.7, 0.7, 0.52, 0.57, 0.57, 0.9, None, 0.9],
            "margin": [0.5, 0.5, 0.05, 0.14, 0.14, 0.8, None, 0.9],
            "goods_lines": [500, 500, 100_000, 100, 1000, 29, 0, 500],
        }
    )
    assert rows.select(fit=accounts.fit())["fit"].to_list() == ["lines", "value", "close", "close", "fits", "few", "none", None]
    assert set(accounts.FITS) == {"lines", "value", "close", "fits", "few", "none"}


def test_the_history_of_assignments_is_told_as_events() -> None:
    rows = [
        ("A", D(2012, 1, 1), "PENDING", None), ("A", D(2012, 3, 1), "ASSIGNED", "ELE"), ("A", D(2013, 1, 1), "APPEAL", "ELE"),
        ("A", D(2013, 2, 1), "ASSIGNED", "TAF"), ("B", D(2012, 1, 1), "ASSIGNED", "ELE"), ("B", D(2012, 6, 1), "APPEAL", "ELE"),
        ("B", D(2012, 7, 1), "ASSIGNED", "ELE"), ("C", D(2012, 1, 1), "NOT_ELIGIBLE", None),
    ]  # fmt: skip
    history = pl.DataFrame(rows, schema=["account_id", "valid_from", "status", "center_code"], orient="row")
    told = assignment.events(history.sample(fraction=1, shuffle=True, seed=3))
    assert told["event"].to_list() == ["applied", "assigned", "appealed", "reassigned", "assigned", "appealed", "confirmed", "not_eligible"]
    assert told["from_center_code"].to_list() == [None, None, "ELE", "ELE", None, "ELE", "ELE", None]
    assert set(told["event"]) == set(assignment.EVENTS)


def test_the_published_history_holds_the_reassigned_accounts(analyst: Snapshot) -> None:
    history = analyst.assignments()
    moved = history.filter(event="reassigned")
    assert moved.height > 0
    assert (moved["center_code"] != moved["from_center_code"]).all()
    now = history.filter(pl.col("valid_to").is_null()).join(analyst.accounts(), on="account_id", suffix="_now")
    assert (now["status"] == now["status_now"]).all()
    counted = analyst.assignment_events()
    assert counted["accounts_count"].sum() == history.height
    assert "account_id" not in counted.columns


def test_segments_are_all_accounts_with_goods_by_where_they_stand(analyst: Snapshot, sql: Any, store: Path) -> None:
    sql.register("profile", analyst.accounts().to_arrow())
    sql.register("importer", demo_importers(store))
    theirs = sql.sql("""
      with m as (select account_id, bool_or((ctpat_tier >= 2 and ctpat_since <= date '2013-09-30')
                   or (isa_member and isa_since <= date '2013-09-30')) as eligible from importer group by 1),
      e as (select account_id, sum(value_usd) as value_usd, count(*) as entries from entry where entry_date > date '2012-09-30' group by 1)
      select case when status = 'ASSIGNED' and participating_from <= date '2013-09-30' then 'participating' when status = 'ASSIGNED' then 'assigned'
                  when status = 'PENDING' then 'pending' when status = 'APPEAL' then 'appeal' when status = 'NOT_ELIGIBLE' then 'not_eligible'
                  when eligible then 'eligible' else 'outside' end as standing,
             count(*), sum(entries), sum(e.value_usd)
      from profile join e using (account_id) join m using (account_id) group by 1
    """).fetchall()
    mine = analyst.segments().group_by("standing").agg(pl.col("accounts_count", "entries_count", "value_usd").sum())
    assert mine.height >= 5
    assert {row[:3] for row in mine.iter_rows()} == {(name, count, int(entries)) for name, count, entries, _ in theirs}
    values = {name: value for name, _, _, value in theirs}
    assert all(math.isclose(value, values[name], rel_tol=1e-9) for name, value in mine.select("standing", "value_usd").iter_rows())
    assert not {"account_id", "account_name", "account_key"} & set(analyst.segments().columns)


def demo_importers(store: Path) -> Any:
    with database.reading(database.engine(f"sqlite:///{store / 'centerline.sqlite'}")) as connection:
        return bulk.read_whole(connection, "importer").to_arrow()


def test_a_director_lists_what_the_analyst_lists_of_their_center(store: Path, analyst: Snapshot) -> None:
    director = Snapshot(Scope("director", ("ELE",)), home=store / "published")
    mine = accounts.table(director.frames, director.accounts(), Filters(*YEAR), director.as_of)
    theirs = accounts.table(analyst.frames, analyst.accounts(), Filters(*YEAR, centers=("ELE",)), analyst.as_of)
    assert mine.height > 5
    assert_frame_equal(mine, theirs)


@pytest.fixture(scope="module")
def reviews() -> pl.DataFrame:
    """Completed validations of a demonstration, as `drift.drifting` takes them; accounts by their number."""
    found = demo.generate(200_000, 2013)["review"].filter(
        (pl.col("work_type") == "validation") & (pl.col("status") == "completed") & pl.col("severity").is_not_null()
    )
    return found.select(
        date=pl.col("closed_date").dt.month_start(),
        account_key="account_id",
        source="source",
        center="center_code",
        looked_count=pl.lit(1),
        found_count=(pl.col("severity") != "none").cast(pl.Int64),
    )


@pytest.mark.parametrize("of_its_center", [False, True])
def test_the_drifting_account_is_found_and_no_other(reviews: pl.DataFrame, *, of_its_center: bool) -> None:
    truth = single("drifting_account")
    rows = reviews.filter(center=truth.center_code) if of_its_center else reviews
    found = drift.drifting(rows, truth.to_date).filter("is_drifting")
    assert found["account_key"].to_list() == [truth.account_id]
    assert found["late_share"][0] > found["early_share"][0]


def test_no_account_drifts_before_the_drift_or_with_its_months_shuffled(reviews: pl.DataFrame) -> None:
    truth = single("drifting_account")
    before = truth.from_date - dt.timedelta(days=1)
    assert drift.drifting(reviews, before).height > 50
    assert not drift.drifting(reviews, before)["is_drifting"].any()
    shuffles = 30
    alarms = 0
    for seed in range(shuffles):
        shuffled = reviews.with_columns(pl.col("date").shuffle(seed).over("account_key", "source"))
        alarms += int(drift.drifting(shuffled, truth.to_date)["is_drifting"].any())
    # A tenth of the shuffles may have a false alarm.
    assert alarms <= shuffles / 10
