"""The ladder as plain data, read from `ladder.yml`.

Apart from the extension, so that the mover starts without loading Copier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
SCRIPT = "{package}.py"
MODULE = "src/{package}/__init__.py"
TEMPLATE = HERE.parent / "template"
COMPANY = HERE.parent / "company.yml"
PRESET = {"level", "license", "owner", "project_description"}
SERVICES = {"app", "database", "migrations", "proxy", "store"}
LISTED = "write it as [{name: catalog, image: ghcr.io/acme/catalog:1.4.2, port: 8000}]"
TOLD = ("meaning", "climb_when", "not_yet", "cost")
OWNERS = {"starter", "seeded", "road", "shared"}


@dataclass(frozen=True)
class Level:
    """One rung of the ladder; `ladder.yml` says what each field means."""

    level: int
    name: str
    capability: str
    meaning: str
    climb_when: str
    not_yet: str
    cost: str
    adds: Mapping[str, str]
    set_up: list[str]
    drops: list[str] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """What an option brings to a level, or a company of its own to every project of it."""

    level: int
    when: str = "always"
    meaning: str = ""
    climb_when: str = ""
    not_yet: str = ""
    cost: str = ""
    adds: Mapping[str, str] = field(default_factory=dict)
    set_up: list[str] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    settings: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def read() -> Mapping[str, Any]:
    """Return what `ladder.yml` says."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (HERE / "ladder.yml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, loader)
    return found


@lru_cache(maxsize=1)
def table() -> tuple[Level, ...]:
    """Return the ladder, lowest level first."""
    return tuple(Level(**row) for row in read()["levels"])


@lru_cache(maxsize=1)
def parts() -> tuple[Part, ...]:
    """Return what comes beside the levels, a company's own last."""
    return tuple(Part(**row) for row in read()["parts"] + company().get("parts", []))


