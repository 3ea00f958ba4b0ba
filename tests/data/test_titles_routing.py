"""Titles of the Routing page are true: under random filters each claim is worked out again from the rows of its own table."""

from __future__ import annotations

import datetime as dt
import random
import re

import polars as pl
import pytest

from analytics import format
from analytics.filters import Filters
from data.store import Snapshot
from tests.data.test_titles import drawn
from ui.cards import processed, routing
from ui.frame import View

SEEDS = range(30)


def _filters(seed: int, view: Snapshot) -> Filters:
    """Draw filters as readers do: often one Center, now and then ports alone or what leaves nothing."""
    draw = random.Random(seed)
    start = dt.date(2010, 10, 1) + dt.timedelta(days=draw.randrange(0, 1000))
    end = min(start + dt.timedelta(days=draw.randrange(5, 500)), view.as_of)
    filters = Filters(start, end)
    centers = [code for code in view.labels["center"] if code != "PORT"]
    kept = draw.choice(
        [
            (),
            (),
            (draw.choice(centers),),
            (draw.choice(centers),),
            ("PORT",),
            ("PORT", draw.choice(centers)),
            tuple(draw.sample(centers, 3)),
        ]
    )
    filters = filters.keeping("center", kept)
    for dimension in ("industry", "port", "program", "entry_type", "mode"):
        if draw.random() < 0.2:
            known = list(view.labels[dimension])
            filters = filters.keeping(dimension, draw.sample(known, draw.randrange(1, min(6, len(known)))))
    return filters  # fmt: skip


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    return View(analyst, _filters(request.param, analyst))


@pytest.fixture
def year(analyst: Snapshot) -> View:
    return View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30)))


def shares(title: str) -> list[str]:
    return re.findall(r"[<>]?[\d.]+%", title)


def numbers(title: str) -> list[int]:
    """Read the whole numbers of a title, without the codes of ports and years."""
    plain = re.sub(r"\([0-9]{4}\)|[A-Z][a-z]{2} \d{4}|[<>$]?[\d.,]+[%KMBT]?(?<=[%KMBT])", "", title)
    return [int(word.replace(",", "")) for word in re.findall(r"\b\d[\d,]*\b", plain)]


def test_ports(view: View, analyst: Snapshot) -> None:
    card = routing.ports(view, analyst.dimension("center"))
    if not drawn(card):
        return
    rows = card.table
    assert rows["now"].sum() > 0
    assert rows["now_share"].sum() == pytest.approx(1)
    if rows["before_share"].null_count() or not (rows["change"] != 0).any():
        assert card.title.startswith(f"{format.share(rows['now'].max() / rows['now'].sum())} of what ")
        assert any(card.title.endswith(label) for label in rows.filter(pl.col("now") == pl.col("now").max())["label"])
        return
    now, before = rows["now"] / rows["now"].sum(), rows["before"] / rows["before"].sum()
    rows = rows.with_columns(moved=(now - before))
    clear = rows.filter((pl.col("low") > 0) | (pl.col("high") < 0))
    assert ("now sends" in card.title) == (clear.height > 0)
    pool = clear if clear.height else rows.filter(pl.col("low").is_not_null()) if rows["low"].drop_nulls().len() else rows
    most = pool.filter(pl.col("moved").abs() >= pool["moved"].abs().max() - 1e-12)  # type: ignore[operator]
    named = most.filter(pl.col("label").map_elements(lambda label: label in card.title, pl.Boolean))
    assert named.height == 1
    row = named.row(0, named=True)
    said = shares(card.title)
    if clear.height:
        assert said == [format.share(row["now_share"]), format.share(row["before_share"])]
        assert (", up from" in card.title) == (row["moved"] > 0)
        others = re.search(r"; (\d+) other port", card.title)
        assert (int(others[1]) if others else 0) == clear.height - 1
    else:
        assert said == [format.share(row["before_share"]), format.share(row["now_share"])]
        assert card.title.startswith("Too few accounts") == (rows["low"].drop_nulls().len() == 0)


def test_ports_of_one_center_are_compared_with_its_opening(analyst: Snapshot) -> None:
    view = View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), centers=("ELE",)))
    card = routing.ports(view, analyst.dimension("center"))
    assert "20 Oct 2012 to 30 Sep 2013, against its first 12 months (20 Oct 2011 to 19 Oct 2012)" in card.subtitle
    early = View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 3, 31), centers=("TAF",)))
    assert routing.ports(early, analyst.dimension("center")).title == "Textiles & Footwear opened on 3 Jun 2013, after this period"


