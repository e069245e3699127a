"""Levels 3 to 8: what a push, a pull request and a dispatch do, by the emitted workflows."""

from __future__ import annotations

import json
import re
import secrets
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.conftest import StartHost
from tests.e2e.operators import Operator, set_up, wait_until
from tests.e2e.projects import CHECKS, CODE, change, first_push, repository
from tests.testbed import Engine, Host, Run, digest_of, http

Workflows = Callable[..., Run]
NOT_SET = "the variable STAGING_HOST is not set"
FIRST = [4, *(pytest.param(level, marks=pytest.mark.exhaustive) for level in (5, 6, 7)), 8]


@pytest.mark.parametrize("level", FIRST)
def test_first_push_is_green_with_nothing_set_up(
    project: Render, run_workflows: Workflows, level: int
) -> None:
    run = run_workflows(project(level), "push", repository=repository())
    assert run.ok, str(run)
    assert run.results == first_push(level)
    notices = run.messages("notice")
    assert any("There is no uv.lock" in text for text in notices)
    assert any(NOT_SET in text for text in notices) is (level >= 5)
    assert not run.messages("warning")


def test_each_push_makes_an_image_with_its_own_version(
    project: Render, engine: Engine, registry_address: str, run_workflows: Workflows
) -> None:
    made, name = project(3), f"acme/Links-{secrets.token_hex(3)}"
    image = f"{registry_address}/{name.lower()}"
    versions = []
    for message in ("Not tagged yet", "After the tag"):
        support.commit_all(made, message)
        run = run_workflows(made, repository=name, variables={"REGISTRY": registry_address})
        assert run.ok, str(run)
        assert run.results == first_push(3)
        outputs = run.jobs["package / image"].step("name").outputs
        assert outputs["image"] == f"{image}:{outputs['version']}"
        digest = run.jobs["package / image"].step("push").outputs["digest"]
        assert digest == digest_of(name.lower(), outputs["version"])
        versions.append(outputs["version"])
        support.git(made, "tag", "--force", "v1.2.0")
    assert versions == ["0.0.0.post2", "1.2.0.post1"]

    reference = f"{image}@{digest}"
    facts = json.loads(engine.docker("inspect", "--format={{json .Config}}", reference).stdout)
    assert facts["User"] == "10001:10001"
    assert facts["WorkingDir"] == "/data"
    assert facts["Healthcheck"]["Test"][:2] == ["CMD", "python"]
    assert {"VERSION=1.2.0.post1", "PORT=8000"} <= set(facts["Env"])
    labels = facts["Labels"]
    assert labels["org.opencontainers.image.version"] == "1.2.0.post1"
    commit = support.git(made, "rev-parse", "HEAD").strip()
    assert labels["org.opencontainers.image.revision"] == commit
    assert labels["org.opencontainers.image.source"] == f"https://github.com/{name}"
    with container(engine, reference, "--read-only", "--volume=/data") as (
        running,
        address,
    ):
        assert http.get(f"{address}/healthz").json()["version"] == "1.2.0.post1"
        wait_until(lambda: state(engine, running, ".State.Health.Status") == "healthy", 15)
        began = time.monotonic()
        engine.docker("stop", "--time=10", running)
        assert time.monotonic() - began < 5, "SIGTERM does not reach the server"
        assert state(engine, running, ".State.ExitCode") in {"0", "143"}


def test_container_listens_on_port_and_reports_its_health(project: Render, engine: Engine) -> None:
    made = project(3)
    tag = f"ladder-tests:{secrets.token_hex(3)}"
    engine.docker("build", "--quiet", f"--tag={tag}", "--build-arg=VERSION=7", str(made))
    options = ["--env=PORT=9000", "--env=DATABASE_URL=sqlite:////data/a.db"]
    with container(engine, tag, *options, port=9000) as (running, address):
        assert http.get(f"{address}/healthz").json() == {"status": "ok", "version": "7"}
        check = state(engine, running, "json .Config.Healthcheck.Test")
        command = json.loads(check)[1:]
        assert engine.docker("exec", running, *command).returncode == 0
        assert engine.docker("exec", "--env=PORT=1", running, *command, check=False).returncode == 1
        assert engine.docker("exec", running, "id", "-u").stdout.strip() == "10001"
    engine.docker("rmi", "--force", tag)


