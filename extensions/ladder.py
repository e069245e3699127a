"""The ladder as Copier sees it.

Computes from the table what the templates and `copier.yml` need: capabilities, excluded paths,
defaults, refusals and messages.
"""

from __future__ import annotations

import importlib.util
import keyword
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

import yaml
from copier import run_copy
from copier.errors import UserMessageError
from copier_template_extensions import ContextHook

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from types import ModuleType

ANSWERS = ".copier-answers.yml"
UPDATE = "uvx --with copier-template-extensions copier update --trust --skip-answered"


def load(name: str) -> ModuleType:
    """Load a module beside this file.

    Under a name of its own: an update loads two versions of the template into one process.
    """
    file = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(str(file), file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    import table as ladder
else:
    ladder = load("table")


# Names -------------------------------------------------------------------------------------------


def package_of(name: str) -> str:
    """Return the name as Python imports it: `Link Shortener` -> `link_shortener`."""
    return ladder.slug_of(name).replace("-", "_")


def refuse_name(name: str) -> str:
    """Return why this is no project name, or nothing."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,38}[A-Za-z0-9]|[A-Za-z]", name):
        return (
            f"{name!r} is no project name: use letters, digits, spaces, dots, hyphens and "
            "underscores, 40 characters at most, a letter or digit at both ends."
        )
    return ""


RESERVED = {"alembic", "boto3", "fastapi", "migrations", "ops", "psycopg", "pydantic", "src"}
RESERVED |= {"sqlalchemy", "starlette", "test", "tests", "uvicorn"}


def refuse_package(package: str) -> str:
    """Return why this cannot be imported as the project's package, or nothing."""
    reason = ""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", package):
        reason = "a package name is lower-case letters, digits and underscores, a letter first"
    elif keyword.iskeyword(package) or keyword.issoftkeyword(package):
        reason = "it is a word of the Python language"
    elif package in sys.stdlib_module_names:
        reason = "Python's standard library has a module of that name"
    elif package in RESERVED:
        reason = "the project needs another package or folder of that name"
    if not reason:
        return ""
    return (
        f"{package!r} cannot be the package's name: {reason}. Choose another name, "
        "or give one with --data package=NAME."
    )


def refuse_owner(owner: str) -> str:
    """Return why this is no user or organization of the forge, or nothing."""
    if re.fullmatch(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}", owner):
        return ""
    return f"{owner!r} is no GitHub user or organization: use letters, digits and single hyphens."


def refuse_level(level: object) -> str:
    """Return why this is no level, or nothing."""
    if re.fullmatch(r"[0-9]+", str(level)) and int(str(level)) < len(ladder.table()):
        return ""
    return f"There is no level {level!s}: choose one from 0 to {len(ladder.table()) - 1}."


def import_name(project: Path, name: str) -> str:
    """Return under what name the project is imported: what it has already, or made of its name."""
    return told_by(project).get("package") or package_of(name)


@lru_cache(maxsize=8)
def told_by(project: Path) -> Mapping[str, str]:
    """Return what a project that was not made from the template answers by itself."""
    found: dict[str, str] = {}
    if project.is_dir() and not (project / ANSWERS).exists():
        found = load("adopt").facts(project)
    return found


# Git ---------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, without the last newline, or None where git fails or is missing."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


@lru_cache(maxsize=8)
def owner_of_git(folder: Path) -> str:
    """Return the owner that git knows: the remote's, else the account's, else the user's name."""
    folder = folder if folder.is_dir() else Path.cwd()
    remote = git(folder, "remote", "get-url", "origin") or ""
    if found := re.search(r"github\.com[:/]([^/]+)/", remote):
        return found[1]
    name = git(folder, "config", "github.user") or git(folder, "config", "user.name") or ""
    return ladder.slug_of(name) or "acme"


# Guards ------------------------------------------------------------------------------------------


def refuse_project(name: str, package: str = "") -> str:
    """Return why a project cannot have this name, with this package if given, or nothing."""
    return refuse_name(name) or refuse_package(package or package_of(name))


@lru_cache(maxsize=1)
def questions() -> dict[str, dict[str, Any]]:
    """Return what `copier.yml` asks."""
    text = (ladder.HERE.parent / "copier.yml").read_text(encoding="utf-8")
    found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {key: asked for key, asked in found.items() if not key.startswith("_")}


@lru_cache(maxsize=1)
def choices_of() -> dict[str, list[str]]:
    """Return what can be chosen where `copier.yml` gives a choice."""
    return {
        key: ["true", "false"] if asked["type"] == "bool" else list(asked["choices"].values())
        for key, asked in questions().items()
        if asked["type"] == "bool" or isinstance(asked.get("choices"), dict)
    }


def refuse_choice(key: str, answer: object, choices: list[str]) -> str:
    """Return why this is none of the choices, or nothing."""
    given = answer
    if isinstance(answer, str):
        with suppress(yaml.YAMLError):
            given = yaml.safe_load(answer)
    if key == "backing_services" and not isinstance(given, list):
        return f"{key} is a list: give for example {key}='[{', '.join(choices)}]'."
    for one in given if isinstance(given, list) else [given]:
        if (str(one).lower() if isinstance(one, bool) else one) not in choices:
            return f"{key} cannot be {one!s}: choose {' or '.join(choices)}."
    return ""


def refuse_kind(answers: Mapping[str, Any], recorded: Mapping[str, Any]) -> str:
    """Return why a program of this kind cannot be so, or nothing."""
    was = {"service": "service", "cli": "command-line program"}.get(str(recorded.get("kind")))
    if was and recorded["kind"] != answers.get("kind"):
        return f"A {was} stays a {was}: for another kind, make a new project and move the code."
    kind, artifact = str(answers.get("kind") or "service"), str(answers.get("artifact") or "")
    if kind == "cli" and artifact not in {"", "wheel", "binary"}:
        return f"A command-line program is a wheel or a binary, and no {artifact}."
    if kind == "service" and artifact not in {"", "container"}:
        return f"A service is a container, and no {artifact}: leave the artifact out."
    if kind == "cli" and str(answers.get("feature_flags", False)).lower() in {"true", "yes", "1"}:
        return "Feature flags are for services: a program that is installed is not switched."
    if kind == "cli" and "s3" in str(answers.get("backing_services", "")):
        return "An S3 store is for services: a command-line program has Postgres alone."
    if kind == "cli" and str(answers.get("dependents") or "[]") != "[]":
        return "Dependents are for services: a program that is installed brings up no stack."
    return ""


def refuse_answers(answers: Mapping[str, Any], recorded: Mapping[str, Any]) -> str:
    """Return why these answers cannot be, of a project that has recorded others, or nothing."""
    refusals = []
    if "level" in answers:
        refusals.append(refuse_level(answers["level"]))
    if name := str(answers.get("project_name") or ""):
        refusals.append(refuse_project(name, str(answers.get("package") or "")))
    refusals.append(refuse_kind(answers, recorded))
    if owner := str(answers.get("owner") or ""):
        refusals.append(refuse_owner(owner))
    if str(answers.get("backing_services", "some")) in {"", "[]", "None"}:
        refusals.append(
            "Without a backing service there is nothing to integrate with: choose postgres, s3 or "
            "both, or stay below level 6."
        )
    refusals += [
        refuse_choice(key, answers[key], choices)
        for key, choices in choices_of().items()
        if answers.get(key)
    ]
    refusals.append(refuse_dependents(answers.get("dependents")))
    return next(filter(None, refusals), "")


def refuse_dependents(dependents: object) -> str:
    """Return why these cannot be the applications that the stack needs, or nothing."""
    try:
        ladder.dependents({"dependents": dependents})
    except ValueError as problem:
        return str(problem)
    return ""


def refuse_company() -> str:
    """Return why what a company added to the template cannot be used, or nothing."""
    try:
        ladder.company()
    except ValueError as problem:
        return str(problem)
    return ""


@lru_cache(maxsize=8)
def resolved(folder: str) -> Path:
    """Return a folder without symbolic links."""
    return Path(folder).resolve()


def answers_on_disk(file: Path) -> dict[str, Any]:
    """Return the answers that a project has recorded; none where it has no such file."""
    try:
        return parsed(file, file.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=8)
def parsed(file: Path, mtime_ns: int) -> dict[str, Any]:
    """Return the answers in a file as it was then; none where it is not what Copier wrote."""
    del mtime_ns  # only tells one state of the file from another
    try:
        answers = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError):
        return {}
    return answers if isinstance(answers, dict) else {}


