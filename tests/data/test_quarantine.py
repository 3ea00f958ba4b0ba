"""Refused rows wait whole, can be exported, mended and loaded again, and are then settled; none is forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, select

from analytics.exc import DataError
from data import bulk, ledger, load, quarantine
from data.schema import REJECTED_ROW
from tests.data.samples import EXPORT, entry, number, ordinal, write_csv


def loaded(bank: Engine, path: Path, table: str | None = None) -> load.LoadResult:
    return load.load_files([path], engine=bank, table=table)[-1]


def waiting(bank: Engine) -> list[tuple[int, int]]:
    return quarantine.rejects(bank).select("load_id", "row_number").unique().sort("load_id", "row_number").rows()


def how(bank: Engine) -> list[tuple[object, ...]]:
    query = select(REJECTED_ROW.c.load_id, REJECTED_ROW.c.row_number, REJECTED_ROW.c.settled_how, REJECTED_ROW.c.settled_by)
    with bank.connect() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(REJECTED_ROW.c.load_id, REJECTED_ROW.c.row_number))]


def mended(paths: list[tuple[Path, int]], **changes: str) -> Path:
    """Correct an exported file as a person would: change values, leave all else."""
    (path, _), *rest = paths
    assert not rest
    rows = pl.read_csv(path, infer_schema=False)
    rows.with_columns(pl.lit(value).alias(name) for name, value in changes.items()).write_csv(path)
    return path


def test_a_refused_row_is_kept_whole(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1), entry(2, port_code="9999", mode_code="=1+1")]))
    with peopled.connect() as connection:
        row = connection.execute(select(REJECTED_ROW)).one()
    assert (row.load_id, row.row_number, row.table_name, row.row_key) == (1, 3, "entry", number(2))
    kept = {name: value for name, value in json.loads(row.content).items() if value}
    assert kept == {name: value for name, value in entry(2, port_code="9999", mode_code="=1+1").items() if value}


def test_export_mend_load_and_the_ledger_says_settled(peopled: Engine, tmp_path: Path) -> None:
    """The key itself was wrong, so that only the columns of the export say which row was mended."""
    bad = number(2)[:-1] + str((int(number(2)[-1]) + 1) % 10)
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1), entry(2, entry_number=bad)]))
    files = quarantine.export(peopled, tmp_path / "mend")
    assert [(path.name, rows) for path, rows in files] == [("entry.load1.csv", 1)]
    shown = pl.read_csv(files[0][0], infer_schema=False)
    assert shown.select("quarantine_load", "quarantine_row", "entry_number").rows() == [("1", "3", bad)]
    assert "check digit" in shown["what_is_wrong"][0]
    result = loaded(peopled, mended(files, entry_number=number(2)))
    assert (result.read, result.accepted, result.settled) == (1, 1, 1)
    assert bulk.read_table(peopled, "entry")["entry_number"].to_list() == [number(1), number(2)]
    assert how(peopled) == [(1, 3, "accepted", 2)]
    assert waiting(peopled) == []


def test_a_row_that_is_still_bad_waits_once(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(2, entry_number="nonsense")]))
    loaded(peopled, mended(quarantine.export(peopled, tmp_path / "mend"), entry_number="other nonsense"))
    assert how(peopled) == [(1, 2, "refused_again", 2), (2, 2, None, None)]
    assert quarantine.counts(peopled) == {"quarantine_rows": 1, "settled_rows": 1, "dismissed_rows": 0}


def test_the_same_key_in_another_file_settles(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "a.csv", [entry(1, port_code="9999"), entry(2, port_code="9999")]))
    result = loaded(peopled, write_csv(tmp_path / "b.csv", [entry(1)]))
    assert result.settled == 1
    assert waiting(peopled) == [(1, 3)]


def test_a_doubled_row_waits_until_somebody_decides(peopled: Engine, tmp_path: Path) -> None:
    """Not even a repeated row is dropped silently; its own load does not settle it."""
    result = loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1), entry(1)]))
    assert (result.read, result.accepted, result.rejected, result.settled) == (2, 1, 1, 0)
    assert waiting(peopled) == [(1, 3)]
    assert quarantine.dismiss(peopled, 1, "the source sent it twice", [3]) == 1
    assert how(peopled) == [(1, 3, "dismissed", None)]
    assert quarantine.counts(peopled)["dismissed_rows"] == 1


@pytest.mark.parametrize(("load_id", "reason", "words"), [(1, " ", "Say why"), (9, "x", "No such row"), (1, "x", "No such row")])
def test_what_cannot_be_dismissed(peopled: Engine, load_id: int, reason: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        quarantine.dismiss(peopled, load_id, reason)


def test_torn_rows_are_kept_and_exported_too(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "entry.csv", [entry(1)])
    with path.open("a") as file:
        file.write("ABC,1,2\n")
    result = loaded(peopled, path)
    assert (result.read, result.accepted, result.rejected) == (2, 1, 1)
    (exported, rows), *_ = quarantine.export(peopled, tmp_path / "mend")
    assert rows == 1
    assert pl.read_csv(exported, infer_schema=False)["torn_row"][0].startswith("ABC,1,2")


def test_rows_of_a_report_are_mended_under_its_own_headings(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "ES-003.csv", [*EXPORT, ordinal(9, port="9999")]))
    files = quarantine.export(peopled, tmp_path / "mend")
    result = loaded(peopled, mended(files, **{"Port of Entry Code": "2704"}))
    assert (result.accepted, result.settled) == (1, 1)
    assert ledger.loads(peopled)["layout"].to_list() == ["ES-003", "ES-003"]
    assert waiting(peopled) == []


def test_a_line_of_which_an_ordinal_is_refused_waits_whole(peopled: Engine, tmp_path: Path) -> None:
    """A part of a line would pass for all of it, and the mended rest would then replace it."""
    rows = [
        ordinal(1, 1, 1, value="700"),
        ordinal(1, 1, 2, value="3OO"),
        ordinal(1, 2, 1, value="50"),
        ordinal(2, "x", 1),
        ordinal(2, 2, 1),
    ]
    result = loaded(peopled, write_csv(tmp_path / "ES-003.csv", rows))
    assert (result.read, result.accepted, result.rejected) == (5, 1, 4)
    rules = quarantine.rejects(peopled).select("row_number", "rule").rows()
    assert rules == [(2, "line_whole"), (3, "value_usd:readable"), (5, "line_number:readable"), (6, "line_whole")]
    assert bulk.read_table(peopled, "entry_line")["value_usd"].to_list() == [50.0]
    (path, _), *_ = quarantine.export(peopled, tmp_path / "mend")
    path.write_text(path.read_text().replace("3OO", "300").replace(",x,", ",1,"))
    assert loaded(peopled, path).settled == 4
    assert bulk.read_table(peopled, "entry_line")["value_usd"].to_list() == [1000.0, 50.0, 1000.0, 1000.0]
    assert bulk.read_table(peopled, "entry")["value_usd"].to_list() == [1050.0, 2000.0]


def test_a_refused_row_beside_a_column_of_bytes_is_kept(peopled: Engine, tmp_path: Path) -> None:
    frame = pl.DataFrame({"account_id": ["B", "C" * 17], "account_name": ["b", "c"], "photo": [b"\x00", b"\xff"]})
    frame.write_parquet(tmp_path / "account.parquet")
    assert loaded(peopled, tmp_path / "account.parquet").rejected == 1
    assert waiting(peopled) == [(1, 3)]


def test_text_that_begins_like_a_formula_is_harmless_in_the_export_and_comes_back_as_it_was(peopled: Engine, tmp_path: Path) -> None:
    rows = [
        {"account_id": "B" * 17, "account_name": "=HYPERLINK(1)", "size_band": ""},
        {"account_id": "C" * 17, "account_name": "-5", "size_band": ""},
    ]
    loaded(peopled, write_csv(tmp_path / "account.csv", rows))
    files = quarantine.export(peopled, tmp_path / "mend")
    shown = pl.read_csv(files[0][0], infer_schema=False)
    assert shown["account_name"].to_list() == ["'=HYPERLINK(1)", "-5"]
    shown.with_columns(pl.col("account_id").str.slice(0, 3)).write_csv(files[0][0])
    assert loaded(peopled, files[0][0], "account").settled == 2
    names = dict(bulk.read_table(peopled, "account").select("account_id", "account_name").iter_rows())
    assert (names["BBB"], names["CCC"]) == ("=HYPERLINK(1)", "-5")


def test_a_social_security_number_is_hidden_on_screen_and_whole_in_the_export(peopled: Engine, tmp_path: Path) -> None:
    row = {"importer_id": "I9", "importer_number": "123-45-6789", "account_id": "none", "isa_member": "no"}
    loaded(peopled, write_csv(tmp_path / "importer.csv", [row | {"importer_number": "123-45-678901"}]))
    assert not any("123-45" in str(value) for value in quarantine.rejects(peopled)["value"])
    (path, _), *_ = quarantine.export(peopled, tmp_path / "mend")
    assert "123-45-678901" in path.read_text()


def test_a_folder_that_cannot_be_written(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, port_code="9999")]))
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="name another folder"):
        quarantine.export(peopled, tmp_path / "file")
