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

from analytics import codes, coding, late, periods, publication, released
from analytics.coding import Codes
from analytics.disclosure import release as disclosure_release
from analytics.disclosure import rules as disclosure_rules
from analytics.exc import DataError
from analytics.filters import Labels
from analytics.publication import ALL, CENTERS, EVERY_DISTRICT, MEASURES, SPLITS, Until
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

_KEYS: Final = ("metric_id", "center_code", "district_code", "period")
_SAMPLE: Final = "account_sample_day_0"
_ROLLUPS: Final = {"entry": ("accounts_day_0", "participants_month_2"), "review": ("account_work_day_0", _SAMPLE)}

#: Measures that are shown as a rate -> the count of which they are a part; those that are part of one; those that anybody reads.
_RATES: Final = {measure.metric_id: measure.of for measure in MEASURES if measure.of}
_PART_OF: Final = {measure.metric_id: measure.of for measure in publication.EVERY if measure.of}
_READ: Final = [measure.metric_id for measure in MEASURES]


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
        ledger = _with_new_codes(earlier[LEDGER], list(_opened(center)), _districts(port))
        earlier = earlier | {LEDGER: _with_within(ledger)}
    if not renew:
        return earlier
    month = publication.last_month(as_of, _provisional(version / "facts", as_of))
    before = _last(earlier[LEDGER]) if earlier else Until(month)
    month = max(month, before.month)
    last = Until(
        month, max(filter(None, (before.sample, publication.last_sampled(_rollup(source, "review", _SAMPLE), month))), default=None)
    )
    if earlier is not None and last == before:
        return earlier
    return _made(_parts(source, port, last, earlier), center, port, last, _rules(), earlier)


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


def _with_new_codes(ledger: pl.DataFrame, centers: Sequence[str], districts: Sequence[str]) -> pl.DataFrame:
    """Give Centers and districts that came after a release their cells in it: none had anything, and none was open.

    A whole has all its parts in each period, or an attacker's equations would not be those of the release.
    """
    by_center = ledger.filter(pl.col("center_code") == CENTERS).drop("center_code")
    whole = by_center.join(pl.DataFrame({"center_code": centers}), how="cross")
    by_district = pl.concat([ledger, whole.select(ledger.columns)]).filter(pl.col("district_code") != EVERY_DISTRICT)
    parts_of = by_district.unique(["metric_id", "center_code", "period"]).drop("district_code")
    below = parts_of.join(pl.DataFrame({"district_code": districts}), how="cross")
    wanted = pl.concat([whole.select(ledger.columns), below.select(ledger.columns)]).unique(_KEYS)
    nothing = {name: pl.lit(0, ledger.schema[name]) for name in ("total", "n_accounts", "top1", "top2", "up", "down")}
    plain = {"applicable": pl.lit(value=False), "primary": pl.lit(value=False), "shown": pl.lit(value=True), "mark": pl.lit("–")}
    blank = {name: pl.lit(None, ledger.schema[name]) for name in ledger.columns if name in ("rule", "companies")}
    new = wanted.join(ledger, on=_KEYS, how="anti").with_columns(**nothing, **plain, **blank)
    return pl.concat([ledger, new.match_to_schema(ledger.schema)])


def _read(folder: Path) -> dict[str, pl.DataFrame] | None:
    """Return the release of a version; null where it is not whole or nothing was released."""
    try:
        frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in FILES}
    except (OSError, pl.exceptions.PolarsError):
        return None
    return frames if frames[LEDGER].height else None


def _last(ledger: pl.DataFrame) -> Until:
    """Return the last months that a ledger holds; one of before the sample was released has no last quarter of it."""
    months = _days(ledger.filter(pl.col("period").str.starts_with("month ")))
    quarters = _days(ledger.filter(pl.col("metric_id") == publication.SAMPLED))
    last: Any = quarters.max()
    return Until(months.max(), periods.months_back(last, -2) if last else None)  # type: ignore[arg-type]


def _days(ledger: pl.DataFrame) -> pl.Series:
    return ledger["period"].str.split(" ").list.last().str.to_date()


def _provisional(folder: Path, as_of: dt.date) -> frozenset[dt.date]:
    """Return the first days of the months of which reports are still expected."""
    frames = {late.REPORTED: pl.scan_parquet(folder / "reported.parquet")}
    found = [late.provisional_months(frames, as_of, measure=measure)["month"] for measure in ("receipts", "completions")]
    return frozenset((pl.concat(found) + "-01").str.to_date().to_list())


