"""Commands, tools and the one kind of error that the test bed raises."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class BedError(Exception):
    """The bed cannot do what was asked; the message says why."""


class ToolMissing(BedError):
    """A program that the bed needs is not installed; the message says how to get it."""


def usual_state_dir() -> Path:
    """The bed's place when the environment names no other."""
    return Path.home() / ".cache" / "ladder-testbed"


def state_dir() -> Path:
    """Where tools, engine and keys lie: `$LADDER_TESTBED` or `~/.cache/ladder-testbed`."""
    chosen = os.environ.get("LADDER_TESTBED")
    path = Path(chosen) if chosen else usual_state_dir()
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a command and keep its output; with `check`, a failure raises BedError that shows it."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as missing:
        raise ToolMissing(f"{words[0]} is not installed.") from missing
    except subprocess.TimeoutExpired as late:
        if check:
            raise BedError(f"`{' '.join(words)}` took longer than {timeout} s.") from late
        return subprocess.CompletedProcess(words, 124, "", f"timed out after {timeout} s")
    if check and done.returncode:
        raise failure(words, done)
    return done


def failure(words: Sequence[str], done: subprocess.CompletedProcess[str]) -> BedError:
    """Return the error that shows what a failed command printed."""
    tail = (done.stderr + done.stdout).strip()[-3000:]
    return BedError(f"`{' '.join(words)}` failed with {done.returncode}:\n{tail}")


def tool(name: str, package: str) -> Path:
    """Find a program beside this interpreter or on PATH; `package` is what to install otherwise."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise ToolMissing(f"{name} is not installed: install {package}.")
    return Path(found)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock file, so that parallel workers bring the bed up once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
