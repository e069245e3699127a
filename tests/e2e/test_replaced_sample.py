"""A user who replaced the whole sample climbs from 0 to 8, step by step, and every level works."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.conftest import StartHost
from tests.e2e.operators import Operator, set_up
from tests.testbed import Host, Run, http

DATA = support.ROOT / "tests" / "data"


def sign(address: str, entry: str) -> None:
    """Write into the guestbook."""
    answer = http.post(f"{address}/entries", json={"entry": entry})
    assert answer.status_code == 201, answer


def signed(address: str) -> list[str]:
    """Read the guestbook."""
    answer = http.get(f"{address}/entries")
    assert answer.status_code == 200, answer
    entries: list[str] = answer.json()
    return entries


def climb(made: Path, level: int) -> None:
    """Climb one level and do what the message says; the code stays what it was."""
    support.climb(made, level)
    code = made / ("src/links/__init__.py" if level >= 3 else "links.py")
    body = (DATA / "guestbook.py").read_text().partition("# ///\n\n")[2].partition('"""')[2]
    assert body in code.read_text()
    if level >= 3:
        support.run("uv", "lock", "--quiet", cwd=made)
    support.commit_all(made, f"Climb to level {level}")


class Pipeline:
    """Pushes to main, and what came of them."""

    def __init__(self, made: Path, run_workflows: Callable[..., Run]) -> None:
        self.made = made
        self.run_workflows = run_workflows
        self.variables: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    def know(self, environment: str, host: Host) -> None:
        """Set what ops/environments sets."""
        name = environment.upper()
        self.variables[f"{name}_HOST"] = host.destination
        self.variables[f"{name}_URL"] = f"http://{host.ip}"
        self.variables[f"{name}_KNOWN_HOSTS"] = host.known_hosts
        self.secrets["DEPLOY_SSH_KEY"] = host.key

    def push(self, **expected: str) -> str:
        """Push, see every job green or skipped as expected, and return the version."""
        run = self.run_workflows(self.made, "push", variables=self.variables, secrets=self.secrets)
        assert run.ok, str(run)
        results = {name: result for name, result in run.results.items() if result != "success"}
        assert results == expected, str(run)
        return str(run.jobs["package / image"].step("name").outputs["version"])


@pytest.mark.slow
def test_replaced_sample_climbs_from_0_to_8(
    project: Render,
    start_host: StartHost,
    registry_address: str,
    run_workflows: Callable[..., Run],
) -> None:
    made = project(0)
    for name in ("guestbook.py", "wording.py"):
        shutil.copy(DATA / name, made / name.replace("guestbook", "links"))
    support.commit_all(made, "A guestbook")
    # As the message of level 0 says.
    (made / ".git" / "info" / "exclude").write_text("*.db\n__pycache__/\n")
    with support.serving(["uv", "run", "links.py"], made) as address:
        sign(address, "hello")
        assert signed(address) == ["Hello"]

    production = start_host("production")
    operator = Operator(made, production)
    climb(made, 1)
    set_up(production, made, links_example_com=operator.url)
    operator.deploy("release")
    sign(operator.url, "first")

    climb(made, 2)
    operator.deploy("release")
    assert operator.version() == support.git(made, "rev-parse", "--short", "HEAD").strip()

    pipeline = Pipeline(made, run_workflows)
    pipeline.variables["REGISTRY"] = registry_address
    pipeline.secrets["REGISTRY_TOKEN"] = "any"
    climb(made, 3)
    version = pipeline.push()
    set_up(production, made)
    operator.settings["DEPLOY_IMAGE"] = f"{registry_address}/acme/links"
    operator.deploy("takeover", version)
    assert operator.version() == version
    assert signed(operator.url) == ["First"]

    climb(made, 4)
    pipeline.push()

    climb(made, 5)
    pipeline.push(**{"staging / deploy": "skipped"})
    staging = start_host("staging")
    set_up(staging, made)
    pipeline.know("staging", staging)
    for level in (6, 7):
        climb(made, level)
        version = pipeline.push(**{"staging / skipped": "skipped"})
        assert Operator(made, staging).version() == version

    climb(made, 8)
    pipeline.know("production", production)
    pipeline.secrets["DEPLOY_SSH_KEY"] = staging.key
    version = pipeline.push(**{"staging / skipped": "skipped", "production / skipped": "skipped"})
    assert operator.version() == version
    assert signed(operator.url) == ["First"]
