"""Who does the work and what they can do: people, hours for a review, what-ifs, and the level of pending to reach.

Capacity is people x productive hours x (1 + overtime) / hours for a review. What a Center really completes is only part of
it, because its people do other work as well; so the completions that were observed are scaled by how far a what-if changes
capacity.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics import codes, people, periods, service, standards
from analytics.filters import Filters
from analytics.rollups import FINDINGS, Frames
from analytics.smoothing import YEAR
from analytics.weekly import PACE_WEEKS, Floats, History

#: Hours that a full-time employee works in a year once leave, holidays and training are off the 2,080 paid ones: the figure of
#: OMB Circular A-76 (general knowledge, the primary text was not read).
PRODUCTIVE_HOURS_A_YEAR: Final = 1776

PSC: Final = "psc"

#: Rules for the level of pending to reach.
LEVELS: Final = ("standard", "receipts")


@dataclass(frozen=True)
class Staffing:
    """Who does the work; null when it is not known."""

    #: People on board of the holders in view.
    people: int | None
    #: Work type -> mean hours for a review; types with too few recorded are absent.
    hours: dict[str, float]


UNKNOWN: Final = Staffing(None, {})


@dataclass(frozen=True)
class WhatIf:
    """What is changed; null or 0 keeps what is."""

    people: int | None = None
    #: Mean hours for a review at the mix of today.
    hours: float | None = None
    overtime_share: float = 0.0
    #: Share of post summary corrections that are accepted without a review, beyond today's.
    psc_auto_share: float = 0.0

    @property
    def nothing(self) -> bool:
        """Whether nothing is changed."""
        return self == WhatIf()


NOTHING: Final = WhatIf()


def hours_by_type(history: History, staffing: Staffing) -> Floats | None:
    """Return hours for a review of each work type; one without its own takes the mean of the others, null when none is known."""
    known = [staffing.hours[name] for name in history.types if name in staffing.hours]
    if not known:
        return None
    weights = [history.pace[place] for place, name in enumerate(history.types) if name in staffing.hours]
    mean = float(np.average(known, weights=weights)) if sum(weights) > 0 else float(np.mean(known))
    return np.array([staffing.hours.get(name, mean) for name in history.types])


def mean_hours(history: History, staffing: Staffing) -> float | None:
    """Return the mean hours for a review at the mix of the pace; null when unknown."""
    hours = hours_by_type(history, staffing)
    return None if hours is None or history.pace.sum() <= 0 else float((hours * history.pace).sum() / history.pace.sum())


def productive_hours(people: float, overtime_share: float = 0.0) -> float:
    """Return the productive hours a week of so many people."""
    return people * PRODUCTIVE_HOURS_A_YEAR * (1 + overtime_share) / YEAR


def change_of_capacity(history: History, staffing: Staffing, what_if: WhatIf) -> float:
    """Return how many times today's capacity a what-if has: people x (1 + overtime) / hours for a review, against today's."""
    people = 1.0 if what_if.people is None or not staffing.people else what_if.people / staffing.people
    now = mean_hours(history, staffing)
    hours = 1.0 if what_if.hours is None or not now else now / max(what_if.hours, 1e-9)
    return people * (1 + what_if.overtime_share) * hours


def freed_by_auto(history: History, staffing: Staffing, what_if: WhatIf) -> float:
    """Return how many times as many hours are left for a review when some corrections need none: the hours that those took are free."""
    if not what_if.psc_auto_share or PSC not in history.types or history.pace.sum() <= 0:
        return 1.0
    hours = hours_by_type(history, staffing)
    spent = history.pace * (np.ones(len(history.types)) if hours is None else hours)
    freed = what_if.psc_auto_share * float(spent[history.types.index(PSC)] / spent.sum())
    return 1 / max(1 - freed, 0.05)


def level(history: History, rule: str, own: float | None = None) -> float:
    """Return the level of pending to reach: a number of the reader's, or a rule summed over work types.

    `standard`: pending less backlog at the last settled week. `receipts`: what comes in within the standard of each work type at
    the receipts of the last 13 weeks (the target pending level of the USCIS Backlog Elimination Plan).
    """
    if own is not None:
        return own
    week = history.settled - 1
    if rule == "receipts":
        days = np.array([standards.STANDARD_DAYS[name] for name in history.types])
        rate = history.receipts[max(history.length - PACE_WEEKS, 0) :].mean(axis=0)
        return float(np.round((rate * days / 7).sum()))
    return float((history.pending[week] - history.backlog[week]).sum())


def fiscal_year_end(history: History) -> dt.date:
    """Return the 30 September that is ahead by at least one whole week after the last known one."""
    first = history.end(history.length + 1)
    return dt.date(periods.fiscal_year(first), 9, 30)


def staffing(frames: Frames, filters: Filters, history: History, as_of: dt.date) -> Staffing:
    """Find who does the work of a choice of filters: the people of its Centers, and hours for a review in the year to the last settled week.

    Ports have no staff here: people are known when Centers alone are chosen. They do all work of their Center, whatever else is
    narrowed.
    """
    own = Filters(centers=filters.centers)
    on_board = None
    if filters.centers and codes.PORT_CODE not in filters.centers:
        rows = people.staff_on_board(frames, own, as_of)
        on_board = int(rows["value"][0] or 0) if rows.height else 0
    year = filters.between(history.settled_to - dt.timedelta(weeks=YEAR), history.settled_to)
    hours = service.hours_per_review(frames, year.only(FINDINGS.dimensions), as_of, ["work_type"]).drop_nulls("value")
    return Staffing(on_board or None, dict(hours.select("work_type", "value").iter_rows()))
