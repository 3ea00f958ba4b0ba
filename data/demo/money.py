"""Values, duties and fees: heavy-tailed by entry, and in sum at the known shares and rates of each Center.

Values are whole dollars, duties and fees whole cents (kept as integers until they are written).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from data.demo.accounts import PROGRAM_ORDER, Accounts
from data.demo.draws import Floats, Ints, day_of, generator, pick
from data.demo.entries import ADCVD, INFORMAL, MODE_ORDER, TYPICAL_VALUE, Entries, Lines
from data.demo.facts import Facts

#: Mean entered value of an entry, informal ones included (about 2.38 trillion USD over 30 million entries).
MEAN_VALUE: Final = 77_500.0
#: Share of value by program, in the order of PROGRAM_ORDER: about 55 % in the partnerships, 16 % in ISA.
PROGRAM_VALUE: Final = dict(zip(PROGRAM_ORDER, (0.16, 0.31, 0.08, 0.45), strict=True))
_SPREAD: Final = 1.35
_LARGEST: Final = 30.0

#: Informal entries end at this value; the limit rose on 1 January 2013.
_INFORMAL_LIMITS: Final = (2000, 2500)
_LIMIT_ROSE: Final = day_of(date(2013, 1, 1))

#: Ten-digit numbers below a heading that the demonstration uses: last six digits, weight, duty against the heading's mean.
_SUFFIXES: Final = ["100000", "200010", "200050", "400000", "905000", "908080"]
_SUFFIX_WEIGHTS: Final = np.array([0.3, 0.2, 0.12, 0.18, 0.12, 0.08])
#: First where the heading's mean is low (much of it is free of duty), then where it is high (almost nothing is).
_SUFFIX_RATES: Final = np.array([[0.0, 1.0, 1.5, 0.0, 3.0, 4.5], [0.6, 1.0, 1.1, 0.4, 1.7, 2.0]])
_HIGH_MEAN: Final = 0.04
_HIGHEST_RATE: Final = 0.48

SPI_ORDER: Final = ["A", "AU", "CA", "CL", "CO", "D", "IL", "KR", "MX", "P", "PE", "SG"]
#: Program by origin, and the first day that it could be claimed.
_SPI_OF: Final = {"CA": ("CA", 0), "MX": ("MX", 0), "AU": ("AU", 0), "CL": ("CL", 0), "IL": ("IL", 0), "SG": ("SG", 0), "PE": ("PE", 0),
                  "KR": ("KR", day_of(date(2012, 3, 15))), "CO": ("CO", day_of(date(2012, 5, 15))), "CR": ("P", 0), "GT": ("P", 0),
                  "NI": ("P", 0), "HN": ("P", 0), "SV": ("P", 0), "DO": ("P", 0), "IN": ("A", 396), "TH": ("A", 396), "ID": ("A", 396),
                  "BR": ("A", 396), "ZA": ("A", 396), "TR": ("A", 396), "PH": ("A", 396), "AO": ("D", 0)}  # fmt: skip

_MPF_CENTS: Final = (2500, 48500)
_MPF_RATE, _HMF_RATE = 0.0021, 0.00125
_MPF_INFORMAL_CENTS: Final = 200


@dataclass(frozen=True)
class Money:
    """Money by line and by entry."""

    line_value: Ints  # USD
    line_duty: Ints  # cents
    suffix: Ints  # position in SUFFIXES
    spi: Ints  # position in SPI_ORDER, -1 without a claim
    value: Ints  # USD, by entry
    duty: Ints  # cents, by entry
    fees: Ints  # cents, by entry
    industry: Ints  # of the entry's most valuable goods


def suffixes() -> list[str]:
    """Return the six-digit endings below a heading."""
    return _SUFFIXES


def _rake(value: Floats, row: Ints, column: Ints, row_share: Floats, column_share: Floats, total: float) -> Floats:
    """Scale values, cell by cell, until rows and columns hold their shares of the total."""
    shape = (len(row_share), len(column_share))
    table = np.bincount(row * shape[1] + column, weights=value, minlength=shape[0] * shape[1]).reshape(shape)
    factor = np.ones(shape)
    for _ in range(12):
        now = table * factor
        factor *= (row_share * total / np.maximum(now.sum(axis=1), 1.0))[:, None]
        now = table * factor
        factor *= column_share * total / np.maximum(now.sum(axis=0), 1.0)
    return value * factor[row, column]


def _entry_values(rng: np.random.Generator, facts: Facts, accounts: Accounts, entries: Entries) -> Floats:
    typical = np.array([TYPICAL_VALUE[code] for code in facts.centers]) * 1000.0
    habit = np.exp(rng.normal(0, 0.45, len(accounts.center)))
    tail = np.minimum(np.exp(rng.normal(-(_SPREAD**2) / 2, _SPREAD, len(entries.day))), _LARGEST)
    growth = 1.01 ** (entries.day / 365.25)
    return typical[facts.industry_center[entries.industry]] * habit[entries.account] * tail * growth


def _informal_values(rng: np.random.Generator, day: Ints) -> Ints:
    limit = np.where(day >= _LIMIT_ROSE, _INFORMAL_LIMITS[1], _INFORMAL_LIMITS[0])
    return np.minimum(np.maximum(np.rint(limit * rng.beta(1.1, 2.0, len(day))), 20), limit).astype(np.int64)


def _line_values(rng: np.random.Generator, facts: Facts, accounts: Accounts, entries: Entries, lines: Lines) -> Ints:
    whole = _entry_values(rng, facts, accounts, entries)
    part = rng.exponential(1.0, len(lines.entry))
    part /= np.bincount(lines.entry, weights=part)[lines.entry]
    value = whole[lines.entry] * part
    formal = entries.entry_type[lines.entry] != INFORMAL
    program_share = np.array(list(PROGRAM_VALUE.values()))
    raked = _rake(
        value[formal],
        facts.industry_center[lines.industry][formal],
        entries.program[lines.entry][formal],
        facts.value_share,
        program_share,
        MEAN_VALUE * len(entries.day),
    )
    result = _informal_values(rng, entries.day[lines.entry])
    result[formal] = np.maximum(np.rint(raked), 1)
    return result


def _claims(rng: np.random.Generator, facts: Facts, day: Ints, origin: Ints) -> Ints:
    """Draw preference claims: two of three goods that could claim do."""
    place = np.array([SPI_ORDER.index(_SPI_OF[code][0]) if code in _SPI_OF else -1 for code in facts.origins])
    since = np.array([_SPI_OF[code][1] if code in _SPI_OF else 0 for code in facts.origins])
    general = place[origin] == SPI_ORDER.index("A")
    chance = np.where(general, 0.25, 0.62)
    claimed = (day >= since[origin]) & (rng.random(len(day)) < chance)
    return np.where(claimed, place[origin], -1)


def _duties(facts: Facts, entries: Entries, lines: Lines, value: Ints, suffix: Ints, spi: Ints) -> Ints:
    """Work out duties in cents so that each Center's effective rate is the known one."""
    center = facts.industry_center[lines.industry]
    dumped = np.where(entries.entry_type[lines.entry] == ADCVD, 0.03, 0.0)
    mean = facts.heading_duty[lines.heading]
    rate = mean * _SUFFIX_RATES[(mean > _HIGH_MEAN).astype(np.int64), suffix] + dumped
    raw = np.where(spi >= 0, 0.0, value * np.minimum(rate, _HIGHEST_RATE))
    owed = facts.duty_rate * np.bincount(center, weights=value)
    factor = owed / np.maximum(np.bincount(center, weights=raw), 1.0)
    return np.asarray(np.rint(np.minimum(raw * factor[center], value * _HIGHEST_RATE) * 100).astype(np.int64))


