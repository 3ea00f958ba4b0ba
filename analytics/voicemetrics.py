"""Metrics of what the trade says and asks: feedback of working groups and inquiries; the registry (`analytics.metrics`) ends with them."""

from __future__ import annotations

from typing import Final

from analytics import service, voices
from analytics.metric import Metric
from analytics.rollups import FEEDBACK, INQUIRIES

VOICED: Final[tuple[Metric, ...]] = (
    Metric(
        "feedback_received", "Feedback received", "Pieces of individual input from working groups in the period.", "count by date received",
        "count", "neither", "output", "19 USC 4317(a)(7): partnership", FEEDBACK, voices.feedback_received,
    ),
    Metric(
        "feedback_open", "Feedback open", "Feedback that is not settled at the end of the period, whenever it came in.",
        "received until the last day - settled until it", "count", "lower", "output", "19 USC 4317(a)(7): partnership", FEEDBACK, voices.feedback_open,
    ),
    Metric(
        "feedback_first_response_days", "Days to first answer",
        "Days within which half of the feedback received in the period had a first answer; feedback without one is counted as still waiting.",
        "Kaplan-Meier quantiles of days to the first answer", "days", "lower", "efficiency", "19 USC 4317(a)(7): partnership", FEEDBACK,
        voices.feedback_first_response_days,
    ),
    Metric(
        "feedback_implemented_share", "Recommendations implemented",
        "Share of the closed recommendations, of those received in the period, that were implemented in whole or in part.",
        "implemented or partly implemented / closed recommendations", "share", "higher", "outcome", "19 USC 4317(a)(7): partnership",
        FEEDBACK, voices.feedback_implemented_share,
    ),
    Metric(
        "feedback_closure_days", "Days to settle",
        "Days within which half of the feedback received in the period was settled; what is open is counted as still waiting.",
        "Kaplan-Meier quantiles of days until it is settled", "days", "lower", "efficiency", "19 USC 4317(a)(7): partnership", FEEDBACK,
        voices.feedback_closure_days,
    ),
    Metric(
        "feedback_over_90", "Open over 90 days",
        "Feedback that is not settled at the end of the period and came in more than 90 days before it.",
        "count not settled with last day - date received > 90", "count", "lower", "efficiency", "19 USC 4317(a)(7): partnership", FEEDBACK,
        voices.feedback_over_90,
    ),
    Metric(
        "feedback_accepted_share", "Feedback agreed to",
        "Share of the recommendations, complaints and data requests that CBP took a position on and agreed to, in whole or in part.",
        "agree or partly agree / all with a position", "share", "neither", "outcome", "19 USC 4317(a)(7): partnership", FEEDBACK,
        voices.feedback_accepted_share,
    ),
    Metric(
        "feedback_satisfied_share", "Satisfied with the answer",
        "Share of those who rated the answer to their feedback and gave it 4 or 5 of 5.",
        "ratings of 4 or 5 / all ratings", "share", "higher", "outcome", "19 USC 4317(a)(7): partnership", FEEDBACK,
        voices.feedback_satisfied_share,
    ),
    Metric(
        "inquiries", "Inquiries", "Inquiries of the trade that Centers received in the period.", "count by date received",
        "count", "neither", "output", "19 USC 4317(a)(7): partnership", INQUIRIES, service.inquiries,
    ),
    Metric(
        "first_contact_share", "Settled at first contact",
        "Share of the inquiries received in the period and answered that were settled at the first contact.",
        "settled at first contact / answered with a record of it", "share", "higher", "efficiency", "Service standard", INQUIRIES,
        service.first_contact_share,
    ),
    Metric(
        "satisfaction_mean", "Satisfaction", "Mean satisfaction, from 1 to 5, of those who rated the answer to an inquiry received in the period.",
        "mean of the ratings given", "ratio", "higher", "outcome", "Service standard", INQUIRIES, service.satisfaction_mean,
    ),
    Metric(
        "satisfied_share", "Satisfied",
        "Share of those who rated the answer to an inquiry received in the period that gave it 4 or 5 of 5.",
        "ratings of 4 or 5 / ratings given", "share", "higher", "outcome", "Service standard", INQUIRIES, service.satisfied_share,
    ),
    Metric(
        "inquiries_on_time_share", "Inquiries answered in two business days",
        "Share of the inquiries received in the period that were answered within two business days; an open one counts as late once they are over.",
        "answered within two business days / answered or overdue", "share", "higher", "efficiency", "Service standard", INQUIRIES,
        voices.inquiries_on_time_share,
    ),
)  # fmt: skip
