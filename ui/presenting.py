"""The page that presents: what is chosen (story, cards, safe or not), what it is made of, and the files of it."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import polars as pl
import streamlit as st

from analytics import format, periods
from analytics.scope import Role
from ui import exports, filterbar, session, stories, voices
from ui.board import Card, Stamp, stage
from ui.frame import Source, View
from ui.stories import Catalog, Material, Story

#: Marking of what was not reviewed for disclosure.
INTERNAL: Final = "Internal – not for working groups"

#: Parameters of the address: the story, the own selection, whether it is safe, and the slide that is shown.
STORY: Final = "story"
CARDS: Final = "cards"
SAFE: Final = "safe"
SLIDE: Final = "slide"
_OFF: Final = "off"

_KINDS: Final = {
    "pptx": ("PowerPoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation", exports.deck),
    "pdf": ("PDF", "application/pdf", exports.brief),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", exports.workbook),
}


@dataclass(frozen=True)
class Choice:
    """What the reader presents."""

    catalog: Catalog
    id: str
    story: Story
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A story with all that its files need."""

    choice: Choice
    room: Material
    stamp: Stamp
    marking: str

    @property
    def title(self) -> str:
        """The story's finding."""
        return stories.finding(self.choice.story, self.room)

    @property
    def cards(self) -> list[Callable[[], Card]]:
        """What makes each card."""
        return stories.cards(self.choice.catalog, self.choice.story, self.room)


def safe(role: Role) -> bool:
    """Say whether the room is one of competitors; for the working-group role it always is, for others until they say otherwise."""
    kept = session.own(SAFE)
    if role.released:
        return True
    if "present_safe" not in st.session_state:
        st.session_state["present_safe"] = kept != _OFF
    return bool(st.session_state["present_safe"])


def choose(role: Role) -> Choice:
    """Draw the choice of story, and of cards for an own selection; what the address names and the catalog lacks is named."""
    chosen_safe = safe(role)
    catalog = stories.SAFE if chosen_safe else stories.INSIDE
    titles = {name: story.title for name, story in catalog.stories.items()} | {stories.OWN: "Own selection of cards"}
    notices = _settle(catalog, titles)
    with st.container(horizontal=True, key="present_choice", vertical_alignment="bottom"):
        chosen = st.selectbox("Story", list(titles), format_func=titles.__getitem__, key="present_story")
        names = _pieces(catalog) if chosen == stories.OWN else []
        if not role.released:
            st.toggle(
                "Safe for working groups", key="present_safe", help="Only released figures, and what working groups read of feedback."
            )
    session.keep_own(STORY, chosen)
    session.keep_own(CARDS, ",".join(names))
    session.keep_own(SAFE, "" if chosen_safe else _OFF)
    return Choice(catalog, chosen, stories.own(names) if chosen == stories.OWN else catalog.stories[chosen], tuple(notices))


def _settle(catalog: Catalog, titles: dict[str, str]) -> list[str]:
    """Bring what was chosen in line with the catalog before the widgets are drawn, and say what was left out."""
    notices = []
    kept, chosen = session.own(STORY), session.own(CARDS)
    asked = st.session_state.get("present_story") or kept or next(iter(titles))
    if asked not in titles:
        notices.append(f"There is no story “{asked}” here; “{next(iter(titles.values()))}” is shown.")
    st.session_state["present_story"] = asked if asked in titles else next(iter(titles))
    cards = list(st.session_state.get("present_cards", chosen.split(",") if chosen else []))
    left = [name for name in cards if name not in catalog.pieces]
    if left and asked == stories.OWN:
        notices.append(f"Left out, because they are not shown here: {', '.join(left)}.")
    st.session_state["present_cards"] = list(dict.fromkeys(name for name in cards if name in catalog.pieces))
    return notices


def _pieces(catalog: Catalog) -> list[str]:
    names: list[str] = st.multiselect(
        "Cards, in the order chosen",
        list(catalog.pieces),
        format_func=lambda name: catalog.pieces[name].name,
        key="present_cards",
        placeholder="Choose cards",
    )
    return names


def open_story(choice: Choice, source: Source, desk: voices.Desk, cells: pl.DataFrame | None, marking: str) -> Shown:
    """Draw the filters that narrow every card of a story, and gather what its cards are made of.

    Args:
        choice: The story.
        source: The release, or a snapshot; its dates are the page's.
        desk: Feedback, opened with the same scope.
        cells: Cells of the release; null when `source` is a snapshot.
        marking: Words of the banner for a room of competitors.
    """
    # Feedback is dated by the version, released figures by the last month that is released.
    voiced = bool(choice.story.pieces) and not set(choice.story.pieces) - set(stories.FEEDBACK_PIECES)
    dated = desk.source if voiced and cells is not None else source
    reading = filterbar.draw(dated.labels, stories.dimensions(choice.catalog, choice.story), dated.first_date, dated.as_of)
    view = View(dated, reading.filters, (*choice.notices, *reading.notices))
    if cells is not None:
        view = whole_months(view)
    feedback = View(desk.source, view.filters)
    room = Material(
        view,
        feedback,
        cells,
        source.targets(),
        source.dimension("port") if cells is None else pl.DataFrame(),
        lambda asked: desk.segments(voices.predicate(asked)),
    )
    return Shown(choice, room, _stamp(choice, view, feedback), marking if cells is not None else INTERNAL)


