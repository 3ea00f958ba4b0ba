"""Titles of the director's desk are true: each claim is worked out again from the rows of its own table, under random filters."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics import format
from analytics.filters import Filters
from data.store import Snapshot
from tests.data.test_titles import _filters, drawn
from ui import provisional
from ui.cards import desk
from ui.frame import View

SEEDS = range(24)


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    return View(analyst, _filters(request.param, analyst))


def test_at_stake(view: View) -> None:
    card = desk.at_stake(view)
    if drawn(card):
        late, week = card.table.row(0, named=True), card.table.row(1, named=True)
        assert card.title.startswith(f"{format.usd(late['value_usd'])} of value and {format.usd(late['duty_usd'])} of duty are past due")
        assert card.title.endswith(f"{format.usd(week['duty_usd'])} of duty more falls due within 7 days")
        assert late["reviews_count"] == view.ask("past_due")["value"][0]


def test_by_type(view: View) -> None:
    card = desk.by_type(view)
    if drawn(card):
        assert card.title.startswith(f"{card.table['backlog'].sum():,} of {card.table['pending'].sum():,} pending review")
        assert card.table["pending"].sum() == view.ask("pending")["value"][0]
        assert card.table["backlog"].sum() == view.ask("backlog")["value"][0]
        if "has most" in card.title:
            most = card.table.filter(pl.col("backlog") == card.table["backlog"].max())["label"].to_list()
            assert any(f"; {name} has most" in card.title for name in most)


def test_weeks(view: View) -> None:
    card = desk.weeks(view)
    if drawn(card):
        rows = {row["label"]: row for row in card.table.iter_rows(named=True)}
        if rows["Pending reviews"]["before"] is None:
            assert card.title == "This week, with no week before to compare"
            return
        ids = {"Past due": "past_due", "Backlog": "backlog", "Pending reviews": "pending"}
        up = [
            name
            for name, metric in ids.items()
            if (rows[name]["now"] or 0) > (rows[name]["before"] or 0)
            # A rise that completions not reported yet could undo is none.
            and not provisional.of_metric(view, metric).hides(rows[name]["now"], rows[name]["before"])
        ]
        assert ("Nothing that should fall is clearly up" in card.title) == (not up)
        assert all(name.lower() in card.title for name in up)
        end = min(view.end, view.as_of)
        week = Filters(end - dt.timedelta(days=6), end, **{k: v for k, v in view.filters.__dict__.items() if not k.endswith("_date")})
        assert rows["Receipts"]["now"] == view.ask("receipts", filters=week)["value"][0]


def test_two_views(view: View) -> None:
    card = desk.two_views(view)
    if drawn(card):
        whole = view.filters.keeping("center", ())
        pending = view.ask("pending", filters=whole)["value"][0]
        inner = card.table.filter((pl.col("holder") != "All holders") & (pl.col("place") != "All ports"))
        assert inner["value"].sum() == pending
        for side, sums in (("holder", "All ports"), ("place", "All holders")):
            other = "place" if side == "holder" else "holder"
            edge = dict(card.table.filter(pl.col(other) == sums).select(side, "value").iter_rows())
            parts = dict(inner.group_by(side).agg(pl.col("value").sum()).iter_rows())
            assert {name: edge[name] for name in parts} == parts
        assert f"{pending:,} pending review" in card.title
        if view.filters.centers:
            assert f" {view.ask('pending')['value'][0]:,} of the " in card.title
        assert "difference 0" in card.note


@pytest.mark.parametrize("centers", [(), ("ELE",), ("PORT",), ("ELE", "PHC"), ("ELE", "PHC", "AUT")])
def test_two_views_name_who_was_chosen(analyst: Snapshot, centers: tuple[str, ...]) -> None:
    view = View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), centers=centers))
    card = desk.two_views(view)
    assert drawn(card)
    holders = card.table["holder"].unique(maintain_order=True).to_list()
    assert holders[-1] == "All holders"
    if centers and len(centers) < 3:
        assert holders[: len(centers)] != []
        assert set(holders[: len(centers)]) == {view.label("center", code) for code in centers}
    title = desk.where_it_is(view).title
    assert ("goods entered at" in title) == (len(centers) == 1)
