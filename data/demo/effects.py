"""What became of the feedback after it was answered: when it was settled, since when it holds, and what it should have moved."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from analytics.codes import FEEDBACK_CLOSED
from data.demo.draws import LAST_DAY, Ints, dates, day_of, generator, null_where, pick_within, texts
from data.demo.facts import Facts
from data.demo.planted import single

#: Topic -> what within it is meant, as one would write it down.
_SUB_TOPICS: Final[dict[str, tuple[str, str]]] = {
    "scope": ("tariff headings", "mixed shipments"),
    "assignment": ("main line of business", "appeal"),
    "uniformity": ("classification", "marking"),
    "holds": ("documents", "partner agencies"),
    "cf28": ("number of requests", "time to reply"),
    "corrections": ("waiting time", "reasons of refusal"),
    "protests": ("lead cases", "accelerated decisions"),
    "contacts": ("directory", "account manager"),
    "ace": ("processing office", "exports"),
    "benefits": ("number of reviews", "membership of groups"),
    "expertise": ("plant visits", "grades"),
    "staffing": ("vacancies", "seasonal load"),
    "data_sharing": ("figures by Center", "newsletters"),
    "small_importers": ("first contact", "taking part"),
    "locations": ("meetings", "distance"),
}
#: Topics whose linked metric is of one work type.
_WORK: Final = {"cf28": "cf28", "corrections": "psc", "protests": "protest"}
_WITH_WORK: Final = ("time_to_complete_days", "backlog", "pending", "past_due")
#: Metrics that only Centers have.
_OF_CENTERS: Final = ("inquiries_on_time_share", "center_value_share")
_EVIDENCE: Final = ("Notice to the trade", "Page of the Center", "Directory of contacts", "Memorandum to the ports")
#: Weights of satisfaction 1-5 after each kind of end: taken up, answered, not taken up, still open.
_LIKERT: Final = np.array([[2, 5, 15, 42, 36], [4, 8, 24, 40, 24], [24, 28, 26, 16, 6], [10, 18, 34, 28, 10]], dtype=np.float64)
_TAKEN_UP: Final = ("implemented", "partly_implemented")


def followed(said: pl.DataFrame, seed: int, facts: Facts) -> pl.DataFrame:
    """Add to the table feedback what is known of it beyond its words and its answer."""
    rng = generator(seed, "what became of feedback")
    size = said.height
    center = np.array([facts.centers.index(code.removeprefix("IWG-")) for code in said["group_code"].to_list()])
    place = rng.integers(0, 2, size).tolist()
    closed, settled = _settled(said, rng)
    effective = closed + rng.integers(0, 25, size)
    done = said["status"].is_in(_TAKEN_UP).to_numpy() & (effective <= LAST_DAY)
    linked = pl.col("linked_metric_id").is_not_null()
    work = pl.when(pl.col("linked_metric_id").is_in(_WITH_WORK)).then(pl.col("topic").replace_strict(_WORK, default=None))
    proof = np.where(done, rng.integers(0, len(_EVIDENCE), size), -1)
    return said.with_columns(
        linked_center_code=pl.when(linked & _own_slice(facts)).then(pl.col("group_code").str.strip_prefix("IWG-")),
        linked_work_type=work,
        sub_topic=pl.Series([_SUB_TOPICS[topic][at] for topic, at in zip(said["topic"].to_list(), place, strict=True)]),
        ports=_ports(rng, facts, center),
        chapters=_chapters(rng, facts, center),
        support_count=null_where(pl.Series("support_count", rng.poisson(1.4, size)), rng.random(size) < 0.35),
        closed_date=dates("closed_date", np.where(settled, closed, 0), settled),
        effective_date=dates("effective_date", np.where(done, effective, 0), done),
        evidence=texts("evidence", list(_EVIDENCE), proof),
        satisfaction=_satisfaction(said, rng),
    )


def _own_slice(facts: Facts) -> pl.Expr:
    """Say which pieces are held against their Center's own numbers; those of Centers without two years of months against all of them."""
    old = [f"IWG-{code}" for code, opened in zip(facts.centers, facts.opened.tolist(), strict=True) if LAST_DAY - opened > 600]
    return pl.col("group_code").is_in(old) | pl.col("linked_metric_id").is_in(_OF_CENTERS)


