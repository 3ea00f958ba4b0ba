"""A card as CSV: what it is and from when above the heads, bare numbers, hidden ones empty with their mark in the column beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui import sheet
from ui.exports import stamped
from ui.exports.cells import Table, table

if TYPE_CHECKING:
    from ui.board import Card, Stamp


def card_csv(card: Card, stamp: Stamp, marking: str = "") -> bytes:
    """Write a card's cells as CSV for spreadsheets.

    A text that begins with = + - @, a tab or a carriage return gets an apostrophe in front; numbers stay numbers.

    Args:
        card: The card.
        stamp: What every export states.
        marking: Words of the banner; empty for none.
    """
    cells = table(card)
    above = [card.title, card.subtitle, *stamped.lines(stamp, marking), *stamped.rows_left(cells)]
    return sheet.written(filter(None, above), heads(cells) if cells.heads else [], rows(cells))


def heads(cells: Table, share: str = "0–1") -> list[str]:
    """List the heads with units, and after each column with hidden or missing numbers one for their marks."""
    pairs = zip(cells.heads, cells.marked, strict=True)
    return [text for head, marked in pairs for text in (head.with_unit(share), *([f"{head.label}: mark"] if marked else []))]


def rows(cells: Table) -> list[list[str | int | float | bool | None]]:
    """List the rows that belong to `heads`."""
    marked = cells.marked
    return [
        [part for value, mark, has in zip(row, marks, marked, strict=True) for part in (value, *([mark] if has else []))]
        for row, marks in zip(cells.rows, cells.marks, strict=True)
    ]
