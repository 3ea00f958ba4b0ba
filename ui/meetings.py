"""Meetings of the working groups on screen: agenda, who was there, what was promised; and naming the themes of what was said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics import codes, format
from analytics.exc import CenterlineError
from ui import drafts, session, voiceforms, voices
from ui.cards.shared import plural
from ui.drafts import Draft
from ui.frame import View
from ui.lists import table
from ui.voices import Desk

_DAYS: Final[dict[str, Any]] = {"min_value": dt.date(2000, 1, 1), "max_value": dt.date(2099, 12, 31), "format": "YYYY-MM-DD"}
#: The meeting that was just recorded, which is opened.
_OPEN: Final = "centerline.meeting_open"
_LEFT_OUT: Final = (
    '<p class="cl-caption">Segments of fewer than three organisations are left out; how many came in all is told only where everybody is '
    "listed.</p>"
)
#: Column of a meeting or a promise -> its name on screen.
_HEADS: Final = {
    "group_code": "Working group", "meeting_date": "Day", "title": "Title", "agenda": "Agenda", "location": "Place",
    "attendance_count": "People present", "task": "What is promised", "owner": "Owner", "due_date": "Due", "done_date": "Done",
    "feedback_id": "Feedback", "meeting_id": "Meeting", "organization_code": "Organisation (code)", "segment": "Segment", "people_count": "People it sent",
}  # fmt: skip


def draw(view: View, desk: Desk) -> None:
    """Draw the meetings of the chosen Centers; the one that the reader chooses is opened."""
    meetings = desk.meetings.filter(view.filters.only(["center"]).predicate(["center"]))
    with st.expander("Meetings: agenda, attendance, follow-ups", expanded=bool(session.own("meeting"))):
        chosen = _chosen(view, meetings)
        if chosen:
            _opened(view, desk, meetings.filter(pl.col("meeting_id") == chosen).row(0, named=True))
        _new(view, desk)


def _chosen(view: View, meetings: pl.DataFrame) -> str:
    if meetings.is_empty():
        st.html('<p class="cl-caption">No meeting of these groups is recorded.</p>')
        return ""
    names = {row["meeting_id"]: _name(view, row) for row in meetings.iter_rows(named=True)}
    given, new = session.own("meeting"), st.session_state.pop(_OPEN, None)
    index = list(names).index(given) if given in names and not new else None
    if new in names:
        st.session_state["meeting_choice"] = new
    chosen = st.selectbox(
        "Meeting", list(names), index, format_func=lambda key: names[key], key="meeting_choice", placeholder="Choose a meeting"
    )
    session.keep_own("meeting", chosen or "")
    return chosen or ""


def _name(view: View, row: Mapping[str, Any]) -> str:
    return f"{view.label('center', row['center_code'])} · {format.date(row['meeting_date'])} · {row['title']}"


def _opened(view: View, desk: Desk, meeting: Mapping[str, Any]) -> None:
    present, promised = desk.attendance(meeting["meeting_id"]), desk.follow_ups(meeting["meeting_id"])
    said = desk.rows.filter(pl.col("meeting_id") == meeting["meeting_id"]).height
    people = how_many(meeting["attendance_count"], int(present["people"].sum()))
    facts = " · ".join(filter(None, (meeting["location"] or "Place not recorded", people, f"{plural(said, 'piece')} of individual input")))
    agenda = "<br>".join(escape(line) for line in (meeting["agenda"] or "").splitlines())
    who = [(codes.SEGMENTS[row["segment"]], row["organizations"], row["people"]) for row in present.iter_rows(named=True)]
    st.html(
        f'<section class="cl-list"><h2>{escape(_name(view, meeting))}</h2><p>{escape(facts)}</p>'
        + (f"<p>{agenda}</p>" if agenda else "")
        + "</section>"
        + table(
            "Attendance",
            ("Segment", "Organisations", "People"),
            who,
            empty="Nobody is recorded." if desk.every_segment else "Nobody is recorded, or fewer than three organisations of any segment.",
        )
        + ("" if desk.every_segment else _LEFT_OUT)
        + table(
            "Follow-ups",
            ("Follow-up", "Promise", "Feedback", "Owner", "Due", "Done"),
            _promises(view, promised),
            empty="Nothing was promised.",
        )
    )
    if desk.may_write(meeting["center_code"]):
        _edit(desk, meeting)
        _attended(desk, meeting["meeting_id"])
        _promise(desk, meeting, promised)


def how_many(present: int | None, listed: int) -> str:
    """Say how many people were at a meeting: the number that was recorded and the sum of those listed, both where they differ.

    Args:
        present: Number of people that was recorded for the meeting; null where none was, or where it is not told to the reader.
        listed: Sum of the attendance that is listed.
    """
    if present is None:
        return f"{plural(listed, 'person', 'people')} listed below" if listed else ""
    if present == listed:
        return plural(present, "person", "people")
    if not listed:
        return f"{format.count(present)} present; none of them listed below"
    if listed > present:
        return f"{format.count(present)} present, but {format.count(listed)} listed below: one of the two is wrong"
    return f"{format.count(present)} present; {format.count(listed)} of them listed below"


def _promises(view: View, rows: pl.DataFrame) -> list[tuple[object, ...]]:
    def done(row: Mapping[str, Any]) -> str:
        if row["done_date"]:
            return format.date(row["done_date"])
        return "overdue" if row["due_date"] and row["due_date"] < view.as_of else "open"

    return [
        (row["follow_up_id"], row["task"], row["feedback_id"] or "–", row["owner"] or "–", format.date(row["due_date"]), done(row))
        for row in rows.iter_rows(named=True)
    ]


def _edit(desk: Desk, meeting: Mapping[str, Any]) -> None:
    draft = drafts.over("meeting", meeting["meeting_id"], meeting, "agenda")
    was, key = draft.values, draft.key
    with st.form(f"form_{key}"):
        title = st.text_input("Title", was["title"], key=f"{key}_title", max_chars=200)
        drafts.fault(draft, "title")
        day = st.date_input("Day", was["meeting_date"], key=f"{key}_day", **_DAYS)
        drafts.fault(draft, "meeting_date")
        agenda = st.text_area("Agenda, one point a line", was["agenda"] or "", key=f"{key}_agenda", max_chars=2000)
        drafts.fault(draft, "agenda")
        place = st.text_input("Place", was["location"] or "", key=f"{key}_place", max_chars=200)
        drafts.fault(draft, "location")
        people = st.number_input("People present", 0, None, was["attendance_count"], step=1, key=f"{key}_people")
        drafts.fault(draft, "attendance_count")
        _verdict(draft, "title", "meeting_date", "agenda", "location", "attendance_count")
        if st.form_submit_button("Save meeting"):
            values = {**was, "title": title, "meeting_date": day, "agenda": agenda, "location": place, "attendance_count": people}
            _done(desk, draft, "meeting", lambda: desk.save_meeting(values, seen=draft.seen))
    _history(desk, "meeting", meeting["meeting_id"], "History of this meeting")


def _attended(desk: Desk, meeting_id: str) -> None:
    """Draw the form of an organisation's attendance: a new one, or that of the list that is chosen."""
    names = {row["organization_code"]: row for row in desk.attendees(meeting_id).iter_rows(named=True)}
    chosen = st.selectbox("Attendance to change", ["", *names], format_func=lambda code: code or "A new one", key=f"attended_{meeting_id}")
    draft = drafts.over(f"attendance_{meeting_id}", f"{meeting_id}|{chosen}" if chosen else "", names.get(chosen, {}), "segment")
    was, key, segments = draft.values, draft.key, list(codes.SEGMENTS)
    with st.form(f"form_{key}"):
        first, second, third = st.columns(3)
        code = chosen or first.text_input("Organisation (code)", key=f"{key}_code", max_chars=16, help=voiceforms.ANONYMOUS)
        segment = second.selectbox(
            "Segment", segments, segments.index(was["segment"]) if "segment" in was else None, format_func=codes.SEGMENTS.__getitem__,
            key=f"{key}_segment", placeholder="Choose a segment",
        )  # fmt: skip
        people = third.number_input("People it sent", 1, None, was.get("people_count", 1), step=1, key=f"{key}_people")
        if chosen:
            first.html(f"<p>{escape(chosen)}</p>")
        for place, column in ((first, "organization_code"), (second, "segment"), (third, "people_count")):
            with place:
                drafts.fault(draft, column)
        _verdict(draft, "organization_code", "segment", "people_count")
        if st.form_submit_button("Save attendance"):
            values = {"meeting_id": meeting_id, "organization_code": code, "segment": segment, "people_count": people}
            _done(desk, draft, "attendance", lambda: desk.save_attendance(values, seen=draft.seen))
    if chosen:
        _history(desk, "attendance", draft.record, f"History of the attendance of {chosen}")


