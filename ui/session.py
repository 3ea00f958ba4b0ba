"""The reader's session: whose view it is, and what they have narrowed it to, kept across pages and in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from analytics.exc import ScopeError
from analytics.filters import DIMENSIONS, EVERY
from analytics.scope import ROLES, Scope

_SCOPE: Final = "centerline.scope"
_ROLE: Final = "centerline.role"
_QUERY: Final = "centerline.query"
_VERSION: Final = "centerline.version"
_OWN: Final = "centerline.own"
_SHOWN: Final = "centerline.shown"
_TOLD: Final = "centerline.told"
_PAGE: Final = "centerline.page"
_FILTERS: Final = ("from", "to", *DIMENSIONS)
ROLE: Final = "role"
VERSION: Final = "version"


def query() -> dict[str, str]:
    """Return the filters in force as URL parameters; at the first run of a session they come from the URL.

    An address that names no Center opens a director's own; one that names `all` opens all.
    """
    if _QUERY not in st.session_state:
        given = {name: ",".join(st.query_params.get_all(name)) for name in st.query_params}
        narrowed = {name: value for name, value in given.items() if name in _FILTERS and value}
        filters = _own_center(role_in_force()) | narrowed
        st.session_state[_QUERY] = {name: value for name, value in filters.items() if value.casefold() != EVERY}
        st.session_state[_OWN] = {name: value for name, value in given.items() if name not in (*_FILTERS, ROLE, VERSION)}
    stored: dict[str, str] = st.session_state[_QUERY]
    return stored


def _own_center(choice: str) -> dict[str, str]:
    centers = scope_of(choice).centers
    return {"center": ",".join(centers)} if centers else {}


def _stated(filters: dict[str, str]) -> dict[str, str]:
    """Write that a director chose all Centers: an address without a Center would open their own."""
    return filters | {"center": EVERY} if _own_center(role_in_force()) and not filters.get("center") else filters


def address(page_id: str, filters: dict[str, str]) -> str:
    """Return the address of a page with these filters, as whose view it is shown now; directors' own Center is left only when they say so."""
    return f"{page_id}?{urlencode(_stated(filters) | {ROLE: role_in_force()})}"


def remember(parameters: dict[str, str]) -> None:
    """Keep the filters for the next pages."""
    st.session_state[_QUERY] = parameters


def own(name: str) -> str:
    """Return a parameter of this page alone, such as the item that is open; empty when it has none.

    At the first run of a session it comes from the URL. It is kept for when the reader comes back, and stands in the URL while
    the page is shown.
    """
    query()
    st.session_state.setdefault(_SHOWN, set()).add(name)
    return _own().get(name, "")


def keep_own(name: str, value: str) -> None:
    """Keep a parameter of this page alone."""
    _own()[name] = value


def _own() -> dict[str, str]:
    kept: dict[str, str] = st.session_state.setdefault(_OWN, {})
    return kept


def _shown() -> dict[str, str]:
    """Return the parameters of the page in this run, without empty ones."""
    names: set[str] = st.session_state.get(_SHOWN, set())
    return {name: value for name, value in _own().items() if name in names and value}


def tell(page_id: str, words: str) -> None:
    """Keep a sentence for the top of a page that the reader is led to."""
    st.session_state[_TOLD] = (page_id, role_in_force(), words)


def told(page_id: str) -> str:
    """Return what is to be said at the top of a page; it is forgotten when another page or another view is chosen."""
    kept, role, words = st.session_state.get(_TOLD, ("", "", ""))
    if (kept, role) == (page_id, role_in_force()):
        return str(words)
    st.session_state.pop(_TOLD, None)
    return ""


def cited_version() -> str | None:
    """Return the data version that the URL of this session cites; null when it reads what is in force."""
    if _VERSION not in st.session_state:
        st.session_state[_VERSION] = st.query_params.get(VERSION) or None
    cited: str | None = st.session_state[_VERSION]
    return cited


