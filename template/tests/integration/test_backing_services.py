"""The application starts on its real database and uses it; its migrations can run again."""

from __future__ import annotations

import time

import httpx2
import sqlalchemy as sa

from tests.conftest import Start
from tests.integration.conftest import migrate


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
