"""What a form was opened over: the values that its writer saw stay those of its opening, whatever others save while it is filled.

A form is known by its draft and not by what is recorded now: else a record that somebody else saves would be another form,
and what was typed in this one would be gone without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics import voicewords
from analytics.exc import CenterlineError, ChangedError
from ui.voices import Desk

#: Place of what is said above all forms, because the reader is not shown the record.
ABOVE: Final = "above"


@dataclass(frozen=True)
class Draft:
    """A form that is being filled.

    Attributes:
        name: Which form.
        record: Key of the record; empty for a new one.
        seen: `load_id` of the values that the writer was shown; null for a new record.
        values: These values.
        turn: How often the form has been opened.
        faults: Column -> what is wrong with what was typed there, since it was refused.
        words: What else stood against saving it then.
    """

    name: str
    record: str
    seen: int | None
    values: Mapping[str, Any]
    turn: int
    faults: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Key of the form, and the beginning of its fields' keys."""
        return f"{self.name}_{self.record}_{self.turn}"


def over(name: str, record: str, row: Mapping[str, Any], field: str) -> Draft:
    """Return the draft of a form: the one that is being filled, or a new one over the record as it is.

    Args:
        name: Which form; one of its records at a time.
        record: Key of the record; empty for a new one.
        row: The record as it is, with its `load_id`; without one for a new record.
        field: A field of the form: when it did not stand on the page in the run before, nothing is being filled.
    """
    kept: Draft | None = st.session_state.get(_place(name))
    if kept is not None and kept.record == record and f"{kept.key}_{field}" in st.session_state:
        return kept
    return _keep(Draft(name, record, row.get("load_id"), dict(row), kept.turn + 1 if kept else 1))


def saved(draft: Draft, words: str, at: str = "") -> None:
    """Open the form anew, because what was typed is recorded, and draw the page with it.

    Args:
        draft: The form.
        words: What was saved; it is said once.
        at: Name of the form above whose button it is said; empty for this one, `ABOVE` for the top of the record.
    """
    _keep(replace(draft, turn=draft.turn + 1))
    st.session_state[_told(at or draft.name)] = words
    st.rerun()


def refused(desk: Desk, draft: Draft, table: str, error: CenterlineError, heads: Mapping[str, str]) -> None:
    """Keep with the form why nothing was saved, and draw it anew, with what was typed.

    When others have saved meanwhile their changes are told, and only then a second save is meant to replace them.
    """
    faults: dict[str, str] = {}
    for found in getattr(error, "faults", ()):
        faults[found.column] = f"{faults.get(found.column, '')} {found.message}".strip()
    words, seen = [] if faults else [str(error)], draft.seen
    if isinstance(error, ChangedError) and seen is not None:
        since = desk.history(table, draft.record).filter(pl.col("load_id") > seen)
        words += [_change(row, heads) for row in since.iter_rows(named=True) if row["column"] in heads]
        seen = max([seen, *since["load_id"]])
    _keep(replace(draft, seen=seen, faults=faults, words=tuple(words)))
    st.rerun()


def fault(draft: Draft, column: str) -> None:
    """Say below a field what is wrong with what was typed there; nothing when nothing is."""
    if column in draft.faults:
        st.html(f'<p class="cl-fault"><strong>To mend:</strong> {escape(draft.faults[column])}</p>')


def verdict(draft: Draft, heads: Mapping[str, str], places: Mapping[str, Sequence[str]]) -> None:
    """Say above a form's button what was saved, or that nothing was, and where to look.

    Args:
        draft: The form.
        heads: Column -> its name on screen.
        places: Name of a tab (empty for a form without tabs) -> columns that have a field there.
    """
    if done := said(draft.name):
        st.success(done)
    if not draft.faults and not draft.words:
        return
    lines, placed = list(draft.words), set()
    for place, columns in places.items():
        here = [column for column in columns if column in draft.faults]
        placed.update(here)
        if here:
            names = ", ".join(f"**{heads[column]}**" for column in here)
            lines.append(f"{names}{f', under “{place}”' if place else ''}: what to mend is said below the field.")
    lines += [f"**{heads.get(column, column)}**: {words}" for column, words in draft.faults.items() if column not in placed]
    st.error("Nothing was saved.\n\n" + "\n".join(f"- {line}" for line in lines))


def _change(row: Mapping[str, Any], heads: Mapping[str, str]) -> str:
    """Say what somebody else has changed: the column, before and after, and who did it."""
    before, after = (voicewords.written(row["column"], row[name]) for name in ("old", "new"))
    return f"**{heads[row['column']]}** now “{after}”, before “{before}” ({row['role'] or 'a file'} · {row['person']})"


def _keep(draft: Draft) -> Draft:
    st.session_state[_place(draft.name)] = draft
    return draft


def _place(name: str) -> str:
    return f"centerline.draft_{name}"


def said(name: str) -> str:
    """Return what was saved and is to be said in a place, once; empty when nothing is."""
    return str(st.session_state.pop(_told(name), ""))


def _told(name: str) -> str:
    return f"centerline.saved_{name}"
