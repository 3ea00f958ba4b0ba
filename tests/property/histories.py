"""Whole histories of a store: loads, corrections, mended rows, full extracts, publishes and sudden deaths, beside a plain model.

`Run` draws a history step by step, does each step to a store and to the model (`tests/property/model.py`), and compares.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from analytics.exc import DataError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data import bulk, database, history, ledger, load, parts, publish, quarantine, vanish
from data.marks import Marks
from data.source import Database
from data.store import Snapshot
from tests.data import samples
from tests.property.model import (
    AMOUNTS,
    CENTERS,
    DAYS,
    INDUSTRY,
    LATER,
    MEASURES,
    NUMBERS,
    PORTS,
    REVIEWS,
    File,
    Model,
    Outcome,
    Refused,
    Row,
    as_text,
    key_of,
    write,
)
from tests.property.stage import Choice, Died, Store, deadly, dump

#: What the histories of this process have come by.
TALLY: Final[Counter[str]] = Counter()


class Run:
    """One history: draws steps, does them to the store and to the model, compares after each."""

    def __init__(self, data: st.DataObject, store: Store) -> None:
        self.pick = Choice(data)
        self.engine = store.fresh()
        self.folder = Path(tempfile.mkdtemp(dir=store.folder))
        self.model = Model(store.centers)
        self.files: list[File] = []
        self.log: list[str] = []
        self.in_force: tuple[str, dict[str, Any]] | None = None
        self.steps = 0

    def play(self, least: int = 3, most: int = 10, publishing: int = 100) -> None:
        """Play a whole history; so many in a hundred publish, which costs more than all the rest."""
        publishes = self.pick.chance(publishing) if publishing < 100 else True
        kinds = [self.entries, self.reviews, self.events, self.events, self.mend, self.extract, self.again]
        kinds += [self.publish] if publishes else []
        weighted = [self.reviews, *kinds, self.events, self.reviews, self.entries, self.entries]
        try:
            self.entries()
            for _ in range(self.pick.number(least, most) - 2):
                self.pick.of(weighted)()
            if publishes and self.pick.chance(40):  # a publish that has one change to follow
                self.publish()
                self.pick.of([self.entries, self.events, self.reviews])()
            if publishes:
                self.publish(last=True)
            self.check_past()
        except Exception as error:
            error.add_note("\n".join(["The history:", *self.log]))
            raise
        finally:
            self.engine.dispose()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- steps

    def entries(self) -> None:
        """Load entries, new or corrected, and as a rule their lines."""
        rows, lines = [], []
        reviewed = [row["entry_number"] for row in self.model.tables["review"].values() if row["entry_number"]]
        for number in dict.fromkeys(self.pick.some([*reviewed, *NUMBERS], 1, 3)):
            row, own = self._entry(number)
            rows.append(row)
            lines += own
        self._load("entry", rows)
        if not self.pick.chance(10):
            self._load("entry_line", lines)

    def _entry(self, number: str) -> tuple[Row, list[Row]]:
        held = self.model.tables["entry"].get((number,))
        lines = {key[1]: row for key, row in self.model.tables["entry_line"].items() if key[0] == number}
        if held and self.pick.chance(80):
            row = held | self.pick.of([self._value, self._port, self._moved, self._center, self._liquidated])(held)
        else:
            center = self.pick.of(CENTERS)
            row = self._new_entry(number, center)
        count = max(row["line_count"], len(lines))
        changed = held is None or row["value_usd"] is None or row["line_count"] != held["line_count"] or len(lines) < count
        if changed:
            lines = {i: self._line(number, i) for i in range(1, count + 1)}
            sums = {name: round(sum(line[name] for line in lines.values()), 2) for name in ("value_usd", "duty_usd")}
            row |= sums | {"line_count": count}
        return row, list(lines.values())

    def _new_entry(self, number: str, center: str | None) -> Row:
        names = samples.columns("entry")
        given = samples.entry(1) | {
            "entry_number": number,
            "port_code": self.pick.of(PORTS),
            "entry_date": self.pick.of(DAYS),
            "summary_date": None,
            "value_usd": None,
            "duty_usd": None,
            "fees_usd": 25.0,
            "extension_count": None,
            "suspended_date": None,
            "suspension_lifted_date": None,
            "line_count": self.pick.number(1, 2),
            **self._by(center),
        }
        return {name: given[name] if given[name] != "" else None for name in names}

    def _by(self, center: str | None) -> Row:
        return {"center_code": center, "industry_code": INDUSTRY[center], "processed_by": "CENTER" if center else "PORT"}

    def _line(self, number: str, line: int) -> Row:
        row = {
            "entry_number": number, "line_number": line, "hts_number": "8471300100", "industry_code": "ELE_COMP", "origin_code": "CN",
            "value_usd": self.pick.of(AMOUNTS), "duty_usd": self.pick.of(AMOUNTS), "spi_code": None,
        }  # fmt: skip
        return {name: row[name] for name in samples.columns("entry_line")}

    def _value(self, _: Row) -> Row:
        return {"value_usd": None}

    def _port(self, held: Row) -> Row:
        return {"port_code": PORTS[held["port_code"] == PORTS[0]]}

    def _moved(self, _: Row) -> Row:
        return {"entry_date": self.pick.of(DAYS)}

    def _center(self, _: Row) -> Row:
        return self._by(self.pick.of(CENTERS))

    def _liquidated(self, held: Row) -> Row:
        ended = held["liquidation_date"] is None
        return {"liquidation_date": "2013-09-30" if ended else None, "liquidation_type": "no_change" if ended else None}

    def reviews(self) -> None:
        """Load reviews, new or corrected."""
        self._load("review", [self._review(review_id) for review_id in self.pick.some(REVIEWS, 1, 3)])

    def _review(self, review_id: str) -> Row:
        held = self.model.tables["review"].get((review_id,))
        if held and self.pick.chance(85):
            return held | self.pick.of([self._ended, self._reopened, self._shifted, self._retyped, self._held])(held)
        entry = self.pick.of([*self.model.tables["entry"].values(), None])
        opened = self.pick.of([day for day in DAYS if entry is None or day >= entry["entry_date"]])
        center = self.pick.of(CENTERS)
        random = self.pick.chance(30)
        row = {
            "review_id": review_id, "work_type": self.pick.of(["psc", "cf29", "protest"]), "account_id": "A1",
            "entry_number": entry and entry["entry_number"], "center_code": center, "port_code": self.pick.of(PORTS),
            "industry_code": INDUSTRY[center], "program": "none", "opened_date": opened, "due_date": self.pick.of([None, *LATER]),
            "status": "open", "source": "random" if random else "targeted", "stratum": "S1" if random else None,
        }  # fmt: skip
        row = {name: row.get(name) for name in samples.columns("review")}
        return row | self._ended(row) if self.pick.chance(25) else row

    def _ended(self, held: Row) -> Row:
        last = max([held["opened_date"], *(event["event_date"] for event in self._events_of(held))])
        first = held["opened_date"] if self.pick.chance(25) else last
        days = [day for day in LATER if day >= first] or [first]
        return {
            "closed_date": self.pick.of(days),
            "status": "completed",
            "outcome": "change",
            "severity": "major",
            "revenue_change_usd": 5.25,
        }

    def _reopened(self, _: Row) -> Row:
        return {"closed_date": None, "status": "docs_requested", "outcome": None, "severity": None, "revenue_change_usd": None}

    def _shifted(self, held: Row) -> Row:
        # Events that come to lie before the opening would rightly break a sum.
        days = [held["closed_date"] or "9", *(event["event_date"] for event in self._events_of(held))]
        entry = self.model.tables["entry"].get((held["entry_number"],), {"entry_date": "0"})
        return {"opened_date": self.pick.of([day for day in DAYS if entry["entry_date"] <= day <= min(days)] or [held["opened_date"]])}

    def _events_of(self, review: Row) -> list[Row]:
        return self.model.events(review["review_id"], "clock_stop", "clock_start", "transfer")

    def _retyped(self, held: Row) -> Row:
        return {"work_type": "psc" if held["work_type"] != "psc" else "protest", "due_date": self.pick.of([None, *LATER])}

    def _held(self, _: Row) -> Row:
        return {"center_code": self.pick.of(CENTERS)}

    def events(self) -> None:
        """Load events: clocks that stop and start in any order, and transfers."""
        held = list(self.model.tables["review"].values())
        if not held:
            self.reviews()
            return
        rows = []
        for review in self.pick.some(held, 1, 2):
            days = [day for day in LATER if review["opened_date"] <= day <= (review["closed_date"] or "9")] or [review["opened_date"]]
            rows += [self._event(review, self.pick.of(days)) for _ in range(self.pick.number(1, 4))]
        self._load("review_event", rows)

    def _event(self, review: Row, day: str) -> Row:
        kind = self.pick.of(["clock_stop", "clock_start", "transfer", "clock_stop"])
        row = dict.fromkeys(samples.columns("review_event")) | {"review_id": review["review_id"], "event_date": day, "event_type": kind}
        if kind == "transfer":
            before = self.model.holder(review, (dt.date.fromisoformat(day) - dt.timedelta(days=1)).isoformat(), "9")
            row |= {"from_center_code": None if before == "PORT" else before, "to_center_code": self.pick.of(CENTERS)}
        return row

    def mend(self) -> None:
        """Export the quarantine, mend what can be mended, and load it again."""
        waiting = {place: refused for place, refused in self.model.refused.items() if refused.settled is None}
        folder = self.folder / f"mend{len(self.files)}-{self.steps}"
        written = dict(quarantine.export(self.engine, folder))
        assert sum(written.values()) == len(waiting), (written, waiting)
        for path in self.pick.some(sorted(written), 0, 2):
            with path.open(encoding="utf-8", newline="") as file:
                exported = list(csv.DictReader(file))
            places = [(int(row["quarantine_load"]), int(row["quarantine_row"])) for row in exported]
            assert places == sorted(place for place in waiting if place[0] == places[0][0])
            rows = []
            for place, texts in zip(places, exported, strict=True):
                refused = waiting[place]
                same = {name: texts[name] for name in refused.row}
                assert same == {name: as_text(value, refused.form) for name, value in refused.row.items()}, (place, texts)
                assert texts["what_is_wrong"]
                rows.append(self._mended(refused))
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(exported[0]))
                writer.writeheader()
                writer.writerows(
                    old | {name: as_text(value, "csv") for name, value in new.items()} for old, new in zip(exported, rows, strict=True)
                )
            table = waiting[places[0]].table
            self._do(File(table, tuple(rows), Marks(), path, tuple(places), "csv"), table=None)

    def _mended(self, refused: Refused) -> Row:
        row, held = dict(refused.row), self.model.tables
        if self.pick.chance(20):
            return row
        if refused.table == "entry":
            good = next((number for number in NUMBERS if number[:-1] == (row["entry_number"] or "")[:-1]), self.pick.of(NUMBERS))
            row |= {"entry_number": good, "port_code": PORTS[0], "value_usd": abs(row["value_usd"])} | self._by(
                row["center_code"] if row["center_code"] in CENTERS else None
            )
        elif refused.table == "entry_line":
            entry = held["entry"].get((row["entry_number"],))
            others = [line for key, line in held["entry_line"].items() if key[0] == row["entry_number"] and key[1] != row["line_number"]]
            for name in ("value_usd", "duty_usd") if entry else ():
                row[name] = max(0.0, round(entry[name] - sum(line[name] for line in others), 2))
        elif refused.table == "review":
            entry = held["entry"].get((row["entry_number"],), {"entry_date": "0"})
            row |= {
                "opened_date": max(row["opened_date"], entry["entry_date"]),
                "port_code": PORTS[0],
                "closed_date": None,
                "status": "open",
            }
            row["review_id"] = row["review_id"] or self.pick.of(REVIEWS)
        elif (row["review_id"],) in held["review"]:
            review = held["review"][row["review_id"],]
            row["event_date"] = min(max(row["event_date"], review["opened_date"]), review["closed_date"] or "9")
            row["to_center_code"] = row["to_center_code"] if row["to_center_code"] in CENTERS else None
        return row

    def extract(self) -> None:
        """Load a full extract of a table, with some records left out."""
        table = self.pick.of(["review", "entry", "entry_line", "review_event"])
        rows = list(self.model.tables[table].values())
        if rows and not any(place[1] == table for place in self.model.full):
            self._load(table, rows, full=True)
        left_out = self.pick.some(rows, 0, 2)
        rows = [row for row in rows if row not in left_out]
        if rows:
            self._load(table, rows, full=True)

    def again(self) -> None:
        """Load the bytes of an earlier file again, perhaps as a full extract, perhaps of another source."""
        if self.files:
            file = self.pick.of(self.files)
            other = file.form != "parquet" and self.pick.chance(40)
            said = Marks(full=self.pick.chance(50), source=self.pick.of(["default", "other"])) if other else file.marks
            path = self.folder / f"again{self.steps}" / file.path.name
            path.parent.mkdir()
            shutil.copy(file.path, path)
            self._do(File(file.table, file.rows, said, path, file.references, file.form), table=None)

    # --- doing a load

    def _load(self, table: str, rows: Sequence[Row], *, full: bool = False) -> None:
        """Write rows to a file, some of them spoilt, and load it."""
        rows = [dict(row) for row in rows]
        if self.pick.chance(25):
            rows = self._spoilt(table, rows)
        form = self.pick.of(["csv", "parquet", "us"])
        said = Marks(full=full, source="other" if self.pick.chance(12) else "default")
        path = self.folder / str(self.steps) / f"{table}.{'parquet' if form == 'parquet' else 'csv'}"
        write(path, table, rows, form, said)
        self._do(File(table, tuple(rows), said, path, (), form))

    def _spoilt(self, table: str, rows: list[Row]) -> list[Row]:
        place = self.pick.number(0, len(rows) - 1)
        row = rows[place]
        number = row.get("entry_number") or NUMBERS[0]
        wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
        kinds: dict[str, list[Row]] = {
            "entry": [
                {"entry_number": wrong},
                {"port_code": "9999"},
                {"processed_by": "PORT" if row.get("center_code") else "CENTER"},
                {"entry_number": None},
                {"value_usd": -5.0},
                {"center_code": "AGR", "processed_by": "CENTER"},
            ],
            "entry_line": [{"value_usd": 77.77}, {"line_number": 3}, {"entry_number": samples.number(9)}, {"line_number": None}],
            "review": [
                {"port_code": "9999"}, {"status": "completed", "closed_date": None}, {"opened_date": "2012-10-30"},
                {"entry_number": samples.number(9)}, {"review_id": None},
            ],
            "review_event": [{"review_id": "R9"}, {"event_date": "2012-10-30"}, {"to_center_code": "AGR"}, {"event_date": "2013-03-15"}],
        }  # fmt: skip
        chosen = self.pick.number(0, len(kinds[table]))
        if chosen == 0:
            return [*rows, dict(row)]  # its key twice
        rows[place] = row | kinds[table][chosen - 1]
        return rows

    def _do(self, file: File, table: str | None = "as the file") -> None:
        """Load a file, after a death at some point of it or not, and compare."""
        self.steps += 1
        named = file.table if table else None
        if self.pick.chance(15):
            self._die(file, named)
            if self.pick.chance(25):
                return
        self.log.append(f"  load {len(self.model.loads) + 1}: {file.words()}")
        result = load.load_file(file.path, self.engine, named, file.marks)
        expected = self.model.load(file)
        found = {name: getattr(result, name) for name in Outcome.__dataclass_fields__}
        told = expected.__dict__
        TALLY["loads"] += 1
        TALLY.update({name: value for name, value in told.items() if value and name not in ("read", "accepted")})
        if expected.already_loaded:  # what it would have done is not asked
            found |= dict.fromkeys(("added", "replaced", "settled", "vanished"), 0)
        assert found == told, f"The result of the load: {found} and not {told}"
        assert result.read == result.accepted + result.rejected
        self.files.append(file)
        self.check()

    def _die(self, file: File, table: str | None) -> None:
        """Kill a load at the n-th call of something; nothing may have changed."""
        place = self.pick.of([(history, "record"), (quarantine, "record"), (bulk, "bulk_insert"), (load, "_record"), (bulk, "bulk_insert"), (bulk, "delete_rows"), (vanish, "compare")])  # fmt: skip
        calls = self.pick.number(1, 5 if place[1] == "bulk_insert" else 1)
        before = self.state()
        with deadly(*place, calls):
            try:
                load.load_file(file.path, self.engine, table, file.marks)
            except Died:
                self.log.append(f"  died at call {calls} of {place[1]}: {file.words()}")
                TALLY["loads that died"] += 1
                assert self.state() == before, "A load that died has left something"
            else:
                self.log.append(f"  lived before call {calls} of {place[1]}: load {len(self.model.loads) + 1}: {file.words()}")
                self.model.load(file)
                self.files.append(file)
        self.check()

    def state(self) -> dict[str, list[Row]]:
        with self.engine.connect() as connection:
            return dump(connection)

    # --- checks of the database

    def check(self) -> None:
        """Compare the database with the model as it is now."""
        found, model = self.state(), self.model
        for name, rows in model.tables.items():
            held = {key_of(name, row): row for row in found[name]}
            expected = {key: row | {"load_id": model.written[name, key]} for key, row in rows.items()}
            assert held == expected, f"{name}: {differences(held, expected)}"
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in found["revision"]:
            add(sums[row["table_name"], row["month"]], row)
        assert cells(sums) == model.months(model.tables), "The revisions do not sum to what the tables hold"
        self._check_quarantine(found)
        missing = {
            (r["source"], r["table_name"], r["row_key"], r["missed_load_id"]): (r["seen_load_id"], r["back_load_id"])
            for r in found["vanished"]
        }
        expected_missing = {(item.source, item.table, item.key, item.missed): (item.seen, item.back) for item in model.missing}
        assert missing == expected_missing, f"vanished: {differences(missing, expected_missing)}"
        counts = {row["load_id"]: [row[f"{name}_count"] for name in ("read", "accepted", "rejected", "unchanged", "added", "replaced", "vanished")] for row in found["load"]}  # fmt: skip
        assert counts == {
            number: [o.read, o.accepted, o.rejected, o.unchanged, o.added, o.replaced, o.vanished]
            for number, o in ((number, past.outcome) for number, past in model.loads.items())
        }

    def _check_quarantine(self, found: dict[str, list[Row]]) -> None:
        held = {(row["load_id"], row["row_number"]): row for row in found["rejected_row"]}
        assert set(held) == set(self.model.refused), f"quarantine: {differences(held, self.model.refused)}"
        assert {(row["load_id"], row["row_number"]) for row in found["reject"]} == set(held), "A refused row without a reason"
        for place, refused in self.model.refused.items():
            row = held[place]
            settled = (row["settled_by"], row["settled_how"]) if row["settled_how"] else None
            assert (row["table_name"], row["row_key"], settled) == (refused.table, refused.key, refused.settled), (place, row)
            content = json.loads(row["content"])
            whole = refused.row if refused.form == "parquet" else {name: as_text(v, refused.form) for name, v in refused.row.items()}
            kept = {name: content[name] or "" if refused.form != "parquet" else content[name] for name in whole}
            assert kept == whole, (place, content)

    def check_past(self) -> None:
        """Compare what the database says of every earlier load with what the model held then."""
        found, model = self.state(), self.model
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for number, tables in model.after.items():
            for row in found["revision"]:
                if row["load_id"] == number:
                    add(sums[row["table_name"], row["month"]], row)
            assert cells(sums) == model.months(tables), f"The revisions do not tell how it was after load {number}"
            for name, rows in tables.items():
                columns = samples.columns(name)
                then = [row for row in found[name] if row["load_id"] <= number]
                then += [row for row in found[f"{name}_history"] if row["load_id"] <= number < row["replaced_by"]]
                held = {key_of(name, row): {column: row[column] for column in columns} for row in then}
                assert len(held) == len(then), f"{name} has a key twice after load {number}"
                assert held == rows, f"{name} after load {number}: {differences(held, rows)}"
        self._check_words()

    def _check_words(self) -> None:
        """Compare what the store tells of its ledger, quarantine and vanished records."""
        model, told = self.model, ledger.counts(self.engine)
        waiting = [place for place, refused in model.refused.items() if refused.settled is None]
        outcomes = [past.outcome for past in model.loads.values()]
        assert told == {
            "loads": len(outcomes),
            "rows_read": sum(o.read for o in outcomes),
            "rows_accepted": sum(o.accepted for o in outcomes),
            "rows_rejected": sum(o.rejected for o in outcomes),
            "quarantine_rows": len(waiting),
            "settled_rows": len(model.refused) - len(waiting),
            "dismissed_rows": 0,
        }
        assert set(quarantine.rejects(self.engine).select("load_id", "row_number").iter_rows()) == set(waiting)
        listed = vanish.listed(self.engine).select("source", "table_name", "row_key", "seen_load_id", "missed_load_id").rows()
        assert sorted(listed) == sorted((i.source, i.table, i.key, i.seen, i.missed) for i in model.missing if i.back is None)

    # --- publishing

    def publish(self, *, last: bool = False) -> None:
        """Publish what has changed, after a death in the middle of it or not; compare with a rebuild and with the model."""
        day = self.pick.of(["2012-12-15", "2013-01-09", "2012-11-02"]) if self.pick.chance(20) else None
        as_of = day or self.model.latest()
        self.log.append(f"  publish as of {day}")
        if as_of is None:
            with pytest.raises(DataError, match="nothing to publish"):
                self._published(None, "published")
            return
        if self.pick.chance(15):
            self._die_publishing(day)
        again = self.in_force is not None
        made = self._published(day, "published")
        TALLY["publishes"] += 1
        self._check_version(made, as_of, cut=day is not None)
        # The first publish of a home builds everything anyway.
        if again and (last or self.pick.chance(20)):
            TALLY["rebuilds compared"] += 1
            assert self._published(day, "rebuilt", rebuild=True).version == made.version, "A rebuild is another version"

    def _published(self, day: str | None, home: str, *, rebuild: bool = False) -> publish.Published:
        with database.reading(self.engine) as connection:
            source = Database(connection)
            return publish.publish_source(source, day and dt.date.fromisoformat(day), self.folder / home, rebuild=rebuild)

    def _die_publishing(self, day: str | None) -> None:
        name, most = self.pick.of([("write", 60), ("keep", 6), ("digest_of", 6), ("write_json", 2)])
        calls = self.pick.number(1, most)
        with deadly(publish if name == "write_json" else parts, name, calls):
            try:
                made = self._published(day, "published")
            except Died:
                self.log.append(f"  died at call {calls} of {name}")
                TALLY["publishes that died"] += 1
                self._check_in_force()
            else:
                self.in_force = made.version, self._answers(Snapshot(Scope("analyst"), home=self.folder / "published"))

    def _check_in_force(self) -> None:
        """Read the version in force as it was read before."""
        home = self.folder / "published"
        if self.in_force is None:
            assert publish.current_version(home) is None
            return
        assert publish.current_version(home) == self.in_force[0]
        snapshot = Snapshot(Scope("analyst"), home=home)
        assert self._answers(snapshot) == self.in_force[1]
        assert all(path.exists() for fact in ("entry", "review", "stay", "clock") for path in snapshot.fact_files(fact))
        snapshot.identities()

    def _answers(self, snapshot: Snapshot) -> dict[str, Any]:
        by = ("month", "center")
        return {
            name: {(month, center): (value, n) for month, center, value, *_, n, _ in METRICS[name].answer(snapshot.frames, Filters(), snapshot.as_of, by).iter_rows()}
            for name in MEASURES
        }  # fmt: skip

    def _check_version(self, made: publish.Published, as_of: str, *, cut: bool) -> None:
        snapshot = Snapshot(Scope("analyst"), home=self.folder / "published")
        assert snapshot.version == made.version
        assert snapshot.as_of.isoformat() == as_of
        tables = self.model.tables
        rows = {"entry": sum(row["entry_date"] <= as_of for row in tables["entry"].values())}
        rows["review"] = sum(row["opened_date"] <= as_of for row in tables["review"].values())
        assert {name: snapshot.manifest["rows"][f"facts/{name}"] for name in rows} == rows
        residuals = {words: residual for words, _, residual in snapshot.identities().iter_rows() if residual}
        unpaid = self.model.unpaid(as_of)
        strays = self.model.strays(as_of)
        expected = {"Value and duty of an entry = sum of its lines, in cents": unpaid} if unpaid else {}
        expected |= {"Events lie between the opening and the closing of their reviews": strays} if strays else {}
        assert residuals == expected, f"The identities leave {residuals} and not {expected}"
        answers = self._answers(snapshot)
        counted = self.model.counted(as_of)
        for name in MEASURES:
            found = {place: value for place, (value, n) in answers[name].items() if n}
            assert {place: n for place, (_, n) in answers[name].items() if n} == counted["pending"], f"n of {name}"
            close = found.keys() == counted[name].keys() and all(abs(found[p] - v) < 1e-9 for p, v in counted[name].items())
            assert close, f"{name} as of {as_of}: {differences(found, counted[name])}"
            assert all(value in (0, None) for value, n in answers[name].values() if not n), f"{name} of nothing"
        self.in_force = made.version, answers


def add(cell: list[int], row: Row) -> None:
    for place, number in enumerate((row["added_count"] - row["removed_count"], row["value_cents"], row["closed_count"])):
        cell[place] += number


def cells(sums: dict[tuple[str, str], list[int]]) -> dict[tuple[str, str], tuple[int, ...]]:
    return {place: tuple(counts) for place, counts in sums.items() if any(counts)}


def differences(found: dict[Any, Any], expected: dict[Any, Any]) -> str:
    """Name what differs between two dicts."""
    places = [place for place in {**found, **expected} if found.get(place) != expected.get(place)]
    return "; ".join(f"{place}: {found.get(place)} and not {expected.get(place)}" for place in places[:4])
