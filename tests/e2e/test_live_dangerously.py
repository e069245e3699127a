"""Living dangerously: a push goes through staging into production, and a bad one comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.conftest import StartHost
from tests.e2e.operators import Operator, set_up
from tests.e2e.projects import CODE, repository
from tests.testbed import Run

IMPORTS = "from contextlib import asynccontextmanager\nfrom typing import Any\n\n"
# Staging cannot show it, nor a candidate: it is there behind production's proxy alone.
FAULT = """

@app.middleware("http")
async def fault(request: Request, call_next: Any) -> Response:
    \"\"\"Fail where it matters.\"\"\"
    if "FAULT" in os.environ and "via" in request.headers:
        return Response(status_code=500)
    answer: Response = await call_next(request)
    return answer
"""


@pytest.mark.slow
def test_push_reaches_production_and_a_bad_one_rolls_back(
    project: Render,
    start_host: StartHost,
    registry_address: str,
    run_workflows: Callable[..., Run],
) -> None:
    made = project(5, live_dangerously=True)
    variables = {"REGISTRY": registry_address}
    hosts = {name: start_host(name) for name in ("staging", "production")}
    for name, host in hosts.items():
        set_up(host, made)
        variables[f"{name.upper()}_HOST"] = host.destination
        variables[f"{name.upper()}_URL"] = f"http://{host.ip}"
        variables[f"{name.upper()}_KNOWN_HOSTS"] = host.known_hosts
    staging, production = (Operator(made, hosts[name]) for name in ("staging", "production"))
    known = {
        "repository": repository(),
        "variables": variables,
        "secrets": {"DEPLOY_SSH_KEY": hosts["staging"].key},
    }

    good = run_workflows(made, "push", **known)
    assert good.ok, str(good)
    assert good.results["production / deploy"] == "success"
    version = good.jobs["package / image"].step("name").outputs["version"]
    digest = good.jobs["package / image"].step("push").outputs["digest"]
    for operator in (staging, production):
        assert operator.version() == version
        assert digest in operator.deploy("status")

    hosts["production"].run("sudo tee -a /etc/links/app.env", stdin="FAULT=1\n")
    code = made / CODE
    text = code.read_text().replace(IMPORTS.replace("from typing import Any\n", ""), IMPORTS, 1)
    code.write_text(text.replace("\n\nif __name__", f"{FAULT}\n\nif __name__", 1))
    support.commit_all(made, "A fault")
    bad = run_workflows(made, "push", **known)
    assert bad.results["staging / deploy"] == "success", str(bad)
    assert bad.results["production / deploy"] == "failure", str(bad)
    assert staging.version() == bad.jobs["package / image"].step("name").outputs["version"]
    assert production.version() == version
    assert digest in production.deploy("status")
    assert production.outcomes()[-1][2] == "failed"
    assert production.outcomes()[-1][1] == staging.version()
