"""One run of the app: who reads, which pages there are, and the frame around every one of them.

`st.navigation` is called on every run before anything can stop the script: without it a deep link would run a page alone.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from pathlib import Path

import polars as pl
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from analytics.exc import CenterlineError, DataError
from analytics.scope import ROLES, Scope
from data import build
from data.progress import Silent
from data.settings import settings
from data.store import Snapshot
from ui import session, start, theme
from ui.cards.shared import listed

LOG = logging.getLogger("centerline")
ROOT = Path(__file__).parents[1]

#: Roles that read more than what is released.
_INSIDE = ("leadership", "director", "analyst")

#: Folder of the audience, file, title, and the roles that have the page (empty: all).
PAGES = (
    ("leadership", "overview", "Overview", _INSIDE),
    ("center", "workload", "Workload", _INSIDE),
    ("center", "work_list", "Work list", ("director", "analyst")),
    ("center", "flow", "Flow", _INSIDE),
    ("center", "forecast", "Forecast", _INSIDE),
    ("center", "accounts", "Accounts", ("director", "analyst")),
    ("center", "routing", "Routing", _INSIDE),
    ("center", "service", "Service", _INSIDE),
    ("center", "people", "People", _INSIDE),
    ("center", "compliance", "Compliance", _INSIDE),
    ("working_groups", "industry", "Industry view", ()),
    ("working_groups", "feedback", "Feedback", ()),
    ("working_groups", "present", "Present", ()),
    ("reference", "definitions", "Definitions", ()),
    ("reference", "data_health", "Data health", _INSIDE),
)

#: Who has a role, in a sentence.
READERS = {"leadership": "leadership", "director": "Center directors", "analyst": "analysts", "working_group": "working groups"}

#: Page that a bare address leads to, for roles that do not begin with the first.
FIRST = {"director": "workload"}


def main() -> None:
    """Draw one run of the app."""
    st.set_page_config(
        page_title="Centerline", page_icon=str(ROOT / "ui/assets/icon.png"), layout="wide", initial_sidebar_state="collapsed"
    )
    session.close()
    session.begin()
    session.query()
    choice = session.role_in_force()
    page = navigation(choice)
    st.html(theme.page_css())
    st.logo(str(ROOT / "ui/assets/logo.svg"), size="large")
    guarded(lambda: draw(page, choice))


def navigation(choice: str) -> StreamlitPage:
    """Name the pages that a view has; a bare address leads to the first, a director's to their desk."""
    role = ROLES[session.scope_of(choice).role_id].id
    pages = [
        st.Page(ROOT / "pages" / folder / f"{name}.py", title=title, url_path=name)
        for folder, name, title, roles in PAGES
        if not roles or role in roles
    ]
    first = next((page for page in pages if page.url_path == FIRST.get(role)), pages[0])
    # A default page answers the bare address alone, not its name; so the bare address is a page that leads to the first.
    home = st.Page(
        lambda: st.switch_page(first, query_params=st.query_params.to_dict()),
        title="Centerline",
        url_path="home",
        default=True,
        visibility="hidden",
    )
    # A page that the view lacks answers its address all the same, out of the menu: it leads to the first one, which says why.
    lacked = [
        st.Page(partial(turn_away, first, title, roles), title=title, url_path=name, visibility="hidden")
        for _, name, title, roles in PAGES
        if roles and role not in roles
    ]
    return st.navigation([home, *pages, *lacked], position="top")


def turn_away(first: StreamlitPage, title: str, roles: Sequence[str]) -> None:
    """Lead a reader whose view lacks a page to the first that it has, which says what page it was, and whose it is."""
    session.tell(first.url_path, f"“{title}” is a page for {listed([READERS[role] for role in roles])}; {first.title} is shown instead.")
    st.switch_page(first, query_params=st.query_params.to_dict())


def draw(page: StreamlitPage, choice: str) -> None:
    """Open the data to the reader's scope and run the page; with no data yet, offer to make some."""
    scope, cited = session.scope_of(choice), session.cited_version()
    try:
        snapshot = Snapshot(scope, cited)
    except DataError as error:
        if cited:
            start.gone(str(error), session.address_in_force())
        else:
            start.offer(str(error), build_demonstration)
        return
    if cited:
        start.cited(snapshot.version, session.address_in_force())
    scope = role_menu(snapshot, choice)
    session.open_to(scope)
    session.arrive(page.url_path)
    start.said(session.told(page.url_path))
    page.run()
    session.close()
    session.write_url()


def build_demonstration(say: Callable[[str], None]) -> None:
    """Build the demonstration store from inside the app."""
    build.demonstration(progress=Silent(say))


def role_menu(snapshot: Snapshot, choice: str) -> Scope:
    """Let the reader choose whose view to see; says who sits here, and that nobody is signed in."""
    centers = snapshot.dimension("center").filter(pl.col("opened_date").is_not_null())
    names = dict(centers.sort("center_name").select("center_code", "short_name").iter_rows())
    return session.scope_of(session.role_menu(choice, names, settings().person))


def guarded(run: Callable[[], None]) -> None:
    """Run the page; a failure is apologised for with an id, and its details go to the log alone."""
    try:
        run()
    except CenterlineError as error:
        st.html(f'<div class="cl-problem" role="alert"><h1>This page cannot be shown</h1><p>{escape(str(error))}</p></div>')
    except (Exception, pl.exceptions.PanicException):
        incident = secrets.token_hex(4)
        LOG.exception("page failed, incident %s", incident)
        st.html(
            '<div class="cl-problem" role="alert"><h1>Sorry, this page failed</h1><p>Nothing was lost, and the other pages still '
            f"work. Tell whoever runs Centerline this number, so that they find it in the log: <strong>{incident}</strong></p></div>"
        )


main()
