"""Law 4: a higher level adds files; of those that were there it changes few lines."""

from __future__ import annotations

import difflib

import pytest

from tests import support
from tests.conftest import Render

# level -> file -> how many lines the step up to it may add or remove at the most. Files that move
# or go at a level are the business of the file lists.
CHANGED: dict[int, dict[str, int]] = {}


@pytest.mark.parametrize("level", range(1, 9))
def test_a_step_changes_few_lines_of_few_files(rendered: Render, level: int) -> None:
    below, above = (support.files(rendered(n)) for n in (level - 1, level))
    changed = {}
    for name in below.keys() & above.keys():
        if below[name] != above[name]:
            old, new = below[name].decode().splitlines(), above[name].decode().splitlines()
            lines = [d for d in difflib.ndiff(old, new) if d[0] in "+-"]
            changed[name] = len(lines)
    assert changed.keys() == CHANGED[level].keys()
    assert not [name for name, lines in changed.items() if lines > CHANGED[level][name]], changed
