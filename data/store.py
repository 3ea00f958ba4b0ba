"""The pages' only door to the data: a snapshot of one published version, cut to the reader's scope.

What a role may not reach is not in the frames that come out; there is nothing to hide later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import polars as pl
from sqlalchemy import Engine

from analytics import assignment, codes, coding, quality, themes, voices
from analytics.exc import DataError, ScopeError
from analytics.filters import FIXED_LABELS, Labels, day_words
from analytics.overlay import Overlay
from analytics.rollups import Frames
from analytics.scope import Scope
from data import database, health, items, ledger, places, quarantine, vanish
from data.facts import MONTHLY, profile_window
from data.held import manifest_of, opened
from data.items import Account, Item
from data.parts import Part, empty
from data.release import SUMMARY, Released, folder_of
from data.rollupfiles import PARTIES, VOICES, Cut, dimension_of, files_of, part_files
from data.settings import settings

__all__ = ["Snapshot", "part_files"]

#: Facts that hold single records, and the column that says whose they are.
_ROW_FACTS: Final = ("entry", "entry_line", "review", "stay", "inquiry")


class Snapshot:
    """One published version as a scope may read it."""

    def __init__(self, scope: Scope, version: str | None = None, home: Path | None = None) -> None:
        """Open a version, by default the one in force.

        Raises:
            DataError: nothing is published, the version is gone, or the store is damaged.
        """
        published = home or settings().published
        self.scope = scope
        self.folder, self._lease = opened(published, version)
        self.manifest = manifest_of(self.folder)

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
    def marking(self) -> str:
        """Words that the settings give the banner for working groups; empty for the usual ones."""
        return settings().marking.strip()

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
        """The rollups that the scope may read, for the functions of `analytics`; for a role that reads the release counts of public feedback alone."""
        files, role = files_of(self.folder), self.scope.role
        if role.released:
            said = pl.read_parquet(self.folder / "facts" / "feedback.parquet")
            counted = {name: voices.public_rollup(said, files[name].collect_schema()).lazy() for name in VOICES}
            return Overlay(Cut(files, VOICES, self.scope.centers), counted)
        if role.names == "all":
            return files
        return Cut(files, frozenset(files) - (PARTIES if role.names == "none" else frozenset()), self.scope.centers)

    def released(self) -> Released:
        """Return what this version releases to working groups (`data.release`)."""
        labels = {"center": self.labels["center"]}
        return Released(self._release, self.scope, labels, self.dimension("center"), (self.version, self.load, self.synthetic))

    @cached_property
    def _release(self) -> Path:
        return folder_of(self.folder, self.manifest)

    def release_summary(self) -> pl.DataFrame | None:
        """Return the audit of this version's release in a row (`data.release`); null when nothing is released."""
        path = self._release / f"{SUMMARY}.parquet"
        return pl.read_parquet(path) if path.exists() else None

    def dimension(self, name: str) -> pl.DataFrame:
        """Return a dimension table: `center`, `industry`, `hts_heading`, `port` or `working_group`."""
        if name == "account":
            raise KeyError("Accounts are cut to the scope: use accounts().")
        return dimension_of(self.folder, name)

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
        return self._own(dimension_of(self.folder, "account"))

    def unassigned(self) -> pl.DataFrame:
        """Return the accounts that no Center has yet, summed by status and suggested Center; names nobody.

        Raises:
            ScopeError: a sum of few accounts could give one away, so a working group does not see it.
        """
        return assignment.summary(self._every_account())

    def statuses(self) -> pl.DataFrame:
        """Return all accounts summed by the status of their assignment (`analytics.assignment.by_status`); names nobody.

        Raises:
            ScopeError: a sum of few accounts could give one away, so a working group does not see it.
        """
        return assignment.by_status(self._every_account())

    def segments(self) -> pl.DataFrame:
        """Return the accounts of the last 12 months, summed by where they stand, Center and size (`assignment.segments`); names nobody.

        Raises:
            ScopeError: a sum of few accounts could give one away, so a working group does not see it.
        """
        return assignment.segments(self._every_account(), self.as_of)

    def _every_account(self) -> pl.DataFrame:
        """Return the profiles of all accounts, to be summed for a scope that sees all figures."""
        self.scope.require_all_figures()
        return dimension_of(self.folder, "account")

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
        self.scope.require_all_figures()
        return pl.read_parquet(self.folder / "facts" / "identities.parquet")

    def unassigned_share(self) -> tuple[float | None, int]:
        """Return the share of value whose account waits for its Center, and the number of such accounts (`analytics.quality`)."""
        self.scope.require_all_figures()
        return quality.unassigned_share(dimension_of(self.folder, "account"))

    def skipped_months(self) -> pl.DataFrame:
        """Return the months that tables kept by month skip: `table_name`, `group` (a Center, or all strata), `month`."""
        self.scope.require_all_figures()
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
        self.scope.require_all_figures()
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
        self.scope.require_all_figures()
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
        self.scope.require_all_figures()
        files = self.fact_files(fact)
        return self._in_words(files, fact) if fact in MONTHLY else places.scan(files)

    def _in_words(self, files: Sequence[Path | str], fact: str) -> pl.LazyFrame:
        frame = places.scan(files) if files else empty(MONTHLY[fact])[fact].lazy()
        return coding.in_dollars(coding.in_words(frame, self.manifest["codes"]))

    def _own(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if self.scope.role.names == "all" else frame.filter(pl.col("center_code").is_in(self.scope.centers))
