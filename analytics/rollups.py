"""The rollups: what they hold, and which one answers a question; `analytics.builders` makes them from the facts.

A family is one additive frame: a date, dimensions, keys that a question needs beyond them, and integer measures. Each
family is kept at several levels (fewer dimensions, by day or by month), and every question is routed to the smallest one
that has the columns it groups and filters by. All measures are integers (money in cents), so sums are
exact in any order and by any engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import polars as pl

from analytics import periods, standards
from analytics.exc import QueryError
from analytics.filters import Filters, column_of
from analytics.packing import collected, summed

Frames = Mapping[str, pl.LazyFrame]

#: States of an open review that the work family counts by their net change each day.
AGE_STATES: Final[dict[str, int]] = {f"age_{mark}_net": mark for mark in standards.AGE_MARKS[1:]}
DUE_STATES: Final[dict[str, int]] = {f"due_{days}_net": days for days in standards.DUE_WINDOWS}
#: Sums from which ages follow on any day: the days opened and the days stopped of what is pending, counted from 1970.
AGE_SUMS: Final[tuple[str, ...]] = ("opened_day_net", "stopped_net", "stop_day_net", "stopped_days_net")
#: What is at stake in each state of being due: measure -> (state, amount of the entry). An entry counts with each of its reviews.
AT_STAKE: Final[dict[str, tuple[str, str]]] = {
    f"{state.removesuffix('_net')}_{amount}_net": (state, f"entry_{amount}_cents")
    for state in ("past_due_net", *DUE_STATES)
    for amount in ("value", "duty")
}
STOCKS: Final[tuple[str, ...]] = ("pending_net", "backlog_net", "past_due_net", *AGE_STATES, *DUE_STATES, *AGE_SUMS, *AT_STAKE)
FLOWS: Final[tuple[str, ...]] = ("receipts", "cf28_receipts", "completions", "transfers_in", "transfers_out")


@dataclass(frozen=True)
class Family:
    """One additive frame and the levels at which it is kept, smallest first.

    `names_parties`: its keys name a company or a person's work, so only roles that reach names read it, cut to their Centers.
    """

    name: str
    measures: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...] = ()
    by_month: bool = True
    names_parties: bool = False

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that the family can be grouped and filtered by."""
        return self.levels[-1]


@dataclass(frozen=True)
class Rollup:
    """One kept level of a family; `grain` is `month` (the date is the month's first day) or `day`."""

    family: Family
    grain: str
    dimensions: tuple[str, ...]

    @property
    def name(self) -> str:
        """File name of the rollup: family, grain and level."""
        return f"{self.family.name}_{self.grain}_{self.family.levels.index(self.dimensions)}"

    @property
    def group(self) -> tuple[str, ...]:
        """Columns that make a row unique."""
        return ("date", *map(column_of, self.dimensions), *self.family.keys)


CENTER: Final = ("center",)
CORE: Final = ("center", "industry", "program")

