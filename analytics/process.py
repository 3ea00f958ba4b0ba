"""Signal or noise: XmR process charts, whose rules say in words what in a series is more than chance.

Method: individuals and moving range (Shewhart; Nelson 1982, Journal of Quality Technology 14(3)), with the rules, words and
assurance of "Making Data Count" as NHSRplotthedots publishes them. `docs/methods.md` lists each deviation from it.

A series is a frame with `month` (date), `value` (null is a gap), `provisional` (bool) and, where it is known, `starting` (bool: the
start-up of what has just begun); a frame may hold many, told apart by the `by` columns. Provisional months, gaps and start-ups
are in no calculation and never are a signal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import polars as pl

#: Limits lie this many mean moving ranges from the centre: 3 / 1.128, three standard deviations.
FACTOR: Final = 2.66
#: Moving ranges above this many times their mean are left out of the limits (D4 of ranges of two).
SCREEN: Final = 3.267
#: Points in a row that make a shift or a trend.
RUN: Final = 7
#: Fewer settled points than this make trial limits, which say nothing yet.
LEAST: Final = 12
#: Fewer settled points than this make no limits at all.
FEWEST: Final = 3
#: Where this share of the points is zero, events are too rare for this chart.
RARE_SHARE: Final = 0.5
#: A signal among so many last settled points is present while the last one is still on its side of the centre.
PRESENT: Final = 3

ABOVE_LIMIT: Final = "above the upper limit"
BELOW_LIMIT: Final = "below the lower limit"
RISING: Final = "7 months rising"
FALLING: Final = "7 months falling"
NEAR_UPPER: Final = "2 of 3 near the upper limit"
NEAR_LOWER: Final = "2 of 3 near the lower limit"
ABOVE: Final = "7 months above the average"
BELOW: Final = "7 months below the average"

#: What each rule says about the direction: up or down.
SHIFTS: Final[dict[str, int]] = {
    ABOVE_LIMIT: 1, RISING: 1, NEAR_UPPER: 1, ABOVE: 1, BELOW_LIMIT: -1, FALLING: -1, NEAR_LOWER: -1, BELOW: -1,
}  # fmt: skip

IMPROVEMENT: Final = "improvement"
CONCERN: Final = "concern"
UP: Final = "up"
DOWN: Final = "down"
STEADY: Final = "steady"
TRIAL: Final = "trial"
SHORT: Final = "short"
RARE: Final = "rare"
CARRIED: Final = "carried"

#: The state of a process in the words of a key figure.
WORDS: Final[dict[str, str]] = {
    IMPROVEMENT: "improving",
    CONCERN: "concern",
    UP: "higher than usual",
    DOWN: "lower than usual",
    STEADY: "no clear change",
    TRIAL: "too early to say",
    SHORT: "too few months to say",
    RARE: "too rare to say",
    CARRIED: "not judged by months",
}

MEETS: Final = "will reliably meet the target"
FAILS: Final = "won’t reliably meet the target"
MAY: Final = "may or may not meet the target"


def centre_line(value: pl.Expr) -> pl.Expr:
    """Return the centre of a series: its mean."""
    return value.mean()


def mean_moving_range(value: pl.Expr) -> pl.Expr:
    """Return the mean of the moving ranges without those above 3.267 times the mean of all.

    Where what is left does not move at all (a series of zeros with a few others), the mean of all: limits on the centre
    itself would make every point a signal.
    """
    ranges = (value - value.shift(1)).abs()
    everything = ranges.mean()
    screened = ranges.filter(ranges < SCREEN * everything).mean()
    return pl.when(screened > 0).then(screened).otherwise(everything)


def _beyond(value: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Say whether a value is above another by more than the last digits of a sum."""
    return (value - other) > 1e-9 * pl.max_horizontal(value.abs(), other.abs())


def side_of(value: pl.Expr, centre: pl.Expr) -> pl.Expr:
    """Return on which side of the centre a point is: 1 above, -1 below, 0 on it."""
    return _beyond(value, centre).cast(pl.Int8) - _beyond(centre, value).cast(pl.Int8)


