"""The documentation is true: what it names is there, what it shows is run, nothing is stale."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from copier import run_copy

from tests import support
from tests.conftest import Render
from tools import docs

README = support.ROOT / "README.md"
CONTRIBUTING = support.ROOT / "CONTRIBUTING.md"
HOW_TO = support.ROOT / "docs" / "how-to"
CLIMB = HOW_TO / "climb.md"
UPGRADE = HOW_TO / "upgrade.md"
COMPANY = HOW_TO / "company-template.md"  # test_company.py runs its commands
ADOPT = HOW_TO / "adopt.md"  # and test_adopt.py these
DOCUMENTS = [
    README,
    CONTRIBUTING,
    support.ROOT / "CHANGELOG.md",
    *sorted((support.ROOT / "docs").rglob("*.md")),
]
# The documents that show commands. A test takes all blocks of a document, so that one more block,
# run by nothing, is one too many to unpack.
WITH_COMMANDS = [README, CONTRIBUTING, CLIMB, UPGRADE, COMPANY, ADOPT]
NOXFILE = (support.ROOT / "noxfile.py").read_text()
SESSIONS = set(re.findall(r"(?m)^@nox.session\ndef (\w+)", NOXFILE))


def fences(text: str) -> list[tuple[str, str]]:
    """Return language and content of every fenced block."""
    return re.findall(r"(?ms)^ *```(\w*)\n(.*?)^ *```$", text)


def blocks(document: Path) -> list[str]:
    """Return every block of commands of a document."""
    return [content for language, content in fences(document.read_text()) if language == "sh"]


def astray(text: str, folder: Path) -> set[str]:
    """Return what a text in a folder names and is not there: linked files, ours, nox sessions."""
    links = set(re.findall(r"\]\((?!https?:)([^)#]+)", text))
    ours = set(re.findall(r"`((?:\.ci|docs|extensions|template|tests)/[\w./-]*)`", text))
    modules = set(re.findall(r"`(test_\w+\.py)`", text))
    sessions = set(re.findall(r"\bnox -s (\w+)", text))
    return (
        {link for link in links if not (folder / link).exists()}
        | {name for name in ours if not (support.ROOT / name).exists()}
        | {name for name in modules if not list((support.ROOT / "tests").rglob(name))}
        | {f"nox -s {name}" for name in sessions - SESSIONS}
    )


def bash(commands: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a block as somebody who pastes it, and return what it printed."""
    done = support.run("bash", "-euo", "pipefail", "-c", commands, cwd=folder, env=environment)
    return done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_is_there(document: Path) -> None:
    assert astray(document.read_text(), document.parent) == set()


def test_what_is_not_there_is_noticed() -> None:
    wrong = "[a](docs/none.md) `tests/none.py` `test_none.py` `nox -s none` [b](https://none.org)"
    names = {"docs/none.md", "tests/none.py", "test_none.py", "nox -s none"}
    assert astray(wrong, support.ROOT) == names
    assert not astray("[a](README.md) `tests/support.py` `nox -s unit`", support.ROOT)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_are_shown_only_where_they_are_run(document: Path) -> None:
    assert {language for language, _ in fences(document.read_text())} <= {"sh", "diff"}
    assert bool(blocks(document)) == (document in WITH_COMMANDS)


@contextmanager
def started(command: str, folder: Path, environment: dict[str, str], port: int) -> Iterator[None]:
    """Run a command that serves, until the block ends."""
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**environment, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise AssertionError(process.communicate()[0]) from None
                time.sleep(0.2)
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.mark.exhaustive
def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    """From a clone, with nothing on the machine but Python and git: make, run, climb."""
    first, _, climb = blocks(README)
    machine = tmp_path / "machine"
    machine.mkdir()
    (machine / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    environment = {**os.environ, "PATH": f"{machine}:/usr/local/bin:/usr/bin:/bin"}
    clone, made = tmp_path / "ladder", tmp_path / "links"
    support.git(tmp_path, "clone", "--quiet", support.ROOT, clone)
    with started(first, clone, environment, support.free_port()):
        assert (made / "links.py").is_file()
    assert support.git(clone, "status", "--porcelain") == "", "no project can climb from here now"
    assert "is at level 1" in bash(climb, clone, environment)
    assert (made / "ops" / "deploy").is_file()
    assert set(support.git(made, "ls-files").split()) == {".copier-answers.yml", "links.py"}


def test_the_build_runs_the_tests_as_the_readme_says() -> None:
    _, tests, _ = blocks(README)
    build = (support.ROOT / ".ci" / "run").read_text()
    found = re.findall(r"(?m)^command=\$\((.*)\)$", build)
    assert len(found) == 1
    assert bash(found[0], support.ROOT, dict(os.environ)) == tests
    assert 'bash -euo pipefail -c "$command"' in build


def test_the_build_runs_the_inner_loop() -> None:
    [inner] = blocks(CONTRIBUTING)
    sessions = re.findall(r'"(\w+)"', re.findall(r"(?m)^nox.options.sessions = .*", NOXFILE)[0])
    assert inner.split() == [".venv/bin/nox", "-s", "unit"]
    assert "unit" in sessions


@pytest.mark.exhaustive
def test_the_commands_of_the_page_on_climbing(project: Render) -> None:
    climb, follow, discard = blocks(CLIMB)
    made = project(2)
    environment = dict(os.environ)
    assert "is at level 3" in bash(climb, made, environment)
    support.save(made, "Climb")
    history = bash(follow, made, environment)
    assert "Climb" in history
    assert "Start" in history, "the history before the move"
    (made / "LICENSE").write_text("Mine.\n")
    support.save(made, "Edit")
    assert "is at level 1" in bash(discard, made, environment)
    assert not (made / "LICENSE").exists()


@pytest.mark.exhaustive
def test_the_command_of_the_page_on_upgrades(tmp_path: Path) -> None:
    [command] = blocks(UPGRADE)
    ladder = shutil.copytree(support.template(), tmp_path / "ladder")
    made = tmp_path / "links"
    data = {**support.ANSWERS, "level": 2}
    run_copy(str(ladder), made, data=data, defaults=True, unsafe=True, quiet=True)
    support.save(made)
    support.save(ladder, "Newer")
    support.git(ladder, "tag", "v1.1.0")
    bash(command, made, dict(os.environ))
    answers = (made / ".copier-answers.yml").read_text()
    assert "_commit: v1.1.0" in answers
    assert "level: 2" in answers


def test_the_ladder_in_the_readme_is_current() -> None:
    assert README.read_text() == docs.readme()


@pytest.mark.exhaustive
def test_the_costs_and_the_listings_are_current(rendered: Render) -> None:
    assert docs.TABLE.read_text() == docs.table_with(rendered), "nox -s docs"
    assert docs.OPTIONS.read_text() == docs.options(), "nox -s docs"
    for file, (title, answers) in docs.PAGES.items():
        assert file.read_text() == docs.page(title, rendered, answers), "nox -s docs"


def test_the_tools_that_are_named_are_the_tools_that_are_installed() -> None:
    groups = tomllib.loads((support.ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert "copier==9.19.1" in groups["template"]
    minimum = re.search(r'_min_copier_version: "(.+)"', (support.ROOT / "copier.yml").read_text())
    assert minimum
    assert groups["template"][0].startswith(f"copier=={minimum[1].rpartition('.')[0]}.")
    loose = [name for group in groups.values() for name in group if "==" not in str(name)]
    assert all(isinstance(name, dict) for name in loose), f"no exact version: {loose}"
