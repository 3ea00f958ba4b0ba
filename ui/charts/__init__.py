"""Charts: pure functions from a Polars frame to a plain Plotly dictionary, all with one look.

Every function takes `width`, the reference width in pixels: `HALF` (half a row, the default), `WIDE` (a `wide` card)
or `PHONE` (for `Card.chart_narrow`). The layout's `height` is the height that the chart needs at least.
"""

from ui.charts.base import HALF, PHONE, WIDE, Spec
from ui.charts.chance import against_chance
from ui.charts.courses import Curve, curves, spans
from ui.charts.fans import fan
from ui.charts.grids import heat, stacked_ages
from ui.charts.panels import small_multiples
from ui.charts.process import process_chart
from ui.charts.ranked import bars, dots_with_interval
from ui.charts.rates import rate_with_interval
from ui.charts.ribbons import ribbons
from ui.charts.status import stacked_status
from ui.charts.times import due_bars, flow_lines
from ui.charts.words import words

__all__ = [
    "HALF",
    "PHONE",
    "WIDE",
    "Curve",
    "Spec",
    "against_chance",
    "bars",
    "curves",
    "dots_with_interval",
    "due_bars",
    "fan",
    "flow_lines",
    "heat",
    "process_chart",
    "rate_with_interval",
    "ribbons",
    "small_multiples",
    "spans",
    "stacked_ages",
    "stacked_status",
    "words",
]
