"""What Copier walks of the template: what the project gets, and nothing of the template's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from copier import _main, run_copy

from tests import support


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that Copier renders from here on."""
    found: list[str] = []
    original = _main.Worker._render_path

    def noted(worker: _main.Worker, path: Path) -> Iterable[Any]:
        found.append(str(path))
        return original(worker, path)

    monkeypatch.setattr(_main.Worker, "_render_path", noted)
    return found


def test_a_script_does_not_pay_for_the_ladder(tmp_path: Path, walked: list[str]) -> None:
    support.render(tmp_path / "links", 0)
    assert sorted(walked) == [".copier-answers.yml.jinja", "{{ package }}.py.jinja"]


def test_a_template_that_is_no_clone_is_left_as_it_is(tmp_path: Path, walked: list[str]) -> None:
    template = shutil.copytree(
        support.template(), tmp_path / "ladder", ignore=shutil.ignore_patterns(".git")
    )
    before = support.files(template)
    run_copy(
        str(template),
        tmp_path / "links",
        data={**support.ANSWERS, "level": 0},
        defaults=True,
        unsafe=True,
        quiet=True,
    )
    assert len(walked) > 50
    assert support.files(template) == before
    assert set(support.files(tmp_path / "links")) == {".copier-answers.yml", "links.py"}
