"""Entry numbers, importer numbers and tariff numbers against published examples."""

from __future__ import annotations

import polars as pl
import pytest

from data import identifiers as ids

#: Entry numbers whose check digit is published or was worked out by hand.
NUMBERS = [
    "ABC-1234567-6",
    "999-9999999-0",
    "ABC-9999999-9",
    "336-1234567-9",
    "B76-0324527-8",
    "S00-0000001-6",
    "Z99-7654321-7",
    "XJ5-2008936-9",
]


def _one(expression: pl.Expr, value: str | None) -> object:
    return pl.DataFrame({"value": [value]}, schema={"value": pl.String}).select(expression).item()


def _valid(number: str | None) -> object:
    return _one(ids.entry_number_is_valid(pl.col("value")), number)


@pytest.mark.parametrize("number", NUMBERS)
def test_published_check_digits(number: str) -> None:
    filer, sequence, digit = number.split("-")
    assert ids.entry_check_digit(filer, sequence) == int(digit)
    assert _valid(number.replace("-", "")) is True


@pytest.mark.parametrize("number", NUMBERS)
def test_every_wrong_digit_is_caught(number: str) -> None:
    plain = number.replace("-", "")
    wrong = [plain[:i] + str(digit) + plain[i + 1 :] for i in range(3, 11) for digit in range(10) if str(digit) != plain[i]]
    frame = pl.DataFrame({"value": wrong})
    assert not frame.select(ids.entry_number_is_valid(pl.col("value")).any()).item()


@pytest.mark.parametrize(
    "number", ["", "ABC1234567", "ABC123456766", "ABC-1234567-6", "abc12345676", "ABC12345 76", "ÄBC12345676", "ABC1234567X"]
)
def test_what_is_no_entry_number(number: str) -> None:
    assert _valid(number) is False


def test_a_missing_number_is_neither_right_nor_wrong() -> None:
    assert _valid(None) is None


@pytest.mark.parametrize("written", ["abc-1234567-6", " ABC 1234567 6 ", "ABC12345676", "Abc-12345676"])
def test_an_entry_number_is_read_however_it_is_written(written: str) -> None:
    assert _one(ids.normal_entry_number(pl.col("value")), written) == "ABC12345676"


def test_an_entry_number_is_shown_as_the_trade_writes_it() -> None:
    assert _one(ids.shown_entry_number(pl.col("value")), "ABC12345676") == "ABC-1234567-6"


@pytest.mark.parametrize("number", ["12-3456789", "12-345678900", "12-3456789A1", "123-45-6789", "130901-12345", "13AB01-12345"])
def test_importer_numbers_that_are_right(number: str) -> None:
    assert _one(ids.importer_number_is_valid(pl.col("value")), number) is True


@pytest.mark.parametrize(
    "number", ["", "123456789", "12-345678", "12-3456789-00", "123-456-789", "12-3456789abc", "1309011-2345", "12-34567890", "x12-3456789"]
)
def test_importer_numbers_that_are_wrong(number: str) -> None:
    assert _one(ids.importer_number_is_valid(pl.col("value")), number) is False


@pytest.mark.parametrize(
    ("number", "shown"), [("123-45-6789", "***-**-6789"), ("12-345678900", "12-345678900"), ("130901-12345", "130901-12345")]
)
def test_a_social_security_number_is_masked_and_nothing_else(number: str, shown: str) -> None:
    assert _one(ids.masked_importer_number(pl.col("value")), number) == shown


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8471.30.0100", "8471300100"),
        ("8471.30.01", "8471300100"),
        ("8471300100", "8471300100"),
        ("0901 21 0010", "0901210010"),
        ("8471.30", "847130"),
    ],
)
def test_tariff_numbers(written: str, read: str) -> None:
    assert _one(ids.normal_hts_number(pl.col("value")), written) == read
