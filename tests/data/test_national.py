"""Facts at the size of the nation, made without the database: they add up, however they are cut."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics import coding
from analytics.exc import DataError
from analytics.rollups import VOLUME
from analytics.scope import Scope
from data import build, engines, parts, places, publish
from data.__main__ import _parser
from data.demo import national
from data.demo.national import Nation
from data.store import Snapshot

LINES = 120_000


@pytest.fixture(scope="module")
def nation() -> Nation:
    return Nation(LINES, years=2)


@pytest.fixture(scope="module")
def whole(nation: Nation, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    home = tmp_path_factory.mktemp("whole")
    publish.publish_source(nation, None, home)
    return Snapshot(Scope("analyst"), home=home)


def test_a_nation_has_its_lines_and_years_and_all_sums_hold(whole: Snapshot) -> None:
    rows = whole.manifest["rows"]
    assert rows["facts/entry_line"] == pytest.approx(LINES, rel=0.03)
    assert (whole.first_date, whole.as_of) == (dt.date(2012, 10, 1), dt.date(2014, 9, 30))
    assert whole.identities()["residual"].sum() == 0
    assert whole.synthetic


def test_all_kinds_of_work_are_reviewed_and_nothing_happens_after_its_date(whole: Snapshot) -> None:
    review = whole.facts("review").collect()
    assert review["work_type"].n_unique() == 8
    assert max(review["opened_date"].max(), review["closed_date"].max()) <= whole.as_of  # type: ignore[type-var]
    last_year = pl.col("opened_date") >= dt.date(2013, 10, 1)
    assert review.filter(~last_year)["closed_date"].null_count() == 0
    assert review.filter(last_year)["closed_date"].null_count() > 0


def test_facts_that_come_in_slices_have_the_same_rollups(whole: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many slices stand in files and are streamed; one is summed in memory."""
    monkeypatch.setattr(national, "SLICE_LINES", 300)
    monkeypatch.setattr(engines, "_MANY_ROWS", 1000)
    drawn = Nation(LINES, years=2)
    lists = whole.manifest["codes"]
    slices = list(drawn.month("entry", "2013-07", None, lists).slices)
    assert len(slices) > 5
    joined = {name: pl.concat(part[name] for part in slices) for name in slices[0]}
    home = tmp_path / "store"
    again = drawn.month("entry", "2013-07", None, lists)
    sliced = parts.build(again, "entry", "2013-07", None, tmp_path / "building", home, engines.Polars(), places.inside(home))
    for name, frame in joined.items():
        assert_frame_equal(pl.read_parquet(sliced.folder(home) / "facts" / f"{name}.parquet"), frame)
    once = engines.Polars().finest([VOLUME], {name: frame.lazy() for name, frame in joined.items()}, {})["volume"]
    assert_frame_equal(pl.read_parquet(sliced.folder(home) / "rollups" / "volume_day_4.parquet"), once)
    entries = coding.decode(joined["entry"], lists).filter(pl.col("center_code") == "ELE").height
    kept = coding.decode(once, lists).filter(pl.col("center_code") == "ELE")
    assert kept["entries_count"].sum() == entries > 0


def test_the_same_seed_makes_the_same_version(nation: Nation, whole: Snapshot, tmp_path: Path) -> None:
    assert publish.publish_source(nation, None, tmp_path).version == whole.version


def test_another_seed_draws_other_facts(nation: Nation, whole: Snapshot) -> None:
    lists = whole.manifest["codes"]
    drawn = [Nation(LINES, 2, seed).month("entry", "2013-07", None, lists).slices for seed in (nation.seed, 1)]
    same, other = (next(iter(slices))["entry_line"]["value_cents"].sum() for slices in drawn)
    assert same != other


def test_facts_alone_are_not_built_over_what_is_published(home: Path) -> None:
    assert build.national(5_000).version
    with pytest.raises(DataError, match=r"holds a published version already.*CENTERLINE_HOME=other-folder"):
        build.national(5_000)


@pytest.mark.parametrize("lines", ["-5", "0", "many"])
def test_what_is_no_number_of_lines_is_refused(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["demo", "--facts-only", "--lines", lines])
    assert f"“{lines}” is no whole number of at least 1" in capsys.readouterr().err
