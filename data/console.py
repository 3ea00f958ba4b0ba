"""What `python -m data` prints: one function a command, frames and results in, lines out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import polars as pl

from data.load import LoadResult
from data.publish import Published

_MARKS = {"act": "ACT", "watch": "look", "good": "ok"}
_COLOURS = {"act": "31;1", "watch": "33", "good": "32"}


def loads(results: Sequence[LoadResult]) -> None:
    """Say what became of each file."""
    for result in results:
        if result.already_loaded:
            print(f"{result.file}: nothing to do. {result.notices[0]}")
            continue
        print(
            f"{result.file}: {result.read:,} rows read, {result.accepted:,} accepted ({result.unchanged:,} unchanged), "
            f"{result.rejected:,} in quarantine."
        )
        if result.replaced:
            print(f"  {result.replaced:,} rows had other values before; these are kept: python -m data history TABLE KEY")
        if result.settled:
            print(f"  {result.settled:,} rows of the quarantine came again and are settled.")
        if result.vanished:
            print(f"  {result.vanished:,} records of the last full extract are missing in this one: python -m data vanished")
        for notice in result.notices:
            print(f"  {notice}")
    if any(result.rejected for result in results):
        print("See what is in quarantine and what to do about it: python -m data rejects")


def published(result: Published) -> None:
    """Say which version is in force."""
    words = "" if result.changed else " (unchanged)"
    print(f"Data version {result.version}, as of {result.as_of}{words}: {result.built} of {result.parts} months built.")


def status(report: dict[str, Any], checks: pl.DataFrame) -> None:
    """Print the facts of the store, then its checks, what asks for action first."""
    for name, value in report.items():
        if name not in ("identities", "checks"):
            print(f"{name.replace('_', ' '):16} {', '.join(value) if isinstance(value, list) else value}")
    print()
    for row in checks.iter_rows(named=True):
        print(f"{_coloured(row['state'])} {row['check']}: {row['found']}.")
        if row["todo"]:
            print(f"       {row['todo']} [{row['who']}]")
    for identity in report["identities"]:
        if identity["residual"]:
            print(f"  BROKEN: {identity['identity']}: residual {identity['residual']:,}")


def _coloured(state: str) -> str:
    mark = f"{_MARKS[state]:5}"
    return f"\033[{_COLOURS[state]}m{mark}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else mark


def rejects(frame: pl.DataFrame, most: int = 200) -> None:
    """List what waits in quarantine."""
    for row in frame.head(most).iter_rows(named=True):
        print(
            f"load {row['load_id']}, {row['file_name']}, row {row['row_number']}, {row['column_name']} = {row['value']!r}: "
            f"{row['message']} [{row['rule']}]"
        )
    rest = "" if frame.height <= most else f"; the first {most} are shown (all: python -m data rejects --csv FILE)"
    print(f"{frame.height:,} in quarantine{rest}.")


def vanished(frame: pl.DataFrame) -> None:
    """List the records that a full extract no longer has."""
    for row in frame.iter_rows(named=True):
        print(
            f"{row['table_name']} {row['row_key']}: in load {row['seen_load_id']} of {row['source']}, "
            f"missing in load {row['missed_load_id']} ({row['missed_date']})"
        )
    print(f"{frame.height:,} vanished.")


def revisions(known: pl.DataFrame) -> None:
    """Print how each month was known then: months down, days of knowledge across."""
    days = [day for day in known["known_date"].unique().sort() if day is not None]
    print("month    " + "".join(f"{day:%Y-%m-%d}".rjust(14) for day in days))
    for (month,), rows in known.group_by("month", maintain_order=True):
        at = dict(rows.select("known_date", "rows").iter_rows())
        shown, last = [], at.get(None)
        for day in days:
            last = at.get(day, last)
            shown.append("" if last is None else f"{last:,}")
        print(f"{month}  " + "".join(cell.rjust(14) for cell in shown))


def history(frame: pl.DataFrame) -> None:
    """Print a record's values, newest first, and what changed from one to the next."""
    rows = frame.to_dicts()
    for index, row in enumerate(rows):
        print(f"since load {row['load_id']}" + (f", until load {row['replaced_by']}" if row["replaced_by"] is not None else ", in force"))
        older = rows[index + 1] if index + 1 < len(rows) else None
        for name, value in row.items():
            if name in ("load_id", "replaced_by") or (older is not None and older[name] == value):
                continue
            print(f"  {name} = {value}" + (f" (was {older[name]})" if older else ""))
