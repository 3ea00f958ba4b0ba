"""The record of feedback on screen: what is listed, one piece opened with its history, and what reads like it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from html import escape
from typing import Any, Final, Protocol

import polars as pl
import streamlit as st

from analytics import codes, format, voices, voicewords
from analytics.metrics import METRICS
from ui import records, session
from ui.cards.shared import plural
from ui.frame import Source, View
from ui.lists import table

#: Column of the list -> its heading.
HEADS: Final[dict[str, str]] = {
    "feedback_id": "Feedback",
    "received_date": "Received",
    "center": "Center",
    "topic": "Topic",
    "kind": "Kind",
    "statement": "Statement",
    "status": "Status",
    "position": "CBP position",
    "waited": "Days open",
    "segment": "Segment",
    "responded_date": "First answer",
}

#: Choice -> its name and which pieces it keeps.
SHOWN: Final[dict[str, str]] = {
    "all": "All",
    "open": "Open",
    "long": "Open over 90 days",
    "answered": "Answered",
    "settled": "Settled",
}


class Desk(Protocol):
    """The record of feedback as one reader reaches and writes it (`data.feedback.Desk`)."""

    #: Why a record that should be live is not; empty when it is.
    fault: str

    @property
    def rows(self) -> pl.DataFrame:
        """Pieces that the reader reaches."""

    @property
    def source(self) -> Source:
        """The version with the live record in it."""

    @property
    def stamp(self) -> Hashable:
        """Changes whenever a piece does."""

    @property
    def groups(self) -> pl.DataFrame:
        """The working groups."""

    @property
    def meetings(self) -> pl.DataFrame:
        """Their meetings."""

    @property
    def writes(self) -> bool:
        """Whether the reader may write feedback of any Center."""

    @property
    def every_segment(self) -> bool:
        """Whether the reader is told of segments of fewer than three organisations, too."""

    def may_write(self, center: str | None) -> bool:
        """Say whether the reader may write feedback about a Center."""

    def history(self, table: str, key: str) -> pl.DataFrame:
        """Return what was changed of a record, by whom and when."""

    def similar(self, feedback_id: str) -> pl.DataFrame:
        """Return the pieces that read most like one."""

    def attendance(self, meeting_id: str) -> pl.DataFrame:
        """Sum who was at a meeting."""

    def attendees(self, meeting_id: str) -> pl.DataFrame:
        """Return who was at a meeting, one row an organisation, to those who write of its Center."""

    def follow_ups(self, meeting_id: str) -> pl.DataFrame:
        """Return what was promised at a meeting."""

    def save(self, values: Mapping[str, Any], *, seen: int | None = None, action: str = "edit") -> str:
        """Write a piece of feedback."""

    def save_meeting(self, values: Mapping[str, Any], *, seen: int | None = None) -> str:
        """Write a meeting."""

    def save_follow_up(self, values: Mapping[str, Any], *, seen: int | None = None) -> str:
        """Write a promise."""

    def save_attendance(self, values: Mapping[str, Any], *, seen: int | None = None) -> str:
        """Write how many people an organisation sent to a meeting."""

    def segments(self, predicate: pl.Expr) -> pl.DataFrame:
        """Sum what was asked for by segment."""

    def themes(self) -> pl.DataFrame:
        """Return the themes with their names."""

    def pieces_of_themes(self) -> pl.DataFrame:
        """Return the theme of each piece."""

    def name_theme(self, words: str, name: str) -> None:
        """Keep the name that a person gives to a theme."""

    def template(self) -> bytes:
        """Return an empty spreadsheet of a meeting."""

    def preview(self, name: str, content: bytes) -> Any:
        """Say what of a spreadsheet would be taken and what refused."""

    def take(self, name: str, content: bytes, seen: pl.DataFrame | None = None) -> Any:
        """Load a spreadsheet."""


def predicate(view: View) -> pl.Expr:
    """Return which pieces the page's filters keep: received in the period, of the chosen Centers."""
    days = pl.col("received_date").is_between(view.filters.from_date or dt.date.min, view.end)
    return days & view.filters.only(["center"]).predicate(["center"])


def kept(view: View, desk: Desk) -> pl.DataFrame:
    """Return the pieces shown."""
    return desk.rows.filter(predicate(view))


def later(view: View, desk: Desk) -> pl.DataFrame:
    """Return the pieces received after the data's date: they stand in the list and in no figure yet."""
    if view.end < view.as_of:
        return desk.rows.clear()
    return desk.rows.filter((pl.col("received_date") > view.as_of) & view.filters.only(["center"]).predicate(["center"]))


