"""The demonstration: keeps its contracts, the same seed makes the same bytes, and its calibration is what it says."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from data import demo, reference
from data.contracts import REFERENCES, TABLES

ROOT = Path(__file__).parents[2]
AS_OF = pl.date(2013, 9, 30)
AHEAD = ("due_date", "scheduled_liquidation_date", "target_date", "planned_date")


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return demo.generate(60_000, 11)


@pytest.mark.parametrize("name", [name for name in TABLES if name != "note"])
def test_every_table_keeps_its_contract(frames: dict[str, pl.DataFrame], name: str) -> None:
    good, bad = TABLES[name].filter(frames[name])
    assert bad.counts() == {}
    assert good.height == frames[name].height > 0
    assert frames[name].columns == TABLES[name].column_names()


@pytest.mark.parametrize(("source", "target"), REFERENCES.items(), ids=".".join)
def test_references_lead_somewhere(frames: dict[str, pl.DataFrame], source: tuple[str, str], target: tuple[str, str]) -> None:
    if source[0] in frames:
        values = frames[source[0]][source[1]].drop_nulls()
        assert values.is_in(frames[target[0]][target[1]].implode()).all()


def test_the_same_seed_makes_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from data import demo; demo.write_extracts(demo.generate(3000, int(sys.argv[1])), Path(sys.argv[2]))"
    digests = []
    for seed, folder in (("5", "a"), ("5", "b"), ("6", "c")):
        subprocess.run([sys.executable, "-c", code, seed, str(tmp_path / folder)], cwd=ROOT, check=True)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((tmp_path / folder).iterdir())])
    assert len(digests[0]) >= 19
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_nothing_has_happened_after_the_last_day(frames: dict[str, pl.DataFrame]) -> None:
    late = [
        (name, column)
        for name, frame in frames.items()
        for column, dtype in frame.schema.items()
        if dtype == pl.Date and column not in AHEAD and frame.filter(pl.col(column) > AS_OF).height
    ]
    assert late == []


def test_entries_add_up_from_their_lines(frames: dict[str, pl.DataFrame]) -> None:
    sums = (
        frames["entry_line"]
        .group_by("entry_number")
        .agg(pl.col("value_usd", "duty_usd").sum().round(2), line_count=pl.len().cast(pl.Int64))
    )
    both = frames["entry"].join(sums, on="entry_number", suffix="_lines")
    assert both.height == frames["entry"].height
    wrong = (pl.col("value_usd") != pl.col("value_usd_lines")) | ((pl.col("duty_usd") - pl.col("duty_usd_lines")).abs() > 0.001)
    assert both.filter(wrong | (pl.col("line_count") != pl.col("line_count_lines"))).is_empty()


def test_entry_numbers_are_unique_and_of_the_demonstrations_own_filers(frames: dict[str, pl.DataFrame]) -> None:
    numbers = frames["entry"]["entry_number"]
    assert numbers.n_unique() == len(numbers)
    assert frames["entry"]["filer_code"].str.starts_with("Z").all()


def test_importer_numbers_begin_with_prefixes_that_are_not_issued(frames: dict[str, pl.DataFrame]) -> None:
    assert frames["importer"]["importer_number"].str.contains(r"^(00-|99-|000-|990000-)").all()


def test_every_center_has_every_work_type_in_every_month(frames: dict[str, pl.DataFrame]) -> None:
    month = pl.col("opened_date").dt.truncate("1mo")
    opened = dict(frames["center"].select("center_code", "opened_date").iter_rows())
    received = frames["review"].filter(pl.col("center_code").is_not_null()).group_by("center_code", "work_type", month).len()
    for center, day in opened.items():
        months = pl.select(pl.date_range(pl.lit(day.replace(day=1)), pl.date(2013, 9, 1), "1mo")).to_series()[1:]
        have = received.filter((pl.col("center_code") == center) & pl.col("opened_date").is_in(months.implode()))
        assert have.height == len(months) * 8, center


def test_the_sample_is_drawn_as_it_says(frames: dict[str, pl.DataFrame]) -> None:
    drawn = (
        frames["review"].filter(pl.col("source") == "random").join(frames["entry"].select("entry_number", "entry_date"), on="entry_number")
    )
    counted = drawn.group_by("stratum", period=pl.col("entry_date").dt.strftime("%Y-%m")).len()
    both = frames["sample_stratum"].join(counted, on=["stratum", "period"], how="left")
    assert both["len"].to_list() == both["sampled_lines"].to_list()
    assert (both["sampled_lines"] <= both["universe_lines"]).all()
    assert frames["sample_stratum"]["universe_lines"].sum() == frames["entry_line"].height


def test_calibration(frames: dict[str, pl.DataFrame]) -> None:
    """Published national figures, within what a sample of this size allows."""
    entry = frames["entry"]
    assert 70_000 < entry["value_usd"].mean() < 85_000  # 2.38 trillion over about 30 million entries
    program = entry.group_by("program").agg(pl.len() / entry.height, pl.col("value_usd").sum() / entry["value_usd"].sum())
    shares = {row["program"]: row for row in program.iter_rows(named=True)}
    assert 0.5 < sum(shares[name]["value_usd"] for name in ("isa", "ctpat", "ctpat_1")) < 0.6  # 54.66 % in FY2012
    assert 0.13 < shares["isa"]["value_usd"] < 0.19  # about 16 %
    assert 0.18 < sum(shares[name]["len"] for name in ("isa", "ctpat", "ctpat_1")) < 0.30  # 24 % of entries
    duty = entry["duty_usd"].sum() / entry["value_usd"].sum()
    assert 0.010 < duty < 0.018  # 1.4 %
    participants = frames["account_center"].filter(status="ASSIGNED").group_by("center_code").len()
    assert participants["len"].max() < 100


def test_duty_rates_of_the_centers_goods(frames: dict[str, pl.DataFrame]) -> None:
    lines = frames["entry_line"].join(frames["industry"], on="industry_code")
    rates = lines.group_by("center_code").agg(rate=pl.col("duty_usd").sum() / pl.col("value_usd").sum())
    known = reference.read("center_economy").select("center_code", known=pl.col("duty_rate_pct") / 100)
    off = rates.join(known, on="center_code").select((pl.col("rate") / pl.col("known") - 1).abs().max()).item()
    assert off < 0.1


def test_extracts_are_marked_synthetic(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    from data import marks

    paths = demo.write_extracts({name: frame.head(5) for name, frame in frames.items()}, tmp_path)
    assert all(marks.read(path, marks.Marks()).synthetic for path in paths)
