"""The application as its users meet it: a process of its own that listens on a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import {{ 'Callable, ' if feature_flags }}Iterator
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
PATIENCE = 20  # seconds until the application must listen


@dataclass(frozen=True)
class Application:
    """The application, running."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


class Start(Protocol):
    """Start the application with additions to its environment."""

    def __call__(self, **environment: str) -> Application: ...


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start the application, in a folder of its own; it ends with the module's tests."""
    with ExitStack() as stack:

        def start_it(**environment: str) -> Application:
            folder = tmp_path_factory.mktemp("application")
            return stack.enter_context(running(folder, environment))

        yield start_it


{% if feature_flags %}
@pytest.fixture
def flags() -> Iterator[Callable[..., None]]:
    """Set feature flags in memory, for one test; those that are not named are missing."""
    before = api.get_client().provider

    def set_flags(**values: FlagValueType) -> None:
        held = {name: InMemoryFlag("set", {"set": value}) for name, value in values.items()}
        api.set_provider_and_wait(InMemoryProvider(held))

    set_flags()
    yield set_flags
    api.set_provider_and_wait(before)


{% endif %}
@contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator[Application]:
    """Run the application the way its image does, and end it."""
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
        await_port(port, process, log)
        yield Application(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.kill()
        process.wait()


def await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the application listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE)
        except httpx2.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The application does not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.05)
        else:
            return
