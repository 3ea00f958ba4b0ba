"""What is around the work: inquiries, staff, targets and news."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from analytics.codes import INQUIRY_TOPICS, POSITION_TYPES, SEGMENTS
from data.demo.draws import (
    LAST_DAY,
    Floats,
    Ints,
    dates,
    day_of,
    generator,
    month_names,
    month_numbers,
    null_where,
    pick,
    pick_within,
    texts,
    to_business_day,
    weekday,
)
from data.demo.facts import Facts
from data.demo.planted import single

#: Share of inquiries answered within two business days; one Center is clearly slower.
_ON_TIME: Final = {"AGR": 0.91, "AUT": 0.92, "BMM": 0.8, "CPM": 0.9, "ELE": 0.93, "IMM": 0.89, "PET": 0.94, "PHC": 0.88, "TAF": 0.87}
_A_DAY: Final = {"AGR": 2.2, "AUT": 2.0, "BMM": 2.6, "CPM": 2.8, "ELE": 3.4, "IMM": 1.8, "PET": 1.0, "PHC": 2.4, "TAF": 3.0}
_STAFFED: Final = ("import_specialist", "entry_specialist", "national_import_specialist", "auditor", "trade_specialist")
_FLOOR: Final = (18, 9, 2, 3, 2)


def inquiry_table(seed: int, facts: Facts) -> pl.DataFrame:
    """Return the table inquiry: questions to open Centers, most answered within two business days."""
    rng = generator(seed, "inquiries")
    days = np.arange(LAST_DAY + 1)
    open_days = (days[None, :] >= facts.opened[:, None]) & (weekday(days) < 5)[None, :]
    rate = np.array([_A_DAY[code] for code in facts.centers])[:, None] * (0.7 + 0.5 * days / LAST_DAY)[None, :]
    counts = rng.poisson(np.where(open_days, rate, 0.0))
    center, received = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    size = len(center)
    on_time = rng.random(size) < _on_time(facts, center, received)
    quick = received + pick(rng, [0.3, 0.4, 0.3], size)
    # Two business days over a weekend are four days of the calendar.
    quick = np.where(np.isin(weekday(quick), (5, 6)), quick + 2, quick)
    late = to_business_day(received + 5 + np.rint(rng.exponential(6.0, size)).astype(np.int64))
    answered = np.where(on_time, quick, late)
    known = answered <= LAST_DAY
    first = rng.random(size) < 0.74
    rated = known & (rng.random(size) < 0.4)
    port = np.where(rng.random(size) < 0.6, pick_within(rng, center, facts.port_mix), -1)
    order = np.lexsort((center, received))
    table = pl.DataFrame(
        {
            "received_date": dates("received_date", received),
            "answered_date": dates("answered_date", np.where(known, answered, 0), known),
            "requester": texts("requester", list(SEGMENTS), pick(rng, [26, 18, 10, 30, 6, 4, 2, 2, 2], size)),
            "topic": texts("topic", list(INQUIRY_TOPICS), pick(rng, [28, 14, 20, 12, 10, 6, 6, 4], size)),
            "center_code": texts("center_code", facts.centers, center),
            "port_code": texts("port_code", facts.ports, port),
            "resolved_first_contact": null_where(pl.Series("resolved_first_contact", first), ~known),
            "satisfaction": null_where(pl.Series("satisfaction", 1 + pick(rng, [3, 4, 12, 33, 48], size)), ~rated),
        }
    )[order]
    return table.with_columns(inquiry_id=pl.format("Q{}", pl.int_range(1, size + 1).cast(pl.String).str.zfill(6)))


def _on_time(facts: Facts, center: Ints, received: Ints) -> Floats:
    """Return the chance that each inquiry is answered in time; what feedback asked for has moved that of one Center."""
    chance = np.array([_ON_TIME[code] for code in facts.centers])[center]
    truth = single("feedback_effect")
    moved = (np.array(facts.centers)[center] == truth.center_code) & (received >= day_of(truth.from_date))
    return np.where(moved, truth.size, chance)


def staff_table(seed: int, facts: Facts) -> pl.DataFrame:
    """Return the table staff: people on board against the floor, from each Center's opening on."""
    rng = generator(seed, "staff")
    start = month_numbers(facts.opened)
    rows = [
        (code, position, name, floor, max(0, floor + int(rng.integers(-3, 3)) - (month < first + 3)))
        for code, first in zip(facts.centers, start.tolist(), strict=True)
        for position, floor in zip(_STAFFED, _FLOOR, strict=True)
        for month, name in enumerate(month_names())
        if month >= first and position in POSITION_TYPES
    ]
    return pl.DataFrame(rows, schema=["center_code", "position_type", "month", "floor", "on_board"], orient="row")


