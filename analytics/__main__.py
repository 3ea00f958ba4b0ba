"""`python -m analytics METRIC_ID`: the number that a page shows, from the same functions, without a browser; `alerts` judges the rules."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import sys
from collections.abc import Sequence
from typing import Any

import polars as pl

from analytics import alertrules, alerts, cube, metrics, released
from analytics.exc import CenterlineError, QueryError
from analytics.filters import DIMENSIONS, Filters, read
from analytics.format import number
from analytics.metrics import METRICS, Metric
from analytics.scope import ROLES, Scope
from data.store import Snapshot


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer the command line; 0 when answered, 2 with one sentence on what to do when not; 1 when an alert asks for action."""
    options = _parser().parse_args(arguments)
    if options.metric is None:
        _print_list()
        return 0
    options.format = "json" if options.json else options.format
    try:
        if options.metric == "alerts":
            return _alerts(options)
        answer = _answer(options)
    except CenterlineError as error:
        print(f"analytics: {error}", file=sys.stderr)
        return 2
    _PRINTERS[options.format](answer)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analytics", description="Print the number that a page shows.")
    parser.add_argument("metric", nargs="?", metavar="METRIC_ID", help="a metric's id, or alerts; without one, all are listed")
    parser.add_argument("--by", default="", help=f"comma-separated: {', '.join(cube.GROUPINGS)}")
    parser.add_argument("--from", dest="from_", action="append", default=[], metavar="DATE", help="first day, YYYY-MM-DD")
    parser.add_argument("--to", action="append", default=[], metavar="DATE", help="last day, YYYY-MM-DD")
    for name, (_, _, label) in DIMENSIONS.items():
        parser.add_argument(f"--{name}", action="append", default=[], metavar="CODE,...", help=f"{label}, repeated or comma-separated")
    parser.add_argument("--as-of", type=dt.date.fromisoformat, metavar="DATE", help="show it as things stood on this day")
    parser.add_argument("--role", default="analyst", choices=list(ROLES), help="whose view (default: analyst)")
    parser.add_argument("--own-center", action="append", default=[], metavar="CODE", help="the director's Center")
    parser.add_argument("--version", metavar="ID", help="a kept data version instead of the one in force")
    parser.add_argument("--format", default="table", choices=list(_PRINTERS))
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    return parser


def _answer(options: argparse.Namespace) -> dict[str, Any]:
    """Ask the registry and shape the answer as the JSON contract has it.

    Raises:
        QueryError: an unknown metric, value, filter or grouping. Unlike a URL, a command with a wrong word is refused.
    """
    metric = _metric(options.metric)
    snapshot = Snapshot(Scope(options.role, tuple(options.own_center)), options.version)
    by = [part.strip() for part in options.by.split(",") if part.strip()]
    if snapshot.scope.role.released:
        as_of, filters, rows = _released(options, snapshot, metric, by)
    else:
        filters = _filters(options, snapshot, metric)
        check_reach(metric, snapshot.scope, by)
        as_of = min(options.as_of or snapshot.as_of, snapshot.as_of)
        rows = metric.answer(snapshot.frames, filters, as_of, by)
    return {
        "metric": metric.id,
        "as_of": as_of.isoformat(),
        "data_version": snapshot.version,
        "filters": filters.to_query(),
        "rows": rows.to_dicts(),
    } | ({"synthetic": True} if snapshot.synthetic else {})


def _released(options: argparse.Namespace, snapshot: Snapshot, metric: Metric, by: Sequence[str]) -> tuple[dt.date, Filters, pl.DataFrame]:
    """Answer from the release alone.

    Raises:
        QueryError: it is not released so.
    """
    cells = snapshot.released().cells
    as_of = released.last_day(cells)
    if options.as_of and options.as_of != as_of:
        raise QueryError(f"A release has one date, {as_of}; leave --as-of out, or name an older data version with --version.")
    filters = _read(options, snapshot)
    return as_of, filters, released.answer(cells, metric.id, filters, by)


