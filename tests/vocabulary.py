"""The words that belong to a level's machinery, and the texts that mention them too early."""

from __future__ import annotations

import re
from pathlib import Path

from tests import support

WORDS = {
    1: r"\bdeploy|production|systemd|\bssh\b",
    2: r"\bgit\b|github|LICENSE",
    3: r"docker|container|\bimage\b|swarm|\bwheel\b|pyproject|uv\.lock|workflow",
    4: r"pytest|\bruff\b|mypy|pull request|unit test|coverage|ruleset|dependabot|prek|pre-commit",
    5: r"staging|smoke test",
    6: r"alembic|migrat|testcontainers|integration test",
    7: r"docker compose|system test",
    8: r"runbook|to production automatically",
}
"""Level -> words of its machinery."""
PROGRAM_WORDS = WORDS | {3: WORDS[3] + r"|\bartifact|\bbinary\b|release on GitHub"}
"""The same for a command-line program, whose levels 1 and 2 have hosts but no artifacts."""
EXEMPT = {support.ANSWERS_FILE, "LICENSE"}
"""Copier's answers, and a text that is not ours."""


def mentions_of_later_levels(
    project: Path, level: int, words: dict[int, str] = WORDS, package: str = "links"
) -> list[str]:
    """Return each line that mentions a level above; the sample application is exempt."""
    exempt = EXEMPT | {f"{package}.py", f"src/{package}/__init__.py"}
    return [
        f"{name} mentions level {above}: {line.strip()}"
        for name, content in support.files(project).items()
        if name not in exempt
        for line in content.decode().splitlines()
        for above in range(level + 1, len(support.LEVELS))
        if above in words and re.search(words[above], line, re.IGNORECASE)
    ]
