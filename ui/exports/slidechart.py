"""A plot as a native chart of PowerPoint: real series in a real workbook, direct labels, the screen's colours."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from ui.charts.times import alone
from ui.exports import chartxml
from ui.exports.cells import clean
from ui.exports.fitting import FACE, wide
from ui.exports.native import Number, Plot, Series
from ui.theme import CONTEXT, GRID, INK, SECONDARY

if TYPE_CHECKING:
    from pptx.chart.chart import Chart
    from pptx.shapes.graphfrm import GraphicFrame

_FORMS: Final = {
    "bars": "BAR_CLUSTERED",
    "columns": "COLUMN_CLUSTERED",
    "stack": "BAR_STACKED",
    "dots": "LINE_MARKERS",
    "line": "LINE_MARKERS",
}
#: Points that a chart across the slide has.
_ROOM: Final = 880.0
_GAP: Final = {"bars": 45, "columns": 60, "stack": 45}


def add_chart(slide: Any, plot: Plot, box: tuple[float, float, float, float], name: str, alt: str, *, small: bool = False) -> GraphicFrame:
    """Put a plot on a slide.

    Args:
        slide: The slide.
        plot: What is drawn.
        box: Left, top, width and height in inches.
        name: The shape's name.
        alt: What a reader who does not see it is told.
        small: Whether it is one of several panels.
    """
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    form = XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS if plot.form == "curve" else XL_CHART_TYPE[_FORMS[plot.form]]
    frame: GraphicFrame = slide.shapes.add_chart(form, *(Inches(part) for part in box), _data(plot))
    about = frame._element.nvGraphicFramePr.cNvPr
    about.set("descr", clean(alt))
    about.set("name", clean(name))
    chart = frame.chart
    chart.part.chart_workbook.update_from_xlsx_blob(chartxml.workbook(plot))
    chart.has_legend = False
    chart.has_title = False
    size = 10 if small else 12
    _font(chart.font, size, SECONDARY)
    _axes(chart, plot, size, small=small)
    _series(chart, plot, 10 if small else 12, box)
    return frame


def _data(plot: Plot) -> Any:
    """Return the chart's data; numbers and dates as they are."""
    from pptx.chart.data import CategoryChartData, XyChartData

    if plot.form == "curve":
        curve = XyChartData()
        for each in plot.series:
            points = curve.add_series(clean(each.name))
            for place, value in zip(plot.places, each.values, strict=True):
                if value is not None:
                    points.add_data_point(place, value)
        return curve
    data = CategoryChartData()
    data.categories = [clean(c) if isinstance(c, str) else c for c in plot.categories]
    for each in plot.series:
        data.add_series(clean(each.name), each.values)
    return data


def _font(font: Any, size: float, color: str, *, bold: bool | None = None) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    font.size, font.name, font.color.rgb = Pt(size), FACE, RGBColor.from_string(color[1:].upper())
    if bold is not None:
        font.bold = bold


def _line(line: Any, color: str, points: float, *, dash: str = "") -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    line.color.rgb, line.width = RGBColor.from_string(color[1:].upper()), Pt(points)
    if dash:
        line.dash_style = MSO_LINE[dash]


def _axes(chart: Chart, plot: Plot, size: float, *, small: bool) -> None:
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK

    values, names = chart.value_axis, chart.category_axis
    values.has_minor_gridlines = names.has_major_gridlines = False
    rows = plot.form in ("bars", "columns", "stack")
    values.has_major_gridlines = not rows
    values.visible = not rows
    values.format.line.fill.background()
    if plot.scale:
        values.minimum_scale, values.maximum_scale, values.major_unit = plot.scale
    if not rows:
        _line(values.major_gridlines.format.line, GRID, 0.75)
        values.major_tick_mark = XL_TICK_MARK.NONE
        values.tick_labels.number_format, values.tick_labels.number_format_is_linked = chartxml.axis_format(plot), False
    elif not plot.scale:
        known = [v for each in plot.series for v in (*each.values, *each.high) if v is not None]
        values.minimum_scale = min([0.0, *known])
        values.maximum_scale = (max([*known, 0.0]) or 1.0) * (1.12 if plot.form == "columns" else 1 + _end_room(plot, size))
    names.major_tick_mark = XL_TICK_MARK.OUTSIDE if plot.form == "line" else XL_TICK_MARK.NONE
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    _line(names.format.line, CONTEXT, 1)
    slot = _ROOM / max(len(plot.categories), 1) - 6
    words = [word for c in plot.categories if isinstance(c, str) and plot.form == "dots" for word in c.split()]
    fitting = [smaller for smaller in (size, 11, 10, 9) if all(wide(word, smaller) <= slot for word in words)]
    _font(names.tick_labels.font, min(fitting[0] if fitting else 9, size), INK if plot.form != "line" else SECONDARY)
    chartxml.level(names)
    if plot.form in ("bars", "stack"):
        names.reverse_order = True
    if plot.form == "curve":
        names.minimum_scale, names.maximum_scale = 0, max(plot.places, default=1.0)
        names.tick_labels.number_format, names.tick_labels.number_format_is_linked = '#,##0" days"', False
    if plot.form == "line":
        chartxml.date_axis(names, [c for c in plot.categories if isinstance(c, dt.date)], small=small)


