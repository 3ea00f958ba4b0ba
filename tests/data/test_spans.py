"""Any span of days is answered from whole months and the days at its ends, and reads no more than that."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics import cube, periods
from analytics.filters import Filters
from analytics.rollups import FINDINGS, PARTICIPANTS, SAMPLE, VOLUME, WORK, Family, route
from data import store
from data.store import Snapshot

SPANS = [
    (dt.date(2012, 10, 1), dt.date(2013, 9, 30)),
    (dt.date(2012, 10, 4), dt.date(2013, 9, 12)),
    (dt.date(2013, 2, 28), dt.date(2013, 3, 1)),
    (dt.date(2013, 3, 5), dt.date(2013, 3, 5)),
    (dt.date(2013, 3, 1), dt.date(2013, 3, 30)),
    (dt.date(2013, 3, 2), dt.date(2013, 4, 30)),
    (dt.date(2010, 12, 5), dt.date(2013, 8, 13)),
    (dt.date(2010, 10, 1), dt.date(2012, 9, 30)),
    (cube.BEGINNING, dt.date(2013, 6, 13)),
]


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("joined", [None, dt.date(2012, 10, 1), periods.FAR], ids=str)
@pytest.mark.parametrize("family", [VOLUME, PARTICIPANTS, WORK, SAMPLE, FINDINGS], ids=lambda family: family.name)
def test_a_span_is_the_sum_of_its_days(analyst: Snapshot, family: Family, joined: dt.date | None, span: tuple[dt.date, dt.date]) -> None:
    first, last = span
    by_day = analyst.frames[f"{family.name}_day_{len(family.levels) - 1}"].filter(pl.col("date").is_between(first, last))
    sums = [pl.col(measure).sum() for measure in family.measures]
    keys = ["center_code", "port_code"]
    answered = route(analyst.frames, family, {"center", "port"}, first, last, joined).group_by(keys).agg(sums).collect()
    counted = by_day.group_by(keys).agg(sums).collect()
    assert_frame_equal(answered.sort(keys), counted.sort(keys))
    assert counted.height or first == last


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_a_span_is_split_without_a_gap(span: tuple[dt.date, dt.date]) -> None:
    months, rests = periods.whole_months(*span)
    pieces = sorted([*([months] if months else []), *rests])
    assert (pieces[0][0], pieces[-1][1]) == span
    for (_, end), (begin, _) in itertools.pairwise(pieces):
        assert begin == end + dt.timedelta(days=1)
    assert all(periods.month_start(begin) == periods.month_start(end) for begin, end in rests)
    assert not months or (months[0].day == 1 and months[1] == periods.month_end(months[1]))


def test_years_come_in_one_piece_where_their_months_need_not_be_told_apart(analyst: Snapshot) -> None:
    def dates(joined: dt.date | None) -> list[dt.date]:
        frame = route(analyst.frames, VOLUME, {"center"}, dt.date(2011, 9, 1), dt.date(2013, 9, 30), joined)
        return frame.select(pl.col("date").unique().sort()).collect()["date"].to_list()

    assert len(dates(None)) == 25
    assert dates(periods.FAR) == [dt.date(2011, 9, 1), dt.date(2011, 10, 1), dt.date(2012, 10, 1)]
    assert len(dates(dt.date(2013, 1, 1))) == 1 + 1 + 12


def test_a_span_that_ends_before_it_begins_has_nothing(analyst: Snapshot) -> None:
    nothing = route(analyst.frames, VOLUME, {"center"}, dt.date(2013, 5, 4), dt.date(2013, 5, 3)).collect()
    assert nothing.height == 0
    assert "center_code" in nothing.columns


def test_a_question_reads_months_and_the_days_of_two_at_most(analyst: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page costs must not grow with the years that are kept."""
    store._files.cache_clear()
    files: list[Path] = []
    scan, read = pl.scan_parquet, pl.read_parquet
    monkeypatch.setattr(pl, "scan_parquet", lambda paths, **more: [files.extend(paths), scan(paths, **more)][1])
    monkeypatch.setattr(
        pl, "read_parquet", lambda paths, **more: [files.extend(paths if isinstance(paths, list) else [paths]), read(paths, **more)][1]
    )
    asked = Filters(dt.date(2012, 10, 4), dt.date(2013, 9, 12), ports=("2704",))
    frames = Snapshot(analyst.scope, home=analyst.folder.parents[1]).frames
    cube.flows(frames, VOLUME, ["entries_count"], asked, analyst.as_of)
    by_day = [path for path in files if "_day_" in path.name]
    assert sorted(path.parents[1].name[:7] for path in by_day) == ["2012-10", "2013-09"]
    assert {path.name for path in files} == {"volume_month_2.parquet", "volume_day_2.parquet"}
    assert len([path for path in files if "_month_" in path.name]) == len([p for p in analyst.manifest["parts"] if p["kind"] == "entry"])
    files.clear()
    cube.flows(frames, VOLUME, ["entries_count"], asked, analyst.as_of)
    assert files == []
    store._files.cache_clear()
