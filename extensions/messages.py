"""The message after a copy or an update: what the project gained, what to do, what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import git, levels, names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    had = list(levels.active_entries(before)) if before else []
    gained = [entry for entry in levels.active_entries(answers) if entry not in had]
    settings = [f"{key} ({use})" for entry in gained for key, use in entry.settings.items()]
    meaning = levels.text(level, "meaning", answers)
    sections = [
        [f"{answers['project_name']} is at level {name}. {meaning}"],
        labelled("Gained", gained_levels(gained, answers)),
        labelled("Set", settings),
        labelled("Do", to_do(project, gained, before, answers)),
        labelled("Run", [run_command(answers)]),
        list(adoption or []),
        keep_in_git(level) if before is None and adoption is None else [],
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
    lines += labelled("Missing", missing)
    return lines or ["The contract holds."]


def gained_levels(gained: Sequence[levels.Entry], answers: Mapping[str, Any]) -> list[str]:
    """Return the levels that a project gained, lowest first, with their meaning."""
    numbers = sorted({entry.level for entry in gained if entry.level and entry.meaning})
    return [
        f"{number} {levels.levels()[number].name}: {levels.text(number, 'meaning', answers)}"
        for number in numbers
    ]


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


def to_do(
    project: Path,
    gained: Sequence[levels.Entry],
    before: Mapping[str, Any] | None,
    answers: Mapping[str, Any],
) -> list[str]:
    """Return what a person has to do now, once."""
    steps = [step for entry in gained for step in entry.set_up]
    top = git.line(project, "rev-parse", "--show-toplevel")
    if top and Path(top) != project and any(has_workflows(entry) for entry in gained):
        steps.append(
            "give it a repository of its own: GitHub reads .github/ at the top of one, not here"
        )
    if before is None:
        return steps
    changed = list(levels.active_entries(before)) != list(levels.active_entries(answers))
    if changed and (project / "uv.lock").is_file() and "uv lock" not in " ".join(steps):
        steps.insert(0, "uv lock, since the dependencies changed")
    if levels.capabilities(before)["unit_tests"] and any(entry.required_checks for entry in gained):
        steps.append("ops/protect again, since pull requests need more checks now")
    conflicts = git.lines(project, "diff", "--name-only", "--relative", "--diff-filter=U")
    if conflicts:
        steps.insert(0, f"resolve the conflicts in {', '.join(conflicts)}")
    return [*steps, "look at git status and git diff, then commit"] if changed or conflicts else []


def has_workflows(entry: levels.Entry) -> bool:
    """Tell whether an entry adds what GitHub reads from `.github/`."""
    return any(path.startswith(".github/") for path in entry.adds)


def keep_in_git(level: int) -> list[str]:
    """Return how to put a new project into git, which a climb needs."""
    commands = ["  git init", '  git add -A && git commit -m "Start"']
    if level >= 2:
        return ["Keep it in git:", *commands]
    commands.insert(1, "  printf '%s\\n' '*.db' '*.env' '__pycache__/' >> .git/info/exclude")
    return ["Before the first climb, keep it in git; you need not push it anywhere:", *commands]


def next_level(answers: Mapping[str, Any]) -> list[str]:
    """Return the advice on a level, with the command that climbs to it.

    Args:
        answers: the project's, at that level.
    """
    level = int(answers["level"])
    texts = {field: levels.text(level, field, answers) for field in levels.TEXT_FIELDS}
    return [
        f"Next is level {level}: {levels.levels()[level].name}. {texts['meaning']}",
        f"  Climb when {texts['climb_when']}",
        f"  Don't climb yet if {texts['not_yet']}",
        f"  It costs {texts['cost']}.",
        f"  {UPDATE} --vcs-ref=:current: --data level={level}",
    ]
