"""A part of a version: the facts, rollups and identities of one month, in a folder that never changes.

Parts are shared by versions: a version whose month did not change names the part that is there. A part's name is its kind,
its month and a digest of its files, so equal content is one part.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl

import analytics
from analytics import identities
from analytics.coding import code_lists
from analytics.rollups import FAMILIES, Family, ladder
from data import facts as facts_of_tables
from data import places
from data.contracts import TABLES
from data.engines import Engine, Polars
from data.months import Facts, Month, coded
from data.places import Place

#: Kind of part -> the families of its rollups; the others are made anew for each version.
FAMILIES_OF: Final[dict[str, tuple[str, ...]]] = {
    "entry": ("volume", "participants", "accounts", "liquidations"),
    "review": ("work", "stays", "teams", "sample", "findings", "filers", "account_work", "account_findings", "account_sample"),
    "rest": ("inquiries", "feedback"),
}

#: Kind of part -> its facts.
FACTS_OF: Final = {kind: tuple(name for name, of in facts_of_tables.MONTHLY.items() if of == kind) for kind in ("entry", "review")}

#: Kind of part -> those of its facts that the ledger of loads counts.
_LEDGER: Final = {"entry": ("entry", "entry_line"), "review": ("review", "review_event")}

_CHECKS: Final = {"entry": identities.of_entries, "review": identities.of_reviews}

#: What each slice of facts must meet by itself.
_WITHIN: Final = {"entry": identities.within_entries}

#: Modules that decide what a part holds; when one changes, parts are made anew.
_RECIPE: Final = (
    *(f"analytics/{name}.py" for name in ("builders", "coding", "identities", "packing", "rollups", "standards", "stays")),
    "data/engines.py",
    "data/facts.py",
    "data/months.py",
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


def families_of(kind: str) -> list[Family]:
    """List the families of a kind of part."""
    return [FAMILIES[name] for name in FAMILIES_OF[kind]]


@cache
def recipe() -> str:
    """Digest the code that makes parts, and the version of its engine."""
    root = Path(analytics.__file__).parents[1]
    digest = hashlib.sha256(pl.__version__.encode())
    for name in _RECIPE:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def build(made: Month, kind: str, month: str, as_of: dt.date | None, building: Path, home: Path, engine: Engine, place: Place) -> Part:
    """Build the part of a month and put it into the store, where nothing refers to it yet; its facts are in their place before it is."""
    folder = building / "parts" / kind / month
    found: list[pl.DataFrame] = []
    facts = _written(_checked(kind, made.slices, found), {name: folder / "facts" / f"{name}.parquet" for name in FACTS_OF[kind]})
    address = place.bring(folder / "facts", f"{kind}/{month}-{digest_of(folder / 'facts')[:16]}") if place.root else ""
    files = {name: places.file(address or folder / "facts", name) for name in facts}
    rollups = write_rollups(engine.finest(families_of(kind), facts, files), folder)
    write(identities.summed([_CHECKS[kind](rollups, facts), *found]), folder / "identities.parquet")
    counts = _counts(kind, facts)
    part = Part(
        kind=kind,
        month=month,
        digest=digest_of(folder),
        first=made.first.isoformat(),
        latest=made.latest.isoformat(),
        cut=as_of is not None and made.latest > as_of,
        rows={name: rows for name, (rows, *_) in counts.items()},
        held={name: counts[name] for name in _LEDGER[kind]},
        facts=address,
    )
    _settle_facts(folder / "facts", part, home)
    keep(folder, part.folder(home))
    return part


def _checked(kind: str, slices: Iterable[Facts], found: list[pl.DataFrame]) -> Iterator[Facts]:
    """Check each slice as it passes."""
    for facts in slices:
        if kind in _WITHIN:
            found.append(_WITHIN[kind]({name: frame.lazy() for name, frame in facts.items()}))
        yield facts


def _written(slices: Iterable[Facts], files: Mapping[str, Path]) -> dict[str, pl.LazyFrame]:
    """Write facts to files; return them lazily: the one slice from memory, several from the files, so that memory follows a slice."""
    rest = iter(slices)
    first, second = next(rest), next(rest, None)
    if second is None:
        for name, path in files.items():
            write(first[name], path)
        return {name: first[name].lazy() for name in files}
    with contextlib.ExitStack() as opened:
        writers = {name: opened.enter_context(_appending(path, first[name])) for name, path in files.items()}
        for facts in itertools.chain((first, second), rest):
            for name, writer in writers.items():
                writer.write_table(facts[name].to_arrow(compat_level=pl.CompatLevel.oldest()))
    return {name: pl.scan_parquet(path) for name, path in files.items()}


def _appending(path: Path, like: pl.DataFrame) -> Any:
    """Open a Parquet file that takes one frame after the other."""
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = like.clear().to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pyarrow.parquet.ParquetWriter(path, schema, compression="zstd", compression_level=1)


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
        for rollup, frame in ladder(base, FAMILIES[name]).items():
            made[rollup.name] = frame.lazy()
            # What happens to reviews lies in the parts of many months: readers of one pass over the files that have none of it.
            write(frame, folder / "rollups" / f"{rollup.name}.parquet", searched=rollup.grain == "day" and name in FAMILIES_OF["review"])
    return made


@cache
def empty(kind: str) -> Mapping[str, pl.DataFrame]:
    """Return the facts and rollups of a month without rows, for stores that have no month of a kind."""
    tables: dict[str, pl.DataFrame] = {name: contract.create_empty() for name, contract in TABLES.items()}
    keys = pl.DataFrame(schema={"account_id": pl.String, "account_key": pl.Int64})
    tables |= {"account_key": keys, "stake": tables["entry"].select(facts_of_tables.STAKE)}
    nothing = code_lists((), (), ())
    facts = coded(kind, tables, None, nothing)
    lazy = {name: frame.lazy() for name, frame in facts.items()}
    finest = Polars().finest(families_of(kind), lazy, {})
    made = {rollup.name: frame for name, base in finest.items() for rollup, frame in ladder(base, FAMILIES[name]).items()}
    return facts | made


def _counts(kind: str, facts: Mapping[str, pl.LazyFrame]) -> dict[str, list[int]]:
    """Count each fact as the ledger counts rows: `rows`, `value_cents`, `closed_count`."""
    value = pl.col("value_cents").sum() if kind == "entry" else pl.lit(0)
    asked = [
        frame.select(rows=pl.len(), value=value, closed=pl.col("closed_date").count() if name == "review" else pl.lit(0))
        for name, frame in facts.items()
    ]
    return {name: [int(count) for count in counted.row(0)] for name, counted in zip(facts, pl.collect_all(asked), strict=True)}


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
