"""Writes what is generated: the costs in the table, the README's ladder and docs/ladder.md.

Run as `python -m tests.pages` after a change of the template; a test says when it is due.
"""

from __future__ import annotations

import itertools
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests import support

sys.path.insert(0, str(support.ROOT / "extensions"))
import table

TABLE = support.ROOT / "extensions" / "ladder.yml"
README = support.ROOT / "README.md"
LADDER = support.ROOT / "docs" / "ladder.md"


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
    owners = table.paths(answers)
    road = [
        path
        for path, owner in owners.items()
        if owner != "starter" and path != ".copier-answers.yml"
    ]
    lines = sum(len((made / path).read_text().splitlines()) for path in road)
    return Size(len(road), lines, jobs(made), len(table.settings(answers)))


def jobs(made: Path) -> int:
    """Count the jobs that a push to main runs when everything is set up."""
    folder = made / ".github" / "workflows"
    if not folder.is_dir():
        return 0
    main = yaml.safe_load((folder / "main.yml").read_text())
    called = [job["uses"].rpartition("/")[2] for job in main["jobs"].values()]
    leaves = [yaml.safe_load((folder / name).read_text())["jobs"] for name in called]
    return sum(len(set(leaf) - {"skipped"}) for leaf in leaves)


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


def costs(renders: list[Path]) -> list[str]:
    """Return what each step costs, level 0 first, which costs nothing."""
    sizes = [size(made) for made in renders]
    return ["nothing"] + [cost(*pair) for pair in itertools.pairwise(sizes)]


def table_with(found: list[str]) -> str:
    """Return the table's text with these costs."""
    rest = iter(found)
    return re.sub(r"(?m)^    cost: .*$", lambda _: f"    cost: {next(rest)}", TABLE.read_text())


def readme() -> str:
    """Return the README with the ladder as the table has it."""
    rows = [
        f"| {row.level} | {row.name} | {row.meaning} | {row.climb_when} |" for row in table.table()
    ]
    return re.sub(r"(?m)(^\|---.*\n)(?:\|.*\n)+", rf"\1{chr(10).join(rows)}\n", README.read_text())


def page(renders: list[Path]) -> str:
    """Return docs/ladder.md."""
    parts = [
        "# The ladder",
        "Generated from the table and from what the template writes; `nox -s docs` renews it.",
    ]
    below: set[str] = set()
    for row, spent, made in zip(table.table(), costs(renders), renders, strict=True):
        found = set(support.files(made))
        parts += [f"## {row.level}: {row.name}", row.meaning]
        facts = []
        if row.level:
            facts.append(f"- Climb when {row.climb_when}")
            facts.append(f"- Not yet if {row.not_yet}")
            facts.append(f"- It costs {spent}.")
        answers = yaml.safe_load((made / ".copier-answers.yml").read_text())
        mine = [part for part in table.rows(answers) if part.level == row.level]
        if gates := [f"`{gate}`" for part in mine for gate in part.gates]:
            facts.append(f"- Pull requests need {', '.join(gates)}.")
        facts += [f"- Set `{name}`: {use}." for part in mine for name, use in part.settings.items()]
        facts += [f"- Then {step}." for part in mine for step in part.set_up]
        parts += ["\n".join(facts)] if facts else []
        listing = [f"+ {path}" for path in sorted(found - below)]
        listing += [f"- {path}" for path in sorted(below - found)]
        parts.append("\n".join(["```diff", *listing, "```"]))
        below = found
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write it all."""
    with tempfile.TemporaryDirectory() as folder:
        renders = [
            support.render(Path(folder, str(level), "links"), level) for level in support.LEVELS
        ]
        TABLE.write_text(table_with(costs(renders)))
        table.table.cache_clear()
        README.write_text(readme())
        LADDER.parent.mkdir(exist_ok=True)
        LADDER.write_text(page(renders))


if __name__ == "__main__":
    main()
