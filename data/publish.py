"""Publishing: the database's tables become one immutable version of facts and rollups, switched in whole.

A version is a folder that never changes: `facts/`, `rollups/`, `dimensions/` and `manifest.json`. Its id is its date and a
digest of its files, so the same data make the same version. Readers follow `current.json`, which is replaced in one step
after everything else is on disk; a publish that fails leaves the last version in force.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine

from analytics import codes, identities
from analytics.exc import DataError
from analytics.rollups import BUILDERS, FAMILIES, aggregate, rollups_of
from data import facts as facts_of_tables
from data.contracts import TABLES
from data.settings import settings

Progress = Callable[[str], None]

#: Version of the published layout; a reader refuses another.
LAYOUT: Final = 1


@dataclass(frozen=True)
class Published:
    """What a publish did."""

    version: str
    as_of: dt.date
    changed: bool
    folder: Path


def publish(*, engine: Engine | None = None, as_of: dt.date | None = None, progress: Progress | None = None) -> Published:
    """Build a version from the database and put it in force.

    Args:
        engine: Database; by default that of the settings.
        as_of: Date of the version; by default the latest date in the data.
        progress: Told what is being done.

    Raises:
        DataError: there is nothing to publish, or another publish is running.
    """
    from data import database

    say = progress or (lambda _: None)
    home = settings().published
    with _only_publisher(home):
        say("Reading the database")
        source = engine or database.engine(settings().url)
        tables = {name: database.read_table(source, name) for name in TABLES}
        date = as_of or facts_of_tables.latest_date(tables)
        if date is None:
            raise DataError("There is nothing to publish: load entry summaries or reviews first (python -m data load FILE).")
        return publish_tables(tables, date, home, synthetic=database.holds_synthetic(source), progress=say)


def publish_tables(tables: Mapping[str, pl.DataFrame], as_of: dt.date, home: Path, *, synthetic: bool, progress: Progress) -> Published:
    """Build a version from tables and put it in force."""
    building = home / f".building-{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    try:
        rows = _write_version(tables, as_of, building, progress)
        version = f"{as_of.isoformat()}-{_digest(building)[:10]}"
        changed = current_version(home) != version
        manifest = {"layout": LAYOUT, "version": version, "as_of": as_of.isoformat(), "synthetic": synthetic, "rows": rows}
        manifest["first_date"] = (facts_of_tables.first_date(tables) or as_of).isoformat()
        manifest["published_at"] = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        _write_json(building / "manifest.json", manifest)
        folder = home / "versions" / version
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            building.rename(folder)
        progress("Switching to the new version")
        _write_json(home / "current.json", {"version": version})
        _forget_old(home, version)
        return Published(version, as_of, changed, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def current_version(home: Path) -> str | None:
    """Return the id of the version in force, or null before the first publish."""
    pointer = home / "current.json"
    if not pointer.exists():
        return None
    try:
        return str(json.loads(pointer.read_text())["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The published store in {home} is damaged ({pointer.name} cannot be read). Publish again: python -m data publish."
        ) from error


def _write_version(tables: Mapping[str, pl.DataFrame], as_of: dt.date, folder: Path, progress: Progress) -> dict[str, int]:
    """Write facts, dimensions and rollups; return the rows of each."""
    progress("Building facts")
    facts = facts_of_tables.build(tables, as_of)
    kept = facts_of_tables.dimensions(tables, facts, as_of)
    rows = {f"facts/{name}": frame.height for name, frame in facts.items()}
    for name, frame in facts.items():
        _write_fact(frame, name, folder / "facts")
    for name, frame in kept.items():
        _write(frame, folder / "dimensions" / f"{name}.parquet")
    progress("Building rollups")
    lazy = {name: frame.lazy() for name, frame in facts.items()}
    kinds = _code_sets(tables)
    rollups: dict[str, pl.LazyFrame] = {}
    for family in FAMILIES.values():
        finest = BUILDERS[family.name](lazy).collect()
        coded = finest.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items() if name in finest.columns)
        for rollup in rollups_of(family):
            frame = aggregate(coded.lazy(), rollup).collect()
            rows[f"rollups/{rollup.name}"] = frame.height
            rollups[rollup.name] = frame.lazy()
            _write(frame, folder / "rollups" / f"{rollup.name}.parquet")
    progress("Checking that everything adds up")
    _write(identities.check(rollups, lazy), folder / "facts" / "identities.parquet")
    return rows


def _code_sets(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.Enum]:
    """Return the code set of each dimension's column: rollups hold codes, so that they filter and group fast."""
    every: dict[str, Iterable[str]] = {
        "center_code": [*tables["center"]["center_code"].unique(), codes.PORT_CODE],
        "industry_code": tables["industry"]["industry_code"],
        "port_code": [*tables["port"]["port_code"], codes.UNKNOWN],
        "program": codes.PROGRAMS,
        "entry_type_code": codes.ENTRY_TYPES,
        "mode_code": [*codes.MODES, codes.UNKNOWN],
        "work_type": codes.WORK_TYPES,
    }
    return {name: pl.Enum(sorted(set(values))) for name, values in every.items()}


def _write_fact(frame: pl.DataFrame, name: str, folder: Path) -> None:
    """Write a fact: one file a month when it is a large one."""
    if name not in facts_of_tables.MONTHLY:
        _write(frame, folder / f"{name}.parquet")
        return
    (folder / name).mkdir(parents=True, exist_ok=True)
    month = pl.col(facts_of_tables.MONTHLY[name]).dt.strftime("%Y-%m")
    for (label,), part in frame.with_columns(_month=month).partition_by("_month", as_dict=True, include_key=False).items():
        _write(part, folder / name / f"{label}.parquet")


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, compression="zstd", compression_level=3)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file in one step: readers see the old or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _digest(folder: Path) -> str:
    """Digest the names and bytes of a folder's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.parquet")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _forget_old(home: Path, current: str) -> None:
    """Delete all but the newest versions that the settings keep; the one in force always stays."""
    folders = sorted((home / "versions").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    others = [folder for folder in folders if folder.name != current]
    for folder in others[settings().keep_versions - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _only_publisher(home: Path) -> Iterator[None]:
    """Let one publish run at a time; the lock ends with the process, however it ends."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".publishing").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError("Another publish is running on this store; wait until it is done.") from error
        yield
