"""The project's own reference tables: the dimensions every store begins with, and the figures that calibrate the demonstration.

Provenance and units of each file are in `README.md` beside this module.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from data.contracts import TABLES

FOLDER: Final = Path(__file__).parent

#: Columns that are codes and must stay text although they look like numbers.
_TEXT: Final = {"heading": pl.String, "port_code": pl.String, "opened_date": pl.Date, "planned_date": pl.Date}


@cache
def read(name: str) -> pl.DataFrame:
    """Return one reference file as it stands; columns and units are in the README."""
    path = FOLDER / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        known = file.readline().strip().split(",")
    return pl.read_csv(path, schema_overrides={column: dtype for column, dtype in _TEXT.items() if column in known})


def tables() -> dict[str, pl.DataFrame]:
    """Return the contract tables center, industry, hts_heading and port, each with its contract's columns and dtypes."""
    frames = {
        "center": read("centers").with_columns(valid_from=pl.col("opened_date")),
        "industry": read("industries"),
        "hts_heading": read("headings").with_columns(chapter=pl.col("heading").str.slice(0, 2)),
        "port": read("ports").with_columns(district_code=pl.col("port_code").str.slice(0, 2)),
    }
    return {name: conform(name, frame) for name, frame in frames.items()}


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame the columns of its contract, in order and in type; a column it lacks is null."""
    schema = TABLES[name]
    present = set(frame.columns)
    wanted = [
        (pl.col(column) if column in present else pl.lit(None).alias(column)).cast(kind.dtype) for column, kind in schema.columns().items()
    ]
    return frame.select(wanted)
