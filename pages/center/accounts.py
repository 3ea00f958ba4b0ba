"""Accounts: who the Center's work is for, who needs attention, who drifts, and who belongs elsewhere; one of them opened."""

from data.journal import exporter
from data.store import Snapshot
from ui import accounts, board, session
from ui.cards import account_volume
from ui.cards import accounts as cards
from ui.frame import headline, on_export, open_view
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = accounts.own_view(open_view(snapshot, ["center"]))
record = exporter(snapshot.scope)

listed = accounts.kept(view, snapshot)
headline(accounts.title(listed), view)
board.draw(
    "accounts",
    lambda: accounts.figures(view, listed, snapshot.accounts(), snapshot.unassigned()),
    [
        lambda: cards.attention(view, listed),
        lambda: account_volume.month(view),
        lambda: cards.largest(view, listed),
        lambda: cards.drifting(view, listed),
        lambda: cards.fit(view, listed),
        lambda: account_volume.outside(view, snapshot.segments()),
        lambda: cards.off_industry(view, snapshot.dimension("industry")),
        lambda: cards.events(view, snapshot.assignment_events()),
    ],
    view.stamp(),
    question=view.question,
    on_export=on_export(record),
    about=about(view),
)
standing, search = accounts.controls()
accounts.draw(view, accounts.narrowed(listed, search, standing=standing), record)
accounts.detail(view, snapshot)
