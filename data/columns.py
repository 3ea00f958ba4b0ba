"""The kinds of column that the contracts are made of."""

from __future__ import annotations

import dataframely as dy
import polars as pl


def code(of: dict[str, str] | tuple[str, ...], *, doc: str, nullable: bool = False, key: bool = False) -> dy.String:
    """A text column whose values come from a fixed code set."""
    values = tuple(of)
    longest = max(len(value) for value in values)
    return dy.String(
        nullable=nullable,
        primary_key=key,
        max_length=longest,
        check={"in_code_set": lambda column: column.is_in(values)},
        metadata={"doc": doc, "codes": values},
    )


def text(
    doc: str, *, nullable: bool = True, key: bool = False, longest: int = 200, regex: str | None = None, alias: str | None = None
) -> dy.String:
    return dy.String(nullable=nullable and not key, primary_key=key, max_length=longest, regex=regex, alias=alias, metadata={"doc": doc})


def date(doc: str, *, nullable: bool = True, key: bool = False) -> dy.Date:
    return dy.Date(nullable=nullable and not key, primary_key=key, metadata={"doc": doc})


def usd(doc: str, *, nullable: bool = False, negative: bool = False) -> dy.Float64:
    return dy.Float64(
        nullable=nullable, min=None if negative else 0.0, check={"two_decimals": _in_cents}, metadata={"doc": doc, "unit": "USD"}
    )


def _in_cents(column: pl.Expr) -> pl.Expr:
    """Say whether amounts are whole cents, as far as a number of their size can tell: sums are kept in cents, and must not depend on who rounds."""
    return (column * 100 - (column * 100).round()).abs() < 1e-6 + column.abs() * 1e-12


def count(doc: str, *, nullable: bool = False, key: bool = False, least: int = 0, most: int | None = None) -> dy.Int64:
    return dy.Int64(nullable=nullable and not key, primary_key=key, min=least, max=most, metadata={"doc": doc})


def number(doc: str, *, nullable: bool = True, unit: str = "") -> dy.Float64:
    return dy.Float64(nullable=nullable, metadata={"doc": doc, "unit": unit})


def flag(doc: str, *, nullable: bool = False) -> dy.Bool:
    return dy.Bool(nullable=nullable, metadata={"doc": doc})


def center_code(doc: str, *, nullable: bool = True, key: bool = False) -> dy.String:
    return text(doc, nullable=nullable, key=key, longest=8, regex=r"^[A-Z0-9]{2,8}$")


def industry_code(doc: str, *, nullable: bool = False, key: bool = False) -> dy.String:
    return text(doc, nullable=nullable, key=key, longest=16, regex=r"^[A-Z0-9_]{2,16}$")


def port_code(doc: str, *, nullable: bool = False, key: bool = False) -> dy.String:
    return text(doc, nullable=nullable, key=key, longest=4, regex=r"^[0-9]{4}$")