def test_code_change_does_not_rebuild_dependencies(project: Render, engine: Engine) -> None:
    made = project(6)

    def build() -> str:
        (made / CODE).write_text((made / CODE).read_text() + f"\nSALT = {secrets.token_hex()!r}\n")
        began = time.monotonic()
        done = engine.docker("buildx", "build", "--progress=plain", str(made))
        print(f"{time.monotonic() - began:.1f} s")
        return done.stderr

    def done_again(log: str) -> set[str]:
        steps = dict(re.findall(r"^(#\d+) \[.*?\] (.*)", log, re.MULTILINE))
        cached = set(re.findall(r"^(#\d+) CACHED", log, re.MULTILINE))
        return {text for number, text in steps.items() if number not in cached}

    with (made / "pyproject.toml").open("a") as file:
        file.write(f"# {secrets.token_hex()}\n")
    assert any("uv sync" in step for step in done_again(build()))
    again = done_again(build())
    assert any("uv build" in step for step in again)
    assert not any("uv sync" in step or "dependencies" in step for step in again), again


@contextmanager
def container(
    engine: Engine, image: str, *options: str, port: int = 8000
) -> Iterator[tuple[str, str]]:
    """Run an image for the length of a block; give its container's name and its address."""
    name = f"ladder-tests-{secrets.token_hex(3)}"
    published = f"--publish=127.0.0.1::{port}"
    engine.docker("run", "--detach", f"--name={name}", published, *options, image)
    try:
        found = engine.docker("port", name, f"{port}/tcp").stdout.splitlines()[0]
        wait_until(lambda: answers(f"http://{found}"), 20)
        yield name, f"http://{found}"
    finally:
        logs = engine.docker("logs", name, check=False)
        print(logs.stdout, logs.stderr)
        engine.docker("rm", "--force", "--volumes", name)


def answers(address: str) -> bool:
    """Tell whether the service can serve yet."""
    try:
        return http.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def state(engine: Engine, name: str, what: str) -> str:
    """Return what docker knows of a container."""
    return str(engine.docker("inspect", f"--format={{{{{what}}}}}", name).stdout.strip())


FAULTS = {
    "lint": ("import os\n", "import json\nimport os\n", "F401"),
    "types": ("metadata = sa.MetaData()", "metadata: str = sa.MetaData()", "assignment"),
    "unit": ("RedirectResponse(url)\n", 'RedirectResponse(url + "x")\n', "redirects_to_its_url"),
    "contract": ('os.environ.get("VERSION", ', 'os.environ.get("RELEASE", ', "VERSION"),
}


@pytest.mark.parametrize("job", FAULTS)
def test_fault_fails_only_its_own_check(
    project: Render, run_workflows: Workflows, job: str
) -> None:
    made = project(4)
    old, new, word = FAULTS[job]
    change(made / CODE, old, new)
    support.commit_all(made, "A fault")
    run = run_workflows(made, "pull_request", job="check", workflow="main.yml")
    assert run.failed() == {f"check / {job}"}, str(run)
    assert word in run.jobs[f"check / {job}"].log


def test_dependencies_added_by_uv_survive_every_climb(project: Render) -> None:
    made = project(3)

    def add(*words: str) -> None:
        support.run("uv", "add", "--quiet", "--no-sync", *words, cwd=made)

    add("attrs", "zstandard")
    add("--dev", "ipdb")
    support.run("uv", "remove", "--quiet", "--no-sync", "sqlalchemy", cwd=made)
    support.commit_all(made, "Dependencies of mine")
    for level in range(4, 9):
        support.climb(made, level)
        status = support.git(made, "status", "--porcelain")
        assert "UU" not in status, f"level {level}\n{status}"
        add(f"six>=1.{level}")  # which goes to the user's part, whatever the template has
        add("--dev", "aiofiles")
        support.commit_all(made, f"Level {level}")
        written = tomllib.loads((made / "pyproject.toml").read_text())
        own = (made / "pyproject.toml").read_text().partition("# Yours; add with `uv add`:\n")[2]
        own = own.partition("]\n")[0]
        for name in ("fastapi", "attrs", "zstandard", "six"):
            assert f'    "{name}>=' in own, own
        assert not re.search("uvicorn|alembic|sqlalchemy", own), own
        names = {
            requirement.partition(">")[0] for requirement in written["dependency-groups"]["dev"]
        }
        assert names == {"ipdb", "aiofiles"}
    support.run("uv", "lock", "--check", cwd=made)


