"""The contract that deployment relies on. If a test fails, change the program, not the test."""

from __future__ import annotations

import importlib

import pytest

from tests.conftest import PACKAGE, Run


def test_the_package_has_a_main_function() -> None:
    package = importlib.import_module(PACKAGE)
    assert callable(getattr(package, "main", None)), f"{PACKAGE} must have a function `main`"


def test_main_accepts_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    main = importlib.import_module(PACKAGE).main
    try:
        code = main(["--version"])
    except SystemExit as end:
        code = end.code
    assert code in {0, None}
    assert capsys.readouterr().out


def test_help_prints_the_usage(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout, "--help must print to stdout"


def test_version_prints_the_version(run: Run) -> None:
    done = run("--version", VERSION="1.2.3")
    assert done.returncode == 0, done.stderr
    assert "1.2.3" in done.stdout.split(), "--version must print VERSION if it is set"


def test_an_unknown_option_is_a_usage_error(run: Run) -> None:
    done = run("--no-such-option")
    assert done.returncode not in {0, 1}, "exit with 2 for wrong usage, with 1 for other failures"
    assert "Traceback" not in done.stderr
