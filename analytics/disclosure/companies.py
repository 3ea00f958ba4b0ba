"""Companies by name: each account attacks a cell with exactly the figures that are its own.

`moves.own` bounds what any company may own, cell by cell, and so lets it own more in the parts of a cell than in the cell: of two accounts
with one part each it takes the attacker to own both. Where nothing can be proved against that company, which does not exist, the cell
is proved against each that does: all accounts but the cell's largest, whose figure is the secret, and who owns nothing. Who attacks knows
its own figure in every cell whose accounts are known, and in others (of earlier releases) whatever `moves.own` allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from analytics.disclosure import moves
from analytics.disclosure.moves import Move
from analytics.disclosure.tables import SAME, Bools, Floats, Ints, System

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix


def known(accounts: pl.DataFrame | None, ledger: pl.DataFrame | None, cells: pl.DataFrame) -> pl.DataFrame | None:
    """Return what each account owns in each cell: as given, but as it was for what the release before withheld and is the same since.

    Args:
        accounts: The dimensions, `account` and `amount`, or nothing.
        ledger: The ledger of the release before, with `accounts` of what it withheld, or nothing.
        cells: The dimensions and `total` of the cells to come.
    """
    if ledger is None or "accounts" not in ledger.columns:
        return accounts
    keys = [name for name in cells.columns if name != "total"]
    same = ledger.filter(pl.col("accounts").list.len() > 0).join(cells.rename({"total": "now"}), on=keys)
    same = same.filter((pl.col("total") - pl.col("now")).abs() <= SAME * (1 + pl.col("now")))
    held = same.select(*keys, "accounts").explode("accounts").unnest("accounts")
    if accounts is None:
        return held if held.height else None
    given = accounts.select(pl.col(*keys, "account").cast(pl.String), pl.col("amount").cast(pl.Float64))
    return pl.concat([held, given.join(held, on=keys, how="anti")])


def kept(withheld: pl.DataFrame, accounts: pl.DataFrame | None, keys: Sequence[str]) -> pl.DataFrame:
    """Return for each withheld cell a list of its accounts and what they own (`accounts`): a next release is judged by them again."""
    each = pl.struct(pl.col("account").cast(pl.String), pl.col("amount").cast(pl.Float64))
    if accounts is None:
        return withheld.select(*keys, accounts=pl.lit(None, pl.List(pl.Struct({"account": pl.String, "amount": pl.Float64}))))
    mine = accounts.with_columns(pl.col(*keys).cast(pl.String)).join(withheld, on=list(keys), how="semi").sort("account")
    return mine.group_by(keys).agg(accounts=each)


def owned(names: pl.DataFrame, accounts: pl.DataFrame | None, count: int) -> csc_matrix | None:
    """Write down what each account owns.

    Args:
        names: The dimensions of the newest release's cells, the first variables, in their order.
        accounts: The dimensions, `account` and `amount`, a row for each account and cell; cells may be left out, their accounts may not.
        count: How many variables there are.

    Returns:
        Accounts by variables, and a last row for who owns nothing; nothing where no account is known.
    """
    from scipy.sparse import csc_matrix

    if accounts is None:
        return None
    keys = names.columns
    placed = accounts.with_columns(pl.col(*keys).cast(pl.String)).join(names.with_row_index("variable"), on=keys)
    # Parts of no known account count as one.
    who = placed["account"].cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
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
