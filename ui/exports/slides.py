"""The parts of a slide: banner, title, texts that fit, tables that are tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ui.exports import stamped
from ui.exports.cells import clean
from ui.exports.fitting import FACE, LINE, Fitted, fit, rows_of, wide
from ui.exports.native import Words
from ui.theme import ACCENT_DARK, BORDER, INK, NAVY, NEUTRAL_TINT, NOTICE_TINT, SECONDARY, WHITE

if TYPE_CHECKING:
    from ui.board import Stamp

#: Inches: 16 to 9.
WIDE: Final = 13.333
TALL: Final = 7.5
EDGE: Final = 0.5
ROOM: Final = WIDE - 2 * EDGE
BANNER: Final = 0.3
#: Where a finding's drawing begins, below a key and without one, and ends.
TOP: Final = 2.36
HIGH: Final = 2.08
BOTTOM: Final = 6.45

Box = tuple[float, float, float, float]


def rgb(color: str) -> Any:
    """Return a colour as the library takes it."""
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(color[1:].upper())


def write(frame: Any, fitted: Fitted, *, color: str = INK, bold: bool = False, align: str = "LEFT", anchor: str = "TOP") -> None:
    """Write a fitted text into a text frame, without margins, broken at its box."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Pt

    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR[anchor]
    for at, line in enumerate(fitted.text.split("\n")):
        paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN[align]
        run = paragraph.add_run()
        run.text = clean(line)
        run.font.size, run.font.name, run.font.bold, run.font.color.rgb = Pt(fitted.size), FACE, bold, rgb(color)
        run._r.get_or_add_rPr().set("lang", "en-US")
        # An empty line is as tall as its end says.
        paragraph._p.get_or_add_endParaRPr().set("sz", str(int(fitted.size * 100)))


def text(slide: Any, words: str, box: Box, sizes: Sequence[float], *, name: str, bold: bool = False, **look: Any) -> None:
    """Put a text box on a slide, in the largest size that fits."""
    from pptx.util import Inches

    shape = slide.shapes.add_textbox(*(Inches(part) for part in box))
    shape.name = name
    write(shape.text_frame, fit(clean(words), box[2] * 72, box[3] * 72, sizes, bold=bold), bold=bold, **look)


def band(slide: Any, words: str, top: float, *, name: str) -> None:
    """Draw the marking across the slide."""
    block(slide, (0, top, WIDE, BANNER), NAVY, name=name)
    text(
        slide,
        words,
        (EDGE, top + 0.06, ROOM, BANNER - 0.06),
        (12, 11, 10, 9),
        name=f"{name}, words",
        bold=True,
        color=WHITE,
        align="CENTER",
    )


def block(slide: Any, box: Box, color: str, *, name: str) -> None:
    """Draw a plain rectangle that screen readers pass over."""
    from pptx.enum.shapes import MSO_SHAPE
    from pptx.oxml import parse_xml
    from pptx.util import Inches

    shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *(Inches(part) for part in box))
    shape.name = name
    shape.fill.solid()
    shape.fill.fore_color.rgb = rgb(color)
    shape.line.fill.background()
    # Without the shape's style there is no shadow either.
    shape._element.remove(shape._element.find("{*}style"))
    about = shape._element.nvSpPr.cNvPr
    about.set("descr", "")
    about.append(
        parse_xml(
            '<a:extLst xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:ext uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}">'
            '<adec:decorative xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext></a:extLst>'
        )
    )


def frame(slide: Any, title: str, subtitle: str, stamp: Stamp, marking: str) -> None:
    """Write what every slide has: marking, title, subtitle, filters and source, and the mark of synthetic data."""
    from pptx.util import Inches

    if marking:
        band(slide, marking, 0, name="Marking at the top")
        band(slide, marking, TALL - BANNER, name="Marking at the bottom")
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = Inches(EDGE), Inches(0.46), Inches(ROOM), Inches(0.94)
    write(
        shape.text_frame,
        fit(clean(title), ROOM * 72, 0.94 * 72, (28, 26, 24, 22, 20, 18, 16), bold=True),
        bold=True,
        color=INK,
        anchor="BOTTOM",
    )
    if subtitle:
        text(slide, subtitle, (EDGE, 1.47, ROOM, 0.52), (14, 13, 12, 11, 10), name="What is shown", color=SECONDARY)
    mark = 1.5 if stamp.synthetic else 0.0
    text(slide, f"Filters: {stamp.sentence}", (EDGE, 6.53, ROOM - mark, 0.36), (12, 11, 10, 9), name="Filters", color=SECONDARY)
    text(slide, stamped.footer(stamp), (EDGE, 6.93, ROOM - mark, 0.2), (11, 10, 9), name="Source", color=SECONDARY)
    if stamp.synthetic:
        box = (WIDE - EDGE - mark + 0.1, 6.8, mark - 0.1, 0.3)
        block(slide, box, NOTICE_TINT, name="Behind the mark of synthetic data")
        text(
            slide,
            stamped.SYNTHETIC,
            (box[0], box[1] + 0.05, box[2], 0.22),
            (12, 11, 10, 9),
            name="Mark",
            bold=True,
            color=INK,
            align="CENTER",
        )


