"""An accessible workbook: notes first, then one table a sheet; numbers as numbers with their formats, hidden ones empty with their mark."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ui.exports import sheet as flat
from ui.exports import stamped
from ui.exports.cells import MARKS, Table, Value, clean, table
from ui.sheet import harmless

if TYPE_CHECKING:
    from ui.board import Card, KeyFigure, Stamp

#: Kind -> how a spreadsheet writes it; a share stays a number of 0-1.
_FORMATS: Final = {
    "count": "#,##0", "usd": "$#,##0", "share": "0.0%", "days": "#,##0.0", "ratio": "#,##0.00", "date": "d mmm yyyy", "month": "mmm yyyy",
}  # fmt: skip
_WIDEST: Final = 60
_NAME: Final = re.compile(r"[\[\]:*?/\\']")
#: Characters of a header and footer on paper, of a property, and of a cell.
_PAPER: Final = 200
_CELL: Final = 32_767


def workbook(story_title: str, cards: Sequence[Card], figures: Sequence[KeyFigure], stamp: Stamp, marking: str = "") -> bytes:
    """Write an XLSX file: notes, key figures, then each card's table on a sheet of its own.

    A text is always written as text, also one that begins with = + - @, a tab or a carriage return; such a cell is marked as text
    (“quote prefix”), so that it stays text when it is edited.

    Args:
        story_title: Title of the file.
        cards: Findings, in their order.
        figures: Key figures; none: no sheet for them.
        stamp: What every export states.
        marking: Words of the banner, on the notes and on each printed page; empty for none.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = _Book(xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}), stamp, marking)
    book.describe(story_title)
    names = sheet_names(cards)
    book.notes(story_title, cards, names)
    if figures:
        book.figures(figures)
    for card, name in zip(cards, names, strict=True):
        book.card(card, name)
    book.file.close()
    return out.getvalue()


def sheet_names(cards: Sequence[Card]) -> list[str]:
    """Name each card's sheet by its number and key, within the 31 characters of a sheet's name."""
    return [f"{at} {_NAME.sub(' ', clean(card.key)).replace('_', ' ')}"[:31].strip() for at, card in enumerate(cards, 1)]


