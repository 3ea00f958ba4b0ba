"""Titles of the forecast are true: each claim is worked out again from the card's table or from the paths."""

from __future__ import annotations

import datetime as dt
import random
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from analytics import format, projection, weekly
from analytics.capacity import WhatIf
from analytics.filters import Filters
from data.store import Snapshot
from tests.data.test_titles import drawn
from ui import forecasting, provisional
from ui.cards import forecast as cards
from ui.cards.scorecard import scorecard
from ui.cards.shared import plural
from ui.forecasting import PENDING_BAND, Plan
from ui.frame import View

SEEDS = range(16)
ALL = (cards.pending_fan, cards.receipts, cards.by_type, cards.hours, scorecard)


def _plan(seed: int, analyst: Snapshot) -> Plan:
    """Draw filters, a level and what-ifs as readers do."""
    draw = random.Random(seed)
    filters = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))
    for dimension, chance in (("center", 0.7), ("industry", 0.15), ("port", 0.25), ("program", 0.2), ("work_type", 0.3)):
        if draw.random() < chance:
            known = list(analyst.labels[dimension])
            filters = filters.keeping(dimension, draw.sample(known, draw.randrange(1, min(4, len(known)))))
    view = View(analyst, filters)
    rule = draw.choice(("standard", "standard", "receipts", "own"))
    plan = forecasting.plan_of(view, rule=rule, own_level=float(draw.randrange(0, 900)) if rule == "own" else None)
    if plan.ready and draw.random() < 0.5:
        staff = plan.learned.staffing
        tried = WhatIf(
            staff.people + draw.randrange(-3, 9) if staff.people else None, None, draw.choice((0.0, 0.2)), draw.choice((0.0, 0.5))
        )
        plan = forecasting.plan_of(view, tried, plan.rule, plan.own_level)
    return plan


@pytest.fixture(scope="module", params=SEEDS)
def plan(request: pytest.FixtureRequest, analyst: Snapshot) -> Plan:
    return _plan(request.param, analyst)


def year(analyst: Snapshot, *centers: str, **kept: tuple[str, ...]) -> View:
    return View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), centers=centers, **kept))


def test_the_page_title(plan: Plan) -> None:
    words = forecasting.title(plan)
    if not plan.ready:
        assert plan.learned.history is None or plan.learned.history.begun < weekly.LEAST_WEEKS
        return
    shown, level = plan.shown, plan.level
    medians = np.median(shown.pending, axis=1)
    below = np.flatnonzero(medians[shown.now :] <= level)
    if words.startswith("Pending is within its level"):
        assert below[0] == 0
        day = format.date(plan.history.known_to)
        assert f"{format.count(medians[shown.now])} projected for {day}, {format.count(level)} to reach" in words
    elif words.startswith("Pending is as likely as not"):
        assert below[0] > 0
        assert f"down to {format.count(level)} by {format.date(shown.sundays[shown.now + below[0]])}" in words
        share = (shown.pending[shown.now :] <= level).mean(axis=1)
        assert ("not within a year" in words) == (not (share >= 0.9).any())
    else:
        assert len(below) == 0
        assert int(re.findall(r"needs ([\d,]+) more", words)[0].replace(",", "")) == shown.more_needed(level, plan.year_end) > 0
        the_chance_is_said(plan, words)


def the_chance_is_said(plan: Plan, words: str) -> None:
    """Check the title of a level that is not as likely as not reached: out of reach is said of a chance under 5 % alone."""
    shown, level = plan.shown, plan.level
    ends = shown.chance(level, plan.year_end), float((shown.pending[shown.now :] <= level).mean(axis=1).max())
    if max(ends) >= 0.05:
        said = re.match(r"Pending is ([\d.]+%) likely to be down to ([\d,]+) by (\d+ \w+ \d+), as likely as not only later", words)
        assert said is not None
        assert said[1] == format.share(ends[0] if ends[0] >= 0.05 else ends[1])
        assert (said[3] == format.date(plan.year_end)) == (ends[0] >= 0.05)
        return
    assert words.startswith(f"Pending will not clear to {format.count(level)} at this rate: ")
    now, last = (format.count(np.median(shown.pending[week])) for week in (shown.now, -1))
    day = format.date(shown.sundays[-1])
    fewer = int(last.replace(",", "")) < int(now.replace(",", ""))
    assert (f"it falls to about {last} by {day}" if fewer else f"about {last} are expected on {day}") in words


