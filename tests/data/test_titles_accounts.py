"""Titles of the accounts' cards are true under random choices of Centers and periods, for analysts and directors."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import polars as pl
import pytest

from analytics import accounts, drift, format
from analytics.filters import Filters
from analytics.scope import Scope
from data.store import Snapshot
from tests.data.test_titles import drawn
from ui import accounts as page
from ui.account import sections
from ui.cards import account_volume
from ui.cards import accounts as cards
from ui.frame import View

SEEDS = range(20)


def _filters(seed: int, as_of: dt.date, known: list[str]) -> Filters:
    draw = random.Random(seed)
    start = dt.date(2010, 10, 1) + dt.timedelta(days=draw.randrange(0, 900))
    filters = Filters(start, min(start + dt.timedelta(days=draw.randrange(1, 500)), as_of))
    return filters.keeping("center", draw.sample(known, draw.randrange(1, 4))) if draw.random() < 0.6 else filters


@pytest.fixture(scope="module")
def snapshots(store: Path) -> dict[str, Snapshot]:
    scopes = {"analyst": Scope("analyst"), "AUT": Scope("director", ("AUT",)), "PHC": Scope("director", ("PHC",))}
    return {name: Snapshot(scope, home=store / "published") for name, scope in scopes.items()}


@pytest.fixture(
    params=[*((seed, "analyst") for seed in SEEDS), *((seed, "AUT") for seed in range(6)), *((seed, "PHC") for seed in range(6))]
)
def shown(request: pytest.FixtureRequest, snapshots: dict[str, Snapshot]) -> tuple[View, pl.DataFrame, Snapshot]:
    seed, who = request.param
    snapshot = snapshots[who]
    view = page.own_view(View(snapshot, _filters(seed, snapshot.as_of, list(snapshot.labels["center"]))))
    return view, accounts.table(snapshot.frames, snapshot.accounts(), view.filters, snapshot.as_of), snapshot


def shares(title: str) -> list[str]:
    return re.findall(r"[<>]?[\d.]+%", title)


Shown = tuple[View, pl.DataFrame, Snapshot]


def test_largest(shown: Shown) -> None:
    view, rows, _ = shown
    card = cards.largest(view, rows)
    if drawn(card):
        values = card.table["value_usd"].sort(descending=True)
        first = card.table.filter(pl.col("value_usd") == values[0])
        named = first.filter(pl.Series([name in card.title for name in first["account_name"]]))
        assert named.height >= 1
        if card.table.height > 1:
            assert shares(card.title)[-1] == format.share(values[0] / values.sum())
        if card.table.height > 10:
            assert shares(card.title)[0] == format.share(values.head(10).sum() / values.sum())
            assert f"of {card.table.height:,} accounts" in card.title
        half = int(re.findall(r"[\d,]+", card.note)[0].replace(",", ""))
        assert values.head(half).sum() >= values.sum() / 2 > values.head(half - 1).sum()


def test_attention(shown: Shown) -> None:
    view, rows, _ = shown
    card = cards.attention(view, rows)
    if drawn(card):
        flags = pl.any_horizontal(*accounts.REASONS)
        standing = rows.filter(flags)
        if standing.is_empty():
            assert card.title.startswith(("None of", "The one"))
            worst = rows["past_due"].max()
            assert ("most past due" in card.title) == (worst > 0)
            if worst > 0:
                assert any(row["account_name"] in card.title for row in rows.filter(pl.col("past_due") == worst).iter_rows(named=True))
        else:
            assert card.title.startswith(f"{standing.height:,} of {rows.height:,} account")
            first = card.table.row(0, named=True)
            assert first["account_name"] in card.title
            assert first["reasons_count"] == standing["reasons_count"].max()
            said = [words for flag, words in accounts.REASONS.items() if words.lower() in card.title.lower()]
            assert said == [words for flag, words in accounts.REASONS.items() if first[flag]]


def test_drifting(shown: Shown) -> None:
    view, rows, snapshot = shown
    card = cards.drifting(view, rows)
    tested = drift.drifting(accounts.findings(snapshot.frames, view.filters, view.as_of), view.end)
    listed = tested.filter(pl.col("account_key").is_in(rows["account_key"].to_list()))
    if drawn(card):
        assert card.table.height == listed.height
        found = listed.filter("is_drifting").height
        assert card.title.startswith("No account") == (found == 0)
        if found:
            worst = card.table.row(0, named=True)
            assert worst["account_name"] in card.title
            assert shares(card.title) == [format.share(worst["late_share"]), format.share(worst["early_share"])]
            assert worst["late_share"] > worst["early_share"]
        else:
            assert f"({listed.height:,} account" in card.title
    else:
        assert listed.is_empty()


def test_fit(shown: Shown) -> None:
    view, rows, _ = shown
    card = cards.fit(view, rows)
    if drawn(card):
        off = card.table.filter(pl.col("fit") != "fits")
        first = card.table.row(0, named=True)
        assert first["account_name"] in card.title
        if off.height:
            assert card.title.startswith(f"{off.height:,} of {card.table.height:,} account")
            assert card.title.endswith(accounts.FITS[first["fit"]][1:])
        else:
            assert shares(card.title) == [format.share(card.table["off_lines_share"].max())]


def test_off_industry(shown: Shown) -> None:
    view, _, snapshot = shown
    card = cards.off_industry(view, snapshot.dimension("industry"))
    if drawn(card):
        last = card.table.filter(pl.col("date") == pl.col("date").max())
        assert shares(card.title)[0] == format.share(last["off_count"].sum() / last["lines_count"].sum())
        assert last["quarter"][0] in card.title
        if last.height > 1:
            assert shares(card.title)[1] == format.share(last["off_share"].max())
            assert any(name in card.title for name in last.filter(pl.col("off_share") == last["off_share"].max())["label"])


def test_events(shown: Shown) -> None:
    view, _, snapshot = shown
    card = cards.events(view, snapshot.assignment_events())
    if drawn(card):
        of = dict(card.table.group_by("status").agg(pl.col("accounts_count").sum()).iter_rows())
        numbers = [int(text.replace(",", "")) for text in re.findall(r"(?<![\w])[\d,]+(?= appeal| reassignment| account)", card.title)]
        assert numbers == [of["Appealed"], of["Reassigned"], of["Assigned"]]


def test_month(shown: Shown) -> None:
    view, _, _ = shown
    card = account_volume.month(view)
    if drawn(card):
        start = account_volume.last_whole_month(view)
        end = (start.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        assert end <= view.end

        def entries(first: dt.date) -> float:
            last = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
            return float(view.ask("entry_summaries", filters=view.filters.between(first, last))["value"][0])

        now, before = entries(start), entries((start - dt.timedelta(days=1)).replace(day=1))
        assert card.title.startswith(f"{now:,.0f} entry summar")
        words = card.title.split(", ", 1)[1] if ", " in card.title else ""
        if words and before and now > 3 * before:
            assert words.startswith(f"more than 3 times the {before:,.0f} of ")
        elif words and before and now != before and "0.0%" not in words:
            assert words.startswith(f"{abs(now - before) / before * 100:,.1f}% {'above' if now > before else 'below'} ")
        assert card.table.filter(label="Entry summaries")["now"].to_list() == [f"{now:,.0f}"]


def test_outside(shown: Shown) -> None:
    view, _, snapshot = shown
    card = account_volume.outside(view, snapshot.segments())
    if drawn(card):
        profiles = snapshots_of_all(snapshot)
        place = pl.coalesce("center_code", "suggested_center_code")
        mine = profiles.filter((place.is_in(view.filters.centers) if view.filters.centers else True) & (pl.col("lines_count") > 0))
        works = (pl.col("status") == "ASSIGNED") & (pl.col("participating_from") <= snapshot.as_of).fill_null(value=False)
        out = mine.filter(~works)
        assert shares(card.title) == [format.share(out["value_usd"].sum() / mine["value_usd"].sum())]
        could = out.filter(
            pl.col("status").is_in(["ASSIGNED", "PENDING", "APPEAL"]) | ((pl.col("status") == "NONE") & pl.col("is_eligible"))
        )
        assert format.usd(could["value_usd"].sum(), long=True) in card.title
        assert card.table["accounts_count"].sum() == mine.height


def snapshots_of_all(snapshot: Snapshot) -> pl.DataFrame:
    """All profiles, as the sums are made of."""
    return pl.read_parquet(snapshot.folder / "dimensions" / "account.parquet")


def test_headline_and_figures(shown: Shown) -> None:
    view, rows, snapshot = shown
    words = page.title(rows)
    if rows.height:
        assert words.startswith(f"{rows.height:,} account")
        if rows.height > accounts.TOP and rows["value_usd"].sum() > 0:
            assert shares(words) == [format.share(rows["value_usd"].top_k(10).sum() / rows["value_usd"].sum())]
        standing = rows.filter(pl.any_horizontal(*accounts.REASONS)).height
        assert words.endswith("none stands out" if not standing else f"{standing:,} {'stands' if standing == 1 else 'stand'} out")
    figures = page.figures(view, rows, snapshot.accounts(), snapshot.unassigned())
    assert len(figures) == 5
    assert figures[4].value in ("Too few", f"{int(rows['is_drifting'].sum()):,}")


def test_the_list_and_every_opened_account_can_be_written(shown: Shown) -> None:
    view, rows, snapshot = shown
    listed = page.shown(view, rows)
    assert listed.height == rows.height
    for account_id in rows["account_id"].head(2):
        around = snapshot.account(account_id)
        assert around is not None
        written = sections(view, around, snapshot.dimension("industry"))
        assert len(written) == 7
        name = around.profile["account_name"][0]
        assert name.replace("&", "&amp;") in written[0]
        mine = rows.filter(account_id=account_id).row(0, named=True)
        if view.end == view.as_of and not view.filters.centers:
            assert around.pending.height == mine["pending"]


def test_search_and_choice(snapshots: dict[str, Snapshot]) -> None:
    snapshot = snapshots["analyst"]
    rows = accounts.table(snapshot.frames, snapshot.accounts(), Filters(dt.date(2012, 10, 1), dt.date(2013, 9, 30)), snapshot.as_of)
    name = str(rows["account_name"][3])
    assert name in page.narrowed(rows, name.upper(), standing=False)["account_name"].to_list()
    assert page.narrowed(rows, "zzz-nobody", standing=False).is_empty()
    standing = page.narrowed(rows, "", standing=True)
    assert 0 < standing.height < rows.height
    assert standing["reasons_count"].is_sorted(descending=True)
