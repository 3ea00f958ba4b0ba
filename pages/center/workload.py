"""Workload: what is waiting, how old it is, when it falls due and what is at stake, and whether the pile grows."""

from data.journal import exporter
from data.store import Snapshot
from ui import alerts, board, session
from ui.cards import desk, signals, workload
from ui.figures import key_figures
from ui.frame import headline, kept, on_export, open_view
from ui.pagetitles import workload as title
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program", "work_type"])

names = ("pending", "backlog", "past_due", "clearance_rate", "days_of_work", "oldest_days")
cards = [
    lambda: desk.at_stake(view),
    lambda: desk.by_type(view),
    lambda: workload.ages(view),
    lambda: workload.flow(view),
    lambda: signals.trend(view, "backlog"),
    lambda: desk.weeks(view),
    lambda: desk.where_it_is(view),
    lambda: desk.two_views(view),
]

headline(kept(title, view), view, cited=view.on_day)
alerts.draw(view, snapshot)
board.draw(
    "workload",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
