"""Writing rows so that nothing is forgotten: replaced rows go to history, and every month keeps a ledger of what each load did to it.

The ledger is additive: the sums of a month's revisions up to a load are what the store held of that month after it. So it
says how a month was known then, which months a publish has to rebuild, and what the tables must hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection

from analytics.coding import cents
from analytics.exc import DataError
from data import bulk, schema
from data.across import Held
from data.contracts import TABLES
from data.progress import Progress, Silent

#: Tables whose rows belong to a month, and the column that says which; lines and events take that of what they belong to.
MONTH_OF: Final[dict[str, str]] = {
    "entry": "entry_date",
    "entry_line": "entry_date",
    "review": "opened_date",
    "review_event": "opened_date",
}

#: Tables whose rows belong to a row of another -> that table, and the key that they share.
_PARENT: Final[dict[str, tuple[str, str]]] = {"entry_line": ("entry", "entry_number"), "review_event": ("review", "review_id")}
_CHILD: Final = {parent: (child, key) for child, (parent, key) in _PARENT.items()}

_COUNTS: Final = ("added_count", "removed_count", "replaced_count", "value_cents", "closed_count")

REVISION_SCHEMA: Final = {"table_name": pl.String, "month": pl.String, **dict.fromkeys(_COUNTS, pl.Int64)}


@dataclass(frozen=True)
class Change:
    """What a load did to a table: rows that are new, rows as they were and as they are, and how many were there already."""

    table: str
    added: pl.DataFrame
    old: pl.DataFrame
    new: pl.DataFrame
    unchanged: int


def put(
    connection: Connection, name: str, frame: pl.DataFrame, load_id: int, held: Held, progress: Progress | None = None
) -> tuple[Change, pl.DataFrame]:
    """Insert rows whose key is new, replace those whose values differ and keep the old ones in history, leave the rest.

    Args:
        connection: Open transaction.
        name: Table.
        frame: Rows that have been judged.
        load_id: The load that brings them.
        held: Answers what the store holds of what the rows belong to.
        progress: Told what is being done.

    Returns:
        What changed, and what that did to each month: the columns of `REVISION_SCHEMA`, one row a table and month; all counts 0
        where a month must only be made anew.
    """
    told = progress or Silent()
    if not bulk.is_filled(connection, name):
        change = Change(name, frame, frame.clear(), frame.clear(), 0)
    else:
        with told.during(f"Comparing with {name} as it is"):
            change = _replace(connection, name, frame, load_id)
    months = _months(change, held)
    with ThreadPoolExecutor(1) as beside:
        # While the rows are written: summing needs a processor and no database.
        sums = beside.submit(_sums, change, months)
        written = pl.concat([change.added, change.new]).with_columns(load_id=pl.lit(load_id, pl.Int64))
        bulk.bulk_insert(connection, name, written, told)
    if name == "account":
        _number(connection, change.added)
    return change, _revisions(connection, change, months, sums.result())


def _replace(connection: Connection, name: str, frame: pl.DataFrame, load_id: int) -> Change:
    """Tell new, changed and unchanged rows apart, and move the changed ones' old values to history."""
    keys = TABLES[name].primary_key()
    held = bulk.read_matching(connection, name, frame.select(keys), [*frame.columns, "load_id"])
    same = frame.join(held, on=frame.columns, how="semi", nulls_equal=True)
    rest = frame.join(same, on=keys, how="anti")
    old = held.join(rest, on=keys, how="semi")
    bulk.bulk_insert(connection, f"{name}_history", old.with_columns(replaced_by=pl.lit(load_id, pl.Int64)))
    if old.height:
        bulk.delete_rows(connection, name, old.select(keys))
    return Change(name, rest.join(old, on=keys, how="anti"), old.drop("load_id"), rest.join(old, on=keys, how="semi"), same.height)


def _number(connection: Connection, accounts: pl.DataFrame) -> None:
    """Give new accounts the next numbers, in the order of their ids."""
    used = bulk.read_whole(connection, "account_key")["account_key"].max()
    first = int(used) + 1 if isinstance(used, int) else 0
    numbered = accounts.select("account_id").sort("account_id").with_row_index("account_key", offset=first)
    bulk.bulk_insert(connection, "account_key", numbered.with_columns(pl.col("account_key").cast(pl.Int64)))


