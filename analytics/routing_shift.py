"""From which ports a Center's work comes, and whether that has shifted: shares of its entry summaries in two windows.

Every entry summary is counted, so the shares are no estimates. But an account brings its own ports with it, and its entries
move together: one importer's new warehouse moves hundreds of them. So a port's change is called clear only when it is more
than accounts, each taken whole, would give by chance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import polars as pl

from analytics import codes, cube, periods, standards
from analytics.cube import Span
from analytics.filters import Filters
from analytics.rollups import PARTICIPANTS, Frames

#: Months after a Center's opening that later ones are compared with: the first that leaves enough days after them.
FIRST_MONTHS: Final[tuple[int, ...]] = (12, 3)

#: A port counts in the search for a clear change from this share of both windows' entries on.
LEAST_SHARE: Final = 0.01

#: Days that must lie after the first months, or as many as the period has.
LEAST_DAYS: Final = 60


@dataclass(frozen=True)
class Windows:
    """Which days are compared: `now` with `before` (null when there is nothing to compare with).

    `first_months` says that `before` are so many months after the Center's opening; without it, it is the period a year earlier.
    """

    now: Span
    before: Span | None
    first_months: int | None = None


def windows(start: dt.date, end: dt.date, first_date: dt.date, opened: dt.date | None) -> Windows:
    """Choose the days to compare.

    Args:
        start: First day of the period.
        end: Last day of the period.
        first_date: First day of the data.
        opened: Day on which the only Center in question opened; null for several.

    Returns:
        For one Center, what the period has after its first 12 months against these; when that leaves too few days, the same with
        its first 3 months; else no comparison. For several, the period against the same days a year earlier.
    """
    if opened is None:
        back = Span(periods.year_back(start), periods.year_back(end))
        return Windows(Span(start, end), back if back.start >= first_date else None)
    begin = max(start, opened)
    enough = min(LEAST_DAYS, (end - start).days + 1)
    for months in FIRST_MONTHS:
        last = months_after(opened, months) - dt.timedelta(days=1)
        later = max(begin, last + dt.timedelta(days=1))
        if (end - later).days + 1 >= enough and opened >= first_date:
            return Windows(Span(later, end), Span(opened, last), months)
    return Windows(Span(begin, end), None)


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or the last of its month where it has none (31 January + 1: 28 February)."""
    index = day.year * 12 + day.month - 1 + months
    first = dt.date(index // 12, index % 12 + 1, 1)
    return min(first + dt.timedelta(days=day.day - 1), periods.month_end(first))


def entries(frames: Frames, filters: Filters, as_of: dt.date, days: Span) -> pl.DataFrame:
    """Count the entry summaries that Centers processed in a span of days.

    Returns:
        `port`, `account_key` (a number that says nothing of the account), `entries_count`.
    """
    rows = cube.rows(frames, PARTICIPANTS, filters.between(days.start, days.end), as_of, ["port"])
    return cube.summed(rows, ["entries_count"], ["port", "account_key"]).filter(pl.col("entries_count") > 0)


def shift(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Compare the shares of ports in two windows.

    The interval of a change is that of a difference of two ratios whose units are accounts (linearised, Cochran 1977 §6), which
    may be in both windows; it holds at once (Bonferroni) for all ports with at least 1 % of the entries of both windows together,
    because the largest change is looked for; others have none.

    Args:
        now: `port`, `account_key`, `entries_count` of the later window.
        before: The same of the earlier one; empty when there is none.

    Returns:
        `port`, `now` and `before` (entry summaries), `now_share` and `before_share` (0-1; the latter null without an earlier
        window), `change` (their difference), `low` and `high` (95 % for those ports at once; null with fewer than ten accounts in
        either window), `clear` (the interval leaves 0 out), `rank` and `before_rank` (null where nothing came); most now first.
    """
    each = pl.concat([now.with_columns(window=pl.lit("now")), before.with_columns(window=pl.lit("before"))]).pivot(
        "window", index=["port", "account_key"], values="entries_count", aggregate_function="sum"
    )
    each = each.with_columns(pl.lit(0, pl.Int64).alias(name) for name in ("now", "before") if name not in each.columns)
    each = each.with_columns(pl.col("now", "before").fill_null(0).cast(pl.Int64))
    totals = {name: int(each[name].sum()) for name in ("now", "before")}
    shares = each.group_by("port").agg(pl.col("now", "before").sum()).with_columns(
        now_share=pl.col("now") / (totals["now"] or 1),
        before_share=pl.col("before") / totals["before"] if totals["before"] else pl.lit(None, pl.Float64),
    )  # fmt: skip
    half = _half_widths(each, shares, totals)
    change = pl.col("now_share") - pl.col("before_share")
    ranked = shares.join(half, on="port", how="left").with_columns(
        change=change,
        low=change - pl.col("half"),
        high=change + pl.col("half"),
        rank=_rank("now"),
        before_rank=_rank("before"),
    )
    clear = ((pl.col("low") > 0) | (pl.col("high") < 0)).fill_null(value=False)
    columns = ("port", "now", "before", "now_share", "before_share", "change", "low", "high", "clear", "rank", "before_rank")
    return ranked.with_columns(clear=clear).select(columns).sort(["now", "before", "port"], descending=[True, True, False])


def _rank(count: str) -> pl.Expr:
    """Rank ports by entries, most first; ports with as many share a rank, and those without any have none."""
    return pl.when(pl.col(count) > 0).then(pl.col(count).rank("min", descending=True).cast(pl.Int64))


def _half_widths(each: pl.DataFrame, shares: pl.DataFrame, totals: dict[str, int]) -> pl.DataFrame:
    """Return `port` and `half`, half of the interval of its change, for the ports that have one.

    With y an account's entries at a port and n its entries at all, its part in the change is
    (y_now - p_now n_now) / N_now - (y_before - p_before n_before) / N_before. Accounts without entries at the port have y = 0, so
    the sum of squares over all accounts is that over those at the port, plus what the others have in n alone. Where a few accounts
    have most of the entries, that says too little: the interval is never shorter than if every entry went its own way.
    """
    accounts = each.group_by("account_key").agg(pl.col("now", "before").sum()).rename({"now": "all_now", "before": "all_before"})
    known = min(accounts.filter(pl.col(name) > 0).height for name in ("all_now", "all_before"))
    if known < standards.LEAST_CASES:
        return shares.select("port", half=pl.lit(None, pl.Float64))
    a, b = pl.col("all_now") / totals["now"], pl.col("all_before") / totals["before"]
    sums = accounts.select(aa=(a * a).sum(), ab=(a * b).sum(), bb=(b * b).sum()).row(0, named=True)
    p, q = pl.col("now_share"), pl.col("before_share")
    y, z = pl.col("now") / totals["now"], pl.col("before") / totals["before"]
    own = each.join(accounts, on="account_key").join(shares.select("port", "now_share", "before_share"), on="port")
    there = (y - p * a) - (z - q * b)
    alone = q * b - p * a
    # Over all accounts, as if none were at the port; then those at the port are put right.
    every = p * p * sums["aa"] - 2 * p * q * sums["ab"] + q * q * sums["bb"]
    squares = own.group_by("port").agg(more=(there * there - alone * alone).sum())
    weighty = pl.col("now") + pl.col("before") >= LEAST_SHARE * (totals["now"] + totals["before"])
    level = NormalDist().inv_cdf(1 - 0.025 / max(shares.filter(weighty).height, 1))
    # Few accounts that have most of the entries say little of how accounts vary: they count as so many equal ones (Kish 1965).
    cases = 1 / accounts.select(((pl.col("all_now") + pl.col("all_before")) / sum(totals.values())).pow(2).sum()).item()
    between = ((every + pl.col("more")) * cases / max(cases - 1, 1e-9)).clip(lower_bound=0)
    pooled = (pl.col("now") + pl.col("before")) / sum(totals.values())
    within = pooled * (1 - pooled) * (1 / totals["now"] + 1 / totals["before"])
    variance = pl.max_horizontal(between, within)
    return shares.join(squares, on="port").filter(weighty).select("port", half=level * variance.sqrt())


def opened_between(centers: pl.DataFrame, before: Span, now: Span, kept: Sequence[str] = ()) -> list[str]:
    """List the Centers that opened after the earlier window began: their work had no place in all of it.

    Args:
        centers: Table `center`.
        before: Earlier window.
        now: Later window.
        kept: Centers in question; empty for all.

    Returns:
        Their short names, in the order of their opening.
    """
    late = pl.col("opened_date").is_between(before.start, now.end, closed="right")
    asked = pl.col("center_code").is_in(list(kept)) if kept else pl.col("center_code") != codes.PORT_CODE
    return centers.filter(late & asked).sort("opened_date", "short_name")["short_name"].to_list()
