"""The attacker: how narrowly can each hidden cell be told from all that was ever shown?

Knows: every shown cell and margin of this release and of earlier ones, exactly (rounding, which can only widen the intervals, is not
relied on), that figures are not negative, that counts are whole, that a numerator is within its denominator, and the own figures of one
company (`moves.own`). Who owns nothing attacks complementary cells: those are nobody's secret, but must not be told exactly.

Every hidden cell gets an interval. Most need no linear program of their own: a move that was found for one cell, or handed over by who
chose the cells to hide, proves others too, and it is checked here by multiplication before it counts. What is left is attacked by linear
programs over the hidden cells that equations join, and by integer programs where fractions alone would prove a count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from analytics.disclosure import moves
from analytics.disclosure.companies import Companies
from analytics.disclosure.moves import DOWN, UP, Move
from analytics.disclosure.tables import Bools, Floats, Ints, System, components

#: A complementary cell that moves less than this share of itself counts as told exactly (counts: less than one).
EXACTLY: Final = 1e-4
SIDES: Final = (UP, DOWN)
#: For targets that are proved by name, the sides and moves to try first.
Named = Mapping[int, Sequence[tuple[int, Move]]]


@dataclass
class Attack:
    """What is known of each hidden cell's interval: how far it surely reaches, and whether that is its very end."""

    system: System
    hidden: Bools
    reach: dict[int, Floats] = field(default_factory=dict)
    end: dict[int, Bools] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side in SIDES:
            self.reach[side] = np.zeros(self.hidden.size)
            self.end[side] = np.zeros(self.hidden.size, dtype=bool)

    def needed(self, side: int) -> Floats:
        """Return how far the interval of each variable must reach to one side."""
        return self.system.up if side == UP else self.system.down

    def wants(self, side: int) -> Bools:
        """Return which targets are not proved yet on one side."""
        return self.hidden & self.fails(side) & ~self.end[side]

    def loose(self) -> Bools:
        """Return which hidden cells without a level are not yet known to be free to move."""
        return self.hidden & ~self.system.target & (~self.system.free | self.system.kept) & self.told() & ~(self.end[UP] & self.end[DOWN])

    def fails(self, side: int) -> Bools:
        """Return which targets one side falls short of, proved to the end or not."""
        return self.reach[side] < self.needed(side) * (1 - moves.CRUMB)

    def told(self) -> Bools:
        """Return which cells without a level do not move, so that they can be told exactly."""
        free = np.where(self.system.whole, 1.0, EXACTLY * self.system.value)
        return self.reach[UP] + self.reach[DOWN] < free * (1 - moves.CRUMB)

    def learn(self, move: Move, *, checked: bool = False) -> None:
        """Take from a move all that it proves, stretched and turned round for each cell in it."""
        if not checked and not moves.adds_up(self.system, move, self.hidden):
            return
        for number, target in enumerate(move.at.tolist()):
            if self.system.target[target]:
                for side in SIDES:
                    self._for_target(move, number, target, side)
        least = np.zeros(move.at.size)
        for turned in (move, move.times(-1)):
            if moves.stays_possible(self.system, turned, least):
                for side in SIDES:
                    plain = ~self.system.target[turned.at] & (side * turned.by > 0)
                    at = turned.at[plain]
                    self.reach[side][at] = np.maximum(self.reach[side][at], side * turned.by[plain])

    def _for_target(self, move: Move, number: int, target: int, side: int) -> None:
        needed = self.needed(side)[target]
        if needed <= 0 or self.reach[side][target] >= needed * (1 - moves.CRUMB):
            return
        for factor in {1.0, -1.0, side * needed / move.by[number]}:
            turned = move.times(factor)
            whole = self.system.whole[move.at]
            broken = whole.any() and np.abs(turned.by[whole] - np.round(turned.by[whole])).max() > 1e-6
            if not broken and moves.proves(self.system, turned, target, side):
                self.reach[side][target] = max(self.reach[side][target], side * float(turned.by[number]))


