"""Runs random update sequences on a project and checks the first three invariants after each.

    python -m tools.fuzz --sequences 300 --jobs 2

A sequence edits a project, climbs, descends and takes new versions of the template, in random
order. A sequence that violates an invariant is printed as a script, to be run again in a checkout.
"""

from __future__ import annotations

import argparse
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import yaml
from copier import VcsRef
from copier.errors import UserMessageError
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests import support, template_versions, variants
from tools.invariants import ANSWERS, Update, Violation, is_sample

STEPS = 10
"""Steps in a sequence, at most."""
DROPPED_LATER = {"ops/app.service", "ops/systemd.py"}
"""Managed files that a level drops: they cannot be moved to another level."""
CAPABILITIES = {
    "service": {"always", "service", "container", "postgres"},
    "wheel": {"always", "cli", "wheel", "postgres"},
    "binary": {"always", "cli", "binary", "postgres"},
}
"""Variant -> the capabilities that it has besides those of its level."""
DEPENDENCIES = ("attrs", "rich", "tenacity")

SCRIPT_HEAD = """\
#!/usr/bin/env bash
# An update sequence in which {problem}
# Run it in a checkout of Ladder, with its test group installed; the project is left in $run/links.
set -eu
export GIT_AUTHOR_NAME=Ladder GIT_AUTHOR_EMAIL=ladder@example.com
export GIT_COMMITTER_NAME=Ladder GIT_COMMITTER_EMAIL=ladder@example.com
ladder=$PWD
run=$(mktemp -d)
python -m tools.fuzz template "$run/ladder"
mkdir "$run/links"
cd "$run/links"
"""


# The template and its versions -------------------------------------------------------------------


def publish(template: Path, change: str, what: str, number: int) -> None:
    """Make a new version of a template: v1.NUMBER.0.

    Args:
        template: its repository.
        change: `edit`, `rename`, `remove`, `move` or `ask`.
        what: the managed file that changes; `FILE:LEVEL` where it moves.
        number: which version.
    """
    path, _, level = what.partition(":")
    file = template / "template" / path
    if change == "edit":
        lines = file.read_text().splitlines(keepends=True)
        lines.insert(len(lines) // 2, f"# Version {number}.\n")
        file.write_text("".join(lines))
    elif change == "ask":
        template_versions.ask(template, f"choice{number}", "usual")
    elif change == "rename":
        template_versions.rename(
            template, path, str(Path(path).with_name(f"v{number}-{file.name}"))
        )
    elif change == "remove":
        template_versions.remove(template, path)
    elif change == "move":
        template_versions.move(template, path, int(level))
    template_versions.publish(template, f"1.{number}.0")


def plain_managed_files(template: Path, variant: str) -> list[str]:
    """Return the managed files that a variant gets exactly as they are in the template."""
    table = template_versions.read_table(template)
    return sorted(
        path
        for entry in template_versions.entries(table)
        if entry.get("when", "always") in CAPABILITIES[variant]
        for path, owner in entry.get("adds", {}).items()
        if owner == "managed"
        and path not in DROPPED_LATER
        and (template / "template" / path).is_file()
    )


def answers(variant: str, level: int) -> dict[str, Any]:
    """Return what a project of a variant and level answers."""
    return {**support.ANSWERS, **variants.answers(variant), "level": level}


def options(variant: str, level: int) -> str:
    """Return the same as options of Copier's command line."""
    return " ".join(f"--data={key}={value}" for key, value in answers(variant, level).items())


FRESH: dict[tuple[str, str, int], dict[str, bytes]] = {}


def fresh_files(template: Path, version: str, variant: str, level: int) -> dict[str, bytes]:
    """Return path -> content of a new project, without its answers; rendered once.

    Raises:
        Violation: the project has not the files that the table lists.
    """
    key = (support.git(template, "rev-parse", f"{version}^{{tree}}").strip(), variant, level)
    if key not in FRESH:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder, "links")
            support.copy(project, source=template, version=version, **answers(variant, level))
            found = support.files(project)
        if wrong := set(found) ^ listed_files(template, version, variant, level):
            raise Violation(f"a new {variant} of level {level} and its table differ: {min(wrong)}")
        del found[ANSWERS]
        FRESH[key] = found
    return FRESH[key]


def listed_files(template: Path, version: str, variant: str, level: int) -> set[str]:
    """Return the files of a new project by the table alone."""
    table = yaml.safe_load(support.git(template, "show", f"{version}:{template_versions.TABLE}"))
    found: set[str] = set()
    for entry in sorted(template_versions.entries(table), key=lambda entry: int(entry["level"])):
        has = entry.get("when", "always") in CAPABILITIES[variant]
        if has and entry["level"] <= level:
            found = found - set(entry.get("drops", ())) | set(entry.get("adds", ()))
    return {path.format(package="links") for path in found}


