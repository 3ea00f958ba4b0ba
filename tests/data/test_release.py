"""The release: frozen from one to the next, withheld where it must be, attacked by a second attacker who shares no code with the first."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from analytics import publication, releasing
from analytics.disclosure import release as control
from analytics.disclosure import rules
from analytics.publication import Until
from data import release
from data.parts import Part, write
from data.store import Snapshot
from tests.data.second_attacker import KEYS, equations

D = dt.date
FIRST, SECOND = Until(D(2013, 5, 1), D(2012, 12, 1)), Until(D(2013, 7, 1), D(2013, 6, 1))
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def tables(analyst: Snapshot) -> tuple[pl.DataFrame, pl.DataFrame]:
    return analyst.dimension("center"), analyst.dimension("port")


@pytest.fixture(scope="module")
def parts(analyst: Snapshot) -> pl.DataFrame:
    return publication.contributions(analyst.frames, analyst.dimension("port"), SECOND)


@pytest.fixture(scope="module")
def first(parts: pl.DataFrame, tables: tuple[pl.DataFrame, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return release._made(parts.filter(pl.col("month") <= FIRST.each()), *tables, FIRST, rules.load(), None)


@pytest.fixture(scope="module")
def second(parts: pl.DataFrame, first: dict[str, pl.DataFrame], tables: tuple[pl.DataFrame, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The release two months on; what was released before has been revised in the data since."""
    revised = parts.with_columns(amount=pl.when(pl.col("month") == D(2013, 4, 1)).then(pl.col("amount") * 2).otherwise("amount")).filter(
        pl.col("month") > FIRST.each()
    )
    return release._made(pl.concat([first[release.PARTS], revised]), *tables, SECOND, rules.load(), first)


def test_what_was_released_never_changes_and_new_months_come(first: dict[str, pl.DataFrame], second: dict[str, pl.DataFrame]) -> None:
    assert second[release.SUMMARY].select("released", "narrow").row(0) == (True, 0)
    keys = ["metric_id", "center_code", "district_code", "level", "from_date"]
    both = first[release.CELLS].join(second[release.CELLS], on=keys, suffix="_then", how="left")
    assert both.height > 2000
    assert both.filter(~pl.col("value").eq_missing(pl.col("value_then")) | (pl.col("mark") != pl.col("mark_then"))).is_empty()
    new = second[release.CELLS].join(first[release.CELLS], on=keys, how="anti")
    sampled = new["metric_id"].str.starts_with("sampled")
    assert set(new.filter(~sampled)["from_date"].unique()) == {D(2013, 6, 1), D(2013, 7, 1), D(2013, 4, 1)}
    assert set(new.filter(pl.col("from_date") == D(2013, 4, 1))["level"]) == {"quarter"}
    assert set(new.filter(sampled)["from_date"].unique()) == {D(2013, 1, 1), D(2013, 4, 1)}
    assert releasing.last(second[release.LEDGER]) == SECOND


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
    early = Until(D(2011, 12, 1))
    alone = release._made(parts.filter(pl.col("month") <= early.each()), *tables, early, rules.load(), None)
    assert alone[release.CELLS].is_empty()
    new = pl.concat([first[release.PARTS], parts.filter(pl.col("month") == D(2013, 6, 1))])
    made = release._made(new, *tables, Until(D(2013, 6, 1), FIRST.sample), rules.load(), first)
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
    named = release.write(tmp_path, source, center, port, analyst.as_of, renew=False)
    for name in release.FILES:
        was = release.folder_of(analyst.folder) / f"{name}.parquet"
        assert pl.read_parquet(release.folder_of(tmp_path, named) / f"{name}.parquet").equals(pl.read_parquet(was))
    empty = release.Versions(tmp_path / "new", (), {})
    assert release.write(tmp_path / "nothing", empty, center, port, analyst.as_of, renew=False) == {}
    assert not (tmp_path / "nothing").exists()


def test_nothing_is_renewed_while_no_month_is_complete(analyst: Snapshot, tmp_path: Path) -> None:
    with_reports(analyst, tmp_path)
    lists = json.loads((analyst.folder / "manifest.json").read_text())["codes"]
    source = release.Versions(analyst.folder.parents[1], (), lists)  # no part is there to be read
    named = release.write(tmp_path, source, analyst.dimension("center"), analyst.dimension("port"), analyst.as_of, renew=True)
    assert cells_of(tmp_path, named).equals(analyst.released().cells)


def with_reports(analyst: Snapshot, folder: Path) -> None:
    """Put beside a version to come what is known of its reports."""
    (folder / "facts").mkdir()
    (folder / "facts" / "reported.parquet").write_bytes((analyst.folder / "facts" / "reported.parquet").read_bytes())