def test_figures(plan: Plan) -> None:
    figures = {figure.metric_id: figure for figure in forecasting.figures(plan)}
    reported = plan.view.ask("pending", filters=plan.view.filters.between(None, None))["value"].sum()
    assert figures["pending"].value == format.count(reported)
    missing = provisional.not_reported(replace(plan.view, filters=plan.view.filters.between(None, None)))
    assert figures["pending"].against == (f"about {format.count(reported - missing)} once late completions are in" if missing else "")
    assert figures["pending"].n == (
        f"about {format.count(missing)} done, not yet reported" if missing else "will fall as reports arrive" if missing is None else ""
    )
    if not plan.ready:
        assert len(figures) == 1
        return
    shown = plan.shown
    week = sum(sunday <= plan.year_end for sunday in shown.sundays) - 1
    assert figures["clear_chance"].value == format.share((shown.pending[week] <= plan.level).mean())
    # Where the chance is over a half, nothing more is needed, and the other way round.
    needed = int(figures["more_needed"].value.split()[0].replace(",", ""))
    assert (needed == 0) == ((shown.pending[week] <= plan.level).mean() >= 0.5)
    dates = [figures["clear_p50"].value, figures["clear_p90"].value]
    assert dates[0] != "Not in a year" or dates[1] == "Not in a year"
    assert figures["net_flow"].label == "Net flow, next 13 weeks"
    follows = plan.learned.completions_rule == projection.SHARE
    assert (f"about {format.share(shown.turnover, 0)} of what waits" in figures["more_needed"].against) == follows


def test_the_words_of_a_what_if(plan: Plan) -> None:
    words = forecasting.effect(plan)
    assert (words == "") == (not plan.ready or plan.what_if.nothing)
    if not words:
        return
    after, before = plan.changed, plan.base
    assert after is not None
    chances = [format.share(each.chance(plan.level, plan.year_end)) for each in (after, before)]
    assert f"chance on {format.date(plan.year_end)} {chances[0]} instead of {chances[1]}" in words
    if plan.what_if.people is not None:
        assert f"{plan.what_if.people} people instead of {plan.learned.staffing.people}" in words


def test_the_fan(plan: Plan) -> None:
    card = cards.pending_fan(plan)
    if drawn(card):
        last = card.table.drop_nulls("p50").row(-1, named=True)
        assert card.title.startswith(f"At this rate {format.count(last['low'])} to {format.count(last['high'])} reviews")
        assert format.date(last["day"]) in card.title
        assert card.title.endswith(f"{format.count(plan.level)} is the level to reach")
        assert (card.table.drop_nulls("p50").select((pl.col("low") <= pl.col("p50")) & (pl.col("p50") <= pl.col("high"))).to_series()).all()
        known = card.table.drop_nulls("pending")
        assert known["day"].max() == plan.history.known_to


def test_receipts(plan: Plan) -> None:
    card = cards.receipts(plan)
    if drawn(card):
        past, coming = card.table["receipts"].drop_nulls().tail(13).mean(), card.table["expected"].drop_nulls().head(13).mean()
        assert isinstance(past, float)
        assert isinstance(coming, float)
        assert card.title.startswith(f"About {format.fixed(coming, 0 if coming >= 10 else 1)} reviews a week")
        if " more than" in card.title:
            assert coming > past
        if " fewer than" in card.title:
            assert coming < past


def test_work_types(plan: Plan) -> None:
    card = cards.by_type(plan)
    if drawn(card):
        growing = card.table.filter(pl.col("change") >= 3)
        assert card.title.startswith("No work type") == growing.is_empty()
        if growing.height:
            assert int(card.title.split()[0]) == growing.height
            assert " by 3 or more within a year" in card.title
            most = card.table.sort("change", descending=True).row(0, named=True)
            assert card.title.endswith(f"most, by {format.count(most['change'])}")
        assert card.table["pending"].sum() == plan.history.pending[plan.history.settled - 1].sum()
        # Each row adds up: pending then, and what comes in less what goes out over the weeks between.
        weeks = (plan.shown.sundays[-1] - plan.history.settled_to).days // 7
        added = card.table["pending"] + weeks * (card.table["receipts"] - card.table["completions"])
        assert added.to_list() == pytest.approx(card.table["ahead"].to_list(), abs=1e-6)
        written = [(format.count(row["pending"]), format.count(row["ahead"]), row["change"]) for row in card.table.iter_rows(named=True)]
        assert all(int(now.replace(",", "")) + change == int(then.replace(",", "")) for now, then, change in written)
        assert "Now" not in str(card.chart)
        assert format.date(plan.history.settled_to) in str(card.chart).replace("<br>", " ")


