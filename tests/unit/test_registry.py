"""The registry: the ids that were promised, words for readers, and the standards they rest on."""

from __future__ import annotations

import pytest

from analytics import codes, standards
from analytics.metrics import METRICS, Metric

PROMISED = [
    "entry_summaries",
    "entry_lines",
    "import_value_usd",
    "duty_usd",
    "participating_accounts",
    "center_value_share",
    "receipts",
    "completions",
    "pending",
    "backlog",
    "past_due",
    "pending_age_days",
    "controlled_age_days",
    "clock_stopped",
    "closed_without_result",
    "clearance_rate",
    "days_of_work",
    "time_to_complete_days",
    "oldest_days",
    "compliance_rate_major",
    "compliance_rate_letter",
    "sampled_lines",
    "sampled_without_major_share",
    "sampled_without_any_share",
    "targeted_yield_share",
    "net_revenue_gap_usd",
    "revenue_collected_share",
    "feedback_received",
    "feedback_open",
    "feedback_first_response_days",
    "feedback_implemented_share",
    "feedback_closure_days",
    "feedback_over_90",
    "feedback_accepted_share",
    "feedback_satisfied_share",
    "inquiries_on_time_share",
    "past_due_value_usd",
    "past_due_duty_usd",
    "due_within_30",
    "closed_on_time_share",
    "work_changed_share",
    "rejected_share",
    "hours_per_review",
    "cf28_per_1000",
    "protests_allowed_share",
    "liquidations",
    "deemed_liquidations",
    "liquidated_with_change_share",
    "extensions",
    "suspended_entries",
    "staff_on_board",
    "staff_floor",
    "completions_per_person",
    "inquiries",
    "first_contact_share",
    "satisfaction_mean",
    "satisfied_share",
    "deemed_denials",
    "disclosures_valid_share",
    "staff_short",
    "pending_per_person",
    "duty_fees_usd",
    "center_entry_share",
    "eligible_not_in_center_usd",
    "eligible_not_in_center_share",
]


def test_every_promised_metric_is_there() -> None:
    assert sorted(METRICS) == sorted(PROMISED)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.id)
def test_a_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.unit in {"count", "usd", "share", "days", "ratio"}
    assert metric.direction in {"higher", "lower", "neither"}
    assert metric.kind in {"output", "efficiency", "outcome"}
    assert metric.definition.endswith(".")
    assert min(len(metric.name), len(metric.formula), len(metric.basis)) > 5
    assert metric.answer.__doc__
    assert metric.module.startswith("analytics.")
    if metric.id.endswith(("_usd", "_share", "_days")):
        assert metric.unit == metric.id.rsplit("_", 1)[1]


def test_every_work_type_has_a_standard_that_its_definition_states() -> None:
    assert set(standards.STANDARD_DAYS) == set(codes.WORK_TYPES)
    for work_type, days in standards.STANDARD_DAYS.items():
        assert f"{codes.WORK_TYPES[work_type][1:]} {days}" in METRICS["backlog"].definition
    assert len(standards.AGE_LABELS) == len(standards.AGE_MARKS)
