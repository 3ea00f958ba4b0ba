"""The quarantine: refused rows, whole, with what is wrong; exported to be mended, and settled when they come again.

A row waits until a later load brings it again. It is known again by its key, by its place in the same file, or by the two
columns that an export for mending adds to it. Refused again, it waits as a row of the later load.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
import polars.selectors as cs
from sqlalchemy import Connection, Engine, bindparam, func, select, update

from analytics.exc import DataError
from data import bulk, database, files
from data.schema import LOAD, REJECT, REJECTED_ROW
from data.validate import ROW, Checked

#: Columns that say of a mended row which refused one it was.
REFERENCE: Final = ("quarantine_load", "quarantine_row")

_WAITS: Final = REJECTED_ROW.c.settled_how.is_(None)

REJECTS_SCHEMA: Final = {
    "load_id": pl.Int64,
    "file_name": pl.String,
    "row_number": pl.Int64,
    "column_name": pl.String,
    "rule": pl.String,
    "value": pl.String,
    "message": pl.String,
}


def without_reference(raw: files.Raw) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split what an export for mending added from a file's rows.

    Returns:
        The rows without it, and `ROW`, `quarantine_load`, `quarantine_row` of the rows that have both.
    """
    found = {name.strip().casefold(): name for name in raw.rows.columns}
    if not all(name in found for name in REFERENCE):
        return raw.rows, pl.DataFrame(schema={ROW: pl.Int64, **dict.fromkeys(REFERENCE, pl.Int64)})
    numbers = [pl.col(found[name]).cast(pl.String).str.strip_chars().cast(pl.Int64, strict=False).alias(name) for name in REFERENCE]
    rows = raw.rows.drop(found[name] for name in REFERENCE)
    # Takes back what `export` put before text that begins like a formula.
    return rows.with_columns(pl.col(pl.String).str.replace(r"^'([=+\-@\t])", "${1}")), raw.rows.select(ROW, *numbers).drop_nulls()


def record(connection: Connection, load_id: int, contract: str, raw: files.Raw, checked: Checked) -> None:
    """Write a load's refused rows, whole and with their reasons."""
    if checked.rejects.is_empty():
        return
    number = pl.lit(load_id, pl.Int64).alias("load_id")
    bulk.bulk_insert(connection, "reject", checked.rejects.select(number, *checked.rejects.columns))
    bad = checked.rejects.select(pl.col("row_number").alias(ROW)).unique()
    plain = raw.rows.with_columns(cs.binary().bin.encode("hex"))
    content = plain.join(bad, on=ROW, how="semi").select(ROW, content=pl.struct(pl.exclude(ROW)).struct.json_encode())
    torn = pl.DataFrame(
        [(row.row, json.dumps({"": row.text})) for row in raw.misfits], schema={ROW: pl.Int64, "content": pl.String}, orient="row"
    )
    whole = pl.concat([content, torn]).lazy().join(checked.keyed, on=ROW, how="left").sort(ROW).collect()
    bulk.bulk_insert(
        connection,
        "rejected_row",
        whole.select(number, pl.col(ROW).alias("row_number"), pl.lit(contract).alias("table_name"), "row_key", "content"),
    )


def coming(connection: Connection, load_id: int, contract: str, sha256: str, checked: Checked, references: pl.DataFrame) -> pl.DataFrame:
    """Find the rows that wait and come again with a load: `load_id`, `row_number`, and whether they are `accepted` now."""
    waiting = _waiting(connection, load_id, contract)
    if waiting.is_empty():
        return pl.DataFrame(schema={"load_id": pl.Int64, "row_number": pl.Int64, "accepted": pl.Boolean})
    came = checked.keyed.collect().with_columns(accepted=~pl.col(ROW).is_in(checked.rejects["row_number"].unique().implode()))
    named = references.join(came, on=ROW).select(load_id=REFERENCE[0], row_number=REFERENCE[1], accepted="accepted")
    same_place = waiting.filter(sha256=sha256).join(came, left_on="row_number", right_on=ROW)
    # A key may come several times: accepted once is accepted.
    keys = came.drop_nulls("row_key").group_by("row_key").agg(pl.col("accepted").any())
    same_key = waiting.join(keys, on="row_key")
    again = pl.concat([part.select("load_id", "row_number", "accepted") for part in (named, same_place, same_key)])
    found = waiting.join(again, on=["load_id", "row_number"]).group_by("load_id", "row_number").agg(pl.col("accepted").any())
    return found.sort("load_id", "row_number")


def settle(connection: Connection, load_id: int, found: pl.DataFrame) -> int:
    """Settle the rows that have come again with a load; return how many."""
    updates = [
        {"at_load": load, "at_row": row, "by": load_id, "how": "accepted" if accepted else "refused_again"}
        for load, row, accepted in found.iter_rows()
    ]
    if updates:
        connection.execute(_settling().values(settled_by=bindparam("by"), settled_how=bindparam("how")), updates)
    return len(updates)


def refused(connection: Connection, load_id: int) -> set[tuple[int, str]]:
    """Return the rows that a load refused, with the rules they broke."""
    return {(row, rule) for row, rule in connection.execute(select(REJECT.c.row_number, REJECT.c.rule).where(REJECT.c.load_id == load_id))}


