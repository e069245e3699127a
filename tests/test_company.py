"""A company's own template: its defaults, files and entries, without an edit of ours."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import UserMessageError

from tests import support
from tests.documents import COMPANY, bash, blocks
from tests.linters import actionlint, leftovers, schemas, zizmor

pytestmark = pytest.mark.exhaustive

START, ADD, TAKE, BEHIND = blocks(COMPANY)


@pytest.fixture
def ladder(tmp_path: Path) -> Path:
    """A repository of Ladder's own that goes on, at v1.0.0."""
    return shutil.copytree(support.template(), tmp_path / "ladder")


@pytest.fixture
def company(tmp_path: Path, ladder: Path) -> Path:
    """A company's own template, made as the page says."""
    bash(START + ADD, tmp_path, os.environ | {"LADDER": str(ladder)})
    return tmp_path / "acme-template"


def make(template: Path, target: Path, level: int, *, quiet: bool = True) -> Path:
    """Make a project of a level from the company's template, with the company's defaults."""
    answers: dict[str, Any] = {"project_name": "Links", "level": level}
    return support.copy(target, source=template, version=None, quiet=quiet, **answers)


def test_a_company_adds_files_checks_defaults_and_set_up(
    company: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    below, above = (make(company, tmp_path / str(n) / "links", n, quiet=False) for n in (1, 4))
    assert not (below / "SECURITY.md").exists()
    assert (above / "SECURITY.md").is_file()
    answers = yaml.safe_load((above / ".copier-answers.yml").read_text())
    assert (answers["owner"], answers["license"]) == ("acme", "Proprietary")
    assert answers["_commit"] == "v1.0.0+acme.1"
    ruleset = json.loads((above / ".github/rulesets/main.json").read_text())
    required = [
        check["context"] for check in ruleset["rules"][-1]["parameters"]["required_status_checks"]
    ]
    assert "audit" in required
    assert capfd.readouterr().err.count("name the engineer on call in SECURITY.md") == 1


def test_what_the_page_adds_is_clean(company: Path, tmp_path: Path) -> None:
    made = make(company, tmp_path / "links", 4)
    for find in (zizmor, actionlint, schemas, leftovers):
        assert not find(made), find.__name__


def test_a_climb_equals_a_fresh_project(company: Path, tmp_path: Path) -> None:
    climbed, fresh = (
        make(company, tmp_path / "a" / "links", 1),
        make(company, tmp_path / "b" / "links", 4),
    )
    support.commit_all(climbed)
    support.update(climbed, level=4)
    assert support.files(climbed) == support.files(fresh)


def test_a_descent_asks_before_it_deletes_an_edit(company: Path, tmp_path: Path) -> None:
    made = make(company, tmp_path / "links", 2)
    (made / "SECURITY.md").write_text("Mira is on call.\n")
    support.commit_all(made)
    with pytest.raises(UserMessageError, match=r"Level 1 has no SECURITY\.md, which you edited"):
        support.update(made, level=1)
    assert (made / "SECURITY.md").read_text() == "Mira is on call.\n"


def release(ladder: Path) -> None:
    """Release a version of Ladder's own in which all that a project gets has changed."""
    for file in ladder.joinpath("template").rglob("*"):
        if file.is_file() and file.name not in {"main.json.jinja", "alembic.ini"}:
            text = file.read_text()
            file.write_text(text + ("" if "{{ package }}" in file.name else "\n# Newer.\n"))
    table = ladder / "extensions" / "ladder.yml"
    table.write_text(table.read_text().replace("A script runs", "A program runs"))
    support.commit_all(ladder, "Newer")
    support.git(ladder, "tag", "v1.1.0")


def test_a_new_version_merges_and_reaches_the_projects(
    company: Path, ladder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "checkouts"
    behind, ahead = (make(company, folder / name, 4) for name in ("behind", "ahead"))
    for project in (behind, ahead):
        support.commit_all(project)
    release(ladder)
    bash(TAKE, company, dict(os.environ))
    support.update(ahead)
    answers = yaml.safe_load((ahead / ".copier-answers.yml").read_text())
    assert answers["_commit"] == "v1.1.0+acme.1"
    assert "# Newer." in (ahead / ".dockerignore").read_text()
    assert (ahead / "SECURITY.md").is_file()
    printed = bash(BEHIND, folder, dict(os.environ))
    assert [line for line in printed.splitlines() if "is behind" in line] == ["behind/ is behind"]


def test_an_edit_of_ladders_own_files_is_named(company: Path, ladder: Path) -> None:
    file = company / "template" / "Dockerfile.jinja"
    file.write_text(file.read_text().replace("USER", "# ours\nUSER", 1))
    support.commit_all(company, "Edit what is not ours")
    release(ladder)
    with pytest.raises(AssertionError, match=r"Dockerfile\.jinja"):
        bash(TAKE, company, dict(os.environ))
    assert "v1.1.0+acme.1" not in support.git(company, "tag")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("additions: [{level: 9}]", "there is no level 9"),
        ("additions: [{level: 1, when: mysql}]", "there is no capability mysql"),
        ("additions: [{level: 1, adds: {NONE.md: managed}}]", "template/ has no NONE.md"),
        ("additions: [{level: 1, adds: {README.md: ours}}]", "README.md has the owner ours"),
        ("additions: [{level: 1, files: [README.md]}]", "unexpected keyword argument 'files'"),
        ("defaults: {licence: MIT}", "no default of licence can be set"),
        ("rows: []", "it has no place for rows"),
        ("- one", "it has neither defaults nor additions"),
        ("additions: [", "while parsing"),
    ],
)
def test_a_wrong_company_file_is_refused(
    company: Path, tmp_path: Path, text: str, word: str
) -> None:
    (company / "company.yml").write_text(text)
    support.commit_all(company, "A slip")
    support.git(company, "tag", "v1.0.0+acme.2")
    with pytest.raises(UserMessageError) as refused:
        make(company, tmp_path / "links", 1)
    printed = str(refused.value)
    assert printed.startswith("The template's company.yml cannot be used: ")
    assert word in printed
    assert "\n" not in printed
    assert not (tmp_path / "links").exists()
