"""The exact optimum of complementary suppression, by one integer program: the yardstick of the tests, for small tables only."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.disclosure import moves
from analytics.disclosure.moves import DOWN, UP
from analytics.disclosure.tables import Bools, System


def smallest(system: System, *, nodes: int = 20_000) -> Bools | None:
    """Return the pattern that protects every target at the least cost, or nothing where the program found no proven optimum.

    One copy of the attacker's table a target and side, all of which may move only what the shared 0-1 variables hide. Whole numbers
    are not asked of the copies, so that the optimum is a lower bound where counts could not follow.
    Source: Fischetti and Salazar 2001, the full model instead of its cuts.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import block_array, diags

    may = np.flatnonzero(system.open)
    given = (system.target | system.free)[may]
    size = may.size
    columns = system.matrix[:, may]
    asked = [
        (int(target), side, float(level))
        for target in np.flatnonzero(system.target & ~system.known)
        for side, level in ((UP, system.up[target]), (DOWN, system.down[target]))
        if level > 0
    ]
    if not asked:
        return (system.target | system.free) & ~system.known
    copies = len(asked)
    sums: list[list[Any]] = []
    tops: list[list[Any]] = []
    lows: list[list[Any]] = []
    lower, upper = [np.where(given, 1.0, 0.0)], [np.ones(size)]
    for number, (target, side, level) in enumerate(asked):
        here = int(np.searchsorted(may, target))
        least = moves.own(system, target, may)
        down = np.minimum(np.maximum(system.value[may] - least, 0), 4 * level)
        up = np.minimum(system.ceiling[may] - system.value[may], 4 * level)
        low, high = -down.copy(), up.copy()
        if side == UP:
            low[here], high[here] = level, max(high[here], level)
        else:
            low[here], high[here] = min(low[here], -level), -level
        lower.append(low)
        upper.append(high)
        row: list[Any] = [None] * (copies + 1)
        row[number + 1] = columns
        sums.append(row)
        identity = diags(np.ones(size))
        top: list[Any] = [None] * (copies + 1)
        top[0], top[number + 1] = diags(-up), identity
        tops.append(top)
        bottom: list[Any] = [None] * (copies + 1)
        bottom[0], bottom[number + 1] = diags(down), identity
        lows.append(bottom)
    for row in sums:
        row[0] = columns * 0
    done = milp(
        np.concatenate([np.where(given, 0.0, system.cost[may]), np.zeros(size * copies)]),
        constraints=[
            LinearConstraint(block_array(sums), 0, 0),
            LinearConstraint(block_array(tops), -np.inf, 1e-9),
            LinearConstraint(block_array(lows), -1e-9, np.inf),
        ],
        bounds=Bounds(np.concatenate(lower), np.concatenate(upper)),
        integrality=np.concatenate([np.ones(size), np.zeros(size * copies)]),
        options={"node_limit": nodes, "mip_rel_gap": 1e-6},
    )
    if done.status != 0:
        return None
    hidden = np.zeros(system.value.size, dtype=bool)
    hidden[may] = done.x[:size] > 0.5
    return hidden
