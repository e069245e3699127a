{% if postgres %}
"""The application starts on its real {{ "services" if s3 else "database" }} and uses {{ "them" if s3 else "it" }}; its migrations can run again."""
{% else %}
"""The application starts on its real store and uses it."""
{% endif %}

from __future__ import annotations

{% if postgres %}
import time
{% endif %}
{% if s3 %}
from contextlib import suppress
{% endif %}

import httpx2
{% if s3 %}
import pytest
{% endif %}
{% if postgres %}
import sqlalchemy as sa
{% endif %}

from tests.conftest import Start
from tests.integration.conftest import {{ (["Bucket"] * s3 + ["migrate"] * postgres) | join(", ") }}
{% if s3 %}


def test_it_serves_with_{{ "the" if postgres else "its" }}_store(start: Start, bucket: Bucket) -> None:
    application = start(**bucket.settings)
    answer = httpx2.get(f"{application.url}/healthz")
    assert answer.status_code == 200, application.log.read_text()


@pytest.mark.parametrize("name", ["S3_BUCKET", "AWS_SECRET_ACCESS_KEY"])
def test_it_does_not_serve_with_a_store_that_does_not_let_it_in(
    start: Start, bucket: Bucket, name: str
) -> None:
    with suppress(pytest.fail.Exception):  # which says that it does not even start
        application = start(**bucket.settings | {name: "wrong"})
        answer = httpx2.get(f"{application.url}/healthz", timeout=30)
        assert answer.status_code != 200, f"/healthz must not answer 200 with a wrong {name}"
{% endif %}
{% if postgres %}


def test_it_serves_from_the_database_that_it_is_given(
    start: Start, server: sa.URL, database: sa.URL, database_url: str
) -> None:
    application = start(DATABASE_URL=database_url)
    answer = httpx2.get(f"{application.url}/healthz")
    assert answer.status_code == 200, application.log.read_text()
    assert has_had_visitors(server, database), "the application opened no connection to Postgres"
    application.process.terminate()
    application.process.wait(timeout=15)


def test_migrations_can_run_again(database: sa.URL) -> None:
    migrate(database)


def has_had_visitors(server: sa.URL, database: sa.URL) -> bool:
    """Tell whether anybody connected to a database: Postgres counts, a little later."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    question = sa.text("SELECT sessions FROM pg_stat_database WHERE datname = :name")
    deadline = time.monotonic() + 10
    sessions = 0
    while not sessions and time.monotonic() < deadline:
        with admin.connect() as connection:
            sessions = connection.scalar(question, {"name": database.database}) or 0
        time.sleep(0.1)
    admin.dispose()
    return bool(sessions)
{% endif %}
