"""A company's own template is checked: each fault is one sentence with its place."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from extensions import company as ours
from extensions import levels, loader
from tests import support, template_versions
from tests.conftest import Render

RIGHT = """\
defaults: {level: 2, license: MIT, owner: acme, project_description: A service of Acme.}
additions:
  - level: 2
    adds: {SECURITY.md: write-once}
    set_up: [name the engineer on call in SECURITY.md]
  - level: 4
    when: service
    adds: {.github/workflows/audit.yml: managed}
    required_checks: [audit, "test (3.14)", "scan / licenses"]
    settings: {AUDIT_TOKEN: "secret: token of the audit"}
"""
WORKFLOW = """\
name: Audit
on: [pull_request, merge_group]
jobs:
  audit: {runs-on: ubuntu-24.04}
  tests: {name: test, strategy: {matrix: {python: [3.14]}}}
  scan: {uses: ./.github/workflows/_scan.yml}
"""
CALLED = "on: workflow_call\njobs: {scan: {name: licenses}}\n"
SCAN = "  - {level: 3, adds: {.github/workflows/_scan.yml: managed}}\n"


def right_with(old: str, new: str) -> str:
    """Return the right file with a change."""
    text = RIGHT + SCAN
    assert old in text
    return text.replace(old, new, 1)


def with_entry(text: str) -> str:
    """Return the right file with another entry, in YAML's short form."""
    return f"{RIGHT}{SCAN}  - {text}\n"


