"""How large a text may be to fit a box of a slide, also where Source Sans is not installed and a wider face stands in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ui.charts.text import text_width

FACE: Final = "Source Sans 3"
#: How much wider than Source Sans the widest usual stand-in is, regular and bold (measured on DejaVu Sans; Arial and Calibri lie between).
SLACK: Final = 1.27
SLACK_BOLD: Final = 1.38
#: Height of a line as a multiple of the type size.
LINE: Final = 1.22


class Fitted(NamedTuple):
    """A text with its size in points and the lines that it takes."""

    text: str
    size: float
    rows: int


def wide(text: str, size: float, *, bold: bool = False) -> float:
    """Return the points that a line takes at most."""
    return text_width(text, size, bold=bold) * (SLACK_BOLD if bold else SLACK)


@lru_cache(maxsize=4096)
def rows_of(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """Count the lines of a text that is broken at spaces in a box of so many points."""
    rows = 0
    for paragraph in text.split("\n"):
        room, rows = 0.0, rows + 1
        for word in paragraph.split(" "):
            length = wide(word, size, bold=bold)
            space = wide(" ", size, bold=bold)
            if room and room + space + length > width:
                room, rows = 0.0, rows + 1
            rows += int(length // width)
            room += (space if room else 0.0) + length
    return rows


def fit(text: str, width: float, height: float, sizes: Sequence[float], *, bold: bool = False) -> Fitted:
    """Return the largest of the sizes at which a text fits a box in points; it is cut with an ellipsis when none does."""
    for size in sizes:
        rows = rows_of(text, width, size, bold=bold)
        if rows * size * LINE <= height:
            return Fitted(text, size, rows)
    size = sizes[-1]
    rows = max(int(height / (size * LINE)), 1)
    cut = text
    while len(cut) > 1 and rows_of(cut, width, size, bold=bold) > rows:
        cut = cut[: int(len(cut) * 0.97) - 1].rstrip(" ,;·") + "…"
    return Fitted(cut, size, rows)
