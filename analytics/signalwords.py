"""What a process chart says, in a clause: cards, key figures, alerts and the command line use the same words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from analytics import process
from analytics.process import Verdict

#: Earlier months that are named; more are counted.
NAMED: Final = 2


def month_words(day: dt.date | None) -> str:
    """Write a month as `Sep 2013`."""
    return "" if day is None else f"{day:%b %Y}"


def stretch(verdict: Verdict) -> str:
    """Say what makes the present a signal, and when: `7 months above the average since Mar 2013`; empty when it is none."""
    rule, since, until = verdict.rule, month_words(verdict.since), month_words(verdict.until)
    if not rule:
        return ""
    if rule in (process.NEAR_UPPER, process.NEAR_LOWER):
        return f"{rule.removeprefix('2 of 3 ')} in at least 2 of 3 months to {until}"
    what = rule.removeprefix("7 months ")
    if verdict.lasts == 1:
        return f"{what} in {until}"
    when = f"since {since}" if verdict.until == verdict.month else f"from {since} to {until}"
    return f"{verdict.lasts} months {what} {when}"


def said(verdict: Verdict) -> str:
    """Say what the chart means, without the metric's name: `concern, 7 months above the average since Mar 2013`."""
    if verdict.state == process.TRIAL:
        return f"too early to say, {verdict.points} of the {process.LEAST} months it takes have settled"
    if verdict.state == process.SHORT:
        return f"too early to say, {'no month has' if not verdict.points else '1 month has' if verdict.points == 1 else f'{verdict.points} months have'} settled"
    if verdict.state == process.RARE:
        return f"too rare to say, none in at least half of {verdict.points} months"
    if verdict.state == process.CARRIED:
        return "not judged by months: the same pieces wait from month to month, so that chance alone would look like a signal"
    if verdict.rule:
        return f"{verdict.words}, {stretch(verdict)}"
    return f"no clear change over {verdict.points} months{_earlier(verdict)}"


def _earlier(verdict: Verdict) -> str:
    """Name one or two earlier months that were a signal, or count them and name the furthest: nothing that stood out is hidden."""
    months: Sequence[dt.date] = verdict.earlier
    if not months:
        return ""
    if len(months) > NAMED:
        return f"; {len(months)} earlier months stood out, {month_words(verdict.furthest)} the most"
    return f"; {' and '.join(month_words(month) for month in reversed(months))} stood out"
