"""Somebody else's project comes onto the ladder: what it is, and what it lacks of the contract.

The contract is what every level stands on: where the application is, what it is called, how it
tells its health, and where its dependencies stand. Nothing here changes a file.
"""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WORKFLOWS = ".github/workflows/"
PYPROJECT = "pyproject.toml"
FOREIGN = ("setup.cfg", "setup.py", "Pipfile", "environment.yml", "requirements.txt")
NO_CODE = re.compile(r"(^|/)(tests?|docs|ops|migrations)/|(^|/)(conftest|setup|test_\w+)\.py$")
NO_PACKAGES = {"docs", "src", "test", "tests"}
TESTED = ("tests/unit/", "tests/contract/", "tests/integration/", "tests/system/", "tests/smoke/")
LICENSES = {"MIT": "MIT License", "Apache-2.0": "Apache License"}
"""Licence that Ladder knows -> how its text begins."""


# What it is ---------------------------------------------------------------------------------------


def facts(project: Path) -> dict[str, str]:
    """Return what a project answers by itself, as far as it does.

    Args:
        project: its folder.

    Returns:
        Some of project_name, project_description, package, kind and license.
    """
    data, config = toml(project / PYPROJECT), setup(project)
    table, poetry = data.get("project", {}), data.get("tool", {}).get("poetry", {})
    scripts = table.get("scripts") or poetry.get("scripts")
    scripts = scripts or config.get("options.entry_points", "console_scripts", fallback="")
    found = {
        "project_name": table.get("name") or poetry.get("name"),
        "project_description": table.get("description") or poetry.get("description"),
        "package": package_of(project),
        "kind": "cli" if scripts and not with_application(project, cli=False) else "",
        "license": license_of(project, table.get("license") or poetry.get("license")),
    }
    for key, word in (("project_name", "name"), ("project_description", "description")):
        found[key] = found[key] or config.get("metadata", word, fallback="")
    return {key: " ".join(str(text).split()) for key, text in found.items() if text}


def package_of(project: Path) -> str:
    """Return the only package, or else the module that is the application, or nothing."""
    for folder in (project / "src", project):
        packages = sorted(
            path.parent.name
            for path in folder.glob("*/__init__.py")
            if path.parent.name not in NO_PACKAGES
        )
        if len(packages) == 1:
            return packages[0]
    modules = [path for path in sorted(project.glob("*.py")) if not NO_CODE.search(path.name)]
    if len(modules) > 1:
        modules = [
            path
            for path in modules
            if any(re.search(pattern(cli=cli), text_of(path)) for cli in (True, False))
        ]
    return modules[0].stem if len(modules) == 1 else ""


def license_of(project: Path, told: object) -> str:
    """Return the licence of a project, if Ladder knows it."""
    told = told.get("text", "") if isinstance(told, dict) else told or ""
    text = next(map(text_of, sorted(project.glob("LICEN[CS]E*"))), "")
    return next((name for name, head in LICENSES.items() if told == name or head in text[:200]), "")


def toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file says; nothing where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def setup(project: Path) -> configparser.ConfigParser:
    """Return what setup.cfg says; nothing where it cannot be read."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(project / "setup.cfg", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser.clear()
    return parser


def text_of(file: Path) -> str:
    """Return the text of a file, whatever it holds; nothing where there is none."""
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def git(project: Path, *arguments: str, given: str = "") -> list[str]:
    """Return the lines that git prints in a project; none where git fails or is missing."""
    command = ["git", *arguments]
    try:
        done = subprocess.run(
            command, cwd=project, input=given, capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    return done.stdout.splitlines()


def code_of(project: Path) -> dict[str, str]:
    """Return path -> text of the project's own code, without its tests."""
    return {
        path: text_of(project / path)
        for path in git(project, "ls-files", "*.py")
        if not NO_CODE.search(path)
    }


def pattern(*, cli: bool) -> str:
    """Return what the definition of an application looks like."""
    return r"(?m)^def main\b" if cli else r"(?m)^app\b.*="


