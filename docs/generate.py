"""Write `docs/definitions.md` from the registry, the contracts, the layouts and the settings, and `docs/performance.md` from a run of `make bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analytics import clocks, codes, standards
from analytics.metrics import METRICS, Metric
from data.contracts import REFERENCES, TABLES, documentation
from data.layouts import REPORTS, Layout
from data.settings import Settings

TARGET = Path(__file__).parent / "definitions.md"

#: What `make bench` found last, and the page that shows it.
MEASURED = Path(__file__).parents[1] / "benchmarks" / "results" / "latest.json"
PERFORMANCE = Path(__file__).parent / "performance.md"

_PARTS = {
    "loading": ("Loading and publishing", "`benchmarks/loading.py`: a million entry lines from Parquet into SQLite, and their publish."),
    "scale": (
        "National scale",
        "`benchmarks/scale.py`, `benchmarks/heavy.py`, `benchmarks/questions.py`: drawn facts of a hundred million lines a year (`python -m data "
        "demo --facts-only`). The store of a decade repeats the rollups of that year on the dates of nine years before it.",
    ),
    "pages": (
        "In the browser",
        "`benchmarks/pages.py`, `benchmarks/sessions.py`: clicks in headless Chromium, beside the same charts made in other ways.",
    ),
    "desk": (
        "A director's pages in the browser",
        "`benchmarks/desk.py`: the same clicks on the pages of one Center, beside the page of one small chart.",
    ),
    "disclosure": (
        "Disclosure control",
        "`benchmarks/disclosure.py`: a release as large as the real one and one five times as large, of drawn facts; processor time of one core.",
    ),
}


def page() -> str:
    """Return the whole page."""
    parts = [
        "# Definitions",
        "This page is made from the code (`make docs`); a test holds it to the code.",
        "## Metrics",
        "Command: `python -m analytics METRIC_ID`. Every number on a page has the same id here, on the command line and in the code.",
        *map(_metric, METRICS.values()),
        "## Standards that make pending work a backlog",
        _table(("work type", "standard, days"), [(codes.WORK_TYPES[name], str(days)) for name, days in standards.STANDARD_DAYS.items()]),
        "## Clocks that the law sets",
        "A date is the last day on which the action is in time. Where inaction changes a legal right, the date sorts the work list.",
        _table(_CLOCK_HEADS, [_clock(row) for row in clocks.rules_table().iter_rows(named=True)]),
        "## Settings",
        "Read from the environment or a `.env` file.",
        _table(("setting", "default", "meaning"), _settings()),
        "## Reports of ACE that load as they are",
        "Headings are matched whatever their case and spacing. Those without a column, and others, are ignored with a notice.",
        *(_layout(layout) for layout in REPORTS.values()),
        "## Tables",
        "An extract is a file whose columns are those of a table, in any order. Empty cells are allowed only where it says so.",
        *(_contract(name) for name in TABLES),
    ]
    return "\n\n".join(parts) + "\n"


_CLOCK_HEADS = ("clock", "work", "whose duty", "last day", "if nothing is done", "changes a right", "citation", "in force")


def _clock(row: dict[str, Any]) -> tuple[str, ...]:
    work = f"{row['work']}, {row['runs_while']}" if row["runs_while"] else row["work"]
    force = (
        f"{row['in_force_from'] or ''} to {row['in_force_to'] or ''}".strip() if row["in_force_from"] or row["in_force_to"] else "always"
    )
    legal = "yes" if row["legal"] else "no"
    return row["clock"], work, row["duty"], row["time"], row["consequence"], legal, row["citation"], force.removesuffix(" to")


def _metric(metric: Metric) -> str:
    rows = [
        ("id", f"`{metric.id}`"),
        ("formula", metric.formula),
        ("unit", metric.unit),
        ("better", metric.direction),
        ("kind", metric.kind),
        ("basis", metric.basis),
        ("shown and filtered by", ", ".join([*metric.dimensions, "month, quarter, fiscal_year"])),
        ("computed by", f"`{metric.module}.{metric.answer.__name__}`"),
    ]
    return f"### {metric.name}\n\n{metric.definition}\n\n" + _table(("", ""), rows)


def _settings() -> list[tuple[str, ...]]:
    return [
        (f"`CENTERLINE_{name.upper()}`", f"`{field.default}`" if str(field.default or "") else "(empty)", str(field.description))
        for name, field in Settings.model_fields.items()
    ]


def _layout(layout: Layout) -> str:
    rows = [(h.heading, f"`{h.column}`" if h.column else "", "yes" if h.required else "no", h.seen) for h in layout.headings]
    return f"### {layout.name}\n\n" + _table(("heading", "column", "needed", "as exported"), rows)


def _contract(name: str) -> str:
    targets = {column: f" In `{target[0]}`." for (table, column), target in REFERENCES.items() if table == name}
    rows = []
    for column in documentation(TABLES[name]):
        meaning = f"{column['meaning']}.{targets.get(column['column'], '')}"
        if column["codes"]:
            meaning += " One of: " + ", ".join(f"`{code}`" for code in column["codes"]) + "."
        kind = column["type"] + (f", {column['unit']}" if column["unit"] else "")
        rows.append((f"`{column['column']}`" + (" (key)" if column["key"] else ""), kind, "yes" if column["nullable"] else "no", meaning))
    return f"### `{name}`\n\n{(TABLES[name].__doc__ or '').strip()}\n\n" + _table(("column", "type", "may be empty", "meaning"), rows)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows])


def performance(rows: list[dict[str, Any]]) -> str:
    """Return the page of what was measured, where it falls short first of all."""
    short = [row for row in rows if row.get("met") is False]
    met = [row for row in rows if row.get("met")]
    parts = [
        "# Performance",
        f"Measured by `make bench`, written by `make docs`. {len(met)} of {len(met) + len(short)} goals are reached."
        + (" Those that are not come first." if short else ""),
    ]
    if short:
        parts += ["## Not reached", _table(_HEADS, [_measured(row) for row in short])]
    for part, (title, words) in _PARTS.items():
        own = [row for row in rows if row["part"] == part]
        if own:
            parts += [
                f"## {title}",
                words,
                _table(_HEADS, [_measured(row) for row in own]),
                f"Machine: {own[0]['machine']}; {own[0]['versions']}.",
            ]
    return "\n\n".join(parts) + "\n"


_HEADS = ("measure", "n", "median", "p95", "against", "ratio", "goal", "reached")


def _measured(row: dict[str, Any]) -> tuple[str, ...]:
    median, p95 = (f"{row[name]:,.6g} {row['unit']}" for name in ("p50", "p95"))
    reached = {True: "yes", False: "**no**"}.get(row.get("met"), "")  # type: ignore[call-overload]
    ratio = f"{row['ratio']:g}" if "ratio" in row else ""
    return row["measure"], str(row["n"]), median, p95, row.get("against", ""), ratio, row.get("reach", ""), reached


if __name__ == "__main__":
    TARGET.write_text(page())
    PERFORMANCE.write_text(performance(json.loads(MEASURED.read_text())))
    print(f"Wrote {TARGET} and {PERFORMANCE}.")
