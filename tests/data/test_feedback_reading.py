"""The record of feedback as each role reads it: nothing said in confidence, no segment of few, one state with what was published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats
from sqlalchemy import Engine

from analytics import voices
from analytics.exc import ScopeError
from analytics.filters import Filters
from analytics.rollups import FEEDBACK, rollups_of
from analytics.scope import Scope
from data import bulk, facts, feedback
from data.contracts import TABLES
from data.feedback import Desk
from data.store import Snapshot
from tests.data.pieces import PIECE, desk, shared


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
