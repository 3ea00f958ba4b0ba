"""The form of a piece of feedback: to record, edit and answer it. What was typed stays until it is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics import voicewords
from analytics.exc import CenterlineError
from analytics.metrics import METRICS
from ui import drafts, session
from ui.drafts import Draft
from ui.frame import View
from ui.voices import Desk

#: Tab of the form -> columns that have a field there.
_TABS: Final = {"What was said": voicewords.SAID, "What came of it": voicewords.ANSWERED}
_LONG: Final = ("statement", "response")
_DATES: Final = ("received_date", "target_date", "responded_date", "closed_date", "effective_date")
_NUMBERS: Final[dict[str, tuple[int, int | None]]] = {"severity": (1, 5), "support_count": (0, None), "satisfaction": (1, 5)}
_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
#: What to write for who said something.
ANONYMOUS: Final = "An anonymous code such as ORG-012; never a name."
_HELP: Final = {
    "organization_code": ANONYMOUS,
    "ports": "Codes of four digits, with commas.",
    "chapters": "Two digits each, with commas.",
    "effective_date": "From this day on the linked number is held against the months before.",
    "linked_center_code": "Empty: all Centers and ports.",
    "linked_work_type": "Empty: all work types.",
    "evidence": "Document, page or address where what was done can be seen.",
}


def told(desk: Desk) -> None:
    """Say that the record cannot be reached, if so, and that a piece was saved which the reader is not shown."""
    if desk.fault:
        st.warning(desk.fault)
    if words := drafts.said(drafts.ABOVE):
        st.success(words)


def edit(view: View, desk: Desk, row: Mapping[str, Any]) -> None:
    """Draw the form of a piece that is open, for those who may write it."""
    if not desk.may_write(row["center_code"]):
        return
    draft = drafts.over("feedback", row["feedback_id"], row, _LONG[0])
    with st.form(f"form_{draft.key}"):
        st.html(f"<h2>Answer or edit {escape(draft.record)}</h2>")
        typed = _fields(view, desk, draft, ("What came of it", "What was said"))
        drafts.verdict(draft, voicewords.HEADS, _TABS)
        if st.form_submit_button("Save", type="primary"):
            answered = typed["response"] and typed["response"] != draft.values["response"]
            _save(desk, {**draft.values, **typed}, draft, "answer" if answered else "edit")


def new(view: View, desk: Desk, as_of: dt.date) -> None:
    """Draw the form of a new piece, for those who may write."""
    if not desk.writes:
        return
    blank: dict[str, Any] = dict.fromkeys(voicewords.HEADS) | {**voicewords.DEFAULTS, "received_date": as_of, "is_public": False}
    groups = _choices(view, desk, "group_code") or {}
    blank["group_code"] = next(iter(groups)) if len(groups) == 1 else None
    draft = drafts.over("feedback_new", "", blank, _LONG[0])
    with st.expander("Record a new piece of feedback"), st.form(f"form_{draft.key}"):
        typed = _fields(view, desk, draft, tuple(_TABS))
        drafts.verdict(draft, voicewords.HEADS, _TABS)
        if st.form_submit_button("Record", type="primary"):
            _save(desk, {**draft.values, **typed}, draft, "create")


def _save(desk: Desk, values: dict[str, Any], draft: Draft, action: str) -> None:
    """Save what was typed and show it; what is wrong is said at its field, and the form keeps what was typed."""
    try:
        key = desk.save({name: values.get(name) for name in voicewords.HEADS}, seen=draft.seen, action=action)
    except CenterlineError as error:
        drafts.refused(desk, draft, "feedback", error, voicewords.HEADS)
        return
    if key not in desk.rows["feedback_id"]:
        session.keep_own("feedback", "")
        drafts.saved(draft, f"{key} is saved. It is not public, so your role does not list it.", at=drafts.ABOVE)
    session.keep_own("feedback", key)
    drafts.saved(draft, f"{key} is saved. Its history says who and when.", at="feedback")


def _fields(view: View, desk: Desk, draft: Draft, names: tuple[str, ...]) -> dict[str, Any]:
    """Draw all fields in their tabs, each with what is wrong with it; return what stands in them."""
    typed: dict[str, Any] = {}

    def field(name: str) -> None:
        typed[name] = _field(view, desk, name, draft.values[name], f"{draft.key}_{name}")
        drafts.fault(draft, name)

    for tab, columns in zip(_tabs(draft, names), (_TABS[name] for name in names), strict=True):
        with tab:
            for name in columns:
                if name in _LONG:
                    field(name)
            for place, name in enumerate(name for name in columns if name not in _LONG):
                if place % 3 == 0:
                    three = st.columns(3)
                with three[place % 3]:
                    field(name)
    return typed


def _tabs(draft: Draft, names: tuple[str, ...]) -> Sequence[Any]:
    """Draw the tabs; those with something to mend say so, and the first of them is open."""
    many = [sum(column in draft.faults for column in _TABS[name]) for name in names]
    labels = [f"{name} ({count} to mend)" if count else name for name, count in zip(names, many, strict=True)]
    first = next((label for label, count in zip(labels, many, strict=True) if count), None)
    return st.tabs(labels, default=first, key=f"{draft.key}_tabs")


def _field(view: View, desk: Desk, name: str, value: Any, key: str) -> Any:
    """Draw the field of a column; return what stands in it."""
    label, tip, needed = voicewords.HEADS[name], _HELP.get(name), "Needed" if name in voicewords.NEEDED else None
    if name in _LONG:
        return st.text_area(label, value or "", key=key, max_chars=2000, placeholder=needed)
    if name == "is_public":
        return st.checkbox("Public: may be shown to working groups", bool(value), key=key)
    # A field that begins empty can be emptied again, so what stands in it is put there by way of the session.
    if value is not None and key not in st.session_state:
        st.session_state[key] = int(value) if name in _NUMBERS else value
    if name in _DATES:
        return st.date_input(label, None, key=key, min_value=_EARLIEST, max_value=_LATEST, format="YYYY-MM-DD", help=tip)
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        return st.number_input(label, least, most, None, step=1, key=key)
    choices = _choices(view, desk, name)
    if choices is None:
        return st.text_input(label, key=key, help=tip, max_chars=400, placeholder=needed)
    options = [*choices, *([value] if value is not None and value not in choices else [])]
    return st.selectbox(
        label, options, None, format_func=lambda code: choices.get(code, str(code)), key=key, help=tip, placeholder=needed or "None"
    )


def _choices(view: View, desk: Desk, name: str) -> Mapping[str, str] | None:
    """Return what can be chosen for a column; null for one that is typed."""
    if name in voicewords.CODES:
        return voicewords.CODES[name]
    if name == "group_code":
        groups = desk.groups.filter(pl.col("center_code").map_elements(desk.may_write, return_dtype=pl.Boolean))
        return {row["group_code"]: view.label("center", row["center_code"]) for row in groups.iter_rows(named=True)}
    if name == "meeting_id":
        meetings = desk.meetings.filter(pl.col("center_code").map_elements(desk.may_write, return_dtype=pl.Boolean))
        return {
            row["meeting_id"]: f"{view.label('center', row['center_code'])}, {row['meeting_date']}"
            for row in meetings.iter_rows(named=True)
        }
    if name == "linked_metric_id":
        return {metric.id: metric.name for metric in METRICS.values()}
    if name == "linked_center_code":
        return {code: words for code, words in view.labels["center"].items() if code != "PORT"}
    return None
