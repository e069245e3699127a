"""What cannot be is refused: one sentence says what to do, and nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from copier.errors import UserMessageError

from tests import support
from tests.conftest import Render


def copier(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Copier as a user does."""
    return support.run(sys.executable, "-m", "copier", *arguments, cwd=cwd, check=False)


WRONG = [
    ("level=99", "There is no level 99: choose one from 0 to 8."),
    ("level=two", "There is no level two: choose one from 0 to 8."),
    ("level=-1", "There is no level -1: choose one from 0 to 8."),
    ("project_name=9 lives", "'9_lives' cannot be the package's name: a package name is"),
    ("project_name=json", "'json' cannot be the package's name: Python's standard library"),
    ("project_name=class", "'class' cannot be the package's name: it is a keyword of Python"),
    ("project_name=tests", "'tests' cannot be the package's name: the project needs another"),
    ("project_name=$(rm)", "'$(rm)' is not a project name: use letters"),
    ("package=Links", "'Links' cannot be the package's name: a package name is lower-case"),
    ("backing_services=[]", "backing_services is empty: choose postgres or s3 or both"),
    ("backing_services=[mysql]", "backing_services cannot be mysql: choose postgres or s3."),
    ("backing_services=s3", "backing_services is a list: give for example backing_services="),
    ("kind=daemon", "kind cannot be daemon: choose service"),
    ("license=GPL", "license cannot be GPL: choose Proprietary or MIT or Apache-2.0."),
    ("feature_flags=perhaps", "feature_flags cannot be perhaps: choose true or false."),
    ("dependents=catalog", "dependents is not a list: write it as [{name: catalog, image: "),
    ("dependents=[", "dependents is not YAML: write it as [{name: catalog, image: "),
    ("dependents=[{name: a, image: b}]", "A dependent has a name, an image and a port: "),
    ("dependents=[{name: A, image: 'b:1', port: 1}]", "A dependent cannot be called A: "),
    ("dependents=[{name: app, image: 'b:1', port: 1}]", "A dependent cannot be called app: "),
    ("dependents=[{name: a, image: b, port: 1}]", "b has no version: give a's image with"),
    ("dependents=[{name: a, image: 'b:latest', port: 1}]", "b:latest has no version: "),
    ("dependents=[{name: a, image: 'b:1', port: x}]", "a cannot listen on port x: give"),
    (
        "dependents=[{name: a, image: 'b:1', port: 1}, {name: a, image: 'c:1', port: 1}]",
        "A dependent cannot be called a: the name is already taken.",
    ),
    ("owner=a/b", "'a/b' is not a GitHub user or organization"),
]


@pytest.mark.parametrize("data", ["level=99", "package=Links", "dependents=["])
def test_a_refusal_is_one_sentence_and_an_exit_code(tmp_path: Path, data: str) -> None:
    done = copier(
        "copy", "--trust", "--defaults", "--data=level=3", f"--data={data}", support.template(),
        "links", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(next(text for wrong, text in WRONG if wrong == data))
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "sentence"),
    WRONG,
)
def test_wrong_answers(tmp_path: Path, data: str, sentence: str) -> None:
    question, _, answer = data.partition("=")
    answers: dict[str, Any] = {"level": 3, question: answer}
    with pytest.raises(UserMessageError) as refusal:
        support.render(tmp_path / "links", **answers)
    assert str(refusal.value).startswith(sentence)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_without_trust(tmp_path: Path) -> None:
    done = copier("copy", "--defaults", support.template(), "links", cwd=tmp_path)
    assert done.returncode == 4
    assert "--trust" in done.stderr
    assert not list(tmp_path.iterdir())


def refused(made: Path, *data: str) -> str:
    """Try to update a project, check that nothing changed, and return what was said."""
    before = support.files(made)
    status = support.git(made, "status", "--porcelain")
    done = copier(
        "update", "--trust", "--skip-answered", "--defaults", "--vcs-ref=:current:",
        *(f"--data={d}" for d in data), cwd=made,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert support.files(made) == before
    assert support.git(made, "status", "--porcelain") == status
    return done.stderr


def test_a_climb_to_no_level(project: Render) -> None:
    assert "There is no level 9: choose one from 0 to 8." in refused(project(0), "level=9")


def test_a_dirty_tree(project: Render) -> None:
    made = project(1)
    (made / "README.md").write_text("Mine.\n")
    assert "Please commit or stash your local changes" in refused(made, "level=2")


def test_a_folder_outside_git(render: Render) -> None:
    made = render(1)
    done = copier("update", "--trust", "--defaults", "--data=level=2", cwd=made)
    assert done.returncode == 1
    assert "git" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_a_parent_repository_ignores(render: Render, tmp_path: Path) -> None:
    made = render(1)
    (tmp_path / ".gitignore").write_text("links1/\n")
    support.save(tmp_path)
    said = refused(made, "level=2")
    assert (
        "ignores links/, so the update could not be undone: run `git init` in the project" in said
    )


def test_a_folder_that_a_parent_repository_keeps_can_climb(
    render: Render, rendered: Render, tmp_path: Path
) -> None:
    made = render(1)
    support.save(tmp_path)
    support.climb(made, 2)
    assert support.files(made) == support.files(rendered(2))


def test_markers_left_from_an_earlier_update(project: Render) -> None:
    made = project(1)
    with (made / "README.md").open("a") as readme:
        readme.write("<<<<<<< before updating\nmine\n=======\ntheirs\n>>>>>>> after updating\n")
    support.save(made)
    assert "An earlier update is not resolved in README.md" in refused(made, "level=2")


def test_unmerged_files(project: Render) -> None:
    made = project(1)
    support.git(made, "switch", "--quiet", "-c", "other")
    (made / "README.md").write_text("Theirs.\n")
    support.save(made)
    support.git(made, "switch", "--quiet", "main")
    (made / "README.md").write_text("Mine.\n")
    support.save(made)
    support.run("git", "merge", "other", cwd=made, check=False)
    assert "Please commit or stash" in refused(made, "level=2")


def test_without_the_extension_package(tmp_path: Path) -> None:
    hide = tmp_path / "hide"
    hide.mkdir()
    (hide / "copier_template_extensions.py").write_text("raise ModuleNotFoundError(__name__)\n")
    done = support.run(
        sys.executable, "-m", "copier", "copy", "--trust", "--defaults", support.template(),
        tmp_path / "links", cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": str(hide)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Make sure to install these extensions alongside Copier" in done.stderr
    assert not (tmp_path / "links").exists()


@pytest.mark.exhaustive
def test_a_name_that_makes_no_package_can_be_given_one(tmp_path: Path) -> None:
    made = support.render(tmp_path / "json", 2, project_name="json", package="jsonlinks")
    support.save(made)
    support.climb(made, 1, project_name="json")
    assert (made / "jsonlinks.py").is_file()
    assert "package: jsonlinks" in (made / ".copier-answers.yml").read_text()
