"""How work ends: Aalen-Johansen against numpy written from the definition and against lifelines, cohorts against a plain count.

lifelines 0.30.3 needs pandas 2 and Streamlit brings pandas 3, so it cannot be installed beside the tests. What it answered
for one sample is written down here; it takes no ties between events, so these are left to numpy.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analytics import endings, survival

#: Days, and how each ended (0: still open), of a sample without ties.
DAYS = (3, 5, 8, 9, 12, 14, 17, 21, 22, 26, 30, 33, 38, 41, 47, 52, 60, 66, 71, 85)
KINDS = (1, 2, 1, 0, 1, 2, 1, 0, 2, 1, 3, 1, 2, 0, 1, 1, 0, 2, 1, 0)
#: What lifelines 0.30.3 says of it: outcome -> day -> share, low, high.
LIFELINES = {
    "1": {
        8: (0.1, 0.016980788801, 0.272296274163),
        22: (0.20625, 0.06407342048, 0.403733614456),
        33: (0.321354166667, 0.130430096486, 0.531169540108),
        71: (0.545167824074, 0.276032133734, 0.751327851616),
    },
    "2": {
        8: (0.05, 0.003454016085, 0.20529929457),
        22: (0.160677083333, 0.03954750343, 0.35527216453),
        71: (0.30775462963, 0.10793580262, 0.535895694741),
    },
    "3": {33: (0.057552083333, 0.00386938003, 0.230503887908), 71: (0.057552083333, 0.00386938003, 0.230503887908)},
}
LIFELINES_OPEN = {
    8: (0.85, 0.60378969922, 0.948996109794),
    22: (0.633072916667, 0.378926073382, 0.806238079445),
    33: (0.460416666667, 0.228416719643, 0.665363789932),
    71: (0.089525462963, 0.006321196854, 0.31662014392),
}


def counts(days: np.ndarray, kinds: np.ndarray, **more: str) -> pl.DataFrame:
    """Count a sample by days and outcome, as the rollups do."""
    outcome = pl.Series("outcome", [None if kind == 0 else str(kind) for kind in kinds.tolist()], pl.String)
    frame = pl.DataFrame([pl.Series("days", days.tolist(), pl.Int64), outcome])
    sums = frame.group_by("days", "outcome").agg(count=pl.len().cast(pl.Int64))
    return sums.with_columns(closed=pl.col("outcome").is_not_null(), **{name: pl.lit(value) for name, value in more.items()})


def sample(seed: int, size: int, ties: int = 60) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.integers(0, ties, size), draw.choice(4, size, p=[0.3, 0.4, 0.2, 0.1])


def by_definition(days: np.ndarray, kinds: np.ndarray, kind: int, at: int) -> tuple[float, float]:
    """Share and variance of one way to end by a day, reviewed person by person (Marubini and Valsecchi 1995)."""
    times = sorted(set(days[(kinds > 0) & (days <= at)].tolist()))
    still, share, seen = 1.0, 0.0, []
    for time in times:
        risk, ended, so = (
            int((days >= time).sum()),
            int(((days == time) & (kinds > 0)).sum()),
            int(((days == time) & (kinds == kind)).sum()),
        )
        share += still * so / risk
        seen.append((risk, ended, so, still, share))
        still *= 1 - ended / risk
    variance = 0.0
    for risk, ended, so, before, then in seen:
        if risk > ended:
            variance += (share - then) ** 2 * ended / (risk * (risk - ended))
        variance += before**2 * so * (risk - so) / risk**3 - 2 * (share - then) * before * so / risk**2
    return share, variance


def test_incidence_equals_what_lifelines_found() -> None:
    found = endings.cumulative_incidence(counts(np.array(DAYS), np.array(KINDS)))
    for outcome, marks in LIFELINES.items():
        for day, expected in marks.items():
            row = found.filter(outcome=outcome, days=day).row(0, named=True)
            assert (row["share"], row["low"], row["high"]) == pytest.approx(expected, abs=1e-11), (outcome, day)


def test_kaplan_meier_equals_what_lifelines_found() -> None:
    sampled = counts(np.array(DAYS), np.array(KINDS))
    curve = survival.product_limit(sampled)
    for day, expected in LIFELINES_OPEN.items():
        row = curve.filter(days=day).row(0, named=True)
        assert (row["still_open"], row["low"], row["high"]) == pytest.approx(expected, abs=1e-11), day
    assert survival.quantiles(sampled)["median"][0] == 33


@pytest.mark.parametrize("seed", range(6))
def test_incidence_with_ties_equals_its_definition(seed: int) -> None:
    days, kinds = sample(seed, 180)
    found = endings.cumulative_incidence(counts(days, kinds))
    assert found.height == 3 * len(set(days[kinds > 0].tolist()))
    for row in found.iter_rows(named=True):
        share, variance = by_definition(days, kinds, int(row["outcome"]), row["days"])
        assert math.isclose(row["share"], share, abs_tol=1e-12)
        if 0 < share < 1:
            spread = stats.norm.ppf(0.975) * math.sqrt(max(variance, 0)) / abs(share * math.log(share))
            assert row["low"] == pytest.approx(share ** math.exp(spread), abs=1e-9)
            assert row["high"] == pytest.approx(share ** math.exp(-spread), abs=1e-9)
        else:
            assert (row["low"], row["high"]) == (None, None)


def as_redistributed(days: np.ndarray, kinds: np.ndarray) -> dict[tuple[int, int], float]:
    """Share of each way to end by each day, without hazards: the weight of who is still open goes to those to the right (Efron 1967).

    Every review begins with the same weight. What was open on a day gives its weight, in equal parts of theirs, to those that were
    watched for longer; what ended keeps it. The weights of one way to end, added up, are the Aalen-Johansen estimate.
    """
    weight = np.full(len(days), 1 / len(days))
    for day in sorted(set(days[kinds == 0].tolist())):
        stopped, longer = (days == day) & (kinds == 0), days > day
        if longer.any():
            weight[longer] *= 1 + weight[stopped].sum() / weight[longer].sum()
            weight[stopped] = 0
    return {
        (int(kind), day): float(weight[(kinds == kind) & (days <= day)].sum())
        for kind in sorted(set(kinds[kinds > 0].tolist()))
        for day in sorted(set(days[kinds > 0].tolist()))
    }


def test_hundreds_of_random_samples_equal_a_second_way_to_the_same_estimate() -> None:
    samples = {}
    for seed in range(300):
        draw = np.random.default_rng(500 + seed)
        size, open_ = int(draw.integers(1, 90)), float(draw.choice([0.0, 0.3, 0.8, 1.0]))
        others = np.array([0.5, 0.3, 0.2]) * (1 - open_)
        samples[str(seed)] = draw.integers(0, draw.choice([1, 4, 20, 300]), size), draw.choice(4, size, p=[open_, *others])
    found = endings.cumulative_incidence(pl.concat([counts(*each, team=name) for name, each in samples.items()]), ["team"])
    groups = {name: part for (name,), part in found.group_by("team")}
    assert sum(name not in groups for name in samples) > 30
    for name, (days, kinds) in samples.items():
        expected = as_redistributed(days, kinds)
        mine = {(int(row["outcome"]), row["days"]): row["share"] for row in groups[name].iter_rows(named=True)} if name in groups else {}
        assert mine.keys() == expected.keys(), name
        assert all(math.isclose(mine[key], expected[key], abs_tol=1e-10) for key in expected), name


@pytest.mark.parametrize("seed", range(4))
def test_all_outcomes_and_the_open_share_make_one_on_each_day(seed: int) -> None:
    one, two = sample(seed, 150), sample(seed + 100, 70, ties=20)
    both = pl.concat([counts(*one, team="a"), counts(*two, team="b")])
    shares = endings.cumulative_incidence(both, ["team"]).group_by("team", "days").agg(ended=pl.col("share").sum())
    still = survival.product_limit(both, ["team"]).select("team", "days", "still_open")
    joined = shares.join(still, on=["team", "days"], how="full", coalesce=True)
    assert joined.height == shares.height == still.height > 30
    assert (joined["ended"] + joined["still_open"] - 1).abs().max() < 1e-12  # type: ignore[operator]


def test_groups_are_estimated_apart_and_a_null_group_is_one() -> None:
    one, two = sample(1, 120), sample(2, 80)
    both = pl.concat([counts(*one, team="a"), counts(*two, team="b").with_columns(team=pl.lit(None, pl.String))])
    apart = endings.cumulative_incidence(both, ["team"])
    for team, each in (("a", one), (None, two)):
        alone = endings.cumulative_incidence(counts(*each))
        assert apart.filter(pl.col("team").eq_missing(pl.lit(team, pl.String))).drop("team").equals(alone)


def test_everything_open_has_ended_in_no_way() -> None:
    found = endings.cumulative_incidence(counts(np.array([4, 9, 9]), np.zeros(3, dtype=int)))
    assert found.height == 0
    assert found.columns == ["outcome", "days", "share", "low", "high"]
    assert endings.cumulative_incidence(found.select("days", "outcome").with_columns(count=pl.lit(1, pl.Int64))).height == 0


def test_everything_closed_ends_in_the_plain_shares() -> None:
    days, kinds = sample(3, 200)
    kinds = np.where(kinds == 0, 1, kinds)
    last = endings.cumulative_incidence(counts(days, kinds)).group_by("outcome").last().sort("outcome")
    assert last["share"].to_list() == pytest.approx([(kinds == kind).mean() for kind in (1, 2, 3)], abs=1e-12)


def test_all_at_once_in_one_way_is_certain() -> None:
    found = endings.cumulative_incidence(pl.DataFrame({"days": [7], "outcome": ["change"], "count": [5]}))
    assert found.rows() == [("change", 7, 1.0, None, None)]


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    """Two exponential ways to end with rates 0.02 and 0.01, censored evenly over 100 days, looked at after 40."""
    draw, at, truth, held = np.random.default_rng(11), 40, 2 / 3 * (1 - math.exp(-0.03 * 40)), 0
    for _ in range(300):
        ended, cut = draw.exponential(1 / 0.03, 150), draw.uniform(0, 100, 150)
        kinds = np.where(ended > cut, 0, np.where(draw.random(150) < 2 / 3, 1, 2))
        found = endings.cumulative_incidence(counts(np.ceil(np.minimum(ended, cut) * 100).astype(int), kinds))
        row = found.filter((pl.col("outcome") == "1") & (pl.col("days") <= at * 100)).row(-1, named=True)
        held += row["low"] <= truth <= row["high"]
    assert 0.92 <= held / 300 <= 0.98


@pytest.mark.parametrize("seed", range(4))
def test_completed_reviews_alone_are_a_plain_quantile(seed: int) -> None:
    days, kinds = sample(seed, 160)
    done = np.sort(days[kinds > 0])
    row = endings.completed_only(counts(days, kinds)).row(0, named=True)
    assert row["completed_n"] == len(done)
    assert row["n"] == 160
    for share, name in ((0.5, "median"), (0.8, "p80"), (0.9, "p90")):
        assert row[f"completed_{name}"] == np.quantile(done, share, method="inverted_cdf")
    assert row["understated_days"] == row["median"] - row["completed_median"]
    whole = stats.ecdf(stats.CensoredData(uncensored=days[kinds > 0], right=days[kinds == 0])).sf
    assert row["median"] == whole.quantiles[whole.probabilities <= 0.5 + 1e-12].min()
    assert row["understated_days"] >= 0


def test_nothing_completed_has_no_median_and_groups_stay() -> None:
    both = pl.concat([counts(np.array([5, 8]), np.array([0, 0]), team="a"), counts(np.array([5, 8]), np.array([1, 2]), team="b")])
    found = endings.completed_only(both, ["team"])
    assert found["team"].to_list() == ["a", "b"]
    assert found.select("completed_n", "completed_median", "understated_days").rows() == [(0, None, None), (2, 5, 0)]


@pytest.mark.parametrize("seed", range(5))
def test_cohorts_equal_a_plain_count(seed: int) -> None:
    draw, first, as_of = np.random.default_rng(seed), dt.date(2012, 1, 17), dt.date(2013, 2, 20)
    opened = [first + dt.timedelta(days=int(day)) for day in draw.integers(0, 500, 400)]
    took = [None if draw.random() < 0.2 else int(day) for day in draw.integers(0, 300, 400)]
    closed = [None if days is None else day + dt.timedelta(days=days) for day, days in zip(opened, took, strict=True)]
    frame = pl.DataFrame({"opened_date": opened, "to_date": closed}).group_by("opened_date", "to_date").agg(count=pl.len().cast(pl.Int64))
    weeks = (0, 1, 4, 13, 26)
    found = {(row[0], row[1]): row[2:] for row in endings.cohorts(frame, as_of, weeks).rows()}
    months = sorted({f"{day:%Y-%m}" for day in opened if day <= as_of})
    assert set(found) == set(itertools.product(months, weeks))
    for (month, week), (share, n) in found.items():
        mine = [(day, end) for day, end in zip(opened, closed, strict=True) if f"{day:%Y-%m}" == month and day <= as_of]
        assert n == len(mine)
        last = dt.date.fromisoformat(f"{month}-01") + dt.timedelta(days=31)
        end_of_month = last.replace(day=1) - dt.timedelta(days=1)
        if end_of_month + dt.timedelta(weeks=week) > as_of:
            assert share is None
            continue
        within = [end for day, end in mine if end is not None and end <= as_of and (end - day).days <= 7 * week]
        assert share == pytest.approx(len(within) / len(mine))


def test_cohorts_of_nothing_are_none() -> None:
    empty = pl.DataFrame(schema={"opened_date": pl.Date, "to_date": pl.Date, "count": pl.Int64})
    assert endings.cohorts(empty, dt.date(2013, 9, 30)).rows() == []
