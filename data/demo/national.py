"""The demonstration at the size of the nation: facts of any number of lines, made without the database.

A month of a small demonstration is drawn from again and again: whole entries with their lines, on other days, at other
ports, of other amounts; reviews with all their dates moved. What such a store says is of no interest, how fast it is
made and asked is. Years follow the demonstration's last fiscal year.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from analytics import coding, periods
from analytics.coding import Codes
from data import reported
from data.contracts import TABLES
from data.demo.draws import AS_OF, Ints, generator
from data.facts import HAPPENED, STAKE, Tables
from data.months import Facts, Month, coded
from data.source import LEDGER_SCHEMA

#: First month of a national store: the last fiscal year of the demonstration is drawn from.
FIRST: Final = AS_OF.replace(year=AS_OF.year - 1) + dt.timedelta(days=1)

#: Lines that are made at once; whole days, so a large day is more.
SLICE_LINES: Final = 300_000

#: Entry summaries of the demonstration that is drawn from.
_TEMPLATE_ENTRIES: Final = 120_000

#: Reviews for each entry summary, in the nation a small share.
_REVIEW_SHARE: Final = 0.015

#: Days by which a review may be earlier than its model, in the same month.
_EARLIER: Final = 21

#: What of a review may be another's.
_PLACES: Final = ("port_code", "industry_code")

#: Share of entries and reviews that are drawn with another's port, and how much amounts differ from their model's.
_ELSEWHERE: Final = 0.3
_SPREAD: Final = 0.3


@dataclass(frozen=True)
class Nation:
    """A national store to be: `lines` entry lines over `years` fiscal years, the same for the same seed; a source of a publish."""

    lines: int
    years: int = 1
    seed: int = 2013

    @property
    def state(self) -> dict[str, Any]:
        """Nothing is known of loads."""
        return {}

    @property
    def synthetic(self) -> bool:
        """All of it is."""
        return True

    def months(self, kind: str) -> list[str]:  # noqa: ARG002
        """List its months, in order."""
        firsts = [FIRST]
        while len(firsts) < 12 * self.years:
            firsts.append(periods.next_month(firsts[-1]))
        return [first.strftime("%Y-%m") for first in firsts]

    def changed(self, since: Mapping[str, Any]) -> Mapping[str, Set[str]] | None:  # noqa: ARG002
        """Nobody can say."""
        return None

    def small(self, name: str) -> pl.DataFrame:
        """Return a small table of the demonstration, sorted by its key."""
        return self._tables[name].sort(TABLES[name].primary_key() if name in TABLES else ["account_id"])

    def month(self, kind: str, month: str, as_of: dt.date | None, lists: Codes) -> Month:  # noqa: ARG002
        """Draw a month: entries a few whole days at a time, when their slice is asked for; reviews at once."""
        drawn = _Drawn(self, kind, month)
        return Month(drawn.first, drawn.latest, drawn.slices())

    def ledger(self) -> pl.DataFrame:
        """There is no ledger."""
        return pl.DataFrame(schema=LEDGER_SCHEMA)

    def reported(self, after: int) -> pl.DataFrame:  # noqa: ARG002
        """Nothing is known of loads."""
        return pl.DataFrame(schema=reported.SCHEMA)

    @cached_property
    def _tables(self) -> Tables:
        from data import demo

        made = demo.generate(_TEMPLATE_ENTRIES, self.seed)
        keys = made["account"].select("account_id").sort("account_id").with_row_index("account_key")
        stake = made["entry"].select(STAKE)
        return made | {"account_key": keys.select("account_id", pl.col("account_key").cast(pl.Int64)), "stake": stake}

    @cached_property
    def models(self) -> dict[tuple[str, int], Facts]:
        """The facts of each calendar month of the demonstration's last fiscal year, by kind."""
        tables = self._tables
        lists = coding.code_lists(tables["center"]["center_code"], tables["industry"]["industry_code"], tables["port"]["port_code"])
        made = {kind: coded(kind, tables, None, lists) for kind in ("entry", "review")}
        return {(kind, month): _of_month(made[kind], kind, month) for kind in made for month in range(1, 13)}

    @cached_property
    def scale(self) -> float:
        """How many lines are made of one."""
        return self.lines / self.years / sum(facts["entry_line"].height for (kind, _), facts in self.models.items() if kind == "entry")


