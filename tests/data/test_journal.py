"""The few writes of the app, and the ledger."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select

from analytics.exc import DataError
from data import bulk, journal
from data.schema import AUDIT_EVENT
from data.settings import Settings


def test_an_event_says_who_did_what_and_when(bank: Engine) -> None:
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    journal.record_audit(bank, role="analyst", person="a.person", action="export", detail="x" * 5000)
    journal.record_audit(bank, role="director-ELE", person="b.person", action="sign_in", detail="")
    with bank.connect() as connection:
        events = connection.execute(select(AUDIT_EVENT).order_by(AUDIT_EVENT.c.at)).all()
    assert [(event.role, event.person, event.action) for event in events] == [
        ("analyst", "a.person", "export"),
        ("director-ELE", "b.person", "sign_in"),
    ]
    assert len(events[0].detail) == 2000
    assert before <= events[0].at <= dt.datetime.now(dt.UTC).replace(tzinfo=None)
    assert events[0].event_id != events[1].event_id


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "a\nb", "a\x1bb", "x" * 101])
def test_a_name_that_cannot_be_signed_with_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="person"):
        Settings(person=name)
    assert Settings(person="Nuñez-O’Brien, A. (Long Beach)").person == "Nuñez-O’Brien, A. (Long Beach)"


def test_a_note_is_kept_with_its_view(bank: Engine) -> None:
    made = journal.add_note(bank, author="a.person", text="  Storm closed the port  ", view="port=4601", from_date=dt.date(2012, 10, 29))
    row = bulk.read_table(bank, "note").row(0, named=True)
    assert (row["note_id"], row["text"], row["filter"], row["author"]) == (made, "Storm closed the port", "port=4601", "a.person")
    assert (row["from_date"], row["to_date"]) == (dt.date(2012, 10, 29), None)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "1 to 2,000 characters"), ("   ", "1 to 2,000 characters"), ("x" * 2001, "2,001"), ("fine", "ends before it begins")],
)
def test_a_note_that_cannot_be_kept(bank: Engine, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        journal.add_note(bank, author="a", text=text, from_date=dt.date(2013, 1, 2), to_date=dt.date(2013, 1, 1))
    assert bulk.read_table(bank, "note").is_empty()
