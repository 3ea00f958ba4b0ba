"""The published tables as one sparse system of equations: what an attacker can add and subtract.

A cell is a combination of codes, one a dimension; tables that are published together are rows of one frame, and a cell that
several of them share (a margin) is one row. A hierarchy says for each dimension which codes add up to which. An equation holds
wherever a cell and all parts of one of its splits are there. Fiscal year to date is no special case: it is one more split
(`to date in May = to date in April + May`).

Releases are further layers of the same tables. A cell whose true total has not changed since an earlier release is one variable
in both: who saw it then knows it now. A cell that was revised is two variables, each bound by the equations of its own layer and by
nothing else. That is what is truly known: a revision may go either way and be of any size. Which cells were revised is taken
as known to the attacker, which it is not for hidden ones; the assumption errs on the side of caution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.disclosure.primary import dimensions
from analytics.exc import DataError

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
#: For each dimension the rows `parent`, `child` and, where a parent is divided in several ways, `split`.
Hierarchy = Mapping[str, pl.DataFrame]

#: Totals closer than this share of themselves are the same.
SAME: Final = 1e-9


@dataclass(frozen=True)
class System:
    """Variables of all layers with their equations; the first variables are the cells of the newest release, in their order.

    Attributes:
        matrix: equations by variables, -1 for the whole and 1 for each part.
        layer: newest release in which a variable stands (0 is the one to come).
        place: variables by dimensions: position of each code in `codes`.
        inside: for each dimension codes by codes: whether the code of the column lies in the code of the row.
        atoms: for each dimension codes by smallest codes: whether the smallest code lies in it.
        value, top1, top2: true figures. ceiling: what the value cannot exceed (the denominator of a rate).
        up, down: protection level; zero where there is nothing to protect.
        whole: whether the attacker knows that the value is a whole number.
        known: shown by an earlier release, so that hiding it is in vain.
        open: may be hidden (not zero, not known) or is hidden already.
        narrow: targets for which the attacker is not taken to know how his own figure splits over the cell's parts (`moves.own`).
        free: hidden whatever is done now (never published, or an earlier release's hidden cell).
        kept: withheld by an earlier release and published still: not to be told exactly by what comes since.
        by_name: targets that are proved against each company by name instead (`companies`).
        owned: accounts by variables, what each owns; nothing where no account is known.
    """

    matrix: csr_matrix
    layer: Ints
    place: Ints
    codes: tuple[list[str], ...]
    inside: tuple[Bools, ...]
    atoms: tuple[Bools, ...]
    value: Floats
    top1: Floats
    top2: Floats
    ceiling: Floats
    up: Floats
    down: Floats
    whole: Bools
    known: Bools
    free: Bools
    narrow: Bools
    cost: Floats
    kept: Bools
    by_name: Bools
    owned: csc_matrix | None = None

    @property
    def target(self) -> Bools:
        """Return which variables have something to protect."""
        return (self.up > 0) | (self.down > 0)

    @property
    def open(self) -> Bools:
        """Return which variables may differ from their true value for who does not know them."""
        some: Bools = self.value > 0
        return ~self.known & (some | self.target | self.free)

    @cached_property
    def layers(self) -> list[int]:
        """Return the layers in which variables stand."""
        return [int(layer) for layer in np.unique(self.layer)]

    @cached_property
    def _found(self) -> dict[int, Ints]:
        shape = [len(names) for names in self.codes]
        found = {}
        for layer in self.layers:
            table = np.full(int(np.prod(shape)), -1, dtype=np.int64)
            here = np.flatnonzero(self.layer == layer)
            table[np.ravel_multi_index(tuple(self.place[here].T), shape)] = here
            found[layer] = table
        return found

    def find(self, layer: int, place: Ints) -> Ints:
        """Return the variables at places of a layer; -1 where there is none."""
        found: Ints = self._found[layer][np.ravel_multi_index(tuple(place.T), [len(names) for names in self.codes])]
        return found

    def part(self, variables: Ints) -> System:
        """Return the system of some variables, with the equations that touch them."""
        columns = self.matrix[:, variables]
        rows = np.flatnonzero(np.diff(columns.indptr))
        names = ("layer", "value", "top1", "top2", "ceiling", "up", "down", "whole", "known", "free", "narrow", "cost", "kept", "by_name")
        return System(
            matrix=columns[rows],
            place=self.place[variables],
            codes=self.codes,
            inside=self.inside,
            atoms=self.atoms,
            owned=None if self.owned is None else self.owned[:, variables],
            **{name: getattr(self, name)[variables] for name in names},
        )


def components(matrix: csr_matrix, variables: Ints) -> list[Ints]:
    """Return the variables in groups that no equation joins, each in ascending order."""
    from scipy.sparse import bmat
    from scipy.sparse.csgraph import connected_components

    part = matrix[:, variables]
    if not variables.size:
        return []
    _, label = connected_components(bmat([[None, part], [part.T, None]]), directed=False)
    label = label[part.shape[0] :]
    order = np.argsort(label, kind="stable")
    return [variables[group] for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1)]


def system(cells: pl.DataFrame, hierarchy: Hierarchy, earlier: Sequence[pl.DataFrame] = (), ties: pl.DataFrame | None = None) -> System:
    """Write the tables of a release, and of those before it, as one system.

    Args:
        cells: Cells as `primary.mark` returns them.
        hierarchy: For each dimension that adds up a frame with `parent`, `child` and, where a parent has several splits, `split`.
        earlier: Ledgers of earlier releases (`release.Release.ledger`), oldest first.
        ties: What else an attacker can add up: the dimensions of a cell, `tie` (which cells belong together) and `weight` (what a cell
            counts). Weighted, the cells of a tie come to a sum that he is taken to know, whatever it is. A tie of which a cell is not
            there is left out.

    Raises:
        DataError: A part is missing or a whole is not the sum of its parts; the message names the cell.
    """
    keys = dimensions(cells)
    for name in hierarchy:
        if name not in keys:
            raise DataError(f"The hierarchy names the dimension “{name}”, which the cells do not have; they have {', '.join(keys)}.")
    layers = [_figures(cells, keys), *(_figures(ledger, keys) for ledger in reversed(earlier))]
    variables, numbered = _variables(layers, keys)
    splits = {name: _splits(frame, name) for name, frame in hierarchy.items()}
    codes = tuple(sorted(set(variables[key])) for key in keys)
    atoms = tuple(_atoms(names, splits.get(key), key) for names, key in zip(codes, keys, strict=True))
    place = np.column_stack(
        [np.searchsorted(np.array(names), variables[key].to_numpy().astype(str)) for names, key in zip(codes, keys, strict=True)]
    ).astype(np.int64)
    _unshown(numbered[0], keys, splits)
    matrix = _equations(numbered, keys, splits, variables.height)
    _add_up(matrix, variables, keys)
    matrix = _tied(matrix, numbered[0], keys, ties)
    value = variables["total"].to_numpy()
    some = value[value > 0]
    # What is lost is counted in cells and in value at once: a cell of average size counts two.
    worth = 1 + value / (some.mean() if some.size else 1)
    return System(
        matrix=matrix,
        layer=variables["layer"].to_numpy().astype(np.int64),
        place=place,
        codes=codes,
        inside=tuple(_inside(known) for known in atoms),
        atoms=atoms,
        narrow=np.zeros(variables.height, dtype=bool),
        by_name=np.zeros(variables.height, dtype=bool),
        cost=np.where(variables["cheap"].to_numpy(), 0.01, worth),
        **{
            name: variables[name].to_numpy().copy()
            for name in ("value", "top1", "top2", "ceiling", "up", "down", "whole", "known", "free", "kept")
        },
    )


def _tied(matrix: csr_matrix, newest: pl.DataFrame, keys: Sequence[str], ties: pl.DataFrame | None) -> csr_matrix:
    """Add the equations of ties; what a tie sums up to needs no variable, because only differences from the true values count."""
    from scipy.sparse import csr_matrix, vstack

    if ties is None or ties.is_empty():
        return matrix
    found = ties.join(newest.select(*keys, "variable"), on=list(keys), how="left")
    whole = found.filter(pl.col("variable").is_not_null().all().over("tie")).with_columns(row=pl.col("tie").rank("dense") - 1)
    if whole.is_empty():
        return matrix
    shape = (int(whole["row"].n_unique()), matrix.shape[1])
    at = (whole["row"].to_numpy(), whole["variable"].to_numpy())
    return csr_matrix(vstack([matrix, csr_matrix((whole["weight"].cast(pl.Float64).to_numpy(), at), shape=shape)]))


def _inside(atoms: Bools) -> Bools:
    """Say for each code (row) which codes (columns) lie in it."""
    missing: Bools = np.asarray((~atoms[:, None, :] & atoms[None, :, :]).any(axis=2))
    return ~missing


def _figures(cells: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Bring a release to the columns of variables; ledgers say in `shown` what was shown."""
    if [key for key in keys if key not in cells.columns]:
        raise DataError(
            f"An earlier release has other dimensions than {', '.join(keys)}; publish it anew under this hierarchy, or leave it out."
        )
    old = "shown" in cells.columns
    return cells.select(
        *keys,
        "total", "top1", "top2", "up", "down", "whole",
        ceiling=pl.when(pl.col("linked") if "linked" in cells.columns else pl.lit(value=False)).then(np.inf).otherwise(
            pl.col("denominator").fill_null(np.inf)
        ),
        seen=pl.col("shown") if old else pl.lit(value=False),
        free=~pl.col("shown") if old else ~pl.col("published"),
        kept=pl.lit(value=False) if old else pl.col("published"),
        cheap=pl.lit(value=False) if old else pl.col("mark") == "S",
    )  # fmt: skip


def _variables(layers: Sequence[pl.DataFrame], keys: Sequence[str]) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Number the variables: a cell keeps its number from the next newer layer while its total stays the same."""
    numbered, fresh, count = [], [], 0
    newer: pl.DataFrame | None = None
    for depth, layer in enumerate(layers):
        if newer is None:
            here = layer.with_columns(was=pl.lit(None, pl.Int64), later=pl.lit(None, pl.Float64))
        else:
            here = layer.join(newer.select(*keys, was="variable", later="total"), on=keys, how="left", maintain_order="left")
        same = (pl.col("total") - pl.col("later")).abs() <= SAME * pl.col("total").abs() + SAME
        here = here.with_columns(was=pl.when(same).then("was").otherwise(None))
        new = here["was"].is_null()
        here = here.with_columns(
            variable=pl.coalesce("was", count + pl.col("was").is_null().cum_sum().cast(pl.Int64) - 1), layer=pl.lit(depth)
        )
        count += int(new.sum())
        numbered.append(here)
        fresh.append(here.filter(new))
        newer = here if newer is None else pl.concat([here, newer.join(here, on=keys, how="anti")], how="diagonal")
    every = pl.concat(numbered)
    seen = every.filter("seen")["variable"].unique()
    # What one release withheld no later one shows, even where it is not needed any more.
    withheld = every.filter(pl.col("layer") > 0, "free")["variable"].unique()
    rows = pl.concat(fresh).with_columns(known=pl.col("variable").is_in(seen.implode()), value="total")
    before = pl.col("variable").is_in(withheld.implode()) & ~pl.col("known")
    free = (pl.col("free") & ~pl.col("known")) | before
    return rows.with_columns(free=free, kept=pl.col("kept") & before).sort("variable"), numbered


def _splits(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    if not {"parent", "child"} <= set(frame.columns):
        raise DataError(f"The hierarchy of “{name}” has no columns “parent” and “child”; write a row for each part of a whole.")
    full = frame if "split" in frame.columns else frame.with_columns(split=pl.lit(""))
    full = full.select(pl.col("parent", "child", "split").cast(pl.String)).unique(maintain_order=True)
    return full.with_columns(parts=pl.len().over("parent", "split"))


def _atoms(names: list[str], splits: pl.DataFrame | None, dimension: str) -> Bools:
    """Say which smallest codes lie in each code; all splits of a code must come down to the same."""
    divided: dict[str, dict[str, list[str]]] = {}
    for parent, child, split in splits.select("parent", "child", "split").iter_rows() if splits is not None else ():
        divided.setdefault(parent, {}).setdefault(split, []).append(child)
    found: dict[str, frozenset[str]] = {}

    def below(code: str, above: frozenset[str]) -> frozenset[str]:
        if code in above:
            raise DataError(f"“{code}” of the hierarchy of “{dimension}” is a part of itself; take that row out.")
        if code not in found:
            ways: set[frozenset[str]] = {
                frozenset[str]().union(*(below(child, above | {code}) for child in children)) for children in divided.get(code, {}).values()
            }
            if len(ways) > 1:
                raise DataError(
                    f"The splits of “{code}” in “{dimension}” do not come down to the same smallest codes; "
                    "complete them, or make the second split a dimension of its own."
                )
            found[code] = next(iter(ways), frozenset({code}))
        return found[code]

    lists = [below(name, frozenset()) for name in names]
    smallest = {atom: number for number, atom in enumerate(sorted(frozenset().union(*lists)))}
    table = np.zeros((len(names), len(smallest)), dtype=bool)
    for row, atoms in enumerate(lists):
        table[row, [smallest[atom] for atom in atoms]] = True
    return table


def _equations(layers: Sequence[pl.DataFrame], keys: Sequence[str], splits: Mapping[str, pl.DataFrame], count: int) -> csr_matrix:
    """Return the equations of all layers; what a newer layer says already is not said twice."""
    from scipy.sparse import csr_matrix

    parts: list[list[int]] = []
    said: set[tuple[int, ...]] = set()
    for layer in layers:
        for key, frame in splits.items():
            found = _sums(layer, keys, key, frame)
            for whole, children in found.select("whole", "children").iter_rows():
                if (whole, *children) not in said:
                    said.add((whole, *children))
                    parts.append([whole, *children])
    sizes = np.array([len(row) for row in parts], dtype=np.int64)
    signs = np.ones(int(sizes.sum()))
    starts = np.concatenate(([0], np.cumsum(sizes)))
    signs[starts[:-1]] = -1
    columns = np.array([at for row in parts for at in row], dtype=np.int64)
    return csr_matrix((signs, columns, starts), shape=(len(parts), count))


def _sums(layer: pl.DataFrame, keys: Sequence[str], key: str, splits: pl.DataFrame) -> pl.DataFrame:
    """Return `whole` and `children` (variables, ascending) of one dimension's equations in one layer."""
    others = [other for other in keys if other != key]
    numbers = layer.select(*keys, "variable")
    children = numbers.join(splits, left_on=key, right_on="child")
    groups = children.group_by(*others, "parent", "split", "parts").agg(children=pl.col("variable").sort(), there=pl.len())
    found = groups.join(numbers.rename({key: "parent", "variable": "whole"}), on=[*others, "parent"])
    short = found.filter(pl.col("there") < pl.col("parts")).sort(*others, "parent")
    if short.height:
        named = ", ".join(f"{name}={short[name][0]}" for name in others)
        raise DataError(
            f"The cell {key}={short['parent'][0]}{', ' if named else ''}{named} has {short['there'][0]} of its {short['parts'][0]} parts; "
            "give every part a row (zeros too), or none, or leave absent codes out of the hierarchy."
        )
    return found.sort("whole", "split")


def _unshown(layer: pl.DataFrame, keys: Sequence[str], splits: Mapping[str, pl.DataFrame]) -> None:
    """Refuse a whole that is no cell but the sum of two sets of parts: it would tie them together unseen."""
    found = []
    for key, frame in splits.items():
        others = [other for other in keys if other != key]
        groups = layer.join(frame, left_on=key, right_on="child").group_by(*others, "parent", "split", "parts").agg(there=pl.len())
        full = groups.filter(pl.col("there") == pl.col("parts")).rename({"parent": key})
        found.append(full.join(layer, on=keys, how="anti").select(keys))
    twice = pl.concat(found).filter(pl.struct(keys).is_duplicated()).sort(keys) if found else pl.DataFrame()
    if twice.height:
        named = ", ".join(f"{key}={twice[key][0]}" for key in keys)
        raise DataError(
            f"Two tables add up to the cell {named}, which is not there; give it a row, with published=False if it is not shown."
        )


def _add_up(matrix: csr_matrix, variables: pl.DataFrame, keys: Sequence[str]) -> None:
    value = variables["total"].to_numpy()
    off = np.abs(matrix @ value) > 1e-6 + 1e-7 * (abs(matrix) @ value)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        whole = variables.row(int(matrix.indices[matrix.indptr[row]]), named=True)
        raise DataError(
            f"{int(off.sum())} sums do not add up, the first is {', '.join(f'{key}={whole[key]}' for key in keys)}: "
            f"its total is {whole['total']:g}, its parts are {whole['total'] + float((matrix @ value)[row]):g}. Correct the cells."
        )
