"""Frames in and out of the SQL database, by each database's fast path, within the transaction that is open.

A frame goes in and comes out in the types that `data.schema` gives its table. SQLite is spoken to through Python's own
driver only: a second copy of its library in one process undoes the first one's file locks, and then committed rows are lost.
"""

from __future__ import annotations

import contextlib
import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import polars as pl
import polars.selectors as cs
from sqlalchemy import Connection, Engine, func, insert, select

from analytics import coding
from data import schema
from data.contracts import TABLES
from data.progress import Progress
from data.schema import METADATA

#: How the databases hand over the types that they do not have or write as text.
_SQLITE: Final = {pl.Date: pl.String(), pl.Datetime: pl.String(), pl.Boolean: pl.Int64()}
_COPIED: Final = {pl.Date: pl.String(), pl.Datetime: pl.String(), pl.Boolean: pl.String()}

#: Stands for null in what the databases write as text; no text of the store holds it.
_NULL: Final = "\x01"

#: Stands between the values of a column that SQLite writes as one text.
_SEPARATOR: Final = "\x1f"

#: Rows that are given to the database at once.
CHUNK_ROWS: Final = 100_000

#: Rows that SQLite gives or takes at once: few enough that they are still in the processor's cache when they become columns, or rows.
_HANDED_ROWS: Final = 10_000

#: More keys than this are not looked up one by one in a table that has only a few times as many rows.
_MANY: Final = 20_000
_FEW_TIMES: Final = 4


def columns_of(name: str) -> list[str]:
    """List a table's columns: the contract's for a table of the contracts, else all."""
    return TABLES[name].column_names() if name in TABLES else list(schema.kinds(name))


# --- in ------------------------------------------------------------------------------------------------------------


