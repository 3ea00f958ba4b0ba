"""The pages' only door to the data: a snapshot of one published version, cut to the reader's scope.

What a role may not reach is not in the frames that come out; there is nothing to hide later.
"""

from __future__ import annotations

import bisect
import contextlib
import datetime as dt
import fcntl
import itertools
import json
import os
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine

from analytics import assignment, codes, coding, periods, quality, themes
from analytics.exc import DataError, ScopeError
from analytics.filters import FIXED_LABELS, Labels, day_words
from analytics.rollups import ROLLUPS, Frames, Rollup, by_week, coarser, only_levels
from analytics.scope import Scope
from data import database, health, items, ledger, places, quarantine, vanish
from data.facts import MONTHLY, profile_window
from data.items import Account, Item
from data.parts import FAMILIES_OF, Part, empty
from data.publish import LAYOUT, LEASE, current_version, versions
from data.settings import settings

#: How often the version in force is looked for when it is replaced while being opened.
_ATTEMPTS: Final = 20

#: Facts that hold single records, and the column that says whose they are.
_ROW_FACTS: Final = ("entry", "entry_line", "review", "stay", "inquiry")

#: Small frames that go with the rollups at every scope: the design of the random sample, the numbers of staff, and how the months of
#: Centers were known after each load name nobody.
_WITH_ROLLUPS: Final = {name: f"facts/{name}.parquet" for name in ("sample_stratum", "staff", "reported", "reported_by_type")}
#: Those of them that tell of less than a Center.
_BELOW_CENTERS: Final = frozenset({"reported_by_type"})

#: Months of rollups by day that are kept in memory: those at the ends of the periods that are asked for.
_MONTHS_KEPT: Final = 64

#: Choices of rows by filters that are kept in memory, and their rows (140 MB): those of the last questions.
_CHOICES_KEPT: Final = 24
_ROWS_KEPT: Final = 2_000_000

_ROLLUP: Final = {rollup.name: rollup for rollup in ROLLUPS}
#: Rollups whose keys name a party.
_PARTIES: Final = frozenset(rollup.name for rollup in ROLLUPS if rollup.family.names_parties)
#: Rollups that say which segment of the trade gave feedback: one of few organisations could name one, so working groups are not told.
_SEGMENTS: Final = frozenset(rollup.name for rollup in ROLLUPS if rollup.family.name == "feedback")
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


class _Files(Mapping[str, pl.LazyFrame]):
    """The rollups of a version, each read at first use and then kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = _manifest(folder)
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
            self._years[name] = _Dated(_by_year(self._frame(name), _ROLLUP[name]))
        return self._years[name].between(first, last)

    def _frame(self, name: str) -> pl.DataFrame:
        if name not in self:
            raise KeyError(name)
        if name not in self._frames:
            kept = pl.read_parquet(self._folder / _WITH_ROLLUPS[name]) if name in _WITH_ROLLUPS else self._rollup(_ROLLUP[name])
            self._frames[name] = kept
        return self._frames[name]

    def days(self, name: str, month: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by day that lie in the month of a day; those asked for last are kept."""
        place = name, periods.month_start(month)
        found = self._days.pop(place, None)
        if found is None:
            found = self._of_month(_ROLLUP[name], place[1])
        self._days[place] = found  # asked for last, forgotten last
        for oldest in [*self._days][:-_MONTHS_KEPT]:
            self._days.pop(oldest, None)
        return found.lazy()

    def weeks(self, name: str, measures: Sequence[str]) -> pl.LazyFrame:
        """Return measures of a rollup by day, summed over weeks, dated by their Monday; only these columns are read and kept."""
        place = name, tuple(measures)
        if place not in self._weeks:
            rollup = _ROLLUP[name]
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
        while len(self._kept) > 1 and (len(self._kept) > _CHOICES_KEPT or sum(frame.height for frame in self._kept.values()) > _ROWS_KEPT):
            self._kept.pop(next(iter(self._kept)))

    def __contains__(self, name: object) -> bool:
        return name in _ROLLUP or name in _WITH_ROLLUPS

    def __iter__(self) -> Iterator[str]:
        return iter((*_ROLLUP, *_WITH_ROLLUPS))

    def __len__(self) -> int:
        return len(_ROLLUP) + len(_WITH_ROLLUPS)

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
def _files(folder: Path) -> _Files:
    """Keep the frames of a version for all who read it; versions never change. Nothing here depends on a scope."""
    return _Files(folder)


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
def _dimension(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "dimensions" / f"{name}.parquet")


