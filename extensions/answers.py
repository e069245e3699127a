"""Which answers are valid. At a terminal and in the hook, the same function says what is wrong."""

from __future__ import annotations

import keyword
import re
import sys
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from . import dependents, levels, names

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = ".copier-answers.yml"
"""Where a project records its answers."""
KEPT = "_kept_answers"
"""The key of that file with answers that the project's level does not ask for."""
ALWAYS_RECORDED = ("project_name", "package", "kind", "level")
"""Answers that every project has in that file."""
KINDS = {"service": "service", "cli": "command-line program"}
ARTIFACTS = {
    "service": {"Container image": "container"},
    "cli": {"Wheel": "wheel", "Stand-alone binary": "binary"},
}
"""Kind -> the choices of the question `artifact`."""
RESERVED = {"alembic", "boto3", "fastapi", "migrations", "ops", "psycopg", "pydantic", "src"}
RESERVED |= {"hatchling", "httpx2", "mypy", "openfeature", "prek", "pytest", "ruff", "sqlalchemy"}
RESERVED |= {"starlette", "test", "testcontainers", "tests", "uvicorn"}
"""Names of packages and folders that a project of some level has beside its own package."""


@lru_cache(maxsize=1)
def questions() -> dict[str, dict[str, Any]]:
    """Return the questions in `copier.yml`."""
    read = levels.load_yaml(levels.ROOT / "copier.yml")
    return {key: question for key, question in read.items() if not key.startswith("_")}


