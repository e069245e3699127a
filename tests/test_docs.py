"""The documentation is true: generated parts are current, and every command shown is run."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from tests import pages, support
from tests.conftest import Render

DOCUMENTS = [
    support.ROOT / "README.md",
    support.ROOT / "CONTRIBUTING.md",
    *sorted((support.ROOT / "docs").glob("*.md")),
]

# Every command that a document shows, and what runs it: a test of this module, another test, or
# the build itself, which calls the README's test command.
COMMANDS = {
    "python3 -m venv .venv && .venv/bin/pip install -q uv copier": "test_the_first_command",
    "python3 -m venv .venv && .venv/bin/pip install -q uv nox": ".ci/run",
    "uvx --with copier-template-extensions copier update": "test_the_command_that_climbs",
    "git init": "tests/test_messages.py",
    "git add -A && git commit": "tests/test_messages.py",
    "git log --follow": "tests/test_yours.py",
    ".venv/bin/nox": "test_sessions_are_there",
}


def commands(document: Path) -> list[str]:
    """Return the lines of every shell block of a document."""
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", document.read_text())
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def shown(start: str) -> str:
    """Return the one command of the README that starts so."""
    [found] = [line for line in commands(support.ROOT / "README.md") if line.startswith(start)]
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_run_by_something(document: Path) -> None:
    unknown = [
        line for line in commands(document) if not any(line.startswith(known) for known in COMMANDS)
    ]
    assert not unknown, "run it in a test and name the test in COMMANDS"


def test_what_runs_the_commands_is_there() -> None:
    for runner in set(COMMANDS.values()):
        assert runner in globals() or (support.ROOT / runner).is_file(), runner
    script = (support.ROOT / ".ci" / "run").read_text()
    assert "README.md" in script
    assert shown("python3 -m venv .venv && .venv/bin/pip install -q uv nox").endswith(
        ".venv/bin/nox"
    )


def test_sessions_are_there() -> None:
    sessions = set(
        re.findall(r"(?m)^@nox.session\ndef (\w+)", (support.ROOT / "noxfile.py").read_text())
    )
    for document in DOCUMENTS:
        named = re.findall(r"nox -s (\w+)", document.read_text())
        assert set(named) <= sessions, document.name


@pytest.mark.exhaustive
def test_the_first_command(tmp_path: Path) -> None:
    clone = tmp_path / "ladder"
    support.git(tmp_path, "clone", "--quiet", support.ROOT, clone)
    port = support.free_port()
    process = subprocess.Popen(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            shown("python3 -m venv .venv && .venv/bin/pip install -q uv copier"),
        ],
        cwd=clone,
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/healthz", timeout=5
                ) as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.2)
        else:
            process.kill()
            raise AssertionError(process.communicate()[0])
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)
    assert set(support.files(tmp_path / "links")) >= {".copier-answers.yml", "links.py"}


@pytest.mark.exhaustive
def test_the_command_that_climbs(project: Render) -> None:
    made = project(0)
    command = shlex.split(shown("uvx --with copier-template-extensions copier update"))
    done = support.run(*command, cwd=made)
    assert "Links is at level 1" in done.stderr
    assert (made / "ops" / "deploy").is_file()


def test_the_ladder_in_the_readme_is_current() -> None:
    assert (support.ROOT / "README.md").read_text() == pages.readme()


def test_the_costs_and_the_listings_are_current(rendered: Render) -> None:
    renders = [rendered(level) for level in support.LEVELS]
    assert pages.TABLE.read_text() == pages.table_with(pages.costs(renders)), "nox -s docs"
    assert pages.LADDER.read_text() == pages.page(renders), "nox -s docs"


def test_the_tools_that_are_named_are_the_tools_that_are_installed() -> None:
    groups = tomllib.loads((support.ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert "copier==9.19.1" in groups["template"]
    minimum = re.search(r'_min_copier_version: "(.+)"', (support.ROOT / "copier.yml").read_text())
    assert minimum
    assert groups["template"][0].startswith(f"copier=={minimum[1].rpartition('.')[0]}.")