def test_month(view: View) -> None:
    card = routing.month(view)
    if not drawn(card):
        return
    row = card.table.row(0, named=True)
    assert numbers(card.title)[0] == row["now"]
    last = min(view.end, view.as_of)
    start = last.replace(day=1)
    following = (start + dt.timedelta(days=31)).replace(day=1)
    expected = view.ask("entry_summaries", filters=view.filters.between(start, following - dt.timedelta(days=1)))["value"][0]
    assert row["now"] == expected
    heads = {column.name: column.label for column in card.columns}
    known = [name for name in ("before", "year") if row[name] is not None]
    told = card.title.split(f" in {heads['now']}", 1)[1].removeprefix(", ")
    clauses = told.split(" and ") if told else []
    assert len(clauses) == len(known)
    for name, clause in zip(known, clauses, strict=True):
        assert clause.endswith(heads[name])
        percent = format.relative_change(row["now"], row[name])
        if row["now"] and not row[name]:
            assert clause.startswith("after none in ")
        elif percent is None or percent.text == "0.0%":
            assert clause.startswith("unchanged on ")
        elif row["now"] > 3 * row[name]:
            assert clause.startswith(f"more than 3 times the {format.count(row[name])} of ")
        else:
            assert clause.startswith(f"{percent.text} {'above' if row['now'] > row[name] else 'below'} ")


def test_a_month_that_is_not_over_is_provisional_and_not_compared(analyst: Snapshot) -> None:
    class Earlier:
        """The same data on an earlier day."""

        def __init__(self) -> None:
            self.as_of = dt.date(2013, 9, 20)

        def __getattr__(self, name: str) -> object:
            return getattr(analyst, name)

    view = View(Earlier(), Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 20)))  # type: ignore[arg-type]
    card = routing.month(view)
    assert card.title.endswith("in Sep 2013 so far; the month is not over")
    assert card.note.startswith("Provisional")
    assert not shares(card.title)
    assert card.table["now"][0] == view.ask("entry_summaries", filters=Filters(dt.date(2013, 9, 1), dt.date(2013, 9, 20)))["value"][0]


def test_flow(view: View) -> None:
    card = routing.flow(view)
    if not drawn(card):
        return
    rows = card.table
    picked = [view.label("center", code) for code in view.filters.centers if code != "PORT"]
    mine = rows.filter(pl.col("holder").is_in(picked))
    every = view.filters.only(("industry", "port", "program", "entry_type", "mode"))
    asked = view.ask("entry_summaries", "center", filters=every).filter(pl.col("center") != "PORT")
    assert rows["value"].sum() == asked["value"].sum()
    if mine.height:
        by_port = mine.group_by("label").agg(pl.col("value").sum()).sort("value", descending=True)
        assert numbers(card.title)[0] == by_port["value"].sum()
        if by_port.height > 1:
            assert numbers(card.title)[1] == by_port.height
            assert shares(card.title) == [format.share(by_port["value"][0] / by_port["value"].sum())]
        assert any(card.title.endswith(label) for label in by_port.filter(pl.col("value") == by_port["value"][0])["label"])
        return
    sums = rows.group_by("label").agg(pl.col("value").sum())
    port = next(label for label in sums["label"] if card.title.startswith(label))
    own = rows.filter(label=port).sort("value", descending=True)
    assert own["value"].sum() == sums["value"].max()
    assert numbers(card.title.removeprefix(port))[0] == own.height
    assert shares(card.title) == [
        format.share(own["value"].sum() / rows["value"].sum()),
        format.share(own["value"][0] / own["value"].sum()),
    ]


def test_who_processes(view: View, analyst: Snapshot) -> None:
    card = processed.over_time(view, analyst.dimension("industry"))
    if not drawn(card):
        return
    end = view.end
    whole = card.table.filter(pl.col("month").dt.month_end() <= end).drop_nulls("value_share")
    national = whole.filter(group="All imports").sort("month")
    first, last = national.row(0, named=True), national.row(-1, named=True)
    said = shares(card.title)
    assert said[0] == format.share(last["value_share"])
    assert f"in {format.month(last['month'])}" in card.title
    if "up from" in card.title:
        assert last["value_share"] > first["value_share"]
    if "down from" in card.title:
        assert last["value_share"] < first["value_share"]
    others = whole.filter((pl.col("group") != "All imports") & (pl.col("month") == last["month"]))
    if others.height:
        best = others.filter(pl.col("value_share") == others["value_share"].max())
        assert said[-1] == format.share(best["value_share"][0])
        assert any(f"of {name} goods" in card.title for name in best["group"])
    picked = [code for code in view.filters.centers if code != "PORT"]
    assert set(others["group"]) <= {view.label("center", code) for code in (picked or analyst.labels["center"])}


