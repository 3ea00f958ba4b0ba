"""Dimensions as small whole numbers and money as whole cents: the form in which facts are kept, and rollups are made and kept.

A number is the place of a value in its list; the lists go with each version. Numbers are read several times faster than
text, take a fraction of its room, and every engine groups them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import polars as pl

from analytics import codes
from analytics.exc import DataError

#: Lists of the values of each coded column.
Codes = Mapping[str, Sequence[str]]

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

#: Coded columns and the type of their numbers.
CODED: Final[dict[str, type[pl.DataType]]] = {
    "center_code": pl.UInt8,
    "industry_code": pl.UInt8,
    "port_code": pl.UInt16,
    "program": pl.UInt8,
    "entry_type_code": pl.UInt8,
    "mode_code": pl.UInt8,
    "work_type": pl.UInt8,
}

#: Bits that a number of each coded column has when they are packed (`analytics.packing`); the highest stands for null.
BITS: Final[dict[str, int]] = {
    "center_code": 6,
    "industry_code": 7,
    "port_code": 11,
    "program": 3,
    "entry_type_code": 5,
    "mode_code": 5,
    "work_type": 4,
}

#: Number of the ports as holders of work: they come first in the list of Centers.
PORT: Final = 0

#: Number of each work type: their list is the same in every version.
WORK_TYPE: Final[dict[str, int]] = {name: number for number, name in enumerate(sorted(codes.WORK_TYPES))}

_USD: Final = "_usd"
_CENTS: Final = "_cents"


def code_lists(centers: Iterable[str], industries: Iterable[str], ports: Iterable[str]) -> dict[str, list[str]]:
    """List the values of each coded column; the same tables give the same lists in every version.

    Raises:
        DataError: a list is longer than its numbers reach.
    """
    every = {
        "industry_code": industries,
        "port_code": [*ports, codes.UNKNOWN],
        "program": codes.PROGRAMS,
        "entry_type_code": codes.ENTRY_TYPES,
        "mode_code": [*codes.MODES, codes.UNKNOWN],
        "work_type": codes.WORK_TYPES,
    }
    lists = {"center_code": [codes.PORT_CODE, *sorted(set(centers))]} | {name: sorted(set(values)) for name, values in every.items()}
    for name, values in lists.items():
        if len(values) > (most := (1 << BITS[name]) - 1):
            raise DataError(
                f"The store lists {len(values)} values of {name}, and a version can hold {most}; leave out those that nothing uses."
            )
    return lists


def encode(frame: pl.DataFrame, lists: Codes) -> pl.DataFrame:
    """Replace the values of coded columns by their numbers.

    Raises:
        DataError: a value is not in its list.
    """
    named = [name for name in CODED if name in frame.columns]
    try:
        return frame.with_columns(pl.col(name).cast(pl.Enum(lists[name])).to_physical().cast(CODED[name]) for name in named)
    except pl.exceptions.InvalidOperationError as error:
        name, value = next(_unknown(frame, lists, named))
        raise DataError(f"“{value}” is not a known {name}; load the table that lists it, and publish again.") from error


def _unknown(frame: pl.DataFrame, lists: Codes, named: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in named:
        values = frame[name].drop_nulls().unique().cast(pl.String)
        yield from ((name, value) for value in values.filter(~values.is_in(lists[name])).sort())


def decode(frame: Frame, lists: Codes) -> Frame:
    """Replace the numbers of coded columns by their values, as an enumeration."""
    named = [name for name in frame.collect_schema().names() if name in CODED]
    return frame.with_columns(pl.col(name).cat.to(pl.Enum(lists[name])) for name in named)


def in_words(frame: Frame, lists: Codes) -> Frame:
    """Give coded columns their values as text."""
    named = [name for name in frame.collect_schema().names() if name in CODED]
    return decode(frame, lists).with_columns(pl.col(named).cast(pl.String))


def cents(usd: str) -> pl.Expr:
    """Turn dollars into whole cents; null counts as nothing."""
    return (pl.col(usd).fill_null(0.0) * 100).round().cast(pl.Int64)


def dollars(cents: pl.Expr) -> pl.Expr:
    """Turn whole cents into the nearest number of dollars.

    Divided by a column of hundreds: Polars multiplies by the inverse of a literal, which misses the last digit one time in seven.
    """
    return cents / (cents * 0 + 100)


def in_cents(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep amounts of dollars as whole cents, in their places; null stays null."""
    return frame.select(
        (pl.col(name) * 100).round().cast(pl.Int64).alias(f"{name.removesuffix(_USD)}{_CENTS}") if name.endswith(_USD) else name
        for name in frame.columns
    )


def in_dollars(frame: Frame) -> Frame:
    """Give amounts in cents as dollars, in their places."""
    names = frame.collect_schema().names()
    return frame.select(
        dollars(pl.col(name)).alias(f"{name.removesuffix(_CENTS)}{_USD}") if name.endswith(_CENTS) else pl.col(name) for name in names
    )
