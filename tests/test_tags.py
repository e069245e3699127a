"""Which tags count as versions: the command that a project's pyproject.toml gives to hatch-vcs."""

from __future__ import annotations

import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from tests import support, variants
from tests.conftest import Render

NO_VERSIONS = (
    "release/7",
    "backup-2026-11-01",
    "before-2fa",
    "viz-2",
    "v-next",
    "vnext",
    "build/1.2.0.post3",
    "docs/v2.0.0",
    "nightly",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    support.git(tmp_path, "init", "--quiet")
    support.commit_all(tmp_path)
    return tmp_path


def described(project: Path, repository: Path) -> str:
    """Return what the project's own command says of a repository, or nothing where it fails."""
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    command = metadata["tool"]["hatch"]["version"]["raw-options"]["git_describe_command"]
    git, *arguments = shlex.split(command)
    program = shutil.which(git)
    assert program
    return support.run(program, *arguments, cwd=repository, check=False).stdout.strip()


@pytest.mark.parametrize("name", variants.NAMES)
@pytest.mark.parametrize("version", ["v1.0.0", "1.0.0", "v2", "3.1.0", "2026.11.1", "v1.0.0-rc1"])
def test_a_version_counts_with_and_without_v(
    rendered: Render, repository: Path, name: str, version: str
) -> None:
    support.git(repository, "tag", version)
    for tag in NO_VERSIONS:
        support.commit_all(repository, tag)
        support.git(repository, "tag", tag)
    found = described(rendered(3, **variants.answers(name)), repository)
    assert found.startswith(f"{version}-{len(NO_VERSIONS)}-g")


@pytest.mark.parametrize("tag", NO_VERSIONS)
def test_a_tag_that_is_no_version_alone_counts_for_nothing(
    rendered: Render, repository: Path, tag: str
) -> None:
    support.git(repository, "tag", tag)
    assert described(rendered(3), repository) == ""