def _promise(desk: Desk, meeting: Mapping[str, Any], promised: pl.DataFrame) -> None:
    """Draw the form of a promise: a new one, or that of the list that is chosen."""
    meeting_id, names = meeting["meeting_id"], {row["follow_up_id"]: row for row in promised.iter_rows(named=True)}
    chosen = st.selectbox("Follow-up to change", ["", *names], format_func=lambda key: key or "A new one", key=f"promise_{meeting_id}")
    draft = drafts.over(f"promise_{meeting_id}", chosen, names.get(chosen, {}), "task")
    was, key = draft.values, draft.key
    offered = (pl.col("center_code") == meeting["center_code"]) | pl.col("feedback_id").is_in(promised["feedback_id"].implode())
    pieces = dict(desk.rows.filter(offered).select("feedback_id", "statement").iter_rows())
    with st.form(f"form_{key}"):
        task = st.text_input("What is promised", was.get("task") or "", key=f"{key}_task", max_chars=400)
        drafts.fault(draft, "task")
        linked = was.get("feedback_id")
        answers = st.selectbox(
            "Feedback that it answers", list(pieces), list(pieces).index(linked) if linked in pieces else None,
            format_func=lambda of: f"{of}: {pieces[of]}", key=f"{key}_feedback", placeholder="None",
        )  # fmt: skip
        drafts.fault(draft, "feedback_id")
        owner = st.text_input("Owner", was.get("owner") or "", key=f"{key}_owner", max_chars=200)
        drafts.fault(draft, "owner")
        due = st.date_input("Due", was.get("due_date"), key=f"{key}_due", **_DAYS)
        drafts.fault(draft, "due_date")
        done = st.date_input("Done", was.get("done_date"), key=f"{key}_done", **_DAYS)
        drafts.fault(draft, "done_date")
        _verdict(draft, "task", "feedback_id", "owner", "due_date", "done_date")
        if st.form_submit_button("Save follow-up"):
            values = {
                **was,
                "meeting_id": meeting_id,
                "task": task,
                "feedback_id": answers,
                "owner": owner,
                "due_date": due,
                "done_date": done,
            }
            _done(desk, draft, "follow_up", lambda: desk.save_follow_up(values, seen=draft.seen))
    if chosen:
        _history(desk, "follow_up", chosen, f"History of the follow-up {chosen}")


