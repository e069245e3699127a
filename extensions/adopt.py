"""A project that was not made from the template is adopted: which requirements it does not meet.

docs/reference/contract.md says what the template expects of an application. Nothing here writes a
file.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import detect, git, levels, metadata, purposes, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WORKFLOWS = ".github/workflows/"
TEST_FOLDERS = (
    "tests/unit/",
    "tests/contract/",
    "tests/integration/",
    "tests/system/",
    "tests/smoke/",
)
TEST_SETTINGS = "tests/conftest.py"
SET_BY_TESTS = re.compile(r"PORT|VERSION|DATABASE_URL|(S3|AWS)_\w+|FEATURE_FLAGS\w*")


@dataclass(frozen=True)
class Adoption:
    """A project as it was before the copy, and what the copy was asked for."""

    project: Path
    fresh: Path
    """A new project with the same answers, to compare with."""
    answers: Mapping[str, Any]

    @property
    def package(self) -> str:
        """The import name."""
        return str(self.answers["package"])

    @property
    def kind(self) -> str:
        """`service` or `cli`."""
        return str(self.answers["kind"])

    @property
    def has(self) -> dict[str, bool]:
        """The capabilities that the project gets."""
        return levels.capabilities(self.answers)

    @property
    def owners(self) -> dict[str, str]:
        """Path -> owner of what the template has for the project."""
        return levels.paths(self.answers)

    @property
    def application(self) -> str:
        """Where the template expects the application."""
        place = levels.MODULE if self.has["packaging"] else levels.SCRIPT
        return place.format(package=self.package)

    def kept(self) -> list[str]:
        """Return the files that stay although the template would write them differently."""
        return [
            path
            for path, owner in sorted(self.owners.items())
            if owner != "sample" and (self.project / path).exists()
            if (self.project / path).read_bytes() != (self.fresh / path).read_bytes()
        ]

    def missing_requirements(self) -> Iterator[str]:
        """Yield what is left to do until the contract holds, each in a sentence."""
        yield from self.missing_in_application()
        if self.has["packaging"]:
            yield from self.missing_in_pyproject()
        elif "# /// script" not in detect.read_text(self.project / self.application):
            for name in metadata.files_with_dependencies(self.project):
                what = "-r requirements.txt" if name == "requirements.txt" else "NAME …"
                add = f"uv add --script {self.application} {what}"
                yield f"Give {self.application} a header with the dependencies in {name}: {add}"
        yield from self.files_to_merge()
        yield from self.files_of_higher_levels()
        yield from purposes.duplicates(self.project, self.owners, linted=self.has["unit_tests"])
        yield from self.files_without_effect()

    def missing_in_application(self) -> Iterator[str]:
        """Yield what is wrong with the place, the name and the behaviour of the application."""
        code = detect.code_files(self.project)
        pattern = detect.APPLICATION[self.kind]
        place, folder = self.application, f"{self.package}/"
        name, called = ("main", "main()") if self.has["cli"] else ("app", "`app`")
        defining = [path for path, text in code.items() if re.search(pattern, text)]
        only = defining[0] if len(defining) == 1 else ""
        script = levels.SCRIPT.format(package=self.package)  # the copy moves it to its place
        homes = [place, script, *([f"{folder}__init__.py"] if self.has["packaging"] else [])]
        home = next((one for one in homes if one in code), "")
        if home.startswith(folder):
            move = f"mkdir -p src && git mv {self.package} src/{self.package}"
            yield f"Move the package to src/: {move}"
        elif not home:
            new = self.has["packaging"] and not any(
                path.startswith(f"src/{folder}") for path in code
            )
            make = f"mkdir -p src/{self.package} && " if new else ""
            move = f": {make}git mv {only} {place}" if only else "."
            yield f"Put the application, with its {called}, into {place}{move}"
        everything = "\n".join(code.values())
        if home and not re.search(rf"{pattern}|\bimport\b.*\b{name}\b", code[home]):
            if only and only.startswith(home.removesuffix("__init__.py")) and "__init__" in home:
                yield f"Import the application in {place}: from {module_of(only)} import {name}"
            elif self.has["cli"]:
                yield f"Define a function main() in {place}: it is the command."
            else:
                yield named_application(code, place)
        if self.has["cli"]:
            if not re.search(r"--version|version_option", everything):
                yield "Add an option --version that prints the version."
            elif not reads(everything, "VERSION"):
                yield "Let --version print the environment variable VERSION where it is set."
            return
        if "Flask(" in everything and not re.search(r"asgiref|a2wsgi|WSGIMiddleware", everything):
            yield (
                f"Flask speaks WSGI: run uv add asgiref, and end {place} with: from asgiref.wsgi "
                "import WsgiToAsgi; app = WsgiToAsgi(app)"
            )
        if "web.Application(" in everything:
            yield "aiohttp has no ASGI application: serve it with an ASGI framework instead."
        if "/healthz" not in everything:
            yield "Answer GET /healthz with the status and the version."
        elif not reads(everything, "VERSION"):
            yield "Let /healthz return the environment variable VERSION as the version."
        if not self.has["packaging"] and not reads(everything, "PORT"):
            yield f"Start a server on $PORT when {place} is run."
        for service, address, variable in (
            ("postgres", "the database's URL", "DATABASE_URL"),
            ("s3", "the store's endpoint", "S3_ENDPOINT_URL"),
        ):
            if self.has[service] and not reads(everything, variable):
                yield f"Read {address} from {variable}."
        if self.has["unit_tests"]:
            given = detect.read_text(self.project / TEST_SETTINGS)
            if absent := [one for one in required_settings(everything) if one not in given]:
                yield (
                    f"Give the tests what the application needs to start, in SETTINGS in "
                    f"{TEST_SETTINGS}: {', '.join(absent)}."
                )

    def missing_in_pyproject(self) -> Iterator[str]:
        """Yield what pyproject.toml needs, which the copy writes where there is none."""
        own = metadata.read_toml(self.project / pyproject.FILE)
        tools = own.get("tool", {})
        others = metadata.files_with_dependencies(self.project)
        for name in [*others, *(["[tool.poetry]"] if "poetry" in tools else [])]:
            command = {
                "requirements.txt": "uv add -r requirements.txt",
                "[tool.poetry]": "uvx migrate-to-uv",
            }.get(name, "uv add NAME …")
            yield f"Move the dependencies in {name} to {pyproject.FILE}: {command}"
        yield from self.missing_in_python()
        if (self.project / pyproject.FILE).is_file():
            yield from self.differences_of_pyproject(own)
        if version := metadata.fields(self.project).get("version"):
            and_then = (
                ', and replace version with dynamic = ["version"]'
                if "version" in own.get("project", {})
                else ""
            )
            yield (
                f"Take the version from git: run git tag v{version} on the commit of that "
                f"release{and_then}."
            )

    def differences_of_pyproject(self, own: Mapping[str, Any]) -> Iterator[str]:
        """Yield what the project's own pyproject.toml lacks of a new project's."""
        wanted = metadata.read_toml(self.fresh / pyproject.FILE)
        table, tools = own.get("project", {}), own.get("tool", {})
        if "ini_options" in tools.get("pytest", {}):
            yield f"Replace [tool.pytest.ini_options] with [tool.pytest] in {pyproject.FILE}."
        backend = own.get("build-system", {}).get("build-backend")
        missing = [] if backend == wanted["build-system"]["build-backend"] else ["[build-system]"]
        missing += [] if "project" in own else ["[project]"]
        missing += [f"[tool.{name}]" for name in wanted["tool"] if name not in tools]
        if missing:
            yield f"Add {', '.join(missing)} to {pyproject.FILE}, as in a new project."
        if different := list(different_settings(tools, wanted["tool"])):
            joined = ", ".join(different)
            yield f"Compare {joined} in {pyproject.FILE} with a new project's."
        needed, _ = pyproject.dependencies(detect.read_text(self.fresh / pyproject.FILE))
        if absent := pyproject.unmet(needed, table.get("dependencies", [])):
            yield f"Add the template's dependencies: uv add {shlex.join(absent)}"
        groups = own.get("dependency-groups", {})
        for group, entries in wanted.get("dependency-groups", {}).items():
            if absent := pyproject.unmet(entries, groups.get(group, [])):
                add = f"uv add --group {group} {shlex.join(absent)}"
                yield f"Add the group {group} to {pyproject.FILE}: {add}"

    def missing_in_python(self) -> Iterator[str]:
        """Yield what is wrong with the versions of Python that the project allows."""
        requires = str(metadata.fields(self.project).get("requires-python", ""))
        own, new = (folder / ".python-version" for folder in (self.project, self.fresh))
        pinned = detect.read_text(own if own.is_file() else new).strip()
        wanted = str(metadata.read_toml(self.fresh / pyproject.FILE)["project"]["requires-python"])
        oldest = wanted.removeprefix(">=")
        older = (f"3.{minor}" for minor in range(int(oldest.removeprefix("3."))))
        try:
            is_older = any(pyproject.allows(requires, one) for one in older)
            pin = pyproject.python_for(requires or wanted, pinned)
            too_old = bool(requires) and not pin and not pyproject.allows(requires, pinned)
        except ValueError:  # such as Poetry's ^3.11, or pypy
            return
        if too_old:
            yield f"Support Python {oldest} or newer, which the template needs: not {requires}."
        elif requires and is_older and (self.project / pyproject.FILE).is_file():
            new_range = ",".join([wanted, *bounds_above(requires)])
            yield (
                f'Set requires-python to "{new_range}" in {pyproject.FILE} before you add '
                f"dependencies: the template's need Python {oldest}."
            )
        if pin:
            yield (
                f"{pyproject.FILE} requires Python {requires}, and .python-version has {pinned}: "
                f"run uv python pin {pin}"
            )
            own, new = (folder / "Dockerfile" for folder in (self.project, self.fresh))
            if f"python:{pinned}-slim" in detect.read_text(own if own.is_file() else new):
                yield f"Replace python:{pinned}-slim by python:{pin}-slim in Dockerfile."

    def files_to_merge(self) -> Iterator[str]:
        """Yield which of the kept files must be merged with the template's."""
        kept: dict[str, list[str]] = {}
        for path in self.kept():
            kept.setdefault(self.owners[path], []).append(path)
        if shared := kept.get("shared"):
            yield (
                f"Merge {', '.join(shared)}: begin with a new project's text, and put your own "
                "below its last line; otherwise climbs conflict there."
            )
        if managed := kept.get("managed"):
            yield f"Merge each of your files with the template's version: {', '.join(managed)}."

    def files_of_higher_levels(self) -> Iterator[str]:
        """Yield which of the project's files a climb will have to be merged with."""
        level = int(self.answers["level"])
        defaults = {"backing_services": ["postgres"], **self.answers}
        for higher in range(level + 1, len(levels.levels())):
            paths = levels.paths({**defaults, "level": higher})
            known = levels.paths({**defaults, "level": higher - 1})
            found = [
                path
                for path, owner in sorted(paths.items())
                if owner in {"managed", "shared"} and path not in known
                if (self.project / path).exists()
            ]
            if found:
                yield f"Level {higher} adds {', '.join(found)}: merge yours when you climb."

    def files_without_effect(self) -> Iterator[str]:
        """Yield which files do nothing where they are, or repeat what the template does."""
        tracked = git.lines(self.project, "ls-files")
        workflows = [one for one in tracked if one.startswith(WORKFLOWS) if one not in self.owners]
        if workflows and self.has["packaging"]:
            joined = ", ".join(workflows)
            yield f"Remove from {joined} the jobs that the template's workflows repeat."
        test = re.compile(r"(^|/)test_\w+\.py$|_test\.py$")
        tests = [one for one in tracked if test.search(one) and not one.startswith(TEST_FOLDERS)]
        if tests and self.has["unit_tests"]:
            listed = ", ".join(tests[:3])
            more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
            yield f"Move your tests to tests/unit/, where CI runs them: {listed}{more}"
        elif self.has["unit_tests"] and not any(one.startswith("tests/unit/") for one in tracked):
            yield "Write a first test in tests/unit/: without one, the check of unit tests fails."


