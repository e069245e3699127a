"""The ladder as data: what `ladder.yml` says, and what follows from it for a project's answers."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from . import dependents, git, schema
from .schema import LOADER, Company, Entry, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template"
COMPANY = ROOT / "company.yml"
SCRIPT = "{package}.py"
SOURCE = "src/{package}/"
MODULE = f"{SOURCE}__init__.py"
TEXT_FIELDS = ("meaning", "climb_when", "not_yet", "cost")
WRITTEN_ONCE = ("sample", "write-once")
"""Owners whose files an update does not render."""


def load_yaml(file: Path) -> Any:
    """Return what a YAML file says, with the fast loader where PyYAML has one."""
    return yaml.load(file.read_text(encoding="utf-8"), LOADER)


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the ladder's `levels`, lowest first, and its `additions`."""
    return schema.load(ROOT / "extensions" / "ladder.yml", Table)


def levels() -> list[Entry]:
    """Return the levels, lowest first."""
    return table().levels


@lru_cache(maxsize=1)
def additions() -> list[Entry]:
    """Return what options and the company add to the levels, the company's last."""
    return [*table().additions, *company().additions]


@lru_cache(maxsize=1)
def company() -> Company:
    """Return `company.yml`, which docs describe: a company's `defaults` and `additions`.

    Raises:
        ValueError: the file is wrong; says how, in one line for each fault.
    """
    return schema.load(COMPANY, Company) if COMPANY.exists() else Company()


def template_file(path: str) -> Path | None:
    """Return the file in `template/` that a path of the table is rendered from, if there is one."""
    file = TEMPLATE / path.replace("{package}", "{{ package }}")
    found = (file.with_name(f"{file.name}.jinja"), file)
    return next((one for one in found if one.is_file()), None)


def entries() -> list[Entry]:
    """Return the levels and what is added to them."""
    return [*levels(), *additions()]


@lru_cache
def entries_of(version: str) -> list[Entry]:
    """Return the entries of another version of this template; none where git does not have it.

    Args:
        version: a tag or commit, as a project has recorded it.
    """
    rows: list[dict[str, Any]] = []
    for file in ("extensions/ladder.yml", COMPANY.name):
        text = git.output(ROOT, "show", f"{version}:./{file}")
        read = yaml.load(text, LOADER) if text else {}
        rows += [*read.get("levels", []), *read.get("additions", [])]
    known = Entry.model_fields.keys()  # another version may have other fields
    return [Entry.model_construct(**{key: row[key] for key in known & row.keys()}) for row in rows]


def active_entries(answers: Mapping[str, Any], among: Iterable[Entry] = ()) -> list[Entry]:
    """Return the entries that apply to a project with these answers, lowest level first.

    Args:
        answers: the project's.
        among: the entries of another version of the template, if not of this one.
    """
    has, level = capabilities(answers), int(answers["level"])
    active = (one for one in among or entries() if one.level <= level and has.get(one.when, False))
    return sorted(active, key=lambda entry: entry.level)


def entries_before(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Entry]:
    """Return the entries that a project had, as the version of the template that it had says.

    Args:
        before: what it had answered.
        after: what it has answered.
    """
    version = str(before.get("_commit"))
    return active_entries(before, entries_of(version) if version != after.get("_commit") else ())


def text(level: int, name: str, answers: Mapping[str, Any]) -> str:
    """Return a text field of a level as it holds for a project with these answers.

    Args:
        level: whose text.
        name: one of `TEXT_FIELDS`.
        answers: the project's; their level must not be lower.
    """
    texts = [getattr(one, name) for one in active_entries(answers) if one.level == level]
    return next((str(one) for one in reversed(texts) if one), "")


def paths(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return path -> owner of every file that a project with these answers has."""
    return paths_of(active_entries(answers), answers)


def paths_before(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Return path -> owner of every file that a project got from the version that it had.

    Args:
        before: what it had answered.
        after: what it has answered.
    """
    return paths_of(entries_before(before, after), before)


def paths_of(entries: Iterable[Entry], answers: Mapping[str, Any]) -> dict[str, str]:
    """Return path -> owner of every file that entries, lowest level first, give to a project."""
    found: dict[str, str] = {}
    for entry in entries:
        for path in entry.drops:
            found.pop(path, None)  # which only some kinds have
        found.update(entry.adds)
    return {path.format(package=answers["package"]): owner for path, owner in found.items()}


def all_paths(package: str) -> set[str]:
    """Return the path of every file that any project has."""
    return {path.format(package=package) for entry in entries() for path in entry.adds}


def excluded_paths(answers: Mapping[str, Any], without: Collection[str] = ()) -> set[str]:
    """Return the files of the template that a project with these answers must not get.

    Of a folder with no file that it gets, the folder.

    Args:
        answers: the project's.
        without: owners whose files it must not get either.
    """
    wanted = {path for path, owner in paths(answers).items() if owner not in without}
    folders = {one for path in wanted for one in parents(path)}
    unwanted = all_paths(str(answers["package"])) - wanted
    return {
        next((folder for folder in parents(path) if folder not in folders), path)
        for path in unwanted
    }


def parents(path: str) -> list[str]:
    """Return the folders above a path, the outermost first."""
    return [str(one) for one in PurePosixPath(path).parents if one.name][::-1]


def required_checks(answers: Mapping[str, Any]) -> list[str]:
    """Return the checks that a pull request needs, those of the highest level first."""
    highest_first = sorted(active_entries(answers), key=lambda entry: -entry.level)
    found = (check for entry in highest_first for check in entry.required_checks)
    return list(dict.fromkeys(found))  # options may require the same one


def settings(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return name -> purpose of every variable and secret that the forge must be given."""
    return settings_of(active_entries(answers))


def settings_of(entries: Iterable[Entry]) -> dict[str, str]:
    """Return name -> purpose of every setting that entries have."""
    return {name: use for entry in entries for name, use in entry.settings.items()}


def dependent_services(answers: Mapping[str, Any]) -> list[dependents.Dependent]:
    """Return the services that the project's stack starts beside its own."""
    has = capabilities(answers)
    wanted = has["system_tests"] and has["service"]
    return dependents.parse(answers.get("dependents")) if wanted else []


def capabilities(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Return capability -> whether a project with these answers has it.

    These are the names that conditions in the template and `when` in the table use.
    """
    level = int(answers["level"])
    has = {one.capability: one.level <= level for one in levels()}
    backing = answers.get("backing_services") or []
    service, cli = (answers.get("kind", "service") == kind for kind in ("service", "cli"))
    binary = cli and answers.get("artifact") == "binary"
    delivered = has["continuous_delivery"]
    by_itself = has["continuous_deployment"]
    none_needed = cli and answers.get("backing_services") in ([], "[]", "")
    dependents_given = answers.get("dependents") not in (None, "", [], "[]")
    return has | {
        "always": True,
        "service": service,
        "cli": cli,
        "container": has["packaging"] and service,
        "wheel": has["packaging"] and cli and not binary,
        "binary": has["packaging"] and binary,
        "backing": has["integration_tests"] and not none_needed,
        "no_backing": has["integration_tests"] and none_needed,
        "postgres": has["integration_tests"] and "postgres" in backing,
        "s3": has["integration_tests"] and service and "s3" in backing,
        "feature_flags": delivered and service and bool(answers.get("feature_flags")),
        "own_license": has["source_control"] and answers.get("license") == "Other",
        "components": by_itself and service and dependents_given,
        "live_dangerously": delivered and not by_itself and bool(answers.get("live_dangerously")),
    }
