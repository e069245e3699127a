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
# What copies, climbs and pipelines cost

- *Copy*: a copy from a full clone of Ladder.
- *Climb*: an update of such a copy from the level below (at level 0, an update to the same level).
- *Floor*: a copy of a minimal template: the same files, no questions, no extension, and no Jinja
  except in the answers file.
- *Plain climb*: an update of a project of the minimal template, from the files of the level
  below to those of this level.
- *Alone*: a copy from a repository that contains only the template, without tests, tools and docs.

Times include the start of Python. CPU time is the user and system time of the command and all its
children. Folders are on a tmpfs if the machine has one.
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
            lines += [*section(figures[name]), "", measured_on(figures[name]["machine"]), ""]
    return "\n".join(lines).rstrip() + "\n"


def measured_on(machine: Mapping[str, str]) -> str:
    """Return the sentence on the machine and the versions of a measurement."""
    system, *rest = (f"{key} {value}".removeprefix("system ") for key, value in machine.items())
    return f"Measured on {system.replace(' on ', ', ')}; {', '.join(rest)}."


def is_busy(machine: Mapping[str, str]) -> bool:
    """Tell whether other programs kept the machine busy, so that the wall clock says little."""
    load = float(machine.get("load", "0").partition(",")[0])
    return load > int(machine["system"].split()[-2])


def extremes(levels: list[Mapping[str, Any]], work: str) -> str:
    """Return the CPU time of one work, from the quickest to the slowest level."""
    times = [row[work]["cpu"] for row in levels]
    return f"{min(times):.1f} to {max(times):.1f} s"


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
    copy, climb = (extremes(found["levels"], work) for work in ("copy", "climb"))
    runs = found["medians of"]
    what = "from a single run" if runs == 1 else f"the median of {runs} runs that alternate"
    lines += [f"A copy takes {copy} of CPU time, a climb by one level {climb}."]
    lines += [f"Every figure is {what}.", ""]
    lines += [f"Targets, in CPU time at every level: {targets}. Missed targets are bold.", ""]
    lines += ["### CPU time, seconds", "", *levels_table(found["levels"], "cpu"), ""]
    lines += ["### Wall clock, seconds", ""]
    if is_busy(found["machine"]):
        lines += ["Not shown: other programs kept the machine busy during the measurement.", ""]
    else:
        lines += [*levels_table(found["levels"], "wall"), ""]
    if found["before"]:
        lines += [f"### Change since commit {found['before']} (before)", ""]
        lines += [*before_table(found["levels"]), ""]
    costs = found["one_file"]
    lines += [
        f"One more file costs Copier {costs['plain']:.1f} ms of CPU time, and "
        f"{costs['jinja']:.1f} ms as a Jinja file. A file of the template that the project does "
        f"not get costs {costs['excluded']:.1f} ms, since Copier renders its path before it "
        "excludes it: copies at low levels pay for the files of all higher ones. An update renders "
        "the project three times and clones the template five times.",
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
    return lines


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
    lines += ["The jobs of a push to main ran one after another, once with cold and once with warm"]
    lines += ["caches. The critical path is how long you wait if every job has its own runner.", ""]
    columns = ("critical path, s", "jobs on the critical path, s", "all jobs, s")
    lines += table("level", "caches", *columns, rows=rows)
    for name, image in found["image"].items():
        when = f" at {found['before']}" if name == "before" else ""
        text = f"Building the image{when} takes {image['cold']:.1f} s with nothing cached, and "
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
