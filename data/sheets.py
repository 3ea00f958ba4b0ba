"""The spreadsheet of a meeting: an empty one to fill, what of a filled one would be taken, and taking it by the one way of loads.

Its headings and codes are words (“Organisation (code)”, “Importer, large”); they are turned into the table's columns and codes,
and what is no known word stays as it was written, so that the contract refuses it with what to do.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import dataframely as dy
import polars as pl
from sqlalchemy import Connection, Engine

from analytics.exc import ChangedError, DataError
from analytics.voicewords import CODES, DEFAULTS, HEADS, NEEDED, written
from data import across, bulk, files, layouts, load, parse, rules, typed, validate
from data.author import Author
from data.contracts import TABLES
from data.load import LoadResult, Reading
from data.lookup import Lookup
from data.validate import ROW

#: Most bytes of an uploaded spreadsheet, and rows of it: a meeting has tens.
MOST_BYTES: Final = 5_000_000

_COLUMNS: Final = {layouts.fold(words): column for column, words in HEADS.items()} | {column: column for column in HEADS}
#: Heading in the template -> remark for who fills it.
_REMARKS: Final = {
    "feedback_id": "Leave empty for a new piece; an id changes the piece that has it.",
    "organization_code": "An anonymous code such as ORG-012, never a name.",
    "statement": "What one organisation said, in its own words: individual input.",
    "linked_metric_id": "Id from the Definitions page, such as inquiries_on_time_share.",
}
_LISTED: Final = 500


@dataclass(frozen=True)
class Preview:
    """What would become of a spreadsheet.

    Attributes:
        taken: Rows that would be taken: `row` and the table's columns.
        known: How many of them are there already, and would be replaced where they differ.
        changes: What would be replaced, one row a value: `row`, `feedback_id`, `column` (its heading), `before`, `after` (in words).
        seen: The values that are there already, as they were looked at: `feedback_id`, `load_id`.
        refused: `row`, `column` (its heading), `value`, `message`: one row a fault.
        read: Rows read.
        notices: What the file says that is not used.
    """

    taken: pl.DataFrame
    known: int
    changes: pl.DataFrame
    seen: pl.DataFrame
    refused: pl.DataFrame
    read: int
    notices: tuple[str, ...]

    @property
    def refused_rows(self) -> int:
        """Number of rows that would be refused."""
        return self.refused["row"].n_unique()

    @property
    def changed(self) -> int:
        """Number of rows that would change a piece that is there already."""
        return self.changes["row"].n_unique()


def template(groups: pl.DataFrame, meetings: pl.DataFrame, contract: type[dy.Schema]) -> bytes:
    """Write an empty spreadsheet with the heads of a meeting's feedback and lists of the words that fit."""
    import xlsxwriter

    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    sheet, lists = book.add_worksheet("Feedback"), book.add_worksheet("Lists")
    bold = book.add_format({"bold": True, "bg_color": "#e1e7f1", "text_wrap": True, "valign": "top"})
    day, text = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "@"})
    words: dict[str, Sequence[str]] = {column: list(of.values()) for column, of in CODES.items()}
    words |= {"group_code": groups["group_code"].to_list(), "meeting_id": meetings["meeting_id"].to_list(), "is_public": ["yes", "no"]}
    for place, (column, head) in enumerate(HEADS.items()):
        kind = contract.columns()[column]
        needed = column in NEEDED
        sheet.write_string(0, place, head, bold)
        remark = _REMARKS.get(column, str((kind.metadata or {}).get("doc", "")))
        sheet.write_comment(0, place, f"{'Needed. ' if needed else ''}{remark}")
        form = day if kind.dtype == pl.Date else text if column in ("ports", "chapters", "organization_code") else None
        sheet.set_column(place, place, 48 if column in ("statement", "response") else 16, form)
        if column in words:
            lists.write_column(0, place, [head, *words[column]])
            area = f"=Lists!{_area(place, len(words[column]))}"
            sheet.data_validation(1, place, _LISTED, place, {"validate": "list", "source": area, "error_type": "warning"})
    sheet.freeze_panes(1, 0)
    book.close()
    return content.getvalue()


