"""Complementary suppression: which further cells must be hidden, so that no sum gives a primary cell away.

Cells are protected one after the other, those with the widest level first. Each takes the cheapest move through it: of hypercubes
(`cubes`), and in small systems or where no cube fits of a linear program over all cells, whose prices are adjusted to what it hides whole
(a cell is hidden or it is not). What others hid is free. Afterwards each complementary cell is opened again, the dearest first, if
every primary cell that leaned on it finds a move without it. Small systems are run in two orders and the cheaper result is kept.

Sources: Kelly, Golden and Assad 1992 (a linear program a cell, sequentially); Giessing (hypercubes); Fischetti and Salazar 2001 (the
attacker and the exact optimum, which `exact` computes for tests).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analytics.disclosure import moves
from analytics.disclosure.companies import Companies
from analytics.disclosure.cubes import Cubes
from analytics.disclosure.moves import DOWN, UP, Move
from analytics.disclosure.tables import Bools, Floats, Ints, System, components

#: Systems of at most so many cells that may be hidden are searched by linear programs too, in several orders.
SMALL: Final = 80
#: Larger systems have at most so many linear programs.
PROGRAMS: Final = 300


@dataclass
class Pattern:
    """Which variables are hidden, and for each target and side the move that protects it (none where nothing could).

    `named` holds for targets that are proved by name the sides and moves which together withstand every company.
    """

    hidden: Bools
    proofs: dict[tuple[int, int], Move] = field(default_factory=dict)
    named: dict[int, list[tuple[int, Move]]] = field(default_factory=dict)
    narrow: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def choose(system: System) -> Pattern:
    """Choose the cells to hide; targets that nothing protects against any company become `by_name` or `narrow` in the system.

    Returns:
        The pattern over all variables; `failed` are targets that nothing protects, because earlier releases show too much.
    """
    pattern = Pattern(system.target | system.free)
    pattern.hidden &= ~system.known
    for open_group in components(system.matrix, np.flatnonzero(system.open | system.known)):
        # Zeros beside them belong to the equations, though they never move.
        group = np.unique(system.matrix[np.flatnonzero(abs(system.matrix[:, open_group]).sum(axis=1))].indices).astype(np.int64)
        group = np.union1d(group, open_group)
        part = system.part(group)
        if not ((part.target & ~part.known) | part.kept).any():
            continue
        found = _Search(part).best()
        pattern.hidden[group] |= found.hidden
        system.narrow[group] |= part.narrow
        system.by_name[group] |= part.by_name
        pattern.failed += group[found.failed].tolist()
        pattern.proofs |= {(int(group[at]), side): Move(group[move.at], move.by) for (at, side), move in found.proofs.items()}
        for at, named in found.named.items():
            pattern.named[int(group[at])] = [(side, Move(group[move.at], move.by)) for side, move in named]
    return pattern


class _Search:
    """The search in one system that no equation joins to others."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.cubes = Cubes(system)
        self.small = int(system.open.sum()) <= SMALL
        self.left = PROGRAMS
        self.targets = np.flatnonzero(system.target & ~system.known)

    def best(self) -> Pattern:
        """Return the cheapest of the patterns that different orders give."""
        level = np.maximum(self.system.up, self.system.down)[self.targets]
        best = self.run(self.targets[np.argsort(-level, kind="stable")].tolist())
        if self.small and self.targets.size > 1 and self.loss(best) > 0:
            other = self.run(self.targets[np.argsort(level, kind="stable")].tolist())
            best = min(best, other, key=lambda pattern: (len(pattern.failed), self.loss(pattern)))
        self._flag(best)
        return best

    def _flag(self, pattern: Pattern) -> None:
        self.system.narrow[self.targets] = self.system.by_name[self.targets] = False
        self.system.narrow[pattern.narrow], self.system.by_name[list(pattern.named)] = True, True

    def loss(self, pattern: Pattern) -> float:
        """Return what a pattern hides beside the targets."""
        return float(self.system.cost[pattern.hidden & ~self.system.target & ~self.system.free].sum())

    def run(self, order: Sequence[int]) -> Pattern:
        """Protect the targets in an order, then open what is not needed."""
        system = self.system
        pattern = Pattern((system.target | system.free) & ~system.known)
        banned = ~system.open
        self._flag(pattern)
        for target in order:
            found = self.protect(target, pattern.hidden, banned)
            if found is None and (found := self.by_name(target, pattern.hidden, banned)) is not None:
                pattern.named[target] = found
                pattern.hidden[np.concatenate([move.at for _, move in found])] = True
                continue
            if found is None and Companies.of(system, target, self.targets) is not None:
                # The audit lets every company try: nothing weaker may do where the accounts are known.
                pattern.named[target] = []
                pattern.failed.append(target)
                continue
            if found is None:
                system.narrow[target] = True
                pattern.narrow.append(target)
                found = self.protect(target, pattern.hidden, banned)
            if found is None:
                pattern.failed.append(target)
                continue
            for side, move in found:
                pattern.proofs[target, side] = move
                pattern.hidden[move.at] = True
        self.reopen(pattern, banned)
        self.keep(pattern, banned)
        return pattern

    def keep(self, pattern: Pattern, banned: Bools) -> None:
        """See to it that what an earlier release withheld is not told exactly by what this one shows, though it is nobody's secret."""
        nothing = np.zeros(banned.size)
        moved = np.zeros(banned.size, dtype=bool)
        for move in (*pattern.proofs.values(), *(move for found in pattern.named.values() for _, move in found)):
            moved[move.at] = True
        for cell in np.flatnonzero(self.system.kept & ~self.system.target).tolist():
            found = None if moved[cell] else self.protect(cell, pattern.hidden, banned, nothing)
            for side, move in found or ():
                pattern.proofs[cell, side] = move
                pattern.hidden[move.at] = moved[move.at] = True

    def levels(self, target: int) -> tuple[float, float]:
        """Return how far a cell must move up and down."""
        if not self.system.target[target]:
            return (1.0 if self.system.whole[target] else 0.01 * float(self.system.value[target]), 0.0)
        return float(self.system.up[target]), float(self.system.down[target])

    def by_name(self, target: int, hidden: Bools, banned: Bools) -> list[tuple[int, Move]] | None:
        """Return moves of which each company by name is withstood by some, or nothing where accounts are not known or too much is."""
        companies = Companies.of(self.system, target, np.flatnonzero(self.system.open))
        if companies is None:
            return None
        there, found = hidden.copy(), list[tuple[int, Move]]()
        left = companies.attackers
        while left.size:
            # Few cells are proved by name, and each company may need a move that no cube is.
            self.left = max(self.left, 1)
            more = self.protect(target, there, banned, companies.least(left[0]))
            if more is None:
                return None
            found += more
            for _, move in more:
                there[move.at] = True
            left = left[1:][~companies.withstood(left[1:], more)]
        return found

    def protect(self, target: int, hidden: Bools, banned: Bools, least: Floats | None = None) -> list[tuple[int, Move]] | None:
        """Return the cheapest moves that protect a target, hiding more where it must be."""
        price = np.where(hidden, 0.0, self.system.cost)
        cube = self._checked(target, self.cubes.protect(target, self.levels(target), price, banned, least), least)
        if cube is not None and (not self.small or self.price(cube, price) == 0):
            return cube
        if not self.small:
            if self.left <= 0:
                return self.raised(target, banned, least)
            self.left -= 1
        path = self._checked(target, self.program(target, price, banned, least), least)
        both = [found for found in (cube, path) if found is not None]
        return min(both, key=lambda found: self.price(found, price)) if both else None

    def price(self, found: Sequence[tuple[int, Move]], price: Floats) -> float:
        """Return what the cells cost that moves would hide."""
        touched = np.unique(np.concatenate([move.at for _, move in found]))
        return float(price[touched].sum())

    def _checked(self, target: int, found: list[tuple[int, Move]] | None, least: Floats | None = None) -> list[tuple[int, Move]] | None:
        """Return moves only if they are proofs."""
        everything = self.system.open
        if found is None:
            return None
        sound = all(
            moves.adds_up(self.system, move, everything) and moves.proves(self.system, move, target, side, least) for side, move in found
        )
        return found if sound else None

    def raised(self, target: int, banned: Bools, least: Floats | None = None) -> list[tuple[int, Move]] | None:
        """Return the move that needs no search: the cell and every whole that holds it."""
        holds = np.ones(banned.size, dtype=bool)
        for dimension, inside in enumerate(self.system.inside):
            holds &= inside[self.system.place[:, dimension], self.system.place[target, dimension]]
        at = np.flatnonzero(holds)
        if banned[at].any():
            return None
        sides = [(side, level) for side, level in zip((UP, DOWN), self.levels(target), strict=True) if level > 0]
        return self._checked(target, [(side, Move(at, np.full(at.size, side * level))) for side, level in sides], least)

    def program(
        self, target: int, price: Floats, banned: Bools, known: Floats | None = None, rounds: int = 3
    ) -> list[tuple[int, Move]] | None:
        """Return moves found by linear programs over all cells that may be hidden, or nothing where there are none."""
        at = np.flatnonzero(~banned)
        least = moves.own(self.system, target, at) if known is None else known[at]
        found: list[tuple[int, Move]] = []
        spent = price.copy()
        for side, level in zip((UP, DOWN), self.levels(target), strict=True):
            if level <= 0:
                continue
            turned = found[0][1].times(-level / float(np.abs(found[0][1].by[found[0][1].at == target])[0])) if found else None
            if turned is not None and self._checked(target, [(side, turned)], known):
                found.append((side, turned))
                continue
            move = self._path(target, side * level, at, least, spent, rounds)
            if move is None:
                return None
            spent[move.at] = 0
            found.append((side, move))
        return found

    def _path(self, target: int, by: float, at: Ints, least: Floats, price: Floats, rounds: int) -> Move | None:
        """Return a cheap move of one cell by so much: prices a unit, lowered where the last round moved much (Kelly; reweighting)."""
        from scipy.optimize import linprog
        from scipy.sparse import hstack

        system = self.system
        columns = system.matrix[:, at]
        matrix: Any = hstack([columns, -columns]).tocsr()
        matrix = matrix[np.flatnonzero(np.diff(matrix.indptr))]
        here = int(np.searchsorted(at, target))
        more, less = system.ceiling[at] - system.value[at], np.maximum(system.value[at] - least, 0)
        if (by > 0 and by > more[here] + 1e-9) or (by < 0 and -by > less[here] + 1e-9):
            return None
        more[here], less[here] = max(by, 0), max(-by, 0)
        lower = np.zeros(2 * at.size)
        lower[here], lower[at.size + here] = more[here], less[here]
        bounds = np.column_stack([lower, np.concatenate([more, less])])
        unit = price[at] / abs(by)
        best: tuple[float, Move] | None = None
        for _ in range(rounds if self.small else 1):
            aim = np.concatenate([unit, unit]) + 1e-6 / abs(by)
            done = linprog(aim, A_eq=matrix, b_eq=np.zeros(matrix.shape[0]), bounds=bounds, method="highs")
            if done.status != 0:
                return None
            step = done.x[: at.size] - done.x[at.size :]
            found = moves.sparse(step)
            move = Move(at[found.at], found.by)
            if system.whole[move.at].any() and np.abs(move.by - np.round(move.by)).max() > 1e-6:
                return best[1] if best else self._whole(target, by, at, least, price)
            cost = float(price[move.at].sum())
            if best is None or cost < best[0] - 1e-9:
                best = (cost, move)
            unit = price[at] / (np.abs(step) + 0.05 * abs(by))
        return best[1] if best else None

    def _whole(self, target: int, by: float, at: Ints, least: Floats, price: Floats) -> Move | None:
        """Return a move in whole numbers where the linear program gave fractions."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import hstack

        system = self.system
        columns = system.matrix[:, at]
        here = int(np.searchsorted(at, target))
        more, less = system.ceiling[at] - system.value[at], np.maximum(system.value[at] - least, 0)
        more[here], less[here] = max(by, 0), max(-by, 0)
        lower = np.zeros(2 * at.size)
        lower[here], lower[at.size + here] = more[here], less[here]
        unit = (price[at] + 1e-6) / abs(by)
        done = milp(
            np.concatenate([unit, unit]),
            constraints=LinearConstraint(hstack([columns, -columns]), 0, 0),
            bounds=Bounds(lower, np.concatenate([more, less])),
            integrality=np.tile(system.whole[at].astype(int), 2),
            options={"node_limit": 1000},
        )
        if done.x is None:
            return None
        found = moves.sparse(done.x[: at.size] - done.x[at.size :])
        return Move(at[found.at], found.by)

    def reopen(self, pattern: Pattern, banned: Bools) -> None:
        """Open complementary cells that nobody needs, and those whose users find another way, the dearest first."""
        system = self.system
        users: dict[int, set[int]] = {}
        used = [(target, move) for (target, _), move in pattern.proofs.items()]
        used += [(target, move) for target, found in pattern.named.items() for _, move in found]
        for target, move in used:
            for at in move.at.tolist():
                users.setdefault(at, set()).add(target)
        extra = np.flatnonzero(pattern.hidden & ~system.target & ~system.free)
        for cell in extra[np.argsort(-system.cost[extra], kind="stable")].tolist():
            closed = banned | ~pattern.hidden
            closed[cell] = True
            moved = self._without(sorted(users.get(cell, ())), closed, set(pattern.named))
            if moved is None:
                continue
            pattern.hidden[cell] = False
            for target, found in moved.items():
                for side, move in found:
                    for at in move.at.tolist():
                        users.setdefault(at, set()).add(target)
                    if target not in pattern.named:
                        pattern.proofs[target, side] = move
                if target in pattern.named:
                    pattern.named[target] = found
            users.pop(cell, None)

    def _without(self, targets: Sequence[int], closed: Bools, named: set[int]) -> dict[int, list[tuple[int, Move]]] | None:
        """Return other moves for all targets that touch nothing closed, or nothing where one has none."""
        nothing = np.zeros(closed.size)
        moved = {}
        for target in targets:
            if target in named:
                found = self.by_name(target, ~closed, closed)
            else:
                found = self._checked(target, self.cubes.protect(target, self.levels(target), nothing, closed))
                if found is None and self.small:
                    found = self._checked(target, self.program(target, nothing, closed, rounds=1))
            if found is None:
                return None
            moved[target] = found
        return moved
