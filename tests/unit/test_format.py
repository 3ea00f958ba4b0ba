"""Numbers are written one way, in Python and in the browser."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import format as fmt

BOARD_JS = Path(__file__).parents[2] / "ui" / "board" / "board.js"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12480, "12,480"),
        (0, "0"),
        (-1085, "−1,085"),
        (0.5, "1"),
        (2.5, "3"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (-0.2, "0"),
    ],
)
def test_count(value, text):
    assert fmt.count(value) == text


@pytest.mark.parametrize(
    ("value", "short", "long"),
    [
        (1.23e9, "$1.2B", "$1.2 billion"),
        (350e6, "$350M", "$350 million"),
        (999.96e6, "$1.0B", "$1.0 billion"),
        (99.96e6, "$100M", "$100 million"),
        (999.4, "$999", "$999"),
        (999.5, "$1.0K", "$1.0 thousand"),
        (1.9e12, "$1.9T", "$1.9 trillion"),
        (-12400, "−$12.4K", "−$12.4 thousand"),
        (0, "$0", "$0"),
        (4e15, "$4,000T", "$4,000 trillion"),
        (None, "–", "–"),
    ],
)
def test_usd(value, short, long):
    assert fmt.usd(value) == short
    assert fmt.usd(value, long=True) == long


def test_usd_full():
    assert fmt.usd_full(1234567.4) == "$1,234,567"
    assert fmt.usd_full(-12) == "−$12"
    assert fmt.usd_full(None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.969, "96.9%"),
        (1.0, "100.0%"),
        (0.9996, ">99.9%"),
        (0.0, "0.0%"),
        (0.0001, "<0.1%"),
        (-0.0123, "−1.2%"),
        (1.5, "150.0%"),
        (None, "–"),
    ],
)
def test_share_never_rounds_to_all_or_none(value, text):
    assert fmt.share(value) == text


def test_share_without_decimals():
    assert fmt.share(0.85, 0) == "85%"
    assert fmt.share(0.997, 0) == ">99%"


@pytest.mark.parametrize(("value", "text"), [(21, "21 days"), (1, "1 day"), (41.63, "41.6 days"), (0.96, "1 day"), (None, "–")])
def test_days(value, text):
    assert fmt.days(value) == text


def test_dates():
    assert fmt.date(dt.date(2013, 9, 30)) == fmt.date("2013-09-30") == fmt.date(dt.datetime(2013, 9, 30, 5)) == "30 Sep 2013"
    assert fmt.month(dt.date(2013, 9, 1)) == fmt.month("2013-09") == "Sep 2013"
    assert fmt.date(None) == fmt.month(None) == "–"


def test_change_says_direction_and_meaning():
    assert fmt.change(12480, 13565, "count", better="lower") == ("1,085", "down", "good")
    assert fmt.change(0.969, 0.951, "share", better="higher") == ("1.8 pts", "up", "good")
    assert fmt.change(23, 21, "days", better="lower") == ("2 days", "up", "bad")
    assert fmt.change(2e9, 1e9, "usd") == ("$1.0B", "up", "neutral")


def test_a_change_too_small_to_show_is_flat():
    assert fmt.change(0.9690001, 0.969, "share", better="higher") == ("0.0 pts", "flat", "neutral")
    assert fmt.change(None, 1, "count") is None
    assert fmt.relative_change(1_000_001, 1_000_000, better="higher") == ("0.0%", "flat", "neutral")


def test_relative_change():
    assert fmt.relative_change(104.1, 100, better="higher") == ("4.1%", "up", "good")
    assert fmt.relative_change(1.2, 1.0, better="lower") == ("20.0%", "up", "bad")
    assert fmt.relative_change(5, 0) is None
    assert fmt.relative_change(300, 100) == ("200.0%", "up", "neutral")
    assert fmt.relative_change(301, 100, better="lower") == ("from 100", "up", "bad")
    assert fmt.relative_change(4_412, 100) == ("from 100", "up", "neutral")
    assert fmt.relative_change(44.1e6, 1.2e6, kind="usd", better="higher") == ("from $1.2M", "up", "good")
    assert fmt.relative_change(0, 100) == ("100.0%", "down", "neutral")
    assert fmt.relative_change(None, 5) is None


def test_interval_and_sample():
    assert fmt.interval(0.961, 0.974, "share") == "95% interval 96.1–97.4%"
    assert fmt.interval(12, 15, "days") == "95% interval 12–15 days"
    assert fmt.interval(None, 1, "share") == ""
    assert fmt.sample(1234, "lines") == "n = 1,234 lines"
    assert fmt.sample(None) == ""


def test_cell_by_kind():
    assert fmt.cell(1234567.0, "usd") == "$1,234,567"
    assert fmt.cell("2013-09-30", "date") == "30 Sep 2013"
    assert fmt.cell("=SUM(A1)", "text") == "=SUM(A1)"
    assert fmt.cell(None, "count") == "–"


@given(st.floats(-1e15, 1e15))
def test_a_written_count_reads_back_within_half(value):
    assert abs(float(fmt.count(value).replace(",", "").replace("−", "-")) - value) <= 0.5 + abs(value) * 1e-15


_VALUES = [0.0, 0.5, 1.0, 0.05, 0.15, 0.96449999, 0.9995, 0.0005, 12345.5, -0.4, -12345.678, 1e9 + 0.5, 41.65, 0.285, -0.00049]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the browser's rules")
def test_the_browser_writes_the_same():
    source = BOARD_JS.read_text(encoding="utf-8")
    start, end = source.index("const NONE"), source.index("/* ---- The board and its parts")
    asks = [[value, kind] for value in [*_VALUES, None] for kind in ("count", "usd", "share", "days")]
    asks += [["2013-09-30", "date"], ["2013-09", "month"], ["2013-09-01", "month"], [None, "text"], ["<b>", "text"]]
    script = source[start:end] + f"\nconsole.log(JSON.stringify({json.dumps(asks)}.map(([v, k]) => cell(v, k))))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [fmt.cell(value, kind) for value, kind in asks]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the browser's rules")
def test_csv_cells_are_no_formulas():
    source = BOARD_JS.with_name("sheet.js").read_text(encoding="utf-8")
    function = re.search(r"function csvCell.*?\n}\n", source, re.DOTALL)
    assert function is not None
    asks = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain", 'a "b", c', -5, 0.25, None]
    script = function.group(0) + f"console.log(JSON.stringify({json.dumps(asks)}.map(csvCell)))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", '"\'\rx"', "plain", '"a ""b"", c"', "-5", "0.25", ""]
