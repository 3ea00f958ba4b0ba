"""How the facts become rollups: written once over lazy frames of any engine (Narwhals), run by Polars or by Spark.

A family is made of counts. Each takes rows of a fact, a column that gives their date, and what is counted or summed of
them; the rows of a family are the sums of all its counts by date, dimensions and keys. Facts bring whole numbers only
(codes, cents, days since 1970), so that every engine comes to the same sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import polars as pl

from analytics import codes, coding, packing, periods
from analytics.rollups import (
    ACCOUNT_FINDINGS,
    ACCOUNT_SAMPLE,
    ACCOUNT_WORK,
    ACCOUNTS,
    AGE_STATES,
    AT_STAKE,
    DUE_STATES,
    FEEDBACK,
    FILERS,
    FINDINGS,
    GAP_HIGH,
    GAP_SQUARES,
    INQUIRIES,
    LIQUIDATIONS,
    PARTICIPANTS,
    SAMPLE,
    STAYS,
    TEAMS,
    VOLUME,
    WORK,
    Family,
    Rollup,
    rollups_of,
)  # fmt: skip

#: A lazy frame of any engine.
Lazy = nw.LazyFrame[Any]
Facts = Mapping[str, Lazy]

#: Column of the day of entry, counted from 1970, which an engine adds to the facts of entries and lines.
ENTRY_DAY: Final = "entry_day"

#: Counts the rows, where a column would be summed.
ROWS: Final = None


@dataclass(frozen=True)
class Count:
    """Rows of a fact, the column of their date, and measure -> column that is summed (`ROWS`: they are counted).

    A date that is the number of its day (`ENTRY_DAY`) is packed with the codes: one number is grouped faster than two columns.
    """

    rows: Lazy
    date: str
    sums: Mapping[str, str | None]


def counted(family: Family, facts: Facts) -> Lazy:
    """Count the facts by the groups of a family's finest rollup: the heavy part, whose rows `finest` sums.

    Args:
        family: The family.
        facts: Fact -> lazy frame; dimensions are numbers (`analytics.coding`), money whole cents.

    Returns:
        `date`, the dimensions packed as one number (`analytics.packing`; with the date in it where counts bring the number of
        their day), keys and measures of the family, in no order: a group has a row for each count that saw it, with null where
        a count has not the measure.
    """
    rollup = rollups_of(family)[-1]
    asked = COUNTS[family.name](facts)
    counts = [_grouped(count, rollup) for count in asked]
    every = nw.concat(counts, how="diagonal") if len(counts) > 1 else counts[0]
    dated = [] if all(count.date == ENTRY_DAY for count in asked) else ["date"]
    return every.select(*dated, packing.CODES, *family.keys, *family.measures)


def finest(family: Family, rows: pl.DataFrame) -> pl.DataFrame:
    """Sum what was counted: one row a group, sorted by it. These are few rows, whatever engine has counted them."""
    rollup = rollups_of(family)[-1]
    return packing.collected(packing.summed(rows.lazy(), rollup.group, family.measures), rows.height)


def _grouped(count: Count, rollup: Rollup) -> Lazy:
    """Count and sum by the rollup's groups."""
    columns = dict.fromkeys(column for column in count.sums.values() if column is not ROWS)
    names = packing.codes_of(rollup.group)
    date, codes = (
        ([], packing.packed(names, nw, day=ENTRY_DAY))
        if count.date == ENTRY_DAY
        else ([nw.col(count.date).alias("date")], packing.packed(names, nw))
    )
    rows = count.rows.select(*date, codes, *rollup.family.keys, *columns)
    sums = [nw.len().alias(name) if column is ROWS else nw.col(column).sum().alias(name) for name, column in count.sums.items()]
    by = [*(["date"] if date else []), packing.CODES, *rollup.family.keys]
    return rows.group_by(*by).agg(*sums).with_columns(nw.col(*count.sums).cast(nw.Int64))


def volume(facts: Facts) -> list[Count]:
    """Count entries under their own industry, and lines, value and duty under each line's."""
    return [
        Count(facts["entry"], ENTRY_DAY, {"entries_count": ROWS, "fees_cents": "fees_cents"}),
        Count(facts["entry_line"], ENTRY_DAY, {"lines_count": ROWS, "value_cents": "value_cents", "duty_cents": "duty_cents"}),
    ]


def participants(facts: Facts) -> list[Count]:
    """Count the entries that Centers process, by account."""
    return [Count(facts["entry"].filter(nw.col("center_code") != coding.PORT), ENTRY_DAY, {"entries_count": ROWS})]


