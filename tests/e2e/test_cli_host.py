"""Levels 0 to 2 of a command-line program: run by its author, cloned, and on users' PATH."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.operators import Operator, as_user, installed_version, running_until, set_up
from tests.e2e.projects import CLI, change
from tests.testbed import Host, up

pytestmark = pytest.mark.xdist_group("cli-host")

ADDRESS = "https://example.com/a/long/way"
WIPE = "sudo rm -rf /usr/local/bin/links /srv/links/[!cp]* /srv/links/current"


def uses(command: list[str], folder: Path, home: Path) -> None:
    """Use the program as a user does who keeps a link and looks it up later."""

    def run(*words: str) -> str:
        return support.run(
            *command, *words, cwd=folder, env={**os.environ, "HOME": str(home)}
        ).stdout

    assert run("--version") == "links dev\n"
    code = run("add", ADDRESS).strip()
    assert run("show", code) == f"{ADDRESS}\n"
    assert run("list") == f"{code}  {ADDRESS}\n"
    assert (home / ".links.db").is_file()


def test_script_runs_for_its_author(render: Render, tmp_path: Path) -> None:
    made = render(0, **CLI)
    uses(["uv", "run", "links.py"], made, tmp_path)
    wrong = support.run("uv", "run", "links.py", "show", "nothing", cwd=made, check=False)
    assert wrong.returncode == 1
    assert "No link has the code nothing." in wrong.stderr


def test_readme_commands_clone_and_run_the_project(project: Render, tmp_path: Path) -> None:
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
    output = support.run("bash", "-euc", commands, cwd=elsewhere, env=environment).stdout
    assert "Store links under short codes." in output
    uses(["uv", "run", "links.py"], elsewhere / "links", tmp_path)


@pytest.fixture(scope="module")
def server(rendered: Render) -> Iterator[Host]:
    """A host where users log in, set up as ops/README.md says."""
    with Host.start(up(), "login") as host:
        set_up(host, rendered(2, **CLI))
        yield host


@pytest.fixture
def folder(render: Render, server: Host) -> Operator:
    """An operator with a project that is not in version control."""
    server.run(WIPE)
    return Operator(render(1, **CLI), server)


@pytest.fixture
def clone(project: Render, server: Host) -> Operator:
    """An operator with a project in version control."""
    server.run(WIPE)
    return Operator(project(2, **CLI), server)


def commit(operator: Operator) -> str:
    """Commit what was changed, and return the version that this makes."""
    support.commit_all(operator.project, "Change")
    return support.git(operator.project, "rev-parse", "--short", "HEAD").strip()


def test_release_and_rollback_of_a_folder(folder: Operator) -> None:
    secrets = ["prod.env", ".hidden", "links.db", "venv/pyvenv.cfg", "__pycache__/links.pyc"]
    for name in secrets:
        (folder.project / name).parent.mkdir(exist_ok=True)
        (folder.project / name).write_text("secret")
    folder.deploy("release")
    first = installed_version(folder.host)
    assert first in folder.deploy("status")
    shipped = folder.host.run("find /srv/links/current/source").stdout
    assert "links.py" in shipped
    assert not [name for name in secrets if name in shipped]
    code = as_user(folder.host, f"links add {ADDRESS}").strip()

    change(folder.project / "links.py", "Store links under", "Hold links under")
    folder.deploy("release")
    assert installed_version(folder.host) > first
    assert "Hold links" in as_user(folder.host, "links --help")
    assert as_user(folder.host, f"links show {code}") == f"{ADDRESS}\n"
    folder.deploy("rollback")
    assert installed_version(folder.host) == first
    assert as_user(folder.host, f"links show {code}") == f"{ADDRESS}\n"
    assert "had nothing before" in folder.refuse("rollback")
    assert [verb for verb, *_ in folder.outcomes()] == ["release", "release", "rollback"]


def test_release_hold_and_rollback_of_a_commit(clone: Operator) -> None:
    first = commit(clone)
    clone.deploy("release")
    assert installed_version(clone.host) == first
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
    assert installed_version(clone.host) == first


FAULTS = {
    "does not start": ("import secrets\n", "import secrets_\n", "No module named 'secrets_'"),
    "depends on what is not there": ('"sqlalchemy>=2.0"', '"sqlalchemy>=999"', "sqlalchemy>=999"),
    "is another version": (
        'os.environ.get("VERSION") or version("links")',
        '"0.9"',
        "--version says 'links 0.9' and not",
    ),
    "cannot tell how it is used": (
        "print every code and",
        "print every %d code and",
        "links --help of",
    ),
}


def test_broken_release_changes_nothing_for_users(clone: Operator) -> None:
    good = commit(clone)
    clone.deploy("release")
    original = (clone.project / "links.py").read_text()
    for old, new, clue in FAULTS.values():
        change(clone.project / "links.py", old, new)
        bad = commit(clone)
        output = clone.deploy("release", code=1)
        assert clue in output, output
        assert "switching" not in output
        assert clone.outcomes()[-1] == ("release", bad, "failed")
        assert installed_version(clone.host) == good
        (clone.project / "links.py").write_text(original)


def test_release_that_fails_only_when_installed_rolls_back(clone: Operator) -> None:
    good = commit(clone)
    clone.deploy("release")
    clash = 'if Path("/srv/links/current").resolve() == Path(__file__).parents[1]:\n'
    change(
        clone.project / "links.py",
        "metadata = ",
        f'{clash}    raise SystemExit("not here")\n\nmetadata = ',
    )
    bad = commit(clone)
    assert "not here" in clone.deploy("release", code=1)
    assert installed_version(clone.host) == good
    assert clone.outcomes()[-1] == ("release", bad, "failed")


def test_existing_program_of_the_same_name_is_kept(folder: Operator) -> None:
    folder.host.run("sudo ln -s /usr/bin/true /usr/local/bin/links")
    assert "another program is /usr/local/bin/links" in folder.refuse("release")
    assert folder.host.run("readlink /usr/local/bin/links").stdout == "/usr/bin/true\n"


def test_deploys_are_exclusive_and_a_killed_one_leaves_no_lock(clone: Operator) -> None:
    first = commit(clone)
    with running_until(clone, "preparing", "release"):
        assert f"mira has been busy with the release of {first} since" in clone.refuse("rollback")
    assert installed_version(clone.host) == first
    (clone.project / "more.py").write_text("")
    second = commit(clone)
    clone.kill_when("trying", "release")
    assert installed_version(clone.host) == first
    clone.deploy("release")
    assert installed_version(clone.host) == second
    assert ("release", second, "interrupted") in clone.outcomes()


@pytest.mark.parametrize("level", [1, 2])
def test_missing_requirements_are_refused_in_one_sentence(
    project: Render, server: Host, level: int
) -> None:
    server.run(WIPE)
    operator = Operator(project(level, **CLI), server)

    def refuse(*words: str, **settings: str) -> str:
        operator.settings = settings
        return operator.refuse(*words)

    assert "production has no host: set it in" in refuse("release", DEPLOY_HOST="")
    assert "cannot be used" in refuse("release", DEPLOY_HOST="nobody@127.0.0.1")
    assert "cannot be a version" in refuse("rollback", "../1")
    try:
        server.run("sudo mv /usr/local/bin/uv /tmp")
        assert "uv is not installed on" in refuse("release")
    finally:
        server.run("sudo mv /tmp/uv /usr/local/bin/uv")
    assert not server.run("ls /srv/links/releases 2> /dev/null", check=False).stdout
