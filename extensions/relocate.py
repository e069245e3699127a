"""Moves the user's code to where the level has it, and changes nothing else of it.

Runs in the project after a copy onto existing code and after every update, and does nothing when
all is in place. Up to level 2 the application is a script with a PEP 723 header; from level 3 on it
is a module below `src/`, and the header's dependencies are in pyproject.toml.
"""

from __future__ import annotations

import ast
from pathlib import Path

from . import git, pyproject, samples
from .project import PROJECT, Project, current, read, remove_empty, say, write


def main() -> None:
    """Move what has to move in the current folder."""
    project = current()
    if project.before is None:
        move(project)
        return
    missing = samples.missing_options(project, project.before)
    if missing is not None:
        samples.remove_options(project, project.before, missing)
    move(project)
    samples.add_and_remove(project, project.before, missing)
    samples.report_options(project, project.before)


def move(project: Project) -> None:
    """Move the application, and the modules that it imports, to where the level has them."""
    source, target = project.script, project.module
    old_root, new_root = PROJECT, Path("src")
    if not project.is_packaged:
        source, target, old_root, new_root = target, source, new_root, old_root
    if not source.is_file():
        if not target.exists() and project.before is None:
            say(f"There is no {target.as_posix()}: put your application there.")
        return
    if target.exists():
        say(f"Both {source.as_posix()} and {target.as_posix()} exist: merge them by hand.")
        return
    modules = imported_modules(source, old_root, project.package)
    rename(source, target)
    if project.is_packaged:
        carry_header(target)
    else:
        restore_header(target)
    say(f"Moved {source.as_posix()} to {target.as_posix()}")
    for path in modules:
        place = new_root / path.relative_to(old_root)
        if place.exists():
            say(f"Both {path.as_posix()} and {place.as_posix()} exist: merge them by hand.")
            continue
        rename(path, place)
        say(f"Moved {path.as_posix()} to {place.as_posix()}, since {target.as_posix()} imports it")


def rename(source: Path, target: Path) -> None:
    """Move a file or folder, in git too where git has it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if git.output(PROJECT, "mv", str(source), str(target)) is None:
        source.rename(target)
    remove_empty(source.parent)


def imported_modules(script: Path, root: Path, package: str) -> list[Path]:
    """Return the modules and packages beside a script that it imports, directly or not.

    Args:
        script: the application.
        root: the folder whose modules count.
        package: the application's own name.
    """
    found: dict[str, Path] = {}
    todo = [script]
    while todo:
        for name in imported_names(todo.pop()) - set(found) - {package}:
            module, folder = root / f"{name}.py", root / name
            if module.is_file():
                found[name] = module
                todo.append(module)
            elif (folder / "__init__.py").is_file():
                found[name] = folder
                todo.extend(folder.rglob("*.py"))
    return sorted(found.values())


def imported_names(code: Path) -> set[str]:
    """Return the top-level names that a file imports; none where it cannot be parsed."""
    try:
        tree = ast.parse(code.read_bytes())
    except (SyntaxError, ValueError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


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
        header = pyproject.header_for(committed, imported_names(code))
    except ValueError as error:
        say(f"Give {code.as_posix()} a header with its dependencies by hand: {error}")
        return
    newline = "\r\n" if "\r\n" in text else "\n"
    write(code, header.replace("\n", newline) + text)
