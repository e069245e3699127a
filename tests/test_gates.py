"""Law 5: the checks that the ruleset requires are the jobs that run, level by level."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from extensions import levels
from tests.conftest import Render

PACKAGED = range(3, 9)
CHECKED = range(4, 9)
ACTIONS_APP = 15368

# Written by hand: what a pull request needs from a level on.
REQUIRED = {
    4: {"check / lint", "check / types", "check / unit", "check / contract", "package / image"},
    6: {"integration / tests"},
    7: {"system / tests"},
}


def required(level: int) -> set[str]:
    """Return the checks that a level requires, by hand."""
    return set().union(*(checks for added, checks in REQUIRED.items() if added <= level))


def workflows(made: Path) -> dict[str, dict[str, Any]]:
    """Return every workflow by its file's name."""
    # The loader without implicit types: otherwise the key `on` is read as true.
    return {
        file.name: yaml.load(file.read_text(), yaml.BaseLoader)
        for file in sorted((made / ".github" / "workflows").glob("*.yml"))
    }


def contexts(made: Path, event: str) -> dict[str, dict[str, Any]]:
    """Return the checks that an event makes, by the name that the forge gives them."""
    found = {}
    files = workflows(made)
    for content in files.values():
        if event not in content["on"]:
            continue
        for key, job in content["jobs"].items():
            name = job.get("name", key)
            called = files.get(Path(job.get("uses", "")).name)
            if called is None:
                found[name] = job
                continue
            for inner_key, inner in called["jobs"].items():
                # Both conditions have to hold.
                condition = " && ".join(filter(None, [job.get("if"), inner.get("if")]))
                found[f"{name} / {inner.get('name', inner_key)}"] = {**inner, "if": condition}
    return found


def ruleset(made: Path) -> dict[str, Any]:
    """Return the ruleset of main."""
    content: dict[str, Any] = json.loads((made / ".github/rulesets/main.json").read_text())
    return content


def rule(made: Path, kind: str) -> dict[str, Any]:
    """Return the parameters of a rule."""
    found = [rule for rule in ruleset(made)["rules"] if rule["type"] == kind]
    assert len(found) == 1, kind
    parameters: dict[str, Any] = found[0].get("parameters", {})
    return parameters


def lies(made: Path, level: int) -> list[str]:
    """Return what is wrong with the checks that a project requires."""
    found = []
    checks = rule(made, "required_status_checks")["required_status_checks"]
    names = [check["context"] for check in checks]
    run = contexts(made, "pull_request")
    if sorted(names) != sorted(required(level)):
        found.append(f"required are {names}")
    if {check["integration_id"] for check in checks} != {ACTIONS_APP}:
        found.append("another app may report a check")
    found += [f"{name} never reports, which blocks every merge" for name in {*names} - {*run}]
    for name, job in run.items():
        if name in names and job["if"]:
            found.append(f"{name} may be skipped, and a skipped check passes")
        if name not in names and not job["if"]:
            found.append(f"{name} runs and nobody requires it")
    return found


@pytest.mark.parametrize("level", CHECKED)
def test_what_is_required_is_what_runs(rendered: Render, level: int) -> None:
    assert lies(rendered(level), level) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "lie"),
    [
        ("workflows/_check.yml", "    name: unit\n", "    name: units\n", "check / unit never"),
        ("workflows/main.yml", "    name: check\n", "    name: checks\n", "check / lint never"),
        ("workflows/main.yml", "  pull_request:\n", "", "package / image never"),
        (
            "workflows/main.yml",
            "    needs: package\n",
            "    needs: package\n    if: false\n",
            "skip",
        ),
        ("rulesets/main.json", '"check / types"', '"check / type"', "check / types runs"),
        ("rulesets/main.json", "15368", "1", "another app"),
    ],
)
def test_a_gate_that_guards_nothing_is_noticed(
    render: Render, name: str, old: str, new: str, lie: str
) -> None:
    made = render(8)
    file = made / ".github" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    assert any(lie in found for found in lies(made, 8))


@pytest.mark.parametrize("level", CHECKED)
def test_the_table_names_the_same_gates(rendered: Render, level: int) -> None:
    answers = yaml.safe_load((rendered(level) / ".copier-answers.yml").read_text())
    assert set(levels.required_checks(answers)) == required(level)


@pytest.mark.parametrize("level", PACKAGED)
def test_pushes_are_to_main_and_pull_requests_come_with_the_checks(
    rendered: Render, level: int
) -> None:
    events = workflows(rendered(level))["main.yml"]["on"]
    assert events["push"] == {"branches": ["main"]}
    assert ("pull_request" in events) is (level >= 4)
    assert set(events) <= {"push", "pull_request"}


@pytest.mark.parametrize("level", CHECKED)
def test_a_solo_founder_can_merge_and_nobody_rewrites_main(rendered: Render, level: int) -> None:
    made = rendered(level)
    assert ruleset(made)["enforcement"] == "active"
    assert ruleset(made)["bypass_actors"] == []
    assert ruleset(made)["conditions"]["ref_name"]["include"] == ["~DEFAULT_BRANCH"]
    assert rule(made, "pull_request")["required_approving_review_count"] == 0
    for kind in ("deletion", "non_fast_forward"):
        rule(made, kind)


