"""Are the oldest skipped? What a team leaves waiting when it completes a review, beside what chance alone would leave.

Each completion leaves other reviews of the team and work type waiting. First-in-first-out leaves none that is older; drawing lots
leaves about half. The share that is older does not depend on how fast a team is, only on the order in which it works. What is to be
expected comes from the team's own Center: had its reviews been shared out anew between the teams, those of one work type and week of
opening against each other, each team would show about this share. Mean and spread over all such ways to share out are worked out, not
drawn (`_moments`), so the same data give the same answer.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import cube
from analytics.filters import Filters
from analytics.rates import Z95
from analytics.rollups import TEAMS, Frames

Floats = npt.NDArray[np.float64]

#: Fewer completions than this say nothing of the order in which a team works.
LEAST_COMPLETED: Final = 30

#: Chance that any team of a Center is named though none of them skips its oldest. Chances are adjusted for the number of teams of the
#: Center (Holm 1979) and not for that of all teams shown: a verdict must not depend on who looks.
FALSE_ALARM: Final = 0.01

_SCHEMA: Final[dict[str, Any]] = {
    "center": pl.String, "team": pl.String, "completed_count": pl.Int64, "pending_count": pl.Int64, "left_behind_count": pl.Int64,
    "older_share": pl.Float64, "expected_share": pl.Float64, "low": pl.Float64, "high": pl.Float64, "p_value": pl.Float64,
    "quality": pl.String, "skips": pl.Boolean,
}  # fmt: skip


def team_cells(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count the reviews of teams by the weeks in which they were opened and closed, up to the period's end.

    Returns:
        `center`, `work_type`, `team`, `opened` and `closed` (Mondays; null: still open at the end), `count`; whatever the
        filters keep of Center and work type.
    """
    known = filters.only(TEAMS.dimensions)
    end = cube.span(known, as_of).end
    kept = cube.rows(frames, TEAMS, known.between(None, end), as_of, ["center", "work_type"])
    closed = pl.when(pl.col("closed_week") <= end).then("closed_week")
    sums = kept.with_columns(opened=pl.col("date"), closed=closed).group_by("center", "work_type", "team", "opened", "closed")
    counted = cube.labelled(sums.agg(count=pl.col("reviews_count").sum()), ["center", "work_type"])
    return counted.filter(pl.col("count") > 0).sort("center", "work_type", "team", "opened", "closed").collect()


