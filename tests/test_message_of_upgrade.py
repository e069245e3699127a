"""The message after an upgrade: it compares the version that the project had with the new one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import support, template_versions
from tests.conftest import Render

PART = """\
additions:
  - level: 4
    adds: {.github/workflows/audit.yml: managed}
    required_checks: [audit]
    settings: {AUDIT_TOKEN: "secret: token of the audit"}
    set_up: [ask the security team for a token]
"""
WORKFLOW = """\
name: Audit
on: [pull_request]
permissions: {}
jobs:
  audit:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - run: "true"
"""
SET = "AUDIT_TOKEN (secret: token of the audit)"
STEP = "ask the security team for a token"
MORE, FEWER, OTHER = (f"pull requests need {how} checks now" for how in ("more", "fewer", "other"))
UNUSED = "delete these settings on GitHub, unused now: AUDIT_TOKEN"
LOCK = "run uv lock: the dependencies changed"
COMMIT = "look at git status and git diff, then commit"
LEVEL = "create the repository on GitHub"


def add_part(template: Path) -> None:
    """Add a part with everything that a message can tell."""
    (template / "template" / ".github" / "workflows" / "audit.yml").write_text(WORKFLOW)
    (template / "company.yml").write_text(PART)


def remove_part(template: Path) -> None:
    """Remove the part again."""
    (template / "template" / ".github" / "workflows" / "audit.yml").unlink()
    (template / "company.yml").unlink()


def rename_check(template: Path) -> None:
    """Rename the part's check and nothing else."""
    support.replace(template / "company.yml", "[audit]", "[security]")
    file = template / "template" / ".github" / "workflows" / "audit.yml"
    support.replace(file, "  audit:\n", "  security:\n")


def raise_dependency(template: Path) -> None:
    """Raise one of the template's dependencies."""
    file = template / "template" / "pyproject.toml.jinja"
    support.replace(file, '"uvicorn>=0.37"', '"uvicorn>=0.38"')


def edit_texts(template: Path) -> None:
    """Change texts that ask nothing of anybody."""
    support.replace(template / template_versions.TABLE, "Every pull request runs", "Each one runs")
    with (template / "template" / "ops" / "host.py").open("a") as file:
        file.write("# Newer.\n")


@pytest.mark.parametrize(
    ("has_part", "change", "told"),
    [
        (False, add_part, {SET, STEP, MORE, COMMIT}),
        pytest.param(True, remove_part, {UNUSED, FEWER, COMMIT}, marks=pytest.mark.exhaustive),
        pytest.param(True, rename_check, {OTHER, COMMIT}, marks=pytest.mark.exhaustive),
        pytest.param(False, raise_dependency, {LOCK, COMMIT}, marks=pytest.mark.exhaustive),
        pytest.param(True, edit_texts, {COMMIT}, marks=pytest.mark.exhaustive),
        pytest.param(True, lambda _: None, {COMMIT}, marks=pytest.mark.exhaustive),
    ],
)
def test_it_tells_what_the_version_brings(
    tmp_path: Path,
    project_of: Render,
    capfd: pytest.CaptureFixture[str],
    *,
    has_part: bool,
    change: Callable[[Path], None],
    told: set[str],
) -> None:
    template = template_versions.copy_of_template(tmp_path)
    if has_part:
        add_part(template)
        template_versions.publish(template, "1.0.1")
    project = project_of(template, **support.ANSWERS, level=4)
    (project / "uv.lock").touch()
    support.commit_all(project, "Lock")
    change(template)
    template_versions.publish(template, "1.1.0")
    capfd.readouterr()
    support.update(project, quiet=False)
    message = capfd.readouterr().err.partition(" is at level ")[2]
    assert message
    every = {SET, STEP, MORE, FEWER, OTHER, UNUSED, LOCK, COMMIT, LEVEL}
    assert {one for one in every if one in message} == told
    assert "Gained" not in message


@pytest.mark.exhaustive
def test_an_update_that_brings_nothing_asks_for_nothing(
    tmp_path: Path, project_of: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    template = template_versions.copy_of_template(tmp_path)
    project = project_of(template, **support.ANSWERS, level=6)
    capfd.readouterr()
    support.update(project, quiet=False)
    support.assert_unchanged(project)
    assert "\nDo " not in capfd.readouterr().err


@pytest.mark.exhaustive
def test_a_climb_with_an_upgrade_tells_of_both(
    tmp_path: Path, project_of: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    template = template_versions.copy_of_template(tmp_path)
    project = project_of(template, **support.ANSWERS, level=4)
    add_part(template)
    template_versions.publish(template, "1.1.0")
    capfd.readouterr()
    support.update(project, quiet=False, level=5)
    message = capfd.readouterr().err
    assert all(one in message for one in (SET, STEP, MORE, "STAGING_HOST (", "ops/environments"))
    assert LEVEL not in message
