"""The identities hold on the store, and each one breaks when what it guards is broken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
import pytest

from analytics import coding, identities
from analytics.rollups import FAMILIES, rollups_of
from data.store import Snapshot

FINEST = {name: rollups_of(family)[-1].name for name, family in FAMILIES.items()}


@pytest.fixture(scope="module")
def facts(analyst: Snapshot) -> dict[str, pl.LazyFrame]:
    names = ("entry", "entry_line", "review", "review_event", "stay", "clock")
    return {name: pl.read_parquet(analyst.fact_files(name)).lazy() for name in names}


@pytest.fixture(scope="module")
def rollups(analyst: Snapshot) -> dict[str, pl.LazyFrame]:
    """The rollups as they are kept: dimensions are numbers."""
    lists = analyst.manifest["codes"]
    return {name: coding.encode(frame.collect(), lists).lazy() for name, frame in analyst.frames.items()}


def checked(frames: Mapping[str, pl.LazyFrame], facts: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """All identities, over the whole store at once and not month by month as a publish does."""
    parts = [
        identities.of_entries(frames, facts),
        identities.within_entries(facts),
        identities.of_reviews(frames, facts),
        identities.of_the_rest(frames),
    ]
    return identities.summed(parts)


def test_all_hold_and_compare_something(analyst: Snapshot, rollups: dict[str, pl.LazyFrame], facts: dict[str, pl.LazyFrame]) -> None:
    found = checked(rollups, facts)
    assert found["residual"].to_list() == [0] * found.height
    assert found["cells"].min() > 100
    published = analyst.identities()
    assert published["residual"].to_list() == [0] * published.height
    assert set(found["identity"]) < set(published["identity"])


BREAKS = {
    "Every rollup adds up": ("rollups", rollups_of(FAMILIES["work"])[0].name),
    "Entries of the rollup": ("facts", "entry"),
    "Value and duty of an entry": ("facts", "entry_line"),
    "Pending by running sum": ("facts", "review"),
    "Change in pending": ("equation", ""),
    "Entries are processed": ("routing", ""),
    "Days with all holders": ("facts", "stay"),
    "Days that clocks stood": ("facts", "clock"),
    "Events lie between": ("early", "review_event"),
}


@pytest.mark.parametrize("words", BREAKS)
def test_each_breaks_when_its_data_do(rollups: dict[str, pl.LazyFrame], facts: dict[str, pl.LazyFrame], words: str) -> None:
    kind, name = BREAKS[words]
    frames, broken = dict(rollups), dict(facts)
    if kind == "rollups":
        frames[name] = frames[name].slice(1)
    elif kind == "facts":
        open_ends = {"review": "closed_date", "stay": "to_date"}
        broken[name] = broken[name].filter(pl.col(open_ends[name]).is_not_null()) if name in open_ends else broken[name].slice(1)
    elif kind == "early":
        broken[name] = broken[name].with_columns(event_date=pl.lit(dt.date(2000, 1, 1)))
    elif kind == "equation":
        finest = FINEST["work"]
        frames[finest] = frames[finest].with_columns(pl.col("receipts") + 1)
    else:
        broken["entry"] = broken["entry"].with_columns(processed_by=pl.lit("CENTER"))
    found = checked(frames, broken).filter(pl.col("residual") != 0)["identity"]
    assert any(identity.startswith(words) for identity in found), found
