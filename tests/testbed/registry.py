"""One registry, under one address for the engine, for act's steps and inside every host.

The address is on 127.0.0.1, which every engine trusts without TLS; a host forwards its own port to
the registry. It also serves as Docker Hub's mirror for hosts: what lies under `library/` is pulled
there by its short name.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

from tests.testbed.engine import LABEL, Engine, registry_port
from tests.testbed.shell import BedError, locked, state_dir

NAME = "ladder-testbed-registry"
# What emitted stacks run by a Docker Hub name on a host.
MIRRORED = ("caddy:2",)
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def address() -> str:
    """The registry's address, whether it is up or not."""
    return f"127.0.0.1:{registry_port()}"


def registry(engine: Engine) -> str:
    """Return the address of the running registry, started and filled if need be."""
    if not _answers():
        with locked(state_dir() / "registry.lock"):
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
    request = _manifest_request(repository, reference)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.headers["Docker-Content-Digest"])
    except urllib.error.URLError as missing:
        raise BedError(f"{address()} has no {repository}:{reference}.") from missing


def _manifest_request(repository: str, reference: str) -> urllib.request.Request:
    kinds = [MANIFEST, "application/vnd.oci.image.index.v1+json"]
    kinds += ["application/vnd.oci.image.manifest.v1+json"]
    url = f"http://{address()}/v2/{repository}/manifests/{reference}"
    return urllib.request.Request(url, headers={"Accept": ", ".join(kinds)})


def _config_digest(repository: str, reference: str) -> str:
    try:
        with urllib.request.urlopen(_manifest_request(repository, reference), timeout=10) as answer:
            manifest = json.load(answer)
    except urllib.error.URLError:
        return ""
    return str(manifest.get("config", {}).get("digest", ""))


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://{address()}/v2/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
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
    raise BedError(f"The registry did not start:\n{logs.stdout}{logs.stderr}")
