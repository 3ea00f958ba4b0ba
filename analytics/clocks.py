"""The clocks that the law sets for work on an entry: one table of rules, and the function that applies it.

How old a review is says little about how urgent it is. What makes it urgent is the next day on which doing nothing changes
a legal right: the entry is deemed liquidated, a protest is deemed denied, a correction can no longer be filed.

How time is counted, for every rule:

* The date is the last day on which the action is in time. The day counted from is not counted, the last day is counted
  whole (Headquarters ruling HQ H173819 of 12 September 2014, on 19 USC 1504(d)).
* Years and months are those of the calendar, so that a year is not 365 days. Where the month has no such day, its last day
  ends the period: a year from 29 February 2012 ends on 28 February 2013 (Ex parte Messick, 7 USPQ 57 (1930); MPEP 710.01(a)).
  For CBP that is the earlier of the two days that could be meant, so that nobody acts too late on it.
* Days are calendar days and end on weekends too; working days leave out weekends and federal holidays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from analytics.codes import WORK_TYPES
from analytics.periods import working_days_after
from analytics.standards import STANDARD_DAYS

Unit = Literal["working_days", "days", "months", "years", "cycle"]

#: Work that is not a review of its own, with its label. `opened_date` is the day that the last three are counted from.
OTHER_WORK: Final[dict[str, str]] = {
    "entry": "The entry itself",
    "entry_summary": "Entry summary not filed yet",
    "rejected_summary": "Rejected entry summary",
    "further_review": "Application for further review",
    "bill": "Bill",
}

#: Work that comes to nothing when the entry is deemed liquidated.
ON_ENTRY: Final = ("entry", "validation", "psc", "pea", "prior_disclosure", "cf28", "cf29", "internal_advice")

#: Days from entry to scheduled liquidation, which is the Friday then or the next one.
CYCLE_DAYS: Final = 314

#: Column -> the words for what is counted from; those for `opened_date` differ from rule to rule (`Rule.opened`).
COUNTED_FROM: Final[dict[str, str]] = {
    "entry_date": "entry",
    "liquidation_date": "liquidation",
    "suspension_lifted_date": "notice that the suspension is lifted",
    "scheduled_liquidation_date": "scheduled liquidation",
}

#: Condition of a rule -> its words.
CONDITIONS: Final[dict[str, str]] = {
    "always": "",
    "unliquidated": "not liquidated",
    "liquidated": "liquidated",
    "scheduled": "not liquidated, its liquidation scheduled",
    "usual": "not liquidated, never extended or suspended",
    "extended_1": "not liquidated, extended once, never suspended",
    "extended_2": "not liquidated, extended twice, never suspended",
    "extended_3": "not liquidated, extended three times, never suspended",
    "lifted": "not liquidated, suspension lifted",
    "not_extended": "not liquidated, not extended",
    "extended": "not liquidated, extended",
    "proposed": "action is proposed, not taken",
    "not_accelerated": "no accelerated disposition asked for",
    "accelerated": "accelerated disposition asked for",
}


@dataclass(frozen=True)
class Span:
    """A second period that a rule looks at, and which of the two ends counts."""

    pick: Literal["earlier", "later"]
    counted_from: str
    amount: int
    unit: Unit


@dataclass(frozen=True)
class Rule:
    """A clock: what it is counted from, how long it is, and what happens when it runs out.

    A negative amount lies before the day counted from. `legal` says that inaction changes a legal right; it is false for
    service standards and for the administrative cycle. `in_force_from` is null for what is older than the records of any Center.
    `when` is one of `CONDITIONS`; `opened` says what `opened_date` is, where a rule counts from it.
    """

    id: str
    work_types: tuple[str, ...]
    name: str
    duty: Literal["CBP", "importer"]
    counted_from: str
    amount: int
    unit: Unit
    consequence: str
    legal: bool
    citation: str
    in_force_from: dt.date | None = None
    in_force_to: dt.date | None = None
    when: str = "always"
    other: Span | None = None
    opened: str = ""


_DEEMED: Final = "Deemed liquidated as entered"
_NO_CORRECTION: Final = "No correction can be filed any more; after liquidation only a protest is left"
_LATE_SUMMARY: Final = "Late: liquidated damages under the bond"
_PSC: Final = ("psc",)
_PSC_2017: Final = "CBP, general notice on post-summary corrections, 82 FR (9 January 2017)"
#: Business days after entry within which the entry summary is due (19 CFR 142.12(b)).
SUMMARY_DAYS: Final = 10

#: All clocks. Where two laws set the same date, the first one here is named.
RULES: Final[tuple[Rule, ...]] = (
    Rule("entry_summary", ("entry_summary",), "Entry summary filing", "importer", "entry_date", SUMMARY_DAYS, "working_days",
         _LATE_SUMMARY, True, "19 CFR 142.12(b)"),
    Rule("rejected_summary", ("rejected_summary",), "Rejected entry summary filed again", "importer", "opened_date", 2, "working_days",
         _LATE_SUMMARY, True, "19 CFR 142.12(b); CBP, Entry Summary Acceptance and Reject Process",
         other=Span("later", "entry_date", SUMMARY_DAYS, "working_days"), opened="the day of the reject"),
    Rule("deemed_liquidation", ON_ENTRY, "Deemed liquidation", "CBP", "entry_date", 1, "years", _DEEMED, True,
         "19 USC 1504(a)(1); 19 CFR 159.11", when="usual"),
    Rule("deemed_extended_1", ON_ENTRY, "Deemed liquidation, extended once", "CBP", "entry_date", 2, "years", _DEEMED, True,
         "19 USC 1504(b); 19 CFR 159.12(a)", when="extended_1"),
    Rule("deemed_extended_2", ON_ENTRY, "Deemed liquidation, extended twice", "CBP", "entry_date", 3, "years", _DEEMED, True,
         "19 USC 1504(b); 19 CFR 159.12(d)", when="extended_2"),
    Rule("deemed_extended_3", ON_ENTRY, "Deemed liquidation, four years", "CBP", "entry_date", 4, "years",
         "Deemed liquidated as entered; it cannot be extended again", True, "19 USC 1504(b); 19 CFR 159.12(e)", when="extended_3"),
    Rule("deemed_lifted", ON_ENTRY, "Deemed liquidation after a suspension", "CBP", "suspension_lifted_date", 6, "months", _DEEMED, True,
         "19 USC 1504(d), as amended by Pub. L. 103-182, sec. 641", dt.date(1993, 12, 8), when="lifted"),
    Rule("liquidation_cycle", ON_ENTRY, "Scheduled liquidation", "CBP", "entry_date", CYCLE_DAYS, "cycle",
         "Liquidates as entered unless it is taken out of the cycle", False, "CBP's liquidation cycle; 19 CFR 159.9, 159.11",
         when="scheduled"),
    Rule("psc_2011", _PSC, "Post summary correction, filing", "importer", "entry_date", 270, "days", _NO_CORRECTION, True,
         "76 FR 37136 (24 June 2011); in ACE from 4 June 2011", dt.date(2011, 6, 4), dt.date(2017, 1, 13), "unliquidated",
         Span("earlier", "scheduled_liquidation_date", -20, "days")),
    Rule("psc_2017", _PSC, "Post summary correction, filing", "importer", "entry_date", 300, "days", _NO_CORRECTION, True,
         _PSC_2017, dt.date(2017, 1, 14), dt.date(2019, 8, 13), "unliquidated",
         Span("earlier", "scheduled_liquidation_date", -15, "days")),
    Rule("psc_2019", _PSC, "Post summary correction, filing", "importer", "entry_date", 300, "days", _NO_CORRECTION, True,
         _PSC_2017, dt.date(2019, 8, 14), None, "not_extended",
         Span("earlier", "scheduled_liquidation_date", -15, "days")),
    Rule("psc_2019_extended", _PSC, "Post summary correction, filing, liquidation extended", "importer", "scheduled_liquidation_date",
         -15, "days", _NO_CORRECTION, True, "84 FR 40430 (14 August 2019)", dt.date(2019, 8, 14), None, "extended"),
    Rule("pea", ("pea",), "Post entry amendment, filing", "importer", "scheduled_liquidation_date", -20, "days", _NO_CORRECTION, True,
         "72 FR 46654 (21 August 2007); not for ACE summaries from 22 September 2011: 76 FR 37136", dt.date(2007, 9, 20),
         when="scheduled"),
    Rule("cf28_reply", ("cf28",), "Reply to a request for information", "importer", "opened_date", 30, "days",
         "CBP may decide on the facts it has", True, "CBP Form 28; 19 CFR 151.11", opened="the date of the request"),
    Rule("cf29_objection", ("cf29",), "Objection to a proposed action", "importer", "opened_date", 20, "days",
         "CBP takes the proposed action and liquidates", True, "19 CFR 152.2; CBP Form 29", when="proposed", opened="the notice is mailed"),
    Rule("prior_disclosure", ("prior_disclosure",), "Missing information of a prior disclosure", "importer", "opened_date", 30, "days",
         "The benefits of a prior disclosure may be lost, unless more time was given", True, "19 CFR 162.74(b)(4)",
         opened="the disclosure"),
    Rule("protest_decision", ("protest",), "Decision on a protest", "CBP", "opened_date", 2, "years",
         "The statute's time has passed; the protest is not deemed denied and stays open", True, "19 USC 1515(a); 19 CFR 174.21(a)",
         when="not_accelerated", opened="the protest is filed"),
    Rule("protest_accelerated", ("protest",), "Accelerated disposition of a protest", "CBP", "opened_date", 30, "days",
         "Deemed denied; the protestant may go to court", True, "19 USC 1515(b); 19 CFR 174.22(d)",
         when="accelerated", opened="the request is mailed"),
    Rule("further_review", ("further_review",), "Answer to an application for further review", "CBP", "opened_date", 30, "days",
         "The statute's time has passed; the application stays open", True, "19 USC 1515(a), as amended by Pub. L. 106-36",
         opened="the application is filed"),
    Rule("protest_filing", ("entry",), "Filing of a protest", "importer", "liquidation_date", 180, "days",
         "The liquidation is final and conclusive", True, "19 USC 1514(c)(3), entries from 18 December 2004: Pub. L. 108-429",
         dt.date(2004, 12, 18), when="liquidated"),
    Rule("bill", ("bill",), "Payment of a bill", "importer", "opened_date", 30, "days",
         "Delinquent: interest runs, and the surety is told", True, "19 USC 1505(b); 19 CFR 24.3(e)", opened="the date of the bill"),
    Rule("internal_advice", ("internal_advice",), "Answer to a request for internal advice", "CBP", "opened_date",
         STANDARD_DAYS["internal_advice"], "days", "None in law: “as expeditiously as possible”", False,
         "Service standard; 19 CFR 177.11 names no time", opened="the request"),
)  # fmt: skip

_DATES: Final = ("opened_date", "entry_date", "scheduled_liquidation_date", "liquidation_date", "suspended_date", "suspension_lifted_date")


def rules_in_force(on: dt.date) -> tuple[Rule, ...]:
    """Return the rules in force on a day, in the order of the table."""
    return tuple(rule for rule in RULES if (rule.in_force_from or on) <= on <= (rule.in_force_to or on))


def clocks(items: pl.LazyFrame, as_of: dt.date, on: dt.date | None = None) -> pl.LazyFrame:
    """Name each clock that runs for each item, and the last day on which the action is in time.

    Args:
        items: `review_id`; `work_type` (of `codes.WORK_TYPES` or `OTHER_WORK`; others have no clock); `opened_date`;
            `due_basis` (`accelerated_30_days`: the protest was opened by mailing the request; a CF-29 with another basis than
            `objection_20_days` or null proposes nothing); `entry_date`; `scheduled_liquidation_date` (null: by the 314-day
            cycle, unless extended or suspended, when only CBP's own date says it); `liquidation_date`; `extension_count`
            (as it stands; null: none known; more than 3 count as 3); `suspended_date`;
            `suspension_lifted_date`. Null dates are not known or have not come; dates of liquidation and suspension after
            `as_of` have not come either.
        as_of: The day that days are counted from.
        on: The day whose rules apply, the filing day say; null for `as_of`.

    Returns:
        `review_id`, `clock` (a rule's id), `date`, `days` (days from `as_of`, negative once passed), `legal`. A row for each
        clock that runs, the items of one rule after those of another.
    """
    rules = rules_in_force(on or as_of)
    ready = _ready(items, as_of).with_columns(**_columns(rules))
    names = [rule.id for rule in rules]
    legal = [rule.id for rule in rules if rule.legal]
    return (
        ready.select("review_id", *(_own(name).alias(name) for name in names))
        .unpivot(names, index="review_id", variable_name="clock", value_name="date")
        .filter(pl.col("date").is_not_null())
        .with_columns(days=(pl.col("date") - as_of).dt.total_days(), legal=pl.col("clock").is_in(legal))
    )


def next_consequence(items: pl.LazyFrame, as_of: dt.date, on: dt.date | None = None) -> pl.LazyFrame:
    """Add to each item the next date on which doing nothing changes a legal right.

    Args:
        items: As for `clocks`; other columns are kept.
        as_of: The day that days are counted from; a date that falls on it lies ahead.
        on: The day whose rules apply, the filing day say; null for `as_of`.

    Returns:
        The items in their order with `consequence_clock` (a rule's id), `consequence_date`: the earliest legal date from
        `as_of` on, or the latest one passed when none lies ahead; `days_to_consequence` (days from `as_of`, negative once
        passed); these are null when no legal clock runs. `lapsed_count`: legal dates passed.
    """
    rules = [rule for rule in rules_in_force(on or as_of) if rule.legal]
    dates = {rule.id: _own(rule.id) for rule in rules}
    ahead = pl.min_horizontal(pl.when(date >= as_of).then(date) for date in dates.values())
    passed = [(date < as_of).fill_null(value=False).cast(pl.Int64) for date in dates.values()]
    next_date = _own("next_date")
    return (
        _ready(items, as_of)
        .with_columns(**_columns(rules))
        .with_columns(pl.coalesce(ahead, pl.max_horizontal(dates.values())).alias(_name("next_date")))
        .with_columns(
            consequence_clock=pl.coalesce(pl.when(date == next_date).then(pl.lit(name)) for name, date in dates.items()),
            consequence_date=next_date,
            days_to_consequence=(next_date - as_of).dt.total_days(),
            lapsed_count=pl.sum_horizontal(passed),
        )
        .drop(*map(_name, [*dates, *_DATES, "extensions", "next_date"]))
    )


def rules_table() -> pl.DataFrame:
    """Put the rules into words for a reader.

    Returns:
        `id`, `clock`, `work`, `runs_while` (empty: always), `duty`, `counted_from` (column), `time`, `consequence`,
        `legal` (bool), `citation`, `in_force_from` and `in_force_to` (dates; null where open). One row for each rule, in
        their order.
    """
    rows = [
        {
            "id": rule.id,
            "clock": rule.name,
            "work": _work_words(rule.work_types),
            "runs_while": CONDITIONS[rule.when],
            "duty": rule.duty,
            "counted_from": rule.counted_from,
            "time": _time_words(rule),
            "consequence": rule.consequence,
            "legal": rule.legal,
            "citation": rule.citation,
            "in_force_from": rule.in_force_from,
            "in_force_to": rule.in_force_to,
        }
        for rule in RULES
    ]
    return pl.DataFrame(rows, schema_overrides={"in_force_from": pl.Date, "in_force_to": pl.Date}, infer_schema_length=None)


def _work_words(work_types: tuple[str, ...]) -> str:
    if work_types == ON_ENTRY:
        return "The entry and all work on it but protests"
    return ", ".join((WORK_TYPES | OTHER_WORK)[name] for name in work_types)


def _time_words(rule: Rule) -> str:
    words = _span_words(rule.amount, rule.unit, rule.opened or COUNTED_FROM[rule.counted_from])
    if rule.other is None:
        return words
    other = _span_words(rule.other.amount, rule.other.unit, COUNTED_FROM[rule.other.counted_from])
    return f"{words}, or {other} if that is {rule.other.pick}"


def _span_words(amount: int, unit: Unit, start: str) -> str:
    if unit == "cycle":
        return f"the Friday on or after day {amount} from {start}"
    words = unit.replace("_", " ") if abs(amount) != 1 else unit.replace("_", " ").removesuffix("s")
    return f"{abs(amount)} {words} {'after' if amount > 0 else 'before'} {start}"


def _name(name: str) -> str:
    """Name a column of ours so that it meets none of the items'."""
    return f"_clocks_{name}"


def _own(name: str) -> pl.Expr:
    return pl.col(_name(name))


def _ready(items: pl.LazyFrame, as_of: dt.date) -> pl.LazyFrame:
    """Add the dates that clocks count from, as they were known on the day, and the number of extensions."""
    known = {name: _known(name, as_of) for name in ("liquidation_date", "suspended_date", "suspension_lifted_date")}
    plain = {name: pl.col(name).cast(pl.Date) for name in ("opened_date", "entry_date", "scheduled_liquidation_date")}
    extensions = pl.col("extension_count").fill_null(0).clip(0, 3)
    columns = {_name(name): column for name, column in (known | plain | {"extensions": extensions}).items()}
    return items.with_columns(**columns).with_columns(_scheduled().alias(_name("scheduled_liquidation_date")))


def _known(name: str, as_of: dt.date) -> pl.Expr:
    day = pl.col(name).cast(pl.Date)
    return pl.when(day <= as_of).then(day)


def _scheduled() -> pl.Expr:
    """Return the day of scheduled liquidation: the source's, else that of the cycle; null where neither holds.

    A suspension ends the schedule, and a date set before the suspension was lifted is that of the old one. An extended
    entry leaves the cycle, and only CBP knows for when.
    """
    given, lifted = _own("scheduled_liquidation_date"), _own("suspension_lifted_date")
    valid = pl.when(_never_suspended() | (given > lifted)).then(given)
    cycle = pl.when(_never_suspended() & (_own("extensions") == 0)).then(_to_friday(_own("entry_date") + dt.timedelta(CYCLE_DAYS)))
    return pl.coalesce(valid, cycle)


def _never_suspended() -> pl.Expr:
    return _own("suspended_date").is_null() & _own("suspension_lifted_date").is_null()


def _to_friday(day: pl.Expr) -> pl.Expr:
    """Move each day to the next Friday, or leave it when it is one."""
    return day + pl.duration(days=(12 - day.dt.weekday()) % 7)


def _columns(rules: Sequence[Rule]) -> dict[str, pl.Expr]:
    """Return a column for each rule: its date where its clock runs, else null."""
    conditions = _conditions()
    work = pl.col("work_type").cast(pl.String)
    return {_name(rule.id): pl.when(work.is_in(rule.work_types) & conditions[rule.when]).then(_date(rule)) for rule in rules}


def _conditions() -> dict[str, pl.Expr]:
    """Return for each word of `CONDITIONS` what it asks of an item."""
    basis = pl.col("due_basis").cast(pl.String)
    extensions, unliquidated = _own("extensions"), _own("liquidation_date").is_null()
    running = unliquidated & _never_suspended()
    return {
        "always": pl.lit(value=True),
        "unliquidated": unliquidated,
        "liquidated": ~unliquidated,
        "scheduled": unliquidated & _own("scheduled_liquidation_date").is_not_null(),
        "usual": running & (extensions == 0),
        "extended_1": running & (extensions == 1),
        "extended_2": running & (extensions == 2),
        "extended_3": running & (extensions == 3),
        "lifted": unliquidated & _own("suspension_lifted_date").is_not_null(),
        "not_extended": unliquidated & (extensions == 0),
        "extended": unliquidated & (extensions > 0),
        "proposed": basis.is_null() | (basis == "objection_20_days"),
        "not_accelerated": basis.ne_missing("accelerated_30_days"),
        "accelerated": basis.eq_missing("accelerated_30_days"),
    }


def _date(rule: Rule) -> pl.Expr:
    """Return the date that a rule sets, whether its clock runs or not; null where what it is counted from is."""
    if rule.unit == "cycle":
        return _own("scheduled_liquidation_date")
    date = _after(rule.counted_from, rule.amount, rule.unit)
    if rule.other is None:
        return date
    other = _after(rule.other.counted_from, rule.other.amount, rule.other.unit)
    both = pl.min_horizontal(date, other) if rule.other.pick == "earlier" else pl.max_horizontal(date, other)
    return pl.when(date.is_not_null()).then(both)


def _after(counted_from: str, amount: int, unit: Unit) -> pl.Expr:
    start = _own(counted_from)
    if unit == "working_days":
        return working_days_after(start, amount)
    if unit == "days":
        return start + dt.timedelta(amount)
    # Saturates at the end of a month, as the law does.
    return start.dt.offset_by(f"{amount}{'mo' if unit == 'months' else 'y'}")
