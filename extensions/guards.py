"""What is refused before anything is written: each function returns one sentence, or nothing."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from . import answers, fresh, git, levels, pyproject, references, write_once
from .project import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def source_refusal(source: str, commit: str | None) -> str:
    """Return why a project cannot record this address of its template, or nothing.

    Args:
        source: the address.
        commit: the version there, None where it is not a git repository.
    """
    if commit is None:
        return (
            f"The template at {source} is not a git repository, so the project could never be "
            "updated: clone Ladder's repository and copy from there."
        )
    path = Path(source)
    if path.is_absolute() or not path.is_dir():
        return ""
    return (
        f"The template's address {source} is relative, so the project could be updated from this "
        f"folder only: use {path.resolve()}."
    )


def copy_refusal(project: Path, before: Mapping[str, Any]) -> str:
    """Return why the template cannot be copied into a folder that has answers, or nothing.

    Args:
        project: the folder.
        before: the answers that it has recorded.
    """
    if not before:
        return ""
    if not answers.are_ours(before):
        return (
            f"{project.name}/ was made from another template, {before.get('_src_path')}: run "
            f"`git rm {answers.FILE}` and commit, if it is not to be updated from there any more."
        )
    if is_uncommitted_adoption(project):
        return (
            f"{project.name}/ has the files of an earlier copy: set them aside with "
            "`git stash --include-untracked`, then copy again."
        )
    return (
        f"{project.name}/ was made from this template: to change an answer, commit the project "
        "and run `copier update --vcs-ref=:current: --data NAME=VALUE` there."
    )


def is_uncommitted_adoption(project: Path) -> bool:
    """Tell whether the last commit of a project has files, and not yet its answers."""
    committed = git.lines(project, "ls-tree", "--name-only", "HEAD")
    return bool(committed) and answers.FILE not in committed


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
    return path_in_the_way(project, (path for path in paths if not (project / path).is_file()))


def package_refusal(project: Path, after: Mapping[str, Any]) -> str:
    """Return why a project's package cannot be adopted at its level, or nothing.

    Args:
        project: the project's folder.
        after: its answers to be.
    """
    package = str(after["package"])
    is_script = (project / levels.SCRIPT.format(package=package)).is_file()
    if is_script or levels.capabilities(after)["packaging"]:
        return ""
    for folder in (package, f"src/{package}"):
        if (project / folder / "__init__.py").is_file():
            return (
                f"{folder}/ is a package, and below level 3 the application is one script: adopt "
                "the project at level 3 or above."
            )
    return ""


def path_in_the_way(project: Path, paths: Iterable[str]) -> str:
    """Return why a path of the project cannot become what the template has there, or nothing.

    Copier would fail at it half-way, or write through the link.

    Args:
        project: the project's folder.
        paths: the files that the template has for it.
    """
    for path in paths:
        for folder in map(project.joinpath, levels.parents(path)):
            if folder.is_symlink() or folder.is_file():
                what = "link" if folder.is_symlink() else "file"
                place = folder.relative_to(project).as_posix()
                return f"The template has a folder {place}, and yours is a {what}: rename it."
        file = project / path
        if file.is_symlink() or file.is_dir():
            what = "link" if file.is_symlink() else "folder"
            return f"The template has a file {path}, and yours is a {what}: rename it."
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
    new = {path for path in write_once.paths(after) if not os.path.lexists(project / path)}
    if refusal := path_in_the_way(project, updated_paths(after) | new):
        return refusal
    had = updated_only(levels.paths_before(before, after))
    if refusal := unsaved_refusal(project, had | updated_paths(after)):
        return refusal
    if refusal := submodules_refusal(project, before, after):
        return refusal
    if refusal := folders_refusal(project, before, after):
        return refusal
    if discard_edits and before["_commit"] == after.get("_commit"):
        return ""
    edited = edited_files_that_go(project, before, after)
    if refusal := unsaved_refusal(project, edited):
        return refusal
    if edited and not discard_edits:
        them = "it" if len(edited) == 1 else "them"
        what = (
            f"Level {after['level']}"
            if int(after["level"]) < int(before["level"])
            else "The new version"
        )
        return (
            f"{what} would delete {', '.join(edited)}, which you edited: copy your changes "
            f"elsewhere first, or add --data discard_edits=true to delete {them}."
        )
    return ""


def submodules_refusal(project: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return why the application's package cannot become a script, or nothing."""
    packaged = [levels.capabilities(one)["packaging"] for one in (before, after)]
    if packaged != [True, False]:
        return ""
    package = str(before["package"])
    module = project / levels.MODULE.format(package=package)
    source = levels.SOURCE.format(package=package)
    for code in references.all_code(module, module.parent.parent, package):
        own = {
            name
            for name in references.submodules(code, module.parent)
            if f"{source}{name}.py" not in levels.paths(before)
        }
        if own:
            path, target = (one.relative_to(project).as_posix() for one in (code, module))
            return (
                f"At level {after['level']} the application is one script, and {path} imports "
                f"{', '.join(sorted(own))} from its package: move that code into {target} first, "
                "or stay at level 3."
            )
    return ""