def stays(facts: Facts) -> list[Count]:
    """Count the stays of reviews with a holder (a Center or a port) by the day they began."""
    return [Count(facts["stay"], "from_date", {"reviews_count": ROWS})]


def work(facts: Facts) -> list[Count]:
    """Turn the stays into dated changes: flows, and the net change of each stock.

    A stock such as "open for more than 30 days" is entered on the day its condition is met (if the review still lies with
    that holder then) and left on the day the stay ends. Summing the changes up to a day gives the stock on that day; days
    that lie ahead are in the frame too, so that a question must end with its as-of date.
    """
    stays, first, last = facts["stay"], nw.col("is_first").cast(nw.Int64), nw.col("is_last").cast(nw.Int64)
    begins = {"backlog_net": nw.col("backlog_date"), "past_due_net": _later("due_date", 1)}
    begins |= {state: _later("opened_date", mark) for state, mark in AGE_STATES.items()}
    begins |= {state: _later("due_date", -days) for state, days in DUE_STATES.items()}
    asked = nw.when(nw.col("work_type") == coding.WORK_TYPE["cf28"]).then(first).otherwise(0)
    came = stays.with_columns(receipts=first, transfers_in=1 - first, cf28_receipts=asked)
    left = stays.filter(~nw.col("to_date").is_null()).with_columns(
        pending_net=nw.lit(-1, nw.Int64), opened_day_net=-nw.col("opened_day"), completions=last, transfers_out=1 - last
    )  # fmt: skip
    return [
        Count(
            came,
            "from_date",
            {"pending_net": ROWS, "opened_day_net": "opened_day"} | {name: name for name in ("receipts", "transfers_in", "cf28_receipts")},
        ),
        _of(left, "to_date", "pending_net", "opened_day_net", "completions", "transfers_out"),
        *_while(stays, begins, {state: {state: ROWS} | _stakes(state) for state in begins}),
        *_stopped(stays, facts["clock"]),
    ]


def _of(rows: Lazy, date: str, *measures: str) -> Count:
    """Sum columns that are named as their measures."""
    return Count(rows, date, {name: name for name in measures})


def _stopped(stays: Lazy, clock: Lazy) -> list[Count]:
    """Count stopped clocks: while one stands, its day; from when it runs again, the days it stood."""
    stood = stays.join(clock, on="review_id").with_columns(days=nw.col("start_day") - nw.col("stop_day"))
    standing = stood.with_columns(to_date=nw.min_horizontal("start_date", "to_date"))
    stopped, ran = nw.col("stop_date"), nw.col("start_date")
    return [
        *_while(standing, {"stopped": stopped}, {"stopped": {"stopped_net": ROWS, "stop_day_net": "stop_day"}}),
        *_while(stood, {"ran": ran}, {"ran": {"stopped_days_net": "days"}}),
    ]


def _stakes(state: str) -> dict[str, str | None]:
    """List the amounts that are at stake while a state lasts."""
    return {measure: column for measure, (of, column) in AT_STAKE.items() if of == state}


def _while(stays: Lazy, begins: Mapping[str, nw.Expr], amounts: Mapping[str, Mapping[str, str | None]]) -> list[Count]:
    """Sum amounts from the day each state begins (not before the stay) to the day the stay ends; nothing when it ends first.

    Args:
        stays: Stays.
        begins: State -> the day on which it begins; null when it never does.
        amounts: State -> its measures and the column that each sums (`ROWS`: they are counted).
    """
    until = nw.col("to_date").fill_null(periods.FAR)
    dated = stays.with_columns(until=until, **{f"{state}_from": day for state, day in begins.items()}).filter(
        nw.col("from_date") < nw.col("until")
    )
    there = {state: nw.col(f"{state}_from") < nw.col("until") for state in begins}
    on = [
        Count(dated.filter(there[state]).with_columns(entered=nw.max_horizontal(f"{state}_from", "from_date")), "entered", amounts[state])
        for state in begins
    ]
    one = nw.lit(1, nw.Int64)
    off = {
        measure: nw.when(there[state]).then(-(one if column is ROWS else nw.col(column))).otherwise(0)
        for state in begins
        for measure, column in amounts[state].items()
    }
    return [*on, _of(dated.filter(~nw.col("to_date").is_null()).with_columns(**off), "to_date", *off)]


def _later(date: str, days: int) -> nw.Expr:
    """Move a date by days; some engines answer with a time of day."""
    return nw.col(date).dt.offset_by(f"{days}d").cast(nw.Date)


