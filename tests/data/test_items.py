"""Single records for those whose role reaches them: the open reviews of a work list, and one review with all around it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from analytics import worklist
from analytics.exc import ScopeError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data.store import Snapshot

EVERYTHING = pl.lit(value=True)


@pytest.fixture
def director(store: Path) -> Snapshot:
    return Snapshot(Scope("director", ("ELE",)), home=store / "published")


def _listed(snapshot: Snapshot, filters: Filters) -> pl.DataFrame:
    return worklist.items(*snapshot.pending(filters.predicate()), snapshot.accounts(), snapshot.as_of)


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(centers=("ELE",)), Filters(ports=("2704",), work_types=("validation",)), Filters(programs=("isa",))]
)
def test_the_list_holds_what_the_figures_count(analyst: Snapshot, filters: Filters) -> None:
    listed = _listed(analyst, filters)

    def value(metric_id: str) -> float:
        return float(METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, ())["value"][0] or 0)

    assert listed.height == value("pending") > 0
    assert listed["is_backlog"].sum() == value("backlog")
    assert (listed["due_date"] < analyst.as_of).sum() == value("past_due")
    assert listed["clock_stands"].sum() == value("clock_stopped")
    assert listed["age_days"].max() == value("oldest_days")
    assert listed["age_days"].mean() == pytest.approx(value("pending_age_days"), rel=1e-12)
    assert listed["controlled_age_days"].mean() == pytest.approx(value("controlled_age_days"), rel=1e-12)


def test_a_director_lists_their_own_center_alone(director: Snapshot, analyst: Snapshot) -> None:
    mine, every = _listed(director, Filters()), _listed(analyst, Filters())
    assert set(mine["center_code"]) == {"ELE"}
    assert mine.height == every.filter(center_code="ELE").height > 0
    assert _listed(director, Filters(centers=("PHC",))).is_empty()
    assert mine["account_name"].null_count() < mine.height


def test_one_review_comes_with_all_around_it(analyst: Snapshot) -> None:
    listed = _listed(analyst, Filters()).filter(pl.col("entry_number").is_not_null() & pl.col("clock_stands"))
    wanted = listed.row(0, named=True)
    found = analyst.item(wanted["review_id"])
    assert found is not None
    assert found.review["review_id"].to_list() == [wanted["review_id"]]
    assert set(found.events["review_id"]) == {wanted["review_id"]}
    assert found.events["event_date"].is_sorted()
    assert found.clock["start_date"].null_count() == 1
    assert found.entry["entry_number"].to_list() == [wanted["entry_number"]]
    assert found.lines.height == found.entry["line_count"][0]
    assert found.lines["value_usd"].sum() == pytest.approx(found.entry["value_usd"][0])
    assert set(found.others["account_id"]) <= {wanted["account_id"]}
    assert wanted["review_id"] not in found.others["review_id"]


def test_another_centers_review_is_not_there_for_a_director(director: Snapshot, analyst: Snapshot) -> None:
    other = _listed(analyst, Filters(centers=("PHC",)))["review_id"][0]
    assert analyst.item(other) is not None
    assert director.item(other) is None
    assert director.item("no such review") is None
    own = _listed(director, Filters())["review_id"][0]
    around = director.item(own)
    assert around is not None
    assert set(around.others["center_code"]) <= {"ELE"}


@pytest.mark.parametrize("role", ["leadership", "working_group"])
def test_roles_without_rows_have_no_list(store: Path, role: str) -> None:
    snapshot = Snapshot(Scope(role), home=store / "published")
    with pytest.raises(ScopeError):
        snapshot.pending(EVERYTHING)
    with pytest.raises(ScopeError):
        snapshot.item("R00000001")
