"""What the tests need on Windows, and what they cannot run there. Not run yet: see docs/testing."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

FAKE_HOST = "the fake host consists of shell scripts; ops/deploy needs Linux, macOS or WSL"
SKIPPED = {
    "test_deploy.py": FAKE_HOST,
    "test_deploy_containers.py": FAKE_HOST,
    "test_interactive.py": "pexpect has no terminal there",
    "test_docs.py::test_the_build_runs_the_tests_as_the_readme_says": "bash may be WSL's",
    "test_exact.py::test_only_programs_are_executable": "files have no executable bit",
    "test_linters.py": "hadolint has no wheel for it",
}
"""Module or test -> why it is skipped."""


def prepare() -> None:
    """Let tests write the line ends that the template has on every system."""
    if os.name == "nt":
        Path.write_text = functools.partialmethod(  # type: ignore[method-assign, assignment]
            Path.write_text, newline="\n"
        )


def skip(items: Iterable[pytest.Item]) -> None:
    """Skip what cannot run."""
    for item in items if os.name == "nt" else ():
        for name, reason in SKIPPED.items():
            if f"{item.nodeid}::".startswith((f"tests/{name}::", f"tests/{name}[")):
                item.add_marker(pytest.mark.skip(reason=reason))