def record(connection: Connection, load_id: int, parts: list[pl.DataFrame]) -> None:
    """Write a load's revisions into the ledger."""
    summed = pl.concat(parts).group_by("table_name", "month").agg(pl.col(_COUNTS).sum()).sort("table_name", "month")
    bulk.bulk_insert(connection, "revision", summed.select(pl.lit(load_id, pl.Int64).alias("load_id"), *REVISION_SCHEMA))


def of_record(connection: Connection, table: str, key: str) -> pl.DataFrame:
    """Return a record as it is and as it was, newest first.

    Args:
        connection: Open transaction.
        table: Table of the contracts.
        key: Its key as text, parts joined by `|`.

    Returns:
        The table's columns, `load_id` that wrote the values, and `replaced_by` that replaced them (null for those in force).

    Raises:
        DataError: there is no such table, or no such record.
    """
    if table not in TABLES:
        raise DataError(f"There is no table “{table}”; choose among {', '.join(TABLES)}.")
    names, parts = TABLES[table].primary_key(), key.split("|")
    if len(parts) != len(names):
        raise DataError(f"The key of {table} is {'|'.join(names)}; write it so.")
    columns = [*TABLES[table].column_names(), "load_id"]
    same = " AND ".join(f"CAST(t.{name} AS VARCHAR(200)) = ?" for name in names)
    now = bulk.read_where(connection, table, columns, same, parts).with_columns(replaced_by=pl.lit(None, pl.Int64))
    before = bulk.read_where(connection, f"{table}_history", [*columns, "replaced_by"], same, parts)
    if now.is_empty() and before.is_empty():
        raise DataError(f"There is no {table} {key}.")
    return pl.concat([now, before.sort("replaced_by", descending=True)])


def _revisions(connection: Connection, change: Change, months: pl.DataFrame | None, sums: pl.DataFrame) -> pl.DataFrame:
    """Say what a change did to each month: of its own table, and of those that follow it.

    A review's facts repeat the value and date of its entry, and lines and events lie in the month of what they belong to;
    so a corrected entry touches the months of its reviews, and one whose date is corrected takes its lines along.
    """
    parts = [sums]
    if change.table in MONTH_OF and change.old.height:
        parts += _followers(connection, change.table, *(_placed(frame, change.table, months) for frame in (change.old, change.new)))
    labelled = pl.concat(parts).with_columns(pl.col("month").dt.strftime("%Y-%m"))
    return labelled.group_by("table_name", "month").agg(pl.col(_COUNTS).sum()).sort("table_name", "month")


def _sums(change: Change, months: pl.DataFrame | None) -> pl.DataFrame:
    """Sum what a change did to the months of its own table."""
    if change.table not in MONTH_OF:
        return pl.DataFrame(schema=REVISION_SCHEMA | {"month": pl.Date})
    return _own(change.table, *(_placed(frame, change.table, months) for frame in (change.added, change.old, change.new)))


def _months(change: Change, held: Held) -> pl.DataFrame | None:
    """Return the month of each row's parent; null when the rows have their own."""
    if change.table not in _PARENT:
        return None
    parent, key = _PARENT[change.table]
    keys = pl.concat([change.added.select(key), change.new.select(key)]).unique()
    found = held(parent, keys, [key, MONTH_OF[parent]])
    return found.select(key, month=_month(MONTH_OF[parent]))


def _month(date: str) -> pl.Expr:
    """Return the month of a date as its first day."""
    return pl.col(date).dt.month_start()


def _placed(frame: pl.DataFrame, table: str, months: pl.DataFrame | None) -> pl.DataFrame:
    """Reduce rows to key, month and measures."""
    keys = TABLES[table].primary_key()
    placed = frame.with_columns(month=_month(MONTH_OF[table])) if months is None else frame.join(months, on=_PARENT[table][1])
    value = cents("value_usd") if "value_usd" in frame.columns else pl.lit(0, pl.Int64)
    closed = pl.col("closed_date").is_not_null().cast(pl.Int64) if "closed_date" in frame.columns else pl.lit(0, pl.Int64)
    return placed.select(*keys, "month", value_cents=value, closed_count=closed)


