"""Thousands of small tables counted out: every table of whole numbers that an attacker cannot exclude is written down, no program is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from analytics.disclosure import audit, complementary, primary, protect, tables
from analytics.disclosure.release import Release
from analytics.disclosure.rules import Rules
from tests.property.disclosure_tables import ALL, Drawn, Key, draw, owned

#: DISCLOSURE_TIMES=5 counts five times as many tables.
TIMES: Final = int(os.environ.get("DISCLOSURE_TIMES", "1"))
RULES: Final = Rules(round_count=1, round_sum=1)
SHAPES: Final = ((3,), (5,), (2, 2), (3, 2), (2, 2, 2))
#: How far each smallest cell is moved either way, by how many of them are hidden; of more the tables are too many to be written down.
REACH: Final = {1: 30, 2: 30, 3: 12, 4: 6, 5: 4, 6: 3}

Wholes = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Tables of one shape in one frame, told apart by the dimension `t`, which adds up to nothing."""

    drawn: list[Drawn]
    cells: pl.DataFrame
    accounts: pl.DataFrame

    @property
    def hierarchy(self) -> tables.Hierarchy:
        return self.drawn[0].hierarchy


def batch(sizes: tuple[int, ...], count: int, seed: int) -> Batch:
    """Draw tables of counts."""
    rng = np.random.default_rng([seed, *sizes])
    drawn = [draw(rng, kind="plain", sizes=sizes, counts=True) for _ in range(count)]
    cells = pl.concat([each.cells.with_columns(t=pl.lit(str(number))) for number, each in enumerate(drawn)])
    accounts = pl.concat(
        [
            owned(each).with_columns(t=pl.lit(str(number)), account=pl.format("{}:{}", pl.lit(number), "account"))
            for number, each in enumerate(drawn)
        ]
    )
    return Batch(drawn, cells, accounts)


def by_table(frame: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {int(str(key[0])): rows for key, rows in frame.partition_by("t", as_dict=True).items()}


@dataclass(frozen=True)
class Counted:
    """A table's cells, and what each of its smallest cells adds to them."""

    keys: list[Key]
    truth: Wholes
    parts: Wholes
    leaves: list[int]

    @classmethod
    def of(cls, drawn: Drawn) -> Counted:
        keys: list[Key] = [tuple(row) for row in drawn.cells.select(list(drawn.hierarchy)).iter_rows()]
        leaves = [number for number, key in enumerate(keys) if ALL not in key]
        inside = [[all(code in (ALL, part) for part, code in zip(keys[leaf], key, strict=True)) for leaf in leaves] for key in keys]
        return cls(keys, drawn.cells["total"].to_numpy().astype(np.float32), np.array(inside, dtype=np.float32), leaves)

    def changes(self, hidden: npt.NDArray[np.bool_], steps: Wholes, moved: list[int]) -> Wholes:
        """Return the change of every cell, a row a step of some smallest cells that no shown cell contradicts."""
        change = steps @ self.parts[:, moved].T
        return change[(change[:, ~hidden] == 0).all(axis=1)]


def steps(count: int, reach: int) -> Wholes:
    """Return every step of so many cells, each by at most `reach`."""
    return np.array(list(product(range(-reach, reach + 1), repeat=count)), dtype=np.float32).reshape(-1, count)


def divided(total: int, count: int) -> Wholes:
    """Return every way to divide a total over so many cells, none below zero."""
    bars = np.array(list(combinations(range(total + count - 1), count - 1)), dtype=np.float32)
    bars = bars.reshape(comb(total + count - 1, count - 1), count - 1)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), total + count - 1)])
    return (np.diff(edges, axis=1) - 1).astype(np.float32)


