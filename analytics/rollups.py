"""The rollups: what they hold, how they are made from the facts, and which one answers a question.

A family is one additive frame: a date, dimensions, keys that a question needs beyond them, and integer measures. Each
family is kept at several levels (fewer dimensions, by day or by month), and every question is routed to the smallest one
that has the columns it groups and filters by. All measures are integers (money in cents), so sums are
exact in any order; the one square of money is a float.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics import standards
from analytics.exc import QueryError
from analytics.filters import column_of

Frames = Mapping[str, pl.LazyFrame]

#: States of an open review that the work family counts by their net change each day.
AGE_STATES: Final[dict[str, int]] = {f"age_{mark}_net": mark for mark in standards.AGE_MARKS[1:]}
DUE_STATES: Final[dict[str, int]] = {f"due_{days}_net": days for days in standards.DUE_WINDOWS}
#: Sums from which ages follow on any day: the days opened and the days stopped of what is pending, counted from 1970.
AGE_SUMS: Final[tuple[str, ...]] = ("opened_day_net", "stopped_net", "stop_day_net", "stopped_days_net")
STOCKS: Final[tuple[str, ...]] = ("pending_net", "backlog_net", "past_due_net", *AGE_STATES, *DUE_STATES, *AGE_SUMS)
FLOWS: Final[tuple[str, ...]] = ("receipts", "completions", "transfers_in", "transfers_out")


@dataclass(frozen=True)
class Family:
    """One additive frame and the levels at which it is kept, smallest first."""

    name: str
    measures: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...] = ()
    by_month: bool = True

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
    (CENTER, CORE, (*CORE, "port"), (*CORE, "port", "entry_type", "mode")),
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
    keys=("opened_date", "to_date", "is_last"),
    by_month=False,
)
SAMPLE: Final = Family(
    "sample",
    ("drawn_lines", "lines", "major_lines", "any_lines", "gap_cents", "gap_cents_squared"),
    (CENTER, CORE, (*CORE, "port")),
    keys=("stratum", "period"),
)
FINDINGS: Final = Family(
    "findings",
    ("completed_count", "closed_count", "found_count", "major_count", "change_cents", "no_outcome_count"),
    (CENTER, (*CORE, "work_type"), (*CORE, "work_type", "port")),
    keys=("source", "severity", "finding_category"),
)
INQUIRIES: Final = Family(
    "inquiries", ("inquiries_count",), (CENTER, ("center", "port")), keys=("answered_date", "answer_by_date", "topic"), by_month=False
)
FEEDBACK: Final = Family(
    "feedback",
    ("feedback_count",),
    (CENTER,),
    keys=("responded_date", "topic", "kind", "segment", "status", "position"),
    by_month=False,
)

FAMILIES: Final[dict[str, Family]] = {
    family.name: family for family in (VOLUME, PARTICIPANTS, WORK, STAYS, SAMPLE, FINDINGS, INQUIRIES, FEEDBACK)
}


def rollups_of(family: Family) -> list[Rollup]:
    """List a family's rollups, smallest first."""
    grains = ("month", "day") if family.by_month else ("day",)
    return [Rollup(family, grain, level) for level in family.levels for grain in grains]


ROLLUPS: Final[tuple[Rollup, ...]] = tuple(rollup for family in FAMILIES.values() for rollup in rollups_of(family))


def route(frames: Frames, family: Family, dimensions: Iterable[str], *, whole_months: bool) -> pl.LazyFrame:
    """Return the smallest rollup at hand that has the dimensions and can be cut at the question's days.

    Raises:
        QueryError: no rollup in `frames` has them: the number does not have that dimension, or the role does not reach it.
    """
    asked = set(dimensions)
    for rollup in rollups_of(family):
        fits = asked <= set(rollup.dimensions) and (whole_months or rollup.grain == "day")
        if fits and rollup.name in frames:
            return frames[rollup.name]
    known = [set(rollup.dimensions) for rollup in rollups_of(family) if rollup.name in frames]
    reach = max(known, key=len, default=set())
    missing = sorted(asked - reach) or sorted(asked)
    raise QueryError(
        f"This number cannot be shown by {', '.join(missing)} here; it can be shown by "
        f"{', '.join(sorted(reach)) or 'nothing'}. Leave that filter or grouping out."
    )


