"""The identities hold on the store, and each one breaks when what it guards is broken."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from analytics import identities
from analytics.rollups import FAMILIES, rollups_of
from data.store import Snapshot

FINEST = {name: rollups_of(family)[-1].name for name, family in FAMILIES.items()}


@pytest.fixture(scope="module")
def facts(analyst: Snapshot) -> dict[str, pl.LazyFrame]:
    folder = analyst.folder / "facts"
    monthly = {name: pl.read_parquet(folder / name / "*.parquet").lazy() for name in ("entry", "entry_line", "review")}
    return monthly | {"stay": pl.read_parquet(folder / "stay.parquet").lazy()}


def residuals(frames: Mapping[str, pl.LazyFrame], facts: Mapping[str, pl.LazyFrame]) -> dict[str, int]:
    return {row["identity"].split(",")[0][:40]: row["residual"] for row in identities.check(frames, facts).iter_rows(named=True)}


def test_all_hold_and_compare_something(analyst: Snapshot, facts: dict[str, pl.LazyFrame]) -> None:
    found = identities.check(analyst.frames, facts)
    assert found["residual"].to_list() == [0] * found.height
    assert found["cells"].min() > 100
    assert analyst.identities().equals(found)


BREAKS = {
    "Every rollup adds up": ("rollups", rollups_of(FAMILIES["work"])[0].name),
    "Entries of the rollup": ("facts", "entry"),
    "Value and duty of an entry": ("facts", "entry_line"),
    "Pending by running sum": ("facts", "review"),
    "Change in pending": ("equation", ""),
    "Entries are processed": ("routing", ""),
    "Days with all holders": ("facts", "stay"),
}


@pytest.mark.parametrize("words", BREAKS)
def test_each_breaks_when_its_data_do(analyst: Snapshot, facts: dict[str, pl.LazyFrame], words: str) -> None:
    kind, name = BREAKS[words]
    frames, broken = dict(analyst.frames), dict(facts)
    if kind == "rollups":
        frames[name] = frames[name].slice(1)
    elif kind == "facts":
        open_ends = {"review": "closed_date", "stay": "to_date"}
        broken[name] = broken[name].filter(pl.col(open_ends[name]).is_not_null()) if name in open_ends else broken[name].slice(1)
    elif kind == "equation":
        finest = FINEST["work"]
        frames[finest] = frames[finest].with_columns(pl.col("receipts") + 1)
    else:
        broken["entry"] = broken["entry"].with_columns(processed_by=pl.lit("CENTER"))
    found = {name: value for name, value in residuals(frames, broken).items() if value}
    assert any(identity.startswith(words) for identity in found), found
