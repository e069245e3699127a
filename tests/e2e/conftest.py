"""Fixtures of the tests that execute what a level claims; all workers share the testbed."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.testbed import (
    Engine,
    Host,
    PackageIndexes,
    Run,
    TestbedError,
    ToolMissing,
    act,
    package_indexes,
    registry,
    up,
)
from tests.testbed.start import describe


class StartHost(Protocol):
    """Boot a host of that name; it is removed when the test, or the module, ends."""

    def __call__(self, name: str = ...) -> Host: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes longest first, so that no worker is left alone with it at the end.

    The quick tests come before, while the first worker brings up the testbed.
    """
    items.sort(key=_start)


def _start(item: pytest.Item) -> int:
    marks = {mark.name for mark in item.iter_markers()}
    if Path(__file__).parent in item.path.parents:
        return 0 if item.path.stem == "test_testbed" else 2 if "slow" in marks else 3
    return 4 if "exhaustive" in marks else 1


@contextlib.contextmanager
def _tools_needed() -> Iterator[None]:
    """A missing tool fails the test where CI is set, and skips it elsewhere."""
    try:
        yield
    except ToolMissing as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Handle a tool that a fixture does not find."""
    with _tools_needed():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Handle a tool that a test does not find."""
    with _tools_needed():
        yield


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine; images and registry are up."""
    return up()


@pytest.fixture(scope="session")
def registry_address(engine: Engine) -> str:
    """The registry's address, the same for the engine, for workflow steps and inside hosts."""
    return registry(engine)


@pytest.fixture
def indexes(engine: Engine) -> Iterator[PackageIndexes]:
    """Empty package indexes in place of TestPyPI and PyPI, for one test."""
    with package_indexes(engine) as both:
        yield both


@pytest.fixture
def start_host(engine: Engine) -> Iterator[StartHost]:
    """Hosts for one test."""
    with _hosts(engine) as start:
        yield start


@pytest.fixture(scope="module")
def start_module_host(engine: Engine) -> Iterator[StartHost]:
    """Hosts for one module."""
    with _hosts(engine) as start:
        yield start


@pytest.fixture(scope="module")
def postgres(engine: Engine) -> Iterator[str]:
    """A managed database, at an address that hosts reach."""
    name = f"managed-{secrets.token_hex(3)}"
    password = "--env=POSTGRES_PASSWORD=pw"
    engine.docker("run", "--detach", f"--name={name}", password, "postgres:17")
    template = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
    address = engine.docker("inspect", f"--format={template}", name).stdout.strip()
    yield f"postgresql://postgres:pw@{address}/postgres"
    engine.docker("rm", "--force", "--volumes", name)


@pytest.fixture
def run_workflows(engine: Engine, tmp_path: Path) -> Callable[..., Run]:
    """Run workflows by `act`; artifacts stay in the test's folder."""

    @functools.wraps(act)
    def run_here(project: Path, event: str = "push", **options: object) -> Run:
        return act(engine, project, event, folder=tmp_path / "runs", **options)  # type: ignore[arg-type]

    return run_here


@contextlib.contextmanager
def _hosts(engine: Engine) -> Iterator[StartHost]:
    with contextlib.ExitStack() as stack:
        yield lambda name="host": stack.enter_context(Host.start(engine, name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which images were official and which stand-ins."""
    with contextlib.suppress(TestbedError):
        if engine := Engine.current():
            terminalreporter.section("testbed")
            terminalreporter.write_line(describe(engine))
