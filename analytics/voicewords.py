"""Words of a piece of feedback: the heading of each column, the codes that it takes, and what is asked for in which place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analytics import codes

#: Column -> heading, in the order in which a meeting's spreadsheet has them.
HEADS: Final[dict[str, str]] = {
    "feedback_id": "Feedback",
    "group_code": "Working group",
    "meeting_id": "Meeting",
    "received_date": "Received",
    "segment": "Segment",
    "organization_code": "Organisation (code)",
    "kind": "Kind",
    "topic": "Topic",
    "sub_topic": "Sub-topic",
    "statement": "Statement",
    "ports": "Ports mentioned",
    "chapters": "Tariff chapters mentioned",
    "severity": "Weight 1-5",
    "support_count": "Others who said so",
    "position": "CBP position",
    "status": "Status",
    "owner": "Owner",
    "target_date": "Answer promised by",
    "responded_date": "First answer",
    "response": "Answer",
    "satisfaction": "Satisfaction 1-5",
    "closed_date": "Settled",
    "evidence": "Evidence",
    "effective_date": "In force from",
    "linked_metric_id": "Linked metric",
    "linked_center_code": "Linked Center",
    "linked_work_type": "Linked work type",
    "is_public": "Public",
}

#: Column -> code -> words.
CODES: Final[dict[str, Mapping[str, str]]] = {
    "segment": codes.SEGMENTS,
    "kind": codes.FEEDBACK_KINDS,
    "topic": codes.FEEDBACK_TOPICS,
    "position": codes.POSITIONS,
    "status": codes.FEEDBACK_STATUSES,
    "linked_work_type": codes.WORK_TYPES,
}

#: Columns that say what was said, and those that say what came of it.
SAID: Final = (
    "group_code", "meeting_id", "received_date", "segment", "organization_code", "kind", "topic", "sub_topic", "statement", "ports", "chapters",
    "severity", "support_count", "is_public",
)  # fmt: skip
ANSWERED: Final = (
    "position", "status", "owner", "target_date", "responded_date", "response", "closed_date", "evidence", "effective_date",
    "linked_metric_id", "linked_center_code", "linked_work_type", "satisfaction",
)  # fmt: skip

#: What a new piece has unless somebody says otherwise.
DEFAULTS: Final = {"position": "under_review", "status": "open", "is_public": "no"}

#: Columns that no piece can do without.
NEEDED: Final = ("group_code", "received_date", "segment", "organization_code", "kind", "topic", "statement")

#: Fewer organisations than this in a segment could be told from each other.
LEAST_ORGANIZATIONS: Final = 3


def written(column: str, value: object) -> str:
    """Write a value of a column for a reader: codes in words, dates as they are, nothing as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return CODES.get(column, {}).get(str(value), str(value))