def _settling() -> Any:
    table = REJECTED_ROW
    return update(table).where(table.c.load_id == bindparam("at_load"), table.c.row_number == bindparam("at_row"), _WAITS)


def _waiting(connection: Connection, load_id: int, contract: str) -> pl.DataFrame:
    query = (
        select(REJECTED_ROW.c.load_id, REJECTED_ROW.c.row_number, REJECTED_ROW.c.row_key, LOAD.c.sha256)
        .join(LOAD, LOAD.c.load_id == REJECTED_ROW.c.load_id)
        .where(_WAITS, REJECTED_ROW.c.table_name == contract, REJECTED_ROW.c.load_id < load_id)
    )
    schema = {"load_id": pl.Int64, "row_number": pl.Int64, "row_key": pl.String, "sha256": pl.String}
    return pl.DataFrame([tuple(row) for row in connection.execute(query)], schema=schema, orient="row")


def dismiss(engine: Engine, load_id: int, reason: str, rows: Sequence[int] = ()) -> int:
    """Settle rows that are not to be loaded, with the reason; all of the load's without `rows`. Return how many.

    Raises:
        DataError: there is no reason, or no such row waits.
    """
    if not reason.strip():
        raise DataError("Say why the rows are not to be loaded: --reason “...”.")
    chosen = [REJECTED_ROW.c.load_id == load_id, _WAITS, *([REJECTED_ROW.c.row_number.in_(rows)] if rows else [])]
    with database.writing(engine) as connection:
        settled = connection.execute(update(REJECTED_ROW).where(*chosen).values(settled_how="dismissed", settled_reason=reason.strip()))
        if not settled.rowcount:
            raise DataError(f"No such row of load {load_id} waits in quarantine; list them with python -m data rejects.")
    return settled.rowcount


def rejects(source: Engine) -> pl.DataFrame:
    """Return every row that waits in quarantine with the rules it broke, latest load first."""
    columns = [LOAD.c.file_name if name == "file_name" else REJECT.c[name] for name in REJECTS_SCHEMA]
    same = (REJECTED_ROW.c.load_id == REJECT.c.load_id) & (REJECTED_ROW.c.row_number == REJECT.c.row_number)
    query = select(*columns).join(LOAD, LOAD.c.load_id == REJECT.c.load_id).join(REJECTED_ROW, same).where(_WAITS)
    with source.connect() as connection:
        rows = connection.execute(query.order_by(REJECT.c.load_id.desc(), REJECT.c.row_number, REJECT.c.rule)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=REJECTS_SCHEMA, orient="row")


def counts(source: Engine) -> dict[str, int]:
    """Count refused rows: `quarantine_rows` that wait, and those that were settled, by how."""
    query = select(func.coalesce(REJECTED_ROW.c.settled_how, "waiting"), func.count()).group_by(REJECTED_ROW.c.settled_how)
    with source.connect() as connection:
        found: dict[str, int] = dict(tuple(row) for row in connection.execute(query))
    return {
        "quarantine_rows": found.get("waiting", 0),
        "settled_rows": found.get("accepted", 0) + found.get("refused_again", 0),
        "dismissed_rows": found.get("dismissed", 0),
    }


def export(source: Engine, folder: Path) -> list[tuple[Path, int]]:
    """Write the rows that wait as CSV files to mend: one a load, under its own headings, with what is wrong and where it came from.

    Returns:
        Each file with its number of rows.

    Raises:
        DataError: the folder cannot be written.
    """
    query = (
        select(REJECTED_ROW.c.load_id, REJECTED_ROW.c.row_number, REJECTED_ROW.c.content, LOAD.c.file_name)
        .join(LOAD, LOAD.c.load_id == REJECTED_ROW.c.load_id)
        .where(_WAITS)
        .order_by(REJECTED_ROW.c.load_id, REJECTED_ROW.c.row_number)
    )
    with source.connect() as connection:
        waiting = connection.execute(query).all()
    why = rejects(source).group_by("load_id", "row_number").agg((pl.col("column_name") + ": " + pl.col("message")).str.join(" "))
    reasons = {(load, row): words for load, row, words in why.iter_rows()}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for load_id in dict.fromkeys(row.load_id for row in waiting):
            own = [row for row in waiting if row.load_id == load_id]
            records = [_mendable(row, reasons.get((row.load_id, row.row_number), "")) for row in own]
            path = folder / f"{Path(own[0].file_name).stem}.load{load_id}.csv"
            pl.DataFrame(records, infer_schema_length=None).write_csv(path)
            written.append((path, len(records)))
    except OSError as error:
        raise DataError(f"{folder} cannot be written ({error.strerror}); name another folder.") from error
    return written


def harmless(value: object) -> str | None:
    """Write a value as text that no spreadsheet runs as a formula: an apostrophe stands before what begins like one."""
    if value is None:
        return None
    text = str(value)
    return f"'{text}" if re.match(r"[=+\-@\t]", text) and not re.fullmatch(r"[-+]?[0-9.,]+", text) else text


def _mendable(row: Any, reason: str) -> dict[str, str | None]:
    content = {name or "torn_row": harmless(value) for name, value in json.loads(row.content).items()}
    return {REFERENCE[0]: str(row.load_id), REFERENCE[1]: str(row.row_number), "what_is_wrong": reason} | content
