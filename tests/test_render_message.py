"""The message as a function of answers; test_messages.py has it as Copier prints it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from extensions import messages
from tests import support, variants


def answers(level: int, **more: Any) -> dict[str, Any]:
    """Return the recorded answers of a project of a level."""
    services = {"backing_services": ["postgres"]} if level >= 6 else {}
    return {"project_name": "Links", "package": "links", "level": level, **services, **more}


def deployed(project: Path) -> None:
    """Name a host in the settings of production."""
    (project / "ops").mkdir()
    (project / "ops" / "production.toml").write_text('host = "deploy@links.example.com"\n')


def depending(project: Path, *dependencies: str) -> None:
    """Give a project its first dependency in a commit, and all of them since."""
    (project / "uv.lock").touch()
    file = project / "pyproject.toml"
    file.write_text(f"[project]\ndependencies = {json.dumps(dependencies[:1])}\n")
    support.commit_all(project)
    file.write_text(f"[project]\ndependencies = {json.dumps(dependencies)}\n")


@pytest.mark.parametrize("name", variants.NAMES)
@pytest.mark.parametrize("level", support.LEVELS[:-1])
def test_the_message_of_every_level_is_complete(tmp_path: Path, name: str, level: int) -> None:
    given = answers(level, **variants.answers(name))
    text = messages.render_message(tmp_path, given, None)
    assert text.startswith(f"Links is at level {level}: ")
    assert f"\n\nNext is level {level + 1}: " in text
    for line in text.splitlines():
        assert line == line.rstrip()
        assert not line.endswith(": ")
    assert "None" not in text


def test_a_climb_lists_only_what_it_gained(tmp_path: Path) -> None:
    text = messages.render_message(tmp_path, answers(7), answers(5))
    gained = text.partition("Gained")[2].partition("\n\n")[0]
    assert gained.split("\n") == [
        "  6 Application-level integration tests",
        "        7 System integration tests",
    ]
    assert "run ops/protect again: pull requests need more checks now" in text
    assert "look at git status and git diff, then commit" in text
    assert "Removed" not in text


def test_a_new_project_gained_nothing(tmp_path: Path) -> None:
    """What lower levels say, such as that deploys are by hand, is not true at a higher one."""
    text = messages.render_message(tmp_path, answers(8), None)
    assert "Gained" not in text
    assert "by hand" not in text


@pytest.mark.parametrize(("before", "after"), [(None, 3), (2, 3), (1, 8)])
def test_a_new_pyproject_is_locked_before_the_commit(
    tmp_path: Path, before: int | None, after: int
) -> None:
    old = None if before is None else answers(before)
    text = messages.render_message(tmp_path, answers(after), old)
    assert text.count("uv lock") == 1
    assert text.index("uv lock") < text.index("commit -m" if before is None else "then commit")


def test_an_adopted_project_is_locked_once(tmp_path: Path) -> None:
    assert "run uv lock and commit" in messages.render_message(tmp_path, answers(3), None, [])
    (tmp_path / "uv.lock").touch()
    assert "uv lock" not in messages.render_message(tmp_path, answers(3), None, [])


def test_a_climb_of_one_level_says_its_meaning_once(tmp_path: Path) -> None:
    text = messages.render_message(tmp_path, answers(6), answers(5))
    assert text.startswith("Links is at level 6: ")
    assert "Gained" not in text


def test_a_descent_says_what_went_and_what_is_left_to_do(tmp_path: Path) -> None:
    depending(tmp_path, "uvicorn")
    deployed(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    text = messages.render_message(tmp_path, answers(2), answers(5))
    assert "Removed 5 Continuous delivery\n        4 Unit tests\n        3 Packaging\n" in text
    assert "delete uv.lock: the script lists its dependencies itself" in text
    assert 'delete the ruleset "main" on GitHub' in text
    assert "unused now: STAGING_HOST, " in text
    assert "migrate its host back from containers" in text
    text = messages.render_message(tmp_path, answers(5), answers(7))
    assert "run ops/protect again: pull requests need fewer checks now" in text
    assert "ruleset" not in text
    assert "unused now" not in text
    assert "containers before" not in text


def test_a_climb_is_committed_before_what_needs_the_commit(tmp_path: Path) -> None:
    depending(tmp_path, "uvicorn", "pytest")
    deployed(tmp_path)
    text = messages.render_message(tmp_path, answers(4), answers(3))
    order = ["run uv lock", "then commit", "run ops/protect"]
    assert sorted(order, key=text.index) == order
    text = messages.render_message(tmp_path, answers(2), answers(5))
    assert text.index("back from containers before you commit") < text.index("unused now")
    assert text.index("back from containers before you commit") < text.index("then commit")


def test_an_update_that_changes_no_answer_asks_for_nothing(tmp_path: Path) -> None:
    text = messages.render_message(tmp_path, answers(5), answers(5))
    assert "\nGained" not in text
    assert "\nDo " not in text


@pytest.mark.parametrize(
    ("before", "after", "lock"),
    [
        ("dependencies = []", 'dependencies = ["boto3"]', True),
        ('dependencies = ["boto3>=1.40"]', 'dependencies = ["boto3>=1.41"]', True),
        ('dependencies = ["boto3"]', "dependencies = []", True),
        ('requires-python = ">=3.11"', 'requires-python = ">=3.12"', True),
        ("[dependency-groups]", '[dependency-groups]\ntest = ["pytest"]', True),
        ("[tool.uv]", "[tool.uv]\nexclude-newer = 2026-11-01", True),
        ("dependencies = []", "<<<<<<< before updating\ndependencies = []", True),
        ("dependencies = []", "# Nothing yet.\ndependencies = []", False),
        ("[tool.ruff]", "[tool.ruff]\nline-length = 100", False),
        ("dependencies = []", "dependencies = []", False),
    ],
)
def test_a_lock_file_is_renewed_when_what_it_locks_changes(
    tmp_path: Path, before: str, after: str, lock: bool
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(f"[project]\n{before}\n")
    (tmp_path / "uv.lock").touch()
    support.commit_all(tmp_path)
    file.write_text(f"[project]\n{after}\n")
    text = messages.render_message(tmp_path, answers(5), answers(4))
    assert ("run uv lock: the dependencies changed" in text) is lock
    (tmp_path / "uv.lock").unlink()
    assert "uv lock" not in messages.render_message(tmp_path, answers(5), answers(4))


def test_an_adoption_lists_what_is_kept_and_missing(tmp_path: Path) -> None:
    lines = messages.adoption_lines(["README.md"], ["Do this.", "Do that."])
    text = messages.render_message(tmp_path, answers(2), None, lines)
    assert "Kept    README.md, which differs from the template's" in text
    assert "Fix     Do this.\n        Do that." in text
    assert "git init" not in text
    assert messages.adoption_lines([], []) == ["The contract holds."]


def test_a_host_is_migrated_only_where_one_is_named(tmp_path: Path) -> None:
    step = "migrate its host to containers"
    assert step not in messages.render_message(tmp_path, answers(3), answers(2))
    assert "migrate its host back" not in messages.render_message(tmp_path, answers(2), answers(3))
    deployed(tmp_path)
    assert step in messages.render_message(tmp_path, answers(3), answers(2))


def test_a_repository_is_created_only_where_there_is_no_remote(tmp_path: Path) -> None:
    support.commit_all(tmp_path)
    step = "create the repository on GitHub and push to it"
    assert step in messages.render_message(tmp_path, answers(2), answers(1))
    support.git(tmp_path, "remote", "add", "origin", "https://github.com/acme/links")
    assert step not in messages.render_message(tmp_path, answers(2), answers(1))


def test_a_branch_that_no_workflow_runs_for_is_named(tmp_path: Path) -> None:
    support.commit_all(tmp_path)
    step = "git branch -m master main"
    assert step not in messages.render_message(tmp_path, answers(3), answers(2))
    support.git(tmp_path, "branch", "--move", "main", "master")
    assert step in messages.render_message(tmp_path, answers(3), answers(2))
    assert step not in messages.render_message(tmp_path, answers(2), answers(1))


def test_the_hook_goes_before_the_commit_that_it_would_stop(tmp_path: Path) -> None:
    support.commit_all(tmp_path)
    assert "hooks/pre-commit" not in messages.render_message(tmp_path, answers(3), answers(4))
    (tmp_path / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\nexec prek hook-impl\n")
    text = messages.render_message(tmp_path, answers(3), answers(4))
    assert "rm .git/hooks/pre-commit" in text
    assert text.index("rm .git/hooks/pre-commit") < text.index("then commit")


def test_a_dependency_that_went_and_is_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "links.py").write_text("import psycopg\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_links.py").write_text("import alembic\n")
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\ndependencies = ["alembic>=1", "psycopg[binary]>=3"]\n')
    support.commit_all(tmp_path)
    file.write_text("[project]\ndependencies = []\n")
    text = messages.render_message(tmp_path, answers(5), answers(6))
    assert (
        "add what your code imports and the level took along: uv add 'psycopg[binary]>=3'\n" in text
    )
