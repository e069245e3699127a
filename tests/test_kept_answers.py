"""Answers that a level does not ask for are kept, and are the defaults of a level that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from extensions import render
from extensions.answers import questions
from tests import support
from tests.conftest import Render

GIVEN = {
    "feature_flags": True,
    "backing_services": ["postgres", "s3"],
    "dependents": [{"name": "catalog", "image": "ghcr.io/acme/catalog:1.4.2", "port": 8000}],
}


def descend_and_climb(project: Render, low: int, **answers: object) -> tuple[object, object]:
    """Return the answers of a project of level 8, and those after a descent and a climb back."""
    made = project(8, **answers)
    first = support.answers(made)
    for level in (low, 8):
        support.update(made, level=level, version="HEAD")
        support.commit_all(made, f"Level {level}")
    return first, support.answers(made)


@pytest.mark.parametrize(
    ("low", "answers"),
    [
        pytest.param(0, GIVEN, id="service"),
        pytest.param(4, GIVEN, id="service-4", marks=pytest.mark.exhaustive),
        pytest.param(0, {"kind": "cli", "artifact": "binary"}, id="binary"),
    ],
)
def test_a_descent_and_a_climb_give_the_same_answers(
    project: Render, low: int, answers: dict[str, object]
) -> None:
    first, last = descend_and_climb(project, low, **answers)
    assert first == last
    assert isinstance(last, dict)
    assert last["license"] == "MIT"
    assert last["owner"] == "acme"


def test_what_a_level_does_not_ask_for_is_kept_under_one_key(project: Render) -> None:
    made = project(2)
    support.update(made, level=0, version="HEAD")
    kept = {"forge": "github", "license": "MIT", "owner": "acme"}
    assert support.answers(made)["_kept_answers"] == kept
    assert "license" not in support.answers(made)
    support.commit_all(made)
    support.update(made, level=1, version="HEAD")
    assert support.answers(made)["_kept_answers"] == kept
    support.commit_all(made)
    support.update(made, level=2, license="Apache-2.0", version="HEAD")
    assert support.answers(made)["license"] == "Apache-2.0"
    assert "_kept_answers" not in support.answers(made)


@pytest.mark.parametrize(
    "kept",
    [
        None,
        "license",
        ["license"],
        {"license": "GPL"},
        {"owner": "a/b"},
        {"feature_flags": "perhaps"},
        {"dependents": [{"name": "catalog"}]},
        {"unknown": 1},
    ],
)
def test_a_kept_answer_that_is_not_valid_is_not_used(tmp_path: Path, kept: object) -> None:
    before = {"level": 1, "kind": "service", "_kept_answers": kept}
    assert render.Render(tmp_path, before, {}).kept == {}


def test_only_the_kept_answers_that_are_valid_are_used(tmp_path: Path) -> None:
    kept = {"license": "MIT", "owner": "a/b"}
    before = {"level": 1, "kind": "service", "_kept_answers": kept}
    assert render.Render(tmp_path, before, {}).kept == {"license": "MIT"}


def test_every_question_that_a_level_asks_has_the_kept_answer_as_its_default() -> None:
    asked = {key: question for key, question in questions().items() if "when" in question}
    assert asked.keys() >= GIVEN.keys() - {"level"}
    for key, question in asked.items():
        assert f"kept.get('{key}'" in question["default"], key
