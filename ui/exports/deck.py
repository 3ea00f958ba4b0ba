"""PowerPoint: one finding a slide, with native charts and tables that a presenter can edit, and notes that say what stands behind them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from analytics import format as fmt
from ui.exports import slides, stamped
from ui.exports.cells import clean, table
from ui.exports.fitting import FACE, LINE, Fitted, fit
from ui.exports.native import MOST, Native, Words, native
from ui.exports.slidechart import add_chart
from ui.exports.slides import BOTTOM, EDGE, HIGH, ROOM, TOP
from ui.theme import ACCENT, ACCENT_DARK, BAD, CONTEXT, GREY, INK, NAVY, PAGE, SECONDARY, WHITE

if TYPE_CHECKING:
    from ui.board import Card, KeyFigure, Stamp

_PALETTE: Final = {
    "dk1": INK, "lt1": WHITE, "dk2": NAVY, "lt2": PAGE, "accent1": ACCENT, "accent2": BAD, "accent3": GREY, "accent4": CONTEXT,
    "accent5": ACCENT_DARK, "accent6": "#73b3e7", "hlink": ACCENT, "folHlink": ACCENT_DARK,
}  # fmt: skip
#: Characters of a property of the file.
_LONGEST: Final = 255
#: Inches that a note may take, three lines.
_NOTE: Final = 0.62
_MEANINGS: Final = {"good": ACCENT, "bad": BAD, "neutral": SECONDARY}
_ARROWS: Final = {"up": "▲ ", "down": "▼ ", "flat": ""}


def deck(story_title: str, cards: Sequence[Card], figures: Sequence[KeyFigure], stamp: Stamp, marking: str = "") -> bytes:
    """Write a PowerPoint file of 16:9: a title, the key figures, then a slide for each card.

    Args:
        story_title: Title of the first slide.
        cards: Findings, in their order.
        figures: Key figures; none: no slide for them.
        stamp: What every export states.
        marking: Words of the banner at the top and bottom of every slide; empty for none.
    """
    show = _presentation(story_title, stamp)
    _first(show, story_title, len(cards), stamp, marking)
    for start in range(0, len(figures), 6):
        _key_figures(show, figures[start : start + 6], stamp, marking)
    for card in cards:
        _finding(show, card, stamp, marking)
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def _presentation(title: str, stamp: Stamp) -> Any:
    """Return an empty presentation in the project's fonts and colours, with the one layout that is used."""
    from pptx import Presentation
    from pptx.util import Inches

    show = Presentation()
    show.slide_width, show.slide_height = Inches(slides.WIDE), Inches(slides.TALL)
    for layout in list(show.slide_layouts):
        if layout.name != "Title Only":
            show.slide_layouts.remove(layout)
    for holder in (show.slide_master, show.slide_layouts[0]):
        for shape in list(holder.placeholders):
            if shape.placeholder_format.type == 1 or shape.placeholder_format.idx == 0:
                shape.left, shape.top, shape.width, shape.height = (Inches(v) for v in (EDGE, 0.46, ROOM, 0.94))
            else:
                shape._element.getparent().remove(shape._element)
    _theme(show)
    about = show.core_properties
    about.title, about.author, about.language = clean(title)[:_LONGEST], "Centerline", "en-US"
    about.subject = clean("; ".join(stamped.lines(stamp)))[:_LONGEST]
    about.keywords, about.comments, about.last_modified_by = clean(f"data version {stamp.version}"), "", "Centerline"
    return show


def _theme(show: Any) -> None:
    """Put the project's faces and colours into the theme, so that what a presenter adds has them as well."""
    from lxml import etree
    from pptx.opc.constants import RELATIONSHIP_TYPE

    part = show.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    space = {"a": "http://schemas.openxmlformats.org/drawingml/2006/main"}
    root = etree.fromstring(part.blob)  # our own template, nothing from outside
    for face in root.iterfind(".//a:fontScheme/*/a:latin", space):
        face.attrib.clear()
        face.set("typeface", FACE)
    colors = root.find(".//a:clrScheme", space)
    for name, color in _PALETTE.items():
        holder = colors.find(f"a:{name}", space)
        for old in list(holder):
            holder.remove(old)
        etree.SubElement(holder, f"{{{space['a']}}}srgbClr").set("val", color[1:].upper())
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _slide(show: Any, notes: str) -> Any:
    slide = show.slides.add_slide(show.slide_layouts[0])
    slide.notes_slide.notes_text_frame.text = clean(notes)
    return slide


