"""The hunt for broken laws: some lives, planted violations, and a life replayed by its script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from tests import support
from tools import fuzz

README = "template/README.md.jinja"
CONTEXT, RELOCATE = "extensions/context.py", "extensions/relocate.py"
PLANTS = {
    "1: a file that the table does not know": ("template/ops/left.txt", "", "left\n", ["climb"]),
    "1: a text that is another at each render": (
        README,
        "{% include ",
        "{{ range(99999) | random }}\n{% include ",
        ["climb"],
    ),
    "2: a text that only newborn projects have": (
        README,
        "{% include ",
        "{% if is_first_copy %}\nBorn here.\n{% endif %}\n{% include ",
        ["climb"],
    ),
    "2: a file that no update brings": (
        CONTEXT,
        'levels.excluded_paths(known, {"sample"}))\n        refuse(guards.refuse_source',
        '{"LICENSE"} | levels.excluded_paths(known, {"sample"}))\n        refuse(guards.refuse_source',
        ["climb"],
    ),
    "3: a line of the user's code that changes": (
        RELOCATE,
        "    rename(source, target)\n",
        "    rename(source, target)\n"
        "    target.write_text(target.read_text().replace('MINE', 'OURS'))\n",
        ["edit_code", "climb"],
    ),
    "3: a deleted file that comes back": (
        RELOCATE,
        "    move(project)\n    samples",
        "    move(project)\n    Path('README.md').touch()\n    samples",
        ["delete", "climb"],
    ),
}


def planted(folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the template with a fault."""
    source = shutil.copytree(support.template(), folder / "ladder")
    text = (source / file).read_text() if old else ""
    assert old in text
    (source / file).write_text(text.replace(old, new, 1) if old else new)
    support.commit_all(source, "Plant")
    support.git(source, "tag", "--force", "v1.0.0")
    return source


@pytest.mark.exhaustive
def test_no_life_breaks_a_law() -> None:
    assert fuzz.hunt(lives=12, number=4) >= 12


@pytest.mark.exhaustive
@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_is_found(tmp_path: Path, plant: str) -> None:
    *fault, happening = PLANTS[plant]

    class Life(fuzz.Life):
        source = planted(tmp_path, *fault)
        events = happening

    with pytest.raises(fuzz.Lost, match=r"(?s)\n#!/usr/bin/env bash\n.*\ncopier copy "):
        fuzz.hunt(lives=60, number=1, life=Life)


@pytest.mark.exhaustive
def test_a_life_is_replayed_by_its_script(tmp_path: Path) -> None:
    class Life(fuzz.Life):
        ends: ClassVar[list[tuple[str, dict[str, bytes]]]] = []

        def teardown(self) -> None:
            if self.version and len(self.script) > 12:
                self.ends.append((self.story("nothing breaks"), support.files(self.project)))
            super().teardown()

    fuzz.hunt(lives=12, number=5, life=Life)
    script, wanted = max(Life.ends)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
    }
    subprocess.run(
        ["bash", "-c", script], cwd=support.ROOT, env=environment, check=True, capture_output=True
    )
    (replayed,) = tmp_path.glob("tmp.*/links")
    found = support.files(replayed)
    assert found.keys() == wanted.keys()
    for name in found.keys() - {fuzz.ANSWERS}:
        assert found[name] == wanted[name], name
    answers = [yaml.safe_load(files[fuzz.ANSWERS]) for files in (found, wanted)]
    assert [one.pop("_src_path") for one in answers]
    assert answers[0] == answers[1]


def test_a_merge_that_drops_a_line_is_noticed() -> None:
    old, mine, new = b"a\nb\n", b"a\nmine\nb\n", b"a\nb\nnew\n"
    levels = (3, 3)

    def after(text: bytes, unmerged: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        fuzz.check({"f": mine}, {"f": text}, {"f": old}, {"f": new}, levels, set(unmerged))

    after(b"a\nmine\nb\nnew\n")
    for text, said in (
        (new, "lost the user's line 'mine'"),
        (mine, "lost the template's line 'new'"),
        (b"<<<<<<< before updating\nmine\n", "markers of a conflict that git does not list"),
    ):
        with pytest.raises(fuzz.Lost, match=re.escape(said)):
            after(text)
    after(b"<<<<<<< before updating\nmine\n", {"f"})
