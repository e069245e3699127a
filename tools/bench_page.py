"""Writes the page and the plot of the benchmark from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests import support

PAGE = support.ROOT / "reports" / "bench.md"
PLOT = PAGE.with_suffix(".svg")
TARGETS = {"copy / floor": 1.3, "climb / copy": 2.8, "climb / plain climb": 1.6}
"""Ratio of CPU time -> what it may be at most, at every level."""
HEAD = """\
# How long users wait

The floor is a plain template with the same files as a project of the level: no question, no
extension, and no Jinja but in the file of answers. The plain climb is an update of that template
from a version with the files of the level below. Copies and climbs are from a full clone of Ladder;
"alone" is a copy of the template without tests, tools and docs. A command is measured whole, with
Python's start. CPU time is user and system time of the command and all its children. Every figure
is the median of runs that alternate; folders are in memory where the machine has some set apart.
"""


def write(figures: Mapping[str, Any]) -> None:
    """Write the page and, where copies were measured, the plot."""
    PAGE.write_text(page(figures))
    if "copies" in figures:
        plot(figures["copies"])


def page(figures: Mapping[str, Any]) -> str:
    """Return reports/bench.md."""
    lines = [*HEAD.splitlines(), ""]
    for name, section in TABLES.items():
        if name in figures:
            on = ", ".join(f"{key} {value}" for key, value in figures[name]["machine"].items())
            lines += [*section(figures[name]), "", f"Measured on {on}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def table(*columns: str, rows: list[list[str]]) -> list[str]:
    """Return the lines of a table."""
    return [f"| {' | '.join(one)} |" for one in [columns, ["---"] * len(columns), *rows]]


def ratio(row: Mapping[str, Any], unit: str, name: str) -> str:
    """Return a ratio; the CPU time's is bold where it misses its target."""
    one, other = (row[part.replace(" ", "_")][unit] for part in name.split(" / "))
    text = f"{one / other:.2f}"
    missed = unit == "cpu" and one / other > TARGETS.get(name, one / other)
    return f"**{text}**" if missed else text


def copies_section(found: Mapping[str, Any]) -> list[str]:
    """Return the tables of copies and climbs."""
    targets = ", ".join(f"{name} at most {target}" for name, target in TARGETS.items())
    lines = ["## Copies and climbs", "", "![CPU seconds per level](bench.svg)", ""]
    lines += [f"Targets, in CPU time at every level: {targets}. A missed one is bold.", ""]
    for unit, title in (("cpu", "CPU time, seconds"), ("wall", "Wall clock, seconds")):
        lines += [f"### {title}", "", *levels_table(found["levels"], unit), ""]
    if found["before"]:
        lines += [f"### Before, at {found['before']}", "", *before_table(found["levels"]), ""]
    costs = found["one_file"]
    lines += [
        f"One more file costs Copier {costs['plain']:.1f} ms of CPU time, and "
        f"{costs['.jinja']:.1f} ms as a Jinja file.",
    ]
    if found["peers"]:
        rows = [
            [f"{row['name']} at {row['at']}", str(row["files"])]
            + [f"{row[key]['cpu']:.2f}" for key in ("floor", "copy")]
            + [ratio(row, "cpu", "copy / floor")]
            for row in found["peers"]
        ]
        lines += ["", "Other templates with their own defaults, CPU time:", ""]
        lines += table("template", "files", "floor", "copy", "copy / floor", rows=rows)
    return [*lines, "", f"Runs of each: {found['medians of']}."]


def levels_table(levels: list[Mapping[str, Any]], unit: str) -> list[str]:
    """Return the table of one unit: what copies and climbs take at each level."""
    works = ("floor", "copy", "alone", "plain climb", "climb")
    ratios = ("copy / floor", "alone / floor", "climb / copy", "climb / plain climb")
    rows = [
        [str(row["level"]), str(row["files"])]
        + [f"{row[work.replace(' ', '_')][unit]:.2f}" for work in works]
        + [ratio(row, unit, name) for name in ratios]
        for row in levels
    ]
    return table("level", "files", *works, *ratios, rows=rows)


def before_table(levels: list[Mapping[str, Any]]) -> list[str]:
    """Return the table of the earlier revision, in CPU time."""
    names = ["copy before / floor", "copy / copy before"]
    names += ["climb before / plain climb", "climb / climb before"]
    works = ("copy_before", "climb_before")
    rows = [
        [str(row["level"])]
        + [f"{row[work]['cpu']:.2f}" for work in works]
        + [ratio(row, "cpu", name) for name in names]
        for row in levels
    ]
    return table("level", "copy before", "climb before", *names, rows=rows)


def pipeline_section(found: Mapping[str, Any]) -> list[str]:
    """Return the table of the rendered pipeline."""
    rows = [
        [
            str(row["level"]),
            row["cache"],
            f"{row['path']:.0f}",
            ", ".join(f"{job} {seconds:.0f}" for job, seconds in row["jobs"].items()),
            f"{row['all']:.0f}",
        ]
        for row in found["runs"]
    ]
    lines = ["## The rendered pipeline", ""]
    lines += ["A push to main, its jobs one at a time; the critical path is what one waits for if"]
    lines += ["every job has a runner of its own. Each was run once, with cold caches first.", ""]
    lines += table("level", "caches", "critical path, s", "which is", "all jobs, s", rows=rows)
    for name, image in found["image"].items():
        when = f" at {found['before']}" if name == "before" else ""
        text = f"An image{when} takes {image['cold']:.1f} s with nothing cached, and "
        lines += ["", f"{text}{image['warm']:.1f} s after a change of code."]
    return lines


def suite_section(found: Mapping[str, Any]) -> list[str]:
    """Return the table of our own tests."""
    rows = [
        [f"`{row['session']}`", str(row["tests"]), f"{row['seconds'] / 60:.1f}"]
        for row in found["sessions"]
    ]
    return ["## The tests of Ladder itself", "", *table("session", "tests", "minutes", rows=rows)]


TABLES = {"copies": copies_section, "pipeline": pipeline_section, "suite": suite_section}


def plot(found: Mapping[str, Any]) -> None:
    """Draw the CPU time of copies and climbs."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "ladder"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    rows = found["levels"]
    for number, key in enumerate(("floor", "copy", "plain_climb", "climb")):
        places = [row["level"] + (number - 1.5) * 0.2 for row in rows]
        heights = [row[key]["cpu"] for row in rows]
        axes.bar(places, heights, width=0.2, label=key.replace("_", " "))
    axes.set(xlabel="level", ylabel="CPU seconds", xticks=list(support.LEVELS))
    axes.legend()
    figure.savefig(PLOT, metadata={"Date": None})
