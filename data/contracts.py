"""The contract of every table: its columns, types, code sets and row rules.

One class a table. From these come the dtypes of a load, the checks that send a row to quarantine, the SQL columns
(`data.schema`) and the generated column documentation. A rule's name is what a quarantined row shows, so each name
reads as the thing that must hold; `RULE_HELP` says what to do about it.

Money is in U.S. dollars with at most two decimals; a `_share` is 0-1; dates are calendar days without a time zone.
"""

from __future__ import annotations

from typing import Any, Final

import dataframely as dy
import polars as pl

from analytics import codes
from data import columns as col
from data.identifiers import entry_number_is_valid, importer_number_is_valid

ENTRY_NUMBER: Final = "Entry number, 11 characters without dashes: filer code, seven digits, check digit"


class Center(dy.Schema):
    """A Center of Excellence and Expertise; rows are effective-dated."""

    center_code = col.center_code("Short code of the Center", key=True)
    center_name = col.text("Full name", nullable=False)
    short_name = col.text("Name that fits a chart label", nullable=False, longest=40)
    management_office = col.text("City of the management office; never a place of entry", nullable=False)
    industries = col.text("What the Center covers, in words", longest=400)
    opened_date = col.date("First day of operation; null while only planned")
    planned_date = col.date("Announced opening")
    valid_from = col.date("First day this row holds", nullable=False)
    valid_to = col.date("Last day this row holds; null while in force")
    predecessor_code = col.center_code("Center that this one continues")
    contact_email = col.text("Public mailbox")
    contact_phone = col.text("Public telephone", longest=40)

    @dy.rule()
    def valid_to_not_before_valid_from(cls) -> pl.Expr:
        return pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("valid_from"))


class Industry(dy.Schema):
    """An industry: a group of tariff headings below a Center."""

    industry_code = col.industry_code("Short code of the industry", key=True)
    industry_name = col.text("Name", nullable=False)
    center_code = col.center_code("Center whose goods these are", nullable=False)


class HtsHeading(dy.Schema):
    """A four-digit heading of the Harmonized Tariff Schedule and the industry it belongs to."""

    heading = col.text("Heading, four digits", key=True, longest=4, regex=r"^[0-9]{4}$")
    chapter = col.text("Chapter, two digits", nullable=False, longest=2, regex=r"^[0-9]{2}$")
    industry_code = col.industry_code("Industry of the heading")


class Port(dy.Schema):
    """A port of entry (Schedule D code as CBP uses it)."""

    port_code = col.port_code("Schedule D code, four digits", key=True)
    port_name = col.text("Name", nullable=False)
    state_code = col.text("State or territory, postal code", longest=2)
    district_code = col.text("District, first two digits of the code", nullable=False, longest=2)
    field_office = col.text("CBP field office")
    kind = col.code(codes.PORT_KINDS, doc="How most of its value arrives")
    latitude = col.number("Degrees north", unit="degrees")
    longitude = col.number("Degrees east", unit="degrees")


class Account(dy.Schema):
    """A corporate importer; holds one or more importer numbers."""

    account_id = col.text("Account", key=True, longest=16)
    account_name = col.text("Name; shown only to those whose role reaches it", nullable=False)
    size_band = col.code(codes.SIZE_BANDS, nullable=True, doc="Size by yearly import value")


class Importer(dy.Schema):
    """An importer of record number (CBP Form 5106) of an account, with its program memberships."""

    importer_id = col.text("Importer", key=True, longest=16)
    importer_number = col.text("Importer of record number", nullable=False, longest=12)
    account_id = col.text("Account that holds the number", nullable=False, longest=16)
    ctpat_tier = col.count("C-TPAT tier 1-3; null when not a member", nullable=True, least=1, most=3)
    isa_member = col.flag("Member of Importer Self-Assessment")
    ctpat_since = col.date("Member of C-TPAT since")
    isa_since = col.date("Member of ISA since")

    @dy.rule()
    def importer_number_form(cls) -> pl.Expr:
        return importer_number_is_valid(pl.col("importer_number"))


