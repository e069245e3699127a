"""`ops/exempt` makes the checks pass for code that was there before them, and for no other code."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from extensions import messages
from tests import edits, options, support
from tests.conftest import Render

COMMANDS = {
    "lint": ["ruff", "check"],
    "format": ["ruff", "format", "--check"],
    "types": ["mypy"],
    "unit": ["pytest", "tests/unit", "--cov"],
    "contract": ["pytest", "tests/contract"],
}
"""What the workflow of checks runs."""
OWN = {
    "src/links/__init__.py": """
import os, sys
import warnings
from .legacy import *
from .handlers.web import handle
def main(argv=None):
    args = sys.argv[1:] if argv is None else argv
    if '--help' in args: print("usage: links"); return 0
    if '--version' in args: print(os.environ.get("VERSION", "0")); return 0
    if args: return 2
    return 0
def old(x):
    warnings.warn("use new", DeprecationWarning)
    return x
def untested(l):
    if l:
        return 1
    return compute(l)
def many(a, b):
    a = a + 1
    b = b + 1
    a = a * b
    b = a * b
    return a, b
""",
    "src/links/legacy.py": "import json\ndef compute(x): return x+'1'\n",
    "src/links/handlers/web.py": "def handle( request ):\n    return request.path\n",
    "tests/unit/test_old.py": """
import warnings
from links import old
class Strange(UserWarning): pass
def test_old():
    assert old(3) == 3
def test_own_category():
    warnings.warn('one: two', Strange)
    warnings.warn('text', FutureWarning)
""",
    "setup_data.py": "import sys, os\nx = {  'a':1 }\n",
}
SETTINGS = """
[tool.ruff.lint.per-file-ignores]
"docs/*" = ["E501"]
"src/links/legacy.py" = [
    "E701", # mine
]
"""


def passes(project: Path) -> dict[str, bool]:
    """Run the checks in a project and return which of them pass."""
    done = {
        name: support.run("uv", "run", *command, cwd=project, check=False)
        for name, command in COMMANDS.items()
    }
    for name, one in done.items():
        print(name, one.stdout, one.stderr)
    return {name: one.returncode == 0 for name, one in done.items()}


def write(project: Path, files: dict[str, str]) -> None:
    """Write files into a project."""
    for name, text in files.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture(scope="module")
def exempted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with code of its own that failed its checks until `ops/exempt` ran."""
    made = support.render(tmp_path_factory.mktemp("exempt") / "links", 4, kind="cli")
    (made / "tests" / "unit" / "test_links.py").unlink()
    write(made, OWN)
    with (made / "pyproject.toml").open("a") as file:
        file.write(SETTINGS)
    support.run("uv", "lock", cwd=made)
    support.commit_all(made)
    assert passes(made) == {**dict.fromkeys(COMMANDS, False), "contract": True}
    done = support.run(made / "ops" / "exempt", cwd=made.parent)
    print(done.stdout)
    return made


ALL = dict.fromkeys(COMMANDS, True)


@pytest.mark.exhaustive
def test_code_that_was_there_passes_every_check(exempted: Path) -> None:
    assert passes(exempted) == ALL
    changed = support.git(exempted, "diff", "--name-only").split()
    assert changed == ["pyproject.toml"]
    print((exempted / "pyproject.toml").read_text().partition("# Your own tool")[2])


@pytest.mark.exhaustive
def test_a_second_run_changes_nothing(exempted: Path) -> None:
    before = (exempted / "pyproject.toml").read_bytes()
    done = support.run(exempted / "ops" / "exempt", cwd=exempted)
    assert done.stdout == "pyproject.toml is unchanged\n"
    assert (exempted / "pyproject.toml").read_bytes() == before


