"""Are the oldest skipped: against counting pair by pair, against first-in-first-out played through, and against sharing out anew."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest

from analytics import fairness

MONDAY = dt.date(2012, 1, 2)
END = dt.date(2013, 1, 6)
WEEKS = (END - MONDAY).days // 7 + 1
Items = list[tuple[str, str, int, int | None]]


def cells(items: Items) -> pl.DataFrame:
    """Count items: work type, team, week opened, week closed (null: open)."""
    frame = pl.DataFrame(items, schema={"work_type": pl.String, "team": pl.String, "o": pl.Int64, "c": pl.Int64}, orient="row")
    dated = frame.select(
        "work_type", "team", center=pl.lit("PHC"), opened=pl.lit(MONDAY) + pl.duration(days=7 * pl.col("o")),
        closed=pl.lit(MONDAY) + pl.duration(days=7 * pl.col("c")),
    )  # fmt: skip
    group = ["center", "work_type", "team", "opened", "closed"]
    return dated.group_by(group).agg(count=pl.len().cast(pl.Int64)).sort(group)


def drawn(seed: int, size: int, *, slow: float = 1.0, skipped: float = 0.0, types: int = 2) -> Items:
    """Draw the work of four teams; team T2 may be slower altogether, or pass over a share of its reviews."""
    draw = np.random.default_rng(seed)
    items: Items = []
    for _ in range(size):
        team, opened = int(draw.integers(4)), int(draw.integers(WEEKS))
        weeks = math.exp(draw.normal(math.log(6), 0.9))
        if team == 2:
            weeks *= slow * (4.5 if draw.random() < skipped else 1.0)
        closed = opened + math.floor(weeks)
        items.append((f"k{draw.integers(types)}", f"T{team}", opened, closed if closed < WEEKS else None))
    return items


def judged(items: Items, start: dt.date = MONDAY) -> dict[str, dict[str, object]]:
    return {row["team"]: row for row in fairness.skipping(cells(items), start, END).iter_rows(named=True)}


def pair_by_pair(items: Items, first: int) -> dict[str, dict[str, tuple[int, int]]]:
    """For each work type and team: pairs in which the waiting review is older, and all."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for kind in sorted({item[0] for item in items}):
        for team in sorted({item[1] for item in items}):
            mine = [(o, WEEKS if c is None else c) for k, t, o, c in items if (k, t) == (kind, team)]
            older = others = 0
            for opened, closed in mine:
                if not first <= closed < WEEKS:
                    continue
                waits = [o for o, c in mine if c > closed and o <= closed and o != opened]
                older, others = older + sum(o < opened for o in waits), others + len(waits)
            found.setdefault(kind, {})[team] = (older, others)
    return found


def shared_out(items: Items, kind: str, first: int) -> dict[str, tuple[float, float]]:
    """For each team the mean of both numbers of `pair_by_pair`, were the reviews of each week shared out by lot."""
    every = [(o, WEEKS if c is None else c, t) for k, t, o, c in items if k == kind]
    part = {(team, week): 0.0 for team in sorted({item[1] for item in items}) for week in range(WEEKS)}
    for week in range(WEEKS):
        mine = [team for o, _, team in every if o == week]
        part |= {(team, week): mine.count(team) / len(mine) for team in set(mine)}
    found = {}
    for team in sorted({item[1] for item in items}):
        older = others = 0.0
        for opened, closed, _ in every:
            if first <= closed < WEEKS:
                waits = [o for o, c, _ in every if c > closed and o <= closed and o != opened]
                chances = [part[team, opened] * part[team, o] for o in waits]
                older += sum(chance for o, chance in zip(waits, chances, strict=True) if o < opened)
                others += sum(chances)
        found[team] = (older, others)
    return found


@pytest.mark.parametrize(("seed", "first"), [(1, 0), (2, 0), (3, 20), (4, 37)])
def test_shares_equal_a_count_pair_by_pair(seed: int, first: int) -> None:
    items = drawn(seed, 600)
    rows = judged(items, MONDAY + dt.timedelta(weeks=first))
    pairs = pair_by_pair(items, first)
    for team, row in rows.items():
        done = sum(1 for _, t, _, c in items if t == team and c is not None and c >= first)
        assert row["completed_count"] == done
        older, others = (sum(found[team][i] for found in pairs.values()) for i in (0, 1))
        assert row["older_share"] == pytest.approx(older / others, abs=1e-12)
        expected = 0.0
        for kind, found in pairs.items():
            means = shared_out(items, kind, first)
            rest, mean = ([sum(each[name][i] for name in each if name != team) for i in (0, 1)] for each in (found, means))
            expected += found[team][1] * (rest[0] / rest[1] + means[team][0] / means[team][1] - mean[0] / mean[1])
        assert row["expected_share"] == pytest.approx(expected / others, abs=1e-12)


def test_a_period_that_begins_within_a_week_counts_from_the_next() -> None:
    items = drawn(5, 300)
    assert judged(items, MONDAY + dt.timedelta(days=65)) == judged(items, MONDAY + dt.timedelta(weeks=10))


