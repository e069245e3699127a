"""Get an engine's programs on a Debian machine without changing its apt sources.

The programs are Debian 13's own packages, unpacked into the state directory. They come from the
archive that the machine's apt sources name.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.testbed.shell import TestbedError, ToolMissing, run, state_dir

SUITE = "trixie"
SUITE_PACKAGES = (
    "containerd",
    "docker-buildx",
    "docker-cli",
    "docker-compose",
    "docker.io",
    "tini",
)
# Debian 13's runc needs a newer C library than Debian 12 has: take the machine's own.
OWN_PACKAGES = ("runc",)
# Program -> the machine's own package that brings it.
MACHINE_PROGRAMS = {
    "ip": "iproute2",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "git": "git",
    "curl": "curl",
    "objdump": "binutils",
}

APT_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def tools_dir() -> Path:
    """Return the folder of the unpacked programs."""
    return state_dir() / "tools"


def plugins_dir() -> Path:
    """Return the folder of docker's command-line plugins, once unpacked."""
    return tools_dir() / "usr" / "libexec" / "docker" / "cli-plugins"


def bootstrap() -> None:
    """Install what the testbed's own engine needs, unless it is there."""
    _check_machine()
    _install_machine_programs()
    if not (tools_dir() / ".complete").exists():
        _unpack_suite()


def mirror() -> str:
    """Return the address of Debian's archive in this machine's apt sources."""
    lines = run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    ).stdout.splitlines()
    release = _os_release().get("VERSION_CODENAME", "")
    for line in lines:
        uri, suite, component = line.split()
        if (suite, component) == (release, "main") and uri.startswith(("http", "file", "ftp")):
            return uri.rstrip("/")
    raise TestbedError(f"This machine's apt sources name no archive for Debian {release} main.")


def _os_release() -> dict[str, str]:
    text = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key: value.strip('"') for key, value in pairs}


def _check_machine() -> None:
    if _os_release().get("ID") != "debian" or os.geteuid() != 0:
        raise ToolMissing(
            "No container engine answers here: install Docker Engine 26 or later and start it "
            "(the testbed brings its own only on Debian and as root)."
        )


def _install_machine_programs() -> None:
    env = os.environ | APT_QUIET
    wanted = sorted({pkg for program, pkg in MACHINE_PROGRAMS.items() if not shutil.which(program)})
    if not wanted:
        return
    run(["apt-get", "update", "-qq"], env=env, timeout=300)
    run(
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *wanted],
        env=env,
        timeout=600,
    )


def _unpack_suite() -> None:
    """Download the suite's packages with a separate apt state and unpack them."""
    root = state_dir() / "apt"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (root / folder).mkdir(parents=True)
    (root / "status").touch()
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (root / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror()} {SUITE} main\n")
    options = {
        "Dir::Etc::SourceList": root / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": root / "lists",
        "Dir::State::Status": root / "status",
        "Dir::Cache": root / "cache",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    run([*apt, "update"], timeout=300)
    run([*apt, "download", *SUITE_PACKAGES], cwd=root / "debs", timeout=600)
    run(["apt-get", "update", "-qq"], timeout=300)
    run(
        ["apt-get", "-qq", "-oAPT::Sandbox::User=root", "download", *OWN_PACKAGES],
        cwd=root / "debs",
        timeout=300,
    )
    tools = tools_dir()
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir()
    for package in sorted((root / "debs").glob("*.deb")):
        run(["dpkg", "-x", package, tools])
    if not (tools / "usr/bin/docker-init").exists():
        (tools / "usr/bin/docker-init").symlink_to("tini-static")
    shutil.rmtree(root)
    (tools / ".complete").touch()
