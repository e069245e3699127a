"""The table names every file that a project gets, and what a person must set up for it."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from extensions import levels
from tests import support, variants
from tests.conftest import Render
from tests.options import EVERYTHING

FOR_ALL = """
    create the repository on GitHub and push to it
    run ops/protect to make the checks required, as ops/README.md says
    install the git hook that lints each commit: uv run prek install
    read ops/RUNBOOK.md with everyone who may be on call
    set up the host as ops/README.md says, and put its address into ops/production.toml
    set DATABASE_URL on each host, as ops/README.md says
"""
# Written by hand, so that a slip in the table is seen here.
SET_UP = {
    "service": f"""{FOR_ALL}
    put the staging host's address into ops/staging.toml and set up that host, as ops/README.md says
    run ops/environments staging and ops/environments production: they set the settings above on \
GitHub
    switch features with `ops/deploy flag`, without a release, as ops/README.md says
    add S3_ENDPOINT_URL, S3_BUCKET and the store's credentials to each host's environment \
file, as ops/README.md says
    put each component's environment file on each host, then release each component once, \
as ops/README.md says
    STAGING_HOST (GitHub variable: SSH destination of staging)
    STAGING_URL (GitHub variable: URL of staging)
    STAGING_KNOWN_HOSTS (GitHub variable: SSH host keys of staging)
    PRODUCTION_HOST (GitHub variable: SSH destination of production)
    PRODUCTION_URL (GitHub variable: URL of production)
    PRODUCTION_KNOWN_HOSTS (GitHub variable: SSH host keys of production)
    DEPLOY_SSH_KEY (secret of each GitHub environment: private key of the deploy account)
    """,
    "wheel": f"""{FOR_ALL}
    register main.yml as a trusted publisher on TestPyPI and PyPI, as ops/README.md says
    STAGING_URL (GitHub variable: the project's page on TestPyPI)
    PRODUCTION_URL (GitHub variable: the project's page on PyPI)
    """,
    "binary": FOR_ALL,
}


@pytest.mark.parametrize("level", support.LEVELS)
@pytest.mark.parametrize("name", variants.NAMES)
def test_it_names_every_file_and_no_other(rendered: Render, name: str, level: int) -> None:
    project = rendered(level, **with_everything(name))
    named = set(levels.paths({"level": level, **support.answers(project)}))
    written = set(support.files(project))
    above = {path: {path, *map(str, PurePosixPath(path).parents)} for path in written}
    assert not [path for path in written if named.isdisjoint(above[path])], "not in the table"
    assert named <= set().union(*above.values()), "in the table alone"


@pytest.mark.parametrize("name", variants.NAMES)
def test_the_message_lists_everything_to_set_up(rendered: Render, name: str) -> None:
    message = support.message_of(rendered(8, **with_everything(name)))
    lines = message.partition("\nRun ")[0].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(("Set", "Do")))
    wanted = filter(None, map(str.strip, SET_UP[name].splitlines()))
    assert sorted(line[8:] for line in lines[first:] if line[8:]) == sorted(wanted)


def with_everything(name: str) -> dict[str, object]:
    """Return the answers of a variant with every option that it has."""
    return EVERYTHING if name == "service" else variants.answers(name)
