"""New versions of the template: from every release to the working tree, at every level."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update
from copier.errors import UserMessageError

from tests import edits, support
from tools import release as releases

RELEASES = releases.releases()
ANSWERS_FILE = ".copier-answers.yml"
CLI = {"kind": "cli"}
OPTIONS = {"feature_flags": True, "backing_services": ["postgres", "s3"]}
LAST = 8


def cases(sample: set[int]) -> list[Any]:
    """Return releases and levels as parameters; the inner loop takes the last release's sample."""
    return [
        pytest.param(
            release,
            level,
            marks=() if release == RELEASES[-1] and level in sample else pytest.mark.exhaustive,
        )
        for release in RELEASES
        for level in support.LEVELS
    ]


def candidate_of(versions: list[str]) -> str:
    """Return a version above all of these."""
    major, minor, _ = max(map(releases.key, versions))
    return f"{major}.{minor + 1}.0"


CANDIDATE = candidate_of(RELEASES)


def publish(folder: Path, version: str) -> None:
    """Commit what stands in a template's folder, and tag it."""
    support.commit_all(folder, f"Release {version}")
    support.git(folder, "tag", f"v{version}")


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


def make(source: Path, version: str, target: Path, level: int, **answers: Any) -> Path:
    """Make a project of a level with a version of the template, and commit it."""
    run_copy(
        str(source),
        target,
        data={**support.ANSWERS, "level": level, **answers},
        vcs_ref=f"v{version}",
        defaults=True,
        unsafe=True,
        quiet=True,
    )
    support.commit_all(target)
    return target


def upgrade(project: Path, version: str | None = None) -> None:
    """Update a committed project to the newest version of the template, or to another."""
    run_update(
        project,
        vcs_ref=version and f"v{version}",
        skip_answered=True,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
    )


def answers(project: Path) -> dict[str, Any]:
    """Return what a project has answered."""
    read = yaml.safe_load((project / ANSWERS_FILE).read_text())
    assert isinstance(read, dict)
    return read


def emitted(project: Path) -> dict[str, bytes]:
    """Return the files of a project without its answers."""
    return {name: text for name, text in support.files(project).items() if name != ANSWERS_FILE}


def assert_upgrades(history: Path, folder: Path, release: str, level: int, **given: Any) -> None:
    """Check that an untouched project of a release becomes a fresh one of the candidate."""
    made = make(history, release, folder / "made" / "links", level, **given)
    before, recorded = emitted(made), answers(made)
    upgrade(made)
    fresh = make(history, CANDIDATE, folder / "fresh" / "links", level, **given)
    assert support.files(made) == support.files(fresh)
    now = answers(made)
    assert now["_commit"] == f"v{CANDIDATE}"
    assert {key: now.get(key) for key in recorded if key != "_commit"} == {
        key: answer for key, answer in recorded.items() if key != "_commit"
    }
    if release == RELEASES[-1]:
        assert not untold(before, emitted(made), releases.unreleased())


def untold(before: dict[str, bytes], after: dict[str, bytes], told: str) -> set[str]:
    """Return what changed although the changelog tells of nothing."""
    if told:
        return set()
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


@pytest.mark.parametrize(("release", "level"), cases({LAST}))
def test_an_untouched_project_becomes_a_fresh_one(
    history: Path, tmp_path: Path, release: str, level: int
) -> None:
    assert_upgrades(history, tmp_path, release, level)


@pytest.mark.exhaustive
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("level", "given"),
    [(1, CLI), (3, CLI), (8, CLI), (5, {"live_dangerously": True}), (8, OPTIONS)],
)
def test_so_does_one_of_another_kind_or_with_options(
    history: Path, tmp_path: Path, release: str, level: int, given: dict[str, Any]
) -> None:
    assert_upgrades(history, tmp_path, release, level, **given)


