"""Every rendered project is clean for the linters that its readers trust, and reads well."""

from __future__ import annotations

import ast
import atexit
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import check_jsonschema
import pytest
from click.testing import CliRunner

from tests import support
from tests.conftest import Render

# One worker keeps what mypy needs.
pytestmark = pytest.mark.xdist_group("linters")

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
WORKFLOWS = ".github/workflows"
Finder = Callable[[Path], str]


def said(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a linter in a project and return what it says if it finds something."""
    program = shutil.which(command[0], path=PATH)
    assert program, f"{command[0]} is not installed"
    done = subprocess.run(
        [program, *command[1:]],
        cwd=cwd,
        env={**os.environ, "PATH": PATH, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def python_of(made: Path) -> list[Path]:
    """Return every Python file, those without a suffix included."""
    return [
        Path(name)
        for name, content in support.files(made).items()
        if name.endswith(".py") or content.startswith(b"#!/usr/bin/env python3\n")
    ]


def ruff_check(made: Path) -> str:
    """What ruff finds, by the rules that a project gets with its linters."""
    rules = f"--config={highest() / 'pyproject.toml'}"
    return said("ruff", "check", "--no-cache", rules, *python_of(made), cwd=made)


def ruff_format(made: Path) -> str:
    """What ruff would format otherwise."""
    rules = f"--config={highest() / 'pyproject.toml'}"
    return said("ruff", "format", "--no-cache", rules, "--diff", *python_of(made), cwd=made)


@functools.lru_cache(maxsize=1)
def highest() -> Path:
    """Return a project of the highest level with an environment: it has all that any depends on."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-linted-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = support.render(
        folder / "links", 8, feature_flags=True, backing_services=["postgres", "s3"]
    )
    assert not said("uv", "sync", "--quiet", "--no-install-project", cwd=made)
    return made


def mypy(made: Path) -> str:
    """What mypy finds, as strict as it can be, the programs without a suffix included."""
    environment = highest() / ".venv"
    options = ["--strict", "--explicit-package-bases", "--scripts-are-modules", "--no-pretty"]
    options += [f"--python-executable={environment / 'bin' / 'python'}"]
    options.append(f"--cache-dir={environment / 'mypy'}")
    path = os.pathsep.join(str(made / name) for name in ("src", "ops"))
    return said("mypy", *options, *python_of(made), cwd=made, MYPYPATH=path)


def workflows_of(made: Path) -> list[Path]:
    """Return the workflows."""
    return sorted(path.relative_to(made) for path in (made / WORKFLOWS).glob("*.yml"))


def zizmor(made: Path) -> str:
    """What zizmor finds at its most pedantic."""
    options = ["--offline", "--persona=pedantic", "--no-progress", "--color=never"]
    return said("zizmor", *options, ".github", cwd=made) if workflows_of(made) else ""


def actionlint(made: Path) -> str:
    """What actionlint finds, with shellcheck on every step."""
    shellcheck = shutil.which("shellcheck", path=PATH)
    command = [
        "actionlint",
        "-no-color",
        f"-shellcheck={shellcheck}",
        *map(str, workflows_of(made)),
    ]
    return said(*command, cwd=made) if workflows_of(made) else ""


SCHEMAS = {
    "vendor.github-workflows": f"{WORKFLOWS}/*.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.compose-spec": "compose.yaml",
}


def schemas(made: Path) -> str:
    """What does not fit its schema."""
    found = ""
    for schema, pattern in SCHEMAS.items():
        if files := sorted(made.glob(pattern)):
            arguments = [f"--builtin-schema={schema}", *map(str, files)]
            done = CliRunner().invoke(check_jsonschema.main, arguments)  # starting it is slow
            found += done.output if done.exit_code else ""
    return found


def hadolint(made: Path) -> str:
    """What hadolint finds."""
    files = sorted(path.name for path in made.glob("Dockerfile"))
    return said("hadolint", "--no-color", *files, cwd=made) if files else ""


def scripts_of(made: Path) -> Iterator[tuple[str, str]]:
    """Yield the shell scripts: files, and the ones that programs send to a host."""
    for name, content in support.files(made).items():
        text = content.decode()
        if re.match(r"#!.*\b(ba)?sh\n", text):
            yield name, text
    for file in python_of(made):
        for node in ast.parse((made / file).read_text()).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
                and node.value.value.startswith("\n")
            ):
                yield f"{file}:{node.lineno} {node.targets[0].id}", node.value.value


# Programs put scripts together, so that one sets what another uses.
FRAGMENTS = ["--exclude=SC1010,SC2034,SC2154"]


def shellcheck(made: Path) -> str:
    """What shellcheck finds."""
    found = ""
    for name, script in scripts_of(made):
        done = subprocess.run(
            [
                shutil.which("shellcheck", path=PATH) or "shellcheck",
                *FRAGMENTS,
                "--shell=bash",
                "-",
            ],
            input=f"set -euo pipefail\n{script}",
            capture_output=True,
            text=True,
            check=False,
        )
        found += f"{name}\n{done.stdout}" if done.returncode else ""
    return found


GH = "{{owner}}/{{repo}}"  # in an f-string: gh fills it in
LEFTOVERS = re.compile(
    r"\{%|%\}|\{#|(?<!\$)\{\{ ?[a-z_]+ ?[|}]|(?i:\bjinja|\bcopier\b|\btodo\b|\bfixme\b)"
)


