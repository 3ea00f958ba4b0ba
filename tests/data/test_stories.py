"""Stories: what each catalog holds and is made of, for whom, and that their words stay true under the filters that are shown."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import zipfile
from pathlib import Path

import polars as pl
import pytest
from pptx import Presentation

from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.scope import Scope
from data.journal import feedback_desk
from data.settings import settings
from data.store import Snapshot
from ui import cite, exports, presenting, stories, voices
from ui.board import Card, stage
from ui.charts.drawing import Drawing
from ui.frame import View
from ui.stories import Catalog, Material

ALL = (dt.date(2012, 10, 1), dt.date(2013, 8, 31))
INSIDE = (Scope("leadership"), Scope("director", ("ELE",)), Scope("analyst"))


def material(store: Path, scope: Scope, filters: Filters, *, safe: bool) -> Material:
    """Gather what the page gathers."""
    reader = Snapshot(Scope("working_group") if safe else scope, home=store / "published")
    released = reader.released() if safe else None
    source = reader if released is None else released
    desk = feedback_desk(reader)
    ports = pl.DataFrame() if safe else reader.dimension("port")
    return Material(
        View(source, filters),
        View(desk.source, filters),
        None if released is None else released.cells,
        source.targets(),
        ports,
        lambda view: desk.segments(voices.predicate(view)),
    )


def test_the_safe_catalog_holds_the_release_and_feedback_alone() -> None:
    assert {name for name in stories.SAFE.pieces if not name.startswith("industry_")} == set(stories.FEEDBACK_PIECES)
    assert all(piece.dimensions == ("center",) for piece in stories.SAFE.pieces.values())
    for catalog in (stories.SAFE, stories.INSIDE):
        for story in catalog.stories.values():
            assert set(story.pieces) <= set(catalog.pieces)
            assert len(set(story.pieces)) == len(story.pieces) > 1
    assert set(stories.INSIDE.stories) == set(stories.SAFE.stories)


@pytest.mark.parametrize("name", sorted(set(stories.INSIDE.pieces) - set(stories.FEEDBACK_PIECES)))
def test_no_inside_card_can_be_made_of_what_a_working_group_reads(store: Path, name: str) -> None:
    room = material(store, Scope("working_group"), Filters().between(*ALL), safe=True)
    with pytest.raises((QueryError, KeyError, pl.exceptions.ColumnNotFoundError)):
        stories.INSIDE.pieces[name].make(room)


@pytest.mark.parametrize("safe", [True, False])
def test_every_card_is_made_for_everyone_under_any_filter(store: Path, safe: bool) -> None:
    catalog: Catalog = stories.SAFE if safe else stories.INSIDE
    chance = random.Random(11)
    for _ in range(6):
        start = dt.date(2012, chance.choice([1, 4, 10]), 1)
        centers = tuple(chance.sample(["ELE", "PHC", "AUT", "TAF"], chance.randint(0, 2)))
        filters = Filters(centers=centers).between(start, chance.choice([dt.date(2013, 3, 31), dt.date(2013, 8, 31)]))
        room = material(store, chance.choice(INSIDE), filters, safe=safe)
        every = stories.own(tuple(catalog.pieces))
        made = [make() for make in stories.cards(catalog, every, room)]
        assert [card.key for card in made] == list(catalog.pieces)
        assert [card.title for card in made if card.title.endswith(": not shown")] == []
        assert all(card.title and (card.chart or card.empty) for card in made)
        for story in catalog.stories.values():
            assert stories.finding(story, room) != story.title
            assert stories.figures(story, room)


def test_the_filters_on_screen_narrow_every_card() -> None:
    assert stories.dimensions(stories.INSIDE, stories.INSIDE.stories["backlog"]) == ["center", "industry", "port", "program", "work_type"]
    assert stories.dimensions(stories.INSIDE, stories.INSIDE.stories["state"]) == ["center", "industry", "port", "program"]
    assert stories.dimensions(stories.INSIDE, stories.own(("ages", "topics"))) == ["center"]
    assert stories.dimensions(stories.SAFE, stories.own(())) == ["center"]


@pytest.mark.parametrize("name", ["ages", "by_type", "flow", "how_long", "at_stake", "backlog_trend", "rate", "by_industry"])
def test_a_card_knows_the_filters_that_stand_for_it(store: Path, name: str) -> None:
    piece = stories.INSIDE.pieces[name]
    filters = Filters(work_types=("psc",) if "work_type" in piece.dimensions else (), programs=("ctpat_only",)).between(*ALL)
    room = material(store, Scope("analyst"), filters, safe=False)
    wide = material(store, Scope("analyst"), Filters().between(*ALL), safe=False)
    assert piece.make(room).title != piece.make(wide).title or piece.make(room).empty


def test_a_safe_view_is_of_whole_months_and_says_so(store: Path) -> None:
    room = material(store, Scope("analyst"), Filters().between(dt.date(2013, 1, 9), dt.date(2013, 3, 2)), safe=True)
    whole = presenting.whole_months(room.view)
    assert (whole.filters.from_date, whole.filters.to_date) == (dt.date(2013, 1, 1), dt.date(2013, 3, 31))
    assert whole.notices == ("Working groups see whole months: 1 Jan 2013 to 31 Mar 2013 is shown.",)
    assert presenting.whole_months(whole) is whole


def test_a_card_that_cannot_be_made_says_why_in_its_place(store: Path) -> None:
    room = material(store, Scope("analyst"), Filters().between(dt.date(2013, 1, 9), dt.date(2013, 3, 2)), safe=True)
    card = stories.cards(stories.SAFE, stories.own(("industry_flow",)), room)[0]()
    assert card.title == "Receipts and completions: not shown"
    assert "whole months" in card.empty


def test_a_slide_leaves_out_rows_of_too_few_cases_and_says_so(store: Path) -> None:
    room = material(store, Scope("analyst"), Filters(ports=("2704",)).between(*ALL), safe=False)
    page = stories.INSIDE.pieces["rate_by_industry"].make(room)
    slide = stories.readable(page)
    assert isinstance(page.chart, Drawing)
    assert isinstance(slide.chart, Drawing)
    before, after = page.chart.given["frame"], slide.chart.given["frame"]
    assert before.height > stories.MOST_ROWS >= after.height > 0
    assert after.equals(before.drop_nulls("value"))
    assert f"Not drawn: {before.height - after.height} with too few cases." in slide.note
    assert slide.table.equals(page.table)
    assert stories.readable(slide) is slide


def test_files_hold_the_cards_of_the_story(store: Path) -> None:
    room = material(store, Scope("analyst"), Filters().between(*ALL), safe=True)
    choice = presenting.Choice(stories.SAFE, "backlog", stories.SAFE.stories["backlog"])
    shown = presenting.Shown(choice, room, room.view.stamp(), exports.MARKING)
    cards: list[Card] = [make() for make in shown.cards]
    show = Presentation(io.BytesIO(presenting._file(shown, exports.deck)))
    titles = [slide.shapes.title.text_frame.text for slide in show.slides]
    assert titles[0] == f"Backlog: {shown.title}"
    assert titles[-3:] == [card.title for card in cards]
    with zipfile.ZipFile(io.BytesIO(presenting.zipped(shown))) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("01-industry_backlog.csv").decode("utf-8-sig"))))
    held = {row[0]: row[1] for row in rows if len(row) > 2}
    shown_rows = cards[0].table.select("label", "value").drop_nulls().rows()
    assert shown_rows
    for label, value in shown_rows:
        assert float(held[label]) == value


def test_the_marking_is_a_setting(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Snapshot(Scope("working_group"), home=store / "published")
    assert reader.marking == ""
    monkeypatch.setenv("CENTERLINE_MARKING", " Draft for the June meeting ")
    settings.cache_clear()
    assert reader.marking == "Draft for the June meeting"
    monkeypatch.delenv("CENTERLINE_MARKING")
    settings.cache_clear()


def test_a_citation_of_what_is_pending_names_the_day(store: Path) -> None:
    room = material(store, Scope("analyst"), Filters(centers=("ELE",)).between(*ALL), safe=False)
    for name, of_day in (("backlog", True), ("compliance", False)):
        choice = presenting.Choice(stories.INSIDE, name, stories.INSIDE.stories[name])
        shown = presenting.Shown(choice, room, room.view.stamp(), exports.MARKING)
        assert presenting.cited(shown).endswith("Electronics · on 31 Aug 2013" if of_day else "Electronics · 1 Oct 2012 to 31 Aug 2013")
    for card in (make() for make in stories.cards(stories.INSIDE, stories.own(("by_type", "at_stake", "ages", "over_90")), room)):
        assert card.subtitle.endswith("Electronics · on 31 Aug 2013"), card.subtitle


@pytest.mark.parametrize(
    ("told", "kept"), [(1_700_000_000_000, 1_700_000_000_000), (0, 0), (-1, 0), (True, 0), ("1", 0), (None, 0), (2**60, 0)]
)
def test_a_click_that_the_browser_reports_is_a_number(told: object, kept: int) -> None:
    assert stage.click_of(told) == kept


@pytest.mark.parametrize(("told", "kept"), [(3, 3), (0, 0), (100, None), (-1, None), (True, None), ("2", None), (None, None)])
def test_a_slide_that_the_browser_reports_is_a_small_number(told: object, kept: int | None) -> None:
    assert stage.slide_of(told) == kept


@pytest.mark.parametrize(("text", "slide"), [("3", 3), ("", 0), ("0", 0), ("-1", 0), ("100", 0), ("2x", 0), ("٣", 0)])
def test_a_slide_in_the_address_is_a_small_number(text: str, slide: int) -> None:
    assert presenting._number(text) == slide


def test_a_citation_names_finding_filters_date_and_version(store: Path) -> None:
    room = material(store, Scope("analyst"), Filters().between(*ALL), safe=False)
    words = cite.sentence("7,783 reviews pending", room.view.on_day, room.view.stamp())
    assert words == (
        f"7,783 reviews pending (on 31 Aug 2013). Centerline, as of 30 Sep 2013, data version {room.view.source.version}, synthetic data."
    )
