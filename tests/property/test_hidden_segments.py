"""The threat: a segment of one or two organisations, left out of what a working group reads, is what two choices of filters differ by."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import codes, voices
from analytics.scope import Scope
from data.feedback import Desk
from data.store import Snapshot
from tests.data.pieces import shared

CENTERS = ("ELE", "PHC", "AUT", "PET", "BMM", "IMM", "AGR", "TAF", "CPM")
DAYS = st.dates(dt.date(2012, 6, 1), dt.date(2013, 9, 30))


@pytest.fixture(scope="module")
def guest(store: Path) -> Desk:
    return Desk(Snapshot(Scope("working_group"), home=store / "published"), shared(store))


@pytest.fixture(scope="module")
def truth(store: Path) -> pl.DataFrame:
    """Public pieces with the segments that they are of."""
    rows = Desk(Snapshot(Scope("analyst"), home=store / "published"), shared(store)).rows
    return rows.filter("is_public")


@st.composite
def nested(draw: st.DrawFn) -> tuple[pl.Expr, pl.Expr]:
    """A choice of Centers and days, and one that it is part of."""
    many = draw(st.lists(st.sampled_from(CENTERS), unique=True, min_size=1))
    few = draw(st.lists(st.sampled_from(many), unique=True, min_size=1))
    days = sorted(draw(st.lists(DAYS, min_size=4, max_size=4)))
    one_day_more = draw(st.booleans())
    last = days[2] + dt.timedelta(days=1) if one_day_more else days[3]
    inner = pl.col("center_code").is_in(few) & pl.col("received_date").is_between(days[1], days[2])
    outer = pl.col("center_code").is_in(many) & pl.col("received_date").is_between(days[1] if one_day_more else days[0], last)
    return inner, outer


def counted(rows: pl.DataFrame) -> dict[str | None, int]:
    return dict(rows.select("segment", "feedback_count").rows())


@given(pair=nested())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_choices_of_filters_differ_by_a_segment_that_is_left_out(
    guest: Desk, truth: pl.DataFrame, pair: tuple[pl.Expr, pl.Expr]
) -> None:
    inner, outer = pair
    less, more = counted(guest.segments(inner)), counted(guest.segments(outer))
    between = guest.rows.filter(outer & ~inner)
    told = dict(between.group_by("segment").len().rows())
    assert {name: more.get(name, 0) - less.get(name, 0) for name in {*less, *more}} == {name: told.get(name, 0) for name in {*less, *more}}
    # What is named is never a piece whose group has one or two organisations of its segment.
    few = truth.filter(pl.col("organization_code").n_unique().over("group_code", "segment") < 3)["feedback_id"]
    assert between.filter(pl.col("feedback_id").is_in(few.implode()))["segment"].null_count() == between["feedback_id"].is_in(few).sum()
    assert len(few) > 20


def test_each_piece_that_names_no_segment_may_be_of_two_at_least(guest: Desk) -> None:
    for (_,), rows in guest.rows.partition_by("group_code", as_dict=True).items():
        if rows["segment"].null_count():
            assert len(codes.SEGMENTS) - rows["segment"].drop_nulls().n_unique() >= 2


def test_the_only_segment_that_a_group_would_not_name_takes_another_with_it() -> None:
    names = list(codes.SEGMENTS)
    said = [(name, f"ORG-{place}-{number}") for place, name in enumerate(names) for number in range(1 if place == 4 else 3 + place)]
    rows = pl.DataFrame(said, schema=["segment", "organization_code"], orient="row").with_columns(group_code=pl.lit("IWG-ELE"))
    known = voices.told(rows)
    assert set(names) - set(known["segment"].drop_nulls()) == {names[4], names[0]}
    assert set(voices.told(rows.filter(pl.col("segment") != names[8]))["segment"].drop_nulls()) == {*names[:4], *names[5:8]}
    assert set(voices.told(rows.filter(pl.col("segment") != names[4]))["segment"].drop_nulls()) == {*names[:4], *names[5:]}
