"""What operations rely on, whatever the program does and however it is written."""

from __future__ import annotations

import importlib

import pytest

from tests.conftest import PACKAGE, Run


def test_the_package_has_a_main_function() -> None:
    package = importlib.import_module(PACKAGE)
    assert callable(getattr(package, "main", None)), f"{PACKAGE} needs a function `main`"


def test_main_takes_the_words_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    main = importlib.import_module(PACKAGE).main
    try:
        code = main(["--version"])
    except SystemExit as end:
        code = end.code
    assert code in {0, None}
    assert capsys.readouterr().out


def test_it_tells_how_it_is_used(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout, "--help must print to stdout"


def test_it_tells_the_version_of_the_environment(run: Run) -> None:
    done = run("--version", VERSION="1.2.3")
    assert done.returncode == 0, done.stderr
    assert "1.2.3" in done.stdout.split(), "--version must print VERSION where it is set"


def test_it_refuses_what_it_does_not_know(run: Run) -> None:
    done = run("--no-such-option")
    assert done.returncode not in {0, 1}, "1 is for what could not be done, 2 for wrong usage"
    assert "Traceback" not in done.stderr
