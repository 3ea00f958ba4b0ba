"""A brief to print: each finding with its chart in vectors, its table, what it rests on, and on each page marking, source and number."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from analytics import format as fmt
from ui.exports import pdfchart, stamped
from ui.exports.cells import Table, table
from ui.exports.fonts import BOLD, REGULAR, plain, register, wide
from ui.exports.native import native
from ui.theme import ACCENT_DARK, BORDER, INK, NAVY, NEUTRAL_TINT, NOTICE_TINT, SECONDARY, WHITE

if TYPE_CHECKING:
    from ui.board import Card, KeyFigure, Stamp

#: Rows of a card's table on paper; the workbook has all.
MOST: Final = 40
#: Points that a finding needs to begin on a page.
_BEGIN: Final = 150
_MARGIN: Final = 48.0
#: Rows of a table that stays on one page.
_WHOLE: Final = 14
#: Type size of what letters in a table mean.
_LETTERS: Final = 7.0
_SIZES: Final = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0)


def brief(story_title: str, cards: Sequence[Card], figures: Sequence[KeyFigure], stamp: Stamp, marking: str = "") -> bytes:
    """Write a PDF on letter paper.

    Args:
        story_title: Title of the brief.
        cards: Findings, in their order.
        figures: Key figures; none: no table of them.
        stamp: What every export states.
        marking: Words of the banner at the top and bottom of every page; empty for none.
    """
    from reportlab.lib.pagesizes import letter
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    register()
    out = io.BytesIO()
    width, height = letter
    paper = BaseDocTemplate(
        out, pagesize=letter, title=plain(story_title), author="Centerline", subject=plain("; ".join(stamped.lines(stamp, marking))),
        keywords=plain(f"data version {stamp.version}"), creator="Centerline", lang="en-US", displayDocTitle=True,
    )  # fmt: skip
    frame = Frame(_MARGIN, 56, width - 2 * _MARGIN, height - 56 - 50, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    paper.addPageTemplates([PageTemplate(frames=[frame], onPage=lambda canvas, _: _page(canvas, stamp, marking, width, height))])
    styles = _styles()
    story: list[Any] = [*_opening(story_title, stamp, styles), *_figures(figures, styles, width - 2 * _MARGIN)]
    for card in cards:
        story += _finding(card, styles, width - 2 * _MARGIN)
    paper.build(story, canvasmaker=_numbered())
    return out.getvalue()


def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    def style(name: str, size: float, color: str = INK, **more: Any) -> Any:
        return ParagraphStyle(
            name, fontSize=size, leading=size * 1.25, textColor=HexColor(color), fontName=more.pop("font", REGULAR), **more
        )

    return {
        "title": style("title", 22, font=BOLD, spaceAfter=6),
        "finding": style("finding", 14, font=BOLD, spaceBefore=16, spaceAfter=2, keepWithNext=1),
        "sub": style("sub", 9, SECONDARY, spaceAfter=6),
        "key": style("key", 8.5, SECONDARY),
        "value": style("value", 15, font=BOLD),
        "note": style("note", 8, SECONDARY, spaceBefore=3),
        "empty": style("empty", 10, SECONDARY, spaceBefore=4, spaceAfter=8),
    }


def _paragraph(text: str, style: Any) -> Any:
    from reportlab.platypus import Paragraph

    return Paragraph(escape(plain(text)), style)


def _opening(title: str, stamp: Stamp, styles: dict[str, Any]) -> list[Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import HRFlowable

    lines = [stamp.sentence, " · ".join(part for part in stamped.source_lines(stamp) if part)]
    rule = HRFlowable(width="100%", thickness=1.5, color=HexColor(ACCENT_DARK), spaceAfter=8)
    return [_paragraph(title, styles["title"]), *(_paragraph(line, styles["sub"]) for line in lines), rule]


def _figures(figures: Sequence[KeyFigure], styles: dict[str, Any], width: float) -> list[Any]:
    """Lay the key figures out three a row."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Spacer
    from reportlab.platypus import Table as Grid

    if not figures:
        return []
    cells = []
    for figure in figures:
        arrow = {"up": "▲ ", "down": "▼ "}.get(figure.direction, "")
        change = stamped.changed(figure, arrow)
        more = " · ".join(part for part in (figure.interval, figure.n, figure.signal, figure.assurance) if part)
        cells.append(
            [
                _paragraph(figure.label, styles["key"]),
                _paragraph(figure.value, styles["value"]),
                *(_paragraph(t, styles["key"]) for t in (change, more) if t),
            ]
        )
    rows = [cells[at : at + 3] + [""] * (3 - len(cells[at : at + 3])) for at in range(0, len(cells), 3)]
    look = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEABOVE", (0, 0), (-1, -1), 0.7, HexColor(BORDER)),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
    said = stamped.figures_said(figures)
    return [Grid(rows, colWidths=[width / 3] * 3, style=look), *([_paragraph(said, styles["note"])] if said else []), Spacer(1, 4)]


