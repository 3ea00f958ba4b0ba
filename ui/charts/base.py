"""What every chart has in common: colours, fonts, text widths, axes and their ticks.

Charts are plain Plotly dictionaries. A chart is planned on a reference width in pixels (half a row, a whole row or a
phone); text keeps its size when the card is larger, so what fits at the reference width fits everywhere.
"""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from analytics import format as fmt
from analytics import periods
from ui.charts.text import SMALL, shorten, text_width, wrap
from ui.theme import ACCENT, BAD, CONTEXT, GREY, GRID, INK, SECONDARY

Spec = dict[str, Any]

__all__ = ["SMALL", "Spec", "shorten", "text_width", "wrap"]

#: Reference widths in pixels of the chart in a half-row card, in a card across the page and on a phone.
HALF: Final = 600
WIDE: Final = 1240
PHONE: Final = 316

FAMILY: Final = '"Source Sans", "Source Sans Pro", sans-serif'
SIZE: Final = 13

#: Tick labels are planned to fit, so Plotly need not measure each to turn or hide it.
LEVEL: Final[Spec] = {"tickangle": 0, "ticklabeloverflow": "allow"}


def safe(text: object) -> str:
    """Escape a text for Plotly, which reads tags in labels and hover texts."""
    return html.escape(str(text), quote=False)


def lines(rows: Sequence[str], *, bold: bool = False) -> str:
    """Join wrapped lines into one safe Plotly label."""
    joined = "<br>".join(safe(row) for row in rows)
    return f"<b>{joined}</b>" if bold else joined


def font(size: float = SMALL, color: str = SECONDARY, weight: int = 400) -> Spec:
    """Return a Plotly font."""
    return {"family": FAMILY, "size": size, "color": color, "weight": weight}


def layout(height: float, margin: tuple[float, float, float, float], **more: Any) -> Spec:
    """Return the base layout; margin is left, right, top, bottom in pixels."""
    left, right, top, bottom = margin
    return {
        "height": round(height),
        "autosize": True,
        "margin": {"l": round(left), "r": round(right), "t": round(top), "b": round(bottom), "pad": 0},
        "font": font(SMALL, SECONDARY),
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": INK, "bordercolor": INK, "font": font(SIZE, "#ffffff"), "align": "left", "namelength": 0},
        "xaxis": hidden_axis(),
        "yaxis": hidden_axis(),
        **more,
    }


def hidden_axis(first: float | None = None, last: float | None = None) -> Spec:
    """Return an axis that only places things."""
    axis: Spec = {"visible": False, "fixedrange": True}
    return axis if first is None else {**axis, "range": [first, last]}


def value_axis(ticks: Sequence[float], kind: str, *, low: float, high: float, grid: bool = True) -> Spec:
    """Return an axis of values with written ticks and light gridlines; half a case is no tick."""
    ticks = [tick for tick in ticks if kind != "count" or float(tick).is_integer()]
    return {
        "range": [low, high],
        "tickvals": list(ticks),
        "ticktext": [tick_text(tick, kind, ticks) for tick in ticks],
        "tickfont": font(SMALL, SECONDARY),
        "showgrid": grid,
        "gridcolor": GRID,
        "gridwidth": 1,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "ticklabelstandoff": 6,
        **LEVEL,
    }


def tick_text(tick: float, kind: str, ticks: Sequence[float]) -> str:
    """Write a tick value without needless decimals."""
    if kind == "share":
        # Steps of 2.5 points need a decimal: rounded to whole ones they would look unequal.
        percents = [value * 100 for value in ticks]
        exact = (digits for digits in (0, 1, 2) if all(abs(value - round(value, digits)) < 1e-6 for value in percents))
        return f"{fmt.fixed(tick * 100, next(exact, 1))}%"
    if kind == "ratio":
        return fmt.fixed(tick, next(digits for digits in (0, 1, 2) if digits == 2 or all(round(t, digits) == t for t in ticks)))
    text = fmt.usd(tick) if kind == "usd" else fmt.count(tick)
    return text.replace(".0", "") if kind == "usd" else text


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round ticks that cover low to high, at most `most` of them where that is possible."""
    span = high - low if high > low else abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / max(most - 1, 1)))
    for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first + 1 <= most:
            break
    return [round(index * step, 10) for index in range(first, last + 1)]


def scale(values: Iterable[float | None], *, zero: bool, kind: str, most: int = 5) -> tuple[float, float, list[float]]:
    """Return low, high and ticks of a value axis: a little air around the values; a share never leaves 0-1."""
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if zero:
        low, high = min(0.0, low), max(high, 0.0)
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):
        spread = 0.02 if kind == "share" else abs(low) * 0.1 or 1.0
        low, high = (low - spread if low else low), high + spread
    air = (high - low) * 0.06
    start, end = (low if zero and low == 0 else low - air), high + air
    if kind == "share":
        start, end = max(start, 0.0), min(end, 1.0)
    for allowed in range(most, most + 6):
        ticks = [tick for tick in nice_ticks(low, high, allowed) if start - 1e-9 <= tick <= end + 1e-9]
        if len(ticks) >= 2:
            return start, end, ticks
    return start, end, [start, end]


def tick_room(ticks: Sequence[float], kind: str) -> float:
    """Return the pixels that the written ticks of a value axis need at its left."""
    return max(text_width(tick_text(tick, kind, ticks)) for tick in ticks) + 10


def month_ticks(first: dt.date, last: dt.date, most: int) -> list[tuple[dt.date, str]]:
    """Return at most about `most` month ticks; the year stands under the first tick and under each January (or alone)."""
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months / step <= most), 120)
    start = first.year * 12 + first.month - 1
    start += -start % step
    ticks: list[tuple[dt.date, str]] = []
    for index in range(start, start + months, step):
        day = dt.date(index // 12, index % 12 + 1, 1)
        if day > last:
            break
        text = str(day.year) if step >= 12 else fmt.MONTHS[day.month - 1]
        year = step < 12 and (not ticks or day.year != ticks[-1][0].year)
        ticks.append((day, f"{text}<br>{day.year}" if year else text))
    return ticks


def quarter_ticks(days: Sequence[dt.date], most: int) -> list[tuple[dt.date, str]]:
    """Return at most about `most` ticks at fiscal quarters' first days; the fiscal year stands under the first and under each first quarter."""
    step = next((step for step in (1, 2, 4, 8) if len(days) / step <= most), 16)
    ticks: list[tuple[dt.date, str]] = []
    for day in days[::step]:
        year, quarter = periods.fiscal_quarter(day)
        begun = not ticks or periods.fiscal_year(ticks[-1][0]) != year
        ticks.append((day, f"Q{quarter}<br>FY{year}" if begun else f"Q{quarter}"))
    return ticks