def whole_months(view: View) -> View:
    """Widen a view to whole months: figures for working groups are of no less."""
    start = view.filters.from_date or view.source.first_date
    first, last = periods.month_start(start), min(periods.month_end(view.end), view.as_of)
    if (first, last) == (view.filters.from_date, view.filters.to_date):
        return view
    words = f"Working groups see whole months: {format.date(first)} to {format.date(last)} is shown."
    return replace(view, filters=view.filters.between(first, last), notices=(*view.notices, words))


def _stamp(choice: Choice, view: View, feedback: View) -> Stamp:
    """Return what every file states; a story of released figures and feedback says both dates."""
    mixed = view.as_of != feedback.as_of and any(name in stories.FEEDBACK_PIECES for name in choice.story.pieces)
    stamp = view.stamp()
    return replace(stamp, as_of=f"{stamp.as_of}; feedback {format.date(feedback.as_of)}") if mixed else stamp


def downloads(shown: Shown, record: Callable[[str, str], None]) -> None:
    """Offer the story as files; each is made when it is asked for, after it was written down who asks."""
    detail = _detail(shown)
    name = f"centerline-{shown.choice.id}-{re.sub(r'[^0-9a-z]+', '-', shown.stamp.as_of.lower()).strip('-')}"
    none, mark = not shown.choice.story.pieces, _mark(shown)

    def offer(kind: str, label: str, mime: str, make: Callable[[], bytes], ending: str = "") -> None:
        def written() -> bytes:
            record("export", f"present {kind} {detail}")
            return make()

        words = f"Download the story as {label}"
        st.download_button(
            label, written, f"{name}.{ending or kind}", mime, key=f"present_{kind}_{mark}", on_click="ignore", help=words, disabled=none
        )

    for kind, (label, mime, write) in _KINDS.items():
        offer(kind, label, mime, lambda write=write: _file(shown, write))  # type: ignore[misc]
    offer("csv", "CSV", "application/zip", lambda: zipped(shown), "zip")


def _detail(shown: Shown) -> str:
    return f"story={shown.choice.id} cards={','.join(shown.choice.story.pieces)} marking={shown.marking} {session.query()}"


def _mark(shown: Shown) -> str:
    """Tell the files of one choice from those of another: a button of another story or filter is another button."""
    return hashlib.blake2b(f"{_detail(shown)} {shown.stamp.version} {shown.stamp.as_of}".encode(), digest_size=6).hexdigest()


def _file(shown: Shown, write: Callable[..., bytes]) -> bytes:
    story = shown.choice.story
    title = shown.title if shown.title == story.title or shown.choice.id == stories.OWN else f"{story.title}: {shown.title}"
    return write(title, [make() for make in shown.cards], stories.figures(story, shown.room), shown.stamp, shown.marking)


def zipped(shown: Shown) -> bytes:
    """Return a CSV for each card of a story that has rows, in one archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, make in enumerate(shown.cards, start=1):
            card = make()
            archive.writestr(f"{place:02d}-{card.key}.csv", exports.card_csv(card, shown.stamp, shown.marking))
    return out.getvalue()


def show(shown: Shown, record: Callable[[str, str], None]) -> None:
    """Draw what starts the presentation, and the files beside it."""
    with st.container(horizontal=True, key="present_actions", vertical_alignment="center"):
        stage.draw(
            "present",
            title=shown.title,
            marking=shown.marking,
            stamp=shown.stamp,
            slide=_number(session.own(SLIDE)),
            keep=lambda slide: session.keep_own(SLIDE, str(slide) if slide else ""),
            deck=shown.choice.id + "," + ",".join(shown.choice.story.pieces),
            files=_mark(shown),
        )
        downloads(shown, record)


def _number(text: str) -> int:
    """Read a slide's number from an address; 0 for none."""
    return int(text) if re.fullmatch(r"[1-9]\d?", text) else 0


def cited(shown: Shown) -> str:
    """Say what a citation of the story's finding is of: what is shown, or the day where the finding is of one."""
    return f"{shown.choice.story.title} · {shown.room.view.on_day}" if shown.choice.story.of_day else sentence(shown)


def sentence(shown: Shown) -> str:
    """Say what is shown, and what the room may see of it."""
    return f"{shown.choice.story.title} · {shown.room.view.sentence}"
