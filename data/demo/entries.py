"""The entry summaries and their lines, without their money: who, what, where, when and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.demo.accounts import NO_PROGRAM, Accounts
from data.demo.draws import (
    LAST_DAY,
    Bools,
    Floats,
    Ints,
    generator,
    month_numbers,
    pick,
    pick_within,
    weekday,
)
from data.demo.facts import Facts

#: Typical entered value of an entry in thousands of USD; with the Centers' shares of value it gives their shares of entries.
TYPICAL_VALUE: Final = {"AGR": 45, "AUT": 110, "BMM": 60, "CPM": 50, "ELE": 95, "IMM": 45, "PET": 700, "PHC": 110, "TAF": 55}
#: Entries of a weekday, Monday to Sunday, against a full working day.
_WEEKDAYS: Final = np.array([1.0, 1.05, 1.04, 1.03, 1.08, 0.22, 0.1])
#: Yearly growth of the number of entries; values grow by 1 % more.
_GROWTH: Final = 0.03
_SLOTS: Final = 24

ENTRY_TYPE_ORDER: Final = ["01", "02", "03", "06", "11"]
CONSUMPTION, QUOTA, ADCVD, ZONE, INFORMAL = range(5)

#: Chance that an entry of the industry is of the type, where it differs from the usual.
_ADCVD_CHANCE: Final = {"BMM_STEEL": 0.16, "BMM_METAL": 0.07, "CPM_HOME": 0.07, "IMM_PLAS": 0.03, "IMM_WOOD": 0.05, "AGR_ANIMAL": 0.05,
                        "AGR_PREP": 0.02, "PHC_CHEM": 0.04, "BMM_MACH": 0.015}  # fmt: skip
_ZONE_CHANCE: Final = {"PET_FUEL": 0.22, "AUT_VEH": 0.07, "AUT_PARTS": 0.04, "PHC_PHARM": 0.02}
_QUOTA_CHANCE: Final = {"AGR_ANIMAL": 0.015, "AGR_PREP": 0.03, "TAF_APP": 0.006}

MODE_ORDER: Final = ["10", "11", "20", "21", "30", "31", "40", "41", "70"]
#: Modes by arrival (air, sea, land): the usual mix, and that of petroleum and minerals.
_MODES_USUAL: Final = np.array(
    [[0, 0, 0, 0, 0, 0, 0.85, 0.15, 0], [0.08, 0.92, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0.06, 0.08, 0.8, 0.06, 0, 0, 0]]
)
_MODES_BULK: Final = np.array([[0, 0, 0, 0, 0, 0, 0.9, 0.1, 0], [0.9, 0.1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0.25, 0.02, 0.33, 0, 0, 0, 0.4]])


@dataclass(frozen=True)
class Entries:
    """Entries as arrays, in order of entry day; a position is an entry."""

    day: Ints
    account: Ints
    importer: Ints
    program: Ints  # on the entry day, position in accounts.PROGRAM_ORDER
    industry: Ints  # intended main industry
    port: Ints
    mode: Ints  # position in MODE_ORDER
    entry_type: Ints  # position in ENTRY_TYPE_ORDER
    filer: Ints
    line_count: Ints


@dataclass(frozen=True)
class Lines:
    """Lines as arrays, in order of entry and line number."""

    entry: Ints
    number: Ints
    industry: Ints
    heading: Ints
    origin: Ints


def _center_of_entries(rng: np.random.Generator, facts: Facts, size: int) -> Ints:
    typical = np.array([TYPICAL_VALUE[code] for code in facts.centers], dtype=np.float64)
    return pick(rng, facts.value_share / typical, size)


def _days(rng: np.random.Generator, facts: Facts, center: Ints) -> Ints:
    """Draw entry days: season of the Center, growth, working week."""
    days = np.arange(LAST_DAY + 1)
    calendar_month = (month_numbers(days) + 9) % 12
    weights = facts.season[:, calendar_month] * _WEEKDAYS[weekday(days)] * (1 + _GROWTH) ** (days / 365.25)
    return pick_within(rng, center, weights)


def _account_of_entries(rng: np.random.Generator, accounts: Accounts, center: Ints) -> Ints:
    table = accounts.weight * (accounts.center == np.arange(center.max() + 1)[:, None])
    return pick_within(rng, center, table)


def _main_industry(rng: np.random.Generator, facts: Facts, accounts: Accounts, account: Ints) -> Ints:
    """Draw the main industry: the account's own, another of its Center, or (seldom) another Center's."""
    center = accounts.center[account]
    same = facts.industry_weight * (facts.industry_center == np.arange(len(facts.centers))[:, None])
    other = pick_within(rng, center, same)
    typical = np.array([TYPICAL_VALUE[code] for code in facts.centers], dtype=np.float64)
    share = (facts.value_share / typical)[facts.industry_center] * facts.industry_weight
    chance = rng.random(len(account))
    return np.select([chance < 0.72, chance < 0.94], [accounts.industry[account], other], pick(rng, share, len(account)))


def _ports(rng: np.random.Generator, facts: Facts, accounts: Accounts, account: Ints, center: Ints) -> Ints:
    """Draw ports: half by the account's own habit, half by where its Center's goods enter."""
    owner = np.repeat(np.arange(len(accounts.center)), _SLOTS)
    habit = pick_within(rng, accounts.center[owner], facts.port_mix).reshape(-1, _SLOTS)
    breadth = np.clip(np.rint(accounts.weight * 200), 3, _SLOTS)
    slot = (rng.random(len(account)) * breadth[account]).astype(np.int64)
    usual = rng.random(len(account)) < 0.5
    return np.where(usual, habit[account, slot], pick_within(rng, center, facts.port_mix))


def _modes(rng: np.random.Generator, facts: Facts, port: Ints, center: Ints) -> Ints:
    arrival = pick_within(rng, port, facts.port_arrival)
    bulk = center == facts.centers.index("PET")
    mode = np.where(bulk, pick_within(rng, arrival, _MODES_BULK), pick_within(rng, arrival, _MODES_USUAL))
    at_sea = bulk & (facts.port_kind[port] == 1)
    return np.where(at_sea, 0, mode)


def _by_industry(facts: Facts, chances: dict[str, float], usual: float) -> Floats:
    return np.array([chances.get(code, usual) for code in facts.industries])


def _entry_types(rng: np.random.Generator, facts: Facts, industry: Ints, program: Ints) -> Ints:
    adcvd = _by_industry(facts, _ADCVD_CHANCE, 0.004)[industry]
    zone = _by_industry(facts, _ZONE_CHANCE, 0.004)[industry]
    quota = _by_industry(facts, _QUOTA_CHANCE, 0.0)[industry]
    informal = np.where(program == NO_PROGRAM, 0.11, 0.03)
    bounds = np.cumsum([informal, adcvd, zone, quota], axis=0)
    chance = rng.random(len(industry))
    return np.select([chance < bound for bound in bounds], [INFORMAL, ADCVD, ZONE, QUOTA], CONSUMPTION)


def _line_counts(rng: np.random.Generator, informal: Bools) -> Ints:
    """Draw line counts: most entries have one line, few have many; about 2.3 on average."""
    counts = 1 + pick(rng, np.arange(1, 41, dtype=np.float64) ** -2.1, len(informal))
    return np.where(informal, 1, counts)


def _importers(rng: np.random.Generator, accounts: Accounts, account: Ints) -> Ints:
    """Draw the importer of record: the account's first numbers are used most."""
    place = (rng.random(len(account)) ** 2.2 * accounts.importer_count[account]).astype(np.int64)
    return accounts.importer_first[account] + place


