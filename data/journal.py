"""The few writes that the app makes: the audit trail, notes, and the record of feedback."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine

from analytics.exc import DataError
from analytics.scope import Scope
from data import bulk, database, feedback
from data.author import Author, audit, author_of, now
from data.feedback import Desk
from data.settings import settings
from data.store import Snapshot

_LONGEST_NOTE: Final = 2000


def record_audit(engine: Engine, *, role: str, person: str, action: str, detail: str) -> None:
    """Write down who did what: a sign-in, an export or an edit."""
    with database.writing(engine) as connection:
        audit(connection, Author(role, person), action, detail)


def add_note(
    engine: Engine, *, author: str, text: str, view: str = "", from_date: dt.date | None = None, to_date: dt.date | None = None
) -> str:
    """Keep a note that a reader leaves on a view, and return its id.

    Raises:
        DataError: the note is empty, too long, or ends before it begins.
    """
    words = text.strip()
    if not words or len(words) > _LONGEST_NOTE:
        raise DataError(f"A note has 1 to {_LONGEST_NOTE:,} characters; this one has {len(words):,}.")
    if from_date and to_date and to_date < from_date:
        raise DataError("The note ends before it begins; change its dates.")
    note = {
        "note_id": str(uuid.uuid4()),
        "filter": view[:_LONGEST_NOTE] or None,
        "from_date": from_date,
        "to_date": to_date,
        "text": words,
        "author": author,
    }
    with database.writing(engine) as connection:
        bulk.insert_record(connection, "note", note | {"created_at": now()})
    return str(note["note_id"])


def feedback_desk(snapshot: Snapshot, *, live: bool = True) -> Desk:
    """Open the record of feedback to a reader; a cited version (not `live`) is shown as it was published and is not written."""
    return feedback.opened(snapshot, settings().url, live=live)


def exporter(scope: Scope) -> Callable[[str, str], None]:
    """Return a function that writes down an export by a reader of this scope."""

    def record(action: str, detail: str) -> None:
        by = author_of(scope)
        record_audit(database.shared_engine(settings().url), role=by.role, person=by.person, action=action, detail=detail)

    return record