class AccountCenter(dy.Schema):
    """The Center that an account is assigned to, effective-dated."""

    account_id = col.text("Account", key=True, longest=16)
    valid_from = col.date("First day of this assignment", key=True)
    center_code = col.center_code("Center; null while not assigned")
    status = col.code(codes.ASSIGNMENT_STATUSES, doc="State of the assignment")
    basis = col.text("What the assignment rests on", longest=60)
    valid_to = col.date("Last day of this assignment; null while in force")
    participating_from = col.date("First entry date that the Center processes; null while not participating")

    @dy.rule()
    def assigned_has_center(cls) -> pl.Expr:
        return (pl.col("status") != "ASSIGNED") | pl.col("center_code").is_not_null()

    @dy.rule()
    def valid_to_not_before_valid_from(cls) -> pl.Expr:
        return pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("valid_from"))


class Entry(dy.Schema):
    """An entry summary."""

    entry_number = col.text(ENTRY_NUMBER, key=True, longest=11)
    entry_type_code = col.code(codes.ENTRY_TYPES, doc="Entry type (CBP Form 7501, block 2)")
    filer_code = col.text("Filer", nullable=False, longest=3, regex=r"^[0-9A-Z]{3}$")
    importer_id = col.text("Importer of record", nullable=False, longest=16)
    account_id = col.text("Account of the importer", nullable=False, longest=16)
    port_code = col.port_code("Port of entry")
    mode_code = col.code(codes.MODES, nullable=True, doc="Mode of transport (block 9); null when the source does not say")
    entry_date = col.date("Entry date", nullable=False)
    summary_date = col.date("Date the entry summary was filed")
    center_code = col.center_code("Center that processes it; null when the port does")
    industry_code = col.industry_code("Industry of its most valuable goods")
    program = col.code(codes.PROGRAMS, doc="Importer's program on the entry date")
    processed_by = col.code(("CENTER", "PORT"), doc="Who processes it")
    decision_by = col.code(("CENTER", "PORT"), doc="Who decides; before 27 September 2012 a Center could only recommend")
    value_usd = col.usd("Entered value of all lines")
    duty_usd = col.usd("Estimated duty of all lines")
    fees_usd = col.usd("Merchandise processing and harbor maintenance fees")
    line_count = col.count("Lines on the summary", least=1)
    scheduled_liquidation_date = col.date("Scheduled liquidation")
    liquidation_date = col.date("Liquidation; null while not liquidated")
    liquidation_type = col.code(("no_change", "change", "deemed"), nullable=True, doc="How it liquidated")
    extension_count = col.count("Extensions of its liquidation (19 USC 1504(b)); null when the source does not say", nullable=True, most=3)
    suspended_date = col.date("Liquidation suspended from this day (19 USC 1504(d)); null when it never was")
    suspension_lifted_date = col.date("Notice that the suspension is lifted; null while it lasts")

    @dy.rule()
    def suspension_lifted_after_it_began(cls) -> pl.Expr:
        lifted, began = pl.col("suspension_lifted_date"), pl.col("suspended_date")
        return lifted.is_null() | (began.is_not_null() & (lifted >= began))

    @dy.rule()
    def entry_number_check_digit(cls) -> pl.Expr:
        return entry_number_is_valid(pl.col("entry_number"))

    @dy.rule()
    def center_matches_processed_by(cls) -> pl.Expr:
        return (pl.col("processed_by") == "CENTER") == pl.col("center_code").is_not_null()

    @dy.rule()
    def liquidated_not_before_entry(cls) -> pl.Expr:
        return pl.col("liquidation_date").is_null() | (pl.col("liquidation_date") >= pl.col("entry_date"))


class EntryLine(dy.Schema):
    """A line of an entry summary."""

    entry_number = col.text(ENTRY_NUMBER, key=True, longest=11)
    line_number = col.count("Line number", key=True, least=1)
    hts_number = col.text("Tariff number, 10 digits without dots", nullable=False, longest=10, regex=r"^[0-9]{10}$")
    industry_code = col.industry_code("Industry of the line's heading")
    origin_code = col.text(
        "Country of origin, ISO 3166 alpha-2 (Canada also as a province, XA-XY)", nullable=False, longest=2, regex=r"^[A-Z]{2}$"
    )
    value_usd = col.usd("Entered value")
    duty_usd = col.usd("Estimated duty")
    spi_code = col.text("Special program indicator; null when no preference is claimed", longest=3)


