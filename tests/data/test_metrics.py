"""Every metric against SQL written without the project's code, over the published facts, under several filters."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

from analytics import metrics, service, standards, voices
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot

D = dt.date
YEAR = (D(2012, 10, 1), D(2013, 9, 30))

FILTERS = {
    "all dates": Filters(),
    "fiscal year 2013": Filters(*YEAR),
    "odd days": Filters(D(2012, 11, 17), D(2013, 5, 9)),
    "Electronics and Pharma": Filters(*YEAR, centers=("ELE", "PHC")),
    "ports": Filters(D(2012, 10, 1), D(2013, 6, 30), centers=("PORT",)),
    "goods": Filters(*YEAR, industries=("ELE_COMM", "AUT_VEH", "TAF_APP")),
    "place": Filters(D(2011, 1, 1), D(2013, 9, 30), ports=("2704", "4601", "2304")),
    "trusted, odd days, place": Filters(D(2011, 2, 3), D(2013, 8, 2), programs=("isa", "ctpat"), ports=("2704", "2709", "3901")),
}
WORK_FILTERS = {
    "corrections": Filters(*YEAR, work_types=("psc", "pea")),
    "protests, odd days": Filters(D(2012, 3, 3), D(2013, 2, 2), work_types=("protest",)),
}
ENTRY_FILTERS = {"type and mode": Filters(*YEAR, entry_types=("01", "03"), modes=("11", "30"))}


@pytest.fixture(scope="module")
def sql(analyst: Snapshot) -> Callable[..., list[tuple[Any, ...]]]:
    """Ask DuckDB over the facts' files."""
    connection = duckdb.connect()
    for name in ("entry", "entry_line", "review", "review_event", "clock", "inquiry", "feedback", "sample_stratum", "staff"):
        connection.register(name, analyst.facts(name).collect().to_arrow())
    connection.execute("create view work as select review.*, center_code as holder from review")
    return lambda query, *values: connection.execute(query, list(values)).fetchall()


def where(filters: Filters, date: str | None, as_of: dt.date, **columns: str) -> str:
    """Write a filter as SQL; `columns` renames a dimension's column."""
    parts = ["true"]
    if date:
        parts.append(f"{date} between date '{filters.from_date or D(1900, 1, 1)}' and date '{min(filters.to_date or as_of, as_of)}'")
    names = {"center": "center_code", "industry": "industry_code", "port": "port_code", "program": "program"}
    names |= {"entry_type": "entry_type_code", "mode": "mode_code", "work_type": "work_type"} | columns
    for dimension, column in names.items():
        kept = filters.kept(dimension)
        if kept:
            parts.append(f"{column} in ({', '.join(repr(code) for code in kept)})")
    return " and ".join(parts)


def ask(analyst: Snapshot, metric_id: str, filters: Filters) -> dict[str, Any]:
    rows = METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, ())
    assert rows.height == 1
    return rows.row(0, named=True)


def value(analyst: Snapshot, metric_id: str, filters: Filters) -> Any:
    return ask(analyst, metric_id, filters)["value"]


VOLUME = {**FILTERS, **ENTRY_FILTERS}