def _area(place: int, count: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    letters = xl_col_to_name(place)
    return f"${letters}$2:${letters}${count + 1}"


class Reach(NamedTuple):
    """What a spreadsheet may change: pieces of these groups, and of those that are there already these ones; null for all."""

    groups: tuple[str, ...] | None = None
    pieces: pl.Series | None = None


def preview(engine: Engine, name: str, content: bytes, reach: Reach) -> Preview:
    """Judge a spreadsheet without writing anything.

    Args:
        engine: Database.
        name: The file's name.
        content: Its bytes.
        reach: What the reader may write.

    Raises:
        DataError: it cannot be read, lacks a column, or changes another Center's feedback.
    """
    with tempfile.TemporaryDirectory() as folder, _looking(engine) as connection:
        lookup, reading = Lookup(connection), _reading(connection, reach)
        raw = reading.complete(connection, reading.prepare(files.read(_stored(folder, name, content), reading.find)))
        checked = across.judged("feedback", validate.check("feedback", raw.rows, lookup.existing), lookup.rows)
        reading.allow(connection, checked.accepted)
        taken, held = checked.accepted.rename({ROW: "row"}), _held(connection, checked.accepted)
    faults = checked.rejects.select("row_number", "column_name", "value", "message")
    wide = [
        (misfit.row, "", misfit.text[:200], rules.FIELDS_HELP.format(values=misfit.values, wanted=misfit.wanted)) for misfit in raw.misfits
    ]
    refused = pl.concat([faults, pl.DataFrame(wide, schema=faults.schema, orient="row")]).sort("row_number", maintain_order=True)
    words = {rules.message("in_code_set", TABLES["feedback"].columns()[column]): _known_words(of) for column, of in CODES.items()}
    message = pl.col("message").replace(words)
    named = refused.select(row="row_number", column=pl.col("column_name").replace(HEADS), value="value", message=message)
    read, notices = raw.rows.height + len(raw.misfits), (*raw.notices, *checked.notices)
    return Preview(taken, held.height, _changes(taken, held), _seen(held), named, read, notices)


def _known_words(of: Mapping[str, str]) -> str:
    """Say which words a column takes: a reader of the spreadsheet knows no codes."""
    return f"The word is not known; use one of “{'”, “'.join(of.values())}”."


def take(engine: Engine, name: str, content: bytes, reach: Reach, author: Author, seen: pl.DataFrame | None = None) -> LoadResult:
    """Load a spreadsheet as `data.load` loads a file, and write down who did it in the same transaction.

    Args:
        engine: Database.
        name: The file's name.
        content: Its bytes.
        reach: What the writer may write.
        author: Who writes.
        seen: `Preview.seen` of the values that the writer saw; null to write whatever stands there.

    Raises:
        DataError: it cannot be read, lacks a column, changes another Center's feedback, or the database refuses.
        ChangedError: other values stand there by now. In all cases nothing was changed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = _stored(folder, name, content)
        with engine.connect() as connection:
            reading = _reading(connection, reach)

        def allow(connection: Connection, accepted: pl.DataFrame) -> None:
            reading.allow(connection, accepted)
            _unchanged_since(connection, accepted, seen)

        def signed(connection: Connection, load_id: int) -> None:
            typed.sign(connection, load_id, "feedback", "", "import", author)

        return load.load_file(path, engine, "feedback", reading=replace(reading, allow=allow, after=signed))


@contextlib.contextmanager
def _looking(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that is taken back, with the temporary tables that looking up keys makes."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # its driver would begin only after the first temporary table
        yield connection
        connection.rollback()


def _stored(folder: str, name: str, content: bytes) -> Path:
    """Write an upload where loads read files from."""
    if len(content) > MOST_BYTES:
        raise DataError(f"The file has more than {MOST_BYTES // 1_000_000} million bytes; take out what is not the meeting's feedback.")
    path = Path(folder) / (Path(name.replace("\\", "/")).name or "upload")
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise DataError(f"{path.name} is not an XLSX or CSV file; save it as one of these.")
    path.write_bytes(content)
    return path


def heading_row(head: Sequence[Sequence[object]]) -> int:
    """Return which of a file's first rows holds its headings: that with most known ones."""
    return max(range(len(head)), key=lambda place: (sum(layouts.fold(cell) in _COLUMNS for cell in head[place]), -place), default=0)


def _reading(connection: Connection, reach: Reach) -> Reading:
    """Say how a meeting's spreadsheet is read: its headings, and its words as codes."""
    groups = bulk.read_whole(connection, "working_group")
    centers = bulk.read_whole(connection, "center")
    codes: dict[str, dict[str, str]] = {column: {layouts.fold(word): code for code, word in of.items()} for column, of in CODES.items()}
    codes["linked_center_code"] = {layouts.fold(row["short_name"]): row["center_code"] for row in centers.iter_rows(named=True)}
    codes["group_code"] = {
        layouts.fold(word): row["group_code"]
        for row in groups.join(centers.select("center_code", "short_name"), on="center_code").iter_rows(named=True)
        for word in (row["center_code"], row["group_name"], row["short_name"])
    }

    def prepare(raw: files.Raw) -> files.Raw:
        rows = _own_only(_identified(_coded(_named(raw.rows), codes)), reach.groups)
        return replace(raw, rows=rows)

    def complete(connection: Connection, raw: files.Raw) -> files.Raw:
        held = _held(connection, raw.rows)
        mine = _reached(held, reach)
        rows = _without_untold(raw.rows, held, mine, reach)
        left = raw.rows.height - rows.height
        notices = (f"{left} {'rows are' if left > 1 else 'row is'} there already, not public, and stay as recorded.",) if left else ()
        return replace(raw, rows=_completed(rows, mine), notices=(*raw.notices, *notices))

    def allow(connection: Connection, accepted: pl.DataFrame) -> None:
        _none_of_others(accepted, _held(connection, accepted), reach)

    return Reading(heading_row, prepare, complete, allow)


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the columns their names in the table."""
    found = {name: _COLUMNS[layouts.fold(name)] for name in rows.columns if name != ROW and layouts.fold(name) in _COLUMNS}
    twice = [name for name in found.values() if [*found.values()].count(name) > 1]
    if twice:
        raise DataError(f"Two columns of the file are headed “{HEADS[twice[0]]}”; keep one of them.")
    missing = [HEADS[name] for name in NEEDED if name not in found.values()]
    if missing:
        words = ", ".join(f"“{head}”" for head in missing)
        raise DataError(
            f"The file lacks the column{'s' if len(missing) > 1 else ''} {words}. Download the empty spreadsheet, which has the right heads, "
            "and copy the rows into it."
        )
    return rows.rename(found)


def _coded(rows: pl.DataFrame, codes: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    """Turn words into codes; a column that the file lacks is empty."""
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in HEADS if name not in rows.columns)
    plain = {column: {**words, **{layouts.fold(code): code for code in words.values()}} for column, words in codes.items()}
    folded = [
        pl.coalesce(_folded(column).replace_strict(words, default=None, return_dtype=pl.String), pl.col(column)).alias(column)
        for column, words in plain.items()
    ]
    return rows.with_columns(folded)


def _folded(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.replace_all(r"\s+", " ").str.to_lowercase()


#: What tells a new piece from others: the same words of the same organisation at the same meeting are one piece, however often they come.
_SAME: Final = ("group_code", "received_date", "organization_code", "statement")


def _identified(rows: pl.DataFrame) -> pl.DataFrame:
    """Give rows without an id one of their content, so that the same file twice is the same pieces."""
    parts = [rows[name].fill_null("").str.strip_chars().to_list() for name in _SAME]
    made = ["I" + hashlib.blake2b("\x1f".join(cells).encode(), digest_size=6).hexdigest() for cells in zip(*parts, strict=True)]
    given = pl.col("feedback_id").str.strip_chars()
    return rows.with_columns(feedback_id=pl.when(given.fill_null("") == "").then(pl.Series(made, dtype=pl.String)).otherwise(given))


def _own_only(rows: pl.DataFrame, own: tuple[str, ...] | None) -> pl.DataFrame:
    """Refuse a file with other groups' feedback to a director.

    Raises:
        DataError: a row is of another Center's group.
    """
    if own is None:
        return rows
    other = rows.filter(pl.col("group_code").str.strip_chars().fill_null("") != "").filter(~pl.col("group_code").is_in([*own]))
    if other.height:
        raise DataError(
            f"Row {other[ROW][0]} is feedback of the group “{other['group_code'][0]}”, which is not your Center's; take it out and choose the file again."
        )
    return rows


# --- pieces that are there already -------------------------------------------------------------------------------------


def _held(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the pieces that the rows' ids name, as they are, with the `load_id` of their values."""
    names = [*TABLES["feedback"].column_names(), "load_id"]
    return bulk.read_matching(connection, "feedback", rows.select(parse.clean(pl.col("feedback_id"))).drop_nulls().unique(), names)


def _reached(held: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    of_groups = held if reach.groups is None else held.filter(pl.col("group_code").is_in([*reach.groups]))
    return of_groups if reach.pieces is None else of_groups.filter(pl.col("feedback_id").is_in(reach.pieces.implode()))


def _without_untold(rows: pl.DataFrame, held: pl.DataFrame, mine: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """Leave out rows of pieces that came by an earlier file (their id is made of their words) and that the reader is not told again."""
    if reach.pieces is None:
        return rows
    untold = held.join(mine, on="feedback_id", how="anti").filter(pl.col("feedback_id").str.contains(r"^I[0-9a-f]{12}$"))
    return rows.join(untold, on="feedback_id", how="anti")


def _completed(rows: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Let an empty cell keep what is recorded, and give a new piece what it has unless it says otherwise.

    A piece that the reader does not reach gives nothing away here: it counts as new, and is refused when its row is judged.
    """
    names = [name for name in HEADS if name != "feedback_id"]
    recorded = held.select("feedback_id", *(pl.col(name).cast(pl.String).alias(f"{name}_held") for name in names), there=pl.lit(value=True))
    both = rows.join(recorded, on="feedback_id", how="left", maintain_order="left")
    fresh = pl.col("there").is_null()
    kept = [
        pl.coalesce(parse.clean(pl.col(name)), pl.when(fresh).then(pl.lit(DEFAULTS.get(name), pl.String)).otherwise(f"{name}_held")).alias(
            name
        )
        for name in names
    ]
    return both.with_columns(kept).select(rows.columns)


def _none_of_others(accepted: pl.DataFrame, held: pl.DataFrame, reach: Reach) -> None:
    """Refuse a file that would change feedback out of reach: whose a piece is says the record, and not the file.

    Raises:
        DataError: the id of a row is that of a piece of another Center's group, or of one that the writer may not read.
    """
    others = held.join(_reached(held, reach), on="feedback_id", how="anti")
    found = accepted.join(others, on="feedback_id", how="semi")
    if found.height:
        why = "is not your Center's" if reach.groups is not None else "was said in confidence"
        raise DataError(
            f"Row {found[ROW][0]} would change the feedback {found['feedback_id'][0]}, which {why}; take the row out, "
            f"or empty its cell “{HEADS['feedback_id']}” if it is a new piece, and choose the file again."
        )


def _unchanged_since(connection: Connection, accepted: pl.DataFrame, seen: pl.DataFrame | None) -> None:
    """Refuse to write over values that the writer has not seen.

    Raises:
        ChangedError: pieces of the file have others by now.
    """
    if seen is None:
        return
    now = _seen(_held(connection, accepted))
    other = now.join(seen, on=now.columns, how="anti")
    if other.height:
        raise ChangedError(
            f"Somebody else has saved {', '.join(other['feedback_id'].sort().head(5))} since this file was looked at; nothing was taken. "
            "Look at what it would change now, and take it again."
        )


def _seen(held: pl.DataFrame) -> pl.DataFrame:
    return held.select("feedback_id", "load_id")


_CHANGES: Final = {"row": pl.Int64, "feedback_id": pl.String, "column": pl.String, "before": pl.String, "after": pl.String}


def _changes(taken: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Say which values of pieces that are there already would become which, in words."""
    names = [name for name in HEADS if name != "feedback_id"]
    found: list[tuple[object, ...]] = []
    for row in taken.join(held, on="feedback_id", suffix="_held", maintain_order="left").iter_rows(named=True):
        for name in names:
            before, after = row[f"{name}_held"], row[name]
            if before != after:
                found.append((row["row"], row["feedback_id"], HEADS[name], written(name, before), written(name, after)))
    return pl.DataFrame(found, schema=_CHANGES, orient="row")
