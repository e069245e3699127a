"""Ladder's own releases: their headings in CHANGELOG.md, their commits, and how to make one."""

from __future__ import annotations

import datetime
import re
import shutil
import sys
import tarfile
from pathlib import Path

import yaml

from tests import support

CHANGELOG = "CHANGELOG.md"
HEADING = re.compile(r"(?m)^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$")


def key(version: str) -> tuple[int, ...]:
    """Return a version as a key to sort by."""
    return tuple(map(int, version.split(".")))


def next_version(versions: list[str]) -> str:
    """Return a version above all of these."""
    major, minor, _ = max(map(key, versions), default=(0, 0, 0))
    return f"{major}.{minor + 1}.0"


def releases(root: Path = support.ROOT) -> list[str]:
    """Return the versions that the changelog lists, oldest first; none before the first release."""
    return [version for version, _ in HEADING.findall((root / CHANGELOG).read_text())][::-1]


def unreleased(root: Path = support.ROOT) -> str:
    """Return what the changelog lists under Unreleased."""
    text = (root / CHANGELOG).read_text()
    return text.partition("## Unreleased\n")[2].partition("\n## ")[0].strip()


def tagged_commit(version: str, root: Path = support.ROOT) -> str:
    """Return the commit that a release's tag names; nothing in a clone without the tag."""
    tag = f"refs/tags/v{version}^{{commit}}"
    return support.run("git", "rev-parse", "-q", "--verify", tag, cwd=root, check=False).stdout[:40]


def commit_of_heading(version: str, root: Path = support.ROOT) -> str:
    """Return the last commit that added a release's heading; nothing if none did."""
    search = f"-S## {version} - "
    found = support.git(root, "log", "-1", "--format=%H", search, "--", CHANGELOG)
    return found.strip()


def commit_of(version: str, root: Path = support.ROOT) -> str:
    """Return a release's commit."""
    return tagged_commit(version, root) or commit_of_heading(version, root)


def disagreements(root: Path = support.ROOT) -> list[str]:
    """Return where headings, tags, dates and their order disagree."""
    headings = HEADING.findall((root / CHANGELOG).read_text())
    versions = [version for version, _ in headings]
    found = [] if "## Unreleased\n" in (root / CHANGELOG).read_text() else ["no Unreleased"]
    if versions != sorted(set(versions), key=key, reverse=True):
        found.append("the headings are not in order")
    if [date for _, date in headings] != sorted((date for _, date in headings), reverse=True):
        found.append("the dates are not in order")
    for version in versions:
        commit, tag = commit_of_heading(version, root), tagged_commit(version, root)
        if not commit:
            found.append(f"{version} has a heading that no commit added")
        elif tag and tag != commit:
            found.append(f"v{version} is not the commit that added its heading")
    tags = support.git(root, "tag", "--list", "v*").split()
    return found + [f"{tag} has no heading" for tag in tags if tag[1:] not in versions]


def export(commit: str, folder: Path, root: Path = support.ROOT) -> None:
    """Write the template as it was at a commit into a folder, and nothing else."""
    clear(folder)
    archive = folder / "template.tar"
    support.git(root, "archive", f"--output={archive}", commit, *support.READ_BY_COPIER)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()


def clear(folder: Path) -> None:
    """Remove the template from a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in support.READ_BY_COPIER:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def questions(root: Path, commit: str) -> set[str]:
    """Return the keys of the questions at a commit."""
    asked = yaml.safe_load(support.git(root, "show", f"{commit}:copier.yml"))
    return {name for name in asked if not name.startswith("_")}


def asking(since: str, root: Path = support.ROOT) -> list[str]:
    """Return the commits since another that add a question."""
    commits = support.git(
        root, "log", "--no-merges", "--format=%H", f"{since}..HEAD", "--", "copier.yml"
    ).split()
    return [one for one in commits if questions(root, one) - questions(root, f"{one}~")]


def release(version: str, root: Path = support.ROOT, date: str = "") -> None:
    """Give the unreleased changes a heading of their own, commit and tag.

    Raises:
        SystemExit: the version cannot be released; says why.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise SystemExit(f"{version} is not a version: give for example 1.1.0.")
    if key(version) <= max(map(key, releases(root)), default=(0,)):
        raise SystemExit(f"{version} is not above {releases(root)[-1]}, the last release.")
    if support.git(root, "status", "--porcelain"):
        raise SystemExit("The tree is not clean: commit first.")
    if not unreleased(root):
        raise SystemExit(f"Nothing is unreleased: list in {CHANGELOG} what changed.")
    if problems := disagreements(root):
        raise SystemExit(f"Headings and tags disagree: {'; '.join(problems)}.")
    changelog = root / CHANGELOG
    heading = f"## Unreleased\n\n## {version} - {date or datetime.date.today().isoformat()}\n"
    changelog.write_text(changelog.read_text().replace("## Unreleased\n", heading, 1))
    support.git(root, "commit", "--quiet", f"--message=Release {version}", "--", CHANGELOG)
    support.git(root, "tag", "--annotate", f"--message=Release {version}", f"v{version}")


if __name__ == "__main__":
    release("".join(sys.argv[1:]))
