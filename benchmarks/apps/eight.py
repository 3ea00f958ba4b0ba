"""The product's own cards, figures, filters and board on one page that has exactly eight charts and five key figures."""

from __future__ import annotations

import os

import streamlit as st

from analytics.scope import Scope
from data.store import Snapshot
from ui import board, session, theme
from ui.cards import volume, workload
from ui.figures import key_figure
from ui.frame import headline, open_view

#: The key figures, in their order; the other apps of the benchmark show the same.
FIGURES = ("entry_summaries", "import_value_usd", "center_value_share", "backlog", "past_due")


def page() -> None:
    """Draw the page as frame/main.py and a file of pages/ do."""
    st.html(theme.page_css())
    session.close()
    session.query()
    session.open_to(Scope("analyst"))
    snapshot = Snapshot(session.guard())
    view = open_view(snapshot, ["center", "industry", "port", "program"])
    cards = [
        lambda: workload.backlog_by_center(view),
        lambda: volume.port_map(view, snapshot.dimension("port")),
        lambda: volume.share_by_center(view),
        lambda: volume.by_industry(view),
        lambda: workload.flow(view),
        lambda: workload.ages(view),
        lambda: workload.due(view),
        lambda: workload.pending_by(view, "center"),
    ]
    headline("Eight charts and five key figures", view)
    # Without a question the board keeps nothing: every click is worked out anew.
    question = view.question if os.environ.get("KEEP") else None
    board.draw("eight", lambda: [key_figure(view, name) for name in FIGURES], cards, view.stamp(), question=question)
    session.close()
    session.write_url()


st.set_page_config(page_title="Eight charts", layout="wide", initial_sidebar_state="collapsed")
page()
