"""What the tests need on Windows and macOS, and what they skip there. Only Linux has run so far."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

NEEDS_LINUX = {
    "test_deploy.py": "a fake host runs the host's own shell commands",
    "test_deploy_containers.py": "a fake host runs the host's own shell commands",
}
"""Module or test -> why it runs on Linux only."""
NOT_ON_WINDOWS = {
    "test_bench.py::test_the_cpu_time_of_children_counts": "it has no module resource",
    "test_interactive.py": "pexpect has no terminal there",
    "test_interrupted.py": "it has no process groups to kill",
    "test_docs.py::test_the_build_runs_the_tests_as_the_readme_says": "bash may be WSL's",
    "test_exact.py::test_only_programs_are_executable": "files have no executable bit",
    "test_linters.py": "hadolint has no wheel for it",
}
"""Module or test -> why it does not run on Windows."""


def prepare() -> None:
    """Let tests write the line ends that the template has on every system."""
    if os.name == "nt":
        Path.write_text = functools.partialmethod(  # type: ignore[method-assign, assignment]
            Path.write_text, newline="\n"
        )


def skip(items: Iterable[pytest.Item]) -> None:
    """Skip what this system cannot run."""
    skipped = {} if sys.platform.startswith("linux") else dict(NEEDS_LINUX)
    if os.name == "nt":
        skipped |= NOT_ON_WINDOWS
    for item in items:
        for name, reason in skipped.items():
            if f"{item.nodeid}::".startswith((f"tests/{name}::", f"tests/{name}[")):
                item.add_marker(pytest.mark.skip(reason=reason))
