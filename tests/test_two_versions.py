"""Two versions of the template in one update: the template in the tree, and one with changes.

An update runs both versions' extensions in one process. The interface between them is small: the
new version renders the old one with the old extension's `excluded`, and reads from an old project
its recorded answers and its files, and from the old version its ladder.yml and company.yml.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from copier.errors import UserMessageError

from tests import edits, support, template_versions
from tests.conftest import Render
from tests.variants import Variant
from tools.invariants import WRITE_ONCE

OLD, NEW = "v1.0.0", "v1.1.0"
RENAMED = (".pre-commit-config.yaml", "prek.yaml")
REMOVED = ".github/pull_request_template.md"
ADDED = "SUPPORT.md"
EDITED = "ops/host.py"
NOW_WRITE_ONCE = ".github/dependabot.yml"
NOW_MANAGED = "CHANGELOG.md"
README = Path("template", "README.md.jinja")
COLOUR = "<!-- The colour is {{ colour }}. -->\n"


@pytest.fixture(scope="module")
def old_and_new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template with two versions: v1.0.0 is the tree, v1.1.0 has a change of every kind."""
    template = template_versions.copy_of_template(tmp_path_factory.mktemp("versions"))
    template_versions.rename(template, *RENAMED)
    template_versions.remove(template, REMOVED)
    template_versions.add(template, ADDED, "# Support\n\nAsk us.\n", 2, "managed")
    template_versions.change_owner(template, NOW_WRITE_ONCE, "write-once")
    template_versions.change_owner(template, NOW_MANAGED, "managed")
    template_versions.ask(template, "colour", "red")
    rename_module(template, "messages", "texts")
    with (template / "template" / EDITED).open("a") as file:
        file.write("# Another line.\n")
    (template / README).write_text(COLOUR + (template / README).read_text())
    template_versions.publish(template, "1.1.0")
    return template


def rename_module(template: Path, old: str, new: str) -> None:
    """Rename a module of the extension: an update loads the modules of both versions."""
    extensions = template / "extensions"
    (extensions / f"{old}.py").rename(extensions / f"{new}.py")
    for file in extensions.glob("*.py"):
        file.write_text(re.sub(rf"\b{old}\b", new, file.read_text()))


def test_what_an_older_extension_evaluates_keeps_its_name() -> None:
    """A new version's `_exclude` is rendered by the old version's extension, too."""
    wiring = yaml.safe_load((support.ROOT / "copier.yml").read_text())
    assert wiring["_exclude"] == ["{{ excluded(_copier_operation) }}"]


@pytest.fixture
def make(project_of: Render, old_and_new: Path) -> Render:
    """Return a function that makes a committed project of a variant, a level and a version."""

    def make_project(variant: Variant, level: int, version: str) -> Path:
        answers = {**support.ANSWERS, **variant.answers, "level": level}
        return project_of(old_and_new, version=version, **answers)

    return make_project


cases = pytest.mark.parametrize(
    ("variant", "level"),
    [
        pytest.param(name, level, marks=() if (name, level) == ("service", 4) else mark)
        for mark in [pytest.mark.exhaustive]
        for name, levels in (("service", support.LEVELS), ("wheel", (1, 8)), ("binary", (3,)))
        for level in levels
    ],
    indirect=["variant"],
)


@cases
def test_an_untouched_project_becomes_a_fresh_one(
    make: Render, variant: Variant, level: int
) -> None:
    project = make(variant, level, OLD)
    support.update(project)
    fresh = make(variant, level, NEW)
    support.assert_same_files(project, fresh)
    assert support.answers(project)["colour"] == "red"
    assert support.answers(project)["_commit"] == NEW


@cases
def test_edits_are_kept_and_the_rest_is_fresh(make: Render, variant: Variant, level: int) -> None:
    project = make(variant, level, OLD)
    edits.replace_sample(project, level, variant.name)
    edits.edit_shared(project, level)
    edits.edit_managed(project, level, variant.name)
    support.commit_all(project, "Make it mine")
    support.update(project)
    edits.assert_kept(project, level, level, variant.name)
    fresh = make(variant, level, NEW)
    edits.assert_rest_is_fresh(project, fresh, variant.name)
    if level:
        assert "The colour is red." in (project / "README.md").read_text()
    support.commit_all(project, "Upgrade")
    support.update(project)
    support.assert_unchanged(project)
    variant.climb(project, 8)
    edits.assert_kept(project, 8, level, variant.name)
    highest = make(variant, 8, NEW)
    edits.assert_rest_is_fresh(project, highest, variant.name)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("before", "after"), [(0, 8), (2, 5), (8, 3)])
