"""Cite this view: the sentence, the permanent link and the data version of what is on screen, to copy with one click.

A link with `version=` is answered from that version for as long as it is kept (`ui.session.cited_version`), so a number that was
cited can be seen again after the data have changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from ui.board import Stamp

_HERE: Final = Path(__file__).parent / "board"
_CITE: Final = st.components.v2.component(
    "centerline_cite",
    js=(_HERE / "cite.js").read_text(encoding="utf-8"),
    css=(_HERE / "cite.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def sentence(title: str, shown: str, stamp: Stamp) -> str:
    """Write a view's finding, what it shows, and from when and which data it comes, as a reference does."""
    parts = ["Centerline", f"as of {stamp.as_of}", f"data version {stamp.version}", *(["synthetic data"] if stamp.synthetic else [])]
    return f"{title} ({shown}). {', '.join(parts)}."


def draw(words: str, version: str) -> None:
    """Draw the control; the browser adds the version to the address that it shows."""
    _CITE(key="cite", data={"words": words, "version": version})
