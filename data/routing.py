"""Who processes an entry, under which industry and program: pure functions on frames.

The whole entry follows its account's assignment on the entry date; lines keep the industry of their own goods.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics import codes

#: From this day Center directors decide; before it they could only recommend (77 FR 52048).
CENTERS_DECIDE_FROM: Final = dt.date(2012, 9, 27)

#: Days after entry on whose following Friday an entry is scheduled to liquidate.
LIQUIDATION_CYCLE_DAYS: Final = 314


def line_industry(lines: pl.DataFrame, headings: pl.DataFrame) -> pl.DataFrame:
    """Add to each line the industry of its heading, else the one that most headings of its chapter have; null when neither is known.

    Args:
        lines: `hts_number` and more.
        headings: Table `hts_heading`.
    """
    by_heading = headings.select("heading", heading_industry="industry_code")
    counted = headings.group_by("chapter", "industry_code").len().sort(["chapter", "len", "industry_code"], descending=[False, True, False])
    by_chapter = counted.group_by("chapter", maintain_order=True).agg(chapter_industry=pl.col("industry_code").first())
    keyed = lines.with_columns(heading=pl.col("hts_number").str.slice(0, 4), chapter=pl.col("hts_number").str.slice(0, 2))
    joined = keyed.join(by_heading, on="heading", how="left").join(by_chapter, on="chapter", how="left")
    return joined.with_columns(industry_code=pl.coalesce("heading_industry", "chapter_industry")).drop(
        "heading", "chapter", "heading_industry", "chapter_industry"
    )


def entry_industry(lines: pl.DataFrame) -> pl.DataFrame:
    """Give for each entry the industry of its most valuable goods; the lower code where two are worth the same."""
    each = lines.group_by("entry_number", "industry_code").agg(pl.col("value_usd").sum())
    ranked = each.sort(["entry_number", "value_usd", "industry_code"], descending=[False, True, False])
    return ranked.group_by("entry_number", maintain_order=True).agg(pl.col("industry_code").first())


def scheduled_liquidation(entry_date: pl.Expr) -> pl.Expr:
    """Return the Friday on or after day 314 from entry."""
    day = entry_date + pl.duration(days=LIQUIDATION_CYCLE_DAYS)
    return day + pl.duration(days=(5 - day.dt.weekday().cast(pl.Int64)) % 7)


def program_on(entries: pl.DataFrame, importers: pl.DataFrame) -> pl.DataFrame:
    """Add the importer's best program on the entry date: ISA, C-TPAT tier 2-3, C-TPAT tier 1 or none."""
    facts = importers.select("importer_id", "ctpat_tier", "isa_member", "ctpat_since", "isa_since")
    joined = entries.join(facts, on="importer_id", how="left")
    isa = pl.col("isa_member").fill_null(value=False) & (pl.col("isa_since") <= pl.col("entry_date")).fill_null(value=False)
    member = (pl.col("ctpat_since") <= pl.col("entry_date")).fill_null(value=False)
    program = (
        pl.when(isa).then(pl.lit("isa")).when(member & (pl.col("ctpat_tier") >= 2)).then(pl.lit("ctpat"))
        .when(member & (pl.col("ctpat_tier") == 1)).then(pl.lit("ctpat_1")).otherwise(pl.lit("none"))
    )  # fmt: skip
    return joined.with_columns(program=program).drop("ctpat_tier", "isa_member", "ctpat_since", "isa_since")


def route(entries: pl.DataFrame, account_centers: pl.DataFrame, centers: pl.DataFrame) -> pl.DataFrame:
    """Add who processes and who decides: `center_code`, `processed_by`, `decision_by`.

    An entry goes to its account's Center when the account was assigned and participating on the entry date, the Center was
    open, and the entry type is one that Centers process.

    Args:
        entries: `entry_number`, `account_id`, `entry_date`, `entry_type_code` and more.
        account_centers: Table `account_center`.
        centers: Table `center`.
    """
    opened = centers.select("center_code", "opened_date")
    assigned = account_centers.filter((pl.col("status") == "ASSIGNED") & pl.col("participating_from").is_not_null()).join(
        opened, on="center_code"
    )
    day = pl.col("entry_date")
    holds = (
        (pl.col("valid_from") <= day)
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
        & (pl.col("participating_from") <= day)
        & (pl.col("opened_date") <= day)
        & pl.col("entry_type_code").is_in(codes.CENTER_ENTRY_TYPES)
    )
    matched = (
        entries.select("entry_number", "account_id", "entry_date", "entry_type_code")
        .join(assigned, on="account_id")
        .filter(holds)
        .sort("entry_number", "valid_from")
        .unique("entry_number", keep="last")
        .select("entry_number", "center_code")
    )
    joined = entries.join(matched, on="entry_number", how="left")
    by_center = pl.col("center_code").is_not_null()
    decides = by_center & (day >= CENTERS_DECIDE_FROM)
    return joined.with_columns(
        processed_by=pl.when(by_center).then(pl.lit("CENTER")).otherwise(pl.lit("PORT")),
        decision_by=pl.when(decides).then(pl.lit("CENTER")).otherwise(pl.lit("PORT")),
    )
