"""Invariant 4: a higher level adds files; it changes few lines of the files that were there.

The expected lines are in tests/data, one file a variant; so are the files that come, move or go.
The answers, which record the level, change always.
"""

from __future__ import annotations

import pytest

from tests import support, variants
from tests.variants import Variant


@pytest.mark.parametrize(
    ("variant", "level"), variants.cases(support.LEVELS[1:]), indirect=["variant"]
)
def test_a_step_changes_few_lines_of_few_files(variant: Variant, level: int) -> None:
    found = support.changed_lines(variant.rendered(level - 1), variant.rendered(level))
    del found[support.ANSWERS_FILE]
    assert found == variant.changes(level)
