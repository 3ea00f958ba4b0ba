"""Compliance: the rate with its interval over time and by part, and what is found."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import compliance
from ui.figures import key_figures
from ui.frame import headline, kept, on_export, open_view
from ui.pagetitles import compliance as title
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program"])
targets = snapshot.targets()

names = ("compliance_rate_major", "compliance_rate_letter", "revenue_collected_share", "net_revenue_gap_usd", "targeted_yield_share")
cards = [
    lambda: compliance.over_time(view, targets),
    lambda: compliance.by_dimension(view, "industry", targets),
    lambda: compliance.categories(view),
    lambda: compliance.by_dimension(view, "program", targets),
]

headline(kept(title, view), view)
board.draw(
    "compliance",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
