"""Themes: the same statements give the same themes, planted ones are told apart, names last, and no page loads the library."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from analytics import themes

ROOT = Path(__file__).parents[2]
TOPICS = {
    "holds": "containers held port exam documents released late",
    "letters": "notice letter reply deadline extension broker copy",
    "visits": "plant visit training specialists grades laboratory engineers",
}


def statements(count: int = 20) -> pl.DataFrame:
    """Statements of three topics, each of some of its words."""
    draw = random.Random(7)
    rows = [(f"{topic}{number:02}", " ".join(draw.sample(words.split(), 5))) for topic, words in TOPICS.items() for number in range(count)]
    return pl.DataFrame(rows, schema=["feedback_id", "statement"], orient="row")


def test_planted_themes_are_told_apart() -> None:
    found = themes.find(statements())
    assert found["themes"].height == 2 + (60 // 24 > 2)
    assert found["themes"]["feedback_count"].sum() == 60
    bigger = themes.find(statements(30))
    assert bigger["themes"].height == 3
    joined = bigger["theme_of"].with_columns(topic=pl.col("feedback_id").str.head(4))
    purity = joined.group_by("theme").agg(
        pl.col("topic").mode().first().alias("most"), pl.len().alias("n"), hits=(pl.col("topic") == pl.col("topic").mode().first()).sum()
    )
    assert purity["hits"].sum() / purity["n"].sum() > 0.9
    assert set(purity["most"]) == {"hold", "lett", "visi"}
    for words in bigger["themes"]["words"]:
        assert any({word for pair in words.split(", ") for word in pair.split()} <= set(topic.split()) for topic in TOPICS.values())


def test_the_same_statements_in_any_order_give_the_same_themes() -> None:
    rows = statements()
    one, other = themes.find(rows), themes.find(rows.sample(fraction=1.0, shuffle=True, seed=3))
    for name in themes.SCHEMAS:
        assert_frame_equal(one[name], other[name])


def test_similarity_is_the_cosine_and_finds_the_twin() -> None:
    rows = pl.concat([statements(), pl.DataFrame({"feedback_id": ["x1", "x2"], "statement": ["containers held port exam"] * 2})])
    similar = themes.find(rows)["similar"]
    assert similar.filter((pl.col("feedback_id") == "x1") & (pl.col("other_id") == "x2"))["similarity"].to_list() == [1.0]
    assert similar["similarity"].is_between(themes.ALIKE, 1).all()
    assert similar.filter(pl.col("feedback_id") == pl.col("other_id")).is_empty()
    assert similar.group_by("feedback_id").len()["len"].max() == 5
    across = similar.filter(pl.col("feedback_id").str.head(4) != pl.col("other_id").str.head(4)).filter(
        ~pl.col("feedback_id").str.starts_with("x")
    )
    assert across.filter(~pl.col("other_id").str.starts_with("x")).is_empty()


def test_few_or_empty_statements_have_no_themes() -> None:
    for rows in (statements(7), statements().with_columns(statement=pl.lit("the of and")), statements(0)):
        found = themes.find(rows)
        assert {name: frame.height for name, frame in found.items()} == dict.fromkeys(themes.SCHEMAS, 0)
        assert {name: dict(frame.schema) for name, frame in found.items()} == themes.SCHEMAS


def test_a_name_lasts_while_half_of_the_words_are_common_and_the_last_one_counts() -> None:
    found = pl.DataFrame({"theme": [1, 2], "words": ["port, hold, exam", "letter, reply"], "feedback_count": [5, 4]})
    when = dt.datetime(2013, 9, 30)
    given = [
        ("port, hold, days", "Holds", "analyst", "a", when),
        ("port, hold, exam", "Holds and exams", "leadership", "b", when),
        ("letter, visit, day", "Letters", "analyst", "a", when),
    ]
    assert themes.named(found, given).select("name", "confirmed", "person").rows() == [
        ("Holds and exams", True, "b"),
        ("letter, reply", False, None),
    ]
    assert themes.named(found, given[:1])["name"].to_list() == ["Holds", "letter, reply"]
    assert themes.named(found.clear(), given).is_empty()


def test_a_reader_of_public_statements_sees_no_word_of_others() -> None:
    found = pl.DataFrame({"theme": [1, 2, 3], "words": ["port, hold", "secret, letter", "hidden"], "feedback_count": [5, 4, 2]})
    named = themes.named(found, [("port, hold", "Holds", "analyst", "a", dt.datetime(2013, 9, 30))])
    seen = themes.public(named, pl.Series(["A hold at the PORT.", "One letter."]))
    assert seen.select("words", "name", "person").rows() == [
        ("port, hold", "Holds", None),
        ("letter", "letter", None),
        ("", "A theme of what is not public", None),
    ]


def test_nothing_that_a_page_loads_brings_the_library_along() -> None:
    code = "import sys; import data.journal, data.store, data.publish, ui.voices, ui.voiceforms, ui.meetings, ui.cards.effects, ui.cards.closing; print('sklearn' in sys.modules, 'xlsxwriter' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]
