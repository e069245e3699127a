"""The program works on its real database; its migrations can run again."""

from __future__ import annotations

import time

import sqlalchemy as sa

from tests.conftest import Run
from tests.integration.conftest import migrate

# Words that need the database.
WORDS = ["list"]


def test_it_works_on_the_database_that_it_is_given(
    run: Run, server: sa.URL, database: sa.URL, database_url: str
) -> None:
    done = run(*WORDS, DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    assert has_had_visitors(server, database), "the program opened no connection to Postgres"


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
