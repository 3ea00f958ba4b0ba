"""The accounts of Centers: what each brings, what of it waits, what reviews of it found, and whether it is where it belongs.

An account is listed under the Center that it has now. Its numbers are by whole months: those of a period's first and last day
are taken whole. The share of reviews that found something is a yield: most reviews are not drawn at random.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics import codes, cube, drift, periods, standards
from analytics.assignment import CLOSE_MARGIN
from analytics.coding import dollars
from analytics.filters import Filters
from analytics.monthly import MONTHS
from analytics.rates import wilson
from analytics.rollups import ACCOUNT_FINDINGS, ACCOUNT_WORK, ACCOUNTS, VOLUME, Family, Frames

#: Accounts that make the measure of concentration.
TOP: Final = 10

#: Quantile of the limits beyond which an account is named: three standard errors, because many accounts are looked at.
Z998: Final = 3.0902323061678132

#: Why an account needs attention -> its words, the gravest first.
REASONS: Final[dict[str, str]] = {
    "is_drifting": "Findings rise",
    "found_above": "Findings above expected",
    "is_late": "Past due above others",
    "notices_above": "CF-28s above others",
    "is_elsewhere": "Goods of another Center",
}

#: How an account's goods sit with its Center -> words, the worst first.
FITS: Final[dict[str, str]] = {
    "lines": "Most lines are another Center’s goods",
    "value": "Most value is another Center’s goods",
    "close": "Another Center is close",
    "fits": "Goods fit its Center",
    "few": "Too few lines to judge",
    "none": "No goods in the last 12 months",
}

_FLOWS: Final = ("receipts", "completions", "cf28_receipts", "cf29_receipts")
_STOCKS: Final = {"pending_net": "pending", "backlog_net": "backlog", "past_due_net": "past_due"}
_LOOKED: Final = ("looked_count", "found_count", "major_count", "change_cents")
_COUNTS: Final = ("entries_count", "lines_count", "value_cents", "duty_cents")


def whole_months(filters: Filters, as_of: dt.date) -> Filters:
    """Keep the choice of Centers, and widen the period to whole months, as far as the data go."""
    days = cube.span(filters, as_of)
    start = days.start if filters.from_date is None else periods.month_start(days.start)
    return filters.only(["center"]).between(start, min(periods.month_end(days.end), as_of))


def of_centers(profiles: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """Keep the profiles of accounts that the chosen Centers have now; without a choice all."""
    if not filters.centers:
        return profiles
    return profiles.filter(pl.col("center_code").fill_null(codes.PORT_CODE).is_in(filters.centers))


def _by_account(
    frames: Frames, family: Family, filters: Filters, as_of: dt.date, names: tuple[str, ...], *, to_end: bool = False
) -> pl.LazyFrame:
    rows = cube.rows(frames, family, filters, as_of, measures=names, to_end=to_end)
    return rows.group_by("account_key").agg(pl.col(names).sum())


def findings(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Return the completed validation reviews of all accounts up to the period's end, for `drift.drifting`."""
    kept = whole_months(filters, as_of)
    rows = cube.rows(frames, ACCOUNT_FINDINGS, kept, as_of, measures=_LOOKED, to_end=True)
    keys = ("date", "account_key", "source")
    return rows.group_by(keys).agg(pl.col(_LOOKED).sum()).sort(keys).collect(engine="in-memory")


