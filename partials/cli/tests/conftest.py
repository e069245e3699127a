"""Fixtures that run the program as a process, as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

PACKAGE = "{{ package }}"
COMMAND = Path(sys.executable).with_name("{{ slug }}")
TIMEOUT = 60  # seconds


class Run(Protocol):
    """Run the program with additional environment variables."""

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the program with an empty home directory."""

    def run_program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path)} | environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    return run_program
