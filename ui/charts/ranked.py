"""Ranked rows: bars and dots with their intervals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.theme import ACCENT, BAD, CONTEXT, GREY, INK, SECONDARY

_ROW = 30.0
#: Times the longest bar or mark after which a column of values begins.
_COLUMN = 1.03


def row_height(labels: Sequence[str], row: float = _ROW) -> float:
    """Return the pixels of a row; more when a label has two lines."""
    return base.label_height(labels, row)


def _column(frame: pl.DataFrame, name: str | None) -> list[Any]:
    return [None] * frame.height if name is None else frame.get_column(name).to_list()


@remembered
def bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    *,
    kind: str = "count",
    highlight: Collection[str] = (),
    bad: str | None = None,
    previous: str | None = None,
    previous_label: str = "",
    low: str | None = None,
    high: str | None = None,
    extra: str | None = None,
    width: float = base.HALF,
) -> Spec:
    """Draw horizontal bars in the order of the frame, each with its value written at its end, or in a column beside marks.

    frame: `label`, `value` (null: en dash), optional `bad` bool (orange), `previous` value (a grey mark, named once by
    `previous_label`), `low` and `high` (whisker), `extra` text after the value. With `highlight` only those are blue. Beside marks the
    values stand in a column at the right: at the bar's end a mark would run through some and stand before others as if it were theirs.
    """
    names = [str(name) for name in frame.get_column(label).to_list()]
    values, before, ends = _column(frame, value), _column(frame, previous), _column(frame, high)
    labels, left = base.row_labels(names, width)
    words = [_value_words(v, kind, more) for v, more in zip(values, _column(frame, extra), strict=True)]
    room = max((base.text_width(word, base.SIZE, bold=True) for word in words), default=30) + 14
    top = max([abs(v) for v in (*values, *before, *ends) if v is not None] or [1]) or 1
    marked = any(v is not None for v in before)
    reach = top * (_COLUMN if marked else 1.0001)
    rows = list(range(len(names)))
    colors = [bar_color(name, flag, highlight) for name, flag in zip(names, _column(frame, bad), strict=True)]
    tips = [_tip(*parts, kind=kind, before_label=previous_label) for parts in zip(names, values, before, strict=True)]
    traces: list[Spec] = [bar_trace(values, rows, colors, tips)]
    starts = [reach if marked else max(v or 0, e or 0) for v, e in zip(values, ends, strict=True)]
    if low and high:
        traces.append(_whiskers(frame.get_column(low).to_list(), ends, rows, INK))
    if previous:
        traces.append(_marks(before, rows))
    traces.append(base.texts(starts, rows, [f"\u00a0{word}" for word in words], "middle right", size=base.SIZE, weight=600))
    named = bool(previous_label and marked)
    layout = base.layout(
        len(names) * row_height(labels) + (24 if named else 8),
        (left, room, 20 if named else 2, 6),
        xaxis=base.hidden_axis(0, reach),
        yaxis=base.category_axis(labels),
        bargap=0.34,
    )
    if named:
        layout["annotations"] = [_previous_note(previous_label, before, reach)]
    return {"data": traces, "layout": layout}


def _value_words(value: float | None, kind: str, more: object) -> str:
    written = base.safe(fmt.number(value, kind))
    return f"{written}  {base.safe(more)}" if more else written


def bar_color(name: str, flag: object, highlight: Collection[str]) -> str:
    """Return the colour of a bar: orange, blue, or grey when others are highlighted."""
    if flag:
        return BAD
    return ACCENT if not highlight or name in highlight else CONTEXT


def _tip(name: str, value: float | None, before: float | None, *, kind: str, before_label: str) -> str:
    text = f"{base.safe(name)}: <b>{base.safe(fmt.number(value, kind))}</b>"
    return text if before is None else f"{text}<br>{base.safe(before_label or 'before')}: {base.safe(fmt.number(before, kind))}"


def bar_trace(values: Sequence[float | None], rows: Sequence[int], colors: Sequence[str], tips: Sequence[str]) -> Spec:
    """Return horizontal bars with their tips."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(values),
        "y": list(rows),
        "marker": {"color": list(colors)},
        "customdata": list(tips),
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _whiskers(low: Sequence[float | None], high: Sequence[float | None], rows: Sequence[int], color: str, width: float = 1.5) -> Spec:
    x = [part for start, end in zip(low, high, strict=True) for part in (start, end, None)]
    return base.rule(x, [part for row in rows for part in (row, row, None)], color=color, width=width, dash="solid")


def _marks(values: Sequence[float | None], rows: Sequence[int]) -> Spec:
    x = [part for value in values for part in (value, value, None)]
    y = [part for row in rows for part in (row - 0.4, row + 0.4, None)]
    return base.rule(x, y, color=GREY, width=2, dash="solid")


def _previous_note(text: str, before: Sequence[float | None], reach: float) -> Spec:
    first = next(index for index, value in enumerate(before) if value is not None)
    place = before[first] or 0
    anchor = "left" if place < reach * 0.25 else "right" if place > reach * 0.75 else "center"
    return base.note(
        f"▏{base.safe(text)}" if anchor == "left" else base.safe(text), place, first - 0.42, xanchor=anchor, yanchor="bottom", color=GREY
    )