BAD = "import json\nx  =  1\n\n\ndef bad(x): return x\n"
TEST = """import warnings


def test_new() -> None:
    warnings.warn("new", DeprecationWarning, stacklevel=1)
"""


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("file", "text", "failed"),
    [
        ("src/links/new.py", BAD, {"lint", "format", "types"}),
        ("src/links/handlers/legacy.py", BAD, {"lint", "format", "types"}),
        ("src/links/setup_data.py", BAD, {"lint", "format", "types"}),
        ("new.py", BAD, {"lint", "format"}),
        ("tests/unit/test_old_too.py", TEST, {"unit"}),
        (
            "tests/unit/test_wrong.py",
            "def test_new() -> None:\n    assert False\n",
            {"lint", "unit"},
        ),
        ("src/links/__init__.py", "\n\ndef more():\n" + "    print()\n" * 50, {"unit"}),
    ],
)
def test_new_code_is_checked(exempted: Path, file: str, text: str, failed: set[str]) -> None:
    path = exempted / file
    old = path.read_text() if path.exists() else None
    try:
        path.write_text((old or "") + text)
        assert {name for name, passed in passes(exempted).items() if not passed} == failed
    finally:
        path.unlink() if old is None else path.write_text(old)


@pytest.mark.exhaustive
def test_every_line_can_be_deleted_alone(exempted: Path) -> None:
    """Without an exemption, the check that it was for fails again; the settings stay valid."""
    text = (exempted / "pyproject.toml").read_text()
    added = support.git(exempted, "diff", "--unified=0", "pyproject.toml")
    lines = [line[1:] for line in added.splitlines() if line.startswith("+    ")]
    lines += [line[1:] for line in added.splitlines() if line.startswith('+"')]
    assert len(lines) > 10
    for line in lines:
        tomllib.loads(text.replace(f"{line}\n", "", 1))


@pytest.mark.exhaustive
def test_the_hook_leaves_excluded_files_alone(exempted: Path) -> None:
    before = support.files(exempted)
    for name in OWN:
        support.run("uv", "run", "ruff", "format", "--force-exclude", name, cwd=exempted)
    assert support.files(exempted) == before


@pytest.mark.parametrize(
    ("before", "after", "own", "told"),
    [
        (3, 4, True, True),
        (0, 8, True, True),
        (3, 4, False, False),
        (4, 5, True, False),
        (5, 4, True, False),
        (0, 3, True, False),
    ],
)
def test_the_message_names_it_where_the_application_is_yours(
    project: Render,
    capsys: pytest.CaptureFixture[str],
    before: int,
    after: int,
    own: bool,
    told: bool,
) -> None:
    made = project(before)
    if own:
        edits.replace_sample(made, before)
        support.commit_all(made, "Make it mine")
    support.climb(made, after, quiet=False)
    assert ("run ops/exempt: " in support.message(capsys)) == told


def test_an_adoption_names_it(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("print(1)\n")
    given = {"project_name": "Shop", "package": "shop", "kind": "cli", "level": 4}
    assert "run ops/exempt: " in messages.render_message(tmp_path, given, None, [])


def test_a_new_project_needs_no_exemption(rendered: Render) -> None:
    assert "run ops/exempt" not in support.message_of(rendered(4))


def test_exemptions_survive_climbs(project: Render) -> None:
    """What ops/exempt writes stands where no level changes a line."""
    made = project(4)
    file = made / "pyproject.toml"
    support.replace(file, "may appear:\n", 'may appear:\n    "default::FutureWarning:links$",\n')
    support.replace(file, "fail_under = 80", "fail_under = 5")
    with file.open("a") as own:
        own.write('\n[tool.ruff.lint.per-file-ignores]\n"./a.py" = ["E501"]\n')
    support.commit_all(made, "Exempt")
    for level in (5, 8, 6, 4):
        support.climb(made, level, **options.FLAGS)
        text = file.read_text()
        tools = tomllib.loads(text)["tool"]
        assert tools["pytest"]["filterwarnings"] == ["error", "default::FutureWarning:links$"]
        assert tools["coverage"]["report"]["fail_under"] == 5
        assert tools["ruff"]["lint"]["per-file-ignores"] == {"./a.py": ["E501"]}
        support.commit_all(made, "Climb")
