"""From level 3: an environment of three servers that loses one under a stream of requests."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.conftest import Render
from tests.e2e.operators import (
    Operator,
    every_request_answered,
    follows,
    install_settings,
    set_up,
    traffic_during,
    wait_until,
)
from tests.e2e.sample_images import SampleImages
from tests.testbed import Host, RequestLoop, up

FIRST, NEXT = "203.0.113.7", "203.0.113.9"  # as ops/README.md calls them


class Hosts:
    """The hosts of one environment, and an operator's shell that reaches them."""

    def __init__(self, project: Path, folder: Path, first: Host, *others: Host) -> None:
        self.first = first
        self.others = others
        text = (project / "ops" / "README.md").read_text()
        text = text.partition("\n## More hosts\n")[2].partition("\n## ")[0]
        self.join, self.leave = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        self.path = folder / "bin"
        self.path.mkdir()
        known = folder / "known_hosts"
        known.write_text("".join(host.known_hosts for host in (first, *others)))
        options = f"-i {first.key_file} -o IdentitiesOnly=yes -o UserKnownHostsFile={known}"
        (self.path / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh {options} "$@"\n')
        (self.path / "ssh").chmod(0o755)

    def paste(self, commands: str, host: Host, **instead: str) -> None:
        """Run commands of ops/README.md, with addresses that exist."""
        names = {FIRST: self.first.ip, NEXT: host.ip, "NAME": host.name, **instead}
        for old, new in names.items():
            commands = commands.replace(old, new)
        path = f"{self.path}:{os.environ['PATH']}"
        words = ["bash", "-euo", "pipefail", "-c", commands]
        done = subprocess.run(
            words,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def nodes(self) -> dict[str, str]:
        """Return what the swarm thinks of each server."""
        lines = self.first.run("sudo docker node ls --format '{{.Hostname}} {{.Status}}'").stdout
        return dict(line.split() for line in lines.splitlines())


@pytest.fixture
def hosts(rendered: Render, tmp_path: Path) -> Iterator[Hosts]:
    """Three servers, the first of which was set up by the commands of ops/README.md."""
    made = rendered(3)
    with ExitStack() as stack:
        names = ("first", "second", "third")
        started = [
            stack.enter_context(Host.start(up(), name, fixed_address=True)) for name in names
        ]
        set_up(started[0], made)
        yield Hosts(made, tmp_path, *started)


def spread(operator: Operator) -> dict[str, str]:
    """Return how many replicas run on each server, or why none does, as `status` tells it."""
    line = re.search(r"^nodes +(.+)$", operator.deploy("status"), re.MULTILINE)
    assert line
    pairs = (part.split(" ", 1) for part in line[1].split(", "))
    return {name.rpartition("-")[0]: what for name, what in pairs}


def answers(link: str) -> bool:
    """Tell whether a link leads where it should by now."""
    with suppress(httpx.TransportError):
        return follows(link, "https://example.com/kept")
    return False


@pytest.mark.slow
def test_environment_survives_the_loss_of_a_host(
    project: Render,
    rendered: Render,
    hosts: Hosts,
    postgres: str,
    tmp_path: Path,
) -> None:
    images = SampleImages(up(), tmp_path, rendered(8))
    made = project(3)
    operator = Operator(made, hosts.first, {"DEPLOY_IMAGE": images.image})
    install_settings(hosts.first, f"DATABASE_URL={postgres}")
    for version in ("1.0", "1.1", "1.2", "1.3"):
        images.push(rendered(8), version)
    second, third = hosts.others

    # One host has two replicas; each that joins has one from the next release on.
    operator.deploy("release", "1.0")
    status = operator.deploy("status")
    assert "2 of 2" in status and "nodes" not in status
    for host in hosts.others:
        hosts.paste(hosts.join, host)
    assert hosts.nodes() == dict.fromkeys((hosts.first.name, second.name, third.name), "Ready")

    link = operator.shorten("https://example.com/kept")
    traffic = traffic_during(link, lambda: operator.deploy("release", "1.1"))
    assert every_request_answered(traffic), traffic.problems
    assert "3 of 3" in operator.deploy("status")
    print("spread after the release:", spread(operator))
    assert spread(operator)["third"] != "0"

    # The plug is pulled.
    with RequestLoop(
        link, right=lambda answer: answer.status_code == 307, rate=30, timeout=30
    ) as loop:
        wait_until(lambda: loop.traffic.sent > 60)
        assert not loop.traffic.failed + loop.traffic.wrong, loop.traffic.problems
        third.kill()
        began = time.monotonic()
        wait_until(lambda: hosts.nodes()[third.name] == "Down", 120)
        print(f"third was found to be down after {time.monotonic() - began:.1f} s")
        wait_until(lambda: "3 of 3" in operator.deploy("status"), 120)
        print(f"all replicas ran again after {time.monotonic() - began:.1f} s")
        sent = loop.traffic.sent
        wait_until(lambda: loop.traffic.sent > sent + 60)
    print("a host killed:", loop.traffic, loop.traffic.problems)
    assert loop.traffic.failed + loop.traffic.wrong <= loop.workers, loop.traffic.problems
    assert spread(operator)["third"] == "down"

    # Without it a release is made on those that are left.
    traffic = traffic_during(link, lambda: operator.deploy("release", "1.2"))
    assert every_request_answered(traffic), traffic.problems
    assert "2 of 2" in operator.deploy("status")

    def come_back() -> None:
        began = time.monotonic()
        third.boot()
        wait_until(lambda: hosts.nodes()[third.name] == "Ready", 120)
        print(f"third was back {time.monotonic() - began:.1f} s after it was started")

    traffic = traffic_during(link, come_back)
    assert every_request_answered(traffic), traffic.problems
    assert spread(operator)["third"] == "0"
    traffic = traffic_during(link, lambda: operator.deploy("release", "1.3"))
    assert every_request_answered(traffic), traffic.problems
    assert "3 of 3" in operator.deploy("status")
    print("spread after the next release:", spread(operator))
    assert spread(operator)["third"] != "0"
    assert operator.version() == "1.3"

    # One is taken out, as ops/README.md says.
    def leave() -> None:
        hosts.paste(hosts.leave, second)
        wait_until(lambda: "3 of 3" in operator.deploy("status"), 120)

    traffic = traffic_during(link, leave)
    assert every_request_answered(traffic), traffic.problems
    assert second.name not in hosts.nodes()

    # The first host is the one that cannot be missed.
    availability = "sudo docker node update --availability {} " + hosts.first.name
    before = operator.outcomes()
    hosts.first.run(availability.format("drain"))
    assert "The edge node is not ready" in operator.refuse("release", "1.2")
    hosts.first.run(availability.format("active"))
    wait_until(lambda: answers(link), 120)
    hosts.first.kill()
    assert "cannot be used" in operator.refuse("release", "1.2")
    began = time.monotonic()
    hosts.first.boot()
    wait_until(lambda: answers(link), 120)
    print(f"the first served again {time.monotonic() - began:.1f} s after it was started")
    assert operator.version() == "1.3"
    assert operator.outcomes() == before
