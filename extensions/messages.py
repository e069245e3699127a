"""The message after a copy or an update: what changed, what to do, what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import git, levels, names, samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UPDATE = "uvx --with copier-template-extensions copier update --trust --skip-answered"

EXEMPT = (
    "run ops/exempt: the checks are strict, and your code was written without them. It exempts "
    "today's code in pyproject.toml, and no new file"
)


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
        labelled("Removed", removed_levels(before, answers) if before else []),
        labelled("Set", settings),
        labelled("Do", to_do(project, gained, before, answers)),
        labelled("Start", [run_command(answers)]),
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
    """Return the levels that a project gained, lowest first, with their meaning.

    The message begins with the level that the project is at, so that one is left out if alone.
    """
    numbers = sorted({entry.level for entry in gained if entry.level and entry.meaning})
    if numbers == [int(answers["level"])]:
        return []
    return [
        f"{number} {levels.levels()[number].name}: {levels.text(number, 'meaning', answers)}"
        for number in numbers
    ]


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


def to_do(
    project: Path,
    gained: Sequence[levels.Entry],
    before: Mapping[str, Any] | None,
    answers: Mapping[str, Any],
) -> list[str]:
    """Return what a person has to do now, once."""
    steps = []
    for entry in gained:
        if entry.capability == "unit_tests" and samples.is_replaced(project, before or answers):
            steps.append(EXEMPT)
        steps += entry.set_up
    top = git.line(project, "rev-parse", "--show-toplevel")
    if top and Path(top) != project and any(has_workflows(entry) for entry in gained):
        steps.append(
            "give it a repository of its own: GitHub reads .github/ at the top of one, not here"
        )
    written = (path for path in levels.paths(answers) if (project / path).is_file())
    if ignored := git.ignored(project, written):
        steps.insert(
            0, f"git add --force {' '.join(ignored)}: git ignores them, and the project needs them"
        )
    if before is None:
        return steps
    changed = list(levels.active_entries(before)) != list(levels.active_entries(answers))
    first = []
    if conflicts := git.lines(project, "diff", "--name-only", "--relative", "--diff-filter=U"):
        first.append(f"resolve the conflicts in {', '.join(conflicts)}")
    first += left_behind(before, answers)
    if changed and (project / "uv.lock").is_file() and "uv lock" not in " ".join(steps):
        first.append(lock_step(answers))
    if changed or conflicts:
        first.append("look at git status and git diff, then commit")
    return [*first, *steps, *changed_checks(before, answers)]


def lock_step(answers: Mapping[str, Any]) -> str:
    """Return what to do about a uv.lock after the dependencies changed."""
    if levels.capabilities(answers)["packaging"]:
        return "run uv lock: the dependencies changed"
    return "delete uv.lock: the script lists its dependencies itself"


def changed_checks(before: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return what to do on GitHub if the checks that it requires are not the project's any more."""
    had, has = set(levels.required_checks(before)), set(levels.required_checks(answers))
    if not had or had == has:
        return []
    if not has:
        return ['delete the ruleset "main" on GitHub (Settings > Rules): its checks no longer run']
    return [
        f"run ops/protect again: pull requests need {'more' if has - had else 'fewer'} checks now"
    ]


def left_behind(before: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return what to do about settings and hosts of a higher level."""
    steps = []
    if unused := [name for name in levels.settings(before) if name not in levels.settings(answers)]:
        steps.append(f"delete these settings on GitHub, unused now: {', '.join(unused)}")
    had, has = levels.capabilities(before), levels.capabilities(answers)
    if had["container"] and not has["container"]:
        steps.append(
            "if the service is deployed, migrate its host back from containers before you commit, "
            "with the old ops/deploy: git worktree add ../before HEAD; ../before/ops/README.md "
            "says how"
        )
    return steps


def has_workflows(entry: levels.Entry) -> bool:
    """Tell whether an entry adds what GitHub reads from `.github/`."""
    return any(path.startswith(".github/") for path in entry.adds)


def keep_in_git(level: int) -> list[str]:
    """Return how to put a new project into git, which a climb needs."""
    commands = ["  git init", '  git add -A && git commit -m "Start"']
    if level >= 2:
        return ["Commit the project to git:", *commands]
    commands.insert(1, "  printf '%s\\n' '*.db' '*.env' '__pycache__/' >> .git/info/exclude")
    return ["Before the first climb, commit the project to git; it needs no remote:", *commands]


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
