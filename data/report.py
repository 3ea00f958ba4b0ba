"""From a customised entry summary report to what the store lacks of its entries: lines, fees, and importers' names.

The report has one row a line and says neither port nor entry date, so that it only completes entries that the store holds;
who processes and who decides stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data import ace, rules
from data.contracts import TABLES
from data.layouts import REPORTS
from data.validate import ROW, Checked, Known, check, numbered, reject_rows

CONTRACT: Final = "entry_summary_report"

#: Columns that all rows of one entry must share.
_SHARED: Final = ("entry_type_code", "importer_number", "total_mpf_usd")

#: Columns of an entry that the report can change.
_TOTALS: Final = ("value_usd", "duty_usd", "line_count", "industry_code")


def judged(raw: pl.DataFrame, known: Known, store: Mapping[str, pl.DataFrame]) -> Checked:
    """Judge the report's rows: their own form, an entry that is known, agreement within it, and a known tariff heading.

    Args:
        raw: Rows under the report's own headings.
        known: Answers which entry numbers the store holds.
        store: The table `hts_heading`.
    """
    frame, notices = ace.mapped(numbered(raw), REPORTS[CONTRACT].used)
    first = check(CONTRACT, frame, known)
    numbers = first.accepted["entry_number"].unique()
    held = known("entry", "entry_number", numbers)
    strange = first.accepted.filter(~pl.col("entry_number").is_in(held.unique().implode()))
    rows = first.accepted.join(strange, on=ROW, how="anti")
    odd = ace.disagreeing(rows, _SHARED)
    rejects = [
        reject_rows(strange, "entry_known", "entry_number", rules.message("entry_known")),
        reject_rows(odd, "same_in_entry", "entry_number", rules.message("same_in_entry")),
    ]
    return ace.sorted_out(first, _one_ordinal(rows.join(odd, on=ROW, how="anti")), rejects, store["hts_heading"], notices)


def tables(rows: pl.DataFrame, store: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Turn judged rows into table rows, merged with what the store already holds of the same entries.

    Args:
        rows: Accepted rows of the report.
        store: The table `hts_heading`, and of `account`, `importer`, `entry` and `entry_line` what belongs to these entries.

    Returns:
        Accounts that get their name, and the entries and lines with their totals, in the order in which they are written.
    """
    lines = ace.merged(ace.with_industry(_one_ordinal(rows), store["hts_heading"]), store["entry_line"])
    heads = ace.totalled(_heads(rows), lines)
    return {"account": _named(rows, store), "entry": _completed(heads, store["entry"]), "entry_line": lines}


def _one_ordinal(rows: pl.DataFrame) -> pl.DataFrame:
    """Write each row as the one tariff ordinal of its line, as the other report has them."""
    return rows.with_columns(ordinal=pl.lit(1, pl.Int64))


def _heads(rows: pl.DataFrame) -> pl.DataFrame:
    """Make one row an entry, with its fees: what was paid for the whole entry, else the sum of its lines; null where none is said."""
    said = pl.col("total_mpf_usd", "mpf_usd", "hmf_usd").is_not_null().any()
    grouped = rows.sort(ROW).group_by("entry_number", maintain_order=True)
    heads = grouped.agg(
        pl.col("summary_date").drop_nulls().first(),
        processing=pl.coalesce(pl.col("total_mpf_usd").first(), pl.col("mpf_usd").sum()),
        harbor=pl.col("hmf_usd").sum(),
        said=pl.max_horizontal(said),
    )
    fees = pl.when("said").then((pl.col("processing") + pl.col("harbor")).round(2))
    return heads.select("entry_number", "summary_date", fees_usd=fees)


def _completed(heads: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Put the report's totals into the entries as the store has them; what the report does not say stays."""
    said = heads.rename({name: f"{name}_said" for name in heads.columns if name != "entry_number"})
    full = held.join(said, on="entry_number", maintain_order="left")
    changed = [pl.coalesce(f"{name}_said", name).alias(name) for name in ("summary_date", "fees_usd", *_TOTALS)]
    return full.with_columns(changed).select(TABLES["entry"].column_names())


def _named(rows: pl.DataFrame, store: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Give accounts that are named after their importer's number the importer's name."""
    names = rows.sort(ROW).drop_nulls("importer_name").unique("importer_number", keep="first", maintain_order=True)
    holders = names.select("importer_number", "importer_name").join(store["importer"], on="importer_number")
    unnamed = store["account"].join(holders.select("account_id", "importer_number", "importer_name"), on="account_id")
    found = unnamed.filter(pl.col("account_name") == ace.placeholder_name()).unique("account_id", keep="first", maintain_order=True)
    return found.with_columns(account_name="importer_name").select(store["account"].columns)
