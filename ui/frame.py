"""The frame around every page: filters, headline, as-of date, and what a page needs to ask its questions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Protocol

import polars as pl
import streamlit as st

from analytics import format, periods
from analytics.filters import Filters, Labels
from analytics.metrics import METRICS
from analytics.process import Verdict
from analytics.rollups import FEEDBACK, Frames, rollups_of
from analytics.scope import Scope
from ui import cite, filterbar, session
from ui.board import Stamp
from ui.board.seen import SEEN, Question


class Source(Protocol):
    """What the frame asks of a snapshot."""

    scope: Scope

    @property
    def frames(self) -> Frames:
        """Rollups, already cut to the scope."""

    @property
    def labels(self) -> Labels:
        """Code -> label of each dimension."""

    @property
    def as_of(self) -> dt.date:
        """Date of the data."""

    @property
    def first_date(self) -> dt.date:
        """First day of the data."""

    @property
    def version(self) -> str:
        """Id of the data version."""

    @property
    def synthetic(self) -> bool:
        """Whether anything in it is synthetic."""

    @property
    def load(self) -> str:
        """The load that the version holds last, in words; empty when none is named."""

    def dimension(self, name: str) -> pl.DataFrame:
        """Return a dimension table, such as `center`."""

    def targets(self) -> pl.DataFrame:
        """Targets: `metric_id`, `center_code` (or `ALL`), `valid_from`, `target_value`."""


@dataclass(frozen=True)
class View:
    """A page's question: the data at hand and what the reader narrowed them to."""

    source: Source
    filters: Filters
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> Frames:
        """Rollups, already cut to the scope."""
        return self.source.frames

    @property
    def as_of(self) -> dt.date:
        """Date of the data."""
        return self.source.as_of

    @property
    def labels(self) -> Labels:
        """Code -> label of each dimension."""
        return self.source.labels

    @property
    def sentence(self) -> str:
        """What is shown, in English; that feedback is of public pieces alone, where the scope reaches no others."""
        return self._said(self.filters.sentence(self.labels))

    @property
    def on_day(self) -> str:
        """What a stock is of, in English: the filters, and the last day of the period instead of all of it."""
        day = format.date(min(self.end, self.as_of))
        return self._said(" · ".join([*self.filters.narrowed(self.labels), f"on {day}"]))

    def _said(self, words: str) -> str:
        public = self.source.scope.role.released and rollups_of(FEEDBACK)[0].name in self.frames
        return f"{words} · public pieces" if public else words

    @property
    def end(self) -> dt.date:
        """Last day of the period."""
        return self.filters.to_date or self.as_of

    @property
    def earlier(self) -> Filters | None:
        """The same filters a year earlier; null when the data do not reach back that far."""
        start, end = self.filters.from_date, self.filters.to_date
        if start is None or end is None or periods.year_back(start) < self.source.first_date:
            return None
        return self.filters.between(periods.year_back(start), periods.year_back(end))

    @property
    def trend(self) -> Filters:
        """The same filters over the 13 months up to the period's end: a year and the month it began with."""
        start = max(periods.months_back(self.end, 12), periods.month_start(self.source.first_date))
        return self.filters.between(start, self.end)

    @cached_property
    def targets(self) -> pl.DataFrame:
        """The targets of all metrics."""
        return self.source.targets()

    @cached_property
    def judged(self) -> dict[str, tuple[pl.DataFrame, Verdict]]:
        """Months and verdict of each metric that `ui.signals.judged` was asked for: figures and cards ask for the same ones."""
        return {}

    def ask(self, metric_id: str, *by: str, filters: Filters | None = None) -> pl.DataFrame:
        """Answer a metric under the page's filters (or others)."""
        chosen = filters or self.filters
        metric = METRICS[metric_id]
        return metric.answer(self.frames, chosen.only(metric.dimensions), self.as_of, by)

    def label(self, dimension: str, code: str) -> str:
        """Return a code's label."""
        return self.labels.get(dimension, {}).get(code, code)

    @property
    def question(self) -> Question:
        """All that the page's numbers depend on."""
        return Question(self.source.version, self.source.scope, self.filters)

    def stamp(self) -> Stamp:
        """Return what goes on every export."""
        return Stamp(
            self.sentence,
            format.date(self.as_of),
            self.source.version,
            self.source.synthetic,
            self.source.scope.role.label,
            self.source.load,
        )


def open_view(source: Source, dimensions: Sequence[str], *, period: bool = True) -> View:
    """Draw the filters that a page uses, as far as the role reaches, and return the page's question; some pages have no period."""
    usable = [name for name in dimensions if name in source.scope.role.dimensions]
    reading = filterbar.draw(source.labels, usable, source.first_date, source.as_of, period=period)
    return View(source, reading.filters, reading.notices)


def headline(title: str, view: View, sentence: str = "", *, cited: str = "") -> None:
    """Write the page's finding, what it shows (by default the filters), and from when and which data it comes.

    A citation names the finding alone, so `cited` says what that is of where the page shows more: a stock is of a day.
    """
    mark = '<span class="cl-mark">Synthetic data</span>' if view.source.synthetic else ""
    with st.container(key="headline"):
        st.html(
            f'<header class="cl-head"><h1>{escape(title)}</h1><p class="cl-sub"><span>{escape(sentence or view.sentence)}</span></p>'
            f'<p class="cl-asof">As of <time datetime="{view.as_of.isoformat()}">{escape(format.date(view.as_of))}</time>'
            f" · data version <code>{escape(view.source.version)}</code> {mark}</p></header>"
        )
        cite.draw(cite.sentence(title, cited or sentence or view.sentence, view.stamp()), view.source.version)
    filterbar.notices(view.notices)


def kept(title: Callable[[View], str], view: View) -> str:
    """Return a page's finding; to a question that was asked before, as it was answered then (`ui.board.seen`)."""
    key = ("title", title.__module__, title.__name__, view.question)
    written, _ = SEEN.get(key, lambda: (title(view).encode(), ()))
    return written.decode()


def plain_headline(title: str, source: Source) -> None:
    """Write the headline of a page without filters."""
    mark = '<span class="cl-mark">Synthetic data</span>' if source.synthetic else ""
    st.html(
        f'<header class="cl-head"><h1>{escape(title)}</h1><p class="cl-asof">As of '
        f'<time datetime="{source.as_of.isoformat()}">{escape(format.date(source.as_of))}</time>'
        f" · data version <code>{escape(source.version)}</code> {mark}</p></header>"
    )


def on_export(record: Callable[[str, str], None]) -> Callable[[str], None]:
    """Make the board's export callback: `record` is told the action and the card with the URL parameters."""

    def exported(card: str) -> None:
        record("export", f"{card} {session.query()}")

    return exported
