"""A host that is reached by ssh: commands, lock, hold and audit log."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import socket
import subprocess
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

OPS = Path(__file__).parent
OK, FAILED, INTERRUPTED = "ok", "failed", "interrupted"
SSH_FAILED = 255  # its exit code when it could not connect
TRIES = 3  # to connect

# Held by a live connection, so that it ends with the program on the other side, however that ends.
# What an interrupted holder wrote stays in the file and tells the next one.
LOCK = """
mkdir -p "$1" && cd "$1" && exec 9>>lock
if ! flock -w 1 9; then echo taken; cat lock; exit; fi
echo free; cat lock; echo
printf '%s' "$2" > lock
while read -r -t 60 word; do
  if [ "$word" = over ]; then : > lock; exit; fi
done
"""

# Commands run as root: by sudo, where the account is not root itself.
AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n -H "$@"; fi'


class RefusedError(Exception):
    """Why nothing was touched: one sentence that says what to do."""


class FailedError(Exception):
    """Why a step failed; what it left behind is the caller's to mend."""


@dataclass(frozen=True)
class Release:
    """A version of the application."""

    version: str
    commit: str = ""
    digest: str = ""


def setting(environment: str, key: str, default: str = "") -> str:
    """Return a setting of an environment: from this process's, else from the file in ops."""
    file, variable = OPS / f"{environment}.toml", f"DEPLOY_{key.upper()}"
    try:
        written = tomllib.loads(file.read_text()) if file.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(f"ops/{file.name} is not valid TOML: {error}.") from None
    value = os.environ.get(variable) or str(written.get(key) or default)
    if not value:
        raise RefusedError(f"{environment} has no {key}: set it in ops/{file.name} or {variable}.")
    return value


def now() -> str:
    """Return the time as the audit log writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def who() -> str:
    """Return who is at work here, for others to read."""
    return os.environ.get("DEPLOY_BY") or f"{getpass.getuser()}@{socket.gethostname()}"


class Host:
    """An environment's host, where everything runs as root."""

    def __init__(self, address: str, root: str) -> None:
        """Reach `address`, as ssh understands it; `root` is the application's folder there."""
        if address.startswith("-") or any(letter.isspace() for letter in address):
            raise RefusedError(f"{address!r} is not a host: write it as ssh takes it, user@name.")
        self.address = address
        self.root = root
        self._folder = tempfile.TemporaryDirectory(prefix="deploy-")
        self._ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15"]
        self._ssh += ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
        if key := os.environ.get("DEPLOY_SSH_KEY_FILE"):
            self._ssh += ["-i", key, "-o", "IdentitiesOnly=yes"]
        if known := os.environ.get("DEPLOY_KNOWN_HOSTS_FILE"):
            self._ssh += ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"]
        # The first command's connection, in a release the lock's, carries the others.
        self._shared = ["-o", "ControlMaster=auto", "-o", f"ControlPath={self._folder.name}/ssh"]

    def connect(self) -> None:
        """Make sure that the host answers and lets us be root."""
        try:
            self.run("true")
        except FileNotFoundError:
            raise RefusedError("There is no ssh on this machine: install it first.") from None
        except FailedError as error:
            why = str(error).splitlines()[-1].strip().rstrip(".")
            must = f"`ssh {self.address} sudo true` must work"
            raise RefusedError(f"{self.address} cannot be used: {why}; {must}.") from None

    def run(self, script: str, *arguments: str, stdin: bytes = b"") -> str:
        """Run a bash script on the host and return what it printed."""
        command = [*self._ssh, *self._shared, self.address, _as_root(script, *arguments)]
        for _ in range(TRIES):
            done = subprocess.run(command, input=stdin, capture_output=True, check=False)
            # A connection that was never made has done nothing: it is tried again.
            if done.returncode != SSH_FAILED or not done.stderr.rstrip().endswith(b"timed out"):
                break
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise FailedError(said or f"exit code {done.returncode}")
        return done.stdout.decode(errors="replace").strip()

    @contextmanager
    def tunnel(self, port: int) -> Iterator[str]:
        """Carry a local port to one that only the host itself can reach; yield its address."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            local = probe.getsockname()[1]
        forward = ["-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{local}:127.0.0.1:{port}"]
        # `cat` ends when this program does, and the tunnel with it.
        command = [*self._ssh, *forward, "-o", "ControlPath=none", self.address, "cat"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield f"http://127.0.0.1:{local}"
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def lock(self, verb: str, version: str) -> Iterator[None]:
        """Keep others from deploying meanwhile."""
        mine = {"verb": verb, "version": version, "by": who(), "at": now()}
        command = [*self._ssh, *self._shared, self.address]
        with subprocess.Popen(
            [*command, _as_root(LOCK, self.root, json.dumps(mine))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C does not take the lock away
        ) as process:
            state, left = (_line(process.stdout) for _ in range(2))
            if state == "taken":
                raise RefusedError(_taken(self.address, left))
            if state != "free":
                raise RefusedError(f"The connection to {self.address} is lost: try again.")
            over = threading.Event()
            pulse = threading.Thread(target=_beat, args=(process, over), daemon=True)
            pulse.start()
            try:
                if left:
                    self._note(json.loads(left) | {"outcome": INTERRUPTED})
                yield
            finally:
                over.set()
                pulse.join()
                process.communicate("over\n")

    def audit(self, verb: str, release: Release, outcome: str, reason: str = "") -> None:
        """Add a line to the audit log."""
        line = {"at": now(), "verb": verb, "version": release.version, "digest": release.digest}
        line |= {"commit": release.commit, "outcome": outcome, "by": who(), "reason": reason}
        self._note(line)

    def history(self) -> list[dict[str, str]]:
        """Return the audit log, oldest line first."""
        text = self.run('cat "$1/audit.log" 2> /dev/null || true', self.root)
        return [json.loads(line) for line in text.splitlines()]

    def held(self) -> str:
        """Return why releases are held, or nothing."""
        return self.run('cat "$1/hold" 2> /dev/null || true', self.root)

    def hold(self, reason: str) -> None:
        """Refuse releases from now on."""
        text = f"{reason} ({who()}, {now()})"
        self.run('mkdir -p "$1" && printf "%s\\n" "$2" > "$1/hold"', self.root, text)

    def resume(self) -> None:
        """Let releases through again."""
        self.run('rm -f "$1/hold"', self.root)

    def _note(self, line: dict[str, str]) -> None:
        add = 'mkdir -p "$1" && printf "%s\\n" "$2" >> "$1/audit.log"'
        self.run(add, self.root, json.dumps({key: value for key, value in line.items() if value}))


def _as_root(script: str, *arguments: str) -> str:
    words = ["bash", "-euo", "pipefail", "-c", script, "ops/deploy", *arguments]
    return shlex.join(["bash", "-c", AS_ROOT, "ops/deploy", *words])


def _line(stream: IO[str] | None) -> str:
    return stream.readline().strip() if stream else ""


def _beat(process: subprocess.Popen[str], over: threading.Event) -> None:
    """Tell the lock's holder on the host that this program still runs."""
    while not over.wait(10):
        try:
            print(file=process.stdin, flush=True)
        except OSError:
            return


def _taken(address: str, holder: str) -> str:
    told = json.loads(holder) if holder else {}
    if not told:
        return f"{address} is being deployed to by somebody else: try again when they are done."
    work = f"{told['verb']} of {told['version']}" if told["version"] else told["verb"]
    return f"{told['by']} has been busy with the {work} since {told['at']}: try again after that."
