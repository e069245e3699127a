"""Whether a running version is the right one and serves.

Runs against BASE_URL, in staging and in production; EXPECTED_VERSION says which version it must be.
"""

from __future__ import annotations

import os

import httpx2
import pytest

BASE_URL = os.environ.get("BASE_URL", "").rstrip("/")
EXPECTED_VERSION = os.environ.get("EXPECTED_VERSION", "")


@pytest.fixture
def health() -> httpx2.Response:
    """What /healthz answers."""
    if not BASE_URL:
        pytest.fail("Set BASE_URL to the address of what runs.", pytrace=False)
    return httpx2.get(f"{BASE_URL}/healthz", timeout=10)


def test_it_can_serve(health: httpx2.Response) -> None:
    assert health.status_code == 200, health.text


def test_it_is_the_version_that_was_released(health: httpx2.Response) -> None:
    version = health.json()["version"]
    assert version
    if EXPECTED_VERSION:
        assert version == EXPECTED_VERSION
