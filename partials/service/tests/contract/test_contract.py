"""What operations rely on, whatever the application does and however it is written."""

from __future__ import annotations

import importlib
import signal
import time

import httpx2
import pytest

from tests.conftest import PACKAGE, Application, Start

# What the application cannot start without, beside its database.
SETTINGS: dict[str, str] = {}


@pytest.fixture(scope="module")
def application(start: Start) -> Application:
    """The application, told that it is version 1.2.3."""
    return start(**SETTINGS, VERSION="1.2.3")


def test_the_package_has_an_asgi_application() -> None:
    package = importlib.import_module(PACKAGE)
    assert callable(getattr(package, "app", None)), f"{PACKAGE} needs an ASGI application `app`"


def test_healthz_answers_with_the_version_of_the_environment(application: Application) -> None:
    answer = httpx2.get(f"{application.url}/healthz")
    assert answer.status_code == 200, "/healthz must answer 200 once the application can serve"
    assert answer.json()["version"] == "1.2.3", "/healthz must give VERSION as `version`"


def test_it_logs_to_its_output(application: Application) -> None:
    assert application.log.read_text(), "the application must log to stdout or stderr"


def test_it_stops_when_it_is_told_to(application: Application) -> None:
    application.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    application.process.wait(timeout=15)
    assert time.monotonic() - began < 10, "the application must stop within 10 seconds of SIGTERM"
