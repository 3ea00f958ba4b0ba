"""For each chart function, the series of the same frame: one reader with the function's own arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import format as fmt
from ui.charts import base, grids, ranked
from ui.charts.status import status_colors
from ui.exports import timely
from ui.exports.native import DOTS, MOST, Native, Plot, Series, Words, by_color, first, goal_line, names, numbers, scale
from ui.theme import ACCENT, BAD, CONTEXT, GREY, INK, ink_on


def bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    *,
    kind: str,
    highlight: Collection[str],
    bad: str | None,
    previous: str | None,
    previous_label: str,
    low: str | None,
    high: str | None,
    extra: str | None,
    **_: Any,
) -> Native:
    """Read `ranked.bars`: a bar for each row, with what it was before in grey."""
    rows, left = first(frame)
    flags = rows.get_column(bad).to_list() if bad else [None] * rows.height
    labels = names(rows, label)
    colors = tuple(ranked.bar_color(name, flag, highlight) for name, flag in zip(labels, flags, strict=True))
    more = tuple(str(words or "") for words in rows.get_column(extra).to_list()) if extra else ()
    # A bar that is not there says why beside its name.
    known = rows.get_column(value).to_list()
    labels = (
        tuple(f"{name} ({words})" if v is None and words else name for name, words, v in zip(labels, more or labels, known, strict=True))
        if more
        else labels
    )
    ends = (numbers(rows, low), numbers(rows, high)) if low and high else ((), ())
    series = [
        Series("Value", numbers(rows, value), colors[0] if colors else ACCENT, colors, low=ends[0], high=ends[1], label="all", extra=more)
    ]
    key: tuple[tuple[str, str], ...] = ()
    if previous and any(v is not None for v in numbers(rows, previous)):
        before = (previous_label or "before").capitalize()
        series.append(Series(before, numbers(rows, previous), CONTEXT))
        key = ((before, CONTEXT),)
    return Native((Plot("bars", labels, tuple(series), kind),), key=key, note=left)


def due_bars(frame: pl.DataFrame, label: str, value: str, *, bad: str | None, soft: str | None, kind: str, **_: Any) -> Native:
    """Read `times.due_bars`: columns in the order of time."""
    flags = [frame.get_column(name).to_list() if name else [False] * frame.height for name in (bad, soft)]
    colors = tuple(BAD if b else CONTEXT if s else ACCENT for b, s in zip(*flags, strict=True))
    return Native((Plot("columns", names(frame, label), (Series("Value", numbers(frame, value), ACCENT, colors, label="all"),), kind),))


def dots_with_interval(
    frame: pl.DataFrame,
    label: str,
    value: str,
    low: str,
    high: str,
    *,
    kind: str,
    target: float | None,
    target_label: str,
    better: str,
    n: str | None,
    quality: str | None,
    highlight: Collection[str],
    **_: Any,
) -> Native:
    """Read `ranked.dots_with_interval`: rows that are not drawn on screen have no number here and say why."""
    rows, left = first(frame, DOTS)
    states = rows.get_column(quality).to_list() if quality else [None] * rows.height
    values = numbers(rows, value)
    shown = [state in (None, "ok", "provisional") and v is not None for state, v in zip(states, values, strict=True)]
    values, lows, highs = (
        tuple(v if keep else None for v, keep in zip(each, shown, strict=True))
        for each in (values, numbers(rows, low), numbers(rows, high))
    )
    goal = ranked.Goal(target, better, highlight)
    labels = names(rows, label)
    looks = [goal.look(*parts)[0] for parts in zip(labels, values, lows, highs, strict=True)]
    reasons = {"suppressed": "withheld", "none": "nothing to report", None: "no data", "ok": "no data"}
    sizes = rows.get_column(n).to_list() if n else [None] * rows.height
    cases = [f"n\u00a0=\u00a0{fmt.count(size)}" if size is not None else "" for size in sizes]
    more = [size if keep else reasons.get(s, "too few") for keep, s, size in zip(shown, states, cases, strict=True)]
    said = tuple(f"{name} ({words})" if words else name for name, words in zip(labels, more, strict=True))
    series = by_color(
        Series("Value", values, ACCENT, tuple(looks), "dots", low=lows, high=highs, label="all"), _JUDGED if target is not None else _LIT
    )
    key: tuple[tuple[str, str], ...] = ()
    if target is not None:
        goal_words = target_label or base.target_words(target, kind)
        series.append(replace(goal_line(target, kind, len(said)), name=goal_words[:1].upper() + goal_words[1:], label="none"))
        key = (*((each.name, each.color) for each in series[:-1] if each.color in _JUDGED), (f"Dotted line: {goal_words}", GREY))
    span = scale([*values, *lows, *highs, target], kind)
    return Native((Plot("dots", said, tuple(series), kind, scale=span),), key=key, note=left)


#: What colours of dots mean beside a target, and without one.
_JUDGED: Final = {BAD: "Clearly worse", GREY: "Too close to call"}
_LIT: Final = {GREY: "Others"}


def against_chance(
    frame: pl.DataFrame,
    label: str,
    value: str,
    expected: str,
    low: str,
    high: str,
    *,
    bad: str,
    names: tuple[str, str],
    kind: str,
    **_: Any,
) -> Native:
    """Read `chance.against_chance`: a dot on the range that chance alone would give."""
    rows, left = first(frame, DOTS)
    colors = tuple(BAD if flag else ACCENT for flag in rows.get_column(bad).to_list())
    lows, highs = numbers(rows, low), numbers(rows, high)
    series = (
        Series(names[1], numbers(rows, expected), GREY, look="faint", low=lows, high=highs),
        *by_color(Series(names[0], numbers(rows, value), ACCENT, colors, "dots", label="all"), {BAD: f"{names[0]}, more than chance"}),
    )
    labels = tuple(str(name) for name in rows.get_column(label).to_list())
    span = scale([v for each in series for v in (*each.values, *each.low, *each.high)], kind)
    return Native((Plot("dots", labels, series, kind, scale=span),), key=((names[0], ACCENT), (names[1], GREY)), note=left)


def spans(
    frame: pl.DataFrame, label: str, *, median: str, low: str, high: str, far: Sequence[str], reference: str, names: Sequence[str], **_: Any
) -> Native:
    """Read `courses.spans`: medians with their intervals, later quantiles, and a grey median to compare with."""
    rows, left = first(frame, DOTS)
    said = [*names, "later"]
    series = [
        Series(said[0], numbers(rows, reference), GREY, look="dots", symbol="diamond"),
        Series(said[1], numbers(rows, median), ACCENT, look="dots", low=numbers(rows, low), high=numbers(rows, high), label="all"),
        *(Series(f"{said[2]} ({name})", numbers(rows, name), "#3d86c6", look="dots", symbol="dash") for name in far),
    ]
    labels = tuple(str(name) for name in rows.get_column(label).to_list())
    span = scale([v for each in series for v in (*each.values, *each.low, *each.high)], "days", zero=True)
    key = ((said[0], GREY), (said[1], ACCENT), (said[2], "#3d86c6"))
    return Native((Plot("dots", labels, tuple(series), "days", scale=span),), key=key, note=left)


def stacked_status(
    frame: pl.DataFrame, label: str, status: str, value: str, *, tones: Mapping[str, str] | None, as_share: bool, kind: str, **_: Any
) -> Native:
    """Read `status.stacked_status`: parts of each row, as shares of it or as they are."""
    rows = tuple(dict.fromkeys(names(frame, label)))[:MOST]
    states = list(dict.fromkeys(names(frame, status)))
    found = {(str(a), str(b)): float(v or 0) for a, b, v in frame.select(label, status, value).iter_rows()}
    totals = [sum(found.get((name, state), 0.0) for state in states) or 1.0 for name in rows]
    colors = status_colors(states, tones or {})
    series = tuple(
        Series(
            state,
            tuple(found.get((name, state), 0.0) / (total if as_share else 1) for name, total in zip(rows, totals, strict=True)),
            color,
            label="all",
        )
        for state, color in zip(states, colors, strict=True)
    )
    whole = (0.0, 1.0, 0.25) if as_share else None
    # A share says of how many it is; amounts say it themselves.
    said = tuple(f"{name} (n = {fmt.count(found_of)})" for name, found_of in zip(rows, totals, strict=True)) if as_share else rows
    return Native((Plot("stack", said, series, "share" if as_share else kind, scale=whole),), key=tuple(zip(states, colors, strict=True)))


def stacked_ages(frame: pl.DataFrame, row: str, bucket: str, count: str, *, total: bool, outline: str | None, **_: Any) -> Native:
    """Read `grids.stacked_ages`: a table with the screen's colours, share and count in each cell."""
    return _matrix(grids.age_grid(frame, row, bucket, count, total=total, outline=outline, with_count=True))


