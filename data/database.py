"""The SQL database: how it is opened, brought up to date, and held for a transaction that reads or writes."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from analytics.exc import ConfigError, DataError
from data.schema import LOAD
from data.settings import settings

_MIGRATIONS: Final = Path(__file__).parent / "migrations"

#: Number of the PostgreSQL advisory lock that writers take.
_WRITER_LOCK: Final = 3_142_013

#: What drivers say when a lock was not given in time, and when there is no room left.
_BUSY: Final = ("database is locked", "lock timeout", "canceling statement due to lock")
_FULL: Final = ("disk is full", "no space left", "file too large", "disk i/o error")


def engine(url: str, *, migrating: bool = True) -> Engine:
    """Open a database by its URL and bring its schema up to date.

    Args:
        url: SQLite file or PostgreSQL database.
        migrating: False for a role that only reads: an old schema is then refused instead of changed.

    Raises:
        ConfigError: the URL is none, or of a database that is not SQLite or PostgreSQL.
        DataError: it cannot be reached or is no database, or its schema is not this version's; the message says what to do.
    """
    parsed = _parsed(url)
    shown = parsed.render_as_string(hide_password=True)
    try:
        if parsed.get_backend_name() == "sqlite":
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(parsed)
        if made.dialect.name == "sqlite":
            event.listen(made, "connect", _prepare_sqlite)
        if revision(made) != _head():
            if not migrating:
                raise DataError(f"The schema of the database at {shown} is not this version's; run python -m data upgrade as its owner.")
            migrate(made)
    except (DBAPIError, CommandError, OSError) as error:
        cause = _first_line(getattr(error, "orig", None) or error)
        raise DataError(
            f"The database at {shown} cannot be used ({cause}). "
            "Check CENTERLINE_DATABASE_URL; if a SQLite file is damaged, move it away and restore a backup or load the extracts again."
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
    wait = settings().lock_wait_seconds
    connection.execute(f"PRAGMA busy_timeout={wait * 1000}")
    deadline = time.monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:  # changing the mode of a new file does not wait for a lock by itself
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    for pragma in ("synchronous=NORMAL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


@contextlib.contextmanager
def writing(to: Engine) -> Iterator[Connection]:
    """Open the one transaction that writes; another writer waits for it as long as the settings say.

    Raises:
        DataError: the database refuses (busy, full, gone); nothing was changed.
    """
    try:
        with to.begin() as connection:
            _claim(connection)
            yield connection
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:  # the fast paths speak to the drivers themselves
        raise DataError(_refusal(error)) from error


def _refusal(error: Exception) -> str:
    cause = _first_line(getattr(error, "orig", None) or error)
    if any(words in cause.casefold() for words in _BUSY):
        return "Another load or edit is being written, and it took too long to wait for; nothing was changed. Try again when it is done."
    if any(words in cause.casefold() for words in _FULL):
        return f"The disk of the database is full or fails ({cause}); nothing was changed. Free some space and try again."
    return f"The database refused to write ({cause}); nothing was changed. Try again."


@contextlib.contextmanager
def reading(source: Engine) -> Iterator[Connection]:
    """Open a transaction that sees the database as it is now, whatever is written meanwhile; a role that may only read suffices.

    Raises:
        DataError: the database does not answer.
    """
    try:
        with source.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute(select(func.max(LOAD.c.load_id)))  # the first read fixes what all later ones see
            yield connection
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        cause = _first_line(getattr(error, "orig", None) or error)
        raise DataError(f"The database could not be read ({cause}). Nothing was published; try again.") from error


def _claim(connection: Connection) -> None:
    """Make this transaction the only one that writes, from before its first read."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{settings().lock_wait_seconds}s'")
        connection.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))


def migrate(to: Engine) -> None:
    """Bring the schema up to date."""
    config = _config()
    with to.begin() as connection:
        _claim(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision(of: Engine) -> str | None:
    """Return the revision of a database's schema; null when it has none."""
    with of.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def is_empty(source: Engine) -> bool:
    """Say whether nothing was ever loaded."""
    with source.connect() as connection:
        return connection.execute(select(func.count()).select_from(LOAD)).scalar_one() == 0


def holds_synthetic(connection: Connection) -> bool:
    """Say whether anything synthetic was ever loaded."""
    return connection.execute(select(func.count()).select_from(LOAD).where(LOAD.c.synthetic)).scalar_one() > 0
