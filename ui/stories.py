"""Stories for a room: lists of cards that are made by the functions of the pages, and the two catalogs from which they are drawn.

The threat: a room of competitors sees a figure that was not released. So there are two catalogs. The safe one is made from the release
and from what a working group reads of feedback; its material is opened with the working group's scope, whoever presents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from analytics import format
from analytics.exc import CenterlineError
from analytics.filters import DIMENSIONS
from ui import charts, pagetitles
from ui.board import Card, KeyFigure
from ui.cards import closing, compliance, desk, fairness, flow, industry, industry_rates, signals, voices, volume, workload
from ui.cards.shared import plural
from ui.charts.drawing import Drawing
from ui.figures import key_figures
from ui.frame import View

#: Id of the story that a reader puts together.
OWN: Final = "own"
FEEDBACK: Final = "feedback"

#: Rows of a chart that a slide shows in large type.
MOST_ROWS: Final = 12

_CENTER: Final = ("center",)
_GOODS: Final = ("center", "industry", "port", "program")
_WORK: Final = (*_GOODS, "work_type")


@dataclass(frozen=True)
class Material:
    """What cards are made of; `view` and `feedback` have the same filters."""

    view: View
    feedback: View
    #: Cells of the release; null unless the material is safe for working groups.
    cells: pl.DataFrame | None
    targets: pl.DataFrame
    ports: pl.DataFrame
    #: What was agreed to, by segment.
    segments: Callable[[View], pl.DataFrame]

    @property
    def released(self) -> pl.DataFrame:
        """The cells of the release; none where it is not read."""
        return pl.DataFrame() if self.cells is None else self.cells


@dataclass(frozen=True)
class Piece:
    """A card that a story can hold; `dimensions` are the filters that narrow it."""

    name: str
    make: Callable[[Material], Card]
    dimensions: tuple[str, ...] = _GOODS


@dataclass(frozen=True)
class Story:
    """Cards in their order, the key figures before them, and the finding above all."""

    title: str
    pieces: tuple[str, ...]
    figures: Callable[[Material], Sequence[KeyFigure]] = lambda _: ()
    finding: Callable[[Material], str] = lambda _: ""
    #: Whether its finding is of a day, the period's last.
    of_day: bool = False


@dataclass(frozen=True)
class Catalog:
    """Stories and the pieces from which they, and own selections, are put together."""

    pieces: Mapping[str, Piece]
    stories: Mapping[str, Story]


def _released(name: str) -> Piece:
    return Piece(_RELEASED[name], lambda room: industry.by_center(room.view, room.released, name), _CENTER)


_RELEASED: Final[dict[str, str]] = {
    "pending": "Pending by Center",
    "backlog": "Backlog by Center",
    "entry_summaries": "Entry summaries by Center",
    "import_value_usd": "Import value by Center",
}


def _rates(metric_id: str, words: str) -> dict[str, Piece]:
    def piece(how: str, make: Callable[[View, pl.DataFrame, str], Card]) -> Piece:
        return Piece(f"Sampled lines without a {words}, {how}", lambda room: make(room.view, room.released, metric_id), _CENTER)

    return {
        f"industry_time_{metric_id}": piece("over time", industry_rates.over_time),
        f"industry_center_{metric_id}": piece("by Center", industry_rates.by_center),
    }


_RATES: Final = {name: piece for rate in industry_rates.WITHOUT.items() for name, piece in _rates(*rate).items()}

_FEEDBACK: Final[dict[str, Piece]] = {
    "topics": Piece("Topics raised", lambda room: voices.topics(room.feedback), _CENTER),
    "statuses": Piece("How far feedback has come", lambda room: voices.statuses(room.feedback), _CENTER),
    "over_90": Piece("Feedback open over 90 days", lambda room: closing.waiting_long(room.feedback), _CENTER),
    "answers": Piece("Days to a first answer", lambda room: voices.answer_age(room.feedback), _CENTER),
    "settling": Piece("Days until settled", lambda room: closing.settling(room.feedback), _CENTER),
    "accepted_topics": Piece("Agreed to, by topic", lambda room: closing.accepted_by_topic(room.feedback), _CENTER),
    "accepted_segments": Piece(
        "Agreed to, by segment", lambda room: closing.accepted_by_segment(room.feedback, room.segments(room.feedback)), _CENTER
    ),
}

_SAFE: Final[dict[str, Piece]] = {
    "industry_flow": Piece("Receipts and completions", lambda room: industry.over_time(room.view, room.released), _CENTER),
    **{f"industry_{name}": _released(name) for name in _RELEASED},
    "industry_districts": Piece(
        "Districts that entries come through", lambda room: industry.by_district(room.view, room.released), _CENTER
    ),
    **_RATES,
    **_FEEDBACK,
}

_INSIDE: Final[dict[str, Piece]] = {
    "backlog_by_center": Piece("Backlog by Center", lambda room: workload.backlog_by_center(room.view)),
    "share_by_center": Piece("Share of import value by Center", lambda room: volume.share_by_center(room.view)),
    "by_industry": Piece("Import value by industry", lambda room: volume.by_industry(room.view)),
    "port_map": Piece("Map of ports", lambda room: volume.port_map(room.view, room.ports)),
    "rate": Piece("Compliance over time", lambda room: compliance.over_time(room.view, room.targets)),
    "rate_by_industry": Piece("Compliance by industry", lambda room: compliance.by_dimension(room.view, "industry", room.targets)),
    "rate_by_program": Piece("Compliance by program", lambda room: compliance.by_dimension(room.view, "program", room.targets)),
    "categories": Piece("What is found", lambda room: compliance.categories(room.view)),
    "by_type": Piece("Backlog by work type", lambda room: desk.by_type(room.view), _WORK),
    "at_stake": Piece("What is at stake", lambda room: desk.at_stake(room.view), _WORK),
    "ages": Piece("Ages of pending reviews", lambda room: workload.ages(room.view), _WORK),
    "flow": Piece("Receipts and completions", lambda room: workload.flow(room.view), _WORK),
    "backlog_trend": Piece("Backlog, signal or noise", lambda room: signals.trend(room.view, "backlog"), _WORK),
    "how_long": Piece("How long work takes", lambda room: flow.noted(room.view, flow.how_long(room.view)), _WORK),
    "on_hand": Piece("Work on hand", lambda room: fairness.on_hand(room.view), _CENTER),
    **_FEEDBACK,
}

#: Cards of feedback, in both catalogs.
FEEDBACK_PIECES: Final = tuple(_FEEDBACK)

_VOICE_FIGURES: Final = (
    "feedback_received",
    "feedback_open",
    "feedback_over_90",
    "feedback_first_response_days",
    "feedback_accepted_share",
)
_VOICES: Final = Story(
    "Feedback",
    # By topic there are too many rows for a slide with few cases in each; who wants it chooses it.
    tuple(name for name in FEEDBACK_PIECES if name != "accepted_topics"),
    lambda room: key_figures(room.feedback, _VOICE_FIGURES),
    lambda room: pagetitles.feedback(room.feedback),
)


def _figures(*names: str) -> Callable[[Material], Sequence[KeyFigure]]:
    return lambda room: key_figures(room.view, names)


def _released_figures(*names: str) -> Callable[[Material], Sequence[KeyFigure]]:
    return lambda room: [each for each in industry.figures(room.view, room.released) if each.metric_id in names]


def _released_finding(room: Material) -> str:
    return industry.headline(room.view, room.released)


#: What a room of competitors may see.
SAFE: Final = Catalog(
    _SAFE,
    {
        "state": Story(
            "State of the Centers",
            ("industry_flow", *(f"industry_{name}" for name in _RELEASED)),
            _released_figures(*_RELEASED, "receipts", "completions"),
            _released_finding,
        ),
        "backlog": Story(
            "Backlog",
            ("industry_backlog", "industry_pending", "industry_flow"),
            _released_figures("receipts", "completions", "pending", "backlog"),
            _released_finding,
        ),
        "compliance": Story(
            "Compliance",
            # By Center there are too few major discrepancies: what is not withheld is 100 %. Who wants that card chooses it.
            tuple(name for name in _RATES if name != "industry_center_sampled_without_major_share"),
            lambda room: industry_rates.figures(room.view, room.released),
            lambda room: industry_rates.headline(room.view, room.released),
        ),
        FEEDBACK: _VOICES,
    },
)

#: What leadership, directors and analysts see among themselves.
INSIDE: Final = Catalog(
    _INSIDE,
    {
        "state": Story(
            "State of the Centers",
            ("backlog_by_center", "share_by_center", "by_industry", "port_map", "rate"),
            _figures("entry_summaries", "import_value_usd", "center_value_share", "backlog", "compliance_rate_major"),
            lambda room: pagetitles.overview(room.view),
        ),
        "backlog": Story(
            "Backlog",
            ("by_type", "at_stake", "ages", "flow", "backlog_trend", "how_long"),
            _figures("pending", "backlog", "past_due", "clearance_rate", "days_of_work", "oldest_days"),
            lambda room: pagetitles.workload(room.view),
            of_day=True,
        ),
        "compliance": Story(
            "Compliance",
            ("rate", "rate_by_industry", "categories", "rate_by_program"),
            _figures("compliance_rate_major", "compliance_rate_letter", "revenue_collected_share", "targeted_yield_share"),
            lambda room: pagetitles.compliance(room.view),
        ),
        FEEDBACK: _VOICES,
    },
)


def own(pieces: Sequence[str]) -> Story:
    """Make a story of chosen cards."""
    return Story("Own selection", tuple(pieces), finding=lambda _: f"Own selection of {plural(len(pieces), 'card')}" if pieces else "")


def dimensions(catalog: Catalog, story: Story) -> list[str]:
    """List the filters that narrow every card of a story: one that some of them do not know would make their words untrue."""
    shared = set(DIMENSIONS).intersection(*(catalog.pieces[name].dimensions for name in story.pieces)) if story.pieces else {"center"}
    return [name for name in _WORK if name in shared]


def readable(card: Card) -> Card:
    """Leave rows of too few cases out of a chart that has more rows than a slide can show in large type; the table keeps them."""
    drawn = card.chart
    if not isinstance(drawn, Drawing) or drawn.chart != "dots_with_interval" or drawn.given["frame"].height <= MOST_ROWS:
        return card
    frame: pl.DataFrame = drawn.given["frame"]
    known = frame.drop_nulls(drawn.given["value"])
    if known.is_empty() or known.height == frame.height:
        return card

    def again(width: int) -> charts.Spec:
        return charts.dots_with_interval(**{**drawn.given, "frame": known, "width": width})

    note = f"Not drawn: {format.count(frame.height - known.height)} with too few cases."
    words = " ".join(filter(None, (card.note, note)))
    return replace(card, chart=again(charts.HALF), chart_narrow=again(charts.PHONE), note=words)


def cards(catalog: Catalog, story: Story, room: Material) -> list[Callable[[], Card]]:
    """Return what makes each card of a story; one that cannot be made says why in its place."""

    def made(name: str) -> Card:
        piece = catalog.pieces[name]
        try:
            return replace(readable(piece.make(room)), key=name)
        except CenterlineError as error:
            words = str(error)
            return Card(name, f"{piece.name}: not shown", room.view.sentence, words, None, pl.DataFrame(), (), empty=words)

    return [lambda name=name: made(name) for name in story.pieces]  # type: ignore[misc]


def finding(story: Story, room: Material) -> str:
    """Return a story's finding; where none can be said, its title."""
    try:
        return story.finding(room) or story.title
    except CenterlineError:
        return story.title


def figures(story: Story, room: Material) -> Sequence[KeyFigure]:
    """Return a story's key figures; none where they cannot be asked."""
    try:
        return story.figures(room)
    except CenterlineError:
        return ()