def aggregate(frame: pl.LazyFrame, rollup: Rollup) -> pl.LazyFrame:
    """Sum a family's finest frame up to a rollup; rows are sorted so that the same data give the same bytes."""
    date = pl.col("date").dt.truncate("1mo") if rollup.grain == "month" else pl.col("date")
    return (
        frame.with_columns(date=date).group_by(rollup.group).agg(pl.col(rollup.family.measures).sum()).sort(rollup.group, nulls_last=True)
    )


# --- the finest frame of each family, made from the facts ----------------------------------------------------------


def cents(usd: str) -> pl.Expr:
    """Turn dollars into whole cents; null counts as nothing."""
    return (pl.col(usd).fill_null(0.0) * 100).round().cast(pl.Int64)


def volume(facts: Frames) -> pl.LazyFrame:
    """Count entries under their own industry, and lines, value and duty under each line's."""
    zero = pl.lit(0, pl.Int64)
    entries = facts["entry"].select(
        *_entry_columns(),
        entries_count=pl.lit(1, pl.Int64),
        lines_count=zero,
        value_cents=zero,
        duty_cents=zero,
        fees_cents=cents("fees_usd"),
    )
    lines = facts["entry_line"].select(
        *_entry_columns(),
        entries_count=zero,
        lines_count=pl.lit(1, pl.Int64),
        value_cents=cents("value_usd"),
        duty_cents=cents("duty_usd"),
        fees_cents=zero,
    )
    return pl.concat([entries, lines])


def participants(facts: Frames) -> pl.LazyFrame:
    """Count the entries that Centers process, by account."""
    return facts["entry"].filter(processed_by="CENTER").select(*_entry_columns(), "account_key", entries_count=pl.lit(1, pl.Int64))


def stays(facts: Frames) -> pl.LazyFrame:
    """Make one row for each stay of a review with a holder (a Center or a port)."""
    return facts["stay"].select(
        *_dimension_columns(STAYS), "opened_date", "to_date", "is_last", date="from_date", reviews_count=pl.lit(1, pl.Int64)
    )


def work(facts: Frames) -> pl.LazyFrame:
    """Turn the stays into dated changes: flows, and the net change of each stock.

    A stock such as "open for more than 30 days" is entered on the day its condition is met (if the review still lies with
    that holder then) and left on the day the stay ends. Summing the changes up to a day gives the stock on that day; days
    that lie ahead are in the frame too, so that a question must end with its as-of date.
    """
    rows = facts["stay"].with_columns(
        backlog_from=pl.col("opened_date") + pl.duration(days=standards.standard_days(pl.col("work_type")) + 1),
        past_due_from=pl.col("due_date") + pl.duration(days=1),
        **{f"{state}_from": pl.col("opened_date") + pl.duration(days=mark) for state, mark in AGE_STATES.items()},
        **{f"{state}_from": pl.col("due_date") - pl.duration(days=days) for state, days in DUE_STATES.items()},
    )
    there = {"pending_net": pl.lit(1), "opened_day_net": _day("opened_date")}
    parts = [
        _change(rows, there | {"receipts": pl.col("is_first"), "transfers_in": ~pl.col("is_first")}, "from_date"),
        _change(rows, {"completions": pl.col("is_last"), "transfers_out": ~pl.col("is_last")}, "to_date"),
        _change(rows, there, "to_date", sign=-1),
        *_stopped(rows, facts["clock"]),
    ]
    starts = {"backlog_net": "backlog_from", "past_due_net": "past_due_from"} | {
        state: f"{state}_from" for state in (*AGE_STATES, *DUE_STATES)
    }
    for state, start in starts.items():
        parts += _while(rows.with_columns(begins=start), {state: pl.lit(1)})
    return pl.concat(parts)


