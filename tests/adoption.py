"""Projects that were not made from the template, and how they come onto the ladder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import support

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
SETUP = "[metadata]\nname = guests\n\n[options]\ninstall_requires = fastapi\n"
UV = '[project]\nname = "guests"\nversion = "1.0"\ndependencies = ["fastapi"]\n'
PROJECTS = {
    "script": COMMON | {"guests.py": SCRIPT},
    "setuptools": COMMON | CI | {"src/guests/__init__.py": CODE, "setup.cfg": SETUP},
    "poetry": COMMON | CI | {"guests/__init__.py": CODE, "pyproject.toml": POETRY},
    "uv": COMMON | {"src/guests/main.py": CODE, "pyproject.toml": UV, "Dockerfile": "FROM x:1\n"},
}


def make_project(folder: Path, kind: str) -> Path:
    """Make a project of a kind, committed."""
    return write(folder / "visitors", PROJECTS[kind])


def write(project: Path, files: dict[str, str]) -> Path:
    """Make a project of these files, committed."""
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    support.commit_all(project, "Ours")
    return project


def adopt(project: Path, level: int, **more: Any) -> None:
    """Bring a project onto the ladder."""
    answers = {"level": level, "owner": "acme", "license": "MIT"}
    support.copy(project, quiet=False, **{**answers, **more})
