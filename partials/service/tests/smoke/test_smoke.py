"""The service at BASE_URL is healthy and has the version EXPECTED_VERSION.

These tests run in staging and in production, so they only read.
"""

from __future__ import annotations

import os

import httpx2
import pytest

BASE_URL = os.environ.get("BASE_URL", "").rstrip("/")
EXPECTED_VERSION = os.environ.get("EXPECTED_VERSION", "")


@pytest.fixture
def health() -> httpx2.Response:
    """The response of /healthz."""
    if not BASE_URL:
        pytest.fail("Set BASE_URL to the URL of the service.", pytrace=False)
    return httpx2.get(f"{BASE_URL}/healthz", timeout=10)


def test_it_is_healthy(health: httpx2.Response) -> None:
    assert health.status_code == 200, health.text


def test_it_is_the_version_that_was_released(health: httpx2.Response) -> None:
    version = health.json()["version"]
    assert version
    if EXPECTED_VERSION:
        assert version == EXPECTED_VERSION, f"{BASE_URL} serves {version}"
