"""Alerts: rules on any metric, judged for every Center at once.

Each question is asked once for all Centers and for all rules that need it, so that the cost does not grow with the Centers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from analytics import codes, late, monthly, process, signalwords, workload
from analytics.alertrules import SEVERITIES, Rule
from analytics.filters import DIMENSIONS, Filters, day_words
from analytics.metrics import Metric
from analytics.rollups import Frames

#: Writes a number by its kind.
Write = Callable[[float, str], str]

#: Columns of what `evaluate` returns.
SCHEMA: Final = {
    "rule": pl.String,
    "center": pl.String,
    "severity": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "limit": pl.Float64,
    "n": pl.Int64,
    "excess": pl.Float64,
    "page": pl.String,
    "words": pl.String,
}


@dataclass
class Question:
    """What all rules of one evaluation have in common, and what was asked already."""

    rules: Sequence[Rule]
    frames: Frames
    filters: Filters
    as_of: dt.date
    end: dt.date
    first_date: dt.date
    targets: pl.DataFrame
    #: Dimensions that the reader may narrow by; rules about others are left out.
    reach: Collection[str] = tuple(DIMENSIONS)
    provisional: Collection[dt.date] = ()
    asked: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, ask: Any) -> Any:
        """Return the answer to a question, asked the first time only."""
        if key not in self.asked:
            self.asked[key] = ask()
        return self.asked[key]

    def settled(self, metric: Metric, about: Filters) -> dt.date:
        """Return the last day whose completions are all reported, for a number that they move; else the last day shown.

        Completions that are reported late would make every pace look as if it fell, and every pile as if it grew.
        """
        if metric.id not in late.OF_COMPLETIONS | late.OF_WAITING:
            return self.end
        months = self.once(("reported", about), lambda: late.provisional_months(self.frames, self.end, about))["month"]
        return self.end if months.is_empty() else dt.date.fromisoformat(f"{months.min()}-01") - dt.timedelta(days=1)

    def about(self, rule: Rule) -> Filters | None:
        """Return what the reader chose and the rule is about; null when both leave nothing, or the reader does not reach it."""
        chosen = self.filters
        for dimension in rule.about.used:
            kept = rule.about.kept(dimension)
            mine = self.filters.kept(dimension)
            both = tuple(code for code in kept if code in mine) if mine else kept
            if dimension not in self.reach or not both:
                return None
            chosen = chosen.keeping(dimension, both)
        return chosen


@dataclass(frozen=True)
class Finding:
    """A Center's value under a rule, before it is judged."""

    center: str
    value: float
    n: int
    limit: float
    passed: bool
    more: Mapping[str, float | str]


def evaluate(
    frames: Frames,
    rules: Sequence[Rule],
    filters: Filters,
    as_of: dt.date,
    *,
    first_date: dt.date,
    targets: pl.DataFrame,
    write: Write,
    reach: Collection[str] = tuple(DIMENSIONS),
    own: Collection[str] = (),
    provisional: Collection[dt.date] = (),
) -> pl.DataFrame:
    """Judge every Center by every rule at the end of the filters' period.

    Args:
        frames: Rollups at hand.
        rules: Rules (`alertrules.load`).
        filters: What the reader chose; the period counts by its end alone.
        as_of: Last day that has happened.
        first_date: First day of the data.
        targets: `metric_id`, `center_code` (or `ALL`), `valid_from`, `target_value`.
        write: Writes a number by its kind (`analytics.format.number`), so that an alert and a page write it alike.
        reach: Dimensions that the reader may narrow by; a rule about others is left out.
        own: A director's Centers: theirs come first.
        provisional: First days of months that are known to be incomplete; no signal is seen in them.

    Returns:
        One row an alert, worst first (own Centers, then severity, then how far beyond the limit): `rule`, `center` (code), `severity`,
        `metric`, `value`, `limit` (null for a signal), `n`, `excess` (1 at the limit; null for a signal), `page`, `words`.
    """
    end = min(filters.to_date or as_of, as_of)
    question = Question(rules, frames, filters, as_of, end, first_date, targets, reach, provisional)
    rows = [_row(rule, found, write) for rule in rules for found in _found(rule, question) if found.passed and found.n >= rule.least]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    order = [
        ~pl.col("center").is_in(list(own)),
        pl.col("severity").replace_strict({name: place for place, name in enumerate(SEVERITIES)}, return_dtype=pl.Int8),
        -pl.col("excess").fill_null(1.0),
        pl.col("center"),
        pl.col("rule"),
    ]
    return frame.sort(order)


def _found(rule: Rule, question: Question) -> list[Finding]:
    about = question.about(rule)
    if about is None:
        return []
    found = {"threshold": _threshold, "signal": _signal, "clock": _clock}[rule.kind](rule, question, about)
    return [each for each in found if each.center != codes.PORT_CODE]


def _values(metric: Metric, question: Question, about: Filters, start: dt.date | None, end: dt.date) -> dict[str, dict[str, Any]]:
    chosen = about.only(metric.dimensions).between(start, end)

    def ask() -> dict[str, dict[str, Any]]:
        return {str(row["center"]): row for row in metric.answer(question.frames, chosen, question.as_of, ["center"]).iter_rows(named=True)}

    answer: dict[str, dict[str, Any]] = question.once((metric.id, chosen), ask)
    return answer


