"""Small tables drawn at random from accounts that are known by name, and an attacker who is written anew and knows one of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl

ALL = "ALL"
Key = tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """Tables with what each account contributes to each cell, and the sums that hold, as lists of whole and parts."""

    cells: pl.DataFrame
    hierarchy: dict[str, pl.DataFrame]
    accounts: list[dict[Key, float]]
    sums: list[tuple[Key, list[Key]]]


def draw(rng: np.random.Generator, *, kind: str, sizes: tuple[int, ...], counts: bool, later: Drawn | None = None) -> Drawn:
    """Draw a table system.

    Args:
        rng: Where chance comes from.
        kind: `plain` (all dimensions crossed), `to_date` (the first dimension is time, with fiscal year to date), or `linked` (all
            parts of the first and second dimension crossed, those of the third only with the whole of the second).
        sizes: How many smallest codes each dimension has.
        counts: Whole numbers, or dollars.
        later: An earlier draw of the same shape: some of its accounts' figures are revised.
    """
    leaves = [[f"{'abc'[number]}{code}" for code in range(size)] for number, size in enumerate(sizes)]
    splits: list[list[tuple[str, list[str], str]]] = [[(ALL, codes, "")] for codes in leaves]
    if kind == "to_date" and sizes[0] > 2:
        first = leaves[0]
        before = first[0]
        for code in first[1:-1]:
            splits[0].append((f"to {code}", [before, code], "date"))
            before = f"to {code}"
        splits[0].append((ALL, [before, first[-1]], "date"))
    inside = [_inside(codes, split) for codes, split in zip(leaves, splits, strict=True)]
    keys = [key for key in product(*inside) if kind != "linked" or len(sizes) < 3 or key[1] == ALL or key[2] == ALL]
    accounts = _accounts(rng, leaves, counts, later)
    held = [_held(account, keys, inside) for account in accounts]
    rows = []
    for key in keys:
        parts = sorted((account[key] for account in held if account.get(key, 0) > 0), reverse=True)
        figures = {
            "total": float(sum(parts)),
            "n_accounts": len(parts),
            "top1": parts[0] if parts else 0.0,
            "top2": parts[1] if len(parts) > 1 else 0.0,
        }
        rows.append(dict(zip("abc", key, strict=False)) | figures | {"whole": counts})
    there = set(keys)
    sums = []
    for number, split in enumerate(splits):
        for whole, parts_of, _ in split:
            for key in keys:
                children = [(*key[:number], part, *key[number + 1 :]) for part in parts_of]
                if key[number] == whole and there.issuperset(children):
                    sums.append((key, children))
    hierarchy = {
        "abc"[number]: pl.DataFrame(
            [(whole, part, name) for whole, parts_of, name in split for part in parts_of], schema=["parent", "child", "split"], orient="row"
        )
        for number, split in enumerate(splits)
    }
    return Drawn(pl.DataFrame(rows).with_columns(pl.col("total", "top1", "top2").cast(pl.Float64)), hierarchy, held, sums)


def owned(drawn: Drawn) -> pl.DataFrame:
    """Return what each account owns in each cell, as `protect` takes it."""
    names = list(drawn.hierarchy)
    rows = [(*key, str(number), amount) for number, account in enumerate(drawn.accounts) for key, amount in account.items()]
    return pl.DataFrame(rows, schema={**dict.fromkeys([*names, "account"], pl.String), "amount": pl.Float64}, orient="row")


def _inside(codes: list[str], splits: list[tuple[str, list[str], str]]) -> dict[str, set[str]]:
    inside = {code: {code} for code in codes}
    for whole, parts, _ in splits:
        if whole not in inside:
            inside[whole] = set().union(*(inside[part] for part in parts))
    return inside


def _accounts(rng: np.random.Generator, leaves: list[list[str]], counts: bool, later: Drawn | None) -> list[dict[Key, float]]:
    smallest = list(product(*leaves))
    if later is not None:
        found = [{key: value for key, value in account.items() if key in set(smallest)} for account in later.accounts]
        for account in found:
            for key in account:
                if rng.random() < 0.1:
                    account[key] += float(rng.integers(1, 20))
        return found
    made = []
    for _ in range(int(rng.integers(4, 6 + 2 * len(smallest)))):
        cells = rng.choice(len(smallest), size=int(rng.integers(1, 4)), replace=True)
        made.append({smallest[at]: float(rng.integers(1, 4) if counts else max(1, round(rng.lognormal(3, 1)))) for at in cells})
    return made


def _held(account: dict[Key, float], keys: list[Key], inside: list[dict[str, set[str]]]) -> dict[Key, float]:
    held = {}
    for key in keys:
        total = sum(
            value
            for leaf, value in account.items()
            if all(code in inside[at][whole] for at, (code, whole) in enumerate(zip(leaf, key, strict=True)))
        )
        if total:
            held[key] = total
    return held


def interval(drawn: Drawn, hidden: set[Key], target: Key, attacker: dict[Key, float]) -> tuple[float, float]:
    """Return the interval that one account finds for a cell: linear programs over values, by an interior point, not over moves."""
    from scipy.optimize import linprog

    keys = [tuple(row) for row in drawn.cells.select(list("abc"[: len(target)])).iter_rows()]
    truth = dict(zip(keys, drawn.cells["total"], strict=True))
    unknown = sorted(hidden)
    at = {key: number for number, key in enumerate(unknown)}
    rows, right = [], []
    for whole, parts in drawn.sums:
        row, known = np.zeros(len(unknown)), 0.0
        for key, sign in [(whole, -1.0), *((part, 1.0) for part in parts)]:
            if key in at:
                row[at[key]] += sign
            else:
                known += sign * truth[key]
        if row.any():
            rows.append(row)
            right.append(-known)
    aim = np.zeros(len(unknown))
    aim[at[target]] = 1
    ends = []
    for sign in (1, -1):
        done = linprog(
            sign * aim,
            A_eq=np.array(rows) if rows else None,
            b_eq=right if rows else None,
            bounds=[(attacker.get(key, 0.0), None) for key in unknown],
            method="highs-ipm",
        )
        ends.append(sign * np.inf * -1 if done.status in (3, 4) else float(aim @ done.x))
    return ends[0], ends[1]
