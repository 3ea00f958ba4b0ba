"""What is said of months that are still reported is true under random filters: worked out again from the frames of the version."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl
import pytest

from analytics import format, late
from analytics.filters import Filters
from data.store import Snapshot
from tests.data.test_titles import _filters
from ui import charts, provisional
from ui.cards import desk, workload
from ui.figures import key_figure
from ui.frame import View

SEPTEMBER = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))


@pytest.fixture(params=range(12))
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    """Random filters; every other period ends with the data, where months are still reported."""
    filters = _filters(request.param, analyst)
    return View(analyst, filters.between(filters.from_date, analyst.as_of) if request.param % 2 else filters)


@pytest.fixture
def year(analyst: Snapshot) -> View:
    return View(analyst, SEPTEMBER)


def test_the_flow_card_says_what_is_reported_and_expected(view: View) -> None:
    card = workload.flow(view)
    if card.empty:
        return
    open_ = card.table.filter("provisional")
    assert set(open_["month"].dt.strftime("%Y-%m")) <= {"2013-09"}
    assert (view.end >= dt.date(2013, 9, 1)) == (open_.height == 1) or card.table["month"].max() < dt.date(2013, 9, 1)
    assert ("reported" in card.subtitle) == ("Dashed" in card.note) == (open_.height > 0)
    for row in open_.drop_nulls("expected").iter_rows(named=True):
        assert row["completions"] <= row["low"] <= row["expected"] <= row["high"]
        assert f"{format.share(row['share_reported'], 0)} reported, expected {format.count(row['expected'])} (" in card.subtitle
        assert row["expected"] == pytest.approx(row["completions"] / row["share_reported"])
        shared = late.provisional_months(view.frames, view.as_of, view.filters.only(["center", "work_type"]))
        assert row["share_reported"] == shared["share_reported"][0]


def test_no_month_before_is_touched(analyst: Snapshot) -> None:
    before = View(analyst, Filters(dt.date(2012, 1, 1), dt.date(2013, 8, 31)))
    card = workload.flow(before)
    assert not card.table["provisional"].any()
    assert provisional.note(before) == ""
    assert "Dashed" not in card.note
    assert not key_figure(before, "completions").provisional
    assert key_figure(before, "pending").n == ""


def test_pending_is_too_high_by_what_is_expected_still(view: View) -> None:
    figure, card = key_figure(view, "pending"), workload.flow(view)
    said = re.fullmatch(r"about ([\d,]+) done, not yet reported", figure.n)
    rest = 0.0 if card.empty else float((card.table["expected"] - card.table["completions"]).sum())
    assert (int(said[1].replace(",", "")) if said else 0) == round(rest)
    if said:
        assert said[1] in provisional.note(view)
        assert said[1] in desk.weeks(view).note


def test_key_figures_of_completions_are_provisional_and_others_are_not(year: View) -> None:
    share = format.share(late.provisional_months(year.frames, year.as_of)["share_reported"][0], 0)
    for metric_id in late.OF_COMPLETIONS:
        figure = key_figure(year, metric_id)
        assert figure.provisional
        assert f"Sep 2013 {share} reported" in figure.n
    for metric_id in ("receipts", "entry_summaries", "oldest_days"):
        assert not key_figure(year, metric_id).provisional
    part = View(year.source, SEPTEMBER.between(SEPTEMBER.from_date, dt.date(2013, 9, 15)))
    assert "Sep 2013 still reported" in key_figure(part, "completions").n
    assert key_figure(part, "pending").n == "will fall as reports arrive"


def test_a_change_that_the_rest_could_undo_is_not_coloured() -> None:
    high = provisional.Open(provisional=False, words="about 20 done, not yet reported", rest=-20)
    assert high.hides(110, 100)
    assert not high.hides(130, 100)
    assert not high.hides(90, 100)
    assert provisional.Open(provisional=False, words="will fall as reports arrive", rest=None).hides(500, 100)
    assert not provisional.Open(provisional=False, words="").hides(110, 100)


def test_the_chart_shades_and_joins_nothing_that_is_still_reported(year: View) -> None:
    rows = workload.flow_rows(year)
    spec = charts.flow_lines(rows, "month", "receipts", "completions", provisional="provisional", expected=("expected", "low", "high"))
    shade, _, settled, dashed, whisker, hollow = spec["data"]
    assert all(x is None or x[:10] <= "2013-08-01" for x in shade["x"])
    assert settled["y"][-1] is None
    assert dashed["y"][-2:] == rows["completions"].to_list()[-2:]
    assert hollow["y"] == [rows["completions"][-1]]
    assert whisker["y"] == [rows["expected"][-1]]
    assert whisker["error_y"]["array"] == [pytest.approx(rows["high"][-1] - rows["expected"][-1])]
    assert rows.filter(~pl.col("provisional")).height == 12
