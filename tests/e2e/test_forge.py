"""What `ops/protect` and `ops/environments` tell the forge, by the real `gh`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conftest import Render
from tests.testbed import ForgeRecorder

KEYS = (
    "203.0.113.8 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0m3R2kqQ1Zk1rXv0Gv2xgk7m0Z8b1jQ6oJ0uF3vWd\n"
)
HOSTS = {"staging": "deploy@203.0.113.8", "production": "deploy@203.0.113.7"}


def operate(
    made: Path, forge: ForgeRecorder, program: str, *words: str, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a program of the project against the forge."""
    return subprocess.run(
        [sys.executable, f"ops/{program}", *words],
        cwd=made,
        env=os.environ | forge.env() | extra,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str], program: str) -> str:
    """Return the one sentence with which a program refused."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    sentence = done.stderr.strip()
    assert sentence.startswith(f"ops/{program}: "), sentence
    assert "\n" not in sentence, sentence
    return sentence


@pytest.mark.parametrize("level", [4, 8])
def test_protect_creates_and_then_updates_the_ruleset(rendered: Render, level: int) -> None:
    made = rendered(level)
    wanted = json.loads((made / ".github/rulesets/main.json").read_text())
    with ForgeRecorder() as forge:
        first = operate(made, forge, "protect")
        assert first.returncode == 0, first.stderr
        assert forge.ruleset("main") == wanted
        again = operate(made, forge, "protect")
        assert again.returncode == 0, again.stderr
        assert [call.method for call in forge.writes()] == ["POST", "PUT"]
        assert [rule["name"] for rule in forge.rulesets.values()] == ["main"]
        assert forge.ruleset("main") == wanted
    assert first.stdout.startswith("The ruleset main is new; it requires:\n")
    assert again.stdout.startswith("The ruleset main is up to date; it requires:\n")
    assert "  check / contract\n" in first.stdout
    assert ("system / tests" in first.stdout) is (level == 8)


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("main", 2)])
def test_protect_takes_no_arguments(rendered: Render, word: str, code: int) -> None:
    with ForgeRecorder() as forge:
        done = operate(rendered(4), forge, "protect", word)
        assert done.returncode == code
        assert done.stdout.startswith("usage: ops/protect\n")
        assert forge.calls == []


def test_protect_after_a_climb_updates_the_ruleset(rendered: Render) -> None:
    with ForgeRecorder() as forge:
        for level in (4, 6, 7):
            assert operate(rendered(level), forge, "protect").returncode == 0
        wanted = json.loads((rendered(7) / ".github/rulesets/main.json").read_text())
        assert forge.ruleset("main") == wanted
        assert len(forge.rulesets) == 1


def test_protect_names_the_plans_that_have_rulesets(rendered: Render) -> None:
    with ForgeRecorder(visibility="private") as forge:
        sentence = refusal(operate(rendered(4), forge, "protect"), "protect")
        assert forge.writes() == []
    for word in ("Free", "public", "Pro", "Team"):
        assert word in sentence


def test_protect_works_on_a_private_repository_of_a_paid_plan(rendered: Render) -> None:
    with ForgeRecorder(visibility="private", plan="pro") as forge:
        assert operate(rendered(4), forge, "protect").returncode == 0
        assert forge.ruleset("main")


@pytest.mark.parametrize(("program", "words"), [("protect", []), ("environments", ["staging"])])
def test_missing_gh_is_reported(place: Path, key: Path, program: str, words: list[str]) -> None:
    nothing = {"PATH": "/nonexistent", "DEPLOY_SSH_KEY_FILE": str(key)}
    known = {"DEPLOY_KNOWN_HOSTS_FILE": str(place / "known_hosts")}
    with ForgeRecorder() as forge:
        done = operate(place, forge, program, *words, **nothing, **known)
        assert "There is no gh on this machine" in refusal(done, program)


@pytest.mark.parametrize("program", ["protect", "environments"])
def test_unreachable_forge_is_reported(place: Path, key: Path, program: str) -> None:
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    known = f"--known-hosts={place / 'known_hosts'}"
    words = ["staging", f"--key={key}", known] if program == "environments" else []
    with ForgeRecorder() as forge:
        sentence = refusal(operate(place, forge, program, *words, **nowhere), program)
        assert "gh: " in sentence
        assert forge.calls == []


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key as ssh-keygen makes it."""
    file = tmp_path / "key"
    support.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file, cwd=tmp_path)
    return file


@pytest.fixture
def place(render: Render) -> Path:
    """A project that says where its environments are."""
    made = render(5)
    for name, host in HOSTS.items():
        file = made / "ops" / f"{name}.toml"
        text = file.read_text().replace('host = ""', f'host = "{host}"')
        file.write_text(text.replace('url = ""', f'url = "https://{name}.example.com"'))
    (made / "known_hosts").write_text(KEYS)
    return made


@pytest.mark.parametrize("environment", HOSTS)
def test_environments_sets_what_the_workflows_read(
    place: Path, key: Path, environment: str
) -> None:
    words = [environment, f"--key={key}", f"--known-hosts={place / 'known_hosts'}"]
    prefix = environment.upper()
    with ForgeRecorder() as forge:
        for _ in range(2):
            done = operate(place, forge, "environments", *words)
            assert done.returncode == 0, done.stderr
            assert forge.variables == {
                "": {
                    f"{prefix}_HOST": HOSTS[environment],
                    f"{prefix}_URL": f"https://{environment}.example.com",
                    f"{prefix}_KNOWN_HOSTS": KEYS.strip(),
                }
            }
            assert forge.secrets == {environment: {"DEPLOY_SSH_KEY"}}
            policy = forge.environments[environment]["deployment_branch_policy"]
            assert policy == {"protected_branches": False, "custom_branch_policies": True}
            assert [row["name"] for row in forge.branch_policies[environment]] == ["main"]
    assert done.stdout.splitlines() == [
        *(f"set the variable {prefix}_{name}" for name in ("HOST", "URL", "KNOWN_HOSTS")),
        f"set the secret DEPLOY_SSH_KEY of the environment {environment}",
        "Remaining steps:",
        f"- The public half of the key must be in ~/.ssh/authorized_keys on {HOSTS[environment]}.",
    ]
    assert done.stderr == ""


