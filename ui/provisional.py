"""What is still being reported: which months of a page's period are provisional, and the words for it.

Completions of the last weeks arrive late. Until they do, what counts completions is too low, and what waits is too high.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

import polars as pl

from analytics import format, late
from analytics.filters import Filters
from analytics.rollups import WORK
from ui.frame import View

_OF_A_WHOLE_MONTH: Final = ("share_reported", "share_low", "share_high", "expected", "low", "high")


#: Counts of reviews among them.
_COUNTS: Final = frozenset({"completions", "pending", "backlog", "past_due", "due_within_30"})


class Open(NamedTuple):
    """Whether a number is provisional, and why in a few words; no words when nothing is still reported.

    `rest` is how much the number may change at most when all is reported; null when nobody can say.
    """

    provisional: bool
    words: str
    rest: float | None = 0.0

    def hides(self, after: float | None, before: float | None) -> bool:
        """Say whether a change may be none when all is reported."""
        if not self.words or after is None or before is None:
            return False
        return self.rest is None or (after - before) * (after + self.rest - before) <= 0


def months(view: View, filters: Filters | None = None) -> pl.DataFrame:
    """List the months of the page's period (or of other filters) of which completions are still reported.

    Returns:
        The columns of `analytics.late.provisional_months`; without an estimate where the period holds a part of the month.
    """
    asked = filters or view.filters
    first, last = asked.from_date or dt.date.min, min(asked.to_date or view.as_of, view.as_of)
    found = late.provisional_months(view.frames, last, asked.only(WORK.dimensions))
    begins = (pl.col("month") + "-01").str.to_date()
    # What is reported of a whole month says nothing of a part of it.
    whole = (begins >= first) & ((begins.dt.month_end() <= last) | (last == view.as_of))
    kept = found.filter(begins.dt.month_end() >= first)
    return kept.with_columns(pl.when(whole).then(pl.col(name)).alias(name) for name in _OF_A_WHOLE_MONTH)


def of_metric(view: View, metric_id: str) -> Open:
    """Say whether a metric is provisional under the page's filters."""
    waiting = metric_id in late.OF_WAITING
    if not waiting and metric_id not in late.OF_COMPLETIONS:
        return Open(provisional=False, words="")
    found = months(view, view.filters.between(None, view.filters.to_date) if waiting else view.filters)
    if found.is_empty():
        return Open(provisional=False, words="")
    missing = not_reported(view) if metric_id in _COUNTS else None
    if not waiting:
        words = ", ".join(reported(row["month"], row["share_reported"]) for row in found.iter_rows(named=True))
        return Open(provisional=True, words=words, rest=missing)
    words = f"about {format.count(missing)} done, not yet reported" if metric_id == "pending" and missing else "will fall as reports arrive"
    return Open(provisional=False, words=words, rest=None if missing is None else -missing)


def note(view: View) -> str:
    """Say in a sentence what is still reported and what that does to what waits; empty when all is reported."""
    found = months(view, view.filters.between(None, view.filters.to_date))
    if found.is_empty():
        return ""
    missing = not_reported(view)
    high = f"about {format.count(missing)} too high" if missing else "too high"
    said = ", ".join(reported(row["month"], row["share_reported"]) for row in found.iter_rows(named=True))
    return f"Completions: {said}. Until the rest is, pending is {high}, and so are backlog and past due."


def reported(month: str, share: float | None) -> str:
    """Write how much of a month is reported: `Sep 2013 73% reported`; without a share that it is still reported."""
    return f"{format.month(month)} {'still reported' if share is None else f'{format.share(share, 0)} reported'}"


def not_reported(view: View) -> int | None:
    """Return how many completions up to the end of the page's period are expected to be reported yet; null when nobody can say."""
    last = min(view.end, view.as_of)
    filters = view.filters.between(None, last)
    found = months(view, filters)
    if found.is_empty():
        return 0
    first = dt.date.fromisoformat(f"{found['month'][0]}-01")
    counts = view.ask("completions", "month", filters=filters.between(first, last)).select("month", "value")
    known = late.expected_counts(counts, found).filter("provisional")
    missing = (known["expected"] - known["value"]).sum()
    return None if known["expected"].null_count() or known.is_empty() else round(missing)


def sentence(rows: pl.DataFrame) -> str:
    """Say of each provisional month what is reported and expected: `Sep 2013: 73% reported, expected 3,386 (3,156–3,634)`."""
    parts = []
    for row in rows.filter("provisional").iter_rows(named=True):
        month = format.month(row["month"])
        if row["expected"] is None:
            parts.append(f"{month}: still reported")
        else:
            span = f"{format.count(row['low'])}–{format.count(row['high'])}"
            parts.append(f"{month}: {format.share(row['share_reported'], 0)} reported, expected {format.count(row['expected'])} ({span})")
    return "; ".join(parts)
