"""Primary suppression: which cells the rules forbid, and how wide an attacker's interval for each must stay.

Marks are four and tell a reader four different things: `D` withheld so that no company can be told, `S` too few cases to be
reliable, `–` nothing that could be reported, `0` a true zero. An empty mark is a value that is shown.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from analytics.disclosure.rules import Rules, listed
from analytics.exc import DataError

WITHHELD: Final = "D"
UNRELIABLE: Final = "S"
NONE: Final = "–"
ZERO: Final = "0"
SHOWN: Final = ""

#: What a cell must bring, and what it may bring with what stands where it does not.
REQUIRED: Final = ("total", "n_accounts", "top1", "top2")
OPTIONAL: Final[dict[str, pl.Expr]] = {
    "whole": pl.lit(value=True),
    "denominator": pl.lit(None, pl.Float64),
    "denominator_accounts": pl.lit(None, pl.Float64),
    "linked": pl.lit(value=False),
    "applicable": pl.lit(value=True),
    "published": pl.lit(value=True),
}
#: Columns that are no dimension of a cell.
RESERVED: Final = frozenset((*REQUIRED, *OPTIONAL, "mark", "rule", "reason", "primary", "up", "down", "shown", "accounts"))


def dimensions(cells: pl.DataFrame) -> list[str]:
    """Return the columns that name a cell: all that are not reserved."""
    return [name for name in cells.columns if name not in RESERVED]


def complete(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells with every optional column, and refuse what cannot be judged.

    Raises:
        DataError: Says which column or cell is wrong and what to do.
    """
    missing = [name for name in REQUIRED if name not in cells.columns]
    if missing:
        raise DataError(f"Cells have no column “{missing[0]}”; give {', '.join(REQUIRED)} for every cell.")
    keys = dimensions(cells)
    if not keys:
        raise DataError("Cells have no dimension; give at least one column of codes beside the figures.")
    full = cells.with_columns(
        *(default.alias(name) for name, default in OPTIONAL.items() if name not in cells.columns),
        *(pl.col(name).cast(pl.String) for name in keys),
        *(pl.col(name).cast(pl.Float64) for name in ("total", "top1", "top2")),
    )
    off = (
        pl.any_horizontal(pl.col(*REQUIRED, *keys).is_null())
        | (pl.col("total") < 0)
        | (pl.col("top2") < 0)
        | (pl.col("top1") < pl.col("top2"))
        | (pl.col("top1") + pl.col("top2") > pl.col("total") * (1 + 1e-9) + 1e-6)
        | ((pl.col("total") > 0) & (pl.col("n_accounts") < 1))
        | (pl.col("whole") & (pl.col("total") != pl.col("total").round()))
        | (~pl.col("applicable") & (pl.col("total") > 0))
        | (pl.col("denominator") < pl.col("total"))
    )
    wrong = full.filter(off)
    if wrong.height:
        named = ", ".join(f"{key}={wrong[key][0]}" for key in keys)
        raise DataError(
            f"{wrong.height} cells cannot be judged, the first is {named}: figures must be there and not negative, top1 at least top2, "
            "both together no more than the total, a total above zero needs accounts, a numerator is no more than its denominator, "
            "a cell that is not applicable is zero, and whole=True needs whole numbers. Correct the cell."
        )
    if full.select(pl.struct(keys).is_duplicated().any()).item():
        raise DataError(f"Two cells have the same {', '.join(keys)}; sum them first.")
    return full


def mark(cells: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Mark what the rules forbid.

    Args:
        cells: A row a cell: its dimensions, `total`, `n_accounts` (corporate accounts that contribute), `top1` and `top2` (what the
            two largest contribute), and as in `OPTIONAL`: `whole` (counts), `denominator` and `denominator_accounts` (null where the
            cell is no numerator of a published rate), `linked` (equations lead from it to its denominator), `applicable` (false: nothing to report), `published` (false: never shown).
        rules: The rules in force.

    Returns:
        The cells in the same order with `primary` (bool), `mark`, `rule` and `reason` (empty where shown), and the protection level:
        `up` and `down`, how far an attacker's interval must reach above and below the total (0 where nothing is hidden). It is p % of
        the largest account, for counts at least one; for rates so many cases that the count could be another. Nobody's interval need
        reach below what the second-largest account knows to be its own.
    """
    full = complete(cells)
    asked = listed(rules)
    fails = [rule.fails.fill_null(value=False) for rule in asked]
    forbidden = pl.any_horizontal(fails) & pl.col("applicable") & pl.col("published")
    which = pl.coalesce(*(pl.when(fail).then(pl.lit(number)) for number, fail in enumerate(fails)))
    names, reasons = [rule.name for rule in asked], [rule.reason for rule in asked]
    judged = full.with_columns(primary=forbidden, which=which)
    zero = pl.col("total") == 0
    unreliable = (pl.col("denominator") > 0) & (pl.col("denominator") < rules.reliable_cases)
    marked = judged.with_columns(
        mark=pl.when(~pl.col("applicable")).then(pl.lit(NONE))
        .when("primary").then(pl.lit(WITHHELD))
        .when(unreliable).then(pl.lit(UNRELIABLE))
        .when(zero).then(pl.lit(ZERO))
        .otherwise(pl.lit(SHOWN)),
        rule=pl.when("primary").then(pl.col("which").replace_strict(dict(enumerate(names)), return_dtype=pl.String)).otherwise(pl.lit("")),
        reason=pl.when(~pl.col("applicable")).then(pl.lit("nothing to report"))
        .when("primary").then(pl.col("which").replace_strict(dict(enumerate(reasons)), return_dtype=pl.String))
        .when(unreliable).then(pl.lit(f"fewer than {rules.reliable_cases} cases"))
        .when(zero).then(pl.lit("zero"))
        .otherwise(pl.lit("")),
    )  # fmt: skip
    return _levels(marked, rules).drop("which")


def _levels(marked: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Add how far the interval of each hidden cell must reach."""
    company = rules.p * pl.col("top1")
    company = pl.when("whole").then(pl.max_horizontal(company - 1e-9, pl.lit(1.0)).ceil()).otherwise(company)
    rate = pl.col("rule").str.starts_with("rate")
    count = pl.lit(float(rules.minimum_count))
    room = pl.col("total") - pl.col("top2")
    up = pl.when(rate).then(pl.min_horizontal(count, pl.col("denominator") - pl.col("total"))).otherwise(company)
    down = pl.min_horizontal(pl.when(rate).then(count).otherwise(company), room)
    return marked.with_columns(
        up=pl.when("primary").then(up).otherwise(0.0),
        down=pl.when("primary").then(pl.max_horizontal(down, pl.lit(0.0))).otherwise(0.0),
    )
