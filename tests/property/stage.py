"""What a history is played on: a store that begins anew each time, choices that Hypothesis draws, and sudden deaths."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from data import bulk, database, load
from data.schema import METADATA
from tests.data import samples
from tests.property.model import (
    STATE,
    Row,
)


class Died(KeyboardInterrupt):
    """The process was killed, as far as the code under test can tell."""


# --- the files that are loaded --------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else value


def dump(connection: Connection) -> dict[str, list[Row]]:
    """Read everything that a load can change, past the code under test."""
    found = {}
    for name in STATE:
        columns = METADATA.tables[name].columns.keys()
        listed = ", ".join(f'"{column}"' for column in columns)
        rows = connection.exec_driver_sql(f'SELECT {listed} FROM "{name}"').fetchall()
        found[name] = sorted((dict(zip(columns, map(plain, row), strict=True)) for row in rows), key=repr)
    return found


# --- a run ----------------------------------------------------------------------------------------------------------


@dataclass
class Choice:
    """Draws from a source of examples; shrinking goes to what comes first."""

    data: st.DataObject

    def of(self, values: Sequence[Any]) -> Any:
        return values[self.number(0, len(values) - 1)]

    def number(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most)) if most > least else least

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent

    def some(self, values: Sequence[Any], least: int, most: int) -> list[Any]:
        rest, chosen = list(values), []
        for _ in range(min(self.number(least, most), len(rest))):
            chosen.append(rest.pop(self.number(0, len(rest) - 1)))
        return chosen


@dataclass
class Store:
    """A store to run a history on: how to open an empty one, and what it knows of Centers."""

    folder: Path
    fresh: Callable[[], Engine]
    centers: dict[str, str | None]


@contextlib.contextmanager
def deadly(module: Any, name: str, calls: int) -> Iterator[None]:
    """Let the n-th call of a function kill the process."""
    real, left = getattr(module, name), [calls]

    def dies(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Died
        return real(*args, **named)

    with mock.patch.object(module, name, dies):
        yield


# --- stores ---------------------------------------------------------------------------------------------------------


def prepared(engine: Engine) -> dict[str, str | None]:
    """Fill a migrated database with what every history begins with; return when each Center opened."""
    load.seed_reference(engine)
    with engine.begin() as connection:
        for name, frame in samples.people().items():
            bulk.bulk_insert(connection, name, frame)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT center_code, opened_date FROM center").fetchall()
    return {code: plain(opened) for code, opened in rows}


@contextlib.contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """Make a store whose database is a copy of a template file, opened once; nothing is forced to the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    template, path = folder / "template.sqlite", folder / "store.sqlite"
    made = database.engine(f"sqlite:///{template}")
    centers = prepared(made)
    made.dispose()
    shutil.copy(template, path)
    engine = database.engine(f"sqlite:///{path}")

    def fresh() -> Engine:
        engine.dispose()
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copy(template, path)
        return engine

    with mock.patch.object(os, "sync"), mock.patch.object(os, "fsync"):
        yield Store(folder, fresh, centers)
    engine.dispose()
