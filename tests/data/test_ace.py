"""ACE ES-003 exports: from tariff ordinals to routed entries, by known answers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine

from analytics.exc import DataError
from data import bulk, layouts, ledger, load, quarantine, routing
from tests.data import samples
from tests.data.samples import ASSIGNED, EXPORT, HEADINGS, PLAIN, number, ordinal, write_csv, write_xlsx

TABLES = ("account", "importer", "account_center", "entry", "entry_line")


def _loaded(bank: Engine, path: Path) -> load.LoadResult:
    return load.load_files([path], engine=bank)[0]


def _entry(bank: Engine, sequence: int = 1) -> dict[str, object]:
    return bulk.read_table(bank, "entry").row(by_predicate=pl.col("entry_number") == number(sequence), named=True)


def test_rows_become_lines_and_entries(peopled: Engine, tmp_path: Path) -> None:
    result = _loaded(peopled, write_csv(tmp_path / "ES-003.csv", EXPORT))
    assert (result.read, result.accepted, result.rejected) == (4, 4, 0)
    assert any("Review Team Number" in notice for notice in result.notices)
    lines = bulk.read_table(peopled, "entry_line").filter(pl.col("entry_number") == number(1))
    wanted = [(1, "8471300100", "ELE_COMP", "CN", 1000.0, 275.5, "A"), (2, "8703230010", "AUT_VEH", "JP", 5000.0, 125.0, None)]
    assert lines.drop("entry_number").rows() == wanted
    assert _entry(peopled) == {
        "entry_number": number(1),
        "entry_type_code": "01",
        "filer_code": "ZZZ",
        "importer_id": "I1",
        "account_id": "A1",
        "port_code": "2704",
        "mode_code": None,
        "entry_date": dt.date(2012, 10, 15),
        "summary_date": dt.date(2012, 10, 25),
        "center_code": "ELE",
        "industry_code": "AUT_VEH",
        "program": "ctpat",
        "processed_by": "CENTER",
        "decision_by": "CENTER",
        "value_usd": 6000.0,
        "duty_usd": 400.5,
        "fees_usd": 0.0,
        "line_count": 2,
        "scheduled_liquidation_date": dt.date(2013, 8, 30),
        "liquidation_date": None,
        "liquidation_type": None,
        "extension_count": None,
        "suspended_date": None,
        "suspension_lifted_date": None,
    }
    assert ledger.loads(peopled).row(0, named=True)["layout"] == "ES-003"


def test_an_unknown_importer_gets_an_account_that_waits_for_its_center(peopled: Engine, tmp_path: Path) -> None:
    _loaded(peopled, write_csv(tmp_path / "x.csv", EXPORT))
    importer = bulk.read_table(peopled, "importer").row(by_predicate=pl.col("importer_number") == "99-0000077", named=True)
    account = bulk.read_table(peopled, "account").row(by_predicate=pl.col("account_id") == importer["account_id"], named=True)
    assert account["account_name"] == "Importer 99-0000077"
    assignment = bulk.read_table(peopled, "account_center").row(by_predicate=pl.col("account_id") == importer["account_id"], named=True)
    assert (assignment["status"], assignment["center_code"], assignment["basis"]) == ("PENDING", None, "not yet assigned")
    assert assignment["valid_from"] == dt.date(2012, 11, 1)
    entry = _entry(peopled, 2)
    assert (entry["processed_by"], entry["center_code"], entry["decision_by"], entry["program"]) == ("PORT", None, "PORT", "none")


def test_a_social_security_number_appears_nowhere_but_in_the_importers_own_row(peopled: Engine, tmp_path: Path) -> None:
    numbers = ["123-45-6789", "12-3456789", "123456-78901", "12-345678901"]
    rows = [ordinal(i, importer=text) for i, text in enumerate(numbers, start=1)] + [ordinal(5, importer="987-65-43210")]
    assert _loaded(peopled, write_csv(tmp_path / "x.csv", rows)).rejected == 1
    importers = bulk.read_table(peopled, "importer")
    assert importers["importer_number"].is_in(numbers).sum() == importers["importer_id"].n_unique() - 2 == 4
    assert "Importer ***-**-6789" in bulk.read_table(peopled, "account")["account_name"].to_list()
    shown = [
        *(bulk.read_table(peopled, name) for name in TABLES if name != "importer"),
        importers.drop("importer_number"),
        quarantine.rejects(peopled),
    ]
    for frame in shown:
        text = "".join(map(str, frame.rows()))
        assert "123456789," not in text.replace("12-3456789", "")
        assert not any(part in text for part in ("123-45", "S123456789", "A123456789'", "987-65", "98765"))


def test_spreadsheet_with_title_and_total_row_gives_the_same_as_csv(peopled: Engine, tmp_path: Path) -> None:
    first = _loaded(peopled, write_csv(tmp_path / "x.csv", EXPORT))
    before = {name: bulk.read_table(peopled, name) for name in TABLES}
    again = _loaded(
        peopled,
        write_xlsx(tmp_path / "x.xlsx", EXPORT, above=("", "Entry summary line tariff detail", "Run on 11/05/2012"), below=("Total",)),
    )
    assert (first.accepted, again.accepted, again.unchanged, again.rejected) == (4, 4, 4, 1)
    for name, frame in before.items():
        assert_frame_equal(bulk.read_table(peopled, name), frame)
    total = quarantine.rejects(peopled)
    assert set(total["row_number"]) == {9}
    assert "entry_number_check_digit" in total["rule"].to_list()


def test_csv_with_a_title_and_a_total_of_another_width(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", EXPORT)
    path.write_text("Entry summary line tariff detail\n\n" + path.read_text() + "Grand total,6400.50\n")
    result = _loaded(peopled, path)
    assert (result.read, result.accepted, result.rejected) == (5, 4, 1)
    assert quarantine.rejects(peopled).select("row_number", "rule", "value").rows() == [(8, "fields", "Grand total,6400.50")]


def test_the_same_export_twice_changes_nothing(peopled: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", EXPORT)
    _loaded(peopled, path)
    before = {name: bulk.read_table(peopled, name) for name in TABLES}
    again = _loaded(peopled, path)
    assert again.already_loaded
    assert again.unchanged == again.accepted == 4
    assert ledger.loads(peopled).height == 1
    for name, frame in before.items():
        assert_frame_equal(bulk.read_table(peopled, name), frame)


def test_more_lines_of_a_known_entry_are_merged_and_totalled_anew(peopled: Engine, tmp_path: Path) -> None:
    _loaded(peopled, write_csv(tmp_path / "a.csv", EXPORT))
    more = [
        ordinal(1, line=3, hts="3004.90.9190", value="9000", duty="0", importer=ASSIGNED),
        ordinal(1, line=2, hts="8703.23.0010", value="4000", duty="100", importer=ASSIGNED, origin="JP"),
    ]
    assert _loaded(peopled, write_csv(tmp_path / "b.csv", more)).unchanged == 0
    entry = _entry(peopled)
    assert (entry["line_count"], entry["value_usd"], entry["duty_usd"], entry["industry_code"]) == (3, 14_000.0, 375.5, "PHC_PHARM")
    assert bulk.read_table(peopled, "entry_line").filter(pl.col("entry_number") == number(1))["line_number"].to_list() == [1, 2, 3]


def test_what_the_export_does_not_say_stays_as_the_store_has_it(peopled: Engine, tmp_path: Path) -> None:
    row = samples.entry(1, liquidation_date="08/30/2013", liquidation_type="no_change", scheduled_liquidation_date="09/06/2013")
    _loaded(peopled, write_csv(tmp_path / "entry.csv", [row]))
    _loaded(peopled, write_csv(tmp_path / "x.csv", EXPORT))
    entry = _entry(peopled)
    assert (entry["mode_code"], entry["fees_usd"], entry["liquidation_type"], entry["liquidation_date"]) == (
        "11",
        25.0,
        "no_change",
        dt.date(2013, 8, 30),
    )
    assert (entry["scheduled_liquidation_date"], entry["value_usd"]) == (dt.date(2013, 9, 6), 6000.0)


BAD = {
    "entry_number_check_digit": ({"entry": "ZZZ-0000001-" + str((int(number(1)[-1]) + 1) % 10)}, "entry_number"),
    "entry_type_code:in_code_set": ({"type": "77"}, "entry_type_code"),
    "importer_number_form": ({"importer": "99-00000"}, "importer_number"),
    "port_code:known": ({"port": "9999"}, "port_code"),
    "entry_date:readable": ({"entry_date": "31/31/2012"}, "entry_date"),
    "origin_code:regex": ({"origin": "China"}, "origin_code"),
    "hts_number:regex": ({"hts": "8471.30"}, "hts_number"),
    "heading_known": ({"hts": "7701.00.0000"}, "hts_number"),
    "value_usd:readable": ({"value": "a lot"}, "value_usd"),
    "duty_usd:min": ({"duty": "-1"}, "duty_usd"),
    "line_number:min": ({"line": "0"}, "line_number"),
}


def test_each_bad_row_is_refused_alone_and_the_entrys_other_rows_load(peopled: Engine, tmp_path: Path) -> None:
    rows = [[ordinal(i, line=1), ordinal(i, **({"line": "2"} | changes))] for i, (changes, _) in enumerate(BAD.values(), start=1)]
    result = _loaded(peopled, write_csv(tmp_path / "x.csv", [row for pair in rows for row in pair]))
    assert (result.read, result.accepted, result.rejected) == (2 * len(BAD), len(BAD), len(BAD))
    refused = quarantine.rejects(peopled)
    for i, (rule, (changes, column)) in enumerate(BAD.items()):
        row = refused.row(by_predicate=(pl.col("row_number") == 2 * i + 3) & (pl.col("rule") == rule), named=True)
        assert row["column_name"] == column
        assert row["value"].replace("-", "").replace(".", "") == next(iter(changes.values())).replace("-", "").replace(".", ""), rule
        assert row["message"]
    assert bulk.read_table(peopled, "entry")["line_count"].to_list() == [1] * len(BAD)


def test_rows_of_one_entry_that_disagree(peopled: Engine, tmp_path: Path) -> None:
    rows = [ordinal(1), ordinal(1, line=2, port="4601"), ordinal(1, line=3)]
    assert _loaded(peopled, write_csv(tmp_path / "x.csv", rows)).rejected == 1
    assert quarantine.rejects(peopled).select("row_number", "rule").rows() == [(3, "same_in_entry")]
    assert _entry(peopled)["line_count"] == 2


def test_a_line_of_chapter_98_alone_takes_the_entrys_main_industry_or_is_refused(peopled: Engine, tmp_path: Path) -> None:
    rows = [ordinal(1, value="10"), ordinal(1, line=2, hts="9801.00.1000", value="99"), ordinal(2, hts="9801.00.1000")]
    assert _loaded(peopled, write_csv(tmp_path / "x.csv", rows)).rejected == 1
    assert bulk.read_table(peopled, "entry_line").select("hts_number", "industry_code").rows() == [
        ("8471300100", "ELE_COMP"),
        ("9801001000", "ELE_COMP"),
    ]
    assert quarantine.rejects(peopled).select("row_number", "rule").rows() == [(4, "heading_known")]


def test_headings_may_differ_in_case_and_space_and_optional_ones_may_be_missing(peopled: Engine, tmp_path: Path) -> None:
    dropped = {HEADINGS["ordinal"], HEADINGS["spi"], HEADINGS["summary_date"]}
    rows = [
        {f" {name.upper().replace(' ', '  ')}": value for name, value in ordinal(1, ordinal=i).items() if name not in dropped}
        for i in (1, 2)
    ]
    assert _loaded(peopled, write_csv(tmp_path / "x.csv", rows)).accepted == 2
    assert _entry(peopled)["value_usd"] == 2000.0


def test_an_export_that_lacks_a_column_is_named(peopled: Engine, tmp_path: Path) -> None:
    row = {name: value for name, value in ordinal(1).items() if name != "Port of Entry Code"}
    with pytest.raises(DataError, match="lacks the column “Port of Entry Code”"):
        _loaded(peopled, write_csv(tmp_path / "x.csv", [row]))


def test_the_mapping_names_each_column_once() -> None:
    assert (
        len({heading.column for heading in layouts.ES003})
        == len(layouts.ES003)
        == len({layouts.fold(heading.heading) for heading in layouts.ES003})
    )


# ---------------------------------------------------------------- routing, by hand

CENTERS = pl.DataFrame(
    {"center_code": ["ELE", "AUT"], "opened_date": [dt.date(2011, 10, 20), None]}, schema_overrides={"opened_date": pl.Date}
)


def _assignment(**changes: object) -> pl.DataFrame:
    row = {"account_id": "A", "center_code": "ELE", "status": "ASSIGNED", "valid_from": dt.date(2011, 10, 1), "valid_to": None}
    full = row | {"participating_from": dt.date(2012, 1, 1)} | changes
    days = dict.fromkeys(("valid_from", "valid_to", "participating_from"), pl.Date)
    return pl.DataFrame([full], schema_overrides=days)


ROUTES = [
    ({}, "2012-09-26", "01", ("ELE", "CENTER", "PORT")),
    ({}, "2012-09-27", "01", ("ELE", "CENTER", "CENTER")),
    ({}, "2012-01-01", "11", ("ELE", "CENTER", "PORT")),
    ({}, "2011-12-31", "01", (None, "PORT", "PORT")),
    ({}, "2013-01-01", "03", (None, "PORT", "PORT")),
    ({"status": "PENDING"}, "2013-01-01", "01", (None, "PORT", "PORT")),
    ({"status": "APPEAL"}, "2013-01-01", "01", (None, "PORT", "PORT")),
    ({"participating_from": None}, "2013-01-01", "01", (None, "PORT", "PORT")),
    ({"valid_to": dt.date(2012, 12, 31)}, "2013-01-01", "01", (None, "PORT", "PORT")),
    ({"valid_to": dt.date(2013, 1, 1)}, "2013-01-01", "01", ("ELE", "CENTER", "CENTER")),
    ({"center_code": "AUT"}, "2013-01-01", "01", (None, "PORT", "PORT")),
    ({"account_id": "B"}, "2013-01-01", "01", (None, "PORT", "PORT")),
    ({"participating_from": dt.date(2011, 10, 1)}, "2011-10-19", "01", (None, "PORT", "PORT")),
]


@pytest.mark.parametrize(("changes", "day", "kind", "wanted"), ROUTES)
def test_who_processes_and_who_decides(changes: dict[str, object], day: str, kind: str, wanted: tuple[object, ...]) -> None:
    entries = pl.DataFrame(
        {"entry_number": ["E"], "account_id": ["A"], "entry_date": [dt.date.fromisoformat(day)], "entry_type_code": [kind]}
    )
    routed = routing.route(entries, _assignment(**changes), CENTERS)
    assert routed.select("center_code", "processed_by", "decision_by").row(0) == wanted


def test_the_latest_of_two_assignments_in_force_holds() -> None:
    both = pl.concat([_assignment(), _assignment(center_code="AUT", valid_from=dt.date(2012, 6, 1))])
    centers = CENTERS.with_columns(pl.col("opened_date").fill_null(dt.date(2012, 9, 27)))
    days = [dt.date(2012, 5, 31), dt.date(2012, 10, 1)]
    entries = pl.DataFrame({"entry_number": ["E", "F"], "account_id": ["A", "A"], "entry_date": days, "entry_type_code": ["01", "01"]})
    assert routing.route(entries, both, centers)["center_code"].to_list() == ["ELE", "AUT"]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ((3, False, "2012-01-01", None), "ctpat"),
        ((2, False, "2012-10-15", None), "ctpat"),
        ((2, False, "2012-10-16", None), "none"),
        ((1, False, "2012-01-01", None), "ctpat_1"),
        ((3, True, "2012-01-01", "2012-01-01"), "isa"),
        ((3, True, "2012-01-01", "2013-01-01"), "ctpat"),
        ((None, True, None, "2012-01-01"), "isa"),
        ((None, False, None, None), "none"),
    ],
)
def test_the_program_on_the_entry_date(facts: tuple[int | None, bool, str | None, str | None], wanted: str) -> None:
    tier, isa, since, isa_since = facts
    days = {name: [day and dt.date.fromisoformat(day)] for name, day in (("ctpat_since", since), ("isa_since", isa_since))}
    schema = {"ctpat_tier": pl.Int64, "ctpat_since": pl.Date, "isa_since": pl.Date}
    importers = pl.DataFrame({"importer_id": ["I"], "ctpat_tier": [tier], "isa_member": [isa]} | days, schema_overrides=schema)
    entries = pl.DataFrame({"importer_id": ["I"], "entry_date": [dt.date(2012, 10, 15)]})
    assert routing.program_on(entries, importers)["program"].to_list() == [wanted]


@pytest.mark.parametrize(
    ("entered", "due"),
    [("2012-10-15", "2013-08-30"), ("2012-10-19", "2013-08-30"), ("2012-10-20", "2013-08-30"), ("2012-10-21", "2013-09-06")],
)
def test_liquidation_is_scheduled_on_the_friday_on_or_after_day_314(entered: str, due: str) -> None:
    frame = pl.DataFrame({"day": [dt.date.fromisoformat(entered)]}).select(routing.scheduled_liquidation(pl.col("day")))
    assert frame.item() == dt.date.fromisoformat(due)
    assert frame.item().weekday() == 4


def test_an_unknown_heading_takes_its_chapters_most_common_industry() -> None:
    headings = pl.DataFrame({"heading": ["8401", "8402", "8403", "8471"], "chapter": ["84"] * 4, "industry_code": ["M", "M", "E", "E"]})
    lines = pl.DataFrame({"hts_number": ["8471300100", "8499000000", "7701000000"]})
    assert routing.line_industry(lines, headings)["industry_code"].to_list() == ["E", "E", None]


def test_the_importer_that_no_center_has_stays_with_the_port(peopled: Engine, tmp_path: Path) -> None:
    _loaded(peopled, write_csv(tmp_path / "x.csv", [ordinal(1, importer=PLAIN)]))
    assert (_entry(peopled)["account_id"], _entry(peopled)["processed_by"]) == ("A2", "PORT")
