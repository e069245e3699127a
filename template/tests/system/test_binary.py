"""The binary is stand-alone."""

from __future__ import annotations

from tests.system.conftest import compose


def test_it_needs_no_python(stack: None) -> None:
    shell = ["run", "--rm", "--no-TTY", "--entrypoint=sh", "program"]
    found = compose(*shell, "-c", "command -v python3")
    assert found.returncode != 0, "the container has a Python of its own: this test shows nothing"
