"""Fixtures: projects of any level, each rendered once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import support

Render = Callable[..., Path]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Return a function that renders a level once a session; to be read, not written."""
    made: dict[str, Path] = {}

    def get(level: int, **answers: Any) -> Path:
        key = repr((level, sorted(answers.items())))
        if key not in made:
            made[key] = support.render(
                tmp_path_factory.mktemp(f"level{level}-") / "links", level, **answers
            )
        return made[key]

    return get


@pytest.fixture
def render(rendered: Render, tmp_path: Path) -> Render:
    """Return a function that makes a project of a level which the test may change."""

    def make(level: int, **answers: Any) -> Path:
        return shutil.copytree(rendered(level, **answers), tmp_path / f"links{level}" / "links")

    return make


@pytest.fixture
def project(render: Render) -> Render:
    """Return a function that makes a project of a level, committed to git."""

    def make(level: int, **answers: Any) -> Path:
        made = render(level, **answers)
        support.save(made)
        return made

    return make
