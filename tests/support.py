"""What the tests share: the template under test, projects made of it, and git."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from copier import VcsRef, run_copy, run_update

ROOT = Path(__file__).resolve().parent.parent
LEVELS = range(9)
ANSWERS: dict[str, Any] = {"project_name": "Links", "owner": "acme", "license": "MIT"}

# Where the tests themselves are installed is no place for the projects that they run.
for name in ("UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV"):
    os.environ.pop(name, None)

# Commits of the tests are made by nobody in particular, whatever the machine's own git says.
os.environ.update(
    {
        "GIT_AUTHOR_NAME": "Ladder",
        "GIT_AUTHOR_EMAIL": "ladder@example.com",
        "GIT_COMMITTER_NAME": "Ladder",
        "GIT_COMMITTER_EMAIL": "ladder@example.com",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
)


def last(*levels: int) -> list[Any]:
    """Return levels as parameters of a test; the inner loop takes the last of them alone."""
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


@functools.lru_cache(maxsize=1)
def template() -> Path:
    """Return a repository with the working tree as its only commit, tagged v1.0.0.

    The first process makes it; those that it starts use the same.
    """
    if made := os.environ.get("LADDER_TEMPLATE"):
        return Path(made)
    folder = Path(tempfile.mkdtemp(prefix="ladder-template-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        of_template = name.startswith(("copier.yml", "template/", "extensions/", "partials/"))
        if of_template and source.is_file():  # not deleted in the working tree alone
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    git(folder, "init", "--quiet", "--initial-branch=main")
    save(folder, "Template")
    git(folder, "tag", "v1.0.0")
    git(folder, "gc", "--quiet")  # as a clone from the forge is
    os.environ["LADDER_TEMPLATE"] = str(folder)
    return folder


def render(target: Path, level: int, *, quiet: bool = True, **answers: Any) -> Path:
    """Make a project of a level in a folder that does not exist yet, and return the folder."""
    run_copy(
        str(template()),
        target,
        data={**ANSWERS, "level": level, **answers},
        vcs_ref="HEAD",
        defaults=True,
        unsafe=True,
        quiet=quiet,
    )
    return target


def save(project: Path, message: str = "Start") -> None:
    """Commit everything in a project, making the repository first where there is none."""
    if not (project / ".git").exists():
        git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", f"--message={message}")


def climb(project: Path, level: int, *, quiet: bool = True, **data: Any) -> None:
    """Update a committed project to another level, the way the printed command does."""
    run_update(
        project,
        data={**ANSWERS, "level": level, **data},
        vcs_ref=VcsRef.CURRENT,
        skip_answered=True,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=quiet,
    )


def files(project: Path) -> dict[str, bytes]:
    """Return path -> content of every file of a project that git would keep."""
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and not {".git", ".venv", "__pycache__"} & set(path.parts)
    }


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[str]:
    """Run a server until the block ends and give its address, once it answers."""
    port = free_port()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PORT": str(port), "UVICORN_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise AssertionError(process.communicate()[0]) from None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=20)
