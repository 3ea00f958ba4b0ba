"""Lists as CSV: every row, what it is and from when above the heads, and nothing that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import datetime as dt
import io

import polars as pl

from ui.sheet import csv_of

FRAME = pl.DataFrame(
    {
        "account": ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", "\ttab", "Plain, with comma", 'said "so"', None],
        "age_days": [1, -2, 3, 4, 5, 6, 7, None],
        "due_date": [dt.date(2013, 9, 30)] * 7 + [None],
        "left_out": ["x"] * 8,
    }
)


def test_formulas_become_text_and_numbers_stay_numbers() -> None:
    written = csv_of(FRAME, ["account", "age_days", "due_date"], ["Open on 30 Sep 2013, all", "Synthetic data\n=1"]).decode()
    assert written.startswith("\ufeff# Centerline\r\n")
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"))))
    assert rows[1:3] == [["# Open on 30 Sep 2013, all"], ["# Synthetic data =1"]]
    assert rows[3] == ["account", "age_days", "due_date"]
    body = rows[4:]
    assert len(body) == FRAME.height
    assert [row[0] for row in body] == [
        "'=cmd|' /C calc'!A0", "'+1", "'-2", "'@SUM(A1)", "'\ttab", "Plain, with comma", 'said "so"', "",
    ]  # fmt: skip
    assert [row[1] for row in body] == ["1", "-2", "3", "4", "5", "6", "7", ""]
    assert body[0][2] == "2013-09-30"


def test_no_rows_leave_the_heads() -> None:
    assert csv_of(FRAME.clear(), ["account"], []).decode() == "\ufeff# Centerline\r\naccount\r\n"
