"""What was planted in the demonstration is there to be found, and is not there in a control."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics import fairness, late, process
from analytics.filters import Filters
from analytics.metrics import METRICS
from data import demo
from data.demo import completions, extracts
from data.demo.draws import LAST_DAY, Ints, day_of
from data.demo.planted import of_kind, single
from data.store import Snapshot

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


def _months_of(opened: pl.Series, first: dt.date, end: dt.date) -> pl.DataFrame:
    """Judge receipts by month as the process chart does."""
    months = pl.DataFrame({"month": pl.date_range(first, end, "1mo", eager=True)})
    kept = pl.DataFrame({"month": opened.dt.month_start()}).filter(opened.is_between(first, end))
    counts = kept.group_by("month").agg(value=pl.len().cast(pl.Float64))
    rows = months.join(counts, on="month", how="left").with_columns(pl.col("value").fill_null(0), provisional=pl.lit(value=False))
    return process.chart(rows.sort("month"), "neutral")


def test_the_surge_is_a_signal_and_none_when_its_weeks_are_shuffled(frames: dict[str, pl.DataFrame]) -> None:
    """A shuffle keeps the weeks of the surge and takes them apart; in one of twenty a month may stand out by chance."""
    truth = single("surge")
    opened = frames["review"].filter((pl.col("work_type") == "psc") & (pl.col("center_code") == truth.center_code))["opened_date"]
    first, end = dt.date(2011, 12, 1), dt.date(2013, 4, 30)
    now = process.verdict(_months_of(opened, first, end), "neutral")
    assert (now.state, now.since) == ("up", truth.from_date.replace(day=1))
    before = truth.from_date.replace(day=1) - dt.timedelta(days=1)
    assert process.verdict(_months_of(opened, first, before), "neutral").state == "steady"

    weeks = ((end - first).days + 1) // 7
    inside = opened.filter(opened.is_between(first, first + dt.timedelta(days=7 * weeks - 1)))
    week = ((inside - first).dt.total_days() // 7).to_numpy()
    shuffles, alarms = 100, 0
    for seed in range(shuffles):
        moved = (np.random.default_rng(seed).permutation(weeks)[week] - week) * 7
        shuffled = pl.DataFrame({"day": inside, "by": moved}).select(pl.col("day") + pl.duration(days="by")).to_series()
        alarms += process.verdict(_months_of(shuffled, first, end), "neutral").state == "up"
    assert alarms <= shuffles / 20


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


# --- completions that are reported late -----------------------------------------------------------------------------------


def _known_then(frames: dict[str, pl.DataFrame], seed: int) -> pl.DataFrame:
    """Completions of each month as the extracts of reviews told them, one after the other."""
    held, rows = pl.DataFrame(schema=frames["review"].schema), []
    for extract in extracts.extracts(frames, seed):
        if "review" in extract:
            sent, marks = extract["review"]
            held = pl.concat([held.join(sent, on="review_id", how="anti"), sent])
            counts = (
                held.drop_nulls("closed_date")
                .group_by(month=pl.col("closed_date").dt.strftime("%Y-%m"))
                .agg(completions=pl.len().cast(pl.Int64))
            )
            rows.append(counts.with_columns(known_on=pl.lit(marks.extract_date)))
    assert_frame_equal(held.sort("review_id"), frames["review"].sort("review_id"))
    return pl.concat(rows)


def _untold(monkeypatch: pytest.MonkeyPatch, entries: int, seed: int) -> tuple[dict[str, pl.DataFrame], int]:
    """Generate, and count the completions of September before the tail hides some of them."""
    closed: list[Ints] = []
    hide = completions._unreported
    monkeypatch.setattr(completions, "_unreported", lambda rng, days: (closed.append(days), hide(rng, days))[1])
    frames = demo.generate(entries, seed)
    first = day_of(dt.date(2013, 9, 1))
    return frames, int(((closed[0] >= first) & (closed[0] <= LAST_DAY)).sum())


@pytest.mark.parametrize(("entries", "seed"), [(100_000, 2013), (24_000, 7)])
def test_the_late_tail_is_found_and_what_comes_lies_in_its_interval(monkeypatch: pytest.MonkeyPatch, entries: int, seed: int) -> None:
    frames, truth = _untold(monkeypatch, entries, seed)
    found = late.late_tail(_known_then(frames, seed), dt.date(2013, 9, 30))
    before, last = found.filter(pl.col("month") < "2013-09"), found.row(-1, named=True)
    assert set(before["quality"]) == {"ok"}
    assert (last["month"], last["quality"], last["n"]) == ("2013-09", "provisional", 12)
    assert last["known"] < 0.85 * truth
    assert last["low"] <= truth <= last["high"]
    assert last["known"] / truth == pytest.approx(last["share_reported"], abs=0.08)


def test_no_month_is_called_late_where_no_tail_was_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same demonstration, with nothing reported late; and September's own completions halved."""
    none = single("late_reporting")._replace(size=0.0)
    for module in (completions, extracts):
        monkeypatch.setattr(module, "single", lambda kind, real=single: none if kind == "late_reporting" else real(kind))
    frames, truth = _untold(monkeypatch, 24_000, 7)
    known = _known_then(frames, 7)
    assert known.filter(month="2013-09")["completions"].to_list() == [truth]
    weak = known.with_columns(pl.when(pl.col("month") == "2013-09").then(pl.col("completions") // 2).otherwise("completions"))
    for each in (known, weak):
        assert set(late.late_tail(each, dt.date(2013, 9, 30))["quality"]) == {"ok"}


def test_no_tail_is_found_in_months_shuffled_when_reports_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same counts in another order of months, each told whole: months that are weak by chance are not called late, in no shuffle."""
    frames, _ = _untold(monkeypatch, 24_000, 7)
    known = _known_then(frames, 7)
    final = known.group_by("month").agg(pl.col("completions").max()).sort("month")
    assert late.late_tail(known, dt.date(2013, 9, 30))["quality"].to_list().count("provisional") == 1
    told = known.filter(pl.col("known_on") >= pl.col("month").str.to_date("%Y-%m").dt.month_end() - dt.timedelta(days=3))
    for seed in range(20):
        order = final.with_columns(pl.col("completions").shuffle(seed=seed))
        at_once = told.drop("completions").join(order, on="month").select(known.columns)
        found = late.late_tail(at_once, dt.date(2013, 9, 30))
        assert found.filter(month="2013-09").height == 1
        assert set(found["quality"]) == {"ok"}, seed


def test_the_published_demonstration_says_what_is_reported(analyst: Snapshot) -> None:
    every = late.provisional_months(analyst.frames, analyst.as_of)
    assert every["month"].to_list() == ["2013-09"]
    assert 0.6 < every["share_reported"][0] < 0.85
    answered = METRICS["completions"].answer(analyst.frames, Filters(dt.date(2013, 9, 1), analyst.as_of), analyst.as_of, ())
    assert every["known"][0] == answered["value"][0]
    each = late.provisional_months(analyst.frames, analyst.as_of, by=["center"])
    assert each["known"].sum() == every["known"][0]
    assert late.provisional_months(analyst.frames, analyst.as_of, measure="receipts").is_empty()
    assert late.provisional_months(analyst.frames, dt.date(2013, 8, 31)).is_empty()
