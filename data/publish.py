"""Publishing: the database's tables become one immutable version of facts and rollups, switched in whole.

A version is a manifest that names its parts (one a month, made anew only when the month has changed) and a folder of what
is small. Its id is its date and a digest of all it holds, so the same data make the same version. Readers follow
`current.json`, which is replaced in one step after everything else is on disk; a publish that fails leaves the last version
in force. A reader holds a lease on its version: what is read is not deleted.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl
from sqlalchemy import Engine

from analytics import coding, identities
from analytics.coding import Codes
from analytics.exc import DataError, first_line
from data import database, engines, parts, places, release, reported, themed
from data import facts as facts_of_tables
from data.atomic import write_json
from data.parts import Part
from data.places import Place
from data.progress import Progress, Silent
from data.settings import settings
from data.source import KINDS, LEDGER_SCHEMA, SMALL, Database, Source

T = TypeVar("T")
U = TypeVar("U")

#: Version of the published layout; a reader refuses another.
LAYOUT: Final = 5

#: File of a version that its readers hold a shared lock on.
LEASE: Final = "lease"


#: Small facts of a version that its id does not depend on: what proves it, the way on which it came to be known, and what is released of it.
_BESIDE: Final = ("identities", "reported", "reported_by_type", *themed.FILES)


@dataclass(frozen=True)
class Published:
    """What a publish did; `built` of its `parts` were made anew."""

    version: str
    as_of: dt.date
    changed: bool
    folder: Path
    parts: int
    built: int


def publish(
    *,
    engine: Engine | None = None,
    as_of: dt.date | None = None,
    rebuild: bool = False,
    renew: bool = False,
    progress: Progress | None = None,
    maker: engines.Engine | None = None,
) -> Published:
    """Build a version from the database and put it in force.

    Args:
        engine: Database; by default that of the settings.
        as_of: Date of the version; by default the latest date in the data.
        rebuild: Make every month anew, whatever has changed.
        renew: Release to working groups what has become complete since the last release (`data.release`); without it that one goes along.
        progress: Told what is being done.
        maker: What makes the rollups; by default Polars.

    Raises:
        DataError: there is nothing to publish, there is no room, or another publish is running.
        ConfigError: the place that the settings name for facts cannot be used.
    """
    with database.reading(engine or database.engine(settings().url)) as connection:
        return publish_source(
            Database(connection), as_of, settings().published, rebuild=rebuild, renew=renew, progress=progress, maker=maker
        )


def publish_source(
    source: Source,
    as_of: dt.date | None,
    home: Path,
    *,
    rebuild: bool = False,
    renew: bool = False,
    progress: Progress | None = None,
    maker: engines.Engine | None = None,
) -> Published:
    """Build a version from a source and put it in force."""
    told = progress or Silent()
    building = home / f".building-{os.getpid()}"
    with only_publisher(home):
        place = places.chosen(home, settings().facts)
        try:
            previous = None if rebuild else _previous(home, place)
            return _published(source, as_of, home, building, previous, told, maker or engines.Polars(), place, renew=renew)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(
                f"The version could not be written ({first_line(error)}); the last one stays in force. Free some space for {home} "
                f"or correct its permissions{f', see that {place.root} can be read' if place.root else ''}, and publish again."
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _published(
    source: Source,
    as_of: dt.date | None,
    home: Path,
    building: Path,
    previous: Mapping[str, Any] | None,
    told: Progress,
    maker: engines.Engine,
    place: Place,
    *,
    renew: bool,
) -> Published:
    _sweep(home, place)
    with told.during("Looking for what has changed"):
        tables = {name: source.small(name) for name in SMALL}
        lists = _lists(tables)
        kept = _kept(source, previous, as_of, lists)
        wanted = [(kind, month) for kind in KINDS for month in source.months(kind)]
    todo = [each for each in wanted if each not in kept]
    read = _ahead(lambda each: (each, source.month(*each, as_of, lists)), todo)
    built = {
        each: parts.build(made, *each, as_of, building, home, maker, place)
        for each, made in told.over(read, f"Building {len(todo)} of {len(wanted)} months", len(todo))
    }
    chosen = [(kept | built)[each] for each in wanted]
    date = as_of or _latest(chosen, tables)
    if date is None:
        raise DataError("There is nothing to publish: load entry summaries or reviews first (python -m data load FILE).")
    with told.during("Putting the version together"):
        version, manifest = _put_together(source, tables, lists, chosen, date, building / "version", home)
        same = previous is not None and source.changed(previous["state"]) is not None
        beside = building / "version" / "facts"
        reported.write(beside, source.reported, previous if same else None, home)
        versions_of = release.Versions(home, chosen, lists)
        manifest |= release.write(building / "version", versions_of, tables["center"], tables["port"], date, renew=renew)
        before = current_version(home) if previous else None
        themed.write(beside, home / "versions" / before / "facts" if before else None)
        changed = current_version(home) != version
        _put_in_force(home, version, building / "version", manifest)
        _forget_old(home, version, place)
    return Published(version, date, changed, home / "versions" / version, len(chosen), len(built))


def _put_together(
    source: Source, tables: Mapping[str, pl.DataFrame], lists: Codes, chosen: Sequence[Part], date: dt.date, folder: Path, home: Path
) -> tuple[str, dict[str, Any]]:
    """Write the folder of a version; return its id and manifest."""
    rows, rollups = _write_rest(tables, lists, chosen, date, folder, home)
    version = f"{date.isoformat()}-{_digest(folder, chosen)[:10]}"
    # What proves a version is not part of what it says: its id does not depend on where it was read from.
    parts.write(_identities(source, rollups, chosen, home), folder / "facts" / "identities.parquet")
    manifest = {
        "layout": LAYOUT,
        "version": version,
        "as_of": date.isoformat(),
        "first_date": min([part.first for part in chosen], default=date.isoformat()),
        "synthetic": source.synthetic,
        "rows": rows,
        "published_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "state": source.state,
        "recipe": parts.recipe(),
        "parts": [part.record() for part in chosen],
        "codes": lists,
    }
    write_json(folder / "manifest.json", manifest)
    (folder / LEASE).touch()
    return version, manifest


def _ahead(read: Callable[[T], U], items: Sequence[T]) -> Iterator[U]:
    """Give what is read of each item, while the next is being read already: reading waits for the database, building for the processor."""
    with ThreadPoolExecutor(1) as reader:
        waiting: list[Future[U]] = []
        for item in items:
            waiting.append(reader.submit(read, item))
            if len(waiting) > 1:
                yield waiting.pop(0).result()
        yield from (each.result() for each in waiting)


def _kept(source: Source, previous: Mapping[str, Any] | None, as_of: dt.date | None, lists: Codes) -> dict[tuple[str, str], Part]:
    """Return the parts of the last version that are still true; a new port or industry gives others other numbers."""
    touched = source.changed(previous["state"]) if previous and previous["codes"] == lists else None
    if previous is None or touched is None:
        return {}
    every = [Part(**record) for record in previous["parts"]]
    same_date = as_of is not None and previous["as_of"] == as_of.isoformat()

    def true(part: Part) -> bool:
        return part.month not in touched[part.kind] and (
            same_date or (not part.cut and (as_of is None or part.latest <= as_of.isoformat()))
        )

    return {(part.kind, part.month): part for part in every if true(part)}


def _previous(home: Path, place: Place) -> Mapping[str, Any] | None:
    """Return the manifest of the version in force if its parts can be used again.

    Null when it cannot be read or is of other code, and when a part or its facts are not where they are to be now.
    """
    try:
        version = current_version(home)
        manifest = json.loads((home / "versions" / str(version) / "manifest.json").read_text()) if version else {}
    except (DataError, OSError, ValueError):
        return None
    usable = manifest.get("layout") == LAYOUT and manifest.get("recipe") == parts.recipe()
    held = place.held() if usable else {}
    whole = usable and all(Part(**record).is_whole(home, held) for record in manifest["parts"])
    return manifest if whole else None


def _latest(chosen: Sequence[Part], tables: Mapping[str, pl.DataFrame]) -> dt.date | None:
    """Return the latest day on which anything happened."""
    days = [dt.date.fromisoformat(part.latest) for part in chosen]
    rest = facts_of_tables.latest_date(tables)
    return max([*days, *([rest] if rest else [])], default=None)


def _write_rest(
    tables: Mapping[str, pl.DataFrame], lists: Codes, chosen: Sequence[Part], as_of: dt.date, folder: Path, home: Path
) -> tuple[dict[str, int], Mapping[str, pl.LazyFrame]]:
    """Write what is made anew for each version: small facts, their rollups, and dimensions; return rows of each fact, and the rollups."""
    facts = facts_of_tables.of_the_rest(tables, as_of)
    for name, frame in facts.items():
        parts.write(frame, folder / "facts" / f"{name}.parquet")
    counted = {name: coding.encode(facts[name], lists).lazy() for name in ("inquiry", "feedback")}
    rollups = parts.write_rollups(engines.Polars().finest(parts.families_of("rest"), counted, {}), folder)
    window = [part for part in chosen if part.kind == "entry" and part.month >= facts_of_tables.profile_window(as_of)]
    goods, entries = (coding.in_words(_scan(window, home, name), lists) for name in ("goods", "entry"))
    for name, frame in facts_of_tables.dimensions(tables, goods, entries.select("account_id"), as_of).items():
        parts.write(frame, folder / "dimensions" / f"{name}.parquet")
    monthly = {name: sum(part.rows.get(name, 0) for part in chosen) for name in facts_of_tables.MONTHLY}
    every = monthly | {name: frame.height for name, frame in facts.items()}
    return {f"facts/{name}": count for name, count in every.items()}, rollups


def _identities(source: Source, rollups: Mapping[str, pl.LazyFrame], chosen: Sequence[Part], home: Path) -> pl.DataFrame:
    """Add up what must add up, in every part and over all of them."""
    of_parts = [pl.read_parquet(part.folder(home) / "identities.parquet") for part in chosen]
    return identities.summed([*of_parts, identities.of_the_rest(rollups), _against_ledger(source.ledger(), chosen)])


def _scan(chosen: Sequence[Part], home: Path, fact: str) -> pl.LazyFrame:
    files = [part.fact(home, fact) for part in chosen]
    return places.scan(files) if files else parts.empty("entry")[fact].lazy()


def _against_ledger(ledger: pl.DataFrame, chosen: Sequence[Part]) -> pl.DataFrame:
    """Hold the facts against the ledger of loads, but for months of which the as-of date leaves something out."""
    rows = [(table, part.month, *counts) for part in chosen if not part.cut for table, counts in part.held.items()]
    counted = pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row")
    known = ledger.join(counted, on=["table_name", "month"], how="semi") if any(part.cut for part in chosen) else ledger
    words = "Facts = what the loads have written, by table and month: rows, value and closed reviews"
    return identities.ledger(known, counted, words) if ledger.height else identities.summed([])


def _lists(tables: Mapping[str, pl.DataFrame]) -> dict[str, list[str]]:
    """List the values of each coded column, as the tables name them."""
    return coding.code_lists(tables["center"]["center_code"], tables["industry"]["industry_code"], tables["port"]["port_code"])


def _digest(folder: Path, chosen: Sequence[Part]) -> str:
    """Digest all that a version holds."""
    digest = hashlib.sha256(parts.digest_of(folder).encode())
    for part in chosen:
        digest.update(f"{part.kind}/{part.month}/{part.digest}".encode())
    return digest.hexdigest()


# --- the store: what is in force, what is kept -----------------------------------------------------------------------


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


def versions(home: Path) -> list[str]:
    """List the ids of the kept versions, latest published first."""
    folder = home / "versions"
    paths = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True) if folder.exists() else []
    return [path.name for path in paths if not path.name.startswith(".")]


def roll_back(home: Path, version: str) -> None:
    """Put a kept version in force again; the next publish goes on from the database as ever.

    Raises:
        DataError: there is no such version.
    """
    with only_publisher(home):
        if version not in versions(home) or not _is_whole(home, version):
            whole = [name for name in versions(home) if _is_whole(home, name)]
            raise DataError(f"There is no version “{version}” that this release can read; kept are {', '.join(whole) or 'none'}.")
        write_json(home / "current.json", {"version": version})


def _is_whole(home: Path, version: str) -> bool:
    """Say whether a version is of this layout and has all its parts."""
    try:
        manifest = json.loads((home / "versions" / version / "manifest.json").read_text())
    except (OSError, ValueError):
        return False
    return manifest.get("layout") == LAYOUT and all(Part(**record).folder(home).exists() for record in manifest["parts"])


def _put_in_force(home: Path, version: str, built: Path, manifest: Mapping[str, Any]) -> None:
    """Switch to a built version when all of it is on disk; one of equal content only learns up to which load it is true, and what is beside it."""
    folder = home / "versions" / version
    if folder.exists():
        for name in _BESIDE:
            made = built / "facts" / f"{name}.parquet"
            if made.exists():
                made.replace(folder / "facts" / made.name)
        named = manifest.get(release.NAMED)
        if named and not (folder / named).exists():
            (built / named).rename(folder / named)
        write_json(folder / "manifest.json", {**manifest, "moved": _moved(home, version, manifest)})
    else:
        write_json(built / "manifest.json", manifest)
        parts.keep(built, folder)
    os.sync()
    write_json(home / "current.json", {"version": version})


@contextlib.contextmanager
def lease(folder: Path) -> Iterator[bool]:
    """Try to take a version for oneself; false when somebody reads it."""
    try:
        handle = os.open(folder / LEASE, os.O_RDWR | os.O_CREAT)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def _moved(home: Path, version: str, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the parts of a version whose facts lay elsewhere before: whoever has it open reads them there, until the version goes."""
    now = {Part(**record).address(home) for record in manifest["parts"]}
    try:
        return [part.record() for part in _named(home, version) if part.address(home) not in now]
    except (OSError, ValueError, TypeError):
        return []  # it was damaged