def cells_of(version: Path, named: dict[str, str]) -> pl.DataFrame:
    return pl.read_parquet(release.folder_of(version, named) / f"{release.CELLS}.parquet")


SAMPLE = pl.col("metric_id").str.starts_with("sampled")


def test_a_rate_is_shown_only_where_its_lines_and_its_cases_are(second: dict[str, pl.DataFrame]) -> None:
    cells, ledger = second[release.CELLS], second[release.LEDGER]
    assert set(cells.filter(SAMPLE)["metric_id"].unique()) == {measure.metric_id for measure in publication.MEASURES if measure.is_sampled}
    period = pl.format("{} {}", "level", pl.col("from_date").dt.to_string("iso"))
    whole = ledger.filter(pl.col("metric_id") == publication.SAMPLED).select(*KEYS[1:], lines="total", whole="shown")
    for metric_id in releasing.RATES:
        rates = cells.filter(pl.col("metric_id") == metric_id).with_columns(period=period)
        known = rates.join(ledger.select(*KEYS, "total", "shown", "n_accounts"), on=KEYS).join(whole, on=KEYS[1:])
        assert known.height == rates.height > 50
        assert known.filter((pl.col("mark") == "D") != ~(pl.col("shown") & pl.col("whole"))).is_empty()
        shown = known.filter(pl.col("mark") == "")
        assert shown.height > 5
        assert shown.filter((pl.col("value") - 1 + pl.col("total") / pl.col("lines")).abs() > 0.001).is_empty()
        assert known.filter((pl.col("mark") != "") & pl.col("value").is_not_null()).is_empty()
        # No rate of 1 or 2 cases, none on too few lines, and none of all where lines have a discrepancy.
        assert shown.filter(pl.col("total").is_between(1, 2) | (pl.col("lines") < 30)).is_empty()
        assert shown.filter((pl.col("value") == 1) != (pl.col("total") == 0)).is_empty()
        assert shown.filter(pl.col("total") > 0)["n_accounts"].min() >= 3  # type: ignore[operator]


def test_what_follows_from_two_rates_is_no_more_than_a_third_may_show(second: dict[str, pl.DataFrame]) -> None:
    keys, rates = ["center_code", "level", "from_date"], list(releasing.RATES)
    shown = second[release.CELLS].filter(pl.col("metric_id").is_in(rates) & (pl.col("mark") == "")).with_columns(period=releasing.period())
    totals = shown.join(second[release.LEDGER].select(*KEYS, "total", "denominator"), on=KEYS)
    any_, major = (totals.filter(pl.col("metric_id") == name) for name in reversed(rates))
    # Who knows lines and rates knows the clean lines, and with both rates the minor discrepancies.
    assert any_.filter((pl.col("denominator") - pl.col("total")).is_between(1, 2)).is_empty()
    both = any_.join(major, on=keys, suffix="_major")
    assert both.height > 5
    assert both.filter((pl.col("total") - pl.col("total_major")).is_between(1, 2)).is_empty()


def made_of(tables: tuple[pl.DataFrame, pl.DataFrame], lines: dict[tuple[str, int], tuple[int, int, int]]) -> pl.DataFrame:
    """Release one quarter of a sample: (Center, account) -> lines, lines with a discrepancy, of these major."""
    month, rows = D(2012, 10, 1), []
    for (center, account), (count, found, major) in lines.items():
        parts = {
            "sampled_lines": count, "sampled_clean": count - found, "sampled_without_any_share": found,
            "sampled_without_major_share": major, "sampled_minor": found - major,
        }  # fmt: skip
        rows += [(name, center, "ALL", month, account, amount) for name, amount in parts.items() if amount]
    schema = {"metric_id": pl.String, "center_code": pl.String, "district_code": pl.String, "month": pl.Date, "account_key": pl.Int64, "amount": pl.Int64}  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    cells = release._made(frame, *tables, Until(month, D(2012, 12, 1)), rules.load(), None)[release.CELLS]
    return cells.filter(SAMPLE & (pl.col("level") == "quarter"))


def marks(cells: pl.DataFrame, center: str) -> dict[str, str]:
    return dict(cells.filter(pl.col("center_code") == center).select("metric_id", "mark").iter_rows())


