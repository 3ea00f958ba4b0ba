"""`python -m data` as a person meets it: what it prints, what it returns, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from data import bulk, database
from data.__main__ import main
from data.settings import settings
from tests.data import samples
from tests.data.samples import EXPORT, HEADINGS, number, ordinal, write_csv


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of extracts and an ACE export, of which all is good."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, frame in samples.people().items():
        frame.write_csv(folder / f"{name}.csv")
    write_csv(folder / "ES-003.csv", EXPORT)
    return folder


def test_loading_publishes_and_says_so(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", str(files)]) == 0
    shown = capsys.readouterr().out
    assert "ES-003.csv: 4 rows read, 4 accepted (0 unchanged), 0 in quarantine." in shown
    assert "Data version 2012-11-01-" in shown
    assert (home / "published" / "current.json").exists()


def test_loading_again_does_nothing(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["load", str(files)])
    published = (home / "published" / "current.json").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["load", str(files), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert all(file["already_loaded"] for file in answer["files"])
    assert answer["data_version"] is None
    assert (home / "published" / "current.json").stat().st_mtime_ns == published


def test_rows_in_quarantine_give_status_3_and_can_be_listed_and_exported(
    home: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(files / "ES-003.csv", [*EXPORT, ordinal(9, port="9999"), ordinal(10, origin="=1+1")])
    assert main(["load", str(files), "--no-publish"]) == 3
    assert "python -m data rejects" in capsys.readouterr().out
    assert not (home / "published").exists()
    assert main(["rejects"]) == 0
    listed = capsys.readouterr().out
    assert "ES-003.csv, row 6, port_code = '9999': The value does not exist in the port table" in listed
    assert main(["rejects", "--csv", str(home / "out.csv")]) == 0
    exported = pl.read_csv(home / "out.csv")
    assert "'=1+1" in exported["value"].to_list()
    assert main(["rejects", "--csv", str(home / "none" / "out.csv")]) == 2


def test_status_counts_what_was_loaded(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["load", str(files)])
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["loads"], report["rows_read"], report["rows_accepted"], report["quarantine_rows"]) == (4, 10, 10, 0)
    assert all(row["residual"] == 0 for row in report["identities"])
    assert main(["status"]) == 0
    assert "quarantine rows" in capsys.readouterr().out


def test_mending_from_the_command_line(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(files / "ES-003.csv", [*EXPORT, ordinal(9, port="9999"), ordinal(10, port="8888")])
    assert main(["load", str(files)]) == 3
    capsys.readouterr()
    assert main(["rejects", "--mend", str(home / "mend")]) == 0
    exported = home / "mend" / "ES-003.load4.csv"
    assert f"2 rows written to {exported}" in capsys.readouterr().out
    exported.write_text(exported.read_text().replace("9999", "2704"))
    assert main(["load", str(exported)]) == 3
    assert "2 rows of the quarantine came again" in capsys.readouterr().out
    assert main(["dismiss", "5", "--row", "3", "--reason", "no such port"]) == 0
    assert main(["dismiss", "5", "--reason", "again"]) == 2
    capsys.readouterr()
    main(["status", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert [report[name] for name in ("quarantine_rows", "settled_rows", "dismissed_rows")] == [0, 2, 1]


def test_what_changed_and_what_is_missing_can_be_read(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["load", str(files), "--full", "--source", "ace", "--extract-date", "2012-11-30"])
    changed = [row | {HEADINGS["value"]: "7"} for row in EXPORT[3:]]
    capsys.readouterr()
    again = write_csv(files / "later.csv", changed)
    assert main(["load", str(again), "--full", "--source", "ace", "--extract-date", "2012-12-31"]) == 0
    assert "3 records of the last full extract are missing" in capsys.readouterr().out
    assert main(["vanished"]) == 0
    assert "es003" in (shown := capsys.readouterr().out)
    assert "3 vanished." in shown
    assert main(["revisions", "--table", "entry"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["month", "2012-11-30", "2012-12-31"]
    assert main(["history", "entry", number(2)]) == 0
    assert "value_usd = 7.0 (was 1000.0)" in capsys.readouterr().out
    assert main(["status"]) == 3
    assert "ACT   Vanished records" in capsys.readouterr().out


def test_rolling_back_and_going_on(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["load", str(files)])
    first = json.loads((home / "published" / "current.json").read_text())["version"]
    main(["load", str(write_csv(files / "more.csv", [ordinal(11)]))])
    assert main(["rollback", first]) == 0
    assert json.loads((home / "published" / "current.json").read_text())["version"] == first
    assert main(["rollback", "1999-01-01-none"]) == 2
    assert "kept are" in capsys.readouterr().err
    assert main(["publish", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["data_version"] != first


def test_upgrade_and_copy(home: Path, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["load", str(files)])
    assert main(["upgrade"]) == 0
    assert "revision 0004" in capsys.readouterr().out
    target = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    assert main(["copy", target]) == 0
    assert "tables copied" in capsys.readouterr().out
    assert main(["copy", target]) == 2
    assert "holds data already" in capsys.readouterr().err


def test_a_broken_file_among_good_ones_stops_there_and_publishes_what_was_loaded(
    home: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", str(files)])
    (files / "account.csv").write_text("account_id,account_name\nB1,New\n")
    (files / "entry.csv").write_text("entry_number\nx\n")
    capsys.readouterr()
    assert main(["load", str(files / "account.csv"), str(files / "entry.csv")]) == 3
    shown = capsys.readouterr()
    assert "account.csv: 1 rows read, 1 accepted" in shown.out
    assert "Data version" in shown.out
    assert shown.err.splitlines()[-1].startswith("data: The file lacks the column")
    assert bulk.read_table(database.engine(settings().url), "account").height == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["load", "none.csv"], "There is no file none.csv"),
        (["load", "--table", "entries", "{files}/account.csv"], "no table “entries”"),
        (["publish"], "nothing to publish"),
    ],
)
def test_a_problem_is_one_sentence_and_status_2(
    home: Path, files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main([argument.format(files=files) for argument in arguments]) == 2
    message = capsys.readouterr().err.splitlines()
    assert words in message[-1]
    assert not any("Traceback" in line for line in message)


def test_all_rows_refused_is_nothing_loaded(home: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(files / "ES-003.csv", [ordinal(1, port="9999")])
    assert main(["load", str(path)]) == 2
    assert "0 accepted (0 unchanged), 1 in quarantine" in capsys.readouterr().out


def test_a_database_url_that_is_none(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CENTERLINE_DATABASE_URL", "mysql://root@host/name")
    settings.cache_clear()
    assert main(["status"]) == 2
    assert "CENTERLINE_DATABASE_URL must name" in capsys.readouterr().err
