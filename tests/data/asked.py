"""What tests of metrics share: filters, the same filters as SQL, and the answer of a metric."""

from __future__ import annotations

import datetime as dt
from typing import Any

from analytics.filters import Filters
from analytics.metrics import METRICS
from data.store import Snapshot

D = dt.date

YEAR = (D(2012, 10, 1), D(2013, 9, 30))

FILTERS = {
    "all dates": Filters(),
    "fiscal year 2013": Filters(*YEAR),
    "odd days": Filters(D(2012, 11, 17), D(2013, 5, 9)),
    "Electronics and Pharma": Filters(*YEAR, centers=("ELE", "PHC")),
    "ports": Filters(D(2012, 10, 1), D(2013, 6, 30), centers=("PORT",)),
    "goods": Filters(*YEAR, industries=("ELE_COMM", "AUT_VEH", "TAF_APP")),
    "place": Filters(D(2011, 1, 1), D(2013, 9, 30), ports=("2704", "4601", "2304")),
    "trusted, odd days, place": Filters(D(2011, 2, 3), D(2013, 8, 2), programs=("isa", "ctpat"), ports=("2704", "2709", "3901")),
}

WORK_FILTERS = {
    "corrections": Filters(*YEAR, work_types=("psc", "pea")),
    "protests, odd days": Filters(D(2012, 3, 3), D(2013, 2, 2), work_types=("protest",)),
}

ENTRY_FILTERS = {"type and mode": Filters(*YEAR, entry_types=("01", "03"), modes=("11", "30"))}


def where(filters: Filters, date: str | None, as_of: dt.date, **columns: str) -> str:
    """Write a filter as SQL; `columns` renames a dimension's column."""
    parts = ["true"]
    if date:
        parts.append(f"{date} between date '{filters.from_date or D(1900, 1, 1)}' and date '{min(filters.to_date or as_of, as_of)}'")
    names = {"center": "center_code", "industry": "industry_code", "port": "port_code", "program": "program"}
    names |= {"entry_type": "entry_type_code", "mode": "mode_code", "work_type": "work_type"} | columns
    for dimension, column in names.items():
        kept = filters.kept(dimension)
        if kept:
            parts.append(f"{column} in ({', '.join(repr(code) for code in kept)})")
    return " and ".join(parts)


def ask(analyst: Snapshot, metric_id: str, filters: Filters) -> dict[str, Any]:
    rows = METRICS[metric_id].answer(analyst.frames, filters, analyst.as_of, ())
    assert rows.height == 1
    return rows.row(0, named=True)


def value(analyst: Snapshot, metric_id: str, filters: Filters) -> Any:
    return ask(analyst, metric_id, filters)["value"]


def federal_holidays() -> list[dt.date]:
    """Federal holidays observed from October 2010 to September 2013, written out from the calendar of the time."""
    text = (
        "2010-10-11 2010-11-11 2010-11-25 2010-12-24 2010-12-31 2011-01-17 2011-02-21 2011-05-30 2011-07-04 2011-09-05 2011-10-10 "
        "2011-11-11 2011-11-24 2011-12-26 2012-01-02 2012-01-16 2012-02-20 2012-05-28 2012-07-04 2012-09-03 2012-10-08 2012-11-12 "
        "2012-11-22 2012-12-25 2013-01-01 2013-01-21 2013-02-18 2013-05-27 2013-07-04 2013-09-02"
    )
    return [D.fromisoformat(day) for day in text.split()]


STAYS = """
with moves as (select review_id, event_date, coalesce(from_center_code, 'PORT') as source, coalesce(to_center_code, 'PORT') as target
               from review_event where event_type = 'transfer'),
starts as (
  select r.review_id, r.opened_date as since, coalesce(first_move.source, r.center_code) as holder
  from review r left join (select review_id, arg_min(source, event_date) as source from moves group by 1) first_move using (review_id)
  union all select review_id, event_date, target from moves)
select holder, count(*) from (
  select s.review_id, arg_max(s.holder, s.since) as holder from starts s join review r using (review_id)
  where s.since <= $1 and r.opened_date <= $1 and (r.closed_date is null or r.closed_date > $1) group by 1)
group by 1 order by 1
"""
