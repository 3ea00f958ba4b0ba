"""Shifts between ports: the windows, the shares, and an interval that accounts' own noise rarely leaves."""

from __future__ import annotations

import datetime as dt
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest

from analytics import routing_shift
from analytics.cube import Span

D = dt.date
FIRST = D(2010, 10, 1)
SCHEMA = {"port": pl.String, "account_key": pl.UInt32, "entries_count": pl.Int64}


def counts(table: np.ndarray) -> pl.DataFrame:
    """Turn entries of accounts (rows) at ports (columns) into the frame that is compared."""
    rows = [(f"{port:04d}", account, int(table[account, port])) for account, port in np.argwhere(table)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("opened", "start", "end", "now", "before", "months"),
    [
        (D(2011, 10, 20), D(2012, 10, 1), D(2013, 9, 30), (D(2012, 10, 20), D(2013, 9, 30)), (D(2011, 10, 20), D(2012, 10, 19)), 12),
        (D(2012, 2, 29), D(2013, 3, 1), D(2013, 9, 30), (D(2013, 3, 1), D(2013, 9, 30)), (D(2012, 2, 29), D(2013, 2, 27)), 12),
        (D(2012, 9, 27), D(2012, 10, 1), D(2013, 9, 30), (D(2012, 12, 27), D(2013, 9, 30)), (D(2012, 9, 27), D(2012, 12, 26)), 3),
        (D(2012, 9, 27), D(2013, 9, 1), D(2013, 9, 30), (D(2013, 9, 1), D(2013, 9, 30)), (D(2012, 9, 27), D(2012, 12, 26)), 3),
        (D(2013, 6, 3), D(2012, 10, 1), D(2013, 9, 30), (D(2013, 6, 3), D(2013, 9, 30)), None, None),
        (D(2005, 1, 1), D(2012, 10, 1), D(2013, 9, 30), (D(2012, 10, 1), D(2013, 9, 30)), None, None),
        (None, D(2012, 10, 1), D(2013, 9, 30), (D(2012, 10, 1), D(2013, 9, 30)), (D(2011, 10, 1), D(2012, 9, 30)), None),
        (None, D(2011, 1, 1), D(2012, 2, 29), (D(2011, 1, 1), D(2012, 2, 29)), None, None),
    ],
)
def test_windows(opened, start, end, now, before, months) -> None:
    found = routing_shift.windows(start, end, FIRST, opened)
    assert found == routing_shift.Windows(Span(*now), Span(*before) if before else None, months)


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (D(2012, 1, 31), 1, D(2012, 2, 29)),
        (D(2011, 11, 30), 3, D(2012, 2, 29)),
        (D(2012, 2, 29), 12, D(2013, 2, 28)),
        (D(2012, 12, 15), 1, D(2013, 1, 15)),
    ],
)
def test_months_after(day: D, months: int, after: D) -> None:
    assert routing_shift.months_after(day, months) == after


def test_shares_ranks_and_interval_equal_a_plain_computation() -> None:
    draw = np.random.default_rng(3)
    before, now = draw.poisson(6, (25, 8)) * (draw.random((25, 8)) < 0.4), draw.poisson(9, (25, 8)) * (draw.random((25, 8)) < 0.5)
    found = routing_shift.shift(counts(now), counts(before)).sort("port")
    p, q = now.sum(0) / now.sum(), before.sum(0) / before.sum()
    assert found["now_share"].to_list() == pytest.approx(list(p))
    assert found["before_share"].to_list() == pytest.approx(list(q))
    assert found["rank"].to_list() == [1 + int((now.sum(0) > count).sum()) for count in now.sum(0)]
    parts = (now - p * now.sum(1, keepdims=True)) / now.sum() - (before - q * before.sum(1, keepdims=True)) / before.sum()
    whole = now.sum(1) + before.sum(1)
    cases = whole.sum() ** 2 / (whole**2).sum()
    between = (parts**2).sum(0) * cases / (cases - 1)
    pooled = (now.sum(0) + before.sum(0)) / whole.sum()
    within = pooled * (1 - pooled) * (1 / now.sum() + 1 / before.sum())
    half = NormalDist().inv_cdf(1 - 0.025 / 8) * np.sqrt(np.maximum(between, within))
    assert (between > within).any()
    assert found["low"].to_list() == pytest.approx(list(p - q - half))
    assert found["high"].to_list() == pytest.approx(list(p - q + half))
    assert found["clear"].to_list() == list(np.abs(p - q) > half)


def _draw(draw: np.random.Generator, accounts: int, entries: int, moved: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw two windows of accounts of very unequal size, each with its own ports; `moved` of every account's entries go to port 0."""
    size = draw.pareto(1.2, accounts) + 0.1
    ports = np.array([draw.dirichlet(draw.dirichlet(np.full(40, 0.3)) * 3 + 1e-3) for _ in range(accounts)])
    later = ports * (1 - moved)
    later[:, 0] += moved
    volume = entries * size / size.sum()
    windows = [
        np.array([draw.multinomial(draw.poisson(v * grown), row) for v, row in zip(volume, mix, strict=True)])
        for grown, mix in ((1, ports), (2, later))
    ]
    return counts(windows[1]), counts(windows[0])


@pytest.mark.parametrize("accounts", [12, 40])
def test_accounts_that_stay_as_they_are_are_rarely_called_a_shift(accounts: int) -> None:
    draw = np.random.default_rng(11)
    alarms = sum(routing_shift.shift(*_draw(draw, accounts, 800, 0.0))["clear"].any() for _ in range(120))
    assert alarms <= 12  # 5 % would be 6


def test_a_move_of_all_accounts_to_one_port_is_found() -> None:
    draw = np.random.default_rng(12)
    found = [routing_shift.shift(*_draw(draw, 40, 1500, 0.15)).filter("clear") for _ in range(30)]
    right = sum("0000" in rows.filter(pl.col("change") > 0)["port"].to_list() for rows in found)
    assert right >= 27


def test_without_an_earlier_window_there_is_no_change() -> None:
    now = counts(np.array([[3, 1], [2, 0]]))
    found = routing_shift.shift(now, now.clear())
    assert found["now_share"].to_list() == pytest.approx([5 / 6, 1 / 6])
    assert found.select("before_share", "change", "low", "high", "before_rank").null_count().row(0) == (2, 2, 2, 2, 2)
    assert not found["clear"].any()


def test_few_accounts_are_never_called_clear() -> None:
    draw = np.random.default_rng(5)
    found = routing_shift.shift(counts(draw.poisson(50, (9, 3))), counts(np.flip(draw.poisson(50, (9, 3)) * [9, 1, 1], 1)))
    assert found["low"].null_count() == found.height
    assert not found["clear"].any()


def test_centers_opened_between() -> None:
    centers = pl.DataFrame(
        {
            "center_code": ["A", "B", "C", "D"],
            "short_name": ["One", "Two", "Three", "Four"],
            "opened_date": [D(2011, 10, 1), D(2012, 9, 27), None, D(2013, 4, 4)],
        }
    )
    spans = Span(D(2011, 10, 1), D(2012, 9, 30)), Span(D(2012, 10, 1), D(2013, 9, 30))
    assert routing_shift.opened_between(centers, *spans) == ["Two", "Four"]
    assert routing_shift.opened_between(centers, *spans, ["D", "A"]) == ["Four"]
