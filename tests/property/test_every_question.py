"""Every metric answers every question that its dimensions allow: no filter, however odd, makes it fail or lie about its shape."""

from __future__ import annotations

import datetime as dt

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.cube import TIMES
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot

DAYS = st.dates(dt.date(2010, 9, 1), dt.date(2013, 12, 31))


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, tuple[dt.date, dt.date], dict[str, int], list[str]]:
    metric_id = draw(st.sampled_from(sorted(METRICS)))
    days = sorted([draw(DAYS), draw(DAYS)])
    dimensions = METRICS[metric_id].dimensions
    kept = {name: draw(st.integers(0, 400)) for name in draw(st.lists(st.sampled_from(dimensions), unique=True, max_size=3))}
    others = draw(st.lists(st.sampled_from(dimensions), unique=True, max_size=2))
    time = draw(st.sampled_from([None, *TIMES]))
    return metric_id, (days[0], days[1]), kept, [*others, *([time] if time else [])]


@given(question=questions())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_metric_answers_every_question(
    analyst: Snapshot, question: tuple[str, tuple[dt.date, dt.date], dict[str, int], list[str]]
) -> None:
    metric_id, days, kept, by = question
    metric = METRICS[metric_id]
    filters = Filters(*days)
    for dimension, place in kept.items():
        codes = list(analyst.labels[dimension])
        filters = filters.keeping(dimension, [codes[place % len(codes)]])
    rows = metric.answer(analyst.frames, filters, analyst.as_of, by)
    assert rows.columns[: len(by) + 5] == [*by, "value", "low", "high", "n", "quality"]
    assert rows.select(by).is_duplicated().sum() == 0 if by else rows.height == 1
    assert rows["quality"].is_in(["ok", "too_few", "provisional", "suppressed"]).all()
    known = rows.filter(pl.all_horizontal(pl.col("value", "low", "high").is_not_null()))
    assert known.filter((pl.col("low") > pl.col("value") + 1e-9) | (pl.col("high") < pl.col("value") - 1e-9)).is_empty()
    if metric.unit == "share":
        assert rows["value"].drop_nulls().is_between(0, 1).all() or metric_id == "revenue_collected_share"
    if metric.unit == "count":
        assert (rows["value"].drop_nulls() >= 0).all()


@given(start=DAYS, end=DAYS, port=st.integers(0, 349))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_add_up_to_the_whole(analyst: Snapshot, start: dt.date, end: dt.date, port: int) -> None:
    filters = Filters(min(start, end), max(start, end))
    if port % 2:
        filters = filters.keeping("port", [list(analyst.labels["port"])[port]])
    for metric_id in ("entry_summaries", "import_value_usd", "receipts", "completions", "pending", "backlog", "past_due"):
        metric = METRICS[metric_id]
        whole = metric.answer(analyst.frames, filters, analyst.as_of, ())["value"][0]
        for dimension in ("center", "industry", "port", "program"):
            parts = metric.answer(analyst.frames, filters, analyst.as_of, [dimension])["value"].sum()
            assert round(parts * 100) == round(whole * 100), (metric_id, dimension)
