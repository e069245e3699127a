"""Versions of a template, made by changing a copy of it: what a release may change, one by one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests import support

TABLE = Path("extensions", "ladder.yml")


def copy_of_template(folder: Path) -> Path:
    """Return a copy of the template under test, at v1.0.0, that a test may change."""
    return shutil.copytree(support.template(), folder / "ladder")


def publish(template: Path, version: str) -> None:
    """Commit a template's folder as it is, and tag it: `1.1.0` -> `v1.1.0`."""
    support.commit_all(template, f"Version {version}")
    support.git(template, "tag", f"v{version}")


def read_table(template: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the table's `levels` and `additions`."""
    read = yaml.safe_load((template / TABLE).read_text())
    assert isinstance(read, dict)
    return read


def write_table(template: Path, table: dict[str, list[dict[str, Any]]]) -> None:
    """Write the table."""
    (template / TABLE).write_text(yaml.safe_dump(table, sort_keys=False))


def entries(table: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return every entry of a table, the levels first."""
    return table["levels"] + table["additions"]


def owners(table: dict[str, list[dict[str, Any]]]) -> set[tuple[str, str]]:
    """Return path and owner of everything that a table adds."""
    return {item for entry in entries(table) for item in entry.get("adds", {}).items()}


def add(template: Path, path: str, text: str, level: int, owner: str) -> None:
    """Add a file to a level."""
    file = template / "template" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    table = read_table(template)
    table["levels"][level]["adds"][path] = owner
    write_table(template, table)


def remove(template: Path, path: str) -> None:
    """Remove a file from the template and its table."""
    (template / "template" / path).unlink()
    table = read_table(template)
    for entry in entries(table):
        entry.get("adds", {}).pop(path, None)
    write_table(template, table)


def rename(template: Path, old: str, new: str) -> None:
    """Rename a file of the template; it keeps its owner."""
    (template / "template" / old).rename(template / "template" / new)
    table = read_table(template)
    for entry in entries(table):
        if owner := entry.get("adds", {}).pop(old, None):
            entry["adds"][new] = owner
    write_table(template, table)


def move(template: Path, path: str, level: int) -> None:
    """Move a file to another level; it keeps its owner."""
    table = read_table(template)
    (owner,) = {
        entry["adds"].pop(path) for entry in entries(table) if path in entry.get("adds", {})
    }
    table["levels"][level]["adds"][path] = owner
    write_table(template, table)


def change_owner(template: Path, path: str, owner: str) -> None:
    """Give a file of the template another owner."""
    table = read_table(template)
    for entry in entries(table):
        if path in entry.get("adds", {}):
            entry["adds"][path] = owner
    write_table(template, table)


def ask(template: Path, name: str, default: str) -> None:
    """Add a question, which templates may use."""
    questions = template / "copier.yml"
    questions.write_text(question(name, default) + questions.read_text())


def question(name: str, default: str) -> str:
    """Return the text of a question that is never asked."""
    return f"{name}:\n  type: str\n  help: Which one?\n  default: {default}\n  ask: false\n\n"
