"""Files made to do harm, or damaged as if they were: each is refused soon, in little memory, and with the reason."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from analytics.exc import DataError
from data import files, guards, layouts, workbooks
from tests.data.samples import entry, write_csv, write_xlsx

#: Seconds in which a file must be refused.
SOON = 10

SHEET = "xl/worksheets/sheet1.xml"


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _sparse(path: Path, start: bytes, size: int) -> Path:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)
    return path


def _text(path: Path, start: bytes, middle: bytes, times: int, end: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.write(start)
        for _ in range(times):
            file.write(middle)
        file.write(end)
    return path


def _workbook(path: Path, change: Callable[[str, bytes], bytes] = lambda _, content: content, **extra: bytes) -> Path:
    """Write a good XLSX with its parts changed and parts added."""
    good = write_xlsx(path.with_name("good.xlsx"), [entry(1)])
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        for name, content in extra.items():
            target.writestr(name, content)
    good.unlink()
    return path


def _in_sheet(path: Path, before: bytes, after: bytes) -> Path:
    return _workbook(path, lambda name, content: content.replace(before, after) if name == SHEET else content)


def _rows(path: Path, rows: bytes) -> Path:
    return _in_sheet(path, b"</sheetData>", rows + b"</sheetData>")


def _lying(path: Path) -> Path:
    """Write an XLSX with a part of 900 MB that says it has a hundred bytes."""
    _workbook(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as target, target.open("xl/media/x.bin", "w", force_zip64=True) as part:
        noise = os.urandom(400)
        for _ in range(900):
            part.write((noise + bytes(2_000)) * 420)
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    return _write(path, bytes(content))


def _encrypted(path: Path) -> Path:
    content = bytearray(_workbook(path).read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 8] |= 1
    return _write(path, bytes(content))


def _many_parts(path: Path) -> Path:
    return _workbook(path, **{f"xl/media/{i}": b"" for i in range(10_001)})


def _twice(path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _workbook(path, **{SHEET: b"<worksheet/>"})


def _wide_xlsx(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, [f"c{i}" for i in range(2_001)])
    return path


def _wide_parquet(path: Path) -> Path:
    pq.write_table(pa.table({f"c{i}": pa.array([], pa.int8()) for i in range(2_001)}), path)
    return path


def _tall_parquet(path: Path) -> Path:
    """Write 60 million rows in a few kilobytes."""
    part = pa.table({"port_code": pa.DictionaryArray.from_arrays(pa.array(bytes(10_000_000), pa.int8()), pa.array(["2704"]))})
    with pq.ParquetWriter(path, part.schema) as writer:
        for _ in range(6):
            writer.write_table(part, row_group_size=10_000_000)
    return path


GOOD = b"account_id,account_name\nA1,One\n"
FAR = b'<row r="1048576"><c r="BXW1048576"><v>1</v></c></row>'

#: Name -> the file and how to make it, and the reason that must be told.
ATTACKS: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "10 GB": ("x.csv", lambda path: _sparse(path, GOOD, 10 * 10**9), "10.0 GB; .*Split it"),
    "10 GB of Parquet": ("x.parquet", lambda path: _sparse(path, b"PAR1", 10 * 10**9), "10.0 GB; .*Split it"),
    "no line end": ("x.csv", lambda path: _text(path, b"", b"a" * 1_000_000, 40), "a line of more than 16 MB"),
    "a long line later": ("x.csv", lambda path: _text(path, GOOD * 1000, b"a," * 500_000, 20, b"\n" + GOOD), "a line of more than 16 MB"),
    "a million columns": ("x.csv", lambda path: _text(path, b"", b"a," * 1000, 1000, b"\n"), "more than 2,000 columns"),
    "2,001 columns": ("x.csv", lambda path: _write(path, b",".join(b"c%d" % i for i in range(2_001)) + b"\n"), "more than 2,000 columns"),
    "columns of a sheet": ("x.xlsx", _wide_xlsx, "more than 2,000 columns"),
    "a far column": ("x.xlsx", lambda path: _rows(path, b'<row r="9"><c r="XFD9"><v>1</v></c></row>'), "more than 2,000 columns"),
    "cells without places": ("x.xlsx", lambda path: _rows(path, b"<row>" + b"<c><v>1</v></c>" * 1_000_000 + b"</row>"), "more than 2,000 columns"),
    "columns of Parquet": ("x.parquet", _wide_parquet, "more than 2,000 columns"),
    "zero bytes": ("x.csv", lambda path: _write(path, GOOD + b"A2,T\x00wo\n"), "not a text file"),
    "zero bytes far down": ("x.csv", lambda path: _text(path, GOOD, b"A2,Two\n", 2_000_000, b"A3,\x00\n"), "not a text file"),
    "half a UTF-16 letter": ("x.csv", lambda path: _write(path, GOOD.decode().encode("utf-16")[:-1]), "not whole UTF-16"),
    "open quotation mark": ("x.csv", lambda path: _text(path, GOOD, b"A2,Two\n", 10, b'A3,"Three\n' + GOOD * 99), "mark in line 13 that is not"),
    "open quotation mark, large": ("x.csv", lambda path: _text(path, GOOD + b'A2,"Two\n', b"A3,Three\n", 3_000_000), "mark in line 3 that is not"),
    "closed by another value": ("x.csv", lambda path: _write(path, GOOD + b'A2,"Two\nA3,Three\nA4,"Four"\n'), "mark in line 3 that is not"),
    "open after a stray mark": ("x.csv", lambda path: _write(path, GOOD + b'A2,6" pipe\nA3,"Three\nA4,Four\n'), "mark in line 4 that is not"),
    "60 million rows": ("x.parquet", _tall_parquet, "60,000,000 rows"),
    "long footer": ("x.parquet", lambda path: _write(path, b"PAR1" + b"\xff\xff\xff\x7fPAR1"), "its footer says"),
    "not an archive": ("x.xlsx", lambda path: _write(path, GOOD), "not an XLSX file"),
    "old spreadsheet": ("x.xlsx", lambda path: _write(path, b"\xd0\xcf\x11\xe0" + bytes(5000)), "password or an old XLS"),
    "cut off archive": ("x.xlsx", lambda path: _write(path, _workbook(path).read_bytes()[:-9]), "its end is missing"),
    "many parts": ("x.xlsx", _many_parts, "more than 10,000 parts"),
    "part above": ("x.xlsx", lambda path: _workbook(path, **{"../evil.xml": b"x"}), "outside of it"),
    "part at the root": ("x.xlsx", lambda path: _workbook(path, **{"/etc/evil": b"x"}), "outside of it"),
    "part with backslashes": ("x.xlsx", lambda path: _workbook(path, **{"xl\\..\\..\\evil": b"x"}), "outside of it"),
    "part twice": ("x.xlsx", _twice, "two parts of one name"),
    "bomb": ("x.xlsx", lambda path: _workbook(path, **{"xl/media/x": bytes(100_000_000)}), "more than 400 times its size"),
    "lying bomb": ("x.xlsx", _lying, "unpacks to more than 600 MB"),
    "entity": ("x.xlsx", lambda path: _in_sheet(path, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'), "declares a document type"),
    "entity in UTF-16": ("x.xlsx", lambda path: _workbook(path, **{"xl/x.xml": '<?x?><!doctype y>'.encode("utf-16")}), "declares a document type"),
    "encrypted part": ("x.xlsx", _encrypted, "protected by a password"),
    "far cell": ("x.xlsx", lambda path: _rows(path, FAR), "spreads .* over 1,048,576 rows"),
    "endless cell": ("x.xlsx", lambda path: _rows(path, b"<row><c><v>" + os.urandom(3_000_000).hex().encode() + b"</v></c></row>"), "a cell of more"),
    "formula without value": ("x.xlsx", lambda path: _rows(path, b'<row r="3"><c r="B3" s="1"><f>A1</f></c></row>'), "formula in cell B3"),
    "formula with empty value": ("x.xlsx", lambda path: _rows(path, b'<row r="3"><c r="B3"><f t="shared" si="0"/><v/></c></row>'), "in cell B3"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_soon_and_with_the_reason(name: str, tmp_path: Path) -> None:
    file, make, words = ATTACKS[name]
    path = make(tmp_path / file)
    for ask in (files.read, files.column_names):
        started = time.monotonic()
        with pytest.raises(DataError, match=words) as caught:
            ask(path, layouts.heading_row)
        assert time.monotonic() - started < SOON
        assert "\n" not in str(caught.value)
        assert path.name in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


CHILD = """
import resource, sys, time
from pathlib import Path
from analytics.exc import DataError
from data import files, layouts
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
for path in sys.argv[1:]:
    try:
        files.read(Path(path), layouts.heading_row)
    except DataError:
        continue
    sys.exit(f"{path} was read")
