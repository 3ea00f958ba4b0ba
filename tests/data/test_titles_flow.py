"""The page Flow under random filters: each claim of a title is worked out again, from its table or from the reviews themselves."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import polars as pl
import pytest

from analytics import fairness, flow, format
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.rollups import TEAMS
from analytics.scope import Scope
from data.store import Snapshot
from tests.data.test_titles import _filters, drawn, shares
from ui.cards import fairness as people_cards
from ui.cards import flow as cards
from ui.cards import pace as pace_cards
from ui.figures import key_figure
from ui.frame import View

SEEDS = range(24)
YEAR = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    draw, filters = random.Random(request.param), _filters(request.param, analyst)
    if draw.random() < 0.4:
        filters = filters.keeping("work_type", draw.sample(list(analyst.labels["work_type"]), draw.randrange(1, 4)))
    return View(analyst, filters)


@pytest.fixture
def year(analyst: Snapshot) -> View:
    return View(analyst, YEAR)


def days(title: str) -> list[str]:
    return re.findall(r"[\d.,]+ days?", title)


def test_how_long(view: View) -> None:
    card = cards.how_long(view)
    if not drawn(card):
        assert card.table.is_empty()
        return
    rows = card.table.filter((pl.col("quality") == "ok") & pl.col("completed_median").is_not_null())
    name = card.title.split(" takes longest")[0].split(": completed")[0]
    row = rows.filter(label=name).row(0, named=True)
    if "not completed yet" in card.title:
        assert row["median"] is None
        assert days(card.title) == [format.days(row["completed_median"])]
    elif "takes longest" not in card.title:
        assert rows["median"].null_count() == 0
        gaps = rows["median"] - rows["completed_median"]
        assert row["median"] - row["completed_median"] == gaps.max()
        assert gaps.max() > 0  # type: ignore[operator]
        assert days(card.title) == [format.days(row["completed_median"]), format.days(row["median"])]
    else:
        assert rows["understated_days"].max() == 0
        assert row["median"] == rows["median"].max()
    assert (card.table["quality"] == "too_few").to_list() == (card.table["n"] < 30).to_list()


def test_still_open(view: View) -> None:
    card = cards.still_open(view)
    if drawn(card):
        day = int(card.title.split(" day")[0])
        before = card.table.filter(pl.col("days") <= day)
        all_, alone = ((before[name][-1] if before.height else 1.0) for name in ("still_open", "completed_alone"))
        expected = [format.share(all_), format.share(alone)]
        assert shares(card.title) == (expected if expected[0] != expected[1] else expected[:1])
        assert alone <= all_ + 1e-12
        assert day in (90, 30, 14, 7) or card.table["days"].max() < 7  # type: ignore[operator]


def test_how_they_end(view: View, analyst: Snapshot) -> None:
    card = cards.how_they_end(view)
    if not drawn(card):
        return
    kept = view.filters if view.filters.work_types else view.filters.keeping("work_type", cards.NOTICES)
    opened = pl.col("opened_date").is_between(view.filters.from_date, view.filters.to_date)
    reviews = (
        analyst.facts("review").filter(opened, kept.only(["center", "industry", "port", "program", "work_type"]).predicate()).collect()
    )
    assert f"Of {reviews.height:,} review" in card.note
    sums = card.table.group_by("mark").agg(pl.col("share").sum())
    assert (sums["share"] - 1).abs().max() < 1e-9  # type: ignore[operator]
    day = int(card.title.split()[0])
    at = card.table.filter(mark=day)
    ended = at.filter(pl.col("outcome") != flow.OPEN)
    still = at.filter(outcome=flow.OPEN)["share"][0]
    if "none of these" in card.title:
        assert ended["share"].sum() == 0
        return
    best = ended.filter(pl.col("share") == ended["share"].max())
    assert any(f"{format.share(row['share'])} have ended as “{row['label']}”" in card.title for row in best.iter_rows(named=True))
    assert ("none is still open" if still == 0 else f"{format.share(still)} are still open") in card.title
    law = card.table.filter((pl.col("mark") == card.table["mark"].max()) & pl.col("outcome").is_in(cards.DEEMED))["share"].sum()
    assert ("deemed by law" in card.title) == (law > 0)
    assert not law or card.title.endswith(f"{format.share(law)} are deemed by law")


def test_by_month(view: View) -> None:
    card = cards.by_month(view)
    if drawn(card):
        week = int(re.search(r"within (\d+) week", card.title).group(1))  # type: ignore[union-attr]
        known = card.table.filter(pl.col("weeks") == week).drop_nulls("share_closed").sort("month")
        last = known.row(-1, named=True)
        assert card.title.startswith(
            f"{format.share(last['share_closed'])} of reviews received in {format.month(last['month'])} were closed"
        )
        if known.height > 1:
            first = known.row(0, named=True)
            assert card.title.endswith(f"of those of {format.month(first['month'])} it was {format.share(first['share_closed'])}")
        wide = card.table.drop_nulls("share_closed").sort("month", "weeks")
        steps = wide.with_columns(gain=pl.col("share_closed").diff().over("month"))["gain"].drop_nulls()
        assert steps.is_empty() or steps.min() >= 0  # type: ignore[operator]
        assert wide["n"].min() >= 10  # type: ignore[operator]


def test_two_ages(view: View) -> None:
    card = people_cards.two_ages(view)
    if drawn(card):
        rows = card.table
        n = rows["n"].sum()
        gross, waited = (float((rows[name] * rows["n"]).sum()) / n for name in ("gross", "waiting"))
        assert n == view.ask("pending")["value"].sum()
        assert format.days(gross) in card.title
        if "next to none" in card.title:
            assert format.days(waited) == "0 days"
        else:
            assert format.days(waited) in card.title
            worst = rows.filter(pl.col("waiting") == rows["waiting"].max())["label"].to_list()
            assert rows.height == 1 or any(f"; {name} waits most" in card.title for name in worst)
        assert rows["waiting"].min() >= -1e-9  # type: ignore[operator]


def test_pace(view: View) -> None:
    card = pace_cards.pace(view)
    if drawn(card):
        slow = card.table.filter(pl.col("high") < 1).sort("pace")
        assert card.title.startswith("No ") == slow.is_empty()
        if slow.height:
            assert slow["label"][0] in card.title
            assert f" at {format.ratio(slow['pace'][0])} times" in card.title
            assert f"; {slow.height} of {card.table.height} " in card.title
        assert card.table["n"].min() >= 30  # type: ignore[operator]
        assert card.table["observed"].sum() == pytest.approx(card.table["expected"].sum(), rel=0.02)


def test_teams(view: View) -> None:
    card = people_cards.teams(view)
    if drawn(card):
        judged = card.table.filter(quality="ok")
        named = judged.filter("skips")
        first = judged.row(0, named=True)
        assert shares(card.title)[:2] == [format.share(first["older_share"]), format.share(first["expected_share"])]
        assert first["team"] in card.title
        assert card.title.startswith("No team") == named.is_empty()
        assert ("passes over its oldest:" in card.title) == (named.height == 1)
        assert all(row["p_value"] < fairness.FALSE_ALARM and row["older_share"] > row["high"] for row in named.iter_rows(named=True))
        assert (card.table["left_behind_count"] <= card.table["pending_count"]).all()
        assert ("only Center and work type narrow them" in card.note) == bool(set(view.filters.used) - set(TEAMS.dimensions))


def test_on_hand(view: View) -> None:
    card = people_cards.on_hand(view)
    if drawn(card):
        chosen = [code for code in view.filters.centers if code != "PORT"]
        mine = card.table.filter(pl.col("center").is_in(chosen))
        row = mine.row(0, named=True) if mine.height == 1 else card.table.sort("staff_days", descending=True).row(0, named=True)
        place = card.table.filter(pl.col("staff_days") > row["staff_days"]).height + 1
        assert card.title.startswith(f"{row['label']} has {format.days(row['staff_days'])} of work")
        if card.table.height > 1:
            nth = f"{place}{'nd' if place == 2 else 'rd' if place == 3 else 'th'} most"
            said = f", {'most' if mine.height != 1 or place == 1 else nth} of"
            assert said in card.title
        assert row["staff_days"] == pytest.approx(row["hours"] / row["people"] / 8)


def test_headline_and_p80(view: View) -> None:
    words, figure = cards.title(view), cards.figures(view)[1]
    row = view.ask("time_to_complete_days").row(0, named=True)
    assert "None" not in words
    if row["quality"] == "too_few":
        assert figure.value == "Too few"
        assert words.startswith(("Only", "No reviews"))
    elif row["value"] is not None:
        assert format.days(row["value"]) in words
        assert figure.value == ("Not reached" if row["p80"] is None else format.days(row["p80"]))
        assert ("one in five is not completed yet" in words) == (row["p80"] is None)
    else:
        assert words.startswith("Less than half")


def test_a_year_of_everything_draws_every_card(year: View) -> None:
    makers = (
        cards.how_long,
        cards.still_open,
        cards.how_they_end,
        cards.by_month,
        people_cards.two_ages,
        people_cards.teams,
        people_cards.on_hand,
    )
    assert all(drawn(make(year)) for make in (*makers, pace_cards.pace))


@pytest.mark.parametrize("scope", [Scope("leadership"), Scope("director", ("PHC",))], ids=lambda scope: scope.role_id)
def test_every_role_can_draw_its_cards(store: Path, scope: Scope) -> None:
    view = View(Snapshot(scope, home=store / "published"), YEAR)
    for make in (cards.how_long, cards.still_open, cards.how_they_end, cards.by_month, people_cards.two_ages):
        assert drawn(make(view))
    assert cards.figures(view)[1].value == format.days(view.ask("time_to_complete_days")["p80"][0])
    assert key_figure(view, "clock_stopped").value == format.count(view.ask("clock_stopped")["value"][0])


def test_a_director_sees_the_teams_of_their_own_center_alone(store: Path) -> None:
    own = View(Snapshot(Scope("director", ("PHC",)), home=store / "published"), YEAR)
    assert set(people_cards.teams(own).table["center"]) == {"PHC"}
    other = View(own.source, YEAR.keeping("center", ("ELE",)))
    assert people_cards.teams(other).table.is_empty()
    with pytest.raises(QueryError):
        people_cards.teams(View(Snapshot(Scope("leadership"), home=store / "published"), YEAR))
