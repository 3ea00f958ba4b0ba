"""Pending, ages, past due and what falls due on random days under random filters, against a plain count over raw facts."""

from __future__ import annotations

import datetime as dt
import random

import polars as pl
import pytest

from analytics import standards, workload
from analytics.filters import Filters, column_of
from analytics.metrics import METRICS
from data.store import Snapshot

DAYS = 40


@pytest.fixture(scope="module")
def stays(analyst: Snapshot) -> pl.DataFrame:
    return analyst.facts("stay").with_columns(due=pl.col("due_date")).collect()


def _question(seed: int, analyst: Snapshot) -> tuple[dt.date, Filters]:
    draw = random.Random(seed)
    day = dt.date(2010, 10, 1) + dt.timedelta(days=draw.randrange(0, 1095))
    filters = Filters(to_date=day)
    for dimension in ("center", "industry", "port", "program", "work_type"):
        if draw.random() < 0.3:
            known = list(analyst.labels[dimension])
            filters = filters.keeping(dimension, draw.sample(known, draw.randrange(1, min(5, len(known)))))
    return day, filters


def _open(stays: pl.DataFrame, day: dt.date, filters: Filters) -> pl.DataFrame:
    """Keep the reviews that lie with a holder of the filters on a day, without the project's own predicate."""
    there = stays.filter((pl.col("from_date") <= day) & (pl.col("to_date").is_null() | (pl.col("to_date") > day)))
    for dimension in filters.used:
        there = there.filter(pl.col(column_of(dimension)).cast(pl.String).is_in(list(filters.kept(dimension))))
    return there.with_columns(age=(pl.lit(day) - pl.col("opened_date")).dt.total_days(), left=(pl.col("due") - day).dt.total_days())


@pytest.mark.parametrize("seed", range(DAYS))
def test_stocks_equal_a_plain_count(analyst: Snapshot, stays: pl.DataFrame, seed: int) -> None:
    day, filters = _question(seed, analyst)
    there = _open(stays, day, filters)

    def value(metric_id: str) -> float:
        return float(METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, ())["value"][0] or 0)

    limits = there["work_type"].cast(pl.String).replace_strict(standards.STANDARD_DAYS, return_dtype=pl.Int64)
    assert value("pending") == there.height
    assert value("backlog") == (there["age"] > limits).sum()
    assert value("past_due") == (there["left"] < 0).sum()
    assert value("due_within_30") == there["left"].is_between(0, 30).sum()
    assert value("oldest_days") == (there["age"].max() or 0)


@pytest.mark.parametrize("seed", range(DAYS))
def test_ages_and_windows_equal_a_plain_count(analyst: Snapshot, stays: pl.DataFrame, seed: int) -> None:
    day, filters = _question(seed, analyst)
    there = _open(stays, day, filters)
    ages = workload.ages(analyst.frames, filters, analyst.as_of)
    marks = [*standards.AGE_MARKS, 100_000]
    assert ages["reviews_count"].to_list() == [there["age"].is_between(marks[i], marks[i + 1] - 1).sum() for i in range(7)]
    due = workload.due_next(analyst.frames, filters, analyst.as_of)
    for row, (first, last) in zip(due.iter_rows(named=True), [(-100_000, -1), (0, 7), (8, 14), (15, 30)], strict=True):
        mine = there.filter(pl.col("left").is_between(first, last))
        assert row["reviews_count"] == mine.height
        for amount in ("value", "duty"):
            expected = (mine[f"entry_{amount}_usd"].fill_null(0) * 100).round().cast(pl.Int64).sum() / 100
            assert row[f"{amount}_usd"] == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("seed", range(0, DAYS, 4))
def test_month_by_month_stocks_equal_a_plain_count(analyst: Snapshot, stays: pl.DataFrame, seed: int) -> None:
    day, filters = _question(seed, analyst)
    over = filters.between(day - dt.timedelta(days=120), day)
    answers = {
        name: dict(METRICS[name].answer(analyst.frames, over, analyst.as_of, ["month"]).select("month", "value").iter_rows())
        for name in ("pending", "backlog", "past_due", "oldest_days")
    }
    for month, pending in answers["pending"].items():
        first = dt.date.fromisoformat(f"{month}-01")
        end = min((first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1), day)
        there = _open(stays, end, filters)
        limits = there["work_type"].cast(pl.String).replace_strict(standards.STANDARD_DAYS, return_dtype=pl.Int64)
        assert pending == there.height, month
        assert answers["backlog"][month] == (there["age"] > limits).sum(), month
        assert answers["past_due"][month] == (there["left"] < 0).sum(), month
        assert (answers["oldest_days"].get(month) or 0) == (there["age"].max() or 0), month


def test_the_questions_are_not_all_empty(analyst: Snapshot, stays: pl.DataFrame) -> None:
    sizes = [_open(stays, *_question(seed, analyst)).height for seed in range(DAYS)]
    assert sum(size > 0 for size in sizes) >= DAYS * 0.5
    assert sum(size > 50 for size in sizes) >= 5