print(peak() - before)
"""

LARGE = ("10 GB", "no line end", "a million columns", "zero bytes far down", "open quotation mark, large", "60 million rows", "bomb", "lying bomb", "far cell", "cells without places")  # fmt: skip


def test_refusing_takes_little_memory(tmp_path: Path) -> None:
    paths = []
    for index, name in enumerate(LARGE):
        (tmp_path / str(index)).mkdir()
        file, make, _ = ATTACKS[name]
        paths.append(make(tmp_path / str(index) / file))
    done = subprocess.run([sys.executable, "-c", CHILD, *map(str, paths)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 400


def test_parquet_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pl.DataFrame({"a": range(10_000)}).write_parquet(tmp_path / "x.parquet")
    monkeypatch.setattr(guards, "MOST_PARQUET_BYTES", 5_000)
    with pytest.raises(DataError, match=r"unpacks to 0\.0 GB"):
        guards.check(tmp_path / "x.parquet")


def test_what_a_workbook_says_of_its_size_is_enough_to_refuse_it(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "x.xlsx")
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 700_000_000)
    with pytest.raises(DataError, match="unpacks to more than 600 MB"):
        guards.check(_write(path, bytes(content)))
    content[at + 24 : at + 28] = struct.pack("<I", 5_000)
    with pytest.raises(DataError, match="and says 5,000"):
        guards.check(_write(path, bytes(content)))


def test_something_behind_the_end_of_a_workbook(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "x.xlsx")
    with pytest.raises(DataError, match="something follows it"):
        guards.check(_write(path, path.read_bytes() + b"x"))


def test_links_out_of_a_folder_and_odd_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    outside = _write(tmp_path / "secret.csv", GOOD)
    inside = _write(tmp_path / "in" / "account.csv", GOOD)
    (tmp_path / "in" / "again.csv").symlink_to(inside)
    assert [path.name for path in files.expand([tmp_path / "in"])] == ["account.csv", "again.csv"]
    (tmp_path / "in" / "port.csv").symlink_to(outside)
    with pytest.raises(DataError, match=r"port\.csv is a link that leads out"):
        files.expand([tmp_path / "in"])
    os.mkfifo(tmp_path / "pipe.csv")
    for odd in ("pipe.csv", "in"):
        with pytest.raises(DataError, match="not an ordinary file"):
            files.read(tmp_path / odd, layouts.heading_row)


# ---------------------------------------------------------------- what looks odd and is well formed

FINE: dict[str, bytes] = {
    "a mark within a value": b'a,b\n1,6" pipe\n2,"a ""good"" one"\n3,""\n',
    "lines within a value": b'a,b\n1,"two\nlines, one ""mark"""\n2,"x"\n',
    "a value that ends early": b'a,b\n1,"A" brand\n2,x\n',
    "three marks": b'a,b\n1,""""\n2,"""x"""\n',
    "no last line end": b'a,b\n1,"x"',
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize("name", FINE)
def test_quotation_marks_that_are_right_pass_however_the_file_is_cut(
    name: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "_PIECE", size)
    scan = guards._Scan(tmp_path / "x.csv", ord(","))
    for piece in guards._pieces(_write(tmp_path / "x.csv", FINE[name])):
        scan.add(piece)
    assert not scan.opened


