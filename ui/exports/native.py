"""What a card's chart is made of, in terms that PowerPoint and PDF know: series over categories, or a table of words and colours.

A chart on screen remembers its function and arguments (`ui.charts.drawing`). The reader of that function here names the series from the
same frame, so that a slide holds the numbers that the screen drew, not a picture of them. A chart without a reader becomes its table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs

from ui.charts import base
from ui.charts.drawing import Drawing
from ui.theme import ACCENT, GREY

if TYPE_CHECKING:
    from ui.board import Card

Number = float | None
Category = str | dt.date

#: Rows of a chart on a slide: more cannot be read from the back of a room.
MOST: Final = 12
#: Dots stand beside each other, with their names below.
DOTS: Final = 10


@dataclass(frozen=True)
class Series:
    """One row of numbers over the categories of its plot."""

    name: str
    values: tuple[Number, ...]
    color: str = ACCENT
    #: Colours of single points; empty when all have the series' own.
    points: tuple[str, ...] = ()
    #: bar, line, dash (still moving), rule (thin and dotted), dots or faint (an interval without a mark).
    look: str = "bar"
    #: circle, diamond, square or dash.
    symbol: str = "circle"
    #: Ends of each point's interval; empty without one.
    low: tuple[Number, ...] = ()
    high: tuple[Number, ...] = ()
    #: Which points have their number written: all, last or none.
    label: str = "none"
    #: Whether the label names the series as well, and whether it has the number.
    named: bool = False
    valued: bool = True
    #: Words behind the number of each point; empty without any.
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plot:
    """One chart: `bars` (rows), `columns`, `stack` (rows), `dots` or `line` over its categories; `curve` over numbers of days."""

    form: str
    categories: tuple[Category, ...]
    series: tuple[Series, ...]
    kind: str
    title: str = ""
    #: Ends and step of the value axis; null: from zero, by itself.
    scale: tuple[float, float, float] | None = None
    #: The title's colour, of a panel.
    color: str = ACCENT
    #: For a curve: the number at each category.
    places: tuple[float, ...] = ()


@dataclass(frozen=True)
class Words:
    """A table: heads, rows of texts, and the fill and ink of single cells, as (row, column)."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    fills: dict[tuple[int, int], str] = field(default_factory=dict)
    inks: dict[tuple[int, int], str] = field(default_factory=dict)
    #: Columns whose texts stand at the right.
    right: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Native:
    """What an export draws of a card: plots or one table, what colours mean, and what is left out."""

    plots: tuple[Plot, ...] = ()
    words: Words | None = None
    #: Words with the colour that they explain.
    key: tuple[tuple[str, str], ...] = ()
    note: str = ""


def native(card: Card) -> Native | None:
    """Return what a card's chart is made of; null when it has no native form: then its table stands for it."""
    from ui.exports import readers

    chart = card.chart
    read = readers.READERS.get(chart.chart) if isinstance(chart, Drawing) and not card.empty else None
    if read is None or not isinstance(chart, Drawing):
        return None
    return read(**{name: _shown(given) if isinstance(given, pl.DataFrame) else given for name, given in chart.given.items()})


def _shown(frame: pl.DataFrame) -> pl.DataFrame:
    """Take all numbers out of rows that are withheld: a file must not hold what its table hides."""
    if "quality" not in frame.columns:
        return frame
    shown = pl.col("quality").cast(pl.String).ne_missing("suppressed")
    return frame.with_columns(pl.when(shown).then(cs.numeric()))


def numbers(frame: pl.DataFrame, column: str | None) -> tuple[Number, ...]:
    """Return a column of numbers without infinities; empty without one."""
    if column is None:
        return ()
    values = frame.get_column(column).cast(pl.Float64, strict=False)
    return tuple(values.set(values.is_infinite() | values.is_nan(), None).to_list() if values.len() else [])


def names(frame: pl.DataFrame, column: str) -> tuple[str, ...]:
    """Return a column of labels."""
    return tuple(str(value) for value in frame.get_column(column).to_list())


def first(frame: pl.DataFrame, most: int = MOST) -> tuple[pl.DataFrame, str]:
    """Return the rows that a slide holds, and a sentence about those that it does not."""
    return frame.head(most), f"The first {most} of {frame.height} rows; the workbook has all." if frame.height > most else ""


def by_color(series: Series, words: Mapping[str, str]) -> list[Series]:
    """Part a series by the colours of its points, so that each meaning is a series that a presenter finds by its name."""
    parts = []
    for color in dict.fromkeys(series.points):
        mine = [here == color for here in series.points]
        values, low, high = (
            tuple(v if keep else None for v, keep in zip(each, mine, strict=True)) if each else ()
            for each in (series.values, series.low, series.high)
        )
        if any(v is not None for v in values):
            parts.append(replace(series, name=words.get(color, series.name), values=values, low=low, high=high, color=color, points=()))
    return parts


def scale(values: Sequence[Number], kind: str, *, zero: bool = False) -> tuple[float, float, float]:
    """Return ends and step of a value axis on round numbers, all values inside."""
    low, high, ticks = base.scale(values, zero=zero, kind=kind)
    step = ticks[1] - ticks[0] if len(ticks) > 1 and ticks[1] > ticks[0] else 1.0
    start, end = ticks[0] - step * (ticks[0] > low + 1e-9), ticks[-1] + step * (ticks[-1] < high - 1e-9)
    if all(value is None or value >= 0 for value in values):
        start = max(start, 0.0)
    return (max(start, 0.0), min(end, 1.0), step) if kind == "share" and low >= 0 and high <= 1 else (start, end, step)


def goal_line(target: float, kind: str, length: int) -> Series:
    """Return a target as a dotted line, named at its end."""
    words = base.target_words(target, kind).capitalize()
    return Series(words, (target,) * length, GREY, look="rule", label="last", named=True, valued=False)
