"""Which Center an account's goods suggest, and by what margin.

Importers are assigned by account, by the tariff classification of the predominant number of goods imported; value can
override it (81 FR 92978). So the suggestion counts lines, says how far the runner-up is, and says when value disagrees.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics.coding import dollars

#: Below this margin between first and second Center the suggestion is called close.
CLOSE_MARGIN: Final = 0.10


def suggest(goods: pl.LazyFrame, industries: pl.LazyFrame) -> pl.DataFrame:
    """Suggest for each account the Center of most of its entry lines.

    Args:
        goods: `account_id`, `industry_code`, `lines_count`, `value_cents`: sums of entry lines; the window is the caller's.
        industries: `industry_code`, `center_code` (the Center whose goods they are).

    Returns:
        `account_id`, `suggested_center_code`, `suggested_share` (0-1 of lines), `runner_up_center_code` (null without a second
        Center), `margin` (share less the runner-up's), `value_center_code` (Center of most value), `lines_count`, `value_usd`; ties go to the lower code.
    """
    each = (
        goods.join(industries.rename({"center_code": "goods_center"}), on="industry_code")
        .group_by("account_id", "goods_center")
        .agg(pl.col("lines_count", "value_cents").sum())
    )
    by_lines = each.sort(["lines_count", "goods_center"], descending=[True, False])
    whole = pl.col("lines_count").sum()
    return (
        by_lines.group_by("account_id", maintain_order=True)
        .agg(
            suggested_center_code=pl.col("goods_center").first(),
            suggested_share=pl.col("lines_count").first() / whole,
            runner_up_center_code=pl.col("goods_center").slice(1, 1).first(),
            margin=(pl.col("lines_count").first() - pl.col("lines_count").slice(1, 1).sum()) / whole,
            value_center_code=pl.col("goods_center").sort_by(["value_cents", "goods_center"], descending=[True, False]).first(),
            lines_count=whole,
            value_usd=dollars(pl.col("value_cents").sum()),
        )
        .sort("account_id")
        .collect()
    )


def off_industry(goods: pl.LazyFrame, industries: pl.LazyFrame, assigned: pl.LazyFrame) -> pl.DataFrame:
    """Say how much of what accounts import is the goods of other Centers than their own.

    Args:
        goods: As for `suggest`.
        industries: As for `suggest`.
        assigned: `account_id`, `center_code`: accounts with a Center.

    Returns:
        `account_id`, `off_lines_share` and `off_value_share` (0-1; null where nothing of value was imported); accounts without
        goods or without a Center are absent.
    """
    own = (
        goods.join(assigned.filter(pl.col("center_code").is_not_null()), on="account_id")
        .join(industries.rename({"center_code": "goods_center"}), on="industry_code")
        .with_columns(off=pl.col("goods_center") != pl.col("center_code"))
    )

    def share(column: str) -> pl.Expr:
        return pl.when(pl.col(column).sum() > 0).then(pl.col(column).filter("off").sum() / pl.col(column).sum())

    shares = own.group_by("account_id").agg(off_lines_share=share("lines_count"), off_value_share=share("value_cents"))
    return shares.sort("account_id").collect()


#: What can happen to an assignment -> its words.
EVENTS: Final[dict[str, str]] = {
    "applied": "Application received",
    "assigned": "Assigned",
    "reassigned": "Reassigned to another Center",
    "appealed": "Appealed",
    "confirmed": "Confirmed after an appeal",
    "not_eligible": "Found not eligible",
}


def events(history: pl.DataFrame) -> pl.DataFrame:
    """Tell the history of assignments as events: each row begins with one.

    Args:
        history: Table `account_center`: `account_id`, `valid_from`, `valid_to`, `status`, `center_code`, `basis`.

    Returns:
        The history with `event` (key of `EVENTS`) and `from_center_code` (the last Center before; null when there was none),
        by account and date.
    """
    ordered = history.sort("account_id", "valid_from")
    before = pl.col("center_code").forward_fill().shift(1).over("account_id", order_by="valid_from")
    status = pl.col("status").shift(1).over("account_id", order_by="valid_from")
    moved = (
        pl.col("center_code").is_not_null()
        & pl.col("from_center_code").is_not_null()
        & (pl.col("center_code") != pl.col("from_center_code"))
    )
    event = (
        pl.when(pl.col("status") != "ASSIGNED")
        .then(pl.col("status").replace_strict({"PENDING": "applied", "APPEAL": "appealed", "NOT_ELIGIBLE": "not_eligible"}, default=None))
        .when(moved)
        .then(pl.lit("reassigned"))
        .when(pl.col("was") == "APPEAL")
        .then(pl.lit("confirmed"))
        .otherwise(pl.lit("assigned"))
    )
    return ordered.with_columns(from_center_code=before, was=status).with_columns(event=event).drop("was")


#: Where an account stands -> words: with a Center first, then what is kept out of one, then what never asked.
STANDINGS: Final[dict[str, str]] = {
    "participating": "Processed by a Center",
    "assigned": "Assigned, not participating yet",
    "pending": "Pending assignment",
    "appeal": "Under appeal",
    "not_eligible": "Not eligible",
    "eligible": "Eligible, not applied",
    "outside": "Outside the programs",
}


def standing(as_of: dt.date) -> pl.Expr:
    """Say where an account stands on a day: a key of `STANDINGS`.

    Needs `status`, `participating_from` and `is_eligible` of a profile. Eligible are members of C-TPAT tier 2-3 or ISA.
    """
    status = pl.col("status")
    participates = (pl.col("participating_from") <= as_of).fill_null(value=False)
    return (
        pl.when(status == "ASSIGNED")
        .then(pl.when(participates).then(pl.lit("participating")).otherwise(pl.lit("assigned")))
        .when(status == "PENDING")
        .then(pl.lit("pending"))
        .when(status == "APPEAL")
        .then(pl.lit("appeal"))
        .when(status == "NOT_ELIGIBLE")
        .then(pl.lit("not_eligible"))
        .otherwise(pl.when("is_eligible").then(pl.lit("eligible")).otherwise(pl.lit("outside")))
    )


def segments(profiles: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Sum the accounts that imported in the last 12 months by where they stand, their Center and their size; names nobody.

    Args:
        profiles: Account profiles as published (`data.facts.account_profiles`).
        as_of: Date of the profiles.

    Returns:
        `standing` (key of `STANDINGS`), `center_code` (the account's, or else the one that its goods suggest), `size_band`,
        `accounts_count`, `entries_count`, `lines_count`, `value_usd`; most value first.
    """
    kept = profiles.filter(pl.col("lines_count") > 0).with_columns(
        standing=standing(as_of), center_code=pl.coalesce("center_code", "suggested_center_code")
    )
    groups = ["standing", "center_code", "size_band"]
    sums = kept.group_by(groups).agg(
        accounts_count=pl.len().cast(pl.Int64), **{name: pl.col(name).sum() for name in ("entries_count", "lines_count", "value_usd")}
    )
    return sums.sort(["value_usd", *groups], descending=[True, False, False, False])


def summary(profiles: pl.DataFrame) -> pl.DataFrame:
    """Sum the accounts that no Center has by their status and the Center that their goods suggest.

    Args:
        profiles: Account profiles as published (`data.facts.account_profiles`).

    Returns:
        `status`, `suggested_center_code` (null when the account had no goods in the window), `accounts_count`,
        `entries_count`, `lines_count`, `value_usd`, `close_count` (accounts whose margin is under ten points),
        `median_margin`; most value first.
    """
    waiting = profiles.filter(pl.col("status").is_in(["PENDING", "APPEAL"]))
    return (
        waiting.group_by("status", "suggested_center_code")
        .agg(
            accounts_count=pl.len().cast(pl.Int64),
            entries_count=pl.col("entries_count").sum(),
            lines_count=pl.col("lines_count").sum(),
            value_usd=pl.col("value_usd").sum(),
            close_count=(pl.col("margin") < CLOSE_MARGIN).sum().cast(pl.Int64),
            median_margin=pl.col("margin").median(),
        )
        .sort(["value_usd", "status", "suggested_center_code"], descending=[True, False, False])
    )


def by_status(profiles: pl.DataFrame) -> pl.DataFrame:
    """Sum every account by the status of its assignment, so that nothing is dropped: the sums are those of all accounts.

    Args:
        profiles: Account profiles as published (`data.facts.account_profiles`).

    Returns:
        `status` (`NONE` without any assignment), `accounts_count`, `entries_count`, `lines_count`, `value_usd` (of the 12 months up
        to the date of the profiles); most value first.
    """
    sums = pl.col("entries_count", "lines_count", "value_usd").sum()
    counted = profiles.group_by("status").agg(pl.len().cast(pl.Int64).alias("accounts_count"), sums)
    return counted.sort(["value_usd", "status"], descending=[True, False])
