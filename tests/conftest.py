"""Fixtures: projects of any level and variant, each rendered once a session by pytest-copie."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from pytest_copie.plugin import Copie

# Assertions in the modules that the tests share say what differs, too.
pytest.register_assert_rewrite("tests.adoption", "tests.edits", "tests.support")

from tests import platforms, support, variants  # noqa: E402
from tests.fakes.host import FakeHost  # noqa: E402
from tests.variants import Variant  # noqa: E402

collect_ignore = ["data"]

Render = Callable[..., Path]


def pytest_configure(config: pytest.Config) -> None:
    """Make the template before the workers start, so that all of them render the same."""
    platforms.prepare()
    config.option.template = str(support.template())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this system cannot run."""
    platforms.skip(items)


@pytest.fixture(scope="session")
def rendered(
    copie_session: Copie, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Render:
    """Return a function that renders a level once for all workers; to be read, not written.

    What Copier printed is beside the project: `support.message_of` reads it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(pytestconfig, "workerinput") else base

    def get(level: int, **answers: Any) -> Path:
        given = {**support.ANSWERS, "level": level, **answers}
        key = hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest()[:16]
        project = shared / f"level{level}-{key}" / "links"
        with FileLock(f"{project.parent}.lock"):
            if not project.exists():
                printed = io.StringIO()
                with contextlib.redirect_stderr(printed):
                    result = copie_session.copy(given)
                if result.exception:
                    raise result.exception
                assert result.project_dir
                project.parent.mkdir()
                (project.parent / "message").write_text(printed.getvalue())
                result.project_dir.rename(project)
        return project

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
        support.commit_all(made)
        return made

    return make


@pytest.fixture
def project_of(copie_session: Copie) -> Render:
    """Return a function that makes a committed project of another template, with given answers."""

    def make(template: Path, version: str = "HEAD", **answers: Any) -> Path:
        result = copie_session.copy(answers, template_dir=template, vcs_ref=version)
        if result.exception:
            raise result.exception
        assert result.project_dir
        support.commit_all(result.project_dir)
        return result.project_dir

    return make


@pytest.fixture
def service(rendered: Render, project: Render) -> Variant:
    """The variant of which options and planted faults are tested."""
    return Variant("service", rendered, project)


@pytest.fixture(
    params=[
        "service",
        pytest.param("wheel", marks=pytest.mark.exhaustive),
        pytest.param("binary", marks=pytest.mark.exhaustive),
    ]
)
def variant(request: pytest.FixtureRequest, rendered: Render, project: Render) -> Variant:
    """A service, a wheel and a binary, one after the other."""
    answers = variants.answers(request.param)

    def with_answers(make: Render) -> Render:
        return lambda level, **more: make(level, **{**answers, **more})

    return Variant(request.param, with_answers(rendered), with_answers(project))


@pytest.fixture
def fake_host(tmp_path: Path) -> Iterator[FakeHost]:
    """A host in a folder."""
    host = FakeHost(tmp_path / "host", support.free_port())
    yield host
    host.stop()
