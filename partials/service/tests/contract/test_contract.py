"""The contract that deployment relies on. If a test fails, change the application, not the test."""

from __future__ import annotations

import importlib
import signal
import time

import httpx2
import pytest

from tests.conftest import PACKAGE, Application, Start


@pytest.fixture(scope="module")
def application(start: Start) -> Application:
    """The application with VERSION=1.2.3."""
    return start(VERSION="1.2.3")


def test_the_package_has_an_asgi_application() -> None:
    package = importlib.import_module(PACKAGE)
    assert callable(getattr(package, "app", None)), f"{PACKAGE} must have an ASGI application `app`"


def test_healthz_reports_the_version(application: Application) -> None:
    answer = httpx2.get(f"{application.url}/healthz")
    assert answer.status_code == 200, "/healthz must answer 200 once the application can serve"
    assert answer.json()["version"] == "1.2.3", "/healthz must report VERSION as `version`"


def test_it_logs_to_stdout_or_stderr(application: Application) -> None:
    assert application.log.read_text(), "the application must log to stdout or stderr"


def test_it_stops_on_sigterm(application: Application) -> None:
    application.process.send_signal(signal.SIGTERM)
    start = time.monotonic()
    application.process.wait(timeout=15)
    assert time.monotonic() - start < 10, "the application must stop within 10 seconds of SIGTERM"
