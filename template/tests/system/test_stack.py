"""The contract through the whole stack, and which parts of it are unreachable from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.system.conftest import BACKEND, PROJECT, Stack, compose


def test_it_answers_through_the_proxy(client: httpx2.Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200, answer.text
    version = answer.json()["version"]
    assert version
    if expected := os.environ.get("EXPECTED_VERSION"):
        assert version == expected


def test_only_the_proxy_is_published(stack: Stack) -> None:
    if not stack.is_local:
        pytest.skip("needs a stack that these tests started")
    published = {
        name
        for name, service in services().items()
        for port in service["Publishers"] or []
        if port["PublishedPort"]
    }
    assert published == {"proxy"}


@pytest.mark.parametrize("network", ["front", "back"])
@pytest.mark.parametrize("name", BACKEND)
def test_only_the_application_reaches_the_backend(stack: Stack, name: str, network: str) -> None:
    if not stack.is_local:
        pytest.skip("needs a stack that these tests started")
    probe = f"import socket; socket.create_connection(('{name}', {BACKEND[name]}), timeout=3)"
    options = ["--rm", f"--network={PROJECT}_{network}", "--entrypoint=python"]
    done = subprocess.run(
        ["docker", "run", *options, services()["app"]["Image"], "-c", probe],
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) is (network == "back"), done.stderr


@pytest.mark.parametrize("port", sorted({2019, 8000, *BACKEND.values()} - {80, 443}))
def test_a_port_is_closed_from_outside(stack: Stack, port: int) -> None:
    host = urlsplit(stack.url).hostname
    if host in {"127.0.0.1", "localhost"}:
        pytest.skip("needs a stack on another host: on this one, other programs may use the port")
    with socket.socket() as probe:
        probe.settimeout(3)
        assert probe.connect_ex((host, port)) != 0


def services() -> dict[str, dict[str, Any]]:
    """Return what docker compose reports about each running service."""
    lines = compose("ps", "--format=json").stdout.splitlines()
    return {row["Service"]: row for row in map(json.loads, lines)}
