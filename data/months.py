"""A month as a publish takes it: its facts, and the days on which anything in it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

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


class Month(Protocol):
    """A month of entry, or in which reviews were opened."""

    @property
    def first(self) -> dt.date:
        """First day on which anything in it happened; a day after all days when nothing did."""

    @property
    def latest(self) -> dt.date:
        """Last day on which anything in it happened; a day before all days when nothing did."""

    def slices(self, as_of: dt.date | None, lists: Codes) -> Iterable[Facts]:
        """Make its facts as things stood on a date (null: as they are), whole or a few days after the other."""


@dataclass(frozen=True)
class TableMonth:
    """A month made from tables of the contracts: all of it at once."""

    kind: str
    tables: Tables

    @property
    def first(self) -> dt.date:
        """First day on which anything in it happened."""
        return facts_of_tables.first_date(self.tables) or dt.date.max

    @property
    def latest(self) -> dt.date:
        """Last day on which anything in it happened, the as-of date not applied."""
        return facts_of_tables.latest_date(self.tables) or dt.date.min

    def slices(self, as_of: dt.date | None, lists: Codes) -> Iterable[Facts]:
        """Make the facts."""
        yield coded(self.kind, self.tables, as_of, lists)


def coded(kind: str, tables: Tables, as_of: dt.date | None, lists: Codes) -> dict[str, pl.DataFrame]:
    """Make the facts of a kind of month from tables, and write them in numbers."""
    return {name: encode(in_cents(frame), lists) for name, frame in _MADE[kind](tables, as_of).items()}
