"""The installed program runs and has the version EXPECTED_VERSION.

RUN_IN is an optional command prefix, such as "docker run --rm IMAGE", that runs the program where
it is installed.
"""

from __future__ import annotations

import os
import shlex
import subprocess

COMMAND = [*shlex.split(os.environ.get("RUN_IN", "")), "{{ slug }}"]
EXPECTED_VERSION = os.environ.get("EXPECTED_VERSION", "")


def run(*arguments: str) -> str:
    """Run the program and return its output."""
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_prints_its_usage() -> None:
    assert run("--help")


def test_it_is_the_version_that_was_released() -> None:
    version = run("--version").split()
    assert version
    if EXPECTED_VERSION:
        assert EXPECTED_VERSION in version, f"this is {version}, not {EXPECTED_VERSION}"
