"""Forecast: what is likely to come in, when pending is down to its level, and what other staffing would change."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, forecasting, session, whatif
from ui.cards import forecast
from ui.cards.scorecard import scorecard
from ui.frame import headline, on_export, open_view
from ui.signals import about

snapshot = Snapshot(session.guard(), session.cited_version())
view = open_view(snapshot, ["center", "industry", "port", "program", "work_type"], period=False)

head = whatif.place()
plan = whatif.chosen(view)
with head:
    headline(forecasting.title(plan), view, forecasting.sentence(plan))

cards = [
    lambda: forecast.pending_fan(plan),
    lambda: forecast.receipts(plan),
    *([lambda: forecast.by_type(plan)] if plan.many else []),
    lambda: forecast.hours(plan),
    lambda: scorecard(plan),
]
board.draw(
    "forecast",
    lambda: forecasting.figures(plan),
    cards if plan.ready else cards[:1],
    forecasting.stamp(plan),
    question=plan.question,
    on_export=on_export(exporter(snapshot.scope)),
    about=about(view),
)
