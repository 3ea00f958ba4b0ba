"""From text as people and systems write it to typed values: one expression for each kind of column.

A value that cannot be read becomes null beside a raw value that is not blank; `data.validate` turns that into a reject.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

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

#: What no text of a table holds: control characters but tab and line end, marks that turn its direction, and U+FFFD, which
#: stands for bytes that are no character.
NOT_PLAIN: Final = r"[\p{Cc}\x{202A}-\x{202E}\x{2066}-\x{2069}\x{FFFD}&&[^\t\n\r]]"

#: A number: whole thousands groups of one kind, or none, and a point before decimals; or as spreadsheets write large ones.
_GROUPED: Final = "|".join(rf"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+(?:\.[0-9]*)?" for mark in (",", "['’]", "[ \u00a0\u202f\u2009]"))
_NUMBER: Final = rf"(?:{_GROUPED}|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)"
_SIGNED: Final = rf"[-+]?\s?\$?\s?{_NUMBER}|\$\s?[-+]?{_NUMBER}"
_AMOUNT: Final = rf"^(?:{_SIGNED}|\(\$?\s?{_NUMBER}\)|\$\s?\({_NUMBER}\))$"

_YES: Final = ("true", "t", "yes", "y", "1")
_NO: Final = ("false", "f", "no", "n", "0")


def clean(column: pl.Expr) -> pl.Expr:
    """Write a column as trimmed text; blanks become null.

    A zero byte, which databases do not take, goes as well; the rule `plain_text` refuses the row that has one.
    """
    text = column.cast(pl.String).str.replace_all("\0", "", literal=True).str.strip_chars()
    return pl.when(text != "").then(text)


def is_clean(column: pl.Expr) -> pl.Expr:
    """Say whether `clean` would leave a text as it is; asking is much cheaper than writing."""
    return (column.str.strip_chars() == column) & (column != "") & ~column.str.contains("\0", literal=True)


def masked(column: pl.Expr) -> pl.Expr:
    """Hide what may be a social security number, well or badly written, but for its last four characters."""
    may_be_social = column.str.contains(r"^\s*[0-9]{3}[\s-]?[0-9]{2}[\s-]?[0-9]{4}")
    return pl.when(may_be_social).then(pl.lit("***-**-") + column.str.tail(4)).otherwise(column)


def parsed(column: str, dtype: pl.DataType) -> pl.Expr:
    """Read a cleaned text column as a type; null where it cannot be read."""
    text = pl.col(column)
    if column in NORMAL:
        return NORMAL[column](text)
    if column in PADDED:
        return _padded(text, PADDED[column])
    reader = _READERS.get(dtype.base_type())
    return reader(text) if reader else text


def day(text: pl.Expr) -> pl.Expr:
    """Read a day written as 09/30/2013, 2013-09-30 or 20130930, with or without a time behind it; a year has four digits."""
    alone = text.str.extract(r"^(\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2}|\d{8})(?:[T ]\S.*)?$")
    return pl.coalesce(alone.str.to_date(form, strict=False) for form in ("%m/%d/%Y", "%Y-%m-%d", "%Y%m%d"))


def amount(text: pl.Expr) -> pl.Expr:
    """Read a number with dollar sign, whole thousands groups, and sign or parentheses: `($1,234.50)` is -1234.5.

    `12,5` and `1.234,50` are not read: where a comma may be a decimal point, ten times too much is worse than nothing.
    """
    negative = text.str.contains(r"^[^0-9.]*[-(]")
    number = text.str.extract(r"([0-9.].*)").str.replace_all(r"[^0-9.eE+-]", "").cast(pl.Float64, strict=False)
    return pl.when(text.str.contains(_AMOUNT) & number.is_finite()).then(pl.when(negative).then(-number).otherwise(number))


def _padded(text: pl.Expr, length: int) -> pl.Expr:
    """Give a code of digits its leading zeros back."""
    return pl.when(text.str.contains(r"^[0-9]+$")).then(text.str.zfill(length)).otherwise(text)


def _moment(text: pl.Expr) -> pl.Expr:
    """Read a moment in ISO form, with a space or a T."""
    return pl.coalesce(
        text.str.to_datetime(form, strict=False, time_unit="us") for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
    )


def _whole(text: pl.Expr) -> pl.Expr:
    """Read a whole number; `12.0` is one and `12.5` is none."""
    number = amount(text)
    return pl.when(number == number.round()).then(number)


def _yes_or_no(text: pl.Expr) -> pl.Expr:
    folded = text.str.to_lowercase()
    return pl.when(folded.is_in(_YES)).then(pl.lit(value=True)).when(folded.is_in(_NO)).then(pl.lit(value=False))


_READERS: Final[dict[Any, Callable[[pl.Expr], pl.Expr]]] = {
    pl.Date: day,
    pl.Datetime: _moment,
    pl.Float64: amount,
    pl.Int64: _whole,
    pl.Boolean: _yes_or_no,
}
