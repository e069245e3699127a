"""A relocation carries dependencies by canonical name, settings, and modules beside the script."""

from __future__ import annotations

from pathlib import Path

import pytest

from extensions import pyproject, references, relocate

PYPROJECT = """\
[project]
name = "links"
requires-python = ">=3.11"
dependencies = [
    # Managed by the template, up to the next comment:
    "alembic>=1.17",
    "psycopg[binary]>=3.2",
    "uvicorn>=0.37",
    # Yours; add with `uv add`:
    "attrs>=25",
]

# Your own tool settings go below this line.
"""


def header(*dependencies: str, more: str = "") -> str:
    """Return the body of a script's header."""
    listed = "".join(f'#     "{dependency}",\n' for dependency in dependencies)
    return f'# requires-python = ">=3.11"\n# dependencies = [\n{listed}# ]\n{more}'


@pytest.mark.parametrize(
    ("dependency", "carried"),
    [
        ("fastapi>=0.118", True),
        ("uvicorn>=0.37", False),
        ("uvicorn", False),
        ("Uvicorn", False),
        ("uvicorn[standard]", True),
        ("uvicorn<1", True),
        ("psycopg[binary]>=3.2", True),  # the template's own goes again with a descent
        ("psycopg[pool]", True),
        ("Attrs", False),
        ("zope.interface", True),
    ],
)
def test_a_dependency_is_carried_unless_it_is_there(dependency: str, carried: bool) -> None:
    text = pyproject.with_header(PYPROJECT, header(dependency))
    mine = text.partition(pyproject.OWN_ANCHOR)[2]
    assert (f'    "{dependency}",\n' in mine) == carried
    assert text.partition(pyproject.OWN_ANCHOR)[0] == PYPROJECT.partition(pyproject.OWN_ANCHOR)[0]


def test_what_uv_sorts_above_the_templates_block_is_the_users() -> None:
    text = PYPROJECT.replace("    # Managed", '    "anyio>=4",\n    # Managed', 1)
    managed, own = pyproject.dependencies(text)
    assert own == ["anyio>=4", "attrs>=25"]
    assert managed == ["alembic>=1.17", "psycopg[binary]>=3.2", "uvicorn>=0.37"]


def test_carried_dependencies_are_sorted_by_name() -> None:
    text = pyproject.with_header(PYPROJECT, header("Zstd", "fastapi", "b_c", "B-a"))
    mine = text.partition(pyproject.OWN_ANCHOR)[2].partition("]")[0].split()
    assert mine == ['"B-a",', '"b_c",', '"fastapi",', '"Zstd",', '"attrs>=25",']


def test_python_and_tool_settings_are_carried() -> None:
    more = "# [tool.uv]\n# prerelease = 'allow'\n"
    text = pyproject.with_header(PYPROJECT, header("fastapi", more=more).replace("3.11", "3.13"))
    assert 'requires-python = ">=3.13"' in text
    assert text.endswith("\n[tool.uv]\nprerelease = 'allow'\n")


@pytest.mark.parametrize(
    ("dependency", "more", "said"),
    [
        ("fastapi", "", ""),
        ("tidy @ https://example.com/tidy-1-py3-none-any.whl", "", ""),
        ("tidy @ file:///srv/tidy", "", "tidy is at /srv/tidy, which CI and the image do not have"),
        ("tidy @ git+https://example.com/tidy@v1", "", "tidy comes from git, which the image does"),
        ("tidy", "[tool.uv.sources]\ntidy = {path = '../tidy'}\n", "tidy is at ../tidy, which CI"),
        (
            "tidy",
            "[tool.uv.sources]\ntidy = [{git = 'https://example.com/t', marker = 'x'}]\n",
            "tidy comes from git",
        ),
        ("tidy", "[tool.uv.sources]\ntidy = {index = 'acme'}\n", ""),
        ("tidy tidy", "", ""),
    ],
)
def test_a_dependency_that_a_build_elsewhere_cannot_get_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dependency: str,
    more: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").touch()
    Path("pyproject.toml").write_text(PYPROJECT.replace("attrs>=25", dependency) + more)
    relocate.report_addresses()
    found = capsys.readouterr().err
    assert said in found
    assert bool(found) is bool(said)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "mixed"])
