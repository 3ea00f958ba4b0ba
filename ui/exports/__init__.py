"""Files made of the cards that are on screen: PowerPoint, PDF, XLSX and CSV, all with the same cells.

Pure: cards, key figures and stamp in, bytes out. Every file says what is shown, from when and which version, in whose view and under
which marking. What the screen hides stays hidden: a hidden number is empty, with its mark beside it (`ui.exports.cells.MARKS`).
"""

from ui.exports.brief import brief
from ui.exports.deck import deck
from ui.exports.sheet import card_csv
from ui.exports.workbook import workbook

#: What stands on files for working groups, unless the caller has other words.
MARKING = "For discussion – aggregated, disclosure-reviewed"

__all__ = ["MARKING", "brief", "card_csv", "deck", "workbook"]
