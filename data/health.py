"""Can these data be believed? One list of checks: each with what was found, and who should do what about it.

`python -m data status` and the page Data health show the same list. `act` asks for action now, `watch` for a look, `good` for
nothing.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import polars as pl
from sqlalchemy import Connection, Engine

from analytics import compliance, identities, late, periods, quality
from analytics.filters import Filters
from analytics.rollups import Frames
from data import bulk, database, ledger, quarantine, vanish
from data.source import LEDGER_SCHEMA, Database

_EXPECTATIONS: Final = Path(__file__).parent / "expectations.csv"

#: Above this share of value without a settled Center, or worked off its industry, somebody should look.
_MOST_UNASSIGNED: Final = 0.10
_MOST_OFF_INDUSTRY: Final = 0.25

#: Above this share of a closed month's rows corrected later, somebody should ask the source why.
_MOST_REVISED: Final = 0.05

#: Places of a check that are named.
_SHOWN: Final = 6

#: Days after a month's end in which its entry summaries are still coming in.
_REPORTING_DAYS: Final = 31

_MONTH: Final = "substr(CAST({} AS VARCHAR(10)), 1, 7)"
_CENTS: Final = "COALESCE(SUM(CAST(round({} * 100) AS BIGINT)), 0)"
_RECOUNTS: Final = (
    f"SELECT 'entry', {_MONTH.format('entry_date')}, COUNT(*), {_CENTS.format('value_usd')}, 0 FROM entry GROUP BY 2",
    f"SELECT 'entry_line', {_MONTH.format('e.entry_date')}, COUNT(*), {_CENTS.format('l.value_usd')}, 0 "
    "FROM entry_line l JOIN entry e ON e.entry_number = l.entry_number GROUP BY 2",
    f"SELECT 'review', {_MONTH.format('opened_date')}, COUNT(*), 0, COUNT(closed_date) FROM review GROUP BY 2",
    f"SELECT 'review_event', {_MONTH.format('r.opened_date')}, COUNT(*), 0, 0 "
    "FROM review_event v JOIN review r ON r.review_id = v.review_id GROUP BY 2",
)


class Check(NamedTuple):
    """One check: `state` is `act`, `watch` or `good`; `todo` and `who` are empty when it is good."""

    check: str
    state: str
    found: str
    todo: str = ""
    who: str = ""


class Version(Protocol):
    """What the checks need of a published version."""

    @property
    def frames(self) -> Frames:
        """Rollups."""

    @property
    def as_of(self) -> dt.date:
        """Date of the version."""

    @property
    def first_date(self) -> dt.date:
        """First day of the data."""

    @property
    def synthetic(self) -> bool:
        """Whether anything in it is synthetic."""

    def identities(self) -> pl.DataFrame:
        """What must add up."""

    def dimension(self, name: str) -> pl.DataFrame:
        """A dimension table."""

    def skipped_months(self) -> pl.DataFrame:
        """Months that tables kept by month skip: `table_name`, `group`, `month`."""

    def release_summary(self) -> pl.DataFrame | None:
        """The audit of the release to working groups in a row; null when nothing is released."""

    def unassigned_share(self) -> tuple[float | None, int]:
        """Share of value whose account waits for its Center, and the number of such accounts."""


def checks(version: Version, engine: Engine, today: dt.date, recounted: pl.DataFrame | None = None) -> pl.DataFrame:
    """Run every check.

    Args:
        version: Published version in force.
        engine: Database that it comes from.
        today: Day that freshness counts to; a demonstration's clock stands at its as-of date.
        recounted: Identities of a recount by the database, where one was made.

    Returns:
        `check`, `state`, `found`, `todo`, `who`; what asks for action first.
    """
    day = version.as_of if version.synthetic else today
    proofs = pl.concat([version.identities(), recounted]) if recounted is not None else version.identities()
    made = [
        _adds_up(proofs),
        _vanished(vanish.listed(engine)),
        _fresh(ledger.loads(engine), day),
        _ports(quality.completeness(version.frames, version.as_of)),
        _months(quality.silent_months(version.frames, version.as_of), version.skipped_months()),
        _quarantine(quarantine.counts(engine)),
        _revised(ledger.known_then(engine), version.as_of),
        _late(late.provisional_months(version.frames, version.as_of)),
        _without_result(version),
        _unassigned(*version.unassigned_share()),
        _off_industry(version),
        _released(version.release_summary()),
    ]
    order = {"act": 0, "watch": 1, "good": 2}
    return pl.DataFrame(sorted(made, key=lambda check: order[check.state]), schema=none().schema, orient="row")


def none() -> pl.DataFrame:
    """Return the list of checks of a store that has published nothing."""
    return pl.DataFrame(schema=dict.fromkeys(Check._fields, pl.String))


def recount(connection: Connection) -> pl.DataFrame:
    """Count by the database itself what every month holds, and hold the ledger of loads against it; returns an identity."""
    typed = {name: kind() for name, kind in LEDGER_SCHEMA.items()}
    counted = pl.concat(bulk.fetch(connection, typed, query) for query in _RECOUNTS)
    words = "Tables = what the loads have written, counted by the database: rows, value and closed reviews, by table and month"
    return identities.ledger(Database(connection).ledger(), counted, words)


def recounted(engine: Engine) -> pl.DataFrame:
    """Recount in a transaction of its own."""
    with database.reading(engine) as connection:
        return recount(connection)


def _adds_up(proofs: pl.DataFrame) -> Check:
    broken = proofs.filter(pl.col("residual") != 0)
    words = f"{proofs.height} identities over {proofs['cells'].sum():,} places, {broken.height} broken"
    if broken.is_empty():
        return Check("Sums", "good", words)
    todo = f"Publish everything anew (python -m data publish --rebuild). What stays broken: {'; '.join(broken['identity'])}"
    return Check("Sums", "act", words, todo, "whoever publishes")


def _vanished(missing: pl.DataFrame) -> Check:
    if missing.is_empty():
        return Check("Vanished records", "good", "none missing from a full extract")
    each = _grouped(missing, ["source", "table_name"])
    sources = ", ".join(f"{count:,} records of {table} ({source})" for source, table, count in each)
    todo = "Ask the source why it no longer has them (python -m data vanished); they stay and are counted until it says."
    return Check("Vanished records", "act", f"{sources} are missing from the last full extract", todo, "whoever owns the source")


def _grouped(frame: pl.DataFrame, by: list[str]) -> list[tuple[str, str, int]]:
    return frame.group_by(by).len().sort(by).rows()


def expectations() -> Mapping[str, tuple[int, str]]:
    """Return how often each table is expected, in days, and who sends it."""
    with _EXPECTATIONS.open(encoding="utf-8", newline="") as file:
        return {row["table_name"]: (int(row["every_days"]), row["who"]) for row in csv.DictReader(file)}


def _fresh(loads: pl.DataFrame, today: dt.date) -> Check:
    """Compare each table's last extract with when the next was expected; tables that never came are not expected."""
    day = pl.coalesce("extract_date", pl.col("finished_at").dt.date())
    last = dict(loads.group_by("table_name").agg(day.max()).iter_rows())
    late = [
        (table, (today - last[table]).days, every, who)
        for table, (every, who) in expectations().items()
        if last.get(table) is not None and (today - last[table]).days > every
    ]
    known = [last[table] for table in expectations() if last.get(table) is not None]
    if not late:
        return Check("Freshness", "good", f"last extracts from {min(known):%d %b %Y} on" if known else "nothing is expected yet")
    state = "act" if any(days > 2 * every for _, days, every, _ in late) else "watch"
    found = ", ".join(f"{table} is {days} days old (every {every})" for table, days, every, _ in late)
    return Check("Freshness", state, found, "Send the extract, or change its expectation.", _people(who for *_, who in late))


