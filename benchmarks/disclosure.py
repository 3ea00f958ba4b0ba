"""Time disclosure control: of a release as large as the real one, and of one five times as large, both of drawn facts.

Each measure is a table of 10 Centers by 36 months, to-date months, quarters and years, and by quarter and year by 45 districts, with margins:
8,316 cells. `python -m benchmarks disclosure` keeps what it finds; `python -m benchmarks.disclosure` prints it. Processor time of one core.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from analytics.disclosure import audit, companies, complementary, primary, rules, tables
from benchmarks.report import row

CENTERS: Final = [f"C{number}" for number in range(10)]
DISTRICTS: Final = [f"D{number:02d}" for number in range(45)]
MEASURES: Final = {"entries": True, "lines": True, "reviews": True, "value": False, "duty": False}
#: Measures of the two releases: as many cells as the real one has, and five times as many.
SIZES: Final = (("entries",), tuple(MEASURES))
YEARS: Final = (2011, 2012, 2013)
KEYS: Final = ["center", "period", "district"]


def periods() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the hierarchy of periods, and for each month (0-35) every period that holds it, with whether districts see that period."""
    sums: list[tuple[str, str, str]] = []
    holds: list[tuple[int, str, bool]] = []
    for number, year in enumerate(YEARS):
        months = [f"{year}-{month:02d}" for month in range(1, 13)]
        before = months[0]
        for at, month in enumerate(months):
            quarter, whole = f"{year}Q{at // 3 + 1}", f"FY{year}"
            here = 12 * number + at
            holds += [(here, month, False), (here, quarter, True), (here, whole, True)]
            holds += [(here, f"to {months[later]}", False) for later in range(max(at, 1), 11)]
            sums.append((quarter, month, "months"))
            if at:
                to_date = whole if at == 11 else f"to {month}"
                sums += [(to_date, before, "date"), (to_date, month, "date")]
                before = to_date
        sums += [(f"FY{year}", f"{year}Q{quarter}", "quarters") for quarter in range(1, 5)]
    hierarchy = pl.DataFrame(sums, schema=["parent", "child", "split"], orient="row")
    return hierarchy, pl.DataFrame(holds, schema={"month": pl.Int64, "period": pl.String, "by_district": pl.Boolean}, orient="row")


def facts(lines: int, accounts: int, seed: int) -> pl.DataFrame:
    """Draw lines of accounts of very different size, each of one Center and few districts."""
    rng = np.random.default_rng(seed)
    size = rng.pareto(1.2, accounts) + 0.2
    account = rng.choice(accounts, lines, p=size / size.sum())
    center = rng.choice(len(CENTERS), accounts, p=rng.dirichlet(np.full(len(CENTERS), 3.0)))
    home = rng.choice(len(DISTRICTS), (accounts, 4), p=rng.dirichlet(np.full(len(DISTRICTS), 0.5)))
    value = np.round(rng.lognormal(9, 1.5, lines))
    return pl.DataFrame(
        {
            "account": account,
            "center": np.array(CENTERS)[center[account]],
            "district": np.array(DISTRICTS)[home[account, rng.choice(4, lines, p=[0.6, 0.2, 0.15, 0.05])]],
            "month": rng.integers(0, 36, lines),
            "entries": 1.0,
            "lines": 2.0,
            "reviews": (account % 7 == 0).astype(float),
            "value": value,
            "duty": np.round(value * 0.03, 2),
        }
    )


def release(
    measures: Sequence[str], lines: int = 150_000, accounts: int = 1500, seed: int = 0
) -> tuple[pl.DataFrame, tables.Hierarchy, pl.DataFrame]:
    """Return the cells of the release, zeros included, its hierarchy, and what each account owns in each cell."""
    hierarchy, holds = periods()
    spread = facts(lines, accounts, seed).join(holds, on="month")
    whole = pl.lit("ALL")
    spread = pl.concat([spread.filter("by_district"), spread.with_columns(district=whole)])
    spread = pl.concat([spread, spread.with_columns(center=whole)])
    held = spread.group_by(*KEYS, "account").agg(pl.col(*measures).sum())
    owned = held.unpivot(on=list(measures), index=[*KEYS, "account"], variable_name="measure", value_name="amount").filter(
        pl.col("amount") > 0
    )
    parts = pl.col("amount").sort(descending=True)
    cells = owned.group_by(*KEYS, "measure").agg(
        total=pl.col("amount").sum(),
        n_accounts=pl.len().cast(pl.Int64),
        top1=parts.first(),
        top2=parts.get(1, null_on_oob=True).fill_null(0),
    )
    grid = (
        holds.select("period", "by_district").unique()
        .join(pl.DataFrame({"district": [*DISTRICTS, "ALL"]}), how="cross")
        .filter(pl.col("by_district") | (pl.col("district") == "ALL"))
        .join(pl.DataFrame({"center": [*CENTERS, "ALL"]}), how="cross")
        .join(pl.DataFrame({"measure": list(measures), "whole": [MEASURES[name] for name in measures]}), how="cross")
        .drop("by_district")
    )  # fmt: skip
    full = grid.join(cells, on=[*KEYS, "measure"], how="left").with_columns(pl.col("total", "n_accounts", "top1", "top2").fill_null(0))
    flat = {"center": CENTERS, "district": DISTRICTS}
    hierarchies = {name: pl.DataFrame({"parent": ["ALL"] * len(codes), "child": codes}) for name, codes in flat.items()}
    return full.sort(*KEYS, "measure"), hierarchies | {"period": hierarchy}, owned


def measures() -> list[dict[str, Any]]:
    """Time what a release takes, at both sizes; one that is not safe is no measure."""
    return [each for names in SIZES for each in _measured(names)]


def _measured(names: Sequence[str]) -> list[dict[str, Any]]:
    cells, hierarchy, owned = release(names)
    times = [time.process_time()]
    marked = primary.mark(cells, rules.load())
    keys = primary.dimensions(marked)
    plain = tables.system(marked, hierarchy)
    system = replace(plain, owned=companies.owned(marked.select(keys), owned, plain.value.size))
    times.append(time.process_time())
    pattern = complementary.choose(system)
    times.append(time.process_time())
    found = audit.report(audit.audit(system, pattern.hidden, pattern.proofs.values(), pattern.named), marked.select(keys))
    times.append(time.process_time())
    if not found["ok"].all() or found["narrow"].any():
        raise SystemExit(f"{int((~found['ok']).sum())} cells are not protected, {int(found['narrow'].sum())} only against less than all.")
    hidden = system.value[pattern.hidden].sum() / system.value.sum()
    size = f"{marked.height:,} cells"
    what = (
        f"{int(marked['primary'].sum()):,} primary, {found.height:,} withheld, {hidden:.1%} of value, {int(found['by_name'].sum())} by name"
    )
    words = (f"marks and {system.matrix.shape[0]:,} equations, {size}", f"choice, {size} ({what})", f"audit, {size} (all of them safe)")
    return [row(each, [later - sooner], "s") for each, sooner, later in zip(words, times[:-1], times[1:], strict=True)]


def main() -> None:
    """Print what each step takes."""
    for each in measures():
        print(f"{each['measure']}: {each['p50']:.1f} s")


if __name__ == "__main__":
    main()
