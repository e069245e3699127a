"""Invariant 2: climbing or descending an untouched project gives a fresh one of that level."""

from __future__ import annotations

import itertools

import pytest

from tests import support, variants
from tests.conftest import Render
from tests.variants import Variant
from tools.invariants import WRITE_ONCE

PAIRS = list(itertools.permutations(support.LEVELS, 2))
# The quick tests have the longest jump, up and down.
INNER = {("service", 0, 8), ("service", 8, 0), ("wheel", 0, 8)}


def test_every_pair_of_levels_is_there() -> None:
    assert len(PAIRS) == 72


@pytest.mark.parametrize(
    ("variant", "before", "after"), variants.jumps(PAIRS, INNER), indirect=["variant"]
)
def test_a_climbed_project_equals_a_fresh_one(variant: Variant, before: int, after: int) -> None:
    project = variant.project(before)
    had = support.files(project)
    variant.climb(project, after)
    kept = WRITE_ONCE & (had.keys() - variant.files(after))
    support.assert_same_files(project, variant.rendered(after), but=kept)
    found = support.files(project)
    assert {path: found[path] for path in kept} == {path: had[path] for path in kept}
    folders = support.parents(variant.files(after) | kept)
    assert support.folders(project) == folders, "an empty folder"


@pytest.mark.parametrize(
    ("before", "after"),
    [(3, 3), *(pytest.param(*jump, marks=pytest.mark.exhaustive) for jump in [(8, 8), (4, 7)])],
)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wheel", "binary"),
        pytest.param("binary", "wheel", marks=pytest.mark.exhaustive),
    ],
)
def test_a_climb_that_changes_the_artifact_equals_a_fresh_project(
    project: Render, rendered: Render, before: int, after: int, one: str, other: str
) -> None:
    made = project(before, **variants.answers(one))
    support.climb(made, after, **variants.answers(other))
    support.assert_same_files(made, rendered(after, **variants.answers(other)))


def test_an_update_to_the_same_level_changes_nothing(variant: Variant) -> None:
    project = variant.project(8)
    variant.climb(project, 8)
    support.assert_unchanged(project)