VOLUME: Final = Family(
    "volume",
    ("entries_count", "lines_count", "value_cents", "duty_cents", "fees_cents"),
    (CENTER, CORE, (*CORE, "entry_type", "mode"), (*CORE, "port"), (*CORE, "port", "entry_type", "mode")),
)
PARTICIPANTS: Final = Family(
    "participants", ("entries_count",), (CENTER, CORE, (*CORE, "port", "entry_type", "mode")), keys=("account_key",)
)
WORK: Final = Family("work", (*FLOWS, *STOCKS), (CENTER, ("center", "work_type"), (*CORE, "work_type"), (*CORE, "work_type", "port")))
#: One row for each stay of reviews with a holder: `date` it began, `to_date` it ended (null while it lasts).
STAYS: Final = Family(
    "stays",
    ("reviews_count",),
    (CENTER, (*CORE, "work_type"), (*CORE, "work_type", "port")),
    keys=("opened_date", "to_date", "is_last", "outcome"),
    by_month=False,
)
#: One row for each choice of weeks in which reviews of a team were opened and closed (null while open); `date` is the opening's week.
TEAMS: Final = Family(
    "teams", ("reviews_count", "minutes"), (("center", "work_type"),), keys=("team", "closed_week"), by_month=False, names_parties=True
)
#: Completed reviews by the filer of their entry: `rejected_count` of them ended in a reject.
FILERS: Final = Family(
    "filers",
    ("completed_count", "rejected_count"),
    (("center", "work_type"),),
    keys=("filer_code", "finding_category"),
    names_parties=True,
)
#: Entries by account and month of entry; `date` is the month's first day.
ACCOUNTS: Final = Family(
    "accounts",
    ("entries_count", "lines_count", "value_cents", "duty_cents"),
    (CENTER,),
    keys=("account_key",),
    by_month=False,
    names_parties=True,
)
#: Work by account and its holder. Flows and what leaves a stock fall on their month's first day and what enters one on its own day,
#: so that stocks are true at the end of each month and on the as-of date.
ACCOUNT_WORK: Final = Family(
    "account_work",
    ("receipts", "completions", "cf28_receipts", "cf29_receipts", "pending_net", "backlog_net", "past_due_net"),
    (CENTER,),
    keys=("account_key",),
    by_month=False,
    names_parties=True,
)
#: Completed validation reviews by account, month and why they were opened; notices follow what a validation found and are left out.
ACCOUNT_FINDINGS: Final = Family(
    "account_findings",
    ("looked_count", "found_count", "major_count", "change_cents"),
    (CENTER,),
    keys=("account_key", "source"),
    by_month=False,
    names_parties=True,
)
#: Lines of the random sample by account and month of entry, completed or not; `date` is the month's first day.
ACCOUNT_SAMPLE: Final = Family(
    "account_sample",
    ("drawn_lines", "lines", "major_lines", "any_lines"),
    (CENTER,),
    keys=("account_key",),
    by_month=False,
    names_parties=True,
)
#: What became of entries: by the day of liquidation, and suspended from the day that began until it ended; `extended_count` by entry.
LIQUIDATIONS: Final = Family(
    "liquidations", ("liquidated_count", "deemed_count", "changed_count", "extended_count", "suspended_net"), (CENTER, CORE), by_month=False
)
#: The square of a gap in three sums of whole numbers: with gap = high * GAP_HIGH + low it is high² * GAP_HIGH² + 2 * high * low *
#: GAP_HIGH + low². The square itself soon passes 64 bits, and a sum of floats depends on its order.
GAP_SQUARES: Final[tuple[str, ...]] = ("gap_high_squared", "gap_cross", "gap_low_squared")
GAP_HIGH: Final = 100_000
SAMPLE: Final = Family(
    "sample",
    ("drawn_lines", "lines", "major_lines", "any_lines", "gap_cents", *GAP_SQUARES),
    (CENTER, CORE, (*CORE, "port")),
    keys=("stratum", "period"),
)
FINDINGS: Final = Family(
    "findings",
    (
        "completed_count",
        "closed_count",
        "found_count",
        "major_count",
        "change_cents",
        "no_outcome_count",
        "due_count",
        "on_time_count",
        "minutes",
        "timed_count",
        "protests_decided",
        "protests_allowed",
    ),
    (CENTER, (*CORE, "work_type"), (*CORE, "work_type", "port")),
    keys=("source", "severity", "finding_category", "outcome"),
)
INQUIRIES: Final = Family(
    "inquiries",
    ("inquiries_count",),
    (CENTER, ("center", "port")),
    keys=("answered_date", "answer_by_date", "topic", "resolved_first_contact", "satisfaction"),
    by_month=False,
)
FEEDBACK: Final = Family(
    "feedback",
    ("feedback_count",),
    (CENTER,),
    keys=("responded_date", "closed_date", "topic", "kind", "segment", "status", "position", "satisfaction"),
    by_month=False,
)

_ALL: Final = (
    VOLUME, PARTICIPANTS, ACCOUNTS, LIQUIDATIONS, WORK, STAYS, TEAMS, SAMPLE, FINDINGS, FILERS, ACCOUNT_WORK, ACCOUNT_FINDINGS,
    ACCOUNT_SAMPLE, INQUIRIES, FEEDBACK,
)  # fmt: skip

FAMILIES: Final[dict[str, Family]] = {family.name: family for family in _ALL}


def rollups_of(family: Family) -> list[Rollup]:
    """List a family's rollups, smallest first."""
    grains = ("month", "day") if family.by_month else ("day",)
    return [Rollup(family, grain, level) for level in family.levels for grain in grains]


ROLLUPS: Final[tuple[Rollup, ...]] = tuple(rollup for family in FAMILIES.values() for rollup in rollups_of(family))