def accounts(facts: Facts) -> list[Count]:
    """Count entries, whoever processes them, by account and month of entry."""
    entry = facts["entry"].with_columns(month=_month("entry_date"))
    return [Count(entry, "month", {"entries_count": ROWS, "lines_count": "line_count"} | {name: name for name in _AMOUNTS})]


_AMOUNTS: Final = ("value_cents", "duty_cents")


def account_work(facts: Facts) -> list[Count]:
    """Count the work of accounts: what came, what left, and the stocks; a review is left on its month's first day, as it is closed."""
    stays, first, last = facts["stay"], nw.col("is_first").cast(nw.Int64), nw.col("is_last").cast(nw.Int64)
    notices = {
        f"{name}_receipts": nw.when(nw.col("work_type") == coding.WORK_TYPE[name]).then(first).otherwise(0) for name in ("cf28", "cf29")
    }
    came = stays.with_columns(receipts=first, month=_month("from_date"), **notices)
    left = stays.filter(~nw.col("to_date").is_null()).with_columns(
        pending_net=nw.lit(-1, nw.Int64), completions=last, month=_month("to_date")
    )
    begins = {"backlog_net": nw.col("backlog_date"), "past_due_net": _later("due_date", 1)}
    *entered, ended = _while(stays, begins, {state: {state: ROWS} for state in begins})
    return [
        Count(came, "month", {"pending_net": ROWS} | {name: name for name in ("receipts", *notices)}),
        _of(left, "month", "pending_net", "completions"),
        *entered,
        Count(ended.rows.with_columns(month=_month("to_date")), "month", ended.sums),
    ]


def account_findings(facts: Facts) -> list[Count]:
    """Count the completed validation reviews of accounts for which a result is known, and what they found, by the month they closed."""
    looked = facts["review"].filter(
        (nw.col("status") == "completed") & (nw.col("work_type") == coding.WORK_TYPE["validation"]) & ~nw.col("severity").is_null()
    )
    dated = looked.with_columns(month=_month("closed_date"), change_cents=nw.col("revenue_change_cents").fill_null(0))
    return [
        Count(dated, "month", {"looked_count": ROWS, "change_cents": "change_cents"}),
        Count(dated.filter(_found()), "month", {"found_count": ROWS}),
        Count(dated.filter(_major()), "month", {"major_count": ROWS}),
    ]


def _month(date: str) -> nw.Expr:
    """Return the first day of a date's month; some engines answer with a time of day."""
    return nw.col(date).dt.truncate("1mo").cast(nw.Date)


def liquidations(facts: Facts) -> list[Count]:
    """Count what became of entries: liquidated, of these by operation of law and with a change; extended; and suspended until it ends."""
    entry = facts["entry"]
    done = entry.filter(~nw.col("liquidation_date").is_null())
    began = entry.filter(~nw.col("suspended_date").is_null())
    ended = began.with_columns(ended=nw.coalesce("suspension_lifted_date", "liquidation_date"), suspended_net=nw.lit(-1, nw.Int64))
    return [
        Count(done, "liquidation_date", {"liquidated_count": ROWS}),
        Count(done.filter(nw.col("liquidation_type") == "deemed"), "liquidation_date", {"deemed_count": ROWS}),
        Count(done.filter(nw.col("liquidation_type") == "change"), "liquidation_date", {"changed_count": ROWS}),
        Count(entry.filter(nw.col("extension_count") > 0), "entry_date", {"extended_count": ROWS}),
        Count(began, "suspended_date", {"suspended_net": ROWS}),
        _of(ended.filter(~nw.col("ended").is_null()), "ended", "suspended_net"),
    ]


def teams(facts: Facts) -> list[Count]:
    """Count the reviews of teams by the weeks in which they were opened and closed."""
    return [Count(facts["review"].filter(~nw.col("team").is_null()), "opened_week", {"reviews_count": ROWS, "minutes": "minutes"})]


def filers(facts: Facts) -> list[Count]:
    """Count completed reviews of entries by their filer, and those that ended in a reject."""
    done = facts["review"].filter((nw.col("status") == "completed") & ~nw.col("filer_code").is_null())
    named = done.with_columns(finding_category=nw.col("finding_category").fill_null("none"))
    rejected = named.filter(nw.col("outcome") == "rejected")
    return [Count(named, "closed_date", {"completed_count": ROWS}), Count(rejected, "closed_date", {"rejected_count": ROWS})]


