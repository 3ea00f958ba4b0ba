"""Small multiples: one panel for each Center on one scale, drawn in a single plot so that it stays fast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import polars as pl

from analytics import format as fmt
from ui.charts import base
from ui.charts.base import Spec
from ui.charts.drawing import remembered
from ui.theme import CONTEXT, GREY, GRID, SECONDARY

_VALUE_SIZE = 15

_Colour = Callable[[float | None, str], str]


@dataclass(frozen=True)
class _Panel:
    """One group's series, its place in pixels and its look."""

    name: str
    days: list[int]
    values: list[float | None]
    open_last: bool
    left: float
    top: float
    color: str


@dataclass(frozen=True)
class _Grid:
    """The shared measures of all panels, in pixels of the reference width; y runs downwards."""

    columns: int
    panel_width: float
    panel_height: float
    header: float
    axis_room: float
    gap: float
    value_room: float
    first: int
    last: int
    low: float
    high: float
    width: float

    def x(self, panel: _Panel, day: int) -> float:
        """Place a day in a panel."""
        return round(panel.left + (day - self.first) / max(self.last - self.first, 1) * (self.panel_width - 6), 1)

    def y(self, panel: _Panel, value: float) -> float:
        """Place a value in a panel."""
        return round(panel.top + self.header + (1 - (value - self.low) / (self.high - self.low)) * self.panel_height, 1)


@remembered
def small_multiples(
    frame: pl.DataFrame,
    group: str,
    x: str,
    y: str,
    *,
    kind: str = "share",
    target: float | None = None,
    better: str = "higher",
    highlight: Collection[str] = (),
    provisional: str | None = None,
    zero: bool = False,
    columns: int | None = None,
    width: float = base.HALF,
    panel_height: float = 68,
) -> Spec:
    """Draw up to ten panels on one scale, three a row (two on a phone, five in a wide card), in the order of the frame.

    frame: `group` label, `x` date (first day of the period), `y` value or null, optional `provisional` bool whose last
    true point is hollow and dashed. Each panel names its group and its last settled value. A value that misses the
    `target` is orange; with `highlight` only those groups are blue.
    """
    names = [str(name) for name in frame.get_column(group).unique(maintain_order=True).to_list()]
    columns = max(min(columns or _columns_for(len(names), width), len(names)), 1)
    low, high, ticks = base.scale([*frame.get_column(y).to_list(), target], zero=zero, kind=kind, most=3)
    room, gap = base.tick_room(ticks, kind), 14.0 if width < base.HALF else 26.0
    panel_width = (width - room - 8 - gap * (columns - 1)) / columns
    value_room = _value_room(frame.get_column(y).to_list(), kind, width)
    most = max((len(_name_rows(name, panel_width, value_room, width)) for name in names), default=1)
    first, last = _span(frame.get_column(x).cast(pl.Date).to_physical())
    header = 9.0 + 16.0 * most
    grid = _Grid(columns, panel_width, panel_height, header, room, gap, value_room, first, last, low, high, width)
    series = _Series(group, x, y, provisional)
    panels = _panels(frame, series, names, grid, lambda value, name: panel_tone(value, name, target, better, highlight))
    return _assemble(panels, grid, ticks, kind, target)


def _name_rows(name: str, panel_width: float, value_room: float, width: float) -> tuple[str, ...]:
    """Break a panel's name beside its value: two lines, three on a phone."""
    rows = 3 if width < base.HALF else 2
    return base.wrap(name, panel_width, base.SIZE, bold=True, rows=rows, last=panel_width - value_room)


