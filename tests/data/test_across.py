"""Checks of rows against other tables: sums, the order of dates, Centers that are open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from data import load, quarantine
from tests.data.samples import Row, entry, event, line, number, review, write_csv


def refused(bank: Engine, folder: Path, table: str, rows: list[Row]) -> list[tuple[Any, ...]]:
    """Load rows; return row number and rule of those that were refused by this load."""
    load.load_files([write_csv(folder / f"{table}.csv", rows)], engine=bank, table=table)
    return quarantine.rejects(bank).filter(load_id=_last(bank)).select("row_number", "rule").rows()


def _last(bank: Engine) -> int:
    from data import ledger

    return int(ledger.loads(bank)["load_id"][0])


def test_lines_must_sum_to_their_entry_once_all_are_there(peopled: Engine, tmp_path: Path) -> None:
    two = {"value_usd": "30", "duty_usd": "3", "line_count": "2"}
    refused(peopled, tmp_path, "entry", [entry(i, **two) for i in range(1, 6)])
    rows = [
        line(1, 1, value_usd="10", duty_usd="1"), line(1, 2, value_usd="20", duty_usd="2"),  # right
        line(2, 1, value_usd="10", duty_usd="1"),  # the second may come later
        line(3, 1, value_usd="10", duty_usd="1"), line(3, 2, value_usd="20.01", duty_usd="2"),  # a cent too much
        line(4, 1, value_usd="10", duty_usd="1"), line(4, 2, value_usd="20", duty_usd="3"),  # a dollar of duty too much
        line(5, 1, value_usd="10"), line(5, 2, value_usd="10"), line(5, 3, value_usd="10", duty_usd="3"),  # a line too many
    ]  # fmt: skip
    wrong = [(row, "lines_sum_to_entry") for row in (5, 6, 7, 8, 9, 10, 11)]
    assert refused(peopled, tmp_path, "entry_line", rows) == wrong
    assert refused(peopled, tmp_path, "entry_line", [line(2, 2, value_usd="21", duty_usd="2")]) == [(2, "lines_sum_to_entry")]
    assert refused(peopled, tmp_path, "entry_line", [line(2, 2, value_usd="20", duty_usd="2")]) == []


def test_corrected_lines_follow_their_corrected_entry(peopled: Engine, tmp_path: Path) -> None:
    refused(peopled, tmp_path, "entry", [entry(1, value_usd="10")])
    assert refused(peopled, tmp_path, "entry_line", [line(1, value_usd="10")]) == []
    assert refused(peopled, tmp_path, "entry_line", [line(1, value_usd="12")]) == [(2, "lines_sum_to_entry")]
    assert refused(peopled, tmp_path, "entry", [entry(1, value_usd="12")]) == []
    assert refused(peopled, tmp_path, "entry_line", [line(1, value_usd="12")]) == []
    assert quarantine.counts(peopled) == {"quarantine_rows": 0, "settled_rows": 1, "dismissed_rows": 0}


CENTER_DATES = {
    "before it opened": ({"entry_date": "2011-10-19"}, True),
    "a Center that is only planned": ({"center_code": "BMM", "entry_date": "2012-10-15"}, True),
    "on its first day": ({"entry_date": "2011-10-20"}, False),
    "by the port": ({"entry_date": "2011-01-03", "center_code": "", "processed_by": "PORT", "decision_by": "PORT"}, False),
}


@pytest.mark.parametrize("case", CENTER_DATES)
def test_a_center_must_be_open_on_the_entry_date(peopled: Engine, tmp_path: Path, case: str) -> None:
    from data.reference import tables

    opened = dict(tables()["center"].select("center_code", "opened_date").iter_rows())
    changes, wrong = CENTER_DATES[case]
    assert str(opened["ELE"]) == "2011-10-20"
    assert opened["BMM"] is None or str(opened["BMM"]) > "2012-10-15"
    found = refused(peopled, tmp_path, "entry", [entry(1, **changes)])
    assert found == ([(2, "center_open_on_entry_date")] if wrong else [])


def test_dates_of_reviews_and_events_are_in_order(peopled: Engine, tmp_path: Path) -> None:
    refused(peopled, tmp_path, "entry", [entry(1), entry(2, liquidation_date="2012-10-14", liquidation_type="no_change")])
    assert quarantine.rejects(peopled)["rule"].to_list() == ["liquidated_not_before_entry"]
    closed = {"status": "completed", "closed_date": "2013-02-01", "outcome": "no_change"}
    rows = [
        review(1, entry_number=number(1), opened_date="2012-10-14"),
        review(2, entry_number=number(1), opened_date="2012-10-15"),
        review(3, center_code="BMM", opened_date="2012-10-15", **(closed | {"closed_date": "2012-10-20"})),
        review(4, **closed),
    ]
    assert refused(peopled, tmp_path, "review", rows) == [(2, "opened_not_before_entry"), (4, "center_open_on_closed_date")]
    events = [
        event(4, "2013-01-04", "clock_stop"),
        event(4, "2013-01-05", "clock_stop"),
        event(4, "2013-02-01", "clock_start"),
        event(4, "2013-02-02", "notice"),
        event(2, "2012-11-01", "transfer", from_center_code="ELE", to_center_code="BMM"),
        event(2, "2012-11-02", "transfer", from_center_code="ELE", to_center_code="PHC"),
        event(9, "2013-01-05", "notice"),
    ]
    assert refused(peopled, tmp_path, "review_event", events) == [
        (2, "event_while_open"),
        (5, "event_while_open"),
        (6, "center_open_on_event_date"),
        (8, "review_id:known"),
    ]
