"""Somebody else's project comes onto the ladder: what it still lacks of the contract.

The contract is what every level stands on: where the application is, what it is called, how it
tells its health, and where its dependencies stand. Nothing here changes a file.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORKFLOWS = ".github/workflows/"
FOREIGN = ("setup.py", "setup.cfg", "requirements.txt", "Pipfile", "environment.yml")


def name_of(project: Path) -> str:
    """Return what a project calls itself, or nothing."""
    data = toml(project / "pyproject.toml")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(project / "setup.cfg", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser.clear()
    return str(
        data.get("project", {}).get("name")
        or data.get("tool", {}).get("poetry", {}).get("name")
        or parser.get("metadata", "name", fallback="")
    )


def package_of(project: Path) -> str:
    """Return the only package, or else the only module, of a project, or nothing."""
    for found in (project / "src", project):
        packages = sorted(
            path.parent.name
            for path in found.glob("*/__init__.py")
            if path.parent.name not in {"docs", "tests"}
        )
        if len(packages) == 1:
            return packages[0]
    modules = [path.stem for path in project.glob("*.py") if path.stem not in {"conftest", "setup"}]
    return modules[0] if len(modules) == 1 else ""


def toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file says; nothing where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def lacks(
    project: Path, fresh: Path, place: str, has: Mapping[str, bool], known: set[str]
) -> Iterator[str]:
    """Yield what is left to do until the contract holds, each in a sentence.

    Args:
        project: the project's folder.
        fresh: a new project with the same answers.
        place: where the application has to be.
        has: the capabilities of its level.
        known: the paths that the template writes.
    """
    yield from application(project, place, has)
    if has["packaging"]:
        yield from dependencies(project, fresh, place)
    own = sorted(
        path.relative_to(project).as_posix()
        for path in (project / WORKFLOWS).glob("*.y*ml")
        if path.relative_to(project).as_posix() not in known
    )
    if own and has["packaging"]:
        yield f"Drop from {', '.join(own)} what the workflows of the template do, too."


def application(project: Path, place: str, has: Mapping[str, bool]) -> Iterator[str]:
    """Yield what is wrong with the application."""
    file = project / place
    if not file.is_file():
        pattern = r"(?m)^def main\b" if has["cli"] else r"(?m)^app\b.*="
        found = [
            path.relative_to(project).as_posix()
            for path in sorted(project.rglob("*.py"))
            if not {".venv", "tests", "ops", "migrations"} & set(path.relative_to(project).parts)
            and re.search(pattern, path.read_text(encoding="utf-8", errors="replace"))
        ]
        what = "main()" if has["cli"] else "`app`"
        move = f": git mv {found[0]} {place}" if len(found) == 1 else ""
        yield f"Put the application, with its {what}, into {place}{move}."
        return
    text = file.read_text(encoding="utf-8", errors="replace")
    if has["cli"]:
        if not re.search(r"(?m)^def main\b|\bimport\b.*\bmain\b", text):
            yield f"Give {place} a function main(), which is the command."
        if "--version" not in text:
            yield f"Let the command in {place} tell its version, with --version."
        return
    if not re.search(r"(?m)^app\b.*=|\bimport\b.*\bapp\b", text):
        yield f"Call the ASGI application in {place} `app`."
    if "/healthz" not in text:
        yield f"Let {place} answer on /healthz with its status and version."
    if not has["packaging"] and "PORT" not in text:
        yield f"Let {place} start a server on $PORT when it is run."


def dependencies(project: Path, fresh: Path, place: str) -> Iterator[str]:
    """Yield what pyproject.toml has to get."""
    mine, wanted = (toml(folder / "pyproject.toml") for folder in (project, fresh))
    foreign = [name for name in FOREIGN if (project / name).is_file()]
    if "poetry" in mine.get("tool", {}):
        foreign.append("[tool.poetry]")
    if foreign:
        yield (
            f"Bring the dependencies of {', '.join(foreign)} into pyproject.toml and drop what is "
            "left of it there: `uvx migrate-to-uv` does most of it."
        )
    missing = [f"[{table}]" for table in ("build-system", "project") if table not in mine]
    groups = mine.get("dependency-groups", {})
    missing += [
        f"the group {name}" for name in wanted.get("dependency-groups", {}) if name not in groups
    ]
    missing += [f"[tool.{name}]" for name in wanted["tool"] if name not in mine.get("tool", {})]
    if missing:
        yield f"Give pyproject.toml {', '.join(missing)}, as a new project has them."
    if "version" in mine.get("project", {}):
        yield (
            'Let the version come from git: dynamic = ["version"] in the place of version, and '
            "hatch-vcs."
        )
    if not place.startswith("src/"):
        return
    if not (project / "src").is_dir() and list(project.glob("*/__init__.py")):
        yield "Move the package below src/."
