"""Who writes, and when: everything that the app writes down is signed here, and here a sign-in will say who it is."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from analytics.scope import Scope
from data import bulk
from data.settings import settings

_LONGEST_DETAIL: Final = 2000


@dataclass(frozen=True)
class Author:
    """Who writes: the role with its Centers, and the person."""

    role: str
    person: str


def author_of(scope: Scope, person: str = "") -> Author:
    """Say who writes in a scope.

    Args:
        scope: What the reader reaches.
        person: Who it is; empty for whom the installation names (setting `person`), because nobody signs in yet.
    """
    return Author("-".join([scope.role_id, *scope.centers]), person or settings().person)


def now() -> dt.datetime:
    """Return the time that stands beside a signature: UTC, without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def audit(connection: Connection, by: Author, action: str, detail: str) -> None:
    """Write an event of the audit trail: who did what, and when."""
    event = {"role": by.role, "person": by.person, "action": action, "detail": detail[:_LONGEST_DETAIL]}
    bulk.insert_record(connection, "audit_event", event | {"event_id": str(uuid.uuid4()), "at": now()})
