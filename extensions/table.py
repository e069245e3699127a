"""The ladder as plain data, read from `ladder.yml`.

Apart from the extension, so that the mover starts without loading Copier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
SCRIPT = "{package}.py"
MODULE = "src/{package}/__init__.py"


@dataclass(frozen=True)
class Level:
    """One row of the ladder; `ladder.yml` says what each field means."""

    level: int
    name: str
    capability: str
    meaning: str
    climb_when: str
    not_yet: str
    cost: str
    adds: Mapping[str, str]
    set_up: list[str]
    drops: list[str] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    settings: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def table() -> tuple[Level, ...]:
    """Return the ladder, lowest level first."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (HERE / "ladder.yml").read_text(encoding="utf-8")
    return tuple(Level(**row) for row in yaml.load(text, loader)["levels"])


def paths(level: int, package: str) -> dict[str, str]:
    """Return path -> owner of everything that a project of this level has."""
    found: dict[str, str] = {}
    for row in table()[: level + 1]:
        for path in row.drops:
            del found[path]
        found.update(row.adds)
    return {path.format(package=package): owner for path, owner in found.items()}


def all_paths(package: str) -> dict[str, str]:
    """Return path -> owner of everything that a project of any level has."""
    return {
        path.format(package=package): owner for row in table() for path, owner in row.adds.items()
    }


def settings(level: int) -> dict[str, str]:
    """Return name -> use of every variable and secret that the forge must be given."""
    return {name: use for row in table()[: level + 1] for name, use in row.settings.items()}


def capabilities(level: int) -> dict[str, bool]:
    """Return the names that conditions in the templates use."""
    return {row.capability: row.level <= level for row in table()}
