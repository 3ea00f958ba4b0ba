"""How compliant imports are (from the random sample alone), what is found, and what it costs.

A rate here is an estimate for all entry lines of the period under the filters. Reviews that were opened because somebody
expected a discrepancy never enter it: what they find is a yield, a number of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from analytics import coding, cube, standards, survey
from analytics.filters import Filters
from analytics.rates import wilson
from analytics.rollups import FINDINGS, GAP_HIGH, GAP_SQUARES, SAMPLE, VOLUME, Frames
from analytics.workload import quality

SUMS = ("drawn_lines", "lines", "major_lines", "any_lines", "gap_cents", *GAP_SQUARES)


def _cells(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    """Sum the sample by group, stratum and month of entry, with universe and weight of each stratum-month."""
    cells = cube.summed(cube.rows(frames, SAMPLE, filters, as_of, by), SUMS, [*by, *survey.DESIGN])
    high, cross, low = (pl.col(name).cast(pl.Float64) for name in GAP_SQUARES)
    cells = cells.with_columns(gap_cents_squared=high * GAP_HIGH**2 + 2 * cross * GAP_HIGH + low)
    everyone = Filters(to_date=as_of)
    completed = cube.summed(cube.rows(frames, SAMPLE, everyone, as_of), ["lines"], survey.DESIGN).rename({"lines": "completed_lines"})
    universe = frames["sample_stratum"].select(*survey.DESIGN, "universe_lines").collect()
    return survey.with_weights(cells, universe, completed.filter(pl.col("completed_lines") > 0))


def _completeness(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    """Give, for each group, the share (0-1) of its drawn lines whose review is completed."""
    sums = cube.flows(frames, SAMPLE, ["drawn_lines", "lines"], filters, as_of, by)
    return sums.select(*by, "drawn_lines", done=pl.when(pl.col("drawn_lines") > 0).then(pl.col("lines") / pl.col("drawn_lines")))


def _with_quality(estimate: pl.DataFrame, done: pl.DataFrame, by: Sequence[str], enough: pl.Expr) -> pl.DataFrame:
    joined = done.join(estimate, on=list(by), how="left") if by else pl.concat([estimate, done], how="horizontal")
    word = quality(enough, pl.col("done") < standards.SAMPLE_COMPLETE_SHARE)
    shown = {name: pl.when(enough).then(pl.col(name)) for name in ("value", "low", "high")}
    return cube.result(joined.with_columns(n=pl.col("n").fill_null(0)), by, quality=word, **shown)


def _rate(hits: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    found = survey.share(_cells(frames, filters, as_of, by), hits, by)
    # A compliance rate is one less the share with a discrepancy, so the ends of its interval change places.
    compliant = found.with_columns(value=1 - pl.col("value"), low=1 - pl.col("high"), high=1 - pl.col("low"))
    enough = (pl.col("n") >= standards.LEAST_SAMPLE) & (pl.col("effective_n") >= standards.LEAST_SAMPLE)
    return _with_quality(compliant, _completeness(frames, filters, as_of, by), by, enough)


def compliance_rate_major(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate the share of entry lines without a major discrepancy, with its 95 % interval."""
    return _rate("major_lines", frames, filters, as_of, by)


