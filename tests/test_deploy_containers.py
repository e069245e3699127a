"""What `ops/deploy` does with containers, on a host in a folder; the testbed has real ones."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import Operator
from tests.fakes.applications import SERVICE
from tests.fakes.host import FakeHost
from tests.fakes.processes import is_running
from tests.options import EVERYTHING

pytestmark = pytest.mark.exhaustive

ALONE = ("--component", "catalog")
STOP = "raise SystemExit('not here')\n"


class Stack(Operator):
    """An operator with an application and a component, and the registry of both."""

    @property
    def root(self) -> Path:
        """The host's folder."""
        return self.host.root  # type: ignore[attr-defined, no-any-return]

    def push(self, version: str, *faults: tuple[str, str], commit: str = "") -> str:
        """Make a version, with changes of its code, and return its digest."""
        text = f"{SERVICE}# {version}\n"
        for old, new in faults:
            assert old in text
            text = text.replace(old, new)
        (self.root / "docker" / "registry" / version).write_text(text)
        (self.root / "docker" / f"commit-{version}").write_text(commit)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def runs(self, name: str = "version") -> str:
        """Return what the status says of the application or a component."""
        lines = self.deploy("status").splitlines()
        return next(line.split()[1] for line in lines if line.startswith(f"{name} "))


@pytest.fixture
def stack(project: Render, fake_host: FakeHost) -> Stack:
    """A stack with Postgres, flags and a component."""
    return stack_of(project(8, **EVERYTHING), fake_host)


def stack_of(made: Path, fake_host: FakeHost) -> Stack:
    """Return a stack of a project."""
    for name, old, new in (
        ("ops/deploy", "KEPT = 5", "KEPT = 2"),
        ("ops/components.py", "STEADY = 5", "STEADY = 0.2"),
        ("ops/swarm.py", "PATIENCE = 180", "PATIENCE = 2"),
    ):
        if name == "ops/components.py" and not (made / name).exists():
            continue
        text = (made / name).read_text()
        assert old in text
        (made / name).write_text(text.replace(old, new))
    docker = fake_host.root / "docker"
    (docker / "registry").mkdir(parents=True)
    (fake_host.root / "etc/links-catalog").mkdir()
    for name in ("links", "links-catalog"):
        (docker / f"port-{name}").write_text(str(support.free_port()))
        with (fake_host.root / "etc" / name / "app.env").open("a") as file:
            file.write("DATABASE_URL=postgresql://db/links\n")
    site = (docker / "port-links").read_text()
    settings = {"DEPLOY_URL": "http://links.test", "DEPLOY_TIMEOUT": "2", "no_proxy": "127.0.0.1"}
    settings |= {"http_proxy": f"http://127.0.0.1:{site}"}
    return Stack(made, fake_host, fake_host.settings | settings)  # type: ignore[arg-type]


def only_in_its_place(stack: Stack, what: str, name: str = "links") -> tuple[str, str]:
    """Return a change that matters behind the proxy alone."""
    port = (stack.root / "docker" / f"port-{name}").read_text()
    condition = f'os.environ["PORT"] == "{port}"'
    return "VERSION = ", f"if {condition}:\n    {what}\nVERSION = "


def test_a_missing_setting_is_named_in_one_sentence(stack: Stack) -> None:
    stack.push("1.0")
    assert "takeover takes a VERSION, or --undo" in stack.refuse("takeover")
    assert "There is no systemd unit to take over from on" in stack.refuse("takeover", "1.0")
    assert "There is no takeover to undo on" in stack.refuse("takeover", "--undo")
    unit = stack.root / "etc/systemd/system/links.service"
    unit.touch()
    assert "A takeover has to come first on" in stack.refuse("release", "1.0")
    unit.unlink()
    (stack.root / "docker" / "edge").write_text("Down Active")
    assert "The edge node is not ready on" in stack.refuse("release", "1.0")
    (stack.root / "etc/links/app.env").unlink()
    (stack.root / "docker" / "edge").unlink()
    assert "app.env is missing on deploy@links.test: ops/README.md" in stack.refuse("rollback")
    stack.settings["DEPLOY_URL"] = "http://links.test:8080"
    assert "http://links.test:8080 has a port: write it without" in stack.refuse("status")


