"""Lists as CSV: every row, what it is and from when above the heads, and nothing that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import polars as pl
import pytest

from ui import accounts, sheet, worklist
from ui.sheet import csv_of, with_units

HEADS = {"account": "Account", "age_days": "Gross age (days)", "due_date": "Due"}

FRAME = pl.DataFrame(
    {
        "account": ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", "\ttab", "Plain, with comma", 'said "so"', None],
        "age_days": [1, -2, 3, 4, 5, 6, 7, None],
        "due_date": [dt.date(2013, 9, 30)] * 7 + [None],
        "left_out": ["x"] * 8,
    }
)


def test_formulas_become_text_and_numbers_stay_numbers() -> None:
    written = csv_of(FRAME, HEADS, ["Open on 30 Sep 2013, all", "Synthetic data\n=1"]).decode()
    assert written.startswith("\ufeff# Centerline\r\n")
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"))))
    assert rows[1:3] == [["# Open on 30 Sep 2013, all"], ["# Synthetic data =1"]]
    assert rows[3] == ["Account", "Gross age (days)", "Due"]
    body = rows[4:]
    assert len(body) == FRAME.height
    assert [row[0] for row in body] == [
        "'=cmd|' /C calc'!A0", "'+1", "'-2", "'@SUM(A1)", "'\ttab", "Plain, with comma", 'said "so"', "",
    ]  # fmt: skip
    assert [row[1] for row in body] == ["1", "-2", "3", "4", "5", "6", "7", ""]
    assert body[0][2] == "2013-09-30"


def test_days_and_flags_are_written_alike_in_every_file() -> None:
    frame = pl.DataFrame({"day": [dt.date(2013, 9, 30)], "flag": [True], "share": [0.125], "name": ["=1"]})
    assert csv_of(frame, {name: f"={name}" for name in frame.columns}, []).decode().splitlines()[1:] == [
        "'=day,'=flag,'=share,'=name",
        "2013-09-30,true,0.125,'=1",
    ]


def test_the_browser_and_the_server_take_the_same_texts_for_formulas() -> None:
    source = (Path(sheet.__file__).parent / "board" / "sheet.js").read_text(encoding="utf-8")
    begins = re.findall(r"/\^(\[[^/]*\])/\.test\(text\)", source)
    assert begins == [sheet._FORMULA.pattern]
    assert sum("[=+" in path.read_text(encoding="utf-8") for path in Path(sheet.__file__).parent.rglob("*.py")) == 1


def test_no_rows_leave_the_heads() -> None:
    assert csv_of(FRAME.clear(), {"account": "Account"}, []).decode() == "\ufeff# Centerline\r\nAccount\r\n"


@pytest.mark.parametrize("heads", [worklist.HEADS, accounts.HEADS])
def test_heads_of_a_file_are_those_of_the_screen_with_their_units(heads: dict[str, str]) -> None:
    written = with_units(heads)
    assert list(written) == list(heads)
    assert len(set(written.values())) == len(heads)
    assert all(said.startswith(heads[name]) and "_" not in said for name, said in written.items())
    money = [said for name, said in written.items() if name.endswith("_usd")]
    assert money
    assert all(said.endswith("(US dollars)") for said in money)
    assert written.get("age_days", "Gross age (days)") == "Gross age (days)"
    assert written.get("found_share", "Found something (0–1)") == "Found something (0–1)"
