"""The table names every file that a project gets, and what a person must set up for it."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from extensions import levels
from tests import support, variants
from tests.conftest import Render
from tests.options import EVERYTHING

FOR_ALL = """
    create the repository on the forge and push to it
    uv lock, and commit uv.lock
    ops/protect, to make the checks required, as ops/README.md says
    uv run prek install, to run the linters before each commit
    read ops/RUNBOOK.md with everyone who may be called
    set up the host once, as ops/README.md says, and name it in ops/production.toml
    set DATABASE_URL where it runs, as ops/README.md says
"""
# Written by hand, so that a slip in the table is seen here.
SET_UP = {
    "service": f"""{FOR_ALL}
    where it is deployed already, move its host to containers once, as ops/README.md says
    fill in ops/staging.toml, then set up its host, and ops/environments for staging and \
production, as ops/README.md says
    switch a feature with ops/deploy flag, without a release, as ops/README.md says
    put S3_ENDPOINT_URL, S3_BUCKET and the store's credentials into each host's environment \
file, as ops/README.md says
    put the components' environment files on each host, then release each one once, \
as ops/README.md says
    STAGING_HOST (variable: SSH destination of staging)
    STAGING_URL (variable: staging's address)
    STAGING_KNOWN_HOSTS (variable: staging's SSH host keys)
    PRODUCTION_HOST (variable: SSH destination of production)
    PRODUCTION_URL (variable: production's address)
    PRODUCTION_KNOWN_HOSTS (variable: production's SSH host keys)
    DEPLOY_SSH_KEY (secret of each environment: the private key of the deploy account)
    """,
    "wheel": f"""{FOR_ALL}
    name main.yml as the project's publisher on both indexes, as ops/README.md says
    STAGING_URL (variable: the project's page on the test index)
    PRODUCTION_URL (variable: the project's page on the index)
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
