"""The rules that send a row to quarantine: what to do about each, and which column to look at."""

from __future__ import annotations

from typing import Any, Final

#: Rule -> what to do about a row that breaks it; braces are filled from the column.
RULE_HELP: Final[dict[str, str]] = {
    "readable": "The value cannot be read as {type}; correct it in the source and load the file again.",
    "plain_text": "The text holds control characters or bytes that are no character, shown as �; write it again in the source.",
    "nullability": "It must not be empty; fill it in.",
    "in_code_set": "The code is not known; use one of {codes}.",
    "regex": "The value does not have the right form ({doc}); correct it.",
    "max_length": "The text is longer than {longest} characters; shorten it.",
    "min": "The number is below {least}; check it and its sign.",
    "max": "The number is above {most}; check it.",
    "nan": "The value is not a number; correct it.",
    "inf": "The value is not a finite number; correct it.",
    "first_of_its_key": "An earlier row of the file has the same key; keep one of them.",
    "entry_number_check_digit": "The entry number is not 3 characters, 7 digits and the right check digit; copy it again from the entry summary.",
    "importer_number_form": "An importer number is NN-NNNNNNN with two more characters or none, NNN-NN-NNNN, or a number that CBP gave (YYDDPP-NNNNN).",
    "assigned_has_center": "An ASSIGNED account needs the code of its Center.",
    "center_matches_processed_by": "An entry processed by a Center needs its code; one processed by a port has none.",
    "closed_not_before_opened": "The review closed before it opened; check both dates.",
    "closed_matches_status": "A completed or cancelled review needs a closed date, an open one has none.",
    "random_has_stratum": "A review of the random sample needs its stratum.",
    "answered_not_before_received": "It was answered before it came in; check both dates.",
    "responded_not_before_received": "It was answered before it came in; check both dates.",
    "settled_not_before_received": "It was settled before it came in; check both dates.",
    "settled_has_status": "It has a day on which it was settled, but its status is open; change the status or leave the day out.",
    "effective_not_before_received": "What was done holds from before it was asked for; check both dates.",
    "metric_known": "There is no metric of this id; use one of the Definitions page.",
    "meeting_of_group": "The meeting is another group's; check both.",
    "same_in_entry": "Other rows of this entry say otherwise; an entry summary has one value here. Correct the row in the source.",
    "valid_to_not_before_valid_from": "The row ends before it begins; check both dates.",
    "liquidated_not_before_entry": "It liquidated before it was entered; check both dates.",
    "suspension_lifted_after_it_began": "The suspension was lifted without having begun, or before it; check both dates.",
    "center_open_on_entry_date": "The Center was not open on the entry date; check the date, the Center, or its opened_date in the center table.",
    "center_open_on_closed_date": "The Center was not open when the review closed; check the date, the Center, or its opened_date in the center table.",
    "center_open_on_event_date": "The Center was not open on the day of the transfer; check the date, the Center, or its opened_date in the center table.",
    "opened_not_before_entry": "The review was opened before its entry date; check the entry number and the date.",
    "event_while_open": "The event lies before the review was opened or after it closed; check the date and the review.",
    "lines_sum_to_entry": "The lines of this entry do not sum to its value and duty, or are more than its line count; correct them, or load the corrected entry first.",
    "entry_known": "The store does not hold this entry, and this report says neither port nor entry date; load the ES-003 export first.",
    "line_whole": "Another row of this line was refused; the line waits whole. Correct that row and load them together.",
    "two_decimals": "An amount has at most two decimals; round it in the source.",
    "heading_known": "The tariff heading is in no Center's industry; add it to the hts_heading table or correct the number.",
}

#: What to do about a row of another width than the headings, and about a value that another table does not hold.
FIELDS_HELP: Final = (
    "The row has {values} values where the headings have {wanted}; check for a cut-off line, or a comma or quotation mark inside a value."
)
KNOWN_HELP: Final = "The value does not exist in the {table} table; load that first or correct the value."

#: Rules over several columns -> the column that a reader should look at.
COLUMN_OF_RULE: Final[dict[str, str]] = {
    "entry_number_check_digit": "entry_number",
    "importer_number_form": "importer_number",
    "assigned_has_center": "center_code",
    "suspension_lifted_after_it_began": "suspension_lifted_date",
    "center_matches_processed_by": "center_code",
    "closed_not_before_opened": "closed_date",
    "closed_matches_status": "closed_date",
    "random_has_stratum": "stratum",
    "answered_not_before_received": "answered_date",
    "responded_not_before_received": "responded_date",
    "settled_not_before_received": "closed_date",
    "settled_has_status": "closed_date",
    "effective_not_before_received": "effective_date",
    "valid_to_not_before_valid_from": "valid_to",
    "liquidated_not_before_entry": "liquidation_date",
}

TYPE_WORDS: Final = {
    "Date": "a date (MM/DD/YYYY or YYYY-MM-DD)",
    "Float64": "a number (with a decimal point, and thousands commas or none: 1,234.50)",
    "Int64": "a whole number (with thousands commas or none: 1,234)",
    "Boolean": "yes or no",
}


def message(rule: str, column: Any = None) -> str:
    """Say what to do about a row that breaks a rule of a column (a dataframely column) or of the whole row."""
    words = RULE_HELP.get(rule, "The value breaks the rule “{rule}” of this column; correct it.")
    facts = getattr(column, "metadata", None) or {}
    return words.format(
        rule=rule,
        codes=", ".join(facts.get("codes", ())),
        doc=facts.get("doc", ""),
        type=TYPE_WORDS.get(str(getattr(column, "dtype", "")), "a value of this column"),
        longest=getattr(column, "max_length", None),
        least=getattr(column, "min", None),
        most=getattr(column, "max", None),
    )
