"""The look: colours with their meaning and the style sheet of the page around the boards.

Blue is fine, orange misses a target or got worse, grey is context; never colour alone. Base: U.S. Web Design System.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

INK: Final = "#1b1b1b"
SECONDARY: Final = "#565c65"
GREY: Final = "#71767a"
CONTEXT: Final = "#a9aeb1"
BORDER: Final = "#dfe1e2"
GRID: Final = "#e6e8eb"
PAGE: Final = "#f5f7f9"
WHITE: Final = "#ffffff"
ACCENT: Final = "#005ea2"
ACCENT_DARK: Final = "#1a4480"
ACCENT_TINT: Final = "#e5f0f8"
BAD: Final = "#c05600"
BAD_DARK: Final = "#8c3f00"
BAD_TINT: Final = "#fcece0"
NEUTRAL_TINT: Final = "#eef0f2"
NAVY: Final = "#162e51"
LAND: Final = "#e3e7ea"
FOCUS: Final = "#2491ff"
NOTICE_TINT: Final = "#faf3d1"

#: One hue from faint to full for heat tables.
BLUES: Final = ("#f0f6fb", "#d3e6f4", "#a9cee9", "#73b3e7", "#3d86c6", "#1f6aab", "#1a4480")

#: Text on background pairs in use; a test holds each to 4.5 : 1.
TEXT_PAIRS: Final[tuple[tuple[str, str], ...]] = (
    (INK, WHITE),
    (INK, PAGE),
    (SECONDARY, WHITE),
    (SECONDARY, PAGE),
    (SECONDARY, NEUTRAL_TINT),
    (ACCENT, WHITE),
    (ACCENT, PAGE),
    (ACCENT_DARK, ACCENT_TINT),
    (BAD, WHITE),
    (BAD_DARK, BAD_TINT),
    (INK, NOTICE_TINT),
    (WHITE, ACCENT),
    (WHITE, NAVY),
    (WHITE, INK),
    (GREY, WHITE),
)
#: Graphic on background pairs in use; a test holds each to 3 : 1. Context grey is decoration and always labelled.
GRAPHIC_PAIRS: Final[tuple[tuple[str, str], ...]] = (
    (ACCENT, WHITE),
    (BAD, WHITE),
    (GREY, WHITE),
    (SECONDARY, WHITE),
    (ACCENT, LAND),
    (BAD, LAND),
    (FOCUS, WHITE),
)


def luminance(color: str) -> float:
    """Return the relative luminance of a #rrggbb colour (WCAG 2.2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(text: str, background: str) -> float:
    """Return the contrast ratio of two #rrggbb colours (WCAG 2.2)."""
    dark, light = sorted((luminance(text), luminance(background)))
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=1024)
def ink_on(background: str) -> str:
    """Return an ink that reads on a background: dark, white, or full black on the middle tones where both are weak."""
    best = max((INK, WHITE), key=lambda ink: contrast(ink, background))
    return best if contrast(best, background) >= 4.5 else max(("#000000", WHITE), key=lambda ink: contrast(ink, background))


def blend(share: float) -> str:
    """Return a colour of the blue scale for a share of 0-1 of the largest value."""
    place = min(max(share, 0.0), 1.0) * (len(BLUES) - 1)
    low = min(int(place), len(BLUES) - 2)
    start, end, part = BLUES[low], BLUES[low + 1], place - low
    mixed = [round(int(start[i : i + 2], 16) * (1 - part) + int(end[i : i + 2], 16) * part) for i in (1, 3, 5)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


@lru_cache(maxsize=1)
def page_css() -> str:
    """Return the style element of the page; the frame puts it in once with `st.html`."""
    return f"<style>{Path(__file__).with_name('page.css').read_text(encoding='utf-8')}</style>"
