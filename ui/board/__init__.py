"""The board: one component that draws a page's key figures and cards and keeps its charts alive.

`st.plotly_chart` builds a new chart for every change of data. The board stays in the page over reruns and passes only
the charts whose specification changed to `Plotly.react`. It is sent in two parts: the key figures with the cards of the
first screen, then the other cards, so that the browser draws the first while the server works on the second. It draws the
accessible table behind every chart and makes the CSV and PNG exports in the browser from what is on screen.

Plotly itself comes from the installed `plotly` package through Streamlit's own component route: nothing is copied and
nothing is fetched from elsewhere. Every text reaches the page as text, never as markup.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import plotly
import polars as pl
import streamlit as st
from streamlit.components.v1 import declare_component

from ui.board.seen import SEEN, Part, Question
from ui.board.shape import table_columns

#: Rows that a browser gets for a table's CSV; the table on screen shows the first 500 of them.
ROWS_SENT: Final = 5000

#: Cards of the first part: those that a desktop shows below the key figures without scrolling.
FIRST: Final = 2
_HERE: Final = Path(__file__).parent
_BOARD: Final = st.components.v2.component(
    "centerline_board",
    # One module, read from files by subject; the component takes a single text.
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("board.js", "meaning.js", "plotly.js", "sheet.js", "present.js")),
    css=(_HERE / "board.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)

_REST: Final = st.components.v2.component("centerline_board_rest", js=(_HERE / "rest.js").read_text(encoding="utf-8"), isolate_styles=False)


@dataclass(frozen=True)
class KeyFigure:
    """One number at the top of a page, already formatted, with what it is compared to."""

    metric_id: str
    label: str
    value: str
    change: str | None = None
    #: Arrow of the change: up, down or flat.
    direction: str = "flat"
    #: What the change means: good, bad or neutral; a colour and a word for screen readers.
    meaning: str = "neutral"
    against: str = ""
    interval: str = ""
    n: str = ""
    #: Small line, oldest first; None is a gap.
    trend: tuple[float | None, ...] = ()
    provisional: bool = False
    definition: str = ""
    #: What the process chart says, in a word or two: "no clear change", "concern"; empty when nothing was judged.
    signal: str = ""
    #: What the signal means, for its shape and colour: good, bad, up, down or none.
    signal_tone: str = "none"
    #: Whether the target will be met; empty without one.
    assurance: str = ""
    #: What stands behind the number, as (name, words), shown with the definition.
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of a card's table; kind is text, count, usd, share, days, date or month."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True)
class Way:
    """A step out of an empty card: a link to the same page with other parameters in its address."""

    label: str
    #: Parameter of the address -> its new value; all others stay as they are.
    change: Mapping[str, str]


@dataclass(frozen=True)
class Card:
    """One finding: title, chart and the table behind it."""

    key: str
    title: str
    subtitle: str
    #: The takeaway in a sentence, for readers who do not see the chart.
    alt: str
    chart: dict[str, Any] | None
    table: pl.DataFrame
    columns: tuple[Column, ...]
    metric_ids: tuple[str, ...] = ()
    #: Whether it shows its first metric over the page's filters, so that this one's signal is the card's.
    judged: bool = True
    wide: bool = False
    #: Pixels reserved for the chart when the chart itself states no height.
    height: int = 320
    note: str = ""
    rows_note: str = ""
    #: When set: this message instead of a chart.
    empty: str = ""
    #: What leads out of it, shown below that message.
    way: Way | None = None
    #: The same chart planned for a phone (`ui.charts.PHONE`), used when the card is narrow.
    chart_narrow: dict[str, Any] | None = field(default=None)


@dataclass(frozen=True)
class Meaning:
    """What a number of a card means, and what the process chart of its months says: improving, concern, no clear change."""

    name: str
    definition: str
    #: What the chart says, whole; empty where it was not worked out.
    signal: str = ""
    #: The same in a word or two, and what it means: good, bad, up, down or none.
    word: str = ""
    tone: str = "none"


#: Metric ids of a card -> what they mean.
About = Callable[[Sequence[Card]], Sequence[Sequence[Meaning]]]


@dataclass(frozen=True)
class Stamp:
    """What every export states: the filters in words, the date and version of the data, the reader's role."""

    sentence: str
    as_of: str
    version: str
    synthetic: bool
    role: str
    #: The last load that the version holds, in words.
    load: str = ""


