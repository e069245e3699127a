"""Writes what is generated: the costs in the table, the README's ladder and docs/ladder.md.

Run as `python -m tools.docs` after a change of the template; a test says when it is due.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from extensions import levels
from tests import support

TABLE = support.ROOT / "extensions" / "ladder.yml"
README = support.ROOT / "README.md"
OPTIONS = support.ROOT / "docs" / "options.md"
DOCS = support.ROOT / "docs"
# What a project can be: the answers, and the page that tells what it gets.
SERVICE: dict[str, Any] = {"kind": "service"}
WHEEL = {"kind": "cli", "artifact": "wheel"}
BINARY = {"kind": "cli", "artifact": "binary"}
KINDS = {"service": SERVICE, "cli": WHEEL, "wheel": WHEEL, "binary": BINARY}
PAGES = {
    DOCS / "ladder.md": ("The ladder", SERVICE),
    DOCS / "ladder-wheel.md": ("The ladder of a command-line program, as a wheel", WHEEL),
    DOCS / "ladder-binary.md": ("The ladder of a command-line program, as a binary", BINARY),
}
Render = Callable[..., Path]


@dataclass(frozen=True)
class Size:
    """How much machinery a level has."""

    files: int
    lines: int
    jobs: int
    """CI jobs that a push to main runs."""
    settings: int


def size(made: Path) -> Size:
    """Measure a project of a level; the user's own code and the answers do not count."""
    answers = yaml.safe_load((made / ".copier-answers.yml").read_text())
    owners = levels.paths(answers)
    road = [
        path
        for path, owner in owners.items()
        if owner != "sample" and path != ".copier-answers.yml"
    ]
    lines = sum(len((made / path).read_text().splitlines()) for path in road)
    return Size(len(road), lines, jobs(made), len(levels.settings(answers)))


def jobs(made: Path) -> int:
    """Count the jobs that a push to main runs when everything is set up."""
    folder = made / ".github" / "workflows"
    if not folder.is_dir():
        return 0
    main = yaml.safe_load((folder / "main.yml").read_text())["jobs"]
    asked = {"skipped", "verified"}  # somebody asks for them
    found = 0
    for name, job in main.items():
        needs = job.get("needs", [])
        needs = {needs} if isinstance(needs, str) else {*needs}
        if name in asked or (needs and needs <= asked):
            asked.add(name)
        elif "uses" not in job:
            found += 1
        else:
            leaf = yaml.safe_load((folder / Path(job["uses"]).name).read_text())["jobs"]
            found += len(set(leaf) - asked)
    return found


def cost(before: Size, after: Size) -> str:
    """Return what a step costs, in words."""

    def more(count: int, thing: str) -> str:
        """Return how many more, or nothing."""
        return f"{count} more {thing}{'' if count == 1 else 's'}" if count else ""

    parts = [
        more(after.files - before.files, "file"),
        more(after.lines - before.lines, "line"),
        more(after.jobs - before.jobs, "CI job"),
        more(after.settings - before.settings, "setting"),
    ]
    return ", ".join(filter(None, parts))


def table_with(render: Render) -> str:
    """Return the table's text with what each step costs."""
    costs = []
    every = [*levels.levels(), *levels.additions()]
    for row in every:
        answers = KINDS.get(row.when, SERVICE)
        if row.cost and row.level:
            below, above = (size(render(n, **answers)) for n in (row.level - 1, row.level))
            costs.append(cost(below, above))
        elif row.cost:
            costs.append("nothing")
    rest = iter(costs)
    return re.sub(r"(?m)^    cost: .*$", lambda _: f"    cost: {next(rest)}", TABLE.read_text())


def readme() -> str:
    """Return the README with the ladder as the table has it."""
    rows = [
        f"| {row.level} | {row.name} | {row.meaning} | {row.climb_when} |"
        for row in levels.levels()
    ]
    return re.sub(r"(?m)(^\|---.*\n)(?:\|.*\n)+", rf"\1{chr(10).join(rows)}\n", README.read_text())


