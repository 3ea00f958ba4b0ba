"""The working groups: their meetings, and what was said there and answered; individual input, in the trade's own tone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from analytics.codes import FEEDBACK_STATUSES, POSITIONS, SEGMENTS
from data.demo.draws import LAST_DAY, dates, day_of, days_lognormal, generator, pick, pick_within, texts
from data.demo.effects import followed, planted
from data.demo.facts import Facts

#: One row a thing that can be said: topic, kind, statement and answer with `{goods}` and `{center}`, linked metric.
_STATEMENTS: Final = pl.read_csv(Path(__file__).with_name("statements.csv"), null_values="")
MEETINGS: Final = (date(2012, 6, 4), date(2012, 9, 12), date(2012, 12, 5), date(2013, 3, 13), date(2013, 6, 12), date(2013, 9, 11))
_GOODS: Final = {
    "AGR": ("produce", "seafood", "prepared foods", "beverages"),
    "AUT": ("auto parts", "vehicles", "aircraft parts", "engines"),
    "BMM": ("steel pipe", "fasteners", "machine tools", "pumps"),
    "CPM": ("toys", "furniture", "housewares", "jewelry"),
    "ELE": ("displays", "integrated circuits", "handsets", "computers"),
    "IMM": ("paper", "plastics", "glass", "ceramic tile"),
    "PET": ("crude oil", "refined fuels", "ores", "natural gas"),
    "PHC": ("active ingredients", "medical devices", "chemicals", "finished drugs"),
    "TAF": ("knit apparel", "footwear", "fabric", "uniforms"),
}
#: Median days to a first answer, by Center.
_PATIENCE: Final = {"AGR": 38, "AUT": 30, "BMM": 52, "CPM": 41, "ELE": 24, "IMM": 36, "PET": 20, "PHC": 44, "TAF": 61}
_PIECES: Final = 34
_ORGANIZATIONS: Final = 89
_STATUSES: Final = list(FEEDBACK_STATUSES)
_OPEN, _IN_PROGRESS, _DONE, _PARTLY, _ANSWERED, _NOT, _OVERTAKEN = range(7)
#: Chances of a status once answered: recommendations, complaints and requests for data; questions; praise.
_ENDS: Final = {
    "recommendation": (0.08, 0.24, 0.34, 0.16, 0.0, 0.12, 0.06),
    "complaint": (0.08, 0.22, 0.36, 0.18, 0.02, 0.08, 0.06),
    "data_request": (0.06, 0.2, 0.4, 0.14, 0.04, 0.12, 0.04),
    "question": (0.05, 0.15, 0.0, 0.0, 0.8, 0.0, 0.0),
    "praise": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
}
_POSITION_OF: Final = {_OPEN: (0.2, 0.1, 0.0, 0.7), _IN_PROGRESS: (0.5, 0.4, 0.0, 0.1), _DONE: (0.9, 0.1, 0.0, 0.0), _PARTLY: (0.2, 0.8, 0.0, 0.0),
                       _ANSWERED: (0.7, 0.3, 0.0, 0.0), _NOT: (0.0, 0.1, 0.9, 0.0), _OVERTAKEN: (0.5, 0.3, 0.1, 0.1)}  # fmt: skip


def working_group_table(facts: Facts) -> pl.DataFrame:
    """Return the table working_group: one for each Center's industry."""
    return pl.DataFrame({"center_code": facts.centers}).with_columns(
        group_code=pl.lit("IWG-") + pl.col("center_code"),
        group_name=pl.lit("Industry Working Group ") + pl.col("center_code"),
        established_date=pl.lit(MEETINGS[0]),
    )


def organizations(seed: int) -> pl.DataFrame:
    """Return the organisations of the demonstration: `organization_code` and the `segment` that each belongs to."""
    drawn = pick(generator(seed, "organizations"), [22, 20, 12, 22, 10, 5, 3, 4, 2], _ORGANIZATIONS)
    codes = [f"ORG-{number + 1:03d}" for number in range(_ORGANIZATIONS)]
    return pl.DataFrame({"organization_code": codes, "segment": texts("segment", list(SEGMENTS), drawn)})


def _said(rng: np.random.Generator, facts: Facts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw Center, meeting and statement of each piece; a statement is heard once at a meeting of a group."""
    center = np.repeat(np.arange(len(facts.centers)), _PIECES)
    meeting = np.sort(rng.integers(0, len(MEETINGS), (len(facts.centers), _PIECES)), axis=1).ravel()
    statement = np.concatenate([rng.permutation(_STATEMENTS.height)[:_PIECES] for _ in facts.centers])
    return center, meeting, statement


def feedback_table(seed: int, facts: Facts) -> pl.DataFrame:
    """Return the table feedback."""
    rng = generator(seed, "feedback")
    center, meeting, statement = _said(rng, facts)
    size = len(center)
    picked = _STATEMENTS[statement]
    received = np.minimum(np.array([day_of(day) for day in MEETINGS])[meeting] + rng.integers(0, 12, size), LAST_DAY)
    median = np.array([_PATIENCE[code] for code in facts.centers])[center]
    responded = received + days_lognormal(rng, median, 0.7, size)
    answered = responded <= LAST_DAY
    kinds = picked["kind"].to_list()
    ends = pick_within(rng, np.arange(size), np.array([_ENDS[kind] for kind in kinds]))
    status = np.where(answered, ends, np.where(rng.random(size) < 0.8, _OPEN, _IN_PROGRESS))
    position = pick_within(rng, status, np.array([_POSITION_OF[place] for place in range(len(_STATUSES))]))
    goods = [_GOODS[facts.centers[place]][word] for place, word in zip(center.tolist(), rng.integers(0, 4, size).tolist(), strict=True)]
    silent = ~answered
    known = organizations(seed)[rng.integers(0, _ORGANIZATIONS, size)]
    said = pl.DataFrame(
        {
            "feedback_id": [f"F{index + 1:05d}" for index in range(size)],
            "group_code": texts("group_code", [f"IWG-{code}" for code in facts.centers], center),
            "meeting_id": [
                f"M-{facts.centers[place]}-{number + 1}" for place, number in zip(center.tolist(), meeting.tolist(), strict=True)
            ],
            "received_date": dates("received_date", received),
            "segment": known["segment"],
            "organization_code": known["organization_code"],
            "topic": picked["topic"],
            "kind": picked["kind"],
            "statement": [text.replace("{goods}", word) for text, word in zip(picked["statement"].to_list(), goods, strict=True)],
            "severity": 1 + pick(rng, [10, 22, 36, 22, 10], size),
            "position": texts("position", list(POSITIONS), np.where(silent, 3, position)),
            "status": texts("status", _STATUSES, status),
            "owner": texts(
                "owner", ["Office of Field Operations", "Center director", "Office of International Trade"], pick(rng, [45, 40, 15], size)
            ),
            "target_date": dates("target_date", received + 120, rng.random(size) < 0.7),
            "responded_date": dates("responded_date", np.where(answered, responded, 0), answered),
            "response": texts("response", picked["answer"].to_list(), np.where(answered, np.arange(size), -1)),
            "linked_metric_id": picked["metric"],
            "is_public": rng.random(size) < 0.72,
        }
    )
    return planted(followed(said, seed, facts))