CHECK = "expected a job of a workflow that company.yml adds by this level and runs on pull_request"
TWICE = "expected each key once, and found it in lines"
INSIDE = "expected a path inside the project, such as docs/SECURITY.md, and found"
WRONG = {
    # YAML
    "empty": ("", "company.yml: expected a mapping, and found nothing."),
    "a list at the top": ("- one", "company.yml: expected a mapping, and found a list."),
    "text at the top": ("additions", 'expected a mapping, and found "additions".'),
    "not closed": ("additions: [", "line 2: expected YAML: did not find expected node"),
    "indented by a tab": (
        "additions:\n\t- level: 1",
        "line 2: expected YAML: the line is indented with a tab, and YAML takes only spaces.",
    ),
    "two documents": (f"{RIGHT}---\n{RIGHT}", "line 11: expected YAML: but found"),
    "a tag": ("defaults: !env HOME", "line 1: expected YAML: could not determine"),
    "a list as a key": ("? [a]\n: 1", "line 1: expected YAML: "),
    "an impossible date": ("defaults: 2026-13-45", "expected YAML: month must be in 1..12."),
    "a control character": ("defaults: \x07", "expected YAML: "),
    "a key twice at the top": ("defaults: {}\ndefaults: {}", f"defaults: {TWICE} 1 and 2."),
    "a key twice in defaults": (
        right_with("level: 2,", "level: 2, level: 3,"),
        f"defaults.level: {TWICE} 1 and 1.",
    ),
    "a key twice in an entry": (
        with_entry("{level: 2, level: 3}"),
        f"additions[3].level: {TWICE} 12 and 12.",
    ),
    "a path twice in an entry": (
        right_with("{SECURITY.md: write-once}", "{SECURITY.md: write-once, SECURITY.md: sample}"),
        f'additions[0].adds["SECURITY.md"]: {TWICE} 4 and 4.',
    ),
    "a node inside itself": ("additions: &a [*a]", "additions[0]: expected a mapping"),
    # Keys
    "a key misspelt at the top": (
        "addition: []",
        "addition: there is no such key; did you mean addi",
    ),
    "a key misspelt": (
        with_entry("{level: 4, require_checks: [audit]}"),
        "additions[3].require_checks: there is no such key; did you mean required_checks.",
    ),
    "a key of another name": (
        with_entry("{level: 4, gates: [audit]}"),
        "additions[3].gates: there is no such key; expected one of level, when, meaning,",
    ),
    "a default misspelt": (
        "defaults: {licence: MIT}",
        "defaults.licence: there is no such key; did you mean license.",
    ),
    "a default of a question that has none": (
        "defaults: {kind: cli}",
        "defaults.kind: there is no such key; expected one of level, license, owner,",
    ),
    "a question": ("questions: {colour: red}", "questions: there is no such key; expected one of"),
    "a number as the key": ("1: {}", "1: expected text as the key, and found 1."),
    "a number as a path": (
        right_with("SECURITY.md: write-once", "1: write-once"),
        "additions[0].adds[1]: expected text, and found 1.",
    ),
    "a level's capability": (
        with_entry("{level: 4, capability: audited}"),
        "additions[3].capability: expected no such key, which only levels have,",
    ),
    "a missing level": (with_entry("{when: cli}"), "additions[3].level: expected a value, and the"),
    # Types
    "no defaults": ("defaults:", "defaults: expected a mapping, and found nothing."),
    "no additions": ("additions:", "additions: expected a list, and found nothing."),
    "additions as a mapping": (
        "additions: {level: 1}",
        "additions: expected a list, and found a m",
    ),
    "an entry as text": (
        "additions: [audit]",
        'additions[0]: expected a mapping, and found "audit".',
    ),
    "checks as text": (
        right_with('[audit, "test (3.14)", "scan / licenses"]', "audit"),
        'additions[1].required_checks: expected a list, and found "audit".',
    ),
    "a check as a number": (
        right_with("[audit,", "[5,"),
        "additions[1].required_checks[0]: expected text, and found 5.",
    ),
    "a level as text": (
        right_with("level: 4", "level: '4'"),
        'additions[1].level: expected a whole number, and found "4".',
    ),
    "a level as a truth value": (
        right_with("level: 4", "level: yes"),
        "additions[1].level: expected a whole number, and found true.",
    ),
    "a default level as text": (
        "defaults: {level: two}",
        'defaults.level: expected a whole number, and found "two".',
    ),
    "an owner as a number": (
        "defaults: {owner: 42}",
        "defaults.owner: expected text, and found 42.",
    ),
    "paths as a list": (
        right_with("{SECURITY.md: write-once}", "[SECURITY.md]"),
        "additions[0].adds: expected a mapping, and found a list.",
    ),
    "dropped paths as text": (
        with_entry("{level: 3, drops: Dockerfile}"),
        'additions[3].drops: expected a list, and found "Dockerfile".',
    ),
    "a step as text": (
        right_with("[name the engineer on call in SECURITY.md]", "name the engineer"),
        'additions[0].set_up: expected a list, and found "name the engineer".',
    ),
    "a step as a mapping": (
        right_with("[name the engineer on call in SECURITY.md]", "[note: name the engineer]"),
        "additions[0].set_up[0]: expected text, and found a mapping.",
    ),
    "settings as a list": (
        right_with('{AUDIT_TOKEN: "secret: token of the audit"}', "[AUDIT_TOKEN]"),
        "additions[1].settings: expected a mapping, and found a list.",
    ),
    # Values
    "a level that is too high": (
        right_with("level: 4", "level: 9"),
        "additions[1].level: There is no level 9: choose one from 0 to 8.",
    ),
    "a level that is negative": (
        right_with("level: 4", "level: -1"),
        "additions[1].level: There is no level -1: choose one from 0 to 8.",
    ),
    "a default level that is too high": (
        "defaults: {level: 9}",
        "defaults.level: There is no level 9: choose one from 0 to 8.",
    ),
    "an unknown license": (
        "defaults: {license: GPL}",
        "defaults.license: license cannot be GPL: ch",
    ),
    "an impossible owner": ("defaults: {owner: a b}", "defaults.owner: 'a b' is not a GitHub user"),
    "an empty owner": (
        "defaults: {owner: ''}",
        "defaults.owner: expected one line of text, and fou",
    ),
    "a capability misspelt": (
        right_with("when: service", "when: servise"),
        "additions[1].when: there is no capability servise; did you mean service.",
    ),
    "an unknown capability": (
        right_with("when: service", "when: mysql"),
        "additions[1].when: there is no capability mysql; expected one of always, backing,",
    ),
    "an unknown owner": (
        right_with("write-once", "ours"),
        "additions[0].adds[\"SECURITY.md\"]: expected 'sample', 'write-once', ",
    ),
    "no owner": (
        right_with("SECURITY.md: write-once", "SECURITY.md: "),
        "additions[0].adds[\"SECURITY.md\"]: expected 'sample'",
    ),
    "a setting without text": (
        right_with('"secret: token of the audit"', ""),
        "additions[1].settings.AUDIT_TOKEN: expected text, and found nothing.",
    ),
    "a setting with an empty text": (
        right_with('"secret: token of the audit"', "''"),
        'additions[1].settings.AUDIT_TOKEN: expected one line of text, and found "".',
    ),
    "a setting that the forge refuses": (
        right_with("AUDIT_TOKEN", "audit-token"),
        'additions[1].settings["audit-token"]: expected a name such as AUDIT_TOKEN,',
    ),
    "a setting of the forge's": (
        right_with("AUDIT_TOKEN", "GITHUB_AUDIT"),
        "additions[1].settings.GITHUB_AUDIT: expected a name such as AUDIT_TOKEN,",
    ),
    "a step of two lines": (
        right_with("[name the engineer on call in SECURITY.md]", '["one\\ntwo"]'),
        "additions[0].set_up[0]: expected one line of text, and found",
    ),
    # Paths
    **{
        f"the path {path}": (
            with_entry(f"{{level: 2, adds: {{'{path}': managed}}}}"),
            f'additions[3].adds["{path}"]: {INSIDE} "{path}".',
        )
        for path in (
            "/etc/motd",
            "../SECURITY.md",
            "docs/../SECURITY.md",
            "./SECURITY.md",
            "docs//a.md",
            "docs/",
            "C:/a.md",
            ".git/hooks/pre-push",
            "docs/*.md",
            "{name}.md",
            "!a.md",
        )
    },
    "a path with a space at its end": (
        with_entry("{level: 2, adds: {'SECURITY.md ': managed}}"),
        'additions[3].adds["SECURITY.md "]: expected a path without spaces at its ends',
    ),
    "a dropped path outside": (
        with_entry("{level: 2, drops: [../a.md]}"),
        f'additions[3].drops[0]: {INSIDE} "../a.md".',
    ),
    "a file that is not there": (
        right_with("SECURITY.md: write-once", "SECURITY.txt: write-once"),
        'adds["SECURITY.txt"]: expected a file in template/, and there is none; did you mean SECUR',
    ),
    "the file's name in the template": (
        with_entry("{level: 2, adds: {template/SECURITY.md: managed}}"),
        'adds["template/SECURITY.md"]: expected a file in template/, and there is none',
    ),
    "a path in two entries": (
        with_entry("{level: 3, adds: {SECURITY.md: managed}}"),
        'additions[3].adds["SECURITY.md"]: expected a path of your own, and additions[0] adds it.',
    ),
    "a path in two cases": (
        with_entry("{level: 3, adds: {security.md: managed}}"),
        'additions[3].adds["security.md"]: expected a path of your own, and additions[0] adds it.',
    ),
    "a write-once file of Ladder's as a sample": (
        with_entry("{level: 2, adds: {LICENSE: sample}}"),
        "additions[3].adds.LICENSE: expected a path of your own, and Ladder adds it, as wri",
    ),
    "a file of Ladder's at another level": (
        with_entry("{level: 1, adds: {Dockerfile: managed}}"),
        "additions[3].adds.Dockerfile: expected a path of your own, and Ladder adds it, as man",
    ),
    "a dropped path that nothing adds": (
        with_entry("{level: 3, drops: [Dockerfil]}"),
        "additions[3].drops[0]: expected a path that an entry adds, and none adds Dockerfil; did",
    ),
    "a dropped file that every project needs": (
        with_entry("{level: 1, drops: [.copier-answers.yml]}"),
        "additions[3].drops[0]: expected a path of a higher level: every project needs .copier-an",
    ),
    # Checks
    "a check that no job runs": (
        right_with("[audit,", "[audits,"),
        f"additions[1].required_checks[0]: {CHECK}, and none is named audits; did you mean audit.",
    ),
    "a check of a called workflow that has another name": (
        right_with("scan / licenses", "scan / license"),
        f"additions[1].required_checks[2]: {CHECK}, and none is named scan / license; did",
    ),
    "a check before its workflow": (
        with_entry("{level: 3, required_checks: [audit]}"),
        f"additions[3].required_checks[0]: {CHECK}, and none is named audit.",
    ),
    "a check of projects without its workflow": (
        with_entry("{level: 4, when: cli, required_checks: [audit]}"),
        f"additions[3].required_checks[0]: {CHECK}, and none is named audit.",
    ),
    "a check of Ladder's": (
        with_entry("{level: 4, required_checks: [check / lint]}"),
        f"additions[3].required_checks[0]: {CHECK}, and none is named check / lint.",
    ),
}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's template without a fault."""
    template = template_versions.copy_of_template(tmp_path_factory.mktemp("company"))
    (template / "company.yml").write_text(RIGHT + SCAN)
    (template / "template" / "SECURITY.md").write_text("# Security\n")
    workflows = template / "template" / ".github" / "workflows"
    (workflows / "audit.yml").write_text(WORKFLOW)
    (workflows / "_scan.yml").write_text(CALLED)
    return template


