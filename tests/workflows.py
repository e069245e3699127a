"""Workflows and the ruleset of a project, as the forge reads them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ACTIONS_APP = 15368
NOT_DISPATCHED = "github.event_name != 'workflow_dispatch'"
"""A condition that holds for each pull request."""
GATED = ("pull_request", "merge_group")
"""The events that must start every required check, and nothing that deploys."""


@dataclass(frozen=True)
class Check:
    """A job as the forge reports it."""

    job: dict[str, Any]
    conditions: frozenset[str]
    """Its own, those of the job that calls it, and those of the jobs that it needs."""


def workflows(project: Path) -> dict[str, dict[str, Any]]:
    """Return every workflow by its file's name."""
    # The loader without implicit types: otherwise the key `on` is read as true.
    return {
        file.name: yaml.load(file.read_text(), yaml.BaseLoader)
        for file in sorted((project / ".github" / "workflows").glob("*.yml"))
    }


def texts(project: Path) -> dict[str, str]:
    """Return the text of every workflow by its file's name."""
    folder = project / ".github" / "workflows"
    return {file.name: file.read_text() for file in sorted(folder.glob("*.yml"))}


def jobs(project: Path) -> dict[str, Any]:
    """Return the jobs of the workflow that calls the others."""
    found: dict[str, Any] = workflows(project)["main.yml"]["jobs"]
    return found


def needs(jobs: dict[str, Any], name: str) -> Iterator[str]:
    """Yield each job that has to pass before this one."""
    wanted = jobs[name].get("needs", [])
    for other in [wanted] if isinstance(wanted, str) else wanted:
        yield other
        yield from needs(jobs, other)


def checks(project: Path, event: str) -> dict[str, Check]:
    """Return the checks that an event starts, by the name that the forge gives them."""
    found = {}
    files = workflows(project)
    for content in files.values():
        if event not in content["on"]:
            continue
        for key, job in content["jobs"].items():
            before = [content["jobs"][other] for other in needs(content["jobs"], key)]
            conditions = {one["if"] for one in [job, *before] if "if" in one}
            name = job.get("name", key)
            called = files.get(Path(job.get("uses", "")).name)
            if called is None:
                found[name] = Check(job, frozenset(conditions))
                continue
            for inner_key, inner in called["jobs"].items():
                own = {inner["if"]} if "if" in inner else set()
                check = Check(inner, frozenset(conditions | own))
                found[f"{name} / {inner.get('name', inner_key)}"] = check
    return found


def ruleset(project: Path) -> dict[str, Any]:
    """Return the ruleset of main."""
    content: dict[str, Any] = json.loads((project / ".github/rulesets/main.json").read_text())
    return content


def rule(project: Path, kind: str) -> dict[str, Any]:
    """Return the parameters of the one rule of a kind."""
    (found,) = (rule for rule in ruleset(project)["rules"] if rule["type"] == kind)
    parameters: dict[str, Any] = found.get("parameters", {})
    return parameters


def errors(project: Path, wanted: Collection[str]) -> list[str]:
    """Return what is wrong with the checks that a project requires.

    Args:
        project: its folder.
        wanted: the checks that it should require.
    """
    found = []
    required = rule(project, "required_status_checks")["required_status_checks"]
    names = [check["context"] for check in required]
    if sorted(names) != sorted(wanted):
        found.append(f"required are {names}")
    if {check["integration_id"] for check in required} != {ACTIONS_APP}:
        found.append("another app may report a check")
    for event in GATED:
        found += [f"{error} ({event})" for error in event_errors(checks(project, event), names)]
    return found


def event_errors(started: Mapping[str, Check], required: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the checks that an event starts before a merge."""
    for name in {*required} - {*started}:
        yield f"{name} never reports, which blocks every merge"
    for name, check in started.items():
        conditions = check.conditions - {NOT_DISPATCHED}
        if name in required and conditions:
            yield f"{name} may be skipped, and a skipped check passes"
        if name not in required and not any("event_name ==" in one for one in conditions):
            yield f"{name} runs and is not required"
