"""Adoption: a project comes onto the ladder, and nothing of it is overwritten."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from copier.errors import UserMessageError

from extensions import detect
from extensions.adopt import Adoption
from tests import support
from tests.adoption import CODE, PROJECTS, SCRIPT, UV, adopt, make_project, write
from tests.conftest import Render
from tests.documents import ADOPT
from tests.template_versions import copy_of_template

SAMPLE = [("script", 2), ("setuptools", 4), ("poetry", 8), ("uv", 4)]


def quick(cases: list[tuple[str, int]]) -> list[Any]:
    """Return cases as parameters; the quick tests have one of them."""
    return [
        pytest.param(*case, marks=() if case == ("uv", 4) else pytest.mark.exhaustive)
        for case in cases
    ]


PACKAGES = {kind for kind, files in PROJECTS.items() if any("__init__" in one for one in files)}
EVERY = quick(
    [
        (kind, level)
        for kind in PROJECTS
        for level in (0, 2, 3, 4, 8)
        if level >= 3 or kind not in PACKAGES
    ]
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
    project = make_project(tmp_path, kind)
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


MISSING = {
    ("script", 2): ["Merge .gitignore, README.md: begin with"],
    ("setuptools", 4): [
        "Move the dependencies in setup.cfg to pyproject.toml: uv add NAME",
        "Remove from .github/workflows/ci.yml the jobs that",
    ],
    ("poetry", 8): [
        "Move the package to src/: mkdir -p src && git mv guests src/guests",
        "Read the database's URL from DATABASE_URL.",
        "Move the dependencies in [tool.poetry] to pyproject.toml: uvx migrate-to-uv",
        "Add [build-system], [project], [tool.uv]",
        "Add the template's dependencies: uv add 'uvicorn>=0.37' 'psycopg[binary]>=3.3'",
        "Add the group lint to pyproject.toml: uv add --group lint 'prek>=0.3' 'ruff>=0.14'",
        "Merge .gitignore, README.md, pyproject.toml: begin with",
        "Remove from .github/workflows/ci.yml the jobs that",
    ],
    ("uv", 4): [
        "Put the application, with its `app`, into src/guests/__init__.py: "
        "git mv src/guests/main.py src/guests/__init__.py",
        "Take the version from git: run git tag v1.0 on the commit",
        "[tool.mypy]",
        "Merge each of your files with the template's version: Dockerfile.",
    ],
}


@pytest.mark.parametrize(("kind", "level"), SAMPLE)
def test_the_message_says_what_is_kept_and_what_is_missing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, level: int
) -> None:
    project = make_project(tmp_path, kind)
    adopt(project, level)
    message = capfd.readouterr().err
    kept = re.findall(r"(?m)^(?:Kept)? +(\S+), which differs from the template's", message)
    known = {"README.md", ".gitignore", "LICENSE"}
    assert "give it a repository of its own" not in message
    if level >= 3:
        known |= {"pyproject.toml", "Dockerfile"}
    assert set(kept) == known & set(PROJECTS[kind])
    for text in MISSING[kind, level]:
        assert text in message
    assert ("\nFix " in message) is bool(MISSING[kind, level])
    assert "/healthz" not in message.partition("\nFix ")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        (CODE.replace("app = ", "api = "), "Call the ASGI application in guests.py `app`."),
        (
            SCRIPT.replace("/healthz", "/health"),
            "Answer GET /healthz with the status and the version.",
        ),
        (CODE, "Start a server on $PORT when guests.py is run."),
    ],
)
def test_the_message_says_where_an_application_breaks_the_contract(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], code: str, missing: str
) -> None:
    project = make_project(tmp_path, "script")
    (project / "guests.py").write_text(code)
    support.commit_all(project, "Another")
    adopt(project, 1)
    assert missing in capfd.readouterr().err
    assert (project / "guests.py").read_text() == code


PYTEST = '[tool.pytest.ini_options]\nminversion = "8"\n\n[tool.ruff]\nline-length = 79\n'
UV_BUILD = UV + '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
SETTINGS = "K = os.environ['SECRET_KEY'], os.environ['PORT'] == '80'\nos.environ['OWN'] = 'x'\n"
COMMAND = 'def main(argv=None):\n    """Greet."""\n    return 0\n'
FULL = UV + 'description = "Who came."\nlicense = "MIT"\nscripts = {guests = "guests:main"}\n'


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("files", "level", "missing"),
    [
        (
            {"pyproject.toml": UV + PYTEST},
            4,
            "Replace [tool.pytest.ini_options] with [tool.pytest] in pyproject.toml.",
        ),
        ({"pyproject.toml": UV + PYTEST}, 4, "Compare [tool.ruff] line-length, [tool.ruff] src"),
        (
            {"setup.cfg": "[metadata]\nversion = 0.3\n"},
            4,
            "from git: run git tag v0.3 on the commit",
        ),
        ({"pyproject.toml": UV_BUILD}, 4, "Add [build-system], [tool.uv]"),
        (
            {"tests/conftest.py": "A = 1\n"},
            4,
            "Merge each of your files with the template's version: tests/conf",
        ),
        (
            {"src/guests/__init__.py": CODE + SETTINGS},
            4,
            "Give the tests what the application needs to start, in SETTINGS in "
            "tests/conftest.py: SECRET_KEY.",
        ),
        ({"tests/test_it.py": "\n"}, 4, "Move your tests to tests/unit/, where CI runs them: t"),
        (
            {"guests/__init__.py": "", "guests/main.py": CODE},
            4,
            "Import the application in src/guests/__init__.py: from guests.main import app",
        ),
        (
            {"app.py": CODE, "data.py": "", "requirements.txt": "fastapi\n"},
            2,
            "Give app.py a header with the dependencies in requirements.txt: uv add --script",
        ),
        ({"a.py": "", "b.py": CODE, "c.py": CODE}, 4, "into src/visitors/__init__.py."),
        (
            {"pyproject.toml": FULL, "src/guests/__init__.py": COMMAND},
            4,
            "Add an option --version that prints the version.",
        ),
    ],
)
def test_the_message_says_what_differs_from_the_template(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    files: dict[str, str],
    level: int,
    missing: str,
) -> None:
    project = write(tmp_path / "visitors", files)
    adopt(project, level)
    assert missing in capfd.readouterr().err.partition("\nFix ")[2]
    for name, text in files.items():
        assert (project / name).read_text() == text


def test_answers_are_detected_in_the_project(tmp_path: Path) -> None:
    project = write(tmp_path / "visitors", {"pyproject.toml": FULL, "guests.py": COMMAND})
    support.copy(project, level=3, owner="acme")
    answers = support.answers(project)
    detected = {
        key: answers[key] for key in ("project_name", "project_description", "kind", "license")
    }
    assert detected == {
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
        ({"ops": "mine\n"}, "The template has a folder ops, and yours is a file: rename it."),
        ({"Dockerfile/a": ""}, "The template has a file Dockerfile, and yours is a folder"),
        ({"My_Project/__init__.py": ""}, "'My_Project' cannot be the package's name: a package"),
        ({"calendar.py": CODE}, "'calendar' cannot be the package's name: Python's standard"),
    ],
)
def test_files_in_the_way_of_the_template_are_refused(
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    project = write(tmp_path / "visitors", files)
    with pytest.raises(UserMessageError) as refusal:
        adopt(project, 4)
    assert str(refusal.value).startswith(sentence)
    assert support.git(project, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize("folder", ["guests", "src/guests"])
def test_a_package_is_not_adopted_as_a_script(tmp_path: Path, folder: str) -> None:
    project = write(tmp_path / "visitors", {f"{folder}/__init__.py": CODE})
    with pytest.raises(UserMessageError) as refusal:
        adopt(project, 2)
    assert str(refusal.value) == (
        f"{folder}/ is a package, and below level 3 the application is one script: adopt the "
        "project at level 3 or above."
    )
    assert support.git(project, "status", "--porcelain", "--ignored") == ""


def test_what_the_copy_moves_is_not_to_be_moved(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = write(tmp_path / "app", {"app.py": CODE})
    adopt(project, 4)
    said = capfd.readouterr().err
    assert "Moved app.py to src/app/__init__.py" in said
    assert "git mv" not in said


@pytest.mark.parametrize("python", ["", "python_requires = >=3.9\n"])
def test_a_new_pyproject_needs_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], python: str
) -> None:
    options = f"[options]\n{python}install_requires = fastapi\n"
    project = write(tmp_path / "app", {"app.py": CODE, "setup.cfg": options})
    adopt(project, 4)
    said = capfd.readouterr().err
    assert "Move the dependencies in setup.cfg to pyproject.toml" in said
    assert "Add " not in said
    assert "Write a first test in tests/unit/" in said
    assert "Set requires-python" not in said
    assert said.index("\nFix ") < said.index("\nDo ") < said.index("\nRun ")


def test_a_package_is_moved_by_one_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = {"words/__init__.py": "", "words/cli.py": "def main() -> None:\n    print(1)\n"}
    project = write(tmp_path / "words", files)
    adopt(project, 4, kind="cli")
    assert capfd.readouterr().err.count("git mv") == 1


@pytest.mark.exhaustive
def test_a_folder_of_another_repository_is_told_to_get_its_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    top = write(tmp_path / "all", {"guests/guests.py": SCRIPT})
    adopt(top / "guests", 4)
    assert "give it a repository of its own" in capfd.readouterr().err


def test_a_relative_address_of_the_template_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_of_template(tmp_path)
    monkeypatch.chdir(tmp_path)
    project = make_project(tmp_path, "uv")
    with pytest.raises(UserMessageError, match="address ladder is relative, so the project could"):
        adopt(project, 4, source=Path("ladder"))
    support.assert_unchanged(project)


@pytest.mark.parametrize(("kind", "level"), quick(SAMPLE))
def test_an_adopted_project_climbs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, level: int
) -> None:
    project = make_project(tmp_path, kind)
    adopt(project, level)
    support.commit_all(project, "Come onto the ladder")
    name = "visitors" if kind == "script" else "guests"
    support.climb(project, level, project_name=name)
    assert support.git(project, "status", "--porcelain") == "", "an update changes something"
    capfd.readouterr()
    support.climb(project, min(level + 1, 8), project_name=name, quiet=False)
    message = capfd.readouterr().err
    found = {name: text.decode() for name, text in support.files(project).items()}
    unmerged = support.git(project, "ls-files", "--unmerged")
    conflicts = sorted({line.partition("\t")[2] for line in unmerged.splitlines()})
    assert f"resolve the conflicts in {', '.join(conflicts)}\n" in message or not conflicts
    assert ("resolve the conflicts" in message) is bool(conflicts)
    for name, text in PROJECTS[kind].items():
        if name == "guests.py" and level + 1 >= 3:
            assert CODE in found[place(3)]
        elif name in unmerged:
            assert text.splitlines()[0] in found[name]
        else:
            assert set(text.splitlines()) <= set(found[name].splitlines()), name
    assert not any(name.endswith(".rej") for name in found)


@pytest.mark.parametrize("fault", ["no git", "dirty", "nothing committed"])
def test_an_adoption_that_could_not_be_undone_is_refused(tmp_path: Path, fault: str) -> None:
    project = make_project(tmp_path, "script")
    if fault == "dirty":
        (project / "README.md").write_text("# Changed\n")
    else:
        (project / ".git").rename(tmp_path / "git")
    if fault == "nothing committed":
        support.git(project, "init", "--quiet")
    before = support.files(project)
    with pytest.raises(UserMessageError, match="could not be undone"):
        adopt(project, 3)
    assert support.files(project) == before


@pytest.mark.exhaustive
def test_a_template_that_would_overwrite_is_found(tmp_path: Path) -> None:
    source = copy_of_template(tmp_path)
    support.replace(source / "extensions" / "render.py", " | kept)", ")")
    support.commit_all(source, "Plant")
    project = make_project(tmp_path, "uv")
    adopt(project, 4, source=source, overwrite=True)
    with pytest.raises(AssertionError, match=r"README|pyproject|Dockerfile|LICENSE|gitignore"):
        assert_kept(project, "uv", 4)


@pytest.mark.exhaustive
def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    page = ADOPT.read_text()
    project = make_project(tmp_path, "setuptools")
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


def test_a_correction_is_a_copy_of_its_own(tmp_path: Path) -> None:
    project = make_project(tmp_path, "uv")
    adopt(project, 4)
    before = support.files(project)
    with pytest.raises(UserMessageError, match=r"git stash --include-untracked"):
        adopt(project, 4, license="MIT")
    with pytest.raises(UserMessageError, match=r"git stash --include-untracked"):
        adopt(project, 4, kind="cli")
    assert support.files(project) == before
    support.git(project, "stash", "--include-untracked")
    adopt(project, 4, license="MIT")
    assert support.answers(project)["license"] == "MIT"
    assert_kept(project, "uv", 4)


@pytest.mark.parametrize("commit", [True, False])
def test_a_project_is_not_copied_into_again(tmp_path: Path, commit: bool) -> None:
    project = support.render(tmp_path / "links", 2)
    if commit:
        support.commit_all(project)
    before = support.files(project)
    with pytest.raises(UserMessageError, match=r"commit the project and run `copier update"):
        support.copy(project, **support.ANSWERS, level=2)
    assert support.files(project) == before


@pytest.mark.parametrize("more", ["", "license: MIT\nkind: library\n", "level: high\n"])
def test_the_answers_of_another_template_are_not_overwritten(tmp_path: Path, more: str) -> None:
    project = make_project(tmp_path, "uv")
    answers = project / support.ANSWERS_FILE
    answers.write_text(f"_commit: 1.2.3\n_src_path: gh:acme/other\n{more}")
    support.commit_all(project)
    before = support.files(project)
    why = r"made from another template, gh:acme/other: run `git rm \.copier-answers\.yml`"
    with pytest.raises(UserMessageError, match=why):
        adopt(project, 4)
    assert support.files(project) == before
    support.git(project, "rm", "--quiet", support.ANSWERS_FILE)
    support.commit_all(project)
    adopt(project, 4)
    assert_kept(project, "uv", 4)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": '[project]\nname = "x"\nlicense = "MIT"\n'}, "MIT"),
        ({"pyproject.toml": '[project]\nname = "x"\nlicense = {text = "MIT"}\n'}, "MIT"),
        ({"pyproject.toml": '[project]\nname = "x"\nlicense = "GPL-3.0-or-later"\n'}, "Other"),
        (
            {"setup.cfg": "[metadata]\nclassifiers = License :: OSI Approved :: BSD License\n"},
            "Other",
        ),
        (
            {"setup.cfg": "[metadata]\nclassifiers =\n  License :: OSI Approved :: MIT License\n"},
            "MIT",
        ),
        ({"setup.cfg": "[metadata]\nlicense = MPL-2.0\n"}, "Other"),
        ({"setup.cfg": "[metadata]\nlicense = Apache-2.0\n"}, "Apache-2.0"),
        ({"pyproject.toml": '[tool.poetry]\nlicense = "LicenseRef-Proprietary"\n'}, "Proprietary"),
        ({"COPYING": "GNU GENERAL PUBLIC LICENSE\nVersion 3\n"}, "Other"),
        ({"LICENCE.txt": "MIT License\n\nCopyright\n"}, "MIT"),
        ({"LICENSE.md": "# Apache License\n"}, "Apache-2.0"),
        ({"license": "BSD 3-Clause License\nAll rights reserved.\n"}, "Other"),
        ({"UNLICENSE": "This is free software.\n"}, "Other"),
        ({"../COPYING": "GNU GENERAL PUBLIC LICENSE\n"}, "Other"),
        ({"license.py": "x = 1\n"}, ""),
        ({"README.md": "# Ours\n"}, ""),
    ],
)
def test_the_license_is_the_projects_own(
    tmp_path: Path, files: dict[str, str], wanted: str
) -> None:
    project = tmp_path / "top" / "visitors"
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    support.commit_all(tmp_path / "top")
    assert detect.detect_answers(project).get("license", "") == wanted


def test_no_license_is_written_beside_another(tmp_path: Path) -> None:
    files = PROJECTS["uv"] | {"COPYING": "GNU GENERAL PUBLIC LICENSE\n"}
    project = write(tmp_path / "visitors", {k: v for k, v in files.items() if k != "LICENSE"})
    support.copy(project, level=4, owner="acme")
    assert support.answers(project)["license"] == "Other"
    assert not (project / "LICENSE").exists()


HEALTH = "import os\n\nPAGE = '/healthz'\nVERSION = os.environ.get('VERSION')\n"


@pytest.mark.parametrize(
    ("files", "kind", "wanted"),
    [
        (
            {"__init__.py": f"{HEALTH}app = Flask(__name__)\n"},
            "service",
            "Flask speaks WSGI: run uv add",
        ),
        ({"__init__.py": f"{HEALTH}app = WsgiToAsgi(Flask(__name__))  # asgiref\n"}, "service", ""),
        ({"__init__.py": f"{HEALTH}def create_app():\n    ...\n"}, "service", "app = create_app()"),
        (
            {"__init__.py": HEALTH, "web.py": "def make_app():\n    ...\n"},
            "service",
            "from visits.web import make_app; app = make_app()",
        ),
        (
            {"__init__.py": HEALTH, "asgi.py": "application = get_asgi_application()\n"},
            "service",
            "from visits.asgi import application as app",
        ),
        ({"__init__.py": f"{HEALTH}app = web.Application()\n"}, "service", "aiohttp has no ASGI"),
        ({"__init__.py": "app = FastAPI()\nPAGE = '/healthz'\n"}, "service", "variable VERSION"),
        (
            {"__init__.py": "class S(BaseSettings):\n    version: str\n\napp = F('/healthz')\n"},
            "service",
            "",
        ),
        (
            {"__init__.py": "def main(argv=None):\n    print('--version', 1)\n"},
            "cli",
            "VERSION where",
        ),
        ({"__init__.py": f"{HEALTH}def main(argv=None):\n    print('--version')\n"}, "cli", ""),
    ],
)
def test_what_the_application_lacks_is_said_and_nothing_else(
    tmp_path: Path, files: dict[str, str], kind: str, wanted: str
) -> None:
    project = write(
        tmp_path / "visits", {f"src/visits/{name}": text for name, text in files.items()}
    )
    answers = {"package": "visits", "kind": kind, "level": 3, "artifact": ""}
    said = list(Adoption(project, project, answers).missing_in_application())
    assert len(said) == bool(wanted)
    assert wanted in "".join(said)


def test_files_that_a_higher_level_brings_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = dict.fromkeys(("Dockerfile", ".gitignore", "alembic.ini", "CHANGELOG.md"), "mine\n")
    project = write(tmp_path / "visitors", {"visitors.py": SCRIPT, **own})
    adopt(project, 1)
    said = capsys.readouterr().err
    assert "Level 2 adds .gitignore: merge yours when you climb." in said
    assert "Level 3 adds Dockerfile: " in said
    assert "Level 6 adds alembic.ini: " in said
    assert "CHANGELOG.md too" not in said


PIN = "requires Python {}, and .python-version has 3.13: run uv python pin {}"


@pytest.mark.parametrize(
    ("requires", "pinned", "wanted"),
    [
        (">=3.11", None, ""),
        (">=3.13.2", None, ""),
        (">=3.11,<3.13", None, PIN.format(">=3.11,<3.13", "3.11")),
        (">=3.14", None, PIN.format(">=3.14", "3.14")),
        (">=3.14", "3.14\n", ""),
        (">=3.9", None, 'Set requires-python to ">=3.11" in pyproject.toml before you add'),
        (">=3.9,<4", None, 'Set requires-python to ">=3.11,<4" in pyproject.toml before'),
        ("==3.10.*", None, "Support Python 3.11 or newer, which the template needs: not ==3.10.*."),
        ("^3.11", None, ""),
        ("", None, ""),
    ],
)
def test_the_versions_of_python_fit(
    tmp_path: Path, rendered: Render, requires: str, pinned: str | None, wanted: str
) -> None:
    text = UV + (f'requires-python = "{requires}"\n' if requires else "")
    files = {"pyproject.toml": text} | ({".python-version": pinned} if pinned else {})
    project = write(tmp_path / "visits", files)
    answers = {"package": "visits", "kind": "service", "level": 3, "artifact": ""}
    said = list(Adoption(project, rendered(3), answers).missing_in_python())
    assert bool(said) is bool(wanted)
    assert wanted in "".join(said[:1])
    assert any("slim in Dockerfile" in one for one in said) is ("pin" in wanted)