def audit(system: System, hidden: Bools, proofs: Iterable[Move] = (), named: Named | None = None, *, exact: bool = False) -> Attack:
    """Attack every hidden cell.

    Args:
        system: All tables and releases (`tables.system`).
        hidden: Which variables nobody was shown.
        proofs: Moves to try first; a wrong one proves nothing.
        named: The same for targets that each company attacks by name.
        exact: Find the very ends of all intervals, by two linear programs a cell, instead of stopping where the level is proved.

    Returns:
        For each variable how far its interval reaches up and down from the true value; `end` where it does not reach further.
    """
    attack = Attack(system, hidden & ~system.known)
    bare = system.known & system.target
    by_name = system.by_name & ~bare
    for side in SIDES:
        # The latter are attacked on their own.
        attack.end[side] |= bare | by_name
    if not exact:
        given = list(proofs)
        for move, sound in zip(given, moves.all_add_up(system, given, attack.hidden).tolist(), strict=True):
            if sound:
                attack.learn(move, checked=True)
    for group in components(system.matrix, np.flatnonzero(attack.hidden)):
        _group(attack, group, named or {}, exact=exact)
    return attack


def _group(attack: Attack, group: Ints, named: Named, *, exact: bool) -> None:
    matrix = attack.system.matrix[:, group]
    problem = _Problem(attack, group, matrix[np.flatnonzero(np.diff(matrix.indptr))])
    if not exact:
        _many_at_once(attack, group, problem)
    for target in group.tolist():
        if attack.system.by_name[target]:
            _each(attack, target, problem, named.get(target, ()), exact=exact)
            continue
        for side in SIDES:
            if exact or attack.loose()[target] or attack.wants(side)[target]:
                problem.alone(target, side)


def _each(attack: Attack, target: int, problem: _Problem, given: Sequence[tuple[int, Move]], *, exact: bool) -> None:
    """Attack a cell as each company by name: its interval is the narrowest that any of them finds."""
    companies = Companies.of(attack.system, target, problem.group)
    if companies is None:
        return
    sound = moves.all_add_up(attack.system, [move for _, move in given], attack.hidden)
    proved = [] if exact else [found for found, fine in zip(given, sound.tolist(), strict=True) if fine]
    # Whoever owns nothing comes first: what even he tells need not be attacked by the others.
    left = np.roll(companies.attackers, 1)
    left = left[~companies.withstood(left, proved)]
    narrowest = {side: np.inf if left.size == companies.attackers.size else float(attack.needed(side)[target]) for side in SIDES}
    while left.size:
        least, found = companies.least(int(left[0]))[problem.group], list[tuple[int, Move]]()
        for side in SIDES:
            reach, move = problem.end(target, side, least)
            narrowest[side] = min(narrowest[side], reach)
            found += [(side, move)] if move is not None else []
        # One who tells it is enough; those who know most of it come next.
        if not exact and any(narrowest[side] < attack.needed(side)[target] * (1 - moves.CRUMB) for side in SIDES):
            break
        left = left[1:] if exact else left[1:][~companies.withstood(left[1:], found)]
    for side in SIDES:
        attack.reach[side][target] = narrowest[side]


def _many_at_once(attack: Attack, group: Ints, problem: _Problem) -> None:
    """Prove what programs over many cells at once can prove."""
    nothing = np.zeros(attack.hidden.size)
    left = group.size + 1
    while (loose := int(attack.loose()[group].sum())) and loose < left:
        left = loose
        for side in SIDES:
            problem.together(np.flatnonzero(attack.loose()[group]), side, nothing)
    for side in SIDES:
        wanted = np.flatnonzero(attack.wants(side)[group])
        if wanted.size > 3:
            problem.together(wanted, side, attack.system.top1)


