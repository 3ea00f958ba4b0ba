"""Readers of the charts over time: months or weeks as categories, what is still moving as a dashed series of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import format as fmt
from analytics import periods
from ui.charts import base, process
from ui.charts.panels import panel_tone, settled
from ui.charts.times import days_of, flags_of, last_known, split
from ui.exports.native import Native, Number, Plot, Series, by_color, goal_line, numbers, scale
from ui.theme import ACCENT, GREY, INK, SECONDARY

_BAND: Final = "#73b3e7"
_STILL: Final = "provisional"


def _parts(name: str, values: Sequence[Number], flags: Sequence[bool], color: str, *, named: bool = True) -> list[Series]:
    """Return a series, and its moving end as a dashed one where it has any."""
    known, tail = split(values, flags)
    # All of it may be moving: then only the dashed one has numbers.
    moving = any(flags) and last_known(tail) is not None
    # The moving end runs where the label of the settled one would stand: that one stands above or below it.
    solid = [Series(name, tuple(known), color, look="line", label=_beside(known, tail) if moving else "last", named=named and not moving)]
    dashed = [Series(f"{name}, {_STILL}", tuple(tail), color, look="dash", label="last", named=True)] if moving else []
    if last_known(known) is None:
        solid = []
    return [*solid, *dashed]


def _beside(known: Sequence[Number], tail: Sequence[Number]) -> str:
    """Say on which side of a settled end the moving one leaves room."""
    end, last = last_known(known), last_known(tail)
    return "below" if end is not None and last is not None and last > end else "above"


def flow_lines(
    frame: pl.DataFrame,
    month: str,
    receipts: str,
    completions: str,
    *,
    provisional: str | None,
    expected: tuple[str, str, str] | None,
    names: tuple[str, str],
    kind: str,
    **_: Any,
) -> Native:
    """Read `times.flow_lines`: what came in against what went out."""
    rows = frame.sort(month)
    days, flags = days_of(rows, month), flags_of(rows, provisional)
    came, went = numbers(rows, receipts), numbers(rows, completions)
    series = [
        Series(names[0], came, SECONDARY, look="line", label="last", named=True),
        *_parts(names[1], went, flags, ACCENT),
    ]
    if expected and any(flags) and any(v is not None for v in numbers(rows, expected[0])):
        middle, low, high = (numbers(rows, name) for name in expected)
        series.append(Series("Expected in the end", middle, ACCENT, look="dots", symbol="diamond", low=low, high=high))
    values = [v for each in series for v in (*each.values, *each.low, *each.high) if v is not None]
    span = scale(values, kind, zero=not values or min(values) < 0.6 * max(values))
    note = f"Dashed: {_STILL}; diamonds: expected in the end, with a 95% interval." if any(flags) and expected else ""
    return Native((Plot("line", tuple(days), tuple(series), kind, scale=span),), note=note)


def rate_with_interval(
    frame: pl.DataFrame,
    x: str,
    value: str,
    low: str | None,
    high: str | None,
    *,
    kind: str,
    target: float | None,
    better: str,
    provisional: str | None,
    target_label: str,
    zero: bool,
    centre: str | None,
    limits: Sequence[str] | None,
    quarters: bool,
    **_: Any,
) -> Native:
    """Read `rates.rate_with_interval`: the ends of the interval are two thin lines beside the rate."""
    rows = frame.sort(x)
    days, flags, values = days_of(rows, x), flags_of(rows, provisional), numbers(rows, value)
    known = last_known([v for v, flag in zip(values, flags, strict=True) if not flag])
    color = base.tone(last_known(values) if known is None else known, target, better)
    ends = [(end, numbers(rows, name)) for end, name in (("Low", low), ("High", high)) if name]
    # A rate alone has its interval at its dot: there is no line beside which it could run.
    single = len(ends) == 2 and sum(v is not None for v in values) == 1
    series = [Series(f"{end} (95%)", part, _BAND, look="rule") for end, part in ends if not single]
    series += [Series("Average", numbers(rows, centre), GREY, look="rule", label="last", named=True)] if centre else []
    series += [Series("Limit", numbers(rows, name), GREY, look="rule", label="last", named=True) for name in limits or ()]
    if target is not None:
        goal = goal_line(target, kind, len(days))
        series.append(replace(goal, name=target_label[:1].upper() + target_label[1:] or goal.name))
    if single:
        moving = any(flag for v, flag in zip(values, flags, strict=True) if v is not None)
        name = f"Rate, {_STILL}" if moving else "Rate"
        series.append(Series(name, values, color, look="dots", low=ends[0][1], high=ends[1][1], label="last", named=moving))
    else:
        series += _parts("Rate", values, flags, color, named=False)
    key = (("95% interval", color if single else _BAND),) if low and high else ()
    span = scale([v for each in series for v in (*each.values, *each.low, *each.high)], kind, zero=zero)
    note = "Dashed: provisional." if any(flags) and not single else ""
    if quarters:
        return Native((_by_quarter(Plot("line", tuple(days), tuple(series), kind, scale=span)),), key=key, note=note)
    return Native((Plot("line", tuple(days), tuple(series), kind, scale=span),), key=key, note=note)


def _by_quarter(plot: Plot) -> Plot:
    """Name the fiscal quarters of a plot; one that is missing between two has its place and no number."""
    days = [day for day in plot.categories if isinstance(day, dt.date)]
    every = [days[0]] if days else []
    while every and every[-1] < days[-1]:
        every.append(periods.months_back(every[-1], -3))
    names = tuple("FY{} Q{}".format(*periods.fiscal_quarter(day)) for day in every)

    def placed(values: Sequence[Number]) -> tuple[Number, ...]:
        known = dict(zip(days, values, strict=True)) if values else {}
        return tuple(known.get(day) for day in every) if values else ()

    series = tuple(replace(each, values=placed(each.values), low=placed(each.low), high=placed(each.high)) for each in plot.series)
    return replace(plot, categories=names, series=series)


def process_chart(frame: pl.DataFrame, *, kind: str, target: float | None, **_: Any) -> Native:
    """Read `process.process_chart`: months between their limits; those that stand out have a colour and their word in the key."""
    points = process.points_of(frame.sort("month"))
    rows = frame.sort("month")
    lines = (("Average", "centre"), ("Upper limit", "upper"), ("Lower limit", "lower"))
    series = [
        Series(name, numbers(rows, column), GREY, look="rule", label="last", named=True)
        for name, column in lines
        if last_known(numbers(rows, column)) is not None
    ]
    series += [goal_line(target, kind, len(points))] if target is not None else []
    main = _parts("Value", numbers(rows, "value"), [point.open for point in points], SECONDARY, named=False)
    colors = tuple(point.look.color for point in points)
    series += main
    said = {point.look.past: point.look.color for point in points if point.look.word}
    every = Series("Months", numbers(rows, "value"), SECONDARY, colors, "dots", symbol="diamond")
    series += [each for each in by_color(every, {color: word.capitalize() for word, color in said.items()}) if each.name != "Months"]
    span = scale([v for each in series for v in each.values], kind)
    note = "Dashed: provisional." if any(point.open for point in points) else ""
    return Native(
        (Plot("line", tuple(point.day for point in points), tuple(series), kind, scale=span),), key=tuple(said.items()), note=note
    )


def fan(
    past: pl.DataFrame,
    ahead: pl.DataFrame,
    *,
    changed: pl.DataFrame | None,
    target: tuple[float, str] | None,
    noun: str,
    **_: Any,
) -> Native:
    """Read `fans.fan`: the past, and what is expected with the ends of its intervals as thin lines."""
    fans = [("Expected", ahead, ACCENT)] if changed is None else [("As planned", ahead, GREY), ("As tried", changed, ACCENT)]
    days = sorted({day for frame in (past, *(frame for _, frame, _ in fans)) for day in days_of(frame, "day")})
    ordered = past.sort("day")
    parts = _parts(noun.capitalize() or "Known", numbers(ordered, "value"), flags_of(ordered, "provisional"), SECONDARY, named=False)
    places = days_of(ordered, "day")
    series = []
    for each in parts:
        known = dict(zip(places, each.values, strict=True))
        series.append(replace(each, values=tuple(known.get(day) for day in days), label="none"))
    for name, frame, color in fans:
        for ends, words in ((("low95", "high95"), "95%"), (("low", "high"), "80%")):
            if ends[0] in frame.columns and frame[ends[0]].null_count() < frame.height:
                series += [
                    Series(f"{end} ({words})", _on(days, frame, column), _faint(color), look="rule")
                    for end, column in zip(("Low", "High"), ends, strict=True)
                ]
        series.append(Series(name, _on(days, frame, "mid"), color, look="line", label="last", named=True))
    if target is not None:
        series.append(
            Series(
                target[1][:1].upper() + target[1][1:], (target[0],) * len(days), INK, look="rule", label="last", named=True, valued=False
            )
        )
    span = scale([v for each in series for v in each.values], "count", zero=True)
    key = (
        ("known", SECONDARY),
        *((name.lower(), color) for name, _, color in fans),
        ("80% and 95% of what may come lie between the thin lines", _BAND),
    )
    return Native((Plot("line", tuple(days), tuple(series), "count", scale=span),), key=key)


def _faint(color: str) -> str:
    return _BAND if color == ACCENT else "#a9aeb1"


def _on(days: Sequence[dt.date], frame: pl.DataFrame, column: str) -> tuple[Number, ...]:
    """Place a column on the days of the whole plot."""
    known = dict(zip(days_of(frame, "day"), numbers(frame, column), strict=True))
    return tuple(known.get(day) for day in days)


def small_multiples(
    frame: pl.DataFrame,
    group: str,
    x: str,
    y: str,
    *,
    kind: str,
    target: float | None,
    better: str,
    highlight: Collection[str],
    provisional: str | None,
    zero: bool,
    **_: Any,
) -> Native:
    """Read `panels.small_multiples`: a small chart for each group, all on one scale, its last settled value in its title."""
    start, end, step = scale([*numbers(frame, y), target], kind, zero=zero)
    days = sorted(set(days_of(frame, x)))
    plots = []
    for name in frame.get_column(group).cast(pl.String).unique(maintain_order=True).to_list():
        rows = frame.filter(pl.col(group).cast(pl.String) == name).sort(x)
        values, own = numbers(rows, y), days_of(rows, x)
        open_last = bool(provisional and rows.height and rows.get_column(provisional)[-1])
        last = settled(values, open_last)
        color = panel_tone(last, name, target, better, highlight)
        flags = [False] * (rows.height - 1) + [open_last] if rows.height else []
        series = []
        for each in _parts(name, values, flags, color, named=False):
            # All panels have the months of all, so that they stand below each other.
            known = dict(zip(own, each.values, strict=True))
            series.append(replace(each, values=tuple(known.get(day) for day in days), label="none"))
        series += [replace(goal_line(target, kind, len(days)), label="none")] if target is not None else []
        title = f"{name}  {fmt.number(last, kind)}"
        plots.append(Plot("line", tuple(days), tuple(series), kind, title, (start, end, step), color))
    key = ((base.target_words(target, kind), GREY),) if target is not None else ()
    if len(plots) == 1:  # alone it needs no name beside it, and has room for its number
        alone = replace(plots[0], title="", series=tuple(replace(each, label="last") for each in plots[0].series))
        return Native((alone,))
    return Native(tuple(plots), key=key, note="All panels have one scale; beside each name stands its last settled value.")
