"""Names made from a project's name."""

from __future__ import annotations

import re


def slug(name: str) -> str:
    """Return a name as artifacts and hosts use it: `Link Shortener` -> `link-shortener`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def owner(remote: str) -> str:
    """Return the owner in a repository's address, or nothing where the address has none.

    `git@github.com-work:acme/links` and `ssh://git@ssh.github.com:443/acme/links.git` -> `acme`.
    """
    url = re.fullmatch(r"(?i)(?:https?|git|ssh|git\+ssh|ssh\+git)://[^/]+/+(?P<path>.+)", remote)
    scp = re.fullmatch(r"(?:\[[^]]+\]|(?:[^/:@[]+@)?[^/:@[]{2,}):(?!//)/?(?P<path>.+)", remote)
    found = url or scp
    parts = found["path"].rstrip("/").split("/") if found else []
    return parts[0] if len(parts) == 2 else ""


def package(name: str) -> str:
    """Return a name as Python imports it: `Link Shortener` -> `link_shortener`."""
    return slug(name).replace("-", "_")
