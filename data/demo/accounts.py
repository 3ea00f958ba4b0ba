"""The fictitious accounts: who they are, what they import, their programs, importer numbers and Center assignments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from data.demo.draws import (
    LAST_DAY,
    NEVER,
    Bools,
    Floats,
    Ints,
    dates,
    generator,
    null_where,
    pick_within,
    texts,
)
from data.demo.facts import Facts
from data.demo.planted import single

#: Accounts by Center, in the order of the Center codes: fewer where entries are few and large.
ACCOUNTS: Final = {"AGR": 380, "AUT": 300, "BMM": 520, "CPM": 420, "ELE": 400, "IMM": 400, "PET": 90, "PHC": 240, "TAF": 300}
PROGRAM_ORDER: Final = ["isa", "ctpat", "ctpat_1", "none"]
ISA, CTPAT, CTPAT_1, NO_PROGRAM = range(4)

#: Kinds of member in the order in which members of a Center are named: a fifth ISA, three fifths tier 2-3.
_MEMBER_CYCLE: Final = np.array([CTPAT, ISA, CTPAT, CTPAT, CTPAT_1, CTPAT, ISA, CTPAT, CTPAT_1, CTPAT])
_MOST_PARTICIPANTS: Final = 62

#: Participants that were with another Center before their own opened.
_REASSIGNED: Final = 14

_FIRST: Final = [
    "Quor",
    "Vel",
    "Tan",
    "Mir",
    "Zeph",
    "Brel",
    "Oxt",
    "Yrl",
    "Kast",
    "Dov",
    "Fenn",
    "Hux",
    "Jarr",
    "Lum",
    "Nyx",
    "Plov",
    "Rhun",
    "Sarn",
    "Ulv",
    "Wexl",
    "Ithr",
    "Gav",
    "Cym",
    "Elt",
]
_SECOND: Final = [
    "ava",
    "ombra",
    "entis",
    "oria",
    "undel",
    "ixa",
    "aro",
    "emma",
    "ispa",
    "olla",
    "ettin",
    "ugra",
    "avane",
    "ordis",
    "ilka",
    "onta",
    "essa",
    "ymir",
]
_FORMS: Final = ["Inc.", "LLC", "Corp.", "Company", "Ltd.", "Group", "Imports", "Trading", "Holdings", "International"]
_TRADES: Final = {
    "AGR": ["Foods", "Produce", "Seafood", "Beverages", "Provisions"],
    "AUT": ["Motors", "Axle & Wheel", "Aero Structures", "Drivetrain", "Coachworks"],
    "BMM": ["Steel", "Fasteners", "Machine Works", "Castings", "Pumps & Valves"],
    "CPM": ["Home Goods", "Toys", "Furnishings", "Gifts", "Housewares"],
    "ELE": ["Circuits", "Devices", "Semiconductor", "Displays", "Networks"],
    "IMM": ["Polymers", "Paper", "Glass", "Ceramics", "Rubber"],
    "PET": ["Refining", "Minerals", "Energy", "Fuels", "Ores"],
    "PHC": ["Pharma", "Chemicals", "Medical", "Biologics", "Laboratories"],
    "TAF": ["Apparel", "Footwear", "Mills", "Garments", "Knitwear"],
}


@dataclass(frozen=True)
class Accounts:
    """Accounts and their importer numbers as arrays; a position is an account (or an importer)."""

    center: Ints
    industry: Ints  # main industry
    weight: Floats  # share of its Center's entries
    group: Ints  # best program the account ever has, position in PROGRAM_ORDER
    since: Ints  # day of its C-TPAT membership; NEVER without one
    participates: Ints  # first entry day that its Center processes; NEVER for the others
    importer_first: Ints  # position of its first importer
    importer_count: Ints
    importer_account: Ints
    importer_member: Bools  # the importer shares its account's program

    def program_on(self, importer: Ints, day: Ints) -> Ints:
        """Return the program of each importer on each day."""
        account = self.importer_account[importer]
        member = self.importer_member[importer] & (self.since[account] <= day)
        return np.where(member, self.group[account], NO_PROGRAM)


def account_id(index: int) -> str:
    """Return the identifier of an account's position."""
    return f"A{index + 1:06d}"


def account_ids(count: int) -> list[str]:
    """Return all identifiers in order."""
    return [account_id(index) for index in range(count)]


