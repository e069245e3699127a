"""A company's own road: defaults, files and rows of its own, pinned, without an edit of ours."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update
from copier.errors import UserMessageError

from tests import support
from tests.test_docs import COMPANY, bash, blocks
from tests.test_linters import actionlint, reading, schemas, zizmor

pytestmark = pytest.mark.exhaustive

START, ADD, TAKE, BEHIND = blocks(COMPANY)


@pytest.fixture
def ladder(tmp_path: Path) -> Path:
    """A repository of Ladder's own that goes on, at v1.0.0."""
    return shutil.copytree(support.template(), tmp_path / "ladder")


@pytest.fixture
def road(tmp_path: Path, ladder: Path) -> Path:
    """A company's road, made as the page says."""
    bash(START + ADD, tmp_path, os.environ | {"LADDER": str(ladder)})
    return tmp_path / "acme-template"


def make(road: Path, target: Path, level: int, *, quiet: bool = True, **answers: Any) -> Path:
    """Make a project of a level from a road, with the road's own defaults."""
    run_copy(
        str(road),
        target,
        data={"project_name": "Links", "level": level, **answers},
        defaults=True,
        unsafe=True,
        quiet=quiet,
    )
    return target


def update(project: Path, **data: Any) -> None:
    """Update a committed project, to the newest version of its road unless told otherwise."""
    run_update(project, data=data, defaults=True, overwrite=True, unsafe=True, quiet=True)


def test_the_road_adds_files_gates_defaults_and_words(
    road: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    below, above = (make(road, tmp_path / str(n) / "links", n, quiet=False) for n in (1, 4))
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


def test_what_the_page_adds_has_no_finding(road: Path, tmp_path: Path) -> None:
    made = make(road, tmp_path / "links", 4)
    for find in (zizmor, actionlint, schemas, reading):
        assert not find(made), find.__name__


def test_a_climb_on_the_road_equals_fresh(road: Path, tmp_path: Path) -> None:
    climbed, fresh = (
        make(road, tmp_path / "a" / "links", 1),
        make(road, tmp_path / "b" / "links", 4),
    )
    support.save(climbed)
    update(climbed, level=4)
    assert support.files(climbed) == support.files(fresh)


def test_a_descent_asks_before_it_deletes_an_edit(road: Path, tmp_path: Path) -> None:
    made = make(road, tmp_path / "links", 2)
    (made / "SECURITY.md").write_text("Mira is on call.\n")
    support.save(made)
    with pytest.raises(UserMessageError, match=r"Level 1 has no SECURITY\.md, which you edited"):
        update(made, level=1)
    assert (made / "SECURITY.md").read_text() == "Mira is on call.\n"


def release(ladder: Path) -> None:
    """Release a version of Ladder's own in which all that a project gets has changed."""
    for file in ladder.joinpath("template").rglob("*"):
        if file.is_file() and file.name not in {"main.json.jinja", "alembic.ini"}:
            text = file.read_text()
            file.write_text(text + ("" if "{{ package }}" in file.name else "\n# Newer.\n"))
    table = ladder / "extensions" / "ladder.yml"
    table.write_text(table.read_text().replace("A script runs", "A program runs"))
    support.save(ladder, "Newer")
    support.git(ladder, "tag", "v1.1.0")


def test_a_new_version_merges_and_reaches_the_projects(
    road: Path, ladder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "checkouts"
    behind, ahead = (make(road, folder / name, 4) for name in ("behind", "ahead"))
    for project in (behind, ahead):
        support.save(project)
    release(ladder)
    bash(TAKE, road, dict(os.environ))
    update(ahead)
    answers = yaml.safe_load((ahead / ".copier-answers.yml").read_text())
    assert answers["_commit"] == "v1.1.0+acme.1"
    assert "# Newer." in (ahead / ".dockerignore").read_text()
    assert (ahead / "SECURITY.md").is_file()
    said = bash(BEHIND, folder, dict(os.environ))
    assert [line for line in said.splitlines() if "is behind" in line] == ["behind/ is behind"]


def test_an_edit_of_ladders_own_files_is_named(road: Path, ladder: Path) -> None:
    file = road / "template" / "Dockerfile.jinja"
    file.write_text(file.read_text().replace("USER", "# ours\nUSER", 1))
    support.save(road, "Edit what is not ours")
    release(ladder)
    with pytest.raises(AssertionError, match=r"Dockerfile\.jinja"):
        bash(TAKE, road, dict(os.environ))
    assert "v1.1.0+acme.1" not in support.git(road, "tag")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("parts: [{level: 9}]", "there is no level 9"),
        ("parts: [{level: 1, when: mysql}]", "there is no capability mysql"),
        ("parts: [{level: 1, adds: {NONE.md: road}}]", "template/ has no NONE.md"),
        ("parts: [{level: 1, adds: {README.md: ours}}]", "README.md has the owner ours"),
        ("parts: [{level: 1, files: [README.md]}]", "unexpected keyword argument 'files'"),
        ("defaults: {licence: MIT}", "no default of licence can be set"),
        ("rows: []", "it has no place for rows"),
        ("- one", "it has neither defaults nor parts"),
        ("parts: [", "while parsing"),
    ],
)
def test_a_file_that_cannot_be_is_refused(road: Path, tmp_path: Path, text: str, word: str) -> None:
    (road / "company.yml").write_text(text)
    support.save(road, "A slip")
    support.git(road, "tag", "v1.0.0+acme.2")
    with pytest.raises(UserMessageError) as refused:
        make(road, tmp_path / "links", 1)
    said = str(refused.value)
    assert said.startswith("The template's company.yml cannot be used: ")
    assert word in said
    assert "\n" not in said
    assert not (tmp_path / "links").exists()
