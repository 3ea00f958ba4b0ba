"""A value of each row beside what chance alone would give."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.charts.ranked import row_height
from ui.charts.status import status_heads
from ui.charts.times import TIP
from ui.theme import ACCENT, BAD, CONTEXT, INK, SECONDARY


@remembered
def against_chance(
    frame: pl.DataFrame,
    label: str,
    value: str,
    expected: str,
    low: str,
    high: str,
    *,
    bad: str,
    names: tuple[str, str],
    kind: str = "share",
    width: float = base.HALF,
) -> Spec:
    """Draw a dot for each row on the grey range in which chance alone would leave it; orange where `bad` says so.

    frame: `label`, `value`, `expected` with the ends `low` and `high` of its range, `bad` bool, in the order of the rows. `names` say
    above the first row what the dots and the range are.
    """
    rows = frame.to_dicts()
    labels, left = base.row_labels([str(row[label]) for row in rows], width)
    # A phone has no room for what was expected; it is where the range is, and in the table.
    more = [f"  expected {fmt.number(row[expected], kind)}" if width >= base.HALF else "" for row in rows]
    words = [f"{fmt.number(row[value], kind)}{part}" for row, part in zip(rows, more, strict=True)]
    right = max((base.text_width(word, base.SIZE, bold=True) for word in words), default=20.0) + 12
    start, end, ticks = base.scale([row[name] for row in rows for name in (value, low, high)], zero=False, kind=kind, most=4)
    heads, levels = status_heads([*names], [ACCENT, CONTEXT], width)
    layout = base.layout(
        len(rows) * row_height(labels) + levels * 20 + 38,
        (left, right, levels * 20 + 8, 26),
        xaxis=base.value_axis(ticks, kind, low=start, high=end),
        yaxis=base.category_axis(labels),
        annotations=[head | {"xshift": head["xshift"] - left} for head in heads],
    )
    tips = [
        f"{base.safe(row[label])}: <b>{base.safe(fmt.number(row[value], kind))}</b><br>by chance "
        f"{base.safe(fmt.number(row[low], kind))} to {base.safe(fmt.number(row[high], kind))}"
        for row in rows
    ]
    flags = [bool(row[bad]) for row in rows]
    traces = [
        _ranges([row[low] for row in rows], [row[high] for row in rows]),
        _dots([row[value] for row in rows], flags, tips),
        _written(words, flags, end),
    ]
    return {"data": traces, "layout": layout}


def _ranges(low: Sequence[float | None], high: Sequence[float | None]) -> Spec:
    """Draw the grey range of each row in which chance alone would leave it."""
    x = [part for start, end in zip(low, high, strict=True) for part in (start, end, None)]
    return base.rule(x, [part for place in range(len(low)) for part in (place, place, None)], color=CONTEXT, width=8, dash="solid")


def _dots(values: Sequence[float | None], bad: Sequence[bool], tips: Sequence[str]) -> Spec:
    """Draw the value of each row: blue dots, and orange diamonds where it is bad."""
    colors = [BAD if flag else ACCENT for flag in bad]
    marker = {"size": 11, "color": colors, "symbol": ["diamond" if flag else "circle" for flag in bad]}
    places = list(range(len(values)))
    dots: Spec = {"type": "scatter", "mode": "markers", "x": list(values), "y": places, "marker": marker, "cliponaxis": False}
    return dots | {"customdata": list(tips), **TIP}


def _written(words: Sequence[str], bad: Sequence[bool], end: float) -> Spec:
    """Write each row's value, and behind it what was expected, at the right."""
    texts = [
        f"\u00a0\u00a0<b>{base.safe(main)}</b>  <span style='color:{SECONDARY}'>{base.safe(rest)}</span>"
        for main, _, rest in (word.partition("  ") for word in words)
    ]
    inks = [BAD if flag else INK for flag in bad]
    return base.texts([end] * len(words), list(range(len(words))), texts, "middle right", color=inks, size=base.SIZE)
