"""Judging a file's rows by the contract of their table: good rows go on, bad ones to quarantine with the rule they broke."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from analytics.exc import DataError
from data import parse, rules
from data.contracts import CONTRACTS, REFERENCES

#: The column that carries a row's place in its file; row 1 holds the headings.
ROW: Final = "__row"

REJECT_SCHEMA: Final = {"row_number": pl.Int64, "rule": pl.String, "column_name": pl.String, "value": pl.String, "message": pl.String}

#: Longest part of a refused value that is kept.
_SHOWN: Final = 200

#: Of a table, a column and distinct values: which of the values the table holds, each once.
Known = Callable[[str, str, pl.Series], pl.Series]


KEYED_SCHEMA: Final = {ROW: pl.Int64, "row_key": pl.String}


@dataclass(frozen=True)
class Checked:
    """A file's rows, sorted into good and bad; `accepted` keeps `ROW`, and `keyed` gives every row's key as text (null without one) to who asks."""

    accepted: pl.DataFrame
    rejects: pl.DataFrame
    notices: tuple[str, ...] = field(default=())
    keyed: pl.LazyFrame = field(default_factory=lambda: pl.LazyFrame(schema=KEYED_SCHEMA))

    def without(self, found: pl.DataFrame) -> Checked:
        """Take the rows of more records out of the accepted ones."""
        rejects = pl.concat([self.rejects, found]).unique(["row_number", "rule"], keep="first").sort("row_number", "rule")
        return replace(self, accepted=self.accepted.join(found, left_on=ROW, right_on="row_number", how="anti"), rejects=rejects)

    @property
    def rejected_rows(self) -> int:
        """Number of distinct rows in quarantine."""
        return self.rejects["row_number"].n_unique()


def known_from(held: Mapping[tuple[str, str], pl.Series]) -> Known:
    """Answer what is known from series in memory; a table that is not among them is not asked about."""

    def known(table: str, column: str, values: pl.Series) -> pl.Series:
        there = held.get((table, column))
        return values if there is None else values.filter(values.is_in(there.implode()))

    return known


def numbered(frame: pl.DataFrame, first: int = 2) -> pl.DataFrame:
    """Number the rows as a spreadsheet shows them, unless they are numbered."""
    return frame if ROW in frame.columns else frame.with_row_index(ROW, offset=first).with_columns(pl.col(ROW).cast(pl.Int64))


def check(table: str, raw: pl.DataFrame, known: Known) -> Checked:
    """Judge the rows of a file.

    Args:
        table: The table they are for.
        raw: Its rows, text or typed columns in any order.
        known: Answers which keys other tables hold, for the references of this one.

    Raises:
        DataError: the file is not for this table.
    """
    chosen, notices = matched(table, numbered(raw))
    text = chosen.with_columns(_as_text(chosen, name, kind.dtype) for name, kind in _untidy(table, chosen))
    typed = text.with_columns(_typed(text, name, kind.dtype) for name, kind in CONTRACTS[table].columns().items())
    first = typed.select(pl.struct(CONTRACTS[table].primary_key()).is_first_distinct()).to_series()
    parts = [
        *_not_plain(table, chosen),
        *_unreadable(table, text, typed),
        *_broken_rules(table, text, typed if first.all() else typed.filter(first)),
        *_repeated(table, text, typed.clear() if first.all() else typed.filter(~first)),
        *_unknown(table, typed, known),
    ]
    rejects = (
        pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *parts]).unique(["row_number", "rule"], keep="first").sort("row_number", "rule")
    )
    accepted = typed.join(rejects, left_on=ROW, right_on="row_number", how="anti") if rejects.height else typed
    return Checked(accepted, rejects, notices, typed.lazy().select(ROW, row_key=key_text(table)))


def key_text(table: str) -> pl.Expr:
    """Write the key of a row as one text; null when a part of it is missing or unreadable."""
    return pl.concat_str([pl.col(key).cast(pl.String) for key in CONTRACTS[table].primary_key()], separator="|")


def matched(table: str, raw: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Name a file's columns as the contract does, in any order and case; a column that may be empty may be missing.

    Raises:
        DataError: a column that the table cannot do without is missing, or holds lists or bytes.
    """
    columns = CONTRACTS[table].columns()
    found = {name.strip().casefold(): name for name in raw.columns if name != ROW}
    missing = [name for name, kind in columns.items() if not kind.nullable and name not in found]
    if missing:
        words = f"column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise DataError(
            f"The file lacks the {words} of the table “{table}”; it has {', '.join(found.values()) or 'none'}. Add to it and load it again."
        )
    odd = [name for name in columns if name in found and (raw.schema[found[name]].is_nested() or raw.schema[found[name]] == pl.Binary)]
    if odd:
        raise DataError(f"The column {odd[0]} holds {raw.schema[found[odd[0]]]} and not single values; write it as text.")
    extra = [original for name, original in found.items() if name not in columns]
    chosen = [pl.col(found[name]).alias(name) if name in found else pl.lit(None, pl.String).alias(name) for name in columns]
    notices = (f"Columns that the table “{table}” does not have were ignored: {', '.join(extra)}.",) if extra else ()
    return raw.select(ROW, *chosen), notices


def _untidy(table: str, chosen: pl.DataFrame) -> list[tuple[str, Any]]:
    """List the columns that are not clean text already, with their rules."""
    columns = CONTRACTS[table].columns()
    tidy = chosen.select(parse.is_clean(pl.col(name)).all() for name in columns if chosen.schema[name] == pl.String)
    return [(name, kind) for name, kind in columns.items() if name not in tidy.columns or not tidy[name][0]]


