"""One registry, under one address for the engine, for act's steps and inside every host.

The address is on 127.0.0.1, which every engine trusts without TLS; a host forwards its own port to
the registry. It also serves as Docker Hub's mirror for hosts: what lies under `library/` is pulled
there by its short name.
"""

from __future__ import annotations

import time

import httpx
from filelock import FileLock

from tests.testbed.engine import LABEL, Engine, registry_port
from tests.testbed.shell import TestbedError, state_dir
from tests.testbed.traffic import http

NAME = "ladder-testbed-registry"
# What emitted stacks run by a Docker Hub name on a host.
MIRRORED = ("caddy:2",)
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
)


def address() -> str:
    """The registry's address, whether it is up or not."""
    return f"127.0.0.1:{registry_port()}"


def registry(engine: Engine) -> str:
    """Return the address of the running registry, started and filled if need be."""
    if not _answers():
        with FileLock(state_dir() / "registry.lock"):
            if not _answers():
                _start(engine)
    for tag in MIRRORED:
        mirror(engine, tag)
    return address()


def endpoint(engine: Engine) -> str:
    """The registry's address on the engine's own network."""
    template = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
    return engine.docker("inspect", "--format", template, NAME).stdout.strip() + ":5000"


def mirror(engine: Engine, tag: str) -> None:
    """Make a Docker Hub image available to hosts by its own name."""
    repository, _, version = tag.partition(":")
    repository = repository if "/" in repository else f"library/{repository}"
    here = engine.docker("image", "inspect", "--format", "{{.Id}}", tag).stdout.strip()
    if _config_digest(repository, version or "latest") == here:
        return
    copy = f"{address()}/{repository}:{version or 'latest'}"
    engine.docker("tag", tag, copy)
    engine.docker("push", "-q", copy)
    engine.docker("rmi", copy, check=False)


def digest_of(repository: str, reference: str) -> str:
    """The digest that the registry gives for `repository:reference`."""
    answer = _manifest(repository, reference)
    if answer.is_error:
        raise TestbedError(f"{address()} has no {repository}:{reference}.")
    return str(answer.headers["docker-content-digest"])


def _manifest(repository: str, reference: str) -> httpx.Response:
    url = f"http://{address()}/v2/{repository}/manifests/{reference}"
    return http.get(url, headers={"Accept": ", ".join(MANIFESTS)})


def _config_digest(repository: str, reference: str) -> str:
    answer = _manifest(repository, reference)
    if answer.is_error:
        return ""
    return str(answer.json().get("config", {}).get("digest", ""))


def _answers() -> bool:
    try:
        return http.get(f"http://{address()}/v2/").is_success
    except httpx.TransportError:
        return False


def _start(engine: Engine) -> None:
    engine.docker("rm", "-f", NAME, check=False)
    engine.docker(
        "run",
        "--detach",
        f"--name={NAME}",
        f"--label={LABEL}=registry",
        f"--publish={address()}:5000",
        f"--volume={NAME}:/var/lib/registry",
        "--env=REGISTRY_STORAGE_DELETE_ENABLED=true",
        "registry:2",
    )
    for _ in range(100):
        if _answers():
            return
        time.sleep(0.1)
    logs = engine.docker("logs", "--tail=20", NAME, check=False)
    raise TestbedError(f"The registry did not start:\n{logs.stdout}{logs.stderr}")
