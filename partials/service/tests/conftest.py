"""Fixtures that start the application as a process that listens on a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx2
import pytest
{% if feature_flags %}
from openfeature import api
from openfeature.flag_evaluation import FlagValueType
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
{% endif %}

PACKAGE = "{{ package }}"
TIMEOUT = 20  # seconds
# Environment variables that the application needs to start, such as {"SECRET_KEY": "not-secret"}.
SETTINGS: dict[str, str] = {}
os.environ.update(SETTINGS)


@dataclass(frozen=True)
class Application:
    """A running application."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


class Start(Protocol):
    """Start the application with additional environment variables."""

    def __call__(self, **environment: str) -> Application: ...


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start the application in an empty directory. It stops after the tests of the module."""
    with ExitStack() as stack:

        def start_application(**environment: str) -> Application:
            folder = tmp_path_factory.mktemp("application")
            return stack.enter_context(running(folder, environment))

        yield start_application


{% if feature_flags %}
class SetFlags(Protocol):
    """Set these feature flags and no others."""

    def __call__(self, **values: FlagValueType) -> None: ...


@pytest.fixture
def flags() -> Iterator[SetFlags]:
    """Set feature flags for one test, in memory. At first, no flag is set."""
    before = api.get_client().provider

    def set_flags(**values: FlagValueType) -> None:
        flags = {name: InMemoryFlag("set", {"set": value}) for name, value in values.items()}
        api.set_provider_and_wait(InMemoryProvider(flags))

    set_flags()
    yield set_flags
    api.set_provider_and_wait(before)


{% endif %}
@contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator[Application]:
    """Run the application as its image does, and stop it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = folder / "log"
    command = [sys.executable, "-m", "uvicorn", f"{PACKAGE}:app", f"--port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PORT": str(port)} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_port(port, process, log)
        yield Application(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.kill()
        process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the application listens."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT)
        except httpx2.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The application did not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.05)
        else:
            return
