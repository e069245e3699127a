"""What an application needs beside itself: the modules that it imports, the files that it names."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from fnmatch import filter as matching
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

NOT_MODULES = {"migrations", "ops", "src", "tests"}
"""Folders of the template that a script beside them does not import."""
OWN_PLACE = {"__file__", "importlib_resources", "pkg_resources", "get_data", "PackageLoader"}
"""Names that tell code where it is itself, or that find files by its name."""
FRAMEWORKS = {"Blueprint", "Flask", "Quart"}
"""What finds `static/` and `templates/` beside the code that makes one."""


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


def all_code(script: Path, root: Path, package: str) -> list[Path]:
    """Return an application and the files of all modules that it imports.

    Args:
        script: the application.
        root: the folder whose modules count.
        package: the application's own name.
    """
    modules = imported_modules(script, root, package)
    files = (file for one in modules for file in ([one] if one.is_file() else one.rglob("*.py")))
    return [script, *sorted(files)]


def submodules(code: Path, package: Path) -> set[str]:
    """Return the names of a package's own modules that a file imports.

    Args:
        code: the file: directly in the package's folder, or outside.
        package: the package's folder.
    """
    names = set()
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.ImportFrom) and code.parent == package:
            start = ".".join(filter(None, [package.name, node.module]))
            names |= {f"{start}.{one.name}" for one in node.names}
    inside = (name.split(".") for name in names if name.startswith(f"{package.name}."))
    firsts = {parts[1] for parts in inside}
    return {one for one in firsts if (package / f"{one}.py").is_file() or is_code(package / one)}


def is_code(folder: Path) -> bool:
    """Tell whether there is a module anywhere in a folder."""
    return any(folder.rglob("*.py"))


def named(code: Path, files: Collection[str]) -> set[str]:
    """Return which of the files and folders a file of code names in a string.

    Args:
        code: the file.
        files: names of files and folders; a path in the code counts by its first part.
    """
    return among(files, strings(ast.walk(parsed(code))))


def named_beside(code: Path, files: Collection[str]) -> set[str]:
    """Return which of the files and folders a file of code finds by its own place.

    These are the operands of a path that begins at `__file__`, or at a name that was given one. A
    path that stands alone, as in `open("words.txt")`, begins at the current folder.

    Args:
        code: the file.
        files: names of the files and folders beside it.
    """
    tree = parsed(code)
    given = bindings(tree)
    own = own_names(tree, given)
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call | ast.BinOp | ast.JoinedStr):
            continue
        name = node.func if isinstance(node, ast.Call) else None
        called = set(names_in([name])) if name else set()
        if "chdir" in called and own.intersection(names_in([node])):
            return named(code, files)
        if called & FRAMEWORKS:
            found |= {"static", "templates"}
        found |= strings(operands(node, own, called), given)
    return among(files, found)


def operands(node: ast.expr, own: set[str], called: set[str]) -> list[ast.AST]:
    """Return what a path that begins at an own place goes on with, where an expression is one.

    Args:
        node: an operation, a call or an f-string.
        own: the names that give an own place.
        called: the names in what the call calls.
    """
    if isinstance(node, ast.Call):
        parts = [*node.args, *(one.value for one in node.keywords)]
        if called & (own | FRAMEWORKS):
            return [*parts]
    elif isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    else:
        parts = node.values if isinstance(node, ast.JoinedStr) else []
    at = next((at for at, one in enumerate(parts) if own.intersection(names_in([one]))), len(parts))
    return [*parts[at + 1 :]]


def bindings(tree: ast.Module) -> dict[str, list[ast.AST]]:
    """Return name -> the expressions that code gives it, whatever the scope.

    Functions are given what they return, and parameters what the calls pass.
    """
    found: dict[str, list[ast.AST]] = defaultdict(list)
    parameters: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parameters[node.name] = [*names_in([*node.args.args, *node.args.kwonlyargs])]
            returned = (one for one in ast.walk(node) if isinstance(one, ast.Return | ast.Yield))
            found[node.name] += [one.value for one in returned if one.value]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            values = [*node.args, *(one.value for one in node.keywords)]
            targets = {one for name in names_in([node.func]) for one in parameters.get(name, [])}
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            values = [node.value] if node.value else []
            targets = {*names_in(node.targets if isinstance(node, ast.Assign) else [node.target])}
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            values, targets = [node.iter], {*names_in([node.target])}
        elif isinstance(node, ast.withitem) and node.optional_vars:
            values, targets = [node.context_expr], {*names_in([node.optional_vars])}
        else:
            continue
        for name in targets - {"self", "cls"}:
            found[name] += values
    return found


def own_names(tree: ast.Module, given: Mapping[str, list[ast.AST]]) -> set[str]:
    """Return the names that give a file of code its own place, or something made from it."""
    own = {*OWN_PLACE}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            for one in node.names:
                if "resources" in f"{module}.{one.name}":
                    own.add((one.asname or one.name).rpartition(".")[2])
    while more := {name for name in given if own.intersection(names_in(given[name]))} - own:
        own |= more
    return own


def names_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Give the names of the variables, attributes and parameters in syntax trees."""
    for tree in nodes:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.arg):
                yield node.arg


def strings(nodes: Iterable[ast.AST], given: Mapping[str, list[ast.AST]] | None = None) -> set[str]:
    """Return the strings in syntax trees, and in what names there are given."""
    todo, seen, found = [*nodes], set[str](), set[str]()
    while todo:
        tree = todo.pop()
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
        for name in {*names_in([tree])} - seen if given else ():
            seen.add(name)
            todo += (given or {}).get(name, [])
    return found


def among(files: Collection[str], paths: Iterable[str]) -> set[str]:
    """Return the files and folders that paths or patterns begin with."""
    firsts = {re.sub(r"^(\./|/)+", "", path).partition("/")[0] for path in paths}
    return {name for first in firsts - {"*", "**"} for name in matching(files, first)}
