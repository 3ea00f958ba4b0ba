"""The projection of pending: nothing is lost or made, more people never clear later, and what it asks for is enough."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest

from analytics import capacity, forecast, projection
from analytics.capacity import Staffing, WhatIf
from analytics.projection import PACE, SHARE, Projection
from analytics.weekly import History
from tests.simulation.test_forecast import history

STAFF = Staffing(20, {"validation": 2.0, "psc": 1.0, "cf28": 4.0})
RULES = (PACE, SHARE)


def limited(seed: int = 0, weeks: int = 156, came: float = 60.0, can: float = 60.0) -> History:
    """Make a history in which people are the limit: a pace of completions, whatever the pile."""
    rng = np.random.default_rng(seed)
    parts = np.array([0.6, 0.3, 0.1])
    receipts, done = (rng.poisson(np.outer(np.full(weeks, rate), parts)).astype(float) for rate in (came, can))
    return history(receipts, done, start=900.0, held_back=3)


def flowing(seed: int = 0, weeks: int = 156) -> History:
    """Make a history in which the pile is the limit: each week a tenth of what is there is completed."""
    rng = np.random.default_rng(seed)
    receipts = rng.poisson(np.outer(np.full(weeks, 60.0), [0.6, 0.3, 0.1])).astype(float)
    open_, done = np.array([360.0, 180.0, 60.0]), np.empty_like(receipts)
    for week in range(weeks):
        done[week] = rng.binomial((open_ + receipts[week]).astype(int), 0.1)
        open_ = open_ + receipts[week] - done[week]
    return history(receipts, done, start=np.array([360.0, 180.0, 60.0]), held_back=3)


def projected(past: History, rule: str, what_if: WhatIf = capacity.NOTHING, paths: int = 400) -> Projection:
    test = forecast.backtest(past.receipts)
    return projection.project(projection.draws(past, test, forecast.FLAT, rule, paths), what_if, STAFF)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "what_if",
    [WhatIf(), WhatIf(people=26), WhatIf(people=3), WhatIf(people=2000), WhatIf(psc_auto_share=0.6), WhatIf(hours=1.0, overtime_share=0.3)],
    ids=str,
)
def test_pending_is_pending_before_plus_receipts_less_completions(rule: str, what_if: WhatIf) -> None:
    shown = projected(limited(), rule, what_if)
    before = np.vstack([np.full((1, shown.pending.shape[1]), shown.start), shown.pending[:-1]])
    np.testing.assert_allclose(shown.pending, before + shown.receipts - shown.completions, atol=1e-8)
    assert shown.pending.min() >= 0
    assert shown.completions.min() >= -1e-9
    np.testing.assert_allclose(shown.by_type.sum(axis=1), shown.pending.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(shown.came_by_type.sum(axis=1), shown.receipts.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(shown.done_by_type.sum(axis=1), shown.completions.mean(axis=1), atol=1e-8)


@pytest.mark.parametrize("rule", RULES)
def test_weeks_that_are_past_have_their_own_receipts_and_no_what_if(rule: str) -> None:
    past = limited()
    plain, changed = projected(past, rule), projected(past, rule, WhatIf(people=40, psc_auto_share=1.0))
    known = past.receipts[past.settled :].sum(axis=1)
    assert past.held_back == 3
    for shown in (plain, changed):
        np.testing.assert_allclose(shown.receipts[:3], np.repeat(known[:, None], 400, axis=1))
        np.testing.assert_array_equal(shown.pending[:3], plain.pending[:3])
    assert shown.sundays[0] == past.settled_to + dt.timedelta(weeks=1)
    assert shown.sundays[shown.now] == past.known_to


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(2))
def test_more_people_never_clear_later(rule: str, seed: int) -> None:
    past = limited(seed)
    tries = [WhatIf(people=people) for people in (0, 10, 18, 20, 21, 25, 40)]
    runs = [projected(past, rule, what_if) for what_if in tries]
    for fewer, more in itertools.pairwise(runs):
        assert (more.pending <= fewer.pending + 1e-7).all()
        for level in (0.0, 300.0, 700.0, 1000.0):
            first, second = (each.week_cleared(level, 0.5) or dt.date.max for each in (fewer, more))
            assert second <= first
            assert more.more_needed(level, dt.date(2014, 9, 30)) <= fewer.more_needed(level, dt.date(2014, 9, 30)) or rule == SHARE


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("more", [WhatIf(overtime_share=0.2), WhatIf(hours=1.0), WhatIf(psc_auto_share=0.5)], ids=str)
def test_overtime_shorter_reviews_and_automatic_acceptance_help(rule: str, more: WhatIf) -> None:
    plain, helped = projected(limited(), rule), projected(limited(), rule, more)
    assert (helped.pending <= plain.pending + 1e-7).all()
    assert helped.middle[-1] < plain.middle[-1] - 1


def test_capacity_is_people_by_productive_hours_by_overtime_over_hours() -> None:
    past = limited()
    hours = capacity.mean_hours(past, STAFF)
    assert hours == pytest.approx((past.pace * [2.0, 1.0, 4.0]).sum() / past.pace.sum())
    assert capacity.productive_hours(20, 0.1) == pytest.approx(20 * 1776 * 1.1 / 52)
    change = capacity.change_of_capacity(past, STAFF, WhatIf(people=30, hours=hours / 2, overtime_share=0.1))
    assert change == pytest.approx(30 / 20 * 2 * 1.1)
    assert capacity.change_of_capacity(past, capacity.UNKNOWN, WhatIf(people=30, hours=1.0)) == 1.0


@pytest.mark.parametrize(("rule", "made"), [(PACE, limited), (SHARE, flowing)])
def test_the_rule_that_the_work_follows_is_found(rule: str, made) -> None:
    found = []
    for seed in range(4):
        past = made(seed) if rule == SHARE else made(seed, came=75.0)
        known = projection.past_of(past, forecast.backtest(past.receipts))
        found.append(projection.rule_at(past, known, past.settled - 1))
    assert found == [rule] * 4


@pytest.mark.parametrize("rule", RULES)
def test_so_many_more_completions_are_enough_and_one_fewer_is_not(rule: str) -> None:
    past = limited(came=64.0)
    shown = projected(past, rule)
    day = dt.date(2014, 9, 30)
    level = float(shown.middle[shown.now]) * 0.9
    needed = shown.more_needed(level, day)
    assert needed > 0
    weeks = sum(sunday <= day for sunday in shown.sundays)
    kept, open_, less = 1 - shown.turnover, 0.0, 0.0
    for _ in range(shown.now + 1, weeks):
        open_, less = kept * open_ + needed, kept * less + needed - 1
    assert shown.middle[weeks - 1] - open_ <= level < shown.middle[weeks - 1] - less


def test_hours_left_over_go_to_work_that_is_there() -> None:
    start, came = np.array([0.0, 100.0]), np.zeros((4, 2, 1))
    could = np.full((4, 2, 1), 10.0)
    pending, _, done = projection._run(start, came, could, np.array([1.0, 2.0]), follows=False)
    # Ten hours of the first kind are free: five reviews of the second, which take two hours each.
    np.testing.assert_allclose(pending[:, 0], [85, 70, 55, 40])
    np.testing.assert_allclose(done[:, 0], 15)


def test_the_same_data_give_the_same_paths() -> None:
    first, second = projected(limited(), PACE), projected(limited(), PACE)
    np.testing.assert_array_equal(first.pending, second.pending)


def test_the_clear_by_week_is_where_the_paths_meet_the_level() -> None:
    shown = projected(limited(can=64.0, came=60.0), PACE)
    level = float(shown.middle[20])
    week = shown.week_cleared(level, 0.5)
    at = shown.sundays.index(week)
    assert (shown.pending[at] <= level).mean() >= 0.5 > (shown.pending[at - 1] <= level).mean()
    assert shown.chance(level, week) >= 0.5
    assert shown.week_cleared(level, 0.9) > week
    assert shown.week_cleared(-1.0, 0.5) is None
    assert shown.chance(level, dt.date(2000, 1, 1)) == 0.0


def test_levels_are_summed_over_work_types() -> None:
    past = limited()
    week = past.settled - 1
    late = past.pending * 0.25
    past = History(past.mondays, past.types, past.receipts, past.completions, past.pending, late, 3)
    assert capacity.level(past, "standard") == pytest.approx((past.pending[week] * 0.75).sum())
    rate = past.receipts[-13:].mean(axis=0)
    assert capacity.level(past, "receipts") == round((rate * np.array([90, 30, 60]) / 7).sum())
    assert capacity.level(past, "own", 12.0) == 12.0


@pytest.mark.parametrize(
    ("last_sunday", "end"),
    [
        (dt.date(2013, 9, 29), dt.date(2014, 9, 30)),  # as of Monday 30 Sep 2013: the next fiscal year
        (dt.date(2013, 9, 22), dt.date(2013, 9, 30)),
        (dt.date(2013, 10, 6), dt.date(2014, 9, 30)),
        (dt.date(2012, 9, 30), dt.date(2013, 9, 30)),
    ],
)
def test_the_fiscal_year_end_is_ahead_by_a_whole_week(last_sunday: dt.date, end: dt.date) -> None:
    zero = np.ones((2, 1))
    past = History((last_sunday - dt.timedelta(days=13), last_sunday - dt.timedelta(days=6)), ("psc",), zero, zero, zero, zero, 0)
    assert past.known_to == last_sunday
    assert capacity.fiscal_year_end(past) == end


def test_the_past_as_known_then_is_cut_clean() -> None:
    past = limited()
    then = past.until(100)
    assert (then.length, then.settled, then.held_back) == (100, 100, 0)
    np.testing.assert_array_equal(then.pending, past.pending[:100])
    cut, whole = forecast.backtest(past.receipts).until(100), forecast.backtest(past.receipts[:100])
    for name, made in whole.by_type.items():
        np.testing.assert_allclose(cut.by_type[name], made, rtol=1e-12)


def test_the_range_of_pending_holds_about_what_it_says() -> None:
    inside = []
    for seed in range(8):
        made = limited(seed, weeks=182)
        past = made.until(156)
        shown = projection.project(
            projection.settled_draws(
                past, forecast.backtest(past.receipts), forecast.FLAT, projection.past_of(past, forecast.backtest(past.receipts)), 155, 300
            )
        )
        low, high = shown.quantile(0.1)[:26], shown.quantile(0.9)[:26]
        actual = made.pending[156:182].sum(axis=1)
        inside.append(((low <= actual) & (actual <= high)).mean())
    assert 0.65 < np.mean(inside) <= 0.99


def rare(seed: int) -> History:
    """Make a history of one frequent and two rare work types, of which less comes in than did: what is drawn around 0 is often cut."""
    rng = np.random.default_rng(seed)
    falling = np.outer(np.linspace(1.4, 0.6, 156), [30.0, 1.0, 0.3])
    receipts = rng.poisson(falling).astype(float)
    done, open_ = np.empty_like(receipts), np.array([300.0, 10.0, 3.0])
    for week in range(156):
        done[week] = rng.binomial((open_ + receipts[week]).astype(int), 0.1)
        open_ = open_ + receipts[week] - done[week]
    return history(receipts, done, start=np.array([300.0, 10.0, 3.0]), held_back=3)


@pytest.mark.parametrize("widened", [1.0, 2.5])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(3))
def test_on_average_what_is_drawn_is_what_is_expected(rule: str, seed: int, widened: float) -> None:
    past = rare(seed)
    test = forecast.backtest(past.receipts)
    drawn = projection.draws(past, test, forecast.FLAT, rule, 4000, widened)
    expected, rate = test.by_type[forecast.FLAT][-1], projection.paces(past)[rule][-1]
    assert drawn.came.min() >= 0
    assert drawn.could.min() >= 0
    for paths, mean in ((drawn.came[past.held_back :], expected), (drawn.could, np.broadcast_to(rate, drawn.could.shape[:2]))):
        # Standard errors of the mean over all weeks of a path: what is drawn stays together for weeks, so weeks are no samples.
        each = paths.mean(axis=0)
        error = each.std(axis=1) / np.sqrt(each.shape[1])
        assert (np.abs(each.mean(axis=1) - mean.mean(axis=0)) <= 4 * error + 1e-12).all()
        assert (error < 0.02 * mean.mean(axis=0) + 0.01).all()
