"""The few writes that the app makes: the audit trail, and notes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from sqlalchemy import Engine

from analytics.scope import Scope
from data import database
from data.settings import settings


def record_audit(engine: Engine, *, role: str, person: str, action: str, detail: str) -> None:
    """Write down who did what: a sign-in, an export or an edit."""
    record = {
        "event_id": str(uuid.uuid4()),
        "at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
        "role": role,
        "person": person,
        "action": action,
        "detail": detail[:2000],
    }
    with engine.begin() as connection:
        database.insert_record(connection, "audit_event", record)


def exporter(scope: Scope, person: str = "demonstration") -> Callable[[str, str], None]:
    """Return a function that writes down an export by a reader of this scope."""

    def record(action: str, detail: str) -> None:
        record_audit(database.shared_engine(settings().url), role="-".join([scope.role_id, *scope.centers]), person=person, action=action, detail=detail)

    return record
