"""Seven monthly releases in a row over data that are revised all the while: who keeps them all tells nothing that was withheld in any."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from analytics import releasing
from analytics.disclosure import complementary
from data import release
from tests.data.release_chain import CENTER, LASTS, MONTHS, PORT, Attacker, Chain, Data, changed, make


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Choose the cells to hide as in large tables, by hypercubes first: linear programs for all would take minutes."""
    monkeypatch.setattr(complementary, "SMALL", 0)
    return monkeypatch


@pytest.fixture(scope="module", params=[1, 8])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complementary, "SMALL", 0)
        yield make(request.param, tmp_path_factory.mktemp("chain"), patch)


def test_every_release_of_the_chain_is_made_and_brings_its_month_quarter_and_year(chain: Chain) -> None:
    assert [made[release.SUMMARY]["released"].item() for made in chain.releases] == [True] * len(LASTS)
    spans = [set(made[release.LEDGER]["period"]) for made in chain.releases]
    assert [sorted(later - sooner) for sooner, later in pairwise(spans)] == [
        ["month 2012-07-01"],
        ["month 2012-08-01"],
        ["fiscal_year 2011-10-01", "month 2012-09-01", "quarter 2012-07-01"],
        ["month 2012-10-01"],
        ["month 2012-11-01"],
        ["month 2012-12-01", "quarter 2012-10-01"],
    ]
    # No cell is proved against less than every company.
    assert [made[release.SUMMARY]["narrow"].item() for made in chain.releases] == [0] * len(LASTS)


def test_what_is_shown_stays_though_the_data_are_revised_and_what_is_withheld_is_never_shown(chain: Chain) -> None:
    assert changed(chain) == []
    attacker = Attacker(chain)
    assert not attacker.withheld & attacker.shown
    assert len(attacker.withheld) > 100
    # The sources say otherwise by now: of most months that were released, entries came late or were taken back.
    shown = chain.releases[-1][release.LEDGER].filter(
        pl.col("metric_id") == "entry_summaries", pl.col("center_code") == "ALL", pl.col("period").str.starts_with("month")
    )
    now = chain.now.group_by("date").agg(pl.col("entries_count").sum())
    both = shown.with_columns(date=pl.col("period").str.slice(6).str.to_date()).join(now, on="date")
    assert both.filter(pl.col("total") != pl.col("entries_count")).height > 10


def test_who_keeps_every_release_tells_no_withheld_cell(chain: Chain) -> None:
    assert Attacker(chain).told() == []