def _people(names: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(names))


def _ports(cells: pl.DataFrame) -> Check:
    odd = cells.filter(pl.col("state") != "ok")
    words = f"{cells['port_code'].n_unique()} ports over {cells['month'].n_unique()} months, {odd.height} months of a port under half of the usual"
    if odd.is_empty():
        return Check("Reports of the ports", "good", words)
    shown = ", ".join(f"port {port} in {month} ({count:,} of about {usual:,.0f})" for month, port, count, usual, _ in odd.head(5).rows())
    state = "act" if (odd["state"] == "missing").any() else "watch"
    return Check("Reports of the ports", state, words, f"Ask for what is missing: {shown}.", "whoever draws the entry summary extract")


def _months(silent: list[str], skipped: pl.DataFrame) -> Check:
    """Say which months of which tables are not there; a fiscal year with a hole in it cannot be summed."""
    places = [("entry", "all ports", month) for month in silent] + skipped.rows()
    if not places:
        return Check("Fiscal years", "good", "no month of entries, staff or the random sample is left out")
    counts = Counter(table for table, *_ in places)
    shown = ", ".join(f"{table} of {month} ({group})" for table, group, month in places[:_SHOWN])
    return Check(
        "Fiscal years",
        "act",
        f"left out: {', '.join(f'{count:,} of {table}' for table, count in counts.items())}",
        f"Load {shown}; sums over these fiscal years are too low until then.",
        _people(expectations()[table][1] for table in counts),
    )


