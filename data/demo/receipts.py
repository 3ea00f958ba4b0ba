"""The work that comes in: what is opened for which entry, on which day, why, and who receives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from data.demo.accounts import CTPAT, Accounts
from data.demo.draws import (
    LAST_DAY,
    NEVER,
    Bools,
    Floats,
    Ints,
    day_of,
    generator,
    month_numbers,
    month_start,
    to_business_day,
    years_later,
)
from data.demo.entries import CONSUMPTION, INFORMAL, Entries, Lines
from data.demo.facts import Facts
from data.demo.latent import MAJOR, Latent
from data.demo.liquidation import CHANGE, Liquidations
from data.demo.money import Money
from data.demo.planted import of_kind, single
from data.demo.work import (
    AT_PORT,
    BASES,
    CF28,
    CF29,
    INTERNAL_ADVICE,
    KINDS,
    LOCAL,
    PEA,
    PRIOR_DISCLOSURE,
    PROTEST,
    PSC,
    RANDOM,
    TARGETED,
    TRADE_FILED,
    VALIDATION,
    Work,
    join,
)

#: Post summary corrections began on 4 June 2011; paper amendments of electronic summaries ended on 22 September 2011.
_PSC_BEGAN: Final = day_of(date(2011, 6, 4))
_PEA_ENDED: Final = day_of(date(2011, 9, 22))

#: Share of entries that become work of a kind; validations and requests for information differ by port.
_TARGETED_SHARE, _CF28_SHARE, _CF28_TRUSTED_SHARE, _CF29_SHARE = 0.08, 0.009, 0.0025, 0.004
_PSC_SHARE, _PEA_SHARE_BEFORE, _PEA_SHARE_AFTER, _ADVICE_SHARE = 0.035, 0.03, 0.006, 0.0015
_DISCLOSURE_SHARE, _PROTEST_SHARE, _PROTEST_SHARE_CHANGED = 0.012, 0.008, 0.12
#: A Center validates the entries of its participants far more than a port could, and they correct more themselves.
_CENTER_VALIDATED_SHARE, _CENTER_CORRECTED_SHARE = 0.32, 0.16

#: A discrepancy makes an entry this many times as likely to be chosen.
_TARGETING: Final = 1.7
_ACCELERATED_SHARE: Final = 0.08
_SPREAD_BETWEEN_PORTS: Final = 0.7
_LEAST_A_MONTH: Final = 2


@dataclass(frozen=True)
class World:
    """All that work is drawn from."""

    seed: int
    facts: Facts
    accounts: Accounts
    entries: Entries
    lines: Lines
    money: Money
    latent: Latent
    liquidations: Liquidations
    stratum: Ints  # by line
    sampled: Ints  # lines of the random sample


def processed_by_center(accounts: Accounts, entries: Entries) -> Bools:
    """Say which entries a Center processes: its participants', of the types that Centers took."""
    joined = accounts.participates[entries.account] <= entries.day
    return joined & np.isin(entries.entry_type, [CONSUMPTION, INFORMAL])


def _due(kind: int, opened: Ints, scheduled: Ints, accelerated: Bools) -> tuple[Ints, Ints]:
    """Return due days and their bases."""
    names = {
        VALIDATION: ("scheduled_liquidation", scheduled),
        PSC: ("service_standard", opened + 30),
        PEA: ("service_standard", opened + 60),
        PRIOR_DISCLOSURE: ("disclosure_30_days", opened + 30),
        PROTEST: ("protest_2_years", years_later(opened, 2)),
        CF28: ("reply_30_days", opened + 30),
        CF29: ("objection_20_days", opened + 20),
        INTERNAL_ADVICE: ("service_standard", opened + 90),
    }
    basis, due = names[kind]
    code = np.full(len(opened), BASES.index(basis))
    if kind != PROTEST:
        return due, code
    return np.where(accelerated, opened + 30, due), np.where(accelerated, BASES.index("accelerated_30_days"), code)


