"""Names made from a project's name."""

from __future__ import annotations

import re


def slug(name: str) -> str:
    """Return a name as artifacts and hosts use it: `Link Shortener` -> `link-shortener`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def package(name: str) -> str:
    """Return a name as Python imports it: `Link Shortener` -> `link_shortener`."""
    return slug(name).replace("-", "_")