def test_a_center_and_a_district_that_come_later_are_taken_up(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    more = {"center_code": ["DDD"], "opened_date": [dt.date(2012, 7, 9)]}
    center = pl.concat([CENTER, pl.DataFrame(more)], how="diagonal")
    port = pl.concat([PORT, pl.DataFrame({"port_code": ["0401"], "district_code": ["04"]})])
    grown = make(8, tmp_path, quick, LASTS[:4], (1, center, port))
    assert [made[release.SUMMARY]["released"].item() for made in grown.releases] == [True] * 4
    first, *_, last = (made[release.CELLS] for made in grown.releases)
    assert first.filter((pl.col("center_code") == "DDD") | (pl.col("district_code") == "04")).is_empty()
    for code in (pl.col("center_code") == "DDD", pl.col("district_code") == "04"):
        there = last.filter(code)
        assert set(there["mark"]) <= {"0", "–"}
        assert there.filter(pl.col("from_date") < first["from_date"].max()).height > 5
    assert changed(grown) == []
    assert Attacker(grown).told() == []


def test_cells_that_do_not_add_up_are_not_released_and_stop_no_publish(
    quick: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    quick.setattr(releasing, "with_new_codes", lambda ledger, *_: ledger)
    center = pl.concat([CENTER, pl.DataFrame({"center_code": ["DDD"], "opened_date": [dt.date(2012, 7, 9)]})], how="diagonal")
    broken = make(8, tmp_path, quick, LASTS[:2], (1, center, PORT))
    first, second = broken.releases
    assert (first[release.SUMMARY]["released"].item(), second[release.SUMMARY]["released"].item()) == (True, False)
    assert second[release.CELLS].equals(first[release.CELLS])
    assert "do not add up" in caplog.text


def test_a_first_release_that_does_not_add_up_is_none(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = releasing.cells
    quick.setattr(releasing, "cells", lambda *given: whole(*given).with_columns(total=pl.col("total") + pl.int_range(pl.len())))
    assert make(8, tmp_path, quick, LASTS[:1]).releases == []
    assert not list((tmp_path / "versions").rglob("release_*.parquet"))


def test_a_load_after_a_release_that_failed_brings_the_failure_along(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    quick.setattr(releasing, "with_new_codes", lambda ledger, *_: ledger)
    center = pl.concat([CENTER, pl.DataFrame({"center_code": ["DDD"], "opened_date": [dt.date(2012, 7, 9)]})], how="diagonal")
    make(8, tmp_path, quick, LASTS[:2], (1, center, PORT))
    folder = tmp_path / "versions" / "v02"
    named = release.write(folder, release.Versions(tmp_path, (), {}), center, PORT, dt.date(2012, 9, 15), renew=False)
    assert pl.read_parquet(release.folder_of(folder, named) / "release_summary.parquet")["released"].to_list() == [False]


def test_a_sample_too_small_to_be_proved_waits_and_holds_up_nothing_else(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Nothing is found in lines of many accounts, so that a zero is shown of all Centers, which tells that of the one account at AAA.
    held = [("AAA", "A00"), *(("BBB", f"A{number:02d}") for number in range(1, 8))]
    few = pl.DataFrame(
        [(month, *where, 2, 2, 0, 0) for month in MONTHS for where in held],
        schema=["date", "center_code", "account_key", "drawn_lines", "lines", "any_lines", "major_lines"],
        orient="row",
    )
    quick.setattr(Data, "_sampled", lambda _: few)
    # Published again within a month, it still waits.
    lasts = [LASTS[0], LASTS[0], *LASTS[1:3]]
    made = make(1, tmp_path, quick, lasts).releases
    for each, last in zip(made, lasts, strict=True):
        summary = each[release.SUMMARY].row(0, named=True)
        assert summary["released"]
        assert summary["failed"] == summary["narrow"] == 0
        # Each new quarter, and all that wait, are tried with the next month.
        assert summary["sample_failed"] > 0
        assert releasing.last(each[release.LEDGER]) == (last, None)
        assert each[release.AUDIT]["ok"].all()
        assert each[release.CELLS].filter(pl.col("metric_id").str.starts_with("sampled")).is_empty()
    # What waited is released as soon as it can be.
    quick.undo()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complementary, "SMALL", 0)
        later = make(1, tmp_path, patch, [LASTS[3]]).releases[0]
    assert later[release.SUMMARY]["released"].item()
    assert later[release.SUMMARY].get_column("sample_failed", default=None) is None
    assert releasing.last(later[release.LEDGER]).sample == dt.date(2012, 6, 1)


def test_a_release_that_forgets_those_before_is_seen(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    quick.setattr(release, "_earlier", lambda _: None)
    broken = make(8, tmp_path, quick, LASTS[:2])
    attacker = Attacker(broken)
    assert changed(broken)
    assert attacker.withheld & attacker.shown or attacker.told()


def test_a_release_that_takes_withheld_cells_for_shown_is_refused(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = release._earlier

    def unheld(source: release.Versions) -> Mapping[str, pl.DataFrame] | None:
        found = whole(source)
        return found and found | {release.LEDGER: found[release.LEDGER].with_columns(shown=pl.col("shown") | ~pl.col("primary"))}

    quick.setattr(release, "_earlier", unheld)
    first, second = make(8, tmp_path, quick, LASTS[:2]).releases
    # Without the cells that were withheld to protect others the proof fails, and nothing new is released.
    assert (first[release.SUMMARY]["released"].item(), second[release.SUMMARY]["released"].item()) == (True, False)
    assert second[release.CELLS].equals(first[release.CELLS])


@pytest.mark.parametrize("chain", [1], indirect=True)
def test_cells_that_protect_others_are_needed(chain: Chain) -> None:
    attacker = Attacker(Chain(chain.releases[-1:], chain.owned))
    # Shown, the cells that are withheld for the sake of others would tell some of those.
    attacker.show({number for number in attacker.withheld if not any(attacker.levels[number])})
    assert len(attacker.told()) > 5
