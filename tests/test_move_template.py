"""Moving a project from Ladder to a company's template, or back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests import support, template_versions
from tests.conftest import Render
from tests.documents import COMPANY, blocks
from tests.workflows import rule

MOVE = blocks(COMPANY)[3]
PLAIN, OWN = "v1.0.0", "v1.0.0.1"
AUDIT = ".github/workflows/audit.yml"
SAMPLE = "tests/unit/test_policy.py"
PARTS = f"""\
defaults: {{license: MIT, owner: acme}}
additions:
  - level: 0
    adds: {{POLICY.md: managed}}
  - level: 1
    adds: {{SECURITY.md: write-once}}
    set_up: [name the engineer on call in SECURITY.md]
  - level: 3
    drops: [.dockerignore, CHANGELOG.md]
  - level: 4
    adds: {{{AUDIT}: managed, {SAMPLE}: sample}}
    required_checks: [audit]
    settings: {{AUDIT_TOKEN: "secret: token of the audit"}}
"""
FILES = {
    "POLICY.md": "# Policy\n",
    "SECURITY.md": "# Security\n",
    SAMPLE: '"""Policy."""\n',
    AUDIT: "name: Audit\non: [pull_request, merge_group]\njobs: {audit: {runs-on: ubuntu-24.04}}\n",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Ladder and a company's template on top of it, without Ladder's tag."""
    folder = tmp_path_factory.mktemp("templates")
    ladder = template_versions.copy_of_template(folder)
    company = template_versions.copy_of_template(folder / "company")
    support.git(company, "tag", "--delete", PLAIN)
    (company / "company.yml").write_text(PARTS)
    for path, text in FILES.items():
        (company / "template" / path).write_text(text)
    template_versions.publish(company, OWN[1:])
    return ladder, company


def move(made: Path, new: Path, version: str, given: str = "") -> tuple[int, str]:
    """Run the script with Copier in the place of uvx; return its exit code and what it printed."""
    script = MOVE.replace(
        "uvx --with copier-template-extensions copier update",
        f"python -m copier update --defaults {given}",
    )
    old = support.answers(made)["_src_path"]
    environment = {**os.environ, "OLD": old, "NEW": str(new), "VERSION": version}
    command = ("bash", "-euo", "pipefail", "-c", script)
    done = support.run(*command, cwd=made, check=False, env=environment)
    return done.returncode, done.stderr


@pytest.mark.parametrize("kind", ["service", "cli"])
@pytest.mark.parametrize("level", support.exhaustive_but_last(0, 1, 2, 3, 6, 8, 4))
def test_a_project_that_joined_equals_a_new_one(
    templates: tuple[Path, Path], project_of: Render, kind: str, level: int
) -> None:
    ladder, company = templates
    answers = {**support.ANSWERS, "level": level, "kind": kind}
    made = project_of(ladder, **answers)
    code, message = move(made, company, OWN)
    assert code == 0, message
    kept = {"CHANGELOG.md"} if level >= 3 else set()
    support.assert_same_files(made, project_of(company, **answers), but=kept)
    assert ("delete what you no longer need: CHANGELOG.md" in message) is bool(kept)
    if level >= 1:
        assert "name the engineer on call in SECURITY.md" in message
    if level >= 4:
        assert "run ops/protect again: pull requests need more checks now" in message
        assert "AUDIT_TOKEN (secret: token of the audit)" in message
    support.commit_all(made, "Join")
    support.climb(made, 8)
    assert support.answers(made)["_src_path"] == str(company)


@pytest.mark.parametrize("kind", ["service", "cli"])
@pytest.mark.parametrize("level", support.exhaustive_but_last(0, 1, 2, 3, 6, 8, 4))
def test_a_project_that_left_equals_a_new_one(
    templates: tuple[Path, Path], project_of: Render, kind: str, level: int
) -> None:
    ladder, company = templates
    answers = {**support.ANSWERS, "level": level, "kind": kind}
    made = project_of(company, **answers)
    code, message = move(made, ladder, PLAIN)
    assert code == 0, message
    kept = {path for path in ("SECURITY.md", SAMPLE) if (made / path).exists()}
    support.assert_same_files(made, project_of(ladder, **answers), but=kept)
    if kept:
        assert f"delete what you no longer need: {', '.join(sorted(kept))}" in message
    if level >= 4:
        assert "run ops/protect again: pull requests need fewer checks now" in message
        assert "delete these settings on GitHub, unused now: AUDIT_TOKEN" in message
        required = rule(made, "required_status_checks")["required_status_checks"]
        assert "audit" not in [check["context"] for check in required]
    support.commit_all(made, "Leave")
    support.climb(made, 8)
    assert support.answers(made)["_commit"] == PLAIN


