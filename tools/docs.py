"""Writes what is generated: the costs in the table, the README's ladder and docs/reference/.

Run as `nox -s docs` after a change of the template; a test says when it is due.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from extensions import answers as questions
from extensions import levels
from extensions.schema import Entry
from tests import support, variants

TABLE = support.ROOT / "extensions" / "ladder.yml"
README = support.ROOT / "README.md"
DOCS = support.ROOT / "docs" / "reference"
OPTIONS = DOCS / "options.md"
PAGES = {
    DOCS / "ladder.md": ("Levels of a service", "service"),
    DOCS / "ladder-wheel.md": ("Levels of a command-line program, built as a wheel", "wheel"),
    DOCS / "ladder-binary.md": ("Levels of a command-line program, built as a binary", "binary"),
}
"""File -> its title, and the variant that it is about."""
CHOICES = {
    "level": "0 to 8",
    "artifact": "services: `container`; command-line programs: `wheel`, `binary`",
}
"""The choices that `copier.yml` computes."""
DEFAULTS = {
    "project_name": "the folder's name",
    "package": "the project's name, as an identifier",
    "owner": "from the git remote, else git's `github.user` or `user.name`",
    "artifact": "services: `container`; command-line programs: `wheel`",
    "backing_services": "`[postgres]`",
    "dependents": "`[]`",
}
"""The defaults that `copier.yml` computes."""
CODE = re.compile(
    r"`[^`]+`|\buv (?:lock|run prek install)\b|\buv\.lock\b|\bmain\.yml\b"
    r"|\bops/[\w.]*\w(?: (?:flag|staging|production)\b)?|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b"
)
"""The commands, paths and variables in the table's texts, which terminals show without quotes."""
EXAMPLES = {
    "feature_flags": (
        "feature_flags=true",
        "Switch features on and off without a deploy. "
        "Use it to release code before its feature is ready for users.",
    ),
    "live_dangerously": (
        "live_dangerously=true",
        "Deploy to production as soon as staging succeeds, before level 8. "
        "Use it if a bad release costs you less than releasing by hand.",
    ),
    "s3": (
        "backing_services='[postgres, s3]'",
        "Store files in an S3 store; the sample application then accepts pictures. "
        "Use `[s3]` if you need no database.",
    ),
    "components": (
        "dependents='[{name: catalog, image: ghcr.io/acme/catalog:1.4.2, port: 8000}]'",
        "From level 7, the system tests start other services beside yours. Use it if your service "
        "calls others. At level 8 a dependent is also a component: `ops/deploy` can release it on "
        "its own.",
    ),
}
"""Capability -> an example of the option that brings it, and when to use that."""
Render = Callable[..., Path]


# Costs -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    """How much machinery a project has."""

    files: int
    lines: int
    jobs: int
    """CI jobs that a push to main runs."""
    settings: int


UNITS = ("file", "line", "CI job", "setting")
"""What the fields of a size count."""


def size(project: Path) -> Size:
    """Return the size of a project, without its sample code and its answers."""
    answers = support.answers(project)
    owners = levels.paths(answers)
    paths = [path for path, owner in owners.items() if owner != "sample"]
    paths.remove(support.ANSWERS_FILE)
    lines = sum(len((project / path).read_text().splitlines()) for path in paths)
    return Size(len(paths), lines, count_jobs(project), len(levels.settings(answers)))


def count_jobs(project: Path) -> int:
    """Return how many jobs a push to main runs when everything is set up."""
    folder = project / ".github" / "workflows"
    if not folder.is_dir():
        return 0
    main = yaml.safe_load((folder / "main.yml").read_text())["jobs"]
    not_run = {"skipped", "verify-requested"}  # if settings are missing, or at a dispatch
    found = 0
    for name, job in main.items():
        needs = job.get("needs", [])
        needs = {needs} if isinstance(needs, str) else {*needs}
        if name in not_run or (needs and needs <= not_run):
            not_run.add(name)
        elif "uses" not in job:
            found += 1
        else:
            called = yaml.safe_load((folder / Path(job["uses"]).name).read_text())["jobs"]
            found += len(set(called) - not_run)
    return found


def cost(before: Size, after: Size) -> str:
    """Return what a step costs, such as `1 more file, 82 more lines`."""
    counts = [new - old for new, old in zip(astuple(after), astuple(before), strict=True)]
    return ", ".join(
        f"{count} more {unit}{'' if count == 1 else 's'}"
        for count, unit in zip(counts, UNITS, strict=True)
        if count
    )


def table_with_costs(render: Render) -> str:
    """Return the table's text with what each step costs."""
    costs = []
    for entry in [*levels.levels(), *levels.additions()]:
        if entry.cost and entry.level:
            name = {"cli": "wheel"}.get(entry.when, entry.when)
            answers = variants.answers(name if name in variants.NAMES else "service")
            below, above = (size(render(n, **answers)) for n in (entry.level - 1, entry.level))
            costs.append(cost(below, above))
        elif entry.cost:
            costs.append("nothing")
    rest = iter(costs)
    return re.sub(r"(?m)^    cost: .*$", lambda _: f"    cost: {next(rest)}", TABLE.read_text())


# Pages -------------------------------------------------------------------------------------------


