"""Lists as CSV files: the same form as the board's own exports, with what is shown and from which data above the columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

#: Texts that a spreadsheet would take for a formula.
_FORMULA: Final = r"^[=+\-@\t\r]"

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
    chosen = frame.select(list(heads))
    text = chosen.with_columns(_harmless(name) for name, kind in chosen.schema.items() if kind == pl.String).rename(dict(heads))
    written = text.write_csv(line_terminator="\r\n", date_format="%Y-%m-%d")
    above = ["# Centerline", *(_cell("# " + re.sub(r"[\r\n]+", " ", line)) for line in lines)]
    return ("\ufeff" + "\r\n".join(above) + "\r\n" + written).encode()


def _harmless(name: str) -> pl.Expr:
    """Put an apostrophe before a text that a spreadsheet would calculate."""
    text = pl.col(name)
    return pl.when(text.str.contains(_FORMULA)).then(pl.lit("'") + text).otherwise(text).alias(name)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text
