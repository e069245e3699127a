"""Two package indexes in place of TestPyPI and PyPI: pypiserver, empty when it starts.

    with package_indexes(engine) as indexes:
        run = act(engine, project, "push", indexes=indexes)
        assert indexes.test.versions("links") == ["1.2.0"]

This machine, workflow steps and every container reach them. As on the real indexes, an upload needs
a token, and a file that exists is refused.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.testbed.engine import Engine
from tests.testbed.shell import TestbedError, tool
from tests.testbed.traffic import http

USER = "__token__"


@dataclass(frozen=True)
class PackageIndex:
    """A running index: `url` for uploads, `simple` as an index for uv and pip."""

    url: str
    files: Path
    """The folder of uploaded files."""
    token: str = field(default_factory=lambda: f"pypi-{secrets.token_hex(16)}", repr=False)

    @property
    def simple(self) -> str:
        """The address of the simple API."""
        return f"{self.url}simple/"

    def versions(self, project: str) -> list[str]:
        """Return the versions that were uploaded as wheels, in order of upload."""
        wheels = self.files.glob(f"{project.replace('-', '_')}-*.whl")
        return [wheel.name.split("-")[1] for wheel in sorted(wheels, key=_age)]


@dataclass(frozen=True)
class PackageIndexes:
    """Both indexes: `test` serves only uploads, `real` forwards other projects to PyPI."""

    test: PackageIndex
    real: PackageIndex

    @property
    def addresses(self) -> dict[str, str]:
        """Official address -> address here, replaced in what act runs."""
        return {
            "https://test.pypi.org/simple": self.test.simple.rstrip("/"),
            "https://pypi.org/simple": self.real.simple.rstrip("/"),
        }

    @property
    def uploads(self) -> dict[str, list[str]]:
        """Official address -> address and token here, for the stand-in of the publishing action."""
        return {
            "https://test.pypi.org/legacy/": [self.test.url, self.test.token],
            "https://upload.pypi.org/legacy/": [self.real.url, self.real.token],
        }

    def env(self) -> dict[str, str]:
        """Return an environment in which uv and pip find what is on `real` without an index.

        They get everything else from PyPI under its own name, so that their caches work.
        """
        files = str(self.real.files)
        return {
            "UV_FIND_LINKS": files,
            "PIP_FIND_LINKS": f"{files} {os.environ.get('PIP_FIND_LINKS', '')}".rstrip(),
            "PIP_TRUSTED_HOST": str(urlsplit(self.real.url).hostname),
        }


@contextlib.contextmanager
def package_indexes(engine: Engine) -> Iterator[PackageIndexes]:
    """Run both until the block ends."""
    with (
        _serving(engine, "--disable-fallback") as test,
        _serving(engine, "--fallback-url=https://pypi.org/simple/") as real,
    ):
        yield PackageIndexes(test, real)


@contextlib.contextmanager
def _serving(engine: Engine, elsewhere: str) -> Iterator[PackageIndex]:
    host = engine.gateway()
    with socket.create_server((host, 0)) as server:
        port = server.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="ladder-index-") as folder:
        index = PackageIndex(f"http://{host}:{port}/", Path(folder, "files"))
        index.files.mkdir()
        digest = base64.b64encode(hashlib.sha1(index.token.encode()).digest()).decode()
        Path(folder, "passwords").write_text(f"{USER}:{{SHA}}{digest}\n")
        command: list[str | Path] = [
            tool("pypi-server", "the PyPI package pypiserver[passlib]"),
            "run",
            f"--interface={host}",
            f"--port={port}",
            f"--passwords={folder}/passwords",
            "--authenticate=update",
            "--backend=simple-dir",
            "--server=wsgiref",
            elsewhere,
            index.files,
        ]
        log = Path(folder, "log")
        with log.open("w") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            if not _answers(index, process):
                raise TestbedError(f"pypi-server did not start:\n{log.read_text()[-2000:]}")
            yield index
        finally:
            process.terminate()
            process.wait()


def _answers(index: PackageIndex, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            return http.get(f"{index.url}health").is_success
        time.sleep(0.1)
    return False


def _age(file: Path) -> int:
    return file.stat().st_mtime_ns
