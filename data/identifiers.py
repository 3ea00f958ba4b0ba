"""Entry numbers, importer numbers and tariff numbers: their form and their check digit, as Polars expressions.

Sources: CATAIR appendix E (entry number and check digit), CBP Form 5106 (importer number), HTSUS (tariff number).
"""

from __future__ import annotations

import functools
from typing import Final

import polars as pl

ENTRY_FORM: Final = r"^[0-9A-Z]{3}[0-9]{8}$"

#: An employer number with or without its two-character suffix, a social security number, or a number that CBP gave.
IMPORTER_FORM: Final = r"^[0-9]{2}-[0-9]{7}([A-Z0-9]{2})?$|^[0-9]{3}-[0-9]{2}-[0-9]{4}$|^[0-9]{2}[A-Z0-9]{4}-[0-9]{5}$"


def _letter_value(letter: str) -> int:
    """Value of a filer-code letter: A-I and J-R are 1-9, S-Z are 2-9."""
    return (ord(letter) - 65) % 9 + 1 if letter < "S" else ord(letter) - ord("S") + 2


_VALUES: Final = {str(digit): digit for digit in range(10)} | {chr(c): _letter_value(chr(c)) for c in range(65, 91)}
_DOUBLED: Final = {char: 2 * value - 9 if value > 4 else 2 * value for char, value in _VALUES.items()}


def entry_check_digit(filer_code: str, sequence: str) -> int:
    """Return the check digit of a three-character filer code and a seven-digit sequence (CATAIR appendix E)."""
    weights = (_VALUES, _DOUBLED)
    return -sum(weights[i % 2][char] for i, char in enumerate(filer_code + sequence)) % 10


def normal_entry_number(column: pl.Expr) -> pl.Expr:
    """Strip dashes and spaces and upper-case: `abc-1234567-6` becomes `ABC12345676`."""
    return column.str.replace_all(r"[\s-]", "").str.to_uppercase()


def shown_entry_number(column: pl.Expr) -> pl.Expr:
    """Write an 11-character entry number as the trade does: `ABC-1234567-6`."""
    return pl.concat_str([column.str.slice(0, 3), column.str.slice(3, 7), column.str.slice(10, 1)], separator="-")


def entry_number_is_valid(column: pl.Expr) -> pl.Expr:
    """True where an 11-character entry number has its form and the right check digit; null where it is null."""
    parts = (column.str.slice(i, 1).replace_strict(_DOUBLED if i % 2 else _VALUES, default=0, return_dtype=pl.Int32) for i in range(10))
    total = functools.reduce(lambda left, right: left + right, parts)
    last = column.str.slice(10, 1).cast(pl.Int32, strict=False)
    return column.str.contains(ENTRY_FORM) & ((total + last) % 10 == 0)


def normal_importer_number(column: pl.Expr) -> pl.Expr:
    """Trim and upper-case an importer number."""
    return column.str.strip_chars().str.to_uppercase()


def importer_number_is_valid(column: pl.Expr) -> pl.Expr:
    """True where an importer number has one of its three forms."""
    return column.str.contains(IMPORTER_FORM)


def masked_importer_number(column: pl.Expr) -> pl.Expr:
    """Hide a social security number but for its last four digits; other numbers stay."""
    social = column.str.contains(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$")
    return pl.when(social).then(pl.lit("***-**-") + column.str.slice(7)).otherwise(column)


def normal_hts_number(column: pl.Expr) -> pl.Expr:
    """Strip dots and spaces; an eight-digit rate line is written with the statistical suffix `00`."""
    digits = column.str.replace_all(r"[\s.]", "")
    return pl.when(digits.str.len_chars() == 8).then(digits + "00").otherwise(digits)
