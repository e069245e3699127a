"""What a user does to a project, and what must be left of it after an update."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests import support

DATA = support.ROOT / "tests" / "data"
HEADER = re.compile(r"(?s)\A# /// script\n.*?# ///\n")
EDITED = {"README.md", ".gitignore", "pyproject.toml"}
"""The shared files that the edits below change."""


@dataclass(frozen=True)
class Application:
    """An application that replaces the sample."""

    script: str
    """Its file in tests/data, a script with a header."""
    dependencies: tuple[str, ...]
    """What its header asks for and the template does not, sorted."""
    sample_dependency: str
    """What only the sample asks for."""
    package_workflow: str
    """The managed workflow that the edits below change."""

    @property
    def body(self) -> str:
        """Return the script without its header."""
        return HEADER.sub("", (DATA / self.script).read_text())


APPLICATIONS = {
    "service": Application(
        "guestbook.py",
        ("psycopg[binary]>=3.2", "starlette>=0.48"),
        "fastapi",
        ".github/workflows/_package.yml",
    ),
    "wheel": Application(
        "guestlist.py",
        ("psycopg[binary]>=3.2", "rich>=14"),
        "sqlalchemy",
        ".github/workflows/_package_cli.yml",
    ),
    "binary": Application(
        "guestlist.py",
        ("psycopg[binary]>=3.2", "rich>=14"),
        "sqlalchemy",
        ".github/workflows/_package_cli.yml",
    ),
}


def code(project: Path, level: int) -> Path:
    """Return where the application is at a level."""
    return project / ("src/links/__init__.py" if level >= 3 else "links.py")


def replace_sample(project: Path, level: int, variant: str = "service") -> None:
    """Put another application in the sample's place, with a module and data of its own."""
    application = APPLICATIONS[variant]
    whole = (DATA / application.script).read_text()
    code(project, level).write_text(application.body if level >= 3 else whole)
    shutil.copy(DATA / "wording.py", project / "src" if level >= 3 else project)
    (project / "notes.md").write_text("# Notes\n\nMine.\n")
    (project / "data").mkdir()
    (project / "data" / "guests.csv").write_text("name\nAda\n")


def edit_shared(project: Path, level: int) -> None:
    """Edit the user's parts of the files that user and template both write."""
    if level >= 1:
        readme = project / "README.md"
        text = readme.read_text().replace(
            "A link shortener.", "A guestbook.\n\nFor every guest.", 1
        )
        readme.write_text(f"{text}\n## Thanks\n\nTo every guest.\n")
    if level >= 2:
        with (project / ".gitignore").open("a") as ignore:
            ignore.write("/private/\n")
    if level >= 3:
        pyproject = project / "pyproject.toml"
        text = pyproject.read_text()
        text = text.replace(
            "# Yours; add with `uv add`:\n", '# Yours; add with `uv add`:\n    "attrs>=25",\n', 1
        )
        text = re.sub(r"(?m)^description = .*$", 'description = "A guestbook."', text)
        pyproject.write_text(f"{text}\n[tool.mine]\nanswer = 42\n")


def edit_managed(project: Path, level: int, variant: str = "service") -> None:
    """Delete one managed file and edit another."""
    if level >= 3:
        (project / ".github" / "ISSUE_TEMPLATE" / "bug.yml").unlink()
        workflow = project / APPLICATIONS[variant].package_workflow
        support.replace(workflow, "timeout-minutes: ", "timeout-minutes: 4", 1)


def assert_kept(project: Path, level: int, edited_at: int, variant: str = "service") -> None:
    """Check that the edits made at another level are there, and no trace of a conflict."""
    application = APPLICATIONS[variant]
    assert application.body in code(project, level).read_text()
    moved = project / ("src/wording.py" if level >= 3 else "wording.py")
    assert moved.read_text() == (DATA / "wording.py").read_text()
    assert (project / "notes.md").read_text() == "# Notes\n\nMine.\n"
    assert (project / "data" / "guests.csv").read_text() == "name\nAda\n"
    lower = min(level, edited_at)
    if lower >= 1:
        readme = (project / "README.md").read_text()
        assert "A guestbook.\n\nFor every guest.\n" in readme
        assert readme.endswith("\n## Thanks\n\nTo every guest.\n")
    if lower >= 2:
        assert (project / ".gitignore").read_text().endswith("/private/\n")
    if lower >= 3:
        pyproject = (project / "pyproject.toml").read_text()
        assert '    "attrs>=25",\n' in pyproject
        assert 'description = "A guestbook."\n' in pyproject
        assert pyproject.endswith("\n[tool.mine]\nanswer = 42\n")
        assert not (project / ".github" / "ISSUE_TEMPLATE" / "bug.yml").exists()
        assert "timeout-minutes: 4" in (project / application.package_workflow).read_text()
    status = support.git(project, "status", "--porcelain")
    assert not re.search(r"(?m)^(UU|AA|DU|UD) ", status), status
    for name, content in support.files(project).items():
        assert not name.endswith(".rej")
        assert not re.search(rb"(?m)^(<<<<<<<|>>>>>>>)", content), name


def is_sample(name: str) -> bool:
    """Tell whether a file is sample code or a sample test."""
    sample_test = name.startswith("tests/") and name.endswith("test_links.py")
    return sample_test or name.startswith(("links.py", "src/", "migrations/versions/"))


def assert_rest_is_fresh(project: Path, fresh: Path, variant: str = "service") -> None:
    """Check that what was not edited is as in a fresh project of the level."""
    found = support.files(project)
    answers = support.ANSWERS_FILE
    found[answers] = support.without_kept_answers(found[answers])
    edited = EDITED | {APPLICATIONS[variant].package_workflow}
    for name, content in support.files(fresh).items():
        if not is_sample(name) and name not in edited and not name.endswith("bug.yml"):
            assert found[name] == content, name