def _alerts(options: argparse.Namespace) -> int:
    """Judge the rules of alerts; 1 when one that asks for action has come true.

    Raises:
        QueryError: a wrong word.
        ConfigError: a wrong rule.
    """
    if options.by:
        raise QueryError("Alerts are by Center; leave --by out.")
    snapshot = Snapshot(Scope(options.role, tuple(options.own_center)), options.version)
    snapshot.scope.require_all_figures()
    filters = _read(options, snapshot)
    as_of = min(options.as_of or snapshot.as_of, snapshot.as_of)
    found = alerts.evaluate(
        snapshot.frames, alertrules.load(snapshot.alerts_file), filters, as_of, first_date=snapshot.first_date, targets=snapshot.targets(),
        write=number, reach=snapshot.scope.role.dimensions, own=snapshot.scope.centers,
    )  # fmt: skip
    answer = {"as_of": as_of.isoformat(), "data_version": snapshot.version, "filters": filters.to_query(), "rows": found.to_dicts()}
    if options.format == "table":
        _print_alerts(found, snapshot, as_of)
    else:
        _PRINTERS[options.format](answer | ({"synthetic": True} if snapshot.synthetic else {}))
    return int("act" in found["severity"])


def _print_alerts(found: pl.DataFrame, snapshot: Snapshot, as_of: dt.date) -> None:
    mark = " · Synthetic data" if snapshot.synthetic else ""
    print(f"{found.height} alerts as of {as_of}, data version {snapshot.version}{mark}")
    names = snapshot.labels["center"]
    for row in found.iter_rows(named=True):
        print(f"{row['severity']:6} {names.get(row['center'], row['center'])}: {row['words']} [{row['rule']}]")


def _metric(name: str) -> Metric:
    if name not in METRICS:
        near = [known for known in METRICS if known.startswith(name[:4])]
        raise QueryError(
            f"There is no metric “{name}”; {'did you mean ' + near[0] + '?' if near else 'run python -m analytics for the list.'}"
        )
    return METRICS[name]


def _read(options: argparse.Namespace, snapshot: Snapshot) -> Filters:
    """Read the filters of a command; unlike in a URL, a wrong one is refused.

    Raises:
        QueryError: a value is not known or not reached.
    """
    given = {name: getattr(options, name) for name in DIMENSIONS if getattr(options, name)}
    reading = read({"from": options.from_, "to": options.to, **given}, snapshot.labels, snapshot.scope.role.dimensions)
    if reading.notices:
        raise QueryError(" ".join(reading.notices).replace("it was left out", "nothing was computed"))
    return reading.filters


def _filters(options: argparse.Namespace, snapshot: Snapshot, metric: Metric) -> Filters:
    filters = _read(options, snapshot)
    extra = [name for name in filters.used if name not in metric.dimensions]
    if extra:
        raise QueryError(f"{metric.name} cannot be narrowed by {DIMENSIONS[extra[0]][2]}; leave --{extra[0]} out. {metric.definition}")
    return filters


def check_reach(metric: Metric, scope: Scope, by: Sequence[str]) -> None:
    """Refuse groupings that the metric does not have or that the role does not reach.

    Raises:
        QueryError: with what can be used instead.
    """
    cube.check_groupings(by)
    asked = {"port" if name == "district" else name for name in by if name not in cube.TIMES}
    beyond = asked - set(scope.role.dimensions)
    if beyond:
        raise QueryError(
            f"The {scope.role.label.lower()} role sees national figures per Center; it cannot show a number by {', '.join(sorted(beyond))}."
        )
    missing = asked - set(metric.dimensions)
    if missing:
        raise QueryError(f"{metric.name} cannot be shown by {', '.join(sorted(missing))}; it has {', '.join(metric.dimensions)}.")


def _print_list() -> None:
    for metric in metrics.METRICS.values():
        print(f"{metric.id:32} {metric.name} ({metric.unit}, {metric.kind}; by {', '.join(metric.dimensions)})")


def _print_json(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, default=str, ensure_ascii=False))


def _print_csv(answer: dict[str, Any]) -> None:
    rows = answer["rows"]
    writer = csv.DictWriter(
        sys.stdout,
        fieldnames=list(rows[0]) if rows else ["value", "low", "high", "n", "quality"] if "metric" in answer else list(alerts.SCHEMA),
    )
    writer.writeheader()
    writer.writerows(rows)


def _print_table(answer: dict[str, Any]) -> None:
    metric = METRICS[answer["metric"]]
    mark = " · Synthetic data" if answer.get("synthetic") else ""
    print(f"{metric.name} ({metric.unit}) as of {answer['as_of']}, data version {answer['data_version']}{mark}")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True, thousands_separator=","):
        print(pl.DataFrame(answer["rows"], infer_schema_length=None))


_PRINTERS = {"table": _print_table, "csv": _print_csv, "json": _print_json}


if __name__ == "__main__":
    sys.exit(main())
