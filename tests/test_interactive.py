"""At a terminal: few questions for a new project, a level chosen from the list at a climb."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from tests import support
from tests.adoption import write
from tests.conftest import Render

UP, DOWN = "\x1b[A", "\x1b[B"


def at_terminal(folder: Path, *arguments: str) -> pexpect.spawn[str]:
    """Start Copier at a terminal."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "copier", *arguments],
        cwd=str(folder),
        timeout=30,
        encoding="utf-8",
        dimensions=(40, 200),
    )


def test_a_new_script_asks_four_questions(tmp_path: Path) -> None:
    copier = at_terminal(tmp_path, "copy", "--trust", str(support.template()), "links")
    copier.expect("What is the project called")
    copier.sendline("")
    copier.expect("What does it do, in one line")
    copier.sendline("")
    copier.expect("What kind of program is it")
    copier.sendline("")
    copier.expect("Which deployment maturity level")
    copier.sendline("")
    copier.expect("links is at level 0: Runs on my machine")
    copier.expect(pexpect.EOF)
    copier.wait()
    assert copier.exitstatus == 0
    assert set(support.files(tmp_path / "links")) == {".copier-answers.yml", "links.py"}


@pytest.mark.parametrize(
    ("folder", "name"), [("tty", "tty-app"), ("4-links", "app"), ("menü", "app"), ("_x", "app")]
)
def test_a_folder_whose_name_cannot_be_the_projects_gives_a_default_that_can(
    tmp_path: Path, folder: str, name: str
) -> None:
    copier = at_terminal(tmp_path, "copy", "--trust", str(support.template()), folder)
    copier.expect("What is the project called")
    for _ in range(4):
        copier.sendline("")
    copier.expect(f"{name} is at level 0: Runs on my machine")
    copier.expect(pexpect.EOF)


@pytest.mark.exhaustive
def test_a_name_that_makes_no_package_is_asked_again(tmp_path: Path) -> None:
    copier = at_terminal(tmp_path, "copy", "--trust", str(support.template()), "links")
    copier.expect("What is the project called")
    copier.send("\x15json\r")
    copier.expect("cannot be the package's name")
    copier.send("\x15Short Links\r")
    copier.expect("What does it do, in one line")
    copier.sendline("")
    copier.expect("What kind of program is it")
    copier.sendline("")
    copier.expect("Which deployment maturity level")
    copier.sendline("")
    copier.expect(pexpect.EOF)
    assert (tmp_path / "links" / "short_links.py").is_file()


@pytest.mark.exhaustive
def test_a_package_name_that_the_user_asks_to_choose_is_checked(tmp_path: Path) -> None:
    copier = at_terminal(
        tmp_path, "copy", "--trust", "--ask=package", str(support.template()), "links"
    )
    copier.expect("What is the project called")
    copier.sendline("")
    copier.expect("What does it do, in one line")
    copier.sendline("")
    copier.expect("What is the name of its Python package")
    copier.send("\x15json\r")
    copier.expect("cannot be the package's name")
    copier.send("\x15shortener\r")
    copier.expect("What kind of program is it")
    copier.sendline("")
    copier.expect("Which deployment maturity level")
    copier.sendline("")
    copier.expect(pexpect.EOF)
    assert (tmp_path / "links" / "shortener.py").is_file()


@pytest.mark.exhaustive
def test_a_wrong_owner_and_wrong_dependents_are_asked_again(tmp_path: Path) -> None:
    given = ["--data=kind=service", "--data=level=7", "--data=license=MIT"]
    given += ["--data=feature_flags=false", "--data=live_dangerously=false"]
    copier = at_terminal(tmp_path, "copy", "--trust", *given, str(support.template()), "links")
    copier.expect("What is the project called")
    copier.sendline("")
    copier.expect("What does it do, in one line")
    copier.sendline("")
    copier.expect("Which user or organization owns")
    copier.send("\x15a/b\r")
    copier.expect("is not a GitHub user or organization")
    copier.send("\x15acme\r")
    copier.expect("Which backing services does it use")
    copier.sendline("")
    copier.expect("Which other services should the system tests start")
    copier.send("\x7f\x7fcatalog\x1b\r")
    copier.expect("dependents is not a list")
    copier.send("\x7f" * 7 + "[]\x1b\r")
    copier.expect(pexpect.EOF)
    assert "owner: acme\n" in (tmp_path / "links" / ".copier-answers.yml").read_text()


