"""Which accounts got worse: a test of each account against its own past, held back because many accounts are tested.

Reviews are compared with those that were opened for the same reason (random, targeted, local), so that a change of
targeting does not look like a change of the account.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from analytics import periods, standards

#: Months that are judged, and the months before them with which they are compared.
LATE_MONTHS: Final = 6
EARLY_MONTHS: Final = 12

#: Of the accounts that are called drifting, the share that may be so by chance.
Q: Final = 0.10

#: Reviews of one account from which the normal distribution serves; below, the test is exact.
_MANY: Final = 2000

#: Completed reviews of one kind: found and looked at in the late months, and in the early ones.
Stratum = tuple[int, int, int, int]


def windows(end: dt.date) -> tuple[dt.date, dt.date, dt.date]:
    """Return the first day of the early months, the first of the late ones and the last day of these, whole months each."""
    late = periods.months_back(end, LATE_MONTHS - 1)
    return periods.months_back(late, EARLY_MONTHS), late, periods.month_end(end)


def rise_p(strata: Iterable[Stratum]) -> float:
    """Return the chance of at least so many findings in the late months if nothing had changed within any stratum.

    One-sided exact test of Mantel and Haenszel for 2 x 2 tables (Fisher's where there is one); with many reviews its normal
    form with a correction for continuity.
    """
    tables = [table for table in strata if table[1] and table[3] and table[0] + table[2]]
    if not tables:
        return 1.0
    if sum(late + early for _, late, _, early in tables) > _MANY:
        return _normal_p(tables)
    chances, seen = [1.0], 0
    for late_found, late, early_found, early in tables:
        chances, seen = _convolved(chances, _hypergeometric(late_found + early_found, late, early)), seen + late_found
    return min(math.fsum(chances[seen:]), 1.0)


def _hypergeometric(found: int, late: int, early: int) -> list[float]:
    """Return the chances that 0, 1, ... of so many findings fall on the late reviews."""
    every = math.comb(late + early, found)
    return [math.comb(late, of_late) * math.comb(early, found - of_late) / every for of_late in range(min(found, late) + 1)]


def _convolved(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the distribution of the sum of two independent counts."""
    both = [0.0] * (len(one) + len(other) - 1)
    for place, chance in enumerate(one):
        for more, other_chance in enumerate(other):
            both[place + more] += chance * other_chance
    return both


def _normal_p(tables: Sequence[Stratum]) -> float:
    """Return the normal form of the test."""
    over = variance = 0.0
    for late_found, late, early_found, early in tables:
        found, every = late_found + early_found, late + early
        over += late_found - found * late / every
        variance += found * (every - found) * late * early / (every * every * max(every - 1, 1))
    return 0.5 * math.erfc((over - 0.5) / math.sqrt(2 * variance)) if variance else 1.0


def benjamini_hochberg(chances: Sequence[float]) -> list[float]:
    """Return the false discovery rate at which each test would just be called a finding (Benjamini and Hochberg 1995)."""
    order = sorted(range(len(chances)), key=lambda place: chances[place], reverse=True)
    adjusted, least = [1.0] * len(chances), 1.0
    for rank, place in enumerate(order):
        least = min(least, chances[place] * len(chances) / (len(chances) - rank))
        adjusted[place] = least
    return adjusted


def drifting(findings: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Compare the share of reviews that found something in the last six months with the twelve before, account by account.

    Args:
        findings: `date` (first day of a month), `account_key`, `source`, `looked_count`, `found_count`.
        end: Last day of the months that are judged.

    Returns:
        `account_key`, `early_n`, `early_found`, `early_share`, `late_n`, `late_found`, `late_share` (0-1), `p` (one-sided, of a
        rise), `q` (over all accounts tested) and `is_drifting` (`q` up to `Q`), surest first. Accounts with fewer than
        `standards.LEAST_CASES` reviews on either side are not tested and absent.
    """
    first, late, last = windows(end)
    inside = findings.lazy().filter(pl.col("date").is_between(first, last)).with_columns(late=pl.col("date") >= late)
    names = ("found", "looked")
    sides = {
        f"{side}_{name}": pl.col(f"{name}_count").filter(flag).sum()
        for side, flag in (("late", pl.col("late")), ("early", ~pl.col("late")))
        for name in names
    }
    strata = inside.group_by("account_key", "source").agg(**sides).with_columns(table=pl.concat_list(list(sides)))
    accounts = strata.group_by("account_key").agg(pl.col(*sides).sum(), pl.col("table")).collect()
    least = standards.LEAST_CASES
    tested = accounts.filter((pl.col("late_looked") >= least) & (pl.col("early_looked") >= least))
    chances = [rise_p((a, b, c, d) for a, b, c, d in tables) for tables in tested["table"].to_list()]
    judged = tested.with_columns(
        pl.Series("p", chances, pl.Float64),
        pl.Series("q", benjamini_hochberg(chances), pl.Float64),
        **{f"{side}_share": pl.col(f"{side}_found") / pl.col(f"{side}_looked") for side in ("early", "late")},
    ).rename({"early_looked": "early_n", "late_looked": "late_n"})
    shown = judged.with_columns(is_drifting=pl.col("q") <= Q).sort("p", "account_key")
    return shown.select(
        "account_key", "early_n", "early_found", "early_share", "late_n", "late_found", "late_share", "p", "q", "is_drifting"
    )  # fmt: skip
