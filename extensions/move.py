"""Put the user's code where the level wants it, and change nothing else of it.

Runs in the project after `copier copy` and after every `copier update`, and does nothing when
all is in its place. Up to level 2 the application is a script with a PEP 723 header; from level
3 it is a module below `src/`, and the header's dependencies stand in pyproject.toml. As long as the
application is the untouched starter, the sample tests come and go with their levels; and when an
option goes that the starter was born with, the starter loses what would break without it.

Usage: move.py ANSWERS, where ANSWERS is the JSON of what Copier remembers.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import table as ladder
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = re.compile(r"(?m)^# /// script\n(?P<body>(?:#(?: .*)?\n)+?)# ///\n")
SERVER = "uvicorn"
OPTIONS = ("feature_flags", "s3")
"""What a starter may be born with; the names are capabilities."""
ROAD, YOURS = "    # Kept current by the template:\n", "    # Yours (uv add):\n"


@dataclass(frozen=True)
class Project:
    """What the mover must know of the project in the current folder."""

    answers: dict[str, Any]
    before: dict[str, Any] | None
    """The answers of the last commit, None at birth."""

    @property
    def package(self) -> str:
        """The import name."""
        return str(self.answers["package"])

    @property
    def script(self) -> Path:
        """Where the application is up to level 2."""
        return Path(ladder.SCRIPT.format(package=self.package))

    @property
    def module(self) -> Path:
        """Where the application is from level 3 on."""
        return Path(ladder.MODULE.format(package=self.package))

    @property
    def packaged(self) -> bool:
        """Whether the application is a module below `src/`."""
        return ladder.capabilities(self.answers)["packaging"]

    @property
    def application(self) -> Path:
        """Where the application is at this level."""
        return self.module if self.packaged else self.script

    def starter(
        self, path: str, answers: dict[str, Any] | None = None, lacks: Iterable[str] = ()
    ) -> str:
        """Return the text of a starter file as it is born.

        Args:
            path: where it is in the project.
            answers: what it is born with, by default the project's answers.
            lacks: options that it is not born with, whatever the answers say.
        """
        answers = answers or self.answers
        path = path.replace(f"src/{self.package}/", "src/{{ package }}/")
        found = ladder.TEMPLATE / f"{path}.jinja"
        if not found.is_file():
            return (ladder.TEMPLATE / path).read_text(encoding="utf-8")
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(ladder.TEMPLATE.parent),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        template = environment.from_string(found.read_text(encoding="utf-8"))
        has = ladder.capabilities(answers) | dict.fromkeys(lacks, False)
        slug = ladder.slug_of(str(answers["project_name"]))
        return template.render(answers | has | {"slug": slug})


def git(*arguments: str) -> str | None:
    """Return what git prints, or None where git fails or is missing."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def say(text: str) -> None:
    """Tell the user what was done or is left to do."""
    print(f"  {text}", file=sys.stderr)


