"""What the words of feedback have in common: themes, and statements that read alike. A proposal, which a person names.

Method: TF-IDF over words and pairs of words (Salton and Buckley 1988), non-negative matrix factorisation (Lee and Seung 1999;
scikit-learn, start `nndsvda` with a fixed seed, rows in order of their ids), cosine similarity. The same statements give the same themes.
scikit-learn is imported when themes are looked for, which a publish does, and never by a page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

#: Fewer statements than this have no themes, and so many make one more.
LEAST: Final = 24
_PER_THEME: Final = 24
_MOST: Final = 12
#: Words that name a theme.
WORDS: Final = 5
#: Statements less alike than this are not similar; the nearest few are kept.
ALIKE: Final = 0.25
_NEAREST: Final = 5
#: A name that was given to a theme holds while so large a part of the words of both is common.
SAME: Final = 0.5
_SEED: Final = 20130930
#: Words that every statement of this trade may have, besides the common ones of English.
_COMMON: Final = (
    "center",
    "centers",
    "cbp",
    "entries",
    "entry",
    "importer",
    "importers",
    "said",
    "see",
    "did",
    "does",
    "just",
    "like",
    "let",
    "ours",
)

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "themes": {"theme": pl.Int64, "words": pl.String, "feedback_count": pl.Int64},
    "theme_of": {"feedback_id": pl.String, "theme": pl.Int64, "weight": pl.Float64},
    "similar": {"feedback_id": pl.String, "other_id": pl.String, "similarity": pl.Float64},
}

#: A name that a person gave: the theme's words then, the name, role, person, when (UTC).
Name = tuple[str, str, str, str, dt.datetime]


def none() -> dict[str, pl.DataFrame]:
    """Return the frames of `find` without rows."""
    return {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}


def find(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Look for themes and for statements that read alike.

    Args:
        rows: `feedback_id`, `statement`; in any order.

    Returns:
        `themes`: `theme` 1.., `words` (its heaviest, by weight, with commas), `feedback_count`, most first.
        `theme_of`: `feedback_id`, `theme`, `weight` (share of the statement's themes, 0-1).
        `similar`: `feedback_id`, `other_id`, `similarity` (cosine, 0-1), up to five for each. All empty below 24 statements.
    """
    ordered = rows.select("feedback_id", "statement").sort("feedback_id")
    if ordered.height < LEAST:
        return none()
    found = _weighed(ordered["statement"].to_list())
    return none() if found is None else _factored(ordered["feedback_id"], *found) | {"similar": _alike(ordered["feedback_id"], found[0])}


