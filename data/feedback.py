"""The record of feedback as it stands in the database: read within a role's reach, written by who may, with its history.

What is shown here is live: a piece that was just saved is there at once, before the next publish.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from analytics import themes, voices
from analytics.exc import DataError, ScopeError
from analytics.overlay import Overlay
from analytics.rollups import FEEDBACK, rollups_of
from analytics.voicewords import LEAST_ORGANIZATIONS
from data import bulk, database, facts, history, recording, sheets, typed
from data.author import audit, author_of, now
from data.contracts import TABLES
from data.load import LoadResult
from data.recording import center as _center
from data.schema import EDIT, LOAD, THEME
from data.store import Snapshot
from data.typed import Fault

#: Roles that write feedback; a director that of their own Center.
EDITORS: Final = ("leadership", "director", "analyst")

#: What a reader who may see public statements alone is not told of who said them.
_OF_WHOM: Final = ("organization_code", "owner")


class Desk:
    """Feedback and meetings as one reader reaches and writes them."""

    def __init__(self, snapshot: Snapshot, engine: Engine | None, person: str = "") -> None:
        """Open the record.

        Args:
            snapshot: The version that the reader looks at, with their scope.
            engine: Database; null for a version that is shown as it was published, in which nothing can be written.
            person: Who reads and writes; empty for whom the installation names.
        """
        self._snapshot, self._opened = snapshot, engine
        self.scope, self.live = snapshot.scope, engine is not None
        #: Why a record that should be live is not; empty when it is, or when a version is cited.
        self.fault = ""
        self._author = author_of(self.scope, person)

    @property
    def _engine(self) -> Engine:
        assert self._opened is not None  # noqa: S101 - asked of live records alone
        return self._opened

    def _published(self, name: str) -> pl.DataFrame:
        """Return a fact of the version, whose rows have no number to save over."""
        return pl.read_parquet(self._snapshot.folder / "facts" / f"{name}.parquet").with_columns(load_id=pl.lit(0, pl.Int64))

    def _of_meeting(self, table: str, meeting_id: str | None = None) -> pl.DataFrame:
        """Return the rows of a meeting, or of all."""
        if not self.live:
            return self._published(table).filter((pl.col("meeting_id") == meeting_id) if meeting_id else pl.lit(value=True))
        where, given = ("t.meeting_id = ?", [meeting_id]) if meeting_id else ("1 = 1", [])
        with self._engine.connect() as connection:
            return bulk.read_where(connection, table, [*TABLES[table].column_names(), "load_id"], where, given)

    # --- reading -----------------------------------------------------------------------------------------------------

    @cached_property
    def _all(self) -> pl.DataFrame:
        """Every piece with the Center of its group and the number of its values; not cut to the scope."""
        if not self.live:
            return self._published("feedback")
        with self._engine.connect() as connection:
            rows = bulk.read_where(connection, "feedback", [*TABLES["feedback"].column_names(), "load_id"], "1 = 1")
            groups = bulk.read_whole(connection, "working_group")
        return rows.join(groups.select("group_code", "center_code"), on="group_code").sort("received_date", "feedback_id")

    @property
    def stamp(self) -> tuple[int, int]:
        """Changes whenever a piece does: the last number of its values, and how many there are."""
        return int(self._all["load_id"].max() or 0), self._all.height  # type: ignore[arg-type]

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Pieces that the reader reaches, newest first: all for analysts, a director's own and public ones, else public ones.

        A segment of fewer than three organisations in a group is not told to a working group (`voices.told`), and who said it never is.
        """
        return self._reached(self._all).sort(["received_date", "feedback_id"], descending=[True, False])

    def _reached(self, rows: pl.DataFrame) -> pl.DataFrame:
        role = self.scope.role
        if role.rows == "all":
            return rows
        own = pl.col("center_code").is_in(self.scope.centers) if role.rows == "own" else pl.lit(value=False)
        reached = rows.filter(pl.col("is_public") | own)
        return (
            reached if role.id in EDITORS else voices.told(reached).with_columns(pl.lit(None, pl.String).alias(name) for name in _OF_WHOM)
        )

    def segments(self, predicate: pl.Expr) -> pl.DataFrame:
        """Sum what was asked for by segment (`voices.segments`).

        A working group's is a sum of the list that it reads, with segments that are not told in one row, and no number of organisations:
        of a choice of two pieces it would say whether one organisation said both.
        """
        if self.scope.role.id in EDITORS:
            return voices.segments(self._all.filter(predicate))
        return voices.segments(self.rows.filter(predicate)).drop("organizations")

    @cached_property
    def source(self) -> Snapshot:
        """The version with the live record of feedback in the place of the published one."""
        if not self.live:
            return self._snapshot
        changed = copy.copy(self._snapshot)
        known = facts.feedback({"feedback": self._all.drop("center_code"), "working_group": self.groups}, self._snapshot.as_of)
        frames = self._snapshot.frames
        replaced = {}
        for rollup in rollups_of(FEEDBACK):
            columns = frames[rollup.name].collect_schema()
            summed = voices.public_rollup if self.scope.role.released else voices.rollup
            replaced[rollup.name] = summed(known, columns).lazy()
        changed.__dict__["frames"] = Overlay(frames, replaced)
        return changed

    @cached_property
    def groups(self) -> pl.DataFrame:
        """The working groups."""
        return self._snapshot.dimension("working_group") if not self.live else bulk.read_table(self._engine, "working_group")

    @cached_property
    def meetings(self) -> pl.DataFrame:
        """Meetings of the groups, latest first, with the `center_code` of the group and the `load_id` of their values.

        A working group is told how many came only where `attendance` tells it all of them: what is left between the two would be the
        people of a segment that it is not told, today or as soon as somebody records who else was there.
        """
        rows = self._of_meeting("meeting")
        if not self.every_segment:
            came = (
                self._of_meeting("attendance")
                .group_by("meeting_id", "segment")
                .agg(organizations=pl.len(), people=pl.col("people_count").sum())
            )
            listed = came.group_by("meeting_id").agg(pl.col("people").sum(), fewest=pl.col("organizations").min())
            whole = listed.filter(pl.col("fewest") >= LEAST_ORGANIZATIONS).select("meeting_id", listed="people")
            rows = rows.join(whole, on="meeting_id", how="left")
            rows = rows.with_columns(
                attendance_count=pl.when(pl.col("listed") == pl.col("attendance_count")).then("attendance_count")
            ).drop("listed")
        joined = rows.join(self.groups.select("group_code", "center_code"), on="group_code")
        return joined.sort(["meeting_date", "meeting_id"], descending=[True, False])

    @property
    def every_segment(self) -> bool:
        """Whether the reader is told of segments of fewer than three organisations, too."""
        return self.scope.role.id in EDITORS

    def attendance(self, meeting_id: str) -> pl.DataFrame:
        """Sum who was at a meeting by segment: `segment`, `organizations`, `people`; few organisations are not told to a working group."""
        rows = self._of_meeting("attendance", meeting_id)
        summed = rows.group_by("segment").agg(organizations=pl.len().cast(pl.Int64), people=pl.col("people_count").sum()).sort("segment")
        return summed if self.every_segment else summed.filter(pl.col("organizations") >= LEAST_ORGANIZATIONS)

    def follow_ups(self, meeting_id: str) -> pl.DataFrame:
        """Return what was promised at a meeting, with the `load_id` of each row's values.

        What answers a piece that the reader does not reach would tell its words, and is left out; a working group is not told who owes it.
        """
        rows = self._of_meeting("follow_up", meeting_id)
        reached = rows.filter(pl.col("feedback_id").is_null() | pl.col("feedback_id").is_in(self.rows["feedback_id"].implode()))
        named = reached if self.scope.role.id in EDITORS else reached.with_columns(owner=pl.lit(None, pl.String))
        return named.sort("due_date", "follow_up_id")

    def history(self, table: str, key: str) -> pl.DataFrame:
        """Return what each save or load changed of a record, newest first: `at`, `role`, `person`, `action`, `column`, `old`, `new`.

        Raises:
            ScopeError: the reader does not write, or not of this Center, or may not read what was said.
        """
        self._require(self._center_of(table, key))
        self._require_words(table, key)
        with self._engine.connect() as connection:
            versions = history.of_record(connection, table, key)
            numbers = versions["load_id"].to_list()
            edits = connection.execute(select(EDIT).where(EDIT.c.load_id.in_(numbers))).all()
            loads = connection.execute(
                select(LOAD.c.load_id, LOAD.c.file_name, LOAD.c.finished_at).where(LOAD.c.load_id.in_(numbers))
            ).all()
        by = {row.load_id: (row.finished_at, "", row.file_name, "load") for row in loads}
        by |= {row.load_id: (row.at, row.role, row.person, row.action) for row in edits}
        return history.changes(versions, by)

    def _require_words(self, table: str, key: str) -> None:
        """Refuse what tells the words of a piece that the reader does not reach."""
        of = {"feedback": "feedback_id", "follow_up": "feedback_id"}.get(table)
        if of is None:
            return
        with self._engine.connect() as connection:
            found = bulk.read_where(connection, table, [of], f"t.{TABLES[table].primary_key()[0]} = ?", [key])[of].drop_nulls()
        if not found.is_in(self.rows["feedback_id"].implode()).all():
            raise ScopeError("It was said in confidence: analysts and the Center's director read its words.")

    # --- writing -----------------------------------------------------------------------------------------------------

    def may_write(self, center: str | None) -> bool:
        """Say whether the reader may write feedback about a Center."""
        if not self.live or self.scope.role.id not in EDITORS:
            return False
        return self.scope.role.id != "director" or center in self.scope.centers

    @property
    def writes(self) -> bool:
        """Whether the reader may write feedback of any Center."""
        return self.live and self.scope.role.id in EDITORS

    def save(self, values: Mapping[str, Any], *, seen: int | None = None, action: str = "edit") -> str:
        """Write a piece of feedback whole (`typed.save`); a new one (`seen` is null) gets its id. Returns the id.

        Raises:
            ScopeError: the reader may not.
            RefusedError: a value breaks the contract.
            ChangedError: somebody else saved it meanwhile.
        """
        return self._save("feedback", values, seen, action, recording.next_feedback, recording.undated(values))

    def save_meeting(self, values: Mapping[str, Any], *, seen: int | None = None) -> str:
        """Write a meeting whole; a new one gets its id. Raises as `save`."""
        return self._save("meeting", values, seen, "create" if seen is None else "edit", recording.next_meeting)

    def save_follow_up(self, values: Mapping[str, Any], *, seen: int | None = None) -> str:
        """Write a promise whole; a new one gets its id. Raises as `save`."""
        return self._save("follow_up", values, seen, "create" if seen is None else "edit", recording.next_follow_up)

    def attendees(self, meeting_id: str) -> pl.DataFrame:
        """Return who was at a meeting, one row an organisation with the `load_id` of its values, to those who write of its Center.

        Raises:
            ScopeError: the reader does not.
        """
        self._require(self._center_of("meeting", meeting_id))
        return self._of_meeting("attendance", meeting_id).sort("organization_code")

    def save_attendance(self, values: Mapping[str, Any], *, seen: int | None = None) -> str:
        """Write how many people an organisation sent to a meeting; its key is `meeting|organisation`. Raises as `save`."""
        return self._save("attendance", values, seen, "create" if seen is None else "edit", lambda *_: None)

    def _save(
        self, table: str, values: Mapping[str, Any], seen: int | None, action: str, number: Any, faults: tuple[Fault, ...] = ()
    ) -> str:
        key = TABLES[table].primary_key()[0]
        # Whose a record is say its own columns: what else comes with a row, as the group beside a promise, says nothing.
        values = {name: values.get(name) for name in TABLES[table].column_names()}

        def check(connection: Connection, given: Mapping[str, Any]) -> Mapping[str, Any]:
            if seen is not None:
                self._require(self._center_of(table, str(given[key])))
                given = recording.linked(connection, given, self.may_write)
            # Who names no group, or no meeting of one, is told that it is missing, and writes nothing: the contract asks for it.
            if not self.writes or given.get("group_code") or given.get("meeting_id"):
                self._require(_center(connection, given))
            return given if given.get(key) else {**given, key: number(connection, given)}

        saved = typed.save(self._engine, table, values, self._author, action=action, seen=seen, check=check, faults=faults)
        self._forget()
        return saved

    def _center_of(self, table: str, key: str) -> str | None:
        with self._engine.connect() as connection:
            column = TABLES[table].primary_key()[0]
            of = "meeting_id" if table in ("follow_up", "attendance") else "group_code"
            found = bulk.read_where(connection, table, [of], f"t.{column} = ?", [key.split("|", maxsplit=1)[0]])
            return _center(connection, {of: found[of][0]}) if found.height else None

    def _require(self, center: str | None) -> None:
        if not self.may_write(center):
            who = "Directors write the feedback of their own Center." if self.scope.role.id == "director" else "This role reads feedback."
            raise ScopeError(who if self.live else "A cited version is shown as it was; nothing can be written in it.")

    def _forget(self) -> None:
        for name in ("_all", "rows", "source", "meetings"):
            self.__dict__.pop(name, None)

    # --- spreadsheets ------------------------------------------------------------------------------------------------

    def template(self) -> bytes:
        """Return an empty spreadsheet with the right heads and lists of the words that fit."""
        return sheets.template(self.groups, self.meetings, TABLES["feedback"])

    def preview(self, name: str, content: bytes) -> sheets.Preview:
        """Say what of a spreadsheet would be taken and what refused, and why; nothing is written."""
        self._require_any()
        return sheets.preview(self._engine, name, content, self._writable)

    def take(self, name: str, content: bytes, seen: pl.DataFrame | None = None) -> LoadResult:
        """Load a spreadsheet (`sheets.take`): good rows are taken, bad ones wait in quarantine with their reason."""
        self._require_any()
        result = sheets.take(self._engine, name, content, self._writable, self._author, seen)
        self._forget()
        return result

    def _require_any(self) -> None:
        if not self.writes:
            raise ScopeError("This role reads feedback.")

    @property
    def _writable(self) -> sheets.Reach:
        """What a spreadsheet may change: a director's own groups, and of who reads public words alone only pieces with these."""
        if self.scope.role.id == "director":
            return sheets.Reach(tuple(self.groups.filter(pl.col("center_code").is_in(self.scope.centers))["group_code"]))
        return sheets.Reach(pieces=None if self.scope.role.rows == "all" else self.rows["feedback_id"])

    # --- themes ------------------------------------------------------------------------------------------------------

    def themes(self) -> pl.DataFrame:
        """Return the themes of the published version with the names that people gave (`analytics.themes.named`)."""
        names: list[themes.Name] = []
        if self.live:
            with self._engine.connect() as connection:
                given = connection.execute(select(THEME).order_by(THEME.c.at, THEME.c.theme_id)).all()
            names = [(row.words, row.name, row.role, row.person, row.at) for row in given]
        found = themes.named(self._snapshot.themes("themes"), names)
        if self.scope.role.rows == "all":
            return found
        read = themes.public(found, self.rows["statement"])
        if self.scope.role.id in EDITORS:
            return read.with_columns(found["role"], found["person"])
        counted = self.pieces_of_themes().group_by("theme").agg(feedback_count=pl.len().cast(pl.Int64))
        return read.drop("feedback_count").join(counted, on="theme", maintain_order="left").select(read.columns)

    def pieces_of_themes(self) -> pl.DataFrame:
        """Return the theme of each published piece that the reader reaches: `feedback_id`, `theme`, `weight`."""
        return self._snapshot.themes("theme_of").join(self.rows.select("feedback_id"), on="feedback_id", how="semi")

    def similar(self, feedback_id: str, most: int = 5) -> pl.DataFrame:
        """Return the reached pieces that read most like one, as of the last publish: `rows` columns and `similarity` (0-1)."""
        pairs = self._snapshot.themes("similar").filter(pl.col("feedback_id") == feedback_id)
        near = pairs.select(feedback_id="other_id", similarity="similarity")
        return near.join(self.rows, on="feedback_id").sort(["similarity", "feedback_id"], descending=[True, False]).head(most)

    def name_theme(self, words: str, name: str) -> None:
        """Keep the name that a person gives to a theme, or confirms."""
        self._require_any()
        given = " ".join(name.split())
        if not 1 <= len(given) <= 120:
            raise DataError("The name of a theme has 1 to 120 characters.")
        who = {"role": self._author.role, "person": self._author.person, "at": now()}
        with database.writing(self._engine) as connection:
            bulk.insert_record(connection, "theme", {"theme_id": str(uuid.uuid4()), "words": words, "name": given} | who)
            audit(connection, self._author, "name_theme", f"{given}: {words}")


_GONE: Final = (
    "The record of feedback cannot be reached just now, so it is shown as it was published, and nothing can be written. "
    "Tell whoever runs Centerline: "
)


def opened(snapshot: Snapshot, url: str, person: str = "", *, live: bool) -> Desk:
    """Open the record to a reader; when the database is gone, as it was published, which is said."""
    if not live:
        return Desk(snapshot, None, person)
    try:
        engine = database.shared_engine(url)
        desk = Desk(snapshot, engine, person)
        if desk.stamp[1] or not database.is_empty(engine):
            return desk
        cause = "the database is empty."
    except DataError as error:
        cause = str(error)
    except DBAPIError as error:
        cause = str(error.orig)
    shown = Desk(snapshot, None, person)
    shown.fault = _GONE + cause
    return shown