@pytest.mark.parametrize(("release", "level"), cases({1}))
def test_edits_are_kept_and_the_rest_is_fresh(
    history: Path, tmp_path: Path, release: str, level: int
) -> None:
    made = make(history, release, tmp_path / "made" / "links", level)
    edits.replace_sample(made, level)
    edits.edit_shared(made, level)
    edits.edit_managed(made, level)
    support.commit_all(made, "Make it mine")
    upgrade(made)
    edits.assert_kept(made, level, level)
    fresh = make(history, CANDIDATE, tmp_path / "fresh" / "links", level)
    edits.assert_rest_is_fresh(made, fresh)
    assert answers(made)["level"] == level
    support.commit_all(made, "Upgrade")
    upgrade(made)
    assert support.git(made, "status", "--porcelain") == "", "a second update changes something"
    support.climb(made, LAST)
    edits.assert_kept(made, LAST, level)
    fresh = make(history, CANDIDATE, tmp_path / "above" / "links", LAST)
    edits.assert_rest_is_fresh(made, fresh)


def test_an_older_version_is_refused(history: Path, tmp_path: Path) -> None:
    made = make(history, CANDIDATE, tmp_path / "links", 0)
    with pytest.raises(UserMessageError, match="Downgrades are not supported"):
        upgrade(made, RELEASES[-1])
    assert support.git(made, "status", "--porcelain") == ""


# What a version may change, planted ---------------------------------------------------------------


@pytest.fixture
def planted(history: Path, tmp_path: Path) -> Path:
    """The history, to be continued."""
    return shutil.copytree(history, tmp_path / "ladder")


NEXT = candidate_of([CANDIDATE])


