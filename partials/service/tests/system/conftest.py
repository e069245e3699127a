"""The whole stack: what runs at BASE_URL, else one that is brought up here and taken down again.

IMAGE names the image to test; without it the image is built.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).resolve().parents[2]
# A stack of this checkout's own: another one's tests may run beside it.
PROJECT = f"system-tests-{zlib.crc32(bytes(ROOT)):08x}"
{% if dependent_services %}
# What the application reaches on the network behind it.
DEPENDENTS = { {%- for dependent in dependent_services %}"{{ dependent.name }}": {{ dependent.port }}{{ ", " if not loop.last }}{% endfor -%} }
{% endif %}


@dataclass(frozen=True)
class Stack:
    """Where the stack answers, and whether it was brought up for these tests."""

    url: str
    ours: bool


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack under test; where a test fails, every service's log is kept in logs/."""
    if url := os.environ.get("BASE_URL"):
        yield Stack(url.rstrip("/"), ours=False)
        return
    try:
        build = "--no-build" if os.environ.get("IMAGE") else "--build"
        started = compose("up", build, "--wait", "--wait-timeout=120")
        if started.returncode:
            keep_logs()
            said = f"The stack does not come up ({failing() or 'nothing started'}):"
            pytest.fail(f"{said}\n{started.stdout}", pytrace=False)
{% if dependent_services %}
        await_dependents()
{% endif %}
        url = f"http://{compose('port', 'proxy', '80').stdout.strip()}"
        await_proxy(url)
        yield Stack(url, ours=True)
        if request.session.testsfailed:
            keep_logs()
    finally:
        compose("down", "--volumes", "--timeout=5")


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx2.Client]:
    """A client that meets the stack where its users do."""
    with httpx2.Client(base_url=stack.url, timeout=10) as client:
        yield client


def await_proxy(url: str) -> None:
    """Wait until the proxy listens, which starts last."""
    for _ in range(100):
        try:
            httpx2.get(url)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return


{% if dependent_services %}
def await_dependents() -> None:
    """Wait until the application can reach what it depends on."""
    for name, port in DEPENDENTS.items():
        probe = f"import socket; socket.create_connection(({name!r}, {port}), timeout=3)"
        deadline = time.monotonic() + 60
        while compose("exec", "-T", "app", "python", "-c", probe).returncode:
            if time.monotonic() > deadline:
                keep_logs()
                said = f"{name} does not answer on port {port}, see logs/{name}.log."
                pytest.fail(said, pytrace=False)


{% endif %}
def failing() -> str:
    """Return which services do not run as they should."""
    rows = map(json.loads, compose("ps", "--all", "--format=json").stdout.splitlines())
    return ", ".join(
        f"{row['Service']}: {row['Status']}"
        for row in rows
        if row["ExitCode"] or row["Health"] in {"starting", "unhealthy"}
    )


def compose(*words: str) -> subprocess.CompletedProcess[str]:
    """Run docker compose on a stack beside any that a person has up."""
    return subprocess.run(
        ["docker", "compose", "--progress=plain", f"--project-name={PROJECT}", *words],
        cwd=ROOT,
        env={"PORT": "0"} | os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def keep_logs() -> None:
    """Write what every service said to a file of its own."""
    (ROOT / "logs").mkdir(exist_ok=True)
    for service in compose("config", "--services").stdout.split():
        text = compose("logs", "--no-color", "--no-log-prefix", "--timestamps", service).stdout
        (ROOT / "logs" / f"{service}.log").write_text(text)