def test_eligible(view: View, analyst: Snapshot) -> None:
    industries = analyst.dimension("industry")
    card = processed.eligible(view, industries)
    if not drawn(card):
        return
    rows = card.table
    at_ports = rows["value"].sum()
    assert format.usd(at_ports, long=True) in card.title
    assert shares(card.title) == [format.share(at_ports / (rows["all_cents"].sum() / 100))]
    assert any(label in card.title for label in rows.filter(pl.col("value") == rows["value"].max())["label"])
    assert ("all " in card.title) == (rows.filter(pl.col("value") > 0).height == 1)
    picked = [code for code in view.filters.centers if code != "PORT"]
    if picked and not view.filters.industries:
        own = industries.filter(pl.col("center_code").is_in(picked))["industry_code"].to_list()
        assert set(rows["industry"]) <= set(own)
    else:
        without = view.filters.keeping("center", ())
        assert at_ports == pytest.approx(view.ask("eligible_not_in_center_usd", filters=without)["value"][0])


def test_revenue(view: View) -> None:
    card = processed.revenue(view)
    if not drawn(card):
        return
    rows = card.table
    assert format.usd(rows["all"].sum(), long=True) in card.title
    assert shares(card.title) == [format.share(rows["center_cents"].sum() / rows["all"].sum())]
    assert f"at {rows.filter(pl.col('all') > 0).height:,} port" in card.title
    whole = view.ask("duty_fees_usd", filters=view.filters.keeping("center", ()))["value"][0]
    assert rows["all"].sum() == pytest.approx(whole)
    assert f"national {format.usd_full(whole)}: difference $0." in card.note


def test_held(view: View) -> None:
    card = processed.held(view)
    if not drawn(card):
        return
    now, before = card.table["now"].to_list(), card.table["before"].to_list()
    assert numbers(card.title)[0] == now[0]
    assert ("of all that liquidated" in card.title) == (now[1] > 0)
    if now[1]:
        assert shares(card.title)[0] == format.share(now[0] / now[1])
    if card.title.endswith("on a year earlier"):
        assert before[0] is not None
        if ", up" in card.title:
            assert now[0] > before[0]
        if ", down" in card.title:
            assert now[0] < before[0]


def test_statuses_are_whole_under_every_filter(view: View, analyst: Snapshot) -> None:
    card = processed.statuses(view, analyst.statuses())
    assert drawn(card)
    assert card.table["share"].sum() == pytest.approx(1)
    assert numbers(card.title)[0] == card.table["accounts_count"].head(2).sum()
    assert f"{card.table['accounts_count'][2]} account" in card.title
    assert "no filter narrows this card" in card.subtitle


def test_the_headline_holds(view: View) -> None:
    title = routing.title(view)
    picked = [code for code in view.filters.centers if code != "PORT"]
    assert len(title) > 10
    if "entry summar" in title:
        rows = view.ask("entry_summaries", "center", "port").filter((pl.col("center") != "PORT") & (pl.col("value") > 0))
        assert numbers(title) == [rows["value"].sum(), rows["port"].n_unique()]
        share = view.ask("center_value_share", filters=view.filters if picked else view.filters.keeping("center", ()))
        assert shares(title) == [format.share(share["value"][0])]


def test_a_year_of_everything_draws_every_card(year: View, analyst: Snapshot) -> None:
    industries = analyst.dimension("industry")
    cards = [
        routing.ports(year, analyst.dimension("center")), routing.month(year), routing.flow(year), processed.over_time(year, industries),
        processed.eligible(year, industries), processed.statuses(year, analyst.statuses()), processed.revenue(year), processed.held(year),
    ]  # fmt: skip
    assert all(drawn(card) for card in cards)
    texts = [sum(len(trace.get("text") or []) for trace in card.chart["data"]) for card in cards if card.chart]
    assert max(texts) <= 45


def test_empty_statuses_say_nothing_false(year: View, analyst: Snapshot) -> None:
    card = processed.statuses(year, analyst.statuses().clear())
    assert card.title.startswith("0 accounts with $0 of imports await a Center")


def test_choosing_a_program_that_is_not_eligible_is_said(year: View, analyst: Snapshot) -> None:
    view = View(analyst, year.filters.keeping("program", ("none",)))
    card = processed.eligible(view, analyst.dimension("industry"))
    assert not drawn(card)
    assert "not one of the eligible ones" in card.empty
