"""Fixtures for Postgres.

Migrations run once, into a template database. Each test gets its own copy of it, so tests can run
in parallel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from testcontainers.community.postgres import PostgresContainer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def server() -> Iterator[sa.URL]:
    """The Postgres server that DATABASE_URL names, or else a container."""
    if url := os.environ.get("DATABASE_URL"):
        yield sa.make_url(url).set(drivername="postgresql+psycopg")
        return
    with PostgresContainer("postgres:17", driver="psycopg") as container:
        yield sa.make_url(container.get_connection_url())


@pytest.fixture(scope="session")
def template(server: sa.URL) -> Iterator[str]:
    """The name of a migrated database, the template for the others."""
    with new_database(server) as url:
        migrate(url)
        assert url.database
        yield url.database


@pytest.fixture
def database(server: sa.URL, template: str) -> Iterator[sa.URL]:
    """A migrated database for one test."""
    with new_database(server, template) as url:
        yield url


@pytest.fixture
def database_url(database: sa.URL) -> str:
    """The URL of the test's database, for DATABASE_URL."""
    return plain_url(database)


@contextmanager
def new_database(server: sa.URL, template: str = "template1") -> Iterator[sa.URL]:
    """Create a database, and drop it at the end."""
    name = f"test_{uuid.uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    try:
        yield server.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def migrate(url: sa.URL) -> None:
    """Migrate a database to the newest schema, as a release does."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": plain_url(url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"alembic upgrade head failed:\n{done.stdout}", pytrace=False)


def plain_url(url: sa.URL) -> str:
    """Return a URL with its password and without the driver."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
