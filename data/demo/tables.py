"""The entry summaries and lines as tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from data.demo.accounts import PROGRAM_ORDER, account_ids
from data.demo.draws import NEVER, dates, day_of, texts
from data.demo.entries import ENTRY_TYPE_ORDER, MODE_ORDER
from data.demo.liquidation import LIQUIDATION_ORDER
from data.demo.money import SPI_ORDER, suffixes
from data.demo.receipts import World, processed_by_center
from data.identifiers import entry_check_digit
from data.routing import CENTERS_DECIDE_FROM

#: Filer codes of the demonstration: invented, in the form that the demonstration alone uses (two letters and a digit).
_FILERS = [f"Z{chr(65 + index // 10)}{index % 10}" for index in range(110)]


def entry_numbers(world: World) -> list[str]:
    """Number the entries of each filer in order, with their check digits."""
    filer = world.entries.filer
    order = np.argsort(filer, kind="stable")
    first = np.searchsorted(filer[order], np.arange(len(_FILERS)))
    sequence = np.empty(len(filer), dtype=np.int64)
    sequence[order] = np.arange(len(filer)) - first[filer[order]] + 1_000_001
    numbers = pl.DataFrame({"filer": texts("filer", _FILERS, filer), "sequence": sequence}).select(
        body=pl.col("filer") + pl.col("sequence").cast(pl.String).str.zfill(7)
    )
    offset = {code: sum(_digit_part(code, place) for place in range(3)) for code in _FILERS}
    digits = [((sequence // 10**power) % 10) for power in range(6, -1, -1)]
    doubled = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])
    total = np.array([offset[code] for code in _FILERS])[filer]
    for place, digit in enumerate(digits, start=3):
        total = total + (doubled[digit] if place % 2 else digit)
    check = (-total) % 10
    return numbers.select(pl.col("body") + pl.Series(check).cast(pl.String)).to_series().to_list()


def _digit_part(filer: str, place: int) -> int:
    """Return what one character of the filer code adds to the check sum, found from the check digit itself."""
    alone = "".join(filer[place] if place == index else "0" for index in range(3))
    return -entry_check_digit(alone, "0000000") % 10


def entry_table(world: World, numbers: list[str]) -> pl.DataFrame:
    """Return the table entry."""
    entries, money, facts, paid = world.entries, world.money, world.facts, world.liquidations
    by_center = processed_by_center(world.accounts, entries)
    center = world.accounts.center[entries.account]
    decides = by_center & (entries.day >= day_of(CENTERS_DECIDE_FROM))
    settled = paid.day < NEVER
    return pl.DataFrame(
        {
            "entry_number": numbers,
            "entry_type_code": texts("entry_type_code", ENTRY_TYPE_ORDER, entries.entry_type),
            "filer_code": texts("filer_code", _FILERS, entries.filer),
            "importer_id": texts(
                "importer_id", [f"I{index + 1:06d}" for index in range(len(world.accounts.importer_account))], entries.importer
            ),
            "account_id": texts("account_id", account_ids(len(world.accounts.center)), entries.account),
            "port_code": texts("port_code", facts.ports, entries.port),
            "mode_code": texts("mode_code", MODE_ORDER, entries.mode),
            "entry_date": dates("entry_date", entries.day),
            "summary_date": dates("summary_date", np.minimum(entries.day + 1 + entries.account % 10, 1095)),
            "center_code": texts("center_code", facts.centers, np.where(by_center, center, -1)),
            "industry_code": texts("industry_code", facts.industries, money.industry),
            "program": texts("program", PROGRAM_ORDER, entries.program),
            "processed_by": texts("processed_by", ["PORT", "CENTER"], by_center.astype(np.int64)),
            "decision_by": texts("decision_by", ["PORT", "CENTER"], decides.astype(np.int64)),
            "value_usd": money.value.astype(np.float64),
            "duty_usd": money.duty / 100,
            "fees_usd": money.fees / 100,
            "line_count": entries.line_count,
            "scheduled_liquidation_date": dates("scheduled_liquidation_date", paid.scheduled),
            "liquidation_date": dates("liquidation_date", np.where(settled, paid.day, 0), settled),
            "liquidation_type": texts("liquidation_type", LIQUIDATION_ORDER, np.where(settled, paid.kind, -1)),
            "extension_count": paid.extensions,
            "suspended_date": dates("suspended_date", np.where(paid.suspended < NEVER, paid.suspended, 0), paid.suspended < NEVER),
            "suspension_lifted_date": dates("suspension_lifted_date", np.where(paid.lifted < NEVER, paid.lifted, 0), paid.lifted < NEVER),
        }
    )


def line_table(world: World, numbers: list[str]) -> pl.DataFrame:
    """Return the table entry_line."""
    lines, money, facts = world.lines, world.money, world.facts
    endings = suffixes()
    hts = [heading + ending for heading in facts.headings for ending in endings]
    return pl.DataFrame(
        {
            "entry_number": texts("entry_number", numbers, lines.entry),
            "line_number": lines.number,
            "hts_number": texts("hts_number", hts, lines.heading * len(endings) + money.suffix),
            "industry_code": texts("industry_code", facts.industries, lines.industry),
            "origin_code": texts("origin_code", facts.origins, lines.origin),
            "value_usd": money.line_value.astype(np.float64),
            "duty_usd": money.line_duty / 100,
            "spi_code": texts("spi_code", SPI_ORDER, money.spi),
        }
    )
