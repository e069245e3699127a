"""What an existing project's files tell at adoption: name, package, kind, dependencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from extensions import detect, metadata
from tests.adoption import write

MAIN = "def main(argv=None):\n    return 0\n"
APP = "app = FastAPI()\n"
GRAINS = {"grains/__init__.py": "", "grains/main.py": MAIN, "helpers/__init__.py": ""}
SETUP_PY = """\
import os
from setuptools import setup

setup(
    name="grain-tool",
    version=os.environ["RELEASE"],
    description="Counts grains.",
    entry_points={"console_scripts": ["grains = grains.main:run"]},
)
"""
SETUP_CFG = """\
[metadata]
name = grain-tool
version = attr: grains.__version__

[options.entry_points]
console_scripts =
    grains = grains.main:run
"""
STUB = "from setuptools import setup\n\nsetup()\n"
SCRIPTS = '[project]\nname = "grains"\n[project.scripts]\ng = "grains.main:run"\n'
POINTS = '[project]\nname = "g"\n[project.entry-points.console_scripts]\ng = "grains.main:run"\n'
POETRY = '[tool.poetry]\nname = "grains"\n[tool.poetry.scripts]\ng = "grains.main:run"\n'
DJANGO = {
    "manage.py": MAIN,
    "shop/__init__.py": "",
    "shop/asgi.py": "application = get_asgi_application()\n",
    "orders/__init__.py": "",
}


@pytest.mark.parametrize(
    ("files", "package", "kind"),
    [
        ({"tides.py": APP, "harbour/__init__.py": ""}, "tides", "service"),
        ({"pyproject.toml": SCRIPTS, **GRAINS}, "grains", "cli"),
        ({"pyproject.toml": POINTS, **GRAINS}, "grains", "cli"),
        ({"pyproject.toml": POETRY, **GRAINS}, "grains", "cli"),
        ({"setup.cfg": SETUP_CFG, "setup.py": STUB, **GRAINS}, "grains", "cli"),
        ({"setup.py": SETUP_PY, **GRAINS}, "grains", "cli"),
        ({"setup.py": SETUP_PY.replace("setup(", "setuptools.setup("), **GRAINS}, "grains", "cli"),
        (DJANGO, "shop", "service"),
        ({"manage.py": MAIN, "a/__init__.py": "", "b/__init__.py": ""}, "", ""),
        (
            {"web/__init__.py": "def create_app():\n    ...\n", "a/__init__.py": ""},
            "web",
            "service",
        ),
        ({"todo.py": "app = typer.Typer()\n" + MAIN}, "todo", "cli"),
        ({"a.py": APP, "b.py": APP}, "", "service"),
        ({"a.py": "x = 1\n"}, "a", ""),
    ],
)
def test_package_and_kind(tmp_path: Path, files: dict[str, str], package: str, kind: str) -> None:
    found = detect.detect_answers(write(tmp_path / "visitors", files))
    assert (found.get("package", ""), found.get("kind", "")) == (package, kind)


def test_what_setup_py_computes_is_not_known(tmp_path: Path) -> None:
    given = metadata.fields(write(tmp_path / "visitors", {"setup.py": SETUP_PY}))
    assert given["name"] == "grain-tool"
    assert given["description"] == "Counts grains."
    assert "version" not in given
    assert "version" not in metadata.fields(write(tmp_path / "cfg", {"setup.cfg": SETUP_CFG}))


@pytest.mark.parametrize(
    ("files", "listed"),
    [
        ({"setup.cfg": "[flake8]\nmax-line-length = 100\n"}, []),
        ({"setup.cfg": SETUP_CFG, "setup.py": STUB}, []),
        ({"setup.cfg": "[options]\ninstall_requires =\n    rich\n"}, ["setup.cfg"]),
        ({"setup.py": "from setuptools import setup\nsetup(install_requires=[])\n"}, []),
        ({"setup.py": "from setuptools import setup\nsetup(install_requires=A)\n"}, ["setup.py"]),
        ({"requirements.txt": "rich\n"}, ["requirements.txt"]),
    ],
)
def test_files_that_list_dependencies(
    tmp_path: Path, files: dict[str, str], listed: list[str]
) -> None:
    assert metadata.files_with_dependencies(write(tmp_path / "visitors", files)) == listed