def _quarantine(counts: Mapping[str, int]) -> Check:
    words = f"{counts['quarantine_rows']:,} rows wait, {counts['settled_rows']:,} came again, {counts['dismissed_rows']:,} were dismissed"
    if not counts["quarantine_rows"]:
        return Check("Quarantine", "good", words)
    todo = "Export them (python -m data rejects --mend FOLDER), correct the files, and load these again."
    return Check("Quarantine", "watch", words, todo, "whoever sends the files")


def _revised(known: pl.DataFrame, as_of: dt.date) -> Check:
    """Look at the whole months that are over for three months: what of their entries was corrected or came late."""
    settled = periods.months_back(as_of, 3).strftime("%Y-%m")
    entries = known.filter((pl.col("table_name") == "entry") & (pl.col("month") < settled))
    if entries.is_empty():
        return Check("Revisions of past months", "good", "no month is older than three months")
    # What comes or is corrected within a month of its own month's end is reporting, not revising.
    settled_on = (pl.col("month") + "-01").str.to_date().dt.month_end() + pl.duration(days=_REPORTING_DAYS)
    by_then = pl.col("known_date").fill_null(dt.date.min) <= settled_on
    base = {name: pl.coalesce(pl.col(name).filter(by_then).last(), pl.col(name).first()) for name in ("rows", "replaced")}
    ends = entries.group_by("month", maintain_order=True).agg(
        first=base["rows"], rows=pl.col("rows").last(), replaced=pl.col("replaced").last() - base["replaced"]
    )
    moved = ends.select(replaced=pl.col("replaced").sum(), late=(pl.col("rows") - pl.col("first")).sum(), rows=pl.col("rows").sum()).row(
        0, named=True
    )
    share = (moved["replaced"] + max(moved["late"], 0)) / max(moved["rows"], 1)
    words = f"of {moved['rows']:,} entry summaries in months before {settled}, {moved['replaced']:,} were corrected and {moved['late']:,} came later"
    if share <= _MOST_REVISED:
        return Check("Revisions of past months", "good", f"{words} ({share:.1%})")
    todo = "Ask the source what changed; comparisons with reports made before then do not hold."
    return Check("Revisions of past months", "watch", f"{words} ({share:.1%})", todo, "whoever draws the entry summary extract")


def _late(months: pl.DataFrame) -> Check:
    """Say how much of the last months' completions is reported; what takes longer than a month is no longer just reporting."""
    if months.is_empty():
        return Check("Late reports", "good", "completions of all months are reported, as far as loads tell")
    known = months.drop_nulls("share_reported")
    parts = [
        f"{row['month']} are {row['share_reported']:.0%} reported ({row['known']:,} of about {row['expected']:,.0f})"
        for row in known.iter_rows(named=True)
    ]
    rest = months.filter(pl.col("share_reported").is_null())["month"].to_list()
    parts += [f"{', '.join(rest)} are still being reported, how far is not known"] if rest else []
    words = f"completions of {', of '.join(parts)}"
    old = known.filter((pl.col("known_on") - (pl.col("month") + "-01").str.to_date().dt.month_end()).dt.total_days() > _REPORTING_DAYS)
    if old.is_empty():
        return Check("Late reports", "good", words)
    todo = f"Ask why completions of {', '.join(old['month'])} are reported more than {_REPORTING_DAYS} days after the month."
    return Check("Late reports", "watch", words, todo, "the Centers' directors")


