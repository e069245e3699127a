"""An adopted project: once its owner does what the message says, its required checks pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import support
from tests.adoption import adopt, make_project

TEST = '''"""The guests."""

from guests import healthz


def test_healthz() -> None:
    assert healthz()["status"] == "ok"
'''
CHECKS = [
    "uv run --only-group lint ruff check",
    "uv run --only-group lint ruff format --check",
    "uv run mypy",
    "uv run pytest tests/unit",
    "uv run pytest tests/contract",
]


def test_a_setting_that_the_application_needs_reaches_all_tests(tmp_path: Path) -> None:
    project = support.render(tmp_path / "links", 4)
    module = project / "src" / "links" / "__init__.py"
    module.write_text(f'{module.read_text()}\nKEY = os.environ["SECRET_KEY"]\n')
    support.commit_all(project, "Need a key")
    check = ("uv", "run", "pytest", "--no-cov", "tests/unit", "tests/contract")
    with pytest.raises(AssertionError, match="SECRET_KEY"):
        support.run(*check, cwd=project)
    support.replace(
        project / "tests" / "conftest.py",
        "SETTINGS: dict[str, str] = {}",
        'SETTINGS: dict[str, str] = {"SECRET_KEY": "not-secret"}',
    )
    support.run(*check, cwd=project)


def test_the_required_checks_of_an_adopted_project_pass(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path, "uv")
    adopt(project, 4)
    message = capfd.readouterr().err

    move = re.search(r"git mv src/guests/main.py src/guests/__init__.py", message)
    assert move
    support.run(*move[0].split(), cwd=project)
    assert re.search(r"Add .*\[tool.mypy\].* to pyproject.toml, as in a new project", message)
    fresh = support.render(tmp_path / "fresh" / "guests", 4, project_name="guests")
    (project / "pyproject.toml").write_bytes((fresh / "pyproject.toml").read_bytes())
    (project / "tests" / "unit").mkdir()
    (project / "tests" / "unit" / "test_guests.py").write_text(TEST)
    assert "uv lock" in message
    support.run("uv", "lock", "--quiet", cwd=project)
    support.commit_all(project, "Do what the message says")
    for check in CHECKS:
        support.run(*check.split(), cwd=project)
    (project / "src" / "guests" / "__init__.py").write_text("app: int = None\n")
    for check in CHECKS[2:]:
        with pytest.raises(AssertionError):
            support.run(*check.split(), cwd=project)
