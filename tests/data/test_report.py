"""The customised entry summary report: it completes entries that the store holds, by known answers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from analytics.exc import DataError
from data import ace, files, layouts, reference, report, validate
from data.contracts import TABLES
from tests.data.samples import ASSIGNED, EXPORT, Row, number, ordinal, people

LAYOUT = layouts.REPORTS["entry_summary_report"]
NEW = "99-0000077"


def row(sequence: int, line: int = 1, **changes: Any) -> Row:
    """A row of the report under its own headings; `changes` by column."""
    blank = {heading.heading: "" for heading in LAYOUT.headings}
    values = {
        "importer_name": "Kestrel Trading",
        "importer_number": NEW,
        "entry_type_code": "01",
        "entry_number": number(sequence),
        "line_number": str(line),
        "summary_date": "11/12/2012",
        "origin_code": "CN",
        "hts_number": "8471.30.0100",
        "value_usd": "1,000.00",
        "duty_usd": "10.00",
        "total_mpf_usd": "30.00",
        "mpf_usd": "25.00",
        "hmf_usd": "1.25",
    }
    by_column = {heading.column: heading.heading for heading in LAYOUT.used}
    return blank | {by_column[name]: value for name, value in (values | changes).items()}


def store() -> dict[str, pl.DataFrame]:
    """What the store holds once the ES-003 export of the samples is loaded."""
    held = {name: reference.tables()[name] for name in ("hts_heading", "center")} | people()
    held |= {name: pl.DataFrame(TABLES[name].create_empty()) for name in ("entry", "entry_line")}
    rows = ace.judged(pl.DataFrame(EXPORT), validate.known_from({}), held).accepted
    for name, frame in ace.tables(rows, held).items():
        typed = frame.select(pl.col(column).cast(kind.dtype) for column, kind in TABLES[name].columns().items())
        held[name] = pl.concat([held[name].select(typed.columns), typed])
    return held


def judged(*rows: Row) -> validate.Checked:
    held = store()
    return report.judged(pl.DataFrame(list(rows)), validate.known_from({("entry", "entry_number"): held["entry"]["entry_number"]}), held)


def made(*rows: Row) -> dict[str, pl.DataFrame]:
    checked = judged(*rows)
    assert checked.rejects.is_empty(), checked.rejects
    return report.tables(checked.accepted, store())


def test_an_entry_gets_its_fees_and_date_and_keeps_the_rest() -> None:
    before = store()["entry"].row(by_predicate=pl.col("entry_number") == number(2), named=True)
    result = made(row(2), row(2, line=2, hts_number="8703.23.0010", value_usd="5000", duty_usd="125", spi_code="A", hmf_usd="6.25"))
    assert list(result) == ["account", "entry", "entry_line"]
    changed = {"summary_date": dt.date(2012, 11, 12), "value_usd": 6000.0, "duty_usd": 135.0, "fees_usd": 37.5, "line_count": 2, "industry_code": "AUT_VEH"}  # fmt: skip
    assert result["entry"].row(0, named=True) == before | changed
    assert result["entry_line"].sort("line_number").select("line_number", "hts_number", "value_usd", "spi_code").rows() == [
        (1, "8471300100", 1000.0, None),
        (2, "8703230010", 5000.0, "A"),
    ]
    for name, frame in result.items():
        assert set(frame.columns) == set(TABLES[name].column_names())
        assert TABLES[name].is_valid(frame.select(TABLES[name].column_names()), cast=True)


def test_without_a_total_the_fees_are_those_of_the_lines_and_without_any_they_stay() -> None:
    rows = [row(2, total_mpf_usd=""), row(2, line=2, total_mpf_usd="", mpf_usd="", hmf_usd="")]
    assert made(*rows)["entry"]["fees_usd"].to_list() == [26.25]
    held = store()
    held["entry"] = held["entry"].with_columns(fees_usd=pl.lit(77.0), summary_date=dt.date(2012, 1, 1))
    silent = judged(row(2, total_mpf_usd="", mpf_usd="", hmf_usd="", summary_date="")).accepted
    entry = report.tables(silent, held)["entry"]
    assert entry.select("fees_usd", "summary_date").row(0) == (77.0, dt.date(2012, 1, 1))


def test_lines_that_the_report_does_not_repeat_stay() -> None:
    result = made(row(1, line=2, importer_number=ASSIGNED, hts_number="3004.90.9190", value_usd="9000", duty_usd="0"))
    assert result["entry_line"].sort("line_number")["line_number"].to_list() == [1, 2]
    assert result["entry"].select("value_usd", "line_count", "industry_code", "processed_by").row(0) == (10_000.0, 2, "PHC_PHARM", "CENTER")


def test_only_an_account_that_has_no_name_gets_one() -> None:
    assert made(row(2))["account"]["account_name"].to_list() == ["Kestrel Trading"]
    assert made(row(2, importer_name=""))["account"].is_empty()
    assert made(row(1, importer_number=ASSIGNED, importer_name="Another Name"))["account"].is_empty()


def test_rows_that_cannot_be_used_say_why() -> None:
    rows = [row(2), row(3), row(2, line=2, total_mpf_usd="31"), row(1, importer_number=ASSIGNED, hts_number="7701.00.0000"), row(2, line=4, value_usd="12,5")]  # fmt: skip
    checked = judged(*rows)
    assert checked.accepted[validate.ROW].to_list() == [2]
    found = checked.rejects.select("row_number", "rule").rows()
    assert found == [(3, "entry_known"), (4, "same_in_entry"), (5, "heading_known"), (6, "value_usd:readable")]
    assert "load the ES-003 export first" in checked.rejects["message"][0]
    assert any("Bond Type" in notice for notice in checked.notices)


def test_the_reports_are_told_apart_by_their_headings() -> None:
    es003 = layouts.REPORTS["es003"]
    assert layouts.report_for(list(row(1))) is LAYOUT
    assert layouts.report_for(list(ordinal(1))) is es003
    assert layouts.report_for(list(ordinal(1))) is layouts.REPORTS["es003"]
    assert layouts.report_for(list(row(1))) is layouts.REPORTS["entry_summary_report"]
    assert layouts.report_for(["shape", "colour"]) is None
    lacking = [name for name in row(1) if name != "Line Duty Amount"]
    with pytest.raises(DataError, match="looks like an entry summary report, but it lacks the column “Line Duty Amount”"):
        layouts.report_for(lacking)


def test_every_heading_is_documented_and_every_column_is_of_the_contract() -> None:
    rows = layouts.documentation()
    assert len(rows) == 13 + 31
    assert {each["seen"] for each in rows} == {"exact"}
    for layout in layouts.REPORTS.values():
        contract = validate.CONTRACTS[layout.contract].columns()
        assert {heading.column for heading in layout.used} == set(contract)
        assert {heading.column for heading in layout.used if heading.required} >= {
            name for name, column in contract.items() if not column.nullable and name != "ordinal"
        }


def test_the_main_sheet_is_read_wherever_it_stands(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        book.add_worksheet("Prompts").write_row(0, 0, ["Entry Date", "between"])
        sheet = book.add_worksheet("Main Report")
        sheet.write(0, 0, "Entry summary report")
        sheet.write_row(2, 0, list(row(1)))
        sheet.write_row(3, 0, list(row(1).values()))
    raw = files.read(tmp_path / "x.xlsx", layouts.heading_row)
    assert raw.rows[validate.ROW].to_list() == [4]
    assert raw.rows["Entry Summary Number"].to_list() == [number(1)]
    assert raw.notices == ("Only the main sheet, “Main Report”, is read; not read: Prompts.",)