@pytest.mark.parametrize("level", PACKAGED)
def test_workflows_hold_the_laws(rendered: Render, level: int) -> None:
    made = rendered(level)
    for name, content in workflows(made).items():
        assert "workflow_run" not in content["on"], name
        assert "pull_request_target" not in content["on"], name
        assert content["permissions"] == {}, name
        if "workflow_call" not in content["on"]:
            assert content["concurrency"]["group"], name
        for key, job in content["jobs"].items():
            where = f"{name}: {key}"
            if "uses" in job:
                assert job["uses"].startswith("$/.github/workflows/_"), where
                assert job["secrets"] != "inherit" if "secrets" in job else True, where
                continue
            assert int(job["timeout-minutes"]) <= 20, where
            for step in job["steps"]:
                assert step["name"], where
                if "uses" in step:
                    assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), where
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] == "false", where


@pytest.mark.parametrize("level", PACKAGED)
def test_every_pin_says_its_version_and_is_the_same_everywhere(
    rendered: Render, level: int
) -> None:
    pins: dict[str, set[str]] = {}
    for file in (rendered(level) / ".github" / "workflows").glob("*.yml"):
        for line in file.read_text().splitlines():
            if "uses:" in line and "@" in line:
                found = re.search(r"uses: ([\w/-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$", line)
                assert found, line
                pins.setdefault(found[1], set()).add(found[2])
    assert {name: len(versions) for name, versions in pins.items() if len(versions) > 1} == {}


@pytest.mark.parametrize(("below", "above"), [*itertools.pairwise(PACKAGED)])
def test_only_the_caller_changes_between_levels(rendered: Render, below: int, above: int) -> None:
    old, new = (
        {
            file.name: file.read_text()
            for file in (rendered(level) / ".github" / "workflows").glob("*.yml")
        }
        for level in (below, above)
    )
    assert {name for name in old.keys() & new.keys() if old[name] != new[name]} == {"main.yml"}


@pytest.mark.parametrize("level", range(5, 9))
def test_nothing_is_deployed_but_a_push_that_passed_every_test(
    rendered: Render, level: int
) -> None:
    jobs = workflows(rendered(level))["main.yml"]["jobs"]
    assert jobs["staging"]["if"] == "github.event_name == 'push'"
    tests = {"package"} | {name for name in ("integration", "system") if name in jobs}
    assert set(jobs["staging"]["needs"]) == tests
    assert set(needs(jobs, "staging")) == {"check", *tests}
    assert ("production" in jobs) is (level == 8)
    if level == 8:
        assert "staging" in jobs["production"]["needs"]
        assert jobs["production"]["if"] == "needs.staging.outputs.version != ''"


def needs(jobs: dict[str, Any], name: str) -> Iterator[str]:
    """Yield every job that has to pass before this one."""
    wanted = jobs[name].get("needs", [])
    for other in [wanted] if isinstance(wanted, str) else wanted:
        yield other
        yield from needs(jobs, other)


@pytest.mark.parametrize("level", range(5, 9))
def test_deploys_wait_for_each_other_and_none_is_cut_off(rendered: Render, level: int) -> None:
    files = workflows(rendered(level))
    deploy = files["_deploy.yml"]["jobs"]["deploy"]
    assert deploy["if"] == "inputs.host != ''"
    assert deploy["environment"]["name"] == "${{ inputs.environment }}"
    assert deploy["concurrency"] == {
        "group": "${{ inputs.verb == 'proven' && 'proven' || 'deploy' }}-${{ inputs.environment }}",
        "cancel-in-progress": "false",
    }
    callers = [files["main.yml"]["jobs"].values(), files["deploy.yml"]["jobs"].values()]
    for job in itertools.chain.from_iterable(callers):
        if job["uses"].endswith("_deploy.yml"):
            environment = job["with"]["environment"]
            for key in ("host", "url", "known-hosts"):
                variable = f"{environment}_{key}".upper().replace("-", "_")
                assert job["with"][key] == f"${{{{ vars.{variable} }}}}"
            assert "DEPLOY_SSH_KEY" in job["secrets"]
        group = files["main.yml"]["concurrency"]["group"]
        assert group != deploy["concurrency"]["group"]


@pytest.mark.parametrize("level", range(5, 9))
def test_the_table_lists_every_setting_that_the_workflows_read(
    rendered: Render, level: int
) -> None:
    made = rendered(level)
    text = "".join(file.read_text() for file in (made / ".github" / "workflows").glob("*.yml"))
    used = set(re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", text))
    listed = set(levels.settings(yaml.safe_load((made / ".copier-answers.yml").read_text())))
    optional = {"REGISTRY", "REGISTRY_USER", "REGISTRY_TOKEN"}
    assert used - optional == listed - optional


@pytest.mark.parametrize("level", range(3, 9))
def test_the_program_that_is_packaged_is_the_one_that_is_tested(
    rendered: Render, level: int
) -> None:
    """The image, the contract test and the deploy program agree on how the application starts."""
    made = rendered(level)
    dockerfile = (made / "Dockerfile").read_text()
    assert "exec uvicorn links:app" in dockerfile
    assert "# syntax=" not in dockerfile
    pinned = re.findall(r"^FROM (?!dependencies|build)(\S+)", dockerfile, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+", image) for image in pinned), pinned
    python = (made / ".python-version").read_text().strip()
    assert f"FROM python:{python}-slim\n" in dockerfile
    if level >= 4:
        started = (made / "tests/conftest.py").read_text()
        assert 'PACKAGE = "links"' in started
        assert 'f"{PACKAGE}:app"' in started