def test_flags_are_switched(stack: Stack) -> None:
    flags = stack.root / "etc/links/flags/flags.json"
    assert stack.deploy("flag", "preview", "on") == "preview             true\n"
    assert json.loads(flags.read_text()) == {"preview": True}
    assert stack.deploy("history").rstrip().endswith("ok  mira  preview on")
    stack.deploy("flag", "preview", "off")
    assert stack.deploy("flag", "other", "on").splitlines() == [
        "other               true",
        "preview             false",
    ]
    assert stack.deploy("flag", "preview", "unset") == "other               true\n"
    assert stack.deploy("flag") == "other               true\n"
    assert "flag takes a NAME with on, off or unset" in stack.refuse("flag", "preview")
    ssh = stack.root / "bin" / "ssh"
    meanwhile = f'case "$*" in *flags.json.new*) echo "[]" > {flags} ;; esac\n'
    original = ssh.read_text()
    ssh.write_text(original.replace("\n", f"\n{meanwhile}", 1))
    assert "Somebody else has just switched a flag" in stack.refuse("flag", "preview", "on")
    ssh.write_text(original)
    assert "flags.json on deploy@links.test is no JSON object" in stack.refuse("flag")


def test_releases_and_rollbacks_change_the_version(stack: Stack) -> None:
    older = support.git(stack.project, "rev-parse", "HEAD").strip()
    support.commit_all(stack.project, "Second")
    newer = support.git(stack.project, "rev-parse", "HEAD").strip()
    a, b = stack.push("1.0", commit=older), stack.push("1.1", commit=newer)
    assert stack.runs() == "none"
    assert "ghcr.io/acme/links:0.9 cannot be pulled: " in stack.refuse("release", "0.9")
    assert f"is {a} now, not {b}: do not trust it." in stack.refuse("release", "1.0", "--digest", b)
    output = stack.deploy("release", "1.0", "--digest", a)
    assert output.splitlines() == [
        "preparing 1.0",
        "trying 1.0 beside what runs",
        "switching to 1.0",
        "1.0 serves at http://links.test",
    ]
    stack.settings |= {"DEPLOY_REGISTRY_USER": "mira", "DEPLOY_REGISTRY_TOKEN": "secret"}
    stack.deploy("release", "1.1")
    assert (stack.root / "docker" / "login").read_text() == "ghcr.io secret"
    assert (stack.root / "docker" / "migrated").read_text() == "1.1"
    status = stack.deploy("status").splitlines()
    for line in ("version   1.1", f"digest    {b}", "replicas  2 of 2", "nodes     one 2, two 0"):
        assert line in status
    assert stack.deploy("proven", "1.1") == f"{b}\n"
    assert "1.0 is older than 1.1" in stack.refuse("release", "1.0")
    stack.deploy("rollback")
    assert stack.runs() == "1.0"
    stack.push("1.2", commit=newer)
    stack.deploy("release", "1.2")
    images = {file.name for file in (stack.root / "docker/images/ghcr.io/acme/links").iterdir()}
    assert images == {"1.0", "1.2"}
    assert not is_running(stack.root, "links-candidate")


