"""What tests of feedback share: a piece, a meeting's spreadsheet, and who opens the record."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any, cast

import xlsxwriter
from sqlalchemy import Engine

from analytics.scope import Scope
from data import database
from data.feedback import Desk
from data.store import Snapshot

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


def shared(store: Path) -> Engine:
    return database.shared_engine(f"sqlite:///{store / 'centerline.sqlite'}")