def required_settings(code: str) -> list[str]:
    """Return the environment variables without which code fails and which the tests do not set."""
    found = re.findall(r"\benviron\[[\"'](\w+)[\"']\](?!\s*=[^=])", code)  # not what it sets
    return sorted({one for one in found if not SET_BY_TESTS.fullmatch(one)})


def module_of(path: str) -> str:
    """Return the import name of a file, such as `visits.web` of `src/visits/web.py`."""
    return path.removeprefix("src/").removesuffix(".py").replace("/", ".")


def named_application(code: Mapping[str, str], place: str) -> str:
    """Return what gives a service its `app`, where nothing is called so yet.

    Args:
        code: path -> text of the project's code.
        place: where the template looks for `app`.
    """
    for path, text in code.items():
        if re.search(detect.ASGI, text):
            module = module_of(path)
            return f"Import the application in {place}: from {module} import application as app"
        if factory := re.search(detect.FACTORY, text):
            source = "" if path == place else f"from {module_of(path)} import {factory[1]}; "
            return f"Call the factory in {place}: {source}app = {factory[1]}()"
    return f"Call the ASGI application in {place} `app`."


def reads(code: str, variable: str) -> bool:
    """Tell whether code reads an environment variable, perhaps as a field of a settings class."""
    return variable in code or ("BaseSettings" in code and variable.lower() in code)


def bounds_above(requires: str) -> list[str]:
    """Return the parts of a requirement that bound the version from above, or leave one out."""
    return [one.strip() for one in requires.split(",") if one.strip().startswith(("<", "!="))]


def different_settings(own: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield which settings of tools differ from what a new project has."""
    for tool, entries in wanted.items():
        if tool in own and "ini_options" not in own[tool]:
            for key, value in entries.items():
                if own[tool].get(key) != value:
                    yield f"[tool.{tool}] {key}"
