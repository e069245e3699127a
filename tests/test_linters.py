"""Every rendered project is clean for the linters that its readers trust, and reads well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests import linters, options, support
from tests.conftest import Render
from tests.linters import LINTERS, WORKFLOWS, Linter, name_of
from tests.variants import Variant

# One worker keeps the environment that mypy needs.
pytestmark = pytest.mark.xdist_group("linters")

every_linter = pytest.mark.parametrize("linter", LINTERS, ids=name_of)


def assert_clean(linter: Linter, rendered: Render, levels: Iterable[int], **answers: Any) -> None:
    """Check that a linter finds nothing in projects of some levels."""
    found = {level: linter(rendered(level, **answers)) for level in levels}
    report = "\n".join(f"level {level}:\n{text}" for level, text in found.items() if text)
    if report:
        pytest.fail(report, pytrace=False)


@every_linter
def test_a_sample_of_projects_is_clean(rendered: Render, linter: Linter) -> None:
    """Mypy is the slowest: it reads the smallest and the largest project that has `ops/`."""
    assert_clean(linter, rendered, (1, 8) if linter is linters.mypy else support.LEVELS)


@pytest.mark.parametrize("linter", [linters.ruff_check, linters.ruff_format], ids=name_of)
def test_the_largest_program_is_clean(rendered: Render, linter: Linter) -> None:
    assert_clean(linter, rendered, [8], kind="cli")


@pytest.mark.exhaustive
@every_linter
def test_every_project_is_clean(variant: Variant, linter: Linter) -> None:
    assert_clean(linter, variant.rendered, support.LEVELS)


@pytest.mark.exhaustive
@every_linter
@pytest.mark.parametrize("option", options.COMBINATIONS)
def test_projects_with_options_are_clean(rendered: Render, linter: Linter, option: str) -> None:
    assert_clean(linter, rendered, (5, 6, 7, 8), **options.COMBINATIONS[option])


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "text"),
    [("x", "Proprietary"), ("A Very Long Name Of A Service Of Acme In", "Apache-2.0")],
)
@pytest.mark.parametrize(
    "linter",
    [
        linters.ruff_check,
        linters.ruff_format,
        linters.actionlint,
        linters.hadolint,
        linters.leftovers,
    ],
    ids=name_of,
)
def test_every_name_and_licence_is_clean(
    rendered: Render, linter: Linter, name: str, text: str
) -> None:
    owner = "a-name-of-as-many-letters-as-there-may"
    assert_clean(linter, rendered, (2, 3, 8), project_name=name, license=text, owner=owner)


def append(text: str) -> Callable[[str], str]:
    """Return a fault that adds text to a file."""
    return lambda old: old + text


def swap(old: str, new: str) -> Callable[[str], str]:
    """Return a fault that replaces the first such text in a file."""

    def change(text: str) -> str:
        assert old in text, f"nothing to replace: {old}"
        return text.replace(old, new, 1)

    return change


FAULTS: list[tuple[Linter, str, Callable[[str], str], str]] = [
    (linters.ruff_check, "src/links/__init__.py", append("import json\n"), "F401"),
    (linters.ruff_check, "ops/protect", append("import json\n"), "F811"),
    (linters.ruff_format, "tests/smoke/test_smoke.py", append("x  =  1\n"), "-x  =  1"),
    (linters.mypy, "src/links/__init__.py", append('number: int = "one"\n'), "Incompatible types"),
    (linters.mypy, "ops/deploy", append('number: int = "one"\n'), "Incompatible types"),
    (
        linters.mypy,
        "migrations/env.py",
        append("\n\ndef untyped(x):\n    return x\n"),
        "no-untyped-def",
    ),
    (
        linters.zizmor,
        f"{WORKFLOWS}/main.yml",
        swap("permissions: {}\n", ""),
        "excessive-permissions",
    ),
    (
        linters.zizmor,
        f"{WORKFLOWS}/_check.yml",
        swap("persist-credentials: false", "clean: true"),
        "artipacked",
    ),
    (
        linters.actionlint,
        f"{WORKFLOWS}/main.yml",
        swap("needs.package.outputs.image", "needs.pack.x"),
        "pack",
    ),
    (
        linters.actionlint,
        f"{WORKFLOWS}/_system.yml",
        swap('"$RUNNER_TEMP/image.tar"', "$RUNNER_TEMP/i.tar"),
        "SC2086",
    ),
    (linters.schemas, f"{WORKFLOWS}/_deploy.yml", swap("runs-on:", "run-on:"), "run-on"),
    (
        linters.schemas,
        ".github/dependabot.yml",
        swap("interval: weekly", "interval: often"),
        "often",
    ),
    (linters.schemas, "compose.yaml", swap("read_only: true", "readonly: true"), "readonly"),
    (linters.hadolint, "Dockerfile", swap("WORKDIR /data", "WORKDIR data"), "DL3000"),
    (linters.shellcheck, "ops/swarm.py", append('\nBAD = """\nrm $1/*\n"""\n'), "SC2086"),
    (linters.leftovers, "README.md", append("\n\n\nThe end.\n"), "blank lines"),
    (linters.leftovers, "ops/README.md", append("{{ slug }} \n"), "leftover"),
    (linters.leftovers, "CHANGELOG.md", append("TODO \n"), "trailing"),
]


@pytest.mark.parametrize(
    ("linter", "name", "fault", "word"),
    [
        pytest.param(
            *fault,
            id="-".join((name_of(fault[0]), fault[1], fault[3])),
            marks=pytest.mark.exhaustive if fault[0] is linters.mypy else (),
        )
        for fault in FAULTS
    ],
)
def test_a_planted_fault_is_found(
    render: Render, linter: Linter, name: str, fault: Callable[[str], str], word: str
) -> None:
    made = render(8)
    file = made / name
    file.write_text(fault(file.read_text()))
    assert word in linter(made)
