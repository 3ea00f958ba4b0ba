"""Without room or permission, a load changes nothing and a publish leaves the last version in force; both say so in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from analytics.exc import DataError
from data import database, load, publish
from data.marks import Marks
from tests.data.samples import entry
from tests.faults.conftest import add_lines, assert_whole, change, differences, leftovers, publish_to, state, third_rows, url_of, write
from tests.faults.killer import Runner

#: SQLite only: the files of a server are not this process's.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


#: Bytes that a file may have: none at all, and so few that a load is well under way when they are used up.
@pytest.mark.parametrize("room", [0, 200_000])
def test_a_load_without_room_changes_nothing(loaded: Engine, runner: Runner, tmp_path: Path, room: int) -> None:
    file = write(tmp_path / "many.csv", [entry(i) for i in range(1000, 4000)])
    before = state(loaded)
    loaded.dispose()
    found = runner.run(do="load", home=tmp_path, url=url_of(loaded), files=[file], room=room)
    assert found["status"] == "refused", found
    assert "nothing was changed" in found["said"]
    assert "is full or fails" in found["said"]
    assert differences(state(loaded), before) == []
    assert load.load_files([file], engine=loaded, table="entry", given=Marks())[0].accepted == 3000


@pytest.mark.parametrize("room", [0, 3_000])
def test_a_publish_without_room_leaves_the_last_version_in_force(
    loaded: Engine, two_versions: None, runner: Runner, tmp_path: Path, room: int
) -> None:
    store = tmp_path / "own" / "published"
    before = publish_to(store, loaded).version
    change(loaded, tmp_path)
    found = runner.run(do="publish", url=url_of(loaded), home=store.parent, room=room)
    assert found["status"] == "refused", found
    assert "The version could not be written" in found["said"]
    assert "the last one stays in force" in found["said"]
    assert assert_whole(store) == before
    assert publish.versions(store) == [before]
    assert publish_to(store, loaded).version != before
    assert_whole(store)
    assert leftovers(store) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes, where this machine lets one be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, free: int) -> Path:
    """Leave so many bytes free on a disk."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - free))
    return filler


@pytest.mark.parametrize("free", [0, 600_000])
def test_a_full_disk_stops_a_load_and_a_publish(loaded: Engine, small_disk: Path, tmp_path: Path, free: int) -> None:
    own = small_disk / "store.sqlite"
    shutil.copy(str(loaded.url.database), own)
    engine, store = database.engine(f"sqlite:///{own}"), small_disk / "published"
    version, before = publish_to(store, engine).version, state(engine)
    file = write(tmp_path / "many.csv", [entry(i) for i in range(1000, 9000)])

    filler = fill(small_disk, free)
    with pytest.raises(DataError, match=r"is full or fails.*nothing was changed|nothing was changed.*is full or fails"):
        load.load_files([file], engine=engine, table="entry")
    assert differences(state(engine), before) == []
    filler.unlink()
    assert load.load_files([file], engine=engine, table="entry")[0].accepted == 8000
    add_lines(engine, tmp_path)

    filler = fill(small_disk, 0)
    with pytest.raises(DataError, match=r"could not be written.*the last one stays in force"):
        publish_to(store, engine)
    assert assert_whole(store) == version
    filler.unlink()
    assert publish_to(store, engine).version != version
    assert_whole(store)
    assert leftovers(store) == []
    engine.dispose()


def test_a_store_that_cannot_be_made_is_said_so(loaded: Engine, runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "published").write_text("a file where the folder should be")
    found = runner.run(do="publish", url=url_of(loaded), home=tmp_path / "own")
    assert found["status"] == "refused", found
    assert "cannot be written" in found["said"]
    assert "correct its permissions" in found["said"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_may_only_be_read_is_said_so(loaded: Engine, tmp_path: Path) -> None:
    store = tmp_path / "own"
    before = publish_to(store, loaded).version
    change(loaded, tmp_path)
    for folder in (store, store / "versions", store / "parts"):
        folder.chmod(0o555)
    with pytest.raises(DataError, match="permissions"):
        publish_to(store, loaded)
    assert assert_whole(store) == before
    for folder in (store, store / "versions", store / "parts"):
        folder.chmod(0o755)
    publish_to(store, loaded)
    assert leftovers(store) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_database_that_may_only_be_read_is_said_so(loaded: Engine, tmp_path: Path) -> None:
    path = Path(str(loaded.url.database))
    loaded.dispose()
    path.chmod(0o444)
    path.parent.chmod(0o555)
    engine = database.engine(f"sqlite:///{path}")
    with pytest.raises(DataError, match="refused to write"):
        load.load_files([write(tmp_path / "third.csv", third_rows())], engine=engine, table="entry")
    path.parent.chmod(0o755)
    engine.dispose()
