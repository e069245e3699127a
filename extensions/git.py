"""What git knows of a project."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def output(folder: Path, *arguments: str, stdin: str = "") -> str | None:
    """Return what git prints, or None where git fails or is missing.

    Args:
        folder: where git runs.
        arguments: git's own arguments.
        stdin: what git reads from its standard input.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def lines(folder: Path, *arguments: str, stdin: str = "") -> list[str]:
    """Return the lines that git prints; none where git fails or is missing."""
    return (output(folder, *arguments, stdin=stdin) or "").splitlines()


def line(folder: Path, *arguments: str) -> str:
    """Return the first line that git prints; nothing where git fails or is missing."""
    return next(iter(lines(folder, *arguments)), "")


def ignored(folder: Path, paths: Iterable[str]) -> list[str]:
    """Return those of some paths that git ignores and does not have, sorted."""
    return lines(folder, "check-ignore", "--stdin", stdin="\n".join(sorted(paths)))
