"""What a newcomer reads is plain and true: alerts that filters do not reach, empty pages, words of the field."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics.filters import EVERY, Filters, read
from analytics.metrics import METRICS
from data.store import Snapshot
from ui import alerts
from ui.figures import key_figures
from ui.frame import View

YEAR = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))


@pytest.fixture
def year(analyst: Snapshot) -> View:
    return View(analyst, YEAR)


def narrowed(view: View, **kept: str) -> View:
    """Narrow a view."""
    filters = view.filters
    for dimension, code in kept.items():
        filters = filters.keeping(dimension, (code,))
    return View(view.source, filters)


def test_all_keeps_all_without_a_notice(analyst: Snapshot) -> None:
    for word in (EVERY, "ALL", "all,ELE"):
        reading = read({"center": word}, analyst.labels)
        assert (reading.filters.centers, reading.notices) == ((), ())


def test_an_alert_says_which_filter_does_not_narrow_it(year: View, analyst: Snapshot) -> None:
    view = narrowed(year, port="2704")
    rows = alerts.found(view, analyst)
    apart = {name for name in rows["metric"] if "port" not in METRICS[name].dimensions}
    assert apart
    assert rows.height > len(apart)
    for name in rows["metric"]:
        assert alerts.untouched(view, name) == (" (whatever the port of entry)" if name in apart else "")
        assert alerts.untouched(year, name) == ""
    page = alerts.page(view, rows)
    assert page.count("whatever the port of entry") == rows.filter(pl.col("metric").is_in(apart)).height
    # What is said to be untouched is: without the filter the same alerts of these metrics come.
    every = alerts.found(year, analyst).filter(pl.col("metric").is_in(apart))
    assert every["words"].to_list() == rows.filter(pl.col("metric").is_in(apart))["words"].to_list()


def test_what_just_opened_is_not_told_in_thousands_of_per_cent(analyst: Snapshot) -> None:
    opened = dict(analyst.dimension("center").drop_nulls("opened_date").select("center_code", "opened_date").iter_rows())
    said = []
    for code, day in opened.items():
        filters = Filters(day, min(day + dt.timedelta(days=364), analyst.as_of)).keeping("center", (code,))
        figures = key_figures(View(analyst, filters), ["entry_summaries", "completions", "import_value_usd"])
        said += [(figure.change or "", figure.against) for figure in figures]
    assert ("new", "none a year earlier") in said
    for change, against in said:
        if change.endswith("%"):
            assert float(change.rstrip("%").replace(",", "")) <= 200
            assert against.startswith("vs a year earlier")
        elif change.startswith("from "):
            assert against == "a year earlier"