class Review(dy.Schema):
    """One unit of a Center's (or a port's) work."""

    review_id = col.text("Review", key=True, longest=20)
    work_type = col.code(codes.WORK_TYPES, doc="Kind of work")
    entry_number = col.text(ENTRY_NUMBER + "; null when the work concerns no single entry", longest=11)
    line_number = col.count("Line reviewed, in the random sample", nullable=True, least=1)
    account_id = col.text("Account concerned", nullable=False, longest=16)
    center_code = col.center_code("Center that holds it now; null when a port does")
    port_code = col.port_code("Port of entry of the work")
    industry_code = col.industry_code("Industry of the goods")
    program = col.code(codes.PROGRAMS, doc="Importer's program on the entry date")
    opened_date = col.date("Received", nullable=False)
    due_date = col.date("Date by which the clock asks for an answer")
    due_basis = col.code(codes.DUE_BASES, nullable=True, doc="What the due date rests on")
    closed_date = col.date("Completed; null while open")
    status = col.code(codes.REVIEW_STATUSES, doc="State")
    outcome = col.code(codes.OUTCOMES, nullable=True, doc="Result; null while open")
    source = col.code(codes.REVIEW_SOURCES, doc="Why it was opened; only 'random' measures compliance")
    stratum = col.text("Sampling stratum, of the random sample", longest=24)
    severity = col.code(codes.SEVERITIES, nullable=True, doc="Worst discrepancy found; null while open")
    finding_category = col.code(codes.FINDING_CATEGORIES, nullable=True, doc="Category of the worst discrepancy")
    revenue_change_usd = col.usd("Revenue owed less revenue paid, as found", nullable=True, negative=True)
    hours = col.number("Hours worked", unit="hours")
    team = col.text("Team in the Center", longest=20)

    @dy.rule()
    def closed_not_before_opened(cls) -> pl.Expr:
        return pl.col("closed_date").is_null() | (pl.col("closed_date") >= pl.col("opened_date"))

    @dy.rule()
    def closed_matches_status(cls) -> pl.Expr:
        return pl.col("status").is_in(["completed", "cancelled"]) == pl.col("closed_date").is_not_null()

    @dy.rule()
    def random_has_stratum(cls) -> pl.Expr:
        return (pl.col("source") != "random") | pl.col("stratum").is_not_null()


class ReviewEvent(dy.Schema):
    """Something dated that happened to a review."""

    review_id = col.text("Review", key=True, longest=20)
    event_date = col.date("Day of the event", key=True)
    event_type = col.code(codes.EVENT_TYPES, key=True, doc="Kind of event")
    from_center_code = col.center_code("Holder before a transfer; null for a port")
    to_center_code = col.center_code("Holder after a transfer; null for a port")
    reason = col.text("Why")


class SampleStratum(dy.Schema):
    """The design of the random sample: one stratum in one month of entry."""

    stratum = col.text("Stratum", key=True, longest=24)
    period = col.text("Month of entry, YYYY-MM", key=True, longest=7, regex=r"^[0-9]{4}-(0[1-9]|1[0-2])$")
    universe_lines = col.count("Entry lines in the stratum")
    sampled_lines = col.count("Lines drawn")
    universe_value_usd = col.usd("Value of the stratum's lines")


class Inquiry(dy.Schema):
    """A question of the trade to a Center."""

    inquiry_id = col.text("Inquiry", key=True, longest=16)
    received_date = col.date("Received", nullable=False)
    answered_date = col.date("Answered; null while open")
    requester = col.code(codes.SEGMENTS, nullable=True, doc="Who asked")
    topic = col.code(codes.INQUIRY_TOPICS, doc="About what")
    center_code = col.center_code("Center asked", nullable=False)
    port_code = col.port_code("Port concerned", nullable=True)
    resolved_first_contact = col.flag("Settled at first contact; null while open", nullable=True)
    satisfaction = col.count("Satisfaction 1-5; null when not given", nullable=True, least=1, most=5)

    @dy.rule()
    def answered_not_before_received(cls) -> pl.Expr:
        return pl.col("answered_date").is_null() | (pl.col("answered_date") >= pl.col("received_date"))


