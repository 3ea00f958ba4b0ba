"""What is still reported: factors and spread as Mack published them, intervals that hold what comes, and no month accused without cause."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
import scipy.stats

from analytics import late
from analytics.filters import Filters

#: Taylor and Ashe's triangle (cumulative), as Mack (1993) uses it.
TRIANGLE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]
#: Mack (1993), section 6: development factors and variances of the steps that have three years or more.
FACTORS = (3.4906, 1.7473, 1.4574, 1.1739, 1.1038, 1.0863, 1.0539)
VARIANCES = (160280, 37737, 41965, 15183, 13731, 8186, 447)

YEAR = [f"{year}-{month:02}" for year, month in [(2012, m) for m in range(7, 13)] + [(2013, m) for m in range(1, 10)]]


def end_of(month: str) -> dt.date:
    return (dt.date.fromisoformat(f"{month}-28") + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def history(final: list[int], at_end: list[int], months: list[str] = YEAR) -> pl.DataFrame:
    """Months known at their own end with `at_end`, and at each later month's end with all of `final`."""
    rows = [
        (month, end_of(then), whole if then > month else first)
        for month, whole, first in zip(months, final, at_end, strict=True)
        for then in months
        if then >= month
    ]
    return pl.DataFrame(rows, schema={"month": pl.String, "known_on": pl.Date, "completions": pl.Int64}, orient="row")