def _without_result(version: Version) -> Check:
    row = compliance.closed_without_result(version.frames, Filters(), version.as_of).row(0, named=True)
    words = f"{row['value'] or 0:,} of {row['n'] or 0:,} completed reviews have no result code"
    if not row["value"]:
        return Check("Results of closed reviews", "good", words)
    each = compliance.closed_without_result(version.frames, Filters(), version.as_of, ["center"]).filter(pl.col("value") > 0)
    most = each.sort(["value", "center"], descending=[True, False]).row(0, named=True)
    return Check(
        "Results of closed reviews",
        "watch",
        words,
        f"Record the results; {most['center']} has {most['value']:,} of them.",
        "the Centers' directors",
    )


def _unassigned(share: float | None, accounts: int) -> Check:
    words = (
        "no value in the last twelve months" if share is None else f"{share:.1%} of the last twelve months' value, {accounts:,} accounts"
    )
    if share is None or share <= _MOST_UNASSIGNED:
        return Check("Assignment of accounts", "good", words)
    return Check(
        "Assignment of accounts",
        "watch",
        words,
        "Settle the assignments, largest value first (page Overview, accounts pending).",
        "the Centers' directors",
    )


def _off_industry(version: Version) -> Check:
    owners = dict(version.dimension("industry").select("industry_code", "center_code").iter_rows())
    start = max(periods.months_back(version.as_of, 11), version.first_date)
    share, lines = quality.off_industry_share(version.frames, owners, Filters(start, version.as_of), version.as_of)
    if share is None:
        return Check("Work off the Center's industry", "good", "no entry is processed by a Center")
    words = f"{share:.1%} of the value that Centers process is another Center's goods ({lines:,} lines, last twelve months)"
    if share <= _MOST_OFF_INDUSTRY:
        return Check("Work off the Center's industry", "good", words)
    todo = "Review the assignments of the accounts with the largest share of other goods."
    return Check("Work off the Center's industry", "watch", words, todo, "the Centers' directors")


def _released(summary: pl.DataFrame | None) -> Check:
    """Say what the last attack on the release found, and whether what became complete could be released."""
    name = "Release to working groups"
    if summary is None:
        todo = "Publish (python -m data publish): what is complete is released then."
        return Check(name, "watch", "nothing is released yet", todo, "whoever runs Centerline")
    row = summary.row(0, named=True)
    # One that an earlier Centerline made has not counted what can be read of it.
    cells, withheld = row.get("cells_read") or row["cells"], row.get("withheld_read") or row["primary"] + row["complementary"]
    words = f"{cells:,} cells up to {row['last_month']:%b %Y}, {withheld:,} withheld"
    if (share := row.get("value_withheld")) is not None:
        words += f", {share:.1%} of import value"
    if row["released"]:
        ratio = row["smallest_ratio"]
        proof = "" if ratio is None else f"; the narrowest interval an attacker finds is {ratio:.1f} times what is required"
        proof += f"; {row['narrow']:,} are proved against a weaker attacker alone (docs/methods.md)" if row["narrow"] else ""
        if failed := row.get("sample_failed"):
            waits = f"; no further quarter of the random sample, of which {failed:,} cells could be told too closely"
            return Check(
                name,
                "watch",
                words + proof + waits,
                "Nothing: it is tried again with each month that is released.",
                "who keeps the rules of disclosure",
            )
        return Check(name, "good", words + proof)
    why = "the new cells do not add up to those released before"
    if row["narrow"]:
        why = (
            f"{row['narrow']:,} withheld cells cannot be proved against each company, whose parts of earlier months are not known any more"
        )
    if row["failed"]:
        why = f"{row['failed']:,} withheld cells can be told too closely"
    words += f"; {why}, so it was not released and the last release stays"
    todo = "Look at which cells fail (release_audit.parquet in the release folder of the version, and the log), and ask who keeps the rules of disclosure."
    return Check(name, "act", words, todo, "whoever runs Centerline")
