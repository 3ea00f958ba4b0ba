"""Tables on their way to the browser: columns of plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import polars.selectors as cs


def table_columns(frame: pl.DataFrame, names: Sequence[str]) -> list[list[Any]]:
    """Return the named columns as lists of text, numbers, booleans and None; dates as ISO text, no infinities."""
    plain = (
        frame.lazy()
        .select(names)
        .with_columns(
            cs.temporal().dt.to_string("iso"),
            cs.decimal().cast(pl.Float64),
            cs.categorical().cast(pl.String),
            cs.enum().cast(pl.String),
        )
    )
    finite = plain.with_columns(pl.when(cs.float().is_finite()).then(cs.float()).otherwise(None)).collect(engine="in-memory")
    return [finite.get_column(name).to_list() for name in names]
