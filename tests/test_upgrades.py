"""Upgrades from every release to the template in the tree; before the first release there are none.

test_two_versions.py has what an upgrade does, between two versions that it makes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import edits, support, template_versions
from tests.conftest import Render
from tests.template_versions import publish
from tools import release as releases

RELEASES = releases.releases()
CANDIDATE = releases.next_version(RELEASES)
OPTIONS = {"feature_flags": True, "backing_services": ["postgres", "s3"]}

every_release = pytest.mark.parametrize("release", RELEASES)


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the template of every release and, above them, that of the tree."""
    folder = tmp_path_factory.mktemp("history") / "ladder"
    for version in RELEASES:
        releases.export(releases.commit_of(version), folder)
        publish(folder, version)
    releases.clear(folder)
    shutil.copytree(
        support.template(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git")
    )
    publish(folder, CANDIDATE)
    return folder


def rendered_files(project: Path) -> dict[str, bytes]:
    """Return the files of a project without its answers."""
    found = support.files(project)
    del found[support.ANSWERS_FILE]
    return found


def unexplained_changes(
    before: dict[str, bytes], after: dict[str, bytes], changelog: str
) -> set[str]:
    """Return what changed although the changelog has nothing unreleased."""
    if changelog:
        return set()
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


@every_release
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("level", "given"),
    [
        *((level, {}) for level in support.LEVELS),
        *((level, {"kind": "cli"}) for level in (1, 3, 8)),
        (5, {"live_dangerously": True}),
        (8, OPTIONS),
    ],
)
def test_an_untouched_project_becomes_a_fresh_one(
    project_of: Render, history: Path, release: str, level: int, given: dict[str, Any]
) -> None:
    answers = {**support.ANSWERS, "level": level, **given}
    project = project_of(history, f"v{release}", **answers)
    before, recorded = rendered_files(project), support.answers(project)
    support.update(project)
    fresh = project_of(history, f"v{CANDIDATE}", **answers)
    support.assert_same_files(project, fresh)
    now = support.answers(project)
    assert now == now | {**recorded, "_commit": f"v{CANDIDATE}"}
    if release == RELEASES[-1]:
        changes = unexplained_changes(before, rendered_files(project), releases.unreleased())
        assert not changes


@every_release
@pytest.mark.exhaustive
@pytest.mark.parametrize("level", support.LEVELS)
def test_edits_are_kept_and_the_rest_is_fresh(
    project_of: Render, history: Path, release: str, level: int
) -> None:
    answers = {**support.ANSWERS, "level": level}
    project = project_of(history, f"v{release}", **answers)
    edits.replace_sample(project, level)
    edits.edit_shared(project, level)
    edits.edit_managed(project, level)
    support.commit_all(project, "Make it mine")
    support.update(project)
    edits.assert_kept(project, level, level)
    fresh = project_of(history, f"v{CANDIDATE}", **answers)
    edits.assert_rest_is_fresh(project, fresh)
    assert support.answers(project)["level"] == level


def test_an_unexplained_change_is_found() -> None:
    assert unexplained_changes({"a": b"1"}, {"a": b"2", "b": b""}, "") == {"a", "b"}
    assert not unexplained_changes({"a": b"1"}, {"a": b"2"}, "### Changed\n\n- a")
    assert not unexplained_changes({"a": b"1"}, {"a": b"1"}, "")


# A new question's default reproduces the old output.


def changed_by_questions(
    project_of: Render, since: str, folder: Path, root: Path = support.ROOT
) -> list[str]:
    """Return what each commit that adds a question changes of what its default renders."""
    found = []
    for commit in releases.asking(since, root):
        source = folder / commit
        for number, one in enumerate((f"{commit}~", commit)):
            releases.export(one, source, root)
            publish(source, f"1.{number}.0")
        for level in support.LEVELS:
            before, after = (
                rendered_files(project_of(source, version, **support.ANSWERS, level=level))
                for version in ("v1.0.0", "v1.1.0")
            )
            names = sorted(unexplained_changes(before, after, ""))
            found += [f"level {level}: {name}" for name in names]
    return found


@pytest.mark.parametrize("release", RELEASES[-1:])
def test_a_new_questions_default_reproduces_the_old_output(
    project_of: Render, tmp_path: Path, release: str
) -> None:
    assert not changed_by_questions(project_of, releases.commit_of(release), tmp_path)


@pytest.mark.exhaustive
def test_a_new_question_that_changes_the_output_is_found(
    project_of: Render, tmp_path: Path
) -> None:
    template = template_versions.copy_of_template(tmp_path)
    readme = template / "template" / "README.md.jinja"
    template_versions.ask(template, "greeting", "formal")
    with readme.open("a") as file:
        file.write("{% if greeting == 'warm' %}\nHello.\n{% endif %}\n")
    publish(template, "1.1.0")
    assert releases.asking("v1.0.0", template)
    assert not changed_by_questions(project_of, "v1.0.0", tmp_path / "good", template)
    template_versions.ask(template, "farewell", "warm")
    with readme.open("a") as file:
        file.write("{% if farewell == 'warm' %}\nGoodbye.\n{% endif %}\n")
    publish(template, "1.2.0")
    found = changed_by_questions(project_of, "v1.1.0", tmp_path / "bad", template)
    assert found == [f"level {level}: README.md" for level in range(1, 9)]
