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
from data import build, database, ledger, quarantine, store
from data.load import LoadResult, StoppedError, load_files
from data.progress import Told
from data.publish import Published, current_version, publish, versions
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
    parser = argparse.ArgumentParser(prog="python -m data", description="Build, load, publish and inspect the store.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="build the synthetic demonstration")
    demo.add_argument("--entries", type=_positive, help="entry summaries to make (default: the setting CENTERLINE_DEMO_ENTRIES)")
    demo.add_argument("--seed", type=int, default=build.SEED, help="same seed, same bytes (default: %(default)s)")
    demo.add_argument("--if-empty", action="store_true", help="do nothing when something is published already")
    demo.set_defaults(run=_demo)
    load = commands.add_parser("load", help="load CSV, XLSX or Parquet files, or folders of them, and publish")
    load.add_argument("files", nargs="+", type=Path, metavar="FILE")
    load.add_argument("--table", help="the table that the files are for, when their name and headings do not say")
    load.add_argument("--no-publish", action="store_true", help="leave publishing for later")
    load.add_argument("--json", action="store_true")
    load.set_defaults(run=_load)
    publishing = commands.add_parser("publish", help="make a new version of the published store")
    publishing.add_argument(
        "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="date of the version (default: the latest in the data)"
    )
    publishing.add_argument("--json", action="store_true")
    publishing.set_defaults(run=_publish)
    status = commands.add_parser("status", help="versions, loads, quarantine, and what must add up")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    rejects = commands.add_parser("rejects", help="list the rows in quarantine")
    rejects.add_argument("--csv", type=Path, metavar="FILE", help="write them to a file instead")
    rejects.set_defaults(run=_rejects)
    return parser


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
    print(f"Building the demonstration in {settings().home} (once; about a minute)", file=sys.stderr)
    published = build.demonstration(entries=options.entries, seed=options.seed, progress=Told())
    print(f"Data version {published.version}, as of {published.as_of}: synthetic data.")
    return ALL


def _load(options: argparse.Namespace) -> int:
    engine, say, stopped = _engine(), None if options.json else Told(), None
    try:
        results = tuple(load_files(options.files, engine=engine, table=options.table, progress=say))
    except StoppedError as error:
        results, stopped = error.results, error
    changed = any(result.accepted > result.unchanged for result in results)
    due = changed or (any(result.accepted for result in results) and current_version(settings().published) is None)
    published = publish(engine=engine, progress=say) if due and not options.no_publish else None
    if options.json:
        answer = {
            "files": [asdict(result) for result in results],
            "data_version": published and published.version,
            "error": stopped and str(stopped),
        }
        print(json.dumps(answer, default=str))
    else:
        _print_loads(results, published)
    if stopped:
        print(f"data: {stopped}", file=sys.stderr)
    return _load_status(results, stopped)


def _load_status(results: Sequence[LoadResult], stopped: StoppedError | None) -> int:
    """Say by exit status whether all was accepted, some, or nothing."""
    if not any(result.accepted for result in results):
        return NOTHING
    return SOME if stopped or any(result.rejected for result in results) else ALL


def _print_loads(results: Sequence[LoadResult], published: Published | None) -> None:
    for result in results:
        if result.already_loaded:
            print(f"{result.file}: nothing to do. {result.notices[0]}")
            continue
        print(
            f"{result.file}: {result.read:,} rows read, {result.accepted:,} accepted ({result.unchanged:,} unchanged), {result.rejected:,} in quarantine."
        )
        for notice in result.notices:
            print(f"  {notice}")
    if any(result.rejected for result in results):
        print("See what is in quarantine and what to do about it: python -m data rejects")
    if published:
        print(f"Data version {published.version}, as of {published.as_of}{'' if published.changed else ' (unchanged)'}.")


def _publish(options: argparse.Namespace) -> int:
    published = publish(engine=_engine(), as_of=options.as_of, progress=None if options.json else Told())
    answer = {"data_version": published.version, "as_of": published.as_of.isoformat(), "changed": published.changed}
    print(
        json.dumps(answer)
        if options.json
        else f"Data version {published.version}, as of {published.as_of}{'' if published.changed else ' (unchanged)'}."
    )
    return ALL


def _status(options: argparse.Namespace) -> int:
    version = current_version(settings().published)
    snapshot = store.Snapshot(Scope("analyst")) if version else None
    identities = (
        snapshot.identities() if snapshot else pl.DataFrame(schema={"identity": pl.String, "cells": pl.Int64, "residual": pl.Int64})
    )
    report: dict[str, Any] = {
        "data_version": version,
        "as_of": snapshot.as_of.isoformat() if snapshot else None,
        "published_at": snapshot.manifest["published_at"] if snapshot else None,
        "synthetic": snapshot.synthetic if snapshot else None,
        "versions": versions(settings().published),
        **ledger.counts(_engine()),
        "identities": identities.to_dicts(),
    }
    if options.json:
        print(json.dumps(report, default=str))
    else:
        _print_status(report, identities)
    return ALL if identities["residual"].sum() == 0 else SOME


def _print_status(report: dict[str, Any], identities: pl.DataFrame) -> None:
    for name, value in report.items():
        if name != "identities":
            print(f"{name.replace('_', ' '):16} {', '.join(value) if isinstance(value, list) else value}")
    broken = identities.filter(pl.col("residual") != 0)
    print(f"{'identities':16} {identities.height} checked, {broken.height} broken")
    for row in broken.iter_rows(named=True):
        print(f"  BROKEN: {row['identity']}: residual {row['residual']:,}")


def _rejects(options: argparse.Namespace) -> int:
    frame = quarantine.rejects(_engine())
    if options.csv:
        try:
            _harmless(frame).write_csv(options.csv)
        except OSError as error:
            raise DataError(f"{options.csv} cannot be written ({error.strerror}); name another file.") from error
        print(f"{frame.height:,} lines written to {options.csv}.")
        return ALL
    for row in frame.head(200).iter_rows(named=True):
        print(f"{row['file_name']}, row {row['row_number']}, {row['column_name']} = {row['value']!r}: {row['message']} [{row['rule']}]")
    print(
        f"{frame.height:,} in quarantine{'' if frame.height <= 200 else '; the first 200 are shown (all: python -m data rejects --csv FILE)'}."
    )
    return ALL


def _harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep a spreadsheet from running text that begins like a formula."""
    risky = pl.col("value").str.contains(r"^[=+\-@\t]") & pl.col("value").cast(pl.Float64, strict=False).is_null()
    return frame.with_columns(value=pl.when(risky).then("'" + pl.col("value")).otherwise(pl.col("value")))


if __name__ == "__main__":
    sys.exit(main())
