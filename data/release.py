"""The release to working groups: made at publish, frozen, and kept in the version beside what only its maker may read.

Every publish brings the last release along. One that renews it looks whether another month is over with all its reports in, or
the random sample of another fiscal quarter is completed. Then the cells of that month or quarter, and of the fiscal quarter or year
that it ends, are added: a released cell is never shown with
another value, and a withheld one is never shown. So nothing can be learned by holding one release against another, which the
audit proves over all of them together. What the audit does not pass is not released; the last release stays, and Data health says so.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl

from analytics import coding, late, periods, publication, released, releasing
from analytics.coding import Codes
from analytics.disclosure import release as disclosure_release
from analytics.disclosure import rules as disclosure_rules
from analytics.exc import DataError
from analytics.filters import Labels
from analytics.publication import Until
from analytics.scope import Scope
from data import parts
from data.parts import Part
from data.settings import settings

#: Files of a version that hold the release: what working groups read, what Data health shows of the proof, and what only the
#: next release needs (true totals, and the accounts' parts of the fiscal year that is not over and of what is withheld).
CELLS: Final = "release_cells"
SUMMARY: Final = "release_summary"
AUDIT: Final = "release_audit"
LEDGER: Final = "release_ledger"
PARTS: Final = "release_parts"
FILES: Final = (CELLS, SUMMARY, AUDIT, LEDGER, PARTS)
#: Where the manifest of a version names the folder of its release.
NAMED: Final = "release"

_SAMPLE: Final = "account_sample_day_0"
_ROLLUPS: Final = {"entry": ("accounts_day_0", "participants_month_2"), "review": ("account_work_day_0", _SAMPLE)}

LOG: Final = logging.getLogger(__name__)


class Versions(NamedTuple):
    """Where a version's release comes from: the store with what was released before, and the version's own parts and codes."""

    home: Path
    chosen: Sequence[Part]
    lists: Codes


def folder_of(version: Path, manifest: Mapping[str, Any] | None = None) -> Path:
    """Return the folder of a version's release: the one that its manifest names, which is replaced in one step; else its small facts.

    A version that is published again may get another release, and who reads must not meet files of both.
    """
    if manifest is None:
        try:
            manifest = json.loads((version / "manifest.json").read_text())
        except (OSError, ValueError):
            manifest = {}
    return version / str(manifest.get(NAMED, "facts"))


def write(version: Path, source: Versions, center: pl.DataFrame, port: pl.DataFrame, as_of: dt.date, *, renew: bool) -> dict[str, str]:
    """Write the release of a version into a folder of its own: the last one, or one with what has become complete since.

    Args:
        version: The version's folder; `facts/reported` is there already.
        source: The store, and the version's parts.
        center: Centers, with `center_code` and `opened_date` (or `planned_date`).
        port: Ports, with `port_code` and `district_code`.
        as_of: Date of the version.
        renew: Whether to release what has become complete.

    Returns:
        What the manifest says of it; empty where nothing was ever released.

    Raises:
        ConfigError: the file of the rules cannot be used.
    """
    made = _next(version, source, center, port, as_of, renew=renew)
    if made is None:
        return {}
    folder = version / "release"
    for name in FILES:
        parts.write(made[name], folder / f"{name}.parquet")
    named = f"release-{parts.digest_of(folder)[:10]}"
    folder.rename(version / named)
    return {NAMED: named}


def _next(
    version: Path, source: Versions, center: pl.DataFrame, port: pl.DataFrame, as_of: dt.date, *, renew: bool
) -> Mapping[str, pl.DataFrame] | None:
    earlier = _earlier(source)
    if earlier:
        ledger = releasing.with_new_codes(earlier[LEDGER], list(_opened(center)), _districts(port))
        earlier = earlier | {LEDGER: releasing.with_within(ledger)}
    if not renew:
        return earlier
    month = publication.last_month(as_of, _provisional(version / "facts", as_of))
    before = releasing.last(earlier[LEDGER]) if earlier else Until(month)
    month = max(month, before.month)
    last = Until(
        month, max(filter(None, (before.sample, publication.last_sampled(_rollup(source, "review", _SAMPLE), month))), default=None)
    )
    if earlier is not None and last == before:
        return earlier
    only_sample = earlier is not None and month == before.month
    if only_sample and _waits(earlier):
        return earlier

    def made_of(last: Until) -> dict[str, pl.DataFrame] | None:
        of_accounts, owners = _parts(source, port, last, earlier)
        return _made(of_accounts, center, port, last, _rules(), earlier, owners)

    made = made_of(last)
    if made is None or made[SUMMARY]["released"].item() or last.sample == before.sample:
        return made
    # Of a small sample no cell may be provable; what is counted by month does not wait for it.
    without = earlier if only_sample else made_of(Until(month, before.sample))
    if without is None or not without[SUMMARY]["released"].item():
        return made
    failed = made[SUMMARY]["failed"] + made[SUMMARY]["narrow"]
    return {**without, SUMMARY: without[SUMMARY].with_columns(sample_failed=failed)}


def _waits(made: Mapping[str, pl.DataFrame] | None) -> bool:
    """Say whether a release was made without a sample that could not be proved; it is tried again with the next month."""
    return made is not None and bool(made[SUMMARY].get_column("sample_failed", default=pl.Series([0])).item())


def _rules() -> disclosure_rules.Rules:
    file = settings().release_rules
    return disclosure_rules.load(file) if file else disclosure_rules.load()


def _earlier(source: Versions) -> dict[str, pl.DataFrame] | None:
    """Return the latest release of any kept version, whichever is in force: what was released once is known. Null when there is none."""
    folders = [folder_of(version) for version in (source.home / "versions").glob("[!.]*")]
    found = [(frames[LEDGER].height, _written(folder), frames) for folder in folders if (frames := _read(folder)) is not None]
    # Of two that hold the same, the last one written: it may say that what came after could not be released.
    return max(found, key=lambda each: each[:2], default=(0, 0.0, None))[2]


def _written(folder: Path) -> float:
    return (folder / f"{SUMMARY}.parquet").stat().st_mtime


def _opened(center: pl.DataFrame) -> dict[str, dt.date]:
    return dict(center.select("center_code", pl.coalesce("opened_date", "planned_date").fill_null(periods.FAR)).iter_rows())


def _districts(port: pl.DataFrame) -> list[str]:
    return [*port["district_code"].unique().drop_nulls().sort().to_list(), "unknown"]


def _read(folder: Path) -> dict[str, pl.DataFrame] | None:
    """Return the release of a version; null where it is not whole or nothing was released."""
    try:
        frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in FILES}
    except (OSError, pl.exceptions.PolarsError):
        return None
    return frames if frames[LEDGER].height else None


def _provisional(folder: Path, as_of: dt.date) -> frozenset[dt.date]:
    """Return the first days of the months of which reports are still expected."""
    frames = {late.REPORTED: pl.scan_parquet(folder / "reported.parquet")}
    found = [late.provisional_months(frames, as_of, measure=measure)["month"] for measure in ("receipts", "completions")]
    return frozenset((pl.concat(found) + "-01").str.to_date().to_list())


def _parts(
    source: Versions, port: pl.DataFrame, last: Until, earlier: Mapping[str, pl.DataFrame] | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the accounts' parts of what is to be released, and those that say whose a cell is.

    They are as they were for months that are released already. Of years that are over the ledger keeps the accounts of what is withheld; one
    that was made before it did is proved by those of today, where a cell still comes to what it was.
    """
    frames = {name: _rollup(source, kind, name) for kind, names in _ROLLUPS.items() for name in names}
    now = publication.contributions(frames, port, last)
    if earlier is None:
        return now, now
    mine = pl.concat([earlier[PARTS], now.filter(pl.col("month") > releasing.last(earlier[LEDGER]).each())])
    return mine, pl.concat([mine, now.filter(pl.col("month") < mine["month"].min())])


