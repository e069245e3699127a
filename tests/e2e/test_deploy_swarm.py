"""From level 3: versions as containers on a server, replaced under a steady stream of requests."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import (
    Operator,
    every_request_answered,
    follows,
    install_settings,
    running_until,
    set_up,
    traffic_during,
)
from tests.e2e.sample_images import SampleImages
from tests.testbed import Host, up


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory, rendered: Render) -> SampleImages:
    """Images of the sample in the registry."""
    return SampleImages(up(), tmp_path_factory.mktemp("images"), rendered(8))


@pytest.fixture
def server(rendered: Render) -> Iterator[Host]:
    """A host set up as ops/README.md says."""
    with Host.start(up(), "swarm") as host:
        set_up(host, rendered(3))
        yield host


def test_release_and_rollback_keep_the_data(
    project: Render, server: Host, images: SampleImages
) -> None:
    made = project(3)
    operator = Operator(made, server, {"DEPLOY_IMAGE": images.image})
    first = support.git(made, "rev-parse", "HEAD").strip()
    a = images.push(made, "1.0", commit=first)
    support.commit_all(made, "Second")
    second = support.git(made, "rev-parse", "HEAD").strip()
    b = images.push(made, "1.1", commit=second)
    images.push(made, "1.2", fault="unhealthy behind the proxy", commit=second)

    assert "cannot be pulled" in operator.refuse("release", "0.9")
    assert "Nothing served" in operator.refuse("rollback")
    operator.deploy("release", "1.0", "--digest", a)
    assert operator.version() == "1.0"
    link = operator.shorten("https://example.com/kept")
    assert f"not {a}" in operator.refuse("release", "1.1", "--digest", a)

    # One replica, stopped before the next one starts: requests wait for it.
    traffic = traffic_during(link, lambda: operator.deploy("release", "1.1"))
    assert every_request_answered(traffic), traffic.problems
    assert operator.version() == "1.1"
    status = operator.deploy("status")
    assert b in status and "1 of 1" in status
    line = json.loads(server.run("tail -n 1 /srv/links/audit.log").stdout)
    assert (line["version"], line["digest"], line["commit"]) == ("1.1", b, second)
    assert operator.deploy("proven", "1.1").strip() == b

    assert "1.0 is older than 1.1" in operator.refuse("release", "1.0")
    operator.deploy("hold", "the numbers look odd")
    assert "the numbers look odd (mira, " in operator.refuse("release", "1.2")
    operator.deploy("resume")

    # Its trial goes well; only behind the proxy does it fail.
    assert "release of 1.2 failed" in operator.deploy("release", "1.2", code=1)
    assert operator.version() == "1.1"
    operator.deploy("rollback")
    assert operator.version() == "1.0"
    assert follows(link, "https://example.com/kept")
    assert operator.outcomes()[-2:] == [("release", "1.2", "failed"), ("rollback", "1.0", "ok")]


@pytest.mark.slow
def test_no_request_fails_during_releases_with_postgres(
    project: Render, server: Host, images: SampleImages, postgres: str
) -> None:
    made = project(8)
    operator = Operator(made, server, {"DEPLOY_IMAGE": images.image})
    install_settings(server, f"DATABASE_URL={postgres}")
    images.push(made, "2.0")
    column = {"author": "ALTER TABLE links ADD COLUMN author text"}
    images.push(made, "2.1", **column)
    images.push(made, "2.2", **column, lost="ALTER TABLE nowhere ADD COLUMN author text")
    faults = {
        "3.0": "unhealthy",
        "3.1": "crash at start",
        "3.2": "no writes",
        "3.3": "crash behind the proxy",
    }
    for version, fault in faults.items():
        images.push(made, version, fault=fault, **column)

    operator.deploy("release", "2.0")
    assert "2 of 2" in operator.deploy("status")
    link = operator.shorten("https://example.com/kept")

    def meanwhile() -> None:
        with running_until(operator, "switching", "release", "2.1"):
            refusal = operator.refuse("release", "3.0")
            assert "mira has been busy with the release of 2.1 since" in refusal

    traffic = traffic_during(link, meanwhile)
    assert operator.version() == "2.1"
    assert every_request_answered(traffic), traffic.problems

    for version, clue in {
        "2.2": 'relation "nowhere" does not exist',
        "3.0": "status 500",
        "3.1": "this one never starts",
        "3.2": "the smoke test",
        "3.3": "a replica failed",
    }.items():
        output = ""

        def fail(version: str = version) -> None:
            nonlocal output
            output = operator.deploy("release", version, code=1)

        traffic = traffic_during(link, fail)
        assert clue in output
        assert operator.outcomes()[-1] == ("release", version, "failed")
        assert operator.version() == "2.1"
        assert every_request_answered(traffic), (version, traffic.problems)
    assert "2 of 2" in operator.deploy("status")


def test_release_after_a_killed_deploy(project: Render, server: Host, images: SampleImages) -> None:
    made = project(3)
    operator = Operator(made, server, {"DEPLOY_IMAGE": images.image})
    for version in ("4.0", "4.1", "4.2"):
        images.push(made, version)
    operator.deploy("release", "4.0")
    operator.kill_when("trying", "release", "4.1")
    assert operator.version() == "4.0"
    operator.kill_when("switching", "release", "4.1")
    operator.deploy("release", "4.2")
    assert operator.version() == "4.2"
    assert operator.outcomes()[1:] == [
        ("release", "4.1", "interrupted"),
        ("release", "4.1", "interrupted"),
        ("release", "4.2", "ok"),
    ]
    assert "candidate" not in server.run("sudo docker ps --all").stdout


def test_takeover_of_a_unit_and_undo_keep_the_data(
    project: Render, server: Host, images: SampleImages
) -> None:
    before = Operator(project(2), server)
    set_up(server, before.project, links_example_com=before.url)
    before.deploy("release")
    unit = before.version()
    old = before.shorten("https://example.com/old")

    made = project(3)
    after = Operator(made, server, {"DEPLOY_IMAGE": images.image})
    images.push(made, "5.0")
    images.push(made, "5.1", fault="unhealthy behind the proxy")
    assert "A takeover has to come first" in after.refuse("release", "5.0")
    assert "There is no takeover to undo" in after.refuse("takeover", "--undo")
    assert "takes a VERSION, or --undo" in after.refuse("takeover")

    assert "takeover of 5.1 failed" in after.deploy("takeover", "5.1", code=1)
    assert after.version() == unit
    assert follows(old, "https://example.com/old")

    after.deploy("takeover", "5.0")
    assert after.version() == "5.0"
    assert follows(old, "https://example.com/old")
    new = after.shorten("https://example.com/new")
    assert "already" in after.refuse("takeover", "5.0")

    after.deploy("takeover", "--undo")
    assert after.version() == unit
    assert follows(old, "https://example.com/old")
    assert follows(new, "https://example.com/new")
    assert after.outcomes() == [
        ("release", unit, "ok"),
        ("takeover", "5.1", "failed"),
        ("takeover", "5.0", "ok"),
        ("undo", unit, "ok"),
    ]


def test_missing_requirements_are_refused_in_one_sentence(
    project: Render, images: SampleImages
) -> None:
    with Host.start(up(), "bare") as bare:
        operator = Operator(project(3), bare, {"DEPLOY_IMAGE": images.image})
        assert "There is no swarm on" in operator.refuse("release", "1.0")
        operator.settings["DEPLOY_URL"] = f"{operator.url}:8000"
        assert "has a port" in operator.refuse("release", "1.0")
        operator.settings["DEPLOY_URL"] = ""
        assert "production has no url: set it in" in operator.refuse("release", "1.0")
        assert "cannot be a version" in operator.refuse("release", "../1")
        assert not bare.run("ls /srv").stdout.replace("links", "").strip()
