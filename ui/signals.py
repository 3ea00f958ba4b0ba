"""Signal or noise, in words: what cards and key figures ask and say of a process chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from analytics import codes, format, monthly, periods, process, signalwords
from analytics.metrics import METRICS, Metric
from analytics.process import Verdict
from ui.board import About, Card, Meaning
from ui.frame import View


def histories(view: View, metric_ids: Sequence[str], provisional: Collection[dt.date] = ()) -> pl.DataFrame:
    """Return the months of metrics up to the period's end (`monthly.several`): one question each."""
    metrics = [METRICS[name] for name in metric_ids]
    span = {"end": view.end, "first_date": view.source.first_date, "provisional": provisional}
    return monthly.several(view.frames, metrics, view.filters, view.as_of, **span)  # type: ignore[arg-type]


def history(view: View, metric_id: str, provisional: Collection[dt.date] = ()) -> pl.DataFrame:
    """Return the months of one metric."""
    return histories(view, [metric_id], provisional).drop("metric_id")


def target_of(view: View, metric_id: str, targets: pl.DataFrame) -> float | None:
    """Return the target in force at the period's end: the Center's own when the view shows one Center, else that of all."""
    chosen = view.filters.centers
    return process.target_in_force(targets, metric_id, view.end, chosen[0] if len(chosen) == 1 else None)


def verdicts(view: View, months: pl.DataFrame, targets: pl.DataFrame) -> dict[str, Verdict]:
    """Judge the months of several metrics (`histories`) at once; a metric without any month has no verdict, one of `monthly.UNCHARTED` no signal."""
    carried = {str(name): Verdict(process.CARRIED, 0) for name in months["metric_id"].unique() if name in monthly.UNCHARTED}
    months = months.filter(~pl.col("metric_id").is_in([*carried]))
    drawn = process.chart(months, "neither", ["metric_id"]).partition_by("metric_id", as_dict=True)
    return carried | {
        str(name): process.verdict(part, METRICS[str(name)].direction, target_of(view, str(name), targets))
        for (name,), part in drawn.items()
    }


def judged(view: View, metric_ids: Sequence[str]) -> dict[str, tuple[pl.DataFrame, Verdict]]:
    """Return the months of metrics (`histories`) and what their process charts say; each is worked out once a run."""
    missing = [name for name in dict.fromkeys(metric_ids) if name not in view.judged]
    if missing:
        months = histories(view, missing)
        told = verdicts(view, months, view.targets)
        for name in missing:
            own = months.filter(pl.col("metric_id") == name).drop("metric_id")
            view.judged[name] = (own, told.get(name, Verdict(process.SHORT, 0)))
    return {name: view.judged[name] for name in metric_ids}


def of_series(months: pl.DataFrame, direction: str) -> Verdict:
    """Judge a series that is no metric of its own: `month`, `value`, `provisional` and, where known, `starting`; it has no target."""
    return process.verdict(process.chart(months, direction), direction)


def sentence(verdict: Verdict) -> str:
    """Say what a process chart says, and up to which month."""
    last = f" (last settled month {format.month(verdict.month)})" if verdict.month else ""
    return signalwords.said(verdict) + last


def about(view: View) -> About:
    """Return what a board asks of the metrics of its cards.

    The first metric of a card is its subject, whose process chart is judged, all of them at once; those of the others would take time that
    nobody asked for. An empty card tells nothing.
    """

    def told(cards: Sequence[Card]) -> list[list[Meaning]]:
        subjects = [_subject(card) for card in cards]
        verdicts = judged(view, [name for name in subjects if name])
        found = []
        for card, name in zip(cards, subjects, strict=True):
            plain = [] if card.empty else meanings(card.metric_ids)
            found.append([_with_signal(plain[0], view, name, verdicts[name][1]), *plain[1:]] if name else plain)
        return found

    return told


def _subject(card: Card) -> str:
    """Return the metric whose signal is a card's; empty where there is none."""
    return next((name for name in card.metric_ids if name in METRICS), "") if card.judged and not card.empty else ""


def _with_signal(meaning: Meaning, view: View, metric_id: str, verdict: Verdict) -> Meaning:
    clause = target_clause(verdict, METRICS[metric_id].unit)
    signal = sentence(verdict) + (f"; {clause}" if clause else "")
    return replace(
        meaning, name=label(view, METRICS[metric_id]), signal=signal, word=dated(verdict, view), tone=TONES.get(verdict.state, "none")
    )


def of_released(cards: Sequence[Card]) -> list[list[Meaning]]:
    """Return what the metrics of cards mean, without a signal: no months are at hand of what was released to a working group."""
    return [[] if card.empty else meanings(card.metric_ids) for card in cards]


#: Shares of Centers -> of what; under a choice of Centers they are those of all of it.
_OF_ALL: Final = {"center_value_share": "import value", "center_entry_share": "entry summaries"}


def label(view: View, metric: Metric) -> str:
    """Name a metric as it is meant under the filters: the share of one Center is of all imports, not of those at Centers or of its goods."""
    chosen = [code for code in view.filters.centers if code != codes.PORT_CODE]
    if metric.id not in _OF_ALL or not chosen:
        return metric.name
    return f"{view.label('center', chosen[0]) if len(chosen) == 1 else 'The chosen Centers'}, of all {_OF_ALL[metric.id]}"


def meanings(metric_ids: Sequence[str]) -> list[Meaning]:
    """Return what metrics mean, without a signal."""
    metrics = [METRICS[name] for name in metric_ids if name in METRICS]
    return [Meaning(metric.name, metric.definition) for metric in metrics]


#: Shape and colour of a signal.
TONES: Final = {process.IMPROVEMENT: "good", process.CONCERN: "bad", process.UP: "up", process.DOWN: "down"}


def dated(verdict: Verdict, view: View) -> str:
    """Say in a word or two what the process chart says, and up to which month where the last ones do not count yet."""
    settled = verdict.month is None or verdict.month >= periods.month_start(view.end)
    return verdict.words if settled or verdict.state not in TONES else f"{verdict.words} to {format.month(verdict.month)}"


def target_clause(verdict: Verdict, unit: str) -> str:
    """Say whether months will meet the target: `its months will not reliably meet the target of 98.0%`; empty without one.

    It is said of months: the interval of a whole period beside it may well lie on one side of the target.
    """
    clauses = {
        process.MEETS: "its months will reliably meet the target of",
        process.FAILS: "its months will not reliably meet the target of",
        process.MAY: "a month may or may not meet the target of",
    }
    return f"{clauses[verdict.assurance]} {format.number(verdict.target, unit)}" if verdict.assurance else ""
