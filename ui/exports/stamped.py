"""What every export states besides its cells: filters, dates, version, role, marking; and what a finding rests on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from analytics import format as fmt
from analytics.metrics import METRICS
from ui.exports.cells import MARKS, Table, hidden, table

if TYPE_CHECKING:
    from ui.board import Card, KeyFigure, Stamp

SYNTHETIC: Final = "Synthetic data"
_BETTER: Final = {"higher": "Higher is better.", "lower": "Lower is better.", "neither": ""}
#: Head of a column of cases -> what they are, where the head alone does not say it.
_CASES: Final = {"n": "", "feedback": " pieces of feedback", "with a position": " pieces with a position"}
#: Rows whose interval and number of cases the notes give one by one.
_NAMED: Final = 12


def lines(stamp: Stamp, marking: str = "") -> list[str]:
    """List what stands on every export: marking, filters, as-of date, version, source, view and whether the data are synthetic."""
    return [text for text in (marking, stamp.sentence, *source_lines(stamp), SYNTHETIC if stamp.synthetic else "") if text]


def source_lines(stamp: Stamp) -> list[str]:
    """List where the numbers come from."""
    return [
        f"As of {stamp.as_of}",
        f"Data version {stamp.version}",
        "Source: Centerline" + (f", {stamp.load}" if stamp.load else ""),
        f"View: {stamp.role}" if stamp.role else "",
    ]


def footer(stamp: Stamp) -> str:
    """Write as-of date, version, source and view on one line."""
    role = f" · view: {stamp.role}" if stamp.role else ""
    return f"As of {stamp.as_of} · data version {stamp.version} · source: Centerline{role}"


def rows_left(cells: Table) -> list[str]:
    """Say how many rows a file leaves out, if any."""
    return [f"First {fmt.count(len(cells.rows))} of {fmt.count(cells.total)} rows"] if cells.total > len(cells.rows) else []


def marks_said(card: Card) -> list[str]:
    """Explain the letters that a card's table has for numbers, with the rows in which each stands, counted as a reader does."""
    return [f"{mark}: {MARKS[mark]} ({rows})." for mark, rows in hidden(card).items()]


def legend(card: Card, written: Collection[str]) -> list[str]:
    """Explain the letters that stand in some written cells of a card; a matrix has a dash where its table has no row."""
    known = {text[0]: text for text in marks_said(card)}
    return [known.get(mark, f"{mark}: {'none' if mark == fmt.NONE else said}.") for mark, said in MARKS.items() if mark in written]


def changed(figure: KeyFigure, arrow: str) -> str:
    """Write a key figure's change, or what it is of; what is new is set apart from “none a year earlier”."""
    if not figure.change:
        return figure.against
    return f"{arrow}{figure.change}{',' if figure.change == 'new' else ''} {figure.against}"


def figures_said(figures: Sequence[KeyFigure]) -> str:
    """Explain what stands for a key figure that is not shown."""
    values = {figure.value for figure in figures}
    said = {fmt.NONE: f"{fmt.NONE}: {MARKS[fmt.NONE]}.", "Withheld": f"Withheld: {MARKS['D'].removeprefix('withheld ')}."}
    return " ".join(words for value, words in said.items() if value in values)


def words_said(card: Card) -> list[str]:
    """Say the same below a chart, which writes words and not letters; a meaning that the card's own note has is not said twice."""
    rows = hidden(card)
    told = (
        [f"{rows['D']} withheld" + ("." if "Withheld:" in card.note else f" {MARKS['D'].removeprefix('withheld ')}.")]
        if "D" in rows
        else []
    )
    few = (
        [f"{rows['S']} with too few" + ("." if "Too few:" in card.note else f" {MARKS['S'].removeprefix('too few ')}.")]
        if "S" in rows
        else []
    )
    return told + few


