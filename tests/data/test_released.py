"""Answers from a release: the sums of shown cells, rounded; withheld where one of them is; refused where nothing is published so."""

from __future__ import annotations

import datetime as dt
import json
import random

import polars as pl
import pytest

from analytics import publication, released
from analytics.__main__ import main
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data.release import Released
from data.store import Snapshot

D = dt.date
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def release(analyst: Snapshot) -> Released:
    return Snapshot(Scope("working_group"), home=analyst.folder.parents[1]).released()


def test_the_release_ends_with_the_last_month_of_which_all_is_reported(release: Released, analyst: Snapshot) -> None:
    assert D(2013, 6, 30) <= release.as_of <= analyst.as_of
    assert release.as_of == publication.periods.month_end(release.as_of)
    summary = analyst.release_summary()
    assert summary is not None
    assert summary["safe"].to_list() == [True]


def test_no_withheld_cell_holds_a_value_and_shown_ones_are_rounded(release: Released) -> None:
    withheld, shown = release.cells.filter(pl.col("mark") == "D"), release.cells.filter(pl.col("mark") == "")
    assert withheld.height > 50
    assert withheld["value"].is_null().all()
    assert set(release.cells.columns) == {"metric_id", "center_code", "district_code", "level", "from_date", "value", "mark", "reason"}
    assert shown.height > 500
    rates = pl.col("metric_id").is_in([measure.metric_id for measure in publication.MEASURES if measure.of])
    assert shown.filter(pl.col("metric_id") != "import_value_usd", ~rates).filter(pl.col("value") % 5 != 0).is_empty()
    assert shown.filter(rates).height > 20
    assert shown.filter(rates).filter((pl.col("value") * 1000 - (pl.col("value") * 1000).round()).abs() > 1e-6).is_empty()
    assert shown.filter(pl.col("metric_id") == "import_value_usd").filter(pl.col("value") % 1000 != 0).is_empty()


@pytest.mark.parametrize("metric_id", [measure.metric_id for measure in publication.MEASURES if not measure.is_sampled])
@pytest.mark.parametrize("by", [(), ("center",), ("month",), ("quarter",), ("fiscal_year",), ("center", "quarter")])
def test_answers_are_the_pages_numbers_but_for_rounding_or_are_withheld(
    release: Released, analyst: Snapshot, metric_id: str, by: tuple[str, ...]
) -> None:
    draw = random.Random(f"{metric_id} {by}")
    compared = 0
    for _ in range(6):
        start = publication.periods.months_back(D(2013, 4, 1), draw.randrange(30))
        end = publication.periods.month_end(publication.periods.months_back(D(2013, 4, 1), -draw.randrange(-29, 3)))
        start, end = min(start, end.replace(day=1)), max(start, end)
        filters = Filters(start, min(publication.periods.month_end(end), release.as_of)).keeping(
            "center", draw.choice([(), ("ELE",), ("ELE", "PHC"), ("PORT",)])
        )
        mine = released.answer(release.cells, metric_id, filters, by)
        theirs = METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, by).select(*by, true="value")
        both = mine.join(theirs, on=list(by), how="left") if by else mine.hstack(theirs.select("true"))
        shown = both.filter(pl.col("quality") == "ok")
        cells = 40 if metric_id != "import_value_usd" else 40_000
        assert shown.filter((pl.col("value") - pl.col("true").fill_null(0)).abs() > cells * 2.5).is_empty()
        assert both.filter(pl.col("quality") == "suppressed")["value"].is_null().all()
        compared += shown.height
    assert compared > 0


