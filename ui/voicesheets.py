"""The spreadsheet of a meeting on screen: an empty one to fill, a preview of what would be taken and refused, and taking it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics import format, voicewords
from analytics.exc import CenterlineError
from ui.cards.shared import plural
from ui.lists import table
from ui.voices import Desk

_SHOWN: Final = 20
_TAKEN: Final = "centerline.sheet_taken"
_SEEN: Final = "centerline.sheet_seen"
#: Name and bytes of the file that is looked at: it stays until the reader takes it or puts it away.
_KEPT: Final = "centerline.sheet_kept"
_TURN: Final = "centerline.sheet_turn"
_OPENED: Final = "centerline.sheet_opened"
_TEMPLATE: Final = "feedback_template"
_AWAY: Final = "Put this file away"
_LISTED: Final = ("group_code", "received_date", "organization_code", "kind", "topic", "statement", "status")


def draw(desk: Desk) -> None:
    """Draw the import of a meeting's spreadsheet, for those who may write."""
    if not desk.writes:
        return
    field = f"feedback_sheet_{st.session_state.setdefault(_TURN, 0)}"
    words, kept = st.session_state.pop(_TAKEN, ""), st.session_state.get(_KEPT)
    # It stays open while the reader is at it; who comes from another page finds it open for a file that waits.
    here = _TEMPLATE in st.session_state and st.session_state.get(_OPENED, False)
    st.session_state[_OPENED] = bool(words or kept or here)
    with st.expander("Take feedback from a meeting's spreadsheet", expanded=st.session_state[_OPENED]):
        if words:
            st.success(words)
        st.download_button(
            "Download an empty spreadsheet", desk.template, file_name="centerline-feedback.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", key=_TEMPLATE,
        )  # fmt: skip
        label = "Spreadsheet (XLSX or CSV)" if kept is None else "Another spreadsheet instead (XLSX or CSV)"
        st.file_uploader(label, ["xlsx", "csv"], key=field, on_change=_choose, args=(field,))
        if kept is not None:
            _judge(desk, *kept)


def _choose(field: str) -> None:
    """Keep the chosen file, and empty the field: it would forget the file when a file dialog is closed or the page is left."""
    uploaded = st.session_state[field]
    if uploaded is not None:
        st.session_state[_KEPT] = (uploaded.name, uploaded.getvalue())
        st.session_state[_TURN] += 1


def _put_away() -> None:
    """Forget the file that is looked at."""
    for name in (_KEPT, _SEEN):
        st.session_state.pop(name, None)


def _judge(desk: Desk, name: str, content: bytes) -> None:
    """Show what would become of a spreadsheet, until the reader takes it or puts it away."""
    try:
        seen = desk.preview(name, content)
    except CenterlineError as error:
        st.error(f"{name}: {error}" if name not in str(error) else str(error))
        st.button(_AWAY, on_click=_put_away, key="feedback_away")
        return
    st.html(_verdict(name, seen) + _refused(seen.refused) + _changed(seen.changes) + _taken(seen.taken))
    for notice in seen.notices:
        st.info(notice)
    label = f"Take {plural(seen.taken.height, 'row')}" + (
        f", keep {format.count(seen.refused_rows)} in quarantine" if seen.refused_rows else ""
    )
    # A click comes with the preview of the run before: what the reader saw, and not what stands there by now.
    shown = st.session_state.get(_SEEN)
    looked = shown[1] if shown and shown[0] == content else seen.seen
    st.session_state[_SEEN] = (content, seen.seen)
    with st.container(horizontal=True):
        taken = seen.read and st.button(label, type="primary", key="feedback_take")
        st.button(_AWAY, on_click=_put_away, key="feedback_away")
    if taken:
        _take(desk, name, content, looked)


def _take(desk: Desk, name: str, content: bytes, seen: pl.DataFrame) -> None:
    try:
        result = desk.take(name, content, seen)
    except CenterlineError as error:
        st.error(str(error))
        return
    if result.already_loaded:
        words = "This file was taken before; nothing has changed."
    else:
        words = f"{plural(result.added, 'new piece')} and {plural(result.replaced, 'changed one')} taken from {name}"
        words += (
            f"; {plural(result.rejected, 'row waits', 'rows wait')} in quarantine, which Data health lists." if result.rejected else "."
        )
    st.session_state[_TAKEN] = words
    _put_away()
    st.rerun()


def _verdict(name: str, seen: Any) -> str:
    fresh = seen.taken.height - seen.known
    words = f"{plural(seen.read, 'row')} read: {format.count(fresh)} new, {format.count(seen.known)} there already"
    if seen.known:
        words += f" ({format.count(seen.changed)} of them changed)"
    refused = (
        f", {format.count(seen.refused_rows)} refused. Nothing is written yet."
        if seen.refused_rows
        else ", none refused. Nothing is written yet."
    )
    return f'<p class="cl-caption"><strong>{escape(name)}: {words}{refused}</strong></p>'


def _refused(refused: pl.DataFrame) -> str:
    if refused.is_empty():
        return ""
    rows = [
        (row["row"], row["column"] or "whole row", row["value"] or "–", row["message"]) for row in refused.head(100).iter_rows(named=True)
    ]
    return table("Refused rows and what to do", ("Row", "Column", "Value", "What to do"), rows, empty="")


def _changed(changes: pl.DataFrame) -> str:
    """Draw what the file would change of pieces that are there already; an empty cell changes nothing."""
    if changes.is_empty():
        return ""
    rows = [(row["row"], row["feedback_id"], row["column"], row["before"], row["after"]) for row in changes.iter_rows(named=True)]
    return table("What would change of pieces that are there already", ("Row", "Feedback", "Column", "Before", "After"), rows, empty="")


def _taken(taken: pl.DataFrame) -> str:
    heads = ("Row", *(voicewords.HEADS[name] for name in _LISTED))
    rows = [_cells(row) for row in taken.head(_SHOWN).iter_rows(named=True)]
    title = "Rows that would be taken" + (f", the first {_SHOWN}" if taken.height > _SHOWN else "")
    return table(title, heads, rows, empty="None.")


def _cells(row: Mapping[str, Any]) -> Iterable[object]:
    return (row["row"], *(voicewords.written(name, row[name]) for name in _LISTED))
