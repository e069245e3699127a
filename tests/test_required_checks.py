"""Invariant 5: the checks that the ruleset requires are the jobs that run, level by level."""

from __future__ import annotations

import itertools
import re

import pytest

from extensions import levels
from tests import support, variants
from tests.conftest import Render
from tests.variants import Variant
from tests.workflows import errors, jobs, needs, rule, ruleset, texts, workflows

PACKAGED = range(3, 9)
CHECKED = range(4, 9)
DELIVERED = range(5, 9)


packaged = pytest.mark.parametrize(
    ("variant", "level"), variants.cases(PACKAGED), indirect=["variant"]
)
checked = pytest.mark.parametrize(
    ("variant", "level"), variants.cases(CHECKED), indirect=["variant"]
)


@checked
def test_the_required_checks_are_the_jobs_that_run(variant: Variant, level: int) -> None:
    assert errors(variant.rendered(level), variant.requires(level)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "error"),
    [
        ("workflows/_check.yml", "    name: unit\n", "    name: units\n", "check / unit never"),
        ("workflows/main.yml", "    name: check\n", "    name: checks\n", "check / lint never"),
        ("workflows/main.yml", "  pull_request:\n", "", "package / image never"),
        ("workflows/main.yml", "  merge_group:\n", "", "check / unit never"),
        (
            "workflows/main.yml",
            "    if: github.event_name == 'push'\n",
            "    if: github.event_name != 'pull_request'\n",
            "staging / deploy runs and is not required (merge_group)",
        ),
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
def test_a_planted_error_is_found(
    service: Variant, name: str, old: str, new: str, error: str
) -> None:
    project = service.project(8)
    support.replace(project / ".github" / name, old, new, 1)
    assert any(error in found for found in errors(project, service.requires(8)))


@checked
def test_the_table_names_the_same_checks(variant: Variant, level: int) -> None:
    answers = support.answers(variant.rendered(level))
    assert set(levels.required_checks(answers)) == variant.requires(level)


@pytest.mark.parametrize("level", PACKAGED)
def test_pushes_are_to_main_and_pull_requests_start_at_level_4(
    rendered: Render, level: int
) -> None:
    events = workflows(rendered(level))["main.yml"]["on"]
    assert events["push"] == {"branches": ["main"]}
    gated = {"pull_request", "merge_group"} if level >= 4 else set()
    assert set(events) == {"push"} | gated


@pytest.mark.parametrize("level", DELIVERED)
def test_no_workflow_relies_on_executable_bits(rendered: Render, level: int) -> None:
    lines = "\n".join(texts(rendered(level)).values()).splitlines()
    program = re.compile(r"(^ *|[(&|;] *)(ops/\w+) ")
    assert [line for line in lines if program.search(line)] == []
    assert sum("python3 ops/deploy" in line for line in lines) == 3


@checked
def test_one_person_can_merge_and_main_is_never_rewritten(variant: Variant, level: int) -> None:
    project = variant.rendered(level)
    assert ruleset(project)["enforcement"] == "active"
    assert ruleset(project)["bypass_actors"] == []
    assert ruleset(project)["conditions"]["ref_name"]["include"] == ["~DEFAULT_BRANCH"]
    assert rule(project, "pull_request")["required_approving_review_count"] == 0
    for kind in ("deletion", "non_fast_forward"):
        rule(project, kind)


@packaged
def test_workflows_keep_the_rules_of_safe_workflows(variant: Variant, level: int) -> None:
    for name, content in workflows(variant.rendered(level)).items():
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


@packaged
def test_every_pin_has_its_version_and_is_the_same_everywhere(variant: Variant, level: int) -> None:
    pins: dict[str, set[str]] = {}
    for text in texts(variant.rendered(level)).values():
        for line in text.splitlines():
            if "uses:" in line and "@" in line:
                found = re.search(r"uses: ([\w/-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$", line)
                assert found, line
                pins.setdefault(found[1], set()).add(found[2])
    assert {name: len(versions) for name, versions in pins.items() if len(versions) > 1} == {}


@pytest.mark.parametrize(("variant", "level"), variants.cases(PACKAGED[1:]), indirect=["variant"])
def test_only_the_caller_changes_between_levels(variant: Variant, level: int) -> None:
    old, new = (texts(variant.rendered(n)) for n in (level - 1, level))
    assert {name for name in old.keys() & new.keys() if old[name] != new[name]} == {"main.yml"}


@pytest.mark.parametrize("level", DELIVERED)
def test_only_a_push_that_passed_every_test_is_deployed(rendered: Render, level: int) -> None:
    main = jobs(rendered(level))
    assert main["staging"]["if"] == "github.event_name == 'push'"
    tests = {"package"} | {name for name in ("integration", "system") if name in main}
    assert set(main["staging"]["needs"]) == tests
    assert set(needs(main, "staging")) == {"check", *tests}
    assert ("production" in main) is (level == 8)
    if level == 8:
        assert "staging" in main["production"]["needs"]
        assert main["production"]["if"] == "needs.staging.outputs.version != ''"


@pytest.mark.parametrize(
    ("variant", "level"),
    variants.cases(DELIVERED, variants.PROGRAMS),
    indirect=["variant"],
)
def test_only_a_program_that_passed_every_test_is_published(variant: Variant, level: int) -> None:
    main = jobs(variant.rendered(level))
    tests = {"check", "package"} | {name for name in ("integration", "system") if name in main}
    assert tests <= set(needs(main, "verify"))
    first = main["staging" if "staging" in main else "verify"]
    assert first["if"].startswith("github.event_name == 'push'")
    assert ("verify" in needs(main, "production")) is (level == 8)
    assert "verify-requested" in needs(main, "production")
    assert main["verify-requested"]["if"].startswith("github.event_name == 'workflow_dispatch'")


@pytest.mark.parametrize("level", DELIVERED)
def test_deploys_wait_for_each_other_and_none_is_cancelled(rendered: Render, level: int) -> None:
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


@checked
def test_the_table_lists_every_setting_that_the_workflows_read(
    variant: Variant, level: int
) -> None:
    project = variant.rendered(level)
    text = "".join(texts(project).values())
    used = set(re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", text))
    optional = {"REGISTRY", "REGISTRY_USER", "REGISTRY_TOKEN"}
    assert used - optional == set(levels.settings(support.answers(project)))


@pytest.mark.parametrize("level", PACKAGED)
def test_the_packaged_service_is_the_tested_one(rendered: Render, level: int) -> None:
    """The image, the contract test and the deploy program agree on how the application starts."""
    project = rendered(level)
    dockerfile = (project / "Dockerfile").read_text()
    assert "exec uvicorn links:app" in dockerfile
    assert "# syntax=" not in dockerfile
    pinned = re.findall(r"^FROM (?!dependencies|build)(\S+)", dockerfile, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+", image) for image in pinned), pinned
    python = (project / ".python-version").read_text().strip()
    assert f"FROM python:{python}-slim\n" in dockerfile
    if level >= 4:
        started = (project / "tests/conftest.py").read_text()
        assert 'PACKAGE = "links"' in started
        assert 'f"{PACKAGE}:app"' in started
