"""The program works with Postgres, and its migrations can run twice."""

from __future__ import annotations

import time

import sqlalchemy as sa

from tests.conftest import Run
from tests.integration.postgres import migrate

# Arguments of a command that uses the database.
ARGUMENTS = ["list"]


def test_it_uses_the_database_of_database_url(
    run: Run, server: sa.URL, database: sa.URL, database_url: str
) -> None:
    done = run(*ARGUMENTS, DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    assert was_used(server, database), "the program opened no connection to Postgres"


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
