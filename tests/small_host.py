"""A host in a folder: what `ops/deploy` says over SSH is done here, in seconds and without rights.

Scripts run as they are, with the host's folders moved into this one. In the place of ssh, sudo,
systemd and uv stand the functions below; the test bed has the real ones.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

PLACES = re.compile(r"(?<![\w.%|/-])/(?=(?:srv|etc|run|var/lib|usr/local/bin)/)")
SSH = """#!/bin/sh
while [ "${{1#-}}" != "$1" ]; do
  if [ "$1" = -L ]; then {python} carry "$2" & fi
  shift 2
done
shift
exec bash -c "$(printf %s "$*" | perl -pe 's{{{places}}}{{{root}/}}g')"
"""
# Whoever we are is root here, and does as they are told.
SUDO = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"""


class SmallHost:
    """A host, set up as ops/README.md says."""

    destination = "deploy@links.test"
    ip = "127.0.0.1"
    key_file = known_hosts_file = Path(os.devnull)

    def __init__(self, root: Path, port: int) -> None:
        """Make one in a folder whose application listens on a port."""
        self.root = root
        self.url = f"http://127.0.0.1:{port}"
        for place in ("bin", "srv", "etc/links", "etc/systemd/system", "run", "usr/local/bin"):
            (root / place).mkdir(parents=True)
        (root / "etc/links/app.env").write_text(f"PORT={port}\n")
        python = f"{sys.executable} -S {__file__} {root}"
        tools = {"ssh": SSH.format(python=python, places=PLACES.pattern, root=root)}
        tools |= dict.fromkeys(("sudo", "setpriv"), SUDO)
        for tool in ("systemctl", "journalctl", "uv"):
            tools[tool] = f'#!/bin/sh\nexec {python} {tool} "$@"\n'
        for tool, script in tools.items():
            (root / "bin" / tool).write_text(script)
            (root / "bin" / tool).chmod(0o755)

    @property
    def settings(self) -> dict[str, str]:
        """What an operator's environment needs, so that this host is reached."""
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "DEPLOY_URL": self.url, "DEPLOY_TIMEOUT": "5"}

    def run(self, command: str) -> str:
        """Run a shell command on the host and return what it prints."""
        done = subprocess.run(
            [self.root / "bin" / "ssh", self.destination, command],
            env=os.environ | self.settings,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def stop(self) -> None:
        """End what runs on it."""
        for file in (self.root / "run").glob("*.pid"):
            _end(self.root, file.stem)


def uv(_: Path, words: list[str]) -> int:
    """Make a virtual environment, unless a dependency is nowhere to be had."""
    script = Path(words[-1]).read_text()
    if missing := re.search(r"[\w-]+>=999", script):
        print(f"{missing[0]} is nowhere to be had", file=sys.stderr)
        return 1
    programs = Path(os.environ["VIRTUAL_ENV"]) / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    return 0


def journalctl(root: Path, words: list[str]) -> int:
    """Print what a unit said."""
    print((root / "run" / f"{words[-1]}.log").read_text())
    return 0


def systemctl(root: Path, words: list[str]) -> int:
    """Start and stop units, which are processes with a file that names them."""
    verb, *rest = words
    unit = rest[-1] if rest else ""
    if verb in {"stop", "restart", "disable"}:
        _end(root, unit)
    if verb in {"start", "restart"}:
        _begin(root, unit)
    if verb == "is-active":
        print("active" if _lives(root, unit) else "failed")
    if verb == "show":
        print({"NRestarts": 0, "ActiveState": "active"}.get(rest[0].partition("=")[2], "today"))
    return 0


def _begin(root: Path, unit: str) -> None:
    folders = (root / "run/systemd/system", root / "etc/systemd/system")
    file = next(file for folder in folders if (file := folder / f"{unit}.service").is_file())
    lines = file.read_text().splitlines()
    lines += [line for more in file.parent.glob(f"{unit}.service.d/*") for line in more.open()]
    settings = {key: value for line in lines for key, _, value in [line.strip().partition("=")]}
    environment = dict(os.environ)
    for line in lines:
        if line.startswith("EnvironmentFile="):
            text = Path(PLACES.sub(f"{root}/", line.strip().partition("=")[2])).read_text()
            environment |= dict(pair.split("=", 1) for pair in text.splitlines())
    command = PLACES.sub(f"{root}/", settings["ExecStart"]).split()
    with (root / "run" / f"{unit}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    (root / "run" / f"{unit}.pid").write_text(str(process.pid))


def _lives(root: Path, unit: str) -> bool:
    """Tell whether the process of a unit runs, and is not only waiting to be forgotten."""
    file = root / "run" / f"{unit}.pid"
    with suppress(OSError):
        state = Path(f"/proc/{file.read_text()}/stat").read_text().rpartition(")")[2]
        return state.split()[0] != "Z"
    return False


def _end(root: Path, unit: str) -> None:
    file = root / "run" / f"{unit}.pid"
    while _lives(root, unit):
        os.kill(int(file.read_text()), signal.SIGKILL)
        time.sleep(0.01)
    file.unlink(missing_ok=True)


def carry(_: Path, words: list[str]) -> None:
    """Carry what comes to a port to another one, as long as whoever asked for it lives."""
    port, to = map(int, words[0].split(":")[1::2])
    parent = os.getppid()
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.2)
        while os.getppid() == parent:
            with suppress(OSError):
                ours, _ = server.accept()
                with suppress(OSError):
                    theirs = socket.create_connection(("127.0.0.1", to))
                    for one, other in ((ours, theirs), (theirs, ours)):
                        threading.Thread(target=_pump, args=(one, other), daemon=True).start()
                    continue
                ours.close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while said := one.recv(65536):
            other.sendall(said)
        other.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[2]](Path(sys.argv[1]), sys.argv[3:]))
