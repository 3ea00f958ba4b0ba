"""The form of a piece of feedback: to record, edit and answer it. What was typed stays until it is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics import voicewords
from analytics.exc import CenterlineError
from analytics.metrics import METRICS
from ui import session
from ui.frame import View
from ui.voices import Desk

_STATE: Final = "centerline.feedback_form"
_DONE: Final = "centerline.feedback_done"
_NEW: Final = "new"
_LONG: Final = ("statement", "response")
_DATES: Final = ("received_date", "target_date", "responded_date", "closed_date", "effective_date")
_NUMBERS: Final[dict[str, tuple[int, int | None]]] = {"severity": (1, 5), "support_count": (0, None), "satisfaction": (1, 5)}
_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
_HELP: Final = {
    "organization_code": "An anonymous code such as ORG-012; never a name.",
    "ports": "Codes of four digits, with commas.",
    "chapters": "Two digits each, with commas.",
    "effective_date": "From this day on the linked number is held against the months before.",
    "linked_center_code": "Empty: all Centers and ports.",
    "linked_work_type": "Empty: all work types.",
    "evidence": "Document, page or address where what was done can be seen.",
}


def told(desk: Desk) -> None:
    """Say once what was saved in the run before, and that the record cannot be reached, if so."""
    if desk.fault:
        st.warning(desk.fault)
    words = st.session_state.pop(_DONE, "")
    if words:
        st.success(words)


def edit(view: View, desk: Desk, row: Mapping[str, Any]) -> None:
    """Draw the form of a piece that is open, for those who may write it."""
    if not desk.may_write(row["center_code"]):
        return
    opened = st.session_state.get(_STATE)
    if opened is None or opened["id"] != row["feedback_id"]:
        opened = {"id": row["feedback_id"], "seen": row["load_id"], "round": (opened or {"round": 0})["round"] + 1}
        st.session_state[_STATE] = opened
    with st.form(f"feedback_form_{opened['id']}_{opened['round']}"):
        st.html(f"<h2>Answer or edit {escape(row['feedback_id'])}</h2>")
        typed = _fields(view, desk, row, f"fb_{opened['id']}_{opened['round']}")
        if st.form_submit_button("Save", type="primary"):
            _save(desk, {**row, **typed}, opened)


def new(view: View, desk: Desk, as_of: dt.date) -> None:
    """Draw the form of a new piece, for those who may write."""
    if not desk.writes:
        return
    turn = st.session_state.setdefault("centerline.feedback_new", 0)
    blank: dict[str, Any] = dict.fromkeys(voicewords.HEADS) | {**voicewords.DEFAULTS, "received_date": as_of, "is_public": False}
    with st.expander("Record a new piece of feedback"), st.form(f"feedback_new_{turn}"):
        typed = _fields(view, desk, blank, f"fb_{_NEW}_{turn}", said_first=True)
        if st.form_submit_button("Record", type="primary"):
            _save(desk, {**blank, **typed}, {"id": "", "seen": None, "round": turn})


def _save(desk: Desk, values: dict[str, Any], opened: dict[str, Any]) -> None:
    """Save what was typed and show it; what is wrong is said beside the form, which keeps what was typed."""
    first = opened["seen"] is None
    answered = not first and values["response"] and values["response"] != _response_of(desk, opened["id"])
    action = "create" if first else "answer" if answered else "edit"
    try:
        saved = desk.save({name: values.get(name) for name in voicewords.HEADS}, seen=opened["seen"], action=action)
    except CenterlineError as error:
        faults = getattr(error, "faults", ())
        words = [f"**{voicewords.HEADS.get(fault.column, fault.column)}**: {fault.message}" for fault in faults] or [str(error)]
        st.error("Nothing was saved.\n\n" + "\n".join(f"- {word}" for word in words))
        _seen_again(desk, opened)
        return
    st.session_state[_STATE] = {"id": "", "seen": None, "round": opened["round"] + 1}
    if first:
        st.session_state["centerline.feedback_new"] = opened["round"] + 1
    st.session_state[_DONE] = f"{saved} is saved. Its history says who and when."
    session.keep_own("feedback", saved)
    st.rerun()


def _response_of(desk: Desk, feedback_id: str) -> str | None:
    mine = desk.rows.filter(pl.col("feedback_id") == feedback_id)
    return mine["response"][0] if mine.height else None


def _seen_again(desk: Desk, opened: dict[str, Any]) -> None:
    """After a warning that others have saved meanwhile, their values stand above the form: the next save is meant."""
    mine = desk.rows.filter(pl.col("feedback_id") == opened["id"])
    if mine.height and opened["seen"] is not None:
        st.session_state[_STATE] = {**opened, "seen": mine["load_id"][0]}


def _fields(view: View, desk: Desk, row: Mapping[str, Any], key: str, *, said_first: bool = False) -> dict[str, Any]:
    """Draw all fields, what came of it first for a piece that is there; return what stands in them."""
    names = ["What was said", "What came of it"]
    parts: list[tuple[str, ...]] = [voicewords.SAID, voicewords.ANSWERED]
    if not said_first:
        names, parts = names[::-1], parts[::-1]
    typed: dict[str, Any] = {}
    for tab, columns in zip(st.tabs(names), parts, strict=True):
        with tab:
            for name in columns:
                if name in _LONG:
                    typed[name] = _field(view, desk, name, row[name], f"{key}_{name}")
            for place, name in enumerate(name for name in columns if name not in _LONG):
                if place % 3 == 0:
                    three = st.columns(3)
                with three[place % 3]:
                    typed[name] = _field(view, desk, name, row[name], f"{key}_{name}")
    return typed


def _field(view: View, desk: Desk, name: str, value: Any, key: str) -> Any:
    """Draw the field of a column; return what stands in it."""
    label, tip = voicewords.HEADS[name], _HELP.get(name)
    if name in _LONG:
        return st.text_area(label, value or "", key=key, max_chars=2000)
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
        return st.text_input(label, key=key, help=tip, max_chars=400)
    options = [*choices, *([value] if value is not None and value not in choices else [])]
    return st.selectbox(label, options, None, format_func=lambda code: choices.get(code, str(code)), key=key, help=tip, placeholder="None")


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