class _Problem:
    """The linear programs of one group of hidden cells."""

    def __init__(self, attack: Attack, group: Ints, matrix: Any) -> None:
        self.attack, self.group, self.matrix = attack, group, matrix
        system = attack.system
        self.value = system.value[group]
        self.room = system.ceiling[group] - self.value

    def together(self, wanted: Ints, side: int, least: Floats) -> None:
        """Move as many wanted cells at once as one linear program can, and learn from each piece of what it finds."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_matrix, eye, hstack, vstack

        attack, system, group = self.attack, self.attack.system, self.group
        if not wanted.size:
            return
        size, count = group.size, wanted.size
        plain = np.where(system.whole[group], 1.0, 0.01 * self.value)
        level = attack.needed(side)[group]
        level = np.where(system.target[group], level, plain)[wanted]
        lower = least[group].copy()
        if side == DOWN:
            lower[wanted] = np.minimum(lower[wanted], system.top2[group][wanted])
        pick = csr_matrix((np.ones(count), (np.arange(count), wanted)), shape=(count, size))
        done = linprog(
            np.concatenate([np.zeros(size), -np.ones(count)]),
            A_ub=hstack([-side * pick, eye(count)]),
            b_ub=np.zeros(count),
            A_eq=vstack([hstack([self.matrix, csr_matrix((self.matrix.shape[0], count))])]),
            b_eq=np.zeros(self.matrix.shape[0]),
            bounds=np.column_stack(
                [np.concatenate([np.minimum(lower - self.value, 0), np.zeros(count)]), np.concatenate([self.room, np.maximum(level, 0)])]
            ),
            method="highs",
        )
        if done.status == 0:
            found = moves.sparse(done.x[:size])
            whole = Move(group[found.at], found.by)
            attack.learn(whole)
            for piece in moves.pieces(system.matrix, whole):
                attack.learn(piece)

    def alone(self, target: int, side: int) -> None:
        """Find the end of one side of one cell's interval."""
        attack = self.attack
        secret = bool(attack.system.target[target])
        least = moves.own(attack.system, target, self.group) if secret else np.zeros(self.group.size)
        attack.reach[side][target], attack.end[side][target] = max(self.end(target, side, least)[0], attack.reach[side][target]), True

    def end(self, target: int, side: int, least: Floats) -> tuple[float, Move | None]:
        """Return how far one side of a cell's interval reaches for who knows what the group's variables are at least, and by which move."""
        from scipy.optimize import linprog

        attack, system, group = self.attack, self.attack.system, self.group
        at = int(np.searchsorted(group, target))
        bounds = np.column_stack([np.minimum(least - self.value, 0), self.room])
        aim = np.zeros(group.size)
        aim[at] = -side
        done = linprog(aim, A_eq=self.matrix, b_eq=np.zeros(self.matrix.shape[0]), bounds=bounds, method="highs")
        if done.status in (3, 4):
            return float(np.inf), None
        reach = -float(done.fun)
        found = moves.sparse(done.x)
        if system.whole[group].any():
            return self._whole(Move(group[found.at], found.by), target, side, bounds, reach)
        move = Move(group[found.at], found.by)
        attack.learn(move)
        return reach, move

    def _whole(self, move: Move, target: int, side: int, bounds: Any, reach: float) -> tuple[float, Move | None]:
        """Return how far whole numbers reach: fractions may reach further than counts can."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        system, group = self.attack.system, self.group
        whole = system.whole[move.at]
        if np.abs(move.by[whole] - np.round(move.by[whole])).max(initial=0) <= 1e-6:
            self.attack.learn(move)
            return reach, move
        if system.target[target] and reach < self.attack.needed(side)[target] * (1 - moves.CRUMB):
            return reach, None
        aim = np.zeros(group.size)
        aim[int(np.searchsorted(group, target))] = -side
        limits = LinearConstraint(self.matrix, 0, 0)
        done = milp(
            aim, constraints=limits, bounds=Bounds(*bounds.T), integrality=system.whole[group].astype(int), options={"node_limit": 2000}
        )
        if done.x is None:
            return 0.0, None
        found = moves.sparse(done.x)
        further = Move(group[found.at], found.by)
        self.attack.learn(further)
        return -float(done.fun), further


def report(attack: Attack, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the audit as a frame.

    Args:
        attack: What `audit` found.
        keys: The names of the variables, in their order.

    Returns:
        A row a hidden variable: its dimensions, `layer` (0: this release), `primary`, `lower` and `upper` (the attacker's interval is at
        least this wide; infinite where nothing bounds it), `width`, `needed` (the level of both sides together, for a complementary cell
        the least that counts as not told), `narrow` (proved against an attacker who does not know how his figure splits over the cell's
        parts), `by_name` (proved against each company by name), `exact` (the interval ends there), `ok`.
    """
    system = attack.system
    target, hidden = system.target, attack.hidden | (system.known & system.target)
    least = np.where(system.whole, 1.0, EXACTLY * system.value)
    needed = np.where(target, system.up + system.down, least)
    fine = np.where(target, ~attack.fails(UP) & ~attack.fails(DOWN), ~attack.told())
    frame = keys.with_columns(
        layer=pl.Series(system.layer),
        primary=pl.Series(target),
        lower=pl.Series(np.maximum(system.value - attack.reach[DOWN], 0)),
        upper=pl.Series(system.value + attack.reach[UP]),
        needed=pl.Series(needed),
        narrow=pl.Series(system.narrow),
        by_name=pl.Series(system.by_name),
        exact=pl.Series(attack.end[UP] & attack.end[DOWN] & ~system.by_name),
        ok=pl.Series(fine),
        hidden=pl.Series(hidden & ~(system.free & ~target & ~system.kept)),
    )
    return frame.filter("hidden").drop("hidden").with_columns(width=pl.col("upper") - pl.col("lower"))
