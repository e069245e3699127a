"""The testbed itself: engine, images, hosts, workflows and the forge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.operators import wait_until
from tests.testbed import (
    BareRepository,
    Engine,
    ForgeRecorder,
    Host,
    RequestLoop,
    Run,
    TestbedError,
    digest_of,
    http,
    images,
)

pytestmark = pytest.mark.xdist_group("testbed")

WORKFLOW = """
name: Main
on: [push, pull_request]
jobs:
  check:
    uses: ./.github/workflows/_check.yml
  package:
    needs: check
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - uses: docker/setup-buildx-action@v3
      - uses: docker/login-action@v3
        with: { registry: ghcr.io, username: octocat, password: "${{ secrets.GITHUB_TOKEN }}" }
      - id: build
        uses: docker/build-push-action@v6
        with:
          context: .
          push: true
          tags: ghcr.io/acme/hello:${{ needs.check.outputs.version }}
          outputs: type=docker,dest=${{ runner.temp }}/image.tar
      - uses: actions/upload-artifact@v4
        with: { name: image, path: "${{ runner.temp }}/image.tar" }
      - uses: actions/attest-build-provenance@v3
        with: { subject-name: acme/hello, subject-digest: "${{ steps.build.outputs.digest }}" }
  deploy:
    needs: package
    if: vars.HOST != ''
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/download-artifact@v4
        with: { name: image, path: there }
      - run: docker load --input there/image.tar
      - run: test "$PLACE" = "somewhere"
        env: { PLACE: "${{ vars.HOST }}" }
  told:
    if: vars.HOST == ''
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "::notice::HOST is not set"
          echo "nothing was deployed" >> "$GITHUB_STEP_SUMMARY"
"""
CHECK = """
name: Check
on:
  workflow_call:
    outputs:
      version: { value: "${{ jobs.unit.outputs.version }}" }
jobs:
  unit:
    runs-on: ubuntu-latest
    outputs:
      version: ${{ steps.version.outputs.version }}
    steps:
      - uses: actions/checkout@v6
      - uses: astral-sh/setup-uv@v7
      - id: version
        run: echo "version=$(git describe --tags)" >> "$GITHUB_OUTPUT"
      - run: test ! -e broken
"""


def commit(project: Path, message: str = "Change") -> None:
    """Commit everything in the project."""
    git = ["git", "-C", str(project), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", message], check=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a caller, a reusable workflow and a Dockerfile."""
    root = tmp_path / "project"
    workflows = root / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "main.yml").write_text(WORKFLOW)
    (workflows / "_check.yml").write_text(CHECK)
    dockerfile = 'FROM debian:trixie-slim\nCMD ["echo", "hello from the registry"]\n'
    (root / "Dockerfile").write_text(dockerfile)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", root], check=True)
    commit(root, "Begin")
    subprocess.run(["git", "-C", root, "tag", "v1.0"], check=True)
    return root


@pytest.fixture(scope="module")
def host(start_module_host: Callable[..., Host]) -> Host:
    """One host for the tests that do not change it."""
    return start_module_host("testbed")


@pytest.fixture
def forge() -> Iterator[ForgeRecorder]:
    """A recorder of a public repository."""
    with ForgeRecorder() as recorder:
        yield recorder


def gh(forge: ForgeRecorder, *words: str, body: object = None) -> subprocess.CompletedProcess[str]:
    """Run the real `gh` against the recorder."""
    stdin = json.dumps(body) if body is not None else None
    environment = os.environ | forge.env()
    return subprocess.run(
        ["gh", *words], env=environment, input=stdin, capture_output=True, text=True, check=False
    )


def test_groups_of_tests_share_a_worker(request: pytest.FixtureRequest) -> None:
    if hasattr(request.config, "workerinput"):
        assert request.node.nodeid.endswith("@testbed"), "pytest-xdist does not see the groups"


def test_every_image_exists(engine: Engine) -> None:
    assert set(images.states(engine).values()) <= {"official", "stand-in", "own"}


