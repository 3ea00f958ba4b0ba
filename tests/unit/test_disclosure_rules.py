"""The rules of disclosure control at their edges, the file that holds them, and the four marks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from analytics.disclosure import primary, rules
from analytics.exc import ConfigError, DataError

RULES = rules.Rules()


def failed(**cell: float | None) -> set[str]:
    return {verdict.rule for verdict in rules.judge(RULES, **cell) if not verdict.passed}


@pytest.mark.parametrize(
    ("cell", "fails"),
    [
        ({"total": 100, "n_accounts": 3, "top1": 40, "top2": 35}, set()),
        ({"total": 100, "n_accounts": 2, "top1": 40, "top2": 35}, {"threshold"}),
        # Nobody contributes to a zero, so there is nobody to protect.
        ({"total": 0, "n_accounts": 0, "top1": 0, "top2": 0}, set()),
        # What is left (5) is exactly 10 % of the largest (50), then a cent less.
        ({"total": 100, "n_accounts": 9, "top1": 50, "top2": 45}, {"dominance_2"}),
        ({"total": 99.99, "n_accounts": 9, "top1": 50, "top2": 45}, {"p_percent", "dominance_2"}),
        ({"total": 100, "n_accounts": 9, "top1": 65, "top2": 10}, set()),
        ({"total": 100, "n_accounts": 9, "top1": 65.01, "top2": 10}, {"dominance_1"}),
        ({"total": 100, "n_accounts": 9, "top1": 60, "top2": 25}, set()),
        ({"total": 100, "n_accounts": 9, "top1": 60, "top2": 25.01}, {"dominance_2"}),
    ],
)
def test_each_rule_of_companies_at_its_edge(cell: dict[str, float], fails: set[str]) -> None:
    assert failed(**cell) == fails


@pytest.mark.parametrize(
    ("cases", "of", "accounts", "fails"),
    [
        (3, 10, 10, set()),
        (2, 10, 10, {"rate_cases"}),
        (1, 10, 10, {"rate_cases"}),
        (7, 10, 10, set()),
        (8, 10, 10, {"rate_cases"}),
        (0, 10, 5, set()),
        (0, 10, 4, {"rate_of_few"}),
        (10, 10, 5, set()),
        (10, 10, 4, {"rate_of_few"}),
        (0, 0, 0, set()),
    ],
)
def test_each_rule_of_rates_at_its_edge(cases: float, of: float, accounts: float, fails: set[str]) -> None:
    n = min(cases, 9)
    cell = {"total": cases, "n_accounts": n, "top1": min(1, cases), "top2": min(1, cases)}
    found = failed(**cell, denominator=of, denominator_accounts=accounts)
    assert {rule for rule in found if rule.startswith("rate")} == fails


def test_a_verdict_says_why() -> None:
    said = {verdict.rule: verdict.reason for verdict in rules.judge(RULES, total=10, n_accounts=1, top1=10, top2=0)}
    assert said["threshold"] == "fewer than 3 accounts"
    assert said["dominance_1"] == "one account holds over 65%"
    assert said["rate_cases"] == "passes"


def test_the_file_of_rules_is_what_the_code_takes_for_granted() -> None:
    assert asdict(rules.load()) == asdict(RULES)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("minimum_accounts: 3", "minimum_accounts: 1"), "“minimum_accounts” in .* is 1; write a whole number from 2 to 1000"),
        (("minimum_accounts: 3", "minimum_accounts: 3.5"), "write a whole number"),
        (("minimum_accounts: 3", "minimum_accounts: yes"), "is True; write a whole number"),
        (("p_percent: 10", "p_percent: many"), "“p_percent” in .* is 'many'; write a number from 0.1 to 100"),
        (("p_percent: 10", "percent: 10"), "“percent” in .* is no key of the rules"),
        (("p_percent: 10", ""), "“p_percent” is missing"),
        (("top2: 0.85", "top2: 0.5"), "write a greater share"),
        (("top1: 0.65", "top1: 65"), "“dominance.top1” in .* is 65"),
        (("p_percent: 10", "p_percent: ["), "is not YAML"),
        (("  share: 0.001", ""), "“rounding.share” is missing"),
    ],
)
def test_a_bad_file_says_what_to_write(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    text = rules.DEFAULT.read_text()
    assert change[0] in text
    bad = tmp_path / "rules.yaml"
    bad.write_text(text.replace(*change))
    with pytest.raises(ConfigError, match=says):
        rules.load(bad)


@pytest.mark.parametrize(("text", "says"), [("", "holds no keys"), ("dominance: 3", "write its keys below it")])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, says: str) -> None:
    bad = tmp_path / "rules.yaml"
    bad.write_text(text)
    with pytest.raises(ConfigError, match=says):
        rules.load(bad)
    with pytest.raises(ConfigError, match="cannot be read"):
        rules.load(tmp_path / "none.yaml")


def cells(*rows: dict[str, object]) -> pl.DataFrame:
    plain = {"center": "ELE", "total": 100.0, "n_accounts": 5, "top1": 30.0, "top2": 20.0, "whole": True}
    plain |= {"denominator": None, "denominator_accounts": None, "applicable": True, "published": True}
    schema = {"denominator": pl.Float64, "denominator_accounts": pl.Float64}
    return pl.DataFrame([plain | {"center": f"C{number}"} | row for number, row in enumerate(rows)], schema_overrides=schema)


def test_four_marks_say_four_things() -> None:
    nothing = {"total": 0.0, "n_accounts": 0, "top1": 0.0, "top2": 0.0}
    marked = primary.mark(
        cells(
            {},
            {"n_accounts": 2},
            {"denominator": 29.0 + 100, "denominator_accounts": 9.0},
            {"total": 10.0, "top1": 3.0, "top2": 3.0, "denominator": 29.0, "denominator_accounts": 9.0},
            nothing,
            nothing | {"applicable": False},
            nothing | {"denominator": 4.0, "denominator_accounts": 2.0},
        ),
        RULES,
    )
    assert marked["mark"].to_list() == ["", "D", "", "S", "0", "–", "D"]
    assert marked["rule"].to_list() == ["", "threshold", "", "", "", "", "rate_of_few"]
    assert marked["primary"].to_list() == [False, True, False, False, False, False, True]


@pytest.mark.parametrize(
    ("row", "levels"),
    [
        # p % of the largest, for counts at least one and whole.
        ({"n_accounts": 2, "total": 50.0}, (3, 3)),
        ({"n_accounts": 2, "total": 51.0, "top1": 31.0}, (4, 4)),
        ({"n_accounts": 1, "total": 1.0, "top1": 1.0, "top2": 0.0}, (1, 1)),
        ({"n_accounts": 2, "total": 50.0, "whole": False}, (3, 3)),
        ({"n_accounts": 1, "total": 1.0, "top1": 1.0, "top2": 0.0, "whole": False}, (0.1, 0.1)),
        # 0 of 4 must look as if it could be 3; 4 of 4 as if it could be one.
        ({"total": 0.0, "n_accounts": 0, "top1": 0.0, "top2": 0.0, "denominator": 4.0, "denominator_accounts": 2.0}, (3, 0)),
        ({"total": 4.0, "n_accounts": 4, "top1": 1.0, "top2": 1.0, "denominator": 4.0, "denominator_accounts": 4.0}, (0, 3)),
        ({}, (0, 0)),
    ],
)
def test_protection_levels(row: dict[str, object], levels: tuple[float, float]) -> None:
    marked = primary.mark(cells(row), RULES)
    assert marked.select("up", "down").row(0) == pytest.approx(levels)


@pytest.mark.parametrize(
    "row",
    [
        {"total": -1.0}, {"total": None}, {"top2": 31.0}, {"top1": 90.0}, {"n_accounts": 0}, {"total": 100.5},
        {"applicable": False}, {"denominator": 99.0},
    ],
)  # fmt: skip
def test_cells_that_cannot_be_are_refused(row: dict[str, object]) -> None:
    with pytest.raises(DataError, match="1 cells cannot be judged, the first is center=C1"):
        primary.mark(cells({}, row), RULES)


def test_cells_without_figures_or_twice_are_refused() -> None:
    with pytest.raises(DataError, match="Cells have no column “top1”"):
        primary.mark(cells({}).drop("top1"), RULES)
    with pytest.raises(DataError, match="Two cells have the same center"):
        primary.mark(cells({}, {}).with_columns(center=pl.lit("ELE")), RULES)
    with pytest.raises(DataError, match="no dimension"):
        primary.mark(cells({}).drop("center"), RULES)
