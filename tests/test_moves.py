"""A climb or a descent moves all that the application needs: it still answers afterwards."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from copier.errors import UserMessageError

from extensions import pyproject, references
from tests import support

HEADER = '# /// script\n# requires-python = ">=3.11"\n# dependencies = []\n# ///\n'
MAIN = """

def main(argv=None):
    print(ANSWER)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
"""
BESIDE = "from pathlib import Path\n\nHERE = Path(__file__).parent\n"
SHAPES: dict[str, dict[str, str]] = {
    "alone": {"links.py": "ANSWER = 'fine'\n"},
    "a module": {"links.py": "from menu import ANSWER\n", "menu.py": "ANSWER = 'fine'\n"},
    "a module of a module": {
        "links.py": "from menu import ANSWER\n",
        "menu.py": "import config\n\nANSWER = config.ANSWER\n",
        "config.py": "ANSWER = 'fine'\n",
    },
    "a package": {
        "links.py": "from menu.items import ANSWER\n",
        "menu/__init__.py": "",
        "menu/items.py": "import config\n\nANSWER = config.ANSWER\n",
        "config.py": "ANSWER = 'fine'\n",
    },
    "a folder without __init__.py": {
        "links.py": "from routers.pages import ANSWER\n",
        "routers/pages.py": "ANSWER = 'fine'\n",
    },
    "a package with files": {
        "links.py": "from menu import ANSWER\n",
        "menu/__init__.py": f"{BESIDE}\nANSWER = (HERE / 'menu.txt').read_text().strip()\n",
        "menu/menu.txt": "fine\n",
    },
    "a file": {
        "links.py": f"{BESIDE}\nANSWER = (HERE / 'menu.toml').read_text().strip()\n",
        "menu.toml": "fine\n",
    },
    "a file in a folder": {
        "links.py": f"{BESIDE}\nANSWER = (HERE / 'data/today' / 'menu.txt').read_text().strip()\n",
        "data/today/menu.txt": "fine\n",
    },
    "folders": {
        "links.py": f"{BESIDE}\nTEXTS = [one.read_text().strip() for one in "
        "[*HERE.joinpath('static').iterdir(), *HERE.joinpath('./templates').iterdir()]]\n"
        "ANSWER = ''.join(TEXTS)\n",
        "static/one.txt": "fi\n",
        "templates/two.html": "ne\n",
    },
    "a module with a file": {
        "links.py": "from menu import ANSWER\n",
        "menu.py": f"{BESIDE}\nANSWER = (HERE / 'menu.txt').read_text().strip()\n",
        "menu.txt": "fine\n",
    },
    "a file by the working directory": {
        "links.py": "from pathlib import Path\n\nMENU = Path('menu.txt')\n"
        "ANSWER = MENU.read_text().strip() if MENU.exists() else 'fine'\n",
        "menu.txt": "fine\n",
    },
    "a file beside and one by the working directory": {
        "links.py": f"{BESIDE}\nNOTES = Path('notes.txt')\n"
        "FILE = NOTES if NOTES.exists() else HERE / 'a.txt'\nANSWER = FILE.read_text().strip()\n",
        "notes.txt": "fine\n",
        "a.txt": "fine\n",
    },
}


def exhaustive_but(quick: str, names: Iterable[str]) -> list[Any]:
    """Return parameters of which only one is a quick test."""
    marks = {name: [] if name == quick else [pytest.mark.exhaustive] for name in names}
    return [pytest.param(name, marks=marked) for name, marked in marks.items()]


def project(folder: Path, files: dict[str, str]) -> Path:
    """Return a committed program at level 2 whose own code is these files."""
    made = support.render(folder / "links", 2, kind="cli")
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        header = HEADER if name == "links.py" else ""
        (made / name).write_text(header + text + (MAIN if name == "links.py" else ""))
    support.commit_all(made)
    return made


def answer(made: Path, elsewhere: Path, level: int) -> str:
    """Return what the application prints, started from another folder once it is a package."""
    if level < 3:
        command, folder = [sys.executable, "links.py"], made
    else:
        command, folder = [sys.executable, "-c", "import links; links.main()"], elsewhere
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(made / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("shape", exhaustive_but("a module with a file", SHAPES))
def test_the_application_answers_after_a_climb_and_a_descent(tmp_path: Path, shape: str) -> None:
    made = project(tmp_path, SHAPES[shape])
    before = {path: text for path, text in support.files(made).items() if path in SHAPES[shape]}
    assert answer(made, tmp_path, 2) == "fine"
    support.climb(made, 3, kind="cli")
    assert answer(made, tmp_path, 3) == "fine"
    support.commit_all(made)
    moved = support.git(made, "log", "-1", "--format=", "--name-status", "-M20%").splitlines()
    assert not {line for line in moved if line[0] == "D"}, "every file is a rename for git"
    support.climb(made, 2, kind="cli")
    assert answer(made, tmp_path, 2) == "fine"
    after = support.files(made)
    assert {path: after.get(path) for path in before} == before


def test_what_stays_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = SHAPES["a file by the working directory"] | {"notes/one.md": "", "tool.py": ""}
    files["links.py"] += "print(__file__)\n"
    made = project(tmp_path, files)
    capfd.readouterr()
    support.climb(made, 3, kind="cli")
    said = capfd.readouterr().err
    assert (made / "menu.txt").is_file()
    assert "names menu.txt, which the artifact does not contain" in said
    assert "Not moved, since src/links/__init__.py does not need them: notes, tool.py" in said


def test_a_renamed_application_is_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, SHAPES["alone"])
    support.git(made, "mv", "links.py", "application.py")
    support.commit_all(made)
    support.climb(made, 3, kind="cli")
    said = capfd.readouterr().err
    command = "mkdir -p src/links && git mv application.py src/links/__init__.py"
    assert f"There is no src/links/__init__.py: run {command}." in said


@pytest.mark.parametrize(
    "line",
    exhaustive_but(
        "from .web import x",
        ["from links.web import x", "import links.web", "from . import web", "from .web import x"],
    ),
)
def test_a_package_of_several_modules_does_not_become_a_script(tmp_path: Path, line: str) -> None:
    made = project(tmp_path, SHAPES["alone"])
    support.climb(made, 3, kind="cli")
    module = made / "src/links/__init__.py"
    module.write_text(f"{line}\n{module.read_text()}")
    (made / "src/links/web.py").write_text("x = 1\n")
    support.commit_all(made)
    before = support.files(made)
    why = "imports web from its package: move that code into src/links/__init__.py"
    with pytest.raises(UserMessageError, match=why):
        support.climb(made, 2, kind="cli")
    assert support.files(made) == before


COOKIE = "# -*- coding: latin-1 -*-\n"
FIRST = {
    "nothing": "",
    "encoding": COOKIE,
    "encoding in the second line": f"# Ours.\n{COOKIE}",
    "encoding below an empty line": f"\n{COOKIE}",
    "encoding for Vim": "# vim: set fileencoding=latin-1 :\n",
    "#!": "#!/usr/bin/env python3\n",
    "#! and encoding": f"#!/usr/bin/env python3\n{COOKIE}",
    "byte order mark": "\ufeff",
    "byte order mark and #!": "\ufeff#!/usr/bin/env python3\n",
    "byte order mark and encoding": "\ufeff# -*- coding: utf-8 -*-\n",
}
REST = ('"""Ours."""\nfrom __future__ import annotations\n', "# Ours.\nANSWER = 1\n", "")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
def test_a_header_goes_below_the_lines_that_must_stay_first(
    first: str, rest: str, newline: str
) -> None:
    before = (first + rest).replace("\n", newline)
    after = pyproject.add_header(before, HEADER)
    encoding = "latin-1" if "latin" in first else "utf-8"
    compile(after.encode(encoding), "links.py", "exec", dont_inherit=True)
    assert after.startswith(first.replace("\n", newline))
    assert f"\n{HEADER}" in "\n" + after.replace(newline, "\n"), "it begins a line"
    assert pyproject.HEADER.sub("", after) == before


@pytest.mark.parametrize("text", [f"\ufeff{HEADER}", f"print()\n{HEADER.rstrip()}"])
def test_a_header_is_found_wherever_it_is(text: str) -> None:
    assert pyproject.HEADER.sub("", text) in {"\ufeff", "print()\n"}


@pytest.mark.parametrize(
    "line",
    exhaustive_but(
        "from links.web import x",
        ["from links.web import x", "from links import web", "import links.web"],
    ),
)
def test_nor_does_one_whose_other_modules_import_it(tmp_path: Path, line: str) -> None:
    made = project(tmp_path, SHAPES["a module"])
    support.climb(made, 3, kind="cli")
    (made / "src/menu.py").write_text(f"{line}\nANSWER = 'fine'\n")
    (made / "src/links/web.py").write_text("x = 1\n")
    support.commit_all(made)
    before = support.files(made)
    with pytest.raises(UserMessageError, match=r"src/menu\.py imports web from its package"):
        support.climb(made, 2, kind="cli")
    assert support.files(made) == before


def test_modules_of_others_are_not_taken_for_the_packages_own(tmp_path: Path) -> None:
    package = tmp_path / "links"
    package.mkdir()
    (package / "json.py").write_text("")
    for name, text in (("links/__init__.py", "import json\n"), ("menu.py", "from . import json\n")):
        (tmp_path / name).write_text(text + "from json import loads\nimport links\n")
        assert references.submodules(tmp_path / name, package) == set()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("links.py", "from src.web import ANSWER"),
        pytest.param("links.py", "import src.web", marks=pytest.mark.exhaustive),
        pytest.param("menu.py", "from src import web", marks=pytest.mark.exhaustive),
        pytest.param("menu.py", "import tests.web", marks=pytest.mark.exhaustive),
    ],
)
def test_a_script_that_imports_from_a_folder_of_levels_stays_one(
    tmp_path: Path, file: str, line: str
) -> None:
    folder = "tests" if "tests" in line else "src"
    files = {**SHAPES["a module"], f"{folder}/web.py": "ANSWER = 'fine'\n"}
    made = project(tmp_path, {**files, file: f"{line}\n{files[file]}"})
    before = support.files(made)
    with pytest.raises(UserMessageError, match=rf"{file} imports from {folder}/, which is no pack"):
        support.climb(made, 3, kind="cli")
    assert support.files(made) == before


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "Latin-1": lambda text: f"# -*- coding: latin-1 -*-\n{text}# réduit\n".encode("latin-1"),
    "BOM": lambda text: text.encode("utf-8-sig"),
    "no last line end": lambda text: text.rstrip("\n").encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "form feed": lambda text: text.replace("\n\n", "\n\f\n").encode(),
}


@pytest.mark.parametrize("encoding", exhaustive_but("CRLF", ENCODINGS))
def test_bytes_that_need_not_change_do_not(tmp_path: Path, encoding: str) -> None:
    made = project(tmp_path, SHAPES["alone"])
    script = made / "links.py"
    encode, script_text = ENCODINGS[encoding], script.read_text()
    written = encode(script_text)
    script.write_bytes(written)
    support.commit_all(made)
    support.climb(made, 3, kind="cli")
    code = (made / "src/links/__init__.py").read_bytes()
    assert code == encode(script_text.replace(HEADER, ""))
    assert answer(made, tmp_path, 3) == "fine"
    support.commit_all(made)
    support.climb(made, 2, kind="cli")
    assert answer(made, tmp_path, 2) == "fine"
    newline = b"\n" if encoding == "BOM" else b""
    assert script.read_bytes() == written.replace(b"\xef\xbb\xbf", b"\xef\xbb\xbf" + newline)


def test_the_tables_of_the_user_and_of_a_level_are_merged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(tmp_path, SHAPES["alone"])
    support.climb(made, 3, kind="cli")
    file = made / pyproject.FILE
    ruff = '[tool.ruff]\n# Long.\nline-length = 120\nexclude = [\n    "old",\n]\n'
    own = f"\n{ruff}\n[tool.mine]\na = 1\n"
    file.write_text(file.read_text() + own)
    support.commit_all(made)
    support.climb(made, 4, kind="cli")
    tools = tomllib.loads(file.read_text())["tool"]
    assert tools["ruff"]["line-length"] == 120
    assert tools["ruff"]["exclude"] == ["old"]
    assert tools["ruff"]["src"] == [".", "src", "ops"]
    assert tools["mine"] == {"a": 1}
    assert "Merged the tables that pyproject.toml had twice" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("requires", "pinned", "wanted"),
    [
        (">=3.11", "3.13", ""),
        (">=3.14", "3.13", "3.14"),
        ("<3.13", "3.13", "3.11"),
        ("<3.13.0", "3.13", "3.11"),
        (">=3.12,<3.13", "3.13", "3.12"),
        ("!=3.13.*", "3.13", "3.11"),
        ("==3.10.*", "3.13", ""),
        (">=3.13.2", "3.13", ""),
        (">3.13", "3.13", ""),
        ("==3.13.4", "3.13", ""),
        ("~=3.13.3", "3.13", ""),
        ("!=3.13.0", "3.13", ""),
        (">=3.13.2", "3.13.1", "3.13"),
    ],
)
def test_a_python_that_is_allowed_is_found(requires: str, pinned: str, wanted: str) -> None:
    assert pyproject.python_for(requires, pinned) == wanted


def test_a_direct_reference_is_allowed() -> None:
    text = "[project]\nname = 'links'\ndependencies = [\n" + pyproject.TEMPLATE_ANCHOR
    text += pyproject.OWN_ANCHOR + "]\n"
    header = '# dependencies = ["mylib @ https://example.com/mylib-1-py3-none-any.whl"]\n'
    result = tomllib.loads(pyproject.with_header(text, header))
    assert result["tool"]["hatch"]["metadata"]["allow-direct-references"] is True


def test_names_in_strings_are_files_only_by_their_first_part(tmp_path: Path) -> None:
    code = tmp_path / "links.py"
    code.write_text("a = 'data/x.csv'\nb = f'{a}/static/{a}'\nc = './menu.toml'\nd = 'a data'\n")
    files = ["data", "static", "menu.toml", "x.csv"]
    assert references.named(code, files) == {"data", "static", "menu.toml"}


BESIDE_ITSELF = {
    "with_name": "Path(__file__).with_name('x.txt')",
    "slash": "Path(__file__).parent / 'x.txt'",
    "a name": "here = Path(__file__).parent\nhere / 'x.txt'",
    "two names": "here = Path(__file__).parent\ndata = here.resolve()\nopen(data / 'x.txt')",
    "os.path": "os.path.join(os.path.dirname(__file__), 'x.txt')",
    "Path": "Path(os.path.dirname(__file__), 'x.txt')",
    "plus": "os.path.dirname(__file__) + '/x.txt'",
    "f-string": "f'{os.path.dirname(__file__)}/x.txt'",
    "a name of the file": "NAME = 'x.txt'\nPath(__file__).parent / NAME",
    "files of a list": "for one in ['x.txt']:\n    Path(__file__).with_name(one)",
    "a function": "def here(name):\n    return Path(__file__).parent / name\nhere('x.txt')",
    "a function that reads": "H = Path(__file__).parent\ndef show(one):\n    print(H / one)\n"
    "show('x.txt')",
    "an attribute": "class A:\n    def f(self):\n        self.here = Path(__file__)\n"
    "        self.here.with_name('x.txt')",
    "a pattern": "Path(__file__).parent.glob('*.txt')",
    "chdir": "os.chdir(os.path.dirname(__file__))\nopen('x.txt')",
    "templates": "t = Jinja2Templates(directory=Path(__file__).parent)\n"
    "t.TemplateResponse('x.txt')",
    "send": "send_from_directory(os.path.dirname(__file__), 'x.txt')",
    "resources": "from importlib import resources\nresources.files('a').joinpath('x.txt')",
    "files": "from importlib.resources import files as f\nf('a') / 'x.txt'",
    "importlib.resources": "import importlib.resources\nimportlib.resources.files('a') / 'x.txt'",
    "pkgutil": "import pkgutil\npkgutil.get_data(__name__, 'x.txt')",
    "Flask": "Flask(__name__, static_folder='x.txt')",
}
FROM_THE_CURRENT_FOLDER = {
    "alone": "open('x.txt')",
    "a mention": "open('x.txt')\nprint(__file__)",
    "another": "open('x.txt')\nPath(__file__).with_name('y.txt')",
    "a copy": "shutil.copy('x.txt', Path(__file__).parent)",
    "a name": "logging.getLogger(__name__)\nPath('x.txt')",
    "a text": "here = Path(__file__).parent\nprint('x.txt is missing')\nprint('x.txt')",
    "argv": "Path(sys.argv[1], 'x.txt') if Path(__file__).exists() else Path('x.txt')",
}


@pytest.mark.parametrize(
    ("code", "beside"),
    [
        *((code, True) for code in BESIDE_ITSELF.values()),
        *((code, False) for code in FROM_THE_CURRENT_FOLDER.values()),
    ],
    ids=[*BESIDE_ITSELF, *(f"current folder, {name}" for name in FROM_THE_CURRENT_FOLDER)],
)
def test_a_file_is_needed_beside_code_that_finds_it_by_its_own_place(
    tmp_path: Path, code: str, beside: bool
) -> None:
    file = tmp_path / "links.py"
    file.write_text(f"{code}\n")
    assert references.named_beside(file, ["x.txt", "z.csv"]) == ({"x.txt"} if beside else set())


def test_flask_finds_its_folders_beside_itself(tmp_path: Path) -> None:
    file = tmp_path / "links.py"
    file.write_text("app = flask.Flask(__name__)\n")
    files = ["static", "templates", "data"]
    assert references.named_beside(file, files) == {"static", "templates"}


def test_a_climb_says_what_the_application_does_not_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = support.render(tmp_path / "links", 3)
    (made / "src/links/__init__.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
    support.commit_all(made)
    support.climb(made, 4)
    assert "Answer GET /healthz with the status and the version." in capfd.readouterr().err


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["service", "cli"])
def test_a_climb_of_the_sample_has_nothing_to_say(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    made = support.render(tmp_path / "links", 0, kind=kind)
    support.commit_all(made)
    capfd.readouterr()
    for level in (2, 3, 6):
        support.climb(made, level, kind=kind)
        support.commit_all(made)
    said = [line for line in capfd.readouterr().err.splitlines() if "Moved" not in line]
    assert [line for line in said if line.startswith("  ") and line.endswith(".")] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("file", "level", "said"),
    [
        ("docker-compose.yml", 7, "Merge docker-compose.yml into compose.yaml"),
        ("README.rst", 1, "Merge README.rst into README.md"),
        ("ruff.toml", 4, "Move the settings in ruff.toml to pyproject.toml and delete it"),
        (".coveragerc", 4, "with it, [tool.coverage] has no effect"),
        (".github/dependabot.yaml", 4, "Merge .github/dependabot.yaml into .github/dependabot.yml"),
        ("Containerfile", 3, "Merge Containerfile into Dockerfile"),
    ],
)
def test_a_file_of_the_same_purpose_is_named(
    tmp_path: Path, file: str, level: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    made = support.render(tmp_path / "links", level - 1)
    (made / file).parent.mkdir(exist_ok=True)
    (made / file).write_text("\n")
    support.commit_all(made)
    support.climb(made, level)
    assert said in capfd.readouterr().err