def address_in_force() -> str:
    """Return this view's parameters without a cited version."""
    return "?" + urlencode(_stated(query()) | _shown() | {ROLE: role_in_force()})


def write_url() -> None:
    """Show filters, role and a cited version in the URL, so that it can be copied."""
    cited = cited_version()
    wanted = _stated(query()) | _shown() | {ROLE: role_in_force()} | ({VERSION: cited} if cited else {})
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def role_choices(centers: Sequence[str]) -> list[str]:
    """List the views of the demonstration: each role, and a director of each Center."""
    return [
        choice for role in ROLES.values() for choice in ([f"{role.id}-{center}" for center in centers] if role.rows == "own" else [role.id])
    ]


def scope_of(choice: str) -> Scope:
    """Read a view's scope from its name, such as `analyst` or `director-ELE`."""
    role, _, center = choice.partition("-")
    return Scope(role, (center,) if center else ())


def role_in_force() -> str:
    """Return the view of the demonstration that this session shows; at its first run it comes from the URL.

    A view that is not known is the leadership's, which reaches no single record.
    """
    given = st.session_state.get(_ROLE) or st.query_params.get(ROLE, "")
    try:
        scope_of(given)
    except ScopeError:
        return "leadership"
    return str(given)


def role_menu(choice: str, centers: Mapping[str, str], person: str) -> str:
    """Draw the menu of views and return the one chosen; a view of a Center that is not there becomes leadership's.

    Args:
        choice: The view in force.
        centers: Code -> name of each Center that is open.
        person: Whom the installation names as its reader.
    """
    choices = role_choices(list(centers))
    if choice not in choices:
        choice = choices[0]
    if _ROLE not in st.session_state or st.session_state[_ROLE] not in choices:
        st.session_state[_ROLE] = choice

    def name(view: str) -> str:
        scope = scope_of(view)
        return " · ".join([scope.role.label, *(centers[center] for center in scope.centers)])

    with st.container(horizontal=True, key="role_strip", vertical_alignment="center"):
        who = (
            "Demonstration on this machine: nobody is signed in."
            if person == "demonstration"
            else f"Nobody is signed in; this installation writes as {person}."
        )
        st.html(f'<p class="cl-demo">{escape(who)}</p>')
        chosen: str = st.selectbox("See it as", choices, format_func=name, key="role_choice", index=choices.index(choice))
    if chosen != choice:
        _follow(choice, chosen)
    st.session_state[_ROLE] = chosen
    return chosen


def _follow(before: str, chosen: str) -> None:
    """Turn the Center filter to a director's own Center, unless the reader has narrowed it otherwise."""
    kept = query().get("center", "")
    if kept in ("", _own_center(before).get("center", "")):
        others = {name: value for name, value in query().items() if name != "center"}
        remember(others | _own_center(chosen))
        st.session_state["filter_center"] = list(scope_of(chosen).centers)


def open_to(scope: Scope) -> None:
    """Let the pages of this run be read with a scope; only frame/main.py calls this, on every run."""
    st.session_state[_SCOPE] = scope


def close() -> None:
    """Take the scope back: a run that frame/main.py did not begin has none."""
    st.session_state.pop(_SCOPE, None)


def arrive(page_id: str) -> None:
    """Let the filters of a page that was just opened take what is kept.

    Streamlit gives a widget of another page a new identity under the old name: it would start empty and seem to be set.
    """
    if st.session_state.get(_PAGE) != page_id:
        for name in [name for name in st.session_state if str(name).startswith("filter_")]:
            del st.session_state[name]
    st.session_state[_PAGE] = page_id


def begin() -> None:
    """Forget which parameters the page of the last run had."""
    st.session_state.pop(_SHOWN, None)


def guard() -> Scope:
    """Return the reader's scope; the first statement of every page.

    Raises:
        ScopeError: the page was reached without frame/main.py, so nobody has said who reads it.
    """
    scope: Any = st.session_state.get(_SCOPE)
    if not isinstance(scope, Scope):
        raise ScopeError("This page opens through the app only.")
    return scope
