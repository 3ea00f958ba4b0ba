"""Where a publish reads from: the database, or the tables of the contracts in memory.

A source hands over small tables whole and the large ones a month at a time, so that memory follows the largest month and
not the history, and says which months have changed since a publish.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any, Final, Protocol

import polars as pl
from sqlalchemy import Connection, func, select

from analytics import periods
from analytics.coding import Codes
from data import bulk, database, months, reported
from data.contracts import TABLES
from data.facts import STAKE
from data.history import MONTH_OF
from data.months import Month
from data.schema import LOAD, REVISION

#: Kinds of month: of entry, and in which a review was opened.
KINDS: Final = ("entry", "review")

#: Tables that are read by month -> the kind of month.
KIND_OF: Final = {"entry": "entry", "entry_line": "entry", "review": "review", "review_event": "review"}

#: Tables that a publish reads whole.
SMALL: Final = (*(name for name in TABLES if name not in KIND_OF and name != "note"), "account_key")

#: Measures of the ledger that facts can be held against.
LEDGER_MEASURES: Final = ("rows", "value_cents", "closed_count")


class Source(Protocol):
    """What a publish reads."""

    @property
    def state(self) -> dict[str, Any]:
        """Say up to which load the source has come, so that a later publish can ask what has changed since."""

    @property
    def synthetic(self) -> bool:
        """Whether anything in it is synthetic."""

    def months(self, kind: str) -> list[str]:
        """List the months that hold rows, in order."""

    def changed(self, since: Mapping[str, Any]) -> Mapping[str, Set[str]] | None:
        """Return the months of each kind that may have changed since a state; null when nobody can say."""

    def small(self, name: str) -> pl.DataFrame:
        """Return a small table, sorted by its key."""

    def month(self, kind: str, month: str, as_of: dt.date | None, lists: Codes) -> Month:
        """Return a month as things stood on a date (null: as they are), in the numbers of these lists."""

    def ledger(self) -> pl.DataFrame:
        """Return what must be there: `table_name`, `month` and `LEDGER_MEASURES`."""

    def reported(self, after: int) -> pl.DataFrame:
        """Return what each load after one changed of the receipts and completions of months (`data.reported.SCHEMA`)."""


class Database:
    """The database as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def state(self) -> dict[str, Any]:
        """Name the last load, and enough of it to tell it from another of its number."""
        return self._load(self._connection.execute(select(func.max(LOAD.c.load_id))).scalar() or 0)

    @property
    def synthetic(self) -> bool:
        """Whether anything synthetic was ever loaded."""
        return database.holds_synthetic(self._connection)

    def months(self, kind: str) -> list[str]:
        """List the months that hold rows, in order: those of the ledger whose rows did not all move away."""
        held = func.sum(REVISION.c.added_count - REVISION.c.removed_count) > 0
        query = select(REVISION.c.month).where(REVISION.c.table_name == kind).group_by(REVISION.c.month).having(held)
        return sorted(self._connection.execute(query).scalars())

    def changed(self, since: Mapping[str, Any]) -> Mapping[str, Set[str]] | None:
        """Return the months that loads have touched; null when the database is not a later state of that one."""
        if self._load(int(since.get("load_id", -1))) != since:
            return None
        query = select(REVISION.c.table_name, REVISION.c.month).where(REVISION.c.load_id > since["load_id"]).distinct()
        touched: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for table, month in self._connection.execute(query):
            touched[KIND_OF[table]].add(month)
        return touched

    def small(self, name: str) -> pl.DataFrame:
        """Return a small table, sorted by its key."""
        frame = bulk.read_whole(self._connection, name)
        return frame.sort(TABLES[name].primary_key() if name in TABLES else ["account_id"])

    def month(self, kind: str, month: str, as_of: dt.date | None, lists: Codes) -> Month:
        """Read the tables of a month."""
        days = days_of(month)
        own = bulk.read_where(self._connection, kind, bulk.columns_of(kind), between(f"t.{MONTH_OF[kind]}"), days)
        if kind == "entry":
            lines = f"JOIN entry p ON p.entry_number = t.entry_number AND {between('p.entry_date')}"
            tables = {"entry": own, "entry_line": self._following("entry_line", lines, days), "account_key": self._keys}
            return months.of_tables(kind, tables, as_of, lists)
        events = f"JOIN review p ON p.review_id = t.review_id AND {between('p.opened_date')}"
        # No temporary table here: whoever publishes may only read.
        reviewed = f"t.entry_number IN (SELECT r.entry_number FROM review r WHERE {between('r.opened_date')})"
        stake = bulk.read_where(self._connection, "entry", STAKE, reviewed, days)
        tables = {"review": own, "review_event": self._following("review_event", events, days), "stake": stake, "account_key": self._keys}
        return months.of_tables(kind, tables, as_of, lists)

    @cached_property
    def _keys(self) -> pl.DataFrame:
        return self.small("account_key")

    def ledger(self) -> pl.DataFrame:
        """Sum the ledger of revisions."""
        sums = [
            func.sum(REVISION.c.added_count - REVISION.c.removed_count),
            func.sum(REVISION.c.value_cents),
            func.sum(REVISION.c.closed_count),
        ]
        query = select(REVISION.c.table_name, REVISION.c.month, *sums).group_by(REVISION.c.table_name, REVISION.c.month)
        rows = [(table, month, *map(int, counts)) for table, month, *counts in self._connection.execute(query)]
        return pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row")

    def reported(self, after: int) -> pl.DataFrame:
        """Count what the loads after one wrote and replaced (`data.reported`)."""
        return reported.since(self._connection, after)

    def _following(self, name: str, join: str, days: list[dt.date]) -> pl.DataFrame:
        return bulk.read_where(self._connection, name, bulk.columns_of(name), "1 = 1", days, join=join)

    def _load(self, load_id: int) -> dict[str, Any]:
        row = self._connection.execute(select(LOAD.c.sha256, LOAD.c.finished_at).where(LOAD.c.load_id == load_id)).first()
        return {"load_id": load_id, "sha256": row.sha256 if row else "", "finished_at": row.finished_at.isoformat() if row else ""}


