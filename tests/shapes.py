"""Small projects of shapes that the sample does not have, and a walk up the ladder and down again.

Each is a folder in tests/data/shapes/. Its owner adopts Ladder, does what the message says, climbs
to level 8 one level at a time, and descends to where it started.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copier import VcsRef

from tests import support
from tests.adoption import adopt

DATA = support.ROOT / "tests" / "data"
SHARED = ("README.md", ".gitignore", "pyproject.toml")
HEADER = re.compile(rb"(?m)^# /// script\r?\n(?:#[^\r\n]*\r?\n)+?# ///\r?\n")
TABLE = re.compile(r"(?ms)^\[([^\]\n]+)\]$.*?(?=^\[|\Z)")
REPLACED_TOOLS = {"poetry", "setuptools"}
"""What the template has another tool for."""
MARKERS = re.compile(rb"(?m)^(<<<<<<<|>>>>>>>)")
OWN_ANCHOR = "    # Yours; add with `uv add`:\n"


@dataclass(frozen=True)
class Shape:
    """A project of other people's: what it is, and what its owner does at adoption."""

    name: str
    """Its folder in tests/data/shapes/."""
    level: int
    """The level at which it is adopted: the lowest that fits."""
    module: str
    """What the probe imports."""
    probe: str
    """An expression in which `m` is that module."""
    says: str
    """What stands in its value."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    """What the owner moves at adoption, in this order: path -> new path."""
    dependencies: tuple[str, ...] = ()
    """What the owner lists in pyproject.toml at adoption."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """What the owner writes at the top of a file at adoption: path -> text."""
    branch: str = "main"
    tags: tuple[str, ...] = ()
    subfolder: str = ""
    """The project's folder in its repository."""


FLASK = """\
# /// script
# requires-python = ">=3.11"
# dependencies = ["flask>=3.1"]
# ///
"""
SHAPES = [
    Shape("menu", 0, "menu", "m.index()", "soup: 6.5"),
    Shape("tasks", 1, "tasks", "m.index()", "wash up, water the plants"),
    Shape(
        "board",
        4,
        "board",
        "__import__('board.web').web.page()",
        "Choir on Tuesday.",
        moves={"board": "src/board", "config.py": "src/config.py"},
        dependencies=("starlette>=0.48",),
    ),
    Shape("wine", 0, "wine", "m.index()", "['Riesling', 'Pinot']"),
    Shape("heures", 0, "heures", "ascii(m.durée(9, 17))", r"dur\xe9e: 8 h", {"kind": "cli"}),
    Shape("quotes", 2, "quotes", "m.today()", "Festina lente."),
    Shape("sums", 1, "sums", "m.total(['1', '2'])", "3.0", {"kind": "cli"}),
    Shape("visits", 1, "app", "m.count()", "1", heads={"app.py": FLASK}),
    Shape(
        "shop",
        3,
        "shop.urls",
        "len(m.urlpatterns)",
        "2",
        {"package": "shop"},
        moves={"shop": "src/shop", "orders": "src/orders", "templates": "src/templates"},
        dependencies=("django>=5.2",),
        heads={"src/shop/__init__.py": "from shop.asgi import application as app\n"},
    ),
    Shape(
        "greet", 4, "greet.cli", "m.text('Ada')", "Good morning, Ada.", dependencies=("click>=8.3",)
    ),
    Shape(
        "grains",
        3,
        "grains.main",
        "m.sizes()",
        "'gravel': 8.0",
        moves={"grains": "src/grains"},
        dependencies=("rich>=14",),
    ),
    Shape(
        "beans",
        4,
        "beans",
        "m.web.index()",
        "Antigua,12",
        moves={"beans": "src/beans"},
        dependencies=("fastapi>=0.118",),
    ),
    Shape("fleet", 2, "prices", "m.index()", "costs 42", subfolder="services/prices"),
    Shape(
        "tides",
        2,
        "tides",
        "m.names.ALL",
        "Husum",
        branch="master",
        tags=("backup-2026-11-01", "before-2fa", "1.4"),
    ),
    Shape("todo", 0, "todo", "m.read(__import__('pathlib').Path('none'))", "[]", {"kind": "cli"}),
]


