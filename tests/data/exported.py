"""What the pages draw, by running each page as the app does and keeping what it hands to the board instead of drawing it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from streamlit.testing.v1 import AppTest

from analytics.scope import Scope
from ui.board import Card, KeyFigure, Stamp

ROOT = Path(__file__).parents[2]


class Shown(NamedTuple):
    """One page: its finding, key figures, cards and stamp."""

    title: str
    figures: list[KeyFigure]
    cards: list[Card]
    stamp: Stamp


def _pages() -> dict[str, tuple[str, ...]]:
    """Read from frame/main.py, which runs the app when it is imported, the pages that draw a board with cards, each with its roles."""
    tree = ast.parse((ROOT / "frame/main.py").read_text(encoding="utf-8"))
    known: dict[str, Any] = {}
    for part in tree.body:
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name) and isinstance(part.value, ast.Tuple):
            known[part.targets[0].id] = eval(compile(ast.Expression(part.value), "frame", "eval"), dict(known))
    files = {f"{folder}/{name}": roles for folder, name, _, roles in known["PAGES"]}
    return {page: roles for page, roles in files.items() if "lambda:" in (ROOT / "pages" / f"{page}.py").read_text(encoding="utf-8")}


#: Page -> the roles that have it; none named: all.
PAGES = _pages()


def _run(path, scope, query):  # type: ignore[no-untyped-def]  # its text runs elsewhere, without the imports above
    import runpy

    import streamlit as st

    from analytics.exc import CenterlineError
    from ui import session

    st.session_state["centerline.query"] = dict(query)
    st.session_state["centerline.own"] = {}
    session.begin()
    session.open_to(scope)
    try:
        runpy.run_path(path)
    except CenterlineError as error:  # the app shows its sentence instead of the page
        st.session_state["refused"] = str(error)


def shown(page: str, scope: Scope, query: Mapping[str, str]) -> Shown | None:
    """Run a page for a reader and return what it shows; null when it refuses the reader."""
    kept: dict[str, Any] = {}

    def draw(_key: str, figures: Any, cards: Any, stamp: Stamp, **_: Any) -> None:
        kept.update(figures=list(figures()), cards=[card() for card in cards], stamp=stamp)

    with mock.patch("ui.board.draw", draw), mock.patch("ui.frame.headline", lambda title, *_, **__: kept.update(title=title)):
        run = AppTest.from_function(_run, args=(str(ROOT / "pages" / f"{page}.py"), scope, dict(query)), default_timeout=60).run()
    assert not run.exception, run.exception
    if "refused" in run.session_state:
        return None
    return Shown(kept["title"], kept["figures"], kept["cards"], kept["stamp"])


def of_role(role: str, query: Mapping[str, str] | None = None) -> dict[str, Shown]:
    """Return all pages of a role; a director's are of Electronics."""
    scope = Scope(role, ("ELE",) if role == "director" else ())
    own = dict(query or ({"center": "ELE"} if role == "director" else {}))
    found = {page: shown(page, scope, own) for page, roles in PAGES.items() if not roles or role in roles}
    return {page: each for page, each in found.items() if each is not None}
