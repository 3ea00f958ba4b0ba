"""The record of feedback on real databases: written whole with its history, never over somebody else, read within a role's reach."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any, cast

import duckdb
import fastexcel
import numpy as np
import polars as pl
import pytest
import xlsxwriter
from polars.testing import assert_frame_equal
from scipy import stats
from sqlalchemy import Engine, select

from analytics import voices, voicewords
from analytics.exc import ChangedError, DataError, ScopeError
from analytics.filters import Filters
from analytics.rollups import FEEDBACK, rollups_of
from analytics.scope import Scope
from data import bulk, database, facts, feedback, journal, ledger, quarantine
from data.contracts import TABLES
from data.feedback import Desk
from data.schema import AUDIT_EVENT, EDIT, LOAD, THEME
from data.settings import settings
from data.store import Snapshot
from data.typed import RefusedError

DAY = dt.date(2013, 6, 12)
PIECE: dict[str, Any] = {
    "group_code": "IWG-ELE",
    "meeting_id": "M-ELE-1",
    "received_date": DAY,
    "segment": "importer_large",
    "organization_code": "ORG-001",
    "topic": "cf28",
    "kind": "complaint",
    "statement": "We received three requests on the same displays.",
    "position": "under_review",
    "status": "open",
    "is_public": True,
}


class Reader:
    """Stands for a snapshot where only the scope and the date are asked."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.as_of = scope, dt.date(2013, 9, 30)


def desk(engine: Engine, role: str = "analyst", *centers: str) -> Desk:
    return Desk(cast(Snapshot, Reader(Scope(role, centers))), engine, "a.person")


@pytest.fixture
def groups(bank: Engine) -> Engine:
    """Two groups, each with a meeting."""
    made = pl.DataFrame({"center_code": ["ELE", "PHC"]}).select(
        group_code=pl.lit("IWG-") + pl.col("center_code"),
        group_name=pl.col("center_code"),
        center_code="center_code",
        established_date=pl.lit(DAY),
    )
    meeting = made.select(
        meeting_id=pl.lit("M-") + pl.col("center_code") + "-1", group_code="group_code", meeting_date=pl.lit(DAY), title=pl.lit("First meeting"),
        location=pl.lit(None, pl.String), attendance_count=pl.lit(None, pl.Int64), agenda=pl.lit(None, pl.String),
    )  # fmt: skip
    with bank.begin() as connection:
        bulk.bulk_insert(connection, "working_group", made)
        bulk.bulk_insert(connection, "meeting", meeting)
    return bank


def test_a_piece_is_recorded_answered_and_read_back_with_its_history(groups: Engine) -> None:
    first = desk(groups)
    key = first.save(PIECE, action="create")
    assert key == "F00001"
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
    assert set(desk(groups).history("feedback", "F00001")["new"].drop_nulls()) == {"Center director", "Office of Field Operations"}


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


def test_a_record_saved_as_it_stands_changes_nothing(groups: Engine) -> None:
    writer = desk(groups)
    writer.save(PIECE, action="create")
    row = writer.rows.row(0, named=True)
    writer.save(row, seen=row["load_id"])
    assert writer.rows["load_id"].to_list() == [row["load_id"]]
    assert writer.history("feedback", "F00001").height == 1
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
        guest.save({**PIECE, "group_code": None}, action="create")
    with pytest.raises(ScopeError):
        guest.save(PIECE, action="create")
    with pytest.raises(ScopeError):
        guest.preview("a.csv", b"Statement\nx")
    with pytest.raises(ScopeError):
        guest.name_theme("a, b", "A theme")
    assert not Desk(cast(Snapshot, Reader(Scope("analyst"))), None, "a.person").writes
    assert desk(groups, "leadership").writes


