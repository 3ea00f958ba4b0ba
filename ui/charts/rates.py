"""A rate over time with its interval, its target and, where they are given, the lines of a process chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.charts.times import DASH, TIP, days_of, flags_of, last_known, line_trace, split, ticks_most
from ui.theme import GREY, INK

_BAND_FILL = "rgba(0,94,162,0.13)"
#: Pixels that the name of a fiscal quarter takes on an axis.
_QUARTER = 56
_WHISKER = "#73b3e7"

Values = list[float | None]


@dataclass(frozen=True)
class _Rate:
    """The series of one chart, oldest first."""

    kind: str
    days: list[dt.date]
    values: Values
    low: Values | None
    high: Values | None
    open: list[bool]
    signals: list[str | None]
    centre: Values | None
    limits: tuple[Values, ...]

    @property
    def x(self) -> list[str]:
        """Days as Plotly reads them."""
        return [day.isoformat() for day in self.days]

    @property
    def settled(self) -> float | None:
        """The last value that is not provisional."""
        known = [value for value, flag in zip(self.values, self.open, strict=True) if value is not None and not flag]
        return known[-1] if known else last_known(self.values)

    @property
    def settled_at(self) -> int | None:
        """Where the last settled value stands when provisional ones follow it; null when none follows or none is settled."""
        known = [index for index, value in enumerate(self.values) if value is not None]
        settled = [index for index in known if not self.open[index]]
        return settled[-1] if settled and settled[-1] != known[-1] else None

    @property
    def ends_open(self) -> bool:
        """Whether the last value is provisional."""
        known = [flag for value, flag in zip(self.values, self.open, strict=True) if value is not None]
        return bool(known) and known[-1]

    def all_values(self) -> Values:
        """Everything that the value axis must hold."""
        parts = (self.values, self.low, self.high, self.centre, *self.limits)
        return [value for part in parts if part for value in part]

    def tips(self) -> list[str]:
        """What the pointer reads at each point."""
        return [self._tip(index) for index in range(len(self.days))]

    def _tip(self, index: int) -> str:
        open_ = ", provisional" if self.open[index] else ""
        rows = [f"{fmt.month(self.days[index])}{open_}: <b>{base.safe(fmt.number(self.values[index], self.kind))}</b>"]
        if self.low and self.high:
            rows.append(base.safe(fmt.interval(self.low[index], self.high[index], self.kind)))
        if self.signals[index]:
            rows.append(base.safe(self.signals[index]))
        return "<br>".join(row for row in rows if row)


@remembered
def rate_with_interval(
    frame: pl.DataFrame,
    x: str,
    value: str,
    low: str | None = None,
    high: str | None = None,
    *,
    kind: str = "share",
    target: float | None = None,
    target_label: str = "",
    better: str = "higher",
    provisional: str | None = None,
    style: str = "band",
    centre: str | None = None,
    limits: tuple[str, str] | None = None,
    signal: str | None = None,
    zero: bool = False,
    quarters: bool = False,
    width: float = base.HALF,
    height: float = 300,
) -> Spec:
    """Draw a rate over time with its 95 % interval, a target, and a process chart's lines where they are given.

    frame: `x` date, `value`, optional `low` and `high`, `provisional` bool (hollow), `centre` and `limits` (natural
    process limits, grey), `signal` (text or null: marked and read out). `style` is "band" or "whisker". `quarters`: each `x` is
    the first day of a fiscal quarter, and the axis names these.
    """
    rows = frame.sort(x)
    columns = {name: rows.get_column(name).cast(pl.Float64).to_list() for name in (value, low, high, centre, *(limits or ())) if name}
    rate = _Rate(
        kind,
        days_of(rows, x),
        columns[value],
        columns[low] if low else None,
        columns[high] if high else None,
        flags_of(rows, provisional),
        rows.get_column(signal).to_list() if signal else [None] * rows.height,
        columns[centre] if centre else None,
        tuple(columns[name] for name in limits or ()),
    )
    scale = base.scale([*rate.all_values(), target], zero=zero, kind=kind)
    color = base.tone(rate.settled, target, better)
    traces = [*_process_lines(rate), *_intervals(rate, style), *_series(rate, color, style)]
    layout = _layout(rate, scale, color, width=width, height=height, quarters=quarters)
    if target is not None:
        traces.insert(0, base.rule(layout["xaxis"]["range"], [target, target], color=GREY, width=1.4))
        words = base.safe(target_label or base.target_words(target, kind))
        side = "bottom" if last_known(rate.values[:1]) is None or (rate.values[0] or 0) < target else "top"
        layout["annotations"].append(
            base.note(words, 0, target, xref="paper", xanchor="left", yanchor=side, xshift=4, bgcolor="rgba(255,255,255,0.8)")
        )
    return {"data": traces, "layout": layout}


def _process_lines(rate: _Rate) -> list[Spec]:
    lines = [base.rule(rate.x, rate.centre, color=GREY, width=1.2, dash="solid")] if rate.centre else []
    for values in rate.limits:
        line = base.rule(rate.x, values, color=GREY, width=1.2, dash="5px,4px")
        line["line"]["shape"] = "hvh"
        lines.append(line)
    return lines


def _intervals(rate: _Rate, style: str) -> list[Spec]:
    if rate.low is None or rate.high is None:
        return []
    return [_band(rate.x, rate.low, rate.high)] if style == "band" else [_whiskers(rate.x, rate.low, rate.high)]


def _band(days: Sequence[str], low: Values, high: Values) -> Spec:
    """Return one closed area for each run of months that have an interval."""
    x: list[str | None] = []
    y: Values = []
    run: list[int] = []
    for index in range(len(days) + 1):
        if index < len(days) and low[index] is not None and high[index] is not None:
            run.append(index)
            continue
        if run:
            x += [*(days[i] for i in run), *(days[i] for i in reversed(run)), None]
            y += [*(high[i] for i in run), *(low[i] for i in reversed(run)), None]
        run = []
    fill = {"fill": "toself", "fillcolor": _BAND_FILL, "line": {"width": 0}, "hoverinfo": "skip"}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, **fill}


def _whiskers(days: Sequence[str], low: Values, high: Values) -> Spec:
    x = [part for day in days for part in (day, day, None)]
    y = [part for start, end in zip(low, high, strict=True) for part in (start, end, None)]
    return base.rule(x, y, color=_WHISKER, width=2, dash="solid")


def _series(rate: _Rate, color: str, style: str) -> list[Spec]:
    settled, tail = split(rate.values, rate.open)
    tips = rate.tips()
    traces = [line_trace(rate.days, settled, color, tips)]
    if any(rate.open):
        traces.append(line_trace(rate.days, tail, color, tips) | {"line": {"color": color, "width": 2.2, "dash": DASH}})
    return [*traces, _points(rate, color, style)]


def _points(rate: _Rate, color: str, style: str) -> Spec:
    """Mark provisional points hollow, signals as dark diamonds, and every point when there are few."""
    shown = style == "whisker" or len(rate.days) <= 14
    flags = list(zip(rate.open, rate.signals, strict=True))
    marker = {
        "size": [10 if sign else 8 if open_ else 7 for open_, sign in flags],
        "symbol": ["diamond" if sign else "circle" for _, sign in flags],
        "color": ["#ffffff" if open_ else INK if sign else color for open_, sign in flags],
        "line": {"color": [INK if sign else color for _, sign in flags], "width": 1.8},
        "opacity": [1 if open_ or sign or shown else 0 for open_, sign in flags],
    }
    tip = {"customdata": rate.tips(), **TIP}
    return {"type": "scatter", "mode": "markers", "x": rate.x, "y": rate.values, "marker": marker, "cliponaxis": False, **tip}


def _end_words(rate: _Rate) -> list[tuple[str, float, str, float]]:
    """List what is named at the right end: the value it ends with, then the average and limits: words, place, role, size.

    A provisional value is called so and is no headline: the settled one before it has its own words (`_settled_words`).
    """
    last = last_known(rate.values)
    words = [
        (fmt.number(last, rate.kind), last, "open", float(base.SMALL))
        if rate.ends_open
        else (fmt.number(last, rate.kind), last, "value", 16.0)
    ]
    words.append(("average", last_known(rate.centre or []), "line", float(base.SMALL)))
    words += [("limit", last_known(values), "line", float(base.SMALL)) for values in rate.limits]
    return [(text, place, role, size) for text, place, role, size in words if place is not None]


def _settled_words(rate: _Rate, color: str) -> list[Spec]:
    """Write the last settled value beside its own point, on the side that the provisional line does not take."""
    at = rate.settled_at
    if at is None:
        return []
    value, following = rate.values[at] or 0.0, next(each for each in rate.values[at + 1 :] if each is not None)
    rises = following > value
    place: Spec = {
        "bgcolor": "rgba(255,255,255,0.8)",
        "xanchor": "left",
        "yanchor": "top" if rises else "bottom",
        "xshift": 4,
        "yshift": -4 if rises else 4,
    }
    return [base.note(base.safe(fmt.number(value, rate.kind)), rate.x[at], value, color=color, weight=700, size=16, **place)]


def _layout(rate: _Rate, scale: tuple[float, float, list[float]], color: str, *, width: float, height: float, quarters: bool) -> Spec:
    low, high, ticks = scale
    first, end = (rate.days[0], rate.days[-1]) if rate.days else (dt.date(2013, 1, 1), dt.date(2013, 12, 1))
    words = _end_words(rate)
    left = base.tick_room(ticks, rate.kind)
    shown = [(text, size) for text, _, _, size in words] + ([("provisional", float(base.SMALL))] if rate.ends_open else [])
    right = max((base.text_width(text, size, bold=True) for text, size in shown), default=20.0) + 14
    apart = (high - low) / (height - 52) * 17
    notes: list[Spec] = _settled_words(rate, color)
    taken: list[float] = []
    for text, place, role, size in words:
        if any(abs(place - other) < apart for other in taken):
            continue
        # Two lines of words take the room of one more.
        taken += [place, place - apart, place + apart] if role == "open" else [place]
        said = base.safe(text) + ("<br>provisional" if role == "open" else "")
        look = {"color": color, "weight": 700} if role == "value" else {"color": GREY}
        notes.append(base.note(said, 1, place, align="left", xref="paper", xanchor="left", yanchor="middle", xshift=8, size=size, **look))
    room = width - left - right
    xaxis = base.date_axis(first, end, ticks_most(room), ticks=base.quarter_ticks(rate.days, int(room // _QUARTER)) if quarters else None)
    yaxis = base.value_axis(ticks, rate.kind, low=low, high=high)
    return base.layout(height, (left, right, 12, 40), xaxis=xaxis, yaxis=yaxis, annotations=notes)
