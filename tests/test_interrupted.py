"""An update that is killed half-way: one command of git restores the project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.documents import UPGRADE, bash, blocks


def kill_when(half_way: Callable[[], bool], *command: str, cwd: Path) -> None:
    """Start Copier and kill it, and what it started, as soon as something holds."""
    copier = subprocess.Popen(
        [sys.executable, "-m", "copier", *command],
        cwd=cwd,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not half_way():
        assert copier.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    os.killpg(copier.pid, signal.SIGKILL)
    copier.wait()


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("Dockerfile", 3),
        pytest.param("src/links/__init__.py", 3, marks=pytest.mark.exhaustive),
        pytest.param("compose.yaml", 7, marks=pytest.mark.exhaustive),
    ],
)
def test_a_killed_update_is_undone_by_one_command(
    project: Render, written: str, level: int
) -> None:
    _, restore, *_ = blocks(UPGRADE)
    made = project(2)
    support.replace(made / "README.md", "A link shortener.", "Mine.")
    support.commit_all(made, "Edit")
    (made / ".git" / "info" / "exclude").write_text("*.db\n")
    (made / "mine.db").write_text("1\n")
    before, staged = support.files(made), support.git(made, "ls-files", "--stage")
    kill_when(
        lambda: (made / written).exists(),
        *("update", "--trust", "--skip-answered", "--defaults", "--vcs-ref=:current:"),
        f"--data=level={level}",
        cwd=made,
    )
    (made / ".git" / "index.lock").unlink(missing_ok=True)  # git says so where it was killed
    assert support.git(made, "status", "--porcelain")
    again = support.copier("update", "--trust", "--defaults", cwd=made)
    assert again.returncode == 1
    assert "Please commit or stash your local changes" in again.stderr
    bash(restore, made, dict(os.environ))
    assert support.files(made) == before
    assert support.git(made, "ls-files", "--stage") == staged
    support.climb(made, level)
    assert (made / written).exists()


def test_what_else_the_repository_has_is_left_alone(render: Render, tmp_path: Path) -> None:
    _, restore, *_ = blocks(UPGRADE)
    made = render(1)
    (tmp_path / "notes.md").write_text("Old.\n")
    support.commit_all(tmp_path)
    (tmp_path / "notes.md").write_text("New.\n")
    (tmp_path / "more.md").write_text("More.\n")
    (made / "README.md").unlink()
    (made / "left.txt").write_text("")
    bash(restore, made, dict(os.environ))
    assert support.git(tmp_path, "status", "--porcelain") == " M notes.md\n?? more.md\n"