def test_all_or_none_of_few_accounts_is_withheld_and_of_more_is_shown(tables: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    many = {("PORT", account): (40, 4, 2) for account in range(20)}
    few = made_of(tables, many | {("ELE", account): (10, 0, 0) for account in range(100, 104)})
    assert marks(few, "ELE")["sampled_without_any_share"] == "D"
    assert marks(few, "ELE")["sampled_without_major_share"] == "D"
    more = made_of(tables, many | {("ELE", account): (10, 0, 0) for account in range(100, 105)})
    assert marks(more, "ELE") == dict.fromkeys(marks(more, "ELE"), "")
    assert more.filter(pl.col("center_code") == "ELE", pl.col("metric_id") == "sampled_without_any_share")["value"].to_list() == [1.0]
    every = made_of(tables, many | {("ELE", account): (10, 10, 3) for account in range(100, 104)})
    assert marks(every, "ELE")["sampled_without_any_share"] == "D"


def test_too_few_lines_is_another_mark_than_withheld(tables: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    many = {("PORT", account): (40, 4, 2) for account in range(20)}
    cells = made_of(tables, many | {("ELE", account): (4, 1, 0) for account in range(100, 107)})
    assert marks(cells, "ELE") == {"sampled_lines": "", "sampled_without_any_share": "S", "sampled_without_major_share": "S"}
    found = cells.filter(pl.col("center_code") == "ELE", pl.col("mark") == "S")
    assert found["value"].null_count() == 2
    assert found["reason"].unique().to_list() == ["fewer than 30 cases"]
    # Open without a sampled line, and not open yet.
    assert marks(cells, "PET") == {"sampled_lines": "0", "sampled_without_any_share": "–", "sampled_without_major_share": "–"}
    assert marks(cells, "TAF") == {"sampled_lines": "–", "sampled_without_any_share": "–", "sampled_without_major_share": "–"}


def within(cells: pl.DataFrame, own: dict[int, float], target: int, side: int) -> float:
    """Return how far from its true value a company can still think a cell, in whole numbers, knowing what is shown and its own part."""
    hidden = np.flatnonzero(~cells["shown"].to_numpy())
    place = {int(at): number for number, at in enumerate(hidden)}
    rows = [{place[at]: weight for at, weight in row.items() if at in place} for row in equations(cells)]
    matrix = np.zeros((len(rows), hidden.size))
    for number, row in enumerate(rows):
        for at, weight in row.items():
            matrix[number, at] = weight
    aim = np.zeros(hidden.size)
    aim[place[target]] = -side
    least = np.array([own.get(int(at), 0.0) for at in hidden]) - cells["total"].to_numpy()[hidden]
    bounds = Bounds(least, np.full(hidden.size, 5000.0))
    done = milp(aim, constraints=LinearConstraint(matrix, 0, 0), bounds=bounds, integrality=np.ones(hidden.size))
    return float(-done.fun)


def test_who_knows_his_own_sampled_lines_cannot_tell_anothers(parts: pl.DataFrame, tables: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    made = release._made(parts, *tables, SECOND, rules.load(), None)
    cells = made[release.LEDGER].filter(SAMPLE).sort(KEYS)
    at = {key: number for number, key in enumerate(cells.select(KEYS).iter_rows())}
    by_level = [publication._over(parts.filter(SAMPLE), level, SECOND) for level in ("quarter", "fiscal_year")]
    dated = pl.concat(by_level).with_columns(period=releasing.period())
    every = [dated, dated.with_columns(center_code=pl.lit("ALL")), dated.filter(pl.col("center_code") != "PORT").with_columns(center_code=pl.lit("CENTERS"))]  # fmt: skip
    held = pl.concat(every).group_by(*KEYS, "account_key").agg(pl.col("amount").sum())
    targets = cells.filter("primary").sort(KEYS)
    assert targets.height > 20
    draw = np.random.default_rng(2013)
    for row in targets[draw.choice(targets.height, 20, replace=False)].iter_rows(named=True):
        mine = held.filter(*(pl.col(key) == row[key] for key in KEYS)).sort("amount", "account_key", descending=True)
        company = mine["account_key"][min(1, mine.height - 1)] if mine.height > 1 else -1
        own = {at[tuple(each[:4])]: float(each[4]) for each in held.filter(account_key=company).select(*KEYS, "amount").iter_rows()}
        target = at[tuple(row[key] for key in KEYS)]
        assert within(cells, own, target, 1) >= row["up"] - 1e-6, row
        assert within(cells, own, target, -1) >= row["down"] - 1e-6, row


def test_rates_that_would_tell_a_third_are_not_both_shown(tables: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    many = {("PORT", account): (40, 8, 4) for account in range(20)} | {("PHC", account): (40, 8, 4) for account in range(20, 40)}
    # Four of each kind is shown; four with a discrepancy of which three are major leave one that is minor.
    fine = made_of(tables, many | {("ELE", account): (10, 2 * (account < 104), account < 104) for account in range(100, 110)})
    assert marks(fine, "ELE") == dict.fromkeys(marks(fine, "ELE"), "")
    cells = made_of(tables, many | {("ELE", account): (10, account < 104, account < 103) for account in range(100, 110)})
    told = marks(cells, "ELE")
    assert "D" in (told["sampled_without_any_share"], told["sampled_without_major_share"])


def stripped(made: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """A release as it was made before the sample was released."""
    held = {name: made[name].filter(~SAMPLE) if "metric_id" in made[name].columns else made[name] for name in release.FILES}
    return held | {release.LEDGER: held[release.LEDGER].drop("linked")}


def test_a_release_of_before_the_sample_starts_it_with_all_its_quarters(
    parts: pl.DataFrame, first: dict[str, pl.DataFrame], tables: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    old = stripped(first)
    before = releasing.last(old[release.LEDGER])
    assert before == Until(FIRST.month)
    last = Until(FIRST.month, SECOND.sample)
    together = pl.concat([old[release.PARTS], parts.filter(pl.col("month").is_between(before.each(), last.each(), closed="right"))])
    made = release._made(together, *tables, last, rules.load(), old)
    assert made[release.SUMMARY]["released"].to_list() == [True]
    keys = ["metric_id", "center_code", "district_code", "level", "from_date"]
    assert made[release.CELLS].filter(~SAMPLE).sort(keys).equals(old[release.CELLS].sort(keys))
    # The same as if the sample had been there from the start.
    alone = release._made(parts.filter(pl.col("month") <= last.each()), *tables, last, rules.load(), None)
    assert made[release.CELLS].filter(SAMPLE).sort(keys).equals(alone[release.CELLS].filter(SAMPLE).sort(keys))
    assert made[release.CELLS].filter(SAMPLE)["from_date"].min() == D(2010, 10, 1)
    assert made[release.PARTS].filter(SAMPLE)["month"].min() == D(2012, 10, 1)


def test_a_publish_takes_the_sample_up_after_a_release_without_it(analyst: Snapshot, tmp_path: Path) -> None:
    folder, manifest = release.folder_of(analyst.folder), json.loads((analyst.folder / "manifest.json").read_text())
    old = stripped({name: pl.read_parquet(folder / f"{name}.parquet") for name in release.FILES})
    for name, frame in old.items():
        write(frame, tmp_path / "versions" / "old" / "facts" / f"{name}.parquet")
    (tmp_path / "parts").symlink_to(analyst.folder.parents[1] / "parts")
    with_reports(analyst, tmp_path)
    source = release.Versions(tmp_path, [Part(**record) for record in manifest["parts"]], manifest["codes"])
    named = release.write(tmp_path, source, analyst.dimension("center"), analyst.dimension("port"), analyst.as_of, renew=True)
    now, keys = cells_of(tmp_path, named), ["metric_id", "center_code", "district_code", "level", "from_date"]
    assert now.filter(~SAMPLE).sort(keys).equals(old[release.CELLS].sort(keys))
    assert now.filter(SAMPLE).sort(keys).equals(analyst.released().cells.filter(SAMPLE).sort(keys))
    assert now.filter(SAMPLE).height > 100


def test_no_backlog_is_told_by_its_pending() -> None:
    """Nearly all that is pending is one company's backlog: whoever reads pending would know how much it has at most."""
    codes_ = ["AAA", "BBB", "CCC", "DDD"]
    center = pl.DataFrame({"center_code": codes_, "opened_date": [D(2010, 10, 1)] * 4, "planned_date": [None] * 4})
    port = pl.DataFrame({"port_code": ["0101"], "district_code": ["01"]})
    month, names = D(2012, 5, 1), ["metric_id", "center_code", "district_code", "month", "account_key", "amount"]

    def held(code: str, number: int, late: int, other: int) -> list[tuple[str, str, str, D, str, int]]:
        amounts = {"receipts": late + other, "pending": late + other, "backlog": late, publication.WITHIN: other}
        return [(name, code, "ALL", month, f"{code}{number}", amount) for name, amount in amounts.items() if amount]

    def marks(of_a: list[tuple[int, int]]) -> tuple[str, str]:
        rows = [row for code in (*codes_[1:], "PORT") for number in range(8) for row in held(code, number, 2, 1)]
        rows += [row for number, (late, other) in enumerate(of_a) for row in held("AAA", number, late, other)]
        parts = pl.DataFrame(rows, schema=names, orient="row")
        found = release._made(parts, center.cast({"planned_date": pl.Date}), port, Until(month, None), rules.load(), None)
        assert found[release.SUMMARY]["released"].to_list() == [True]
        of = found[release.CELLS].filter(pl.col("center_code") == "AAA", pl.col("from_date") == month, pl.col("level") == "month")
        shown = dict(of.select("metric_id", "mark").iter_rows())
        return shown["backlog"], shown["pending"]

    # The first company has two thirds of the backlog, and less of what is pending. Others' pending leaves room above the backlog, or not.
    assert marks([(12, 0), *[(1, 0)] * 6, *[(0, 3)] * 4]) == ("D", "")
    assert marks([(12, 0), *[(1, 0)] * 6, (0, 1)]) == ("D", "D")
