"""Law 1: a level holds the files of levels 0 to n and no other, and speaks of nothing above."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from tests import support
from tests.conftest import Render

# Written by hand, so that a slip in the table is seen here.
ADDED = {
    0: """
        .copier-answers.yml
        links.py
    """,
    1: """
        README.md
        ops/README.md
        ops/app.env.example
        ops/app.service
        ops/deploy
        ops/host.py
        ops/production.toml
        ops/systemd.py
    """,
    2: """
        .gitignore
        LICENSE
    """,
    3: """
        .dockerignore
        .github/ISSUE_TEMPLATE/bug.yml
        .github/workflows/_package.yml
        .github/workflows/main.yml
        .python-version
        CHANGELOG.md
        Dockerfile
        ops/Caddyfile
        ops/stack.yaml
        ops/swarm.py
        pyproject.toml
        src/links/__init__.py
    """,
    4: """
        .github/CODEOWNERS
        .github/dependabot.yml
        .github/pull_request_template.md
        .github/rulesets/main.json
        .github/workflows/_check.yml
        .pre-commit-config.yaml
        ops/protect
        tests/conftest.py
        tests/contract/test_contract.py
        tests/unit/test_links.py
    """,
    5: """
        .github/workflows/_deploy.yml
        .github/workflows/deploy.yml
        ops/environments
        ops/staging.toml
        tests/smoke/test_smoke.py
    """,
    6: """
        .github/workflows/_integration.yml
        alembic.ini
        migrations/env.py
        migrations/script.py.mako
        migrations/versions/0001_links.py
        tests/integration/conftest.py
        tests/integration/test_backing_services.py
        tests/integration/test_links.py
    """,
    7: """
        .github/workflows/_system.yml
        compose.yaml
        tests/system/conftest.py
        tests/system/test_links.py
        tests/system/test_stack.py
    """,
    8: """
        ops/RUNBOOK.md
    """,
}
ASKED = {
    0: {"kind", "level", "package", "project_description", "project_name"},
    2: {"forge", "license", "owner"},
    3: {"artifact"},
    5: {"feature_flags", "live_dangerously"},
    6: {"backing_services"},
    7: {"dependents"},
}
DROPPED = {3: {"links.py", "ops/app.service", "ops/systemd.py"}}

EXECUTABLE = {"ops/deploy", "ops/environments", "ops/protect"}

# Words of a level's machinery, which no text of a lower level may speak of. The starter is one
# text at every level, and the answers are Copier's.
WORDS = {
    1: r"\bdeploy|production|systemd|\bssh\b",
    2: r"\bgit\b|github|LICENSE",
    3: r"docker|container|\bimage\b|swarm|\bwheel\b|pyproject|uv\.lock|workflow",
    4: r"pytest|\bruff\b|mypy|pull request|unit test|coverage|ruleset|dependabot|prek|pre-commit",
    5: r"staging|smoke test",
    6: r"alembic|migrat|testcontainers|integration test",
    7: r"docker compose|system test",
    8: r"runbook|to production by itself",
}


@pytest.mark.parametrize("level", support.LEVELS)
@pytest.mark.parametrize("kind", ["service", pytest.param("cli", marks=pytest.mark.exhaustive)])
def test_a_question_appears_at_the_level_that_needs_it(
    rendered: Render, kind: str, level: int
) -> None:
    made = rendered(level, **({"kind": kind} if kind == "cli" else {}))
    answers = yaml.safe_load((made / ".copier-answers.yml").read_text())
    wanted = set().union(*(names for first, names in ASKED.items() if first <= level))
    if kind == "cli":
        wanted -= {"dependents", "feature_flags"}
    if level == 8:
        wanted -= {"live_dangerously"}
    assert {name for name in answers if not name.startswith("_")} == wanted


def expected(level: int) -> set[str]:
    """Return the files of a level, by hand."""
    names: set[str] = set()
    for n in range(level + 1):
        names = (names - DROPPED.get(n, set())) | set(ADDED[n].split())
    return names


@pytest.mark.parametrize("level", support.LEVELS)
def test_a_level_has_its_files_and_no_other(rendered: Render, level: int) -> None:
    made = rendered(level)
    assert set(support.files(made)) == expected(level)
    folders = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_dir()}
    needed = {str(parent) for name in expected(level) for parent in Path(name).parents}
    assert folders == needed - {"."}, "an empty folder"


@pytest.mark.parametrize("level", support.LEVELS)
def test_programs_can_be_executed_and_nothing_else(rendered: Render, level: int) -> None:
    made = rendered(level)
    found = {name for name in support.files(made) if os.access(made / name, os.X_OK)}
    assert found == EXECUTABLE & expected(level)


@pytest.mark.parametrize("level", support.LEVELS)
def test_no_file_is_empty(rendered: Render, level: int) -> None:
    assert not [name for name, text in support.files(rendered(level)).items() if not text.strip()]


@pytest.mark.parametrize("level", support.LEVELS)
def test_no_text_speaks_of_a_level_above(rendered: Render, level: int) -> None:
    found = []
    for name, content in support.files(rendered(level)).items():
        if name in {".copier-answers.yml", "links.py", "src/links/__init__.py", "LICENSE"}:
            continue
        for above in range(level + 1, 9):
            for line in content.decode().splitlines():
                if re.search(WORDS[above], line, re.IGNORECASE):
                    found.append(f"{name} speaks of level {above}: {line.strip()}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("level", support.LEVELS)
def test_every_word_is_spoken_at_its_own_level(rendered: Render, level: int) -> None:
    """A pattern that matches nothing anywhere would guard nothing."""
    if level == 0:
        return
    text = "\n".join(content.decode() for content in support.files(rendered(level)).values())
    for word in WORDS[level].split("|"):
        assert re.search(word, text, re.IGNORECASE), word


def test_a_render_depends_on_its_answers_alone(
    rendered: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("USER", "somebody")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANG", "tr_TR.UTF-8")
    again = support.render(tmp_path / "elsewhere", 8)
    assert support.files(again) == support.files(rendered(8))
