"""Removes one piece of Ladder at a time, and checks that a test fails.

    python -m tools.mutation --only table --jobs 2
    python -m tools.mutation --list

A mutant is Ladder without one piece. The pieces are each entry of `extensions/ladder.yml`: path,
dropped path, required check, setting, step; each job and step of a workflow, and each of their
conditions, needs and permissions; each validator of the questions and refusal of the extension;
each statement of the programs that deploy. Each mutant runs the tests that are most likely to
fail, cheapest first. Results are kept, so that an interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests import support

PAGE = support.ROOT / "reports" / "mutation.md"
RESULTS = PAGE.with_suffix(".json")
TABLE = "extensions/ladder.yml"
LISTS = ("drops", "required_checks", "set_up")
QUICK = [
    f"tests/test_{name}.py"
    for name in ("levels", "exact", "table", "required_checks", "messages", "render_message")
]
INNER = ["tests", "--ignore=tests/e2e", "--ignore=tests/test_mutation.py"]
INNER += ["-m", "not exhaustive"]
E2E = "tests/e2e/test_"
CONTAINERS = "tests/test_deploy_containers.py"
TESTS: dict[str, list[list[str]]] = {
    "table": [[*QUICK, "-m", "not exhaustive"], QUICK, INNER],
    "workflows": [["tests/test_workflows.py"], ["tests/test_required_checks.py"], INNER],
    "guards": [
        ["tests/test_refusals.py", "tests/test_company_file.py", "tests/test_exact.py"],
        ["tests/test_interactive.py"],
        ["tests/test_adopt.py"],
        INNER,
    ],
    "programs": [
        ["tests/test_deploy.py", "-k", "service"],
        [CONTAINERS],
        [f"{E2E}deploy_systemd.py"],
        [f"{E2E}deploy_swarm.py"],
        [f"{E2E}many_hosts.py"],
    ],
}
"""Kind of mutant -> arguments of each pytest run, cheapest first."""
TESTS_OF_PROGRAMS: dict[str, list[list[str]]] = {
    "ops/exempt": [["tests/test_exempt.py"]],
    "ops/(environments|protect)": [[f"{E2E}forge.py"]],
    "cli/ops/deploy|ops/program": [
        ["tests/test_deploy.py", "-k", "cli"],
        [f"{E2E}cli_host.py"],
    ],
    "[Ff]lag": [[CONTAINERS, "-k", "flags"], [f"{E2E}feature_flags.py"]],
    "ops/components|component=": [[CONTAINERS, "-k", "component"], [f"{E2E}dependents.py"]],
    "takeover|_unit|undo": [
        [CONTAINERS, "-k", "missing or migrates"],
        [f"{E2E}deploy_swarm.py", "-k", "missing or takeover"],
    ],
    "ops/swarm": [[CONTAINERS], [f"{E2E}deploy_swarm.py"], [f"{E2E}many_hosts.py"]],
}
"""Pattern of a program's mutant -> arguments of pytest in the place of those above."""
GENERATED = (
    "test_the_ladder_in_the_readme_is_current",
    "test_the_costs_and_the_listings_are_current",
)
"""Tests that do not count: a mutant always makes a generated listing stale."""


@dataclass(frozen=True)
class Mutant:
    """The ladder without one piece."""

    kind: str
    file: str
    what: str
    text: str
    """The file without the piece."""

    gone: str
    """The piece itself, which identifies the mutant whatever the rest of the file becomes."""

    @property
    def key(self) -> str:
        """A name that stays the same as long as there is such a piece."""
        return hashlib.sha256(f"{self.file}\n{self.gone}".encode()).hexdigest()[:16]


def mutants(root: Path = support.ROOT) -> Iterator[Mutant]:
    """Yield all mutants of a checkout."""
    yield from of_table(root)
    yield from of_workflows(root)
    yield from of_guards(root)
    yield from of_programs(root)


def of_table(root: Path) -> Iterator[Mutant]:
    """Yield the table without each of its entries."""
    text = (root / TABLE).read_text()
    for section in ("levels", "additions"):
        for number, row in enumerate(yaml.safe_load(text)[section]):
            where = f"level {row['level']}"
            if section == "additions":
                where += f", {row.get('when', 'always')}"
            for key in ("adds", "settings", *LISTS):
                for index, entry in enumerate(row.get(key) or ()):
                    table = yaml.safe_load(text)
                    entries = table[section][number][key]
                    del entries[index if key in LISTS else entry]
                    less = yaml.safe_dump(table, sort_keys=False, allow_unicode=True)
                    what = f"{where}: {key} without {entry}"
                    yield Mutant("table", TABLE, what, less, f"{number} {what}")