def _fees(entries: Entries, value: Ints) -> Ints:
    """Work out fees in cents: merchandise processing, and harbor maintenance for what comes by sea."""
    formal = np.clip(np.rint(value * _MPF_RATE * 100), *_MPF_CENTS)
    processing = np.where(entries.entry_type == INFORMAL, _MPF_INFORMAL_CENTS, formal)
    by_sea = np.isin(entries.mode, [MODE_ORDER.index("10"), MODE_ORDER.index("11")])
    return (processing + np.where(by_sea, np.rint(value * _HMF_RATE * 100), 0)).astype(np.int64)


def _most_valuable(facts: Facts, lines: Lines, value: Ints) -> Ints:
    """Return each entry's industry with most value; of equals the first code."""
    wide = len(facts.industries)
    key = lines.entry * wide + lines.industry
    cells, place = np.unique(key, return_inverse=True)
    total = np.bincount(place, weights=value).astype(np.int64)
    order = np.lexsort((cells % wide, -total, cells // wide))
    entry = cells[order] // wide
    first = np.append(True, entry[1:] != entry[:-1])
    return np.asarray(cells[order][first] % wide)


def make_money(seed: int, facts: Facts, accounts: Accounts, entries: Entries, lines: Lines) -> Money:
    """Draw all values and work out duties and fees."""
    rng = generator(seed, "money")
    line_value = _line_values(rng, facts, accounts, entries, lines)
    suffix = pick(rng, _SUFFIX_WEIGHTS, len(lines.entry))
    spi = _claims(rng, facts, entries.day[lines.entry], lines.origin)
    line_duty = _duties(facts, entries, lines, line_value, suffix, spi)
    value = np.bincount(lines.entry, weights=line_value).astype(np.int64)
    return Money(
        line_value=line_value,
        line_duty=line_duty,
        suffix=suffix,
        spi=spi,
        value=value,
        duty=np.bincount(lines.entry, weights=line_duty).astype(np.int64),
        fees=_fees(entries, value),
        industry=_most_valuable(facts, lines, line_value),
    )
