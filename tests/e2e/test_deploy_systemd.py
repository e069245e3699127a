"""Levels 1 and 2: a server under systemd, set up as the README says, and deployed to by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import Operator, follows, running_until, set_up
from tests.e2e.projects import change
from tests.testbed import Host, up

pytestmark = pytest.mark.xdist_group("systemd")

WIPE = """
sudo systemctl disable --quiet --now links 2> /dev/null || true
sudo rm -rf /etc/systemd/system/links.service /var/lib/private/links /srv/links/[!c]* \
  /srv/links/current
sudo systemctl daemon-reload
"""


@pytest.fixture(scope="module")
def server(rendered: Render) -> Iterator[Host]:
    """A host set up as ops/README.md says."""
    with Host.start(up(), "unit") as host:
        set_up(host, rendered(2), links_example_com=f"http://{host.ip}")
        yield host


@pytest.fixture
def folder(render: Render, server: Host) -> Operator:
    """An operator with a project that is not in version control."""
    server.run(WIPE)
    return Operator(render(1), server)


@pytest.fixture
def clone(project: Render, server: Host) -> Operator:
    """An operator with a project in version control."""
    server.run(WIPE)
    return Operator(project(2), server)


def commit(operator: Operator) -> str:
    """Commit what was changed, and return the version that this makes."""
    support.commit_all(operator.project, "Change")
    return support.git(operator.project, "rev-parse", "--short", "HEAD").strip()


def test_release_and_rollback_of_a_folder(folder: Operator) -> None:
    secrets = ["prod.env", ".hidden", "links.db", "venv/pyvenv.cfg", "__pycache__/links.pyc"]
    for name in secrets:
        (folder.project / name).parent.mkdir(exist_ok=True)
        (folder.project / name).write_text("secret")
    (folder.project / "helper.py").write_text("")
    folder.deploy("release")
    first = folder.version()
    assert first in folder.deploy("status")
    shown = folder.host.run("systemd-analyze security --no-pager links | tail -n 1").stdout
    assert float(shown.split(":")[1].split()[0]) < 4, shown
    shipped = folder.host.run("find /srv/links/current/ -not -path '*/.venv/*'").stdout
    assert "helper.py" in shipped
    assert not [name for name in secrets if name in shipped]
    link = folder.shorten("https://example.com/kept")

    change(folder.project / "links.py", "Link(BaseModel)", "Link(BaseModel, frozen=True)")
    folder.deploy("release")
    assert folder.version() > first
    assert follows(link, "https://example.com/kept")
    folder.deploy("rollback")
    assert folder.version() == first
    assert follows(link, "https://example.com/kept")
    assert "Nothing served production before" in folder.refuse("rollback")
    assert [verb for verb, *_ in folder.outcomes()] == ["release", "release", "rollback"]


def test_release_hold_and_rollback_of_a_commit(clone: Operator) -> None:
    first = commit(clone)
    clone.deploy("release")
    assert clone.version() == first
    head = support.git(clone.project, "rev-parse", "HEAD").strip()
    line = json.loads(clone.host.run("tail -n 1 /srv/links/audit.log").stdout)
    assert {"version": first, "commit": head, "outcome": "ok", "by": "mira"}.items() <= line.items()
    clone.deploy("proven", first)
    assert "never been released" in clone.deploy("proven", "0000000", code=1)

    (clone.project / "untracked.py").write_text("")
    assert "not committed" in clone.refuse("release")
    second = commit(clone)
    clone.deploy("hold", "the numbers look odd")
    assert "the numbers look odd (mira, " in clone.refuse("release")
    assert "the numbers look odd" in clone.deploy("status")
    clone.deploy("resume")
    clone.deploy("release")
    support.git(clone.project, "checkout", "--quiet", first)
    assert f"{first} is older than {second}" in clone.refuse("release")
    clone.deploy("rollback", first)
    assert clone.version() == first


FAULTS = {
    "does not start": ("app = FastAPI(", "app = Flask("),
    "depends on what is not there": ('"fastapi>=0.118"', '"fastapi>=999"'),
    "is not healthy": ('"/healthz")', '"/healthz", status_code=500)'),
}


def test_broken_release_leaves_previous_version_serving(clone: Operator) -> None:
    good = commit(clone)
    clone.deploy("release")
    began = clone.host.run("systemctl show --property=ActiveEnterTimestampMonotonic links").stdout
    original = (clone.project / "links.py").read_text()
    clues = {}
    for fault, (old, new) in FAULTS.items():
        change(clone.project / "links.py", old, new)
        bad = commit(clone)
        clues[fault] = clone.deploy("release", code=1)
        assert f"release of {bad} failed" in clues[fault]
        assert clone.outcomes()[-1] == ("release", bad, "failed")
        assert clone.version() == good
        (clone.project / "links.py").write_text(original)
    assert "NameError: name 'Flask' is not defined" in clues["does not start"]
    assert "fastapi>=999" in clues["depends on what is not there"]
    assert "status 500" in clues["is not healthy"]
    # It was never even restarted, and nothing of the trials is left.
    now = clone.host.run("systemctl show --property=ActiveEnterTimestampMonotonic links").stdout
    assert now == began
    assert "links-candidate" not in clone.host.run("systemctl list-units --all 'links*'").stdout


def test_release_that_fails_only_when_installed_rolls_back(clone: Operator) -> None:
    good = commit(clone)
    clone.deploy("release")
    link = clone.shorten("https://example.com/kept")
    clash = 'if os.getcwd().endswith("/links"):\n    raise SystemExit("not here")\n\napp = '
    change(clone.project / "links.py", "app = ", clash)
    bad = commit(clone)
    output = clone.deploy("release", code=1)
    assert "not here" in output
    assert clone.version() == good
    assert follows(link, "https://example.com/kept")
    assert clone.outcomes()[-1] == ("release", bad, "failed")


def test_deploys_are_exclusive_and_a_killed_one_leaves_no_lock(clone: Operator) -> None:
    first = commit(clone)
    with running_until(clone, "preparing", "release"):
        refusal = clone.refuse("rollback")
        assert f"mira has been busy with the release of {first} since" in refusal
    assert clone.version() == first

    (clone.project / "more.py").write_text("")
    second = commit(clone)
    clone.kill_when("trying", "release")
    assert clone.version() == first
    clone.deploy("release")
    assert clone.version() == second
    assert ("release", second, "interrupted") in clone.outcomes()
    assert "links-candidate" not in clone.host.run("systemctl list-units --all 'links*'").stdout


@pytest.mark.parametrize("level", [1, 2])
def test_missing_requirements_are_refused_in_one_sentence(
    project: Render, server: Host, level: int
) -> None:
    server.run(WIPE)
    operator = Operator(project(level), server)

    def refuse(*words: str, **settings: str) -> str:
        operator.settings = settings
        return operator.refuse(*words)

    assert "production has no host: set it in" in refuse("release", DEPLOY_HOST="")
    assert "production has no url: set it in" in refuse("release", DEPLOY_URL="")
    assert "is not an address" in refuse("release", DEPLOY_URL="links.example.com")
    assert "is not a host" in refuse("release", DEPLOY_HOST="-oProxyCommand=true")
    assert "cannot be used" in refuse("release", DEPLOY_HOST="nobody@127.0.0.1")
    assert "invalid choice: 'ship'" in refuse("ship")
    assert "cannot be a version" in refuse("rollback", "../1")
    nowhere = subprocess.run(
        ["ops/deploy", "status", "nowhere"],
        cwd=operator.project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert nowhere.returncode == 2
    assert "invalid choice: 'nowhere'" in nowhere.stderr
    try:
        server.run("sudo mv /etc/links/app.env /tmp")
        assert "/etc/links/app.env is missing on" in refuse("release")
    finally:
        server.run("sudo mv /tmp/app.env /etc/links")
    assert not server.run("ls /srv/links/releases 2> /dev/null", check=False).stdout