def _groups(rng: np.random.Generator, center: Ints, rank: Ints) -> Ints:
    """Name the members of the programs: the larger an account, the likelier, evenly over each Center's ranks."""
    chance = np.select([rank < 4, rank < 130], [0.22, 0.31], 0.15)
    group = np.full(len(center), NO_PROGRAM, dtype=np.int64)
    for place in range(center.max() + 1):
        mine = np.flatnonzero(center == place)
        likelihood = np.minimum(chance[mine] * (1.6 if len(mine) < 150 else 1.0), 0.6)
        steps = np.floor(np.cumsum(likelihood) + rng.random())
        members = mine[np.diff(steps, prepend=np.floor(steps[0])) > 0]
        group[members] = _MEMBER_CYCLE[np.arange(len(members)) % len(_MEMBER_CYCLE)]
    return group


def _participation(rng: np.random.Generator, facts: Facts, center: Ints, group: Ints) -> Ints:
    """Name the participants, fewer than 100 a Center, and the day from which their entries are the Center's."""
    day = np.full(len(center), NEVER, dtype=np.int64)
    for place, opened in enumerate(facts.opened):
        eligible = np.flatnonzero((center == place) & (group <= CTPAT))
        chosen = eligible[: min(_MOST_PARTICIPANTS, round(0.85 * len(eligible)))]
        joins = opened + np.rint(rng.exponential(35.0, len(chosen))).astype(np.int64)
        joins[: len(chosen) // 3] = opened
        day[chosen] = np.minimum(joins, LAST_DAY - 20)
    return day


def _since(rng: np.random.Generator, group: Ints, participates: Ints) -> Ints:
    """Draw the day of membership; one in six of those that do not participate joined within the three years."""
    early = -rng.integers(30, 2900, len(group))
    late = rng.integers(60, LAST_DAY - 60, len(group))
    recent = (rng.random(len(group)) < 1 / 6) & (participates == NEVER)
    return np.where(group == NO_PROGRAM, NEVER, np.where(recent, late, early))


def make_accounts(seed: int, facts: Facts) -> Accounts:
    """Draw all accounts."""
    rng = generator(seed, "accounts")
    sizes = np.array([ACCOUNTS[code] for code in facts.centers])
    center = np.repeat(np.arange(len(sizes)), sizes)
    rank = np.arange(len(center)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    weight = (rank + 2.0) ** -1.02 * np.exp(rng.normal(0, 0.15, len(center)))
    industry_table = facts.industry_weight * (facts.industry_center == np.arange(len(sizes))[:, None])
    group = _groups(rng, center, rank)
    drifting = account_ids(len(center)).index(single("drifting_account").account_id or "")
    group[drifting] = CTPAT
    participates = _participation(rng, facts, center, group)
    extra = rng.poisson(np.array([3.1, 1.6, 1.0, 0.35])[group])
    count = 1 + np.minimum(extra, 11)
    first = np.cumsum(count) - count
    importer_account = np.repeat(np.arange(len(center)), count)
    member = (rng.random(len(importer_account)) < 0.92) | np.isin(np.arange(len(importer_account)), first)
    return Accounts(
        center=center,
        industry=pick_within(rng, center, industry_table),
        weight=weight,
        group=group,
        since=_since(rng, group, participates),
        participates=participates,
        importer_first=first,
        importer_count=count,
        importer_account=importer_account,
        importer_member=member & (group[importer_account] != NO_PROGRAM),
    )


def account_names(seed: int, accounts: Accounts, facts: Facts) -> list[str]:
    """Make up names that no company bears: invented roots, a trade, a legal form; no two are alike."""
    rng = generator(seed, "names")
    roots = [first + second for first in _FIRST for second in _SECOND]
    total = len(accounts.center)
    order = rng.permutation(len(roots) * len(_FORMS))[:total]
    trade = rng.integers(0, 5, total)
    return [
        f"{roots[place % len(roots)]} {_TRADES[facts.centers[center]][kind]} {_FORMS[place // len(roots)]}"
        for place, center, kind in zip(order.tolist(), accounts.center.tolist(), trade.tolist(), strict=True)
    ]


def account_table(seed: int, accounts: Accounts, facts: Facts, yearly_value: Floats) -> pl.DataFrame:
    """Return the table account; the size band is by yearly value, 8 % large and 30 % mid-size."""
    rank = np.argsort(np.argsort(-yearly_value, kind="stable"), kind="stable") / len(yearly_value)
    band = np.select([rank < 0.08, rank < 0.38], [0, 1], 2)
    return pl.DataFrame(
        {
            "account_id": account_ids(len(accounts.center)),
            "account_name": account_names(seed, accounts, facts),
            "size_band": texts("size_band", ["large", "mid", "small"], band),
        }
    )


def _importer_number(index: int, kind: float) -> str:
    """Write an importer number in one of its forms with a prefix that is not issued."""
    serial = (index * 7919 + 104_729) % 10_000_000
    if kind < 0.012:
        return f"000-{serial % 90 + 10:02d}-{serial % 9000 + 1000:04d}"
    if kind < 0.04:
        return f"990000-{index:05d}"
    return f"{'00' if kind < 0.2 else '99'}-{serial:07d}" + ("00" if kind < 0.9 else "")


def importer_table(seed: int, accounts: Accounts) -> pl.DataFrame:
    """Return the table importer."""
    rng = generator(seed, "importers")
    account = accounts.importer_account
    kinds = rng.random(len(account))
    group, member = accounts.group[account], accounts.importer_member
    high_tier = np.where(rng.random(len(account)) < 0.12, 3, 2)
    tier = np.where(group == CTPAT_1, 1, high_tier)
    isa = member & (group == ISA)
    since = np.where(member, accounts.since[account], 0)
    earlier = np.where(isa & (since < 0), rng.integers(0, 700, len(account)), 0)
    return pl.DataFrame(
        {
            "importer_id": [f"I{index + 1:06d}" for index in range(len(account))],
            "importer_number": [_importer_number(index, kind) for index, kind in enumerate(kinds.tolist())],
            "account_id": texts("account_id", account_ids(len(accounts.center)), account),
            "ctpat_tier": null_where(pl.Series("ctpat_tier", tier), ~member),
            "isa_member": isa,
            "ctpat_since": dates("ctpat_since", since - earlier, member),
            "isa_since": dates("isa_since", since, isa),
        }
    )


def _participant_rows(accounts: Accounts, facts: Facts, rng: np.random.Generator) -> pl.DataFrame:
    chosen = np.flatnonzero(accounts.participates != NEVER)
    center = accounts.center[chosen]
    basis = pick_within(rng, np.zeros(len(chosen), dtype=np.int64), np.array([[0.78, 0.12, 0.06, 0.04]]))
    return pl.DataFrame(
        {
            "account_id": texts("account_id", account_ids(len(accounts.center)), chosen),
            "valid_from": dates("valid_from", facts.opened[center]),
            "center_code": texts("center_code", facts.centers, center),
            "status": "ASSIGNED",
            "basis": texts("basis", ["predominant goods", "business practice", "intended use", "high relative value"], basis),
            "participating_from": dates("participating_from", accounts.participates[chosen]),
        }
    )


def account_center_table(seed: int, accounts: Accounts, facts: Facts) -> pl.DataFrame:
    """Return the table account_center: participants, those that applied, that do not qualify, and that appeal."""
    rng = generator(seed, "assignments")
    others = rng.permutation(np.flatnonzero(accounts.participates == NEVER))[:230]
    kind = np.repeat([0, 1, 2], [150, 62, 18])
    center = np.where(kind == 2, accounts.center[others], -1)
    opened = facts.opened[accounts.center[others]]
    asked = np.minimum(opened + rng.integers(10, 400, len(others)), LAST_DAY - rng.integers(1, 90, len(others)))
    waiting = pl.DataFrame(
        {
            "account_id": texts("account_id", account_ids(len(accounts.center)), others),
            "valid_from": dates("valid_from", np.maximum(asked, opened)),
            "center_code": texts("center_code", facts.centers, center),
            "status": texts("status", ["PENDING", "NOT_ELIGIBLE", "APPEAL"], kind),
            "basis": texts("basis", ["application received", "goods not predominantly of one industry", "appeal"], kind),
        }
    )
    rows = pl.concat([_participant_rows(accounts, facts, rng), waiting, _earlier_rows(seed, accounts, facts)], how="diagonal")
    return rows.sort("account_id", "valid_from")


def _earlier_rows(seed: int, accounts: Accounts, facts: Facts) -> pl.DataFrame:
    """Assign a few participants of later Centers to one of the first, without participation, until their own Center opens."""
    rng = generator(seed, "earlier assignments")
    first, later = (
        facts.opened.min(),
        np.flatnonzero((accounts.participates != NEVER) & (facts.opened[accounts.center] > facts.opened.min())),
    )
    chosen = np.sort(rng.permutation(later)[: min(_REASSIGNED, len(later))])
    ends = facts.opened[accounts.center[chosen]] - 1
    firsts = np.flatnonzero(facts.opened == first)
    return pl.DataFrame(
        {
            "account_id": texts("account_id", account_ids(len(accounts.center)), chosen),
            "valid_from": dates("valid_from", first + rng.integers(0, 180, len(chosen))),
            "valid_to": dates("valid_to", ends),
            "center_code": texts("center_code", facts.centers, firsts[rng.integers(0, len(firsts), len(chosen))]),
            "status": "ASSIGNED",
            "basis": "predominant goods",
        }
    )
