"""Work list: the open items, in the order in which doing nothing changes a legal right; one of them opened."""

from analytics import worklist as items
from data.journal import exporter
from data.store import Snapshot
from ui import board, item, records, session, worklist
from ui.frame import headline, open_view

snapshot = Snapshot(session.guard(), session.cited_version())
view = records.own_centers(open_view(snapshot, ["center", "industry", "port", "program", "work_type"], period=False), "Open items")
record = exporter(snapshot.scope)

listed = worklist.kept(view, snapshot)
headline(worklist.title(listed), view, worklist.sentence(view))
board.draw("work_list", lambda: worklist.figures(view, listed), [], view.stamp())
window, search = worklist.controls(listed)
worklist.draw(view, items.narrowed(listed, window, search), record)
item.detail(view, snapshot, listed)