@pytest.mark.parametrize("seed", range(4))
def test_left_behind_is_what_first_in_first_out_would_not_leave(seed: int) -> None:
    items = drawn(seed, 500, skipped=0.4)
    expected: dict[str, int] = {}
    for kind in ("k0", "k1"):
        for team in ("T0", "T1", "T2", "T3"):
            mine = [(o, c) for k, t, o, c in items if (k, t) == (kind, team)]
            queue: list[int] = []
            for week in range(WEEKS):
                queue = sorted([*queue, *(o for o, _ in mine if o == week)])[sum(1 for _, c in mine if c == week) :]
            waiting = [o for o, c in mine if c is None]
            same = sum(min(queue.count(week), waiting.count(week)) for week in range(WEEKS))
            expected[team] = expected.get(team, 0) + len(waiting) - same
    rows = judged(items)
    assert {team: row["left_behind_count"] for team, row in rows.items()} == expected
    assert sum(expected.values()) > 20


def test_oldest_first_leaves_nothing_older_and_newest_first_nothing_else() -> None:
    in_order = [("k0", "T0", week, week + 3 if week + 3 < WEEKS else None) for week in range(WEEKS)]
    newest = [("k0", "T1", week, 2 * 26 - week) for week in range(26)]
    rows = judged([*in_order, *newest] * 2)
    assert (rows["T0"]["older_share"], rows["T0"]["left_behind_count"], rows["T0"]["pending_count"]) == (0.0, 0, 6)
    assert (rows["T1"]["older_share"], rows["T1"]["pending_count"]) == (1.0, 0)


def test_the_spread_is_that_of_sharing_out_anew() -> None:
    """Share the reviews of each work type and week out at random 400 times: mean and spread of each team are as worked out."""
    items = drawn(21, 700)
    rows = judged(items)
    draw, seen = np.random.default_rng(5), {team: [] for team in rows}
    place: dict[tuple[str, int], list[int]] = {}
    for index, (kind, _, opened, _) in enumerate(items):
        place.setdefault((kind, opened), []).append(index)
    for _ in range(400):
        teams = [item[1] for item in items]
        for spots in place.values():
            for spot, team in zip(spots, draw.permutation([teams[i] for i in spots]).tolist(), strict=True):
                teams[spot] = team
        shuffled = judged([(kind, team, o, c) for (kind, _, o, c), team in zip(items, teams, strict=True)])
        for team, row in shuffled.items():
            seen[team].append(row["older_share"] - row["expected_share"])  # type: ignore[operator]
    for team, row in rows.items():
        spread = (row["high"] - row["low"]) / 2 / 1.959963984540054  # type: ignore[operator]
        assert abs(np.mean(seen[team])) < 0.15 * spread, team
        assert np.std(seen[team]) == pytest.approx(spread, rel=0.1), team


def test_teams_that_work_alike_are_not_named() -> None:
    """120 worlds without a skipping team: at a chance of 1 in 100 that any is named in one, six or more would be one in 500."""
    named = sum(any(row["skips"] for row in judged(drawn(seed, 500)).values()) for seed in range(1000, 1120))
    assert named <= 5


def test_a_slow_team_is_not_one_that_skips() -> None:
    named = sum(bool(judged(drawn(seed, 600, slow=2.5))["T2"]["skips"]) for seed in range(40))
    assert named <= 1


def test_the_team_that_skips_is_named_and_only_it() -> None:
    found = [{team for team, row in judged(drawn(seed, 2500, skipped=0.3)).items() if row["skips"]} for seed in range(20)]
    assert sum(each == {"T2"} for each in found) >= 17
    assert all(each <= {"T2"} for each in found)


def test_few_completions_or_nobody_to_compare_with_make_no_judgement() -> None:
    alone = [("k0", "T0", week, week + 2) for week in range(40)] * 2
    row = judged(alone)["T0"]
    assert (row["quality"], row["skips"], row["older_share"], row["p_value"]) == ("too_few", False, None, None)
    few = judged([*drawn(3, 400), ("k0", "T9", 3, 9), ("k0", "T9", 4, None)])["T9"]
    assert (few["quality"], few["completed_count"], few["pending_count"]) == ("too_few", 1, 1)
    assert fairness.skipping(cells([]), MONDAY, END).height == 0
    later = fairness.skipping(cells(drawn(3, 400)), END + dt.timedelta(days=30), END)
    assert set(later["quality"]) == {"too_few"}


def test_chances_are_adjusted_for_the_number_of_teams() -> None:
    rows = fairness.skipping(cells(drawn(8, 800, skipped=0.1)), MONDAY, END)
    z = (rows["older_share"] - rows["expected_share"]) / ((rows["high"] - rows["low"]) / 2 / 1.959963984540054)
    plain = sorted(math.erfc(value / math.sqrt(2)) / 2 for value in z)
    expected = np.minimum(np.maximum.accumulate([p * (4 - i) for i, p in enumerate(plain)]), 1)
    assert sorted(rows["p_value"]) == pytest.approx(expected.tolist(), rel=1e-9)
