"""Refusals: one sentence says what to do, and nothing is written."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from copier.errors import UserMessageError
from pytest_copie.plugin import Copie

from extensions import answers
from tests import support
from tests.conftest import Render

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
    ("backing_services=[]", "backing_services is empty: choose from postgres, s3"),
    ("backing_services=[mysql]", "backing_services cannot be mysql: choose from postgres, s3."),
    ("backing_services=s3", "backing_services is a list: give for example backing_services="),
    ("kind=daemon", "kind cannot be daemon: choose service"),
    ("license=GPL", "license cannot be GPL: choose Proprietary or MIT or Apache-2.0 or Other."),
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


RENDERED = {"level=99", "project_name=json", "package=Links", "backing_services=[mysql]"}
RENDERED |= {"license=GPL", "feature_flags=perhaps", "dependents=[", "owner=a/b"}
"""One wrong answer to each question, which the quick tests give to Copier."""


@pytest.mark.parametrize("data", ["level=99", "package=Links", "dependents=["])
def test_a_refusal_is_one_sentence_and_an_exit_code(tmp_path: Path, data: str) -> None:
    done = support.copier(
        "copy", "--trust", "--defaults", "--data=level=3", f"--data={data}", support.template(),
        "links", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(next(text for wrong, text in WRONG if wrong == data))
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("data", "sentence"), WRONG)
def test_a_wrong_answer_is_explained_in_one_sentence(data: str, sentence: str) -> None:
    question, _, answer = data.partition("=")
    error = answers.error_in({"level": 3, question: answer}, {})
    assert error.startswith(sentence)
    assert "\n" not in error


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(*case, marks=() if case[0] in RENDERED else pytest.mark.exhaustive)
        for case in WRONG
    ],
)
def test_a_copy_with_a_wrong_answer_is_refused(
    copie_session: Copie, data: str, sentence: str
) -> None:
    question, _, answer = data.partition("=")
    assert_refused(copie_session, {"level": 3, question: answer}, sentence)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "library"}, "kind cannot be library: choose service or cli."),
        (
            {"kind": "cli", "artifact": "container"},
            "artifact cannot be container for a",
        ),
        ({"artifact": "wheel"}, "artifact cannot be wheel for a service: choose container."),
        ({"kind": "cli", "feature_flags": True}, "Feature flags are for services"),
        ({"kind": "cli", "backing_services": ["s3"]}, "An S3 store is for services"),
        (
            {"kind": "cli", "dependents": [{"name": "a", "image": "b:1", "port": 1}]},
            "Dependents are for services",
        ),
    ],
)
def test_answers_that_exclude_each_other_are_refused(
    copie_session: Copie, given: dict[str, Any], sentence: str
) -> None:
    assert_refused(copie_session, {"level": 5, **given}, sentence)


def assert_refused(copie: Copie, given: dict[str, Any], sentence: str) -> None:
    """Check that a copy is refused in one sentence, and that nothing is written."""
    result = copie.copy({**support.ANSWERS, **given})
    assert isinstance(result.exception, UserMessageError)
    assert str(result.exception).startswith(sentence)
    assert "\n" not in str(result.exception)
    assert not list((copie.test_dir / f"copie{copie.counter - 1:03d}").iterdir())


def test_a_service_does_not_become_a_program(project: Render) -> None:
    made = project(3)
    with pytest.raises(UserMessageError, match="The kind of a project cannot change"):
        support.climb(made, 3, kind="cli")
    support.assert_unchanged(made)


def test_a_copy_without_trust_is_refused(tmp_path: Path) -> None:
    done = support.copier("copy", "--defaults", support.template(), "links", cwd=tmp_path)
    assert done.returncode == 4
    assert "--trust" in done.stderr
    assert not list(tmp_path.iterdir())


def refused(made: Path, *data: str) -> str:
    """Try to update a project, check that nothing changed, and return the refusal."""
    before = support.files(made)
    status = support.git(made, "status", "--porcelain")
    staged = support.git(made, "ls-files", "--stage")
    done = support.copier(
        "update", "--trust", "--skip-answered", "--defaults", "--vcs-ref=:current:",
        *(f"--data={d}" for d in data), cwd=made,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert support.files(made) == before
    assert support.git(made, "status", "--porcelain") == status
    assert support.git(made, "ls-files", "--stage") == staged
    return done.stderr


def test_a_climb_to_a_level_that_does_not_exist_is_refused(project: Render) -> None:
    assert "There is no level 9: choose one from 0 to 8." in refused(project(0), "level=9")


@pytest.mark.parametrize("key", ["project_name", "package", "kind", "level"])
def test_recorded_answers_that_lost_one_are_refused(project: Render, key: str) -> None:
    made = project(2)
    file = made / support.ANSWERS_FILE
    file.write_text(re.sub(rf"(?m)^{key}: .*\n", "", file.read_text()))
    support.commit_all(made)
    assert f".copier-answers.yml has lost {key}: restore it with" in refused(made, "level=3")


def test_a_recorded_level_may_be_text(project: Render) -> None:
    made = project(2)
    support.replace(made / support.ANSWERS_FILE, "level: 2", "level: '2'")
    (made / ".gitignore").write_text("/mine/\n")
    support.commit_all(made)
    assert "Level 1 would delete .gitignore, which you edited" in refused(made, "level=1")
    support.climb(made, 3)
    assert support.answers(made)["level"] == 3


def test_a_template_without_git_is_refused(tmp_path: Path) -> None:
    archive = shutil.copytree(
        support.template(), tmp_path / "ladder", ignore=shutil.ignore_patterns(".git")
    )
    done = support.copier("copy", "--trust", "--defaults", archive, "links", cwd=tmp_path)
    assert done.returncode == 1
    assert "is not a git repository, so the project could never be updated" in done.stderr
    assert not (tmp_path / "links").exists()


OUTSIDE = {
    "conflict markers": (r"level: 2", "<<<<<<< HEAD\nlevel: 2\n=======\n>>>>>>> x", "yaml"),
    "not UTF-8": (r"A link shortener", "Men\xfc", "encoding"),
    "a list": (r"(?s).*", "- a\n", "AttributeError"),
    "no version": (r"_commit: .*\n", "", "cannot obtain old template references"),
    "a version that is gone": (r"_commit: .*", "_commit: v0.5.0", "Unknown revision: 'v0.5.0'"),
    "a template that is gone": (
        r"_src_path: .*",
        "_src_path: /nowhere/ladder",
        "Updating is only supported in git-tracked templates",
    ),
}
"""What Copier stops at before it reads the template: docs/reference/refusals.md explains it."""


@pytest.mark.parametrize("what", OUTSIDE)
def test_what_copier_itself_cannot_read_changes_nothing(project: Render, what: str) -> None:
    old, new, error = OUTSIDE[what]
    made = project(2)
    file = made / support.ANSWERS_FILE
    text = re.sub(old, new, file.read_text(), count=1)
    file.write_text(text, encoding="latin-1")
    support.commit_all(made)
    before = support.files(made)
    done = support.copier("update", "--trust", "--defaults", "--vcs-ref=:current:", cwd=made)
    assert done.returncode == 1
    assert error in done.stderr
    assert support.files(made) == before
    support.assert_unchanged(made)


def test_a_dirty_tree_is_refused(project: Render) -> None:
    made = project(1)
    (made / "README.md").write_text("Mine.\n")
    assert "Please commit or stash your local changes" in refused(made, "level=2")


def test_a_folder_outside_git_is_refused(render: Render) -> None:
    made = render(1)
    done = support.copier("update", "--trust", "--defaults", "--data=level=2", cwd=made)
    assert done.returncode == 1
    assert "git" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_a_parent_repository_ignores_is_refused(
    render: Render, tmp_path: Path
) -> None:
    made = render(1)
    (tmp_path / ".gitignore").write_text("links1/\n")
    support.commit_all(tmp_path)
    refusal = refused(made, "level=2")
    sentence = "ignores links/, so the update could not be undone: run `git init` in the project"
    assert sentence in refusal


def test_a_folder_that_a_parent_repository_tracks_can_climb(
    render: Render, rendered: Render, tmp_path: Path
) -> None:
    made = render(1)
    support.commit_all(tmp_path)
    support.climb(made, 2)
    assert support.files(made) == support.files(rendered(2))


def test_conflict_markers_of_an_earlier_update_are_refused(project: Render) -> None:
    made = project(1)
    with (made / "README.md").open("a") as readme:
        readme.write("<<<<<<< before updating\nmine\n=======\ntheirs\n>>>>>>> after updating\n")
    support.commit_all(made)
    assert "An earlier update is not resolved in README.md" in refused(made, "level=2")


def test_unmerged_files_are_refused(project: Render) -> None:
    made = project(1)
    support.git(made, "switch", "--quiet", "-c", "other")
    (made / "README.md").write_text("Theirs.\n")
    support.commit_all(made)
    support.git(made, "switch", "--quiet", "main")
    (made / "README.md").write_text("Mine.\n")
    support.commit_all(made)
    support.run("git", "merge", "other", cwd=made, check=False)
    assert "Please commit or stash" in refused(made, "level=2")


def test_a_missing_extension_package_is_named(tmp_path: Path) -> None:
    hide = tmp_path / "hide"
    hide.mkdir()
    (hide / "copier_template_extensions.py").write_text("raise ModuleNotFoundError(__name__)\n")
    done = support.copier(
        "copy", "--trust", "--defaults", support.template(), tmp_path / "links", cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(hide)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Make sure to install these extensions alongside Copier" in done.stderr
    assert not (tmp_path / "links").exists()


@pytest.mark.exhaustive
def test_a_name_that_makes_no_package_can_be_given_a_package(tmp_path: Path) -> None:
    made = support.render(tmp_path / "json", 2, project_name="json", package="jsonlinks")
    support.commit_all(made)
    support.climb(made, 1, project_name="json")
    assert (made / "jsonlinks.py").is_file()
    assert "package: jsonlinks" in (made / ".copier-answers.yml").read_text()
