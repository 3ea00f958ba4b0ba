"""The one registry of numbers: what each is called, means, is measured in and is answered by.

Tooltips, the Definitions page, `docs/definitions.md` and the command line are made from it.
"""

from __future__ import annotations

from typing import Final

from analytics import codes, compliance, liquidation, people, service, standards, volume, workload
from analytics.metric import Metric
from analytics.rollups import FINDINGS, LIQUIDATIONS, PARTICIPANTS, SAMPLE, STAYS, VOLUME, WORK
from analytics.voicemetrics import VOICED
from analytics.volume import ELIGIBLE

__all__ = ["METRICS", "Metric"]

_PLAIN: Final = "Share of the sampled lines whose review is completed"
_UNWEIGHTED: Final = "Each line counts once: an estimate for all lines is the compliance rate."
_DUTY: Final = "19 USC 4317(a)(8): measures of internal efficiency and effectiveness"
_NO_CENTER: Final = "What ports process has no Center, so it cannot be narrowed to one; narrow it by industry to a Center’s goods."
_OF_ALL: Final = "Under a choice of Centers: what these process, of all imports, whatever the goods."
_STANDARDS: Final = ", ".join(f"{name[0].lower()}{name[1:]} {standards.STANDARD_DAYS[code]}" for code, name in codes.WORK_TYPES.items())

