"""What a project that was not made from the template already says of itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import answers, git, pyproject

if TYPE_CHECKING:
    import configparser
    from collections.abc import Iterable

APPLICATION = {"service": r"(?m)^app\b.*=", "cli": r"(?m)^def main\b"}
"""Kind -> what the definition of its application looks like."""
NOT_CODE = re.compile(r"(^|/)(tests?|docs|ops|migrations)/|(^|/)(conftest|setup|test_\w+)\.py$")
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
    metadata, config = read_toml(project / pyproject.FILE), read_setup(project)
    table, poetry = metadata.get("project", {}), metadata.get("tool", {}).get("poetry", {})
    scripts = table.get("scripts") or poetry.get("scripts")
    scripts = scripts or config.get("options.entry_points", "console_scripts", fallback="")
    classifiers = [*table.get("classifiers", ()), *poetry.get("classifiers", ())]
    classifiers += config.get("metadata", "classifiers", fallback="").splitlines()
    declared = [one for one in classifiers if one.strip().startswith("License :: ")]
    declared += [table.get("license"), poetry.get("license")]
    declared += [config.get("metadata", "license", fallback="")]
    found = {
        "project_name": table.get("name") or poetry.get("name"),
        "project_description": table.get("description") or poetry.get("description"),
        "package": detect_package(project),
        "kind": "cli" if scripts and not application_files(project, "service") else "",
        "license": detect_license(project, declared),
    }
    for key, option in (("project_name", "name"), ("project_description", "description")):
        found[key] = found[key] or config.get("metadata", option, fallback="")
    return {key: one_line(str(text)) for key, text in found.items() if text}


def one_line(text: str) -> str:
    """Return a text as one line of printable characters."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())


def detect_package(project: Path) -> str:
    """Return the only package, or else the module that is the application, or nothing."""
    for folder in (project / "src", project):
        names = {path.parent.name for path in folder.glob("*/__init__.py")} - NOT_PACKAGES
        if len(names) == 1:
            return names.pop()
    modules = [path for path in sorted(project.glob("*.py")) if not NOT_CODE.search(path.name)]
    if len(modules) > 1:
        applications = re.compile("|".join(APPLICATION.values()).replace("(?m)", ""), re.MULTILINE)
        modules = [path for path in modules if applications.search(read_text(path))]
    return modules[0].stem if len(modules) == 1 else ""


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


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file; nothing where it cannot be read."""
    try:
        return parse_toml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def parse_toml(text: str) -> dict[str, Any]:
    """Return the content of a TOML text; nothing where it is not TOML."""
    try:
        return tomllib.loads(text)
    except ValueError:
        return {}


def read_setup(project: Path) -> configparser.ConfigParser:
    """Return the content of setup.cfg; nothing where it cannot be read."""
    import configparser  # rarely needed

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(project / "setup.cfg", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser.clear()
    return parser


def read_text(file: Path) -> str:
    """Return the text of a file, whatever its bytes; nothing where there is none."""
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