def table(frames: Frames, profiles: pl.DataFrame, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """List the accounts of the chosen Centers with what they brought in the period and what was open at its end.

    Args:
        frames: Rollups at hand.
        profiles: Account profiles that the reader may name.
        filters: Centers and period (`whole_months` of it).
        as_of: Last day that has happened.

    Returns:
        The profile's columns (assignment and goods are those of the last 12 months of the data, `goods_lines` of them) and `entries_count`,
        `lines_count`, `value_usd`, `duty_usd`, `value_share` (0-1 of all listed), `_FLOWS`, `pending`, `backlog`, `past_due`,
        `looked_count`, `found_count`, `major_count`, `change_usd`, what `_rates` adds, `early_share`, `late_share`, `q`,
        `is_drifting` (`drift.drifting`), `fit` (key of `FITS`), the flags of `REASONS` and `reasons_count`. Most value first;
        accounts without any of it in the period are absent.
    """
    kept = whole_months(filters, as_of)
    looked = findings(frames, filters, as_of)
    inside = looked.lazy().filter(pl.col("date") >= (kept.from_date or cube.BEGINNING))
    sums = [
        _by_account(frames, ACCOUNTS, kept, as_of, _COUNTS),
        _by_account(frames, ACCOUNT_WORK, kept, as_of, _FLOWS),
        _by_account(frames, ACCOUNT_WORK, kept, as_of, tuple(_STOCKS), to_end=True).rename(_STOCKS),
        _expected(inside),
    ]
    rest = profiles.lazy().drop("entries_count", "value_usd").rename({"lines_count": "goods_lines"})
    listed = of_centers(rest.collect(), filters).lazy()
    for frame in sums:
        listed = listed.join(frame, on="account_key", how="left")
    counts = (*_COUNTS, *_FLOWS, *_STOCKS.values(), *_LOOKED)
    there = pl.any_horizontal(pl.col(name) != 0 for name in (*_COUNTS, "receipts", "completions", "pending", "looked_count"))
    listed = listed.with_columns(pl.col(counts).fill_null(0)).filter(there)
    judged = drift.drifting(looked, kept.to_date or as_of).lazy().select(pl.exclude("early_found", "late_found"))
    rated = _rates(listed, frames, kept, as_of).join(judged, on="account_key", how="left")
    return _flagged(rated).sort(["value_usd", "account_id"], descending=[True, False]).collect(engine="in-memory")


def _expected(looked: pl.LazyFrame) -> pl.LazyFrame:
    """Sum findings by account, with those expected if each kind of review found what it finds over all accounts."""
    rates = looked.group_by("source").agg(rate=pl.col("found_count").sum() / pl.col("looked_count").sum())
    each = looked.join(rates, on="source").with_columns(expected=pl.col("looked_count") * pl.col("rate"))
    return each.group_by("account_key").agg(pl.col(_LOOKED).sum(), expected_count=pl.col("expected").sum())


def _rates(listed: pl.LazyFrame, frames: Frames, kept: Filters, as_of: dt.date) -> pl.LazyFrame:
    """Add shares and rates, null where too few cases carry them.

    Adds:
        `value_usd`, `duty_usd`, `change_usd`, `value_share`, `found_share` with `found_low`, `found_high` (95 %),
        `expected_share` (what reviews of the same kinds find over all accounts), `found_above` (even the wider limit lies
        above it), `cf28_per_1000`, `cf28_usual` (of all accounts together), `notices_above`, `is_late` (of its pending work more
        is past due than of all that is listed, even by the wider limit).
    """
    whole = _by_account(frames, ACCOUNTS, kept, as_of, ("entries_count",)).select(pl.col("entries_count").sum())
    asked = _by_account(frames, ACCOUNT_WORK, kept, as_of, ("cf28_receipts",)).select(pl.col("cf28_receipts").sum())
    entries, notices = (frame.collect(engine="in-memory").item() or 0 for frame in (whole, asked))
    usual = notices / entries if entries else None
    n, filed = pl.col("looked_count"), pl.col("entries_count")
    enough, many = n >= standards.LEAST_CASES, filed >= standards.LEAST_SAMPLE
    share, rate = pl.col("found_count") / n, (pl.col("cf28_receipts") / filed).clip(0, 1)
    low, high = wilson(share, n)
    waiting, late = pl.col("pending"), pl.col("past_due")
    return listed.with_columns(
        **{f"{name}_usd": dollars(pl.col(f"{name}_cents")) for name in ("value", "duty", "change")},
        value_share=pl.when(pl.col("value_cents").sum() > 0).then(pl.col("value_cents") / pl.col("value_cents").sum()),
        found_share=pl.when(enough).then(share),
        found_low=pl.when(enough).then(low),
        found_high=pl.when(enough).then(high),
        expected_share=pl.when(enough).then(pl.col("expected_count") / n),
        found_above=enough & (wilson(share, n, Z998)[0] > pl.col("expected_count") / n),
        cf28_per_1000=pl.when(many).then(pl.col("cf28_receipts") / filed * 1000),
        cf28_usual=pl.lit(None if usual is None else usual * 1000, pl.Float64),
        is_late=(waiting >= standards.LEAST_CASES) & (wilson(late / waiting, waiting, Z998)[0] > late.sum() / waiting.sum()),
        notices_above=many & (wilson(rate, filed, Z998)[0] > pl.lit(usual, pl.Float64)),
    ).drop("value_cents", "duty_cents", "change_cents", "expected_count")


def fit() -> pl.Expr:
    """Say how the goods of an account's last 12 months sit with its Center: a key of `FITS`; null without a Center.

    Another Center is close when fewer than ten points of the lines part it from the first, or when the intervals (95 %) of both
    shares meet.
    """
    own, share, lines = pl.col("center_code"), pl.col("suggested_share"), pl.col("goods_lines")
    least, most = wilson(share, lines)[0], wilson(share - pl.col("margin"), lines)[1]
    return (
        pl.when(own.is_null())
        .then(None)
        .when(pl.col("suggested_center_code").is_null())
        .then(pl.lit("none"))
        .when(lines < standards.LEAST_SAMPLE)
        .then(pl.lit("few"))
        .when(pl.col("suggested_center_code") != own)
        .then(pl.lit("lines"))
        .when(pl.col("value_center_code") != own)
        .then(pl.lit("value"))
        .when((pl.col("margin") < CLOSE_MARGIN) | (least <= most))
        .then(pl.lit("close"))
        .otherwise(pl.lit("fits"))
    )


def _flagged(rated: pl.LazyFrame) -> pl.LazyFrame:
    """Add the reasons for attention and their number."""
    flags = rated.with_columns(fit=fit()).with_columns(
        pl.col("is_drifting", "found_above", "notices_above", "is_late").fill_null(value=False),
        is_elsewhere=pl.col("fit").is_in(["lines", "value", "close"]).fill_null(value=False),
    )
    return flags.with_columns(reasons_count=pl.sum_horizontal(pl.col(name).cast(pl.Int64) for name in REASONS))


def worst_first(listed: pl.DataFrame) -> pl.DataFrame:
    """Keep the accounts with a reason for attention: most reasons first, then the gravest, then most past due, then most value."""
    order = ["reasons_count", *REASONS, "past_due", "value_usd", "account_id"]
    return listed.filter(pl.col("reasons_count") > 0).sort(order, descending=[True] * (len(order) - 1) + [False])


def next_to_look_at(listed: pl.DataFrame) -> pl.DataFrame:
    """Keep the accounts without a reason for attention: most past due first, then most pending, then most value."""
    order = ["past_due", "pending", "value_usd", "account_id"]
    return listed.filter(pl.col("reasons_count") == 0).sort(order, descending=[True] * 3 + [False])


def concentration(listed: pl.DataFrame) -> tuple[float | None, int]:
    """Return the share of value that the ten largest accounts bring (null without value), and how many accounts make half of it."""
    values = listed["value_usd"].sort(descending=True)
    whole = float(values.sum())
    if whole <= 0:
        return None, 0
    return float(values.head(TOP).sum()) / whole, int((values.cum_sum() < whole / 2).sum()) + 1


def concentration_by_month(frames: Frames, profiles: pl.DataFrame, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Return the share of value that the ten largest accounts of each month brought in it, over two years to the period's end.

    Each month has its own ten: those that are largest now would look smaller in months before they grew.

    Args:
        frames: Rollups at hand.
        profiles: Account profiles that the reader may name.
        filters: Centers and period.
        as_of: Last day that has happened.

    Returns:
        `month` (first day), `value` (0-1; null of under twice as many accounts, whose ten largest are most of them), `provisional` (false but for a month that is not over), in order.
    """
    end = min(filters.to_date or as_of, as_of)
    kept = filters.only(["center"]).between(periods.months_back(end, MONTHS - 1), end)
    mine = of_centers(profiles, filters).lazy().select("account_key")
    rows = cube.rows(frames, ACCOUNTS, kept, as_of, measures=("value_cents",)).join(mine, on="account_key", how="semi")
    sums = rows.group_by("account_key", month=pl.col("date").dt.month_start()).agg(cents=pl.col("value_cents").sum())
    share = pl.col("cents").top_k(TOP).sum() / pl.col("cents").sum()
    shares = sums.group_by("month").agg(value=pl.when(pl.col("cents").sum() > 0, pl.len() >= 2 * TOP).then(share)).sort("month")
    return shares.with_columns(provisional=pl.col("month").dt.month_end() > end).collect(engine="in-memory")


def off_industry(frames: Frames, industries: pl.DataFrame, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Give, for each quarter, the share of the lines that Centers process that are goods of another Center than their own.

    Args:
        frames: Rollups at hand.
        industries: `industry_code`, `center_code` (the Center whose goods they are).
        filters: What is kept; entries that ports process have no Center to differ from and are left out.
        as_of: Last day that has happened.

    Returns:
        `center`, `quarter`, `lines_count`, `off_count`, `off_share` (0-1); in order.
    """
    lines = cube.flows(frames, VOLUME, ["lines_count"], filters, as_of, ["center", "industry", "quarter"])
    owners = industries.select(industry="industry_code", goods_center="center_code")
    off = pl.col("lines_count").filter(pl.col("goods_center") != pl.col("center")).sum()
    sums = lines.filter(pl.col("center") != codes.PORT_CODE).join(owners, on="industry").group_by("center", "quarter")
    counted = sums.agg(off_count=off, lines_count=pl.col("lines_count").sum()).filter(pl.col("lines_count") > 0)
    return counted.with_columns(off_share=pl.col("off_count") / pl.col("lines_count")).sort("center", "quarter")


def months_of(frames: Frames, account_key: int, end: dt.date, months: int = 13) -> pl.DataFrame:
    """Give an account's months up to a day, as far as the reader's Centers have worked for it.

    Returns:
        `date` (first day), `entries_count`, `lines_count`, `value_usd`, `duty_usd`, `receipts`, `completions`, `cf28_receipts`,
        `cf29_receipts`, `pending` at the month's end, `looked_count`, `found_count`; a row for every month, in order.
    """
    firsts = pl.LazyFrame({"date": pl.date_range(periods.months_back(end, months - 1), end, "1mo", eager=True)})
    mine, until = pl.col("account_key") == account_key, Filters(to_date=end)

    def monthly(family: Family, names: tuple[str, ...]) -> pl.LazyFrame:
        rows = cube.rows(frames, family, until, end, measures=names, to_end=True).filter(mine)
        return rows.group_by(pl.col("date").dt.month_start()).agg(pl.col(names).sum())

    work = (
        monthly(ACCOUNT_WORK, (*_FLOWS, "pending_net"))
        .sort("date")
        .with_columns(pending=pl.col("pending_net").cum_sum())
        .drop("pending_net")
    )
    flows = (monthly(ACCOUNTS, _COUNTS), work.drop("pending"), monthly(ACCOUNT_FINDINGS, ("looked_count", "found_count")))
    joined = firsts
    for frame in flows:
        joined = joined.join(frame, on="date", how="left")
    stock = joined.sort("date").join_asof(work.select("date", "pending"), on="date", strategy="backward")
    filled = stock.with_columns(pl.exclude("date").fill_null(0))
    cents = {f"{name}_usd": dollars(pl.col(f"{name}_cents")) for name in ("value", "duty")}
    return filled.with_columns(**cents).drop("value_cents", "duty_cents").collect()
