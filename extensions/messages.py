"""The message after a copy or an update: what changed, what to do, what comes next."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import detect, git, levels, names, pyproject, references, samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CREATE_REPOSITORY = "create the repository on GitHub and push to it"
MIGRATE_HOST = "if the service is already deployed, migrate its host to containers"
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
    is_new = before is None and adoption is None
    sections = [
        [f"{answers['project_name']} is at level {name}. {meaning}"],
        keep_in_git(project, level) if is_new else [],
        labelled("Gained", gained_levels(gained, answers)),
        labelled("Removed", removed_levels(before, answers) if before else []),
        labelled("Set", settings),
        labelled("Do", to_do(project, gained, before, answers)),
        labelled("Start", [run_command(answers)]),
        list(adoption or []),
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
    steps = [step for step in steps if is_needed(step, project, answers)]
    branch = git.line(project, "branch", "--show-current")
    if branch not in {"", "main"} and any(has_workflows(entry) for entry in gained):
        steps.insert(
            0, f"name the branch main, which the workflows run for: git branch -m {branch} main"
        )
    if before is None:
        return steps
    changed = list(levels.active_entries(before)) != list(levels.active_entries(answers))
    first = []
    if conflicts := git.lines(project, "diff", "--name-only", "--relative", "--diff-filter=U"):
        first.append(f"resolve the conflicts in {', '.join(conflicts)}")
    first += left_behind(project, before, answers)
    if changed and (project / "uv.lock").is_file() and "uv lock" not in " ".join(steps):
        first += lock_steps(project, answers)
    if changed or conflicts:
        first.append("look at git status and git diff, then commit")
    return [*first, *steps, *changed_checks(before, answers)]


def is_needed(step: str, project: Path, answers: Mapping[str, Any]) -> bool:
    """Tell whether a step of the table has to be taken in this project.

    Args:
        step: the step.
        project: the project's folder.
        answers: what the project has answered.
    """
    if step == CREATE_REPOSITORY:
        return not git.line(project, "remote", "get-url", "origin")
    if step.startswith(MIGRATE_HOST):
        return is_deployed(project)
    return True


def is_deployed(project: Path) -> bool:
    """Tell whether the settings of production name a host."""
    return bool(detect.read_toml(project / "ops" / "production.toml").get("host"))


def lock_steps(project: Path, answers: Mapping[str, Any]) -> list[str]:
    """Return what to do about a uv.lock after an update."""
    if not levels.capabilities(answers)["packaging"]:
        return ["delete uv.lock: the script lists its dependencies itself"]
    committed = git.output(project, "show", f"HEAD:./{pyproject.FILE}")
    now = detect.read_toml(project / pyproject.FILE)
    was = detect.parse_toml(committed or "")
    locked = ("project", "dependency-groups")
    if committed and all(was.get(key) == now.get(key) for key in locked):
        return []
    return ["run uv lock: the dependencies changed"]


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


def left_behind(project: Path, before: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return what to do about settings, hosts, hooks and dependencies of a higher level."""
    steps = []
    if unused := [name for name in levels.settings(before) if name not in levels.settings(answers)]:
        steps.append(f"delete these settings on GitHub, unused now: {', '.join(unused)}")
    had, has = levels.capabilities(before), levels.capabilities(answers)
    if had["unit_tests"] and not has["unit_tests"] and has_hook(project):
        hook = git.line(project, "rev-parse", "--git-path", "hooks/pre-commit")
        steps.append(f"remove prek's hook, which has nothing to run any more: rm {hook}")
    if imported := dependencies_that_went(project):
        steps.append(f"add what your code imports and the level took along: uv add {imported}")
    if had["container"] and not has["container"] and is_deployed(project):
        steps.append(
            "if the service is deployed, migrate its host back from containers before you commit, "
            "with the old ops/deploy: git worktree add ../before HEAD; ../before/ops/README.md "
            "says how"
        )
    return steps


def has_hook(project: Path) -> bool:
    """Tell whether prek runs before each commit."""
    hook = project / git.line(project, "rev-parse", "--git-path", "hooks/pre-commit")
    return hook.is_file() and "prek" in hook.read_text(encoding="utf-8", errors="replace")


def dependencies_that_went(project: Path) -> str:
    """Return the dependencies that the update removed and that the project's code imports."""
    try:
        was = git.output(project, "show", f"HEAD:./{pyproject.FILE}") or ""
        now = (project / pyproject.FILE).read_text(encoding="utf-8")
        gone = pyproject.missing(
            [one for part in pyproject.dependencies(was) for one in part],
            [one for part in pyproject.dependencies(now) for one in part],
        )
    except (OSError, ValueError):
        return ""
    imported = {
        name
        for path in git.lines(project, "ls-files", "*.py")
        if not path.startswith(("tests/", "ops/", "migrations/"))
        for name in references.imported_names(project / path)
    }
    return shlex.join(one for one in gone if pyproject.name_of(one).replace("-", "_") in imported)


def has_workflows(entry: levels.Entry) -> bool:
    """Tell whether an entry adds what GitHub reads from `.github/`."""
    return any(path.startswith(".github/") for path in entry.adds)


def keep_in_git(project: Path, level: int) -> list[str]:
    """Return how to put a new project into git, which a climb needs."""
    commands = ["  git init -b main", '  git add -A && git commit -m "Start"']
    if project != Path.cwd().resolve():
        commands.insert(0, f"  cd {shlex.quote(os.path.relpath(project))}")
    if level >= 2:
        return ["Commit the project to git:", *commands]
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
