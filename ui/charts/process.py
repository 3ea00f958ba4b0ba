"""A process chart: months between their limits, and by colour, shape and word those that are more than chance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.charts.times import DASH, TIP, days_of, flags_of, last_known, line_trace, split, ticks_most
from ui.theme import ACCENT, BAD, CONTEXT, GREY, INK, SECONDARY

Values = list[float | None]


class Look(NamedTuple):
    """How a point of one meaning is drawn, and named while it is the present and after."""

    word: str
    past: str
    color: str
    symbol: str
    size: float


#: By meaning of the process chart: never by colour alone. Months of the past that were on the good side of the average need not have
#: been improving: a pile that grew from its start was smaller than on average, no more.
LOOKS: Final[dict[str, Look]] = {
    "concern": Look("concern", "worse", BAD, "diamond", 11),
    "improvement": Look("improving", "better", ACCENT, "square", 9),
    "up": Look("higher", "higher", INK, "triangle-up", 10),
    "down": Look("lower", "lower", INK, "triangle-down", 10),
}
_PLAIN: Final = Look("", "", SECONDARY, "circle", 6)
_START: Final = Look("start-up", "start-up", GREY, "circle", 6)
#: Points that may lie between a signal and the present.
_PRESENT: Final = 3


class Point(NamedTuple):
    """One month: how it is drawn, whether it is settled and of the start-up."""

    day: dt.date
    value: float | None
    open: bool
    starting: bool
    rule: str | None
    look: Look


class Plot(NamedTuple):
    """Pixels of a day and of a unit, and the values at the edges."""

    per_day: float
    per_unit: float
    low: float
    high: float
    room: float


@remembered
def process_chart(
    frame: pl.DataFrame, *, kind: str = "count", target: float | None = None, width: float = base.HALF, height: float = 320
) -> Spec:
    """Draw a process chart.

    frame: `month` date, `value`, `provisional` bool (hollow and dashed), `starting` bool if any (grey), `centre`, `lower`, `upper` (dotted; null for none), `rule`
    (words for the pointer) and `meaning` (concern, improvement, up, down or null).
    """
    points = points_of(frame.sort("month"))
    days, values = [point.day for point in points], [point.value for point in points]
    lines = {name: last_known(_numbers(frame, name)) for name in ("centre", "lower", "upper")}
    low, high, ticks = base.scale([*values, *lines.values(), target], zero=False, kind=kind)
    ends = _end_words(points, lines, kind, narrow=width < base.HALF)
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
    tips = [_tip(point, kind) for point in points]
    traces += [*_series(points, tips), _marks(points, tips)]
    layout["annotations"] += _names(points, lines["centre"], _plot(layout, days, width))
    return {"data": traces, "layout": layout}


def points_of(rows: pl.DataFrame) -> list[Point]:
    """Return the months of a process chart, each with its look."""
    starting = flags_of(rows, "starting" if "starting" in rows.columns else None)
    meanings, rules = (rows.get_column(name).to_list() for name in ("meaning", "rule"))
    looks = [_START if begun else LOOKS.get(meaning or "", _PLAIN) for meaning, begun in zip(meanings, starting, strict=True)]
    parts = (days_of(rows, "month"), _numbers(rows, "value"), flags_of(rows, "provisional"), starting, rules, looks)
    return [Point(*each) for each in zip(*parts, strict=True)]


def _numbers(rows: pl.DataFrame, column: str) -> Values:
    return rows.get_column(column).cast(pl.Float64).to_list()


def _tip(point: Point, kind: str) -> str:
    state = ", provisional" if point.open else ", start-up" if point.starting else ""
    head = f"{fmt.month(point.day)}{state}: <b>{base.safe(fmt.number(point.value, kind))}</b>"
    return f"{head}<br>{base.safe(point.rule)}" if point.rule else head


def _series(points: Sequence[Point], tips: Sequence[str]) -> list[Spec]:
    """Draw the line: grey in the start-up, dashed where it is provisional."""
    days = [point.day for point in points]
    settled, tail = split([None if point.starting else point.value for point in points], [point.open for point in points])
    after = [False, *(point.starting for point in points)][: len(points)]
    lead = [point.value if point.starting or before else None for point, before in zip(points, after, strict=True)]
    traces = [line_trace(days, settled, SECONDARY, list(tips)) | {"line": {"color": SECONDARY, "width": 1.6}}]
    if any(point.open for point in points):
        traces.append(line_trace(days, tail, SECONDARY, list(tips)) | {"line": {"color": SECONDARY, "width": 1.6, "dash": DASH}})
    if any(point.starting for point in points):
        traces.append(line_trace(days, lead, CONTEXT, list(tips)) | {"line": {"color": CONTEXT, "width": 1.6}})
    return traces


def _marks(points: Sequence[Point], tips: Sequence[str]) -> Spec:
    colors = [CONTEXT if point.starting else point.look.color for point in points]
    marker = {
        "size": [8 if point.open else point.look.size for point in points],
        "symbol": [point.look.symbol for point in points],
        "color": ["#ffffff" if point.open else color for point, color in zip(points, colors, strict=True)],
        "line": {"color": colors, "width": 1.6},
        "opacity": 1,
    }
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [point.day.isoformat() for point in points],
        "y": [point.value for point in points],
        "marker": marker,
        "cliponaxis": False,
        "customdata": list(tips),
        **TIP,
    }


def _plot(layout: Spec, days: Sequence[dt.date], width: float) -> Plot:
    """Return how many pixels a day and a unit take."""
    margin, (low, high) = layout["margin"], layout["yaxis"]["range"]
    room = width - margin["l"] - margin["r"]
    shown = (dt.datetime.fromisoformat(layout["xaxis"]["range"][1]) - dt.datetime.fromisoformat(layout["xaxis"]["range"][0])).days
    inner = room * ((days[-1] - days[0]).days / max(shown, 1) if days else 1)
    return Plot(room / max(shown, 1), (layout["height"] - margin["t"] - margin["b"]) / (high - low), low, high, inner)


def _names(points: Sequence[Point], centre: float | None, plot: Plot) -> list[Spec]:
    """Name the last point of the last run of signals of each meaning, and the start-up in its middle."""
    ends = {point.look: at for at, point in enumerate(points) if point.look is not _PLAIN and point.value is not None}
    begun = [at for at, point in enumerate(points) if point.starting and point.value is not None]
    notes: list[Spec] = []
    taken: list[tuple[float, ...]] = []
    # What is said of the present finds its place first.
    for look, at in sorted(ends.items(), key=lambda each: -each[1]):
        now = look is not _START and _is_present(points, at, centre)
        note, box = _placed(points, begun[len(begun) // 2] if look is _START else at, look.word if now else look.past, plot, taken)
        notes.append(note)
        taken.append(box)
    return notes


def _up(point: Point) -> bool:
    return any(word in str(point.rule) for word in ("above", "upper", "rising"))


def _is_present(points: Sequence[Point], at: int, centre: float | None) -> bool:
    """Say whether a signal is that of the key figure: one of the last three that count, the last of them still on its side."""
    counted = [place for place, point in enumerate(points) if point.value is not None and not point.open and not point.starting]
    if centre is None or at not in counted[-_PRESENT:]:
        return False
    last = points[counted[-1]].value or 0.0
    return at == counted[-1] or (last > centre if _up(points[at]) else last < centre)


def _placed(points: Sequence[Point], at: int, word: str, plot: Plot, taken: Sequence[tuple[float, ...]]) -> tuple[Spec, tuple[float, ...]]:
    """Place a word above or below all markers that it spans, on the nearer side where there is room."""
    point, wide = points[at], base.text_width(word, bold=True)
    x = (point.day - points[0].day).days * plot.per_day
    # At an edge a centred word would run into what is written there.
    side = "right" if x + wide / 2 > plot.room + 4 else "left" if x < wide / 2 else "center"
    left = x - {"right": wide, "left": 0.0, "center": wide / 2}[side]
    spans = [(each.day - points[0].day).days * plot.per_day for each in points]
    near = [each.value for each, px in zip(points, spans, strict=True) if each.value is not None and left - 7 < px < left + wide + 7]
    choices = []
    for above, edge in ((True, max(near)), (False, min(near))):
        far = abs(edge - (0.0 if point.value is None else point.value)) * plot.per_unit
        bottom = (edge - plot.low) * plot.per_unit + (7 if above else -23)
        box = (left, left + wide, bottom, bottom + 16)
        # The margin above the plot takes a word, that below is the axis.
        outside = bottom < 5 or bottom + 16 > (plot.high - plot.low) * plot.per_unit + 14
        met = any(box[0] < b[1] and b[0] < box[1] and box[2] < b[3] and b[2] < box[3] for b in taken)
        choices.append((far + (0 if above == _up(point) else 8) + 400 * outside + 1000 * met, above, edge, box))
    _, above, edge, box = min(choices)
    anchors: Spec = {
        "xanchor": side,
        "yanchor": "bottom" if above else "top",
        "yshift": 7 if above else -7,
        "bgcolor": "rgba(255,255,255,0.85)",
    }
    return base.note(word, point.day.isoformat(), edge, color=point.look.color, weight=600, **anchors), box


def _end_words(points: Sequence[Point], lines: dict[str, float | None], kind: str, *, narrow: bool) -> list[tuple[str, float, str | None]]:
    """List what is named at the right end, the most important first: words, place, and of the value its month if that is not the last."""
    known = [point for point in points if point.value is not None]
    last = next((point for point in reversed(known) if not point.open), known[-1] if known else None)
    ends: list[tuple[str, float | None, str | None]] = []
    if last is not None:
        ends.append((fmt.number(last.value, kind), last.value, fmt.month(last.day) if last is not points[-1] else ""))
    names = {"centre": "average", "upper": "limit" if narrow else "upper limit", "lower": "limit" if narrow else "lower limit"}
    ends += [(words, lines[name], None) for name, words in names.items()]
    return [(words, place, month) for words, place, month in ends if place is not None]


def _layout(
    days: Sequence[dt.date],
    ends: Sequence[tuple[str, float, str | None]],
    value_scale: tuple[float, float, list[float]],
    *,
    kind: str,
    width: float,
    height: float,
) -> Spec:
    low, high, ticks = value_scale
    first, last = (days[0], days[-1]) if days else (dt.date(2013, 1, 1), dt.date(2013, 12, 1))
    left = base.tick_room(ticks, kind)
    wide = [base.text_width(words, base.SMALL if month is None else 16, bold=month is not None) for words, _, month in ends]
    right = max([20.0, *wide, *(base.text_width(month) for _, _, month in ends if month)]) + 14
    per_unit = (height - 56) / (high - low)
    notes: list[Spec] = []
    taken: list[tuple[float, float]] = []
    for words, place, month in ends:
        middle = place * per_unit
        if any(middle - 8.5 < top and bottom < middle + 8.5 for bottom, top in taken):
            continue
        taken.append((middle - (24 if month else 8.5), middle + 8.5))
        look = {"color": GREY} if month is None else {"color": INK, "weight": 700, "size": 16}
        notes.append(base.note(base.safe(words), 1, place, xref="paper", xanchor="left", yanchor="middle", xshift=8, **look))
        if month:
            notes.append(base.note(month, 1, place, xref="paper", xanchor="left", yanchor="top", xshift=8, yshift=-7))
    return base.layout(
        height,
        (left, right, 16, 40),
        xaxis=base.date_axis(first, last, ticks_most(width - left - right)),
        yaxis=base.value_axis(ticks, kind, low=low, high=high),
        annotations=notes,
    )
