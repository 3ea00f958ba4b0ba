"""Moves: other tables that an attacker cannot tell from the true one, as differences from it.

A move changes hidden cells only and keeps every equation. That a cell can be moved far enough up and down, while the attacker's own
figures stay possible, is the proof that it is protected; a move is checked by multiplication, whoever found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analytics.disclosure.tables import Bools, Floats, Ints, System

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: How far a sum may be off, as a share of what is moved.
CRUMB: Final = 1e-7
UP: Final = 1
DOWN: Final = -1


@dataclass(frozen=True)
class Move:
    """Variables that move, ascending, and by how much."""

    at: Ints
    by: Floats

    def times(self, factor: float) -> Move:
        """Return the move stretched or turned round."""
        return Move(self.at, self.by * factor)


def sparse(step: Floats) -> Move:
    """Return a dense step as a move, without crumbs."""
    least = CRUMB * max(float(np.abs(step).max(initial=0)), CRUMB)
    at = np.flatnonzero(np.abs(step) > least)
    by = step[at]
    near = np.round(by)
    return Move(at, np.where(np.abs(by - near) < 1e-6, near, by))


def own(system: System, target: int, at: Ints) -> Floats:
    """Return what the attacker of a cell may know to be his own in others: their values cannot be less.

    He is the second-largest account of the cell (the largest of those that want to know it) and may be the largest in
    every other one, as far as it adds up: what another cell shares with the one attacked (a cell of its own) holds no more of his than
    the attacked cell does, whatever is left of it may be all his. Nobody's identity is needed, and no single company knows more.
    For a target that is `narrow` he is not taken to know how his figure splits over the parts of the cell, nor what he owns in cells that
    cross it (a month of all districts, a quarter of one) without a published cell in common: one bound a cell lets him own more
    in the parts than in the whole, and a cell of two accounts with parts of one account each has no proof.
    """
    place, value = system.place, system.value
    known = system.top1[at].copy()
    meets = np.ones(at.size, dtype=bool)
    shared = np.empty((at.size, place.shape[1]), dtype=np.int64)
    for dimension, inside in enumerate(system.inside):
        code, codes = place[target, dimension], place[at, dimension]
        holds, held = inside[codes, code], inside[code, codes]
        shared[:, dimension] = np.where(holds, code, codes)
        meets &= holds | held
    if system.narrow[target]:
        known[crosses(system, target, at)] = 0
        # Where both share a cell that is published, the sum below says more than nothing.
        known[meets] = system.top1[at[meets]]
    for layer in system.layers:
        there = np.flatnonzero(meets & (system.layer[at] == layer))
        common = system.find(layer, shared[there])
        if system.narrow[target]:
            lone = there[common < 0]
            known[lone[crosses(system, target, at[lone])]] = 0
        there, common = there[common >= 0], common[common >= 0]
        same = target
        if layer != system.layer[target]:
            same = int(system.find(layer, place[[target]])[0])
        # Of a release that held the cell with another value, or not at all, the attacker may have been the largest in it.
        mine = system.top2[target] if same == target else system.top1[same] if same >= 0 else np.inf
        split = np.minimum(mine, 0.0 if system.narrow[target] else system.top1[common])
        part = np.where(common == same, mine, split)
        known[there] = np.minimum(known[there], value[at[there]] - value[common] + part)
    known[at == target] = system.top2[target]
    return known


def crosses(system: System, target: int, at: Ints) -> Bools:
    """Say which variables' regions have anything in common with the target's."""
    common = np.ones(at.size, dtype=bool)
    for dimension, atoms in enumerate(system.atoms):
        mine = atoms[system.place[target, dimension]]
        common &= (atoms & mine).any(axis=1)[system.place[at, dimension]]
    return common


def adds_up(system: System, move: Move, hidden: Bools) -> bool:
    """Say whether a move keeps every equation, changes hidden cells only, and keeps whole numbers whole."""
    if not move.at.size or not hidden[move.at].all():
        return False
    whole = system.whole[move.at]
    if whole.any() and np.abs(move.by[whole] - np.round(move.by[whole])).max() > 1e-6:
        return False
    step = np.zeros(hidden.size)
    step[move.at] = move.by
    return bool(np.abs(system.matrix @ step).max(initial=0) <= CRUMB * max(1.0, float(np.abs(move.by).max())))


def all_add_up(system: System, given: Sequence[Move], hidden: Bools) -> Bools:
    """Say of each of many moves what `adds_up` says, by one multiplication."""
    from scipy.sparse import csc_matrix

    if not given:
        return np.zeros(0, dtype=bool)
    at, by = np.concatenate([move.at for move in given]), np.concatenate([move.by for move in given])
    starts = np.concatenate(([0], np.cumsum([move.at.size for move in given])))
    owner = np.repeat(np.arange(len(given)), np.diff(starts))
    off = (system.matrix @ csc_matrix((by, at, starts), shape=(hidden.size, len(given)))).tocoo()
    most, wrong = np.ones(len(given)), np.zeros(len(given))
    np.maximum.at(most, owner, np.abs(by))
    np.maximum.at(wrong, off.col, np.abs(off.data))
    sound: Bools = wrong <= CRUMB * most
    broken = ~hidden[at] | (system.whole[at] & (np.abs(by - np.round(by)) > 1e-6))
    sound[owner[broken]] = False
    return sound


def stays_possible(system: System, move: Move, least: Floats) -> bool:
    """Say whether the moved values lie between `least` (one for each variable moved) and their ceilings."""
    after = system.value[move.at] + move.by
    slack = CRUMB * np.maximum(1.0, np.abs(after))
    return bool((after >= least - slack).all() and (after <= system.ceiling[move.at] + slack).all())


def proves(system: System, move: Move, target: int, side: int, least: Floats | None = None) -> bool:
    """Say whether a move, taken to keep the equations, proves one side of a cell's protection level.

    Args:
        system: All tables and releases.
        move: The move.
        target: The cell.
        side: `UP` or `DOWN`.
        least: For every variable what the attacker knows that it is not below; without it what any company may know (`own`).
    """
    at = np.flatnonzero(move.at == target)
    needed = system.up[target] if side == UP else system.down[target]
    if not at.size or side * move.by[at[0]] < needed * (1 - CRUMB):
        return False
    return stays_possible(system, move, own(system, target, move.at) if least is None else least[move.at])


def pieces(matrix: csr_matrix, move: Move) -> list[Move]:
    """Split a move into those that no equation joins; each keeps the equations by itself."""
    from analytics.disclosure.tables import components

    groups = components(matrix, move.at)
    by = dict(zip(move.at.tolist(), move.by.tolist(), strict=True))
    return [Move(group, np.array([by[at] for at in group.tolist()])) for group in groups]
