"""What cards and key figures say of a process chart is true: each claim is worked out again from the rows of the card's own table."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import statistics
from pathlib import Path

import polars as pl
import pytest

from analytics import format, monthly, periods, process
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data.demo.planted import single
from data.store import Snapshot
from tests.data.test_titles import _filters, drawn
from ui.board import Card
from ui.cards import signals
from ui.figures import key_figure, key_figures
from ui.frame import View

SHOWN = (
    "receipts", "completions", "pending", "backlog", "past_due", "clearance_rate", "days_of_work", "time_to_complete_days", "import_value_usd",
    "compliance_rate_major", "inquiries_on_time_share", "net_revenue_gap_usd", "staff_on_board", "feedback_received",
)  # fmt: skip


@pytest.fixture(params=range(20))
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    return View(analyst, _filters(request.param, analyst))


def settled(card: Card) -> list[tuple[dt.date, float]]:
    rows = card.table.filter(~pl.col("state").is_in(["provisional", "start-up"]) & pl.col("value").is_not_null())
    return list(rows.select("month", "value").iter_rows())


def lines(values: list[float]) -> tuple[float, float, float]:
    """Centre and limits once more, in plain Python."""
    centre = statistics.fmean(values)
    ranges = [abs(b - a) for a, b in itertools.pairwise(values)]
    kept = [r for r in ranges if r < 3.267 * statistics.fmean(ranges)]
    spread = 2.66 * (statistics.fmean(kept) if kept and max(kept) > 0 else statistics.fmean(ranges))
    return centre, centre - spread, centre + spread


def holds(card: Card, words: str) -> None:
    """Check the clause that makes the present a signal against the months that it names."""
    months, values = zip(*settled(card), strict=True)
    centre, low, high = lines(list(values))
    near = re.search(r"near the (upper|lower) limit in at least 2 of 3 months to (\w+ \d+)", words)
    if near:
        end = next(at for at, month in enumerate(months) if format.month(month) == near[2])
        sign = 1 if near[1] == "upper" else -1
        assert sum(sign * (v - centre) > (high - centre) * 2 / 3 for v in values[end - 2 : end + 1]) >= 2
        return
    one = re.search(r", (above|below) the (upper|lower) limit in (\w+ \d+)", words)
    if one:
        value = values[[format.month(month) for month in months].index(one[3])]
        assert value > high if one[1] == "above" else value < low
        return
    found = re.search(
        r", (\d+) months (above the average|below the average|above the upper limit|below the lower limit|rising|falling) (?:since (\w+ \d+)|from (\w+ \d+) to (\w+ \d+))",
        words,
    )
    assert found, words
    named = [format.month(month) for month in months]
    first = named.index(found[3] or found[4])
    last = named.index(found[5]) if found[5] else len(named) - 1
    part = values[first : last + 1]
    assert len(part) == int(found[1])
    if found[2] in ("rising", "falling"):
        sign = 1 if found[2] == "rising" else -1
        assert len(part) >= 7
        assert all(sign * (b - a) > 0 for a, b in itertools.pairwise(part))
        return
    line = {"above the average": centre, "below the average": centre, "above the upper limit": high, "below the lower limit": low}[found[2]]
    assert all(v > line if found[2].startswith("above") else v < line for v in part)
    assert len(part) >= (7 if "average" in found[2] else 2)


@pytest.mark.parametrize("metric_id", SHOWN)
def test_titles_say_what_the_table_shows(view: View, metric_id: str) -> None:
    card, metric = signals.trend(view, metric_id), METRICS[metric_id]
    if not drawn(card):
        return
    assert card.title.startswith(f"{metric.name}: ")
    count, words = len(settled(card)), card.title.removeprefix(f"{metric.name}: ")
    if count < process.LEAST:
        assert words.startswith("too early to say")
        assert ("of the 12 months it takes have settled" in words) == (count >= 3)
        assert "target" not in words
        return
    values = [value for _, value in settled(card)]
    centre, low, high = lines(values)
    assert card.table["centre"][0] == pytest.approx(centre)
    if words.startswith(("improving", "concern", "higher than usual", "lower than usual")):
        holds(card, words)
        up = any(word in words.split("; ")[0] for word in ("above", "rising", "upper"))
        better = {"higher": up, "lower": not up}.get(metric.direction)
        state = {True: "improving", False: "concern", None: "higher than usual" if up else "lower than usual"}[better]
        assert words.startswith(state)
    else:
        assert words.startswith((f"no clear change over {count} months", "too rare to say"))
        if "too rare" in words:
            assert sum(value == 0 for value in values) >= count / 2
        marked = card.table.drop_nulls("signal")["month"].to_list()
        if len(marked) > 2:
            assert f"{len(marked)} earlier months stood out" in words
        assert all(format.month(month) in words for month in marked if len(marked) <= 2)
    target = process.target_in_force(view.targets, metric_id, view.end)
    assert ("target" in words) == (target is not None and metric.direction != "neither")
    if target is not None:
        word = (
            "a month may or may not"
            if low <= target <= high
            else "its months will reliably"
            if (target < low) == (metric.direction == "higher")
            else "its months will not"
        )
        assert f"; {word} " in words
        assert words.endswith(format.number(target, metric.unit))


def test_every_metric_and_role_has_a_card(store: Path) -> None:
    year = Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))
    for scope in (Scope("leadership"), Scope("director", ("ELE",))):
        view = View(Snapshot(scope, home=store / "published"), year)
        for metric_id in METRICS:
            assert drawn(signals.trend(view, metric_id, wide=metric_id == "backlog")), metric_id
    assert set(METRICS) >= monthly.STOCKS


def test_what_is_not_settled_is_drawn_and_never_a_signal(analyst: Snapshot) -> None:
    part = View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 12)))
    card = signals.trend(part, "completions", provisional=[dt.date(2013, 8, 1)])
    tail = card.table.tail(2)
    assert tail["state"].to_list() == ["provisional", "provisional"]
    assert tail["signal"].null_count() == 2
    assert card.table["month"].to_list()[-1] == dt.date(2013, 9, 1)
    assert "Hollow: provisional" in card.note
    assert "Sep 2013" not in card.title
    whole = signals.trend(View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))), "completions")
    # Completions of September are still reported; receipts are all known.
    assert whole.table["state"].to_list()[-2:] == ["ok", "provisional"]
    assert "Sep 2013" not in whole.title
    received = signals.trend(View(analyst, Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30))), "receipts")
    assert received.table["state"].to_list()[-2:] == ["ok", "ok"]
    assert len(settled(card)) == 22


def test_months_are_those_of_the_command_line(view: View) -> None:
    months = monthly.series(view.frames, METRICS["receipts"], view.filters, view.as_of, end=view.end, first_date=view.source.first_date)
    start = max(periods.months_back(view.end, 23), view.source.first_date)
    asked = view.ask("receipts", "month", filters=view.filters.between(start, view.end))
    known = dict(asked.select("month", "value").iter_rows())
    assert months.height <= 24
    for month, value in months.select("month", "value").iter_rows():
        assert value == known.get(f"{month:%Y-%m}", 0)
    if months.height:
        assert months["month"].to_list() == pl.date_range(months["month"][0], view.end, "1mo", eager=True).to_list()
        # At most the first month of a series that began within the window is left out.
        left = sum(known.values()) - months["value"].sum()
        assert left == (0 if months["month"][0] == start else known.get(f"{periods.months_back(months['month'][0], 1):%Y-%m}", 0))


def test_key_figures_say_the_same_as_cards(view: View) -> None:
    names = ("pending", "backlog", "clearance_rate", "compliance_rate_major", "receipts")
    together = key_figures(view, names)
    assert together[0] == key_figure(view, "pending")
    for figure in together:
        card, facts = signals.trend(view, figure.metric_id), dict(figure.facts)
        if not card.empty:
            words = card.title.removeprefix(f"{METRICS[figure.metric_id].name}: ").split("; its months ")[0].split("; a month ")[0]
            assert facts["Signal"].startswith(words)
            tones = {"concern": "bad", "improving": "good", "higher than usual": "up", "lower than usual": "down"}
            dated = re.fullmatch(r"(.+) to (\w{3} \d{4})", figure.signal)
            word, month = dated.groups() if dated else (figure.signal, "")
            assert figure.signal_tone == tones.get(word, "none")
            assert words.startswith((word, "too early"))
            if month:
                settled_months = [each for each, _ in settled(card)]
                assert format.month(settled_months[-1]) == month
                assert settled_months[-1] < periods.month_start(view.end)
        assert facts["Formula"] == METRICS[figure.metric_id].formula
        assert {"n", "95% interval", "Metric id"} <= set(facts)
        assert ("month" in facts.get("Target", "")) == ("month" in figure.assurance) == bool(figure.assurance)


def test_the_planted_surge_is_a_signal_where_it_was_planted_alone(analyst: Snapshot) -> None:
    truth = single("surge")
    last = dt.date(2013, 4, 30)

    def state(center: str) -> tuple[str, list[dt.date]]:
        filters = Filters(dt.date(2012, 10, 1), last, centers=(center,), work_types=("psc",))
        card = signals.trend(View(analyst, filters), "receipts")
        return card.title, card.table.drop_nulls("signal")["month"].to_list()

    title, marked = state(str(truth.center_code))
    assert "higher than usual, " in title
    assert "above the upper limit" in title
    assert {dt.date(2013, 3, 1), dt.date(2013, 4, 1)} & set(marked)
    assert "higher than usual" not in state("PHC")[0]


def alone(snapshot: Snapshot, center: str, metric_id: str, end: dt.date) -> Card:
    return signals.trend(View(snapshot, Filters(dt.date(2012, 10, 1), end, centers=(center,))), metric_id)


@pytest.mark.parametrize(
    ("metric_id", "span"), [("pending", 6), ("backlog", 6), ("days_of_work", 6), ("receipts", 3), ("clearance_rate", 3)]
)
def test_the_first_months_of_a_center_are_its_start_up_wherever_the_window_begins(analyst: Snapshot, metric_id: str, span: int) -> None:
    everything = analyst.frames, Filters(centers=("PHC",)), analyst.as_of, ["month"]
    asked = METRICS[metric_id].answer(*everything).filter((pl.col("value").fill_null(0) != 0) | (pl.col("n") > 0))
    first = dt.date.fromisoformat(f"{asked['month'].min()}-01")
    expected = {periods.months_back(first, -step) for step in range(1, span + 1)}
    for end in (dt.date(2013, 6, 30), dt.date(2013, 9, 30)):
        card = alone(analyst, "PHC", metric_id, end)
        start = periods.months_back(end, 23)
        marked = card.table.filter(pl.col("state") == "start-up")
        assert set(marked["month"]) == {month for month in expected if month >= start}
        assert marked["signal"].null_count() == marked.height > 0
        assert card.table["month"][0] == max(start, periods.months_back(first, -1))
        assert "Grey: the first months after it began, not counted." in card.note


def test_a_series_that_was_there_before_the_window_has_no_start_up(analyst: Snapshot) -> None:
    for metric_id in ("import_value_usd", "receipts"):
        card = alone(analyst, "PORT", metric_id, dt.date(2013, 9, 30))
        assert card.table.height == 24
        assert "start-up" not in set(card.table["state"])
        assert "Grey" not in card.note


def test_a_new_center_whose_pile_has_grown_is_not_improving(analyst: Snapshot) -> None:
    """Days of work on hand fell from 280 in the opening month to 50 and rose to 70: that was called improving."""
    for metric_id in ("days_of_work", "backlog", "pending"):
        card = alone(analyst, "PHC", metric_id, dt.date(2013, 9, 30))
        assert len(settled(card)) >= process.LEAST
        assert "improving" not in card.title
