"""Two projects made from the template, one of which calls the other: tested, and released alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import Operator, every_request_answered, set_up
from tests.e2e.projects import CODE, failed_tests, pytest_in
from tests.e2e.sample_images import SampleImages
from tests.testbed import Engine, Host, RequestLoop, Run, http, up

# What the first project does with the second.
CALLS = """

@app.get("/catalog/version")
def catalog() -> dict[str, str]:
    import json
    from urllib.request import Request as Question
    from urllib.request import urlopen

    address = os.environ["CATALOG_URL"]
    link = json.dumps({"url": "https://example.com/"}).encode()
    headers = {"Content-Type": "application/json"}
    urlopen(Question(f"{address}/links", link, headers), timeout=10).close()
    with urlopen(f"{address}/healthz", timeout=10) as answer:
        return {"version": json.load(answer)["version"]}
"""
TEST = """
import httpx2


def test_the_catalog_is_called(client: httpx2.Client) -> None:
    answer = client.get("/catalog/version")
    assert answer.status_code == 200, answer.text
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleImages]:
    """The project that is called, and where its images come from."""
    folder = tmp_path_factory.mktemp("catalog")
    made = support.render(folder / "catalog", 8, project_name="Catalog")
    return made, SampleImages(up(), folder, made)


def caller(project: Render, level: int, image: str) -> Path:
    """Return a project that calls the other one."""
    made = project(level, dependents=[{"name": "catalog", "image": image, "port": 8000}])
    with (made / CODE).open("a") as file:
        file.write(CALLS)
    (made / "tests" / "system" / "test_catalog.py").write_text(TEST.lstrip())
    support.commit_all(made, "Call the catalog")
    return made


def test_system_tests_start_dependent_services(
    project: Render, engine: Engine, catalog: tuple[Path, SampleImages]
) -> None:
    other, images = catalog
    images.push(other, "1.0")
    made = caller(project, 7, f"{images.image}:1.0")
    done = pytest_in(made, engine, "tests/system")
    assert done.returncode == 0, done.stdout

    def take(version: str, fault: str) -> None:
        images.push(other, version, fault=fault)
        image = f"{images.image}:{version}"
        support.commit_all(made, "Before the change")
        support.climb(made, 7, dependents=[{"name": "catalog", "image": image, "port": 8000}])

    take("1.1", "crash at start")
    done = pytest_in(made, engine, "tests/system")
    assert done.returncode == 1
    assert "The stack did not start (catalog: Exited (1)" in done.stdout
    assert "this one never starts" in (made / "logs" / "catalog.log").read_text()

    take("1.2", "no writes")
    assert failed_tests(pytest_in(made, engine, "tests/system")) == {"test_the_catalog_is_called"}


@pytest.fixture
def server(rendered: Render) -> Iterator[Host]:
    """A host set up as ops/README.md says, for components, too."""
    dependents = [{"name": "catalog", "image": "ghcr.io/acme/catalog:1.0", "port": 8000}]
    made = rendered(8, dependents=dependents)
    with Host.start(up(), "components") as host:
        set_up(host, made)
        set_up(host, made, "Components")
        yield host


@pytest.mark.slow
def test_two_projects_are_released_and_rolled_back_independently(
    project: Render,
    server: Host,
    engine: Engine,
    catalog: tuple[Path, SampleImages],
    postgres: str,
    registry_address: str,
    run_workflows: Callable[..., Run],
    tmp_path: Path,
) -> None:
    other, images = catalog
    made = caller(project, 8, f"{images.image}:1.0")
    ours = SampleImages(engine, tmp_path, made)
    for version in ("1.0", "1.1"):
        ours.push(made, version)
    for version, fault in {
        "2.0": "",
        "2.1": "",
        "2.2": "crash at start",
        "2.3": "no writes",
    }.items():
        images.push(other, version, fault=fault)
    images.push(other, "2.4", lost="ALTER TABLE nowhere ADD COLUMN author text")
    database = postgres.rpartition("/")[0]
    words = ["psql", postgres, "--command=CREATE DATABASE catalog"]
    engine.docker("run", "--rm", "postgres:17", *words)
    for folder, name in (("links", "postgres"), ("links-catalog", "catalog")):
        settings = f"PORT=8000\nDATABASE_URL={database}/{name}\n"
        server.run(f"sudo install -m 600 /dev/stdin /etc/{folder}/app.env", stdin=settings)
    operator = Operator(made, server, {"DEPLOY_IMAGE": ours.image})
    alone = ("--component", "catalog")

    assert "cannot be pulled" in operator.refuse("release", "0.9", *alone)
    assert "invalid choice" in operator.refuse("release", "2.0", "--component", "nothing")
    operator.deploy("release", "2.0", *alone)
    operator.deploy("release", "1.0")
    link = f"{operator.url}/catalog/version"

    def runs() -> tuple[str, str]:
        return operator.version(), str(http.get(link).json()["version"])

    assert runs() == ("1.0", "2.0")

    def step(verb: str, *words: str, code: int = 0) -> str:
        """Do something while both are asked; nobody may notice."""
        with RequestLoop(
            link, right=lambda answer: answer.status_code == 200, rate=20, timeout=20
        ) as loop:
            output = operator.deploy(verb, *words, code=code)
        print(verb, *words, loop.traffic)
        assert every_request_answered(loop.traffic), loop.traffic.problems
        return output

    step("release", "2.1", *alone)
    assert runs() == ("1.0", "2.1")
    step("release", "1.1")
    assert runs() == ("1.1", "2.1")
    output = step("release", "2.2", *alone, code=1)
    assert "never starts" in output
    assert "switching" not in output
    assert 'relation "nowhere" does not exist' in step("release", "2.4", *alone, code=1)
    # What only the stack as a whole shows cannot go unnoticed, but it is taken back.
    assert "the smoke test" in operator.deploy("release", "2.3", *alone, code=1)
    assert runs() == ("1.1", "2.1")
    step("rollback", *alone)
    assert runs() == ("1.1", "2.0")
    step("rollback")
    assert runs() == ("1.0", "2.0")

    status = operator.deploy("status")
    assert "version   1.0\n" in status
    (line,) = (line for line in status.splitlines() if line.startswith("catalog "))
    assert line.split()[1] == "2.0"
    assert line.endswith("2 of 2")
    history = operator.deploy("history", *alone)
    outcomes = [line.split()[1:4] for line in history.splitlines()]
    assert outcomes == [
        ["release", "2.0", "ok"],
        ["release", "2.1", "ok"],
        ["release", "2.2", "failed"],
        ["release", "2.4", "failed"],
        ["release", "2.3", "failed"],
        ["rollback", "2.0", "ok"],
    ]
    assert "2.1" not in operator.deploy("history")

    # The same by one dispatch; the server is staging, too, where 2.1 has been proven.
    support.commit_all(made, "What the forge knows")
    known = {"REGISTRY": registry_address}
    for environment in ("STAGING", "PRODUCTION"):
        known[f"{environment}_HOST"] = server.destination
        known[f"{environment}_URL"] = operator.url
        known[f"{environment}_KNOWN_HOSTS"] = server.known_hosts
    run = run_workflows(
        made,
        "workflow_dispatch",
        workflow="deploy.yml",
        inputs={"component": "catalog", "environment": "production", "version": "2.1"},
        repository=ours.repository,
        variables=known,
        secrets={"DEPLOY_SSH_KEY": server.key},
    )
    assert run.ok, str(run)
    assert run.results["verified / deploy"] == run.results["deploy / deploy"] == "success"
    assert runs() == ("1.0", "2.1")
