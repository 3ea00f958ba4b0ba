"""The faces of a printed brief: Source Sans as TrueType, under the name that its licence asks for (`ui/assets/README.md`)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from ui.exports.cells import clean

REGULAR: Final = "CenterlineSans"
BOLD: Final = "CenterlineSans-SemiBold"
_ASSETS: Final = Path(__file__).parents[1] / "assets"
_FILES: Final = {REGULAR: "CenterlineSans-Regular.ttf", BOLD: "CenterlineSans-SemiBold.ttf"}
#: Signs that the faces do not have, and what stands for them.
_OTHERS: Final = str.maketrans({"◇": "◆", "\u2009": " ", "\u202f": " ", "▏": "|", "\t": " "})


@lru_cache(maxsize=1)
def register() -> frozenset[int]:
    """Make the faces known to the PDF library, once a process; returns the characters that they have."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(_ASSETS / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset(pdfmetrics.getFont(REGULAR).face.charToGlyph)


def plain(text: str) -> str:
    """Return a text with characters that the faces have; others become a question mark."""
    known = register()
    return "".join(c if ord(c) in known or c == "\n" else "?" for c in clean(text).translate(_OTHERS))


def wide(text: str, size: float, *, bold: bool = False) -> float:
    """Return the points that a line takes."""
    from reportlab.pdfbase import pdfmetrics

    register()
    return float(pdfmetrics.stringWidth(text, BOLD if bold else REGULAR, size))
