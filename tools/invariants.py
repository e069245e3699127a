"""Checks the first three invariants of one update, by comparing files: used by the fuzzer."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from extensions.pyproject import without_own_dependencies
from tests import options

ANSWERS = ".copier-answers.yml"
HEADER = re.compile(rb"(?m)^# /// script\r?\n(?:#(?: .*)?\r?\n)+?# ///\r?\n")
READS = re.compile(rb"parent / '([^']+)'")
IMPORTS = re.compile(rb"(?m)^import (\w+)")
MARKERS = re.compile(rb"(?m)^(<<<<<<< before|>>>>>>> after) updating$")
WRITE_ONCE = {
    ".github/CODEOWNERS",
    "CHANGELOG.md",
    "LICENSE",
    "ops/app.env.example",
    "ops/production.toml",
    "ops/staging.toml",
}
"""Files that no update changes once they are written."""
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
            if path in WRITE_ONCE:
                self.check_write_once(path)
            elif not is_sample(path):
                self.check_file(path)
        self.check_pyproject()
        self.check_application()
        self.check_needs()
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

    def check_write_once(self, path: str) -> None:
        """Check a file that only its first update writes.

        Raises:
            Violation: it changed, came back, or was not written.
        """
        mine, now, old, new = (files.get(path) for files in self.all_files)
        wanted = new if mine is None and old is None else mine
        if now != wanted:
            raise Violation(f"{path} is written once, and an update changed it")

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
            if not any(path in places(one, *self.levels) for one in self.before):
                raise Violation(f"{path} is neither the user's nor the template's")
        elif self.before[path] not in map(self.after.get, places(path, *self.levels)):
            raise Violation(f"{path} is the user's, and was changed")

    def differs_by_dependencies(self, path: str) -> bool:
        """Tell whether pyproject.toml differs from a fresh one by the user's dependencies alone."""
        if path != "pyproject.toml" or path not in self.after or path not in self.new:
            return False
        own, fresh = (
            without_own_dependencies(one[path].decode()) for one in (self.after, self.new)
        )
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

    def check_pyproject(self) -> None:
        """Check that pyproject.toml can be read, or is in conflict.

        Raises:
            Violation: it is neither.
        """
        path = "pyproject.toml"
        if path in self.after and path not in self.unmerged:
            try:
                tomllib.loads(self.after[path].decode())
            except tomllib.TOMLDecodeError as error:
                raise Violation(f"{path} cannot be read: {error}") from error

    def check_application(self) -> None:
        """Check that the application is where its level has it, and is the same.

        Raises:
            Violation: it is not.
        """
        source, target = (application(level) for level in self.levels)
        mine, now = self.before.get(source), self.after.get(target)
        if mine is not None and now is None:
            raise Violation(f"{source} is gone")
        if mine is None and now is not None:
            raise Violation(f"{target} was deleted by the user, and is back")
        if mine is None or now is None or body(mine) == body(now):
            return
        untouched = with_lf(body(mine)) == body(self.old[source])
        is_sample_still = with_lf(body(now)) == body(self.new[target])
        same_ends = (b"\r\n" in mine) == (b"\r\n" in now)
        if not (untouched and is_sample_still and same_ends):
            raise Violation(f"{source} was changed")

    def check_needs(self) -> None:
        """Check that the application finds the files that it reads, and its modules.

        Raises:
            Violation: one is not where the application looks for it.
        """
        source, target = (application(level) for level in self.levels)
        if source not in self.before:
            return
        folders = [path.rpartition("/")[0] for path in (source, target)]
        roots = ["src" if level >= 3 else "" for level in self.levels]
        for pattern, (old, new) in ((READS, folders), (IMPORTS, roots)):
            for name in self.needed(pattern):
                had, has = below(self.before, old, name), below(self.after, new, name)
                if not had <= has:
                    raise Violation(f"{target} needs {min(had - has)}, which is not in {new}/")

    def needed(self, pattern: re.Pattern[bytes]) -> set[str]:
        """Return what the application and the user's other modules read or import."""
        source = application(self.levels[0])
        modules = [source, *(path for path in self.before if is_own_module(path))]
        return {name.decode() for path in modules for name in pattern.findall(self.before[path])}

    def check_samples(self) -> None:
        """Check the rest of the sample code.

        Raises:
            Violation: an edited file changed, or a deleted one came back.
        """
        applications = {application(0), application(8)}
        for path in filter(is_sample, {*self.before, *self.after} - applications):
            mine, now, old, _ = (files.get(path) for files in self.all_files)
            if mine is not None and mine != old and now != mine:
                raise Violation(f"{path} is the user's, and was changed")
            if old is not None and mine is None and now is not None:
                raise Violation(f"{path} was deleted by the user, and is back")


def is_sample(path: str) -> bool:
    """Tell whether a path is sample code or a sample test."""
    sample_test = path.startswith("tests/") and path.endswith("test_links.py")
    optional = path in options.SAMPLE  # among them the application
    return optional or sample_test or path.startswith("migrations/versions/")


def is_own_module(path: str) -> bool:
    """Tell whether the fuzzer wrote this module for the application."""
    return bool(re.match(r"(src/)?(helper|pack|sibling)_\d+(/.*)?\.?\w*$", path))


def application(level: int) -> str:
    """Return the application's path at a level."""
    return "src/links/__init__.py" if level >= 3 else "links.py"


def below(files: Files, folder: str, name: str) -> set[str]:
    """Return the files that a name in a folder stands for, relative to the folder.

    Args:
        files: the project's.
        folder: where the name is looked up.
        name: a file's, a folder's or a module's.
    """
    start = f"{folder}/" if folder else ""
    inner = {path.removeprefix(start) for path in files if path.startswith(start)}
    return {path for path in inner if path in {name, f"{name}.py"} or path.startswith(f"{name}/")}


def places(path: str, before: int, after: int) -> set[str]:
    """Return where a file of the user's may be after an update between two levels."""
    found = {path, moved(path, before, after)}
    if before < 3 <= after:
        found.add(f"src/links/{path}")
    elif after < 3 <= before:
        found.add(path.removeprefix("src/links/"))
    return found


def moved(path: str, before: int, after: int) -> str:
    """Return where a module of the user's is after an update between two levels."""
    if before < 3 <= after:
        return application(after) if path == application(before) else f"src/{path}"
    if after < 3 <= before:
        return application(after) if path == application(before) else path.removeprefix("src/")
    return path


def lines(text: bytes) -> Counter[str]:
    """Return the lines of a text, with how often."""
    return Counter(text.decode(errors="surrogateescape").splitlines())


def added(old: bytes, new: bytes) -> Counter[str]:
    """Return the lines that the new text has and the old has not, with how often."""
    return lines(new) - lines(old)


def body(code: bytes) -> bytes:
    """Return a script without its header."""
    return HEADER.sub(b"", code)


def with_lf(text: bytes) -> bytes:
    """Return a text with the line ends that the template has."""
    return text.replace(b"\r\n", b"\n")
