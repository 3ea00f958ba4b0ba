"""From an ACE Reports ES-003 export to accounts, importers, entries and lines.

The export has one row a tariff ordinal. A line's value and duty are the sums over its ordinals; its tariff number is the
first that is not of chapters 98 and 99, which only modify another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from data import parse, routing, rules
from data.identifiers import masked_importer_number
from data.layouts import ES003, Heading, fold
from data.validate import ROW, Checked, Known, check, numbered, reject_rows

#: Columns that all rows of one entry must share.
_SHARED: Final = ("entry_type_code", "importer_number", "port_code", "entry_date")

#: What the export does not say of an entry; what the store holds of it stays.
_KEPT: Final = (
    "mode_code",
    "fees_usd",
    "scheduled_liquidation_date",
    "liquidation_date",
    "liquidation_type",
    "extension_count",
    "suspended_date",
    "suspension_lifted_date",
)

LINE: Final = ("entry_number", "line_number")
_MODIFIERS: Final = ("98", "99")


def mapped(raw: pl.DataFrame, headings: Sequence[Heading] = ES003) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Rename a report's headings to columns; other headings are ignored with a notice."""
    by_heading = {fold(heading.heading): heading.column for heading in headings}
    known = {name: by_heading[fold(name)] for name in raw.columns if fold(name) in by_heading}
    extra = [name for name in raw.columns if name not in known and name != ROW]
    return raw.select(ROW, *known).rename(known), (f"Columns of the export that are not used: {', '.join(extra)}.",) if extra else ()


def judged(raw: pl.DataFrame, known: Known, store: Mapping[str, pl.DataFrame]) -> Checked:
    """Judge the export's rows: their own form, agreement within an entry, and a known tariff heading for each line.

    Args:
        raw: Rows under the export's own headings.
        known: Answers which keys other tables hold.
        store: The table `hts_heading`.
    """
    frame, notices = mapped(numbered(raw))
    if "ordinal" not in frame.columns:
        frame = frame.with_columns(ordinal=pl.int_range(1, pl.len() + 1).over(LINE))
    first = check("es003", frame, known)
    odd = disagreeing(first.accepted, _SHARED)
    rows = first.accepted.join(odd, on=ROW, how="anti")
    refused = reject_rows(odd, "same_in_entry", "entry_number", rules.message("same_in_entry"))
    return _whole_lines(sorted_out(first, rows, [refused], store["hts_heading"], notices), frame)


def _whole_lines(checked: Checked, frame: pl.DataFrame) -> Checked:
    """Refuse the other ordinals of a line of which one is refused: a part of a line would pass for all of it.

    Where the line of a refused row cannot be read, its whole entry waits.
    """
    bad = frame.join(checked.rejects, left_on=ROW, right_on="row_number", how="semi")
    keys = bad.select(parse.clean(pl.col(name)).alias(name) for name in LINE).select(
        entry_number=parse.parsed("entry_number", pl.String()), line_number=parse.parsed("line_number", pl.Int64()).cast(pl.Int64)
    )
    of_lines = checked.accepted.join(keys.drop_nulls().unique(), on=LINE, how="semi")
    unread = keys.filter(pl.col("line_number").is_null()).select("entry_number").drop_nulls().unique()
    of_entries = checked.accepted.join(unread, on="entry_number", how="semi")
    waiting = pl.concat([of_lines, of_entries]).unique(ROW)
    return checked.without(reject_rows(waiting, "line_whole", "line_number", rules.message("line_whole"))) if waiting.height else checked


def disagreeing(rows: pl.DataFrame, shared: Sequence[str]) -> pl.DataFrame:
    """Return the rows that say otherwise than the first row of their entry."""
    each = pl.struct(shared)
    return rows.filter(each.ne_missing(each.first().over("entry_number", order_by=ROW)))


def sorted_out(
    first: Checked, rows: pl.DataFrame, rejects: list[pl.DataFrame], headings: pl.DataFrame, notices: tuple[str, ...]
) -> Checked:
    """Set aside, of the rows that are left, the lines whose tariff heading is not known; give all refused rows their place."""
    homeless = with_industry(rows, headings).filter(pl.col("industry_code").is_null())
    lost = rows.join(homeless, on=LINE, how="semi")
    refused = [first.rejects, *rejects, reject_rows(lost, "heading_known", "hts_number", rules.message("heading_known"))]
    return replace(
        first,
        accepted=rows.join(lost, on=ROW, how="anti"),
        rejects=pl.concat(refused).sort("row_number", "rule"),
        notices=notices + first.notices,
    )