def _as_text(raw: pl.DataFrame, name: str, wanted: pl.DataType) -> pl.Expr:
    """Trim text; a column of another kind than wanted is read by way of its text."""
    found = raw.schema[name]
    days = (pl.Date, pl.Datetime)
    fits = found == wanted or (found.is_numeric() and wanted.is_numeric()) or (found in days and wanted in days)
    if fits and found != pl.String:
        return pl.col(name)
    column = pl.col(name)
    if found.is_float():
        column = (
            pl.when(column == column.round()).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        )
    return parse.clean(column).alias(name)


def _typed(text: pl.DataFrame, name: str, wanted: pl.DataType) -> pl.Expr:
    found = text.schema[name]
    column = pl.col(name)
    if found == pl.String:
        return parse.parsed(name, wanted).cast(wanted, strict=False).alias(name)
    if found.is_float():
        column = pl.when(column.is_finite() & ((column == column.round()) if wanted.is_integer() else pl.lit(value=True))).then(column)
    return column.cast(wanted, strict=False).alias(name)


def _unreadable(table: str, text: pl.DataFrame, typed: pl.DataFrame) -> list[pl.DataFrame]:
    """List the values that are there and cannot be read as their column's type."""
    columns = CONTRACTS[table].columns()
    counts = pl.concat([text.select(pl.all().null_count()), typed.select(text.columns).select(pl.all().null_count())])
    parts = []
    for name in (name for name in columns if counts[name][0] != counts[name][1]):
        lost = text.filter(text[name].is_not_null() & typed[name].is_null())
        parts.append(reject_rows(lost, f"{name}:readable", name, rules.message("readable", columns[name])))
    return parts


def _not_plain(table: str, chosen: pl.DataFrame) -> list[pl.DataFrame]:
    """List the texts with characters that would be lost or would hide something."""
    columns = CONTRACTS[table].columns()
    texts = [name for name, kind in columns.items() if kind.dtype == pl.String and chosen.schema[name] == pl.String]
    found = chosen.select(pl.col(texts).str.contains(parse.NOT_PLAIN).any())
    parts = []
    for name in (name for name in texts if found[name][0]):
        odd = chosen.filter(pl.col(name).str.contains(parse.NOT_PLAIN))
        shown = odd.with_columns(pl.col(name).str.replace_all(parse.NOT_PLAIN, "�"))
        parts.append(reject_rows(shown, f"{name}:plain_text", name, rules.message("plain_text")))
    return parts


def _broken_rules(table: str, text: pl.DataFrame, first: pl.DataFrame) -> list[pl.DataFrame]:
    """List the rows, the first of their key, that break a rule of the contract."""
    contract = CONTRACTS[table]
    keys = contract.primary_key()
    _, failure = contract.filter(first.drop(ROW))
    if not failure.counts():
        return []
    broken = failure.details().select(*keys, *failure.counts()).join(first.select(ROW, *keys), on=keys, how="left", nulls_equal=True)
    return [_broken_rule(contract.columns(), name, broken, text, keys[0]) for name in failure.counts()]


def _broken_rule(columns: Mapping[str, Any], name: str, broken: pl.DataFrame, text: pl.DataFrame, key: str) -> pl.DataFrame:
    """List the rows that break one rule, which dataframely names `column|rule` or `rule`."""
    column, _, rule = name.rpartition("|")
    rule = rule.removeprefix("check__")
    at = column or rules.COLUMN_OF_RULE.get(rule, key)
    rows = text.join(broken.filter(pl.col(name).cast(pl.String) == "invalid").select(ROW), on=ROW, how="semi")
    if rule == "nullability":  # a value that cannot be read is listed as such
        rows = rows.filter(pl.col(at).is_null())
    return reject_rows(rows, f"{column}:{rule}" if column else rule, at, rules.message(rule, columns[at]))


def _repeated(table: str, text: pl.DataFrame, again: pl.DataFrame) -> list[pl.DataFrame]:
    """List the rows whose key stood in an earlier row; of a key with a hole in it, the hole is the fault."""
    keys = CONTRACTS[table].primary_key()
    if again.is_empty():
        return []
    whole = again.filter(pl.all_horizontal(pl.col(keys).is_not_null()))
    repeated = reject_rows(whole, "first_of_its_key", keys[0], rules.message("first_of_its_key"))
    blank = text.join(again, on=ROW, how="semi")
    holes = [reject_rows(blank.filter(pl.col(key).is_null()), f"{key}:nullability", key, rules.message("nullability")) for key in keys]
    return [repeated, *holes]


def _unknown(table: str, typed: pl.DataFrame, known: Known) -> list[pl.DataFrame]:
    """List the rows that point to something that is not there."""
    parts = []
    for (source, column), (target, key) in REFERENCES.items():
        if source == table:
            values = typed[column].drop_nulls().unique()
            there = known(target, key, values)
            if there.len() < values.len():
                lost = values.filter(~values.is_in(there.implode()))
                rows = typed.join(lost.to_frame(column), on=column, how="semi")
                parts.append(reject_rows(rows, f"{column}:known", column, rules.KNOWN_HELP.format(table=target)))
    return parts


def reject_rows(rows: pl.DataFrame, rule: str, column: str, message: str) -> pl.DataFrame:
    """Make the quarantine records of rows (with `ROW`) that break a rule at a column; a social security number is masked."""
    shown = pl.col(column).cast(pl.String).str.slice(0, _SHOWN)
    if column == "importer_number":
        shown = parse.masked(shown)
    made = rows.select(row_number=pl.col(ROW), rule=pl.lit(rule), column_name=pl.lit(column), value=shown, message=pl.lit(message))
    return made.cast(REJECT_SCHEMA)  # type: ignore[arg-type]
