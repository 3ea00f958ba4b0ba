"""What a newcomer reads is plain and true: alerts that filters do not reach, empty pages, words of the field."""

from __future__ import annotations

import datetime as dt
import json
import random

import polars as pl
import pytest

from analytics import format
from analytics.__main__ import main as command
from analytics.exc import QueryError
from analytics.filters import EVERY, Filters, read
from analytics.metrics import METRICS
from data.store import Snapshot
from ui import alerts
from ui.board import Card, Way, payload
from ui.cards import account_volume, processed
from ui.cards.reasons import reason
from ui.cards.shared import empty
from ui.figures import key_figures
from ui.frame import View
from ui.signals import about, label

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
    # At the foot of a card as on a figure: a card of all imports must not seem to say it of them.
    card = Card("a", "T", "S", "T", None, pl.DataFrame(), (), (share.id, "entry_summaries"))
    assert about(view)([card])[0][0].name == label(view, share)
    assert label(narrowed(year, center="PORT"), share) == share.name
    assert label(View(year.source, year.filters.keeping("center", ("PHC", "ELE"))), share) == "The chosen Centers, of all import value"
    assert label(view, METRICS["import_value_usd"]) == "Import value"
    mine, whole = view.ask("import_value_usd")["value"][0], year.ask("import_value_usd")["value"][0]
    assert view.ask(share.id)["value"][0] == pytest.approx(mine / whole)


def followed(view: View, way: Way) -> View:
    """Follow the step out of an empty card as the browser does: other parameters, read again."""
    reading = read(view.filters.to_query() | dict(way.change), view.source.labels)
    assert reading.notices == ()
    return View(view.source, reading.filters)


def test_a_center_that_was_not_open_yet_is_said_with_the_day_and_the_way_there(year: View, analyst: Snapshot) -> None:
    opened = dict(analyst.dimension("center").drop_nulls("opened_date").select("center_code", "opened_date").iter_rows())
    early = View(analyst, Filters(dt.date(2010, 10, 1), dt.date(2010, 12, 31)))
    for code, day in opened.items():
        if not early.end < day <= analyst.as_of:
            continue
        view = narrowed(early, center=code)
        words, way = reason(view, "receipts")
        assert words == f"{view.label('center', code)} opened on {format.date(day)}, after this period."
        assert way is not None
        there = followed(view, way)
        assert (there.filters.from_date, there.filters.to_date) == (day, analyst.as_of)
        assert there.ask("receipts")["value"][0] > 0
    late = [code for code, day in opened.items() if day > early.end]
    both = View(analyst, early.filters.keeping("center", late))
    assert reason(both, "receipts")[0].startswith("None of the chosen Centers was open in this period; the first, ")


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("probe", ["entry_summaries", "receipts", "pending", "inquiries"])
def test_the_way_out_of_an_empty_card_leads_to_what_it_says(analyst: Snapshot, seed: int, probe: str) -> None:
    draw = random.Random(seed)
    start = analyst.first_date + dt.timedelta(days=draw.randrange(0, 1000))
    filters = Filters(start, min(start + dt.timedelta(days=draw.randrange(0, 20)), analyst.as_of))
    for dimension in ("center", "industry", "port", "program"):
        if draw.random() < 0.6:
            filters = filters.keeping(dimension, (draw.choice(list(analyst.labels[dimension])),))
    view = View(analyst, filters)
    here = int(view.ask(probe)["n"].sum() or 0)
    words, way = reason(view, probe)
    assert words.endswith(".")
    if here:
        assert format.count(here) in words
        assert way is None or followed(view, way).ask(probe)["n"].sum() > here
        return
    assert way is not None, "some step always leads to the demonstration's data"
    there = int(followed(view, way).ask(probe)["n"].sum() or 0)
    assert there > 0
    if "there is" in words or "there are" in words:
        assert f"{format.count(there)} " in words.split("there ")[1]
        assert words.split("there ")[1].rstrip(".").split(" ", 2)[2] in {
            "entry summary", "entry summaries", "review received", "reviews received", "pending review", "pending reviews", "inquiry", "inquiries",
        }  # fmt: skip


def test_an_empty_card_carries_its_way(year: View) -> None:
    card = empty(
        narrowed(View(year.source, Filters(dt.date(2011, 1, 1), dt.date(2011, 3, 31))), center="TAF"), "x", "Nothing waits", "pending"
    )
    written = json.loads(payload([], [card], year.stamp(), can_export=True, plotly_url=""))["cards"][0]
    assert written["empty"] == "Textiles & Footwear opened on 3 Jun 2013, after this period."
    assert written["way"] == {"label": "Show the time from 3 Jun 2013", "change": {"from": "2013-06-03", "to": "2013-09-30"}}