def definitions(card: Card) -> list[str]:
    """Define each metric of a card: name, definition, formula, which way is better."""
    known = [METRICS[name] for name in card.metric_ids if name in METRICS]
    return [f"{m.name}: {m.definition} Formula: {m.formula}. {_BETTER[m.direction]} Metric id: {m.id}.".replace("  ", " ") for m in known]


def cases(card: Card) -> list[str]:
    """Give the number of cases and the 95 % interval of each row where the table has them, else say what the numbers are."""
    cells = table(card, _NAMED)
    names = [column.name for column in card.columns]
    places = {name: names.index(name) for name in ("n", "low", "high") if name in names}
    if not places or not cells.rows:
        return ["n: all cases are counted; no interval applies." if cells.rows else "No rows under these filters."]
    written = []
    for row in range(len(cells.rows)):
        texts = cells.texts(row)
        parts = [f"n = {texts[places['n']]}"] if "n" in places else []
        if {"low", "high"} <= places.keys() and not cells.marks[row][places["low"]]:
            parts.append(f"95% interval {texts[places['low']]} to {texts[places['high']]}")
        if parts:
            written.append(f"{texts[0]}: {', '.join(parts)}")
    rest = [f"… and {fmt.count(cells.total - _NAMED)} more rows."] if cells.total > _NAMED else []
    return [*written, *rest]


def size(card: Card, most: int | None = None) -> str:
    """Say of how many cases the numbers of a card are, where its table counts them in a column `n`: the least and the most of a row.

    Only rows whose number is known count, and of these the first `most` where no more are drawn.
    """
    names = [column.name for column in card.columns]
    cells = table(card)
    if "n" not in names or not cells.rows:
        return ""
    place = names.index("n")
    first = next((at for at, head in enumerate(cells.heads) if head.number and at != place), place)
    known = [float(str(row[place])) for row, marks in zip(cells.rows, cells.marks, strict=True) if not marks[place] and not marks[first]]
    known = known[:most]
    if not known:
        return ""
    low, high, noun, one = min(known), max(known), cells.heads[place].label.lower(), cells.heads[0].label
    noun = _CASES.get(noun, f" {noun}")
    by = f" by {one if one == 'Center' else one.lower()}" if len(known) > 1 else ""
    return f"n{by}: {fmt.count(low)}{f' to {fmt.count(high)}' if high > low else ''}{noun}."


def caveats(card: Card, *, marks: bool = True) -> list[str]:
    """List what a presenter should know: the card's own notes, hidden cells where they are not explained elsewhere, provisional rows."""
    frame = card.table
    moving = int((frame["quality"].cast(str) == "provisional").sum() or 0) if "quality" in frame.columns else 0
    flagged = int(frame["provisional"].sum() or 0) if "provisional" in frame.columns else 0
    still = max(moving, flagged)
    texts = [card.note, card.rows_note, *(marks_said(card) if marks else [])]
    texts += [f"{fmt.count(still)} {'row is' if still == 1 else 'rows are'} provisional and will move."] if still else []
    return [text for text in texts if text]


def notes(card: Card, stamp: Stamp, marking: str = "") -> str:
    """Write what a presenter reads beside a finding: definition, cases, interval, caveats and the stamp."""
    parts = [
        ("Takeaway", [card.alt]),
        ("What is shown", [card.subtitle]),
        ("Definition", definitions(card)),
        ("Cases and interval", cases(card)),
        ("Caveats", [*caveats(card), *(["Synthetic data: no figure describes a real company or port."] if stamp.synthetic else [])]),
        ("From", lines(stamp, marking)),
    ]
    return "\n\n".join(f"{head}\n" + "\n".join(texts) for head, texts in parts if texts)


def figure_notes(figures: list[KeyFigure]) -> str:
    """Write what stands behind the key figures."""
    written = []
    for figure in figures:
        facts = "; ".join(f"{name}: {words}" for name, words in figure.facts)
        written.append(f"{figure.label}: {figure.value}. {figure.definition} {facts}".strip())
    return "\n\n".join(written)