class _Cut(Mapping[str, pl.LazyFrame]):
    """Rollups of which only the named ones can be read, and those that name parties only for some Centers."""

    def __init__(self, frames: _Files, names: frozenset[str], centers: Sequence[str], masked: frozenset[str] = frozenset()) -> None:
        self._frames, self._names, self._centers, self._masked = frames, names, list(centers), masked

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
        return make().select(columns) if name in _PARTIES | self._masked else frames.kept(name, rows, columns, make)

    def _own(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        if name in self._masked:
            return frame.with_columns(segment=pl.lit(None, frame.collect_schema()["segment"]))
        return frame.filter(pl.col("center_code").cast(pl.String).is_in(self._centers)) if name in _PARTIES else frame

    def _reachable(self, name: str) -> _Files:
        if name not in self._names:
            raise KeyError(name)
        return self._frames

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
        self.scope = scope
        self.folder, self._lease = _opened(published, version)
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
    def load(self) -> str:
        """The last load that the version holds: `load 27 of 28 Nov 2026`; empty when it was made without the database."""
        state = self.manifest.get("state") or {}
        if not state.get("load_id"):
            return ""
        day = dt.datetime.fromisoformat(state["finished_at"]).date() if state.get("finished_at") else None
        return f"load {state['load_id']}" + (f" of {day_words(day)}" if day else "")

    @property
    def alerts_file(self) -> Path | None:
        """File of the rules of alerts that the settings name; null for those that come with Centerline."""
        return settings().alerts or None

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
        files, role = _files(self.folder), self.scope.role
        if role.all_figures and role.names == "all":
            return files
        reachable = frozenset(_ROLLUP if role.all_figures else only_levels(dict.fromkeys(files, pl.LazyFrame()), role.dimensions))
        named = reachable - (_PARTIES if role.names == "none" else frozenset())
        reached = named | frozenset(_WITH_ROLLUPS) - (frozenset() if role.all_figures else _BELOW_CENTERS)
        return _Cut(files, reached, self.scope.centers, masked=frozenset() if role.all_figures else _SEGMENTS)

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

    def statuses(self) -> pl.DataFrame:
        """Return all accounts summed by the status of their assignment (`analytics.assignment.by_status`); names nobody.

        Raises:
            ScopeError: a sum of few accounts could give one away, so a working group does not see it.
        """
        self.scope.require_all_figures()
        return assignment.by_status(_dimension(self.folder, "account"))

    def segments(self) -> pl.DataFrame:
        """Return the accounts of the last 12 months, summed by where they stand, Center and size (`assignment.segments`); names nobody.

        Raises:
            ScopeError: a sum of few accounts could give one away, so a working group does not see it.
        """
        self.scope.require_all_figures()
        return assignment.segments(_dimension(self.folder, "account"), self.as_of)

    def rows(self, fact: str, predicate: pl.Expr, limit: int, order: str | None = None) -> pl.DataFrame:
        """Return at most `limit` records of a fact, cut to the scope, read with the filter pushed down.

        Raises:
            ScopeError: the role sees no records.
            DataError: they are gone, or cannot be reached.
        """
        self.scope.require_rows()
        if fact not in _ROW_FACTS:
            raise DataError(f"There is no fact “{fact}”; choose among {', '.join(_ROW_FACTS)}.")
        with places.reading(self.version, self.fact_files(fact)):
            frame = self.facts(fact).filter(predicate)
            if self.scope.role.rows == "own":
                frame = frame.filter(pl.col("center_code").is_in(self.scope.centers))
            return (frame.sort(order, nulls_last=True) if order else frame).head(limit).collect()

    def pending(self, predicate: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the open reviews of the scope that meet a predicate, and when their clocks stood (`data.items.pending`)."""
        self.scope.require_rows()
        return items.pending(self, predicate)

    def item(self, review_id: str) -> Item | None:
        """Return a review with all around it; null when there is none or the scope does not reach it (`data.items.item`)."""
        self.scope.require_rows()
        return items.item(self, review_id)

    def account(self, account_id: str) -> Account | None:
        """Return an account with all around it; null when there is none or the scope does not reach it (`data.items.account`)."""
        profile = self.accounts().filter(pl.col("account_id") == account_id)
        if profile.is_empty():
            return None
        window = profile_window(self.as_of)
        records = (Part(**record) for record in self.manifest["parts"] if record["kind"] == "entry" and record["month"] >= window)
        files = [part.fact(self.folder.parents[1], "goods") for part in records]
        with places.reading(self.version, files):
            return items.account(self, profile, self._in_words(files, "goods"), self.assignments())

    def assignments(self) -> pl.DataFrame:
        """Return how each account that the scope may name came to its Center (`analytics.assignment.events`).

        Raises:
            ScopeError: the role sees no accounts.
        """
        return self._assignments().join(self.accounts().select("account_id"), on="account_id", how="semi")

    def assignment_events(self) -> pl.DataFrame:
        """Count what happened to assignments: `month` (its first day), `event`, `center_code`, `from_center_code`, `accounts_count`.

        A Center's reader sees the accounts that came to it and that left it; names nobody.

        Raises:
            ScopeError: the role sees no accounts.
        """
        self.scope.require_rows()
        dated = self._assignments().with_columns(month=pl.col("valid_from").dt.month_start())
        groups = ["month", "event", "center_code", "from_center_code"]
        counted = dated.group_by(groups).agg(accounts_count=pl.len().cast(pl.Int64)).sort(groups)
        if self.scope.role.rows == "all":
            return counted
        own = list(self.scope.centers)
        return counted.filter(pl.col("center_code").is_in(own) | pl.col("from_center_code").is_in(own))

    def _assignments(self) -> pl.DataFrame:
        path = self.folder / "facts" / "assignment.parquet"
        if not path.exists():
            raise DataError(f"The data version “{self.version}” was published by another release. Publish again: python -m data publish.")
        return pl.read_parquet(path)

    def feedback(self) -> pl.DataFrame:
        """Return feedback with its words: all for analysts, their own Centers' and public ones for directors, public ones for others."""
        frame = pl.read_parquet(self.folder / "facts" / "feedback.parquet")
        if self.scope.role.rows == "all":
            return frame
        return frame.filter(pl.col("is_public") | pl.col("center_code").is_in(self.scope.centers))

    def themes(self, name: str) -> pl.DataFrame:
        """Return what was found in the words of feedback when it was published: `themes`, `theme_of` or `similar` (`analytics.themes`).

        Empty for a version that an earlier release published.
        """
        path = self.folder / "facts" / f"{name}.parquet"
        return pl.read_parquet(path) if path.exists() else themes.none()[name]

    def targets(self) -> pl.DataFrame:
        """Return the targets: `metric_id`, `center_code` (or `ALL`), `valid_from`, `target_value`."""
        return pl.read_parquet(self.folder / "facts" / "target.parquet")

    def identities(self) -> pl.DataFrame:
        """Return what must add up in this version: `identity`, `cells` compared, `residual` (must be 0)."""
        return pl.read_parquet(self.folder / "facts" / "identities.parquet")

    def unassigned_share(self) -> tuple[float | None, int]:
        """Return the share of value whose account waits for its Center, and the number of such accounts (`analytics.quality`)."""
        return quality.unassigned_share(_dimension(self.folder, "account"))

    def skipped_months(self) -> pl.DataFrame:
        """Return the months that tables kept by month skip: `table_name`, `group` (a Center, or all strata), `month`."""
        staff, strata = (pl.read_parquet(self.folder / "facts" / f"{name}.parquet") for name in ("staff", "sample_stratum"))
        skipped = {
            "staff": quality.gaps(staff, "month", "center_code"),
            # A stratum without a line in a month has no row there; a month without any stratum was left out.
            "sample_stratum": quality.gaps(strata.with_columns(stratum=pl.lit("all strata")), "period", "stratum"),
        }
        named = [frame.select(pl.lit(name).alias("table_name"), pl.nth(0).alias("group"), "month") for name, frame in skipped.items()]
        return pl.concat(named)

    def health(self, today: dt.date | None = None) -> pl.DataFrame:
        """Return the checks of `data.health` on a day, by default today: `check`, `state`, `found`, `todo`, `who`.

        Raises:
            ScopeError: they count over all ports and accounts, which a working group does not reach.
        """
        self.scope.require_all_figures()
        return health.checks(self, self._engine, today or dt.datetime.now(dt.UTC).date())

    def known_then(self) -> pl.DataFrame:
        """Return how each month was known after each day of loads (`data.ledger.known_then`)."""
        return ledger.known_then(self._engine)

    def vanished(self) -> pl.DataFrame:
        """Return the records that a full extract no longer has.

        Raises:
            ScopeError: the role does not see every record.
        """
        if self.scope.role.rows != "all":
            raise ScopeError("Vanished records are shown to analysts.")
        return vanish.listed(self._engine)

    @property
    def _engine(self) -> Engine:
        return database.shared_engine(settings().url)

    def loads(self) -> pl.DataFrame:
        """Return the ledger of loads, latest first."""
        return ledger.loads(self._engine)

    def rejects(self) -> pl.DataFrame:
        """Return the quarantined rows with their values.

        Raises:
            ScopeError: the role does not see every record, and a refused row may be anyone's.
        """
        if self.scope.role.rows != "all":
            raise ScopeError("Rows in quarantine are shown to analysts.")
        return quarantine.rejects(self._engine)

    def fact_files(self, fact: str) -> list[Path | str]:
        """List the files of a fact, one a month, or one: paths, or URLs of objects."""
        if fact not in MONTHLY:
            return [self.folder / "facts" / f"{fact}.parquet"]
        of_kind = (Part(**record) for record in self.manifest["parts"] if record["kind"] == MONTHLY[fact])
        return [part.fact(self.folder.parents[1], fact) for part in of_kind]

    def facts(self, fact: str) -> pl.LazyFrame:
        """Return a fact with its codes as values and its money in dollars; it is not cut to the scope: `rows` is."""
        files = self.fact_files(fact)
        return self._in_words(files, fact) if fact in MONTHLY else places.scan(files)

    def _in_words(self, files: Sequence[Path | str], fact: str) -> pl.LazyFrame:
        frame = places.scan(files) if files else empty(MONTHLY[fact])[fact].lazy()
        return coding.in_dollars(coding.in_words(frame, self.manifest["codes"]))

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


class _Lease:
    """A shared lock on a version, given back when nobody holds it any more; while it lasts, the version is not deleted."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / LEASE, os.O_RDONLY)
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        weakref.finalize(self, os.close, self._handle)
        if not (folder / LEASE).exists() or (folder / LEASE).stat().st_ino != os.fstat(self._handle).st_ino:
            raise FileNotFoundError(folder)


def _opened(home: Path, version: str | None) -> tuple[Path, _Lease]:
    """Find a version and hold it; the one in force may be replaced and deleted meanwhile, so it is looked for again."""
    for _ in range(_ATTEMPTS):
        chosen = version or current_version(home)
        if chosen is None:
            raise DataError(
                "Nothing is published yet: build the demonstration (python -m data demo) or load files (python -m data load FILE)."
            )
        folder = home / "versions" / Path(chosen).name
        with contextlib.suppress(OSError):
            return folder, _Lease(folder)
        if version is not None:
            break
    kept = ", ".join(versions(home)) or "none"
    raise DataError(
        f"The published version “{chosen}” is not there or cannot be read; kept are {kept}. Publish again: python -m data publish."
    )