def _named(home: Path, version: str) -> list[Part]:
    """List the parts that a version needs, also where its facts lay before."""
    manifest = json.loads((home / "versions" / version / "manifest.json").read_text())
    return [Part(**record) for record in (*manifest.get("parts", ()), *manifest.get("moved", ()))]


def _forget_old(home: Path, current: str, place: Place) -> None:
    """Delete all but the newest versions that the settings keep; the one in force and those that are being read stay."""
    others = [name for name in versions(home) if name != current]
    for name in others[settings().keep_versions - 1 :]:
        folder = home / "versions" / name
        with lease(folder) as free:
            if free:
                # Out of sight in one step: a reader that comes now finds no version instead of half of one.
                folder.rename(folder.with_name(f".gone-{name}"))
    _sweep(home, place)


def _sweep(home: Path, place: Place) -> None:
    """Delete what no version needs: parts without one, and what a publish that was killed left behind."""
    for folder in [*home.glob(".building-*"), *(home / "versions").glob(".gone-*"), *(home / "parts").glob("*/.gone-*")]:
        shutil.rmtree(folder, ignore_errors=True)
    for beside in [*home.glob(".*.json.*"), *(home / "versions").glob("*/.*.json.*")]:
        beside.unlink(missing_ok=True)
    for folder in (home / "versions").glob("[!.]*"):
        _sweep_releases(folder)
    try:
        needed = [part for name in versions(home) for part in _named(home, name)]
    except (OSError, ValueError, TypeError):
        return  # nobody can say what a damaged version needs
    used = {part.folder(home) for part in needed}
    for folder in (home / "parts").glob("*/*"):
        if folder not in used:
            # Renamed first: what is half deleted must never pass for a part.
            gone = folder.rename(folder.with_name(f".gone-{folder.name}"))
            shutil.rmtree(gone, ignore_errors=True)
    places.sweep(home, place, {part.address(home) for part in needed})


def _sweep_releases(version: Path) -> None:
    """Delete the releases that a version no longer names, unless somebody reads the version."""
    others = [folder for folder in version.glob("release-*") if folder != release.folder_of(version)]
    if others:
        with lease(version) as free:
            for folder in others if free else ():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def only_publisher(home: Path) -> Iterator[None]:
    """Let one publish run at a time; the lock ends with the process, however it ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / ".publishing").open("w")
    except OSError as error:
        raise DataError(f"The published store in {home} cannot be written ({error.strerror}); correct its permissions.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError("Another publish is running on this store; wait until it is done.") from error
        yield
