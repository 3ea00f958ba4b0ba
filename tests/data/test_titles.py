"""Titles are true: under random filters, each claim of a title is worked out again from the rows of its own table."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import polars as pl
import pytest

from analytics import format
from analytics.filters import Filters
from analytics.scope import Scope
from data.store import Snapshot
from ui import pagetitles
from ui.board import Card
from ui.cards import compliance, voices, volume, workload
from ui.figures import key_figure
from ui.frame import View

SEEDS = range(24)


def _filters(seed: int, view: Snapshot) -> Filters:
    """Draw filters as readers do: mostly a few, now and then one that leaves nothing."""
    draw = random.Random(seed)
    start = dt.date(2010, 10, 1) + dt.timedelta(days=draw.randrange(0, 900))
    end = min(start + dt.timedelta(days=draw.randrange(20, 500)), view.as_of)
    if draw.random() < 0.6:
        start, end = start.replace(day=1), (end.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        end = min(end, view.as_of)
    filters = Filters(start, end)
    for dimension in ("center", "industry", "port", "program"):
        if draw.random() < 0.3:
            known = list(view.labels[dimension])
            filters = filters.keeping(dimension, draw.sample(known, draw.randrange(1, min(6, len(known)))))
    return filters


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    return View(analyst, _filters(request.param, analyst))


@pytest.fixture
def year(analyst: Snapshot) -> View:
    return View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30)))


def shares(title: str) -> list[str]:
    return re.findall(r"[<>]?[\d.]+%", title)


def drawn(card: Card) -> bool:
    """Say whether there is a chart; a card without one says why and what to do."""
    assert len(card.title) > 10
    assert "None" not in card.title.replace("None of ", "")
    assert "nan" not in card.title.lower().split()
    if card.empty:
        assert card.chart is None
        assert len(card.empty) > 20
        return False
    assert card.chart is not None
    assert card.chart_narrow is not None
    assert card.table.height > 0
    assert {column.name for column in card.columns} <= set(card.table.columns)
    assert card.alt
    return True


def whole_month(day: dt.date) -> bool:
    """Say whether a day ends its month."""
    return (day + dt.timedelta(days=1)).day == 1


def test_share_of_centers(view: View) -> None:
    card = volume.share_by_center(view)
    if drawn(card):
        best = card.table.sort("value", descending=True).row(0, named=True)
        assert card.title.startswith(best["label"])
        assert shares(card.title) == [format.share(best["value"])]
        assert ("most of any" in card.title) == (card.table.height > 1)


def test_industries(view: View) -> None:
    card = volume.by_industry(view)
    if drawn(card):
        best = card.table.sort("value", descending=True).row(0, named=True)
        assert card.title.startswith(best["label"])
        assert shares(card.title)[0] == format.share(best["value"] / card.table["value"].sum())
        if " is up " in card.title or " above a year" in card.title:
            assert best["value"] > best["earlier"]


def test_ports(view: View, analyst: Snapshot) -> None:
    card = volume.port_map(view, analyst.dimension("port"))
    if drawn(card) and card.table.height > 1:
        values = card.table["value"].sort(descending=True)
        assert shares(card.title)[0] == format.share(values.head(5).sum() / values.sum())
        assert f"of {card.table.height:,}" in card.title
        assert card.title.endswith(f"{card.table.sort('value', descending=True)['name'][0]} leads")


def test_backlog_by_center(view: View) -> None:
    card = workload.backlog_by_center(view)
    if drawn(card):
        last = card.table.sort("month").group_by("label").last()
        worst = last["share"].max()
        assert format.share(worst) in shares(card.title)
        named = last.filter(pl.col("share") == worst)["label"].to_list()
        assert any(name in card.title for name in named)
        if card.title.startswith("At "):
            assert int(card.title.split()[1]) == last.filter(pl.col("share") > 0.5).height


def test_ages(view: View) -> None:
    card = workload.ages(view)
    if drawn(card):
        old = card.table.filter(pl.col("age").is_in(["181–270", "271–314", "315–365", "Over 365"]))["reviews_count"].sum()
        year_old = card.table.filter(pl.col("age") == "Over 365")["reviews_count"].sum()
        assert shares(card.title)[0] == format.share(old / card.table["reviews_count"].sum())
        assert (f"; {year_old:,} {'has' if year_old == 1 else 'have'} waited" in card.title) == (year_old > 0)
        assert card.table["reviews_count"].sum() == view.ask("pending")["value"].sum()


def test_flow(view: View) -> None:
    card = workload.flow(view)
    if drawn(card):
        assert card.table["month"].to_list() == pl.date_range(card.table["month"].min(), view.end, "1mo", eager=True).to_list()
        months = card.table.filter(~pl.col("provisional")).tail(12)
        if months.is_empty():
            assert "still being reported" in card.title
            return
        difference = months["receipts"].sum() - months["completions"].sum()
        assert (f"{abs(difference):,} {'more' if difference > 0 else 'fewer'}" in card.title) or difference == 0
        assert f"receipts led in {months.filter(pl.col('receipts') > pl.col('completions')).height} of them" in card.title
        # Where the period of the figures is other months, both clearance rates are said with theirs.
        same = months["month"][0] == view.filters.from_date and view.end.month == months["month"][-1].month and whole_month(view.end)
        rate = view.ask("clearance_rate")["value"][0]
        both = rate is not None and months["receipts"].sum() > 0 and not same
        assert ("Clearance rate" in card.note) == both
        if both:
            own = months["completions"].sum() / months["receipts"].sum()
            assert f"Clearance rate {format.ratio(own)} in the months of the title, {format.month(months['month'][0])} to " in card.note
            assert f"; {format.ratio(rate)} from {format.date(view.filters.from_date)} to {format.date(view.end)}, " in card.note


def test_due(view: View) -> None:
    card = workload.due(view)
    if drawn(card):
        assert card.table["reviews_count"].min() >= 0
        assert card.title.startswith(f"{card.table['reviews_count'][0]:,} review")
        assert card.table["reviews_count"][0] == view.ask("past_due")["value"].sum()


@pytest.mark.parametrize("dimension", ["center", "port"])
def test_pending(view: View, dimension: str) -> None:
    card = workload.pending_by(view, dimension)
    if drawn(card):
        best = card.table.sort("value", descending=True).row(0, named=True)
        assert shares(card.title)[0] == format.share(best["value"] / card.table["value"].sum())
        if " is up" in card.title or " above a year" in card.title:
            assert best["value"] > best["earlier"]
        if " is down" in card.title or " below a year" in card.title:
            assert best["value"] < best["earlier"]


def test_compliance_over_time(view: View, analyst: Snapshot) -> None:
    card = compliance.over_time(view, analyst.targets())
    if drawn(card):
        settled = card.table.drop_nulls("value").filter(pl.col("quality") == "ok")
        rows = settled if settled.height else card.table.drop_nulls("value")
        last, first = rows.row(-1, named=True), card.table.drop_nulls("value").row(0, named=True)
        assert card.title.startswith(f"{format.share(last['value'])} of lines had no major discrepancy in {last['quarter']}")
        if "clearly more" in card.title:
            assert last["low"] > first["high"]
        if "clearly less" in card.title:
            assert last["high"] < first["low"]


@pytest.mark.parametrize("dimension", ["industry", "program", "center"])
def test_compliance_by_part(view: View, analyst: Snapshot, dimension: str) -> None:
    targets = analyst.targets()
    card = compliance.by_dimension(view, dimension, targets)
    if drawn(card):
        known = card.table.drop_nulls("value").sort("value", "label")
        assert known["label"][0] in card.title
        target = compliance.target_of(view, compliance.RATE, targets)
        assert target is not None
        below = known.filter(pl.col("high") < target).height
        assert card.title[0].isdigit() == (below > 0)
        if below:
            assert int(card.title.split()[0].replace(",", "")) == below


def test_categories(view: View) -> None:
    card = compliance.categories(view)
    if drawn(card):
        most = card.table["found_count"].max()
        assert shares(card.title) == [format.share(most / card.table["found_count"].sum())]
        tied = card.table.filter(pl.col("found_count") == most)["label"].to_list()
        assert ("are each" in card.title) == (len(tied) > 1)
        if len(tied) <= 3:
            assert all(label in card.title for label in tied)
        else:
            assert card.title.startswith(f"{len(tied)} categories are each behind ")


def test_ports_alone_are_not_called_centers(analyst: Snapshot) -> None:
    view = View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), centers=("PORT",)))
    whole = view.ask("import_value_usd", filters=view.filters.keeping("center", ()))["value"][0]
    assert pagetitles.overview(view).startswith(f"Ports process {format.share(view.ask('import_value_usd')['value'][0] / whole)}")
    assert key_figure(view, "center_value_share").value == "0.0%"
    assert not drawn(volume.share_by_center(view))


@pytest.mark.parametrize("title", [pagetitles.overview, pagetitles.workload, pagetitles.compliance, pagetitles.feedback])
def test_page_titles_hold_under_every_filter(view: View, title: object) -> None:
    words = title(view)  # type: ignore[operator]
    assert len(words) > 10
    assert "None" not in words
    assert "nan" not in words.lower().split()


def test_voices(year: View) -> None:
    for make in (voices.topics, voices.statuses, voices.answer_age):
        assert drawn(make(year))
    topics = voices.topics(year)
    sums = topics.table.group_by("topic_label").agg(pl.col("feedback_count").sum()).sort("feedback_count", descending=True)
    assert f"{sums['feedback_count'][0]:,} times" in topics.title
    assert sums["feedback_count"].sum() == year.ask("feedback_received")["value"][0]


def test_a_year_of_everything_draws_every_card(year: View, analyst: Snapshot) -> None:
    targets = analyst.targets()
    cards = [
        volume.share_by_center(year), volume.by_industry(year), volume.port_map(year, analyst.dimension("port")),
        volume.unassigned(year, analyst.unassigned()), workload.backlog_by_center(year), workload.ages(year), workload.flow(year),
        workload.due(year), workload.pending_by(year, "center"), workload.pending_by(year, "port"),
        compliance.over_time(year, targets), compliance.by_dimension(year, "industry", targets), compliance.by_dimension(year, "program", targets),
        compliance.categories(year),
    ]  # fmt: skip
    assert all(drawn(card) for card in cards)


@pytest.mark.parametrize("scope", [Scope("leadership"), Scope("director", ("ELE",))], ids=lambda scope: scope.role_id)
def test_every_role_can_draw_its_cards(store: Path, scope: Scope) -> None:
    view = View(Snapshot(scope, home=store / "published"), Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30)))
    for card in (workload.ages(view), workload.flow(view), workload.due(view), workload.backlog_by_center(view)):
        assert drawn(card)
    figure = key_figure(view, "pending")
    assert figure.value == format.count(view.ask("pending")["value"][0])


def test_a_change_within_both_intervals_is_not_called_good_or_bad(year: View) -> None:
    figure = key_figure(year, "compliance_rate_major")
    told = figure.signal.startswith({"up": "improving", "down": "concern"}.get(figure.direction, "-"))
    now, before = (
        year.ask("compliance_rate_major").row(0, named=True),
        year.ask("compliance_rate_major", filters=year.earlier).row(0, named=True),
    )
    meet = now["low"] <= before["high"] and before["low"] <= now["high"]
    assert (figure.meaning == "neutral") == (meet or not told)
    assert ("may be chance" in figure.against) == meet
