"""The record of feedback on real databases: written whole with its history, never over somebody else, by who may."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import cast

import polars as pl
import pytest
from sqlalchemy import Engine, select

from analytics.exc import ChangedError, DataError, ScopeError
from analytics.scope import Scope
from data import bulk, journal, ledger
from data.feedback import Desk
from data.schema import AUDIT_EVENT, EDIT, LOAD, THEME
from data.settings import settings
from data.store import Snapshot
from data.typed import RefusedError
from tests.data.pieces import DAY, GOOD, PIECE, Reader, desk, sheet


def test_a_piece_is_recorded_answered_and_read_back_with_its_history(groups: Engine) -> None:
    first = desk(groups)
    key = first.save(PIECE, action="create")
    assert re.fullmatch(r"F\d{6}", key)
    row = first.rows.row(0, named=True)
    assert {name: row[name] for name in PIECE} == PIECE
    assert row["center_code"] == "ELE"
    answer = {
        **row,
        "response": "One request from now on.",
        "responded_date": dt.date(2013, 7, 1),
        "position": "agree",
        "status": "answered",
        "closed_date": dt.date(2013, 7, 1),
    }
    assert desk(groups, "director", "ELE").save(answer, seen=row["load_id"], action="answer") == key
    now = desk(groups).rows.row(0, named=True)
    assert now["response"] == "One request from now on."
    assert now["statement"] == PIECE["statement"]
    told = desk(groups).history("feedback", key)
    assert told["action"].to_list() == ["answer"] * 5 + ["create"]
    assert told["role"].to_list() == ["director-ELE"] * 5 + ["analyst"]
    changed = {row["column"]: (row["old"], row["new"]) for row in told.iter_rows(named=True) if row["column"]}
    assert changed["status"] == ("open", "answered")
    assert changed["response"] == (None, "One request from now on.")
    assert changed["responded_date"] == (None, "2013-07-01")
    with groups.connect() as connection:
        events = connection.execute(select(AUDIT_EVENT.c.role, AUDIT_EVENT.c.person, AUDIT_EVENT.c.action).order_by(AUDIT_EVENT.c.at)).all()
        old = bulk.read_where(connection, "feedback_history", ["status", "replaced_by"], "1 = 1")
    assert sorted(map(tuple, events)) == [("analyst", "a.person", "create"), ("director-ELE", "a.person", "answer")]
    assert old.rows() == [("open", now["load_id"])]


def test_who_saves_over_somebody_else_is_told_and_nothing_is_lost(groups: Engine) -> None:
    one, other = desk(groups), desk(groups, "leadership")
    one.save(PIECE, action="create")
    seen = other.rows.row(0, named=True)
    one.save({**one.rows.row(0, named=True), "owner": "Center director"}, seen=seen["load_id"])
    with pytest.raises(ChangedError, match="Somebody else has saved this record since you opened it"):
        other.save({**seen, "owner": "Office of Field Operations"}, seen=seen["load_id"])
    now = desk(groups).rows.row(0, named=True)
    assert now["owner"] == "Center director"
    other.save({**now, "owner": "Office of Field Operations"}, seen=now["load_id"])
    assert desk(groups).rows["owner"].to_list() == ["Office of Field Operations"]
    assert set(desk(groups).history("feedback", now["feedback_id"])["new"].drop_nulls()) == {
        "Center director",
        "Office of Field Operations",
    }


def test_what_breaks_the_contract_is_refused_with_what_to_do_and_leaves_no_trace(groups: Engine) -> None:
    wrong = {
        **PIECE, "segment": "importers", "received_date": "soon", "statement": "", "severity": 9, "ports": "Long Beach",
        "meeting_id": "M-NO-1", "closed_date": dt.date(2013, 8, 1),
    }  # fmt: skip
    with pytest.raises(RefusedError) as caught:
        desk(groups).save(wrong, action="create")
    faults = {fault.column: fault.message for fault in caught.value.faults}
    assert set(faults) == {"segment", "received_date", "statement", "severity", "ports", "meeting_id", "closed_date"}
    assert "a date" in faults["received_date"]
    assert "must not be empty" in faults["statement"]
    assert "above 5" in faults["severity"]
    assert all(len(message) > 20 for message in faults.values())
    with groups.connect() as connection:
        assert [connection.execute(select(table)).all() for table in (LOAD, EDIT, AUDIT_EVENT)] == [[], [], []]
    assert desk(groups).rows.is_empty()
    for changes, column in (
        ({"meeting_id": "M-PHC-1"}, "meeting_id"),
        ({"linked_metric_id": "happiness"}, "linked_metric_id"),
        ({"effective_date": dt.date(2013, 1, 1)}, "effective_date"),
    ):
        with pytest.raises(RefusedError) as caught:
            desk(groups).save({**PIECE, **changes}, action="create")
        assert [fault.column for fault in caught.value.faults] == [column]


def test_an_answer_and_an_end_need_their_day(groups: Engine) -> None:
    with pytest.raises(RefusedError) as caught:
        desk(groups).save({**PIECE, "response": "Yes.", "status": "answered"}, action="create")
    assert [fault.column for fault in caught.value.faults] == ["responded_date", "closed_date"]
    assert desk(groups).rows.is_empty()


def test_ids_are_in_no_order(groups: Engine) -> None:
    made = [desk(groups).save({**PIECE, "statement": f"Said {number}."}, action="create") for number in range(9)]
    assert made != sorted(made)
    assert len(set(made)) == 9


def test_a_record_saved_as_it_stands_changes_nothing(groups: Engine) -> None:
    writer = desk(groups)
    writer.save(PIECE, action="create")
    row = writer.rows.row(0, named=True)
    writer.save(row, seen=row["load_id"])
    assert writer.rows["load_id"].to_list() == [row["load_id"]]
    assert writer.history("feedback", row["feedback_id"]).height == 1
    assert ledger.loads(groups).is_empty()


def test_only_those_who_may_write_do(groups: Engine) -> None:
    desk(groups).save(PIECE, action="create")
    desk(groups).save({**PIECE, "group_code": "IWG-PHC", "meeting_id": "M-PHC-1", "is_public": False}, action="create")
    row = desk(groups).rows.filter(pl.col("center_code") == "PHC").row(0, named=True)
    mine = desk(groups, "director", "ELE")
    assert mine.rows["center_code"].to_list() == ["ELE"]
    assert (mine.may_write("ELE"), mine.may_write("PHC")) == (True, False)
    with pytest.raises(ScopeError):
        mine.save({**row, "owner": "me"}, seen=row["load_id"])
    # Taking another Center's piece into one's own group is writing it as well.
    with pytest.raises(ScopeError):
        mine.save({**row, "group_code": "IWG-ELE", "meeting_id": "M-ELE-1"}, seen=row["load_id"])
    with pytest.raises(ScopeError):
        mine.history("feedback", row["feedback_id"])
    # Who names no group is told so, whoever they are; a guest is told nothing but that they may not.
    for write in (mine.save, mine.save_meeting):
        with pytest.raises(RefusedError) as caught:
            write({**PIECE, "group_code": None, "meeting_id": None, "meeting_date": DAY, "title": "A meeting"})
        assert [fault.column for fault in caught.value.faults] == ["group_code"]
    with pytest.raises(ScopeError):
        mine.save_meeting({"group_code": "IWG-NO", "meeting_date": DAY, "title": "A meeting"})
    guest = desk(groups, "working_group")
    assert guest.rows["is_public"].all()
    with pytest.raises(ScopeError):
        guest.save({**PIECE, "group_code": None, "meeting_id": None}, action="create")
    with pytest.raises(ScopeError):
        guest.save(PIECE, action="create")
    with pytest.raises(ScopeError):
        guest.preview("a.csv", b"Statement\nx")
    with pytest.raises(ScopeError):
        guest.name_theme("a, b", "A theme")
    assert not Desk(cast(Snapshot, Reader(Scope("analyst"))), None, "a.person").writes
    assert desk(groups, "leadership").writes


def test_meetings_with_agenda_and_promises(groups: Engine) -> None:
    writer = desk(groups)
    key = writer.save_meeting({"group_code": "IWG-ELE", "meeting_date": DAY, "title": "Second meeting", "agenda": "1. Input\n2. Next"})
    assert key == "M-ELE-2"
    meeting = writer.meetings.filter(pl.col("meeting_id") == key).row(0, named=True)
    assert meeting["agenda"] == "1. Input\n2. Next"
    promise = writer.save_follow_up({"meeting_id": key, "task": "Send the figures", "due_date": dt.date(2013, 8, 1)})
    row = writer.follow_ups(key).row(0, named=True)
    writer.save_follow_up({**row, "done_date": dt.date(2013, 7, 20)}, seen=row["load_id"])
    assert writer.follow_ups(key).select("follow_up_id", "task", "done_date").rows() == [
        (promise, "Send the figures", dt.date(2013, 7, 20))
    ]
    assert writer.history("follow_up", promise)["column"].to_list() == ["done_date", ""]
    with pytest.raises(ScopeError):
        desk(groups, "director", "PHC").save_follow_up({"meeting_id": key, "task": "Nothing"})
    # The meeting says whose a promise is, not a group that is named beside it.
    with pytest.raises(ScopeError):
        desk(groups, "director", "PHC").save_follow_up({"meeting_id": key, "task": "Nothing", "group_code": "IWG-PHC"})
    with pytest.raises(RefusedError):
        writer.save_meeting({"group_code": "IWG-ELE", "meeting_date": DAY, "title": ""})


def test_everything_that_is_written_is_signed_with_role_person_and_time(groups: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENTERLINE_PERSON", "Jo Doe")
    monkeypatch.setenv("CENTERLINE_DATABASE_URL", groups.url.render_as_string(hide_password=False))
    settings.cache_clear()
    before, scope = dt.datetime.now(dt.UTC).replace(tzinfo=None), Scope("director", ("ELE",))
    mine = Desk(cast(Snapshot, Reader(scope)), groups)
    key = mine.save(PIECE, action="create")
    row = mine.rows.row(0, named=True)
    mine.save({**row, "response": "Yes.", "responded_date": DAY}, seen=row["load_id"], action="answer")
    mine.save_meeting({"group_code": "IWG-ELE", "meeting_date": DAY, "title": "Second meeting"})
    mine.save_attendance({"meeting_id": "M-ELE-1", "organization_code": "ORG-001", "segment": "broker", "people_count": 2})
    promise = mine.save_follow_up({"meeting_id": "M-ELE-1", "task": "Send the figures"})
    mine.name_theme("hold, port", "Holds")
    mine.take("minutes.xlsx", sheet([GOOD]))
    journal.exporter(scope)("export", "feedback")
    settings.cache_clear()
    with groups.connect() as connection:
        signed = {
            table.name: connection.execute(select(table.c.role, table.c.person, table.c.at)).all() for table in (EDIT, AUDIT_EVENT, THEME)
        }
        loads = set(connection.execute(select(LOAD.c.load_id)).scalars()) - set(connection.execute(select(EDIT.c.load_id)).scalars())
    assert {name: len(rows) for name, rows in signed.items()} == {"edit": 6, "audit_event": 8, "theme": 1}
    assert {row[:2] for rows in signed.values() for row in rows} == {("director-ELE", "Jo Doe")}
    assert all(before <= row.at <= dt.datetime.now(dt.UTC).replace(tzinfo=None) for rows in signed.values() for row in rows)
    assert loads == set()
    for table, of in (("feedback", key), ("meeting", "M-ELE-2"), ("attendance", "M-ELE-1|ORG-001"), ("follow_up", promise)):
        told = mine.history(table, of)
        assert set(told.select("role", "person").rows()) == {("director-ELE", "Jo Doe")}
        assert told["at"].null_count() == 0


def test_attendance_is_recorded_changed_and_kept_with_its_history(groups: Engine) -> None:
    writer, row = desk(groups, "director", "ELE"), {"meeting_id": "M-ELE-1", "segment": "broker", "people_count": 2}
    assert writer.save_attendance({**row, "organization_code": "ORG-001"}) == "M-ELE-1|ORG-001"
    writer.save_attendance({**row, "organization_code": "ORG-002"})
    there = writer.attendees("M-ELE-1").row(0, named=True)
    writer.save_attendance({**there, "people_count": 3}, seen=there["load_id"])
    with pytest.raises(ChangedError, match="Somebody else has saved"):
        desk(groups).save_attendance({**there, "people_count": 9}, seen=there["load_id"])
    with pytest.raises(ChangedError, match="is there already"):
        desk(groups).save_attendance({**row, "organization_code": "ORG-002"})
    assert writer.attendance("M-ELE-1").rows() == [("broker", 2, 5)]
    told = writer.history("attendance", "M-ELE-1|ORG-001").select("role", "action", "column", "old", "new")
    assert told.rows() == [("director-ELE", "edit", "people_count", "2", "3"), ("director-ELE", "create", "", None, None)]
    with groups.connect() as connection:
        events = connection.execute(select(AUDIT_EVENT.c.detail).where(AUDIT_EVENT.c.action == "edit")).scalars().all()
    assert [detail.split(",")[0] for detail in events] == ["attendance M-ELE-1|ORG-001"]
    for refused in ({"people_count": 0}, {"segment": "brokers"}, {"organization_code": ""}):
        with pytest.raises(RefusedError) as caught:
            writer.save_attendance({**row, "organization_code": "ORG-003", **refused})
        assert [fault.column for fault in caught.value.faults] == [*refused]


def test_only_who_writes_of_a_center_records_or_reads_who_was_at_its_meetings(groups: Engine) -> None:
    row = {"meeting_id": "M-ELE-1", "organization_code": "ORG-001", "segment": "broker", "people_count": 2}
    desk(groups).save_attendance(row)
    for other in (desk(groups, "director", "PHC"), desk(groups, "working_group")):
        for refused in (
            lambda other=other: other.save_attendance({**row, "organization_code": "ORG-009"}),
            lambda other=other: other.save_attendance({**row, "people_count": 9}, seen=1),
            lambda other=other: other.attendees("M-ELE-1"),
            lambda other=other: other.history("attendance", "M-ELE-1|ORG-001"),
        ):
            with pytest.raises(ScopeError):
                refused()
    assert desk(groups).attendees("M-ELE-1")["people_count"].to_list() == [2]


def test_a_promise_keeps_its_link_to_a_piece_that_its_writer_does_not_reach(groups: Engine) -> None:
    every, mine = desk(groups), desk(groups, "director", "ELE")
    hidden = every.save({**PIECE, "group_code": "IWG-PHC", "meeting_id": "M-PHC-1", "is_public": False}, action="create")
    own = every.save(PIECE, action="create")
    for link in (hidden, own):
        every.save_follow_up({"meeting_id": "M-ELE-1", "task": f"Answer {link}", "feedback_id": link})
    # What answers a piece that the writer does not reach is not shown; a row that lost its link on the way keeps it.
    assert mine.follow_ups("M-ELE-1")["feedback_id"].to_list() == [own]
    for row in every.follow_ups("M-ELE-1").iter_rows(named=True):
        seen = row["feedback_id"] if row["feedback_id"] == own else None
        mine.save_follow_up({**row, "feedback_id": seen, "done_date": dt.date(2013, 8, 1)}, seen=row["load_id"])
    stored = every.follow_ups("M-ELE-1").sort("task")
    assert dict(stored.select("task", "feedback_id").iter_rows()) == {f"Answer {link}": link for link in (hidden, own)}
    assert stored["done_date"].to_list() == [dt.date(2013, 8, 1)] * 2
    # A link that its writer sees can be taken away.
    row = mine.follow_ups("M-ELE-1").row(0, named=True)
    mine.save_follow_up({**row, "feedback_id": None}, seen=row["load_id"])
    assert sorted(every.follow_ups("M-ELE-1")["feedback_id"].drop_nulls()) == [hidden]


def test_a_theme_keeps_the_name_that_a_person_gives_it(store: Path, analyst: Snapshot, bank: Engine) -> None:
    reader = Desk(analyst, bank, "a.person")
    found = reader.themes()
    assert found.height >= 5
    assert not found["confirmed"].any()
    words = found["words"][0]
    reader.name_theme(words, "  Holds  at the port ")
    with pytest.raises(DataError, match="1 to 120 characters"):
        reader.name_theme(words, " ")
    named = reader.themes().row(0, named=True)
    assert (named["name"], named["confirmed"], named["role"], named["person"]) == ("Holds at the port", True, "analyst", "a.person")
    assert reader.themes()["confirmed"].sum() == 1
