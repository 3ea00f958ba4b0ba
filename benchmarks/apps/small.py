"""The least that Streamlit can do: one filter and one small Plotly chart; no data are read and nothing is computed.

`WAY` in the environment says how the chart is drawn: `board` (the product's component) or `plotly` (`st.plotly_chart`).
"""

from __future__ import annotations

import os
from typing import Any

import polars as pl
import streamlit as st

YEARS = {"Fiscal year 2013": 1, "Fiscal year 2012": 2}


def chart(year: str) -> dict[str, Any]:
    """Five bars that change with the year."""
    values = [place * YEARS[year] for place in range(1, 6)]
    return {
        "data": [{"type": "bar", "x": list("abcde"), "y": values, "marker": {"color": "#005ea2"}}],
        "layout": {"height": 240, "margin": {"l": 30, "r": 10, "t": 10, "b": 30}, "meta": year},
    }


def by_board(year: str) -> None:
    """Draw with the product's component."""
    from ui import board

    card = board.Card("small", "Five bars", year, "Five bars", chart(year), pl.DataFrame(), ())
    board.draw("small", list, [lambda: card], board.Stamp(year, "", "", synthetic=True, role=""))


def by_plotly(year: str) -> None:
    """Draw with Streamlit's own element."""
    import plotly.graph_objects as go

    st.plotly_chart(go.Figure(chart(year)), key="small", config={"displayModeBar": False})


st.set_page_config(page_title="One small chart", layout="wide")
chosen = st.selectbox("Period", list(YEARS), key="filter_period")
(by_plotly if os.environ.get("WAY") == "plotly" else by_board)(chosen)
