"""How long work takes: quantiles of several kinds beside each other, and the share still open day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.charts.ranked import row_height
from ui.charts.status import status_heads
from ui.charts.times import TIP
from ui.theme import ACCENT, GREY, GRID, INK, SECONDARY

_BAND_FILL: Final = "rgba(0,94,162,0.13)"
_FAINT: Final = "#73b3e7"
#: Days at which the axis of a curve is marked: those of the law, then half years.
_MARKS: Final = (0, 30, 90, 180, 270, 365, 545, 730, 910, 1095)


@remembered
def spans(
    frame: pl.DataFrame,
    label: str,
    *,
    median: str,
    low: str,
    high: str,
    far: Sequence[str],
    reference: str,
    names: Sequence[str],
    width: float = base.HALF,
) -> Spec:
    """Draw, for each row, a median with its interval, how far the later quantiles reach, and a grey median to compare with.

    frame: `label`, days in `median`, `low`, `high`, each of `far` (null: not reached) and `reference`, in the order of the rows.
    `names` say above the first row what the reference, the median and the later quantiles are.
    """
    rows = frame.to_dicts()
    labels, left = base.row_labels([str(row[label]) for row in rows], width)
    words = [fmt.days(row[median]) if row[median] is not None else "not reached" for row in rows]
    right = max((base.text_width(word, base.SIZE, bold=True) for word in words), default=20.0) + 14
    columns = [median, low, high, *far, reference]
    _, end, ticks = base.scale([row[name] for row in rows for name in columns], zero=True, kind="days", most=4 if width < base.HALF else 6)
    heads, levels = status_heads([*names], [GREY, ACCENT, _FAINT], width)
    places = list(range(len(rows)))
    layout = base.layout(
        len(rows) * row_height(labels, 34) + levels * 20 + 38,
        (left, right, levels * 20 + 8, 26),
        xaxis=base.value_axis(ticks, "days", low=0, high=end),
        yaxis=base.category_axis(labels),
        annotations=[head | {"xshift": head["xshift"] - left} for head in heads],
    )
    reach = [[row[name] for name in (median, *far) if row[name] is not None] for row in rows]
    lines = [
        _joined([(row[low], row[high]) for row in rows], ACCENT, 6),
        _joined([(min(r), max(r)) if r else None for r in reach], _FAINT, 3),
    ]
    ends = [
        base.texts(
            [end] * len(rows), places, [f"\u00a0\u00a0{base.safe(word)}" for word in words], "middle right", size=base.SIZE, weight=600
        )
    ]
    far_dots = [(value, place) for place, row in enumerate(rows) for value in (row[name] for name in far) if value is not None]
    dots = [
        _dots([spot[0] for spot in far_dots], [spot[1] for spot in far_dots], _FAINT, "line-ns", 11),
        _dots([row[reference] for row in rows], places, GREY, "diamond", 8),
        _dots(
            [row[median] for row in rows],
            places,
            ACCENT,
            "circle",
            10,
            tips=[_tip(row, label, median, (low, high), far, reference) for row in rows],
        ),
    ]
    return {"data": [lines[1], lines[0], *dots, *ends], "layout": layout}


def _joined(pairs: Sequence[tuple[Any, Any] | None], color: str, width: float) -> Spec:
    x = [part for pair in pairs for part in ((*pair, None) if pair else (None, None, None))]
    return base.rule(x, [part for row in range(len(pairs)) for part in (row, row, None)], color=color, width=width, dash="solid")


def _dots(x: Sequence[Any], y: Sequence[Any], color: str, symbol: str, size: float, tips: Sequence[str] = ()) -> Spec:
    marker = {"size": size, "color": color, "symbol": symbol, "line": {"color": color, "width": 2}}
    told: Spec = {"customdata": list(tips), **TIP} if tips else {"hoverinfo": "skip"}
    return {"type": "scatter", "mode": "markers", "x": list(x), "y": list(y), "marker": marker, "cliponaxis": False, **told}


def _tip(row: dict[str, Any], label: str, median: str, interval: tuple[str, str], far: Sequence[str], reference: str) -> str:
    later = ", ".join(fmt.days(row[name]) for name in far)
    parts = [f"{base.safe(row[label])}: <b>{base.safe(fmt.days(row[median]))}</b>"]
    parts.append(base.safe(fmt.interval(row[interval[0]], row[interval[1]], "days")))
    return "<br>".join(
        [part for part in parts if part] + [base.safe(f"later: {later}"), base.safe(f"completed alone: {fmt.days(row[reference])}")]
    )


@dataclass(frozen=True)
class Curve:
    """Columns of a curve of steps: the day and the share (0-1); optional ends of its interval."""

    frame: pl.DataFrame
    name: str
    low: str | None = None
    high: str | None = None


@remembered
def curves(
    main: Curve, context: Curve, *, x: str, y: str, mark: float | None = None, width: float = base.HALF, height: float = 300
) -> Spec:
    """Draw how a share falls day by day, in steps from all on day 0, with another curve in grey to compare with.

    Frames: `x` whole days, `y` share (0-1), in order. `mark` is a day at which a dotted line stands.
    """
    last = max([1.0, *(float(v) for each in (main, context) for v in each.frame.get_column(x).to_list())])
    heads, levels = status_heads([main.name, context.name], [ACCENT, GREY], width)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    room = base.tick_room(ticks, "share")
    plot = width - room - 16
    layout = base.layout(
        height + levels * 20,
        (room, 16, levels * 20 + 10, 40),
        xaxis=_day_axis(last, plot),
        yaxis=base.value_axis(ticks, "share", low=0, high=1),
        annotations=[head | {"xshift": head["xshift"] - room} for head in heads],
    )
    layout["annotations"].append(
        base.note("days since receipt", 1, 0, xref="paper", yref="paper", xanchor="right", yanchor="top", yshift=-26)
    )
    marked = [base.rule([mark, mark], [0, 1], color=SECONDARY, width=1.2)] if mark is not None and mark <= last else []
    return {"data": [*_band(main, x), *marked, _steps(context, x, y, GREY, 1.8), _steps(main, x, y, ACCENT, 2.4)], "layout": layout}


def _day_axis(last: float, plot: float) -> Spec:
    ticks = [tick for tick in _MARKS if tick <= last]
    if len(ticks) < 3:
        ticks = [int(tick) for tick in base.nice_ticks(0, last) if tick <= last]
    while len(ticks) * 34 > plot:
        ticks = ticks[::2]
    axis = base.value_axis(ticks, "days", low=0, high=last)
    return axis | {"showline": True, "linecolor": GRID, "tickfont": base.font(base.SMALL, INK)}


def _steps(curve: Curve, x: str, y: str, color: str, width: float) -> Spec:
    days, shares = [0, *curve.frame.get_column(x).to_list()], [1.0, *curve.frame.get_column(y).to_list()]
    tips = [
        f"{base.safe(curve.name)}<br>after {fmt.days(day)}: <b>{base.safe(fmt.share(share))}</b>"
        for day, share in zip(days, shares, strict=True)
    ]
    line = {"color": color, "width": width, "shape": "hv"}
    return {"type": "scatter", "mode": "lines", "x": days, "y": shares, "line": line, "customdata": tips, **TIP}


def _band(curve: Curve, x: str) -> list[Spec]:
    if curve.low is None or curve.high is None:
        return []
    known = curve.frame.drop_nulls([curve.low, curve.high])
    if known.height < 2:
        return []
    days = known.get_column(x).to_list()
    edges = {"type": "scatter", "mode": "lines", "x": days, "hoverinfo": "skip"}
    line = {"width": 0, "shape": "hv"}
    upper = edges | {"y": known.get_column(curve.high).to_list(), "line": line}
    return [upper, edges | {"y": known.get_column(curve.low).to_list(), "line": line, "fill": "tonexty", "fillcolor": _BAND_FILL}]