@pytest.fixture
def company(right: Path, tmp_path: Path) -> Path:
    """A company's template that a test may change."""
    return shutil.copytree(right, tmp_path / "acme", ignore=shutil.ignore_patterns(".git"))


def refusal(template: Path) -> str:
    """Return what a template's own extension says of it."""
    package = loader.load(template / "extensions")
    return str(importlib.import_module(f"{package}.company").refusal())


def test_a_right_file_is_read(company: Path) -> None:
    assert refusal(company) == ""


def test_ladders_own_table_and_files_keep_the_rules() -> None:
    assert ours.refusal() == ""
    assert [one.level for one in levels.levels()] == [*support.LEVELS]


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_one_sentence_with_its_place(company: Path, name: str) -> None:
    text, sentence = WRONG[name]
    (company / "company.yml").write_text(text)
    told = refusal(company)
    assert told.startswith("company.yml: ")
    faults = [line for line in told.splitlines() if line.startswith("company.yml: ")]
    assert any(sentence in fault for fault in faults), told
    assert len(faults) == 1, told
    assert told.endswith(".")


def test_every_fault_is_told(company: Path) -> None:
    (company / "company.yml").write_text("defaults: {level: x}\nadditions: [{when: cli}]\nparts: 1")
    assert len(refusal(company).splitlines()) == 3


