"""Names that are made from others, and taken from a remote's address."""

from __future__ import annotations

from pathlib import Path

import pytest

from extensions import names, render
from tests import support

REMOTES = {
    "https://github.com/acme/links.git": "acme",
    "https://github.com/acme/links": "acme",
    "https://github.com/acme/links/": "acme",
    "https://token@github.com/acme/links.git": "acme",
    "https://jane:token@github.com:443/acme/links": "acme",
    "HTTPS://GitHub.com/acme/links": "acme",
    "http://github.acme.com/acme/links.git": "acme",
    "git://github.com/acme/links.git": "acme",
    "git+ssh://git@github.com/acme/links.git": "acme",
    "ssh://git@github.com/acme/links.git": "acme",
    "ssh://git@github.com:22/acme/links.git": "acme",
    "ssh://git@ssh.github.com:443/acme/links.git": "acme",
    "ssh://git@ssh.github.com:443/acme/links": "acme",
    "ssh://github-work/acme/links.git": "acme",
    "git@github.com:acme/links.git": "acme",
    "git@github.com:/acme/links.git": "acme",
    "git@github.com-work:acme/links.git": "acme",
    "git@github.acme.com:acme/links.git": "acme",
    "org-1234@github.com:acme/links.git": "acme",
    "work:acme/links": "acme",
    "[git@ssh.github.com:443]:acme/links.git": "acme",
    "git@github.com:octocat_acme/links.git": "octocat_acme",
    "https://github.com/octocat_acme/links": "octocat_acme",
    # No repository of an owner:
    "": "",
    "links": "",
    "../links.git": "",
    "/srv/git/links.git": "",
    "/acme/links": "",
    "C:/acme/links": "",
    "C:\\acme\\links": "",
    "\\\\server\\acme\\links": "",
    "file:///acme/links": "",
    "file://server/acme/links": "",
    "git@example.com:links.git": "",
    "ssh://git@example.com/srv/git/links.git": "",
    "git@gitlab.com:acme/team/links.git": "",
    "https://dev.azure.com/acme/team/_git/links": "",
}


@pytest.mark.parametrize(("remote", "owner"), REMOTES.items())
def test_the_owner_is_taken_from_the_remote(remote: str, owner: str) -> None:
    assert names.owner(remote) == owner


@pytest.mark.parametrize(
    ("remote", "user", "name", "owner"),
    [
        ("git@github.com:acme/links.git", "octocat", "Jane Doe", "acme"),
        ("/srv/git/links.git", "octocat_acme", "Jane Doe", "octocat_acme"),
        ("ssh://git@example.com/~jane/links.git", "", "Jane Doe", "jane-doe"),
        ("", "-", "Jane Doe", "jane-doe"),
        ("", "", "Jane" * 20, "acme"),
    ],
)
def test_the_default_owner_is_valid(
    tmp_path: Path, remote: str, user: str, name: str, owner: str
) -> None:
    support.git(tmp_path, "init", "--quiet")
    for key, value in {
        "remote.origin.url": remote,
        "github.user": user,
        "user.name": name,
    }.items():
        if value:
            support.git(tmp_path, "config", key, value)
    assert render.Render(tmp_path, {}, {}).default_owner() == owner
