"""What the tests of faults share: processes to kill, extracts that do all that a load can do, and the whole state of a store."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url

from analytics.rollups import ROLLUPS
from analytics.scope import Scope
from data import bulk, database, load, marks, parts, publish
from data.facts import MONTHLY
from data.marks import Marks
from data.parts import Part
from data.schema import METADATA
from data.settings import settings
from data.source import Database
from data.store import Snapshot
from tests.data import samples
from tests.data.conftest import *  # noqa: F403 (its fixtures)
from tests.data.samples import entry
from tests.faults.killer import Runner

_NUMBERS = itertools.count(1)

#: Moments of a load that no two runs share.
_CLOCKS = ("started_at", "finished_at")

State = dict[str, list[str]]


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    """A process that runs loads and publishes."""
    made = Runner()
    yield made
    made.close()


@pytest.fixture(scope="session")
def second_runner() -> Iterator[Runner]:
    """Another one, to run them at the same time."""
    made = Runner()
    yield made
    made.close()


@pytest.fixture
def two_versions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions are kept."""
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", "2")
    settings.cache_clear()


# --- extracts --------------------------------------------------------------------------------------------------------


def first_rows() -> list[samples.Row]:
    """Entries of six months, of which three rows are refused."""
    good = [entry(i, entry_date=f"{1 + i % 6:02d}/{1 + i // 6:02d}/2013", summary_date=f"2013-{1 + i % 6:02d}-25") for i in range(60)]
    return [*good, entry(900), *(entry(i, port_code="9999") for i in (61, 62, 63))]


def second_rows() -> list[samples.Row]:
    """The first extract without entry 900, so that it has vanished."""
    return [row for row in first_rows() if row["entry_number"] != samples.number(900)]


def third_rows() -> list[samples.Row]:
    """What a load can do: 900 is back, two have vanished; values and a month are corrected, rows settled, refused and new."""
    rows = {row["entry_number"]: row for row in first_rows()}
    for i in (1, 2):
        del rows[samples.number(i)]
    for i in range(5, 11):
        rows[samples.number(i)] |= {"value_usd": str(10 * i)}
    rows[samples.number(11)] |= {"entry_date": "09/15/2013", "summary_date": "2013-09-25"}
    rows[samples.number(61)] |= {"port_code": "2704"}
    new = [entry(i, entry_date="08/15/2013", summary_date="2013-08-25") for i in range(70, 80)]
    return [*rows.values(), *new, entry(81, entry_type_code="99")]


def write(path: Path, rows: list[samples.Row]) -> Path:
    """Write rows as the file's name says; a Parquet file says of itself that it is a full extract."""
    if path.suffix == ".csv":
        return samples.write_csv(path, rows)
    pl.DataFrame(rows).write_parquet(path, metadata=dict(marks.metadata(Marks(full=True))))
    return path


def load_full(engine: Engine, path: Path) -> load.LoadResult:
    """Load a full extract of entries."""
    return load.load_files([path], engine=engine, table="entry", given=Marks(full=True))[0]


def add_reviews(engine: Engine, folder: Path) -> None:
    """Load reviews, one of them closed, so that versions have parts of both kinds."""
    blank = dict.fromkeys(samples.columns("review"), "")
    known = {"work_type": "psc", "account_id": "A1", "center_code": "ELE", "port_code": "2704", "industry_code": "ELE_COMP"}
    known |= {"program": "ctpat", "status": "open", "source": "trade_filed"}
    rows = [
        blank | known | {"review_id": f"R{i}", "entry_number": samples.number(i), "opened_date": f"2013-0{i % 6 + 3}-20"}
        for i in range(3, 9)
    ]
    rows[0] |= {"closed_date": "2013-09-20", "status": "completed", "outcome": "no_change", "severity": "none"}
    result = load.load_files([write(folder / "review.csv", rows)], engine=engine, table="review")[0]
    assert result.rejected == 0