def test_a_working_group_is_told_no_segment_of_fewer_than_three_organisations(groups: Engine) -> None:
    for number, (organization, segment) in enumerate(
        [("ORG-001", "broker"), ("ORG-002", "broker"), ("ORG-003", "broker"), ("ORG-004", "surety"), ("ORG-005", "surety")]
    ):
        desk(groups).save(
            {**PIECE, "organization_code": organization, "segment": segment, "statement": f"Statement {number}."}, action="create"
        )
    guest = desk(groups, "working_group")
    assert guest.rows.select("segment").to_series().value_counts().sort("count").rows() == [(None, 2), ("broker", 3)]
    assert guest.rows["organization_code"].null_count() == guest.rows.height == 5
    assert guest.segments(pl.lit(value=True)).select("segment", "feedback_count").rows() == [("broker", 3), (None, 2)]
    assert sorted(desk(groups).segments(pl.lit(value=True))["segment"]) == ["broker", "surety"]
    # Public pieces alone are counted: one more organisation that spoke in confidence makes no third.
    desk(groups).save(
        {**PIECE, "organization_code": "ORG-006", "segment": "surety", "is_public": False, "statement": "In confidence."}, action="create"
    )
    assert desk(groups, "working_group").segments(pl.lit(value=True)).select("segment", "feedback_count").rows() == [
        ("broker", 3),
        (None, 2),
    ]


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
    mine.save_follow_up({"meeting_id": "M-ELE-1", "task": "Send the figures"})
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
    for table, of in (("feedback", key), ("meeting", "M-ELE-2"), ("attendance", "M-ELE-1|ORG-001"), ("follow_up", "U0001")):
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
    assert stored["feedback_id"].to_list() == [hidden, own]
    assert stored["done_date"].to_list() == [dt.date(2013, 8, 1)] * 2
    # A link that its writer sees can be taken away.
    row = mine.follow_ups("M-ELE-1").row(0, named=True)
    mine.save_follow_up({**row, "feedback_id": None}, seen=row["load_id"])
    assert every.follow_ups("M-ELE-1").sort("task")["feedback_id"].to_list() == [hidden, None]


def test_meetings_tell_a_working_group_nothing_of_what_was_said_in_confidence(groups: Engine) -> None:
    writer = desk(groups)
    public, secret = (
        writer.save({**PIECE, "is_public": shown, "statement": f"Statement {shown}."}, action="create") for shown in (True, False)
    )
    for task, of in (("Answer in public", public), ("Answer in confidence", secret), ("Book the room", None)):
        writer.save_follow_up({"meeting_id": "M-ELE-1", "task": task, "owner": "Center director", "feedback_id": of})
    for key, people, orders in (("M-ELE-1", 10, {"broker": 3, "surety": 2}), ("M-PHC-1", 8, {"broker": 4})):
        counted(writer, key, people)
        came = pl.DataFrame(
            [(segment, f"ORG-{segment}-{n}") for segment, many in orders.items() for n in range(many)],
            schema=["segment", "o"],
            orient="row",
        )
        rows = came.select(
            meeting_id=pl.lit(key), organization_code="o", segment="segment",
            people_count=pl.lit(2, pl.Int64),
        )  # fmt: skip
        with groups.begin() as connection:
            bulk.bulk_insert(connection, "attendance", rows.select(TABLES["attendance"].column_names()))
    guest, lead = desk(groups, "working_group"), desk(groups, "leadership")
    assert set(guest.follow_ups("M-ELE-1")["task"]) == {"Answer in public", "Book the room"}
    assert guest.follow_ups("M-ELE-1")["owner"].to_list() == [None, None]
    assert set(lead.follow_ups("M-ELE-1")["task"]) == {"Answer in public", "Book the room"}
    assert lead.follow_ups("M-ELE-1")["owner"].to_list() == ["Center director"] * 2
    assert desk(groups, "director", "ELE").follow_ups("M-ELE-1").height == writer.follow_ups("M-ELE-1").height == 3
    secret_task = writer.follow_ups("M-ELE-1").filter(feedback_id=secret)["follow_up_id"][0]
    with pytest.raises(ScopeError, match="said in confidence"):
        lead.history("follow_up", secret_task)
    assert guest.attendance("M-ELE-1")["segment"].to_list() == ["broker"]
    # What a guest may be told of both never leaves a rest: it would be a segment that is not told, or one that is recorded tomorrow.
    for people, told in ((10, None), (6, None), (None, None)):
        counted(writer, "M-ELE-1", people)
        assert present(desk(groups, "working_group"), "M-ELE-1") == told
    for people, told in ((9, None), (8, 8), (7, None), (None, None)):
        counted(writer, "M-PHC-1", people)
        assert present(desk(groups, "working_group"), "M-PHC-1") == told
        assert present(desk(groups, "leadership"), "M-PHC-1") == people
    assert guest.every_segment is False
    assert lead.every_segment is True


