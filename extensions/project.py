"""A project that Copier has just copied or updated, as the current folder."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from . import answers, git, levels

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path()
"""The project's folder: the current one."""


@dataclass(frozen=True)
class Project:
    """The answers of the project in the current folder, and where its application is."""

    answers: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    """The answers of the last commit; None after a copy."""

    @property
    def package(self) -> str:
        """The import name."""
        return str(self.answers["package"])

    @property
    def script(self) -> Path:
        """The application up to level 2."""
        return Path(levels.SCRIPT.format(package=self.package))

    @property
    def module(self) -> Path:
        """The application from level 3 on."""
        return Path(levels.MODULE.format(package=self.package))

    @property
    def is_packaged(self) -> bool:
        """Whether the application belongs below `src/`."""
        return levels.capabilities(self.answers)["packaging"]


def current() -> Project:
    """Return the project in the current folder."""
    recorded = levels.load_yaml(PROJECT / answers.FILE)
    committed = None
    if os.environ.get("COPIER_OPERATION") == "update":
        committed = git.output(PROJECT, "show", f"HEAD:./{answers.FILE}")
    return Project(recorded, yaml.safe_load(committed) if committed else None)


def say(text: str) -> None:
    """Tell the user what was done or is left to do."""
    print(f"  {text}", file=sys.stderr)


def read(file: Path) -> str:
    """Return a file's text with its line ends; bytes that are not UTF-8 survive `write`."""
    return file.read_bytes().decode("utf-8", "surrogateescape")


def write(file: Path, text: str) -> None:
    """Write a text as `read` returned it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))


def remove_empty(folder: Path) -> None:
    """Remove a folder of the project, and those above it, while nothing but bytecode is in them."""
    while folder != PROJECT and folder.is_dir():
        if any(path.name != "__pycache__" for path in folder.iterdir()):
            return
        for path in folder.glob("__pycache__/*"):
            path.unlink()
        for path in (folder / "__pycache__", folder):
            if path.is_dir():
                path.rmdir()
        folder = folder.parent
