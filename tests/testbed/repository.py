"""A bare repository to push to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.testbed.shell import run


@dataclass(frozen=True)
class BareRepository:
    """A repository to clone from and push to."""

    path: Path

    @classmethod
    def create(cls, path: Path, *, branch: str = "main") -> BareRepository:
        """Create an empty one at `path`."""
        run(["git", "init", "--quiet", "--bare", f"--initial-branch={branch}", path])
        return cls(path)

    @property
    def url(self) -> str:
        """The address for `git clone` or `git remote add`."""
        return self.path.resolve().as_uri()

    def push(self, project: Path, *references: str) -> None:
        """Push from a project; without references, its current branch with the tags on it."""
        wanted = references or ("--follow-tags", "HEAD")
        run(["git", "-C", project, "push", "--quiet", self.url, *wanted])

    def head(self, branch: str = "main") -> str:
        """The commit that a branch points to."""
        return run(["git", "-C", self.path, "rev-parse", f"refs/heads/{branch}"]).stdout.strip()
