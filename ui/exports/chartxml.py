"""Parts of a native chart that the library does not write: intervals, labels with the series' name, the workbook behind it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5
from xml.sax.saxutils import escape

from analytics import format as fmt
from ui.exports.cells import clean
from ui.exports.fitting import FACE
from ui.exports.native import Number, Plot, Series
from ui.theme import ACCENT, CONTEXT, INK, SECONDARY, ink_on

_C: Final = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
#: Smallest part of a stack, of the longest one, that has room for its number: a percentage, or an amount.
_LEAST_PART: Final = 0.06
_LEAST_NUMBER: Final = 0.09
_SIDES: Final = {"last": "r", "above": "t", "below": "b"}


def value_format(values: Sequence[Number], kind: str) -> str:
    """Return the spreadsheet's number format that writes these values as the screen does, as far as one format can."""
    known = [v for v in values if v is not None]
    if kind == "usd":
        top = max((abs(v) for v in known), default=0.0)
        return '[>=1000000000]$#,##0.0,,,"B";[>=1000000]$0.0,,"M";$#,##0' if top >= 1e6 else '[>=1000]$0.0,"K";$#,##0'
    if kind == "share":
        if any(0 < v < 0.0005 for v in known):
            return '[=0]0.0%;[<0.0005]"<0.1%";0.0%'
        return '[=1]0.0%;[>=0.9995]">99.9%";0.0%' if any(0.9995 <= v < 1 for v in known) else "0.0%"
    if kind == "days":
        return '#,##0" days"' if all(fmt.rounded(v, 1) == int(fmt.rounded(v, 1)) for v in known) else '#,##0.0" days"'
    return "0.00" if kind == "ratio" else "#,##0"


def axis_format(plot: Plot) -> str:
    """Return the number format of a value axis."""
    step = plot.scale[2] if plot.scale else 1.0
    if plot.kind == "share":
        return "0%" if abs(step * 100 - round(step * 100)) < 1e-6 else "0.0%"
    if plot.kind == "ratio":
        return "0" if step == int(step) else "0.0" if round(step, 1) == step else "0.00"
    return value_format([plot.scale[1] if plot.scale else 0.0], "usd") if plot.kind == "usd" else "#,##0"


def said(each: Series, value: Number, kind: str) -> str:
    """Write the label of a point as it will read."""
    return " ".join(part for part in (each.name if each.named else "", fmt.number(value, kind) if each.valued else "") if part)


def workbook(plot: Plot) -> bytes:
    """Write the workbook behind a chart: what it draws, with each interval's ends, every text as text."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Sheet1")
    _write_curve(sheet, plot) if plot.form == "curve" else _write_categories(book, sheet, plot)
    book.close()
    return out.getvalue()


def _write_curve(sheet: Any, plot: Plot) -> None:
    row = 0
    for each in plot.series:
        sheet.write_string(row, 1, clean(each.name))
        points = [(x, y) for x, y in zip(plot.places, each.values, strict=True) if y is not None]
        for at, (x, y) in enumerate(points):
            sheet.write_number(row + 1 + at, 0, x)
            sheet.write_number(row + 1 + at, 1, y)
        row += len(points) + 2


def _write_categories(book: Any, sheet: Any, plot: Plot) -> None:
    day = book.add_format({"num_format": "d mmm yyyy"})
    for row, category in enumerate(plot.categories, 1):
        if isinstance(category, dt.date):
            sheet.write_datetime(row, 0, category, day)
        else:
            sheet.write_string(row, 0, clean(category))
    columns = [(each.name, each.values) for each in plot.series]
    for each in plot.series:
        columns += [
            (f"{each.name}: {name}", values) for name, values in zip(("up to the high end", "down to the low end"), away(each), strict=True)
        ]
    for column, (name, values) in enumerate(columns, 1):
        sheet.write_string(0, column, clean(name))
        for row, value in enumerate(values, 1):
            if value is not None:
                sheet.write_number(row, column, value)


def away(each: Series) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    """Return how far each point's interval reaches up and down from it; both empty without one, a point that lacks an end has none."""
    if not (each.low and each.high):
        return (), ()
    ends = zip(each.values, each.low, each.high, strict=True)
    # An interval that is open to one side must not look closed.
    rows = [row if None not in row else (row[0], None, None) for row in ends]
    up = tuple(h - v if v is not None and h is not None else None for v, _, h in rows)
    down = tuple(v - low if v is not None and low is not None else None for v, low, _ in rows)
    return up, down


