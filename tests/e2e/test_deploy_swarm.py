"""From level 3: versions as containers on a server, replaced under a steady stream of requests."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.deploying import Operator, during, follows, none_lost, reached, set_up
from tests.e2e.versions import Forge
from tests.testbed import Host, up


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory, rendered: Render) -> Forge:
    """The registry, and what the images share."""
    return Forge(up(), tmp_path_factory.mktemp("images"), rendered(8))


@pytest.fixture
def server(rendered: Render) -> Iterator[Host]:
    """A server on which somebody ran the commands of ops/README.md."""
    with Host.start(up(), "swarm") as host:
        set_up(host, rendered(3) / "ops" / "README.md", "What to set up once")
        yield host


def test_versions_come_and_go_with_their_data(project: Render, server: Host, forge: Forge) -> None:
    made = project(3)
    somebody = Operator(made, server, {"DEPLOY_IMAGE": forge.image})
    first = support.git(made, "rev-parse", "HEAD").strip()
    a = forge.push(made, "1.0", commit=first)
    support.commit_all(made, "Second")
    second = support.git(made, "rev-parse", "HEAD").strip()
    b = forge.push(made, "1.1", commit=second)
    forge.push(made, "1.2", fault="shy", commit=second)

    assert "cannot be pulled" in somebody.refuse("release", "0.9")
    assert "Nothing served" in somebody.refuse("rollback")
    somebody.deploy("release", "1.0", "--digest", a)
    assert somebody.version() == "1.0"
    link = somebody.shorten("https://example.com/kept")
    assert f"not {a}" in somebody.refuse("release", "1.1", "--digest", a)

    # One replica, stopped before the next one starts: requests wait for it.
    traffic = during(link, lambda: somebody.deploy("release", "1.1"))
    assert none_lost(traffic), traffic.troubles
    assert somebody.version() == "1.1"
    status = somebody.deploy("status")
    assert b in status and "1 of 1" in status
    line = json.loads(server.run("tail -n 1 /srv/links/audit.log").stdout)
    assert (line["version"], line["digest"], line["commit"]) == ("1.1", b, second)
    assert somebody.deploy("proven", "1.1").strip() == b

    assert "1.0 is older than 1.1" in somebody.refuse("release", "1.0")
    somebody.deploy("hold", "the numbers look odd")
    assert "the numbers look odd (mira, " in somebody.refuse("release", "1.2")
    somebody.deploy("resume")

    # Its trial goes well; only behind the proxy does it fail.
    assert "release of 1.2 failed" in somebody.deploy("release", "1.2", code=1)
    assert somebody.version() == "1.1"
    somebody.deploy("rollback")
    assert somebody.version() == "1.0"
    assert follows(link, "https://example.com/kept")
    assert somebody.outcomes()[-2:] == [("release", "1.2", "failed"), ("rollback", "1.0", "ok")]


def test_no_request_is_lost_with_postgres(
    project: Render, server: Host, forge: Forge, postgres: str
) -> None:
    made = project(8)
    somebody = Operator(made, server, {"DEPLOY_IMAGE": forge.image})
    settings = f"PORT=8000\nDATABASE_URL={postgres}\n"
    server.run("sudo install -m 600 /dev/stdin /etc/links/app.env", stdin=settings)
    forge.push(made, "2.0")
    column = {"author": "ALTER TABLE links ADD COLUMN author text"}
    forge.push(made, "2.1", **column)
    forge.push(made, "2.2", **column, lost="ALTER TABLE nowhere ADD COLUMN author text")
    faults = {"3.0": "unhealthy", "3.1": "crashing", "3.2": "forgetful", "3.3": "short-lived"}
    for version, fault in faults.items():
        forge.push(made, version, fault=fault, **column)

    somebody.deploy("release", "2.0")
    assert "2 of 2" in somebody.deploy("status")
    link = somebody.shorten("https://example.com/kept")

    def meanwhile() -> None:
        with reached(somebody, "switching", "release", "2.1"):
            said = somebody.refuse("release", "3.0")
            assert "mira has been busy with the release of 2.1 since" in said

    traffic = during(link, meanwhile)
    assert somebody.version() == "2.1"
    assert none_lost(traffic), traffic.troubles

    for version, clue in {
        "2.2": 'relation "nowhere" does not exist',
        "3.0": "status 500",
        "3.1": "this one never starts",
        "3.2": "the smoke test",
        "3.3": "a replica failed",
    }.items():
        said = ""

        def fail(version: str = version) -> None:
            nonlocal said
            said = somebody.deploy("release", version, code=1)

        traffic = during(link, fail)
        assert clue in said
        assert somebody.outcomes()[-1] == ("release", version, "failed")
        assert somebody.version() == "2.1"
        assert none_lost(traffic), (version, traffic.troubles)
    assert "2 of 2" in somebody.deploy("status")


def test_a_killed_deploy_can_be_followed_by_the_next(
    project: Render, server: Host, forge: Forge
) -> None:
    made = project(3)
    somebody = Operator(made, server, {"DEPLOY_IMAGE": forge.image})
    for version in ("4.0", "4.1", "4.2"):
        forge.push(made, version)
    somebody.deploy("release", "4.0")
    somebody.kill_when("trying", "release", "4.1")
    assert somebody.version() == "4.0"
    somebody.kill_when("switching", "release", "4.1")
    somebody.deploy("release", "4.2")
    assert somebody.version() == "4.2"
    assert somebody.outcomes()[1:] == [
        ("release", "4.1", "interrupted"),
        ("release", "4.1", "interrupted"),
        ("release", "4.2", "ok"),
    ]
    assert "candidate" not in server.run("sudo docker ps --all").stdout


def test_a_unit_is_taken_over_and_given_back_with_its_data(
    project: Render, server: Host, forge: Forge
) -> None:
    before = Operator(project(2), server)
    set_up(
        server,
        before.project / "ops" / "README.md",
        "What to set up once",
        links_example_com=before.url,
    )
    before.deploy("release")
    unit = before.version()
    old = before.shorten("https://example.com/old")

    made = project(3)
    after = Operator(made, server, {"DEPLOY_IMAGE": forge.image})
    forge.push(made, "5.0")
    forge.push(made, "5.1", fault="shy")
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


def test_what_is_missing_is_told_in_a_sentence(project: Render, forge: Forge) -> None:
    with Host.start(up(), "bare") as bare:
        somebody = Operator(project(3), bare, {"DEPLOY_IMAGE": forge.image})
        assert "There is no swarm on" in somebody.refuse("release", "1.0")
        somebody.settings["DEPLOY_URL"] = f"{somebody.url}:8000"
        assert "has a port" in somebody.refuse("release", "1.0")
        somebody.settings["DEPLOY_URL"] = ""
        assert "production has no url: set it in" in somebody.refuse("release", "1.0")
        assert "cannot be a version" in somebody.refuse("release", "../1")
        assert not bare.run("ls /srv").stdout.replace("links", "").strip()
