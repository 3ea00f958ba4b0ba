"""Why a card has nothing to draw, in a sentence, and the one step that leads out of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from analytics import codes, format
from analytics.filters import DIMENSIONS, EVERY, Filters
from analytics.metrics import METRICS
from ui.board import Way
from ui.frame import View

#: Metric that looks for cases -> what its `n` counts, one and several.
_NOUNS: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("entry_summaries", "entry_lines", "participating_accounts", "duty_fees_usd"), ("entry summary", "entry summaries")),
    "receipts": ("review received", "reviews received"),
    "completions": ("review completed", "reviews completed"),
    "pending": ("pending review", "pending reviews"),
    "feedback_received": ("piece of feedback", "pieces of feedback"),
    "inquiries": ("inquiry", "inquiries"),
    "liquidations": ("entry liquidated", "entries liquidated"),
    "staff_on_board": ("person on board", "people on board"),
}


def reason(view: View, probe: str, work_types: Sequence[str] = ()) -> tuple[str, Way | None]:
    """Say why nothing is there, and offer the step that brings something, if one does.

    Args:
        view: The card's question.
        probe: Metric whose cases are looked for.
        work_types: Only cases of these, where the card shows them alone.

    Returns:
        The sentence, and the step: the first of a later period (the Center was not open), one filter less, all dates, no filter.
    """
    filters = view.filters.only(METRICS[probe].dimensions)

    def cases(asked: Filters) -> int:
        rows = view.ask(probe, filters=asked.keeping("work_type", work_types) if work_types else asked)
        return int(rows["n"].sum() or 0)

    every = filters.between(view.source.first_date, view.as_of)
    later = unopened(view)
    if later:
        return _later(view, filters, cases, *later)
    here = cases(filters)
    if here:
        words = f"{_counted(here, probe)} match these filters, of which too few count here, or none."
        return words, _all_dates(view) if cases(every) > here else None
    for dimension in filters.used:
        found = cases(filters.keeping(dimension, ()))
        if found:
            name = DIMENSIONS[dimension][2]
            words = f"Nothing matches all of these filters. Without the filter “{name}” there {_are(found, probe)}."
            return words, Way(f"Leave out the filter “{name}”", {dimension: EVERY})
    found = cases(every)
    if found:
        return f"Nothing in this period. Over all dates there {_are(found, probe)}.", _all_dates(view)
    return _cleared(view, filters, cases)


def _later(view: View, filters: Filters, cases: Callable[[Filters], int], words: str, day: dt.date) -> tuple[str, Way | None]:
    """Offer the time since the Center opened, without the other filters where they leave nothing of it."""
    label, change, since = f"Show the time from {format.date(day)}", _days(day, view.as_of), filters.between(day, view.as_of)
    if cases(since):
        return words, Way(label, change)
    others = [name for name in filters.used if name != "center"]
    way = Way(f"{label}, without the other filters", dict.fromkeys(others, EVERY) | change)
    return words, way if cases(since.only(["center"])) else None


def _cleared(view: View, filters: Filters, cases: Callable[[Filters], int]) -> tuple[str, Way | None]:
    """Offer to clear all filters, and the period too where that alone brings nothing."""
    cleared, start = dict.fromkeys(filters.used, EVERY), view.source.first_date
    if filters.used and cases(filters.only(())):
        return "Nothing matches these filters, whatever the period.", Way("Clear all filters", cleared)
    whole = Way("Clear all filters and show all dates", cleared | _days(start, view.as_of))
    return "Nothing was recorded in this period.", whole if cases(filters.only(()).between(start, view.as_of)) else None


def unopened(view: View) -> tuple[str, dt.date] | None:
    """Say that none of the chosen Centers was open yet, and return the day on which the first opened; null when that is not why."""
    chosen = view.filters.centers
    known = dict(view.source.dimension("center").select("center_code", "opened_date").iter_rows())
    days: list[tuple[dt.date, str]] = sorted((known[code], code) for code in chosen if known.get(code))
    if not chosen or codes.PORT_CODE in chosen or len(days) < len(chosen) or days[0][0] <= view.end:
        return None
    day, first = days[0]
    name, opens = view.label("center", first), f"{'opened' if day <= view.as_of else 'opens'} on {format.date(day)}"
    if len(chosen) == 1:
        return f"{name} {opens}, after this period.", day
    return f"None of the chosen Centers was open in this period; the first, {name}, {opens}.", day


def _days(start: dt.date, end: dt.date) -> dict[str, str]:
    return {"from": start.isoformat(), "to": end.isoformat()}


def _all_dates(view: View) -> Way | None:
    """Offer the longest period; nothing when the reader has it already."""
    whole = (view.source.first_date, view.as_of)
    return None if (view.filters.from_date, view.filters.to_date) in (whole, (None, None)) else Way("Show all dates", _days(*whole))


def _counted(count: int, probe: str) -> str:
    one, many = _NOUNS.get(probe, ("case", "cases"))
    return f"{format.count(count)} {one if count == 1 else many}"


def _are(count: int, probe: str) -> str:
    return f"{'is' if count == 1 else 'are'} {_counted(count, probe)}"
