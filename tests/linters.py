"""The linters that readers of a project trust, each as a function that returns its findings."""

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
from collections.abc import Callable, Iterator
from pathlib import Path

import check_jsonschema
from click.testing import CliRunner

from tests import support

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
WORKFLOWS = ".github/workflows"
Linter = Callable[[Path], str]


def findings(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a linter in a project and return its output if it finds something."""
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


def python_files(made: Path) -> list[Path]:
    """Return every Python file, those without a suffix included."""
    return [
        Path(name)
        for name, content in support.files(made).items()
        if name.endswith(".py") or content.startswith(b"#!/usr/bin/env python3\n")
    ]


def ruff_check(made: Path) -> str:
    """Ruff, with the rules that a project gets from level 4."""
    rules = f"--config={highest() / 'pyproject.toml'}"
    return findings("ruff", "check", "--no-cache", rules, *python_files(made), cwd=made)


def ruff_format(made: Path) -> str:
    """The format of ruff."""
    rules = f"--config={highest() / 'pyproject.toml'}"
    return findings("ruff", "format", "--no-cache", rules, "--diff", *python_files(made), cwd=made)


@functools.lru_cache(maxsize=1)
def highest() -> Path:
    """Return a project of the highest level with an environment that has every dependency."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-linted-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = support.render(
        folder / "links", 8, feature_flags=True, backing_services=["postgres", "s3"]
    )
    assert not findings("uv", "sync", "--quiet", "--no-install-project", cwd=made)
    return made


def mypy(made: Path) -> str:
    """Mypy at its strictest, on programs without a suffix too."""
    environment = highest() / ".venv"
    options = ["--strict", "--explicit-package-bases", "--scripts-are-modules", "--no-pretty"]
    options += [f"--python-executable={environment / 'bin' / 'python'}"]
    options.append(f"--cache-dir={environment / 'mypy'}")
    path = os.pathsep.join(str(made / name) for name in ("src", "ops"))
    return findings("mypy", *options, *python_files(made), cwd=made, MYPYPATH=path)


def workflow_files(made: Path) -> list[Path]:
    """Return the workflows."""
    return sorted(path.relative_to(made) for path in (made / WORKFLOWS).glob("*.yml"))


def zizmor(made: Path) -> str:
    """Zizmor at its most pedantic."""
    options = ["--offline", "--persona=pedantic", "--no-progress", "--color=never"]
    return findings("zizmor", *options, ".github", cwd=made) if workflow_files(made) else ""


def actionlint(made: Path) -> str:
    """Actionlint, with shellcheck on every step."""
    shellcheck = shutil.which("shellcheck", path=PATH)
    command = [
        "actionlint",
        "-no-color",
        f"-shellcheck={shellcheck}",
        *map(str, workflow_files(made)),
    ]
    return findings(*command, cwd=made) if workflow_files(made) else ""


SCHEMAS = {
    "vendor.github-workflows": f"{WORKFLOWS}/*.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.compose-spec": "compose.yaml",
}


def schemas(made: Path) -> str:
    """The schemas of workflows, Dependabot and Compose."""
    found = ""
    for schema, pattern in SCHEMAS.items():
        if files := sorted(made.glob(pattern)):
            arguments = [f"--builtin-schema={schema}", *map(str, files)]
            done = CliRunner().invoke(
                check_jsonschema.main, arguments
            )  # starting a process is slow
            found += done.output if done.exit_code else ""
    return found


def hadolint(made: Path) -> str:
    """Hadolint."""
    files = sorted(path.name for path in made.glob("Dockerfile"))
    return findings("hadolint", "--no-color", *files, cwd=made) if files else ""


def shell_scripts(made: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each shell script: files, and those that programs send to a host."""
    for name, content in support.files(made).items():
        text = content.decode()
        if re.match(r"#!.*\b(ba)?sh\n", text):
            yield name, text
    for file in python_files(made):
        for node in ast.parse((made / file).read_text()).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
                and node.value.value.startswith("\n")
            ):
                yield f"{file}:{node.lineno} {node.targets[0].id}", node.value.value


# Programs join scripts, so one script sets variables that another uses.
FRAGMENTS = ["--exclude=SC1010,SC2034,SC2154"]


def shellcheck(made: Path) -> str:
    """Shellcheck."""
    found = ""
    for name, script in shell_scripts(made):
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


GH = "{{owner}}/{{repo}}"  # a placeholder of gh, in an f-string
LEFTOVER = re.compile(
    r"\{%|%\}|\{#|(?<!\$)\{\{ ?[a-z_]+ ?[|}]|(?i:\bjinja|\bcopier\b|\btodo\b|\bfixme\b)"
)


def leftovers(made: Path) -> str:
    """Leftovers of the template, stray blanks, empty files, and levels by name."""
    found = []
    python = python_files(made)
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
            if LEFTOVER.search(line.replace(GH, "")):
                found.append(f"leftover: {where}")
            if "\t" in line and not re.search(r"Caddyfile|README", name):
                found.append(f"a tab: {where}")
            if re.search(r"\blevel\b(?! ?[:=])", line.replace("-level:", "")):
                found.append(f"mentions levels: {where}")
    return "\n".join(found)


LINTERS: list[Linter] = [
    ruff_check,
    ruff_format,
    mypy,
    zizmor,
    actionlint,
    schemas,
    hadolint,
    shellcheck,
    leftovers,
]


def name_of(linter: Linter) -> str:
    """Return the name of a linter, as the id of a test's parameter."""
    return str(linter.__name__)
