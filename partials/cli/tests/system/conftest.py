"""The program installed in a clean container{{ ", with a migrated Postgres database" if postgres }}.

The artifact in dist/ is tested. Unless BUILT is set, the tests build it first.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
{% if postgres %}
import sys
{% endif %}
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Unique for this checkout, so that the tests of several checkouts can run at the same time.
PROJECT = f"system-tests-{zlib.crc32(bytes(ROOT)):08x}"
{% if wheel %}
BUILD = ["uv", "build", "--wheel"]
{% else %}
BUILD = ["pyinstaller", "--noconfirm", "binary.spec"]
{% endif %}


class Run(Protocol):
    """Run the program in a container of its own."""

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def stack() -> Iterator[None]:
    """The {{ "migrated database and the " if postgres }}program's image."""
    if not os.environ.get("BUILT"):
        shutil.rmtree(ROOT / "dist", ignore_errors=True)
        check(subprocess.run(BUILD, cwd=ROOT, capture_output=True, text=True, check=False))
    try:
        check(compose("build", "program"))
{% if postgres %}
        check(compose("up", "--wait", "--wait-timeout=120", "database"))
        migrate()
{% endif %}
        yield
    finally:
        compose("down", "--volumes", "--timeout=5")


@pytest.fixture
def run(stack: None) -> Run:
    """Run the program as its users do."""

    def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
        return compose("run", "--rm", "--no-TTY", "program", *arguments)

    return run_program


{% if postgres %}
def migrate() -> None:
    """Migrate the database, as README.md describes."""
    address = check(compose("port", "database", "5432")).stdout.strip()
    url = f"postgresql://app:local-only@{address}/app"
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = os.environ | {"DATABASE_URL": url}
    check(
        subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    )


{% endif %}
def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run docker compose on the stack of these tests, apart from one started by hand."""
    return subprocess.run(
        ["docker", "compose", "--progress=quiet", f"--project-name={PROJECT}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def check(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Fail with the output of a command if it failed."""
    if done.returncode:
        command = shlex.join(done.args)
        pytest.fail(f"`{command}` failed:\n{done.stdout}{done.stderr}", pytrace=False)
    return done
