"""Which table a file is for, and how the headings of the known reports map to columns: data, not code."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from analytics.exc import DataError
from data.contracts import TABLES

_FOLDER: Final = Path(__file__).parent / "layout_tables"


class Heading(NamedTuple):
    """A heading of a report and the column it becomes, if any; a required one must be in the file.

    `seen` is `exact` where the heading was read in an export of the report, else `inferred` from descriptions of it.
    """

    heading: str
    column: str
    required: bool
    seen: str = "exact"


@dataclass(frozen=True)
class Layout:
    """A known report: its name in the ledger and in sentences, the contract of its rows, and its headings."""

    name: str
    contract: str
    words: str
    headings: tuple[Heading, ...]

    @property
    def used(self) -> tuple[Heading, ...]:
        """The headings that become columns; others are ignored."""
        return tuple(heading for heading in self.headings if heading.column)

    def missing(self, columns: Sequence[str]) -> list[str]:
        """List the required headings that are not among a file's own."""
        found = {fold(column) for column in columns}
        return [heading.heading for heading in self.headings if heading.required and fold(heading.heading) not in found]

    def lack(self, columns: Sequence[str]) -> float:
        """Return the share of the required headings that a file lacks."""
        return len(self.missing(columns)) / sum(heading.required for heading in self.headings)


def fold(heading: object) -> str:
    """Write a heading without case and spare spaces, for comparison."""
    return " ".join(str(heading if heading is not None else "").split()).casefold()


def _headings(name: str) -> tuple[Heading, ...]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Heading(row["heading"], row["column"], row["required"] == "yes", row["seen"]) for row in csv.DictReader(file))


#: The reports that are known by their headings, by contract.
REPORTS: Final[dict[str, Layout]] = {
    contract: Layout(name, contract, words, _headings(contract))
    for contract, name, words in (
        ("es003", "ES-003", "an ES-003 export"),
        ("entry_summary_report", "Entry summary report", "an entry summary report"),
    )
}

#: ACE Reports ES-003, entry summary line tariff detail: one row a line and tariff ordinal.
ES003: Final = REPORTS["es003"].used

_REPORT_COLUMNS: Final = frozenset(fold(heading.heading) for layout in REPORTS.values() for heading in layout.headings)

#: Headings of the contract's tables, to tell a heading row from a title above it.
_TABLE_COLUMNS: Final = frozenset(column for contract in TABLES.values() for column in contract.column_names())


def heading_row(rows: Sequence[Sequence[object]]) -> int:
    """Return which of a file's first rows holds its headings: a report may begin with its title and filters."""
    known = _TABLE_COLUMNS | _REPORT_COLUMNS
    named = [sum(fold(cell) in known for cell in row) for row in rows]
    filled = [sum(fold(cell) != "" for cell in row) for row in rows]
    likely = [index for index, count in enumerate(named) if count >= 2] or [index for index, count in enumerate(filled) if count >= 2]
    return max(likely, key=lambda index: (named[index], -index), default=0)


def report_for(columns: Sequence[str]) -> Layout | None:
    """Return the report that the columns are of, if of any: the one of whose required headings the fewest are missing.

    Raises:
        DataError: most of a report's headings are there, and a required one is missing.
    """
    layout = min(REPORTS.values(), key=lambda each: each.lack(columns))
    missing = layout.missing(columns)
    if len(missing) > sum(heading.required for heading in layout.headings) // 2:
        return None
    if missing:
        words = ", ".join(f"“{heading}”" for heading in missing)
        raise DataError(
            f"This looks like {layout.words}, but it lacks the column{'s' if len(missing) > 1 else ''} {words}. Add to the report and export again."
        )
    return layout


def documentation() -> list[dict[str, Any]]:
    """List the headings of every report with their column, whether they are needed and how they are known, for the generated docs."""
    return [
        {"report": layout.name, "contract": layout.contract, **heading._asdict()}
        for layout in REPORTS.values()
        for heading in layout.headings
    ]


def table_for(path: Path, columns: Sequence[str], named: str | None) -> str:
    """Return the table that a file is for: as named, by the file's name, else by its columns.

    Raises:
        DataError: no table fits, or the name is of none.
    """
    if named is not None:
        if named not in TABLES:
            raise DataError(f"There is no table “{named}”; choose among {', '.join(TABLES)}.")
        return named
    if path.stem.casefold() in TABLES:
        return path.stem.casefold()
    found = {column.strip().casefold() for column in columns}
    fits = [name for name, contract in TABLES.items() if {c for c, kind in contract.columns().items() if not kind.nullable} <= found]
    shared = {name: len(found.intersection(TABLES[name].column_names())) for name in fits}
    best = [name for name in fits if shared[name] == max(shared.values())]
    if len(best) == 1:
        return best[0]
    raise DataError(
        f"It is not clear which table {path.name} is for. Name it with --table, or name the file after the table ({', '.join(TABLES)}); "
        "an ACE ES-003 export is known by its headings."
    )