def replace(file: Path, old: str, new: str) -> None:
    """Replace what stands in a file."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_is_emitted_and_not_told_is_noticed() -> None:
    assert untold({"a": b"1"}, {"a": b"2", "b": b""}, "") == {"a", "b"}
    assert not untold({"a": b"1"}, {"a": b"2"}, "### Changed\n\n- a")
    assert not untold({"a": b"1"}, {"a": b"1"}, "")


@pytest.mark.exhaustive
def test_a_change_of_the_road_reaches_a_project_beside_its_edits(
    planted: Path, tmp_path: Path
) -> None:
    workflow = ".github/workflows/_package.yml"
    made = make(planted, CANDIDATE, tmp_path / "links", 3)
    edits.replace_sample(made, 3)
    edits.edit_shared(made, 3)
    edits.edit_managed(made, 3)
    support.commit_all(made, "Make it mine")
    with (planted / "template" / workflow).open("a") as file:
        file.write("# Another line.\n")
    publish(planted, NEXT)
    upgrade(made)
    edits.assert_kept(made, 3, 3)
    assert (made / workflow).read_text().endswith("# Another line.\n")


@pytest.mark.exhaustive
def test_a_question_that_is_gone_is_forgotten(planted: Path, tmp_path: Path) -> None:
    questions = planted / "copier.yml"
    text = questions.read_text()
    questions.write_text(f"colour:\n  type: str\n  default: red\n\n{text}")
    publish(planted, NEXT)
    made = make(planted, NEXT, tmp_path / "links", 3)
    assert answers(made)["colour"] == "red"
    questions.write_text(text)
    publish(planted, candidate_of([NEXT]))
    upgrade(made)
    assert "colour" not in answers(made)


OLD, NEW = ".github/workflows/_package.yml", ".github/workflows/_image.yml"


def rename(source: Path) -> None:
    """Publish a version in which a file of the road has another name."""
    (source / "template" / OLD).rename(source / "template" / NEW)
    replace(source / "extensions" / "ladder.yml", f"{OLD}: managed", f"{NEW}: managed")
    publish(source, NEXT)


@pytest.mark.exhaustive
def test_a_renamed_file_leaves_nothing_behind(planted: Path, tmp_path: Path) -> None:
    made = make(planted, CANDIDATE, tmp_path / "links", 3)
    rename(planted)
    upgrade(made)
    assert not (made / OLD).exists()
    assert (made / NEW).is_file()


@pytest.mark.exhaustive
def test_an_edit_of_a_renamed_file_is_not_lost_in_silence(planted: Path, tmp_path: Path) -> None:
    made = make(planted, CANDIDATE, tmp_path / "links", 3)
    edits.edit_managed(made, 3)
    support.commit_all(made, "Edit")
    rename(planted)
    with pytest.raises(UserMessageError, match=f"no {re.escape(OLD)}, which you edited"):
        upgrade(made)
    assert support.git(made, "status", "--porcelain") == ""


# Owners ------------------------------------------------------------------------------------------


def became_starters(before: Path, after: Path) -> set[str]:
    """Return the paths that a version's table makes starters, and an older one's did not."""
    old, new = (yaml.safe_load((one / TABLE).read_text()) for one in (before, after))
    had, has = (
        {(path, owner) for row in read["levels"] + read["additions"] for path, owner in added(row)}
        for read in (old, new)
    )
    return {path for path, owner in had - has if owner != "sample" and (path, "sample") in has}


def added(row: dict[str, Any]) -> Any:
    """Return path and owner of everything that a row of the table adds."""
    return row.get("adds", {}).items()


TABLE = Path("extensions", "ladder.yml")


@pytest.mark.parametrize("release", RELEASES)
def test_no_file_of_the_road_becomes_a_starter(tmp_path: Path, release: str) -> None:
    releases.export(releases.commit_of(release), tmp_path)
    assert not became_starters(tmp_path, support.ROOT)


def test_a_file_of_the_road_that_becomes_a_starter_is_noticed(planted: Path) -> None:
    replace(planted / TABLE, f"{OLD}: managed", f"{OLD}: sample")
    assert became_starters(support.ROOT, planted) == {OLD}


# Questions ---------------------------------------------------------------------------------------


def moved_by_questions(since: str, folder: Path, root: Path = support.ROOT) -> list[str]:
    """Return what each commit that brings a question changes of what its default emits."""
    found = []
    for commit in releases.asking(since, root):
        source = folder / commit
        for number, one in enumerate((f"{commit}~", commit)):
            releases.export(one, source, root)
            publish(source, f"1.{number}.0")
        for level in support.LEVELS:
            before, after = (
                emitted(make(source, f"1.{n}.0", folder / f"{commit}-{level}-{n}" / "links", level))
                for n in (0, 1)
            )
            found += [f"level {level}: {name}" for name in sorted(untold(before, after, ""))]
    return found


@pytest.mark.parametrize("release", RELEASES[-1:])
def test_a_new_questions_default_reproduces_the_old_output(tmp_path: Path, release: str) -> None:
    assert not moved_by_questions(releases.commit_of(release), tmp_path)


@pytest.mark.exhaustive
def test_a_new_question_that_changes_the_output_is_noticed(planted: Path, tmp_path: Path) -> None:
    with (planted / "copier.yml").open("a") as file:
        file.write("\ngreeting:\n  type: bool\n  default: false\n")
    with (planted / "template" / "README.md.jinja").open("a") as file:
        file.write("{% if greeting %}\nHello.\n{% endif %}\n")
    publish(planted, NEXT)
    assert releases.asking(f"v{CANDIDATE}", planted)
    assert not moved_by_questions(f"v{CANDIDATE}", tmp_path / "good", planted)
    with (planted / "copier.yml").open("a") as file:
        file.write("\nfarewell:\n  type: bool\n  default: true\n")
    with (planted / "template" / "README.md.jinja").open("a") as file:
        file.write("{% if farewell %}\nGoodbye.\n{% endif %}\n")
    publish(planted, candidate_of([NEXT]))
    found = moved_by_questions(f"v{NEXT}", tmp_path / "bad", planted)
    assert found == [f"level {level}: README.md" for level in range(1, 9)]
