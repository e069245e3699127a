"""What `ops/deploy` does at the lower levels, on a host in a folder; the test bed has real ones."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import Operator, running_until, wait_until
from tests.fakes.host import SmallHost
from tests.fakes.processes import lives

pytestmark = pytest.mark.exhaustive

HEADER = '''"""A small application of somebody's own."""
# /// script
# dependencies = ["nothing>=1"]
# ///
import http.server, json, os, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = os.environ["VERSION"]
'''
SERVICE = f"""{HEADER}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({{"version": VERSION}}).encode())

    def log_message(self, *_):
        pass

address = ("127.0.0.1", int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
PROGRAM = f"""{HEADER}
print("usage: links" if sys.argv[1] == "--help" else f"links {{VERSION}}")
"""
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
def host(tmp_path: Path) -> Iterator[SmallHost]:
    """A host in a folder."""
    made = SmallHost(tmp_path / "host", support.free_port())
    yield made
    made.stop()


@pytest.fixture
def somebody(project: Render, host: SmallHost, kind: str) -> Operator:
    """Somebody with a small application in version control."""
    made = project(2, kind=kind)
    (made / "links.py").write_text(TEXTS[kind])
    support.save(made)
    return Operator(made, cast(Any, host), host.settings)


def commit(somebody: Operator, old: str = "HERE", new: str = "HERE") -> str:
    """Commit the application with a change, and return the version that this makes."""
    script = somebody.project / "links.py"
    assert old in script.read_text()
    script.write_text(f"{script.read_text().replace(old, new)}# And so on.\n")
    support.save(somebody.project)
    return support.git(somebody.project, "rev-parse", "--short", "HEAD").strip()


def version(somebody: Operator) -> str:
    """Return the version that users get."""
    if (somebody.project / "ops" / "program.py").exists():
        command = cast(SmallHost, somebody.host).root / "usr/local/bin/links"
        return support.run(command, "--version", cwd=somebody.project).stdout.split()[1]
    with urllib.request.urlopen(f"{somebody.settings['DEPLOY_URL']}/healthz") as answer:
        return str(json.load(answer)["version"])


def test_what_is_missing_is_told_in_a_sentence(somebody: Operator, kind: str) -> None:
    root = cast(SmallHost, somebody.host).root
    toml = somebody.project / "ops" / "production.toml"

    def refuse(*words: str, **settings: str) -> str:
        asked = Operator(somebody.project, somebody.host, {**somebody.settings, **settings})
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
        "release", GIT_DIR=str(somebody.project / "nowhere")
    )
    written = toml.read_text()
    toml.write_text("host = \n")
    assert "ops/production.toml is not valid TOML" in refuse("status")
    toml.write_text(written)
    assert "invalid choice: 'nowhere'" in Operator(
        somebody.project, somebody.host, somebody.settings, "nowhere"
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


def test_a_hold_lasts_until_it_is_resumed(somebody: Operator) -> None:
    commit(somebody)
    somebody.deploy("hold", "the numbers look odd")
    assert "production is held: the numbers look odd (mira, " in somebody.refuse("release")
    assert "held      the numbers look odd (mira, " in somebody.deploy("status")
    somebody.deploy("resume")
    somebody.deploy("release")
    lines = somebody.deploy("history").splitlines()
    assert lines[0].endswith("ok  mira  the numbers look odd")
    assert [line.split()[1] for line in lines] == ["hold", "resume", "release"]


def test_what_was_released_is_proven(somebody: Operator) -> None:
    first = commit(somebody)
    assert "has never been released to production" in somebody.deploy("proven", first, code=1)
    somebody.deploy("release")
    assert somebody.deploy("proven", first) == f"{first}\n"


TIMED_OUT = "echo 'Connection to 192.0.2.1 port 22 timed out' >&2; exit 255"


def with_ssh(somebody: Operator, script: str) -> Path:
    """Put a script in the place of ssh; return the file that gets a line for each of its calls."""
    root = cast(SmallHost, somebody.host).root
    calls = root / "calls"
    (root / "bin" / "ssh").write_text(f"#!/bin/sh\necho >> {calls}\n{script}\n")
    return calls


def test_a_connection_that_times_out_is_tried_again(somebody: Operator) -> None:
    root = cast(SmallHost, somebody.host).root
    calls = with_ssh(somebody, f"[ $(wc -l < {root}/calls) -gt 2 ] || {{ {TIMED_OUT}; }}")
    somebody.deploy("hold", "odd")
    assert len(calls.read_text()) == 2 + 3, "two timed out; then check, hold and audit"


def test_a_host_that_never_answers_is_named(somebody: Operator) -> None:
    calls = with_ssh(somebody, TIMED_OUT)
    said = somebody.refuse("status")
    assert "deploy@links.test cannot be used: Connection to 192.0.2.1 port 22 timed out; " in said
    assert len(calls.read_text()) == 3


def test_what_the_host_itself_could_not_do_is_not_done_twice(somebody: Operator) -> None:
    calls = with_ssh(somebody, "echo 'the upload timed out' >&2; exit 1")
    somebody.refuse("status")
    assert len(calls.read_text()) == 1


def test_a_lock_that_cannot_be_asked_for_is_nobodys(somebody: Operator) -> None:
    with_ssh(somebody, 'case "$*" in *flock*) exit 255 ;; esac')
    assert "The connection to deploy@links.test is lost" in somebody.refuse("rollback")


def test_versions_come_and_go(somebody: Operator) -> None:
    assert "version   none" in somebody.deploy("status")
    first = commit(somebody)
    said = somebody.deploy("release")
    for step in (f"preparing {first}", f"trying {first} beside", f"switching to {first}"):
        assert step in said
    url = somebody.settings["DEPLOY_URL"]
    ends = (f"{first} serves at {url}\n", f"users of deploy@links.test have {first}\n")
    assert said.endswith(ends)
    assert version(somebody) == first
    status = somebody.deploy("status")
    assert "host      deploy@links.test\n" in status
    assert f"version   {first}\n" in status
    assert "held      no\n" in status
    assert re.search("[Nn]othing (served )?.*before", somebody.refuse("rollback"))
    second = commit(somebody)
    somebody.deploy("release")
    assert version(somebody) == second
    somebody.deploy("rollback")
    assert version(somebody) == first
    somebody.deploy("rollback", second)
    assert version(somebody) == second
    said = somebody.refuse("rollback", "0.9")
    assert said == f"ops/deploy: 0.9 cannot be gone back to; these can: {first}, {second}."
    assert somebody.outcomes() == [
        ("release", first, "ok"),
        ("release", second, "ok"),
        ("rollback", first, "ok"),
        ("rollback", second, "ok"),
    ]


def test_what_git_says_against_a_release_is_heard(somebody: Operator) -> None:
    first = commit(somebody)
    second = commit(somebody)
    somebody.deploy("release")
    (somebody.project / "untracked.py").write_text("")
    assert "There are changes that are not committed" in somebody.refuse("release")
    (somebody.project / "untracked.py").unlink()
    support.git(somebody.project, "checkout", "--quiet", first)
    assert f"{first} is older than {second}, which " in somebody.refuse("release")
    shallow = somebody.project.with_name("shallow")
    source = f"file://{somebody.project}"
    support.git(somebody.project.parent, "clone", "--quiet", "--depth=1", source, shallow)
    somebody.project = shallow
    assert "This clone does not know" in somebody.refuse("release")


def in_its_place(somebody: Operator, kind: str) -> tuple[str, str]:
    """Return a change that lets a version fail where users get it, and only there."""
    host = cast(SmallHost, somebody.host)
    where = f'os.environ["PORT"] == "{host.url.rpartition(":")[2]}"'
    if kind == "cli":
        where = f'os.path.realpath("{host.root}/srv/links/current") == os.path.dirname(HERE)'
    return "VERSION = ", f'if {where}:\n    raise SystemExit("not here")\nVERSION = '


def test_a_version_that_fails_in_its_place_is_taken_back(somebody: Operator, kind: str) -> None:
    good = commit(somebody)
    somebody.deploy("release")
    bad = commit(somebody, *in_its_place(somebody, kind))
    said = somebody.deploy("release", code=1)
    assert "not here" in said
    assert "failed: " in said.partition("ops/deploy: ")[0]
    assert f"switching to {good}" in said
    assert version(somebody) == good
    assert somebody.outcomes()[-1] == ("release", bad, "failed")


def test_a_first_version_that_fails_in_its_place_is_taken_away(
    somebody: Operator, kind: str
) -> None:
    commit(somebody, *in_its_place(somebody, kind))
    assert "not here" in somebody.deploy("release", code=1)
    assert "version   none" in somebody.deploy("status")
    root = cast(SmallHost, somebody.host).root
    assert not (root / "usr/local/bin/links").is_symlink()
    assert not (root / "etc/systemd/system/links.service").exists()


def test_a_way_back_that_fails_too_is_told(somebody: Operator, kind: str) -> None:
    root = cast(SmallHost, somebody.host).root
    fault = f"if os.path.exists({str(root / 'broken')!r}):\n    raise SystemExit('broken')\n"
    first = commit(somebody, "VERSION = ", f"{fault}VERSION = ")
    somebody.deploy("release")
    commit(somebody)
    somebody.deploy("release")
    (root / "broken").touch()
    said = somebody.deploy("rollback", code=1)
    assert f"rollback of {first} failed: " in said
    assert "; going back failed too: " in said
    assert somebody.outcomes()[-1] == ("rollback", first, "failed")


def test_an_interrupted_one_cleans_up(somebody: Operator) -> None:
    first = commit(somebody)
    somebody.deploy("release")
    second = commit(somebody, "VERSION = ", "time.sleep(1)\nVERSION = ")
    root = cast(SmallHost, somebody.host).root
    ssh = root / "bin" / "ssh"
    slowly = f'case "$*" in *printf*audit.log*) touch {root}/noting; sleep 0.5 ;; esac\n'
    ssh.write_text(ssh.read_text().replace("\n", f"\n{slowly}", 1))
    with running_until(somebody, "trying", "release") as process:
        process.send_signal(signal.SIGTERM)
        wait_until((root / "noting").exists)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 1
    assert version(somebody) == first
    assert somebody.outcomes()[-1] == ("release", second, "failed")
    assert "interrupted by SIGTERM" in somebody.deploy("history")


def test_the_way_back_is_not_interrupted(somebody: Operator, kind: str) -> None:
    good = commit(somebody, "VERSION = ", "time.sleep(0.5)\nVERSION = ")
    somebody.deploy("release")
    bad = commit(somebody, *in_its_place(somebody, kind))
    with running_until(somebody, "failed: ", "release") as process:
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 1
    assert version(somebody) == good
    assert somebody.outcomes()[-1] == ("release", bad, "failed")
    assert "interrupted" not in somebody.deploy("history")


def test_one_at_a_time_and_a_killed_one_blocks_nobody(somebody: Operator, kind: str) -> None:
    root = cast(SmallHost, somebody.host).root
    first = commit(somebody, "VERSION = ", "time.sleep(0.5)\nVERSION = ")
    with running_until(somebody, "preparing", "release"):
        said = somebody.refuse("rollback")
        assert f"mira has been busy with the release of {first} since" in said
    assert version(somebody) == first
    second = commit(somebody)
    with running_until(somebody, "trying", "release") as process:
        wait_until(lambda: kind == "cli" or lives(root, "links-candidate"))
        process.kill()
    assert version(somebody) == first
    somebody.refuse("rollback")
    assert not lives(root, "links-candidate"), "left by the one that was killed"
    somebody.deploy("release")
    assert version(somebody) == second
    assert ("release", second, "interrupted") in somebody.outcomes()


def test_a_long_release_keeps_the_lock(somebody: Operator) -> None:
    host = somebody.project / "ops" / "host.py"
    quick = host.read_text()
    for old, new in (("read -r -t 60", "read -r -t 1"), ("over.wait(10)", "over.wait(0.2)")):
        assert old in quick
        quick = quick.replace(old, new)
    host.write_text(quick)
    commit(somebody, "VERSION = ", "time.sleep(2)\nVERSION = ")
    with running_until(somebody, "trying", "release") as process:
        time.sleep(1.7)
        assert "mira has been busy with the release" in somebody.refuse("rollback")
    assert process.returncode == 0


def test_a_folder_leaves_at_home_what_stays_there(
    render: Render, host: SmallHost, kind: str
) -> None:
    made = render(1, kind=kind)
    (made / "links.py").write_text(TEXTS[kind])
    secrets = ["prod.env", ".hidden", "links.db", "venv/pyvenv.cfg", "more/__pycache__/links.pyc"]
    for name in [*secrets, "more/helper.py"]:
        (made / name).parent.mkdir(exist_ok=True, parents=True)
        (made / name).write_text("secret")
    somebody = Operator(made, cast(Any, host), host.settings)
    somebody.deploy("release")
    shipped = {path.name for path in (host.root / "srv/links").resolve().rglob("*")}
    assert {"links.py", "helper.py"} <= shipped
    assert not {Path(name).name for name in secrets} & shipped
    assert version(somebody) in somebody.deploy("status")


GH = """#!/bin/sh
case "$1 $2 $3" in
  "release view build/2."*) echo "release not found" >&2; exit 1 ;;
  "release view "*) echo "{commit}" ;;
  "release download "*) cp {place}/"${{3#build/}}" "${{5#--dir=}}/links" ;;
esac
"""


def test_a_cli_is_fetched_from_its_release(
    project: Render, host: SmallHost, tmp_path: Path
) -> None:
    made = project(3, kind="cli", artifact="binary")
    commit = support.git(made, "rev-parse", "HEAD").strip()
    (host.root / "bin" / "gh").write_text(GH.format(commit=commit, place=tmp_path))
    (host.root / "bin" / "gh").chmod(0o755)
    for number in ("1.0", "1.1"):
        (tmp_path / number).write_text(f"#!/bin/sh\necho links {number}\n")
    somebody = Operator(made, cast(Any, host), host.settings)
    for number in ("1.0", "1.1"):
        somebody.deploy("release", number)
        assert version(somebody) == number
    line = json.loads((host.root / "srv/links/audit.log").read_text().splitlines()[-1])
    digest = hashlib.sha256((tmp_path / "1.1").read_bytes()).hexdigest()
    assert (line["commit"], line["digest"]) == (commit, f"sha256:{digest}")
    assert somebody.deploy("proven", "1.1") == f"sha256:{digest}\n"
    somebody.deploy("rollback")
    assert version(somebody) == "1.0"
    said = somebody.refuse("release", "2.0")
    assert "There is no release build/2.0 to be had: gh: release not found." in said
    nowhere = {**somebody.settings, "PATH": str(tmp_path / "nothing")}
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "ssh").symlink_to("/bin/true")
    asked = Operator(made, cast(Any, host), nowhere)
    assert "There is no gh on this machine" in asked.refuse("release", "1.1")
    assert "required: VERSION" in somebody.refuse("release")


def test_a_broken_release_leaves_the_old_one(somebody: Operator, kind: str) -> None:
    good = commit(somebody)
    somebody.deploy("release")
    script = somebody.project / "links.py"
    original = script.read_text()
    for (old, new), clue in FAULTS[kind].items():
        script.write_text(original)
        bad = commit(somebody, old, new)
        somebody.settings["DEPLOY_TIMEOUT"] = "1.5"
        process = somebody.start("release")
        said = "".join(process.communicate(timeout=60))
        assert process.returncode == 1, said
        assert clue in said, said
        assert f"ops/deploy: release of {bad} failed: " in said
        assert "switching" not in said
        assert somebody.outcomes()[-1] == ("release", bad, "failed")
        assert version(somebody) == good
    assert not list((cast(SmallHost, somebody.host).root / "run").glob("links-candidate.pid"))


def test_five_versions_are_kept(somebody: Operator) -> None:
    made = []
    for _ in range(6):
        made.append(commit(somebody))
        somebody.deploy("release")
    kept = cast(SmallHost, somebody.host).root / "srv/links/releases"
    assert sorted(folder.name for folder in kept.iterdir()) == sorted(made[1:])
