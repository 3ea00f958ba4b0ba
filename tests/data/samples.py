"""Small rows to load, as a person's file has them: text, under the table's or the report's headings."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from data.contracts import TABLES
from data.identifiers import entry_check_digit
from data.reference import conform

Row = dict[str, Any]

#: An importer whose account a Center processes, and one that is in no program and has no Center.
ASSIGNED, PLAIN = "99-000000100", "99-000000200"


def people() -> dict[str, pl.DataFrame]:
    """Two accounts: one assigned to Electronics and participating, one pending."""
    ids = {"account_id": ["A1", "A2"]}
    raw = {
        "account": pl.DataFrame(ids | {"account_name": ["Orrin Devices", "Plain Goods"]}),
        "importer": pl.DataFrame(
            ids
            | {"importer_id": ["I1", "I2"], "importer_number": [ASSIGNED, PLAIN], "ctpat_tier": [3, None], "isa_member": [False, False]}
            | {"ctpat_since": [dt.date(2012, 1, 1), None]}
        ),
        "account_center": pl.DataFrame(
            ids
            | {"valid_from": [dt.date(2012, 1, 1)] * 2, "center_code": ["ELE", None], "status": ["ASSIGNED", "PENDING"]}
            | {"participating_from": [dt.date(2012, 1, 1), None]}
        ),
    }
    return {name: conform(name, frame) for name, frame in raw.items()}


def number(sequence: int, filer: str = "ZZZ") -> str:
    """An entry number with its check digit, without dashes."""
    return f"{filer}{sequence:07d}{entry_check_digit(filer, f'{sequence:07d}')}"


def entry(sequence: int, **changes: Any) -> Row:
    """A row of the table `entry` that is fit to load."""
    row = {
        "entry_number": number(sequence),
        "entry_type_code": "01",
        "filer_code": "ZZZ",
        "importer_id": "I1",
        "account_id": "A1",
        "port_code": "2704",
        "mode_code": "11",
        "entry_date": "10/15/2012",
        "summary_date": "2012-10-25",
        "center_code": "ELE",
        "industry_code": "ELE_COMP",
        "program": "ctpat",
        "processed_by": "CENTER",
        "decision_by": "CENTER",
        "value_usd": "$1,234.50",
        "duty_usd": "0",
        "fees_usd": "25",
        "line_count": "1",
        "scheduled_liquidation_date": "",
        "liquidation_date": "",
        "liquidation_type": "",
    }
    return row | changes


def ordinal(sequence: int, line: int | str = 1, ordinal: int = 1, **changes: Any) -> Row:
    """A row of an ACE ES-003 export that is fit to load; `changes` by short name (see `HEADINGS`)."""
    row = {
        "entry": number(sequence),
        "type": "01",
        "importer": PLAIN,
        "port": "2704",
        "entry_date": "10/15/2012",
        "summary_date": "10/25/2012",
        "line": str(line),
        "team": "E01",
        "origin": "CN",
        "spi": "",
        "ordinal": str(ordinal),
        "hts": "8471.30.0100",
        "quantity": "10",
        "value": "1000.00",
        "duty": "25.00",
    }
    return {HEADINGS[name]: value for name, value in (row | changes).items()}


HEADINGS = {
    "entry": "Entry Summary Number",
    "type": "Entry Type Code",
    "importer": "Importer Number",
    "port": "Port of Entry Code",
    "entry_date": "Entry Date",
    "summary_date": "Entry Summary Date",
    "line": "Entry Summary Line Number",
    "team": "Review Team Number",
    "origin": "Country of Origin Code",
    "spi": "Line SPI Code",
    "ordinal": "Tariff Ordinal Number",
    "hts": "HTS Number - Full",
    "quantity": "Line Tariff Quantity (1)",
    "value": "Line Tariff Goods Value Amount",
    "duty": "Line Tariff Duty Amount",
}


def write_csv(path: Path, rows: list[Row], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows under the headings of the first."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_xlsx(path: Path, rows: list[Row], above: tuple[str, ...] = (), below: tuple[str, ...] = ()) -> Path:
    """Write rows as a spreadsheet does: amounts as numbers, days as days, with lines above the headings and below the rows."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet, day = book.add_worksheet("Report"), book.add_format({"num_format": "mm/dd/yyyy"})
        for index, words in enumerate(above):
            sheet.write(index, 0, words)
        sheet.write_row(len(above), 0, list(rows[0]))
        for index, row in enumerate(rows, start=len(above) + 1):
            for column, (heading, value) in enumerate(row.items()):
                _write_cell(sheet, index, column, heading, str(value), day)
        for index, words in enumerate(below, start=len(above) + len(rows) + 1):
            sheet.write(index, 0, words)
    return path


