"""The plain model of a store: dicts, and loops over days. It shares no code with the store but names and the standards in days."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from analytics.standards import STANDARD_DAYS
from data import marks
from data.contracts import TABLES
from data.marks import Marks
from tests.data import samples

Row = dict[str, Any]
Key = tuple[Any, ...]

KEYS: Final = {
    "entry": ("entry_number",),
    "entry_line": ("entry_number", "line_number"),
    "review": ("review_id",),
    "review_event": ("review_id", "event_date", "event_type"),
}
#: Everything that a load can change.
STATE: Final = (*KEYS, *(f"{name}_history" for name in KEYS), "load", "reject", "rejected_row", "revision", "full_key", "vanished")

NUMBERS: Final = [samples.number(i) for i in range(1, 7)]
REVIEWS: Final = [f"R{i}" for i in range(1, 7)]
CENTERS: Final = ("ELE", "PHC", None)
PORTS: Final = ("2704", "0901")
DAYS: Final = [dt.date(year, month, day).isoformat() for year, month in ((2012, 11), (2012, 12), (2013, 1)) for day in (1, 2, 9, 20, 28)]
LATER: Final = [*DAYS, "2013-01-31", "2013-02-01", "2013-02-28"]
AMOUNTS: Final = (0.0, 0.01, 99.99, 100.0, 1234.56, 0.07)
INDUSTRY: Final = {"ELE": "ELE_COMP", "PHC": "PHC_MED", None: "ELE_SEMI"}
MEASURES: Final = ("pending", "backlog", "past_due", "clock_stopped", "pending_age_days", "controlled_age_days")


@dataclass(frozen=True)
class File:
    """Rows as they are written, and of a mended file which refused row each one was."""

    table: str
    rows: tuple[Row, ...]
    marks: Marks
    path: Path
    references: tuple[tuple[int, int], ...] = ()
    form: str = "csv"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def words(self) -> str:
        plain = [{name: value for name, value in row.items() if value is not None} for row in self.rows]
        told = f"{self.path.name} ({self.form}, {self.marks.source}{', full' if self.marks.full else ''}) {self.references or ''}"
        return "\n    ".join([told, *map(str, plain)])


def as_text(value: Any, form: str) -> str:
    """Write a value as a CSV file has it."""
    if value is None:
        return ""
    if form == "us" and isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return f"{value[5:7]}/{value[8:]}/{value[:4]}"
    return str(value)


def write(path: Path, table: str, rows: Sequence[Row], form: str, said: Marks) -> None:
    """Write rows as CSV with days in either form, or as Parquet in the contract's types."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "parquet":
        kinds = {name: kind.dtype for name, kind in TABLES[table].columns().items()}
        plain = {name: pl.String if kind == pl.Date else kind for name, kind in kinds.items()}
        days = [pl.col(name).str.to_date("%Y-%m-%d") for name, kind in kinds.items() if kind == pl.Date]
        pl.DataFrame(list(rows), schema=plain).with_columns(days).write_parquet(path, metadata=dict(marks.metadata(said)))
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: as_text(value, form) for name, value in row.items()} for row in rows)


# --- the model ------------------------------------------------------------------------------------------------------


@dataclass
class Refused:
    """A refused row and what became of it."""

    table: str
    key: str | None
    row: Row
    form: str
    sha256: str
    settled: tuple[int, str] | None = None