def _stretches(signs: pl.Expr, length: int, points: int) -> tuple[pl.Expr, pl.Expr]:
    """Say of each point whether it is one of the `points` of a stretch of `length` signs that are all 1, and all -1."""
    ends = signs.fill_null(0).rolling_sum(length).fill_null(0)
    ahead = ends.reverse()
    up, down = ahead.rolling_max(points, min_samples=1).reverse(), ahead.rolling_min(points, min_samples=1).reverse()
    return up == length, down == -length


def outside_limits(value: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Say that a point is outside the limits: `above the upper limit`, `below the lower limit` or null."""
    return pl.when(_beyond(value, high)).then(pl.lit(ABOVE_LIMIT)).when(_beyond(low, value)).then(pl.lit(BELOW_LIMIT))


def seven_one_side(side: pl.Expr) -> pl.Expr:
    """Say that a point is one of at least seven in a row on one side of the centre, or null; a point on it ends a row."""
    above, below = _stretches(side, RUN, RUN)
    return pl.when(above).then(pl.lit(ABOVE)).when(below).then(pl.lit(BELOW))


def seven_trend(step: pl.Expr) -> pl.Expr:
    """Say that a point is one of at least seven that all rise or all fall, or null; equal neighbours end a trend.

    Args:
        step: 1 where a point is above the one before it, -1 below, 0 neither. A point that ends one trend and begins another
            counts to the later one.
    """
    up, down = _stretches(step, RUN - 1, RUN)
    both = pl.when(step.shift(-1) == 1).then(pl.lit(RISING)).otherwise(pl.lit(FALLING))
    return pl.when(up & down).then(both).when(up).then(pl.lit(RISING)).when(down).then(pl.lit(FALLING))


def two_of_three_near(near: pl.Expr, side: pl.Expr) -> pl.Expr:
    """Say that a point is near a limit, as two of three neighbours are that are all on that side; or null.

    Args:
        near: 1 in the outer third before the upper limit, -1 in that before the lower one, 0 elsewhere and outside the limits.
        side: As `side_of` says.
    """
    # 30 for a side that all three share, and one for each of them that is near: 32 and 33 are two and three.
    marks = (side * 10 + near).rolling_sum(3).fill_null(0)
    ahead = marks.reverse()
    high, low = ahead.rolling_max(3, min_samples=1).reverse(), ahead.rolling_min(3, min_samples=1).reverse()
    return pl.when((near == 1) & (high >= 32)).then(pl.lit(NEAR_UPPER)).when((near == -1) & (low <= -32)).then(pl.lit(NEAR_LOWER))


def near_limit(value: pl.Expr, centre: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Return 1 in the outer third between the centre and the upper limit, -1 in that of the lower one, else 0."""
    third = (high - centre) * 2 / 3
    upper = ~_beyond(value, high) & _beyond(value, centre + third)
    lower = ~_beyond(low, value) & _beyond(centre - third, value)
    return upper.cast(pl.Int8) - lower.cast(pl.Int8)


def meaning(rule: pl.Expr, direction: str) -> pl.Expr:
    """Turn a rule's words into improvement or concern by the metric's direction, or into up or down when it has none."""
    return rule.replace_strict({words: meaning_of(words, direction) for words in SHIFTS}, default=None, return_dtype=pl.String)


def meaning_of(rule: str, direction: str) -> str:
    """Return what one rule's words mean: improvement, concern, up or down."""
    up, down = {"higher": (IMPROVEMENT, CONCERN), "lower": (CONCERN, IMPROVEMENT)}.get(direction, (UP, DOWN))
    return up if SHIFTS[rule] > 0 else down


def chart(
    frame: pl.DataFrame, direction: str, by: Sequence[str] = (), *, floor: float | None = None, ceiling: float | None = None
) -> pl.DataFrame:
    """Work out the process chart of each series.

    Args:
        frame: The `by` columns, `month`, `value`, `provisional` and, if any, `starting`; other columns stay.
        direction: Which way is better: `higher`, `lower` or `neither`.
        by: Columns that tell series apart.
        floor: What values cannot fall below; the lower limit is drawn no lower. Rules are worked out before.
        ceiling: What values cannot exceed.

    Returns:
        The frame in order, with `centre`, `lower` and `upper` (null with fewer than three settled points), `settled` (points that
        count), `rule` (words, null for chance; always null with trial limits
        and where at least half of the points are zero: such events are too rare for this chart) and `meaning` (of the rule, null for chance).
    """
    counts = _counts(frame)
    ordered = frame.lazy().sort(*by, "month").with_columns(pl.col("value").cast(pl.Float64))
    if frame.select(counts.all()).item():
        found = _worked_out(ordered, direction, by)
    else:
        told = _worked_out(ordered.filter(counts).select(*by, "month", "value", "provisional"), direction, by).drop("value", "provisional")
        lines = [_each(pl.col(name).max(), by).alias(name) for name in (*_LINES, "settled")]
        found = ordered.join(told, on=[*by, "month"], how="left", maintain_order="left").with_columns(lines)
    enough = pl.col("settled").fill_null(0) >= FEWEST
    drawn = {
        "centre": pl.col("centre"),
        "lower": pl.col("lower").clip(lower_bound=floor),
        "upper": pl.col("upper").clip(upper_bound=ceiling),
    }
    shown = found.with_columns(pl.col("settled").fill_null(0), **{name: pl.when(enough).then(line) for name, line in drawn.items()})
    return shown.collect(engine="in-memory")


_LINES: Final = ("centre", "lower", "upper")


def _counts(frame: pl.DataFrame) -> pl.Expr:
    """Say which months count: measured, settled, and not of the start-up, in which a pile fills and a rate has no level yet."""
    settled = ~pl.col("provisional") & pl.col("value").is_not_null()
    return settled & ~pl.col("starting") if "starting" in frame.columns else settled


def _each(expr: pl.Expr, by: Sequence[str]) -> pl.Expr:
    return expr.over(by) if by else expr


def _worked_out(settled: pl.LazyFrame, direction: str, by: Sequence[str]) -> pl.LazyFrame:
    """Add lines, rule and meaning to series of settled points."""
    lined = settled
    for step in _steps(direction, tuple(by)):
        lined = lined.with_columns(step)
    return lined.drop("_rare", "_range", "_side", "_near", "_step")


@cache
def _steps(direction: str, by: tuple[str, ...]) -> tuple[list[pl.Expr], ...]:
    """Return what is worked out one after the other; writing the expressions takes longer than working out one series."""
    value, centre, low, high, spread = (pl.col(name) for name in ("value", "centre", "lower", "upper", "_range"))
    side, near, step, rule = (pl.col(name) for name in ("_side", "_near", "_step", "rule"))
    ruled = pl.coalesce(
        outside_limits(value, low, high),
        _each(seven_trend(step), by),
        _each(two_of_three_near(near, side), by),
        _each(seven_one_side(side), by),
    )
    number = {
        "_rare": (value == 0).mean() >= RARE_SHARE,
        "settled": pl.len().cast(pl.Int32),
        "centre": centre_line(value),
        "_range": mean_moving_range(value),
    }
    return (
        [_each(expr, by).alias(name) for name, expr in number.items()],
        [(centre - FACTOR * spread).alias("lower"), (centre + FACTOR * spread).alias("upper")],
        [
            side_of(value, centre).alias("_side"),
            near_limit(value, centre, low, high).alias("_near"),
            side_of(value, _each(value.shift(1), by)).fill_null(0).alias("_step"),
        ],
        [pl.when((pl.col("settled") >= LEAST) & ~pl.col("_rare")).then(ruled).alias("rule")],
        [meaning(rule, direction).alias("meaning")],
    )


@dataclass(frozen=True)
class Verdict:
    """What a process chart says about the present of a series: the last signal of three points, if the last is still on its side."""

    #: `improvement`, `concern`, `up`, `down`, `steady`, `trial` (too few points to say), `short` (too few for limits), `rare` or
    #: `carried` (few that wait for months, `monthly.UNCHARTED`: no chart tells signal from chance).
    state: str
    #: Settled points.
    points: int
    #: The rule that makes the present a signal; empty for none.
    rule: str = ""
    #: First and last month of the present shift, trend or stay outside the limits, and how many months it has.
    since: dt.date | None = None
    until: dt.date | None = None
    lasts: int = 0
    #: The last settled month and its value, and the lines of the chart.
    month: dt.date | None = None
    value: float | None = None
    centre: float | None = None
    low: float | None = None
    high: float | None = None
    target: float | None = None
    #: Whether the process will meet its target, in words; empty without a target or with too few points.
    assurance: str = ""
    #: Months before the present stretch that were a signal, latest first.
    earlier: tuple[dt.date, ...] = ()
    #: That of them whose value is furthest from the centre.
    furthest: dt.date | None = None

    @property
    def words(self) -> str:
        """The state in the words of a key figure."""
        return WORDS[self.state]


def verdict(series: pl.DataFrame, direction: str, target: float | None = None) -> Verdict:
    """Say what the chart of one series (a frame of `chart`) means now.

    Args:
        series: One series of `chart`.
        direction: Which way is better.
        target: Target in force; null for none.
    """
    settled = series.filter(_counts(series))
    if settled.is_empty():
        return Verdict(SHORT, 0)
    months, rules, points = settled["month"].to_list(), settled["rule"].to_list(), settled.height
    centre, low, high = (settled[name][-1] for name in _LINES)
    values = settled["value"].cast(pl.Float64).to_list()
    at = _present(values, rules, centre)
    rule = "" if at is None else str(rules[at])
    lasts = 0 if at is None else _lasts(values[: at + 1], rule, {ABOVE_LIMIT: high, BELOW_LIMIT: low}.get(rule, centre))
    first = points if at is None else at + 1 - lasts
    before = [place for place in range(first) if rules[place]]
    return Verdict(
        state=_state(points, rule, direction, rare=sum(value == 0 for value in values) >= RARE_SHARE * points),
        points=points,
        rule=rule,
        since=None if at is None else months[first],
        until=None if at is None else months[at],
        lasts=lasts,
        month=months[-1],
        value=values[-1],
        centre=centre,
        low=low,
        high=high,
        target=target,
        assurance=assurance(low, high, target, direction) if points >= LEAST else "",
        earlier=tuple(months[place] for place in reversed(before)),
        furthest=max(((abs(values[place] - centre), months[place]) for place in before), default=(0.0, None))[1],
    )


def _present(values: Sequence[float], rules: Sequence[str | None], centre: float | None) -> int | None:
    """Return the place of the last signal among the last three points, if the last point is still on its side; null for none."""
    last = len(values) - 1
    at = next((place for place in range(last, max(last - PRESENT, -1), -1) if rules[place]), None)
    if at is None or at == last or centre is None:
        return at
    return at if SHIFTS[str(rules[at])] * (values[last] - centre) > 0 else None


def _state(points: int, rule: str, direction: str, *, rare: bool) -> str:
    if points < LEAST:
        return TRIAL if points >= FEWEST else SHORT
    if rare:
        return RARE
    return meaning_of(rule, direction) if rule else STEADY


def _lasts(values: Sequence[float], rule: str, line: float) -> int:
    """Count the months of the stretch that ends with the last value: outside the limit, near it, on one side, rising or falling."""
    sign = SHIFTS[rule]
    if rule in (NEAR_UPPER, NEAR_LOWER):
        return PRESENT
    if rule in (RISING, FALLING):
        # The point that a trend starts from is in it.
        return 1 + _held([sign * (now - before) > 0 for before, now in pairwise(values)])
    return _held([sign * (value - line) > 0 for value in values])


def _held(holds: Sequence[bool]) -> int:
    """Count how many last ones hold without a break."""
    return next((count for count, held in enumerate(reversed(holds)) if not held), len(holds))


def assurance(low: float | None, high: float | None, target: float | None, direction: str) -> str:
    """Say whether a process whose values stay between its limits will meet a target.

    Returns:
        `MEETS`, `FAILS` or `MAY`; empty without a target, limits or a direction.
    """
    if target is None or low is None or high is None or direction == "neither":
        return ""
    if low <= target <= high:
        return MAY
    return MEETS if (target < low) == (direction == "higher") else FAILS


def target_in_force(targets: pl.DataFrame, metric_id: str, day: dt.date, center: str | None = None) -> float | None:
    """Return the target of a metric on a day: the Center's own where it has one, else that of all Centers.

    Args:
        targets: `metric_id`, `center_code` (or `ALL`), `valid_from`, `target_value`.
        metric_id: Metric.
        day: Day on which it must be in force.
        center: The one Center that is shown; null for several or all.
    """
    rows = targets.filter((pl.col("metric_id") == metric_id) & (pl.col("valid_from") <= day)).sort("valid_from")
    for code in (center, "ALL"):
        own = rows.filter(pl.col("center_code") == code) if code else rows.clear()
        if own.height:
            return float(own["target_value"][-1])
    return None
