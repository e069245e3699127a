"""Law 3: what is the user's stays the user's, through every climb and descent."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest
from copier import run_copy
from copier.errors import UserMessageError

from tests import support
from tests.conftest import Render

DATA = support.ROOT / "tests" / "data"
HEADER = re.compile(r"(?s)\A# /// script\n.*?# ///\n")
BODY = HEADER.sub("", (DATA / "guestbook.py").read_text())

PAIRS = list(itertools.combinations(support.LEVELS, 2))
SAMPLE = {(0, 8)}
UP = [pytest.param(*p, marks=() if p in SAMPLE else pytest.mark.exhaustive) for p in PAIRS]
DOWN = [
    pytest.param(b, a, marks=() if (a, b) in SAMPLE else pytest.mark.exhaustive) for a, b in PAIRS
]


def code(made: Path, level: int) -> Path:
    """Return where the application is at a level."""
    return made / ("src/links/__init__.py" if level >= 3 else "links.py")


def replace_starter(made: Path, level: int) -> None:
    """Put another program in the starter's place, with a module of its own beside it."""
    guestbook = (DATA / "guestbook.py").read_text()
    application = code(made, level)
    application.write_text(BODY if level >= 3 else guestbook)
    beside = made / "src" if level >= 3 else made
    shutil.copy(DATA / "wording.py", beside)
    (made / "notes.md").write_text("# Notes\n\nMine.\n")
    (made / "data").mkdir()
    (made / "data" / "guests.csv").write_text("name\nAda\n")


def edit_shared(made: Path, level: int) -> None:
    """Edit what user and template both write, in the user's parts."""
    if level >= 1:
        readme = made / "README.md"
        text = readme.read_text().replace(
            "A link shortener.", "A guestbook.\n\nFor every guest.", 1
        )
        readme.write_text(f"{text}\n## Thanks\n\nTo every guest.\n")
    if level >= 2:
        with (made / ".gitignore").open("a") as ignore:
            ignore.write("/private/\n")
    if level >= 3:
        pyproject = made / "pyproject.toml"
        text = pyproject.read_text()
        text = text.replace("# Yours (uv add):\n", '# Yours (uv add):\n    "attrs>=25",\n', 1)
        text = re.sub(r"(?m)^description = .*$", 'description = "A guestbook."', text)
        pyproject.write_text(f"{text}\n[tool.mine]\nanswer = 42\n")


def edit_road(made: Path, level: int) -> None:
    """Delete one of the road's files and edit another."""
    if level >= 3:
        (made / ".github" / "ISSUE_TEMPLATE" / "bug.yml").unlink()
        workflow = made / ".github" / "workflows" / "_package.yml"
        workflow.write_text(
            workflow.read_text().replace("timeout-minutes: ", "timeout-minutes: 4", 1)
        )


def assert_kept(made: Path, level: int, edited_at: int) -> None:
    """Check that everything that the edits made is there, and no trace of a conflict."""
    assert BODY in code(made, level).read_text()
    moved = made / ("src/wording.py" if level >= 3 else "wording.py")
    assert moved.read_text() == (DATA / "wording.py").read_text()
    assert (made / "notes.md").read_text() == "# Notes\n\nMine.\n"
    assert (made / "data" / "guests.csv").read_text() == "name\nAda\n"
    if min(level, edited_at) >= 1:
        readme = (made / "README.md").read_text()
        assert "A guestbook.\n\nFor every guest.\n" in readme
        assert readme.endswith("\n## Thanks\n\nTo every guest.\n")
    if min(level, edited_at) >= 2:
        assert (made / ".gitignore").read_text().endswith("/private/\n")
    if min(level, edited_at) >= 3:
        pyproject = (made / "pyproject.toml").read_text()
        assert '    "attrs>=25",\n' in pyproject
        assert 'description = "A guestbook."\n' in pyproject
        assert pyproject.endswith("\n[tool.mine]\nanswer = 42\n")
        assert not (made / ".github" / "ISSUE_TEMPLATE" / "bug.yml").exists()
        package = (made / ".github" / "workflows" / "_package.yml").read_text()
        assert "timeout-minutes: 4" in package
    status = support.git(made, "status", "--porcelain")
    assert not re.search(r"(?m)^(UU|AA|DU|UD) ", status), status
    for name, content in support.files(made).items():
        assert not name.endswith(".rej")
        assert not re.search(rb"(?m)^(<<<<<<<|>>>>>>>)", content), name


EDITED = {"README.md", ".gitignore", "pyproject.toml", ".github/workflows/_package.yml"}


def assert_rest_is_fresh(made: Path, fresh: Path) -> None:
    """Check that what was not edited is as in a fresh project of the level."""
    found, wanted = support.files(made), support.files(fresh)
    for name, content in wanted.items():
        starter = name.startswith(("links.py", "src/", "migrations/versions/")) or (
            name.startswith("tests/") and name.endswith("test_links.py")
        )
        if starter or name in EDITED or name.endswith("bug.yml"):
            continue
        assert found[name] == content, name


