"""The test of drifting accounts against scipy, and on simulated accounts of which some get worse."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import random

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analytics import drift

END = dt.date(2013, 9, 30)


@pytest.mark.parametrize("table", [(3, 10, 1, 20), (0, 10, 5, 12), (10, 10, 0, 10), (7, 40, 9, 80), (1, 1, 0, 1), (30, 200, 20, 300)])
def test_one_stratum_is_fishers_exact_test(table: drift.Stratum) -> None:
    found, late, before, early = table
    expected = stats.fisher_exact([[found, late - found], [before, early - before]], alternative="greater").pvalue
    assert math.isclose(drift.rise_p([table]), expected, rel_tol=1e-10)


def test_several_strata_are_the_sum_of_hypergeometric_counts() -> None:
    tables = [(5, 12, 2, 20), (3, 9, 4, 30), (8, 25, 6, 40)]
    dists = [stats.hypergeom(late + early, found + before, late) for found, late, before, early in tables]
    seen = sum(table[0] for table in tables)
    spans = [range(found + before + 1) for found, _, before, _ in tables]
    expected = sum(
        math.prod(float(dist.pmf(count)) for dist, count in zip(dists, counts, strict=True))
        for counts in itertools.product(*spans)
        if sum(counts) >= seen
    )
    assert math.isclose(drift.rise_p(tables), expected, rel_tol=1e-10)


def test_what_cannot_tell_says_nothing() -> None:
    assert drift.rise_p([]) == 1.0
    assert drift.rise_p([(0, 10, 0, 10), (4, 4, 0, 0), (0, 0, 3, 9)]) == 1.0


def test_with_many_reviews_the_normal_form_is_close_to_the_exact_one() -> None:
    table = (260, 1200, 230, 1300)
    exact = stats.fisher_exact([[260, 940], [230, 1070]], alternative="greater").pvalue
    assert sum(table[1::2]) > drift._MANY
    assert math.isclose(drift.rise_p([table]), exact, rel_tol=0.05)


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_false_discovery_rate_is_scipys(size: int) -> None:
    draw = np.random.default_rng(size)
    chances = [*draw.random(size), *([0.01] * (size > 2))]
    assert np.allclose(drift.benjamini_hochberg(chances), stats.false_discovery_control(chances), rtol=1e-12)
    assert drift.benjamini_hochberg([]) == []


def test_windows_are_whole_months() -> None:
    assert drift.windows(END) == (dt.date(2012, 4, 1), dt.date(2013, 4, 1), END)
    assert drift.windows(dt.date(2013, 9, 12)) == drift.windows(END)


def simulated(draw: random.Random, accounts: int, worse: int, factor: float) -> pl.DataFrame:
    """Reviews of accounts that find something 5 % of the time (targeted 45 %), and `worse` of which `factor` times as often late."""
    first, late, _ = drift.windows(END)
    rows = []
    for account, source, month in itertools.product(range(accounts), ("random", "targeted"), range(18)):
        date = dt.date(first.year + (first.month - 1 + month) // 12, (first.month - 1 + month) % 12 + 1, 1)
        # Targeting grows with time: without strata every account would look worse.
        looked = draw.randrange(0, 6) + (month // 2 if source == "targeted" else 0)
        chance = (0.45 if source == "targeted" else 0.05) * (factor if account < worse and date >= late else 1)
        rows.append((date, account, source, looked, sum(draw.random() < chance for _ in range(looked))))
    return pl.DataFrame(rows, schema=["date", "account_key", "source", "looked_count", "found_count"], orient="row")


def test_what_was_planted_is_found_and_little_else() -> None:
    draw = random.Random(1)
    found = drift.drifting(simulated(draw, 60, 3, 1.8), END)
    assert found.height == 60
    named = found.filter("is_drifting")["account_key"].to_list()
    assert {0, 1, 2} <= set(named)
    assert len(named) <= 4
    assert set(found["account_key"].head(3)) == {0, 1, 2}


def test_nothing_is_found_where_nothing_was_planted() -> None:
    """Of 60 worlds in which no account changed while targeting grew, at most the tenth that was promised has a false alarm."""
    draw = random.Random(2)
    alarms = sum(drift.drifting(simulated(draw, 12, 0, 1.0), END)["is_drifting"].any() for _ in range(60))
    assert alarms <= 6


def test_accounts_with_few_reviews_are_not_tested() -> None:
    first, late, _ = drift.windows(END)
    few = pl.DataFrame(
        {
            "date": [first, late] * 2,
            "account_key": [1, 1, 2, 2],
            "source": ["random"] * 4,
            "looked_count": [10, 9, 10, 10],
            "found_count": [0, 9, 0, 9],
        }
    )
    assert drift.drifting(few, END)["account_key"].to_list() == [2]
    assert drift.drifting(few.clear(), END).is_empty()