def rename(source: Path, target: Path) -> None:
    """Move a file or folder, in git too where git knows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if git("mv", str(source), str(target)) is None:
        source.rename(target)
    remove_empty(source.parent)


def remove_empty(folder: Path) -> None:
    """Remove a folder below the project, and those above it, as long as nothing is in them."""
    while folder != Path() and folder.is_dir():
        leftovers = [path for path in folder.iterdir() if path.name != "__pycache__"]
        if leftovers:
            return
        for path in folder.glob("__pycache__/*"):
            path.unlink()
        for path in (folder / "__pycache__", folder):
            if path.is_dir():
                path.rmdir()
        folder = folder.parent


def siblings(script: Path, root: Path, package: str) -> list[Path]:
    """Return the modules and packages beside the script that it imports, directly or not.

    Args:
        script: the application.
        root: the folder whose modules count, `.` or `src`.
        package: the application's own name.
    """
    found: dict[str, Path] = {}
    todo = [script]
    while todo:
        for name in imported(todo.pop()) - set(found) - {package}:
            module, folder = root / f"{name}.py", root / name
            if module.is_file():
                found[name] = module
                todo.append(module)
            elif (folder / "__init__.py").is_file():
                found[name] = folder
                todo.extend(folder.rglob("*.py"))
    return sorted(found.values())


def imported(code: Path) -> set[str]:
    """Return the top-level names that a file imports; none where it cannot be parsed."""
    try:
        tree = ast.parse(code.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def move(project: Project) -> None:
    """Move the application, and the modules that it imports, to where the level wants them."""
    source, target = project.script, project.module
    if not project.packaged:
        source, target = target, source
    if not source.is_file():
        if not target.exists() and project.before is None:
            say(f"There is no {target}: put your application there.")
        return
    if target.exists():
        say(f"Both {source} and {target} exist: merge them by hand.")
        return
    old_root, new_root = (Path(), Path("src")) if project.packaged else (Path("src"), Path())
    beside = siblings(source, old_root, project.package)
    rename(source, target)
    if project.packaged:
        carry_header(target)
    else:
        restore_header(target)
    say(f"Moved {source} to {target}")
    for path in beside:
        place = new_root / path.relative_to(old_root)
        if place.exists():
            say(f"Both {path} and {place} exist: merge them by hand.")
            continue
        rename(path, place)
        say(f"Moved {path} to {place}, since {target} imports it")


def name_of(requirement: str) -> str:
    """Return the normalized name, as PEP 503 has it, of the package that a requirement asks for.

    Raises:
        ValueError: it names no package.
    """
    found = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*($|[\[(<>=!~;@])", requirement)
    if not found:
        raise ValueError(f"{requirement!r} names no package")
    return re.sub(r"[-_.]+", "-", found[1]).lower()


def adds_nothing(requirement: str, road: list[str]) -> bool:
    """Tell whether the road asks for all that this one asks for, at every level from 3 on.

    That is the server. What the road adds at a higher level goes again with a descent, and must
    not take a dependency of the user's along.
    """
    if name_of(requirement) != SERVER:
        return False
    if requirement in road:
        return True
    from packaging.requirements import Requirement  # hardly ever needed, and slow to load

    wanted = Requirement(requirement)
    plain = not (wanted.specifier or wanted.marker or wanted.url)
    servers = [Requirement(d) for d in road if name_of(d) == SERVER]
    return any(plain and wanted.extras <= server.extras for server in servers)


def blocks(pyproject: str) -> tuple[list[str], list[str]]:
    """Return the road's and the user's dependencies."""
    dependencies: list[str] = tomllib.loads(pyproject)["project"].get("dependencies", [])
    head = pyproject.partition(YOURS)[0]
    road = [d for d in dependencies if ROAD in head and f'"{d}"' in head.partition(ROAD)[2]]
    return road, [d for d in dependencies if d not in road]


def carry_header(code: Path) -> None:
    """Carry what the script's header asks for into pyproject.toml, and drop the header."""
    text = code.read_text(encoding="utf-8")
    header = HEADER.search(text)
    if not header:
        return
    file = Path("pyproject.toml")
    try:
        pyproject = with_header(file.read_text(encoding="utf-8"), header["body"])
    except (OSError, ValueError) as problem:
        say(f"Carry the header of {code} into {file} by hand: {problem}")
        return
    file.write_text(pyproject, encoding="utf-8")
    code.write_text(text[: header.start()] + text[header.end() :], encoding="utf-8")


def with_header(pyproject: str, header: str) -> str:
    """Return pyproject.toml with what a script's header asks for.

    Raises:
        ValueError: one of the two cannot be read, or the user's block has no anchor.
    """
    body = re.sub(r"(?m)^# ?", "", header)
    wanted = tomllib.loads(body)
    road, own = blocks(pyproject)
    if YOURS not in pyproject:
        raise ValueError(f"the line {YOURS.strip()!r} is missing")
    known = {name_of(d) for d in own}
    carried = [
        d
        for d in wanted.get("dependencies", [])
        if name_of(d) not in known and not adds_nothing(d, road)
    ]
    lines = "".join(f"    {json.dumps(d)},\n" for d in sorted(carried, key=name_of))
    pyproject = pyproject.replace(YOURS, YOURS + lines, 1)
    if python := wanted.get("requires-python"):
        line = f"requires-python = {json.dumps(python)}"
        pyproject = re.sub(r"(?m)^requires-python = .*$", lambda _: line, pyproject, count=1)
    if tables := re.search(r"(?ms)^\[.*", body):
        pyproject = f"{pyproject.rstrip()}\n\n{tables[0].rstrip()}\n"
    return pyproject


def restore_header(code: Path) -> None:
    """Give the script its header back: the user's dependencies, and the road's that it imports."""
    text = code.read_text(encoding="utf-8")
    pyproject = git("show", "HEAD:./pyproject.toml")
    if HEADER.search(text) or not pyproject:
        return
    road, own = blocks(pyproject + "\n")
    known, names = {name_of(d) for d in own}, imported(code)
    own += [d for d in road if name_of(d) in names - known]
    python = tomllib.loads(pyproject)["project"].get("requires-python", ">=3.11")
    lines = [f"# requires-python = {json.dumps(python)}", "# dependencies = ["]
    lines += [f"#     {json.dumps(d)}," for d in sorted(own, key=name_of)]
    header = "\n".join(["# /// script", *lines, "# ]", "# ///", ""])
    code.write_text(header + text, encoding="utf-8")


