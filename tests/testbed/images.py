"""The images that emitted files name: the official ones where they can be pulled, else stand-ins.

A stand-in carries the official name and tag, so that emitted files run unchanged, and a label with
the hash of its recipe, so that it is built only once.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.testbed import bootstrap
from tests.testbed.engine import Engine
from tests.testbed.shell import TestbedError, state_dir

RECIPES = Path(__file__).parent / "images"
RECIPE_LABEL = "ladder.testbed.recipe"
CERTIFICATES = Path("/usr/local/share/ca-certificates")


@dataclass(frozen=True)
class Image:
    """A recipe and its image names; an `own` image has no official counterpart."""

    recipe: str
    tags: tuple[str, ...]
    parents: tuple[str, ...] = ()
    own: bool = False


IMAGES = (
    Image("debian", ("debian:trixie-slim",)),
    Image("python", ("python:3.13-slim",), parents=("debian",)),
    Image(
        "uv",
        ("ghcr.io/astral-sh/uv:0.13.9", "ghcr.io/astral-sh/uv:latest"),
        parents=("python",),
    ),
    Image("postgres", ("postgres:17",), parents=("debian",)),
    Image("seaweedfs", ("chrislusf/seaweedfs:4.48",), parents=("python",)),
    Image("caddy", ("caddy:2",), parents=("python",)),
    Image("ryuk", ("testcontainers/ryuk:0.8.1",), parents=("python",)),
    Image("registry", ("registry:2",), parents=("debian",)),
    Image("host", ("ladder/host:latest",), parents=("uv",), own=True),
)
BY_RECIPE = {image.recipe: image for image in IMAGES}


@cache
def recipe_hash(recipe: str) -> str:
    """Return a hash of a recipe, its parents and, for the base, this machine's certificates."""
    digest = hashlib.sha256()
    image = BY_RECIPE[recipe]
    digest.update(" ".join(image.tags).encode())
    for parent in image.parents:
        digest.update(recipe_hash(parent).encode())
    files = sorted(path for path in (RECIPES / recipe).rglob("*") if path.is_file())
    if not image.parents:
        files += sorted(CERTIFICATES.glob("*.crt"))
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def states(engine: Engine) -> dict[str, str]:
    """Return the state of each tag: `official`, `stand-in`, `own`, `stale` or `missing`."""
    tags = [tag for image in IMAGES for tag in image.tags]
    template = '{{join .RepoTags " "}}|{{index .Config.Labels "' + RECIPE_LABEL + '"}}'
    shown = engine.docker("image", "inspect", "--format", template, *tags, check=False).stdout
    labels: dict[str, str] = {}
    for line in shown.splitlines():
        names, _, label = line.partition("|")
        labels |= dict.fromkeys(names.split(), label.strip())
    found = {}
    for image in IMAGES:
        for tag in image.tags:
            if tag not in labels:
                found[tag] = "missing"
            elif not labels[tag] or labels[tag] == "<no value>":
                found[tag] = "official"
            elif labels[tag] == recipe_hash(image.recipe):
                found[tag] = "own" if image.own else "stand-in"
            else:
                found[tag] = "stale"
    return found


def ensure(engine: Engine) -> dict[str, str]:
    """Pull or build what is missing or stale; return `states`."""
    found = states(engine)
    wanted = [
        image for image in IMAGES if any(found[tag] in ("missing", "stale") for tag in image.tags)
    ]
    if not wanted:
        return found
    official = engine.can_pull()
    futures: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(max_workers=3) as pool:
        for image in wanted:
            before = [futures[parent] for parent in image.parents if parent in futures]
            futures[image.recipe] = pool.submit(_make, engine, image, before, official)
    for future in futures.values():
        future.result()
    return states(engine)


def _make(engine: Engine, image: Image, before: list[Future[None]], official: bool) -> None:
    for parent in before:
        parent.result()
    if official and not image.own:
        for tag in image.tags:
            engine.docker("pull", "-q", tag)
    elif image.parents:
        names = [f"--tag={tag}" for tag in image.tags]
        label = f"--label={RECIPE_LABEL}={recipe_hash(image.recipe)}"
        engine.docker("build", "-q", label, *names, RECIPES / image.recipe, timeout=900)
    else:
        _import_base(engine, image)


def _import_base(engine: Engine, image: Image) -> None:
    """Bootstrap Debian into an image, in memory where there is room, since dpkg syncs often."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 2**30
    scratch = memory if roomy else state_dir()
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    changes = (
        'CMD ["bash"]',
        f"ENV SSL_CERT_FILE={certificates} PIP_CERT={certificates} PIP_DEFAULT_TIMEOUT=180",
        f"LABEL {RECIPE_LABEL}={recipe_hash(image.recipe)}",
    )
    env = engine.environ({"TMPDIR": str(scratch)})
    bootstrapped = subprocess.Popen(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--include=ca-certificates",
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "doc", "locale")),
            f'--customize-hook={RECIPES / image.recipe / "customize.sh"} "$1"',
            bootstrap.SUITE,
            "-",
            bootstrap.mirror(),
        ],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    docker = shutil.which("docker", path=env["PATH"]) or "docker"
    words = [docker, "import", *(f"--change={change}" for change in changes), "-", image.tags[0]]
    imported = subprocess.run(words, env=env, stdin=bootstrapped.stdout, capture_output=True)
    _, stderr = bootstrapped.communicate()
    if bootstrapped.returncode or imported.returncode:
        tail = (stderr + imported.stderr).decode(errors="replace")[-2000:]
        raise TestbedError(f"The base image {image.tags[0]} could not be built:\n{tail}")