class Staff(dy.Schema):
    """People on board against the floor, by position and month."""

    center_code = col.center_code("Center", key=True)
    position_type = col.code(codes.POSITION_TYPES, key=True, doc="Customs revenue position")
    month = col.text("Month, YYYY-MM", key=True, longest=7, regex=r"^[0-9]{4}-(0[1-9]|1[0-2])$")
    on_board = col.count("People on board")
    floor = col.count("Statutory or agreed minimum")


class Target(dy.Schema):
    """A target of a metric, for one Center or all."""

    metric_id = col.text("Metric", key=True, longest=60)
    center_code = col.center_code("Center, or ALL", key=True)
    valid_from = col.date("First day in force", key=True)
    target_value = col.number("Target in the metric's own unit", nullable=False)


class WorkingGroup(dy.Schema):
    """An Industry Working Group."""

    group_code = col.text("Group", key=True, longest=8)
    group_name = col.text("Name", nullable=False)
    center_code = col.center_code("Center it advises on", nullable=False)
    established_date = col.date("Established", nullable=False)


class Meeting(dy.Schema):
    """A meeting of a working group."""

    meeting_id = col.text("Meeting", key=True, longest=16)
    group_code = col.text("Group", nullable=False, longest=8)
    meeting_date = col.date("Day", nullable=False)
    title = col.text("Title", nullable=False)
    location = col.text("Place")
    attendance_count = col.count("People present", nullable=True)
    agenda = col.text("Points of the agenda, one a line", longest=2000)


class Attendance(dy.Schema):
    """An organisation at a meeting of a working group."""

    meeting_id = col.text("Meeting", key=True, longest=16)
    organization_code = col.text("Organisation, as an anonymous code", key=True, longest=16)
    segment = col.code(codes.SEGMENTS, doc="Segment of the trade")
    people_count = col.count("People it sent", least=1)


class FollowUp(dy.Schema):
    """Something that was promised at a meeting."""

    follow_up_id = col.text("Follow-up", key=True, longest=16)
    meeting_id = col.text("Meeting where it was promised", nullable=False, longest=16)
    feedback_id = col.text("Feedback that it answers, if one", longest=16)
    task = col.text("What is to be done", nullable=False, longest=400)
    owner = col.text("Office that does it")
    due_date = col.date("Promised by")
    done_date = col.date("Done; null while open")


class Feedback(dy.Schema):
    """One piece of individual input from a working group."""

    feedback_id = col.text("Feedback", key=True, longest=16)
    group_code = col.text("Group", nullable=False, longest=8)
    meeting_id = col.text("Meeting where it was given", longest=16)
    received_date = col.date("Received", nullable=False)
    segment = col.code(codes.SEGMENTS, doc="Segment of the trade")
    organization_code = col.text("Organisation, as an anonymous code", nullable=False, longest=16)
    topic = col.code(codes.FEEDBACK_TOPICS, doc="About what")
    kind = col.code(codes.FEEDBACK_KINDS, doc="What it is")
    statement = col.text("What was said", nullable=False, longest=2000)
    severity = col.count("Weight 1-5", nullable=True, least=1, most=5)
    position = col.code(codes.POSITIONS, doc="CBP's position")
    status = col.code(codes.FEEDBACK_STATUSES, doc="State")
    owner = col.text("Office that owns the answer")
    target_date = col.date("Answer promised by")
    responded_date = col.date("First answer; null while unanswered")
    response = col.text("Answer", longest=2000)
    linked_metric_id = col.text("Metric that should move", longest=60)
    is_public = col.flag("May be shown outside")
    sub_topic = col.text("What within the topic, in a few words", longest=80)
    ports = col.text("Ports mentioned: codes with commas", longest=120, regex=r"^[0-9]{4}(, ?[0-9]{4})*$")
    chapters = col.text("Tariff chapters mentioned: two digits each, with commas", longest=120, regex=r"^[0-9]{2}(, ?[0-9]{2})*$")
    support_count = col.count("Other organisations that said they see it so too", nullable=True)
    evidence = col.text("Where what was done can be seen: document, page or address", longest=400)
    closed_date = col.date("Settled; null while open")
    effective_date = col.date("Day from which what was done holds")
    linked_center_code = col.center_code("Center whose metric should move; null for all")
    linked_work_type = col.code(codes.WORK_TYPES, nullable=True, doc="Work type whose metric should move; null for all")
    satisfaction = col.count("Satisfaction with the answer, 1-5; null when not given", nullable=True, least=1, most=5)

    @dy.rule()
    def responded_not_before_received(cls) -> pl.Expr:
        return pl.col("responded_date").is_null() | (pl.col("responded_date") >= pl.col("received_date"))

    @dy.rule()
    def settled_not_before_received(cls) -> pl.Expr:
        return pl.col("closed_date").is_null() | (pl.col("closed_date") >= pl.col("received_date"))

    @dy.rule()
    def settled_has_status(cls) -> pl.Expr:
        return pl.col("closed_date").is_null() | pl.col("status").is_in(codes.FEEDBACK_CLOSED)

    @dy.rule()
    def effective_not_before_received(cls) -> pl.Expr:
        return pl.col("effective_date").is_null() | (pl.col("effective_date") >= pl.col("received_date"))


