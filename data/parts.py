"""A part of a version: the facts, rollups and identities of one month, in a folder that never changes.

Parts are shared by versions: a version whose month did not change names the part that is there. A part's name is its kind,
its month and a digest of its files, so equal content is one part.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl

import analytics
from analytics import identities
from analytics.coding import Codes, code_lists, encode, in_cents
from analytics.rollups import FAMILIES, coarser, rollups_of
from data import facts as facts_of_tables
from data import places
from data.contracts import TABLES
from data.engines import Engine, Polars
from data.places import Place

#: Kind of part -> the families of its rollups; the others are made anew for each version.
FAMILIES_OF: Final[dict[str, tuple[str, ...]]] = {
    "entry": ("volume", "participants"),
    "review": ("work", "stays", "sample", "findings"),
    "rest": ("inquiries", "feedback"),
}

_FACTS: Final = {"entry": facts_of_tables.of_entries, "review": facts_of_tables.of_reviews}
_CHECKS: Final = {"entry": identities.of_entries, "review": identities.of_reviews}

#: Modules that decide what a part holds; when one changes, parts are made anew.
_RECIPE: Final = (
    *(f"analytics/{name}.py" for name in ("builders", "coding", "identities", "rollups", "standards", "stays")),
    "data/facts.py",
    "data/parts.py",
)


@dataclass(frozen=True)
class Part:
    """A part as a manifest names it.

    Attributes:
        kind: `entry` (month of entry) or `review` (month in which the review was opened).
        month: `YYYY-MM`.
        digest: SHA-256 of its files, its facts included wherever they lie.
        first: First day on which anything in it happened.
        latest: Last day on which anything in it happened, the as-of date not applied.
        cut: Whether the as-of date left something out, so that another date asks for another part.
        rows: Rows of each fact.
        held: What it holds in the ledger's measures, by table.
        facts: Address of its facts; empty when they lie in its own folder.
    """

    kind: str
    month: str
    digest: str
    first: str
    latest: str
    cut: bool
    rows: dict[str, int]
    held: dict[str, list[int]]
    facts: str = ""

    def folder(self, home: Path) -> Path:
        """Return its folder in a published store."""
        return home / "parts" / self.kind / f"{self.month}-{self.digest[:16]}"

    def address(self, home: Path) -> str:
        """Return where its facts lie."""
        return self.facts or str(self.folder(home) / "facts")

    def fact(self, home: Path, name: str) -> Path | str:
        """Return the file of a fact: a path, or the URL of an object."""
        return places.file(self.address(home), name)

    def is_whole(self, home: Path, held: Mapping[str, Collection[str]]) -> bool:
        """Say whether it is there, with all its facts in the place that holds these files."""
        return self.folder(home).exists() and {f"{name}.parquet" for name in self.rows} <= set(held.get(self.address(home), ()))

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@cache
def recipe() -> str:
    """Digest the code that makes parts, and the version of its engine."""
    root = Path(analytics.__file__).parents[1]
    digest = hashlib.sha256(pl.__version__.encode())
    for name in _RECIPE:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def build(
    tables: Mapping[str, pl.DataFrame],
    kind: str,
    month: str,
    as_of: dt.date | None,
    lists: Codes,
    building: Path,
    home: Path,
    engine: Engine,
    place: Place,
) -> Part:
    """Build the part of a month and put it into the store, where nothing refers to it yet; its facts are in their place before it is."""
    first, latest = facts_of_tables.first_date(tables) or dt.date.max, facts_of_tables.latest_date(tables) or dt.date.min
    facts = {name: encode(in_cents(frame), lists) for name, frame in _FACTS[kind](tables, as_of).items()}
    folder = building / "parts" / kind / month
    for name, frame in facts.items():
        write(frame, folder / "facts" / f"{name}.parquet")
    address = place.bring(folder / "facts", f"{kind}/{month}-{digest_of(folder / 'facts')[:16]}") if place.root else ""
    files = {name: places.file(address or folder / "facts", name) for name in facts}
    lazy = {name: frame.lazy() for name, frame in facts.items()}
    rollups = write_rollups({name: engine.finest(FAMILIES[name], lazy, files) for name in FAMILIES_OF[kind]}, folder)
    write(_CHECKS[kind](rollups, lazy), folder / "identities.parquet")
    part = Part(
        kind=kind,
        month=month,
        digest=digest_of(folder),
        first=first.isoformat(),
        latest=latest.isoformat(),
        cut=as_of is not None and latest > as_of,
        rows={name: frame.height for name, frame in facts.items()},
        held=_held(kind, facts),
        facts=address,
    )
    _settle_facts(folder / "facts", part, home)
    keep(folder, part.folder(home))
    return part


def _settle_facts(built: Path, part: Part, home: Path) -> None:
    """Leave facts in a built part only where they are to be; a part that is there already gets those that it lacks."""
    there = part.folder(home)
    if part.facts:
        shutil.rmtree(built)
    elif there.exists():
        places.Folder(there).bring(built, "facts")


def write_rollups(finest: Mapping[str, pl.DataFrame], folder: Path) -> dict[str, pl.LazyFrame]:
    """Write the rollups of families from their finest ones, and return them."""
    made: dict[str, pl.LazyFrame] = {}
    for name, base in finest.items():
        *others, first = rollups_of(FAMILIES[name])
        # The others are summed from the finest, which is much smaller than the facts.
        frames = pl.collect_all([coarser(base.lazy(), rollup) for rollup in others], engine="in-memory")
        for rollup, frame in zip((*others, first), (*frames, base), strict=True):
            made[rollup.name] = frame.lazy()
            write(frame, folder / "rollups" / f"{rollup.name}.parquet", searched=False)
    return made


@cache
def empty(kind: str) -> Mapping[str, pl.DataFrame]:
    """Return the facts and rollups of a month without rows, for stores that have no month of a kind."""
    tables: dict[str, pl.DataFrame] = {name: contract.create_empty() for name, contract in TABLES.items()}
    keys = pl.DataFrame(schema={"account_id": pl.String, "account_key": pl.Int64})
    tables |= {"account_key": keys, "stake": tables["entry"].select(facts_of_tables.STAKE)}
    nothing = code_lists((), (), ())
    facts = {name: encode(in_cents(frame), nothing) for name, frame in _FACTS[kind](tables, None).items()}
    lazy = {name: frame.lazy() for name, frame in facts.items()}
    made = {
        rollup.name: coarser(Polars().finest(FAMILIES[name], lazy, {}).lazy(), rollup).collect()
        for name in FAMILIES_OF[kind]
        for rollup in rollups_of(FAMILIES[name])
    }
    return facts | made


def _held(kind: str, facts: Mapping[str, pl.DataFrame]) -> dict[str, list[int]]:
    """Count facts as the ledger counts rows: `rows`, `value_cents`, `closed_count` of each table."""
    held = {}
    for table in {"entry": ("entry", "entry_line"), "review": ("review", "review_event")}[kind]:
        frame = facts[table]
        value = int(frame["value_cents"].sum()) if kind == "entry" else 0
        closed = frame.height - frame["closed_date"].null_count() if table == "review" else 0
        held[table] = [frame.height, value, closed]
    return held


def keep(built: Path, place: Path) -> None:
    """Move a built folder to its place; equal content that is there already stays."""
    if place.exists():
        shutil.rmtree(built)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    built.rename(place)


def write(frame: pl.DataFrame, path: Path, *, searched: bool = True) -> None:
    """Write a frame as a Parquet file, with statistics where readers look for single rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, compression="zstd", compression_level=1, statistics=searched)


def digest_of(folder: Path) -> str:
    """Digest the names and bytes of a folder's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.parquet")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
