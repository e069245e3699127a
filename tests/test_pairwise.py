"""Invariants 1, 2, 5 and the linters where options meet: every two answers meet in a project."""

from __future__ import annotations

from typing import Any

import pytest
from allpairspy import AllPairs

from tests import support
from tests.conftest import Render
from tests.linters import LINTERS, Linter, name_of
from tests.options import BOTH, CATALOG, POSTGRES, S3, SAMPLE
from tests.variants import Variant
from tests.vocabulary import WORDS, mentions_of_later_levels
from tests.workflows import errors

ANSWERS: dict[str, list[Any]] = {
    "after": [8, 7, 6, 5],
    "before": [0, 2, 3, 4, 5, 6, 7, 8],
    "feature_flags": [False, True],
    "live_dangerously": [False, True],
    "backing_services": [found["backing_services"] for found in (POSTGRES, S3, BOTH)],
    "dependents": [[], [CATALOG]],
    "license": ["MIT", "Apache-2.0", "Proprietary", "Other"],
    "project_name": ["Links", "The long and winding road that leads on"],
}
ROWS = [dict(zip(ANSWERS, row, strict=True)) for row in AllPairs(list(ANSWERS.values()))]
LARGEST = [row for row in ROWS if row["after"] == 8 and row["feature_flags"]]

pytestmark = [pytest.mark.exhaustive, pytest.mark.xdist_group("linters")]


def test_every_two_answers_meet() -> None:
    keys = list(ANSWERS)
    for number, one in enumerate(keys):
        for other in keys[number + 1 :]:
            met = {(str(row[one]), str(row[other])) for row in ROWS}
            assert len(met) == len(ANSWERS[one]) * len(ANSWERS[other]), (one, other)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_options_that_meet_keep_the_invariants(
    project: Render, rendered: Render, service: Variant, row: dict[str, Any]
) -> None:
    answers = {key: value for key, value in row.items() if key not in {"before", "after"}}
    before, after = row["before"], row["after"]
    fresh = rendered(after, **answers)
    assert not errors(fresh, service.requires(after))
    assert not [name for name, text in support.files(fresh).items() if not text.strip()]
    # Whoever lives dangerously reads about production below level 8.
    words = {n: word for n, word in WORDS.items() if n < 8 or not answers["live_dangerously"]}
    package = support.answers(fresh)["package"]
    assert not mentions_of_later_levels(fresh, after, words, package)
    made = project(before, **answers)
    mine = {name: text for name, text in support.files(made).items() if "/__init__.py" in name}
    support.climb(made, after, **answers)
    names = {name.replace("links", package, 1) for name in SAMPLE} | SAMPLE
    support.assert_same_files(made, fresh, but=names)
    if 5 < before < after:
        now = support.files(made)
        assert {name: now[name] for name in mine} == mine


@pytest.mark.parametrize("linter", LINTERS, ids=name_of)
def test_options_that_meet_are_clean(rendered: Render, linter: Linter) -> None:
    assert LARGEST
    for row in LARGEST:
        answers = {key: value for key, value in row.items() if key not in {"before", "after"}}
        assert not linter(rendered(8, **answers)), row
