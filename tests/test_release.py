"""Headings, tags and order of Ladder's releases agree, and one command makes a release."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import support
from tools import release as releases


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with one release and an unreleased change."""
    changelog = "# Changelog\n\n## Unreleased\n\n## 1.0.0 - 2026-11-23\n\n- One.\n"
    (tmp_path / releases.CHANGELOG).write_text(changelog)
    support.commit_all(tmp_path, "Release 1.0.0")
    support.git(tmp_path, "tag", "v1.0.0")
    edit_changelog(tmp_path, "## Unreleased\n", "## Unreleased\n\n- Two.\n")
    support.commit_all(tmp_path, "Two")
    return tmp_path


def edit_changelog(root: Path, old: str, new: str) -> None:
    """Replace what stands in the changelog."""
    support.replace(root / releases.CHANGELOG, old, new, 1)


def test_headings_tags_and_order_agree() -> None:
    assert not releases.disagreements()


def test_a_disagreement_is_found(clone: Path) -> None:
    assert not releases.disagreements(clone)
    support.git(clone, "tag", "--force", "v1.0.0", "HEAD")
    assert releases.disagreements(clone) == ["v1.0.0 is not the commit that added its heading"]
    support.git(clone, "tag", "--delete", "v1.0.0")
    assert not releases.disagreements(clone), "a clone may lack tags"
    support.git(clone, "tag", "v1.1.0")
    assert releases.disagreements(clone) == ["v1.1.0 has no heading"]
    support.git(clone, "tag", "--delete", "v1.1.0")
    edit_changelog(clone, "## 1.0.0", "## 0.9.0 - 2026-11-24\n\n## 1.0.0")
    assert releases.disagreements(clone) == [
        "the headings are not in order",
        "0.9.0 has a heading that no commit added",
    ]


def test_a_release_is_one_command(clone: Path) -> None:
    releases.release("1.1.0", clone, "2026-12-01")
    assert releases.releases(clone) == ["1.0.0", "1.1.0"]
    assert (
        "## Unreleased\n\n## 1.1.0 - 2026-12-01\n\n- Two.\n"
        in (clone / releases.CHANGELOG).read_text()
    )
    assert releases.tagged_commit("1.1.0", clone) == support.git(clone, "rev-parse", "HEAD").strip()
    assert not releases.disagreements(clone)
    assert not support.git(clone, "status", "--porcelain")
    with pytest.raises(SystemExit, match="Nothing is unreleased"):
        releases.release("1.2.0", clone)


def test_a_wrong_release_is_refused(clone: Path) -> None:
    for version, why in (("next", "not a version"), ("1.0.0", "not above 1.0.0")):
        with pytest.raises(SystemExit, match=why):
            releases.release(version, clone)
    (clone / "new").touch()
    with pytest.raises(SystemExit, match="not clean"):
        releases.release("1.1.0", clone)


def test_the_first_release_needs_no_release_before_it(clone: Path) -> None:
    changelog = "# Changelog\n\n## Unreleased\n\n- One.\n"
    support.git(clone, "tag", "--delete", "v1.0.0")
    (clone / releases.CHANGELOG).write_text(changelog)
    support.commit_all(clone, "Nothing is released")
    assert releases.releases(clone) == []
    assert releases.next_version([]) == "0.1.0"
    releases.release("1.0.0", clone)
    assert releases.releases(clone) == ["1.0.0"]
    assert not releases.disagreements(clone)