def make_entries(seed: int, size: int, facts: Facts, accounts: Accounts) -> Entries:
    """Draw all entries."""
    rng = generator(seed, "entries")
    home = _center_of_entries(rng, facts, size)
    account = _account_of_entries(rng, accounts, home)
    industry = _main_industry(rng, facts, accounts, account)
    center = facts.industry_center[industry]
    day = _days(rng, facts, center)
    order = np.argsort(day, kind="stable")
    day, account, industry, center = day[order], account[order], industry[order], center[order]
    importer = _importers(rng, accounts, account)
    program = accounts.program_on(importer, day)
    port = _ports(rng, facts, accounts, account, center)
    entry_type = _entry_types(rng, facts, industry, program)
    return Entries(
        day=day,
        account=account,
        importer=importer,
        program=program,
        industry=industry,
        port=port,
        mode=_modes(rng, facts, port, center),
        entry_type=entry_type,
        filer=pick(rng, (np.arange(110) + 3.0) ** -0.9, size),
        line_count=_line_counts(rng, entry_type == INFORMAL),
    )


def _line_industries(rng: np.random.Generator, facts: Facts, main: Ints, first: Bools) -> Ints:
    """Draw the industry of each line: the entry's main one, another of its Center, or any other."""
    center = facts.industry_center[main]
    same = facts.industry_weight * (facts.industry_center == np.arange(len(facts.centers))[:, None])
    chance = rng.random(len(main))
    keep = first | (chance < 0.86)
    elsewhere = rng.integers(0, len(facts.industries), len(main))
    return np.where(keep, main, np.where(chance < 0.96, pick_within(rng, center, same), elsewhere))


def _headings(rng: np.random.Generator, facts: Facts, accounts: Accounts, account: Ints, industry: Ints) -> Ints:
    """Draw headings: in its main industry an account mostly imports its own few."""
    owner = np.repeat(np.arange(len(accounts.center)), 5)
    habit = pick_within(rng, accounts.industry[owner], facts.heading_weight).reshape(-1, 5)
    usual = (rng.random(len(account)) < 0.6) & (industry == accounts.industry[account])
    own = habit[account, (rng.random(len(account)) ** 1.4 * 5).astype(np.int64)]
    return np.where(usual, own, pick_within(rng, industry, facts.heading_weight))


def _origins(rng: np.random.Generator, facts: Facts, center: Ints, port: Ints, mode: Ints) -> Ints:
    """Draw countries of origin: overland from the neighbor, elsewhere from the Center's partners."""
    canada, mexico = facts.origins.index("CA"), facts.origins.index("MX")
    overseas = facts.origin_mix.copy()
    overseas[:, [canada, mexico]] *= 0.12
    origin = pick_within(rng, center, overseas)
    overland = np.isin(mode, [MODE_ORDER.index(code) for code in ("20", "21", "30", "31", "70")])
    local = overland & (rng.random(len(center)) < 0.93)
    north = facts.port_kind[port] == 2
    south = facts.port_kind[port] == 3
    either = np.where(rng.random(len(center)) < 0.6, canada, mexico)
    return np.where(local, np.select([north, south], [canada, mexico], either), origin)


def make_lines(seed: int, facts: Facts, accounts: Accounts, entries: Entries) -> Lines:
    """Draw all lines."""
    rng = generator(seed, "lines")
    entry = np.repeat(np.arange(len(entries.day)), entries.line_count)
    first_line = np.cumsum(entries.line_count) - entries.line_count
    number = np.arange(len(entry)) - first_line[entry] + 1
    industry = _line_industries(rng, facts, entries.industry[entry], number == 1)
    center = facts.industry_center[industry]
    return Lines(
        entry=entry,
        number=number,
        industry=industry,
        heading=_headings(rng, facts, accounts, entries.account[entry], industry),
        origin=_origins(rng, facts, center, entries.port[entry], entries.mode[entry]),
    )
