"""What is published to working groups, before anything is hidden: sums of accounts' own parts in a fixed hierarchy.

Two tables share their margins: Center by month (with its fiscal quarter and year), and Center by fiscal quarter and
district. Nothing finer is ever made: no importer, filer, entry or port. Whole months alone are published, and only those
that are over and settled; a fiscal quarter or year appears when its last month does. The random sample is a third table, Center
by fiscal quarter and year: its months are too thin, and a quarter waits until the sample of every Center is completed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import polars as pl

from analytics import clocks, codes, periods, standards
from analytics.rollups import ACCOUNT_SAMPLE, ACCOUNT_WORK, ACCOUNTS, PARTICIPANTS, Family, Frames

#: Codes of the margins: the Centers together, and these with what ports hold.
CENTERS: Final = "CENTERS"
ALL: Final = "ALL"
EVERY_DISTRICT: Final = "ALL"

#: The levels of time, finest first; the date of a cell is the first day of its span.
LEVELS: Final = ("month", "quarter", "fiscal_year")
MONTHS_OF: Final = {"month": 1, "quarter": 3, "fiscal_year": 12}


@dataclass(frozen=True)
class Measure:
    """A published measure.

    Attributes:
        metric_id: The metric that it answers.
        family: Where its parts come from.
        column: What is summed of them.
        is_stock: Whether it is true at a month's end.
        by_district: Whether it is published by district as well.
        of: The measure of which it is a part, where it is shown as a rate: one less its share of that.
    """

    metric_id: str
    family: Family
    column: str
    is_stock: bool = False
    by_district: bool = False
    of: str = ""

    @property
    def is_sampled(self) -> bool:
        """Whether it is counted in the random sample."""
        return self.family == ACCOUNT_SAMPLE

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of time at which it is published."""
        return LEVELS[1:] if self.is_sampled else LEVELS[:1] if self.is_stock else LEVELS


SAMPLED: Final = "sampled_lines"

MEASURES: Final = (
    Measure("entry_summaries", ACCOUNTS, "entries_count", by_district=True),
    Measure("import_value_usd", ACCOUNTS, "value_cents"),
    Measure("receipts", ACCOUNT_WORK, "receipts"),
    Measure("completions", ACCOUNT_WORK, "completions"),
    Measure("pending", ACCOUNT_WORK, "pending_net", is_stock=True),
    Measure("backlog", ACCOUNT_WORK, "backlog_net", is_stock=True),
    Measure(SAMPLED, ACCOUNT_SAMPLE, "lines"),
    Measure("sampled_without_major_share", ACCOUNT_SAMPLE, "major_lines", of=SAMPLED),
    Measure("sampled_without_any_share", ACCOUNT_SAMPLE, "any_lines", of=SAMPLED),
)
#: Pending that is within its standard: what pending is more than backlog.
WITHIN: Final = "pending_within_standard"

#: What nobody reads, but would follow from what is shown; so it is judged and protected like the rest. What is within the standard is not
#: judged: it stands here so that an attacker is known to know that no backlog is above its pending.
FOLLOWING: Final = (
    Measure(WITHIN, ACCOUNT_WORK, "within_net", is_stock=True),
    Measure("sampled_clean", ACCOUNT_SAMPLE, "clean_lines", of=SAMPLED),
    Measure("sampled_minor", ACCOUNT_SAMPLE, "minor_lines", of=SAMPLED),
)
EVERY: Final = (*MEASURES, *FOLLOWING)

_BY_DISTRICT: Final = [each.metric_id for each in EVERY if each.by_district]

#: What adds up to what: a pending review is backlog or within its standard; a sampled line has no discrepancy or some, and these are
#: major or minor.
SPLITS: Final = {
    "pending": ("backlog", WITHIN),
    SAMPLED: ("sampled_clean", "sampled_without_any_share"),
    "sampled_without_any_share": ("sampled_without_major_share", "sampled_minor"),
}

_CELL: Final = ["metric_id", "center_code", "district_code", "level", "from_date"]
_PARTS: Final = ("metric_id", "center_code", "district_code", "month", "account_key", "amount")

#: A quarter older than this is published whatever is still open of its sample, so that one review cannot hold up all that follows.
SAMPLE_WAIT_MONTHS: Final = 12


#: Before any data.
_NEVER: Final = dt.date(1900, 1, 1)


