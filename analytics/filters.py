"""What a reader has narrowed the numbers to: one frozen value that makes a predicate, a sentence and URL parameters.

It reads itself back from URL parameters or command-line flags; a value that is not known is dropped and named in a
notice, never an error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from analytics import codes

#: Dimension -> (attribute of Filters, column of the frames, label of the filter).
DIMENSIONS: Final[dict[str, tuple[str, str, str]]] = {
    "center": ("centers", "center_code", "Center"),
    "industry": ("industries", "industry_code", "Industry"),
    "port": ("ports", "port_code", "Port of entry"),
    "program": ("programs", "program", "Program"),
    "entry_type": ("entry_types", "entry_type_code", "Entry type"),
    "mode": ("modes", "mode_code", "Mode of transport"),
    "work_type": ("work_types", "work_type", "Work type"),
}

#: Value of any dimension that keeps all: an address that says so differs from one that says nothing.
EVERY: Final = "all"

Labels = Mapping[str, Mapping[str, str]]

#: Labels of the dimensions whose codes are fixed by the field; a store adds its Centers, industries and ports.
FIXED_LABELS: Final[Labels] = {
    "program": codes.PROGRAMS,
    "entry_type": codes.ENTRY_TYPES,
    "mode": codes.MODES | {codes.UNKNOWN: "Not stated"},
    "work_type": codes.WORK_TYPES,
}


def column_of(dimension: str) -> str:
    """Return the column that holds a dimension."""
    return DIMENSIONS[dimension][1]


@dataclass(frozen=True)
class Filters:
    """A period and, for each dimension, the codes kept; an empty tuple keeps all."""

    from_date: dt.date | None = None
    to_date: dt.date | None = None
    centers: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    entry_types: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    work_types: tuple[str, ...] = ()

    def kept(self, dimension: str) -> tuple[str, ...]:
        """Return the codes kept of a dimension; empty when all are."""
        value: tuple[str, ...] = getattr(self, DIMENSIONS[dimension][0])
        return value

    def keeping(self, dimension: str, values: Iterable[str]) -> Filters:
        """Return these filters with other codes kept of one dimension."""
        kept: dict[str, Any] = {DIMENSIONS[dimension][0]: tuple(values)}
        return replace(self, **kept)

    def between(self, from_date: dt.date | None, to_date: dt.date | None) -> Filters:
        """Return these filters over another period."""
        return replace(self, from_date=from_date, to_date=to_date)

    @property
    def used(self) -> tuple[str, ...]:
        """The dimensions that are narrowed."""
        return tuple(dimension for dimension in DIMENSIONS if self.kept(dimension))

    def only(self, dimensions: Iterable[str]) -> Filters:
        """Return these filters without the dimensions that are not listed."""
        allowed = set(dimensions)
        dropped: dict[str, Any] = {DIMENSIONS[dimension][0]: () for dimension in self.used if dimension not in allowed}
        return replace(self, **dropped)

    def predicate(self, dimensions: Iterable[str] = tuple(DIMENSIONS)) -> pl.Expr:
        """Return the row predicate over the given dimensions' columns; the period is the caller's, its column differs."""
        parts = [pl.col(column_of(d)).is_in(list(self.kept(d))) for d in dimensions if self.kept(d)]
        return pl.all_horizontal(parts) if parts else pl.lit(value=True)

    def sentence(self, labels: Labels = FIXED_LABELS) -> str:
        """Say in English what is shown: `Electronics · Los Angeles or Long Beach · 1 Oct 2012 to 30 Sep 2013`."""
        return " · ".join([*self.narrowed(labels), self.period_words()])

    def narrowed(self, labels: Labels = FIXED_LABELS) -> list[str]:
        """List, for each narrowed dimension, its kept codes in words."""
        return [_any_of(dimension, self.kept(dimension), labels) for dimension in self.used]

    def period_words(self) -> str:
        """Say the period in words."""
        if self.from_date is None or self.to_date is None:
            ends = {(True, True): "all dates", (True, False): "up to {1}", (False, True): "from {0}"}
            start, end = (day_words(day) if day else "" for day in (self.from_date, self.to_date))
            return ends[self.from_date is None, self.to_date is None].format(start, end)
        return f"{day_words(self.from_date)} to {day_words(self.to_date)}"

    def to_query(self) -> dict[str, str]:
        """Write URL parameters (the command line's flags): `{"from": "2012-10-01", "center": "ELE,PHC"}`."""
        query = {"from": self.from_date, "to": self.to_date}
        dates = {name: day.isoformat() for name, day in query.items() if day}
        return dates | {dimension: ",".join(self.kept(dimension)) for dimension in self.used}


@dataclass(frozen=True)
class Reading:
    """Filters read from outside, with a notice for everything that was dropped."""

    filters: Filters
    notices: tuple[str, ...] = field(default=())


def day_words(day: dt.date) -> str:
    """Write a day as `30 Sep 2013`."""
    return f"{day.day} {day:%b %Y}"


def _any_of(dimension: str, kept: Sequence[str], labels: Labels) -> str:
    """Join labels with "or"; beyond three, count them."""
    names = labels.get(dimension, {})
    words = [names.get(value, value) for value in kept]
    if len(words) > 3:
        return f"{len(words)} of the {DIMENSIONS[dimension][2].lower()} choices"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _split(values: str | Sequence[str]) -> list[str]:
    """Split repeated or comma-separated values, dropping blanks and repeats."""
    given = [values] if isinstance(values, str) else list(values)
    return list(dict.fromkeys(part.strip() for value in given for part in value.split(",") if part.strip()))


def _read_day(name: str, values: str | Sequence[str]) -> tuple[dt.date | None, list[str]]:
    """Read one ISO date; a value that is none is named."""
    parts = _split(values)
    if not parts:
        return None, []
    try:
        return dt.date.fromisoformat(parts[-1]), []
    except ValueError:
        return None, [f"“{parts[-1][:40]}” is not a date for “{name}” (write it as 2013-09-30); it was left out."]


def _read_codes(dimension: str, values: str | Sequence[str], known: Mapping[str, str]) -> tuple[tuple[str, ...], list[str]]:
    """Keep the known codes, whatever their case; name the others. `EVERY` among them keeps all."""
    by_folded = {code.casefold(): code for code in known}
    parts = _split(values)
    if EVERY in (part.casefold() for part in parts):
        return (), []
    kept = tuple(dict.fromkeys(by_folded[part.casefold()] for part in parts if part.casefold() in by_folded))
    label = DIMENSIONS[dimension][2]
    lost = [part[:40] for part in parts if part.casefold() not in by_folded]
    return kept, [f"{label} “{part}” is not known; it was left out." for part in lost[:5]]


def read(query: Mapping[str, str | Sequence[str]], labels: Labels, allowed: Iterable[str] = tuple(DIMENSIONS)) -> Reading:
    """Read filters from URL parameters or flags against the known codes of each dimension.

    Args:
        query: Parameter name to one or more values, each possibly comma-separated.
        labels: Known codes and their labels, for each dimension.
        allowed: Dimensions that the reader may narrow; others are dropped with a notice.
    """
    start, notices = _read_day("from", query.get("from", ""))
    end, more = _read_day("to", query.get("to", ""))
    notices += more
    if start and end and start > end:
        notices.append("The period ended before it began; the whole period is shown instead.")
        start = end = None
    filters, reachable = Filters(start, end), set(allowed)
    for dimension in DIMENSIONS:
        if dimension not in query:
            continue
        if dimension not in reachable:
            notices.append(f"This view cannot be narrowed by {DIMENSIONS[dimension][2].lower()}; that filter was left out.")
            continue
        kept, lost = _read_codes(dimension, query[dimension], labels.get(dimension, {}))
        filters, notices = filters.keeping(dimension, kept), notices + lost
    return Reading(filters, tuple(notices))
