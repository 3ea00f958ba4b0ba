"""The rules that say which cells may not be shown, read from one file, each with its reason.

Method: threshold, (n,k) dominance and p-percent of the FCSM Statistical Policy Working Paper 22; counts and rates of few after
domain practice (attribute disclosure). Each rule is an expression over cells that is true where a cell fails, so that a frame
of a million cells is judged in one pass, and `judge` tells one cell's verdicts in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from analytics.exc import ConfigError, first_line

DEFAULT: Final = Path(__file__).with_name("rules.yaml")

#: Section and key of the file, the field it fills, and the least and the greatest value; whole numbers have whole limits.
_KEYS: Final[dict[tuple[str, str], tuple[str, float, float, bool]]] = {
    ("", "minimum_accounts"): ("minimum_accounts", 2, 1000, True),
    ("", "p_percent"): ("p_percent", 0.1, 100, False),
    ("dominance", "top1"): ("top1_share", 0.01, 1, False),
    ("dominance", "top2"): ("top2_share", 0.01, 1, False),
    ("rates", "minimum_count"): ("minimum_count", 1, 1000, True),
    ("rates", "few_accounts"): ("few_accounts", 1, 1000, True),
    ("", "reliable_cases"): ("reliable_cases", 0, 1_000_000, True),
    ("rounding", "count"): ("round_count", 1, 1_000_000, True),
    ("rounding", "sum"): ("round_sum", 0.01, 1e12, False),
    ("rounding", "share"): ("round_share", 0.0001, 0.1, False),
}


@dataclass(frozen=True)
class Rules:
    """What the file of rules says; shares are 0-1, `p_percent` is a percentage."""

    minimum_accounts: int = 3
    p_percent: float = 10
    top1_share: float = 0.65
    top2_share: float = 0.85
    minimum_count: int = 3
    few_accounts: int = 5
    reliable_cases: int = 30
    round_count: int = 5
    round_sum: float = 1000
    round_share: float = 0.001

    @property
    def p(self) -> float:
        """Return the p of p-percent as a share."""
        return self.p_percent / 100


@dataclass(frozen=True)
class Verdict:
    """What one rule says about one cell: whether it passes, and why or why not."""

    rule: str
    passed: bool
    reason: str


@dataclass(frozen=True)
class Rule:
    """A rule: its name, where a cell fails it, and the reason in words."""

    name: str
    fails: pl.Expr
    reason: str


def load(path: Path = DEFAULT) -> Rules:
    """Read the rules of disclosure control.

    Args:
        path: A YAML file with every key of `rules.yaml` and no other.

    Raises:
        ConfigError: Names the key that is wrong, what it is and what to write.
    """
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The rules of disclosure control cannot be read from “{path}”: {first_line(error)}. Copy {DEFAULT.name}."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"“{path}” is not YAML: {first_line(error)}. Correct it; {DEFAULT.name} shows how.") from error
    if not isinstance(document, Mapping):
        raise ConfigError(f"“{path}” holds no keys; copy {DEFAULT.name} and change its numbers.")
    return _rules(document, path)


def _rules(document: Mapping[str, Any], path: Path) -> Rules:
    given: dict[tuple[str, str], object] = {}
    sections = {section for section, _ in _KEYS if section}
    for key, value in document.items():
        if key in sections:
            if not isinstance(value, Mapping):
                raise ConfigError(f"“{key}” in “{path}” is {value!r}; write its keys below it, as {DEFAULT.name} does.")
            given |= {(key, str(inner)): number for inner, number in value.items()}
        else:
            given["", str(key)] = value
    for section, key in given:
        if (section, key) not in _KEYS:
            raise ConfigError(
                f"“{_named(section, key)}” in “{path}” is no key of the rules; they are {', '.join(_named(*known) for known in _KEYS)}."
            )
    fields = {field: _number(given, name, path) for name, (field, *_) in _KEYS.items()}
    if fields["top2_share"] < fields["top1_share"]:
        raise ConfigError(
            f"“dominance.top2” in “{path}” is under “dominance.top1”; two accounts never hold less than one: write a greater share."
        )
    return Rules(**fields)


def _named(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _number(given: Mapping[tuple[str, str], object], name: tuple[str, str], path: Path) -> Any:
    _, least, most, whole = _KEYS[name]
    if name not in given:
        raise ConfigError(f"“{_named(*name)}” is missing in “{path}”; write a number from {least:g} to {most:g}.")
    value = given[name]
    wrong = isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most or (whole and value != int(value))
    if wrong:
        raise ConfigError(
            f"“{_named(*name)}” in “{path}” is {value!r}; write a {'whole ' if whole else ''}number from {least:g} to {most:g}."
        )
    return int(value) if whole else value  # type: ignore[call-overload]


def listed(rules: Rules) -> tuple[Rule, ...]:
    """Return the rules in the order in which they are asked; the first that a cell fails gives its reason.

    A zero is never protected as such: it has no contributor. Rates are judged where `denominator` is not null.
    """
    total, top1, top2 = pl.col("total"), pl.col("top1"), pl.col("top2")
    others = pl.col("denominator") - total
    some, rate = total > 0, pl.col("denominator").is_not_null()
    few = pl.col("denominator_accounts") < rules.few_accounts
    return (
        Rule("threshold", some & (pl.col("n_accounts") < rules.minimum_accounts), f"fewer than {rules.minimum_accounts} accounts"),
        # Sums of cents leave crumbs; a cell exactly on the limit passes.
        Rule(
            "p_percent",
            some & (total - top1 - top2 < rules.p * top1 - 1e-9 * total),
            f"the rest is under {rules.p_percent:g} % of the largest account",
        ),
        Rule("dominance_1", some & (top1 > (rules.top1_share + 1e-9) * total), f"one account holds over {rules.top1_share:.0%}"),
        Rule("dominance_2", some & (top1 + top2 > (rules.top2_share + 1e-9) * total), f"two accounts hold over {rules.top2_share:.0%}"),
        Rule(
            "rate_cases",
            rate & (total.is_between(0, rules.minimum_count, closed="none") | others.is_between(0, rules.minimum_count, closed="none")),
            f"fewer than {rules.minimum_count} cases, or fewer than {rules.minimum_count} others",
        ),
        Rule(
            "rate_of_few",
            rate & (pl.col("denominator") > 0) & ((total == 0) | (others == 0)) & few,
            f"0 % or 100 % of fewer than {rules.few_accounts} accounts",
        ),
    )


def judge(rules: Rules, **cell: float | None) -> tuple[Verdict, ...]:
    """Tell what each rule says about one cell.

    Args:
        rules: The rules in force.
        cell: `total`, `n_accounts`, `top1`, `top2` and, for the numerator of a rate, `denominator` and `denominator_accounts`.
    """
    given = {"denominator": None, "denominator_accounts": None} | cell
    frame = pl.DataFrame({name: [value] for name, value in given.items()}, schema=dict.fromkeys(given, pl.Float64))
    rows = [(rule, bool(frame.select(rule.fails.fill_null(value=False)).item())) for rule in listed(rules)]
    return tuple(Verdict(rule.name, not failed, rule.reason if failed else "passes") for rule, failed in rows)
