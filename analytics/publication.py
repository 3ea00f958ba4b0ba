"""What is published to working groups, before anything is hidden: sums of accounts' own parts in a fixed hierarchy.

Two tables share their margins: Center by month (with its fiscal quarter and year), and Center by fiscal quarter and
district. Nothing finer is ever made: no importer, filer, entry or port. Whole months alone are published, and only those
that are over and settled; a fiscal quarter or year appears when its last month does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from analytics import codes, periods
from analytics.rollups import ACCOUNT_WORK, ACCOUNTS, PARTICIPANTS, Family, Frames

#: Codes of the margins: the Centers together, and these with what ports hold.
CENTERS: Final = "CENTERS"
ALL: Final = "ALL"
EVERY_DISTRICT: Final = "ALL"

#: The levels of time, finest first; the date of a cell is the first day of its span.
LEVELS: Final = ("month", "quarter", "fiscal_year")
MONTHS_OF: Final = {"month": 1, "quarter": 3, "fiscal_year": 12}


@dataclass(frozen=True)
class Measure:
    """A published measure: the metric that it answers, where its parts come from, and whether it is a stock (true at a month's end)."""

    metric_id: str
    family: Family
    column: str
    is_stock: bool = False
    by_district: bool = False


MEASURES: Final = (
    Measure("entry_summaries", ACCOUNTS, "entries_count", by_district=True),
    Measure("import_value_usd", ACCOUNTS, "value_cents"),
    Measure("receipts", ACCOUNT_WORK, "receipts"),
    Measure("completions", ACCOUNT_WORK, "completions"),
    Measure("pending", ACCOUNT_WORK, "pending_net", is_stock=True),
    Measure("backlog", ACCOUNT_WORK, "backlog_net", is_stock=True),
)

_CELL: Final = ["metric_id", "center_code", "district_code", "level", "from_date"]
_PARTS: Final = ("metric_id", "center_code", "district_code", "month", "account_key", "amount")


def last_month(as_of: dt.date, provisional: frozenset[dt.date] = frozenset()) -> dt.date:
    """Return the first day of the last month that may be published: over on the as-of date, with no report still to come before or in it.

    Args:
        as_of: Last day of the data.
        provisional: First days of months of which reports still arrive (`analytics.late`).
    """
    over = periods.month_start(as_of) if as_of == periods.month_end(as_of) else periods.months_back(as_of, 1)
    return min([over, *(periods.months_back(month, 1) for month in provisional)])


def contributions(frames: Frames, districts: pl.DataFrame, last: dt.date) -> pl.DataFrame:
    """Return the part of each account in each finest cell, up to a month.

    Args:
        frames: Rollups of a version, with those that name parties.
        districts: `port_code`, `district_code`.
        last: First day of the last month that is published.

    Returns:
        `metric_id`, `center_code` (or `PORT`), `district_code` (`ALL` in the table by month; that by district holds what Centers
        process), `month` (first day), `account_key`, `amount` (a count, or cents; at the month's end for a stock); no zero.
    """
    by_month = [_stock(frames, each, last) if each.is_stock else _flow(frames, each, last) for each in MEASURES]
    by_district = [_districts(frames, each, districts, last) for each in MEASURES if each.by_district]
    return pl.concat([*by_month, *by_district]).select(_PARTS)


def _flow(frames: Frames, measure: Measure, last: dt.date) -> pl.DataFrame:
    rows = frames[f"{measure.family.name}_day_0"].filter(pl.col("date") <= last)
    return _summed(rows.with_columns(month=pl.col("date").dt.month_start(), district_code=pl.lit(EVERY_DISTRICT)), measure)


def _stock(frames: Frames, measure: Measure, last: dt.date) -> pl.DataFrame:
    """Add up net changes to each month's end; an account that nothing changes has the stock of the month before."""
    rows = frames[f"{measure.family.name}_day_0"].filter(pl.col("date") <= periods.month_end(last))
    changes = _summed(rows.with_columns(month=pl.col("date").dt.month_start(), district_code=pl.lit(EVERY_DISTRICT)), measure)
    keys = ["metric_id", "center_code", "district_code", "account_key"]
    first: Any = changes["month"].min() or last
    months = pl.DataFrame({"at": pl.date_range(first, last, "1mo", eager=True)})
    held = (
        changes.sort(*keys, "month")
        .with_columns(amount=pl.col("amount").cum_sum().over(keys), until=pl.col("month").shift(-1).over(keys).fill_null(periods.FAR))
        .filter(pl.col("amount") != 0)
    )
    spans = held.join_where(months, pl.col("at") >= pl.col("month"), pl.col("at") < pl.col("until"))
    return spans.drop("month", "until").rename({"at": "month"}).select(_PARTS)


def _districts(frames: Frames, measure: Measure, districts: pl.DataFrame, last: dt.date) -> pl.DataFrame:
    """Sum by district and month the entries that Centers process."""
    rows = (
        frames[f"{PARTICIPANTS.name}_month_2"]
        .filter(pl.col("date") <= last)
        .with_columns(pl.col("port_code").cast(pl.String), month=pl.col("date"))
        .join(districts.lazy().select("port_code", "district_code"), on="port_code", how="left")
        .with_columns(pl.col("district_code").fill_null("unknown"))
    )
    return _summed(rows, measure)


def _summed(rows: pl.LazyFrame, measure: Measure) -> pl.DataFrame:
    keys = ["center_code", "district_code", "month", "account_key"]
    summed = rows.with_columns(pl.col("center_code").cast(pl.String)).group_by(keys).agg(amount=pl.col(measure.column).sum())
    kept = summed.filter(pl.col("amount") != 0).with_columns(metric_id=pl.lit(measure.metric_id))
    return kept.select(_PARTS).collect(engine="in-memory")


def cells(parts: pl.DataFrame, last: dt.date) -> pl.DataFrame:
    """Sum the parts up to every cell that is published.

    Args:
        parts: As `contributions` returns them.
        last: First day of the last month.

    Returns:
        `metric_id`, `center_code` (a Center, `PORT`, `CENTERS` or `ALL`), `district_code`, `level` (of `LEVELS`), `from_date`,
        `total`, `n_accounts`, `top1`, `top2` (the largest accounts' parts; 0 for none). Cells without any account are absent.
    """
    flows = [measure.metric_id for measure in MEASURES if not measure.is_stock]
    whole = pl.col("district_code") == EVERY_DISTRICT
    summed = [_by_center(parts.filter(whole).with_columns(level=pl.lit("month"), from_date=pl.col("month")))]
    coarse = parts.filter(pl.col("metric_id").is_in(flows))
    summed += [_by_center(_over(coarse.filter(whole), level, last)) for level in LEVELS[1:]]
    summed.append(_by_center(_over(coarse.filter(~whole), "quarter", last)))
    return pl.concat(summed).sort("metric_id", "level", "from_date", "district_code", "center_code")


def _over(parts: pl.DataFrame, level: str, last: dt.date) -> pl.DataFrame:
    """Put the parts of months into fiscal quarters or years that are over."""
    dated = parts.with_columns(level=pl.lit(level), from_date=_start(level))
    return dated.filter(pl.col("from_date").dt.offset_by(f"{MONTHS_OF[level] - 1}mo") <= last)


def _start(level: str) -> pl.Expr:
    """Return the first day of a month's span of a level; fiscal quarters begin with calendar ones."""
    year = pl.date(periods.fiscal_year_of(pl.col("month")) - 1, 10, 1)
    return {"month": pl.col("month"), "quarter": pl.col("month").dt.truncate("1q"), "fiscal_year": year}[level]


def owned(parts: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return what each account owns in each of some cells.

    Args:
        parts: As `contributions` returns them.
        cells: The keys of `cells`.

    Returns:
        The keys, `account_key` and `amount`; of a cell of which not all months are in the parts, less than all.
    """
    dated = [parts.with_columns(level=pl.lit(level), from_date=_start(level)) for level in LEVELS]
    return pl.concat([_by_account(each).join(cells, on=_CELL, how="semi") for each in dated])


def _by_center(parts: pl.DataFrame) -> pl.DataFrame:
    """Sum up for each Center, for the Centers together and, over all districts, with what ports hold."""
    ordered = pl.col("amount").sort(descending=True)
    return (
        _by_account(parts)
        .group_by(_CELL)
        .agg(
            total=pl.col("amount").sum(),
            n_accounts=pl.len().cast(pl.Int64),
            top1=ordered.first(),
            top2=ordered.get(1, null_on_oob=True).fill_null(0),
        )
    )


def _by_account(parts: pl.DataFrame) -> pl.DataFrame:
    levels = [
        parts,
        parts.filter(pl.col("center_code") != codes.PORT_CODE).with_columns(center_code=pl.lit(CENTERS)),
        parts.filter(pl.col("district_code") == EVERY_DISTRICT).with_columns(center_code=pl.lit(ALL)),
    ]
    return pl.concat(levels).group_by(*_CELL, "account_key").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)


def grid(parts: pl.DataFrame, districts: Sequence[str], opened: Mapping[str, dt.date], last: dt.date) -> pl.DataFrame:
    """List every cell of the hierarchy, also those without any account: a zero that is left out would be a part that is not there.

    Args:
        parts: As `contributions` returns them; their first month begins the first fiscal year.
        districts: Codes of all districts.
        opened: Center -> the day it opened (or is to open).
        last: First day of the last month.

    Returns:
        The keys of `cells`, and `is_open`: whether the Center was open before the span ended (else a zero has nothing to say).
    """
    earliest: Any = parts["month"].min() or last
    first = periods.fiscal_year_start(periods.fiscal_year(earliest))
    months = pl.DataFrame({"month": pl.date_range(first, last, "1mo", eager=True)})
    spans = {level: _over(months, level, last).select("level", "from_date").unique() for level in LEVELS}
    centers, flows = [*sorted(opened), CENTERS], [each for each in MEASURES if not each.is_stock]
    tables = [
        _crossed([each.metric_id for each in MEASURES], [*centers, codes.PORT_CODE, ALL], [EVERY_DISTRICT], spans["month"]),
        *(
            _crossed([each.metric_id for each in flows], [*centers, codes.PORT_CODE, ALL], [EVERY_DISTRICT], spans[level])
            for level in LEVELS[1:]
        ),
        _crossed([each.metric_id for each in flows if each.by_district], centers, sorted(districts), spans["quarter"]),
    ]
    days = pl.DataFrame(
        {"center_code": list(opened), "opened": list(opened.values())}, schema={"center_code": pl.String, "opened": pl.Date}
    )
    ends = pl.col("level").replace_strict(MONTHS_OF, return_dtype=pl.Int64)
    joined = pl.concat(tables).join(days, on="center_code", how="left", maintain_order="left")
    end = pl.col("from_date").dt.offset_by(pl.format("{}mo", ends))
    return joined.with_columns(is_open=pl.col("opened").is_null() | (pl.col("opened") < end)).drop("opened")


def _crossed(metric_ids: Sequence[str], centers: Sequence[str], districts: Sequence[str], spans: pl.DataFrame) -> pl.DataFrame:
    by_metric = pl.DataFrame({"metric_id": metric_ids}, schema={"metric_id": pl.String})
    by_center = pl.DataFrame({"center_code": centers}, schema={"center_code": pl.String})
    by_district = pl.DataFrame({"district_code": districts}, schema={"district_code": pl.String})
    return by_metric.join(by_center, how="cross").join(by_district, how="cross").join(spans, how="cross")
