"""Levels 6 and 7: real backing services and the whole stack, and the faults that only they show."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import wait_until
from tests.e2e.projects import CODE, change, failed_tests, pytest_in, repository
from tests.testbed import Engine, Run

Workflows = Callable[..., Run]


@pytest.fixture
def database_url(engine: Engine) -> Iterator[str]:
    """A managed Postgres."""
    name = f"ladder-tests-{secrets.token_hex(3)}"
    engine.docker("run", "--detach", f"--name={name}", "--env=POSTGRES_PASSWORD=pw", "postgres:17")
    found = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
    address = engine.docker("inspect", f"--format={found}", name).stdout.strip()
    ready = ["exec", name, "pg_isready", "--host=127.0.0.1", "--timeout=1"]
    wait_until(lambda: engine.docker(*ready, check=False).returncode == 0)
    yield f"postgresql://postgres:pw@{address}/postgres"
    engine.docker("rm", "--force", "--volumes", name)


def test_integration_tests_are_independent_and_use_the_given_database(
    project: Render, engine: Engine, database_url: str
) -> None:
    made = project(6)
    # Without an engine: a container could not be started.
    given = {"DATABASE_URL": database_url, "DOCKER_HOST": "tcp://127.0.0.1:9"}
    done = pytest_in(made, engine, "-n2", "tests/integration", **given)
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout

    change(made / CODE, 'os.environ.get("DATABASE_URL") or SQLITE', "SQLITE")
    done = pytest_in(made, engine, "tests/integration/test_postgres.py", **given)
    assert failed_tests(done) == {"test_it_uses_the_database_of_database_url"}
    assert "opened no connection to Postgres" in done.stdout


def test_project_without_migrations_can_add_its_first(
    project: Render, engine: Engine, database_url: str
) -> None:
    """A user who replaced the sample has no first migration; git keeps no empty folder."""
    made = project(6)
    for file in ("migrations/versions/0001_links.py", "tests/integration/test_links.py"):
        (made / file).unlink()
    (made / "migrations" / "versions").rmdir()
    environment = {**os.environ, "DATABASE_URL": database_url.replace("sql:", "sql+psycopg:")}
    alembic = ["uv", "run", "alembic"]
    for _ in range(2):
        support.run(*alembic, "upgrade", "head", cwd=made, env=environment)
    done = pytest_in(made, engine, "tests/integration", DATABASE_URL=database_url)
    assert done.returncode == 0, done.stdout

    support.run(*alembic, "revision", "--message=Add guests", cwd=made, env=environment)
    (migration,) = (made / "migrations" / "versions").glob("*.py")
    text = migration.read_text()
    assert text.count("raise NotImplementedError") == 2
    text = text.replace(
        "raise NotImplementedError", 'op.create_table("guests", sa.Column("name", sa.Text))', 1
    )
    migration.write_text(text.replace("raise NotImplementedError", 'op.drop_table("guests")', 1))
    for check in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        support.run("uv", "run", *check, "migrations", cwd=made)
    support.run(*alembic, "upgrade", "head", cwd=made, env=environment)
    support.run(*alembic, "downgrade", "base", cwd=made, env=environment)
    without = support.run(*alembic, "upgrade", "head", cwd=made, check=False)
    assert without.returncode == 1
    assert without.stderr.startswith("DATABASE_URL is not set. Set it to the database to migrate, ")


def test_bad_sql_fails_only_the_integration_check(
    project: Render, run_workflows: Workflows
) -> None:
    made = project(6)
    change(
        made / CODE,
        "connection.execute(sa.insert(links).values(",
        'new = sa.insert(links).prefix_with("OR REPLACE")\n        connection.execute(new.values(',
    )
    support.run("uv", "lock", "--quiet", cwd=made)
    support.commit_all(made, "A query that SQLite alone understands")
    run = run_workflows(made, "pull_request", workflow="main.yml", job="integration")
    assert run.failed() == {"integration / tests"}, str(run)
    assert "SyntaxError" in run.jobs["integration / tests"].log


def test_broken_route_fails_only_the_system_check(
    project: Render, run_workflows: Workflows
) -> None:
    made = project(7)
    change(
        made / "ops" / "Caddyfile",
        "{$SITE_ADDRESS} {\n",
        "{$SITE_ADDRESS} {\n\trespond /links 404\n",
    )
    support.run("uv", "lock", "--quiet", cwd=made)
    support.commit_all(made, "A proxy that keeps new links away")
    run = run_workflows(made, "pull_request", workflow="main.yml", repository=repository())
    assert run.failed() == {"system / tests"}, str(run)
    assert run.results["staging / deploy"] == run.results["staging / skipped"] == "skipped"
    outcomes = {step.name: step.outcome for step in run.jobs["package / image"].steps}
    assert outcomes["Build"] == "success"
    assert outcomes.get("Push", "skipped") == "skipped", "a pull request pushes nothing"
    kept = {file.name for file in (run.artifacts / "logs").iterdir()}
    assert kept == {"app.log", "database.log", "migrations.log", "proxy.log"}
    assert "healthz" in (run.artifacts / "logs" / "app.log").read_text()


def test_published_database_fails_the_system_tests(project: Render, engine: Engine) -> None:
    made = project(7)
    change(
        made / "compose.yaml",
        "    networks: [back]\n    healthcheck:",
        "    networks: [front, back]\n    ports: ['5432']\n    healthcheck:",
    )
    done = pytest_in(made, engine, "tests/system")
    assert failed_tests(done) == {
        "test_only_the_proxy_is_published",
        "test_only_the_application_reaches_the_backend[database-front]",
    }, done.stdout
    left = engine.docker(
        "ps", "--all", '--format={{.Label "com.docker.compose.project.working_dir"}}'
    )
    assert str(made) not in left.stdout, "the stack is still up"
