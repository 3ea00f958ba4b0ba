"""Things over time: what came in against what went out, and what falls due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.theme import ACCENT, BAD, CONTEXT, INK, SECONDARY

#: Every chart answers the pointer with its own formatted text.
TIP: Final = {"hovertemplate": "%{customdata}<extra></extra>"}
#: Dashes of what is provisional.
DASH: Final = "3px,3px"
_GAP_FILL = "rgba(192,86,0,0.16)"


def days_of(frame: pl.DataFrame, name: str) -> list[dt.date]:
    """Return a column of dates."""
    return frame.get_column(name).cast(pl.Date).to_list()


def flags_of(frame: pl.DataFrame, name: str | None) -> list[bool]:
    """Return a column of flags; all false without one."""
    return [False] * frame.height if name is None else [bool(flag) for flag in frame.get_column(name).to_list()]


def ticks_most(width: float) -> int:
    """Return how many time ticks a width holds."""
    return max(3, int(width // 95))


def alone(values: Sequence[float | None]) -> frozenset[int]:
    """Return the places of numbers that no line reaches, because what is beside them is not known: they need a dot."""
    padded = [None, *values, None]
    return frozenset(at for at, value in enumerate(values) if value is not None and padded[at] is None and padded[at + 2] is None)


def line_trace(days: Sequence[dt.date], values: Sequence[float | None], color: str, tips: Sequence[str], width: float = 2.2) -> Spec:
    """Return a line with its tips."""
    line = {"color": color, "width": width}
    x = [day.isoformat() for day in days]
    single = alone(values)
    dots = {"mode": "lines+markers", "marker": {"color": color, "size": [7 if at in single else 0 for at in range(len(x))]}}
    return {
        "type": "scatter",
        **(dots if single else {"mode": "lines"}),
        "x": x,
        "y": list(values),
        "line": line,
        "customdata": list(tips),
        "cliponaxis": False,
        **TIP,
    }


def split(values: Sequence[float | None], flags: Sequence[bool]) -> tuple[list[float | None], list[float | None]]:
    """Part a series into its settled run and its provisional tail, which starts at the last settled point."""
    start = next((index for index, flag in enumerate(flags) if flag), len(values))
    settled = [value if index < start else None for index, value in enumerate(values)]
    tail = [value if index >= max(start - 1, 0) and start < len(values) else None for index, value in enumerate(values)]
    return settled, tail


@remembered
def flow_lines(
    frame: pl.DataFrame,
    month: str,
    receipts: str,
    completions: str,
    *,
    provisional: str | None = None,
    expected: tuple[str, str, str] | None = None,
    names: tuple[str, str] = ("Receipts", "Completions"),
    kind: str = "count",
    width: float = base.HALF,
    height: float = 300,
) -> Spec:
    """Draw what came in against what went out; the gap is shaded where more came in than went out.

    frame: `month` date, two values, optional `provisional` bool (completions of its months are dashed, and no gap is shaded) and
    `expected` (what they will be in the end, low, high: a diamond with a whisker).
    """
    rows = frame.sort(month)
    days, flags = days_of(rows, month), flags_of(rows, provisional)
    came, went = rows.get_column(receipts).to_list(), rows.get_column(completions).to_list()
    ends = [rows.get_column(name).to_list() for name in expected] if expected else []
    known = [value for values in (came, went, *ends) for value in values if value is not None]
    low, high, ticks = base.scale(known, zero=not known or min(known) < 0.6 * max(known), kind=kind)
    settled, tail = split(went, flags)
    words = [_month_tip(day, names[1], value, kind, flag) for day, value, flag in zip(days, went, flags, strict=True)]
    traces = [
        _shade(days, came, [None if flag else value for value, flag in zip(went, flags, strict=True)]),
        line_trace(days, came, SECONDARY, [_month_tip(day, names[0], value, kind, False) for day, value in zip(days, came, strict=True)]),
        line_trace(days, settled, ACCENT, words),
    ]
    if any(flags):
        dashed = line_trace(days, tail, ACCENT, words)
        dashed["line"] = {"color": ACCENT, "width": 2.2, "dash": DASH}
        traces += [dashed, *([_whiskers(days, ends, kind)] if ends else []), _hollow(days, went, flags, ACCENT)]
    note = ("dashed: still reported; ◇ expected" if ends else "dashed: provisional") if any(flags) else ""
    high, top = (
        _room_for_note([*came[-5:], *went[-5:], *(value for values in ends for value in values)], low, high) if note else (high, False)
    )
    last = [(name, last_known(values), color) for name, values, color in zip(names, (came, went), (SECONDARY, ACCENT), strict=True)]
    layout = _end_labelled(days, last, (low, high, ticks), kind=kind, width=width, height=height, note=note, top=top)
    return {"data": traces, "layout": layout}


def _room_for_note(near: Sequence[float | None], low: float, high: float) -> tuple[float, bool]:
    """Find room for a note at the right, below or above what is drawn there; returns the upper end of the scale and whether it is above."""
    values = [value for value in near if value is not None] or [low]
    below, above, need = min(values) - low, high - max(values), 0.12 * (high - low)
    if below >= need:
        return high, False
    return (high, True) if above >= need else (max(values) + 0.13 * (high - low), True)


def _whiskers(days: Sequence[dt.date], ends: Sequence[Sequence[float | None]], kind: str) -> Spec:
    """Return what is expected in the end, with its interval."""
    spots = [(day, *row) for day, *row in zip(days, *ends, strict=True) if None not in row]
    tips = [
        f"{fmt.month(day)}<br>Expected in the end: <b>{base.safe(fmt.number(value, kind))}</b> "
        f"({base.safe(fmt.number(low, kind))}–{base.safe(fmt.number(high, kind))})"
        for day, value, low, high in spots
    ]
    away = {"array": [high - value for _, value, _, high in spots], "arrayminus": [value - low for _, value, low, _ in spots]}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [day.isoformat() for day, *_ in spots],
        "y": [value for _, value, *_ in spots],
        "error_y": {"type": "data", "symmetric": False, "color": ACCENT, "thickness": 1.4, "width": 5, **away},
        "marker": {"symbol": "diamond-open", "size": 9, "color": ACCENT},
        "customdata": tips,
        "cliponaxis": False,
        **TIP,
    }


def _month_tip(day: dt.date, name: str, value: float | None, kind: str, open_: bool) -> str:
    more = ", provisional" if open_ else ""
    return f"{fmt.month(day)}{more}<br>{base.safe(name)}: <b>{base.safe(fmt.number(value, kind))}</b>"


def last_known(values: Sequence[float | None]) -> float | None:
    """Return the last value that is there."""
    return next((value for value in reversed(values) if value is not None), None)


def _hollow(days: Sequence[dt.date], values: Sequence[float | None], flags: Sequence[bool], color: str) -> Spec:
    spots = [(day.isoformat(), value) for day, value, flag in zip(days, values, flags, strict=True) if flag and value is not None]
    marker = {"size": 7, "color": "#ffffff", "line": {"color": color, "width": 1.8}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [s[0] for s in spots],
        "y": [s[1] for s in spots],
        "marker": marker,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _shade(days: Sequence[dt.date], above: Sequence[float | None], below: Sequence[float | None]) -> Spec:
    """Return the areas in which the first series lies above the second, cut exactly where they cross."""
    x: list[str | None] = []
    y: list[float | None] = []
    for index in range(len(days) - 1):
        a0, a1, b0, b1 = above[index], above[index + 1], below[index], below[index + 1]
        if a0 is None or a1 is None or b0 is None or b1 is None or (a0 <= b0 and a1 <= b1):
            continue
        start, end, gap0, gap1 = 0.0, 1.0, a0 - b0, a1 - b1
        if gap0 * gap1 < 0:
            cross = gap0 / (gap0 - gap1)
            start, end = (cross, 1.0) if gap1 > 0 else (0.0, cross)
        first, last = (_between(days[index], days[index + 1], part) for part in (start, end))
        x += [first, last, last, first, None]
        y += [a0 + (a1 - a0) * start, a0 + (a1 - a0) * end, b0 + (b1 - b0) * end, b0 + (b1 - b0) * start, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "fill": "toself",
        "fillcolor": _GAP_FILL,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _between(first: dt.date, last: dt.date, part: float) -> str:
    moment = dt.datetime.combine(first, dt.time()) + (last - first) * part
    return moment.isoformat(timespec="minutes")


def _end_labelled(
    days: Sequence[dt.date],
    ends: Sequence[tuple[str, float | None, str]],
    value_scale: tuple[float, float, list[float]],
    *,
    kind: str,
    width: float,
    height: float,
    note: str,
    top: bool,
) -> Spec:
    """Lay out a time chart whose series are named at their last points, kept apart."""
    low, high, ticks = value_scale
    words = [(name, fmt.number(value, kind)) for name, value, _ in ends]
    right = (
        max(max(base.text_width(name, base.SIZE, bold=True), base.text_width(number, base.SIZE, bold=True)) for name, number in words) + 14
    )
    first, last = (days[0], days[-1]) if days else (dt.date(2013, 1, 1), dt.date(2013, 12, 1))
    room = base.tick_room(ticks, kind)
    plot = height - 10 - 40
    places = _apart([((high - value) / (high - low) * plot if value is not None else 0.0) for _, value, _ in ends], 36, plot)
    notes = [
        base.note(
            f"<b>{base.safe(name)}</b><br>{base.safe(number)}",
            1,
            1 - place / plot,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="middle",
            xshift=8,
            align="left",
            color=color,
            size=base.SIZE,
        )
        for (name, number), (_, _, color), place in zip(words, ends, places, strict=True)
    ]
    if note:
        place, shift = ("top", -1) if top else ("bottom", 3)
        notes.append(base.note(note, 1, int(top), xref="paper", yref="paper", xanchor="right", yanchor=place, yshift=shift))
    return base.layout(
        height,
        (room, right, 10, 40),
        xaxis=base.date_axis(first, last, ticks_most(width - room - right)),
        yaxis=base.value_axis(ticks, kind, low=low, high=high),
        annotations=notes,
    )


def _apart(places: Sequence[float], least: float, room: float) -> list[float]:
    """Move two labels apart where they would touch, inside the room."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for before, after in pairwise(order):
        overlap = least - (moved[after] - moved[before])
        if overlap > 0:
            moved[before] -= overlap / 2
            moved[after] += overlap / 2
    shift = max(0.0, 16 - min(moved)) - max(0.0, max(moved) - room + 8) if moved else 0.0
    return [place + shift for place in moved]


