"""Checks of rows against other tables, beyond the existence of what they point to: sums, the order of dates, open Centers.

A rule here speaks about two tables, and judges the rows of one of them by what the other holds. What a later correction of
the other breaks, the identities of a publish show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from analytics.coding import cents
from analytics.metrics import METRICS
from data import rules
from data.validate import ROW, Checked, reject_rows

#: Of a table, keys and columns: the rows that the store holds of those keys, and maybe of others: who asks joins them anyway.
Held = Callable[[str, pl.DataFrame, list[str]], pl.DataFrame]

#: Judges accepted rows (with `ROW`); returns the records of those that break a rule.
Judge = Callable[[pl.DataFrame, Held], list[pl.DataFrame]]


def judged(table: str, checked: Checked, held: Held) -> Checked:
    """Judge a file's accepted rows by what other tables hold."""
    judge = _JUDGES.get(table)
    if judge is None or checked.accepted.is_empty():
        return checked
    found = [part for part in judge(checked.accepted, held) if part.height]
    return checked.without(pl.concat(found)) if found else checked


def _entry(rows: pl.DataFrame, held: Held) -> list[pl.DataFrame]:
    """An entry that a Center processes was filed on or after the day that Center opened."""
    return [_center_open(rows, held, "center_code", "entry_date", "center_open_on_entry_date")]


def _entry_line(rows: pl.DataFrame, held: Held) -> list[pl.DataFrame]:
    """The lines of an entry that has all of them sum to its value and duty."""
    numbers = rows.select("entry_number").unique()
    lines = rows.select("entry_number", "line_number", value=cents("value_usd"), duty=cents("duty_usd"))
    there = held("entry_line", numbers, ["entry_number", "line_number", "value_usd", "duty_usd"]).join(
        numbers, on="entry_number", how="semi"
    )
    rest = there.join(lines, on=["entry_number", "line_number"], how="anti")
    every = pl.concat([lines, rest.select("entry_number", "line_number", value=cents("value_usd"), duty=cents("duty_usd"))])
    sums = every.group_by("entry_number").agg(pl.len().alias("lines"), pl.col("value", "duty").sum())
    entries = held("entry", numbers, ["entry_number", "value_usd", "duty_usd", "line_count"])
    both = sums.join(entries, on="entry_number")
    differs = (pl.col("value") != cents("value_usd")) | (pl.col("duty") != cents("duty_usd")) | (pl.col("lines") > pl.col("line_count"))
    wrong = both.filter((pl.col("lines") >= pl.col("line_count")) & differs)
    return [_records(rows.join(wrong, on="entry_number", how="semi"), "lines_sum_to_entry", "value_usd")]


def _review(rows: pl.DataFrame, held: Held) -> list[pl.DataFrame]:
    """A review is opened on or after its entry date, and a Center closes it only while it is open itself."""
    entries = held("entry", rows.select("entry_number").drop_nulls().unique(), ["entry_number", "entry_date"])
    early = rows.join(entries, on="entry_number").filter(pl.col("opened_date") < pl.col("entry_date"))
    return [
        _records(early, "opened_not_before_entry", "opened_date"),
        _center_open(rows, held, "center_code", "closed_date", "center_open_on_closed_date"),
    ]


def _review_event(rows: pl.DataFrame, held: Held) -> list[pl.DataFrame]:
    """An event lies between the opening and the closing of its review, and a transfer goes to a Center that is open."""
    reviews = held("review", rows.select("review_id").unique(), ["review_id", "opened_date", "closed_date"])
    placed = rows.join(reviews, on="review_id")
    outside = placed.filter((pl.col("event_date") < pl.col("opened_date")) | (pl.col("event_date") > pl.col("closed_date")))
    return [
        _records(outside, "event_while_open", "event_date"),
        _center_open(rows, held, "to_center_code", "event_date", "center_open_on_event_date"),
    ]


def _feedback(rows: pl.DataFrame, held: Held) -> list[pl.DataFrame]:
    """A linked metric is one of the registry, and feedback is given at a meeting of its own group."""
    unknown = rows.filter(pl.col("linked_metric_id").is_not_null() & ~pl.col("linked_metric_id").is_in([*METRICS]))
    meetings = held("meeting", rows.select("meeting_id").drop_nulls().unique(), ["meeting_id", "group_code"])
    other = rows.join(meetings.rename({"group_code": "of_group"}), on="meeting_id").filter(pl.col("group_code") != pl.col("of_group"))
    return [_records(unknown, "metric_known", "linked_metric_id"), _records(other, "meeting_of_group", "meeting_id")]


def _center_open(rows: pl.DataFrame, held: Held, center: str, date: str, rule: str) -> pl.DataFrame:
    codes = rows.select(center_code=center).drop_nulls().unique()
    opened = held("center", codes, ["center_code", "opened_date"]).select(pl.col("center_code").alias(center), center_opened="opened_date")
    early = pl.col("center_opened").is_null() | (pl.col(date) < pl.col("center_opened"))
    return _records(rows.join(opened, on=center).filter(pl.col(date).is_not_null() & early), rule, center)


def _records(rows: pl.DataFrame, rule: str, column: str) -> pl.DataFrame:
    return reject_rows(rows.select(ROW, column), rule, column, rules.message(rule))


_JUDGES: Final[dict[str, Judge]] = {
    "entry": _entry,
    "entry_line": _entry_line,
    "review": _review,
    "review_event": _review_event,
    "feedback": _feedback,
}
