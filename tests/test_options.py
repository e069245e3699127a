"""Options: what they bring, level by level, and climbs that change them on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from copier.errors import UserMessageError

from tests import edits, support
from tests.conftest import Render
from tests.options import (
    BOTH,
    CATALOG,
    DANGEROUS,
    DEPENDENTS,
    FLAGS,
    POSTGRES,
    S3,
    SAMPLE,
    WITHOUT_FLAGS,
)
from tests.variants import Variant
from tests.workflows import errors, workflows
from tests.workflows import jobs as jobs_of
from tools.invariants import WRITE_ONCE

# Written by hand, as the lists of the levels are.
ADDED_BY_FLAGS = """
    ops/feature_flags.py
    src/links/feature_flags.py
    src/links/preview.py
    tests/contract/test_feature_flags.py
    tests/unit/test_preview.py
"""
CHANGED_BY_FLAGS = {
    ".copier-answers.yml": (1, 1),
    "README.md": (2, 0),
    "ops/README.md": (12, 0),
    "ops/deploy": (16, 0),
    "ops/stack.yaml": (3, 0),
    "ops/swarm.py": (2, 0),
    "pyproject.toml": (2, 0),
    "src/links/__init__.py": (5, 0),
    "tests/conftest.py": (23, 0),
}
ADDED_BY_S3 = {
    6: """
        src/links/pictures.py
        tests/integration/s3.py
        tests/integration/test_pictures.py
        tests/integration/test_s3.py
        tests/unit/test_pictures.py
    """,
    7: """
        tests/system/test_pictures.py
    """,
}
ADDED_BY_POSTGRES = """
    alembic.ini
    migrations/env.py
    migrations/script.py.mako
    migrations/versions/0001_links.py
    tests/integration/postgres.py
    tests/integration/test_links.py
    tests/integration/test_postgres.py
