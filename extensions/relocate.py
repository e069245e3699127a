"""Moves the user's code to where the level has it, and changes nothing else of it.

Runs in the project after a copy onto existing code and after every update, and does nothing when
all is in place. Up to level 2 the application is a script with a PEP 723 header; from level 3 on it
is a module below `src/`, and the header's dependencies are in pyproject.toml.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import adopt, detect, git, levels, purposes, pyproject, references, samples, write_once
from .project import PROJECT, Project, current, read, remove_empty, say, write

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def main() -> None:
    """Move what has to move in the current folder."""
    project = current()
    if project.before is None:
        move(project)
        return
    write_once.add(project, project.before)
    merge_tables()
    if samples.change(project.before, project.answers):
        missing = samples.missing_options(project, project.before)
        if missing is not None:
            samples.remove_options(project, project.before, missing)
        move(project)
        samples.add_and_remove(project, project.before, missing)
        samples.report_options(project, project.before)
    else:
        move(project)
    report_requirements(project, project.before)


def report_requirements(project: Project, before: Mapping[str, Any]) -> None:
    """Say what a new level expects that the application and the project's files do not give it."""
    after = project.answers
    had, has = (levels.capabilities(given)["unit_tests"] for given in (before, after))
    old = levels.paths(before)
    new = {path: owner for path, owner in levels.paths(after).items() if path not in old}
    for text in purposes.duplicates(PROJECT, new, linted=has and not had):
        say(text)
    application = project.module if project.is_packaged else project.script
    if new and application.is_file():
        for text in adopt.Adoption(PROJECT, PROJECT, after).missing_in_application():
            say(text)


def move(project: Project) -> None:
    """Move the application, with all that it needs, to where the level has it."""
    script, module = project.script, project.module
    source, target = (script, module) if project.is_packaged else (module, script)
    if not source.is_file():
        if project.before is not None and not target.exists():
            say(f"There is no {target.as_posix()}: {placed(project, target)}.")
        return
    if target.exists():
        say(f"Both {source.as_posix()} and {target.as_posix()} exist: merge them by hand.")
        return
    moves = planned_moves(source, target, project.package)
    beside = own_files(PROJECT, project.package)
    code = [one for old in moves for one in ([old] if old.is_file() else sorted(old.rglob("*.py")))]
    named = {name for one in code for name in references.named(one, beside)}
    for old, new in moves.items():
        if new.exists():
            say(f"Both {old.as_posix()} and {new.as_posix()} exist: merge them by hand.")
            continue
        rename(old, new)
        because = "" if old == source else f", since {target.as_posix()} needs it"
        say(f"Moved {old.as_posix()} to {new.as_posix()}{because}")
    if project.is_packaged:
        carry_header(target)
        report_files(target, [one for one in beside if Path(one) not in moves], named)
        report_python()
        report_addresses()
    else:
        restore_header(target)


def planned_moves(source: Path, target: Path, package: str) -> dict[Path, Path]:
    """Return old -> new path of the application and of all that it needs beside itself.

    Modules stay importable under their names. Files stay beside the code that reads them.

    Args:
        source: where the application is.
        target: where it goes.
        package: its import name.
    """
    old_root, new_root = (
        (PROJECT, Path("src")) if target.parent != PROJECT else (Path("src"), PROJECT)
    )
    modules = references.imported_modules(source, old_root, package)
    moves = {source: target} | {one: new_root / one.relative_to(old_root) for one in modules}
    for old, new in [*moves.items()]:
        if old.is_file():
            for name in sorted(references.named_beside(old, own_files(old.parent, package))):
                moves.setdefault(old.parent / name, new.parent / name)
    return moves


def placed(project: Project, target: Path) -> str:
    """Return what to do where the application is at neither place."""
    found = detect.application_files(PROJECT, str(project.answers["kind"]))
    if len(found) != 1:
        return "put your application there"
    return f"run mkdir -p {target.parent.as_posix()} && git mv {found[0]} {target.as_posix()}"


