"""Did it move? The rule finds what was planted, calls chance a move rarely, and says when it cannot say."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from analytics import moved, periods, process

START = dt.date(2010, 10, 1)


def series(values: list[float | None], provisional: int = 0, starting: int = 0) -> pl.DataFrame:
    """Months from October 2010 on; the last ones provisional, the first ones of the start-up."""
    months = pl.date_range(START, periods.months_back(START, 1 - len(values)), "1mo", eager=True)
    place = pl.int_range(pl.len())
    return pl.DataFrame({"month": months, "value": pl.Series(values, dtype=pl.Float64)}).with_columns(
        provisional=place >= len(values) - provisional, starting=place < starting
    )


def month(number: int) -> dt.date:
    return periods.months_back(START, -number)


def drawn(rng: np.random.Generator, before: int, after: int, shift: float = 0.0, follow: float = 0.0) -> list[float]:
    """Values around 100 with a standard deviation of 5; `follow` is how much of a month carries over into the next."""
    noise = rng.normal(0, 5 * (1 - follow**2) ** 0.5, before + after)
    for place in range(1, len(noise)):
        noise[place] += follow * noise[place - 1]
    return (100 + noise + np.r_[np.zeros(before), np.full(after, shift)]).tolist()


def share_moved(before: int, after: int, *, shift: float = 0.0, follow: float = 0.0, runs: int = 500, seed: int = 20131) -> float:
    rng = np.random.default_rng(seed)
    found = [moved.judge(series(drawn(rng, before, after, shift, follow)), month(before), "higher").state for _ in range(runs)]
    judged = [state for state in found if state in (moved.MOVED, moved.NOT_MOVED)]
    assert len(judged) > runs * 0.7
    return judged.count(moved.MOVED) / len(judged)


@pytest.mark.parametrize(("before", "after", "most"), [(12, 6, 0.03), (12, 8, 0.06), (24, 8, 0.04), (24, 12, 0.04)])
def test_chance_alone_is_rarely_called_a_move(before: int, after: int, most: float) -> None:
    assert share_moved(before, after) < most


def test_what_carries_over_is_more_easily_called_a_move() -> None:
    independent, carried = share_moved(24, 8), share_moved(24, 8, follow=0.6)
    assert carried > 2 * independent
    assert carried < 0.25


@pytest.mark.parametrize(("shift", "least"), [(10.0, 0.75), (15.0, 0.95)])
def test_planted_moves_are_found(shift: float, least: float) -> None:
    """Shifts of two and three standard deviations, 24 months before and 8 after."""
    assert share_moved(24, 8, shift=shift, runs=400) > least


def flat(before: int, after: list[float]) -> list[float | None]:
    return [100.0 + (3 if place % 2 else -3) for place in range(before)] + after


def test_the_rule_by_hand() -> None:
    better = moved.judge(series(flat(12, [104.0] * 7)), month(12), "higher")
    assert (better.state, better.before, better.after, better.centre) == (moved.MOVED, 12, 7, 100.0)
    assert better.reason == "the last 7 months are all better than the average before"
    assert better.upper == pytest.approx(100 + process.FACTOR * 6)
    assert (
        moved.judge(series(flat(12, [104.0] * 7)), month(12), "lower").reason == "the last 7 months are all worse than the average before"
    )
    assert moved.judge(series(flat(12, [96.0] * 7)), month(12), "lower").state == moved.MOVED
    # Worse months are told by the same rule: with six of them, or with one on the better side, chance is not the word.
    for after in ([500.0] * 6, [99.0] + [104.0] * 4 + [120.0] * 2):
        worse = moved.judge(series(flat(12, after)), month(12), "lower")
        assert (worse.state, worse.reason) == (
            moved.NOT_MOVED,
            f"{sum(value > 116 for value in after)} of the last 6 months are worse than the limit of before",
        )
        better = moved.judge(series(flat(12, after)), month(12), "higher")
        assert (better.state, better.reason) == (moved.MOVED, worse.reason.replace("worse", "better"))
    assert (
        moved.judge(series(flat(12, [84.0, 83.0] + [101.0] * 4)), month(12), "higher").reason
        == "2 of the last 6 months are worse than the limit of before"
    )
    assert moved.judge(series(flat(12, [83.0] + [101.0] * 5)), month(12), "higher").reason == "no move beyond chance is found"
    # Six months make no run of seven, and 104 is within the limit of 115.96; two beyond it are a move.
    assert moved.judge(series(flat(12, [104.0] * 6)), month(12), "higher").state == moved.NOT_MOVED
    assert moved.judge(series(flat(12, [104.0] * 5 + [120.0])), month(12), "higher").state == moved.NOT_MOVED
    assert moved.judge(series(flat(12, [104.0] * 4 + [120.0] * 2)), month(12), "higher").state == moved.MOVED
    # One month below the average ends the run, and what lies seven months back counts no more.
    assert moved.judge(series(flat(12, [104.0] * 6 + [99.0])), month(12), "higher").state == moved.NOT_MOVED
    assert moved.judge(series(flat(12, [120.0] * 2 + [101.0, 99.0] * 3)), month(12), "higher").state == moved.NOT_MOVED


def test_when_it_is_too_early_or_cannot_be_judged() -> None:
    early = moved.judge(series(flat(12, [120.0] * 5)), month(12), "higher")
    assert (early.state, early.reason) == (moved.TOO_EARLY, "5 of the 6 settled months that are needed after it")
    short = moved.judge(series(flat(11, [120.0] * 9)), month(11), "higher")
    assert (short.state, short.reason) == (moved.UNJUDGED, "11 of the 12 settled months that are needed before it")
    assert moved.judge(series(flat(12, [120.0] * 9)), month(12), "neither").state == moved.UNJUDGED
    rising = [80.0 + 2 * place for place in range(12)]
    assert moved.judge(series(rising + [120.0] * 9), month(12), "higher").reason == "it was improving before already"
    assert moved.judge(series([0.0] * 11 + [1.0] + [5.0] * 9), month(12), "lower").reason == "it happens too rarely for limits"
    assert moved.judge(series([]), month(0), "higher").state == moved.UNJUDGED


def test_provisional_months_gaps_and_start_ups_do_not_count() -> None:
    whole = flat(14, [120.0] * 8)
    assert moved.judge(series(whole), month(14), "higher").state == moved.MOVED
    late = moved.judge(series(whole, provisional=3), month(14), "higher")
    assert (late.state, late.after) == (moved.TOO_EARLY, 5)
    assert moved.judge(series(whole, starting=3), month(14), "higher").before == 11
    holes = [None if place in (15, 16) else value for place, value in enumerate(whole)]
    assert moved.judge(series(holes), month(14), "higher").after == 6


def test_the_month_in_which_it_began_counts_on_neither_side() -> None:
    values = flat(12, [500.0] + [104.0] * 7)
    middle = moved.judge(series(values), month(12).replace(day=15), "higher")
    assert (middle.before, middle.after, middle.mean_after) == (12, 7, 104.0)
    first = moved.judge(series(values), month(12), "higher")
    assert (first.before, first.after) == (12, 8)
    sides = moved.chart(series(values), month(12).replace(day=15), middle, "higher")["side"].to_list()
    assert sides == ["before"] * 12 + ["began"] + ["after"] * 7


def test_limits_are_those_of_before_and_know_nothing_of_after() -> None:
    one, other = (moved.judge(series(flat(24, [value] * 8)), month(24), "higher") for value in (101.0, 900.0))
    assert (one.centre, one.lower, one.upper) == (other.centre, other.lower, other.upper)
    oracle = process.chart(series(flat(24, [])), "higher")
    assert (one.centre, one.lower, one.upper) == tuple(oracle[name][-1] for name in ("centre", "lower", "upper"))
    shown = moved.chart(series(flat(24, [900.0] * 8)), month(24), other, "higher")
    assert shown["meaning"].to_list() == [None] * 24 + [process.IMPROVEMENT] * 8