class News(dy.Schema):
    """An announcement about a Center."""

    news_id = col.text("News", key=True, longest=16)
    center_code = col.center_code("Center; null for all")
    published_date = col.date("Published", nullable=False)
    title = col.text("Title", nullable=False)
    summary = col.text("Summary", longest=1000)
    url = col.text("Address", longest=400)


class Note(dy.Schema):
    """An annotation that a reader left on a view."""

    note_id = col.text("Note", key=True, longest=36)
    view_filter = col.text("View, as URL parameters", longest=2000, alias="filter")
    from_date = col.date("First day concerned")
    to_date = col.date("Last day concerned")
    text = col.text("Note", nullable=False, longest=2000)
    author = col.text("Who", nullable=False)
    created_at = dy.Datetime(nullable=False, time_unit="us", metadata={"doc": "When, UTC"})


class Es003Row(dy.Schema):
    """A row of an ACE Reports ES-003 export: one tariff ordinal of one entry line."""

    entry_number = col.text(ENTRY_NUMBER, key=True, longest=11)
    line_number = col.count("Entry summary line number", key=True, least=1)
    ordinal = col.count("Tariff ordinal number", key=True, least=1)
    entry_type_code = col.code(codes.ENTRY_TYPES, doc="Entry type")
    importer_number = col.text("Importer of record number", nullable=False, longest=12)
    port_code = col.port_code("Port of entry")
    entry_date = col.date("Entry date", nullable=False)
    summary_date = col.date("Entry summary date")
    origin_code = col.text("Country of origin", nullable=False, longest=2, regex=r"^[A-Z]{2}$")
    spi_code = col.text("Special program indicator", longest=3)
    hts_number = col.text("Tariff number", nullable=False, longest=10, regex=r"^[0-9]{10}$")
    value_usd = col.usd("Goods value of the ordinal")
    duty_usd = col.usd("Duty of the ordinal")

    @dy.rule()
    def entry_number_check_digit(cls) -> pl.Expr:
        return entry_number_is_valid(pl.col("entry_number"))

    @dy.rule()
    def importer_number_form(cls) -> pl.Expr:
        return importer_number_is_valid(pl.col("importer_number"))


class EntryReportRow(dy.Schema):
    """A row of a customised entry summary report: one line of an entry that the store holds, with its fees."""

    entry_number = col.text(ENTRY_NUMBER, key=True, longest=11)
    line_number = col.count("Entry summary line number", key=True, least=1)
    entry_type_code = col.code(codes.ENTRY_TYPES, doc="Entry type")
    importer_number = col.text("Importer of record number", nullable=False, longest=12)
    importer_name = col.text("Importer's name")
    summary_date = col.date("Entry summary date")
    origin_code = col.text("Country of origin", nullable=False, longest=2, regex=r"^[A-Z]{2}$")
    spi_code = col.text("Special program indicator", longest=3)
    hts_number = col.text("Tariff number", nullable=False, longest=10, regex=r"^[0-9]{10}$")
    value_usd = col.usd("Goods value of the line")
    duty_usd = col.usd("Duty of the line")
    mpf_usd = col.usd("Merchandise processing fee of the line", nullable=True)
    hmf_usd = col.usd("Harbor maintenance fee of the line", nullable=True)
    total_mpf_usd = col.usd("Merchandise processing fee paid for the whole entry", nullable=True)

    @dy.rule()
    def entry_number_check_digit(cls) -> pl.Expr:
        return entry_number_is_valid(pl.col("entry_number"))

    @dy.rule()
    def importer_number_form(cls) -> pl.Expr:
        return importer_number_is_valid(pl.col("importer_number"))


