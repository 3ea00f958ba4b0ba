"""Routing: from which ports the work comes and how that has shifted, who processes it, and what is not in a Center yet."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import processed, routing
from ui.figures import key_figures
from ui.frame import headline, on_export, open_view
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program", "entry_type", "mode"])
industries = snapshot.dimension("industry")

names = ("entry_summaries", "entry_lines", "import_value_usd", "duty_usd", "participating_accounts", "center_value_share")
cards = [
    lambda: routing.ports(view, snapshot.dimension("center")),
    lambda: routing.month(view),
    lambda: routing.flow(view),
    lambda: processed.over_time(view, industries),
    lambda: processed.eligible(view, industries),
    lambda: processed.statuses(view, snapshot.statuses()),
    lambda: processed.revenue(view),
    lambda: processed.held(view),
]

headline(routing.title(view), view)
board.draw(
    "routing",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
