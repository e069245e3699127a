"""Migrate the database that DATABASE_URL names.

A release runs the migrations while the previous version still serves. So a migration may add tables
and columns, but may drop only what the previous version no longer uses.
"""

from __future__ import annotations

import os
import sys
from logging.config import fileConfig

import sqlalchemy as sa
from alembic import context

# Set this to your sqlalchemy.MetaData to use `alembic revision --autogenerate`.
target_metadata = None


def database_url() -> sa.URL:
    """Return the URL of the database, with the installed driver."""
    text = os.environ.get("DATABASE_URL")
    if not text:
        sys.exit(
            "DATABASE_URL is not set. Set it to the database to migrate, for example "
            "postgresql://USER:PASSWORD@HOST:5432/NAME."
        )
    url = sa.make_url(text)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return url


def migrate() -> None:
    """Run the migrations. A lock in the database keeps two processes from doing so at once."""
    engine = sa.create_engine(database_url(), poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(5432)"))
            context.run_migrations()
    engine.dispose()


if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
migrate()
