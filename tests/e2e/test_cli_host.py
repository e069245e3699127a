"""Levels 0 to 2 of a command-line program: run by its author, cloned, and on users' PATH."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.deploying import Operator, reached, set_up
from tests.testbed import Host, up

ADDRESS = "https://example.com/a/long/way"
WIPE = "sudo rm -rf /usr/local/bin/links /srv/links/[!cp]* /srv/links/current"
CLI = {"kind": "cli"}


def uses(command: list[str], folder: Path, home: Path) -> None:
    """Use the program as somebody does who keeps a link and looks it up later."""

    def run(*words: str) -> str:
        return support.run(
            *command, *words, cwd=folder, env={**os.environ, "HOME": str(home)}
        ).stdout

    assert run("--version") == "links dev\n"
    code = run("add", ADDRESS).strip()
    assert run("show", code) == f"{ADDRESS}\n"
    assert run("list") == f"{code}  {ADDRESS}\n"
    assert (home / ".links.db").is_file()


def test_a_script_runs_for_its_author(render: Render, tmp_path: Path) -> None:
    made = render(0, **CLI)
    uses(["uv", "run", "links.py"], made, tmp_path)
    wrong = support.run("uv", "run", "links.py", "show", "nothing", cwd=made, check=False)
    assert wrong.returncode == 1
    assert "No link has the code nothing." in wrong.stderr


def test_another_engineer_clones_it_and_runs_it(project: Render, tmp_path: Path) -> None:
    made = project(2, **CLI)
    forge = tmp_path / "forge" / "acme"
    forge.mkdir(parents=True)
    support.git(forge, "clone", "--quiet", "--bare", made, "links.git")
    commands = (made / "README.md").read_text().partition("```sh\n")[2].partition("```")[0]
    instead = f"url.{tmp_path}/forge/.insteadOf=https://github.com/"
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": instead.rpartition("=")[0],
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    said = support.run("bash", "-euc", commands, cwd=elsewhere, env=environment).stdout
    assert "Store links under short codes." in said
    uses(["uv", "run", "links.py"], elsewhere / "links", tmp_path)


@pytest.fixture(scope="module")
def server(rendered: Render) -> Iterator[Host]:
    """A server where users log in, on which somebody ran the commands of ops/README.md."""
    with Host.start(up(), "login") as host:
        set_up(host, rendered(2, **CLI) / "ops" / "README.md", "What to set up once")
        yield host


def as_user(host: Host, command: str, *, code: int = 0) -> str:
    """Run a command as somebody who logs in to the server; return what it prints."""
    host.run("id ada > /dev/null 2>&1 || sudo useradd --create-home ada")
    done = host.run(f"sudo -u ada -i {command}", check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def version(host: Host) -> str:
    """Return the version that users have."""
    return as_user(host, "links --version").split()[1]


@pytest.fixture
def folder(render: Render, server: Host) -> Operator:
    """Somebody with a project that is not in version control."""
    server.run(WIPE)
    return Operator(render(1, **CLI), server)


@pytest.fixture
def clone(project: Render, server: Host) -> Operator:
    """Somebody with a project in version control."""
    server.run(WIPE)
    return Operator(project(2, **CLI), server)


def edit(project: Path, old: str, new: str) -> None:
    """Change the program."""
    script = project / "links.py"
    assert old in script.read_text()
    script.write_text(script.read_text().replace(old, new))


def commit(operator: Operator) -> str:
    """Commit what was changed, and return the version that this makes."""
    support.commit_all(operator.project, "Change")
    return support.git(operator.project, "rev-parse", "--short", "HEAD").strip()


def test_a_folder_is_released_and_rolled_back(folder: Operator) -> None:
    secrets = ["prod.env", ".hidden", "links.db", "venv/pyvenv.cfg", "__pycache__/links.pyc"]
    for name in secrets:
        (folder.project / name).parent.mkdir(exist_ok=True)
        (folder.project / name).write_text("secret")
    folder.deploy("release")
    first = version(folder.host)
    assert first in folder.deploy("status")
    shipped = folder.host.run("find /srv/links/current/source").stdout
    assert "links.py" in shipped
    assert not [name for name in secrets if name in shipped]
    code = as_user(folder.host, f"links add {ADDRESS}").strip()

    edit(folder.project, "Keep links under", "Hold links under")
    folder.deploy("release")
    assert version(folder.host) > first
    assert "Hold links" in as_user(folder.host, "links --help")
    assert as_user(folder.host, f"links show {code}") == f"{ADDRESS}\n"
    folder.deploy("rollback")
    assert version(folder.host) == first
    assert as_user(folder.host, f"links show {code}") == f"{ADDRESS}\n"
    assert "had nothing before" in folder.refuse("rollback")
    assert [verb for verb, *_ in folder.outcomes()] == ["release", "release", "rollback"]


def test_a_commit_is_released_held_and_rolled_back(clone: Operator) -> None:
    first = commit(clone)
    clone.deploy("release")
    assert version(clone.host) == first
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
    assert version(clone.host) == first


FAULTS = {
    "does not start": ("import secrets\n", "import secrets_\n", "No module named 'secrets_'"),
    "depends on what is not there": ('"sqlalchemy>=2.0"', '"sqlalchemy>=999"', "sqlalchemy>=999"),
    "is another version": (
        'os.environ.get("VERSION") or version("links")',
        '"0.9"',
        "--version says 'links 0.9' and not",
    ),
    "cannot tell how it is used": (
        "print every code with",
        "print every %d code with",
        "links --help of",
    ),
}


def test_a_broken_release_leaves_users_what_they_have(clone: Operator) -> None:
    good = commit(clone)
    clone.deploy("release")
    original = (clone.project / "links.py").read_text()
    for old, new, clue in FAULTS.values():
        edit(clone.project, old, new)
        bad = commit(clone)
        said = clone.deploy("release", code=1)
        assert clue in said, said
        assert "switching" not in said
        assert clone.outcomes()[-1] == ("release", bad, "failed")
        assert version(clone.host) == good
        (clone.project / "links.py").write_text(original)


def test_a_release_that_fails_only_in_its_place_is_taken_back(clone: Operator) -> None:
    good = commit(clone)
    clone.deploy("release")
    clash = 'if Path("/srv/links/current").resolve() == Path(__file__).parents[1]:\n'
    edit(clone.project, "metadata = ", f'{clash}    raise SystemExit("not here")\n\nmetadata = ')
    bad = commit(clone)
    assert "not here" in clone.deploy("release", code=1)
    assert version(clone.host) == good
    assert clone.outcomes()[-1] == ("release", bad, "failed")


def test_another_program_of_that_name_is_left_alone(folder: Operator) -> None:
    folder.host.run("sudo ln -s /usr/bin/true /usr/local/bin/links")
    assert "another program is /usr/local/bin/links" in folder.refuse("release")
    assert folder.host.run("readlink /usr/local/bin/links").stdout == "/usr/bin/true\n"


def test_one_release_at_a_time_and_a_killed_one_blocks_nobody(clone: Operator) -> None:
    first = commit(clone)
    with reached(clone, "preparing", "release"):
        assert f"mira has been busy with the release of {first} since" in clone.refuse("rollback")
    assert version(clone.host) == first
    (clone.project / "more.py").write_text("")
    second = commit(clone)
    clone.kill_when("trying", "release")
    assert version(clone.host) == first
    clone.deploy("release")
    assert version(clone.host) == second
    assert ("release", second, "interrupted") in clone.outcomes()


@pytest.mark.parametrize("level", [1, 2])
def test_what_is_missing_is_told_in_a_sentence(project: Render, server: Host, level: int) -> None:
    server.run(WIPE)
    somebody = Operator(project(level, **CLI), server)

    def refuse(*words: str, **settings: str) -> str:
        somebody.settings = settings
        return somebody.refuse(*words)

    assert "production has no host: set it in" in refuse("release", DEPLOY_HOST="")
    assert "cannot be used" in refuse("release", DEPLOY_HOST="nobody@127.0.0.1")
    assert "cannot be a version" in refuse("rollback", "../1")
    try:
        server.run("sudo mv /usr/local/bin/uv /tmp")
        assert "uv is not installed on" in refuse("release")
    finally:
        server.run("sudo mv /tmp/uv /usr/local/bin/uv")
    assert not server.run("ls /srv/links/releases 2> /dev/null", check=False).stdout
