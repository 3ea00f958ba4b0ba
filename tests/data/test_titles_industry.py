"""Titles of the industry view under random filters: each claim worked out again from the rows that are shown."""

from __future__ import annotations

import datetime as dt
import random
import re

import polars as pl
import pytest

from analytics import periods
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.publication import MEASURES
from analytics.scope import Scope
from data.release import Released
from data.store import Snapshot
from tests.data.test_titles import drawn
from ui.cards import industry
from ui.frame import View

CHOICES = [(), ("ELE",), ("PET",), ("ELE", "PHC"), ("TAF", "AGR", "CPM"), ("PORT",)]


@pytest.fixture(scope="module")
def source(analyst: Snapshot) -> Released:
    return Snapshot(Scope("working_group"), home=analyst.folder.parents[1]).released()


def views(source: Released, count: int = 24) -> list[View]:
    """Draw periods of whole months and Centers, early ones with few accounts among them."""
    draw, found = random.Random(9), []
    for number in range(count):
        last = periods.months_back(source.as_of, draw.randrange(24))
        first = periods.months_back(last, draw.randrange(12))
        filters = Filters(max(first, source.first_date), periods.month_end(last), centers=CHOICES[number % len(CHOICES)])
        found.append(View(source, filters))
    return found


def number(words: str) -> float:
    """Read a written number, exact where it is not shortened."""
    return float(words.replace(",", ""))


@pytest.mark.parametrize("metric_id", [measure.metric_id for measure in MEASURES if METRICS[measure.metric_id].unit == "count"])
def test_who_has_most_has_most_of_those_shown(source: Released, metric_id: str) -> None:
    seen = 0
    for view in views(source):
        card = industry.by_center(view, source.cells, metric_id)
        if not drawn(card):
            assert card.table.is_empty()
            continue
        rows = card.table
        shown, hidden = rows.filter(pl.col("value") > 0), rows.filter(pl.col("quality") == "suppressed").height
        top = shown.filter(pl.col("value") == shown["value"].max())["label"].to_list()
        about = re.search(r"about ([\d,]+)", card.title)
        assert about is not None
        assert number(about.group(1)) == shown["value"].max()
        assert ("withheld" in card.title) == (hidden > 0)
        if hidden:
            assert re.search(rf"; {hidden} Centers? withheld$", card.title)
        if shown.height > 1:
            assert ("of those shown" in card.title) == (hidden > 0)
            assert (" each" in card.title) == (len(top) > 1)
        if len(top) <= 3:
            assert all(label in card.title for label in top)
        seen += 1
    assert seen > 5


def test_flows_and_figures_agree(source: Released) -> None:
    seen = 0
    for view in views(source):
        card = industry.over_time(view, source.cells)
        figures = {figure.metric_id: figure.value for figure in industry.figures(view, source.cells)}
        if not drawn(card) or "withheld" in card.title:
            continue
        gap = number(figures["receipts"]) - number(figures["completions"])
        more = re.search(r"About ([\d,]+) more reviews (came in|were completed)", card.title)
        if gap == 0:
            assert more is None
        else:
            assert more is not None
            assert (number(more.group(1)), more.group(2)) == (abs(gap), "came in" if gap > 0 else "were completed")
        seen += 1
    assert seen > 3


def test_the_headline_says_what_the_figures_say_or_that_they_are_withheld(source: Released) -> None:
    kinds = set()
    for view in views(source):
        words = industry.headline(view, source.cells)
        figures = {figure.metric_id: figure.value for figure in industry.figures(view, source.cells)}
        for metric_id in ("completions", "pending"):
            known = figures[metric_id][0].isdigit()
            kinds.add(known)
            if known:
                assert figures[metric_id] in words
    assert True in kinds


def test_districts_are_named_and_the_withheld_counted(source: Released) -> None:
    seen = 0
    for view in views(source):
        card = industry.by_district(view, source.cells)
        if not drawn(card):
            continue
        rows = card.table
        top = rows.filter(pl.col("value") == rows["value"].max())["label"].to_list()
        assert (" each" in card.title) == (len(top) > 1)
        assert all(label in card.title for label in top) or len(top) > 3
        hidden = rows.filter(pl.col("quality") == "suppressed").height
        assert (f"; {hidden} district" in card.title) == (hidden > 0)
        assert not any(re.match(r"District \w\w$", label) for label in rows["label"])
        seen += 1
    assert seen > 2


def test_what_is_withheld_is_counted(source: Released) -> None:
    card = industry.withheld(source.cells, source.summary)
    hidden = source.cells.filter(pl.col("mark") == "D").height
    assert card.title.startswith(f"{hidden:,} cells of {source.cells.height:,} are withheld")
    assert card.table["withheld"].sum() == hidden
    assert card.table.select(pl.sum_horizontal("shown", "withheld", "zero", "nothing").sum()).item() == source.cells.height


def test_a_period_before_anything_was_released_is_empty_and_says_so(source: Released) -> None:
    view = View(source, Filters(dt.date(2010, 10, 1), dt.date(2010, 12, 31), centers=("TAF",)))
    card = industry.over_time(view, source.cells)
    assert not drawn(card)
    assert "released" in card.empty or "withheld" in card.empty
