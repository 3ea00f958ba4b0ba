"""The rollups of a published version, each read at first use and kept in memory, and what of them a scope reaches."""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl

from analytics import coding, periods
from analytics.exc import DataError
from analytics.rollups import ROLLUPS, Rollup, by_week, coarser
from data.held import manifest_of
from data.parts import FAMILIES_OF, Part, empty

#: Small frames that go with the rollups at every scope: the design of the random sample, the numbers of staff, and how the months of
#: Centers were known after each load name nobody.
WITH_ROLLUPS: Final = {name: f"facts/{name}.parquet" for name in ("sample_stratum", "staff", "reported", "reported_by_type")}

#: Months of rollups by day that are kept in memory: those at the ends of the periods that are asked for.
_MONTHS_KEPT: Final = 64

#: Choices of rows by filters that are kept in memory, and their rows (140 MB): those of the last questions.
CHOICES_KEPT: Final = 24
_ROWS_KEPT: Final = 2_000_000

ROLLUP: Final = {rollup.name: rollup for rollup in ROLLUPS}
#: Rollups whose keys name a party.
PARTIES: Final = frozenset(rollup.name for rollup in ROLLUPS if rollup.family.names_parties)
#: Rollups of feedback. They count what was said in confidence too: working groups get them made of public pieces instead.
VOICES: Final = frozenset(rollup.name for rollup in ROLLUPS if rollup.family.name == "feedback")
_KIND: Final = {family: kind for kind, families in FAMILIES_OF.items() for family in families}


