"""Loading tables: every form of file, every kind of bad row, and nothing lost or half done."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine, func, select

from analytics.exc import DataError
from data import bulk, contracts, database, ledger, load, quarantine, rules, validate
from data.schema import LOAD, REJECT
from tests.data import samples
from tests.data.samples import entry, number, write_csv, write_xlsx


def _loaded(bank: Engine, *paths: Path, table: str | None = None) -> load.LoadResult:
    return load.load_files(paths, engine=bank, table=table)[-1]


def _state(bank: Engine) -> dict[str, Any]:
    """Everything that a load can change."""
    with bank.connect() as connection:
        counts = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (LOAD, REJECT)]
        tables = {name: sorted(map(repr, bulk.read_whole(connection, name).rows())) for name in contracts.TABLES}
    return tables | {"ledger": counts}


def test_a_csv_file_becomes_typed_rows_and_a_line_in_the_ledger(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "entry.csv", [entry(1), entry(2, entry_number="zzz-0000002-" + number(2)[-1], value_usd="2,000", duty_usd="$5.25")]
    )
    result = _loaded(peopled, path)
    assert (result.table, result.read, result.accepted, result.rejected, result.unchanged) == ("entry", 2, 2, 0, 0)
    held = bulk.read_table(peopled, "entry")
    assert held["entry_number"].to_list() == [number(1), number(2)]
    assert held["value_usd"].to_list() == [1234.5, 2000.0]
    assert held["entry_date"].to_list() == [dt.date(2012, 10, 15)] * 2
    assert held["liquidation_date"].to_list() == [None, None]
    row = ledger.loads(peopled).row(0, named=True)
    assert (row["file_name"], row["table_name"], row["layout"], row["read_count"], row["synthetic"]) == (
        "entry.csv",
        "entry",
        "table",
        2,
        False,
    )
    assert not database.is_empty(peopled)
    assert not ledger.loads(peopled)["synthetic"].any()


BAD: dict[str, tuple[dict[str, str], str, str, str]] = {
    "check digit": (
        {"entry_number": number(2)[:-1] + str((int(number(2)[-1]) + 1) % 10)},
        "entry_number",
        "entry_number_check_digit",
        "check digit",
    ),
    "entry number": ({"entry_number": "12"}, "entry_number", "entry_number_check_digit", "check digit"),
    "entry type": ({"entry_type_code": "99"}, "entry_type_code", "entry_type_code:in_code_set", "use one of 01, 02"),
    "port": ({"port_code": "9999"}, "port_code", "port_code:known", "port table"),
    "port form": ({"port_code": "LAX"}, "port_code", "port_code:regex", "form"),
    "importer": ({"importer_id": "I9"}, "importer_id", "importer_id:known", "importer table"),
    "account": ({"account_id": "A9"}, "account_id", "account_id:known", "account table"),
    "month": ({"entry_date": "13/45/2012"}, "entry_date", "entry_date:readable", "MM/DD/YYYY"),
    "two-digit year": ({"entry_date": "10/15/12"}, "entry_date", "entry_date:readable", "MM/DD/YYYY"),
    "no date": ({"entry_date": "  "}, "entry_date", "entry_date:nullability", "must not be empty"),
    "amount": ({"value_usd": "12 apples"}, "value_usd", "value_usd:readable", "a number"),
    "not a number": ({"value_usd": "nan"}, "value_usd", "value_usd:readable", "a number"),
    "negative": ({"value_usd": "($5.00)"}, "value_usd", "value_usd:min", "below 0"),
    "lines": ({"line_count": "1.5"}, "line_count", "line_count:readable", "a whole number"),
    "no lines": ({"line_count": "0"}, "line_count", "line_count:min", "below 1"),
    "formula": ({"mode_code": "=1+10"}, "mode_code", "mode_code:in_code_set", "use one of"),
    "center": ({"processed_by": "PORT"}, "center_code", "center_matches_processed_by", "Center"),
    "too long": ({"importer_id": "I" * 17}, "importer_id", "importer_id:max_length", "16 characters"),
}


def test_bad_rows_go_to_quarantine_with_what_to_do_and_the_rest_loads(peopled: Engine, tmp_path: Path) -> None:
    """Every other row is good; each bad one has one fault."""
    rows = [[entry(2 * i + 1), entry(2 * i + 2) | changes] for i, (changes, *_) in enumerate(BAD.values())]
    result = _loaded(peopled, write_csv(tmp_path / "entry.csv", [row for pair in rows for row in pair]))
    assert (result.read, result.accepted, result.rejected) == (2 * len(BAD), len(BAD), len(BAD))
    assert bulk.read_table(peopled, "entry")["entry_number"].to_list() == [number(2 * i + 1) for i in range(len(BAD))]
    refused = quarantine.rejects(peopled)
    assert set(refused["file_name"]) == {"entry.csv"}
    for i, (kind, (changes, column, rule, words)) in enumerate(BAD.items()):
        row = refused.row(by_predicate=(pl.col("row_number") == 2 * i + 3) & (pl.col("rule") == rule), named=True)
        value = changes.get(column, "ELE").strip() or None
        assert (row["column_name"], row["value"]) == (column, value), kind
        assert words in row["message"], kind


def test_a_row_with_two_faults_is_one_row_with_two_records(peopled: Engine, tmp_path: Path) -> None:
    result = _loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, entry_type_code="99", entry_date="soon")]))
    assert (result.read, result.accepted, result.rejected) == (1, 0, 1)
    assert set(quarantine.rejects(peopled)["rule"]) == {"entry_type_code:in_code_set", "entry_date:readable"}


def test_the_second_row_of_a_key_goes_to_quarantine(peopled: Engine, tmp_path: Path) -> None:
    result = _loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1), entry(1, value_usd="1"), entry(1, value_usd="2")]))
    assert (result.accepted, result.rejected) == (1, 2)
    assert bulk.read_table(peopled, "entry")["value_usd"].to_list() == [1234.5]
    assert quarantine.rejects(peopled).select("row_number", "rule").rows() == [(3, "first_of_its_key"), (4, "first_of_its_key")]


def test_two_rows_with_the_same_hole_in_their_key_are_both_refused_for_the_hole(peopled: Engine, tmp_path: Path) -> None:
    rows = [entry(1, entry_number=""), entry(2, entry_number=" "), entry(3)]
    assert _loaded(peopled, write_csv(tmp_path / "entry.csv", rows)).rejected == 2
    assert quarantine.rejects(peopled).select("row_number", "rule").rows() == [
        (2, "entry_number:nullability"),
        (3, "entry_number:nullability"),
    ]


def test_a_bad_importer_number_is_refused_and_a_social_security_number_not_shown(peopled: Engine, tmp_path: Path) -> None:
    base = {"isa_member": "no", "account_id": "A1", "ctpat_tier": ""}
    rows = [
        base | {"importer_id": f"I{i}", "importer_number": text}
        for i, text in enumerate(["99-0000003", "12345", "123-456789", "123-45-678901"], start=3)
    ]
    result = _loaded(peopled, write_csv(tmp_path / "importer.csv", rows))
    assert (result.accepted, result.rejected) == (1, 3)
    refused = quarantine.rejects(peopled).filter(pl.col("rule") == "importer_number_form")
    assert refused.select("row_number", "value").rows() == [(3, "12345"), (4, "***-**-6789"), (5, "***-**-8901")]


def test_bad_tariff_numbers(peopled: Engine, tmp_path: Path) -> None:
    _loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, line_count="5")]))
    line = {"entry_number": number(1), "industry_code": "ELE_COMP", "origin_code": "CN", "value_usd": "1", "duty_usd": "0"}
    hts = ["8471.30.0100", "8471.30.01", "8471.30", "84713001ab", "847130010012"]
    result = _loaded(
        peopled,
        write_csv(tmp_path / "entry_line.csv", [line | {"line_number": i, "hts_number": text} for i, text in enumerate(hts, start=1)]),
    )
    assert (result.accepted, result.rejected) == (2, 3)
    assert bulk.read_table(peopled, "entry_line")["hts_number"].to_list() == ["8471300100", "8471300100"]
    assert set(quarantine.rejects(peopled)["row_number"]) == {4, 5, 6}


def test_the_same_file_twice_changes_nothing(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "entry.csv", [entry(1), entry(2, port_code="9999")])
    _loaded(peopled, path)
    before = _state(peopled)
    again = _loaded(peopled, path)
    assert again.already_loaded
    assert (again.read, again.accepted, again.rejected, again.unchanged) == (2, 1, 1, 1)
    assert "load 1" in again.notices[0]
    assert _state(peopled) == before


def test_a_row_in_quarantine_loads_once_what_it_needs_is_there(peopled: Engine, tmp_path: Path) -> None:
    """The advice `load that first` works: the very same file is taken again."""
    entries = write_csv(tmp_path / "entry.csv", [entry(1, account_id="A3"), entry(2)])
    assert _loaded(peopled, entries).rejected == 1
    assert ledger.counts(peopled)["quarantine_rows"] == 1
    _loaded(peopled, write_csv(tmp_path / "account.csv", [{"account_id": "A3", "account_name": "Late Arrivals"}]))
    again = _loaded(peopled, entries)
    assert (again.accepted, again.rejected, again.unchanged, again.already_loaded) == (2, 0, 1, False)
    assert quarantine.rejects(peopled).is_empty()
    assert ledger.counts(peopled) == {"loads": 3, "rows_read": 5, "rows_accepted": 4, "rows_rejected": 1} | {
        "quarantine_rows": 0,
        "settled_rows": 1,
        "dismissed_rows": 0,
    }


def test_rows_are_added_replaced_or_left(peopled: Engine, tmp_path: Path) -> None:
    _loaded(peopled, write_csv(tmp_path / "a.csv", [entry(1), entry(2), entry(3)]))
    result = _loaded(peopled, write_csv(tmp_path / "b.csv", [entry(1), entry(2, value_usd="9"), entry(4)]))
    assert (result.accepted, result.unchanged) == (3, 1)
    held = bulk.read_table(peopled, "entry")
    assert held.select("entry_number", "value_usd").rows() == [
        (number(1), 1234.5),
        (number(2), 9.0),
        (number(3), 1234.5),
        (number(4), 1234.5),
    ]


def test_an_older_file_loaded_again_takes_its_values_back(peopled: Engine, tmp_path: Path) -> None:
    old = write_csv(tmp_path / "old.csv", [entry(1)])
    _loaded(peopled, old)
    _loaded(peopled, write_csv(tmp_path / "new.csv", [entry(1, value_usd="9")]))
    again = _loaded(peopled, old)
    assert not again.already_loaded
    assert bulk.read_table(peopled, "entry")["value_usd"].to_list() == [1234.5]


FORMS = {
    "semicolons": lambda folder, rows: write_csv(folder / "x.csv", rows, delimiter=";"),
    "tabs": lambda folder, rows: write_csv(folder / "x.txt", rows, delimiter="\t"),
    "bars": lambda folder, rows: write_csv(folder / "x.csv", rows, delimiter="|"),
    "byte order mark": lambda folder, rows: write_csv(folder / "x.csv", rows, encoding="utf-8-sig"),
    "utf-16": lambda folder, rows: write_csv(folder / "x.csv", rows, encoding="utf-16"),
    "spreadsheet": lambda folder, rows: write_xlsx(folder / "x.xlsx", rows),
    "spreadsheet with a title": lambda folder, rows: write_xlsx(folder / "x.xlsx", rows, above=("Entries", "", "as of today")),
    "capitals, other order": lambda folder, rows: write_csv(
        folder / "x.csv", [{name.upper(): row[name] for name in reversed(row)} for row in rows]
    ),
}


def test_every_form_of_file_gives_the_same_rows(peopled: Engine, tmp_path: Path) -> None:
    rows = [entry(1), entry(2, value_usd="1234567.25", entry_date="2/5/2013")]
    _loaded(peopled, write_csv(tmp_path / "entry.csv", rows))
    plain = {"entry_date": [dt.date(2012, 10, 15), dt.date(2013, 2, 5)], "value_usd": [1234.5, 1234567.25]}
    held = samples.entry_frame(2).with_columns(pl.Series(name, values) for name, values in plain.items())
    assert_frame_equal(bulk.read_table(peopled, "entry"), held)
    for name, write in FORMS.items():
        result = _loaded(peopled, write(tmp_path, rows))
        assert (result.table, result.accepted, result.unchanged, result.rejected) == ("entry", 2, 2, 0), name


def test_a_parquet_extract_and_its_synthetic_mark(peopled: Engine, tmp_path: Path) -> None:
    frame = samples.entry_frame(50)
    frame.write_parquet(tmp_path / "entry.parquet", metadata={"centerline.synthetic": "true"})
    assert _loaded(peopled, tmp_path / "entry.parquet").accepted == 50
    assert_frame_equal(bulk.read_table(peopled, "entry"), frame)
    assert ledger.loads(peopled)["synthetic"].any()


def test_parquet_columns_of_other_types_are_read_by_their_meaning(peopled: Engine, tmp_path: Path) -> None:
    frame = samples.entry_frame(3).with_columns(
        port_code=pl.Series([2704, 101, 2704]),
        entry_type_code=pl.Series([1, 1, 1], dtype=pl.Int8),
        entry_date=pl.lit(dt.datetime(2012, 10, 15, 8, 30)),
        value_usd=pl.Series([1.5, float("nan"), 2.5]),
        line_count=pl.Series([1.0, 2.0, 2.5]),
        mode_code=pl.Series(["11", "11", "11"], dtype=pl.Categorical),
    )
    frame.write_parquet(tmp_path / "entry.parquet")
    assert _loaded(peopled, tmp_path / "entry.parquet").rejected == 2
    held = bulk.read_table(peopled, "entry")
    assert held.select("port_code", "entry_type_code", "entry_date", "value_usd").rows() == [("2704", "01", dt.date(2012, 10, 15), 1.5)]
    assert set(quarantine.rejects(peopled)["rule"]) == {"value_usd:readable", "line_count:readable"}


def test_rows_of_another_width_go_to_quarantine_by_their_own_place(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "entry.csv", [entry(1), entry(2), entry(3), entry(4)])
    lines = path.read_text().splitlines()
    lines[2] = lines[2].removesuffix(",,,")
    lines[3] += ",surplus"
    path.write_text("\n".join([*lines[:3], "", *lines[3:]]) + "\n")
    result = _loaded(peopled, path)
    assert (result.read, result.accepted, result.rejected) == (4, 2, 2)
    refused = quarantine.rejects(peopled)
    assert refused.select("row_number", "rule").rows() == [(3, "fields"), (5, "fields")]
    assert "18 values where the headings have 21" in refused["message"][0]
    assert refused["value"][1].endswith(",surplus")


def test_formula_like_text_stays_text(peopled: Engine, tmp_path: Path) -> None:
    names = [
        "=HYPERLINK(1)",
        "+1",
        "-2",
        "@SUM(A1)",
        "O'Hara; DROP TABLE account",
        "naïve – 漢字",
        "two\nlines",
        "a, b",
        'the "best"',
        "\\N",
    ]
    rows = [{"account_id": f"B{i}", "account_name": name} for i, name in enumerate(names)]
    for path in (write_csv(tmp_path / "account.csv", rows), write_xlsx(tmp_path / "account.xlsx", rows)):
        assert _loaded(peopled, path).accepted == len(names)
        held = bulk.read_table(peopled, "account").filter(pl.col("account_id").str.starts_with("B"))
        assert held["account_name"].to_list() == names


def test_latin_1_is_understood(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "account.csv", [{"account_id": "B1", "account_name": "Café Zürich"}], encoding="cp1252")
    _loaded(peopled, path)
    assert "Café Zürich" in bulk.read_table(peopled, "account")["account_name"].to_list()


def test_an_error_in_a_spreadsheet_cell_is_no_blank(peopled: Engine, tmp_path: Path) -> None:
    import xlsxwriter

    row = entry(1)
    with xlsxwriter.Workbook(tmp_path / "entry.xlsx") as book:
        sheet = book.add_worksheet()
        book.add_worksheet("Notes").write(0, 0, "hello")
        sheet.write_row(0, 0, list(row))
        sheet.write_row(1, 0, list(row.values()))
        sheet.write_formula(1, list(row).index("liquidation_date"), "=1/0", None, "#DIV/0!")
    result = _loaded(peopled, tmp_path / "entry.xlsx")
    assert (result.accepted, result.rejected) == (0, 1)
    assert quarantine.rejects(peopled).row(0, named=True)["rule"] == "liquidation_date:readable"
    assert any("not read: Notes" in notice for notice in result.notices)


def test_extra_columns_are_ignored_with_a_notice_and_optional_ones_may_be_missing(peopled: Engine, tmp_path: Path) -> None:
    row = {name: value for name, value in entry(1, colour="red").items() if name not in {"mode_code", "summary_date"}}
    result = _loaded(peopled, write_csv(tmp_path / "entry.csv", [row]))
    assert result.accepted == 1
    assert "colour" in result.notices[0]
    assert bulk.read_table(peopled, "entry")["mode_code"].to_list() == [None]


def test_a_folder_loads_in_the_order_of_its_references(bank: Engine, tmp_path: Path) -> None:
    people = samples.people()
    people["account"].write_csv(tmp_path / "z_accounts.csv")
    people["importer"].write_parquet(tmp_path / "importer.parquet")
    people["account_center"].write_csv(tmp_path / "account_center.csv")
    write_csv(tmp_path / "a_entries.csv", [entry(1)])
    (tmp_path / "readme.md").write_text("not a table")
    results = load.load_files([tmp_path], engine=bank)
    assert [result.table for result in results] == ["account", "importer", "account_center", "entry"]
    assert all(result.accepted and not result.rejected for result in results)


BROKEN = {
    "empty": ("entry.csv", b"", "empty"),
    "no rows": ("entry.csv", ",".join(entry(1)).encode(), "no rows"),
    "missing columns": (
        "entry.csv",
        b"entry_number,port_code\nx,y\n",
        "lacks the columns entry_type_code, .*it has entry_number, port_code",
    ),
    "of no table": ("things.csv", b"shape,colour\nround,red\n", "not clear which table"),
    "not text": ("entry.csv", b"\x00\x01\x02" * 500, "not a text file"),
    "damaged parquet": ("entry.parquet", b"PAR1 and then nothing", "cannot be read"),
    "damaged spreadsheet": ("entry.xlsx", b"PK\x03\x04 and then nothing", "cannot be read"),
    "another kind": ("entry.pdf", b"%PDF", "not a CSV, Parquet or XLSX"),
}


def test_a_broken_file_changes_nothing_and_says_why(peopled: Engine, tmp_path: Path) -> None:
    before = _state(peopled)
    for name, (file, content, words) in BROKEN.items():
        path = tmp_path / file
        path.write_bytes(content)
        with pytest.raises(DataError, match=words) as caught:
            load.load_files([path], engine=peopled)
        assert "\n" not in str(caught.value), name
        assert _state(peopled) == before, name


def test_a_file_that_is_not_there_and_a_table_that_is_not_there(peopled: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        load.load_files([tmp_path / "none.csv"], engine=peopled)
    with pytest.raises(DataError, match="no table “entries”"):
        load.load_files([write_csv(tmp_path / "x.csv", [entry(1)])], engine=peopled, table="entries")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no CSV"):
        load.load_files([tmp_path / "empty"], engine=peopled)


def test_a_failure_after_writing_rolls_the_file_back(peopled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _loaded(peopled, write_csv(tmp_path / "a.csv", [entry(1), entry(2)]))
    before = _state(peopled)

    def fail(*_: object) -> None:
        raise OSError("disk is full")

    monkeypatch.setattr(load, "_record", fail)
    with pytest.raises(OSError, match="disk is full"):
        load.load_files([write_csv(tmp_path / "b.csv", [entry(1, value_usd="7"), entry(3)])], engine=peopled)
    assert _state(peopled) == before


def test_the_files_before_a_broken_one_stay_and_are_told(peopled: Engine, tmp_path: Path) -> None:
    write_csv(tmp_path / "account.csv", [{"account_id": "B1", "account_name": "New"}])
    (tmp_path / "entry.csv").write_text("entry_number\nx\n")
    with pytest.raises(load.StoppedError, match="lacks the column") as caught:
        load.load_files([tmp_path], engine=peopled)
    assert [result.file for result in caught.value.results] == ["account.csv"]
    assert bulk.read_table(peopled, "account").height == 3


def test_a_spreadsheet_that_unpacks_without_end_is_refused(peopled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.files._MOST_UNPACKED", 1000)
    with pytest.raises(DataError, match="unpacks to more than"):
        load.load_files([write_xlsx(tmp_path / "entry.xlsx", [entry(1)])], engine=peopled)


def test_lists_in_a_column_are_refused(peopled: Engine, tmp_path: Path) -> None:
    samples.entry_frame(2).with_columns(port_code=pl.Series([["2704"], ["2704"]])).write_parquet(tmp_path / "entry.parquet")
    with pytest.raises(DataError, match="port_code holds List"):
        load.load_files([tmp_path / "entry.parquet"], engine=peopled)


def test_reference_tables_are_filled_once_and_then_left(peopled: Engine, tmp_path: Path) -> None:
    _loaded(peopled, write_csv(tmp_path / "port.csv", [{"port_code": "9998", "port_name": "New", "district_code": "99", "kind": "sea"}]))
    load.seed_reference(peopled)
    ports = bulk.read_table(peopled, "port")
    assert ports.height == 351
    assert ports.filter(pl.col("port_code") == "9998")["port_name"].to_list() == ["New"]


def test_every_rule_of_every_contract_says_what_to_do() -> None:
    for name, contract in contracts.CONTRACTS.items():
        for rule in contract._validation_rules(with_cast=False):
            column, _, plain = rule.rpartition("|")
            plain = plain.removeprefix("check__")
            assert plain == "primary_key" or plain in rules.RULE_HELP, f"{name}: {rule}"
            assert column or plain == "primary_key" or plain in rules.COLUMN_OF_RULE, f"{name}: {rule}"


def test_values_however_people_write_them() -> None:
    rows = {
        "isa_member": ["Yes", "f", "1", "maybe"],
        "ctpat_tier": ["3.0", "1", "", "2"],
        "ctpat_since": ["2012-01-05T00:00:00", "20120105", "1/5/2012", "01/05/2012 00:00"],
    }
    ids = {
        "importer_id": ["1", "2", "3", "4"],
        "importer_number": ["99-0000001", " 99-0000002 ", "99-000000300", "99-0000004"],
        "account_id": ["A1"] * 4,
    }
    checked = validate.check("importer", pl.DataFrame(ids | rows), validate.known_from({}))
    assert checked.accepted["isa_member"].to_list() == [True, False, True]
    assert checked.accepted["ctpat_tier"].to_list() == [3, 1, None]
    assert checked.accepted["ctpat_since"].to_list() == [dt.date(2012, 1, 5)] * 3
    assert checked.accepted["importer_number"].to_list() == ["99-0000001", "99-0000002", "99-000000300"]
    assert checked.rejects.select("row_number", "rule", "value").rows() == [(5, "isa_member:readable", "maybe")]