def _parts(source: Versions, port: pl.DataFrame, last: Until, earlier: Mapping[str, pl.DataFrame] | None) -> pl.DataFrame:
    """Return the accounts' parts of what is to be released: as they are, but as they were for months that are released already."""
    frames = {name: _rollup(source, kind, name) for kind, names in _ROLLUPS.items() for name in names}
    now = publication.contributions(frames, port, last)
    if earlier is None:
        return now
    return pl.concat([earlier[PARTS], now.filter(pl.col("month") > _last(earlier[LEDGER]).each())])


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
) -> dict[str, pl.DataFrame]:
    """Protect the cells; where that fails, the release before stays and its summary says why."""
    opened, districts = _opened(center), _districts(port)
    cells = _cells(of_accounts, districts, opened, last, earlier)
    ledgers = [earlier[LEDGER]] if earlier else ()
    try:
        made = disclosure_release.protect(
            cells, hierarchy(cells, opened, districts), rules, ledgers, ties(cells), _accounts(of_accounts, cells)
        )
    except DataError:
        # What cannot be added up is not released, and must not keep the version from being published.
        LOG.exception("Nothing new is released to working groups: the cells do not add up.")
        if earlier is None:
            raise
        return dict(earlier) | {SUMMARY: earlier[SUMMARY].with_columns(released=pl.lit(value=False))}
    shown = made.ledger if made.safe or earlier is None else earlier[LEDGER]
    summary = made.summary.with_columns(last_month=pl.lit(last.month), released=pl.lit(made.safe), hidden=pl.Series([shares_hidden(shown)]))
    next_month = last.each().dt.offset_by("1mo")
    kept = of_accounts.filter(pl.col("month") >= pl.date(periods.fiscal_year_of(next_month) - 1, 10, 1))
    if made.safe:
        return {CELLS: _public(made, rules), SUMMARY: summary, AUDIT: made.audit, LEDGER: made.ledger, PARTS: kept}
    before = earlier or {CELLS: _public(made, rules).clear(), LEDGER: made.ledger.clear(), PARTS: kept.clear()}
    return {CELLS: before[CELLS], SUMMARY: summary, AUDIT: made.audit, LEDGER: before[LEDGER], PARTS: before[PARTS]}


def _with_within(ledger: pl.DataFrame) -> pl.DataFrame:
    """Give a release that was made before what is within the standard was counted its cells; nobody ever read them."""
    pending, backlog = (ledger.filter(pl.col("metric_id") == name) for name in ("pending", "backlog"))
    made = pending.join(backlog.select(*_KEYS[1:], late="total"), on=_KEYS[1:]).with_columns(
        metric_id=pl.lit(publication.WITHIN), total=pl.col("total") - pl.col("late"), shown=pl.lit(value=False), primary=pl.lit(value=False)
    )
    # Of whom it is does not matter: such a cell is hidden whatever its accounts, and has no level to keep.
    none = {name: pl.lit(0, ledger.schema[name]) for name in ("top1", "top2", "up", "down")}
    new = made.with_columns(**none).join(ledger, on=_KEYS, how="anti").select(ledger.columns)
    return pl.concat([ledger, new])


def shares_hidden(ledger: pl.DataFrame) -> list[dict[str, Any]]:
    """Return for each measure the share of it (0-1) that withheld cells hold, over the months of each Center and the ports: no sum twice."""
    margins = [CENTERS, ALL]
    finest = ledger.filter(
        pl.col("period").str.starts_with("month "), ~pl.col("center_code").is_in(margins), pl.col("district_code") == EVERY_DISTRICT
    )
    shares = finest.group_by("metric_id").agg(share=pl.col("total").filter(~pl.col("shown")).sum() / pl.col("total").sum())
    return shares.sort("metric_id").to_dicts()