def counted(writer: Desk, key: str, people: int | None) -> None:
    meeting = writer.meetings.filter(pl.col("meeting_id") == key).row(0, named=True)
    writer.save_meeting({**meeting, "attendance_count": people}, seen=meeting["load_id"])


def present(reader: Desk, key: str) -> int | None:
    return dict(reader.meetings.select("meeting_id", "attendance_count").rows())[key]


# --- spreadsheets ------------------------------------------------------------------------------------------------------


def sheet(rows: list[dict[str, Any]], heads: list[str] | None = None, above: list[str] | None = None) -> bytes:
    """Write a workbook as people do."""
    names = heads or list(dict.fromkeys(name for row in rows for name in row))
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    page = book.add_worksheet("Feedback")
    top = 0
    for line in above or []:
        page.write_string(top, 0, line)
        top += 1
    for column, name in enumerate(names):
        page.write_string(top, column, name)
        for place, row in enumerate(rows, top + 1):
            value = row.get(name)
            if isinstance(value, dt.date):
                page.write_datetime(
                    place, column, dt.datetime(value.year, value.month, value.day), book.add_format({"num_format": "yyyy-mm-dd"})
                )
            elif value is not None:
                page.write(place, column, value)
    book.close()
    return content.getvalue()


GOOD = {
    "Working group": "Electronics", "Received": DAY, "Segment": "Importer, large", "Organisation (code)": "ORG-007", "Kind": "Recommendation",
    "Topic": "CF-28 and CF-29", "Statement": "Telephone before you send a CF-28.", "Weight 1-5": 3, "Public": "yes",
}  # fmt: skip
BROKEN = [
    GOOD,
    {**GOOD, "Segment": "Big importer", "Statement": "Another."},
    {**GOOD, "Received": "next Tuesday", "Statement": "A third."},
    {**GOOD, "Organisation (code)": None, "Statement": None},
    {**GOOD, "Working group": "PHC", "Statement": "From another group.", "Weight 1-5": 3},
]


def test_a_broken_spreadsheet_is_previewed_taken_and_nothing_of_it_is_lost(groups: Engine) -> None:
    content = sheet(BROKEN, above=["Minutes of the meeting"])
    seen = desk(groups).preview("minutes.xlsx", content)
    assert (seen.read, seen.taken.height, seen.refused_rows, seen.known) == (5, 2, 3, 0)
    assert seen.taken["segment"].to_list() == ["importer_large"] * 2
    assert seen.taken["group_code"].to_list() == ["IWG-ELE", "IWG-PHC"]
    assert seen.taken["status"].to_list() == ["open"] * 2
    refused = [(row["row"], row["column"], row["value"]) for row in seen.refused.iter_rows(named=True)]
    assert refused == [
        (4, "Segment", "Big importer"),
        (5, "Received", "next Tuesday"),
        (6, "Organisation (code)", None),
        (6, "Statement", None),
    ]
    assert "use one of “Importer, large”, “Importer, mid-size”" in seen.refused["message"][0]
    assert desk(groups).rows.is_empty()
    result = desk(groups).take("minutes.xlsx", content)
    assert (result.read, result.accepted, result.rejected, result.added) == (5, 2, 3, 2)
    assert set(desk(groups).rows["statement"]) == {"From another group.", "Telephone before you send a CF-28."}
    waiting = quarantine.rejects(groups)
    assert sorted(waiting["row_number"].unique()) == [4, 5, 6]
    assert "next Tuesday" in waiting["value"].to_list()
    key = desk(groups).rows["feedback_id"][0]
    told = desk(groups).history("feedback", key)
    assert (told["action"].to_list(), told["person"].to_list()) == (["import"], ["a.person"])
    again = desk(groups).take("minutes.xlsx", content)
    assert again.already_loaded
    assert desk(groups).rows.height == 2


def test_a_director_takes_only_their_own_group(groups: Engine) -> None:
    mine = desk(groups, "director", "ELE")
    with pytest.raises(DataError, match="Row 3 is feedback of the group “IWG-PHC”"):
        mine.preview("all.xlsx", sheet([GOOD, {**GOOD, "Working group": "PHC"}]))
    assert mine.take("own.xlsx", sheet([GOOD])).added == 1