def date_axis(first: dt.date, last: dt.date, most: int, *, pad: float = 0.02, ticks: Sequence[tuple[dt.date, str]] | None = None) -> Spec:
    """Return a time axis with month ticks below the plot, or with given ones."""
    ticks = month_ticks(first, last, most) if ticks is None else ticks
    room = max((last - first).days, 1) * pad
    return {
        "type": "date",
        "range": [_iso(first, -room), _iso(last, room)],
        "tickvals": [day.isoformat() for day, _ in ticks],
        "ticktext": [text for _, text in ticks],
        "tickfont": font(SMALL, SECONDARY),
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": CONTEXT,
        "linewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": CONTEXT,
        "fixedrange": True,
        **LEVEL,
    }


def _iso(day: dt.date, shift_days: float) -> str:
    return (dt.datetime.combine(day, dt.time()) + dt.timedelta(days=shift_days)).isoformat(timespec="minutes")


def category_axis(texts: Sequence[str], *, pad: float = 0.5) -> Spec:
    """Return an axis of rows, the first on top, with their labels at the left."""
    return {
        "range": [len(texts) - 1 + pad, -pad],
        "tickvals": list(range(len(texts))),
        "ticktext": list(texts),
        "tickfont": font(SIZE, INK),
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "ticklabelstandoff": 8,
        **LEVEL,
    }


def row_labels(names: Sequence[str], width: float, *, size: float = SIZE, most_share: float = 0.4) -> tuple[list[str], float]:
    """Return row labels, wrapped to two lines (three on a phone), and the left margin that they take."""
    room = width * most_share
    wrapped = [wrap(name, room, size, rows=3 if width < HALF else 2) for name in names]
    widest = max((text_width(row, size) for rows in wrapped for row in rows), default=0)
    return [lines(rows) for rows in wrapped], widest + 14


def label_height(labels: Sequence[str], least: float) -> float:
    """Return the pixels that a row needs for its label."""
    return max([least, *(16.0 * (label.count("<br>") + 1) + 4 for label in labels if "<br>" in label)])


def note(text: str, x: float | str, y: float, *, color: str = SECONDARY, size: float = SMALL, weight: int = 400, **more: Any) -> Spec:
    """Return an annotation without an arrow; `text` must be safe already."""
    return {"text": text, "x": x, "y": y, "showarrow": False, "font": font(size, color, weight), **more}


def texts(
    x: Sequence[Any],
    y: Sequence[Any],
    words: Sequence[str],
    position: str | list[str],
    *,
    color: str | list[str] = INK,
    size: float = SMALL,
    weight: int = 400,
) -> Spec:
    """Return a trace of texts, which costs far less than annotations; `words` must be safe already."""
    textfont: Spec = {"family": FAMILY, "size": size, "color": color, "weight": weight}
    return {
        "type": "scatter",
        "mode": "text",
        "x": list(x),
        "y": list(y),
        "text": list(words),
        "textposition": position,
        "textfont": textfont,
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def rule(x: Sequence[Any], y: Sequence[Any], *, color: str = GREY, width: float = 1, dash: str = "dot") -> Spec:
    """Return a trace of helper lines that never answers the pointer."""
    line = {"color": color, "width": width, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "line": line, "hoverinfo": "skip", "cliponaxis": False}


def misses(value: float | None, target: float | None, better: str) -> bool:
    """Say whether a value is on the wrong side of its target."""
    if value is None or target is None:
        return False
    return value < target if better == "higher" else value > target


def tone(value: float | None, target: float | None, better: str, *, lit: bool = True) -> str:
    """Return the colour of a value: orange when it misses its target, else blue, or grey when another is highlighted."""
    if misses(value, target, better):
        return BAD
    return ACCENT if lit else GREY


def target_words(target: float, kind: str) -> str:
    """Write the label of a target line."""
    return f"target {fmt.number(target, kind).replace('.0%', '%')}"
