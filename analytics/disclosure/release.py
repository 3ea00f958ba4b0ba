"""A release: what may be shown, what is kept to judge the next one, and the proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analytics.disclosure import audit, companies, complementary, primary, tables
from analytics.disclosure.primary import SHOWN, WITHHELD, ZERO
from analytics.disclosure.rules import Rules

#: What readers are told of any withheld cell: which ones are primary is itself worth knowing to an attacker.
WITHHELD_WORDS = "withheld so that no company can be told"


@dataclass(frozen=True)
class Release:
    """A protected release.

    Attributes:
        cells: What may be shown: dimensions, `value` (rounded, null unless shown), `n_accounts` (null unless shown), `mark`, `reason`.
        audit: One row a withheld cell, see `audit.report`. Not for readers: it tells which cells are primary.
        summary: One row, what may be told of the audit, see `summarised`.
        ledger: What the next release needs to know of this one. Not for readers: it holds true totals, and of what is withheld the
            accounts.
    """

    cells: pl.DataFrame
    audit: pl.DataFrame
    summary: pl.DataFrame
    ledger: pl.DataFrame

    @property
    def safe(self) -> bool:
        """Say whether every withheld cell keeps its protection level; a release that is not safe must not be published."""
        return bool(self.audit["ok"].all())


def protect(
    cells: pl.DataFrame,
    hierarchy: tables.Hierarchy,
    rules: Rules,
    earlier: Sequence[pl.DataFrame] = (),
    ties: pl.DataFrame | None = None,
    accounts: pl.DataFrame | None = None,
) -> Release:
    """Withhold what must be, prove it, and round the rest.

    Args:
        cells: Every cell that is published together, margins included, as `primary.mark` describes.
        hierarchy: What adds up to what, as `tables.system` describes.
        rules: The rules in force.
        earlier: The ledgers of the releases before, oldest first.
        ties: What else an attacker can add up, as `tables.system` describes.
        accounts: What each account owns in each cell, as `companies.owned` describes (what an earlier release withheld may be left
            out); without it cells that nothing protects against the worst company conceivable are proved against a weaker one only.

    Returns:
        The same release for the same input, whatever its order of rows; the frames keep the order of the cells given.
    """
    marked = primary.mark(cells, rules)
    keys = primary.dimensions(marked)
    order = marked.select(keys).with_row_index("order").sort(keys)["order"]
    marked = marked[order]
    system = tables.system(marked, hierarchy, earlier, ties)
    accounts = companies.known(accounts, earlier[-1] if earlier else None, marked.select(*keys, "total"))
    system = replace(system, owned=companies.owned(marked.select(keys), accounts, system.value.size))
    pattern = complementary.choose(system)
    attack = audit.audit(system, pattern.hidden, pattern.proofs.values(), pattern.named)
    # An earlier release cannot be taken back, but a primary cell is not shown again.
    hidden = pattern.hidden[: marked.height] | marked["primary"].to_numpy()
    found = audit.report(attack, _names(system, keys))
    back = np.argsort(order.to_numpy())
    withheld = marked.with_columns(
        hidden=pl.Series(hidden) & pl.col("published"),
        mark=pl.when(pl.Series(hidden)).then(pl.lit(WITHHELD)).otherwise("mark"),
    )[back]
    return Release(_public(withheld, keys, rules), found, summarised(withheld, found), _ledger(withheld, keys, accounts))


def _names(system: tables.System, keys: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {key: np.array(system.codes[number])[system.place[:, number]] for number, key in enumerate(keys)},
        schema=dict.fromkeys(keys, pl.String),
    )


def _public(withheld: pl.DataFrame, keys: Sequence[str], rules: Rules) -> pl.DataFrame:
    shown = pl.col("mark").is_in([SHOWN, ZERO])
    base = pl.when("whole").then(float(rules.round_count)).otherwise(float(rules.round_sum))
    return withheld.filter("published").select(
        *keys,
        value=pl.when(shown).then((pl.col("total") / base + 0.5).floor() * base),
        n_accounts=pl.when(shown).then("n_accounts"),
        mark="mark",
        reason=pl.when(pl.col("mark") == WITHHELD).then(pl.lit(WITHHELD_WORDS)).otherwise("reason"),
    )


def _ledger(withheld: pl.DataFrame, keys: Sequence[str], accounts: pl.DataFrame | None) -> pl.DataFrame:
    # fmt: off
    figures = ("total", "n_accounts", "top1", "top2", "whole", "denominator", "linked", "applicable", "up", "down", "primary", "rule", "mark")
    # fmt: on
    # Marks S, – and 0 are known to an attacker who can count: only what is withheld counts as not shown.
    made = withheld.select(*keys, *figures, shown=pl.col("published") & ~pl.col("hidden"))
    owners = companies.kept(made.filter(~pl.col("shown")), accounts, keys)
    return made.join(owners, on=list(keys), how="left", maintain_order="left")


def summarised(withheld: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Sum an audit up in one row.

    Returns:
        `cells`, `primary`, `complementary` (withheld cells), `smallest_ratio` (of width to needed among primary cells; null where there
        is none), `narrow` (primary cells proved against the narrower attacker), `by_name` (those proved against each company by name),
        `failed` (withheld cells that are not protected), `safe`.
    """
    shown = withheld.filter("published")
    first = found.filter("primary")
    counted = shown.select(
        cells=pl.len(),
        primary=pl.col("primary").sum(),
        complementary=(pl.col("hidden") & ~pl.col("primary")).sum(),
    )
    return counted.with_columns(
        smallest_ratio=pl.lit((first["width"] / first["needed"]).min(), pl.Float64),
        narrow=pl.lit(int((first["narrow"] & first["ok"]).sum())),
        by_name=pl.lit(int((first["by_name"] & first["ok"]).sum())),
        failed=pl.lit(int((~found["ok"]).sum())),
        safe=pl.lit(bool(found["ok"].all())),
    )
