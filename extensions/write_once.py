"""The write-once files: an update never writes, merges or deletes one that is there.

Copier leaves them out of each render of an update. Once it is done, this writes those that the
project reached with it, unless something else serves their purpose.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import git, levels, purposes, samples
from .project import PROJECT, Project, say

if TYPE_CHECKING:
    from collections.abc import Mapping


def add(project: Project, before: Mapping[str, Any]) -> None:
    """Write the files that the project reached, and restore those that Copier deleted.

    Args:
        project: the project, just updated.
        before: its answers before the update.
    """
    owned, known = levels.paths(project.answers), levels.paths_before(before, project.answers)
    had, now = written_once(known), written_once(owned)
    restore(had | now)
    new = paths(project.answers) - known.keys()
    for path in sorted(path for path in new if not os.path.lexists(path) and not in_head(path)):
        if other := purposes.other_file(PROJECT, path):
            say(f"There is no {path}: {other} serves its purpose.")
        else:
            write(path, project.answers)


def left(project: Path, before: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return the files that an update left behind, which the project's level does not have.

    Args:
        project: the project's folder.
        before: what it had answered.
        answers: what it has answered.
    """
    owned, known = levels.paths(answers), levels.paths_before(before, answers)
    ours = levels.all_paths(str(answers["package"]))
    return [
        path
        for path in sorted(written_once(known) - owned.keys())
        if known[path] == "write-once" or path not in ours
        if os.path.lexists(project / path)
    ]


def paths(answers: Mapping[str, Any]) -> set[str]:
    """Return the write-once files of a project with these answers."""
    return {path for path, owner in levels.paths(answers).items() if owner == "write-once"}


def written_once(owned: Mapping[str, str]) -> set[str]:
    """Return the files that an update does not render, of path -> owner."""
    return {path for path, owner in owned.items() if owner in levels.WRITTEN_ONCE}


def restore(files: set[str]) -> None:
    """Restore the files that the last commit has: Copier deletes what an older version managed."""
    for path in sorted(files):
        if not os.path.lexists(path) and in_head(path):
            git.output(PROJECT, "checkout", "--quiet", "HEAD", "--", path)


def in_head(path: str) -> bool:
    """Tell whether the last commit has a file of the project."""
    return git.output(PROJECT, "cat-file", "-e", f"HEAD:./{path}") is not None


def served_paths(project: Path, answers: Mapping[str, Any]) -> set[str]:
    """Return the write-once files whose purpose a file of the project serves already."""
    return {
        path
        for path in paths(answers)
        if os.path.lexists(project / path) or purposes.other_file(project, path)
    }


def write(path: str, answers: Mapping[str, Any]) -> None:
    """Write a file as a new project has it."""
    source, file = samples.source(path, answers), Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".jinja":
        file.write_bytes(samples.sample(path, answers).encode())
    else:
        file.write_bytes(source.read_bytes())
    if executable := source.stat().st_mode & 0o111:
        with suppress(PermissionError):  # some file systems have no modes
            file.chmod(file.stat().st_mode | executable)