@remembered
def due_bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    *,
    bad: str | None = None,
    soft: str | None = None,
    kind: str = "count",
    width: float = base.HALF,
    height: float = 280,
) -> Spec:
    """Draw columns for what falls due in each window, in the order of the frame, values on top.

    frame: `label` ("Past due", "Next 7 days", ...), `value`, optional `bad` bool (orange) and `soft` bool (grey).
    """
    names = [str(name) for name in frame.get_column(label).to_list()]
    values = frame.get_column(value).to_list()
    slot = (width - 16) / max(len(names), 1)
    labels = [base.lines(base.wrap(name, slot - 6, base.SMALL, rows=3)) for name in names]
    deep = max((text.count("<br>") + 1 for text in labels), default=1)
    colors = [BAD if b else CONTEXT if s else ACCENT for b, s in zip(flags_of(frame, bad), flags_of(frame, soft), strict=True)]
    tips = [f"{base.safe(name)}: <b>{base.safe(fmt.number(v, kind))}</b>" for name, v in zip(names, values, strict=True)]
    spots = list(range(len(names)))
    columns: Spec = {"type": "bar", "x": spots, "y": values, "marker": {"color": colors}, "customdata": tips, **TIP}
    words = base.texts(
        spots, [v or 0 for v in values], [base.safe(fmt.number(v, kind)) for v in values], "top center", size=base.SIZE, weight=600
    )
    axis = base.category_axis(labels) | {
        "range": [-0.5, len(names) - 0.5],
        "tickfont": base.font(base.SMALL, INK),
        "showline": True,
        "linecolor": CONTEXT,
    }
    top = max([v for v in values if v is not None] or [1]) or 1
    layout = base.layout(height, (8, 8, 24, deep * 16 + 12), xaxis=axis, yaxis=base.hidden_axis(0, top * 1.02), bargap=0.32)
    return {"data": [columns, words], "layout": layout}
