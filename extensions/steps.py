"""What a person has to do after a copy or an update, once: the steps that the message lists."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import git, levels, metadata, pyproject, references, samples, write_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .schema import Entry

CREATE_REPOSITORY = "create the repository on GitHub and push to it"
LOCK = "run uv lock and commit uv.lock"
MIGRATE_HOST = "if the service is already deployed, migrate its host to containers"
EXEMPT = (
    "run ops/exempt: it exempts existing code from the checks that it fails, in pyproject.toml; "
    "new files are checked in full"
)


def to_do(
    project: Path,
    had: Sequence[Entry],
    before: Mapping[str, Any] | None,
    answers: Mapping[str, Any],
    *,
    is_new: bool = False,
) -> list[str]:
    """Return what a person has to do now, once.

    Args:
        project: the project's folder.
        had: the entries of the table that held before.
        before: what its last commit had answered, None where git does not have the answers.
        answers: what it has answered.
        is_new: whether it was just made: the commands that put it into git lock it too.
    """
    has = levels.active_entries(answers)
    done = {step for entry in had for step in entry.set_up}
    is_strict = any(entry.capability == "unit_tests" for entry in had)
    steps = []
    for entry in has:
        becomes_strict = entry.capability == "unit_tests" and not is_strict
        if becomes_strict and samples.is_replaced(project, before or answers):
            steps.append(EXEMPT)
        steps += [step for step in entry.set_up if step not in done]
    top = git.line(project, "rev-parse", "--show-toplevel")
    if top and Path(top) != project and workflows(has) - workflows(had):
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
    if branch not in {"", "main"} and workflows(has) - workflows(had):
        steps.insert(
            0, f"name the branch main, which the workflows run for: git branch -m {branch} main"
        )
    if before is None:
        unlocked = packages(answers) and not (project / "uv.lock").is_file()
        return [*steps, *([LOCK] if unlocked and not is_new else [])]
    first = []
    if conflicts := git.lines(project, "diff", "--name-only", "--relative", "--diff-filter=U"):
        first.append(f"resolve the conflicts in {', '.join(conflicts)}")
    first += left_behind(project, before, answers, had)
    first += lock_step(project, is_new=not packages(before) and packages(answers))
    if before != answers or conflicts:
        first.append("look at git status and git diff, then commit")
    return [*first, *steps, *changed_checks(had, has)]


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


def packages(answers: Mapping[str, Any]) -> bool:
    """Tell whether a project with these answers has a pyproject.toml."""
    return levels.capabilities(answers)["packaging"]


def is_deployed(project: Path) -> bool:
    """Tell whether the settings of production name a host."""
    return bool(metadata.read_toml(project / "ops" / "production.toml").get("host"))


def lock_step(project: Path, *, is_new: bool) -> list[str]:
    """Return what to do about uv.lock before the next commit.

    Args:
        project: the project's folder.
        is_new: whether pyproject.toml is new.
    """
    if is_new:
        return ["run uv lock"]
    if not (project / "uv.lock").is_file():
        return []
    committed = git.output(project, "show", f"HEAD:./{pyproject.FILE}") or ""
    file = project / pyproject.FILE
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if pyproject.locked(committed) == pyproject.locked(text):
        return []
    if not text:
        return ["delete uv.lock: the script lists its dependencies itself"]
    return ["run uv lock: the dependencies changed"]


def changed_checks(had: Sequence[Entry], has: Sequence[Entry]) -> list[str]:
    """Return what to do on GitHub if the checks that it requires are not the project's any more."""
    old, new = ({one for entry in some for one in entry.required_checks} for some in (had, has))
    if not old or old == new:
        return []
    if not new:
        return ['delete the ruleset "main" on GitHub (Settings > Rules): its checks no longer run']
    how = "other" if new - old and old - new else "more" if new - old else "fewer"
    return [f"run ops/protect again: pull requests need {how} checks now"]


def left_behind(
    project: Path,
    before: Mapping[str, Any],
    answers: Mapping[str, Any],
    entries: Sequence[Entry],
) -> list[str]:
    """Return what to do about what the project no longer uses, and what its code still does.

    Args:
        project: the project's folder.
        before: what it had answered.
        answers: what it has answered.
        entries: what it had.
    """
    steps = []
    if left := write_once.left(project, before, answers):
        steps.append(f"delete what you no longer need: {', '.join(left)}")
    had, has = levels.capabilities(before), levels.capabilities(answers)
    if had["unit_tests"] and not has["unit_tests"] and has_hook(project):
        hook = git.line(project, "rev-parse", "--git-path", "hooks/pre-commit")
        steps.append(f"remove prek's hook, which has nothing to run any more: rm {hook}")
    if imported := dependencies_that_went(project):
        steps.append(f"add what your code imports and the level took along: uv add {imported}")
    if had["container"] and not has["container"] and is_deployed(project):
        steps.append(
            "if the service is deployed, migrate its host back from containers before you commit: "
            "run git worktree add ../before HEAD, and do there what its ops/README.md says"
        )
    if unused := [
        name for name in levels.settings_of(entries) if name not in levels.settings(answers)
    ]:
        steps.append(f"delete these settings on GitHub, unused now: {', '.join(unused)}")
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


def workflows(entries: Sequence[Entry]) -> set[str]:
    """Return the paths that entries add and that GitHub reads from `.github/`."""
    return {path for entry in entries for path in entry.adds if path.startswith(".github/")}
