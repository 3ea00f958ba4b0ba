"""Feedback: what the working groups asked for, how it was answered and what was done."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import voices
from ui.figures import key_figures
from ui.frame import headline, on_export, open_view
from ui.lists import said_and_done
from ui.pagetitles import feedback as title

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center"])

names = ("feedback_received", "feedback_open", "feedback_first_response_days", "feedback_implemented_share", "inquiries_on_time_share")
cards = [lambda: voices.topics(view), lambda: voices.statuses(view), lambda: voices.answer_age(view)]

headline(title(view), view)
board.draw(
    "feedback",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
)
said_and_done(view, snapshot.feedback())
