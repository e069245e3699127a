"""Which answers are valid, without a render; test_refusals.py has the sentences."""

from __future__ import annotations

from typing import Any

import pytest

from extensions import answers, names


@pytest.mark.parametrize(
    ("name", "slug", "package"),
    [
        ("Links", "links", "links"),
        ("Link Shortener", "link-shortener", "link_shortener"),
        ("a.b_c", "a-b-c", "a_b_c"),
        ("--x--", "x", "x"),
    ],
)
def test_slug_and_package_are_made_from_the_name(name: str, slug: str, package: str) -> None:
    assert (names.slug(name), names.package(name)) == (slug, package)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"level": "2", "project_name": "Links"},
        {"level": 8, "backing_services": "[postgres, s3]", "feature_flags": "true"},
        {"kind": "cli", "artifact": "binary", "feature_flags": False, "dependents": "[]"},
        {"project_name": "json", "package": "jsonlinks"},
        {"owner": "", "license": None},
        {"dependents": [{"name": "a", "image": "b:1", "port": 1}]},
    ],
)
def test_a_valid_or_missing_answer_has_no_error(given: dict[str, Any]) -> None:
    assert answers.error_in(given, {}) == ""


@pytest.mark.parametrize(
    ("kind", "recorded", "error"),
    [
        ("cli", {"kind": "service"}, "The kind of a project cannot change"),
        (
            "service",
            {"kind": "cli"},
            "The kind of a project cannot change from command-line",
        ),
        ("service", {"kind": "service"}, ""),
        ("service", {}, ""),
    ],
)
def test_a_recorded_kind_cannot_change(kind: str, recorded: dict[str, Any], error: str) -> None:
    assert answers.error_of("kind", {"kind": kind}, recorded).startswith(error)
    assert bool(answers.error_of("kind", {"kind": kind}, recorded)) is bool(error)


def test_every_question_has_a_default_a_line_of_help_and_a_validator() -> None:
    for key, question in answers.questions().items():
        assert "default" in question, key
        assert question["help"].count("\n") == 0, key
        assert question["validator"] == f"{{{{ error_of('{key}') }}}}", key


def test_a_description_is_one_line_of_printable_characters() -> None:
    for wrong in ("Two\nlines.", "Deleted\x7f.", "A bell\a."):
        assert "use one line of printable" in answers.description_error(wrong)
    assert answers.description_error("Größe: 3 €.") == ""


@pytest.mark.parametrize(
    ("owner", "valid"),
    [
        ("acme", True),
        ("acme-inc", True),
        ("0", True),
        ("octocat_acme", True),
        ("octo-cat_acme", True),
        ("a" * 39, True),
        ("a" * 40, False),
        ("octocat_", False),
        ("_acme", False),
        ("octo_cat_acme", False),
        ("acme-", False),
        ("-acme", False),
        ("ac--me", False),
        ("a/b", False),
        ("acme.inc", False),
        ("443 ", False),
        ("größe", False),
    ],
)
def test_an_owner_is_as_github_names_them(owner: str, valid: bool) -> None:
    assert (answers.owner_error(owner) == "") is valid