def test_an_upgrade_may_climb_and_descend_at_once(
    make: Render, service: Variant, before: int, after: int
) -> None:
    project = make(service, before, OLD)
    support.update(project, **support.ANSWERS, level=after)
    fresh = make(service, after, NEW)
    kept = (WRITE_ONCE | {NOW_WRITE_ONCE}) - support.files(fresh).keys()
    support.assert_same_files(project, fresh, but=kept)


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", [RENAMED[0], REMOVED])
def test_an_edited_file_that_goes_is_refused(make: Render, service: Variant, path: str) -> None:
    project = make(service, 4, OLD)
    with (project / path).open("a") as file:
        file.write("# Mine.\n")
    support.commit_all(project, "Edit")
    with pytest.raises(UserMessageError, match=f"would delete {re.escape(path)}, which you edited"):
        support.update(project)
    support.assert_unchanged(project)
    support.update(project, discard_edits=True)
    assert not (project / path).exists()


@pytest.mark.exhaustive
def test_a_file_that_becomes_write_once_keeps_an_edit(make: Render, service: Variant) -> None:
    project = make(service, 4, OLD)
    support.replace(project / NOW_WRITE_ONCE, "weekly", "monthly")
    support.commit_all(project, "Edit")
    mine = (project / NOW_WRITE_ONCE).read_bytes()
    support.update(project)
    assert (project / NOW_WRITE_ONCE).read_bytes() == mine
    assert NOW_WRITE_ONCE not in support.git(project, "status", "--porcelain")


@pytest.mark.exhaustive
def test_an_older_version_is_refused(make: Render, service: Variant) -> None:
    project = make(service, 0, NEW)
    with pytest.raises(UserMessageError, match="Downgrades are not supported"):
        support.update(project, version=OLD)
    support.assert_unchanged(project)


@pytest.mark.exhaustive
def test_the_answer_to_a_question_that_is_gone_is_forgotten(
    project_of: Render, old_and_new: Path, tmp_path: Path
) -> None:
    template = shutil.copytree(old_and_new, tmp_path / "ladder")
    project = project_of(template, version=NEW, **support.ANSWERS, level=3)
    support.replace(template / "copier.yml", template_versions.question("colour", "red"), "")
    support.replace(template / README, COLOUR, "")
    template_versions.publish(template, "1.2.0")
    support.update(project)
    assert "colour" not in support.answers(project)


@pytest.mark.exhaustive
@pytest.mark.parametrize("owner", ["managed", "shared", "write-once"])
def test_a_file_that_becomes_a_sample_stays_the_users(
    project_of: Render, tmp_path: Path, owner: str
) -> None:
    template = template_versions.copy_of_template(tmp_path)
    template_versions.add(template, ADDED, "# Support\n", 2, owner)
    template_versions.publish(template, "1.1.0")
    project = project_of(template, NEW, **support.ANSWERS, level=3)
    (project / ADDED).write_text("Mine.\n")
    support.commit_all(project, "Edit")
    template_versions.change_owner(template, ADDED, "sample")
    template_versions.publish(template, "1.2.0")
    support.update(project)
    assert (project / ADDED).read_text() == "Mine.\n"
    assert ADDED not in support.git(project, "status", "--porcelain")


@pytest.mark.exhaustive
@pytest.mark.parametrize("owner", ["write-once", "sample"])
@pytest.mark.parametrize("edited", [False, True])
def test_a_file_of_the_users_that_a_version_drops_stays_and_is_named(
    project_of: Render,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    owner: str,
    *,
    edited: bool,
) -> None:
    template = template_versions.copy_of_template(tmp_path)
    template_versions.add(template, ADDED, "# Support\n", 2, owner)
    template_versions.publish(template, "1.1.0")
    project = project_of(template, NEW, **support.ANSWERS, level=3)
    text = "Mine.\n" if edited else "# Support\n"
    (project / ADDED).write_text(text)
    support.commit_all(project, "Edit")
    template_versions.remove(template, ADDED)
    template_versions.publish(template, "1.2.0")
    capfd.readouterr()
    support.update(project, quiet=False)
    assert (project / ADDED).read_text() == text
    assert f"delete what you no longer need: {ADDED}" in capfd.readouterr().err
