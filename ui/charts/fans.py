"""What is known and what is expected: a line of the past, and a fan of the weeks ahead with the level to reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.charts.times import DASH, days_of, flags_of, line_trace, split, ticks_most
from ui.theme import ACCENT, CONTEXT, GREY, INK, SECONDARY

#: Fill of the inner and the outer band.
_BLUE: Final = ("rgba(0,94,162,0.20)", "rgba(0,94,162,0.10)")
_GREY: Final = ("rgba(113,118,122,0.20)", "rgba(113,118,122,0.10)")
_BANDS: Final = (("low", "high"), ("low95", "high95"))


@remembered
def fan(
    past: pl.DataFrame,
    ahead: pl.DataFrame,
    *,
    changed: pl.DataFrame | None = None,
    target: tuple[float, str] | None = None,
    marks: Sequence[tuple[dt.date, str]] = (),
    noun: str = "",
    width: float = base.HALF,
    height: float = 320,
) -> Spec:
    """Draw the past as a line and what is expected as a fan; with `changed`, what was expected is grey and the change is blue.

    past: `day`, `value`, `provisional` bool (its weeks are dashed). ahead, changed: `day`, `mid`, `low` and `high` (80 %), optional
    `low95` and `high95`. `target` is a level with its words; `marks` are days at which it is reached, with words.
    """
    fans = [(ahead, ACCENT, _BLUE)] if changed is None else [(ahead, GREY, _GREY), (changed, ACCENT, _BLUE)]
    known = past.get_column("value").to_list()
    ends = [value for frame, _, _ in fans for pair in _BANDS for name in pair if name in frame.columns for value in frame[name].to_list()]
    mids = [value for frame, _, _ in fans for value in frame["mid"].to_list()]
    low, high, ticks = base.scale([*known, *ends, *mids, target[0] if target else None], zero=True, kind="count")
    traces = [trace for frame, _, fills in fans for trace in _bands(frame, fills)]
    traces += _past(past, noun)
    traces += [_middle(frame, color, noun, dashed=changed is not None and color == GREY) for frame, color, _ in fans]
    days = [*days_of(past, "day"), *days_of(ahead, "day")] or [dt.date(2013, 1, 1), dt.date(2013, 12, 1)]
    layout = _layout(fans, (low, high, ticks), days, width=width, height=height)
    if target is not None:
        traces += _target(target, marks, layout, high - low, height)
    return {"data": traces, "layout": layout}


def _bands(frame: pl.DataFrame, fills: tuple[str, str]) -> list[Spec]:
    """Return the areas of the intervals, the wider one first."""
    x = [day.isoformat() for day in days_of(frame, "day")]
    bands = []
    for (low, high), fill in reversed(list(zip(_BANDS, fills, strict=True))):
        if low in frame.columns and frame[low].null_count() < frame.height:
            y = [*frame[high].to_list(), *reversed(frame[low].to_list())]
            look = {"fill": "toself", "fillcolor": fill, "line": {"width": 0}, "hoverinfo": "skip"}
            bands.append({"type": "scatter", "mode": "lines", "x": [*x, *reversed(x)], "y": y, **look})
    return bands


def _past(past: pl.DataFrame, noun: str) -> list[Spec]:
    days, values, flags = days_of(past, "day"), past.get_column("value").to_list(), flags_of(past, "provisional")
    tips = [
        f"{fmt.date(day)}{', provisional' if open_ else ''}<br><b>{fmt.count(value)}</b> {base.safe(noun)}"
        for day, value, open_ in zip(days, values, flags, strict=True)
    ]
    settled, tail = split(values, flags)
    lines = [line_trace(days, settled, SECONDARY, tips, 1.8)]
    if any(flags):
        lines.append(line_trace(days, tail, SECONDARY, tips, 1.8) | {"line": {"color": SECONDARY, "width": 1.8, "dash": DASH}})
    return lines


def _middle(frame: pl.DataFrame, color: str, noun: str, *, dashed: bool) -> Spec:
    days, mids = days_of(frame, "day"), frame["mid"].to_list()
    ranged = "low" in frame.columns and frame["low"].null_count() < frame.height
    lows, highs = (frame[name].to_list() if ranged else mids for name in ("low", "high"))
    tips = [
        f"Week to {fmt.date(day)}<br><b>{fmt.count(mid)}</b> {base.safe(noun)} expected"
        + (f"<br>80%: {fmt.count(low)}–{fmt.count(high)}" if ranged else "")
        for day, mid, low, high in zip(days, mids, lows, highs, strict=True)
    ]
    line = line_trace(days, mids, color, tips, 2.4)
    return line | {"line": {"color": color, "width": 2.0, "dash": "6px,4px"}} if dashed else line


def _target(target: tuple[float, str], marks: Sequence[tuple[dt.date, str]], layout: Spec, span: float, height: float) -> list[Spec]:
    """Return the level to reach with its words at the left, and the days on which it is reached."""
    value, label = target
    line = base.rule(layout["xaxis"]["range"], [value, value], color=INK, width=1.4)
    side = "top" if value > layout["yaxis"]["range"][0] + span * 24 / height else "bottom"
    layout["annotations"].append(
        base.note(
            base.safe(label), 0, value, xref="paper", xanchor="left", yanchor=side, xshift=4, color=INK, bgcolor="rgba(255,255,255,0.75)"
        )
    )
    if not marks:
        return [line]
    x = [day.isoformat() for day, _ in marks]
    marker = {"size": 9, "color": "#ffffff", "line": {"color": INK, "width": 2}}
    dots = {"type": "scatter", "mode": "markers", "x": x, "y": [value] * len(x), "marker": marker, "hoverinfo": "skip", "cliponaxis": False}
    for place, (day, words) in enumerate(marks):
        layout["annotations"].append(
            base.note(
                base.safe(words),
                day.isoformat(),
                value,
                yanchor="bottom",
                xanchor="right" if place == 0 and len(marks) > 1 else "center",
                yshift=9 + 17 * (place % 2),
                color=INK,
                weight=600,
                bgcolor="rgba(255,255,255,0.75)",
            )
        )
    return [line, dots]


def _layout(
    fans: Sequence[tuple[pl.DataFrame, str, tuple[str, str]]],
    value_scale: tuple[float, float, list[float]],
    days: Sequence[dt.date],
    *,
    width: float,
    height: float,
) -> Spec:
    """Lay the chart out; each fan's last value is named at the right, kept apart."""
    low, high, ticks = value_scale
    words = []
    for frame, color, _ in fans:
        last = frame.row(-1, named=True) if frame.height else {"mid": None}
        ranged = last.get("low") is not None
        words.append((last["mid"], fmt.count(last["mid"]), f"{fmt.count(last['low'])}–{fmt.count(last['high'])}" if ranged else "", color))
    right = max([base.text_width(text, 15, bold=True) for _, text, _, _ in words] + [base.text_width(text) for _, _, text, _ in words]) + 14
    room, plot = base.tick_room(ticks, "count"), height - 52
    taken: list[float] = []
    notes = []
    for mid, text, ends, color in reversed(words):
        if mid is None:
            continue
        place = mid
        while any(abs(place - other) < (high - low) * 40 / plot for other in taken):
            place += (high - low) * 4 / plot * (1 if place >= min(taken) else -1)
        taken.append(place)
        label = f"<b>{text}</b>" + (f"<br><span style='font-size:12px'>{ends}</span>" if ends else "")
        notes.append(
            base.note(label, 1, place, xref="paper", xanchor="left", yanchor="middle", xshift=8, align="left", color=color, size=15)
        )
    axis = base.date_axis(min(days), max(days), ticks_most(width - room - right), pad=0.008)
    split_at = fans[0][0]["day"][0].isoformat() if fans[0][0].height else days[-1].isoformat()
    now = {
        "type": "line",
        "x0": split_at,
        "x1": split_at,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": CONTEXT, "width": 1, "dash": "dot"},
    }
    values = base.value_axis(ticks, "count", low=low, high=high)
    return base.layout(height, (room, right, 12, 40), xaxis=axis, yaxis=values, annotations=notes, shapes=[now])
