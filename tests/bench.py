"""Measures what users wait for, as ratios against a floor in the same run.

The floor is a plain template: the same files, without Jinja, extension or tasks. Each figure is the
median of paired runs, so that whatever else the machine does weighs on both sides.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from copier import run_copy

from tests import support


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Return how long some work takes."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def floor(folder: Path, made: Path) -> Path:
    """Return a plain template that writes the same files as a project has."""
    shutil.copytree(made, folder / "template")
    (folder / "template" / ".copier-answers.yml").unlink()
    (folder / "copier.yml").write_text("_subdirectory: template\n")
    support.save(folder)
    support.git(folder, "tag", "v1.0.0")
    support.git(folder, "gc", "--quiet")
    return folder


def copy_floor(template: Path, target: Path) -> None:
    """Copy the plain template."""
    run_copy(str(template), target, vcs_ref="HEAD", defaults=True, quiet=True)


def rows(folder: Path, runs: int) -> list[tuple[int, float, float, float]]:
    """Return level, floor, copy and update in seconds, for each level.

    The update is the climb to the level from the one below; level 0 updates to itself.
    """
    found = []
    for level in support.LEVELS:
        plain = floor(
            folder / f"floor{level}", support.render(folder / f"made{level}" / "links", level)
        )
        times: list[tuple[float, float, float]] = []
        for run in range(runs):
            below = support.render(folder / f"below{level}-{run}" / "links", max(level - 1, 0))
            support.save(below)
            target = folder / f"run{level}-{run}"
            times.append(
                (
                    seconds(copy_floor, plain, target / "plain"),
                    seconds(support.render, target / "links", level),
                    seconds(support.climb, below, level),
                )
            )
        base, copy, update = (statistics.median(column) for column in zip(*times, strict=True))
        found.append((level, base, copy, update))
    return found


def report(found: list[tuple[int, float, float, float]], runs: int) -> str:
    """Return the page with the machine, the versions and the table."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("copier", "copier-template-extensions", "jinja2")
    )
    git = support.git(support.ROOT, "--version").split()[2]
    lines = [
        "# How long users wait",
        "",
        f"Medians of {runs} paired runs; Python {platform.python_version()}, {versions}, "
        f"git {git}, {platform.system()} on {platform.machine()}, {os.cpu_count()} processors. "
        "The floor is a plain template with the same files. `nox -s bench` renews this page.",
        "",
        "| level | floor, s | copy, s | copy / floor | update, s | update / copy |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {level} | {base:.2f} | {copy:.2f} | {copy / base:.2f} "
        f"| {update:.2f} | {update / copy:.1f} |"
        for level, base, copy, update in found
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write docs/bench.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="paired runs for each level")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        page = report(rows(Path(folder).resolve(), runs), runs)
    print(page)
    (support.ROOT / "docs" / "bench.md").write_text(page)


if __name__ == "__main__":
    main()