def heat(
    frame: pl.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    kind: str,
    outline: str | None,
    low: float | None,
    high: float | None,
    unknown: str,
    **_: Any,
) -> Native:
    """Read `grids.heat`: a table with the screen's colours."""
    return _matrix(grids.heat_grid(frame, row, column, value, kind=kind, outline=outline, low=low, high=high, unknown=unknown))


def _matrix(grid: grids.Grid) -> Native:
    texts = [["" for _ in grid.columns] for _ in grid.rows]
    fills, inks = {}, {}
    for cell in grid.cells:
        texts[cell.row][cell.column] = grids.plain(cell.text).replace("\n", " · ")
        fills[cell.row, cell.column + 1] = cell.fill
        inks[cell.row, cell.column + 1] = BAD if cell.outlined and ink_on(cell.fill) == INK else ink_on(cell.fill)
    ends = [[end] for end in grid.ends] or [[] for _ in grid.rows]
    rows = tuple((name, *each, *end) for name, each, end in zip(grid.rows, texts, ends, strict=True))
    heads = ("", *grid.columns, *(["Total"] if grid.ends else []))
    return Native(words=Words(heads, rows, fills, inks, frozenset(range(1, len(heads)))))


def words(frame: pl.DataFrame, label: str, columns: Sequence[tuple[str, str]], *, bad: Collection[tuple[int, str]], **_: Any) -> Native:
    """Read `words.words`: a table of written figures."""
    texts = [names(frame, name) for name, _ in columns]
    inks = {(row, place + 1): BAD for place, (name, _) in enumerate(columns) for row in range(frame.height) if (row, name) in bad}
    rows = tuple(zip(names(frame, label), *texts, strict=True))
    heads = ("", *(head for _, head in columns))
    return Native(words=Words(heads, rows, {}, inks, frozenset(range(1, len(heads)))))