def kept_answers(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that a project gave once and that its level does not ask for.

    Args:
        before: what the project had recorded.
        after: what it will record.
    """
    kept = before.get(KEPT)
    given = {**kept} if isinstance(kept, dict) else {}
    given |= {key: before[key] for key in questions() if key in before}
    return {key: answer for key, answer in given.items() if key not in after}


def are_ours(recorded: Mapping[str, Any]) -> bool:
    """Tell whether recorded answers are of a project of this template, and not of another one.

    A file that has lost one of its answers is still ours.
    """
    return len({"kind", "level", "package"} & recorded.keys()) > 1


def recorded_error(before: Mapping[str, Any]) -> str:
    """Return what is missing in the answers of a project that has some, in one sentence."""
    lost = [key for key in ALWAYS_RECORDED if before and before.get(key) is None]
    if not lost:
        return ""
    return (
        f"{FILE} has lost {' and '.join(lost)}: restore it with "
        f"`git checkout COMMIT -- {FILE}`, of a commit that has it whole, and commit it."
    )


def error_in(answers: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Return what is wrong with a project's answers, in one sentence; nothing if they are valid.

    Args:
        answers: as recorded or given, perhaps as text: `--data level=2` is `"2"`.
        before: what the project had answered.
    """
    return next(filter(None, (error_of(key, answers, before) for key in questions())), "")


def error_of(key: str, answers: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Return what is wrong with one answer, in one sentence; nothing if it is valid or missing.

    Args:
        key: the question.
        answers: all answers so far, among which the one in question.
        before: what the project had answered.
    """
    if answers.get(key) is None:
        return ""
    answer = answers[key]
    text = str(answer)
    cli = answers.get("kind") == "cli"
    if key == "project_name":
        package = str(answers.get("package") or names.package(text))
        return project_name_error(text) or package_error(package)
    if key == "project_description":
        return description_error(text)
    if key == "package":
        return package_error(text)
    if key == "owner":
        return owner_error(text) if text else ""
    if key == "level":
        return level_error(text)
    if key == "dependents":
        return dependents_error(answer, cli=cli)
    if key == "artifact" and text:
        return artifact_error(text, "cli" if cli else "service")
    if key == "backing_services" and cli and parsed(answer) == []:
        return ""
    if error := choice_error(key, answer):
        return error
    if key == "kind" and before.get("kind") in KINDS and before["kind"] != answer:
        was = KINDS[before["kind"]]
        return (
            f"The kind of a project cannot change from {was}: make a new project, and move your "
            "code there."
        )
    if key == "feature_flags" and cli and parsed(answer) is True:
        return "Feature flags are for services: an installed program is not switched remotely."
    if key == "backing_services" and cli and "s3" in text:
        return "An S3 store is for services: a command-line program can have Postgres."
    return ""


def project_name_error(name: str) -> str:
    """Return why this cannot be a project's name, or nothing."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,38}[A-Za-z0-9]|[A-Za-z]", name):
        return ""
    return (
        f"{name!r} is not a project name: use letters, digits, spaces, dots, hyphens and "
        "underscores, 40 characters at most, a letter or digit at both ends."
    )


def description_error(description: str) -> str:
    """Return why this cannot be a project's description, or nothing."""
    if description.isprintable():
        return ""
    return f"{description!r} is not a description: use one line of printable characters."


def package_error(package: str) -> str:
    """Return why this cannot be the name of the project's package, or nothing."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", package):
        reason = "a package name is lower-case letters, digits and underscores, a letter first"
    elif keyword.iskeyword(package) or keyword.issoftkeyword(package):
        reason = "it is a keyword of Python"
    elif package in sys.stdlib_module_names:
        reason = "Python's standard library has a module of that name"
    elif package in RESERVED:
        reason = "the project needs another package or folder of that name"
    else:
        return ""
    return (
        f"{package!r} cannot be the package's name: {reason}. Choose another project name, "
        "or set the package's with --data package=NAME."
    )


def owner_error(owner: str) -> str:
    """Return why this cannot be a user or organization of the forge, or nothing."""
    if re.fullmatch(r"(?!.{40})[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?", owner):
        return ""
    return (
        f"{owner!r} is not a GitHub user or organization: use letters, digits and single hyphens, "
        "39 characters at most."
    )


def level_error(level: str) -> str:
    """Return why there is no such level, or nothing."""
    if re.fullmatch(r"[0-9]+", level) and int(level) < len(levels.levels()):
        return ""
    return f"There is no level {level}: choose one from 0 to {len(levels.levels()) - 1}."


def artifact_error(artifact: str, kind: str) -> str:
    """Return why a project of this kind cannot have this artifact, or nothing."""
    choices = ARTIFACTS[kind].values()
    if artifact in choices:
        return ""
    wanted = " or ".join(choices)
    return f"artifact cannot be {artifact} for a {KINDS[kind]}: choose {wanted}."


def dependents_error(answer: object, *, cli: bool) -> str:
    """Return why these cannot be the project's dependents, or nothing."""
    try:
        found = dependents.parse(answer)
    except ValueError as error:
        return str(error)
    if found and cli:
        return "Dependents are for services: the tests of a program start no stack."
    return ""


def choice_error(key: str, answer: object) -> str:
    """Return why this is none of the choices in `copier.yml`, or nothing."""
    question = questions()[key]
    if question["type"] == "bool":
        choices = ["true", "false"]
    elif isinstance(question.get("choices"), dict):
        choices = list(question["choices"].values())
    else:
        return ""
    answer = parsed(answer)
    if question.get("multiselect"):
        if not isinstance(answer, list) and answer:
            return f"{key} is a list: give for example {key}='[{', '.join(choices)}]'."
        if not answer:
            return f"{key} is empty: choose from {', '.join(choices)}, or stay below level 6."
    for one in answer if isinstance(answer, list) else [answer]:
        if (str(one).lower() if isinstance(one, bool) else one) not in choices:
            several = question.get("multiselect")
            wanted = f"from {', '.join(choices)}" if several else " or ".join(choices)
            return f"{key} cannot be {one!s}: choose {wanted}."
    return ""


def parsed(answer: object) -> object:
    """Return an answer as Copier reads it: what `--data` gives is YAML text."""
    if isinstance(answer, str):
        with suppress(yaml.YAMLError):
            return yaml.safe_load(answer)
    return answer
