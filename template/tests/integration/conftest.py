"""Real backing services: those that the environment names, containers otherwise.

Each test gets a database of its own, made from one that was migrated once. Safe to run in parallel.
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
    """A Postgres on which databases may be made: the one of DATABASE_URL, else a container."""
    if address := os.environ.get("DATABASE_URL"):
        yield sa.make_url(address).set(drivername="postgresql+psycopg")
        return
    with PostgresContainer("postgres:17", driver="psycopg") as container:
        yield sa.make_url(container.get_connection_url())


@pytest.fixture(scope="session")
def template(server: sa.URL) -> Iterator[str]:
    """The name of a migrated database, from which others are made."""
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
    """The address of the test's database, as DATABASE_URL has it."""
    return address_of(database)


@contextmanager
def new_database(server: sa.URL, template: str = "template1") -> Iterator[sa.URL]:
    """Make a database and remove it again."""
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
    """Bring a database to the newest schema, as a release does."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address_of(url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"The migrations fail:\n{done.stdout}", pytrace=False)


def address_of(url: sa.URL) -> str:
    """Return the address with its password, without the driver."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