def _work(world: World, kind: int, entry: Ints, opened: Ints, source: Ints, rng: np.random.Generator) -> Work:
    """Make work of one kind for entries; what opens after the last day has not come in."""
    opened = to_business_day(opened)
    kept = opened <= LAST_DAY
    entry, opened, source = entry[kept], opened[kept], source[kept]
    account = world.entries.account[entry]
    due, basis = _due(kind, opened, world.liquidations.scheduled[entry], rng.random(len(entry)) < _ACCELERATED_SHARE)
    mine = world.accounts.participates[account] <= opened
    return Work(
        kind=np.full(len(entry), kind),
        entry=entry,
        line=np.full(len(entry), -1),
        account=account,
        port=world.entries.port[entry],
        industry=world.money.industry[entry],
        program=world.entries.program[entry],
        opened=opened,
        source=source,
        stratum=np.full(len(entry), -1),
        holder=np.where(mine, world.accounts.center[account], AT_PORT),
        due=due,
        basis=basis,
        severity=world.latent.entry_severity[entry],
        category=world.latent.entry_category[entry],
        revenue=world.latent.entry_revenue[entry],
        moves=mine & (rng.random(len(entry)) < 0.012),
    )


def _chosen(rng: np.random.Generator, chance: Floats) -> Ints:
    return np.flatnonzero(rng.random(len(chance)) < chance)


def _constant(value: int, size: int) -> Ints:
    return np.full(size, value, dtype=np.int64)


def _random(world: World) -> Work:
    """Review the lines of the random sample, received where the entry is processed."""
    rng = generator(world.seed, "random reviews")
    line = world.sampled
    entry = world.lines.entry[line]
    opened = np.minimum(world.entries.day[entry] + rng.integers(2, 8, len(line)), LAST_DAY)
    opened = np.minimum(to_business_day(opened), LAST_DAY)
    base = _work(world, VALIDATION, entry, opened, _constant(RANDOM, len(line)), rng)
    by_center = processed_by_center(world.accounts, world.entries)[entry]
    return base.changed(
        line=world.lines.number[line],
        industry=world.lines.industry[line],
        stratum=world.stratum[line],
        holder=np.where(by_center, world.accounts.center[world.entries.account[entry]], AT_PORT),
        severity=world.latent.severity[line],
        category=world.latent.category[line],
        revenue=world.latent.revenue[line],
        moves=np.zeros(len(line), dtype=bool),
    )


def _between_ports(world: World) -> Floats:
    """Return, by entry, how many times as often its port looks as others do; the spread shrinks when the Center opens."""
    rng = generator(world.seed, "ports")
    spread = rng.normal(0.0, _SPREAD_BETWEEN_PORTS, (len(world.facts.centers), len(world.facts.ports)))
    center = world.facts.industry_center[world.money.industry]
    factor = np.ones(len(center))
    for truth in of_kind("port_dispersion"):
        place = world.facts.centers.index(truth.center_code or "")
        factor = np.where((center == place) & (world.entries.day >= day_of(truth.from_date)), truth.size, factor)
    size = spread[center, world.entries.port] * factor
    return np.exp(size - (_SPREAD_BETWEEN_PORTS * factor) ** 2 / 2)


def _looked_at(world: World) -> list[Work]:
    """Draw targeted and local validations, requests for information and notices of action."""
    rng = generator(world.seed, "targeted reviews")
    size = len(world.entries.day)
    between = _between_ports(world)
    found = world.latent.entry_severity > 0
    trusted = world.entries.program <= CTPAT
    by_center = processed_by_center(world.accounts, world.entries)
    likelier = between * np.where(found, _TARGETING, 1.0) * np.where(trusted, 0.45, 1.0)
    targeted = _chosen(rng, _TARGETED_SHARE * likelier)
    local = _chosen(rng, np.where(by_center, _CENTER_VALIDATED_SHARE, 0.02 * likelier))
    asked = _chosen(rng, np.where(trusted, _CF28_TRUSTED_SHARE, _CF28_SHARE) * between * np.where(found, 2.0, 0.85))
    noted = _chosen(rng, np.where(world.latent.entry_severity == MAJOR, 0.05, _CF29_SHARE * 0.3) * between)
    advice = _chosen(rng, np.full(size, _ADVICE_SHARE))
    day = world.entries.day
    parts = [(VALIDATION, targeted, (3, 40), TARGETED), (VALIDATION, local, (3, 60), LOCAL), (CF28, asked, (15, 130), LOCAL)]
    parts += [(CF29, noted, (50, 240), LOCAL), (INTERNAL_ADVICE, advice, (30, 200), LOCAL)]
    return [
        _work(world, kind, entry, day[entry] + rng.integers(*delay, len(entry)), _constant(source, len(entry)), rng)
        for kind, entry, delay, source in parts
    ]