class _Book:
    """The workbook while it is written."""

    def __init__(self, file: Any, stamp: Stamp, marking: str) -> None:
        self.file, self.stamp, self.marking = file, stamp, marking
        self.head = file.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "font_name": "Source Sans 3"})
        self.formats = {
            kind: file.add_format({"num_format": form, "valign": "top", "font_name": "Source Sans 3"}) for kind, form in _FORMATS.items()
        }
        self.text = file.add_format({"text_wrap": True, "valign": "top", "font_name": "Source Sans 3"})
        self.quoted = file.add_format(
            {"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@", "font_name": "Source Sans 3"}
        )

    def describe(self, title: str) -> None:
        """Write the file's properties."""
        self.file.set_properties(
            {
                "title": clean(title)[:255],
                "subject": clean(self.stamp.sentence)[:255],
                "author": "Centerline",
                "category": clean(self.marking)[:255],
                "keywords": clean(f"as of {self.stamp.as_of}, data version {self.stamp.version}")[:255],
                "comments": clean("; ".join(stamped.lines(self.stamp, self.marking)))[:255],
            }
        )
        self.file.set_custom_property("Data version", clean(self.stamp.version)[:255])
        self.file.set_custom_property("Language", "en-US")

    def notes(self, title: str, cards: Sequence[Card], names: Sequence[str]) -> None:
        """Write what holds for the whole file, then what stands behind each sheet."""
        rows: list[tuple[str, str, str]] = [("all", "Title", title)]
        rows += [("all", "Stated", line) for line in stamped.lines(self.stamp, self.marking)]
        rows += [("all", "Mark of an empty number", f"{mark}: {said}") for mark, said in MARKS.items()]
        for card, name in zip(cards, names, strict=True):
            parts = [("Finding", [card.title]), ("What is shown", [card.subtitle]), ("Takeaway", [card.alt])]
            parts += [("Definition", stamped.definitions(card)), ("Caveat", stamped.caveats(card))]
            parts += [("No data", [card.empty]), ("Left out", stamped.rows_left(table(card)))]
            rows += [(name, subject, text) for subject, texts in parts for text in texts if text]
        self.grid("Notes", ["Sheet", "Subject", "Text"], rows, ["text"] * 3, (18, 22, 110))

    def figures(self, figures: Sequence[KeyFigure]) -> None:
        """Write the key figures as they stand on screen."""
        heads = ["Figure", "Value", "Change", "Compared", "Interval", "Cases", "Signal", "Target", "Definition"]
        rows = [(f.label, f.value, f.change or "", f.against, f.interval, f.n, f.signal, f.assurance, f.definition) for f in figures]
        self.grid("Key figures", heads, rows, ["text"] * len(heads), (30, 16, 14, 26, 30, 30, 26, 30, 70))

    def card(self, card: Card, name: str) -> None:
        """Write a card's table."""
        cells = table(card)
        if not cells.rows:
            self.grid(name, ["Finding", "Note"], [(card.title, card.empty or "No rows.")], ["text"] * 2, (60, 60))
            return
        kinds = [
            kind for head, marked in zip(cells.heads, cells.marked, strict=True) for kind in (head.kind, *(["text"] if marked else []))
        ]
        heads = flat.heads(cells, "%")
        rows = flat.rows(cells)
        self.grid(name, heads, rows, kinds, _widths(heads, rows, cells), (card.title, card.alt))

    def grid(
        self,
        name: str,
        heads: Sequence[str],
        rows: Sequence[Sequence[Value]],
        kinds: Sequence[str],
        widths: Sequence[float],
        about: tuple[str, str] = ("", ""),
    ) -> None:
        """Write one table from the first cell on, with its heads frozen, named for readers of screens and repeated on paper."""
        sheet = self.file.add_worksheet(name)
        unique = _unique([clean(head) for head in heads])
        for row, values in enumerate(rows, 1):
            for column, (value, kind) in enumerate(zip(values, kinds, strict=True)):
                self.cell(sheet, row, column, value, kind)
        label = re.sub(r"\W+", "_", f"T_{name}")
        columns = [{"header": head, "header_format": self.head} for head in unique]
        options = {"name": label, "columns": columns, "style": "Table Style Light 1", "banded_rows": False}
        words = {name: clean(text)[:255] for name, text in zip(("title", "description"), about, strict=True) if text}
        sheet.add_table(0, 0, len(rows), len(unique) - 1, options | words)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        paper = [_paper(text) for text in (self.marking, stamped.footer(self.stamp))]
        sheet.set_header(f"&C{paper[0]}")
        sheet.set_footer(f"&L{paper[1]}&R&P / &N")

    def cell(self, sheet: Any, row: int, column: int, value: Value, kind: str) -> None:
        """Write one cell: numbers and dates as such, every text as text."""
        form = self.formats.get(kind, self.text)
        if value is None:
            sheet.write_blank(row, column, None, form)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(row, column, value, form)
        elif kind in ("date", "month") and (day := _day(str(value))):
            sheet.write_datetime(row, column, day, form)
        else:
            text = clean(str(value))[:_CELL]
            sheet.write_string(row, column, text, self.quoted if harmless(text) != text else self.text)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        return None


def _unique(heads: Sequence[str]) -> list[str]:
    """Give heads that repeat a number: a table's columns have names of their own."""
    seen: dict[str, int] = {}
    found = []
    for head in heads:
        seen[head.casefold()] = seen.get(head.casefold(), 0) + 1
        found.append(head if seen[head.casefold()] == 1 else f"{head} {seen[head.casefold()]}")
    return found


def _widths(heads: Sequence[str], rows: Sequence[Sequence[Value]], cells: Table) -> list[float]:
    longest = [max([len(str(row[place] or "")) for row in rows[:200]] + [9]) for place in range(len(heads))]
    return [min(max(longest[place], min(len(head), 24)) + 4, _WIDEST) for place, head in enumerate(heads)] if cells.rows else []


def _paper(text: str) -> str:
    """Write a text for the header of a page, where & begins a command."""
    return clean(text)[:_PAPER].replace("&", "&&")
