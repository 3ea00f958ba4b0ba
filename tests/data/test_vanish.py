"""Records that a full extract no longer has, with nothing that closed them, are listed; they stay and are counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from analytics.exc import DataError
from data import bulk, ledger, load, vanish
from data.marks import Marks
from tests.data.samples import EXPORT, Row, entry, number, ordinal, review, write_csv

CLOSED = {"status": "completed", "closed_date": "2013-02-01", "outcome": "no_change"}


def full(bank: Engine, folder: Path, table: str, rows: list[Row], day: str = "2013-03-01", **marks: Any) -> load.LoadResult:
    given = Marks(full=True, extract_date=dt.date.fromisoformat(day), **marks)
    return load.load_files([write_csv(folder / f"{table}.csv", rows)], engine=bank, given=given)[-1]


def missing(bank: Engine) -> list[str]:
    return sorted(vanish.listed(bank)["row_key"])


def test_a_key_that_the_next_full_extract_lacks_has_vanished(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "review", [review(i) for i in range(1, 5)])
    result = full(peopled, tmp_path, "review", [review(1), review(4), review(5)], "2013-04-01")
    assert result.vanished == 2
    assert vanish.listed(peopled).rows() == [
        ("default", "review", "R2", 1, 2, dt.date(2013, 4, 1)),
        ("default", "review", "R3", 1, 2, dt.date(2013, 4, 1)),
    ]
    assert bulk.read_table(peopled, "review").height == 5
    assert ledger.loads(peopled)["vanished_count"].to_list() == [2, 0]


def test_a_closed_review_may_leave(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "review", [review(1), review(2), review(3, **CLOSED)])
    load.load_files([write_csv(tmp_path / "closed.csv", [review(2, **CLOSED)])], engine=peopled, table="review")
    full(peopled, tmp_path, "review", [review(1)])
    assert missing(peopled) == []


def test_a_liquidated_entry_may_leave(peopled: Engine, tmp_path: Path) -> None:
    done = {"liquidation_date": "2013-08-30", "liquidation_type": "no_change"}
    full(peopled, tmp_path, "entry", [entry(1), entry(2, **done), entry(3)])
    full(peopled, tmp_path, "entry", [entry(3)])
    assert missing(peopled) == [number(1)]


def test_a_refused_row_has_not_vanished(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "review", [review(1), review(2)])
    full(peopled, tmp_path, "review", [review(1), review(2, port_code="9999")])
    assert missing(peopled) == []


def test_what_comes_again_is_back_and_may_vanish_again(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "review", [review(1), review(2)])
    full(peopled, tmp_path, "review", [review(1)])
    assert missing(peopled) == ["R2"]
    full(peopled, tmp_path, "review", [review(1), review(3)])
    assert missing(peopled) == ["R2"]
    load.load_files([write_csv(tmp_path / "again.csv", [review(2)])], engine=peopled, table="review")
    assert missing(peopled) == []
    full(peopled, tmp_path, "review", [review(1), review(2), review(3)])
    full(peopled, tmp_path, "review", [review(1), review(3)], "2013-06-01")
    assert missing(peopled) == ["R2"]


def test_sources_do_not_miss_each_others_records(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "review", [review(1), review(2)], source="east")
    full(peopled, tmp_path, "review", [review(3)], source="west")
    assert missing(peopled) == []
    full(peopled, tmp_path, "review", [review(4)], source="west")
    assert missing(peopled) == ["R3"]


def test_a_partial_extract_misses_nothing(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "review", [review(1), review(2)])
    load.load_files([write_csv(tmp_path / "review.csv", [review(3)])], engine=peopled)
    assert missing(peopled) == []


def test_the_full_extract_before_last_loaded_again_is_no_repetition(peopled: Engine, tmp_path: Path) -> None:
    """Its bytes were loaded before, yet it says something new: the later record is gone."""
    full(peopled, tmp_path, "review", [review(1), review(2)])
    assert full(peopled, tmp_path, "review", [review(1), review(2)]).already_loaded
    full(peopled, tmp_path, "review", [review(1), review(2), review(3)])
    again = full(peopled, tmp_path, "review", [review(1), review(2)])
    assert not again.already_loaded
    assert missing(peopled) == ["R3"]


def test_a_full_extract_in_parts_is_refused_before_anything_is_loaded(peopled: Engine, tmp_path: Path) -> None:
    paths = [write_csv(tmp_path / f"review_{name}.csv", [review(i)]) for i, name in enumerate("ab", start=1)]
    with pytest.raises(DataError, match=r"review_a.csv and review_b.csv are both full extracts of review"):
        load.load_files(paths, engine=peopled, given=Marks(full=True))
    assert ledger.loads(peopled).is_empty()
    assert [result.vanished for result in load.load_files(paths, engine=peopled)] == [0, 0]


def test_the_same_extract_of_a_later_day_is_written_down(peopled: Engine, tmp_path: Path) -> None:
    """The source has nothing new and says so; its data are fresh."""
    full(peopled, tmp_path, "review", [review(1)], "2013-03-01")
    assert not full(peopled, tmp_path, "review", [review(1)], "2013-04-01").already_loaded
    assert full(peopled, tmp_path, "review", [review(1)], "2013-04-01").already_loaded
    assert ledger.loads(peopled)["extract_date"].to_list() == [dt.date(2013, 4, 1), dt.date(2013, 3, 1)]


def test_a_full_report_misses_rows_of_its_kind(peopled: Engine, tmp_path: Path) -> None:
    full(peopled, tmp_path, "ES-003", EXPORT)
    result = full(peopled, tmp_path, "ES-003", [*EXPORT[:3], ordinal(5)])
    assert result.vanished == 1
    assert missing(peopled) == [f"{number(2)}|1|1"]
