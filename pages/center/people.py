"""People: who is on board against the floor, how much work lies with each, and how long a review takes."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import people
from ui.figures import key_figures
from ui.frame import headline, on_export, open_view
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center"])

names = ("staff_on_board", "staff_floor", "staff_short", "pending_per_person", "completions_per_person", "hours_per_review")
cards = [
    lambda: people.positions(view),
    lambda: people.over_time(view),
    lambda: people.centers(view),
    lambda: people.load(view),
    lambda: people.pace(view),
    lambda: people.hours(view),
]

headline(people.title(view), view, people.sentence(view, session.query()))
board.draw(
    "people",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
