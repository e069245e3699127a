"""What the emitted programs do when the connection to a host is no good, with an ssh of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Render

TIMED_OUT = "echo 'Connection to 192.0.2.1 port 22 timed out' >&2; exit 255"


@pytest.fixture
def project(render: Render) -> Path:
    """A project that says where it is deployed to."""
    made = render(2)
    toml = made / "ops" / "production.toml"
    toml.write_text('host = "deploy@192.0.2.1"\nurl = "http://192.0.2.1"\n')
    return made


def deploy(project: Path, place: Path, ssh: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ops/deploy with a script in the place of ssh; `calls` there counts its calls."""
    program = place / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho >> {place}/calls\n{ssh}\n")
    program.chmod(0o755)
    return subprocess.run(
        [sys.executable, "ops/deploy", *words],
        cwd=project,
        env=os.environ | {"PATH": f"{place / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def calls(place: Path) -> int:
    """Return how often ssh was called."""
    return (place / "calls").read_text().count("\n")


def test_a_connection_that_times_out_is_tried_again(project: Path, tmp_path: Path) -> None:
    ssh = f"[ $(wc -l < {tmp_path}/calls) -gt 2 ] || {{ {TIMED_OUT}; }}"
    done = deploy(project, tmp_path, ssh, "hold", "production", "odd")
    assert done.returncode == 0, done.stderr
    assert calls(tmp_path) == 2 + 3, "two that timed out, then the check, the hold, its audit line"


def test_a_host_that_never_answers_is_named(project: Path, tmp_path: Path) -> None:
    done = deploy(project, tmp_path, TIMED_OUT, "status", "production")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "deploy@192.0.2.1 cannot be used: Connection to" in done.stderr
    assert calls(tmp_path) == 3


def test_what_the_host_itself_could_not_do_is_not_done_twice(project: Path, tmp_path: Path) -> None:
    ssh = "echo 'the upload timed out' >&2; exit 1"
    done = deploy(project, tmp_path, ssh, "status", "production")
    assert done.returncode == 2
    assert calls(tmp_path) == 1


def test_a_lock_that_cannot_be_asked_for_is_nobodys(project: Path, tmp_path: Path) -> None:
    ssh = 'case "$*" in *flock*) exit 255 ;; esac'
    done = deploy(project, tmp_path, ssh, "rollback", "production")
    assert done.returncode == 2
    assert "The connection to deploy@192.0.2.1 is lost" in done.stderr