@dataclass(frozen=True)
class _Drawn:
    """A month that is drawn from its model."""

    nation: Nation
    kind: str
    month: str

    @property
    def first(self) -> dt.date:
        """First day of the month."""
        return dt.date.fromisoformat(f"{self.month}-01")

    @property
    def latest(self) -> dt.date:
        """Last day on which anything in it happened."""
        days = [self._model[name][column].max() for name, columns in HAPPENED.items() if name in self._model for column in columns]
        return max(day for day in days if isinstance(day, dt.date)) + dt.timedelta(days=self._shift)

    def slices(self) -> Iterable[Facts]:
        """Draw its facts."""
        rng = generator(self.nation.seed, f"{self.kind} {self.month}")
        return self._entries(rng) if self.kind == "entry" else [self._reviews(rng)]

    @property
    def _model(self) -> Facts:
        return self.nation.models[self.kind, self.first.month]

    @property
    def _place(self) -> int:
        return self.nation.months(self.kind).index(self.month)

    @property
    def _shift(self) -> int:
        """Days from the model's month to this one."""
        model = FIRST.replace(year=FIRST.year + (self.first.month < FIRST.month), month=self.first.month)
        return (self.first - model).days

    def _entries(self, rng: np.random.Generator) -> Iterator[Facts]:
        days = self._model["entry"].group_by("entry_date").len().sort("entry_date")
        counts = np.rint(days["len"].to_numpy() * self.nation.scale).astype(np.int64)
        day = days["entry_date"].cast(pl.Int32).to_numpy() + self._shift
        together = round(SLICE_LINES * self._model["entry"].height / self._model["entry_line"].height)
        begun = 10_000_000_000 + self._place * 100_000_000
        for first, last in _ranges(counts, together):
            dates = pl.Series("entry_date", np.repeat(day[first:last], counts[first:last]).astype(np.int32)).cast(pl.Date)
            yield _entries(self._model, rng, dates, begun)
            begun += dates.len()

    def _reviews(self, rng: np.random.Generator) -> Facts:
        """Draw reviews; those still open at the end of the demonstration are drawn for its last year only."""
        every, last_year = self._model["review"], self._place >= 12 * (self.nation.years - 1)
        choice = every if last_year else every.filter(pl.col("closed_date").is_not_null())
        entries = self.nation.models["entry", self.first.month]["entry"].height
        wanted = round(entries * self.nation.scale * _REVIEW_SHARE)
        drawn = choice.select(model_id="review_id", opened="opened_date")[np.sort(rng.integers(0, choice.height, wanted))]
        # Never later than the model: nothing happens after the as-of date.
        earlier = pl.min_horizontal(pl.Series(rng.integers(0, _EARLIER, wanted)), pl.col("opened").dt.day() - 1)
        elsewhere = every[rng.integers(0, every.height, wanted)]
        numbered = drawn.select(
            "model_id",
            new_id=pl.Series(np.arange(wanted) + (100 + self._place) * 10_000_000).cast(pl.String),
            moved=(self._shift - earlier).cast(pl.Int64),
            away=pl.Series(rng.random(wanted) < _ELSEWHERE),
            **{f"new_{name}": elsewhere[name] for name in _PLACES},
        )
        return {name: _moved(frame, numbered) for name, frame in self._model.items()}


def _of_month(facts: Facts, kind: str, month: int) -> Facts:
    """Cut a calendar month of the demonstration's last fiscal year out; what follows a review goes with it."""
    date = "entry_date" if kind == "entry" else "opened_date"
    inside = pl.col(date).is_between(FIRST, AS_OF) & (pl.col(date).dt.month() == month)
    if kind == "entry":
        return {name: facts[name].filter(inside) for name in ("entry", "entry_line")}
    review = facts["review"].filter(inside)
    return {name: frame.join(review, on="review_id", how="semi", maintain_order="left") for name, frame in facts.items()}


def _ranges(counts: Ints, together: int) -> Iterator[tuple[int, int]]:
    """Cut days into ranges of about so many entries."""
    first, inside = 0, 0
    for place, count in enumerate(counts):
        inside += int(count)
        if inside >= together:
            yield first, place + 1
            first, inside = place + 1, 0
    if inside:
        yield first, len(counts)


def _entries(model: Facts, rng: np.random.Generator, day: pl.Series, number: int) -> Facts:
    """Draw an entry with its lines for each day given; numbers follow each other."""
    entry, line, size = model["entry"], model["entry_line"], day.len()
    lines_of = line.group_by("entry_number", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    which = rng.integers(0, entry.height, size)
    place = np.where(rng.random(size) < _ELSEWHERE, rng.integers(0, entry.height, size), which)
    count = lines_of[which]
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    of_entry = np.repeat(np.arange(size), count)
    nth = np.arange(int(count.sum())) - starts[of_entry]
    source = (np.cumsum(lines_of) - lines_of)[which][of_entry] + nth
    factor = np.exp(rng.normal(0, _SPREAD, size))
    money = {name: np.rint(line[name].to_numpy()[source] * factor[of_entry]).astype(np.int64) for name in ("value_cents", "duty_cents")}
    made = entry[which].with_columns(
        pl.Series(np.arange(size) + number).cast(pl.String).alias("entry_number"),
        day,
        entry["port_code"].gather(place),
        entry["mode_code"].gather(place),
        *(pl.Series(name, np.add.reduceat(values, starts)) for name, values in money.items()),
        pl.Series("line_count", count),
    )
    own = ("entry_number", "entry_date", "port_code", "mode_code")
    lines = line[source].with_columns(
        *(made[name].gather(of_entry) for name in own),
        *(pl.Series(name, values) for name, values in money.items()),
        pl.Series("line_number", nth + 1),
    )
    sums = {"lines_count": pl.len().cast(pl.Int64), "value_cents": pl.col("value_cents").sum()}
    goods = lines.group_by("account_id", "industry_code").agg(**sums).sort("account_id", "industry_code")
    return {"entry": made, "entry_line": lines, "goods": goods}


def _moved(frame: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
    """Give each drawn review its model's rows, under its own id, with all dates moved and some at another place."""
    rows = drawn.join(frame, left_on="model_id", right_on="review_id", how="inner", maintain_order="left_right")
    later = pl.duration(days=pl.col("moved"))
    dates = [name for name, kind in frame.schema.items() if kind == pl.Date]
    numbers = [name for name in ("opened_day", "stop_day", "start_day") if name in frame.columns]
    places = [name for name in _PLACES if name in frame.columns]
    weeks = [f"{name}_week" for name in ("opened", "closed") if f"{name}_week" in frame.columns]
    moved = rows.with_columns(
        pl.col(dates) + later,
        pl.col(numbers) + pl.col("moved"),
        *(pl.when("away").then(f"new_{name}").otherwise(name).alias(name) for name in places),
        review_id="new_id",
    )
    return moved.select(frame.columns).with_columns(pl.col(weeks).dt.truncate("1w"))