def last(known: pl.DataFrame, **options: object) -> dict[str, object]:
    return late.late_tail(known, dt.date(2013, 9, 30), **options).row(-1, named=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("step", range(len(FACTORS)))
def test_factors_variances_and_errors_are_macks(step: int) -> None:
    """Each step of the triangle by itself: years whose next value is known, and the one year that is not that far."""
    months = [f"{2000 + year}-01" for year in range(10 - step)]
    rows = []
    for month, values in zip(months, TRIANGLE, strict=False):
        rows.append((month, end_of(month), values[step]))
        if len(values) > step + 1:
            rows.append((month, end_of(month) + dt.timedelta(days=200), values[step + 1]))
    known = pl.DataFrame(rows, schema={"month": pl.String, "known_on": pl.Date, "completions": pl.Int64}, orient="row")
    found = late.late_tail(known, end_of(months[-1])).row(-1, named=True)
    latest, basis, n = TRIANGLE[9 - step][step], sum(values[step] for values in TRIANGLE[: 9 - step]), 9 - step
    assert found["known"] == latest
    assert found["n"] == n
    assert found["expected"] / latest == pytest.approx(FACTORS[step], abs=5e-5)
    # The interval is the log-normal one of Mack's mean squared error, with Student's quantile.
    error = latest * VARIANCES[step] + latest**2 * VARIANCES[step] / basis
    quantile = scipy.stats.t.ppf(0.975, n - 1)
    width = np.exp(quantile * np.sqrt(np.log(1 + error / (latest * FACTORS[step]) ** 2)))
    assert found["high"] / found["expected"] == pytest.approx(width, rel=0.03 if n == 3 else 0.01)
    assert found["low"] == pytest.approx(max(found["expected"] / width, latest), rel=0.03 if n == 3 else 0.01)


def test_students_quantile() -> None:
    freedom = pl.Series([2, 3, 5, 8, 11])
    found = pl.select(late.student95(pl.lit(freedom))).to_series()
    assert found.to_list() == pytest.approx(scipy.stats.t.ppf(0.975, freedom.to_numpy()).tolist(), rel=0.035)
    assert found[4] == pytest.approx(2.200985, rel=1e-3)


def test_a_year_counted_by_hand() -> None:
    """Twelve months of 100 of which 85, 65 and 75 were known at their ends in turn: 900 of 1,200, and so 60 are 80 in the end."""
    at_end = [85, 65, 75] * 4 + [75, 75, 60]
    found = last(history([100] * 14 + [60], at_end))
    assert (found["known"], found["n"], found["quality"]) == (60, 12, "provisional")
    assert found["share_reported"] == pytest.approx(0.75)
    assert found["expected"] == pytest.approx(80)
    spread = sum((100 - 4 / 3 * known) ** 2 / known for known in [85, 65, 75] * 4) / 11
    chance = 4 / 3 * (1 / 3)
    assert spread > chance
    error = np.log(1 + (60 * spread + 60**2 * spread / 900) / 80**2)
    assert found["high"] == pytest.approx(80 * np.exp(scipy.stats.t.ppf(0.975, 11) * np.sqrt(error)), rel=1e-3)
    settled = late.late_tail(history([100] * 14 + [60], at_end), dt.date(2013, 9, 30)).filter(pl.col("month") < "2013-09")
    assert settled["quality"].to_list() == ["ok"] * 14
    assert settled["expected"].to_list() == [100.0] * 14


@pytest.mark.parametrize("size", [150, 3000])
@pytest.mark.parametrize("wobble", [0.0, 0.05])
def test_the_interval_holds_what_comes_about_as_often_as_it_says(size: int, wobble: float) -> None:
    """Months of Poisson size of which about 73 % are known at the end, by chance alone or by more: 400 histories."""
    draw, held = np.random.default_rng([size, int(wobble * 100)]), []
    for _ in range(400):
        final = draw.poisson(size * draw.uniform(0.7, 1.3, 15))
        share = np.clip(draw.normal(0.73, wobble, 15), 0.05, 0.99)
        at_end = draw.binomial(final, share)
        known = history([*final[:14].tolist(), int(at_end[14])], at_end.tolist())
        found = last(known)
        held.append(found["low"] <= final[14] <= found["high"])  # type: ignore[operator]
    assert 0.92 <= np.mean(held) <= 0.99, np.mean(held)


def test_a_weak_month_is_not_called_late_where_nothing_ever_was() -> None:
    """The control: everything is known at the end of each month, and the last month really had less."""
    found = last(history([100] * 14 + [55], [100] * 14 + [55]))
    assert (found["quality"], found["share_reported"], found["expected"]) == ("ok", 1.0, 55.0)


def test_a_trickle_is_no_tail() -> None:
    """Four in a thousand come later: the month counts as finished."""
    assert last(history([1000] * 14 + [996], [996] * 15))["quality"] == "ok"
    assert last(history([1000] * 14 + [990], [990] * 15))["quality"] == "provisional"


def test_too_few_finished_months_say_nothing() -> None:
    known = history([100] * 4 + [70], [70] * 5, YEAR[-5:])
    found = last(known)
    assert (found["quality"], found["n"], found["expected"], found["share_reported"]) == ("too_few", 2, None, None)
    given = pl.DataFrame({"month": ["2013-09"], "share": [0.7], "doubt": [0.0]})
    found = last(known, given=given)
    assert found["quality"] == "provisional"
    assert found["expected"] == pytest.approx(100)
    wider = last(known, given=given.with_columns(doubt=pl.lit(0.01)))
    assert wider["high"] > found["high"]  # type: ignore[operator]


def test_loads_that_are_not_known_yet_do_not_count() -> None:
    known = history([100] * 15, [70] * 15)
    found = late.late_tail(known, dt.date(2013, 8, 31))
    assert found["month"].to_list() == YEAR[:-1]
    assert found["known"][-1] == 70


# --- from the frames of a version ---------------------------------------------------------------------------------------


def frames(final: int, at_end: int, center: str = "ELE", months: list[str] = YEAR) -> pl.DataFrame:
    """What each month's extract changed: the month's own completions, and the rest of the month before."""
    rows = [
        (place, end_of(month), center, which, 0, count)
        for place, month in enumerate(months)
        for which, count in ((month, at_end), *(((months[place - 1], final - at_end),) if place else ()))
    ]
    names = ["load_id", "known_date", "center_code", "month", "receipts", "completions"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_months_of_a_version() -> None:
    made = {"reported": pl.concat([frames(200, 150), frames(100, 50, "PHC")]).lazy()}
    found = late.provisional_months(made, dt.date(2013, 9, 30), by=["center"])
    assert found.select("center", "month", "known", "expected").rows() == [("ELE", "2013-09", 150, 200), ("PHC", "2013-09", 50, 100)]
    every = late.provisional_months(made, dt.date(2013, 9, 30))
    assert every["expected"].to_list() == [300.0]
    assert late.provisional_months(made, dt.date(2013, 9, 30), Filters(centers=("PHC",)))["share_reported"].to_list() == [0.5]
    assert late.provisional_months(made, dt.date(2013, 8, 31)).is_empty()
    assert late.provisional_months({}, dt.date(2013, 9, 30)).is_empty()
    assert late.provisional_months({}, dt.date(2013, 9, 30), by=["center"]).columns[0] == "center"


def test_a_center_with_few_past_cases_takes_the_share_of_all() -> None:
    young = frames(40, 10, "TAF", YEAR[-2:])
    made = {"reported": pl.concat([frames(200, 150), young]).lazy()}
    found = late.provisional_months(made, dt.date(2013, 9, 30), Filters(centers=("TAF",))).row(0, named=True)
    every = late.provisional_months(made, dt.date(2013, 9, 30)).row(0, named=True)
    assert (found["n"], found["quality"]) == (0, "provisional")
    assert found["share_reported"] == pytest.approx(every["share_reported"])
    assert found["share_high"] - found["share_low"] > every["share_high"] - every["share_low"]


def test_a_month_that_is_not_over_has_no_estimate() -> None:
    known = frames(200, 150).with_columns(pl.col("known_date") - pl.duration(days=10))
    found = late.provisional_months({"reported": known.lazy()}, dt.date(2013, 9, 20)).row(-1, named=True)
    assert (found["month"], found["quality"], found["expected"]) == ("2013-09", "provisional", None)


def test_a_load_that_changed_nothing_still_tells_that_nothing_is_missing() -> None:
    silent = pl.DataFrame([(99, dt.date(2013, 12, 31), None, None, 0, 0)], schema=frames(1, 1).schema, orient="row")
    made = {"reported": pl.concat([frames(200, 150), silent]).lazy()}
    assert late.provisional_months(made, dt.date(2013, 9, 30)).is_empty()


def test_a_part_of_the_reviews_takes_the_share_and_its_own_chance() -> None:
    months = late.provisional_months({"reported": frames(200, 150).lazy()}, dt.date(2013, 9, 30))
    counts = pl.DataFrame({"month": ["2013-08", "2013-09"], "value": [200, 30]})
    before, part = late.expected_counts(counts, months).rows(named=True)
    assert (before["provisional"], before["expected"], before["low"], before["high"]) == (False, None, None, None)
    assert part["expected"] == pytest.approx(40)
    assert part["low"] >= 30
    whole = late.expected_counts(pl.DataFrame({"month": ["2013-09"], "value": [150]}), months).row(0, named=True)
    assert [whole[name] for name in ("expected", "low", "high")] == [months[name][0] for name in ("expected", "low", "high")]
    assert part["high"] / part["expected"] > whole["high"] / whole["expected"]
    nothing = late.expected_counts(pl.DataFrame({"month": ["2013-09"], "value": [0]}), months).row(0, named=True)
    assert (nothing["provisional"], nothing["expected"], nothing["low"]) == (True, None, None)
