"""The next legal date among what is pending, in a line: how many reviews it is of, which right changes then, and where all dates stand.

It is read from rollups, which know the due date of each kind of work. For notices, protests and disclosures that date is the law's; when
an entry is deemed liquidated, and when a correction can no longer be filed, only its single record says: the work list.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Final

import polars as pl

from analytics import clocks, codes, format, workload
from analytics.rollups import WORK
from ui import session
from ui.cards.shared import plural
from ui.frame import View

#: Work types whose due date is the law's -> what changes when nothing is done by then. CBP's own duty comes first.
_ENDS: Final = {rule.id: rule.consequence for rule in clocks.RULES}
CHANGES: Final[dict[str, str]] = {
    "protest": "the time to decide ends; where accelerated disposition was asked for, it is deemed denied",
    "cf29": _ENDS["cf29_objection"],
    "cf28": _ENDS["cf28_reply"],
    "prior_disclosure": _ENDS["prior_disclosure"].replace("The benefits", "the benefits"),
}
#: Days ahead that are looked at.
AHEAD: Final = 30


def rows(view: View) -> pl.DataFrame:
    """Return `work_type`, `due_date` and `reviews_count` of the legal dates ahead, today's first; whatever the period, as the work list."""
    found = workload.due_days(view.frames, view.filters.only(WORK.dimensions), view.as_of, AHEAD)
    order = pl.col("work_type").replace_strict({name: place for place, name in enumerate(CHANGES)}, return_dtype=pl.Int64)
    return found.filter(pl.col("work_type").is_in([*CHANGES])).sort("due_date", order)


def sentence(found: pl.DataFrame, as_of: dt.date) -> str:
    """Name the next date, the kinds of work that it is of, and whose duty it is and which right changes then (of the first kind)."""
    what = "legal date of a notice, protest or disclosure"
    if found.is_empty():
        return f"No {what} of this choice lies in the {AHEAD} days from {format.date(as_of)}."
    day: dt.date = found["due_date"][0]
    left = (day - as_of).days
    when = "the day of the data" if left == 0 else f"{plural(left, 'day')} after the data"
    kinds = found.filter(due_date=day)
    first = kinds.row(0, named=True)
    others = int(kinds["reviews_count"][1:].sum())
    more = f", and {plural(others, 'review')} of other kinds" if others else ""
    whose = "CBP’s" if first["work_type"] == "protest" else "the importer’s"
    return (
        f"Next {what}: {format.date(day)}, {when}: {codes.WORK_TYPES[first['work_type']]}, {plural(first['reviews_count'], 'review')}, "
        f"{whose} to keep{more}. "
        f"If nothing is done, {CHANGES[first['work_type']]}."
    )


def line(view: View) -> str:
    """Write the line, with the way to all legal dates for those who see single records."""
    found = rows(view)
    said = f"<span>{escape(sentence(found, view.as_of))}</span>"
    if view.source.scope.role.rows == "none":
        return f'<p class="cl-next">{said}</p>'
    soon = found.height and (found["due_date"][0] - view.as_of).days <= 7
    query = view.filters.to_query() | {"within": "7" if soon else "30"}
    link = f'<a href="{escape(session.address("work_list", query))}" target="_self">All legal dates</a>'
    return f'<p class="cl-next">{said} {link}</p>'