@pytest.fixture
def unit(stack: Stack, project: Render) -> Stack:
    """The same host as it was at the level before: a unit with data, and Caddy."""
    made = project(2)
    (made / "links.py").write_text(
        SERVICE.replace(
            "VERSION = ",
            f"if os.path.exists({str(stack.root / 'broken')!r}):\n    {STOP}VERSION = ",
        )
    )
    support.commit_all(made)
    url = stack.host.url  # type: ignore[attr-defined]
    Operator(made, stack.host, stack.settings | {"DEPLOY_URL": url}).deploy("release")
    (stack.root / "var/lib/links").mkdir(parents=True)
    (stack.root / "var/lib/links/links.db").write_text("kept")
    (stack.root / "etc/systemd/system/caddy.service").write_text("ExecStart=/bin/sleep 600\n")
    support.run(stack.root / "bin" / "systemctl", "start", "caddy", cwd=stack.root)
    return stack


def test_a_unit_migrates_to_containers_and_back(unit: Stack) -> None:
    data = unit.root / "docker" / "volumes" / "links_data" / "links.db"
    unit.push("1.0")
    unit.push("1.1", only_in_its_place(unit, STOP))
    unit.deploy("hold", "odd")
    assert "production is held: odd" in unit.refuse("takeover", "1.0")
    unit.deploy("resume")
    output = unit.deploy("takeover", "1.1", code=1)
    assert "takeover of 1.1 failed: the replicas do not stay up" in output
    assert "serves from its unit" in output
    assert is_running(unit.root, "links") and is_running(unit.root, "caddy")
    assert unit.runs() == "none"
    (unit.root / "listens").write_text("nginx\n")
    assert "something else than Caddy listens" in unit.deploy("takeover", "1.0", code=1)
    (unit.root / "listens").unlink()
    unit.deploy("takeover", "1.0", "--digest", unit.push("1.0"))
    assert unit.runs() == "1.0"
    assert data.read_text() == "kept"
    assert not is_running(unit.root, "links") and not is_running(unit.root, "caddy")
    assert "The takeover has been made already" in unit.refuse("takeover", "1.0")

    data.write_text("kept and more")
    (unit.root / "broken").touch()
    assert "undo of " in unit.deploy("takeover", "--undo", code=1)
    assert unit.runs() == "1.0"
    assert not is_running(unit.root, "links")
    (unit.root / "broken").unlink()
    unit.deploy("takeover", "--undo")
    assert unit.runs() == "none"
    assert is_running(unit.root, "links") and is_running(unit.root, "caddy")
    assert (unit.root / "var/lib/links/links.db").read_text() == "kept and more"
    history = unit.deploy("history").split()
    outcomes = [word for word in history if word in {"ok", "failed"}]
    assert " ".join(outcomes) == "ok ok ok failed failed ok failed ok"


