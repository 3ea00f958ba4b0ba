"""Companies by name: each account attacks a cell with exactly the figures that are its own.

`moves.own` bounds what any company may own, cell by cell, and so lets it own more in the parts of a cell than in the cell: of two accounts
with one part each it takes the attacker to own both. Where nothing can be proved against that company, which does not exist, the cell
is proved against each that does: all accounts but the cell's largest, whose figure is the secret, and who owns nothing. Who attacks knows
its own figure in every cell whose accounts are known, and in others (of earlier releases) whatever `moves.own` allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from analytics.disclosure import moves
from analytics.disclosure.moves import Move
from analytics.disclosure.tables import SAME, Bools, Floats, Ints, System, components

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix


def owned(names: pl.DataFrame, accounts: pl.DataFrame, count: int) -> csc_matrix:
    """Write down what each account owns.

    Args:
        names: The dimensions of the newest release's cells, the first variables, in their order.
        accounts: The dimensions, `account` and `amount`, a row for each account and cell; cells may be left out, their accounts may not.
        count: How many variables there are.

    Returns:
        Accounts by variables, and a last row for who owns nothing.
    """
    from scipy.sparse import csc_matrix

    keys = names.columns
    placed = accounts.with_columns(pl.col(*keys).cast(pl.String)).join(names.with_row_index("variable"), on=keys)
    who = placed["account"].rank("dense").to_numpy().astype(np.int64) - 1
    shape = (int(who.max(initial=-1)) + 2, count)
    return csc_matrix((placed["amount"].cast(pl.Float64).to_numpy(), (who, placed["variable"].to_numpy())), shape=shape)


@dataclass(frozen=True)
class Companies:
    """Who may attack one cell.

    Attributes:
        system: All tables and releases.
        target: The cell.
        owned: As `System.owned`.
        listed: Variables all of whose accounts are known.
        bound: What any company may own, for the other variables.
        attackers: Rows of `system.owned`, those who know most of the cell first.
    """

    system: System
    target: int
    owned: csc_matrix
    listed: Bools
    bound: Floats
    attackers: Ints

    @classmethod
    def of(cls, system: System, target: int, among: Ints) -> Companies | None:
        """Return the companies that may attack a cell, those that own nothing among some variables as one; nothing where they are not known."""
        held = system.owned
        if held is None:
            return None
        listed = np.abs(np.asarray(held.sum(axis=0)).ravel() - system.value) <= 1e-6 + SAME * system.value
        if not listed[target]:
            return None
        some = np.asarray(held[:, among].sum(axis=1)).ravel() > 0
        some[-1] = True
        mine = held[:, [target]].toarray().ravel()
        rivals = np.flatnonzero(some & (mine <= system.top2[target] * (1 + SAME)))
        order = np.argsort(-mine[rivals], kind="stable")
        return cls(system, target, held, listed, moves.own(system, target, np.arange(listed.size)), rivals[order])

    def least(self, attacker: int) -> Floats:
        """Return for every variable what an attacker knows that it is not below."""
        mine: Floats = self.owned[[attacker]].toarray().ravel()
        return np.where(self.listed, mine, self.bound)

    def withstood(self, attackers: Ints, found: Iterable[tuple[int, Move]]) -> Bools:
        """Say which attackers the moves withstand that protect the cell on every side.

        Args:
            attackers: Rows of `system.owned`.
            found: Sides and moves; these are taken to keep the equations.
        """
        system, target = self.system, self.target
        sides = {side: level for side, level in ((moves.UP, system.up[target]), (moves.DOWN, system.down[target])) if level > 0}
        done = {side: np.zeros(attackers.size, dtype=bool) for side in sides}
        for side, move in found:
            here = np.flatnonzero(move.at == target)
            if side not in sides or not here.size or side * move.by[here[0]] < sides[side] * (1 - moves.CRUMB):
                continue
            after = system.value[move.at] + move.by
            slack = moves.CRUMB * np.maximum(1.0, np.abs(after))
            if (after > system.ceiling[move.at] + slack).any() or (after < -slack).any():
                continue
            least = self.owned[:, move.at].toarray()[attackers]
            least = np.where(self.listed[move.at], least, self.bound[move.at])
            done[side] |= (after >= least - slack).all(axis=1)
        every = np.ones(attackers.size, dtype=bool)
        for each in done.values():
            every &= each
        return every


def settled(system: System, names: pl.DataFrame, ledger: pl.DataFrame) -> Bools:
    """Say which targets an earlier release has proved by name, where nothing that could tell more has come since.

    The accounts of a year that is over are not kept, so its proofs cannot be made again. They stand as long as every equation
    with a withheld cell that equations join to the target is of cells of that release: what it showed and withheld is for ever.

    Args:
        system: All tables and releases.
        names: The dimensions of the newest release's cells, the first variables, in their order.
        ledger: The ledger of the release before.
    """
    found = np.zeros(system.value.size, dtype=bool)
    if "by_name" not in ledger.columns or not ledger["by_name"].any():
        return found
    keys = names.columns
    before = names.join(ledger.select(*keys, "total", "by_name"), on=keys, how="left", maintain_order="left")
    value = system.value[: names.height]
    old = np.zeros(system.value.size, dtype=bool)
    old[: names.height] = np.abs(before["total"].fill_null(np.nan).to_numpy() - value) <= SAME * (1 + value)
    proved = np.zeros(system.value.size, dtype=bool)
    proved[: names.height] = before["by_name"].fill_null(value=False).to_numpy()
    for group in components(system.matrix, np.flatnonzero(old & ~system.known)):
        if proved[group].any():
            rows = np.flatnonzero(np.diff(system.matrix[:, group].indptr))
            if old[system.matrix[rows].indices].all():
                found[group] = proved[group]
    return found