def _threshold(rule: Rule, question: Question, about: Filters) -> list[Finding]:
    """Compare the value of each Center, or its share of another metric; where it has an interval, all of that must be beyond the limit."""
    end = question.settled(rule.metric, about) if rule.days else question.end
    start = None if rule.days is None else end - dt.timedelta(days=rule.days - 1)
    values = _values(rule.metric, question, about, start, end)
    wholes = _values(rule.share_of, question, about, start, end) if rule.share_of else {}
    found = []
    for center, row in values.items():
        value, sure, n = row["value"], row["low"] if rule.above is not None else row["high"], row["n"]
        more: dict[str, float | str] = {"end": day_words(end)}
        if rule.share_of:
            whole = wholes.get(center, {}).get("value")
            value, sure = (value / whole if whole else None), None
            n = int(whole or 0)
            more["share_of"] = float(whole or 0)
        limit = _limit(rule, question, center)
        if value is None or limit is None:
            continue
        held = value if sure is None else sure
        passed = held > limit if rule.above is not None else held < limit
        # What waits is too high while completions are still reported: it counts only where it was beyond the limit before, too.
        if passed and rule.above is not None and rule.metric.id in late.OF_WAITING:
            passed = _was_beyond(rule, question, about, center, limit)
        found.append(Finding(center, float(value), int(n or 0), limit, bool(passed), more))
    return found


def _was_beyond(rule: Rule, question: Question, about: Filters, center: str, limit: float) -> bool:
    """Say whether a Center's stock was beyond its limit on the last day whose completions are all reported."""
    end = question.settled(rule.metric, about)
    if end == question.end:
        return True
    value = _values(rule.metric, question, about, None, end).get(center, {}).get("value")
    if rule.share_of and value is not None:
        whole = _values(rule.share_of, question, about, None, end).get(center, {}).get("value")
        value = value / whole if whole else None
    return value is not None and bool(value > limit)


def _limit(rule: Rule, question: Question, center: str) -> float | None:
    if rule.limit == "target":
        return process.target_in_force(question.targets, rule.metric.id, question.end, center)
    return None if rule.limit is None else float(rule.limit)


def _signal(rule: Rule, question: Question, about: Filters) -> list[Finding]:
    """Look at the present of each Center; the months of all metrics and Centers are judged at once."""

    def ask() -> dict[tuple[str, str], process.Verdict]:
        metrics = {each.metric.id: each.metric for each in question.rules if each.kind == "signal" and question.about(each) == about}
        months = monthly.several(
            question.frames, list(metrics.values()), about, question.as_of, by=["center"], end=question.end, first_date=question.first_date,
            provisional=question.provisional,
        )  # fmt: skip
        drawn = process.chart(months, "neither", ["metric_id", "center"]).partition_by("metric_id", "center", as_dict=True)
        return {(str(name), str(center)): process.verdict(part, metrics[str(name)].direction) for (name, center), part in drawn.items()}

    verdicts: dict[tuple[str, str], process.Verdict] = question.once(("months", about), ask)
    found = []
    for (name, center), verdict in verdicts.items():
        if name == rule.metric.id and verdict.value is not None:
            n = round(verdict.value) if rule.metric.unit == "count" else verdict.points
            more = {"signal": signalwords.said(verdict)}
            found.append(Finding(center, verdict.value, n, float("nan"), verdict.state == rule.when, more))
    return found


def _clock(rule: Rule, question: Question, about: Filters) -> list[Finding]:
    """Count the reviews whose due date passes within so many days; 0 are those whose date has passed."""
    chosen = about.only(rule.metric.dimensions).between(None, question.end)

    def ask() -> pl.DataFrame:
        return workload.due_next(question.frames, chosen, question.as_of, ["center"])

    windows: pl.DataFrame = question.once(("due_next", chosen), ask)
    place = {0: 0, 7: 1, 14: 2, 30: 3}[rule.within]
    # What is past due already is no deadline that comes.
    kept = windows.filter(pl.col("window_order") == 0 if place == 0 else pl.col("window_order").is_between(1, place))
    sums = kept.group_by("center", maintain_order=True).agg(pl.col("reviews_count", "value_usd", "duty_usd").sum())
    limit = float(rule.above or 0)
    return [
        Finding(
            str(row["center"]),
            float(row["reviews_count"]),
            int(row["reviews_count"]),
            limit,
            row["reviews_count"] > limit,
            {"value_usd": row["value_usd"], "duty_usd": row["duty_usd"]},
        )
        for row in sums.iter_rows(named=True)
    ]


def _row(rule: Rule, found: Finding, write: Write) -> tuple[Any, ...]:
    limit = None if rule.kind == "signal" else found.limit
    return (
        rule.id, found.center, rule.severity, rule.metric.id, found.value, limit, found.n, _excess(rule, found.value, limit), rule.page,
        sentence(rule, found, write),
    )  # fmt: skip


def _excess(rule: Rule, value: float, limit: float | None) -> float | None:
    """Say how far beyond its limit a value is: 2 is twice the limit, or half of it where it must not fall below."""
    if limit is None:
        return None
    over, under = (value, limit) if rule.above is not None else (limit, value)
    return over / under if under > 0 else over + 1.0


def sentence(rule: Rule, found: Finding, write: Write) -> str:
    """Fill a rule's words with a Center's numbers."""
    unit = "share" if rule.share_of else "count" if rule.kind == "clock" else rule.metric.unit
    words: dict[str, str] = {
        "value": write(found.value, unit),
        "limit": write(found.limit, unit),
        "n": write(found.n, "count"),
        "days": str(rule.days or rule.within),
    }
    for name, more in found.more.items():
        shown = rule.share_of.unit if name == "share_of" and rule.share_of else "usd"
        words[name] = more if isinstance(more, str) else write(more, shown)
    return rule.words.format(**dict.fromkeys(("share_of", "value_usd", "duty_usd", "signal", "end"), "–") | words)
