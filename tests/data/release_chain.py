"""A chain of monthly releases over small made-up data that are revised all the while, and an attacker who has read every one of them.

The releases are made by `data.release.write`, folder after folder, as a publish does; only what reads the rollups from files is replaced.
The attacker shares no code with the audit: equations written down by hand, whole numbers by integer programs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics import periods, publication, releasing
from data import parts, release
from data.atomic import write_json
from tests.data.second_attacker import KEYS, equations

D = dt.date
Cell = tuple[str, str, str, str]
#: A cell with its true total: a cell that keeps its total is the same in all releases, as the attacker is taken to know.
Variable = tuple[Cell, float]
#: An equation: variables with their weights; weighted they come to nothing.
Row = tuple[tuple[int, float], ...]

CENTERS = ("AAA", "BBB", "CCC")
CENTER = pl.DataFrame(
    {"center_code": CENTERS, "opened_date": [D(2011, 10, 1), D(2011, 10, 1), D(2012, 3, 12)], "planned_date": [None] * 3},
    schema_overrides={"planned_date": pl.Date},
)
PORT = pl.DataFrame({"port_code": ["0101", "0102", "0201", "0301"], "district_code": ["01", "01", "02", "03"]})
MONTHS = [periods.months_back(D(2011, 10, 1), -count) for count in range(15)]
#: The last month of each release: fiscal quarters end in June, September (with the year) and December.
LASTS = MONTHS[8:]
ACCOUNTS = 24
#: What is counted in the random sample: a line has no discrepancy or some, and these are major or minor.
SAMPLE = ("sampled_lines", "sampled_without_any_share", "sampled_without_major_share", "sampled_clean", "sampled_minor")


@dataclass
class Data:
    """What the sources say now: entries (month, Center, account, port), work and sampled lines (month, Center, account) with their counts."""

    rng: np.random.Generator
    entries: dict[tuple[D, str, str, str], list[int]] = field(default_factory=dict)
    work: dict[tuple[D, str, str], list[int]] = field(default_factory=dict)
    sample: dict[tuple[D, str, str], list[int]] = field(default_factory=dict)

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
        if lines := int(self.rng.poisson(size)):
            found = int(self.rng.binomial(lines, 0.3))
            self.sample[month, home, account] = [lines, found, int(self.rng.binomial(found, 0.5))]

    def revise(self, last: D) -> None:
        """Let late reports change months that are over: more or fewer entries, an account that was not there, work that came after all."""
        for key in [key for key in self.entries if key[0] <= last and self.rng.random() < 0.15]:
            count, cents = self.entries[key]
            more = max(count + int(self.rng.choice([-1, 1, 2])), 1)
            self.entries[key] = [more, cents * more // count + 100]
        for key in [key for key in self.work if key[0] <= last and self.rng.random() < 0.1]:
            self.work[key][0] += 1
        for key in [key for key in self.sample if key[0] <= last and self.rng.random() < 0.1]:
            # A review that ended late, and found something.
            self.sample[key] = [count + 1 for count in self.sample[key]]
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
            "account_sample_day_0": self._sampled(),
        }

    def _sampled(self) -> pl.DataFrame:
        rows = [(*key, counts[0], *counts) for key, counts in self.sample.items()]
        names = ["date", "center_code", "account_key", "drawn_lines", "lines", "any_lines", "major_lines"]
        return pl.DataFrame(rows, schema=names, orient="row")


@dataclass
class Chain:
    """Releases one after the other, and what each account owned of each month when that was first released."""

    releases: list[dict[str, pl.DataFrame]] = field(default_factory=list)
    owned: dict[str, dict[Cell, float]] = field(default_factory=dict)
    #: Entries as the sources say in the end.
    now: pl.DataFrame = field(default_factory=pl.DataFrame)


def make(
    seed: int, home: Path, patch: pytest.MonkeyPatch, lasts: list[D] = LASTS, grown: tuple[int, pl.DataFrame, pl.DataFrame] | None = None
) -> Chain:
    """Make a chain of releases over data that are revised before each; from the number of `grown` on with its Centers and ports."""
    data, chain = Data(np.random.default_rng(seed)), Chain()
    data.draw()
    patch.setattr(release, "_provisional", lambda *_: frozenset())
    before = publication.Until(D.min)
    for number, last in enumerate(lasts):
        frames = data.rollups()
        patch.setattr(release, "_rollup", lambda _, kind, name, frames=frames: _read(frames, kind, name))
        version = home / "versions" / f"v{number:02d}"
        version.mkdir(parents=True, exist_ok=True)
        center, port = grown[1:] if grown and number >= grown[0] else (CENTER, PORT)
        # The entry summaries of a month's last day are due ten business days later.
        day = periods.month_end(last) + dt.timedelta(days=20)
        named = release.write(version, release.Versions(home, (), {}), center, port, day, renew=True)
        write_json(version / "manifest.json", named)
        if not named:
            continue
        folder = release.folder_of(version)
        chain.releases.append({name: pl.read_parquet(folder / f"{name}.parquet") for name in release.FILES})
        if chain.releases[-1][release.SUMMARY]["released"].item():
            now = releasing.last(chain.releases[-1][release.LEDGER])
            assert now.month == last
            _remember(chain, data, before.month, last)
            _remember_sampled(chain, data, before.sample or D.min, now.sample or D.min)
            before = now
        data.revise(last)
    chain.now = data.rollups()["participants_month_2"]
    return chain


def _read(frames: Mapping[str, pl.DataFrame], kind: str, name: str) -> pl.LazyFrame:
    """Return a rollup; of what is not drawn there is none."""
    return frames[name].lazy() if name in frames else parts.empty(kind)[name].lazy().with_columns(pl.col("account_key").cast(pl.String))


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
        within = amounts[0] - amounts[1]
        for metric, amount in zip(("pending", "backlog", "pending_within_standard"), (*amounts, within), strict=True):
            _add(chain, account, metric, home, end, "ALL", float(amount))


def _remember_sampled(chain: Chain, data: Data, before: D, last: D) -> None:
    """Write down the same of the sample, whose fiscal quarters are released when their reviews are completed."""
    for (month, home, account), (lines, found, major) in data.sample.items():
        if before < month <= last:
            for metric, count in zip(SAMPLE, (lines, found, major, lines - found, found - major), strict=True):
                _add(chain, account, metric, home, month, "ALL", float(count))


def _add(chain: Chain, account: str, metric: str, home: str, month: D, district: str, amount: float) -> None:
    mine = chain.owned.setdefault(account, {})
    year = periods.fiscal_year_start(periods.fiscal_year(month))
    quarter = D(month.year, month.month - (month.month - 1) % 3, 1)
    spans = [f"month {month}"] if district == "ALL" else []
    if metric not in ("pending", "backlog", "pending_within_standard"):
        spans += [f"quarter {quarter}"] if district != "ALL" else [f"quarter {quarter}", f"fiscal_year {year}"]
    wider = [] if home == "PORT" else ["CENTERS"]
    for center in (home, *wider, *(["ALL"] if district == "ALL" else [])):
        for span in spans:
            key = (metric, center, district, span)
            mine[key] = mine.get(key, 0.0) + amount


def changed(chain: Chain) -> list[str]:
    """Say which cells were shown in one release and shown otherwise, or withheld, in another."""
    keys, found = ["metric_id", "center_code", "district_code", "level", "from_date"], []
    for number, (one, next_one) in enumerate(pairwise(chain.releases)):
        both = one[release.CELLS].join(next_one[release.CELLS], on=keys, suffix="_then", how="left")
        other = both.filter(~pl.col("value").eq_missing(pl.col("value_then")) | ~pl.col("mark").eq_missing(pl.col("mark_then")))
        found += [f"{number}: {row}" for row in other.iter_rows()]
    return found


class Attacker:
    """Who holds every release of a chain: what was shown anywhere is known, what adds up in any release adds up."""

    def __init__(self, chain: Chain) -> None:
        self.owned = chain.owned
        self.at: dict[Variable, int] = {}
        self.shown: set[int] = set()
        self.levels: dict[int, tuple[float, float]] = {}
        self.rows: dict[Row, None] = {}
        self.withheld: set[int] = set()
        for made in chain.releases:
            self._read(made)
        self.cells = list(self.at)
        self.total = np.array([total for _, total in self.cells])
        self.lists: dict[int, list[Row]] = {}
        for row in self.rows:
            for number, _ in row:
                self.lists.setdefault(number, []).append(row)

    def show(self, numbers: set[int]) -> None:
        """Let him see some cells as well."""
        self.shown |= numbers
        self.withheld -= numbers

    def _read(self, made: Mapping[str, pl.DataFrame]) -> None:
        ledger = made[release.LEDGER].sort(KEYS)
        time = pl.format("{} {}", "level", pl.col("from_date").dt.to_string("iso"))
        public = made[release.CELLS].select("metric_id", "center_code", "district_code", period=time, mark="mark")
        marks = {row[:4]: row[4] for row in public.select(*KEYS, "mark").iter_rows()}
        number = []
        for row in ledger.select(*KEYS, "total", "up", "down", "shown").iter_rows():
            key: Cell = row[:4]
            variable = self.at.setdefault((key, round(row[4], 2)), len(self.at))
            number.append(variable)
            # Of the sample shares are shown: taken to tell the counts of which they are made, and what these leave.
            counted = key[0] in SAMPLE
            # What is never published (a stock in the month in which a Center opens) has no mark.
            if row[7] if counted else marks.get(key, "D") != "D":
                self.shown.add(variable)
            elif counted or key in marks:
                self.withheld.add(variable)
                up, down = self.levels.get(variable, (0.0, 0.0))
                self.levels[variable] = max(up, row[5]), max(down, row[6])
        for equation in equations(ledger):
            self.rows[tuple((number[at], weight) for at, weight in sorted(equation.items()))] = None

    def reachable(self, target: int) -> Joined:
        """Return the withheld cells that equations join to one, and these equations."""
        there, todo, kept = {target}, [target], dict[Row, None]()
        while todo:
            for row in self.lists.get(todo.pop(), ()):
                kept[row] = None
                more = {number for number, _ in row} - self.shown - there
                there |= more
                todo += more
        numbers = sorted(there)
        place = {number: at for at, number in enumerate(numbers)}
        sums = np.zeros((max(len(kept), 1), len(numbers)))
        for line, row in enumerate(kept):
            for number, weight in row:
                if number in place:
                    sums[line, place[number]] += weight
        keys = [self.cells[number][0] for number in numbers]
        mine = {account: np.array([owned.get(key, 0.0) for key in keys]) for account, owned in self.owned.items()}
        nobody = {"anyone": np.zeros(len(numbers))}
        whole = np.array([not key[0].endswith("_usd") for key in keys])
        return Joined(numbers, self.total[numbers], sums, whole, nobody | {name: held for name, held in mine.items() if held.any()})

    def told(self) -> list[str]:
        """Say who can exclude that a withheld cell is as far from the truth as its level asks (where it has none: that it is another).

        All accounts attack, and who owns nothing, but for the largest of the cell, whose figure is the secret.
        """
        found, groups = [], dict[int, Joined]()
        for target in sorted(self.withheld):
            group = groups.get(target) or self.reachable(target)
            groups |= dict.fromkeys(group.numbers, group)
            (key, total), at = self.cells[target], group.numbers.index(target)
            up, down = self.levels[target]
            largest = max(group.owned, key=lambda name: group.owned[name][at])
            rivals = {name: held for name, held in group.owned.items() if name != largest} if up or down else {}
            rivals |= {"anyone": group.owned["anyone"]}
            if not (up or down):
                up = total * 1e-4 if not group.whole[at] else 1.0
                either = group.withstood(at, rivals, up) | group.withstood(at, rivals, -up)
            else:
                either = (group.withstood(at, rivals, up) if up else set(rivals)) & (
                    group.withstood(at, rivals, -down) if down else set(rivals)
                )
            found += [f"{name} tells {key}: closer to {total:g} than {down:g} and {up:g}" for name in rivals.keys() - either]
        return found


@dataclass
class Joined:
    """Withheld cells that equations join: what they truly are, what they add up to, and what each account owns of them."""

    numbers: list[int]
    true: np.ndarray
    sums: np.ndarray
    whole: np.ndarray
    owned: dict[str, np.ndarray]
    #: Values that fit all that is shown, found on the way: whoever owns no more than they say cannot exclude them.
    others: list[np.ndarray] = field(default_factory=list)

    def withstood(self, at: int, rivals: Mapping[str, np.ndarray], by: float) -> set[str]:
        """Say which rivals cannot exclude that a cell is off by so much or more."""
        left = self._excluding(at, rivals, by)
        if left:
            # First values that none of them can exclude, then for those that are left each alone.
            self._seek(at, np.max(list(left.values()), axis=0), by)
            left = self._excluding(at, left, by)
        for held in left.values():
            self._seek(at, held, by)
        return rivals.keys() - self._excluding(at, left, by).keys()

    def _excluding(self, at: int, rivals: Mapping[str, np.ndarray], by: float) -> dict[str, np.ndarray]:
        """Return the rivals that can exclude all values found so far that are off by so much."""
        far = [values + 1e-6 for values in self.others if (values[at] - self.true[at]) / by >= 1 - 1e-6]
        return {name: held for name, held in rivals.items() if not any((np.minimum(held, self.true) <= values).all() for values in far)}

    def _seek(self, at: int, least: np.ndarray, by: float) -> None:
        """Find values that move a cell so far or further, by an integer program."""
        low, high = np.minimum(least, self.true), np.full(self.true.size, np.inf)
        if by > 0:
            low[at] = max(low[at], self.true[at] + by)
        else:
            high[at] = self.true[at] + by
        right = self.sums @ self.true
        if low[at] <= high[at] + 1e-6:
            high = np.maximum(high, low)
            done = milp(
                np.zeros(self.true.size),
                constraints=LinearConstraint(self.sums, right - 1e-6, right + 1e-6),
                bounds=Bounds(low, high),
                integrality=self.whole.astype(int),
            )
            self.others += [] if done.x is None else [done.x]
