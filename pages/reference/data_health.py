"""Data health: which data these are, what was loaded and refused, and whether everything adds up."""

from data.store import Snapshot
from ui import session
from ui.frame import plain_headline
from ui.lists import identities, loads, quarantine, versions
from ui.pagetitles import data_health as title

snapshot = Snapshot(session.guard())

plain_headline(title(snapshot.identities()), snapshot)
versions(snapshot)
identities(snapshot.identities())
loads(snapshot.loads())
quarantine(snapshot.rejects() if snapshot.scope.role.rows == "all" else None)
