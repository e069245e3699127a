"""The mutation of the ladder: what is generated, and that a test that fails is found."""

from __future__ import annotations

import json
import random

import pytest

from tests import support
from tools import mutation
from tools.mutation import Mutant

EVERY = list(mutation.mutants())
RESULTS = json.loads(mutation.RESULTS.read_text())
SAMPLED = ("table", "workflows")
"""The kinds of which every commit tests some mutants: their first tests take seconds."""


def sample(seed: str) -> list[Mutant]:
    """Return three mutants of each of these kinds, none of which is known to survive."""
    chosen = random.Random(seed)
    survivors = {key for key, result in RESULTS.items() if not result["by"]}
    found = [one for one in EVERY if one.key not in survivors]
    return [
        one
        for kind in SAMPLED
        for one in chosen.sample([one for one in found if one.kind == kind], 3)
    ]


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", range(3 * len(SAMPLED)))
def test_a_sample_of_mutants_is_found(number: int) -> None:
    head = support.git(support.ROOT, "rev-parse", "HEAD").strip()
    mutant = sample(head)[number]
    assert mutation.run_tests(mutant)["by"], f"{mutant.file}: {mutant.what} survived ({head})"


def test_every_kind_of_piece_is_removed() -> None:
    names = {f"{one.file}: {one.what}" for one in EVERY}
    assert len({one.key for one in EVERY}) > 600
    assert {one.kind for one in EVERY} == set(mutation.TESTS)
    for wanted in (
        "extensions/ladder.yml: level 4: required_checks without check / lint",
        "extensions/ladder.yml: level 3: drops without {package}.py",
    ):
        assert wanted in names
    for file, piece in (
        ("copier.yml", "without validator of owner"),
        (".github/workflows/_check.yml", "without Check formatting"),
        ("partials/service/.github/workflows/main.yml", "without staging"),
        ("partials/cli/ops/deploy", "without `"),
    ):
        assert any(file in one and piece in one for one in names), piece


def test_a_mutant_is_the_file_without_one_piece() -> None:
    for one in EVERY:
        text = (support.ROOT / one.file).read_text()
        assert one.text != text
        if one.kind == "workflows":
            assert len(one.text) < len(text)


@pytest.mark.exhaustive
def test_a_harmful_mutant_is_found_and_a_harmless_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(mutation.TESTS, "table", [["tests/test_exact.py", "-k", "exact"]])
    table = support.ROOT / mutation.TABLE
    harmless = Mutant("table", mutation.TABLE, "a comment", f"{table.read_text()}# More.\n", "")
    assert mutation.run_tests(harmless)["by"] == ""
    (harmful,) = (one for one in EVERY if one.what == "level 2: adds without .gitignore")
    assert mutation.run_tests(harmful)["by"].startswith("tests/test_exact.py::")


def test_the_page_is_current_and_leaves_nothing_unexplained() -> None:
    assert mutation.PAGE.read_text() == mutation.page(EVERY, RESULTS)
    assert not [one for one in RESULTS.values() if not one["by"] and not one.get("why")]


def test_the_page_lists_the_survivors() -> None:
    one, other = EVERY[:2]
    page = mutation.page([one, other], {one.key: {"by": "", "seconds": 1}})
    assert f"- `{one.file}`, {one.what}: not explained yet" in page
    assert "| table | 2 | 0 | 1 | 1 |" in page
    assert "1 of 2 mutants have been run so far." in page


def test_the_page_names_only_tests_that_exist() -> None:
    one, other = EVERY[:2]
    here = f"tests/test_mutation.py::{test_the_page_names_only_tests_that_exist.__name__}"
    results = {one.key: {"by": here}, other.key: {"by": "tests/test_none.py::test_none"}}
    page = mutation.page([one, other], results)
    assert (
        f"| `{here}` | 1 |\n| tests that have other names now; run `nox -s mutation` again | 1 |\n"
        in page
    )
    assert "test_none" not in page
