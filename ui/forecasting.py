"""The forecast on screen: what is kept between questions, the what-if sliders, and the key figures and words of when it is cleared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import polars as pl
import streamlit as st

from analytics import capacity, forecast, format, process, projection, weekly
from analytics.capacity import NOTHING, Staffing, WhatIf
from analytics.filters import Filters
from analytics.forecast import Outlook
from analytics.projection import Projection
from analytics.rollups import WORK
from analytics.scope import Scope
from analytics.weekly import History
from ui import provisional
from ui.board import KeyFigure, Stamp
from ui.board.seen import Question
from ui.cards.shared import listed, plural
from ui.figures import of_metric, said
from ui.frame import Source, View

#: From this chance on, a level is not said to be out of reach.
WORTH_SAYING: Final = 0.05

#: Row of the scorecard that judges pending.
PENDING_BAND: Final = "pending"


@dataclass(frozen=True)
class Learned:
    """What is worked out for a choice of filters; without an outlook there are too few weeks."""

    history: History | None
    outlook: Outlook | None = None
    staffing: Staffing = capacity.UNKNOWN
    #: What completions follow: `projection.PACE` or `projection.SHARE`.
    completions_rule: str = projection.SHARE
    #: Pending when nothing is changed.
    base: Projection | None = None


@st.cache_resource(max_entries=8, show_spinner=False)
def _learned(version: str, scope: Scope, filters: Filters, _source: Source) -> Learned:  # noqa: ARG001 - version and scope are the key
    history = weekly.history(_source.frames, filters, _source.as_of)
    if history is None or not history.enough:
        return Learned(history)
    outlook = forecast.outlook(history)
    staffing = capacity.staffing(_source.frames, filters, history, _source.as_of)
    drawn = projection.of_outlook(history, outlook)
    return Learned(history, outlook, staffing, drawn.rule, projection.project(drawn, NOTHING, staffing))


@st.cache_resource(max_entries=8, show_spinner=False)
def _changed(version: str, scope: Scope, filters: Filters, what_if: WhatIf, _source: Source) -> Projection:
    kept = _learned(version, scope, filters, _source)
    assert kept.history is not None and kept.outlook is not None  # noqa: S101, PT018 - only asked where there is a forecast
    return projection.project(projection.of_outlook(kept.history, kept.outlook), what_if, kept.staffing)


@st.cache_resource(max_entries=32, show_spinner=False)
def _judged(version: str, scope: Scope, filters: Filters, _source: Source) -> pl.DataFrame:
    kept = _learned(version, scope, filters, _source)
    assert kept.history is not None and kept.outlook is not None  # noqa: S101, PT018
    pending = projection.scorecard(kept.history, kept.outlook.test).with_columns(band=pl.lit(PENDING_BAND))
    return pl.concat([forecast.scorecard(forecast.remade(kept.history, kept.outlook.test)), pending], how="diagonal_relaxed")


def filters_of(view: View) -> Filters:
    """Return the page's filters without its period: a forecast is made of what is open now."""
    return view.filters.only(WORK.dimensions).between(None, None)


@dataclass(frozen=True)
class Plan:
    """A page's question about the weeks ahead: what was learned, what is changed, and the level to reach."""

    view: View
    learned: Learned
    what_if: WhatIf = NOTHING
    rule: str = "standard"
    own_level: float | None = None

    @property
    def history(self) -> History:
        """Whole weeks; only asked when there is a forecast."""
        assert self.learned.history is not None  # noqa: S101
        return self.learned.history

    @property
    def outlook(self) -> Outlook:
        """Forecast of receipts; only asked when there is one."""
        assert self.learned.outlook is not None  # noqa: S101
        return self.learned.outlook

    @property
    def base(self) -> Projection:
        """Pending when nothing is changed."""
        assert self.learned.base is not None  # noqa: S101
        return self.learned.base

    @property
    def ready(self) -> bool:
        """Whether there is a forecast."""
        return self.learned.base is not None

    @property
    def many(self) -> bool:
        """Whether there is more than one work type to tell apart."""
        return self.ready and len(self.history.types) > 1

    @cached_property
    def changed(self) -> Projection | None:
        """Pending with what is changed; null when nothing is."""
        view = self.view
        if self.what_if.nothing or not self.ready:
            return None
        return _changed(view.source.version, view.source.scope, filters_of(view), self.what_if, view.source)

    @property
    def shown(self) -> Projection:
        """Pending as the figures give it: with what is changed."""
        return self.changed or self.base

    @cached_property
    def level(self) -> float:
        """Level of pending to reach."""
        return capacity.level(self.history, self.rule, self.own_level)

    @cached_property
    def year_end(self) -> dt.date:
        """End of the fiscal year that is ahead."""
        return capacity.fiscal_year_end(self.history)

    @property
    def question(self) -> Question:
        """All that the page's numbers depend on."""
        more: Hashable = (self.what_if, self.rule, self.own_level)
        return replace(self.view.question, more=more)

    @property
    def narrowed(self) -> str:
        """What is shown, without a period."""
        return ", ".join(self.view.filters.narrowed(self.view.labels)) or "all work"

    def card(self) -> pl.DataFrame:
        """Return how past forecasts did."""
        view = self.view
        return _judged(view.source.version, view.source.scope, filters_of(view), view.source)