def sample(facts: Facts) -> list[Count]:
    """Count the lines of the random sample by stratum and month of entry, completed or not."""
    drawn = _drawn(facts).with_columns(period=nw.col("entry_date").dt.to_string("%Y-%m"))
    done = _done(drawn).with_columns(gap=nw.col("revenue_change_cents").fill_null(0))
    high, low = nw.col("gap").abs() // GAP_HIGH, nw.col("gap").abs() % GAP_HIGH
    squared = done.with_columns(gap_high_squared=high * high, gap_cross=high * low, gap_low_squared=low * low)
    return [
        Count(drawn, "entry_date", {"drawn_lines": ROWS}),
        Count(squared, "entry_date", {"lines": ROWS, "gap_cents": "gap"} | {name: name for name in GAP_SQUARES}),
        Count(done.filter(_major()), "entry_date", {"major_lines": ROWS}),
        Count(done.filter(_found()), "entry_date", {"any_lines": ROWS}),
    ]


def account_sample(facts: Facts) -> list[Count]:
    """Count the lines of the random sample by account and month of entry, completed or not."""
    drawn = _drawn(facts).with_columns(month=_month("entry_date"))
    done = _done(drawn)
    return [
        Count(drawn, "month", {"drawn_lines": ROWS}),
        Count(done, "month", {"lines": ROWS}),
        Count(done.filter(_major()), "month", {"major_lines": ROWS}),
        Count(done.filter(_found()), "month", {"any_lines": ROWS}),
    ]


def _drawn(facts: Facts) -> Lazy:
    random = (nw.col("source") == "random") & ~nw.col("entry_date").is_null() & (nw.col("status") != "cancelled")
    return facts["review"].filter(random)


def _done(reviews: Lazy) -> Lazy:
    return reviews.filter(nw.col("status") == "completed")


def findings(facts: Facts) -> list[Count]:
    """Count completed reviews on the day they closed, by why they were opened and what they found; trade-filed work has no severity."""
    done = facts["review"].filter(nw.col("status") == "completed").with_columns(
        finding_category=nw.col("finding_category").fill_null("none"), change=nw.col("revenue_change_cents").fill_null(0)
    )  # fmt: skip
    protests = done.filter(nw.col("work_type") == coding.WORK_TYPE["protest"])
    return [
        Count(done, "closed_date", {"completed_count": ROWS, "change_cents": "change", "minutes": "minutes"}),
        Count(done.filter(~nw.col("minutes").is_null()), "closed_date", {"timed_count": ROWS}),
        Count(done.filter(~nw.col("due_date").is_null()), "closed_date", {"due_count": ROWS}),
        Count(done.filter(nw.col("closed_date") <= nw.col("due_date")), "closed_date", {"on_time_count": ROWS}),
        Count(done.filter(~nw.col("severity").is_null()), "closed_date", {"closed_count": ROWS}),
        Count(done.filter(_found()), "closed_date", {"found_count": ROWS}),
        Count(done.filter(_major()), "closed_date", {"major_count": ROWS}),
        Count(done.filter(nw.col("outcome").is_null()), "closed_date", {"no_outcome_count": ROWS}),
        Count(protests.filter(nw.col("outcome").is_in(codes.PROTEST_DECIDED)), "closed_date", {"protests_decided": ROWS}),
        Count(protests.filter(nw.col("outcome").is_in(codes.PROTEST_ALLOWED)), "closed_date", {"protests_allowed": ROWS}),
    ]


def _major() -> nw.Expr:
    return nw.col("severity") == "major"


def _found() -> nw.Expr:
    return nw.col("severity").is_in(["minor", "major"])


def inquiries(facts: Facts) -> list[Count]:
    """Count inquiries by the days on which they came, were answered, and were to be answered."""
    return [Count(facts["inquiry"], "received_date", {"inquiries_count": ROWS})]


def feedback(facts: Facts) -> list[Count]:
    """Count feedback by what it is about and what became of it, without its words."""
    return [Count(facts["feedback"], "received_date", {"feedback_count": ROWS})]


#: Family -> its counts.
COUNTS: Final[dict[str, Callable[[Facts], list[Count]]]] = {
    VOLUME.name: volume,
    PARTICIPANTS.name: participants,
    ACCOUNTS.name: accounts,
    LIQUIDATIONS.name: liquidations,
    WORK.name: work,
    STAYS.name: stays,
    TEAMS.name: teams,
    SAMPLE.name: sample,
    FINDINGS.name: findings,
    FILERS.name: filers,
    ACCOUNT_WORK.name: account_work,
    ACCOUNT_FINDINGS.name: account_findings,
    ACCOUNT_SAMPLE.name: account_sample,
    INQUIRIES.name: inquiries,
    FEEDBACK.name: feedback,
}