class Walk:
    """A shape's project on the ladder, and where its own files are now."""

    def __init__(self, shape: Shape, folder: Path) -> None:
        self.shape = shape
        self.top = shutil.copytree(DATA / "shapes" / shape.name, folder / shape.name)
        support.git(self.top, "init", "--quiet", f"--initial-branch={shape.branch}")
        (self.top / ".git/info/exclude").write_text("__pycache__/\n")
        support.commit_all(self.top, "Ours")
        for tag in shape.tags:
            support.git(self.top, "tag", tag)
        self.project = self.top / shape.subfolder
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        self.level = shape.level
        self.own: dict[str, bytes] = {}
        """Path -> content of the user's own files, as they were at adoption."""

    def tracked(self) -> dict[str, bytes]:
        """Return path -> content of what git has of the whole repository."""
        names = support.git(self.top, "ls-files", "-z").split("\0")
        return {name: (self.top / name).read_bytes() for name in names if name}

    def adopt(self) -> None:
        """Adopt Ladder, check that no file changed, and do what the message says."""
        before = self.tracked()
        adopt(self.project, self.level, **self.shape.answers)
        now = {path: (self.top / path).read_bytes() for path in before}
        assert {path for path in before if now[path] != before[path]} == set()
        support.commit_all(self.top, "Adopt Ladder")
        for path, target in self.shape.moves.items():
            (self.project / target).parent.mkdir(exist_ok=True)
            support.git(self.project, "mv", path, target)
        for path, head in self.shape.heads.items():
            file = self.project / path
            file.write_text(head + file.read_text())
        fresh = support.copy(self.elsewhere / self.project.name, **support.answers(self.project))
        for name in SHARED:
            if (self.project / name).exists() and (fresh / name).exists():
                own = before.get((Path(self.shape.subfolder) / name).as_posix(), b"")
                self.merge(name, (fresh / name).read_text(), own.decode())
        support.commit_all(self.top, "Do what the message says")
        template = support.files(fresh)
        self.own = {
            path: content
            for path, content in self.tracked().items()
            if path.removeprefix(f"{self.shape.subfolder}/") not in {*template, *SHARED}
        }

    def merge(self, name: str, fresh: str, own: str) -> None:
        """Put the owner's part of a shared file below the template's."""
        newline = "\r\n" if "\r\n" in own else "\n"
        if name == "pyproject.toml":
            text = with_own_tables(fresh, own, self.shape.dependencies)
        else:
            text = fresh + own.replace("\r\n", "\n")
        (self.project / name).write_bytes(text.replace("\n", newline).encode())

    def climb(self, level: int) -> None:
        """Go to a level, and check what is left of the project."""
        recorded = support.answers(self.project)
        support.update(self.project, version=VcsRef.CURRENT, quiet=False, level=level)
        support.git(self.top, "add", "--all")
        self.follow_renames()
        self.level = level
        self.check()
        now = support.answers(self.project)
        for key in ("project_name", "package", "kind", "project_description"):
            assert now[key] == recorded[key]
        support.commit_all(self.top, f"Level {level}")

    def follow_renames(self) -> None:
        """Learn from git where the user's own files are now."""
        changes = support.git(
            self.top, "diff", "--cached", "--find-renames=40%", "--name-status", "-z", "HEAD"
        ).split("\0")
        while len(changes) > 1:
            kind, path = changes.pop(0), changes.pop(0)
            if kind.startswith("R"):
                target = changes.pop(0)
                if path in self.own:
                    self.own[target] = self.own.pop(path)

    def check(self) -> None:
        """Check that the project is whole."""
        found = self.tracked()
        assert set(self.own) - set(found) == set(), "these files of the user's are gone"
        changed = {path for path in self.own if body(found[path]) != body(self.own[path])}
        assert changed == set(), "these files of the user's changed"
        assert [path for path in found if path.endswith(".rej")] == []
        assert [path for path, content in found.items() if MARKERS.search(content)] == []
        if self.level >= 3:
            table = tomllib.loads((self.project / "pyproject.toml").read_text())
            assert set(self.shape.dependencies) <= set(table["project"]["dependencies"])
        self.check_application()

    def check_application(self) -> None:
        """Check that the application is found, and finds what it needs, from another folder."""
        root = self.project / "src" if self.level >= 3 else self.project
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        probe = (sys.executable, DATA / "probe.py", self.shape.module, self.shape.probe)
        done = support.run(*probe, cwd=self.elsewhere, env=environment)
        assert self.shape.says in done.stdout


def body(code: bytes) -> bytes:
    """Return a script without its header."""
    return HEADER.sub(b"", code)


def with_own_tables(fresh: str, own: str, dependencies: tuple[str, ...]) -> str:
    """Return the text of a new pyproject.toml with what the owner had in theirs.

    Args:
        fresh: the new one.
        own: the owner's.
        dependencies: what the owner's project depends on.
    """
    lines = "".join(f'    "{one}",\n' for one in dependencies)
    text = fresh.replace(OWN_ANCHOR, OWN_ANCHOR + lines, 1)
    tools = {*tomllib.loads(fresh)["tool"], *REPLACED_TOOLS}
    for table in TABLE.finditer(own):
        name, content = table[1], table[0].rstrip() + "\n"
        same = re.search(rf"(?ms)^\[{re.escape(name)}\]$.*?(?=\n\[|\Z)", text)
        if name == "project.scripts" and same:
            text = text.replace(same[0], content, 1)
        elif name == "project.urls" or ("tool." in name and name.split(".")[1] not in tools):
            text += f"\n{content}"
    tomllib.loads(text)
    return text