def _finding(card: Card, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

    head = [_paragraph(card.title, styles["finding"]), _paragraph(card.subtitle, styles["sub"])]
    if card.empty:
        return [KeepTogether([*head, _paragraph(card.empty, styles["empty"])])]
    found = native(card)
    drawn = [pdfchart.drawing(found, width), Spacer(1, 4)] if found and found.plots else []
    size = stamped.size(card)
    below = " ".join(text for text in (found.note if drawn and found else "", "" if size and card.note.startswith(size) else size) if text)
    if below:
        drawn.append(_paragraph(below, styles["note"]))
    cells = table(card, MOST)
    rests = [*stamped.definitions(card), *stamped.caveats(card, marks=False)]
    left = [f"First {fmt.count(MOST)} of {fmt.count(cells.total)} rows; the workbook has all."] if cells.total > MOST else []
    return [
        CondPageBreak(_BEGIN),
        KeepTogether([*head, *drawn]),
        *_table(cells, width, stamped.marks_said(card)),
        *(_paragraph(text, styles["note"]) for text in [*left, *rests]),
    ]


def _table(cells: Table, width: float, letters: Sequence[str]) -> list[Any]:
    """Set a card's table; its heads, and what letters in it mean, are repeated on each page that it takes."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import KeepTogether, LongTable

    if not cells.rows:
        return []
    texts = [[plain(text) for text in cells.texts(row)] for row in range(len(cells.rows))]
    heads = [plain(head.label) for head in cells.heads]
    size, widths = _planned(heads, texts, width)
    rows = [[_broken(text, room, size, bold=True) for text, room in zip(heads, widths, strict=True)]]
    rows += [[_broken(text, room, size) for text, room in zip(row, widths, strict=True)] for row in texts]
    look: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), REGULAR, size, size * 1.2), ("FONT", (0, 0), (-1, 0), BOLD, size, size * 1.2),
        ("TEXTCOLOR", (0, 0), (-1, 0), HexColor(ACCENT_DARK)), ("BACKGROUND", (0, 0), (-1, 0), HexColor(NEUTRAL_TINT)),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(BORDER)), ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]  # fmt: skip
    if letters:
        rows.insert(1, [_broken(plain(" ".join(letters)), sum(widths), _LETTERS), *[""] * (len(heads) - 1)])
        look += [("SPAN", (0, 1), (-1, 1)), ("FONT", (0, 1), (-1, 1), REGULAR, _LETTERS, _LETTERS * 1.2)]
        look += [("TEXTCOLOR", (0, 1), (-1, 1), HexColor(SECONDARY))]
    look += [("ALIGN", (place, 0), (place, -1), "RIGHT") for place, head in enumerate(cells.heads) if head.number]
    grid = LongTable(rows, colWidths=widths, repeatRows=2 if letters else 1, style=look, hAlign="LEFT")
    return [KeepTogether([grid])] if len(rows) <= _WHOLE else [grid]


def _planned(heads: Sequence[str], texts: Sequence[Sequence[str]], width: float) -> tuple[float, list[float]]:
    """Return the largest type size at which all columns fit, and their widths; the widest give way when none does."""
    for size in _SIZES:
        wanted = [max([wide(row[place], size) for row in texts] + [_longest(head, size)]) + 8 for place, head in enumerate(heads)]
        if sum(wanted) <= width:
            spare = min((width - sum(wanted)) / len(wanted), 30)
            return size, [part + spare for part in wanted]
    least = [max(_longest(text, size) for text in (head, *(row[place] for row in texts))) + 8 for place, head in enumerate(heads)]
    give = [part - low for part, low in zip(wanted, least, strict=True)]
    lack = sum(wanted) - width
    return size, [part - lack * more / (sum(give) or 1) for part, more in zip(wanted, give, strict=True)]


def _longest(text: str, size: float) -> float:
    return max((wide(word, size, bold=True) for word in text.split(" ")), default=0.0)


def _broken(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Break a text at spaces into the lines of a cell."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and wide(longer, size, bold=bold) > room - 6:
            lines.append(line)
            line = word
        else:
            line = longer
    return "\n".join([*lines, line])


def _page(canvas: Any, stamp: Stamp, marking: str, width: float, height: float) -> None:
    """Draw what stands on every page but its number."""
    from reportlab.lib.colors import HexColor

    if marking:
        for y in (height - 30, 12):
            canvas.setFillColor(HexColor(NAVY))
            canvas.rect(0, y, width, 18, stroke=0, fill=1)
            canvas.setFillColor(HexColor(WHITE))
            canvas.setFont(BOLD, 9)
            canvas.drawCentredString(width / 2, y + 5.5, plain(marking))
    canvas.setFillColor(HexColor(SECONDARY))
    canvas.setFont(REGULAR, 7.5)
    canvas.drawString(_MARGIN, 38, plain(stamped.footer(stamp)))
    if stamp.synthetic:
        length = wide(stamped.SYNTHETIC, 8, bold=True) + 10
        canvas.setFillColor(HexColor(NOTICE_TINT))
        canvas.rect(width - _MARGIN - length - 60, 34, length, 13, stroke=0, fill=1)
        canvas.setFillColor(HexColor(INK))
        canvas.setFont(BOLD, 8)
        canvas.drawString(width - _MARGIN - length - 55, 38, stamped.SYNTHETIC)


def _numbered() -> Any:
    """Return a canvas that writes “page of pages” when it knows how many there are."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.pages, 1):
                self.__dict__.update(page)
                self.setFont(REGULAR, 7.5)
                self.drawRightString(self._pagesize[0] - _MARGIN, 38, f"{number} of {len(self.pages)}")
                super().showPage()
            super().save()

    return Numbered
