"""Options: what they bring, level by level, and climbs that switch them on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conftest import Render
from tests.test_exact import expected
from tests.test_gates import lies, workflows
from tests.test_linters import FINDERS, Finder
from tests.test_messages import said

DANGEROUS = {"live_dangerously": True}
BY_ITSELF = "and on to production by itself"


def assert_same(made: Path, fresh: Path) -> None:
    """Check that a project is, byte for byte, what a fresh one is."""
    found, wanted = support.files(made), support.files(fresh)
    assert found.keys() == wanted.keys()
    assert {name for name in wanted if found[name] != wanted[name]} == set()


@pytest.mark.parametrize("level", [5, 6, 7])
def test_who_lives_dangerously_has_the_pipeline_of_the_highest_level(
    rendered: Render, level: int
) -> None:
    made = rendered(level, **DANGEROUS)
    assert set(support.files(made)) == expected(level)
    assert not lies(made, level)
    jobs, highest = (workflows(p)["main.yml"]["jobs"] for p in (made, rendered(8)))
    assert jobs["production"] == highest["production"]
    without = workflows(rendered(level))["main.yml"]["jobs"]
    assert {name: job for name, job in jobs.items() if name != "production"} == without
    readme = (made / "README.md").read_text()
    assert BY_ITSELF in readme
    assert "Production takes a version that staging has proven" not in readme
    assert "RUNBOOK" not in readme


@pytest.mark.parametrize("level", [4, 8])
def test_living_dangerously_is_nothing_where_there_is_no_choice(
    rendered: Render, level: int
) -> None:
    assert_same(rendered(level, **DANGEROUS), rendered(level))


@pytest.mark.parametrize(
    ("before", "had", "after", "wanted"),
    [
        (5, {}, 6, DANGEROUS),
        (5, DANGEROUS, 6, {"live_dangerously": False}),
        (7, DANGEROUS, 8, {}),
        (8, {}, 5, DANGEROUS),
        pytest.param(7, DANGEROUS, 4, {}, marks=pytest.mark.exhaustive),
    ],
)
def test_a_climb_that_changes_who_presses_the_button_equals_fresh(
    project: Render,
    rendered: Render,
    before: int,
    had: dict[str, Any],
    after: int,
    wanted: dict[str, Any],
) -> None:
    made = project(before, **had)
    support.climb(made, after, **wanted)
    assert_same(made, rendered(after, **wanted))


def test_the_message_says_who_presses_the_button(
    project: Render, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(4)
    support.climb(made, 5, quiet=False, **DANGEROUS)
    text = said(capsys)
    assert text.count(BY_ITSELF) == 2, "where it is, and what it gained"
    assert "deliberate dispatch" not in text
    support.save(made, "Climb")
    support.climb(made, 5, quiet=False, live_dangerously=False)
    text = said(capsys)
    assert "deliberate dispatch" in text
    assert BY_ITSELF not in text


VARIANTS: dict[str, dict[str, Any]] = {"dangerous": DANGEROUS}


@pytest.mark.parametrize("find", FINDERS, ids=lambda find: str(find.__name__))
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_option_has_a_finding(rendered: Render, find: Finder, variant: str) -> None:
    found = {level: find(rendered(level, **VARIANTS[variant])) for level in (5, 6, 7, 8)}
    report = "\n".join(f"level {level}:\n{text}" for level, text in found.items() if text)
    if report:
        pytest.fail(report, pytrace=False)
