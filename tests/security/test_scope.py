"""The threat: a reader sees a row, a name or a figure that their role does not reach, by any frame, cache or command."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path

import polars as pl
import pytest

from analytics import cube
from analytics.__main__ import main
from analytics.exc import QueryError, ScopeError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.rollups import ROLLUPS
from analytics.scope import ROLES, Scope
from data import release
from data.feedback import Desk
from data.store import Snapshot
from tests.data.pieces import shared

SCOPES = {
    "leadership": Scope("leadership"),
    "director": Scope("director", ("ELE",)),
    "analyst": Scope("analyst"),
    "working_group": Scope("working_group"),
}


def snapshot(store: Path, role: str) -> Snapshot:
    return Snapshot(SCOPES[role], home=store / "published")


def test_a_working_group_has_no_frame_but_the_counts_of_feedback(store: Path) -> None:
    view = snapshot(store, "working_group")
    assert {rollup.name for rollup in ROLLUPS if rollup.name in view.frames} == {"feedback_day_0"}
    assert view.frames["feedback_day_0"].select("segment").collect()["segment"].is_null().all()
    assert dict(view.released().frames) == {}
    assert sorted(view.labels) == sorted(view.released().labels) == ["center"]


@pytest.mark.parametrize("metric_id", [name for name, metric in METRICS.items() if metric.family.name != "feedback"])
def test_no_function_gives_a_working_group_a_number_past_the_release(store: Path, metric_id: str) -> None:
    view = snapshot(store, "working_group")
    for by in ([], ["center"], ["month"]):
        with pytest.raises((QueryError, KeyError)):
            METRICS[metric_id].answer(view.frames, Filters(), view.as_of, by)


def test_a_working_group_reads_nothing_of_the_store_but_the_release(store: Path) -> None:
    view = snapshot(store, "working_group")
    ways = (
        view.unassigned, view.statuses, view.segments, view.unassigned_share, view.skipped_months, view.known_then, view.loads, view.health,
        view.accounts, view.assignments, view.assignment_events, view.vanished, view.rejects, lambda: view.facts("review"),
        lambda: view.facts("entry"), lambda: view.item("R1"), lambda: view.pending(pl.lit(value=True)),
    )  # fmt: skip
    for way in ways:
        with pytest.raises(ScopeError):
            way()
    kept = {path.name for path in view.folder.rglob("release_*.parquet")}
    assert kept == {f"{name}.parquet" for name in release.FILES}
    assert {name for name, value in vars(view.released()).items() if isinstance(value, pl.DataFrame)} == {"cells", "_center"}


@pytest.mark.parametrize("role", ["leadership", "working_group"])
def test_roles_without_rows_get_none(store: Path, role: str) -> None:
    view = snapshot(store, role)
    with pytest.raises(ScopeError):
        view.accounts()
    for fact in ("entry", "entry_line", "review", "inquiry"):
        with pytest.raises(ScopeError):
            view.rows(fact, pl.lit(value=True), 5)
    with pytest.raises(ScopeError):
        view.rejects()
    for engine in (shared(store), None):
        assert 0 < Desk(view, engine).rows.height == public(store)


def test_a_director_sees_their_own_center_rows_alone(store: Path) -> None:
    view = snapshot(store, "director")
    assert view.rows("review", pl.lit(value=True), 100_000)["center_code"].unique().to_list() == ["ELE"]
    assert view.rows("entry", pl.lit(value=True), 100_000)["center_code"].unique().to_list() == ["ELE"]
    assert view.accounts()["center_code"].unique().to_list() == ["ELE"]
    with pytest.raises(ScopeError):
        view.rejects()
    for engine in (shared(store), None):
        shown = Desk(view, engine).rows
        assert shown.filter(~pl.col("is_public"))["center_code"].unique().to_list() == ["ELE"]
        assert shown.filter("is_public").height == public(store)


def public(store: Path) -> int:
    """How many pieces of feedback are public."""
    return int(pl.read_parquet(snapshot(store, "analyst").folder / "facts" / "feedback.parquet")["is_public"].sum())


def test_leadership_counts_all_feedback_and_reads_the_words_of_public_pieces_alone(store: Path) -> None:
    every = Desk(snapshot(store, "analyst"), shared(store)).rows
    secret = every.filter(~pl.col("is_public"))
    assert secret.height > 50
    for engine in (shared(store), None):
        desk = Desk(snapshot(store, "leadership"), engine)
        rollup = desk.source.frames["feedback_day_0"].select(pl.col("feedback_count").sum()).collect().item()
        assert desk.segments(pl.lit(value=True))["feedback_count"].sum() == rollup == every.height
        reached = [desk.rows, desk.pieces_of_themes(), *(desk.similar(name) for name in every["feedback_id"].head(60))]
        assert not {name for frame in reached for name in frame["feedback_id"]} & set(secret["feedback_id"])
        assert set(desk.rows["organization_code"]) == set(every.filter("is_public")["organization_code"])
        read = "\n".join(desk.rows["statement"]).lower()
        assert all(word in read for words in desk.themes()["words"] for word in words.split(", "))
        assert desk.themes()["feedback_count"].sum() == Desk(snapshot(store, "analyst"), engine).themes()["feedback_count"].sum()
    with pytest.raises(ScopeError, match="said in confidence"):
        Desk(snapshot(store, "leadership"), shared(store)).history("feedback", secret["feedback_id"][0])
    assert Desk(snapshot(store, "leadership"), shared(store)).history("feedback", every.filter("is_public")["feedback_id"][0]).height


@pytest.mark.parametrize("order", list(itertools.permutations(["working_group", "director", "analyst"])))
def test_no_cache_hands_one_reader_what_another_may_see(store: Path, order: tuple[str, ...]) -> None:
    seen = {}
    for role in order:
        view = snapshot(store, role)
        rows = None if role == "working_group" else view.rows("review", pl.lit(value=True), 100_000).height
        seen[role] = (len(view.frames), sorted(view.labels), rows, Desk(view, shared(store)).rows.height)
    alone = {}
    for role in order:
        view = snapshot(store, role)
        rows = None if role == "working_group" else view.rows("review", pl.lit(value=True), 100_000).height
        alone[role] = (len(view.frames), sorted(view.labels), rows, Desk(view, shared(store)).rows.height)
    assert seen == alone
    assert seen["working_group"][0] < seen["analyst"][0]
    assert seen["director"][2] < seen["analyst"][2]
    assert seen["working_group"][3] < seen["analyst"][3]


def test_no_aggregate_holds_a_name_or_a_number_of_an_importer(store: Path) -> None:
    view = snapshot(store, "leadership")
    columns = {column for frame in view.frames.values() for column in frame.collect_schema().names()}
    assert columns & {"account_id", "account_name", "importer_id", "importer_number", "entry_number", "filer_code", "team"} == set()
    with pytest.raises(KeyError):
        view.dimension("account")
    assert not {"account_id", "account_name"} & set(view.unassigned().columns)


def test_rollups_that_name_parties_are_cut_to_the_readers_centers(store: Path) -> None:
    named = [rollup for rollup in ROLLUPS if rollup.family.names_parties]
    assert named
    for order in (("director", "analyst"), ("analyst", "director")):
        seen = {role: snapshot(store, role).frames for role in order}
        for rollup in named:
            assert set(seen["director"][rollup.name].collect()["center_code"]) == {"ELE"}
            assert len(set(seen["analyst"][rollup.name].collect()["center_code"])) > 5
            rows = {
                role: cube.rows(frames, rollup.family, Filters(centers=("PHC",)), dt.date(2013, 9, 30)).collect().height
                for role, frames in seen.items()
            }
            assert rows["director"] == 0 < rows["analyst"]
    for role in ("leadership", "working_group"):
        frames = snapshot(store, role).frames
        assert [rollup.name for rollup in named if rollup.name in frames] == []
        with pytest.raises(KeyError):
            frames[named[0].name]


def test_a_director_opens_no_account_of_another_center(store: Path) -> None:
    analyst, director = snapshot(store, "analyst"), snapshot(store, "director")
    mine = set(director.accounts()["account_id"])
    for account_id in analyst.accounts().filter(pl.col("center_code") == "PHC")["account_id"].head(5):
        assert analyst.account(account_id) is not None
        assert director.account(account_id) is None
    # Those that no Center has yet and those that ports work have no director.
    for account_id in analyst.accounts().filter(pl.col("center_code").is_null())["account_id"].head(5):
        assert director.account(account_id) is None
    assert director.account("' or 1=1 --") is None
    opened = director.account(next(iter(sorted(mine))))
    assert opened is not None
    for rows in (opened.pending, opened.done):
        assert set(rows["center_code"]) <= {"ELE"}
    assert set(opened.history["account_id"]) <= mine
    assert set(director.assignments()["account_id"]) <= mine
    assert set(analyst.assignments()["account_id"]) > set(director.assignments()["account_id"])


def test_events_of_assignments_name_nobody_and_are_a_directors_own(store: Path) -> None:
    events = snapshot(store, "director").assignment_events()
    assert events.height > 0
    assert events.filter((pl.col("center_code") != "ELE") & (pl.col("from_center_code").fill_null("") != "ELE")).is_empty()
    assert not {"account_id", "account_name", "account_key"} & set(events.columns)


@pytest.mark.parametrize("role", ["leadership", "working_group"])
def test_roles_without_names_have_no_page_and_no_frame_of_accounts(store: Path, role: str) -> None:
    view = snapshot(store, role)
    assert [name for name in view.frames if name.startswith("account")] == []
    for ask in (lambda: view.account("A000001"), view.assignments, view.assignment_events):
        with pytest.raises(ScopeError):
            ask()
    # Read as text: to import it runs the app.
    pages = (Path(__file__).parents[2] / "frame/main.py").read_text()
    assert '("center", "accounts", "Accounts", ("director", "analyst")),' in pages


def test_few_accounts_are_not_shown_to_a_working_group(store: Path) -> None:
    with pytest.raises(ScopeError):
        snapshot(store, "working_group").unassigned()
    with pytest.raises(ScopeError):
        snapshot(store, "working_group").statuses()
    with pytest.raises(ScopeError):
        snapshot(store, "working_group").segments()
    assert not {"account_id", "account_name"} & set(snapshot(store, "leadership").statuses().columns)


@pytest.mark.parametrize("by", ["industry", "port", "program", "district", "account", "importer", "entry", "filer"])
def test_the_command_line_refuses_a_working_group_with_a_sentence(store: Path, capsys: pytest.CaptureFixture[str], by: str) -> None:
    assert main(["entry_summaries", "--by", by, "--role", "working_group", "--format", "json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("analytics: ")


def test_a_director_needs_a_center_and_every_role_is_known() -> None:
    with pytest.raises(ScopeError):
        Scope("director")
    with pytest.raises(ScopeError):
        Scope("root")
    assert set(SCOPES) == set(ROLES)


def test_a_version_name_cannot_climb_out_of_the_store(store: Path) -> None:
    from analytics.exc import DataError

    for name in ("../../../../etc", "..", "/etc/passwd"):
        with pytest.raises(DataError):
            Snapshot(Scope("analyst"), version=name, home=store / "published")


def test_the_command_line_answers_in_the_agreed_json(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pending", "--by", "center,month", "--from", "2013-01-01", "--to", "2013-03-31", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) >= {"metric", "as_of", "data_version", "filters", "rows"}
    assert answer["filters"] == {"from": "2013-01-01", "to": "2013-03-31"}
    assert {row["month"] for row in answer["rows"]} == {"2013-01", "2013-02", "2013-03"}
    assert set(answer["rows"][0]) == {"center", "month", "value", "low", "high", "n", "quality"}
