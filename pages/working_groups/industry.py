"""Industry view: what working groups may see, from the release alone, whoever reads it."""

from data.journal import exporter
from data.store import Snapshot
from ui import board, session
from ui.board.seen import Question
from ui.cards import industry, industry_rates
from ui.frame import headline, on_export, open_view
from ui.presenting import whole_months
from ui.signals import of_released

snapshot = Snapshot(session.guard(), session.cited_version())
released = snapshot.released()
view = whole_months(open_view(released, ["center"]))

cards = [
    lambda: industry.over_time(view, released.cells),
    lambda: industry.by_center(view, released.cells, "pending"),
    lambda: industry.by_center(view, released.cells, "entry_summaries"),
    lambda: industry.by_center(view, released.cells, "import_value_usd"),
    lambda: industry_rates.over_time(view, released.cells, "sampled_without_major_share"),
    lambda: industry_rates.by_center(view, released.cells, "sampled_without_any_share"),
    lambda: industry.by_district(view, released.cells),
    lambda: industry.withheld(released.cells),
]

headline(industry.headline(view, released.cells), view)
board.draw(
    "industry",
    lambda: industry.figures(view, released.cells),
    cards,
    view.stamp(),
    question=Question(snapshot.version, snapshot.scope, view.filters, released.edition),
    on_export=on_export(exporter(snapshot.scope)),
    about=of_released,
)
