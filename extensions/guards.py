"""What is refused before anything is written: each function returns one sentence, or nothing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from . import fresh, git, levels, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def company_refusal() -> str:
    """Return why the company's own additions to the template cannot be used, or nothing."""
    try:
        levels.company()
    except ValueError as error:
        return str(error)
    return ""


def source_refusal(source: str) -> str:
    """Return why a project cannot record this address of its template, or nothing."""
    path = Path(source)
    if path.is_absolute() or not path.is_dir():
        return ""
    return (
        f"The project would record its template's address as {source}, which only works from here: "
        f"give the whole address, {path.resolve()}."
    )


def adoption_refusal(project: Path, paths: Iterable[str]) -> str:
    """Return why a project that was not made from the template cannot be adopted, or nothing.

    Args:
        project: the project's folder.
        paths: what the template has for it.
    """
    status = git.output(project, "status", "--porcelain", "--", ".")
    if status is None:
        return (
            f"{project.name}/ has files and is not a git repository, so the copy could not be "
            "undone: run `git init` there and commit them, or choose a new folder."
        )
    if status:
        return (
            f"{project.name}/ has uncommitted changes, so the copy could not be undone: commit or "
            "stash them first."
        )
    for path in paths:
        for folder in PurePosixPath(path).parents[:-1]:
            if (project / folder).is_file():
                return f"The template has a folder {folder}, and you have such a file: rename it."
        if (project / path).is_dir():
            return f"The template has a file {path}, and you have such a folder: rename it."
    return ""


def update_refusal(
    project: Path, before: Mapping[str, Any], after: Mapping[str, Any], *, discard_edits: bool
) -> str:
    """Return why a project cannot be updated, or nothing.

    Args:
        project: the project's folder.
        before: its recorded answers.
        after: its answers to be.
        discard_edits: whether edited files that go may be deleted.
    """
    top = Path(git.line(project, "rev-parse", "--show-toplevel") or project)
    if top != project and git.output(top, "check-ignore", str(project)) is not None:
        return (
            f"The repository {top} ignores {project.name}/, so the update could not be undone: "
            "run `git init` in the project and commit it there."
        )
    marked = git.lines(project, "grep", "-lE", "^(<<<<<<< before|>>>>>>> after) updating$")
    if unresolved := [*marked, *git.lines(project, "ls-files", "*.rej")]:
        return (
            f"An earlier update is not resolved in {', '.join(unresolved)}: resolve it and commit."
        )
    if unsaved := files_outside_git(project, before, after):
        return (
            f"The update would replace or delete {', '.join(unsaved)}, which git does not have: "
            "run `git add --force` and commit, or move your files away."
        )
    if discard_edits:
        return ""
    if edited := edited_files_that_go(project, before, after):
        what = f"Level {after['level']}" if after["level"] < before["level"] else "The new version"
        return (
            f"{what} has no {', '.join(edited)}, which you edited: copy your changes elsewhere "
            "first, or add --data discard_edits=true to delete them."
        )
    return ""


def files_outside_git(
    project: Path, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Return the files that an update writes or deletes and that git does not have: ignored ones.

    Args:
        project: the project's folder, with no uncommitted changes.
        before: its recorded answers.
        after: its answers to be.
    """
    owners = levels.paths(before) | levels.paths(after)
    found = {path for path, owner in owners.items() if owner != "sample"}
    found = {path for path in found if (project / path).is_file()}
    return sorted(found - set(git.lines(project, "ls-files")))


def edited_files_that_go(
    project: Path, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Return the files that an update would delete although the user edited them.

    Args:
        project: the project's folder.
        before: its recorded answers.
        after: its answers to be.
    """
    stay = set(levels.paths(after))
    same_version = before["_commit"] == after.get("_commit")
    had = {path for path, owner in levels.paths(before).items() if owner != "sample"}
    if same_version and not any((project / path).is_file() for path in had - stay):
        return []
    with TemporaryDirectory() as folder:
        unedited = fresh.render(Path(folder, "fresh"), before)
        if not same_version:  # this version's table does not know what the older one wrote
            written = (path for path in unedited.rglob("*") if path.is_file())
            had = {path.relative_to(unedited).as_posix() for path in written}
        return [
            path
            for path in sorted(had - stay)
            if (project / path).is_file() and not is_same(project / path, unedited / path)
        ]


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two files have the same content, apart from the user's dependencies."""
    if not other.is_file():
        return False
    own, others = (pyproject.without_own_dependencies(path.read_bytes()) for path in (one, other))
    return own == others
