"""A unit of work as arrays, before and after it is completed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from analytics.codes import DUE_BASES, REVIEW_SOURCES, WORK_TYPES
from data.demo.draws import Bools, Ints

KINDS: Final = list(WORK_TYPES)
VALIDATION, PSC, PEA, PRIOR_DISCLOSURE, PROTEST, CF28, CF29, INTERNAL_ADVICE = range(len(KINDS))
SOURCES: Final = list(REVIEW_SOURCES)
RANDOM, TARGETED, LOCAL, TRADE_FILED = range(len(SOURCES))
BASES: Final = list(DUE_BASES)
AT_PORT: Final = -1


@dataclass(frozen=True)
class Work:
    """Reviews as arrays; -1 stands for none where a position is meant."""

    kind: Ints  # position in KINDS
    entry: Ints
    line: Ints  # line number, only in the random sample
    account: Ints
    port: Ints
    industry: Ints
    program: Ints
    opened: Ints  # day
    source: Ints  # position in SOURCES
    stratum: Ints
    holder: Ints  # Center when received, AT_PORT for a port
    due: Ints  # day
    basis: Ints  # position in BASES
    severity: Ints  # what a look would find
    category: Ints
    revenue: Ints  # cents
    moves: Bools  # is passed on to another Center later

    def __len__(self) -> int:
        return len(self.kind)

    def where(self, mask: Bools | Ints) -> Work:
        """Return the chosen reviews."""
        return Work(**{field.name: getattr(self, field.name)[mask] for field in fields(self)})

    def changed(self, **columns: Ints | Bools) -> Work:
        """Return the reviews with some columns replaced."""
        return replace(self, **columns)  # type: ignore[arg-type]


def join(parts: Sequence[Work]) -> Work:
    """Put reviews one after another."""
    return Work(**{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Work)})
