"""The SQL schema: made from the contracts, plus what the store keeps about its own past.

Every table of the contracts has a column `load_id` (the load that wrote the row; 0 for what came with the schema) and a
twin `<table>_history` with the rows that were replaced and the load that did it.
"""

from __future__ import annotations

from typing import Any, Final

import dataframely as dy
import polars as pl
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Float, Index, Integer, MetaData, String, Table, Text, false
from sqlalchemy.dialects import sqlite

from data.contracts import TABLES

METADATA: Final = MetaData()

#: Columns that are looked up besides the key.
_INDEXED: Final[tuple[tuple[str, str], ...]] = (
    ("importer", "importer_number"),
    ("entry", "account_id"),
    ("review", "entry_number"),
    ("entry", "entry_date"),
    ("review", "opened_date"),
)

#: SQL type -> the Polars type that holds it; the first that fits counts.
_KINDS: Final = (
    (Boolean, pl.Boolean()),
    (Integer, pl.Int64()),
    (Float, pl.Float64()),
    (DateTime, pl.Datetime("us")),
    (Date, pl.Date()),
    (String, pl.String()),
)


def _table(name: str, contract: type[dy.Schema]) -> Table:
    columns = contract.to_sqlalchemy_columns(sqlite.dialect())
    documented = contract.columns()
    for column in columns:
        column.comment = (documented[column.name].metadata or {}).get("doc")
    indexes = [Index(f"ix_{name}_{column}", column) for table, column in _INDEXED if table == name]
    written = Column("load_id", Integer, nullable=False, server_default="0", comment="Load that wrote the row")
    return Table(name, METADATA, *columns, written, *indexes, comment=(contract.__doc__ or "").strip())


def _history(name: str, contract: type[dy.Schema]) -> Table:
    columns = contract.to_sqlalchemy_columns(sqlite.dialect())
    return Table(
        f"{name}_history",
        METADATA,
        *columns,
        Column("load_id", Integer, nullable=False, comment="Load that wrote these values"),
        Column("replaced_by", Integer, primary_key=True, autoincrement=False, comment="Load that replaced them"),
        comment=f"Replaced rows of the table {name}.",
    )


for _name, _contract in TABLES.items():
    _table(_name, _contract)
    _history(_name, _contract)

