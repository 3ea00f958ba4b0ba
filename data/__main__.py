"""`python -m data`: build the demonstration, load files, publish, and say how the store is."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine

from analytics.exc import CenterlineError, DataError
from analytics.scope import Scope
from data import build, console, copying, database, engines, health, history, ledger, quarantine, store, vanish
from data.history import MONTH_OF
from data.load import LoadResult, StoppedError, load_files
from data.marks import Marks
from data.progress import Progress, Silent, Told
from data.publish import current_version, publish, roll_back, versions
from data.settings import settings

#: Exit statuses of a load: all accepted, nothing loaded, some rows in quarantine.
ALL, NOTHING, SOME = 0, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; a problem is one sentence on standard error and exit status 2."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CenterlineError as error:
        print(f"data: {error}", file=sys.stderr)
        return NOTHING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data", description="Build, load, publish, prove and move the store.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="build the synthetic demonstration")
    demo.add_argument("--entries", type=_positive, help="entry summaries to make (default: the setting CENTERLINE_DEMO_ENTRIES)")
    demo.add_argument("--seed", type=int, default=build.SEED, help="same seed, same bytes (default: %(default)s)")
    demo.add_argument("--if-empty", action="store_true", help="do nothing when something is published already")
    demo.add_argument("--facts-only", action="store_true", help="make facts and rollups of any size, without the database")
    demo.add_argument("--lines", type=_count, default=10_000_000, help="with --facts-only: entry lines to make (default: %(default)s)")
    demo.add_argument("--years", type=_count, default=1, help="with --facts-only: fiscal years to spread them over (default: %(default)s)")
    demo.set_defaults(run=_demo)
    load = commands.add_parser("load", help="load CSV, XLSX or Parquet files, or folders of them, and publish")
    load.add_argument("files", nargs="+", type=Path, metavar="FILE")
    load.add_argument("--table", help="the table that the files are for, when their name and headings do not say")
    load.add_argument("--full", action="store_true", help="the files hold every record of their source: what is missing has vanished")
    load.add_argument("--source", default="default", help="the system that the files come from (default: %(default)s)")
    load.add_argument("--extract-date", type=dt.date.fromisoformat, metavar="DATE", help="day as of which the files were drawn")
    load.add_argument("--no-publish", action="store_true", help="leave publishing for later")
    load.add_argument("--json", action="store_true")
    load.set_defaults(run=_load)
    publishing = commands.add_parser("publish", help="make a new version of the published store")
    publishing.add_argument(
        "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="date of the version (default: the latest in the data)"
    )
    publishing.add_argument("--rebuild", action="store_true", help="make every month anew, whatever has changed")
    publishing.add_argument(
        "--engine", choices=engines.NAMES, default=engines.NAMES[0], help="what makes the rollups (default: %(default)s)"
    )
    publishing.add_argument("--json", action="store_true")
    publishing.set_defaults(run=_publish)
    rollback = commands.add_parser("rollback", help="put a kept version in force again")
    rollback.add_argument("version")
    rollback.set_defaults(run=_rollback)
    status = commands.add_parser("status", help="versions, loads, and what must be true of the data")
    status.add_argument("--quick", action="store_true", help="leave out the recount by the database")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    _add_mending(commands)
    _add_moving(commands)
    return parser


def _add_mending(commands: Any) -> None:
    """Add what looks at refused, missing and changed records."""
    rejects = commands.add_parser("rejects", help="list the rows in quarantine, or export them to be mended")
    rejects.add_argument("--csv", type=Path, metavar="FILE", help="write the list to a file instead")
    rejects.add_argument("--mend", type=Path, metavar="FOLDER", help="write the rows whole, to correct and load again")
    rejects.set_defaults(run=_rejects)
    dismiss = commands.add_parser("dismiss", help="settle refused rows that are not to be loaded")
    dismiss.add_argument("load_id", type=int, metavar="LOAD")
    dismiss.add_argument("--row", type=int, action="append", default=[], help="a row of it; all of them when none is named")
    dismiss.add_argument("--reason", required=True)
    dismiss.set_defaults(run=_dismiss)
    vanished = commands.add_parser("vanished", help="list the records that a full extract no longer has")
    vanished.set_defaults(run=_vanished)
    revisions = commands.add_parser("revisions", help="how many rows each month had, as known then")
    revisions.add_argument("--table", default="entry", choices=sorted(MONTH_OF))
    revisions.set_defaults(run=_revisions)
    history = commands.add_parser("history", help="a record as it is and as it was")
    history.add_argument("table")
    history.add_argument("key", help="its key; parts joined by |")
    history.set_defaults(run=_history)


def _add_moving(commands: Any) -> None:
    """Add what moves the database."""
    copying = commands.add_parser("copy", help="copy the whole store into an empty database, as from SQLite to PostgreSQL")
    copying.add_argument("url", metavar="URL")
    copying.set_defaults(run=_copy)
    upgrade = commands.add_parser("upgrade", help="bring the database's schema to this version's")
    upgrade.set_defaults(run=_upgrade)


def _count(text: str) -> int:
    """Read a whole number of at least one, with or without underscores."""
    if not (digits := text.replace("_", "")).isdecimal() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is no whole number of at least 1")
    return int(digits)


def _positive(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 1000:
        raise argparse.ArgumentTypeError("at least 1000 entry summaries are needed for a demonstration")
    return number


def _engine() -> Engine:
    return database.engine(settings().url)


def _demo(options: argparse.Namespace) -> int:
    version = current_version(settings().published)
    if options.if_empty and version is not None:
        store.Snapshot(Scope("leadership"))
        print(f"The store holds data version {version}.")
        return ALL
    if options.facts_only:
        published = build.national(options.lines, options.years, seed=options.seed, progress=Told())
        print(f"Data version {published.version}, as of {published.as_of}: synthetic facts, without a database.")
        return ALL
    print(f"Building the demonstration in {settings().home} (once; about a minute)", file=sys.stderr)
    published = build.demonstration(entries=options.entries, seed=options.seed, progress=Told())
    print(f"Data version {published.version}, as of {published.as_of}: synthetic data.")
    return ALL


def _load(options: argparse.Namespace) -> int:
    engine, told, stopped = _engine(), _told(options), None
    given = Marks(full=options.full, source=options.source, extract_date=options.extract_date)
    try:
        results = tuple(load_files(options.files, engine=engine, table=options.table, given=given, progress=told))
    except StoppedError as error:
        results, stopped = error.results, error
    changed = any(result.added or result.replaced for result in results)
    due = changed or (any(result.accepted for result in results) and current_version(settings().published) is None)
    published = publish(engine=engine, progress=told) if due and not options.no_publish else None
    if options.json:
        answer = {
            "files": [asdict(result) for result in results],
            "data_version": published and published.version,
            "error": stopped and str(stopped),
        }
        print(json.dumps(answer, default=str))
    else:
        console.loads(results)
        if published:
            console.published(published)
    if stopped:
        print(f"data: {stopped}", file=sys.stderr)
    return _load_status(results, stopped)


def _load_status(results: Sequence[LoadResult], stopped: StoppedError | None) -> int:
    """Say by exit status whether all was accepted, some, or nothing."""
    if not any(result.accepted for result in results):
        return NOTHING
    return SOME if stopped or any(result.rejected for result in results) else ALL


def _told(options: argparse.Namespace) -> Progress:
    return Silent() if options.json else Told()


def _publish(options: argparse.Namespace) -> int:
    maker = engines.Spark(settings().spark_master) if options.engine == "spark" else engines.Polars()
    published = publish(engine=_engine(), as_of=options.as_of, rebuild=options.rebuild, renew=True, progress=_told(options), maker=maker)
    if options.json:
        answer = {"data_version": published.version, "as_of": published.as_of.isoformat(), "changed": published.changed}
        print(json.dumps(answer | {"months": published.parts, "months_built": published.built}))
    else:
        console.published(published)
    return ALL


def _rollback(options: argparse.Namespace) -> int:
    roll_back(settings().published, options.version)
    print(f"Data version {options.version} is in force again; the next publish makes a new one from the database.")
    return ALL


def _status(options: argparse.Namespace) -> int:
    engine, version = _engine(), current_version(settings().published)
    snapshot = store.Snapshot(Scope("analyst")) if version else None
    proofs = None if options.quick else _recounted(engine, options)
    checks = health.checks(snapshot, engine, dt.datetime.now(dt.UTC).date(), proofs) if snapshot else health.none()
    identities = [*(snapshot.identities().to_dicts() if snapshot else []), *(proofs.to_dicts() if proofs is not None else [])]
    report: dict[str, Any] = {
        "data_version": version,
        "as_of": snapshot.as_of.isoformat() if snapshot else None,
        "published_at": snapshot.manifest["published_at"] if snapshot else None,
        "synthetic": snapshot.synthetic if snapshot else None,
        "versions": versions(settings().published),
        **ledger.counts(engine),
        "identities": identities,
        "checks": checks.to_dicts(),
    }
    if options.json:
        print(json.dumps(report, default=str))
    else:
        console.status(report, checks)
    return SOME if "act" in checks["state"] or any(row["residual"] for row in identities) else ALL


def _recounted(engine: Engine, options: argparse.Namespace) -> pl.DataFrame:
    with _told(options).during("Counting what the database holds"):
        return health.recounted(engine)


def _rejects(options: argparse.Namespace) -> int:
    if options.mend:
        for path, rows in quarantine.export(_engine(), options.mend):
            print(f"{rows:,} rows written to {path}. Correct them and load it: python -m data load {path}")
        return ALL
    frame = quarantine.rejects(_engine())
    if options.csv:
        try:
            frame.with_columns(pl.Series("value", map(quarantine.harmless, frame["value"]), pl.String)).write_csv(options.csv)
        except OSError as error:
            raise DataError(f"{options.csv} cannot be written ({error.strerror}); name another file.") from error
        print(f"{frame.height:,} lines written to {options.csv}.")
    else:
        console.rejects(frame)
    return ALL


def _dismiss(options: argparse.Namespace) -> int:
    settled = quarantine.dismiss(_engine(), options.load_id, options.reason, options.row)
    print(f"{settled:,} rows of load {options.load_id} are settled as dismissed.")
    return ALL


def _vanished(_: argparse.Namespace) -> int:
    console.vanished(vanish.listed(_engine()))
    return ALL


def _revisions(options: argparse.Namespace) -> int:
    console.revisions(ledger.known_then(_engine()).filter(table_name=options.table))
    return ALL


def _history(options: argparse.Namespace) -> int:
    with database.reading(_engine()) as connection:
        console.history(history.of_record(connection, options.table, options.key))
    return ALL


def _copy(options: argparse.Namespace) -> int:
    rows = copying.copy(_engine(), database.engine(options.url), Told())
    print(f"{sum(rows.values()):,} rows of {len(rows)} tables copied. Set CENTERLINE_DATABASE_URL to the new database and publish.")
    return ALL


def _upgrade(_: argparse.Namespace) -> int:
    print(f"The schema is at revision {database.revision(_engine())}.")
    return ALL


if __name__ == "__main__":
    sys.exit(main())
