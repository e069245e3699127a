"""What `ops/deploy` does at the lower levels, on a host in a folder; the testbed has real ones."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import time
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import Operator, running_until, wait_until
from tests.fakes.applications import PROGRAM, SERVICE
from tests.fakes.host import FakeHost
from tests.fakes.processes import is_running

pytestmark = pytest.mark.exhaustive

TEXTS = {"service": SERVICE, "cli": PROGRAM}
FAULTS = {
    "service": {
        ("import http", "import no_such_module, http"): "No module named 'no_such_module'",
        ("nothing>=1", "nothing>=999"): "nothing>=999 is nowhere to be had",
        ("send_response(200)", "send_response(500)"): "status 500 instead of version",
        ('{"version": VERSION}', '{"version": "0.9"}'): "version 0.9 instead of version",
        ('{"version": VERSION}', "{}"): "an answer without a version instead of version",
        ("address = ", "time.sleep(60)\naddress = "): "no answer",
    },
    "cli": {
        ("import http", "import no_such_module, http"): "No module named 'no_such_module'",
        ("nothing>=1", "nothing>=999"): "nothing>=999 is nowhere to be had",
        ('os.environ["VERSION"]', '"0.9"'): "--version says 'links 0.9' and not",
        ('"usage: links"', "1 / 0"): "links --help of",
        ("HERE = ", "time.sleep(60)\nHERE = "): "links --help of",
    },
}
"""Kind -> what is replaced by what, and what a release of that says."""


@pytest.fixture(params=TEXTS)
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of application."""
    return str(request.param)


@pytest.fixture
def operator(project: Render, fake_host: FakeHost, kind: str) -> Operator:
    """Somebody with a small application in version control."""
    made = project(2, kind=kind)
    (made / "links.py").write_text(TEXTS[kind])
    support.commit_all(made)
    return Operator(made, cast(Any, fake_host), fake_host.settings)


def commit(operator: Operator, old: str = "HERE", new: str = "HERE") -> str:
    """Commit the application with a change, and return the version that this makes."""
    script = operator.project / "links.py"
    assert old in script.read_text()
    script.write_text(f"{script.read_text().replace(old, new)}# Another line.\n")
    support.commit_all(operator.project)
    return support.git(operator.project, "rev-parse", "--short", "HEAD").strip()


def version(operator: Operator) -> str:
    """Return the version that users get."""
    if (operator.project / "ops" / "program.py").exists():
        command = cast(FakeHost, operator.host).root / "usr/local/bin/links"
        return support.run(command, "--version", cwd=operator.project).stdout.split()[1]
    answer = httpx.get(f"{operator.settings['DEPLOY_URL']}/healthz", trust_env=False)
    return str(answer.json()["version"])


def test_a_missing_setting_is_named_in_one_sentence(operator: Operator, kind: str) -> None:
    root = cast(FakeHost, operator.host).root
    toml = operator.project / "ops" / "production.toml"

    def refuse(*words: str, **settings: str) -> str:
        asked = Operator(operator.project, operator.host, {**operator.settings, **settings})
        return asked.refuse(*words)

    assert "production has no host: set it in ops/production.toml or DEPLOY_HOST." in refuse(
        "release", DEPLOY_HOST=""
    )
    assert "'-oProxyCommand=true' is not a host" in refuse(
        "status", DEPLOY_HOST="-oProxyCommand=true"
    )
    assert "invalid choice: 'ship'" in refuse("ship")
    assert "'../1' cannot be a version" in refuse("rollback", "../1")
    assert "required: VERSION" in refuse("proven")
    assert "required: REASON" in refuse("hold")
    assert "There is no ssh on this machine: install it first." in refuse("status", PATH="/nowhere")
    assert "git cannot tell what to release: " in refuse(
        "release", GIT_DIR=str(operator.project / "nowhere")
    )
    written = toml.read_text()
    toml.write_text("host = \n")
    assert "ops/production.toml is not valid TOML" in refuse("status")
    toml.write_text(written)
    assert "invalid choice: 'nowhere'" in Operator(
        operator.project, operator.host, operator.settings, "nowhere"
    ).refuse("status")
    if kind == "service":
        assert "production has no url" in refuse("status", DEPLOY_URL="")
        assert "'links.example.com' is not an address" in refuse(
            "status", DEPLOY_URL="links.example.com"
        )
        (root / "etc/links/app.env").rename(root / "app.env")
        for verb in ("release", "rollback"):
            assert "app.env is missing on deploy@links.test: ops/README.md" in refuse(verb)
    else:
        (root / "usr/local/bin/links").symlink_to("/usr/bin/true")
        assert "another program is" in refuse("release")
        assert "another program is" in refuse("rollback")
    assert not (root / "srv/links/releases").exists()