class Until(NamedTuple):
    """First days of the last months that are published: of what is counted by month, and of the random sample (null: none yet)."""

    month: dt.date
    sample: dt.date | None = None

    def of(self, measure: Measure) -> dt.date:
        """Return the one that holds for a measure."""
        return (self.sample or _NEVER) if measure.is_sampled else self.month

    def each(self) -> pl.Expr:
        """Return it beside each `metric_id`."""
        return pl.col("metric_id").replace_strict({measure.metric_id: self.of(measure) for measure in EVERY}, return_dtype=pl.Date)


def last_month(as_of: dt.date, provisional: frozenset[dt.date] = frozenset()) -> dt.date:
    """Return the first day of the last month that may be published: the entry summaries of its last day are due by the as-of date, and no
    report on reviews is still to come before or in it.

    Args:
        as_of: Last day of the data.
        provisional: First days of months of which reports still arrive (`analytics.late`).
    """
    ends = pl.Series([periods.months_back(as_of, back) for back in (0, 1, 2)]).dt.month_end()
    due = pl.select(periods.working_days_after(pl.lit(ends), clocks.SUMMARY_DAYS)).to_series()
    over: dt.date = ends.filter(due <= as_of).dt.month_start().max()  # type: ignore[assignment]
    return min([over, *(periods.months_back(month, 1) for month in provisional)])


def last_sampled(sample: pl.LazyFrame, last: dt.date) -> dt.date | None:
    """Return the first day of the last month of the last fiscal quarter whose sample may be published; null before the first.

    A quarter may be once the month after it is (its last lines are drawn then), so much of the sample of each Center, and of the ports,
    is completed that its rate is not provisional, and every quarter before it may be.

    Args:
        sample: `date` (first of a month), `center_code`, `drawn_lines`, `lines` (completed).
        last: First day of the last month that is published.
    """
    drawn = sample.group_by("center_code", quarter=pl.col("date").dt.truncate("1q")).agg(pl.col("drawn_lines", "lines").sum())
    done = pl.col("lines") >= standards.SAMPLE_COMPLETE_SHARE * pl.col("drawn_lines")
    over = pl.col("quarter").dt.offset_by("3mo") <= last
    late = pl.col("quarter").dt.offset_by(f"{3 + SAMPLE_WAIT_MONTHS}mo") <= last
    ready = drawn.group_by("quarter").agg(ready=(over & (done | late)).all()).sort("quarter").collect(engine="in-memory")
    settled = ready.filter(pl.col("ready").cum_min())["quarter"].max()
    return periods.months_back(settled, -2) if isinstance(settled, dt.date) else None


def contributions(frames: Frames, districts: pl.DataFrame, last: Until) -> pl.DataFrame:
    """Return the part of each account in each finest cell, up to a month.

    Args:
        frames: Rollups of a version, with those that name parties.
        districts: `port_code`, `district_code`.
        last: The last months that are published.

    Returns:
        `metric_id`, `center_code` (or `PORT`), `district_code` (`ALL` in the table by month; that by district holds what Centers
        process), `month` (first day), `account_key`, `amount` (a count, or cents; at the month's end for a stock); no zero.
    """
    by_month = [_stock(frames, each, last.month) if each.is_stock else _flow(frames, each, last.of(each)) for each in EVERY]
    by_district = [_districts(frames, each, districts, last.month) for each in EVERY if each.by_district]
    return pl.concat([*by_month, *by_district]).select(_PARTS)


def _flow(frames: Frames, measure: Measure, last: dt.date) -> pl.DataFrame:
    rows = frames[f"{measure.family.name}_day_0"].filter(pl.col("date") <= last)
    if measure.is_sampled:
        rows = rows.with_columns(clean_lines=pl.col("lines") - pl.col("any_lines"), minor_lines=pl.col("any_lines") - pl.col("major_lines"))
    return _summed(rows.with_columns(month=pl.col("date").dt.month_start(), district_code=pl.lit(EVERY_DISTRICT)), measure)


def _stock(frames: Frames, measure: Measure, last: dt.date) -> pl.DataFrame:
    """Add up net changes to each month's end; an account that nothing changes has the stock of the month before."""
    rows = frames[f"{measure.family.name}_day_0"].filter(pl.col("date") <= periods.month_end(last))
    rows = rows.with_columns(within_net=pl.col("pending_net") - pl.col("backlog_net"))
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


