"""The message after a copy or a climb: what was gained, what to set, what comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render

COMMAND = (
    "uvx --with copier-template-extensions copier update --trust --skip-answered"
    " --vcs-ref=:current: --data level="
)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the message that Copier printed last."""
    text = capsys.readouterr().err
    return text[text.index(" is at level ") :]


@pytest.mark.parametrize("level", support.LEVELS)
def test_a_new_project_is_told_what_comes_next(
    tmp_path: Path, level: int, capsys: pytest.CaptureFixture[str]
) -> None:
    support.render(tmp_path / "links", level, quiet=False)
    text = said(capsys)
    assert f" is at level {level}: " in text
    assert "git init" in text
    readme = tmp_path / "links" / "README.md"
    assert level == 0 or ("STAGING_HOST" in readme.read_text()) == (level >= 5)
    assert ("uv run links.py" if level < 3 else "uv run uvicorn links:app") in text
    assert (".git/info/exclude" in text) == (level < 2)
    assert ("STAGING_HOST" in text) == (level >= 5)
    assert ("ops/protect" in text) == (level >= 4)
    if level == 8:
        assert "Next is" not in text
        return
    advice = text[text.index(f"Next is level {level + 1}: ") :]
    positions = [
        advice.index(w) for w in ("Climb when ", "Don't climb yet if ", "It costs ", COMMAND)
    ]
    assert positions == sorted(positions), "advice comes before the command"
    assert advice.rstrip().endswith(f"{COMMAND}{level + 1}")


def test_a_climb_is_told_what_it_gained_and_must_do(
    project: Render, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(4)
    (made / "uv.lock").write_text("")
    support.save(made)
    support.climb(made, 6, quiet=False)
    text = said(capsys)
    assert "5 Continuous delivery" in text
    assert "6 Application-level integration tests" in text
    assert "4 Unit tests" not in text
    assert "uv lock, since the dependencies changed" in text
    assert "ops/protect again" in text
    assert "DEPLOY_SSH_KEY (secret" in text
    assert "then commit" in text
    assert "git init" not in text


def test_the_commands_for_a_project_outside_git_work(tmp_path: Path) -> None:
    made = support.render(tmp_path / "links", 0)
    (made / "links.db").write_text("")
    commands = [
        "git init",
        "printf '%s\\n' '*.db' '*.env' '__pycache__/' >> .git/info/exclude",
        'git add -A && git commit -m "Start"',
    ]
    for command in commands:
        support.run("sh", "-c", command, cwd=made)
    support.climb(made, 1)
    assert (made / "ops" / "deploy").is_file()
    assert "links.db" not in support.git(made, "ls-files")