def test_a_hold_lasts_until_it_is_resumed(operator: Operator) -> None:
    commit(operator)
    operator.deploy("hold", "the numbers look odd")
    assert "production is held: the numbers look odd (mira, " in operator.refuse("release")
    assert "held      the numbers look odd (mira, " in operator.deploy("status")
    operator.deploy("resume")
    operator.deploy("release")
    lines = operator.deploy("history").splitlines()
    assert lines[0].endswith("ok  mira  the numbers look odd")
    assert [line.split()[1] for line in lines] == ["hold", "resume", "release"]


def test_a_released_version_is_verified(operator: Operator) -> None:
    first = commit(operator)
    assert "has never been released to production" in operator.deploy("proven", first, code=1)
    operator.deploy("release")
    assert operator.deploy("proven", first) == f"{first}\n"


TIMED_OUT = "echo 'Connection to 192.0.2.1 port 22 timed out' >&2; exit 255"


def with_ssh(operator: Operator, script: str) -> Path:
    """Put a script in the place of ssh; return the file that gets a line for each of its calls."""
    root = cast(FakeHost, operator.host).root
    calls = root / "calls"
    (root / "bin" / "ssh").write_text(f"#!/bin/sh\necho >> {calls}\n{script}\n")
    return calls


def test_a_connection_that_times_out_is_retried(operator: Operator) -> None:
    root = cast(FakeHost, operator.host).root
    calls = with_ssh(operator, f"[ $(wc -l < {root}/calls) -gt 2 ] || {{ {TIMED_OUT}; }}")
    operator.deploy("hold", "odd")
    assert len(calls.read_text()) == 2 + 3, "two timed out; then check, hold and audit"


def test_a_host_that_never_answers_is_named(operator: Operator) -> None:
    calls = with_ssh(operator, TIMED_OUT)
    output = operator.refuse("status")
    assert "deploy@links.test cannot be used: Connection to 192.0.2.1 port 22 timed out; " in output
    assert len(calls.read_text()) == 3


def test_a_command_that_fails_on_the_host_is_not_retried(operator: Operator) -> None:
    calls = with_ssh(operator, "echo 'the upload timed out' >&2; exit 1")
    operator.refuse("status")
    assert len(calls.read_text()) == 1


def test_a_lock_that_cannot_be_read_is_not_held(operator: Operator) -> None:
    with_ssh(operator, 'case "$*" in *flock*) exit 255 ;; esac')
    assert "The connection to deploy@links.test is lost" in operator.refuse("rollback")


def test_releases_and_rollbacks_change_the_version(operator: Operator) -> None:
    assert "version   none" in operator.deploy("status")
    first = commit(operator)
    output = operator.deploy("release")
    for step in (f"preparing {first}", f"trying {first} beside", f"switching to {first}"):
        assert step in output
    url = operator.settings["DEPLOY_URL"]
    ends = (f"{first} serves at {url}\n", f"users of deploy@links.test have {first}\n")
    assert output.endswith(ends)
    assert version(operator) == first
    status = operator.deploy("status")
    assert "host      deploy@links.test\n" in status
    assert f"version   {first}\n" in status
    assert "held      no\n" in status
    assert re.search("[Nn]othing (served )?.*before", operator.refuse("rollback"))
    second = commit(operator)
    operator.deploy("release")
    assert version(operator) == second
    operator.deploy("rollback")
    assert version(operator) == first
    operator.deploy("rollback", second)
    assert version(operator) == second
    output = operator.refuse("rollback", "0.9")
    assert output == f"ops/deploy: 0.9 cannot be gone back to; these can: {first}, {second}."
    assert operator.outcomes() == [
        ("release", first, "ok"),
        ("release", second, "ok"),
        ("rollback", first, "ok"),
        ("rollback", second, "ok"),
    ]


def test_a_release_is_refused_when_git_objects(operator: Operator) -> None:
    first = commit(operator)
    second = commit(operator)
    operator.deploy("release")
    (operator.project / "untracked.py").write_text("")
    assert "There are changes that are not committed" in operator.refuse("release")
    (operator.project / "untracked.py").unlink()
    support.git(operator.project, "checkout", "--quiet", first)
    assert f"{first} is older than {second}, which " in operator.refuse("release")
    shallow = operator.project.with_name("shallow")
    source = f"file://{operator.project}"
    support.git(operator.project.parent, "clone", "--quiet", "--depth=1", source, shallow)
    operator.project = shallow
    assert "This clone does not know" in operator.refuse("release")


