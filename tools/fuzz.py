"""Runs random update sequences on a project and checks the first three invariants after each.

    python -m tools.fuzz --sequences 300 --jobs 2

A sequence edits a project (tools/fuzz_edits.py), climbs, descends, changes options, takes new
versions of the template and provokes refusals, in random order. A sequence that violates an
invariant is printed as a script, to be run again in a checkout.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pexpect
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

from tests import options, support, template_versions, variants
from tools.fuzz_edits import Draw, Edits
from tools.invariants import ANSWERS, Update, Violation, is_sample

STEPS = 10
"""Steps in a sequence, at most."""
DROPPED_LATER = {"ops/app.service", "ops/systemd.py"}
"""Managed files that a level drops: they cannot be moved to another level."""
CAPABILITIES = {
    "service": {"always", "service", "container", "backing", "postgres"},
    "wheel": {"always", "cli", "wheel", "backing", "postgres"},
    "binary": {"always", "cli", "binary", "backing", "postgres"},
}
"""Variant -> the capabilities that it has besides those of its level, without options."""
NO_OPTIONS: Mapping[str, Any] = {
    "feature_flags": False,
    "live_dangerously": False,
    "backing_services": ["postgres"],
    "dependents": [],
}
OPTIONS: list[Mapping[str, Any]] = [
    NO_OPTIONS,
    *({**NO_OPTIONS, **one} for one in (*options.COMBINATIONS.values(), options.EVERYTHING)),
]
"""What a service may choose."""
LICENSES = ("MIT", "MIT", "Apache-2.0", "Proprietary", "Other")
WRONG = (
    ("level", 9),
    ("package", "1x"),
    ("kind", "job"),
    ("project_name", "-"),
    ("dependents", "catalog"),
    ("license", "GPL"),
)
"""Answers that are refused at every level."""

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


def answers(variant: str, level: int, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a project of a variant and level answers, with the options it chose."""
    return {**support.ANSWERS, **variants.answers(variant), **chosen, "level": level}


def as_options(given: Mapping[str, Any]) -> str:
    """Return answers as options of Copier's command line."""
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in given.items()}
    return " ".join(f"--data={shlex.quote(f'{key}={text}')}" for key, text in texts.items())


def capabilities(given: Mapping[str, Any]) -> set[str]:
    """Return the capabilities that answers bring, besides those of the level."""
    variant = "service" if given.get("kind") != "cli" else given["artifact"]
    found = set(CAPABILITIES[variant])
    if variant == "service":
        found = found - {"postgres"} | set(given["backing_services"])
        found |= {"feature_flags"} if given["feature_flags"] else set()
        found |= {"components"} if given["dependents"] else set()
    return found | ({"own_license"} if given.get("license") == "Other" else set())


FRESH: dict[tuple[str, str], dict[str, bytes]] = {}


def fresh_files(template: Path, version: str, given: Mapping[str, Any]) -> dict[str, bytes]:
    """Return path -> content of a new project, without its answers; rendered once.

    Raises:
        Violation: the project has not the files that the table lists.
    """
    key = (support.git(template, "rev-parse", f"{version}^{{tree}}").strip(), as_options(given))
    if key not in FRESH:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder, "links")
            support.copy(project, source=template, version=version, **given)
            found = support.files(project)
        if wrong := set(found) ^ listed_files(template, version, given):
            raise Violation(f"a new project and its table differ: {min(wrong)}")
        del found[ANSWERS]
        FRESH[key] = found
    return FRESH[key]


def listed_files(template: Path, version: str, given: Mapping[str, Any]) -> set[str]:
    """Return the files of a new project by the table alone."""
    table = yaml.safe_load(support.git(template, "show", f"{version}:{template_versions.TABLE}"))
    has = capabilities(given)
    found: set[str] = set()
    for entry in sorted(template_versions.entries(table), key=lambda entry: int(entry["level"])):
        if entry.get("when", "always") in has and entry["level"] <= given["level"]:
            found = found - set(entry.get("drops", ())) | set(entry.get("adds", ()))
    return {path.format(package="links") for path in found}