def plan_of(view: View, what_if: WhatIf = NOTHING, rule: str = "standard", own_level: float | None = None) -> Plan:
    """Learn from the history of a view; learned once for a version, a scope and a choice of filters."""
    learned = _learned(view.source.version, view.source.scope, filters_of(view), view.source)
    return Plan(view, learned, what_if, rule, own_level)


# ---- Words


def sentence(plan: Plan) -> str:
    """Say what the page shows."""
    return f"Seen from {format.date(plan.view.as_of)} · {plan.narrowed}"


def stamp(plan: Plan) -> Stamp:
    """Return what goes on every export: the level to reach and what was tried as well."""
    if not plan.ready:
        return replace(plan.view.stamp(), sentence=sentence(plan))
    return replace(
        plan.view.stamp(),
        sentence=" · ".join([sentence(plan), f"to reach: {level_words(plan)}", *([effect(plan)] if effect(plan) else [])]),
    )


def level_words(plan: Plan) -> str:
    """Say what the level to reach is and where it comes from."""
    if plan.own_level is not None:
        return f"{format.count(plan.level)} pending, chosen by you"
    if plan.rule == "receipts":
        return f"{format.count(plan.level)} pending: what comes in within the standard of each work type, summed"
    return f"{format.count(plan.level)} pending: those within the standard of their work type on {format.date(plan.history.settled_to)}, summed"


def title(plan: Plan) -> str:
    """Say when pending is down to its level, or what it takes."""
    if not plan.ready:
        return short_of(plan)
    shown, level = plan.shown, plan.level
    needed, end = shown.more_needed(level, plan.year_end), format.date(plan.year_end)
    more = f"{plural(needed, 'more completion')} a week"
    if shown.there(level):
        title = f"Pending is within its level: {format.count(shown.middle[shown.now])} projected for {format.date(shown.sundays[shown.now])}, {format.count(level)} to reach"
        return f"{title}; to stay there until {end} it needs {more}" if needed else title
    half, most = shown.week_cleared(level, 0.5), shown.week_cleared(level, 0.9)
    if half:
        late = f"; nine in ten by {format.date(most)}" if most else "; nine in ten not within a year"
        return f"Pending is as likely as not down to {format.count(level)} by {format.date(half)}{late}"
    chance, day = likeliest(plan)
    if chance >= WORTH_SAYING:
        likely = f"Pending is {format.share(chance)} likely to be down to {format.count(level)} by {format.date(day)}"
        then = "then" if day == plan.year_end else end
        return f"{likely}, as likely as not only later, if at all; an even chance by {then} needs {more}"
    then, last = format.count(shown.middle[-1]), format.date(shown.sundays[-1])
    falls = f"it falls to about {then} by {last}" if then_falls(shown) else f"about {then} are expected on {last}"
    return f"Pending will not clear to {format.count(level)} at this rate: {falls}; to be there by {end} it needs {more}"


def likeliest(plan: Plan) -> tuple[float, dt.date]:
    """Return the chance that is said where the level is not as likely as not reached within a year, and its day.

    The end of the fiscal year goes first; else the Sunday, up to the last projected one, on which most paths are there.
    """
    shown, level = plan.shown, plan.level
    by_end = shown.chance(level, plan.year_end)
    if by_end >= WORTH_SAYING:
        return by_end, plan.year_end
    best = max(shown.sundays[shown.now :], key=lambda day: shown.chance(level, day))
    return shown.chance(level, best), best


