"""Metrics of work and of people against SQL written without the project's code, under several filters."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analytics import service, standards
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot
from tests.data.asked import FILTERS, STAYS, WORK_FILTERS, YEAR, D, ask, federal_holidays, value, where

WORK = {name: filters for name, filters in {**FILTERS, **WORK_FILTERS}.items() if not filters.centers}


def _standard() -> str:
    return "case work_type " + " ".join(f"when '{name}' then {days}" for name, days in standards.STANDARD_DAYS.items()) + " end"


@pytest.mark.parametrize("name", WORK)
def test_flows_and_stocks(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = WORK[name]
    end = min(filters.to_date or analyst.as_of, analyst.as_of)
    kept = where(filters, None, analyst.as_of)
    received = sql(f"select count(*) from review where {where(filters, 'opened_date', analyst.as_of)}")[0][0]
    completed = sql(f"select count(*) from review where {where(filters, 'closed_date', analyst.as_of)}")[0][0]
    assert received > 0
    assert value(analyst, "receipts", filters) == received
    assert value(analyst, "completions", filters) == completed
    assert value(analyst, "clearance_rate", filters) == completed / received
    there = f"opened_date <= date '{end}' and (closed_date is null or closed_date > date '{end}') and {kept}"
    pending, backlog, late, oldest = sql(
        f"select count(*), count(*) filter (date '{end}' - opened_date > {_standard()}), count(*) filter (due_date < date '{end}'), "
        f"max(date '{end}' - opened_date) from review where {there}"
    )[0]
    assert value(analyst, "pending", filters) == pending
    assert value(analyst, "backlog", filters) == backlog
    assert value(analyst, "past_due", filters) == late
    assert value(analyst, "oldest_days", filters) == oldest
    soon, at_stake, duty = sql(
        f"select count(*) filter (due_date between date '{end}' and date '{end}' + 30), "
        f"coalesce(sum(cast(round(entry_value_usd * 100) as bigint)) filter (due_date < date '{end}'), 0), "
        f"coalesce(sum(cast(round(entry_duty_usd * 100) as bigint)) filter (due_date < date '{end}'), 0) from review where {there}"
    )[0]
    assert value(analyst, "due_within_30", filters) == soon
    assert value(analyst, "past_due_value_usd", filters) == int(at_stake) / 100
    assert value(analyst, "past_due_duty_usd", filters) == int(duty) / 100
    day = f"date '{end}'"
    opened = f"select review_id, {day} - opened_date as gross from work where {kept} and opened_date <= {day} and (closed_date is null or closed_date > {day})"
    stood = f"coalesce(sum(least(coalesce(start_date, {day}), {day}) - stop_date), 0) as stood, count(*) filter (start_date is null or start_date > {day}) as stops"
    clocks = f"select review_id, {stood} from clock where stop_date <= {day} group by review_id"
    gross, controlled, stopped = sql(
        f"select avg(gross), avg(gross - coalesce(stood, 0)), count(*) filter (stops > 0) from ({opened}) left join ({clocks}) using (review_id)"
    )[0]
    assert value(analyst, "clock_stopped", filters) == stopped
    assert value(analyst, "pending_age_days", filters) == pytest.approx(gross, rel=1e-12)
    assert value(analyst, "controlled_age_days", filters) == pytest.approx(controlled, rel=1e-12)
    assert controlled < gross
    start = end - dt.timedelta(days=90)
    recent = sql(f"select count(*) from review where closed_date between date '{start}' and date '{end}' and {kept}")[0][0]
    days = np.busday_count(start, end + dt.timedelta(days=1), holidays=federal_holidays())
    assert math.isclose(value(analyst, "days_of_work", filters), pending / (recent / days), rel_tol=1e-12)


@pytest.mark.parametrize("end", [D(2011, 12, 31), D(2012, 10, 17), D(2013, 4, 30), D(2013, 9, 30)])
def test_pending_of_each_holder_on_a_day(analyst: Snapshot, sql: Any, end: dt.date) -> None:
    expected = dict(sql(STAYS.replace("$1", f"date '{end}'")))
    rows = METRICS["pending"].answer(analyst.frames, Filters(to_date=end), analyst.as_of, ["center"])
    found = {row["center"]: row["value"] for row in rows.iter_rows(named=True) if row["value"]}
    assert found == expected


def test_stocks_by_month_are_those_of_each_month_end(analyst: Snapshot) -> None:
    for metric_id in ("pending", "backlog", "past_due", "days_of_work", "oldest_days", "pending_age_days", "controlled_age_days"):
        rows = METRICS[metric_id].answer(analyst.frames, Filters(*YEAR), analyst.as_of, ["month"])
        assert rows.height == 12
        for row in rows.iter_rows(named=True):
            first = D.fromisoformat(row["month"] + "-01")
            end = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
            assert row["value"] == value(analyst, metric_id, Filters(first, end)), (metric_id, row["month"])


@pytest.mark.parametrize("as_of", [D(2012, 6, 30), D(2013, 3, 9)])
def test_an_earlier_as_of_date_sees_only_what_had_happened(analyst: Snapshot, sql: Any, as_of: dt.date) -> None:
    rows = METRICS["pending"].answer(analyst.frames, Filters(), as_of, ())
    there = f"opened_date <= date '{as_of}' and (closed_date is null or closed_date > date '{as_of}')"
    assert rows["value"][0] == sql(f"select count(*) from review where {there}")[0][0]
    rows = METRICS["entry_summaries"].answer(analyst.frames, Filters(), as_of, ())
    assert rows["value"][0] == sql(f"select count(*) from entry where entry_date <= date '{as_of}'")[0][0]


@pytest.mark.parametrize("name", WORK)
def test_time_to_complete(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = WORK[name]
    rows = sql(
        f"select coalesce(closed_date, date '{analyst.as_of}') - opened_date, closed_date is not null from review where {where(filters, 'opened_date', analyst.as_of)}"
    )
    days, closed = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    curve = stats.ecdf(stats.CensoredData(uncensored=days[closed], right=days[~closed])).sf
    found = ask(analyst, "time_to_complete_days", filters)
    assert found["n"] == len(rows)
    for name_, share in (("value", 0.5), ("p80", 0.2), ("p90", 0.1)):
        reached = curve.quantiles[curve.probabilities <= share + 1e-12]
        expected = reached.min() if len(reached) else None
        assert found[name_] == expected, name_


@pytest.mark.parametrize("name", WORK)
def test_how_reviews_ended(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = WORK[name]
    done = f"status = 'completed' and {where(filters, 'closed_date', analyst.as_of)}"
    changing = "('change', 'rejected', 'referred', 'approved', 'approved_in_part', 'valid')"
    n, changed, rejected, due, on_time = sql(
        f"select count(outcome), count(*) filter (outcome in {changing}), count(*) filter (outcome = 'rejected'), count(due_date), "
        f"count(*) filter (closed_date <= due_date) from review where {done}"
    )[0]
    for metric_id, hits, of in (
        ("work_changed_share", changed, n),
        ("rejected_share", rejected, n),
        ("closed_on_time_share", on_time, due),
    ):
        found = ask(analyst, metric_id, filters)
        assert (found["n"], found["value"]) == (of, pytest.approx(hits / of)), metric_id
        inside = stats.binomtest(hits, of).proportion_ci(method="wilson")
        assert (found["low"], found["high"]) == (pytest.approx(inside.low), pytest.approx(inside.high)), metric_id
    hours, timed = sql(f"select sum(hours), count(hours) from review where {done}")[0]
    assert value(analyst, "hours_per_review", filters) == pytest.approx(hours / timed, rel=1e-3)
    allowed, decided = sql(
        f"select count(*) filter (outcome in ('approved', 'approved_in_part')), count(*) from review where {done} and work_type = 'protest' "
        "and outcome in ('approved', 'approved_in_part', 'denied', 'deemed_denied')"
    )[0]
    found = ask(analyst, "protests_allowed_share", filters)
    assert (found["n"], found["value"]) == (decided, pytest.approx(allowed / decided) if decided >= 10 else None)
    deemed, valid, judged = sql(
        f"select count(*) filter (outcome = 'deemed_denied'), count(*) filter (outcome = 'valid'), "
        f"count(*) filter (outcome in ('valid', 'not_valid')) from review where {done}"
    )[0]
    assert value(analyst, "deemed_denials", filters) == deemed
    found = ask(analyst, "disclosures_valid_share", filters)
    assert (found["n"], found["value"]) == (judged, pytest.approx(valid / judged) if judged >= 10 else None)


@pytest.mark.parametrize("name", FILTERS)
def test_requests_for_information(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = FILTERS[name]
    if filters.centers:
        return  # who held a request when it came in is not who holds it now: `test_pending_of_each_holder_on_a_day`
    asked = sql(f"select count(*) from review where work_type = 'cf28' and {where(filters, 'opened_date', analyst.as_of)}")[0][0]
    filed = sql(f"select count(*) from entry where {where(filters, 'entry_date', analyst.as_of)}")[0][0]
    found = ask(analyst, "cf28_per_1000", filters)
    assert (found["n"], found["value"]) == (filed, pytest.approx(1000 * asked / filed))


@pytest.mark.parametrize("center", [None, "ELE", "BMM"])
def test_people(analyst: Snapshot, sql: Any, center: str | None) -> None:
    filters = Filters(*YEAR, centers=(center,) if center else ())
    mine = f"center_code = '{center}'" if center else "true"
    board, floor = sql(f"select sum(on_board), sum(floor) from staff where month = '2013-09' and {mine}")[0]
    assert (value(analyst, "staff_on_board", filters), value(analyst, "staff_floor", filters)) == (board, floor)
    short = sql(f"select sum(greatest(floor - on_board, 0)) from staff where month = '2013-09' and {mine}")[0][0]
    assert value(analyst, "staff_short", filters) == short > floor - board
    held = sql(f"select count(*) from work where closed_date is null and holder <> 'PORT' and {mine.replace('center_code', 'holder')}")[0][
        0
    ]
    assert value(analyst, "pending_per_person", filters) == pytest.approx(held / int(board))
    months = sql(f"select sum(on_board) from staff where month between '2012-10' and '2013-09' and {mine}")[0][0]
    done = METRICS["completions"].answer(analyst.frames, filters, analyst.as_of, ["center", "month"])
    staffed = {(code, month) for code, month in sql("select distinct center_code, month from staff")}
    total = sum(row["value"] for row in done.iter_rows(named=True) if (row["center"], row["month"]) in staffed)
    assert value(analyst, "completions_per_person", filters) == pytest.approx(total / int(months))


@pytest.mark.parametrize("end", [D(2012, 10, 17), D(2013, 9, 30)])
def test_pending_per_person_by_month_counts_who_held_it_then(analyst: Snapshot, sql: Any, end: dt.date) -> None:
    held = sum(count for holder, count in sql(STAYS.replace("$1", f"date '{end}'")) if holder != "PORT")
    board = sql(f"select sum(on_board) from staff where month = '{end:%Y-%m}'")[0][0]
    assert value(analyst, "pending_per_person", Filters(D(2012, 1, 1), end)) == pytest.approx(held / int(board))


LED = {
    "cf28": "('change', 'rejected', 'referred')",
    "cf29": "('change', 'rejected', 'referred')",
    "psc": "('approved', 'approved_in_part')",
}

LED |= {"pea": LED["psc"], "prior_disclosure": "('valid')"}


@pytest.mark.parametrize("name", FILTERS)
def test_what_notices_and_filings_led_to(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = FILTERS[name]
    done = f"status = 'completed' and {where(filters, 'closed_date', analyst.as_of)}"
    found = {row["work_type"]: row for row in service.led_to(analyst.frames, filters, analyst.as_of).iter_rows(named=True)}
    for kind, results in LED.items():
        led, refused, n, change = sql(
            f"select count(*) filter (outcome in {results}), count(*) filter (outcome in ('rejected', 'not_valid') and outcome not in {results}), "
            f"count(outcome), coalesce(sum(cast(round(revenue_change_usd * 100) as bigint)), 0) from review where {done} and work_type = '{kind}'"
        )[0]
        row = found.get(kind, dict.fromkeys(("led_count", "refused_count", "n", "change_usd"), 0))
        assert (row["led_count"], row["refused_count"], row["n"], row["change_usd"]) == (led, refused, n, int(change) / 100), kind


@pytest.mark.parametrize("end", [D(2012, 6, 30), D(2013, 2, 28), D(2013, 9, 30)])
def test_pending_protests_by_age(analyst: Snapshot, sql: Any, end: dt.date) -> None:
    there = f"work_type = 'protest' and opened_date <= date '{end}' and (closed_date is null or closed_date > date '{end}')"
    age = f"date '{end}' - opened_date"
    expected = sql(
        f"select count(*) filter ({age} <= 30), count(*) filter ({age} between 31 and 365), count(*) filter ({age} between 366 and 730), "
        f"count(*) filter ({age} > 730), count(*) filter (opened_date + interval 2 year < date '{end}') from review where {there}"
    )[0]
    found = service.protest_ages(analyst.frames, Filters(to_date=end), analyst.as_of)
    assert (*found["reviews_count"], found["lapsed_count"].sum()) == expected
    assert found["reviews_count"].sum() == value(analyst, "pending", Filters(to_date=end, work_types=("protest",))) > 0


@pytest.mark.parametrize("work_type", ["cf28", "cf29"])
def test_notices_by_port(analyst: Snapshot, sql: Any, work_type: str) -> None:
    found = service.notices(analyst.frames, Filters(*YEAR), analyst.as_of, ["port"], work_type)
    asked = dict(
        sql(
            f"select port_code, count(*) from review where work_type = '{work_type}' and {where(Filters(*YEAR), 'opened_date', YEAR[1])} group by 1"
        )
    )
    filed = dict(sql(f"select port_code, count(*) from entry where {where(Filters(*YEAR), 'entry_date', YEAR[1])} group by 1"))
    assert {row["port"]: row["n"] for row in found.iter_rows(named=True)} == filed
    for row in found.iter_rows(named=True):
        assert row["asked_count"] == asked.get(row["port"], 0)
        assert row["value"] == (pytest.approx(1000 * row["asked_count"] / row["n"]) if row["n"] >= 30 else None)