def _choices(view: View) -> dict[str, pl.Expr]:
    waiting = ~pl.col("status").is_in(codes.FEEDBACK_CLOSED)
    return {
        "all": pl.col("feedback_id").is_not_null(),
        "open": waiting,
        "long": waiting & ((pl.lit(view.as_of) - pl.col("received_date")).dt.total_days() > voices.LONG_DAYS),
        "answered": pl.col("responded_date").is_not_null(),
        "settled": ~waiting,
    }


def controls(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Draw the choice of pieces and the search, which both stay in the address; return the pieces that match."""
    choices = _choices(view)
    counted = rows.select(**{name: choice.sum() for name, choice in choices.items()}).row(0, named=True) if rows.height else {}
    given = session.own("show")
    with st.container(horizontal=True, key="feedback_controls", vertical_alignment="bottom"):
        shown = st.segmented_control(
            "Show",
            list(SHOWN),
            format_func=lambda name: f"{SHOWN[name]} ({format.count(counted.get(name, 0))})",
            default=given if given in SHOWN else "all",
            key="feedback_show",
        )
        search = st.text_input(
            "Search statements, answers, topics and ids", value=session.own("search"), key="feedback_search", max_chars=80
        )
    session.keep_own("show", shown if shown and shown != "all" else "")
    session.keep_own("search", search.strip())
    return found(rows.filter(choices[shown or "all"]), search)


def found(rows: pl.DataFrame, search: str) -> pl.DataFrame:
    """Return the pieces that have every word of a search somewhere."""
    texts = ("feedback_id", "statement", "response", "sub_topic", "organization_code", "ports", "chapters", "owner")
    words = {"topic": codes.FEEDBACK_TOPICS, "kind": codes.FEEDBACK_KINDS, "segment": codes.SEGMENTS}
    named = [pl.col(name).replace_strict(labels, default="", return_dtype=pl.String) for name, labels in words.items()]
    whole = pl.concat_str([*(pl.col(name).fill_null("") for name in texts), *named], separator="\n").str.to_lowercase()
    return rows.filter(pl.all_horizontal(pl.lit(value=True), *(whole.str.contains(word, literal=True) for word in search.lower().split())))


def listed(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Write pieces for the list; columns are those of `HEADS`."""
    until = pl.coalesce("closed_date", pl.lit(view.as_of))
    waited = pl.when(~pl.col("status").is_in(codes.FEEDBACK_CLOSED)).then(
        (until - pl.col("received_date")).dt.total_days().clip(lower_bound=0)
    )
    labels = [
        pl.col(name)
        .replace_strict(dict(words), default="Not shown" if name == "segment" else pl.col(name), return_dtype=pl.String)
        .alias(name)
        for name, words in voicewords.CODES.items()
        if name in HEADS
    ]
    center = pl.col("center_code").replace_strict(dict(view.labels["center"]), default=pl.col("center_code"), return_dtype=pl.String)
    return rows.with_columns(center=center, waited=waited).with_columns(labels).select(list(HEADS))


def draw(view: View, desk: Desk, record: Callable[[str, str], None]) -> None:
    """Draw the list of individual input with its search; the piece that the reader chooses is opened."""
    ahead = later(view, desk)
    rows = controls(view, pl.concat([ahead, kept(view, desk)]))
    if ahead.height:
        st.html(f'<p class="cl-caption">{escape(_ahead(ahead.height, view))}</p>')
    for words in filter(None, (_in_confidence(view, desk), settled_later(view, kept(view, desk)))):
        st.html(f'<p class="cl-caption">{escape(words)}</p>')
    if rows.is_empty():
        records.nothing("No feedback matches. Choose “All”, or clear the search and the filters.")
        return
    config = st.column_config
    special = {
        "statement": config.TextColumn(HEADS["statement"], width="large"),
        "waited": config.NumberColumn(HEADS["waited"], help="Days since it came in, of what is open", width="small"),
        **{name: config.DateColumn(HEADS[name], format="D MMM YYYY", width=100) for name in ("received_date", "responded_date")},
    }
    records.listing(
        view, listed(view, rows), HEADS, special, name="feedback", noun="piece", order="newest first",
        sentence=f"Individual input of working groups · {view.sentence}", opens=("feedback_id", "feedback"), record=record,
    )  # fmt: skip


def _ahead(count: int, view: View) -> str:
    verb = "stands" if count == 1 else "stand"
    return f"{plural(count, 'piece')} received after {format.date(view.as_of)} {verb} in this list and in no figure above yet: figures end with the data."


def settled_later(view: View, rows: pl.DataFrame) -> str:
    """Say how many pieces are settled in the list and still waited on the date of the data, with which the figures end; empty for none."""
    count = rows.filter((pl.col("received_date") <= view.as_of) & (pl.col("closed_date") > view.as_of)).height
    if not count:
        return ""
    verb, these = ("was", "it waits") if count == 1 else ("were", "they wait")
    return f"{plural(count, 'piece')} {verb} settled after {format.date(view.as_of)}: settled in this list, while in the figures above {these} still."


def _in_confidence(view: View, desk: Desk) -> str:
    """Say how many pieces are counted in the figures and not listed, because the reader does not reach their words; empty for none."""
    received = view.ask("feedback_received")["value"].sum() or 0
    count = int(received) - kept(view, desk).filter(pl.col("received_date") <= view.as_of).height
    if count <= 0:
        return ""
    verb = "was" if count == 1 else "were"
    return f"{plural(count, 'more piece')} {verb} said in confidence: counted in the figures above, and not listed for your role."


def arrived(view: View, desk: Desk) -> View:
    """Name above the page what its address asks for and the reader does not find here; it is then forgotten, like such a filter."""
    show, feedback, meeting = (session.own(name) for name in ("show", "feedback", "meeting"))
    words = {
        "show": "" if not show or show in SHOWN else f"The list has no choice “{show[:40]}”; all feedback is listed.",
        "feedback": "" if not feedback or feedback in desk.rows["feedback_id"] else records.missing("feedback", feedback),
        "meeting": meeting_not_shown(view, desk, meeting) if meeting else "",
    }
    for name in filter(words.__getitem__, words):
        session.keep_own(name, "")
    return replace(view, notices=(*view.notices, *filter(None, words.values())))


def meeting_not_shown(view: View, desk: Desk, meeting: str) -> str:
    """Write why a meeting is not among those of the page; empty when it is."""
    center = dict(desk.meetings.select("meeting_id", "center_code").iter_rows()).get(meeting)
    if center is None:
        return records.missing("meeting", meeting)
    if not view.filters.centers or center in view.filters.centers:
        return ""
    return f"The meeting {meeting} is not shown: the Center filter leaves out {view.label('center', center)}."


def opened(view: View, desk: Desk) -> dict[str, Any] | None:
    """Draw the piece that is open, if any, with what reads like it and its history; returns it."""
    feedback_id = session.own("feedback")
    if not feedback_id:
        return None
    mine = desk.rows.filter(pl.col("feedback_id") == feedback_id)
    if mine.is_empty():
        return None
    row = mine.row(0, named=True)
    st.html('<div class="cl-opened">' + _facts(view, row) + _alike(view, desk.similar(feedback_id)) + _history(desk, row) + "</div>")
    return row


def _facts(view: View, row: Mapping[str, Any]) -> str:
    pairs = [("Center", view.label("center", row["center_code"]))]
    for name in (*voicewords.SAID, *voicewords.ANSWERED):
        if name in ("statement", "response", "group_code") or row[name] is None:
            continue
        pairs.append((voicewords.HEADS[name], value_words(view, name, row[name])))
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)
    said = f'<p class="cl-said"><strong>You said:</strong> {escape(row["statement"])}</p>'
    answer = row["response"] or "Not answered yet."
    return (
        f'<section class="cl-list"><h2>{escape(row["feedback_id"])}: individual input</h2>{said}'
        f'<p class="cl-said"><strong>Answer:</strong> {escape(answer)}</p><dl class="cl-facts">{cells}</dl></section>'
    )


