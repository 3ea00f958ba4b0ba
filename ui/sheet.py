"""Lists as CSV files: the same form as the board's own exports, with what is shown and from which data above the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

#: Texts that a spreadsheet would take for a formula.
_FORMULA: Final = r"^[=+\-@\t\r]"


def csv_of(frame: pl.DataFrame, columns: Sequence[str], lines: Sequence[str]) -> bytes:
    """Write columns of a frame as CSV for spreadsheets; every row of it, not only those on screen.

    Args:
        frame: Rows.
        columns: Those that are written.
        lines: What stands above, each as a comment of its own.
    """
    chosen = frame.select(columns)
    text = chosen.with_columns(_harmless(name) for name, kind in chosen.schema.items() if kind == pl.String)
    written = text.write_csv(line_terminator="\r\n", date_format="%Y-%m-%d")
    heads = ["# Centerline", *(_cell("# " + re.sub(r"[\r\n]+", " ", line)) for line in lines)]
    return ("\ufeff" + "\r\n".join(heads) + "\r\n" + written).encode()


def _harmless(name: str) -> pl.Expr:
    """Put an apostrophe before a text that a spreadsheet would calculate."""
    text = pl.col(name)
    return pl.when(text.str.contains(_FORMULA)).then(pl.lit("'") + text).otherwise(text).alias(name)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text
