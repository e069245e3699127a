"""The script that upgrades: its exit codes, and what it prints."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.documents import UPGRADE, blocks

COPIER = f'shift 3\nexec {shlex.quote(sys.executable)} -m copier "$@"\n'
BROKEN = "echo half > README.md\nexit 1\n"


def upgrade(made: Path, stub: str = COPIER) -> tuple[int, str]:
    """Run the script with a stand-in of uvx; return its exit code and what it printed."""
    bin_folder = made.parent / "bin"
    bin_folder.mkdir(exist_ok=True)
    (bin_folder / "uvx").write_text(f"#!/bin/sh\n{stub}")
    (bin_folder / "uvx").chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    script = blocks(UPGRADE)[3]
    done = support.run("bash", "-c", script, cwd=made, check=False, env=environment)
    return done.returncode, done.stdout


@pytest.fixture
def made(project: Render) -> Path:
    """A project of level 1."""
    return project(1)


def test_a_clean_upgrade_exits_with_0(made: Path) -> None:
    assert upgrade(made) == (0, "")


def test_a_refusal_exits_with_1(made: Path) -> None:
    (made / "own.txt").write_text("Mine.\n")
    assert upgrade(made)[0] == 1
    (made / "own.txt").write_text("<<<<<<< before updating\n")
    support.commit_all(made)
    assert upgrade(made)[0] == 1
    support.assert_unchanged(made)


def test_a_failure_half_way_exits_with_2(made: Path) -> None:
    assert upgrade(made, BROKEN)[0] == 2


def test_a_conflict_exits_with_3_and_is_listed(project_of: Render, tmp_path: Path) -> None:
    template = shutil.copytree(support.template(), tmp_path / "ladder")
    made = project_of(template, "v1.0.0", **support.ANSWERS, level=1)
    for file, text in (
        (made / "ops" / "host.py", "mine"),
        (template / "template/ops/host.py", "x"),
    ):
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([f"# {text}\n", *lines[1:]]))
    support.commit_all(made, "Edit")
    support.commit_all(template, "Newer")
    support.git(template, "tag", "v1.1.0")
    code, printed = upgrade(made)
    assert code == 3
    assert "UU ops/host.py" in printed.splitlines()
    assert " M .copier-answers.yml" in printed.splitlines()