@st.cache_resource(show_spinner=False)
def _serve_plotly() -> str:
    """Open the route to the installed plotly.min.js and return its address on this server."""
    declare_component("plotly", path=str(Path(plotly.__file__).parent / "package_data"))
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base}" if base else ""
    return f"{prefix}/component/{__name__}.plotly/plotly.min.js?v={plotly.__version__}"


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: dates as ISO text, no infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, str | int | bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _dump(value: object) -> str:
    """Write JSON; values that JSON does not know are made plain first, only when there are any."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)


def _height(chart: Mapping[str, Any] | None, otherwise: int) -> int:
    return int((chart or {}).get("layout", {}).get("height", otherwise))


def _folded(narrow: dict[str, Any] | None, chart: dict[str, Any] | None) -> dict[str, Any] | None:
    """Replace each trace of the phone's chart that the full chart holds as well by its number (the land of a map)."""
    if narrow is None or chart is None:
        return narrow
    known = chart.get("data", [])
    return {**narrow, "data": [known.index(trace) if trace in known else trace for trace in narrow.get("data", [])]}


def _card(card: Card) -> dict[str, Any]:
    return {
        "key": card.key,
        "title": card.title,
        "subtitle": card.subtitle,
        "alt": card.alt,
        "note": card.note,
        "rowsNote": card.rows_note,
        "empty": card.empty,
        "way": asdict(card.way) if card.empty and card.way else None,
        "wide": card.wide,
        "height": _height(card.chart, card.height),
        "heightNarrow": _height(card.chart_narrow or card.chart, card.height),
        "chart": None if card.empty else card.chart,
        "narrow": None if card.empty else _folded(card.chart_narrow, card.chart),
        "columns": [asdict(column) for column in card.columns],
        "rows": table_columns(card.table.head(ROWS_SENT), [column.name for column in card.columns]),
        "total": card.table.height,
    }


def payload(
    figures: Sequence[KeyFigure],
    cards: Sequence[Card],
    stamp: Stamp,
    *,
    can_export: bool,
    plotly_url: str,
    board: str = "",
    part: int = 0,
    parts: int = 1,
    about: About | None = None,
) -> bytes:
    """Write one part of what the browser needs; each card carries a hash by which the browser knows what changed.

    `run` says which parts belong together: it is the same for all parts of one question.
    """
    written, meanings = [], dict[str, str]()
    of_cards = about(cards) if about else [()] * len(cards)
    for card, told in zip(cards, of_cards, strict=True):
        text = _dump(_card(card))
        mark = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        meanings |= {each.name: each.definition for each in told}
        # What a card means is not in its hash: a chart is not drawn again because a signal of its metric has changed.
        signs = _dump([[each.name, each.signal, each.word, each.tone] for each in told])
        written.append(f'{{"hash":"{mark}","about":{signs},{text[1:]}')
    run = hashlib.blake2b(_dump(asdict(stamp)).encode(), digest_size=6).hexdigest()
    place = {"board": board, "part": part, "parts": parts, "run": run}
    head = place | {
        "stamp": asdict(stamp),
        "canExport": can_export,
        "plotly": plotly_url,
        "figures": [asdict(figure) for figure in figures],
    }
    body = f'{_dump(place if part else head)[:-1]},"meanings":{_dump(meanings)},"cards":[{",".join(written)}]'.encode()
    mark = hashlib.blake2b(body, digest_size=8).hexdigest()
    return body + f',"hash":"{mark}"}}'.encode()


def exported_card(value: object, keys: frozenset[str]) -> str | None:
    """Read the browser's report of an export; anything that is not one of the drawn cards is dropped."""
    if not isinstance(value, Mapping) or value.get("format") not in ("csv", "png"):
        return None
    card = value.get("card")
    return card if isinstance(card, str) and card in keys else None


def draw(
    key: str,
    figures: Callable[[], Sequence[KeyFigure]],
    cards: Sequence[Callable[[], Card]],
    stamp: Stamp,
    *,
    question: Question | None = None,
    can_export: bool = True,
    on_export: Callable[[str], None] | None = None,
    about: About | None = None,
) -> None:
    """Draw the board of a page; `on_export` is told the key of each card that the reader exports, `about` says what its numbers mean.

    Figures and cards are worked out here, the first screen's before the others. `question` is all that they and the stamp
    depend on: what was drawn for it before is sent again. Without one nothing is kept.
    """
    keys: set[str] = set()

    def report() -> None:
        card = exported_card(st.session_state[f"board_{key}"].get("export"), frozenset(keys))
        if can_export and card is not None and on_export is not None:
            on_export(card)

    parts = [cards[:FIRST], cards[FIRST:]] if len(cards) > FIRST else [cards]

    def made(part: int) -> Part:
        """Work a part out; returns it with the keys of its cards."""
        drawn = [card() for card in parts[part]]
        written = payload(
            [] if part else figures(),
            drawn,
            stamp,
            can_export=can_export,
            plotly_url=_serve_plotly(),
            board=key,
            part=part,
            parts=len(parts),
            about=about,
        )
        return written, tuple(card.key for card in drawn)

    for part in range(len(parts)):
        make = partial(made, part)
        data, names = SEEN.get((key, part, can_export, question), make) if question else make()
        keys.update(names)
        if part:
            _REST(key=f"board_rest_{key}", data=data)
        else:
            _BOARD(key=f"board_{key}", data=data, on_export_change=report)
