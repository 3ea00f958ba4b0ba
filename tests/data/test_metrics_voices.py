"""Metrics of feedback and of inquiries against SQL written without the project's code, under several filters."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analytics import service, voices
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot
from tests.data.asked import YEAR, D, ask, federal_holidays, value, where

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
        days = np.busday_count(received + dt.timedelta(days=1), until + dt.timedelta(days=1), holidays=federal_holidays())
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
