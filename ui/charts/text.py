"""How wide a text is in Source Sans, and how it is broken or cut to fit."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

#: Size in pixels of most texts in a chart.
SMALL: Final = 12

_CHARACTERS: Final = "".join(chr(code) for code in range(32, 127)) + "–—·…×±≤≥−’“”▲▼éüñ"
#: Advance widths of Source Sans in thousandths of the type size, regular and semibold, for the characters above.
_REGULAR: Final = (
    "200 289 426 497 497 824 609 249 303 303 418 497 249 311 249 350 497 497 497 497 497 497 497 497 497 497 249 249 497 497 "
    "497 425 847 543 588 571 615 527 494 617 652 263 479 579 486 727 647 664 566 664 569 534 536 645 515 786 513 476 539 303 "
    "350 303 497 500 542 504 553 456 555 496 292 504 544 246 247 495 255 829 547 542 555 555 347 419 338 544 467 719 446 467 "
    "425 303 241 303 497 480 800 249 948 497 497 497 497 497 249 426 426 800 800 496 544 547"
)
_SEMIBOLD: Final = (
    "200 315 482 513 513 841 639 275 324 324 438 513 275 322 275 344 513 513 513 513 513 513 513 513 513 513 275 275 513 513 "
    "513 444 875 558 597 576 625 538 510 628 663 282 494 597 502 745 657 674 582 674 592 545 546 655 536 800 541 501 540 324 "
    "344 324 513 500 549 516 563 462 564 507 317 520 558 262 263 522 271 843 560 549 564 564 373 431 361 556 495 748 481 495 "
    "443 324 255 324 513 480 800 275 964 513 513 513 513 513 275 482 482 800 800 507 556 560"
)


@lru_cache(maxsize=2)
def _advances(*, bold: bool) -> dict[str, int]:
    widths = (_SEMIBOLD if bold else _REGULAR).split()
    return {character: int(width) for character, width in zip(_CHARACTERS, widths, strict=True)}


@lru_cache(maxsize=8192)
def text_width(text: str, size: float = SMALL, *, bold: bool = False) -> float:
    """Return the width in pixels of one line of Source Sans."""
    advances = _advances(bold=bold)
    return sum(advances.get(character, 600) for character in text) * size / 1000


@lru_cache(maxsize=8192)
def shorten(text: str, room: float, size: float = SMALL, *, bold: bool = False) -> str:
    """Cut a text so that it fits the room in pixels, with an ellipsis where it was cut."""
    if text_width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and text_width(f"{kept.rstrip(' ,&')}…", size, bold=bold) > room:
        kept = kept[:-1]
    return f"{kept.rstrip(' ,&')}…"


@lru_cache(maxsize=8192)
def wrap(text: str, room: float, size: float = SMALL, *, bold: bool = False, rows: int = 2, last: float | None = None) -> tuple[str, ...]:
    """Break a text at spaces into at most `rows` lines that fit the room; the last line fits `last`, and is cut when it must be.

    An ampersand stays with the word behind it.
    """
    end = room if last is None else last
    if text_width(text, size, bold=bold) <= end:
        return (text,)
    words = text.replace(" & ", " &\u00a0").split(" ")
    if rows == 1 or len(words) == 1:
        return (shorten(text, end, size, bold=bold),)
    fits = [cut for cut in range(1, len(words)) if text_width(" ".join(words[:cut]), size, bold=bold) <= room] or [1]
    tails = [cut for cut in fits if text_width(" ".join(words[cut:]), size, bold=bold) <= end]
    cut = min(tails, key=lambda at: abs(len(" ".join(words[:at])) - len(" ".join(words[at:])))) if tails else fits[-1]
    head = shorten(" ".join(words[:cut]), room, size, bold=bold)
    return (
        head.replace("\u00a0", " "),
        *wrap(" ".join(words[cut:]).replace("\u00a0", " "), room, size, bold=bold, rows=rows - 1, last=end),
    )
