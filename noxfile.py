"""What can be done here: `nox -l` lists it, `nox` alone checks everything."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml("pyproject.toml")
BUSY = (os.cpu_count() or 1) + 1
"""Workers for tests that often wait for hosts and containers: one more than processors."""


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group."""
    session.install(*nox.project.dependency_groups(PYPROJECT, group))


def pythons() -> str:
    """Return PATH with the interpreters that pyenv keeps: its shims do not run outside it."""
    path = os.environ["PATH"]
    if pyenv := shutil.which("pyenv"):
        root = os.environ.get("PYENV_ROOT") or Path(pyenv).resolve().parents[1]
        found = sorted(Path(root).glob("versions/3.1*/bin"))
        path = os.pathsep.join([path, *map(str, found)])
    return path


def pytest(session: nox.Session, *arguments: str, workers: int | None = None) -> None:
    """Run pytest on all processors.

    Copier's temporary clones lie in memory where there is room; the projects of the tests do not,
    since uv links its packages only within one file system.
    """
    environment = {"PATH": pythons(), "PYTHONDONTWRITEBYTECODE": None, "PYTHONUTF8": "1"}
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 2**31:
        environment |= {"TMPDIR": str(memory), "PYTEST_DEBUG_TEMPROOT": tempfile.gettempdir()}
    options = [f"--numprocesses={workers or os.cpu_count()}", "--dist=loadgroup"]
    options += ["--no-loadscope-reorder"]  # the order in which the tests are collected
    report = f"--junit-xml={ROOT / '.nox' / 'reports' / session.name}.xml"
    session.run("pytest", *options, report, *arguments, env=environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Check this project's own code and workflows."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("zizmor", "--offline", "--persona=pedantic", "--quiet", ".github")
    session.run("actionlint")
    images = Path("tests", "testbed", "images")
    scripts = [*images.rglob("*.sh"), *images.rglob("start-*")]
    session.run("shellcheck", ".ci/run", *map(str, sorted(scripts)))


@nox.session
def unit(session: nox.Session) -> None:
    """Run the quick tests: renders, file lists, linters of projects, a sample of climbs."""
    install(session, "test")
    pytest(session, "--ignore=tests/e2e", "-m", "not exhaustive", *session.posargs)


@nox.session
def invariants(session: nox.Session) -> None:
    """Climb and descend between all levels."""
    install(session, "test")
    pytest(session, "--ignore=tests/e2e", "-m", "exhaustive", *session.posargs)


@nox.session
def e2e(session: nox.Session) -> None:
    """Carry out what each level promises, on the testbed."""
    install(session, "test")
    pytest(session, "tests/e2e", *session.posargs, workers=BUSY)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests: unit, invariants and e2e together, in parallel."""
    install(session, "test")
    pytest(session, *session.posargs, workers=BUSY)


@nox.session
def newest(session: nox.Session) -> None:
    """Run the quick tests on the newest Copier 9, whatever version is pinned."""
    install(session, "test")
    session.install("--upgrade", "copier>=9.19,<10", "copier-template-extensions")
    session.run("copier", "--version")
    pytest(session, "--ignore=tests/e2e", "-m", "not exhaustive", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Run random update sequences and check the invariants: `nox -s fuzz -- --sequences 300`."""
    install(session, "test")
    session.run("python", "-m", "tools.fuzz", *session.posargs, env={"PATH": pythons()})


@nox.session
def mutation(session: nox.Session) -> None:
    """Remove one piece of Ladder at a time, and write reports/mutation.md."""
    install(session, "test")
    session.run("python", "-m", "tools.mutation", *session.posargs, env={"PATH": pythons()})


@nox.session
def docs(session: nox.Session) -> None:
    """Renew what is generated: the costs, the README's ladder and docs/reference/."""
    install(session, "test")
    session.run("python", "-m", "tools.docs")


@nox.session
def release(session: nox.Session) -> None:
    """Test the upgrades, then commit and tag a release: `nox -s release -- 1.1.0`."""
    install(session, "test")
    pytest(session, *(f"tests/test_{name}.py" for name in ("two_versions", "upgrades", "release")))
    session.run("python", "-m", "tools.release", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what users wait for, and write reports/bench.md: `nox -s bench -- --before REV`."""
    install(session, "bench")
    session.run("python", "-m", "tools.bench", *session.posargs)


@nox.session
def testbed(session: nox.Session) -> None:
    """Start, show or stop the testbed: `nox -s testbed -- up`, `status` or `down`."""
    install(session, "test")
    session.run("python", "-m", "tests.testbed", *(session.posargs or ["status"]))
