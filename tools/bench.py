"""Measures what users wait for, and writes reports/bench.md and reports/bench.svg.

    nox -s bench                                   copies, updates and what a file costs
    nox -s bench -- --peer ../copier-uv            the same, beside other people's templates
    nox -s bench -- pipeline                       the emitted pipeline, on the test bed
    nox -s bench -- suite                          our own tests, as the last runs reported them

Every figure is the median of runs that alternate with those of its baseline, so that whatever else
the machine does weighs on both. The floor is a plain template of the same files: no Jinja, no
extension. Commands are measured whole, with Python's start, as users wait for them; folders are in
memory where the machine has some set apart, since a disk's moods are not ours.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests import support
from tools import release as releases

PAGE = support.ROOT / "reports" / "bench.md"
PLOT = PAGE.with_suffix(".svg")
FIGURES = PAGE.with_suffix(".json")
REPORTS = support.ROOT / ".nox" / "reports"
MEMORY = Path("/dev/shm")
RELEASE = "v1.0.0"
"""The release that copies are compared with."""
SIZES = (10, 40, 160)
"""Files of the templates that show what one file costs."""


def copier(*words: str | Path) -> None:
    """Run Copier as a command."""
    command = [sys.executable, "-m", "copier", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")


def copy(template: Path, target: Path, data: Sequence[str] = ()) -> None:
    """Copy a template as its users do."""
    options = [f"--data={one}" for one in data]
    copier("copy", "--trust", "--defaults", "--quiet", "--vcs-ref=HEAD", *options, template, target)


def medians(
    runs: int, begin: Path | None = None, **work: Callable[[Path], object]
) -> dict[str, float]:
    """Return the median of seconds that each work takes; it gets a folder of its own.

    Args:
        runs: how many times; the works alternate.
        begin: what is in the folder when an update begins.
        work: name -> what to do.
    """
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, do in work.items():
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder).resolve() / "links"
                if begin and name == "update":
                    shutil.copytree(begin, target)
                start = time.perf_counter()
                do(target)
                times[name].append(time.perf_counter() - start)
    return {name: round(statistics.median(found), 3) for name, found in times.items()}


def committed(folder: Path) -> Path:
    """Return a folder as a template that somebody cloned: one commit, packed."""
    support.commit_all(folder)
    support.git(folder, "tag", "v1.0.0")
    support.git(folder, "gc", "--quiet")
    return folder


def plain(folder: Path, made: Path) -> Path:
    """Return a plain template that writes the same files as a project has."""
    shutil.copytree(made, folder / "template", ignore=shutil.ignore_patterns(".git"))
    (folder / "template" / ".copier-answers.yml").unlink(missing_ok=True)
    (folder / "copier.yml").write_text("_subdirectory: template\n")
    return committed(folder)


def released(folder: Path) -> Path:
    """Return the template of the release."""
    releases.export(releases.commit_of(RELEASE[1:]), folder)
    return committed(folder)


def levels(folder: Path, runs: int) -> list[dict[str, Any]]:
    """Return for each level how long floor, copy and update take, now and in the release."""
    data = [f"{key}={value}" for key, value in support.ANSWERS.items()]
    before, now = released(folder / "released"), support.template()
    found = []
    for level in support.LEVELS:
        made = support.render(folder / f"made{level}" / "links", level)
        floor = plain(folder / f"floor{level}", made)
        lower = support.render(folder / f"lower{level}" / "links", max(level - 1, 0))
        support.commit_all(lower)
        times = medians(
            runs,
            begin=lower,
            floor=partial(copy, floor),
            before=partial(copy, before, data=[*data, f"level={level}"]),
            copy=partial(copy, now, data=[*data, f"level={level}"]),
            update=partial(climb, level=level),
        )
        found.append({"level": level, "files": len(support.files(made)), **times})
    return found


def climb(project: Path, level: int) -> None:
    """Climb as users do, in a committed project."""
    options = ("--trust", "--defaults", "--skip-answered", "--quiet", "--vcs-ref=:current:")
    data = [f"--data={key}={value}" for key, value in support.ANSWERS.items()]
    copier("update", *options, *data, f"--data=level={level}", project)


def whole(folder: Path, runs: int) -> dict[str, float]:
    """Return how long a copy takes from the template alone, and from a clone of all of Ladder."""
    clone = folder / "whole"
    support.git(folder, "clone", "--quiet", support.ROOT, clone)
    data = [f"{key}={value}" for key, value in support.ANSWERS.items()]
    alone = partial(copy, support.template(), data=data)
    return medians(runs, alone=alone, whole=partial(copy, clone, data=data))


def one_file(folder: Path, runs: int) -> dict[str, float]:
    """Return what one more file costs Copier, in milliseconds, plain and as a template."""
    slopes = {}
    for suffix in ("", ".jinja"):
        times = []
        for size in SIZES:
            template = folder / f"size{size}{suffix}"
            (template / "template").mkdir(parents=True)
            for number in range(size):
                text = f"# {number}\n" + "print('{{ _copier_conf.dst_path.name }}')\n" * 20
                (template / "template" / f"file{number}.py{suffix}").write_text(text)
            (template / "copier.yml").write_text("_subdirectory: template\n")
            committed(template)
            times.append(medians(runs, copy=partial(copy, template))["copy"])
        slopes[suffix or "plain"] = statistics.linear_regression(SIZES, times).slope * 1000
    return {name: round(slope, 2) for name, slope in slopes.items()}


def peers(folder: Path, checkouts: list[Path], runs: int) -> list[dict[str, Any]]:
    """Return how long other people's templates take, against floors of their own files."""
    found = []
    for checkout in checkouts:
        name = checkout.resolve().name.removesuffix(".git")
        clone = folder / f"peer-{name}"
        support.run("git", "clone", "--quiet", checkout.resolve(), clone, cwd=folder)
        head = support.git(clone, "log", "-1", "--format=%h").strip()
        made = folder / f"made-{name}" / "links"
        copy(clone, made, PEER_ANSWERS)
        floor = plain(folder / f"floor-{name}", made)
        times = medians(
            runs,
            floor=partial(copy, floor),
            copy=partial(copy, clone, data=PEER_ANSWERS),
        )
        found.append({"name": name, "at": head, "files": len(support.files(made)), **times})
    return found