def test_stale_lock_fails_every_check_with_a_hint(
    project: Render, run_workflows: Workflows
) -> None:
    made = project(4)
    support.run("uv", "lock", "--quiet", cwd=made)
    pyproject = made / "pyproject.toml"
    text = pyproject.read_text().replace(
        "# Yours; add with `uv add`:\n", '# Yours; add with `uv add`:\n    "attrs",\n'
    )
    pyproject.write_text(text)
    support.commit_all(made, "A dependency more")
    run = run_workflows(made, "pull_request", job="check", workflow="main.yml")
    assert set(run.results.values()) == {"failure"}, str(run)
    errors = run.messages("error")
    assert any("Run `uv lock` and commit the file" in text for text in errors)
    for name in CHECKS:
        assert "uv lock" in run.jobs[name].log


def test_check_without_unit_tests_is_green_with_a_warning(
    project: Render, run_workflows: Workflows
) -> None:
    made = project(4)
    (made / "tests" / "unit" / "test_links.py").unlink()
    support.run("uv", "lock", "--quiet", cwd=made)
    support.commit_all(made, "No tests yet")
    run = run_workflows(made, "pull_request", job="check", workflow="main.yml")
    assert run.ok, str(run)
    warnings = run.messages("warning")
    assert len(warnings) == 1
    assert "tests/unit/test_" in warnings[0]


@pytest.fixture
def hosts(start_host: StartHost, rendered: Render) -> dict[str, Host]:
    """Staging and production, set up as ops/README.md says."""
    found = {name: start_host(name) for name in ("staging", "production")}
    for host in found.values():
        set_up(host, rendered(5))
    return found


@pytest.mark.slow
def test_push_deploys_to_staging_and_a_dispatch_to_production(
    project: Render, hosts: dict[str, Host], registry_address: str, run_workflows: Workflows
) -> None:
    made, name = project(5), repository()
    settings = {"REGISTRY": registry_address}
    for environment, host in hosts.items():
        settings[f"{environment.upper()}_HOST"] = host.destination
        settings[f"{environment.upper()}_URL"] = f"http://{host.ip}"
        settings[f"{environment.upper()}_KNOWN_HOSTS"] = host.known_hosts
    known = {
        "repository": name,
        "variables": settings,
        "secrets": {"DEPLOY_SSH_KEY": hosts["staging"].key},
    }
    staging, production = (Operator(made, hosts[name]) for name in ("staging", "production"))

    run = run_workflows(made, "push", **known)
    assert run.ok, str(run)
    assert run.results["staging / deploy"] == "success"
    version = run.jobs["package / image"].step("name").outputs["version"]
    digest = run.jobs["package / image"].step("push").outputs["digest"]
    assert staging.version() == version
    status = staging.deploy("status")
    assert version in status
    assert digest in status, "staging runs another image than the one that was built"

    unproven = run_workflows(made, "workflow_dispatch", inputs={"version": "0.0.0.post99"}, **known)
    assert unproven.results == {
        "verified / deploy": "failure",
        "verified / skipped": "skipped",
        "production / deploy": "skipped",
        "production / skipped": "skipped",
    }
    assert "0.0.0.post99 has never been released to staging" in str(unproven)

    proven = run_workflows(made, "workflow_dispatch", inputs={"version": version}, **known)
    assert proven.ok, str(proven)
    assert production.version() == version
    assert digest in production.deploy("status")

    support.commit_all(made, "The next version")
    run = run_workflows(made, "push", **known)
    assert run.ok, str(run)
    assert production.version() == version, "staging takes every push, production none"
    following = staging.version()
    assert following == run.jobs["package / image"].step("name").outputs["version"] != version
    run_workflows(made, "workflow_dispatch", inputs={"version": following}, **known)
    assert production.version() == following
    back = run_workflows(made, "workflow_dispatch", inputs={"verb": "rollback"}, **known)
    assert back.ok, str(back)
    assert production.version() == version
    assert staging.version() == following


def test_deploy_without_its_key_names_the_command_to_run(
    project: Render, run_workflows: Workflows
) -> None:
    made = project(5)
    settings = {"PRODUCTION_HOST": "deploy@nowhere.example", "PRODUCTION_URL": "http://nowhere"}
    inputs = {"verb": "rollback", "version": "1"}
    run = run_workflows(made, "workflow_dispatch", inputs=inputs, variables=settings)
    assert run.results["production / deploy"] == "failure"
    errors = run.messages("error")
    assert any("Run ops/environments production" in text for text in errors)
