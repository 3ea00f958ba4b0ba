"""Histories of a store, drawn at random: after each step it holds what a plain model holds, and remembers what it held before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data import database, load, publish, quarantine, vanish
from data.marks import Marks
from data.source import Database
from data.store import Snapshot
from tests.data import samples
from tests.data.samples import number
from tests.property.histories import Run
from tests.property.model import File, Row, write
from tests.property.stage import Store, sqlite_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with sqlite_store(tmp_path_factory.mktemp("histories")) as made:
        yield made


# A failing history is told step by step; to shrink it takes minutes.
@settings(max_examples=16, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_the_store_is_what_its_history_says(store: Store, data: st.DataObject) -> None:
    Run(data, store).play(most=7)


# --- what histories have found, as small examples ---------------------------------------------------------------------


class Small:
    """A store to which files are put one by one."""

    def __init__(self, store: Store) -> None:
        self.engine: Engine = store.fresh()
        self.folder = store.folder / f"small{len(list(store.folder.iterdir()))}"
        self.count = 0

    def put(self, table: str, *rows: Row, full: bool = False) -> File:
        self.count += 1
        path = self.folder / str(self.count) / f"{table}.csv"
        file = File(table, rows, Marks(full=full), path)
        write(path, table, rows, "csv", file.marks)
        self.again(file)
        return file

    def again(self, file: File, *, full: bool | None = None) -> load.LoadResult:
        return load.load_file(file.path, self.engine, None, file.marks if full is None else Marks(full=full))

    def published(self, as_of: dt.date | None = None) -> Snapshot:
        home = self.folder / f"published {as_of}"
        with database.reading(self.engine) as connection:
            publish.publish_source(Database(connection), as_of, home)
        return Snapshot(Scope("analyst"), home=home)


@pytest.fixture
def small(store: Store) -> Small:
    return Small(store)


def review(**changes: Any) -> Row:
    row = {
        "review_id": "R1",
        "work_type": "psc",
        "account_id": "A1",
        "center_code": "PHC",
        "port_code": "2704",
        "industry_code": "ELE_COMP",
    }
    row |= {"program": "none", "opened_date": "2012-11-01", "status": "open", "source": "targeted"}
    return dict.fromkeys(samples.columns("review")) | row | changes


def event(day: str, kind: str, **changes: Any) -> Row:
    return dict.fromkeys(samples.columns("review_event")) | {"review_id": "R1", "event_date": day, "event_type": kind} | changes


def entry(sequence: int, **changes: Any) -> Row:
    row = samples.entry(sequence) | {"entry_date": "2012-11-01", "summary_date": "", "value_usd": "5", "duty_usd": "0"} | changes
    return {name: value or None for name, value in row.items()}


def line(sequence: int) -> Row:
    row = {"entry_number": number(sequence), "line_number": 1, "hts_number": "8471300100", "industry_code": "ELE_COMP", "origin_code": "CN"}
    return row | {"value_usd": 5.0, "duty_usd": 0.0, "spi_code": None}


MOVE = {"from_center_code": "ELE", "to_center_code": "PHC"}


def test_a_repeated_file_brings_a_vanished_record_back(small: Small) -> None:
    """The bytes of a full extract come again as a plain file, after another full extract lacked a record of it."""
    first = small.put("review", review(), review(review_id="R2"), full=True)
    small.put("review", review(), full=True)
    assert vanish.listed(small.engine)["row_key"].to_list() == ["R2"]
    small.again(first, full=False)
    assert vanish.listed(small.engine).is_empty()


def test_a_repeated_file_settles_a_row_that_waits(small: Small) -> None:
    good = small.put("review", review())
    small.put("review", review(port_code="9999"))
    assert quarantine.counts(small.engine)["quarantine_rows"] == 1
    small.again(good)
    assert quarantine.counts(small.engine)["quarantine_rows"] == 0


def test_a_repeated_file_that_refuses_another_row_is_no_repetition(small: Small) -> None:
    small.put("entry", entry(1), entry(2, entry_date="2012-12-01"))
    second = review(review_id="R2", entry_number=number(2))
    both = small.put("review", review(entry_number=number(1)), second)
    small.put("entry", entry(1, entry_date="2012-12-01"), entry(2))
    small.put("review", second)
    small.put("review", review(work_type="cf28"))
    assert not small.again(both).already_loaded
    assert quarantine.rejects(small.engine)["row_number"].to_list() == [2]


def test_an_earlier_as_of_date_knows_who_held_before_a_later_transfer(small: Small) -> None:
    small.put("review", review())
    small.put("review_event", event("2012-12-20", "transfer", **MOVE))
    day = dt.date(2012, 11, 30)
    for as_of in (None, day):
        snapshot = small.published(as_of)
        found = METRICS["pending"].answer(snapshot.frames, Filters(), day, ("center",))
        assert found.filter(pl.col("n") > 0)["center"].to_list() == ["ELE"], as_of


def test_events_before_a_corrected_opening_are_left_out_and_counted(small: Small) -> None:
    small.put("review", review())
    small.put("review_event", event("2012-11-20", "transfer", **MOVE), event("2012-11-20", "clock_stop"))
    small.put("review", review(opened_date="2012-12-01"))
    snapshot = small.published()
    broken = snapshot.identities().filter(pl.col("residual") != 0)
    assert broken.select("identity", "residual").rows() == [("Events lie between the opening and the closing of their reviews", 2)]
    assert METRICS["controlled_age_days"].answer(snapshot.frames, Filters(), dt.date(2012, 12, 1), ())["value"][0] == 0


def test_a_vanished_record_that_was_closed_since_is_missing_no_more(small: Small) -> None:
    small.put("entry", entry(1), entry(2))
    small.put("entry_line", line(1), line(2), full=True)
    small.put("entry_line", line(1), full=True)
    small.put("entry", entry(2, liquidation_date="2013-09-01", liquidation_type="no_change"))
    small.put("entry_line", line(1), full=True)
    assert vanish.listed(small.engine).is_empty()
