"""A command-line program, as a wheel or a binary: the laws that the service's tests hold it to."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import UserMessageError

from tests import support
from tests.conftest import Render
from tests.test_additive import changed
from tests.test_exact import ADDED as SERVICE
from tests.test_exact import WORDS
from tests.test_gates import ACTIONS_APP, contexts, needs, rule, workflows
from tests.test_linters import FINDERS, Finder
from tests.test_messages import said
from tests.test_options import assert_same
from tools import docs

WHEEL = {"kind": "cli", "artifact": "wheel"}
BINARY = {"kind": "cli", "artifact": "binary"}
ARTIFACTS = [
    pytest.param(WHEEL, id="wheel"),
    pytest.param(BINARY, id="binary", marks=pytest.mark.exhaustive),
]
# Written by hand, as the service's are.
ADDED = {
    0: """
        .copier-answers.yml
        links.py
    """,
    1: """
        README.md
        ops/README.md
        ops/deploy
        ops/host.py
        ops/production.toml
        ops/program.py
    """,
    2: """
        .gitignore
        LICENSE
    """,
    3: """
        .github/ISSUE_TEMPLATE/bug.yml
        .github/workflows/_package_cli.yml
        .github/workflows/main.yml
        .python-version
        CHANGELOG.md
        pyproject.toml
        src/links/__init__.py
    """,
    4: SERVICE[4],
    5: """
        .github/workflows/_verify_cli.yml
        tests/smoke/test_smoke.py
    """,
    6: SERVICE[6],
    7: """
        .github/workflows/_system_cli.yml
        compose.yaml
        tests/system/conftest.py
        tests/system/test_links.py
        tests/system/test_program.py
    """,
    8: SERVICE[8],
}
BINARYS = {3: {"binary.spec"}}
DROPPED = {3: {"links.py"}}
CHECKS = {"check / lint", "check / types", "check / unit", "check / contract"}


def expected(level: int, artifact: str) -> set[str]:
    """Return the files of a level, by hand."""
    names: set[str] = set()
    for n in range(level + 1):
        names = (names - DROPPED.get(n, set())) | set(ADDED[n].split())
        names |= BINARYS.get(n, set()) if artifact == "binary" else set()
    return names


@pytest.mark.parametrize("answers", ARTIFACTS)
@pytest.mark.parametrize("level", support.last(*support.LEVELS))
def test_a_level_has_its_files_and_no_other(
    rendered: Render, level: int, answers: dict[str, Any]
) -> None:
    made = rendered(level, **answers)
    wanted = expected(level, answers["artifact"])
    assert set(support.files(made)) == wanted
    folders = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_dir()}
    assert folders == {str(p) for name in wanted for p in Path(name).parents} - {"."}
    programs = {name for name in support.files(made) if os.access(made / name, os.X_OK)}
    assert programs == {"ops/deploy", "ops/protect"} & wanted


# Words of machinery that is a level's of a service; a program's hosts and artifacts have others.
OWN_WORDS = WORDS | {3: WORDS[3] + r"|\bartifact|\bbinary\b|release on GitHub"}
FOREIGN = re.compile(r"(?i)caddy|swarm|uvicorn|fastapi|healthz|httpx|ghcr|systemd|app\.env")


@pytest.mark.parametrize("answers", ARTIFACTS)
@pytest.mark.parametrize("level", support.last(*support.LEVELS))
def test_no_text_speaks_of_a_level_above_or_of_a_service(
    rendered: Render, level: int, answers: dict[str, Any]
) -> None:
    found = []
    for name, content in support.files(rendered(level, **answers)).items():
        if name in {".copier-answers.yml", "LICENSE"}:
            continue
        for line in content.decode().splitlines():
            if FOREIGN.search(line):
                found.append(f"{name} speaks of a service: {line.strip()}")
            if name in {"links.py", "src/links/__init__.py"}:
                continue
            for above in range(level + 1, 9):
                if re.search(OWN_WORDS[above], line, re.IGNORECASE):
                    found.append(f"{name} speaks of level {above}: {line.strip()}")
    assert not found, "\n".join(found)


BOTH = {".github/workflows/_package_cli.yml", ".github/workflows/_verify_cli.yml"}


def test_a_wheel_is_no_binary_and_a_binary_no_wheel(rendered: Render) -> None:
    for answers, other in ((WHEEL, "binary"), (BINARY, "wheel")):
        made = rendered(8, **answers)
        for name, content in support.files(made).items():
            if name == "pyproject.toml":  # which tells how to build one
                continue
            if name in BOTH:  # whose steps have a condition
                continue
            lines = [line for line in content.decode().splitlines() if other in line.lower()]
            assert not [line for line in lines if "psycopg[binary]" not in line], name
        for name in BOTH:
            for job in workflows(made)[Path(name).name]["jobs"].values():
                for step in job["steps"]:
                    if other in str(step).lower():
                        assert step["if"] == f"inputs.artifact == '{other}'", step["name"]


@pytest.mark.parametrize("find", FINDERS[:2], ids=lambda find: str(find.__name__))
def test_the_highest_level_has_no_finding(rendered: Render, find: Finder) -> None:
    assert not find(rendered(8, **WHEEL))


@pytest.mark.exhaustive
@pytest.mark.parametrize("answers", ARTIFACTS)
@pytest.mark.parametrize("find", FINDERS, ids=lambda find: str(find.__name__))
def test_no_level_has_a_finding(rendered: Render, find: Finder, answers: dict[str, Any]) -> None:
    levels = support.LEVELS
    found = {level: find(rendered(level, **answers)) for level in levels}
    report = "\n".join(f"level {level}:\n{text}" for level, text in found.items() if text)
    if report:
        pytest.fail(report, pytrace=False)


JUMPS = [
    pytest.param(
        answers, *jump, marks=() if (answers, jump) == (WHEEL, (0, 8)) else pytest.mark.exhaustive
    )
    for answers in (WHEEL, BINARY)
    for jump in itertools.permutations(support.LEVELS, 2)
]


@pytest.mark.parametrize(("answers", "before", "after"), JUMPS)
def test_climbed_equals_fresh(
    project: Render, rendered: Render, before: int, after: int, answers: dict[str, Any]
) -> None:
    made = project(before, **answers)
    support.climb(made, after, **answers)
    assert_same(made, rendered(after, **answers))


@pytest.mark.parametrize(
    ("before", "after"),
    [(3, 3), *(pytest.param(n, m, marks=pytest.mark.exhaustive) for n, m in [(8, 8), (4, 7)])],
)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(WHEEL, BINARY, id="to"),
        pytest.param(BINARY, WHEEL, id="back", marks=pytest.mark.exhaustive),
    ],
)
def test_a_climb_that_changes_the_artifact_equals_fresh(
    project: Render,
    rendered: Render,
    before: int,
    after: int,
    one: dict[str, Any],
    other: dict[str, Any],
) -> None:
    made = project(before, **one)
    support.climb(made, after, **other)
    assert_same(made, rendered(after, **other))


def test_a_service_does_not_become_a_program(project: Render) -> None:
    made = project(3)
    with pytest.raises(UserMessageError, match="A service stays a service"):
        support.climb(made, 3, kind="cli")
    assert support.git(made, "status", "--porcelain") == ""


@pytest.mark.parametrize("level", support.last(*range(4, 9)))
@pytest.mark.parametrize("answers", ARTIFACTS)
def test_what_is_required_is_what_runs(
    rendered: Render, level: int, answers: dict[str, Any]
) -> None:
    made = rendered(level, **answers)
    wanted = {*CHECKS, "package / build"}
    wanted |= {"integration / tests"} if level >= 6 else set()
    wanted |= {"system / tests"} if level >= 7 else set()
    checks = rule(made, "required_status_checks")["required_status_checks"]
    assert {check["context"] for check in checks} == wanted
    assert {check["integration_id"] for check in checks} == {ACTIONS_APP}
    run = contexts(made, "pull_request")
    assert wanted <= run.keys()
    # A job that is skipped passes: the one condition there is holds for every pull request.
    conditions = {run[name]["if"] for name in wanted}
    assert conditions <= {"", "github.event_name != 'workflow_dispatch'"}
    jobs = workflows(made)["main.yml"]["jobs"]
    for name in run.keys() - wanted - {"package / release"}:
        before = {name.partition(" ")[0]}
        before |= set(needs(jobs, *before))
        assert any("event_name" in jobs[other].get("if", "") for other in before - {"check"}), name
    assert run["package / release"]["if"] == "github.event_name == 'push'"
    recorded = yaml.safe_load((made / ".copier-answers.yml").read_text())
    assert set(docs.table.gates(recorded)) == wanted
    text = "".join(file.read_text() for file in (made / ".github" / "workflows").glob("*.yml"))
    used = set(re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", text))
    assert used == set(docs.table.settings(recorded))


@pytest.mark.parametrize("level", support.last(*range(5, 9)))
@pytest.mark.parametrize("answers", ARTIFACTS)
def test_nothing_goes_on_but_what_passed_every_test(
    rendered: Render, level: int, answers: dict[str, Any]
) -> None:
    jobs = workflows(rendered(level, **answers))["main.yml"]["jobs"]
    tests = {"check", "package"} | {name for name in ("integration", "system") if name in jobs}
    assert tests <= set(needs(jobs, "verify"))
    first = jobs["staging" if "staging" in jobs else "verify"]
    assert first["if"].startswith("github.event_name == 'push'")
    assert ("verify" in jobs["production"]["needs"]) is (level == 8)
    assert "verified" in jobs["production"]["needs"]
    assert jobs["verified"]["if"].startswith("github.event_name == 'workflow_dispatch'")


@pytest.mark.parametrize("answers", ARTIFACTS)
@pytest.mark.parametrize("level", support.last(*range(1, 9)))
def test_a_step_changes_few_lines_of_few_files(
    rendered: Render, level: int, answers: dict[str, Any]
) -> None:
    below, above = (support.files(rendered(n, **answers)) for n in (level - 1, level))
    found = {
        name: changed(below[name], above[name])
        for name in below.keys() & above.keys() - {".copier-answers.yml"}
        if below[name] != above[name]
    }
    instead = CHANGED_FOR_BINARY if answers == BINARY else {}
    wanted = {**CHANGED[level], **instead.get(level, {})}
    assert found == {name: lines for name, lines in wanted.items() if lines != (0, 0)}


# level -> file -> lines that the step up to it adds and removes, for a wheel.
CHANGED: dict[int, dict[str, tuple[int, int]]] = {
    1: {},
    2: {
        "README.md": (2, 0),
        "ops/README.md": (3, 4),
        "ops/deploy": (17, 1),
        "ops/program.py": (14, 32),  # what is released: a commit now, and not a folder
    },
    3: {
        ".gitignore": (3, 0),
        "README.md": (5, 4),
        "ops/README.md": (3, 3),
        "ops/deploy": (3, 2),
        "ops/program.py": (31, 23),  # the same for a wheel, and no longer a commit
    },
    4: {
        ".github/workflows/main.yml": (8, 0),
        ".gitignore": (4, 0),
        "README.md": (9, 0),
        "ops/README.md": (5, 0),
        "pyproject.toml": (34, 0),
    },
    5: {
        ".github/workflows/main.yml": (120, 0),  # Trusted Publishing knows no other file
        "README.md": (9, 6),
        "ops/README.md": (24, 0),
        "pyproject.toml": (0, 1),
    },
    6: {
        ".github/rulesets/main.json": (1, 0),
        ".github/workflows/main.yml": (8, 1),
        "README.md": (5, 0),
        "pyproject.toml": (4, 1),
    },
    7: {
        ".github/rulesets/main.json": (1, 0),
        ".github/workflows/main.yml": (11, 1),
        ".gitignore": (3, 0),
        "README.md": (9, 1),
    },
    8: {
        ".github/workflows/main.yml": (6, 5),
        "README.md": (2, 2),
    },
}
CHANGED_FOR_BINARY: dict[int, dict[str, tuple[int, int]]] = {
    3: {"ops/README.md": (4, 12), "ops/program.py": (29, 26)},
    5: {
        ".github/workflows/main.yml": (52, 0),
        "README.md": (3, 7),
        "ops/README.md": (9, 0),
        "pyproject.toml": (0, 0),
    },
    8: {".github/workflows/main.yml": (3, 2)},
}


def test_the_message_speaks_of_a_program(
    project: Render, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    support.render(tmp_path / "links", 0, quiet=False, kind="cli")
    text = said(capsys)
    assert "uv run links.py --help" in text
    assert "It reaches its users, by hand, as a command on a host where they log in." in text
    made = project(2, **WHEEL)
    support.climb(made, 3, quiet=False, **WHEEL)
    text = said(capsys)
    assert "makes a wheel with a version of its own" in text
    assert "uv run links --help" in text
    assert "image" not in text
    cost = [row.cost for row in docs.table.parts() if (row.level, row.when) == (4, "cli")]
    assert f"It costs {cost[0]}." in text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"kind": "library"}, "kind cannot be library: choose service or cli."),
        ({"kind": "cli", "artifact": "container"}, "A command-line program is a wheel or a binary"),
        ({"artifact": "wheel"}, "A service is a container"),
        ({"kind": "cli", "feature_flags": True}, "Feature flags are for services"),
        ({"kind": "cli", "backing_services": ["s3"]}, "An S3 store is for services"),
        (
            {"kind": "cli", "dependents": [{"name": "a", "image": "b:1", "port": 1}]},
            "Dependents are for services",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, data: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserMessageError, match=re.escape(sentence)):
        support.render(tmp_path / "links", 5, **data)
    assert not (tmp_path / "links").exists()


def test_a_version_counts_from_releases_and_not_from_builds(project: Render) -> None:
    made = project(3, **WHEEL)
    support.git(made, "tag", "v1.0.0")
    for tag in ("build/1.0.0", "build/7.0.0.post1"):
        support.save(made, "Change")
        support.git(made, "tag", tag)
    command = ["uvx", "--with", "hatch-vcs", "hatchling", "version"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1.0.0.post2"