def passed_over(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Say of each team whether it passes over its oldest reviews more than chance explains; the most conspicuous first.

    Returns:
        As `skipping`, over the completions of the weeks that begin in the period.
    """
    days = cube.span(filters, as_of)
    return skipping(team_cells(frames, filters, as_of), days.start, days.end)


def skipping(cells: pl.DataFrame, start: dt.date, end: dt.date) -> pl.DataFrame:
    """Judge the order in which each team works.

    Args:
        cells: As `team_cells` returns them.
        start: First day of the period; completions of weeks that begin before it do not count.
        end: Last day.

    Returns:
        `center`, `team`, `completed_count`, `pending_count` (at the end), `left_behind_count` (pending that would be completed had
        the oldest of each work type always come first, with as many completions each week), `older_share` (0-1: of what lay
        open when the team completed a review, opened in another week, the part that was older), `expected_share` with `low` and
        `high` (the middle 95 % of what sharing out anew gives), `p_value` (one-sided, adjusted for the teams of the Center),
        `quality` (`ok`, `too_few`: under 30 completions, or nothing to compare with) and `skips`.
    """
    if cells.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    parts = cells.group_by("center", "work_type", maintain_order=True)
    rows = [_one_type(part, start, end).select(pl.lit(center).alias("center"), pl.all()) for (center, _), part in parts]
    judged = _judged(pl.concat(rows)).join(left_behind(cells), on=["center", "team"], how="left")
    beyond = pl.col("older_share") - pl.col("expected_share")
    order = judged.sort("skips", beyond, "team", descending=[True, True, False], nulls_last=True)
    return order.select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())


def left_behind(cells: pl.DataFrame) -> pl.DataFrame:
    """Count what is pending and what first-in-first-out with as many completions each week would not have left.

    First-in-first-out leaves the newest: as many of the last received as are pending.

    Returns:
        `center`, `team`, `pending_count`, `left_behind_count`.
    """
    group = ["center", "work_type", "team"]
    is_open = pl.col("count").filter(pl.col("closed").is_null()).sum()
    weeks = cells.group_by([*group, "opened"]).agg(received=pl.col("count").sum(), open=is_open).sort([*group, "opened"], descending=True)
    newer = pl.col("received").cum_sum().over(group) - pl.col("received")
    places = (pl.col("open").sum().over(group) - newer).clip(lower_bound=0)
    # In the week of the last place first-in-first-out may leave any of its reviews: those that are open, as far as there are places.
    kept = pl.min_horizontal("open", places)
    sums = weeks.group_by("center", "team").agg(pending_count=pl.col("open").sum(), left_behind_count=(pl.col("open") - kept).sum())
    return sums.sort("center", "team")


def _one_type(part: pl.DataFrame, start: dt.date, end: dt.date) -> pl.DataFrame:
    """Work the teams of a Center and work type out.

    Returns:
        `team`, `completed_count`, `older` and `others` (pairs), `expected` (older pairs at the share of the other teams; null when
        these have none), `weight` and `variance` (pairs that sharing out anew gives, and their variance beyond the share of the others).
    """
    first: dt.date = part.select(pl.col("opened").min()).item()
    weeks = range(max(-(-(start - first).days // 7), 0), (end - first).days // 7 + 1)
    teams = part["team"].unique(maintain_order=True).to_list()
    opened = ((part["opened"] - first).dt.total_days() // 7).to_numpy()
    # Counted from the first week of the period; what is open at the end closes after the last week, what was closed before lies in front.
    closed = ((part["closed"] - first).dt.total_days() // 7 - weeks.start).fill_null(len(weeks)).clip(lower_bound=-1).to_numpy()
    place = part["team"].replace_strict(teams, list(range(len(teams))), return_dtype=pl.Int64).to_numpy()
    counts = np.zeros((len(teams), weeks.stop, len(weeks) + 2))
    np.add.at(counts, (place, opened, closed + 1), part["count"].to_numpy())
    older, others = _pairs(counts[:, :, 1:], weeks.start)
    chance = _chance(counts, weeks.start)
    # What differs between teams alike is when they received their reviews: that much their shares may differ.
    expected = others * (_of_others(older, others) + chance.share - _of_others(chance.share * chance.weight, chance.weight))
    columns = {"completed_count": counts[:, :, 1:-1].sum(axis=(1, 2)), "older": older, "others": others, "expected": expected}
    return pl.DataFrame({"team": teams, **columns, "weight": chance.weight, "variance": chance.variance}).with_columns(
        pl.col("expected").fill_nan(None)
    )


def _of_others(older: Floats, others: Floats) -> Floats:
    """Give for each team the share of older pairs of all the other teams; not a number where these have no pairs."""
    pairs = others.sum() - others
    return np.asarray(np.divide(older.sum() - older, pairs, out=np.full_like(older, np.nan), where=pairs > 1e-9))


class _Chance(NamedTuple):
    """For each team, over all ways to share its Center's reviews out: see `_chance`."""

    share: Floats
    weight: Floats
    variance: Floats


def _chance(counts: Floats, start: int) -> _Chance:
    """Work out how far a team's share may lie from that of the others by chance, were the reviews shared out between them anew.

    Reviews opened in one week are shared out between the teams by lot, each team keeping its number. The two reviews of a pair are of
    two weeks, so that their teams are drawn independently. The variance is that of the linear part of the pairs (Hoeffding's
    combinatorial variance, 1951) and of what is left of the products, in which shares within a week are taken as independent.

    Args:
        counts: Reviews by team, week opened, week of the period in which they were closed; the first were closed before it and
            are only shared out, the last are open at its end.
        start: Number of the period's first week.

    Returns:
        For each team `share` (older pairs by all pairs, of their means), `weight` (mean number of its pairs), and the `variance` of:
        its older pairs beyond the common share, less those of the others in proportion to its pairs.
    """
    every, mine = counts.sum(axis=0), counts.sum(axis=2)
    received = mine.sum(axis=0)
    part = np.divide(mine, received, out=np.zeros_like(mine), where=received > 0)
    mean = part[:, :, None] * every
    older, others = _pairs(mean[:, :, 1:], start)
    share = older.sum() / others.sum() if others.sum() else 0.0
    influence = np.zeros_like(mean)
    influence[:, :, 1:] = _influence(mean[:, :, 1:], start, share)
    both, total = _pairs((every * (part * (1 - part))[:, :, None])[:, :, 1:], start)
    products = (1 - share) ** 2 * both + share**2 * (total - both)
    variance = np.zeros(len(counts))
    for team in range(len(counts)):
        rest = others.sum() - others[team]
        sign = np.full(len(counts), -others[team] / rest if rest else 0.0)
        sign[team] = 1.0
        variance[team] = _linear(influence * sign[:, None, None], every, part, received) + (sign**2 * products).sum()
    return _Chance(np.divide(older, others, out=np.zeros_like(older), where=others > 0), others, variance)


def _linear(scores: Floats, every: Floats, part: Floats, received: Floats) -> float:
    """Return the variance of a sum of scores that depend on each review and on the team that it falls to."""
    over_teams = (part[:, :, None] * scores).sum(axis=0)
    mean = np.divide((every * scores).sum(axis=2), received, out=np.zeros_like(part), where=received > 0)
    whole = (part * mean).sum(axis=0)
    off = scores - over_teams - mean[:, :, None] + whole[:, None]
    squares = (part[:, :, None] * every * off**2).sum(axis=(0, 2))
    drawn = np.divide(received, received - 1, out=np.zeros_like(received), where=received > 1)
    return float((drawn * squares).sum())


def _waiting(counts: Floats, start: int) -> tuple[Floats, Floats]:
    """Count, for each week opened and week of the period, what still waits after it: what is older, and what is younger and was there."""
    later = counts[:, :, ::-1].cumsum(axis=2)[:, :, ::-1][:, :, 1:]  # closed after the week
    up_to = later.cumsum(axis=1)
    weeks = np.arange(later.shape[2])
    known = up_to[:, start + weeks, weeks][:, None, :]  # of these, received by the week
    return up_to - later, known - up_to


def _pairs(counts: Floats, start: int) -> tuple[Floats, Floats]:
    """Count pairs of a completed review and one that waits then: those of which the waiting one is older, and all of two weeks."""
    done = counts[:, :, :-1]
    older, younger = _waiting(counts, start)
    found = (done * older).sum(axis=(1, 2))
    return found, found + (done * younger).sum(axis=(1, 2))


def _influence(mean: Floats, start: int, share: float) -> Floats:
    """Say by how much one review adds to its team's older pairs beyond the share: when it is completed, and while it waits."""
    older, younger = _waiting(mean, start)
    before = np.zeros_like(mean)
    before[:, :, 1:] = mean[:, :, :-1].cumsum(axis=2)  # completed in an earlier week than that in which this one closes
    up_to = before.cumsum(axis=1)
    as_older, below = up_to[:, -1:, :] - up_to, up_to - before
    opened = np.arange(mean.shape[1])
    as_younger = below - below[:, opened, np.clip(opened - start, 0, None)][:, :, None]  # not those completed before it came
    weight = (1 - share) * as_older - share * as_younger
    weight[:, :, :-1] += (1 - share) * older - share * younger
    return np.asarray(weight)


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn pairs into shares and chances; a chance is adjusted for the number of teams of its Center."""
    compared = pl.col("expected").is_not_null()
    sums = {name: pl.col(name).filter(compared).sum() for name in ("older", "others", "expected", "weight", "variance")}
    whole = rows.group_by("center", "team", maintain_order=True).agg(pl.col("completed_count").sum().cast(pl.Int64), **sums)
    enough = (pl.col("completed_count") >= LEAST_COMPLETED) & (pl.col("variance") > 0) & (pl.col("others") > 0)
    width = pl.col("variance").sqrt() / pl.col("weight")
    share, expected = pl.col("older") / pl.col("others"), pl.col("expected") / pl.col("others")
    chance = ((share - expected) / width).map_elements(lambda z: math.erfc(z / math.sqrt(2)) / 2, pl.Float64)
    known = whole.with_columns(enough=enough, older_share=share, expected_share=expected, width=Z95 * width, p=chance).with_columns(
        pl.when("enough").then(pl.col("older_share", "expected_share", "width", "p"))
    )
    ordered = known.sort("p", nulls_last=True).with_columns(left=(pl.col("enough").sum() - pl.int_range(pl.len())).over("center"))
    adjusted = pl.when("enough").then((pl.col("p") * pl.col("left")).cum_max().over("center").clip(upper_bound=1.0))
    return ordered.with_columns(
        low=(pl.col("expected_share") - pl.col("width")).clip(lower_bound=0.0),
        high=(pl.col("expected_share") + pl.col("width")).clip(upper_bound=1.0),
        p_value=adjusted,
        skips=(adjusted < FALSE_ALARM).fill_null(value=False),
        quality=pl.when("enough").then(pl.lit("ok")).otherwise(pl.lit("too_few")),
    )
