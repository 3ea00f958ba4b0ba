"""Titles of the director's desk are true: each claim is worked out again from the rows of its own table, under random filters."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics import format, standards
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
            most = card.table.filter(pl.col("backlog") == card.table["backlog"].max()).iter_rows(named=True)
            assert any(card.title.endswith(f"; {row['label']} has most, {row['backlog']:,} of its {row['pending']:,}") for row in most)
        for row in card.table.iter_rows(named=True):
            assert row["share"] == (row["backlog"] / row["pending"] if row["pending"] else None)
            assert row["standard"] == standards.STANDARD_DAYS[row["work_type"]]


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
        ends = {"now": end, "before": end - dt.timedelta(days=7), "year": end.replace(year=end.year - 1, day=min(end.day, 28))}
        if end.day > 28:
            ends["year"] = dt.date(end.year - 1, end.month, end.day) if (end.month, end.day) != (2, 29) else ends["year"]
        heads = {column.name: column.label for column in card.columns}
        for name, day in ends.items():
            assert heads[name] == f"Week to {format.date(day)}"
            week = view.filters.between(day - dt.timedelta(days=6), day)
            for label, metric in {**ids, "Receipts": "receipts", "Completions": "completions"}.items():
                known = day - dt.timedelta(days=6) >= view.source.first_date
                assert rows[label][name] == (view.ask(metric, filters=week)["value"][0] if known else None), (label, name)


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
        # The ports that are named are those with most of what the chosen holders have, most first; the others are summed.
        held = view.ask("pending", "port", filters=view.filters if view.filters.centers else whole)
        if held["value"].sum():
            named = card.table["place"].unique(maintain_order=True).to_list()[:-1]
            worth = {view.label("port", port): value for port, value in held.select("port", "value").iter_rows()}
            values = [worth[place] for place in named if place in worth]
            assert values == sorted(worth.values(), reverse=True)[: len(values)]
            assert len(values) >= min(7, sum(value > 0 for value in worth.values()))
        if view.filters.centers:
            rest = dict(view.ask("pending", "center", filters=whole).select("center", "value").iter_rows())
            port = rest.get("PORT", 0) if "PORT" not in view.filters.centers else None
            sums = dict(card.table.filter(place="All ports").select("holder", "value").iter_rows())
            if port is not None:
                assert sums.get("Port", 0) == port
            assert sums.get("Other Centers", 0) == sum(v for c, v in rest.items() if c not in (*view.filters.centers, "PORT"))


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