def test_a_director_takes_over_no_piece_of_another_center_by_its_id(groups: Engine) -> None:
    desk(groups).save({**PIECE, "group_code": "IWG-PHC", "meeting_id": "M-PHC-1", "is_public": False}, action="create")
    before = desk(groups).rows
    mine = desk(groups, "director", "ELE")
    for given in ("F00001", " F00001 ", "\tF00001\u00a0"):
        content = sheet([GOOD, {**GOOD, "Statement": "Mine now.", "Feedback": given}])
        for judge in (mine.preview, mine.take):
            with pytest.raises(DataError, match="Row 3 would change the feedback F00001, which is not your Center's"):
                judge("own.xlsx", content)
    # Nor does an empty cell bring what another Center was told: a broken row would show it as its refused value.
    bare = {"Feedback": "F00001", "Working group": "Electronics", "Answer": "Yes.", "First answer": dt.date(2013, 1, 1)}
    seen = mine.preview("bare.xlsx", sheet([bare], heads=[*GOOD, "Feedback", "Answer", "First answer"]))
    assert seen.taken.is_empty()
    assert set(seen.refused["value"].drop_nulls()) <= {"2013-01-01"}
    assert seen.refused.filter(pl.col("column") == "Statement").height == 1
    assert desk(groups).rows.equals(before)
    # Their own piece they change by its id, and whoever writes for all groups changes any.
    own = desk(groups).save(PIECE, action="create")
    assert mine.take("own.xlsx", sheet([{**GOOD, "Feedback": own}])).replaced == 1
    assert desk(groups).take("all.xlsx", sheet([{**GOOD, "Working group": "PHC", "Feedback": "F00001"}])).replaced == 1


ANSWER = {
    "response": "One call first, from now on.", "responded_date": dt.date(2013, 7, 1), "position": "agree", "status": "implemented",
    "closed_date": dt.date(2013, 7, 2), "owner": "Center director", "satisfaction": 4,
}  # fmt: skip


@pytest.mark.parametrize("heads", [list(GOOD), list(voicewords.HEADS.values())], ids=["few columns", "all columns, empty"])
def test_a_sheet_that_comes_again_with_more_rows_leaves_answers_as_they_are(groups: Engine, heads: list[str]) -> None:
    first = {name: value for name, value in GOOD.items() if name != "Public"}
    content = sheet([first], heads=heads)
    desk(groups).take("minutes.xlsx", content)
    row = desk(groups).rows.row(0, named=True)
    assert (row["status"], row["position"], row["is_public"]) == ("open", "under_review", False)
    desk(groups).save({**row, **ANSWER, "is_public": True}, seen=row["load_id"], action="answer")
    answered = desk(groups).rows.row(0, named=True)
    again = desk(groups).take("minutes.xlsx", content)
    assert (again.already_loaded, again.replaced) == (True, 0)
    more = sheet([first, {**first, "Statement": "A second statement."}], heads=heads)
    seen = desk(groups).preview("minutes.xlsx", more)
    assert (seen.taken.height, seen.known, seen.changed, seen.changes.height) == (2, 1, 0, 0)
    taken = desk(groups).take("minutes.xlsx", more)
    assert (taken.added, taken.replaced, taken.unchanged) == (1, 0, 1)
    assert desk(groups).rows.filter(pl.col("feedback_id") == row["feedback_id"]).row(0, named=True) == answered
    fresh = desk(groups).rows.filter(pl.col("statement") == "A second statement.").row(0, named=True)
    assert (fresh["status"], fresh["position"], fresh["is_public"], fresh["response"]) == ("open", "under_review", False, None)


def test_what_a_filled_cell_changes_is_shown_before_it_is_taken(groups: Engine) -> None:
    desk(groups).take("minutes.xlsx", sheet([GOOD]))
    row = desk(groups).rows.row(0, named=True)
    other = {**GOOD, "Weight 1-5": 5, "Public": "no", "Kind": "Question", "Owner": "Center director", "Feedback": row["feedback_id"]}
    seen = desk(groups).preview("minutes.xlsx", sheet([{**GOOD, "Statement": "New."}, other]))
    assert (seen.known, seen.changed) == (1, 1)
    assert seen.changes.select("row", "column", "before", "after").sort("column").rows() == [
        (3, "Kind", "Recommendation", "Question"),
        (3, "Owner", "–", "Center director"),
        (3, "Public", "Yes", "No"),
        (3, "Weight 1-5", "3", "5"),
    ]
    assert set(seen.changes["feedback_id"]) == {row["feedback_id"]}
    result = desk(groups).take("minutes.xlsx", sheet([other]), seen.seen)
    assert (result.added, result.replaced) == (0, 1)
    now = desk(groups).rows.row(0, named=True)
    assert (now["severity"], now["is_public"], now["kind"], now["owner"]) == (5, False, "question", "Center director")