def in_its_place(operator: Operator, kind: str) -> tuple[str, str]:
    """Return a change that lets a version fail where users get it, and only there."""
    host = cast(FakeHost, operator.host)
    where = f'os.environ["PORT"] == "{host.url.rpartition(":")[2]}"'
    if kind == "cli":
        where = f'os.path.realpath("{host.root}/srv/links/current") == os.path.dirname(HERE)'
    return "VERSION = ", f'if {where}:\n    raise SystemExit("not here")\nVERSION = '


def test_a_version_that_fails_after_the_switch_is_rolled_back(
    operator: Operator, kind: str
) -> None:
    good = commit(operator)
    operator.deploy("release")
    bad = commit(operator, *in_its_place(operator, kind))
    output = operator.deploy("release", code=1)
    assert "not here" in output
    assert "failed: " in output.partition("ops/deploy: ")[0]
    assert f"switching to {good}" in output
    assert version(operator) == good
    assert operator.outcomes()[-1] == ("release", bad, "failed")


def test_a_first_version_that_fails_after_the_switch_is_removed(
    operator: Operator, kind: str
) -> None:
    commit(operator, *in_its_place(operator, kind))
    assert "not here" in operator.deploy("release", code=1)
    assert "version   none" in operator.deploy("status")
    root = cast(FakeHost, operator.host).root
    assert not (root / "usr/local/bin/links").is_symlink()
    assert not (root / "etc/systemd/system/links.service").exists()


def test_a_rollback_that_fails_too_is_reported(operator: Operator, kind: str) -> None:
    root = cast(FakeHost, operator.host).root
    fault = f"if os.path.exists({str(root / 'broken')!r}):\n    raise SystemExit('broken')\n"
    first = commit(operator, "VERSION = ", f"{fault}VERSION = ")
    operator.deploy("release")
    commit(operator)
    operator.deploy("release")
    (root / "broken").touch()
    output = operator.deploy("rollback", code=1)
    assert f"rollback of {first} failed: " in output
    assert "; going back failed too: " in output
    assert operator.outcomes()[-1] == ("rollback", first, "failed")


def test_an_interrupted_release_cleans_up(operator: Operator) -> None:
    first = commit(operator)
    operator.deploy("release")
    second = commit(operator, "VERSION = ", "time.sleep(1)\nVERSION = ")
    root = cast(FakeHost, operator.host).root
    ssh = root / "bin" / "ssh"
    slowly = f'case "$*" in *printf*audit.log*) touch {root}/noting; sleep 0.5 ;; esac\n'
    ssh.write_text(ssh.read_text().replace("\n", f"\n{slowly}", 1))
    with running_until(operator, "trying", "release") as process:
        process.send_signal(signal.SIGTERM)
        wait_until((root / "noting").exists)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 1
    assert version(operator) == first
    assert operator.outcomes()[-1] == ("release", second, "failed")
    assert "interrupted by SIGTERM" in operator.deploy("history")


def test_a_rollback_on_failure_is_not_interrupted(operator: Operator, kind: str) -> None:
    good = commit(operator, "VERSION = ", "time.sleep(0.5)\nVERSION = ")
    operator.deploy("release")
    bad = commit(operator, *in_its_place(operator, kind))
    with running_until(operator, "failed: ", "release") as process:
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 1
    assert version(operator) == good
    assert operator.outcomes()[-1] == ("release", bad, "failed")
    assert "interrupted" not in operator.deploy("history")


def test_one_release_at_a_time_and_a_killed_one_frees_the_lock(
    operator: Operator, kind: str
) -> None:
    root = cast(FakeHost, operator.host).root
    first = commit(operator, "VERSION = ", "time.sleep(0.5)\nVERSION = ")
    with running_until(operator, "preparing", "release"):
        output = operator.refuse("rollback")
        assert f"mira has been busy with the release of {first} since" in output
    assert version(operator) == first
    second = commit(operator)
    with running_until(operator, "trying", "release") as process:
        wait_until(lambda: kind == "cli" or is_running(root, "links-candidate"))
        process.kill()
    assert version(operator) == first
    operator.refuse("rollback")
    assert not is_running(root, "links-candidate"), "left by the one that was killed"
    operator.deploy("release")
    assert version(operator) == second
    assert ("release", second, "interrupted") in operator.outcomes()