#: Every table that a file can fill, in the order that foreign keys ask for.
TABLES: Final[dict[str, type[dy.Schema]]] = {
    "center": Center,
    "industry": Industry,
    "hts_heading": HtsHeading,
    "port": Port,
    "account": Account,
    "importer": Importer,
    "account_center": AccountCenter,
    "entry": Entry,
    "entry_line": EntryLine,
    "review": Review,
    "review_event": ReviewEvent,
    "sample_stratum": SampleStratum,
    "inquiry": Inquiry,
    "staff": Staff,
    "target": Target,
    "working_group": WorkingGroup,
    "meeting": Meeting,
    "attendance": Attendance,
    "feedback": Feedback,
    "follow_up": FollowUp,
    "news": News,
    "note": Note,
}

#: Contracts of rows that become rows of several tables.
LAYOUTS: Final[dict[str, type[dy.Schema]]] = {"es003": Es003Row, "entry_summary_report": EntryReportRow}

CONTRACTS: Final[dict[str, type[dy.Schema]]] = TABLES | LAYOUTS

#: Columns whose value must exist in another table: (table, column) -> (table, column).
REFERENCES: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("industry", "center_code"): ("center", "center_code"),
    ("hts_heading", "industry_code"): ("industry", "industry_code"),
    ("importer", "account_id"): ("account", "account_id"),
    ("account_center", "account_id"): ("account", "account_id"),
    ("account_center", "center_code"): ("center", "center_code"),
    ("entry", "importer_id"): ("importer", "importer_id"),
    ("entry", "account_id"): ("account", "account_id"),
    ("entry", "port_code"): ("port", "port_code"),
    ("entry", "center_code"): ("center", "center_code"),
    ("entry", "industry_code"): ("industry", "industry_code"),
    ("es003", "port_code"): ("port", "port_code"),
    ("entry_line", "entry_number"): ("entry", "entry_number"),
    ("entry_line", "industry_code"): ("industry", "industry_code"),
    ("review", "account_id"): ("account", "account_id"),
    ("review", "entry_number"): ("entry", "entry_number"),
    ("review", "port_code"): ("port", "port_code"),
    ("review", "center_code"): ("center", "center_code"),
    ("review", "industry_code"): ("industry", "industry_code"),
    ("review_event", "review_id"): ("review", "review_id"),
    ("inquiry", "center_code"): ("center", "center_code"),
    ("staff", "center_code"): ("center", "center_code"),
    ("working_group", "center_code"): ("center", "center_code"),
    ("meeting", "group_code"): ("working_group", "group_code"),
    ("feedback", "group_code"): ("working_group", "group_code"),
    ("feedback", "meeting_id"): ("meeting", "meeting_id"),
    ("feedback", "linked_center_code"): ("center", "center_code"),
    ("attendance", "meeting_id"): ("meeting", "meeting_id"),
    ("follow_up", "meeting_id"): ("meeting", "meeting_id"),
    ("follow_up", "feedback_id"): ("feedback", "feedback_id"),
}


def documentation(schema: type[dy.Schema]) -> list[dict[str, Any]]:
    """List a table's columns with type, key, nullability, unit, codes and meaning, for the generated docs."""
    key = set(schema.primary_key())
    return [
        {
            "column": name,
            "type": str(column.dtype),
            "key": name in key,
            "nullable": column.nullable,
            "unit": (column.metadata or {}).get("unit", ""),
            "codes": (column.metadata or {}).get("codes", ()),
            "meaning": (column.metadata or {}).get("doc", ""),
        }
        for name, column in schema.columns().items()
    ]
