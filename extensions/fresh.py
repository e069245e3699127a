"""A new project with given answers, for comparison: a Copier run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copier import run_copy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def render(folder: Path, answers: Mapping[str, Any]) -> Path:
    """Render a new project into a folder that does not exist yet, and return the folder.

    Args:
        folder: where to.
        answers: as Copier records them, the template's address and version included.
    """
    run_copy(
        str(answers["_src_path"]),
        folder,
        data=dict(answers),
        vcs_ref=str(answers["_commit"]),
        defaults=True,
        quiet=True,
        unsafe=True,
        skip_tasks=True,
    )
    return folder


def files(folder: Path) -> set[str]:
    """Return the files of a project that was just rendered."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
