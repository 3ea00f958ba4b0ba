"""Rules of alerts are read word by word: a wrong one is refused with a sentence that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics import alertrules
from analytics.exc import ConfigError

GOOD = """
[[rule]]
id = "late"
metric = "past_due"
kind = "threshold"
above = 3
severity = "act"
words = "{value} are late"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_rules_are_good_and_of_every_kind() -> None:
    rules = alertrules.load()
    assert {rule.kind for rule in rules} == set(alertrules.KINDS)
    assert {rule.severity for rule in rules} == set(alertrules.SEVERITIES)


def test_a_rule_is_read(tmp_path: Path) -> None:
    (rule,) = alertrules.load(write(tmp_path, GOOD + 'work_type = ["psc"]\nleast = 5\n'))
    assert (rule.id, rule.limit, rule.least, rule.page, rule.about.work_types) == ("late", 3, 5, "workload", ("psc",))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"past_due"', '"past_dew"', "“metric” is 'past_dew'"),
        ('"threshold"', '"limit"', "write one of threshold, signal, clock"),
        ("above = 3", "", "write either “above” or “below”"),
        ("above = 3", "above = 3\nbelow = 1", "write either “above” or “below”"),
        ("above = 3", 'above = "three"', "“above” is 'three'"),
        ("above = 3", "above = true", "“above” is True"),
        ("above = 3", "above = 3\nabout = 1", "“about” is not a key"),
        ("above = 3", "above = 3\ndays = 0.5", "“days” is 0.5"),
        ("above = 3", 'above = 3\nwork_type = "psc"', "write a list of codes"),
        ("above = 3", 'above = 3\nshare_of = "nothing"', "“share_of” is 'nothing'"),
        ('"act"', '"panic"', "write one of act, watch"),
        ("{value} are late", "{values} are late", "“words” names {values}"),
        ("{value} are late", "{value are late", "brace"),
        ('words = "{value} are late"', "", "it has no “words”"),
        ('id = "late"', "", "it has no “id”"),
        ('"threshold"', '"signal"', "the process chart sets the limit"),
        ('"threshold"\nabove = 3', '"signal"\nwhen = "up"', "past_due can be concern or improvement"),
        ('"threshold"', '"clock"\nwithin = 10', "“within” is 10"),
        ('kind = "threshold"\nabove = 3', 'kind = "clock"\nbelow = 3', "a clock rule has “above”"),
        ('kind = "threshold"', 'kind = "threshold"\nmode = ["10"]', "past_due has no mode"),
        ("[[rule]]", "[rule]", "must hold [[rule]] tables"),
        ("[[rule]]", "[[rules]]", "must hold [[rule]] tables"),
        ("[[rule]]", "[[rule", "are not TOML"),
    ],
)
def test_a_wrong_rule_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    path = write(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(ConfigError) as refused:
        alertrules.load(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_two_rules_with_one_name_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Two rules"):
        alertrules.load(write(tmp_path, GOOD + GOOD))
    with pytest.raises(ConfigError, match="CENTERLINE_ALERTS"):
        alertrules.load(tmp_path / "none.toml")


def test_no_signal_is_asked_of_what_no_chart_judges(tmp_path: Path) -> None:
    rule = GOOD.replace('"threshold"\nabove = 3', '"signal"\nwhen = "concern"').replace('"past_due"', '"feedback_open"')
    with pytest.raises(ConfigError, match="feedback_open is not judged by months"):
        alertrules.load(write(tmp_path, rule))
    assert alertrules.load(write(tmp_path, GOOD.replace('"past_due"', '"feedback_open"')))
