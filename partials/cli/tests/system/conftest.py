"""The program as its users have it, in a clean container, beside a Postgres that was migrated.

It is what dist/ holds; without BUILT in the environment it is built first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A stack of this checkout's own: another one's tests may run beside it.
PROJECT = f"system-tests-{zlib.crc32(bytes(ROOT)):08x}"
{% if wheel %}
BUILD = ["uv", "build", "--wheel"]
{% else %}
BUILD = ["pyinstaller", "--noconfirm", "binary.spec"]
{% endif %}


class Run(Protocol):
    """Run the program in a container of its own."""

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def stack() -> Iterator[None]:
    """The database, with the newest schema, and the program's image."""
    if not os.environ.get("BUILT"):
        shutil.rmtree(ROOT / "dist", ignore_errors=True)
        must(subprocess.run(BUILD, cwd=ROOT, capture_output=True, text=True, check=False))
    try:
        must(compose("build", "program"))
        must(compose("up", "--wait", "--wait-timeout=120", "database"))
        migrate()
        yield
    finally:
        compose("down", "--volumes", "--timeout=5")


@pytest.fixture
def run(stack: None) -> Run:
    """Run the program as its users do."""

    def run_it(*words: str) -> subprocess.CompletedProcess[str]:
        return compose("run", "--rm", "--no-TTY", "program", *words)

    return run_it


def migrate() -> None:
    """Bring the database to the newest schema, as README.md says."""
    address = must(compose("port", "database", "5432")).stdout.strip()
    url = f"postgresql://app:for-this-machine-alone@{address}/app"
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = os.environ | {"DATABASE_URL": url}
    must(
        subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    )


def compose(*words: str) -> subprocess.CompletedProcess[str]:
    """Run docker compose on a stack beside any that a person has up."""
    return subprocess.run(
        ["docker", "compose", "--progress=quiet", f"--project-name={PROJECT}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def must(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Fail with what a command printed, if it failed."""
    if done.returncode:
        pytest.fail(f"{done.args}:\n{done.stdout}{done.stderr}", pytrace=False)
    return done
