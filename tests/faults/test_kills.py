"""Killed at any moment, a load has happened or has not, and a publish leaves the version before it or its own in force.

`CENTERLINE_KILLS` says at how many moments each load and publish is killed.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data import database, publish
from tests.faults.conftest import (
    State,
    add_lines,
    assert_whole,
    differences,
    leftovers,
    load_full,
    publish_to,
    state,
    third_rows,
    url_of,
    write,
)
from tests.faults.killer import Answer, Runner

KILLS = int(os.environ.get("CENTERLINE_KILLS", "3"))

Copy = Callable[[str], str]

#: A publish only reads; what it writes are files.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: What a killed writer of JSON leaves beside the file; see `test_a_pointer_that_was_being_written_is_cleared_away`.
_BESIDE = (".current.json.", ".manifest.json.")


def moments(counted: Answer, count: int, *near: str) -> list[int]:
    """Steps at which to die: spread over a run, in its last 2 %, and right before and after it puts something in force."""
    steps, switches = counted["steps"], sorted(step for name in near for step in counted["switches"][name])[-4:]
    spread = [steps * (2 * i + 1) // (2 * count) for i in range(count)]
    around = [at for step in switches for at in (step, step + 2)]
    after = [switches[-1] + (steps - switches[-1]) * i // 10 for i in (1, 9)]
    return sorted({*spread, steps - steps // 100, *around, *after})


@pytest.fixture
def before(loaded: Engine) -> Iterator[tuple[str, State]]:
    """The database before the load, closed, and its state."""
    held = state(loaded)
    loaded.dispose()
    yield url_of(loaded), held
    loaded.dispose()


@pytest.mark.parametrize(
    ("database_url", "kind"),
    [("sqlite", "csv"), ("sqlite", "parquet"), pytest.param("postgres", "csv", marks=pytest.mark.postgres)],
    indirect=["database_url"],
)
def test_a_killed_load_has_happened_or_has_not(before: tuple[str, State], copy: Copy, runner: Runner, tmp_path: Path, kind: str) -> None:
    url, old = before
    file = write(tmp_path / f"third.{kind}", third_rows())
    whole = copy(url)
    counted = runner.run(do="load", home=tmp_path, url=whole, files=[file], full=True, at=None)
    assert counted["status"] == "done", counted
    new = _state(whole)
    assert set(differences(old, new)) >= {"load", "entry", "entry_history", "revision", "reject", "rejected_row", "full_key", "vanished"}
    ends = []
    for step in moments(counted, KILLS if kind == "csv" else 1, "commit"):
        at = copy(url)
        died = runner.run(do="load", home=tmp_path, url=at, files=[file], full=True, at=step)
        ends.append(_assert_all_or_nothing(at, file, old, new, f"step {step} of {counted['steps']}: {died}"))
        assert died["status"] == "killed", died
    assert set(ends) == {"before", "after"}


@pytest.mark.postgres
def test_a_load_killed_from_outside(before: tuple[str, State], copy: Copy, runner: Runner, tmp_path: Path) -> None:
    """At any moment, also within the database's own code."""
    url, old = before
    file = write(tmp_path / "third.csv", third_rows())
    whole = copy(url)
    counted = runner.run(do="load", home=tmp_path, url=whole, files=[file], full=True)
    new = _state(whole)
    chance = random.Random(1)
    for _ in range(KILLS):
        at, after = copy(url), chance.uniform(0.02, counted["seconds"] * 1.1)
        died = runner.run(do="load", home=tmp_path, url=at, files=[file], full=True, after=after)
        _assert_all_or_nothing(at, file, old, new, f"after {after:.3f} s: {died}")


def _state(url: str) -> State:
    engine = database.engine(url)
    try:
        return state(engine)
    finally:
        engine.dispose()


