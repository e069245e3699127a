"""The table names all that a project gets, and what a person must do for it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from extensions import levels
from tests import support
from tests.conftest import Render
from tests.test_messages import said

EVERYTHING = {
    "feature_flags": True,
    "live_dangerously": True,
    "backing_services": ["postgres", "s3"],
    "dependents": [{"name": "catalog", "image": "ghcr.io/acme/catalog:1.4.2", "port": 8080}],
}
WHEEL = {"kind": "cli", "artifact": "wheel"}
BINARY = {"kind": "cli", "artifact": "binary"}

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
CHORES = {
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
KINDS: dict[str, dict[str, Any]] = {"service": EVERYTHING, "wheel": WHEEL, "binary": BINARY}


@pytest.mark.parametrize("level", support.LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_names_every_file_and_no_other(rendered: Render, kind: str, level: int) -> None:
    made = rendered(level, **KINDS[kind])
    answers = yaml.safe_load((made / ".copier-answers.yml").read_text())
    named = set(levels.paths({"level": level, **answers}))
    written = set(support.files(made))
    above = {name: {name, *map(str, PurePosixPath(name).parents)} for name in written}
    assert not [name for name in written if named.isdisjoint(above[name])], "not in the table"
    assert named <= set().union(*above.values()), "in the table alone"


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_is_told_every_chore(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    support.render(tmp_path / "links", 8, quiet=False, **KINDS[kind])
    lines = said(capsys).partition("\nRun ")[0].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(("Set", "Do")))
    wanted = filter(None, map(str.strip, CHORES[kind].splitlines()))
    assert sorted(line[8:] for line in lines[first:] if line[8:]) == sorted(wanted)
