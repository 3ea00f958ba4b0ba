"""A chain of monthly releases over small made-up data that are revised all the while, and an attacker who has read every one of them.

The releases are made by `data.release.write`, folder after folder, as a publish does; only what reads the rollups from files is replaced.
The attacker shares no code with the audit: equations written down by hand, whole numbers by integer programs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics import periods
from data import parts, release
from tests.data.second_attacker import KEYS, equations

D = dt.date
Cell = tuple[str, str, str, str]
#: A cell with its true total: a cell that keeps its total is the same in all releases, as the attacker is taken to know.
Variable = tuple[Cell, float]

CENTERS = ("AAA", "BBB", "CCC")
CENTER = pl.DataFrame(
    {"center_code": CENTERS, "opened_date": [D(2011, 10, 1), D(2011, 10, 1), D(2012, 3, 12)], "planned_date": [None] * 3},
    schema_overrides={"planned_date": pl.Date},
)
PORT = pl.DataFrame({"port_code": ["0101", "0102", "0201", "0301"], "district_code": ["01", "01", "02", "03"]})
MONTHS = [periods.months_back(D(2011, 10, 1), -count) for count in range(15)]
#: The last month of each release: fiscal quarters end in June, September (with the year) and December.
LASTS = MONTHS[7:]
ACCOUNTS = 40


@dataclass
class Data:
    """What the sources say now: entries (month, Center, account, port) and work (month, Center, account), each with its counts."""

    rng: np.random.Generator
    entries: dict[tuple[D, str, str, str], list[int]] = field(default_factory=dict)
    work: dict[tuple[D, str, str], list[int]] = field(default_factory=dict)

    def draw(self) -> None:
        """Draw accounts of very different size, each of one Center or of ports, a few of two."""
        for number in range(ACCOUNTS):
            account = f"A{number:02d}"
            size = float(self.rng.lognormal(0.3, 1.0))
            homes = self.rng.choice([*CENTERS, "PORT"], 1 + (number % 5 == 0), p=[0.35, 0.25, 0.25, 0.15], replace=False)
            ports = self.rng.choice(PORT["port_code"].to_list(), 2)
            for month in MONTHS:
                for home in homes:
                    if home != "CCC" or month >= D(2012, 3, 1):
                        self._month(month, str(home), account, size, ports)

    def _month(self, month: D, home: str, account: str, size: float, ports: np.ndarray) -> None:
        for port in dict.fromkeys(ports.tolist()):
            if count := int(self.rng.poisson(size)):
                self.entries[month, home, account, port] = [count, count * int(self.rng.integers(10_000, 90_000))]
        if came := int(self.rng.poisson(size / 2)):
            self.work[month, home, account] = [came, int(self.rng.integers(0, came + 1))]

    def revise(self, last: D) -> None:
        """Let late reports change months that are over: more or fewer entries, an account that was not there, work that came after all."""
        for key in [key for key in self.entries if key[0] <= last and self.rng.random() < 0.15]:
            count, cents = self.entries[key]
            more = max(count + int(self.rng.choice([-1, 1, 2])), 1)
            self.entries[key] = [more, cents * more // count + 100]
        for key in [key for key in self.work if key[0] <= last and self.rng.random() < 0.1]:
            self.work[key][0] += 1
        for month in MONTHS:
            if month <= last and self.rng.random() < 0.3:
                account = f"A{int(self.rng.integers(ACCOUNTS)):02d}"
                self.entries.setdefault((month, "AAA", account, "0301"), [1, 50_000])

    def rollups(self) -> dict[str, pl.DataFrame]:
        """Return what `data.release` reads of a version."""
        rows = [(month, home, account, port, *counts) for (month, home, account, port), counts in self.entries.items()]
        names = ["date", "center_code", "account_key", "port_code", "entries_count", "value_cents"]
        entries = pl.DataFrame(rows, schema=names, orient="row")
        work = [(month, home, account, came, done, came - done) for (month, home, account), (came, done) in self.work.items()]
        names = ["date", "center_code", "account_key", "receipts", "completions", "pending_net"]
        return {
            "accounts_day_0": entries.drop("port_code").group_by("date", "center_code", "account_key").sum(),
            "participants_month_2": entries,
            "account_work_day_0": pl.DataFrame(work, schema=names, orient="row").with_columns(backlog_net=pl.col("pending_net") // 2),
        }


@dataclass
class Chain:
    """Releases one after the other, and what each account owned of each month when that was first released."""

    releases: list[dict[str, pl.DataFrame]] = field(default_factory=list)
    owned: dict[str, dict[Cell, float]] = field(default_factory=dict)


def make(seed: int, home: Path, patch: pytest.MonkeyPatch, lasts: list[D] = LASTS) -> Chain:
    """Make a chain of releases over data that are revised before each."""
    data, chain = Data(np.random.default_rng(seed)), Chain()
    data.draw()
    patch.setattr(release, "_provisional", lambda *_: frozenset())
    before = D.min
    for number, last in enumerate(lasts):
        frames = data.rollups()
        patch.setattr(release, "_rollup", lambda _, kind, name, frames=frames: frames.get(name, parts.empty(kind)[name]).lazy())
        folder = home / "versions" / f"v{number:02d}" / "facts"
        folder.mkdir(parents=True)
        release.write(folder, release.Versions(home, (), {}), CENTER, PORT, periods.month_end(last), renew=True)
        chain.releases.append({name: pl.read_parquet(folder / f"{name}.parquet") for name in release.FILES})
        if chain.releases[-1][release.SUMMARY]["released"].item():
            _remember(chain, data, before, last)
            before = last
        data.revise(last)
    return chain


def _remember(chain: Chain, data: Data, before: D, last: D) -> None:
    """Write down what each account owned in the months that are new, in every cell that they are part of."""
    for (month, home, account, port), (count, cents) in data.entries.items():
        if before < month <= last:
            district = dict(PORT.iter_rows())[port]
            for metric, amount in (("entry_summaries", float(count)), ("import_value_usd", cents / 100)):
                _add(chain, account, metric, home, month, "ALL", amount)
            _add(chain, account, "entry_summaries", home, month, district, float(count))
    stocks: dict[tuple[str, str, D], tuple[int, int]] = {}
    for (month, home, account), (came, done) in data.work.items():
        if before < month <= last:
            _add(chain, account, "receipts", home, month, "ALL", float(came))
            _add(chain, account, "completions", home, month, "ALL", float(done))
        for end in MONTHS:
            if month <= end and before < end <= last:
                pending, backlog = stocks.get((home, account, end), (0, 0))
                stocks[home, account, end] = pending + came - done, backlog + (came - done) // 2
    for (home, account, end), amounts in stocks.items():
        for metric, amount in zip(("pending", "backlog"), amounts, strict=True):
            _add(chain, account, metric, home, end, "ALL", float(amount))


def _add(chain: Chain, account: str, metric: str, home: str, month: D, district: str, amount: float) -> None:
    mine = chain.owned.setdefault(account, {})
    year = periods.fiscal_year_start(periods.fiscal_year(month))
    quarter = D(month.year, month.month - (month.month - 1) % 3, 1)
    spans = [f"month {month}"] if district == "ALL" else []
    if metric not in ("pending", "backlog"):
        spans += [f"quarter {quarter}"] if district != "ALL" else [f"quarter {quarter}", f"fiscal_year {year}"]
    wider = [] if home == "PORT" else ["CENTERS"]
    for center in (home, *wider, *(["ALL"] if district == "ALL" else [])):
        for span in spans:
            key = (metric, center, district, span)
            mine[key] = mine.get(key, 0.0) + amount


def changed(chain: Chain) -> list[str]:
    """Say which cells were shown in one release and shown otherwise, or withheld, in another."""
    keys, found = ["metric_id", "center_code", "district_code", "level", "from_date"], []
    for number, (one, next_one) in enumerate(zip(chain.releases[:-1], chain.releases[1:], strict=True)):
        both = one[release.CELLS].join(next_one[release.CELLS], on=keys, suffix="_then", how="left")
        other = both.filter(~pl.col("value").eq_missing(pl.col("value_then")) | ~pl.col("mark").eq_missing(pl.col("mark_then")))
        found += [f"{number}: {row}" for row in other.iter_rows()]
    return found


class Attacker:
    """Who holds every release of a chain: what was shown anywhere is known, what adds up in any release adds up."""

    def __init__(self, chain: Chain) -> None:
        self.at: dict[Variable, int] = {}
        self.shown: set[int] = set()
        self.levels: dict[int, tuple[float, float]] = {}
        self.rows: dict[tuple[tuple[int, float], ...], None] = {}
        self.withheld: set[int] = set()
        for made in chain.releases:
            self._read(made)
        self.cells = list(self.at)
        self.total = np.array([total for _, total in self.cells])
        self.hidden = sorted(set(range(len(self.cells))) - self.shown)
        self.lists: dict[int, list[tuple[tuple[int, float], ...]]] = {}
        for row in self.rows:
            for number, _ in row:
                self.lists.setdefault(number, []).append(row)
        # A cell that was withheld once and shown once is lost: its interval is a point.
        self.lost = sorted(self.withheld & self.shown)

    def _read(self, made: Mapping[str, pl.DataFrame]) -> None:
        ledger = made[release.LEDGER].sort(KEYS)
        time = pl.format("{} {}", "level", pl.col("from_date").dt.to_string("iso"))
        public = made[release.CELLS].select("metric_id", "center_code", "district_code", period=time, mark="mark")
        marks = {row[:4]: row[4] for row in public.select(*KEYS, "mark").iter_rows()}
        number = []
        for row in ledger.select(*KEYS, "total", "up", "down").iter_rows():
            key: Cell = row[:4]
            variable = self.at.setdefault((key, round(row[4], 2)), len(self.at))
            number.append(variable)
            # What is never published (a stock in the month in which a Center opens) has no mark.
            if marks.get(key, "D") != "D":
                self.shown.add(variable)
            elif key in marks:
                self.withheld.add(variable)
                up, down = self.levels.get(variable, (0.0, 0.0))
                self.levels[variable] = max(up, row[5]), max(down, row[6])
        for equation in equations(ledger):
            self.rows[tuple((number[at], weight) for at, weight in sorted(equation.items()))] = None

    def reachable(self, target: int) -> tuple[list[int], list[tuple[tuple[int, float], ...]]]:
        """Return the withheld cells that equations join to one, and these equations."""
        there, todo, kept = {target}, [target], dict[tuple[tuple[int, float], ...], None]()
        while todo:
            for row in self.lists.get(todo.pop(), ()):
                kept[row] = None
                more = {number for number, _ in row} - self.shown - there
                there |= more
                todo += more
        return sorted(there), list(kept)

    def interval(self, target: int, mine: Mapping[Cell, float]) -> tuple[float, float]:
        """Return the interval that an account finds: integer programs over the values that fit all that it knows."""
        there, rows = self.reachable(target)
        place = {number: at for at, number in enumerate(there)}
        matrix = np.zeros((max(len(rows), 1), len(there)))
        for number, row in enumerate(rows):
            for at, weight in row:
                if at in place:
                    matrix[number, place[at]] += weight
        true = self.total[there]
        least = np.array([mine.get(self.cells[number][0], 0.0) for number in there])
        money = np.array([self.cells[number][0][0].endswith("_usd") for number in there])
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(there))
            aim[place[target]] = sign
            right = matrix @ true
            done = milp(
                aim,
                constraints=LinearConstraint(matrix, right, right),
                bounds=Bounds(np.minimum(least, true), np.inf),
                integrality=np.where(money, 0, 1),
            )
            ends.append(-np.inf if done.x is None else sign * float(done.fun) if done.status == 0 else np.nan)
        return ends[0], np.inf if ends[1] == -np.inf else ends[1]

    def rivals(self, target: int, chain: Chain) -> Iterator[tuple[str, Mapping[Cell, float]]]:
        """Return who attacks a cell: who owns nothing, and every account with a part in cells joined to it but the cell's largest."""
        yield "", {}
        if not any(self.levels[target]):
            return
        there = {self.cells[number][0] for number in self.reachable(target)[0]}
        key = self.cells[target][0]
        largest = max(chain.owned, key=lambda account: chain.owned[account].get(key, 0.0))
        for account, mine in chain.owned.items():
            if account != largest and there & mine.keys():
                yield account, mine

    def told(self, target: int, chain: Chain) -> list[str]:
        """Say who tells a withheld cell closer than its level, or exactly where it has none."""
        key, total = self.cells[target]
        up, down = self.levels[target]
        if not up and not down:
            up = 1.0 if not key[0].endswith("_usd") else total * 1e-4
        found = []
        for account, mine in self.rivals(target, chain):
            low, high = self.interval(target, mine)
            crumb = 1e-4 * (1 + total)
            kept = low <= total - down + crumb and high >= total + up - crumb if any(self.levels[target]) else high - low >= up - crumb
            if not kept:
                found.append(f"{account or 'anyone'} knows {key}: {low:g} to {high:g}, it is {total:g}, asked {down:g} and {up:g}")
        return found