def _first(show: Any, title: str, count: int, stamp: Stamp, marking: str) -> None:
    from pptx.util import Inches

    slide = _slide(show, "\n".join([title, *stamped.lines(stamp, marking)]))
    slides.frame(slide, title, "", stamp, marking)
    slides.block(slide, (EDGE, 2.25, 0.09, 2.1), ACCENT, name="Accent")
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = (Inches(v) for v in (EDGE + 0.35, 2.25, ROOM - 0.35, 1.25))
    for old in list(shape.text_frame.paragraphs)[1:]:
        old._p.getparent().remove(old._p)
    for run in list(shape.text_frame.paragraphs[0].runs):
        run._r.getparent().remove(run._r)
    room = (ROOM - 0.35) * 72
    slides.write(shape.text_frame, fit(clean(title), room, 1.25 * 72, (44, 40, 36, 32, 28, 24), bold=True), bold=True, anchor="MIDDLE")
    slides.text(slide, stamp.sentence, (EDGE + 0.35, 3.68, ROOM - 0.35, 0.62), (20, 18, 16, 14, 12), name="Shown", color=SECONDARY)
    found = f"{fmt.count(count)} {'finding' if count == 1 else 'findings'} · as of {stamp.as_of}"
    slides.text(slide, f"Centerline · {found}", (EDGE + 0.35, 4.45, ROOM - 0.35, 0.4), (16,), name="Findings", color=SECONDARY)