def _assert_all_or_nothing(url: str, file: Path, old: State, new: State, when: str) -> str:
    """The database is as before or as after the load, and the same load then makes it as after; say which it was."""
    engine = database.engine(url)
    try:
        found = state(engine)
        assert not differences(found, old) or not differences(found, new), f"{when}: {differences(found, old)} {differences(found, new)}"
        happened = not differences(found, new)
        again = load_full(engine, file)
        assert again.already_loaded == happened, when
        assert not differences(state(engine), new), when
    finally:
        engine.dispose()
    return "after" if happened else "before"


@pytest.fixture
def to_publish(loaded: Engine, two_versions: None, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A database whose last load is not published yet, and a store that holds as many versions as are kept; both closed."""
    store = tmp_path / "template" / "published"
    publish_to(store, loaded)
    rows = third_rows()
    load_full(loaded, write(tmp_path / "half.csv", rows[:40]))
    add_lines(loaded, tmp_path)
    publish_to(store, loaded)
    load_full(loaded, write(tmp_path / "third.csv", rows))
    add_lines(loaded, tmp_path)
    assert len(publish.versions(store)) == 2
    yield url_of(loaded), store.parent
    loaded.dispose()


def _publish(runner: Runner, url: str, home: Path, **how: object) -> Answer:
    return runner.run(do="publish", url=url, home=home, settings={"CENTERLINE_KEEP_VERSIONS": "2"}, **how)


def _copied(template: Path, name: str) -> Path:
    return Path(shutil.copytree(template, template.with_name(name), copy_function=shutil.copy2))


def _assert_usable(store: Path, loaded: Engine, allowed: set[str], when: str) -> str:
    """Every version is whole, one of the allowed is in force, and the next publish leaves nothing lying; say which was in force."""
    found = assert_whole(store)
    assert found in allowed, when
    for version in {*publish.versions(store)} - {found}:
        assert_whole(store, version)
    publish_to(store, loaded)
    assert len(publish.versions(store)) == 2, when
    assert [name for name in leftovers(store) if not Path(name).name.startswith(_BESIDE)] == [], when
    return found


@SQLITE
def test_a_killed_publish_leaves_a_whole_version_in_force(to_publish: tuple[str, Path], loaded: Engine, runner: Runner) -> None:
    url, template = to_publish
    old = publish.current_version(template / "published")
    whole = _copied(template, "whole")
    counted = _publish(runner, url, whole, at=None)
    assert counted["status"] == "done", counted
    [new] = counted["said"]
    ends = []
    for step in moments(counted, KILLS, "replace", "rename"):
        home = _copied(template, f"at{step}")
        when = f"step {step} of {counted['steps']}"
        assert _publish(runner, url, home, at=step)["status"] == "killed", when
        ends.append(_assert_usable(home / "published", loaded, {str(old), new}, when))
        assert publish.current_version(home / "published") == new, when
        shutil.rmtree(home)
    assert set(ends) == {old, new}


@SQLITE
def test_a_publish_killed_from_outside(to_publish: tuple[str, Path], loaded: Engine, runner: Runner) -> None:
    url, template = to_publish
    old = publish.current_version(template / "published")
    counted = _publish(runner, url, _copied(template, "whole"))
    chance = random.Random(2)
    for i in range(KILLS):
        home, after = _copied(template, f"after{i}"), chance.uniform(0.02, counted["seconds"] * 1.1)
        died = _publish(runner, url, home, after=after)
        _assert_usable(home / "published", loaded, {str(old), *counted["said"]}, f"after {after:.3f} s: {died}")
        shutil.rmtree(home)


@SQLITE
def test_a_pointer_that_was_being_written_is_cleared_away(to_publish: tuple[str, Path], loaded: Engine, runner: Runner) -> None:
    """The file beside `current.json`, complete but not yet in its place, is of no use to anybody."""
    url, template = to_publish
    counted = _publish(runner, url, _copied(template, "whole"), at=None)
    home = _copied(template, "at")
    _publish(runner, url, home, at=counted["switches"]["replace"][-1])
    publish_to(home / "published", loaded)
    assert leftovers(home / "published") == []
