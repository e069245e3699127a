"""A project that came onto the ladder: once it does what the message says, its gates pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import support
from tests.adoption import adopt, make_project

TEST = '''"""The guests."""

from guests import healthz


def test_it_tells_how_it_is() -> None:
    assert healthz()["status"] == "ok"
'''
GATES = [
    "uv run --only-group lint ruff check",
    "uv run --only-group lint ruff format --check",
    "uv run mypy",
    "uv run pytest tests/unit",
    "uv run pytest tests/contract",
]


def test_the_gates_of_its_level_pass(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path, "uv")
    adopt(project, 4)
    said = capfd.readouterr().err
    move = re.search(r"git mv src/guests/main.py src/guests/__init__.py", said)
    assert move
    support.run(*move[0].split(), cwd=project)
    assert re.search(r"Give pyproject.toml .*\[tool.mypy\].*, as a new project has them", said)
    fresh = support.render(tmp_path / "fresh" / "guests", 4, project_name="guests")
    (project / "pyproject.toml").write_bytes((fresh / "pyproject.toml").read_bytes())
    (project / "tests" / "unit").mkdir()
    (project / "tests" / "unit" / "test_guests.py").write_text(TEST)
    assert "uv lock" in said
    support.run("uv", "lock", "--quiet", cwd=project)
    support.commit_all(project, "Do what the message says")
    for gate in GATES:
        support.run(*gate.split(), cwd=project)
    (project / "src" / "guests" / "__init__.py").write_text("app: int = None\n")
    for gate in GATES[2:]:
        with pytest.raises(AssertionError):
            support.run(*gate.split(), cwd=project)
