"""The release: frozen from one to the next, withheld where it must be, attacked by a second attacker who shares no code with the first."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from analytics import publication
from analytics.disclosure import release as control
from analytics.disclosure import rules
from data import release
from data.store import Snapshot
from tests.data.second_attacker import KEYS, equations

D = dt.date
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def tables(analyst: Snapshot) -> tuple[pl.DataFrame, pl.DataFrame]:
    return analyst.dimension("center"), analyst.dimension("port")


@pytest.fixture(scope="module")
def parts(analyst: Snapshot) -> pl.DataFrame:
    return publication.contributions(analyst.frames, analyst.dimension("port"), D(2013, 7, 1))


@pytest.fixture(scope="module")
def first(parts: pl.DataFrame, tables: tuple[pl.DataFrame, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return release._made(parts.filter(pl.col("month") <= D(2013, 5, 1)), *tables, D(2013, 5, 1), rules.load(), None)


@pytest.fixture(scope="module")
def second(parts: pl.DataFrame, first: dict[str, pl.DataFrame], tables: tuple[pl.DataFrame, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The release two months on; what was released before has been revised in the data since."""
    revised = parts.with_columns(amount=pl.when(pl.col("month") == D(2013, 4, 1)).then(pl.col("amount") * 2).otherwise("amount")).filter(
        pl.col("month") > D(2013, 5, 1)
    )
    return release._made(pl.concat([first[release.PARTS], revised]), *tables, D(2013, 7, 1), rules.load(), first)


def test_what_was_released_never_changes_and_new_months_come(first: dict[str, pl.DataFrame], second: dict[str, pl.DataFrame]) -> None:
    assert second[release.SUMMARY].select("released", "narrow").row(0) == (True, 0)
    keys = ["metric_id", "center_code", "district_code", "level", "from_date"]
    both = first[release.CELLS].join(second[release.CELLS], on=keys, suffix="_then", how="left")
    assert both.height > 2000
    assert both.filter(~pl.col("value").eq_missing(pl.col("value_then")) | (pl.col("mark") != pl.col("mark_then"))).is_empty()
    new = second[release.CELLS].join(first[release.CELLS], on=keys, how="anti")
    assert set(new["from_date"].unique()) == {D(2013, 6, 1), D(2013, 7, 1), D(2013, 4, 1)}
    assert set(new.filter(pl.col("from_date") == D(2013, 4, 1))["level"]) == {"quarter"}


def test_a_quarter_is_the_sum_of_its_months_as_they_were_released(second: dict[str, pl.DataFrame], first: dict[str, pl.DataFrame]) -> None:
    ledger = second[release.LEDGER].filter((pl.col("metric_id") == "receipts") & (pl.col("district_code") == "ALL"))
    by_period = {name: frame for (name,), frame in ledger.partition_by("period", as_dict=True).items()}
    quarter = by_period["quarter 2013-04-01"].select("center_code", "total").sort("center_code")
    months = pl.concat([by_period[f"month 2013-0{month}-01"] for month in (4, 5, 6)]).group_by("center_code").agg(pl.col("total").sum())
    assert quarter.equals(months.sort("center_code"))
    assert quarter["total"].sum() > 100


def test_only_the_year_that_is_not_over_and_what_is_withheld_is_kept_by_account(first: dict[str, pl.DataFrame]) -> None:
    assert first[release.PARTS]["month"].min() == D(2012, 10, 1)
    ledger = first[release.LEDGER]
    assert ledger.filter("shown")["accounts"].null_count() == ledger.filter("shown").height > 2000
    withheld = ledger.filter(~pl.col("shown") & (pl.col("total") > 0))
    owned = pl.col("accounts").list.eval(pl.element().struct.field("amount").sum()).list.first()
    assert withheld.height > 50
    assert withheld.filter((owned - pl.col("total")).abs() > 0.005).is_empty()
    assert set(first[release.CELLS].columns).isdisjoint(
        {"account_key", "accounts", "total", "n_accounts", "top1", "top2", "rule", "primary"}
    )