def reading(made: Path) -> str:
    """What a reader would stumble over: leftovers of the template, stray blanks, empty files."""
    found = []
    python = python_of(made)
    for name, content in support.files(made).items():
        if name in {".copier-answers.yml", "LICENSE"}:
            continue
        text = content.decode()
        blanks = 2 if Path(name) in python or name.endswith(".mako") else 1
        if not text.strip():
            found.append(f"{name} is empty")
        if not text.endswith("\n") or text.endswith("\n\n") or text.startswith("\n"):
            found.append(f"{name} begins with a blank line, or does not end with one newline")
        if "\n" * (blanks + 2) in text:
            found.append(f"{name} has more blank lines in a row than {blanks}")
        for number, line in enumerate(text.splitlines(), 1):
            where = f"{name}:{number}: {line}"
            if line != line.rstrip():
                found.append(f"trailing blanks: {where}")
            if LEFTOVERS.search(line.replace(GH, "")):
                found.append(f"left over: {where}")
            if "\t" in line and not re.search(r"Caddyfile|README", name):
                found.append(f"a tab: {where}")
            if re.search(r"\blevel\b(?! ?[:=])", line.replace("-level:", "")):
                found.append(f"speaks of levels: {where}")
    return "\n".join(found)


FINDERS: list[Finder] = [
    ruff_check,
    ruff_format,
    mypy,
    zizmor,
    actionlint,
    schemas,
    hadolint,
    shellcheck,
    reading,
]


# The slowest; in the inner loop it reads the smallest and the largest of the projects with `ops/`.
SOME: dict[Finder, Iterable[int]] = {mypy: (1, 8)}


@pytest.mark.parametrize("find", FINDERS, ids=lambda find: str(find.__name__))
def test_no_level_has_a_finding(rendered: Render, find: Finder) -> None:
    no_finding(rendered, find, SOME.get(find, support.LEVELS))


@pytest.mark.exhaustive
@pytest.mark.parametrize("find", SOME, ids=lambda find: str(find.__name__))
def test_no_level_at_all_has_a_finding(rendered: Render, find: Finder) -> None:
    no_finding(rendered, find, support.LEVELS)


def no_finding(rendered: Render, find: Finder, levels: Iterable[int]) -> None:
    """Fail with what is found at some levels, level by level."""
    found = {level: find(rendered(level)) for level in levels}
    report = "\n".join(f"level {level}:\n{text}" for level, text in found.items() if text)
    if report:
        pytest.fail(report, pytrace=False)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "text"),
    [("x", "Proprietary"), ("A Very Long Name Of A Service Of Acme In", "Apache-2.0")],
)
def test_no_name_and_no_licence_has_a_finding(rendered: Render, name: str, text: str) -> None:
    owner = "a-name-of-as-many-letters-as-there-may"
    for level in (2, 3, 8):
        made = rendered(level, project_name=name, license=text, owner=owner)
        for find in (ruff_check, ruff_format, actionlint, hadolint, reading):
            assert not find(made), f"{find.__name__} at level {level}"


def append(text: str) -> Callable[[str], str]:
    """Return a fault that adds text to a file."""
    return lambda old: old + text


def swap(old: str, new: str) -> Callable[[str], str]:
    """Return a fault that replaces the first such text in a file."""

    def change(text: str) -> str:
        assert old in text, f"nothing to replace: {old}"
        return text.replace(old, new, 1)

    return change


FAULTS: list[tuple[Finder, str, Callable[[str], str], str]] = [
    (ruff_check, "src/links/__init__.py", append("import json\n"), "F401"),
    (ruff_check, "ops/protect", append("import json\n"), "F811"),
    (ruff_format, "tests/smoke/test_smoke.py", append("x  =  1\n"), "-x  =  1"),
    (mypy, "src/links/__init__.py", append('number: int = "one"\n'), "Incompatible types"),
    (mypy, "ops/deploy", append('number: int = "one"\n'), "Incompatible types"),
    (mypy, "migrations/env.py", append("\n\ndef untyped(x):\n    return x\n"), "no-untyped-def"),
    (zizmor, f"{WORKFLOWS}/main.yml", swap("permissions: {}\n", ""), "excessive-permissions"),
    (
        zizmor,
        f"{WORKFLOWS}/_check.yml",
        swap("persist-credentials: false", "clean: true"),
        "artipacked",
    ),
    (
        actionlint,
        f"{WORKFLOWS}/main.yml",
        swap("needs.package.outputs.image", "needs.pack.x"),
        "pack",
    ),
    (
        actionlint,
        f"{WORKFLOWS}/_system.yml",
        swap('"$RUNNER_TEMP/image.tar"', "$RUNNER_TEMP/i.tar"),
        "SC2086",
    ),
    (schemas, f"{WORKFLOWS}/_deploy.yml", swap("runs-on:", "run-on:"), "run-on"),
    (schemas, ".github/dependabot.yml", swap("interval: weekly", "interval: often"), "often"),
    (schemas, "compose.yaml", swap("read_only: true", "readonly: true"), "readonly"),
    (hadolint, "Dockerfile", swap("WORKDIR /data", "WORKDIR data"), "DL3000"),
    (shellcheck, "ops/swarm.py", append('\nBAD = """\nrm $1/*\n"""\n'), "SC2086"),
    (reading, "README.md", append("\n\n\nThe end.\n"), "blank lines"),
    (reading, "ops/README.md", append("{{ slug }} \n"), "left over"),
    (reading, "CHANGELOG.md", append("TODO \n"), "trailing"),
]


@pytest.mark.parametrize(
    ("find", "name", "fault", "word"),
    [
        pytest.param(
            *fault,
            id="-".join((fault[0].__name__, fault[1], fault[3])),
            marks=pytest.mark.exhaustive if fault[0] is mypy else (),
        )
        for fault in FAULTS
    ],
)
def test_a_fault_is_found(
    render: Render, find: Finder, name: str, fault: Callable[[str], str], word: str
) -> None:
    made = render(8)
    file = made / name
    file.write_text(fault(file.read_text()))
    assert word in find(made)
