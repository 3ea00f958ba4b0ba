"""Overview: what the nine Centers process, where it enters, what is waiting and how compliant it is."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.cards import compliance, volume, workload
from ui.figures import key_figures
from ui.frame import headline, kept, on_export, open_view
from ui.lists import pending_accounts
from ui.pagetitles import overview as title
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program"])

names = ("entry_summaries", "import_value_usd", "center_value_share", "backlog", "compliance_rate_major")
cards = [
    lambda: workload.backlog_by_center(view),
    lambda: volume.port_map(view, snapshot.dimension("port")),
    lambda: volume.share_by_center(view),
    lambda: volume.by_industry(view),
    lambda: compliance.over_time(view, snapshot.targets()),
    lambda: volume.unassigned(view, snapshot.unassigned()),
]

headline(kept(title, view), view)
board.draw(
    "overview",
    lambda: key_figures(view, names),
    cards,
    view.stamp(),
    question=view.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
if snapshot.scope.role.names == "all":
    pending_accounts(view, snapshot.accounts())
