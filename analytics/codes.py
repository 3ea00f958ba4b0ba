"""The field's code sets with the label that a reader sees; one place for each.

Sources: CBP Form 7501 instructions (entry type, block 2; mode, block 9), 19 CFR parts 101-177 for the work types,
CBP's trade compliance measurement for the finding categories.
"""

from __future__ import annotations

from typing import Final

#: The code and label of "no Center": an entry that its port processes, or a review that a port holds.
PORT_CODE: Final = "PORT"
UNKNOWN: Final = "unknown"

WORK_TYPES: Final[dict[str, str]] = {
    "validation": "Entry summary validation",
    "psc": "Post summary correction",
    "pea": "Post entry amendment",
    "prior_disclosure": "Prior disclosure",
    "protest": "Protest",
    "cf28": "Request for information (CF-28)",
    "cf29": "Notice of action (CF-29)",
    "internal_advice": "Internal advice",
}

PROGRAMS: Final[dict[str, str]] = {
    "isa": "ISA",
    "ctpat": "C-TPAT tier 2-3",
    "ctpat_1": "C-TPAT tier 1",
    "none": "No program",
}

ENTRY_TYPES: Final[dict[str, str]] = {
    "01": "Consumption, free and dutiable",
    "02": "Consumption, quota/visa",
    "03": "Consumption, antidumping/countervailing",
    "04": "Appraisement",
    "05": "Vessel repair",
    "06": "Consumption, foreign trade zone",
    "07": "Quota/visa and antidumping/countervailing",
    "08": "Duty deferral",
    "11": "Informal, free and dutiable",
    "12": "Informal, quota",
    "21": "Warehouse",
    "22": "Re-warehouse",
    "23": "Temporary importation bond",
    "24": "Trade fair",
    "25": "Permanent exhibition",
    "26": "Foreign trade zone admission",
    "31": "Warehouse withdrawal, consumption",
    "32": "Warehouse withdrawal, quota/visa",
    "34": "Warehouse withdrawal, antidumping/countervailing",
    "38": "Warehouse withdrawal, quota and antidumping/countervailing",
    "51": "Defense contract administration",
    "52": "Other U.S. Government",
}

#: Entry types that Centers processed in the test of 2011-2013.
CENTER_ENTRY_TYPES: Final[tuple[str, ...]] = ("01", "11")

MODES: Final[dict[str, str]] = {
    "10": "Vessel, non-container",
    "11": "Vessel, container",
    "12": "Border, water-borne",
    "20": "Rail, non-container",
    "21": "Rail, container",
    "30": "Truck",
    "31": "Truck, container",
    "32": "Auto",
    "33": "Pedestrian",
    "34": "Road, other",
    "40": "Air, non-container",
    "41": "Air, container",
    "50": "Mail",
    "60": "Passenger, hand-carried",
    "70": "Fixed transport",
}

PORT_KINDS: Final[dict[str, str]] = {
    "air": "Airport",
    "sea": "Seaport",
    "land_north": "Northern land border",
    "land_south": "Southern land border",
}

FINDING_CATEGORIES: Final[dict[str, str]] = {
    "classification": "Classification",
    "value": "Value",
    "quantity": "Quantity or unit",
    "origin": "Country of origin",
    "marking": "Marking",
    "ipr": "Intellectual property",
    "adcvd": "Antidumping/countervailing",
    "quota": "Quota or visa",
    "preference": "Preference claim",
    "mid": "Manufacturer ID",
    "importer_number": "Importer or consignee number",
    "entry_type": "Entry type",
    "documents": "Missing or late documents",
    "fees": "Fees (MPF, HMF)",
    "statistical": "Statistical data",
    "bond": "Bond",
}

SEVERITIES: Final[dict[str, str]] = {
    "none": "No discrepancy",
    "minor": "Minor discrepancy",
    "major": "Major discrepancy",
}

REVIEW_SOURCES: Final[dict[str, str]] = {
    "random": "Random compliance sample",
    "targeted": "Targeted",
    "local": "Local criteria",
    "trade_filed": "Filed by the trade",
}

REVIEW_STATUSES: Final[dict[str, str]] = {
    "open": "Open",
    "docs_requested": "Documents requested",
    "info_requested": "Information requested",
    "awaiting_lab": "Awaiting laboratory",
    "awaiting_hq": "Awaiting headquarters",
    "completed": "Completed",
    "cancelled": "Cancelled",
}

OUTCOMES: Final[dict[str, str]] = {
    "no_change": "No change",
    "change": "Change",
    "rejected": "Rejected",
    "referred": "Referred",
    "approved": "Approved",
    "approved_in_part": "Approved in part",
    "denied": "Denied",
    "deemed_denied": "Deemed denied",
    "untimely": "Untimely",
    "withdrawn": "Withdrawn",
    "valid": "Valid disclosure",
    "not_valid": "Not a valid disclosure",
    "answered": "Answered",
    "deemed_liquidated": "Deemed liquidated",
}

#: Results of a protest that give it to the importer in whole or in part, and those that decide it at all.
PROTEST_ALLOWED: Final[tuple[str, ...]] = ("approved", "approved_in_part")
PROTEST_DECIDED: Final[tuple[str, ...]] = (*PROTEST_ALLOWED, "denied", "deemed_denied")

EVENT_TYPES: Final[dict[str, str]] = {
    "clock_stop": "Clock stopped",
    "clock_start": "Clock started",
    "transfer": "Transferred",
    "notice": "Notice sent",
}

