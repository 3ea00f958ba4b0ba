"""Flow and durations: how long work takes, how it ends, in whose hands it ages, whether the oldest are skipped, and whose pile is high."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import fairness, flow, pace
from ui.frame import headline, on_export, open_view
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program", "work_type"])
role = snapshot.scope.role

cards = [
    lambda: flow.noted(view, flow.how_long(view)),
    lambda: flow.noted(view, flow.still_open(view)),
    lambda: flow.noted(view, flow.how_they_end(view)),
    lambda: flow.noted(view, flow.by_month(view)),
    lambda: fairness.two_ages(view),
    lambda: flow.noted(view, pace.pace(view)),
    # Teams are people of a Center: only those who see its single records see them.
    *([lambda: fairness.teams(view)] if role.rows != "none" else []),
    lambda: fairness.on_hand(view),
]

headline(flow.title(view), view)
board.draw(
    "flow",
    lambda: flow.figures(view),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
