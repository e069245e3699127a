"""What users do with the installed program."""

from __future__ import annotations

from tests.system.conftest import Run

URL = "https://example.com/a/long/way?down=1"


def test_a_code_shows_its_url(run: Run) -> None:
    added = run("add", URL)
    assert added.returncode == 0, added.stderr
    shown = run("show", added.stdout.strip())
    assert shown.stdout == f"{URL}\n", shown.stderr


def test_an_unknown_code_is_not_found(run: Run) -> None:
    done = run("show", "nowhere")
    assert done.returncode == 1
    assert "No link has the code nowhere." in done.stderr


def test_an_invalid_url_is_rejected(run: Run) -> None:
    done = run("add", "not a url")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