# Sequences ---------------------------------------------------------------------------------------


Draw = Callable[[st.SearchStrategy[Any]], Any]
EVENTS = [
    *["edit_code", "edit_managed_file", "delete_line", "append", "delete", "add", "rename"],
    *["add_module", "add_dependency", "bump_action", "publish", "upgrade", "upgrade"],
    *["climb", "climb", "climb", "climb"],
]
"""What may happen; what is listed more often happens more often."""


class Sequence(RuleBasedStateMachine):
    """A project, its template, and what happens to them."""

    source: ClassVar[Path | None] = None
    """The template's repository; None for the working tree's."""
    events: ClassVar[list[str]] = EVENTS
    count = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).count += 1
        self.folder = Path(tempfile.mkdtemp(prefix="ladder-fuzz-")).resolve()
        self.template = shutil.copytree(self.source or support.template(), self.folder / "ladder")
        self.project = self.folder / "links"
        self.version = 0  # the project's: v1.0.0
        self.published = 0  # the newest: v1.0.0
        self.variant, self.level = "service", 0
        self.number = 0
        self.script: list[str] = []

    def teardown(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

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

    def fresh(self, version: int, level: int) -> dict[str, bytes]:
        """Return path -> content of a new project of this variant."""
        try:
            return fresh_files(self.template, f"v1.{version}.0", self.variant, level)
        except Violation as violation:
            self.fail(str(violation))

    def managed_files(self) -> list[str]:
        """Return the template's files that the user still has, without sample code."""
        known = self.fresh(self.version, self.level)
        return [one for one in self.tracked() if one in known and not is_sample(one)]

    @property
    def code(self) -> str:
        """The application's path."""
        return "src/links/__init__.py" if self.level >= 3 else "links.py"

    # What happens --------------------------------------------------------------------------------

    @initialize(variant=st.sampled_from(variants.NAMES), level=st.sampled_from(support.LEVELS))
    def create(self, variant: str, level: int) -> None:
        """A project is made."""
        self.variant, self.level = variant, level
        self.script.append(
            "copier copy --quiet --trust --defaults --vcs-ref=v1.0.0 "
            f'{options(variant, level)} "$run/ladder" .'
        )
        support.copy(
            self.project, source=self.template, version="v1.0.0", **answers(variant, level)
        )
        found = support.files(self.project)
        for path, text in self.fresh(0, level).items():
            if found.get(path) != text:
                self.fail(f"two new projects differ in {path}")
        self.do("git init --quiet --initial-branch=main")
        self.do("echo '/private/' >> .git/info/exclude && mkdir private && echo 1 > private/data")
        self.commit()

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One of the events happens."""
        getattr(self, data.draw(st.sampled_from(self.events)))(data.draw)

    def edit_code(self, draw: Draw) -> None:
        """The user changes the application."""
        if (self.project / self.code).is_file():
            where = draw(st.sampled_from(["/^import os$/i", "/^from fastapi/i", "$a"]))
            self.do(f"sed -i '{where}\\MINE_{self.next()} = {self.number}' {self.code}")
            self.commit()

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

    def delete(self, draw: Draw) -> None:
        """The user deletes a file."""
        files = [one for one in self.tracked() if one != "pyproject.toml"]
        if files:
            self.do(f"git rm --quiet -- {shlex.quote(draw(st.sampled_from(files)))}")
            self.commit()

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

    def add_module(self, draw: Draw) -> None:
        """The user adds a module that the application imports."""
        del draw  # there is no choice
        if (self.project / self.code).is_file():
            root = "src/" if self.level >= 3 else ""
            self.do(f"echo 'WORDS = 1' > {root}helper_{self.next()}.py")
            self.do(f"echo 'import helper_{self.number}' >> {self.code}")
            self.commit()

    def add_dependency(self, draw: Draw) -> None:
        """The user adds a dependency, with uv."""
        script = self.level < 3
        if (self.project / ("links.py" if script else "pyproject.toml")).is_file():
            name = draw(st.sampled_from(DEPENDENCIES))
            self.do(f"uv add --quiet --frozen {'--script links.py ' if script else ''}{name}")
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

    def publish(self, draw: Draw) -> None:
        """The template gets a new version."""
        change = draw(st.sampled_from(["edit", "edit", "rename", "remove", "move", "ask"]))
        what = draw(st.sampled_from(plain_managed_files(self.template, self.variant)))
        if change == "move":
            what += f":{draw(st.sampled_from(support.LEVELS))}"
        self.published += 1
        words = f"{change} {shlex.quote(what)} {self.published}"
        self.script.append(f'(cd "$ladder" && python -m tools.fuzz publish "$run/ladder" {words})')
        publish(self.template, change, what, self.published)

    def climb(self, draw: Draw) -> None:
        """The project climbs or descends to a level."""
        self.update(draw(st.sampled_from(support.LEVELS)), VcsRef.CURRENT, self.version)

    def upgrade(self, draw: Draw) -> None:
        """The project takes the newest version of the template."""
        if self.published == self.version:
            self.publish(draw)
        self.update(self.level, None, self.published)

    # What must hold ------------------------------------------------------------------------------

    def update(self, level: int, reference: VcsRef | None, version: int) -> None:
        """Update the project, check the invariants, and resolve the conflicts."""
        old, new = self.fresh(self.version, self.level), self.fresh(version, level)
        before, recorded = support.files(self.project), support.answers(self.project)
        current = "--vcs-ref=:current: " if reference else ""
        self.script.append(
            f"copier update --quiet --trust --defaults --skip-answered {current}"
            f"{options(self.variant, level)} || true"
        )
        try:
            support.update(self.project, version=reference, **answers(self.variant, level))
        except UserMessageError as refusal:
            self.check_refusal(str(refusal), before, old, new)
            return
        conflicts = support.git(self.project, "ls-files", "--unmerged").splitlines()
        unmerged = {line.partition("\t")[2] for line in conflicts}
        after = support.files(self.project)
        try:
            Update(before, after, old, new, (self.level, level), unmerged).check()
            self.check_answers(recorded, level, version)
        except Violation as violation:
            self.fail(str(violation))
        self.level, self.version = level, version
        for file in sorted(unmerged):
            self.do(f"git checkout --quiet --theirs -- {shlex.quote(file)}")
        self.commit()

    def check_answers(self, before: dict[str, Any], level: int, version: int) -> None:
        """Check that the recorded answers are those given, and that ignored files are untouched.

        Raises:
            Violation: they are not.
        """
        now = support.answers(self.project)
        wanted = {"level": level, "_commit": f"v1.{version}.0"}
        kept = ["project_name", "package", "kind"]
        kept += ["owner"] if level >= 2 and "owner" in before else []
        for key, value in {**wanted, **{key: before[key] for key in kept}}.items():
            if now.get(key) != value:
                raise Violation(f"{ANSWERS} records {key}: {now.get(key)!r} instead of {value!r}")
        if (self.project / "private" / "data").read_text() != "1\n":
            raise Violation("private/data is ignored by git, and was changed")

    def check_refusal(
        self,
        refusal: str,
        before: dict[str, bytes],
        old: dict[str, bytes],
        new: dict[str, bytes],
    ) -> None:
        """Check that a refusal names an edited file that would go, and that nothing changed."""
        edited = [
            path
            for path in old
            if path in before and path not in new and before[path] != old[path]
            if not is_sample(path)
        ]
        if not any(path in refusal for path in edited):
            self.fail(f"an update is refused without reason: {refusal}")
        if support.files(self.project) != before:
            self.fail("a refused update changed something")

    def fail(self, problem: str) -> NoReturn:
        """Report a violation, with the script."""
        raise Violation(f"{problem}\n\n{self.as_script(problem)}")

    def as_script(self, problem: str) -> str:
        """Return the sequence as a script."""
        return SCRIPT_HEAD.format(problem=problem) + "\n".join(self.script) + "\n"


def run(
    sequences: int, number: int, steps: int = STEPS, sequence: type[Sequence] = Sequence
) -> int:
    """Run random sequences, and return how many ran.

    Args:
        sequences: how many, at most.
        number: the seed; the same number gives the same sequences.
        steps: steps in a sequence, at most.
        sequence: what runs.

    Raises:
        Violation: one of them violated an invariant.
    """
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )

    @seed(number)
    class Seeded(sequence):  # type: ignore[misc, valid-type]
        """Hypothesis keeps the seed on the class."""

    run_state_machine_as_test(Seeded, settings=chosen)
    return int(Seeded.count)


def main() -> None:
    """Fuzz, or do what a printed script asks for."""
    if sys.argv[1:2] == ["template"]:
        shutil.copytree(support.template(), sys.argv[2])
        return
    if sys.argv[1:2] == ["publish"]:
        template, change, what, number = sys.argv[2:]
        publish(Path(template), change, what, int(number))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sequences", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    asked = parser.parse_args()
    if asked.jobs == 1:
        try:
            ran = run(asked.sequences, asked.seed)
        except* Violation as found:
            sys.exit(f"seed {asked.seed}: {found.exceptions[0]}")
        print(f"seed {asked.seed}: {ran} sequences, no violation")
        return
    share = -(-asked.sequences // asked.jobs)
    support.template()  # the same for all
    command = [sys.executable, "-m", "tools.fuzz", f"--sequences={share}"]
    processes = [
        subprocess.Popen([*command, f"--seed={asked.seed + job}"]) for job in range(asked.jobs)
    ]
    sys.exit(max(process.wait() for process in processes))


if __name__ == "__main__":
    main()
