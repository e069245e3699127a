"""Processes that outlive the test's: a file has the number of each, another its output."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def start_process(root: Path, name: str, command: list[str], environment: dict[str, str]) -> None:
    """Start a process under a name."""
    with (root / "run" / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    (root / "run" / f"{name}.pid").write_text(str(process.pid))


def is_running(root: Path, name: str) -> bool:
    """Tell whether a process runs, and is no zombie."""
    with suppress(OSError):
        number = (root / "run" / f"{name}.pid").read_text()
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def stop_process(root: Path, name: str) -> None:
    """Kill a process, if there is one of that name, and wait until it is gone."""
    file = root / "run" / f"{name}.pid"
    while is_running(root, name):
        os.kill(int(file.read_text()), signal.SIGKILL)
        time.sleep(0.01)
    file.unlink(missing_ok=True)


def read_settings(text: str) -> dict[str, str]:
    """Return the settings of an environment file."""
    return dict(line.split("=", 1) for line in text.splitlines())