def curves(main: Any, context: Any, *, x: str, y: str, **_: Any) -> Native:
    """Read `courses.curves`: the share that is still open, day by day."""
    series, places = [], sorted({0.0, *(float(d) for each in (main, context) for d in each.frame.get_column(x).to_list())})
    for each, color, look in ((context, GREY, "line"), (main, ACCENT, "line")):
        known = {0.0: 1.0} | dict(zip((float(d) for d in each.frame.get_column(x)), each.frame.get_column(y).to_list(), strict=True))
        values = tuple(known.get(place) for place in places)
        series.append(Series(each.name, values, color, look=look, label="last", named=True))
    texts = tuple(fmt.count(place) for place in places)
    return Native((Plot("curve", texts, tuple(series), "share", scale=(0.0, 1.0, 0.25), places=tuple(places)),))


READERS: Final[dict[str, Callable[..., Native]]] = {
    "bars": bars,
    "due_bars": due_bars,
    "dots_with_interval": dots_with_interval,
    "against_chance": against_chance,
    "spans": spans,
    "stacked_status": stacked_status,
    "stacked_ages": stacked_ages,
    "heat": heat,
    "words": words,
    "curves": curves,
    "flow_lines": timely.flow_lines,
    "rate_with_interval": timely.rate_with_interval,
    "process_chart": timely.process_chart,
    "fan": timely.fan,
    "small_multiples": timely.small_multiples,
}
