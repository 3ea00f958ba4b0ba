"""Moving a store between databases: every table with its past, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine

from analytics.exc import DataError
from data import bulk, copying, database, health, journal, load, publish, schema
from data.marks import Marks
from data.schema import METADATA
from tests.data.samples import entry, event, line, number, review, write_csv


@pytest.fixture
def lived(peopled: Engine, home: Path, tmp_path: Path) -> Engine:
    """A store with a past: corrections, refused rows, a vanished record, a note."""

    def put(table: str, rows: list[dict[str, object]], **marks: bool) -> None:
        load.load_files([write_csv(tmp_path / f"{table}.csv", rows)], engine=peopled, given=Marks(**marks))

    put("entry", [entry(1), entry(2, port_code="9999")])
    put("entry", [entry(1, mode_code=""), entry(2)])
    put("entry_line", [line(1), line(2)])
    put("review", [review(1, entry_number=number(1)), review(2), review(3)], full=True)
    put("review", [review(1, entry_number=number(1)), review(2)], full=True)
    put("review_event", [event(1, "2013-01-06", "clock_stop")])
    journal.add_note(peopled, author="someone", text="two\nlines, “quoted”")
    return peopled


def content(of: Engine) -> dict[str, object]:
    with database.reading(of) as connection:
        frames = {
            table.name: bulk.read_where(connection, table.name, list(schema.kinds(table.name)), "1 = 1") for table in METADATA.sorted_tables
        }
    return {name: frame.sort(frame.columns) for name, frame in frames.items()}


def test_everything_arrives_and_publishes_the_same_version(lived: Engine, other: Callable[[], str], tmp_path: Path) -> None:
    published = publish.publish(engine=lived)
    target = database.engine(other())
    rows = copying.copy(lived, target)
    assert rows["entry_history"] == 1
    assert rows["vanished"] == 1
    here = content(target)
    for name, frame in content(lived).items():
        assert_frame_equal(here[name], frame)
    assert health.recounted(target)["residual"].sum() == 0
    again = publish.publish(engine=target)
    assert (again.version, again.built) == (published.version, 0)
    assert load.load_files([write_csv(tmp_path / "review.csv", [review(9)])], engine=target)[0].added == 1
    target.dispose()


def test_a_target_that_holds_data_is_left_alone(lived: Engine, other: Callable[[], str]) -> None:
    target = database.engine(other())
    load.seed_reference(target)
    before = content(target)
    with pytest.raises(DataError, match="holds data already"):
        copying.copy(lived, target)
    assert all(frame.equals(before[name]) for name, frame in content(target).items())
    target.dispose()


def test_a_copy_that_fails_leaves_nothing(lived: Engine, other: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    target = database.engine(other())
    real = bulk.bulk_insert

    def fail(connection: object, name: str, *rest: object) -> None:
        if name == "review":
            raise KeyboardInterrupt
        real(connection, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk, "bulk_insert", fail)
    with pytest.raises(KeyboardInterrupt):
        copying.copy(lived, target)
    assert all(frame.is_empty() for frame in content(target).values())
    target.dispose()


def test_a_database_is_not_copied_onto_itself(bank: Engine) -> None:
    with pytest.raises(DataError, match="another one"):
        copying.copy(bank, bank)