@pytest.mark.exhaustive
def test_a_level_chosen_from_the_list_moves_the_code(project: Render, rendered: Render) -> None:
    made = project(2)
    copier = at_terminal(
        made, "update", "--trust", "--skip-answered", "--ask=level", "--vcs-ref=:current:"
    )
    copier.expect("Which deployment maturity level")
    copier.send(f"{DOWN}\r")
    copier.expect("Links is at level 3: Packaging")
    copier.expect(pexpect.EOF)
    assert support.files(made) == support.files(rendered(3))


@pytest.mark.exhaustive
def test_a_lower_level_chosen_from_the_list_keeps_edits(project: Render) -> None:
    made = project(2)
    (made / ".gitignore").write_text("/mine/\n")
    support.commit_all(made)
    copier = at_terminal(
        made, "update", "--trust", "--skip-answered", "--ask=level", "--vcs-ref=:current:"
    )
    copier.expect("Which deployment maturity level")
    copier.send(f"{UP}\r")
    copier.expect("Level 1 would delete .gitignore, which you edited")
    copier.expect(pexpect.EOF)
    copier.wait()
    assert copier.exitstatus == 1
    support.assert_unchanged(made)


REFUSED = {
    "another kind": (
        2,
        "kind",
        "What kind of program",
        f"{DOWN}\r",
        "The kind of a project cannot change",
    ),
    "no backing service": (
        6,
        "backing_services",
        "Which backing services",
        " \r\x03",
        "Execution stopped by user",
    ),
    "Ctrl-C": (3, "level", "Which deployment", "\x03", "Execution stopped by user"),
}
"""Case -> level, question, its text, the keys that answer it, and the refusal."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_at_a_prompt_leaves_the_project_as_it_was(project: Render, case: str) -> None:
    level, question, text, keys, sentence = REFUSED[case]
    made = project(level)
    before, staged = support.files(made), support.git(made, "ls-files", "--stage")
    copier = at_terminal(
        made, "update", "--trust", "--skip-answered", f"--ask={question}", "--vcs-ref=:current:"
    )
    copier.expect(text)
    copier.send(keys)
    copier.expect(sentence)
    copier.expect(pexpect.EOF)
    copier.wait()
    assert copier.exitstatus == 1
    assert support.files(made) == before
    assert support.git(made, "ls-files", "--stage") == staged
    support.assert_unchanged(made)


def test_ctrl_c_at_a_question_of_a_copy_writes_nothing(tmp_path: Path) -> None:
    copier = at_terminal(tmp_path, "copy", "--trust", str(support.template()), "links")
    copier.expect("What is the project called")
    copier.sendline("")
    copier.expect("What does it do, in one line")
    copier.sendline("")
    copier.expect("What kind of program is it")
    copier.send("\x03")
    copier.expect("Execution stopped by user")
    copier.expect(pexpect.EOF)
    copier.wait()
    assert copier.exitstatus == 1
    assert not list(tmp_path.iterdir())


def test_an_adoption_asks_what_the_files_do_not_tell(tmp_path: Path) -> None:
    files = {"a/__init__.py": "", "b/__init__.py": "", "README.md": "# Ours\n"}
    project = write(tmp_path / "visitors", files)
    given = ["--data=level=3", "--data=owner=acme", "--data=license=MIT"]
    copier = at_terminal(project, "copy", "--trust", *given, str(support.template()), ".")
    copier.expect("What is the project called")
    copier.sendline("")
    copier.expect("What does it do, in one line")
    copier.send("\x15Who came.\r")
    copier.expect("What is the name of its Python package")
    copier.send("\x15a\r")
    copier.expect("What kind of program is it")
    copier.sendline("")
    copier.expect("visitors is at level 3")
    copier.expect(pexpect.EOF)
    answers = support.answers(project)
    assert (answers["package"], answers["project_description"]) == ("a", "Who came.")
    assert {path: (project / path).read_text() for path in files} == files