def _write_cell(sheet: Any, row: int, column: int, heading: str, value: str, day: Any) -> None:
    try:
        if "date" in heading.casefold() and value:
            form = "%m/%d/%Y" if "/" in value else "%Y-%m-%d"
            sheet.write_datetime(row, column, dt.datetime.strptime(value, form), day)
        elif "amount" in heading.casefold() or heading.endswith("_usd"):
            sheet.write_number(row, column, float(value.replace("$", "").replace(",", "")))
        else:
            sheet.write_string(row, column, value)
    except ValueError:
        sheet.write_string(row, column, value)


def entry_frame(count: int, **changes: Any) -> pl.DataFrame:
    """Rows of the table `entry` in the contract's types, as a Parquet extract has them."""
    frame = pl.DataFrame({"entry_number": [number(i) for i in range(1, count + 1)]})
    values: Row = entry(1) | {"entry_date": dt.date(2012, 10, 15), "summary_date": dt.date(2012, 10, 25), "value_usd": 1234.5} | changes
    blank = {name: value for name, value in values.items() if value != "" and name != "entry_number"}
    full = frame.with_columns(pl.lit(value).alias(name) for name, value in blank.items())
    return conform("entry", full)


def columns(table: str) -> list[str]:
    """The contract's columns of a table."""
    return TABLES[table].column_names()


#: Two lines: the first of two ordinals, of which one is of chapter 99 and comes first; the second is worth more.
EXPORT = [
    ordinal(1, line=1, ordinal=1, hts="9903.88.03", value="0", duty="250.00", importer=ASSIGNED),
    ordinal(1, line=1, ordinal=2, hts="8471.30.0100", value="1,000.00", duty="25.50", importer=ASSIGNED, spi="A"),
    ordinal(1, line=2, hts="8703.23.0010", value="5000", duty="125", importer=ASSIGNED, origin="JP"),
    ordinal(2, importer="99-0000077", entry_date="11/01/2012", hts="2208.30.30"),
]


def line(sequence: int, line_number: int = 1, **changes: Any) -> Row:
    """A row of the table `entry_line` that is fit to load after `entry(sequence)` with its value."""
    row = {
        "entry_number": number(sequence),
        "line_number": str(line_number),
        "hts_number": "8471300100",
        "industry_code": "ELE_COMP",
        "origin_code": "CN",
        "value_usd": "1234.50",
        "duty_usd": "0",
        "spi_code": "",
    }
    return row | changes


def review(sequence: int, **changes: Any) -> Row:
    """A row of the table `review` that is fit to load: open work of no single entry."""
    row = {
        "review_id": f"R{sequence}",
        "work_type": "psc",
        "entry_number": "",
        "line_number": "",
        "account_id": "A1",
        "center_code": "ELE",
        "port_code": "2704",
        "industry_code": "ELE_COMP",
        "program": "ctpat",
        "opened_date": "2013-01-05",
        "due_date": "",
        "due_basis": "",
        "closed_date": "",
        "status": "open",
        "outcome": "",
        "source": "trade_filed",
        "stratum": "",
    }
    return row | changes


def event(sequence: int, day: str, kind: str, **changes: Any) -> Row:
    """A row of the table `review_event` that is fit to load after `review(sequence)`."""
    row = {"review_id": f"R{sequence}", "event_date": day, "event_type": kind, "from_center_code": "", "to_center_code": "", "reason": ""}
    return row | changes