def test_edits_move_along_and_there_and_back_is_the_same(
    templates: tuple[Path, Path], project_of: Render
) -> None:
    ladder, company = templates
    made = project_of(ladder, **support.ANSWERS, level=4)
    (made / "src" / "links" / "__init__.py").write_text("app = None\n")
    (made / "CHANGELOG.md").write_text("Mine.\n")
    with (made / "ops" / "host.py").open("a") as file:
        file.write("# Mine.\n")
    support.commit_all(made, "Edit")
    before = support.files(made)
    assert move(made, company, OWN)[0] == 0
    (made / "SECURITY.md").write_text("Mira is on call.\n")
    support.commit_all(made, "Join")
    assert move(made, ladder, PLAIN)[0] == 0
    after = support.files(made)
    assert after.pop("SECURITY.md") == b"Mira is on call.\n"
    assert after == before


@pytest.mark.parametrize(
    ("path", "given", "code"), [(AUDIT, "", 1), (AUDIT, "--data=discard_edits=true", 0)]
)
def test_an_edited_file_that_goes_is_refused_and_the_project_is_as_it_was(
    templates: tuple[Path, Path], project_of: Render, path: str, given: str, code: int
) -> None:
    ladder, company = templates
    made = project_of(company, **support.ANSWERS, level=4)
    with (made / path).open("a") as file:
        file.write("# Mine.\n")
    support.commit_all(made, "Edit")
    head, before = support.git(made, "rev-parse", "HEAD"), support.files(made)
    found, message = move(made, ladder, PLAIN, given)
    assert found == code
    assert (f"would delete {path}, which you edited" in message) is bool(code)
    if code:
        assert support.git(made, "rev-parse", "HEAD") == head
        assert support.files(made) == before
        support.assert_unchanged(made)
    assert (made / path).exists() is bool(code)


def test_uncommitted_work_is_refused_and_kept(
    templates: tuple[Path, Path], project_of: Render
) -> None:
    ladder, company = templates
    made = project_of(ladder, **support.ANSWERS, level=1)
    (made / "own.txt").write_text("Mine.\n")
    before = support.files(made)
    assert move(made, company, OWN) == (1, "Commit everything first.\n")
    assert support.files(made) == before


def test_a_move_in_a_folder_of_a_repository_touches_nothing_else(
    templates: tuple[Path, Path], project_of: Render, tmp_path: Path
) -> None:
    ladder, company = templates
    made = project_of(ladder, **support.ANSWERS, level=1)
    shutil.rmtree(made / ".git")
    made = made.rename(tmp_path / "links")
    (tmp_path / "notes.txt").write_text("Notes.\n")
    support.commit_all(tmp_path)
    (tmp_path / "notes.txt").write_text("Uncommitted.\n")
    assert move(made, company, "v9.9.9")[0] != 0
    support.git(made, "diff", "--exit-code", "HEAD", "--", ".")
    assert move(made, company, OWN)[0] == 0
    assert (made / "SECURITY.md").is_file()
    assert (tmp_path / "notes.txt").read_text() == "Uncommitted.\n"


def test_an_older_ladder_is_refused(
    templates: tuple[Path, Path], project_of: Render, tmp_path: Path
) -> None:
    newer = template_versions.copy_of_template(tmp_path)
    template_versions.publish(newer, "1.1.0")
    made = project_of(newer, "v1.1.0", **support.ANSWERS, level=2)
    before = support.files(made)
    code, message = move(made, templates[1], OWN)
    assert code == 1
    assert "Downgrades are not supported" in message
    assert support.files(made) == before
    support.assert_unchanged(made)
