"""CSV files, of lists and of cards: what is shown and from which data above the columns, and no text that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import polars as pl

#: Texts that a spreadsheet would take for a formula. Its twin in the browser: `csvCell` in ui/board/sheet.js.
_FORMULA: Final = re.compile(r"[=+\-@\t\r]")

#: End of a column's name -> its unit, for columns whose cells show it on screen.
_UNITS: Final = {"_days": "days", "_usd": "US dollars", "_share": "0–1", "margin": "0–1"}


def with_units(heads: Mapping[str, str]) -> dict[str, str]:
    """Add its unit to the head of each column whose cells show it on screen; in a file they are bare numbers."""
    units = {name: next((unit for end, unit in _UNITS.items() if name.endswith(end)), "") for name in heads}
    return {name: f"{head} ({units[name]})" if units[name] else head for name, head in heads.items()}


def csv_of(frame: pl.DataFrame, heads: Mapping[str, str], lines: Sequence[str]) -> bytes:
    """Write columns of a frame as CSV for spreadsheets; every row of it, not only those on screen.

    Args:
        frame: Rows.
        heads: Column that is written -> its head.
        lines: What stands above, each as a comment of its own.
    """
    return written(lines, list(heads.values()), frame.select(list(heads)).iter_rows())


def written(lines: Iterable[str], heads: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Write CSV for spreadsheets: UTF-8 with its mark, `Centerline` and the lines as comments, heads, rows.

    Args:
        lines: What stands above, each as a comment of its own.
        heads: Heads of the columns; none for a file without rows.
        rows: Their cells; numbers stay numbers, days are written as YYYY-MM-DD, null is empty.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows(["# " + re.sub(r"[\r\n]+", " ", line)] for line in ("Centerline", *lines))
    if heads:
        writer.writerow(map(harmless, heads))
        writer.writerows(map(_cell, row) for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would calculate (OWASP, “CSV Injection”): = + - @, tab, carriage return."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: object) -> object:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, dt.date) else value
