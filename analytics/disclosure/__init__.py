"""Disclosure control: which figures may be shown to competitors in one room, and the proof that nothing else can be told from them.

    release = protect(cells, hierarchy, rules.load(), earlier=[ledger of each release before, oldest first], accounts=owned)

**In**: `cells`, a row for every cell that is published together, margins and zeros included. Its dimensions are all columns that are not
named here; they are codes (text). Tables that are published together stand in one frame: what a table does not divide has the code of
the whole (`ALL`), so that a margin of two tables is one row. If figures of one kind do not add up with others (entries and dollars), the
kind is a dimension too (`measure`), without a hierarchy.

| column | type | what |
| --- | --- | --- |
| `total` | number, not negative | the true value, not rounded |
| `n_accounts` | whole number | different corporate accounts that contribute more than nothing |
| `top1`, `top2` | number | what the largest and the second-largest account contribute (`top2` is 0 where there is one) |
| `whole` (true) | bool | a count; false for dollars |
| `denominator`, `denominator_accounts` (null) | number | given for the numerator of a published rate only |
| `linked` (false) | bool | the denominator is a cell to which equations lead from this one: they bound it, also where the denominator is withheld |
| `applicable` (true) | bool | false: nothing could be reported; the total is 0 |
| `published` (true) | bool | false: never shown, but it ties tables together (give it where two tables add up to the same unshown cell) |

`hierarchy`: for each dimension that adds up a frame with `parent`, `child` and, where a parent is divided in more ways than one, `split`.
An equation holds where the parent and all children of a split are in `cells`; some children but not all is an error. Fiscal year to date:
`ytd 2012-12 = ytd 2012-11 + 2012-12` is a split, as is `FY2012 = ytd 2012-08 + 2012-09`.

`accounts`: a row for each account and cell in which it owns something: the dimensions, `account` and `amount`. Cells may be left out, but not
some of a cell's accounts.

**Out**, a `Release`: `cells` (dimensions, `value` rounded, `n_accounts`, `mark`, `reason`; the first two null where withheld), `audit` and
`ledger` (to be kept from readers), `summary` (one row) and `safe`. A release that is not safe must not be published. A rate may be shown only
where both its numerator and its denominator are.
"""  # fmt: skip

from analytics.disclosure.release import Release, protect

__all__ = ["Release", "protect"]
