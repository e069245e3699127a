"""Copies and updates run where files have neither links nor modes; ops/ starts without SIGHUP."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tools.invariants import WRITE_ONCE

WITHOUT = """\
import os

def refuse(*given, **named):
    raise PermissionError(1, "Operation not permitted")

os.link = os.symlink = refuse
os.chmod = lambda *given, **named: None
"""


def test_a_project_is_made_climbs_and_descends_without_links_and_modes(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    made = tmp_path / "links"
    start = ("copy", "--trust", "--defaults", "--data=level=0", str(support.template()), made)
    assert support.copier(*start, cwd=tmp_path, env=environment).returncode == 0
    support.git(tmp_path, "init", "--quiet", "links")
    support.git(made, "config", "core.fileMode", "false")
    before = support.files(made)
    for level in (4, 0):
        support.commit_all(made, "Save")
        climb = ("update", "--trust", "--defaults", "--vcs-ref=:current:", f"--data=level={level}")
        done = support.copier(*climb, cwd=made, env=environment)
        assert done.returncode == 0, done.stderr
        assert (made / "ops" / "deploy").is_file() is (level == 4)
    assert support.files(made).keys() - WRITE_ONCE == before.keys()


@pytest.mark.parametrize("kind", ["service", "cli"])
def test_the_deploy_program_starts_without_sighup(
    rendered: Render, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import signal\n\ndel signal.SIGHUP\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    program = rendered(3, kind=kind) / "ops" / "deploy"
    done = support.run(sys.executable, program, "--help", cwd=tmp_path, env=environment)
    assert "release" in done.stdout
