"""What the tests do to a rendered project, and what its pipeline is expected to do."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from pathlib import Path

from tests import variants
from tests.testbed import Engine

CLI = {"kind": "cli"}
WHEEL, BINARY = map(variants.answers, variants.PROGRAMS)
CODE = "src/links/__init__.py"
CHECKS = {"check / lint", "check / types", "check / unit", "check / contract"}
TESTS = {6: "integration / tests", 7: "system / tests"}


def repository() -> str:
    """Return a name on the forge that no other test uses, so that tests share no images."""
    return f"acme/links-{secrets.token_hex(3)}"


def first_push(level: int) -> dict[str, str]:
    """Return the result of each job of a service when nothing is set up on the forge."""
    results = {"package / image": "success"}
    if level >= 4:
        results |= dict.fromkeys(CHECKS, "success")
    results |= {name: "success" for added, name in TESTS.items() if level >= added}
    if level >= 5:
        results |= {"staging / deploy": "skipped", "staging / skipped": "success"}
    if level >= 8:
        results |= {"production / deploy": "skipped", "production / skipped": "skipped"}
    return results


def change(file: Path, old: str, new: str) -> None:
    """Replace a text that a file has exactly once."""
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} in {file}"
    file.write_text(text.replace(old, new))


def pytest_in(
    project: Path, engine: Engine, *words: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a project's own tests on the testbed's engine."""
    environment = {**os.environ, **engine.environ(), **settings}
    environment.pop("VIRTUAL_ENV", None)
    return subprocess.run(
        ["uv", "run", "pytest", "-q", *words],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def failed_tests(done: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the names of the tests that failed, without their files."""
    failures = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return {name.rpartition("::")[2] for name in failures}


def push_image(engine: Engine, project: Path, tag: str, version: str) -> None:
    """Build a version of a project and push its image."""
    argument = f"--build-arg=VERSION={version}"
    engine.docker("build", "--quiet", f"--tag={tag}", argument, project)
    engine.docker("push", "--quiet", tag)