def compliance_rate_letter(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate the share of entry lines without any discrepancy (letter of the law), with its 95 % interval."""
    return _rate("any_lines", frames, filters, as_of, by)


def sampled_lines(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the lines of the random sample whose review is completed, by date of entry."""
    sums = _sampled(frames, filters, as_of, by)
    return cube.result(sums, by, value=pl.col("lines"), n=pl.col("lines"), quality=quality(pl.lit(value=True), _open()))


def sampled_without_major(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide sampled lines without a major discrepancy by all completed ones, each counted once; 95 % interval (Wilson)."""
    return _plain("major_lines", frames, filters, as_of, by)


def sampled_without_any(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide sampled lines without any discrepancy by all completed ones, each counted once; 95 % interval (Wilson)."""
    return _plain("any_lines", frames, filters, as_of, by)


def _sampled(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    return cube.flows(frames, SAMPLE, ["drawn_lines", "lines", "major_lines", "any_lines"], filters, as_of, by)


def _open() -> pl.Expr:
    """Say where more of what was drawn is still under review than a settled rate may lack."""
    return (pl.col("drawn_lines") > 0) & (pl.col("lines") / pl.col("drawn_lines") < standards.SAMPLE_COMPLETE_SHARE)


def _plain(hits: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    sums = _sampled(frames, filters, as_of, by)
    n, share = pl.col("lines"), 1 - pl.col(hits) / pl.col("lines")
    low, high = wilson(share, n)
    enough = n >= standards.LEAST_SAMPLE
    shown = {"value": share, "low": low, "high": high}
    settled = quality(enough, _open())
    return cube.result(sums, by, n=n, quality=settled, **{name: pl.when(enough).then(expr) for name, expr in shown.items()})


def net_revenue_gap_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate revenue owed less revenue paid over all entry lines, in dollars; negative when more was paid than owed."""
    found = survey.total(_cells(frames, filters, as_of, by), "gap_cents", by)
    dollars = found.with_columns(pl.col("value", "low", "high") / 100)
    return _with_quality(dollars, _completeness(frames, filters, as_of, by), by, pl.col("n") >= standards.LEAST_SAMPLE)


def revenue_collected_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide duty and fees paid by what they would be with the net revenue gap; the interval is that of the gap."""
    gap = net_revenue_gap_usd(frames, filters, as_of, by)
    paid = cube.flows(frames, VOLUME, ["duty_cents", "fees_cents"], filters, as_of, by)
    paid = paid.select(*by, paid=coding.dollars(pl.col("duty_cents") + pl.col("fees_cents")))
    joined = gap.join(paid, on=list(by)) if by else pl.concat([gap, paid], how="horizontal")

    def collected(end: str) -> pl.Expr:
        owed = pl.col("paid") + pl.col(end)
        return pl.when(owed > 0).then(pl.col("paid") / owed)

    return cube.result(joined, by, value=collected("value"), low=collected("high"), high=collected("low"), quality=pl.col("quality"))


def targeted_yield_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide completed targeted reviews with any discrepancy by all completed targeted reviews; says nothing of compliance."""
    rows = cube.rows(frames, FINDINGS, filters, as_of, by).filter(pl.col("source") == "targeted")
    sums = cube.summed(rows, ["closed_count", "found_count"], by).with_columns(n=pl.col("closed_count"))
    return counted_share(sums, "found_count", by)


def closed_without_result(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the reviews closed in the period whose result nobody recorded."""
    sums = cube.summed(cube.rows(frames, FINDINGS, filters, as_of, by), ["completed_count", "no_outcome_count"], by)
    return cube.result(sums, by, value=pl.col("no_outcome_count"), n=pl.col("completed_count"))


def counted_share(sums: pl.DataFrame, hits: str, by: Sequence[str]) -> pl.DataFrame:
    """Shape a share of a full count: `hits` of `n`, with a Wilson interval; too few below 10 cases."""
    rate = pl.when(pl.col("n") > 0).then(pl.col(hits) / pl.col("n"))
    low, high = wilson(rate, pl.col("n"))
    enough = pl.col("n") >= standards.LEAST_CASES
    shown = {"value": rate, "low": low, "high": high}
    return cube.result(sums, by, quality=quality(enough), **{name: pl.when(enough).then(expr) for name, expr in shown.items()})


def categories(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Estimate how often each finding category is the worst discrepancy of a line, from the random sample.

    Returns:
        `finding_category`, `found_count` and `major_count` (completed sample reviews closed in the period), `n` (all of them),
        most frequent first; lines without a discrepancy are in `n` only.
    """
    rows = cube.rows(frames, FINDINGS, filters, as_of).filter(pl.col("source") == "random")
    sums = cube.summed(rows, ["closed_count", "found_count", "major_count"], ["finding_category"])
    found = sums.with_columns(n=pl.col("closed_count").sum()).filter(pl.col("found_count") > 0)
    return found.select(pl.col("finding_category").cast(pl.String), "found_count", "major_count", "n").sort(
        ["found_count", "finding_category"], descending=[True, False]
    )