def _weighed(statements: Sequence[str]) -> tuple[Any, list[str]] | None:
    """Weigh the words of statements; null when nothing but common words is there."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    common = sorted(ENGLISH_STOP_WORDS.union(_COMMON))
    rules: dict[str, Any] = {"ngram_range": (1, 2), "min_df": 2, "max_df": 0.3, "sublinear_tf": True}
    weigh = TfidfVectorizer(stop_words=common, **rules, token_pattern=r"(?u)\b[a-zA-Z][\w-]{2,}\b")  # noqa: S106 - no secret
    try:
        return weigh.fit_transform(statements), weigh.get_feature_names_out().tolist()
    except ValueError:  # the vocabulary is empty
        return None


def _factored(ids: pl.Series, weights: Any, terms: Sequence[str]) -> dict[str, pl.DataFrame]:
    from sklearn.decomposition import NMF

    wanted = max(2, min(_MOST, ids.len() // _PER_THEME, len(terms), *weights.shape))
    model = NMF(n_components=wanted, init="nndsvda", random_state=_SEED, max_iter=600, tol=1e-4)
    shares = model.fit_transform(weights)
    whole = shares.sum(axis=1)
    theme = pl.DataFrame(
        {"feedback_id": ids, "at": shares.argmax(axis=1), "weight": (shares.max(axis=1) / (whole + (whole == 0))).round(3)}
    )
    told = theme.filter(pl.col("weight") > 0)
    words = [", ".join(_heaviest(part, terms)) for part in model.components_]
    counted = told.group_by("at").agg(feedback_count=pl.len().cast(pl.Int64))
    named = (
        pl.DataFrame({"at": range(wanted), "words": words})
        .join(counted, on="at")
        .sort(["feedback_count", "words"], descending=[True, False])
    )
    numbered = named.with_row_index("theme", offset=1).with_columns(pl.col("theme").cast(pl.Int64))
    of = told.join(numbered.select("at", "theme"), on="at").sort("feedback_id")
    return {
        name: pl.DataFrame(frame.select(list(SCHEMAS[name])), schema=SCHEMAS[name])
        for name, frame in (("themes", numbered), ("theme_of", of))
    }


def _heaviest(part: Any, terms: Sequence[str]) -> list[str]:
    """Return the heaviest words of a theme; of a pair of words its single words are not named again."""
    ordered = sorted(range(len(terms)), key=lambda at: (-part[at], terms[at]))
    chosen: list[str] = []
    for at in ordered:
        fresh = not any(terms[at] in other.split() or other in terms[at].split() for other in chosen)
        if part[at] > 0 and fresh:
            chosen.append(terms[at])
        if len(chosen) == WORDS:
            break
    return chosen


def _alike(ids: pl.Series, weights: Any) -> pl.DataFrame:
    """Pair each statement with those that read most like it; rows are of length one, so that products are cosines."""
    names, pairs = ids.to_list(), []
    products = (weights @ weights.T).tocsr()
    for at, name in enumerate(names):
        row = products.getrow(at)
        near = [(round(float(value), 3), names[other]) for other, value in zip(row.indices, row.data, strict=True) if other != at]
        kept = sorted((each for each in near if each[0] >= ALIKE), key=lambda each: (-each[0], each[1]))[:_NEAREST]
        pairs += [(name, other, value) for value, other in kept]
    return pl.DataFrame(pairs, schema=SCHEMAS["similar"], orient="row")


def named(themes: pl.DataFrame, names: Sequence[Name]) -> pl.DataFrame:
    """Give themes the names that people gave them; a theme that moved a little between publishes keeps its name.

    Args:
        themes: As `find` makes them.
        names: Names given, oldest first.

    Returns:
        The themes with `name` (the last one given to so much the same words, else the words themselves), `confirmed` (bool),
        `role`, `person` and `at` of who gave it (null where nobody has).
    """
    rows = []
    for words in themes["words"]:
        fits = [given for given in names if _common(words, given[0]) >= SAME]
        rows.append((fits[-1][1], True, *fits[-1][2:]) if fits else (words, False, None, None, None))
    schema: dict[str, Any] = {"name": pl.String, "confirmed": pl.Boolean, "role": pl.String, "person": pl.String, "at": pl.Datetime("us")}
    return pl.concat([themes, pl.DataFrame(rows, schema=schema, orient="row")], how="horizontal")


def public(found: pl.DataFrame, statements: pl.Series) -> pl.DataFrame:
    """Leave only the words of themes that stand in the given statements; a name that a person gave stays, who gave it does not.

    Args:
        found: Themes as `named` makes them.
        statements: What the reader may read.
    """
    text = "\n".join(statements).lower()
    kept = [", ".join(word for word in words.split(", ") if word in text) for words in found["words"]]
    words = pl.Series("words", kept, dtype=pl.String)
    name = pl.when("confirmed").then(pl.col("name")).when(words != "").then(words).otherwise(pl.lit("A theme of what is not public"))
    nobody = [pl.lit(None, found.schema[column]).alias(column) for column in ("role", "person")]
    return found.with_columns(words, *nobody, name=name)


def _common(words: str, others: str) -> float:
    """Return the share of the words of either that both have (Jaccard)."""
    one, other = set(words.split(", ")), set(others.split(", "))
    return len(one & other) / len(one | other)