def readme() -> str:
    """Return the README with the ladder as the table has it."""
    rows = [
        f"| {one.level} | {one.name} | {one.meaning} | {one.climb_when} |\n"
        for one in levels.levels()
    ]
    return re.sub(r"(?m)(^\|---.*\n)(?:\|.*\n)+", rf"\1{''.join(rows)}", README.read_text())


def page(title: str, render: Render, variant: str) -> str:
    """Return a page of docs/reference/ on what a variant gets, level by level."""
    sections = [
        f"# {title}",
        "Generated by `nox -s docs` from `extensions/ladder.yml` and the rendered projects.",
    ]
    below: set[str] = set()
    for level in levels.levels():
        project = render(level.level, **variants.answers(variant))
        answers, files = support.answers(project), set(support.files(project))
        meaning = levels.text(level.level, "meaning", answers)
        sections += [f"## {level.level}: {level.name}", meaning, facts(level.level, answers)]
        sections.append(diff(sorted(files - below), sorted(below - files)))
        below = files
    return "\n\n".join(filter(None, sections)) + "\n"


def facts(level: int, answers: dict[str, Any]) -> str:
    """Return the advice on a level, its checks, settings and set-up, as a list."""
    found = []
    if level:
        found.append(f"- Climb when {levels.text(level, 'climb_when', answers)}")
        found.append(f"- Don't climb yet if {levels.text(level, 'not_yet', answers)}")
        found.append(f"- Cost, without sample code: {levels.text(level, 'cost', answers)}.")
    entries = [entry for entry in levels.active_entries(answers) if entry.level == level]
    if checks := [f"`{check}`" for entry in entries for check in entry.required_checks]:
        found.append(f"- Required checks: {', '.join(checks)}.")
    for entry in entries:
        found += [f"- Set `{name}` ({use})." for name, use in entry.settings.items()]
    return "\n".join(found + [set_up(entry) for entry in entries if entry.set_up])


def set_up(entry: Entry) -> str:
    """Return what to do once for an entry, as a list."""
    return "\n".join(f"- To do: {as_code(step)}." for step in entry.set_up)


def as_code(text: str) -> str:
    """Return a text of the table with its commands, paths and variables as code."""
    return CODE.sub(lambda found: f"`{found[0].strip('`')}`", text)


def diff(added: list[str], removed: list[str]) -> str:
    """Return paths that come and go as a block; nothing if there are none."""
    lines = [f"+ {path}" for path in added] + [f"- {path}" for path in removed]
    return "\n".join(["```diff", *lines, "```"]) if lines else ""


def options_page() -> str:
    """Return docs/reference/options.md: the questions, and what an option brings."""
    rows = [
        f"| `{key}` | {asked_from(asked)} | {asked['help']} "
        f"| {CHOICES.get(key) or choices_of(asked)} | {DEFAULTS.get(key) or default_of(asked)} |"
        for key, asked in questions.questions().items()
    ]
    head = ["| option | from level | question | choices | default |", "|---|---|---|---|---|"]
    sections = [
        "# Options",
        "Generated by `nox -s docs` from `copier.yml` and `extensions/ladder.yml`. "
        "Set any option with `--data NAME=VALUE`. A project that you adopt "
        "or update keeps its own values: the defaults are those of a new one.",
        "\n".join([*head, *rows]),
    ]
    for capability, (example, why) in EXAMPLES.items():
        sections += [f"## `--data {example}`", why]
        for entry in levels.additions():
            if entry.when == capability:
                sections.append(f"From level {entry.level}. {entry.meaning}".strip())
                sections += [set_up(entry), diff(sorted(entry.adds), [])]
    return "\n\n".join(filter(None, sections)) + "\n"


def asked_from(asked: dict[str, Any]) -> str:
    """Return the level from which a question is asked, and of which kind."""
    first_level = {level.capability: level.level for level in levels.levels()}
    words = re.findall(r"\w+", asked.get("when", "script"))
    kind = ", services only" if "service" in words else ""
    return f"{first_level[words[0]]}{kind}"


def choices_of(asked: dict[str, Any]) -> str:
    """Return the choices of a question."""
    choices = asked.get("choices")
    if isinstance(choices, dict):
        return ", ".join(f"`{choice}`" for choice in choices.values())
    return "`true`, `false`" if asked["type"] == "bool" else ""


def default_of(asked: dict[str, Any]) -> str:
    """Return the default of a new project of Ladder itself."""
    default = asked["default"]
    if found := re.search(r"\.get\('\w+', '?([^']+?)'?\) }}$", str(default)):
        default = found[1]
    assert "{{" not in str(default), f"DEFAULTS lacks {default}"
    return f"`{json.dumps(default)}`".replace('"', "")


def main() -> None:
    """Write everything; the costs first, since the pages have them too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        @cache
        def rendered(level: int, **answers: Any) -> Path:
            return support.render(Path(tempfile.mkdtemp(dir=folder), "links"), level, **answers)

        TABLE.write_text(table_with_costs(rendered))
        for cached in (levels.table, levels.additions):
            cached.cache_clear()
        README.write_text(readme())
        OPTIONS.write_text(options_page())
        for file, (title, variant) in PAGES.items():
            file.write_text(page(title, rendered, variant))


if __name__ == "__main__":
    main()
