"""Titles of Feedback are true: each claim is worked out again from the rows of its own table, under random filters and for each role."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest

from analytics import codes, format, moved
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data.demo.planted import single
from data.feedback import Desk
from data.store import Snapshot
from tests.data.pieces import shared
from tests.data.test_titles import _filters, drawn, shares
from ui import voices
from ui.cards import closing, effects
from ui.cards import voices as said
from ui.cards.shared import listed
from ui.frame import View

ROOT = Path(__file__).parents[2]
SEEDS = range(20)
ROLES = ("analyst", "leadership", "working_group")


@pytest.fixture(scope="module", params=ROLES)
def desk(request: pytest.FixtureRequest, store: Path) -> Desk:
    return Desk(Snapshot(Scope(request.param), home=store / "published"), shared(store))


@pytest.fixture(params=SEEDS)
def view(request: pytest.FixtureRequest, analyst: Snapshot, desk: Desk) -> View:
    return View(desk.source, _filters(request.param, analyst).only(["center"]))


def test_did_it_move(view: View, desk: Desk) -> None:
    shown = voices.kept(view, desk)
    found = effects.effects(view, shown)
    card = effects.did_it_move(view, found)
    counted = {state: card.table.filter(pl.col("state") == state).height if card.table.height else 0 for state in moved.STATES}
    done = shown.filter(pl.col("status").is_in(["implemented", "partly_implemented"]) & pl.col("linked_metric_id").is_not_null())
    assert sum(counted.values()) == done["effective_date"].count()
    if not drawn(card):
        return
    sure = counted[moved.MOVED] + counted[moved.NOT_MOVED]
    assert card.title.startswith(f"Of {sure} change" if sure else f"None of {card.table.height} change")
    assert not sure or f", {counted[moved.MOVED]} moved the number it was meant to move" in card.title
    assert ("too early" in card.title) == (counted[moved.TOO_EARLY] > 0)
    assert (
        not counted[moved.TOO_EARLY]
        or f"; {counted[moved.TOO_EARLY]} {'is' if counted[moved.TOO_EARLY] == 1 else 'are'} too early" in card.title
    )
    if desk.scope.role_id == "working_group":
        assert shown["is_public"].all()
        assert card.table.filter(pl.col("linked_work_type").is_not_null())["state"].unique().to_list() in ([], [moved.UNJUDGED])


def test_the_effect_that_is_drawn(view: View, desk: Desk) -> None:
    found = effects.effects(view, voices.kept(view, desk))
    for feedback_id in [effects.chosen(found), *list(found.series)[:4]]:
        card = effects.effect(view, found, feedback_id)
        if not drawn(card):
            assert not found.series or not feedback_id
            continue
        row = found.judged.filter(pl.col("feedback_id") == feedback_id).row(0, named=True)
        assert card.title.lower().startswith(row["state"])
        after = card.table.filter((pl.col("side") == "after") & ~pl.col("provisional") & ~pl.col("starting"))["value"].drop_nulls()
        before = card.table.filter((pl.col("side") == "before") & ~pl.col("provisional") & ~pl.col("starting"))["value"].drop_nulls()
        assert (after.len(), before.tail(24).len()) == (row["after"], row["before"])
        if " after" in card.title and row["centre"] is not None:
            assert row["mean_after"] == pytest.approx(after.mean())
            assert row["centre"] == pytest.approx(before.tail(24).mean())


@pytest.mark.parametrize("work_type", [None, "psc"])
@pytest.mark.parametrize("metric_id", ["inquiries_on_time_share", "backlog"])
def test_a_slice_names_what_was_judged(analyst: Snapshot, metric_id: str, work_type: str | None) -> None:
    view = View(analyst, Filters())
    row = {"feedback_id": "F1", "linked_metric_id": metric_id, "linked_center_code": "PHC", "linked_work_type": work_type}
    whole = pl.DataFrame([row, {**row, "feedback_id": "F2", "linked_work_type": None}], schema=dict.fromkeys(row, pl.String))
    found = moved.histories(view.frames, whole, view.as_of, analyst.first_date)
    narrowed = not found["F1"].equals(found["F2"])
    assert narrowed == (work_type is not None and metric_id == "backlog")
    words = effects.slice_words(view, row)
    assert words.endswith(f", {codes.WORK_TYPES['psc']}") == narrowed
    assert words.startswith(f"{METRICS[metric_id].name}, {view.label('center', 'PHC')}")


def test_waiting_long(view: View, desk: Desk) -> None:
    card = closing.waiting_long(view)
    if drawn(card):
        late = int(card.table["value"].sum())
        assert card.title.startswith(f"{late:,} piece" if late else "Nothing has been open")
        if late:
            assert shares(card.title) == [format.share(late / view.ask("feedback_open")["value"].sum())]
        if "; " in card.title:
            top = card.table.sort("value", descending=True)
            assert card.title.endswith(f"; {top['label'][0]} has {top['value'][0]:,}")
            assert top["value"][0] > top["value"][1]


def test_settling(view: View, desk: Desk) -> None:
    for card, words in (
        (closing.settling(view), "takes {} or more to be settled"),
        (said.answer_age(view), "waits {} or more for a first answer"),
    ):
        if not drawn(card):
            continue
        known = card.table.drop_nulls("value")
        slow, fast = known.row(0, named=True), known.row(-1, named=True)
        assert known["value"].max() == slow["value"]
        assert known["value"].min() == fast["value"]
        assert words.format(format.days(slow["value"])) in card.title
        assert ("; " in card.title) == (known.height > 1)
        if known.height > 1:
            apart = slow["low"] is not None and fast["high"] is not None and slow["low"] > fast["high"]
            assert f"; {fast['label']} takes {format.days(fast['value'])}" in card.title
            assert card.title.endswith("; chance alone could make the difference") != apart


def test_what_is_agreed_to(view: View, desk: Desk) -> None:
    for card in (closing.accepted_by_topic(view), closing.accepted_by_segment(view, desk.segments(voices.predicate(view)))):
        if not drawn(card):
            continue
        known = card.table.drop_nulls("value").sort("value")
        lowest = known.filter(pl.col("value") == known["value"][0])
        name = card.title.split("“")[1].split("”")[0]
        assert name in lowest["label"].to_list()
        assert shares(card.title) == [format.share(known["value"][0])]
        assert known.filter(pl.col("n") < 10).is_empty()
        if card.key == "accepted_segments" and desk.scope.role_id == "working_group":
            assert "organizations" not in card.table.columns
            listed = voices.kept(view, desk).with_columns(
                label=pl.col("segment").replace_strict(codes.SEGMENTS, default=None).fill_null("Other segments")
            )
            assert sorted(card.table.select("label", "feedback_count").rows()) == sorted(listed.group_by("label").len().rows())


def test_satisfaction(view: View, desk: Desk) -> None:
    card = closing.satisfied(view)
    if drawn(card):
        rated = card.table["feedback_count"].sum()
        happy = card.table.filter(pl.col("stage").str.starts_with("Satisfied"))["feedback_count"].sum()
        assert shares(card.title)[0] == format.share(happy / rated)
        assert f"{rated:,} rating" in card.title
        assert card.table.group_by("label").agg(pl.col("share").sum())["share"].to_list() == pytest.approx(
            [1.0] * card.table["label"].n_unique()
        )


def test_themes(view: View, desk: Desk) -> None:
    shown = voices.kept(view, desk)
    pieces = desk.pieces_of_themes().join(shown.select("feedback_id"), on="feedback_id", how="semi")
    card = closing.themes(view, desk.themes(), pieces)
    if drawn(card):
        top = card.table.sort("shown", descending=True)
        assert card.title.startswith(f"The words tell {plural(top.height)} apart")
        ties = top.filter(pl.col("shown") == top["shown"][0])["label"].to_list()
        told = listed([f"“{label}”" for label in ties]) if len(ties) <= 3 else f"{len(ties)} of them"
        many = f"{top['shown'][0]:,}{' each' if len(ties) > 1 else ''} of {top['shown'].sum():,}"
        assert card.title.endswith(f"the largest {'is' if len(ties) == 1 else 'are'} {told}, {many}")
        assert top["shown"].sum() == pieces.height
        if desk.scope.role_id != "analyst":
            read = "\n".join(desk.rows["statement"]).lower()
            assert all(word in read for words in top["words"] for word in words.split(", "))


@pytest.mark.parametrize("later", [0, 1, 2])
def test_what_was_settled_after_the_date_of_the_data_is_said(analyst: Snapshot, later: int) -> None:
    view = View(analyst, Filters())
    days = [view.as_of + dt.timedelta(days=place + later - 2) for place in range(3)]
    rows = pl.DataFrame({"received_date": [view.as_of] * 3, "closed_date": days})
    words = voices.settled_later(view, rows)
    assert words.startswith(f"{later} piece{'s' if later > 1 else ''} w") if later else words == ""


def plural(count: int) -> str:
    return f"{count} theme" if count == 1 else f"{count} themes"


def test_the_list_is_what_the_figures_count(view: View, desk: Desk) -> None:
    shown = voices.kept(view, desk)
    received = view.ask("feedback_received")["value"].sum()
    # Of a working group both count what it may list: a count of more would tell each of the others by its day.
    if desk.scope.role_id == "leadership":
        assert shown.height == desk._all.filter(voices.predicate(view) & pl.col("is_public")).height < received or not received
        return
    assert shown.height == received
    assert (desk.scope.role_id == "working_group") == view.sentence.endswith("public pieces")
    days = view.ask("feedback_received", "center", "month").select("center", "month", "value").rows()
    listed = shown.group_by("center_code", pl.col("received_date").dt.strftime("%Y-%m")).len()
    assert sorted(days) == sorted(listed.rows())
    words = voices.found(shown, "CORRECTION open")
    assert words.height == sum(
        all(
            part in "\n".join(str(value) for value in row.values()).lower()
            or part in "turnaround of corrections" * (row["topic"] == "corrections")
            for part in ("correction", "open")
        )
        for row in shown.select(
            "feedback_id", "statement", "response", "sub_topic", "organization_code", "ports", "chapters", "owner", "topic"
        ).iter_rows(named=True)
    )
    assert voices.listed(view, shown).height == shown.height


def test_the_planted_effect_is_found_and_no_other_change_moved_its_number(store: Path, analyst: Snapshot) -> None:
    truth = single("feedback_effect")
    rows = moved.effects(Desk(analyst, shared(store)).rows)
    judged = moved.judged(rows, moved.histories(analyst.frames, rows, analyst.as_of, analyst.first_date))
    found = judged.filter(pl.col("state") == moved.MOVED)
    assert found.select("linked_metric_id", "linked_center_code", "effective_date").unique().rows() == [
        ("inquiries_on_time_share", truth.center_code, truth.from_date)
    ]
    assert judged.filter(pl.col("state") == moved.NOT_MOVED).height >= 4
    assert judged.filter(pl.col("state") == moved.TOO_EARLY).height >= 2


FORBIDDEN = re.compile(r"consensus|advice to CBP|advises? CBP|the working groups? (?:recommend|advise)s?", re.IGNORECASE)


def test_input_is_individual_and_nowhere_called_the_advice_of_a_group() -> None:
    sources = [
        path
        for folder in ("analytics", "data", "ui", "pages", "frame", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".md", ".csv", ".js", ".toml")
    ]
    assert len(sources) > 100
    said = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sources
        for line in path.read_text(encoding="utf-8").splitlines()
        if FORBIDDEN.search(line)
    ]
    assert said == []
    assert FORBIDDEN.search("This is the consensus of the group.")
    assert "individual input" in (ROOT / "ui" / "voices.py").read_text().lower()