def lacking(project: Project) -> set[str] | None:
    """Return the options that the untouched starter has nothing of, None where it was changed."""
    code = next((path for path in (project.script, project.module) if path.is_file()), None)
    if code is None or project.before is None:
        return None
    own = HEADER.sub("", code.read_text(encoding="utf-8"))
    had = ladder.capabilities(project.before)
    never = {name for name in OPTIONS if not had[name]}
    for choice in product(*[(set[str](), {name}) for name in OPTIONS if had[name]]):
        lacks = never.union(*choice)
        if own == HEADER.sub("", project.starter("{{ package }}.py", project.before, lacks)):
            return lacks
    return None


def renew(project: Project, lacks: set[str]) -> None:
    """Take from the untouched starter what goes with an option, which would break without it.

    What an option brings is for a starter that is born with it: this one is the user's.
    """
    assert project.before is not None
    old, new = (
        HEADER.sub("", project.starter("{{ package }}.py", answers, lacks))
        for answers in (project.before, project.answers)
    )
    code = project.script if project.script.is_file() else project.module
    text = code.read_text(encoding="utf-8")
    if old != new:
        code.write_text(text.replace(old, new), encoding="utf-8")


def companions(project: Project, answers: dict[str, Any], lacks: set[str]) -> set[str]:
    """Return the starter files that such answers bring beside the application itself."""
    foreign = {
        path.format(package=project.package)
        for part in ladder.parts()
        if part.when in lacks
        for path in part.adds
    }
    return {
        path
        for path, owner in ladder.paths(answers).items()
        if owner == "starter" and Path(path) not in {project.script, project.module}
    } - foreign


def samples(project: Project, lacks: set[str] | None) -> None:
    """Add the samples of the levels climbed, remove untouched ones of the levels left.

    An application that somebody changed may import a sample module: that one stays.
    """
    if project.before is None:
        return
    new, old = (
        companions(project, answers, lacks or set())
        for answers in (project.answers, project.before)
    )
    for path in sorted(old - new):
        file = Path(path)
        unused = lacks is not None or not path.startswith("src/")
        if unused and file.is_file() and file.read_text(encoding="utf-8") == project.starter(path):
            file.unlink()
            remove_empty(file.parent)
    tested = {Path(path).parent for path in old}
    for path in sorted(new - old):
        file = Path(path)
        if file.exists():
            continue
        if lacks is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(project.starter(path), encoding="utf-8")
        elif path.startswith("migrations/"):
            say('Write your first migration: uv run alembic revision -m "…"')
        elif path.startswith("tests/") and file.parent not in tested:
            tested.add(file.parent)
            say(f"Write tests of your application in {file.parent}/: the samples do not fit it.")


def tell_of_options(project: Project) -> None:
    """Say what is left to do where an option came to an application, or went from it."""
    if project.before is None:
        return
    had, has = (ladder.capabilities(answers) for answers in (project.before, project.answers))
    came = {name for name in OPTIONS if has[name] and not had[name]}
    went = {name for name in OPTIONS if had[name] and not has[name]}
    flags = project.module.with_name("feature_flags.py")
    if "feature_flags" in came:
        say(f"Set the provider in {project.module} and ask for flags, as {flags} shows.")
    if "s3" in came:
        say(f"Let {project.module} use the store: until its /healthz tells whether it can,")
        say("  tests/integration/test_backing_services.py fails.")
    for name, library, loss in (
        ("feature_flags", "openfeature", f"{flags} has gone, git has it"),
        ("s3", "boto3", "pyproject.toml does not ask for boto3 any more"),
    ):
        left = (git("grep", "-l", library, "--", "*.py") or "").split()
        if name in went and left:
            what = "feature flags" if name == "feature_flags" else "store"
            say(f"Take the {what} out of {', '.join(left)}: {loss}.")


def main() -> None:
    """Move what must move."""
    answers = json.loads(sys.argv[1])
    committed = None
    if os.environ.get("COPIER_OPERATION") == "update":
        committed = git("show", "HEAD:./.copier-answers.yml")
    project = Project(answers, before=yaml.safe_load(committed) if committed else None)
    lacks = lacking(project)
    if lacks is not None:
        renew(project, lacks)
    move(project)
    samples(project, lacks)
    tell_of_options(project)


if __name__ == "__main__":
    main()