def cells(parts: pl.DataFrame, last: Until) -> pl.DataFrame:
    """Sum the parts up to every cell that is published.

    Args:
        parts: As `contributions` returns them.
        last: The last months that are published.

    Returns:
        `metric_id`, `center_code` (a Center, `PORT`, `CENTERS` or `ALL`), `district_code`, `level` (of `LEVELS`), `from_date`,
        `total`, `n_accounts`, `top1`, `top2` (the largest accounts' parts; 0 for none). Cells without any account are absent.
    """
    whole = pl.col("district_code") == EVERY_DISTRICT
    summed = [_by_center(_over(parts.filter(whole), level, last)) for level in LEVELS]
    summed.append(_by_center(_over(parts.filter(~whole), "quarter", last)))
    return pl.concat(summed).sort("metric_id", "level", "from_date", "district_code", "center_code")


def _over(parts: pl.DataFrame, level: str, last: Until) -> pl.DataFrame:
    """Put the parts of months into the spans of a level that are over, of the measures that are published at it."""
    mine = parts.filter(pl.col("metric_id").is_in([each.metric_id for each in EVERY if level in each.levels]))
    dated = mine.with_columns(level=pl.lit(level), from_date=_start(level))
    return dated.filter(pl.col("from_date").dt.offset_by(f"{MONTHS_OF[level] - 1}mo") <= last.each())


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


def grid(parts: pl.DataFrame, districts: Sequence[str], opened: Mapping[str, dt.date], last: Until) -> pl.DataFrame:
    """List every cell of the hierarchy, also those without any account: a zero that is left out would be a part that is not there.

    Args:
        parts: As `contributions` returns them; their first month begins the first fiscal year (that of the sample its own).
        districts: Codes of all districts.
        opened: Center -> the day it opened (or is to open).
        last: The last months that are published.

    Returns:
        The keys of `cells`, and `is_open`: whether the Center was open before the span ended (else a zero has nothing to say).
    """
    centers, spans = [*sorted(opened), CENTERS], _spans(parts, last)
    tables = [
        _crossed([*centers, codes.PORT_CODE, ALL], [EVERY_DISTRICT], spans),
        _crossed(centers, sorted(districts), spans.filter(pl.col("metric_id").is_in(_BY_DISTRICT) & (pl.col("level") == "quarter"))),
    ]
    days = pl.DataFrame(
        {"center_code": list(opened), "opened": list(opened.values())}, schema={"center_code": pl.String, "opened": pl.Date}
    )
    ends = pl.col("level").replace_strict(MONTHS_OF, return_dtype=pl.Int64)
    joined = pl.concat(tables).join(days, on="center_code", how="left", maintain_order="left")
    end = pl.col("from_date").dt.offset_by(pl.format("{}mo", ends))
    return joined.with_columns(is_open=pl.col("opened").is_null() | (pl.col("opened") < end)).drop("opened")


def _spans(parts: pl.DataFrame, last: Until) -> pl.DataFrame:
    """Return the spans of each measure (`metric_id`, `level`, `from_date`) from the first fiscal year of its kind on."""
    found = []
    for sampled in (False, True):
        mine = [each for each in EVERY if each.is_sampled == sampled]
        first = parts.filter(pl.col("metric_id").is_in([each.metric_id for each in mine]))["month"].min()
        start = periods.fiscal_year_start(periods.fiscal_year(first)) if isinstance(first, dt.date) else last.of(mine[0])
        months = pl.DataFrame({"month": pl.date_range(start, last.of(mine[0]), "1mo", eager=True)})
        found += [months.with_columns(metric_id=pl.lit(each.metric_id)) for each in mine]
    every = pl.concat(found)
    return pl.concat([_over(every, level, last).select("metric_id", "level", "from_date").unique() for level in LEVELS])


def _crossed(centers: Sequence[str], districts: Sequence[str], spans: pl.DataFrame) -> pl.DataFrame:
    by_center = pl.DataFrame({"center_code": centers}, schema={"center_code": pl.String})
    by_district = pl.DataFrame({"district_code": districts}, schema={"district_code": pl.String})
    return (
        spans.join(by_center, how="cross")
        .join(by_district, how="cross")
        .select("metric_id", "center_code", "district_code", "level", "from_date")
    )
