"""Titles and figures are of one mind about a change on a year earlier: worked out again from the process chart, under random filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from analytics.filters import Filters
from data.store import Snapshot
from tests.data.test_titles import _filters
from ui import changes, pagetitles, provisional, signals
from ui.cards import processed, volume, workload
from ui.figures import key_figure
from ui.frame import View

SEEDS = range(12)

#: A move in a title, and how else a title says how an amount stands against a year earlier.
_MOVE = re.compile(r"\b(up|down) (?:[\d,.]+%|from [^;]*?) (?:on )?a year earlier")
_STANDS = re.compile(r"([\d,.]+% (above|below)|(more than) 3 times the \S+ of) a year earlier")
_USUAL = re.compile(r"(higher|lower) than usual to (\w{3} \d{4}), not settled since")
_UP = ("above", "rising", "upper")


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    """Random filters, by the half with whole years behind them; every third period ends with the data, where months are still reported."""
    filters = _filters(request.param, analyst)
    return View(analyst, filters.between(filters.from_date, analyst.as_of) if request.param % 3 == 0 else filters)


def holds(title: str, view: View, metric_id: str) -> str:
    """Hold a title's clause against what the figure of the same metric and filters says; returns what the title says."""
    figure = key_figure(view, metric_id)
    now = view.ask(metric_id)["value"][0]
    before = view.ask(metric_id, filters=view.earlier)["value"][0] if view.earlier else None
    move, stands = _MOVE.search(title), _STANDS.search(title)
    usual = _USUAL.search(title)
    if usual or "not clearly different" in title:
        assert move is None
        assert figure.meaning == "neutral"
        assert provisional.of_metric(view, metric_id).hides(now, before)
        # What the settled months say is said, and nothing else; the figure names the same side and month.
        _, verdict = signals.judged(view, [metric_id])[metric_id]
        assert bool(usual) == bool(verdict.rule)
        if usual:
            assert (usual[1] == "higher") == any(word in verdict.rule for word in _UP)
            assert figure.signal.endswith(f" to {usual[2]}")
        return "late, with a signal" if usual else "late"
    if before == 0 and now:
        assert move is None
    if move:
        # A title moves only where the months have a signal on that side, and then no report that is still missing can undo it.
        _, verdict = signals.judged(view, [metric_id])[metric_id]
        assert any(word in verdict.rule for word in _UP) == (move[1] == "up") == (now > before)
        assert verdict.rule
        assert figure.signal != "no clear change"
        assert not provisional.of_metric(view, metric_id).hides(now, before)
        return "moves"
    if stands:
        assert (stands[2] != "below") == (now > before)
        assert figure.meaning == "neutral"
        assert ("not a clear change" in title) == (figure.signal == "no clear change")
        return "stands"
    # A title that says nothing of a change leaves none out that its figure shows in colour.
    assert figure.meaning == "neutral" or not before, (title, figure)
    return ""


@pytest.mark.parametrize(("metric_id", "title"), [("backlog", pagetitles.overview), ("pending", pagetitles.workload)])
def test_the_finding_of_a_page_and_its_figure(view: View, metric_id: str, title: Callable[[View], str]) -> None:
    holds(title(view), view, metric_id)


@pytest.mark.parametrize("dimension", ["center", "port"])
def test_the_largest_of_the_pending(view: View, dimension: str) -> None:
    card = workload.pending_by(view, dimension)
    if not card.empty:
        holds(card.title, replace(view, filters=view.filters.keeping(dimension, (card.table[dimension][0],))), "pending")


def test_the_largest_industry_and_what_the_law_liquidated(view: View) -> None:
    card = volume.by_industry(view)
    if not card.empty:
        holds(card.title, replace(view, filters=view.filters.keeping("industry", (card.table["industry"][0],))), "import_value_usd")
    held = processed.held(view)
    if not held.empty:
        holds(held.title, replace(view, filters=view.filters.only(["center", "industry", "program"])), "deemed_liquidations")


def test_the_finding_on_compliance(view: View) -> None:
    title, figure = pagetitles.compliance(view), key_figure(view, "compliance_rate_major")
    for word, signal in (("clearly more", "improving"), ("clearly fewer", "concern")):
        assert (word in title) == (figure.meaning != "neutral" and figure.signal.startswith(signal))
    if "pts above a year" in title or "pts below a year" in title:
        assert "may be chance" not in figure.against
        assert ("not a clear change" in title) == (figure.signal == "no clear change")
    assert ("not clearly different" in title) == ("may be chance" in figure.against)
    if "not clearly different" in title:
        assert (", but " in title) == figure.signal.startswith(("improving", "concern"))


def test_each_way_to_say_it_is_met(analyst: Snapshot) -> None:
    said = set()
    for seed in range(30):
        filters = _filters(seed, analyst)
        view = View(analyst, filters.between(filters.from_date, analyst.as_of) if seed % 2 else filters)
        if view.earlier is not None:
            said |= {holds(pagetitles.workload(view), view, "pending"), holds(pagetitles.overview(view), view, "backlog")}
    assert said >= {"late", "late, with a signal", "moves", "stands"}


def test_a_figure_is_neither_good_nor_bad_without_a_signal_on_that_side(analyst: Snapshot) -> None:
    for seed in range(12):
        view = View(analyst, _filters(seed, analyst))
        for name in ("pending", "past_due", "clearance_rate", "compliance_rate_major"):
            figure = key_figure(view, name)
            if figure.meaning != "neutral":
                assert figure.signal.split(" to ")[0] == {"good": "improving", "bad": "concern"}[figure.meaning]


def test_a_part_that_is_all_of_it_is_judged_once(analyst: Snapshot) -> None:
    view = View(analyst, Filters(ports=("2704",)))
    assert changes.of_part(view, "port", "2704") is view
    assert changes.of_part(view, "port", "3901").filters.ports == ("3901",)
