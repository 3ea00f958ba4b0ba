"""Data health: can these data be believed, how did past months move, is everything there, and who should do what about it."""

from analytics import quality
from data.store import Snapshot
from ui import health, session
from ui.frame import plain_headline
from ui.lists import identities, loads, quarantine, versions
from ui.pagetitles import data_health as title

snapshot = Snapshot(session.guard(), session.cited_version())
checks = snapshot.health()
analyst = snapshot.scope.role.rows == "all"

plain_headline(title(checks), snapshot)
health.checks(checks)
health.revisions(snapshot.known_then())
health.vanished(snapshot.vanished() if analyst else None)
health.completeness(quality.completeness(snapshot.frames, snapshot.as_of), snapshot.labels["port"])
quarantine(snapshot.rejects() if analyst else None)
identities(snapshot.identities())
versions(snapshot)
loads(snapshot.loads())
