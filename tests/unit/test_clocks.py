"""The legal clocks: dates worked by hand, the days on which rules changed, and any item against plain Python."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import clocks, codes, periods

D = dt.date
SCHEMA: dict[str, Any] = {
    "review_id": pl.String,
    "work_type": pl.String,
    "opened_date": pl.Date,
    "due_basis": pl.String,
    "entry_date": pl.Date,
    "scheduled_liquidation_date": pl.Date,
    "liquidation_date": pl.Date,
    "extension_count": pl.Int64,
    "suspended_date": pl.Date,
    "suspension_lifted_date": pl.Date,
}
TODAY = D(2013, 9, 30)
DEEMED = {"deemed_liquidation", "deemed_extended_1", "deemed_extended_2", "deemed_extended_3", "deemed_lifted"}


def _items(*items: dict[str, Any]) -> pl.LazyFrame:
    blank = dict.fromkeys(SCHEMA, None) | {"extension_count": 0}
    rows = [blank | {"review_id": f"R{place}"} | item for place, item in enumerate(items)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").lazy()


def _running(as_of: dt.date = TODAY, on: dt.date | None = None, **item: Any) -> dict[str, dt.date]:
    found = clocks.clocks(_items(item), as_of, on).collect()
    return dict(zip(found["clock"].to_list(), found["date"].to_list(), strict=True))


def _next(as_of: dt.date = TODAY, **item: Any) -> tuple[str | None, dt.date | None, int | None, int]:
    row = clocks.next_consequence(_items(item), as_of).collect().row(0, named=True)
    return row["consequence_clock"], row["consequence_date"], row["days_to_consequence"], row["lapsed_count"]


# --- the entry summary: working days ---


@pytest.mark.parametrize(
    ("entry", "last"),
    [
        (D(2010, 12, 17), D(2011, 1, 4)),  # Christmas observed on Friday the 24th, New Year on Friday the 31st
        (D(2012, 10, 3), D(2012, 10, 18)),  # Columbus Day
        (D(2012, 11, 2), D(2012, 11, 19)),  # Veterans Day on a Sunday, observed on Monday
        (D(2012, 12, 1), D(2012, 12, 14)),  # a Saturday: Monday is the first day
        (D(2012, 12, 2), D(2012, 12, 14)),
        (D(2012, 2, 22), D(2012, 3, 7)),  # over 29 February
    ],
)
def test_entry_summary_is_due_on_the_tenth_working_day(entry: dt.date, last: dt.date) -> None:
    assert _running(work_type="entry_summary", entry_date=entry) == {"entry_summary": last}


@pytest.mark.parametrize(
    ("reject", "last"),
    [
        (D(2012, 10, 9), D(2012, 10, 18)),  # the rest of the ten days, which end on 18 October
        (D(2012, 10, 16), D(2012, 10, 18)),
        (D(2012, 10, 17), D(2012, 10, 19)),  # a day is left, two are due
        (D(2012, 10, 18), D(2012, 10, 22)),
        (D(2012, 11, 9), D(2012, 11, 14)),  # long after, over a weekend and Veterans Day
    ],
)
def test_rejected_summary_has_the_rest_of_its_time_and_two_days_at_least(reject: dt.date, last: dt.date) -> None:
    assert _running(work_type="rejected_summary", entry_date=D(2012, 10, 3), opened_date=reject) == {"rejected_summary": last}


def test_rejected_summary_of_an_unknown_entry_has_two_days() -> None:
    assert _running(work_type="rejected_summary", opened_date=D(2010, 12, 30)) == {"rejected_summary": D(2011, 1, 4)}


def test_working_days_equal_polars_own() -> None:
    days = pl.DataFrame({"day": [*pl.date_range(D(2009, 12, 1), D(2024, 2, 1), "1d", eager=True), None]})
    for count in (1, 2, 10):
        holidays = periods.holidays(2009, 2025)
        oracle = days.select(pl.col("day").dt.add_business_days(count, roll="backward", holidays=holidays)).to_series()
        assert days.select(periods.working_days_after(pl.col("day"), count)).to_series().equals(oracle, null_equal=True)


def test_working_days_end_where_the_calendar_does() -> None:
    days = pl.DataFrame({"day": [D(1969, 12, 31), D(2099, 12, 31), D(2099, 12, 30), None]})
    found = days.select(day=periods.working_days_after(pl.col("day"), 1))["day"].to_list()
    assert found[0] is found[1] is found[3] is None


# --- the entry: cycle, deemed liquidation, extension, suspension ---


@pytest.mark.parametrize(
    ("entry", "friday"),
    [
        (D(2013, 1, 7), D(2013, 11, 22)),  # day 314 is a Sunday
        (D(2013, 1, 8), D(2013, 11, 22)),
        (D(2013, 1, 9), D(2013, 11, 22)),
        (D(2013, 1, 10), D(2013, 11, 22)),
        (D(2013, 1, 11), D(2013, 11, 22)),
        (D(2013, 1, 12), D(2013, 11, 22)),  # day 314 is that Friday
        (D(2013, 1, 13), D(2013, 11, 29)),  # day 314 is a Saturday
        (D(2011, 6, 1), D(2012, 4, 13)),  # over 29 February: day 314 is Tuesday, 10 April
        (D(2012, 2, 29), D(2013, 1, 11)),
    ],
)
def test_cycle_ends_on_the_friday_of_day_314_or_the_next(entry: dt.date, friday: dt.date) -> None:
    assert _running(work_type="validation", entry_date=entry)["liquidation_cycle"] == friday


def test_scheduled_date_of_the_source_wins_over_the_cycle() -> None:
    given = D(2013, 12, 6)
    assert _running(work_type="validation", entry_date=D(2013, 1, 7), scheduled_liquidation_date=given)["liquidation_cycle"] == given


@pytest.mark.parametrize(
    ("entry", "extensions", "clock", "last"),
    [
        (D(2012, 2, 29), 0, "deemed_liquidation", D(2013, 2, 28)),
        (D(2012, 2, 29), 1, "deemed_extended_1", D(2014, 2, 28)),
        (D(2012, 2, 29), 2, "deemed_extended_2", D(2015, 2, 28)),
        (D(2012, 2, 29), 3, "deemed_extended_3", D(2016, 2, 29)),
        (D(2011, 3, 1), 0, "deemed_liquidation", D(2012, 3, 1)),  # 365 days end on 29 February
        (D(2011, 2, 28), 0, "deemed_liquidation", D(2012, 2, 28)),
        (D(2012, 12, 31), 0, "deemed_liquidation", D(2013, 12, 31)),
        (D(2012, 12, 31), None, "deemed_liquidation", D(2013, 12, 31)),
        (D(2012, 6, 15), 5, "deemed_extended_3", D(2016, 6, 15)),  # four years are the end of it
    ],
)
def test_deemed_liquidation_falls_on_the_anniversary(entry: dt.date, extensions: int | None, clock: str, last: dt.date) -> None:
    running = _running(work_type="validation", entry_date=entry, extension_count=extensions)
    assert {name: day for name, day in running.items() if name in DEEMED} == {clock: last}


def test_extended_entry_has_no_day_in_the_cycle_but_that_of_cbp() -> None:
    item = {"work_type": "validation", "entry_date": D(2012, 6, 15), "extension_count": 1}
    assert _running(**item) == {"deemed_extended_1": D(2014, 6, 15)}
    assert _running(**item, scheduled_liquidation_date=D(2014, 4, 25))["liquidation_cycle"] == D(2014, 4, 25)


@pytest.mark.parametrize(
    ("lifted", "last"),
    [
        (D(2010, 8, 18), D(2011, 2, 18)),  # HQ H173819: liquidated in time on 18 February 2011
        (D(2011, 8, 31), D(2012, 2, 29)),
        (D(2012, 8, 31), D(2013, 2, 28)),
        (D(2012, 12, 31), D(2013, 6, 30)),
    ],
)
def test_lifted_suspension_leaves_six_months(lifted: dt.date, last: dt.date) -> None:
    item = {"work_type": "validation", "entry_date": D(2008, 5, 5), "scheduled_liquidation_date": D(2009, 3, 20)}
    suspended = item | {"suspended_date": D(2008, 6, 1), "suspension_lifted_date": lifted}
    assert _running(**suspended) == {"deemed_lifted": last}  # nor does the schedule from before the suspension come back
    assert "liquidation_cycle" not in _running(**suspended | {"scheduled_liquidation_date": lifted})
    later = suspended | {"scheduled_liquidation_date": lifted + dt.timedelta(60)}
    assert _running(**later)["liquidation_cycle"] == lifted + dt.timedelta(60)


def test_suspended_entry_has_no_deemed_date_and_no_schedule() -> None:
    item = {"work_type": "validation", "entry_date": D(2012, 6, 15), "scheduled_liquidation_date": D(2013, 4, 26)}
    suspended = item | {"suspended_date": D(2012, 7, 1), "suspension_lifted_date": D(2013, 3, 1)}
    assert set(_running(D(2012, 6, 30), **suspended)) == {"deemed_liquidation", "liquidation_cycle"}
    assert _running(D(2012, 7, 1), **suspended) == {}
    assert _running(D(2013, 2, 28), **suspended) == {}
    assert _running(D(2013, 3, 1), **suspended)["deemed_lifted"] == D(2013, 9, 1)


@pytest.mark.parametrize("work_type", clocks.ON_ENTRY)
def test_all_work_on_an_unliquidated_entry_ends_with_its_liquidation(work_type: str) -> None:
    item = {"work_type": work_type, "entry_date": D(2012, 6, 15), "opened_date": D(2012, 9, 3)}
    assert _running(**item)["deemed_liquidation"] == D(2013, 6, 15)
    liquidated = item | {"liquidation_date": D(2013, 5, 3)}
    assert _running(D(2013, 5, 2), **liquidated)["deemed_liquidation"] == D(2013, 6, 15)
    assert not {*DEEMED, "liquidation_cycle"} & set(_running(D(2013, 5, 3), **liquidated))


# --- corrections ---

LEAP_ENTRY = D(2016, 3, 1)  # 270 days: 26 November, 300: 26 December 2016; cycle: Friday, 13 January 2017


@pytest.mark.parametrize(
    ("on", "clock", "last"),
    [
        (D(2011, 6, 3), None, None),
        (D(2011, 6, 4), "psc_2011", D(2016, 11, 26)),
        (D(2017, 1, 13), "psc_2011", D(2016, 11, 26)),
        (D(2017, 1, 14), "psc_2017", D(2016, 12, 26)),
        (D(2019, 8, 13), "psc_2017", D(2016, 12, 26)),
        (D(2019, 8, 14), "psc_2019", D(2016, 12, 26)),
    ],
)
def test_correction_follows_the_rule_of_the_day(on: dt.date, clock: str | None, last: dt.date | None) -> None:
    item = {"work_type": "psc", "entry_date": LEAP_ENTRY}
    for running in (_running(on, **item), _running(D(2017, 1, 1), on, **item)):
        assert {name: day for name, day in running.items() if name.startswith("psc")} == ({clock: last} if clock else {})


@pytest.mark.parametrize(
    ("entry", "scheduled", "on", "last"),
    [
        (D(2011, 6, 1), None, D(2012, 1, 2), D(2012, 2, 26)),  # 270 days, over the year's end
        (D(2011, 6, 6), None, D(2012, 1, 2), D(2012, 3, 2)),  # and over 29 February
        (D(2011, 6, 1), D(2012, 3, 2), D(2012, 1, 2), D(2012, 2, 11)),  # 20 days before
        (D(2011, 6, 1), D(2012, 3, 2), D(2017, 2, 1), D(2012, 2, 16)),  # 15 days before
        (D(2011, 6, 1), D(2012, 3, 17), D(2012, 1, 2), D(2012, 2, 26)),  # 26 February both ways
    ],
)
def test_correction_is_due_at_the_earlier_of_two_dates(entry: dt.date, scheduled: dt.date | None, on: dt.date, last: dt.date) -> None:
    running = _running(on, work_type="psc", entry_date=entry, scheduled_liquidation_date=scheduled)
    assert [day for name, day in running.items() if name.startswith("psc")] == [last]


def test_correction_of_an_extended_entry_runs_to_its_schedule_from_14_august_2019() -> None:
    item = {"work_type": "psc", "entry_date": D(2018, 3, 1), "extension_count": 1, "scheduled_liquidation_date": D(2020, 1, 10)}
    assert _running(D(2019, 8, 13), **item)["psc_2017"] == D(2018, 12, 26)
    assert _running(D(2019, 8, 14), **item)["psc_2019_extended"] == D(2019, 12, 26)
    assert "psc_2019" not in _running(D(2019, 8, 14), **item)


def test_correction_of_a_suspended_entry_has_its_days_from_entry() -> None:
    item = {"work_type": "psc", "entry_date": D(2011, 6, 1), "suspended_date": D(2011, 6, 20), "scheduled_liquidation_date": D(2012, 1, 6)}
    assert _running(D(2012, 1, 2), **item) == {"psc_2011": D(2012, 2, 26)}


def test_one_rule_of_corrections_is_in_force_on_every_day() -> None:
    for day in pl.date_range(D(2011, 6, 4), D(2021, 1, 1), "1d", eager=True):
        assert len([rule for rule in clocks.rules_in_force(day) if rule.id.startswith("psc") and rule.when != "extended"]) == 1


def test_amendment_is_due_20_days_before_scheduled_liquidation() -> None:
    item = {"work_type": "pea", "entry_date": D(2011, 6, 1)}
    assert _running(D(2012, 3, 1), **item)["pea"] == D(2012, 3, 24)
    assert "pea" in _running(D(2007, 9, 20), **item)
    assert "pea" not in _running(D(2007, 9, 19), **item)


# --- notices, disclosures, protests, bills ---


@pytest.mark.parametrize(
    ("item", "running"),
    [
        ({"work_type": "cf28", "opened_date": D(2012, 1, 31)}, {"cf28_reply": D(2012, 3, 1)}),
        ({"work_type": "cf29", "opened_date": D(2012, 12, 20), "due_basis": "objection_20_days"}, {"cf29_objection": D(2013, 1, 9)}),
        ({"work_type": "cf29", "opened_date": D(2012, 12, 20)}, {"cf29_objection": D(2013, 1, 9)}),
        ({"work_type": "cf29", "opened_date": D(2012, 12, 20), "due_basis": "service_standard"}, {}),
        ({"work_type": "prior_disclosure", "opened_date": D(2013, 2, 1)}, {"prior_disclosure": D(2013, 3, 3)}),
        ({"work_type": "internal_advice", "opened_date": D(2013, 1, 1)}, {"internal_advice": D(2013, 4, 1)}),
        ({"work_type": "protest", "opened_date": D(2012, 2, 29)}, {"protest_decision": D(2014, 2, 28)}),
        ({"work_type": "protest", "opened_date": D(2012, 2, 28), "due_basis": "protest_2_years"}, {"protest_decision": D(2014, 2, 28)}),
        (
            {"work_type": "protest", "opened_date": D(2012, 1, 30), "due_basis": "accelerated_30_days"},
            {"protest_accelerated": D(2012, 2, 29)},
        ),
        ({"work_type": "further_review", "opened_date": D(2012, 12, 15)}, {"further_review": D(2013, 1, 14)}),
        ({"work_type": "bill", "opened_date": D(2012, 12, 15)}, {"bill": D(2013, 1, 14)}),
        ({"work_type": "entry", "liquidation_date": D(2013, 3, 22)}, {"protest_filing": D(2013, 9, 18)}),
        ({"work_type": "validation", "liquidation_date": D(2013, 3, 22), "entry_date": D(2012, 5, 1)}, {}),
        ({"work_type": "validation", "opened_date": D(2013, 3, 22)}, {}),
        ({"work_type": "inquiry", "opened_date": D(2013, 3, 22), "entry_date": D(2012, 5, 1)}, {}),
    ],
)
def test_clocks_of_other_work(item: dict[str, Any], running: dict[str, dt.date]) -> None:
    assert _running(**item) == running


def test_protest_on_an_unliquidated_entry_has_its_own_clock_alone() -> None:
    assert set(_running(work_type="protest", opened_date=D(2013, 5, 1), entry_date=D(2013, 1, 7))) == {"protest_decision"}


# --- what comes next ---


def test_next_consequence_is_the_earliest_legal_date_ahead() -> None:
    item = {"work_type": "cf28", "opened_date": D(2013, 3, 1), "entry_date": D(2012, 6, 15)}
    assert _next(D(2013, 3, 1), **item) == ("cf28_reply", D(2013, 3, 31), 30, 0)
    assert _next(D(2013, 3, 31), **item) == ("cf28_reply", D(2013, 3, 31), 0, 0)
    assert _next(D(2013, 4, 1), **item) == ("deemed_liquidation", D(2013, 6, 15), 75, 1)
    assert _next(D(2013, 6, 16), **item) == ("deemed_liquidation", D(2013, 6, 15), -1, 2)


def test_the_cycle_and_service_standards_are_no_consequence() -> None:
    advice = {"work_type": "internal_advice", "opened_date": D(2013, 1, 1)}
    assert _next(**advice) == (None, None, None, 0)
    assert _next(D(2013, 4, 20), **advice, entry_date=D(2012, 6, 15))[:2] == ("deemed_liquidation", D(2013, 6, 15))


def test_of_two_clocks_on_a_day_the_first_of_the_table_is_named() -> None:
    item = {"work_type": "cf28", "opened_date": D(2013, 5, 16), "entry_date": D(2012, 6, 15)}
    assert _next(D(2013, 6, 1), **item) == ("deemed_liquidation", D(2013, 6, 15), 14, 0)
    assert _next(D(2013, 6, 30), **item) == ("deemed_liquidation", D(2013, 6, 15), -15, 2)


def test_other_columns_and_the_order_of_items_stay() -> None:
    items = _items({"work_type": "bill", "opened_date": TODAY}, {"work_type": "validation"}, {"work_type": "cf28", "opened_date": TODAY})
    given_columns = items.with_columns(value=pl.Series([3, 1, 2]), date=pl.lit(TODAY), days=pl.lit(1))
    found = clocks.next_consequence(given_columns, TODAY).collect()
    added = ["consequence_clock", "consequence_date", "days_to_consequence", "lapsed_count"]
    assert found.drop(added).equals(given_columns.collect(), null_equal=True)
    assert found.columns[-4:] == added
    assert found["consequence_clock"].to_list() == ["bill", None, "cf28_reply"]


def test_columns_of_nulls_and_codes_as_enumerations_are_taken() -> None:
    plain = _items({"work_type": "psc", "entry_date": LEAP_ENTRY, "extension_count": None}, {"work_type": "protest", "opened_date": TODAY})
    nulls = ["scheduled_liquidation_date", "liquidation_date", "extension_count", "suspended_date", "suspension_lifted_date"]
    coded = plain.with_columns(
        pl.col("work_type").cast(pl.Enum(list(codes.WORK_TYPES))),
        pl.col("due_basis").cast(pl.Enum(list(codes.DUE_BASES))),
        *(pl.lit(None).alias(name) for name in nulls),
    )
    assert clocks.clocks(coded, TODAY).collect().equals(clocks.clocks(plain, TODAY).collect())
    none = clocks.clocks(plain.head(0), TODAY).collect()
    assert none.schema == {"review_id": pl.String, "clock": pl.String, "date": pl.Date, "days": pl.Int64, "legal": pl.Boolean}


# --- the table ---


def test_each_rule_has_its_words_and_its_law() -> None:
    table = clocks.rules_table()
    assert table.height == len(clocks.RULES) == table["id"].n_unique()
    words = table.select("clock", "work", "time", "consequence", "citation")
    assert words.null_count().sum_horizontal().item() == 0
    assert words.select(pl.all().str.len_chars().min()).row(0) > (0, 0, 0, 0, 0)
    assert set(clocks.CONDITIONS) == {rule.when for rule in clocks.RULES}
    assert {kind for rule in clocks.RULES for kind in rule.work_types} == {*codes.WORK_TYPES, *clocks.OTHER_WORK}
    assert all(bool(rule.opened) == (rule.counted_from == "opened_date") for rule in clocks.RULES)
    assert set(table.filter(~pl.col("legal"))["id"]) == {"liquidation_cycle", "internal_advice"}


@pytest.mark.parametrize(
    ("clock", "time"),
    [
        ("entry_summary", "10 working days after entry"),
        ("deemed_liquidation", "1 year after entry"),
        ("liquidation_cycle", "the Friday on or after day 314 from entry"),
        ("psc_2011", "270 days after entry, or 20 days before scheduled liquidation if that is earlier"),
        ("rejected_summary", "2 working days after the day of the reject, or 10 working days after entry if that is later"),
        ("protest_accelerated", "30 days after the request is mailed"),
    ],
)
def test_time_in_words(clock: str, time: str) -> None:
    assert clocks.rules_table().filter(id=clock)["time"].item() == time


# --- any item, against plain Python ---

days = st.dates(D(2007, 1, 1), D(2021, 12, 31))
maybe = st.one_of(st.none(), days)
items_strategy = st.lists(
    st.fixed_dictionaries(
        {
            "work_type": st.sampled_from([*codes.WORK_TYPES, *clocks.OTHER_WORK]),
            "opened_date": maybe,
            "due_basis": st.one_of(st.none(), st.sampled_from(list(codes.DUE_BASES))),
            "entry_date": st.one_of(maybe, st.sampled_from([D(2008, 2, 29), D(2012, 2, 29), D(2016, 2, 29)])),
            "scheduled_liquidation_date": maybe,
            "liquidation_date": st.one_of(st.none(), st.none(), days),
            "extension_count": st.one_of(st.none(), st.integers(0, 4)),
            "suspended_date": st.one_of(st.none(), st.none(), days),
            "suspension_lifted_date": maybe,
        }
    ),
    min_size=1,
    max_size=40,
)


def _months_on(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return D(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _workdays_on(day: dt.date, count: int) -> dt.date:
    while count:
        day += dt.timedelta(1)
        holiday = any(day in periods.federal_holidays(year) for year in (day.year, day.year + 1))
        count -= day.weekday() < 5 and not holiday
    return day


def _schedule(item: dict[str, Any], lifted: dt.date | None, suspended: bool) -> dt.date | None:
    """The day of scheduled liquidation of an unliquidated entry."""
    if suspended:
        return None
    if lifted:
        stored = item["scheduled_liquidation_date"]
        return stored if stored and stored > lifted else None
    if item["scheduled_liquidation_date"]:
        return item["scheduled_liquidation_date"]
    if item["extension_count"] or not item["entry_date"]:
        return None
    day = item["entry_date"] + dt.timedelta(314)
    while day.strftime("%a") != "Fri":
        day += dt.timedelta(1)
    return day


def _on_entry(item: dict[str, Any], as_of: dt.date, on: dt.date) -> dict[str, dt.date | None]:
    """The clocks of an unliquidated entry and of corrections to it."""
    kind, entry, extensions = item["work_type"], item["entry_date"], min(item["extension_count"] or 0, 3)
    lifted = item["suspension_lifted_date"] if item["suspension_lifted_date"] and item["suspension_lifted_date"] <= as_of else None
    suspended = not lifted and item["suspended_date"] is not None and item["suspended_date"] <= as_of
    scheduled = _schedule(item, lifted, suspended)
    found: dict[str, dt.date | None] = {"liquidation_cycle": scheduled}
    if lifted:
        found["deemed_lifted"] = _months_on(lifted, 6)
    elif not suspended:
        found[f"deemed_extended_{extensions}" if extensions else "deemed_liquidation"] = entry and _months_on(entry, 12 * (1 + extensions))
    if kind == "pea" and scheduled and on >= D(2007, 9, 20):
        found["pea"] = scheduled - dt.timedelta(20)
    if kind == "psc" and on >= D(2019, 8, 14) and extensions:
        found["psc_2019_extended"] = scheduled and scheduled - dt.timedelta(15)
    elif kind == "psc" and on >= D(2011, 6, 4) and entry:
        old = on < D(2017, 1, 14)
        ends = [entry + dt.timedelta(270 if old else 300)] + ([scheduled - dt.timedelta(20 if old else 15)] if scheduled else [])
        found["psc_2011" if old else "psc_2017" if on < D(2019, 8, 14) else "psc_2019"] = min(ends)
    return found


def _oracle(item: dict[str, Any], as_of: dt.date, on: dt.date) -> dict[str, dt.date]:
    kind, opened, entry, basis = item["work_type"], item["opened_date"], item["entry_date"], item["due_basis"]
    liquidated = item["liquidation_date"] and item["liquidation_date"] <= as_of
    found: dict[str, dt.date | None] = {}
    if not liquidated and kind in {"entry", *codes.WORK_TYPES} - {"protest"}:
        found |= _on_entry(item, as_of, on)
    if liquidated and kind == "entry":
        found["protest_filing"] = item["liquidation_date"] + dt.timedelta(180)
    if kind == "entry_summary" and entry:
        found["entry_summary"] = _workdays_on(entry, 10)
    if opened and kind == "rejected_summary":
        two = _workdays_on(opened, 2)
        found["rejected_summary"] = max(two, _workdays_on(entry, 10)) if entry else two
    if opened and kind == "protest":
        fast = basis == "accelerated_30_days"
        found["protest_accelerated" if fast else "protest_decision"] = opened + dt.timedelta(30) if fast else _months_on(opened, 24)
    thirty = {"cf28": "cf28_reply", "prior_disclosure": "prior_disclosure", "further_review": "further_review", "bill": "bill"}
    if opened and kind in thirty:
        found[thirty[kind]] = opened + dt.timedelta(30)
    if opened and kind == "cf29" and basis in {None, "objection_20_days"}:
        found["cf29_objection"] = opened + dt.timedelta(20)
    if opened and kind == "internal_advice":
        found["internal_advice"] = opened + dt.timedelta(90)
    return {name: day for name, day in found.items() if day}


@settings(max_examples=40, deadline=None)
@given(items=items_strategy, as_of=days, on=maybe)
def test_clocks_of_any_items_equal_plain_python(items: list[dict[str, Any]], as_of: dt.date, on: dt.date | None) -> None:
    found = clocks.clocks(_items(*items), as_of, on).collect()
    expected = {
        (f"R{place}", name, day, (day - as_of).days, name not in {"liquidation_cycle", "internal_advice"})
        for place, item in enumerate(items)
        for name, day in _oracle(item, as_of, on or as_of).items()
    }
    assert found.height == len(expected)
    assert set(found.iter_rows()) == expected


@settings(max_examples=40, deadline=None)
@given(items=items_strategy, as_of=days)
def test_next_consequence_is_what_the_clocks_say(items: list[dict[str, Any]], as_of: dt.date) -> None:
    found = clocks.next_consequence(_items(*items), as_of).collect()
    for item, row in zip(items, found.iter_rows(named=True), strict=True):
        legal = {name: day for name, day in _oracle(item, as_of, as_of).items() if name not in {"liquidation_cycle", "internal_advice"}}
        ahead = [day for day in legal.values() if day >= as_of]
        last = min(ahead) if ahead else max(legal.values(), default=None)
        assert row["consequence_date"] == last
        assert row["days_to_consequence"] == (None if last is None else (last - as_of).days)
        assert row["lapsed_count"] == len(legal) - len(ahead)
        assert (row["consequence_clock"] is None) if last is None else (legal[row["consequence_clock"]] == last)
