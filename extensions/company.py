"""What is wrong with a company's own template, one sentence for each fault."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from . import answers, levels
from .levels import COMPANY, ROOT, TEMPLATE
from .schema import dotted, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schema import Addition

WORKFLOWS = ".github/workflows/"
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The loader without implicit types: the others read the key `on` as true."""


@lru_cache(maxsize=1)
def refusal() -> str:
    """Return why the template cannot be used, one line for each fault, or nothing."""
    if misnamed := list(misnamed_files()):
        return "\n".join(misnamed)
    try:
        additions = levels.company().additions
    except ValueError as error:
        return "\n".join(f"{COMPANY.name}: {line}" for line in str(error).splitlines())
    faults = [*default_faults(), *entry_faults(additions), *path_faults(additions)]
    faults += check_faults(additions)
    return "\n".join([*(f"{COMPANY.name}: {one}" for one in faults), *unlisted_files()])


def misnamed_files() -> Iterator[str]:
    """Yield a fault for each file that looks like `company.yml` and is not read."""
    for name in sorted(path.name for path in ROOT.iterdir()):
        if name != COMPANY.name and name.lower() in {"company.yml", "company.yaml"}:
            both = ", and delete one of the two" if COMPANY.exists() else ""
            yield f"{name}: expected the name {COMPANY.name}: rename the file{both}."


def default_faults() -> Iterator[str]:
    """Yield a fault for each default that is not a valid answer."""
    defaults = levels.company().defaults.model_dump(exclude_none=True)
    for key, value in defaults.items():
        if error := answers.error_of(key, {key: value}, {}):
            yield f"defaults.{key}: {error}"


def entry_faults(additions: list[Addition]) -> Iterator[str]:
    """Yield a fault for each level and capability that does not exist."""
    capabilities = levels.capabilities({"level": 0})
    for number, entry in enumerate(additions):
        if error := answers.level_error(str(entry.level)):
            yield f"additions[{number}].level: {error}"
        if entry.when not in capabilities:
            hint = suggestion(entry.when, capabilities)
            hint = hint or f"; expected one of {', '.join(sorted(capabilities))}"
            yield f"additions[{number}].when: there is no capability {entry.when}{hint}."


def path_faults(additions: list[Addition]) -> Iterator[str]:
    """Yield a fault for each path that an entry cannot add or drop."""
    ladder = levels.table()
    known = {
        path.casefold(): f"Ladder adds it, as {owner}"
        for entry in [*ladder.levels, *ladder.additions]
        for path, owner in entry.adds.items()
    }
    rendered = template_paths()
    for number, entry in enumerate(additions):
        for path in entry.adds:
            place = dotted(("additions", number, "adds", path))
            if before := known.get(path.casefold()):
                yield f"{place}: expected a path of your own, and {before}."
            elif path not in rendered:
                hint = suggestion(path, rendered.keys() - known)
                yield f"{place}: expected a file in template/, and there is none{hint}."
            known[path.casefold()] = f"additions[{number}] adds it"
    for number, entry in enumerate(additions):
        for index, path in enumerate(entry.drops):
            place = dotted(("additions", number, "drops", index))
            if path.casefold() not in known:
                hint = suggestion(path, rendered)
                yield f"{place}: expected a path that an entry adds, and none adds {path}{hint}."
            elif path in ladder.levels[0].adds:
                yield f"{place}: expected a path of a higher level: every project needs {path}."


def template_paths() -> dict[str, list[str]]:
    """Return path in a project -> the files in `template/` that it is rendered from."""
    found: dict[str, list[str]] = {}
    for file in sorted(TEMPLATE.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            source = file.relative_to(TEMPLATE).as_posix()
            path = source.removesuffix(".jinja").replace("{{ package }}", "{package}")
            found.setdefault(path, []).append(source)
    return found


def unlisted_files() -> Iterator[str]:
    """Yield a fault for each file in `template/` that projects would get unasked."""
    listed = {path for entry in levels.entries() for path in entry.adds}
    for path, sources in template_paths().items():
        if path not in listed:
            yield (
                f"template/{sources[0]}: expected {path} in the adds of an entry of "
                f"{COMPANY.name}, and found it in none, so every project would get it."
            )
        if len(sources) > 1:
            yield f"template/{sources[1]}: expected one file, and {sources[0]} is there too."


def check_faults(additions: list[Addition]) -> Iterator[str]:
    """Yield a fault for each required check that would block every merge."""
    for number, entry in enumerate(additions):
        jobs = [
            job
            for other in additions
            if other.level <= entry.level and other.when in {"always", entry.when}
            for path in other.adds
            if path.startswith(WORKFLOWS)
            for job in job_names(path)
        ]
        for index, check in enumerate(entry.required_checks):
            place = f"additions[{number}].required_checks[{index}]"
            if not any(re.fullmatch(pattern(job), check) for job in jobs):
                hint = suggestion(check, jobs)
                yield (
                    f"{place}: expected a job of a workflow that {COMPANY.name} adds by this level "
                    f"and runs on pull_request, and none is named {check}{hint}."
                )


def pattern(job: str) -> str:
    """Return the pattern of the checks that a job reports: expressions stand for any text."""
    return ".*".join(map(re.escape, re.split(r"\$\{\{.*?\}\}", job)))


def job_names(path: str) -> Iterator[str]:
    """Yield the checks that a workflow of the template reports for a pull request."""
    content = workflow(path)
    events = content.get("on")
    if not isinstance(events, str | list | dict) or "pull_request" not in events:
        return
    for name, job in jobs_of(content):
        called = workflow(f"{WORKFLOWS}{PurePosixPath(job.get('uses', '')).name}")
        inner = [f"{name} / {one}" for one, _ in jobs_of(called)]
        yield from inner or [name]


def jobs_of(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the content of each job of a workflow."""
    jobs = content.get("jobs")
    for key, job in jobs.items() if isinstance(jobs, dict) else ():
        if isinstance(job, dict):
            name = str(job.get("name", key))
            has_matrix = "matrix" in (job.get("strategy") or ())
            yield name + (" (${{ matrix }})" if has_matrix and "${{" not in name else ""), job


def workflow(path: str) -> dict[str, Any]:
    """Return the content of a workflow in `template/`, as far as it can be read unrendered."""
    file = levels.template_file(path)
    if file is None:
        return {}
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".jinja":
        text = re.sub(r"(?s)\{%.*?%\}|\{#.*?#\}", "", text)
        text = re.sub(r"(?s)(?<!\$)\{\{.*?\}\}", "${{ answer }}", text)
    try:
        read = yaml.load(text, LOADER)
    except yaml.YAMLError:
        return {}
    return read if isinstance(read, dict) else {}