def _columns_for(count: int, width: float) -> int:
    if width >= base.WIDE:
        return min(5, -(-count // 2)) if count > 5 else count
    return 3 if width >= base.HALF else 2


def _written(value: float | None, kind: str, width: float) -> str:
    """Write a panel's last value; without decimals on a phone."""
    return fmt.share(value, 0) if kind == "share" and width < base.HALF else fmt.number(value, kind)


def _value_room(values: Sequence[float | None], kind: str, width: float) -> float:
    """Return the pixels that the widest last value takes beside a panel's name."""
    written = {_written(value, kind, width) for value in values if value is not None}
    return max((base.text_width(text, _VALUE_SIZE, bold=True) for text in written), default=30.0) + 6


def _span(days: pl.Series) -> tuple[int, int]:
    if days.len() == 0:
        return 0, 1
    return int(days.min()), int(days.max())  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Series:
    """The frame's columns."""

    group: str
    x: str
    y: str
    provisional: str | None


def panel_tone(value: float | None, name: str, target: float | None, better: str, highlight: Collection[str]) -> str:
    """Return the colour of a panel: orange when its last value misses the target, else blue, or grey when others are highlighted."""
    return base.tone(value, target, better, lit=not highlight or name in highlight)


def _panels(frame: pl.DataFrame, series: _Series, names: Sequence[str], grid: _Grid, color: _Colour) -> list[_Panel]:
    panels = []
    dated = frame.sort(series.x).with_columns(pl.col(series.x).cast(pl.Date).to_physical())
    parts = {str(key[0]): rows for key, rows in dated.partition_by(series.group, as_dict=True).items()}
    for index, name in enumerate(names):
        rows = parts[name]
        row, column = divmod(index, grid.columns)
        values = rows.get_column(series.y).to_list()
        open_last = bool(series.provisional and rows.height and rows.get_column(series.provisional)[-1])
        panels.append(
            _Panel(
                name=name,
                days=rows.get_column(series.x).to_list(),
                values=values,
                open_last=open_last,
                left=grid.axis_room + column * (grid.panel_width + grid.gap),
                top=row * (grid.header + grid.panel_height + 14),
                color=color(settled(values, open_last), name),
            )
        )
    return panels


def settled(values: Sequence[float | None], open_last: bool) -> float | None:
    """Return the last value that is not provisional."""
    known = [value for value in (values[:-1] if open_last and len(values) > 1 else values) if value is not None]
    return known[-1] if known else None


def _assemble(panels: list[_Panel], grid: _Grid, ticks: list[float], kind: str, target: float | None) -> Spec:
    rows = -(-len(panels) // grid.columns) if panels else 1
    bottom = rows * (grid.header + grid.panel_height + 14) - 14
    traces = [*_grid_lines(panels, grid, ticks), *_target_lines(panels, grid, target, kind)]
    for color in dict.fromkeys(panel.color for panel in panels):
        traces += _lines([panel for panel in panels if panel.color == color], grid, color, kind)
    traces += [_names(panels, grid), *_values(panels, grid, kind), _value_ticks(panels, grid, ticks, kind), *_time_ticks(panels, grid)]
    depth = 40.0 if any("<br>" in text for text in traces[-2]["text"]) else 26.0
    shape = base.layout(bottom + depth, (0, 0, 0, 0), xaxis=base.hidden_axis(0, grid.width), yaxis=base.hidden_axis(bottom + depth, 0))
    return {"data": traces, "layout": shape}


def _grid_lines(panels: list[_Panel], grid: _Grid, ticks: list[float]) -> list[Spec]:
    x: list[float | None] = []
    y: list[float | None] = []
    for panel in panels:
        for tick in ticks:
            x += [panel.left, panel.left + grid.panel_width, None]
            y += [grid.y(panel, tick), grid.y(panel, tick), None]
    return [base.rule(x, y, color=GRID, dash="solid")]


def _target_lines(panels: list[_Panel], grid: _Grid, target: float | None, kind: str) -> list[Spec]:
    if target is None or not panels:
        return []
    x: list[float | None] = []
    y: list[float | None] = []
    for panel in panels:
        x += [panel.left, panel.left + grid.panel_width, None]
        y += [grid.y(panel, target), grid.y(panel, target), None]
    return [base.rule(x, y, color=GREY, width=1.2), _target_label(panels, grid, target, kind)]


def _target_label(panels: list[_Panel], grid: _Grid, target: float, kind: str) -> Spec:
    """Name the target once, in the first panel and at the side of the line where no series runs through the words."""
    words = base.target_words(target, kind)
    length = base.text_width(words) + 6
    for panel in panels[: grid.columns]:
        spots = [
            (grid.x(panel, day), grid.y(panel, value)) for day, value in zip(panel.days, panel.values, strict=True) if value is not None
        ]
        line, end = grid.y(panel, target), panel.left + grid.panel_width
        for start, anchor in ((panel.left, "right"), (end - length, "left")):
            for side, top in (("top", line - 19), ("bottom", line + 1)):
                inside = panel.top + grid.header - 4 <= top and top + 18 <= panel.top + grid.header + grid.panel_height + 4
                if inside and not any(start - 8 <= x <= start + length + 8 and top <= y <= top + 18 for x, y in spots):
                    place = panel.left if anchor == "right" else end
                    return base.texts([place], [line], [words], f"{side} {anchor}", color=SECONDARY)
    return base.texts([panels[0].left], [grid.y(panels[0], target)], [words], "top right", color=SECONDARY)


def _lines(panels: list[_Panel], grid: _Grid, color: str, kind: str) -> list[Spec]:
    x: list[float | None] = []
    y: list[float | None] = []
    hover: list[str | None] = []
    dashes: tuple[list[float | None], list[float | None]] = ([], [])
    ends: dict[bool, tuple[list[float], list[float]]] = {True: ([], []), False: ([], [])}
    for panel in panels:
        spots = [
            (grid.x(panel, day), None if value is None else grid.y(panel, value))
            for day, value in zip(panel.days, panel.values, strict=True)
        ]
        solid = spots[:-1] if panel.open_last else spots
        x += [*(spot[0] for spot in solid), None]
        y += [*(spot[1] for spot in solid), None]
        hover += [*_hover(panel, kind)[: len(solid)], None]
        if panel.open_last:
            dashes[0].extend([*(spot[0] for spot in spots[-2:]), None])
            dashes[1].extend([*(spot[1] for spot in spots[-2:]), None])
        known = [spot for spot in spots if spot[1] is not None]
        if known:
            ends[panel.open_last][0].append(known[-1][0])
            ends[panel.open_last][1].append(known[-1][1])  # type: ignore[arg-type]
    line = {"color": color, "width": 1.8, "shape": "linear"}
    series: Spec = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": line,
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    traces = [series | {"cliponaxis": False}]
    if dashes[0]:
        traces.append(base.rule(*dashes, color=color, width=1.8, dash="2px,2px"))
    for is_open, (end_x, end_y) in ends.items():
        if end_x:
            traces.append(_dots(end_x, end_y, color, is_open=is_open))
    return traces


def _hover(panel: _Panel, kind: str) -> list[str]:
    epoch = dt.date(1970, 1, 1)
    return [
        f"{fmt.month(epoch + dt.timedelta(days=day))}: <b>{base.safe(fmt.number(value, kind))}</b>"
        for day, value in zip(panel.days, panel.values, strict=True)
    ]


def _dots(x: list[float], y: list[float], color: str, *, is_open: bool) -> Spec:
    marker = {"size": 6, "color": "#ffffff" if is_open else color, "line": {"color": color, "width": 1.6}}
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "marker": marker, "hoverinfo": "skip", "cliponaxis": False}


def _names(panels: list[_Panel], grid: _Grid) -> Spec:
    words = [base.lines(_name_rows(panel.name, grid.panel_width, grid.value_room, grid.width)) for panel in panels]
    return base.texts(
        [panel.left for panel in panels], [panel.top + grid.header - 2 for panel in panels], words, "top right", size=base.SIZE, weight=600
    )


def _values(panels: list[_Panel], grid: _Grid, kind: str) -> list[Spec]:
    words = [base.safe(_written(settled(panel.values, panel.open_last), kind, grid.width)) for panel in panels]
    x = [panel.left + grid.panel_width for panel in panels]
    y = [panel.top + grid.header - 2 for panel in panels]
    colors = [panel.color if panel.color != CONTEXT else SECONDARY for panel in panels]
    return [base.texts(x, y, words, "top left", color=colors, size=_VALUE_SIZE, weight=700)]


def _value_ticks(panels: list[_Panel], grid: _Grid, ticks: list[float], kind: str) -> Spec:
    firsts = [panel for index, panel in enumerate(panels) if index % grid.columns == 0]
    x = [grid.axis_room - 4 for _ in firsts for _ in ticks]
    y = [grid.y(panel, tick) for panel in firsts for tick in ticks]
    words = [base.tick_text(tick, kind, ticks) for _ in firsts for tick in ticks]
    return base.texts(x, y, words, "middle left", color=SECONDARY)


def _time_ticks(panels: list[_Panel], grid: _Grid) -> list[Spec]:
    epoch = dt.date(1970, 1, 1)
    first, last = epoch + dt.timedelta(days=grid.first), epoch + dt.timedelta(days=grid.last)
    ticks = base.month_ticks(first, last, max(2, int(grid.panel_width // 62)))
    lowest = [panel for index, panel in enumerate(panels) if index + grid.columns >= len(panels)]
    x, y, words = [], [], []
    for panel in lowest:
        for day, text in ticks:
            x.append(grid.x(panel, (day - epoch).days))
            y.append(panel.top + grid.header + grid.panel_height + 3)
            words.append(text)
    inks = base.texts(x, y, words, "bottom center", color=SECONDARY)
    marks = base.rule(
        [v for spot in x for v in (spot, spot, None)], [v for spot in y for v in (spot - 3, spot, None)], color=CONTEXT, dash="solid"
    )
    return [inks, marks]
