"""The SQL schema: made from the contracts, plus the ledger of loads, refused rows and audit events."""

from __future__ import annotations

from typing import Final

import dataframely as dy
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects import sqlite

from data.contracts import TABLES

METADATA: Final = MetaData()

#: Columns that are looked up besides the key.
_INDEXED: Final[tuple[tuple[str, str], ...]] = (
    ("importer", "importer_number"),
    ("entry", "account_id"),
    ("review", "entry_number"),
)


def _table(name: str, contract: type[dy.Schema]) -> Table:
    columns = contract.to_sqlalchemy_columns(sqlite.dialect())
    documented = contract.columns()
    for column in columns:
        column.comment = (documented[column.name].metadata or {}).get("doc")
    indexes = [Index(f"ix_{name}_{column}", column) for table, column in _INDEXED if table == name]
    return Table(name, METADATA, *columns, *indexes, comment=(contract.__doc__ or "").strip())


for _name, _contract in TABLES.items():
    _table(_name, _contract)

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
