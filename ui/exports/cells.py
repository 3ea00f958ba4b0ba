"""The cells of a card's table as every export writes them: the columns that the screen shows, hidden numbers empty with their mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics import format as fmt
from ui.board.shape import table_columns

if TYPE_CHECKING:
    from ui.board import Card, Column

#: Rows of a card in a file; as many as the browser gets for its CSV.
MOST: Final = 5000
NUMBERS: Final = frozenset({"count", "usd", "share", "days", "ratio"})
#: Mark -> what it says. A zero needs none: it is written as the number 0.
MARKS: Final = {
    "D": "withheld so that no company's figures can be worked out",
    "S": "too few cases to be reliable",
    fmt.NONE: "nothing to report, or not reached",
}
#: Head of a table's first column -> what a reader counts, where adding an s does not say it.
_PLURALS: Final = {
    "Industry": "industries",
    "Category": "categories",
    "Month end": "months",
    "Port of entry": "ports of entry",
    "Center or port": "Centers and ports",
    "Center": "Centers",
}
#: Heads whose rows are called by an s more.
_SIMPLE: Final = frozenset({"Month", "Quarter", "District", "Measure", "Work type", "Program", "Topic", "Segment", "Theme", "Holder"})
#: Quality of an answer, or the words that a card of a release has for it -> mark.
_BY_STATE: Final = {"suppressed": "D", "withheld": "D", "too_few": "S", "too few to be reliable": "S"}
#: Columns that say why a column's number is missing: its own, then the row's.
_OWN: Final = ("_quality", "_words")
_ROW: Final = ("quality", "words")
_UNITS: Final = {"usd": "US dollars", "days": "days", "share": "0–1"}
#: Characters that no file takes (XML 1.0).
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Head:
    """One column: its label, what kind of value it holds, and its unit where cells are bare numbers."""

    label: str
    kind: str

    @property
    def number(self) -> bool:
        """Whether its cells are numbers."""
        return self.kind in NUMBERS

    def with_unit(self, share: str = _UNITS["share"]) -> str:
        """Write the label with the unit of its bare numbers; shares are written 0-1 or in another form."""
        unit = share if self.kind == "share" else _UNITS.get(self.kind, "")
        inside = self.label.endswith(")")
        return f"{self.label[:-1]}, {unit})" if unit and inside else f"{self.label} ({unit})" if unit else self.label


@dataclass(frozen=True)
class Table:
    """A card's table: for each row a value and a mark of each column; a number that is hidden or missing is None and has a mark."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Value, ...], ...]
    marks: tuple[tuple[str, ...], ...]
    total: int

    @property
    def marked(self) -> tuple[bool, ...]:
        """Whether any cell of each column has a mark."""
        return tuple(any(row[place] for row in self.marks) for place in range(len(self.heads)))

    def texts(self, row: int) -> list[str]:
        """Write a row as the screen does; a hidden number is its mark."""
        parts = zip(self.heads, self.rows[row], self.marks[row], strict=True)
        return [mark or clean(fmt.cell(value, head.kind)) for head, value, mark in parts]


def table(card: Card, most: int = MOST) -> Table:
    """Return the cells of a card, at most so many rows."""
    frame, columns = card.table.head(most), card.columns
    if not columns or frame.is_empty():
        return Table(tuple(Head(clean(c.label), c.kind) for c in columns), (), (), card.table.height)
    values = table_columns(frame, [column.name for column in columns])
    marks = [_marks(frame, column, cells) for column, cells in zip(columns, values, strict=True)]
    shown = [
        [None if mark else clean(value) if isinstance(value, str) else value for value, mark in zip(cells, each, strict=True)]
        for cells, each in zip(values, marks, strict=True)
    ]
    heads = tuple(Head(clean(column.label), column.kind) for column in columns)
    return Table(heads, tuple(zip(*shown, strict=True)), tuple(zip(*marks, strict=True)), card.table.height)


def _marks(frame: pl.DataFrame, column: Column, values: Sequence[Any]) -> list[str]:
    """Return the mark of each cell; empty where there is a number, or a column of words.

    A row that is withheld hides all its numbers, also one that the frame still holds.
    """
    if column.kind not in NUMBERS:
        return [""] * frame.height
    names = [name for name in (*(column.name + end for end in _OWN), *_ROW) if name in frame.columns]
    states = frame.get_column(names[0]).cast(pl.String).to_list() if names else [None] * frame.height
    found = [_BY_STATE.get(state or "", fmt.NONE) for state in states]
    return [mark if value is None or mark == "D" else "" for mark, value in zip(found, values, strict=True)]


def counted(count: int, whole: int, head: str = "") -> str:
    """Count rows by what a reader calls them, by the head of their first column: `5 of 9 Centers`, `1 of 4 quarters`, `2 of 7 rows`."""
    one, many = "row", "rows"
    if head in _PLURALS or head in _SIMPLE:
        one = head if head == "Center" else head.lower()
        many = _PLURALS.get(head, f"{one}s")
    return f"{fmt.count(count)} of {fmt.count(whole)} {one if whole == 1 else many}"


def hidden(card: Card) -> dict[str, str]:
    """Say for each mark in a card's table in how many of its rows it stands, and of what: `5 of 9 Centers`.

    Where several rows are of one Center (or what the first column names), both are counted: `7 of 36 rows, 5 of 9 Centers`.
    """
    cells = table(card)
    if not cells.rows:
        return {}
    names, head = [str(row[0]) for row in cells.rows], cells.heads[0]
    every, found = len(set(names)), {}
    for mark in MARKS:
        mine = [name for name, marks in zip(names, cells.marks, strict=True) if mark in marks]
        if not mine:
            continue
        if every == len(names):
            found[mark] = counted(len(mine), every, head.label)
        else:
            groups = counted(len(set(mine)), every, head.label)
            found[mark] = counted(len(mine), len(names)) + ("" if groups.endswith(("row", "rows")) else f", {groups}")
    return found


def clean(text: str) -> str:
    """Drop characters that files do not take."""
    return _CONTROL.sub("", text)
