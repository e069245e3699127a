"""Somebody else's project comes onto the ladder, and nothing of it is overwritten."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy
from copier.errors import UserMessageError

from tests import support
from tests.conftest import Render

CODE = '''"""Guests."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Tell how it is."""
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}
'''
SCRIPT = f"""# /// script
# dependencies = ["fastapi", "uvicorn"]
# ///
{CODE}

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
"""
COMMON = {
    "README.md": "# Guests\n\nWho came.\n",
    ".gitignore": "*.db\n",
    "LICENSE": "Ours.\n",
    "notes/plan.md": "Plans.\n",
}
CI = {".github/workflows/ci.yml": "on: push\njobs: {}\n"}
POETRY = (
    '[tool.poetry]\nname = "guests"\nversion = "1"\n\n[tool.poetry.dependencies]\nfastapi = "*"\n'
)
UV = '[project]\nname = "guests"\nversion = "1.0"\ndependencies = ["fastapi"]\n'
PROJECTS = {
    "script": COMMON | {"guests.py": SCRIPT},
    "setuptools": COMMON
    | CI
    | {"src/guests/__init__.py": CODE, "setup.cfg": "[metadata]\nname = guests\n"},
    "poetry": COMMON | CI | {"guests/__init__.py": CODE, "pyproject.toml": POETRY},
    "uv": COMMON | {"src/guests/main.py": CODE, "pyproject.toml": UV, "Dockerfile": "FROM x:1\n"},
}
SAMPLE = [("script", 2), ("setuptools", 4), ("poetry", 8), ("uv", 4)]


def quick(cases: list[tuple[str, int]]) -> list[Any]:
    """Return cases as parameters; the inner loop takes one of them."""
    return [
        pytest.param(*case, marks=() if case == ("uv", 4) else pytest.mark.exhaustive)
        for case in cases
    ]


EVERY = quick([(kind, level) for kind in PROJECTS for level in (0, 2, 3, 4, 8)])


def make(folder: Path, kind: str) -> Path:
    """Make somebody's project, committed."""
    return write(folder / "visitors", PROJECTS[kind])


def write(project: Path, files: dict[str, str]) -> Path:
    """Make a project of these files, committed."""
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    support.save(project, "Ours")
    return project


def adopt(project: Path, level: int, source: Path | None = None) -> None:
    """Bring a project onto the ladder."""
    run_copy(
        str(source or support.template()),
        project,
        data={"level": level, "owner": "acme", "license": "MIT"},
        vcs_ref="HEAD",
        defaults=True,
        unsafe=True,
    )


def place(level: int) -> str:
    """Return where the application has to be."""
    return "src/guests/__init__.py" if level >= 3 else "guests.py"


def assert_kept(project: Path, kind: str, level: int) -> None:
    """Check that every file of the project is as it was, but for a script that moved."""
    found = {name: text.decode() for name, text in support.files(project).items()}
    for name, text in PROJECTS[kind].items():
        if name == "guests.py" and level >= 3:
            assert found[place(level)] == CODE + SCRIPT.partition(CODE)[2]
        else:
            assert found[name] == text, name


@pytest.mark.parametrize(("kind", "level"), EVERY)
def test_nothing_is_overwritten_and_the_rest_is_there(
    tmp_path: Path, rendered: Render, kind: str, level: int
) -> None:
    project = make(tmp_path, kind)
    adopt(project, level)
    assert_kept(project, kind, level)
    fresh = {
        name.replace("links", "guests"): text
        for name, text in support.files(rendered(level)).items()
        if not re.search(r"(^|/)(test_)?links|src/links|0001_links", name)
    }
    found = support.files(project)
    own = set(PROJECTS[kind]) | {place(level)}
    assert set(found) | own == set(fresh) | own
    for name in set(fresh) - own - {".copier-answers.yml"}:
        assert found[name] == fresh[name] or b"inks" in fresh[name], name
    answers = found[".copier-answers.yml"].decode()
    assert "project_name: guests" in answers or "project_name: visitors" in answers
    assert "package: guests" in answers
    assert f"level: {level}\n" in answers


LACKS = {
    ("script", 2): ["Begin .gitignore, README.md as a new project does"],
    ("setuptools", 4): [
        "Bring the dependencies of setup.cfg into pyproject.toml, and drop them there: uv add NAME",
        "Drop from .github/workflows/ci.yml what",
    ],
    ("poetry", 8): [
        "Move the package below src/: mkdir -p src && git mv guests src/guests",
        "Let the application find its postgres by DATABASE_URL.",
        "Bring the dependencies of [tool.poetry] into pyproject.toml, and drop them there: "
        "uvx migrate-to-uv",
        "Give pyproject.toml [build-system], [project], [tool.uv]",
        "Ask for what the template's part needs: uv add 'uvicorn>=0.37' 'psycopg[binary]>=3.3'",
        "Give pyproject.toml the group lint: uv add --group lint 'prek>=0.3' 'ruff>=0.14'",
        "Begin .gitignore, README.md, pyproject.toml as a new project does",
        "Drop from .github/workflows/ci.yml what",
    ],
    ("uv", 4): [
        "Put the application, with its `app`, into src/guests/__init__.py: "
        "git mv src/guests/main.py src/guests/__init__.py",
        "Let the version come from git: git tag v1.0 where",
        "[tool.mypy]",
        "Make one of yours and the template's: Dockerfile.",
    ],
}


@pytest.mark.parametrize(("kind", "level"), SAMPLE)
def test_the_message_says_what_is_kept_and_what_is_lacking(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, level: int
) -> None:
    project = make(tmp_path, kind)
    adopt(project, level)
    said = capfd.readouterr().err
    kept = re.findall(r"(?m)^(?:Kept)? +(\S+), which the template would write otherwise", said)
    known = {"README.md", ".gitignore", "LICENSE"}
    assert "give it a repository of its own" not in said
    if level >= 3:
        known |= {"pyproject.toml", "Dockerfile"}
    assert set(kept) == known & set(PROJECTS[kind])
    for text in LACKS[kind, level]:
        assert text in said
    assert ("Lacks" in said) is bool(LACKS[kind, level])
    assert "/healthz" not in said.partition("Lacks")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("code", "lack"),
    [
        (CODE.replace("app = ", "api = "), "Call the ASGI application in guests.py `app`."),
        (SCRIPT.replace("/healthz", "/health"), "Let the application answer on /healthz"),
        (CODE, "Let guests.py start a server on $PORT"),
    ],
)
def test_an_application_that_breaks_the_contract_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], code: str, lack: str
) -> None:
    project = make(tmp_path, "script")
    (project / "guests.py").write_text(code)
    support.save(project, "Another")
    adopt(project, 1)
    assert lack in capfd.readouterr().err
    assert (project / "guests.py").read_text() == code


PYTEST = '[tool.pytest.ini_options]\nminversion = "8"\n\n[tool.ruff]\nline-length = 79\n'
UV_BUILD = UV + '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
COMMAND = 'def main(argv=None):\n    """Greet."""\n    return 0\n'
FULL = UV + 'description = "Who came."\nlicense = "MIT"\nscripts = {guests = "guests:main"}\n'


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("files", "level", "lack"),
    [
        (
            {"pyproject.toml": UV + PYTEST},
            4,
            "Put [tool.pytest] into pyproject.toml in the place of [tool.pytest.ini_options].",
        ),
        ({"pyproject.toml": UV + PYTEST}, 4, "Compare [tool.ruff] line-length, [tool.ruff] src"),
        ({"setup.cfg": "[metadata]\nversion = 0.3\n"}, 4, "comes from git: git tag v0.3 where"),
        ({"pyproject.toml": UV_BUILD}, 4, "Give pyproject.toml [build-system], [tool.uv]"),
        ({"tests/conftest.py": "A = 1\n"}, 4, "Make one of yours and the template's: tests/conf"),
        ({"tests/test_it.py": "\n"}, 4, "Move your tests into tests/unit/, which is what runs: t"),
        ({".gitignore": "*.toml\n"}, 4, "Your .gitignore keeps these out of git: git add --force"),
        ({"src/guests/__init__.py": CODE}, 2, "Below level 3 the application is one script, gues"),
        (
            {"guests/__init__.py": "", "guests/main.py": CODE},
            4,
            "Give src/guests/__init__.py the application: from guests.main import app",
        ),
        (
            {"app.py": CODE, "data.py": "", "requirements.txt": "fastapi\n"},
            2,
            "Give app.py a header with what requirements.txt asks for: uv add --script app.py -r",
        ),
        ({"a.py": "", "b.py": CODE, "c.py": CODE}, 4, "into src/visitors/__init__.py."),
        (
            {"pyproject.toml": FULL, "src/guests/__init__.py": COMMAND},
            4,
            "Let the command tell its version",
        ),
    ],
)
def test_what_somebody_has_otherwise_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], files: dict[str, str], level: int, lack: str
) -> None:
    project = write(tmp_path / "visitors", files)
    adopt(project, level)
    assert lack in capfd.readouterr().err.partition("Lacks")[2]
    for name, text in files.items():
        assert (project / name).read_text() == text


def test_a_project_answers_what_it_tells_by_itself(tmp_path: Path) -> None:
    project = write(tmp_path / "visitors", {"pyproject.toml": FULL, "guests.py": COMMAND})
    run_copy(
        str(support.template()), project, data={"level": 3, "owner": "acme"}, vcs_ref="HEAD",
        defaults=True, unsafe=True, quiet=True,
    )  # fmt: skip
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    told = {key: answers[key] for key in ("project_name", "project_description", "kind", "license")}
    assert told == {
        "project_name": "guests",
        "project_description": "Who came.",
        "kind": "cli",
        "license": "MIT",
    }
    assert (project / "LICENSE").read_text().startswith("MIT License")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"ops": "mine\n"}, "The template has a folder ops, and you have such a file: rename it."),
        ({"Dockerfile/a": ""}, "The template has a file Dockerfile, and you have such a folder"),
        ({"My_Project/__init__.py": ""}, "'My_Project' cannot be the package's name: a package"),
        ({"calendar.py": CODE}, "'calendar' cannot be the package's name: Python's standard"),
    ],
)
def test_what_cannot_stand_beside_the_template_is_refused(
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    project = write(tmp_path / "visitors", files)
    with pytest.raises(UserMessageError) as refusal:
        adopt(project, 4)
    assert str(refusal.value).startswith(sentence)
    assert support.git(project, "status", "--porcelain", "--ignored") == ""


@pytest.mark.exhaustive
def test_a_folder_of_another_repository_is_told_to_leave(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    top = write(tmp_path / "all", {"guests/guests.py": SCRIPT})
    adopt(top / "guests", 4)
    assert "give it a repository of its own" in capfd.readouterr().err


def test_an_address_that_is_another_elsewhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ladder").symlink_to(support.template())
    monkeypatch.chdir(tmp_path)
    project = make(tmp_path, "uv")
    with pytest.raises(UserMessageError, match="its template as ladder, which is somewhere else"):
        adopt(project, 4, Path("ladder"))
    assert support.git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(("kind", "level"), quick(SAMPLE))
def test_it_climbs_from_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, level: int
) -> None:
    project = make(tmp_path, kind)
    adopt(project, level)
    support.save(project, "Come onto the ladder")
    name = "visitors" if kind == "script" else "guests"
    support.climb(project, level, project_name=name)
    assert support.git(project, "status", "--porcelain") == "", "an update changes something"
    capfd.readouterr()
    support.climb(project, min(level + 1, 8), project_name=name, quiet=False)
    said = capfd.readouterr().err
    found = {name: text.decode() for name, text in support.files(project).items()}
    unmerged = support.git(project, "ls-files", "--unmerged")
    conflicts = sorted({line.partition("\t")[2] for line in unmerged.splitlines()})
    assert f"resolve the conflicts in {', '.join(conflicts)}\n" in said or not conflicts
    assert ("resolve the conflicts" in said) is bool(conflicts)
    for name, text in PROJECTS[kind].items():
        if name == "guests.py" and level + 1 >= 3:
            assert CODE in found[place(3)]
        elif name in unmerged:
            assert text.splitlines()[0] in found[name]
        else:
            assert set(text.splitlines()) <= set(found[name].splitlines()), name
    assert not any(name.endswith(".rej") for name in found)


@pytest.mark.parametrize("fault", ["no git", "dirty", "nothing committed"])
def test_what_could_not_be_undone_is_refused(tmp_path: Path, fault: str) -> None:
    project = make(tmp_path, "script")
    if fault == "dirty":
        (project / "README.md").write_text("# Changed\n")
    else:
        support.run("rm", "-rf", ".git", cwd=project)
    if fault == "nothing committed":
        support.git(project, "init", "--quiet")
    before = support.files(project)
    with pytest.raises(UserMessageError, match="nothing could be undone"):
        adopt(project, 3)
    assert support.files(project) == before


@pytest.mark.exhaustive
def test_a_template_that_would_overwrite_is_noticed(tmp_path: Path) -> None:
    source = tmp_path / "ladder"
    support.run("cp", "-r", support.template(), source, cwd=tmp_path)
    code = source / "extensions" / "ladder.py"
    assert "{*gone, *kept}" in code.read_text()
    code.write_text(code.read_text().replace("{*gone, *kept}", "gone"))
    support.save(source, "Plant")
    project = make(tmp_path, "uv")
    run_copy(
        str(source),
        project,
        data={"level": 4, "owner": "acme", "license": "MIT"},
        vcs_ref="HEAD",
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
    )
    with pytest.raises(AssertionError, match=r"README|pyproject|Dockerfile|LICENSE|gitignore"):
        assert_kept(project, "uv", 4)


@pytest.mark.exhaustive
def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    page = (support.ROOT / "docs" / "how-to" / "adopt.md").read_text()
    project = make(tmp_path, "setuptools")
    support.git(tmp_path, "clone", "--quiet", support.template(), "ladder")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name in ("adopt", "compare"):
        commands = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", page, re.DOTALL)
        assert commands
        done = support.run(
            "bash", "-euc", commands[1], cwd=project, env=os.environ | {"PATH": path}
        )
    assert "README.md" in done.stdout
    assert_kept(project, "setuptools", 4)
    assert support.git(project, "log", "--format=%s").startswith("Adopt Ladder")