def test_hours(plan: Plan) -> None:
    card = cards.hours(plan)
    if drawn(card):
        needed, spent = (format.rounded(card.table[name].sum()) for name in ("needed", "spent"))
        day = format.date(plan.history.settled_to)
        assert f"takes {plural(int(needed), 'hour')} a week, completions took {format.count(spent)} in the 13 to {day}" in card.title
        assert not re.search(r"\b1 hours", card.title)
        assert f"means of the year to {day}" in card.note
        assert ("short" in card.title) == (needed > spent)
        assert ("to spare" in card.title) == (needed < spent)
        assert (card.table["needed"] / card.table["hours_each"]).sum() == pytest.approx(card.table["receipts"].sum())


def test_scorecard(plan: Plan) -> None:
    card = scorecard(plan)
    if drawn(card):
        whole = card.table.filter(band="1–26").row(0, named=True)
        pending = card.table.filter(band=PENDING_BAND).row(0, named=True)
        mase = whole["mase"]
        assert card.title.startswith("No skill") == (mase is not None and mase >= 1)
        assert card.title.startswith("Untested") == (mase is None)
        if mase is not None and mase < 1:
            assert f"missed {format.share(1 - mase, 0)} less" in card.title
            assert ("no skill beyond a flat line" in card.title) == (whole["against_flat"] > 0.97)
        assert ("left as it is was closer" in card.title) == ((pending["against_flat"] or 0) >= 1)
        assert (plan.outlook.expected.model == "seasonal_naive") == (mase is not None and mase >= 1)


def test_empty_cards_say_why(analyst: Snapshot) -> None:
    nothing = forecasting.plan_of(year(analyst, "TAF", ports=("2811",), work_types=("internal_advice",)))
    assert not nothing.ready
    for make in ALL:
        assert not drawn(make(nothing))
    assert len(forecasting.figures(nothing)) == 1


def test_a_director_sees_every_card(analyst: Snapshot) -> None:
    plan = forecasting.plan_of(year(analyst, "ELE"))
    assert all(drawn(make(plan)) for make in ALL)
    assert "People are known for Centers alone" not in cards.hours(plan).note
    assert "People are known for Centers alone" in cards.hours(forecasting.plan_of(year(analyst))).note


def test_held_back_weeks_are_said_on_the_card(analyst: Snapshot) -> None:
    plan = forecasting.plan_of(year(analyst, "ELE"))
    assert "the last 3 weeks are not learned from" in cards.pending_fan(plan).note
    assert format.date(dt.date(2013, 9, 8)) in cards.pending_fan(plan).note


def test_what_ifs_are_part_of_the_question(analyst: Snapshot) -> None:
    view = year(analyst, "ELE")
    asked = [
        forecasting.plan_of(view, WhatIf(people=people), rule, own).question
        for people in (None, 31, 36)
        for rule, own in (("standard", None), ("receipts", None), ("own", 100.0))
    ]
    assert len(set(asked)) == 9
    assert forecasting.plan_of(view).question == asked[0] != view.question


def test_what_is_likely_enough_is_never_said_to_be_out_of_reach(analyst: Snapshot) -> None:
    """Try levels around where pending is heading: all three endings of the title come, each where its chance is."""
    plain = forecasting.plan_of(year(analyst, "ELE"))
    heads = plain.shown.pending[-1]
    found = []
    for share in (0.0, 0.01, 0.08, 0.2, 0.4, 0.6):
        plan = forecasting.plan_of(plain.view, rule="own", own_level=float(np.floor(np.quantile(heads, share) - (share == 0))))
        words = forecasting.title(plan)
        found.append("likely to be down" in words)
        if " likely to be down " in words or "will not clear" in words:
            the_chance_is_said(plan, words)
        assert "will not clear" not in words or plan.shown.chance(plan.level, plan.year_end) < 0.05
    assert True in found
    assert False in found


def test_one_hour_is_not_written_as_hours() -> None:
    to = dt.date(2013, 9, 8)
    assert cards._hours_title(11.0, 10.0, to).endswith("took 10 in the 13 to 8 Sep 2013: 1 hour short")
    assert " takes 1 hour a week" in cards._hours_title(1.2, 3.0, to)
    assert cards._hours_title(1.2, 3.0, to).endswith("2 hours to spare")
