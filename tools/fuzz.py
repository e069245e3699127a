"""Hunts for lives of a project in which one of the first three laws does not hold.

    python -m tools.fuzz --lives 300 --jobs 2

A life is a project that is edited, climbs, descends and gets new versions of the template, at
random. After every update the laws are checked against fresh projects and what stood there before;
a life that breaks one is printed as a script, to be replayed in a checkout of Ladder.
"""

from __future__ import annotations

import argparse
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import yaml
from copier import VcsRef, run_copy, run_update
from copier.errors import UserMessageError
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests import support

STEPS = 10
"""How many things happen in a life, at most."""
ANSWERS = ".copier-answers.yml"
TABLE = Path("extensions", "ladder.yml")
QUESTION = "{name}:\n  type: str\n  help: Which one?\n  default: usual\n  ask: false\n\n"
HEADER = re.compile(r"(?m)^# /// script\n(?:#(?: .*)?\n)+?# ///\n")
MARKERS = re.compile(rb"(?m)^(<<<<<<< before|>>>>>>> after) updating$")
FIXED = {"ops/app.service", "ops/systemd.py"}
"""Files of the road that a level drops: they are not moved to another."""
KINDS = {
    "service": ({}, {"always", "service", "container", "postgres"}),
    "wheel": ({"kind": "cli"}, {"always", "cli", "wheel", "postgres"}),
    "binary": ({"kind": "cli", "artifact": "binary"}, {"always", "cli", "binary", "postgres"}),
}
"""Kind of project -> what it answers, and what it has besides its level."""
DEPENDENCIES = ("attrs", "rich", "tenacity")

HEAD = """\
#!/usr/bin/env bash
# A life in which {problem}
# Run it in a checkout of Ladder, with its test group installed; the project is left in $life/links.
set -eu
export GIT_AUTHOR_NAME=Ladder GIT_AUTHOR_EMAIL=ladder@example.com
export GIT_COMMITTER_NAME=Ladder GIT_COMMITTER_EMAIL=ladder@example.com
ladder=$PWD
life=$(mktemp -d)
python -m tools.fuzz template "$life/ladder"
mkdir "$life/links"
cd "$life/links"
"""


# The template and its versions -------------------------------------------------------------------


def publish(source: Path, change: str, what: str, number: int) -> None:
    """Make a new version of a template: v1.NUMBER.0.

    Args:
        source: the template's repository.
        change: `edit`, `rename`, `remove`, `move` or `ask`.
        what: the file of the road that changes, the level behind a colon where it moves.
        number: which version.

    A renamed or moved file stays whose it was.
    """
    path, _, level = what.partition(":")
    file = source / "template" / path
    table = yaml.safe_load((source / TABLE).read_text())
    rows = [row for row in table["levels"] + table["additions"] if path in row.get("adds", {})]
    if change == "edit":
        lines = file.read_text().splitlines(keepends=True)
        middle = len(lines) // 2
        lines[middle:middle] = [f"# Version {number}.\n"]
        file.write_text("".join(lines))
    elif change == "ask":
        questions = source / "copier.yml"
        questions.write_text(QUESTION.format(name=f"choice{number}") + questions.read_text())
    elif change == "rename":
        new = file.with_name(f"v{number}-{file.name}")
        file.rename(new)
        name = new.relative_to(source / "template").as_posix()
        for row in rows:
            row["adds"][name] = row["adds"].pop(path)
    elif change == "remove":
        file.unlink()
        for row in rows:
            del row["adds"][path]
    elif change == "move":
        for row in rows:
            owner = row["adds"].pop(path)
        table["levels"][int(level)]["adds"][path] = owner
    (source / TABLE).write_text(yaml.safe_dump(table, sort_keys=False))
    support.commit_all(source, f"Version 1.{number}.0")
    support.git(source, "tag", f"v1.{number}.0")


def plain_road(source: Path, kind: str) -> list[str]:
    """Return the files of the road that such a project has as they stand in the template."""
    table = yaml.safe_load((source / TABLE).read_text())
    owners = [
        (path, owner)
        for row in table["levels"] + table["additions"]
        if row.get("when", "always") in KINDS[kind][1]
        for path, owner in row.get("adds", {}).items()
    ]
    return sorted(
        path
        for path, owner in owners
        if owner == "managed" and path not in FIXED and (source / "template" / path).is_file()
    )