def test_a_long_release_keeps_the_lock(operator: Operator) -> None:
    host = operator.project / "ops" / "host.py"
    quick = host.read_text()
    for old, new in (("read -r -t 60", "read -r -t 1"), ("over.wait(10)", "over.wait(0.2)")):
        assert old in quick
        quick = quick.replace(old, new)
    host.write_text(quick)
    commit(operator, "VERSION = ", "time.sleep(2)\nVERSION = ")
    with running_until(operator, "trying", "release") as process:
        time.sleep(1.7)
        assert "mira has been busy with the release" in operator.refuse("rollback")
    assert process.returncode == 0


def test_a_release_of_a_folder_leaves_local_files_behind(
    render: Render, fake_host: FakeHost, kind: str
) -> None:
    made = render(1, kind=kind)
    (made / "links.py").write_text(TEXTS[kind])
    secrets = ["prod.env", ".hidden", "links.db", "venv/pyvenv.cfg", "more/__pycache__/links.pyc"]
    for name in [*secrets, "more/helper.py"]:
        (made / name).parent.mkdir(exist_ok=True, parents=True)
        (made / name).write_text("secret")
    operator = Operator(made, cast(Any, fake_host), fake_host.settings)
    operator.deploy("release")
    shipped = {path.name for path in (fake_host.root / "srv/links").resolve().rglob("*")}
    assert {"links.py", "helper.py"} <= shipped
    assert not {Path(name).name for name in secrets} & shipped
    assert version(operator) in operator.deploy("status")


GH = """#!/bin/sh
case "$1 $2 $3" in
  "release view build/2."*) echo "release not found" >&2; exit 1 ;;
  "release view "*) echo "{commit}" ;;
  "release download "*) cp {place}/"${{3#build/}}" "${{5#--dir=}}/links" ;;
esac
"""


def test_a_program_is_downloaded_from_its_release(
    project: Render, fake_host: FakeHost, tmp_path: Path
) -> None:
    made = project(3, kind="cli", artifact="binary")
    commit = support.git(made, "rev-parse", "HEAD").strip()
    (fake_host.root / "bin" / "gh").write_text(GH.format(commit=commit, place=tmp_path))
    (fake_host.root / "bin" / "gh").chmod(0o755)
    for number in ("1.0", "1.1"):
        (tmp_path / number).write_text(f"#!/bin/sh\necho links {number}\n")
    operator = Operator(made, cast(Any, fake_host), fake_host.settings)
    for number in ("1.0", "1.1"):
        operator.deploy("release", number)
        assert version(operator) == number
    line = json.loads((fake_host.root / "srv/links/audit.log").read_text().splitlines()[-1])
    digest = hashlib.sha256((tmp_path / "1.1").read_bytes()).hexdigest()
    assert (line["commit"], line["digest"]) == (commit, f"sha256:{digest}")
    assert operator.deploy("proven", "1.1") == f"sha256:{digest}\n"
    operator.deploy("rollback")
    assert version(operator) == "1.0"
    output = operator.refuse("release", "2.0")
    assert "There is no release build/2.0 to be had: gh: release not found." in output
    nowhere = {**operator.settings, "PATH": str(tmp_path / "nothing")}
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "ssh").symlink_to("/bin/true")
    asked = Operator(made, cast(Any, fake_host), nowhere)
    assert "There is no gh on this machine" in asked.refuse("release", "1.1")
    assert "required: VERSION" in operator.refuse("release")


def test_a_broken_release_leaves_the_previous_version(operator: Operator, kind: str) -> None:
    good = commit(operator)
    operator.deploy("release")
    script = operator.project / "links.py"
    original = script.read_text()
    for (old, new), clue in FAULTS[kind].items():
        script.write_text(original)
        bad = commit(operator, old, new)
        operator.settings["DEPLOY_TIMEOUT"] = "1.5"
        process = operator.start("release")
        output = "".join(process.communicate(timeout=60))
        assert process.returncode == 1, output
        assert clue in output, output
        assert f"ops/deploy: release of {bad} failed: " in output
        assert "switching" not in output
        assert operator.outcomes()[-1] == ("release", bad, "failed")
        assert version(operator) == good
    assert not list((cast(FakeHost, operator.host).root / "run").glob("links-candidate.pid"))


def test_five_releases_are_kept(operator: Operator) -> None:
    made = []
    for _ in range(6):
        made.append(commit(operator))
        operator.deploy("release")
    kept = cast(FakeHost, operator.host).root / "srv/links/releases"
    assert sorted(folder.name for folder in kept.iterdir()) == sorted(made[1:])
