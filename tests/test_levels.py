"""The table as data: what follows from a project's answers, without a render."""

from __future__ import annotations

from typing import Any

import pytest

from extensions import levels
from tests import options, support, variants
from tests.variants import Variant


def answers(level: int, **more: Any) -> dict[str, Any]:
    """Return the answers of a project of a level."""
    return {"level": level, "package": "links", "backing_services": ["postgres"], **more}


def is_excluded(path: str, excluded: set[str]) -> bool:
    """Tell whether Copier leaves out a path, for itself or for a folder above it."""
    return not excluded.isdisjoint({path, *levels.parents(path)})


@pytest.mark.parametrize("name", variants.NAMES)
@pytest.mark.parametrize("level", support.LEVELS)
def test_exactly_what_is_not_listed_is_excluded(name: str, level: int) -> None:
    given = answers(level, **variants.answers(name))
    excluded = levels.excluded_paths(given)
    left = {path for path in levels.all_paths("links") if not is_excluded(path, excluded)}
    assert left == set(levels.paths(given))


@pytest.mark.parametrize("level", support.LEVELS)
@pytest.mark.parametrize("variant", variants.NAMES, indirect=True)
def test_the_paths_are_those_written_by_hand(variant: Variant, level: int) -> None:
    assert set(levels.paths(answers(level, **variant.answers))) == variant.files(level)


@pytest.mark.parametrize("level", support.LEVELS)
@pytest.mark.parametrize("variant", variants.NAMES, indirect=True)
def test_the_required_checks_are_those_written_by_hand(variant: Variant, level: int) -> None:
    checks = levels.required_checks(answers(level, **variant.answers))
    assert sorted(checks) == sorted(variant.requires(level))


def test_an_update_excludes_the_files_of_some_owners() -> None:
    excluded = levels.excluded_paths(answers(6), {"sample", "write-once"})
    gone = ["src/links/__init__.py", "LICENSE", "tests/unit/test_links.py", "ops/RUNBOOK.md"]
    kept = ["README.md", "tests/contract/test_contract.py", "Dockerfile"]
    assert [is_excluded(path, excluded) for path in gone + kept] == [True] * 4 + [False] * 3


def test_the_highest_levels_checks_come_first() -> None:
    checks = levels.required_checks(answers(8))
    assert checks[:2] == ["system / tests", "integration / tests"]
    assert levels.required_checks(answers(3)) == []


def test_an_additions_text_replaces_the_levels() -> None:
    dangerous = answers(5, **options.DANGEROUS)
    assert "production" in levels.text(5, "meaning", dangerous)
    assert levels.text(5, "meaning", dangerous) != levels.text(5, "meaning", answers(5))
    assert levels.text(4, "meaning", dangerous) == levels.text(4, "meaning", answers(5))


@pytest.mark.parametrize(
    ("given", "capability", "has"),
    [
        (answers(5, feature_flags=True), "feature_flags", True),
        (answers(4, feature_flags=True), "feature_flags", False),
        (answers(5, feature_flags=True, kind="cli"), "feature_flags", False),
        (answers(5, live_dangerously=True), "live_dangerously", True),
        (answers(8, live_dangerously=True), "live_dangerously", False),
        (answers(6, **options.S3), "s3", True),
        (answers(6, **options.S3), "postgres", False),
        (answers(5, **options.S3), "s3", False),
        (answers(6, **options.BOTH, kind="cli"), "s3", False),
        (answers(8, **options.DEPENDENTS), "components", True),
        (answers(7, **options.DEPENDENTS), "components", False),
        (answers(8, dependents="[]"), "components", False),
        (answers(3), "container", True),
        (answers(3, kind="cli"), "wheel", True),
        (answers(3, kind="cli", artifact="binary"), "wheel", False),
        (answers(2, kind="cli", artifact="binary"), "binary", False),
    ],
)
def test_a_capability_follows_from_the_answers(
    given: dict[str, Any], capability: str, has: bool
) -> None:
    assert levels.capabilities(given)[capability] is has


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (answers(7, **options.DEPENDENTS), 2),
        (answers(6, **options.DEPENDENTS), 0),
        (answers(7, **options.DEPENDENTS, kind="cli"), 0),
        (answers(7, dependents="[]"), 0),
    ],
)
def test_a_stack_has_dependents_from_system_tests_on(given: dict[str, Any], number: int) -> None:
    assert len(levels.dependent_services(given)) == number


def test_a_dependent_knows_its_repository_and_its_variable() -> None:
    catalog, prices = levels.dependent_services(answers(7, **options.DEPENDENTS))
    assert (catalog.repository, catalog.variable) == ("ghcr.io/acme/catalog", "CATALOG_URL")
    assert (prices.repository, prices.variable) == ("acme/prices", "PRICE_LIST_URL")