def folders_refusal(project: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return why the application cannot become a package, or nothing."""
    packaged = [levels.capabilities(one)["packaging"] for one in (before, after)]
    if packaged != [False, True]:
        return ""
    package = str(before["package"])
    script = project / levels.SCRIPT.format(package=package)
    for code in references.all_code(script, project, package):
        for name in sorted(references.imported_names(code) & references.NOT_MODULES):
            if references.is_code(project / name):
                path = code.relative_to(project).as_posix()
                return (
                    f"{path} imports from {name}/, which is no package at level {after['level']}: "
                    f"move that code beside {script.name} and import it from there first, or stay "
                    f"at level {before['level']}."
                )
    return ""


def updated_paths(answers: Mapping[str, Any]) -> set[str]:
    """Return the files that an update of a project with these answers writes or deletes."""
    return updated_only(levels.paths(answers))


def updated_only(owned: Mapping[str, str]) -> set[str]:
    """Return the files that an update writes or deletes, of path -> owner."""
    return {path for path, owner in owned.items() if owner not in levels.WRITTEN_ONCE}


def unsaved_refusal(project: Path, paths: Iterable[str]) -> str:
    """Return why some paths of the project cannot be written or deleted, or nothing.

    Git could restore neither what it ignores nor a file whose changes it was told not to see.

    Args:
        project: the project's folder, with no uncommitted changes that git shows.
        paths: files of the project, which need not exist.
    """
    tagged = (line.partition(" ") for line in git.lines(project, "ls-files", "-v"))
    tracked = {path for tag, _, path in tagged if tag == "H"}
    there = (path for path in paths if os.path.lexists(project / path))
    if unsaved := sorted(path for path in there if path not in tracked):
        return (
            f"The update would replace or delete {', '.join(unsaved)}, which git does not have as "
            "they are: run `git add --force` and commit, or move your files away."
        )
    return ""


def edited_files_that_go(
    project: Path, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Return the files that an update would delete although the user edited them.

    Args:
        project: the project's folder.
        before: its recorded answers.
        after: its answers to be.
    """
    gone = updated_only(levels.paths_before(before, after)) - levels.paths(after).keys()
    there = [path for path in sorted(gone) if (project / path).is_file()]
    if not there:
        return []
    with TemporaryDirectory() as folder:
        unedited = fresh.render(Path(folder, "fresh"), before)
        return [path for path in there if not is_same(project / path, unedited / path)]


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two files have the same text, apart from what a script's header can hold."""
    if not other.is_file():
        return False
    own, others = (read(path).replace("\r\n", "\n") for path in (one, other))
    if one.name == pyproject.FILE:
        return pyproject.is_restorable(own, others)
    return own == others
