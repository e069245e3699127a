"""The fuzzer: some sequences, planted violations, and a sequence replayed by its script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from tests import support, template_versions
from tools import fuzz
from tools.invariants import Update, Violation

README = "template/README.md.jinja"
RELOCATE, RENDER = "extensions/relocate.py", "extensions/render.py"
PLANTS = {
    "1: a file of a higher level": (
        "extensions/levels.py",
        'all_paths(str(answers["package"])) - wanted',
        'all_paths(str(answers["package"])) - wanted - {"ops/protect"}',
        ["climb"],
    ),
    "1: a text that is another at each render": (
        README,
        "{% include ",
        "{{ range(99999) | random }}\n{% include ",
        ["climb"],
    ),
    "2: a text that only new projects have": (
        README,
        "{% include ",
        "{% if is_first_copy %}\nBorn here.\n{% endif %}\n{% include ",
        ["climb"],
    ),
    "2: a file that no update brings": (
        RENDER,
        "levels.WRITTEN_ONCE))\n",
        "levels.WRITTEN_ONCE) | {'README.md'})\n",
        ["climb"],
    ),
    "3: a line of the user's code that changes": (
        RELOCATE,
        "        rename(old, new)\n",
        "        rename(old, new)\n"
        "        if old == source:\n"
        "            new.write_text(new.read_text().replace('MINE', 'OURS'))\n",
        ["edit_code", "climb"],
    ),
    "3: a deleted file that comes back": (
        RELOCATE,
        "    report_requirements(project, project.before)\n",
        "    report_requirements(project, project.before)\n    Path('README.md').touch()\n",
        ["delete", "climb"],
    ),
}


def planted(folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the template with a fault."""
    source = template_versions.copy_of_template(folder)
    text = (source / file).read_text()
    assert old in text
    (source / file).write_text(text.replace(old, new, 1))
    support.commit_all(source, "Plant")
    support.git(source, "tag", "--force", "v1.0.0")
    return source


@pytest.mark.exhaustive
def test_no_sequence_violates_an_invariant() -> None:
    assert fuzz.run(sequences=12, number=4) >= 12


@pytest.mark.exhaustive
@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_is_found(tmp_path: Path, plant: str) -> None:
    *fault, steps = PLANTS[plant]

    class Planted(fuzz.Sequence):
        source = planted(tmp_path, *fault)
        events = steps

    with pytest.raises(Violation, match=r"(?s)\n#!/usr/bin/env bash\n.*\ncopier copy "):
        fuzz.run(sequences=60, number=1, sequence=Planted)


@pytest.mark.exhaustive
def test_a_sequence_is_replayed_by_its_script(tmp_path: Path) -> None:
    class Recorded(fuzz.Sequence):
        ends: ClassVar[list[tuple[str, dict[str, bytes]]]] = []

        def teardown(self) -> None:
            if self.version and len(self.script) > 12:
                self.ends.append((self.as_script("nothing breaks"), support.files(self.project)))
            super().teardown()

    fuzz.run(sequences=12, number=5, sequence=Recorded)
    script, wanted = max(Recorded.ends)
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
    for name in found.keys() - {support.ANSWERS_FILE}:
        assert found[name] == wanted[name], name
    answers = [yaml.safe_load(files[support.ANSWERS_FILE]) for files in (found, wanted)]
    assert [one.pop("_src_path") for one in answers]
    assert answers[0] == answers[1]


def test_a_merge_that_drops_a_line_is_found() -> None:
    old, mine, new = b"a\nb\n", b"a\nmine\nb\n", b"a\nb\nnew\n"

    def check(text: bytes, *unmerged: str) -> None:
        before, after, of_old, of_new = ({"f": one} for one in (mine, text, old, new))
        Update(before, after, of_old, of_new, (3, 3), set(unmerged)).check()

    check(b"a\nmine\nb\nnew\n")
    for text, problem in (
        (new, "lost the user's line 'mine'"),
        (mine, "lost the template's line 'new'"),
        (b"<<<<<<< before updating\nmine\n", "conflict markers, and git lists no conflict"),
    ):
        with pytest.raises(Violation, match=re.escape(problem)):
            check(text)
    check(b"<<<<<<< before updating\nmine\n", "f")
