"""Alerts are what the metrics say, Center by Center; the command tells a scheduler by its exit status."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from analytics import alertrules, alerts, format, monthly, process
from analytics.__main__ import main
from analytics.alertrules import Rule
from analytics.filters import Filters
from analytics.metrics import METRICS
from data.settings import settings
from data.store import Snapshot
from ui import alerts as shown
from ui.frame import View

END = dt.date(2013, 9, 30)


def evaluate(source: Snapshot, rules: tuple[Rule, ...], filters: Filters | None = None, **more: object) -> pl.DataFrame:
    return alerts.evaluate(
        source.frames, rules, filters or Filters(), source.as_of, first_date=source.first_date, targets=source.targets(), write=format.number, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def rules(tmp_path: Path, text: str) -> tuple[Rule, ...]:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return alertrules.load(path)


def rule(**keys: object) -> str:
    given = {"id": "r", "severity": "act", "words": "{value} of {share_of}, limit {limit}, {duty_usd}: {signal}", **keys}
    return "[[rule]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in given.items()) + "\n"


def each(source: Snapshot, metric_id: str, start: dt.date | None, **kept: tuple[str, ...]) -> dict[str, float]:
    """Ask one Center after the other, as nobody should."""
    answers = {}
    for center in source.labels["center"]:
        if center == "PORT":
            continue
        filters = Filters(start, END, centers=(center,), **kept)  # type: ignore[arg-type]
        value = METRICS[metric_id].answer(source.frames, filters, source.as_of, ())["value"][0]
        answers[center] = float(value or 0)
    return answers


def centers(found: pl.DataFrame) -> dict[str, float]:
    return dict(found.select("center", "value").sort("center").iter_rows())


def test_a_threshold_is_passed_where_the_metric_passes_it(analyst: Snapshot, tmp_path: Path) -> None:
    values = each(analyst, "past_due", None)
    limit = sorted(values.values())[len(values) // 2]
    found = evaluate(analyst, rules(tmp_path, rule(metric="past_due", kind="threshold", above=limit)))
    # What waits is too high while completions of September are reported: it must have been beyond the limit before, too.
    settled = METRICS["past_due"].answer(analyst.frames, Filters(None, dt.date(2013, 8, 31)), END, ["center"])
    before = dict(settled.select("center", "value").iter_rows())
    assert centers(found) == {center: value for center, value in sorted(values.items()) if value > limit and before[center] > limit}
    assert 0 < found.height < 9
    below = evaluate(analyst, rules(tmp_path, rule(metric="past_due", kind="threshold", below=limit, work_type=["validation"])))
    few = each(analyst, "past_due", None, work_types=("validation",))
    assert set(centers(below)) == {c for c, v in few.items() if v < limit and METRICS["pending"].answer(analyst.frames, Filters(centers=(c,), work_types=("validation",)), END, ())["value"][0]}  # fmt: skip


def test_a_share_and_its_least_number_of_cases(analyst: Snapshot, tmp_path: Path) -> None:
    late, waiting = each(analyst, "past_due", None), each(analyst, "pending", None)
    least = sorted(waiting.values())[3]
    found = evaluate(analyst, rules(tmp_path, rule(metric="past_due", kind="threshold", above=0.05, share_of="pending", least=int(least))))
    expected = {c: late[c] / waiting[c] for c in sorted(late) if waiting[c] >= least and late[c] / waiting[c] > 0.05}
    assert centers(found) == pytest.approx(expected)
    assert found.height > 0
    row = found.row(0, named=True)
    assert row["words"].startswith(f"{format.share(row['value'])} of {format.count(row['n'])}, limit 5.0%")
    assert found["excess"].to_list() == sorted(found["excess"], reverse=True)


def test_a_flow_is_counted_over_its_days(analyst: Snapshot, tmp_path: Path) -> None:
    # Completions of September are still reported: the days end with August.
    settled = dt.date(2013, 8, 31)
    period = Filters(settled - dt.timedelta(days=90), settled)
    rows = METRICS["clearance_rate"].answer(analyst.frames, period, END, ["center"])
    values = {row["center"]: row["value"] for row in rows.iter_rows(named=True) if row["center"] != "PORT" and row["value"] is not None}
    found = evaluate(analyst, rules(tmp_path, rule(metric="clearance_rate", kind="threshold", below="target", days=91)))
    assert centers(found) == pytest.approx({c: v for c, v in sorted(values.items()) if v < 1.0})


def test_a_value_with_an_interval_must_clearly_pass(analyst: Snapshot, tmp_path: Path) -> None:
    rows = METRICS["inquiries_on_time_share"].answer(analyst.frames, Filters(END - dt.timedelta(days=364), END), END, ["center"])
    limit = 0.95
    found = evaluate(analyst, rules(tmp_path, rule(metric="inquiries_on_time_share", kind="threshold", below=limit, days=365)))
    assert set(found["center"]) == set(rows.filter(pl.col("high") < limit)["center"])
    assert rows.filter((pl.col("value") < limit) & (pl.col("high") >= limit)).height > 0


def test_a_clock_counts_what_falls_due(analyst: Snapshot, tmp_path: Path) -> None:
    due, late = each(analyst, "due_within_30", None), each(analyst, "past_due", None)
    month = evaluate(analyst, rules(tmp_path, rule(metric="due_within_30", kind="clock", within=30, above=0)))
    assert centers(month) == {c: v for c, v in sorted(due.items()) if v > 0}
    now = evaluate(analyst, rules(tmp_path, rule(metric="past_due", kind="clock", within=0, above=0)))
    assert centers(now) == {c: v for c, v in sorted(late.items()) if v > 0}
    duty = dict(
        METRICS["past_due_duty_usd"].answer(analyst.frames, Filters(None, END), END, ["center"]).select("center", "value").iter_rows()
    )
    for row in now.iter_rows(named=True):
        assert f", {format.usd(duty[row['center']])}: " in row["words"]


def test_a_signal_is_that_of_the_process_chart(analyst: Snapshot, tmp_path: Path) -> None:
    found = evaluate(
        analyst,
        rules(
            tmp_path,
            rule(metric="backlog", kind="signal", when="concern") + rule(id="p", metric="backlog", kind="signal", when="improvement"),
        ),
    )
    expected = set()
    for center in analyst.labels["center"]:
        filters = Filters(centers=(center,))
        months = monthly.series(analyst.frames, METRICS["backlog"], filters, END, end=END, first_date=analyst.first_date)
        state = process.verdict(process.chart(months, "lower"), "lower").state
        if center != "PORT" and state in ("concern", "improvement"):
            expected.add((center, {"concern": "r", "improvement": "p"}[state]))
    assert set(found.select("center", "rule").iter_rows()) == expected
    assert expected
    assert found["limit"].null_count() == found.height


def test_the_surge_raises_an_alert_for_its_center_alone(analyst: Snapshot, tmp_path: Path) -> None:
    rule_ = rules(tmp_path, rule(metric="receipts", kind="signal", when="up", work_type=["psc"], least=5))
    found = evaluate(analyst, rule_, Filters(None, dt.date(2013, 4, 30)))
    assert found["center"].to_list() == ["ELE"]
    assert evaluate(analyst, rule_, Filters(None, dt.date(2013, 2, 28))).is_empty()
    # A month that is known to be incomplete is no signal.
    assert evaluate(analyst, rule_, Filters(None, dt.date(2013, 3, 31)), provisional=[dt.date(2013, 3, 1)]).is_empty()


def test_filters_roles_and_order(analyst: Snapshot, store: Path) -> None:
    every = evaluate(analyst, alertrules.load())
    assert every.height > 5
    assert "PORT" not in every["center"]
    severities = every["severity"].to_list()
    assert severities == sorted(severities)
    one = evaluate(analyst, alertrules.load(), Filters(centers=("PHC",)))
    assert set(one["center"]) == {"PHC"}
    assert one.sort("rule").equals(every.filter(center="PHC").sort("rule"))
    mine = evaluate(analyst, alertrules.load(), own=("CPM",))
    assert mine["center"].to_list()[: mine.filter(center="CPM").height] == ["CPM"] * mine.filter(center="CPM").height
    assert mine.filter(center="CPM").height > 0
    # What the reader chose and what the rule is about have nothing in common.
    assert "corrections_jump" not in evaluate(analyst, alertrules.load(), Filters(work_types=("protest",)))["rule"]


def test_the_list_on_the_page(analyst: Snapshot) -> None:
    view = View(analyst, Filters(dt.date(2012, 10, 1), END))
    found = shown.found(view, analyst)
    page = shown.page(view, found)
    assert page.count("data-alert=") == found.height
    assert f"<summary>{found.height - shown.SHOWN} more</summary>" in page
    acts = found.filter(severity="act").height
    assert shown.heading(found).startswith(f"{found.height} alerts at {found['center'].n_unique()} Centers")
    assert f"{acts} ask" in shown.heading(found) or acts < 2
    assert "none asks for action" in shown.heading(found.filter(severity="watch"))
    assert shown.heading(found.clear()).startswith("No alert")
    assert "data-alert" not in shown.page(view, found.clear())
    marked = found.with_columns(words=pl.lit("<img src=x onerror=1>"))
    assert "<img" not in shown.page(view, marked)


def test_a_wrong_rule_is_said_on_the_page_and_not_taken_for_a_quiet_day(
    analyst: Snapshot, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(shown.st, "html", drawn.append)
    monkeypatch.setattr(shown.session, "role_in_force", lambda: "analyst")
    view = View(analyst, Filters(dt.date(2012, 10, 1), END))
    named.write_text("[[rule]]\nid = 1\n", encoding="utf-8")
    shown.draw(view, analyst)
    assert "Alerts cannot be judged" in drawn[-1]
    assert str(named) in drawn[-1]
    named.write_text(rule(metric="pending", kind="threshold", above=0), encoding="utf-8")
    os.utime(named, (1, 1))
    shown.draw(view, analyst)
    assert drawn[-1].count("data-alert") == 9


@pytest.fixture
def named(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of rules that the settings name."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("CENTERLINE_ALERTS", str(path))
    settings.cache_clear()
    yield path
    settings.cache_clear()


@pytest.mark.parametrize(("above", "severity", "status"), [(0, "act", 1), (0, "watch", 0), (10_000_000, "act", 0)])
def test_the_exit_status_tells_a_scheduler(named: Path, capsys: pytest.CaptureFixture[str], above: int, severity: str, status: int) -> None:
    named.write_text(rule(metric="pending", kind="threshold", above=above, severity=severity), encoding="utf-8")
    assert main(["alerts", "--json", "--center", "ELE,PHC", "--as-of", "2013-08-31"]) == status
    answer = json.loads(capsys.readouterr().out)
    assert {row["center"] for row in answer["rows"]} == ({"ELE", "PHC"} if above == 0 else set())
    assert (answer["as_of"], answer["filters"]) == ("2013-08-31", {"center": "ELE,PHC"})
    assert all(set(row) == set(alerts.SCHEMA) for row in answer["rows"])


@pytest.mark.parametrize("form", ["table", "csv"])
def test_alerts_are_written_for_people_too(store: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert main(["alerts", "--format", form, "--role", "director", "--own-center", "PHC"]) in (0, 1)
    said = capsys.readouterr().out
    assert "PHC" in said or "Pharma" in said


@pytest.mark.parametrize("arguments", [["--center", "XXX"], ["--by", "port"], ["--role", "director"], ["--role", "working_group"]])
def test_what_cannot_be_answered_says_so(store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["alerts", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("analytics: ")


def test_a_wrong_file_of_rules_is_named(named: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts"]) == 2
    assert "CENTERLINE_ALERTS" in capsys.readouterr().err
    named.write_text("[[rule]]\nid = 1\n", encoding="utf-8")
    assert main(["alerts"]) == 2
    assert str(named) in capsys.readouterr().err
