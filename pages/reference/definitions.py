"""Definitions: what every number means, how it is computed and which code computes it."""

from data.store import Snapshot
from ui import session
from ui.frame import plain_headline
from ui.lists import clock_rules, definitions

snapshot = Snapshot(session.guard(), session.cited_version())

plain_headline("What every number means", snapshot)
definitions()
clock_rules()