def test_line_ends_that_need_not_change_do_not(ends: str) -> None:
    lines = PYPROJECT.splitlines()
    other = {"mixed": "\r\n"}.get(ends, ends)
    first = {"mixed": "\n"}.get(ends, ends)
    text = "".join(f"{line}{(first, other)[number % 2]}" for number, line in enumerate(lines))
    found = pyproject.with_header(text, header("fastapi")).splitlines(keepends=True)
    added = [line for line in found if "fastapi" in line]
    assert added == [f'    "fastapi",{first}']
    assert "".join(line for line in found if line not in added) == text


@pytest.mark.parametrize(
    ("dependency", "more", "edit", "restorable"),
    [
        ("fastapi", "", "", True),
        ("tidy @ https://example.com/tidy-1-py3-none-any.whl", "", "", True),
        ("fastapi", "# [tool.uv]\n# prerelease = 'allow'\n", "", True),
        ("tidy", "# [tool.uv.sources]\n# tidy = {path = 'tidy'}\n", "", True),
        ("tidy", "#\n# [[tool.uv.index]]\n# url = 'https://example.com/simple'\n", "", True),
        ("fastapi", "", "\n[tool.mine]\nwidth = 99\n", False),
        ("fastapi", "", "# Mine.\n", False),
    ],
)
def test_a_header_holds_again_what_was_carried(
    dependency: str, more: str, edit: str, restorable: bool
) -> None:
    unedited = PYPROJECT.replace("# Your own", '[tool.uv]\ndefault-groups = "all"\n\n# Your own')
    carried = pyproject.with_header(unedited, header(dependency, more=more)) + edit
    assert pyproject.is_restorable(carried, unedited) == restorable
    if restorable:
        restored = pyproject.HEADER.search(pyproject.header_for(carried, ()))
        assert restored
        assert pyproject.with_header(unedited, restored["body"]) == carried


@pytest.mark.parametrize(
    ("pyproject", "script"),
    [
        (PYPROJECT.replace(pyproject.OWN_ANCHOR, ""), header("fastapi")),
        ("<<<<<<< before updating\n", header("fastapi")),
        (PYPROJECT, header("not a requirement")),
        (PYPROJECT, "# dependencies = [\n"),
    ],
)
def test_a_header_that_cannot_be_carried_is_left_to_the_user(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pyproject: str,
    script: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(pyproject)
    code = Path("links.py")
    code.write_text(f"# /// script\n{script}# ///\nprint()\n")
    before = code.read_text()
    relocate.carry_header(code)
    assert "Move the header of links.py to pyproject.toml by hand: " in capsys.readouterr().err
    assert Path("pyproject.toml").read_text() == pyproject
    assert code.read_text() == before


def test_modules_that_the_script_imports_are_found(tmp_path: Path) -> None:
    for name, text in {
        "links.py": "import one\nfrom pack.inner import x\nimport os, json\n",
        "one.py": "import two\n",
        "two.py": "import one, links\n",
        "three.py": "",
        "pack/__init__.py": "",
        "pack/inner.py": "import four\n",
        "four.py": "def broken(:\n",
        "json.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = references.imported_modules(tmp_path / "links.py", tmp_path, "links")
    assert [path.name for path in found] == ["four.py", "one.py", "pack", "two.py"]


@pytest.mark.parametrize(
    ("own", "is_met"),
    [
        ("uvicorn>=0.37", True),
        ("Uvicorn[standard]>=0.40,<1", True),
        ("uvicorn==0.38.*", True),
        ("uvicorn~=0.37", True),
        ("uvicorn @ https://example.com/uvicorn-0.38-py3-none-any.whl", True),
        ("uvicorn>=0.20", False),
        ("uvicorn<1", False),
        ("uvicorn", False),
        ("uvicorn==0.36.1", False),
        ("psycopg>=3.3", False),
        ("psycopg[pool]>=3.3", False),
        ("psycopg[binary]>=3.2", False),
        ("psycopg[binary,pool]>=3.3", True),
        ({"include-group": "test"}, False),
    ],
)
def test_a_requirement_is_met_by_no_older_version_and_all_extras(own: object, is_met: bool) -> None:
    wanted = ["psycopg[binary]>=3.3"] if "psycopg" in str(own) else ["uvicorn>=0.37"]
    assert pyproject.unmet(wanted, [own]) == ([] if is_met else wanted)
