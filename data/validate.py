"""Judging a file's rows by the contract of their table: good rows go on, bad ones to quarantine with the rule they broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from analytics.exc import DataError
from data import parse
from data.contracts import CONTRACTS, REFERENCES

#: The column that carries a row's place in its file; row 1 holds the headings.
ROW: Final = "__row"

REJECT_SCHEMA: Final = {"row_number": pl.Int64, "rule": pl.String, "column_name": pl.String, "value": pl.String, "message": pl.String}

#: Rule -> what to do about a row that breaks it.
HELP: Final[dict[str, str]] = {
    "readable": "The value cannot be read as {type}; correct it in the source and load the file again.",
    "nullability": "The column must not be empty; fill it in.",
    "in_code_set": "The code is not in the code set; see the column's codes in docs/definitions.md.",
    "regex": "The value does not have the form of this column; see docs/definitions.md.",
    "max_length": "The text is too long; shorten it.",
    "min": "The number is too small; check its sign.",
    "max": "The number is too large.",
    "first_of_its_key": "An earlier row of the file has the same key; keep one of them.",
    "known": "The value does not exist in the {table} table; load that first or correct the value.",
    "entry_number_check_digit": "The entry number is not 3 characters, 7 digits and the right check digit; copy it again from the entry summary.",
    "importer_number_form": "An importer number is NN-NNNNNNN with two more characters or none, NNN-NN-NNNN, or a number that CBP gave (YYDDPP-NNNNN).",
    "assigned_has_center": "An ASSIGNED account needs the code of its Center.",
    "center_matches_processed_by": "An entry processed by a Center needs its code; one processed by a port has none.",
    "closed_not_before_opened": "The review closed before it opened; check both dates.",
    "closed_matches_status": "A completed or cancelled review needs a closed date, an open one has none.",
    "random_has_stratum": "A review of the random sample needs its stratum.",
    "answered_not_before_received": "It was answered before it came in; check both dates.",
    "responded_not_before_received": "It was answered before it came in; check both dates.",
}

#: Rules over several columns -> the column that a reader should look at.
_COLUMN_OF_RULE: Final[dict[str, str]] = {
    "entry_number_check_digit": "entry_number",
    "importer_number_form": "importer_number",
    "assigned_has_center": "center_code",
    "center_matches_processed_by": "center_code",
    "closed_not_before_opened": "closed_date",
    "closed_matches_status": "closed_date",
    "random_has_stratum": "stratum",
    "answered_not_before_received": "answered_date",
    "responded_not_before_received": "responded_date",
}

_TYPE_WORDS: Final = {"Date": "a date (MM/DD/YYYY or YYYY-MM-DD)", "Float64": "a number", "Int64": "a whole number", "Boolean": "yes or no"}

#: Known keys of the tables that others point to: (table, column) -> values.
Known = Mapping[tuple[str, str], pl.Series]


@dataclass(frozen=True)
class Checked:
    """A file's rows, sorted into good and bad; `accepted` keeps `ROW`."""

    accepted: pl.DataFrame
    rejects: pl.DataFrame
    notices: tuple[str, ...] = field(default=())

    @property
    def rejected_rows(self) -> int:
        """Number of distinct rows in quarantine."""
        return self.rejects["row_number"].n_unique()


def numbered(frame: pl.DataFrame, first: int = 2) -> pl.DataFrame:
    """Number the rows as a spreadsheet shows them."""
    return frame.with_row_index(ROW, offset=first).with_columns(pl.col(ROW).cast(pl.Int64))


