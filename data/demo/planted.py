"""The truths planted in the demonstration data: what the analytics must find there, and nothing else.

`TRUTHS` is the only place where a planted effect is written down; the generator reads its parameters from here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

#: One row a planted truth: truth_id, kind, where and when it holds, its size (see description), and what it means.
TRUTHS: Final = pl.read_csv(
    Path(__file__).with_name("truths.csv"),
    schema={
        "truth_id": pl.String,
        "kind": pl.String,
        "center_code": pl.String,
        "port_code": pl.String,
        "account_id": pl.String,
        "from_date": pl.Date,
        "to_date": pl.Date,
        "size": pl.Float64,
        "description": pl.String,
    },
)


class Truth(NamedTuple):
    """One planted truth."""

    truth_id: str
    kind: str
    center_code: str | None
    port_code: str | None
    account_id: str | None
    from_date: date
    to_date: date
    size: float
    description: str


def of_kind(kind: str) -> list[Truth]:
    """Return the truths of a kind, in the order of the table."""
    return [Truth(*row) for row in TRUTHS.filter(pl.col("kind") == kind).iter_rows()]


def single(kind: str) -> Truth:
    """Return the only truth of a kind."""
    (truth,) = of_kind(kind)
    return truth