def _cells(
    of_accounts: pl.DataFrame,
    districts: Sequence[str],
    opened: Mapping[str, dt.date],
    last: Until,
    earlier: Mapping[str, pl.DataFrame] | None,
) -> pl.DataFrame:
    """Return all cells as `disclosure.protect` takes them: those released before as they were, and the new ones."""
    keys = ["metric_id", "center_code", "district_code", "level", "from_date"]
    figures = ("total", "n_accounts", "top1", "top2")
    grid = publication.grid(of_accounts, districts, opened, last)
    summed = publication.cells(of_accounts, last)
    joined = grid.join(summed, on=keys, how="left").with_columns(pl.col(figures).fill_null(0))
    money = pl.col("metric_id").str.ends_with("_usd")
    new = joined.select(
        "metric_id", "center_code", "district_code",
        *(pl.when(money & (name != "n_accounts")).then(pl.col(name) / 100).otherwise(pl.col(name)).alias(name) for name in figures),
        period=period(), whole=~money, applicable=pl.col("is_open") | (pl.col("total") != 0), published=_published(opened),
    )  # fmt: skip
    if earlier is None:
        return _of_wholes(new)
    dated = earlier[LEDGER].with_columns(from_date=_days(earlier[LEDGER]))
    old = dated.with_columns(published=_published(opened)).select(new.columns)
    fresh = new.join(old, on=_KEYS, how="anti").match_to_schema(old.schema, integer_cast="upcast", float_cast="upcast")
    return _of_wholes(pl.concat([old, fresh]))


def _of_wholes(cells: pl.DataFrame) -> pl.DataFrame:
    """Give each part of the sample the cell of which it is a part, as its denominator."""
    wholes = cells.select(
        of="metric_id", **{key: key for key in _KEYS[1:]}, denominator=pl.col("total").cast(pl.Float64), denominator_accounts="n_accounts"
    )
    named = cells.with_columns(of=pl.col("metric_id").replace_strict(_PART_OF, default=None, return_dtype=pl.String))
    return (
        named.join(wholes, on=["of", *_KEYS[1:]], how="left", maintain_order="left")
        .with_columns(linked=pl.col("of").is_not_null())
        .drop("of")
    )