DUE_BASES: Final[dict[str, str]] = {
    "scheduled_liquidation": "Scheduled liquidation (314-day cycle, 19 CFR 159.11)",
    "reply_30_days": "30 days to reply (CF-28)",
    "objection_20_days": "20 days to object (CF-29, 19 CFR 152.2)",
    "protest_2_years": "Two years to decide (19 USC 1515(a))",
    "accelerated_30_days": "30 days, accelerated disposition (19 USC 1515(b))",
    "disclosure_30_days": "30 days to perfect (19 CFR 162.74)",
    "service_standard": "Service standard",
}

ASSIGNMENT_STATUSES: Final[dict[str, str]] = {
    "ASSIGNED": "Assigned",
    "PENDING": "Pending assignment",
    "NOT_ELIGIBLE": "Not eligible",
    "APPEAL": "Under appeal",
}

FEEDBACK_KINDS: Final[dict[str, str]] = {
    "recommendation": "Recommendation",
    "question": "Question",
    "complaint": "Complaint",
    "praise": "Praise",
    "data_request": "Data request",
}

FEEDBACK_STATUSES: Final[dict[str, str]] = {
    "open": "Open",
    "in_progress": "In progress",
    "implemented": "Implemented",
    "partly_implemented": "Partly implemented",
    "answered": "Answered",
    "not_accepted": "Not accepted",
    "overtaken": "Closed, overtaken by events",
}

#: Statuses after which nothing more is owed to the person who gave the feedback.
FEEDBACK_CLOSED: Final[tuple[str, ...]] = ("implemented", "partly_implemented", "answered", "not_accepted", "overtaken")

POSITIONS: Final[dict[str, str]] = {
    "agree": "Agree",
    "partly": "Partly agree",
    "disagree": "Disagree",
    "under_review": "Under review",
}

FEEDBACK_TOPICS: Final[dict[str, str]] = {
    "scope": "Scope of the Center",
    "assignment": "Assignment and appeal",
    "uniformity": "Same answer at every port",
    "holds": "Holds and exams",
    "cf28": "CF-28 and CF-29",
    "corrections": "Turnaround of corrections",
    "protests": "Protests",
    "contacts": "Contact directory",
    "ace": "Visibility in ACE",
    "benefits": "Trusted trader benefits",
    "expertise": "Industry knowledge",
    "staffing": "Staffing",
    "data_sharing": "Data sharing",
    "small_importers": "Small importers",
    "locations": "Location of Centers",
}

SEGMENTS: Final[dict[str, str]] = {
    "importer_large": "Importer, large",
    "importer_mid": "Importer, mid-size",
    "importer_small": "Importer, small",
    "broker": "Broker or forwarder",
    "association": "Association",
    "carrier": "Carrier",
    "surety": "Surety",
    "ftz": "Foreign trade zone",
    "agency": "Partner agency",
}

INQUIRY_TOPICS: Final[dict[str, str]] = {
    "release": "Delayed shipment",
    "classification": "Classification",
    "ctpat": "C-TPAT",
    "correction": "Correction of a summary",
    "notice": "CF-28 or CF-29",
    "protest": "Protest",
    "assignment": "Center assignment",
    "other": "Other",
}

SIZE_BANDS: Final[dict[str, str]] = {"large": "Large", "mid": "Mid-size", "small": "Small"}

POSITION_TYPES: Final[dict[str, str]] = {
    "import_specialist": "Import Specialist",
    "entry_specialist": "Entry Specialist",
    "drawback_specialist": "Drawback Specialist",
    "national_import_specialist": "National Import Specialist",
    "fpf_specialist": "Fines, Penalties and Forfeitures Specialist",
    "attorney": "Regulations and Rulings Attorney",
    "auditor": "Customs Auditor",
    "trade_specialist": "International Trade Specialist",
    "financial_specialist": "Financial Systems Specialist",
}

#: Customs districts by the first two digits of their ports' codes (Schedule D); New York's ports stand under three.
DISTRICTS: Final[dict[str, str]] = {
    "01": "Portland, Maine",
    "02": "St. Albans",
    "04": "Boston",
    "05": "Providence",
    "07": "Ogdensburg",
    "09": "Buffalo",
    "10": "New York",
    "11": "Philadelphia",
    "13": "Baltimore",
    "14": "Norfolk",
    "15": "Wilmington",
    "16": "Charleston",
    "17": "Savannah",
    "18": "Tampa",
    "19": "Mobile",
    "20": "New Orleans",
    "21": "Port Arthur",
    "23": "Laredo",
    "24": "El Paso",
    "25": "San Diego",
    "26": "Nogales",
    "27": "Los Angeles",
    "28": "San Francisco",
    "29": "Columbia-Snake",
    "30": "Seattle",
    "31": "Anchorage",
    "32": "Honolulu",
    "33": "Great Falls",
    "34": "Pembina",
    "35": "Minneapolis",
    "36": "Duluth",
    "37": "Milwaukee",
    "38": "Detroit",
    "39": "Chicago",
    "41": "Cleveland",
    "45": "St. Louis",
    "46": "New York (Newark)",
    "47": "New York (JFK)",
    "49": "San Juan",
    "51": "Virgin Islands",
    "52": "Miami",
    "53": "Houston-Galveston",
    "54": "Washington",
    "55": "Dallas-Fort Worth",
    "unknown": "District not known",
}  # fmt: skip
