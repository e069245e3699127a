"""The application works with Postgres, and its migrations can run twice."""

from __future__ import annotations

import time

import httpx2
import sqlalchemy as sa

from tests.conftest import Start
from tests.integration.postgres import migrate


def test_it_uses_the_database_of_database_url(
    start: Start, server: sa.URL, database: sa.URL, database_url: str
) -> None:
    application = start(DATABASE_URL=database_url)
    answer = httpx2.get(f"{application.url}/healthz")
    assert answer.status_code == 200, application.log.read_text()
    assert was_used(server, database), "the application opened no connection to Postgres"
    application.process.terminate()
    application.process.wait(timeout=15)


def test_migrations_can_run_twice(database: sa.URL) -> None:
    migrate(database)


def was_used(server: sa.URL, database: sa.URL) -> bool:
    """Report whether a session was opened in the database. Postgres counts it with a delay."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    query = sa.text("SELECT sessions FROM pg_stat_database WHERE datname = :name")
    deadline = time.monotonic() + 10
    sessions = 0
    while not sessions and time.monotonic() < deadline:
        with admin.connect() as connection:
            sessions = connection.scalar(query, {"name": database.database}) or 0
        time.sleep(0.1)
    admin.dispose()
    return bool(sessions)
