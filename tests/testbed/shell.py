"""Commands, programs and the errors of the testbed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class TestbedError(Exception):
    """The testbed cannot do what was asked; the message says why."""

    __test__ = False  # pytest is not to collect it


class ToolMissing(TestbedError):
    """A program that the testbed needs is not installed; the message says how to install it."""


def default_state_dir() -> Path:
    """Return the state directory that is used when the environment names no other."""
    return Path.home() / ".cache" / "ladder-testbed"


def state_dir() -> Path:
    """Return the folder of tools, engine and keys: `$LADDER_TESTBED` or the default."""
    chosen = os.environ.get("LADDER_TESTBED")
    path = Path(chosen) if chosen else default_state_dir()
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
    """Run a command and capture its output; with `check`, a failure raises TestbedError."""
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
            raise TestbedError(f"`{' '.join(words)}` took longer than {timeout} s.") from late
        return subprocess.CompletedProcess(words, 124, "", f"timed out after {timeout} s")
    if check and done.returncode:
        raise failure(words, done)
    return done


def failure(words: Sequence[str], done: subprocess.CompletedProcess[str]) -> TestbedError:
    """Return the error that shows what a failed command printed."""
    tail = (done.stderr + done.stdout).strip()[-3000:]
    return TestbedError(f"`{' '.join(words)}` failed with {done.returncode}:\n{tail}")


def tool(name: str, package: str) -> Path:
    """Find a program beside this interpreter or on PATH; `package` is what to install otherwise."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise ToolMissing(f"{name} is not installed: install {package}.")
    return Path(found)