def interrupt(project: Path, level: int, answered: int) -> None:
    """Start an update at a terminal, answer some questions, and press Ctrl-C.

    Args:
        project: what is updated.
        level: the level to go to.
        answered: how many questions are answered.
    """
    arguments = [
        "-m",
        "copier",
        "update",
        "--trust",
        "--vcs-ref=:current:",
        f"--data=level={level}",
    ]
    copier = pexpect.spawn(sys.executable, arguments, cwd=str(project), timeout=60)
    for key in [*["\r"] * answered, "\x03"]:
        copier.expect(r"(?s)\?.*\x1b\[\?25h")  # the cursor is shown once it waits for an answer
        copier.send(key)
    copier.expect(pexpect.EOF)
    copier.wait()


# Sequences ---------------------------------------------------------------------------------------


EVENTS = [
    *["edit_code", "edit_managed_file", "delete_line", "append", "delete", "add", "rename"],
    *["add_module", "add_dependency", "to_crlf", "to_latin_1", "rename_application"],
    *["add_table", "add_header_table", "bump_action", "publish", "upgrade", "upgrade"],
    *["climb", "climb", "climb", "climb", "climb", "choose", "refuse", "interrupt"],
]
"""What may happen; what is listed more often happens more often."""


class Sequence(Edits, RuleBasedStateMachine):
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
        self.variant, self.level, self.options = "service", 0, NO_OPTIONS
        self.script: list[str] = []

    def teardown(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def answers(self, level: int, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the project answers at a level, with these options."""
        return answers(self.variant, level, chosen)

    def template_files(self) -> dict[str, bytes]:
        """Return path -> content of a new project like this one."""
        return self.fresh(self.version, self.level, self.options)

    def fresh(self, version: int, level: int, chosen: Mapping[str, Any]) -> dict[str, bytes]:
        """Return path -> content of a new project of this variant."""
        try:
            return fresh_files(self.template, f"v1.{version}.0", self.answers(level, chosen))
        except Violation as violation:
            self.fail(str(violation))

    # What happens --------------------------------------------------------------------------------

    @initialize(
        variant=st.sampled_from(variants.NAMES),
        level=st.sampled_from(support.LEVELS),
        chosen=st.sampled_from(OPTIONS),
        license_name=st.sampled_from(LICENSES),
    )
    def create(
        self, variant: str, level: int, chosen: Mapping[str, Any], license_name: str
    ) -> None:
        """A project is made."""
        self.variant, self.level = variant, level
        self.options = {**(chosen if variant == "service" else {}), "license": license_name}
        given = self.answers(level, self.options)
        self.script.append(
            "copier copy --quiet --trust --defaults --vcs-ref=v1.0.0 "
            f'{as_options(given)} "$run/ladder" .'
        )
        support.copy(self.project, source=self.template, version="v1.0.0", **given)
        found = support.files(self.project)
        for path, text in self.template_files().items():
            if found.get(path) != text:
                self.fail(f"two new projects differ in {path}")
        self.do("git init --quiet --initial-branch=main")
        self.do("echo '/private/' >> .git/info/exclude && mkdir private && echo 1 > private/data")
        self.commit()

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One of the events happens."""
        getattr(self, data.draw(st.sampled_from(self.events)))(data.draw)

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

    def choose(self, draw: Draw) -> None:
        """The project chooses other options."""
        if self.variant == "service":
            chosen = {**self.options, **draw(st.sampled_from(OPTIONS))}
            self.update(self.level, VcsRef.CURRENT, self.version, chosen)

    def refuse(self, draw: Draw) -> None:
        """An update is refused: an answer is wrong, work is not committed, a file is in the way."""
        level = draw(st.sampled_from(support.LEVELS))
        came = self.fresh(self.version, level, self.options).keys() - self.template_files().keys()
        free = [one for one in sorted(came) if self.is_free(one) and not is_sample(one)]
        reason = draw(st.sampled_from(["answer", "dirty", "ignored"] if free else ["answer"]))
        if reason == "answer":
            self.expect_refusal(*draw(st.sampled_from(WRONG)))
            return
        file = draw(st.sampled_from(free)) if reason == "ignored" else f"mine_{self.next()}.txt"
        name, exclude = shlex.quote(file), ".git/info/exclude"
        self.do(f"mkdir -p ./{Path(file).parent.as_posix()} && echo mine > {name}")
        if reason == "ignored":
            self.do(f"echo /{name} >> {exclude}")
        self.expect_refusal("level", level, named=file if reason == "ignored" else "")
        if reason == "ignored":
            self.do(f"sed -i '$d' {exclude}")
        self.do("git clean --quiet --force -d")

    def is_free(self, path: str) -> bool:
        """Tell whether the user could write a file there."""
        places = [Path(path), *Path(path).parents][:-1]
        found = [place for place in places if (self.project / place).exists()]
        return not found or (found[0] != Path(path) and (self.project / found[0]).is_dir())

    def interrupt(self, draw: Draw) -> None:
        """The user starts an update at a terminal, and changes their mind."""
        level, answered = draw(st.sampled_from(support.LEVELS)), draw(st.integers(0, 1))
        before = self.state()
        self.script.append(
            f'PYTHONPATH="$ladder" python -m tools.fuzz interrupt {level} {answered}'
        )
        interrupt(self.project, level, answered)
        if self.state() != before:
            self.fail("an interrupted update changed something")

    # What must hold ------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, bytes], str, str]:
        """Return all that an update may change: the files, git's index, and the status."""
        index = support.git(self.project, "ls-files", "--stage")
        status = support.git(self.project, "status", "--porcelain", "--ignored")
        return support.files(self.project), index, status

    def expect_refusal(self, key: str, answer: object, named: str = "") -> None:
        """Check that an update with an answer is refused and changes nothing.

        Args:
            key: the question.
            answer: the answer.
            named: what the refusal must name.
        """
        before = self.state()
        given = {**self.answers(self.level, self.options), key: answer}
        command = "copier update --quiet --trust --defaults --skip-answered --vcs-ref=:current:"
        self.script.append(f"{command} {as_options(given)} && exit 1")
        try:
            support.update(self.project, version=VcsRef.CURRENT, **given)
        except UserMessageError as refusal:
            if named not in str(refusal):
                self.fail(f"the refusal does not name {named}: {refusal}")
        else:
            self.fail(f"an update with {key}={answer} is not refused")
        if self.state() != before:
            self.fail("a refused update changed something")

    def update(
        self,
        level: int,
        reference: VcsRef | None,
        version: int,
        chosen: Mapping[str, Any] | None = None,
    ) -> None:
        """Update the project, check the invariants, and resolve the conflicts."""
        chosen = self.options if chosen is None else chosen
        old, new = self.template_files(), self.fresh(version, level, chosen)
        before, recorded = support.files(self.project), support.answers(self.project)
        state, given = self.state(), self.answers(level, chosen)
        current = "--vcs-ref=:current: " if reference else ""
        self.script.append(
            f"copier update --quiet --trust --defaults --skip-answered {current}"
            f"{as_options(given)} || true"
        )
        try:
            support.update(self.project, version=reference, **given)
        except UserMessageError as refusal:
            self.check_refusal(str(refusal), before, old, new)
            if self.state() != state:
                self.fail("a refused update changed something")
            return
        conflicts = support.git(self.project, "ls-files", "--unmerged").splitlines()
        unmerged = {line.partition("\t")[2] for line in conflicts}
        after = support.files(self.project)
        try:
            Update(before, after, old, new, (self.level, level), unmerged).check()
            self.check_answers(recorded, level, version)
        except Violation as violation:
            self.fail(str(violation))
        self.level, self.version, self.options = level, version, chosen
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
        """Check that a refusal names an edited file that would go."""
        edited = [
            path
            for path in old
            if path in before and path not in new and before[path] != old[path]
            if not is_sample(path)
        ]
        if not any(path in refusal for path in edited):
            self.fail(f"an update is refused without reason: {refusal}")

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
    if sys.argv[1:2] == ["interrupt"]:
        interrupt(Path.cwd(), *map(int, sys.argv[2:]))
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