def given(kind: str, level: int) -> dict[str, Any]:
    """Return what a project of a kind and level answers."""
    return {**support.ANSWERS, **KINDS[kind][0], "level": level}


def fresh(source: Path, version: str, kind: str, level: int) -> dict[str, bytes]:
    """Return path -> content of a new project of a kind and level."""
    commit = support.git(source, "rev-parse", f"{version}^{{tree}}").strip()
    key = (commit, kind, level)
    if key not in FRESH:
        with tempfile.TemporaryDirectory() as folder:
            run_copy(
                str(source),
                Path(folder, "links"),
                data=given(kind, level),
                vcs_ref=version,
                defaults=True,
                unsafe=True,
                quiet=True,
            )
            found = support.files(Path(folder, "links"))
        if wrong := set(found) ^ listed(source, version, kind, level):
            raise Lost(f"a fresh {kind} of level {level} and its table differ in {min(wrong)}")
        del found[ANSWERS]
        FRESH[key] = found
    return FRESH[key]


def listed(source: Path, version: str, kind: str, level: int) -> set[str]:
    """Return what a new project of a kind and level has, by the table alone."""
    table = yaml.safe_load(support.git(source, "show", f"{version}:{TABLE}"))
    found: set[str] = set()
    parts = [row for row in table["additions"] if row.get("when", "always") in KINDS[kind][1]]
    for row in sorted(table["levels"] + parts, key=lambda row: int(row["level"])):
        if row["level"] <= level:
            found = found - set(row.get("drops", ())) | set(row.get("adds", ()))
    return {path.format(package="links") for path in found}


FRESH: dict[tuple[str, str, int], dict[str, bytes]] = {}


# The laws ----------------------------------------------------------------------------------------


def is_code(path: str) -> bool:
    """Tell whether a path is the starter's: the user's from birth."""
    sample = path.startswith("tests/") and path.endswith("test_links.py")
    return path in {"links.py", "src/links/__init__.py"} or sample or "migrations/vers" in path


def moved(path: str, before: int, after: int) -> str:
    """Return where a module of the user's stands after an update between two levels."""
    if before < 3 <= after:
        return "src/links/__init__.py" if path == "links.py" else f"src/{path}"
    if after < 3 <= before:
        return "links.py" if path == "src/links/__init__.py" else path.removeprefix("src/")
    return path


def added(old: bytes, new: bytes) -> Counter[str]:
    """Return the lines that one text has and another has not, with how often."""
    mine, theirs = (Counter(text.decode().splitlines()) for text in (new, old))
    return mine - theirs


def missing(lines: Counter[str], text: bytes) -> list[str]:
    """Return which of these lines a text lacks."""
    return sorted((lines - Counter(text.decode().splitlines())).elements())


class Lost(AssertionError):
    """A law does not hold."""


def check(
    before: dict[str, bytes],
    after: dict[str, bytes],
    old: dict[str, bytes],
    new: dict[str, bytes],
    levels: tuple[int, int],
    unmerged: set[str],
) -> None:
    """Check the first three laws of an update.

    Args:
        before: what stood in the project.
        after: what stands there now.
        old: a fresh project of the level and version that it had.
        new: a fresh project of the level and version that it has.
        levels: the two levels.
        unmerged: what git lists as in conflict.

    Raises:
        Lost: says what does not hold.
    """
    for path in sorted({*before, *after, *old, *new} - {ANSWERS, "uv.lock"}):
        code = is_code(path)
        if path.endswith(".rej"):
            raise Lost(f"{path} is left of a merge")
        if code:
            continue
        if path in before and path not in old and path not in new:
            if after.get(path, after.get(moved(path, *levels))) != before[path]:
                raise Lost(f"{path} is the user's, and was changed")
        elif path not in before and path not in old and path not in new:
            if path not in {moved(one, *levels) for one in before}:
                raise Lost(f"{path} came from nowhere")
        elif path in old and path not in before:
            if path in after:
                raise Lost(f"{path} was deleted by the user, and is back")
        elif path in old and before[path] == old[path]:
            if after.get(path) != new.get(path) and not carried(path, before, after, new):
                raise Lost(f"{path} is not as in a fresh project")
        elif path in before:
            edited(path, before[path], after.get(path), old.get(path, b""), new.get(path), unmerged)
        elif after.get(path) != new[path] and not carried(path, before, after, new):
            raise Lost(f"{path} is not as in a fresh project")
    code_kept(before, after, old, levels)


