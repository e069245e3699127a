"""A host in a folder: runs what `ops/deploy` sends over SSH, in seconds and without root.

Scripts run unchanged, with the host's folders moved into this one. The functions below stand in for
ssh, sudo, systemd, Docker and uv; the testbed has the real ones.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from tests.fakes.docker import Docker
from tests.fakes.processes import is_running, read_settings, start_process, stop_process

ROOT = Path(__file__).parents[2]
PLACES = re.compile(r"(?<![\w.%|/-])/(?=(?:srv|etc|run|var/lib|usr/local/bin)/)")
SSH = """#!/bin/sh
while [ "${{1#-}}" != "$1" ]; do
  if [ "$1" = -L ]; then {python} forward "$2" & fi
  shift 2
done
shift
exec bash -c "$(printf %s "$*" | perl -pe 's{{{places}}}{{{root}/}}g')"
"""
# The test's user has every right here.
SUDO = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"""


class FakeHost:
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
        python = f"PYTHONPATH={ROOT} {sys.executable} -S -m {__name__} {root}"
        tools = {"ssh": SSH.format(python=python, places=PLACES.pattern, root=root)}
        tools |= dict.fromkeys(("sudo", "setpriv"), SUDO) | {"chown": "#!/bin/sh\n"}
        for tool in ("systemctl", "journalctl", "uv", "docker", "ss"):
            tools[tool] = f'#!/bin/sh\n{python} {tool} "$@"\n'
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
            stop_process(self.root, file.stem)


def docker(root: Path, words: list[str]) -> int:
    """Do what Docker does."""
    return Docker(root).run(words)


def ss(root: Path, _: list[str]) -> int:
    """Print what listens."""
    print("".join(file.read_text() for file in root.glob("listens")))
    return 0


def uv(_: Path, words: list[str]) -> int:
    """Make a virtual environment, unless a dependency is nowhere to be had; test an address."""
    if words[0] == "run":
        with urlopen(f"{os.environ['BASE_URL']}/smoke", timeout=5) as answer:
            works = json.load(answer) == {"version": os.environ["EXPECTED_VERSION"]}
        print("test_smoke.py PASSED" if works else "test_smoke.py FAILED")
        return int(not works)
    script = Path(words[-1]).read_text()
    if missing := re.search(r"[\w-]+>=999", script):
        print(f"{missing[0]} is nowhere to be had", file=sys.stderr)
        return 1
    programs = Path(os.environ["VIRTUAL_ENV"]) / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    return 0


def journalctl(root: Path, words: list[str]) -> int:
    """Print the log of a unit."""
    print((root / "run" / f"{words[-1]}.log").read_text())
    return 0


def systemctl(root: Path, words: list[str]) -> int:
    """Start and stop units, which are processes with a file that names them."""
    verb, *rest = words
    unit = rest[-1] if rest else ""
    if verb in {"stop", "restart", "disable"}:
        stop_process(root, unit)
    if verb in {"start", "restart"} or (verb == "enable" and "--now" in rest):
        _begin_unit(root, unit)
    if verb == "is-active":
        if "--quiet" not in rest:
            print("active" if is_running(root, unit) else "failed")
        return 0 if is_running(root, unit) else 3
    if verb == "show":
        print({"NRestarts": 0, "ActiveState": "active"}.get(rest[0].partition("=")[2], "today"))
    return 0


def _begin_unit(root: Path, unit: str) -> None:
    folders = (root / "run/systemd/system", root / "etc/systemd/system")
    file = next(file for folder in folders if (file := folder / f"{unit}.service").is_file())
    lines = file.read_text().splitlines()
    lines += [line for more in file.parent.glob(f"{unit}.service.d/*") for line in more.open()]
    command: list[str] = []
    environment = dict(os.environ)
    for line in lines:
        key, _, value = PLACES.sub(f"{root}/", line.strip()).partition("=")
        if key == "EnvironmentFile":
            environment |= read_settings(Path(value).read_text())
        if key == "ExecStart":
            command = value.split()
    start_process(root, unit, command, environment)


def forward(_: Path, words: list[str]) -> None:
    """Forward a port to another one, as long as the process that asked for it runs."""
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
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[2]](Path(sys.argv[1]), sys.argv[3:]))
