"""The benchmark: what it computes, and that its page shows its figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tools import bench, bench_page
from tools.pipeline import critical_path


def test_the_critical_path_is_the_longest_chain_of_needs() -> None:
    jobs = {
        "check": {"name": "check"},
        "package": {"name": "package", "needs": "check"},
        "integration": {"name": "integration", "needs": "check"},
        "staging": {"name": "staging", "needs": ["package", "integration"]},
    }
    seconds = {"check / lint": 1.0, "check / unit": 3.0, "package / image": 5.0}
    seconds |= {"integration / tests": 4.0, "staging / deploy": 2.0}
    path = ["check / unit", "package / image", "staging / deploy"]
    assert critical_path(jobs, seconds) == path
    seconds["integration / tests"] = 6.0
    path[1] = "integration / tests"
    assert critical_path(jobs, seconds) == path
    del seconds["staging / deploy"]  # skipped: no host is set
    assert critical_path(jobs, seconds) == path[:2]


def test_the_page_is_made_of_the_figures() -> None:
    figures = json.loads(bench.FIGURES.read_text())
    assert {"copies", "pipeline"} <= set(figures) <= set(bench_page.TABLES)
    assert bench_page.PAGE.read_text() == bench_page.page(figures)
    assert bench_page.PLOT.is_file()


def test_the_wall_clock_of_a_busy_machine_is_not_shown() -> None:
    found = json.loads(bench.FIGURES.read_text())["copies"]
    for load, shown in (("0.4, 0.5, 0.5", True), ("20.4, 16.5, 11.8", False)):
        found["machine"] |= {"system": "Linux on x86_64, 2 processors", "load": load}
        lines = bench_page.copies_section(found)
        assert (sum(line.startswith("| level | files |") for line in lines) == 2) is shown
        assert any("kept the machine busy" in line for line in lines) is not shown


def test_a_missed_target_is_bold() -> None:
    row = {name: {"cpu": 1.0, "wall": 1.0} for name in ("floor", "plain_climb")}
    row |= {"copy": {"cpu": 1.3, "wall": 9.0}, "climb": {"cpu": 1.61, "wall": 9.0}}
    assert bench_page.ratio(row, "cpu", "copy / floor") == "1.30"
    assert bench_page.ratio(row, "cpu", "climb / plain climb") == "**1.61**"
    assert bench_page.ratio(row, "wall", "climb / plain climb") == "9.00"


def test_the_cpu_time_of_children_counts(tmp_path: Path) -> None:
    spin = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    shell = f"{sys.executable} -c '{spin}'; sleep 0.3"
    found = bench.seconds(["bash", "-c", shell], tmp_path)
    assert 0.3 <= found["cpu"] <= found["wall"] - 0.2
