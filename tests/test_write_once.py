"""Write-once files: written when their level is reached, and never again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from copier import VcsRef

from extensions import purposes
from tests import support, template_versions
from tests.conftest import Render
from tools.invariants import WRITE_ONCE

ADDED = "SECURITY.md"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template of which v1.1.0 changes every write-once file and adds one at level 2."""
    folder = template_versions.copy_of_template(tmp_path_factory.mktemp("write-once"))
    for path in WRITE_ONCE:
        file = folder / "template" / path
        file = file if file.is_file() else file.with_name(f"{file.name}.jinja")
        file.write_text(f"# The newer version of {path}\n{file.read_text()}")
    template_versions.add(folder, ADDED, "# Security\n", 2, "write-once")
    (folder / "template" / ADDED).chmod(0o755)
    template_versions.publish(folder, "1.1.0")
    return folder


def test_a_new_version_changes_no_write_once_file(project_of: Render, template: Path) -> None:
    made = project_of(template, "v1.0.0", **support.ANSWERS, level=5)
    for path in WRITE_ONCE - {"LICENSE", "CHANGELOG.md"}:
        (made / path).write_text("Mine.\n")
    (made / "CHANGELOG.md").unlink()
    support.commit_all(made, "Edit and delete")
    before = support.files(made)
    support.update(made)
    after = support.files(made)
    assert after[ADDED] == b"# Security\n"
    assert (made / ADDED).stat().st_mode & 0o111
    assert {path: after.get(path) for path in WRITE_ONCE} == {
        path: before.get(path) for path in WRITE_ONCE
    }
    status = support.git(made, "status", "--porcelain").splitlines()
    assert sorted(line[3:] for line in status) == [support.ANSWERS_FILE, ADDED]


def test_a_deleted_file_comes_back_neither_with_a_climb_nor_with_a_version(
    project_of: Render, template: Path
) -> None:
    made = project_of(template, "v1.0.0", **support.ANSWERS, level=2)
    (made / "LICENSE").unlink()
    support.commit_all(made, "Delete")
    for version in (VcsRef.CURRENT, None):
        support.update(made, version=version, **support.ANSWERS, level=3)
        assert not (made / "LICENSE").exists()
        support.commit_all(made)
    assert (made / ADDED).is_file()


@pytest.mark.parametrize(
    ("path", "other", "level"),
    [
        ("LICENSE", "LICENSE.txt", 2),
        ("LICENSE", "LICENCE", 2),
        ("LICENSE", "COPYING.LESSER", 2),
        ("CHANGELOG.md", "CHANGES.rst", 3),
        ("CHANGELOG.md", "docs/changelog.md", 3),
        (".github/CODEOWNERS", "CODEOWNERS", 4),
        ("CHANGELOG.md", "history.txt", 3),
        (".github/CODEOWNERS", "docs/CODEOWNERS", 4),
    ],
)
def test_what_serves_the_purpose_is_enough(
    project: Render, path: str, other: str, level: int
) -> None:
    made = project(level - 1)
    (made / other).parent.mkdir(exist_ok=True)
    (made / other).write_text("Mine.\n")
    support.commit_all(made)
    support.climb(made, level)
    assert not (made / path).exists()
    assert (made / other).read_text() == "Mine.\n"


def test_code_and_data_serve_no_other_purpose(tmp_path: Path) -> None:
    for name in ("history.py", "license.py", "license_check.sh", "news.json", "changes"):
        (tmp_path / name).mkdir() if name == "changes" else (tmp_path / name).touch()
    for path in WRITE_ONCE:
        assert purposes.other_file(tmp_path, path) == ""


def test_a_file_that_is_there_is_kept_at_a_climb_and_at_an_adoption(
    project: Render, tmp_path: Path
) -> None:
    made = project(1)
    (made / ".git" / "info" / "exclude").write_text("LICENSE\n")
    (made / "LICENSE").write_text("Mine, which git ignores.\n")
    (made / "CHANGELOG.md").symlink_to("README.md")
    support.commit_all(made)
    support.climb(made, 3)
    assert (made / "LICENSE").read_text() == "Mine, which git ignores.\n"
    assert (made / "CHANGELOG.md").readlink() == Path("README.md")
    adopted = tmp_path / "adopted"
    adopted.mkdir()
    (adopted / "COPYING").write_text("Mine.\n")
    (adopted / "adopted.py").write_text("app = None\n")
    support.commit_all(adopted)
    support.copy(adopted, owner="acme", level=3)
    assert not (adopted / "LICENSE").exists()
    assert (adopted / "CHANGELOG.md").is_file()


def test_a_descent_keeps_them_and_a_climb_finds_them(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(5)
    (made / "ops" / "staging.toml").write_text("# Mine.\n")
    support.commit_all(made, "Edit")
    support.climb(made, 2, quiet=False)
    kept = ".github/CODEOWNERS, CHANGELOG.md, ops/staging.toml"
    assert f"delete what you no longer need: {kept}" in capfd.readouterr().err
    support.commit_all(made, "Descend")
    support.climb(made, 5)
    support.commit_all(made, "Climb")
    assert (made / "ops" / "staging.toml").read_text() == "# Mine.\n"


def test_a_copy_over_a_project_changes_none(render: Render, tmp_path: Path) -> None:
    made = shutil.copytree(render(5), tmp_path / "again")
    for path in WRITE_ONCE:
        (made / path).write_text("Mine.\n")
    support.copy(made, overwrite=True, **support.ANSWERS, level=5)
    assert {(made / path).read_text() for path in WRITE_ONCE} == {"Mine.\n"}
