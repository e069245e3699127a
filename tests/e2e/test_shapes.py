"""Projects of other shapes than the sample's answer with their own pages wherever they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import shapes, support
from tests.shapes import Walk
from tests.testbed import Engine, http

SHAPES = {shape.name: shape for shape in shapes.SHAPES}


def assert_served(walk: Walk) -> None:
    """Check that the service answers with its own page, started as the message says."""
    package = support.answers(walk.project)["package"]
    command = ["uvicorn", f"{package}:app"] if walk.level >= 3 else [f"{package}.py"]
    with support.serving(["uv", "run", *command], walk.project) as address:
        assert walk.shape.says in http.get(f"{address}/").text
        if walk.shape.name == "menu":
            assert "serif" in http.get(f"{address}/static/style.css").text


def assert_in_wheel(walk: Walk, *command: str) -> None:
    """Check that a built wheel has all that the application needs, in another folder."""
    support.run("uv", "build", "--quiet", "--wheel", "--out-dir", walk.elsewhere, cwd=walk.project)
    (wheel,) = walk.elsewhere.glob("*.whl")
    run = ("uv", "run", "--quiet", "--isolated", "--no-project", "--with", wheel)
    assert walk.shape.says in support.run(*run, *command, cwd=walk.elsewhere).stdout
    wheel.unlink()


def lock(walk: Walk) -> None:
    """Do what the message says after a climb to level 3."""
    support.run("uv", "lock", "--quiet", cwd=walk.project)
    support.commit_all(walk.project, "Lock")


def probe(walk: Walk) -> tuple[str, str, str]:
    """Return the command that prints what the application answers."""
    module, expression = walk.shape.module, walk.shape.probe
    return "python", "-c", f"import {module}; m = {module}; print({expression})"


@pytest.mark.parametrize("name", ["menu", "tasks"])
def test_a_script_answers_with_its_page_before_and_after_it_is_a_package(
    tmp_path: Path, name: str
) -> None:
    walk = Walk(SHAPES[name], tmp_path)
    walk.adopt()
    assert_served(walk)
    walk.climb(3)
    lock(walk)
    assert_served(walk)
    assert_in_wheel(walk, *probe(walk))
    walk.climb(walk.shape.level)
    assert_served(walk)


def test_the_image_of_a_script_has_its_page(tmp_path: Path, engine: Engine) -> None:
    walk = Walk(SHAPES["menu"], tmp_path)
    walk.adopt()
    walk.climb(3)
    lock(walk)
    tag = f"ladder-shape-{walk.shape.name}"
    engine.docker("build", "--quiet", f"--tag={tag}", "--build-arg=VERSION=7", str(walk.project))
    done = engine.docker("run", "--rm", tag, *probe(walk))
    assert walk.shape.says in done.stdout


@pytest.mark.parametrize("place", ["links/words", "links", "words", ""])
def test_a_binary_has_what_its_code_reads_beside_itself(tmp_path: Path, place: str) -> None:
    made = support.render(tmp_path / "links", 3, kind="cli", artifact="binary")
    module = made / "src" / "links" / "__init__.py"
    motto = Path(place, "motto.txt")
    file = made / "src" / motto
    file.parent.mkdir(exist_ok=True)
    file.write_text("Festina lente.")
    module.write_text(
        "from pathlib import Path\n\n\ndef main() -> None:\n"
        f"    print((Path(__file__).parents[1] / '{motto.as_posix()}').read_text())\n"
    )
    support.commit_all(made)
    support.run("uv", "run", "pyinstaller", "--log-level=ERROR", "binary.spec", cwd=made)
    done = support.run(made / "dist" / "links", cwd=tmp_path)
    assert done.stdout == "Festina lente.\n"


@pytest.mark.parametrize(("name", "command"), [("beans", ()), ("greet", ("hello", "Ada"))])
def test_an_adopted_package_runs_as_it_did(
    tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    walk = Walk(SHAPES[name], tmp_path)
    walk.adopt()
    lock(walk)
    if not command:
        assert_served(walk)
    assert_in_wheel(walk, *(command or probe(walk)))


def test_a_script_keeps_a_dependency_from_an_address(tmp_path: Path) -> None:
    library = tmp_path / "tidy"
    library.mkdir()
    (library / "pyproject.toml").write_text('[project]\nname = "tidy"\nversion = "1"\n')
    (library / "tidy.py").write_text("def number(one):\n    return f'{one:g}'\n")
    walk = Walk(SHAPES["sums"], tmp_path)
    support.replace(
        walk.project / "sums.py", "git+https://github.com/acme/tidy@v1.2", library.as_uri()
    )
    support.commit_all(walk.project, "Take the library from here")
    walk.adopt()
    for level, command in ((1, "sums.py"), (3, "sums"), (1, "sums.py")):
        if level != walk.level:
            walk.climb(level)
        if level >= 3:
            lock(walk)
        run = support.run("uv", "run", command, "examples/may.txt", cwd=walk.project)
        assert run.stdout == "3.5\n"