def test_a_sheet_is_not_taken_over_values_that_were_saved_after_it_was_looked_at(groups: Engine) -> None:
    desk(groups).take("minutes.xlsx", sheet([GOOD]))
    content = sheet([GOOD, {**GOOD, "Statement": "New."}, {**GOOD, "Weight 1-5": 5, "Feedback": desk(groups).rows["feedback_id"][0]}][1:])
    seen = desk(groups).preview("minutes.xlsx", content).seen
    row = desk(groups).rows.row(0, named=True)
    desk(groups).save({**row, "severity": 1}, seen=row["load_id"])
    with pytest.raises(ChangedError, match=f"Somebody else has saved {row['feedback_id']} since this file was looked at"):
        desk(groups).take("minutes.xlsx", content, seen)
    assert desk(groups).rows["severity"].to_list() == [1]
    assert desk(groups).take("minutes.xlsx", content, desk(groups).preview("minutes.xlsx", content).seen).replaced == 1
    assert desk(groups).rows.height == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"not a workbook", "a.xlsx"),
        (
            "a.xlsx",
            sheet([{"Statement": "Only this"}]),
            "lacks the columns “Working group”, “Received”, “Segment”, “Organisation (code)”, “Kind”, “Topic”. Download",
        ),
        ("a.pdf", b"%PDF", "not an XLSX or CSV"),
        ("a.csv", b"", "a.csv"),
        ("../../etc/a.csv", b"Statement,Statement\nx,y", "lacks the columns"),
        ("a.csv", b"x" * 6_000_000, "more than 5 million bytes"),
    ],
)
def test_a_file_that_is_none_gets_a_clear_sentence(groups: Engine, name: str, content: bytes, words: str) -> None:
    with pytest.raises(DataError) as caught:
        desk(groups).preview(name, content)
    assert words in str(caught.value)
    assert len(str(caught.value)) > 30


