"""Which table a file is for, and how the headings of the known reports map to columns: data, not code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from analytics.exc import DataError
from data.contracts import TABLES


class Heading(NamedTuple):
    """A heading of a report and the column it becomes; a required one must be in the file."""

    heading: str
    column: str
    required: bool


#: ACE Reports ES-003, entry summary line tariff detail: one row a line and tariff ordinal. Headings not listed are ignored.
ES003: Final[tuple[Heading, ...]] = (
    Heading("Entry Summary Number", "entry_number", required=True),
    Heading("Entry Type Code", "entry_type_code", required=True),
    Heading("Importer Number", "importer_number", required=True),
    Heading("Port of Entry Code", "port_code", required=True),
    Heading("Entry Date", "entry_date", required=True),
    Heading("Entry Summary Date", "summary_date", required=False),
    Heading("Entry Summary Line Number", "line_number", required=True),
    Heading("Tariff Ordinal Number", "ordinal", required=False),
    Heading("Country of Origin Code", "origin_code", required=True),
    Heading("Line SPI Code", "spi_code", required=False),
    Heading("HTS Number - Full", "hts_number", required=True),
    Heading("Line Tariff Goods Value Amount", "value_usd", required=True),
    Heading("Line Tariff Duty Amount", "duty_usd", required=True),
)

_ES003_COLUMNS: Final = frozenset(each.heading.casefold() for each in ES003)

#: Headings of the contract's tables, to tell a heading row from a title above it.
_TABLE_COLUMNS: Final = frozenset(column for contract in TABLES.values() for column in contract.column_names())


def fold(heading: object) -> str:
    """Write a heading without case and spare spaces, for comparison."""
    return " ".join(str(heading if heading is not None else "").split()).casefold()


def heading_row(rows: Sequence[Sequence[object]]) -> int:
    """Return which of a file's first rows holds its headings: a report may begin with its title and filters."""
    known = _TABLE_COLUMNS | _ES003_COLUMNS
    named = [sum(fold(cell) in known for cell in row) for row in rows]
    filled = [sum(fold(cell) != "" for cell in row) for row in rows]
    likely = [index for index, count in enumerate(named) if count >= 2] or [index for index, count in enumerate(filled) if count >= 2]
    return max(likely, key=lambda index: (named[index], -index), default=0)


def is_es003(columns: Sequence[str]) -> bool:
    """Say whether the columns are those of an ES-003 export.

    Raises:
        DataError: most are, and a required one is missing.
    """
    found = {fold(column) for column in columns}
    required = [heading.heading for heading in ES003 if heading.required]
    missing = [heading for heading in required if fold(heading) not in found]
    if len(missing) > len(required) // 2:
        return False
    if missing:
        words = ", ".join(f"“{heading}”" for heading in missing)
        raise DataError(
            f"This looks like an ES-003 export, but it lacks the column{'s' if len(missing) > 1 else ''} {words}. Add to the report and export again."
        )
    return True


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
