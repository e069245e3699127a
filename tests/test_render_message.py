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
    text = messages.render_message(tmp_path, answers(7), answers(5))
    gained = text.partition("Gained")[2].partition("\n\n")[0]
    assert "6 Application-level integration tests: " in gained
    assert "7 System integration tests: " in gained
    assert "5 Continuous delivery" not in gained
    assert "run ops/protect again: pull requests need more checks now" in text
    assert "look at git status and git diff, then commit" in text
    assert "Removed" not in text


def test_a_climb_of_one_level_says_its_meaning_once(tmp_path: Path) -> None:
    text = messages.render_message(tmp_path, answers(6), answers(5))
    assert text.startswith("Links is at level 6: ")
    assert "Gained" not in text


def test_a_descent_says_what_went_and_what_is_left_to_do(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    text = messages.render_message(tmp_path, answers(2), answers(5))
    assert "Removed 5 Continuous delivery\n        4 Unit tests\n        3 Packaging\n" in text
    assert "delete uv.lock: the script lists its dependencies itself" in text
    assert 'delete the ruleset "main" on GitHub' in text
    assert "unused now: STAGING_HOST, " in text
    assert "migrate its host back from containers" in text
    text = messages.render_message(tmp_path, answers(5), answers(7))
    assert "run ops/protect again: pull requests need fewer checks now" in text
    assert "run uv lock: the dependencies changed" in text
    assert "ruleset" not in text
    assert "unused now" not in text
    assert "containers before" not in text


def test_a_climb_is_committed_before_what_needs_the_commit(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    text = messages.render_message(tmp_path, answers(4), answers(3))
    order = ["run uv lock", "then commit", "run ops/protect"]
    assert sorted(order, key=text.index) == order
    text = messages.render_message(tmp_path, answers(2), answers(3))
    assert text.index("back from containers before you commit") < text.index("then commit")


def test_an_update_that_changes_no_answer_asks_for_nothing(tmp_path: Path) -> None:
    text = messages.render_message(tmp_path, answers(5), answers(5))
    assert "\nGained" not in text
    assert "\nDo " not in text


def test_a_lock_file_is_renewed_when_dependencies_change(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    text = messages.render_message(tmp_path, answers(6), answers(5))
    assert "run uv lock: the dependencies changed" in text


def test_an_adoption_lists_what_is_kept_and_missing(tmp_path: Path) -> None:
    lines = messages.adoption_lines(["README.md"], ["Do this.", "Do that."])
    text = messages.render_message(tmp_path, answers(2), None, lines)
    assert "Kept    README.md, which differs from the template's" in text
    assert "Missing Do this.\n        Do that." in text
    assert "git init" not in text
    assert messages.adoption_lines([], []) == ["The contract holds."]