def test_the_empty_spreadsheet_can_be_filled_and_taken(groups: Engine, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    path.write_bytes(desk(groups).template())
    book = fastexcel.read_excel(path)
    assert book.sheet_names == ["Feedback", "Lists"]
    heads = book.load_sheet("Feedback", header_row=0).to_polars().columns
    assert heads == list(voicewords.HEADS.values())
    kinds = TABLES["feedback"].columns()
    assert set(voicewords.HEADS) == set(kinds)
    given = ("feedback_id", *voicewords.DEFAULTS)
    assert set(voicewords.NEEDED) == {name for name in kinds if not kinds[name].nullable and name not in given}
    with pytest.raises(DataError, match="has no rows below its headings"):
        desk(groups).preview("empty.xlsx", path.read_bytes())
    assert desk(groups).take("filled.xlsx", sheet([GOOD], heads=heads)).added == 1


def test_words_beyond_the_contract_are_kept_as_written_and_formulas_are_texts(groups: Engine) -> None:
    odd = {**GOOD, "Statement": '=HYPERLINK("http://example.org")', "Remark": "not a column"}
    content = "\n".join([",".join(odd), ",".join('"' + str(value).replace('"', '""') + '"' for value in odd.values())]).encode()
    seen = desk(groups).preview("odd.csv", content)
    assert seen.taken["statement"].to_list() == ['=HYPERLINK("http://example.org")']
    assert any("Remark" in notice for notice in seen.notices)


# --- the demonstration's own -------------------------------------------------------------------------------------------


def shared(store: Path) -> Engine:
    return database.shared_engine(f"sqlite:///{store / 'centerline.sqlite'}")


def test_the_live_record_makes_the_rollup_that_was_published(store: Path, analyst: Snapshot) -> None:
    live = Desk(analyst, shared(store)).source
    for rollup in rollups_of(FEEDBACK):
        assert_frame_equal(analyst.frames[rollup.name].collect(), live.frames[rollup.name].collect(), check_row_order=False)
    assert live.as_of == analyst.as_of
    assert analyst.frames is not live.frames


def test_without_a_database_the_published_record_is_shown_and_said_to_be(analyst: Snapshot, store: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged.sqlite").write_bytes(b"not a database" * 100)
    live = Desk(analyst, shared(store))
    for name in ("damaged", "new"):
        shown = feedback.opened(analyst, f"sqlite:///{tmp_path / name}.sqlite", "a.person", live=True)
        assert shown.fault.startswith("The record of feedback cannot be reached just now")
        assert not shown.writes
        assert (
            shown.rows.drop("load_id").sort("feedback_id").equals(live.rows.select(shown.rows.columns).drop("load_id").sort("feedback_id"))
        )
        meeting = shown.meetings["meeting_id"][0]
        assert shown.attendance(meeting).equals(live.attendance(meeting))
        assert shown.follow_ups(meeting).drop("load_id").equals(live.follow_ups(meeting).drop("load_id"))
        assert shown.themes().height == live.themes().height
    cited = feedback.opened(analyst, "sqlite:///none.sqlite", "a.person", live=False)
    assert (cited.fault, cited.writes, cited.rows.height) == ("", False, live.rows.height)


def test_no_frame_tells_a_working_group_a_segment_or_a_piece_that_it_may_not_list(store: Path) -> None:
    guest = Snapshot(Scope("working_group"), home=store / "published")
    for source in (guest, Desk(guest, shared(store)).source):
        for rollup in rollups_of(FEEDBACK):
            assert source.frames[rollup.name].collect()["segment"].null_count() == source.frames[rollup.name].collect().height > 0
            counted = source.frames[rollup.name].group_by("date", "center_code").agg(pl.col("feedback_count").sum()).collect()
            public = Desk(guest, shared(store)).rows.group_by("received_date", "center_code").len()
            assert sorted(counted.select("date", pl.col("center_code").cast(pl.String), "feedback_count").rows()) == sorted(public.rows())
    analyst = Snapshot(Scope("analyst"), home=store / "published")
    assert analyst.frames[rollups_of(FEEDBACK)[0].name].collect()["segment"].null_count() == 0


def settled_by(store: Path, as_of: dt.date) -> tuple[pl.DataFrame, float, int]:
    """The record with one piece that was settled on a day that nobody wrote down; the median days to settle on a day by SQL and SciPy; and its cases."""
    with shared(store).connect() as connection:
        record = bulk.read_whole(connection, "feedback")
    first = pl.col("feedback_id") == record.filter(pl.col("closed_date") < as_of)["feedback_id"].min()
    record = record.with_columns(closed_date=pl.when(~first).then(pl.col("closed_date")))
    rows = duckdb.sql(
        f"select least(coalesce(closed_date, date '{as_of}'), date '{as_of}') - received_date, coalesce(closed_date <= date '{as_of}', false) "
        f"from record where received_date <= date '{as_of}' and (closed_date is not null or status in ('open', 'in_progress'))"
    ).fetchall()
    days, ended = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    curve = stats.ecdf(stats.CensoredData(uncensored=days[ended], right=days[~ended])).sf
    return record, float(curve.quantiles[curve.probabilities <= 0.5 + 1e-12].min()), len(rows)


@pytest.mark.parametrize("later", [30, 90, 180])
def test_what_was_settled_after_the_date_of_the_data_was_waiting_on_it(store: Path, analyst: Snapshot, later: int) -> None:
    as_of = analyst.as_of - dt.timedelta(days=later)
    record, median, cases = settled_by(store, as_of)
    name = rollups_of(FEEDBACK)[0].name
    columns = analyst.frames[name].collect_schema()
    tables = {"feedback": record, "working_group": analyst.dimension("working_group")}
    # As published on that day, and as a later version answers a question about that day.
    known, now = (facts.feedback(tables, day) for day in (as_of, analyst.as_of))
    for fact in (known, now):
        found = voices.feedback_closure_days({name: voices.rollup(fact, columns).lazy()}, Filters(), as_of).row(0, named=True)
        assert (found["value"], found["n"]) == (median, cases)
    after = record.filter((pl.col("closed_date") > as_of) & (pl.col("received_date") <= as_of))
    assert after.height >= 5
    statuses = dict(known.join(after.select("feedback_id"), on="feedback_id", how="semi").group_by("status").len().rows())
    answered = after.filter(pl.col("responded_date") <= as_of).height
    assert statuses == {name: count for name, count in (("in_progress", answered), ("open", after.height - answered)) if count}


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
