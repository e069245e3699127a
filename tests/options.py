"""Answers beside the level: what options a project may have, and what they bring."""

from __future__ import annotations

from typing import Any

DANGEROUS: dict[str, Any] = {"live_dangerously": True}
FLAGS: dict[str, Any] = {"feature_flags": True}
WITHOUT_FLAGS: dict[str, Any] = {"feature_flags": False}
POSTGRES: dict[str, Any] = {"backing_services": ["postgres"]}
NO_SERVICE: dict[str, Any] = {"backing_services": []}
"""Only a command-line program may have none."""
S3: dict[str, Any] = {"backing_services": ["s3"]}
BOTH: dict[str, Any] = {"backing_services": ["postgres", "s3"]}
CATALOG = {"name": "catalog", "image": "ghcr.io/acme/catalog:1.4.2", "port": 8000}
PRICES = {"name": "price-list", "image": f"acme/prices@sha256:{'0' * 64}", "port": 443}
DEPENDENTS: dict[str, Any] = {"dependents": [CATALOG, PRICES]}
EVERYTHING: dict[str, Any] = {**FLAGS, **DANGEROUS, **BOTH, "dependents": [CATALOG]}

COMBINATIONS: dict[str, dict[str, Any]] = {
    "dependents": DEPENDENTS,
    "dangerous": DANGEROUS,
    "flags": FLAGS,
    "s3": S3,
    "s3-postgres-flags": {**BOTH, **FLAGS},
}
"""What the linters read."""

SAMPLE = {
    "links.py",
    "src/links/__init__.py",
    "src/links/pictures.py",
    "src/links/preview.py",
    "tests/integration/test_pictures.py",
    "tests/system/test_pictures.py",
    "tests/unit/test_pictures.py",
    "tests/unit/test_preview.py",
}
"""Sample code and tests that an option changes or brings; an update leaves them alone."""
