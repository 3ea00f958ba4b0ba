"""What stands above or instead of the pages: a store without data yet, a data version that is cited, one that is gone."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

#: Builds the demonstration; it is told a function that takes a step in words.
Build = Callable[[Callable[[str], None]], None]


def offer(reason: str, build: Build) -> None:
    """Say what is missing and let the reader build the demonstration, with its progress on screen."""
    st.html(
        '<div class="cl-problem"><h1>Centerline has no data yet</h1>'
        f"<p>{escape(reason)}</p>"
        "<p>Build the demonstration to look around: synthetic entry summaries, reviews and feedback of fiscal years 2011–2013. "
        "It takes about a minute.</p>"
        "<p>To see your own data instead, load an ACE Reports export (ES-003, CSV or XLSX) in a terminal and open this page again:</p>"
        "<pre>python -m data load my-es003-export.csv</pre></div>"
    )
    if not st.button("Build the demonstration", type="primary", key="build_demo"):
        return
    with st.status("Building the demonstration", expanded=True) as status:
        build(st.write)
        status.update(label="The demonstration is ready", state="complete")
    st.rerun()


def cited(version: str, address: str) -> None:
    """Say that the pages show a version kept for citation, and lead to the data in force."""
    st.html(
        f'<ul class="cl-notices" role="status"><li>You are reading data version <code>{escape(version)}</code>, as it was cited. '
        f'<a href="{escape(address)}" target="_self">Read the data in force</a></li></ul>'
    )


def said(words: str) -> None:
    """Say one sentence above the page; nothing when there is none."""
    if words:
        st.html(f'<ul class="cl-notices" role="status"><li>{escape(words)}</li></ul>')


def gone(reason: str, address: str) -> None:
    """Say that a cited version is not kept any more, and lead to the data in force."""
    st.html(
        f'<div class="cl-problem"><h1>This data version is not kept</h1><p>{escape(reason)}</p>'
        f'<p><a href="{escape(address)}" target="_self">Read the data in force</a></p></div>'
    )