def _rollup(source: Versions, kind: str, name: str) -> pl.LazyFrame:
    files = [part.folder(source.home) / "rollups" / f"{name}.parquet" for part in source.chosen if part.kind == kind]
    frame = pl.read_parquet(files, glob=False) if files else parts.empty(kind)[name]
    return coding.decode(frame, source.lists).lazy()


def _made(
    of_accounts: pl.DataFrame,
    center: pl.DataFrame,
    port: pl.DataFrame,
    last: Until,
    rules: disclosure_rules.Rules,
    earlier: Mapping[str, pl.DataFrame] | None,
    owners: pl.DataFrame | None = None,
) -> dict[str, pl.DataFrame] | None:
    """Protect the cells; where that fails, the release before stays and its summary says why (null: there is none, and nothing to say)."""
    opened, districts = _opened(center), _districts(port)
    cells = releasing.cells(of_accounts, districts, opened, last, earlier[LEDGER] if earlier else None)
    ledgers = [earlier[LEDGER]] if earlier else ()
    try:
        whose = releasing.owned(of_accounts if owners is None else owners, cells)
        made = disclosure_release.protect(
            cells, releasing.hierarchy(cells, opened, districts), rules, ledgers, releasing.ties(cells), whose
        )
    except DataError:
        # What cannot be added up is not released, and must not keep the version from being published.
        LOG.exception("Nothing new is released to working groups: the cells do not add up.")
        return dict(earlier) | {SUMMARY: earlier[SUMMARY].with_columns(released=pl.lit(value=False))} if earlier else None
    sound = made.safe and made.summary["narrow"].item() == 0
    told = releasing.shown(made, rules)
    next_month = last.each().dt.offset_by("1mo")
    kept = of_accounts.filter(pl.col("month") >= pl.date(periods.fiscal_year_of(next_month) - 1, 10, 1))
    new = {CELLS: told, LEDGER: made.ledger, PARTS: kept}
    now = new if sound else earlier or {name: frame.clear() for name, frame in new.items()}
    # Counted of what anybody may read, so that it tells nothing more.
    counted = released.counted(now[CELLS])
    summary = made.summary.with_columns(counted, last_month=pl.lit(last.month), released=pl.lit(sound))
    return {CELLS: now[CELLS], SUMMARY: summary, AUDIT: made.audit, LEDGER: now[LEDGER], PARTS: now[PARTS]}


