"""A month as a publish takes it: its facts, and the days on which anything in it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.coding import Codes, encode, in_cents
from data import facts as facts_of_tables
from data.facts import Tables

#: Facts of a month or of some days of it: dimensions as numbers (`analytics.coding`), money as whole cents.
Facts = Mapping[str, pl.DataFrame]

_MADE: Final[dict[str, Callable[[Tables, dt.date | None], dict[str, pl.DataFrame]]]] = {
    "entry": facts_of_tables.of_entries,
    "review": facts_of_tables.of_reviews,
}


@dataclass(frozen=True)
class Month:
    """A month of entry, or in which reviews were opened.

    Attributes:
        first: First day on which anything in it happened; a day after all days when nothing did.
        latest: Last day on which anything in it happened, the as-of date not applied; a day before all days when nothing did.
        slices: Its facts, whole or a few days after the other; to be taken once.
    """

    first: dt.date
    latest: dt.date
    slices: Iterable[Facts]


def of_tables(kind: str, tables: Tables, as_of: dt.date | None, lists: Codes) -> Month:
    """Make a month from tables of the contracts, all of it at once.

    Args:
        kind: `entry` or `review`.
        tables: Its tables (`data.facts.of_entries`, `data.facts.of_reviews`).
        as_of: Date as of which things stand; null as they are.
        lists: Lists of the coded columns' values.
    """
    first, latest = facts_of_tables.first_date(tables), facts_of_tables.latest_date(tables)
    return Month(first or dt.date.max, latest or dt.date.min, [coded(kind, tables, as_of, lists)])


def coded(kind: str, tables: Tables, as_of: dt.date | None, lists: Codes) -> dict[str, pl.DataFrame]:
    """Make the facts of a kind of month from tables, and write them in numbers."""
    return {name: encode(in_cents(frame), lists) for name, frame in _MADE[kind](tables, as_of).items()}
