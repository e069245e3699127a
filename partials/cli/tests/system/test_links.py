"""What users do, from outside."""

from __future__ import annotations

from tests.system.conftest import Run

ADDRESS = "https://example.com/a/long/way?down=1"


def test_a_short_link_leads_to_its_address(run: Run) -> None:
    added = run("add", ADDRESS)
    assert added.returncode == 0, added.stderr
    shown = run("show", added.stdout.strip())
    assert shown.stdout == f"{ADDRESS}\n", shown.stderr


def test_an_unknown_code_is_not_found(run: Run) -> None:
    done = run("show", "nowhere")
    assert done.returncode == 1
    assert "No link has the code nowhere." in done.stderr


def test_what_is_no_address_is_refused(run: Run) -> None:
    done = run("add", "no address")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
