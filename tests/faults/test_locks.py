"""Two at once: loads wait for each other or are refused, publishes take turns, and a publish sees one state of the database."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from data import bulk, database, ledger, load, parts, publish
from tests.data.samples import columns, entry, number
from tests.faults.conftest import add_lines, assert_whole, differences, leftovers, publish_to, state, url_of, write
from tests.faults.killer import Runner

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]


def test_two_loads_at_once_are_both_whole(peopled: Engine, runner: Runner, second_runner: Runner, tmp_path: Path) -> None:
    """Both wait for a third writer, so that they meet."""
    files = [write(tmp_path / f"{name}.csv", [entry(i) for i in rows]) for name, rows in (("a", range(40)), ("b", range(30, 70)))]
    with database.writing(peopled):
        for process, file in zip((runner, second_runner), files, strict=True):
            process.start(do="load", home=tmp_path, url=url_of(peopled), files=[file])
        time.sleep(0.7)
    answers = [process.answer() for process in (runner, second_runner)]
    assert [answer["status"] for answer in answers] == ["done", "done"], answers
    assert bulk.read_table(peopled, "entry")["entry_number"].to_list() == sorted(number(i) for i in range(70))
    loads = ledger.loads(peopled)
    assert loads["load_id"].to_list() == [2, 1]
    assert loads["accepted_count"].to_list() == [40, 40]
    assert loads.sort("load_id").select("added_count", "unchanged_count").rows() == [(40, 0), (30, 10)]


def test_opening_a_new_file_waits_for_another_process_that_makes_it(tmp_path: Path) -> None:
    """SQLite does not wait by itself here: two first loads at once could meet so."""
    path = tmp_path / "new.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.5, other.rollback)
    done.start()
    try:
        made = database.engine(f"sqlite:///{path}")
        assert database.revision(made) == "0004"
        made.dispose()
    finally:
        done.join()
        other.close()


def test_two_first_loads_at_once_make_one_schema(new_url: str, runner: Runner, second_runner: Runner, tmp_path: Path) -> None:
    """Both find nothing there, bring the schema up to date and fill the reference tables."""
    for process, name in ((runner, "A8"), (second_runner, "A9")):
        process.start(do="load", home=tmp_path, url=new_url, table="account", files=[_account(tmp_path, name)])
    answers = [process.answer() for process in (runner, second_runner)]
    assert [answer["status"] for answer in answers] == ["done", "done"], answers
    engine = database.engine(new_url)
    assert ledger.loads(engine)["load_id"].to_list() == [2, 1]
    assert bulk.read_table(engine, "account")["account_id"].to_list() == ["A8", "A9"]
    engine.dispose()


def _account(folder: Path, name: str) -> Path:
    return write(
        folder / f"{name}.csv", [dict.fromkeys(columns("account"), "") | {"account_id": name, "account_name": name, "size_band": "small"}]
    )


def test_a_load_that_waits_too_long_is_refused_and_changes_nothing(peopled: Engine, tmp_path: Path) -> None:
    file = write(tmp_path / "entry.csv", [entry(1)])
    before = state(peopled)
    with database.writing(peopled) as connection:
        bulk.insert_record(connection, "account", {"account_id": "A3", "account_name": "Not yet committed", "size_band": "small"})
        run = _command("load", file, "--no-publish", url=url_of(peopled), home=tmp_path)
        connection.rollback()
    assert run.returncode == 2
    words = "Another load or edit is being written, and it took too long to wait for; nothing was changed. Try again when it is done."
    assert run.stderr.splitlines()[-1] == f"data: {words}"
    assert differences(state(peopled), before) == []
    assert load.load_files([file], engine=peopled)[0].accepted == 1


def _command(*arguments: object, url: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"CENTERLINE_DATABASE_URL": url, "CENTERLINE_HOME": str(home), "CENTERLINE_LOCK_WAIT_SECONDS": "1"}
    command = [sys.executable, "-m", "data", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_two_publishes_at_once_leave_a_whole_store(loaded: Engine, runner: Runner, second_runner: Runner, tmp_path: Path) -> None:
    """Each has the store for itself or is refused; several rounds, so that they may meet."""
    own, days = tmp_path / "own", [["2013-06-05", "2013-06-08"], ["2013-06-06", "2013-06-09"]]
    other = "Another publish is running on this store; wait until it is done."
    for _ in range(2):
        for process, own_days in zip((runner, second_runner), days, strict=True):
            process.start(do="publish", url=url_of(loaded), home=own, days=own_days)
        answers = [process.answer() for process in (runner, second_runner)]
        assert {answer["status"] for answer in answers} <= {"done", "refused"}, answers
        assert "done" in {answer["status"] for answer in answers}
        assert {answer["said"] for answer in answers if answer["status"] == "refused"} <= {other}
        for version in publish.versions(own / "published"):
            assert_whole(own / "published", version)
        assert leftovers(own / "published") == []
    with publish.only_publisher(own / "published"):
        assert runner.run(do="publish", url=url_of(loaded), home=own) == {"status": "refused", "said": other}


def test_a_publish_sees_the_database_as_it_was_when_it_began(
    loaded: Engine, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load by another process is committed after the first month is built."""
    calm = publish_to(tmp_path / "calm", loaded).version
    file = write(tmp_path / "more.csv", [entry(i, entry_date="06/20/2013", summary_date="2013-06-25") for i in range(2000, 2040)])
    build, answers = parts.build, []

    def build_and_load(*arguments: object) -> parts.Part:
        if not answers:
            answers.append(runner.run(do="load", home=tmp_path, url=url_of(loaded), files=[file]))
        return build(*arguments)

    monkeypatch.setattr(parts, "build", build_and_load)
    store = tmp_path / "busy"
    assert publish_to(store, loaded).version == calm
    assert answers[0]["said"] == [40]
    assert assert_whole(store) == calm
    add_lines(loaded, tmp_path)
    assert publish_to(store, loaded).version != calm
    assert_whole(store)


@pytest.fixture
def may_only_read(loaded: Engine) -> Iterator[str]:
    """URL of a role of PostgreSQL that may read the tables and nothing else."""
    url, name = url_of(loaded), str(loaded.url.database)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute(f"REVOKE TEMPORARY, CREATE ON DATABASE {name} FROM PUBLIC")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    yield url.replace("//postgres:@", "//reader:@").replace("//postgres@", "//reader@")
    loaded.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP OWNED BY reader")
        connection.execute("DROP ROLE reader")


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_role_that_may_only_read_can_publish(loaded: Engine, may_only_read: str, tmp_path: Path) -> None:
    owner = publish_to(tmp_path / "owner", loaded).version
    assert make_url(may_only_read).username == "reader"
    run = _command("publish", "--json", url=may_only_read, home=tmp_path / "reader")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["data_version"] == owner
    assert assert_whole(tmp_path / "reader" / "published") == owner
    engine = database.engine(may_only_read, migrating=False)
    for statement in (
        "INSERT INTO account (account_id) VALUES ('A8')",
        "CREATE TEMPORARY TABLE t (i INTEGER)",
        "CREATE TABLE t (i INTEGER)",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()