@pytest.mark.parametrize("metric_id", [measure.metric_id for measure in publication.MEASURES if measure.is_sampled])
@pytest.mark.parametrize("by", [(), ("center",), ("quarter",), ("fiscal_year",), ("center", "fiscal_year")])
def test_the_sample_is_the_pages_but_for_rounding_or_is_withheld(
    release: Released, analyst: Snapshot, metric_id: str, by: tuple[str, ...]
) -> None:
    rate, compared = metric_id != publication.SAMPLED, 0
    until = released.last_day(release.cells.filter(pl.col("metric_id") == metric_id))
    for months in (3, 6, 12, 27):
        for centers in ((), ("ELE",), ("ELE", "PHC"), ("PORT",)):
            filters = Filters(publication.periods.months_back(until, months - 1), until, centers=centers)
            mine = released.answer(release.cells, metric_id, filters, by)
            theirs = METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, by).select(*by, "n", true="value")
            both = mine.join(theirs, on=list(by), how="left", suffix="_true") if by else mine.hstack(theirs.select("true", n_true="n"))
            shown = both.filter(pl.col("quality") == "ok").with_columns(pl.col("true", "n_true").fill_null(0))
            # A tenth of a point of each quarter; lines to the nearest five of each cell, of which an answer needs at most one a quarter and Center.
            lines = 2.5 * (months // 3) * (len(centers) or 1)
            assert shown.filter((pl.col("value") - pl.col("true")).abs() > (0.0011 if rate else lines)).is_empty()
            assert shown.filter((pl.col("n") - pl.col("n_true")).abs() > lines).is_empty()
            assert both.filter(pl.col("quality") != "ok").select(pl.col("value", "low", "high", "n").is_null().all()).row(0) == (True,) * 4
            if rate:
                assert shown.filter(~pl.col("value").is_between("low", "high")).is_empty()
            compared += shown.height
    assert compared > 3


def test_a_release_of_before_the_sample_says_when_it_comes(release: Released) -> None:
    old = release.cells.filter(~pl.col("metric_id").str.starts_with("sampled"))
    with pytest.raises(QueryError, match="not released yet: it comes with the next release"):
        released.answer(old, "sampled_without_any_share", Filters(), ())


def test_a_withheld_month_withholds_every_sum_that_needs_it(release: Released) -> None:
    hidden = release.cells.filter(
        (pl.col("mark") == "D")
        & (pl.col("level") == "month")
        & (pl.col("metric_id") == "receipts")
        & ~pl.col("center_code").is_in(["ALL", "CENTERS"])
    ).sort("from_date", "center_code")
    assert hidden.height > 0
    row = hidden.row(0, named=True)
    one = Filters(row["from_date"], publication.periods.month_end(row["from_date"]), centers=(row["center_code"],))
    answered = released.answer(release.cells, "receipts", one, ())
    assert (answered["value"][0], answered["quality"][0]) == (None, "suppressed")
    pair = released.answer(release.cells, "receipts", one.keeping("center", (row["center_code"], "PORT")), ())
    assert (pair["value"][0], pair["quality"][0]) == (None, "suppressed")


@pytest.mark.parametrize(
    ("metric_id", "filters", "by", "says"),
    [
        ("compliance_rate_major", Filters(), (), "not published to working groups"),
        ("sampled_lines", Filters(D(2012, 11, 1), D(2013, 3, 31)), (), "whole fiscal quarters"),
        ("sampled_lines", Filters(D(2012, 10, 1), D(2013, 3, 31)), ("month",), "whole fiscal quarters"),
        ("sampled_without_any_share", Filters(centers=("ELE",)), ("district",), "not published by district"),
        ("sampled_minor", Filters(), (), "not published to working groups"),
        ("receipts", Filters(), ("port",), "could tell of one company"),
        ("receipts", Filters(ports=("2704",)), (), "leave --port out"),
        ("receipts", Filters(D(2012, 10, 2), D(2013, 3, 31)), (), "whole months"),
        ("receipts", Filters(D(2012, 10, 1), D(2013, 3, 30)), (), "whole months"),
        ("receipts", Filters(D(2009, 10, 1), D(2009, 12, 31)), (), "Nothing of this period is released"),
        ("receipts", Filters(centers=("ELE",)), ("district",), "not published by district"),
        ("entry_summaries", Filters(), ("district",), "name them: --center"),
        ("entry_summaries", Filters(D(2012, 11, 1), D(2013, 3, 31), centers=("ELE",)), ("district",), "whole fiscal quarters"),
        ("entry_summaries", Filters(D(2012, 10, 1), D(2013, 3, 31), centers=("ELE",)), ("district", "month"), "whole fiscal quarters"),
    ],
)
def test_what_is_not_published_is_refused_with_what_is(
    release: Released, metric_id: str, filters: Filters, by: tuple[str, ...], says: str
) -> None:
    with pytest.raises(QueryError, match=says):
        released.answer(release.cells, metric_id, filters, by)


def test_districts_of_a_center_add_up_to_it_but_for_rounding(release: Released) -> None:
    year = Filters(D(2012, 10, 1), D(2013, 3, 31), centers=("ELE",))
    rows = released.answer(release.cells, "entry_summaries", year, ("district",))
    whole = released.answer(release.cells, "entry_summaries", year, ())["value"][0]
    shown = rows.filter(pl.col("quality") == "ok")
    assert rows.height > 30
    assert 0 < shown["value"].sum() <= whole + 2.5 * rows.height


def test_the_command_line_marks_withheld_cells(release: Released, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["entry_summaries", "--by", "district", "--center", "ELE", "--from", "2013-01-01", "--to", "2013-03-31", "--role", "working_group", "--json"]) == 0  # fmt: skip
    answered = json.loads(capsys.readouterr().out)
    assert answered["as_of"] == release.as_of.isoformat()
    marks = {row["quality"] for row in answered["rows"]}
    assert "suppressed" in marks
    assert all(row["value"] is None for row in answered["rows"] if row["quality"] == "suppressed")


@pytest.mark.parametrize("by", ["account", "importer", "entry", "filer", "port", "industry"])
def test_the_command_line_refuses_what_could_tell_of_a_company(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["receipts", "--by", by, "--role", "working_group"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "could tell of one company" in said.err
