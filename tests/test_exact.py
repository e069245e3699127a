"""Invariant 1: a level has the files of levels 0 to n and no other, and mentions none above."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests import support, variants
from tests.conftest import Render
from tests.variants import Variant
from tests.vocabulary import EXEMPT, PROGRAM_WORDS, WORDS, mentions_of_later_levels
from tests.workflows import workflows

SHARED = ("_package_cli.yml", "_verify_cli.yml")
"""Workflows of both kinds of program; an input says which."""

every_level = pytest.mark.parametrize(
    ("variant", "level"), variants.cases(support.LEVELS), indirect=["variant"]
)


@every_level
def test_a_question_appears_at_the_level_that_needs_it(variant: Variant, level: int) -> None:
    answers = support.answers(variant.rendered(level))
    asked = {name for name in answers if not name.startswith("_")}
    needless = {"live_dangerously"} if level == 8 else set()
    assert asked == variant.asks(level) - needless


@every_level
def test_a_level_has_its_files_and_no_other(variant: Variant, level: int) -> None:
    project = variant.rendered(level)
    wanted = variant.files(level)
    assert set(support.files(project)) == wanted
    assert support.folders(project) == support.parents(wanted), "an empty folder"


@every_level
def test_only_programs_are_executable(variant: Variant, level: int) -> None:
    project = variant.rendered(level)
    found = {name for name in support.files(project) if os.access(project / name, os.X_OK)}
    assert found == variants.EXECUTABLE & variant.files(level)


@pytest.mark.parametrize("level", [2, 3, 8])
def test_a_license_of_the_owners_is_left_to_the_owner(rendered: Render, level: int) -> None:
    project = rendered(level, license="Other")
    assert support.files(rendered(level)).keys() - support.files(project).keys() == {"LICENSE"}
    assert "add your license as LICENSE, unless it is there" in support.message_of(project)


@every_level
def test_no_file_is_empty(variant: Variant, level: int) -> None:
    files = support.files(variant.rendered(level))
    assert not [name for name, text in files.items() if not text.strip()]


@every_level
def test_no_text_mentions_a_level_above(variant: Variant, level: int) -> None:
    words = WORDS if variant.name == "service" else PROGRAM_WORDS
    found = mentions_of_later_levels(variant.rendered(level), level, words)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("variant", "level"),
    variants.cases(support.LEVELS, variants.PROGRAMS),
    indirect=["variant"],
)
def test_no_text_mentions_another_variant(variant: Variant, level: int) -> None:
    other = {"wheel": r"(?<!psycopg\[)binary", "binary": "wheel"}[variant.name]
    exempt = {"pyproject.toml", *(f".github/workflows/{name}" for name in SHARED)}
    found = []
    for name, content in support.files(variant.rendered(level)).items():
        # pyproject.toml says how to build a wheel, and the file of answers is Copier's.
        patterns = [variant.never_mentions(), *([other] if name not in exempt else [])]
        for line in content.decode().splitlines() if name not in EXEMPT else ():
            if any(re.search(pattern, line, re.IGNORECASE) for pattern in patterns):
                found.append(f"{name}: {line.strip()}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("variant", variants.PROGRAMS, indirect=True)
def test_a_shared_workflow_runs_no_step_of_another_variant(variant: Variant) -> None:
    other = {"wheel": "binary", "binary": "wheel"}[variant.name]
    found = workflows(variant.rendered(8))
    for name in SHARED:
        for job in found[name]["jobs"].values():
            for step in job["steps"]:
                if other in str(step).lower():
                    assert step["if"] == f"inputs.artifact == '{other}'", step["name"]
    main = found["main.yml"]["jobs"]
    given = [job["with"]["artifact"] for job in main.values() if "artifact" in job.get("with", {})]
    assert given == [variant.name] * 3


@pytest.mark.parametrize("level", support.LEVELS[1:])
def test_each_word_occurs_at_its_own_level(rendered: Render, level: int) -> None:
    """A pattern that matches nothing anywhere would guard nothing."""
    text = "\n".join(content.decode() for content in support.files(rendered(level)).values())
    for word in WORDS[level].split("|"):
        assert re.search(word, text, re.IGNORECASE), word


def test_a_render_depends_on_its_answers_alone(
    rendered: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("USER", "operator")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANG", "tr_TR.UTF-8")
    again = support.render(tmp_path / "elsewhere", 8)
    assert support.files(again) == support.files(rendered(8))
