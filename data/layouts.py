"""Which table a file is for, and how the headings of the known reports map to columns: data, not code."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

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

#: Rows above the headings that are looked through: a report may begin with its title and filters.
_MOST_TITLE_ROWS: Final = 30


def fold(heading: object) -> str:
    """Write a heading without case and spare spaces, for comparison."""
    return " ".join(str(heading or "").split()).casefold()


def es003_heading_row(frame: pl.DataFrame) -> int | None:
    """Return the row that holds the headings of an ES-003 export, if there is one."""
    required = {fold(heading.heading) for heading in ES003 if heading.required}
    for index, row in enumerate(frame.head(_MOST_TITLE_ROWS).iter_rows()):
        found = {fold(cell) for cell in row}
        if len(required & found) >= max(3, len(required) - 3):
            missing = [heading.heading for heading in ES003 if heading.required and fold(heading.heading) not in found]
            if missing:
                raise DataError(f"This looks like an ES-003 export, but it lacks the column “{missing[0]}”. Add it to the report and export again.")
            return index
    return None


def table_for(path: Path, columns: list[str], named: str | None) -> str:
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
    if len(fits) == 1:
        return fits[0]
    raise DataError(
        f"It is not clear which table {path.name} is for. Name it with --table, or name the file after the table ({', '.join(TABLES)}); "
        "an ACE ES-003 export is known by its headings."
    )
