"""What the user does to a project in a random sequence: each method is an event of the fuzzer.

An edit is a line of bash, which the printed script repeats.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests import support
from tools.invariants import ANSWERS, application, is_sample

Draw = Callable[[st.SearchStrategy[Any]], Any]
DEPENDENCIES = ("attrs", "rich", "tenacity")
DATA = ("mine_{0}.csv", "mine_{0}.html", "templates_{0}/mine.html", "data_{0}/a/b.json")
"""Files that an application reads, relative to its folder."""
MODULES = ("helper_{0}.py", "pack_{0}/__init__.py")
"""Modules that it imports."""
TABLES = ("ruff", "uv", "mypy", "mine")
LATIN_1 = "# -*- coding: latin-1 -*-"


class Edits:
    """A project, and what its user does to it."""

    project: Path
    level: int
    script: list[str]
    number = 0

    def do(self, line: str) -> None:
        """Run a line of the script in the project."""
        self.script.append(line)
        support.run("bash", "-euc", line, cwd=self.project)

    def next(self) -> int:
        """Return a number that no other edit has."""
        self.number += 1
        return self.number

    def commit(self) -> None:
        """Commit everything."""
        self.do("git add --all && git commit --quiet --allow-empty --message=Step")

    def tracked(self) -> list[str]:
        """Return the project's files, sorted; the answers are Copier's."""
        return sorted({*support.git(self.project, "ls-files").splitlines()} - {ANSWERS})

    def template_files(self) -> dict[str, bytes]:
        """Return path -> content of a new project like this one."""
        raise NotImplementedError

    def managed_files(self) -> list[str]:
        """Return the template's files that the user still has, without sample code."""
        known = self.template_files()
        return [one for one in self.tracked() if one in known and not is_sample(one)]

    @property
    def code(self) -> str:
        """The application's path."""
        return application(self.level)

    @property
    def text(self) -> bytes:
        """The application, if it is where its level has it."""
        file = self.project / self.code
        return file.read_bytes() if file.is_file() else b""

    @property
    def root(self) -> str:
        """Where the application's modules are."""
        return "src/" if self.level >= 3 else ""

    # The application -----------------------------------------------------------------------------

    def edit_code(self, draw: Draw) -> None:
        """The user changes the application."""
        if self.text:
            where = draw(st.sampled_from(["/^import os\\r\\?$/i", "/^from fastapi/i", "$a"]))
            self.do(f"sed -i '{where}\\MINE_{self.next()} = {self.number}' {self.code}")
            self.commit()

    def add_module(self, draw: Draw) -> None:
        """The user adds a module that the application imports, and one that the module imports."""
        if self.text:
            module = draw(st.sampled_from(MODULES)).format(self.next())
            name = Path(module).parts[0].removesuffix(".py")
            self.do(
                f"mkdir -p ./{self.root}{Path(module).parent} && "
                f"echo 'import sibling_{self.number}' > {self.root}{module} && "
                f"echo 'WORDS = 1' > {self.root}sibling_{self.number}.py && "
                f"echo 'import {name}' >> {self.code}"
            )
            self.commit()

    def add_data(self, draw: Draw) -> None:
        """The user adds a file that the application reads."""
        if self.text:
            data = draw(st.sampled_from(DATA)).format(self.next())
            file = Path(self.code).parent / data
            first, *inner = Path(data).parts
            place = " / ".join(f"'{part}'" for part in [first, *inner])
            self.do(
                f"mkdir -p ./{file.parent.as_posix()} && echo mine > {file.as_posix()} && "
                f'echo "from pathlib import Path; TEXT_{self.number} = '
                f'(Path(__file__).parent / {place}).read_text()" >> {self.code}'
            )
            self.commit()

    def add_dependency(self, draw: Draw) -> None:
        """The user adds a dependency, with uv."""
        script = self.level < 3
        known = self.text and not self.is_latin_1 if script else "pyproject.toml" in self.tracked()
        if known:
            name = draw(st.sampled_from(DEPENDENCIES))
            self.do(f"uv add --quiet --frozen {'--script links.py ' if script else ''}{name}")
            self.commit()

    @property
    def is_latin_1(self) -> bool:
        """Whether the application is not in UTF-8."""
        return LATIN_1.encode() in self.text

    def to_crlf(self, draw: Draw) -> None:
        """An editor writes the application with CRLF."""
        del draw  # there is no choice
        if self.text:
            self.do(f"sed -i 's/\\r*$/\\r/' {self.code}")
            self.commit()

    def to_latin_1(self, draw: Draw) -> None:
        """The user writes the application in Latin-1."""
        del draw
        if self.text and not self.is_latin_1:
            self.do(f"sed -i '1i\\{LATIN_1}' {self.code} && printf '# \\351\\n' >> {self.code}")
            self.commit()

    def rename_application(self, draw: Draw) -> None:
        """The user calls the application something else."""
        del draw
        if self.text:
            self.do(f"git mv {self.code} {Path(self.code).parent / f'app_{self.next()}.py'}")
            self.commit()

    def add_header_table(self, draw: Draw) -> None:
        """The user writes settings of uv into the script's header."""
        del draw
        if b"\n# ///" in self.text and b"[tool." not in self.text:
            table = '# [tool.uv]\\n# exclude-newer = "2026-10-01T00:00:00Z"\\n'
            self.do(f"sed -i '0,/^# \\/\\/\\/\\r\\?$/s//{table}&/' {self.code}")
            self.commit()

    # Files of the template -----------------------------------------------------------------------

    def edit_managed_file(self, draw: Draw) -> None:
        """The user adds a line to a file of the template."""
        files = [one for one in self.managed_files() if not one.endswith(".json")]
        if files:
            file = draw(st.sampled_from(files))
            lines = len((self.project / file).read_text().splitlines())
            where = draw(st.sampled_from([1, max(lines // 2, 1), "$"]))
            self.do(f"sed -i '{where}a\\# Mine {self.next()}.' {shlex.quote(file)}")
            self.commit()

    def delete_line(self, draw: Draw) -> None:
        """The user deletes a line of a file of the template."""
        files = [one for one in self.managed_files() if one.endswith((".md", ".yml", ".py"))]
        if files:
            file = draw(st.sampled_from(files))
            lines = len((self.project / file).read_text().splitlines())
            self.do(f"sed -i '{draw(st.integers(1, lines))}d' {shlex.quote(file)}")
            self.commit()

    def append(self, draw: Draw) -> None:
        """The user writes below the template's part of a shared file."""
        file = draw(st.sampled_from(["README.md", ".gitignore", "pyproject.toml"]))
        if (self.project / file).is_file():
            text = "[tool.mine{}]" if file == "pyproject.toml" else "mine-{}"
            self.do(f"printf '\\n%s\\n' '{text.format(self.next())}' >> {file}")
            self.commit()

    def add_table(self, draw: Draw) -> None:
        """The user configures a tool in pyproject.toml."""
        file = self.project / "pyproject.toml"
        table = f"[tool.{draw(st.sampled_from(TABLES))}]"
        if file.is_file() and table not in file.read_text():
            self.do(f"printf '\\n%s\\n# Mine {self.next()}.\\n' '{table}' >> pyproject.toml")
            self.commit()

    def bump_action(self, draw: Draw) -> None:
        """A bot raises the pin of an action."""
        workflows = [one for one in self.tracked() if one.startswith(".github/workflows/_")]
        workflows = [one for one in workflows if one.endswith(".yml")]
        if workflows:
            pin = f"@{self.next():040x} # v99.0.{self.number}"
            file = draw(st.sampled_from(workflows))
            self.do(f"sed -i '0,/@[0-9a-f]\\{{40\\}} # v.*/s//{pin}/' {file}")
            self.commit()

    def delete(self, draw: Draw) -> None:
        """The user deletes a file."""
        files = [one for one in self.tracked() if one != "pyproject.toml"]
        if files:
            self.do(f"git rm --quiet -- {shlex.quote(draw(st.sampled_from(files)))}")
            self.commit()

    # Files of the user's -------------------------------------------------------------------------

    def add(self, draw: Draw) -> None:
        """The user adds a file."""
        folder = draw(st.sampled_from(["", "docs/", "tests/unit/", "ops/", ".github/workflows/"]))
        self.do(f"mkdir -p ./{folder} && echo {self.next()} > {folder}mine_{self.number}.txt")
        self.commit()

    def rename(self, draw: Draw) -> None:
        """The user renames a file that they added."""
        own = [one for one in self.tracked() if "mine_" in one and one.endswith(".txt")]
        if own:
            file = draw(st.sampled_from(own))
            self.do(f"git mv {file} {Path(file).with_suffix('')}_{self.next()}.txt")
            self.commit()
