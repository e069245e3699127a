"""The answer `dependents`: other services that start with the project's own in system tests."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

FORM = "write it as [{name: catalog, image: ghcr.io/acme/catalog:1.4.2, port: 8000}]"
TAKEN = {"app", "database", "migrations", "proxy", "store"}
"""Names that the project's own stack uses."""
NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
IMAGE = re.compile(r"(?P<repository>[a-z0-9][\w.:/-]*?)(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Dependent:
    """A service that the project's stack starts beside its own."""

    name: str
    image: str
    port: int

    @property
    def repository(self) -> str:
        """The image without its tag or digest."""
        found = IMAGE.fullmatch(self.image)
        assert found is not None
        return found["repository"]

    @property
    def variable(self) -> str:
        """The variable by which the application finds the service."""
        return f"{self.name.upper().replace('-', '_')}_URL"


def parse(answer: object) -> list[Dependent]:
    """Return the dependents that an answer names.

    Args:
        answer: a list of `{name, image, port}`, or the same as YAML text.

    Raises:
        ValueError: the answer is wrong; says how in one sentence.
    """
    if isinstance(answer, str):
        try:
            answer = yaml.safe_load(answer)
        except yaml.YAMLError:
            raise ValueError(f"dependents is not YAML: {FORM}.") from None
    if answer is not None and not isinstance(answer, list):
        raise ValueError(f"dependents is not a list: {FORM}.")
    found: list[Dependent] = []
    for row in answer or []:
        if not isinstance(row, dict) or set(row) != {"name", "image", "port"}:
            raise ValueError(f"A dependent has a name, an image and a port: {FORM}.")
        name, image, port = str(row["name"]), str(row["image"]), row["port"]
        if not NAME.fullmatch(name):
            raise ValueError(f"A dependent cannot be called {name}: use a-z, 0-9 and hyphens.")
        if name in TAKEN or name in {other.name for other in found}:
            raise ValueError(f"A dependent cannot be called {name}: the name is already taken.")
        if not IMAGE.fullmatch(image):
            raise ValueError(f"{image} has no version: give {name}'s image with an exact tag.")
        if type(port) is not int or port not in range(1, 65536):
            raise ValueError(f"{name} cannot listen on port {port}: give a number up to 65535.")
        found.append(Dependent(name, image, port))
    return found
