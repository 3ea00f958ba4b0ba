"""What is asked of a record that is typed, beyond its contract: days of answers, the next id, and links that its writer is not shown."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from analytics import codes
from data import bulk
from data.contracts import TABLES
from data.typed import Fault


def undated(values: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Name an answer or an end without its day: every figure of days would count it as still waiting.

    Files of other systems may lack it, what is typed may not.
    """
    faults = []
    if values.get("response") and not values.get("responded_date"):
        faults.append(Fault("responded_date", "There is an answer; say on which day it was given."))
    if values.get("status") in codes.FEEDBACK_CLOSED and not values.get("closed_date"):
        faults.append(Fault("closed_date", "The status is one that settles it; say on which day, or choose an open one."))
    return tuple(faults)


def linked(connection: Connection, given: Mapping[str, Any], may_write: Callable[[str | None], bool]) -> Mapping[str, Any]:
    """Keep a promise's link to a piece that the writer may not be shown: what they save says nothing of it."""
    stored = bulk.read_where(connection, "follow_up", ["feedback_id"], "t.follow_up_id = ?", [given.get("follow_up_id")])
    link = stored["feedback_id"].drop_nulls()
    if given.get("feedback_id") or link.is_empty():
        return given
    piece = bulk.read_where(connection, "feedback", ["group_code"], "t.feedback_id = ?", [link[0]]).to_dicts()
    return given if piece and may_write(center(connection, piece[0])) else {**given, "feedback_id": link[0]}


def center(connection: Connection, values: Mapping[str, Any]) -> str | None:
    """Return the Center of the group that a record belongs to."""
    group = values.get("group_code")
    if group is None and values.get("meeting_id"):
        found = bulk.read_where(connection, "meeting", ["group_code"], "t.meeting_id = ?", [values["meeting_id"]])
        group = found["group_code"][0] if found.height else None
    found = bulk.read_where(connection, "working_group", ["center_code"], "t.group_code = ?", [group or ""])
    return str(found["center_code"][0]) if found.height else None


def _numbered(connection: Connection, table: str, prefix: str, width: int) -> str:
    """Return the next id of a table whose ids are a prefix and a number."""
    key = TABLES[table].primary_key()[0]
    ids = bulk.read_where(connection, table, [key], f"t.{key} LIKE ?", [f"{prefix}%"])[key]
    numbers = ids.str.strip_prefix(prefix).str.to_integer(strict=False)
    return f"{prefix}{int(numbers.max() or 0) + 1:0{width}d}"  # type: ignore[arg-type]


def _drawn(connection: Connection, table: str, prefix: str, digits: int) -> str:
    """Return an id of a prefix and a number that no record of a table has.

    Drawn and not counted on: gaps between ids would tell a working group how many records it is not shown, and about when they came.
    """
    key = TABLES[table].primary_key()[0]
    while True:
        made = f"{prefix}{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
        if bulk.read_where(connection, table, [key], f"t.{key} = ?", [made]).is_empty():
            return made


def next_feedback(connection: Connection, _: Mapping[str, Any]) -> str:
    """Return the id of a new piece of feedback."""
    return _drawn(connection, "feedback", "F", 6)


def next_meeting(connection: Connection, values: Mapping[str, Any]) -> str:
    """Return the id of a new meeting of a group."""
    return _numbered(connection, "meeting", f"M-{str(values.get('group_code') or '').removeprefix('IWG-')}-", 1)


def next_follow_up(connection: Connection, _: Mapping[str, Any]) -> str:
    """Return the id of a new promise."""
    return _drawn(connection, "follow_up", "U", 6)
