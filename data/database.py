"""The SQL database: connections, migrations, and the bulk paths in and out of it.

SQLite and PostgreSQL behave alike through these functions; a frame goes in and comes out in its contract's types.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import polars as pl
import polars.selectors as cs
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from analytics.exc import DataError
from data.contracts import TABLES
from data.schema import LOAD, METADATA

_MIGRATIONS: Final = Path(__file__).parent / "migrations"

#: Rows after which the SQLite reader settles on a column's type; more than any table here has.
_TYPE_ROWS: Final = 1_000_000_000


def engine(url: str) -> Engine:
    """Open a database by its URL and bring its schema up to date.

    Raises:
        DataError: it cannot be reached or is no database; the message says what to do.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(parsed)
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _prepare_sqlite)
    try:
        migrate(made)
    except (OperationalError, DatabaseError) as error:
        made.dispose()
        raise DataError(
            f"The database at {parsed.render_as_string(hide_password=True)} cannot be used ({error.orig}). "
            "Check CENTERLINE_DATABASE_URL; if a SQLite file is damaged, move it away and load the extracts again."
        ) from error
    return made


@cache
def shared_engine(url: str) -> Engine:
    """Open a database once for a process that serves many readers."""
    return engine(url)


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Let readers and a writer work side by side, and wait for a lock instead of failing at once."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def migrate(to: Engine) -> None:
    """Bring the schema up to date."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with to.begin() as connection:
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
    frame = _read(source, f'SELECT {", ".join(_quoted(column) for column in contract.column_names())} FROM "{name}"')
    return typed(name, frame).sort(contract.primary_key())


def read_keys(connection: Connection, name: str, columns: list[str]) -> pl.DataFrame:
    """Return some columns of a table as the open transaction sees them, in the contract's types."""
    table = METADATA.tables[name]
    rows = connection.execute(select(*(table.c[column] for column in columns))).all()
    kinds = TABLES[name].columns()
    return pl.DataFrame([tuple(row) for row in rows], schema={column: kinds[column].dtype for column in columns}, orient="row")


def typed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Cast a frame that came from SQL to its contract's types."""
    return frame.select(_as_type(column, kind.dtype, frame.schema[column]) for column, kind in TABLES[name].columns().items())


def _as_type(column: str, wanted: pl.DataType, found: pl.DataType) -> pl.Expr:
    if wanted == pl.Date and found == pl.String:
        return pl.col(column).str.to_date("%Y-%m-%d")
    if isinstance(wanted, pl.Datetime) and found == pl.String:
        return pl.col(column).str.to_datetime(time_unit="us")
    return pl.col(column).cast(wanted)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _read(source: Engine, query: str) -> pl.DataFrame:
    with _adbc(source) as connection, connection.cursor() as cursor:
        if source.dialect.name == "sqlite":
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_TYPE_ROWS)})
        cursor.execute(query)
        frame = pl.from_arrow(cursor.fetch_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


@contextlib.contextmanager
def _adbc(source: Engine) -> Iterator[Any]:
    if source.dialect.name == "sqlite":
        connection = adbc_driver_sqlite.dbapi.connect(source.url.database)
    else:
        connection = adbc_driver_postgresql.dbapi.connect(source.url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        connection.close()


def bulk_insert(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    """Insert a frame into a table within the open transaction, by the database's fast path."""
    if frame.is_empty():
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, name, frame)
    else:
        _executemany(connection, name, frame)


def _executemany(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    plain = frame.with_columns(cs.date().dt.to_string("%Y-%m-%d"), cs.datetime().dt.to_string("%Y-%m-%d %H:%M:%S%.6f"), cs.boolean().cast(pl.Int8))
    columns = ", ".join(_quoted(column) for column in plain.columns)
    marks = ", ".join("?" * plain.width)
    driver = connection.connection.driver_connection
    assert driver is not None
    # The driver opens its own transaction only before a data change, so the batch is part of the open one.
    driver.executemany(f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', plain.iter_rows())  # noqa: S608


def _copy(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    columns = ", ".join(_quoted(column) for column in frame.columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, null_value="\\N", quote_style="non_numeric")
    with driver.cursor() as cursor, cursor.copy(f"COPY \"{name}\" ({columns}) FROM STDIN WITH (FORMAT csv, NULL '\\N')") as copy:
        copy.write(buffer.getvalue())


def replace_rows(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    """Delete the rows whose key is in the frame, then insert the frame."""
    keys = TABLES[name].primary_key()
    staged = f"staged_{name}"
    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{staged}"')
    listed = ", ".join(_quoted(key) for key in keys)
    connection.exec_driver_sql(f'CREATE TEMPORARY TABLE "{staged}" AS SELECT {listed} FROM "{name}" WHERE 1 = 0')  # noqa: S608
    bulk_insert(connection, staged, frame.select(keys))
    same = " AND ".join(f'"{name}".{_quoted(key)} = "{staged}".{_quoted(key)}' for key in keys)
    connection.exec_driver_sql(f'DELETE FROM "{name}" WHERE EXISTS (SELECT 1 FROM "{staged}" WHERE {same})')  # noqa: S608
    connection.exec_driver_sql(f'DROP TABLE "{staged}"')
    bulk_insert(connection, name, frame)


def insert_record(connection: Connection, table: str, record: dict[str, Any]) -> None:
    """Insert one record."""
    connection.execute(insert(METADATA.tables[table]).values(**record))


def table_names(source: Engine) -> list[str]:
    """List the tables that exist."""
    return sorted(inspect(source).get_table_names())
