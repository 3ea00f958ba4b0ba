"""Service: how the trade is served: what failed because nobody acted, notices and filings, inquiries and satisfaction."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import notices, protests, service
from ui.frame import headline, on_export, open_view
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program"])
role, targets = snapshot.scope.role, snapshot.targets()

cards = [
    lambda: service.liquidations(view),
    lambda: protests.protests_pending(view),
    lambda: notices.turnaround(view),
    lambda: notices.cf28_months(view),
    lambda: notices.cf28_places(view),
    lambda: service.inquiries(view, targets),
    lambda: service.topics(view, targets),
    lambda: protests.protest_outcomes(view),
    lambda: service.satisfaction(view),
    *([lambda: protests.filers(view)] if role.names != "none" else []),
]

headline(service.title(view), view)
board.draw(
    "service",
    lambda: service.figures(view),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