@pytest.mark.parametrize(("before", "after"), UP)
def test_a_climb_keeps_what_is_the_users(
    project: Render, rendered: Render, before: int, after: int
) -> None:
    made = project(before)
    replace_starter(made, before)
    edit_shared(made, before)
    edit_road(made, before)
    support.save(made, "Make it mine")
    support.climb(made, after)
    assert_kept(made, after, before)
    assert_rest_is_fresh(made, rendered(after))
    samples = [name for name in support.files(made) if name.endswith("test_links.py")]
    assert all(f"/{level}" not in name for name in samples for level in range(before, after))
    if before < 3 <= after:
        pyproject = (made / "pyproject.toml").read_text()
        own = pyproject.partition("# Yours (uv add):\n")[2].partition("]\n")[0]
        assert own == '    "psycopg[binary]>=3.2",\n    "starlette>=0.48",\n'
        assert "fastapi" not in pyproject
        support.save(made, "Climb")
        followed = support.git(
            made, "log", "--follow", "--format=%s", "--", "src/links/__init__.py"
        )
        assert followed.splitlines() == ["Climb", "Make it mine", "Start"]
    support.save(made, "Climb")
    support.climb(made, after)
    assert support.git(made, "status", "--porcelain") == "", "a second update changes something"


@pytest.mark.parametrize(("before", "after"), DOWN)
def test_a_descent_keeps_what_is_the_users(
    project: Render, rendered: Render, before: int, after: int
) -> None:
    made = project(before)
    replace_starter(made, before)
    edit_shared(made, after)  # what the level below has too: an edit of the rest is refused
    edit_road(made, after)
    support.save(made, "Make it mine")
    support.climb(made, after)
    assert_kept(made, after, after)
    assert_rest_is_fresh(made, rendered(after))
    if before >= 3 > after:
        header = HEADER.search(code(made, after).read_text())
        assert header
        assert '#     "uvicorn' in header[0], "the script imports its server"
        assert '#     "fastapi' in header[0], "the user's block still had it"


@pytest.mark.exhaustive
def test_up_and_down_again_gives_the_same_script(project: Render) -> None:
    made = project(0)
    replace_starter(made, 0)
    support.save(made, "Make it mine")
    before = support.files(made)
    for level in (3, 8, 2, 0):
        support.climb(made, level)
        support.save(made, f"Level {level}")
    after = support.files(made)
    # The server's version is the road's from level 3 on, and stays with the script.
    assert after.keys() == before.keys()
    assert BODY in after["links.py"].decode()
    assert b'"starlette>=0.48"' in after["links.py"]


@pytest.mark.parametrize(
    ("edit", "lower"),
    [
        ("ops/deploy", 0),
        pytest.param("README.md", 0, marks=pytest.mark.exhaustive),
        pytest.param("pyproject.toml", 2, marks=pytest.mark.exhaustive),
        pytest.param(".github/workflows/_package.yml", 2, marks=pytest.mark.exhaustive),
    ],
)
def test_a_descent_that_would_delete_an_edit_refuses_unless_told(
    project: Render, edit: str, lower: int
) -> None:
    made = project(3)
    with (made / edit).open("a") as file:
        file.write("\n# mine\n")
    support.save(made, "Edit")
    with pytest.raises(UserMessageError, match=f"no {re.escape(edit)}, which you edited"):
        support.climb(made, lower)
    assert support.git(made, "status", "--porcelain") == ""
    support.climb(made, lower, discard_edits=True)
    assert not (made / edit).exists()


@pytest.mark.exhaustive
def test_an_edit_of_the_same_lines_conflicts_loudly(project: Render) -> None:
    made = project(3)
    workflow = made / ".github" / "workflows" / "main.yml"
    workflow.write_text(re.sub(r"(?m)^on:\n(?:  .*\n|\n)+", "on: [push]\n", workflow.read_text()))
    support.save(made, "Edit")
    support.climb(made, 4)
    assert "UU .github/workflows/main.yml" in support.git(made, "status", "--porcelain")
    assert "<<<<<<< before updating" in workflow.read_text()


def test_a_copy_over_a_project_does_not_touch_the_code(project: Render) -> None:
    made = project(3)
    replace_starter(made, 3)
    run_copy(
        str(support.template()),
        made,
        data={**support.ANSWERS, "level": 3},
        vcs_ref="HEAD",
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
    )
    assert code(made, 3).read_text() == BODY
    assert not (made / "links.py").exists()


@pytest.mark.exhaustive
def test_sample_tests_join_an_untouched_starter_only(project: Render) -> None:
    made = project(3)
    support.climb(made, 4)
    assert (made / "tests" / "unit" / "test_links.py").is_file()
    support.save(made, "Climb")
    (made / "tests" / "unit" / "test_links.py").unlink()
    support.save(made, "Without the sample")
    support.climb(made, 6)
    assert not (made / "tests" / "unit" / "test_links.py").exists(), "deleted stays deleted"
    assert (made / "tests" / "integration" / "test_links.py").is_file()


def test_a_replaced_starter_is_told_which_tests_to_write(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(3)
    replace_starter(made, 3)
    support.save(made, "Make it mine")
    support.climb(made, 4)
    assert "Write tests of your application in tests/unit/" in capfd.readouterr().err
    assert not (made / "tests" / "unit").exists()


@pytest.mark.exhaustive
def test_two_programs_in_both_places_are_left_to_the_user(
    project: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(2)
    (made / "src" / "links").mkdir(parents=True)
    (made / "src" / "links" / "__init__.py").write_text("app = None\n")
    support.save(made, "Another")
    before = (made / "links.py").read_bytes()
    support.climb(made, 3)
    assert "Both links.py and src/links/__init__.py exist" in capfd.readouterr().err
    assert (made / "links.py").read_bytes() == before
    assert (made / "src" / "links" / "__init__.py").read_text() == "app = None\n"
