"""Start the whole testbed: engine, images and registry."""

from __future__ import annotations

from filelock import FileLock

from tests.testbed import images
from tests.testbed.engine import Engine
from tests.testbed.registry import registry
from tests.testbed.shell import state_dir


def up() -> Engine:
    """Start what does not run yet and return the engine; several processes may call it."""
    engine = Engine.start()
    with FileLock(state_dir() / "images.lock"):
        images.ensure(engine)
    registry(engine)
    return engine


def describe(engine: Engine) -> str:
    """Describe the engine and, for each image, whether it is official or a stand-in."""
    origin = "the testbed's own" if engine.own else "already here"
    lines = [f"engine    {engine.docker_host or 'default'} ({origin})"]
    lines += [f"{kind:<9} {tag}" for tag, kind in images.states(engine).items()]
    return "\n".join(lines)