PEER_ANSWERS = [
    "project_name=links",
    "project_description=Links.",
    "author_fullname=Ladder",
    "author_email=ladder@example.com",
    "author_username=acme",
    "org=acme",
    "url=https://github.com/acme/links",
    "full_name=Ladder",
    "license=MIT",
    "backend=hatch",
    "docs=sphinx",
    "vcs=true",
    "email=ladder@example.com",
]
"""What the peers ask without a default."""


def machine() -> dict[str, str]:
    """Return what the figures were measured on and with."""
    names = ("copier", "copier-template-extensions", "jinja2")
    versions = {name: importlib.metadata.version(name) for name in names}
    return {
        "system": f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors",
        "Python": platform.python_version(),
        "git": support.git(support.ROOT, "--version").split()[2],
        **versions,
    }


def suite() -> list[dict[str, Any]]:
    """Return what the last run of each session reported: tests and seconds."""
    found = []
    for report in sorted(REPORTS.glob("*.xml")):
        run = ET.parse(report).getroot().find("testsuite")
        assert run is not None
        facts = {key: int(run.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}
        found.append({"session": report.stem, **facts, "seconds": round(float(run.attrib["time"]))})
    if not found:
        raise SystemExit(f"There is no report in {REPORTS}: run `nox` first.")
    return found


def page(figures: Mapping[str, Any]) -> str:
    """Return reports/bench.md."""
    lines = ["# How long users wait", "", *(__doc__ or "").split("\n\n")[2].splitlines(), ""]
    for name, table in TABLES.items():
        if name in figures:
            on = ", ".join(f"{key} {value}" for key, value in figures[name]["machine"].items())
            lines += [*table(figures[name]), "", f"Measured {figures[name]['how']}; {on}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def table(head: str, rows: list[str]) -> list[str]:
    """Return the lines of a table."""
    return [head, "|" + "---|" * (head.count("|") - 1), *rows]


def copies_table(found: Mapping[str, Any]) -> list[str]:
    """Return the tables of copies and updates."""
    rows = [
        f"| {row['level']} | {row['files']} | {row['floor']:.2f} | {row['before']:.2f} "
        f"| {row['copy']:.2f} | {row['before'] / row['floor']:.2f} "
        f"| **{row['copy'] / row['floor']:.2f}** | {row['update']:.2f} "
        f"| {row['update'] / row['copy']:.1f} |"
        for row in found["levels"]
    ]
    head = f"| level | files | floor, s | {RELEASE}, s | copy, s | {RELEASE} / floor "
    head += "| copy / floor | climb to it, s | climb / copy |"
    lines = ["## Copies and updates", "", "![seconds per level](bench.svg)", "", *table(head, rows)]
    costs, clone = found["one_file"], found["whole"]
    lines += [
        "",
        "The template is a repository of what Copier reads, and nothing else. From a clone of all "
        "of Ladder, where Copier checks out tests and documents too, a copy of level 0 takes "
        f"{clone['whole']:.2f} s and not {clone['alone']:.2f} s.",
        "",
        f"One more file costs Copier {costs['plain']:.1f} ms, and {costs['.jinja']:.1f} ms as a "
        "template. A file that a project does not get costs nothing: Copier does not walk it.",
    ]
    if found["peers"]:
        rows = [
            f"| {row['name']} at {row['at']} | {row['files']} | {row['floor']:.2f} "
            f"| {row['copy']:.2f} | {row['copy'] / row['floor']:.2f} |"
            for row in found["peers"]
        ]
        head = "| template | files | floor, s | copy, s | copy / floor |"
        lines += ["", "Other people's templates, with their own defaults:", "", *table(head, rows)]
    return lines


def suite_table(found: Mapping[str, Any]) -> list[str]:
    """Return the table of our own tests."""
    rows = [
        f"| `{row['session']}` | {row['tests']} | {row['seconds'] / 60:.1f} |"
        for row in found["sessions"]
    ]
    return ["## The tests of Ladder itself", "", *table("| session | tests | minutes |", rows)]


def pipeline_table(found: Mapping[str, Any]) -> list[str]:
    """Return the table of the emitted pipeline."""
    rows = [
        f"| {row['level']} | {row['cache']} | {row['path']:.0f} "
        f"| {', '.join(f'{job} {seconds:.0f}' for job, seconds in row['jobs'].items())} "
        f"| {row['all']:.0f} |"
        for row in found["runs"]
    ]
    head = "| level | caches | critical path, s | which is | all jobs, s |"
    before, now = (found["image"][name] for name in ("before", "now"))
    return [
        "## The emitted pipeline",
        "",
        "A push to main, its jobs one at a time; the critical path is what one waits for where",
        "every job has a runner of its own.",
        "",
        *table(head, rows),
        "",
        f"An image takes {now['cold']:.1f} s with nothing cached, and {now['warm']:.1f} s after a "
        f"change of code: {now['warm'] / now['cold']:.2f} of it. In {RELEASE} it was "
        f"{before['cold']:.1f} s and {before['warm']:.1f} s: "
        f"{before['warm'] / before['cold']:.2f}.",
    ]


TABLES = {"copies": copies_table, "pipeline": pipeline_table, "suite": suite_table}


def plot(found: Mapping[str, Any]) -> None:
    """Draw reports/bench.svg."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "ladder"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    rows = found["levels"]
    shown = (("floor", "floor"), ("before", RELEASE), ("copy", "copy"), ("update", "climb to it"))
    for number, (key, label) in enumerate(shown):
        places = [row["level"] + (number - 1.5) * 0.2 for row in rows]
        axes.bar(places, [row[key] for row in rows], width=0.2, label=label)
    axes.set(xlabel="level", ylabel="seconds", xticks=list(support.LEVELS))
    axes.legend()
    figure.savefig(PLOT, metadata={"Date": None})


def main() -> None:
    """Measure, keep the figures and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=[*TABLES, "page"], default="copies")
    parser.add_argument("--runs", type=int, default=9, help="runs of which to take the median")
    parser.add_argument("--peer", type=Path, action="append", default=[], help="a checkout")
    asked = parser.parse_args()
    figures = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    found: dict[str, Any] = {"machine": machine(), "how": f"as medians of {asked.runs} runs"}
    if asked.what == "copies" and MEMORY.is_dir():
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if asked.what == "copies":
            found["peers"] = peers(folder, asked.peer, asked.runs)
            found["levels"] = levels(folder, asked.runs)
            found["whole"] = whole(folder, asked.runs)
            found["one_file"] = one_file(folder, asked.runs)
            plot(found)
        elif asked.what == "suite":
            found |= {"sessions": suite(), "how": "by the last run of each session"}
        elif asked.what == "pipeline":
            from tools import pipeline as pace

            templates = {"before": released(folder / "released"), "now": support.template()}
            found["image"] = {
                name: pace.image(folder, template, asked.runs)
                for name, template in templates.items()
            }
            found["runs"] = pace.pipeline(folder)
            found["how"] = f"once each, cold caches first; images as medians of {asked.runs} runs"
    if asked.what != "page":
        figures[asked.what] = found
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    PAGE.write_text(page(figures))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
