"""The eight charts and five figures in Dash with Polars: one filter and one callback that answers all of them."""

from __future__ import annotations

import sys

from dash import Dash, Input, Output, dcc, html

from benchmarks.apps import plain
from benchmarks.apps.polars_plain import answer

app = Dash(__name__, serve_locally=True)
app.layout = html.Div(
    [
        dcc.Dropdown(list(plain.YEARS), "Fiscal year 2013", id="period", clearable=False, searchable=False),
        html.Div([html.Div([words, html.B(id=name), html.Small(id=f"{name}-was")]) for name, words in plain.FIGURES.items()]),
        html.Div(
            [dcc.Graph(id=f"chart-{index}", config={"displayModeBar": False}) for index in range(8)],
            style={"display": "grid", "gridTemplateColumns": "repeat(2, minmax(0, 1fr))"},
        ),
    ]
)


@app.callback(
    [
        *(Output(name, "children") for name in plain.FIGURES),
        *(Output(f"{name}-was", "children") for name in plain.FIGURES),
        *(Output(f"chart-{index}", "figure") for index in range(8)),
    ],
    Input("period", "value"),
)
def refresh(period: str) -> list[object]:
    """Answer the filter."""
    numbers, tables = answer(plain.YEARS[period])
    before = {name: numbers[f"earlier_{name}"] for name in plain.FIGURES}
    return [*plain.written(numbers), *plain.written(before), *plain.charts(tables, period)]


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), debug=False)
