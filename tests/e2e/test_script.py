"""Levels 0 and 2: the script answers for its author, and for another engineer who clones it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.testbed import http


def shorten_and_follow(address: str) -> None:
    """Use the service as its users do."""
    assert http.get(f"{address}/healthz").json() == {"status": "ok", "version": "dev"}
    answer = http.post(f"{address}/links", json={"url": f"{address}/docs"})
    assert answer.status_code == 201
    answer = http.get(f"{address}/{answer.json()['code']}", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.url == f"{address}/docs"


def test_script_shortens_links(render: Render) -> None:
    made = render(0)
    with support.serving(["uv", "run", "links.py"], made) as address:
        shorten_and_follow(address)


def test_links_survive_a_restart(render: Render) -> None:
    made = render(0)
    for _ in range(2):
        with support.serving(["uv", "run", "links.py"], made) as address:
            shorten_and_follow(address)
    assert (made / "links.db").is_file()


@pytest.mark.parametrize("level", [2, 3])
def test_readme_commands_clone_and_run_the_project(
    project: Render, tmp_path: Path, level: int
) -> None:
    made = project(level)
    readme = (made / "README.md").read_text()
    forge = tmp_path / "forge" / "acme"
    forge.mkdir(parents=True)
    support.git(forge, "clone", "--quiet", "--bare", made, "links.git")
    commands = readme.partition("```sh\n")[2].partition("```")[0].splitlines()
    assert commands[0] == "git clone https://github.com/acme/links.git"
    assert commands[1] == "cd links"
    # The forge is a folder here; the rest is as the README says.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    instead = f"url.{tmp_path}/forge/.insteadOf=https://github.com/"
    support.run("git", "-c", instead, *commands[0].split()[1:], cwd=elsewhere)
    with support.serving(commands[2].split(), elsewhere / "links") as address:
        shorten_and_follow(address)
