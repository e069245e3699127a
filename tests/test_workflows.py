"""What every workflow does: its jobs, what they need and may, and their steps.

tests/data/workflows.txt has it for the highest level, which has all of them. Change a workflow
there too, so that the change is read; tests/e2e runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.variants import Variant
from tests.workflows import workflows

WANTED = support.ROOT / "tests" / "data" / "workflows.txt"
PLAIN = {"contents": "read"}
"""What a job may when nothing is said."""


def described(project: Path) -> Iterator[str]:
    """Yield what the workflows of a project do, a line for each job and step."""
    for file, workflow in workflows(project).items():
        yield f"{file}: {', '.join(workflow['on'])}"
        yield from detail("", workflow, "permissions", "concurrency")
        for name, job in workflow["jobs"].items():
            needs = job.get("needs", [])
            after = ", ".join([needs] if isinstance(needs, str) else needs)
            yield f"  {name}{f' after {after}' if after else ''}"
            if job.get("permissions") == PLAIN:
                del job["permissions"]
            keys = ("if", "permissions", "environment", "concurrency", "uses", "with", "secrets")
            yield from detail("    ", job, *keys, "outputs", "timeout-minutes")
            for step in job.get("steps", []):
                uses = step.get("uses", "").partition("@")[0]
                yield f"    - {step['name']}{f': {uses}' if uses else ''}"
                yield from detail("        ", step, "if", "env", "with", "id")
                yield from (f"        $ {line}" for line in step.get("run", "").splitlines())


def detail(indent: str, of: dict[str, Any], *keys: str) -> Iterator[str]:
    """Yield the values of some keys."""
    for key in keys:
        if key in of:
            text = of[key]
            if isinstance(text, dict):
                text = ", ".join(f"{name}={value}" for name, value in text.items())
            yield f"{indent}{key}: {' '.join(str(text).split()) or 'none'}"


def test_the_workflows_do_what_is_written(variant: Variant) -> None:
    sections = WANTED.read_text().split("\n\n")
    (wanted,) = (text for text in sections if text.startswith(f"== {variant.name}\n"))
    assert [*described(variant.rendered(8))] == wanted.rstrip("\n").splitlines()[1:]


@pytest.mark.exhaustive
def test_a_lower_level_has_fewer_jobs_and_the_same_steps(variant: Variant) -> None:
    highest = set(described(variant.rendered(8)))
    for level in range(3, 8):
        lines = list(described(variant.rendered(level)))
        jobs = {line.partition(" after ")[0] for line in lines if line.startswith("  ")}
        above = {line.partition(" after ")[0] for line in highest}
        assert {line for line in jobs if line.lstrip().startswith("- ")} <= above
