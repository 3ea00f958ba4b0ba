"""A list of single records on screen: its caption, its export, which is written down, and the row that the reader opens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics import format
from ui import filterbar, session
from ui.cards.shared import plural
from ui.charts.text import text_width
from ui.frame import View
from ui.sheet import csv_of, with_units

#: Rows on screen; the export has all.
SHOWN: Final = 500


def listing(
    view: View,
    rows: pl.DataFrame,
    heads: Mapping[str, str],
    special: Mapping[str, Any],
    *,
    name: str,
    noun: str,
    order: str,
    sentence: str,
    opens: tuple[str, str],
    record: Callable[[str, str], None],
) -> None:
    """Draw a list with its export; the row that the reader chooses is opened.

    Args:
        view: The page's question.
        rows: What is listed, in order; columns are those of `heads`.
        heads: Column -> heading.
        special: Column -> Streamlit's column, where it is more than its heading.
        name: Name of the list in exports and in the audit trail, such as `work_list`.
        noun: What a row is.
        order: What is said of the order after the number of rows; may be empty.
        sentence: What the list shows, for its export.
        opens: Column of the record's id, and the page's parameter that opens it.
        record: Writes an export down: action and detail.
    """
    caption = f"The first {format.count(SHOWN)} of {plural(rows.height, noun)}" if rows.height > SHOWN else plural(rows.height, noun)
    said = ", ".join(filter(None, (caption, order)))
    stamp = view.stamp()
    with st.container(horizontal=True, key="worklist_head", vertical_alignment="center"):
        hint = f'<span class="cl-slide-hint"> The list has {len(heads)} columns: slide it sideways.</span>'
        st.html(f'<p class="cl-caption">{escape(said)}. Choose a row to open it.{hint}</p>')
        lines = [sentence, f"As of {stamp.as_of}, data version {stamp.version}", *(["Synthetic data"] if stamp.synthetic else [])]
        st.download_button(
            "Download all as CSV",
            lambda: csv_of(rows, with_units(heads), lines),
            file_name=f"centerline-{name.replace('_', '-')}-{view.as_of.isoformat()}.csv",
            mime="text/csv",
            key=f"{name}_csv",
            on_click=lambda: record("export", f"{name} {rows.height} rows {session.query()}"),
        )
    column, parameter = opens
    shown = rows.head(SHOWN)
    # A choice of a row must not outlive its list: Streamlit keeps it by the place of the row.
    listed = hashlib.blake2b("\n".join(shown[column].cast(pl.String).to_list()).encode(), digest_size=6).hexdigest()
    event = st.dataframe(
        shown,
        hide_index=True,
        column_config={column: special.get(column, head) for column, head in heads.items()},
        on_select="rerun",
        selection_mode="single-row",
        key=f"{name}_rows_{listed}",
        height=440,
        placeholder=format.NONE,
        alt=f"{name.replace('_', ' ').capitalize()}: {said}.",
    )
    chosen = event["selection"]["rows"]
    if chosen and chosen[0] < shown.height:
        session.keep_own(parameter, str(shown[column][chosen[0]]))


def head_width(head: str, least: int = 75) -> int:
    """Return the pixels of a column whose heading, which cannot take two lines, must not be cut."""
    return max(least, round(text_width(head, 14)) + 34)


def own_centers(view: View, what: str) -> View:
    """Narrow a view to the reader's own Centers, where they reach the records of these alone, and say so when they chose others."""
    filters, scope = view.filters, view.source.scope
    if scope.role.rows != "own":
        return view
    mine = tuple(code for code in filters.centers if code in scope.centers) or scope.centers
    notices = view.notices
    if set(filters.centers) != set(mine):
        notices = (*notices, f"{what} are shown of your own Center only.")
    return replace(view, filters=filters.keeping("center", mine), notices=notices)


def nothing(words: str) -> None:
    """Say that the list is empty, and what to loosen."""
    st.html(f'<section class="cl-list"><p>{escape(words)}</p></section>')


def not_there(kind: str, name: str) -> None:
    """Say that the record in the address is not one that the reader reaches."""
    filterbar.notices([missing(kind, name)])


def missing(kind: str, name: str) -> str:
    """Write that a record is not one that the reader reaches."""
    return f"There is no {kind} “{name[:40]}” that your role reaches."
