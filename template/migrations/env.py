"""Bring the database that DATABASE_URL names to the newest schema.

Migrations run before the new version starts and the version before goes on with what they leave:
add tables and columns, and take away only what nothing uses any more.
"""

from __future__ import annotations

import os
import sys
from logging.config import fileConfig

import sqlalchemy as sa
from alembic import context

# For `alembic revision --autogenerate`: your tables, a sqlalchemy.MetaData.
target_metadata = None


def database() -> sa.URL:
    """Return the address of the database, for the driver that is installed."""
    address = os.environ.get("DATABASE_URL")
    if not address:
        sys.exit("DATABASE_URL is not set: there is no database to migrate.")
    url = sa.make_url(address)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return url


def migrate() -> None:
    """Run the migrations, one caller at a time: others wait for the lock."""
    engine = sa.create_engine(database(), poolclass=sa.pool.NullPool)
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