ANSWER = '{"version": VERSION}'
FAULTS = {
    "does not start": ("import http", "import no_such_module, http", "stopped before it answered"),
    "forgets": (ANSWER, '{"version": "smoke" in self.path or VERSION}', "the smoke test of "),
    "cannot migrate": ("HERE = ", "# migration fails\nHERE = ", 'relation "nowhere" does not'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_version_is_not_released(stack: Stack, fault: str) -> None:
    old, new, clue = FAULTS[fault]
    stack.push("1.0")
    stack.push("1.1", (old, new))
    stack.deploy("release", "1.0")
    output = stack.deploy("release", "1.1", code=1)
    assert clue in output
    assert "release of 1.1 failed: " in output
    assert "switching" not in output
    assert ("No module named" in output) == (fault == "does not start")
    assert ("test_smoke.py FAILED" in output) == (fault == "forgets")
    assert stack.runs() == "1.0"
    assert stack.outcomes()[-1] == ("release", "1.1", "failed")


def test_nothing_is_released_without_uv(stack: Stack) -> None:
    stack.push("1.0")
    (stack.root / "bin" / "uv").unlink()
    stack.settings["PATH"] = f"{stack.root / 'bin'}:/usr/bin:/bin"
    assert "failed: there is no uv on this machine" in stack.deploy("release", "1.0", code=1)
    assert stack.runs() == "none"


FORGETS = (ANSWER, '{"version": ("smoke" in self.path and BAD) or VERSION}')
WELL = ("VERSION = ", "BAD = 0\nVERSION = ")


def test_a_fault_behind_the_proxy_is_rolled_back(
    project: Render,
    fake_host: FakeHost,
) -> None:
    stack = stack_of(project(8), fake_host)
    stack.push("1.0")
    stack.push("1.1", WELL, FORGETS, only_in_its_place(stack, "BAD = 1"))
    stack.deploy("release", "1.0")
    output = stack.deploy("release", "1.1", code=1)
    assert "release of 1.1 failed: the smoke test" in output
    assert "switching to 1.0" in output
    assert stack.runs() == "1.0"


def test_a_fault_after_the_switch_is_rolled_back(stack: Stack) -> None:
    stack.push("1.0")
    stack.push("1.1", only_in_its_place(stack, STOP))
    stack.push("1.2", WELL, FORGETS, only_in_its_place(stack, "BAD = 1"))
    stack.push("1.3", only_in_its_place(stack, "pass  # starting"))
    for version in ("1.1", "1.3"):
        output = stack.deploy("release", version, code=1)
        assert ("the replicas do not stay up" in output) == (version == "1.1")
        assert ("not here" in output) == (version == "1.1"), "its log is shown"
        assert ("not all replicas run after 2 seconds" in output) == (version == "1.3")
        assert stack.runs() == "none"
    stack.deploy("release", "1.0")
    for version, clue in {
        "1.1": "a replica failed during the update",
        "1.2": "the smoke test",
    }.items():
        output = stack.deploy("release", version, code=1)
        assert f"release of {version} failed: {clue}" in output
        assert "switching to 1.0" in output
        assert ("replica 2: failed non-zero exit (1)" in output) == (version == "1.1")
        assert stack.runs() == "1.0"


def test_a_component_is_released_alone(stack: Stack) -> None:
    broken = repr(str(stack.root / "broken"))
    mend = f"os.path.exists({broken}) and os.remove({broken})"
    mends = only_in_its_place(stack, mend, "links-catalog")
    breaks = only_in_its_place(stack, f"open({broken}, 'w')", "links-catalog")
    forgets = f'("smoke" in self.path and os.path.exists({broken})) or VERSION'
    stack.push("1.0", (ANSWER, f'{{"version": {forgets}}}'))
    stack.push("c1", mends, commit="unknown here")
    stack.push("c2", mends)
    stack.push("c3", ("import http", "import no_such_module, http"))
    stack.push("c4", ("HERE = ", "# unhealthy\nHERE = "))
    stack.push("c5", ("HERE = ", "# migration fails\nHERE = "))
    stack.push("c6", breaks)
    assert "'nothing'" in stack.refuse("release", "c1", "--component", "nothing")
    stack.deploy("release", "c1", *ALONE)
    assert (stack.root / "docker" / "migrated").read_text() == "c1"
    stack.deploy("release", "1.0")
    assert "c2 of catalog serves" in stack.deploy("release", "c2", *ALONE)
    for version, clue in {
        "c3": "the candidate of catalog does not stay up",
        "c4": "the candidate of catalog is not healthy",
        "c5": 'relation "nowhere" does not exist',
    }.items():
        output = stack.deploy("release", version, *ALONE, code=1)
        assert clue in output
        assert "switching" not in output
        assert ("No module named" in output) == (version == "c3")
        assert not is_running(stack.root, "links-catalog-candidate")
    assert "the smoke test of http://links.test failed" in stack.deploy(
        "release", "c6", *ALONE, code=1
    )
    assert (stack.runs("catalog"), stack.runs()) == ("c2", "1.0")
    stack.deploy("rollback", *ALONE)
    assert (stack.runs("catalog"), stack.runs()) == ("c1", "1.0")
    assert "c2" not in stack.deploy("history")
    assert "c2" in stack.deploy("history", *ALONE)
