"""The message after a copy or a climb: what was gained, what to set, what comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from extensions import levels
from tests import support, variants
from tests.conftest import Render
from tests.variants import Variant

COMMAND = (
    "uvx --with copier-template-extensions copier update --trust --skip-answered"
    " --vcs-ref=:current: --data level="
)


@pytest.mark.parametrize(("variant", "level"), variants.cases(support.LEVELS), indirect=["variant"])
def test_a_new_project_is_told_what_comes_next(variant: Variant, level: int) -> None:
    project = variant.rendered(level)
    text = support.message_of(project)
    assert f" is at level {level}: " in text
    assert "git init" in text
    assert (".git/info/exclude" in text) == (level < 2)
    assert ("ops/protect" in text) == (level >= 4)
    deploys = variant.name == "service" and level >= 5
    assert ("STAGING_HOST" in text) == deploys
    readme = project / "README.md"
    assert level == 0 or ("STAGING_HOST" in readme.read_text()) == deploys
    run = {"service": "uv run uvicorn links:app"}.get(variant.name, "uv run links --help")
    script = {"service": "uv run links.py"}.get(variant.name, "uv run links.py --help")
    assert (script if level < 3 else run) in text
    if level == 8:
        assert "Next is" not in text
        return
    advice = text[text.index(f"Next is level {level + 1}: ") :]
    positions = [
        advice.index(w) for w in ("Climb when ", "Don't climb yet if ", "It adds ", COMMAND)
    ]
    assert positions == sorted(positions), "advice comes before the command"
    assert advice.rstrip().endswith(f"{COMMAND}{level + 1}")


def test_the_message_of_a_program_is_about_programs(
    rendered: Render, project: Render, capsys: pytest.CaptureFixture[str]
) -> None:
    text = support.message_of(rendered(0, kind="cli"))
    assert "Users run the program as a command on a host they log in to" in text
    wheel = variants.answers("wheel")
    made = project(2, **wheel)
    support.climb(made, 3, quiet=False, **wheel)
    text = support.message(capsys)
    assert "builds a wheel with its own version" in text
    assert "image" not in text
    cost = levels.text(4, "cost", {**support.answers(made), "level": 4})
    files, lines, jobs = cost.replace(" more ", " ").split(", ")
    assert f"It adds {files}, {lines} and {jobs}." in text


def test_a_climb_says_what_it_gained_and_what_to_do(
    project: Render, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(4)
    (made / "uv.lock").write_text("")
    support.commit_all(made)
    support.climb(made, 6, quiet=False)
    text = support.message(capsys)
    assert "5 Continuous delivery" in text
    assert "6 Application-level integration tests" in text
    assert "4 Unit tests" not in text
    assert "run uv lock: the dependencies changed" in text
    assert "run ops/protect again: " in text
    assert "DEPLOY_SSH_KEY (secret" in text
    assert "then commit" in text
    assert "git init" not in text


def test_the_commands_for_a_project_outside_git_work(tmp_path: Path) -> None:
    made = support.render(tmp_path / "links", 0)
    (made / "links.db").write_text("")
    commands = [
        "git init",
        "printf '%s\\n' '*.db' '*.env' '__pycache__/' >> .git/info/exclude",
        'git add -A && git commit -m "Start"',
    ]
    for command in commands:
        support.run("sh", "-c", command, cwd=made)
    support.climb(made, 1)
    assert (made / "ops" / "deploy").is_file()
    assert "links.db" not in support.git(made, "ls-files")


def usual_ignore_file(folder: Path) -> str:
    """Return the path of a global ignore file like that of many Python programmers."""
    file = folder / "usual"
    file.write_text(".python-version\n*.spec\n*.manifest\n.env\nbuild/\ndist/\nenv/\nlib/\n")
    return str(file)


@pytest.mark.parametrize("options", [{}, {"kind": "cli", "artifact": "binary"}])
def test_git_takes_every_file_of_a_new_project(
    render: Render, tmp_path: Path, options: dict[str, str]
) -> None:
    made = render(8, **options)
    support.git(made, "init", "--quiet", "--initial-branch=main")
    support.git(made, "config", "core.excludesFile", usual_ignore_file(tmp_path))
    support.commit_all(made)
    assert set(support.git(made, "ls-files").split()) == set(support.files(made))


@pytest.mark.parametrize("where", ["exclude", "everywhere", ".gitignore"])
def test_a_file_that_git_ignores_is_named_after_it_was_written(
    project: Render, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    made = project(2)
    everywhere = made / ".git" / "everywhere"
    support.git(made, "config", "core.excludesFile", str(everywhere))
    file = {"exclude": made / ".git" / "info" / "exclude", "everywhere": everywhere}
    with file.get(where, made / ".gitignore").open("a") as ignore:
        ignore.write("*.toml\n/private.txt\n")
    support.commit_all(made)
    (made / "private.txt").write_text("Mine.\n")
    support.climb(made, 3, quiet=False)
    text = support.message(capsys)
    command = "git add --force pyproject.toml"
    assert f"{command}: git ignores them" in text
    support.git(made, *command.split()[1:])
    support.commit_all(made)
    assert "pyproject.toml" in support.git(made, "ls-files")
    support.climb(made, 4, quiet=False)
    assert "git add --force" not in support.message(capsys)


def test_a_copy_into_a_repository_names_what_git_ignores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "links"
    made.mkdir()
    (made / ".gitignore").write_text("*.toml\n")
    (made / "links.py").write_text("app = None\n")
    support.commit_all(made)
    support.copy(made, quiet=False, **support.ANSWERS, level=3)
    assert "git add --force ops/production.toml pyproject.toml:" in support.message(capsys)
