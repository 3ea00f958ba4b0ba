"""What the plain apps of the page benchmark share: their question, and the eight charts as Plotly Express draws them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import plotly.express as px
import plotly.graph_objects as go

from analytics import periods, standards

YEARS = {"Fiscal year 2013": 2013, "Fiscal year 2012": 2012}
AGES = list(standards.AGE_LABELS)
WINDOWS = ["Past due", "Next 7 days", "Days 8–14", "Days 15–30"]

#: Key figures: id and words.
FIGURES = {
    "entry_summaries": "Entry summaries",
    "import_value_usd": "Import value",
    "center_value_share": "Share of value at Centers",
    "backlog": "Backlog",
    "past_due": "Past due",
}


def home() -> Path:
    """Folder of the benchmark's own copy of the facts."""
    return Path(os.environ["CENTERLINE_HOME"]) / "plain"


def span(year: int) -> tuple[dt.date, dt.date]:
    """First and last day of a fiscal year."""
    return dt.date(year - 1, 10, 1), dt.date(year, 9, 30)


def month_ends(end: dt.date) -> list[dt.date]:
    """The last days of the 13 months up to a day."""
    return [periods.months_back(end, back - 1) - dt.timedelta(days=1) if back else end for back in range(12, -1, -1)]


def charts(tables: dict[str, Any], year: str) -> list[go.Figure]:
    """Draw the eight charts from tables (Polars or pandas) as Plotly Express does out of the box."""
    small = {"height": 360, "margin": {"l": 10, "r": 10, "t": 30, "b": 10}, "meta": year}
    figures = [
        px.line(tables["backlog_centers"], x="month", y="share", facet_col="center", facet_col_wrap=3),
        # Without the land, whose outline Plotly would fetch from elsewhere: less to draw than the product's map.
        px.scatter(tables["ports"], x="longitude", y="latitude", size="value", hover_name="port"),
        px.bar(tables["center_share"], x=["value", "earlier"], y="center", barmode="group", orientation="h"),
        px.bar(tables["industries"], x=["value", "earlier"], y="industry", barmode="group", orientation="h"),
        px.line(tables["flow"], x="month", y=["receipts", "completions"]),
        px.density_heatmap(tables["ages"], x="age", y="work_type", z="count", text_auto=True),
        px.bar(tables["due"], x="count", y="window", orientation="h", text_auto=True),
        px.bar(tables["pending_center"], x=["value", "earlier"], y="center", barmode="group", orientation="h"),
    ]
    return [figure.update_layout(**small) for figure in figures]


def written(numbers: dict[str, float]) -> list[str]:
    """Write the key figures."""
    kinds = {"import_value_usd": "${:,.0f}", "center_value_share": "{:.1%}"}
    return [kinds.get(name, "{:,.0f}").format(numbers[name]) for name in FIGURES]