def _end_room(plot: Plot, size: float) -> float:
    """Return the room for what is written at the ends of bars, as a share of the longest one."""
    words = [
        chartxml.said(each, v, plot.kind) + "  " + (each.extra[at] if each.extra else "")
        for each in plot.series
        for at, v in enumerate(each.values)
    ]
    names = min(max([wide(c, size) for c in plot.categories if isinstance(c, str)], default=0.0), _ROOM * 0.4)
    need = max([wide(text, size, bold=True) for text in words], default=0.0) + 12
    return need / max(_ROOM - names - need, 100.0)


def _series(chart: Chart, plot: Plot, size: float, box: tuple[float, float, float, float]) -> None:
    drawn = list(chart.plots[0].series)
    if plot.form in _GAP:
        chart.plots[0].gap_width = _GAP[plot.form]
        chart.plots[0].overlap = 100 if plot.form == "stack" else 0
    ends = _ends(plot)
    for place, (each, native) in enumerate(zip(plot.series, drawn, strict=True)):
        _look(native, each, plot)
        low, high = each.low, each.high
        if low and high and any(v is not None for v in low):
            chartxml.error_bars(native, plot, place)
        chartxml.labels(native, each, plot, size, ends.get(place, 0.0) / box[3])
    right = max([_label_room(plot, each, size) for each in plot.series if each.label == "last"], default=0.0)
    if right:
        chartxml.leave_right(chart, min(right / 72 / box[2], 0.3))


def _label_room(plot: Plot, each: Series, size: float) -> float:
    """Return the points that the widest label at the end of a line takes."""
    value = next((v for v in reversed(each.values) if v is not None), None)
    return wide(chartxml.said(each, value, plot.kind), size, bold=True) + 14


def _ends(plot: Plot) -> dict[int, float]:
    """Return by how many inches the label of each line's last point moves so that none lies on another; up is negative."""
    if plot.scale is None:
        return {}
    low, high, _ = plot.scale
    spots = []
    for place, each in enumerate(plot.series):
        value: Number = next((v for v in reversed(each.values) if v is not None), None)
        if each.label == "last" and value is not None:
            spots.append((-(value - low) / ((high - low) or 1) * 3.4, place))
    spots.sort()
    moved = [spot for spot, _ in spots]
    for _ in range(60):
        for at in range(1, len(moved)):
            lack = 0.25 - (moved[at] - moved[at - 1])
            if lack > 1e-9:
                moved[at - 1], moved[at] = moved[at - 1] - lack / 2, moved[at] + lack / 2
    return {place: after - before for after, (before, place) in zip(moved, spots, strict=True)}


def _look(native: Any, each: Series, plot: Plot) -> None:
    from pptx.dml.color import RGBColor

    if plot.form in _GAP:
        native.format.fill.solid()
        native.format.fill.fore_color.rgb = RGBColor.from_string(each.color[1:].upper())
        native.invert_if_negative = False
        for at, color in enumerate(each.points):
            if color != each.color:
                point = native.points[at].format.fill
                point.solid()
                point.fore_color.rgb = RGBColor.from_string(color[1:].upper())
        return
    native.smooth = False
    if each.look in ("dots", "faint"):
        native.format.line.fill.background()
    else:
        width = {"rule": 1.25, "line": 2.5, "dash": 2.5}[each.look]
        _line(native.format.line, each.color, width, dash={"rule": "ROUND_DOT", "dash": "DASH"}.get(each.look, ""))
    if plot.form != "curve":
        _markers(native, each)


def _markers(native: Any, each: Series) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE

    styles = {"circle": "CIRCLE", "diamond": "DIAMOND", "square": "SQUARE", "dash": "DASH"}
    if each.look == "dots":
        native.marker.style, native.marker.size = XL_MARKER_STYLE[styles[each.symbol]], 10
        _fill(native.marker, each.color)
        return
    native.marker.style = XL_MARKER_STYLE.NONE
    for at in alone(each.values) if each.look != "rule" else ():
        dot = native.points[at].marker
        dot.style, dot.size = XL_MARKER_STYLE.CIRCLE, 8
        _fill(dot, each.color)


def _fill(marker: Any, color: str) -> None:
    from pptx.dml.color import RGBColor

    marker.format.fill.solid()
    marker.format.fill.fore_color.rgb = RGBColor.from_string(color[1:].upper())
    marker.format.line.fill.background()
