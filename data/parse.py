"""From text as people and systems write it to typed values: one expression for each kind of column.

A value that cannot be read becomes null beside a raw value that is not blank; `data.validate` turns that into a reject.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from data import identifiers

#: Column -> normalisation of its text before it is judged.
NORMAL: Final = {
    "entry_number": identifiers.normal_entry_number,
    "hts_number": identifiers.normal_hts_number,
    "importer_number": identifiers.normal_importer_number,
}

#: Columns of the code sets that are written with leading zeros; spreadsheets drop them.
PADDED: Final = {"entry_type_code": 2, "mode_code": 2, "port_code": 4, "heading": 4, "chapter": 2, "district_code": 2}

_YES: Final = ("true", "t", "yes", "y", "1")
_NO: Final = ("false", "f", "no", "n", "0")


def clean(column: str) -> pl.Expr:
    """Trim a text column; blanks become null."""
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def parsed(column: str, dtype: pl.DataType) -> pl.Expr:
    """Read a cleaned text column as a type; null where it cannot be read."""
    text = pl.col(column)
    if column in NORMAL:
        return NORMAL[column](text)
    if column in PADDED:
        return _padded(text, PADDED[column])
    if dtype == pl.Date:
        return day(text)
    if isinstance(dtype, pl.Datetime):
        return pl.coalesce(text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False), text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False))
    if dtype.is_float():
        return amount(text)
    if dtype.is_integer():
        return amount(text).pipe(lambda number: pl.when(number == number.round()).then(number)).cast(dtype, strict=False)
    if dtype == pl.Boolean:
        folded = text.str.to_lowercase()
        return pl.when(folded.is_in(_YES)).then(pl.lit(value=True)).when(folded.is_in(_NO)).then(pl.lit(value=False))
    return text


def day(text: pl.Expr) -> pl.Expr:
    """Read a day written as 09/30/2013, 2013-09-30, 20130930 or with a time behind it."""
    alone = text.str.extract(r"^(\S+)")
    return pl.coalesce(alone.str.to_date(form, strict=False) for form in ("%m/%d/%Y", "%Y-%m-%d", "%Y%m%d", "%Y-%m-%dT%H:%M:%S%.f"))


def amount(text: pl.Expr) -> pl.Expr:
    """Read a number with dollar sign, thousands commas, and minus or parentheses: `($1,234.50)` is -1234.5."""
    bare = text.str.replace_all(r"[$,\s]", "")
    negative = bare.str.contains(r"^\(.*\)$")
    number = bare.str.strip_chars("()").cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(pl.when(negative).then(-number).otherwise(number))


def _padded(text: pl.Expr, length: int) -> pl.Expr:
    """Give a code of digits its leading zeros back."""
    return pl.when(text.str.contains(r"^[0-9]+$")).then(text.str.zfill(length)).otherwise(text)