def _own(table: str, added: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    pairs = old.join(new, on=TABLES[table].primary_key(), suffix="_new")
    stayed = pairs.filter(pl.col("month") == pl.col("month_new"))
    moved = pairs.filter(pl.col("month") != pl.col("month_new"))
    after = {name: pl.col(f"{name}_new") for name in ("value_cents", "closed_count")}
    change = {name: column - pl.col(name) for name, column in after.items()}
    return pl.concat(
        [
            _rows(table, added, added_count=pl.lit(1)),
            _rows(table, stayed, replaced_count=pl.lit(1), **change),
            _rows(table, moved, removed_count=pl.lit(1), value_cents=-pl.col("value_cents"), closed_count=-pl.col("closed_count")),
            _rows(table, moved.with_columns(month="month_new"), added_count=pl.lit(1), **after),
        ]
    )


def _rows(table: str, frame: pl.DataFrame, **counts: pl.Expr) -> pl.DataFrame:
    """Give rows with a month the columns of the ledger and sum them; a count that is not named is the frame's own, or 0."""
    own = {name: pl.col(name) for name in ("value_cents", "closed_count") if name in frame.columns}
    wanted = {name: (own | counts).get(name, pl.lit(0)).cast(pl.Int64) for name in _COUNTS}
    return frame.select("month", **wanted).group_by("month").sum().select(pl.lit(table).alias("table_name"), "month", *_COUNTS)


def _followers(connection: Connection, table: str, old: pl.DataFrame, new: pl.DataFrame) -> list[pl.DataFrame]:
    """Say which months of other tables a replaced row touches."""
    key = TABLES[table].primary_key()[0]
    parts = []
    if table == "entry":
        reviews = bulk.read_matching(connection, "review", old.select("entry_number"), ["opened_date"])
        touched = reviews.select(month=_month("opened_date")).unique()
        parts.append(_rows("review", touched))
    if table in _CHILD:
        moved = old.join(new, on=key, suffix="_new").filter(pl.col("month") != pl.col("month_new")).select(key, "month", "month_new")
        parts += _moved_children(connection, table, moved) if moved.height else []
    return parts


def _moved_children(connection: Connection, table: str, moved: pl.DataFrame) -> list[pl.DataFrame]:
    child, key = _CHILD[table]
    columns = [key, "value_usd"] if "value_usd" in schema.kinds(child) else [key]
    rows = bulk.read_matching(connection, child, moved.select(key), columns).join(moved, on=key)
    value = cents("value_usd") if "value_usd" in rows.columns else pl.lit(0, pl.Int64)
    valued = rows.select("month", "month_new", value_cents=value)
    return [
        _rows(child, valued, removed_count=pl.lit(1), value_cents=-pl.col("value_cents")),
        _rows(child, valued.with_columns(month="month_new"), added_count=pl.lit(1)),
    ]


_CHANGES: Final[dict[str, Any]] = {
    "load_id": pl.Int64, "at": pl.Datetime("us"), "role": pl.String, "person": pl.String, "action": pl.String, "column": pl.String,
    "old": pl.String, "new": pl.String,
}  # fmt: skip


def changes(versions: pl.DataFrame, by: Mapping[int, tuple[Any, str, str, str]]) -> pl.DataFrame:
    """Compare each version of a record with the one before it.

    Args:
        versions: Versions of a record, newest first (`of_record`).
        by: `load_id` -> when, role, person and action of what wrote it.

    Returns:
        `load_id`, `at`, `role`, `person`, `action`, `column`, `old`, `new`; the first version has no old values and is one row.
    """
    rows = versions.to_dicts()
    found: list[tuple[Any, ...]] = []
    for place, row in enumerate(rows):
        who = by.get(row["load_id"], (None, "", "", "load"))
        if place + 1 == len(rows):
            found.append((row["load_id"], *who, "", None, None))
            continue
        before = rows[place + 1]
        for name in versions.columns:
            if name not in ("load_id", "replaced_by") and row[name] != before[name]:
                old, new = (None if each is None else str(each) for each in (before[name], row[name]))
                found.append((row["load_id"], *who, name, old, new))
    return pl.DataFrame(found, schema=_CHANGES, orient="row")
