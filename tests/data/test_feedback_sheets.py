"""A meeting's spreadsheet: previewed, taken, never over somebody else, and nothing of it lost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from sqlalchemy import Engine

from analytics import voicewords
from analytics.exc import ChangedError, DataError
from data import quarantine
from data.contracts import TABLES
from tests.data.pieces import BROKEN, GOOD, PIECE, desk, sheet


def test_a_broken_spreadsheet_is_previewed_taken_and_nothing_of_it_is_lost(groups: Engine) -> None:
    content = sheet(BROKEN, above=["Minutes of the meeting"])
    seen = desk(groups).preview("minutes.xlsx", content)
    assert (seen.read, seen.taken.height, seen.refused_rows, seen.known) == (5, 2, 3, 0)
    assert seen.taken["segment"].to_list() == ["importer_large"] * 2
    assert seen.taken["group_code"].to_list() == ["IWG-ELE", "IWG-PHC"]
    assert seen.taken["status"].to_list() == ["open"] * 2
    refused = [(row["row"], row["column"], row["value"]) for row in seen.refused.iter_rows(named=True)]
    assert refused == [
        (4, "Segment", "Big importer"),
        (5, "Received", "next Tuesday"),
        (6, "Organisation (code)", None),
        (6, "Statement", None),
    ]
    assert "use one of “Importer, large”, “Importer, mid-size”" in seen.refused["message"][0]
    assert desk(groups).rows.is_empty()
    result = desk(groups).take("minutes.xlsx", content)
    assert (result.read, result.accepted, result.rejected, result.added) == (5, 2, 3, 2)
    assert set(desk(groups).rows["statement"]) == {"From another group.", "Telephone before you send a CF-28."}
    waiting = quarantine.rejects(groups)
    assert sorted(waiting["row_number"].unique()) == [4, 5, 6]
    assert "next Tuesday" in waiting["value"].to_list()
    key = desk(groups).rows["feedback_id"][0]
    told = desk(groups).history("feedback", key)
    assert (told["action"].to_list(), told["person"].to_list()) == (["import"], ["a.person"])
    again = desk(groups).take("minutes.xlsx", content)
    assert again.already_loaded
    assert desk(groups).rows.height == 2


def test_a_director_takes_only_their_own_group(groups: Engine) -> None:
    mine = desk(groups, "director", "ELE")
    with pytest.raises(DataError, match="Row 3 is feedback of the group “IWG-PHC”"):
        mine.preview("all.xlsx", sheet([GOOD, {**GOOD, "Working group": "PHC"}]))
    assert mine.take("own.xlsx", sheet([GOOD])).added == 1


def test_a_director_takes_over_no_piece_of_another_center_by_its_id(groups: Engine) -> None:
    theirs = desk(groups).save({**PIECE, "group_code": "IWG-PHC", "meeting_id": "M-PHC-1", "is_public": False}, action="create")
    before = desk(groups).rows
    mine = desk(groups, "director", "ELE")
    for given in (theirs, f" {theirs} ", f"\t{theirs}\u00a0"):
        content = sheet([GOOD, {**GOOD, "Statement": "Mine now.", "Feedback": given}])
        for judge in (mine.preview, mine.take):
            with pytest.raises(DataError, match=f"Row 3 would change the feedback {theirs}, which is not your Center's"):
                judge("own.xlsx", content)
    # Nor does an empty cell bring what another Center was told: a broken row would show it as its refused value.
    bare = {"Feedback": theirs, "Working group": "Electronics", "Answer": "Yes.", "First answer": dt.date(2013, 1, 1)}
    seen = mine.preview("bare.xlsx", sheet([bare], heads=[*GOOD, "Feedback", "Answer", "First answer"]))
    assert seen.taken.is_empty()
    assert set(seen.refused["value"].drop_nulls()) <= {"2013-01-01"}
    assert seen.refused.filter(pl.col("column") == "Statement").height == 1
    assert desk(groups).rows.equals(before)
    # Their own piece they change by its id, and whoever writes for all groups changes any.
    own = desk(groups).save(PIECE, action="create")
    assert mine.take("own.xlsx", sheet([{**GOOD, "Feedback": own}])).replaced == 1
    assert desk(groups).take("all.xlsx", sheet([{**GOOD, "Working group": "PHC", "Feedback": theirs}])).replaced == 1


def test_who_reads_public_words_alone_is_told_no_others_by_a_spreadsheet(groups: Engine) -> None:
    public, secret = (
        desk(groups).save({**PIECE, "is_public": shown, "statement": f"Said {shown}."}, action="create") for shown in (True, False)
    )
    before, lead = desk(groups).rows, desk(groups, "leadership")
    # A row of an id and nothing else is filled from the record; one that is out of reach counts as new, which lacks what every piece has.
    heads = [*GOOD, "Feedback"]
    seen = lead.preview("ids.xlsx", sheet([{"Feedback": public}, {"Feedback": secret}], heads=heads))
    assert seen.taken["statement"].to_list() == ["Said True."]
    assert set(seen.refused["row"]) == {3}
    assert not any("Said False" in str(cell) for cell in [*seen.refused.rows(), *seen.changes.rows()])
    for judge in (lead.preview, lead.take):
        with pytest.raises(DataError, match=f"Row 2 would change the feedback {secret}, which was said in confidence"):
            judge("over.xlsx", sheet([{**GOOD, "Statement": "Other words.", "Feedback": secret}], heads=heads))
    assert desk(groups).rows.equals(before)


def test_a_sheet_that_comes_again_leaves_pieces_alone_that_its_reader_is_not_told(groups: Engine) -> None:
    lead = desk(groups, "leadership")
    rows = [{**GOOD, "Public": "No", "Statement": f"Said in the room, {number}."} for number in range(2)]
    assert lead.take("minutes.xlsx", sheet(rows)).added == 2
    before = desk(groups).rows
    longer = sheet([*rows, {**rows[0], "Statement": "Said at the door."}])
    seen = desk(groups, "leadership").preview("longer.xlsx", longer)
    assert seen.notices == ("2 rows are there already, not public, and stay as recorded.",)
    assert seen.taken["statement"].to_list() == ["Said at the door."]
    assert desk(groups, "leadership").take("longer.xlsx", longer).added == 1
    assert desk(groups).rows.join(before, on=before.columns, how="semi", nulls_equal=True).height == 2
    assert desk(groups, "leadership").take("again.xlsx", longer).added == 0


ANSWER = {
    "response": "One call first, from now on.", "responded_date": dt.date(2013, 7, 1), "position": "agree", "status": "implemented",
    "closed_date": dt.date(2013, 7, 2), "owner": "Center director", "satisfaction": 4,
}  # fmt: skip


@pytest.mark.parametrize("heads", [list(GOOD), list(voicewords.HEADS.values())], ids=["few columns", "all columns, empty"])
def test_a_sheet_that_comes_again_with_more_rows_leaves_answers_as_they_are(groups: Engine, heads: list[str]) -> None:
    first = {name: value for name, value in GOOD.items() if name != "Public"}
    content = sheet([first], heads=heads)
    desk(groups).take("minutes.xlsx", content)
    row = desk(groups).rows.row(0, named=True)
    assert (row["status"], row["position"], row["is_public"]) == ("open", "under_review", False)
    desk(groups).save({**row, **ANSWER, "is_public": True}, seen=row["load_id"], action="answer")
    answered = desk(groups).rows.row(0, named=True)
    again = desk(groups).take("minutes.xlsx", content)
    assert (again.already_loaded, again.replaced) == (True, 0)
    more = sheet([first, {**first, "Statement": "A second statement."}], heads=heads)
    seen = desk(groups).preview("minutes.xlsx", more)
    assert (seen.taken.height, seen.known, seen.changed, seen.changes.height) == (2, 1, 0, 0)
    taken = desk(groups).take("minutes.xlsx", more)
    assert (taken.added, taken.replaced, taken.unchanged) == (1, 0, 1)
    assert desk(groups).rows.filter(pl.col("feedback_id") == row["feedback_id"]).row(0, named=True) == answered
    fresh = desk(groups).rows.filter(pl.col("statement") == "A second statement.").row(0, named=True)
    assert (fresh["status"], fresh["position"], fresh["is_public"], fresh["response"]) == ("open", "under_review", False, None)


def test_what_a_filled_cell_changes_is_shown_before_it_is_taken(groups: Engine) -> None:
    desk(groups).take("minutes.xlsx", sheet([GOOD]))
    row = desk(groups).rows.row(0, named=True)
    other = {**GOOD, "Weight 1-5": 5, "Public": "no", "Kind": "Question", "Owner": "Center director", "Feedback": row["feedback_id"]}
    seen = desk(groups).preview("minutes.xlsx", sheet([{**GOOD, "Statement": "New."}, other]))
    assert (seen.known, seen.changed) == (1, 1)
    assert seen.changes.select("row", "column", "before", "after").sort("column").rows() == [
        (3, "Kind", "Recommendation", "Question"),
        (3, "Owner", "–", "Center director"),
        (3, "Public", "Yes", "No"),
        (3, "Weight 1-5", "3", "5"),
    ]
    assert set(seen.changes["feedback_id"]) == {row["feedback_id"]}
    result = desk(groups).take("minutes.xlsx", sheet([other]), seen.seen)
    assert (result.added, result.replaced) == (0, 1)
    now = desk(groups).rows.row(0, named=True)
    assert (now["severity"], now["is_public"], now["kind"], now["owner"]) == (5, False, "question", "Center director")


def test_a_sheet_is_not_taken_over_values_that_were_saved_after_it_was_looked_at(groups: Engine) -> None:
    desk(groups).take("minutes.xlsx", sheet([GOOD]))
    content = sheet([GOOD, {**GOOD, "Statement": "New."}, {**GOOD, "Weight 1-5": 5, "Feedback": desk(groups).rows["feedback_id"][0]}][1:])
    seen = desk(groups).preview("minutes.xlsx", content).seen
    row = desk(groups).rows.row(0, named=True)
    desk(groups).save({**row, "severity": 1}, seen=row["load_id"])
    with pytest.raises(ChangedError, match=f"Somebody else has saved {row['feedback_id']} since this file was looked at"):
        desk(groups).take("minutes.xlsx", content, seen)
    assert desk(groups).rows["severity"].to_list() == [1]
    assert desk(groups).take("minutes.xlsx", content, desk(groups).preview("minutes.xlsx", content).seen).replaced == 1
    assert desk(groups).rows.height == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"not a workbook", "a.xlsx"),
        (
            "a.xlsx",
            sheet([{"Statement": "Only this"}]),
            "lacks the columns “Working group”, “Received”, “Segment”, “Organisation (code)”, “Kind”, “Topic”. Download",
        ),
        ("a.pdf", b"%PDF", "not an XLSX or CSV"),
        ("a.csv", b"", "a.csv"),
        ("../../etc/a.csv", b"Statement,Statement\nx,y", "lacks the columns"),
        ("a.csv", b"x" * 6_000_000, "more than 5 million bytes"),
    ],
)
def test_a_file_that_is_none_gets_a_clear_sentence(groups: Engine, name: str, content: bytes, words: str) -> None:
    with pytest.raises(DataError) as caught:
        desk(groups).preview(name, content)
    assert words in str(caught.value)
    assert len(str(caught.value)) > 30


def test_the_empty_spreadsheet_can_be_filled_and_taken(groups: Engine, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    path.write_bytes(desk(groups).template())
    book = fastexcel.read_excel(path)
    assert book.sheet_names == ["Feedback", "Lists"]
    heads = book.load_sheet("Feedback", header_row=0).to_polars().columns
    assert heads == list(voicewords.HEADS.values())
    kinds = TABLES["feedback"].columns()
    assert set(voicewords.HEADS) == set(kinds)
    given = ("feedback_id", *voicewords.DEFAULTS)
    assert set(voicewords.NEEDED) == {name for name in kinds if not kinds[name].nullable and name not in given}
    with pytest.raises(DataError, match="has no rows below its headings"):
        desk(groups).preview("empty.xlsx", path.read_bytes())
    assert desk(groups).take("filled.xlsx", sheet([GOOD], heads=heads)).added == 1


def test_words_beyond_the_contract_are_kept_as_written_and_formulas_are_texts(groups: Engine) -> None:
    odd = {**GOOD, "Statement": '=HYPERLINK("http://example.org")', "Remark": "not a column"}
    content = "\n".join([",".join(odd), ",".join('"' + str(value).replace('"', '""') + '"' for value in odd.values())]).encode()
    seen = desk(groups).preview("odd.csv", content)
    assert seen.taken["statement"].to_list() == ['=HYPERLINK("http://example.org")']
    assert any("Remark" in notice for notice in seen.notices)