class Released:
    """A release as a page or the command line reads it: cells that may be shown, and nothing else.

    It stands where a snapshot stands for the frame of a page (`ui.frame.Source`): its dates are the release's own.
    """

    frames: Final[Mapping[str, pl.LazyFrame]] = {}

    def __init__(self, folder: Path, scope: Scope, labels: Labels, center: pl.DataFrame, stamp: tuple[str, str, bool]) -> None:
        """Read it.

        Args:
            folder: The release of a version (`folder_of`).
            scope: Who reads.
            labels: Labels of the Centers, of which a page may narrow by `center` alone.
            center: The table of Centers.
            stamp: Id of the version, the load in words, and whether it is synthetic.

        Raises:
            DataError: the version has no release.
        """
        try:
            self.cells = pl.read_parquet(folder / f"{CELLS}.parquet")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"The data version “{stamp[0]}” holds no release. Publish again: python -m data publish.") from error
        self._center = center
        self.scope, self.labels = scope, {"center": labels["center"]}
        self.version, self.load, self.synthetic = stamp
        #: Tells this release from another of the same version.
        self.edition = folder.name
        self.as_of = released.last_day(self.cells)
        self.first_date: dt.date = self.cells["from_date"].min()  # type: ignore[assignment]

    def dimension(self, name: str) -> pl.DataFrame:
        """Return the table of Centers, the only dimension of which more is read than its label."""
        if name != "center":
            raise KeyError(f"A release tells nothing of “{name}”.")
        return self._center

    def targets(self) -> pl.DataFrame:
        """Return no target: none is released."""
        return pl.DataFrame(schema={"metric_id": pl.String, "center_code": pl.String, "valid_from": pl.Date, "target_value": pl.Float64})
