"""The three variants of a project: a service, a wheel and a binary, and what each has by hand."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import support

NAMES = ("service", "wheel", "binary")
PROGRAMS = ("wheel", "binary")
DATA = support.ROOT / "tests" / "data"
EXECUTABLE = {"ops/deploy", "ops/environments", "ops/exempt", "ops/protect"}


@functools.cache
def expected(name: str) -> Mapping[str, Any]:
    """Return what tests/data says of a variant."""
    read = yaml.safe_load((DATA / f"{name}.yml").read_text())
    assert isinstance(read, dict)
    return read


def answers(name: str) -> dict[str, Any]:
    """Return the answers that make a variant."""
    return dict(expected(name)["answers"])


@dataclass(frozen=True)
class Variant:
    """A kind of project: what it answers, how to make one, and what it must have."""

    name: str
    rendered: Callable[..., Path]
    """Return a project of a level, to be read and not written."""
    project: Callable[..., Path]
    """Return a committed project of a level that the test may change."""

    @property
    def answers(self) -> dict[str, Any]:
        """What this variant answers."""
        return answers(self.name)

    def climb(self, project: Path, level: int, **data: Any) -> None:
        """Update a project of this variant to another level."""
        support.climb(project, level, **self.answers, **data)

    def files(self, level: int) -> set[str]:
        """Return the files of a level."""
        names: set[str] = set()
        for row in self._up_to(level):
            names = (names - set(row.get("drops", ()))) | set(row["adds"])
        return names

    def asks(self, level: int) -> set[str]:
        """Return the questions that are answered at a level."""
        return {name for row in self._up_to(level) for name in row.get("asks", ())}

    def requires(self, level: int) -> set[str]:
        """Return the checks that a pull request needs at a level."""
        return {check for row in self._up_to(level) for check in row.get("requires", ())}

    def changes(self, level: int) -> dict[str, tuple[int, int]]:
        """Return file -> lines that the step up to a level adds and removes."""
        changes = self._levels()[level].get("changes", {})
        return {name: (added, removed) for name, (added, removed) in changes.items()}

    def never_mentions(self) -> str:
        """Return a pattern of what no file of this variant mentions, "" if there is none."""
        return str(expected(self.name).get("never_mentions", ""))

    def _levels(self) -> Mapping[int, Mapping[str, Any]]:
        levels: Mapping[int, Mapping[str, Any]] = expected(self.name)["levels"]
        return levels

    def _up_to(self, level: int) -> list[Mapping[str, Any]]:
        return [self._levels()[n] for n in range(level + 1)]


def cases(levels: Iterable[Any], names: Iterable[str] = NAMES) -> list[Any]:
    """Return variants and levels as parameters: `("variant", "level"), indirect=["variant"]`.

    The quick tests have the first variant at every level, and a wheel at the highest.
    """
    levels, names = list(levels), list(names)
    inner = {(names[0], level) for level in levels} | {("wheel", levels[-1])}
    return [
        pytest.param(
            name,
            level,
            id=f"{name}-{level}",
            marks=() if (name, level) in inner else pytest.mark.exhaustive,
        )
        for name in names
        for level in levels
    ]


def jumps(
    pairs: Collection[tuple[int, int]],
    inner: set[tuple[str, int, int]],
    of_programs: Collection[tuple[int, int]] | None = None,
) -> list[Any]:
    """Return variants and pairs of levels as parameters of a test.

    Args:
        pairs: the pairs.
        inner: variants and pairs that the quick tests have.
        of_programs: the pairs of a wheel and a binary, if they are others than a service's.
    """
    return [
        pytest.param(
            name,
            before,
            after,
            id=f"{name}-{before}-{after}",
            marks=() if (name, before, after) in inner else pytest.mark.exhaustive,
        )
        for name in NAMES
        for before, after in (of_programs if of_programs and name in PROGRAMS else pairs)
    ]