def refuse_update(
    project: Path, old: Mapping[str, Any], new: Mapping[str, Any], *, discard: bool
) -> str:
    """Return why this project cannot be updated from its old answers to new ones, or nothing."""
    top = Path(git(project, "rev-parse", "--show-toplevel") or project)
    if top != project and git(top, "check-ignore", str(project)) is not None:
        return (
            f"The repository {top} ignores {project.name}/, so an update could not be undone: "
            "run `git init` in the project and commit it there."
        )
    marked = git(project, "grep", "-lE", "^(<<<<<<< before|>>>>>>> after) updating$") or ""
    rejected = git(project, "ls-files", "*.rej") or ""
    if left := f"{marked}\n{rejected}".split():
        return f"An earlier update is not resolved in {', '.join(left)}: resolve it and commit."
    if not discard and (edited := edited_and_going(project, old, new)):
        what = f"Level {new['level']}" if new["level"] < old["level"] else "The new project"
        return (
            f"{what} has no {', '.join(edited)}, which you edited: move your edits to "
            "where they shall live, or add --data discard_edits=true to delete them."
        )
    return ""


def edited_and_going(project: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the files that an update would delete although the user edited them.

    What an older version of the template wrote, this version's table does not know.
    """
    stay = set(ladder.paths(new))
    known = old["_commit"] == new.get("_commit")
    had = {path for path, owner in ladder.paths(old).items() if owner != "starter"}
    if known and not any((project / path).is_file() for path in had - stay):
        return []
    with tempfile.TemporaryDirectory() as folder:
        fresh = rendered(Path(folder, "fresh"), old)
        if not known:
            written = (path for path in fresh.rglob("*") if path.is_file())
            had = {path.relative_to(fresh).as_posix() for path in written}
        return [
            path
            for path in sorted(had - stay)
            if (project / path).is_file()
            and (
                not (fresh / path).is_file()
                or own_text((project / path).read_bytes()) != own_text((fresh / path).read_bytes())
            )
        ]


def own_text(content: bytes) -> bytes:
    """Return the content without the dependencies that the mover carries back and forth.

    They stand below the user's anchor, or above the template's, where `uv add` may sort them.
    """
    above = rb"(?ms)^dependencies = \[\n.*?^    # Kept current by the template:$"
    below = rb"(?ms)^    # Yours \(uv add\):\n.*?^\]$"
    return re.sub(below, b"]", re.sub(above, b"", content))


# Messages ----------------------------------------------------------------------------------------


def message(project: Path, answers: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """Return what a person should know after a copy or an update.

    Args:
        project: the project's folder.
        answers: what Copier remembers.
        before: what the last commit remembers, None where the project is not in git.
    """
    level = int(answers["level"])
    here = ladder.table()[level]
    had = list(ladder.rows(before)) if before else []
    gained = [row for row in ladder.rows(answers) if row not in had]
    meanings = {
        f"{n} {ladder.table()[n].name}: {ladder.told(n, 'meaning', answers)}"
        for n in {row.level for row in gained if row.level and row.meaning}
    }
    settings = [f"{key} ({use})" for row in gained for key, use in row.settings.items()]
    name = answers["project_name"]
    has = ladder.capabilities(answers)
    command = ladder.slug_of(name) if has["cli"] else f"uvicorn {answers['package']}:app"
    script = ladder.SCRIPT.format(package=answers["package"])
    run = f"uv run {command if has['packaging'] else script}{' --help' if has['cli'] else ''}"
    sections = [
        [f"{name} is at level {level}: {here.name}. {ladder.told(level, 'meaning', answers)}"],
        listed("Gained", sorted(meanings)),
        listed("Set", settings),
        listed("Do", to_do(project, gained, before, answers)),
        listed("Run", [run]),
        adoption(project, answers) if project in ADOPTED else [],
        git_lines(level) if before is None and project not in ADOPTED else [],
        next_lines({**answers, "level": level + 1}) if level + 1 < len(ladder.table()) else [],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def adoption(project: Path, answers: Mapping[str, Any]) -> list[str]:
    """Return what a project that came onto the ladder kept, and what it still lacks."""
    adopt = load("adopt")
    has = ladder.capabilities(answers)
    owners = ladder.paths(answers)
    with tempfile.TemporaryDirectory() as folder:
        fresh = rendered(Path(folder, project.name), answers)
        differ = [
            path
            for path in ADOPTED[project]
            if owners[path] != "starter"
            and (project / path).read_bytes() != (fresh / path).read_bytes()
        ]
        left = list(adopt.lacks(project, fresh, answers["package"], has, owners, differ))
    kept = [f"{path}, which the template would write otherwise" for path in differ]
    lines = listed("Kept", kept) + ([""] if kept and left else []) + listed("Lacks", left)
    return lines or ["The contract holds."]


def rendered(folder: Path, answers: Mapping[str, Any]) -> Path:
    """Return a new project with these answers, without the starter's move."""
    run_copy(
        str(answers["_src_path"]),
        folder,
        data=dict(answers),
        vcs_ref=str(answers["_commit"]),
        defaults=True,
        quiet=True,
        unsafe=True,
        skip_tasks=True,
    )
    return folder


def listed(word: str, items: list[str]) -> list[str]:
    """Return the items one below the other, beside a word."""
    return [f"{'' if number else word:8}{item}" for number, item in enumerate(items)]


def to_do(
    project: Path,
    gained: list[ladder.Level | ladder.Part],
    before: Mapping[str, Any] | None,
    answers: Mapping[str, Any],
) -> list[str]:
    """Return what a person does now, once."""
    steps = [step for row in gained for step in row.set_up]
    if any(path.startswith(".github/") for row in gained for path in row.adds):
        steps += alone(project)
    if before is None:
        return steps
    changed = list(ladder.rows(before)) != list(ladder.rows(answers))
    if changed and (project / "uv.lock").is_file() and "uv lock" not in " ".join(steps):
        steps.insert(0, "uv lock, since the dependencies changed")
    if int(before["level"]) >= 4 and any(row.gates for row in gained):
        steps.append("ops/protect again, since pull requests need more checks now")
    conflicts = (git(project, "diff", "--name-only", "--relative", "--diff-filter=U") or "").split()
    if conflicts:
        steps.insert(0, f"resolve the conflicts in {', '.join(conflicts)}")
    return [*steps, "look at git status and git diff, then commit"] if changed or conflicts else []


def alone(project: Path) -> list[str]:
    """Return what to do where a project is a folder of another repository."""
    top = git(project, "rev-parse", "--show-toplevel")
    if not top or Path(top) == project:
        return []
    return ["give it a repository of its own: GitHub reads .github/ at the top of one, not here"]


def git_lines(level: int) -> list[str]:
    """Return how to keep a new project in git, which a climb needs and nobody else must see."""
    save = ["  git init", '  git add -A && git commit -m "Start"']
    if level >= 2:
        return ["Keep it in git:", *save]
    save.insert(1, "  printf '%s\\n' '*.db' '*.env' '__pycache__/' >> .git/info/exclude")
    return ["Before the first climb, keep it in git; it need not be pushed anywhere:", *save]


def next_lines(answers: Mapping[str, Any]) -> list[str]:
    """Return the advice on the level of these answers and the command that climbs to it."""
    level = int(answers["level"])
    told = {word: ladder.told(level, word, answers) for word in ladder.TOLD}
    lines = [f"Next is level {level}: {ladder.table()[level].name}. {told['meaning']}"]
    lines.append(f"  Climb when {told['climb_when']}")
    lines.append(f"  Not yet if {told['not_yet']}")
    lines.append(f"  It costs {told['cost']}.")
    return [*lines, f"  {UPDATE} --vcs-ref=:current: --data level={level}"]


# Copier ------------------------------------------------------------------------------------------


NEWBORN: set[Path] = set()
ADOPTED: dict[Path, list[str]] = {}
"""Projects that were not made from the template -> their files that the template has, too."""


def excluded(operation: str, *, project: Path, answers: Mapping[str, Any]) -> str:
    """Return the paths of `template/` that Copier must not write, as `_exclude` patterns.

    It is the first thing that Copier asks for when it writes, and the one place where it tells the
    operation: here it is noted whether the application is born with the project.

    Args:
        operation: Copier's own word, "copy" or "update".
        project: the destination.
        answers: what the project is to be.
    """
    package = str(answers["package"])
    places = (ladder.SCRIPT.format(package=package), ladder.MODULE.format(package=package))
    NEWBORN.discard(project)
    kept = []
    if operation == "copy" and stranger(project):
        if problem := refuse_shapes(project, ladder.paths(answers)):
            raise UserMessageError(problem)
        kept = ADOPTED[project] = sorted(
            path for path in ladder.paths(answers) if (project / path).exists()
        )
    elif operation == "copy" and not any((project / path).exists() for path in places):
        NEWBORN.add(project)
    gone = absent(answers, set() if project in NEWBORN else {"starter"})
    return "\n".join(f"/{path}" for path in sorted({*gone, *kept}))


def stranger(project: Path) -> bool:
    """Tell whether a folder holds a project that was not made from the template.

    Raises:
        UserMessageError: it does, and what a copy does to it could not be undone.
    """
    if not project.is_dir() or (project / ANSWERS).exists():
        return False
    if {path.name for path in project.iterdir()} <= {".git", ".venv"}:
        return False
    state = git(project, "status", "--porcelain", "--", ".")
    if state is None:
        raise UserMessageError(
            f"{project.name}/ has files and is no git repository, so that nothing could be undone: "
            "run `git init` there and commit them, or choose a new folder."
        )
    if state:
        raise UserMessageError(
            f"{project.name}/ has changes that are not committed, so that nothing could be undone: "
            "commit or stash them first."
        )
    return True


def refuse_shapes(project: Path, paths: Iterable[str]) -> str:
    """Return which file is in the way of a folder, or a folder of a file, or nothing."""
    for path in paths:
        for folder in PurePosixPath(path).parents[:-1]:
            if (project / folder).is_file():
                return f"The template has a folder {folder}, and you have such a file: rename it."
        if (project / path).is_dir():
            return f"The template has a file {path}, and you have such a folder: rename it."
    return ""


def absent(answers: Mapping[str, Any], without: Container[str] = ()) -> set[str]:
    """Return the files and folders that such a project does not get from the template.

    Args:
        answers: what the project is to be.
        without: owners whose files it does not get either.
    """
    package = str(answers["package"])
    has = {path for path, owner in ladder.paths(answers).items() if owner not in without}
    gone = set(ladder.all_paths(package)) - has
    return gone | folders(gone) - folders(has)


def walked(source: PurePath, answers: Mapping[str, Any]) -> str:
    """Return the folder of the template that Copier walks.

    Copier renders every path that it meets, before it looks whether the path is excluded. So it
    gets a folder of links to what this project may need, in its own temporary clone.

    It walks `template/` itself where the template is no clone, and on Windows, where the
    repository alone knows what is executable.

    Args:
        source: where Copier has the template.
        answers: what the project is to be.
    """
    template = Path(source, "template")
    if os.name == "nt" or not source.name.startswith("copier._vcs.clone."):
        return template.name
    links = Path(tempfile.mkdtemp(prefix=".links-", dir=source))
    gone = absent(answers)
    for file in filter(Path.is_file, template.rglob("*")):
        path = file.relative_to(template)
        name = str(path).replace("{{ package }}", str(answers["package"])).removesuffix(".jinja")
        if gone.isdisjoint({name, *map(str, PurePosixPath(name).parents)}):
            (links / path).parent.mkdir(parents=True, exist_ok=True)
            (links / path).hardlink_to(file)
    return links.name


def folders(names: Iterable[str]) -> set[str]:
    """Return every folder that is above one of these paths."""
    return {str(parent) for name in names for parent in PurePosixPath(name).parents if parent.name}


class Ladder(ContextHook):
    """Gives the templates and `copier.yml` the names that they use, and refuses what cannot be.

    There is one for each of the renders that an update is made of.
    """

    checked: ClassVar[set[Path]] = set()
    known: ClassVar[dict[str, dict[str, Any]]] = {}
    settled: Mapping[str, Any] | None = None

    def hook(self, context: dict[str, Any]) -> None:
        """Add the ladder's names to the context of one rendering.

        Copier renders hundreds of strings, each path for one: what they have in common is found
        once. While questions are asked, answers may still be missing, and `--data level=2` is text.

        Raises:
            UserMessageError: what was asked for cannot be; says why and what to do.
        """
        rendering = context.get("_copier_phase") == "render"
        operation = context.get("_copier_operation")
        if rendering and not operation and self.settled is not None:
            context.update(self.settled)
            return
        conf = context["_copier_conf"]
        project = resolved(str(conf["dst_path"]))
        recorded = answers_on_disk(project / ANSWERS)
        given = {**conf["user_defaults"], **recorded, **conf["data"]}
        own = told_by(project)
        if package := own.get("package"):
            given.setdefault("package", package)
        if conf["defaults"]:
            given.setdefault("project_name", project_name(project))
            given.setdefault("kind", own.get("kind") or "service")
        asked = {key: context[key] for key in questions() if key in context}
        state = repr((project, recorded, given, asked))
        if state not in self.known and (
            problem := refuse_company() or refuse_answers(given, recorded)
        ):
            raise UserMessageError(problem)
        package = str(asked.get("package") or given.get("package") or "")
        answers = {**asked, "level": int(asked.get("level") or 0), "package": package}
        if state not in self.known:
            self.known[state] = names(project, answers)
        # The first thing that an update renders into the project, before it writes anything, are
        # the excluded paths; by then every question is answered.
        if operation == "update" and rendering and project not in self.checked:
            self.checked.add(project)
            told = str(conf["data"].get("discard_edits", "")).lower() == "true"
            new = {**answers, "_commit": context["_copier_answers"].get("_commit")}
            if recorded and (problem := refuse_update(project, recorded, new, discard=told)):
                raise UserMessageError(problem)
        if operation == "copy" and rendering:
            source = Path(context["_copier_answers"]["_src_path"])
            if not source.is_absolute() and source.is_dir():
                raise UserMessageError(
                    f"The project would remember its template as {source}, which is somewhere else "
                    f"for everybody else: give the whole address, {source.resolve()}."
                )
        if rendering:
            self.settled = self.known[state]
        context.update(self.known[state])
        context["message"] = partial(told_of, project, context.get("_copier_answers", {}))


def project_name(project: Path) -> str:
    """Return the name that a project has already, or else its folder's."""
    return told_by(project).get("project_name") or project.name


def names(project: Path, answers: dict[str, Any]) -> dict[str, Any]:
    """Return what the templates and `copier.yml` may use of a project with these answers."""
    name, package = str(answers.get("project_name") or ""), answers["package"]
    return ladder.capabilities(answers) | {
        "company": ladder.company().get("defaults", {}),
        "required_checks": ladder.gates(answers),
        "slug": ladder.slug_of(name),
        "settings": ladder.settings(answers),
        "level_choices": level_choices,
        "artifact_choices": partial(artifact_choices, answers),
        "named": partial(project_name, project),
        "own": told_by(project),
        "package_of": partial(import_name, project),
        "refuse_project": partial(refuse_project, package=package),
        "refuse_package": refuse_package,
        "refuse_owner": refuse_owner,
        "refuse_dependents": refuse_dependents,
        "dependent_services": others(answers),
        "owner_of_git": partial(owner_of_git, project),
        "newborn": partial(NEWBORN.__contains__, project),
        "walked": partial(walked, answers=answers),
        "excluded": partial(excluded, project=project, answers=answers),
    }


def told_of(project: Path, answers: Mapping[str, Any]) -> str:
    """Return the message after a copy or an update of the project."""
    head = git(project, "show", f"HEAD:./{ANSWERS}")
    return message(project, answers, yaml.safe_load(head) if head else None)


def others(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the applications that the stack of this level brings up beside its own."""
    has = ladder.capabilities(answers)
    return ladder.dependents(answers) if has["system_tests"] and has["service"] else []


def artifact_choices(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what a push to main can make of such a project, as Copier offers it."""
    if ladder.capabilities(answers)["cli"]:
        return {"Wheel": "wheel", "Stand-alone binary": "binary"}
    return {"Container image": "container"}


def level_choices() -> dict[str, int]:
    """Return the levels as Copier offers them."""
    return {f"{row.level}  {row.name}": row.level for row in ladder.table()}
