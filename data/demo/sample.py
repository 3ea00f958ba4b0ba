"""The random compliance sample: some lines of every stratum and month of entry, drawn truly at random."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from data.demo.accounts import CTPAT
from data.demo.draws import Ints, generator, month_names, month_numbers, position_in_group, texts
from data.demo.entries import Entries, Lines
from data.demo.facts import Facts
from data.demo.money import Money

LINES_PER_CELL: Final = 30
_MONTHS: Final = 36


def stratum_codes(facts: Facts) -> list[str]:
    """Return the strata: the Center of the goods, trusted (ISA, C-TPAT tier 2-3) or other."""
    return [f"{code}-{trust}" for code in facts.centers for trust in ("T", "O")]


def strata(facts: Facts, entries: Entries, lines: Lines) -> Ints:
    """Return each line's stratum, a position in stratum_codes."""
    other = (entries.program[lines.entry] > CTPAT).astype(np.int64)
    return facts.industry_center[lines.industry] * 2 + other


def draw_sample(seed: int, entries: Entries, lines: Lines, stratum: Ints) -> Ints:
    """Draw the sampled lines: LINES_PER_CELL of each stratum and month, or all where there are fewer."""
    rng = generator(seed, "sample")
    cell = stratum * _MONTHS + month_numbers(entries.day)[lines.entry]
    return np.flatnonzero(position_in_group(cell, rng.random(len(cell))) < LINES_PER_CELL)


def stratum_table(facts: Facts, entries: Entries, lines: Lines, money: Money, stratum: Ints, sampled: Ints) -> pl.DataFrame:
    """Return the table sample_stratum: universe and sample of every stratum and month that has a line."""
    cell = stratum * _MONTHS + month_numbers(entries.day)[lines.entry]
    size = len(facts.centers) * 2 * _MONTHS
    universe = np.bincount(cell, minlength=size)
    present = np.flatnonzero(universe)
    return pl.DataFrame(
        {
            "stratum": texts("stratum", stratum_codes(facts), present // _MONTHS),
            "period": texts("period", month_names(), present % _MONTHS),
            "universe_lines": universe[present],
            "sampled_lines": np.bincount(cell[sampled], minlength=size)[present],
            "universe_value_usd": np.bincount(cell, weights=money.line_value, minlength=size)[present],
        }
    )