def lines_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Sum the ordinals of each line.

    Returns:
        `entry_number`, `line_number`, `hts_number`, `origin_code`, `spi_code`, `value_usd`, `duty_usd`.
    """
    ordered = rows.sort(*LINE, _modifies(), "ordinal")
    return ordered.group_by(LINE, maintain_order=True).agg(
        pl.col("hts_number", "origin_code").first(),
        pl.col("spi_code").drop_nulls().first(),
        pl.col("value_usd", "duty_usd").sum().round(2),
    )


def _modifies() -> pl.Expr:
    return pl.col("hts_number").str.slice(0, 2).is_in(_MODIFIERS)


def with_industry(rows: pl.DataFrame, headings: pl.DataFrame) -> pl.DataFrame:
    """Add the industry of each line; one of chapter 98 or 99 alone takes that of the entry's most valuable goods."""
    lines = routing.line_industry(lines_of(rows), headings)
    main = routing.entry_industry(lines.drop_nulls("industry_code")).rename({"industry_code": "main_industry"})
    own = pl.when(_modifies()).then(pl.coalesce("industry_code", "main_industry")).otherwise(pl.col("industry_code"))
    return lines.join(main, on="entry_number", how="left").with_columns(industry_code=own).drop("main_industry")


def tables(rows: pl.DataFrame, store: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Turn judged rows into table rows, merged with what the store already holds of the same entries.

    Args:
        rows: Accepted rows of the export.
        store: The tables `hts_heading` and `center`, and of `importer`, `account_center`, `entry` and `entry_line` what
            belongs to these entries.

    Returns:
        New accounts, importers and pending assignments, and the entries and lines with their totals, in the order in which
        they are written.
    """
    lines = merged(with_industry(rows, store["hts_heading"]), store["entry_line"])
    heads = (
        rows.sort(ROW)
        .group_by("entry_number", maintain_order=True)
        .agg(pl.col(_SHARED).first(), pl.col("summary_date").drop_nulls().first())
    )
    new = _new_importers(heads, store["importer"])
    holders = pl.concat([store["importer"].select(new.columns[:3]), new.select(new.columns[:3])])
    entries = totalled(heads.join(holders, on="importer_number").drop("importer_number"), lines)
    routed = routing.route(routing.program_on(entries, store["importer"]), store["account_center"], store["center"])
    return {**_accounts(new), "entry": _completed(routed, store["entry"]), "entry_line": lines}


def merged(lines: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Add the lines that the store holds of these entries and that the export does not repeat."""
    rest = held.join(lines, on=LINE, how="anti").join(lines, on="entry_number", how="semi")
    return pl.concat([lines, rest.select(lines.columns)], how="vertical_relaxed")


def totalled(entries: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Add to entries the totals of their lines and the industry of their most valuable goods."""
    totals = lines.group_by("entry_number").agg(pl.col("value_usd", "duty_usd").sum().round(2), line_count=pl.len().cast(pl.Int64))
    return entries.join(totals, on="entry_number").join(routing.entry_industry(lines), on="entry_number")


def _completed(entries: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Add what the export does not say: from the store where it holds the entry, else nothing, no fees and the ordinary cycle."""
    full = entries.join(held.select("entry_number", *_KEPT, held_summary="summary_date"), on="entry_number", how="left")
    return full.with_columns(
        pl.col("fees_usd").fill_null(0.0),
        filer_code=pl.col("entry_number").str.slice(0, 3),
        summary_date=pl.coalesce("summary_date", "held_summary"),
        scheduled_liquidation_date=pl.coalesce("scheduled_liquidation_date", routing.scheduled_liquidation(pl.col("entry_date"))),
    ).drop("held_summary")


def _new_importers(heads: pl.DataFrame, importers: pl.DataFrame) -> pl.DataFrame:
    """Make an importer and an account for each number that is not known; ids follow from the number and give no social security number away."""
    unknown = heads.join(importers, on="importer_number", how="anti").group_by("importer_number").agg(valid_from=pl.col("entry_date").min())
    ordered = unknown.sort("importer_number")
    keys = pl.Series([_key(number) for number in ordered["importer_number"]], dtype=pl.String)
    return ordered.select("importer_number", importer_id="I" + keys, account_id="A" + keys, valid_from="valid_from")


def _key(number: str) -> str:
    """Return a key of at most 15 characters, the same for the same number: the number itself, or a digest of a social security number."""
    return f"S{hashlib.sha256(number.encode()).hexdigest()[:14]}" if number[3:4] == "-" else number


def placeholder_name() -> pl.Expr:
    """Name the account of an importer of whom only the number is known, hiding a social security number."""
    return pl.format("Importer {}", masked_importer_number(pl.col("importer_number")))


def _accounts(new: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Make the rows of new importers: an account under a name that hides a social security number, waiting for its Center."""
    none = pl.lit(None)
    return {
        "account": new.select("account_id", account_name=placeholder_name(), size_band=none),
        "importer": new.select(
            "importer_id",
            "importer_number",
            "account_id",
            ctpat_tier=none,
            isa_member=pl.lit(value=False),
            ctpat_since=none,
            isa_since=none,
        ),
        "account_center": new.select(
            "account_id",
            "valid_from",
            center_code=none,
            status=pl.lit("PENDING"),
            basis=pl.lit("not yet assigned"),
            valid_to=none,
            participating_from=none,
        ),
    }