@remembered
def dots_with_interval(
    frame: pl.DataFrame,
    label: str,
    value: str,
    low: str,
    high: str,
    *,
    kind: str = "share",
    target: float | None = None,
    target_label: str = "",
    better: str = "higher",
    n: str | None = None,
    quality: str | None = None,
    highlight: Collection[str] = (),
    width: float = base.HALF,
) -> Spec:
    """Draw a dot with its 95 % interval for each row, worst first as given, against a target.

    frame: `label`, `value`, `low`, `high`, optional `n` and `quality` ("ok", "too_few", "suppressed", ...). Orange
    diamond: the whole interval misses the target; hollow: the interval holds the target; blue: meets it. Rows that are
    not "ok" or "provisional" are written in grey and not drawn.
    """
    names = [str(name) for name in frame.get_column(label).to_list()]
    shown = [
        state in (None, "ok", "provisional") and v is not None
        for state, v in zip(_column(frame, quality), _column(frame, value), strict=True)
    ]
    values, lows, highs = (_only(_column(frame, name), shown) for name in (value, low, high))
    labels, left = base.row_labels(names, width, most_share=0.36)
    words = [_dot_words(v, count, kind, state) for v, count, state in zip(values, _column(frame, n), _column(frame, quality), strict=True)]
    right = max((base.text_width(word, base.SIZE, bold=True) for word in words), default=20) + 12
    start, end, ticks = base.scale([*values, *lows, *highs, target], zero=False, kind=kind, most=4 if width < base.HALF else 5)
    # Room for half a dot, so that none at an end touches the words beside it.
    start, end = start - (end - start) / 40, end + (end - start) / 40
    rows = list(range(len(names)))
    goal = Goal(target, better, highlight)
    looks = [goal.look(*parts) for parts in zip(names, values, lows, highs, strict=True)]
    tips = [_dot_tip(*parts, kind) for parts in zip(names, values, lows, highs, strict=True)]
    layout = base.layout(
        len(names) * row_height(labels) + 50,
        (left, right, 22 if target is not None else 6, 26),
        xaxis=base.value_axis(ticks, kind, low=start, high=end),
        yaxis=base.category_axis(labels),
    )
    traces = []
    if target is not None:
        traces.append(base.rule([target, target], [-0.5, len(names) - 0.5], color=GREY, width=1.4))
        layout["annotations"] = [_target_note(target, kind, target_label, start, end)]
    traces.append(_right_words(words, shown, looks, end))
    for color in dict.fromkeys(look[0] for look in looks):
        mine = [index for index, look in enumerate(looks) if look[0] == color]
        traces.append(_whiskers([lows[i] for i in mine], [highs[i] for i in mine], mine, color, 2.2))
    traces.append(_dots(values, rows, looks, tips))
    return {"data": traces, "layout": layout}


def _only(values: Sequence[Any], shown: Sequence[bool]) -> list[Any]:
    return [value if keep else None for value, keep in zip(values, shown, strict=True)]


def _dot_words(value: float | None, n: float | None, kind: str, state: object) -> str:
    size = f"n = {fmt.count(n)}" if n is not None else ""
    if value is None:
        reason = {"suppressed": "withheld", None: "no data", "ok": "no data"}.get(state, "too few")  # type: ignore[call-overload]
        return f"{reason}, {size}" if size else str(reason)
    written = base.safe(fmt.number(value, kind))
    return f"{written}  {size}" if size else written


@dataclass(frozen=True)
class Goal:
    """What dots are judged by: a target, which side is better, and which rows are highlighted."""

    target: float | None
    better: str
    highlight: Collection[str]

    def look(self, name: str, value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
        """Return colour and symbol of a row."""
        plain = (ACCENT if not self.highlight or name in self.highlight else GREY), "circle"
        if value is None or self.target is None:
            return plain
        best, worst = (high, low) if self.better == "higher" else (low, high)
        if base.misses(value if best is None else best, self.target, self.better):
            return BAD, "diamond"
        if base.misses(value if worst is None else worst, self.target, self.better):
            return GREY, "circle-open"
        return plain


def _dot_tip(name: str, value: float | None, low: float | None, high: float | None, kind: str) -> str:
    return f"{base.safe(name)}: <b>{base.safe(fmt.number(value, kind))}</b><br>{base.safe(fmt.interval(low, high, kind))}"


def _dots(values: Sequence[float | None], rows: Sequence[int], looks: Sequence[tuple[str, str]], tips: Sequence[str]) -> Spec:
    marker = {
        "size": [10 if symbol == "diamond" else 9 for _, symbol in looks],
        "color": ["#ffffff" if symbol == "circle-open" else color for color, symbol in looks],
        "symbol": [symbol.removesuffix("-open") for _, symbol in looks],
        "line": {"color": [color for color, _ in looks], "width": 2},
        "opacity": 1,
    }
    tip = {"customdata": list(tips), "hovertemplate": "%{customdata}<extra></extra>"}
    return {"type": "scatter", "mode": "markers", "x": list(values), "y": list(rows), "marker": marker, "cliponaxis": False, **tip}


def _target_note(target: float, kind: str, text: str, start: float, end: float) -> Spec:
    place = (target - start) / (end - start)
    anchor = "right" if place > 0.8 else "left" if place < 0.2 else "center"
    words = base.safe(text or base.target_words(target, kind))
    return base.note(words, target, 1, yref="paper", xanchor=anchor, yanchor="bottom", yshift=2)


def _right_words(words: Sequence[str], shown: Sequence[bool], looks: Sequence[tuple[str, str]], end: float) -> Spec:
    """Write each row's value and number of cases in a column at the right."""
    texts, colors = [], []
    for word, keep, look in zip(words, shown, looks, strict=True):
        main, _, rest = word.partition("  ")
        texts.append(f"\u00a0\u00a0<b>{main}</b>  <span style='color:{SECONDARY}'>{rest}</span>" if rest else f"\u00a0\u00a0{word}")
        colors.append(GREY if not keep else BAD if look[0] == BAD else INK)
    return base.texts([end] * len(texts), range(len(texts)), texts, "middle right", color=colors, size=base.SIZE)
