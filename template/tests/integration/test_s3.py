"""The application works with an S3 store, and reports a store that it cannot use."""

from __future__ import annotations

from contextlib import suppress

import httpx2
import pytest

from tests.conftest import Start
from tests.integration.s3 import Bucket


def test_it_is_healthy_with_a_store(start: Start, bucket: Bucket) -> None:
    application = start(**bucket.settings)
    answer = httpx2.get(f"{application.url}/healthz")
    assert answer.status_code == 200, application.log.read_text()


@pytest.mark.parametrize("name", ["S3_BUCKET", "AWS_SECRET_ACCESS_KEY"])
def test_it_is_not_healthy_with_a_wrong_setting(start: Start, bucket: Bucket, name: str) -> None:
    with suppress(pytest.fail.Exception):  # the application may also refuse to start
        application = start(**bucket.settings | {name: "wrong"})
        answer = httpx2.get(f"{application.url}/healthz", timeout=30)
        assert answer.status_code != 200, f"/healthz must not answer 200 with a wrong {name}"