def then_falls(shown: Projection) -> bool:
    """Whether fewer are expected on the last projected Sunday than on the last whole week's, as counts are written."""
    return format.rounded(shown.middle[-1]) < format.rounded(shown.middle[shown.now])


def short_of(plan: Plan) -> str:
    """Say why there is no forecast."""
    history = plan.learned.history
    if history is None:
        return "Nothing has come in under these filters, so nothing is forecast"
    return f"Too few weeks to forecast from: {plural(max(history.begun, 0), 'settled week')} of the {weekly.LEAST_WEEKS} that it needs"


def effect(plan: Plan) -> str:
    """Say in words what the what-ifs change; empty when nothing is changed."""
    if plan.changed is None:
        return ""
    level, end = plan.level, plan.year_end
    both = (plan.changed, plan.base)
    when = [_when(each, level) for each in both]
    chance = [format.share(each.chance(level, end)) for each in both]
    more = [each.more_needed(level, end) for each in both]
    cleared = f"as likely as not cleared {when[0]}" + (f" instead of {when[1]}" if when[0] != when[1] else ", as without")
    return (
        f"With {listed(_given(plan))}: {cleared}; chance on {format.date(end)} {chance[0]} instead of {chance[1]}; "
        f"{plural(more[0], 'more completion')} a week needed instead of {format.count(more[1])}."
    )


def _when(shown: Projection, level: float) -> str:
    if shown.there(level):
        return "already"
    half = shown.week_cleared(level, 0.5)
    return f"by {format.date(half)}" if half else f"only after {format.date(shown.sundays[-1])}, if at all"


def _given(plan: Plan) -> list[str]:
    """List what is changed, in words."""
    what_if, staffing = plan.what_if, plan.learned.staffing
    now = capacity.mean_hours(plan.history, staffing)
    words = []
    if what_if.people is not None:
        words.append(f"{format.count(what_if.people)} people instead of {format.count(staffing.people)}")
    if what_if.hours is not None and now:
        words.append(f"{format.fixed(what_if.hours, 1)} hours for a review instead of {format.fixed(now, 1)}")
    if what_if.overtime_share:
        words.append(f"{format.share(what_if.overtime_share, 0)} overtime")
    if what_if.psc_auto_share:
        words.append(f"{format.share(what_if.psc_auto_share, 0)} of post summary corrections accepted without review")
    return words


# ---- Key figures


def figures(plan: Plan) -> list[KeyFigure]:
    """Say what is pending, how fast it moves, and when and how likely it is down to its level."""
    pending = _pending_now(plan)
    if not plan.ready:
        return [of_metric(pending, _unlimited(plan))]
    shown, level, end = plan.shown, plan.level, plan.year_end
    history = plan.history
    dates = [shown.week_cleared(level, share) for share in (0.5, 0.9)]
    now = shown.sundays[shown.now]
    texts = ["Not in a year" if day is None else "Already" if day <= now else format.date(day) for day in dates]
    flow = KeyFigure(
        "net_flow",
        f"Net flow, next {weekly.PACE_WEEKS} weeks",
        f"{_signed(shown.growth())} a week",
        against=f"{_signed(history.net_flow)} a week in the {weekly.PACE_WEEKS} weeks to {format.date(history.settled_to)}",
        definition=f"Receipts less completions expected over the next {weekly.PACE_WEEKS} weeks. Above 0 the pile grows. Transfers "
        "between holders are left out, here and in the projection.",
    )
    chance = KeyFigure(
        "clear_chance",
        f"Chance on {format.date(end)}",
        format.share(shown.chance(level, end)),
        against=f"to be at {format.count(level)} or below at the fiscal year’s end",
        definition="Share of 2,000 simulated paths that are at the level or below it on the last Sunday of the fiscal year.",
    )
    more = KeyFigure(
        "more_needed",
        "More completions needed",
        f"{format.count(shown.more_needed(level, end))} a week",
        against=f"to be at {format.count(level)} by {format.date(end)}{_assumed(plan)}",
        definition="Completions a week beyond those expected, from now on, that bring expected pending to the level by the fiscal year’s end.",
    )
    within = [
        KeyFigure(name, label, text, against=f"down to {format.count(level)}", definition=words)
        for name, label, text, words in zip(
            ("clear_p50", "clear_p90"), ("Cleared, as likely as not", "Cleared, nine in ten"), texts, (_P50, _P90), strict=True
        )
    ]
    return [
        of_metric(pending, _unlimited(plan)),
        said(flow, *_moves(*shown.moving())),
        *(said(figure, *_there(shown.chance(level, shown.sundays[-1]), shown.sundays[-1])) for figure in within),
        said(chance, *_there(shown.chance(level, end), end)),
        said(more, *_usual(history, shown.more_needed(level, end))),
    ]