def _filed(world: World) -> list[Work]:
    """Draw what the trade files: corrections, amendments, prior disclosures and protests."""
    rng = generator(world.seed, "filed work")
    day = world.entries.day
    by_center = processed_by_center(world.accounts, world.entries)
    psc = _chosen(rng, np.where(by_center, _CENTER_CORRECTED_SHARE, _PSC_SHARE))
    psc_day = np.minimum(day[psc] + np.rint(rng.lognormal(3.9, 0.8, len(psc))).astype(np.int64), day[psc] + 265)
    psc, psc_day = psc[psc_day >= _PSC_BEGAN], psc_day[psc_day >= _PSC_BEGAN]
    pea = _chosen(rng, np.where(day < _PEA_ENDED, _PEA_SHARE_BEFORE, _PEA_SHARE_AFTER))
    disclosed = _chosen(rng, np.where(world.latent.entry_severity > 0, _DISCLOSURE_SHARE, 0.0012))
    settled = world.liquidations.day < NEVER
    protest = _chosen(rng, np.where(settled, np.where(world.liquidations.kind == CHANGE, _PROTEST_SHARE_CHANGED, _PROTEST_SHARE), 0.0))
    parts = [
        (PSC, psc, psc_day),
        (PEA, pea, day[pea] + rng.integers(20, 290, len(pea))),
        (PRIOR_DISCLOSURE, disclosed, day[disclosed] + rng.integers(60, 400, len(disclosed))),
        (PROTEST, protest, world.liquidations.day[protest] + rng.integers(20, 178, len(protest))),
    ]
    return [_work(world, kind, entry, opened, _constant(TRADE_FILED, len(entry)), rng) for kind, entry, opened in parts]


def _drawn_for(world: World, kind: int, center: int, days: Ints, rng: np.random.Generator) -> Work:
    """Make work of a kind that a Center receives on given days, for earlier entries of its participants."""
    mine = world.accounts.center[world.entries.account] == center
    joined = world.accounts.participates[world.entries.account]
    entries = np.flatnonzero(mine & (joined < NEVER))
    # Participants of the first day, so that the Center is sure to hold the work.
    entries = entries[joined[entries] <= world.facts.opened[center]]
    last = np.searchsorted(world.entries.day[entries], days - 12, side="right")
    span = np.minimum(np.maximum(last, 1), 4000)
    place = np.maximum(last - 1 - (rng.random(len(days)) * span).astype(np.int64), 0)
    source = TRADE_FILED if kind in (PSC, PEA, PRIOR_DISCLOSURE, PROTEST) else LOCAL
    return _work(world, kind, entries[place], days, _constant(source, len(days)), rng)


def _surge(world: World, work: Work) -> Work:
    """Add the planted surge: as many more corrections as make up its size."""
    truth = single("surge")
    rng = generator(world.seed, "surge")
    center = world.facts.centers.index(truth.center_code or "")
    first, last = day_of(truth.from_date), day_of(truth.to_date)
    usual = (work.kind == PSC) & (work.holder == center)
    nearby = usual & (np.abs(work.opened - (first + last) // 2) < 120)
    a_day = nearby.sum() / 239
    more = round((truth.size - 1) * a_day * (last - first + 1))
    return _drawn_for(world, PSC, center, np.sort(rng.integers(first, last + 1, more)), rng)


def _least(world: World, work: Work) -> list[Work]:
    """Top up every kind of work of every Center to two a month from the month after its opening."""
    rng = generator(world.seed, "least")
    month = month_numbers(work.opened)
    parts = []
    for center, opened in enumerate(world.facts.opened):
        for kind in range(len(KINDS)):
            counts = np.bincount(month[(work.kind == kind) & (work.holder == center)], minlength=36)
            start = int(month_numbers(np.array([opened]))[0]) + 1
            missing = np.maximum(_LEAST_A_MONTH - counts, 0)
            missing[:start] = 0
            days = np.repeat([month_start(m) for m in range(36)], missing) + rng.integers(1, 22, missing.sum())
            if len(days):
                parts.append(_drawn_for(world, kind, center, days, rng))
    return parts


def make_work(world: World) -> Work:
    """Draw all work that came in, in order of its day."""
    work = join([_random(world), *_looked_at(world), *_filed(world)])
    work = join([work, _surge(world, work)])
    work = join([work, *_least(world, work)])
    return work.where(np.argsort(work.opened, kind="stable"))
