"""Hypercubes through a cell, over hierarchies and linked tables, priced all at once.

In one dimension the smallest moves swap two smallest codes (one gains what the other loses, and every code that holds just one of them
goes along) or raise one (every code that holds it goes along). The product of one such move a dimension keeps every equation of every table,
because an equation runs along one dimension. So the moves through a cell are a grid, and the price of all of them (what more must be hidden)
is the tensor of cell prices multiplied by one small matrix a dimension. Idea: the hypercube method (Repsilber; Giessing), here with
margins, to-date codes and linked tables in the same grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from analytics.disclosure import moves
from analytics.disclosure.moves import DOWN, UP, Move
from analytics.disclosure.tables import Bools, Floats, Ints, System

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Price of a cell that a move must not touch.
NEVER: Final = 1e9
#: At most so many choices a dimension: wholes of many smallest codes could stand for any of them.
CHOICES: Final = 500

Grid = npt.NDArray[np.float64]


class Cubes:
    """The grid of one system."""

    def __init__(self, system: System) -> None:
        self.system = system
        used = [np.unique(system.place[:, dimension]) for dimension in range(system.place.shape[1])]
        #: Inclusion of smallest codes in the codes that occur, a matrix a dimension.
        self.lifts: list[Grid] = []
        self.shape = tuple(codes.size for codes in used)
        places = []
        for dimension, codes in enumerate(used):
            lift = system.atoms[dimension][codes].astype(float)
            self.lifts.append(lift[:, lift.any(axis=0)])
            places.append(np.searchsorted(codes, system.place[:, dimension]))
        self.places: list[Ints] = places
        self.flat = np.ravel_multi_index(places, self.shape) if places else np.zeros(0, dtype=np.int64)
        self.rows = [self._choices(dimension) for dimension in range(len(self.shape))]

    def _choices(self, dimension: int) -> list[tuple[Grid, csr_matrix, csr_matrix]]:
        """Return for each code the moves of one dimension through it, as rows over the codes, without those that come to the same: plain, sparse, without signs."""
        lift = self.lifts[dimension]
        from scipy.sparse import csr_matrix

        found = []
        for code in range(lift.shape[0]):
            inside = np.flatnonzero(lift[code])
            outside = np.flatnonzero(lift[code] == 0)
            raised = lift[:, inside].T
            swapped = (lift[:, inside].T[:, None, :] - lift[:, outside].T[None, :, :]).reshape(-1, lift.shape[0])
            rows = np.unique(np.concatenate([raised, swapped]), axis=0)[:CHOICES]
            found.append((rows, csr_matrix(rows), csr_matrix(np.abs(rows))))
        return found

    def _tensor(self, price: Floats) -> Grid:
        tensor = np.zeros(int(np.prod(self.shape)))
        np.add.at(tensor, self.flat, price)
        return tensor.reshape(self.shape)

    def _sum(self, tensor: Grid, rows: list[csr_matrix]) -> Grid:
        """Multiply each dimension by its rows: the dimension in front goes to the end as choices, until all are choices."""
        for matrix in rows:
            tensor = (matrix @ tensor.reshape(matrix.shape[1], -1)).T
        return tensor.reshape([matrix.shape[0] for matrix in rows])

    def cheapest(self, target: int, price: Floats, never_up: Bools, never_down: Bools) -> tuple[float, Move] | None:
        """Return the price and the unit move (+1 in the target) of the cheapest cube that moves no cell where it must not go.

        Args:
            target: The variable to protect.
            price: What it costs to have a variable move; nothing where it is hidden already.
            never_up: Variables that must not gain.
            never_down: Variables that must not lose.
        """
        rows = [self.rows[dimension][self.places[dimension][target]] for dimension in range(len(self.shape))]
        both = price + NEVER / 2 * (never_up.astype(float) + never_down)
        total = self._sum(self._tensor(both), [absolute for _, _, absolute in rows])
        differ = never_up != never_down
        if differ.any():
            signed = NEVER / 2 * (never_up.astype(float) - never_down)
            total = total + self._sum(self._tensor(signed), [signs for _, signs, _ in rows])
        best = np.unravel_index(int(np.argmin(total)), total.shape)
        if total[best] >= NEVER / 4:
            return None
        step = np.ones(self.flat.size)
        for dimension, choice in enumerate(best):
            step *= rows[dimension][0][choice][self.places[dimension]]
        return float(total[best]), moves.sparse(step)

    def protect(
        self, target: int, levels: tuple[float, float], price: Floats, banned: Bools, least: Floats | None = None
    ) -> list[tuple[int, Move]] | None:
        """Return for each side that needs it the cheapest cube that protects the cell there, the same turned round where that is no dearer.

        Args:
            target: The variable to protect.
            levels: How far up and down.
            price: As in `cheapest`.
            banned: Variables that must not move at all.
            least: As in `moves.proves`.
        """
        system = self.system
        if least is None:
            least = moves.own(system, target, np.arange(self.flat.size))
        room_down = system.value - least
        room_up = system.ceiling - system.value
        wanted = [(side, level) for side, level in zip((UP, DOWN), levels, strict=True) if level > 0]
        both = self._either(target, wanted, price, banned, (room_up, room_down)) if len(wanted) == 2 else None
        if both is not None and both[0] <= 0:
            return both[1]
        found: list[tuple[int, Move]] = []
        total = 0.0
        spent = price.copy()
        for side, level in wanted:
            short_up, short_down = banned | (room_up < level), banned | (room_down < level)
            turned = (short_up, short_down) if side == UP else (short_down, short_up)
            best = self.cheapest(target, spent, *turned)
            if best is None:
                return both[1] if both else None
            total += best[0]
            spent[best[1].at] = 0
            found.append((side, best[1].times(side * level)))
        return both[1] if both is not None and both[0] <= total else found

    def _either(
        self, target: int, wanted: list[tuple[int, float]], price: Floats, banned: Bools, room: tuple[Floats, Floats]
    ) -> tuple[float, list[tuple[int, Move]]] | None:
        """Return the cheapest cube that may be turned either way."""
        level = max(level for _, level in wanted)
        stiff = banned | (room[0] < level) | (room[1] < level)
        # The cell itself need only move as far as its own levels say.
        stiff[target] = banned[target] or room[0][target] < wanted[0][1] or room[1][target] < wanted[1][1]
        best = self.cheapest(target, price, stiff, stiff)
        return None if best is None else (best[0], [(side, best[1].times(side * size)) for side, size in wanted])
