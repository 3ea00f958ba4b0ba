"""Which Center an account's goods suggest, and by what margin.

Importers are assigned by account, by the tariff classification of the predominant number of goods imported; value can
override it (81 FR 92978). So the suggestion counts lines, says how far the runner-up is, and says when value disagrees.
"""

from __future__ import annotations

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
        `account_id`, `suggested_center_code`, `suggested_share` (0-1 of lines), `margin` (share less the runner-up's),
        `value_center_code` (Center of most value), `lines_count`, `value_usd`; ties go to the lower code.
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
            margin=(pl.col("lines_count").first() - pl.col("lines_count").slice(1, 1).sum()) / whole,
            value_center_code=pl.col("goods_center").sort_by(["value_cents", "goods_center"], descending=[True, False]).first(),
            lines_count=whole,
            value_usd=dollars(pl.col("value_cents").sum()),
        )
        .sort("account_id")
        .collect()
    )


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
