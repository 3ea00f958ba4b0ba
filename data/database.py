"""The SQL database: connections, migrations, and the bulk paths in and out of it.

SQLite and PostgreSQL behave alike through these functions; a frame goes in and comes out in its contract's types.
"""

from __future__ import annotations

import contextlib
import io
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import adbc_driver_postgresql.dbapi
import polars as pl
import polars.selectors as cs
import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from analytics.exc import ConfigError, DataError
from data.contracts import TABLES
from data.schema import LOAD, METADATA

#: How SQLite keeps the types that it does not have.
_PLAIN: Final = {pl.Date: pl.String(), pl.Datetime: pl.String(), pl.Boolean: pl.Int64()}

_MIGRATIONS: Final = Path(__file__).parent / "migrations"

#: Number of the PostgreSQL advisory lock that writers take.
_WRITER_LOCK: Final = 3_142_013

#: Rows that are taken from the database's cursor at once.
_CHUNK_ROWS: Final = 100_000


def engine(url: str) -> Engine:
    """Open a database by its URL and bring its schema up to date.

    Raises:
        ConfigError: the URL is none, or of a database that is not SQLite or PostgreSQL.
        DataError: it cannot be reached or is no database; the message says what to do.
    """
    parsed = _parsed(url)
    shown = parsed.render_as_string(hide_password=True)
    try:
        if parsed.get_backend_name() == "sqlite":
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(parsed)
        if made.dialect.name == "sqlite":
            event.listen(made, "connect", _prepare_sqlite)
        migrate(made)
    except (DBAPIError, CommandError, OSError) as error:
        cause = _first_line(getattr(error, "orig", None) or error)
        raise DataError(
            f"The database at {shown} cannot be used ({cause}). "
            "Check CENTERLINE_DATABASE_URL; if a SQLite file is damaged, move it away and load the extracts again."
        ) from error
    return made


def _parsed(url: str) -> URL:
    """Take a URL apart; SQLite needs a file, PostgreSQL gets its driver."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "CENTERLINE_DATABASE_URL is no database URL; write sqlite:////folder/file.sqlite or postgresql://user@host/name."
        ) from error
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ConfigError(
            "CENTERLINE_DATABASE_URL must name a SQLite file (sqlite:////folder/file.sqlite) or PostgreSQL (postgresql://user@host/name)."
        )
    return parsed


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@cache
def shared_engine(url: str) -> Engine:
    """Open a database once for a process that serves many readers."""
    return engine(url)


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Let readers and a writer work side by side, and wait for a lock instead of failing at once."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


@contextlib.contextmanager
def writing(to: Engine) -> Iterator[Connection]:
    """Open the one transaction that writes; another writer waits until it ends.

    Raises:
        DataError: the database refuses (locked, full, gone); nothing was changed.
    """
    try:
        with to.begin() as connection:
            _claim(connection)
            yield connection
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:  # the fast paths speak to the drivers themselves
        raise DataError(
            f"The database refused to write ({_first_line(getattr(error, 'orig', None) or error)}); nothing was changed. Try again."
        ) from error


def _claim(connection: Connection) -> None:
    """Make this transaction the only one that writes, from before its first read."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))


def migrate(to: Engine) -> None:
    """Bring the schema up to date."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with to.begin() as connection:
        _claim(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_empty(source: Engine) -> bool:
    """Say whether nothing was ever loaded."""
    with source.connect() as connection:
        return connection.execute(select(func.count()).select_from(LOAD)).scalar_one() == 0


def holds_synthetic(source: Engine) -> bool:
    """Say whether anything synthetic was ever loaded."""
    with source.connect() as connection:
        return connection.execute(select(func.count()).select_from(LOAD).where(LOAD.c.synthetic)).scalar_one() > 0


def read_table(source: Engine, name: str) -> pl.DataFrame:
    """Return a table in its contract's columns and types, sorted by its key."""
    contract = TABLES[name]
    with source.connect() as connection:
        frame = read_whole(connection, name) if source.dialect.name == "sqlite" else typed(name, _read_by_arrow(source, name))
    return frame.sort(contract.primary_key())


def typed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Cast a frame that came from SQL to its contract's types."""
    return frame.select(_as_type(column, kind.dtype, frame.schema[column]) for column, kind in TABLES[name].columns().items())


def _as_type(column: str, wanted: pl.DataType, found: pl.DataType) -> pl.Expr:
    if wanted == pl.Date and found == pl.String:
        return pl.col(column).str.to_date("%Y-%m-%d")
    if isinstance(wanted, pl.Datetime) and found == pl.String:
        return pl.col(column).str.to_datetime(time_unit="us")
    return pl.col(column).cast(wanted)