def page(title: str, render: Render, answers: dict[str, Any]) -> str:
    """Return a page of docs/ on what a project of some kind gets, level by level."""
    parts = [
        f"# {title}",
        "Generated from the table and from what the template writes; `nox -s docs` renews it.",
    ]
    below: set[str] = set()
    for row in levels.levels():
        made = render(row.level, **answers)
        found = set(support.files(made))
        had = yaml.safe_load((made / ".copier-answers.yml").read_text())
        told = {one: levels.text(row.level, one, had) for one in levels.TEXT_FIELDS if row.level}
        parts.append(f"## {row.level}: {row.name}")
        parts.append(told.get("meaning", row.meaning))
        facts = []
        if row.level:
            facts.append(f"- Climb when {told['climb_when']}")
            facts.append(f"- Not yet if {told['not_yet']}")
            facts.append(f"- It costs {told['cost']}.")
        mine = [part for part in levels.active_entries(had) if part.level == row.level]
        if checks := [f"`{check}`" for part in mine for check in part.required_checks]:
            facts.append(f"- Pull requests need {', '.join(checks)}.")
        facts += [f"- Set `{name}`: {use}." for part in mine for name, use in part.settings.items()]
        facts += [f"- Then {step}." for part in mine for step in part.set_up]
        parts += ["\n".join(facts)] if facts else []
        listing = [f"+ {path}" for path in sorted(found - below)]
        listing += [f"- {path}" for path in sorted(below - found)]
        parts.append("\n".join(["```diff", *listing, "```"] if listing else []))
        below = found
    return "\n\n".join(filter(None, parts)) + "\n"


COMPUTED = {
    "level": "0 to 8",
    "artifact": "`container`; of a command-line program `wheel`, `binary`",
}
EXAMPLES = {
    "feature_flags": "feature_flags=true",
    "live_dangerously": "live_dangerously=true",
    "s3": "backing_services='[postgres, s3]'",
    "components": "dependents='[{name: catalog, image: ghcr.io/acme/catalog:1.4.2, port: 8000}]'",
}


def options() -> str:
    """Return docs/options.md: what is asked, and what an option brings."""
    questions = yaml.safe_load((support.ROOT / "copier.yml").read_text())
    known = {row.capability: row.level for row in levels.levels()}
    parts = [
        "# Answers",
        "Generated from the questions and the table; `nox -s docs` renews it. "
        "Each answer can be given with `--data`.",
        "| answer | from level | what is asked | choices | default |\n|---|---|---|---|---|\n"
        + "\n".join(
            f"| `{key}` | {asked_from(asked, known)} | {asked['help']} "
            f"| {COMPUTED.get(key) or choices_of(asked)} | {default_of(asked)} |"
            for key, asked in questions.items()
            if not key.startswith("_")
        ),
    ]
    for name, example in EXAMPLES.items():
        rows = [part for part in levels.additions() if part.when == name]
        parts.append(f"## `--data {example}`")
        for row in rows:
            said = f"From level {row.level}. {row.meaning}".strip()
            steps = [f"- Then {step}." for step in row.set_up]
            listing = ["```diff", *(f"+ {path}" for path in sorted(row.adds)), "```"]
            parts += [said, "\n".join(steps), "\n".join(listing if row.adds else [])]
    return "\n\n".join(filter(None, parts)) + "\n"


def asked_from(asked: dict[str, Any], known: dict[str, int]) -> str:
    """Return the level from which a question is asked, and of which kind."""
    words = re.findall(r"\w+", asked.get("when", "script"))
    kind = ", a service" if "service" in words else ""
    return f"{known[words[0]]}{kind}"


def choices_of(asked: dict[str, Any]) -> str:
    """Return what can be chosen."""
    choices = asked.get("choices")
    if isinstance(choices, dict):
        return ", ".join(f"`{choice}`" for choice in choices.values())
    return "`true`, `false`" if asked["type"] == "bool" else ""


def default_of(asked: dict[str, Any]) -> str:
    """Return the default of a new project, nothing where it is made of other answers."""
    default = asked["default"]
    if found := re.fullmatch(r"{{ detected\.get\('\w+', '(\w+)'\) }}", str(default)):
        default = found[1]
    return "" if "{{" in str(default) else f"`{json.dumps(default)}`".replace('"', "")


def main() -> None:
    """Write it all."""
    with tempfile.TemporaryDirectory() as folder:
        made: dict[str, Path] = {}

        def render(level: int, **answers: Any) -> Path:
            key = f"{level}{answers.get('artifact', '')}"
            if key not in made:
                made[key] = support.render(Path(folder, key, "links"), level, **answers)
            return made[key]

        TABLE.write_text(table_with(render))
        for cached in (levels.table, levels.additions):
            cached.cache_clear()
        README.write_text(readme())
        OPTIONS.write_text(options())
        for file, (title, answers) in PAGES.items():
            file.write_text(page(title, render, answers))


if __name__ == "__main__":
    main()
