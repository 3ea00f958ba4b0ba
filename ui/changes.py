"""May a difference from an earlier time be called a change? Figures and titles ask the one rule here, so that they are of one mind.

It is called a change, up or down, when reports that still arrive cannot undo it, when the intervals of both values (if they have any)
keep apart, and when the process chart of the metric sees a signal on that side now. Two years differ by chance as two months do: any
other difference is told as what it is, so much above or below, and where the chart sees no signal, that it is no clear change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from analytics import format, process
from analytics.process import Verdict
from ui import provisional, signals
from ui.frame import View

#: A change.
CLEAR: Final = "clear"
#: Reports that still arrive may undo it, or the intervals of both values meet.
LATE: Final = "late"
MEETS: Final = "meets"
#: The process chart sees no signal now; or one on the other side, or it cannot tell yet.
STEADY: Final = "steady"
UNTOLD: Final = "untold"

YEAR: Final = "a year earlier"

Row = Mapping[str, Any]


def meet(now: Row, before: Row) -> bool:
    """Say whether two answers (`low`, `high`) have intervals and these meet: then the change may be none."""
    ends: list[Any] = [row.get(end) for row in (now, before) for end in ("low", "high")]
    return None not in ends and bool(ends[0] <= ends[3] and ends[2] <= ends[1])


def agrees(verdict: Verdict, now: float | None, before: float | None) -> bool:
    """Say whether a process chart sees a signal now, on the side to which a value has moved."""
    if not verdict.rule or now is None or before is None:
        return False
    return process.SHIFTS[verdict.rule] * (now - before) > 0


def unusual(verdict: Verdict) -> str:
    """Say of a signal on which side it is, and to which month: `higher than usual to Aug 2013`; empty for none."""
    return (
        f"{'higher' if process.SHIFTS[verdict.rule] > 0 else 'lower'} than usual to {format.month(verdict.month)}" if verdict.rule else ""
    )


def judge(view: View, metric_id: str, now: Row, before: Row, late: provisional.Open | None = None) -> str:
    """Say how far a difference may be called a change.

    Args:
        view: What both answers are of, now.
        metric_id: Metric.
        now: Its answer: `value` and, if any, `low` and `high`.
        before: Its earlier answer.
        late: What is still reported of the metric, where it is known already.

    Returns:
        `CLEAR`, `LATE`, `MEETS`, `STEADY` or `UNTOLD`.
    """
    after, earlier = now.get("value"), before.get("value")
    if (late or provisional.of_metric(view, metric_id)).hides(after, earlier):
        return LATE
    if meet(now, before):
        return MEETS
    _, verdict = signals.judged(view, [metric_id])[metric_id]
    if agrees(verdict, after, earlier):
        return CLEAR
    return STEADY if verdict.state == process.STEADY else UNTOLD


def words(view: View, metric_id: str, now: float, before: float, *, kind: str = "count", late: provisional.Open | None = None) -> str:
    """Say in a clause how an amount stands against a year earlier, with `up` and `down` for a change alone.

    `up 12.0% on a year earlier`; `12.0% above a year earlier, not a clear change`; where reports still arrive `not clearly different from
    a year earlier`, or what the settled months say: `higher than usual to Aug 2013, not settled since`.
    """
    found = judge(view, metric_id, {"value": now}, {"value": before}, late)
    if found in (LATE, MEETS):
        usual = unusual(signals.judged(view, [metric_id])[metric_id][1])
        return f"{usual}, not settled since" if usual and found == LATE else f"not clearly different from {YEAR}"
    if found == CLEAR:
        return moved(now, before, YEAR, kind)
    said = beside(now, before, YEAR, kind)
    return said if found == UNTOLD or said.startswith("unchanged") else f"{said}, not a clear change"


def of_part(view: View, dimension: str, code: str) -> View:
    """Narrow a view to one part of a dimension; a view that is that part already stays itself, with what was judged of it."""
    filters = view.filters.keeping(dimension, (code,))
    return view if filters == view.filters else replace(view, filters=filters)


def moved(now: float, before: float, when: str, kind: str = "count") -> str:
    """Say in a clause how an amount moved on an earlier time, `a year earlier` or `Sep 2012`; a title asks `words` whether it has.

    `up 12.0% on a year earlier`, `down 3.1% on Sep 2012`, `unchanged on …`; where per cent mislead (`format.grown`) or there was
    nothing, the earlier amount: `up from 12 a year earlier`, `up from none in Sep 2012`.
    """
    at = f"in {when}" if when[0].isupper() else when
    change = format.relative_change(now, before, kind=kind)
    if change is None or change.direction == "flat":
        return f"up from none {at}" if now and not before else f"unchanged on {when}"
    return f"{change.direction} {change.text} {at if format.grown(now, before) else f'on {when}'}"


def beside(now: float, before: float, when: str, kind: str = "count") -> str:
    """Say in a clause how much an amount is above or below an earlier one, and nothing of a move.

    `12.0% above a year earlier`, `3.1% below Sep 2012`, `more than 3 times the 12 of a year earlier`, `with none in Sep 2012`.
    """
    change = format.relative_change(now, before, kind=kind)
    if change is None or change.direction == "flat":
        return f"with none {'in ' if when[0].isupper() else ''}{when}" if now and not before else f"unchanged on {when}"
    if format.grown(now, before):
        return f"more than {format.count(format.GREATEST)} times the {format.number(before, kind)} of {when}"
    return f"{change.text} {'above' if change.direction == 'up' else 'below'} {when}"
