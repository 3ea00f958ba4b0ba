"""Titles of the industry view under random filters: each claim worked out again from the rows that are shown."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import polars as pl
import pytest

from analytics import format, periods
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.publication import MEASURES
from analytics.scope import Scope
from data.release import Released, folder_of
from data.store import Snapshot
from tests.data.test_titles import drawn
from ui.cards import industry, industry_rates
from ui.frame import View

CHOICES = [(), ("ELE",), ("PET",), ("ELE", "PHC"), ("TAF", "AGR", "CPM"), ("PORT",)]


@pytest.fixture(scope="module")
def source(analyst: Snapshot) -> Released:
    return Snapshot(Scope("working_group"), home=analyst.folder.parents[1]).released()


def views(source: Released, count: int = 24) -> list[View]:
    """Draw periods of whole months and Centers, early ones with few accounts among them."""
    draw, found = random.Random(9), []
    for number in range(count):
        last = periods.months_back(source.as_of, draw.randrange(24))
        first = periods.months_back(last, draw.randrange(12))
        filters = Filters(max(first, source.first_date), periods.month_end(last), centers=CHOICES[number % len(CHOICES)])
        found.append(View(source, filters))
    return found


def number(words: str) -> float:
    """Read a written number, exact where it is not shortened."""
    return float(words.replace(",", ""))


@pytest.mark.parametrize(
    "metric_id", [each.metric_id for each in MEASURES if METRICS[each.metric_id].unit == "count" and not each.is_sampled]
)
def test_who_has_most_has_most_of_those_shown(source: Released, metric_id: str) -> None:
    seen = 0
    for view in views(source):
        card = industry.by_center(view, source.cells, metric_id)
        if not drawn(card):
            assert card.table.is_empty()
            continue
        rows = card.table
        shown, hidden = rows.filter(pl.col("value") > 0), rows.filter(pl.col("quality") == "suppressed").height
        top = shown.filter(pl.col("value") == shown["value"].max())["label"].to_list()
        about = re.search(r"about ([\d,]+)", card.title)
        assert about is not None
        assert number(about.group(1)) == shown["value"].max()
        assert ("withheld" in card.title) == (hidden > 0)
        if hidden:
            assert re.search(rf"; {hidden} Centers? withheld$", card.title)
        if shown.height > 1:
            assert ("of those shown" in card.title) == (hidden > 0)
            assert (" each" in card.title) == (len(top) > 1)
        if len(top) <= 3:
            assert all(label in card.title for label in top)
        seen += 1
    assert seen > 5


def test_flows_and_figures_agree(source: Released) -> None:
    seen = 0
    for view in views(source):
        card = industry.over_time(view, source.cells)
        figures = {figure.metric_id: figure.value for figure in industry.figures(view, source.cells)}
        if not drawn(card) or "withheld" in card.title:
            continue
        gap = number(figures["receipts"]) - number(figures["completions"])
        more = re.search(r"About ([\d,]+) more reviews (came in|were completed)", card.title)
        if gap == 0:
            assert more is None
        else:
            assert more is not None
            assert (number(more.group(1)), more.group(2)) == (abs(gap), "came in" if gap > 0 else "were completed")
        seen += 1
    assert seen > 3


def test_months_before_a_center_opened_are_not_said_to_be_withheld(source: Released) -> None:
    first, last = source.cells["from_date"].min(), source.as_of
    some = 0
    for center in source.labels["center"]:
        view = View(source, Filters(first, last, centers=(center,)))
        cells = source.cells.filter(
            pl.col("metric_id").is_in(["receipts", "completions"]), pl.col("center_code") == center, pl.col("level") == "month"
        )
        hidden = cells.filter(pl.col("mark") == "D")["from_date"].n_unique()
        card = industry.over_time(view, source.cells)
        words = card.title if drawn(card) else card.empty
        said = re.search(r"(\d+) (?:months?|numbers? of this choice) withheld", words)
        assert int(said[1] if said else 0) == hidden, center
        some += cells.filter(pl.col("mark") == "–").height
    assert some > 50


def test_a_center_that_is_not_open_has_nothing_to_report(source: Released) -> None:
    view = View(source, Filters(dt.date(2012, 1, 1), dt.date(2012, 3, 31), centers=("TAF",)))
    assert industry.headline(view, source.cells) == "There is nothing to report for this choice"


def test_the_share_of_value_is_told_by_what_anybody_reads(source: Released, store: Path) -> None:
    """The true share would be one more sum that an attacker has: this one is made of cells that are shown."""
    months: dict[dt.date, dict[str, float | None]] = {}
    for row in source.cells.filter(metric_id="import_value_usd", level="month", district_code="ALL").iter_rows(named=True):
        months.setdefault(row["from_date"], {})[row["center_code"]] = row["value"]
    known = [month for month in months.values() if month["ALL"] is not None]
    parts = sum(value or 0.0 for month in known for code, value in month.items() if code not in ("ALL", "CENTERS"))
    share = 1 - parts / sum(month["ALL"] or 0.0 for month in known)
    assert industry.withheld(source.cells).title.endswith(f", {format.share(share)} of import value")
    # Its maker knows the true one: they are close.
    ledger = pl.read_parquet(folder_of(store / "published" / "versions" / source.version) / "release_ledger.parquet")
    value = ledger.filter(
        pl.col("period").str.starts_with("month"), ~pl.col("center_code").is_in(["ALL", "CENTERS"]), metric_id="import_value_usd"
    )
    assert share == pytest.approx(value.filter(~pl.col("shown"))["total"].sum() / value["total"].sum(), abs=0.01)


def test_no_sum_of_what_is_withheld_is_at_hand(source: Released, store: Path) -> None:
    summary = pl.read_parquet(folder_of(store / "published" / "versions" / source.version) / "release_summary.parquet")
    assert summary.schema.get("hidden") is None
    assert {column.name for column in industry.withheld(source.cells).columns}.isdisjoint({"held"})


def test_the_headline_says_what_the_figures_say_or_that_they_are_withheld(source: Released) -> None:
    kinds = set()
    for view in views(source):
        words = industry.headline(view, source.cells)
        figures = {figure.metric_id: figure.value for figure in industry.figures(view, source.cells)}
        for metric_id in ("completions", "pending"):
            known = figures[metric_id][0].isdigit()
            kinds.add(known)
            if known:
                assert figures[metric_id] in words
        numbers = [figures[metric_id] for metric_id in ("completions", "pending")]
        assert words.startswith("The numbers of this choice are withheld") == (
            "Withheld" in numbers and not any(each[0].isdigit() for each in numbers)
        )
    assert True in kinds


def test_districts_are_named_and_the_withheld_counted(source: Released) -> None:
    seen = every = 0
    for view in views(source):
        card = industry.by_district(view, source.cells)
        if not drawn(card):
            continue
        rows = card.table
        top = rows.filter(pl.col("value") == rows["value"].max())["label"].to_list()
        assert (" each" in card.title) == (len(top) > 1)
        assert all(label in card.title for label in top) or len(top) > 3
        hidden = rows.filter(pl.col("quality") == "suppressed").height
        assert (f"; {hidden} district" in card.title) == (hidden > 0)
        assert not any(re.match(r"District \w\w$", label) for label in rows["label"])
        every += not view.filters.centers
        seen += 1
    assert (seen, every) > (2, 0)


def test_without_a_choice_districts_are_of_all_centers_together(source: Released) -> None:
    view = View(source, Filters(dt.date(2012, 10, 1), dt.date(2013, 6, 30)))
    rows = industry.by_district(view, source.cells).table
    together = source.cells.filter(
        pl.col("center_code") == "CENTERS",
        pl.col("district_code") != "ALL",
        pl.col("from_date").is_between(*(dt.date(2012, 10, 1), dt.date(2013, 4, 1))),
    )
    known = together.group_by(district="district_code").agg(pl.col("value").sum(), whole=(pl.col("mark") != "D").all())
    both = rows.join(known, on="district", suffix="_known")
    assert both.filter("whole").height > 5
    assert (both.filter("whole")["value"] - both.filter("whole")["value_known"]).abs().sum() == 0
    assert both.filter(~pl.col("whole"))["value"].drop_nulls().is_empty()


def test_ports_alone_have_no_districts(source: Released) -> None:
    card = industry.by_district(View(source, Filters(dt.date(2012, 10, 1), dt.date(2013, 6, 30), centers=("PORT",))), source.cells)
    assert card.empty == "Choose a Center, or all of them."


def test_what_is_withheld_is_counted(source: Released) -> None:
    card = industry.withheld(source.cells)
    hidden = source.cells.filter(pl.col("mark") == "D").height
    assert card.title.startswith(f"{hidden:,} cells of {source.cells.height:,} are withheld")
    assert card.table["withheld"].sum() == hidden
    assert card.table.select(pl.sum_horizontal("shown", "withheld", "too_few", "zero", "nothing").sum()).item() == source.cells.height


def test_a_period_before_anything_was_released_is_empty_and_says_so(source: Released) -> None:
    view = View(source, Filters(dt.date(2010, 10, 1), dt.date(2010, 12, 31), centers=("TAF",)))
    card = industry.over_time(view, source.cells)
    assert not drawn(card)
    assert "released" in card.empty or "withheld" in card.empty


def share(words: str) -> float:
    """Read a written share; the rows hold it to a tenth of a point or finer."""
    return float(words) / 100


@pytest.mark.parametrize("metric_id", industry_rates.WITHOUT)
def test_a_rate_over_time_says_its_last_quarter_and_what_is_not_shown(source: Released, metric_id: str) -> None:
    seen = 0
    for view in views(source):
        card = industry_rates.over_time(view, source.cells, metric_id)
        if not drawn(card):
            assert card.table.is_empty()
            continue
        rows = card.table.sort("start")
        shown = rows.drop_nulls("value")
        first, last = shown.row(0, named=True), shown.row(-1, named=True)
        said = re.match(r"([\d.]+)% of sampled lines had no (major discrepancy|discrepancy at all) in (FY\d+ Q\d)", card.title)
        assert said is not None
        assert (said.group(2), said.group(3)) == (industry_rates.WITHOUT[metric_id], last["quarter"])
        assert share(said.group(1)) == pytest.approx(last["value"], abs=0.0006)
        assert ("clearly more" in card.title) == (last["low"] > first["high"])
        assert ("clearly less" in card.title) == (last["high"] < first["low"])
        hidden, few = (rows.filter(pl.col("quality") == state).height for state in ("suppressed", "too_few"))
        assert (re.search(r"; (\d+) quarters? withheld", card.title) or [0, 0])[1] == (str(hidden) if hidden else 0)
        assert (re.search(r"; (\d+) quarters? with too few", card.title) or [0, 0])[1] == (str(few) if few else 0)
        assert (card.chart.chart == "rate_with_interval") == (shown.height == rows.height > 1)  # type: ignore[union-attr]
        seen += 1
    assert seen > 5


@pytest.mark.parametrize("metric_id", industry_rates.WITHOUT)
def test_centers_are_compared_with_all_imports_and_the_rest_counted(source: Released, metric_id: str) -> None:
    seen = 0
    for view in views(source, 96):
        card = industry_rates.by_center(view, source.cells, metric_id)
        if not drawn(card):
            continue
        rows = card.table
        shown = rows.drop_nulls("value")
        assert len(shown["value"]) > 0
        assert shown["value"][0] == shown["value"].min()
        lowest = shown.filter(pl.col("value") == shown["value"].min())["label"].to_list()
        below = re.match(r"(?:No Center|(\d+) Centers? of (\d+)) shown lies? clearly below all imports, ([\d.]+)%", card.title)
        if below is not None:
            count = shown.filter(pl.col("high") < share(below.group(3)) - 0.0005).height
            assert int(below.group(1) or 0) == count
            assert below.group(2) in (None, str(shown.height))
        if below is None or below.group(1):
            assert all(label in card.title for label in lowest) or len(lowest) > 3
            assert ("lowest of those shown" in card.title) == (shown["value"].n_unique() > 1)
        hidden = rows.filter(pl.col("quality") == "suppressed").height
        assert (f"; {hidden} Center" in card.title) == (hidden > 0)
        assert "none" not in set(rows["quality"])
        seen += 1
    assert seen > 5


def test_figures_and_headline_of_the_sample_agree_with_the_answers(source: Released) -> None:
    kinds = set()
    for view in views(source):
        figure = industry_rates.figures(view, source.cells)[0]
        words = industry_rates.headline(view, source.cells)
        known = figure.value[0].isdigit()
        kinds.add(figure.value if not known else "known")
        assert (figure.value in words) == known
        if known:
            lines = re.match(r"n = ([\d,]+) lines", figure.n)
            assert lines is not None
            assert lines.group(1) in words
            assert figure.interval
    assert {"known", "No whole quarter"} <= kinds


def test_a_release_of_before_the_sample_has_empty_cards(source: Released) -> None:
    old = source.cells.filter(~pl.col("metric_id").str.starts_with("sampled"))
    view = views(source, 1)[0]
    for make in (industry_rates.over_time, industry_rates.by_center):
        card = make(view, old, "sampled_without_any_share")
        assert not drawn(card)
        assert "released when" in card.empty
    assert industry_rates.figures(view, old)[0].value == "No whole quarter"
    assert "is released" in industry_rates.headline(view, old)
