"""Whether an installed version is the right one and runs.

RUN_IN says how to get to where it is installed, such as "docker run --rm IMAGE"; EXPECTED_VERSION
says which version it must be.
"""

from __future__ import annotations

import os
import shlex
import subprocess

COMMAND = [*shlex.split(os.environ.get("RUN_IN", "")), "{{ slug }}"]
EXPECTED_VERSION = os.environ.get("EXPECTED_VERSION", "")


def run(*words: str) -> str:
    """Run the program and return what it prints."""
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_tells_how_it_is_used() -> None:
    assert run("--help")


def test_it_is_the_version_that_was_released() -> None:
    version = run("--version").split()
    assert version
    if EXPECTED_VERSION:
        assert EXPECTED_VERSION in version