def workflow(old: str, new: str) -> Callable[[Path], object]:
    """Return a change of the workflow."""
    return lambda company: support.replace(
        company / "template" / ".github" / "workflows" / "audit.yml", old, new
    )


def with_file(path: str, content: bytes) -> Callable[[Path], object]:
    """Return a change that writes a file."""
    return lambda company: (company / path).write_bytes(content)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda company: (company / "company.yml").rename(company / "company.yaml"),
            "company.yaml: expected the name company.yml: rename the file.",
        ),
        (
            with_file("company.yaml", RIGHT.encode()),
            "company.yaml: expected the name company.yml: rename the file, and delete one of the",
        ),
        (with_file("company.yml", "# é".encode("latin-1")), "company.yml: line 1: expected UTF-8."),
        (with_file("company.yml", "a: 1".encode("utf-16")), "company.yml: line 1: expected UTF-8."),
        (
            lambda company: (company / "company.yml").unlink() or (company / "company.yml").mkdir(),
            "company.yml: expected a file, and found: Is a directory.",
        ),
        (
            with_file("template/NOTES.md", b"Notes\n"),
            "template/NOTES.md: expected NOTES.md in the adds of an entry of company.yml",
        ),
        (
            lambda company: (company / "company.yml").unlink(),
            "template/SECURITY.md: expected SECURITY.md in the adds of an entry of company.yml,",
        ),
        (
            with_file("template/SECURITY.md.jinja", b"# {{ project_name }}\n"),
            "template/SECURITY.md.jinja: expected one file, and SECURITY.md is there too.",
        ),
        (
            workflow("[pull_request, merge_group]", "push"),
            f"[0]: {CHECK}, and none is named audit.",
        ),
        (workflow("  audit:", "  audits:"), f"[0]: {CHECK}, and none is named audit; did you mean"),
        (
            workflow(", strategy: {matrix: {python: [3.14]}}", ""),
            f"[1]: {CHECK}, and none is named t",
        ),
        (workflow("jobs:", "jobs: ["), f"[0]: {CHECK}, and none is named audit."),
    ],
    ids=[
        "another name",
        "both names",
        "not UTF-8",
        "UTF-16",
        "a folder",
        "a file without an entry",
        "no company.yml",
        "a file twice",
        "a workflow for pushes",
        "a job of another name",
        "a job without a matrix",
        "a workflow that is not YAML",
    ],
)
def test_a_fault_of_a_file_is_told(
    company: Path, change: Callable[[Path], object], sentence: str
) -> None:
    change(company)
    assert sentence in refusal(company)


def test_a_workflow_may_use_the_answers(company: Path) -> None:
    file = company / "template" / ".github" / "workflows" / "audit.yml"
    file.rename(file.with_name("audit.yml.jinja")).write_text(
        "{% raw %}\nname: Audit\non: pull_request\njobs:\n  tests:\n"
        "    name: ${{ matrix.python }}\n    strategy: {matrix: {python: [3.14]}}\n"
        "{% endraw %}\n  audit:\n    name: audit {{ slug }}\n"
    )
    text = right_with('[audit, "test (3.14)", "scan / licenses"]', '["3.14", audit links]')
    (company / "company.yml").write_text(text)
    assert refusal(company) == ""


def test_a_wrong_file_stops_a_copy_before_it_writes(company: Path, tmp_path: Path) -> None:
    (company / "company.yml").write_text(WRONG["checks as text"][0])
    support.commit_all(company, "A slip")
    done = support.copier("copy", "--trust", "--defaults", company, "links", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("company.yml: additions[1].required_checks: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "links").exists()


def test_a_wrong_file_stops_an_update_before_it_writes(company: Path, project_of: Render) -> None:
    template_versions.publish(company, "1.0.0.1")
    made = project_of(company, project_name="Links", level=4)
    (company / "company.yml").write_text(WRONG["checks as text"][0])
    template_versions.publish(company, "1.0.0.2")
    command = ("update", "--trust", "--defaults", "--skip-answered")
    done = support.copier(*command, cwd=made)
    assert done.returncode == 1
    assert "company.yml: additions[1].required_checks: " in done.stderr
    assert "Traceback" not in done.stderr
    support.assert_unchanged(made)
