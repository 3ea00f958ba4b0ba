"""Stratified estimates against the textbook's formulas, and their coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from scipy import stats

from analytics import rates, survey


def _cells(rows: list[tuple[str, int, int, int]]) -> pl.DataFrame:
    """Rows of (stratum, universe lines, completed lines, lines with the property) in one month."""
    frame = pl.DataFrame(rows, schema=["stratum", "universe_lines", "lines", "hits"], orient="row").with_columns(period=pl.lit("2013-01"))
    universe = frame.select("stratum", "period", "universe_lines")
    completed = frame.select("stratum", "period", completed_lines="lines")
    return survey.with_weights(frame.drop("universe_lines"), universe, completed)


def test_whole_universe_equals_the_stratified_formula() -> None:
    rows = [("a", 1000, 40, 3), ("b", 4000, 50, 1), ("c", 500, 30, 6)]
    found = survey.share(_cells(rows), "hits").row(0, named=True)
    whole = sum(row[1] for row in rows)
    expected = sum(row[1] / whole * row[3] / row[2] for row in rows)
    variance = sum((n / whole) ** 2 * (1 - m / n) * (y / m) * (1 - y / m) / (m - 1) for _, n, m, y in rows)
    assert math.isclose(found["value"], expected, rel_tol=1e-12)
    assert math.isclose(found["effective_n"], min(expected * (1 - expected) / variance, 120), rel_tol=1e-9)


def test_total_equals_the_stratified_formula() -> None:
    random = np.random.default_rng(3)
    sizes, sampled = {"a": 900, "b": 60}, {"a": random.normal(5, 40, 30).round(), "b": random.normal(-3, 10, 20).round()}
    cells = pl.DataFrame(
        {
            "stratum": list(sizes),
            "period": ["2013-01"] * 2,
            "lines": [len(sampled[s]) for s in sizes],
            "gap": [sampled[s].sum() for s in sizes],
            "gap_squared": [(sampled[s] ** 2).sum() for s in sizes],
        }
    )
    universe = cells.select("stratum", "period", universe_lines=pl.Series(sizes.values()))
    found = survey.total(survey.with_weights(cells, universe, cells.select("stratum", "period", completed_lines="lines")), "gap").row(
        0, named=True
    )
    value = sum(sizes[s] * sampled[s].mean() for s in sizes)
    variance = sum(sizes[s] ** 2 * (1 - len(sampled[s]) / sizes[s]) * sampled[s].var(ddof=1) / len(sampled[s]) for s in sizes)
    assert math.isclose(found["value"], value, rel_tol=1e-12)
    assert math.isclose(found["high"] - found["value"], stats.norm.ppf(0.975) * math.sqrt(variance), rel_tol=1e-9)


def test_no_hits_has_an_interval_that_starts_at_nothing() -> None:
    found = survey.share(_cells([("a", 1000, 50, 0), ("b", 1000, 50, 0)]), "hits").row(0, named=True)
    assert found["value"] == 0
    assert math.isclose(found["low"], 0, abs_tol=1e-12)
    assert 0.03 < found["high"] < 0.045  # about 3.84 / (n + 3.84)


def test_interval_covers_a_domain_as_often_as_it_says() -> None:
    """The 95 % interval of a domain's rate near 3 % covers the truth in 93 to 97 of 100 samples."""
    random = np.random.default_rng(11)
    universe = {"a": (6000, 0.02, 0.3), "b": (3000, 0.06, 0.6), "c": (1500, 0.04, 0.5)}
    people = {s: (random.random(size) < rate, random.random(size) < inside) for s, (size, rate, inside) in universe.items()}
    hits = sum((bad & inside).sum() for bad, inside in people.values())
    truth = float(hits / sum(inside.sum() for _, inside in people.values()))
    runs = []
    for run in range(2000):
        for stratum, (bad, inside) in people.items():
            drawn = random.choice(len(bad), 150, replace=False)
            kept = inside[drawn]
            runs.append((run, stratum, "2013-01", len(bad), 150, int(kept.sum()), int((bad[drawn] & kept).sum())))
    frame = pl.DataFrame(runs, schema=["run", "stratum", "period", "universe_lines", "completed_lines", "lines", "hits"], orient="row")
    weighted = survey.with_weights(
        frame.drop("universe_lines", "completed_lines"),
        frame.select("stratum", "period", "universe_lines").unique(),
        frame.select("stratum", "period", "completed_lines").unique(),
    )
    found = survey.share(weighted, "hits", ["run"])
    covered = found.select(((pl.col("low") <= truth) & (truth <= pl.col("high"))).mean()).item()
    assert 0.93 <= covered <= 0.975


def test_wilson_equals_scipy() -> None:
    frame = pl.DataFrame({"k": [0, 1, 5, 97, 100, 3000], "n": [10, 30, 50, 100, 100, 3100]})
    low, high = rates.wilson(pl.col("k") / pl.col("n"), pl.col("n"))
    for row in frame.with_columns(low=low, high=high).iter_rows(named=True):
        oracle = stats.binomtest(row["k"], row["n"]).proportion_ci(method="wilson")
        assert math.isclose(row["low"], oracle.low, abs_tol=1e-12)
        assert math.isclose(row["high"], oracle.high, abs_tol=1e-12)


def test_wilson_of_nothing_is_unknown() -> None:
    low, high = rates.wilson(pl.col("k"), pl.col("n"))
    found = pl.DataFrame({"k": [None], "n": [0]}, schema={"k": pl.Float64, "n": pl.Int64}).select(low=low, high=high)
    assert found.row(0) == (None, None)


def test_byar_is_near_the_exact_interval_of_few_cases() -> None:
    seen = [1, 2, 3, 5, 10, 25, 100, 2500]
    low, high = rates.byar(pl.col("k"))
    for row in pl.DataFrame({"k": seen}).with_columns(low=low, high=high).iter_rows(named=True):
        exact_low, exact_high = stats.chi2.ppf(0.025, 2 * row["k"]) / 2, stats.chi2.ppf(0.975, 2 * row["k"] + 2) / 2
        assert math.isclose(row["low"], exact_low, rel_tol=0.002 if row["k"] >= 10 else 0.02, abs_tol=0.02)
        assert math.isclose(row["high"], exact_high, rel_tol=0.002)
    nothing = pl.DataFrame({"k": [0, None]}, schema={"k": pl.Int64}).select(low=low, high=high)
    assert nothing["low"].to_list() == [0.0, None]
    assert math.isclose(nothing["high"][0], stats.chi2.ppf(0.975, 2) / 2, rel_tol=0.01)


def test_byar_seldom_calls_chance_clearly_more_where_wilson_does() -> None:
    """The usual rate of small ports: 0.2 to 6 requests are expected of 100 summaries."""
    k, n = np.arange(60), 100
    frame = pl.DataFrame({"k": k, "n": n})
    ends = {"byar": rates.byar(pl.col("k"))[0], "wilson": rates.wilson(pl.col("k") / pl.col("n"), pl.col("n"))[0] * pl.col("n")}
    false = {
        name: max(stats.binom.pmf(k, n, mean / n)[frame.select(end).to_series().to_numpy() > mean].sum() for mean in np.arange(0.2, 6, 0.1))
        for name, end in ends.items()
    }
    assert false["byar"] <= 0.028
    assert false["wilson"] > 0.05
