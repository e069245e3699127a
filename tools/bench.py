"""Measures what users wait for, and writes reports/bench.md, bench.json and bench.svg.

nox -s bench                         copies and climbs, and what one file costs
nox -s bench -- --before v1.0.0      the same, and those of an earlier revision
nox -s bench -- --peer ../copier-uv  the same, and copies of other templates
nox -s bench -- pipeline             the rendered pipeline, on the testbed
nox -s bench -- suite                our own tests, as their last runs reported them
nox -s bench -- page                 the page and the plot again, from the same figures
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
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests import support
from tools import bench_page

FIGURES = bench_page.PAGE.with_suffix(".json")
REPORTS = support.ROOT / ".nox" / "reports"
MEMORY = Path("/dev/shm")
SIZES = (10, 40, 160)
"""Files of the templates that show what one file costs."""
ANSWERS_TEMPLATE = "{{ _copier_answers | to_nice_yaml -}}\n"
Work = Callable[[Path], None]
Seconds = dict[str, float]


# Measuring ---------------------------------------------------------------------------------------


def seconds(command: list[str], folder: Path) -> Seconds:
    """Run a command and return its wall clock, and its CPU time with that of all its children.

    Python may keep the bytecode of the installed packages, as it does for users.
    """
    import resource  # Unix only

    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": wall}


def copier(*words: str | Path) -> list[str]:
    """Return the command that runs Copier."""
    return [sys.executable, "-m", "copier", *map(str, words)]


def copy(template: Path, data: Mapping[str, Any], target: Path) -> Seconds:
    """Copy a template as its users do, and return the seconds."""
    options = [f"--data={key}={value}" for key, value in data.items()]
    flags = ("--trust", "--defaults", "--quiet", "--vcs-ref=HEAD")
    return seconds(copier("copy", *flags, *options, template, target), target.parent)


def update(project: Path, version: str, data: Mapping[str, Any], target: Path) -> Seconds:
    """Update a copy of a committed project as its users do, and return the seconds."""
    shutil.copytree(project, target)
    options = [f"--data={key}={value}" for key, value in data.items()]
    flags = ("--trust", "--defaults", "--skip-answered", "--quiet", f"--vcs-ref={version}")
    return seconds(copier("update", *flags, *options), target)


def medians(runs: int, work: Mapping[str, Callable[[Path], Seconds]]) -> dict[str, Seconds]:
    """Return the medians of what each work takes. The works alternate, each in a folder of its own.

    Args:
        runs: how many times.
        work: name -> what to run, given a folder that does not exist yet.
    """
    found: dict[str, list[Seconds]] = {name: [] for name in work}
    for _ in range(runs):
        for name, run in work.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(run(Path(folder).resolve() / "links"))
    return {
        name: {
            unit: round(statistics.median(one[unit] for one in every), 3)
            for unit in ("cpu", "wall")
        }
        for name, every in found.items()
    }


# Templates ---------------------------------------------------------------------------------------


def clone(folder: Path, revision: str) -> Path:
    """Return a full clone of Ladder at a revision."""
    support.git(folder, "clone", "--quiet", support.ROOT, target := folder / f"clone-{revision}")
    support.git(target, "checkout", "--quiet", "--detach", revision)
    return target


def release(folder: Path, version: str) -> Path:
    """Commit a template's folder, tag it, and pack it as a clone is; return the folder."""
    support.commit_all(folder)
    support.git(folder, "tag", version)
    support.git(folder, "gc", "--quiet")
    return folder


def plain(folder: Path, *projects: Path) -> Path:
    """Return a plain template: a version for each project, with the same files as the project has.

    It has no question and no extension, and one Jinja file: the answers, which an update needs.
    """
    template = folder / "template"
    for number, project in enumerate(projects):
        shutil.rmtree(template, ignore_errors=True)
        shutil.copytree(project, template, ignore=shutil.ignore_patterns(".git"))
        (template / support.ANSWERS_FILE).unlink(missing_ok=True)
        (template / "{{ _copier_conf.answers_file }}.jinja").write_text(ANSWERS_TEMPLATE)
        (folder / "copier.yml").write_text("_subdirectory: template\n")
        release(folder, f"v1.{number}.0")
    return folder


def project(template: Path, data: Mapping[str, Any], target: Path, version: str = "HEAD") -> Path:
    """Return a committed project of a template."""
    support.copy(target, source=template, version=version, **data)
    support.commit_all(target)
    return target


# What is measured --------------------------------------------------------------------------------


def levels(folder: Path, runs: int, before: str) -> list[dict[str, Any]]:
    """Return for each level what copies and climbs take, with what they are compared with.

    `floor` and `plain_climb` are a plain template's, `copy` and `climb` are of a full clone of
    Ladder, `alone` is a copy of a template without tests, tools and docs.

    Args:
        folder: for the templates and projects.
        runs: how many times.
        before: a revision that is measured too, "" for none.
    """
    ladder, alone = clone(folder, "HEAD"), support.template()
    earlier = clone(folder, before) if before else None
    found = []
    for level in support.LEVELS:
        place = folder / str(level)
        data = {**support.ANSWERS, "level": level}
        below = {**support.ANSWERS, "level": max(level - 1, 0)}
        made = support.copy(place / "made" / "links", source=ladder, **data)
        lower = project(ladder, below, place / "lower" / "links")
        floor = plain(place / "plain", lower, made)
        unclimbed = project(floor, {}, place / "unclimbed" / "links", "v1.0.0")
        work = {
            "floor": partial(copy, floor, {}),
            "copy": partial(copy, ladder, data),
            "alone": partial(copy, alone, data),
            "plain_climb": partial(update, unclimbed, "v1.1.0", {}),
            "climb": partial(update, lower, ":current:", data),
        }
        if earlier:
            start = project(earlier, below, place / "before" / "links")
            work["copy_before"] = partial(copy, earlier, data)
            work["climb_before"] = partial(update, start, ":current:", data)
        found.append({"level": level, "files": len(support.files(made)), **medians(runs, work)})
    return found


