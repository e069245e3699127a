"""A company's own template: its defaults, files and entries, without an edit of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from copier.errors import UserMessageError

from tests import support, template_versions
from tests.conftest import Render
from tests.documents import COMPANY, bash, blocks
from tests.linters import actionlint, leftovers, name_of, schemas, zizmor
from tests.workflows import rule

pytestmark = pytest.mark.exhaustive

START, ADD, TAKE, _, BEHIND = blocks(COMPANY)


@pytest.fixture
def ladder(tmp_path: Path) -> Path:
    """A repository of Ladder's own, at v1.0.0."""
    return template_versions.copy_of_template(tmp_path)


@pytest.fixture
def company(tmp_path: Path, ladder: Path) -> Path:
    """A company's own template, made as the page says."""
    bash(START + ADD, tmp_path, os.environ | {"LADDER": str(ladder)})
    return tmp_path / "acme-template"


@pytest.fixture
def make(project_of: Render, company: Path) -> Render:
    """Return a function that makes a project of a level, with the company's defaults."""
    return lambda level: project_of(company, project_name="Links", level=level)


def test_a_company_adds_files_checks_defaults_and_set_up(
    make: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    below, above = make(1), make(4)
    assert not (below / "SECURITY.md").exists()
    assert (above / "SECURITY.md").is_file()
    answers = support.answers(above)
    assert (answers["owner"], answers["license"]) == ("acme", "Proprietary")
    assert answers["_commit"] == "v1.0.0.1"
    required = rule(above, "required_status_checks")["required_status_checks"]
    assert "audit" in [check["context"] for check in required]
    assert capfd.readouterr().err.count("name the engineer on call in SECURITY.md") == 1


def test_what_the_page_adds_is_clean(make: Render) -> None:
    project = make(4)
    for linter in (zizmor, actionlint, schemas, leftovers):
        assert not linter(project), name_of(linter)


def test_a_climb_equals_a_fresh_project(make: Render) -> None:
    climbed = make(1)
    support.update(climbed, level=4)
    support.assert_same_files(climbed, make(4))


def test_a_descent_refuses_to_delete_an_edit_and_keeps_what_is_written_once(make: Render) -> None:
    project = make(4)
    (project / "SECURITY.md").write_text("Mira is on call.\n")
    audit = project / ".github" / "workflows" / "audit.yml"
    with audit.open("a") as file:
        file.write("# Mine.\n")
    support.commit_all(project)
    with pytest.raises(
        UserMessageError, match=r"Level 1 would delete .*audit\.yml, which you edited"
    ):
        support.update(project, level=1)
    support.assert_unchanged(project)
    support.update(project, level=1, discard_edits=True)
    assert not audit.exists()
    assert (project / "SECURITY.md").read_text() == "Mira is on call.\n"


def release(ladder: Path) -> None:
    """Release a version of Ladder's own in which all that a project gets has changed."""
    for file in ladder.joinpath("template").rglob("*"):
        if file.is_file() and file.name not in {"main.json.jinja", "alembic.ini"}:
            text = file.read_text()
            file.write_text(text + ("" if "{{ package }}" in file.name else "\n# Newer.\n"))
    support.replace(ladder / template_versions.TABLE, "You run a script", "You run a program")
    template_versions.publish(ladder, "1.1.0")


def test_a_new_version_merges_and_reaches_the_projects(
    make: Render, company: Path, ladder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "checkouts"
    folder.mkdir()
    ahead = make(4).rename(folder / "ahead")
    make(4).rename(folder / "behind")
    release(ladder)
    bash(TAKE, company, dict(os.environ))
    support.update(ahead)
    assert support.answers(ahead)["_commit"] == "v1.1.0.1"
    assert "# Newer." in (ahead / ".dockerignore").read_text()
    assert (ahead / "SECURITY.md").is_file()
    printed = bash(BEHIND, folder, dict(os.environ))
    assert [line for line in printed.splitlines() if "is behind" in line] == ["behind/ is behind"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.0.0", "1.0.0.1"), ("1.0.0.1", "1.0.0.2"), ("1.0.0.9", "1.0.0.10"), ("1.0.0.2", "1.1.0.1")],
)
def test_each_version_is_newer_than_the_one_before(
    ladder: Path, project_of: Render, older: str, newer: str
) -> None:
    support.git(ladder, "tag", "--delete", "v1.0.0")
    support.git(ladder, "tag", f"v{older}")
    behind = project_of(ladder, f"v{older}", project_name="Links")
    support.commit_all(ladder, "Between two versions")
    untagged = project_of(ladder, project_name="Links")
    template_versions.publish(ladder, newer)
    current = project_of(ladder, f"v{newer}", project_name="Links")
    exits = [
        support.copier("check-update", "--quiet", project, cwd=ladder).returncode
        for project in (behind, untagged, current)
    ]
    assert exits == [2, 2, 0]
    with pytest.raises(UserMessageError, match="Downgrades are not supported"):
        support.update(current, version=f"v{older}")
    support.assert_unchanged(current)
    support.update(behind)
    assert support.answers(behind)["_commit"] == f"v{newer}"


def test_an_edit_of_ladders_own_files_is_named(company: Path, ladder: Path) -> None:
    support.replace(company / "template" / "Dockerfile.jinja", "USER", "# ours\nUSER", 1)
    support.commit_all(company, "Edit what is not ours")
    release(ladder)
    with pytest.raises(AssertionError, match=r"Dockerfile\.jinja"):
        bash(TAKE, company, dict(os.environ))
    assert "v1.1.0.1" not in support.git(company, "tag")
