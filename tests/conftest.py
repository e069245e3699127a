"""Fixtures: projects of any level, each rendered once a session."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests import support

Render = Callable[..., Path]


def pytest_configure() -> None:
    """Make the template before there are workers, so that all of them have the same."""
    support.template()


@pytest.fixture(scope="session")
def rendered(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Return a function that renders a level once for all workers; to be read, not written."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(pytestconfig, "workerinput") else base

    def get(level: int, **answers: Any) -> Path:
        key = hashlib.sha256(repr((level, sorted(answers.items()))).encode()).hexdigest()[:16]
        made = shared / f"level{level}-{key}" / "links"
        with FileLock(f"{made.parent}.lock"):
            if not made.exists():
                support.render(made.with_name("being-made") / "links", level, **answers)
                made.with_name("being-made").joinpath("links").rename(made)
        return made

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