@pytest.mark.parametrize("size", [64, 1_000, 1 << 20])
def test_a_formula_is_found_however_the_sheet_is_cut(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "_PIECE", size)
    good = b"".join(b'<row r="%d"><c r="A%d"><f>1</f><v>1</v></c><c r="B%d" s="2"/></row>' % (i, i, i) for i in range(3, 400))
    guards.check(_rows(tmp_path / "x.xlsx", good))
    with pytest.raises(DataError, match="cell A300 "):
        guards.check(_rows(tmp_path / "x.xlsx", good.replace(b'<c r="A300"><f>1</f><v>1</v>', b'<c r="A300"><f>1</f><v></v>')))


def test_a_formula_whose_value_is_empty_text_is_calculated(tmp_path: Path) -> None:
    said_to_be_text = b'<row r="3"><c r="B3" t="str"><f>""</f><v></v></c></row>'
    guards.check(_rows(tmp_path / "x.xlsx", said_to_be_text))
    with pytest.raises(DataError, match="cell B3 "):
        guards.check(_rows(tmp_path / "x.xlsx", said_to_be_text.replace(b' t="str"', b"")))


def test_real_files_pass(tmp_path: Path) -> None:
    rows = [entry(i) for i in range(1, 3_000)]
    for path in (write_csv(tmp_path / "x.csv", rows), write_xlsx(tmp_path / "x.xlsx", rows)):
        assert files.read(path, layouts.heading_row).rows.height == 2_999
    assert not re.search("refus", "".join(files.read(tmp_path / "x.csv", layouts.heading_row).notices))