_ALL: Final[tuple[Metric, ...]] = (
    Metric(
        "entry_summaries", "Entry summaries", "Entry summaries with an entry date in the period.",
        "count of entries, each under the industry of its most valuable goods",
        "count", "neither", "output", "19 USC 4317(b): volume processed", VOLUME, volume.entry_summaries,
    ),
    Metric(
        "entry_lines", "Entry lines", "Lines of the entry summaries of the period, each under its own industry.",
        "count of lines", "count", "neither", "output", "19 USC 4317(b): volume processed", VOLUME, volume.entry_lines,
    ),
    Metric(
        "import_value_usd", "Import value", "Entered value of the period's entry lines.", "sum of line values",
        "usd", "neither", "output", "19 USC 4317(b): volume processed", VOLUME, volume.import_value_usd,
    ),
    Metric(
        "duty_usd", "Estimated duty", "Estimated duty on the period's entry lines. It is collected at the port of entry.",
        "sum of line duties", "usd", "neither", "output", "Revenue, 19 USC 4317(b)", VOLUME, volume.duty_usd,
    ),
    Metric(
        "duty_fees_usd", "Estimated duty and fees",
        "Estimated duty on the period's entry lines and the fees of its entry summaries. Whoever processes them, the port of entry collects.",
        "sum of line duties + sum of entry fees, each entry's fees under the industry of its most valuable goods",
        "usd", "neither", "output", "Revenue, 19 USC 4317(b)", VOLUME, volume.duty_fees_usd,
    ),
    Metric(
        "participating_accounts", "Participating accounts",
        "Accounts with at least one entry summary in the period that a Center processed. An account may hold several importer numbers.",
        "distinct accounts of entries processed by a Center", "count", "higher", "output",
        "19 USC 4317(a)(6): account-based approach", PARTICIPANTS, volume.participating_accounts,
    ),
    Metric(
        "center_value_share", "Share processed by Centers",
        f"Share of the import value of the period that Centers process rather than ports. {_OF_ALL}",
        "value of entries processed by (the chosen) Centers / value of all entries under the other filters",
        "share", "higher", "output", "19 USC 4317(b): scope of the Centers", VOLUME, volume.center_value_share,
    ),
    Metric(
        "center_entry_share", "Share of summaries at Centers",
        f"Share of the entry summaries of the period that Centers process rather than ports. {_OF_ALL}",
        "entry summaries processed by (the chosen) Centers / all entry summaries under the other filters",
        "share", "higher", "output", "19 USC 4317(b): scope of the Centers", VOLUME, volume.center_entry_share,
    ),
    Metric(
        "eligible_not_in_center_usd", "Eligible value at ports",
        "Import value of eligible importers (C-TPAT tier 2-3 or ISA on the entry date) that ports process, not a Center, entry by entry, "
        f"whoever has the account. {_NO_CENTER}",
        "sum of line values with program isa or ctpat, processed by a port",
        "usd", "lower", "output", "19 USC 4317(a)(6): account-based approach", ELIGIBLE, volume.eligible_not_in_center_usd,
    ),
    Metric(
        "eligible_not_in_center_share", "Eligible, not in a Center",
        "Share of the import value of eligible importers (C-TPAT tier 2-3 or ISA on the entry date) that ports process, not a Center. "
        f"{_NO_CENTER}",
        "value with program isa or ctpat processed by a port / value with program isa or ctpat",
        "share", "lower", "output", "19 USC 4317(a)(6): account-based approach", ELIGIBLE, volume.eligible_not_in_center_share,
    ),
    Metric(
        "receipts", "Receipts", "Reviews opened in the period.", "count of reviews by opening date",
        "count", "neither", "output", _DUTY, WORK, workload.receipts,
    ),
    Metric(
        "completions", "Completions", "Reviews closed in the period.", "count of reviews by closing date",
        "count", "higher", "output", _DUTY, WORK, workload.completions,
    ),
    Metric(
        "pending", "Pending reviews", "Reviews open at the end of the period: opened on or before that day and not closed on or before it.",
        "receipts - completions + transfers in - transfers out, summed up to the day",
        "count", "lower", "output", _DUTY, WORK, workload.pending,
    ),
    Metric(
        "backlog", "Backlog",
        f"Pending reviews open for more days than the standard of their work type (days: {_STANDARDS}). "
        "Age is gross: nothing stops or restarts it.",
        "pending with age > standard of the work type", "count", "lower", "efficiency", _DUTY, WORK, workload.backlog,
    ),
    Metric(
        "past_due", "Past due", "Pending reviews whose due date has passed.", "pending with due date < day",
        "count", "lower", "efficiency", "19 USC 1504, 1515; 19 CFR 151, 152, 162", WORK, workload.past_due,
    ),
    Metric(
        "past_due_value_usd", "Value past due", "Entered value of the entries of reviews that are past due. An entry counts with each of them.",
        "sum of entry values over reviews past due", "usd", "lower", "efficiency", "Statutory exposure, 19 USC 1504", WORK,
        workload.past_due_value_usd,
    ),
    Metric(
        "past_due_duty_usd", "Duty past due", "Estimated duty of the entries of reviews that are past due. An entry counts with each of them.",
        "sum of entry duties over reviews past due", "usd", "lower", "efficiency", "Statutory exposure, 19 USC 1504", WORK,
        workload.past_due_duty_usd,
    ),
    Metric(
        "due_within_30", "Due within 30 days", "Pending reviews whose due date lies within the 30 days after the end of the period.",
        "pending with day <= due date <= day + 30", "count", "lower", "efficiency", "19 USC 1504, 1515; 19 CFR 151, 152, 162", WORK,
        workload.due_within_30,
    ),
    Metric(
        "pending_age_days", "Gross age of pending reviews",
        "Days since the reviews pending at the end of the period were opened, on average. Nothing stops or restarts it.",
        "mean of (day - opened) over pending reviews", "days", "lower", "efficiency", _DUTY, WORK, workload.pending_age_days,
    ),
    Metric(
        "controlled_age_days", "Center-controlled age of pending reviews",
        "Days that the reviews pending at the end of the period have lain with CBP, on average: gross age less the days on which "
        "the clock stood, from the event that stopped it to the one that started it again.",
        "mean of (day - opened - days between clock_stop and clock_start) over pending reviews", "days", "lower", "efficiency", _DUTY, WORK,
        workload.controlled_age_days,
    ),
    Metric(
        "clock_stopped", "Clock stopped", "Pending reviews whose clock stands at the end of the period: CBP waits for others.",
        "pending with a clock_stop and no clock_start after it", "count", "neither", "efficiency", _DUTY, WORK, workload.clock_stopped,
    ),
    Metric(
        "closed_without_result", "Closed without a result",
        "Reviews closed in the period for which no result code was recorded. Each must get one at its source.",
        "count of completed reviews without outcome", "count", "lower", "efficiency", "OIG-22-34: data of the Centers",
        FINDINGS, compliance.closed_without_result,
    ),
    Metric(
        "clearance_rate", "Clearance rate", "Completions for each review received in the period. Below 1 the pile grows.",
        "completions / receipts", "ratio", "higher", "efficiency", _DUTY, WORK, workload.clearance_rate,
    ),
    Metric(
        "days_of_work", "Days of work on hand", "Business days that the pending reviews last at the pace of the 13 weeks before.",
        "pending / (completions of the last 91 days / business days in them)",
        "days", "lower", "efficiency", _DUTY, WORK, workload.days_of_work,
    ),
    Metric(
        "time_to_complete_days", "Time to complete",
        "Days within which half of the reviews opened in the period were completed (also 80 % and 90 %). "
        "Reviews still open count as taking at least as long as they have.",
        "Kaplan-Meier quantiles of gross days, open reviews censored at the as-of date",
        "days", "lower", "efficiency", _DUTY, STAYS, workload.time_to_complete_days,
    ),
    Metric(
        "oldest_days", "Oldest open review", "Gross age of the oldest review open at the end of the period.", "max(day - opened)",
        "days", "lower", "efficiency", _DUTY, STAYS, workload.oldest_days,
    ),
    Metric(
        "closed_on_time_share", "Completed on time",
        "Share of the reviews completed in the period that were completed on or before their due date. Reviews still open are not in it: "
        "see past due.",
        "completed by the due date / completed with a due date", "share", "higher", "efficiency", _DUTY, FINDINGS, service.closed_on_time_share,
    ),
    Metric(
        "work_changed_share", "Led to a change",
        "Share of the reviews completed in the period whose result changed something: a change, reject or referral, a correction or "
        "protest allowed, a valid disclosure.",
        "completed with a changing result / completed with a result", "share", "neither", "outcome",
        "Non-productive reviews: 1 less this share", FINDINGS, service.changed_share,
    ),
    Metric(
        "rejected_share", "Rejected", "Share of the reviews completed in the period that ended in a reject.",
        "rejected / completed with a result", "share", "neither", "outcome", "19 CFR 141.64", FINDINGS, service.rejected_share,
    ),
    Metric(
        "hours_per_review", "Hours for a review", "Hours worked on each review completed in the period, where hours were recorded.",
        "sum of hours / reviews with hours", "ratio", "lower", "efficiency", _DUTY, FINDINGS, service.hours_per_review,
    ),
    Metric(
        "cf28_per_1000", "CF-28s per 1,000 summaries", "Requests for information issued in the period for each 1,000 entry summaries of it.",
        "1000 * CF-28s received as work / entry summaries", "ratio", "lower", "outcome", "19 CFR 151.11; working groups' concern",
        service.NOTICES, service.cf28_per_1000,
    ),
    Metric(
        "protests_allowed_share", "Protests allowed",
        "Share of the protests decided in the period that were allowed in whole or in part. Deemed denials count as decided.",
        "allowed or allowed in part / decided", "share", "neither", "outcome", "19 USC 1515", FINDINGS, service.protests_allowed_share,
    ),
    Metric(
        "deemed_denials", "Deemed denials",
        "Protests that were deemed denied in the period because nobody decided them within the 30 days of accelerated disposition. "
        "Each is a failure.",
        "count of protests with result deemed denied", "count", "lower", "outcome", "19 USC 1515(b)", FINDINGS, service.deemed_denials,
    ),
    Metric(
        "disclosures_valid_share", "Valid disclosures", "Share of the prior disclosures judged in the period that were valid.",
        "valid / valid or not valid", "share", "neither", "outcome", "19 USC 1592(c)(4)", FINDINGS, service.disclosures_valid_share,
    ),
    Metric(
        "liquidations", "Liquidations", "Entries liquidated in the period, however they were.", "count of entries by liquidation date",
        "count", "neither", "output", "19 USC 1504", LIQUIDATIONS, liquidation.liquidations,
    ),
    Metric(
        "deemed_liquidations", "Deemed liquidations",
        "Entries that liquidated by operation of law in the period, as entered, because nobody acted in time. Each is a failure.",
        "count of entries with liquidation type deemed", "count", "lower", "outcome", "19 USC 1504(a)", LIQUIDATIONS,
        liquidation.deemed_liquidations,
    ),
    Metric(
        "liquidated_with_change_share", "Liquidated with a change", "Share of the entries liquidated in the period that liquidated with a change of duty.",
        "liquidated with change / liquidated", "share", "neither", "outcome", "19 USC 1504", LIQUIDATIONS, liquidation.changed_share,
    ),
    Metric(
        "extensions", "Liquidation extended", "Entry summaries of the period (by entry date) whose liquidation was extended at least once.",
        "count of entries with an extension", "count", "neither", "output", "19 USC 1504(b)", LIQUIDATIONS, liquidation.extensions,
    ),
    Metric(
        "suspended_entries", "Liquidation suspended", "Entries whose liquidation is suspended at the end of the period.",
        "suspended on or before the day, not lifted or liquidated", "count", "neither", "output", "19 USC 1504(d)", LIQUIDATIONS,
        liquidation.suspended,
    ),
    Metric(
        "staff_on_board", "Staff on board", "People on board in the customs revenue positions of the Centers, in the last month of the period.",
        "sum over positions", "count", "higher", "output", "6 USC 212(b), 215(7)", people.STAFF, people.staff_on_board,
    ),
    Metric(
        "staff_floor", "Staff floor", "The least number of people in the customs revenue positions, in the last month of the period.",
        "sum over positions", "count", "neither", "output", "6 USC 212(b)", people.STAFF, people.staff_floor,
    ),
    Metric(
        "staff_short", "People below the floor",
        "People missing to the floor of their position at their Center, in the last month of the period. What one position or Center has "
        "above its floor does not fill another's.",
        "sum over Centers and positions of max(floor - on board, 0)", "count", "lower", "output", "6 USC 212(b)", people.STAFF, people.staff_short,
    ),
    Metric(
        "pending_per_person", "Pending per person",
        "Reviews that Centers hold at the end of the period for each person on board in its last month.",
        "pending of Centers / people on board", "ratio", "lower", "efficiency", _DUTY, people.STAFF, people.pending_per_person,
    ),
    Metric(
        "completions_per_person", "Completions per person and month",
        "Reviews that a Center completed in the period for each person on board and month.",
        "completions of Centers / person-months on board", "ratio", "higher", "efficiency", _DUTY, people.STAFF, people.completions_per_person,
    ),
    Metric(
        "compliance_rate_major", "Compliance rate (major)",
        "Share of entry lines without a major discrepancy, estimated from the random sample alone.",
        "1 - stratified estimate of the share of lines with a major discrepancy",
        "share", "higher", "outcome", "Percent of imports compliant with U.S. trade laws", SAMPLE, compliance.compliance_rate_major,
    ),
    Metric(
        "compliance_rate_letter", "Compliance rate (letter of the law)",
        "Share of entry lines without any discrepancy at all, estimated from the random sample alone.",
        "1 - stratified estimate of the share of lines with any discrepancy",
        "share", "higher", "outcome", "Trade compliance measurement", SAMPLE, compliance.compliance_rate_letter,
    ),
    Metric(
        "sampled_lines", "Sampled lines", "Lines of the random sample, by date of entry, whose review is completed.",
        "count of completed reviews of the random sample", "count", "neither", "output", "Trade compliance measurement", SAMPLE,
        compliance.sampled_lines,
    ),
    Metric(
        "sampled_without_major_share", "Sampled lines without a major discrepancy", f"{_PLAIN} without a major discrepancy. {_UNWEIGHTED}",
        "1 - sampled lines with a major discrepancy / sampled lines", "share", "higher", "outcome", "Trade compliance measurement", SAMPLE,
        compliance.sampled_without_major,
    ),
    Metric(
        "sampled_without_any_share", "Sampled lines without any discrepancy", f"{_PLAIN} without any discrepancy at all. {_UNWEIGHTED}",
        "1 - sampled lines with a discrepancy / sampled lines", "share", "higher", "outcome", "Trade compliance measurement", SAMPLE,
        compliance.sampled_without_any,
    ),
    Metric(
        "targeted_yield_share", "Targeted yield",
        "Share of completed targeted reviews that found a discrepancy. It measures targeting, never compliance.",
        "targeted reviews with a discrepancy / targeted reviews completed in the period",
        "share", "higher", "efficiency", _DUTY, FINDINGS, compliance.targeted_yield_share,
    ),
    Metric(
        "net_revenue_gap_usd", "Net revenue gap",
        "Revenue owed less revenue paid over all entry lines, estimated from the random sample.",
        "stratified total of (owed - paid)", "usd", "lower", "outcome", "Net estimated under-collections", SAMPLE,
        compliance.net_revenue_gap_usd,
    ),
    Metric(
        "revenue_collected_share", "Revenue collected", "Share of the duty and fees owed that was paid.",
        "duty and fees paid / (paid + net revenue gap)",
        "share", "higher", "outcome", "Percent of import revenue successfully collected", SAMPLE, compliance.revenue_collected_share,
    ),
)  # fmt: skip

METRICS: Final[dict[str, Metric]] = {metric.id: metric for metric in (*_ALL, *VOICED)}