@lru_cache(maxsize=1)
def company() -> Mapping[str, Any]:
    """Return what a company adds, as docs/company.md says: `defaults` and `parts`.

    Raises:
        ValueError: the file is not as it should be; says what is wrong in one sentence.
    """
    if not COMPANY.is_file():
        return {}
    try:
        found = yaml.safe_load(COMPANY.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it has neither defaults nor parts")
        wrong = [problem for row in found.get("parts", []) for problem in wrong_with(Part(**row))]
        wrong += [f"it has no place for {key}" for key in {*found} - {"defaults", "parts"}]
        preset = {*found.get("defaults", ())}
        wrong += [f"no default of {key} can be set" for key in preset - PRESET]
    except (TypeError, ValueError, yaml.YAMLError) as problem:
        wrong = [" ".join(str(problem).split())]
    if wrong:
        raise ValueError(f"The template's {COMPANY.name} cannot be used: {wrong[0]}.")
    return dict(found)


def wrong_with(part: Part) -> Iterator[str]:
    """Yield what cannot be of a company's part."""
    if part.level not in range(len(table())):
        yield f"there is no level {part.level}"
    if part.when not in capabilities({"level": 0}):
        yield f"there is no capability {part.when}"
    for path, owner in part.adds.items():
        if owner not in OWNERS:
            yield f"{path} has the owner {owner}, which is none of {', '.join(sorted(OWNERS))}"
        file = TEMPLATE / path.replace("{package}", "{{ package }}")
        if not (file.exists() or file.with_name(f"{file.name}.jinja").exists()):
            yield f"template/ has no {path}"


def slug_of(name: str) -> str:
    """Return the name as artifacts and hosts have it: `Link Shortener` -> `link-shortener`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def rows(answers: Mapping[str, Any]) -> Iterator[Level | Part]:
    """Yield all that a project with these answers has, lowest level first."""
    has = capabilities(answers)
    for level in table()[: int(answers["level"]) + 1]:
        yield level
        yield from (part for part in parts() if part.level == level.level and has[part.when])


def told(level: int, word: str, answers: Mapping[str, Any]) -> str:
    """Return what people read of a level, such as its meaning, in a project with these answers."""
    found: list[str] = [getattr(row, word) for row in rows(answers) if row.level == level]
    return list(filter(None, found))[-1]


def paths(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return path -> owner of everything that a project with these answers has."""
    found: dict[str, str] = {}
    for row in rows(answers):
        for path in row.drops:
            del found[path]
        found.update(row.adds)
    return {path.format(package=answers["package"]): owner for path, owner in found.items()}


def all_paths(package: str) -> dict[str, str]:
    """Return path -> owner of everything that any project has."""
    every: list[Level | Part] = [*table(), *parts()]
    return {
        path.format(package=package): owner for row in every for path, owner in row.adds.items()
    }


def gates(answers: Mapping[str, Any]) -> list[str]:
    """Return the checks that a pull request needs, those of the highest level first."""
    highest_first = sorted(rows(answers), key=lambda row: -row.level)
    return [gate for row in highest_first for gate in row.gates]


def settings(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return name -> use of every variable and secret that the forge must be given."""
    return {name: use for row in rows(answers) for name, use in row.settings.items()}


def dependents(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the applications that the stack needs: name, image, port, repository and variable.

    The repository is the image without its tag; the variable tells the application the address.

    Raises:
        ValueError: the answer is no list of such; says what is wrong in one sentence.
    """
    given = answers.get("dependents") or []
    if isinstance(given, str):
        try:
            given = yaml.safe_load(given) or []
        except yaml.YAMLError:
            raise ValueError(f"dependents is not YAML: {LISTED}.") from None
    if not isinstance(given, list):
        raise ValueError(f"dependents is no list: {LISTED}.")
    for number, one in enumerate(given):
        if not isinstance(one, dict) or set(one) != {"name", "image", "port"}:
            raise ValueError(f"A dependent has a name, an image and a port: {LISTED}.")
        name, image, port = str(one["name"]), str(one["image"]), one["port"]
        if not re.fullmatch(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", name):
            raise ValueError(f"A dependent cannot be called {name}: use a-z, 0-9 and hyphens.")
        if name in SERVICES or name in {other["name"] for other in given[:number]}:
            raise ValueError(f"A dependent cannot be called {name}: the stack has one already.")
        if not re.fullmatch(r"[a-z0-9][\w.:/-]*(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})", image):
            raise ValueError(f"{image} names no version: give {name}'s image with an exact tag.")
        if type(port) is not int or port not in range(1, 65536):
            raise ValueError(f"{name} cannot listen on port {port}: give a number up to 65535.")
    return [
        one
        | {
            "repository": re.sub(r"(:[\w.-]+|@sha256:\w+)$", "", one["image"]),
            "variable": f"{one['name'].upper().replace('-', '_')}_URL",
        }
        for one in given
    ]


def capabilities(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Return the names that conditions in the templates use: the levels', then the options'."""
    level = int(answers["level"])
    has = {row.capability: row.level <= level for row in table()}
    services = answers.get("backing_services") or []
    cli = answers.get("kind") == "cli"
    binary = cli and answers.get("artifact") == "binary"
    return has | {
        "always": True,
        "service": not cli,
        "cli": cli,
        "container": has["packaging"] and not cli,
        "wheel": has["packaging"] and cli and not binary,
        "binary": has["packaging"] and binary,
        "postgres": has["integration_tests"] and "postgres" in services,
        "s3": has["integration_tests"] and not cli and "s3" in services,
        "feature_flags": has["continuous_delivery"]
        and not cli
        and bool(answers.get("feature_flags")),
        "components": has["continuous_deployment"] and not cli and bool(dependents(answers)),
        "live_dangerously": has["continuous_delivery"]
        and not has["continuous_deployment"]
        and bool(answers.get("live_dangerously")),
    }
