"""The work list: both ages, the order in which a right is lost, and what windows and a search keep."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics import clocks, worklist
from analytics.exc import QueryError

D = dt.date
AS_OF = D(2013, 9, 30)

#: review, work type, opened, due, due basis, entry date, liquidated
CASES = [
    ("young", "cf28", D(2013, 9, 20), D(2013, 10, 20), "reply_30_days", D(2013, 8, 1), D(2013, 9, 1)),
    ("late", "cf29", D(2013, 8, 1), D(2013, 8, 21), "objection_20_days", D(2013, 2, 1), D(2013, 9, 1)),
    ("week", "protest", D(2013, 9, 6), D(2013, 10, 6), "accelerated_30_days", D(2012, 6, 1), D(2013, 4, 12)),
    ("none", "internal_advice", D(2013, 3, 1), D(2013, 5, 30), "service_standard", D(2012, 6, 1), D(2013, 4, 12)),
]


def _reviews() -> pl.DataFrame:
    names = ("review_id", "work_type", "opened_date", "due_date", "due_basis", "entry_date", "liquidation_date")
    frame = pl.DataFrame(CASES, schema=list(names), orient="row")
    nothing = dict.fromkeys(("scheduled_liquidation_date", "suspended_date", "suspension_lifted_date"), pl.lit(None, pl.Date))
    return frame.with_columns(
        **nothing,
        extension_count=pl.lit(0, pl.Int64),
        account_id=pl.lit("A1"),
        entry_number="E-" + pl.col("review_id"),
        filer_code=pl.lit("ZA0"),
        team=pl.lit("ELE-1"),
    )


STOOD = pl.DataFrame(
    {
        "review_id": ["none", "none", "late"],
        "stop_date": [D(2013, 4, 1), D(2013, 9, 1), D(2013, 10, 5)],
        "start_date": [D(2013, 4, 11), None, None],
    }
)
ACCOUNTS = pl.DataFrame({"account_id": ["A1"], "account_name": ["Velavane Semiconductor"]})


@pytest.fixture
def listed() -> pl.DataFrame:
    return worklist.items(_reviews(), STOOD, ACCOUNTS, AS_OF)


def test_the_nearest_loss_of_a_right_comes_first(listed: pl.DataFrame) -> None:
    assert listed.select("review_id", "days_to_consequence").rows() == [("late", -40), ("week", 6), ("young", 20), ("none", None)]


def test_both_ages_are_counted(listed: pl.DataFrame) -> None:
    row = listed.filter(review_id="none").row(0, named=True)
    gross = (AS_OF - D(2013, 3, 1)).days
    assert row["age_days"] == gross
    assert row["controlled_age_days"] == gross - 10 - 29
    assert row["clock_stands"] is True
    # A stop that lies after the date has not come.
    late = listed.filter(review_id="late").row(0, named=True)
    assert (late["age_days"], late["controlled_age_days"], late["clock_stands"]) == (60, 60, False)


def test_backlog_is_what_is_open_beyond_the_standard(listed: pl.DataFrame) -> None:
    assert dict(listed.select("review_id", "is_backlog").iter_rows()) == {"late": True, "week": False, "young": False, "none": True}


@pytest.mark.parametrize(
    ("window", "kept"),
    [
        ("all", ["late", "week", "young", "none"]),
        ("lapsed", ["late"]),
        ("7", ["week"]),
        ("past_due", ["late", "none"]),
        ("due_7", ["week"]),
        ("due_30", ["week", "young"]),
        ("14", ["week"]),
        ("30", ["week", "young"]),
    ],
)
def test_windows(listed: pl.DataFrame, window: str, kept: list[str]) -> None:
    assert worklist.narrowed(listed, window, "")["review_id"].to_list() == kept
    assert worklist.counts(listed)[window] == len(kept)


@pytest.mark.parametrize(
    ("search", "found"), [("VELAVANE week", ["week"]), ("e-young", ["young"]), ("za0 ele-1", 4), (".*", []), ("  ", 4)]
)
def test_a_search_keeps_what_has_every_word(listed: pl.DataFrame, search: str, found: list[str] | int) -> None:
    kept = worklist.narrowed(listed, "all", search)["review_id"].to_list()
    assert kept == found if isinstance(found, list) else len(kept) == found


def test_an_unknown_window_is_refused_with_the_known_ones(listed: pl.DataFrame) -> None:
    with pytest.raises(QueryError, match="lapsed"):
        worklist.narrowed(listed, "8", "")


def test_an_account_that_may_not_be_named_has_no_name() -> None:
    listed = worklist.items(_reviews(), STOOD, ACCOUNTS.clear(), AS_OF)
    assert listed["account_name"].null_count() == 4
    assert set(clocks.rules_table()["id"]) >= set(listed["consequence_clock"].drop_nulls())


def test_nothing_open_is_an_empty_list() -> None:
    listed = worklist.items(_reviews().clear(), STOOD, ACCOUNTS, AS_OF)
    assert listed.is_empty()
    assert worklist.counts(listed) == dict.fromkeys(worklist.WINDOWS, 0)
