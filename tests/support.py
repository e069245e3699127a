"""What the tests share: the template under test, projects made from it, and git."""

from __future__ import annotations

import atexit
import difflib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from copier import VcsRef, run_copy, run_update

ROOT = Path(__file__).resolve().parent.parent
LEVELS = range(9)
READ_BY_COPIER = ("copier.yml", "extensions", "partials", "template")
ANSWERS_FILE = ".copier-answers.yml"
ANSWERS: dict[str, Any] = {"project_name": "Links", "owner": "acme", "license": "MIT"}

# The environment in which the tests are installed must not leak into the projects they run.
for name in ("PYTHONDONTWRITEBYTECODE", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV"):
    os.environ.pop(name, None)

# git behaves the same on every machine.
os.environ.update(
    {
        "GIT_AUTHOR_NAME": "Ladder",
        "GIT_AUTHOR_EMAIL": "ladder@example.com",
        "GIT_COMMITTER_NAME": "Ladder",
        "GIT_COMMITTER_EMAIL": "ladder@example.com",
        "GIT_CONFIG_GLOBAL": str(ROOT / "tests" / "data" / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
)


def exhaustive_but_last(*levels: int) -> list[Any]:
    """Return levels as parameters of a test; the quick tests have only the last of them."""
    others = [pytest.param(level, marks=pytest.mark.exhaustive) for level in levels[:-1]]
    return [*others, levels[-1]]


def run(
    *command: str | Path, cwd: Path, check: bool = True, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it printed; with `check`, fail with its output if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **options)
    if check and done.returncode:
        raise AssertionError(
            f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done


def git(folder: Path, *arguments: str | Path) -> str:
    """Run git in a folder and return what it printed."""
    return run("git", *arguments, cwd=folder).stdout


def copier(*arguments: str | Path, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Copier as a user does."""
    command = (sys.executable, "-m", "copier", *arguments)
    return run(*command, cwd=cwd, check=False, **options)


@functools.lru_cache(maxsize=1)
def template() -> Path:
    """Return a repository with the working tree as its only commit, tagged v1.0.0.

    The first process makes it; the processes that it starts use the same.
    """
    if made := os.environ.get("LADDER_TEMPLATE"):
        return Path(made)
    folder = Path(tempfile.mkdtemp(prefix="ladder-template-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if name.split("/")[0] in READ_BY_COPIER and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder, "Template")
    git(folder, "tag", "v1.0.0")
    git(folder, "gc", "--quiet")  # as a clone from the forge is
    os.environ["LADDER_TEMPLATE"] = str(folder)
    return folder


def copy(
    target: Path,
    *,
    source: Path | None = None,
    version: str | None = "HEAD",
    quiet: bool = True,
    overwrite: bool = False,
    **answers: Any,
) -> Path:
    """Copy the template, or another one, into a folder; without a version, its newest tag."""
    run_copy(
        str(source or template()),
        target,
        data=answers,
        vcs_ref=version,
        defaults=True,
        overwrite=overwrite,
        unsafe=True,
        quiet=quiet,
    )
    return target


def render(target: Path, level: int, **answers: Any) -> Path:
    """Make a project of a level in a folder that does not exist yet, and return the folder."""
    return copy(target, **{**ANSWERS, "level": level, **answers})


def commit_all(project: Path, message: str = "Start") -> None:
    """Commit everything in a project, making the repository first where there is none."""
    if not (project / ".git").exists():
        git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", f"--message={message}")


def update(
    project: Path, *, version: str | VcsRef | None = None, quiet: bool = True, **data: Any
) -> None:
    """Update a committed project, to the newest version of its template unless told otherwise."""
    run_update(
        project,
        data=data,
        vcs_ref=version,
        skip_answered=True,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=quiet,
    )


def climb(project: Path, level: int, *, quiet: bool = True, **data: Any) -> None:
    """Update a committed project to another level, the way the printed command does."""
    answers = {**ANSWERS, "level": level, **data}
    update(project, version=VcsRef.CURRENT, quiet=quiet, **answers)


def answers(project: Path) -> dict[str, Any]:
    """Return the recorded answers of a project."""
    read = yaml.safe_load((project / ANSWERS_FILE).read_text())
    assert isinstance(read, dict)
    return read


def files(project: Path) -> dict[str, bytes]:
    """Return path -> content of every file of a project that git would keep."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and not {".git", ".venv", "__pycache__"} & set(path.parts)
    }


def folders(project: Path) -> set[str]:
    """Return the path of every folder of a project."""
    every = (path for path in project.rglob("*") if path.is_dir())
    return {path.relative_to(project).as_posix() for path in every if ".git" not in path.parts}


def parents(names: Collection[str]) -> set[str]:
    """Return every folder that holds one of these paths."""
    return {folder.as_posix() for name in names for folder in Path(name).parents} - {"."}


def assert_same_files(made: Path, fresh: Path, but: Collection[str] = ()) -> None:
    """Check that a project is, byte for byte, what a fresh one is, kept answers apart."""
    found, wanted = (
        {name: text for name, text in files(folder).items() if name not in but}
        for folder in (made, fresh)
    )
    if ANSWERS_FILE in found:
        found[ANSWERS_FILE] = without_kept_answers(found[ANSWERS_FILE])
    assert found.keys() == wanted.keys()
    assert {name for name in wanted if found[name] != wanted[name]} == set()


def without_kept_answers(content: bytes) -> bytes:
    """Return an answers file without what another level asked for, which comes last."""
    return content.partition(b"# Answers that this level does not ask for")[0]


def changed_lines(before: Path, after: Path) -> dict[str, tuple[int, int]]:
    """Return file -> lines added and removed, for the files of both projects that differ."""
    old, new = files(before), files(after)
    found = {}
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            below, above = (one[name].decode().splitlines() for one in (old, new))
            signs = [line[0] for line in difflib.ndiff(below, above)]
            found[name] = (signs.count("+"), signs.count("-"))
    return found


def replace(file: Path, old: str, new: str, count: int = -1) -> None:
    """Replace what stands in a file; fail if it is not there."""
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new, count))


def assert_unchanged(project: Path) -> None:
    """Check that nothing differs from the last commit."""
    assert git(project, "status", "--porcelain") == ""


def message(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the message that Copier printed last."""
    text = capsys.readouterr().err
    return text[text.index(" is at level ") :]


def message_of(project: Path) -> str:
    """Return the message that Copier printed when a project was rendered."""
    return (project.parent / "message").read_text()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(command: list[str], folder: Path, **environment: str) -> Iterator[str]:
    """Run a server until the block ends and return its address, once it is healthy."""
    port = str(free_port())
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PORT": port, "UVICORN_PORT": port, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while not _healthy(address):
            if process.poll() is not None or time.monotonic() > deadline:
                _stop(process, signal.SIGKILL)
                raise AssertionError(process.communicate()[0])
            time.sleep(0.1)
        yield address
    finally:
        _stop(process, signal.SIGTERM)
        process.communicate(timeout=20)


def _healthy(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{address}/healthz", timeout=5, trust_env=False).is_success
    return False


def _stop(process: subprocess.Popen[str], how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, how)