def one_file(folder: Path, runs: int) -> dict[str, float]:
    """Return the CPU milliseconds that one more file costs Copier: plain, as Jinja, or excluded."""
    kinds = {"plain": "", "jinja": ".jinja", "excluded": ""}
    slopes = {}
    for kind, suffix in kinds.items():
        times = []
        for size in SIZES:
            template = folder / f"{kind}{size}"
            (template / "template" / "folder").mkdir(parents=True)
            for number in range(size):
                text = f"# {number}\n" + "print('{{ _copier_conf.dst_path.name }}')\n" * 20
                (template / "template" / "folder" / f"file{number}.py{suffix}").write_text(text)
            exclude = "_exclude: [/folder]\n" if kind == "excluded" else ""
            (template / "copier.yml").write_text(f"_subdirectory: template\n{exclude}")
            release(template, "v1.0.0")
            times.append(medians(runs, {"copy": partial(copy, template, {})})["copy"]["cpu"])
        slopes[kind] = statistics.linear_regression(SIZES, times).slope * 1000
    return {name: round(slope, 2) for name, slope in slopes.items()}


def peers(folder: Path, checkouts: list[Path], runs: int) -> list[dict[str, Any]]:
    """Return what copies of other templates take, beside floors of their own files."""
    found = []
    for checkout in checkouts:
        name = checkout.resolve().name.removesuffix(".git")
        template = folder / f"peer-{name}"
        support.git(folder, "clone", "--quiet", checkout.resolve(), template)
        revision = support.git(template, "log", "-1", "--format=%h").strip()
        made = support.copy(folder / f"made-{name}" / "links", source=template, **PEER_ANSWERS)
        floor = plain(folder / f"floor-{name}", made)
        work = {"floor": partial(copy, floor, {}), "copy": partial(copy, template, PEER_ANSWERS)}
        files = len(support.files(made))
        found.append({"name": name, "at": revision, "files": files, **medians(runs, work)})
    return found


PEER_ANSWERS: dict[str, Any] = {
    "project_name": "links",
    "project_description": "Links.",
    "author_fullname": "Ladder",
    "author_email": "ladder@example.com",
    "author_username": "acme",
    "org": "acme",
    "url": "https://github.com/acme/links",
    "full_name": "Ladder",
    "license": "MIT",
    "backend": "hatch",
    "docs": "sphinx",
    "vcs": "true",
    "email": "ladder@example.com",
}
"""What the other templates ask without a default."""


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


def machine() -> dict[str, str]:
    """Return what the figures were measured on and with."""
    names = ("copier", "copier-template-extensions", "jinja2")
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return {
        "system": f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors",
        "load": load,
        "Python": platform.python_version(),
        "git": support.git(support.ROOT, "--version").split()[2],
        **{name: importlib.metadata.version(name) for name in names},
    }


def copies(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of copies and climbs."""
    return {
        "before": asked.before,
        "peers": peers(folder, asked.peer, asked.runs),
        "levels": levels(folder, asked.runs, asked.before),
        "one_file": one_file(folder, asked.runs),
    }


def pipelines(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of the rendered pipeline."""
    from tools import pipeline  # needs the testbed

    templates = {"now": support.template()}
    if asked.before:
        templates["before"] = clone(folder, asked.before)
    images = {name: pipeline.image(folder, one, asked.runs) for name, one in templates.items()}
    return {"before": asked.before, "image": images, "runs": pipeline.pipeline(folder)}


def main() -> None:
    """Measure, keep the figures and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = [*bench_page.TABLES, "page"]
    parser.add_argument("what", nargs="?", choices=what, default="copies")
    parser.add_argument("--runs", type=int, default=9, help="runs of which to take the median")
    parser.add_argument("--before", default="", help="a git revision that is measured too")
    parser.add_argument("--peer", type=Path, action="append", default=[], help="a checkout")
    asked = parser.parse_args()
    figures = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    if asked.what != "page":
        if asked.what == "copies" and MEMORY.is_dir():
            os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
        found: dict[str, Any] = {"machine": machine(), "medians of": asked.runs}
        with tempfile.TemporaryDirectory() as name:
            if asked.what == "copies":
                found |= copies(Path(name).resolve(), asked)
            elif asked.what == "pipeline":
                found |= pipelines(Path(name).resolve(), asked)
            else:
                found |= {"sessions": suite()}
        figures[asked.what] = found
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    bench_page.write(figures)
    print(bench_page.PAGE.read_text())


if __name__ == "__main__":
    main()
