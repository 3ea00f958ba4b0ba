"""What is really wrong with each line, whether or not anyone looks: the truth that samples and reviews uncover.

A line has no discrepancy, a minor or a major one, with a category and the revenue that is owed and not paid (or paid
and not owed). Rates are set so that the national share of lines without a major discrepancy is the published one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.codes import FINDING_CATEGORIES
from data.demo.accounts import CTPAT, CTPAT_1, ISA, Accounts, account_ids
from data.demo.draws import Floats, Ints, day_of, fiscal_years, generator, pick_within
from data.demo.entries import Entries, Lines
from data.demo.facts import Facts
from data.demo.money import Money
from data.demo.planted import single

NONE, MINOR, MAJOR = range(3)
CATEGORIES: Final = list(FINDING_CATEGORIES)

#: Share of lines with a major discrepancy by fiscal year 2011, 2012, 2013, and among ISA members in any year.
MAJOR_SHARE: Final = (0.023, 0.035, 0.023)
ISA_MAJOR_SHARE: Final = 0.007
MINOR_SHARE: Final = 0.072
#: Revenue owed and not paid, and paid and not owed, as shares of duties and fees.
UNDER_SHARE, OVER_SHARE = 0.015, 0.005

_PROGRAM: Final = {ISA: 0.3, CTPAT: 0.75, CTPAT_1: 0.95}
_CENTER: Final = {"AGR": 1.1, "AUT": 0.75, "BMM": 1.0, "CPM": 1.15, "ELE": 0.75, "IMM": 0.9, "PET": 0.6, "PHC": 0.8, "TAF": 1.9}

#: Weights of categories of major discrepancies, and what sets a Center's goods apart.
_MAJOR_USUAL: Final = {"classification": 30, "value": 17, "quantity": 8, "origin": 7, "marking": 5, "ipr": 3, "adcvd": 4, "quota": 1,
                       "preference": 9, "importer_number": 1, "entry_type": 3, "documents": 7, "fees": 4, "bond": 1}  # fmt: skip
_MAJOR_TILT: Final[dict[str, dict[str, float]]] = {
    "TAF": {"origin": 4.0, "quota": 9.0, "classification": 1.3, "marking": 1.6},
    "BMM": {"adcvd": 6.0, "entry_type": 3.0},
    "IMM": {"adcvd": 3.5},
    "CPM": {"ipr": 5.0, "adcvd": 2.5, "marking": 2.0},
    "ELE": {"ipr": 3.5, "classification": 1.4},
    "AGR": {"quota": 5.0, "documents": 2.5, "quantity": 1.8},
    "PHC": {"documents": 2.5, "classification": 1.3},
    "PET": {"quantity": 5.0, "value": 1.8},
    "AUT": {"preference": 3.0, "origin": 1.3},
}
_MINOR_USUAL: Final = {"classification": 22, "value": 8, "quantity": 14, "origin": 5, "marking": 3, "preference": 2, "mid": 15,
                       "importer_number": 4, "entry_type": 2, "documents": 9, "fees": 3, "statistical": 18, "bond": 1}  # fmt: skip
#: Categories that change what is owed.
_REVENUE: Final = ("classification", "value", "quantity", "origin", "adcvd", "quota", "preference", "fees")
_MAJOR_REVENUE_LIMIT: Final = 300_000.0
#: Cents of fees that may have been paid too much on a line.
_FEES_LIMIT: Final = 10_000


@dataclass(frozen=True)
class Latent:
    """The truth by line, and by entry that of its worst line."""

    severity: Ints  # by line: 0 none, 1 minor, 2 major
    category: Ints  # by line, position in CATEGORIES, -1 without a discrepancy
    revenue: Ints  # by line, cents owed less cents paid
    entry_severity: Ints
    entry_category: Ints
    entry_revenue: Ints


def category_weights(facts: Facts, severity: int) -> Floats:
    """Return the weights of the categories, 9 Centers x 16."""
    usual = _MAJOR_USUAL if severity == MAJOR else _MINOR_USUAL
    table = np.tile([float(usual.get(name, 0)) for name in CATEGORIES], (len(facts.centers), 1))
    for code, tilt in _MAJOR_TILT.items() if severity == MAJOR else ():
        for name, factor in tilt.items():
            table[facts.centers.index(code), CATEGORIES.index(name)] *= factor
    return table


def _drift(accounts: Accounts, entries: Entries) -> Floats:
    """Return the factor of the drifting account, by entry: 1 before the drift, rising evenly to its size."""
    truth = single("drifting_account")
    mine = entries.account == account_ids(len(accounts.center)).index(truth.account_id or "")
    first, last = day_of(truth.from_date), day_of(truth.to_date)
    climbed = np.clip((entries.day - first) / (last - first), 0, 1)
    return np.where(mine, 1 + (truth.size - 1) * climbed, 1.0)


def _bad_port(facts: Facts, entries: Entries) -> Floats:
    truth = single("bad_port")
    return np.where(entries.port == facts.ports.index(truth.port_code or ""), truth.size, 1.0)


def _usual_risk(rng: np.random.Generator, facts: Facts, accounts: Accounts, entries: Entries, lines: Lines) -> Floats:
    """Return each line's risk against the mean: goods, program, the account's care, the port."""
    care = np.exp(rng.normal(0, 0.35, len(accounts.center)))
    place = np.exp(rng.normal(0, 0.10, len(facts.ports)))
    center = np.array([_CENTER[code] for code in facts.centers])[facts.industry_center[lines.industry]]
    program = np.array([_PROGRAM.get(group, 1.2) for group in range(4)])[entries.program]
    return np.asarray(center * (program * care[entries.account] * place[entries.port])[lines.entry])


def _scaled_to(share: float, risk: Floats, where: Ints) -> Floats:
    """Scale risks to probabilities whose mean over `where` is the share."""
    return np.minimum(risk * (share / risk[where].mean()), 0.85) if len(where) else risk


def _major_chance(risk: Floats, program: Ints, year: Ints) -> Floats:
    chance = np.zeros(len(risk))
    member = program == ISA
    chance = _scaled_to(ISA_MAJOR_SHARE, risk, np.flatnonzero(member))
    for place, share in enumerate(MAJOR_SHARE):
        others = np.flatnonzero(~member & (year == place))
        isa_share = (member & (year == place)).sum() / max((year == place).sum(), 1)
        wanted = (share - isa_share * ISA_MAJOR_SHARE) / (1 - isa_share)
        chance[others] = _scaled_to(wanted, risk, others)[others]
    return chance


def _revenue(rng: np.random.Generator, money: Money, severity: Ints, category: Ints) -> Ints:
    """Draw revenue changes in cents: heavy-tailed, three quarters of the money owed, a quarter overpaid, and never more than was paid."""
    touched = (category >= 0) & np.isin(category, [CATEGORIES.index(name) for name in _REVENUE])
    base = np.minimum(money.line_value, _MAJOR_REVENUE_LIMIT) ** 0.8 * np.exp(rng.normal(0, 0.9, len(severity)))
    amount = np.where(touched, base * np.where(severity == MAJOR, 1.0, 0.03), 0.0)
    over = rng.random(len(severity)) < 0.32
    collected = float(money.duty.sum() + money.fees.sum())
    owed = amount * (UNDER_SHARE * collected / max(amount[~over].sum(), 1.0))
    paid = np.where(over, np.minimum(money.line_duty + _FEES_LIMIT, money.line_value * 100), 0.0)
    overpaid = _capped_to(OVER_SHARE * collected, np.where(over, amount, 0.0), paid)
    return np.asarray(np.rint(np.where(over, -overpaid, owed)).astype(np.int64))


def _capped_to(total: float, amount: Floats, most: Floats) -> Floats:
    """Scale amounts to a total although none may pass its own limit; what the limits take is spread over the others."""
    factor = total / max(amount.sum(), 1.0)
    for _ in range(40):
        now = np.minimum(amount * factor, most).sum()
        factor *= min(total / max(now, 1.0), 2.0)
    return np.asarray(np.minimum(amount * factor, most))


def _worst(lines: Lines, severity: Ints) -> Ints:
    """Return the position of each entry's worst line, the first among equals."""
    order = np.lexsort((lines.number, -severity, lines.entry))
    entry = lines.entry[order]
    return np.asarray(order[np.append(True, entry[1:] != entry[:-1])])


