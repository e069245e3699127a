"""A person at work with `ops/deploy`, and a server to do it on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.testbed import Host, RequestLoop, Traffic
from tests.testbed.traffic import fetch

# The bed's servers trust what this machine trusts, and uv has to be told.
TRUST = """
sudo mkdir -p /etc/uv
echo 'system-certs = true' | sudo tee /etc/uv/uv.toml > /dev/null
"""


@dataclass
class Operator:
    """Somebody who runs `ops/deploy` in a project, against a server."""

    project: Path
    host: Host
    settings: dict[str, str] = field(default_factory=dict)
    at: str = "production"

    @property
    def url(self) -> str:
        """The address of the environment."""
        return f"http://{self.host.ip}"

    @property
    def environment(self) -> dict[str, str]:
        """What the program finds in its environment."""
        return os.environ | {
            "DEPLOY_HOST": self.host.destination,
            "DEPLOY_URL": self.url,
            "DEPLOY_SSH_KEY_FILE": str(self.host.key_file),
            "DEPLOY_KNOWN_HOSTS_FILE": str(self.host.known_hosts_file),
            "DEPLOY_BY": "mira",
            "UV_SYSTEM_CERTS": "1",
            **self.settings,
        }

    def start(self, verb: str, *words: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command, with more settings if there are any, and return at once."""
        return subprocess.Popen(
            [sys.executable, "ops/deploy", verb, self.at, *words],
            cwd=self.project,
            env=self.environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def deploy(self, verb: str, *words: str, code: int = 0) -> str:
        """Run a command that has to end with an exit code; return all that it printed.

        A release that has to fail is not waited for as long as one that has to come up.
        """
        process = self.start(verb, *words, **({"DEPLOY_TIMEOUT": "10"} if code == 1 else {}))
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, f"{verb} {words}: {process.returncode}\n{out}{err}"
        return out + err

    def refuse(self, verb: str, *words: str) -> str:
        """Run a command that has to be refused in one sentence; return the sentence."""
        said = self.deploy(verb, *words, code=2).strip()
        assert "\n" not in said, said
        assert said.startswith("ops/deploy: "), said
        return said

    def kill_when(self, text: str, verb: str, *words: str) -> None:
        """Run a command and kill it, and it alone, once it has printed a text."""
        with reached(self, text, verb, *words) as process:
            process.send_signal(signal.SIGKILL)

    def version(self) -> str:
        """Return what the service says it is."""
        answer = fetch(f"{self.url}/healthz", timeout=20)
        assert answer.status == 200, answer
        return str(answer.json()["version"])

    def shorten(self, url: str) -> str:
        """Let the service keep a link, and return its address."""
        body = f'{{"url": "{url}"}}'.encode()
        headers = {"Content-Type": "application/json"}
        answer = fetch(f"{self.url}/links", method="POST", body=body, headers=headers, timeout=20)
        assert answer.status == 201, answer
        return f"{self.url}/{answer.json()['code']}"

    def outcomes(self) -> list[tuple[str, ...]]:
        """Return verb, version and outcome of each line of the audit log."""
        lines = self.deploy("history").splitlines()
        return [tuple(re.split("  +", line)[1:4]) for line in lines]


@contextmanager
def reached(
    operator: Operator, text: str, verb: str, *words: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a command; yield once it has printed a text, and wait for its end afterwards."""
    process = operator.start(verb, *words)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            break
    else:
        raise AssertionError("".join(said) + process.communicate()[1])
    try:
        yield process
    finally:
        process.communicate(timeout=300)


def follows(link: str, url: str) -> bool:
    """Tell whether a link leads where it should."""
    answer = fetch(link, timeout=20)
    found = {name.lower(): value for name, value in answer.headers.items()}.get("location")
    return answer.status == 307 and found == url


def set_up(host: Host, readme: Path, section: str, **instead: str) -> None:
    """Run on a server the very commands of a section of a README."""
    text = readme.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert script, f"{readme} has no commands under {section}"
    for old, new in instead.items():
        assert old.replace("_", ".") in script
        script = script.replace(old.replace("_", "."), new)
    host.run("bash -eu", stdin=TRUST + script, timeout=300)


def wait_until(true: Any, seconds: float = 30) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.2)


def during(link: str, work: Callable[[], object]) -> Traffic:
    """Do something while users follow a link; return how they fared."""
    with RequestLoop(link, right=lambda answer: answer.status == 307, rate=30, timeout=20) as loop:
        work()
    print(loop.traffic)
    return loop.traffic


def none_lost(traffic: Traffic) -> bool:
    """Tell whether everybody was answered; a loop that hardly ran tells nothing."""
    assert traffic.sent > 30, traffic
    return not traffic.failed and not traffic.wrong
