"""The template's address: it can change, and it can be the only one that is trusted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.documents import UPGRADE, bash, blocks


@pytest.fixture
def moved(project_of: Render, tmp_path: Path) -> tuple[Path, Path]:
    """A project whose template has moved, and where the template is now."""
    old = shutil.copytree(support.template(), tmp_path / "old")
    made = project_of(old, **support.ANSWERS, level=2)
    return made, old.rename(tmp_path / "new")


def test_the_address_of_the_template_is_changed_by_a_command(moved: tuple[Path, Path]) -> None:
    made, template = moved
    change = blocks(UPGRADE)[2]
    bash(change, made, {**os.environ, "ADDRESS": str(template)})
    support.assert_unchanged(made)
    support.climb(made, 3)
    assert support.answers(made)["_src_path"] == str(template)
    assert support.answers(made)["_commit"] == "v1.0.0"


def test_copier_trusts_the_address_in_its_settings_and_no_other(
    moved: tuple[Path, Path], tmp_path: Path
) -> None:
    made, template = moved
    bash(blocks(UPGRADE)[2], made, {**os.environ, "ADDRESS": str(template)})
    settings = tmp_path / "settings.yml"
    command = ("update", "--defaults", "--skip-answered", "--vcs-ref=:current:", "--data=level=3")
    environment = {**os.environ, "COPIER_SETTINGS_PATH": str(settings)}
    for trusted, code in ((f"{template}2", 4), (str(template), 0)):
        settings.write_text(f"trust:\n  - {trusted}\n")
        done = support.copier(*command, cwd=made, env=environment)
        assert done.returncode == code, done.stderr
        assert bool(support.git(made, "status", "--porcelain")) is (code == 0)
