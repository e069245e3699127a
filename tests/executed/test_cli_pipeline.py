"""Levels 3 to 8 of a command-line program: what becomes of a push and of a dispatch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conftest import Render
from tests.executed.conftest import StartHost
from tests.executed.deploying import Operator, set_up
from tests.executed.test_cli_host import as_user, version
from tests.test_cli import BINARY, WHEEL
from tests.testbed import ForgeRecorder, PackageIndexes, Run

Workflows = Callable[..., Run]
SET = {
    "STAGING_URL": "https://test.pypi.org/project/links",
    "PRODUCTION_URL": "https://pypi.org/project/links",
}
CHECKS = {"check / lint", "check / types", "check / unit", "check / contract"}


@pytest.fixture
def forge() -> Iterator[ForgeRecorder]:
    """A public repository without a release."""
    with ForgeRecorder() as recorder:
        yield recorder


@pytest.fixture
def push(forge: ForgeRecorder, run_workflows: Workflows, indexes: PackageIndexes) -> Workflows:
    """Commit what was changed in a project, and push it to the forge."""

    def push_it(made: Path, **options: Any) -> Run:
        support.save(made, "Change")
        return run_workflows(made, "push", forge=forge, indexes=indexes, **options)

    return push_it


def asset(forge: ForgeRecorder, number: str) -> bytes:
    """Return the one file that a version's release has."""
    [found] = forge.releases[f"build/{number}"]["assets"]
    return forge.releases.content(f"build/{number}", found["name"])


def tag(made: Path, forge: ForgeRecorder) -> None:
    """Give the clone the tags that releases made on the forge."""
    for name, commit in forge.releases.tags.items():
        support.git(made, "tag", "--force", name, commit)


@pytest.mark.parametrize("answers", [WHEEL, BINARY], ids=["wheel", "binary"])
def test_a_push_becomes_a_release_that_reaches_the_users_of_a_host(
    project: Render,
    push: Workflows,
    forge: ForgeRecorder,
    start_host: StartHost,
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[str, Any],
) -> None:
    made = project(3, **answers)
    artifact = answers["artifact"]
    for _ in range(2):
        run = push(made)
        assert run.ok, str(run)
        assert run.results == {f"package / {artifact}": "success", "package / release": "success"}
        tag(made, forge)
        support.git(made, "tag", "--force", "v1.2.0")
    assert sorted(forge.releases.tags) == ["build/0.0.0.post2", "build/1.2.0.post1"]
    release = forge.releases["build/1.2.0.post1"]
    assert release["prerelease"]
    assert release["target_commitish"] == support.git(made, "rev-parse", "HEAD").strip()

    monkeypatch.setattr(os, "environ", os.environ | forge.env())
    host = start_host("login")
    somebody = Operator(made, host)
    if artifact == "wheel":
        set_up(host, made / "ops" / "README.md", "What to set up once")
    else:
        host.run("sudo mv /usr/bin/python3 /usr/bin/python3.away; sudo rm -f /usr/local/bin/uv*")
    assert "There is no release build/9 to be had" in somebody.refuse("release", "9")
    for number in ("0.0.0.post2", "1.2.0.post1"):
        somebody.deploy("release", number)
        assert version(host) == number
    code = as_user(host, "links add https://example.com").strip()
    digest = f"sha256:{hashlib.sha256(asset(forge, '1.2.0.post1')).hexdigest()}"
    assert digest in somebody.deploy("proven", "1.2.0.post1")
    assert "is older than 1.2.0.post1" in somebody.refuse("release", "0.0.0.post2")
    somebody.deploy("rollback")
    assert version(host) == "0.0.0.post2"
    assert as_user(host, f"links show {code}") == "https://example.com\n"
