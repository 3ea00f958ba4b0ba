"""From an ACE Reports ES-003 export to accounts, importers, entries and lines.

The export has one row a tariff ordinal. A line's value and duty are the sums over its ordinals; its tariff number is the
first that is not of chapters 98 and 99, which only modify another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data import routing
from data.identifiers import masked_importer_number
from data.layouts import ES003, fold
from data.validate import HELP, REJECT_SCHEMA, ROW, Checked, Known, check

#: Columns that all rows of one entry must share.
_SHARED: Final = ("entry_type_code", "importer_number", "port_code", "entry_date")

HELP |= {
    "same_in_entry": "Other rows of this entry say otherwise; an entry summary has one value here. Correct the row in the source.",
    "hts_number:heading_known": "The tariff heading is in no Center's industry; add it to the hts_heading table or correct the number.",
}

#: The tables that the rows become, in the order in which they are written.
TABLES: Final = ("account", "importer", "account_center", "entry", "entry_line")


def mapped(raw: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Rename the export's headings to columns; other headings are ignored with a notice."""
    by_heading = {fold(heading.heading): heading.column for heading in ES003}
    known = {name: by_heading[fold(name)] for name in raw.columns if fold(name) in by_heading}
    extra = [name for name in raw.columns if name not in known and name != ROW]
    frame = raw.select(ROW, *known).rename(known)
    if "ordinal" not in frame.columns:
        ordinal = pl.int_range(1, pl.len() + 1).over("entry_number", "line_number").cast(pl.String)
        frame = frame.with_columns(ordinal=ordinal)
    return frame, (f"Columns of the export that are not used: {', '.join(extra)}.",) if extra else ()


def judged(raw: pl.DataFrame, known: Known, headings: pl.DataFrame) -> Checked:
    """Judge the export's rows: their own form, agreement within an entry, and a known tariff heading for each line."""
    frame, notices = mapped(raw)
    filled = pl.any_horizontal(pl.col(name).cast(pl.String).str.strip_chars().fill_null("") != "" for name in frame.columns if name != ROW)
    first = check("es003", frame.filter(filled), known)
    rows = first.accepted
    shared = pl.struct(_SHARED)
    odd = rows.filter(shared != shared.first().over("entry_number", order_by=ROW))
    rejects = [first.rejects, _row_rejects(odd, "same_in_entry", "entry_number")]
    rows = rows.join(odd.select(ROW), on=ROW, how="anti")
    placed = _with_industry(rows, headings)
    homeless = placed.filter(pl.col("industry_code").is_null())
    rejects.append(_row_rejects(rows.join(homeless, on=["entry_number", "line_number"], how="semi"), "hts_number:heading_known", "hts_number"))
    kept = rows.join(homeless, on=["entry_number", "line_number"], how="anti")
    return Checked(kept, pl.concat(rejects).sort("row_number", "rule"), notices + first.notices)


def _row_rejects(rows: pl.DataFrame, rule: str, column: str) -> pl.DataFrame:
    made = rows.select(
        row_number=pl.col(ROW), rule=pl.lit(rule), column_name=pl.lit(column), value=pl.col(column).cast(pl.String), message=pl.lit(HELP[rule])
    )
    return made.cast(REJECT_SCHEMA)  # type: ignore[arg-type]


def lines_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Sum the ordinals of each line.

    Returns:
        `entry_number`, `line_number`, `hts_number`, `origin_code`, `spi_code`, `value_usd`, `duty_usd`.
    """
    modifies = pl.col("hts_number").str.slice(0, 2).is_in(["98", "99"])
    ordered = rows.sort("entry_number", "line_number", modifies, "ordinal")
    return ordered.group_by("entry_number", "line_number", maintain_order=True).agg(
        pl.col("hts_number", "origin_code").first(),
        pl.col("spi_code").drop_nulls().first(),
        pl.col("value_usd", "duty_usd").sum().round(2),
    )


def _with_industry(rows: pl.DataFrame, headings: pl.DataFrame) -> pl.DataFrame:
    """Add the industry of each line; one of chapter 98 or 99 alone takes that of the entry's most valuable goods."""
    lines = routing.line_industry(lines_of(rows), headings)
    main = routing.entry_industry(lines.drop_nulls("industry_code")).rename({"industry_code": "main_industry"})
    return lines.join(main, on="entry_number", how="left").with_columns(pl.coalesce("industry_code", "main_industry")).drop("main_industry")


def tables(rows: pl.DataFrame, store: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Turn judged rows into table rows, merged with what the store already holds of the same entries.

    Args:
        rows: Accepted rows of the export.
        store: The tables `hts_heading`, `center`, `importer`, `account_center`, and of `entry_line` the lines of these entries.

    Returns:
        New accounts, importers and pending assignments, and the entries and lines with their totals, in their contracts' columns.
    """
    lines = _merged(_with_industry(rows, store["hts_heading"]), store["entry_line"])
    heads = rows.sort(ROW).group_by("entry_number", maintain_order=True).agg(pl.col(*_SHARED, "summary_date").first())
    importers = store["importer"].select("importer_number", "importer_id", "account_id")
    new = _new_importers(heads, importers)
    every = pl.concat([importers, new.select(importers.columns)])
    entries = heads.join(every, on="importer_number").drop("importer_number")
    totals = lines.group_by("entry_number").agg(pl.col("value_usd", "duty_usd").sum().round(2), line_count=pl.len().cast(pl.Int64))
    full = entries.join(totals, on="entry_number").join(routing.entry_industry(lines), on="entry_number")
    full = routing.route(routing.program_on(full, store["importer"]), store["account_center"], store["center"])
    none = pl.lit(None)
    return {
        "account": new.select("account_id", account_name=pl.format("Importer {}", masked_importer_number(pl.col("importer_number"))), size_band=none),
        "importer": new.select(
            "importer_id", "importer_number", "account_id", ctpat_tier=none, isa_member=pl.lit(value=False), ctpat_since=none, isa_since=none
        ),
        "account_center": new.select(
            "account_id", "valid_from", center_code=none, status=pl.lit("PENDING"), basis=pl.lit("not yet assigned"), valid_to=none, participating_from=none
        ),
        "entry": full.with_columns(
            filer_code=pl.col("entry_number").str.slice(0, 3),
            mode_code=none,
            fees_usd=pl.lit(0.0),
            scheduled_liquidation_date=routing.scheduled_liquidation(pl.col("entry_date")),
            liquidation_date=none,
            liquidation_type=none,
        ),
        "entry_line": lines,
    }


def _merged(lines: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Add the lines that the store holds of these entries and that the export does not repeat."""
    rest = held.join(lines, on=["entry_number", "line_number"], how="anti").join(lines, on="entry_number", how="semi")
    return pl.concat([lines, rest.select(lines.columns)], how="vertical_relaxed")


def _new_importers(heads: pl.DataFrame, importers: pl.DataFrame) -> pl.DataFrame:
    """Make an importer and an account for each number that is not known; ids follow from the number."""
    unknown = heads.join(importers, on="importer_number", how="anti").group_by("importer_number").agg(valid_from=pl.col("entry_date").min())
    key = pl.col("importer_number").str.replace_all("-", "")
    return unknown.sort("importer_number").with_columns(importer_id=pl.lit("I") + key, account_id=pl.lit("A") + key)
