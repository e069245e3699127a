"""Levels 3 to 8 of a command-line program: what becomes of a push and of a dispatch."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.conftest import StartHost
from tests.e2e.operators import Operator, as_user, installed_version, set_up
from tests.e2e.projects import BINARY, CHECKS, CODE, WHEEL, change
from tests.testbed import ForgeRecorder, PackageIndexes, Run

Workflows = Callable[..., Run]
SET = {
    "STAGING_URL": "https://test.pypi.org/project/links",
    "PRODUCTION_URL": "https://pypi.org/project/links",
}


@pytest.fixture
def forge() -> Iterator[ForgeRecorder]:
    """A public repository without a release."""
    with ForgeRecorder() as recorder:
        yield recorder


@pytest.fixture
def push(forge: ForgeRecorder, run_workflows: Workflows, indexes: PackageIndexes) -> Workflows:
    """Commit what was changed in a project, and push it to the forge."""

    def push_it(made: Path, **options: Any) -> Run:
        support.commit_all(made, "Change")
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


@pytest.mark.slow
@pytest.mark.parametrize("answers", [WHEEL, BINARY], ids=["wheel", "binary"])
def test_push_makes_a_release_that_an_operator_deploys_to_a_host(
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
        assert run.results == {"package / build": "success", "package / release": "success"}
        tag(made, forge)
        support.git(made, "tag", "--force", "v1.2.0")
    assert sorted(forge.releases.tags) == ["build/0.0.0.post2", "build/1.2.0.post1"]
    release = forge.releases["build/1.2.0.post1"]
    assert release["prerelease"]
    assert release["target_commitish"] == support.git(made, "rev-parse", "HEAD").strip()

    monkeypatch.setattr(os, "environ", os.environ | forge.env())
    host = start_host("login")
    operator = Operator(made, host)
    if artifact == "wheel":
        set_up(host, made)
    else:
        host.run("sudo mv /usr/bin/python3 /usr/bin/python3.away; sudo rm -f /usr/local/bin/uv*")
    assert "There is no release build/9 to be had" in operator.refuse("release", "9")
    for number in ("0.0.0.post2", "1.2.0.post1"):
        operator.deploy("release", number)
        assert installed_version(host) == number
    code = as_user(host, "links add https://example.com").strip()
    digest = f"sha256:{hashlib.sha256(asset(forge, '1.2.0.post1')).hexdigest()}"
    assert digest in operator.deploy("proven", "1.2.0.post1")
    assert "is older than 1.2.0.post1" in operator.refuse("release", "0.0.0.post2")
    operator.deploy("rollback")
    assert installed_version(host) == "0.0.0.post2"
    assert as_user(host, f"links show {code}") == "https://example.com\n"


def dispatch(
    made: Path,
    run_workflows: Workflows,
    forge: ForgeRecorder,
    indexes: PackageIndexes,
    number: str,
    **options: Any,
) -> Run:
    """Ask for a version in production."""
    return run_workflows(
        made,
        "workflow_dispatch",
        workflow="main.yml",
        inputs={"version": number},
        forge=forge,
        indexes=indexes,
        **options,
    )


@pytest.mark.slow
def test_push_publishes_to_the_test_index_and_a_dispatch_to_the_index(
    project: Render,
    push: Workflows,
    run_workflows: Workflows,
    forge: ForgeRecorder,
    indexes: PackageIndexes,
) -> None:
    made = project(5, **WHEEL)
    first = push(made)
    assert first.ok, str(first)
    assert first.results == dict.fromkeys(
        {*CHECKS, "package / build", "package / release", "skipped"}, "success"
    ) | dict.fromkeys(
        {"staging", "verify / install", "verify-requested / install", "production", "latest"},
        "skipped",
    )
    notices = first.messages("notice")
    assert any("the variable STAGING_URL is not set" in text for text in notices)
    unset = dispatch(made, run_workflows, forge, indexes, "0.0.0.post2")
    assert not unset.ok
    assert "the variable STAGING_URL is not set" in unset.messages("error")[0]

    run = push(made, variables=SET)
    assert run.ok, str(run)
    number = indexes.test.versions("links")[-1]
    assert run.results["verify / install"] == "success"
    assert run.results["production"] == "skipped"
    assert indexes.real.versions("links") == []

    nothing = dispatch(made, run_workflows, forge, indexes, "7.0.0", variables=SET)
    assert nothing.results["production"] == "skipped"
    assert "TestPyPI does not have 7.0.0" in nothing.messages("error")[0]

    done = dispatch(made, run_workflows, forge, indexes, number, variables=SET)
    assert done.ok, str(done)
    assert {name for name, result in done.results.items() if result == "success"} == {
        "verify-requested / install",
        "production",
        "latest",
    }
    assert indexes.real.versions("links") == [number]
    [published] = indexes.real.files.iterdir()
    assert published.read_bytes() == asset(forge, number)
    assert forge.releases.latest == f"build/{number}"

    again = dispatch(made, run_workflows, forge, indexes, number, variables=SET)
    assert again.results["production"] == "failure"
    assert f"{number} is already on PyPI" in again.messages("error")[0]


def forget_a_module(made: Path) -> None:
    """Let the program need a module that its tests find and that its artifact lacks."""
    code = made / "src" / "links" / "__init__.py"
    (code.parent / "wording.py").write_text('WELCOME = "Store links under short codes."\n')
    text = code.read_text()
    assert '"Store links under short codes."' in text
    text = text.replace('"Store links under short codes."', "wording.WELCOME")
    text = text.replace("import argparse\n", "import argparse\nimport importlib\n")
    hidden = 'wording = importlib.import_module("links." + "wording")\n'
    text = text.replace("metadata = sa", f"{hidden}metadata = sa", 1)
    code.write_text(text)
    pyproject = made / "pyproject.toml"
    wheel = "[tool.hatch.build.targets.wheel]\n"
    text = pyproject.read_text().replace(wheel, f'{wheel}exclude = ["src/links/wording.py"]\n')
    pyproject.write_text(text)


@pytest.mark.parametrize("answers", [WHEEL, BINARY], ids=["wheel", "binary"])
def test_artifact_that_fails_when_installed_is_not_published(
    project: Render,
    push: Workflows,
    run_workflows: Workflows,
    forge: ForgeRecorder,
    indexes: PackageIndexes,
    answers: dict[str, Any],
) -> None:
    made = project(5, **answers)
    forget_a_module(made)
    run = push(made, variables=SET)
    assert run.results["check / unit"] == run.results["check / contract"] == "success"
    assert run.results["verify / install"] == "failure", str(run)
    assert "No module named 'links.wording'" in run.jobs["verify / install"].log
    [built] = forge.releases.tags
    number = built.removeprefix("build/")
    again = dispatch(made, run_workflows, forge, indexes, number, variables=SET)
    assert again.results["verify-requested / install"] == "failure"
    assert again.results["production"] == "skipped"
    assert indexes.real.versions("links") == []
    assert forge.releases.latest is None


def move_the_mark_back(made: Path, forge: ForgeRecorder, before: str) -> None:
    """Run the command of ops/RUNBOOK.md after which users have the version before."""
    runbook = (made / "ops" / "RUNBOOK.md").read_text()
    [command] = set(re.findall(r"`(gh release edit build/VERSION --latest)`", runbook))
    words = command.replace("VERSION", before).split()
    support.run(*words, cwd=made, env=os.environ | forge.env())


@pytest.mark.slow
@pytest.mark.parametrize("answers", [WHEEL, BINARY], ids=["wheel", "binary"])
def test_push_that_passes_the_tests_reaches_users(
    project: Render,
    push: Workflows,
    run_workflows: Workflows,
    forge: ForgeRecorder,
    indexes: PackageIndexes,
    answers: dict[str, Any],
) -> None:
    made, artifact = project(8, **answers), answers["artifact"]
    older = ["create", "build/0.0.0", "--target=main", "--notes=", "--latest"]
    support.run("gh", "release", *older, cwd=made, env=os.environ | forge.env())
    run = push(made, variables=SET if artifact == "wheel" else {})
    assert run.ok, str(run)
    passed = {name for name, result in run.results.items() if result == "success"}
    went = {"verify / install", "production"} | (
        {"staging", "latest"} if artifact == "wheel" else set()
    )
    tests = {"integration / tests", "system / tests"}
    assert passed == {*CHECKS, "package / build", "package / release", *tests, *went}
    number = run.jobs["package / build"].step("describe").outputs["version"]
    assert forge.releases.latest == f"build/{number}"
    assert not forge.releases[f"build/{number}"]["prerelease"]
    if artifact == "wheel":
        assert indexes.test.versions("links") == indexes.real.versions("links") == [number]

    again = dispatch(made, run_workflows, forge, indexes, number, variables=SET)
    assert again.results["production"] == "failure"
    refusal = "is already on PyPI" if artifact == "wheel" else "is already released"
    assert f"{number} {refusal}" in again.messages("error")[0]
    move_the_mark_back(made, forge, "0.0.0")
    assert forge.releases.latest == "build/0.0.0"


def test_bad_sql_fails_only_the_integration_check(
    project: Render, run_workflows: Workflows
) -> None:
    made = project(6, **WHEEL)
    change(
        made / CODE, "sa.insert(links).values", 'sa.insert(links).prefix_with("OR REPLACE").values'
    )
    support.commit_all(made, "A query that SQLite alone understands")
    run = run_workflows(made, "pull_request", workflow="main.yml", job="integration")
    assert run.failed() == {"integration / tests"}, str(run)
    assert "SyntaxError" in run.jobs["integration / tests"].log


@pytest.mark.parametrize("answers", [WHEEL, BINARY], ids=["wheel", "binary"])
def test_artifact_that_fails_when_installed_fails_only_the_system_check(
    project: Render, run_workflows: Workflows, answers: dict[str, Any]
) -> None:
    made = project(7, **answers)
    forget_a_module(made)
    support.commit_all(made, "A module that is not packed")
    run = run_workflows(made, "pull_request", workflow="main.yml", job="system")
    assert run.failed() == {"system / tests"}, str(run)
    assert "No module named 'links.wording'" in run.jobs["system / tests"].log