def test_scanned_host_keys_are_shown_for_comparison(place: Path, key: Path, tmp_path: Path) -> None:
    public = key.with_suffix(".pub").read_text()
    scan = tmp_path / "bin" / "ssh-keyscan"
    scan.parent.mkdir()
    scan.write_text(f"#!/bin/sh\necho '# a banner'\necho '203.0.113.8 {public.strip()}'\n")
    scan.chmod(0o755)
    fingerprint = support.run("ssh-keygen", "-l", "-f", key, cwd=tmp_path).stdout.split()[1]
    with ForgeRecorder() as forge:
        path = f"{scan.parent}{os.pathsep}{forge.env()['PATH']}"
        done = operate(place, forge, "environments", "staging", f"--key={key}", PATH=path)
        assert done.returncode == 0, done.stderr
        keys = forge.variables[""]["STAGING_KNOWN_HOSTS"]
        assert keys == " ".join(["203.0.113.8", *public.split()])
    host = HOSTS["staging"]
    assert f"- Compare the host's fingerprints with what {host} itself says:\n" in done.stdout
    assert f"    256 {fingerprint} " in done.stdout


def test_private_repository_needs_a_lasting_registry_token(place: Path, key: Path) -> None:
    words = ["staging", f"--key={key}", f"--known-hosts={place / 'known_hosts'}"]
    with ForgeRecorder(visibility="private", plan="team") as forge:
        done = operate(place, forge, "environments", *words)
    assert done.returncode == 0, done.stderr
    assert "set the variable REGISTRY_USER and the secret\n  REGISTRY_TOKEN, a " in done.stdout


class WithoutEnvironments(ForgeRecorder):
    """A private repository on a plan that has no environments there."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Know no environment."""
        if "/environments/" in path:
            return 404, {"message": "Not Found", "status": "404"}
        return super().answer(method, path, body)


def test_environments_names_the_plans_that_have_environments(place: Path, key: Path) -> None:
    words = ["staging", f"--key={key}", f"--known-hosts={place / 'known_hosts'}"]
    with WithoutEnvironments(visibility="private") as forge:
        done = operate(place, forge, "environments", *words)
        assert done.returncode == 0, done.stderr
        assert forge.secrets == {"": {"DEPLOY_SSH_KEY"}}
        assert forge.variables[""]["STAGING_HOST"] == HOSTS["staging"]
    assert "set the secret DEPLOY_SSH_KEY of the repository\n" in done.stdout
    assert (
        "- GitHub has no environments for a private repository on the Free plan, so every\n"
        "  branch can use the key: upgrade to Pro or Team, " in done.stdout
    )


class Broken(ForgeRecorder):
    """A forge that cannot make an environment today."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Fail where an environment is to be made."""
        if method == "PUT" and "/environments/" in path:
            return 401, {"message": "Bad credentials", "status": "401"}
        return super().answer(method, path, body)


def test_nothing_is_set_when_the_environment_cannot_be_created(place: Path, key: Path) -> None:
    words = ["staging", f"--key={key}", f"--known-hosts={place / 'known_hosts'}"]
    with Broken() as forge:
        sentence = refusal(operate(place, forge, "environments", *words), "environments")
        assert "gh: Bad credentials (HTTP 401)." in sentence
        assert (forge.secrets, forge.variables) == ({}, {})


def test_invalid_settings_file_is_reported(place: Path, key: Path) -> None:
    (place / "ops" / "staging.toml").write_text("host = \n")
    with ForgeRecorder() as forge:
        done = operate(place, forge, "environments", "staging", f"--key={key}")
        assert "ops/staging.toml is not valid TOML" in refusal(done, "environments")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "invalid choice: 'nowhere'"),
        (["staging"], "required: --key"),
        (["staging", "--key=missing"], "missing cannot be read"),
        (["staging", "--key=ops/staging.toml"], "is not a private key"),
        (["staging", "--key={key}"], "203.0.113.8 gave no SSH host keys"),
    ],
)
def test_invalid_arguments_are_refused_and_nothing_is_set(
    place: Path, key: Path, tmp_path: Path, words: list[str], sentence: str
) -> None:
    scan = tmp_path / "bin" / "ssh-keyscan"  # a host that does not answer
    scan.parent.mkdir()
    scan.write_text("#!/bin/sh\n")
    scan.chmod(0o755)
    with ForgeRecorder() as forge:
        path = f"{scan.parent}{os.pathsep}{forge.env()['PATH']}"
        words = [word.format(key=key) for word in words]
        done = operate(place, forge, "environments", *words, PATH=path)
        assert sentence in refusal(done, "environments")
        assert forge.calls == []


def test_environment_without_a_host_is_refused(render: Render, key: Path) -> None:
    with ForgeRecorder() as forge:
        done = operate(render(5), forge, "environments", "staging", f"--key={key}")
        assert "staging has no host: set it in ops/staging.toml" in refusal(done, "environments")
        assert forge.calls == []
