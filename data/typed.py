"""One record typed in the app: judged by the contract that judges loads, written with its history, its author and the audit trail.

A typed record is an entry of the ledger of loads like a file's rows. So `load_id` is the number of a record's present values:
who saves says which values they saw, and is refused when others stand there by then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, Engine, func, select

from analytics.exc import ChangedError, DataError
from data import across, bulk, database, history, validate
from data.author import Author, audit, now
from data.contracts import TABLES
from data.lookup import Lookup
from data.schema import LOAD

#: How the ledger of loads calls what was typed.
LAYOUT: Final = "form"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a value, and what to do about it."""

    column: str
    message: str


class RefusedError(DataError):
    """A record breaks its contract; `faults` names each column."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(" ".join(f"{fault.column}: {fault.message}" for fault in faults))
        self.faults = faults


#: Judges a record before it is written, within the transaction: may it be, and with which key.
Check = Callable[[Connection, Mapping[str, Any]], Mapping[str, Any]]


def save(
    engine: Engine,
    table: str,
    values: Mapping[str, Any],
    author: Author,
    *,
    action: str,
    seen: int | None = None,
    check: Check | None = None,
    faults: tuple[Fault, ...] = (),
) -> str:
    """Write one record whole, in one transaction with its history, its author and an audit event.

    Args:
        engine: Database.
        table: Table of the contracts.
        values: Column -> value, text or typed; a column that is left out is empty.
        author: Who writes.
        action: What is done: `create`, `edit`, `answer`.
        seen: `load_id` of the values that the author saw; null for a new record.
        check: Judges the record first, and may complete it.
        faults: What is wrong with it already; it is told together with what breaks the contract.

    Returns:
        The key of the record as text. A record that is saved as it stands changes nothing.

    Raises:
        RefusedError: it breaks the contract.
        ChangedError: other values stand there by now.
        DataError: the database refuses; nothing was changed.
    """
    with database.writing(engine) as connection:
        given = check(connection, values) if check else values
        frame = _judged(connection, table, given, faults)
        key = "|".join(str(frame[name][0]) for name in TABLES[table].primary_key())
        _unchanged_since(connection, table, frame, seen)
        load_id = next_load(connection)
        change, _ = history.put(connection, table, frame, load_id, Lookup(connection).rows)
        if change.unchanged:
            return key
        _ledger(connection, load_id, table, key, frame, replaced=change.new.height)
        sign(connection, load_id, table, key, action, author)
        return key


def next_load(connection: Connection) -> int:
    """Return the next number of the ledger of loads, within the transaction that writes."""
    return int(connection.execute(select(func.max(LOAD.c.load_id))).scalar() or 0) + 1


def sign(connection: Connection, load_id: int, table: str, key: str, action: str, author: Author) -> None:
    """Write down who wrote what: beside the ledger, for the history of the record, and in the audit trail."""
    signed = {"load_id": load_id, "table_name": table, "row_key": key, "action": action, "role": author.role, "person": author.person}
    bulk.insert_record(connection, "edit", signed | {"at": now()})
    audit(connection, author, action, f"{table} {key}".strip() + f", load {load_id}")


def _judged(connection: Connection, table: str, values: Mapping[str, Any], known: tuple[Fault, ...]) -> pl.DataFrame:
    """Judge a record as a load judges a row; returns it in the contract's columns and types."""
    texts = {name: _text(values.get(name)) for name in TABLES[table].column_names()}
    raw = pl.DataFrame({name: [text] for name, text in texts.items()}, schema=dict.fromkeys(texts, pl.String))
    lookup = Lookup(connection)
    checked = across.judged(table, validate.check(table, raw, lookup.existing), lookup.rows)
    broken = checked.rejects.select("column_name", "message").unique(maintain_order=True)
    faults = (*known, *(Fault(*row) for row in broken.iter_rows()))
    if faults:
        raise RefusedError(faults)
    kinds = TABLES[table].columns()
    return checked.accepted.select(pl.col(name).cast(kind.dtype) for name, kind in kinds.items())


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _unchanged_since(connection: Connection, table: str, frame: pl.DataFrame, seen: int | None) -> None:
    """Refuse to write over values that the author has not seen.

    Raises:
        ChangedError: they are others by now, are gone, or the key of a new record is taken.
    """
    held = bulk.read_matching(connection, table, frame.select(TABLES[table].primary_key()), ["load_id"])
    there = int(held["load_id"][0]) if held.height else None
    if there == seen:
        return
    if seen is None:
        raise ChangedError("A record of this key is there already; nothing was changed. Open it, or choose another key.")
    raise ChangedError(
        "Somebody else has saved this record since you opened it; nothing was changed. What you typed still stands in the form: "
        "compare it with the record as it is now and save again."
    )


def _ledger(connection: Connection, load_id: int, table: str, key: str, frame: pl.DataFrame, *, replaced: int) -> None:
    content = json.dumps(frame.row(0, named=True), default=str, sort_keys=True).encode()
    record = {
        "load_id": load_id,
        "file_name": f"typed: {table} {key}",
        "sha256": hashlib.sha256(content + str(load_id).encode()).hexdigest(),
        "byte_count": len(content),
        "table_name": table,
        "layout": LAYOUT,
        "synthetic": False,
        "read_count": 1,
        "accepted_count": 1,
        "rejected_count": 0,
        "unchanged_count": 0,
        "added_count": 1 - replaced,
        "replaced_count": replaced,
        "started_at": now(),
        "finished_at": now(),
    }
    bulk.insert_record(connection, "load", record)
