"""What every workflow does: its jobs, what they need and may, and their steps.

tests/data/workflows.txt says it for the highest level, where all of them are, as somebody read and
approved it: whoever changes a workflow changes it there, too. That they run is the business of
tests/e2e.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import support
from tests.conftest import Render

WANTED = support.ROOT / "tests" / "data" / "workflows.txt"
KINDS: dict[str, dict[str, Any]] = {
    "service": {},
    "wheel": {"kind": "cli"},
    "binary": {"kind": "cli", "artifact": "binary"},
}
PLAIN = {"contents": "read"}
"""What a job may when nothing is said."""


def told(project: Path) -> Iterator[str]:
    """Yield what the workflows of a project do, a line for each job and step."""
    for file in sorted((project / ".github" / "workflows").glob("*.yml")):
        workflow = yaml.load(file.read_text(), yaml.BaseLoader)
        events = workflow["on"]
        yield f"{file.name}: {', '.join(events)}"
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
    """Yield what is said under some keys."""
    for key in keys:
        if key in of:
            said = of[key]
            if isinstance(said, dict):
                said = ", ".join(f"{name}={value}" for name, value in said.items())
            yield f"{indent}{key}: {' '.join(str(said).split()) or 'none'}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_workflows_do_what_is_written(rendered: Render, kind: str) -> None:
    sections = WANTED.read_text().split("\n\n")
    (wanted,) = (text for text in sections if text.startswith(f"== {kind}\n"))
    assert [*told(rendered(8, **KINDS[kind]))] == wanted.rstrip("\n").splitlines()[1:]


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
def test_a_lower_level_has_fewer_jobs_and_the_same_steps(rendered: Render, kind: str) -> None:
    highest = set(told(rendered(8, **KINDS[kind])))
    for level in range(3, 8):
        lines = list(told(rendered(level, **KINDS[kind])))
        jobs = {line.partition(" after ")[0] for line in lines if line.startswith("  ")}
        above = {line.partition(" after ")[0] for line in highest}
        assert {line for line in jobs if line.lstrip().startswith("- ")} <= above
