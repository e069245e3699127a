"""What an application needs beside itself: the modules that it imports, the files that it names."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

NOT_MODULES = {"migrations", "ops", "src", "tests"}
"""Folders of the template that a script beside them does not import."""
OWN_PATH = re.compile(r"\b(__file__|importlib\.resources|importlib_resources)\b")


def parsed(code: Path) -> ast.Module:
    """Return the syntax tree of a file; an empty one where it cannot be parsed."""
    try:
        return ast.parse(code.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def imported_names(code: Path) -> set[str]:
    """Return the top-level names that a file imports."""
    names = set()
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def imported_modules(script: Path, root: Path, package: str) -> list[Path]:
    """Return the modules and folders of modules that a script imports, directly or not.

    Args:
        script: the application.
        root: the folder whose modules count. A folder needs no `__init__.py`.
        package: the application's own name.
    """
    found: dict[str, Path] = {}
    todo = [script]
    while todo:
        for name in imported_names(todo.pop()) - {*found, package, *NOT_MODULES}:
            module, folder = root / f"{name}.py", root / name
            if module.is_file():
                found[name] = module
                todo.append(module)
            elif modules := sorted(folder.rglob("*.py")):
                found[name] = folder
                todo.extend(modules)
    return sorted(found.values())


def submodules(code: Path, package: str) -> set[str]:
    """Return the names of the package's own modules that a file of the package imports.

    Args:
        code: a file directly in the package's folder.
        package: the package's name.
    """
    names = set()
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Import):
            names |= {one.name.removeprefix(f"{package}.") for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            absolute = [] if node.level else [(node.module or "").removeprefix(f"{package}.")]
            names |= {*absolute, *([node.module] if node.level and node.module else [])}
            if node.module == package or (node.level and not node.module):
                names |= {one.name for one in node.names}
    folder = code.parent
    firsts = {name.partition(".")[0] for name in names}
    return {one for one in firsts if (folder / f"{one}.py").is_file() or is_code(folder / one)}


def is_code(folder: Path) -> bool:
    """Tell whether there is a module anywhere in a folder."""
    return any(folder.rglob("*.py"))


def named(code: Path, files: Collection[str]) -> set[str]:
    """Return which of the files and folders a file of code names in a string.

    Args:
        code: the file.
        files: names of files and folders; a path in the code counts by its first part.
    """
    strings = (
        node.value
        for node in ast.walk(parsed(code))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {re.sub(r"^(\./|/)+", "", text).partition("/")[0] for text in strings} & {*files}


def reads_beside_itself(code: Path) -> bool:
    """Tell whether a file of code finds files by its own place, not by the working directory."""
    return bool(OWN_PATH.search(code.read_bytes().decode("utf-8", "replace")))
