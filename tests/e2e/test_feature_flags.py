"""Feature flags on a server: switched without a deploy, missing, malformed."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.conftest import StartHost
from tests.e2e.operators import Operator, running_until, set_up, wait_until
from tests.e2e.projects import first_push, push_image, repository
from tests.testbed import Engine, Run, http

ADDRESS = "https://example.com/a/long/way"
FILE = "/etc/links/flags/flags.json"
CONTAINERS = (
    "sudo docker ps --quiet --no-trunc | sort |"
    " xargs sudo docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'"
)

# Two people who look at the same flags, and switch one each.
HURRY = """
import os, sys
sys.path.insert(0, "ops")
from feature_flags import FeatureFlags
from host import Host
host = Host(os.environ["DEPLOY_HOST"], "/srv/links")
first, second = FeatureFlags(host, "links"), FeatureFlags(host, "links")
first.switch("third", "on")
second.switch("other", "on")
"""


@pytest.fixture
def staging(
    project: Render, engine: Engine, registry_address: str, start_host: StartHost
) -> Operator:
    """An operator of staging, with two versions of a project with flags to release."""
    made = project(5, feature_flags=True)
    image = f"{registry_address}/acme/links-{secrets.token_hex(3)}"
    for version in ("1.0.0", "1.0.1"):
        push_image(engine, made, f"{image}:{version}", version)
    host = start_host("staging")
    set_up(host, made)
    return Operator(made, host, {"DEPLOY_IMAGE": image}, environment_name="staging")


def logged(operator: Operator, text: str) -> int:
    """Return how many lines of the application's log contain a text."""
    log = operator.host.run("sudo docker service logs --raw links_app 2>&1").stdout
    return sum(text in line for line in log.splitlines())


def test_flag_is_switched_without_a_deploy(staging: Operator) -> None:
    staging.deploy("release", "1.0.0")
    link = staging.shorten(ADDRESS)

    def preview() -> str:
        answer = http.get(f"{link}+")
        assert answer.status_code in {200, 404}, answer
        return answer.text if answer.status_code == 200 else ""

    assert [preview() for _ in range(5)] == [""] * 5, "a flag that is missing is off"
    wait_until(lambda: logged(staging, "preview is not set") == 1)

    status, containers = staging.deploy("status"), staging.host.run(CONTAINERS).stdout
    assert containers
    assert "preview             true" in staging.deploy("flag", "preview", "on")
    assert preview() == f"{ADDRESS}\n"
    staging.deploy("flag", "preview", "off")
    assert preview() == ""
    staging.deploy("flag", "preview", "on")
    assert preview() == f"{ADDRESS}\n"
    staging.deploy("flag", "other", "on")
    assert preview() == f"{ADDRESS}\n"
    assert "other" not in staging.deploy("flag", "other", "unset")

    staging.host.run(f"sudo tee {FILE}", stdin='{"preview": ')
    assert [preview() for _ in range(5)] == [f"{ADDRESS}\n"] * 5, "a malformed file changed it"
    wait_until(lambda: logged(staging, "Feature flags are unchanged") == 1)
    assert "is no JSON object: repair or remove it" in staging.refuse("flag", "preview", "off")
    assert preview() == f"{ADDRESS}\n"
    staging.host.run(f"sudo rm {FILE}")
    assert preview() == ""
    staging.deploy("flag", "preview", "on")
    assert preview() == f"{ADDRESS}\n"

    assert staging.deploy("status") == status, "it was a deploy"
    assert staging.host.run(CONTAINERS).stdout == containers, "a container was restarted"
    assert logged(staging, "preview is not set") == 1
    last = staging.deploy("history").splitlines()[-1]
    assert last.split()[1:] == ["flag", "ok", "mira", "preview", "on"]

    with running_until(staging, "trying 1.0.1", "release", "1.0.1"):
        staging.deploy("flag", "preview", "off")
        assert preview() == ""
        staging.deploy("flag", "preview", "on")
    assert staging.version() == "1.0.1"
    assert preview() == f"{ADDRESS}\n", "a release forgot the flag"
    hurried = support.run(
        sys.executable, "-c", HURRY, cwd=staging.project, env=staging.environment, check=False
    )
    assert "RefusedError: Somebody else has just switched a flag: try again." in hurried.stderr
    assert "other" not in staging.deploy("flag")
    staging.host.run("sudo tee -a /etc/links/app.env", stdin="FEATURE_FLAGS=on\n")
    failed = staging.deploy("release", "1.0.0", code=1)
    assert "FEATURE_FLAGS is not a JSON object" in failed
    assert staging.version() == "1.0.1"
    assert preview() == f"{ADDRESS}\n"


@pytest.mark.parametrize("level", [5, pytest.param(8, marks=pytest.mark.exhaustive)])
def test_first_push_with_flags_is_green(
    project: Render, run_workflows: Callable[..., Run], level: int
) -> None:
    made = project(level, feature_flags=True)
    run = run_workflows(made, "push", repository=repository())
    assert run.ok, str(run)
    assert run.results == first_push(level)
    assert "test_preview.py" in run.jobs["check / unit"].log
    assert "test_feature_flags.py" in run.jobs["check / contract"].log


def test_code_that_ignores_its_flag_fails_the_unit_check(
    project: Render, run_workflows: Callable[..., Run]
) -> None:
    made = project(5, feature_flags=True)
    code = made / "src" / "links" / "preview.py"
    asked = 'if not api.get_client().get_boolean_value("preview", False):'
    assert asked in code.read_text()
    code.write_text(code.read_text().replace(asked, "if code == api.__name__:"))
    support.commit_all(made, "A fault")
    run = run_workflows(made, "pull_request", job="check", workflow="main.yml")
    assert "check / unit" in run.failed(), str(run)
    assert "without_its_flag" in run.jobs["check / unit"].log


def test_invalid_flags_are_refused(project: Render) -> None:
    made = project(5, feature_flags=True)
    for words in (["preview"], ["preview", "maybe"], ["pre view", "on"]):
        command = ["python3", "ops/deploy", "flag", "staging", *words]
        done = support.run(*command, cwd=made, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("ops/deploy: ")
        assert done.stderr.count("\n") == 1