def with_application(project: Path, *, cli: bool) -> list[str]:
    """Return the files that define an application."""
    return [path for path, text in code_of(project).items() if re.search(pattern(cli=cli), text)]


# What it lacks ------------------------------------------------------------------------------------


def lacks(
    project: Path,
    fresh: Path,
    package: str,
    has: Mapping[str, bool],
    owners: Mapping[str, str],
    differ: Iterable[str],
) -> Iterator[str]:
    """Yield what is left to do until the contract holds, each in a sentence.

    Args:
        project: the project's folder.
        fresh: a new project with the same answers.
        package: the name under which it is imported.
        has: the capabilities of its level.
        owners: path -> owner of what the template writes.
        differ: which of these paths the project has, with another text.
    """
    place = f"src/{package}/__init__.py" if has["packaging"] else f"{package}.py"
    yield from application(code_of(project), package, place, has)
    if has["packaging"]:
        yield from dependencies(project, fresh)
    elif "# /// script" not in text_of(project / place):
        for name in (name for name in FOREIGN if (project / name).is_file()):
            what = "-r requirements.txt" if name == "requirements.txt" else "NAME …"
            yield f"Give {place} a header with what {name} asks for: uv add --script {place} {what}"
    yield from merges(owners, differ)
    yield from strays(project, fresh, has, owners)


def application(
    code: Mapping[str, str], package: str, place: str, has: Mapping[str, bool]
) -> Iterator[str]:
    """Yield what is wrong with the application.

    Args:
        code: path -> text of the project's own code.
        package: the name under which it is imported.
        place: where it has to be.
        has: the capabilities of its level.
    """
    name, what = ("main", "main()") if has["cli"] else ("app", "`app`")
    defining = [path for path, text in code.items() if re.search(pattern(cli=has["cli"]), text)]
    only = defining[0] if len(defining) == 1 else ""
    home, folder = place, f"{package}/"
    if place not in code and has["packaging"] and f"{folder}__init__.py" in code:
        yield f"Move the package below src/: mkdir -p src && git mv {package} src/{package}"
        home = f"{folder}__init__.py"
    elif place not in code:
        if not has["packaging"] and any(path.endswith("__init__.py") for path in code):
            yield (
                f"Below level 3 the application is one script, {place}, and yours is a package: "
                "come at level 3 or above."
            )
        else:
            new = has["packaging"] and not any(path.startswith(f"src/{folder}") for path in code)
            make = f"mkdir -p src/{package} && " if new else ""
            move = f": {make}git mv {only} {place}" if only else "."
            yield f"Put the application, with its {what}, into {place}{move}"
            home = ""
    if home in code and not re.search(
        rf"{pattern(cli=has['cli'])}|\bimport\b.*\b{name}\b", code[home]
    ):
        if only and only.startswith(home.removesuffix("__init__.py")) and home.endswith("__.py"):
            module = only.removeprefix("src/").removesuffix(".py").replace("/", ".")
            yield f"Give {place} the application: from {module} import {name}"
        elif has["cli"]:
            yield f"Give {place} a function main(), which is the command."
        else:
            yield f"Call the ASGI application in {place} `app`."
    every = "\n".join(code.values())
    if has["cli"]:
        if not re.search(r"--version|version_option", every):
            yield "Let the command tell its version, with --version."
        return
    if "/healthz" not in every:
        yield "Let the application answer on /healthz with its status and version."
    if not has["packaging"] and "PORT" not in every:
        yield f"Let {place} start a server on $PORT when it is run."
    for service, variable in (("postgres", "DATABASE_URL"), ("s3", "S3_ENDPOINT_URL")):
        if has[service] and variable not in every:
            yield f"Let the application find its {service} by {variable}."


