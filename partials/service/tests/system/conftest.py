"""The whole stack: the one at BASE_URL, or else a new one that stops after the tests.

IMAGE names the image to test. Without it, the tests build the image.
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
# Unique for this checkout, so that the tests of several checkouts can run at the same time.
PROJECT = f"system-tests-{zlib.crc32(bytes(ROOT)):08x}"
# Services that only the application can reach, and their ports.
BACKEND = {
{% if postgres %}
    "database": 5432,
{% endif %}
{% if s3 %}
    "store": 8333,
{% endif %}
{% for dependent in dependent_services %}
    "{{ dependent.name }}": {{ dependent.port }},
{% endfor %}
}


@dataclass(frozen=True)
class Stack:
    """The URL of the stack, and whether these tests started it."""

    url: str
    is_local: bool


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack under test. If a test fails, the log of every service is saved in logs/."""
    if url := os.environ.get("BASE_URL"):
        yield Stack(url.rstrip("/"), is_local=False)
        return
    try:
        build = "--no-build" if os.environ.get("IMAGE") else "--build"
        started = compose("up", build, "--wait", "--wait-timeout=120")
        if started.returncode:
            save_logs()
            reason = failing_services() or "no service is running"
            pytest.fail(f"The stack did not start ({reason}):\n{started.stdout}", pytrace=False)
        wait_for_backend()
        url = f"http://{compose('port', 'proxy', '80').stdout.strip()}"
        wait_for_proxy(url)
        yield Stack(url, is_local=True)
        if request.session.testsfailed:
            save_logs()
    finally:
        compose("down", "--volumes", "--timeout=5")


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx2.Client]:
    """A client that uses the stack through its proxy, as users do."""
    with httpx2.Client(base_url=stack.url, timeout=10) as client:
        yield client


def wait_for_proxy(url: str) -> None:
    """Wait until the proxy, which starts last, listens."""
    for _ in range(100):
        try:
            httpx2.get(url)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return


def wait_for_backend() -> None:
    """Wait until the application can reach every service of the backend."""
    for name, port in BACKEND.items():
        probe = f"import socket; socket.create_connection(({name!r}, {port}), timeout=3)"
        deadline = time.monotonic() + 60
        while compose("exec", "-T", "app", "python", "-c", probe).returncode:
            if time.monotonic() > deadline:
                save_logs()
                pytest.fail(f"{name} does not listen on port {port}: see logs/.", pytrace=False)


def failing_services() -> str:
    """Return the services that failed to start, with their status."""
    rows = map(json.loads, compose("ps", "--all", "--format=json").stdout.splitlines())
    return ", ".join(
        f"{row['Service']}: {row['Status']}"
        for row in rows
        if row["ExitCode"] or row["Health"] in {"starting", "unhealthy"}
    )


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run docker compose on the stack of these tests, apart from one started by hand."""
    return subprocess.run(
        ["docker", "compose", "--progress=plain", f"--project-name={PROJECT}", *arguments],
        cwd=ROOT,
        env={"PORT": "0"} | os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def save_logs() -> None:
    """Write the log of each service to a file of its own."""
    (ROOT / "logs").mkdir(exist_ok=True)
    for service in compose("config", "--services").stdout.split():
        text = compose("logs", "--no-color", "--no-log-prefix", "--timestamps", service).stdout
        (ROOT / "logs" / f"{service}.log").write_text(text)
