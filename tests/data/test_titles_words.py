"""What a newcomer reads is plain and true: alerts that filters do not reach, empty pages, words of the field."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics.__main__ import main as command
from analytics.exc import QueryError
from analytics.filters import EVERY, Filters, read
from analytics.metrics import METRICS
from data.store import Snapshot
from ui import alerts
from ui.cards import account_volume, processed
from ui.figures import key_figures, label
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


@pytest.mark.parametrize("metric_id", ["eligible_not_in_center_usd", "eligible_not_in_center_share"])
def test_what_has_no_center_is_not_cut_by_one(year: View, capsys: pytest.CaptureFixture[str], metric_id: str) -> None:
    assert command([metric_id, "--center", "PHC"]) == 2
    refused = capsys.readouterr().err
    assert "leave --center out" in refused
    assert "narrow it by industry" in refused
    assert command([metric_id, "--by", "center"]) == 2
    assert "cannot be shown by center" in capsys.readouterr().err
    with pytest.raises(QueryError, match="has no Center"):
        METRICS[metric_id].answer(year.frames, narrowed(year, center="PHC").filters, year.as_of, ())
    whole = year.ask(metric_id)["value"][0]
    assert whole > 0
    assert narrowed(year, center="PHC").ask(metric_id)["value"][0] == whole, "a page leaves the Center out instead of answering 0"


def test_two_numbers_of_eligible_value_say_how_they_differ(year: View, analyst: Snapshot) -> None:
    view = narrowed(year, center="PHC")
    routed = processed.eligible(view, analyst.dimension("industry"))
    listed = account_volume.outside(view, analyst.segments())
    assert not routed.empty
    assert not listed.empty
    assert "in entries that a port processed, by industry, whoever has the account" in routed.subtitle
    assert "Accounts shows another number" in routed.note
    assert "each account whole, by where it stands now" in listed.subtitle
    assert "Routing counts entries instead" in listed.note
    goods = analyst.dimension("industry").filter(center_code="PHC")["industry_code"].to_list()
    asked = year.filters.keeping("industry", goods)
    assert routed.table["value"].sum() == pytest.approx(year.ask("eligible_not_in_center_usd", filters=asked)["value"][0])


def test_the_share_of_one_center_is_named_as_of_all_imports(year: View) -> None:
    share = METRICS["center_value_share"]
    view = narrowed(year, center="PHC")
    assert label(year, share) == share.name == "Share processed by Centers"
    assert label(view, share) == "Pharma & Chemicals, of all import value"
    assert label(narrowed(year, center="PORT"), share) == share.name
    assert label(View(year.source, year.filters.keeping("center", ("PHC", "ELE"))), share) == "The chosen Centers, of all import value"
    assert label(view, METRICS["import_value_usd"]) == "Import value"
    mine, whole = view.ask("import_value_usd")["value"][0], year.ask("import_value_usd")["value"][0]
    assert view.ask(share.id)["value"][0] == pytest.approx(mine / whole)