def bulk_insert(connection: Connection, name: str, frame: pl.DataFrame, progress: Progress | None = None) -> None:
    """Insert a frame into a table within the open transaction."""
    insert_part = _copy_in if connection.dialect.name == "postgresql" else _executemany
    parts = -(-frame.height // CHUNK_ROWS)
    slices = frame.iter_slices(CHUNK_ROWS) if parts else iter(())
    for part in progress.over(slices, f"Writing {frame.height:,} rows to {name}", parts) if progress and parts > 1 else slices:
        insert_part(connection, name, part)


def insert_record(connection: Connection, table: str, record: Mapping[str, Any]) -> None:
    """Insert one record."""
    connection.execute(insert(METADATA.tables[table]).values(**record))


def delete_rows(connection: Connection, name: str, keys: pl.DataFrame) -> None:
    """Delete the rows whose key is in the frame."""
    with staged(connection, name, keys) as (there, _):
        # Not EXISTS: SQLite would scan the whole table and, for each of its rows, the staged keys.
        listed = _listed(keys.columns)
        connection.exec_driver_sql(f'DELETE FROM "{name}" WHERE ({listed}) IN (SELECT {listed} FROM {there})')


def _executemany(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    plain = frame.with_columns(
        cs.date().dt.to_string("%Y-%m-%d"), cs.datetime().dt.to_string("%Y-%m-%d %H:%M:%S%.6f"), cs.boolean().cast(pl.Int8)
    )
    marks = ", ".join("?" * plain.width)
    # A column at a time, which is twice as fast as `iter_rows`.
    rows = (row for part in plain.iter_slices(_HANDED_ROWS) for row in zip(*(column.to_list() for column in part), strict=True))
    # The driver opens its own transaction only before a data change, so the batch is part of the open one.
    _driver(connection).executemany(f'INSERT INTO "{name}" ({_listed(plain.columns)}) VALUES ({marks})', rows)


def _copy_in(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    query = f"COPY \"{name}\" ({_listed(frame.columns)}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')"
    with _driver(connection).cursor() as cursor, cursor.copy(query) as copy:
        buffer = io.BytesIO()
        frame.write_csv(buffer, include_header=False, null_value=_NULL, quote_style="non_numeric")
        copy.write(buffer.getvalue())


# --- out -----------------------------------------------------------------------------------------------------------


def is_filled(connection: Connection, name: str) -> bool:
    """Say whether a table has a row."""
    return connection.execute(select(METADATA.tables[name]).limit(1)).first() is not None


def count(connection: Connection, name: str) -> int:
    """Count a table's rows."""
    return connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar_one()


def read_table(source: Engine, name: str) -> pl.DataFrame:
    """Return a table in its contract's columns and types, sorted by its key."""
    with source.connect() as connection:
        return read_whole(connection, name).sort(TABLES[name].primary_key())


def read_whole(connection: Connection, name: str) -> pl.DataFrame:
    """Return a table as the open transaction sees it."""
    return read_where(connection, name, columns_of(name), "1 = 1")


def read_where(
    connection: Connection, name: str, columns: Sequence[str], condition: str, values: Sequence[object] = (), *, join: str = ""
) -> pl.DataFrame:
    """Return columns of the rows of a table (`t`) that meet a condition, in which `?` stands for each value."""
    return _read(connection, name, columns, f'SELECT {_listed(columns, "t.")} FROM "{name}" t {join} WHERE {condition}', values)


def is_most(connection: Connection, name: str, keys: int) -> bool:
    """Say whether so many keys are better looked for in the whole table than one by one."""
    return keys > _MANY and count(connection, name) <= _FEW_TIMES * keys


def read_matching(connection: Connection, name: str, keys: pl.DataFrame, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the rows of a table whose values stand in a frame; the cost is the frame's, or the table's where that is smaller."""
    wanted = list(columns or columns_of(name))
    if is_most(connection, name, keys.height):
        whole = read_where(connection, name, list(dict.fromkeys([*wanted, *keys.columns])), "1 = 1")
        return whole.join(keys, on=keys.columns, how="semi").select(wanted)
    with staged(connection, name, keys) as (there, same):
        return _read(connection, name, wanted, f'SELECT {_listed(wanted, "t.")} FROM {there} s JOIN "{name}" t ON {same}')


def existing(connection: Connection, name: str, column: str, values: pl.Series) -> pl.Series:
    """Return those of the values that a table's column holds."""
    if is_most(connection, name, values.len()):
        return values.filter(values.is_in(read_where(connection, name, [column], "1 = 1")[column].implode()))
    with staged(connection, name, values.to_frame(column)) as (there, same):
        query = f'SELECT s.{_quoted(column)} FROM {there} s WHERE EXISTS (SELECT 1 FROM "{name}" t WHERE {same})'
        found = fetch(connection, {column: schema.kinds(name)[column]}, query)
    return found[column]


def _read(connection: Connection, name: str, columns: Sequence[str], query: str, values: Sequence[object] = ()) -> pl.DataFrame:
    """Run a query whose columns are those of a table."""
    of_table = METADATA.tables[name].columns
    kinds = schema.kinds(name)
    asked = {column: _Column(kinds[column], bool(of_table[column].nullable)) for column in columns}
    found = _as_columns(connection, asked, query, values) if connection.dialect.name == "sqlite" else None
    return fetch(connection, {column: kinds[column] for column in columns}, query, values) if found is None else found


class _Column(NamedTuple):
    """How SQLite writes a column: of a type, with nulls or none, numbers as whole cents or with all their digits."""

    kind: Any
    nullable: bool
    cents: bool = True


def _as_columns(connection: Connection, columns: Mapping[str, _Column], query: str, values: Sequence[object]) -> pl.DataFrame | None:
    """Let SQLite write each column as one text, which is taken apart several times faster than rows are handed over.

    Returns:
        The frame, or null where rows must be handed over: a text holds the separator, or a column is longer than SQLite writes.
    """
    numbers = [name for name, column in columns.items() if column.kind.is_float() and column.cents]
    others = ", ".join(f"SUM({_whole_cents(_quoted(name))} / 100.0 <> {_quoted(name)})" for name in numbers)
    written = ", ".join(_written(_quoted(name), column) for name, column in columns.items())
    try:
        asked = [_plain(value) for value in values]
        wanted = f"SELECT COUNT(*), {written}{', ' if others else ''}{others} FROM ({query})"
        count, *found = _driver(connection).cursor().execute(wanted, asked).fetchone()
    except (sqlite3.DataError, OverflowError, MemoryError):
        return None
    if not count:
        return pl.DataFrame(schema={name: column.kind for name, column in columns.items()})
    texts, broken = found[: len(columns)], [name for name, other in zip(numbers, found[len(columns) :], strict=True) if other]
    if broken:
        return _as_columns(connection, {**columns, **{name: columns[name]._replace(cents=False) for name in broken}}, query, values)
    split = [pl.Series(name, [text]).str.split(_SEPARATOR).explode() for name, text in zip(columns, texts, strict=True)]
    if any(column.len() != count for column in split):
        return None
    known = pl.DataFrame(split).with_columns(
        pl.when(pl.col(name) != _NULL).then(pl.col(name)) for name, column in columns.items() if column.nullable
    )
    return known.select(
        coding.dollars(pl.col(name).cast(pl.Int64)) if name in numbers else _as_type(name, column.kind, pl.String())
        for name, column in columns.items()
    )


def _written(name: str, column: _Column) -> str:
    """Join the values of a column; a null in one that has none leaves a hole, and sends all rows the other way."""
    text = name
    if column.kind.is_float():
        text = _whole_cents(name) if column.cents else _digits(name)
    if column.nullable:
        text = f"CASE WHEN {name} IS NULL THEN '{_NULL}' ELSE {text} END"
    return f"group_concat({text}, '{_SEPARATOR}')"


def _whole_cents(column: str) -> str:
    """Write a number as whole cents; it is exact if one division, which is rounded once, gives the number back."""
    return f"CAST(round({column} * 100) AS INTEGER)"


def _digits(column: str) -> str:
    """Write a number with all its digits; SQLite writes very large and very small ones inexactly, so they send all rows the other way."""
    exact = f"{column} = 0 OR abs({column}) BETWEEN 1e-15 AND 1e15"
    return f"CASE WHEN {exact} THEN printf('%!.17g', {column}) ELSE '{_SEPARATOR}' END"


def fetch(connection: Connection, kinds: Mapping[str, Any], query: str, values: Sequence[object] = ()) -> pl.DataFrame:
    """Run a query whose columns are those named, in their types; `?` stands for each value."""
    if connection.dialect.name == "postgresql":
        return _copied_out(connection, kinds, query, values)
    plain = {name: _SQLITE.get(kind.base_type(), kind) for name, kind in kinds.items()}
    cursor = _driver(connection).cursor().execute(query, [_plain(value) for value in values])
    chunks = [pl.DataFrame(schema=plain)]
    while rows := cursor.fetchmany(_HANDED_ROWS):
        # A column at a time: a frame made of rows looks at the type of every value.
        columns = zip(plain.items(), zip(*rows, strict=True), strict=True)
        chunks.append(pl.DataFrame([pl.Series(name, values, dtype=kind) for (name, kind), values in columns]))
    return pl.concat(chunks).select(_as_type(name, kind, plain[name]) for name, kind in kinds.items())


def _copied_out(connection: Connection, kinds: Mapping[str, Any], query: str, values: Sequence[object]) -> pl.DataFrame:
    plain = {name: _COPIED.get(kind.base_type(), kind) for name, kind in kinds.items()}
    buffer = io.BytesIO()
    command = f"COPY ({query.replace('?', '%s')}) TO STDOUT WITH (FORMAT csv, NULL '{_NULL}')"
    with _driver(connection).cursor() as cursor, cursor.copy(command, list(values) or None) as copy:
        for part in copy:
            buffer.write(part)
    if not buffer.tell():
        return pl.DataFrame(schema=dict(kinds))
    buffer.seek(0)
    frame = pl.read_csv(buffer, has_header=False, schema=plain, null_values=_NULL, empty_string_is_null=False)
    return frame.select(_as_type(name, kind, plain[name]) for name, kind in kinds.items())


def _plain(value: object) -> object:
    return str(value) if hasattr(value, "isoformat") else value


def _as_type(column: str, wanted: Any, found: Any) -> pl.Expr:
    if wanted == pl.Date and found == pl.String:
        return pl.col(column).str.to_date("%Y-%m-%d")
    if wanted.base_type() is pl.Datetime and found == pl.String:
        return pl.col(column).str.to_datetime(time_unit="us")
    if wanted == pl.Boolean and found == pl.String:
        return pl.col(column).is_in(["t", "1"])
    return pl.col(column).cast(wanted)


# --- both ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def staged(connection: Connection, name: str, keys: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Put a frame of key columns beside a table.

    Yields:
        The temporary table's name, and the condition that joins it (`s`) to the table (`t`).
    """
    temporary = f"staged_{name}"
    # A key that is too long for its column is not there, and must not be refused here.
    columns = ", ".join(
        f"CAST({_quoted(key)} AS TEXT) AS {_quoted(key)}" if keys.schema[key] == pl.String else _quoted(key) for key in keys.columns
    )
    connection.exec_driver_sql(f'CREATE TEMPORARY TABLE "{temporary}" AS SELECT {columns} FROM "{name}" WHERE 1 = 0')
    bulk_insert(connection, temporary, keys)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ANALYZE "{temporary}"')
    yield _quoted(temporary), " AND ".join(f"t.{_quoted(key)} = s.{_quoted(key)}" for key in keys.columns)
    connection.exec_driver_sql(f'DROP TABLE "{temporary}"')


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _listed(columns: Sequence[str], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{_quoted(column)}" for column in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'