"""
CHANGED_BY_S3 = {
    6: {
        ".copier-answers.yml": (1, 0),
        "ops/README.md": (3, 0),
        "pyproject.toml": (3, 1),
        "src/links/__init__.py": (6, 0),
        "tests/integration/conftest.py": (1, 0),
    },
    7: {
        "compose.yaml": (25, 0),
        "tests/system/conftest.py": (1, 0),
    },
    8: {
        "ops/RUNBOOK.md": (2, 1),
    },
}
AUTOMATICALLY = "verified and then released to production automatically"
BY_A_WORKFLOW = "by running a workflow"


def assert_descended(made: Path, fresh: Path) -> None:
    """Check that a project is as a fresh one, but for the write-once files of a level it left."""
    support.assert_same_files(made, fresh, but=WRITE_ONCE - support.files(fresh).keys())


@pytest.mark.parametrize("level", support.exhaustive_but_last(5, 6, 7))
def test_living_dangerously_has_the_pipeline_of_the_highest_level(
    rendered: Render, service: Variant, level: int
) -> None:
    made = rendered(level, **DANGEROUS)
    assert set(support.files(made)) == service.files(level)
    assert not errors(made, service.requires(level))
    jobs, highest = (jobs_of(project) for project in (made, rendered(8)))
    assert jobs["production"] == highest["production"]
    without = jobs_of(rendered(level))
    assert {name: job for name, job in jobs.items() if name != "production"} == without
    readme = (made / "README.md").read_text()
    assert "to staging and then to production automatically" in readme
    assert "gh workflow run deploy.yml" not in readme
    assert "RUNBOOK" not in readme


@pytest.mark.parametrize("level", support.exhaustive_but_last(8, 4))
def test_living_dangerously_is_nothing_where_there_is_no_choice(
    rendered: Render, level: int
) -> None:
    support.assert_same_files(rendered(level, **DANGEROUS), rendered(level))


@pytest.mark.exhaustive
def test_the_message_says_whether_production_is_automatic(
    project: Render, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(4)
    support.climb(made, 5, quiet=False, **DANGEROUS)
    text = support.message(capsys)
    assert text.count(AUTOMATICALLY) == 1, "it is said once"
    assert BY_A_WORKFLOW not in text
    support.commit_all(made, "Climb")
    support.climb(made, 5, quiet=False, live_dangerously=False)
    text = support.message(capsys)
    assert BY_A_WORKFLOW in text
    assert AUTOMATICALLY not in text


@pytest.mark.parametrize("level", support.exhaustive_but_last(5, 6, 7, 8))
def test_flags_add_their_files_and_few_lines(
    rendered: Render, service: Variant, level: int
) -> None:
    made, without = (rendered(level, **more) for more in (FLAGS, {}))
    assert set(support.files(made)) == service.files(level) | set(ADDED_BY_FLAGS.split())
    found = support.changed_lines(without, made)
    assert found == CHANGED_BY_FLAGS | ({"ops/RUNBOOK.md": (2, 0)} if level == 8 else {})


@pytest.mark.parametrize("level", support.exhaustive_but_last(0, 3, 4))
def test_below_continuous_delivery_there_are_no_flags(rendered: Render, level: int) -> None:
    support.assert_same_files(rendered(level, **FLAGS), rendered(level))


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (5, 6),
        pytest.param(2, 5, marks=pytest.mark.exhaustive),
        pytest.param(0, 8, marks=pytest.mark.exhaustive),
        pytest.param(8, 5, marks=pytest.mark.exhaustive),
    ],
)
def test_flags_switched_on_later_equal_fresh_and_leave_the_sample_alone(
    project: Render, rendered: Render, before: int, after: int
) -> None:
    made = project(before)
    mine = [text for name, text in support.files(made).items() if name in SAMPLE]
    support.climb(made, after, **FLAGS)
    support.assert_same_files(made, rendered(after, **FLAGS), but=SAMPLE)
    now = support.files(made)
    assert not {"src/links/preview.py", "tests/unit/test_preview.py"} & set(now)
    if before >= 3:
        assert [text for name, text in now.items() if name in SAMPLE] == mine
    support.commit_all(made, "Climb")
    support.climb(made, 8)
    support.assert_same_files(made, rendered(8, **FLAGS), but=SAMPLE)
    support.commit_all(made, "Climb")
    support.climb(made, before, **WITHOUT_FLAGS)
    assert_descended(made, rendered(before))


@pytest.mark.exhaustive
def test_flags_come_to_an_application_and_leave_it_alone(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(5)
    edits.replace_sample(made, 5)
    support.commit_all(made, "Make it mine")
    mine = support.files(made)["src/links/__init__.py"]
    support.climb(made, 6, **FLAGS)
    files = support.files(made)
    assert files["src/links/__init__.py"] == mine
    assert set(ADDED_BY_FLAGS.split()) & set(files) == {
        "ops/feature_flags.py",
        "src/links/feature_flags.py",
        "tests/contract/test_feature_flags.py",
    }
    message = capfd.readouterr().err
    assert "Set the provider of feature flags in src/links/__init__.py and use it, as" in message
    support.commit_all(made, "Climb")
    support.climb(made, 6, **WITHOUT_FLAGS)
    assert "feature flags" not in capfd.readouterr().err
    assert not set(ADDED_BY_FLAGS.split()) & set(support.files(made))


@pytest.mark.exhaustive
def test_flags_that_an_application_asks_for_are_named_when_they_go(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(5, **FLAGS)
    code = made / "src" / "links" / "__init__.py"
    code.write_text(code.read_text() + "\n# Mine.\n")
    support.commit_all(made, "Make it mine")
    mine = code.read_bytes()
    support.climb(made, 4)
    assert code.read_bytes() == mine
    assert (made / "src" / "links" / "preview.py").is_file(), "the application imports it"
    assert not (made / "src" / "links" / "feature_flags.py").exists()
    message = capfd.readouterr().err
    assert (
        "Remove the feature flags from src/links/__init__.py, src/links/preview.py: "
        "src/links/feature_flags.py was deleted." in message
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("level", [4, 5])
def test_flags_that_would_take_an_edit_along_are_refused(project: Render, level: int) -> None:
    made = project(5, **FLAGS)
    with (made / "ops" / "feature_flags.py").open("a") as file:
        file.write("# Mine.\n")
    support.commit_all(made, "Edit")
    with pytest.raises(
        UserMessageError, match=r"would delete ops/feature_flags\.py, which you edited"
    ):
        support.climb(made, level, **WITHOUT_FLAGS)
    support.assert_unchanged(made)


@pytest.mark.exhaustive
def test_the_message_tells_how_a_flag_is_switched(
    project: Render, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(5)
    (made / "uv.lock").write_text("")
    support.commit_all(made)
    support.climb(made, 5, quiet=False, **FLAGS)
    text = support.message(capsys)
    assert "ops/deploy flag" in text
    assert "run uv lock: the dependencies changed" in text


@pytest.mark.parametrize("level", support.exhaustive_but_last(6, 7, 8))
def test_an_s3_store_adds_its_files_and_few_lines(
    rendered: Render, service: Variant, level: int
) -> None:
    made, without = (rendered(level, **more) for more in (BOTH, {}))
    added = " ".join(names for n, names in ADDED_BY_S3.items() if n <= level).split()
    assert set(support.files(made)) == service.files(level) | set(added)
    found = support.changed_lines(without, made)
    assert found == {
        name: count
        for n, counts in CHANGED_BY_S3.items()
        for name, count in counts.items()
        if n <= level
    }


@pytest.mark.parametrize("level", support.exhaustive_but_last(6, 7, 8))
def test_a_store_alone_has_nothing_of_a_database(
    rendered: Render, service: Variant, level: int
) -> None:
    made = support.files(rendered(level, **S3))
    added = " ".join(names for n, names in ADDED_BY_S3.items() if n <= level).split()
    assert set(made) == (service.files(level) | set(added)) - set(ADDED_BY_POSTGRES.split())
    managed = {name: text.decode() for name, text in made.items() if name not in SAMPLE}
    advice = "For a Postgres add its driver first: `uv add 'psycopg[binary]'`."
    assert advice in managed["ops/README.md"]
    managed["ops/README.md"] = managed["ops/README.md"].replace(advice, "")
    for word in ("postgres", "psycopg", "alembic", "migrat"):
        assert not [name for name, text in managed.items() if word in text.lower()], word


@pytest.mark.parametrize("level", support.exhaustive_but_last(0, 3, 5))
def test_below_integration_tests_there_is_no_store(rendered: Render, level: int) -> None:
    support.assert_same_files(rendered(level, **S3), rendered(level))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (6, 7, BOTH),
        pytest.param(0, 8, S3, marks=pytest.mark.exhaustive),
        pytest.param(3, 6, BOTH, marks=pytest.mark.exhaustive),
        pytest.param(7, 7, S3, marks=pytest.mark.exhaustive),
    ],
)
def test_a_store_that_comes_later_equals_fresh_and_leaves_the_sample_alone(
    project: Render,
    rendered: Render,
    capfd: pytest.CaptureFixture[str],
    before: int,
    after: int,
    wanted: dict[str, Any],
) -> None:
    made = project(before)
    mine = [text for name, text in support.files(made).items() if name in SAMPLE]
    support.climb(made, after, **wanted)
    support.assert_same_files(made, rendered(after, **wanted), but=SAMPLE)
    now = support.files(made)
    assert SAMPLE & set(now) == {"src/links/__init__.py"}
    if before >= 3:
        assert [text for name, text in now.items() if name in SAMPLE] == mine
    message = capfd.readouterr().err
    assert "Use the store in src/links/__init__.py: " in message
    support.commit_all(made, "Climb")
    support.climb(made, 8)
    support.assert_same_files(made, rendered(8, **wanted), but=SAMPLE)


@pytest.mark.exhaustive
def test_the_message_tells_a_replaced_sample_what_a_store_needs(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(5)
    edits.replace_sample(made, 5)
    support.commit_all(made, "Make it mine")
    support.climb(made, 6, **S3)
    assert not {"src/links/pictures.py", "tests/integration/test_pictures.py"} & set(
        support.files(made)
    )
    message = capfd.readouterr().err
    assert message.count("Write tests of your application in") == 1
    assert "Write tests of your application in tests/integration/" in message
    assert "Use the store in src/links/__init__.py: " in message


@pytest.mark.exhaustive
def test_a_store_that_an_application_uses_is_named_when_it_goes(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(6, **S3)
    code = made / "src" / "links" / "__init__.py"
    code.write_text(code.read_text() + "\n# Mine.\n")
    support.commit_all(made, "Make it mine")
    mine = code.read_bytes()
    support.climb(made, 6, **POSTGRES)
    assert code.read_bytes() == mine
    assert (made / "src" / "links" / "pictures.py").is_file(), "the application imports it"
    message = capfd.readouterr().err
    assert "Remove the store from src/links/pictures.py: pyproject.toml no longer lists" in message


CHANGED_BY_DEPENDENTS = {
    7: {
        ".copier-answers.yml": (7, 1),
        ".github/workflows/_system.yml": (11, 0),
        ".github/workflows/main.yml": (3, 0),
        "README.md": (1, 0),
        "compose.yaml": (22, 0),
        "ops/README.md": (4, 0),
        "tests/system/conftest.py": (2, 0),
    },
    8: {
        ".github/workflows/_deploy.yml": (8, 3),
        ".github/workflows/deploy.yml": (20, 8),
        "ops/RUNBOOK.md": (1, 0),
        "ops/README.md": (18, 0),
        "ops/deploy": (30, 6),
        "ops/stack.yaml": (9, 0),
        "ops/swarm.py": (8, 1),
    },
}


@pytest.mark.parametrize("level", support.exhaustive_but_last(7, 8))
def test_dependents_add_few_lines_and_components(
    rendered: Render, service: Variant, level: int
) -> None:
    made, without = (rendered(level, **more) for more in (DEPENDENTS, {}))
    added = {"ops/component.yaml", "ops/components.py"} if level == 8 else set()
    assert set(support.files(made)) == service.files(level) | added
    found = support.changed_lines(without, made)
    wanted = dict.fromkeys((8,), CHANGED_BY_DEPENDENTS[7] | CHANGED_BY_DEPENDENTS[8])
    assert found == wanted.get(level, CHANGED_BY_DEPENDENTS[7])


@pytest.mark.parametrize("level", support.exhaustive_but_last(0, 6))
def test_below_system_tests_there_are_no_dependents(rendered: Render, level: int) -> None:
    support.assert_same_files(rendered(level, **DEPENDENTS), rendered(level))


# An untouched sample loses what an option brought to it: it would break without.
CLIMBS: list[Any] = [
    (5, {}, 6, DANGEROUS),
    (5, DANGEROUS, 6, {"live_dangerously": False}),
    (7, DANGEROUS, 8, {}),
    (8, {}, 5, DANGEROUS),
    (7, DANGEROUS, 4, {}),
    (6, FLAGS, 6, WITHOUT_FLAGS),
    (5, FLAGS, 2, {}),
    (8, FLAGS, 5, {}),
    (5, FLAGS, 8, {}),
    (8, FLAGS, 4, {}),
    (8, FLAGS, 0, {}),
    (7, BOTH, 7, POSTGRES),
    (7, S3, 4, {}),
    (8, BOTH, 6, {}),
    (8, BOTH, 2, {}),
    (8, {**BOTH, **FLAGS}, 6, {}),
    (8, {**BOTH, **FLAGS}, 8, POSTGRES),
    (8, {**BOTH, **FLAGS}, 7, WITHOUT_FLAGS),
    (6, BOTH, 8, S3),
    (7, {}, 7, DEPENDENTS),
    (7, DEPENDENTS, 8, {}),
    (8, DEPENDENTS, 8, {"dependents": [CATALOG]}),
    (8, DEPENDENTS, 6, {}),
    (8, DEPENDENTS, 7, {}),
    (8, DEPENDENTS, 8, {"dependents": []}),
    (0, {}, 8, DEPENDENTS),
]
SOME_CLIMBS: list[Any] = [(5, {}, 6, DANGEROUS), (7, {}, 7, DEPENDENTS)]


@pytest.mark.parametrize(
    ("before", "had", "after", "wanted"),
    [
        pytest.param(*climb, marks=() if climb in SOME_CLIMBS else pytest.mark.exhaustive)
        for climb in CLIMBS
    ],
)
def test_a_climb_that_changes_an_option_equals_fresh(
    project: Render,
    rendered: Render,
    before: int,
    had: dict[str, Any],
    after: int,
    wanted: dict[str, Any],
) -> None:
    made = project(before, **had)
    support.climb(made, after, **wanted)
    assert_descended(made, rendered(after, **{**had, **wanted}))


def test_a_dispatch_offers_every_component(rendered: Render) -> None:
    dispatch = workflows(rendered(8, **DEPENDENTS))["deploy.yml"]
    inputs = dispatch["on"]["workflow_dispatch"]["inputs"]
    assert inputs["component"]["options"] == ["app", "catalog", "price-list"]
    assert inputs["environment"]["options"] == ["production", "staging"]
    called = {name: job["with"] for name, job in dispatch["jobs"].items()}
    for settings in called.values():
        assert settings["component"] == "${{ inputs.component }}"
    assert called["verified"]["environment"] == "staging"
    assert called["deploy"]["environment"] == "${{ inputs.environment }}"
