"""Amounts as people and systems write them: read exactly, or not at all."""

from __future__ import annotations

import polars as pl
import pytest

from data import parse, rules, validate
from data.contracts import CONTRACTS

READ = {
    "1234.5": 1234.5,
    "1,234,567.89": 1_234_567.89,
    "$1,234.50": 1234.5,
    "$ 5": 5,
    "-5": -5,
    "+5": 5,
    "-$5.25": -5.25,
    "$-5.25": -5.25,
    "(5)": -5,
    "($1,234.50)": -1234.5,
    "$(7)": -7,
    "1 234 567.89": 1_234_567.89,
    "1\u00a0234.5": 1234.5,
    "1\u202f234": 1234,
    "1'234.50": 1234.5,
    "1’234": 1234,
    "1.5E+06": 1_500_000,
    "2e-3": 0.002,
    ".5": 0.5,
    "5.": 5,
    "0": 0,
    "007": 7,
}

NOT_READ = ["12,5", "1.234,50", "1,23,4", "1,2345", "0,123", ",5", "1,234,5", "12,345 678", "1 23", "1.2.3", "(-5)", "(5", "5)", "--5", "5-", "$", "", "abc", "12 apples", "nan", "inf", "1e400", "1_000", "½", "١٢", "1e", "€5", "1,234e3", "0x10"]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_it_is_read(text: str) -> None:
    assert pl.select(parse.amount(pl.lit(text))).item() == READ[text]


@pytest.mark.parametrize("text", NOT_READ)
def test_it_is_not_read(text: str) -> None:
    assert pl.select(parse.amount(pl.lit(text))).item() is None


def _target(**changes: list[str]) -> validate.Checked:
    rows = {"metric_id": ["m", "n"], "center_code": ["ALL", "ALL"], "valid_from": ["2012-01-01"] * 2, "target_value": ["1", "2"]}
    return validate.check("target", pl.DataFrame(rows | changes), validate.known_from({}))


def test_a_decimal_comma_is_refused_with_what_is_expected() -> None:
    checked = _target(target_value=["12,5", "12.5"])
    assert checked.accepted["target_value"].to_list() == [12.5]
    assert checked.rejects.select("row_number", "rule", "value").rows() == [(2, "target_value:readable", "12,5")]
    assert "decimal point, and thousands commas" in checked.rejects["message"][0]


@pytest.mark.parametrize("odd", ["\x00", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\u202e", "\ufffd"])
@pytest.mark.parametrize("form", ["a{}b", "{}ab", "ab{}"])
def test_text_that_is_not_plain_is_refused_and_shown_without_harm(odd: str, form: str) -> None:
    checked = _target(metric_id=[form.format(odd), "two\r\nlines\tand a tab"])
    assert checked.accepted["metric_id"].to_list() == ["two\r\nlines\tand a tab"]
    assert checked.rejects.select("row_number", "rule", "value").rows() == [(2, "metric_id:plain_text", form.format("�"))]


def test_what_a_refused_number_is_told_names_its_form() -> None:
    message = rules.message("readable", CONTRACTS["entry"].columns()["value_usd"])
    assert "1,234.50" in message
