"""The demonstration: a synthetic nation of imports, with planted truths, as extracts that load like a user's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from data import reference
from data.contracts import TABLES
from data.demo.accounts import account_center_table, account_table, importer_table, make_accounts
from data.demo.completions import event_table, make_course, review_table
from data.demo.draws import LAST_DAY
from data.demo.entries import make_entries, make_lines
from data.demo.facts import facts
from data.demo.latent import make_latent
from data.demo.liquidation import make_liquidations
from data.demo.meetings import attendance_table, follow_up_table, meeting_table
from data.demo.money import make_money
from data.demo.receipts import World, make_work
from data.demo.sample import draw_sample, strata, stratum_table
from data.demo.service import inquiry_table, news_table, staff_table, target_table
from data.demo.tables import entry_numbers, entry_table, line_table
from data.demo.voices import feedback_table, working_group_table


def make_world(entries: int, seed: int) -> World:
    """Draw accounts, entries, lines, money, what is wrong with them, and the random sample."""
    known = facts()
    accounts = make_accounts(seed, known)
    drawn = make_entries(seed, entries, known, accounts)
    lines = make_lines(seed, known, accounts, drawn)
    money = make_money(seed, known, accounts, drawn, lines)
    latent = make_latent(seed, known, accounts, drawn, lines, money)
    stratum = strata(known, drawn, lines)
    return World(
        seed=seed,
        facts=known,
        accounts=accounts,
        entries=drawn,
        lines=lines,
        money=money,
        latent=latent,
        liquidations=make_liquidations(seed, drawn, latent),
        stratum=stratum,
        sampled=draw_sample(seed, drawn, lines, stratum),
    )


def generate(entries: int = 400_000, seed: int = 2013) -> dict[str, pl.DataFrame]:
    """Make every table of the demonstration, in its contract's columns and types; the same arguments make the same frames."""
    world = make_world(entries, seed)
    work = make_work(world)
    course = make_course(world, work)
    numbers = entry_numbers(world)
    yearly = np.bincount(world.entries.account, weights=world.money.value, minlength=len(world.accounts.center)) / (LAST_DAY / 365.25)
    said = feedback_table(seed, world.facts)
    present = attendance_table(seed, world.facts, said)
    made = {
        "account": account_table(seed, world.accounts, world.facts, yearly),
        "importer": importer_table(seed, world.accounts),
        "account_center": account_center_table(seed, world.accounts, world.facts),
        "entry": entry_table(world, numbers),
        "entry_line": line_table(world, numbers),
        "review": review_table(world, work, course, numbers),
        "review_event": event_table(world, work, course),
        "sample_stratum": stratum_table(world.facts, world.entries, world.lines, world.money, world.stratum, world.sampled),
        "inquiry": inquiry_table(seed, world.facts),
        "staff": staff_table(seed, world.facts),
        "target": target_table(),
        "working_group": working_group_table(world.facts),
        "meeting": meeting_table(seed, world.facts, present),
        "attendance": present,
        "feedback": said,
        "follow_up": follow_up_table(seed, said),
        "news": news_table(),
    }
    return reference.tables() | {name: reference.conform(name, frame) for name, frame in made.items()}


def write_extracts(frames: Mapping[str, pl.DataFrame], folder: Path) -> list[Path]:
    """Write one Parquet file a table, marked as synthetic; the same frames make the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in TABLES:
        if name in frames:
            paths.append(folder / f"{name}.parquet")
            frames[name].write_parquet(paths[-1], compression="zstd", metadata={"centerline.synthetic": "true"})
    return paths
