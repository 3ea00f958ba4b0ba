"""Text files in every dialect: the same table, however it is written."""

from __future__ import annotations

import codecs
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data import files, layouts
from data.validate import ROW

NAMES = ["account_id", "account_name", "size_band"]
ROWS = [["A1", "Café, Zürich; “best” | of\tall", "large"], ["A2", 'the "second"', ""], ["A3", "plain", "small"]]

ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8 with mark": (codecs.BOM_UTF8, "utf-8"),
    "utf-16 le": (b"", "utf-16-le"),
    "utf-16 le with mark": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-16 be": (b"", "utf-16-be"),
    "utf-16 be with mark": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "windows-1252": (b"", "cp1252"),
}


def _text(separator: str, end: str) -> str:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' if cell and cell != "plain" else cell for cell in row] for row in ROWS]
    return "".join(separator.join(row) + end for row in [NAMES, *quoted])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_same_table_in_every_dialect(separator: str, encoding: str, end: str, tmp_path: Path) -> None:
    mark, kind = ENCODINGS[encoding]
    path = tmp_path / "account.csv"
    path.write_bytes(mark + _text(separator, end).encode(kind))
    raw = files.read(path, layouts.heading_row)
    assert_frame_equal(raw.rows, pl.DataFrame(ROWS, schema=NAMES, orient="row").insert_column(0, pl.Series(ROW, [2, 3, 4])))
    assert not raw.misfits
    assert files.column_names(path, layouts.heading_row) == NAMES


def test_bytes_that_are_no_character_are_seen(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(codecs.BOM_UTF8 + b"account_id,account_name\nA1,Caf\xe9\n")
    assert files.read(tmp_path / "x.csv", layouts.heading_row).rows["account_name"].to_list() == ["Caf�"]


def test_headings_are_read_where_the_sample_ends_within_a_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text("naïve,b\n" + "é,1\n" * 100, encoding="utf-8")
    for size in (30, 31, 32, 33):
        monkeypatch.setattr(files, "HEAD_BYTES", size)
        assert files.column_names(path, layouts.heading_row) == ["naïve", "b"]


def test_a_long_row_of_another_width_is_kept_in_part(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("account_id,account_name\nA1,One\nA2,Two," + "x" * 30_000 + "\n,,,\n")
    raw = files.read(tmp_path / "x.csv", layouts.heading_row)
    assert [(misfit.row, len(misfit.text)) for misfit in raw.misfits] == [(3, 20_000)]
