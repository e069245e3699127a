"""Versions of the sample service, good ones and bad ones, as images in the testbed's registry."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.testbed import Engine, digest_of, registry

# A version differs from the image of the rendered project in its code and its migrations alone.
DOCKERFILE = """
ARG BASE
FROM $BASE
ARG PACKAGE
COPY code.py /app/.venv/lib/python3.13/site-packages/$PACKAGE/__init__.py
COPY migrations /app/migrations/versions
ARG VERSION COMMIT
ENV VERSION=$VERSION
LABEL org.opencontainers.image.revision=$COMMIT
"""

ERROR_500 = """

@app.middleware("http")
async def fault(request, call_next):
    return Response(status_code=500) if {when} else await call_next(request)
"""
CRASH_BEHIND_PROXY = """

@app.middleware("http")
async def fault(request, call_next):
    if "via" in request.headers:
        import threading
        threading.Timer(1, lambda: os._exit(3)).start()
    return await call_next(request)
"""
FAULTS = {
    "unhealthy": ERROR_500.format(when='request.url.path == "/healthz"'),
    "crash at start": '\n\nraise RuntimeError("this one never starts")\n',
    "crash behind the proxy": CRASH_BEHIND_PROXY,
    "no writes": ERROR_500.format(when='request.method == "POST"'),
    "unhealthy behind the proxy": ERROR_500.format(
        when='request.url.path == "/healthz" and "via" in request.headers'
    ),
}

MIGRATION = """
from alembic import op
revision, down_revision = "{name}", "{before}"
def upgrade():
    op.execute("{statement}")
"""


class SampleImages:
    """A repository of images in the testbed's registry, made from a rendered project."""

    def __init__(self, engine: Engine, folder: Path, project: Path) -> None:
        self.engine = engine
        (package,) = (path.name for path in (project / "src").iterdir())
        self.folder = folder
        self.package = package
        self.base = f"ladder-sample-{package}"
        self.repository = f"acme/{package}-{secrets.token_hex(3)}"
        self.image = f"{registry(engine)}/{self.repository}"
        engine.docker("build", "--quiet", f"--tag={self.base}", str(project))

    def push(
        self, project: Path, version: str, fault: str = "", commit: str = "", **migrations: str
    ) -> str:
        """Build and push a version of a project, and return its digest."""
        context = self.folder / f"{self.package}-{version}"
        context.mkdir()
        (context / "Dockerfile").write_text(DOCKERFILE)
        code = (project / "src" / self.package / "__init__.py").read_text()
        (context / "code.py").write_text(code + (FAULTS[fault] if fault else ""))
        (context / "migrations").mkdir()
        (context / "migrations" / "README").touch()
        before = "0001"
        for name, statement in migrations.items():
            text = MIGRATION.format(name=name, before=before, statement=statement)
            (context / "migrations" / f"{name}.py").write_text(text)
            before = name
        tag = f"{self.image}:{version}"
        arguments = [f"--build-arg=VERSION={version}", f"--build-arg=COMMIT={commit}"]
        arguments += [f"--build-arg=BASE={self.base}", f"--build-arg=PACKAGE={self.package}"]
        self.engine.docker("build", "--quiet", f"--tag={tag}", *arguments, str(context))
        self.engine.docker("push", "--quiet", tag)
        return digest_of(self.repository, version)