@dataclass
class Missing:
    """A record that a full extract no longer has."""

    source: str
    table: str
    key: str
    seen: int
    missed: int
    back: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a load must tell."""

    read: int
    accepted: int
    rejected: int
    unchanged: int
    added: int
    replaced: int
    settled: int
    vanished: int
    already_loaded: bool


@dataclass(frozen=True)
class Past:
    """A load that was recorded."""

    sha256: str
    table: str
    source: str
    full: bool
    refused: frozenset[tuple[int, bool, bool]]
    outcome: Outcome


def key_of(table: str, row: Row) -> Key:
    return tuple(row[name] for name in KEYS[table])


def key_text(table: str, row: Row) -> str | None:
    parts_of_key = key_of(table, row)
    return None if None in parts_of_key else "|".join(map(str, parts_of_key))


def cents(value: float) -> int:
    return round(value * 100)


Tables = dict[str, dict[Key, Row]]


class Model:
    """What the store must hold, as dicts."""

    def __init__(self, opened: dict[str, str | None]) -> None:
        self.centers = opened
        self.tables: Tables = {name: {} for name in KEYS}
        self.written: dict[tuple[str, Key], int] = {}
        self.after: dict[int, Tables] = {0: {name: {} for name in KEYS}}
        self.loads: dict[int, Past] = {}
        self.refused: dict[tuple[int, int], Refused] = {}
        self.full: dict[tuple[str, str], tuple[int, frozenset[str]]] = {}
        self.missing: list[Missing] = []

    # judging

    def bad(self, table: str, rows: Sequence[Row]) -> set[int]:
        """Return the places of the rows that must be refused."""
        seen: set[Key] = set()
        found = set()
        for place, row in enumerate(rows):
            key = key_of(table, row)
            if key in seen or None in key or self._bad_alone(table, row):
                found.add(place)
            seen.add(key)
        good = {place: row for place, row in enumerate(rows) if place not in found}
        if table == "entry_line":
            return found | self._wrong_sums(good)
        return found | {place for place, row in good.items() if self._bad_among(table, row)}

    def _why(self, table: str, rows: Sequence[Row], place: int) -> tuple[int, bool, bool]:
        """Say of a refused row what of its reasons depends on the store: what it points to is lost, or it does not fit what is there."""
        row = rows[place]
        parent = {"entry_line": ("entry", "entry_number"), "review": ("entry", "entry_number"), "review_event": ("review", "review_id")}
        lost = table in parent and row[parent[table][1]] is not None and (row[parent[table][1]],) not in self.tables[parent[table][0]]
        key = key_of(table, row)
        doubled = key in {key_of(table, other) for other in rows[:place]}
        return place, lost, not (doubled or None in key or self._bad_alone(table, row))

    def _bad_alone(self, table: str, row: Row) -> bool:
        if table == "entry":
            wrong = row["entry_number"] not in NUMBERS or row["port_code"] not in PORTS or row["value_usd"] < 0
            mixed = (row["processed_by"] == "CENTER") != (row["center_code"] is not None)
            return wrong or mixed or (row["liquidation_date"] or "9") < row["entry_date"]
        if table == "entry_line":
            return (row["entry_number"],) not in self.tables["entry"] or row["value_usd"] < 0
        if table == "review":
            lost = row["entry_number"] is not None and (row["entry_number"],) not in self.tables["entry"]
            ended = (row["closed_date"] is not None) != (row["status"] in ("completed", "cancelled"))
            return lost or ended or row["port_code"] not in PORTS or (row["closed_date"] or "9") < row["opened_date"]
        return (row["review_id"],) not in self.tables["review"]

    def _bad_among(self, table: str, row: Row) -> bool:
        if table == "entry":
            return self._not_open(row["center_code"], row["entry_date"])
        if table == "review":
            entry = self.tables["entry"].get((row["entry_number"],))
            early = entry is not None and row["opened_date"] < entry["entry_date"]
            return early or self._not_open(row["center_code"], row["closed_date"])
        review = self.tables["review"][row["review_id"],]
        outside = row["event_date"] < review["opened_date"] or row["event_date"] > (review["closed_date"] or "9")
        return outside or self._not_open(row["to_center_code"], row["event_date"])

    def _not_open(self, center: str | None, day: str | None) -> bool:
        return center is not None and day is not None and (self.centers[center] is None or day < str(self.centers[center]))

    def _wrong_sums(self, good: dict[int, Row]) -> set[int]:
        wrong = set()
        for number in {row["entry_number"] for row in good.values()}:
            entry = self.tables["entry"][number,]
            every = {key: row for key, row in self.tables["entry_line"].items() if key[0] == number}
            every |= {key_of("entry_line", row): row for row in good.values() if row["entry_number"] == number}
            sums = [sum(cents(row[name]) for row in every.values()) for name in ("value_usd", "duty_usd")]
            differs = sums != [cents(entry["value_usd"]), cents(entry["duty_usd"])]
            if len(every) > entry["line_count"] or (len(every) == entry["line_count"] and differs):
                wrong.add(number)
        return {place for place, row in good.items() if row["entry_number"] in wrong}

    # loading

    def load(self, file: File) -> Outcome:
        """Do what loading a file must do."""
        sha256, number, bad = file.sha256, len(self.loads) + 1, self.bad(file.table, file.rows)
        good = [row for place, row in enumerate(file.rows) if place not in bad]
        held = self.tables[file.table]
        added = [row for row in good if key_of(file.table, row) not in held]
        changed = [row for row in good if held.get(key_of(file.table, row), row) != row]
        unchanged = len(good) - len(added) - len(changed)
        settling = self._settling(file, sha256, bad)
        refused = frozenset(self._why(file.table, file.rows, place) for place in bad)
        if self._repeats(file, sha256, refused, settling, anything=bool(added or changed)):
            return Outcome(len(file.rows), len(good), len(bad), unchanged, 0, 0, 0, 0, already_loaded=True)
        for row in (*added, *changed):
            held[key_of(file.table, row)] = row
            self.written[file.table, key_of(file.table, row)] = number
        for place, how in settling.items():
            self.refused[place].settled = (number, how)
        vanished = self._vanished(file, number)
        for place in bad:
            row = file.rows[place]
            self.refused[number, place + 2] = Refused(file.table, key_text(file.table, row), row, file.form, sha256)
        told = Outcome(
            len(file.rows), len(good), len(bad), unchanged, len(added), len(changed), len(settling), vanished, already_loaded=False
        )
        self.loads[number] = Past(sha256, file.table, file.marks.source, file.marks.full, refused, told)
        self.after[number] = {name: dict(rows) for name, rows in self.tables.items()}
        return told

    def _settling(self, file: File, sha256: str, bad: set[int]) -> dict[tuple[int, int], str]:
        """Say which waiting rows come again, and whether they are accepted."""
        came: dict[tuple[int, int], bool] = {}
        waiting = {place: refused for place, refused in self.refused.items() if refused.settled is None and refused.table == file.table}
        for index, row in enumerate(file.rows):
            named = file.references[index] if file.references else None
            for place, refused in waiting.items():
                again = refused.sha256 == sha256 and place[1] == index + 2
                same = refused.key is not None and refused.key == key_text(file.table, row)
                if place == named or again or same:
                    came[place] = came.get(place, False) or index not in bad
        return {place: "accepted" if accepted else "refused_again" for place, accepted in came.items()}

    def _repeats(
        self, file: File, sha256: str, refused: frozenset[tuple[int, bool, bool]], settling: dict[tuple[int, int], str], *, anything: bool
    ) -> bool:
        """Say whether an earlier load did all that this one would do."""
        before = [number for number, past in self.loads.items() if (past.sha256, past.table) == (sha256, file.table)]
        if not before or anything:
            return False
        earlier = self.loads[before[-1]]
        if file.marks.full and not (earlier.full and self.full.get((file.marks.source, file.table), (0,))[0] == before[-1]):
            return False
        here = {key_text(file.table, row) for row in file.rows}
        beyond = {
            "a repeated file settles": "accepted" in settling.values(),
            "a repeated file refuses other rows": refused != earlier.refused,
            "a repeated file brings back": any(item.key in here for item in self._lacking(file)),
        }
        return not any(beyond.values())

    def _lacking(self, file: File) -> list[Missing]:
        return [item for item in self.missing if item.back is None and (item.source, item.table) == (file.marks.source, file.table)]

    def _vanished(self, file: File, number: int) -> int:
        """Take back what is there again; of a full extract list what is missing."""
        here = frozenset(text for text in (key_text(file.table, row) for row in file.rows) if text)
        for item in self._lacking(file):
            if item.key in here:
                item.back = number
        if not file.marks.full:
            return 0
        place = file.marks.source, file.table
        seen, before = self.full.get(place, (0, frozenset()))
        listed = {item.key for item in self._lacking(file)}
        lost = [key for key in sorted(before - here - listed) if not self._closed(file.table, key.split("|")[0])]
        self.missing += [Missing(*place, key, seen, number) for key in lost]
        self.full[place] = (number, here)
        return len(lost)

    def _closed(self, table: str, key: str) -> bool:
        of = {"entry": ("entry", "liquidation_date"), "entry_line": ("entry", "liquidation_date"), "review": ("review", "closed_date")}
        if table not in of:
            return False
        parent, column = of[table]
        return self.tables[parent].get((key,), {}).get(column) is not None

    # what follows from it

    @staticmethod
    def months(tables: Tables) -> dict[tuple[str, str], tuple[int, int, int]]:
        """Sum rows, cents and closed reviews by table and month."""
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for name, rows in tables.items():
            for row in rows.values():
                entry = tables["entry"][row["entry_number"],] if name.startswith("entry") else {}
                review = tables["review"][row["review_id"],] if name.startswith("review") else {}
                day = entry["entry_date"] if entry else review["opened_date"]
                value = cents(row["value_usd"]) if entry else 0
                closed = int(name == "review" and row["closed_date"] is not None)
                cell = sums[name, day[:7]]
                for place, number in enumerate((1, value, closed)):
                    cell[place] += number
        return {place: (rows, value, closed) for place, (rows, value, closed) in sums.items() if rows}

    def latest(self) -> str | None:
        """Return the last day on which anything happened."""
        columns = {"entry": ("entry_date", "summary_date"), "review": ("opened_date", "closed_date"), "review_event": ("event_date",)}
        days = [row[name] for table, names in columns.items() for row in self.tables[table].values() for name in names]
        return max((day for day in days if day), default=None)

    def events(self, review_id: str, *kinds: str) -> list[Row]:
        """List the events of a review in order; those outside of its days are none of its own."""
        own = [row for row in self.tables["review_event"].values() if row["review_id"] == review_id and row["event_type"] in kinds]
        return sorted((row for row in own if not self._outside(row)), key=lambda row: row["event_date"])

    def _outside(self, event: Row) -> bool:
        review = self.tables["review"][event["review_id"],]
        return bool(event["event_date"] < review["opened_date"] or event["event_date"] > (review["closed_date"] or "9"))

    def strays(self, as_of: str) -> int:
        """Count the events by a day that lie outside of the days of their reviews."""
        known = [row for row in self.tables["review_event"].values() if self.tables["review"][row["review_id"],]["opened_date"] <= as_of]
        return sum(self._outside(row) for row in known if row["event_date"] <= as_of)

    def holder(self, review: Row, day: str, as_of: str) -> str:
        """Say who holds a review on a day."""
        moves = self.events(review["review_id"], "transfer")
        before = [move for move in moves if move["event_date"] <= day]
        held = before[-1]["to_center_code"] if before else moves[0]["from_center_code"] if moves else review["center_code"]
        return held or "PORT"

    def unpaid(self, as_of: str) -> int:
        """Sum the differences between entries and their lines, in cents."""
        total = 0
        for (number,), entry in self.tables["entry"].items():
            if entry["entry_date"] <= as_of:
                lines = [row for key, row in self.tables["entry_line"].items() if key[0] == number]
                of = cents(entry["value_usd"]) + cents(entry["duty_usd"])
                total += abs(of - sum(cents(row["value_usd"]) + cents(row["duty_usd"]) for row in lines))
        return total

    def counted(self, as_of: str) -> dict[str, dict[tuple[str, str], float]]:
        """Count, day by day, what is pending at the end of each month, by the Center that holds it."""
        ends = set(month_ends(min((row["opened_date"] for row in self.tables["review"].values()), default=as_of), as_of))
        sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
        for review in self.tables["review"].values():
            for day, stood, stands in self._days(review, as_of):
                if day.isoformat() not in ends:
                    continue
                age = (day - dt.date.fromisoformat(review["opened_date"])).days
                cell = sums[day.isoformat()[:7], self.holder(review, day.isoformat(), as_of)]
                cell["pending"] += 1
                cell["backlog"] += age > STANDARD_DAYS[review["work_type"]]
                cell["past_due"] += day.isoformat() > (review["due_date"] or "9")
                cell["clock_stopped"] += stands
                cell["pending_age_days"] += age
                cell["controlled_age_days"] += age - stood
        for cell in sums.values():
            assert cell["controlled_age_days"] <= cell["pending_age_days"]
        means = {name: {place: cell[name] / cell["pending"] for place, cell in sums.items()} for name in MEASURES if name.endswith("days")}
        return {name: {place: cell[name] for place, cell in sums.items()} for name in MEASURES[:4]} | means

    def _days(self, review: Row, as_of: str) -> Iterator[tuple[dt.date, int, bool]]:
        """Walk through the days on which a review is pending: the days that its clock has stood, and whether it stands."""
        kinds: dict[str, set[str]] = defaultdict(set)
        for event in self.events(review["review_id"], "clock_stop", "clock_start"):
            kinds[event["event_date"]].add(event["event_type"])
        opened = dt.date.fromisoformat(review["opened_date"])
        last = dt.date.fromisoformat(as_of)
        if review["closed_date"] is not None:
            last = min(last, dt.date.fromisoformat(review["closed_date"]) - dt.timedelta(days=1))
        day, stands, stood = min([opened, *map(dt.date.fromisoformat, kinds)]), False, 0
        while day <= last:
            found = kinds.get(day.isoformat(), set())
            if len(found) == 1:
                stands = found == {"clock_stop"}
            if day >= opened:
                yield day, stood, stands
                stood += stands
            day += dt.timedelta(days=1)


def month_ends(first: str, last: str) -> list[str]:
    """List the last day of each month, the last month's ended early."""
    ends, year, month = [], int(first[:4]), int(first[5:7])
    while f"{year}-{month:02d}" <= last[:7]:
        ends.append(min(f"{year}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}", last))
        year, month = year + month // 12, month % 12 + 1
    return ends


# --- reading the store ----------------------------------------------------------------------------------------------
