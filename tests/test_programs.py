"""A command-line program without a backing service climbs to every level without a database."""

from __future__ import annotations

from typing import Any

import pytest

from extensions import levels, messages
from tests import support, variants
from tests.conftest import Render
from tests.linters import LINTERS, Linter, name_of
from tests.options import NO_SERVICE, POSTGRES
from tests.workflows import errors

LEVELS = support.exhaustive_but_last(6, 7, 8)
DATABASE = ("postgres", "psycopg", "alembic", "migrat", "testcontainers", "tests/integration")
BROUGHT = {
    ".github/workflows/_integration.yml",
    "alembic.ini",
    "migrations/env.py",
    "migrations/script.py.mako",
    "migrations/versions/0001_links.py",
    "tests/integration/conftest.py",
    "tests/integration/postgres.py",
    "tests/integration/test_links.py",
    "tests/integration/test_postgres.py",
}


def answers(name: str) -> dict[str, Any]:
    """Return the answers of a program that uses no backing service."""
    return variants.answers(name) | NO_SERVICE


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", variants.PROGRAMS)
def test_nothing_of_a_database_comes(rendered: Render, name: str, level: int) -> None:
    made = rendered(level, **answers(name))
    found = support.files(made)
    assert set(support.files(rendered(level, **variants.answers(name)))) - set(found) == BROUGHT
    managed = {
        file: text.decode().lower() for file, text in found.items() if "__init__" not in file
    }
    for word in DATABASE:
        assert not [file for file, text in managed.items() if word in text], word


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", variants.PROGRAMS)
def test_the_required_checks_are_the_jobs_that_run(rendered: Render, name: str, level: int) -> None:
    made = rendered(level, **answers(name))
    required = set(levels.required_checks(support.answers(made)))
    assert "integration / tests" not in required
    assert ("system / tests" in required) == (level >= 7)
    assert errors(made, required) == []


@pytest.mark.parametrize("linter", LINTERS, ids=name_of)
@pytest.mark.parametrize("name", variants.PROGRAMS)
def test_its_files_are_clean(rendered: Render, name: str, linter: Linter) -> None:
    assert not linter(rendered(8, **answers(name)))


@pytest.mark.parametrize(
    ("before", "had", "after", "wanted"),
    [
        (5, {}, 6, NO_SERVICE),
        (0, {}, 8, NO_SERVICE),
        (8, NO_SERVICE, 5, {}),
        (8, {}, 8, NO_SERVICE),
        (6, NO_SERVICE, 7, POSTGRES),
    ],
)
def test_a_climb_equals_a_new_project(
    project: Render,
    rendered: Render,
    before: int,
    had: dict[str, Any],
    after: int,
    wanted: dict[str, Any],
) -> None:
    given = variants.answers("wheel")
    made = project(before, **given, **had)
    support.climb(made, after, **given, **wanted)
    support.assert_same_files(made, rendered(after, **given, **wanted))


def test_the_message_says_that_the_level_brings_nothing(rendered: Render) -> None:
    made = rendered(6, **answers("wheel"))
    text = messages.render_message(made, support.answers(made), None)
    assert "is at level 6: Application-level integration tests. It uses no backing service" in text
    assert "DATABASE_URL" not in text


def test_a_service_has_one(tmp_path: Any) -> None:
    done = support.copier(
        "copy", "--trust", "--defaults", "--data=level=6", "--data=backing_services=[]",
        support.template(), "links", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "backing_services is empty: choose " in done.stderr