@runtime_checkable
class ByMonth(Protocol):
    """Frames that can give some months without looking at the others."""

    def months(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by month from one date to another, both counted."""

    def years(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the sums of a rollup by month over whole fiscal years, dated by their first day."""

    def days(self, name: str, month: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by day that lie in the month of a day."""

    def weeks(self, name: str, measures: Sequence[str]) -> pl.LazyFrame:
        """Return measures of a rollup by day, summed over weeks dated by their Monday."""

    def kept(self, name: str, rows: Hashable, columns: Sequence[str], make: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Return columns of chosen rows of a rollup: those kept since they were asked for last, or those made now."""


def route(
    frames: Frames, family: Family, dimensions: Iterable[str], first: dt.date, last: dt.date, joined: dt.date | None = None
) -> pl.LazyFrame:
    """Return the rows of a span of days from the smallest rollup at hand that has the dimensions.

    Whole months come by month, and only what is left of a month at either end by day; whole fiscal years in one piece where
    their months need not be told apart: so a question about a decade reads hardly more than one about a year.

    Args:
        frames: Rollups at hand.
        family: Family asked.
        dimensions: What the rows must have.
        first: First day of the span.
        last: Last day of the span, counted.
        joined: Whole fiscal years that end before this day may come in one piece, dated by their first day; null for none.

    Raises:
        QueryError: no rollup in `frames` has them: the number does not have that dimension, or the role does not reach it.
    """
    by_day = smallest(frames, family, dimensions)
    by_month = Rollup(family, "month", by_day.dimensions) if family.by_month else None
    return _span(frames, by_day, by_month if by_month and by_month.name in frames else None, first, last, joined)


def smallest(frames: Frames, family: Family, dimensions: Iterable[str]) -> Rollup:
    """Return the smallest rollup by day at hand that has the dimensions.

    Raises:
        QueryError: none has them.
    """
    asked = set(dimensions)
    at_hand = [rollup for rollup in rollups_of(family) if rollup.name in frames]
    for rollup in at_hand:
        if rollup.grain == "day" and asked <= set(rollup.dimensions):
            return rollup
    reach = max((set(rollup.dimensions) for rollup in at_hand), key=len, default=set())
    missing = sorted(asked - reach) or sorted(asked)
    raise QueryError(
        f"This number cannot be shown by {', '.join(missing)} here; it can be shown by "
        f"{', '.join(sorted(reach)) or 'nothing'}. Leave that filter or grouping out."
    )


def _span(frames: Frames, by_day: Rollup, by_month: Rollup | None, first: dt.date, last: dt.date, joined: dt.date | None) -> pl.LazyFrame:
    """Put a span together from whole years and months and the days at its ends."""
    if by_month is None:
        return _cut(frames[by_day.name], first, last)
    months, ends = periods.whole_months(first, last)
    apart = frames if isinstance(frames, ByMonth) else None
    parts = []
    if months and apart:
        parts += _months(apart, by_month.name, *months, joined)
    elif months:
        parts.append(_cut(frames[by_month.name], *months))
    for day, until in ends:
        parts.append(_cut(apart.days(by_day.name, day) if apart else frames[by_day.name], day, until))
    if not parts:
        return frames[by_month.name].clear()
    return parts[0] if len(parts) == 1 else pl.concat(parts)


def _months(frames: ByMonth, name: str, first: dt.date, last: dt.date, joined: dt.date | None) -> list[pl.LazyFrame]:
    """Put whole months together, with years in one piece before a day."""
    day = dt.timedelta(days=1)
    years = periods.whole_fiscal_years(first, min(last, joined - day)) if joined and joined > first else None
    if years is None:
        return [frames.months(name, first, last)]
    before = [frames.months(name, first, years[0] - day)] if first < years[0] else []
    after = [frames.months(name, years[1] + day, last)] if years[1] < last else []
    return [*before, frames.years(name, *years), *after]


def _cut(frame: pl.LazyFrame, first: dt.date, last: dt.date) -> pl.LazyFrame:
    return frame.filter(pl.col("date").is_between(first, last))


def by_week(frame: pl.LazyFrame, group: Sequence[str], measures: Sequence[str]) -> pl.LazyFrame:
    """Sum measures of a rollup by day over weeks, which are Monday to Sunday; `date` becomes the Monday."""
    sums = [pl.col(measure).sum() for measure in measures]
    return frame.select(*group, *measures).with_columns(pl.col("date").dt.truncate("1w")).group_by(group).agg(sums)


def weeks(frames: Frames, family: Family, filters: Filters, dimensions: Iterable[str], measures: Sequence[str]) -> pl.LazyFrame:
    """Return the filtered rows of the family's smallest fitting rollup, summed over weeks dated by their Monday, of all dates."""
    rollup = smallest(frames, family, {*dimensions, *filters.used})
    apart = frames if isinstance(frames, ByMonth) else None
    found = apart.weeks(rollup.name, measures) if apart else by_week(frames[rollup.name], rollup.group, measures)
    return found.filter(filters.predicate()) if filters.used else found


def coarser(frame: pl.LazyFrame, rollup: Rollup) -> pl.LazyFrame:
    """Sum a finer rollup of the same family up to another; rows are sorted so that the same data give the same bytes."""
    dated = frame.with_columns(pl.col("date").dt.month_start()) if rollup.grain == "month" else frame
    return summed(dated, rollup.group, rollup.family.measures)


def ladder(base: pl.DataFrame, family: Family) -> dict[Rollup, pl.DataFrame]:
    """Make all rollups of a family from its finest, each from the smallest that has what it needs; smallest first."""
    *others, finest = rollups_of(family)
    made = {finest: base}
    for rollup in reversed(others):
        finer = [
            each for each in made if set(rollup.dimensions) <= set(each.dimensions) and (each.grain == "day" or rollup.grain == "month")
        ]
        source = min((made[each] for each in finer), key=lambda frame: frame.height)
        made[rollup] = collected(coarser(source.lazy(), rollup), source.height)
    return {rollup: made[rollup] for rollup in rollups_of(family)}
