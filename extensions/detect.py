"""What a project that was not made from the template already says of itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from . import answers, git, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

APPLICATION = {
    "service": r"(?m)^app\b(?!.*\b(Typer|typer|cyclopts)\b).*=",
    "cli": r"(?m)^def main\b",
}
"""Kind -> what the definition of its application looks like."""
FACTORY = r"(?m)^def ((?:create|make|build|get)_app\w*)\("
ASGI = r"(?m)^application\b.*=.*asgi"
OTHER_SERVICES = (FACTORY, ASGI)
"""What the definition of a service's application looks like under other names."""
NOT_CODE = re.compile(
    r"(^|/)(tests?|docs|ops|migrations)/|(^|/)(conftest|manage|setup|test_\w+)\.py$"
)
NOT_PACKAGES = {"docs", "src", "test", "tests"}
LICENSES = {
    "MIT": r"\A\s*MIT\s*\Z|MIT License",
    "Apache-2.0": r"\A\s*Apache-2\.0\s*\Z|Apache License|Apache Software License",
    "Proprietary": r"\A\s*(LicenseRef-)?Proprietary\s*\Z|Other/Proprietary License",
}
"""License that the template offers -> how metadata and license files name it."""
LICENSE_FILE = re.compile(r"(licen[cs]e|copying|unlicense)([.-].*)?(?<!\.py)", re.IGNORECASE)


def is_unmanaged(project: Path) -> bool:
    """Tell whether a folder has files and no answers: a project not made from the template."""
    if not project.is_dir() or (project / answers.FILE).exists():
        return False
    return not {path.name for path in project.iterdir()} <= {".git", ".venv"}


def detect_answers(project: Path) -> dict[str, str]:
    """Return the answers that a project's own files give, as far as they do.

    Args:
        project: its folder.

    Returns:
        Some of project_name, project_description, package, kind and license.
    """
    given = metadata.fields(project)
    declared = [one for one in given.get("classifiers", ()) if one.startswith("License :: ")]
    scripts = given.get("scripts", {})
    found = {
        "project_name": given.get("name"),
        "project_description": given.get("description"),
        "package": detect_package(project, scripts),
        "kind": detect_kind(project, scripts),
        "license": detect_license(project, [*declared, given.get("license")]),
    }
    return {key: one_line(str(text)) for key, text in found.items() if text}


def one_line(text: str) -> str:
    """Return a text as one line of printable characters."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())


def detect_kind(project: Path, scripts: Mapping[str, object]) -> str:
    """Return `service` or `cli`, or nothing where a project's code does not tell.

    Args:
        project: its folder.
        scripts: command -> function, as its metadata says.
    """
    if service_files(project):
        return "service"
    is_command = scripts or application_files(project, "cli")
    return "cli" if is_command else ""


def detect_package(project: Path, scripts: Mapping[str, object]) -> str:
    """Return the package or module that is the application, or nothing where that is not clear.

    It is what the commands call, or else what defines an application, or else the only one.

    Args:
        project: its folder.
        scripts: command -> function, as its metadata says.
    """
    packages = {name for one in (project / "src", project) for name in packages_in(one)}
    modules = {one.stem for one in project.glob("*.py") if not NOT_CODE.search(one.name)}
    called = {re.split(r"[.:]", str(function))[0] for function in scripts.values()}
    defining = [
        {path.removeprefix("src/").removesuffix(".py").partition("/")[0] for path in files}
        for files in (service_files(project), application_files(project, "cli"))
    ]
    known = packages | modules
    for names in (called & known, *(names & known for names in defining), packages, modules):
        if len(names) == 1:
            return names.pop()
        if names:
            return ""
    return ""


def packages_in(folder: Path) -> set[str]:
    """Return the names of the packages directly in a folder."""
    return {path.parent.name for path in folder.glob("*/__init__.py")} - NOT_PACKAGES


def service_files(project: Path) -> list[str]:
    """Return the files that define a service's application, under whatever name."""
    patterns = (APPLICATION["service"], *OTHER_SERVICES)
    return [
        path
        for path, text in code_files(project).items()
        if any(re.search(one, text) for one in patterns)
    ]


def detect_license(project: Path, declared: Iterable[object]) -> str:
    """Return the answer for a project's license: `Other` where it has one that is not offered.

    Args:
        project: its folder; a license may be above it, up to the top of the repository.
        declared: what its metadata says, each a text, a table with one, or a classifier.
    """
    named = (one.get("text") if isinstance(one, dict) else one for one in declared)
    texts = [str(one) for one in named if one]
    top = Path(git.line(project, "rev-parse", "--show-toplevel") or project)
    folders = [one for one in (project, *project.parents) if one.is_relative_to(top)]
    texts += [read_text(file)[:300] for folder in folders for file in license_files(folder)]
    texts = [text for text in texts if text.strip()]
    for answer, pattern in LICENSES.items():
        if any(re.search(pattern, text) for text in texts):
            return answer
    return "Other" if texts else ""


def license_files(folder: Path) -> list[Path]:
    """Return the license files in a folder, whatever their names."""
    return sorted(one for one in folder.iterdir() if LICENSE_FILE.fullmatch(one.name))


def code_files(project: Path) -> dict[str, str]:
    """Return path -> text of the project's own code in git, without its tests."""
    listed = git.lines(project, "ls-files", "*.py")
    return {path: read_text(project / path) for path in listed if not NOT_CODE.search(path)}


def application_files(project: Path, kind: str) -> list[str]:
    """Return the files that define an application of a kind."""
    return [
        path for path, text in code_files(project).items() if re.search(APPLICATION[kind], text)
    ]


def read_text(file: Path) -> str:
    """Return the text of a file, whatever its bytes; nothing where there is none."""
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