def _key_figures(show: Any, figures: Sequence[KeyFigure], stamp: Stamp, marking: str) -> None:
    slide = _slide(show, stamped.figure_notes(list(figures)) + "\n\n" + "\n".join(stamped.lines(stamp, marking)))
    slides.frame(slide, "Key figures", "", stamp, marking)
    across = 3 if len(figures) > 2 else max(len(figures), 1)
    down = -(-len(figures) // across)
    gap, top = 0.25, 1.75
    width = (ROOM - gap * (across - 1)) / across
    height = min((BOTTOM - top - gap * (down - 1)) / down, 2.1)
    for at, figure in enumerate(figures):
        row, column = divmod(at, across)
        _tile(slide, figure, (EDGE + column * (width + gap), top + row * (height + gap), width, height))
    _note(slide, [stamped.figures_said(figures)], "")


def _tile(slide: Any, figure: KeyFigure, box: slides.Box) -> None:
    left, top, width, height = box
    slides.block(slide, box, PAGE, name="Tile")
    slides.block(slide, (left, top, 0.06, height), ACCENT, name="Tile's edge")
    inner, room = left + 0.22, width - 0.36
    slides.text(slide, figure.label, (inner, top + 0.12, room, 0.3), (15, 14, 13, 12, 11), name="Figure's name", color=SECONDARY)
    slides.text(slide, figure.value, (inner, top + 0.42, room, 0.62), (36, 32, 28, 24, 20), name=f"{figure.label}, value", bold=True)
    change = stamped.changed(figure, _ARROWS.get(figure.direction, ""))
    color = _MEANINGS.get(figure.meaning, SECONDARY)
    small = " · ".join(part for part in (figure.interval, figure.n, figure.signal, figure.assurance) if part)
    fitted = fit(clean(change), room * 72, (0.46 if small else height - 1.1) * 72, (13, 12, 11), bold=True)
    used = fitted.rows * fitted.size * LINE / 72 + 0.04 if change else 0.0
    if change:
        slides.text(slide, change, (inner, top + 1.06, room, used), (fitted.size,), name=f"{figure.label}, change", color=color, bold=True)
    if small:
        box = (inner, top + 1.06 + used, room, height - 1.1 - used)
        slides.text(slide, small, box, (12, 11, 10, 9), name=f"{figure.label}, what stands behind", color=SECONDARY)


def _finding(show: Any, card: Card, stamp: Stamp, marking: str) -> None:
    slide = _slide(show, stamped.notes(card, stamp, marking))
    slides.frame(slide, card.title, card.subtitle, stamp, marking)
    if card.empty:
        slides.text(slide, card.empty, (EDGE, TOP, ROOM, 1.2), (20, 18, 16, 14), name="No data", color=SECONDARY)
        return
    found = native(card)
    if found is None or not found.plots:
        _table(slide, found.words if found and found.words else card_words(card), card, found)
        return
    if found.key:
        slides.key(slide, found.key, TOP - 0.3)
    size = stamped.size(card, len(found.plots[0].categories) if found.plots[0].form in ("bars", "dots") else None)
    _plots(slide, found, card, _note(slide, [found.note, size, *stamped.words_said(card)], card.note.removeprefix(size).strip()))


def card_words(card: Card) -> Words:
    """Return a card's table as a slide shows it."""
    cells = table(card)
    rows = tuple(tuple(cells.texts(row)) for row in range(len(cells.rows)))
    right = frozenset(place for place, head in enumerate(cells.heads) if head.number)
    return Words(tuple(head.label for head in cells.heads), rows, right=right)


def _table(slide: Any, words: Words, card: Card, found: Native | None) -> None:
    """Put a table on a slide, and below it how many rows are left out and what its letters mean."""
    cut = replace(words, rows=words.rows[: MOST if found is None or not found.words else 16])
    if not cut.rows:
        return
    written = {text for row in cut.rows for text in row}
    said = [found.note if found else "", stamped.size(card, len(cut.rows)), *stamped.legend(card, written)]
    left = "The first {} of {} rows; the workbook has all."

    def fitting(rest: list[str]) -> int:
        return slides.planned(cut, ROOM * 72, (_floor(rest, card.note) - HIGH) * 72)[3]

    if fitting(said) < len(words.rows):
        shown = fitting([left.format(len(cut.rows), len(words.rows)), *said])
        said = [left.format(shown, fmt.count(len(words.rows))), *said]
    bottom = _note(slide, said, card.note)
    slides.table(slide, cut, (EDGE, HIGH, ROOM, bottom - HIGH), name=f"Table: {card.title}", alt=card.alt)


def _noted(said: Sequence[str], more: str) -> Fitted:
    """Fit what is said below a finding; the card's own note only where all of it has room."""
    parts = [text for text in said if text]
    for texts in ([*parts, more], parts):
        fitted = fit(clean(" ".join(filter(None, texts))), ROOM * 72, _NOTE * 72, (12, 11, 10))
        if not fitted.text.endswith("…"):
            return fitted
    return fitted


def _floor(said: Sequence[str], more: str) -> float:
    """Return where a finding's drawing ends above its note."""
    fitted = _noted(said, more)
    return BOTTOM - (fitted.rows * fitted.size * LINE / 72 + 0.08 if fitted.text else 0.0)


def _note(slide: Any, said: Sequence[str], more: str) -> float:
    """Write what is said below a finding; returns where its drawing ends."""
    fitted, floor = _noted(said, more), _floor(said, more)
    if fitted.text:
        slides.text(slide, fitted.text, (EDGE, floor + 0.06, ROOM, BOTTOM - floor - 0.06), (fitted.size,), name="Note", color=SECONDARY)
    return floor


def _plots(slide: Any, found: Native, card: Card, bottom: float) -> None:
    count, high = len(found.plots), TOP if found.key else HIGH
    if count == 1:
        plot = found.plots[0]
        rows = len(plot.categories)
        tall = min(bottom - high, 0.55 + rows * 0.62) if plot.form in ("bars", "stack") else bottom - high
        add_chart(slide, plot, (EDGE, high, ROOM, tall), f"Chart: {card.title}", card.alt)
        return
    across = min(5, -(-count // 2)) if count > 5 else count
    down, gap = -(-count // across), 0.2
    width = (ROOM - gap * (across - 1)) / across
    height = min((bottom - high) / down, 2.6)
    for at, plot in enumerate(found.plots):
        row, column = divmod(at, across)
        left, top = EDGE + column * (width + gap), high + row * height
        ink = SECONDARY if plot.color == CONTEXT else plot.color
        slides.text(slide, plot.title, (left, top, width, 0.42), (13, 12, 11, 10, 9), name="Panel", bold=True, color=ink)
        add_chart(slide, plot, (left, top + 0.42, width, height - 0.5), f"Chart: {plot.title}", f"{plot.title}. {card.alt}", small=True)