def of_workflows(root: Path) -> Iterator[Mutant]:
    """Yield each workflow without each of its jobs and steps, and what they are bound to."""
    files = [*(root / "template" / ".github" / "workflows").iterdir()]
    files += root.glob("partials/*/.github/workflows/*.yml")
    bound = re.compile(r"(?m)^ +(if|needs|timeout-minutes|persist-credentials|fetch-depth): .*\n")
    step = re.compile(r"(?ms)^      - name: (?P<name>[^\n]*)\n.*?(?=^      - name:|^ {0,4}\S|\Z)")
    job = re.compile(r"(?ms)^  (?P<name>\w[\w-]*):\n    name: .*?(?=^  \w|^\S|^{%|\Z)")
    right = re.compile(r"(?m)^      (?P<name>[\w-]+: (read|write))\b.*\n")
    for file in sorted(files):
        text, path = file.read_text(), file.relative_to(root).as_posix()
        for pattern in (step, job, bound, right):
            for found in pattern.finditer(text):
                name = found.groupdict().get("name") or found[0].strip()
                yield without("workflows", path, text, found, name)


def of_guards(root: Path) -> Iterator[Mutant]:
    """Yield questions without their conditions, and the extension without its refusals."""
    questions = (root / "copier.yml").read_text()
    for found in re.finditer(r"(?m)^  (validator|when): .*\n", questions):
        owner = re.findall(r"(?m)^(\w+):$", questions[: found.start()])[-1]
        yield without("guards", "copier.yml", questions, found, f"{found[1]} of {owner}")
    for name in ("answers", "dependents", "guards", "levels"):
        file = f"extensions/{name}.py"
        text = (root / file).read_text()
        pattern = (
            r"(?m)^( +)(?:return (?:\(|f\"|f'|\"(?!\"))|raise )[^\n]*\n(?:\1 +[^\n]*\n|\1\)\n)*"
        )
        for found in re.finditer(pattern, text):
            instead = "pass" if "raise" in found[0][:40] else "return ''"
            yield without("guards", file, text, found, first(found[0]), f"{found[1]}{instead}\n")


def of_programs(root: Path) -> Iterator[Mutant]:
    """Yield the programs that deploy without each of their statements that do something."""
    files = [*(root / "template" / "ops").iterdir(), *root.glob("partials/*/ops/*")]
    for file in sorted(files):
        text, path = file.read_text(), file.relative_to(root).as_posix()
        if "python" not in text[:40] and '"""' not in text[:200]:
            continue
        pattern = r"(?m)^( +)(?:[\w.]+\(|raise )[^\n]*\n(?:\1 +[^\n]*\n|\1[)}\]]+\n)*"
        for found in re.finditer(pattern, text):
            yield without("programs", path, text, found, first(found[0]), f"{found[1]}pass\n")


def without(
    kind: str, file: str, text: str, found: re.Match[str], what: str, instead: str = ""
) -> Mutant:
    """Return the mutant that lacks what a pattern found."""
    before = text[: found.start()]
    line, alike = before.count("\n") + 1, before.count(found[0])
    inside = "".join(re.findall(r"(?m)^ *def \w+", before)[-1:]).strip().removeprefix("def ")
    where = f"line {line}, {inside}" if inside else f"line {line}"
    less = before + instead + text[found.end() :]
    return Mutant(kind, file, f"{where} without {what}", less, f"{alike} {what}\n{found[0]}")


def first(text: str) -> str:
    """Return the first line of a statement."""
    return f"`{text.strip().splitlines()[0]}`"


def tests_of(mutant: Mutant) -> list[list[str]]:
    """Return the arguments of each pytest run for a mutant, cheapest first."""
    if mutant.kind == "programs":
        for named, tests in TESTS_OF_PROGRAMS.items():
            if re.search(named, f"{mutant.file} {mutant.what}"):
                return tests
    return TESTS[mutant.kind]


