"""Hosts to deploy to: containers with real systemd, sshd and Docker, reached over SSH."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import random
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from tests.testbed.engine import LABEL, Engine
from tests.testbed.registry import address, endpoint
from tests.testbed.shell import TestbedError, failure, run, state_dir

IMAGE = "ladder/host:latest"
OWNER_LABEL = "ladder.testbed.owner"
ACCOUNT = "deploy"
MAX_ATTEMPTS = 3
NOT_STARTED = "timed out during banner exchange"
"""What ssh prints when the host did not answer in time: the command has not started."""

# A container may get another address after a restart.
SET_ADDRESS = """
gateway=$(ip route show default | cut -d ' ' -f 3)
ip address flush dev eth0
ip address add "$0" dev eth0
ip route replace default via "$gateway"
"""
CGROUPS = Path("/sys/fs/cgroup")


@dataclass
class Host:
    """A running host. Use it as a context manager, or call `stop`."""

    engine: Engine
    name: str
    ip: str
    key_file: Path
    known_hosts_file: Path
    start_seconds: float = 0.0
    fixed_address: str = ""
    destination: str = field(init=False)

    def __post_init__(self) -> None:
        self.destination = f"{ACCOUNT}@{self.ip}"

    @classmethod
    def start(
        cls, engine: Engine, name: str = "host", *, keep: bool = False, fixed_address: bool = False
    ) -> Host:
        """Boot a host and wait until SSH and Docker answer.

        With `keep` the host outlives this process; otherwise the next `start` removes it once this
        process has ended. `boot` needs a host with a `fixed_address`.
        """
        _remove_orphans(engine)
        began = time.monotonic()
        name = f"{name}-{secrets.token_hex(3)}"
        key = client_key()
        engine.docker(
            "run",
            "--detach",
            f"--name={name}",
            f"--hostname={name}",
            f"--label={LABEL}=host",
            f"--label={OWNER_LABEL}={0 if keep else os.getpid()}",
            f"--env=AUTHORIZED_KEY={key.with_suffix('.pub').read_text().strip()}",
            f"--env=REGISTRY={endpoint(engine)}",
            f"--env=REGISTRY_ADDRESS={address()}",
            *_machine_flags(),
            IMAGE,
        )
        folder = state_dir() / "hosts" / name
        folder.mkdir(parents=True)
        template = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
        ip = engine.docker("inspect", "--format", template, name).stdout.strip()
        host = cls(engine, name, ip, key, folder / "known_hosts")
        try:
            if fixed_address:
                host._choose_address()
            host._wait_until_ready()
        except BaseException:
            host.stop()
            raise
        host.start_seconds = time.monotonic() - began
        return host

    @property
    def ssh_command(self) -> list[str]:
        """The words before a remote command."""
        return [
            "ssh",
            "-i",
            str(self.key_file),
            "-o",
            f"UserKnownHostsFile={self.known_hosts_file}",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "ConnectTimeout=60",
            self.destination,
        ]

    @property
    def known_hosts(self) -> str:
        """The host's line for a known_hosts file or variable."""
        return self.known_hosts_file.read_text()

    @property
    def key(self) -> str:
        """The private key that opens the account."""
        return self.key_file.read_text()

    def run(
        self,
        command: str,
        *,
        stdin: str | None = None,
        timeout: float = 120,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command over SSH as `deploy` (use sudo for more)."""
        words = [*self.ssh_command, command]
        for _ in range(MAX_ATTEMPTS):
            done = run(words, stdin=stdin, timeout=timeout, check=False)
            if done.returncode != 255 or NOT_STARTED not in done.stderr:
                break
        if check and done.returncode:
            raise failure(words, done)
        return done

    def kill(self) -> None:
        """Kill the host without a shutdown; `stop` still cleans up."""
        self.engine.docker("kill", "--signal=KILL", self.name)

    def boot(self) -> None:
        """Boot the host again after `kill`, and wait until SSH and Docker answer."""
        if not self.fixed_address:
            raise TestbedError(f"{self.name} was started without a fixed address")
        self.engine.docker("start", self.name)
        self.engine.docker("exec", self.name, "sh", "-euc", SET_ADDRESS, self.fixed_address)
        self._wait_until_ready()

    def stop(self) -> None:
        """Remove the host and everything on it."""
        self.engine.docker("rm", "-fv", self.name, check=False)
        _remove_traces(self.name)

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _choose_address(self) -> None:
        """Take an address of the upper half of the network, where no container gets one."""
        show = ("exec", self.name, "ip", "-oneline", "-family", "inet", "address", "show", "eth0")
        interface = ipaddress.IPv4Interface(self.engine.docker(*show).stdout.split()[3])
        size = interface.network.num_addresses
        chosen = interface.network[random.randrange(size // 2, size - 1)]
        self.fixed_address = f"{chosen}/{interface.network.prefixlen}"
        self.engine.docker("exec", self.name, "sh", "-euc", SET_ADDRESS, self.fixed_address)
        self.ip = str(chosen)
        self.destination = f"{ACCOUNT}@{self.ip}"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        public = ["exec", self.name, "cat", "/etc/ssh/ssh_host_ed25519_key.pub"]
        while time.monotonic() < deadline:
            key = self.engine.docker(*public, check=False).stdout.split()
            if key:
                self.known_hosts_file.write_text(f"{self.ip} {key[0]} {key[1]}\n")
                ready = "sudo docker version > /dev/null && systemctl is-active -q ssh docker"
                if self.run(ready, check=False, timeout=60).returncode == 0:
                    return
            if self.name not in self.engine.docker("ps", "--format", "{{.Names}}").stdout.split():
                break
            time.sleep(0.2)
        words = ("exec", self.name, "journalctl", "-b", "--no-pager", "-n", "60")
        output = self.engine.docker(*words, check=False).stdout
        output += self.engine.docker("logs", self.name, check=False).stdout
        raise TestbedError(f"{self.name} did not come up:\n{output[-4000:]}")


def client_key() -> Path:
    """Return the testbed's SSH key, made once."""
    key = state_dir() / "ssh" / "id_ed25519"
    with FileLock(state_dir() / "ssh.lock"):
        if not key.exists():
            key.parent.mkdir(mode=0o700, exist_ok=True)
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ladder-testbed", "-f"]
            run([*words, key])
    return key


def _machine_flags() -> list[str]:
    """Return what systemd and Docker need in a container, with cgroups v1 or v2."""
    flags = ["--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp:exec"]
    if (CGROUPS / "cgroup.controllers").exists():
        return [*flags, "--privileged", "--cgroupns=private"]
    legacy = "systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"
    return [
        *flags,
        "--cap-add=ALL",
        "--security-opt=seccomp=unconfined",
        "--security-opt=apparmor=unconfined",
        "--security-opt=systempaths=unconfined",
        f"--volume={CGROUPS}:{CGROUPS}:rw",
        f"--env=SYSTEMD_PROC_CMDLINE={legacy}",
    ]


def _remove_orphans(engine: Engine) -> None:
    """Remove the hosts of processes that ended without stopping them."""
    traces = {folder.name for folder in (state_dir() / "hosts").glob("*")}
    template = f'{{{{.Names}}}} {{{{.Label "{OWNER_LABEL}"}}}}'
    words = ("ps", "-a", "--filter", f"label={LABEL}=host", "--format", template)
    owners = dict(line.split() for line in engine.docker(*words).stdout.splitlines())
    for name in traces - owners.keys():
        _remove_traces(name)
    for name, owner in owners.items():
        if owner != "0" and not Path(f"/proc/{owner}").exists():
            engine.docker("rm", "-fv", name, check=False)
            _remove_traces(name)


def _remove_traces(name: str) -> None:
    for file in (state_dir() / "hosts" / name).glob("*"):
        file.unlink()
    with contextlib.suppress(FileNotFoundError):
        (state_dir() / "hosts" / name).rmdir()
    for top in CGROUPS.glob(f"*/ladder-{name}"):
        for folder in sorted(top.rglob("*/"), key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            top.rmdir()