def own_files(folder: Path, package: str) -> list[str]:
    """Return the names of the files and folders in a folder that git has and the template has not.

    Code is left out where it is in the package: it stays a module of it.
    """
    prefix = "" if folder == PROJECT else f"{folder.as_posix()}/"
    listed = git.lines(PROJECT, "ls-files", "--", folder.as_posix())
    inside = {path.removeprefix(prefix) for path in listed if path.startswith(prefix)}
    known = {path.removeprefix(prefix).partition("/")[0] for path in levels.all_paths(package)}
    names = {path.partition("/")[0] for path in inside} - known - {"uv.lock"}
    hidden = (".",) if not prefix else (".", "__")
    return sorted(
        name
        for name in names
        if not name.startswith(hidden) and not (prefix and name.endswith(".py"))
    )


def report_files(application: Path, stay: Sequence[str], from_here: Collection[str]) -> None:
    """Say which files stay where they were, and which of them the image will miss."""
    place = application.as_posix()
    if missed := [one for one in stay if one in from_here]:
        say(
            f"{place} names {', '.join(missed)}, which the artifact does not contain: move what it "
            f"reads to {application.parent.as_posix()}/, and read it from Path(__file__).parent."
        )
    if others := [one for one in stay if one not in from_here]:
        say(f"Not moved, since {place} does not need them: {', '.join(others)}")


def report_python() -> None:
    """Say if the Python in .python-version is not one that pyproject.toml allows."""
    try:
        requires = tomllib.loads(read(PROJECT / pyproject.FILE))["project"]["requires-python"]
        pinned = read(PROJECT / ".python-version").strip()
        wanted = pyproject.python_for(requires, pinned)
    except (OSError, KeyError, ValueError):
        return
    if wanted:
        say(f"pyproject.toml requires Python {requires}: run uv python pin {wanted}")
        if (PROJECT / "Dockerfile").is_file():
            say(f"  and replace python:{pinned}-slim by python:{wanted}-slim in Dockerfile")


def report_addresses() -> None:
    """Say which dependencies a build elsewhere cannot get from where pyproject.toml has them."""
    try:
        addresses = pyproject.addresses(read(PROJECT / pyproject.FILE))
    except (OSError, ValueError):
        return
    for name, address in addresses.items():
        if not address.startswith("git+"):
            say(
                f"{name} is at {address}, which CI and the image do not have: publish it, or move "
                "its code to src/."
            )
        elif (PROJECT / "Dockerfile").is_file():
            say(
                f"{name} comes from git, which the image does not have: in Dockerfile, before the "
                "first `uv sync`, add RUN apt-get update && apt-get install --yes git"
            )


def merge_tables() -> None:
    """Merge the tables that pyproject.toml has twice: a level may bring one that the user has."""
    file = PROJECT / pyproject.FILE
    text = read(file) if file.is_file() else ""
    try:
        tomllib.loads(text)
    except ValueError:
        with suppress(ValueError):  # such as conflicts, which the message names
            merged = pyproject.merge_tables(text.replace("\r\n", "\n"))
            write(file, pyproject.keep_line_ends(merged, text))
            say("Merged the tables that pyproject.toml had twice; your settings hold.")


def rename(source: Path, target: Path) -> None:
    """Move a file or folder, in git too where git has it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if git.output(PROJECT, "mv", str(source), str(target)) is None:
        source.rename(target)
    remove_empty(source.parent)


def carry_header(code: Path) -> None:
    """Move what the script's header asks for to pyproject.toml, and remove the header."""
    text, file = read(code), PROJECT / pyproject.FILE
    header = pyproject.HEADER.search(text)
    if not header:
        return
    try:
        result = pyproject.with_header(read(file), header["body"])
    except (OSError, ValueError) as error:
        say(f"Move the header of {code.as_posix()} to {file.as_posix()} by hand: {error}")
        return
    write(file, result)
    write(code, text[: header.start()] + text[header.end() :])


def restore_header(code: Path) -> None:
    """Give the script a header with the dependencies that pyproject.toml had for it."""
    text = read(code)
    committed = git.output(PROJECT, "show", f"HEAD:./{pyproject.FILE}")
    if pyproject.HEADER.search(text) or not committed:
        return
    try:
        header = pyproject.header_for(committed, references.imported_names(code))
    except ValueError as error:
        say(f"Give {code.as_posix()} a header with its dependencies by hand: {error}")
        return
    write(code, pyproject.add_header(text, header))
