"""A release's cells as `disclosure.protect` takes them, what adds up to what among them, and what is shown of what it returns.

A ledger is what a release keeps of itself (`disclosure.release.Release.ledger`): cells with their true totals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from analytics import codes, periods, publication
from analytics.disclosure import release as disclosure_release
from analytics.disclosure.rules import Rules
from analytics.publication import ALL, CENTERS, EVERY_DISTRICT, MEASURES, SPLITS, Until

KEYS: Final = ("metric_id", "center_code", "district_code", "period")

#: Measures that are shown as a rate -> the count of which they are a part; those that are part of one; those that anybody reads.
RATES: Final = {measure.metric_id: measure.of for measure in MEASURES if measure.of}
_PART_OF: Final = {measure.metric_id: measure.of for measure in publication.EVERY if measure.of}
_READ: Final = [measure.metric_id for measure in MEASURES]


def cells(
    of_accounts: pl.DataFrame,
    districts: Sequence[str],
    opened: Mapping[str, dt.date],
    last: Until,
    earlier: pl.DataFrame | None,
) -> pl.DataFrame:
    """Return all cells as `disclosure.protect` takes them: those released before as they were, and the new ones.

    Args:
        of_accounts: As `publication.contributions` returns them.
        districts: Codes of all districts.
        opened: Center -> the day it opened (or is to open).
        last: The last months that are released.
        earlier: The ledger of the release before, or nothing.
    """
    keys = ["metric_id", "center_code", "district_code", "level", "from_date"]
    figures = ("total", "n_accounts", "top1", "top2")
    grid = publication.grid(of_accounts, districts, opened, last)
    summed = publication.cells(of_accounts, last)
    joined = grid.join(summed, on=keys, how="left").with_columns(pl.col(figures).fill_null(0))
    money = pl.col("metric_id").str.ends_with("_usd")
    new = joined.select(
        "metric_id", "center_code", "district_code",
        *(pl.when(money & (name != "n_accounts")).then(pl.col(name) / 100).otherwise(pl.col(name)).alias(name) for name in figures),
        period=period(), whole=~money, applicable=pl.col("is_open") | (pl.col("total") != 0), published=_published(opened),
    )  # fmt: skip
    if earlier is None:
        return _of_wholes(new)
    dated = earlier.with_columns(from_date=_days(earlier))
    # What was shown once stays shown, whatever is left out by now.
    seen = pl.col("shown") & (pl.col("metric_id") != publication.WITHIN)
    old = dated.with_columns(published=_published(opened) | seen).select(new.columns)
    fresh = new.join(old, on=KEYS, how="anti").match_to_schema(old.schema, integer_cast="upcast", float_cast="upcast")
    return _of_wholes(pl.concat([old, fresh]))


def _of_wholes(cells: pl.DataFrame) -> pl.DataFrame:
    """Give each part of the sample the cell of which it is a part, as its denominator."""
    wholes = cells.select(
        of="metric_id", **{key: key for key in KEYS[1:]}, denominator=pl.col("total").cast(pl.Float64), denominator_accounts="n_accounts"
    )
    named = cells.with_columns(of=pl.col("metric_id").replace_strict(_PART_OF, default=None, return_dtype=pl.String))
    return (
        named.join(wholes, on=["of", *KEYS[1:]], how="left", maintain_order="left")
        .with_columns(linked=pl.col("of").is_not_null())
        .drop("of")
    )


def owned(of_accounts: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return what each account owns in each cell, as `disclosure.protect` takes it."""
    of_time = pl.col("period").str.split(" ")
    spans = cells.with_columns(level=of_time.list.first(), from_date=of_time.list.last().str.to_date())
    amount = pl.when(pl.col("metric_id").str.ends_with("_usd")).then(pl.col("amount") / 100).otherwise("amount")
    return publication.owned(of_accounts, spans).select(
        "metric_id", "center_code", "district_code", period=period(), account="account_key", amount=amount
    )


def _published(opened: Mapping[str, dt.date]) -> pl.Expr:
    """Leave out what a Center, or all of them, hold at the end of the month in which it opens: so little that receipts alone would tell it."""
    stocks = [measure.metric_id for measure in publication.MEASURES if measure.is_stock]
    first = {CENTERS: min(opened.values())} if opened else {}
    begun = pl.col("center_code").replace_strict({**opened, **first}, default=None, return_dtype=pl.Date).dt.month_start()
    opens = (pl.col("metric_id").is_in(stocks) & (pl.col("from_date") == begun)).fill_null(value=False)
    return ~opens & (pl.col("metric_id") != publication.WITHIN)


