"""The stage: a board shown full screen, one card a slide. It starts and steers the board in the page; the charts stay alive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from ui.board import Stamp

_HERE: Final = Path(__file__).parent
_STAGE: Final = st.components.v2.component(
    "centerline_stage",
    # One module, read from files by subject; the component takes a single text.
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("start.js", "files.js")),
    css=(_HERE / "stage.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)

#: Where the last click on a file that the server was told of is kept.
_ASKED: Final = "centerline.file_asked"
#: More slides than any story has.
MOST: Final = 99


def slide_of(value: object) -> int | None:
    """Read the slide that the browser reports; 0 when the stage was left, null for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST else None


def click_of(value: object) -> int:
    """Read the number of a click on a file that the browser reports; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else 0


def draw(board: str, *, title: str, marking: str, stamp: Stamp, slide: int, keep: Callable[[int], None], deck: str, files: str) -> None:
    """Draw the button that shows a board full screen.

    Args:
        board: Key of the board.
        title: Finding of the whole story, above its key figures.
        marking: Words of the banner on every slide.
        stamp: What every slide states.
        slide: Slide to begin with, counted from 1; 0 to wait for the button.
        keep: Told the slide that is shown, 0 when the stage was left.
        deck: Names the story; another one is begun anew.
        files: Ends the keys of the file buttons that this run draws: a click waits for those of a run that was begun after it.
    """

    def report() -> None:
        shown = slide_of(st.session_state[f"stage_{board}"].get("slide"))
        if shown is not None:
            keep(shown)

    def ask() -> None:
        st.session_state[_ASKED] = click_of(st.session_state[f"stage_{board}"].get("file"))

    data = {
        "board": board,
        "title": title,
        "marking": marking,
        "slide": slide,
        "deck": deck,
        "asOf": stamp.as_of,
        "version": stamp.version,
        "synthetic": stamp.synthetic,
        "files": files,
        "answered": st.session_state.get(_ASKED, 0),
    }
    _STAGE(key=f"stage_{board}", data=data, on_slide_change=report, on_file_change=ask)
