"""Small tables worked out by hand: the equations, the attacker, the cells to hide, and what a release shows."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from analytics.disclosure import audit, companies, complementary, primary, protect, tables
from analytics.disclosure.moves import DOWN, UP
from analytics.disclosure.rules import Rules
from analytics.exc import DataError

RULES = Rules(round_count=1)
Figures = tuple[float, int, float, float]

ROWS = {"row": pl.DataFrame({"parent": ["ALL"] * 3, "child": ["a", "b", "c"]})}
BOTH = ROWS | {"column": pl.DataFrame({"parent": ["ALL"] * 3, "child": ["x", "y", "z"]})}


def frame(rows: dict[tuple[str, ...], Figures], *names: str) -> pl.DataFrame:
    return pl.DataFrame(
        [dict(zip(names, key, strict=True)) | dict(zip(primary.REQUIRED, figures, strict=True)) for key, figures in rows.items()]
    ).with_columns(pl.col("total", "top1", "top2").cast(pl.Float64))


def square(secret: Figures = (50, 1, 50, 0)) -> pl.DataFrame:
    """Return three by three cells with margins: 100 of ten equal accounts everywhere, but for the secret one at a, x."""
    rows: dict[tuple[str, ...], Figures] = {}
    for row in ("a", "b", "c", "ALL"):
        for column in ("x", "y", "z", "ALL"):
            count = (3 if row == "ALL" else 1) * (3 if column == "ALL" else 1)
            with_secret = row in ("a", "ALL") and column in ("x", "ALL")
            total = 100.0 * count + (secret[0] - 100 if with_secret else 0)
            rows[row, column] = secret if (row, column) == ("a", "x") else (total, 10 * count, 50 if with_secret else 10, 10)
    return frame(rows, "row", "column")


def attacked(cells: pl.DataFrame, hierarchy: tables.Hierarchy, *hidden: tuple[str, ...]) -> pl.DataFrame:
    """Audit a pattern of hidden cells that somebody chose."""
    marked = primary.mark(cells, RULES)
    keys = primary.dimensions(marked)
    system = tables.system(marked, hierarchy)
    mask = np.array([row in hidden for row in marked.select(keys).iter_rows()])
    plain = audit.report(audit.audit(system, mask), marked.select(keys))
    ends = audit.report(audit.audit(system, mask, exact=True), marked.select(keys))
    assert plain["ok"].to_list() == ends["ok"].to_list()
    return ends


def bounds(report: pl.DataFrame, *key: str) -> tuple[float, float, bool]:
    row = report.row(
        by_predicate=pl.all_horizontal(pl.col(name) == code for name, code in zip(report.columns, key, strict=False)), named=True
    )
    return row["lower"], row["upper"], row["ok"]


def test_a_primary_cell_alone_in_its_row_is_told_exactly() -> None:
    report = attacked(square(), BOTH, ("a", "x"))
    assert bounds(report, "a", "x") == (50, 50, False)


def test_a_primary_cell_with_one_neighbour_is_told_by_its_column() -> None:
    report = attacked(square(), BOTH, ("a", "x"), ("a", "y"))
    assert bounds(report, "a", "x") == (50, 50, False)
    assert bounds(report, "a", "y") == (100, 100, False)


def test_four_corners_protect_and_the_ends_are_those_worked_out_by_hand() -> None:
    report = attacked(square(), BOTH, ("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"))
    # Down to nothing, up by what a-y and b-x can lose: 100 without the 10 that the attacker may own there.
    assert bounds(report, "a", "x") == (0, 140, True)
    assert report["ok"].all()


def test_two_cells_of_one_account_each_are_told_by_each_other() -> None:
    rows: dict[tuple[str, ...], Figures] = {("a",): (50, 1, 50, 0), ("b",): (60, 1, 60, 0), ("c",): (100, 9, 20, 10)}
    cells = frame(rows | {("ALL",): (210, 11, 60, 50)}, "row")
    report = attacked(cells, ROWS, ("a",), ("b",))
    # An outsider sees that they share 110, but who owns b knows that a is not more than it is.
    assert bounds(report, "a") == (0, 50, False)
    assert bounds(report, "b") == (0, 60, False)
    assert protect(cells, ROWS, RULES).cells["mark"].to_list() == ["D", "D", "D", ""]


def of_two() -> tuple[pl.DataFrame, tables.Hierarchy, pl.DataFrame]:
    """Return a cell of two accounts with one part each, beside a large one: the account and what it owns in each cell as well."""
    levels = {"row": pl.DataFrame({"parent": ["ALL", "ALL", "two", "two"], "child": ["two", "c", "a", "b"]})}
    rows: dict[tuple[str, ...], Figures] = {("a",): (1, 1, 1, 0), ("b",): (1, 1, 1, 0), ("two",): (2, 2, 1, 1), ("c",): (90, 9, 10, 10)}
    owned = [("a", "A", 1), ("two", "A", 1), ("ALL", "A", 1), ("b", "B", 1), ("two", "B", 1), ("ALL", "B", 1)]
    owned += [(row, f"C{number}", 10) for row in ("c", "ALL") for number in range(9)]
    return frame(rows | {("ALL",): (92, 11, 10, 10)}, "row"), levels, pl.DataFrame(owned, ["row", "account", "amount"], orient="row")


def test_a_cell_of_two_accounts_with_one_part_each_is_proved_against_each_by_name() -> None:
    cells, levels, accounts = of_two()
    # Bounded cell by cell, an attacker who owns 1 of the 2 may own both parts: then nothing is left that could be less.
    assert protect(cells, levels, RULES).summary.select("narrow", "by_name", "safe").row(0) == (1, 0, True)
    release = protect(cells, levels, RULES, accounts=accounts)
    assert release.summary.select("narrow", "by_name", "safe").row(0) == (0, 1, True)
    # An account too many: the parts do not come to the cell, so they prove nothing.
    extra = pl.concat([accounts, pl.DataFrame({"row": ["two"], "account": ["D"], "amount": [1]})])
    assert protect(cells, levels, RULES, accounts=extra).summary.select("narrow", "by_name").row(0) == (1, 0)


def test_who_owns_the_other_hidden_cell_tells_the_first_by_name() -> None:
    rows: dict[tuple[str, ...], Figures] = {("a",): (50, 1, 50, 0), ("b",): (60, 1, 60, 0), ("c",): (100, 9, 20, 10)}
    marked = primary.mark(frame(rows | {("ALL",): (210, 11, 60, 50)}, "row"), RULES)
    accounts = pl.DataFrame({"row": ["a", "b", "ALL", "ALL"], "account": ["A", "B", "A", "B"], "amount": [50, 60, 50, 60]})
    system = tables.system(marked, ROWS)
    system = replace(system, owned=companies.owned(marked.select("row"), accounts, system.value.size))
    system.by_name[:2] = True
    mask = np.array([True, True, False, False])
    report = audit.report(audit.audit(system, mask, exact=True), marked.select("row"))
    assert bounds(report, "a") == (0, 50, False)
    assert bounds(report, "b") == (0, 60, False)


def test_a_proof_by_name_is_made_again_from_the_ledger() -> None:
    cells, levels, accounts = of_two()
    first = protect(cells, levels, RULES, accounts=accounts)
    # A year later the accounts are not given any more, but for what was withheld.
    assert first.ledger.filter("shown")["accounts"].null_count() == first.ledger.filter("shown").height
    later = protect(cells, levels, RULES, [first.ledger])
    assert later.summary.select("narrow", "by_name", "safe").row(0) == (0, 1, True)
    assert later.ledger.equals(first.ledger)
    # A further whole over the same cells could tell more.
    rows: dict[tuple[str, ...], Figures] = {("d",): (90, 9, 10, 10), ("both",): (92, 11, 10, 10)}
    wider = levels["row"].vstack(pl.DataFrame({"parent": ["both", "both"], "child": ["two", "d"]}))
    touched = protect(pl.concat([cells, frame(rows, "row")]), {"row": wider}, RULES, [first.ledger])
    assert touched.summary.select("narrow", "by_name", "safe").row(0) == (0, 1, True)
    bare = protect(cells, levels, RULES, [first.ledger.drop("accounts")])
    assert bare.summary.select("narrow", "by_name", "safe").row(0) == (1, 0, True)


def test_the_second_account_knows_its_own_part() -> None:
    rows: dict[tuple[str, ...], Figures] = {
        ("a",): (100, 2, 70, 30),
        ("b",): (40, 4, 10, 10),
        ("c",): (100, 9, 20, 10),
        ("ALL",): (240, 9, 70, 30),
    }
    report = attacked(frame(rows, "row"), ROWS, ("a",), ("b",))
    # Between its own 30 and 100 + 40 - 10: in the other hidden cell it may own 10.
    assert bounds(report, "a") == (30, 130, True)


def test_counts_are_attacked_in_whole_numbers() -> None:
    # Three hidden counts of which each two share an odd sum would have fractions; here x+y=1: one of both is 1.
    rows: dict[tuple[str, ...], Figures] = {("a",): (1, 1, 1, 0), ("b",): (1, 1, 1, 0), ("c",): (5, 5, 1, 1), ("ALL",): (7, 7, 1, 1)}
    release = protect(frame(rows, "row"), ROWS, RULES)
    assert release.safe
    assert release.cells["mark"].to_list() == ["D", "D", "D", ""]
    assert release.audit["needed"].to_list() == [2, 2, 1]


def test_the_cheapest_corners_are_hidden_and_nothing_else() -> None:
    release = protect(square(), BOTH, RULES)
    assert release.safe
    hidden = release.cells.filter(pl.col("mark") == "D")
    assert hidden.height == 4
    assert "ALL" not in (*hidden["row"], *hidden["column"])
    assert release.summary.row(0, named=True) == {
        "cells": 16, "primary": 1, "complementary": 3,
        "smallest_ratio": pytest.approx(1.0), "narrow": 0, "by_name": 0, "failed": 0, "safe": True,
    }  # fmt: skip


def test_nothing_of_a_hidden_cell_is_shown_nor_why() -> None:
    release = protect(square(), BOTH, RULES)
    hidden = release.cells.filter(pl.col("mark") == "D")
    assert hidden.select("value", "n_accounts").null_count().row(0) == (4, 4)
    assert hidden["reason"].unique().to_list() == ["withheld so that no company can be told"]
    assert release.cells.columns == ["row", "column", "value", "n_accounts", "mark", "reason"]


def test_shown_values_are_rounded() -> None:
    cells = pl.concat([square(), square().with_columns(pl.lit(value="b").alias("row")).head(0)])
    counts = protect(cells, BOTH, Rules(round_count=7)).cells.filter(pl.col("mark") == "")
    assert counts["value"].to_list() == [
        7 * round(value / 7) for value in protect(cells, BOTH, RULES).cells.filter(pl.col("mark") == "")["value"]
    ]
    dollars = protect(cells.with_columns(whole=pl.lit(value=False)), BOTH, Rules(round_sum=1000)).cells
    assert set(dollars["value"].drop_nulls()) == {0, 1000}


def test_the_order_of_rows_does_not_matter() -> None:
    once = protect(square(), BOTH, RULES).cells
    again = protect(square().sample(fraction=1, shuffle=True, seed=3), BOTH, RULES).cells
    assert once.equals(once.select("row", "column").join(again, on=["row", "column"], how="left", maintain_order="left"))


def test_what_an_earlier_release_showed_is_known() -> None:
    first = protect(square(), BOTH, RULES)
    # The same data again: hiding others would tell the first ones.
    again = protect(square(), BOTH, RULES, [first.ledger])
    assert again.safe
    assert again.cells["mark"].to_list() == first.cells["mark"].to_list()
    leaked = first.ledger.with_columns(shown=pl.lit(value=True))
    late = protect(square(), BOTH, RULES, [leaked])
    assert not late.safe
    assert late.cells.filter(pl.col("mark") == "D").select("row", "column").rows() == [("a", "x")]


def test_another_pattern_over_the_same_data_is_seen_by_the_attacker() -> None:
    other = protect(square(), BOTH, RULES).ledger.with_columns(
        shown=~(pl.struct("row", "column").is_in([{"row": r, "column": c} for r in ("a", "c") for c in ("x", "z")]))
    )
    release = protect(square(), BOTH, RULES, [other])
    hidden = set(release.cells.filter(pl.col("mark") == "D").select("row", "column").iter_rows())
    assert hidden == {("a", "x"), ("a", "z"), ("c", "x"), ("c", "z")}


def test_a_revised_cell_is_another_variable() -> None:
    old = protect(square(), BOTH, RULES)
    system = tables.system(primary.mark(square((60, 1, 60, 0)), RULES), BOTH, [old.ledger])
    # The secret and the three margins over it were revised; the other twelve are the same variables in both releases.
    assert system.value.size == 16 + 4
    assert int(system.known.sum()) == 3 + 12 - 3
    release = protect(square((60, 1, 60, 0)), BOTH, RULES, [old.ledger])
    assert release.safe
    assert set(release.audit["layer"]) == {0, 1}


TIME = pl.DataFrame(
    [
        ("Q1", "oct", "months"), ("Q1", "nov", "months"), ("Q1", "dec", "months"),
        ("to nov", "oct", "date"), ("to nov", "nov", "date"), ("Q1", "to nov", "date"), ("Q1", "dec", "date"),
    ],
    schema=["parent", "child", "split"],
    orient="row",
)  # fmt: skip


def test_years_to_date_are_equations_too() -> None:
    plain = (100.0, 9, 20.0, 10.0)
    rows: dict[tuple[str, ...], Figures] = {("oct",): plain, ("nov",): (20, 1, 20, 0), ("dec",): plain, ("Q1",): (220, 9, 20, 20)}
    months = frame(rows, "month")
    assert protect(months, {"month": TIME.filter(pl.col("split") == "months")}, RULES).cells["mark"].to_list().count("D") == 2
    to_date = pl.concat([months, frame({("to nov",): (120, 9, 20, 20)}, "month")])
    assert tables.system(primary.mark(to_date, RULES), {"month": TIME}).matrix.shape[0] == 3
    release = protect(to_date, {"month": TIME}, RULES)
    assert release.safe
    # October and November are hidden and November's difference of the dates gives nothing away.
    assert dict(zip(release.cells["month"], release.cells["mark"], strict=True)) == {
        "oct": "D",
        "nov": "D",
        "dec": "",
        "Q1": "",
        "to nov": "",
    }


def test_tables_that_share_a_margin_are_one_system() -> None:
    full = (100.0, 9, 20.0, 10.0)
    rows: dict[tuple[str, ...], Figures] = {(month, "ALL"): full for month in ("oct", "nov", "dec")} | {("Q1", "ALL"): (300, 9, 20, 10)}
    rows |= {("Q1", "LA"): (30, 1, 30, 0), ("Q1", "NY"): (270, 9, 30, 20)}
    districts = pl.DataFrame({"parent": ["ALL", "ALL"], "child": ["LA", "NY"]})
    cells = frame(rows, "month", "district")
    system = tables.system(primary.mark(cells, RULES), {"month": TIME.filter(pl.col("split") == "months"), "district": districts})
    assert system.matrix.shape == (2, 6)
    assert system.matrix.toarray()[:, :].sum(axis=1).tolist() == [2, 1]
    assert protect(cells, {"month": TIME.filter(pl.col("split") == "months"), "district": districts}, RULES).safe


def test_a_margin_that_ties_two_tables_must_be_given_though_it_is_not_shown() -> None:
    cells = square()
    bare = cells.filter((pl.col("row") != "ALL") | (pl.col("column") != "ALL"))
    with pytest.raises(DataError, match="Two tables add up to the cell row=ALL, column=ALL, which is not there"):
        protect(bare, BOTH, RULES)
    tied = protect(cells.with_columns(published=(pl.col("row") != "ALL") | (pl.col("column") != "ALL")), BOTH, RULES)
    assert tied.safe
    assert tied.cells.height == 15


def test_sums_that_do_not_add_up_and_missing_parts_are_refused() -> None:
    cells = square()
    with pytest.raises(DataError, match="2 sums do not add up, the first is"):
        protect(cells.with_columns(total=pl.when(pl.col("row") + pl.col("column") == "by").then(101.0).otherwise("total")), BOTH, RULES)
    with pytest.raises(DataError, match="has 2 of its 3 parts; give every part a row"):
        protect(cells.filter((pl.col("row") != "b") | (pl.col("column") != "y")), BOTH, RULES)
    with pytest.raises(DataError, match="which the cells do not have"):
        protect(cells, BOTH | {"port": ROWS["row"]}, RULES)
    with pytest.raises(DataError, match="do not come down to the same"):
        protect(cells, {"row": pl.DataFrame({"parent": ["ALL"] * 3, "child": ["a", "b", "c"], "split": ["1", "1", "2"]})}, RULES)
    with pytest.raises(DataError, match="a part of itself"):
        protect(cells, {"row": pl.DataFrame({"parent": ["ALL", "a"], "child": ["a", "ALL"]})}, RULES)


def test_a_proof_that_proves_nothing_is_not_believed() -> None:
    marked = primary.mark(square(), RULES)
    system = tables.system(marked, BOTH)
    pattern = complementary.choose(system)
    for (target, side), move in pattern.proofs.items():
        only = np.zeros(system.value.size, dtype=bool)
        only[target] = True
        attack = audit.audit(system, only, [move, audit.Move(np.array([target]), np.array([9.0 * side]))])
        assert attack.reach[UP][target] == attack.reach[DOWN][target] == 0


def test_the_numbers_do_not_wait_for_scipy() -> None:
    code = "import sys, analytics, analytics.disclosure; sys.exit('scipy' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def rate_of_one_line(*, linked: bool) -> pl.DataFrame:
    """Return a sample of two Centers: `a` has one line of one account, `b` and `c` a hundred of ten, half of them with a discrepancy."""
    rows: dict[tuple[str, ...], Figures] = {
        ("a", "lines"): (1, 1, 1, 0), ("a", "clean"): (1, 1, 1, 0), ("a", "found"): (0, 0, 0, 0),
        ("ALL", "lines"): (201, 21, 10, 10), ("ALL", "clean"): (101, 21, 5, 5), ("ALL", "found"): (100, 20, 5, 5),
    }  # fmt: skip
    for row in ("b", "c"):
        rows |= {(row, "lines"): (100, 10, 10, 10), (row, "clean"): (50, 10, 5, 5), (row, "found"): (50, 10, 5, 5)}
    cells = frame(rows, "row", "kind")
    lines = cells.filter(pl.col("kind") == "lines").select("row", denominator="total", denominator_accounts="n_accounts")
    part = pl.col("kind") != "lines"
    return cells.join(lines, on="row", how="left", maintain_order="left").with_columns(
        pl.when(part).then("denominator"), pl.when(part).then("denominator_accounts"), linked=part & linked
    )


def test_a_withheld_denominator_bounds_no_numerator_that_equations_lead_to() -> None:
    hierarchy = ROWS | {"kind": pl.DataFrame({"parent": ["lines"] * 2, "child": ["clean", "found"]})}
    release = protect(rate_of_one_line(linked=True), hierarchy, RULES)
    assert release.safe
    marks = {(row, kind): mark for row, kind, mark in release.cells.select("row", "kind", "mark").iter_rows()}
    assert marks["a", "lines"] == marks["a", "clean"] == "D"
    # Taken for a figure that is known, the one line would bound its one clean line.
    assert not protect(rate_of_one_line(linked=False), hierarchy, RULES).safe


def test_parts_of_no_known_account_count_as_one() -> None:
    cells = frame({("a",): (50, 2, 40, 10), ("b",): (10, 1, 10, 0)}, "row")
    accounts = pl.DataFrame({"row": ["a", "a", "b"], "account": ["A", None, None], "amount": [40.0, 10.0, 10.0]})
    found = companies.owned(cells.select("row"), accounts, 2)
    assert found is not None
    assert sorted(map(tuple, found.toarray().tolist())) == [(0.0, 0.0), (10.0, 10.0), (40.0, 0.0)]
