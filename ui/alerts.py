"""Alerts at the top of a page: a short list, worst first, each with the Center and where to look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from html import escape
from pathlib import Path
from typing import Final, Protocol

import polars as pl
import streamlit as st

from analytics import alertrules, alerts, format
from analytics.exc import ConfigError
from analytics.filters import DIMENSIONS
from analytics.metrics import METRICS
from analytics.rollups import Frames
from analytics.scope import Scope
from ui import legaldates, session
from ui.board.seen import SEEN
from ui.cards.shared import listed, plural
from ui.frame import View

#: Alerts that are shown before the reader asks for more.
SHOWN: Final = 3

_PAGES: Final = {
    "workload": "Workload", "work_list": "Work list", "service": "Service", "people": "People", "compliance": "Compliance",
    "feedback": "Feedback",
}  # fmt: skip

#: Metric -> the choice of the work list that holds what it counts.
_WITHIN: Final = {"past_due": "past_due", "past_due_value_usd": "past_due", "past_due_duty_usd": "past_due", "due_within_30": "due_30"}
_WORDS: Final = {"act": "Act", "watch": "Watch"}


class Source(Protocol):
    """What alerts ask of a snapshot."""

    scope: Scope

    @property
    def frames(self) -> Frames:
        """Rollups, already cut to the scope."""

    @property
    def alerts_file(self) -> Path | None:
        """File of the rules; null for those that come with Centerline."""


def draw(view: View, source: Source, provisional: Collection[dt.date] = ()) -> None:
    """Draw the alerts of the Centers that the filters leave, the reader's own first.

    Args:
        view: The page's question.
        source: The snapshot.
        provisional: First days of months that are known to be incomplete; no signal is seen in them.
    """
    path = source.alerts_file
    changed = path.stat().st_mtime_ns if path and path.exists() else 0
    key = ("alerts", view.question, str(path), changed, tuple(provisional))
    try:
        written, _ = SEEN.get(key, lambda: (page(view, found(view, source, provisional)).encode(), ()))
    except ConfigError as error:
        # The page has its own figures; nobody may take the missing list for a quiet day.
        written = f'<section class="cl-alerts" role="alert"><h2>Alerts cannot be judged</h2><p>{escape(str(error))}</p></section>'.encode()
    st.html(written.decode())


def found(view: View, source: Source, provisional: Collection[dt.date] = ()) -> pl.DataFrame:
    """Judge the rules under the page's filters (`analytics.alerts.evaluate`)."""
    scope = source.scope
    return alerts.evaluate(
        source.frames,
        alertrules.load(source.alerts_file),
        view.filters,
        view.as_of,
        first_date=view.source.first_date,
        targets=view.targets,
        write=format.number,
        reach=scope.role.dimensions,
        own=scope.centers,
        provisional=provisional,
    )


def page(view: View, rows: pl.DataFrame) -> str:
    """Write the list, each item with the way to the page that shows more, narrowed to its Center; and under it the next legal date."""
    items = [_item(view, row) for row in rows.iter_rows(named=True)]
    more = (
        f'<details class="cl-more"><summary>{len(items) - SHOWN} more</summary><ul>{"".join(items[SHOWN:])}</ul></details>'
        if len(items) > SHOWN
        else ""
    )
    listed = f"<ul>{''.join(items[:SHOWN])}</ul>{more}" if items else ""
    state = "cl-alerts" if "act" in rows["severity"] else "cl-alerts cl-quiet"
    return f'<section class="{state}" aria-label="Alerts"><h2>{escape(heading(rows))}</h2>{listed}{legaldates.line(view)}</section>'


def heading(rows: pl.DataFrame) -> str:
    """Say how many alerts there are, how many of them ask for action, and of which Centers."""
    if rows.is_empty():
        return "No alert: nothing has passed the limit of a rule"
    acts = rows.filter(pl.col("severity") == "act").height
    where = plural(rows["center"].n_unique(), "Center")
    if not acts:
        return f"{plural(rows.height, 'alert')} at {where}; none asks for action now"
    return f"{plural(rows.height, 'alert')} at {where}; {acts} {'asks' if acts == 1 else 'ask'} for action"


def _item(view: View, row: dict[str, str]) -> str:
    target = "workload" if row["page"] == "work_list" and view.source.scope.role.rows == "none" else row["page"]
    if target == "workload" and view.filters.centers == (row["center"],):
        where = "<span>below</span>"
    else:
        where = f'<a href="{escape(_address(view, target, row))}" target="_self">{_PAGES[target]}</a>'
    return (
        f'<li class="cl-alert cl-{row["severity"]}" data-alert="{escape(row["rule"])}"><span class="cl-state">{_WORDS[row["severity"]]}</span>'
        f'<strong>{escape(view.label("center", row["center"]))}</strong><span class="cl-said">{escape(row["words"])}{escape(untouched(view, row["metric"]))}</span>{where}</li>'
    )


def untouched(view: View, metric_id: str) -> str:
    """Say which of the chosen filters do not narrow an alert, because what it judges is not known by them; empty when all do."""
    names = [DIMENSIONS[name][2].lower() for name in view.filters.used if name not in METRICS[metric_id].dimensions]
    return f" (whatever the {listed(names)})" if names else ""


def _address(view: View, page_id: str, row: dict[str, str]) -> str:
    """Return the address of a page, narrowed to a Center and, on the work list, to what the alert counts."""
    within = {"within": _WITHIN[row["metric"]]} if page_id == "work_list" and row["metric"] in _WITHIN else {}
    query = view.filters.keeping("center", [row["center"]]).to_query() | within
    return session.address(page_id, query)