def test_what_the_audit_does_not_pass_is_not_released(
    parts: pl.DataFrame, first: dict[str, pl.DataFrame], tables: tuple[pl.DataFrame, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, kept = control.protect, list[control.Release]()

    def broken(*given: object) -> control.Release:
        made = kept[0] if kept else whole(*given)  # type: ignore[arg-type]
        kept.append(replace(made, audit=made.audit.with_columns(ok=pl.lit(value=False))))
        return kept[-1]

    monkeypatch.setattr(release.disclosure_release, "protect", broken)
    alone = release._made(parts.filter(pl.col("month") <= D(2011, 12, 1)), *tables, D(2011, 12, 1), rules.load(), None)
    assert alone[release.CELLS].is_empty()
    new = pl.concat([first[release.PARTS], parts.filter(pl.col("month") == D(2013, 6, 1))])
    made = release._made(new, *tables, D(2013, 6, 1), rules.load(), first)
    assert made[release.CELLS].equals(first[release.CELLS])
    assert made[release.LEDGER].equals(first[release.LEDGER])
    assert made[release.SUMMARY]["released"].to_list() == [False]


def widest(cells: pl.DataFrame, rows: list[dict[int, float]], hidden: np.ndarray, target: int) -> float:
    """Return how wide the interval is that equations and shown cells leave to a cell, its largest accounts' parts unknown."""
    reach, kept = {target}, []
    left = [{at: weight for at, weight in row.items() if hidden[at]} for row in rows]
    while True:
        more = [row for row in left if row and row not in kept and reach & set(row)]
        if not more:
            break
        kept += more
        reach |= {at for row in more for at in row}
    order = {at: number for number, at in enumerate(sorted(reach))}
    matrix = np.zeros((max(len(kept), 1), len(order)))
    for number, row in enumerate(kept):
        for at, weight in row.items():
            matrix[number, order[at]] = weight
    true = cells["total"].to_numpy()[sorted(reach)]
    aim = np.zeros(len(order))
    aim[order[target]] = 1.0
    ends = [linprog(sign * aim, A_eq=matrix, b_eq=matrix @ true, bounds=(0, None), method="highs") for sign in (1, -1)]
    return np.inf if ends[1].status == 3 else float(-ends[1].fun - ends[0].fun)


def test_a_second_attacker_finds_no_narrow_interval(second: dict[str, pl.DataFrame]) -> None:
    cells = second[release.LEDGER].sort(KEYS)
    hidden = ~cells["shown"].to_numpy()
    rows = equations(cells)
    assert len(rows) > 1000
    targets = np.flatnonzero(cells["primary"].to_numpy())
    assert targets.size > 50
    level = (cells["up"] + cells["down"]).to_numpy()
    draw = np.random.default_rng(2013)
    for target in draw.choice(targets, 60, replace=False):
        assert widest(cells, rows, hidden, int(target)) >= level[target] * (1 - 1e-6), cells.row(int(target), named=True)


def test_the_second_attacker_tells_a_cell_that_stands_alone(second: dict[str, pl.DataFrame]) -> None:
    cells = second[release.LEDGER].sort(KEYS)
    alone = cells["primary"].to_numpy() & (cells["metric_id"] == "entry_summaries").to_numpy() & (cells["total"] > 0).to_numpy()
    rows = equations(cells)
    told = [widest(cells, rows, alone, int(target)) for target in np.flatnonzero(alone)[:25]]
    # Without the cells that are withheld to protect others, some are told exactly.
    assert min(told) == pytest.approx(0.0, abs=1e-6)


def test_flows_that_a_stock_would_tell_stay_untold(second: dict[str, pl.DataFrame]) -> None:
    cells = second[release.LEDGER].sort(KEYS)
    flows = cells.filter(pl.col("metric_id").is_in(["receipts", "completions", "pending"]) & pl.col("primary"))
    assert flows.height >= 3
    rows, hidden = equations(cells), ~cells["shown"].to_numpy()
    for row in flows.head(20).iter_rows(named=True):
        target = cells.with_row_index("at").filter(*(pl.col(key) == row[key] for key in KEYS))["at"][0]
        assert widest(cells, rows, hidden, target) >= (row["up"] + row["down"]) * (1 - 1e-6), row


def test_a_publish_that_does_not_renew_brings_the_release_along(analyst: Snapshot, tmp_path: Path) -> None:
    source = release.Versions(analyst.folder.parents[1], (), {})
    center, port = analyst.dimension("center"), analyst.dimension("port")
    release.write(tmp_path, source, center, port, analyst.as_of, renew=False)
    for name in release.FILES:
        assert pl.read_parquet(tmp_path / f"{name}.parquet").equals(pl.read_parquet(analyst.folder / "facts" / f"{name}.parquet"))
    empty = release.Versions(tmp_path / "new", (), {})
    release.write(tmp_path / "nothing", empty, center, port, analyst.as_of, renew=False)
    assert not (tmp_path / "nothing").exists()


def test_nothing_is_renewed_while_no_month_is_complete(analyst: Snapshot, tmp_path: Path) -> None:
    facts = analyst.folder / "facts"
    (tmp_path / "reported.parquet").write_bytes((facts / "reported.parquet").read_bytes())
    source = release.Versions(analyst.folder.parents[1], (), {})  # no part is there to be read
    release.write(tmp_path, source, analyst.dimension("center"), analyst.dimension("port"), analyst.as_of, renew=True)
    assert pl.read_parquet(tmp_path / f"{release.CELLS}.parquet").equals(pl.read_parquet(facts / f"{release.CELLS}.parquet"))
