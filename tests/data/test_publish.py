"""Publishing: whole or not at all, the same data the same version, from either database; readers keep what they hold."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from analytics.exc import DataError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data import demo, facts, parts, publish
from data.load import load_files
from data.settings import settings
from data.source import Memory
from data.store import Snapshot

AS_OF = dt.date(2013, 9, 30)


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    """Half a year of a demonstration: what is tried here is how versions come and go, not what they hold."""
    return half_a_year(4000, 3)


def half_a_year(entries: int, seed: int) -> dict[str, pl.DataFrame]:
    made, first = dict(demo.generate(entries, seed)), dt.date(2013, 4, 1)
    made["entry"] = made["entry"].filter(pl.col("entry_date") >= first)
    made["entry_line"] = made["entry_line"].join(made["entry"], on="entry_number", how="semi")
    # A load refuses reviews of entries that are not there.
    there = pl.col("entry_number").is_null() | pl.col("entry_number").is_in(made["entry"]["entry_number"].implode())
    made["review"] = made["review"].filter(pl.col("opened_date") >= first, there)
    made["review_event"] = made["review_event"].join(made["review"], on="review_id", how="semi")
    return made


def put(tables: dict[str, pl.DataFrame], home: Path, as_of: dt.date = AS_OF) -> publish.Published:
    return publish.publish_source(Memory(tables, synthetic=True), as_of, home)


def test_the_same_data_make_the_same_version(tables: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    first, second, elsewhere = put(tables, tmp_path), put(tables, tmp_path), put(tables, tmp_path / "b")
    assert first.version == second.version == elsewhere.version
    assert (first.changed, second.changed) == (True, False)
    fewer = tables | {"inquiry": tables["inquiry"].head(10)}
    assert put(fewer, tmp_path).version != first.version


@pytest.mark.postgres
def test_either_database_publishes_the_same_version(bank: Engine, home: Path, tmp_path: Path) -> None:
    """The fixture's database is SQLite in one run and PostgreSQL in the other; the digest was not taken from either."""
    made = half_a_year(9000, 5)
    load_files(demo.write_extracts(made, tmp_path / "extracts"), engine=bank)
    published = publish.publish(engine=bank)
    straight = publish.publish_source(Memory(made, synthetic=True), None, tmp_path / "straight")
    assert published.version == straight.version
    snapshot = Snapshot(Scope("analyst"))
    assert snapshot.synthetic
    assert METRICS["entry_summaries"].answer(snapshot.frames, Filters(), snapshot.as_of, ())["value"][0] == made["entry"].height > 1000
    assert snapshot.identities()["residual"].sum() == 0


