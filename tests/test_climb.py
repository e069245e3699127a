"""Law 2: climbing or descending an untouched project gives what a fresh one of that level is."""

from __future__ import annotations

import itertools

import pytest

from tests import support
from tests.conftest import Render

# The inner loop walks the longest jump, up and down.
JUMPS = [
    pytest.param(a, b, marks=() if {a, b} == {0, 8} else pytest.mark.exhaustive)
    for a, b in itertools.permutations(support.LEVELS, 2)
]


def test_every_pair_of_levels_is_there() -> None:
    assert len(JUMPS) == 72


@pytest.mark.parametrize(("before", "after"), JUMPS)
def test_climbed_equals_fresh(project: Render, rendered: Render, before: int, after: int) -> None:
    made = project(before)
    support.climb(made, after)
    climbed, fresh = support.files(made), support.files(rendered(after))
    assert climbed.keys() == fresh.keys()
    assert {name for name in fresh if climbed[name] != fresh[name]} == set()
    folders = {path for path in made.rglob("*") if path.is_dir() and ".git" not in path.parts}
    assert not [path for path in folders if not any(path.iterdir())], "an empty folder"


def test_an_update_to_the_same_level_changes_nothing(project: Render) -> None:
    made = project(8)
    support.climb(made, 8)
    assert support.git(made, "status", "--porcelain") == ""
