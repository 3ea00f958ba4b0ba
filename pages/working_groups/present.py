"""Present: a story of cards, full screen with large type, and the same story as slides, brief, workbook and CSV."""

from analytics.scope import Scope
from data.journal import exporter, feedback_desk
from data.store import Snapshot
from ui import board, presenting, session, stories
from ui.board.seen import Question
from ui.exports import MARKING
from ui.frame import headline, on_export
from ui.signals import of_released

snapshot = Snapshot(session.guard(), session.cited_version())
record = exporter(snapshot.scope)
choice = presenting.choose(snapshot.scope.role)

# What is safe for working groups is read as a working group reads it, whoever presents.
safe = presenting.safe(snapshot.scope.role)
reader = Snapshot(Scope("working_group"), snapshot.version) if safe else snapshot
released = reader.released() if safe else None
edition = released.edition if released else None
desk = feedback_desk(reader, live=session.cited_version() is None)
shown = presenting.open_story(
    choice, reader if released is None else released, desk, None if released is None else released.cells, snapshot.marking or MARKING
)

headline(shown.title, shown.room.view, presenting.sentence(shown), cited=presenting.cited(shown))
presenting.show(shown, record)
board.draw(
    "present",
    lambda: stories.figures(choice.story, shown.room),
    shown.cards,
    shown.stamp,
    question=Question(snapshot.version, reader.scope, shown.room.view.filters, (choice.id, choice.story.pieces, edition, desk.stamp)),
    on_export=on_export(record),
    about=of_released,
)
