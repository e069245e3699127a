"""Law 4: a higher level adds files; of those that were there it changes few lines."""

from __future__ import annotations

import difflib

import pytest

from tests import support
from tests.conftest import Render

# level -> file -> lines that the step up to it adds and removes. The answers, where the level
# stands, change always; files that come, move or go are the business of the file lists.
CHANGED: dict[int, dict[str, tuple[int, int]]] = {
    1: {},
    2: {
        "README.md": (3, 1),
        "ops/README.md": (3, 4),
        "ops/deploy": (17, 1),
        "ops/systemd.py": (14, 31),  # what is released: a commit now, and not a folder
    },
    3: {
        ".gitignore": (3, 0),
        "README.md": (4, 2),
        "ops/README.md": (64, 30),  # the host: set up for containers, and no longer for a unit
        "ops/deploy": (52, 5),
    },
    4: {
        ".github/workflows/main.yml": (8, 0),
        ".gitignore": (4, 0),
        "README.md": (9, 0),
        "ops/README.md": (5, 0),
        "pyproject.toml": (34, 0),
    },
    5: {
        ".github/workflows/main.yml": (18, 0),
        "README.md": (13, 4),
        "ops/README.md": (27, 14),
        "ops/deploy": (17, 0),
    },
    6: {
        ".github/rulesets/main.json": (1, 0),
        ".github/workflows/main.yml": (8, 1),
        "Dockerfile": (3, 0),
        "README.md": (2, 0),
        "ops/README.md": (3, 2),
        "ops/swarm.py": (8, 0),
        "pyproject.toml": (4, 1),
    },
    7: {
        ".github/rulesets/main.json": (1, 0),
        ".github/workflows/main.yml": (12, 1),
        ".gitignore": (3, 0),
        "README.md": (7, 1),
        "ops/deploy": (1, 1),
    },
    8: {
        ".github/workflows/main.yml": (18, 0),
        "README.md": (2, 2),
    },
}


def changed(old: bytes, new: bytes) -> tuple[int, int]:
    """Return how many lines were added and removed."""
    lines = list(difflib.ndiff(old.decode().splitlines(), new.decode().splitlines()))
    return sum(line[0] == "+" for line in lines), sum(line[0] == "-" for line in lines)


@pytest.mark.parametrize("level", range(1, 9))
def test_a_step_changes_few_lines_of_few_files(rendered: Render, level: int) -> None:
    below, above = (support.files(rendered(n)) for n in (level - 1, level))
    found = {
        name: changed(below[name], above[name])
        for name in below.keys() & above.keys() - {".copier-answers.yml"}
        if below[name] != above[name]
    }
    assert found == CHANGED[level]