@pytest.mark.parametrize("name", VOLUME)
def test_volume(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOLUME[name]
    kept = where(filters, "entry_date", analyst.as_of)
    assert value(analyst, "entry_summaries", filters) == sql(f"select count(*) from entry where {kept}")[0][0]
    lines, cents, duty = sql(
        f"select count(*), coalesce(sum(cast(round(value_usd * 100) as bigint)), 0), coalesce(sum(cast(round(duty_usd * 100) as bigint)), 0) from entry_line where {kept}"
    )[0]
    assert lines > 0
    assert value(analyst, "entry_lines", filters) == lines
    assert value(analyst, "import_value_usd", filters) == int(cents) / 100
    assert value(analyst, "duty_usd", filters) == int(duty) / 100
    fees = sql(f"select coalesce(sum(cast(round(fees_usd * 100) as bigint)), 0) from entry where {kept}")[0][0]
    assert value(analyst, "duty_fees_usd", filters) == int(duty + fees) / 100
    accounts = sql(f"select count(distinct account_id) from entry where processed_by = 'CENTER' and {kept}")[0][0]
    assert value(analyst, "participating_accounts", filters) == accounts


@pytest.mark.parametrize("name", VOLUME)
def test_share_that_centers_process(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOLUME[name]
    all_centers = where(filters.keeping("center", ()), "entry_date", analyst.as_of)
    mine = where(filters, None, analyst.as_of)
    part, whole = sql(
        f"select sum(case when center_code <> 'PORT' and {mine} then value_usd else 0 end), sum(value_usd) from entry_line where {all_centers}"
    )[0]
    assert math.isclose(value(analyst, "center_value_share", filters), part / whole, rel_tol=1e-12)


@pytest.mark.parametrize("name", VOLUME)
def test_share_of_summaries_and_what_is_eligible(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOLUME[name]
    every, mine = where(filters.keeping("center", ()), "entry_date", analyst.as_of), where(filters, None, analyst.as_of)
    part, whole = sql(f"select count(*) filter (center_code <> 'PORT' and {mine}), count(*) from entry where {every}")[0]
    found = ask(analyst, "center_entry_share", filters)
    assert (found["value"], found["n"]) == (pytest.approx(part / whole), part)
    eligible = f"{every} and program in ('isa', 'ctpat')"
    left, all_of_it = sql(
        f"select coalesce(sum(value_usd) filter (center_code = 'PORT'), 0), sum(value_usd) from entry_line where {eligible}"
    )[0]
    n = sql(f"select count(*) from entry where {eligible} and center_code = 'PORT'")[0][0]
    for metric_id, expected in (("eligible_not_in_center_usd", left), ("eligible_not_in_center_share", left / all_of_it)):
        if filters.centers:
            with pytest.raises(QueryError, match="has no Center"):
                ask(analyst, metric_id, filters)
            continue
        found = ask(analyst, metric_id, filters)
        assert (found["value"], found["n"]) == (pytest.approx(expected), n), metric_id


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
    days = np.busday_count(start, end + dt.timedelta(days=1), holidays=_holidays())
    assert math.isclose(value(analyst, "days_of_work", filters), pending / (recent / days), rel_tol=1e-12)


def _holidays() -> list[dt.date]:
    """Federal holidays observed from October 2010 to September 2013, written out from the calendar of the time."""
    text = (
        "2010-10-11 2010-11-11 2010-11-25 2010-12-24 2010-12-31 2011-01-17 2011-02-21 2011-05-30 2011-07-04 2011-09-05 2011-10-10 "
        "2011-11-11 2011-11-24 2011-12-26 2012-01-02 2012-01-16 2012-02-20 2012-05-28 2012-07-04 2012-09-03 2012-10-08 2012-11-12 "
        "2012-11-22 2012-12-25 2013-01-01 2013-01-21 2013-02-18 2013-05-27 2013-07-04 2013-09-02"
    )
    return [D.fromisoformat(day) for day in text.split()]


STAYS = """
with moves as (select review_id, event_date, coalesce(from_center_code, 'PORT') as source, coalesce(to_center_code, 'PORT') as target
               from review_event where event_type = 'transfer'),
starts as (
  select r.review_id, r.opened_date as since, coalesce(first_move.source, r.center_code) as holder
  from review r left join (select review_id, arg_min(source, event_date) as source from moves group by 1) first_move using (review_id)
  union all select review_id, event_date, target from moves)
select holder, count(*) from (
  select s.review_id, arg_max(s.holder, s.since) as holder from starts s join review r using (review_id)
  where s.since <= $1 and r.opened_date <= $1 and (r.closed_date is null or r.closed_date > $1) group by 1)
group by 1 order by 1
"""


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


SAMPLE = FILTERS


@pytest.mark.parametrize(("metric_id", "bad"), [("compliance_rate_major", "('major')"), ("compliance_rate_letter", "('minor', 'major')")])
@pytest.mark.parametrize("name", SAMPLE)
def test_compliance(analyst: Snapshot, sql: Any, name: str, metric_id: str, bad: str) -> None:
    filters = SAMPLE[name]
    base = "source = 'random' and status = 'completed' and entry_date is not null"
    rows = sql(f"""
        with drawn as (select stratum, strftime(entry_date, '%Y-%m') as period, severity in {bad} as bad, {where(filters, "entry_date", analyst.as_of)} as mine
                       from review where {base}),
        cells as (select stratum, period, count(*) as n, sum(mine::int) as m, sum((mine and bad)::int) as y from drawn group by 1, 2)
        select universe_lines, n, m, y from cells join sample_stratum using (stratum, period)""")
    table = np.array(rows, dtype=float)
    universe, n, m, y = table.T
    weight = universe / n
    domain = (weight * m).sum()
    rate = (weight * y).sum() / domain
    inside = (y - rate * m) / domain
    squares = (y * (1 - rate) ** 2 + (m - y) * rate**2) / domain**2
    variance = np.where(n > 1, (1 - n / universe) * weight**2 * n / np.maximum(n - 1, 1) * (squares - inside**2 / n), 0).sum()
    found = ask(analyst, metric_id, filters)
    assert found["n"] == m.sum()
    effective = min(rate * (1 - rate) / variance, m.sum()) if variance > 0 else m.sum()
    if m.sum() < 30 or effective < 30:
        assert (found["value"], found["quality"]) == (None, "too_few")
        return
    assert math.isclose(found["value"], 1 - rate, rel_tol=1e-9)
    z = stats.norm.ppf(0.975)
    centre = (rate + z * z / (2 * effective)) / (1 + z * z / effective)
    spread = z * math.sqrt(rate * (1 - rate) / effective + z * z / (4 * effective**2)) / (1 + z * z / effective)
    assert math.isclose(found["low"], 1 - (centre + spread), rel_tol=1e-9)
    assert math.isclose(found["high"], 1 - max(centre - spread, 0), rel_tol=1e-9)


@pytest.mark.parametrize("name", SAMPLE)
def test_plain_shares_of_sampled_lines(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = SAMPLE[name]
    drawn, n, major, any_ = sql(f"""
        select count(*), coalesce(sum((status = 'completed')::int), 0), coalesce(sum((status = 'completed' and severity = 'major')::int), 0),
               coalesce(sum((status = 'completed' and severity in ('minor', 'major'))::int), 0)
        from review where source = 'random' and status <> 'cancelled' and {where(filters, "entry_date", analyst.as_of)}""")[0]
    lines = ask(analyst, "sampled_lines", filters)
    open_ = "provisional" if n < 0.95 * drawn else "ok"
    assert (lines["value"], lines["n"], lines["quality"]) == (n, n, open_)
    for metric_id, hits in (("sampled_without_major_share", major), ("sampled_without_any_share", any_)):
        found = ask(analyst, metric_id, filters)
        assert found["n"] == n
        if n < 30:
            assert (found["value"], found["low"], found["quality"]) == (None, None, "too_few")
            continue
        expected = stats.binomtest(n - hits, n).proportion_ci(method="wilson")
        assert math.isclose(found["value"], 1 - hits / n, rel_tol=1e-12)
        assert math.isclose(found["low"], expected.low, rel_tol=1e-9)
        assert math.isclose(found["high"], expected.high, rel_tol=1e-9)
        assert found["quality"] == open_


@pytest.mark.parametrize("name", SAMPLE)
def test_revenue_gap(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = SAMPLE[name]
    gap, n = sql(f"""
        with drawn as (select stratum, strftime(entry_date, '%Y-%m') as period, coalesce(revenue_change_usd, 0) as gap,
                              {where(filters, "entry_date", analyst.as_of)} as mine
                       from review where source = 'random' and status = 'completed' and entry_date is not null),
        cells as (select stratum, period, count(*) as n, sum(case when mine then gap else 0 end) as gap, sum(mine::int) as m from drawn group by 1, 2)
        select sum(universe_lines / n * gap), sum(m) from cells join sample_stratum using (stratum, period)""")[0]
    found = ask(analyst, "net_revenue_gap_usd", filters)
    if n < 30:
        assert found["quality"] == "too_few"
        return
    assert math.isclose(found["value"], gap, rel_tol=1e-9, abs_tol=0.01)
    kept = where(filters, "entry_date", analyst.as_of)
    duty = sql(f"select sum(duty_usd) from entry_line where {kept}")[0][0]
    fees = sql(f"select sum(fees_usd) from entry where {kept}")[0][0]
    assert math.isclose(value(analyst, "revenue_collected_share", filters), (duty + fees) / (duty + fees + gap), rel_tol=1e-9)


@pytest.mark.parametrize("name", {**FILTERS, "corrections": WORK_FILTERS["corrections"]})
def test_targeted_yield(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = {**FILTERS, **WORK_FILTERS}[name]
    n, hits = sql(
        "select count(*), count(*) filter (severity in ('minor', 'major')) from review where source = 'targeted' and status = 'completed' "
        f"and severity is not null and {where(filters, 'closed_date', analyst.as_of)}"
    )[0]
    closed = f"status = 'completed' and {where(filters, 'closed_date', analyst.as_of)}"
    completed, silent = sql(f"select count(*), count(*) filter (outcome is null) from review where {closed}")[0]
    without = ask(analyst, "closed_without_result", filters)
    assert (without["n"], without["value"]) == (completed, silent)
    found = ask(analyst, "targeted_yield_share", filters)
    assert found["n"] == n
    assert found["value"] == (hits / n if n >= 10 else None)


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


@pytest.mark.parametrize("name", {name: filters for name, filters in FILTERS.items() if not filters.ports})
def test_liquidations(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = FILTERS[name]
    kept, end = where(filters, "liquidation_date", analyst.as_of), min(filters.to_date or analyst.as_of, analyst.as_of)
    every, deemed, changed = sql(
        "select count(*), count(*) filter (liquidation_type = 'deemed'), count(*) filter (liquidation_type = 'change') "
        f"from entry where {kept}"
    )[0]
    assert value(analyst, "liquidations", filters) == every
    assert value(analyst, "deemed_liquidations", filters) == deemed
    assert value(analyst, "liquidated_with_change_share", filters) == (pytest.approx(changed / every) if every >= 10 else None)
    extended = sql(f"select count(*) from entry where extension_count > 0 and {where(filters, 'entry_date', analyst.as_of)}")[0][0]
    assert value(analyst, "extensions", filters) == extended
    over = f"least(suspension_lifted_date, liquidation_date) <= date '{end}'"
    held = f"suspended_date <= date '{end}' and not coalesce({over}, false)"
    assert (
        value(analyst, "suspended_entries", filters)
        == sql(f"select count(*) from entry where {held} and {where(filters, None, end)}")[0][0]
    )


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


VOICES = {
    "all dates": Filters(),
    "last year": Filters(*YEAR),
    "two Centers": Filters(centers=("ELE", "TAF")),
    "odd days": Filters(D(2012, 7, 7), D(2013, 4, 4)),
}


def unsettled(filters: Filters, as_of: dt.date, day: str = "", days: int = -1) -> str:
    """Count what is not settled on a day, by default the period's last one, and came in more than so many days before."""
    on = day or f"date '{min(filters.to_date or as_of, as_of)}'"
    return (
        f"select count(*) from feedback where {where(Filters(centers=filters.centers), 'received_date', as_of)} and {on} - received_date > {days} "
        f"and (closed_date > {on} or (closed_date is null and status in ('open', 'in_progress')))"
    )


@pytest.mark.parametrize("metric_id", ["feedback_open", "feedback_over_90"])
@pytest.mark.parametrize("name", VOICES)
def test_what_waits_at_the_end_of_each_month(analyst: Snapshot, sql: Any, name: str, metric_id: str) -> None:
    filters, days = VOICES[name], {"feedback_open": -1, "feedback_over_90": 90}[metric_id]
    found = METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, ["month"])
    last = min(filters.to_date or analyst.as_of, analyst.as_of)
    assert found.height >= 10
    for row in found.iter_rows(named=True):
        year, month = map(int, row["month"].split("-"))
        end = min(D(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1), last)
        assert row["value"] == sql(unsettled(filters, analyst.as_of, f"date '{end}'", days))[0][0], row
    whole = METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, ["center"])
    assert whole["value"].sum() == found["value"][-1] > 0


@pytest.mark.parametrize("name", VOICES)
def test_feedback(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOICES[name]
    kept = where(filters, "received_date", analyst.as_of)
    received = sql(f"select count(*) from feedback where {kept}")[0][0]
    waiting = sql(unsettled(filters, analyst.as_of))[0][0]
    assert received > 0
    assert value(analyst, "feedback_received", filters) == received
    assert value(analyst, "feedback_open", filters) == waiting
    closed = "('implemented', 'partly_implemented', 'answered', 'not_accepted', 'overtaken')"
    n, done = sql(
        f"select count(*), count(*) filter (status in ('implemented', 'partly_implemented')) from feedback where kind = 'recommendation' and status in {closed} and {kept}"
    )[0]
    assert value(analyst, "feedback_implemented_share", filters) == (done / n if n >= 10 else None)
    rows = sql(
        f"select coalesce(responded_date, date '{analyst.as_of}') - received_date, responded_date is not null from feedback where {kept}"
    )
    days, answered = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    curve = stats.ecdf(stats.CensoredData(uncensored=days[answered], right=days[~answered])).sf
    assert value(analyst, "feedback_first_response_days", filters) == curve.quantiles[curve.probabilities <= 0.5 + 1e-12].min()


@pytest.mark.parametrize("name", VOICES)
def test_how_feedback_is_closed(analyst: Snapshot, sql: Any, name: str) -> None:
    filters, day = VOICES[name], f"date '{analyst.as_of}'"
    kept = where(filters, "received_date", analyst.as_of)
    late = sql(unsettled(filters, analyst.as_of, days=90))[0][0]
    asked, agreed = sql(
        "select count(*) filter (kind in ('recommendation', 'complaint', 'data_request') and position <> 'under_review'), "
        "count(*) filter (kind in ('recommendation', 'complaint', 'data_request') and position in ('agree', 'partly')) "
        f"from feedback where {kept}"
    )[0]
    assert late > 0
    assert value(analyst, "feedback_over_90", filters) == late
    for metric_id, part, whole in (
        ("feedback_accepted_share", agreed, asked),
        (
            "feedback_satisfied_share",
            *sql(f"select count(*) filter (satisfaction >= 4), count(satisfaction) from feedback where {kept}")[0],
        ),
    ):
        found = ask(analyst, metric_id, filters)
        assert (found["value"], found["n"]) == (pytest.approx(part / whole), whole), metric_id
        oracle = stats.binomtest(part, whole).proportion_ci(method="wilson")
        assert (found["low"], found["high"]) == (pytest.approx(oracle.low), pytest.approx(oracle.high))
    rows = sql(f"select coalesce(closed_date, {day}) - received_date, closed_date is not null from feedback where {kept}")
    days, settled = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    curve = stats.ecdf(stats.CensoredData(uncensored=days[settled], right=days[~settled])).sf
    assert value(analyst, "feedback_closure_days", filters) == curve.quantiles[curve.probabilities <= 0.5 + 1e-12].min()


@pytest.mark.parametrize("name", VOICES)
def test_what_is_agreed_to_by_topic_and_segment(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOICES[name]
    kept = where(filters, "received_date", analyst.as_of)
    for column in ("topic", "segment"):
        expected = sql(
            f"select {column}, count(*), count(*) filter (position in ('agree', 'partly')) from feedback where {kept} "
            "and kind in ('recommendation', 'complaint', 'data_request') and position <> 'under_review' group by 1"
        )
        found = voices.acceptance(analyst.frames, filters, analyst.as_of, column)
        assert sorted(found.select(column, "n", "accepted").rows()) == sorted((str(key), n, part) for key, n, part in expected)
        assert found.filter(pl.col("n") < 10)["value"].null_count() == found.filter(pl.col("n") < 10).height
    rated = sql(f"select satisfaction, count(*) from feedback where {kept} and satisfaction is not null group by 1")
    assert sorted(voices.ratings(analyst.frames, filters, analyst.as_of).rows()) == sorted(rated)


@pytest.mark.parametrize("name", VOICES)
def test_inquiries(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOICES[name]
    rows = sql(f"select received_date, answered_date from inquiry where {where(filters, 'received_date', analyst.as_of)}")
    decided = on_time = 0
    for received, answered in rows:
        until = answered or analyst.as_of
        days = np.busday_count(received + dt.timedelta(days=1), until + dt.timedelta(days=1), holidays=_holidays())
        decided += answered is not None or days > 2
        on_time += answered is not None and days <= 2
    found = ask(analyst, "inquiries_on_time_share", filters)
    assert (found["n"], found["value"]) == (decided, on_time / decided)
    kept = where(filters, "received_date", analyst.as_of)
    assert value(analyst, "inquiries", filters) == len(rows)
    first, known = sql(f"select count(*) filter (resolved_first_contact), count(resolved_first_contact) from inquiry where {kept}")[0]
    assert ask(analyst, "first_contact_share", filters)["value"] == pytest.approx(first / known)
    given = np.array([row[0] for row in sql(f"select satisfaction from inquiry where satisfaction is not null and {kept}")])
    found = ask(analyst, "satisfied_share", filters)
    inside = stats.binomtest(int((given >= 4).sum()), len(given)).proportion_ci(method="wilson")
    assert (found["n"], found["value"]) == (len(given), pytest.approx((given >= 4).mean()))
    assert (found["low"], found["high"]) == (pytest.approx(inside.low), pytest.approx(inside.high))
    found = ask(analyst, "satisfaction_mean", filters)
    spread = 1.959963984540054 * given.std(ddof=1) / math.sqrt(len(given))
    assert (found["n"], found["value"]) == (len(given), pytest.approx(given.mean()))
    assert (found["low"], found["high"]) == (pytest.approx(given.mean() - spread), pytest.approx(given.mean() + spread))


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


@pytest.mark.parametrize("name", VOICES)
def test_inquiries_by_topic(analyst: Snapshot, sql: Any, name: str) -> None:
    filters = VOICES[name]
    kept = where(filters, "received_date", analyst.as_of)
    expected = {
        row[0]: row[1:]
        for row in sql(
            "select topic, count(*), count(answered_date), count(resolved_first_contact), count(*) filter (resolved_first_contact) "
            f"from inquiry where {kept} group by 1"
        )
    }
    found = service.topics(analyst.frames, filters, analyst.as_of)
    names = ("inquiries_count", "answered_count", "known_count", "first_count")
    assert {row["topic"]: tuple(row[each] for each in names) for row in found.iter_rows(named=True)} == expected
    whole = ask(analyst, "inquiries_on_time_share", filters)
    assert (found["decided_count"].sum(), found["on_time_count"].sum() / found["decided_count"].sum()) == (
        whole["n"],
        pytest.approx(whole["value"]),
    )


def test_every_metric_is_checked_here() -> None:
    source = __import__("pathlib").Path(__file__).read_text()
    assert [metric_id for metric_id in metrics.METRICS if f'"{metric_id}"' not in source] == []
