"""What is refused before anything is written: each guard as a function of a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from extensions import guards, pyproject
from tests import support

ANSWERS = {"level": 2, "package": "links", "_commit": "v1.0.0"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed project."""
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "README.md").write_text("# Links\n")
    support.commit_all(folder)
    return folder


def test_an_address_that_only_works_from_here_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ladder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert f"use {tmp_path / 'ladder'}." in guards.source_refusal("ladder", "v1.0.0")
    for source in (str(tmp_path / "ladder"), "gh:acme/ladder", "https://example.com/ladder.git"):
        assert guards.source_refusal(source, "v1.0.0") == ""


def test_a_project_that_git_can_restore_is_adopted(project: Path) -> None:
    assert guards.adoption_refusal(project, ["README.md", "ops/deploy"]) == ""


def test_a_project_that_git_cannot_restore_is_not_adopted(project: Path, tmp_path: Path) -> None:
    (project / "README.md").write_text("Changed.\n")
    assert "has uncommitted changes" in guards.adoption_refusal(project, [])
    assert "is not a git repository" in guards.adoption_refusal(tmp_path, [])


def test_a_file_in_the_way_of_a_folder_is_refused(project: Path) -> None:
    assert "has a folder README.md" in guards.adoption_refusal(project, ["README.md/a"])
    (project / "ops").mkdir()
    assert "has a file ops," in guards.adoption_refusal(project, ["ops"])


def test_an_update_without_edited_files_that_go_is_not_refused(project: Path) -> None:
    assert (
        guards.update_refusal(project, ANSWERS, {**ANSWERS, "level": 8}, discard_edits=False) == ""
    )


def exclude(project: Path) -> None:
    """Have git ignore what the user keeps to themselves."""
    (project / ".git" / "info" / "exclude").write_text("compose.yaml\nnotes.md\n")


def ignore_everywhere(project: Path) -> None:
    """Have git ignore it in every repository."""
    file = project / ".git" / "everywhere"
    file.write_text("compose.yaml\nnotes.md\n")
    support.git(project, "config", "core.excludesFile", str(file))


def ignore_in_project(project: Path) -> None:
    """Have git ignore it in this project."""
    (project / ".gitignore").write_text("*.yaml\nnotes.md\n")
    support.commit_all(project)


def hide_changes(flag: str, project: Path) -> None:
    """Have git look no more whether the file changed."""
    exclude(project)
    (project / "compose.yaml").write_text("")
    support.git(project, "add", "--force", "compose.yaml")
    support.commit_all(project)
    support.git(project, "update-index", flag, "compose.yaml")


@pytest.mark.parametrize(("before", "after"), [(0, 7), (7, 0)], ids=["written", "deleted"])
@pytest.mark.parametrize(
    "hide",
    [
        exclude,
        ignore_everywhere,
        ignore_in_project,
        partial(hide_changes, "--assume-unchanged"),
        partial(hide_changes, "--skip-worktree"),
    ],
    ids=["exclude", "everywhere", "project", "assume-unchanged", "skip-worktree"],
)
def test_a_file_that_git_does_not_have_is_not_replaced_or_deleted(
    project: Path, hide: Callable[[Path], None], before: int, after: int
) -> None:
    old, new = ({**ANSWERS, "level": level} for level in (before, after))
    assert guards.update_refusal(project, old, new, discard_edits=True) == ""
    hide(project)
    for name in ("compose.yaml", "notes.md"):
        (project / name).write_text("Mine.\n")
    assert support.git(project, "status", "--porcelain") == ""
    refusal = guards.update_refusal(project, old, new, discard_edits=True)
    assert refusal.startswith("The update would replace or delete compose.yaml, which git does not")


@pytest.mark.parametrize(
    ("mine", "target", "sentence"),
    [
        ("compose.yaml", "", "has a file compose.yaml, and yours is a folder"),
        ("compose.yaml", "README.md", "has a file compose.yaml, and yours is a link"),
        ("compose.yaml", "missing", "has a file compose.yaml, and yours is a link"),
        ("ops", "README.md", "has a folder ops, and yours is a link"),
        ("ops", "..", "has a folder ops, and yours is a link"),
        ("ops", "missing", "has a folder ops, and yours is a link"),
    ],
)
@pytest.mark.parametrize("ignored", [False, True])
def test_a_folder_or_a_link_in_the_way_of_an_update_is_refused(
    project: Path, mine: str, target: str, sentence: str, *, ignored: bool
) -> None:
    if ignored:
        (project / ".git" / "info" / "exclude").write_text(f"/{mine}\n")
    if target:
        (project / mine).symlink_to(target)
    else:
        (project / mine).mkdir()
    if not ignored:
        support.commit_all(project)
    after = {**ANSWERS, "level": 7}
    assert sentence in guards.update_refusal(project, ANSWERS, after, discard_edits=True)


def test_an_adoption_keeps_a_link_to_a_file(project: Path) -> None:
    (project / "CHANGELOG.md").symlink_to("README.md")
    support.commit_all(project)
    assert guards.adoption_refusal(project, ["CHANGELOG.md"]) == ""
    (project / "LICENSE").symlink_to("missing")
    support.commit_all(project)
    assert "yours is a link" in guards.adoption_refusal(project, ["LICENSE"])


def test_an_unresolved_update_is_refused(project: Path) -> None:
    (project / "README.md").write_text("<<<<<<< before updating\n")
    (project / "ops.rej").write_text("")
    support.commit_all(project)
    refusal = guards.update_refusal(project, ANSWERS, ANSWERS, discard_edits=True)
    assert refusal.startswith("An earlier update is not resolved in README.md, ops.rej: ")


def test_a_project_in_an_ignored_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / ".gitignore").write_text("links/\n")
    support.commit_all(tmp_path)
    refusal = guards.update_refusal(tmp_path / "links", ANSWERS, ANSWERS, discard_edits=True)
    assert "ignores links/, so the update could not be undone" in refusal


def test_files_are_the_same_whatever_the_users_dependencies(tmp_path: Path) -> None:
    one, other = tmp_path / "one" / pyproject.FILE, tmp_path / "other" / pyproject.FILE
    one.parent.mkdir()
    other.parent.mkdir()
    text = f"[project]\ndependencies = [\n{pyproject.TEMPLATE_ANCHOR}{pyproject.OWN_ANCHOR}{{}}]\n"
    one.write_text(text.format('    "attrs",\n'))
    other.write_text(text.format(""))
    assert guards.is_same(one, other)
    other.write_text(text.format("") + "[tool.mine]\n")
    assert not guards.is_same(one, other)
    assert not guards.is_same(one, tmp_path / "missing" / pyproject.FILE)
