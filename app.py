"""Centerline: what `streamlit run app.py` serves.

The script of each run is `frame/main.py`, in a folder of its own. Beside a folder named `pages`, Streamlit would take the
first address that a fresh server is asked for as a page of its older kind, and say "Page not found" over it.
"""

import streamlit as st

app = st.App("frame/main.py")