def make_latent(seed: int, facts: Facts, accounts: Accounts, entries: Entries, lines: Lines, money: Money) -> Latent:
    """Draw the truth of every line."""
    rng = generator(seed, "latent")
    year, program = fiscal_years(entries.day)[lines.entry], entries.program[lines.entry]
    drift = _drift(accounts, entries)[lines.entry]
    usual = _usual_risk(rng, facts, accounts, entries, lines)
    major = np.minimum(_major_chance(usual * _bad_port(facts, entries)[lines.entry], program, year) * drift, 0.85)
    minor = np.minimum(_scaled_to(MINOR_SHARE, usual**0.6, np.arange(len(usual))) * drift, 0.95 - major)
    chance = rng.random(len(usual))
    severity = np.select([chance < major, chance < major + minor], [MAJOR, MINOR], NONE)
    center = facts.industry_center[lines.industry]
    of_major = pick_within(rng, center, category_weights(facts, MAJOR))
    of_minor = pick_within(rng, center, category_weights(facts, MINOR))
    category = np.where(severity == MAJOR, of_major, np.where(severity == MINOR, of_minor, -1))
    revenue = _revenue(rng, money, severity, category)
    worst = _worst(lines, severity)
    return Latent(
        severity=severity,
        category=category,
        revenue=revenue,
        entry_severity=severity[worst],
        entry_category=category[worst],
        entry_revenue=np.rint(np.bincount(lines.entry, weights=revenue)).astype(np.int64),
    )
