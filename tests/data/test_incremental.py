"""A publish makes only the months anew that have changed, and comes to the same version as one that makes them all."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from analytics.exc import DataError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data import database, load, parts, publish
from data.settings import settings
from data.source import Database
from data.store import Snapshot
from tests.data.samples import Row, entry, event, line, number, review, write_csv

CLOSED = {"status": "completed", "closed_date": "2013-02-01", "outcome": "no_change"}


def put(bank: Engine, folder: Path, table: str, rows: list[Row]) -> None:
    results = load.load_files([write_csv(folder / f"{table}.csv", rows)], engine=bank)
    assert results[-1].rejected == 0, results


@pytest.fixture
def filled(peopled: Engine, home: Path, tmp_path: Path) -> Engine:
    """Three months of entries, two of reviews; published."""
    days = {1: "2012-10-15", 2: "2012-11-15", 3: "2012-12-14", 4: "2012-11-16"}
    put(peopled, tmp_path, "entry", [entry(i, entry_date=day) for i, day in days.items()])
    put(peopled, tmp_path, "entry_line", [line(i) for i in days])
    put(peopled, tmp_path, "review", [review(1, opened_date="2012-12-05", entry_number=number(1)), review(2), review(3)])
    assert publish.publish(engine=peopled).built == 5
    return peopled


def rebuilt(bank: Engine, tmp_path: Path, as_of: dt.date | None = None) -> str:
    """The version that a publish of everything makes elsewhere."""
    with database.reading(bank) as connection:
        return publish.publish_source(Database(connection), as_of, tmp_path / "elsewhere", rebuild=True).version


CHANGES: dict[str, tuple[str, list[Row], int]] = {
    "a new entry": ("entry", [entry(5, entry_date="2012-11-20")], 1),
    "a new month": ("entry", [entry(5, entry_date="2013-03-20")], 1),
    "a corrected port": ("entry", [entry(2, entry_date="2012-11-15", port_code="4601")], 1),
    "a date moved to another month": ("entry", [entry(4, entry_date="2012-12-15")], 2),
    "the value of an entry under review": ("entry", [entry(1, mode_code="40", entry_date="2012-10-15")], 2),
    "a closed review": ("review", [review(2, **CLOSED)], 1),
    "a review opened in another month": ("review", [review(3, opened_date="2012-12-31")], 2),
    "an event": ("review_event", [event(2, "2013-01-09", "clock_stop")], 1),
    "an account's name": ("account", [{"account_id": "A1", "account_name": "New Name"}], 0),
}


#: What becomes of parts on disk is the same whatever database they come from.
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_changed_is_made_anew_and_the_version_is_that_of_all(filled: Engine, tmp_path: Path, change: str) -> None:
    table, rows, months = CHANGES[change]
    before = publish.current_version(settings().published)
    put(filled, tmp_path, table, rows)
    published = publish.publish(engine=filled)
    assert published.built == months
    assert published.version == rebuilt(filled, tmp_path)
    assert published.version != before
    assert Snapshot(Scope("analyst")).identities()["residual"].sum() == 0 or change.startswith("a new")


@ONE_DATABASE
def test_nothing_new_builds_nothing_and_changes_nothing(filled: Engine) -> None:
    before = publish.current_version(settings().published)
    again = publish.publish(engine=filled)
    assert (again.built, again.changed, again.version) == (0, False, before)
    assert publish.publish(engine=filled, rebuild=True).built == 5
    assert publish.current_version(settings().published) == before


def test_a_month_whose_rows_all_moved_away_is_gone(filled: Engine, tmp_path: Path) -> None:
    put(filled, tmp_path, "entry", [entry(3, entry_date="2012-11-30")])
    published = publish.publish(engine=filled)
    assert (published.parts, published.version) == (4, rebuilt(filled, tmp_path))
    months = METRICS["entry_summaries"].answer(Snapshot(Scope("analyst")).frames, Filters(), published.as_of, ["month"])
    assert dict(months.select("month", "value").iter_rows()) == {"2012-10": 1, "2012-11": 3}


@ONE_DATABASE
def test_another_as_of_date_makes_only_the_months_anew_that_it_cuts(filled: Engine, tmp_path: Path) -> None:
    put(filled, tmp_path, "review", [review(2, **CLOSED)])
    publish.publish(engine=filled)
    early = publish.publish(engine=filled, as_of=dt.date(2013, 1, 20))
    assert (early.built, early.version) == (1, rebuilt(filled, tmp_path, dt.date(2013, 1, 20)))
    assert METRICS["pending"].answer(Snapshot(Scope("analyst")).frames, Filters(), early.as_of, ())["value"][0] == 3
    late = publish.publish(engine=filled)
    assert (late.built, late.version) == (1, rebuilt(filled, tmp_path))


def test_a_restored_database_is_published_anew(filled: Engine, tmp_path: Path) -> None:
    """Its last load has the number of another one, so nobody can say what has changed."""
    with filled.begin() as connection:
        connection.exec_driver_sql("UPDATE load SET sha256 = 'another' WHERE load_id = 3")
    assert publish.publish(engine=filled).built == 5


@ONE_DATABASE
def test_other_code_makes_other_parts(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "recipe", lambda: "of another release")
    assert publish.publish(engine=filled).built == 5


@ONE_DATABASE
def test_a_lost_part_is_made_anew(filled: Engine) -> None:
    import shutil

    snapshot = Snapshot(Scope("analyst"))
    shutil.rmtree(snapshot.fact_files("entry")[0].parents[1])
    assert publish.publish(engine=filled).built == 5
    assert Snapshot(Scope("analyst")).rows("entry", pl.lit(value=True), 9).height == 4


@ONE_DATABASE
def test_versions_share_parts_and_the_unused_are_swept(filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", "2")
    settings.cache_clear()
    home = settings().published
    for mode in ("10", "20", "30"):
        put(filled, tmp_path, "entry", [entry(3, entry_date="2012-12-14", mode_code=mode)])
        publish.publish(engine=filled)
    assert len(publish.versions(home)) == 2
    assert len(list((home / "parts").glob("*/*"))) == 6
    named: set[Any] = set()
    for version in publish.versions(home):
        manifest = json.loads((home / "versions" / version / "manifest.json").read_text())
        named |= {parts.Part(**record).folder(home) for record in manifest["parts"]}
    assert named == set((home / "parts").glob("*/*"))


@ONE_DATABASE
def test_what_this_release_cannot_read_is_not_put_in_force(filled: Engine) -> None:
    home = settings().published
    before = publish.current_version(home)
    old = home / "versions" / "2012-01-01-0000000000"
    old.mkdir()
    (old / "manifest.json").write_text('{"layout": 1, "parts": []}')
    with pytest.raises(DataError, match=f"that this release can read; kept are {before}"):
        publish.roll_back(home, old.name)
    assert publish.current_version(home) == before


@ONE_DATABASE
def test_a_version_of_another_release_says_so(filled: Engine) -> None:
    snapshot = Snapshot(Scope("analyst"))
    for path in snapshot.folder.parents[1].glob("parts/review/*/rollups/work_*.parquet"):
        pl.read_parquet(path).drop("stopped_net").write_parquet(path)
    from data import rollupfiles

    rollupfiles.files_of.cache_clear()
    with pytest.raises(DataError, match="another release"):
        METRICS["pending"].answer(Snapshot(Scope("analyst")).frames, Filters(), snapshot.as_of, ())
