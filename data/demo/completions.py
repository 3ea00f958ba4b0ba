"""What becomes of the work: when it is completed, by whom, with what result, and what happened on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analytics.codes import OUTCOMES
from data.demo.accounts import PROGRAM_ORDER, account_ids
from data.demo.draws import (
    LAST_DAY,
    NEVER,
    Bools,
    Ints,
    dates,
    day_of,
    days_lognormal,
    generator,
    null_where,
    pick_within,
    texts,
    to_business_day,
)
from data.demo.latent import CATEGORIES, MAJOR, NONE
from data.demo.planted import single
from data.demo.receipts import World
from data.demo.sample import stratum_codes
from data.demo.work import (
    AT_PORT,
    BASES,
    CF28,
    CF29,
    INTERNAL_ADVICE,
    KINDS,
    PEA,
    PRIOR_DISCLOSURE,
    PROTEST,
    PSC,
    RANDOM,
    SOURCES,
    TRADE_FILED,
    VALIDATION,
    Work,
)

#: Median days and spread (of the logarithm) by kind of work.
_MEDIAN: Final = {VALIDATION: 38, PSC: 16, PEA: 34, PRIOR_DISCLOSURE: 70, PROTEST: 125, CF28: 46, CF29: 34, INTERNAL_ADVICE: 78}
_SPREAD: Final = {VALIDATION: 0.95, PSC: 0.9, PEA: 0.9, PRIOR_DISCLOSURE: 0.8, PROTEST: 0.8, CF28: 0.75, CF29: 0.7, INTERNAL_ADVICE: 0.8}
_RANDOM_MEDIAN, _RANDOM_SPREAD = 17, 0.55
_HOURS: Final = {VALIDATION: 2.5, PSC: 1.2, PEA: 1.5, PRIOR_DISCLOSURE: 14.0, PROTEST: 9.0, CF28: 4.0, CF29: 5.0, INTERNAL_ADVICE: 12.0}

#: How long a Center takes against the usual; a port takes a little longer.
_PACE: Final = {"AGR": 0.9, "AUT": 1.05, "BMM": 1.5, "CPM": 1.15, "ELE": 0.85, "IMM": 1.25, "PET": 0.75, "PHC": 1.2, "TAF": 1.6}
_PORT_PACE: Final = 1.1
_TEAMS: Final = 4
_PASSED_OVER: Final = 4.5

#: Chances of results by kind, of work that is not a validation.
_RESULTS: Final[dict[int, dict[str, float]]] = {
    PSC: {"approved": 0.88, "rejected": 0.12},
    PEA: {"approved": 0.85, "rejected": 0.15},
    PRIOR_DISCLOSURE: {"valid": 0.91, "not_valid": 0.09},
    PROTEST: {"approved": 0.35, "denied": 0.4, "approved_in_part": 0.15, "untimely": 0.05, "withdrawn": 0.05},
    CF29: {"change": 0.9, "no_change": 0.1},
    INTERNAL_ADVICE: {"answered": 1.0},
}
_OUTCOMES: Final = list(OUTCOMES)
_OPEN_STATUSES: Final = ["open", "docs_requested", "info_requested", "awaiting_lab", "awaiting_hq"]


@dataclass(frozen=True)
class Course:
    """The course of each piece of work; a day of NEVER has not come."""

    closed: Ints
    team: Ints  # 0-3, of a Center's work
    moved: Ints  # day of its transfer
    moved_to: Ints  # Center it went to
    holder: Ints  # who holds it now


def _team(rng: np.random.Generator, work: Work) -> Ints:
    return rng.integers(0, _TEAMS, len(work))


def _passed_over(rng: np.random.Generator, world: World, work: Work, team: Ints) -> Bools:
    """Name the reviews that the planted team passes over."""
    truth = single("skipped_oldest")
    mine = (work.holder == world.facts.centers.index(truth.center_code or "")) & (team == 1) & (work.opened >= day_of(truth.from_date))
    return np.asarray(mine & (rng.random(len(work)) < truth.size))


def _days(rng: np.random.Generator, world: World, work: Work, team: Ints) -> Ints:
    """Draw how long each piece of work takes."""
    is_random = work.source == RANDOM
    median = np.where(is_random, _RANDOM_MEDIAN, np.array([_MEDIAN[kind] for kind in range(len(KINDS))])[work.kind])
    spread = np.where(is_random, _RANDOM_SPREAD, np.array([_SPREAD[kind] for kind in range(len(KINDS))])[work.kind])
    pace = np.array([*(_PACE[code] for code in world.facts.centers), _PORT_PACE])[np.where(work.holder == AT_PORT, -1, work.holder)]
    slow = np.where(_passed_over(rng, world, work, team), _PASSED_OVER, 1.0)
    return days_lognormal(rng, median * np.where(is_random, 1.0, pace) * slow, spread, len(work))


def _unreported(rng: np.random.Generator, closed: Ints) -> Bools:
    """Name the completions that are not recorded yet: the planted late tail."""
    truth = single("late_reporting")
    first, last = day_of(truth.from_date), day_of(truth.to_date)
    share = np.clip((closed - first) / (last - first), 0, 1) * truth.size
    return np.asarray((closed >= first) & (rng.random(len(closed)) < share))


def _moves(rng: np.random.Generator, world: World, work: Work, closed: Ints) -> tuple[Ints, Ints]:
    """Draw transfers: from a port when the account joins its Center, and a few between Centers."""
    end = np.minimum(closed, LAST_DAY)
    joins = world.accounts.participates[work.account]
    from_port = (work.holder == AT_PORT) & (work.source != RANDOM) & (work.opened < joins) & (joins < end)
    halfway = work.opened + np.maximum((end - work.opened) // 2, 1)
    open_then = world.facts.opened[None, :] <= halfway[:, None]
    other = open_then & (np.arange(len(world.facts.centers))[None, :] != work.holder[:, None])
    target = pick_within(rng, np.arange(len(work)), np.where(other.any(axis=1)[:, None], other, 1.0))
    between = work.moves & (work.holder != AT_PORT) & (halfway < end) & other.any(axis=1)
    day = np.where(from_port, joins, np.where(between, halfway, NEVER))
    return day, np.where(from_port, world.accounts.center[work.account], np.where(between, target, -1))


def make_course(world: World, work: Work) -> Course:
    """Draw the course of all work."""
    rng = generator(world.seed, "completions")
    team = _team(rng, work)
    closed = to_business_day(work.opened + _days(rng, world, work, team))
    closed = np.where(_unreported(rng, closed), NEVER, closed)
    closed = np.where(closed > LAST_DAY, NEVER, closed)
    moved, moved_to = _moves(rng, world, work, closed)
    return Course(closed=closed, team=team, moved=moved, moved_to=moved_to, holder=np.where(moved < NEVER, moved_to, work.holder))


def _outcomes(rng: np.random.Generator, work: Work, course: Course) -> Ints:
    """Draw results: validations and requests by what they found, other work by its kind."""
    chance = rng.random(len(work))
    found = np.select([chance < 0.72, chance < 0.9], [_OUTCOMES.index("change"), _OUTCOMES.index("rejected")], _OUTCOMES.index("referred"))
    result = np.where(
        work.severity == NONE, _OUTCOMES.index("no_change"), np.where(work.severity == MAJOR, found, _OUTCOMES.index("change"))
    )
    for kind, weights in _RESULTS.items():
        drawn = pick_within(rng, np.zeros(len(work), dtype=np.int64), np.array([[weights.get(name, 0.0) for name in _OUTCOMES]]))
        result = np.where(work.kind == kind, drawn, result)
    late = (work.kind == PROTEST) & (work.basis == BASES.index("accelerated_30_days")) & (course.closed > work.due)
    return np.where(late, _OUTCOMES.index("deemed_denied"), result)


def review_ids(count: int) -> list[str]:
    """Return the identifiers of all work in order."""
    return [f"R{index + 1:08d}" for index in range(count)]


def review_table(world: World, work: Work, course: Course, entry_numbers: list[str]) -> pl.DataFrame:
    """Return the table review."""
    rng = generator(world.seed, "review table")
    facts, size = world.facts, len(work)
    closed = course.closed < NEVER
    looked = closed & (work.source != TRADE_FILED)
    found = looked & (work.severity > NONE)
    none_known = (work.kind == PRIOR_DISCLOSURE) & (rng.random(size) < 0.3)
    hours = np.round(rng.lognormal(0, 0.5, size) * np.array([_HOURS[kind] for kind in range(len(KINDS))])[work.kind], 1)
    waiting = pick_within(rng, np.zeros(size, dtype=np.int64), np.array([[0.55, 0.16, 0.18, 0.04, 0.07]]))
    teams = [f"{code}-{team + 1}" for code in facts.centers for team in range(_TEAMS)]
    return pl.DataFrame(
        {
            "review_id": review_ids(size),
            "work_type": texts("work_type", KINDS, work.kind),
            "entry_number": texts("entry_number", entry_numbers, np.where(none_known, -1, work.entry)),
            "line_number": null_where(pl.Series("line_number", work.line), work.line < 0),
            "account_id": texts("account_id", account_ids(len(world.accounts.center)), work.account),
            "center_code": texts("center_code", facts.centers, course.holder),
            "port_code": texts("port_code", facts.ports, work.port),
            "industry_code": texts("industry_code", facts.industries, work.industry),
            "program": texts("program", PROGRAM_ORDER, work.program),
            "opened_date": dates("opened_date", work.opened),
            "due_date": dates("due_date", work.due),
            "due_basis": texts("due_basis", BASES, work.basis),
            "closed_date": dates("closed_date", np.where(closed, course.closed, 0), closed),
            "status": texts("status", [*_OPEN_STATUSES, "completed"], np.where(closed, len(_OPEN_STATUSES), waiting)),
            "outcome": texts("outcome", _OUTCOMES, np.where(closed, _outcomes(rng, work, course), -1)),
            "source": texts("source", SOURCES, work.source),
            "stratum": texts("stratum", stratum_codes(facts), work.stratum),
            "severity": texts("severity", ["none", "minor", "major"], np.where(looked, work.severity, -1)),
            "finding_category": texts("finding_category", CATEGORIES, np.where(found, work.category, -1)),
            "revenue_change_usd": null_where(pl.Series("revenue_change_usd", np.where(found, work.revenue, 0) / 100), ~looked),
            "hours": null_where(pl.Series("hours", hours), ~closed),
            "team": texts("team", teams, np.where(course.holder == AT_PORT, -1, course.holder * _TEAMS + course.team)),
        }
    )


def event_table(world: World, work: Work, course: Course) -> pl.DataFrame:
    """Return the table review_event: transfers, clock stops and starts, notices."""
    rng = generator(world.seed, "events")
    end = np.minimum(course.closed, LAST_DAY)
    length = end - work.opened
    stopped = (length >= 12) & (work.source != RANDOM) & (rng.random(len(work)) < 0.25)
    stop, start = work.opened + length // 4, work.opened + (length * 3) // 5
    moved = course.moved < NEVER
    noticed = np.isin(work.kind, [CF28, CF29])
    standing = stopped & (course.closed > LAST_DAY) & (rng.random(len(work)) < 0.4)
    parts = [
        _events(world, work, course, moved, course.moved, "transfer", "account joined its Center or goods reassigned"),
        _events(world, work, course, stopped, stop, "clock_stop", "information requested"),
        _events(world, work, course, stopped & ~standing, start, "clock_start", "information received"),
        _events(world, work, course, noticed, work.opened, "notice", "sent to the importer"),
    ]
    return pl.concat(parts).sort("review_id", "event_date", "event_type")


def _events(world: World, work: Work, course: Course, chosen: Bools, day: Ints, kind: str, reason: str) -> pl.DataFrame:
    place = np.flatnonzero(chosen)
    transfer = kind == "transfer"
    ids = pl.Series([f"R{index + 1:08d}" for index in place.tolist()], dtype=pl.String)
    return pl.DataFrame(
        {
            "review_id": ids,
            "event_date": dates("event_date", day[place]),
            "event_type": pl.Series([kind] * len(place), dtype=pl.String),
            "from_center_code": texts("from_center_code", world.facts.centers, work.holder[place] if transfer else np.full(len(place), -1)),
            "to_center_code": texts("to_center_code", world.facts.centers, course.moved_to[place] if transfer else np.full(len(place), -1)),
            "reason": pl.Series([reason] * len(place), dtype=pl.String),
        }
    )
