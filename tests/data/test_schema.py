"""The schema on SQLite and PostgreSQL: migrations, round trips of every type, and clear words when a database is none."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from polars.testing import assert_frame_equal
from sqlalchemy import Engine, func, inspect, select

from analytics.exc import ConfigError, DataError
from data import bulk, database, ledger, load
from data.contracts import TABLES
from data.reference import conform
from data.schema import LOAD, METADATA
from tests.data import samples

#: Text that breaks a careless way into a database.
NASTY = [
    "plain",
    "O'Hara; DROP TABLE account",
    'say "hi", you',
    "two\nlines",
    "\\N",
    "NULL",
    "",
    "=1+1",
    "héllo – 漢字",
    "tab\there",
    "back\\slash",
]


def test_the_migrations_build_exactly_the_schema(new_url: str) -> None:
    made = database.engine(new_url)
    with made.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    made.dispose()


def test_every_contract_column_is_documented_in_the_database(bank: Engine) -> None:
    own = {
        "load",
        "reject",
        "rejected_row",
        "revision",
        "full_key",
        "vanished",
        "account_key",
        "audit_event",
        "edit",
        "theme",
        "alembic_version",
    }
    assert {*TABLES, *(f"{name}_history" for name in TABLES), *own} == set(inspect(bank).get_table_names())
    if bank.dialect.name == "sqlite":  # it keeps no comments
        return
    for name, contract in TABLES.items():
        comments = {column["name"]: column["comment"] for column in inspect(bank).get_columns(name)}
        documented = {column: kind.metadata["doc"] for column, kind in contract.columns().items()}
        assert comments == documented | {"load_id": "Load that wrote the row"}, name


def test_opening_a_database_again_changes_nothing(database_url: str) -> None:
    first = database.engine(database_url)
    with database.writing(first) as connection:
        bulk.bulk_insert(connection, "account", samples.people()["account"])
    first.dispose()
    second = database.engine(database_url)
    assert_frame_equal(bulk.read_table(second, "account"), samples.people()["account"])
    second.dispose()


def test_a_table_has_its_contracts_types_though_it_is_empty(bank: Engine) -> None:
    for name, contract in TABLES.items():
        frame = bulk.read_table(bank, name)
        assert frame.schema == {column: kind.dtype for column, kind in contract.columns().items()}, name
        assert frame.is_empty() == (name not in load.REFERENCE_TABLES), name


def test_every_kind_of_value_comes_back_as_it_went_in(bank: Engine) -> None:
    accounts = conform("account", pl.DataFrame({"account_id": [f"A{i:02}" for i in range(len(NASTY))], "account_name": NASTY}))
    notes = conform(
        "note",
        pl.DataFrame(
            {
                "note_id": ["1", "2"],
                "from_date": [dt.date(2012, 2, 29), None],
                "text": ["a", "b"],
                "author": ["x", "y"],
                "created_at": [dt.datetime(2013, 1, 2, 3, 4, 5, 678901), dt.datetime(2013, 1, 2)],
            }
        ),
    )
    inquiries = conform(
        "inquiry",
        pl.DataFrame({"inquiry_id": ["1", "2", "3"], "received_date": [dt.date(2013, 1, 1)] * 3, "topic": ["other"] * 3, "center_code": ["ELE"] * 3})
        .with_columns(resolved_first_contact=pl.Series([True, False, None]), satisfaction=pl.Series([5, None, 1])),
    )  # fmt: skip
    targets = conform(
        "target",
        pl.DataFrame(
            {
                "metric_id": ["a", "b", "c"],
                "center_code": ["ALL"] * 3,
                "valid_from": [dt.date(2013, 1, 1)] * 3,
                "target_value": [0.1 + 0.2, 1e-9, 1e15],
            }
        ),
    )
    for name, frame in {"account": accounts, "note": notes, "inquiry": inquiries, "target": targets}.items():
        with database.writing(bank) as connection:
            bulk.bulk_insert(connection, name, frame)
            seen = bulk.read_whole(connection, name)
        assert_frame_equal(bulk.read_table(bank, name), frame, check_exact=True)
        assert_frame_equal(seen.sort(frame.columns[0]), frame, check_exact=True)


@pytest.mark.parametrize("reach", [14, 300])
def test_any_number_comes_out_as_it_went_in(bank: Engine, reach: int) -> None:
    """Written as text and read again, a number must not lose its last digit."""
    drawn = np.random.default_rng(7)
    numbers = np.concatenate(
        [
            drawn.choice([-1, 1], 3000) * drawn.uniform(1, 9, 3000) * 10.0 ** drawn.integers(-reach, reach, 3000),
            np.round(drawn.uniform(0, 1e12, 3000), 2),
        ]
    )
    targets = pl.DataFrame({"metric_id": [f"m{i}" for i in range(len(numbers))], "target_value": numbers}).with_columns(
        center_code=pl.lit("ALL"), valid_from=pl.lit(dt.date(2013, 1, 1))
    )
    ordered = targets.select(bulk.columns_of("target"))
    with database.writing(bank) as connection:
        bulk.bulk_insert(connection, "target", ordered)
    assert_frame_equal(bulk.read_table(bank, "target"), ordered.sort("metric_id"), check_exact=True)


@pytest.mark.parametrize("most", [1e5, 1e12])
def test_whole_cents_come_out_to_the_last_digit(bank: Engine, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly all numbers are amounts of money, which have a way of their own out of SQLite."""
    monkeypatch.delattr(bulk, "_digits")
    numbers = np.round(np.random.default_rng(8).uniform(-most, most, 20_000), 2)
    targets = pl.DataFrame({"metric_id": [f"m{i}" for i in range(len(numbers))], "target_value": numbers}).select(
        "metric_id", center_code=pl.lit("ALL"), valid_from=pl.lit(dt.date(2013, 1, 1)), target_value="target_value"
    )
    with database.writing(bank) as connection:
        bulk.bulk_insert(connection, "target", targets)
    assert_frame_equal(bulk.read_table(bank, "target"), targets.sort("metric_id"), check_exact=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("odd", ["\x1f", "a\x1fb", "\x1f\x1f"])
def test_text_with_the_separator_is_read_row_by_row(bank: Engine, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = samples.people()["account"].with_columns(account_name=pl.lit(odd))
    with database.writing(bank) as connection:
        bulk.bulk_insert(connection, "account", accounts)
    assert bulk.read_table(bank, "account")["account_name"].to_list() == [odd, odd]
    plain = accounts.with_columns(account_name=pl.lit("plain"))
    with database.writing(bank) as connection:
        bulk.delete_rows(connection, "account", plain.select("account_id"))
        bulk.bulk_insert(connection, "account", plain)
    monkeypatch.setattr(bulk, "fetch", None)  # not needed for what has no separator
    assert bulk.read_table(bank, "account")["account_name"].to_list() == ["plain", "plain"]


def test_rows_are_read_in_the_order_of_their_key(bank: Engine) -> None:
    shuffled = samples.people()["account"].reverse()
    with database.writing(bank) as connection:
        bulk.bulk_insert(connection, "account", shuffled)
    assert bulk.read_table(bank, "account")["account_id"].to_list() == ["A1", "A2"]


def test_a_failure_rolls_the_whole_transaction_back(bank: Engine) -> None:
    def fail() -> None:
        with database.writing(bank) as connection:
            bulk.bulk_insert(connection, "account", samples.people()["account"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert bulk.read_table(bank, "account").is_empty()


def test_what_the_database_refuses_is_said_in_one_sentence(bank: Engine) -> None:
    with pytest.raises(DataError, match=r"refused to write.*nothing was changed"), database.writing(bank) as connection:
        bulk.bulk_insert(connection, "account", pl.concat([samples.people()["account"]] * 2))
    assert bulk.read_table(bank, "account").is_empty()


def test_writers_wait_for_each_other(bank: Engine) -> None:
    """Two writers that both number what they write from what they read never take the same number."""
    problems: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(5):
                with database.writing(bank) as connection:
                    number = (connection.execute(select(func.max(LOAD.c.load_id))).scalar() or 0) + 1
                    moment = dt.datetime(2013, 1, 1)
                    counts = dict.fromkeys(("read_count", "accepted_count", "rejected_count", "unchanged_count", "byte_count"), 0)
                    words = {"file_name": "f", "sha256": "s", "table_name": "t", "layout": "l", "synthetic": False}
                    bulk.insert_record(
                        connection, "load", {"load_id": number, "started_at": moment, "finished_at": moment} | counts | words
                    )
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with bank.connect() as connection:
        assert connection.execute(select(func.max(LOAD.c.load_id))).scalar_one() == 15


def test_reading_beside_an_open_writer_loses_nothing(bank: Engine) -> None:
    """Rows committed after another connection has read and gone are still there: no second library undoes the locks."""
    with database.writing(bank) as writer:
        bulk.bulk_insert(writer, "account", samples.people()["account"][:1])
        bulk.read_table(bank, "account")
        bulk.bulk_insert(writer, "account", samples.people()["account"][1:])
    again = database.engine(bank.url.render_as_string(hide_password=False))
    assert bulk.read_table(again, "account").height == 2
    again.dispose()


def test_the_cost_of_replacing_rows_is_that_of_the_rows_and_not_of_the_table(tmp_path: Path) -> None:
    """Counted in steps of SQLite's own machine; scanning the table for each row would take a hundred times as many."""
    made = database.engine(f"sqlite:///{tmp_path / 'steps.sqlite'}")
    lines = conform(
        "entry_line",
        pl.DataFrame({"entry_number": [samples.number(i) for i in range(1, 4001)]})
        .with_columns(line_number=pl.lit(1), hts_number=pl.lit("8471300100"), industry_code=pl.lit("ELE_COMP"), origin_code=pl.lit("CN"))
        .with_columns(value_usd=pl.lit(1.0), duty_usd=pl.lit(0.0)),
    )  # fmt: skip
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1000
        return 0

    with database.writing(made) as connection:
        bulk.bulk_insert(connection, "entry_line", lines)
        connection.connection.driver_connection.set_progress_handler(count, 1000)
        changed = lines.head(500).with_columns(value_usd=pl.lit(2.0))
        bulk.delete_rows(connection, "entry_line", changed.select("entry_number", "line_number"))
        bulk.bulk_insert(connection, "entry_line", changed)
        bulk.read_matching(connection, "entry_line", lines.select("entry_number").head(500))
        bulk.existing(connection, "entry_line", "entry_number", lines["entry_number"].head(500))
    assert bulk.read_table(made, "entry_line")["value_usd"].sum() == 4500
    made.dispose()
    # Half of it is writing the columns; looking through the table for each key would take millions.
    assert steps < 400_000


def test_synthetic_and_empty_are_told_from_the_ledger(bank: Engine) -> None:
    assert database.is_empty(bank)
    assert not ledger.loads(bank)["synthetic"].any()


@pytest.mark.parametrize("wrong", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://root@host/name", "oracle://x"])
def test_a_url_that_names_no_usable_database(wrong: str) -> None:
    with pytest.raises(ConfigError, match="CENTERLINE_DATABASE_URL"):
        database.engine(wrong)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "photo.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(DataError, match=r"photo\.sqlite cannot be used .*move it away"):
        database.engine(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"not a database")


def test_a_server_that_does_not_answer_and_no_password_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be used") as caught:
        database.engine(f"postgresql://someone:secret@/none?host={tmp_path}")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
