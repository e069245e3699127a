"""The contract through the whole stack, and what nobody may reach from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.system.conftest import PROJECT, Stack, compose


def test_it_answers_through_the_proxy(client: httpx2.Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200, answer.text
    version = answer.json()["version"]
    assert version
    if expected := os.environ.get("EXPECTED_VERSION"):
        assert version == expected


def test_only_the_proxy_is_published(stack: Stack) -> None:
    if not stack.ours:
        pytest.skip("asks the stack that was brought up here")
    published = {
        name
        for name, service in services().items()
        for port in service["Publishers"] or []
        if port["PublishedPort"]
    }
    assert published == {"proxy"}


@pytest.mark.parametrize("network", ["front", "back"])
def test_the_database_is_out_of_the_proxys_reach(stack: Stack, network: str) -> None:
    if not stack.ours:
        pytest.skip("asks the stack that was brought up here")
    probe = "import socket; socket.create_connection(('database', 5432), timeout=3)"
    options = ["--rm", f"--network={PROJECT}_{network}", "--entrypoint=python"]
    done = subprocess.run(
        ["docker", "run", *options, services()["app"]["Image"], "-c", probe],
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) is (network == "back"), done.stderr


@pytest.mark.parametrize("port", [2019, 5432, 8000], ids=["proxy-admin", "database", "app"])
def test_a_port_is_closed_to_the_outside(stack: Stack, port: int) -> None:
    host = urlsplit(stack.url).hostname
    if host in {"127.0.0.1", "localhost"}:
        pytest.skip("asks another machine: on this one anything may listen")
    with socket.socket() as probe:
        probe.settimeout(3)
        assert probe.connect_ex((host, port)) != 0


def services() -> dict[str, dict[str, Any]]:
    """Return what docker compose knows of each running service."""
    lines = compose("ps", "--format=json").stdout.splitlines()
    return {row["Service"]: row for row in map(json.loads, lines)}
