"""What a form was opened over: the values that its writer saw stay those of its opening, whatever others save while it is filled.

A form is known by its draft and not by what is recorded now: else a record that somebody else saves would be another form,
and what was typed in this one would be gone without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import streamlit as st

from analytics import voicewords
from analytics.exc import CenterlineError, ChangedError
from ui.voices import Desk


@dataclass(frozen=True)
class Draft:
    """A form that is being filled.

    Attributes:
        name: Which form.
        record: Key of the record; empty for a new one.
        seen: `load_id` of the values that the writer was shown; null for a new record.
        values: These values.
        turn: How often the form has been opened.
    """

    name: str
    record: str
    seen: int | None
    values: Mapping[str, Any]
    turn: int

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


def saved(draft: Draft) -> None:
    """Open the form anew the next time: what was typed is recorded."""
    _keep(replace(draft, turn=draft.turn + 1))


def refused(desk: Desk, draft: Draft, table: str, error: CenterlineError, heads: Mapping[str, str]) -> None:
    """Say why nothing was saved; the form keeps what was typed.

    When others have saved meanwhile their changes are told, and only then a second save is meant to replace them.
    """
    faults = getattr(error, "faults", ())
    words = [f"**{heads.get(fault.column, fault.column)}**: {fault.message}" for fault in faults] or [str(error)]
    if isinstance(error, ChangedError) and draft.seen is not None:
        since = desk.history(table, draft.record).filter(pl.col("load_id") > draft.seen)
        words += [_change(row, heads) for row in since.iter_rows(named=True) if row["column"] in heads]
        if since.height:
            _keep(replace(draft, seen=int(since["load_id"].max())))  # type: ignore[arg-type]
    st.error("Nothing was saved.\n\n" + "\n".join(f"- {word}" for word in words))


def _change(row: Mapping[str, Any], heads: Mapping[str, str]) -> str:
    """Say what somebody else has changed: the column, before and after, and who did it."""
    before, after = (voicewords.written(row["column"], row[name]) for name in ("old", "new"))
    return f"**{heads[row['column']]}** now “{after}”, before “{before}” ({row['role'] or 'a file'} · {row['person']})"


def _keep(draft: Draft) -> Draft:
    st.session_state[_place(draft.name)] = draft
    return draft


def _place(name: str) -> str:
    return f"centerline.draft_{name}"
