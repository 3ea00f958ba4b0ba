"""When and how entries liquidate: on the 314-day cycle, extended, suspended, or by operation of law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.demo.draws import LAST_DAY, NEVER, Bools, Ints, generator, to_friday, years_later
from data.demo.entries import ADCVD, Entries
from data.demo.latent import MAJOR, Latent

CYCLE_DAYS: Final = 314
LIQUIDATION_ORDER: Final = ["no_change", "change", "deemed"]
NO_CHANGE, CHANGE, DEEMED = range(3)

#: Chances among usual entries: on the cycle, a week away from it, extended, deemed; the rest is suspended.
_USUAL: Final = (0.875, 0.02, 0.088, 0.005)
#: Chance that an antidumping or countervailing entry is suspended.
_ADCVD_SUSPENDED: Final = 0.85
#: Share of the suspensions that were lifted in the last months.
_LIFTED: Final = 0.12


@dataclass(frozen=True)
class Liquidations:
    """Liquidation by entry; a day of NEVER is not liquidated yet."""

    scheduled: Ints
    day: Ints
    kind: Ints  # position in LIQUIDATION_ORDER, -1 while not liquidated
    extensions: Ints
    suspended: Ints  # day from which it is suspended
    lifted: Ints  # day of the notice that it no longer is


def make_liquidations(seed: int, entries: Entries, latent: Latent) -> Liquidations:
    """Draw liquidations as of the last day."""
    rng = generator(seed, "liquidation")
    size = len(entries.day)
    scheduled = to_friday(entries.day + CYCLE_DAYS)
    chance = rng.random(size)
    bounds = np.cumsum(_USUAL)
    extended = to_friday(scheduled + rng.integers(60, 365, size))
    nearby = scheduled + np.where(rng.random(size) < 0.6, 7, -7)
    days = np.select(
        [chance < bounds[0], chance < bounds[1], chance < bounds[2], chance < bounds[3]],
        [scheduled, nearby, extended, years_later(entries.day, 1)],
        NEVER,
    )
    suspended = (entries.entry_type == ADCVD) & (rng.random(size) < _ADCVD_SUSPENDED)
    days = np.where(suspended, NEVER, days)
    deemed = (chance >= bounds[2]) & (chance < bounds[3])
    changed = rng.random(size) < np.where(latent.entry_severity == MAJOR, 0.55, 0.012)
    kind = np.where(deemed, DEEMED, np.where(changed, CHANGE, NO_CHANGE))
    done = days <= LAST_DAY
    # Known a month before the day on which it would have liquidated.
    is_extended = (chance >= bounds[1]) & (chance < bounds[2]) & ~suspended & (scheduled - 30 <= LAST_DAY)
    began, lifted = _suspension(seed, entries, suspended | (chance >= bounds[3]))
    return Liquidations(
        scheduled=scheduled,
        day=np.where(done, days, NEVER),
        kind=np.where(done, kind, -1),
        extensions=is_extended.astype(np.int64),
        suspended=began,
        lifted=lifted,
    )


def _suspension(seed: int, entries: Entries, suspended: Bools) -> tuple[Ints, Ints]:
    """Draw when suspensions began and, for a few, when notice came that they are lifted; the six months after it still run."""
    rng = generator(seed, "suspension")
    size = len(entries.day)
    began = np.where(suspended, entries.day + rng.integers(5, 40, size), NEVER)
    began = np.where(began <= LAST_DAY, began, NEVER)
    notice = LAST_DAY - rng.integers(1, 150, size)
    lifted = np.where((began < NEVER) & (notice > began + 60) & (rng.random(size) < _LIFTED), notice, NEVER)
    return began, lifted