#: From this share of the paths on, what they do is said as a fact; at the rest of it, that it will not be.
_SURE: Final = 0.9


def _moves(grows: float, falls: float) -> tuple[str, str, str]:
    """Say whether the pile grows or falls beyond chance: words, why, and tone."""
    words, tone = ("concern", "bad") if grows >= _SURE else ("improving", "good") if falls >= _SURE else ("no clear change", "none")
    return words, f"pending grows over these weeks in {format.share(grows)} of the simulated paths, falls in {format.share(falls)}", tone


def _there(chance: float, day: dt.date) -> tuple[str, str, str]:
    """Say whether the level will reliably be reached: words, why, and tone."""
    will = ("will reliably be there", "good") if chance >= _SURE else ("won’t reliably be there", "bad")
    words, tone = will if chance >= _SURE or chance <= 1 - _SURE else ("may or may not be there", "none")
    return words, f"{format.share(chance)} of the simulated paths are at the level or below it on {format.date(day)}", tone


def _usual(history: History, needed: int) -> tuple[str, str, str]:
    """Say whether so many completions more are within what weeks differ by: words, why, and tone."""
    if not needed:
        return "none needed", "the level is expected to be met without any", "good"
    verdict, reach = history.usual(), history.pace.sum() + needed
    if verdict.high is None or verdict.points < process.LEAST:
        return "too few weeks to say", f"{plural(verdict.points, 'settled week')} of the {process.LEAST} that it takes", "none"
    why = f"{format.count(reach)} completions a week; settled weeks stayed between {format.count(max(verdict.low or 0, 0))} and {format.count(verdict.high)} by chance"
    return ("beyond usual weeks", why, "bad") if reach > verdict.high else ("within usual weeks", why, "none")


def _unlimited(plan: Plan) -> View:
    """Return the page's question without a period."""
    return replace(plan.view, filters=plan.view.filters.between(None, None))


def _pending_now(plan: Plan) -> KeyFigure:
    """Say what is pending as recorded, and what it will be once all is reported: the estimate of the whole house."""
    view = _unlimited(plan)
    recorded = int(view.ask("pending")["value"].sum())
    missing = provisional.not_reported(view)
    against = f"about {format.count(recorded - missing)} once late completions are in" if missing else ""
    definition = "Open on the as-of date as recorded. Completions of the last weeks are still coming in."
    if plan.ready:
        shown = plan.shown
        definition += (
            f" The projection learns nothing from them: it starts on {format.date(plan.history.settled_to)} and has "
            f"{format.count(shown.middle[shown.now])} on {format.date(shown.sundays[shown.now])}."
        )
    return KeyFigure(
        "pending",
        "Pending now",
        format.count(recorded),
        against=against,
        n=provisional.of_metric(view, "pending").words,
        definition=definition,
    )


def _assumed(plan: Plan) -> str:
    """Say in plain words that completions fall as the pile falls, where that is the rule in force."""
    if plan.learned.completions_rule != projection.SHARE:
        return ""
    share = format.share(plan.shown.turnover, 0)
    return f", if completions stay about {share} of what waits each week: they fall as the pile falls"


def _signed(value: float) -> str:
    return f"{'+' if format.rounded(value, 1) > 0 else ''}{format.fixed(value, 1)}"


_P50: Final = "First Sunday on which half of 2,000 simulated paths are at the level or below it: where expected pending meets it."
_P90: Final = "First Sunday on which nine in ten of 2,000 simulated paths are at the level or below it."
