"""Every key figure of the desk says whether it is signal or noise, and what it says is recomputed here; so does the subject of every card."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from analytics import accounts as numbers
from analytics import clocks, format, process
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot
from ui import accounts, board, forecasting, signals, worklist
from ui.board import KeyFigure
from ui.cards import flow, service
from ui.figures import of_metric
from ui.frame import View

CHOICES = (
    Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30)),
    Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), centers=("PHC",)),
    Filters(dt.date(2013, 4, 1), dt.date(2013, 6, 30), centers=("AGR",)),
    Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30), centers=("PHC",), work_types=("protest",)),
)


@pytest.fixture(params=CHOICES, ids=lambda filters: f"{'-'.join(filters.centers) or 'all'}{'-'.join(filters.work_types)}")
def view(request: pytest.FixtureRequest, analyst: Snapshot) -> View:
    return View(analyst, request.param)


def said(figure: KeyFigure) -> tuple[str, str]:
    return figure.signal, dict(figure.facts)["Signal"]


def test_no_key_figure_is_silent(view: View, analyst: Snapshot) -> None:
    now = replace(view, filters=view.filters.between(None, None))
    listed = worklist.kept(now, analyst)
    own = accounts.own_view(replace(view, filters=view.filters.only(["center"]).between(view.filters.from_date, view.filters.to_date)))
    shown = [
        *worklist.figures(now, listed),
        *forecasting.figures(forecasting.plan_of(now)),
        *accounts.figures(own, accounts.kept(own, analyst), analyst.accounts(), analyst.unassigned()),
        *flow.figures(view),
        *service.figures(view),
    ]
    for figure in shown:
        word, why = said(figure)
        assert word, figure.label
        assert why, figure.label


def test_past_due_of_the_list_is_judged_as_its_metric(view: View, analyst: Snapshot) -> None:
    now = replace(view, filters=view.filters.between(None, None))
    figures = {figure.label: figure for figure in worklist.figures(now, worklist.kept(now, analyst))}
    alone = of_metric(KeyFigure("past_due", "", ""), now)
    assert said(figures["Past due"]) == said(alone)
    assert int(figures["Past due"].value.replace(",", "")) == now.ask("past_due")["value"].sum()
    assert said(figures["Legal date in 7 days"])[0] == "no trend kept"


def test_a_forecast_says_what_its_paths_do(view: View) -> None:
    plan = forecasting.plan_of(replace(view, filters=view.filters.between(None, None)))
    figures = {figure.metric_id: figure for figure in forecasting.figures(plan)}
    if not plan.ready:
        assert list(figures) == ["pending"]
        return
    paths, now = plan.shown.pending, plan.shown.now
    grows, falls = (np.count_nonzero(sign * paths[now + 13] > sign * paths[now]) / paths.shape[1] for sign in (1, -1))
    assert said(figures["net_flow"])[0] == ("concern" if grows >= 0.9 else "improving" if falls >= 0.9 else "no clear change")
    assert f" in {format.share(grows)} of the simulated paths, falls in {format.share(falls)}" in said(figures["net_flow"])[1]
    week = max(place for place, day in enumerate(plan.shown.sundays) if day <= plan.year_end)
    for name, place in (("clear_chance", week), ("clear_p50", -1), ("clear_p90", -1)):
        there = np.count_nonzero(paths[place] <= plan.level) / paths.shape[1]
        will = "will reliably be there" if there >= 0.9 else "won’t reliably be there" if there <= 0.1 else "may or may not be there"
        assert said(figures[name])[0] == will, name
    done = plan.history.completions[: plan.history.settled].sum(axis=1)[-26:]
    needed = int(figures["more_needed"].value.split()[0].replace(",", ""))
    steps = np.abs(np.diff(done))
    steps = steps[steps < 3.267 * steps.mean()]
    beyond = done[-13:].mean() + needed > done.mean() + 2.66 * steps.mean()
    expected = "none needed" if not needed else "beyond usual weeks" if beyond else "within usual weeks"
    assert said(figures["more_needed"])[0] == (expected if len(done) >= 12 or not needed else "too few weeks to say")


def test_the_share_of_the_largest_is_judged_by_each_months_own(view: View, analyst: Snapshot) -> None:
    profiles = analyst.accounts()
    every = view.filters.keeping("center", ())
    for filters in (view.filters, every):
        months = numbers.concentration_by_month(view.frames, profiles, filters, view.as_of)
        last = months.row(-1, named=True)
        kept = filters.only(["center"]).between(last["month"], view.end)
        values = numbers.table(view.frames, profiles, kept, view.as_of)["value_usd"].sort(descending=True)
        # Of under twenty accounts the ten largest are most, whoever they are.
        few = (values > 0).sum() < 20
        assert last["value"] is None if few else last["value"] == pytest.approx(values.head(10).sum() / values.sum())
        assert months["month"].to_list() == pl.date_range(months["month"][0], view.end, "1mo", eager=True).to_list()
        assert months.height <= 24
    assert not few


def test_four_in_five_are_judged_by_their_own_months(view: View) -> None:
    median, p80 = flow.figures(view)[:2]
    months, _ = signals.judged(view, ["time_to_complete_days"])["time_to_complete_days"]
    if months.is_empty():
        assert said(p80)[0] == "too few months to say"
        return
    asked = view.ask("time_to_complete_days", "month", filters=view.filters.between(months["month"][0], view.end))
    known = dict(asked.select("month", "p80").iter_rows())
    own = months.with_columns(value=pl.Series([known.get(f"{month:%Y-%m}") for month in months["month"]], dtype=pl.Float64))
    verdict = process.verdict(process.chart(own, "lower"), "lower")
    assert said(p80)[1] == signals.sentence(verdict)
    assert p80.trend[-1] == own["value"][-1]
    assert len(p80.trend) == len(median.trend)


def test_the_subject_of_a_card_says_its_signal_once_asked(view: View) -> None:
    card = board.Card("a", "T", "S", "T", None, pl.DataFrame(), (), ("backlog", "pending", "no_metric"))
    told, unjudged, empty = signals.about(view)([card, replace(card, judged=False), replace(card, empty="Nothing.")])
    assert [each.name for each in told] == ["Backlog", "Pending reviews"]
    assert [each.definition for each in told] == [METRICS[name].definition for name in ("backlog", "pending")]
    figure = of_metric(KeyFigure("backlog", "", ""), view)
    assert told[0].word == figure.signal
    assert told[0].tone == figure.signal_tone
    assert told[0].signal.startswith(said(figure)[1])
    assert (told[1].word, told[1].signal) == ("", "")
    # A card that shows something else than its metrics over the page's filters says what these are, and no signal of theirs.
    assert [(each.name, each.word, each.signal) for each in unjudged] == [("Backlog", "", ""), ("Pending reviews", "", "")]
    assert empty == []
    assert list(view.judged) == ["backlog"]


def test_the_browser_gets_what_a_card_means_and_an_empty_card_nothing(view: View) -> None:
    drawn = board.Card("a", "T", "S", "T", {"data": []}, pl.DataFrame({"n": [1]}), (board.Column("n", "n", "count"),), ("backlog",))
    cards = [drawn, replace(drawn, key="b", chart=None, empty="Nothing.")]
    about = signals.about(view)
    sent, plain = (json.loads(board.payload([], cards, view.stamp(), can_export=True, plotly_url="", about=each)) for each in (about, None))
    assert sent["meanings"] == {"Backlog": METRICS["backlog"].definition}
    [[subject]] = about([drawn])
    assert [card["about"] for card in sent["cards"]] == [[["Backlog", subject.signal, subject.word, subject.tone]], []]
    # A chart is not drawn again for it.
    assert [card["hash"] for card in sent["cards"]] == [card["hash"] for card in plain["cards"]]


def test_the_title_of_the_list_says_whose_dates_they_are(analyst: Snapshot) -> None:
    duties = dict(clocks.rules_table().select("id", "duty").iter_rows())
    kinds = set()
    for center in ("ELE", "PHC", "AGR", "CPM"):
        now = View(analyst, Filters(centers=(center,)))
        listed = worklist.kept(now, analyst)
        days = listed["days_to_consequence"]
        words = worklist.title(listed)
        for part, start in (
            (listed.filter(days.is_between(0, 7)), f"{format.count(listed.filter(days.is_between(0, 7)).height)} item"),
            (listed.filter(days < 0), f"for {format.count(listed.filter(days < 0).height)} the date has passed"),
        ):
            if part.is_empty():
                continue
            mine = sum(duties[clock] == "CBP" for clock in part["consequence_clock"])
            rest = words[words.index(start) :].split(";")[0]
            said = "" if mine == part.height else f"{mine} of them CBP’s to keep" if mine else "the importer’s to keep"
            assert rest.partition(", ")[2] == said, center
            kinds.add(said[:1])
        drawn = worklist.shown(now, listed)
        assert drawn["duty"].to_list() == [
            {"importer": "Importer"}.get(duties.get(clock), duties.get(clock)) for clock in listed["consequence_clock"]
        ]
    assert kinds
    both = pl.DataFrame({"consequence_clock": ["deemed_liquidation", "entry_summary"]})
    assert (worklist._of_cbp(both), worklist._of_cbp(both[:1]), worklist._of_cbp(both[1:])) == (
        ", 1 of them CBP’s to keep", "", ", the importer’s to keep",
    )  # fmt: skip


def test_the_list_is_judged_today_whatever_period_other_pages_keep(analyst: Snapshot) -> None:
    now = View(analyst, Filters(centers=("PHC",)))
    listed = worklist.kept(now, analyst)
    kept = View(analyst, Filters(dt.date(2012, 1, 1), dt.date(2012, 6, 30), centers=("PHC",)))
    assert [said(figure) for figure in worklist.figures(kept, listed)] == [said(figure) for figure in worklist.figures(now, listed)]
