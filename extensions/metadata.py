"""What a project's packaging metadata says: pyproject.toml, Poetry's table, setup.cfg, setup.py.

Nothing of the project is run: of setup.py, what is written there as a literal counts.
"""

from __future__ import annotations

import ast
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import pyproject, references

if TYPE_CHECKING:
    import configparser
    from pathlib import Path

COMPUTED = ("attr:", "file:")
"""How setup.cfg says that a value is elsewhere."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file; nothing where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def read_setup_cfg(project: Path) -> configparser.ConfigParser:
    """Return the content of setup.cfg; nothing where it cannot be read."""
    import configparser  # rarely needed

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(project / "setup.cfg", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser.clear()
    return parser


def read_setup_py(project: Path) -> dict[str, Any]:
    """Return keyword -> argument of the call of `setup` in setup.py; None where it is computed."""
    found: dict[str, Any] = {}
    for node in ast.walk(references.parsed(project / "setup.py")):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"setup", "setuptools.setup"}:
            for keyword in node.keywords:
                if keyword.arg:
                    found[keyword.arg] = None
                    with suppress(ValueError):
                        found[keyword.arg] = ast.literal_eval(keyword.value)
    return found


def fields(project: Path) -> dict[str, Any]:
    """Return the fields that metadata gives, as pyproject.toml calls them.

    Args:
        project: the project's folder.

    Returns:
        Some of name, description, version, license, requires-python, classifiers (a list) and
        scripts (command -> function).
    """
    metadata = read_toml(project / pyproject.FILE)
    table, poetry = metadata.get("project", {}), metadata.get("tool", {}).get("poetry", {})
    config, called = read_setup_cfg(project), read_setup_py(project)
    points = {"console_scripts": config.get("options.entry_points", "console_scripts", fallback="")}
    section = {**config["metadata"]} if config.has_section("metadata") else {}
    section = {key: text for key, text in section.items() if not text.startswith(COMPUTED)}
    python = config.get("options", "python_requires", fallback="")
    given_points = called.get("entry_points")
    own_points = table.get("entry-points", {}).get("console_scripts")
    sources: list[dict[str, Any]] = [
        {**table, "scripts": table.get("scripts") or own_points},
        {**poetry, "requires-python": poetry.get("dependencies", {}).get("python")},
        {**section, "requires-python": python, "scripts": commands(points)},
        {
            **called,
            "requires-python": called.get("python_requires"),
            "scripts": commands(given_points if isinstance(given_points, dict) else {}),
        },
    ]
    keys = ("name", "description", "version", "license", "requires-python", "scripts")
    found = {key: next((one[key] for one in sources if one.get(key)), None) for key in keys}
    found["classifiers"] = [line for one in sources for line in lines(one.get("classifiers"))]
    return {key: field for key, field in found.items() if field}


def commands(entry_points: dict[str, Any]) -> dict[str, str]:
    """Return command -> function of setuptools' entry points."""
    pairs = (line.partition("=") for line in lines(entry_points.get("console_scripts")))
    return {name.strip(): function.strip() for name, _, function in pairs if function}


def lines(given: object) -> list[str]:
    """Return the lines of a list, or of a text; none of anything else."""
    if isinstance(given, str):
        given = given.splitlines()
    return [str(one).strip() for one in given if one] if isinstance(given, list | tuple) else []


def files_with_dependencies(project: Path) -> list[str]:
    """Return the files, besides pyproject.toml, that list what the project depends on."""
    config, called = read_setup_cfg(project), read_setup_py(project)
    names = [name for name in ("Pipfile", "environment.yml") if (project / name).is_file()]
    names += ["requirements.txt"] if (project / "requirements.txt").is_file() else []
    if config.get("options", "install_requires", fallback=""):
        names.insert(0, "setup.cfg")
    if "install_requires" in called and called["install_requires"] not in ([], ()):
        names.insert(0, "setup.py")
    return names
