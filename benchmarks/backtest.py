"""The figures of docs/methods.md that a run over a published store makes: `python -m benchmarks.backtest HOME`.

Past forecasts and projections of all work, of ports and of the two Centers that have a year of history, up to 26 weeks ahead; and
what reports that are still to come do to the durations of the last quarter.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from analytics import forecast, projection, survival, weekly, workload
from analytics.filters import Filters
from analytics.scope import Scope
from data.store import Snapshot

#: Whose work is tested; the other Centers of the demonstration are younger than a year.
TESTED = ((), ("PORT",), ("ELE",), ("PHC",))


def past(snapshot: Snapshot, centers: tuple[str, ...]) -> dict[str, object] | None:
    """Judge past forecasts of receipts and projections of pending; null without a history."""
    history = weekly.history(snapshot.frames, Filters(centers=centers), snapshot.as_of)
    if history is None:
        return None
    outlook = forecast.outlook(history)
    receipts = forecast.scorecard(forecast.remade(history, outlook.test)).row(-1, named=True)
    drawn = projection.of_outlook(history, outlook)
    ahead = slice(history.held_back, None)
    expected, came = outlook.expected.by_type, drawn.came.mean(axis=2)[ahead]
    more = {name: round(float((came[:, i] - expected[:, i]).mean()), 2) for i, name in enumerate(history.types)}
    pending = projection.scorecard(history, outlook.test).row(0, named=True)
    return {
        "receipts": receipts,
        "pending": pending,
        "expected_a_week": round(float(expected.sum(axis=1).mean()), 2),
        "drawn_less_expected_a_week": more,
    }


def last_quarter(snapshot: Snapshot, end: dt.date) -> dict[str, float | None]:
    """Give the median days of what was opened in the three months to a day: as recorded, and up to the weeks held back before it."""
    start = (end.replace(day=1) - dt.timedelta(days=40)).replace(day=1)
    medians = {}
    for name, held in (("as_recorded", 0), ("without_three_weeks", weekly.HELD_BACK_WEEKS)):
        day = end - dt.timedelta(weeks=held)
        counted = workload.durations(snapshot.frames, Filters(start, day), day)
        medians[name] = survival.quantiles(counted)["median"][0]
    return medians


def main(home: Path) -> None:
    """Print all of it."""
    snapshot = Snapshot(Scope("analyst"), home=home / "published")
    judged = {", ".join(centers) or "all": past(snapshot, centers) for centers in TESTED}
    print(json.dumps({"last_quarter_median_days": last_quarter(snapshot, snapshot.as_of), "past": judged}, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
