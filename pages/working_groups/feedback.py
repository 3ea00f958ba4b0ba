"""Feedback: what the working groups asked for, how it was answered, what was done, and whether that moved anything."""

from data.journal import exporter, feedback_desk
from data.store import Snapshot
from ui import board, meetings, session, voiceforms, voices, voicesheets
from ui.cards import closing, effects
from ui.cards import voices as said
from ui.figures import key_figures
from ui.frame import headline, on_export, open_view
from ui.lists import said_and_done
from ui.pagetitles import feedback as title
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
desk = feedback_desk(snapshot, live=session.cited_version() is None)
view = voices.arrived(open_view(desk.source, ["center"]), desk)

shown, themes = voices.kept(view, desk), desk.themes()
pieces = desk.pieces_of_themes().join(shown.select("feedback_id"), on="feedback_id", how="semi")
record = exporter(snapshot.scope)
found = effects.kept(view, shown, desk.stamp)
headline(title(view), view)
voiceforms.told(desk)
drawn = effects.choice(view, found)
names = (
    "feedback_received",
    "feedback_open",
    "feedback_over_90",
    "feedback_first_response_days",
    "feedback_closure_days",
    "feedback_accepted_share",
)
# Whether a number moved is read from figures that a working group does not reach: “cannot be judged” would be said of all.
judged = [lambda: effects.did_it_move(view, found), lambda: effects.effect(view, found, drawn)]
cards = [
    *([] if snapshot.scope.role.released else judged),
    lambda: said.topics(view),
    lambda: said.statuses(view),
    lambda: closing.waiting_long(view),
    lambda: said.answer_age(view),
    lambda: closing.settling(view),
    lambda: closing.accepted_by_topic(view),
    lambda: closing.accepted_by_segment(view, desk.segments(voices.predicate(view))),
    lambda: closing.satisfied(view),
    lambda: closing.themes(view, themes, pieces),
]

board.draw(
    "feedback",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=effects.question(view, desk.stamp, drawn, themes),
    on_export=on_export(record),
    about=about(view),
)
voices.draw(view, desk, record)
opened = voices.opened(view, desk)
if opened:
    voiceforms.edit(view, desk, opened)
said_and_done(view, desk.rows)
voiceforms.new(view, desk, view.as_of)
voicesheets.draw(desk)
meetings.draw(view, desk)
meetings.themes(desk, themes)