def _column(number: int) -> str:
    return _column((number - 1) // 26) + chr(65 + (number - 1) % 26) if number > 0 else ""


def error_bars(native: Any, plot: Plot, place: int) -> None:
    """Give a series its intervals, read from the chart's workbook so that a presenter can edit them."""
    from pptx.oxml import parse_xml

    each, count = plot.series[place], len(plot.categories)
    parts = []
    for tag, offset, values in zip(("plus", "minus"), (0, 1), away(each), strict=True):
        column = _column(2 + len(plot.series) + 2 * place + offset)
        points = "".join(f'<c:pt idx="{at}"><c:v>{value!r}</c:v></c:pt>' for at, value in enumerate(values) if value is not None)
        parts.append(
            f"<c:{tag}><c:numRef><c:f>Sheet1!${column}$2:${column}${count + 1}</c:f><c:numCache><c:formatCode>General</c:formatCode>"
            f'<c:ptCount val="{count}"/>{points}</c:numCache></c:numRef></c:{tag}>'
        )
    thick, color, ends = (76200, CONTEXT, 1) if each.look == "faint" else (19050, each.color if plot.form != "bars" else INK, 0)
    direction = '<c:errDir val="y"/>' if plot.form in ("dots", "line") else ""
    bars = (
        f'<c:errBars {_C}>{direction}<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="{ends}"/>{"".join(parts)}'
        f'<c:spPr><a:ln w="{thick}"><a:solidFill><a:srgbClr val="{color[1:]}"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    _before_data(native, parse_xml(bars))


def _before_data(native: Any, element: Any) -> None:
    """Put an element where the schema has it: before the categories or the numbers."""
    series = native._element
    after = next(child for child in series if child.tag.rpartition("}")[2] in ("cat", "val", "xVal", "yVal", "errBars"))
    after.addprevious(element)


def labels(native: Any, each: Series, plot: Plot, size: float, shift: float) -> None:
    """Write the numbers of a series beside its points; they follow the numbers when these are edited."""
    from pptx.oxml import parse_xml

    for old in native._element.findall(f"{{{_C.split(chr(34))[1]}}}dLbls"):
        native._element.remove(old)
    known = [at for at, value in enumerate(each.values) if value is not None]
    if each.label == "none" or not known:
        return
    form = escape(value_format(each.values, plot.kind), {'"': "&quot;"})
    if each.label == "all":
        body = _with_extra(each, form, size) + _shown(each, plot, form, size)
    else:
        # A curve's points are counted without the days on which nothing was written.
        at = len(known) - 1 if plot.form == "curve" else known[-1]
        body = _one(at, each, form, size, shift) + '<c:showLegendKey val="0"/>' + _flags(value=False)
    _before_data(native, parse_xml(f"<c:dLbls {_C}>{body}</c:dLbls>"))


def _with_extra(each: Series, form: str, size: float) -> str:
    """Write each point's number, which stays a field of the chart, with the words behind it."""
    parts = []
    for at, words in enumerate(each.extra):
        if not words or each.values[at] is None:
            continue
        ink = f'<a:solidFill><a:srgbClr val="{SECONDARY[1:]}"/></a:solidFill><a:latin typeface="{FACE}"/>'
        parts.append(
            f'<c:dLbl><c:idx val="{at}"/><c:tx><c:rich><a:bodyPr wrap="none"/><a:lstStyle/><a:p><a:fld id="{{{uuid5(NAMESPACE_OID, str(at))}}}" type="VALUE">'
            f'<a:rPr lang="en-US" sz="{int(size * 100)}" b="1"/><a:t>[VALUE]</a:t></a:fld><a:r><a:rPr lang="en-US" sz="{int(size * 100)}" b="0">{ink}'
            f"</a:rPr><a:t>  {escape(clean(words))}</a:t></a:r></a:p></c:rich></c:tx>"
            f'<c:numFmt formatCode="{form}" sourceLinked="0"/><c:dLblPos val="outEnd"/><c:showLegendKey val="0"/>{_flags(value=True)}'
            '<c:extLst><c:ext uri="{CE6537A1-D6FC-4f65-9D91-7224C49458BB}" xmlns:c15="http://schemas.microsoft.com/office/drawing/2012/chart">'
            '<c15:dlblFieldTable/><c15:showDataLabelsRange val="0"/></c:ext></c:extLst></c:dLbl>'
        )
    return "".join(parts)


def _shown(each: Series, plot: Plot, form: str, size: float) -> str:
    place = {"bars": "outEnd", "columns": "outEnd", "stack": "ctr", "dots": "r", "line": "t"}[plot.form]
    ink = ink_on(each.color) if plot.form == "stack" else INK
    if plot.form == "stack":
        top = max((sum(v or 0 for v in parts) for parts in zip(*(s.values for s in plot.series), strict=True)), default=1.0) or 1.0
        part = {"share": "0%", "usd": '$0.0,,"M"' if top >= 1e6 else '$0,"K"'}.get(plot.kind, "#,##0")
        # A part that is too thin for its number has none.
        least = (_LEAST_PART if plot.kind == "share" else _LEAST_NUMBER) * top
        form = escape(f"[>={least:.6g}]{part};;", {'"': "&quot;"})
    return (
        f'<c:numFmt formatCode="{form}" sourceLinked="0"/><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>{_text(size, ink)}'
        f'<c:dLblPos val="{place}"/><c:showLegendKey val="0"/>{_flags(value=True)}'
    )


def _one(at: int, each: Series, form: str, size: float, shift: float) -> str:
    layout = f'<c:layout><c:manualLayout><c:x val="0"/><c:y val="{shift:.4f}"/></c:manualLayout></c:layout>' if abs(shift) > 1e-4 else ""
    ink = {CONTEXT: SECONDARY, "#73b3e7": ACCENT}.get(each.color, each.color)
    return (
        f'<c:dLbl><c:idx val="{at}"/>{layout}<c:numFmt formatCode="{form}" sourceLinked="0"/><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>'
        f'{_text(size, ink)}<c:dLblPos val="{_SIDES[each.label]}"/><c:showLegendKey val="0"/>'
        f"{_flags(value=each.valued, named=each.named)}</c:dLbl>"
    )


def _flags(*, value: bool, named: bool = False) -> str:
    return (
        f'<c:showVal val="{int(value)}"/><c:showCatName val="0"/><c:showSerName val="{int(named)}"/><c:showPercent val="0"/>'
        f'<c:showBubbleSize val="0"/>{"<c:separator> </c:separator>" if named else ""}'
    )


def _text(size: float, color: str) -> str:
    return (
        f'<c:txPr><a:bodyPr wrap="none"/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{int(size * 100)}" b="1"><a:solidFill><a:srgbClr val="{color[1:]}"/>'
        f'</a:solidFill><a:latin typeface="{FACE}"/></a:defRPr></a:pPr><a:endParaRPr lang="en-US"/></a:p></c:txPr>'
    )


def level(axis: Any) -> None:
    """Keep the names below a chart level: they break into lines instead of being slanted."""
    for body in axis._element.iterfind("{*}txPr/{*}bodyPr"):
        body.set("rot", "0")
        body.set("vert", "horz")


def leave_right(chart: Any, share: float) -> None:
    """Keep the right part of a chart free for the labels at the lines' ends."""
    from pptx.oxml import parse_xml

    area = chart._chartSpace.chart.plotArea
    for old in area.findall(f"{{{_C.split(chr(34))[1]}}}layout"):
        area.remove(old)
    parts = {"x": 0.055, "y": 0.04, "w": 0.945 - share, "h": 0.84}
    inner = "".join(f'<c:{name}Mode val="edge"/>' for name in ("x", "y")) + "".join(
        f'<c:{name} val="{part:.4f}"/>' for name, part in parts.items()
    )
    area.insert(0, parse_xml(f'<c:layout {_C}><c:manualLayout><c:layoutTarget val="inner"/>{inner}</c:manualLayout></c:layout>'))


def date_axis(axis: Any, days: Sequence[dt.date], *, small: bool) -> None:
    """Write the dates of a time axis, not more of them than there is room for."""
    from pptx.oxml import parse_xml

    if not days:
        return
    months = (days[-1].year - days[0].year) * 12 + days[-1].month - days[0].month + 1
    step = next((step for step in (1, 2, 3, 6, 12, 24) if months / step <= (2.2 if small else 10)), 36)
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "mmm yyyy", False
    element = axis._element
    weekly = any(day.day != 1 for day in days)
    for tag in ("baseTimeUnit", "majorUnit", "majorTimeUnit", "minorUnit", "minorTimeUnit"):
        for old in element.findall(f"{{{_C.split(chr(34))[1]}}}{tag}"):
            element.remove(old)
    for tag, value in (("baseTimeUnit", "days" if weekly else "months"), ("majorUnit", step), ("majorTimeUnit", "months")):
        element.append(parse_xml(f'<c:{tag} {_C} val="{value}"/>'))