def period(level: str = "level", from_date: str = "from_date") -> pl.Expr:
    """Return the code of a cell's span of time."""
    return pl.format("{} {}", pl.col(level), pl.col(from_date).dt.to_string("iso"))


def hierarchy(cells: pl.DataFrame, centers: Sequence[str] | Mapping[str, Any], districts: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Say what adds up to what: months to fiscal quarters, these to fiscal years; Centers to all Centers, these and ports to all; districts."""
    spans = cells.select("period").unique().with_columns(
        level=pl.col("period").str.split(" ").list.first(), from_date=pl.col("period").str.split(" ").list.last().str.to_date()
    )  # fmt: skip
    up = {"month": ("quarter", pl.col("from_date").dt.truncate("1q")), "quarter": ("fiscal_year", _fiscal_year())}
    steps = [
        spans.filter(pl.col("level") == level).select(parent=pl.format(f"{parent} {{}}", start.dt.to_string("iso")), child="period")
        for level, (parent, start) in up.items()
    ]
    by_center = [(CENTERS, code) for code in centers] + [(ALL, CENTERS), (ALL, codes.PORT_CODE)]
    return {
        "period": pl.concat(steps).filter(pl.col("parent").is_in(spans["period"].implode())).sort("parent", "child"),
        "center_code": pl.DataFrame(by_center, schema=["parent", "child"], orient="row"),
        "district_code": pl.DataFrame({"parent": [EVERY_DISTRICT] * len(districts), "child": list(districts)}),
        "metric_id": pl.DataFrame(
            [(parent, child) for parent, parts in SPLITS.items() for child in parts], schema=["parent", "child"], orient="row"
        ),
    }


def ties(cells: pl.DataFrame) -> pl.DataFrame:
    """Say what ties stocks to flows: pending = pending a month before + receipts - completions, but for transfers.

    An attacker is taken to know the transfers, which are not published: the audit errs on the side of caution.
    """
    month = pl.col("period").str.strip_prefix("month ")
    mine = cells.filter(pl.col("period").str.starts_with("month ")).select(*KEYS).with_columns(month=month.str.to_date())
    weights = {"pending": -1, "receipts": 1, "completions": -1}
    now = mine.filter(pl.col("metric_id").is_in(list(weights))).with_columns(
        weight=pl.col("metric_id").replace_strict(weights, return_dtype=pl.Int64)
    )
    before = mine.filter(pl.col("metric_id") == "pending").with_columns(pl.col("month").dt.offset_by("1mo"), weight=pl.lit(1, pl.Int64))
    parts = pl.concat([now, before])
    named = parts.with_columns(tie=pl.format("{} {}", "center_code", "month"))
    return named.filter(pl.len().over("tie") == len(weights) + 1).drop("month")


def _fiscal_year() -> pl.Expr:
    return pl.date(periods.fiscal_year_of(pl.col("from_date")) - 1, 10, 1)


def with_new_codes(ledger: pl.DataFrame, centers: Sequence[str], districts: Sequence[str]) -> pl.DataFrame:
    """Give Centers and districts that came after a release their cells in it: none had anything, and none was open.

    A whole has all its parts in each period, or an attacker's equations would not be those of the release.
    """
    by_center = ledger.filter(pl.col("center_code") == CENTERS).drop("center_code")
    whole = by_center.join(pl.DataFrame({"center_code": centers}), how="cross")
    by_district = pl.concat([ledger, whole.select(ledger.columns)]).filter(pl.col("district_code") != EVERY_DISTRICT)
    parts_of = by_district.unique(["metric_id", "center_code", "period"]).drop("district_code")
    below = parts_of.join(pl.DataFrame({"district_code": districts}), how="cross")
    wanted = pl.concat([whole.select(ledger.columns), below.select(ledger.columns)]).unique(KEYS)
    nothing = {name: pl.lit(0, ledger.schema[name]) for name in ("total", "n_accounts", "top1", "top2", "up", "down")}
    plain = {"applicable": pl.lit(value=False), "primary": pl.lit(value=False), "shown": pl.lit(value=True), "mark": pl.lit("–")}
    blank = {name: pl.lit(None, ledger.schema[name]) for name in ledger.columns if name in ("rule", "accounts", "denominator")}
    new = wanted.join(ledger, on=KEYS, how="anti").with_columns(**nothing, **plain, **blank)
    return pl.concat([ledger, new.match_to_schema(ledger.schema)])


def with_within(ledger: pl.DataFrame) -> pl.DataFrame:
    """Give a release that was made before what is within the standard was counted its cells; nobody ever read them.

    Their accounts are not known. The largest may own all of it, as far as the largest of what is pending does: an attacker who knows
    less would pass for proof.
    """
    pending, backlog = (ledger.filter(pl.col("metric_id") == name) for name in ("pending", "backlog"))
    made = pending.join(backlog.select(*KEYS[1:], late="total"), on=KEYS[1:]).with_columns(
        metric_id=pl.lit(publication.WITHIN), total=pl.col("total") - pl.col("late"), shown=pl.lit(value=False), primary=pl.lit(value=False)
    )
    largest = {name: pl.min_horizontal(name, "total").cast(ledger.schema[name]) for name in ("top1", "top2")}
    none = {name: pl.lit(0, ledger.schema[name]) for name in ("up", "down")}
    new = made.with_columns(**largest, **none).join(ledger, on=KEYS, how="anti").select(ledger.columns)
    return pl.concat([ledger, new])


def last(ledger: pl.DataFrame) -> Until:
    """Return the last months that a ledger holds; one of before the sample was released has no last quarter of it."""
    months = _days(ledger.filter(pl.col("period").str.starts_with("month ")))
    quarters = _days(ledger.filter(pl.col("metric_id") == publication.SAMPLED))
    last: Any = quarters.max()
    return Until(months.max(), periods.months_back(last, -2) if last else None)  # type: ignore[arg-type]


def _days(ledger: pl.DataFrame) -> pl.Series:
    return ledger["period"].str.split(" ").list.last().str.to_date()


def shown(made: disclosure_release.Release, rules: Rules) -> pl.DataFrame:
    """Return what working groups may read."""
    of_time = pl.col("period").str.split(" ")
    counts = made.cells.filter(pl.col("metric_id").is_in(_READ) & ~pl.col("metric_id").is_in(list(RATES)))
    columns = (*KEYS, "value", "mark", "reason")
    return pl.concat([counts.select(columns), _rates(made, rules).select(columns)]).select(
        "metric_id", "center_code", "district_code",
        level=of_time.list.first(), from_date=of_time.list.last().str.to_date(), value="value", mark="mark", reason="reason",
    ).sort("metric_id", "level", "from_date", "district_code", "center_code")  # fmt: skip


def _rates(made: disclosure_release.Release, rules: Rules) -> pl.DataFrame:
    """Turn the cells that are shown as rates into one less their share; withheld where part or whole is, as either would give it away."""
    part = made.ledger.filter(pl.col("metric_id").is_in(list(RATES))).with_columns(of=pl.col("metric_id").replace_strict(RATES))
    whole = made.ledger.select(of="metric_id", **{key: key for key in KEYS[1:]}, whole_shown="shown")
    joined = part.join(whole, on=["of", *KEYS[1:]]).join(made.cells.select(*KEYS, "reason"), on=KEYS)
    withheld, none = ~(pl.col("shown") & pl.col("whole_shown")), pl.col("denominator") == 0
    mark = pl.when(withheld).then(pl.lit("D")).when(none).then(pl.lit("–")).when(pl.col("mark") == "0").then(pl.lit("")).otherwise("mark")
    reason = (
        pl.when(pl.col("mark") == "D").then(pl.lit(disclosure_release.WITHHELD_WORDS))
        .when(pl.col("mark") == "–").then(pl.lit("nothing to report"))
        .when(pl.col("mark") == "").then(pl.lit(""))
        .otherwise("reason")
    )  # fmt: skip
    rate = 1 - pl.col("total") / pl.col("denominator")
    near = ((rate / rules.round_share + 0.5).floor() * rules.round_share).round(6)
    # Less than all is never written as all.
    rounded = pl.when((pl.col("total") > 0) & (near >= 1)).then(1 - rules.round_share).otherwise(near)
    return joined.with_columns(mark=mark).with_columns(reason=reason, value=pl.when(pl.col("mark") == "").then(rounded))
