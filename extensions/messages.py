"""The message after a copy or an update: what changed, what to do, what comes next."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import levels, names, steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .schema import Entry

UPDATE = "uvx --with copier-template-extensions copier update --trust --skip-answered"


def render_message(
    project: Path,
    answers: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    adoption: Sequence[str] | None = None,
) -> str:
    """Return what a person should know after a copy or an update.

    Args:
        project: the project's folder.
        answers: what the project has answered.
        before: what its last commit had answered, None where git does not have the answers.
        adoption: what to print of a project that was just adopted, None of any other.
    """
    level = int(answers["level"])
    name = f"{level}: {levels.levels()[level].name}"
    had = levels.entries_before(before, answers) if before else []
    has = levels.active_entries(answers)
    meaning = levels.text(level, "meaning", answers)
    is_new = before is None and adoption is None
    sections = [
        [f"{answers['project_name']} is at level {name}. {meaning}"],
        keep_in_git(project, answers) if is_new else [],
        labelled("Gained", gained_levels(had, has, answers) if before else []),
        labelled("Removed", removed_levels(before, answers) if before else []),
        list(adoption or []),
        labelled("Set", new_settings(had, has)),
        labelled("Do", steps.to_do(project, had, before, answers, is_new=is_new)),
        labelled("Run", [run_command(answers)]),
        next_level({**answers, "level": level + 1}) if level + 1 < len(levels.levels()) else [],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def labelled(label: str, items: Sequence[str]) -> list[str]:
    """Return the items one below the other, the first beside a label."""
    return [f"{'' if number else label:8}{item}" for number, item in enumerate(items)]


def adoption_lines(kept: Sequence[str], missing: Sequence[str]) -> list[str]:
    """Return what is printed of an adopted project: the files it kept and what it still needs."""
    lines = labelled("Kept", [f"{path}, which differs from the template's" for path in kept])
    lines += [""] if kept and missing else []
    lines += labelled("Fix", missing)
    return lines or ["The contract holds."]


def gained_levels(
    had: Sequence[Entry], has: Sequence[Entry], answers: Mapping[str, Any]
) -> list[str]:
    """Return the levels that a project gained, lowest first.

    The message begins with the level that the project is at, so that one is left out if alone.
    """
    known = {(entry.level, entry.when) for entry in had}
    gained = (one for one in has if one.meaning and (one.level, one.when) not in known)
    numbers = sorted({entry.level for entry in gained if entry.level})
    if numbers == [int(answers["level"])]:
        return []
    return [f"{number} {levels.levels()[number].name}" for number in numbers]


def new_settings(had: Sequence[Entry], has: Sequence[Entry]) -> list[str]:
    """Return the settings that the forge must be given now, with their purpose."""
    known = levels.settings_of(had)
    return [f"{name} ({use})" for name, use in levels.settings_of(has).items() if name not in known]


def removed_levels(before: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return the levels that a project left, highest first."""
    numbers = range(int(before["level"]), int(answers["level"]), -1)
    return [f"{number} {levels.levels()[number].name}" for number in numbers]


def run_command(answers: Mapping[str, Any]) -> str:
    """Return the command that runs the application."""
    has, package = levels.capabilities(answers), answers["package"]
    if not has["packaging"]:
        command = levels.SCRIPT.format(package=package)
    elif has["cli"]:
        command = names.slug(str(answers["project_name"]))
    else:
        command = f"uvicorn {package}:app"
    return f"uv run {command}{' --help' if has['cli'] else ''}"


def keep_in_git(project: Path, answers: Mapping[str, Any]) -> list[str]:
    """Return how to put a new project into git, which a climb needs."""
    has = levels.capabilities(answers)
    commands = ["  git init -b main", '  git add -A && git commit -m "Start"']
    if has["packaging"]:
        commands.insert(1, "  uv lock")
    if project != Path.cwd().resolve():
        commands.insert(0, f"  cd {shlex.quote(os.path.relpath(project))}")
    if has["source_control"]:
        return ["Commit the project to git, on the branch main:", *commands]
    commands.insert(-1, "  printf '%s\\n' '*.db' '*.env' '__pycache__/' >> .git/info/exclude")
    return ["Commit the project to git, which a climb needs; it needs no remote:", *commands]


def next_level(answers: Mapping[str, Any]) -> list[str]:
    """Return the advice on a level, with the command that climbs to it.

    Args:
        answers: the project's, at that level.
    """
    level = int(answers["level"])
    texts = {field: levels.text(level, field, answers) for field in levels.TEXT_FIELDS}
    sizes = " and ".join(texts["cost"].replace(" more ", " ").rsplit(", ", 1))
    lines = [
        f"Next is level {level}: {levels.levels()[level].name}. {texts['meaning']}",
        f"  Climb when {texts['climb_when']}",
        f"  Don't climb yet if {texts['not_yet']}",
        f"  It adds {sizes}.",
    ]
    if "artifact" not in answers and levels.capabilities(answers)["wheel"]:
        lines.append("  For a stand-alone binary, add --data artifact=binary to the command.")
    return [*lines, f"  {UPDATE} --vcs-ref=:current: --data level={level}"]
