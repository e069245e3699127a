"""The testbed's releases and package indexes: what the tests of command-line programs stand on."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import support
from tests.testbed import Engine, ForgeRecorder, PackageIndexes, Run, TestbedError, http

Workflows = Callable[..., Run]
HEAD = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def forge() -> Iterator[ForgeRecorder]:
    """A public repository without a release."""
    with ForgeRecorder() as recorder:
        yield recorder


def gh(forge: ForgeRecorder, *words: str, code: int = 0) -> str:
    """Run the real `gh release` against the recorder; return what it printed."""
    done = subprocess.run(
        ["gh", "release", *words],
        env=os.environ | forge.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done
    return done.stdout + done.stderr


def create(forge: ForgeRecorder, tag: str, *words: str, code: int = 0) -> str:
    """Make a release of a commit."""
    return gh(
        forge, "create", tag, f"--target={HEAD}", f"--title={tag}", "--notes=n", *words, code=code
    )


def test_release_assets_are_uploaded_and_downloaded(forge: ForgeRecorder, tmp_path: Path) -> None:
    wheel, note = tmp_path / "links-1.2.0-py3-none-any.whl", tmp_path / "note.json"
    wheel.write_bytes(bytes(range(256)) * 4096)
    note.write_text('{"version": "1.2.0"}')
    create(forge, "build/1.2.0", "--prerelease", str(wheel))
    gh(forge, "upload", "build/1.2.0", str(note))
    assert "already exists" in gh(forge, "upload", "build/1.2.0", str(note), code=1)
    note.write_text("changed")
    gh(forge, "upload", "build/1.2.0", str(note), "--clobber")
    assert forge.releases.content("build/1.2.0", note.name) == b"changed"
    assert forge.releases.tags == {"build/1.2.0": HEAD}

    gh(forge, "download", "build/1.2.0", "--pattern=*.whl", f"--dir={tmp_path / 'got'}")
    got = tmp_path / "got" / wheel.name
    assert got.read_bytes() == wheel.read_bytes()
    assert "no assets match" in gh(forge, "download", "build/1.2.0", "--pattern=*.exe", code=1)
    shown = json.loads(
        gh(forge, "view", "build/1.2.0", "--json=isPrerelease,targetCommitish,assets")
    )
    assert (shown["isPrerelease"], shown["targetCommitish"]) == (True, HEAD)
    assert {asset["name"] for asset in shown["assets"]} == {wheel.name, note.name}
    for url in (asset["url"] for asset in shown["assets"] if asset["name"] == wheel.name):
        assert http.get(url).content == wheel.read_bytes()


def test_second_release_of_a_tag_is_refused(forge: ForgeRecorder, tmp_path: Path) -> None:
    (tmp_path / "links").write_bytes(b"first")
    create(forge, "1.2.0", str(tmp_path / "links"))
    (tmp_path / "links").write_bytes(b"second")
    refusal = create(forge, "1.2.0", str(tmp_path / "links"), code=1)
    assert "a release with the same tag name already exists" in refusal
    assert "HTTP 422" in create(forge, "1.2.0", code=1)
    assert forge.releases.content("1.2.0", "links") == b"first"


def test_latest_release_moves_forward_and_back(forge: ForgeRecorder) -> None:
    assert "release not found" in gh(forge, "view", code=1)
    create(forge, "1.0.0")
    create(forge, "1.1.0", "--prerelease")
    assert forge.releases.latest == "1.0.0"
    gh(forge, "edit", "1.1.0", "--prerelease=false", "--latest")
    assert json.loads(gh(forge, "view", "--json=tagName")) == {"tagName": "1.1.0"}
    gh(forge, "edit", "1.0.0", "--latest")
    rows = json.loads(gh(forge, "list", "--json=tagName,isLatest,isPrerelease"))
    assert rows == [
        {"tagName": "1.1.0", "isLatest": False, "isPrerelease": False},
        {"tagName": "1.0.0", "isLatest": True, "isPrerelease": False},
    ]
    gh(forge, "delete", "1.0.0", "--yes", "--cleanup-tag")
    assert forge.releases.latest == "1.1.0"
    assert set(forge.releases.tags) == {"1.1.0"}
    assert "HTTP 422" in create(forge, "1.2.0", "--prerelease", "--latest", code=1)


def test_private_release_needs_a_token(tmp_path: Path) -> None:
    (tmp_path / "links").write_bytes(b"program")
    with ForgeRecorder(visibility="private") as forge:
        create(forge, "1.2.0", str(tmp_path / "links"))
        url = forge.releases["1.2.0"]["assets"][0]["browser_download_url"]
        assert http.get(url).status_code == 404
        gh(forge, "download", "1.2.0", f"--dir={tmp_path / 'got'}")
    assert (tmp_path / "got" / "links").read_bytes() == b"program"


WORKFLOW = """
name: main
on: { push: {}, workflow_dispatch: {} }
permissions: {}
jobs:
  package:
    runs-on: ubuntu-latest
    permissions: { contents: write }
    steps:
      - uses: actions/checkout@v6
      - uses: astral-sh/setup-uv@v9
      - run: uv build --wheel
      - uses: actions/upload-artifact@v4
        with: { name: dist, path: dist }
      - run: gh release create "$VERSION" dist/*.whl --prerelease --target "$GITHUB_SHA" --notes ""
        env:
          GH_TOKEN: ${{ github.token }}
          VERSION: 1.2.0
      - run: curl -fsS -O "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/releases/download/1.2.0/$WHEEL"
        env: { WHEEL: links_testbed-1.2.0-py3-none-any.whl }
      - run: cmp links_testbed-1.2.0-py3-none-any.whl dist/*.whl
  staging:
    needs: package
    runs-on: ubuntu-latest
    environment: staging
    permissions: { id-token: write }
    steps:
      - uses: actions/download-artifact@v5
        with: { name: dist, path: dist }
      - uses: pypa/gh-action-pypi-publish@v1
        with: { repository-url: https://test.pypi.org/legacy/ }
      - uses: astral-sh/setup-uv@v9
      - run: uvx --index https://test.pypi.org/simple/ links-testbed@1.2.0
  production:
    if: github.event_name == 'workflow_dispatch'
    needs: staging
    runs-on: ubuntu-latest
    permissions: { id-token: write }
    steps:
      - uses: actions/download-artifact@v5
        with: { name: dist, path: dist }
      - uses: pypa/gh-action-pypi-publish@v1
      - uses: astral-sh/setup-uv@v9
      - run: uvx links-testbed@1.2.0
      - run: curl -fsS https://pypi.org/simple/links-testbed/ | grep links_testbed-1.2.0-
"""
PYPROJECT = """
[project]
name = "links-testbed"
version = "1.2.0"
requires-python = ">=3.11"
dependencies = ["idna"]
[project.scripts]
links-testbed = "links_testbed:main"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
MODULE = """
import idna

def main():
    print("links of the testbed", idna.encode("straße.example").decode())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed program that is packed, published and installed by a workflow."""
    root = tmp_path / "project"
    for name, text in {
        ".github/workflows/main.yml": WORKFLOW,
        "pyproject.toml": PYPROJECT,
        "links_testbed.py": MODULE,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    support.commit_all(root)
    return root


def test_workflow_releases_publishes_and_installs(
    project: Path, forge: ForgeRecorder, indexes: PackageIndexes, run_workflows: Workflows
) -> None:
    run = run_workflows(project, "workflow_dispatch", forge=forge, indexes=indexes)
    assert run.ok, f"{run}\n{run.log}"
    release, head = forge.releases["1.2.0"], support.git(project, "rev-parse", "HEAD").strip()
    assert (release["prerelease"], release["target_commitish"]) == (True, head)
    assert indexes.test.versions("links-testbed") == ["1.2.0"]
    assert indexes.real.versions("links-testbed") == ["1.2.0"]
    for job in ("staging", "production"):
        assert "links of the testbed" in run.jobs[job].log
        assert "Trusted Publishing is not exercised" in run.jobs[job].log

    with ForgeRecorder() as other:
        again = run_workflows(project, "push", forge=other, indexes=indexes)
    assert again.results == {"package": "success", "staging": "failure", "production": "skipped"}
    assert "400 Bad Request" in again.jobs["staging"].log


def test_gh_needs_the_token_of_its_step(
    project: Path, forge: ForgeRecorder, run_workflows: Workflows
) -> None:
    main = project / ".github" / "workflows" / "main.yml"
    main.write_text(main.read_text().replace("GH_TOKEN:", "SOME_TOKEN:"))
    support.commit_all(project)
    run = run_workflows(project, "push", forge=forge)
    assert run.results["package"] == "failure"
    assert "set the GH_TOKEN environment variable" in run.jobs["package"].log
    assert forge.calls == []


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "{ id-token: write }",
            "{ contents: read }",
            "staging publishes without `id-token: write`",
        ),
        ("{ push: {}, workflow_dispatch: {} }", "{ workflow_call: {} }", "no reusable workflow"),
    ],
)
def test_publishing_without_an_identity_is_refused(
    project: Path, run_workflows: Workflows, before: str, after: str, sentence: str
) -> None:
    main = project / ".github" / "workflows" / "main.yml"
    main.write_text(main.read_text().replace(before, after))
    support.commit_all(project)
    with pytest.raises(TestbedError, match=sentence):
        run_workflows(project, "push")


def test_index_refuses_duplicates_and_serves_containers(
    project: Path, engine: Engine, indexes: PackageIndexes
) -> None:
    support.run("uv", "build", "--wheel", cwd=project)
    upload = ["uv", "publish", f"--publish-url={indexes.test.url}", "--username=__token__"]
    token = f"--password={indexes.test.token}"
    for password, error in (("--password=wrong", "403"), (token, ""), (token, "already exists")):
        done = support.run(*upload, password, cwd=project, check=False)
        assert (done.returncode == 0) is (error == ""), done
        assert error in done.stderr
    install = f"""
        pip install --quiet --trusted-host {engine.gateway()} --index-url {indexes.test.simple} \
          --extra-index-url https://pypi.org/simple/ links-testbed==1.2.0
        links-testbed
    """
    words = ["run", "--rm", "python:3.13-slim", "sh", "-euc", install]
    assert "links of the testbed" in engine.docker(*words).stdout