def test_a_publish_that_fails_leaves_the_last_version_in_force(
    tables: dict[str, pl.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = put(tables, tmp_path)

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(parts, "write", fail)
    with pytest.raises(DataError, match=r"No space.*the last one stays in force"):
        put(tables | {"inquiry": tables["inquiry"].head(3)}, tmp_path)
    assert publish.current_version(tmp_path) == before.version
    assert [path.name for path in (tmp_path / "versions").iterdir()] == [before.version]
    assert not list(tmp_path.glob(".building-*"))


def test_a_reader_keeps_its_version_while_another_is_published(tables: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    put(tables, tmp_path)
    reader = Snapshot(Scope("analyst"), home=tmp_path)
    before = METRICS["inquiries_on_time_share"].answer(reader.frames, Filters(), reader.as_of, ())["n"][0]
    put(tables | {"inquiry": tables["inquiry"].head(40)}, tmp_path)
    assert METRICS["inquiries_on_time_share"].answer(reader.frames, Filters(), reader.as_of, ())["n"][0] == before
    newer = Snapshot(Scope("analyst"), home=tmp_path)
    assert METRICS["inquiries_on_time_share"].answer(newer.frames, Filters(), newer.as_of, ())["n"][0] < before
    cited = Snapshot(Scope("analyst"), version=reader.version, home=tmp_path)
    assert METRICS["inquiries_on_time_share"].answer(cited.frames, Filters(), cited.as_of, ())["n"][0] == before


def test_old_versions_are_kept_up_to_the_setting(
    tables: dict[str, pl.DataFrame], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = 2
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", str(keep))
    settings.cache_clear()
    assert settings().keep_versions == keep
    for number in range(keep + 2):
        last = put(tables | {"news": tables["news"].head(number + 1)}, tmp_path)
        os.utime(tmp_path / "versions" / last.version, (number, number))
    assert len(publish.versions(tmp_path)) == keep
    assert last.version in publish.versions(tmp_path)


def test_an_earlier_as_of_date_holds_nothing_later(tables: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    day = dt.date(2013, 6, 14)
    put(tables, tmp_path, day)
    early = Snapshot(Scope("analyst"), home=tmp_path)
    late = put(tables, tmp_path / "late")
    whole = Snapshot(Scope("analyst"), home=tmp_path / "late")
    assert early.as_of == day
    assert early.rows("entry", pl.col("entry_date") > day, 5).is_empty()
    assert early.rows("review", (pl.col("opened_date") > day) | (pl.col("closed_date") > day), 5).is_empty()
    assert early.identities()["residual"].sum() == 0
    for metric_id in ("pending", "backlog", "past_due", "entry_summaries", "receipts", "completions", "oldest_days", "feedback_received"):
        then = METRICS[metric_id].answer(whole.frames, Filters(), day, ())["value"][0]
        assert METRICS[metric_id].answer(early.frames, Filters(), day, ())["value"][0] == then, metric_id
    assert late.version != early.version


def test_two_publishers_do_not_meet(home: Path) -> None:
    with (
        publish.only_publisher(settings().published),
        pytest.raises(DataError, match="Another publish"),
        publish.only_publisher(settings().published),
    ):
        pass


def test_an_empty_database_has_nothing_to_publish(bank: Engine, home: Path) -> None:
    with pytest.raises(DataError, match="nothing to publish"):
        publish.publish(engine=bank)
    assert publish.current_version(settings().published) is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", ""])
def test_a_damaged_pointer_is_said_so(tables: dict[str, pl.DataFrame], tmp_path: Path, content: str) -> None:
    put(tables, tmp_path)
    (tmp_path / "current.json").write_text(content)
    with pytest.raises(DataError, match="python -m data publish"):
        Snapshot(Scope("analyst"), home=tmp_path)


def test_another_layout_is_refused(tables: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    made = put(tables, tmp_path)
    path = made.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"layout": 99}))
    with pytest.raises(DataError, match="layout 99"):
        Snapshot(Scope("analyst"), home=tmp_path)


def test_transfers_move_pending_work_and_keep_its_age() -> None:
    """A review that changed hands twice stays pending all along, under one holder at a time, with its first day."""
    reviews = pl.DataFrame(
        {
            "review_id": ["r"], "work_type": ["psc"], "center_code": ["BMM"], "port_code": ["2704"], "industry_code": ["ELE_COMM"],
            "program": ["isa"], "opened_date": [dt.date(2013, 1, 10)], "closed_date": [dt.date(2013, 4, 1)], "due_date": [dt.date(2013, 2, 9)],
            "outcome": ["approved"], "entry_value_usd": [900.0], "entry_duty_usd": [9.0], "account_key": [1],
        }
    )  # fmt: skip
    moves = pl.DataFrame(
        {
            "review_id": ["r", "r"], "event_date": [dt.date(2013, 2, 1), dt.date(2013, 3, 1)], "event_type": ["transfer"] * 2,
            "from_center_code": [None, "ELE"], "to_center_code": ["ELE", "BMM"],
        }
    )  # fmt: skip
    stays = facts._stay(reviews, moves, None)
    assert stays["outcome"].to_list() == [None, None, "approved"]
    shown = stays.select("center_code", "from_date", "to_date", "is_first", "is_last", "opened_date").rows()
    assert shown == [
        ("PORT", dt.date(2013, 1, 10), dt.date(2013, 2, 1), True, False, dt.date(2013, 1, 10)),
        ("ELE", dt.date(2013, 2, 1), dt.date(2013, 3, 1), False, False, dt.date(2013, 1, 10)),
        ("BMM", dt.date(2013, 3, 1), dt.date(2013, 4, 1), False, True, dt.date(2013, 1, 10)),
    ]