class _Dated:
    """A rollup in the order of its dates, with the place where each begins."""

    def __init__(self, frame: pl.DataFrame) -> None:
        runs = frame["date"].rle().struct.unnest()
        self.frame = frame
        self._days: list[dt.date] = runs["value"].to_list()
        self._begins = [0, *itertools.accumulate(runs["len"].to_list())]

    def between(self, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the rows from one date to another, without looking at the others."""
        begin, end = self._begins[bisect.bisect_left(self._days, first)], self._begins[bisect.bisect_right(self._days, last)]
        return self.frame.slice(begin, max(end - begin, 0)).lazy()


class Files(Mapping[str, pl.LazyFrame]):
    """The rollups of a version, each read at first use and then kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = manifest_of(folder)
        self._frames: dict[str, pl.DataFrame] = {}
        self._months: dict[str, _Dated] = {}
        self._years: dict[str, _Dated] = {}
        self._days: dict[tuple[str, dt.date], pl.DataFrame] = {}
        self._weeks: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}
        self._kept: dict[tuple[str, Hashable], pl.DataFrame] = {}
        self._keeping = threading.Lock()

    def __getitem__(self, name: str) -> pl.LazyFrame:
        return self._frame(name).lazy()

    def months(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by month from one date to another."""
        if name not in self._months:
            self._months[name] = _Dated(self._frame(name))
        return self._months[name].between(first, last)

    def years(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the sums of a rollup by month over whole fiscal years, dated by their first day."""
        if name not in self._years:
            self._years[name] = _Dated(_by_year(self._frame(name), ROLLUP[name]))
        return self._years[name].between(first, last)

    def _frame(self, name: str) -> pl.DataFrame:
        if name not in self:
            raise KeyError(name)
        if name not in self._frames:
            kept = pl.read_parquet(self._folder / WITH_ROLLUPS[name]) if name in WITH_ROLLUPS else self._rollup(ROLLUP[name])
            self._frames[name] = kept
        return self._frames[name]

    def days(self, name: str, month: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by day that lie in the month of a day; those asked for last are kept."""
        place = name, periods.month_start(month)
        found = self._days.pop(place, None)
        if found is None:
            found = self._of_month(ROLLUP[name], place[1])
        self._days[place] = found  # asked for last, forgotten last
        for oldest in [*self._days][:-_MONTHS_KEPT]:
            self._days.pop(oldest, None)
        return found.lazy()

    def weeks(self, name: str, measures: Sequence[str]) -> pl.LazyFrame:
        """Return measures of a rollup by day, summed over weeks, dated by their Monday; only these columns are read and kept."""
        place = name, tuple(measures)
        if place not in self._weeks:
            rollup = ROLLUP[name]
            kind = _KIND[rollup.family.name]
            paths = part_files(self._folder, self._manifest, kind, f"rollups/{name}.parquet")
            frame = pl.scan_parquet(paths, glob=False) if paths else empty(kind)[name].lazy()
            summed = by_week(frame, rollup.group, measures).collect()
            self._weeks[place] = coding.decode(summed, self._manifest["codes"])
        return self._weeks[place].lazy()

    def kept(self, name: str, rows: Hashable, columns: Sequence[str], make: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Return columns of chosen rows of a rollup; what was asked for last is kept."""
        place = name, rows
        found = self._kept.get(place)
        if found is None or not set(columns) <= set(found.columns):
            found = make().select(columns).collect(engine="in-memory")
        with self._keeping:
            self._keep(place, found)
        return found.lazy()

    def _keep(self, place: tuple[str, Hashable], found: pl.DataFrame) -> None:
        """Keep a choice of rows as that asked for last; the oldest are forgotten."""
        self._kept.pop(place, None)
        self._kept[place] = found
        while len(self._kept) > 1 and (len(self._kept) > CHOICES_KEPT or sum(frame.height for frame in self._kept.values()) > _ROWS_KEPT):
            self._kept.pop(next(iter(self._kept)))

    def __contains__(self, name: object) -> bool:
        return name in ROLLUP or name in WITH_ROLLUPS

    def __iter__(self) -> Iterator[str]:
        return iter((*ROLLUP, *WITH_ROLLUPS))

    def __len__(self) -> int:
        return len(ROLLUP) + len(WITH_ROLLUPS)

    def _rollup(self, rollup: Rollup) -> pl.DataFrame:
        """Read a rollup from its parts, its dimensions as values."""
        kind = _KIND[rollup.family.name]
        return self._joined(rollup, _read_parts(self._folder, self._manifest, kind, f"rollups/{rollup.name}.parquet", rollup.name))

    def _of_month(self, rollup: Rollup, month: dt.date) -> pl.DataFrame:
        """Read the days of a month: entries lie in the part of their month, what happens to reviews in that of many."""
        kind = _KIND[rollup.family.name]
        wanted = {month.strftime("%Y-%m")} if kind == "entry" else None
        paths = part_files(self._folder, self._manifest, kind, f"rollups/{rollup.name}.parquet", wanted)
        inside = pl.col("date").is_between(month, periods.month_end(month))
        frame = pl.scan_parquet(paths, glob=False).filter(inside).collect() if paths else empty(kind)[rollup.name]
        return self._joined(rollup, frame)

    def _joined(self, rollup: Rollup, frame: pl.DataFrame) -> pl.DataFrame:
        if not {*rollup.group, *rollup.family.measures} <= set(frame.columns):
            raise DataError(
                f"The data version “{self._folder.name}” was published by another release. Publish again: python -m data publish."
            )
        # What happens to the reviews of one month falls on days of many; in one row a day, sums are short.
        joined = coarser(frame.lazy(), rollup).collect() if _KIND[rollup.family.name] == "review" else frame
        return coding.decode(joined, self._manifest["codes"])


def _by_year(frame: pl.DataFrame, rollup: Rollup) -> pl.DataFrame:
    """Sum a rollup by month over fiscal years."""
    year = pl.date(periods.fiscal_year_of(pl.col("date")) - 1, 10, 1)
    sums = [pl.col(measure).sum() for measure in rollup.family.measures]
    return frame.with_columns(date=year).group_by(rollup.group).agg(sums).sort("date").select(frame.columns)


@lru_cache(maxsize=8)
def files_of(folder: Path) -> Files:
    """Keep the frames of a version for all who read it; versions never change. Nothing here depends on a scope."""
    return Files(folder)


def part_files(folder: Path, manifest: Mapping[str, Any], kind: str, file: str, months: Set[str] | None = None) -> list[Path]:
    """List a file of every part of a kind, or of those of some months, that a version names."""
    home = folder.parents[1]
    wanted = [record for record in manifest["parts"] if record["kind"] == kind and (months is None or record["month"] in months)]
    return [Part(**record).folder(home) / file for record in wanted]


def _read_parts(folder: Path, manifest: Mapping[str, Any], kind: str, file: str, name: str) -> pl.DataFrame:
    if kind == "rest":
        return pl.read_parquet(folder / file)
    paths = part_files(folder, manifest, kind, file)
    return pl.read_parquet(paths, glob=False) if paths else empty(kind)[name]


@lru_cache(maxsize=64)
def dimension_of(folder: Path, name: str) -> pl.DataFrame:
    """Read a dimension table of a version, whole: the caller cuts it to a scope."""
    return pl.read_parquet(folder / "dimensions" / f"{name}.parquet")


class Cut(Mapping[str, pl.LazyFrame]):
    """Rollups of which only the named ones can be read, and those that name parties only for some Centers."""

    def __init__(self, frames: Files, names: frozenset[str], centers: Sequence[str]) -> None:
        self._frames, self._names, self._centers = frames, names, list(centers)

    def __getitem__(self, name: str) -> pl.LazyFrame:
        return self._own(name, self._reachable(name)[name])

    def months(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by month from one date to another."""
        return self._own(name, self._reachable(name).months(name, first, last))

    def years(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the sums of a rollup by month over whole fiscal years, dated by their first day."""
        return self._own(name, self._reachable(name).years(name, first, last))

    def days(self, name: str, month: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by day that lie in the month of a day."""
        return self._own(name, self._reachable(name).days(name, month))

    def weeks(self, name: str, measures: Sequence[str]) -> pl.LazyFrame:
        """Return measures of a rollup by day, summed over weeks."""
        return self._own(name, self._reachable(name).weeks(name, measures))

    def kept(self, name: str, rows: Hashable, columns: Sequence[str], make: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Return columns of chosen rows of a rollup; rows cut to some Centers are not kept, because others would be given them."""
        frames = self._reachable(name)
        return make().select(columns) if name in PARTIES else frames.kept(name, rows, columns, make)

    def _own(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.filter(pl.col("center_code").cast(pl.String).is_in(self._centers)) if name in PARTIES else frame

    def _reachable(self, name: str) -> Files:
        if name not in self._names:
            raise KeyError(name)
        return self._frames

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)