LOAD: Final = Table(
    "load",
    METADATA,
    Column("load_id", Integer, primary_key=True, autoincrement=False),
    Column("file_name", String(400), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("byte_count", BigInteger, nullable=False),
    Column("table_name", String(40), nullable=False),
    Column("layout", String(40), nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("read_count", BigInteger, nullable=False),
    Column("accepted_count", BigInteger, nullable=False),
    Column("rejected_count", BigInteger, nullable=False),
    Column("unchanged_count", BigInteger, nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("finished_at", DateTime, nullable=False),
    Column("source", String(60), nullable=False, server_default="default"),
    Column("extract_date", Date),
    Column("is_full", Boolean, nullable=False, server_default=false()),
    Column("added_count", BigInteger, nullable=False, server_default="0"),
    Column("replaced_count", BigInteger, nullable=False, server_default="0"),
    Column("vanished_count", BigInteger, nullable=False, server_default="0"),
    comment="Every file that was loaded.",
)

REJECT: Final = Table(
    "reject",
    METADATA,
    Column("load_id", Integer, primary_key=True, autoincrement=False),
    Column("row_number", BigInteger, primary_key=True, autoincrement=False),
    Column("rule", String(80), primary_key=True),
    Column("column_name", String(200), nullable=False),
    Column("value", Text),
    Column("message", Text, nullable=False),
    comment="Every row that was refused, with the rule it broke; row 1 of a file is its headings.",
)

REJECTED_ROW: Final = Table(
    "rejected_row",
    METADATA,
    Column("load_id", Integer, primary_key=True, autoincrement=False),
    Column("row_number", BigInteger, primary_key=True, autoincrement=False),
    Column("table_name", String(40), nullable=False),
    Column("row_key", Text, index=True, comment="Key of the row as text; null when it has none"),
    Column("content", Text, nullable=False, comment="The row as it came: JSON of heading and value"),
    Column("settled_by", Integer, comment="Load that brought the row again; null while it waits or was dismissed"),
    Column("settled_how", String(20), comment="accepted, refused_again or dismissed; null while it waits"),
    Column("settled_reason", Text, comment="Why it was dismissed, and by whom"),
    comment="A refused row whole, and how it was settled.",
)

REVISION: Final = Table(
    "revision",
    METADATA,
    Column("load_id", Integer, primary_key=True, autoincrement=False),
    Column("table_name", String(40), primary_key=True),
    Column("month", String(7), primary_key=True, comment="Month of entry, or in which the review was opened"),
    Column("added_count", BigInteger, nullable=False, comment="Rows that the month gained"),
    Column("removed_count", BigInteger, nullable=False, comment="Rows that moved to another month"),
    Column("replaced_count", BigInteger, nullable=False, comment="Rows that stayed in the month with other values"),
    Column("value_cents", BigInteger, nullable=False, comment="Change of the month's value"),
    Column("closed_count", BigInteger, nullable=False, comment="Change of the month's closed reviews"),
    comment="What each load did to each month; the sums of a month are what the tables hold of it.",
)

FULL_KEY: Final = Table(
    "full_key",
    METADATA,
    Column("source", String(60), primary_key=True),
    Column("table_name", String(40), primary_key=True),
    Column("row_key", Text, primary_key=True),
    comment="The keys of the latest full extract of each source.",
)

VANISHED: Final = Table(
    "vanished",
    METADATA,
    Column("source", String(60), primary_key=True),
    Column("table_name", String(40), primary_key=True),
    Column("row_key", Text, primary_key=True),
    Column("missed_load_id", Integer, primary_key=True, autoincrement=False, comment="Full extract that no longer has the key"),
    Column("seen_load_id", Integer, nullable=False, comment="Full extract that had it last"),
    Column("back_load_id", Integer, comment="Load that brought it back, or closed it; null while it is missing"),
    comment="Records that were in a full extract and are missing in the next, with nothing that closed them.",
)

ACCOUNT_KEY: Final = Table(
    "account_key",
    METADATA,
    Column("account_id", String(16), primary_key=True),
    Column("account_key", Integer, nullable=False, unique=True),
    comment="A small number for each account that says nothing of it and never changes.",
)

AUDIT_EVENT: Final = Table(
    "audit_event",
    METADATA,
    Column("event_id", String(36), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("role", String(40), nullable=False),
    Column("person", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    comment="Every sign-in, export and edit.",
)

EDIT: Final = Table(
    "edit",
    METADATA,
    Column("load_id", Integer, primary_key=True, autoincrement=False, comment="Entry in the ledger of loads that wrote the row"),
    Column("table_name", String(40), nullable=False),
    Column("row_key", Text, nullable=False, comment="Key of the record; empty for a whole file"),
    Column("action", String(20), nullable=False, comment="create, edit, answer or import"),
    Column("role", String(40), nullable=False),
    Column("person", String(200), nullable=False),
    Column("at", DateTime, nullable=False, comment="When, UTC"),
    comment="Who typed or imported a record in the app.",
)

THEME: Final = Table(
    "theme",
    METADATA,
    Column("theme_id", String(36), primary_key=True),
    Column("words", Text, nullable=False, comment="Words of the theme when it was named, by weight"),
    Column("name", String(120), nullable=False),
    Column("role", String(40), nullable=False),
    Column("person", String(200), nullable=False),
    Column("at", DateTime, nullable=False, comment="When, UTC"),
    comment="Names that people gave to themes found in feedback; of one theme the last counts.",
)


def kinds(name: str) -> dict[str, Any]:
    """Return the columns of any table with the Polars types that hold them."""
    return {column.name: _kind(column.type) for column in METADATA.tables[name].columns}


def _kind(sql: Any) -> Any:
    for of, kind in _KINDS:
        if isinstance(sql, of):
            return kind
    raise TypeError(f"No Polars type for {sql!r}.")
