"""Any span of days is answered from whole months and the days at its ends, and reads no more than that."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics import cube, periods
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.rollups import ACCOUNTS, FINDINGS, PARTICIPANTS, SAMPLE, VOLUME, WORK, ByMonth, Family, route
from analytics.scope import Scope
from data import rollupfiles
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
    rollupfiles.files_of.cache_clear()
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
    assert {path.name for path in files} == {"volume_month_3.parquet", "volume_day_3.parquet"}
    assert len([path for path in files if "_month_" in path.name]) == len([p for p in analyst.manifest["parts"] if p["kind"] == "entry"])
    files.clear()
    cube.flows(frames, VOLUME, ["entries_count"], asked, analyst.as_of)
    assert files == []
    rollupfiles.files_of.cache_clear()


def _choices(analyst: Snapshot) -> dict[tuple[str, object], pl.DataFrame]:
    return rollupfiles.files_of(analyst.folder)._kept


@pytest.fixture
def narrowed(analyst: Snapshot) -> Iterator[Filters]:
    """Filters that alone ask for the rollup by port, and no rows that an earlier question has chosen."""
    rollupfiles.files_of.cache_clear()
    yield Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), ports=("2704", "4601"))
    rollupfiles.files_of.cache_clear()


def test_the_questions_of_a_page_choose_their_rows_once(analyst: Snapshot, narrowed: Filters, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Snapshot(analyst.scope, home=analyst.folder.parents[1]).frames
    chosen: list[Family] = []
    plain = cube.route
    monkeypatch.setattr(cube, "route", lambda frames, family, *rest: [chosen.append(family), plain(frames, family, *rest)][1])
    every = cube.flows(frames, VOLUME, VOLUME.measures, narrowed, analyst.as_of)
    by_center = cube.flows(frames, VOLUME, ["value_cents"], narrowed, analyst.as_of, ["center"])
    cube.flows(frames, VOLUME, ["entries_count"], narrowed, analyst.as_of, ["industry", "program"])
    assert chosen == [VOLUME]
    assert by_center["value_cents"].sum() == every["value_cents"].item() > 0
    cube.flows(frames, VOLUME, ["value_cents"], narrowed, analyst.as_of, ["mode"])
    assert chosen == [VOLUME, VOLUME], "another rollup has other rows"
    cube.flows(frames, VOLUME, ["value_cents"], narrowed.keeping("port", ("2704",)), analyst.as_of)
    cube.flows(frames, VOLUME, ["value_cents"], narrowed.between(dt.date(2012, 11, 1), narrowed.to_date), analyst.as_of)
    cube.flows(frames, VOLUME, ["value_cents"], narrowed.between(narrowed.from_date, dt.date(2013, 8, 31)), analyst.as_of)
    cube.flows(frames, VOLUME, ["value_cents"], narrowed, analyst.as_of, ["month"])
    assert len(chosen) == 6, "other filters, days or times have other rows"


def test_rows_are_chosen_again_for_a_measure_that_was_not_asked_for(analyst: Snapshot, narrowed: Filters) -> None:
    frames = Snapshot(analyst.scope, home=analyst.folder.parents[1]).frames
    value = cube.flows(frames, VOLUME, ["value_cents"], narrowed, analyst.as_of)
    both = cube.flows(frames, VOLUME, ["value_cents", "duty_cents"], narrowed, analyst.as_of)
    assert both["value_cents"].item() == value["value_cents"].item()
    assert both["duty_cents"].item() > 0


def test_a_narrowed_question_has_the_answer_of_the_facts(analyst: Snapshot, narrowed: Filters) -> None:
    for _ in range(2):
        asked = cube.flows(analyst.frames, VOLUME, ["entries_count"], narrowed, analyst.as_of, ["port"])
        days = pl.col("entry_date").is_between(narrowed.from_date, narrowed.to_date)
        counted = analyst.facts("entry").filter(days, pl.col("port_code").is_in(narrowed.ports)).group_by(port="port_code").len().collect()
        assert dict(asked.iter_rows()) == dict(counted.iter_rows())


def test_no_more_rows_are_kept_than_there_is_room_for(analyst: Snapshot, narrowed: Filters, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Snapshot(analyst.scope, home=analyst.folder.parents[1]).frames
    ports = analyst.manifest["codes"]["port_code"]
    for port in ports[:40]:
        cube.flows(frames, VOLUME, ["value_cents"], narrowed.keeping("port", (port,)), analyst.as_of)
    assert len(_choices(analyst)) == rollupfiles.CHOICES_KEPT < 40
    monkeypatch.setattr(rollupfiles, "_ROWS_KEPT", 0)
    cube.flows(frames, VOLUME, ["value_cents"], narrowed, analyst.as_of)
    assert len(_choices(analyst)) == 1, "only what was asked for last"


def test_kept_rows_are_not_for_whom_their_rollup_is_not(analyst: Snapshot) -> None:
    cube.flows(analyst.frames, ACCOUNTS, ["value_cents"], Filters(), analyst.as_of)
    leaders = Snapshot(Scope("leadership"), home=analyst.folder.parents[1]).frames
    with pytest.raises(QueryError):
        cube.flows(leaders, ACCOUNTS, ["value_cents"], Filters(), analyst.as_of)
    assert isinstance(leaders, ByMonth)
    with pytest.raises(KeyError):
        leaders.kept("accounts_day_0", (), (), pl.LazyFrame)