def carried(
    path: str, before: dict[str, bytes], after: dict[str, bytes], new: dict[str, bytes]
) -> bool:
    """Tell whether pyproject.toml differs from a fresh one by dependencies of the user's alone."""
    if path != "pyproject.toml" or path not in after or path not in new:
        return False

    def without(text: bytes) -> bytes:
        return re.sub(rb"(?ms)(^    # Yours \(uv add\):\n).*?^\]", rb"\1]", text)

    return without(after[path]) == without(new[path])


def edited(
    path: str,
    mine: bytes,
    now: bytes | None,
    old: bytes,
    new: bytes | None,
    unmerged: set[str],
) -> None:
    """Check a file that user and template both have a say in.

    Raises:
        Lost: an edit of one of them is gone without a conflict.
    """
    if now is None:
        dependencies = path == "pyproject.toml" and new is None  # the script's header has them
        if not dependencies:
            raise Lost(f"{path} was edited by the user, and is gone")
        return
    if MARKERS.search(now):
        if path not in unmerged:
            raise Lost(f"{path} has markers of a conflict that git does not list")
        return
    if new is None:
        raise Lost(f"{path} is of the road no more, and was left behind")
    for whose, change in (("user", added(old, mine)), ("template", added(old, new))):
        common = added(old, mine) & added(old, new) if whose == "template" else Counter[str]()
        if lacking := missing(change - common, now):
            raise Lost(f"{path} lost the {whose}'s line {lacking[0]!r}")
    gone = added(mine, old) - added(old, new)
    kept = Counter(now.decode().splitlines()) & gone
    allowed = Counter(mine.decode().splitlines()) + Counter(new.decode().splitlines())
    allowed -= Counter(old.decode().splitlines())
    if back := +(kept - allowed - Counter(mine.decode().splitlines())):
        raise Lost(f"{path} has the line {next(iter(back))!r} again, which the user deleted")


def code_kept(
    before: dict[str, bytes],
    after: dict[str, bytes],
    old: dict[str, bytes],
    levels: tuple[int, int],
) -> None:
    """Check the application and the samples.

    Raises:
        Lost: a line of them changed, or one came back.
    """
    application = "src/links/__init__.py" if levels[0] >= 3 else "links.py"
    place = moved(application, *levels)
    mine, now = before.get(application), after.get(place)
    if mine is not None and now is None:
        raise Lost(f"{application} is gone")
    if mine is None and now is not None:
        raise Lost(f"{place} was deleted by the user, and is back")
    if mine is not None and now is not None and body(mine) != body(now):
        raise Lost(f"{application} was changed")
    for path in filter(is_code, {*before, *after} - {application, place}):
        if path in before and before[path] != old.get(path) and after.get(path) != before[path]:
            raise Lost(f"{path} is the user's, and was changed")
        if path in old and path not in before and path in after:
            raise Lost(f"{path} was deleted by the user, and is back")


def body(code: bytes) -> str:
    """Return a script without its header."""
    return HEADER.sub("", code.decode())


# Lives -------------------------------------------------------------------------------------------


Draw = Callable[[st.SearchStrategy[Any]], Any]
EVENTS = ["edit_code", "edit_road", "cut_road", "write_below", "delete", "add", "rename"]
EVENTS += ["add_module", "add_dependency", "bump", "publish", "upgrade", "upgrade"]
EVENTS += ["climb", "climb", "climb", "climb"]
"""What may happen, some of it more often."""