def _accounts(of_accounts: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return what each account owns in each cell, as `disclosure.protect` takes it."""
    of_time = pl.col("period").str.split(" ")
    spans = cells.with_columns(level=of_time.list.first(), from_date=of_time.list.last().str.to_date())
    amount = pl.when(pl.col("metric_id").str.ends_with("_usd")).then(pl.col("amount") / 100).otherwise("amount")
    return publication.owned(of_accounts, spans).select(
        "metric_id", "center_code", "district_code", period=period(), account="account_key", amount=amount
    )


def _published(opened: Mapping[str, dt.date]) -> pl.Expr:
    """Leave out what a Center holds at the end of the month in which it opens: so little that receipts alone would tell it."""
    stocks = [measure.metric_id for measure in publication.MEASURES if measure.is_stock]
    begun = pl.col("center_code").replace_strict(opened, default=None, return_dtype=pl.Date).dt.month_start()
    opens = (pl.col("metric_id").is_in(stocks) & (pl.col("from_date") == begun)).fill_null(value=False)
    return ~opens & (pl.col("metric_id") != publication.WITHIN)


def period(level: str = "level", from_date: str = "from_date") -> pl.Expr:
    """Return the code of a cell's span of time."""
    return pl.format("{} {}", pl.col(level), pl.col(from_date).dt.to_string("iso"))


def hierarchy(cells: pl.DataFrame, centers: Sequence[str] | Mapping[str, Any], districts: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Say what adds up to what: months to fiscal quarters, these to fiscal years; Centers to all Centers, these and ports to all; districts."""
    spans = cells.select("period").unique().with_columns(
        level=pl.col("period").str.split(" ").list.first(), from_date=pl.col("period").str.split(" ").list.last().str.to_date()
    )  # fmt: skip
    up = {"month": ("quarter", pl.col("from_date").dt.truncate("1q")), "quarter": ("fiscal_year", _fiscal_year())}
    steps = [
        spans.filter(pl.col("level") == level).select(parent=pl.format(f"{parent} {{}}", start.dt.to_string("iso")), child="period")
        for level, (parent, start) in up.items()
    ]
    by_center = [(CENTERS, code) for code in centers] + [(ALL, CENTERS), (ALL, codes.PORT_CODE)]
    return {
        "period": pl.concat(steps).filter(pl.col("parent").is_in(spans["period"].implode())).sort("parent", "child"),
        "center_code": pl.DataFrame(by_center, schema=["parent", "child"], orient="row"),
        "district_code": pl.DataFrame({"parent": [EVERY_DISTRICT] * len(districts), "child": list(districts)}),
        "metric_id": pl.DataFrame(
            [(parent, child) for parent, parts in SPLITS.items() for child in parts], schema=["parent", "child"], orient="row"
        ),
    }


def ties(cells: pl.DataFrame) -> pl.DataFrame:
    """Say what ties stocks to flows: pending = pending a month before + receipts - completions, but for transfers.

    An attacker is taken to know the transfers, which are not published: the audit errs on the side of caution.
    """
    month = pl.col("period").str.strip_prefix("month ")
    mine = cells.filter(pl.col("period").str.starts_with("month ")).select(*_KEYS).with_columns(month=month.str.to_date())
    weights = {"pending": -1, "receipts": 1, "completions": -1}
    now = mine.filter(pl.col("metric_id").is_in(list(weights))).with_columns(
        weight=pl.col("metric_id").replace_strict(weights, return_dtype=pl.Int64)
    )
    before = mine.filter(pl.col("metric_id") == "pending").with_columns(pl.col("month").dt.offset_by("1mo"), weight=pl.lit(1, pl.Int64))
    parts = pl.concat([now, before])
    named = parts.with_columns(tie=pl.format("{} {}", "center_code", "month"))
    return named.filter(pl.len().over("tie") == len(weights) + 1).drop("month")


def _fiscal_year() -> pl.Expr:
    return pl.date(periods.fiscal_year_of(pl.col("from_date")) - 1, 10, 1)


def _public(made: disclosure_release.Release, rules: disclosure_rules.Rules) -> pl.DataFrame:
    """Return what working groups may read."""
    of_time = pl.col("period").str.split(" ")
    counts = made.cells.filter(pl.col("metric_id").is_in(_READ) & ~pl.col("metric_id").is_in(list(_RATES)))
    columns = (*_KEYS, "value", "mark", "reason")
    return pl.concat([counts.select(columns), _rates(made, rules).select(columns)]).select(
        "metric_id", "center_code", "district_code",
        level=of_time.list.first(), from_date=of_time.list.last().str.to_date(), value="value", mark="mark", reason="reason",
    ).sort("metric_id", "level", "from_date", "district_code", "center_code")  # fmt: skip


def _rates(made: disclosure_release.Release, rules: disclosure_rules.Rules) -> pl.DataFrame:
    """Turn the cells that are shown as rates into one less their share; withheld where part or whole is, as either would give it away."""
    part = made.ledger.filter(pl.col("metric_id").is_in(list(_RATES))).with_columns(of=pl.col("metric_id").replace_strict(_RATES))
    whole = made.ledger.select(of="metric_id", **{key: key for key in _KEYS[1:]}, whole_shown="shown")
    joined = part.join(whole, on=["of", *_KEYS[1:]]).join(made.cells.select(*_KEYS, "reason"), on=_KEYS)
    withheld, none = ~(pl.col("shown") & pl.col("whole_shown")), pl.col("denominator") == 0
    mark = pl.when(withheld).then(pl.lit("D")).when(none).then(pl.lit("–")).when(pl.col("mark") == "0").then(pl.lit("")).otherwise("mark")
    reason = (
        pl.when(pl.col("mark") == "D").then(pl.lit(disclosure_release.WITHHELD_WORDS))
        .when(pl.col("mark") == "–").then(pl.lit("nothing to report"))
        .when(pl.col("mark") == "").then(pl.lit(""))
        .otherwise("reason")
    )  # fmt: skip
    rate = 1 - pl.col("total") / pl.col("denominator")
    near = ((rate / rules.round_share + 0.5).floor() * rules.round_share).round(6)
    # Less than all is never written as all.
    rounded = pl.when((pl.col("total") > 0) & (near >= 1)).then(1 - rules.round_share).otherwise(near)
    return joined.with_columns(mark=mark).with_columns(reason=reason, value=pl.when(pl.col("mark") == "").then(rounded))


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
            self.cells, self.summary = (pl.read_parquet(folder / f"{name}.parquet") for name in (CELLS, SUMMARY))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"The data version “{stamp[0]}” holds no release. Publish again: python -m data publish.") from error
        self._center = center
        self.scope, self.labels = scope, {"center": labels["center"]}
        self.version, self.load, self.synthetic = stamp
        self.as_of = released.last_day(self.cells)
        self.first_date: dt.date = self.cells["from_date"].min()  # type: ignore[assignment]

    @property
    def edition(self) -> tuple[dt.date, int]:
        """Tell this release from another of the same version: a publish of the same data renews it."""
        return self.as_of, self.cells.height

    def dimension(self, name: str) -> pl.DataFrame:
        """Return the table of Centers, the only dimension of which more is read than its label."""
        if name != "center":
            raise KeyError(f"A release tells nothing of “{name}”.")
        return self._center

    def targets(self) -> pl.DataFrame:
        """Return no target: none is released."""
        return pl.DataFrame(schema={"metric_id": pl.String, "center_code": pl.String, "valid_from": pl.Date, "target_value": pl.Float64})