def _settled(said: pl.DataFrame, rng: np.random.Generator) -> tuple[Ints, Any]:
    """Draw the day on which each piece was settled, from its answer on; return it, and whether it was."""
    answered = said["responded_date"].is_not_null().to_numpy()
    settled = said["status"].is_in(FEEDBACK_CLOSED).to_numpy() & answered
    responded = np.array([day_of(day) if day else LAST_DAY for day in said["responded_date"].to_list()])
    wait = np.rint(rng.exponential(28.0, said.height)).astype(np.int64)
    # A question is settled by its answer; what would end after the last day ended before.
    wait = np.where(said["kind"].is_in(["question", "praise"]).to_numpy(), 0, wait)
    left = LAST_DAY - responded
    within = np.floor(rng.random(said.height) * (left + 1)).astype(np.int64)
    return responded + np.where(wait > left, within, wait), settled


def _ports(rng: np.random.Generator, facts: Facts, center: Ints) -> pl.Series:
    named = pick_within(rng, center, facts.port_mix)
    return texts("ports", facts.ports, np.where(rng.random(len(center)) < 0.3, named, -1))


def _chapters(rng: np.random.Generator, facts: Facts, center: Ints) -> pl.Series:
    of_center = facts.industry_center[facts.heading_industry]
    chapters = [sorted({facts.headings[at][:2] for at in np.flatnonzero(of_center == one)}) for one in range(len(facts.centers))]
    drawn = rng.random(len(center))
    named = rng.random(len(center)) < 0.4
    return pl.Series(
        "chapters",
        [
            chapters[one][int(at * len(chapters[one]))] if shown else None
            for one, at, shown in zip(center.tolist(), drawn.tolist(), named.tolist(), strict=True)
        ],
        dtype=pl.String,
    )


def _satisfaction(said: pl.DataFrame, rng: np.random.Generator) -> pl.Series:
    """Draw how satisfied those who were answered are; not all say so."""
    kind = said.select(
        pl.when(pl.col("status").is_in(_TAKEN_UP)).then(0)
        .when(pl.col("status") == "answered").then(1)
        .when(pl.col("status").is_in(FEEDBACK_CLOSED)).then(2)
        .otherwise(3)
    ).to_series().to_numpy().astype(np.int64)  # fmt: skip
    given = said["responded_date"].is_not_null().to_numpy() & (rng.random(said.height) < 0.6)
    return null_where(pl.Series("satisfaction", 1 + pick_within(rng, kind, _LIKERT)), ~given)


def planted(said: pl.DataFrame) -> pl.DataFrame:
    """Give the feedback that moved something its dates: the one planted effect; all other feedback moved nothing."""
    truth = single("feedback_effect")
    group = f"IWG-{truth.center_code}"
    words = "Answer every question on {} within two business days, even if the answer is when to expect one."
    # That statement if the group made it, else its first piece becomes it.
    of_group = said.filter(pl.col("group_code") == group).with_columns(
        other=~pl.col("statement").str.starts_with(words.split(" {}", maxsplit=1)[0])
    )
    its = pl.col("feedback_id") == of_group.sort("other", "feedback_id")["feedback_id"][0]
    changed = {
        "topic": pl.lit("contacts"),
        "sub_topic": pl.lit("directory"),
        "kind": pl.lit("recommendation"),
        "statement": pl.lit(words.format("medical devices")),
        "linked_metric_id": pl.lit("inquiries_on_time_share"),
        "linked_center_code": pl.lit(truth.center_code),
        "linked_work_type": pl.lit(None, pl.String),
        "received_date": pl.date(2012, 12, 6),
        "meeting_id": pl.lit(f"M-{truth.center_code}-3"),
        "responded_date": pl.date(2013, 1, 7),
        "target_date": pl.date(2013, 2, 28),
        "closed_date": pl.date(2013, 1, 31),
        "effective_date": pl.lit(truth.from_date),
        "status": pl.lit("implemented"),
        "position": pl.lit("agree"),
        "evidence": pl.lit("Page of the Center"),
        "is_public": pl.lit(value=True),
        "response": pl.lit("That is the standard since February 2013; it is measured and shown."),
    }
    return said.with_columns(pl.when(its).then(value).otherwise(pl.col(name)).alias(name) for name, value in changed.items())
