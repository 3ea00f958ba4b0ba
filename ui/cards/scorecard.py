"""The standing scorecard: past forecasts, made again as of month ends, against what came."""

from __future__ import annotations

import numpy as np
import polars as pl

from analytics import forecast, format
from ui import charts
from ui.board import Card, Column
from ui.cards.forecast import without
from ui.cards.shared import plural, with_chart
from ui.forecasting import PENDING_BAND, Plan


def scorecard(plan: Plan) -> Card:
    """How past forecasts did against what came, and against seasonal naive."""
    key = "scorecard"
    if not plan.ready:
        return without(plan, key)
    named = pl.when(pl.col("band") == PENDING_BAND).then(pl.lit(f"Pending, 1–{forecast.TESTED}"))
    rows = plan.card().with_columns(label=named.otherwise(pl.col("band") + pl.lit(" weeks")))
    title = scorecard_title(plan, rows)
    whole = rows.row(len(forecast.BANDS), named=True)
    if not whole["weeks"]:
        message = "Forecasts are made again as of each month end from half a year after the first work; there is no such month yet."
        return Card(key, title, f"Past forecasts against what came · {plan.narrowed}", f"{title}.", None, pl.DataFrame(), (), empty=message)
    said = rows.with_columns(
        pl.col("mase", "against_flat").map_elements(format.ratio, pl.String).fill_null(format.NONE),
        pl.col("bias_share", "covered_80", "covered_95")
        .map_elements(lambda value: format.share(value, 0), pl.String)
        .fill_null(format.NONE),
    )
    worse = [(row, name) for name in ("mase", "against_flat") for row, value in enumerate(rows[name].to_list()) if (value or 0) > 1]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"{plural(whole['forecasts'], 'forecast')} made again as of past month ends against what came: receipts by weeks ahead, then pending · {plan.narrowed}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=(
                Column("label", "Weeks ahead", "text"),
                Column("mase", "Missed, against last year", "ratio"),
                Column("against_flat", "Against a flat line", "ratio"),
                Column("bias_share", "Too high", "share"),
                Column("covered_80", "80% held", "share"),
                Column("covered_95", "95% held", "share"),
                Column("forecasts", "Forecasts", "count"),
                Column("weeks", "Weeks compared", "count"),
            ),
            metric_ids=("receipts",),
            note="vs last year: how far forecasts missed, over how far the same week a year earlier would have for the same weeks (MASE); under 1 is better. "
            "vs flat: the same over a flat line, for pending over leaving it as it is. Too high: forecast less what came, over what came. Held: share of weeks inside the 80% and 95% range. "
            "How to forecast is chosen from the weeks before each month end alone.",
        ),
        charts.words,
        said,
        "label",
        [
            ("mase", "vs last year"),
            ("bias_share", "Too high"),
            ("covered_80", "80% held"),
            ("covered_95", "95% held"),
            ("against_flat", "vs flat"),
        ],
        bad=worse,
    )


def scorecard_title(plan: Plan, rows: pl.DataFrame) -> str:
    """Say whether past forecasts beat seasonal naive, and whether they saw more than a flat line."""
    mase, whole, pending = plan.outlook.mase, rows.row(len(forecast.BANDS), named=True), rows.filter(band=PENDING_BAND)
    if not whole["weeks"]:
        return "Too young to judge: no past forecast can be compared yet"
    plain = pending["against_flat"][0] if pending.height else None
    more = "; pending left as it is was closer than its projection" if plain is not None and plain >= 1 else ""
    if mase is None:
        return f"Untested against a year earlier: that takes more than a year of work{more}"
    if mase >= 1:
        return f"No skill: receipts forecasts missed {_times(mase)} what the same week a year earlier did, so that is shown{more}"
    better = f"Receipts forecasts missed {format.share(1 - mase, 0)} less than the same week a year earlier"
    flat = whole["against_flat"]
    return f"{better}{', but have no skill beyond a flat line' if flat is None or flat > forecast.WORTH else ''}{more}"


def _times(mase: float) -> str:
    return f"{format.fixed(mase, 2)} times" if np.isfinite(mase) else "many times"