def value_words(view: View, name: str, value: Any) -> str:
    """Write a value of a piece for a reader."""
    if isinstance(value, dt.date):
        return format.date(value)
    if name == "linked_metric_id":
        return METRICS[value].name if value in METRICS else str(value)
    return view.label("center", value) if name == "linked_center_code" else voicewords.written(name, value)


def _alike(view: View, rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return ""
    cells = [
        (
            row["feedback_id"],
            view.label("center", row["center_code"]),
            row["statement"],
            codes.FEEDBACK_STATUSES[row["status"]],
            format.fixed(row["similarity"], 2),
        )
        for row in rows.iter_rows(named=True)
    ]
    return table("Statements that read alike", ("Feedback", "Center", "Statement", "Status", "Likeness 0–1"), cells, empty="")


def _history(desk: Desk, row: Mapping[str, Any]) -> str:
    """Write who changed what of a piece, newest first, for those who may write it."""
    if not desk.may_write(row["center_code"]):
        return ""
    return history_table(desk.history("feedback", row["feedback_id"]), voicewords.HEADS)


def history_table(changes: pl.DataFrame, heads: Mapping[str, str], caption: str = "History") -> str:
    """Write the history of a record."""
    rows = [
        (
            "–" if row["at"] is None else f"{row['at']:%Y-%m-%d %H:%M}",
            " · ".join(filter(None, (row["role"], row["person"]))) or "–",
            row["action"],
            heads.get(row["column"], row["column"]) or "Recorded",
            voicewords.written(row["column"], row["old"]),
            voicewords.written(row["column"], row["new"]),
        )
        for row in changes.iter_rows(named=True)
    ]
    return table(caption, ("When (UTC)", "Who", "How", "What", "Before", "After"), rows, empty="Nothing has been changed.")
