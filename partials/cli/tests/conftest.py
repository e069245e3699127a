"""The program as its users run it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

PACKAGE = "{{ package }}"
COMMAND = Path(sys.executable).with_name("{{ slug }}")
PATIENCE = 60  # seconds that the program may take


class Run(Protocol):
    """Run the program with additions to its environment."""

    def __call__(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the program in an empty home folder."""

    def run_it(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *words],
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path)} | environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run_it
