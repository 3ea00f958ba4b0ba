"""Corrections keep what was there before, and every month knows what each load did to it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from analytics.exc import DataError
from data import bulk, database, health, history, ledger, load
from data.marks import Marks
from tests.data.samples import entry, line, number, review, write_csv


def loaded(bank: Engine, path: Path, day: str | None = None, **marks: Any) -> load.LoadResult:
    given = Marks(extract_date=dt.date.fromisoformat(day) if day else None, **marks)
    return load.load_files([path], engine=bank, given=given)[-1]


def known(bank: Engine, table: str = "entry") -> list[tuple[Any, ...]]:
    return ledger.known_then(bank).filter(table_name=table).drop("table_name").rows()


def proven(bank: Engine) -> int:
    """What the recount by the database leaves: 0 when the ledger is true."""
    return int(health.recounted(bank)["residual"].sum())


def test_a_corrected_row_is_kept_with_the_load_that_replaced_it(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1), entry(2)]))
    result = loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, value_usd="99", mode_code=""), entry(2)]))
    assert (result.added, result.replaced, result.unchanged) == (0, 1, 1)
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, value_usd="100")]))
    with database.reading(peopled) as connection:
        shown = history.of_record(connection, "entry", number(1)).select("value_usd", "mode_code", "load_id", "replaced_by").rows()
        untouched = history.of_record(connection, "entry", number(2))
    assert shown == [(100.0, "11", 3, None), (99.0, None, 2, 3), (1234.5, "11", 1, 2)]
    assert untouched.select("load_id", "replaced_by").rows() == [(1, None)]
    assert ledger.loads(peopled)["replaced_count"].to_list() == [1, 1, 0]


def test_a_record_that_is_none_is_said_so(bank: Engine) -> None:
    with database.reading(bank) as connection:
        with pytest.raises(DataError, match="There is no entry 1"):
            history.of_record(connection, "entry", "1")
        with pytest.raises(DataError, match=r"entry_number\|line_number"):
            history.of_record(connection, "entry_line", "1")
        with pytest.raises(DataError, match="no table “ports”"):
            history.of_record(connection, "ports", "1")


def test_a_month_is_known_as_it_was_known_then(peopled: Engine, tmp_path: Path) -> None:
    """Two entries come first; a third of the month comes late, one is corrected, and one turns out to be of another month."""
    loaded(peopled, write_csv(tmp_path / "a.csv", [entry(1), entry(2)]), "2012-11-01")
    loaded(peopled, write_csv(tmp_path / "b.csv", [entry(3), entry(1, value_usd="1000")]), "2012-12-01")
    loaded(peopled, write_csv(tmp_path / "c.csv", [entry(2, entry_date="2012-11-02")]), "2013-01-01")
    assert known(peopled) == [
        ("2012-10", dt.date(2012, 11, 1), 2, 0, 246900, 0),
        ("2012-10", dt.date(2012, 12, 1), 3, 1, 346900, 0),
        ("2012-10", dt.date(2013, 1, 1), 2, 1, 223450, 0),
        ("2012-11", dt.date(2013, 1, 1), 1, 0, 123450, 0),
    ]
    assert proven(peopled) == 0


def test_an_older_extract_that_comes_late_was_known_only_then(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "a.csv", [entry(i) for i in range(1, 6)]), "2012-12-01")
    loaded(peopled, write_csv(tmp_path / "b.csv", [entry(6), entry(7)]), "2012-11-01")
    assert [(day, rows) for _, day, rows, *_ in known(peopled)] == [(dt.date(2012, 12, 1), 7)]


def test_an_amount_of_half_a_cent_is_refused(peopled: Engine, tmp_path: Path) -> None:
    """Databases round it each in its own way, and the sums would never agree."""
    rows = [entry(1, value_usd="10.125"), entry(2, value_usd="10.12"), entry(3, value_usd="98765432109.87"), entry(4, value_usd="0.1")]
    assert loaded(peopled, write_csv(tmp_path / "entry.csv", rows)).rejected == 1
    assert proven(peopled) == 0


def test_lines_and_reviews_follow_an_entry_that_moves(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, value_usd="30", line_count="2")]))
    loaded(peopled, write_csv(tmp_path / "entry_line.csv", [line(1, 1, value_usd="10"), line(1, 2, value_usd="20")]))
    loaded(peopled, write_csv(tmp_path / "review.csv", [review(1, entry_number=number(1), opened_date="2013-01-05")]))
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1, value_usd="30", line_count="2", entry_date="2012-09-30")]))
    with database.reading(peopled) as connection:
        last = bulk.read_where(
            connection, "revision", ["table_name", "month", "added_count", "removed_count", "value_cents"], "load_id = 4"
        )
    assert last.sort("table_name", "month").rows() == [
        ("entry", "2012-09", 1, 0, 3000),
        ("entry", "2012-10", 0, 1, -3000),
        ("entry_line", "2012-09", 2, 0, 3000),
        ("entry_line", "2012-10", 0, 2, -3000),
        ("review", "2013-01", 0, 0, 0),
    ]
    assert proven(peopled) == 0


def test_closing_and_reopening_a_review_moves_the_closed_count(peopled: Engine, tmp_path: Path) -> None:
    closed = {"status": "completed", "closed_date": "2013-02-01", "outcome": "no_change"}
    loaded(peopled, write_csv(tmp_path / "review.csv", [review(1), review(2, **closed)]), "2013-02-01")
    loaded(peopled, write_csv(tmp_path / "review.csv", [review(1, **closed)]), "2013-03-01")
    loaded(peopled, write_csv(tmp_path / "review.csv", [review(2)]), "2013-04-01")
    assert [row[-1] for row in known(peopled, "review")] == [1, 2, 1]
    assert proven(peopled) == 0


def test_the_recount_finds_what_was_changed_behind_the_ledger(peopled: Engine, tmp_path: Path) -> None:
    loaded(peopled, write_csv(tmp_path / "entry.csv", [entry(1), entry(2)]))
    assert proven(peopled) == 0
    with peopled.begin() as connection:
        connection.exec_driver_sql("UPDATE entry SET value_usd = value_usd + 1")
    assert proven(peopled) == 200
    with peopled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM entry")
    assert proven(peopled) == 2 + 246900


def test_accounts_get_small_numbers_that_stay(peopled: Engine, tmp_path: Path) -> None:
    rows = [{"account_id": name, "account_name": name} for name in ("B2", "A0", "B1")]
    loaded(peopled, write_csv(tmp_path / "account.csv", rows))
    loaded(
        peopled,
        write_csv(tmp_path / "account.csv", [{"account_id": "A00", "account_name": "x"}, {"account_id": "B1", "account_name": "new"}]),
    )
    with database.reading(peopled) as connection:
        numbers = dict(bulk.read_whole(connection, "account_key").iter_rows())
    assert numbers == {"A0": 0, "B1": 1, "B2": 2, "A00": 3}


@pytest.mark.parametrize("day", ["yesterday", "2013-13-01"])
def test_a_day_of_extract_that_is_none(peopled: Engine, tmp_path: Path, day: str) -> None:
    pl.DataFrame({"account_id": ["C"], "account_name": ["c"]}).write_parquet(
        tmp_path / "account.parquet", metadata={"centerline.extract_date": day}
    )
    with pytest.raises(DataError, match="YYYY-MM-DD"):
        loaded(peopled, tmp_path / "account.parquet")
