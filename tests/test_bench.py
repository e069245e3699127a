"""The benchmark: what it computes, and that its page is what its figures say."""

from __future__ import annotations

import json

from tools import bench
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
    assert {"copies", "pipeline"} <= set(figures) <= set(bench.TABLES)
    assert bench.PAGE.read_text() == bench.page(figures)
    assert bench.PLOT.is_file()
