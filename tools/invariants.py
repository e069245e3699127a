"""Checks the first three invariants of one update, by comparing files: used by the fuzzer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

ANSWERS = ".copier-answers.yml"
HEADER = re.compile(r"(?m)^# /// script\n(?:#(?: .*)?\n)+?# ///\n")
MARKERS = re.compile(rb"(?m)^(<<<<<<< before|>>>>>>> after) updating$")
OWN_DEPENDENCIES = re.compile(rb"(?ms)(^    # Yours \(uv add\):\n).*?^\]")
Files = Mapping[str, bytes]


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True)
class Update:
    """The files of a project before and after an update, and of fresh projects to compare with."""

    before: Files
    after: Files
    old: Files
    """A fresh project of the level and version that the project had."""
    new: Files
    """A fresh project of the level and version that the project has."""
    levels: tuple[int, int]
    unmerged: set[str]
    """What git lists as in conflict."""

    def check(self) -> None:
        """Check every file.

        Raises:
            Violation: says what does not hold.
        """
        paths = {*self.before, *self.after, *self.old, *self.new} - {ANSWERS, "uv.lock"}
        for path in sorted(paths):
            if path.endswith(".rej"):
                raise Violation(f"{path} is left of a merge")
            if not is_sample(path):
                self.check_file(path)
        self.check_application()
        self.check_samples()

    def check_file(self, path: str) -> None:
        """Check a file that is not sample code.

        Raises:
            Violation: says what does not hold.
        """
        mine, now, old, new = (files.get(path) for files in self.all_files)
        if old is None and new is None:
            self.check_own_file(path)
        elif old is not None and mine is None:
            if now is not None:
                raise Violation(f"{path} was deleted by the user, and is back")
        elif mine is None or mine == old:
            if now != new and not self.differs_by_dependencies(path):
                raise Violation(f"{path} is not as in a fresh project")
        else:
            self.check_merge(path, mine, now, old or b"", new)

    @property
    def all_files(self) -> tuple[Files, Files, Files, Files]:
        """The files of all four projects."""
        return self.before, self.after, self.old, self.new

    def check_own_file(self, path: str) -> None:
        """Check a file that the template never had.

        Raises:
            Violation: it changed, or appeared.
        """
        if path not in self.before:
            if path not in {moved(one, *self.levels) for one in self.before}:
                raise Violation(f"{path} is neither the user's nor the template's")
        elif self.after.get(path, self.after.get(moved(path, *self.levels))) != self.before[path]:
            raise Violation(f"{path} is the user's, and was changed")

    def differs_by_dependencies(self, path: str) -> bool:
        """Tell whether pyproject.toml differs from a fresh one by the user's dependencies alone."""
        if path != "pyproject.toml" or path not in self.after or path not in self.new:
            return False
        own, fresh = (OWN_DEPENDENCIES.sub(rb"\1]", one[path]) for one in (self.after, self.new))
        return own == fresh

    def check_merge(
        self, path: str, mine: bytes, now: bytes | None, old: bytes, new: bytes | None
    ) -> None:
        """Check a file that both the user and the template may have changed.

        Raises:
            Violation: a change of one of them is gone without a conflict.
        """
        if now is None:
            if path != "pyproject.toml" or new is not None:  # the script's header has its content
                raise Violation(f"{path} was edited by the user, and is gone")
            return
        if MARKERS.search(now):
            if path not in self.unmerged:
                raise Violation(f"{path} has conflict markers, and git lists no conflict")
            return
        if new is None:
            raise Violation(f"{path} is gone from the template, and was left behind")
        own, theirs = added(old, mine), added(old, new)
        for who, change in (("user", own), ("template", theirs - (own & theirs))):
            if lacking := sorted((change - lines(now)).elements()):
                raise Violation(f"{path} lost the {who}'s line {lacking[0]!r}")
        deleted = added(mine, old) - added(old, new)
        allowed = lines(mine) + lines(new) - lines(old)
        if back := (lines(now) & deleted) - allowed - lines(mine):
            raise Violation(f"{path} has the line {next(iter(back))!r} again, which was deleted")

    def check_application(self) -> None:
        """Check that the application is where its level has it, and is the same.

        Raises:
            Violation: it is not.
        """
        source = "src/links/__init__.py" if self.levels[0] >= 3 else "links.py"
        target = moved(source, *self.levels)
        mine, now = self.before.get(source), self.after.get(target)
        if mine is not None and now is None:
            raise Violation(f"{source} is gone")
        if mine is None and now is not None:
            raise Violation(f"{target} was deleted by the user, and is back")
        if mine is not None and now is not None and body(mine) != body(now):
            raise Violation(f"{source} was changed")

    def check_samples(self) -> None:
        """Check the rest of the sample code.

        Raises:
            Violation: an edited file changed, or a deleted one came back.
        """
        application = {"links.py", "src/links/__init__.py"}
        for path in filter(is_sample, {*self.before, *self.after} - application):
            mine, now, old, _ = (files.get(path) for files in self.all_files)
            if mine is not None and mine != old and now != mine:
                raise Violation(f"{path} is the user's, and was changed")
            if old is not None and mine is None and now is not None:
                raise Violation(f"{path} was deleted by the user, and is back")


def is_sample(path: str) -> bool:
    """Tell whether a path is sample code or a sample test."""
    sample_test = path.startswith("tests/") and path.endswith("test_links.py")
    application = path in {"links.py", "src/links/__init__.py"}
    return application or sample_test or path.startswith("migrations/versions/")


def moved(path: str, before: int, after: int) -> str:
    """Return where a module of the user's is after an update between two levels."""
    if before < 3 <= after:
        return "src/links/__init__.py" if path == "links.py" else f"src/{path}"
    if after < 3 <= before:
        return "links.py" if path == "src/links/__init__.py" else path.removeprefix("src/")
    return path


def lines(text: bytes) -> Counter[str]:
    """Return the lines of a text, with how often."""
    return Counter(text.decode().splitlines())


def added(old: bytes, new: bytes) -> Counter[str]:
    """Return the lines that the new text has and the old has not, with how often."""
    return lines(new) - lines(old)


def body(code: bytes) -> str:
    """Return a script without its header."""
    return HEADER.sub("", code.decode())