def dependencies(project: Path, fresh: Path) -> Iterator[str]:
    """Yield what pyproject.toml has to get."""
    mine, wanted = (toml(folder / PYPROJECT) for folder in (project, fresh))
    table, tools = mine.get("project", {}), mine.get("tool", {})
    ways = {"requirements.txt": "uv add -r requirements.txt", "[tool.poetry]": "uvx migrate-to-uv"}
    foreign = [name for name in FOREIGN if (project / name).is_file()]
    for name in [*foreign, *(["[tool.poetry]"] if "poetry" in tools else [])]:
        way = ways.get(name, "uv add NAME …")
        yield f"Bring the dependencies of {name} into {PYPROJECT}, and drop them there: {way}"
    if "ini_options" in tools.get("pytest", {}):
        yield f"Put [tool.pytest] into {PYPROJECT} in the place of [tool.pytest.ini_options]."
    backend = mine.get("build-system", {}).get("build-backend")
    missing = [] if backend == wanted["build-system"]["build-backend"] else ["[build-system]"]
    missing += [] if "project" in mine else ["[project]"]
    missing += [f"[tool.{name}]" for name in wanted["tool"] if name not in tools]
    if missing:
        yield f"Give {PYPROJECT} {', '.join(missing)}, as a new project has them."
    other = [
        f"[tool.{name}] {key}"
        for name, entries in wanted["tool"].items()
        for key in entries
        if name in tools and "ini_options" not in tools[name]
        if tools[name].get(key) != entries[key]
    ]
    if other:
        yield f"Compare {', '.join(other)} in {PYPROJECT} with a new project's."
    road = text_of(fresh / PYPROJECT).partition("by the template:\n")[2].partition("    # Yours")[0]
    if lines := absent(re.findall(r'"(.+)",', road), table.get("dependencies", [])):
        yield f"Ask for what the template's part needs: uv add {lines}"
    groups = mine.get("dependency-groups", {})
    for name, entries in wanted.get("dependency-groups", {}).items():
        if lines := absent(entries, groups.get(name, [])):
            yield f"Give {PYPROJECT} the group {name}: uv add --group {name} {lines}"
    if version := table.get("version"):
        yield (
            f"Let the version come from git: git tag v{version} where that was released, and "
            'dynamic = ["version"] in the place of version.'
        )
    elif version := setup(project).get("metadata", "version", fallback=""):
        yield f"The version comes from git: git tag v{version} where that was released."


def absent(wanted: Iterable[str], mine: Iterable[object]) -> str:
    """Return the requirements that are not among one's own, as words of a command."""

    def name(requirement: object) -> str:
        found = re.match(r"[\w.-]+", str(requirement))
        return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""

    known = {name(one) for one in mine}
    return " ".join(shlex.quote(one) for one in wanted if name(one) not in known)


def merges(owners: Mapping[str, str], differ: Iterable[str]) -> Iterator[str]:
    """Yield which of the kept files have to become one with the template's."""
    kept = {
        owner: [path for path in differ if owners[path] == owner] for owner in ("shared", "road")
    }
    if kept["shared"]:
        yield (
            f"Begin {', '.join(kept['shared'])} as a new project does, your own part below its "
            "last line: until then climbs conflict there."
        )
    if kept["road"]:
        yield f"Make one of yours and the template's: {', '.join(kept['road'])}."


def strays(
    project: Path, fresh: Path, has: Mapping[str, bool], owners: Mapping[str, str]
) -> Iterator[str]:
    """Yield which files do nothing where they are, or twice what the template does."""
    own = git(project, "ls-files")
    written = [path for path in owners if (fresh / path).is_file() and path not in own]
    if hidden := git(project, "check-ignore", "--stdin", given="\n".join(written)):
        yield f"Your .gitignore keeps these out of git: git add --force {' '.join(hidden)}"
    workflows = [path for path in own if path.startswith(WORKFLOWS) and path not in owners]
    if workflows and has["packaging"]:
        yield f"Drop from {', '.join(workflows)} what the workflows of the template do, too."
    tests = [
        path
        for path in own
        if re.search(r"(^|/)test_\w+\.py$|_test\.py$", path) and not path.startswith(TESTED)
    ]
    if tests and has["unit_tests"]:
        more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
        yield f"Move your tests into tests/unit/, which is what runs: {', '.join(tests[:3])}{more}"
