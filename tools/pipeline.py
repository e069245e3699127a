"""How long the rendered pipeline takes, run on the testbed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from tests import support
from tests.e2e.operators import set_up
from tests.testbed import Engine, Host, Run, act, registry, up

LEVELS = (4, 6, 7, 8)


def pipeline(folder: Path) -> list[dict[str, Any]]:
    """Return for each level what a push takes with cold caches, and with warm ones.

    Cold is a forge that has never seen the project: no package downloaded, no image layer built.
    Warm is the next push, with another line of code.
    """
    engine = up()
    found = []
    for level in LEVELS:
        project = support.render(folder / f"bench{level}" / "links", level)
        support.run("uv", "lock", "--quiet", cwd=project)
        support.commit_all(project)
        with ExitStack() as stack:
            forge = _forge(engine, project, level, stack)
            engine.docker("buildx", "prune", "--all", "--force")
            for cache in ("cold", "warm"):
                done = act(
                    engine,
                    project,
                    folder=folder / "runs",
                    one_at_a_time=True,
                    env={"UV_CACHE_DIR": str(folder / f"uv{level}")},
                    **forge,
                )
                if not done.ok:
                    raise SystemExit(f"The pipeline of level {level} is red:\n{done}")
                found.append({"level": level, "cache": cache, **measured(project, done)})
                code = project / "src" / "links" / "__init__.py"
                code.write_text(f"{code.read_text()}\nLINE = 1\n")
                support.commit_all(project, "Change a line")
    return found


def image(folder: Path, template: Path, runs: int) -> dict[str, float]:
    """Return the median of seconds that an image takes with nothing cached, and after a change.

    Official images are on the machine in both cases.
    """
    engine = up()
    project = folder / template.name / "links"
    support.copy(project, source=template, project_name="Links", owner="acme", level=6)
    support.run("uv", "lock", "--quiet", cwd=project)
    times: dict[str, list[float]] = {"cold": [], "warm": []}
    for number in range(runs):
        engine.docker("buildx", "prune", "--all", "--force")
        for cache, found in times.items():
            with (project / "src" / "links" / "__init__.py").open("a") as code:
                code.write(f"\nLINE = '{number} {cache}'\n")
            start = time.perf_counter()
            engine.docker("build", "--quiet", f"--build-arg=VERSION=1.{number}", str(project))
            found.append(time.perf_counter() - start)
    return {cache: round(statistics.median(found), 2) for cache, found in times.items()}


def _forge(engine: Engine, project: Path, level: int, stack: ExitStack) -> dict[str, Any]:
    """Return what the forge is given: the registry and, where it deploys, two hosts."""
    variables = {"REGISTRY": registry(engine)}
    secrets = {}
    for name in ("staging", "production") if level >= 5 else ():
        host = stack.enter_context(Host.start(engine, name))
        set_up(host, project)
        variables[f"{name.upper()}_HOST"] = host.destination
        variables[f"{name.upper()}_URL"] = f"http://{host.ip}"
        variables[f"{name.upper()}_KNOWN_HOSTS"] = host.known_hosts
        secrets["DEPLOY_SSH_KEY"] = host.key
    return {"variables": variables, "secrets": secrets, "repository": f"acme/bench{level}"}


def measured(project: Path, run: Run) -> dict[str, Any]:
    """Return the critical path of a run, and the seconds of all jobs."""
    seconds = {
        name: sum(step.seconds for step in job.steps)
        for name, job in run.jobs.items()
        if job.result == "success"
    }
    main = yaml.safe_load((project / ".github" / "workflows" / "main.yml").read_text())
    path = critical_path(main["jobs"], seconds)
    return {
        "path": round(sum(seconds[name] for name in path), 1),
        "jobs": {name: round(seconds[name], 1) for name in path},
        "all": round(sum(seconds.values()), 1),
    }


def critical_path(jobs: Mapping[str, Any], seconds: Mapping[str, float]) -> list[str]:
    """Return the checks of the critical path, one after the other.

    Args:
        jobs: the jobs of the workflow that calls the others, as `main.yml` has them.
        seconds: how long each check that ran took, such as `check / unit`.
    """

    def chain(job: str) -> list[str]:
        needs = jobs[job].get("needs", [])
        before = [chain(one) for one in ([needs] if isinstance(needs, str) else needs)]
        own = [name for name in seconds if name.partition(" / ")[0] == jobs[job]["name"]]
        longest = max(before, key=lambda names: sum(map(seconds.__getitem__, names)), default=[])
        return longest + ([max(own, key=seconds.__getitem__)] if own else [])

    return max((chain(job) for job in jobs), key=lambda names: sum(map(seconds.__getitem__, names)))
