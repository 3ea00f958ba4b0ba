"""What was planted in the demonstration is there to be found, and is not there in a control."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from analytics import fairness
from data import demo
from data.demo.planted import of_kind, single

CENTER_GOODS = pl.col("industry_code").str.slice(0, 3)


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return demo.generate(200_000, 2013)


def _major_share(frames: dict[str, pl.DataFrame], at_port: pl.Expr) -> float:
    rows = frames["review"].filter((pl.col("source") == "random") & pl.col("severity").is_not_null() & at_port)
    return float((rows["severity"] == "major").mean())  # type: ignore[arg-type]


def test_the_bad_port_has_more_major_discrepancies(frames: dict[str, pl.DataFrame]) -> None:
    truth = single("bad_port")
    usual = _major_share(frames, pl.col("port_code") != truth.port_code)
    assert _major_share(frames, pl.col("port_code") == truth.port_code) > usual * (1 + truth.size) / 2
    assert _major_share(frames, pl.col("port_code") == "1703") < usual * (1 + truth.size) / 2


def _a_week(frames: dict[str, pl.DataFrame], center: str, start: dt.date, end: dt.date) -> float:
    rows = frames["review"].filter(
        (pl.col("work_type") == "psc") & (pl.col("center_code") == center) & pl.col("opened_date").is_between(start, end)
    )
    return rows.height / ((end - start).days / 7)


def test_the_surge_is_as_large_as_planted_and_only_where_it_was(frames: dict[str, pl.DataFrame]) -> None:
    truth = single("surge")
    weeks = dt.timedelta(weeks=10)
    for center, low, high in ((truth.center_code, truth.size * 0.7, truth.size * 1.4), ("PHC", 0.6, 1.6)):
        before = _a_week(frames, str(center), truth.from_date - weeks, truth.from_date - dt.timedelta(days=1))
        during = _a_week(frames, str(center), truth.from_date, truth.to_date)
        assert low < during / before < high, center


def test_completions_of_the_last_days_are_missing(frames: dict[str, pl.DataFrame]) -> None:
    truth = single("late_reporting")
    closed = frames["review"]["closed_date"].drop_nulls()

    def a_day(start: dt.date, end: dt.date) -> float:
        return closed.is_between(start, end).sum() / ((end - start).days + 1)

    last_days = a_day(truth.to_date - dt.timedelta(days=6), truth.to_date)
    usual = a_day(truth.from_date - dt.timedelta(days=70), truth.from_date - dt.timedelta(days=1))
    assert last_days < 0.6 * usual
    control = a_day(dt.date(2013, 6, 24), dt.date(2013, 6, 30)) / a_day(dt.date(2013, 4, 10), dt.date(2013, 6, 18))
    assert control > 0.75


def _found_share(frames: dict[str, pl.DataFrame], account: str, start: dt.date, end: dt.date) -> tuple[float, int]:
    entries = frames["entry"].filter(pl.col("entry_date").is_between(start, end) & (pl.col("account_id") == account)).select("entry_number")
    rows = frames["review"].filter(pl.col("severity").is_not_null()).join(entries, on="entry_number", how="semi")
    return float((rows["severity"] != "none").mean() or 0), rows.height  # type: ignore[arg-type]


def test_the_drifting_account_gets_worse(frames: dict[str, pl.DataFrame]) -> None:
    truth = single("drifting_account")
    before, n = _found_share(frames, str(truth.account_id), dt.date(2010, 10, 1), truth.from_date - dt.timedelta(days=1))
    half = truth.from_date + (truth.to_date - truth.from_date) / 2
    after, m = _found_share(frames, str(truth.account_id), half, truth.to_date)
    assert min(n, m) >= 15
    assert after > before + 0.15


def test_the_team_that_skips_the_oldest_leaves_more_of_them(frames: dict[str, pl.DataFrame]) -> None:
    truth = single("skipped_oldest")
    old = (pl.date(2013, 9, 30) - pl.col("opened_date")).dt.total_days() > 150
    waiting = frames["review"].filter(
        pl.col("closed_date").is_null() & (pl.col("center_code") == truth.center_code) & pl.col("work_type").ne("protest")
    )
    shares = waiting.group_by("team").agg(old=old.mean(), n=pl.len()).filter(pl.col("n") >= 10)
    mine = shares.filter(team="PHC-2")["old"][0]
    assert mine > 1.3 * shares.filter(pl.col("team") != "PHC-2")["old"].mean()


def _team_cells(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Count the reviews of teams as the rollup does."""
    weeks = {name: pl.col(f"{name}_date").dt.truncate("1w") for name in ("opened", "closed")}
    rows = frames["review"].filter(pl.col("team").is_not_null()).with_columns(center=pl.col("center_code"), **weeks)
    return rows.group_by("center", "work_type", "team", "opened", "closed").agg(count=pl.len().cast(pl.Int64))


@pytest.mark.parametrize("start", [dt.date(2010, 10, 1), dt.date(2012, 10, 1)])
def test_the_team_that_skips_the_oldest_is_named_and_no_other(frames: dict[str, pl.DataFrame], start: dt.date) -> None:
    judged = fairness.skipping(_team_cells(frames), start, dt.date(2013, 9, 30))
    assert judged.filter("skips")["team"].to_list() == ["PHC-2"]
    assert judged.filter(quality="ok").height > 20


def test_no_team_is_named_when_teams_are_shuffled(frames: dict[str, pl.DataFrame]) -> None:
    mine = frames["review"].filter(pl.col("team").is_not_null())
    for seed in range(5):
        shuffled = mine.with_columns(team=pl.col("team").shuffle(seed=seed).over("center_code"))
        judged = fairness.skipping(_team_cells({"review": shuffled}), dt.date(2010, 10, 1), dt.date(2013, 9, 30))
        assert judged.filter("skips").height == 0, seed


def test_ports_come_closer_together_after_a_center_opens(frames: dict[str, pl.DataFrame]) -> None:
    """The spread of targeted reviews over large ports, sampling noise taken off, falls where it was planted."""
    truth = next(truth for truth in of_kind("port_dispersion") if truth.center_code == "ELE")
    rows = (
        frames["entry"]
        .filter(CENTER_GOODS.eq(truth.center_code))
        .join(
            frames["review"].filter(source="targeted").select("entry_number", hit=pl.lit(1)).unique("entry_number"),
            on="entry_number",
            how="left",
        )
        .with_columns(after=pl.col("entry_date") >= truth.from_date)
    )
    ports = rows.group_by("after", "port_code").agg(n=pl.len(), rate=pl.col("hit").fill_null(0).mean()).filter(pl.col("n") >= 150)
    noise = pl.col("rate") * (1 - pl.col("rate")) / pl.col("n")
    spread = ports.group_by("after").agg(variance=(pl.col("rate").var() - noise.mean()) / pl.col("rate").mean() ** 2).sort("after")
    assert spread["variance"][1] < 0.6 * spread["variance"][0]
