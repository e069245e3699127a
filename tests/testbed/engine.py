"""The container engine: the one that is here if it can pull images, else one of our own."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shlex
import shutil
import signal
import subprocess
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tests.testbed import bootstrap
from tests.testbed.shell import TestbedError, default_state_dir, run, state_dir

SUBNETS = tuple(f"10.{n}.0.0/16" for n in range(213, 233))
FIRST_REGISTRY_PORT = 5055
PROBE_IMAGE = "registry:2"
LABEL = "ladder.testbed"


def instance_number() -> int:
    """Return 0 for the default testbed; another one gets names and ports of its own."""
    if state_dir() == default_state_dir().resolve():
        return 0
    return zlib.crc32(str(state_dir()).encode()) % 900 + 1


def bridge() -> str:
    """Return the network interface of the testbed's own engine."""
    return f"ladder{instance_number()}"


def registry_port() -> int:
    """Return the registry's port, on this machine and inside every host."""
    return FIRST_REGISTRY_PORT + instance_number()


@dataclass(frozen=True)
class Engine:
    """A reachable engine; `own` says whether the testbed started it."""

    own: bool
    docker_host: str

    @classmethod
    def start(cls) -> Engine:
        """Return the testbed's engine, started if need be. Safe to call from several processes."""
        with FileLock(state_dir() / "up.lock"):
            if found := cls.current():
                return found
            ambient = cls.ambient()
            if ambient.answers() and ambient.can_pull():
                return ambient
            bootstrap.bootstrap()
            _start_dockerd()
            return cls(own=True, docker_host=f"unix://{_socket()}")

    @classmethod
    def find(cls) -> Engine | None:
        """Return the testbed's own engine if it is up."""
        own = cls(own=True, docker_host=f"unix://{_socket()}")
        return own if _socket().exists() and own.answers() else None

    @classmethod
    def ambient(cls) -> Engine:
        """Return the engine that the environment names; it need not be up."""
        return cls(own=False, docker_host=_ambient_docker_host())

    @classmethod
    def current(cls) -> Engine | None:
        """Return the engine that the testbed runs on, if any."""
        if found := cls.find():
            return found
        ambient = cls.ambient()
        return ambient if ambient.answers() and ambient.containers() else None

    def env(self) -> dict[str, str]:
        """Return the environment variables that point a process at this engine."""
        if not self.own:
            return {"DOCKER_HOST": self.docker_host} if self.docker_host else {}
        usr = bootstrap.tools_dir() / "usr"
        path = os.environ.get("PATH", os.defpath).split(os.pathsep)
        own = [str(usr / "bin"), str(usr / "sbin")]
        rest = [folder for folder in path if folder not in own]
        return {
            "DOCKER_HOST": self.docker_host,
            "DOCKER_CONFIG": str(state_dir() / "docker-config"),
            "PATH": os.pathsep.join([*own, *rest]),
        }

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return this process's environment, pointed at the engine."""
        return os.environ | self.env() | dict(extra or {})

    def docker(
        self,
        *words: str | Path,
        stdin: str | None = None,
        timeout: float | None = 600,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run the docker client against this engine."""
        env = self.environ()
        program = shutil.which("docker", path=env["PATH"]) or "docker"
        return run([program, *words], env=env, stdin=stdin, timeout=timeout, check=check)

    def answers(self) -> bool:
        """Tell whether the engine is up."""
        with contextlib.suppress(TestbedError):
            words = ("version", "--format", "{{.Server.Version}}")
            return self.docker(*words, timeout=10, check=False).returncode == 0
        return False

    def can_pull(self) -> bool:
        """Tell whether the engine can pull images: try a small one that is needed anyway."""
        return self.docker("pull", "-q", PROBE_IMAGE, timeout=30, check=False).returncode == 0

    def gateway(self) -> str:
        """Return this machine's address on the default network; all containers reach it."""
        template = "{{(index .IPAM.Config 0).Gateway}}"
        return self.docker("network", "inspect", "--format", template, "bridge").stdout.strip()

    def containers(self) -> list[str]:
        """Return the ids of the testbed's own containers."""
        return self.docker("ps", "-aq", "--filter", f"label={LABEL}").stdout.split()

    def stop(self) -> None:
        """Remove the testbed's containers and stop an engine of its own; images stay on disk."""
        with FileLock(state_dir() / "up.lock"):
            found = self.docker("ps", "-aq").stdout.split() if self.own else self.containers()
            if found:
                self.docker("rm", "-fv", *found, check=False)
            if self.own:
                self.docker("network", "prune", "--force", check=False)
                _stop_dockerd()

    def exports(self) -> str:
        """Return shell lines that point a shell at this engine."""
        return "\n".join(f"export {key}={shlex.quote(value)}" for key, value in self.env().items())


def _ambient_docker_host() -> str:
    named = os.environ.get("DOCKER_HOST", "")
    return "" if named == f"unix://{_socket()}" else named


def _home() -> Path:
    return state_dir() / "engine"


def _socket() -> Path:
    return _home() / "docker.sock"


def _pid_file() -> Path:
    return _home() / "docker.pid"


def _start_dockerd() -> None:
    home = _home()
    home.mkdir(exist_ok=True)
    _stop_dockerd()
    config = state_dir() / "docker-config"
    (config / "cli-plugins").mkdir(parents=True, exist_ok=True)
    for plugin in bootstrap.plugins_dir().iterdir():
        link = config / "cli-plugins" / plugin.name
        link.unlink(missing_ok=True)
        link.symlink_to(plugin)
    gateway, pool = _bridge()
    usr = bootstrap.tools_dir() / "usr"
    path = f"{usr}/sbin:{usr}/bin:{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    command = [
        str(usr / "sbin" / "dockerd"),
        f"--data-root={home / 'data'}",
        f"--exec-root={home / 'exec'}",
        f"--pidfile={_pid_file()}",
        f"--host=unix://{_socket()}",
        f"--bridge={bridge()}",
        f"--default-address-pool=base={pool},size=24",
        f"--registry-mirror=http://127.0.0.1:{registry_port()}",
        "--init-path=" + str(usr / "bin" / "docker-init"),
        "--userland-proxy-path=" + str(usr / "sbin" / "docker-proxy"),
        "--log-level=warn",
    ]
    with (home / "dockerd.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    engine = Engine(own=True, docker_host=f"unix://{_socket()}")
    for _ in range(150):
        if _socket().exists() and engine.answers():
            process.returncode = 0  # it outlives this process, which is not to wait for it
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    tail = (home / "dockerd.log").read_text()[-2000:]
    raise TestbedError(f"dockerd on bridge {bridge()} ({gateway}) did not start:\n{tail}")


def _bridge() -> tuple[str, str]:
    """Make the bridge if it is missing; return its address and the pool for other networks."""
    shown = run(["ip", "-4", "-o", "addr", "show"]).stdout
    for line in shown.splitlines():
        words = line.split()
        if words[1] == bridge():
            network = ipaddress.ip_interface(words[3]).network
            return words[3].split("/")[0], _pool_of(network)
    taken = [ipaddress.ip_interface(line.split()[3]).network for line in shown.splitlines()]
    subnet = next(
        (
            candidate
            for candidate in map(ipaddress.ip_network, SUBNETS)
            if not any(candidate.overlaps(network) for network in taken)
        ),
        None,
    )
    if subnet is None:
        raise TestbedError(f"No subnet of {SUBNETS[0]} … {SUBNETS[-1]} is free for the bridge.")
    gateway = str(subnet.network_address + 1)
    run(["ip", "link", "add", bridge(), "type", "bridge"], check=False)
    run(["ip", "addr", "add", f"{gateway}/17", "dev", bridge()])
    run(["ip", "link", "set", bridge(), "up"])
    return gateway, _pool_of(ipaddress.ip_network(f"{subnet.network_address}/17"))


def _pool_of(lower: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """Return the upper half of the /16; the bridge has the lower half."""
    return f"{lower.network_address + 128 * 256}/17"


def _stop_dockerd() -> None:
    """Stop the engine by its pid file and remove what it leaves behind."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int(_pid_file().read_text())
        name = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
        if name.endswith(b"dockerd"):
            os.kill(pid, signal.SIGTERM)
            for _ in range(150):
                if not Path(f"/proc/{pid}").exists() or _is_zombie(pid):
                    break
                time.sleep(0.1)
    for left in (_socket(), _pid_file()):
        left.unlink(missing_ok=True)
    _remove_bridge()


def _remove_bridge() -> None:
    """Remove the bridge and its firewall rules, which dockerd leaves behind."""
    network = None
    for line in run(["ip", "-4", "-o", "addr", "show"]).stdout.splitlines():
        words = line.split()
        if words[1] == bridge():
            network = ipaddress.ip_interface(words[3]).network
    if network is None:
        return
    run(["ip", "link", "del", bridge()], check=False)
    for table in ("filter", "nat"):
        for rule in run(["iptables", "-t", table, "-S"]).stdout.splitlines():
            if rule.startswith("-A") and _concerns_bridge(rule.split(), network):
                words = ["iptables", "-t", table, "-D", *rule.split()[1:]]
                run(words, check=False)


def _concerns_bridge(
    rule: list[str], network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    if bridge() in rule:
        return True
    with contextlib.suppress(ValueError, IndexError):
        return ipaddress.ip_network(rule[rule.index("-s") + 1]).subnet_of(network)  # type: ignore[arg-type]
    return False


def _is_zombie(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    return True