def test_postgres_image_reads_the_official_variables(engine: Engine) -> None:
    words = ["run", "--detach", "--env=POSTGRES_USER=links", "--env=POSTGRES_PASSWORD=right"]
    name = engine.docker(*words, "--env=POSTGRES_DB=shop", "postgres:17").stdout.strip()

    def ask(password: str) -> subprocess.CompletedProcess[str]:
        address = f"postgresql://links:{password}@{ip}/shop"
        query = "select current_user || ' in ' || current_database()"
        return engine.docker("exec", name, "psql", address, "-Atc", query, check=False)

    try:
        template = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
        ip = engine.docker("inspect", "--format", template, name).stdout.strip()
        wait_until(lambda: ask("right").returncode == 0)
        assert ask("right").stdout.strip() == "links in shop"
        assert "password authentication failed" in ask("wrong").stderr
    finally:
        engine.docker("rm", "-fv", name)


def test_host_runs_systemd(host: Host) -> None:
    assert host.run("systemctl is-system-running --wait").stdout.strip() == "running"
    assert host.run("whoami; sudo whoami").stdout.split() == ["deploy", "root"]
    unit = (
        "[Service]\nExecStart=/usr/bin/sleep 1000\nDynamicUser=yes\nRestart=always\nRestartSec=0\n"
    )
    host.run("sudo tee /etc/systemd/system/sleeper.service", stdin=unit)
    show = "systemctl show --property MainPID --value sleeper"
    host.run("sudo systemctl start sleeper")
    before = host.run(show).stdout.strip()
    host.run(f"sudo kill -9 {before}")
    wait_until(lambda: host.run(show).stdout.strip() not in ("0", before))
    programs = "command -v uv uvx caddy python3 docker && docker compose version"
    assert len(host.run(programs).stdout.splitlines()) == 6
    assert host.run("systemctl is-enabled caddy", check=False).stdout.strip() == "disabled"


