"""Invariant 3: what is the user's stays the user's, through every climb and descent.

A service takes every jump. A wheel and a binary take every single step and the longest jump: the
code that moves and merges is the same, and test_climb.py has every jump of theirs untouched.
"""

from __future__ import annotations

import itertools
import re

import pytest
from copier.errors import UserMessageError

from tests import edits, support, variants
from tests.conftest import Render
from tests.variants import Variant
from tools.invariants import WRITE_ONCE

PAIRS = list(itertools.combinations(support.LEVELS, 2))
STEPS = [*itertools.pairwise(support.LEVELS), (0, 8)]


def down(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return pairs of levels the other way round."""
    return [(after, before) for before, after in pairs]


@pytest.mark.parametrize(
    ("variant", "before", "after"),
    variants.jumps(PAIRS, {("service", 0, 8)}, STEPS),
    indirect=["variant"],
)
def test_a_climb_keeps_what_is_the_users(variant: Variant, before: int, after: int) -> None:
    project = variant.project(before)
    edits.replace_sample(project, before, variant.name)
    edits.edit_shared(project, before)
    edits.edit_managed(project, before, variant.name)
    support.commit_all(project, "Make it mine")
    variant.climb(project, after)
    edits.assert_kept(project, after, before, variant.name)
    edits.assert_rest_is_fresh(project, variant.rendered(after), variant.name)
    samples = [name for name in support.files(project) if name.endswith("test_links.py")]
    assert all(f"/{level}" not in name for name in samples for level in range(before, after))
    if before < 3 <= after:
        application = edits.APPLICATIONS[variant.name]
        pyproject = (project / "pyproject.toml").read_text()
        own = pyproject.partition("# Yours; add with `uv add`:\n")[2].partition("]\n")[0]
        assert own == "".join(f'    "{one}",\n' for one in application.dependencies)
        assert application.sample_dependency not in pyproject
        support.commit_all(project, "Climb")
        followed = support.git(
            project, "log", "--follow", "--format=%s", "--", "src/links/__init__.py"
        )
        assert followed.splitlines() == ["Climb", "Make it mine", "Start"]
    support.commit_all(project, "Climb")
    variant.climb(project, after)
    support.assert_unchanged(project)


@pytest.mark.parametrize(
    ("variant", "before", "after"),
    variants.jumps(down(PAIRS), {("service", 8, 0)}, down(STEPS)),
    indirect=["variant"],
)
def test_a_descent_keeps_what_is_the_users(variant: Variant, before: int, after: int) -> None:
    project = variant.project(before)
    edits.replace_sample(project, before, variant.name)
    # Only what the lower level has too: an edit of the rest is refused.
    edits.edit_shared(project, after)
    edits.edit_managed(project, after, variant.name)
    support.commit_all(project, "Make it mine")
    variant.climb(project, after)
    edits.assert_kept(project, after, after, variant.name)
    edits.assert_rest_is_fresh(project, variant.rendered(after), variant.name)
    if before >= 3 > after:
        application = edits.APPLICATIONS[variant.name]
        header = edits.HEADER.search(edits.code(project, after).read_text())
        assert header
        if variant.name == "service":
            assert '#     "uvicorn' in header[0], "the script imports its server"
        assert f'#     "{application.sample_dependency}' in header[0], "the user's block has it"


@pytest.mark.exhaustive
def test_up_and_down_again_gives_the_same_script(project: Render) -> None:
    made = project(0)
    edits.replace_sample(made, 0)
    support.commit_all(made, "Make it mine")
    before = support.files(made)
    for level in (3, 8, 2, 0):
        support.climb(made, level)
        support.commit_all(made, f"Level {level}")
    after = support.files(made)
    # The template asks for its own version of the server from level 3 on; the script keeps it.
    assert after.keys() - WRITE_ONCE == before.keys()
    assert edits.APPLICATIONS["service"].body in after["links.py"].decode()
    assert b'"starlette>=0.48"' in after["links.py"]


@pytest.mark.parametrize(
    ("edit", "lower"),
    [
        ("ops/deploy", 0),
        pytest.param("README.md", 0, marks=pytest.mark.exhaustive),
        pytest.param("pyproject.toml", 2, marks=pytest.mark.exhaustive),
        pytest.param(".github/workflows/_package.yml", 2, marks=pytest.mark.exhaustive),
    ],
)
def test_a_descent_that_would_delete_an_edit_is_refused_unless_told_to(
    project: Render, edit: str, lower: int
) -> None:
    made = project(3)
    with (made / edit).open("a") as file:
        file.write("\n# mine\n")
    support.commit_all(made, "Edit")
    with pytest.raises(UserMessageError, match=f"would delete {re.escape(edit)}, which you edited"):
        support.climb(made, lower)
    support.assert_unchanged(made)
    support.climb(made, lower, discard_edits=True)
    assert not (made / edit).exists()


@pytest.mark.exhaustive
def test_an_edit_of_the_same_lines_conflicts_loudly(project: Render) -> None:
    made = project(3)
    workflow = made / ".github" / "workflows" / "main.yml"
    workflow.write_text(re.sub(r"(?m)^on:\n(?:  .*\n|\n)+", "on: [push]\n", workflow.read_text()))
    support.commit_all(made, "Edit")
    support.climb(made, 4)
    assert "UU .github/workflows/main.yml" in support.git(made, "status", "--porcelain")
    assert "<<<<<<< before updating" in workflow.read_text()


def test_a_copy_over_a_project_leaves_the_code_alone(project: Render) -> None:
    made = project(3)
    edits.replace_sample(made, 3)
    support.copy(made, overwrite=True, **support.ANSWERS, level=3)
    assert edits.code(made, 3).read_text() == edits.APPLICATIONS["service"].body
    assert not (made / "links.py").exists()


@pytest.mark.exhaustive
def test_sample_tests_join_an_untouched_sample_only(project: Render) -> None:
    made = project(3)
    support.climb(made, 4)
    sample = made / "tests" / "unit" / "test_links.py"
    assert sample.is_file()
    support.commit_all(made, "Climb")
    sample.unlink()
    support.commit_all(made, "Without the sample")
    support.climb(made, 6)
    assert not sample.exists(), "deleted stays deleted"
    assert (made / "tests" / "integration" / "test_links.py").is_file()


def test_the_message_names_the_tests_to_write_for_a_replaced_sample(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(3)
    edits.replace_sample(made, 3)
    support.commit_all(made, "Make it mine")
    support.climb(made, 4)
    assert "Write tests of your application in tests/unit/" in capfd.readouterr().err
    assert not (made / "tests" / "unit").exists()


@pytest.mark.exhaustive
def test_applications_in_both_places_are_left_to_the_user(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(2)
    (made / "src" / "links").mkdir(parents=True)
    (made / "src" / "links" / "__init__.py").write_text("app = None\n")
    support.commit_all(made, "Another")
    before = (made / "links.py").read_bytes()
    support.climb(made, 3)
    assert "Both links.py and src/links/__init__.py exist" in capfd.readouterr().err
    assert (made / "links.py").read_bytes() == before
    assert (made / "src" / "links" / "__init__.py").read_text() == "app = None\n"