def _listed(columns: list[str]) -> str:
    return ", ".join(_quoted(column) for column in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _read_by_arrow(source: Engine, name: str) -> pl.DataFrame:
    """Read a PostgreSQL table in columns.

    There is no such path for SQLite: a second copy of its library in one process (as the Arrow driver brings) undoes the
    first one's file locks, and then committed rows are lost.
    """
    url = source.url.set(drivername="postgresql").render_as_string(hide_password=False)
    query = f'SELECT {_listed(TABLES[name].column_names())} FROM "{name}"'
    with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return pl.DataFrame(cursor.fetch_arrow_table())


def bulk_insert(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    """Insert a frame into a table within the open transaction, by the database's fast path."""
    if frame.is_empty():
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, name, frame)
    else:
        _executemany(connection, name, frame)


def _executemany(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    plain = frame.with_columns(
        cs.date().dt.to_string("%Y-%m-%d"), cs.datetime().dt.to_string("%Y-%m-%d %H:%M:%S%.6f"), cs.boolean().cast(pl.Int8)
    )
    marks = ", ".join("?" * plain.width)
    # The driver opens its own transaction only before a data change, so the batch is part of the open one.
    _driver(connection).executemany(f'INSERT INTO "{name}" ({_listed(plain.columns)}) VALUES ({marks})', plain.iter_rows())


def _copy(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, null_value="\\N", quote_style="non_numeric")
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f"COPY \"{name}\" ({_listed(frame.columns)}) FROM STDIN WITH (FORMAT csv, NULL '\\N')") as copy,
    ):
        copy.write(buffer.getvalue())


def is_filled(connection: Connection, name: str) -> bool:
    """Say whether a table has a row."""
    return connection.execute(select(METADATA.tables[name]).limit(1)).first() is not None


def read_whole(connection: Connection, name: str) -> pl.DataFrame:
    """Return a table as the open transaction sees it."""
    columns = TABLES[name].column_names()
    return _fetched(connection, name, columns, f'SELECT {_listed(columns)} FROM "{name}"')


def read_matching(connection: Connection, name: str, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table whose values stand in a frame, as the open transaction sees them; the cost is the frame's."""
    columns = TABLES[name].column_names()
    with _staged(connection, name, keys) as (staged, same):
        listed = ", ".join(f"t.{_quoted(column)}" for column in columns)
        return _fetched(connection, name, columns, f'SELECT {listed} FROM {staged} s JOIN "{name}" t ON {same}')


def existing(connection: Connection, name: str, column: str, values: pl.Series) -> pl.Series:
    """Return those of the values that a table's column holds."""
    with _staged(connection, name, values.to_frame(column)) as (staged, same):
        found = _fetched(
            connection, name, [column], f'SELECT s.{_quoted(column)} FROM {staged} s WHERE EXISTS (SELECT 1 FROM "{name}" t WHERE {same})'
        )
    return found[column]


def replace_rows(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    """Delete the rows whose key is in the frame, then insert the frame."""
    keys = TABLES[name].primary_key()
    with _staged(connection, name, frame.select(keys)) as (staged, _):
        # Not EXISTS: SQLite would scan the whole table and, for each of its rows, the staged keys.
        connection.exec_driver_sql(f'DELETE FROM "{name}" WHERE ({_listed(keys)}) IN (SELECT {_listed(keys)} FROM {staged})')
    bulk_insert(connection, name, frame)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


@contextlib.contextmanager
def _staged(connection: Connection, name: str, keys: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Put a frame of key columns beside a table; gives the temporary table's name and the condition that joins it (`s`) to the table (`t`)."""
    staged = f"staged_{name}"
    # A key that is too long for its column is not there, and must not be refused here.
    columns = ", ".join(
        f"CAST({_quoted(key)} AS TEXT) AS {_quoted(key)}" if keys.schema[key] == pl.String else _quoted(key) for key in keys.columns
    )
    connection.exec_driver_sql(f'CREATE TEMPORARY TABLE "{staged}" AS SELECT {columns} FROM "{name}" WHERE 1 = 0')
    bulk_insert(connection, staged, keys)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ANALYZE "{staged}"')
    yield _quoted(staged), " AND ".join(f"t.{_quoted(key)} = s.{_quoted(key)}" for key in keys.columns)
    connection.exec_driver_sql(f'DROP TABLE "{staged}"')


def _fetched(connection: Connection, name: str, columns: list[str], query: str) -> pl.DataFrame:
    kinds = TABLES[name].columns()
    plain = {column: _PLAIN.get(kinds[column].dtype.base_type(), kinds[column].dtype) for column in columns}
    schema = plain if connection.dialect.name == "sqlite" else {column: kinds[column].dtype for column in columns}
    cursor = _driver(connection).cursor().execute(query)
    chunks = [pl.DataFrame(schema=schema)]
    while rows := cursor.fetchmany(_CHUNK_ROWS):
        chunks.append(pl.DataFrame(rows, schema=schema, orient="row"))
    frame = pl.concat(chunks)
    return frame.select(_as_type(column, kinds[column].dtype, frame.schema[column]) for column in columns)


def insert_record(connection: Connection, table: str, record: dict[str, Any]) -> None:
    """Insert one record."""
    connection.execute(insert(METADATA.tables[table]).values(**record))


def table_names(source: Engine) -> list[str]:
    """List the tables that exist."""
    return sorted(inspect(source).get_table_names())