def add_lines(engine: Engine, folder: Path) -> None:
    """Give every entry a line of its value, as the identities ask."""
    entries = bulk.read_table(engine, "entry")
    same = pl.col("entry_number", "industry_code", "value_usd", "duty_usd")
    lines = entries.select(same, line_number=pl.lit(1), hts_number=pl.lit("8471300100"), origin_code=pl.lit("CN"))
    lines.write_csv(folder / "entry_line.csv")
    result = load.load_files([folder / "entry_line.csv"], engine=engine, table="entry_line")[0]
    assert result.rejected == 0


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for the SQLite file of `loaded`, which is made once."""
    return tmp_path_factory.mktemp("filled")


@pytest.fixture
def loaded(peopled: Engine, tmp_path: Path, filled: Path) -> Engine:
    """A database with two full extracts of entries, rows that wait, a vanished record, lines and reviews."""
    ready = filled / "store.sqlite"
    if peopled.dialect.name != "sqlite" or not ready.exists():
        load_full(peopled, write(tmp_path / "first.csv", first_rows()))
        load_full(peopled, write(tmp_path / "second.csv", second_rows()))
        add_lines(peopled, tmp_path)
        add_reviews(peopled, tmp_path)
    peopled.dispose()
    if peopled.dialect.name == "sqlite":
        own = str(peopled.url.database)
        shutil.copy(*((ready, own) if ready.exists() else (own, ready)))
    return peopled


def change(engine: Engine, folder: Path) -> None:
    """Load the third extract, so that there is something to publish."""
    load_full(engine, write(folder / "third.csv", third_rows()))
    add_lines(engine, folder)


# --- databases -------------------------------------------------------------------------------------------------------


def url_of(engine: Engine) -> str:
    """The URL by which another process opens a database."""
    return engine.url.render_as_string(hide_password=False).replace("+psycopg", "")


def server_of(url: str) -> str:
    """The URL of the server of a PostgreSQL database."""
    return url.replace(f"/{make_url(url).database}", "/postgres", 1)


@pytest.fixture
def copy() -> Iterator[Callable[[str], str]]:
    """Copies a database that nobody has open, and returns the URL of the copy."""
    made: list[str] = []

    def copied(url: str) -> str:
        name = str(make_url(url).database)
        other = f"{name}_{next(_NUMBERS)}"
        if url.startswith("sqlite"):
            shutil.copy(name, other)
        else:
            with psycopg.connect(server_of(url), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {other} TEMPLATE {name}")
        made.append(url.replace(name, other, 1))
        return made[-1]

    yield copied
    for url in made:
        if not url.startswith("sqlite"):
            with psycopg.connect(server_of(url), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


def state(engine: Engine) -> State:
    """All rows of all tables, but for the time of day; whoever still writes is waited for."""
    with database.writing(engine) as connection:
        found = {}
        for name, table in METADATA.tables.items():
            columns = [column for column in table.columns if column.name not in _CLOCKS]
            found[name] = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
        if connection.dialect.name == "sqlite":
            found["integrity"] = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
            found["references"] = [repr(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    return found


def differences(one: State, other: State) -> list[str]:
    """The tables in which two states differ."""
    return [name for name in one if one[name] != other[name]]


# --- published stores ------------------------------------------------------------------------------------------------


def publish_to(home: Path, engine: Engine) -> publish.Published:
    """Publish a database into a folder."""
    with database.reading(engine) as connection:
        return publish.publish_source(Database(connection), None, home)


def manifest_of(home: Path, version: str) -> dict[str, Any]:
    """What a version says of itself."""
    found: dict[str, Any] = json.loads((home / "versions" / version / "manifest.json").read_text())
    return found


def assert_whole(home: Path, version: str | None = None) -> str:
    """Open a version and read all that it names; return its id."""
    snapshot = Snapshot(Scope("analyst"), version=version, home=home)
    assert snapshot.identities()["residual"].sum() == 0
    for record in snapshot.manifest["parts"]:
        part = Part(**record)
        assert parts.digest_of(part.folder(home)) == part.digest
    for fact in MONTHLY:
        frame = (
            snapshot.rows(fact, pl.lit(value=True), 10_000) if fact in ("entry", "review") else pl.read_parquet(snapshot.fact_files(fact))
        )
        assert frame.height == snapshot.manifest["rows"][f"facts/{fact}"]
    for path in snapshot.folder.rglob("*.parquet"):
        pl.read_parquet(path)
    assert set(snapshot.frames) > {rollup.name for rollup in ROLLUPS}
    snapshot.frames[ROLLUPS[-1].name].collect()
    snapshot.accounts()
    return snapshot.version


def leftovers(home: Path) -> list[str]:
    """What no version and no publish needs."""
    used = {Part(**record).folder(home) for version in publish.versions(home) for record in manifest_of(home, version)["parts"]}
    dead = [path for path in (home / "parts").glob("*/*") if path not in used]
    hidden = [path for path in home.rglob(".*") if path.name != ".publishing"]
    return sorted(str(path.relative_to(home)) for path in [*dead, *hidden])
