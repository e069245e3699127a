"""The message as a function of answers; test_messages.py has it as Copier prints it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extensions import messages
from tests import support, variants


def answers(level: int, **more: Any) -> dict[str, Any]:
    """Return the recorded answers of a project of a level."""
    services = {"backing_services": ["postgres"]} if level >= 6 else {}
    return {"project_name": "Links", "package": "links", "level": level, **services, **more}


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
    text = messages.render_message(tmp_path, answers(6), answers(5))
    gained = text.partition("Gained")[2].partition("\n\n")[0]
    assert "6 Application-level integration tests: " in gained
    assert "5 Continuous delivery" not in gained
    assert "ops/protect again, since pull requests need more checks now" in text
    assert "look at git status and git diff, then commit" in text


def test_an_update_that_changes_no_answer_asks_for_nothing(tmp_path: Path) -> None:
    text = messages.render_message(tmp_path, answers(5), answers(5))
    assert "\nGained" not in text
    assert "\nDo " not in text


def test_a_lock_file_is_renewed_when_dependencies_change(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    text = messages.render_message(tmp_path, answers(6), answers(5))
    assert "uv lock, since the dependencies changed" in text


def test_an_adoption_lists_what_is_kept_and_missing(tmp_path: Path) -> None:
    lines = messages.adoption_lines(["README.md"], ["Do this.", "Do that."])
    text = messages.render_message(tmp_path, answers(2), None, lines)
    assert "Kept    README.md, which differs from the template's" in text
    assert "Missing Do this.\n        Do that." in text
    assert "git init" not in text
    assert messages.adoption_lines([], []) == ["The contract holds."]
