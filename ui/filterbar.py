"""The strip of filters above every page, the sentence of what is shown, and the notices of what was left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import streamlit as st

from analytics import periods
from analytics.filters import DIMENSIONS, FIXED_LABELS, Filters, Labels, Reading, read
from ui import session

_CUSTOM: Final = "custom"

#: What an empty choice of each filter says.
_ALL: Final[dict[str, str]] = {
    "center": "All Centers and ports",
    "industry": "All industries",
    "port": "All ports of entry",
    "program": "All programs",
    "entry_type": "All entry types",
    "mode": "All modes",
    "work_type": "All work types",
}


def presets(first: dt.date, as_of: dt.date) -> dict[str, tuple[str, dt.date, dt.date]]:
    """List the periods on offer: key -> label, first and last day; the first one is where a reader starts."""
    last_month = periods.month_start(as_of)
    choices = {
        "12m": ("Last 12 months", periods.months_back(last_month, 11), as_of),
        "3m": ("Last 3 months", periods.months_back(last_month, 2), as_of),
    }
    for year in range(periods.fiscal_year(as_of), periods.fiscal_year(first) - 1, -1):
        start, end = periods.fiscal_year_start(year), min(periods.fiscal_year_start(year + 1) - dt.timedelta(days=1), as_of)
        choices[f"fy{year}"] = (f"Fiscal year {year}" + (" to date" if end == as_of and end.month != 9 else ""), max(start, first), end)
    choices["all"] = ("All dates", first, as_of)
    return choices


def read_filters(labels: Labels, dimensions: Sequence[str], first: dt.date, as_of: dt.date) -> Reading:
    """Read the session's filters as this page can use them, with a period always set."""
    query = session.query()
    known = {**FIXED_LABELS, **labels}
    reading = read(query, known, [name for name in DIMENSIONS if name in labels])
    _, start, end = presets(first, as_of)["12m"]
    filters, notices = reading.filters, list(reading.notices)
    if (filters.from_date or first) > as_of or (filters.to_date or as_of) < first:
        notices.append("The period lies outside the data; the last 12 months are shown instead.")
        filters = filters.between(None, None)
    if filters.from_date is None and filters.to_date is None:
        filters = filters.between(start, end)
    else:
        filters = filters.between(max(filters.from_date or first, first), min(filters.to_date or as_of, as_of))
    return Reading(filters.only(dimensions), tuple(notices))


def draw(labels: Labels, dimensions: Sequence[str], first: dt.date, as_of: dt.date, *, period: bool = True) -> Reading:
    """Draw the strip and return the filters in force on this page.

    A filter that this page does not use, the period among them, keeps its value for the pages that do.
    """
    reading = read_filters(labels, dimensions, first, as_of)
    query = session.query()
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        filters = _period(reading.filters, first, as_of) if period else reading.filters
        for name in dimensions:
            filters = filters.keeping(name, _choice(name, filters.kept(name), labels[name]))
        narrowed = bool(filters.used)
        if narrowed:
            st.button("Clear filters", key="clear_filters", on_click=_clear, args=(tuple(dimensions),))
    kept_elsewhere = {name: value for name, value in query.items() if name in DIMENSIONS and name not in dimensions and name in labels}
    session.remember(filters.to_query() | kept_elsewhere)
    return Reading(filters, reading.notices)


def _choice(name: str, kept: Sequence[str], known: Mapping[str, str]) -> list[str]:
    key = f"filter_{name}"
    if key not in st.session_state:
        st.session_state[key] = list(kept)
    chosen: list[str] = st.multiselect(
        DIMENSIONS[name][2], list(known), format_func=lambda code: known.get(code, code), key=key, placeholder=_ALL[name]
    )
    return chosen


def _period(filters: Filters, first: dt.date, as_of: dt.date) -> Filters:
    choices = presets(first, as_of)
    at_hand = (filters.from_date, filters.to_date)
    current = next((key for key, (_, start, end) in choices.items() if (start, end) == at_hand), _CUSTOM)
    if "filter_period" not in st.session_state:
        st.session_state["filter_period"] = current
    chosen = st.selectbox(
        "Period", [*choices, _CUSTOM], format_func=lambda key: "Choose dates…" if key == _CUSTOM else choices[key][0], key="filter_period"
    )
    if chosen != _CUSTOM:
        return filters.between(*choices[chosen][1:])
    return _dates(filters, first, as_of)


def _dates(filters: Filters, first: dt.date, as_of: dt.date) -> Filters:
    """Let the reader choose both days; while only one is chosen the period stays as it was."""
    if "filter_dates" not in st.session_state:
        st.session_state["filter_dates"] = (filters.from_date, filters.to_date)
    days = st.date_input("First and last day", key="filter_dates", min_value=first, max_value=as_of, format="MM/DD/YYYY")
    if isinstance(days, tuple) and len(days) == 2:
        return filters.between(*days)
    return filters


def _clear(dimensions: Sequence[str]) -> None:
    """Loosen every filter of the strip but the period."""
    for name in dimensions:
        st.session_state[f"filter_{name}"] = []


def notices(lines: Sequence[str]) -> None:
    """Show what was left out, once, above the page."""
    if lines:
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        st.html(f'<ul class="cl-notices" role="status">{items}</ul>')
