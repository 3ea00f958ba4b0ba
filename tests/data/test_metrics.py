"""Every metric against SQL written without the project's code, over the published facts, under several filters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analytics import metrics
from analytics.exc import QueryError
from data.store import Snapshot
from tests.data.asked import ENTRY_FILTERS, FILTERS, WORK_FILTERS, ask, value, where

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


def test_every_metric_is_checked_in_these_files() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_metrics*.py"))
    assert [metric_id for metric_id in metrics.METRICS if f'"{metric_id}"' not in source] == []
