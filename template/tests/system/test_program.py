"""The contract of the installed program, in a clean container."""

from __future__ import annotations

import os

from tests.system.conftest import Run


def test_it_is_the_version_that_was_built(run: Run) -> None:
    done = run("--version")
    assert done.returncode == 0, done.stderr
    if expected := os.environ.get("EXPECTED_VERSION"):
        assert expected in done.stdout.split()


def test_it_prints_its_usage(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout
