"""What cards share: labels on result rows, empty states, and the words of titles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from analytics import format
from ui import charts
from ui.board import Card, Column
from ui.cards.reasons import reason
from ui.frame import View


def labelled(view: View, frame: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """Add a column `label` with the labels of a dimension's codes."""
    names = view.labels.get(dimension, {})
    return frame.with_columns(label=pl.col(dimension).replace_strict(dict(names), default=pl.col(dimension), return_dtype=pl.String))


def with_chart(card: Card, draw: Callable[..., charts.Spec], *arguments: Any, **options: Any) -> Card:
    """Give a card its chart, planned for the card's width and for a phone."""
    width = charts.WIDE if card.wide else charts.HALF
    return replace(card, chart=draw(*arguments, width=width, **options), chart_narrow=draw(*arguments, width=charts.PHONE, **options))


def total(series: pl.Series) -> float:
    """Sum a column of numbers."""
    return float(series.sum() or 0)


def month_date(frame: pl.DataFrame, column: str = "month") -> pl.DataFrame:
    """Turn the label of a month (`YYYY-MM`) into its first day."""
    return frame.with_columns((pl.col(column) + pl.lit("-01")).str.to_date().alias(column))


def empty(view: View, key: str, title: str, probe: str, *, wide: bool = False, work_types: Sequence[str] = ()) -> Card:
    """Draw a card without data: it says why, and offers the step that brings some; of some work types where it shows them alone."""
    words, way = reason(view, probe, work_types)
    return Card(
        key=key,
        title=title,
        subtitle=view.sentence,
        alt=words,
        chart=None,
        table=pl.DataFrame(),
        columns=(),
        wide=wide,
        empty=words,
        way=way,
    )


def has_rows(frame: pl.DataFrame, column: str = "value") -> bool:
    """Say whether any row has something to draw."""
    return frame.height > 0 and frame[column].fill_null(0).abs().sum() > 0


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def named(labels: Sequence[str], nouns: str, most: int = 3) -> str:
    """Name all that tie, or say how many they are when more than `most`: `a and b`, `5 categories`."""
    return listed(labels) if len(labels) <= most else f"{format.count(len(labels))} {nouns}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: `1 Center`, `3 Centers`."""
    return f"{format.count(count)} {one if count == 1 else many or one + 's'}"


def n_words(counts: pl.Series, by: str, noun: str) -> str:
    """Say of how many cases the numbers of a card's rows are: `n by quarter: 56 to 98 sampled lines.`"""
    known = counts.drop_nulls()
    if known.is_empty():
        return ""
    least, most = (format.count(float(str(each))) for each in (known.min(), known.max()))
    return f"n{f' by {by}' if known.len() > 1 else ''}: {least if least == most else f'{least} to {most}'} {noun}."


def maybe_chance(slower: Mapping[str, Any], faster: Mapping[str, Any]) -> str:
    """Say that chance alone could make the difference where the intervals (`low`, `high`; null is open) of two days meet."""
    apart = slower["low"] is not None and faster["high"] is not None and slower["low"] > faster["high"]
    return "" if apart else "; chance alone could make the difference"


RATE_COLUMNS = (
    Column("value", "Rate", "share"),
    Column("low", "Low (95%)", "share"),
    Column("high", "High (95%)", "share"),
    Column("n", "Sampled lines", "count"),
    Column("quality", "Quality", "text"),
)
