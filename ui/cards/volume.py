"""Cards on what is processed: by Centers, by industry, over ports, and by accounts that no Center has yet."""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics import codes, format
from analytics.assignment import CLOSE_MARGIN
from ui import changes, charts
from ui.board import Card, Column
from ui.cards.shared import empty, has_rows, labelled, listed, plural, total, with_chart
from ui.frame import View
from ui.portmap import port_map as draw_map


def with_earlier(view: View, metric_id: str, dimension: str) -> pl.DataFrame:
    """Answer a metric by a dimension with `label` and the value a year `earlier` (null where there is none)."""
    now = view.ask(metric_id, dimension)
    if view.earlier is None:
        return labelled(view, now.with_columns(earlier=pl.lit(None, pl.Float64)), dimension)
    before = view.ask(metric_id, dimension, filters=view.earlier).select(dimension, earlier=pl.col("value").cast(pl.Float64))
    return labelled(view, now.join(before, on=dimension, how="left"), dimension)


def share_by_center(view: View) -> Card:
    """How much of the import value each Center processes, against a year earlier."""
    rows = with_earlier(view, "center_value_share", "center").filter(pl.col("center") != codes.PORT_CODE).sort("value", descending=True)
    key, subtitle = "center_share", f"Share of all import value that each Center processes rather than a port · {view.sentence}"
    if not has_rows(rows):
        return empty(view, key, "No Center processed any of these imports", "entry_summaries")
    first = rows.row(0, named=True)
    title = f"{first['label']} processes {format.share(first['value'])} of import value, the most of any Center shown"
    if rows.height == 1:
        title = f"{first['label']} processes {format.share(first['value'])} of import value"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=subtitle,
            alt=f"{title}. {plural(rows.height, 'Center')} drawn as bars, most first.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Center", "text"),
                Column("value", "Share of value", "share"),
                Column("earlier", "A year earlier", "share"),
                Column("n", "Entry summaries", "count"),
            ),
            metric_ids=("center_value_share",),
        ),
        charts.bars,
        rows,
        "label",
        "value",
        kind="share",
        previous="earlier",
        previous_label="a year earlier",
    )


def by_industry(view: View, most: int = 10) -> Card:
    """Which industries the value lies in."""
    rows = with_earlier(view, "import_value_usd", "industry").sort("value", descending=True)
    key = "industries"
    if not has_rows(rows):
        return empty(view, key, "No imports to divide over industries", "entry_summaries")
    whole, first = total(rows["value"]), rows.row(0, named=True)
    title = f"{first['label']} is {format.share(first['value'] / whole)} of import value"
    if first["earlier"]:
        part = view if rows.height == 1 else changes.of_part(view, "industry", first["industry"])
        title += f"; its value is {changes.words(part, 'import_value_usd', first['value'], first['earlier'], kind='usd')}"
    shown = rows.head(most)
    more = f"The {most} largest of {rows.height} industries" if rows.height > most else "Every industry"
    options: dict[str, Any] = {"kind": "usd", "previous": "earlier", "previous_label": "a year earlier"}
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"{more} by entered value; a line counts under its own goods · {view.sentence}",
            alt=f"{title}. {more} drawn as bars.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Industry", "text"),
                Column("value", "Import value", "usd"),
                Column("earlier", "A year earlier", "usd"),
            ),
            metric_ids=("import_value_usd",),
        ),
        charts.bars,
        shown,
        "label",
        "value",
        **options,
    )


def port_map(view: View, ports: pl.DataFrame, *, wide: bool = False) -> Card:
    """Where imports enter: value by port of entry on a map."""
    key = "ports"
    rows = labelled(view, view.ask("import_value_usd", "port"), "port").sort("value", descending=True)
    if not has_rows(rows):
        return empty(view, key, "No port of entry to show", "entry_summaries", wide=wide)
    places = rows.join(ports.select(port="port_code", name="port_name", latitude="latitude", longitude="longitude"), on="port", how="left")
    whole = total(places["value"])
    top = places.head(5)
    title = f"{places['name'][0]} takes all of this import value"
    if places.height > 1:
        leading = f"{format.share(total(top['value']) / whole)} of import value enters through {plural(top.height, 'port')} of {format.count(places.height)}"
        title = f"{leading}; {top['name'][0]} leads"
    flagged = places.with_columns(behind=~pl.col("port").is_in(top["port"].to_list()))
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Entered value by port of entry; area is value · {view.sentence}",
            alt=f"{title}: {listed(top['name'].to_list())}.",
            chart=None,
            table=flagged,
            columns=(
                Column("label", "Port of entry", "text"),
                Column("value", "Import value", "usd"),
                Column("n", "Entry summaries", "count"),
            ),
            metric_ids=("import_value_usd",),
            wide=wide,
            rows_note="Ports outside the map (Guam, Saipan) are in the table.",
        ),
        draw_map,
        flagged,
        "name",
        "longitude",
        "latitude",
        "value",
        kind="usd",
        muted="behind",
    )


def unassigned(view: View, waiting: pl.DataFrame) -> Card:
    """Which accounts no Center has yet, and which Center their goods suggest."""
    key, title = "unassigned", "Every account with goods has its assignment settled"
    subtitle = "Accounts pending assignment or under appeal, by the Center that most of their lines of the last 12 months suggest; all filters aside"
    if waiting.is_empty():
        return Card(key, title, subtitle, title, None, pl.DataFrame(), (), empty="No account is pending assignment or under appeal.")
    rows = labelled(view, waiting.rename({"suggested_center_code": "center"}), "center").with_columns(
        pl.col("label").fill_null("No goods in 12 months"),
        status_label=pl.col("status").replace_strict(codes.ASSIGNMENT_STATUSES, default=pl.col("status")),
    )
    accounts = int(total(rows["accounts_count"]))
    close = int(rows["close_count"].sum())
    by_center = (
        rows.group_by("label").agg(pl.col("accounts_count", "value_usd").sum()).sort(["value_usd", "label"], descending=[True, False])
    )
    title = f"{plural(accounts, 'account')} worth {format.usd(total(rows['value_usd']), long=True)} await a Center"
    if by_center.row(0, named=True)["value_usd"] > 0:
        title += (
            f"; goods suggest {by_center['label'][0]} for most of the value"
            if by_center.height > 1
            else f"; goods suggest {by_center['label'][0]}"
        )
    words = pl.col("accounts_count").cast(pl.String) + pl.when(pl.col("accounts_count") == 1).then(pl.lit(" account")).otherwise(
        pl.lit(" accounts")
    )
    return Card(
        key=key,
        title=title,
        subtitle=subtitle,
        alt=f"{title}. {plural(close, 'account')} of them lie within ten points of another Center.",
        chart=charts.bars(by_center.with_columns(extra=words), "label", "value_usd", kind="usd", extra="extra"),
        chart_narrow=charts.bars(by_center, "label", "value_usd", kind="usd", width=charts.PHONE),
        table=rows,
        columns=(
            Column("label", "Suggested Center", "text"),
            Column("status_label", "Status", "text"),
            Column("accounts_count", "Accounts", "count"),
            Column("entries_count", "Entry summaries", "count"),
            Column("value_usd", "Import value", "usd"),
            Column("median_margin", "Median margin to the next Center", "share"),
            Column("close_count", f"Margin under {format.share(CLOSE_MARGIN, 0)}", "count"),
        ),
        note=f"{plural(close, 'account')} with a margin under ten points to the next Center: read their goods before assigning.",
        metric_ids=("import_value_usd",),
    )
