"""Laws 1, 2 and 5 and the linters where options meet: every two answers meet in some project."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allpairspy import AllPairs

from tests import support
from tests.conftest import Render
from tests.test_exact import WORDS
from tests.test_gates import lies
from tests.test_linters import FINDERS, Finder
from tests.test_options import BOTH, CATALOG, POSTGRES, S3, STARTER, assert_same

ANSWERS: dict[str, list[Any]] = {
    "after": [8, 7, 6, 5],
    "before": [0, 2, 3, 4, 5, 6, 7, 8],
    "feature_flags": [False, True],
    "live_dangerously": [False, True],
    "backing_services": [found["backing_services"] for found in (POSTGRES, S3, BOTH)],
    "dependents": [[], [CATALOG]],
    "license": ["MIT", "Apache-2.0", "Proprietary"],
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
def test_options_that_meet_keep_the_laws(
    project: Render, rendered: Render, row: dict[str, Any]
) -> None:
    answers = {key: value for key, value in row.items() if key not in {"before", "after"}}
    before, after = row["before"], row["after"]
    fresh = rendered(after, **answers)
    assert not lies(fresh, after)
    for name, content in support.files(fresh).items():
        assert content.strip(), f"{name} is empty"
        for above in range(after + 1, 9):
            if answers["live_dangerously"] and above == 8:
                continue  # which speaks of production
            if name not in {".copier-answers.yml", "LICENSE"} and "/__init__.py" not in name:
                assert not re.search(WORDS[above], content.decode(), re.IGNORECASE), name
    made = project(before, **answers)
    mine = {name: text for name, text in support.files(made).items() if "/__init__.py" in name}
    support.climb(made, after, **answers)
    package = "the_long_and_winding_road_that_leads_on"
    names = {name.replace("links", package, 1) for name in STARTER} | STARTER
    assert_same(made, fresh, but=names)
    if 5 < before < after:
        now = support.files(made)
        assert {name: now[name] for name in mine} == mine


@pytest.mark.parametrize("find", FINDERS, ids=lambda find: str(find.__name__))
def test_options_that_meet_have_no_finding(rendered: Render, find: Finder) -> None:
    assert LARGEST
    for row in LARGEST:
        answers = {key: value for key, value in row.items() if key not in {"before", "after"}}
        assert not find(rendered(8, **answers)), row