def _history(desk: Desk, table: str, key: str, caption: str) -> None:
    """Draw who changed what of a record, newest first."""
    st.html(voices.history_table(desk.history(table, key), _HEADS, caption))


def _new(view: View, desk: Desk) -> None:
    groups = {
        row["group_code"]: view.label("center", row["center_code"])
        for row in desk.groups.iter_rows(named=True)
        if desk.may_write(row["center_code"])
    }
    if not groups:
        return
    draft = drafts.over("meeting_new", "", {"meeting_date": view.as_of}, "title")
    key = draft.key
    with st.popover("Record a new meeting"), st.form(f"form_{key}"):
        only = 0 if len(groups) == 1 else None
        group = st.selectbox("Working group", list(groups), only, format_func=lambda code: groups[code], key=f"{key}_group")
        drafts.fault(draft, "group_code")
        day = st.date_input("Day", draft.values["meeting_date"], key=f"{key}_day", **_DAYS)
        drafts.fault(draft, "meeting_date")
        title = st.text_input("Title", key=f"{key}_title", max_chars=200)
        drafts.fault(draft, "title")
        agenda = st.text_area("Agenda, one point a line", key=f"{key}_agenda", max_chars=2000)
        drafts.fault(draft, "agenda")
        _verdict(draft, "group_code", "meeting_date", "title", "agenda")
        if st.form_submit_button("Record"):
            values = {"group_code": group, "meeting_date": day, "title": title, "agenda": agenda}
            _done(desk, draft, "meeting", lambda: desk.save_meeting(values), opens=True)


def _verdict(draft: Draft, *columns: str) -> None:
    """Say above the button what was refused; `columns` have a field in the form."""
    drafts.verdict(draft, _HEADS, {"": columns})


def _done(desk: Desk, draft: Draft, table: str, save: Callable[[], str], *, opens: bool = False) -> None:
    """Save what was typed; a meeting that is new is opened."""
    try:
        key = save()
    except CenterlineError as error:
        drafts.refused(desk, draft, table, error, _HEADS)
        return
    if opens:
        st.session_state[_OPEN] = key
        session.keep_own("meeting", key)
    drafts.saved(draft, f"{key.replace('|', ', ')} is saved.", at=table if opens else "")


def themes(desk: Desk, found: pl.DataFrame) -> None:
    """Draw the form by which a person names and confirms a theme."""
    if not desk.writes or found.is_empty():
        return
    with st.expander("Name the themes"):
        names = {row["theme"]: row for row in found.iter_rows(named=True)}
        chosen = st.selectbox(
            "Theme",
            list(names),
            format_func=lambda key: f"{names[key]['name']} ({format.count(names[key]['feedback_count'])})",
            key="theme_choice",
        )
        row = names[chosen]
        by = (
            f"Named by {row['role']} · {row['person']} on {row['at']:%Y-%m-%d}."
            if row["confirmed"]
            else "Proposed from its heaviest words; nobody has named it."
        )
        st.html(f'<p class="cl-caption">{escape(by)} Words: {escape(row["words"])}.</p>')
        with st.form(f"theme_{chosen}"):
            name = st.text_input("Name", row["name"], key=f"theme_name_{row['words']}", max_chars=120)
            if st.form_submit_button("Confirm this name"):
                try:
                    desk.name_theme(row["words"], name)
                except CenterlineError as error:
                    st.error(str(error))
                    return
                st.rerun()