def matched(table: str, raw: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Name a file's columns as the contract does, in any order and case; a column that may be empty may be missing.

    Raises:
        DataError: a column that the table cannot do without is missing.
    """
    columns = CONTRACTS[table].columns()
    found = {name.strip().casefold(): name for name in raw.columns if name != ROW}
    missing = [name for name, kind in columns.items() if not kind.nullable and name not in found]
    if missing:
        raise DataError(
            f"The file lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} of the table “{table}”; it has {', '.join(found.values()) or 'none'}."
        )
    extra = [original for name, original in found.items() if name not in columns]
    chosen = [pl.col(found[name]).alias(name) if name in found else pl.lit(None, pl.String).alias(name) for name in columns]
    notices = (f"Columns that the table “{table}” does not have were ignored: {', '.join(extra)}.",) if extra else ()
    return raw.select(ROW, *chosen), notices


def check(table: str, raw: pl.DataFrame, known: Known) -> Checked:
    """Judge the rows of a file.

    Args:
        table: The table they are for.
        raw: Its rows with `ROW`; text or typed columns.
        known: Keys that other tables hold, for the references of this one.

    Raises:
        DataError: the file is not for this table.
    """
    chosen, notices = matched(table, raw)
    text = chosen.with_columns(parse.clean(name) for name in chosen.columns if name != ROW and chosen.schema[name] == pl.String)
    typed = text.with_columns(_typed(text, name, kind.dtype) for name, kind in CONTRACTS[table].columns().items())
    rejects = pl.concat([_unreadable(table, text, typed), _broken_rules(table, text, typed), _repeated(table, typed), _unknown(table, typed, known)])
    bad = rejects["row_number"].unique().implode()
    accepted = typed.filter(~pl.col(ROW).is_in(bad.explode())) if rejects.height else typed
    return Checked(accepted, rejects.unique(["row_number", "rule"], keep="first", maintain_order=True).sort("row_number", "rule"), notices)


def _typed(text: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Expr:
    if text.schema[name] == pl.String:
        return parse.parsed(name, dtype).cast(dtype, strict=False).alias(name)
    if dtype == pl.Date and isinstance(text.schema[name], pl.Datetime):
        return pl.col(name).dt.date().alias(name)
    if dtype == pl.String:
        return parse.parsed(name, dtype).alias(name) if text.schema[name] == pl.String else pl.col(name).cast(pl.String, strict=False).alias(name)
    return pl.col(name).cast(dtype, strict=False).alias(name)


def _unreadable(table: str, text: pl.DataFrame, typed: pl.DataFrame) -> pl.DataFrame:
    """List the values that are there and cannot be read as their column's type."""
    parts = []
    for name, kind in CONTRACTS[table].columns().items():
        lost = text[name].is_not_null() & typed[name].is_null()
        if lost.any():
            words = _TYPE_WORDS.get(str(kind.dtype), "this type")
            parts.append(_rejects(text.filter(lost), f"{name}:readable", name, name, HELP["readable"].format(type=words)))
    return _joined(parts)


def _broken_rules(table: str, text: pl.DataFrame, typed: pl.DataFrame) -> pl.DataFrame:
    """List the rows that break a rule of the contract; a repeated key is told apart elsewhere."""
    contract = CONTRACTS[table]
    first = typed.filter(pl.struct(contract.primary_key()).is_first_distinct())
    # The checks run on the contract's own columns; the row numbers are joined back by position.
    _, failure = contract.filter(first.drop(ROW))
    if not failure.counts():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    keys = contract.primary_key()
    details = failure.details().select(*keys, *failure.counts())
    placed = details.join(first.select(ROW, *keys), on=keys, how="left", nulls_equal=True)
    originals = text.rename({name: f"raw__{name}" for name in text.columns if name != ROW})
    parts = []
    for name in failure.counts():
        column, _, rule = name.rpartition("|")
        rule = rule.removeprefix("check__")
        column = column or _COLUMN_OF_RULE.get(rule, keys[0])
        broken = placed.filter(pl.col(name).cast(pl.String) == "invalid").select(ROW).join(originals, on=ROW)
        if rule == "nullability":
            broken = broken.filter(pl.col(f"raw__{column}").is_null())
        parts.append(_rejects(broken, _rule_id(rule, column), column, f"raw__{column}", HELP.get(rule, "The value breaks the column's rule; correct it.")))
    return _joined(parts)


def _rule_id(rule: str, column: str) -> str:
    return rule if rule in _COLUMN_OF_RULE else f"{column}:{rule}"


def _repeated(table: str, typed: pl.DataFrame) -> pl.DataFrame:
    keys = CONTRACTS[table].primary_key()
    again = typed.filter(~pl.struct(keys).is_first_distinct())
    return _rejects(again, "first_of_its_key", keys[0], keys[0], HELP["first_of_its_key"])


def _unknown(table: str, typed: pl.DataFrame, known: Known) -> pl.DataFrame:
    """List the rows that point to something that is not there."""
    parts = []
    for (source, column), target in REFERENCES.items():
        if source == table and target in known:
            values = known[target].unique()
            lost = typed.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(values.implode()))
            parts.append(_rejects(lost, f"{column}:known", column, column, HELP["known"].format(table=target[0])))
    return _joined(parts)


def _rejects(rows: pl.DataFrame, rule: str, column: str, value: str, message: str) -> pl.DataFrame:
    shown = pl.col(value).cast(pl.String).str.slice(0, 200)
    return rows.select(row_number=pl.col(ROW), rule=pl.lit(rule), column_name=pl.lit(column), value=shown, message=pl.lit(message))


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts) if parts else pl.DataFrame(schema=REJECT_SCHEMA)
