"""The forms of feedback in two sessions at once: nothing is written over somebody else unseen, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from analytics.filters import Filters
from tests.data.pieces import GOOD, PIECE, desk, sheet
from ui import meetings, voices

#: Writing to either database is tried in the other files; here it is what a form does.
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _page(url: str, role: str, centers: tuple[str, ...], first: str) -> None:
    import datetime as dt
    from types import SimpleNamespace
    from typing import cast

    import polars as pl
    import streamlit as st

    from analytics.filters import Filters
    from data import database
    from tests.data.pieces import desk
    from ui import meetings, voiceforms, voicesheets

    view: Any = SimpleNamespace(
        label=lambda _, code: code, as_of=dt.date(2013, 9, 30), labels={"center": {"ELE": "ELE", "PHC": "PHC"}}, filters=Filters()
    )
    record: Any = desk(database.shared_engine(url), role, *centers)
    if st.checkbox("Away"):
        return
    voiceforms.told(record)
    opened = cast(pl.DataFrame, record.rows).filter(pl.col("feedback_id") == first)
    if opened.height:
        voiceforms.edit(view, record, opened.row(0, named=True))
    voiceforms.new(view, record, view.as_of)
    voicesheets.draw(record)
    meetings.draw(view, record)


class Session:
    """A reader's session on the page, with the first meeting and the first piece opened."""

    def __init__(self, engine: Engine, role: str = "analyst", *centers: str) -> None:
        url = engine.url.render_as_string(hide_password=False)
        first = [*desk(engine).rows["feedback_id"], ""][0]
        self.page = AppTest.from_function(_page, args=(url, role, centers, first), default_timeout=60)
        self.page.query_params["meeting"] = "M-ELE-1"
        self._run(self.page.run())

    def field(self, label: str, place: int = 0) -> Any:
        """Return a field by its label, the first on the page; the last is at -1."""
        kinds = ("text_area", "text_input", "date_input", "number_input", "checkbox", "selectbox")
        return [field for kind in kinds for field in self.page.get(kind) if field.label == label][place]

    def fill(self, label: str, value: Any, place: int = 0) -> None:
        """Type into a field; forms send it when their button is pressed."""
        self.field(label, place).set_value(value)

    def press(self, label: str, place: int = 0) -> str:
        """Press a button and return what the page says then: its errors, and what was saved."""
        self._run([button for button in self.page.button if button.label == label][place].click().run())
        return "\n".join(said.value for said in (*self.page.error, *self.page.success))

    def upload(self, name: str, content: bytes) -> None:
        """Choose a file."""
        self._run(self.page.file_uploader[0].set_value((name, content, "")).run())

    def offers(self, words: str) -> list[str]:
        """Return the labels of the buttons that begin with words."""
        return [button.label for button in self.page.button if button.label.startswith(words)]

    def faults(self) -> list[tuple[str, str]]:
        """Return what is said below fields: the field's label, and what to mend."""
        found, label = [], ""
        for element in self.page.main:
            label = getattr(element, "label", label)
            body = element.proto.body if element.type == "html" else ""
            if "cl-fault" in body:
                found.append((label, re.sub("<[^>]+>", "", body).removeprefix("To mend: ")))
        return found

    def visit(self, *, away: bool) -> None:
        """Leave the page's forms, or come back to them."""
        self._run(self.field("Away").set_value(away).run())

    @staticmethod
    def _run(page: AppTest) -> None:
        assert not page.exception, page.exception


@pytest.fixture
def piece(groups: Engine) -> Engine:
    desk(groups).save(PIECE, action="create")
    return groups


@ONE_DATABASE
def test_a_fault_that_is_said_first_does_not_hide_that_somebody_else_has_saved(piece: Engine) -> None:
    one, other = Session(piece), Session(piece, "leadership")
    one.fill("Ports mentioned", "Long Beach")
    other.fill("Owner", "Office of Trade")
    other.fill("Answer promised by", dt.date(2013, 8, 1))
    assert "is saved" in other.press("Save")
    one.fill("Answer", "One request from now on.")
    told = one.press("Save")
    assert "**Ports mentioned**, under “What was said”" in told
    assert "**First answer**, under “What came of it”" in told
    assert [label for label, _ in one.faults()] == ["First answer", "Ports mentioned"]
    assert one.faults()[0][1] == "There is an answer; say on which day it was given."
    assert [tab.label for tab in one.page.tabs][:2] == ["What came of it (1 to mend)", "What was said (1 to mend)"]
    one.fill("First answer", dt.date(2013, 7, 1))
    told = one.press("Save")
    assert [label for label, _ in one.faults()] == ["Ports mentioned"]
    assert [tab.label for tab in one.page.tabs][:2] == ["What came of it", "What was said (1 to mend)"]
    one.fill("Ports mentioned", "2704")
    told = one.press("Save")
    assert "Somebody else has saved this record since you opened it" in told
    assert "**Owner** now “Office of Trade”, before “–” (leadership · a.person)" in told
    assert "**Answer promised by** now “2013-08-01”, before “–”" in told
    row = desk(piece).rows.row(0, named=True)
    assert (row["owner"], row["ports"]) == ("Office of Trade", None)
    # Told what it replaces, a second save is meant.
    assert one.field("Ports mentioned").value == "2704"
    assert re.search(r"F\d{6} is saved\.", one.press("Save"))
    row = desk(piece).rows.row(0, named=True)
    assert (row["owner"], row["ports"]) == (None, "2704")