def target_table() -> pl.DataFrame:
    """Return the table target: the targets in force for all Centers."""
    targets = {
        "compliance_rate_major": 0.98,
        "clearance_rate": 1.0,
        "inquiries_on_time_share": 0.9,
        "revenue_collected_share": 0.99,
        "feedback_first_response_days": 45.0,
    }
    return pl.DataFrame({"metric_id": list(targets), "target_value": list(targets.values())}).with_columns(
        center_code=pl.lit("ALL"), valid_from=pl.lit(date(2010, 10, 1))
    )


_NEWS: Final[tuple[tuple[date, str | None, str, str], ...]] = (
    (date(2010, 11, 1), None, "Two pilots begin", "A pharmaceutical Center pilot and an electronics account executive pilot start; both run for a year."),
    (date(2011, 6, 4), None, "Post summary corrections in ACE", "The trade can correct accepted entry summaries electronically, for entry types 01 and 03."),
    (date(2011, 9, 22), None, "Paper amendments end for ACE summaries", "Summaries filed in ACE are corrected by post summary correction alone."),
    (date(2011, 10, 20), "ELE", "Electronics opens", "The Center validates, reviews corrections and works protests for trusted partners; revenue stays at the ports."),
    (date(2011, 10, 20), "PHC", "Pharmaceuticals, Health & Chemicals opens", "Managed from New York, for importers of drugs, medical devices and chemicals."),
    (date(2012, 3, 15), None, "Free trade agreement with Korea in force", "Claims of preference for Korean goods can be made from this day."),
    (date(2012, 5, 10), None, "Two more Centers announced", "Automotive & Aerospace in Detroit and Petroleum, Natural Gas & Minerals in Houston."),
    (date(2012, 6, 4), None, "Working groups established", "Industry Working Groups begin to help plan the Centers that are to come."),
    (date(2012, 8, 28), None, "Test of centralised decisions announced", "Center directors are to decide instead of port directors (77 FR 52048)."),
    (date(2012, 9, 27), "AUT", "Automotive & Aerospace opens", "The first participants are selected; the Center decides for them at every port."),
    (date(2012, 9, 27), "PET", "Petroleum, Natural Gas & Minerals opens", "Managed from Houston, for importers of energy and minerals."),
    (date(2012, 11, 27), None, "Five further Centers announced", "The remaining Centers are to open within fiscal year 2013."),
    (date(2013, 4, 4), "BMM", "Base Metals & Machinery takes applications", "The test grows by further Centers and waived regulations (78 FR 20345)."),
    (date(2013, 4, 4), "IMM", "Industrial & Manufacturing Materials takes applications", "Managed from Buffalo."),
    (date(2013, 6, 3), None, "The last three Centers open", "Agriculture & Prepared Products, Textiles, Wearing Apparel & Footwear, and Consumer Products."),
)  # fmt: skip


def news_table() -> pl.DataFrame:
    """Return the table news: dated facts about the Centers."""
    rows = [(f"N{index + 1:03d}", center, day, title, summary) for index, (day, center, title, summary) in enumerate(_NEWS)]
    return pl.DataFrame(rows, schema=["news_id", "center_code", "published_date", "title", "summary"], orient="row")
