"""The pages' only door to the data: a snapshot of one published version, cut to the reader's scope.

What a role may not reach is not in the frames that come out; there is nothing to hide later.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl

from analytics import assignment, codes
from analytics.exc import DataError, ScopeError
from analytics.filters import FIXED_LABELS, Labels
from analytics.rollups import ROLLUPS, Frames, only_levels
from analytics.scope import Scope
from data import database, ledger
from data.publish import LAYOUT, current_version
from data.settings import settings

#: Facts that hold single records, and the column that says whose they are.
_ROW_FACTS: Final = ("entry", "entry_line", "review", "stay", "inquiry")

#: Small frames that go with the rollups at every scope: the design of the random sample names nobody.
_WITH_ROLLUPS: Final = {"sample_stratum": "facts/sample_stratum.parquet"}


class _Files(Mapping[str, pl.LazyFrame]):
    """The rollups of a version, each read at first use and then kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._paths = {rollup.name: folder / "rollups" / f"{rollup.name}.parquet" for rollup in ROLLUPS}
        self._paths |= {name: folder / path for name, path in _WITH_ROLLUPS.items()}
        self._frames: dict[str, pl.LazyFrame] = {}

    def __getitem__(self, name: str) -> pl.LazyFrame:
        if name not in self._frames:
            self._frames[name] = pl.read_parquet(self._paths[name]).lazy()
        return self._frames[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@lru_cache(maxsize=8)
def _files(folder: Path) -> _Files:
    """Keep the frames of a version for all who read it; versions never change. Nothing here depends on a scope."""
    return _Files(folder)


@lru_cache(maxsize=64)
def _dimension(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "dimensions" / f"{name}.parquet")


class _Cut(Mapping[str, pl.LazyFrame]):
    """Rollups of which only the named ones can be read."""

    def __init__(self, frames: Frames, names: frozenset[str]) -> None:
        self._frames, self._names = frames, names

    def __getitem__(self, name: str) -> pl.LazyFrame:
        if name not in self._names:
            raise KeyError(name)
        return self._frames[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)


class Snapshot:
    """One published version as a scope may read it."""

    def __init__(self, scope: Scope, version: str | None = None, home: Path | None = None) -> None:
        """Open a version, by default the one in force.

        Raises:
            DataError: nothing is published, the version is gone, or the store is damaged.
        """
        published = home or settings().published
        chosen = version or current_version(published)
        if chosen is None:
            raise DataError(
                "Nothing is published yet: build the demonstration (python -m data demo) or load files (python -m data load FILE)."
            )
        self.scope = scope
        self.folder = published / "versions" / Path(chosen).name
        self.manifest = _manifest(self.folder)

    @property
    def version(self) -> str:
        """Id of the version."""
        return str(self.manifest["version"])

    @property
    def as_of(self) -> dt.date:
        """Date of the version: nothing later is in it."""
        return dt.date.fromisoformat(self.manifest["as_of"])

    @property
    def first_date(self) -> dt.date:
        """First day on which anything in it happened."""
        return dt.date.fromisoformat(self.manifest["first_date"])

    @property
    def synthetic(self) -> bool:
        """Whether anything in it is synthetic."""
        return bool(self.manifest["synthetic"])

    @cached_property
    def frames(self) -> Frames:
        """The rollups that the scope may read, for the functions of `analytics`."""
        files = _files(self.folder)
        if self.scope.role.all_figures:
            return files
        reachable = frozenset(only_levels(dict.fromkeys(files, pl.LazyFrame()), self.scope.role.dimensions))
        return _Cut(files, reachable | frozenset(_WITH_ROLLUPS))

    def dimension(self, name: str) -> pl.DataFrame:
        """Return a dimension table: `center`, `industry`, `hts_heading`, `port` or `working_group`."""
        if name == "account":
            raise KeyError("Accounts are cut to the scope: use accounts().")
        return _dimension(self.folder, name)

    @cached_property
    def labels(self) -> Labels:
        """Code -> label of every dimension that the scope may narrow by."""
        center = dict(self.dimension("center").sort("opened_date", "center_code").select("center_code", "short_name").iter_rows())
        ports = self.dimension("port").select("port_code", pl.format("{} ({})", "port_name", "port_code"))
        own: dict[str, Mapping[str, str]] = {
            "center": center | {codes.PORT_CODE: "Port"},
            "industry": dict(self.dimension("industry").select("industry_code", "industry_name").iter_rows()),
            "port": dict(ports.iter_rows()),
        }
        every = {**own, **FIXED_LABELS}
        return {name: every[name] for name in self.scope.role.dimensions}

    def accounts(self) -> pl.DataFrame:
        """Return the account profiles whose names the scope may see.

        Raises:
            ScopeError: the role sees no accounts.
        """
        self.scope.require_rows()
        return self._own(_dimension(self.folder, "account"))

    def unassigned(self) -> pl.DataFrame:
        """Return the accounts that no Center has yet, summed by status and suggested Center; names nobody.

        Raises:
            ScopeError: a sum of few accounts could give one away, so a working group does not see it.
        """
        self.scope.require_all_figures()
        return assignment.summary(_dimension(self.folder, "account"))

    def rows(self, fact: str, predicate: pl.Expr, limit: int, order: str | None = None) -> pl.DataFrame:
        """Return at most `limit` records of a fact, cut to the scope, read with the filter pushed down.

        Raises:
            ScopeError: the role sees no records.
        """
        self.scope.require_rows()
        if fact not in _ROW_FACTS:
            raise DataError(f"There is no fact “{fact}”; choose among {', '.join(_ROW_FACTS)}.")
        frame = self._scan(fact).filter(predicate)
        if self.scope.role.rows == "own":
            frame = frame.filter(pl.col("center_code").is_in(self.scope.centers))
        return (frame.sort(order, nulls_last=True) if order else frame).head(limit).collect()

    def feedback(self) -> pl.DataFrame:
        """Return feedback with its words: all for analysts, their own Centers' and public ones for directors, public ones for others."""
        frame = pl.read_parquet(self.folder / "facts" / "feedback.parquet")
        if self.scope.role.rows == "all":
            return frame
        return frame.filter(pl.col("is_public") | pl.col("center_code").is_in(self.scope.centers))

    def targets(self) -> pl.DataFrame:
        """Return the targets: `metric_id`, `center_code` (or `ALL`), `valid_from`, `target_value`."""
        return pl.read_parquet(self.folder / "facts" / "target.parquet")

    def identities(self) -> pl.DataFrame:
        """Return what must add up in this version: `identity`, `cells` compared, `residual` (must be 0)."""
        return pl.read_parquet(self.folder / "facts" / "identities.parquet")

    def loads(self) -> pl.DataFrame:
        """Return the ledger of loads, latest first."""
        return ledger.loads(database.shared_engine(settings().url))

    def rejects(self) -> pl.DataFrame:
        """Return the quarantined rows with their values.

        Raises:
            ScopeError: the role does not see every record, and a refused row may be anyone's.
        """
        if self.scope.role.rows != "all":
            raise ScopeError("Rows in quarantine are shown to analysts.")
        return ledger.rejects(database.shared_engine(settings().url))

    def _scan(self, fact: str) -> pl.LazyFrame:
        folder = self.folder / "facts"
        return pl.scan_parquet(folder / fact) if (folder / fact).is_dir() else pl.scan_parquet(folder / f"{fact}.parquet")

    def _own(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if self.scope.role.names == "all" else frame.filter(pl.col("center_code").is_in(self.scope.centers))


def _manifest(folder: Path) -> dict[str, Any]:
    """Read a version's manifest.

    Raises:
        DataError: it is gone, unreadable or of another layout.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        layout = manifest["layout"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"The published version “{folder.name}” cannot be read. Publish again: python -m data publish.") from error
    if layout != LAYOUT:
        raise DataError(f"The published version “{folder.name}” has layout {layout}, not {LAYOUT}. Publish again: python -m data publish.")
    return manifest


def versions(home: Path | None = None) -> list[str]:
    """List the ids of the kept versions, newest first."""
    folder = (home or settings().published) / "versions"
    paths = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True) if folder.exists() else []
    return [path.name for path in paths]
