"""An operator with a project and a host, and the users of the host."""

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

from tests.testbed import Host, RequestLoop, Traffic, http

# The testbed's hosts trust what this machine trusts, and uv has to be told.
TRUST = """
sudo mkdir -p /etc/uv
echo 'system-certs = true' | sudo tee /etc/uv/uv.toml > /dev/null
"""


@dataclass
class Operator:
    """A person who runs `ops/deploy` in a project, against a host."""

    project: Path
    host: Host
    settings: dict[str, str] = field(default_factory=dict)
    environment_name: str = "production"

    @property
    def url(self) -> str:
        """The public address of the environment."""
        return f"http://{self.host.ip}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the program."""
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
        """Start a command, with additional settings, and return at once."""
        return subprocess.Popen(
            [sys.executable, "ops/deploy", verb, self.environment_name, *words],
            cwd=self.project,
            env=self.environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def deploy(self, verb: str, *words: str, code: int = 0) -> str:
        """Run a command that must end with an exit code; return its output.

        A release that must fail gets a short timeout, so that the test does not wait for it.
        """
        process = self.start(verb, *words, **({"DEPLOY_TIMEOUT": "10"} if code == 1 else {}))
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, f"{verb} {words}: {process.returncode}\n{out}{err}"
        return out + err

    def refuse(self, verb: str, *words: str) -> str:
        """Run a command that must be refused in one sentence; return the sentence."""
        refusal = self.deploy(verb, *words, code=2).strip()
        assert "\n" not in refusal, refusal
        assert refusal.startswith("ops/deploy: "), refusal
        return refusal

    def kill_when(self, text: str, verb: str, *words: str) -> None:
        """Run a command and kill its process, and no other, once it has printed a text."""
        with running_until(self, text, verb, *words) as process:
            process.send_signal(signal.SIGKILL)

    def version(self) -> str:
        """Return the version that the service reports."""
        answer = http.get(f"{self.url}/healthz")
        assert answer.status_code == 200, answer
        return str(answer.json()["version"])

    def shorten(self, url: str) -> str:
        """Let the service shorten a link, and return the short address."""
        answer = http.post(f"{self.url}/links", json={"url": url})
        assert answer.status_code == 201, answer
        return f"{self.url}/{answer.json()['code']}"

    def outcomes(self) -> list[tuple[str, ...]]:
        """Return verb, version and outcome of each line of the audit log."""
        lines = self.deploy("history").splitlines()
        return [tuple(re.split("  +", line)[1:4]) for line in lines]


@contextmanager
def running_until(
    operator: Operator, text: str, verb: str, *words: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a command and wait until it prints a text; when the block ends, wait for its end."""
    process = operator.start(verb, *words)
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if text in line:
            break
    else:
        raise AssertionError("".join(printed) + process.communicate()[1])
    try:
        yield process
    finally:
        process.communicate(timeout=300)


def follows(link: str, url: str) -> bool:
    """Tell whether a short link leads to its address."""
    answer = http.get(link)
    return answer.status_code == 307 and answer.headers["location"] == url


def set_up(host: Host, project: Path, section: str = "What to set up once", **replace: str) -> None:
    """Run the commands of a section of ops/README.md on a host."""
    text = (project / "ops" / "README.md").read_text()
    text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert script, f"ops/README.md has no commands under {section}"
    for old, new in replace.items():
        assert old.replace("_", ".") in script
        script = script.replace(old.replace("_", "."), new)
    host.run("bash -eu", stdin=TRUST + script, timeout=300)


def install_settings(host: Host, *lines: str) -> None:
    """Write the application's settings on a host."""
    text = "".join(f"{line}\n" for line in ("PORT=8000", *lines))
    host.run("sudo install -m 600 /dev/stdin /etc/links/app.env", stdin=text)


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.2)


def traffic_during(link: str, work: Callable[[], object]) -> Traffic:
    """Do something while users follow a link; return what became of their requests."""
    with RequestLoop(
        link, right=lambda answer: answer.status_code == 307, rate=30, timeout=20
    ) as loop:
        work()
    print(loop.traffic)
    return loop.traffic


def every_request_answered(traffic: Traffic) -> bool:
    """Tell whether every request got the expected answer; a few requests would prove nothing."""
    assert traffic.sent > 30, traffic
    return not traffic.failed and not traffic.wrong


def as_user(host: Host, command: str) -> str:
    """Run a command as a user who logs in to the host; return what it prints."""
    host.run("id ada > /dev/null 2>&1 || sudo useradd --create-home ada")
    done = host.run(f"sudo -u ada -i {command}", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def installed_version(host: Host) -> str:
    """Return the version of the program that the host's users have."""
    return as_user(host, "links --version").split()[1]
