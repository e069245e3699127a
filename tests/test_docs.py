"""The documentation is true: what it names exists, what it shows runs, nothing is stale."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.documents import (
    CLIMB,
    CONTRIBUTING,
    DOCS,
    README,
    UPGRADE,
    WITH_COMMANDS,
    bash,
    blocks,
    fences,
)
from tools import docs

DOCUMENTS = [README, CONTRIBUTING, support.ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
NOXFILE = (support.ROOT / "noxfile.py").read_text()
SESSIONS = set(re.findall(r"(?m)^@nox.session\ndef (\w+)", NOXFILE))


def missing(text: str, folder: Path) -> set[str]:
    """Return the links, paths of ours and nox sessions that a text names and that do not exist."""
    links = set(re.findall(r"\]\((?!https?:)([^)#]+)", text))
    ours = set(
        re.findall(
            r"`((?:\.ci|docs|extensions|partials|template|tests|tools|reports)/[\w./-]*)`", text
        )
    )
    modules = set(re.findall(r"`(test_\w+\.py)`", text))
    sessions = set(re.findall(r"\bnox -s (\w+)", text))
    return (
        {link for link in links if not (folder / link).exists()}
        | {name for name in ours if not (support.ROOT / name).exists()}
        | {name for name in modules if not list((support.ROOT / "tests").rglob(name))}
        | {f"nox -s {name}" for name in sessions - SESSIONS}
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document: Path) -> None:
    assert missing(document.read_text(), document.parent) == set()


def test_a_name_of_nothing_is_found() -> None:
    wrong = "[a](docs/none.md) `tests/none.py` `test_none.py` `nox -s none` [b](https://none.org)"
    names = {"docs/none.md", "tests/none.py", "test_none.py", "nox -s none"}
    assert missing(wrong, support.ROOT) == names
    assert not missing("[a](README.md) `tests/support.py` `nox -s unit`", support.ROOT)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_are_shown_only_where_they_are_run(document: Path) -> None:
    assert {language for language, _ in fences(document.read_text())} <= {"sh", "diff"}
    assert bool(blocks(document)) == (document in WITH_COMMANDS)


@pytest.mark.exhaustive
def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """From a clone, with nothing on the machine but Python and git: make, run, climb."""
    first, climb, _ = blocks(README)
    machine = tmp_path / "machine"
    machine.mkdir()
    (machine / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    environment = {**os.environ, "PATH": f"{machine}:/usr/local/bin:/usr/bin:/bin"}
    clone, made = tmp_path / "ladder", tmp_path / "links"
    support.git(tmp_path, "clone", "--quiet", support.ROOT, clone)
    command = ["bash", "-euo", "pipefail", "-c", first]
    with support.serving(command, clone, PATH=environment["PATH"]):
        assert (made / "links.py").is_file()
    assert support.git(clone, "status", "--porcelain") == "", "no project can climb from here now"
    assert "is at level 1" in bash(climb, clone, environment)
    assert (made / "ops" / "deploy").is_file()
    assert set(support.git(made, "ls-files").split()) == {".copier-answers.yml", "links.py"}


def test_the_build_runs_the_tests_as_the_readme_says() -> None:
    _, _, tests = blocks(README)
    build = (support.ROOT / ".ci" / "run").read_text()
    found = re.findall(r"(?m)^command=\$\((.*)\)$", build)
    assert len(found) == 1
    assert bash(found[0], support.ROOT, dict(os.environ)) == tests
    assert 'bash -euo pipefail -c "$command"' in build


def test_the_build_runs_every_test() -> None:
    [inner] = blocks(CONTRIBUTING)
    sessions = re.findall(r'"(\w+)"', re.findall(r"(?m)^nox.options.sessions = .*", NOXFILE)[0])
    assert inner.split() == [".venv/bin/nox", "-s", "unit"]
    assert sessions == ["lint", "tests"]
    [everything] = re.findall(r"(?s)\ndef tests\(.*?\n\n", NOXFILE)
    assert "-m" not in everything
    assert "--ignore" not in everything


@pytest.mark.exhaustive
def test_the_commands_of_the_page_on_climbing_run(project: Render) -> None:
    climb, follow, exempt, discard = blocks(CLIMB)
    made = project(2)
    environment = dict(os.environ)
    assert "is at level 3" in bash(climb, made, environment)
    support.commit_all(made, "Climb")
    history = bash(follow, made, environment)
    assert "Climb" in history
    assert "Start" in history, "the history before the move"
    (made / "Dockerfile").write_text("FROM scratch\n")
    support.commit_all(made, "Edit")
    assert "is at level 1" in bash(discard, made, environment)
    assert not (made / "Dockerfile").exists()
    support.commit_all(made, "Descend")
    support.climb(made, 4)
    assert bash(exempt, made, environment) == "pyproject.toml is unchanged\n"


@pytest.mark.exhaustive
def test_the_command_of_the_page_on_upgrading_runs(tmp_path: Path) -> None:
    command, *_ = blocks(UPGRADE)
    ladder = shutil.copytree(support.template(), tmp_path / "ladder")
    made = support.copy(tmp_path / "links", source=ladder, **support.ANSWERS, level=2)
    support.commit_all(made)
    support.commit_all(ladder, "Newer")
    support.git(ladder, "tag", "v1.1.0")
    bash(command, made, dict(os.environ))
    answers = support.answers(made)
    assert (answers["_commit"], answers["level"]) == ("v1.1.0", 2)


def test_the_ladder_in_the_readme_is_current() -> None:
    assert README.read_text() == docs.readme()


@pytest.mark.exhaustive
def test_the_costs_and_the_listings_are_current(rendered: Render) -> None:
    assert docs.TABLE.read_text() == docs.table_with_costs(rendered), "nox -s docs"
    assert docs.OPTIONS.read_text() == docs.options_page(), "nox -s docs"
    for file, (title, variant) in docs.PAGES.items():
        assert file.read_text() == docs.page(title, rendered, variant), "nox -s docs"


def test_every_tool_is_pinned_to_an_exact_version() -> None:
    groups = tomllib.loads((support.ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert "copier==9.19.1" in groups["template"]
    minimum = re.search(r'_min_copier_version: "(.+)"', (support.ROOT / "copier.yml").read_text())
    assert minimum
    assert groups["template"][0].startswith(f"copier=={minimum[1].rpartition('.')[0]}.")
    loose = [name for group in groups.values() for name in group if "==" not in str(name)]
    assert all(isinstance(name, dict) for name in loose), f"no exact version: {loose}"