def attacked(one: Counted, drawn: Drawn, ledger: pl.DataFrame, grids: dict[int, Wholes]) -> Iterator[tuple[Key, str, bool]]:
    """Attack each primary cell of a table as an outsider and as every account but its largest; yields the cell, by whom, and whether it held."""
    rows = {tuple(row[name] for name in drawn.hierarchy): row for row in ledger.iter_rows(named=True)}
    hidden = np.array([not rows[key]["shown"] for key in one.keys])
    moved = [place for place, leaf in enumerate(one.leaves) if hidden[leaf]]
    if not moved or len(moved) not in REACH:
        return
    after = one.truth + one.changes(hidden, grids[len(moved)], moved)
    mine = np.array([[account.get(key, 0.0) for key in one.keys] for account in [{}, *drawn.accounts]], dtype=np.float32)
    possible = [after[(after >= own).all(axis=1)] for own in mine]
    for place, key in enumerate(one.keys):
        row = rows[key]
        if not row["primary"] or max(row["up"], row["down"]) > REACH[len(moved)]:
            continue
        largest = 1 + int(mine[1:, place].argmax())
        for who, left in enumerate(possible):
            if who != largest:
                held = left[:, place].max() >= row["total"] + row["up"] and left[:, place].min() <= row["total"] - row["down"]
                yield key, f"account {who - 1}" if who else "an outsider", bool(held)


def count_out(drawn: Batch, release: Release) -> int:
    """Attack every table of a batch; return how many could be counted out."""
    assert release.safe
    assert release.summary["narrow"].item() == 0
    ledgers, counted = by_table(release.ledger), 0
    grids = {count: steps(count, reach) for count, reach in REACH.items()}
    for number, table in enumerate(drawn.drawn):
        found = list(attacked(Counted.of(table), table, ledgers[number], grids))
        assert all(held for _, _, held in found), (number, [(key, who) for key, who, held in found if not held])
        counted += bool(found)
    return counted


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_nobody_finds_a_hidden_count_closer_than_its_level(sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """As the tables of a release are protected, by hypercubes first."""
    monkeypatch.setattr(complementary, "SMALL", 0)
    drawn = batch(sizes, (500 if len(sizes) < 3 else 100) * TIMES, 1)
    counted = count_out(drawn, protect(drawn.cells, drawn.hierarchy, RULES, accounts=drawn.accounts))
    assert counted > 0.2 * len(drawn.drawn)


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_nobody_finds_a_hidden_count_that_linear_programs_protect(sizes: tuple[int, ...]) -> None:
    drawn = batch(sizes, (40 if len(sizes) < 3 else 10) * TIMES, 2)
    counted = count_out(drawn, protect(drawn.cells, drawn.hierarchy, RULES, accounts=drawn.accounts))
    assert counted > 0.2 * len(drawn.drawn)


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_the_audit_finds_the_interval_that_counting_finds(sizes: tuple[int, ...]) -> None:
    """Patterns drawn at random, for who owns nothing: the ends of each interval are equal, not only wide enough."""
    drawn = batch(sizes, 60 * TIMES, 3)
    marked = primary.mark(drawn.cells, RULES)
    system = tables.system(marked, drawn.hierarchy)
    nothing = np.zeros(system.value.size)
    system = replace(system, up=nothing, down=nothing)
    rng = np.random.default_rng([4, *sizes])
    grand = marked.select(pl.all_horizontal(pl.col(name) == ALL for name in drawn.hierarchy)).to_series().to_numpy()
    hidden = system.open & ~grand & (rng.random(grand.size) < 0.6)
    attack = audit.audit(system, hidden, exact=True)
    found = marked.select("t", *drawn.hierarchy).with_columns(
        hidden=pl.Series(hidden), low=pl.Series(system.value - attack.reach[-1]), high=pl.Series(system.value + attack.reach[1])
    )
    compared = 0
    for number, rows in by_table(found).items():
        one = Counted.of(drawn.drawn[number])
        there = {tuple(row[name] for name in drawn.hierarchy): row for row in rows.iter_rows(named=True)}
        mask = np.array([there[key]["hidden"] for key in one.keys])
        moved = [place for place, leaf in enumerate(one.leaves) if mask[leaf]]
        truth = one.truth[[one.leaves[place] for place in moved]]
        if not moved or len(moved) > 6 or truth.sum() > 25:
            continue
        after = one.truth + one.changes(mask, divided(int(truth.sum()), len(moved)) - truth, moved)
        for place, key in enumerate(one.keys):
            if mask[place]:
                assert after[:, place].min() == pytest.approx(there[key]["low"], abs=1e-4), (number, key)
                assert after[:, place].max() == pytest.approx(there[key]["high"], abs=1e-4), (number, key)
                compared += 1
    assert compared > 60 * TIMES
