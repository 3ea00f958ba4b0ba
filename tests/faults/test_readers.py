"""Readers: what is open stays whole whatever is published, what is gone is said so, and an older version can be put in force."""

from __future__ import annotations

import datetime as dt
import gc
import threading
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from analytics.exc import DataError
from analytics.scope import Scope
from data import database, held, publish, release, rollupfiles
from data.source import Database
from data.store import Snapshot
from tests.faults.conftest import assert_whole, change, leftovers, publish_to, url_of
from tests.faults.killer import Runner

#: SQLite only: readers see nothing of a database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEPT = 2


def publish_days(home: Path, engine: Engine, first: int, count: int) -> list[str]:
    """Publish as of one day after another: each is another version."""
    made = []
    with database.reading(engine) as connection:
        for i in range(first, first + count):
            made.append(publish.publish_source(Database(connection), dt.date(2013, 6, 1) + dt.timedelta(i), home).version)
    assert len(set(made)) == count
    return made


def figures(snapshot: Snapshot) -> list[object]:
    """Rows, rollups and dimensions, read from the disk and not from memory."""
    rollupfiles.files_of.cache_clear()
    rollupfiles.dimension_of.cache_clear()
    vars(snapshot).pop("frames", None)
    rows = snapshot.rows("entry", pl.col("value_usd") > 0, 1000, "entry_number")
    rollup = snapshot.frames["sample_stratum"].collect(), *(snapshot.frames[name].collect().sum() for name in list(snapshot.frames)[:6])
    return [rows.rows(), *(frame.rows() for frame in rollup), snapshot.dimension("center").rows(), snapshot.accounts().rows()]


def test_an_open_version_outlives_many_others_and_goes_when_it_is_closed(loaded: Engine, two_versions: None, tmp_path: Path) -> None:
    home = tmp_path / "own"
    [held] = publish_days(home, loaded, 0, 1)
    reader = Snapshot(Scope("analyst"), home=home)
    before = figures(reader)
    last = publish_days(home, loaded, 1, KEPT + 3)[-1]
    assert held in publish.versions(home)
    assert len(publish.versions(home)) == KEPT + 1
    assert figures(reader) == before
    assert assert_whole(home, held) == held
    del reader
    gc.collect()
    publish_days(home, loaded, KEPT + 4, 1)
    assert held not in publish.versions(home)
    assert last in publish.versions(home)
    assert len(publish.versions(home)) == KEPT
    assert leftovers(home) == []


def test_a_release_that_a_version_gets_anew_is_another_folder_until_nobody_reads_the_old(
    loaded: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "own"

    def publish_release(count: int) -> str:
        cells = pl.DataFrame({"metric_id": ["receipts"] * count, "level": "month", "from_date": dt.date(2013, 1, 1), "value": 5.0})
        frames = {name: pl.DataFrame({"month": [dt.date(2013, 1, 1)]}) for name in release.FILES} | {release.CELLS: cells}
        monkeypatch.setattr(release, "_next", lambda *_, **__: frames)
        return publish_days(home, loaded, 0, 1)[0]

    def folders() -> list[Path]:
        return sorted((home / "versions" / version).glob("release-*"))

    version = publish_release(3)
    reader = Snapshot(Scope("working_group"), home=home)
    assert publish_release(4) == version
    # Both are there: the reader goes on with the one that it opened, and who comes next has the other.
    assert len(folders()) == 2
    assert reader.released().cells.height == 3
    assert Snapshot(Scope("working_group"), home=home).released().cells.height == 4
    publish_release(4)
    assert len(folders()) == 2
    del reader
    gc.collect()
    publish_release(4)
    assert folders() == [release.folder_of(home / "versions" / version)]


def test_readers_in_many_threads_while_versions_come_and_go(loaded: Engine, runner: Runner, tmp_path: Path) -> None:
    own = tmp_path / "own"
    publish_days(own / "published", loaded, 0, 1)
    days = [(dt.date(2013, 6, 2) + dt.timedelta(i)).isoformat() for i in range(8)]
    done, seen, errors = threading.Event(), set[str](), list[Exception]()

    def read() -> None:
        while not done.wait(0.03):
            try:
                snapshot = Snapshot(Scope("analyst"), home=own / "published")
                assert snapshot.rows("entry", pl.lit(value=True), 5).height == 5
                assert pl.read_parquet(snapshot.fact_files("entry_line")).height
                assert snapshot.identities()["residual"].sum() == 0
                assert pl.read_parquet(snapshot.folder / "dimensions" / "center.parquet").height
                seen.add(snapshot.version)
            except Exception as error:  # noqa: BLE001 (any is a failure)
                errors.append(error)

    runner.start(do="publish", url=url_of(loaded), home=own, days=days, settings={"CENTERLINE_KEEP_VERSIONS": "1"})
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    answer = runner.answer()
    done.set()
    for thread in threads:
        thread.join()
    assert answer["status"] == "done", answer
    assert len(set(answer["said"])) == 8
    assert errors == []
    assert len(seen) > 3
    gc.collect()
    publish_days(own / "published", loaded, 40, 1)
    assert leftovers(own / "published") == []


def test_a_version_that_goes_while_it_is_opened_is_looked_for_again(
    loaded: Engine, two_versions: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pointer was read just before the version that it named was replaced and deleted."""
    made = publish_days(tmp_path / "own", loaded, 0, KEPT + 1)
    read = [made[0]]
    monkeypatch.setattr(held, "current_version", lambda home: read.pop() if read else publish.current_version(home))
    assert Snapshot(Scope("analyst"), home=tmp_path / "own").version == made[-1]
    assert not read


def test_a_version_that_is_gone_is_said_so_with_those_that_are_kept(loaded: Engine, two_versions: None, tmp_path: Path) -> None:
    made = publish_days(tmp_path / "own", loaded, 0, KEPT + 1)
    with pytest.raises(DataError) as error:
        Snapshot(Scope("analyst"), version=made[0], home=tmp_path / "own")
    assert f"“{made[0]}” is not there" in str(error.value)
    assert f"kept are {made[2]}, {made[1]}." in str(error.value)


def test_an_older_version_is_put_in_force_and_the_next_publish_goes_on(loaded: Engine, two_versions: None, tmp_path: Path) -> None:
    home = tmp_path / "own"
    old = publish_to(home, loaded).version
    change(loaded, tmp_path)
    new = publish_to(home, loaded).version
    publish.roll_back(home, old)
    assert assert_whole(home) == old
    assert assert_whole(home, new) == new
    again = publish_to(home, loaded)
    assert (again.version, again.changed) == (new, True)
    assert assert_whole(home) == new
    assert leftovers(home) == []
    with pytest.raises(DataError, match=f"no version “2013-01-01-x” that this release can read; kept are {new}, {old}"):
        publish.roll_back(home, "2013-01-01-x")


def test_a_version_in_force_again_is_not_deleted_as_the_oldest(loaded: Engine, two_versions: None, tmp_path: Path) -> None:
    home = tmp_path / "own"
    old, new = publish_days(home, loaded, 0, 2)
    publish.roll_back(home, old)
    [third] = publish_days(home, loaded, 5, 1)
    assert publish.versions(home) == [third, new]
    publish.roll_back(home, new)
    assert assert_whole(home) == new
