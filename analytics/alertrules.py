"""The rules of alerts: read from a TOML file and checked word by word, so that a wrong one is refused and not ignored."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analytics import monthly, process
from analytics.exc import ConfigError
from analytics.filters import DIMENSIONS, Filters
from analytics.metrics import METRICS, Metric

#: The rules that come with Centerline.
DEFAULT: Final = Path(__file__).with_name("alerts.toml")

KINDS: Final = ("threshold", "signal", "clock")
#: From the one that asks for action to the one that asks for a look.
SEVERITIES: Final = ("act", "watch")
PAGES: Final = ("workload", "work_list", "service", "people", "compliance", "feedback")
WITHIN: Final = (0, 7, 14, 30)
STATES: Final = (process.CONCERN, process.IMPROVEMENT, process.UP, process.DOWN)
#: What a sentence may hold.
FIELDS: Final = ("value", "limit", "n", "share_of", "value_usd", "duty_usd", "days", "signal", "end")

_KEYS: Final = {
    "id",
    "metric",
    "kind",
    "severity",
    "words",
    "page",
    "above",
    "below",
    "days",
    "share_of",
    "least",
    "when",
    "within",
    *DIMENSIONS,
}


@dataclass(frozen=True)
class Rule:
    """One rule; every Center is judged by it."""

    id: str
    metric: Metric
    kind: str
    severity: str
    words: str
    page: str
    #: What the rule is about, besides what the reader chose; its period is not used.
    about: Filters
    above: float | str | None = None
    below: float | str | None = None
    #: Days back over which a flow is counted; null for the value on the day.
    days: int | None = None
    share_of: Metric | None = None
    least: int = 0
    when: str = process.CONCERN
    within: int = 0

    @property
    def limit(self) -> float | str | None:
        """The number that must not be passed, or `target`."""
        return self.below if self.above is None else self.above


def load(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules of a file, by default those that come with Centerline.

    Raises:
        ConfigError: the file cannot be read or a rule is wrong; it says which and what to write.
    """
    place = path or DEFAULT
    try:
        document = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The rules of alerts cannot be read from “{place}” ({error.strerror}); correct CENTERLINE_ALERTS or leave it empty."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The rules of alerts in “{place}” are not TOML: {error}. Correct that line; {DEFAULT.name} shows how."
        ) from error
    given = document.get("rule")
    if set(document) - {"rule"} or not isinstance(given, list) or not all(isinstance(rule, dict) for rule in given):
        raise ConfigError(f"“{place}” must hold [[rule]] tables and nothing else; {DEFAULT.name} shows how.")
    rules = tuple(_rule(rule, number, place) for number, rule in enumerate(given, 1))
    names = [rule.id for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"Two rules in “{place}” have the id “{twice}”; give one of them another.")
    return rules


def _rule(given: Mapping[str, Any], number: int, place: Path) -> Rule:
    name = given.get("id") or f"number {number}"

    def refuse(what: str) -> ConfigError:
        return ConfigError(f"Alert rule {name} in “{place}”: {what}")

    def one_of(key: str, choices: tuple[str, ...] | tuple[int, ...], otherwise: Any = None) -> Any:
        value = given.get(key, otherwise)
        if isinstance(value, bool) or value not in choices:
            raise refuse(f"“{key}” is {value!r}; write one of {', '.join(map(str, choices))}.")
        return value

    def number_of(key: str, least: float | None = None) -> Any:
        value = given.get(key)
        if value is None or (key in ("above", "below") and value == "target"):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or (least is not None and (value < least or value != int(value))):
            raise refuse(f"“{key}” is {value!r}; write a number{'' if least is None else f' from {least:g} on'}.")
        return value

    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise refuse(f"“{unknown[0]}” is not a key of a rule; the keys are {', '.join(sorted(_KEYS))}.")
    if not isinstance(given.get("id"), str) or not given["id"]:
        raise refuse("it has no “id”; give it a name.")
    kind, metric = one_of("kind", KINDS), METRICS[one_of("metric", tuple(METRICS))]
    rule = Rule(
        id=given["id"],
        metric=metric,
        kind=kind,
        severity=one_of("severity", SEVERITIES),
        words=_words(given.get("words"), refuse),
        page=one_of("page", PAGES, "workload"),
        about=_about(given, metric, refuse),
        above=number_of("above"),
        below=number_of("below"),
        days=number_of("days", 1),
        share_of=METRICS[one_of("share_of", tuple(METRICS))] if "share_of" in given else None,
        least=number_of("least", 0) or 0,
        when=one_of("when", STATES, process.CONCERN),
        within=one_of("within", WITHIN, 0),
    )
    _fits(rule, refuse)
    return rule


def _words(words: object, refuse: Any) -> str:
    if not isinstance(words, str) or not words.strip():
        raise refuse("it has no “words”; write the sentence of the alert.")
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
    except ValueError as error:
        raise refuse(f"“words” has a brace too many ({error}).") from error
    strange = sorted(fields - set(FIELDS))
    if strange:
        raise refuse(f"“words” names {{{strange[0]}}}; it can name {', '.join(f'{{{field}}}' for field in FIELDS)}.")
    return words.strip()


def _about(given: Mapping[str, Any], metric: Metric, refuse: Any) -> Filters:
    about = Filters()
    for dimension in DIMENSIONS:
        if dimension not in given:
            continue
        values = given[dimension]
        if dimension not in metric.dimensions:
            raise refuse(f"{metric.id} has no {dimension}; it has {', '.join(metric.dimensions)}.")
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise refuse(f'“{dimension}” is {values!r}; write a list of codes, as {dimension} = ["psc"].')
        about = about.keeping(dimension, values)
    return about


def _fits(rule: Rule, refuse: Any) -> None:
    """Refuse what a kind of rule cannot use."""
    if "center" not in rule.metric.dimensions:
        raise refuse(f"{rule.metric.id} is not known by Center.")
    if rule.kind == "signal":
        if rule.metric.id in monthly.UNCHARTED:
            raise refuse(
                f"{rule.metric.id} is not judged by months: what waits carries over, and chance would look like a signal; write a threshold."
            )
        if rule.limit is not None or rule.share_of or rule.days:
            raise refuse("a signal rule has no above, below, share_of or days; the process chart sets the limit.")
        wanted = (process.UP, process.DOWN) if rule.metric.direction == "neither" else (process.CONCERN, process.IMPROVEMENT)
        if rule.when not in wanted:
            raise refuse(f"“when” is “{rule.when}”; {rule.metric.id} can be {' or '.join(wanted)}.")
        return
    if (rule.above is None) == (rule.below is None):
        raise refuse("write either “above” or “below”, with a number.")
    if rule.kind == "clock" and (rule.above is None or isinstance(rule.above, str) or rule.share_of or rule.days):
        raise refuse("a clock rule has “above” with a number of reviews and “within”, and no share_of or days.")
    if rule.share_of and (isinstance(rule.limit, str) or "center" not in rule.share_of.dimensions):
        raise refuse("“share_of” names a metric that is known by Center, and its limit is a number.")