class Life(RuleBasedStateMachine):
    """A project and its template, and what happens to them."""

    source: ClassVar[Path | None] = None
    """The template's repository, by default as it stands in the working tree."""
    events: ClassVar[list[str]] = EVENTS
    count = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).count += 1
        self.folder = Path(tempfile.mkdtemp(prefix="ladder-life-")).resolve()
        self.template = shutil.copytree(self.source or support.template(), self.folder / "ladder")
        self.project = self.folder / "links"
        self.version = 0  # v1.0.0; the newest is as high as `published`
        self.published = 0
        self.kind, self.level = "service", 0
        self.number = 0
        self.script: list[str] = []

    def teardown(self) -> None:
        """Remove what a life leaves."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def do(self, line: str) -> None:
        """Do in the project what a line of the script says."""
        self.script.append(line)
        support.run("bash", "-euc", line, cwd=self.project)

    def next(self) -> int:
        """Return a number that no other edit has."""
        self.number += 1
        return self.number

    def commit(self) -> None:
        """Commit whatever stands there."""
        self.do("git add --all && git commit --quiet --allow-empty --message=Step")

    def tracked(self) -> list[str]:
        """Return the project's files, in a steady order."""
        return sorted(support.git(self.project, "ls-files").splitlines())

    def fresh(self, version: int, level: int) -> dict[str, bytes]:
        """Return path -> content of a new project of this kind."""
        try:
            return fresh(self.template, f"v1.{version}.0", self.kind, level)
        except Lost as problem:
            self.fail(str(problem))

    def road(self) -> list[str]:
        """Return the files that the template keeps current, as far as the user has them."""
        known = self.fresh(self.version, self.level)
        return [one for one in self.tracked() if one in known and not is_code(one)]

    # What happens --------------------------------------------------------------------------------

    @initialize(kind=st.sampled_from([*KINDS]), level=st.sampled_from(support.LEVELS))
    def born(self, kind: str, level: int) -> None:
        """A project begins."""
        self.kind, self.level = kind, level
        data = given(kind, level)
        options = " ".join(f"--data={key}={value}" for key, value in data.items())
        self.script.append(
            f'copier copy --quiet --trust --defaults --vcs-ref=v1.0.0 {options} "$life/ladder" .'
        )
        run_copy(
            str(self.template),
            self.project,
            data=data,
            vcs_ref="v1.0.0",
            defaults=True,
            unsafe=True,
            quiet=True,
        )
        found = support.files(self.project)
        for path, text in self.fresh(0, level).items():
            if found.get(path) != text:
                self.fail(f"two new projects differ in {path}")
        self.do("git init --quiet --initial-branch=main")
        self.do("echo '/private/' >> .git/info/exclude && mkdir private && echo 1 > private/data")
        self.commit()

    @rule(data=st.data())
    def happens(self, data: st.DataObject) -> None:
        """Something happens."""
        getattr(self, data.draw(st.sampled_from(self.events)))(data.draw)

    def edit_code(self, draw: Draw) -> None:
        """The user changes the application."""
        file = "src/links/__init__.py" if self.level >= 3 else "links.py"
        if (self.project / file).is_file():
            where = draw(st.sampled_from(["/^import os$/i", "/^from fastapi/i", "$a"]))
            self.do(f"sed -i '{where}\\MINE_{self.next()} = {self.number}' {file}")
            self.commit()

    def edit_road(self, draw: Draw) -> None:
        """The user changes a file that is the template's too."""
        files = [one for one in self.road() if not one.endswith(".json") and one != ANSWERS]
        if files:
            file = draw(st.sampled_from(files))
            lines = len((self.project / file).read_text().splitlines())
            where = draw(st.sampled_from([1, max(lines // 2, 1), "$"]))
            self.do(f"sed -i '{where}a\\# Mine {self.next()}.' {shlex.quote(file)}")
            self.commit()

    def cut_road(self, draw: Draw) -> None:
        """The user deletes a line of a file that is the template's too."""
        files = [one for one in self.road() if one.endswith((".md", ".yml", ".py"))]
        files = [one for one in files if one != ANSWERS]
        if files:
            file = draw(st.sampled_from(files))
            lines = len((self.project / file).read_text().splitlines())
            self.do(f"sed -i '{draw(st.integers(1, lines))}d' {shlex.quote(file)}")
            self.commit()

    def write_below(self, draw: Draw) -> None:
        """The user writes below the template's part."""
        file = draw(st.sampled_from(["README.md", ".gitignore", "pyproject.toml"]))
        if (self.project / file).is_file():
            text = "[tool.mine{}]" if file == "pyproject.toml" else "mine-{}"
            self.do(f"printf '\\n%s\\n' '{text.format(self.next())}' >> {file}")
            self.commit()

    def delete(self, draw: Draw) -> None:
        """The user deletes a file of anybody's."""
        files = [one for one in self.tracked() if one not in {ANSWERS, "pyproject.toml"}]
        if files:
            self.do(f"git rm --quiet -- {shlex.quote(draw(st.sampled_from(files)))}")
            self.commit()

    def add(self, draw: Draw) -> None:
        """The user adds a file of their own."""
        folder = draw(st.sampled_from(["", "docs/", "tests/unit/", "ops/", ".github/workflows/"]))
        self.do(f"mkdir -p ./{folder} && echo {self.next()} > {folder}mine_{self.number}.txt")
        self.commit()

    def rename(self, draw: Draw) -> None:
        """The user renames a file of their own."""
        own = [one for one in self.tracked() if "mine_" in one and one.endswith(".txt")]
        if own:
            file = draw(st.sampled_from(own))
            self.do(f"git mv {file} {Path(file).with_suffix('')}_{self.next()}.txt")
            self.commit()

    def add_module(self, draw: Draw) -> None:
        """The user adds a module that the application imports."""
        del draw  # there is no choice
        root = "src/" if self.level >= 3 else ""
        file = f"{root}links/__init__.py" if root else "links.py"
        if (self.project / file).is_file():
            self.do(f"echo 'WORDS = 1' > {root}helper_{self.next()}.py")
            self.do(f"echo 'import helper_{self.number}' >> {file}")
            self.commit()

    def add_dependency(self, draw: Draw) -> None:
        """The user asks for a package, with uv."""
        script = self.level < 3
        if (self.project / ("links.py" if script else "pyproject.toml")).is_file():
            name = draw(st.sampled_from(DEPENDENCIES))
            self.do(f"uv add --quiet --frozen {'--script links.py ' if script else ''}{name}")
            self.commit()

    def bump(self, draw: Draw) -> None:
        """A bot raises the pin of an action."""
        workflows = [one for one in self.tracked() if one.startswith(".github/workflows/_")]
        workflows = [one for one in workflows if one.endswith(".yml")]
        if workflows:
            pin = f"@{self.next():040x} # v99.0.{self.number}"
            file = draw(st.sampled_from(workflows))
            self.do(f"sed -i '0,/@[0-9a-f]\\{{40\\}} # v.*/s//{pin}/' {file}")
            self.commit()

    def publish(self, draw: Draw) -> None:
        """The template gets a new version."""
        change = draw(st.sampled_from(["edit", "edit", "rename", "remove", "move", "ask"]))
        what = draw(st.sampled_from(plain_road(self.template, self.kind)))
        if change == "move":
            what += f":{draw(st.sampled_from(support.LEVELS))}"
        self.published += 1
        words = f"{change} {shlex.quote(what)} {self.published}"
        self.script.append(f'(cd "$ladder" && python -m tools.fuzz publish "$life/ladder" {words})')
        publish(self.template, change, what, self.published)

    def climb(self, draw: Draw) -> None:
        """The project goes to another level."""
        self.update(draw(st.sampled_from(support.LEVELS)), VcsRef.CURRENT, self.version)

    def upgrade(self, draw: Draw) -> None:
        """The project takes the newest version of the template."""
        if self.published == self.version:
            self.publish(draw)
        self.update(self.level, None, self.published)

    # What must hold ------------------------------------------------------------------------------

    def update(self, level: int, reference: VcsRef | None, version: int) -> None:
        """Update the project, check the laws, and resolve what is in conflict."""
        old, new = self.fresh(self.version, self.level), self.fresh(version, level)
        before, answered = support.files(self.project), self.answers()
        options = "--quiet --trust --defaults --skip-answered"
        options += " --vcs-ref=:current:" if reference else ""
        data = given(self.kind, level)
        options += "".join(f" --data={key}={value}" for key, value in data.items())
        self.script.append(f"copier update {options} || true")
        try:
            run_update(
                self.project,
                data=data,
                vcs_ref=reference,
                skip_answered=True,
                defaults=True,
                overwrite=True,
                unsafe=True,
                quiet=True,
            )
        except UserMessageError as refusal:
            self.refused(str(refusal), before, old, new)
            return
        after = support.files(self.project)
        listed = support.git(self.project, "ls-files", "--unmerged").splitlines()
        unmerged = {line.partition("\t")[2] for line in listed}
        try:
            check(before, after, old, new, (self.level, level), unmerged)
            self.check_answers(answered, level, version)
        except Lost as problem:
            self.fail(str(problem))
        self.level, self.version = level, version
        for file in sorted(unmerged):
            self.do(f"git checkout --quiet --theirs -- {shlex.quote(file)}")
        self.commit()

    def answers(self) -> dict[str, Any]:
        """Return what the project has answered."""
        read = yaml.safe_load((self.project / ANSWERS).read_text())
        assert isinstance(read, dict)
        return read

    def check_answers(self, before: dict[str, Any], level: int, version: int) -> None:
        """Check that the answers tell what was asked for, and keep what was answered."""
        now = self.answers()
        wanted = {"level": level, "_commit": f"v1.{version}.0"}
        for key in ("project_name", "package", "kind"):
            wanted[key] = before[key]
        if level >= 2 and "owner" in before:
            wanted["owner"] = before["owner"]
        for key, value in wanted.items():
            if now.get(key) != value:
                raise Lost(f"{ANSWERS} says {key} is {now.get(key)!r}, and it is {value!r}")
        if (self.project / "private" / "data").read_text() != "1\n":
            raise Lost("private/data is not in git, and was changed")

    def refused(
        self,
        refusal: str,
        before: dict[str, bytes],
        old: dict[str, bytes],
        new: dict[str, bytes],
    ) -> None:
        """Check that a refusal has its reason, and changed nothing."""
        going = [
            one
            for one in old
            if one in before and one not in new and before[one] != old[one] and not is_code(one)
        ]
        if not any(one in refusal for one in going):
            self.fail(f"an update is refused without reason: {refusal}")
        if support.files(self.project) != before:
            self.fail("a refused update changed something")

    def fail(self, problem: str) -> NoReturn:
        """Report a life, as a script."""
        raise Lost(f"{problem}\n\n{self.story(problem)}")

    def story(self, problem: str) -> str:
        """Return the life as a script."""
        return HEAD.format(problem=problem) + "\n".join(self.script) + "\n"


def hunt(lives: int, number: int, steps: int = STEPS, life: type[Life] = Life) -> int:
    """Live some lives, and return how many.

    Args:
        lives: how many, at most.
        number: what the choices depend on; the same number gives the same lives.
        steps: how much happens in a life, at most.
        life: what lives.

    Raises:
        Lost: one of them broke a law.
    """
    chosen = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )

    @seed(number)
    class Seeded(life):  # type: ignore[misc, valid-type]
        """Lives of its own."""

    run_state_machine_as_test(Seeded, settings=chosen)
    return int(Seeded.count)


def main() -> None:
    """Hunt, or do what a printed script asks for."""
    if sys.argv[1:2] == ["template"]:
        shutil.copytree(support.template(), sys.argv[2])
        return
    if sys.argv[1:2] == ["publish"]:
        source, change, what, number = sys.argv[2:]
        publish(Path(source), change, what, int(number))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lives", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=1, help="processes that hunt")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    asked = parser.parse_args()
    if asked.jobs == 1:
        try:
            print(f"seed {asked.seed}: {hunt(asked.lives, asked.seed)} lives, none broke a law")
        except* Lost as found:
            sys.exit(f"seed {asked.seed}: {found.exceptions[0]}")
        return
    share = -(-asked.lives // asked.jobs)
    support.template()  # the same for all
    command = [sys.executable, "-m", "tools.fuzz", f"--lives={share}"]
    hunters = [
        subprocess.Popen([*command, f"--seed={asked.seed + job}"]) for job in range(asked.jobs)
    ]
    sys.exit(max(hunter.wait() for hunter in hunters))


if __name__ == "__main__":
    main()