def test_host_refuses_an_unknown_key(host: Host, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    words = [str(key) if word == str(host.key_file) else word for word in host.ssh_command]
    refused = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    assert "Permission denied" in refused.stderr


def test_request_loop_notices_a_killed_host(start_host: Callable[..., Host]) -> None:
    host = start_host("doomed")
    host.run("printf ':80 {\\n\\trespond hello\\n}\\n' | sudo tee /etc/caddy/Caddyfile")
    host.run("sudo systemctl start caddy")
    url = f"http://{host.ip}/"
    with RequestLoop(url, right=lambda answer: answer.content == b"hello", timeout=3) as loop:
        wait_until(lambda: loop.traffic.sent > 15)
        before = loop.traffic.failed + loop.traffic.wrong
        host.kill()
        wait_until(lambda: loop.traffic.failed > 0)
    assert before == 0
    assert host.run("true", check=False).returncode == 255


def test_request_loop_counts_wrong_answers(registry_address: str) -> None:
    assert http.get(f"http://{registry_address}/v2/").status_code == 200
    with RequestLoop(f"http://{registry_address}/v2/", right=lambda answer: False) as loop:
        wait_until(lambda: loop.traffic.sent > 0)
    assert loop.traffic.wrong == loop.traffic.sent > 0
    assert loop.traffic.failed == 0


def test_host_of_an_ended_process_is_removed(
    engine: Engine, start_host: Callable[..., Host]
) -> None:
    script = """
    import os
    from tests.testbed import Host, up
    print(Host.start(up(), "orphan").name, flush=True)
    os._exit(1)
    """
    words = [sys.executable, "-c", textwrap.dedent(script)]
    dead = subprocess.run(words, capture_output=True, text=True, check=False, cwd=os.getcwd())
    orphan = dead.stdout.strip()
    assert orphan in engine.docker("ps", "--format", "{{.Names}}").stdout, dead.stderr
    start_host("heir")
    assert orphan not in engine.docker("ps", "-a", "--format", "{{.Names}}").stdout


def test_push_runs_every_job(
    project: Path, host: Host, registry_address: str, run_workflows: Callable[..., Run]
) -> None:
    run = run_workflows(project, variables={"HOST": "somewhere"})
    assert run.ok, run
    assert run.results == {
        "check / unit": "success",
        "package": "success",
        "deploy": "success",
        "told": "skipped",
    }
    digest = run.jobs["package"].step("build").outputs["digest"]
    assert digest == digest_of("ghcr.io/acme/hello", "v1.0")
    assert (run.artifacts / "image" / "image.tar").stat().st_size > 1_000_000
    name = f"{registry_address}/ghcr.io/acme/hello@{digest}"
    assert "hello from the registry" in host.run(f"sudo docker run --rm {name}").stdout


def test_annotations_and_summaries_are_read(
    project: Path, run_workflows: Callable[..., Run]
) -> None:
    run = run_workflows(project, job="told")
    assert run.ok, run
    assert run.annotations == [("notice", "HOST is not set")]
    assert run.jobs["told"].summary == "nothing was deployed\n"


def test_failed_job_skips_dependent_jobs(project: Path, run_workflows: Callable[..., Run]) -> None:
    (project / "broken").touch()
    with pytest.raises(TestbedError, match="uncommitted"):
        run_workflows(project)
    commit(project)
    run = run_workflows(project, "pull_request")
    assert not run.ok
    assert run.results["check / unit"] == "failure"
    assert run.results["package"] == "skipped"
    assert run.jobs["check / unit"].step("version").outcome == "success"
    assert [step.outcome for step in run.jobs["check / unit"].steps][-1] == "failure"


def test_action_without_stand_in_is_refused(
    project: Path, run_workflows: Callable[..., Run]
) -> None:
    main = project / ".github" / "workflows" / "main.yml"
    main.write_text(main.read_text().replace("actions/checkout@v6", "someone/checkout@v6"))
    commit(project)
    with pytest.raises(TestbedError, match="someone/checkout@v6, which has no stand-in"):
        run_workflows(project)


def test_forge_stores_rulesets_variables_and_secrets(forge: ForgeRecorder) -> None:
    rules = "repos/{owner}/{repo}/rulesets"
    body = {"name": "main", "enforcement": "active", "rules": []}
    assert gh(forge, "api", "--method=POST", rules, "--input=-", body=body).returncode == 0
    assert "unique" in gh(forge, "api", "--method=POST", rules, "--input=-", body=body).stdout
    number = gh(forge, "api", rules, '--jq=.[] | select(.name == "main") | .id').stdout.strip()
    body["enforcement"] = "disabled"
    put = gh(forge, "api", "--method=PUT", f"{rules}/{number}", "--input=-", body=body)
    assert put.returncode == 0
    assert forge.ruleset("main") == body

    staging = "repos/{owner}/{repo}/environments/staging"
    assert gh(forge, "secret", "set", "KEY", "--env=staging", "--body=x").returncode == 1
    assert gh(forge, "api", "--method=PUT", staging).returncode == 0
    assert gh(forge, "secret", "set", "KEY", "--env=staging", "--body=x").returncode == 0
    for value in ("first", "second"):
        assert gh(forge, "variable", "set", "HOST", f"--body={value}").returncode == 0
        assert (
            gh(forge, "variable", "set", "URL", "--env=staging", f"--body={value}").returncode == 0
        )
    assert forge.variables == {"": {"HOST": "second"}, "staging": {"URL": "second"}}
    assert forge.secrets == {"staging": {"KEY"}}


def test_forge_refuses_rulesets_on_the_free_plan() -> None:
    with ForgeRecorder(visibility="private", plan="free") as forge:
        refused = gh(forge, "api", "repos/{owner}/{repo}/rulesets")
        assert refused.returncode == 1
        assert "Upgrade to GitHub Pro" in refused.stderr
    with ForgeRecorder(visibility="private", plan="pro") as forge:
        assert gh(forge, "api", "repos/{owner}/{repo}/rulesets").stdout.strip() == "[]"


def test_bare_repository_accepts_a_push(project: Path, tmp_path: Path) -> None:
    bare = BareRepository.create(tmp_path / "links.git")
    bare.push(project)
    head = ["git", "-C", str(project), "rev-parse", "HEAD"]
    assert bare.head() == subprocess.check_output(head, text=True).strip()