def _stopped(stays: pl.LazyFrame, clock: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Count stopped clocks: while one stands, its day; from when it runs again, the days it stood."""
    stood = stays.join(clock, on="review_id")
    standing = stood.with_columns(begins="stop_date", to_date=pl.min_horizontal("start_date", "to_date"))
    ran_again = stood.filter(pl.col("start_date").is_not_null()).with_columns(begins="start_date")
    return [
        *_while(standing, {"stopped_net": pl.lit(1), "stop_day_net": _day("stop_date")}),
        *_while(ran_again, {"stopped_days_net": _day("start_date") - _day("stop_date")}),
    ]


def _while(rows: pl.LazyFrame, measures: Mapping[str, pl.Expr]) -> list[pl.LazyFrame]:
    """Count measures from the day `begins` (not before the stay) to the day the stay ends; nothing when it ends first."""
    entered = rows.with_columns(entered=pl.max_horizontal("begins", "from_date")).filter(
        pl.col("begins").is_not_null() & (pl.col("to_date").is_null() | (pl.col("entered") < pl.col("to_date")))
    )
    return [_change(entered, measures, "entered"), _change(entered, measures, "to_date", sign=-1)]


def _day(date: str) -> pl.Expr:
    """Number a day, counted from 1970."""
    return pl.col(date).cast(pl.Int32).cast(pl.Int64)


def sample(facts: Frames) -> pl.LazyFrame:
    """Count the lines of the random sample by stratum and month of entry, completed or not."""
    done = pl.col("status") == "completed"
    gap = pl.when(done).then(cents("revenue_change_usd")).otherwise(0)
    return (
        facts["review"]
        .filter((pl.col("source") == "random") & pl.col("entry_date").is_not_null() & (pl.col("status") != "cancelled"))
        .select(
            *_dimension_columns(SAMPLE),
            "stratum",
            period=pl.col("entry_date").dt.strftime("%Y-%m"),
            date="entry_date",
            drawn_lines=pl.lit(1, pl.Int64),
            lines=done.cast(pl.Int64),
            major_lines=(done & (pl.col("severity") == "major").fill_null(value=False)).cast(pl.Int64),
            any_lines=(done & pl.col("severity").is_in(["minor", "major"]).fill_null(value=False)).cast(pl.Int64),
            gap_cents=gap,
            # A square of cents passes 64-bit whole numbers soon; it feeds a variance alone.
            gap_cents_squared=gap.cast(pl.Float64) ** 2,
        )
    )


def findings(facts: Frames) -> pl.LazyFrame:
    """Count completed reviews on the day they closed, by why they were opened and what they found; trade-filed work has no severity."""
    judged = pl.col("severity").is_not_null()
    found = pl.col("severity").is_in(["minor", "major"]).fill_null(value=False)
    return (
        facts["review"]
        .filter(pl.col("status") == "completed")
        .select(
            *_dimension_columns(FINDINGS),
            "source",
            "severity",
            pl.col("finding_category").fill_null("none"),
            date="closed_date",
            completed_count=pl.lit(1, pl.Int64),
            closed_count=judged.cast(pl.Int64),
            found_count=found.cast(pl.Int64),
            major_count=(pl.col("severity") == "major").fill_null(value=False).cast(pl.Int64),
            change_cents=cents("revenue_change_usd"),
            no_outcome_count=pl.col("outcome").is_null().cast(pl.Int64),
        )
    )


def inquiries(facts: Frames) -> pl.LazyFrame:
    """Make one row an inquiry, with the day by which it is to be answered."""
    return facts["inquiry"].select(
        *_dimension_columns(INQUIRIES),
        "answered_date",
        "answer_by_date",
        "topic",
        date="received_date",
        inquiries_count=pl.lit(1, pl.Int64),
    )


def feedback(facts: Frames) -> pl.LazyFrame:
    """Make one row a piece of feedback, without its words."""
    return facts["feedback"].select("center_code", *FEEDBACK.keys, date="received_date", feedback_count=pl.lit(1, pl.Int64))


BUILDERS: Final[dict[str, Callable[[Frames], pl.LazyFrame]]] = {
    "volume": volume,
    "participants": participants,
    "work": work,
    "stays": stays,
    "sample": sample,
    "findings": findings,
    "inquiries": inquiries,
    "feedback": feedback,
}


def _entry_columns() -> list[pl.Expr]:
    return [pl.col("entry_date").alias("date"), *(pl.col(column_of(d)) for d in VOLUME.dimensions)]


def _dimension_columns(family: Family) -> list[str]:
    return [column_of(dimension) for dimension in family.dimensions]


#: A measure that a change leaves alone; there are many changes, and each has all measures.
_NONE: Final = {name: pl.lit(0, pl.Int64).alias(name) for name in WORK.measures}


def _change(rows: pl.LazyFrame, measures: Mapping[str, pl.Expr], date: str, sign: int = 1) -> pl.LazyFrame:
    """Count rows on a date under the named measures; every other measure of the work family is 0."""
    values = [(measures[name].cast(pl.Int64) * sign).alias(name) if name in measures else _NONE[name] for name in WORK.measures]
    return rows.filter(pl.col(date).is_not_null()).select(*_dimension_columns(WORK), pl.col(date).alias("date"), *values)


def stay_rows(reviews: pl.LazyFrame, transfers: pl.LazyFrame) -> pl.LazyFrame:
    """Split reviews at their transfers into stays with one holder each.

    Args:
        reviews: Facts `review` (a null Center is already `PORT`).
        transfers: `review_id`, `event_date`, `from_center_code`, `to_center_code` (nulls already `PORT`), in order.

    Returns:
        The review's columns with `center_code` of the stay, `from_date`, `to_date` (null while it lasts), `is_first`,
        `is_last`. A review's stays tile its open days without gap or overlap.
    """
    order = ["review_id", "from_date", "step"]
    starts = reviews.join(transfers.group_by("review_id").agg(first_holder=pl.col("from_center_code").first()), on="review_id", how="left")
    first = starts.select("review_id", from_date="opened_date", holder=pl.coalesce("first_holder", "center_code"), step=pl.lit(0))
    moves = transfers.select("review_id", from_date="event_date", holder="to_center_code", step=pl.lit(1))
    joined = pl.concat([first, moves]).sort(order).join(reviews.rename({"center_code": "last_center"}), on="review_id")
    following = pl.col("from_date").shift(-1).over("review_id", order_by=["from_date", "step"])
    return (
        joined.filter(pl.col("closed_date").is_null() | (pl.col("from_date") <= pl.col("closed_date")))
        .with_columns(to_date=following)
        .with_columns(is_last=pl.col("to_date").is_null(), to_date=pl.coalesce("to_date", "closed_date"), is_first=pl.col("step") == 0)
        .with_columns(center_code="holder")
        .drop("holder", "step", "last_center")
    )


def clock_rows(events: pl.LazyFrame) -> pl.LazyFrame:
    """Pair the stops of clocks with the starts that follow them.

    Only a running clock can be stopped and only a stopped one started; a stop and a start on one day leave it as it was.
    The day of opening is never moved: gross age counts through all stops, Center-controlled age leaves them out.

    Args:
        events: `review_id`, `event_date`, `event_type`.

    Returns:
        `review_id`, `stop_date`, `start_date` (null while it stands); the intervals of a review do not touch or overlap.
    """
    kinds = events.filter(pl.col("event_type").is_in(["clock_stop", "clock_start"]))
    days = kinds.group_by("review_id", "event_date").agg(
        stops=(pl.col("event_type") == "clock_stop").any(), starts=(pl.col("event_type") == "clock_start").any()
    )
    single = days.filter(pl.col("stops") != pl.col("starts")).sort("review_id", "event_date")
    before = pl.col("stops").shift(1).over("review_id", order_by="event_date")
    # A clock runs at first, so a start without a stop before it says nothing; a second stop in a row neither.
    turns = single.filter(pl.col("stops") != before.fill_null(value=False))
    following = pl.col("event_date").shift(-1).over("review_id", order_by="event_date")
    paired = turns.with_columns(start_date=following).filter(pl.col("stops"))
    return paired.select("review_id", stop_date="event_date", start_date="start_date")


def only_levels(frames: Frames, dimensions: Sequence[str]) -> Frames:
    """Keep the rollups whose dimensions are all among those given: what a narrow role may read."""
    allowed = set(dimensions)
    names = {rollup.name for rollup in ROLLUPS if set(rollup.dimensions) <= allowed}
    return {name: frame for name, frame in frames.items() if name in names}