def run_tests(
    mutant: Mutant, root: Path = support.ROOT, *, stages: int | None = None
) -> dict[str, Any]:
    """Run the tests, or only the first stages of them, on a copy with a mutant, until one fails.

    Returns:
        The test that failed, "" if none did, and the seconds that it took.
    """
    with tempfile.TemporaryDirectory(prefix="ladder-mutant-") as folder:
        copy = Path(folder).resolve() / "ladder"
        for name in support.git(root, "ls-files").splitlines():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            if (root / name).is_file():
                shutil.copy(root / name, copy / name)
        (copy / mutant.file).write_text(mutant.text)
        support.commit_all(copy, "Mutant")
        ours = ("LADDER_", "PYTEST_")
        environment = {key: text for key, text in os.environ.items() if not key.startswith(ours)}
        began = time.monotonic()
        for tests in tests_of(mutant)[:stages]:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
            command += [f"--deselect=tests/test_docs.py::{name}" for name in GENERATED]
            done = subprocess.run(
                [*command, *tests],
                cwd=copy,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                failed = re.search(r"(?m)^(?:FAILED|ERROR) (\S+)", done.stdout)
                by = failed[1] if failed else "the tests do not even start"
                return {"by": by.partition("[")[0], "seconds": round(time.monotonic() - began)}
        return {"by": "", "seconds": round(time.monotonic() - began)}


def page(every: list[Mutant], results: dict[str, Any]) -> str:
    """Return reports/mutation.md."""
    lines = ["# Which tests fail when a piece is removed", ""]
    ran_of_all = sum(mutant.key in results for mutant in every)
    lines += [f"{ran_of_all} of {len(every)} mutants have been run so far.", ""]
    lines += [*(__doc__ or "").split("\n\n")[2].strip().splitlines(), ""]
    lines += ["| kind | mutants | found | survived | not yet run |", "|---|---|---|---|---|"]
    for kind in TESTS:
        keys = [mutant.key for mutant in every if mutant.kind == kind]
        ran = [results[key] for key in keys if key in results]
        found = sum(bool(one["by"]) for one in ran)
        row = (kind, len(keys), found, len(ran) - found, len(keys) - len(ran))
        lines.append(f"| {' | '.join(map(str, row))} |")
    survived = [one for one in every if one.key in results and not results[one.key]["by"]]
    lines += ["", "Survived:" if survived else "None survived.", ""]
    for mutant in survived:
        why = results[mutant.key].get("why", "not explained yet")
        lines.append(f"- `{mutant.file}`, {mutant.what}: {why}")
    by = Counter(results[one.key]["by"] for one in every if one.key in results)
    del by[""]
    lines += ["", "Found by:", "", "| test | mutants |", "|---|---|"]
    lines += [f"| `{test}` | {number} |" for test, number in by.most_common() if exists(test)]
    if renamed := sum(number for test, number in by.items() if not exists(test)):
        lines.append(
            f"| tests that have other names now; run `nox -s mutation` again | {renamed} |"
        )
    return "\n".join(lines) + "\n"


def exists(test: str) -> bool:
    """Tell whether there is still a test of this name, such as `tests/test_a.py::test_b`."""
    file, _, name = test.partition("::")
    path = support.ROOT / file
    return path.is_file() and f"def {name}(" in path.read_text()


def write(every: list[Mutant], results: dict[str, Any]) -> None:
    """Write the results of the mutants that there are, and the page."""
    keys = {mutant.key for mutant in every}
    kept = {key: result for key, result in sorted(results.items()) if key in keys}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    PAGE.write_text(page(every, kept))


def main() -> None:
    """Test the mutants that have no result yet, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=list(TESTS), action="append")
    parser.add_argument(
        "--named", default="", help="a regular expression: only those it is found in"
    )
    help_text = (
        "run only so many stages, cheapest first; mutants that survive them have no result yet"
    )
    parser.add_argument("--stages", type=int, help=help_text)
    parser.add_argument("--limit", type=int, help="how many to test")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="list the mutants, and test none")
    asked = parser.parse_args()
    every = list(mutants())
    chosen = [
        one
        for one in every
        if (not asked.only or one.kind in asked.only)
        and re.search(asked.named, f"{one.file}: {one.what}")
    ]
    if asked.list:
        for one in chosen:
            print(f"{one.key} {one.kind} {one.file}: {one.what}")
        return
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    write(every, results)
    todo = [one for one in chosen if one.key not in results][: asked.limit]
    with ThreadPoolExecutor(asked.jobs) as pool:
        running = {pool.submit(run_tests, one, stages=asked.stages): one for one in todo}
        for future in as_completed(running):
            one, result = running[future], future.result()
            if result["by"] or not asked.stages:
                results[one.key] = result
            print(f"{result['seconds']:4} s  {result['by'] or 'SURVIVED'}  {one.file}: {one.what}")
            sys.stdout.flush()
            write(every, results)


if __name__ == "__main__":
    main()
