"""A process chart: months between their limits, and by colour, shape and word those that are more than chance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from ui import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.times import DASH, TIP, days_of, flags_of, last_known, line_trace, split, ticks_most
from ui.theme import ACCENT, BAD, GREY, INK, SECONDARY

Values = list[float | None]


class Look(NamedTuple):
    """How a point of one meaning is drawn and named."""

    word: str
    color: str
    symbol: str
    size: float


#: By meaning of the process chart: never by colour alone.
LOOKS: Final[dict[str, Look]] = {
    "concern": Look("concern", BAD, "diamond", 11),
    "improvement": Look("improving", ACCENT, "square", 9),
    "up": Look("higher", INK, "triangle-up", 10),
    "down": Look("lower", INK, "triangle-down", 10),
}
_PLAIN: Final = Look("", SECONDARY, "circle", 6)


def process_chart(
    frame: pl.DataFrame, *, kind: str = "count", target: float | None = None, width: float = base.HALF, height: float = 320
) -> Spec:
    """Draw a process chart.

    frame: `month` date, `value`, `provisional` bool (hollow and dashed), `centre`, `lower`, `upper` (dotted; null for none), `rule`
    (words for the pointer) and `meaning` (concern, improvement, up, down or null).
    """
    rows = frame.sort("month")
    days, values, flags = days_of(rows, "month"), _numbers(rows, "value"), flags_of(rows, "provisional")
    lines = {name: last_known(_numbers(rows, name)) for name in ("centre", "lower", "upper")}
    meanings, rules = (rows.get_column(name).to_list() for name in ("meaning", "rule"))
    low, high, ticks = base.scale([*values, *lines.values(), target], zero=False, kind=kind)
    tips = [_tip(day, value, kind, flag, rule) for day, value, flag, rule in zip(days, values, flags, rules, strict=True)]
    ends = _end_words(values, flags, lines, kind, narrow=width < base.HALF)
    layout = _layout(days, ends, (low, high, ticks), kind=kind, width=width, height=height)
    span = layout["xaxis"]["range"]
    traces = [
        base.rule(span, [place, place], color=GREY, width=1.2, dash="solid" if name == "centre" else "2px,3px")
        for name, place in lines.items()
        if place is not None
    ]
    if target is not None:
        traces.append(base.rule(span, [target, target], color=SECONDARY, width=1.4, dash="10px,5px"))
        side = "bottom" if (last_known(values[:1]) or 0) < target else "top"
        words = base.safe(base.target_words(target, kind))
        layout["annotations"].append(
            base.note(words, 0, target, xref="paper", xanchor="left", yanchor=side, xshift=4, bgcolor="rgba(255,255,255,0.85)")
        )
    traces += _series(days, values, flags, tips)
    traces.append(_points(days, values, flags, meanings, tips))
    layout["annotations"] += _names(days, values, meanings, rules, (low, high))
    return {"data": traces, "layout": layout}


def _numbers(rows: pl.DataFrame, column: str) -> Values:
    return rows.get_column(column).cast(pl.Float64).to_list()


def _tip(day: dt.date, value: float | None, kind: str, open_: bool, rule: str | None) -> str:
    head = f"{fmt.month(day)}{', provisional' if open_ else ''}: <b>{base.safe(fmt.number(value, kind))}</b>"
    return f"{head}<br>{base.safe(rule)}" if rule else head


def _series(days: Sequence[dt.date], values: Values, flags: Sequence[bool], tips: Sequence[str]) -> list[Spec]:
    settled, tail = split(values, flags)
    traces = [line_trace(list(days), settled, SECONDARY, list(tips)) | {"line": {"color": SECONDARY, "width": 1.6}}]
    if any(flags):
        traces.append(line_trace(list(days), tail, SECONDARY, list(tips)) | {"line": {"color": SECONDARY, "width": 1.6, "dash": DASH}})
    return traces


def _points(days: Sequence[dt.date], values: Values, flags: Sequence[bool], meanings: Sequence[str | None], tips: Sequence[str]) -> Spec:
    looks = [LOOKS.get(meaning or "", _PLAIN) for meaning in meanings]
    marker = {
        "size": [8 if open_ else look.size for look, open_ in zip(looks, flags, strict=True)],
        "symbol": [look.symbol for look in looks],
        "color": ["#ffffff" if open_ else look.color for look, open_ in zip(looks, flags, strict=True)],
        "line": {"color": [look.color for look in looks], "width": 1.6},
        "opacity": 1,
    }
    x = [day.isoformat() for day in days]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": values,
        "marker": marker,
        "cliponaxis": False,
        "customdata": list(tips),
        **TIP,
    }


def _names(
    days: Sequence[dt.date], values: Values, meanings: Sequence[str | None], rules: Sequence[str | None], scale: tuple[float, float]
) -> list[Spec]:
    """Name the last point of the last run of signals of each meaning, on the side to which it points where there is room."""
    ends = {now: at for at, now in enumerate(meanings) if now}
    notes = []
    for meaning, at in ends.items():
        look, value, (low, high) = LOOKS[meaning], values[at] or 0.0, scale
        up = any(word in str(rules[at]) for word in ("above", "upper", "rising"))
        above = value < low + (high - low) * 0.12 or (up and value < high - (high - low) * 0.06)
        # At an edge a centred word would run into what is written there.
        side = "right" if at >= len(values) - 2 else "left" if at <= 1 else "center"
        notes.append(
            base.note(
                look.word,
                days[at].isoformat(),
                value,
                color=look.color,
                weight=600,
                xanchor=side,
                yanchor="bottom" if above else "top",
                yshift=7 if above else -7,
                xshift=-9 if side == "right" and not above else 0,
            )
        )
    return notes


def _end_words(
    values: Values, flags: Sequence[bool], lines: dict[str, float | None], kind: str, *, narrow: bool
) -> list[tuple[str, float, bool]]:
    """List what is named at the right end, the most important first: words, place, whether it is the value."""
    settled = last_known([value for value, flag in zip(values, flags, strict=True) if not flag]) if not all(flags) else last_known(values)
    known = [(fmt.number(settled, kind), settled, True)]
    names = {"centre": "average", "upper": "limit" if narrow else "upper limit", "lower": "limit" if narrow else "lower limit"}
    known += [(words, lines[name], False) for name, words in names.items()]
    return [(words, place, is_value) for words, place, is_value in known if place is not None]


def _layout(
    days: Sequence[dt.date],
    ends: Sequence[tuple[str, float, bool]],
    value_scale: tuple[float, float, list[float]],
    *,
    kind: str,
    width: float,
    height: float,
) -> Spec:
    low, high, ticks = value_scale
    first, last = (days[0], days[-1]) if days else (dt.date(2013, 1, 1), dt.date(2013, 12, 1))
    left = base.tick_room(ticks, kind)
    right = max((base.text_width(words, 16 if is_value else base.SMALL, bold=is_value) for words, _, is_value in ends), default=20.0) + 14
    apart = (high - low) / (height - 56) * 17
    notes: list[Spec] = []
    taken: list[float] = []
    for words, place, is_value in ends:
        if any(abs(place - other) < apart for other in taken):
            continue
        taken.append(place)
        look = {"color": INK, "weight": 700, "size": 16} if is_value else {"color": GREY}
        notes.append(base.note(base.safe(words), 1, place, xref="paper", xanchor="left", yanchor="middle", xshift=8, **look))
    return base.layout(
        height,
        (left, right, 16, 40),
        xaxis=base.date_axis(first, last, ticks_most(width - left - right)),
        yaxis=base.value_axis(ticks, kind, low=low, high=high),
        annotations=notes,
    )
