"""The naive way: Streamlit, SQL on SQLite, pandas, Plotly Express and `st.plotly_chart`, chart by chart."""

from __future__ import annotations

import streamlit as st

from benchmarks.apps import plain
from benchmarks.apps.sql_plain import answer

st.set_page_config(page_title="Eight charts, plainly", layout="wide")
chosen = st.selectbox("Period", list(plain.YEARS), key="filter_period")
numbers, tables = answer(plain.YEARS[chosen])
before = plain.written({name: numbers[f"earlier_{name}"] for name in plain.FIGURES})
for place, words, now, then in zip(st.columns(5), plain.FIGURES.values(), plain.written(numbers), before, strict=True):
    place.metric(words, now, then)
columns = st.columns(2)
for index, figure in enumerate(plain.charts(tables, chosen)):
    columns[index % 2].plotly_chart(figure, key=f"chart_{index}", config={"displayModeBar": False})