class Memory:
    """Tables of the contracts in memory."""

    def __init__(self, tables: Mapping[str, pl.DataFrame], *, synthetic: bool) -> None:
        keys = tables["account"].select("account_id").sort("account_id").with_row_index("account_key")
        self._tables = dict(tables) | {"account_key": keys.select("account_id", "account_key")}
        self._synthetic = synthetic

    @property
    def state(self) -> dict[str, Any]:
        """Nothing is known of loads."""
        return {}

    @property
    def synthetic(self) -> bool:
        """As its maker says."""
        return self._synthetic

    def months(self, kind: str) -> list[str]:
        """List the months that hold rows, in order."""
        return sorted(self._tables[kind][MONTH_OF[kind]].dt.strftime("%Y-%m").unique())

    def changed(self, since: Mapping[str, Any]) -> Mapping[str, Set[str]] | None:  # noqa: ARG002
        """Nobody can say."""
        return None

    def small(self, name: str) -> pl.DataFrame:
        """Return a small table, sorted by its key."""
        return self._tables[name].sort(TABLES[name].primary_key() if name in TABLES else ["account_id"])

    def month(self, kind: str, month: str, as_of: dt.date | None, lists: Codes) -> Month:
        """Cut the tables of a month out."""
        first, following = days_of(month)
        own = self._tables[kind].filter(pl.col(MONTH_OF[kind]).is_between(first, following, closed="left"))
        if kind == "entry":
            lines = self._tables["entry_line"].join(own, on="entry_number", how="semi")
            tables = {"entry": own, "entry_line": lines, "account_key": self._tables["account_key"]}
            return months.of_tables(kind, tables, as_of, lists)
        stake = self._tables["entry"].select(STAKE).join(own, on="entry_number", how="semi")
        events = self._tables["review_event"].join(own, on="review_id", how="semi")
        tables = {"review": own, "review_event": events, "stake": stake, "account_key": self._tables["account_key"]}
        return months.of_tables(kind, tables, as_of, lists)

    def ledger(self) -> pl.DataFrame:
        """There is no ledger."""
        return pl.DataFrame(schema=LEDGER_SCHEMA)

    def reported(self, after: int) -> pl.DataFrame:  # noqa: ARG002
        """Nothing is known of loads."""
        return pl.DataFrame(schema=reported.SCHEMA)


LEDGER_SCHEMA: Final = {"table_name": pl.String, "month": pl.String, **dict.fromkeys(LEDGER_MEASURES, pl.Int64)}


def days_of(month: str) -> list[dt.date]:
    """Return the first day of a month and of the one after it."""
    first = dt.date.fromisoformat(f"{month}-01")
    return [first, periods.next_month(first)]


def between(column: str) -> str:
    """Write the condition that a date lies from one given day on and before another."""
    return f"{column} >= ? AND {column} < ?"