@ONE_DATABASE
def test_who_reads_public_words_alone_is_told_that_another_piece_is_saved(piece: Engine) -> None:
    one = Session(piece, "leadership")
    for label, value in (("Statement", "Said in the room."), ("Working group", "IWG-ELE"), ("Organisation (code)", "ORG-002")):
        one.fill(label, value, 1)
    for label, value in (("Segment", "importer_large"), ("Topic", "cf28"), ("Kind", "complaint")):
        one.fill(label, value, 1)
    told = one.press("Record")
    assert re.search(r"F\d{6} is saved\. It is not public, so your role does not list it\.", told)
    assert desk(piece).rows.filter(statement="Said in the room.")["is_public"].to_list() == [False]
    assert "is saved" not in one.press("Save meeting").replace("M-ELE-1 is saved", "")


@ONE_DATABASE
def test_what_is_typed_stays_when_somebody_else_saves_the_same_piece(piece: Engine) -> None:
    one, other = Session(piece), Session(piece)
    one.fill("Answer", "One request from now on.")
    one.fill("First answer", dt.date(2013, 7, 1))
    other.fill("Statement", "We received four requests.")
    other.press("Save")
    assert "**Statement** now “We received four requests.”" in one.press("Save")
    assert one.field("Answer").value == "One request from now on."
    assert desk(piece).rows["response"].to_list() == [None]


@ONE_DATABASE
def test_a_form_that_was_left_opens_anew_over_what_is_recorded(piece: Engine) -> None:
    one, other = Session(piece), Session(piece)
    other.fill("Statement", "We received four requests.")
    other.press("Save")
    one.visit(away=True)
    one.visit(away=False)
    assert one.field("Statement").value == "We received four requests."
    one.fill("Weight 1-5", 5)
    assert re.search(r"F\d{6} is saved\.", one.press("Save"))
    row = desk(piece).rows.row(0, named=True)
    assert (row["statement"], row["severity"]) == ("We received four requests.", 5)


@ONE_DATABASE
def test_who_saves_a_meeting_second_is_told_and_keeps_what_was_typed(groups: Engine) -> None:
    one, other = Session(groups), Session(groups, "director", "ELE")
    one.fill("Agenda, one point a line", "1. Input")
    other.fill("Place", "Long Beach")
    assert "M-ELE-1 is saved." in other.press("Save meeting")
    told = one.press("Save meeting")
    assert "Somebody else has saved this record" in told
    assert "**Place** now “Long Beach”, before “–” (director-ELE · a.person)" in told
    assert one.field("Agenda, one point a line").value == "1. Input"
    assert desk(groups).meetings.filter(meeting_id="M-ELE-1")["location"].to_list() == ["Long Beach"]
    assert "M-ELE-1 is saved." in one.press("Save meeting")
    assert desk(groups).meetings.filter(meeting_id="M-ELE-1").select("agenda", "location").rows() == [("1. Input", None)]


@ONE_DATABASE
def test_a_promise_typed_while_somebody_else_records_one_is_saved_beside_it(groups: Engine) -> None:
    key = desk(groups).save(PIECE, action="create")
    one, other = Session(groups), Session(groups)
    for each, task in ((one, "Send the figures"), (other, "Answer by letter")):
        each.fill("What is promised", task)
    one.fill("Feedback that it answers", key)
    for each in (other, one):
        assert re.search(r"U\d{6} is saved\.", each.press("Save follow-up"))
    kept = desk(groups).follow_ups("M-ELE-1").sort("task").select("task", "feedback_id").rows()
    assert kept == [("Answer by letter", None), ("Send the figures", key)]
    assert one.field("What is promised").value == ""


@ONE_DATABASE
def test_who_changes_a_promise_second_is_told_and_keeps_what_was_typed(groups: Engine) -> None:
    key = desk(groups).save({**PIECE, "group_code": "IWG-PHC", "meeting_id": "M-PHC-1"}, action="create")
    promise = desk(groups).save_follow_up({"meeting_id": "M-ELE-1", "task": "Send the figures", "feedback_id": key})
    one, other = Session(groups), Session(groups)
    for each in (one, other):
        each.fill("Follow-up to change", promise)
        each._run(each.page.run())
    one.fill("What is promised", "Send the figures by port")
    other.fill("Done", dt.date(2013, 8, 1))
    assert f"{promise} is saved." in other.press("Save follow-up")
    told = one.press("Save follow-up")
    assert "**Done** now “2013-08-01”, before “–”" in told
    assert one.field("What is promised").value == "Send the figures by port"
    assert desk(groups).follow_ups("M-ELE-1").select("done_date", "feedback_id").rows() == [(dt.date(2013, 8, 1), key)]


