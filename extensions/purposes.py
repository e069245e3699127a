"""The files of a project that serve the purpose of one of the template's under another name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import detect, git, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OTHER_NAMES = {
    ".github/CODEOWNERS": r"(docs/)?codeowners",
    ".github/dependabot.yml": r"\.github/dependabot\.yaml|(\.github/)?renovate\.json5?",
    ".github/pull_request_template.md": r"(docs/)?pull_request_template\.md",
    ".pre-commit-config.yaml": r"\.pre-commit-config\.yml|prek\.toml",
    "CHANGELOG.md": r"(docs/)?(changelog|changes|history|news)(\.(md|rst|txt|adoc))?",
    "Dockerfile": r"containerfile",
    "LICENSE": detect.LICENSE_FILE.pattern,
    "README.md": r"readme(\.(rst|txt|adoc))?",
    "compose.yaml": r"(docker-)?compose\.ya?ml",
}
"""Path of the template -> the files that other projects have instead, in upper or lower case."""
OVERRIDES = {
    ".coveragerc": "[tool.coverage]",
    ".mypy.ini": "[tool.mypy]",
    ".ruff.toml": "[tool.ruff]",
    "mypy.ini": "[tool.mypy]",
    "pytest.ini": "[tool.pytest]",
    "pytest.toml": "[tool.pytest]",
    "ruff.toml": "[tool.ruff]",
}
"""File -> the table of pyproject.toml that its tool ignores because of it."""


def other_file(project: Path, path: str) -> str:
    """Return a file of a project that serves the purpose of one of the template's, or nothing.

    Args:
        project: the project's folder.
        path: the template's file.
    """
    if path not in OTHER_NAMES:
        return ""
    found = [one for inside in ("", ".github", "docs") for one in files_in(project / inside)]
    names = (one.relative_to(project).as_posix() for one in found)
    same = re.compile(f"(?i:{OTHER_NAMES[path]})")
    return next((one for one in names if one != path and same.fullmatch(one)), "")


def files_in(folder: Path) -> list[Path]:
    """Return the files directly in a folder, which need not exist."""
    return sorted(one for one in folder.glob("*") if one.is_file())


def duplicates(project: Path, owners: Mapping[str, str], *, linted: bool) -> Iterator[str]:
    """Yield which of a project's files serve the purpose of a new one, or override its settings.

    Args:
        project: its folder.
        owners: path -> owner of what the template adds. Write-once files are not added then.
        linted: whether it adds the settings of linters and tests.
    """
    for path, owner in owners.items():
        added = owner == "managed" or path == "README.md"
        if added and (other := other_file(project, path)):
            yield f"Merge {other} into {path}, which serves the same purpose, and delete it."
    tracked = git.lines(project, "ls-files")
    for name, table in OVERRIDES.items():
        if linted and name in tracked:
            move = f"Move the settings in {name} to {pyproject.FILE} and delete it"
            yield f"{move}: with it, {table} has no effect."
