"""Write `docs/definitions.md` from the registry, the contracts, the layouts and the settings."""

from __future__ import annotations

from pathlib import Path

from analytics import codes, standards
from analytics.metrics import METRICS, Metric
from data.contracts import REFERENCES, TABLES, documentation
from data.layouts import REPORTS, Layout
from data.settings import Settings

TARGET = Path(__file__).parent / "definitions.md"


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
        (f"`CENTERLINE_{name.upper()}`", f"`{field.default}`" if str(field.default) else "(empty)", str(field.description))
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


if __name__ == "__main__":
    TARGET.write_text(page())
    print(f"Wrote {TARGET}.")
