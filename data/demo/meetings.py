"""The meetings of the working groups: agenda, who was there, and what was promised."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from data.demo.draws import AS_OF, generator
from data.demo.facts import Facts
from data.demo.voices import MEETINGS, organizations

_CITIES: Final = ("Washington", "Long Beach", "New York", "Houston", "Detroit", "by telephone")
_POINTS: Final = (
    "Follow-ups of the last meeting",
    "State of the Center: work received and waiting",
    "Individual input from the floor",
    "Same answer at every port",
    "Requests for information and notices of action",
    "Corrections and protests",
    "Contacts and directory",
    "Next meeting",
)
_TASKS: Final = (
    "Send the figures shown to all who were present",
    "Check the directory of contacts",
    "Answer the questions of the floor in writing",
    "Name a specialist for the next meeting",
    "Bring the comparison of ports",
    "Arrange a plant visit",
)
_OWNERS: Final = ("Center director", "Office of Field Operations", "Office of International Trade")


def attendance_table(seed: int, facts: Facts, said: pl.DataFrame) -> pl.DataFrame:
    """Return the table attendance: whoever gave feedback at a meeting, and others."""
    rng = generator(seed, "attendance")
    known = organizations(seed)
    spoke = said.select("meeting_id", "organization_code").unique().sort("meeting_id", "organization_code")
    others = [
        (f"M-{code}-{number + 1}", known["organization_code"][int(at)])
        for code in facts.centers
        for number in range(len(MEETINGS))
        for at in rng.integers(0, known.height, 8)
    ]
    listened = pl.DataFrame(others, schema=["meeting_id", "organization_code"], orient="row")
    present = pl.concat([spoke, listened]).unique().sort("meeting_id", "organization_code")
    people = pl.Series("people_count", rng.integers(1, 4, present.height))
    return present.with_columns(people).join(known, on="organization_code", maintain_order="left")


def meeting_table(seed: int, facts: Facts, present: pl.DataFrame) -> pl.DataFrame:
    """Return the table meeting: six quarterly meetings of each group."""
    rng = generator(seed, "meetings")
    rows = []
    for code in facts.centers:
        for number, day in enumerate(MEETINGS):
            points = [
                _POINTS[0] if number else "What working groups are for",
                *_POINTS[1:3],
                _POINTS[3 + int(rng.integers(0, 4))],
                _POINTS[7],
            ]
            agenda = "\n".join(f"{place + 1}. {point}" for place, point in enumerate(points))
            city = _CITIES[int(rng.integers(0, len(_CITIES)))]
            rows.append((f"M-{code}-{number + 1}", f"IWG-{code}", day, f"Quarterly meeting {number + 1}", city, agenda))
    made = pl.DataFrame(rows, schema=["meeting_id", "group_code", "meeting_date", "title", "location", "agenda"], orient="row")
    counted = present.group_by("meeting_id").agg(attendance_count=pl.col("people_count").sum())
    return made.join(counted, on="meeting_id", how="left", maintain_order="left")


def follow_up_table(seed: int, said: pl.DataFrame) -> pl.DataFrame:
    """Return the table follow_up: three promises a meeting, the first about a piece of feedback given there."""
    rng = generator(seed, "follow-ups")
    first = said.sort("feedback_id").group_by("meeting_id", maintain_order=True).first().sort("meeting_id")
    days = {f"M-{code.removeprefix('IWG-')}-{at + 1}": day for code in said["group_code"].unique() for at, day in enumerate(MEETINGS)}
    rows = []
    for meeting, feedback in first.select("meeting_id", "feedback_id").iter_rows():
        for place, task in enumerate(rng.permutation(len(_TASKS))[:3].tolist()):
            due = days[meeting] + dt.timedelta(days=int(rng.integers(20, 70)))
            done = due + dt.timedelta(days=int(rng.integers(-15, 40)))
            owner = _OWNERS[int(rng.integers(0, 3))]
            late = rng.random() < 0.15
            said_of = feedback if place == 0 else None
            rows.append((meeting, said_of, _TASKS[task], owner, due, None if late or done > AS_OF else done))
    table = pl.DataFrame(rows, schema=["meeting_id", "feedback_id", "task", "owner", "due_date", "done_date"], orient="row")
    return table.with_row_index("number", offset=1).select(
        pl.format("U{}", pl.col("number").cast(pl.String).str.zfill(4)).alias("follow_up_id"), *table.columns
    )