def key(slide: Any, parts: Sequence[tuple[str, str]], top: float) -> None:
    """Write what the colours mean, each word with its square."""
    left = EDGE
    for words, color in parts:
        room = min(wide(words, 12) / 72 + 0.06, WIDE - EDGE - left - 0.3)
        if room < 0.4:
            return
        block(slide, (left, top + 0.05, 0.15, 0.15), color, name="Colour")
        text(slide, words, (left + 0.22, top, room, 0.26), (12, 11, 10, 9), name="Key", color=INK)
        left += room + 0.5


def column_widths(words: Words, size: float, room: float) -> list[float]:
    """Share a table's width (points) between its columns by their texts."""
    count = len(words.heads)
    wanted = []
    for place in range(count):
        cells = [row[place] for row in words.rows]
        longest = max([wide(cell, size, bold=place == 0) for cell in cells] + [0.0])
        head = max([wide(part, size, bold=True) for part in words.heads[place].split(" ")] + [0.0])
        wanted.append(min(max(longest, head), room * 0.45) + 16)
    spare = room - sum(wanted)
    if spare >= 0:
        return [w + spare / count for w in wanted]
    least = [
        max([wide(part, size, bold=True) for row in (words.heads, *words.rows) for part in row[place].split(" ")] + [0]) + 16
        for place in range(count)
    ]
    give = [w - low for w, low in zip(wanted, least, strict=True)]
    total = sum(max(g, 0) for g in give) or 1.0
    return [w + spare * max(g, 0) / total for w, g in zip(wanted, give, strict=True)]


def padding(size: float) -> float:
    """Return the points above and below the text of a table's cell together; a table in small type is a full one."""
    return 7.0 if size > 10 else 4.0


def planned(words: Words, width: float, height: float) -> tuple[float, list[float], list[float], int]:
    """Return type size, column widths, row heights (points, the heads first) and how many rows a table of this size shows."""
    for size in (14.0, 13.0, 12.0, 11.0, 10.0, 9.0):
        widths = column_widths(words, size, width)
        tall = [
            max(rows_of(cell, w - 14, size, bold=at == 0) for cell, w in zip(row, widths, strict=True)) * size * LINE + padding(size)
            for at, row in enumerate((words.heads, *words.rows))
        ]
        if sum(tall) <= height and sum(widths) <= width + 1:
            return size, widths, tall, len(words.rows)
    shown = 0
    while shown < len(words.rows) and sum(tall[: shown + 2]) <= height:
        shown += 1
    return size, [w * min(width / sum(widths), 1.0) for w in widths], tall[: shown + 1], shown


def table(slide: Any, words: Words, box: Box, *, name: str, alt: str) -> int:
    """Put a table on a slide, as large as fits; returns how many of its rows are shown."""
    from pptx.util import Inches, Pt

    size, widths, tall, shown = planned(words, box[2] * 72, box[3] * 72)
    spare = min(max(box[3] * 72 - sum(tall), 0) / len(tall), 9)
    shape = slide.shapes.add_table(shown + 1, len(words.heads), *(Inches(part) for part in box[:3]), Pt(sum(tall) + spare * len(tall)))
    about = shape._element.nvGraphicFramePr.cNvPr
    about.set("descr", clean(alt))
    about.set("name", clean(name))
    grid = shape.table
    grid.first_row, grid.horz_banding = True, False
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = Pt(width)
    for place, height in enumerate(tall):
        grid.rows[place].height = Pt(height + spare)
        row = words.heads if place == 0 else words.rows[place - 1]
        for at, cell in enumerate(row):
            _cell(grid.cell(place, at), cell, size, words, (place - 1, at))
    return shown


def _cell(cell: Any, words: str, size: float, table: Words, place: tuple[int, int]) -> None:
    from pptx.enum.text import MSO_ANCHOR
    from pptx.util import Pt

    head = place[0] < 0
    fill = NEUTRAL_TINT if head else table.fills.get(place, WHITE)
    cell.fill.solid()
    cell.fill.fore_color.rgb = rgb(fill)
    ink = ACCENT_DARK if head else table.inks.get(place, INK)
    write(
        cell.text_frame,
        Fitted(words or "\u00a0", size, 1),
        color=ink,
        bold=head or place[1] == 0,
        align="RIGHT" if place[1] in table.right else "LEFT",
        anchor="MIDDLE",
    )
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    cell.margin_left = cell.margin_right = Pt(6)
    cell.margin_top = cell.margin_bottom = Pt(padding(size) / 2)
    _borders(cell)


def _borders(cell: Any) -> None:
    from pptx.oxml import parse_xml

    space = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    properties = cell._tc.get_or_add_tcPr()
    line = f'<a:lnB {space} w="9525"><a:solidFill><a:srgbClr val="{BORDER[1:].upper()}"/></a:solidFill></a:lnB>'
    properties.insert(0, parse_xml(line))
    for tag in ("lnT", "lnR", "lnL"):
        properties.insert(0, parse_xml(f'<a:{tag} {space} w="0"><a:noFill/></a:{tag}>'))
