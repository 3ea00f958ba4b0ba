"""Whatever a file holds, every row of it is accepted or refused with a reason, and what is accepted keeps its contract."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.exc import DataError
from data import files, layouts, parse, validate
from data.contracts import TABLES

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)
NUMBERS = st.one_of(
    st.integers(-5, 40).map(str), st.floats(width=32).map(str), st.sampled_from(["$1,234.50", "(7)", "1e400", "-0", "1_000", "½"])
)
DAYS = st.one_of(st.dates().map(str), st.dates().map("{:%m/%d/%Y}".format), st.sampled_from(["02/30/2012", "0000-00-00", "99999999"]))
CODES = st.sampled_from(
    ["01", "1", "11", "2704", "0901", "901", "ELE", "ele", "A1", "I1", "CENTER", "PORT", "open", "completed", "none", "yes", ""]
)
CELL = st.one_of(st.none(), CODES, NUMBERS, DAYS, TEXT)
ENTRY_NUMBERS = st.sampled_from(["ABC-1234567-6", "ABC12345676", "abc 1234567 6", "999-9999999-0", "999-9999999-1", "", "ABC"])

FRAMES = {name: st.lists(st.fixed_dictionaries({column: ENTRY_NUMBERS if column == "entry_number" else CELL for column in contract.column_names()}), min_size=1, max_size=8) for name, contract in TABLES.items()}  # fmt: skip


@pytest.mark.parametrize("table", ["entry", "entry_line", "review", "importer", "inquiry"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_accepted_and_refused_are_all_rows(table: str, data: st.DataObject) -> None:
    raw = pl.DataFrame(data.draw(FRAMES[table]), schema=dict.fromkeys(TABLES[table].column_names(), pl.String))
    known = {("port", "port_code"): pl.Series(["2704", "0901"]), ("center", "center_code"): pl.Series(["ELE"])}
    checked = validate.check(table, raw, validate.known_from(known))
    accepted, refused = set(checked.accepted[validate.ROW]), set(checked.rejects["row_number"])
    assert accepted | refused == set(range(2, raw.height + 2))
    assert not accepted & refused
    assert TABLES[table].is_valid(checked.accepted.drop(validate.ROW))
    assert checked.rejects["message"].str.len_chars().min() is None or checked.rejects["message"].str.len_chars().min() > 10
    assert checked.rejects.select("row_number", "rule").is_duplicated().sum() == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(TEXT.filter(lambda text: "\x00" not in text), min_size=0, max_size=6), min_size=1, max_size=12))
def test_every_record_of_a_csv_file_is_read_or_set_aside_with_its_place(tmp_path: Path, rows: list[list[str]]) -> None:
    """Compared with the standard library's reader, record by record."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["account_id", "account_name", "size_band"], *rows])
    path = tmp_path / "account.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    records = dict(enumerate(csv.reader(io.StringIO(buffer.getvalue(), newline="")), start=1))
    filled = {place for place, record in records.items() if place > 1 and any(cell.strip(',;|\t" ') for cell in record)}
    try:
        raw = files.read(path, layouts.heading_row)
    except DataError:
        assert not filled
        return
    read = {row[0]: list(row[1:]) for row in raw.rows.iter_rows()}
    aside = {misfit.row for misfit in raw.misfits}
    assert not set(read) & aside
    assert filled <= set(read) | aside
    assert all(records[place] == cells for place, cells in read.items())
    assert all(len(records[place]) != 3 for place in aside)


@settings(max_examples=200, deadline=None)
@given(day=st.dates(), amount=st.decimals(-(10**12), 10**12, places=2))
def test_days_and_amounts_are_read_back_as_written(day: object, amount: object) -> None:
    written = pl.DataFrame({"iso": [f"{day}"], "us": [f"{day:%m/%d/}{day.year:04d}"], "plain": [f"{amount}"], "commas": [f"${amount:,}"]})  # type: ignore[attr-defined]
    read = written.select(
        iso=parse.day(pl.col("iso")), us=parse.day(pl.col("us")), plain=parse.amount(pl.col("plain")), commas=parse.amount(pl.col("commas"))
    )
    assert read.row(0) == (day, day, float(amount), float(amount))  # type: ignore[arg-type]
