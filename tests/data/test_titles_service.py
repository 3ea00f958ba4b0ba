"""Titles of the pages Service and People are true: each claim is worked out again from the rows of its own table."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from analytics import codes, format, late, people, service
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.scope import Scope
from data.store import Snapshot
from tests.data.test_titles import _filters, drawn, shares
from ui.board import Card
from ui.cards import notices, protests
from ui.cards import people as people_cards
from ui.cards import service as service_cards
from ui.frame import View

SEEDS = range(24)


def _view(analyst: Snapshot, filters: Filters) -> View:
    start = filters.from_date or analyst.first_date
    return View(analyst, filters.between(start, filters.to_date or analyst.as_of))


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    return _view(analyst, _filters(request.param, analyst))


@pytest.fixture
def year(analyst: Snapshot) -> View:
    return View(analyst, Filters(analyst.as_of.replace(year=2012, month=10, day=1), analyst.as_of))


def number(word: str) -> int:
    return 0 if word.lower() == "no" else int(word.replace(",", ""))


def applied(view: View, card: Card, dimensions: tuple[str, ...]) -> None:
    """Check that the subtitle names a filter only where it counts, and the note each one that does not."""
    for name in view.filters.used:
        words = view.filters.only([name]).narrowed(view.labels)[0]
        if name not in dimensions:
            assert words not in card.subtitle, (name, card.subtitle)
            assert card.empty or "Not narrowed by" in card.note, (name, card.note)


def changed(title: str, rows: pl.DataFrame) -> None:
    """Check a claim of change against the intervals of the first and the last month."""
    known = rows.drop_nulls("value").sort("month")
    first, last = known.row(0, named=True), known.row(-1, named=True)
    assert ("clearly more" in title) == (last["low"] > first["high"])
    assert ("clearly fewer" in title) == (last["high"] < first["low"])
    apart = last["low"] > first["high"] or last["high"] < first["low"]
    assert ("not clearly different from" in title) == (known.height > 1 and not apart)


def test_liquidations(view: View) -> None:
    card = service_cards.liquidations(view)
    applied(view, card, service_cards.LIQUIDATIONS.dimensions)
    if drawn(card):
        assert view.filters.period_words() in card.subtitle
        whole = int(view.ask("liquidations")["value"][0] or 0)
        failed = int(view.ask("deemed_liquidations")["value"][0] or 0)
        said = re.match(r"(\S+) entr\w+ w\w+ deemed liquidated in the period, of (\S+) liquidated; ", card.title)
        assert (said is not None) == (whole > 0)
        if said:
            assert (number(said.group(1)), number(said.group(2))) == (failed, whole)
        now = re.search(r"; (\S+) (?:is|are) suspended$", card.title)
        assert now is not None
        assert number(now.group(1)) == card.table.sort("month")["suspended"][-1]
        assert f"the liquidation of {view.ask('extensions')['value'][0] or 0:,} was extended" in card.note


@pytest.mark.parametrize("center", ["PHC", "ELE", None])
def test_counts_of_liquidations_agree_with_the_headline_and_the_months(year: View, center: str | None) -> None:
    view = View(year.source, year.filters.keeping("center", (center,) if center else ()))
    card = service_cards.liquidations(view)
    months = card.table.filter(pl.col("month") >= view.filters.from_date)
    assert months.height == 12 == card.table.height - 1
    assert f"of {months['liquidated'].sum():,} liquidated" in card.title
    assert f"the liquidation of {months['extended'].sum():,} was extended" in card.note
    assert card.title.split(" deemed")[0].lower() in service_cards.title(view).lower()


def test_inquiries_by_month(view: View, analyst: Snapshot) -> None:
    card = service_cards.inquiries(view, analyst.targets())
    applied(view, card, service_cards.INQUIRIES.dimensions)
    if drawn(card):
        last = card.table.drop_nulls("value").sort("month").row(-1, named=True)
        assert card.title.startswith(f"{format.share(last['value'])} of inquiries of {format.month(last['month'])} were answered")
        changed(card.title, card.table)


def test_topics(view: View, analyst: Snapshot) -> None:
    card = service_cards.topics(view, analyst.targets())
    applied(view, card, service_cards.INQUIRIES.dimensions)
    if drawn(card):
        everything, most = card.table["inquiries_count"].sum(), card.table["inquiries_count"].max()
        assert f"{format.share(most / everything)} of {everything:,} inquir" in card.title
        named = re.findall("“(.*?)”", card.title)
        assert named[0] in card.table.filter(pl.col("inquiries_count") == most)["label"].to_list()
        known = card.table.drop_nulls("share")
        assert (len(named) == 2) == (known.height > 1)
        if len(named) == 2:
            assert named[1] in known.filter(pl.col("share") == known["share"].min())["label"].to_list()
            assert shares(card.title)[-1] == format.share(known["share"].min())


def test_satisfaction(view: View) -> None:
    card = service_cards.satisfaction(view)
    applied(view, card, service_cards.INQUIRIES.dimensions)
    if drawn(card):
        mine = card.table.filter(pl.col("center").is_in(view.filters.centers)) if view.filters.centers else card.table
        assert shares(card.title) == [format.share(mine["satisfied_count"].sum() / mine["n"].sum())]
        assert f"the mean is {format.ratio(mine['rating_sum'].sum() / mine['n'].sum())} of 5" in card.title


def test_requests_by_month(view: View) -> None:
    card = notices.cf28_months(view)
    if drawn(card):
        rate = 1000 * card.table["asked_count"].sum() / card.table["n"].sum()
        assert card.title.startswith(f"{format.ratio(rate)} CF-28s for each 1,000 entry summaries over {card.table.height} month")
        changed(card.title, card.table)
        assert f"CF-29s: {format.ratio(1000 * card.table['cf29'].sum() / card.table['n'].sum())} for" in card.note


def test_requests_by_place(view: View) -> None:
    card = notices.cf28_places(view)
    if drawn(card):
        rate = 1000 * card.table["asked_count"].sum() / card.table["n"].sum()
        by = "port" if view.filters.centers else "center"
        known, chosen = card.table.drop_nulls("value"), view.filters.kept(by)
        mine = known.filter(pl.col(by).is_in(chosen))
        assert f"the {format.ratio(rate)} of the whole" in card.title
        if mine.height == 1:
            place = mine.row(0, named=True)
            assert card.title.startswith(f"{place['label']}: {format.ratio(place['value'])} CF-28s")
            assert ("clearly more" in card.title) == (place["low"] > rate)
            assert ("clearly fewer" in card.title) == (place["high"] < rate)
            return
        above = known.filter(pl.col("low") > rate)
        assert card.title.startswith("No ") == above.is_empty()
        if above.height > 1:
            assert card.title.startswith(f"{above.height} of {known.height} ")
        if above.height:
            assert any(label in card.title for label in above.filter(pl.col("low") == above["low"].max())["label"])


@pytest.mark.parametrize("port", ["2704", "2709", "2304", "4601", "3901", "0901"])
def test_a_chosen_port_stands_beside_all_others(year: View, port: str) -> None:
    view = View(year.source, year.filters.keeping("center", ("ELE", "PHC", "AUT")).keeping("port", (port,)))
    card = notices.cf28_places(view)
    assert drawn(card)
    assert card.table.height > 20
    assert view.labels["port"][port] not in card.subtitle
    test_requests_by_place(view)


def test_turnaround(view: View) -> None:
    card = notices.turnaround(view)
    if drawn(card):
        known = card.table.drop_nulls("on_time")
        if known.is_empty():
            assert card.title.startswith(f"{card.table['receipts'].sum():,} ")
        else:
            least = known.filter(pl.col("on_time") == known["on_time"].min())
            assert shares(card.title) == [format.share(known["on_time"].min())]
            assert (
                card.title.startswith(f"{least.height} kinds") if least.height > 3 else all(word in card.title for word in least["label"])
            )
            assert not any(word in card.title for word in known.filter(pl.col("on_time") > known["on_time"].min())["label"])
            assert (f"the least of {known.height} kinds" in card.title) == (least.height < known.height)
            assert ("with enough cases" in card.title) == (least.height < known.height < card.table.height)
            asked = view.ask("closed_on_time_share", filters=view.filters.keeping("work_type", (least["work_type"][0],)))
            assert asked["value"][0] == least["on_time"][0]
        assert (card.table["led_count"].fill_null(0) + card.table["refused_count"] <= card.table["n"]).all()


def test_pending_protests(view: View) -> None:
    card = protests.protests_pending(view)
    if drawn(card):
        waiting = card.table["reviews_count"].sum()
        assert card.title.startswith(f"{waiting:,} protest")
        mine = view.filters.keeping("work_type", ("protest",))
        past = int(view.ask("past_due", filters=mine)["value"][0])
        assert waiting == view.ask("pending", filters=mine)["value"][0]
        said = sum(number(word) for word in re.findall(r"([\d,]+) past", card.title))
        assert said == past
        assert ("none is past its clock" in card.title) == (past == 0)


def test_how_protests_ended(view: View) -> None:
    card = protests.protest_outcomes(view)
    if drawn(card):
        counts = dict(card.table.select("label", "completed_count").iter_rows())
        allowed = sum(counts.get(codes.OUTCOMES[name], 0) for name in codes.PROTEST_ALLOWED)
        decided = sum(counts.get(codes.OUTCOMES[name], 0) for name in codes.PROTEST_DECIDED)
        deemed = counts.get("Deemed denied", 0)
        assert card.title.startswith(f"{allowed:,} of {decided:,} protest" if decided else "No protest was decided")
        assert card.table["share"].drop_nulls().sum() == pytest.approx(1.0 if decided else 0.0)
        # What is stated apart and what was decided are all that ended.
        apart = re.findall(r"(\d[\d,]*) [a-z]", card.note)
        assert not decided or decided + sum(number(word) for word in apart) == card.table["completed_count"].sum()
        bars = next(trace for trace in card.chart["data"] if trace["type"] == "bar")
        assert sum(bars["x"]) == (decided or card.table["completed_count"].sum())
        said = re.search(r"; (\S+) w\w+ deemed denied", card.title)
        assert (said is not None) == (decided > 0)
        assert said is None or said.group(1) == (f"{deemed:,}" if deemed else "none")


def test_rejects_by_filer(view: View) -> None:
    card = protests.filers(view)
    applied(view, card, protests.FILERS.dimensions)
    if drawn(card):
        most, everything = card.table["rejected_count"].max(), card.table["rejected_count"].sum()
        top = card.table.filter(pl.col("rejected_count") == most)
        assert card.title.startswith(top["label"][0] if top.height == 1 else f"{top.height} filers")
        assert f"{most:,} " in card.title
        assert f"of {everything:,}" in card.title


def test_positions(view: View) -> None:
    words = people_cards.title(view)
    card = people_cards.positions(view)
    if not drawn(card):
        assert words == card.title
        return
    below = card.table.filter(pl.col("short") > 0)
    assert words.startswith("All") == (below.height in (0, card.table.height) and (below.is_empty() or below.height > 3))
    most = below.filter(pl.col("short") == below["short"].max())
    # Who ties is named, up to three.
    named = [label for label in card.table["label"] if re.search(rf"(^|, | and |; ){label}s", words)]
    if 0 < below.height <= 3:
        assert sorted(named) == sorted(below["label"])
        for row in below.iter_rows(named=True):
            tied = below.height == most.height > 1
            assert re.search(
                rf"are {'each ' if tied else ''}{row['short']} short" if tied else rf"{row['label']}s (are )?{row['short']}\b", words
            )
    if below.height > 3:
        people_short = below["short"].sum()
        assert f"by {people_short} people in all" in words
        assert sorted(named) == (sorted(most["label"]) if most.height <= 3 else [])
        assert (f"{most.height} positions are each" in words) == (most.height > 3)
        assert words.endswith(f" are {'each ' if most.height > 1 else ''}{most['short'][0]} short")
    if below.height:
        worst = below.with_columns(part=pl.col("short") / pl.col("floor")).sort("part", descending=True)
        first = worst.filter(pl.col("part") == worst["part"][0])
        said = [re.search(rf"{row['label']}s (lack )?{row['short']} of {row['floor']}", card.title) for row in first.iter_rows(named=True)]
        assert all(said) if first.height <= 3 else card.title.startswith(f"{first.height} positions lack {format.share(first['part'][0])}")
        assert ("largest" in card.title) == (first.height < card.table.height)
    bars = next(trace for trace in card.chart["data"] if trace["type"] == "scatter" and trace["mode"] == "text")
    for row, text in zip(card.table.iter_rows(named=True), bars["text"], strict=True):
        assert re.sub(r"\s+", " ", text).strip().startswith(f"{row['on_board']:,} of {row['floor']:,}")
        assert (" short" in text) == (row["short"] > max(row["floor"] - row["on_board"], 0))
    assert (card.table["short"] >= card.table["floor"] - card.table["on_board"]).all()


def test_people_over_time(view: View) -> None:
    card = people_cards.over_time(view)
    if drawn(card):
        last = card.table.sort("month").row(-1, named=True)
        gap = last["on_board"] - last["floor"]
        assert card.title.startswith(f"{last['on_board']:,} p")
        assert (f"{abs(gap)} {'above' if gap > 0 else 'below'} the floor" in card.title) or (gap == 0 and "as many" in card.title)
        below = card.table.filter(pl.col("on_board") < pl.col("floor")).height
        assert f"below it in {below} of {card.table.height} month" in card.title


def test_people_of_centers(view: View) -> None:
    card = people_cards.centers(view)
    if drawn(card):
        below, most = card.table.filter(pl.col("short") > 0), card.table["short"].max()
        assert card.title.startswith(f"{below.height} Center" if below.height else "No Center")
        if below.height:
            first = below.filter(pl.col("short") == most)
            assert any(f"{label} lacks {most}" in card.title for label in first["label"])
            assert card.title.endswith("the most") == (first.height == 1 and card.table.height > 1)


def test_work_per_person(view: View) -> None:
    load, pace = people_cards.load(view), people_cards.pace(view)
    if drawn(load):
        known = load.table.drop_nulls("value")
        assert load.title.startswith(f"{format.ratio(known['value'].max())} pending reviews lie with each person at ")
        if known.height > 1:
            assert f", {format.ratio(known['value'].min())} at " in load.title
    if drawn(pace):
        settled_only(view, pace)


def settled_only(view: View, card: Card) -> None:
    """Check that months that are still reported are marked, named and not in the title."""
    mine = view.filters.only(people.STAFF.dimensions)
    open_ = late.provisional_months(view.frames, view.end, mine)["month"].to_list()
    marked = card.table.filter("provisional")["month"].dt.strftime("%Y-%m").to_list()
    assert marked == [month for month in card.table["month"].dt.strftime("%Y-%m") if month in open_]
    hollow = card.chart["data"][-1]["marker"]["color"].count("#ffffff")
    assert hollow == len(marked)
    assert all(f"{format.month(month)} " in card.subtitle for month in marked)
    assert ("Dashed" in card.note) == bool(marked)
    settled = card.table.filter(~pl.col("provisional")).drop_nulls("value").sort("month")
    if settled.is_empty():
        assert "still being reported" in card.title
        return
    last = settled.row(-1, named=True)
    assert card.title.startswith(f"Each person completed {format.ratio(last['value'])} reviews in {format.month(last['month'])}")
    if settled.height > 1:
        mean = (settled["value"] * settled["n"]).sum() / settled["n"].sum()
        assert card.title.endswith(f"{format.ratio(mean)} a month over {settled.height} months")


def test_a_month_that_is_still_reported_is_not_in_the_title_on_pace(year: View) -> None:
    last = View(year.source, year.filters.between(year.as_of.replace(day=1), year.as_of))
    for view in (year, last, View(year.source, year.filters.keeping("center", ("PHC",)))):
        card = people_cards.pace(view)
        assert card.table.filter("provisional").height >= 1
        settled_only(view, card)


def test_steps_are_openings_only_where_several_centers_are_shown(year: View) -> None:
    assert "openings" in people_cards.over_time(year).note
    assert not people_cards.over_time(View(year.source, year.filters.keeping("center", ("PHC",)))).note
    assert "openings" in people_cards.over_time(View(year.source, year.filters.keeping("center", ("PHC", "ELE")))).note


def test_hours(view: View) -> None:
    card = people_cards.hours(view)
    if drawn(card):
        known = card.table.drop_nulls("value")
        longest = known.filter(pl.col("value") == known["value"].max())
        assert any(
            card.title.startswith(f"{row['label']} takes {format.ratio(row['value'])} hours") for row in longest.iter_rows(named=True)
        )
        if known.height > 1:
            assert shares(card.title) == [format.share(known["hours"].max() / known["hours"].sum())]


def test_page_titles(view: View) -> None:
    words = service_cards.title(view)
    assert len(words) > 10
    assert "None" not in words
    for name, noun in (("deemed_liquidations", "deemed liquidated"), ("deemed_denials", "deemed denied")):
        known = set(view.filters.used) <= set(service_cards.METRICS[name].dimensions)
        assert (noun in words) == known
        if known:
            said = re.search(rf"(\S+) \w+ w\w+ {noun}", words)
            assert said is not None
            assert number(said.group(1)) == view.ask(name)["value"][0]


def test_a_year_of_everything_draws_every_card(year: View, analyst: Snapshot) -> None:
    targets = analyst.targets()
    cards = [
        service_cards.liquidations(year), service_cards.inquiries(year, targets), service_cards.topics(year, targets),
        service_cards.satisfaction(year), notices.cf28_months(year), notices.cf28_places(year), notices.turnaround(year),
        protests.protests_pending(year), protests.protest_outcomes(year), protests.filers(year), people_cards.positions(year),
        people_cards.over_time(year), people_cards.centers(year), people_cards.load(year), people_cards.pace(year), people_cards.hours(year),
    ]  # fmt: skip
    assert all(drawn(card) for card in cards)
    assert len({card.key for card in cards}) == len(cards)


def test_key_figures_name_the_filters_that_they_do_not_know(year: View) -> None:
    narrow = View(year.source, year.filters.keeping("industry", ("ELE_COMM",)).keeping("port", ("2704",)))
    figures = {figure.metric_id: figure for figure in service_cards.figures(narrow)}
    assert "Not narrowed by industry" in figures["inquiries_on_time_share"].n
    assert "Not narrowed by port of entry" in figures["deemed_liquidations"].n
    assert "Not narrowed" not in figures["cf28_per_1000"].n
    assert people_cards.sentence(year, {"port": "2704", "center": "ELE"}).endswith(
        "not narrowed by port of entry: staff are known by Center and month"
    )
    assert "not narrowed" not in people_cards.sentence(year, {"center": "ELE"})


@pytest.mark.parametrize("scope", [Scope("leadership"), Scope("director", ("ELE",))], ids=lambda scope: scope.role_id)
def test_roles_get_their_cards_and_no_others(store: Path, year: View, scope: Scope) -> None:
    snapshot = Snapshot(scope, home=store / "published")
    own = View(snapshot, year.filters)
    for make in (service_cards.liquidations, service_cards.satisfaction, notices.cf28_months, notices.cf28_places):
        assert drawn(make(own))
    if scope.role_id == "director":
        card = protests.filers(own)
        theirs = service.filers(year.frames, year.filters.keeping("center", ("ELE",)), year.as_of)
        assert "Electronics" in card.subtitle
        assert card.table["rejected_count"].sum() == theirs["rejected_count"].sum()
        other = View(snapshot, year.filters.keeping("center", ("PHC",)))
        assert not drawn(protests.filers(other))
    else:
        with pytest.raises(QueryError):
            protests.filers(own)


def test_the_floor_of_one_position_is_not_filled_by_another(year: View) -> None:
    rows = people.positions(year.frames, year.filters, year.as_of)
    assert rows["short"].sum() == year.ask("staff_short")["value"][0] > rows["floor"].sum() - rows["on_board"].sum()