@ONE_DATABASE
def test_a_new_meeting_that_is_refused_keeps_what_was_typed(groups: Engine) -> None:
    one = Session(groups)
    one.fill("Agenda, one point a line", "1. Input\n2. Next", -1)
    one.fill("Working group", "IWG-ELE", -1)
    assert "**Title**" in one.press("Record", -1)
    assert one.field("Agenda, one point a line", -1).value == "1. Input\n2. Next"
    one.fill("Title", "Second meeting", -1)
    assert "M-ELE-2 is saved." in one.press("Record", -1)
    assert desk(groups).meetings.filter(meeting_id="M-ELE-2").select("title", "agenda").rows() == [("Second meeting", "1. Input\n2. Next")]
    assert one.field("Title", -1).value == ""
    assert (one.page.selectbox(key="meeting_choice").value, list(one.page.warning)) == ("M-ELE-2", [])


@ONE_DATABASE
def test_who_changes_attendance_second_is_told_and_keeps_what_was_typed(groups: Engine) -> None:
    one, other = Session(groups), Session(groups)
    for each in (one, other):
        each.fill("Organisation (code)", "ORG-007", -1)
        each.field("People it sent").set_value(3)
    assert "**Segment**" in one.press("Save attendance")
    _segment(one).set_value("broker")
    assert "M-ELE-1, ORG-007 is saved." in one.press("Save attendance")
    _segment(other).set_value("surety")
    assert "A record of this key is there already" in other.press("Save attendance")
    assert other.field("Organisation (code)", -1).value == "ORG-007"
    for each in (one, other):
        each.fill("Attendance to change", "ORG-007")
        each._run(each.page.run())
    one.fill("People it sent", 4)
    other.fill("People it sent", 5)
    assert "is saved." in one.press("Save attendance")
    assert "**People it sent** now “4”, before “3”" in other.press("Save attendance")
    assert other.field("People it sent").value == 5
    assert desk(groups).attendance("M-ELE-1").rows() == [("broker", 1, 4)]


@ONE_DATABASE
def test_the_preview_of_a_spreadsheet_stays_until_it_is_taken_or_put_away(groups: Engine) -> None:
    one = Session(groups)
    one.upload("minutes.xlsx", sheet([GOOD]))
    assert one.offers("Take ") == ["Take 1 row"]
    one.upload("more.xlsx", sheet([GOOD, {**GOOD, "Statement": "A second one."}]))
    assert one.offers("Take ") == ["Take 2 rows"]
    # The field for files is empty from here on, as after a file dialog that was closed; and the page is left and seen again.
    assert one.page.file_uploader[0].value is None
    one.visit(away=True)
    one.visit(away=False)
    assert one.offers("Take ") == ["Take 2 rows"]
    one.press("Put this file away")
    assert one.offers("Take ") == []
    one.upload("none.xlsx", b"not a workbook")
    assert (one.offers("Take "), one.offers("Put ")) == ([], ["Put this file away"])
    one.upload("minutes.xlsx", sheet([GOOD]))
    assert "1 new piece and 0 changed ones taken from minutes.xlsx." in one.press("Take 1 row")
    assert (one.offers("Take "), one.offers("Put ")) == ([], [])
    assert desk(groups).rows["statement"].to_list() == [GOOD["Statement"]]


@ONE_DATABASE
def test_a_meeting_that_an_address_asks_for_is_found_or_it_is_said_why_not(groups: Engine) -> None:
    view: Any = SimpleNamespace(filters=Filters(centers=("PHC",)), label=lambda _, code: f"the Center {code}")
    reader: Any = desk(groups, "working_group")
    assert voices.meeting_not_shown(view, reader, "M-PHC-1") == ""
    assert voices.meeting_not_shown(view, reader, "M-PHC-9") == "There is no meeting “M-PHC-9” that your role reaches."
    told = voices.meeting_not_shown(view, reader, "M-ELE-1")
    assert told == "The meeting M-ELE-1 is not shown: the Center filter leaves out the Center ELE."
    view.filters = Filters()
    assert voices.meeting_not_shown(view, reader, "M-ELE-1") == ""


@pytest.mark.parametrize(
    ("present", "listed", "words"),
    [
        (48, 48, "48 people"),
        (1, 1, "1 person"),
        (48, 41, "48 present; 41 of them listed below"),
        (48, 0, "48 present; none of them listed below"),
        (41, 48, "41 present, but 48 listed below: one of the two is wrong"),
        (None, 1, "1 person listed below"),
        (None, 0, ""),
    ],
)
def test_the_number_present_and_the_sum_of_those_listed_are_both_said_where_they_differ(
    present: int | None, listed: int, words: str
) -> None:
    assert meetings.how_many(present, listed) == words


def _segment(session: Session) -> Any:
    """The segment of the form of attendance: the forms of feedback have one as well."""
    return next(field for field in session.page.selectbox if (field.key or "").startswith("attendance_") and field.label == "Segment")
