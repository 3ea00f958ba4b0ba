"""Single records for those whose role reaches them: the open reviews of a work list, and one review with all around it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest

from analytics import clocks, format, standards, worklist, workload
from analytics.exc import ScopeError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data.store import Snapshot
from ui import item, legaldates
from ui.frame import View

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


def test_the_nearest_consequence_is_first_and_what_has_none_last(analyst: Snapshot) -> None:
    listed = _listed(analyst, Filters())
    days = listed["days_to_consequence"].to_list()
    known = [day for day in days if day is not None]
    assert days == [*sorted(known), *[None] * (len(days) - len(known))]
    assert len(set(known)) > 20
    assert listed["days_to_due"].to_list() == [due and (due - analyst.as_of).days for due in listed["due_date"]]


def test_backlog_begins_the_day_after_the_standard(analyst: Snapshot) -> None:
    """On several days, so that some reviews are exactly as old as their standard."""
    at_the_mark = 0
    for back in (0, 1, 2, 7, 30, 61):
        day = analyst.as_of - dt.timedelta(days=back)
        reviews, stood = analyst.pending(pl.col("opened_date") <= day)
        listed = worklist.items(reviews, stood, analyst.accounts(), day)
        rows = listed.select("opened_date", "work_type").iter_rows()
        ages = [((day - opened).days, standards.STANDARD_DAYS[kind]) for opened, kind in rows]
        assert listed["is_backlog"].to_list() == [age > standard for age, standard in ages]
        at_the_mark += sum(age == standard for age, standard in ages)
    assert at_the_mark > 5


def test_windows_count_what_their_days_say(analyst: Snapshot) -> None:
    listed = _listed(analyst, Filters())
    edges = {"lapsed": ("days_to_consequence", -(10**6), -1), "past_due": ("days_to_due", -(10**6), -1)}
    edges |= {name: ("days_to_consequence", 0, int(name)) for name in ("7", "14", "30")}
    edges |= {f"due_{days}": ("days_to_due", 0, days) for days in (7, 30)}
    assert set(edges) | {"all"} == set(worklist.WINDOWS)
    for moved in range(-31, 32):  # so that each edge of a window has items on it
        shifted = listed.with_columns(pl.col("days_to_consequence", "days_to_due") + moved)
        counted = worklist.counts(shifted)
        assert counted["all"] == listed.height
        for name, (column, first, last) in edges.items():
            assert counted[name] == sum(day is not None and first <= day <= last for day in shifted[column].to_list()), (name, moved)


def test_a_search_looks_in_what_the_page_says_and_every_word_must_be_there(analyst: Snapshot) -> None:
    listed = _listed(analyst, Filters())
    row = listed.drop_nulls(["team", "account_name", "entry_number", "filer_code"]).row(0, named=True)
    for column in ("entry_number", "account_name", "filer_code", "team", "review_id"):
        found = worklist.narrowed(listed, "all", str(row[column]).upper())
        assert row["review_id"] in found["review_id"], column
        assert found.height < listed.height, column
    both = worklist.narrowed(listed, "all", f"{row['team']} {row['review_id']}")
    assert both["review_id"].to_list() == [row["review_id"]]
    assert worklist.narrowed(listed, "all", f"{row['review_id']} nowhere").is_empty()


def test_what_is_around_a_review_is_in_order(analyst: Snapshot) -> None:
    listed = _listed(analyst, Filters())
    many = listed.filter(pl.len().over("account_id") > 3)["review_id"].head(12)
    events, others = 0, 0
    for review_id in (*many, *listed.filter("clock_stands")["review_id"].head(12)):
        around = analyst.item(review_id)
        assert around is not None
        assert around.events["event_date"].to_list() == sorted(around.events["event_date"])
        opened = around.others["opened_date"].to_list()
        assert opened == sorted(opened, reverse=True)
        events, others = max(events, around.events["event_date"].n_unique()), max(others, len(set(opened)))
    assert min(events, others) > 1


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


def test_an_item_without_its_entry_says_why_and_why_it_has_no_lines(director: Snapshot) -> None:
    view = View(director, Filters())
    reviews, _ = director.pending(EVERYTHING)
    others = director.facts("entry").filter(pl.col("center_code") != "ELE").select("entry_number").collect().to_series().implode()
    kinds = {
        "elsewhere": pl.col("entry_number").is_in(others),
        "none": pl.col("entry_number").is_null(),
        "own": pl.col("entry_number").is_not_null() & ~pl.col("entry_number").is_in(others),
    }
    for kind, chosen in kinds.items():
        around = director.item(reviews.filter(chosen)["review_id"][0])
        assert around is not None
        review = around.review.row(0, named=True)
        said, why = item._entry(view, review, around.entry), item._why_no_lines(view, review, around.entry)
        lines = item._lines(around.lines, why)
        assert around.entry.height == (kind == "own")
        assert ("which its port or another Center processes" in said) == (kind == "elsewhere")
        assert (f"Not shown: entry {review['entry_number']} is processed by its port or another Center" in lines) == (kind == "elsewhere")
        assert ("no single entry summary" in said) == ("no single entry summary" in lines) == (kind == "none")
        assert ('<td data-head="Tariff number">' in lines) == (kind == "own")


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(centers=("ELE",)), Filters(centers=("PHC", "AGR"), ports=("2704",)), Filters(work_types=("validation",))],
)
def test_the_next_legal_date_of_the_rollups_is_that_of_the_items(analyst: Snapshot, filters: Filters) -> None:
    view = View(analyst, filters.between(dt.date(2012, 1, 1), dt.date(2012, 6, 30)))
    listed = _listed(analyst, filters).filter(pl.col("days_to_due").is_between(0, 30))
    days = workload.due_days(analyst.frames, view.filters, analyst.as_of)
    assert days["reviews_count"].sum() == view.ask("due_within_30", filters=filters)["value"][0] == listed.height
    sums = listed.group_by("due_date", "work_type").agg(reviews_count=pl.len().cast(pl.Int64)).sort("due_date", "work_type")
    assert days.equals(sums.select(days.columns))
    lawful = listed.filter(pl.col("work_type").is_in(["protest", "cf28", "cf29", "prior_disclosure"]))
    # Their due date is the law's: the clock that runs for them names the same day.
    named = clocks.clocks(lawful.lazy(), analyst.as_of).filter("legal").collect().join(lawful, on="review_id")
    assert set(lawful["review_id"]) == set(named.filter(pl.col("date") == pl.col("due_date"))["review_id"])
    said = legaldates.sentence(legaldates.rows(view), analyst.as_of)
    if lawful.is_empty():
        assert said.startswith("No legal date of a notice, protest or disclosure of this choice lies in the 30 days from ")
        return
    first = lawful.filter(pl.col("due_date") == lawful["due_date"].min())
    assert f"disclosure: {format.date(first['due_date'][0])}, " in said
    assert sum(int(count.replace(",", "")) for count in re.findall(r"([\d,]+) reviews?\b", said)) == first.height


def test_the_way_to_all_legal_dates_is_for_those_who_see_single_records(store: Path, director: Snapshot) -> None:
    leadership = Snapshot(Scope("leadership"), home=store / "published")
    own = legaldates.line(View(director, Filters(centers=("ELE",))))
    assert 'href="work_list?center=ELE' in own
    assert "within=" in own
    assert "href" not in legaldates.line(View(leadership, Filters()))
